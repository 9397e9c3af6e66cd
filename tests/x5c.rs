//! What Key Vault does with an `x5c`: held against recorded merges, and case by case.
//!
//! The recordings are read from `COLDCERT_SHARED` (default `../shared`), which is not part of the repository.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use coldcert::authority::{Authority, Validity};
use coldcert::bundle::{Bundle, Source};
use coldcert::certificate::Certificate;
use coldcert::key::PublicKey;
use coldcert::pem;
use coldcert::policy::KeyKind;
use coldcert::secret::{pem_chain, pkcs7};
use coldcert::time::UnixTime;
use coldcert::x5c::{self, CLIENTS, Client, Failure, Outcome, Stop, X5cError};
use serde_json::Value;

#[test]
fn recorded_merges_are_answered_as_the_service_answered_them() {
    let folder =
        std::env::var_os("COLDCERT_SHARED").map_or_else(|| "../shared".into(), std::path::PathBuf::from);
    let folder = folder.join("keyvault/recordings");
    if !folder.is_dir() {
        eprintln!("skipped: no {}", folder.display());
        return;
    }
    let stranger = chain().root.public_key().clone();
    let mut seen = 0;
    for name in [
        "10_merge_201_der",
        "11_merge_201_base64text_py",
        "13_merge_400_keymismatch",
        "14_merge_400_unreadable",
        "15_merge_400_toolong",
    ] {
        let text = std::fs::read(folder.join(format!("{name}.json"))).expect(name);
        let recorded: Value = serde_json::from_slice(&text).expect("JSON");
        let elements: Vec<Vec<u8>> = recorded["request"]["x5c"]
            .as_array()
            .expect("x5c")
            .iter()
            .map(|one| BASE64_STANDARD.decode(one.as_str().expect("text")).expect("base64"))
            .collect();
        let body = &recorded["response_body"];
        match body["cer"].as_str() {
            Some(cer) => {
                let der = BASE64_STANDARD.decode(cer).expect("base64");
                let leaf = Certificate::from_der(&der).expect("a certificate");
                let read = x5c::read(&elements, leaf.public_key()).expect(name);
                assert_eq!(read.certificates[0].certificate, leaf, "{name}");
                // The same request for another key.
                let error = x5c::read(&elements, &stranger).expect_err(name);
                assert!(error.is_of_the_key(), "{name}: {error}");
            }
            None => {
                let error = x5c::read(&elements, &stranger).expect_err(name);
                assert_eq!(body["error"]["code"], error.code(), "{name}");
                assert_eq!(body["error"]["message"], error.message(), "{name}");
            }
        }
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn every_encoding_that_the_samples_send_is_read() {
    let chain = chain();
    let der = chain.leaf.as_der().to_vec();
    let text = BASE64_STANDARD.encode(&der);
    let lines = pem::write("CERTIFICATE", &der);
    let cases: [(&str, Vec<u8>); 6] = [
        ("DER", der.clone()),
        ("base64 text", text.clone().into_bytes()),
        ("base64 text in lines", text.as_bytes().chunks(64).collect::<Vec<_>>().join(&b"\r\n"[..])),
        ("with the footer glued to it", format!("{text}-----END CERTIFICATE-----").into_bytes()),
        ("one block of PEM", lines.clone().into_bytes()),
        ("one block with CR LF", lines.replace('\n', "\r\n").into_bytes()),
    ];
    for (what, element) in cases {
        let read =
            x5c::read(&[element], chain.leaf.public_key()).unwrap_or_else(|error| panic!("{what}: {error}"));
        let found: Vec<&[u8]> = read.certificates.iter().map(|given| given.certificate.as_der()).collect();
        assert_eq!(found, [der.as_slice()], "{what}");
        assert_eq!(read.certificates[0].place.file, "x5c[0]", "{what}");
    }
    // The leaf may stand anywhere.
    let elements = [chain.root.as_der(), chain.intermediate.as_der(), chain.leaf.as_der()];
    assert_eq!(x5c::read(&elements, chain.leaf.public_key()).expect("read").certificates.len(), 3);
}

#[test]
fn each_refusal_is_in_the_service_s_words() {
    let chain = chain();
    let key = chain.leaf.public_key();
    let refused = |elements: &[Vec<u8>]| {
        let error = x5c::read(elements, key).expect_err("a refusal");
        assert!(!error.help().is_empty() && !error.to_string().is_empty());
        assert_eq!(error.code(), "BadParameter");
        error.message()
    };
    let no_item = "Property x5c has invalid value X5C must has at least one valid item";
    assert_eq!(refused(&[]), no_item);
    assert_eq!(refused(&[Vec::new()]), no_item);
    let too_long = [chain.leaf.as_der(), &[0; x5c::ELEMENT_BYTES_MAX]].concat();
    assert_eq!(refused(&[chain.leaf.as_der().to_vec(), too_long]), "value is too long.");
    let bundle = pem_chain(&[&chain.leaf, &chain.intermediate]).into_bytes();
    assert_eq!(refused(&[bundle]), "Unable to parse X5c certificate chain and locate leaf certificate");
    let unreadable = "Certificate can not be read. Please check if certificate is valid.";
    // [REC] a PFX as base64 text; its first bytes are enough to know it.
    let pfx = BASE64_STANDARD.encode([0x30, 0x05, 2, 1, 3, 0x30, 0]).into_bytes();
    let cut = chain.leaf.as_der()[..200].to_vec();
    let trailing = [chain.leaf.as_der(), b"\n"].concat();
    for element in [b"hello".to_vec(), pfx, cut, trailing, vec![0xff; 9], b"MII=====".to_vec()] {
        assert_eq!(refused(&[chain.leaf.as_der().to_vec(), element]), unreadable);
    }
    let mismatch = refused(&[chain.intermediate.as_der().to_vec()]);
    assert_eq!(mismatch, x5c::KEY_MISMATCH_MESSAGE);
}

#[test]
fn pkcs7_is_read_as_far_as_a_bundle_reads_it() {
    let chain = chain();
    let der = pkcs7(&[&chain.leaf, &chain.intermediate]);
    let known = Bundle::read(&[Source { name: "answer.p7b", bytes: &der }]).is_ok();
    for element in
        [der.clone(), BASE64_STANDARD.encode(&der).into_bytes(), pem::write("PKCS7", &der).into_bytes()]
    {
        match x5c::read(&[element], chain.leaf.public_key()) {
            Ok(read) => assert!(known && read.certificates.len() == 2),
            Err(error) => assert!(!known && matches!(error, X5cError::NotReadable { index: 0 }), "{error}"),
        }
    }
}

#[test]
fn each_client_does_with_a_file_what_its_source_says() {
    let chain = chain();
    let one = pem_chain(&[&chain.leaf]);
    let two = pem_chain(&[&chain.leaf, &chain.intermediate]);
    let p7b = pem::write("PKCS7", &pkcs7(&[&chain.leaf]));
    let torn = one.replacen("\nMII", "\nMI", 1);
    let der = chain.leaf.as_der();
    let no_item = "X5C must has at least one valid item";
    let no_leaf = "locate leaf certificate";
    // Client, file, its bytes, how many elements are sent, and what the answer says.
    let cases: [(&str, &str, &[u8], usize, &str); 25] = [
        ("portal", "www.cer", one.as_bytes(), 1, "merged"),
        ("portal", "www.pem", two.as_bytes(), 2, "merged"),
        ("portal", "www.cer", der, 0, no_item),
        ("portal", "www.p7b", p7b.as_bytes(), 0, no_item),
        ("az", "www.pem", two.as_bytes(), 2, "merged"),
        ("az", "www.cer", der, 0, "the file is not text"),
        ("az", "www.p7b", p7b.as_bytes(), 0, no_item),
        ("az", "www.pem", torn.as_bytes(), 0, "not whole base64"),
        ("PowerShell", "www.crt", two.as_bytes(), 2, "merged"),
        ("PowerShell", "www.PEM", two.as_bytes(), 0, "an import needs a private key"),
        ("PowerShell", "www.pfx", &[0x30, 3, 2, 1, 3], 0, "an import needs a private key"),
        ("PowerShell", "www.cer", der, 1, "merged"),
        ("PowerShell", "www.p7b", p7b.as_bytes(), 0, no_item),
        ("Python", "www.pem", one.as_bytes(), 1, "merged"),
        ("Python", "www.pem", two.as_bytes(), 1, no_leaf),
        ("Python", "www.cer", der, 1, "merged"),
        ("Python", "www.p7b", p7b.as_bytes(), 1, "can not be read"),
        ("JavaScript", "www.pem", one.as_bytes(), 1, "merged"),
        ("JavaScript", "www.pem", one.trim_end().as_bytes(), 1, "merged"),
        ("JavaScript", "www.pem", two.as_bytes(), 1, no_leaf),
        ("JavaScript", "www.pem", two.trim_end().as_bytes(), 1, no_leaf),
        (".NET", "www.pem", two.as_bytes(), 1, no_leaf),
        ("Java", "www.cer", der, 1, "merged"),
        ("Go", "www.pem", one.as_bytes(), 1, "merged"),
        ("Rust", "www.pem", two.as_bytes(), 1, no_leaf),
    ];
    for (name, file, bytes, sends, answer) in cases {
        let outcome = submit(name, &[(file, bytes)], chain.leaf.public_key());
        assert_eq!(outcome.sends, sends, "{name} {file}: {outcome}");
        assert!(outcome.to_string().contains(answer), "{name} {file}: {outcome}");
        assert_eq!(outcome.reads(), answer == "merged", "{name} {file}: {outcome}");
    }
}

#[test]
fn several_files_are_several_elements_and_the_first_that_fails_is_named() {
    let chain = chain();
    let key = chain.leaf.public_key();
    let (leaf, above) = (pem_chain(&[&chain.leaf]), pem_chain(&[&chain.intermediate]));
    for client in &CLIENTS {
        let outcome = submit(client.name, &[("ca.cer", above.as_bytes()), ("www.cer", leaf.as_bytes())], key);
        assert_eq!(outcome, Outcome { sends: 2, file: None, failure: None }, "{}", client.name);
        let outcome = submit(client.name, &[("ca.cer", above.as_bytes())], key);
        assert!(
            outcome.reads() && outcome.to_string().contains(x5c::KEY_MISMATCH_MESSAGE),
            "{}",
            client.name
        );
        assert!(!client.source.is_empty() && !client.way.is_empty() && !client.command.is_empty());
    }
    let outcome = submit("az", &[("www.cer", leaf.as_bytes()), ("ca.der", chain.intermediate.as_der())], key);
    assert_eq!(outcome.file.as_deref(), Some("ca.der"));
    assert_eq!(outcome.failure, Some(Failure::Stops(Stop::NotText)));
}

fn submit(name: &str, files: &[(&str, &[u8])], key: &PublicKey) -> Outcome {
    let client: &Client = CLIENTS.iter().find(|client| client.name == name).expect("a client");
    let files: Vec<Source<'_>> = files.iter().map(|&(name, bytes)| Source { name, bytes }).collect();
    client.submit(&files, key)
}

struct Chain {
    leaf: Certificate,
    intermediate: Certificate,
    root: Certificate,
}

fn chain() -> Chain {
    let now = UnixTime::from_rfc3339("2026-11-22T12:00:00Z").expect("a time");
    let validity = || Validity::days(now, 100);
    let root = Authority::root("CN=Root", KeyKind::P256, validity()).expect("a root");
    let intermediate = root.intermediate("CN=Issuing", KeyKind::P256, validity()).expect("an intermediate");
    // A CA serves as a leaf here: nobody looks.
    let leaf = intermediate.intermediate("CN=www.example.com", KeyKind::P256, validity()).expect("a leaf");
    Chain {
        leaf: leaf.certificate().clone(),
        intermediate: intermediate.certificate().clone(),
        root: root.certificate().clone(),
    }
}
