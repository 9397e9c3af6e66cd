//! The report as people see it: the chain drawn, with what is broken and what is missing at its place.

mod support;

use serde_json::json;
use support::{Workplace, need};

/// A vault, an authority, `www` with its request and answer, and a root of the same name with another key.
fn answered() -> Option<Workplace> {
    need("openssl")?;
    let work = Workplace::with_vault();
    work.make_authority();
    let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -config ca.cnf";
    work.openssl(&format!("req -x509 {new_key} -keyout x.key -out other.pem -subj /CN=Test-Root -days 3650"))
        .done();
    work.openssl(&format!("req -x509 {new_key} -keyout x.key -out far.pem -subj /CN=Far-Root -days 3650"))
        .done();
    work.create("www");
    work.sign("www.csr", "www.pem");
    Some(work)
}

/// The drawing of a check, dates and key identifiers left out.
fn drawn(work: &Workplace, arguments: &str, code: i32) -> String {
    let run = work.run(&format!("check {arguments} --csr www.csr")).ended(code);
    let lines = run.out().lines().map(without_dates_and_keys).collect::<Vec<_>>().join("\n");
    lines.trim_end().to_owned()
}

fn without_dates_and_keys(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let mut kept: Vec<String> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let before = index.checked_sub(1).map_or("", |before| words[before]);
        kept.push(match before {
            "until" => "DATE".to_owned(),
            "id" => "KEY".to_owned(),
            _ => (*word).to_owned(),
        });
    }
    kept.join(" ")
}

