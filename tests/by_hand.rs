//! The main job by hand, with the real `openssl` as the CA and as the reader of what comes out.

// The functions beside the tests are test code too.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::{Run, Workplace, is_strict_pem, labels, need};

/// Where each kind of key goes the whole way, in both content types, exportable and not.
fn goes_the_whole_way(options: &str) {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.openssl("x509 -in intermediate.pem -outform DER -out intermediate.cer").done();
    for (index, (content_type, exportable)) in
        [("pkcs12", true), ("pem", true), ("pkcs12", false), ("pem", false)].into_iter().enumerate()
    {
        let name = format!("www{index}");
        let kept = if exportable { "" } else { "--not-exportable" };
        work.run(&format!(
            "create {name} --subject CN=www.example.com --dns www.example.com {options} --content-type \
             {content_type} {kept} -o {name}.csr"
        ))
        .done()
        .says(&["NOT sealed", "next: send", &format!("coldcert merge {name}")]);
        work.openssl(&format!("req -verify -noout -in {name}.csr")).done().says(&["OK"]);
        work.sign(&format!("{name}.csr"), &format!("{name}.pem"));
        work.openssl(&format!("x509 -in {name}.pem -outform DER -out {name}.cer")).done();
        // Separate files, PEM and DER, in any order.
        let files = [
            format!("{name}.pem intermediate.pem"),
            format!("intermediate.cer {name}.cer"),
            format!("intermediate.pem {name}.cer"),
            format!("{name}.pem intermediate.cer"),
        ];
        work.run(&format!("merge {name} {}", files[index]))
            .done()
            .says(&["next: coldcert export", "signed by CN=Test-Intermediate"]);

        work.run(&format!("export {name} -o {name}.secret")).done();
        assert_eq!(work.mode(&format!("{name}.secret")), 0o600);
        let opened = match content_type {
            "pem" => {
                let text = work.text(&format!("{name}.secret"));
                assert!(is_strict_pem(&text), "{text}");
                let chain = ["CERTIFICATE", "CERTIFICATE"];
                let expected: &[&str] =
                    if exportable { &["PRIVATE KEY", chain[0], chain[1]] } else { &chain };
                assert_eq!(labels(&text), expected);
                assert!(text.ends_with(&work.text("intermediate.pem")), "leaf before its issuer");
                text
            }
            _ => {
                let opened =
                    work.openssl(&format!("pkcs12 -passin pass: -nodes -info -in {name}.secret")).done();
                assert_eq!(opened.stderr.contains("Keybag"), exportable, "{}", opened.stderr);
                opened.out()
            }
        };
        assert_eq!(opened.matches("BEGIN CERTIFICATE").count(), 2);
        work.run(&format!("export {name} --format der -o {name}.leaf")).done();
        let certified = work.openssl(&format!("x509 -in {name}.leaf -pubkey -noout")).done().out();
        if exportable {
            work.write("opened.pem", &opened);
            assert_eq!(work.openssl("pkey -in opened.pem -pubout").done().out(), certified);
        } else {
            assert!(!opened.contains("PRIVATE KEY"), "the key of {name} came out");
        }
        work.run(&format!("export {name} --format chain -o {name}.chain")).done();
        work.openssl(&format!("verify -x509_strict -CAfile root.pem -untrusted {name}.chain {name}.leaf"))
            .done();
    }
}

#[test]
fn rsa_2048_goes_the_whole_way() {
    goes_the_whole_way("--kty RSA --key-size 2048");
}

#[test]
fn rsa_3072_goes_the_whole_way() {
    goes_the_whole_way("--kty RSA --key-size 3072");
}

#[test]
fn rsa_4096_goes_the_whole_way() {
    goes_the_whole_way("--kty RSA --key-size 4096");
}

#[test]
fn p_256_goes_the_whole_way() {
    goes_the_whole_way("--kty EC --curve P-256");
}

