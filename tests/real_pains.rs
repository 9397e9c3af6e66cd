//! The pains of people with Key Vault's CSR and merge, each a case with the number and link of its row in the
//! reference (section 5): what went wrong there, and what this program says before it can.

mod support;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use coldcert::pem;
use coldcert::x5c;
use serde_json::{Value, json};
use support::{Run, Workplace, need};

/// create-certificate-signing-request.md, FAQ: the certificate answers another request.
#[test]
fn row_1_an_answer_to_another_request_is_refused_in_the_service_s_words_and_says_whose_it_is() {
    let Some(desk) = Desk::new() else { return };
    desk.work.create("api");
    desk.work.sign("api.csr", "api.pem");
    let words = "The public key of the end-entity certificate in the specified X.509 certificate content does not match the public part of the specified private key. Please check if certificate is valid.";
    let check = |profile: &str| desk.work.run(&format!("check api.pem --csr www.csr --profile {profile}"));
    check("key-vault").ended(1).says(&["key-mismatch", "expected", "found", "BadParameter", words]);
    // The other profiles do not speak for the service.
    let other = check("rfc5280").ended(1).says(&["key-mismatch"]);
    assert!(!other.stderr.contains(words), "{}", other.stderr);
    desk.work.run_in_vain("merge www api.pem").refused().says(&["api (pending)", "coldcert merge api"]);
    for client in desk.clients("api.pem intermediate.pem") {
        if client["client"] == "az" {
            assert_eq!(client["reads"], true);
            assert_eq!(client["answer"], format!("BadParameter: {words}"));
        }
    }
}

/// <https://github.com/Azure/azure-powershell/issues/24323>: a chain of PEM as one element of `x5c`.
#[test]
fn row_2_a_chain_in_one_element_is_said_to_be_refused_and_the_written_x5c_is_taken() {
    let Some(desk) = Desk::new() else { return };
    desk.join("chain.crt", &["www.pem", "intermediate.pem", "root.pem"]);
    let run = desk.check("chain.crt").done();
    let found = finding(&run, "library-cannot-read");
    let refusal = "BadParameter: Unable to parse X5c certificate chain and locate leaf certificate";
    assert!(text(&found["message"]).contains(refusal), "{found}");
    assert!(text(&found["message"]).contains("Python, JavaScript, .NET, Java, Go, Rust"), "{found}");
    assert_eq!(found["severity"], "note");
    assert_eq!(found["certificate"], Value::Null);
    assert!(
        rules(&run).iter().all(|rule| !["az-cannot-read", "powershell-cannot-read"].contains(&rule.as_str()))
    );
    desk.follow(&found);
    let written: Value = serde_json::from_slice(&desk.work.read("for-azure.json")).expect("JSON");
    let elements: Vec<Vec<u8>> = written["x5c"]
        .as_array()
        .expect("x5c")
        .iter()
        .map(|one| BASE64_STANDARD.decode(text(one)).expect("base64"))
        .collect();
    assert_eq!(elements.len(), 3);
    let key = desk.key();
    assert_eq!(x5c::read(&elements, &key).expect("taken").certificates.len(), 3);
}

/// <https://github.com/MicrosoftDocs/azure-docs/issues/100959>,
/// <https://github.com/Azure/azure-powershell/issues/25843>: a `.p7b` with `BEGIN PKCS7`.
#[test]
fn row_3_of_a_p7b_the_portal_az_and_powershell_send_nothing() {
    let Some(desk) = Desk::new() else { return };
    desk.work.openssl("crl2pkcs7 -nocrl -certfile www.pem -certfile intermediate.pem -out www.p7b").done();
    let run = desk.work.run("check www.p7b --csr www.csr");
    let said = "BadParameter: Property x5c has invalid value X5C must has at least one valid item";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert!(run.stderr.contains("portal") && run.stderr.contains("PowerShell"), "{}", run.stderr);
    // Of a file that both cannot read, all is said that the clients would hear.
    desk.work.write("page.cer", "<!DOCTYPE html><title>Sign in</title>");
    desk.work.run_in_vain("check page.cer --csr www.csr").broken().says(&[
        "a web page",
        &format!("portal, az: {said}"),
        "PowerShell, Python, JavaScript, .NET, Java, Go, Rust: BadParameter: Certificate can not be read. Please check if certificate is valid.",
    ]);
}

