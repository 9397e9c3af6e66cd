//! Answers in every form that people send them in: each reads to the same certificates, and what is cut, doubled,
//! interleaved or reordered reads right or is explained.

mod support;

use std::io::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use coldcert::authority::{Authority, Validity};
use coldcert::bundle::{
    self, Bundle, BundleError, CERTIFICATES_MAX, GzipError, Kind, OTHERS_MAX, ReadRequestError, Source,
    ZipError,
};
use coldcert::certificate::Certificate;
use coldcert::csr::CertificateRequest;
use coldcert::key::{PrivateKey, Signer};
use coldcert::pem;
use coldcert::pkcs12::{self, Entry, Password, Pkcs12Error, Profile};
use coldcert::policy::{Document, KeyKind, Policy};
use coldcert::secret::{pem_chain, pkcs7};
use coldcert::time::UnixTime;
use proptest::prelude::*;
use serde_json::json;
use support::{Workplace, need};

#[test]
fn every_encoding_of_every_chain_reads_to_the_same_certificates() {
    assert!(ENCODINGS.len() >= 60, "{} encodings", ENCODINGS.len());
    for count in [1, 2, 5] {
        let chain = &CHAIN[..count];
        for (name, form, encode) in ENCODINGS {
            let bytes = encode(chain);
            let read = Bundle::read(&[Source { name, bytes: &bytes }]);
            let bundle = read.unwrap_or_else(|error| panic!("{name}, {count}: {error}"));
            assert_eq!(certificates(&bundle), chain, "{name}, {count}");
            let forms: Vec<String> = bundle.files[0].forms.iter().map(ToString::to_string).collect();
            assert!(forms.iter().any(|one| one == form), "{name}, {count}: {forms:?}, expected {form}");
        }
    }
}

#[test]
fn several_files_of_any_forms_are_one_answer() {
    let files: Vec<(&str, Vec<u8>)> = ENCODINGS
        .iter()
        .zip(CHAIN.iter().cycle())
        .map(|((name, _, encode), one)| (*name, encode(std::slice::from_ref(one))))
        .collect();
    let sources: Vec<Source<'_>> = files.iter().map(|(name, bytes)| Source { name, bytes }).collect();
    let bundle = Bundle::read(&sources).expect("certificates");
    assert_eq!(bundle.certificates.len(), files.len());
    assert_eq!(bundle.files.len(), files.len());
    for ((given, (name, _)), file) in bundle.certificates.iter().zip(&files).zip(&bundle.files) {
        assert_eq!((&given.place.file, &file.name), (&(*name).to_owned(), &(*name).to_owned()));
        assert_eq!(bundle.certificates[file.certificates.clone()].len(), 1);
    }
}

#[test]
fn each_thing_found_says_where_it_stood() {
    let chain = &CHAIN[..2];
    let text = format!("hello\n\n{}between\n{}", pem(&chain[..1]), pem(&chain[1..]));
    let key = "-----BEGIN PRIVATE KEY-----\nMAMCAQU=\n-----END PRIVATE KEY-----\n";
    let two = zipped(&[("a/text.txt", text.as_bytes()), ("key.pem", key.as_bytes())]);
    let (first, second) = (chain[0].as_der(), [chain[0].as_der(), chain[1].as_der()].concat());
    let json =
        json!({"id": "x", "x5c": [BASE64_STANDARD.encode(first), BASE64_STANDARD.encode(chain[1].as_der())]});
    let line = 3 + pem(&chain[..1]).lines().count() + 1;
    let cases: [(&str, Vec<u8>, [String; 2]); 7] = [
        ("text", text.clone().into_bytes(), ["text line 3".to_owned(), format!("text line {line}")]),
        ("der", second, ["der byte 0".to_owned(), format!("der byte {}", first.len())]),
        ("p7b", p7b(chain), ["p7b item 1".to_owned(), "p7b item 2".to_owned()]),
        ("json", json.to_string().into_bytes(), ["json x5c[0]".to_owned(), "json x5c[1]".to_owned()]),
        (
            "nested",
            zipped(&[("two.zip", &two)]),
            [
                "nested, two.zip, a/text.txt line 3".to_owned(),
                format!("nested, two.zip, a/text.txt line {line}"),
            ],
        ),
        ("zip", two, ["zip, a/text.txt line 3".to_owned(), format!("zip, a/text.txt line {line}")]),
        ("mail", quoted(&text, "> ").into_bytes(), ["mail line 3".to_owned(), format!("mail line {line}")]),
    ];
    for (name, bytes, expected) in cases {
        let bundle = read(name, &bytes).expect(name);
        let places: Vec<String> = bundle.certificates.iter().map(|given| given.place.to_string()).collect();
        assert_eq!(places, expected, "{name}");
    }
    // The quotes before a block are no text around it.
    let bundle = read("mail", quoted(&pem(chain), ">> ").as_bytes()).expect("certificates");
    assert!(bundle.passed_over.is_empty(), "{bundle:?}");
    let bundle = read("text", (text + key).as_bytes()).expect("certificates");
    let passed: Vec<String> = bundle.passed_over.iter().map(ToString::to_string).collect();
    assert_eq!(
        passed,
        [
            "text line 1: 2 lines of text, passed over: it stands outside of what was read".to_owned(),
            format!(
                "text line {}: a private key, passed over: it is not needed, and is not to be carried around",
                line + pem(&chain[1..]).lines().count()
            ),
        ]
    );
}

