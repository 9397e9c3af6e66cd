//! The public harness: reads cases in the x509-limbo format on stdin, judges each, and writes results on stdout.
//!
//! ```text
//! gzip -dc limbo.json.gz | cargo run --release --example limbo > results.json
//! ```
//!
//! With `--times` it says on stderr how long the ten slowest cases took.
//!
//! The profile follows from a case's namespace: `webpki::`, `bettertls::` and `online::` are judged by the webpki
//! profile, all others by rfc5280. Features that take the other of two reasonable choices are followed; a case is
//! skipped only for a feature that is listed in [`SKIPPED`], with its reason. Whether the result is the expected one is for the reader to say.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its user")]

use std::error::Error;
use std::io::Read;
use std::time::Instant;

use coldcert::bundle::{Bundle, Given, Origin};
use coldcert::certificate::Certificate;
use coldcert::crl::CertificateRevocationList;
use coldcert::pem;
use coldcert::time::UnixTime;
use coldcert::verdict::{
    ApplicationPolicies, Choices, CommonName, Conformance, PeerName, PolicyCriticality, PolicyInputs,
    Profile, PurposeReading, Question, Severity, Terms, TrustedLeaf, Verdict,
};
use der::asn1::ObjectIdentifier;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text)?;
    let document: Value = serde_json::from_slice(&text)?;
    let cases = document["testcases"].as_array().ok_or("no testcases in the document")?;
    let mut times = Vec::new();
    let mut timed = |case| {
        let start = Instant::now();
        let result = result(case);
        times.push((start.elapsed(), &case["id"]));
        result
    };
    let results: Vec<Value> = cases.iter().map(&mut timed).collect();
    println!("{:#}", json!({"version": 1, "harness": "coldcert", "results": results}));
    if std::env::args().any(|argument| argument == "--times") {
        times.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        for (time, id) in times.iter().take(SLOWEST) {
            eprintln!("{:8.3} ms {id}", time.as_secs_f64() * 1000.0);
        }
    }
    Ok(())
}

fn result(case: &Value) -> Value {
    let features = texts(&case["features"]);
    let skipped = SKIPPED.iter().find(|(feature, _)| features.contains(feature));
    let (actual, context) = match skipped {
        Some((feature, reason)) => ("SKIPPED", format!("{feature}: {reason}")),
        None => match judged(case) {
            Ok((accepted, context)) => (if accepted { "SUCCESS" } else { "FAILURE" }, context),
            Err(error) => ("FAILURE", error),
        },
    };
    json!({"id": case["id"], "actual_result": actual, "context": context})
}

/// Whether a case is accepted, with the names of the rules that were found broken.
fn judged(case: &Value) -> Result<(bool, String), String> {
    let mut given = vec![certificate(&case["peer_certificate"])?];
    for pem in texts(&case["untrusted_intermediates"]) {
        given.push(certificate(&pem.into())?);
    }
    let mut terms = Terms::of(profile(case));
    // Without an anchor the judge would judge the chain on its own; here it is a path to nowhere (RFC 5280 6.1.1(d)).
    if texts(&case["trusted_certs"]).is_empty() {
        return Ok((false, "no trust anchor in the case".to_owned()));
    }
    for pem in texts(&case["trusted_certs"]) {
        terms.anchors.push(certificate(&pem.into())?);
    }
    terms.purpose = purpose(case);
    terms.peer_names = peer_names(case);
    for pem in texts(&case["crls"]) {
        terms.crls.push(revocation_list(pem)?);
    }
    // Where there are lists every certificate is to be on the good side of one.
    terms.revocation_required = !terms.crls.is_empty();
    terms.policies = policy_inputs(&case["policy"]);
    terms.choices = choices(&texts(&case["features"]), &case["key_purpose"], case["policy"].is_object());
    if let Some(depth) = case["max_chain_depth"].as_u64() {
        terms.intermediates_max = usize::try_from(depth).unwrap_or(usize::MAX);
    }
    let at = match case["validation_time"].as_str() {
        Some(text) => UnixTime::from_rfc3339(text).map_err(|error| error.to_string())?,
        None => UnixTime::now(),
    };
    let key = given[0].public_key().clone();
    let place = Origin::of_file("the case");
    let certificates =
        given.into_iter().map(|certificate| Given { certificate, place: place.clone() }).collect();
    let bundle = Bundle::of(certificates);
    let question = Question { leaf: Some(0), ..Question::new("peer", &key, &bundle, at, &terms) };
    let verdict = Verdict::judge(&question);
    let refusals: Vec<String> = verdict
        .findings()
        .iter()
        .filter(|finding| finding.severity == Severity::Refuse)
        .map(|finding| {
            let about = finding.about.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{} {about}: {}", finding.rule.name, finding.message)
        })
        .collect();
    Ok((verdict.is_accepted(), refusals.join("\n")))
}