/// <https://github.com/MicrosoftDocs/azure-docs/issues/61282>: how to merge the chain and not the leaf alone;
/// <https://github.com/Azure/azure-powershell/issues/15026>: the exported PFX lacks it.
#[test]
fn rows_4_and_7_the_leaf_alone_is_a_warning_and_a_chain_says_how_far_it_goes() {
    let Some(desk) = Desk::new() else { return };
    let run = desk.check("www.pem").done();
    let found = finding(&run, "only-the-leaf");
    assert_eq!(found["severity"], "warn");
    assert!(text(&found["message"]).contains("CN=Test-Intermediate, which was not given"), "{found}");
    let run = desk.check("www.pem intermediate.pem").done();
    assert!(!rules(&run).contains(&"only-the-leaf".to_owned()));
    let found = finding(&run, "issuer-not-given");
    assert_eq!(found["severity"], "note");
    let run = desk.check("www.pem intermediate.pem root.pem").done();
    assert!(!rules(&run).contains(&"issuer-not-given".to_owned()), "whole");
    let chain = &run.json()["chain"];
    assert_eq!(chain.as_array().expect("a chain").len(), 3);
}

/// The CA offers leaf and chain as two files, and the portal, `az` and PowerShell take one.
#[test]
fn rows_4_and_7_of_several_files_the_clients_that_take_one_are_named_with_the_command_that_joins_them() {
    let Some(desk) = Desk::new() else { return };
    let run = desk.check("www.pem intermediate.pem").done();
    let found = finding(&run, "one-file-only");
    assert_eq!(found["severity"], "note");
    let message = text(&found["message"]);
    assert!(message.starts_with("portal, az take one file") && message.contains("www.pem, intermediate.pem"));
    run.says(&["portal, az take one file\n"]);
    desk.follow(&found);
    let run = desk.check("for-azure.pem").done();
    assert!(!rules(&run).contains(&"one-file-only".to_owned()));
    assert_eq!(run.json()["chain"].as_array().map(Vec::len), Some(2));
    // Where PowerShell would read them the name is one that it does not import.
    desk.work.write("www.cer", desk.work.read("www.pem"));
    desk.work.write("intermediate.cer", desk.work.read("intermediate.pem"));
    let found = finding(&desk.check("www.cer intermediate.cer").done(), "one-file-only");
    assert!(text(&found["help"]).ends_with("-o for-azure.cer"), "{found}");
    desk.follow(&found);
    for client in desk.clients("for-azure.cer") {
        assert_eq!(client["reads"], client["one_file"], "{client}");
    }
}

/// What `--intermediates` gives helps to find the chain, and is not what will be merged.
#[test]
fn rows_4_and_7_an_answer_without_its_chain_is_told_even_where_the_chain_was_given_beside_it() {
    let Some(desk) = Desk::new() else { return };
    let run = desk.check("www.pem --intermediates intermediate.pem --roots root.pem").done();
    let found = finding(&run, "only-the-leaf");
    assert_eq!(found["severity"], "warn");
    assert!(text(&found["message"]).contains("CN=Test-Intermediate, which is not in the answer"), "{found}");
    for whole in
        ["www.pem intermediate.pem --intermediates root.pem", "www.pem intermediate.pem --roots root.pem"]
    {
        let run = desk.check(whole).done();
        let told = |rule: &str| rules(&run).contains(&rule.to_owned());
        assert!(!told("only-the-leaf") && !told("issuer-not-given"), "{whole}");
    }
}

/// The address of the missing issuer is shown, and nothing is fetched.
#[test]
fn row_4_where_the_missing_issuer_can_be_had_is_said() {
    let Some(desk) = Desk::new() else { return };
    desk.work.write("aia.cnf", "authorityInfoAccess = caIssuers;URI:http://ca.example.com/issuing.cer\n");
    desk.sign_with("aia.cnf", "www.csr", "aia.pem");
    desk.work
        .run("check aia.pem --csr www.csr")
        .done()
        .says(&["only-the-leaf", "http://ca.example.com/issuing.cer"]);
}

