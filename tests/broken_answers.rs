//! Answers, each a file in `testdata/answers`: good ones, and good ones with one thing changed, which are found out
//! for the one rule that the change breaks, about the certificate that was changed, and for nothing else.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::CommandFactory;
use coldcert::bundle::{Bundle, Source};
use coldcert::cli::Arguments;
use coldcert::crl::CertificateRevocationList;
use coldcert::csr::CertificateRequest;
use coldcert::fingerprint::Fingerprint;
use coldcert::identifier::Identifier;
use coldcert::key::PublicKey;
use coldcert::pem;
use coldcert::time::UnixTime;
use coldcert::verdict::{
    Finding, Holder, PeerName, Profile, PurposeReading, Question, Severity, Terms, Verdict, rules,
};
use der::asn1::ObjectIdentifier;
use serde::Deserialize;
use serde_json::Value;

use support::{Run, Workplace};

#[test]
fn a_broken_answer_is_found_out_for_the_one_rule_that_it_breaks() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|(name, case)| {
            let verdict = case.judged();
            let found: Vec<Found> = verdict.findings().iter().map(Found::of).collect();
            (found != case.expected()).then(|| format!("{name}: {}", listed(verdict.findings())))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_good_answer_is_accepted_by_every_profile() {
    let good: Vec<_> = cases().into_iter().filter(|(_, case)| case.expect.is_none()).collect();
    assert!(good.len() > 20, "{} good answers", good.len());
    for (name, mut case) in good {
        // The Web's own rules are for the Web's certificates.
        let profiles: &[Profile] = match case.profile.as_str() {
            "webpki" => &Profile::ALL,
            _ => &[Profile::KeyVault, Profile::Rfc5280],
        };
        for profile in profiles {
            profile.name().clone_into(&mut case.profile);
            let verdict = case.judged();
            assert!(verdict.findings().is_empty(), "{name}: {}", listed(verdict.findings()));
            assert!(verdict.accept().is_ok(), "{name}");
        }
    }
}

#[test]
fn a_finding_names_both_sides_and_says_what_to_do() {
    let mut wrong = Vec::new();
    for (name, case) in cases() {
        let verdict = case.judged();
        for finding in verdict.findings() {
            assert!(!finding.message.is_empty() && !finding.help.is_empty(), "{name}: {finding:?}");
        }
        let Some(expect) = &case.expect else { continue };
        let [one, other] = &expect.says[..] else { panic!("{name}: two sides are expected") };
        assert!(!one.is_empty() && !other.is_empty(), "{name}");
        let found = verdict.findings().iter().find(|finding| finding.rule.name == expect.rule);
        let message = found.map(|finding| finding.message.as_str()).unwrap_or_default();
        if !message.contains(one) || !message.contains(other) {
            wrong.push(format!("{name}: {one:?} and {other:?} in {message:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_follows_from_a_fault_is_told_where_somebody_accepts_the_fault() {
    for (name, follows) in [
        ("extension-malformed-constraints-ca", "not-a-ca"),
        ("extension-malformed-key-usage-ca", "ca-cannot-sign"),
        ("extension-malformed-alternative-names-cut", "name-not-covered"),
        ("extension-malformed-purposes-needed", "purpose-not-allowed"),
        ("no-alternative-names-leaf", "name-not-covered"),
        ("not-a-ca-signed-by-a-leaf", "ca-cannot-sign"),
        ("weak-signature-md5-webpki", "signature-not-checked"),
    ] {
        let case = &cases().into_iter().find(|(one, _)| one == name).expect("a case").1;
        let rule = case.expect.as_ref().expect("a broken one").rule.as_str();
        let verdict = case.judged_but_for(&[rule]);
        let refused = verdict.findings().iter().filter(|finding| finding.severity == Severity::Refuse);
        let refused: Vec<&str> = refused.map(|finding| finding.rule.name).collect();
        assert!(refused.contains(&follows), "{name}: {}", listed(verdict.findings()));
    }
}

#[test]
fn the_program_says_what_the_library_says() {
    let mut count = 0;
    for (name, case) in cases() {
        if !case.is_one_for_the_program() {
            continue;
        }
        count += 1;
        let run = case.checked_by_the_program();
        let verdict = case.judged();
        assert_eq!(run.code, Some(if verdict.is_accepted() { 0 } else { 1 }), "{name}: {}", run.stderr);
        let report = run.json();
        let mut said = report["findings"].as_array().expect("findings").clone();
        // What is about the files, only the program knows.
        said.retain(|finding| !ABOUT_FILES.iter().any(|rule| finding["rule"] == *rule));
        assert_eq!(said.len(), verdict.findings().len(), "{name}: {report:#}");
        for (said, finding) in said.iter().zip(verdict.findings()) {
            let about = finding.about.as_ref().expect("a certificate");
            let (certificate, text) =
                (&said["certificate"], |value: &Value| value.as_str().map(str::to_owned));
            assert_eq!(text(&said["rule"]).as_deref(), Some(finding.rule.name), "{name}");
            assert_eq!(text(&said["severity"]).as_deref(), Some(finding.severity.word()), "{name}");
            assert_eq!(certificate["position"], Value::from(about.position), "{name}");
            assert_eq!(text(&certificate["sha256"]), Some(about.fingerprint.hex()), "{name}");
            let line = format!("{:<7} {:<16} {about}: ", finding.severity.word(), finding.rule.name);
            assert!(run.stderr.contains(&line), "{name}: no {line:?} in {}", run.stderr);
        }
    }
    assert!(count > 150, "{count} cases were put to the program");
}

#[test]
fn a_command_in_a_help_line_is_one_that_the_program_understands() {
    let mut commands = BTreeSet::new();
    for (name, case) in cases() {
        let mut helps: Vec<String> =
            case.judged().findings().iter().map(|finding| finding.help.clone()).collect();
        if case.is_one_for_the_program() && !name.starts_with("good") {
            let report = case.checked_by_the_program().json();
            let found = report["findings"].as_array().into_iter().flatten();
            helps.extend(found.filter_map(|finding| finding["help"].as_str().map(str::to_owned)));
        }
        commands.extend(helps.iter().filter_map(|help| command_in(help)));
    }
    assert!(commands.len() > 5, "{commands:?}");
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let parsed = Arguments::command().try_get_matches_from(&words);
        assert!(parsed.is_ok(), "{command}: {}", parsed.expect_err("an error"));
    }
}

/// The command that a help line names: to its end, or between backquotes.
fn command_in(help: &str) -> Option<String> {
    let start = help.find("coldcert ")?;
    let quoted = help[..start].ends_with('`');
    let command = &help[start..];
    Some(if quoted { command.split('`').next().unwrap_or(command) } else { command }.to_owned())
}

#[test]
fn every_rule_is_broken_by_a_case() {
    let cases = cases();
    let broken: BTreeSet<&str> =
        cases.iter().filter_map(|(_, case)| Some(case.expect.as_ref()?.rule.as_str())).collect();
    let all: BTreeSet<&str> =
        rules().map(|rule| rule.name).filter(|rule| !ABOUT_FILES.contains(rule)).collect();
    assert_eq!(all.difference(&broken).collect::<Vec<_>>(), [&""; 0], "rules without a case");
    assert_eq!(broken.difference(&all).collect::<Vec<_>>(), [&""; 0], "cases without a rule");
    let count = cases.iter().filter(|(_, case)| case.expect.is_some()).count();
    assert!(count >= 200, "{count} broken answers");
}

#[test]
fn a_case_with_an_unknown_key_is_none() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/answers");
    let text = fs::read_to_string(folder.join("expired-leaf.json")).expect("a case");
    assert!(serde_json::from_str::<Case>(&text).is_ok());
    for (known, unknown) in [("\"crls\"", "\"crl\""), ("\"says\"", "\"say\""), ("{", "{\"roles\": [],")] {
        assert!(serde_json::from_str::<Case>(&text.replacen(known, unknown, 1)).is_err(), "{unknown}");
    }
}

/// Rules about the files that an answer came in, for which `tests/real_pains.rs` and `tests/x5c.rs` have cases.
const ABOUT_FILES: [&str; 6] = [
    "one-file-only",
    "portal-cannot-read",
    "az-cannot-read",
    "powershell-cannot-read",
    "library-cannot-read",
    "order-not-leaf-first",
];

/// A file of the folder.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What is special about it, in a sentence.
    case: String,
    /// RFC 3339.
    at: String,
    profile: String,
    server_names: Vec<String>,
    #[serde(default)]
    mailboxes: Vec<String>,
    purpose: Option<String>,
    /// The policies that are accepted, where not all are.
    #[serde(default)]
    policies: Vec<String>,
    #[serde(default)]
    revocation_required: bool,
    intermediates_max: Option<usize>,
    /// For how many months it was asked.
    validity_months: Option<u32>,
    /// Where the vault holds the leaf's key.
    #[serde(default)]
    held_by: Vec<HeldBy>,
    /// How purposes are read, where not as RFC 5280 has it.
    purpose_reading: Option<String>,
    /// PEM, as all that follows: the request, or where nobody could sign one the key.
    request: Option<String>,
    key: Option<String>,
    /// The answer, in the order in which it came.
    certificates: Vec<String>,
    roots: Vec<String>,
    crls: Vec<String>,
    /// What is found; null for a good answer.
    expect: Option<Expected>,
    /// Rules of lesser findings beside it.
    also: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldBy {
    name: String,
    /// None for an operation that waits.
    version: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    rule: String,
    severity: String,
    /// Its position in the answer, from 1, or `anchor`.
    about: Value,
    /// The two sides that the message names.
    says: Vec<String>,
}

impl HeldBy {
    fn holder(&self) -> Holder {
        let version = self.version.as_deref().map(|hex| Identifier::from_hex(hex).expect("a version"));
        Holder { name: self.name.clone(), version }
    }
}

impl Case {
    fn expected(&self) -> Vec<Found> {
        let first = self.expect.as_ref().map(|expect| {
            let about = match &expect.about {
                Value::String(text) if text == "anchor" => Some(About::Anchor),
                number => number.as_u64().and_then(|at| usize::try_from(at).ok()).map(About::Given),
            };
            Found {
                rule: expect.rule.clone(),
                detail: Some((expect.severity.clone(), about.expect("a position or anchor"))),
            }
        });
        let others = self.also.iter().map(|rule| Found { rule: rule.clone(), detail: None });
        first.into_iter().chain(others).collect()
    }

    fn judged(&self) -> Verdict {
        self.judged_but_for(&[])
    }

    /// Some rules' findings do not refuse.
    fn judged_but_for(&self, accepted: &[&str]) -> Verdict {
        assert!(self.case.ends_with('.'), "a sentence: {}", self.case);
        let (key, request) = self.held();
        let given = bundle("answer.pem", &self.certificates.concat());
        let mut terms = Terms::of(self.profile());
        if !self.roots.is_empty() {
            let roots = bundle("roots.pem", &self.roots.concat());
            terms.anchors = roots.certificates.into_iter().map(|given| given.certificate).collect();
        }
        terms.crls = self.crls.iter().map(|text| read(text, CertificateRevocationList::from_der)).collect();
        terms.revocation_required = self.revocation_required;
        terms = terms.for_servers(self.server_names.iter().map(|name| PeerName::of_host(name)).collect());
        terms.peer_names.extend(self.mailboxes.iter().cloned().map(PeerName::Email));
        terms.purpose = self.purpose.as_deref().map(identifier).or(terms.purpose);
        terms.policies.user_initial_policy_set = self.policies.iter().map(|one| identifier(one)).collect();
        terms.request = request;
        terms.validity_months = self.validity_months;
        terms.choices.purpose = match self.purpose_reading.as_deref() {
            None => PurposeReading::default(),
            Some("profile") => PurposeReading::Profile,
            Some(other) => panic!("a purpose reading: {other}"),
        };
        let holders: Vec<(Fingerprint, Holder)> =
            self.held_by.iter().map(|one| (key.fingerprint(), one.holder())).collect();
        terms.acceptance.rules = rules().filter(|rule| accepted.contains(&rule.name)).collect();
        if let Some(most) = self.intermediates_max {
            terms.intermediates_max = most;
        }
        let at = UnixTime::from_rfc3339(&self.at).expect("a time");
        let question = Question::new("request.csr", &key, &given, at, &terms);
        Verdict::judge(&Question { holders: &holders, ..question })
    }

    fn held(&self) -> (PublicKey, Option<CertificateRequest>) {
        match (&self.request, &self.key) {
            (Some(text), None) => {
                let request = read(text, CertificateRequest::from_der);
                (request.public_key().clone(), Some(request))
            }
            (None, Some(text)) => (read(text, PublicKey::from_der), None),
            _ => panic!("a request or a key is expected: {}", self.case),
        }
    }

    fn profile(&self) -> Profile {
        Profile::ALL.into_iter().find(|one| one.name() == self.profile).expect("a profile")
    }

    /// Whether the program has an option for all that is asked.
    fn is_one_for_the_program(&self) -> bool {
        let of_the_library_alone = self.revocation_required
            || self.purpose.is_some()
            || self.intermediates_max.is_some()
            || self.validity_months.is_some()
            || !self.held_by.is_empty()
            || self.purpose_reading.is_some()
            || !self.policies.is_empty()
            || !self.mailboxes.is_empty();
        !of_the_library_alone
    }

    fn checked_by_the_program(&self) -> Run {
        let work = Workplace::empty();
        let mut line = vec!["check", "answer.pem", "--json", "--at", &self.at, "--profile", &self.profile];
        work.write("answer.pem", self.certificates.concat());
        match &self.request {
            Some(request) => {
                work.write("request.csr", request);
                line.extend(["--csr", "request.csr"]);
            }
            None => {
                work.write("key.pem", self.key.as_ref().expect("a request or a key"));
                line.extend(["--key", "key.pem"]);
            }
        }
        for (option, file, texts) in
            [("--roots", "roots.pem", &self.roots), ("--crl", "crls.pem", &self.crls)]
        {
            if !texts.is_empty() {
                work.write(file, texts.concat());
                line.extend([option, file]);
            }
        }
        for name in &self.server_names {
            line.extend(["--server-name", name]);
        }
        work.run_with(&line)
    }
}

/// A finding, as a case tells it: for those beside the expected one its rule alone.
#[derive(Debug)]
struct Found {
    rule: String,
    detail: Option<(String, About)>,
}

impl Found {
    fn of(finding: &Finding) -> Self {
        let about = finding.about.as_ref().expect("every finding is about a certificate");
        let about = about.position.map_or(About::Anchor, About::Given);
        Self { rule: finding.rule.name.to_owned(), detail: Some((finding.severity.word().to_owned(), about)) }
    }
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        let details = (&self.detail, &other.detail);
        self.rule == other.rule && (self.detail.is_none() || other.detail.is_none() || details.0 == details.1)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum About {
    Given(usize),
    Anchor,
}

/// Every case by its file's name, in order.
fn cases() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/answers");
    let entries = fs::read_dir(&folder).expect("testdata/answers");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let mut cases: Vec<(String, Case)> = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .map(|file| {
            let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
            let case: Case = serde_json::from_slice(&fs::read(&file).expect("a case"))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let rule = case.expect.as_ref().map_or("good", |expect| &expect.rule);
            assert!(name.starts_with(&format!("{rule}-")), "{name} is named after its rule, {rule}");
            (name, case)
        })
        .collect();
    cases.sort_by(|(one, _), (other, _)| one.cmp(other));
    cases
}

fn bundle(name: &str, text: &str) -> Bundle {
    Bundle::read(&[Source { name, bytes: text.as_bytes() }]).expect("certificates")
}

fn read<T, E: std::fmt::Display>(text: &str, from_der: fn(&[u8]) -> Result<T, E>) -> T {
    let blocks = pem::read(text.as_bytes()).expect("PEM");
    from_der(blocks[0].contents()).unwrap_or_else(|error| panic!("{error}"))
}

fn identifier(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new(text).expect("an object identifier")
}

/// What was found, for a failure's message.
fn listed(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| {
        let about = finding.about.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("\n    {} {} {about}: {}", finding.severity.word(), finding.rule.name, finding.message)
    });
    lines.collect()
}