#[test]
fn what_is_no_certificate_is_said_for_what_it_is() {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let request = request(&key);
    let pkcs8 = key.to_pkcs8().expect("PKCS#8");
    let csr_as_certificate = pem::write("CERTIFICATE", request.as_der());
    let enveloped = [&[0x30, 0x0f, 0x06, 0x09][..], &PKCS7_ENVELOPED, &[0xa0, 0x02, 0x30, 0x00]].concat();
    let cases: Vec<(&str, Vec<u8>, Kind)> = vec![
        ("csr", pem::write("CERTIFICATE REQUEST", request.as_der()).into_bytes(), Kind::CertificateRequest),
        (
            "csr.old",
            pem::write("NEW CERTIFICATE REQUEST", request.as_der()).into_bytes(),
            Kind::CertificateRequest,
        ),
        ("csr.cer", csr_as_certificate.into_bytes(), Kind::CertificateRequest),
        ("csr.der", request.as_der().to_vec(), Kind::CertificateRequest),
        ("csr.b64", BASE64_STANDARD.encode(request.as_der()).into_bytes(), Kind::CertificateRequest),
        (
            "csr.json",
            json!({"csr": BASE64_STANDARD.encode(request.as_der())}).to_string().into_bytes(),
            Kind::CertificateRequest,
        ),
        ("key.der", pkcs8.secret_der().to_vec(), Kind::PrivateKey),
        ("key.b64", BASE64_STANDARD.encode(pkcs8.secret_der()).into_bytes(), Kind::PrivateKey),
        ("key.cer", pem::write("CERTIFICATE", pkcs8.secret_der()).into_bytes(), Kind::PrivateKey),
        ("spki.der", key.public_key().as_der().to_vec(), Kind::PublicKey),
        ("login.cer", b"\r\n<!DOCTYPE HTML>\n<html><body>Sign in</body></html>".to_vec(), Kind::Html),
        ("script.cer", b"<script>location = '/login'</script>".to_vec(), Kind::Html),
        ("body.cer", b"<HTML>Sign in</HTML>".to_vec(), Kind::Html),
        ("empty.p7b", p7b(&[]), Kind::Pkcs7),
        (
            "mail.p7m",
            enveloped,
            Kind::OtherPkcs7 { content: "enveloped data, encrypted to its receiver".to_owned() },
        ),
        ("error.json", br#"{"error": {"code": "Forbidden", "message": "no"}}"#.to_vec(), Kind::Json),
        ("mail.txt", b"Dear customer, your certificate is attached".to_vec(), Kind::Text),
        ("blob", BASE64_STANDARD.encode([7; 100]).into_bytes(), Kind::Base64),
        ("picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), Kind::Bytes),
        (
            "dh",
            b"-----BEGIN DH PARAMETERS-----\nMAMCAQU=\n-----END DH PARAMETERS-----\n".to_vec(),
            Kind::Block { label: "DH PARAMETERS".to_owned() },
        ),
        ("answer.tar", tar("www.cer", CHAIN[0].as_der()), Kind::Tar),
        ("void.zip", zipped(&[]), Kind::Nothing),
    ];
    for (name, bytes, expected) in cases {
        match read(name, &bytes) {
            Err(error @ BundleError::NoCertificate { .. }) => {
                assert!(error.to_string().starts_with(name), "{error}");
                assert!(!error.help().is_empty(), "{error}");
                let BundleError::NoCertificate { found, .. } = error else { unreachable!() };
                assert_eq!(found, expected, "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
        // Beside a certificate it is passed over by the same name, and in an archive it can stand beside one.
        if expected == Kind::Nothing {
            continue;
        }
        let archive = zipped(&[("www.cer", CHAIN[0].as_der()), (name, &bytes)]);
        let bundle = read("answer.zip", &archive).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(certificates(&bundle), CHAIN[..1], "{name}");
        assert!(bundle.passed_over.iter().any(|passed| passed.kind == expected), "{name}: {bundle:?}");
    }
}

#[test]
fn crls_are_handed_on() {
    let list = crl();
    let der = list.as_slice();
    let cases: [(&str, Vec<u8>); 5] = [
        ("p7b", signed_data(&CHAIN[..2], &[der])),
        ("pem", [pem(&CHAIN[..2]).into_bytes(), pem::write("X509 CRL", der).into_bytes()].concat()),
        ("der", [CHAIN[0].as_der(), CHAIN[1].as_der(), der].concat()),
        ("zip", zipped(&[("a", pem(&CHAIN[..2]).as_bytes()), ("b.crl", der)])),
        (
            "json",
            json!([
                BASE64_STANDARD.encode(CHAIN[0].as_der()),
                pem(&CHAIN[1..2]),
                BASE64_STANDARD.encode(der)
            ])
            .to_string()
            .into_bytes(),
        ),
    ];
    for (name, bytes) in cases {
        let bundle = read(name, &bytes).expect(name);
        assert_eq!(certificates(&bundle), CHAIN[..2], "{name}");
        let lists: Vec<&[u8]> = bundle.revocation_lists.iter().map(|given| given.list.as_der()).collect();
        assert_eq!(lists, [der], "{name}");
    }
    // A file of its own is no fault beside certificates, and no answer alone.
    let sources = [Source { name: "a", bytes: CHAIN[0].as_der() }, Source { name: "b", bytes: der }];
    assert_eq!(Bundle::read(&sources).expect("both").revocation_lists.len(), 1);
    assert!(matches!(read("b", der), Err(BundleError::NoCertificate { found: Kind::RevocationList, .. })));
    // One that cannot be read is said, and the certificates are read all the same.
    let mut broken = list.clone();
    let version = broken.windows(3).position(|window| window == [2, 1, 1]).expect("a version");
    broken[version + 2] = 9;
    let bundle = read("p7b", &signed_data(&CHAIN[..2], &[&broken])).expect("certificates");
    assert!(matches!(bundle.passed_over[0].kind, Kind::UnreadableRevocationList { .. }));
}

#[test]
fn what_is_broken_is_an_error_that_names_the_place() {
    let one = CHAIN[0].as_der();
    let text = pem(&CHAIN[..2]);
    let lines: Vec<&str> = text.lines().collect();
    let base64 = BASE64_STANDARD.encode(one);
    let archive = zipped(&[("www.cer", one)]);
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("no end", lines[..lines.len() - 1].join("\n").into_bytes(), &["has no end"]),
        ("no beginning", lines[5..].join("\n").into_bytes(), &["line ", "closes nothing"]),
        (
            "stray",
            format!("{}{}\n", pem(&CHAIN[..1]), lines[3]).into_bytes(),
            &["stray line ", "outside of any block"],
        ),
        ("der", one[..200].to_vec(), &["der, from byte 0", "cut off"]),
        ("two", [one, &one[..200]].concat(), &["two, from byte ", "cut off"]),
        ("one octet more", [one, &[0x30]].concat(), &["cut off"]),
        ("junk", [one, &[1, 2, 3, 4]].concat(), &["junk, from byte", "4 bytes"]),
        (
            "junk before",
            [&[1, 2, 3, 4], one].concat(),
            &["junk before holds no certificate, but bytes of no known kind"],
        ),
        (
            "junk between",
            [one, &[1, 2, 3, 4], one].concat(),
            &["junk between, from byte ", "4 bytes that are neither text nor a certificate"],
        ),
        ("base64", base64.as_bytes()[..301].to_vec(), &["base64 line 1", "301 characters"]),
        ("base64 cut", base64.as_bytes()[..300].to_vec(), &["base64 cut line 1", "cut off"]),
        ("p7b", p7b(&CHAIN[..2])[..500].to_vec(), &["p7b", "cut off"]),
        ("ber", indefinite_p7b(&CHAIN[..2])[..500].to_vec(), &["ber", "cut off"]),
        (
            "ber open",
            indefinite_p7b(&CHAIN[..1]).split_last_chunk::<2>().expect("its end").0.to_vec(),
            &["not closed"],
        ),
        ("json", br#"{"x5c": ["MIIC"#.to_vec(), &["json: not JSON", "line 1"]),
        (
            "x5c",
            json!({"x5c": ["hello"]}).to_string().into_bytes(),
            &["x5c x5c[0] holds no certificate, but text"],
        ),
        (
            "x5c empty",
            json!({"x5c": [base64, ""]}).to_string().into_bytes(),
            &["x5c[1] holds no certificate, but an empty"],
        ),
        ("x5c number", json!({"x5c": [7]}).to_string().into_bytes(), &["x5c[0] holds no certificate"]),
        ("x5c cut", json!({"x5c": [base64, base64[..400]]}).to_string().into_bytes(), &["x5c[1]", "cut off"]),
        ("zip", archive[..archive.len() / 2].to_vec(), &["zip: the ZIP archive is broken"]),
        ("zip entry", zipped(&[("www.cer", &one[..100])]), &["zip entry, www.cer", "cut off"]),
        ("label", pem::write("CERTIFICATE", &[1, 2, 3]).into_bytes(), &["label line 1: not a certificate"]),
        ("words", pem::write("CERTIFICATE", b"hello").into_bytes(), &["words line 1: not a certificate"]),
        ("utf-16", utf16(&text, u16::to_le_bytes)[..300].to_vec(), &["utf-16", "has no end"]),
    ];
    for (name, bytes, expected) in cases {
        let error = read(name, &bytes).expect_err(name);
        let text = error.to_string();
        assert!(
            expected.iter().all(|part| text.contains(part)),
            "{name}: {text:?} lacks one of {expected:?}"
        );
        assert!(!error.help().is_empty(), "{name}");
    }
}

#[test]
fn a_pkcs12_opens_without_a_password_with_the_empty_one_and_with_the_one_given() {
    let chain = ders(&CHAIN[..2]);
    let entry = Entry { friendly_name: "www", private_key: None, certificates: &chain };
    let pfx = pkcs12::write(&[entry], &Password::new("geheim"), Profile::Modern).expect("a PFX");
    let source = Source { name: "www.pfx", bytes: &pfx };
    for (password, expected) in [
        (
            None,
            Some("www.pfx: the PFX is encrypted, and neither the empty password nor none at all opens it"),
        ),
        (Some("wrong"), Some("www.pfx: the password does not open the PFX")),
        (Some("geheim"), None),
    ] {
        match (Bundle::read_with_password(&[source], password), expected) {
            (Ok(bundle), None) => assert_eq!(certificates(&bundle), CHAIN[..2]),
            (Err(error), Some(expected)) => assert_eq!(error.to_string(), expected),
            (other, _) => panic!("{password:?}: {other:?}"),
        }
    }
    let error = Bundle::read(&[source]).expect_err("a password is needed");
    assert!(error.help().contains("--pfx-password-file"), "{}", error.help());
}

#[test]
fn limits_hold_against_what_is_made_to_be_large() {
    let one = CHAIN[0].as_der();
    let many = one.repeat(CERTIFICATES_MAX + 1);
    assert!(matches!(read("many", &many), Err(BundleError::TooMany { .. })));
    assert!(read("many", &many[one.len()..]).is_ok());
    let key = "-----BEGIN PRIVATE KEY-----\nMAMCAQU=\n-----END PRIVATE KEY-----\n";
    let keys = key.repeat(OTHERS_MAX + 1) + &pem(&CHAIN[..1]);
    assert!(matches!(read("keys", keys.as_bytes()), Err(BundleError::TooManyOthers { .. })));
    // A bomb: a megabyte of archive, a gigabyte of zeros.
    let zeros = vec![b' '; bundle::ZIP_BYTES_MAX + 1];
    let bomb = zipped(&[("www.cer", one), ("bomb", &zeros)]);
    assert!(bomb.len() < zeros.len() / 100);
    let too_large = read("bomb", &bomb).expect_err("a bomb");
    assert!(matches!(too_large, BundleError::Zip { error: ZipError::TooLarge, .. }), "{too_large}");
    let bomb = gzipped(&vec![b' '; bundle::GZIP_BYTES_MAX + 1]);
    let too_large = read("bomb.gz", &bomb).expect_err("a bomb");
    assert!(matches!(too_large, BundleError::Gzip { error: GzipError::TooLarge, .. }), "{too_large}");
    assert!(matches!(
        read("cut.gz", &gzipped(one)[..200]).expect_err("cut"),
        BundleError::Gzip { error: GzipError::Broken { .. }, .. }
    ));
    // Archives of archives of zeros: what they weigh packed says nothing, all of it together is bounded.
    let zeros = zipped(&[("zeros", &vec![0; 16 << 20])]);
    let names: Vec<String> = (0..5).map(|number| format!("{number}.zip")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &*zeros)).collect();
    let too_large = read("bombs.zip", &zipped(&entries)).expect_err("bombs");
    assert!(matches!(too_large, BundleError::TooLarge { .. }), "{too_large}");
    let names: Vec<String> = (0..=bundle::ZIP_ENTRIES_MAX).map(|number| number.to_string()).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), one)).collect();
    let too_many = read("crowd", &zipped(&entries)).expect_err("a crowd");
    assert!(matches!(too_many, BundleError::Zip { error: ZipError::TooMany, .. }), "{too_many}");
    // Layers: read while they are few, explained when they are not.
    let mut layered = one.to_vec();
    for layer in 1..20 {
        layered = BASE64_STANDARD.encode(&layered).into_bytes();
        match read("layered", &layered) {
            Ok(bundle) => {
                assert!(layer < bundle::DEPTH_MAX && certificates(&bundle) == CHAIN[..1], "{layer}")
            }
            Err(error) => assert!(layer > 3, "{layer}: {error}"),
        }
    }
    let mut layered = json!([BASE64_STANDARD.encode(one)]).to_string();
    for _ in 0..bundle::DEPTH_MAX {
        layered = json!([layered.replace('[', "[ ")]).to_string();
    }
    assert!(read("layered.json", layered.as_bytes()).is_err());
    // Openings without an end must not overflow the stack.
    let open = [&[0x30, 0x80, 0x06, 0x01, 0x2a, 0xa0, 0x80][..], &[0x30, 0x80].repeat(1_000_000)].concat();
    assert!(matches!(read("open", &open), Err(BundleError::Framing { .. })));
    let brackets = "[".repeat(1_000_000);
    assert!(read("brackets", brackets.as_bytes()).is_err());
    // Nor key derivations without end.
    let pfx = pkcs12::write(
        &[Entry { friendly_name: "w", private_key: None, certificates: &ders(&CHAIN[..1]) }],
        &Password::new("x"),
        Profile::Modern,
    )
    .expect("a PFX");
    let iterations = [&[0x02, 0x03][..], &pkcs12::PASSWORD_ITERATIONS.to_be_bytes()[1..]].concat();
    let at = pfx.windows(5).position(|window| window == iterations).expect("its iterations");
    let mut slow = pfx.to_vec();
    slow[at + 2..at + 5].copy_from_slice(&[0x7f, 0xff, 0xff]);
    assert!(matches!(
        read("slow", &slow),
        Err(BundleError::Pkcs12 { error: Pkcs12Error::Iterations { iterations: 0x7f_ffff }, .. })
    ));
}

#[test]
fn a_request_is_read_in_every_form_and_its_signature_is_checked() {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let request = request(&key);
    let der = request.as_der();
    let base64 = BASE64_STANDARD.encode(der);
    let text = pem::write("CERTIFICATE REQUEST", der);
    let operation = json!({"id": "https://x/pending", "csr": base64, "status": "inProgress"});
    let forms: Vec<Vec<u8>> = vec![
        der.to_vec(),
        text.clone().into_bytes(),
        format!("{text}{text}").into_bytes(),
        text.replace('\n', "\r\n").into_bytes(),
        pem::write("NEW CERTIFICATE REQUEST", der).into_bytes(),
        format!("Certificate Request:\n    Data:\n{text}").into_bytes(),
        utf16(&text, u16::to_le_bytes),
        base64.clone().into_bytes(),
        BASE64_STANDARD.encode(&base64).into_bytes(),
        operation.to_string().into_bytes(),
        json!({"response_body": operation}).to_string().into_bytes(),
        json!({"properties": operation, "name": "www"}).to_string().into_bytes(),
        zipped(&[("www.csr", der)]),
    ];
    for (number, bytes) in forms.iter().enumerate() {
        let read = CertificateRequest::read(&Source { name: "www.csr", bytes });
        assert_eq!(read.unwrap_or_else(|error| panic!("{number}: {error}")), request, "{number}");
    }
    let read =
        |bytes: &[u8]| CertificateRequest::read(&Source { name: "www.csr", bytes }).expect_err("no request");
    let mut changed = der.to_vec();
    *changed.last_mut().expect("a signature") ^= 1;
    assert!(matches!(read(&changed), ReadRequestError::Request { .. }));
    assert!(matches!(read(CHAIN[0].as_der()), ReadRequestError::NoRequest { found: Kind::Certificate, .. }));
    assert!(matches!(read(b"hello"), ReadRequestError::NoRequest { found: Kind::Text, .. }));
    assert!(matches!(read(&der[..100]), ReadRequestError::Unreadable(_)));
    let other = self::request(&PrivateKey::generate(KeyKind::P256).expect("a key"));
    assert!(matches!(read(&[der, other.as_der()].concat()), ReadRequestError::Several { .. }));
}

#[test]
fn check_and_merge_say_what_was_in_which_file() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create("www");
    work.sign("www.csr", "www.pem");
    work.openssl(
        "crl2pkcs7 -nocrl -certfile www.pem -certfile intermediate.pem -outform DER -out answer.p7b",
    )
    .done();
    work.openssl("pkcs12 -export -nokeys -in root.pem -passout pass:geheim -out root.pfx").done();
    work.write("password", "geheim\n");
    work.write("note.pem", "from the CA\n".to_owned() + &work.text("intermediate.pem"));
    work.openssl("req -in www.csr -outform DER -out www.csr.der").done();
    let operation = json!({"csr": BASE64_STANDARD.encode(work.read("www.csr.der")), "status": "inProgress"});
    work.write("operation.json", operation.to_string());
    let files = "answer.p7b note.pem root.pfx --pfx-password-file password";
    let said = [
        "answer.p7b: PKCS#7 (DER), 2 certificates",
        "[1]   CN=www",
        "(item 1)",
        "[2]   CN=Test-Intermediate",
        "note.pem: PEM, 1 certificate",
        "(line 2)",
        "root.pfx: PKCS#12 (DER), 1 certificate",
        "note    note.pem line 1: a line of text, passed over: it stands outside of what was read",
    ];
    for against in [
        "--csr www.csr",
        "--csr www.csr.der",
        "--csr operation.json",
        "--operation operation.json",
        "--name www",
    ] {
        work.run(&format!("check {files} {against}")).done().says(&said);
    }
    let document = work.run(&format!("--json check {files} --csr www.csr")).done().json();
    let found = &document["files"];
    assert_eq!(found[0]["file"], "answer.p7b");
    assert_eq!(found[0]["form"], "PKCS#7 (DER)");
    assert_eq!(found[0]["certificates"], 2);
    assert_eq!(found[0]["items"][1]["item"], 2);
    assert_eq!(found[0]["items"][1]["subject"], "CN=Test-Intermediate");
    assert_eq!(found[1]["items"][1]["kind"], "a line of text");
    assert_eq!(found[2]["items"][0]["position"], 4);
    work.run("check answer.p7b root.pfx --csr www.csr").broken().says(&["--pfx-password-file"]);
    work.run("check answer.p7b --csr www.pem")
        .broken()
        .says(&["www.pem holds no certificate request, but a certificate"]);
    work.run(&format!("merge www {files}")).done().says(&said);
}