/// <https://github.com/Azure/azure-sdk-for-python/issues/2834>: DER, base64, armour, line ends.
#[test]
fn row_5_each_form_of_one_certificate_is_told_apart() {
    let Some(desk) = Desk::new() else { return };
    desk.work.openssl("x509 -in www.pem -outform der -out www.cer").done();
    let of = |file: &str, client: &str| -> Value {
        desk.clients(file).into_iter().find(|one| one["client"] == client).expect("a client")
    };
    assert_eq!(
        of("www.cer", "az")["answer"],
        "it stops before anything is sent, because the file is not text"
    );
    assert_eq!(
        of("www.cer", "Go"),
        json!({"client": "Go", "one_file": false, "reads": true, "sends": 1, "answer": "merged"})
    );
    assert_eq!(
        of("www.pem", "az"),
        json!({"client": "az", "one_file": true, "reads": true, "sends": 1, "answer": "merged"})
    );
    desk.work.write("crlf.pem", desk.work.text("www.pem").replace('\n', "\r\n"));
    for client in desk.clients("crlf.pem") {
        // What is called .pem PowerShell imports.
        assert_eq!(client["reads"], client["client"] != "PowerShell", "{client}");
    }
    // az finds a file that it reads after following the help.
    let run = desk.check("www.cer").done();
    let found = finding(&run, "az-cannot-read");
    assert!(
        text(&found["message"]).starts_with("`az keyvault certificate pending merge --file www.cer` merges")
    );
    desk.follow(&found);
    assert_eq!(of("for-azure.pem", "az")["reads"], true);
    assert_eq!(of("for-azure.pem", "portal")["reads"], true);
}

/// <https://github.com/Azure/azure-powershell/issues/25843> and the source before it: the name decides.
#[test]
fn row_5_powershell_merges_what_is_not_called_pem() {
    let Some(desk) = Desk::new() else { return };
    let run = desk.check("www.pem").done();
    let found = finding(&run, "powershell-cannot-read");
    assert!(
        text(&found["message"])
            .starts_with("`Import-AzKeyVaultCertificate -FilePath www.pem` merges nothing")
    );
    desk.follow(&found);
    assert!(!rules(&desk.check("for-azure.cer").done()).contains(&"powershell-cannot-read".to_owned()));
}

/// acmebot #340, #458, #984; <https://github.com/Azure/azure-rest-api-specs/issues/10637>; akv2k8s #46.
#[test]
fn row_6_an_order_that_is_not_leaf_first_is_noted_and_mended() {
    let Some(desk) = Desk::new() else { return };
    desk.join("root-first.pem", &["root.pem", "intermediate.pem", "www.pem"]);
    let run = desk.check("root-first.pem").done();
    let found = finding(&run, "order-not-leaf-first");
    assert_eq!(found["severity"], "note");
    assert_eq!(found["message"], "given [1] [2] [3], where leaf first is [3] [2] [1]");
    desk.follow(&found);
    assert!(!rules(&desk.check("for-azure.pem").done()).contains(&"order-not-leaf-first".to_owned()));
    desk.work.openssl("x509 -in for-azure.pem -noout -subject").done();
    let leaf = &pem::read(&desk.work.read("for-azure.pem")).expect("PEM")[0];
    assert_eq!(leaf.contents(), pem::read(&desk.work.read("www.pem")).expect("PEM")[0].contents());
    // A merge puts it in order by itself, and has nothing to say about it.
    let merged = desk.work.run("merge www root-first.pem").done();
    assert!(!merged.stderr.contains("order-not-leaf-first"), "{}", merged.stderr);
}

/// <https://github.com/Azure/azure-cli/issues/1283>: the list does not show what waits, and its name is forgotten;
/// terraform-provider-azurerm #5589: tools wait for ever, because nothing says what it waits for.
#[test]
fn rows_8_and_9_what_waits_is_found_by_its_request_and_says_what_it_waits_for() {
    let work = Workplace::with_vault();
    work.create("www");
    assert_eq!(work.run("list").done().out(), "");
    assert!(work.run("pending list").done().out().starts_with("www\tin progress\t"));
    work.run("list --include-pending").done();
    work.run("pending show --csr www.csr").done().says(&["next: coldcert merge www ANSWER"]);
    let operation = work.run("pending show --csr www.csr --json").done().json();
    assert_eq!(operation["status"], "inProgress");
    assert_eq!(
        operation["status_details"],
        "Pending certificate created. Please Perform Merge to complete the request."
    );
    let id = text(&operation["request_id"]).to_owned();
    work.run(&format!("pending show --request-id {id}")).done();
}