#[test]
fn a_whole_chain_is_drawn_from_the_leaf_to_what_is_trusted() {
    let Some(work) = answered() else { return };
    let drawn = drawn(&work, "intermediate.pem www.pem far.pem --roots root.pem", 0);
    let expected = [
        "  [2]      CN=www.example.com     leaf, holds the key, until DATE",
        "   │  signed by",
        "  [1]      CN=Test-Intermediate   CA, until DATE",
        "   │  signed by",
        "  [anchor] CN=Test-Root           trusted, until DATE",
        "  [3]      CN=Far-Root            not part of this chain, until DATE",
    ];
    assert_eq!(drawn.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_missing_stands_where_it_is_missing() {
    let Some(work) = answered() else { return };
    let alone = drawn(&work, "www.pem", 0);
    let expected = [
        "  [1] CN=www.example.com   leaf, holds the key, until DATE",
        "   ┊  issued by, and not found",
        "   …  CN=Test-Intermediate   not in www.pem, key id KEY",
    ];
    assert_eq!(alone.lines().collect::<Vec<_>>(), expected);
    let refused = drawn(&work, "www.pem --roots far.pem", 1);
    let expected = [
        "  [1] CN=www.example.com   leaf, holds the key, until DATE   ✗ missing-issuer",
        "   ✗  issued by, and not found",
        "   ✗  CN=Test-Intermediate   not in www.pem, not the trusted certificate, key id KEY",
    ];
    assert_eq!(refused.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_broken_link_names_the_certificate_that_bears_the_name_and_did_not_sign() {
    let Some(work) = answered() else { return };
    let broken = drawn(&work, "www.pem intermediate.pem other.pem", 1);
    let lines: Vec<&str> = broken.lines().collect();
    assert_eq!(lines[2], "  [2] CN=Test-Intermediate   CA, until DATE   ✗ bad-signature");
    assert!(lines[3].starts_with("   ✗  not signed by, though it bears the issuer's name: "), "{broken}");
    assert_eq!(lines[4], "  [3] CN=Test-Root           bears the issuer's name, until DATE");
    assert_eq!(lines.len(), 5, "{broken}");
    let broken = drawn(&work, "www.pem intermediate.pem --roots other.pem", 1);
    assert!(broken.ends_with("   ✗  [anchor] CN=Test-Root   is trusted, and did not sign it"), "{broken}");
}

#[test]
fn an_answer_to_another_request_is_drawn_without_a_chain() {
    let Some(work) = answered() else { return };
    let drawn = drawn(&work, "intermediate.pem root.pem", 1);
    let expected = [
        "  [1] CN=Test-Intermediate   does not hold the key, until DATE   ✗ key-mismatch",
        "  [2] CN=Test-Root           does not hold the key, until DATE",
    ];
    assert_eq!(drawn.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_root_store_beside_the_chain_is_counted_and_not_listed() {
    let Some(work) = answered() else { return };
    let mut store = String::new();
    for index in 0..30 {
        let subject = format!("/CN=Root-{index}");
        work.openssl(&format!("req -x509 -key root.key -config ca.cnf -out one.pem -subj {subject} -days 9"))
            .done();
        store.push_str(&work.text("one.pem"));
    }
    work.write("store.pem", store);
    let run = work.run("check www.pem store.pem intermediate.pem --csr www.csr --html page.html").done();
    assert!(run.out().contains("  and 18 more that are not part of this chain"), "{}", run.out());
    assert_eq!(run.stderr.matches("note    unrelated").count(), 6, "{}", run.stderr);
    assert!(run.stderr.contains("and 25 more"), "{}", run.stderr);
    assert!(work.text("page.html").contains("and 18 more that are not part of this chain"));
}

#[test]
fn the_page_shows_the_same_and_needs_nothing_else() {
    let Some(work) = answered() else { return };
    work.run("check www.pem intermediate.pem --roots far.pem --csr www.csr --html page.html").ended(1);
    let page = work.text("page.html");
    for word in ["<br>names dns:www.example.com", "<br>purposes serverAuth", "<code>serial "] {
        assert!(page.contains(word), "{word}: {page}");
    }
    for part in [
        "missing-issuer",
        "issued by, and not found",
        "CN=Test-Root",
        "not the trusted certificate",
        "refused by",
    ] {
        assert!(page.contains(part), "no {part:?} in {page}");
    }
    for foreign in ["src=", "href=", "url(", "@import", "<script"] {
        assert!(!page.contains(foreign), "{foreign:?} in {page}");
    }
}

#[test]
fn what_an_operation_says_against_a_merge_is_said_beside_the_verdict() {
    let Some(work) = answered() else { return };
    let csr: String = work.text("www.csr").lines().filter(|line| !line.starts_with("--")).collect();
    for (status, issuer, said) in [
        ("inProgress", "Unknown", None),
        ("completed", "Unknown", Some("the operation is completed: a new version has to be created")),
        ("cancelled", "Unknown", Some("the operation is cancelled")),
        ("failed", "unknown", Some("the operation is failed")),
        ("inProgress", "offline", Some("with the issuer offline: Key Vault answers a merge with 403")),
        // The service lets such a request be merged by hand (reference 2.5).
        ("failed", "offline", None),
    ] {
        let operation = json!({"csr": csr, "status": status, "issuer": {"name": issuer}});
        work.write("operation.json", operation.to_string());
        let run = work.run("check www.pem intermediate.pem --operation operation.json").done();
        let line =
            run.stderr.lines().find(|line| line.contains("operation.json says that")).map(str::to_owned);
        assert_eq!(line.is_some(), said.is_some(), "{status} {issuer}: {line:?}");
        assert!(said.is_none_or(|said| line.is_some_and(|line| line.contains(said))), "{status} {issuer}");
    }
}

#[test]
fn the_verdict_is_said_before_a_file_that_cannot_be_written() {
    let Some(work) = answered() else { return };
    work.write("there.pem", "of somebody else\n");
    let run = work.run("check www.pem --csr www.csr --write pem -o there.pem").refused();
    assert!(run.out().contains("holds the key"), "{}", run.out());
    assert_eq!(work.text("there.pem"), "of somebody else\n");
    let twice = "check www.pem --csr www.csr --json --write pem -o -";
    work.run(twice).broken().says(&["write the artifact to a file"]);
    // What is there already and the same is no fault.
    for _ in 0..2 {
        work.run("check www.pem --csr www.csr --write pem -o new.pem").done();
    }
}

#[test]
fn a_rule_that_was_misspelled_is_offered_by_its_name() {
    let Some(work) = answered() else { return };
    work.run("explain missing-isuer").broken().says(&["missing-issuer"]);
    work.run("explain constraint").broken().says(&["root-constraints-not-critical"]);
}

/// Whoever asks one judge hears by which rules another would refuse, and how to read more.
#[test]
fn another_profile_that_refuses_says_by_which_rules() {
    let Some(work) = answered() else { return };
    work.openssl(
        "x509 -req -in www.csr -out bare.pem -CA intermediate.pem -CAkey intermediate.key -CAcreateserial -days 900",
    )
    .done();
    let line = "check bare.pem intermediate.pem root.pem --csr www.csr";
    let run = work.run(&format!("{line} --json")).done();
    assert_eq!(run.json()["refused_by"]["rfc5280"], json!([]));
    let rules = run.json()["refused_by"]["webpki"].as_array().expect("rules").clone();
    let rules: Vec<&str> = rules.iter().filter_map(serde_json::Value::as_str).collect();
    assert!(rules.len() > 1 && rules.contains(&"no-alternative-names"), "{rules:?}");
    let (count, named) = (rules.len(), rules[..rules.len().min(3)].join(", "));
    let more = if count > 3 { ", …" } else { "" };
    let expected =
        format!("\nwebpki refuses by {count} rules: {named}{more}; to read more: --profile webpki\n");
    run.says(&[&expected]);
    let refused = work.run(&format!("{line} --profile webpki")).ended(1);
    for rule in rules {
        assert!(refused.stderr.contains(&format!("refuse  {rule}")), "{rule}: {}", refused.stderr);
    }
    assert!(!refused.stderr.contains("webpki refuses by"), "its own findings are told in full");
}

/// What was merged is not told as a key that serves twice.
#[test]
fn an_answer_that_is_merged_already_is_told_as_that() {
    let Some(work) = answered() else { return };
    work.run("merge www www.pem intermediate.pem").done();
    let run = work.run("check www.pem intermediate.pem --name www").done();
    assert!(!run.stderr.contains("key-of-earlier-version"), "{}", run.stderr);
    run.says(&["www is merged already, as version ", "nothing waits", "coldcert create www"]);
    // A renewal with the same key is still what it was.
    work.run("create www --reuse-key -o again.csr").done();
    work.sign("again.csr", "again.pem");
    let run = work.run("check again.pem intermediate.pem --name www").done();
    run.says(&["key-of-earlier-version"]);
}

/// Each that was given has its own number, twice the same or not.
#[test]
fn a_duplicate_is_drawn_with_its_own_number() {
    let Some(work) = answered() else { return };
    let drawn = drawn(&work, "intermediate.pem root.pem intermediate.pem far.pem", 1);
    let labels: Vec<&str> = drawn.lines().map(|line| &line[2..5]).collect();
    assert_eq!(labels, ["[1]", "[2]", "[3]", "[4]"], "{drawn}");
}

/// Stdout is one artifact: what else there is to see goes beside it.
#[test]
fn the_drawing_makes_room_for_what_is_written_to_stdout() {
    let Some(work) = answered() else { return };
    let line = "check www.pem intermediate.pem --csr www.csr";
    let run = work.run(&format!("{line} --html -")).done();
    assert!(run.out().starts_with("<!DOCTYPE html>") && run.out().ends_with("</html>\n"), "{}", run.out());
    let run = run.says(&["leaf, holds the key"]);
    assert!(!run.stderr.contains("wrote"), "{}", run.stderr);
    let run = work.run(&format!("{line} --write pem -o -")).done().says(&["leaf, holds the key"]);
    assert!(run.out().starts_with("-----BEGIN CERTIFICATE-----"), "{}", run.out());
    work.run_in_vain(&format!("{line} --html - --json")).broken();
    let run = work.run("create api --subject CN=api --dns api.example.com --kty EC -o -").done();
    assert!(run.out().starts_with("-----BEGIN CERTIFICATE REQUEST-----"), "{}", run.out());
    assert!(!run.stderr.contains("wrote"), "{}", run.stderr);
    run.says(&["next: send this request to your CA"]);
}

/// Who gave a list is told what it says, also where that is nothing.
#[test]
fn what_is_not_revoked_is_told_with_the_list_that_says_so() {
    let Some(work) = answered() else { return };
    for name in ["root", "intermediate"] {
        work.write("index.txt", "");
        work.write(
            "crl.cnf",
            format!("[ca]\ndefault_ca = it\n[it]\ndatabase = index.txt\ncertificate = {name}.pem\nprivate_key = {name}.key\ndefault_md = sha256\n"),
        );
        work.openssl(&format!("ca -gencrl -config crl.cnf -crldays 9 -out {name}.crl")).done();
    }
    let line = "check www.pem intermediate.pem --csr www.csr --roots root.pem";
    let without = work.run(&format!("{line} --json")).done();
    assert!(!without.stderr.contains("not revoked"), "{}", without.stderr);
    assert!(
        without.json()["chain"]
            .as_array()
            .expect("a chain")
            .iter()
            .all(|one| one["not_revoked_by"].is_null())
    );
    let run = work
        .run(&format!("{line} --crl root.crl --crl intermediate.crl --html page.html --json"))
        .done()
        .says(&[
            "[1] CN=www.example.com: not revoked: CRL of CN=Test-Intermediate of ",
            "[2] CN=Test-Intermediate: not revoked: CRL of CN=Test-Root of ",
            ", until ",
        ]);
    let chain = run.json()["chain"].clone();
    assert_eq!(chain[0]["not_revoked_by"]["issuer"], "CN=Test-Intermediate");
    assert_eq!(chain[1]["not_revoked_by"]["issuer"], "CN=Test-Root");
    assert!(chain[0]["not_revoked_by"]["next_update"].is_string());
    assert!(chain[2]["not_revoked_by"].is_null(), "nobody revokes what is trusted");
    let page = work.text("page.html");
    for text in [
        "Read www.pem: PEM, 1 certificate; intermediate.pem: PEM, 1 certificate.",
        "Trusted: root.pem.",
        "CRLs: root.crl, intermediate.crl.",
        "not revoked: CRL of CN=Test-Root",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}
