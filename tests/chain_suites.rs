//! Other projects' chains, judged by the public harness (`examples/limbo.rs`): every verdict is the expected one,
//! save those that `testdata/disputes.json` lists, each with its reason. A case of that list that starts to agree
//! fails as well.
//!
//! Where a suite says what is wrong with a chain that it refuses, and with which certificate of it, what we find
//! means the same, save what `testdata/explanations.json` lists as different, each with its reason.
//!
//! Chains made for this, in the same format, are in `testdata/chains.json`; each names the rules that it breaks. They
//! come out of `testdata/chains/make.py`, byte by byte the same each time.
//!
//! The suites are read from `COLDCERT_SHARED` (default `../shared`), which is not part of the repository.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use support::shared;

#[test]
fn every_case_of_the_suites_is_judged_as_expected_or_is_a_known_dispute() {
    let Some(shared) = shared() else { return };
    let mut disputes = texts(&testdata("disputes.json"));
    let mut wrong = Vec::new();
    let (mut agreed, mut skipped) = (0, 0);
    for suite in ["limbo", "pkits", "pkits-policy", "boringssl", "openssl", "go"] {
        for Case { id, expected, actual, context, .. } in cases(&shared, suite) {
            match (disputes.remove(&id), actual == expected, actual == "SKIPPED") {
                (None, true, _) => agreed += 1,
                (None, _, true) => skipped += 1,
                (None, false, false) => wrong.push(format!("{id}: {actual}, expected {expected}: {context}")),
                (Some(dispute), true, _) => wrong.push(format!("{id} agrees now, and is listed: {dispute}")),
                (Some(_), false, _) => {}
            }
        }
    }
    assert!(disputes.is_empty(), "disputes about cases that are not there: {disputes:?}");
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
    // Skips are for listed features; their number is held, so that a new one is noticed.
    assert_eq!((agreed, skipped), (AGREED, SKIPPED));
}

#[test]
fn what_is_found_means_what_the_suite_says_of_the_same_certificate() {
    let Some(shared) = shared() else { return };
    let table = testdata("explanations.json");
    let meanings = &table["meanings"];
    let mut differences = texts(&table["differences"]);
    let mut unused: BTreeSet<String> = meanings.as_object().expect("meanings").keys().cloned().collect();
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for suite in ["boringssl", "go"] {
        for case in cases(&shared, suite) {
            let refused_alike = case.expected == "FAILURE" && case.actual == "FAILURE";
            for (place, error) in case.expected_errors().into_iter().filter(|_| refused_alike) {
                compared += 1;
                unused.remove(&error);
                let rules = meanings[&error].as_array().unwrap_or_else(|| panic!("no meaning of {error}"));
                let same = |line: &str| {
                    let (rule, about) = line.split_once(' ').unwrap_or_default();
                    rules.iter().any(|one| one == rule)
                        && place.as_ref().is_none_or(|one| about.starts_with(one))
                };
                let place = place.as_deref().unwrap_or("any certificate");
                match (differences.remove(&format!("{}: {error}", case.id)), case.context.lines().any(same)) {
                    (None, true) | (Some(_), false) => {}
                    (None, false) => wrong.push(format!(
                        "{}: {error} of {place} expected, one of {rules:?}, found:\n{}",
                        case.id, case.context
                    )),
                    (Some(reason), true) => {
                        wrong.push(format!("{} agrees now, and is listed: {reason}", case.id));
                    }
                }
            }
        }
    }
    assert!(differences.is_empty(), "differences about errors that are not there: {differences:?}");
    assert!(unused.is_empty(), "meanings of errors that are not there: {unused:?}");
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
    // Held, so that a suite that no longer says what is wrong is noticed.
    assert_eq!(compared, EXPLAINED);
}

