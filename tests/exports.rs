//! What `export` writes, each form opened by the programs that it is for.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use num_bigint::BigUint;
use serde_json::Value;

use support::{Workplace, labels, need};

/// Name, kind of key, and whether Java has it.
const KINDS: [(&str, &str, bool); 5] = [
    ("rsa", "--kty RSA --key-size 2048", true),
    ("p256", "--kty EC --curve P-256", true),
    ("p384", "--kty EC --curve P-384", true),
    ("p521", "--kty EC --curve P-521", true),
    ("p256k", "--kty EC --curve P-256K", false),
];

/// A vault with a certificate of each kind, merged with its chain and root.
fn filled() -> Option<Workplace> {
    need("openssl")?;
    let work = Workplace::with_vault();
    work.make_authority();
    for (name, kind, _) in KINDS {
        merge(&work, name, kind);
    }
    work.write("password", "geheim wörd\n");
    Some(work)
}

fn merge(work: &Workplace, name: &str, options: &str) {
    let subject = format!("--subject CN={name}.example.com --dns {name}.example.com");
    work.run(&format!("create {name} {subject} {options} -o {name}.csr")).done();
    work.sign(&format!("{name}.csr"), &format!("{name}.pem"));
    work.run(&format!("merge {name} {name}.pem intermediate.pem root.pem")).done();
}

/// The public key, as OpenSSL writes it.
fn public_key(work: &Workplace, leaf: &str) -> String {
    work.openssl(&format!("x509 -in {leaf} -pubkey -noout")).done().out()
}