#[test]
fn p_384_goes_the_whole_way() {
    goes_the_whole_way("--kty EC --curve P-384");
}

#[test]
fn p_521_goes_the_whole_way() {
    goes_the_whole_way("--kty EC --curve P-521");
}

#[test]
fn p_256k_goes_the_whole_way() {
    goes_the_whole_way("--kty EC --curve P-256K");
}

#[test]
fn every_form_of_an_export_holds_what_it_says() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("www");
    let leaf = work.read("www.pem");
    let chain = [leaf.clone(), work.read("intermediate.pem")].concat();
    let exported = |format: &str| work.run(&format!("export www --format {format} -o -")).done().stdout;
    assert_eq!(exported("cer"), leaf);
    assert_eq!(exported("chain"), chain);
    work.openssl("x509 -in www.pem -outform DER -out www.der").done();
    assert_eq!(exported("der"), work.read("www.der"));
    let x5c: Vec<String> = serde_json::from_slice(&exported("x5c")).unwrap();
    let bodies: Vec<String> = String::from_utf8(chain)
        .unwrap()
        .split("-----END CERTIFICATE-----\n")
        .filter(|part| !part.is_empty())
        .map(|part| part.lines().skip(1).collect())
        .collect();
    assert_eq!(x5c, bodies);
    // The format goes before the content type of the policy.
    work.run("export www --format pem -o www.both.pem").done();
    assert_eq!(work.mode("www.both.pem"), 0o600);
    assert_eq!(labels(&work.text("www.both.pem")), ["PRIVATE KEY", "CERTIFICATE", "CERTIFICATE"]);
    work.run("export www --format chain -o www.chain").done();
    assert_ne!(work.mode("www.chain"), 0o600, "a chain is no secret");
}

#[test]
fn a_sealed_vault_does_it_too_and_its_secrets_stay_out_of_sight() {
    if need("openssl").is_none() {
        return;
    }
    let secret = "a passphrase nobody should see";
    let work = Workplace::empty().passphrase(secret);
    let mut runs = vec![work.run("init").done().says(&["sealed by your passphrase"])];
    assert_eq!(work.mode("vault.coldcert"), 0o600);
    work.make_authority();
    runs.push(
        work.run("create www --subject CN=www.example.com --dns www.example.com --curve P-256 -o www.csr")
            .done(),
    );
    work.sign("www.csr", "www.pem");
    runs.push(work.run("merge www www.pem intermediate.pem").done());
    work.write("password", "the PFX's own\n");
    runs.push(work.run("export www -o www.pfx --password-file password").done());
    work.openssl("pkcs12 -passin file:password -noenc -in www.pfx -out opened.pem").done();
    work.openssl("pkcs12 -passin pass: -noenc -in www.pfx").ended(1);
    runs.push(work.run("--json show www").done());
    for run in &runs {
        for hidden in [secret, "the PFX's own", "PRIVATE KEY"] {
            assert!(!run.stderr.contains(hidden), "{}: {}", run.line, run.stderr);
            assert!(!run.out().contains(hidden), "{}: {}", run.line, run.out());
            assert!(!run.line.contains(hidden));
        }
    }
    // Neither the passphrase nor the key lies in the vault file as it is.
    let vault = work.read("vault.coldcert");
    work.openssl("pkey -in opened.pem -outform DER -out key.der").done();
    let text = work.openssl("pkey -in opened.pem -text -noout").done().out();
    let hex: String = text.lines().skip_while(|line| *line != "priv:").skip(1).take(3).collect();
    let scalar: Vec<u8> =
        hex.split(':').map(|byte| u8::from_str_radix(byte.trim(), 16).unwrap_or_default()).collect();
    let scalar = &scalar[scalar.len() - 31..scalar.len() - 1];
    assert!(holds(&work.read("key.der"), scalar), "the test itself finds the key where it is");
    assert!(!holds(&vault, scalar) && !holds(&vault, secret.as_bytes()));
}

