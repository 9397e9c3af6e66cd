//! The public cases about CRLs, held against [`faults`](super::faults): NIST PKITS and x509-limbo, in the
//! latter's format. They are read from `COLDCERT_SHARED` (default `../shared`), which is not part of the
//! repository.
//!
//! A path is only built here, not judged: cases that are refused for another reason than a CRL are run for
//! what the CRLs say alone.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{Checked, faults};
use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
use crate::pem;
use crate::time::UnixTime;

#[test]
fn every_public_case_about_crls_comes_out_as_its_makers_say() {
    let mut count = 0;
    for case in cases("pkits").chain(cases("limbo")).filter(|case| has_feature(case, "has-crl")) {
        let (found, expected) = (judge(&case, true), text(&case["expected_result"]));
        let accepted = found.as_ref().is_some_and(Vec::is_empty);
        assert_eq!(accepted, expected == "SUCCESS", "{}: {found:?}", text(&case["id"]));
        if case["id"] == "pkits::crl::t4.5.8" {
            // Its leaf is signed by a key for CRLs alone, so there is no path at all.
            assert_eq!(found, None);
            count += 1;
            continue;
        }
        // Where the case does not turn on an unknown status, the certificate is called revoked. In limbo's
        // about cRLSign it is unknown as well: the CRL does not count.
        let revoked = found.unwrap_or_default().contains(&"revoked");
        let unknown = has_feature(&case, "crl-required") || case["id"] == "crl::issuer-missing-crlsign";
        assert_eq!(revoked, expected == "FAILURE" && !unknown, "{}", text(&case["id"]));
        count += 1;
    }
    assert!(count == 0 || count == 36 + 3, "{count} cases");
}

#[test]
fn no_good_path_of_pkits_lacks_a_crl() {
    let mut count = 0;
    for case in cases("pkits").chain(cases("pkits-policy")) {
        // The provider has no DSA; and one leaf is valid since 1950, before what is read as a date.
        let left_out = has_feature(&case, "dsa") || case["id"] == "pkits::core::t4.2.3";
        if case["expected_result"] == "SUCCESS" && !left_out {
            assert_eq!(judge(&case, true), Some(Vec::new()), "{}", text(&case["id"]));
            count += 1;
        }
    }
    assert!(count == 0 || count > 60, "{count} cases");
}

/// The rules that the CRLs of a case break, for the path of fewest faults; none where there is no path or
/// a CRL cannot be read, which fails a case.
fn judge(case: &Value, required: bool) -> Option<Vec<&'static str>> {
    let certificates = |member: &str| -> Vec<Certificate> {
        list(&case[member]).filter_map(|one| Certificate::from_der(&der(one)).ok()).collect()
    };
    let anchors = certificates("trusted_certs");
    let intermediates = certificates("untrusted_intermediates");
    let leaf = Certificate::from_der(&der(&case["peer_certificate"])).ok()?;
    let crls: Result<Vec<_>, _> =
        list(&case["crls"]).map(|one| CertificateRevocationList::from_der(&der(one))).collect();
    let crls = crls.ok()?;
    let at = case["validation_time"].as_str().unwrap_or("2020-01-01T00:00:00Z");
    let at = UnixTime::from_rfc3339(at).unwrap();
    let extra: Vec<&Certificate> = intermediates.iter().collect();
    let mut paths = Vec::new();
    extend(&mut vec![&leaf], &extra, &anchors, &mut paths);
    let all = paths.into_iter().map(|(path, anchor)| {
        let found = faults(&path, Some(anchor), &extra, &crls, at, required, &Checked::default());
        for fault in &found {
            assert!(!fault.message.is_empty() && !fault.help.is_empty() && fault.at < path.len());
        }
        found.iter().map(|fault| fault.rule.name).collect::<Vec<_>>()
    });
    all.min_by_key(Vec::len)
}

/// Every path of CAs by names and signatures, from the leaf to an anchor.
fn extend<'a>(
    path: &mut Vec<&'a Certificate>,
    intermediates: &[&'a Certificate],
    anchors: &'a [Certificate],
    found: &mut Vec<(Vec<&'a Certificate>, &'a Certificate)>,
) {
    let last = *path.last().unwrap();
    let signed = |issuer: &Certificate| {
        issuer.subject().matches(last.issuer()) && last.verify_signature(issuer.public_key()).is_ok()
    };
    found.extend(anchors.iter().filter(|anchor| signed(anchor)).map(|anchor| (path.clone(), anchor)));
    for issuer in intermediates {
        if issuer.is_authority() && !path.contains(issuer) && signed(issuer) {
            path.push(issuer);
            extend(path, intermediates, anchors, found);
            path.pop();
        }
    }
}

fn cases(suite: &str) -> impl Iterator<Item = Value> {
    let shared =
        std::env::var_os("COLDCERT_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let file = shared.join(format!("suites/chains/{suite}.json.gz"));
    let mut document = Value::Null;
    if file.exists() {
        let output = Command::new("gzip").arg("-dc").arg(&file).output().expect("gzip");
        assert!(output.status.success(), "gzip -dc {}", file.display());
        document = serde_json::from_slice(&output.stdout).expect("JSON");
    } else {
        writeln!(std::io::stderr().lock(), "skipped: {} is not here (COLDCERT_SHARED)", file.display())
            .unwrap();
    }
    match document["testcases"].take() {
        Value::Array(cases) => cases.into_iter(),
        _ => Vec::new().into_iter(),
    }
}

fn has_feature(case: &Value, feature: &str) -> bool {
    list(&case["features"]).any(|one| one == feature)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn der(value: &Value) -> Vec<u8> {
    pem::read(text(value).as_bytes()).expect("PEM")[0].contents().to_vec()
}