fn profile(case: &Value) -> Profile {
    let namespace = case["id"].as_str().and_then(|id| id.split("::").next()).unwrap_or_default();
    match namespace {
        "webpki" | "bettertls" | "online" => Profile::Webpki,
        _ => Profile::Rfc5280,
    }
}

/// One purpose is named, or none and the kind of the case tells; `anyExtendedKeyUsage` asks for none.
fn purpose(case: &Value) -> Option<ObjectIdentifier> {
    let named = texts(&case["extended_key_usage"]);
    let default = if case["validation_kind"] == "CLIENT" { "clientAuth" } else { "serverAuth" };
    let name = named.first().copied().unwrap_or(default);
    PURPOSES.iter().find(|(known, _)| *known == name).map(|(_, oid)| *oid)
}

/// Where a feature takes the other of two reasonable choices, that one; all others as everywhere.
fn choices(features: &[&str], key_purpose: &Value, processes_policies: bool) -> Choices {
    let named = |feature: &str| features.contains(&feature);
    let mut choices = Choices::default();
    choices.anchor.constraints = !named("anchor-constraints-ignored");
    choices.anchor.dates = !named("anchor-expiration-ignored");
    if named("no-trusted-leaf") {
        choices.trusted_leaf = TrustedLeaf::NeedsIssuer;
    }
    if named("strict-purpose") {
        // BoringSSL has two degrees of it, and its cases say which.
        let leaf_alone = key_purpose.as_str().is_some_and(|name| name.ends_with("_STRICT_LEAF"));
        choices.purpose = if leaf_alone { PurposeReading::StrictLeaf } else { PurposeReading::Strict };
    }
    if named("purpose-profile") {
        choices.purpose = PurposeReading::Profile;
    }
    if named("nc-common-name") {
        choices.common_name = CommonName::IsConstrained;
    }
    // BoringSSL's and limbo's name for what RFC 5280 asks and the Web does not, and limbo's for what hardly anybody asks.
    if named("pedantic-rfc5280") || named("rfc5280-incompatible-with-webpki") {
        choices.conformance = Conformance::ToTheLetter;
    }
    if processes_policies {
        choices.policy_criticality = PolicyCriticality::IsNoMatter;
    }
    if named("ms-application-policies") {
        choices.application_policies = ApplicationPolicies::RepeatPurposes;
    }
    choices
}

/// The member that the PKITS cases have beyond the format.
fn policy_inputs(policy: &Value) -> PolicyInputs {
    let set = texts(&policy["policy_set"]);
    PolicyInputs {
        user_initial_policy_set: set.iter().filter_map(|text| ObjectIdentifier::new(text).ok()).collect(),
        explicit_policy: policy["explicit_policy"].as_bool().unwrap_or(false),
        policy_mapping_inhibit: policy["policy_mapping_inhibit"].as_bool().unwrap_or(false),
        any_policy_inhibit: policy["any_policy_inhibit"].as_bool().unwrap_or(false),
    }
}

fn peer_names(case: &Value) -> Vec<PeerName> {
    let one = |name: &Value| {
        let text = name["value"].as_str()?;
        match name["kind"].as_str()? {
            "RFC822" => Some(PeerName::Email(text.to_owned())),
            _ => Some(PeerName::of_host(text)),
        }
    };
    let several = case["expected_peer_names"].as_array().into_iter().flatten();
    one(&case["expected_peer_name"]).into_iter().chain(several.filter_map(one)).collect()
}

fn certificate(pem: &Value) -> Result<Certificate, String> {
    let blocks = pem::read(pem.as_str().unwrap_or_default().as_bytes()).map_err(|error| error.to_string())?;
    let block = blocks.first().ok_or("no certificate in the case")?;
    Certificate::from_der(block.contents()).map_err(|error| error.to_string())
}

fn revocation_list(pem: &str) -> Result<CertificateRevocationList, String> {
    let blocks = pem::read(pem.as_bytes()).map_err(|error| error.to_string())?;
    let block = blocks.first().ok_or("no revocation list in the case")?;
    CertificateRevocationList::from_der(block.contents()).map_err(|error| error.to_string())
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// How many cases `--times` names.
const SLOWEST: usize = 10;

/// Features that ask for what is not there.
const SKIPPED: [(&str, &str); 1] = [("dsa", "the cryptographic provider has no DSA")];

/// RFC 5280 4.2.1.12.
const PURPOSES: [(&str, ObjectIdentifier); 6] = [
    ("serverAuth", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1")),
    ("clientAuth", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2")),
    ("codeSigning", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3")),
    ("emailProtection", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4")),
    ("timeStamping", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8")),
    ("OCSPSigning", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9")),
];