fn holds(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

#[test]
fn keytool_lists_a_pfx_that_has_a_password() {
    if need("openssl").and_then(|()| need("keytool")).is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("www");
    work.write("password", "changeit-now\n");
    work.run("export www -o www.pfx --password-file password").done();
    let list = ["-J-Duser.language=en", "-list", "-v", "-storetype", "PKCS12", "-keystore", "www.pfx"];
    let listed = work.tool("keytool", &[&list[..], &["-storepass:file", "password"]].concat()).done().out();
    assert!(listed.contains("Alias name: www"), "{listed}");
    assert!(listed.contains("PrivateKeyEntry"), "{listed}");
    assert!(listed.contains("Certificate chain length: 2"), "{listed}");
}

#[test]
fn issuer_self_completes_at_once() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    for (name, key) in [("ec", "--curve P-384"), ("rsa", "--kty RSA")] {
        let create = format!(
            "create {name} --subject CN=self.example.com --dns self.example.com --issuer Self {key} \
             --validity-months 3"
        );
        work.run(&create).done().says(&["signed by itself"]);
        let shown = work.run(&format!("--json pending show {name}")).done().json();
        assert_eq!(shown["status"], "completed");
        work.run(&format!("export {name} --format cer -o {name}.pem")).done();
        work.openssl(&format!("verify -CAfile {name}.pem {name}.pem")).done();
        let text = work.openssl(&format!("x509 -in {name}.pem -noout -text")).done().out();
        assert!(text.contains("DNS:self.example.com"), "{text}");
        work.run(&format!("export {name} -o {name}.pfx")).done();
        work.openssl(&format!("pkcs12 -passin pass: -noenc -in {name}.pfx")).done();
        // It is done, so a new version is no conflict.
        work.run(&create).done();
        assert_eq!(versions(&work, name).len(), 2);
    }
}

#[test]
fn reuse_key_takes_the_key_again_and_says_so() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("www");
    let key = |request: &str| work.openssl(&format!("req -in {request} -noout -pubkey")).done().out();
    work.run("create www --reuse-key -o again.csr").done().says(&["warn", "earlier version of www"]);
    assert_eq!(key("www.csr"), key("again.csr"));
    work.sign("again.csr", "again.pem");
    work.run("merge www again.pem intermediate.pem").done();
    // The policy remembers it. Another kind of key cannot be the same key, and that is said.
    work.run("create www --curve P-384 -o other.csr").done().says(&[
        "warn",
        "EC P-256",
        "EC P-384",
        "a new key",
    ]);
    assert_ne!(key("www.csr"), key("other.csr"));
    work.run("pending delete www").done().says(&["and its key"]);
    work.run("create www --curve P-256 -o same.csr").done().says(&["earlier version of www", "--new-key"]);
    assert_eq!(key("www.csr"), key("same.csr"));
    // The key stays while a version has it.
    let given_up = work.run("pending delete www").done().says(&["its key stays", "www version"]);
    assert!(!given_up.stderr.contains("and its key"), "{}", given_up.stderr);
    // And it can be turned off, for good.
    let created = work.run("create www --new-key -o new.csr").done();
    assert!(!created.stderr.contains("earlier version"), "{}", created.stderr);
    assert_ne!(key("www.csr"), key("new.csr"));
    work.sign("new.csr", "new.pem");
    work.run("merge www new.pem intermediate.pem").done();
    work.run("create www -o later.csr").done();
    assert_ne!(key("new.csr"), key("later.csr"));
    work.run_in_vain("create api --subject CN=x --new-key --reuse-key").broken();
}

#[test]
fn what_may_not_leave_may_leave_again_when_told_so() {
    let work = Workplace::with_vault();
    let exportable = |line: &str| {
        work.run(&format!("create www --subject CN=www --curve P-256 --issuer Self {line}")).done();
        work.run("--json policy show www").done().json()["key_props"]["exportable"].clone()
    };
    assert_eq!(exportable("--not-exportable"), false);
    assert_eq!(exportable(""), false);
    assert_eq!(exportable("--exportable"), true);
    assert_eq!(exportable(""), true);
    let key = work.run("export www --format pem -o -").done().out();
    assert!(key.contains("PRIVATE KEY"));
    work.run_in_vain("create www --exportable --not-exportable").broken();
}