#[test]
fn pkcs7_holds_the_chain_without_its_root_unless_it_is_asked_for() {
    let Some(work) = filled() else { return };
    let subjects = |file: &str| {
        let printed = work.openssl(&format!("pkcs7 -inform DER -in {file} -print_certs -noout")).done().out();
        printed
            .lines()
            .filter_map(|line| line.strip_prefix("subject="))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    work.run("export p256 --format p7b -o p256.p7b").done().says(&["without the root", "--with-root"]);
    let without = subjects("p256.p7b");
    assert_eq!(without.len(), 2);
    assert!(without[0].contains("p256.example.com"), "{without:?}");
    work.run("export p256 --format p7b --with-root -o whole.p7b").done();
    let with = subjects("whole.p7b");
    assert_eq!((&with[..2], with.len()), (&without[..], 3));
    // Two chains share their issuer.
    work.run("export p256 rsa --format p7b -o both.p7b").done();
    assert_eq!(subjects("both.p7b").len(), 3);
}

#[test]
fn every_form_of_a_chain_leaves_the_root_out_or_takes_it_in() {
    let Some(work) = filled() else { return };
    for format in ["pfx", "pem", "chain", "p7b", "x5c", "jwk", "jks"] {
        let password = if format == "jks" { "--password-file password" } else { "" };
        for (option, certificates) in [("", 2), ("--with-root", 3)] {
            let report = work
                .run(&format!("--json export p256 --format {format} {password} {option} -o x --force"))
                .done()
                .json();
            assert_eq!(report["certificates"], certificates, "{format} {option}");
            assert_eq!(report["with_root"], certificates == 3, "{format} {option}");
        }
    }
    // As the service gives it back: as it was merged.
    let report = work.run("--json export p256 --pfx-profile key-vault -o x --force").done().json();
    assert_eq!((&report["certificates"], &report["pfx_profile"]), (&3.into(), &"key-vault".into()));
    // A leaf that signed itself is no root to leave out.
    work.run("create self --subject CN=self.example.com --issuer Self").done();
    work.run("export self --format chain -o self.pem").done();
    assert_eq!(labels(&work.text("self.pem")), ["CERTIFICATE"]);
    // What was not merged cannot be written.
    work.run("create short --subject CN=short.example.com --dns short.example.com -o short.csr").done();
    work.sign("short.csr", "short.pem");
    work.run("merge short short.pem intermediate.pem").done();
    work.run_in_vain("export short --with-root -o short.pfx")
        .ended(2)
        .says(&["short has no root", "Test-Root"]);
}

#[test]
fn an_encrypted_pem_opens_by_its_password_alone() {
    let Some(work) = filled() else { return };
    for (name, ..) in KINDS {
        let file = format!("{name}.encrypted.pem");
        work.run(&format!("export {name} --format pem --encrypted --password-file password -o {file}"))
            .done();
        let text = work.text(&file);
        assert_eq!(labels(&text), ["ENCRYPTED PRIVATE KEY", "CERTIFICATE", "CERTIFICATE"]);
        assert_eq!(work.mode(&file), 0o600);
        let opened = work.openssl(&format!("pkey -in {file} -passin file:password -pubout")).done().out();
        assert_eq!(opened, public_key(&work, &format!("{name}.pem")), "{name}");
        work.write("wrong", "wrong\n");
        work.openssl(&format!("pkey -in {file} -passin file:wrong -pubout")).ended(1);
    }
}

#[test]
fn a_jwk_holds_the_numbers_of_the_key_in_their_full_length() {
    let Some(work) = filled() else { return };
    for (name, ..) in KINDS {
        work.run(&format!("export {name} --format jwk -o {name}.jwk")).done().says(&["not encrypted"]);
        assert_eq!(work.mode(&format!("{name}.jwk")), 0o600);
        let jwk: Value = serde_json::from_slice(&work.read(&format!("{name}.jwk"))).unwrap();
        is_a_key(name, &jwk);
        work.run(&format!("export {name} --format x5c -o {name}.x5c")).done();
        let x5c: Value = serde_json::from_slice(&work.read(&format!("{name}.x5c"))).unwrap();
        assert_eq!(jwk["x5c"], x5c);
        let shown = work.run(&format!("show {name} --json")).done().json();
        assert_eq!((&jwk["x5t"], &jwk["x5t#S256"]), (&shown["x5t"], &shown["x5t#S256"]), "{name}");
        assert!(shown["id"].as_str().unwrap().ends_with(jwk["kid"].as_str().unwrap()), "{name}");
    }
    work.run("export rsa p521 --format jwk -o set.json").done();
    let set: Value = serde_json::from_slice(&work.read("set.json")).unwrap();
    for (name, jwk) in ["rsa", "p521"].into_iter().zip(set["keys"].as_array().unwrap()) {
        is_a_key(name, jwk);
    }
}

/// The private numbers belong to the public ones.
fn is_a_key(name: &str, jwk: &Value) {
    let octets = |member: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk[member].as_str().unwrap()).unwrap();
    if name == "rsa" {
        let number = |member: &str| {
            let octets = octets(member);
            assert_ne!(octets[0], 0, "{member} has as few octets as it needs");
            BigUint::from_bytes_be(&octets)
        };
        let [n, e, d, p, q, dp, dq, qi] = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map(number);
        let one = BigUint::from(1u8);
        assert_eq!(&p * &q, n);
        for (prime, exponent) in [(&p, &dp), (&q, &dq)] {
            assert_eq!((&e * &d) % (prime - &one), one);
            assert_eq!(&d % (prime - &one), *exponent);
        }
        assert_eq!((&q * &qi) % &p, one);
        assert_eq!(jwk["kty"], "RSA");
        return;
    }
    let (curve, length, algorithm) = match name {
        "p256" => ("P-256", 32, &ECDSA_P256_SHA256_ASN1_SIGNING),
        "p384" => ("P-384", 48, &ECDSA_P384_SHA384_ASN1_SIGNING),
        "p521" => ("P-521", 66, &ECDSA_P521_SHA512_ASN1_SIGNING),
        _ => ("secp256k1", 32, &ECDSA_P256K1_SHA256_ASN1_SIGNING),
    };
    assert_eq!((&jwk["kty"], &jwk["crv"]), (&"EC".into(), &curve.into()));
    let [x, y, d] = ["x", "y", "d"].map(octets);
    assert_eq!([x.len(), y.len(), d.len()], [length; 3], "{name}");
    let point = [&[4][..], &x, &y].concat();
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, &d, &point).unwrap_or_else(|_| panic!("{name}"));
}