/// <https://github.com/MicrosoftDocs/azure-docs/issues/62463>: `The subject name provided is not a valid X500 name.`
#[test]
fn row_10_a_bare_comma_in_a_subject_is_refused_with_the_text_that_was_meant() {
    let work = Workplace::with_vault();
    let run = work.run_in_vain_with(&["create", "www", "--subject", "CN=www.example.com, O=Contoso, Ltd."]);
    run.broken().says(&["x509_props.subject", r#"O="Contoso, Ltd.""#]);
    let mended = work.run_with(&["create", "www", "--subject", r#"CN=www.example.com, O="Contoso, Ltd.""#]);
    mended.done().says(&["in the order it is encoded"]);
}

/// <https://github.com/Azure/azure-sdk-for-net/issues/4277>: a DV CA leaves subject attributes out.
#[test]
fn row_11_attributes_that_the_ca_left_out_are_noted() {
    let Some(desk) = Desk::new() else { return };
    desk.work
        .run("create dv --subject CN=dv.example.com,O=Contoso,L=Redmond --dns dv.example.com -o dv.csr")
        .done();
    desk.work
        .openssl("x509 -req -in dv.csr -out dv.pem -CA intermediate.pem -CAkey intermediate.key -CAcreateserial -copy_extensions copy -days 30 -subj /CN=dv.example.com")
        .ended(0);
    let run = desk.work.run("check dv.pem intermediate.pem --csr dv.csr --json").done();
    let found = finding(&run, "subject-changed");
    assert!(text(&found["message"]).contains("O=Contoso"), "{found}");
    assert_eq!(found["severity"], "note");
}

/// The common name is never copied into the alternative names, and CAs add it or refuse.
#[test]
fn row_12_a_request_without_alternative_names_is_a_warning_and_a_lost_name_too() {
    let Some(desk) = Desk::new() else { return };
    desk.work
        .run("create bare --subject CN=bare.example.com -o bare.csr")
        .done()
        .says(&["warn", "add --dns bare.example.com"]);
    desk.work.write("san.cnf", "subjectAltName = DNS:other.example.com\n");
    desk.sign_with("san.cnf", "www.csr", "other.pem");
    let run = desk.check("other.pem").done();
    let found = rules(&run);
    assert!(found.contains(&"san-lost".to_owned()) && found.contains(&"san-added".to_owned()), "{found:?}");
}

/// create-certificate-signing-request.md, FAQ: "CSR already used": the key is that of an earlier version.
#[test]
fn row_13_a_key_that_was_certified_before_is_a_warning() {
    let Some(desk) = Desk::new() else { return };
    desk.work.run("merge www www.pem intermediate.pem").done();
    desk.work.run("create www --reuse-key -o again.csr").done().says(&[
        "the key is that of an earlier version of www",
        "many CAs refuse a key that they certified before",
    ]);
}

/// <https://github.com/shibayan/az-acme-cli/issues/14>: `The request URI contains an invalid name`.
#[test]
fn row_14_a_name_with_dots_is_refused_with_one_that_is_allowed() {
    let work = Workplace::with_vault();
    work.run_in_vain("create www.domain.tld --subject CN=www.domain.tld")
        .broken()
        .says(&["only letters, digits and hyphens are allowed", "call it www-domain-tld"]);
}

/// <https://github.com/MicrosoftDocs/azure-docs/issues/115129>: an RSA leaf under an EC CA.
#[test]
fn row_15_an_rsa_leaf_under_an_ec_ca_is_noted_with_what_an_import_answers() {
    let Some(desk) = Desk::new() else { return };
    desk.work.run("create rsa --subject CN=rsa.example.com --dns rsa.example.com -o rsa.csr").done();
    desk.work.sign("rsa.csr", "rsa.pem");
    let run = desk.work.run("check rsa.pem intermediate.pem --csr rsa.csr --json").done();
    let found = finding(&run, "mixed-key-types");
    let words = "Unsupported key size (2048). Supported sizes are [256, 384, 521]";
    assert!(text(&found["message"]).contains(words), "{found}");
    assert_eq!(found["severity"], "note");
    let alike = rules(&desk.check("www.pem intermediate.pem").done());
    assert!(!alike.contains(&"mixed-key-types".to_owned()), "{alike:?}");
}

/// winterdom.com/2019/10/31; <https://github.com/MicrosoftDocs/azure-docs/issues/59612>: PKCS#1, encrypted keys,
/// CR LF.
#[test]
fn row_16_a_key_in_another_form_is_named_and_line_ends_do_not_matter() {
    let Some(()) = need("openssl") else { return };
    let work = Workplace::with_vault();
    work.openssl("req -x509 -newkey rsa:2048 -noenc -keyout pkcs8.key -out self.pem -subj /CN=self -days 30")
        .done();
    work.openssl("rsa -in pkcs8.key -traditional -out pkcs1.key").ended(0);
    work.openssl("pkcs8 -topk8 -in pkcs8.key -out encrypted.key -passout pass:secret").done();
    for (key, label) in [("pkcs1.key", "RSA PRIVATE KEY"), ("encrypted.key", "ENCRYPTED PRIVATE KEY")] {
        work.write("old.pem", [work.read(key), work.read("self.pem")].concat());
        work.run_in_vain("import old old.pem").broken().says(&[
            label,
            "PKCS#8",
            "openssl pkcs8 -topk8 -nocrypt",
        ]);
    }
    let crlf = [work.text("pkcs8.key"), work.text("self.pem")].concat().replace('\n', "\r\n");
    work.write("old.pem", crlf);
    work.run("import old old.pem").done();
}

/// Key Vault, FAQ: expired certificates and input that is too long.
#[test]
fn row_17_what_is_expired_or_too_long_is_refused() {
    let Some(desk) = Desk::new() else { return };
    desk.work
        .openssl("req -x509 -newkey rsa:2048 -noenc -keyout old.key -out self.pem -subj /CN=self -days 30")
        .done();
    desk.work.write("old.pem", [desk.work.read("old.key"), desk.work.read("self.pem")].concat());
    desk.work.run_in_vain("import old old.pem --at 2090-01-01T00:00:00Z").refused().says(&["expired"]);
    // An element of x5c above the service's limit: one certificate, and blanks beside it.
    let long = [desk.work.read("www.pem"), vec![b'\n'; x5c::ELEMENT_BYTES_MAX]].concat();
    desk.work.write("long.crt", long);
    let run = desk.check("long.crt").done();
    let found = desk.clients("long.crt").into_iter().find(|one| one["client"] == ".NET").expect("a client");
    assert_eq!(found["answer"], "BadParameter: value is too long.");
    assert!(rules(&run).contains(&"library-cannot-read".to_owned()));
    desk.work.write("huge.cer", vec![0; 17 * 1024 * 1024]);
    desk.work.run("check huge.cer --csr www.csr").broken().says(&["huge.cer"]);
}

/// Key Vault, FAQ: 409 is a pending operation, a deleted name, or a key or secret of the same name. The third cannot
/// be here: keys and secrets have no names of their own.
#[test]
fn row_18_each_conflict_says_which_it_is() {
    let work = Workplace::with_vault();
    work.create("www");
    let create = "create www --subject CN=www.example.com --dns www.example.com";
    work.run_in_vain(create).refused().says(&["has an operation in progress", "coldcert pending delete www"]);
    let said = work.run(&format!("{create} --json")).json();
    assert_eq!(said["error"]["code"], "Conflict");
    work.run("delete www").done();
    work.run_in_vain(create).refused().says(&[
        "www is deleted",
        "coldcert recover www",
        "coldcert purge www",
    ]);
    let said = work.run(&format!("{create} --json")).json();
    assert_eq!(said["error"]["code"], "Conflict");
}

/// Recorded: a merge is 201 for whatever holds the key.
#[test]
fn row_19_what_the_service_does_not_check_is_said_and_does_not_refuse_in_its_profile() {
    let Some(desk) = Desk::new() else { return };
    // No names, another purpose, a CA, valid for one day that is over.
    desk.work.write("wrong.cnf", "extendedKeyUsage = codeSigning\nbasicConstraints = critical, CA:true\nkeyUsage = critical, keyCertSign\n");
    desk.sign_with("wrong.cnf", "www.csr", "wrong.pem");
    let later = "--at 2099-01-01T00:00:00Z";
    let run =
        desk.work.run(&format!("check wrong.pem --csr www.csr --profile key-vault --json {later}")).done();
    let found = rules(&run);
    for rule in ["expired", "san-lost", "purposes-changed", "key-usages-changed", "is-a-ca", "only-the-leaf"]
    {
        assert!(found.contains(&rule.to_owned()), "no {rule} in {found:?}");
    }
    assert_eq!(run.json()["accepted"], true);
    desk.work
        .run(&format!("check wrong.pem --csr www.csr {later}"))
        .ended(1)
        .says(&["key-vault would accept"]);
    // A signature over SHA-1, one that another CA of the name made, and a date to come.
    desk.work
        .openssl("x509 -req -sha1 -in www.csr -out sha1.pem -CA intermediate.pem -CAkey intermediate.key -CAcreateserial -copy_extensions copy -days 30")
        .ended(0);
    let run =
        desk.work.run("check sha1.pem intermediate.pem --csr www.csr --profile key-vault --json").done();
    assert!(rules(&run).contains(&"weak-signature".to_owned()), "{:?}", rules(&run));
    desk.work
        .openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -config ca.cnf -keyout other.key -out other.pem -subj /CN=Test-Intermediate -days 30")
        .done();
    let run = desk.work.run("check www.pem other.pem --csr www.csr --profile key-vault --json").done();
    assert!(rules(&run).contains(&"bad-signature".to_owned()), "{:?}", rules(&run));
    let run = desk
        .work
        .run("check www.pem --csr www.csr --profile key-vault --json --at 2020-01-01T00:00:00Z")
        .done();
    assert!(rules(&run).contains(&"not-yet-valid".to_owned()), "{:?}", rules(&run));
}

/// Matt Small's azidentity blog: `Elliptic Curve Cryptography Public Key Algorithm … is not supported`.
#[test]
fn row_20_a_curve_that_few_take_is_a_warning_before_the_request_leaves() {
    let work = Workplace::with_vault();
    let create = |name: &str, curve: &str| {
        work.run(&format!(
            "create {name} --subject CN=w.example.com --dns w.example.com --curve {curve} -o {name}.csr"
        ))
        .done()
    };
    create("k", "P-256K").says(&["warn", "P-256K", "take --curve P-256"]);
    assert!(!create("p", "P-256").stderr.contains("warn"));
}

/// One line for the clients beside that of the profiles, and the same as JSON.
#[test]
fn check_ends_with_who_reads_the_file() {
    let Some(desk) = Desk::new() else { return };
    desk.work.openssl("x509 -in www.pem -outform der -out www.cer").done();
    desk.work
        .run("check www.cer --csr www.csr")
        .done()
        .says(&["\nPowerShell, Python, JavaScript, .NET, Java, Go, Rust read it · portal, az would not\n"]);
    desk.work.write("www.crt", desk.work.read("www.pem"));
    let all = "portal, az, PowerShell, Python, JavaScript, .NET, Java, Go, Rust read it\n";
    desk.work.run("check www.crt --csr www.csr").done().says(&[all]);
    let names: Vec<Value> = desk.clients("www.crt").into_iter().map(|one| one["client"].clone()).collect();
    assert_eq!(names.len(), 9);
}

/// A file whose name a shell would take apart is quoted in the command that helps.
#[test]
fn the_command_that_helps_is_one_that_runs() {
    let Some(desk) = Desk::new() else { return };
    desk.work.openssl("x509 -in www.pem -outform der -out www.cer").done();
    let name = "the CA's answer.cer";
    desk.work.write(name, desk.work.read("www.cer"));
    let run = desk
        .work
        .run_with(&["check", name, "--intermediates", "intermediate.pem", "--csr", "www.csr", "--json"])
        .done();
    let found = finding(&run, "az-cannot-read");
    assert!(text(&found["help"]).contains(r"'the CA'\''s answer.cer'"), "{found}");
    desk.follow(&found);
    assert_eq!(pem::read(&desk.work.read("for-azure.pem")).expect("PEM").len(), 2);
}

/// A vault in which `www` waits, a CA, and its answer `www.pem`.
struct Desk {
    work: Workplace,
}

impl Desk {
    fn new() -> Option<Self> {
        need("openssl")?;
        let work = Workplace::with_vault();
        work.make_authority();
        work.create("www");
        work.sign("www.csr", "www.pem");
        Some(Self { work })
    }

    fn check(&self, files: &str) -> Run {
        self.work.run(&format!("check {files} --csr www.csr --json"))
    }

    fn clients(&self, files: &str) -> Vec<Value> {
        self.check(files).json()["clients"].as_array().expect("clients").clone()
    }

    fn join(&self, name: &str, parts: &[&str]) {
        self.work.write(name, parts.iter().flat_map(|part| self.work.read(part)).collect::<Vec<u8>>());
    }

    /// The intermediate answers with these extensions and no others.
    fn sign_with(&self, extensions: &str, request: &str, answer: &str) {
        self.work
            .openssl(&format!(
                "x509 -req -in {request} -out {answer} -CA intermediate.pem -CAkey intermediate.key \
                 -CAcreateserial -extfile {extensions} -days 30"
            ))
            .ended(0);
    }

    /// Runs the command of a finding's help, as a shell would.
    fn follow(&self, finding: &Value) {
        let help = text(&finding["help"]);
        let at = help.find("coldcert ").expect("a command in the help");
        let program = env!("CARGO_BIN_EXE_coldcert");
        let line = format!("{program}{}", &help[at + "coldcert".len()..]);
        self.work.tool("sh", &["-c", &line]).ended(0);
    }

    fn key(&self) -> coldcert::key::PublicKey {
        let blocks = pem::read(&self.work.read("www.csr")).expect("PEM");
        let request = coldcert::csr::CertificateRequest::from_der(blocks[0].contents()).expect("a request");
        request.public_key().clone()
    }
}

/// The finding of a rule in what `check --json` wrote.
#[track_caller]
fn finding(run: &Run, rule: &str) -> Value {
    let document = run.json();
    let findings = document["findings"].as_array().expect("findings");
    let found = findings.iter().find(|one| one["rule"] == rule);
    found.unwrap_or_else(|| panic!("{}: no {rule} in {findings:#?}", run.line)).clone()
}

fn rules(run: &Run) -> Vec<String> {
    let document = run.json();
    let findings = document["findings"].as_array().expect("findings");
    findings.iter().map(|one| text(&one["rule"]).to_owned()).collect()
}

/// What answers another key is to be asked for again: how it is written does not matter.
#[test]
fn row_1_who_would_read_an_answer_to_another_key_is_not_told() {
    let Some(desk) = Desk::new() else { return };
    desk.work.create("api");
    desk.work.openssl("x509 -in www.pem -outform der -out www.cer").done();
    let run = desk.work.run("check www.cer intermediate.pem --csr api.csr --json").ended(1);
    assert_eq!(rules(&run), ["key-mismatch"]);
    desk.work.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.pem").done();
    let run = desk.work.run("check www.cer --key other.pem --json").ended(1);
    let help = finding(&run, "key-mismatch")["help"].clone();
    assert!(text(&help).ends_with("the request that was made with this key"), "{help}");
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn what_check_writes_for_rest_is_not_asked_for_again() {
    let Some(desk) = Desk::new() else { return };
    desk.work.run("check www.pem --csr www.csr --write x5c -o body.json").done();
    let found = finding(&desk.check("body.json").done(), "library-cannot-read");
    let help = found["help"].as_str().expect("a help line");
    assert!(help.contains("the body of a merge") && !help.contains("--write"), "{help}");
}

/// Whoever trusts a root has it, and a server need not send it.
#[test]
fn a_root_that_was_given_to_be_trusted_is_not_written_with_the_answer() {
    let Some(desk) = Desk::new() else { return };
    let written = |line: &str| {
        let line =
            format!("check www.pem intermediate.pem {line} --csr www.csr --write pem -o out.pem --force");
        desk.work.run(&line).done();
        pem::read(&desk.work.read("out.pem")).expect("PEM").len()
    };
    assert_eq!(written("--roots root.pem"), 2);
    assert_eq!(written("root.pem --roots root.pem"), 3);
    assert_eq!(written("root.pem"), 3);
}