#[test]
fn a_crl_that_came_with_the_answer_is_asked_like_one_of_crl() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create("www");
    work.sign("www.csr", "www.pem");
    work.write("index", "");
    work.write("crl.cnf", "[ca]\ndefault_ca = intermediate\n[intermediate]\ndatabase = index\ndefault_md = sha256\ndefault_crl_days = 30\n");
    let ca = "ca -config crl.cnf -keyfile intermediate.key -cert intermediate.pem";
    work.openssl(&format!("{ca} -revoke www.pem")).done();
    work.openssl(&format!("{ca} -gencrl -out intermediate.crl")).done();
    work.openssl("crl2pkcs7 -in intermediate.crl -certfile www.pem -certfile intermediate.pem -outform DER -out answer.p7b").done();
    let said =
        ["answer.p7b: PKCS#7 (DER), 2 certificates, 1 CRL", "CRL   of CN=Test-Intermediate", "revoked"];
    work.run("check answer.p7b --csr www.csr").ended(1).says(&said);
    work.run_in_vain("merge www answer.p7b").ended(1).says(&said);
    let check = "check www.pem intermediate.pem --csr www.csr --crl";
    work.run(&format!("{check} answer.p7b")).ended(1).says(&["revoked"]);
    work.run(&format!("{check} www.pem")).ended(2).says(&["www.pem holds no CRL"]);
    let cut = std::fs::read_to_string(work.path("intermediate.crl")).unwrap();
    let lines: Vec<&str> = cut.lines().collect();
    work.write("cut.crl", [&lines[..3], &lines[lines.len() - 1..]].concat().join("\n"));
    work.run(&format!("{check} cut.crl")).ended(2).says(&["cut.crl", "line 1"]);
    work.run("merge www www.pem intermediate.pem").done();
}