#[test]
fn without_reuse_key_a_new_version_has_a_new_key() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("www");
    let first = work.text("www.csr");
    work.run("create www -o again.csr").done();
    let again = work.text("again.csr");
    let key = |request: &str| work.openssl(&format!("req -in {request} -noout -pubkey")).done().out();
    assert_ne!(key("www.csr"), key("again.csr"));
    assert_ne!(first, again);
    // What was not said again came from the policy.
    let subject = work.openssl("req -in again.csr -noout -subject").done().out();
    assert!(subject.contains("www.example.com"), "{subject}");
    work.sign("again.csr", "again.pem");
    work.run("merge www again.pem intermediate.pem").done();

    let ids = versions(&work, "www");
    assert_eq!(ids.len(), 2, "newest first: {ids:?}");
    let exported =
        |version: &str| work.run(&format!("export www --version {version} --format cer -o -")).done().stdout;
    assert_eq!(exported(&ids[0]), work.read("again.pem"));
    assert_eq!(exported(&ids[1]), work.read("www.pem"));
    assert_eq!(work.run("export www --format cer -o -").done().stdout, work.read("again.pem"));
    let shown = work.run(&format!("show www --version {}", ids[1])).done().out();
    assert!(shown.contains(&ids[1]), "{shown}");
    work.run("show www --version 0123456789abcdef0123456789abcdef").refused();
}

fn versions(work: &Workplace, name: &str) -> Vec<String> {
    let list = work.run(&format!("--json versions {name}")).done().json();
    let items = list["value"].as_array().expect("a list of versions").clone();
    let id = |item: &Value| item["id"].as_str().and_then(|id| id.rsplit('/').next()).map(str::to_owned);
    let ids: Vec<String> = items.iter().filter_map(id).collect();
    let plain = work.run(&format!("versions {name}")).done().out();
    let first: Vec<String> =
        plain.lines().filter_map(|line| line.split('\t').next()).map(str::to_owned).collect();
    assert_eq!(ids, first);
    ids
}

#[test]
fn what_openssl_made_is_imported() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    for (name, key) in [("ec", "ec -pkeyopt ec_paramgen_curve:P-256"), ("rsa", "rsa:2048")] {
        work.openssl(&format!(
            "req -new -newkey {key} -noenc -keyout {name}.key -out {name}.csr -config ca.cnf -subj \
             /CN={name}.example.com -addext subjectAltName=DNS:{name}.example.com"
        ))
        .done();
        work.sign(&format!("{name}.csr"), &format!("{name}.pem"));
        work.write("password", "s3cret pässword\n");
        work.openssl(&format!(
            "pkcs12 -export -inkey {name}.key -in {name}.pem -certfile intermediate.pem -passout file:password \
             -out {name}.pfx"
        ))
        .done();
        work.run_in_vain(&format!("import {name} {name}.pfx")).broken().says(&["password"]);
        work.run(&format!("import {name} {name}.pfx --password-file password")).done();
        let shown = work.run(&format!("--json show {name}")).done().json();
        assert_eq!(shown["policy"]["x509_props"]["sans"]["dns_names"][0], format!("{name}.example.com"));
        assert_eq!(shown["policy"]["secret_props"]["contentType"], "application/x-pkcs12");

        let pem = [format!("{name}.pem"), format!("{name}.key"), "intermediate.pem".to_owned()]
            .map(|part| work.text(&part))
            .concat();
        work.write("bundle.pem", pem);
        work.run(&format!("import {name}-pem bundle.pem")).done();
        work.run(&format!("export {name}-pem -o {name}.out")).done();
        let text = work.text(&format!("{name}.out"));
        assert_eq!(labels(&text), ["PRIVATE KEY", "CERTIFICATE", "CERTIFICATE"]);
        assert!(text.ends_with(&(work.text(&format!("{name}.pem")) + &work.text("intermediate.pem"))));
        let public = |file: &str| work.openssl(&format!("pkey -in {file} -pubout")).done().out();
        assert_eq!(public(&format!("{name}.out")), public(&format!("{name}.key")));
    }
}

