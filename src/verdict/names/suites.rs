//! The name constraints cases of the public suites, as far as their outcome hangs on names alone.
//!
//! They are read from `COLDCERT_SHARED` (default `../shared`), which is not part of the repository.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{COMPARISONS_MAX, faults};
use crate::certificate::Certificate;
use crate::name::GeneralName;
use crate::pem;
use crate::verdict::rule::{Profile, Severity};

#[test]
fn every_case_about_name_constraints_ends_as_its_suite_says() {
    let (mut judged, mut wrong) = (0, Vec::new());
    for suite in ["limbo", "boringssl", "openssl", "pkits"] {
        let Some(cases) = cases(suite) else {
            return;
        };
        for case in cases.iter().filter(|case| is_about_names(case)) {
            judged += 1;
            let (id, rules) = (text(case, "id"), best_path(case));
            let accepts = (rules == Some(BTreeSet::new())) != (id == DISPUTED);
            let expected = EXPECTED_RULES.iter().find(|(one, _)| *one == id);
            if accepts != (text(case, "expected_result") == "SUCCESS")
                || expected.is_some_and(|(_, rule)| rules != Some(BTreeSet::from([*rule])))
            {
                wrong.push((id.to_owned(), rules));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(judged > 50, "{judged} cases");
}

#[test]
fn every_better_tls_case_is_explained_by_constraints_or_by_the_name_that_was_asked_for() {
    let Some(cases) = cases("limbo") else {
        return;
    };
    let (mut by_constraints, mut by_name) = (0, 0);
    for case in cases.iter().filter(|case| text(case, "id").starts_with("bettertls::nameconstraints::")) {
        let id = text(case, "id");
        let free = best_path(case).is_some_and(|rules| rules.is_empty());
        if text(case, "expected_result") == "SUCCESS" {
            assert!(free && bears_the_expected_name(case), "{id}");
        } else if free {
            assert!(!bears_the_expected_name(case), "{id}");
            by_name += 1;
        } else {
            by_constraints += 1;
        }
    }
    // A case that moves from one to the other is a change of meaning.
    assert_eq!((by_constraints, by_name), BETTER_TLS_REFUSALS);
}

fn is_about_names(case: &Value) -> bool {
    let (id, features) = (text(case, "id"), case["features"].as_array().expect("features"));
    // Host names in common names are not constrained here; see the head of the module.
    !features.iter().any(|feature| feature == "nc-common-name")
        && [
            "::nc::",
            "::nc-",
            "cve-2025-61727",
            "::many-names::",
            "openssl::Name-",
            "ames-and-constraints",
            "t4.13.",
        ]
        .iter()
        .any(|part| id.contains(part))
}

/// The rules that refuse the path of the fewest; none where no certificate or no path can be read.
fn best_path(case: &Value) -> Option<BTreeSet<&'static str>> {
    let leaf = certificate(&case["peer_certificate"])?;
    let mut pool = certificates(case, "untrusted_intermediates")?;
    let anchors = certificates(case, "trusted_certs")?;
    pool.retain(|one| !anchors.contains(one));
    let mut found = Vec::new();
    let mut open = vec![vec![&leaf]];
    while let Some(path) = open.pop() {
        let last = path.last().expect("a path has a leaf");
        let issues = |one: &&Certificate| one.subject().matches(last.issuer());
        for anchor in anchors.iter().filter(issues) {
            let whole = [path.as_slice(), &[anchor]].concat();
            let mut budget = COMPARISONS_MAX;
            let rules = faults(&whole, &mut budget).into_iter().map(|fault| fault.rule);
            let refusing = rules.filter(|rule| rule.severity_in(Profile::Rfc5280) == Some(Severity::Refuse));
            found.push(refusing.map(|rule| rule.name).collect());
        }
        for next in pool.iter().filter(issues).filter(|one| !path.contains(one)) {
            open.push([path.as_slice(), &[next]].concat());
        }
    }
    found.into_iter().min_by_key(BTreeSet::len)
}

/// Whether an alternative name is the one that the client would have asked for.
fn bears_the_expected_name(case: &Value) -> bool {
    let expected = text(&case["expected_peer_name"], "value");
    let expected = match text(&case["expected_peer_name"], "kind") {
        "IP" => GeneralName::ip(expected),
        _ => GeneralName::dns(expected),
    };
    let leaf = certificate(&case["peer_certificate"]).expect("a leaf");
    leaf.alternative_names().contains(&expected.expect("a name"))
}

fn certificates(case: &Value, member: &str) -> Option<Vec<Certificate>> {
    case[member].as_array().expect("certificates").iter().map(certificate).collect()
}

fn certificate(value: &Value) -> Option<Certificate> {
    let blocks = pem::read(value.as_str().expect("PEM").as_bytes()).ok()?;
    Certificate::from_der(blocks.first()?.contents()).ok()
}

fn text<'a>(case: &'a Value, member: &str) -> &'a str {
    case[member].as_str().expect("text")
}