/// The forms that are changed by hand below: as text and binary, once and packed.
fn forms_to_break() -> Vec<(&'static str, Vec<u8>)> {
    [
        "pem",
        "der",
        "p7b",
        "p7b ber",
        "base64 lines",
        "base64 twice",
        "x5c",
        "zip deflated",
        "utf-16 le",
        "pkcs12",
    ]
    .into_iter()
    .map(|wanted| {
        let (name, _, encode) = ENCODINGS.iter().find(|(name, ..)| *name == wanted).expect(wanted);
        (*name, encode(&CHAIN[..3]))
    })
    .collect()
}

#[test]
fn cut_at_any_byte_an_answer_reads_to_what_was_whole_or_is_explained() {
    for (name, bytes) in forms_to_break() {
        for length in 0..bytes.len() {
            let cut = &bytes[..length];
            match read(name, cut) {
                Ok(bundle) => {
                    let read = certificates(&bundle);
                    assert_eq!(read, CHAIN[..read.len()], "{name} cut to {length}");
                    assert!(
                        ["pem", "der", "base64 lines", "base64 twice", "utf-16 le"].contains(&name)
                            || length + 3 > bytes.len(),
                        "{name} cut to {length} of {} is no whole bag",
                        bytes.len()
                    );
                    // Whatever of the next one is there is said.
                    let whole = encoded_length(name, read.len(), cut);
                    assert!(
                        cut[whole..].iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0)
                            || !bundle.passed_over.is_empty(),
                        "{name} cut to {length}: {} bytes vanished",
                        length - whole
                    );
                }
                Err(error) => assert!(!error.help().is_empty(), "{name} cut to {length}: {error}"),
            }
            let tail = &bytes[bytes.len() - length..];
            if let Ok(bundle) = read(name, tail) {
                let read = certificates(&bundle);
                assert_eq!(read, CHAIN[3 - read.len()..3], "the last {length} of {name}");
            }
        }
    }
}

