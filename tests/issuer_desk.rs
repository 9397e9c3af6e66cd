//! The issuers' desk: what becomes of operations that a named issuer has, each state by its name.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{Workplace, need};

/// A vault with a request of issuer `corp` that waits, and the CA that answers for it.
fn waiting() -> Option<Workplace> {
    need("openssl")?;
    let work = Workplace::with_vault();
    work.make_authority();
    work.run("issuer set corp --provider OfflineCA").done();
    work.run("create www --issuer corp --subject CN=www.example.com --dns www.example.com").done();
    work.run("pending csr www -o www.csr").done();
    work.sign("www.csr", "www.pem");
    Some(work)
}

fn state(work: &Workplace) -> String {
    work.run("pending show www --json").done().json()["status"].as_str().unwrap().to_owned()
}

#[test]
fn a_request_waits_at_the_desk_and_is_completed_there_and_not_by_a_merge() {
    let Some(work) = waiting() else { return };
    assert_eq!(state(&work), "inProgress");
    let listed = work.run("issuer requests").done();
    assert!(listed.out().starts_with("www\tcorp\t"), "{}", listed.out());
    work.run_in_vain("merge www www.pem intermediate.pem")
        .ended(1)
        .says(&["forbidden while it is in progress", "coldcert issuer complete www --chain ANSWER"]);
    work.run("issuer complete www --chain www.pem intermediate.pem").done().says(&["completed www"]);
    assert_eq!(state(&work), "completed");
    assert_eq!(work.run("issuer requests --json").done().json()["value"].as_array().unwrap().len(), 0);
    work.run("export www -o www.pfx").done();
    work.run_in_vain("issuer complete www --chain www.pem").ended(1).says(&["www"]);
}

#[test]
fn a_wrong_answer_is_refused_and_the_request_waits_on() {
    let Some(work) = waiting() else { return };
    work.create("other");
    work.sign("other.csr", "other.pem");
    work.run_in_vain("issuer complete www --chain other.pem").ended(1).says(&["key-mismatch"]);
    assert_eq!(state(&work), "inProgress");
}

#[test]
fn a_failed_request_says_why_and_can_be_merged_by_hand() {
    let Some(work) = waiting() else { return };
    work.run("issuer fail www --code OutOfBand --message form").done().says(&["failed", "still held"]);
    let operation = work.run("pending show www --json").done().json();
    assert_eq!(operation["status"], "failed");
    assert_eq!(operation["error"]["code"], "OutOfBand");
    assert_eq!(operation["error"]["message"], "form");
    work.run_in_vain("issuer cancel www").ended(1);
    work.run("merge www www.pem intermediate.pem").done();
    assert_eq!(state(&work), "completed");
}

#[test]
fn a_cancelled_request_is_cancelled_by_the_desk_and_can_be_merged_by_hand() {
    let Some(work) = waiting() else { return };
    work.run("pending cancel www").done();
    assert_eq!(state(&work), "inProgress");
    assert!(work.run("issuer requests").done().out().contains("cancellation requested"));
    work.run("issuer cancel www").done().says(&["cancelled"]);
    assert_eq!(state(&work), "cancelled");
    work.run("merge www www.pem intermediate.pem").done();
}

#[test]
fn what_is_of_issuer_unknown_has_no_desk() {
    let Some(work) = waiting() else { return };
    work.create("plain");
    for verb in ["cancel plain", "fail plain --code x --message y", "complete plain --chain www.pem"] {
        work.run_in_vain(&format!("issuer {verb}")).ended(1).says(&["has no desk", "coldcert merge plain"]);
    }
    work.run_in_vain("issuer cancel nobody").ended(1).says(&["nobody"]);
    assert!(!work.run("issuer requests").done().out().contains("plain"));
}
