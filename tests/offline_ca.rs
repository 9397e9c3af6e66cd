//! The offline CA: what its operator approves is signed, judged before and after, and nothing else is.

mod support;

use support::{Workplace, need};

fn with_ca(options: &str) -> Option<Workplace> {
    need("openssl")?;
    let work = Workplace::with_vault();
    work.run_with(
        &[
            &["ca", "init", "corp", "--subject", "CN=Example CA"],
            &options.split_whitespace().collect::<Vec<_>>()[..],
        ]
        .concat(),
    )
    .done();
    Some(work)
}

fn asked(work: &Workplace, name: &str, more: &str) {
    work.run(&format!("create {name} --issuer corp --subject CN=www.example.com {more} -o {name}.csr"))
        .done();
}

#[test]
fn what_is_approved_is_signed_and_openssl_trusts_it() {
    for (curve, kind) in
        [("P-256", "--kty EC --curve P-384"), ("P-384", "--kty EC --curve P-256K"), ("P-521", "--kty RSA")]
    {
        let Some(work) = with_ca(&format!("--curve {curve}")) else { return };
        assert!(work.run("issuer show corp").done().out().contains("OfflineCA"));
        asked(&work, "www", &format!("--dns www.example.com {kind}"));
        // Whoever approves sees what it is for, before and after.
        work.run("issuer requests").done().says(&["pending show www", "ca sign www"]);
        let shown = work.run("pending show www").done();
        for line in
            ["purposes    serverAuth, clientAuth", "key usage   digitalSignature", "validity    12 months"]
        {
            assert!(shown.out().contains(line), "{}", shown.out());
        }
        shown.says(&["next: coldcert ca sign www"]);
        work.run("ca sign www --days 90").done().says(&[
            "signed www",
            "CN=Example CA",
            "dns:www.example.com",
            "serverAuth, clientAuth",
        ]);
        work.run("ca show corp -o root.pem").done();
        work.run("export www --format cer -o www.pem").done();
        work.openssl("verify -CAfile root.pem -purpose sslserver -verify_hostname www.example.com www.pem")
            .done();
        let text = work.openssl("x509 -in www.pem -noout -text").done().out();
        assert!(text.contains("X509v3 Basic Constraints: critical"), "{text}");
        let serial = work.openssl("x509 -in www.pem -noout -serial").done().out();
        assert_eq!(serial.trim().trim_start_matches("serial=").len(), 32, "16 octets: {serial}");
        work.run("pending show www").done();
        assert_eq!(work.run("pending show www --json").done().json()["status"], "completed");
        work.run("ca sign www").refused().says(&["not in progress any more"]);
    }
}

#[test]
fn what_the_profile_refuses_is_not_signed() {
    let Some(work) = with_ca("--profile webpki") else { return };
    // A server certificate of the Web has its name as an alternative name, and is for servers.
    asked(&work, "www", "");
    let before = work.everything();
    work.run("ca sign www").refused().says(&["no-alternative-names", "webpki", "coldcert ca show"]);
    assert_eq!(work.everything(), before);
    assert_eq!(work.run("pending show www --json").done().json()["status"], "inProgress");
    asked(&work, "good", "--dns www.example.com");
    work.run("ca sign good --days 90").done();
    // The other profile signs what it has nothing against.
    work.run_with(&["ca", "init", "inner", "--subject", "CN=Inner CA"]).done();
    work.run("create host --issuer inner --subject CN=host -o host.csr").done();
    work.run("ca sign host").done();
}

#[test]
fn nothing_outlives_its_ca_and_no_ca_signs_after_its_end() {
    let Some(work) = with_ca("--days 30") else { return };
    asked(&work, "www", "--dns www.example.com");
    work.run("ca sign www").done().says(&["not as long as was asked for"]);
    let ca = work.run("ca show corp --json").done().json()["expires"].clone();
    let www = work.run("show www --json").done().json()["attributes"]["exp"].clone();
    assert_eq!(ca, www);
    asked(&work, "late", "--dns www.example.com");
    work.run("--at 2099-01-01T00:00:00Z ca sign late").refused().says(&["expired"]);
}