/// How many bytes the first certificates of a chain of three take up in a form.
fn encoded_length(name: &str, count: usize, cut: &[u8]) -> usize {
    let (.., encode) = ENCODINGS.iter().find(|(known, ..)| *known == name).expect(name);
    match name {
        "pem" | "der" | "base64 lines" | "base64 twice" | "utf-16 le" => {
            encode(&CHAIN[..count]).len().min(cut.len())
        }
        _ => cut.len(),
    }
}

#[test]
fn doubled_an_answer_reads_to_each_certificate_twice() {
    for (name, bytes) in forms_to_break() {
        let doubled = [bytes.clone(), bytes.clone()].concat();
        match read(name, &doubled) {
            Ok(bundle) => {
                let twice = [&CHAIN[..3], &CHAIN[..3]].concat();
                assert_eq!(certificates(&bundle), twice, "{name}");
            }
            // JSON is one document, and an archive one directory.
            Err(error) => assert!(["x5c", "zip deflated"].contains(&name), "{name}: {error}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn interleaved_or_reordered_an_answer_reads_right_or_is_explained(
        which in 0..10_usize,
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
        by_lines in any::<bool>(),
    ) {
        let (name, bytes) = forms_to_break().swap_remove(which);
        let mut parts: Vec<Vec<u8>> = match by_lines {
            true => bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect(),
            false => bytes.chunks(bytes.len().div_ceil(12)).map(<[u8]>::to_vec).collect(),
        };
        for (a, b) in places {
            let (a, b) = (a.index(parts.len()), b.index(parts.len()));
            parts.swap(a, b);
        }
        assert_right_or_explained(name, &parts.concat());
    }

    #[test]
    fn woven_into_each_other_two_answers_read_right_or_are_explained(
        first in 0..10_usize,
        second in 0..10_usize,
        pieces in 2..20_usize,
    ) {
        let (name, a) = forms_to_break().swap_remove(first);
        let (_, b) = forms_to_break().swap_remove(second);
        let (a, b) = (a.chunks(a.len().div_ceil(pieces)), b.chunks(b.len().div_ceil(pieces)));
        let woven: Vec<u8> = a.zip(b).flat_map(|(a, b)| [a, b].concat()).collect();
        assert_right_or_explained(name, &woven);
    }

    #[test]
    fn no_bytes_make_reading_panic(
        which in 0..10_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (name, mut bytes) = forms_to_break().swap_remove(which);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read(name, &bytes);
        let _ = CertificateRequest::read(&Source { name, bytes: &bytes });
    }
}

/// Every certificate that is read is one of the chain, or its signature says that it was changed: framing alone
/// cannot tell that lines of a signature were swapped.
fn assert_right_or_explained(name: &str, bytes: &[u8]) {
    match read(name, bytes) {
        Ok(bundle) => {
            for given in &bundle.certificates {
                let is_known = CHAIN.contains(&given.certificate);
                let verifies =
                    |one: &Certificate| given.certificate.verify_signature(one.public_key()).is_ok();
                assert!(is_known || !CHAIN.iter().any(verifies), "{name}: {:?}", given.certificate);
            }
        }
        Err(error) => assert!(!error.help().is_empty() && !error.to_string().is_empty(), "{error}"),
    }
}

/// Lines as they stand in the answer to a mail.
fn quoted(text: &str, prefix: &str) -> String {
    text.lines().map(|line| format!("{prefix}{line}\n")).collect()
}

/// RFC 2045 6.7: `=` escaped, and no line longer than 76 characters.
fn quoted_printable(text: &str) -> String {
    let mut written = String::new();
    for line in text.replace('=', "=3D").lines() {
        let mut rest = line;
        while rest.len() > 76 {
            // An escape is not parted.
            let at = (73..76)
                .rev()
                .find(|at| !rest[at - 2..*at].contains('='))
                .expect("base64 is not all padding");
            written.push_str(&rest[..at]);
            written.push_str("=\r\n");
            rest = &rest[at..];
        }
        written.push_str(rest);
        written.push_str("\r\n");
    }
    written
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("gzip")
}

/// A tar archive of one file.
fn tar(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = vec![0; 512];
    archive[..name.len()].copy_from_slice(name.as_bytes());
    archive[257..263].copy_from_slice(b"ustar\0");
    archive.extend_from_slice(bytes);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

type Encoding = (&'static str, &'static str, fn(&[Certificate]) -> Vec<u8>);

/// Name, form as it is reported, and how it is made.
const ENCODINGS: &[Encoding] = &[
    ("pem", "PEM", |chain| pem(chain).into_bytes()),
    ("pem crlf", "PEM", |chain| pem(chain).replace('\n', "\r\n").into_bytes()),
    ("pem cr", "PEM", |chain| pem(chain).replace('\n', "\r").into_bytes()),
    ("pem cr cr lf", "PEM", |chain| pem(chain).replace('\n', "\r\r\n").into_bytes()),
    ("pem bom", "PEM", |chain| format!("\u{feff}{}", pem(chain)).into_bytes()),
    ("pem boms", "PEM", |chain| each(chain, |one| format!("\u{feff}{}", pem(one)).into_bytes())),
    ("pem no last newline", "PEM", |chain| pem(chain).trim_end().as_bytes().to_vec()),
    ("pem indented", "PEM", |chain| {
        pem(chain).lines().map(|line| format!("    {line}\n")).collect::<String>().into_bytes()
    }),
    ("pem 76", "PEM", |chain| armoured(chain, "CERTIFICATE", 76).into_bytes()),
    ("pem one line body", "PEM", |chain| armoured(chain, "CERTIFICATE", 1 << 20).into_bytes()),
    ("pem one line", "PEM", |chain| pem(chain).replace('\n', " ").into_bytes()),
    ("pem no line ends", "PEM", |chain| pem(chain).replace('\n', "").into_bytes()),
    ("pem double spaced", "PEM", |chain| pem(chain).replace('\n', "\n\n").into_bytes()),
    ("pem no padding", "PEM", |chain| pem(chain).replace('=', "").into_bytes()),
    ("pem ctrl-z", "PEM", |chain| (pem(chain) + "\u{1a}").into_bytes()),
    ("pem zeros", "PEM", |chain| [pem(chain).into_bytes(), vec![0; 100]].concat()),
    ("pem trusted", "PEM", |chain| {
        let settings = [0x30, 0x0a, 0x30, 0x08, 0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07];
        each(chain, |one| {
            pem::write("TRUSTED CERTIFICATE", &[one[0].as_der(), &settings].concat()).into_bytes()
        })
    }),
    ("pem trusted bare", "PEM", |chain| armoured(chain, "TRUSTED CERTIFICATE", 64).into_bytes()),
    ("pem x509", "PEM", |chain| armoured(chain, "X509 CERTIFICATE", 64).into_bytes()),
    ("pem headers", "PEM", |chain| {
        pem(chain)
            .replace("BEGIN CERTIFICATE-----\n", "BEGIN CERTIFICATE-----\nSubject: www\nComment: a,\n  b\n\n")
            .into_bytes()
    }),
    ("pem text", "PEM", |chain| {
        each(chain, |one| {
            format!("Certificate:\n    Serial Number: 0 (0x0)\n\n0 s:{}\n{}---\n", one[0].subject(), pem(one))
                .into_bytes()
        })
    }),
    ("pem bags", "PEM", |chain| {
        each(chain, |one| {
            format!("Bag Attributes\n    localKeyID: 01 02 03\nsubject=CN = www\n{}", pem(one)).into_bytes()
        })
    }),
    ("pem latin-1", "PEM", |chain| [b"Gr\xfc\xdfe\n".to_vec(), pem(chain).into_bytes()].concat()),
    ("pem in a page", "PEM", |chain| {
        format!("<html><body><pre>\n{}</pre></body></html>", pem(chain)).into_bytes()
    }),
    ("pem quoted", "quoted PEM", |chain| quoted(&pem(chain), "> ").into_bytes()),
    ("pem quoted twice", "quoted PEM", |chain| quoted(&pem(chain), ">> ").replace('\n', "\r\n").into_bytes()),
    ("pem quoted by bars", "quoted PEM", |chain| quoted(&pem(chain), "  | ").into_bytes()),
    ("pem quoted in a mail", "quoted PEM", |chain| {
        format!("On Monday the CA wrote:\n{}\nThanks\n", quoted(&pem(chain), "> > ")).into_bytes()
    }),
    ("base64 quoted lines", "quoted base64 of DER", |chain| {
        each(chain, |one| quoted(&wrapped(&BASE64_STANDARD.encode(der(one)), 64), "> ").into_bytes())
    }),
    ("quoted-printable", "quoted-printable PEM", |chain| {
        quoted_printable(&armoured(chain, "CERTIFICATE", 1 << 20)).into_bytes()
    }),
    ("quoted-printable mail", "quoted-printable PEM", |chain| {
        let head = "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
        // Lines that are too long for a mail: without padding, shorter ones are no quoted-printable.
        [head, &quoted_printable(&armoured(chain, "CERTIFICATE", 100))].concat().into_bytes()
    }),
    ("pem with br", "HTML PEM", |chain| {
        format!("<p>{}</p>", pem(chain).replace('\n', "<br />\n")).into_bytes()
    }),
    ("pem with entities", "HTML PEM", |chain| {
        pem(chain).replace('+', "&#43;").replace('/', "&#x2F;").replace('\n', "&nbsp;<br>").into_bytes()
    }),
    ("pem with no-break spaces", "HTML PEM", |chain| pem(chain).replace('\n', "\u{a0}\n").into_bytes()),
    ("pem quoted in a page", "HTML quoted PEM", |chain| pem(chain).replace('\n', "<br>\n&gt; ").into_bytes()),
    ("gzip of pem", "gzip of PEM", |chain| gzipped(pem(chain).as_bytes())),
    ("gzip of der", "gzip of DER", |chain| gzipped(&der(chain))),
    ("zip in zip", "ZIP of ZIP of PEM", |chain| {
        zipped(&[("inner.zip", &zipped(&[("a.pem", pem(chain).as_bytes())])), ("readme.txt", b"hello")])
    }),
    ("pem two in a block", "PEM", |chain| pem::write("CERTIFICATE", &der(chain)).into_bytes()),
    ("utf-16 le", "UTF-16 PEM", |chain| utf16(&format!("\u{feff}{}", pem(chain)), u16::to_le_bytes)),
    ("utf-16 be", "UTF-16 PEM", |chain| utf16(&format!("\u{feff}{}", pem(chain)), u16::to_be_bytes)),
    ("utf-16 le without a mark", "UTF-16 PEM", |chain| {
        utf16(&pem(chain).replace('\n', "\r\n"), u16::to_le_bytes)
    }),
    ("utf-16 be without a mark", "UTF-16 PEM", |chain| utf16(&pem(chain), u16::to_be_bytes)),
    ("utf-16 base64", "UTF-16 base64 of DER", |chain| {
        utf16(&format!("\u{feff}{}", lines(chain)), u16::to_le_bytes)
    }),
    ("der", "DER", der),
    ("der newline", "DER", |chain| [der(chain), b"\r\n".to_vec()].concat()),
    ("der lines", "DER", |chain| each(chain, |one| [one[0].as_der(), b"\n"].concat())),
    ("pem then der", "PEM", |chain| [pem(&chain[..1]).into_bytes(), der(&chain[1..])].concat()),
    ("der then pem", "DER", |chain| [der(&chain[..1]), pem(&chain[1..]).into_bytes()].concat()),
    ("base64 of all", "base64 of DER", |chain| BASE64_STANDARD.encode(der(chain)).into_bytes()),
    ("base64 lines", "base64 of DER", |chain| lines(chain).into_bytes()),
    ("base64 wrapped", "base64 of DER", |chain| {
        wrapped(&BASE64_STANDARD.encode(der(chain)), 64).into_bytes()
    }),
    ("base64 wrapped, blank lines between", "base64 of DER", |chain| {
        each(chain, |one| (wrapped(&BASE64_STANDARD.encode(der(one)), 64) + "\n").into_bytes())
    }),
    ("base64 76, one after the other", "base64 of DER", |chain| {
        each(chain, |one| wrapped(&BASE64_STANDARD.encode(der(one)), 76).replace('\n', "\r\n").into_bytes())
    }),
    ("base64 double spaced", "base64 of DER", |chain| {
        wrapped(&BASE64_STANDARD.encode(der(chain)), 64).replace('\n', "\r\r\n").into_bytes()
    }),
    ("base64 no padding", "base64 of DER", |chain| lines(chain).replace('=', "").into_bytes()),
    ("base64 spaces", "base64 of DER", |chain| {
        wrapped(&BASE64_STANDARD.encode(der(chain)), 64).replace('\n', " ").into_bytes()
    }),
    ("base64 quoted", "base64 of DER", |chain| {
        each(chain, |one| format!("  \"{}\",\n", BASE64_STANDARD.encode(der(one))).into_bytes())
    }),
    ("base64url", "base64 of DER", |chain| {
        each(chain, |one| (BASE64_URL_SAFE.encode(der(one)) + "\n").into_bytes())
    }),
    ("base64 bom", "base64 of DER", |chain| format!("\u{feff}{}", lines(chain)).into_bytes()),
    ("base64 twice", "base64 of base64 of DER", |chain| {
        each(chain, |one| (BASE64_STANDARD.encode(BASE64_STANDARD.encode(der(one))) + "\n").into_bytes())
    }),
    ("base64 of wrapped base64", "base64 of base64 of DER", |chain| {
        BASE64_STANDARD.encode(wrapped(&BASE64_STANDARD.encode(der(chain)), 64)).into_bytes()
    }),
    ("base64 of pem", "base64 of PEM", |chain| BASE64_STANDARD.encode(pem(chain)).into_bytes()),
    ("base64 of pem with text", "base64 of PEM", |chain| {
        BASE64_STANDARD.encode(format!("subject=www\n{}", pem(chain))).into_bytes()
    }),
    ("base64 with the footer", "base64 of base64 with an END line of DER", |chain| {
        each(chain, |one| (footed(one) + "\n").into_bytes())
    }),
    ("base64 of pem without its first line", "base64 of base64 with an END line of DER", |chain| {
        each(chain, |one| {
            let text = pem(one);
            let (_, rest) = text.split_once('\n').expect("a line");
            (BASE64_STANDARD.encode(rest) + "\n").into_bytes()
        })
    }),
    ("base64 in a mail", "base64 of DER", |chain| {
        each(chain, |one| {
            let body = wrapped(&BASE64_STANDARD.encode(der(one)), 76).replace('\n', "\r\n");
            format!("--=_Part_1\r\nContent-Type: application/x-x509-user-cert\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}--=_Part_1--\r\n").into_bytes()
        })
    }),
    ("p7b", "PKCS#7 (DER)", p7b),
    ("p7b ber", "PKCS#7 (BER)", indefinite_p7b),
    ("p7b pem", "PKCS#7 (PEM)", |chain| pem::write("PKCS7", &p7b(chain)).into_bytes()),
    ("p7b cms", "PKCS#7 (PEM)", |chain| pem::write("CMS", &p7b(chain)).into_bytes()),
    ("p7b as certificate", "PKCS#7 (PEM)", |chain| pem::write("CERTIFICATE", &p7b(chain)).into_bytes()),
    ("p7b ber pem", "PEM of PKCS#7 (BER)", |chain| pem::write("PKCS7", &indefinite_p7b(chain)).into_bytes()),
    ("p7b base64", "base64 of PKCS#7 (DER)", |chain| BASE64_STANDARD.encode(p7b(chain)).into_bytes()),
    ("p7b ber base64", "base64 of PKCS#7 (BER)", |chain| {
        wrapped(&BASE64_STANDARD.encode(indefinite_p7b(chain)), 76).into_bytes()
    }),
    ("p7b utf-16", "UTF-16 PKCS#7 (PEM)", |chain| {
        utf16(&format!("\u{feff}{}", pem::write("PKCS7", &p7b(chain))), u16::to_le_bytes)
    }),
    ("p7b with a crl", "PKCS#7 (DER)", |chain| signed_data(chain, &[&crl()])),
    ("p7b each", "PKCS#7 (DER)", |chain| each(chain, p7b)),
    ("pkcs12", "PKCS#12 (DER)", pfx),
    ("pkcs12 with its key", "PKCS#12 (DER)", |chain| {
        let key = PrivateKey::generate(KeyKind::P256).expect("a key").to_pkcs8().expect("PKCS#8");
        let entry = Entry { friendly_name: "www", private_key: Some(&key), certificates: &ders(chain) };
        pkcs12::write(&[entry], &Password::new(""), Profile::Modern).expect("a PFX").to_vec()
    }),
    ("pkcs12 ber", "PKCS#12 (BER)", |chain| reframed(&pfx(chain))),
    ("pkcs12 base64", "base64 of PKCS#12 (DER)", |chain| {
        wrapped(&BASE64_STANDARD.encode(pfx(chain)), 64).into_bytes()
    }),
    ("x5c", "JSON of base64 of DER", |chain| {
        let items: Vec<String> = chain.iter().map(|one| BASE64_STANDARD.encode(one.as_der())).collect();
        format!("{:#}\n", json!({"x5c": items, "attributes": {"enabled": true}})).into_bytes()
    }),
    ("x5c base64 text", "JSON of base64 of base64 of DER", |chain| {
        let items: Vec<String> =
            chain.iter().map(|one| BASE64_STANDARD.encode(BASE64_STANDARD.encode(one.as_der()))).collect();
        json!({"x5c": items}).to_string().into_bytes()
    }),
    ("x5c with the footer", "JSON of base64 of base64 with an END line of DER", |chain| {
        let items: Vec<String> = chain.iter().map(|one| footed(std::slice::from_ref(one))).collect();
        json!({"x5c": items}).to_string().into_bytes()
    }),
    ("x5c pem", "JSON of PEM", |chain| json!({"x5c": [pem(chain)]}).to_string().into_bytes()),
    ("x5c p7b", "JSON of base64 of PKCS#7 (DER)", |chain| {
        json!({"x5c": [BASE64_STANDARD.encode(p7b(chain))]}).to_string().into_bytes()
    }),
    ("x5c pfx", "JSON of base64 of PKCS#12 (DER)", |chain| {
        json!({"x5c": [BASE64_STANDARD.encode(pfx(chain))]}).to_string().into_bytes()
    }),
    ("jwks", "JSON of base64 of DER", |chain| {
        let keys: Vec<_> = chain
            .iter()
            .map(|one| json!({"kty": "EC", "x5c": [BASE64_STANDARD.encode(one.as_der())]}))
            .collect();
        json!({"keys": keys}).to_string().into_bytes()
    }),
    ("json certificates", "JSON of base64 of DER", |chain| {
        let items: Vec<_> = chain
            .iter()
            .map(|one| {
                json!({
                    "id": "https://v.vault.azure.net/certificates/www/66cb9daa3da94aa0a3ba794aab53ebbb",
                    "x5t": "aDL7EBDV9ceB-JrIgicN5Z7Pd8g",
                    "cer": BASE64_STANDARD.encode(one.as_der()),
                    "policy": {"x509_props": {"subject": "CN=www"}},
                })
            })
            .collect();
        json!(items).to_string().into_bytes()
    }),
    ("json pem secret", "JSON of PEM", |chain| {
        json!({"value": pem(chain), "contentType": "application/x-pem-file", "id": "https://v/secrets/www/1"})
            .to_string()
            .into_bytes()
    }),
    ("json pkcs12 secret", "JSON of base64 of PKCS#12 (DER)", |chain| {
        json!({"value": BASE64_STANDARD.encode(pfx(chain)), "contentType": "application/x-pkcs12"})
            .to_string()
            .into_bytes()
    }),
    ("json text", "JSON of PEM", |chain| json!(pem(chain)).to_string().into_bytes()),
    ("json utf-16", "UTF-16 JSON of PEM", |chain| {
        utf16(&format!("\u{feff}{}", json!({"data": {"ca_chain": [pem(chain)]}})), u16::to_le_bytes)
    }),
    ("zip stored", "ZIP of DER", |chain| {
        let names: Vec<String> = (0..chain.len()).map(|number| format!("{number}.cer")).collect();
        let entries: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(ders(chain)).collect();
        archive(&entries, rawzip::CompressionMethod::STORE)
    }),
    ("zip deflated", "ZIP of PEM", |chain| zipped(&[("answer/chain.pem", pem(chain).as_bytes())])),
    ("zip p7b", "ZIP of PKCS#7 (DER)", |chain| {
        zipped(&[("answer.p7b", &p7b(chain)), ("README.txt", b"How to install")])
    }),
    ("zip base64", "base64 of ZIP of DER", |chain| {
        BASE64_STANDARD.encode(zipped(&[("a", &der(chain))])).into_bytes()
    }),
    ("zip json", "ZIP of JSON of PEM", |chain| {
        zipped(&[("a.json", json!({"x5c": [pem(chain)]}).to_string().as_bytes())])
    }),
];

/// Five certificates, each signed by the one behind it.
static CHAIN: LazyLock<Vec<Certificate>> = LazyLock::new(|| {
    let start = UnixTime::from_rfc3339("2026-11-01T12:00:00Z").expect("a time");
    let validity = || Validity::days(start, 300);
    let mut authorities = vec![Authority::root("CN=Root", KeyKind::P256, validity()).expect("a root")];
    for name in ["CN=One", "CN=Two, O=Of different length", "CN=Three"] {
        let above = authorities.last().expect("a root");
        let below = above.intermediate(name, KeyKind::P256, validity()).expect("an intermediate");
        authorities.push(below);
    }
    let request = request(&PrivateKey::generate(KeyKind::P256).expect("a key"));
    let leaf = authorities.last().expect("an intermediate").sign(&request, validity()).expect("a leaf");
    let issuers = authorities.iter().rev().map(|authority| authority.certificate().clone());
    [leaf].into_iter().chain(issuers).collect()
});

fn request(key: &PrivateKey) -> CertificateRequest {
    let policy = json!({"x509_props": {"subject": "CN=www.example.com"}, "key_props": {"kty": "EC"}});
    let (document, _) = Document::from_value(policy).expect("an object");
    CertificateRequest::make(&Policy::understand(&document).expect("a policy"), key).expect("a request")
}

/// A CRL of nobody, without entries; its signature is not one.
fn crl() -> Vec<u8> {
    let algorithm = tlv(0x30, &[&[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]]);
    let signed = tlv(
        0x30,
        &[
            &[2, 1, 1],
            &algorithm,
            CHAIN[4].subject().as_der(),
            &tlv(0x17, &[b"261101120000Z"]),
            &tlv(0x17, &[b"271101120000Z"]),
        ],
    );
    tlv(0x30, &[&signed, &algorithm, &tlv(0x03, &[&[0], &[7; 64]])])
}

fn read(name: &str, bytes: &[u8]) -> Result<Bundle, BundleError> {
    Bundle::read(&[Source { name, bytes }])
}

fn certificates(bundle: &Bundle) -> Vec<Certificate> {
    bundle.certificates.iter().map(|given| given.certificate.clone()).collect()
}

fn ders(chain: &[Certificate]) -> Vec<&[u8]> {
    chain.iter().map(Certificate::as_der).collect()
}

fn der(chain: &[Certificate]) -> Vec<u8> {
    ders(chain).concat()
}

fn pem(chain: &[Certificate]) -> String {
    pem_chain(&chain.iter().collect::<Vec<_>>())
}

fn each(chain: &[Certificate], encode: impl Fn(&[Certificate]) -> Vec<u8>) -> Vec<u8> {
    chain.chunks(1).flat_map(encode).collect()
}

fn lines(chain: &[Certificate]) -> String {
    chain.iter().map(|one| BASE64_STANDARD.encode(one.as_der()) + "\n").collect()
}

/// What one of the official clients' samples sends for a certificate.
fn footed(one: &[Certificate]) -> String {
    BASE64_STANDARD.encode(BASE64_STANDARD.encode(der(one)) + "-----END CERTIFICATE-----")
}

fn armoured(chain: &[Certificate], label: &str, width: usize) -> String {
    let block = |one: &Certificate| {
        let body = wrapped(&BASE64_STANDARD.encode(one.as_der()), width);
        format!("-----BEGIN {label}-----\n{body}-----END {label}-----\n")
    };
    chain.iter().map(block).collect()
}

fn wrapped(text: &str, width: usize) -> String {
    let lines = text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).expect("ASCII"));
    lines.map(|line| format!("{line}\n")).collect()
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

fn p7b(chain: &[Certificate]) -> Vec<u8> {
    pkcs7(&chain.iter().collect::<Vec<_>>())
}

fn pfx(chain: &[Certificate]) -> Vec<u8> {
    let entry = Entry { friendly_name: "www", private_key: None, certificates: &ders(chain) };
    pkcs12::write(&[entry], &Password::new(""), Profile::Modern).expect("a PFX").to_vec()
}

/// SignedData with CRLs (RFC 5652 5.1).
fn signed_data(chain: &[Certificate], crls: &[&[u8]]) -> Vec<u8> {
    let data = tlv(0x30, &[&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01]]);
    let (certificates, lists) = (tlv(0xa0, &ders(chain)), tlv(0xa1, crls));
    let signed = tlv(0x30, &[&[2, 1, 1], &[0x31, 0], &data, &certificates, &lists, &[0x31, 0]]);
    tlv(0x30, &[&[&[0x06, 0x09][..], &PKCS7_SIGNED].concat(), &tlv(0xa0, &[&signed])])
}

/// SignedData with indefinite lengths, as Java writes it.
fn indefinite_p7b(chain: &[Certificate]) -> Vec<u8> {
    let open = |tag: u8, parts: &[&[u8]]| [&[tag, 0x80], parts.concat().as_slice(), &[0, 0]].concat();
    let data = open(0x30, &[&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01]]);
    let certificates = open(0xa0, &ders(chain));
    let signed = open(0x30, &[&[2, 1, 1], &[0x31, 0], &data, &certificates, &[0x31, 0]]);
    open(0x30, &[&[&[0x06, 0x09][..], &PKCS7_SIGNED].concat(), &open(0xa0, &[&signed])])
}