#[test]
fn chains_made_for_this_are_refused_for_just_the_rules_that_they_break() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/chains.json");
    let mut wrong = Vec::new();
    for case in judged(&fs::read(path).expect("testdata/chains.json")) {
        let expected: BTreeSet<&str> = case.document["rules"]
            .as_array()
            .expect("rules")
            .iter()
            .map(|rule| rule.as_str().expect("a rule's name"))
            .collect();
        let found = case.context.lines().filter_map(|line| line.split(' ').next()).collect();
        if case.actual != case.expected || expected != found {
            wrong.push(format!("{}: {} for {expected:?} expected: {}", case.id, case.expected, case.context));
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

/// A case, with what the harness says of it.
struct Case {
    id: String,
    expected: String,
    actual: String,
    /// Why: a line for each refusal, `RULE [POSITION] SUBJECT: MESSAGE`.
    context: String,
    document: Value,
}

impl Case {
    /// What the suite says is wrong, each error once: where, in the form in which the harness says it (none where
    /// the suite does not say), and what.
    fn expected_errors(&self) -> BTreeSet<(Option<String>, String)> {
        let anchor = self.document["untrusted_intermediates"].as_array().map_or(0, Vec::len) + 1;
        let mut errors = BTreeSet::new();
        for one in self.document["expected_errors"].as_array().into_iter().flatten() {
            // Index 0 is the peer, whose position is 1.
            let place = one["index"].as_u64().and_then(|index| usize::try_from(index).ok()).map(|index| {
                let subject = one["subject"].as_str().expect("a subject");
                if index == anchor {
                    format!("[anchor] {subject}: ")
                } else {
                    format!("[{}] {subject}: ", index + 1)
                }
            });
            let texts = one["errors"].as_array().into_iter().flatten();
            errors.extend(texts.map(|text| (place.clone(), text.as_str().expect("an error").to_owned())));
        }
        errors
    }
}

fn cases(shared: &Path, suite: &str) -> Vec<Case> {
    judged(&unpacked(&shared.join(format!("suites/chains/{suite}.json.gz"))))
}

fn judged(document: &[u8]) -> Vec<Case> {
    let results = harness(document);
    let document: Value = serde_json::from_slice(document).expect("JSON");
    let cases = document["testcases"].as_array().expect("cases");
    cases
        .iter()
        .map(|case| {
            let id = case["id"].as_str().expect("an id").to_owned();
            let (actual, context) = results.get(&id).cloned().unwrap_or_else(|| panic!("no result for {id}"));
            let expected = case["expected_result"].as_str().expect("a result").to_owned();
            Case { id, expected, actual, context, document: case.clone() }
        })
        .collect()
}

/// The results of the harness, by case: what it says, and why.
fn harness(document: &[u8]) -> BTreeMap<String, (String, String)> {
    let programs = Path::new(env!("CARGO_BIN_EXE_coldcert")).parent().expect("a folder");
    let program = programs.join("examples/limbo");
    assert!(program.is_file(), "{} is not built: run the tests without --test", program.display());
    let mut child =
        Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the harness");
    let mut stdin = child.stdin.take().expect("its stdin");
    let document = document.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&document).expect("written"));
    let output = child.wait_with_output().expect("the harness ends");
    writer.join().expect("the document is written");
    assert!(output.status.success(), "{}", output.status);
    let results: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    results["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|one| (text(&one["id"]), (text(&one["actual_result"]), text(&one["context"]))))
        .collect()
}

fn testdata(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    serde_json::from_slice(&fs::read(path).expect(name)).expect("JSON")
}

/// An object of texts: what is listed, with the reason for each.
fn texts(object: &Value) -> BTreeMap<String, String> {
    let members = object.as_object().expect("an object");
    members.iter().map(|(id, text)| (id.clone(), text.as_str().expect("a reason").to_owned())).collect()
}

fn unpacked(path: &Path) -> Vec<u8> {
    let output = Command::new("gzip").arg("-dc").arg(path).output().expect("gzip");
    assert!(output.status.success(), "{}", path.display());
    output.stdout
}

const AGREED: usize = 1380;
const EXPLAINED: usize = 52;
const SKIPPED: usize = 3;