#[test]
fn a_ca_from_elsewhere_signs_with_its_chain() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.write("password", "geheim\n");
    work.openssl("pkcs12 -export -inkey intermediate.key -in intermediate.pem -certfile root.pem -passout pass:geheim -out ca.pfx")
        .done();
    work.run("ca import corp ca.pfx --password-file password").done().says(&["Test-Intermediate"]);
    work.run("ca import corp ca.pfx --password-file password").refused().says(&["already"]);
    asked(&work, "www", "--dns www.example.com");
    work.run("ca sign www --days 30").done();
    work.run("export www --format cer -o www.pem").done();
    work.openssl("verify -CAfile root.pem -untrusted intermediate.pem www.pem").done();
    let chain = work.run("export www --format chain --with-root -o -").done().out();
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 3);
    // No CA, and another one's key.
    work.create("leaf");
    work.sign("leaf.csr", "leaf.pem");
    work.run("merge leaf leaf.pem intermediate.pem").done();
    work.run("export leaf -o leaf.pfx").done();
    work.run("ca import leaf leaf.pfx").broken().says(&["is no CA"]);
    work.write("mixed.pem", work.text("root.pem") + &work.openssl("pkey -in intermediate.key").done().out());
    work.run("ca import mixed mixed.pem").broken().says(&["sha256"]);
}

#[test]
fn only_what_waits_for_a_ca_of_this_vault_is_signed() {
    let Some(work) = with_ca("") else { return };
    work.create("by-hand");
    work.run("ca sign by-hand").refused().says(&["coldcert merge by-hand"]);
    work.run("create far --issuer elsewhere --subject CN=x -o far.csr").done();
    work.run("pending show far").done().says(&["issuer complete far"]);
    work.run("ca sign far").refused().says(&["no CA elsewhere"]);
    work.run("ca sign nobody").refused();
    work.run("ca init corp --subject CN=Other").refused().says(&["already"]);
    work.run("ca init bad --subject ???").broken();
    work.run("ca init bad --subject CN=x --curve P-256K").ended(2);
    work.run("ca init bad --subject CN=x --profile key-vault").ended(2);
    work.run("ca show bad").refused();
    assert_eq!(work.run("ca show --json").done().json()["value"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_key_of_a_ca_lies_sealed() {
    let work = Workplace::empty().passphrase("correct horse battery");
    work.run("init").done();
    work.run("ca init corp --subject CN=Example").done();
    // The octets of a PKCS#8 key on P-256 begin so, in the clear.
    let pkcs8 = [0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    for (file, bytes) in work.everything() {
        assert!(!bytes.windows(pkcs8.len()).any(|part| part == pkcs8), "{file}");
    }
    work.run("create www --issuer corp --subject CN=www --dns www.example.com --kty EC -o www.csr").done();
    let work = work.passphrase("wrong");
    work.run("ca sign www").broken();
    let work = work.passphrase("correct horse battery");
    work.run("ca sign www").done();
    // In the clear they are found.
    work.run("export www --format pem -o www.pem").done();
    let clear = coldcert::pem::read(&work.read("www.pem")).expect("PEM");
    assert!(clear[0].contents().windows(pkcs8.len()).any(|part| part == pkcs8));
}

/// Who asked for the end of an operation does not get a certificate.
#[test]
fn a_request_whose_cancellation_was_asked_for_is_not_signed() {
    let work = Workplace::with_vault();
    work.run("ca init corp --subject CN=Corp").done();
    work.run("create www --issuer corp --subject CN=www --dns www.example.com --kty EC -o www.csr").done();
    work.run("pending cancel www").done();
    work.run_in_vain("ca sign www").refused().says(&["be cancelled", "coldcert issuer cancel www"]);
    work.run("issuer cancel www").done();
    // The issuer goes, its key does not.
    let run = work.run("issuer delete corp").done();
    run.says(&["its CA stays in the vault, with its key", "coldcert ca show corp"]);
    work.run("ca show corp").done();
    work.run("issuer set corp --provider OfflineCA").done();
    work.run("create api --issuer corp --subject CN=api --dns api.example.com --kty EC -o api.csr").done();
    work.run("issuer fail api --code Denied --message nobody-knows-it").done();
    let shown = work.run("pending show api").done().out();
    assert!(shown.contains("error       Denied: nobody-knows-it"), "{shown}");
}