/// A PFX whose outer lengths are indefinite, and whose AuthenticatedSafe is a string in pieces, as NSS writes it.
fn reframed(pfx: &[u8]) -> Vec<u8> {
    let (outer, _) = content(pfx);
    let (_, after_version) = content(outer);
    let (info, mac) = content(after_version);
    let (_, explicit) = content(info);
    let (octet_string, _) = content(explicit);
    let (safe, _) = content(octet_string);
    let open = |tag: u8, parts: &[&[u8]]| [&[tag, 0x80], parts.concat().as_slice(), &[0, 0]].concat();
    let pieces: Vec<u8> = safe.chunks(100).flat_map(|piece| tlv(0x04, &[piece])).collect();
    let data = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
    let info = open(0x30, &[&data, &open(0xa0, &[&open(0x24, &[&pieces])])]);
    open(0x30, &[&[2, 1, 3], &info, mac])
}

/// The contents of the first element, and what follows it.
fn content(der: &[u8]) -> (&[u8], &[u8]) {
    let (size, length) = match der[1] {
        short @ 0..=0x7f => (2, usize::from(short)),
        long => {
            let size = 2 + usize::from(long & 0x7f);
            (size, der[2..size].iter().fold(0, |length, octet| length << 8 | usize::from(*octet)))
        }
    };
    (&der[size..size + length], &der[size + length..])
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = u32::try_from(contents.len()).expect("a length").to_be_bytes();
    let header = match contents.len() {
        0..=0x7f => vec![tag, length[3]],
        0x80..=0xff => vec![tag, 0x81, length[3]],
        0x100..=0xffff => vec![tag, 0x82, length[2], length[3]],
        _ => panic!("{} bytes are more than any of these", contents.len()),
    };
    [header, contents].concat()
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    archive(entries, rawzip::CompressionMethod::DEFLATE)
}

fn archive(entries: &[(&str, &[u8])], method: rawzip::CompressionMethod) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, contents) in entries {
        let (mut entry, config) =
            archive.new_file(name).compression_method(method).start().expect("an entry");
        if method == rawzip::CompressionMethod::STORE {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(contents).expect("written");
            let (_, descriptor) = writer.finish().expect("an end");
            entry.finish(descriptor).expect("an entry");
        } else {
            let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
            let mut writer = config.wrap(encoder);
            writer.write_all(contents).expect("written");
            let (encoder, descriptor) = writer.finish().expect("an end");
            encoder.finish().expect("deflated");
            entry.finish(descriptor).expect("an entry");
        }
    }
    archive.finish().expect("an archive");
    bytes
}

/// 1.2.840.113549.1.7.2 and 3.
const PKCS7_SIGNED: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const PKCS7_ENVELOPED: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
