//! `inspect` says what files are, ours and other projects', with their passwords and without, and shows no secret.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;

use coldcert::bundle::Source;
use coldcert::inspect::{Inspection, What};
use coldcert::pkcs12::{Password, Pkcs12Error};
use serde_json::Value;

use support::{Workplace, need, shared};

#[test]
fn every_pfx_of_others_is_shown_from_outside_and_opened_by_its_password() {
    let Some(folder) = shared().map(|shared| shared.join("suites/pkcs12")) else { return };
    let verdicts: Value = serde_json::from_slice(&fs::read(folder.join("verdicts.json")).unwrap()).unwrap();
    for (name, verdict) in verdicts.as_object().unwrap() {
        let bytes = fs::read(folder.join(name)).unwrap();
        let source = Source { name, bytes: &bytes };
        let openssl = &verdict["openssl_3_0_22"];
        let Some(password) = openssl["password"].as_str() else {
            assert!(Inspection::of(&source, &Password::unstated()).is_err(), "{name}");
            continue;
        };
        let passwords = [Password::unstated().as_slice(), &[Password::new(password)]].concat();
        let opened = Inspection::of(&source, &passwords).unwrap_or_else(|error| panic!("{name}: {error}"));
        let count = |is: fn(&What) -> bool| opened.objects.iter().filter(|object| is(&object.what)).count();
        let keys = count(|what| matches!(what, What::PrivateKey(_)));
        let certificates = count(|what| matches!(what, What::Certificate(_)));
        let expected = (openssl["keys"].as_u64().unwrap(), openssl["certs"].as_u64().unwrap());
        assert_eq!((u64::try_from(keys).unwrap(), u64::try_from(certificates).unwrap()), expected, "{name}");
        let outside = opened.pfx.unwrap();
        assert!(outside.opened.is_ok() && outside.parts.iter().all(|part| part.bags.is_some()), "{name}");
        // Without the password the same parts and the same MAC are shown.
        let closed = Inspection::of(&source, &[Password::new("not it")]).unwrap().pfx.unwrap();
        assert_eq!((closed.mac, closed.parts.len()), (outside.mac, outside.parts.len()), "{name}");
        match closed.opened {
            Ok(None) | Err(Pkcs12Error::WrongPassword { .. } | Pkcs12Error::MacDisagrees) => {}
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn our_own_files_are_known_by_their_profile_and_their_keys_by_their_certificates() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("www");
    work.write("password", "geheim\n");
    for profile in ["modern", "pbmac1", "compatible", "key-vault"] {
        for (option, opened_by) in [
            ("", "the empty password"),
            ("--no-password", "no password"),
            ("--password-file password", "the password given"),
        ] {
            work.run(&format!("export www --pfx-profile {profile} {option} -o www.pfx --force")).done();
            let shown = work.run("--json inspect www.pfx --password-file password").done().json();
            let file = &shown[0];
            assert_eq!(file["form"], "PKCS#12 (DER)");
            assert_eq!(file["pfx"]["profile"], profile);
            // PBMAC1 makes no difference between the two (RFC 8018 has no end of a password).
            if profile != "pbmac1" || option.starts_with("--password") {
                assert_eq!(file["pfx"]["opened_by"], opened_by, "{profile}");
            }
            let objects = file["objects"].as_array().unwrap();
            let key = objects.iter().find(|object| object["kind"] == "private key").unwrap();
            let leaf = key["certificates"][0].as_u64().unwrap();
            assert_eq!(objects[usize::try_from(leaf).unwrap() - 1]["subject"], "CN=www.example.com");
            let refused = file["refused_by"].as_array().unwrap();
            let importers: Vec<&str> = refused.iter().map(|one| one["importer"].as_str().unwrap()).collect();
            let old = importers.iter().any(|importer| importer.starts_with("Windows before Server 2019"));
            assert_eq!(old, matches!(profile, "modern" | "pbmac1"), "{profile}: {importers:?}");
        }
    }
    work.write("wrong", "wrong\n");
    work.run("export www --password-file password -o closed.pfx").done();
    let closed = work.run("inspect closed.pfx").done().out();
    assert!(closed.contains("not opened") && closed.contains("AES-256-CBC by PBKDF2"), "{closed}");
    work.run("inspect closed.pfx --password-file wrong").ended(2).says(&["closed.pfx", "does not open"]);
}

#[test]
fn whatever_the_project_writes_is_said_and_no_secret_of_it() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("www");
    work.write("password", "geheim\n");
    work.run("export www --format pem -o plain.pem").done();
    work.run("export www --format pem --encrypted --password-file password -o closed.pem").done();
    work.run("export www --format jwk -o www.jwk").done();
    work.run("export www --format jks --password-file password -o www.jks").ended(0);
    work.run("export www --format p7b -o www.p7b").done();
    work.run("export www --format x5c -o www.x5c").done();
    work.run("backup www -o www.backup").done();
    work.run("export www -o www.pfx").done();
    work.openssl("base64 -A -in www.pfx -out secret.txt").done();
    for (file, says) in [
        ("plain.pem", "private key  EC P-256, of [2]   (line 1)"),
        ("closed.pem", "private key  closed, AES-256-CBC by PBKDF2 with HMAC-SHA-256, 200000 iterations"),
        ("www.jwk", "EC P-256 www/"),
        ("www.jks", "Java KeyStore (JKS)"),
        ("www.p7b", "PKCS#7 (DER)"),
        ("www.x5c", "JSON of base64 of DER"),
        ("www.backup", "a backup of coldcert"),
        ("www.csr", "certificate request  CN=www.example.com, EC P-256"),
        ("secret.txt", "base64 of PKCS#12 (DER), profile modern"),
        ("vault.coldcert", "a vault of coldcert"),
    ] {
        let shown = work.run(&format!("inspect {file}")).done();
        assert!(shown.out().contains(says), "{file}: {}", shown.out());
    }
    let key = work.text("plain.pem");
    let secret = key.lines().nth(1).unwrap();
    for option in ["", "--json "] {
        let all =
            "plain.pem closed.pem www.jwk www.jks www.p7b www.x5c www.backup www.csr secret.txt www.pfx";
        let shown = work.run(&format!("{option}inspect {all}")).done();
        assert!(!shown.out().contains(secret) && !shown.out().contains("geheim"));
    }
    work.write("page.html", "<!DOCTYPE html><html><title>Login</title></html>");
    work.run("inspect page.html").done().says(&[]);
    work.write("empty", "");
    work.run("inspect empty").ended(2).says(&["empty is empty"]);
    work.write("cut.pfx", &work.read("www.pfx")[..200]);
    work.run("inspect cut.pfx").ended(2).says(&["cut.pfx", "damaged"]);
}