#[test]
fn a_key_that_is_not_pkcs_8_is_refused_with_help() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    let keys = [
        ("pkcs1", "rsa -traditional -in rsa.key -out pkcs1.key", "RSA PRIVATE KEY"),
        ("sec1", "ec -in ec.key -out sec1.key", "EC PRIVATE KEY"),
        ("enc", "pkcs8 -topk8 -in ec.key -passout pass:x -out enc.key", "ENCRYPTED PRIVATE KEY"),
    ];
    work.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key").done();
    work.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key").done();
    for (name, conversion, label) in keys {
        work.openssl(conversion).done();
        let pem = work.text("intermediate.pem") + &work.text(&format!("{name}.key"));
        let line = work.text("intermediate.pem").lines().count() + 1;
        work.write(&format!("{name}.pem"), pem);
        work.run_in_vain(&format!("import {name} {name}.pem")).broken().says(&[
            &format!("{name}.pem line {line}"),
            label,
            "openssl pkcs8 -topk8 -nocrypt",
        ]);
    }
}

#[test]
fn a_key_of_a_size_that_key_vault_does_not_hold_is_named() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    for bits in [1024, 1536, 2056, 5120] {
        work.openssl(&format!("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:{bits} -out rsa.key")).done();
        work.openssl("req -x509 -key rsa.key -out rsa.pem -subj /CN=k -days 9 -config ca.cnf").done();
        work.write("rsa.both", work.text("rsa.pem") + &work.text("rsa.key"));
        work.run_in_vain("import rsa rsa.both").broken().says(&[
            "rsa.both",
            &format!("RSA {bits}"),
            "RSA 2048, 3072, 4096",
        ]);
    }
}

#[test]
fn a_backup_is_restored_into_a_vault_with_another_passphrase() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::empty().passphrase("the first");
    work.run("init").done();
    work.make_authority();
    work.create_and_merge("www");
    work.run("backup www -o www.backup").done();
    assert_eq!(work.mode("www.backup"), 0o600);
    let pem = work.run("export www --format pem -o -").done().stdout;
    let ids = versions(&work, "www");
    work.run_in_vain("restore www.backup").refused().says(&["www exists in this vault"]);

    let work = work.passphrase("the second");
    work.run("--vault other.coldcert init").done();
    let wrong = work.run_in_vain("--vault other.coldcert restore www.backup").broken();
    let wrong = wrong.says(&["www.backup", "the backup is sealed with", "--backup-passphrase-file"]);
    assert!(!wrong.stderr.contains("this vault"), "{}", wrong.stderr);
    work.write("first", "the first\n");
    work.run("--vault other.coldcert restore www.backup --backup-passphrase-file first").done();
    let other = work.run("--vault other.coldcert export www --format pem -o -").done().stdout;
    assert_eq!(pem, other);
    let other = work.run("--vault other.coldcert --json versions www").done().json();
    assert!(other["value"][0]["id"].as_str().unwrap().ends_with(&ids[0]));
    let bytes = work.read("www.backup");
    assert!(!holds(&bytes, b"PRIVATE") && !holds(&bytes, b"the first"));

    // Deleted and purged, it comes back from the same file.
    let work = work.passphrase("the first");
    work.run("delete www").done();
    work.run_in_vain("restore www.backup").refused().says(&["coldcert purge www"]);
    work.run("purge www").done();
    work.run("restore www.backup").done();
    assert_eq!(work.run("export www --format pem -o -").done().stdout, pem);
}