#[test]
fn a_java_keystore_is_opened_by_keytool_with_its_key_and_chain() {
    let Some(work) = filled() else { return };
    if need("keytool").is_none() {
        return;
    }
    for (name, _, in_java) in KINDS {
        work.run(&format!("export {name} --format jks --password-file password -o {name}.jks"))
            .done()
            .says(&["warn", "SHA-1"]);
        let english = "-J-Duser.language=en -J-Dfile.encoding=UTF-8 -J-Dsun.jnu.encoding=UTF-8";
        let listed =
            keytool(&work, &format!("{english} -list -v -keystore {name}.jks -storepass:file password"));
        let text = listed.out();
        assert!(text.contains(&format!("Alias name: {name}")), "{text}{}", listed.stderr);
        assert!(text.contains("PrivateKeyEntry") && text.contains("Certificate chain length: 2"), "{text}");
        let moved = keytool(
            &work,
            &format!(
                "{english} -importkeystore -srckeystore {name}.jks -srcstorepass:file password -destkeystore {name}.java.p12 -deststoretype PKCS12 -deststorepass:file ascii -noprompt"
            ),
        );
        if !in_java {
            continue;
        }
        moved.done();
        let opened =
            work.openssl(&format!("pkcs12 -in {name}.java.p12 -passin file:ascii -nodes")).done().out();
        work.write("opened.pem", &opened);
        let public = work.openssl("pkey -in opened.pem -pubout").done().out();
        assert_eq!(public, public_key(&work, &format!("{name}.pem")), "{name}");
    }
    work.write("short", "12345\n");
    work.run_in_vain("export rsa --format jks --password-file short -o x.jks")
        .ended(2)
        .says(&["5 characters, where keytool takes 6"]);
    work.run("export rsa p256 --format jks --password-file ascii -o two.jks").done();
    let listed =
        keytool(&work, "-J-Duser.language=en -list -keystore two.jks -storepass:file ascii").done().out();
    assert!(listed.contains("contains 2 entries"), "{listed}");
}

/// keytool, with an ASCII password beside the other.
fn keytool(work: &Workplace, arguments: &str) -> support::Run {
    work.write("ascii", "changeit\n");
    work.tool("keytool", &arguments.split(' ').collect::<Vec<_>>())
}

#[test]
fn a_key_that_may_not_leave_is_in_no_form() {
    let Some(work) = filled() else { return };
    merge(&work, "kept", "--kty EC --curve P-256 --not-exportable");
    for format in ["pfx", "pem", "jwk", "jks"] {
        let password = if format == "jks" { "--password-file password" } else { "" };
        let file = format!("out.{format}");
        work.run(&format!("export kept --format {format} {password} -o {file}"))
            .done()
            .says(&["not exportable"]);
        assert_eq!(work.mode(&file), 0o600, "{format}");
    }
    assert_eq!(labels(&work.text("out.pem")).first(), Some(&"CERTIFICATE"));
    let jwk: Value = serde_json::from_slice(&work.read("out.jwk")).unwrap();
    assert!(jwk.get("d").is_none() && jwk.get("x").is_some());
    let opened = work.openssl("pkcs12 -in out.pfx -passin pass: -nodes").done().out();
    assert!(!opened.contains("PRIVATE KEY") && opened.contains("BEGIN CERTIFICATE"), "{opened}");
    if need("keytool").is_some() {
        let listed = keytool(
            &work,
            "-J-Duser.language=en -J-Dfile.encoding=UTF-8 -list -keystore out.jks -storepass:file password",
        );
        assert_eq!(listed.done().out().matches("trustedCertEntry").count(), 2);
    }
}

#[test]
fn several_certificates_go_into_one_pfx_with_their_own_names() {
    let Some(work) = filled() else { return };
    work.run("export rsa p256 --password-file password --friendly-name Büro -o both.pfx").done();
    // OpenSSL 3.0 prints names in Latin-1.
    let opened = work.openssl("pkcs12 -in both.pfx -passin file:password -nodes").done();
    assert!(opened.stdout.windows(4).any(|name| name == b"B\xfcro"), "{opened:?}");
    let opened = String::from_utf8_lossy(&opened.stdout);
    assert_eq!(opened.matches("BEGIN PRIVATE KEY").count(), 2);
    assert_eq!(opened.matches("BEGIN CERTIFICATE").count(), 3);
    assert!(opened.contains("friendlyName: p256"), "{opened}");
    for keys in ["rsa", "p256"] {
        work.run(&format!("export {keys} --no-password -o {keys}.none.pfx")).done().says(&["no password"]);
        work.run(&format!("import from-{keys} {keys}.none.pfx")).done();
        work.run(&format!("export {keys} -o {keys}.empty.pfx")).done().says(&["password is empty"]);
        assert_ne!(work.read(&format!("{keys}.none.pfx")), work.read(&format!("{keys}.empty.pfx")));
    }
}