fn cases(suite: &str) -> Option<Vec<Value>> {
    let shared = std::env::var_os("COLDCERT_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let file = shared.join("suites/chains").join(format!("{suite}.json.gz"));
    if !file.is_file() {
        // Past the capture of the test runner: a skip that nobody sees is a lie.
        let _ =
            writeln!(std::io::stderr().lock(), "skipped: {} is not here (COLDCERT_SHARED)", file.display());
        return None;
    }
    let unpacked = Command::new("gzip").arg("-dc").arg(&file).output().expect("gzip");
    assert!(unpacked.status.success(), "gzip -dc {}", file.display());
    let mut document: Value = serde_json::from_slice(&unpacked.stdout).expect("JSON");
    match document["testcases"].take() {
        Value::Array(cases) => Some(cases),
        other => panic!("testcases: {other}"),
    }
}

/// Said to be accepted, yet its names go up to t340.test and the permitted ones to t170.test; and so do its
/// addresses and directory names. That its amount of names is not too many is so here as well.
const DISPUTED: &str = "boringssl::many-names::ok-all-types";

/// Cases and the one rule that they break.
const EXPECTED_RULES: [(&str, &str); 24] = [
    (DISPUTED, "name-not-permitted"),
    ("cve::cve-2025-61727", "name-excluded"),
    ("cve::cve-2025-61727-nc-permits-variant", "name-not-permitted"),
    ("rfc5280::nc::permitted-dns-mismatch", "name-not-permitted"),
    ("rfc5280::nc::excluded-dns-match-second", "name-excluded"),
    ("rfc5280::nc::permitted-ip-mismatch", "name-not-permitted"),
    ("rfc5280::nc::excluded-ipv6-match", "name-excluded"),
    ("rfc5280::nc::permitted-dn-match-subject-san-mismatch", "name-not-permitted"),
    ("rfc5280::nc::invalid-dnsname-wildcard", "name-constraint-malformed"),
    ("rfc5280::nc::invalid-dnsname-leading-period", "name-constraint-malformed"),
    ("rfc5280::nc::invalid-ipv6-address", "name-constraint-malformed"),
    ("rfc5280::nc::invalid-email-address", "name-constraint-malformed"),
    ("rfc5280::nc::not-allowed-in-ee-noncritical", "name-constraint-outside-ca"),
    ("rfc5280::nc::restrictive-permits-in-intermediates-widens", "name-not-permitted"),
    ("rfc5280::nc::nc-permits-invalid-ip-san", "name-malformed"),
    ("rfc5280::nc::nc-permits-invalid-email-san", "name-malformed"),
    ("rfc5280::nc::nc-forbids-othername", "name-constraint-not-understood"),
    (
        "webpki::nc::intermediate-permitted-excluded-subtrees-both-empty-sequences",
        "name-constraint-malformed",
    ),
    ("boringssl::many-names::toomany-all-types", "name-constraint-budget"),
    ("boringssl::many-names::toomany-dirnames-excluded", "name-constraint-budget"),
    ("boringssl::many-names::toomany-ips-permitted", "name-constraint-budget"),
    ("openssl::Name-Constraints-email-address-not-permitted", "name-not-permitted"),
    ("openssl::Name-constraints-nested-DNS-name-excluded", "name-excluded"),
    ("pkits::core::t4.13.26", "name-excluded"),
];

/// BetterTLS' refusals: by constraints, by the expected name alone.
const BETTER_TLS_REFUSALS: (usize, usize) = (519, 373);