#[test]
fn the_passphrase_is_changed_and_the_keys_stay() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::empty().passphrase("the first");
    work.run("init").done();
    work.make_authority();
    work.create_and_merge("www");
    let pem = work.run("export www --format pem -o -").done().stdout;
    work.write("second", "the second\nnot this line\n");
    work.run("passphrase --new-passphrase-file second").done();
    work.run_in_vain("export www -o www.pfx").broken();
    let work = work.passphrase("the second");
    assert_eq!(work.run("export www --format pem -o -").done().stdout, pem);
}

#[test]
fn delete_recover_and_purge() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("www");
    let pem = work.run("export www --format pem -o -").done().stdout;
    work.run_in_vain("recover www").refused();
    work.run_in_vain("purge www").refused().says(&["coldcert delete www"]);
    work.run("delete www").done();
    for verb in ["show www", "export www -o x.pfx", "create www -o x.csr", "delete www"] {
        work.run_in_vain(verb).refused().says(&["www"]);
    }
    assert_eq!(work.run("list").done().out(), "");
    assert!(work.run("list --deleted").done().out().starts_with("www\tdeleted"));
    work.run("recover www").done();
    assert_eq!(work.run("export www --format pem -o -").done().stdout, pem);
    work.run("delete www").done();
    work.run("purge www").done();
    work.run_in_vain("recover www").refused();
    // The name is free again, and nothing of it is left.
    work.run_in_vain("create www").broken();
    work.run("create www --subject CN=new --curve P-256 -o new.csr").done();
}

#[test]
fn what_waits_is_listed_only_when_asked_for() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("done");
    work.create("waiting");
    let names = |arguments: &str| {
        let plain = work.run(arguments).done().out();
        let plain: BTreeSet<String> =
            plain.lines().filter_map(|line| line.split('\t').next()).map(str::to_owned).collect();
        let list = work.run(&format!("--json {arguments}")).done().json();
        let ids = list["value"].as_array().expect("a list").iter().filter_map(|item| item["id"].as_str());
        let json: BTreeSet<String> = ids.filter_map(|id| id.rsplit('/').next()).map(str::to_owned).collect();
        assert_eq!(plain, json);
        plain
    };
    assert_eq!(names("list"), ["done".to_owned()].into());
    assert_eq!(names("list --include-pending"), ["done".to_owned(), "waiting".to_owned()].into());
    assert!(work.run("pending list").done().out().starts_with("waiting\tin progress\t"));
    // While it waits, it is there as a disabled shell, and has nothing to export.
    let shown = work.run("--json show waiting").done().json();
    assert_eq!(shown["attributes"]["enabled"], false);
    for verb in
        ["export waiting -o x", "backup waiting -o x", "set waiting --enabled true", "set waiting --tag a=b"]
    {
        work.run_in_vain(verb).refused().says(&["waiting has no version yet", "coldcert pending list"]);
    }
}

#[test]
fn what_waits_is_shown_with_its_tags_and_a_subject_that_is_empty() {
    let work = Workplace::with_vault();
    let create = "create www --dns www.example.com --curve P-256 --tag team=web --tag ticket=4711 --eku \
                  serverAuth,clientAuth --eku codeSigning --key-usage digitalSignature,keyAgreement -o www.csr";
    work.run(create).done().says(&["subject  none"]);
    let shown = work.run("show www").done().out();
    assert!(shown.contains("team=web") && shown.contains("ticket=4711"), "{shown}");
    assert!(work.run("pending show www").done().out().contains("subject     none\n"));
    assert!(work.run("pending list").done().out().ends_with("\tnone\n"));
    assert!(work.run("list --include-pending").done().out().ends_with("\tnone\n"));
    let policy = work.run("--json policy show www").done().json();
    assert_eq!(policy["x509_props"]["ekus"].as_array().map(Vec::len), Some(3));
    assert_eq!(policy["x509_props"]["key_usage"].as_array().map(Vec::len), Some(2));
    let help = work.run("create --help").done().out();
    assert!(help.matches("may be repeated").count() >= 8, "{help}");
    work.run("create self --dns self.example.com --curve P-256 --issuer Self").done();
    assert!(work.run("show self").done().out().contains("subject     none\n"));
    assert!(work.run("versions self").done().out().ends_with("\tnone\n"));
}