#[test]
fn what_a_format_has_no_use_for_is_refused_and_nothing_is_written() {
    let Some(work) = filled() else { return };
    for (options, says) in [
        ("rsa --format cer --password-file password", "--password-file"),
        ("rsa --format pem --password-file password", "--encrypted"),
        ("rsa --format pfx --encrypted --password-file password", "always encrypted"),
        ("rsa --format pem --encrypted", "--password-file"),
        ("rsa --format jks", "without a password"),
        ("rsa --format chain --pfx-profile modern", "--pfx-profile"),
        ("rsa --format jwk --no-password", "--no-password"),
        ("rsa --no-password --password-file password", "--no-password"),
        ("rsa --format der --with-root", "--with-root"),
        ("rsa p256 --format pem", "one name"),
        ("rsa p256 --format x5c", "one name"),
        ("rsa p256 --version 0123456789abcdef0123456789abcdef", "--version"),
        ("rsa rsa", "each name once"),
        ("rsa --format p8", "p8"),
    ] {
        work.run_in_vain(&format!("export {options} -o x")).ended(2).says(&[says]);
    }
}

/// What is in a file follows from its name, so that no key goes where certificates are passed around.
#[test]
fn the_ending_of_the_file_says_what_is_written() {
    let work = Workplace::with_vault();
    work.run("create own --subject CN=own --dns own.example.com --kty EC --issuer Self").done();
    work.run("create pem --subject CN=pem --dns pem.example.com --kty EC --issuer Self --content-type pem")
        .done();
    work.write("password", "geheim\n");
    for (line, format) in [
        ("own -o own.cer", "cer"),
        ("own -o OWN.CRT", "cer"),
        ("own -o own.der", "der"),
        ("own -o own.p7b", "p7b"),
        ("own -o own.p12", "pfx"),
        ("own -o own.pem", "pem"),
        ("own -o own.jwk", "jwk"),
        ("own -o own.x5c", "x5c"),
        ("own --password-file password -o own.jks", "jks"),
        ("own -o own.secret", "pfx"),
        ("pem -o pem.secret", "pem"),
        ("pem -o pem.pfx", "pfx"),
        ("own --format chain -o chain.pem", "chain"),
        ("own --format chain -o chain.crt", "chain"),
    ] {
        let written = work.run(&format!("--json export {line}")).done().json();
        assert_eq!(written["format"], format, "{line}");
        let is_secret = ["pfx", "pem", "jwk", "jks"].contains(&format);
        assert_eq!(written["private_key"], is_secret, "{line}");
    }
    for line in ["own --format pfx -o x.cer", "own --format pem -o x.crt", "own --format pfx -o x.p7b"] {
        work.run_in_vain(&format!("export {line}"))
            .broken()
            .says(&["is named like a certificate", "-o x.pfx"]);
    }
}

/// What stays in is not offered, and an older file with a key does not go unnoticed.
#[test]
fn a_key_that_stays_in_is_told_before_and_after_a_file_is_replaced() {
    let Some(()) = need("openssl") else { return };
    let work = Workplace::with_vault();
    work.make_authority();
    let create = |options: &str, request: &str| {
        work.run(&format!(
            "create www --subject CN=www --dns www.example.com --kty EC {options} -o {request}"
        ))
        .done();
    };
    create("", "1.csr");
    work.sign("1.csr", "1.pem");
    work.run("merge www 1.pem intermediate.pem").done().says(&["next: coldcert export www -o www.pfx"]);
    work.run("export www -o www.pfx").done();
    create("--not-exportable", "2.csr");
    work.sign("2.csr", "2.pem");
    let merged = work.run("merge www 2.pem intermediate.pem").done();
    merged.says(&["next: coldcert export www --format chain -o www-chain.pem"]);
    let run = work.run("export www -o www.pfx --force").done();
    run.says(&[
        "without the private key",
        "www.pfx was there before, and is replaced by one without a private key",
    ]);
    let first = work.run("export www -o new.pfx").done();
    assert!(!first.stderr.contains("was there before"), "{}", first.stderr);
}

/// The text of a key is written into a buffer that has its size from the beginning: a build for tests ends where one grew.
#[test]
fn a_jwk_has_room_for_a_certificate_of_any_size() {
    let work = Workplace::with_vault();
    let names: Vec<String> =
        (0..1_000).map(|number| format!("--dns=host-{number}.{}.example.com", "x".repeat(60))).collect();
    let create = [
        "create",
        "large",
        "--subject",
        "CN=large",
        "--kty",
        "RSA",
        "--key-size",
        "4096",
        "--issuer",
        "Self",
    ];
    let line: Vec<&str> = create.into_iter().chain(names.iter().map(String::as_str)).collect();
    work.run_with(&line).done();
    work.run("create small --subject CN=small --dns small.example.com --kty EC --issuer Self").done();
    work.run("export large --format jwk -o large.jwk").done();
    assert!(work.read("large.jwk").len() > 64 * 1024);
    work.run("export large small --format jwk -o set.json").done();
}
