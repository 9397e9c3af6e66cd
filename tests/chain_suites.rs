//! Other projects' chains, judged by the public harness (`examples/limbo.rs`): every verdict is the expected one,
//! save those that `testdata/disputes.json` lists, each with its reason. A case of that list that starts to agree
//! fails as well.
//!
//! The suites are read from `COLDCERT_SHARED` (default `../shared`), which is not part of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn every_case_of_the_suites_is_judged_as_expected_or_is_a_known_dispute() {
    let Some(shared) = shared() else { return };
    let mut disputes = disputes();
    let mut wrong = Vec::new();
    let (mut agreed, mut skipped) = (0, 0);
    for suite in ["limbo", "pkits", "pkits-policy", "boringssl", "openssl", "go"] {
        let document = unpacked(&shared.join(format!("suites/chains/{suite}.json.gz")));
        let results = harness(&document);
        let document: Value = serde_json::from_slice(&document).expect("JSON");
        for case in document["testcases"].as_array().expect("cases") {
            let id = case["id"].as_str().expect("an id").to_owned();
            let expected = case["expected_result"].as_str().expect("a result");
            let (actual, context) = results.get(&id).unwrap_or_else(|| panic!("no result for {id}"));
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

/// The disputed cases, with the reason for each.
fn disputes() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/disputes.json");
    serde_json::from_slice(&fs::read(path).expect("testdata/disputes.json")).expect("ids and reasons")
}

fn unpacked(path: &Path) -> Vec<u8> {
    let output = Command::new("gzip").arg("-dc").arg(path).output().expect("gzip");
    assert!(output.status.success(), "{}", path.display());
    output.stdout
}

fn shared() -> Option<PathBuf> {
    let place = std::env::var_os("COLDCERT_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if place.is_dir() {
        return Some(place);
    }
    // Past the capture of the test runner: a skip that nobody sees is a lie.
    let _ = writeln!(std::io::stderr().lock(), "skipped: {} is not here (COLDCERT_SHARED)", place.display());
    None
}

const AGREED: usize = 1377;
const SKIPPED: usize = 3;