#[test]
fn what_waits_keeps_its_dates_when_its_policy_changes() {
    let work = Workplace::with_vault();
    let create = "create www --subject CN=www --curve P-256 --validity-months 12 -o www.csr";
    work.run(&format!("--at 2026-01-01T00:00:00Z {create}")).done();
    let attributes = || work.run("--json show www").done().json()["attributes"].clone();
    let before = attributes();
    // 2026-01-01 less ten minutes, and twelve months after it.
    assert_eq!((&before["nbf"], &before["exp"]), (&1_767_225_000.into(), &1_798_761_600.into()));
    work.write("policy.json", r#"{"x509_props": {"subject": "CN=www", "validity_months": 50}}"#);
    work.run("--at 2026-02-02T00:00:00Z policy set www policy.json").done();
    assert_eq!(attributes(), before);
    let listed = work.run("--json list --include-pending").done().json();
    assert_eq!(listed["value"][0]["attributes"]["exp"], before["exp"]);
}

#[test]
fn an_operation_is_found_by_name_request_request_id_and_key() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.create("other");
    work.create("www");
    let shown = work.run("pending show www").done().out();
    let id = shown.lines().find_map(|line| line.strip_prefix("request id")).unwrap().trim().to_owned();
    work.openssl("req -in www.csr -noout -pubkey -out www.pub").done();
    work.openssl("pkey -pubin -in www.pub -outform DER -out www.pub.der").done();
    work.openssl("req -in www.csr -outform DER -out www.csr.der").done();
    let ways = [
        "--csr www.csr",
        "--csr www.csr.der",
        "--public-key www.pub",
        "--public-key www.pub.der",
        &format!("--request-id {id}"),
    ];
    for way in ways {
        assert_eq!(work.run(&format!("pending show {way}")).done().out(), shown, "{way}");
    }
    assert_eq!(work.run("--json pending show www").done().json()["request_id"], id, "made once");
    assert_eq!(work.run("pending csr www").done().out(), work.text("www.csr"));
    assert_eq!(work.run("pending csr www --der").done().stdout, work.read("www.csr.der"));
    work.run("pending csr www -o copy.csr").done();
    work.run("pending csr www -o copy.csr").done();

    work.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out foreign.key").done();
    work.openssl("pkey -in foreign.key -pubout -out foreign.pub").done();
    work.run("pending show --public-key foreign.pub").refused();
    work.run("pending show --request-id 0123456789abcdef0123456789abcdef").refused();
    work.run("pending show --request-id 12").broken().says(&["--request-id", "32 hex digits"]);
    work.run("pending show nobody").refused().says(&["nobody"]);
}

#[test]
fn a_cancelled_operation_of_issuer_unknown_can_still_be_merged() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create("www");
    work.run("pending cancel www").done().says(&[
        "nobody is there to cancel it",
        "can still be merged",
        "coldcert pending delete www",
    ]);
    let shown = work.run("--json pending show www").done().json();
    assert_eq!((&shown["status"], &shown["cancellation_requested"]), (&"inProgress".into(), &true.into()));
    work.sign("www.csr", "www.pem");
    work.run("merge www www.pem intermediate.pem").done();
    work.run_in_vain("merge www www.pem intermediate.pem").refused().says(&["completed"]);
    work.run_in_vain("pending cancel www").refused();
}

#[test]
fn a_deleted_operation_cannot_be_merged() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create("www");
    work.sign("www.csr", "www.pem");
    work.run("pending delete www").done().says(&["can never be merged"]);
    work.run_in_vain("merge www www.pem intermediate.pem").refused().says(&["no pending operation for www"]);
    work.run("create www -o again.csr").done();
    work.run_in_vain("merge www www.pem").refused().says(&["key-mismatch"]);
}

#[test]
fn a_second_create_is_a_conflict_and_the_first_key_is_kept() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create("www");
    let before = work.run("--json pending show www").done().json();
    let again = ["create www", "create WWW --subject CN=other --kty RSA", "create www --issuer Self"];
    for create in again {
        work.run_in_vain(create).refused().says(&["www has an operation in progress"]);
    }
    work.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out k.key").done();
    work.openssl("req -x509 -key k.key -out k.pem -subj /CN=k -days 9 -config ca.cnf").done();
    work.write("k.both", work.text("k.pem") + &work.text("k.key"));
    work.run_in_vain("import www k.both").refused().says(&["www has an operation in progress"]);
    assert_eq!(work.run("--json pending show www").done().json(), before);
    assert_eq!(work.run("pending csr www").done().out(), work.text("www.csr"));
    work.sign("www.csr", "www.pem");
    work.run("merge www www.pem intermediate.pem").done();
}

#[test]
fn a_named_issuer_refuses_a_merge() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.run("create www --subject CN=www.example.com --dns www.example.com --curve P-256 --issuer corp -o www.csr")
        .done()
        .says(&["keeps no issuer \"corp\""]);
    work.sign("www.csr", "www.pem");
    work.run_in_vain("merge www www.pem intermediate.pem").refused().says(&["the issuer corp", "forbidden"]);
    let Run { stderr, .. } = work.run("pending cancel www").done();
    assert!(!stderr.contains("nobody is there"), "{stderr}");
    let shown = work.run("--json pending show www").done().json();
    assert_eq!(shown["cancellation_requested"], true);
}

#[test]
fn a_disabled_version_is_not_exported() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("www");
    work.run("set www --enabled false --tag team=web").done();
    work.run_in_vain("export www -o www.pfx").refused().says(&["disabled", "--enabled true"]);
    work.run("set www --enabled true").done();
    work.run("export www -o www.pfx").done();
    let shown = work.run("show www").done().out();
    assert!(shown.contains("team=web"), "{shown}");
}

#[test]
fn the_demonstration_shows_what_the_service_answers() {
    let work = Workplace::empty();
    let told = work.run("demo --keep kept").done().says(&[
        "< 202 Accepted",
        // The whole of the service's own words.
        "The public key of the end-entity certificate in the specified X.509 certificate content does not match \
         the public part of the specified private key. Please check if certificate is valid.",
        "< 201 Created",
        "> GET /secrets/www/",
        "< 200 OK  {\"value\":\"MII",
        "…hidden\",\"contentType\":\"application/x-pkcs12\"",
        "\"managed\":true,\"attributes\":{\"enabled\":true",
    ]);
    assert!(told.stdout.is_empty());
    // What it keeps is kept in a folder of its own.
    work.run_in_vain("demo --keep kept").refused().says(&["kept exists", "does not exist yet"]);
    let conflict = work.run_in_vain("--json demo --keep kept").refused().json();
    assert_eq!(conflict["error"]["code"], "Conflict");
    work.run_in_vain("demo --keep nowhere/kept").broken().says(&["nowhere/kept"]);
}

#[test]
fn a_renewal_that_waits_is_seen_in_the_list() {
    let work = Workplace::with_vault();
    work.run("create own --subject CN=own --dns own.example.com --kty EC --issuer Self").done();
    assert!(!work.run("list").done().out().contains("renewal"));
    work.run("create own --issuer Unknown -o own.csr").done();
    assert!(work.run("list").done().out().starts_with("own\tvalid, renewal in progress\t"));
    work.run("pending delete own").done();
    assert!(work.run("list").done().out().starts_with("own\tvalid\t"));
}
