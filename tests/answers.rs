//! Answers of a CA, right and wrong: which path is found, what is found wrong, and what a refusal leaves.

mod support;

use coldcert::authority::{Authority, Validity};
use coldcert::bundle::{Bundle, Given, Origin};
use coldcert::certificate::Certificate;
use coldcert::csr::CertificateRequest;
use coldcert::key::{PrivateKey, Signer};
use coldcert::pending::Operation;
use coldcert::policy::{Document, KeyKind, ObjectName, Policy, Tags};
use coldcert::time::UnixTime;
use coldcert::vault::{NewCertificate, Vault, VaultError};
use coldcert::verdict::{Holder, Profile, Question, Terms, Verdict, rules};
use serde_json::json;

#[test]
fn the_chain_is_found_in_any_order_and_put_leaf_first() {
    let ca = Ca::new();
    let (key, leaf) = ca.leaf();
    let (root, intermediate) = (ca.root.certificate(), ca.intermediate.certificate());
    let orders: [[&Certificate; 3]; 6] = [
        [&leaf, intermediate, root],
        [&leaf, root, intermediate],
        [intermediate, &leaf, root],
        [intermediate, root, &leaf],
        [root, &leaf, intermediate],
        [root, intermediate, &leaf],
    ];
    for order in orders {
        let accepted = judge(&key, &order, now()).accept().expect("accepted");
        assert_eq!(accepted.leaf(), &leaf);
        assert_eq!(accepted.issuers(), [intermediate.clone(), root.clone()]);
        assert!(accepted.findings().is_empty());
    }
}

#[test]
fn each_fault_is_found_and_nothing_else() {
    let ca = Ca::new();
    let (key, leaf) = ca.leaf();
    let (root, intermediate) = (ca.root.certificate(), ca.intermediate.certificate());
    let stranger = Authority::root("CN=Stranger", KeyKind::P256, validity()).expect("a root");
    // Another CA that calls itself the same.
    let impostor = Authority::root("CN=Intermediate", KeyKind::P256, validity()).expect("a root");
    let tampered = flipped_last_bit(&leaf);
    let cases: [(&str, Vec<&Certificate>, &[&str]); 9] = [
        ("whole", vec![&leaf, intermediate, root], &[]),
        ("leaf alone", vec![&leaf], &["only-the-leaf"]),
        ("no root", vec![&leaf, intermediate], &["issuer-not-given"]),
        ("no leaf", vec![intermediate, root], &["key-mismatch"]),
        ("twice", vec![&leaf, intermediate, root, intermediate], &["duplicate"]),
        ("a stranger beside it", vec![&leaf, intermediate, root, stranger.certificate()], &["unrelated"]),
        ("changed on the way", vec![&tampered, intermediate, root], &["bad-signature"]),
        ("an issuer of the same name", vec![&leaf, impostor.certificate()], &["bad-signature"]),
        ("the right one beside it", vec![&leaf, impostor.certificate(), intermediate, root], &["unrelated"]),
    ];
    for (what, certificates, expected) in cases {
        let verdict = judge(&key, &certificates, now());
        let found: Vec<&str> = verdict.findings().iter().map(|finding| finding.rule.name).collect();
        assert_eq!(found, expected, "{what}");
        for finding in verdict.findings() {
            assert!(rules().any(|rule| rule == finding.rule), "{} is in the table", finding.rule.name);
            assert!(!finding.help.is_empty() && !finding.message.is_empty(), "{}", finding.rule.name);
        }
    }
}

#[test]
fn dates_are_judged_at_the_stated_time_for_every_certificate_of_the_path() {
    let ca = Ca::new();
    let (key, leaf) = ca.leaf();
    let chain = [&leaf, ca.intermediate.certificate(), ca.root.certificate()];
    let names = |at: UnixTime| -> Vec<&'static str> {
        judge(&key, &chain, at).findings().iter().map(|finding| finding.rule.name).collect()
    };
    assert_eq!(names(leaf.not_before()), [""; 0]);
    assert_eq!(names(leaf.not_after()), ["expires-soon"]);
    assert_eq!(names(leaf.not_after().plus_seconds(1)), ["expired"]);
    assert_eq!(names(leaf.not_before().plus_seconds(-1)), ["not-yet-valid"; 3]);
    assert_eq!(names(ca.root.certificate().not_after().plus_seconds(1)), ["expired"; 3]);
}

#[test]
fn of_two_leaves_for_one_key_the_newer_is_taken() {
    let ca = Ca::new();
    let (key, old) = ca.leaf();
    let request = request(&key, "CN=www.example.com");
    let newer =
        ca.intermediate.sign(&request, Validity::days(now().plus_seconds(-60), 5)).expect("a certificate");
    let verdict = judge(&key, &[&newer, &old, ca.intermediate.certificate(), ca.root.certificate()], now());
    let found: Vec<&str> = verdict.findings().iter().map(|finding| finding.rule.name).collect();
    assert_eq!(found, ["several-leaves"]);
    assert_eq!(verdict.accept().expect("accepted").leaf(), &newer);
}

#[test]
fn a_certificate_that_says_it_signed_itself_and_did_not_is_no_answer() {
    let ca = Ca::new();
    let (key, leaf) = ca.leaf();
    let (root, intermediate) = (ca.root.certificate(), ca.intermediate.certificate());
    // Whoever has the request can write such a certificate: only the signature is out of reach.
    let forged = forged_self_signed(&key);
    let alone = judge(&key, &[&forged], now());
    assert_eq!(alone.findings()[0].rule.name, "bad-signature");
    assert!(!alone.is_accepted());
    // It is newer than the genuine one, and still does not take its place.
    let verdict = judge(&key, &[&leaf, intermediate, root, &forged], now());
    let found: Vec<&str> = verdict.findings().iter().map(|finding| finding.rule.name).collect();
    assert_eq!(found, ["several-leaves"]);
    assert_eq!(verdict.accept().expect("accepted").leaf(), &leaf);
    // Nor does a root that was changed on its way.
    let broken = flipped_last_bit(root);
    let verdict = judge(&key, &[&leaf, intermediate, &broken], now());
    assert_eq!(verdict.findings()[0].rule.name, "bad-signature");
    assert!(!verdict.is_accepted());
}

#[test]
fn a_crowd_of_issuers_of_one_name_do_not_make_the_search_long() {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let ca = Authority::root("CN=Same", KeyKind::P256, validity()).expect("a root");
    let leaf = ca.sign(&request(&key, "CN=www.example.com"), validity()).expect("a certificate");
    let others: Vec<Authority> =
        (0..250).map(|_| Authority::root("CN=Same", KeyKind::P256, validity()).expect("a root")).collect();
    let mut given: Vec<&Certificate> = others.iter().map(Authority::certificate).collect();
    given.push(&leaf);
    let verdict = judge(&key, &given, now());
    assert_eq!(verdict.findings()[0].rule.name, "path-not-found");
    assert!(!verdict.is_accepted());
}

#[test]
fn a_refused_merge_hands_the_pending_operation_back() {
    let mut desk = Desk::new();
    let request = desk.create("www");
    let ((_, wrong), intermediate) = (desk.ca.leaf(), desk.ca.intermediate.certificate().clone());
    let before = desk.rows();
    let refused = match desk.merge("www", &[&wrong, &intermediate]) {
        Err(VaultError::Refused(refused)) => refused,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused.pending.request, request);
    let finding = &refused.verdict.findings()[0];
    assert_eq!(finding.rule.name, "key-mismatch");
    // Both sides of the disagreement.
    assert!(finding.message.contains(&request.public_key().fingerprint().to_string()), "{}", finding.message);
    assert!(finding.message.contains(&wrong.public_key().fingerprint().to_string()), "{}", finding.message);
    assert_eq!(desk.rows(), before, "the rows");
    // And the right answer still merges.
    let right = desk.sign(&request);
    desk.merge("www", &[&right]).expect("merged");
}

#[test]
fn an_answer_for_another_certificate_names_the_one_it_belongs_to() {
    let mut desk = Desk::new();
    desk.create("www");
    let api = desk.create("api");
    let answer = desk.sign(&api);
    let refused = |desk: &mut Desk| match desk.merge("www", &[&answer]) {
        Err(VaultError::Refused(refused)) => refused.verdict.findings()[0].help.clone(),
        other => panic!("{other:?}"),
    };
    assert!(refused(&mut desk).contains("api (pending)"), "{}", refused(&mut desk));
    let record = desk.merge("api", &[&answer]).expect("merged");
    let holder = Holder { name: "api".to_owned(), version: Some(record) };
    assert!(refused(&mut desk).contains(&holder.to_string()), "{}", refused(&mut desk));
}

#[test]
fn an_operation_ends_once_and_its_key_goes_over_to_the_version() {
    let mut desk = Desk::new();
    let request = desk.create("www");
    let answer = desk.sign(&request);
    let version = desk.merge("www", &[&answer]).expect("merged");
    assert!(matches!(desk.vault.pending(&name("www")), Ok(Operation::Completed(_))));
    assert!(matches!(desk.merge("www", &[&answer]), Err(VaultError::AlreadyCompleted { .. })));
    let view = desk.vault.certificate(&name("www"), Some(version)).expect("a version");
    let record = view.record.expect("a record");
    let key = record.open_key(&desk.vault.unseal(None).expect("a key")).expect("the private key");
    assert_eq!(key.public_key(), request.public_key());
}

#[test]
fn a_second_create_changes_nothing_while_the_first_waits() {
    let mut desk = Desk::new();
    let request = desk.create("www");
    let before = desk.rows();
    for other in ["www", "WWW"] {
        let key = desk.vault.unseal(None).expect("a key");
        let new = NewCertificate {
            name: name(other),
            policy: policy("CN=other"),
            tags: Tags::default(),
            enabled: None,
        };
        assert!(matches!(desk.vault.create(&key, new, now()), Err(VaultError::InProgress { .. })), "{other}");
    }
    assert_eq!(desk.rows(), before, "the rows");
    assert_eq!(desk.vault.pending(&name("www")).expect("an operation").request(), &request);
}

/// A root and an intermediate, both P-256.
struct Ca {
    root: Authority,
    intermediate: Authority,
}

impl Ca {
    fn new() -> Self {
        let root = Authority::root("CN=Root", KeyKind::P256, Validity::days(start(), 300)).expect("a root");
        let intermediate = root
            .intermediate("CN=Intermediate", KeyKind::P256, Validity::days(start(), 200))
            .expect("an intermediate");
        Self { root, intermediate }
    }

    /// A leaf with a key of its own.
    fn leaf(&self) -> (PrivateKey, Certificate) {
        let key = PrivateKey::generate(KeyKind::P256).expect("a key");
        let request = request(&key, "CN=www.example.com");
        let leaf = self.intermediate.sign(&request, validity()).expect("a certificate");
        (key, leaf)
    }
}

/// A vault without a passphrase, and a CA.
struct Desk {
    vault: Vault,
    ca: Ca,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault::init(&folder.path().join("vault"), None, now()).expect("a vault");
        Self { vault, ca: Ca::new(), folder }
    }

    fn create(&mut self, text: &str) -> CertificateRequest {
        let key = self.vault.unseal(None).expect("a key");
        let new = NewCertificate {
            name: name(text),
            policy: policy("CN=www.example.com"),
            tags: Tags::default(),
            enabled: None,
        };
        self.vault.create(&key, new, now()).expect("created").operation.request().clone()
    }

    fn sign(&self, request: &CertificateRequest) -> Certificate {
        self.ca.intermediate.sign(request, validity()).expect("a certificate")
    }

    fn merge(
        &mut self,
        text: &str,
        certificates: &[&Certificate],
    ) -> Result<coldcert::identifier::Identifier, VaultError> {
        let key = self.vault.unseal(None).expect("a key");
        let merged = self.vault.merge(&key, &name(text), &bundle(certificates), now())?;
        Ok(merged.record.version)
    }

    /// What a refusal must not change: all but the ledger, which says that there was one.
    fn rows(&self) -> Vec<String> {
        support::dump(&std::fs::read(self.folder.path().join("vault")).expect("the vault file"))
    }
}

fn judge(key: &PrivateKey, certificates: &[&Certificate], at: UnixTime) -> Verdict {
    let bundle = bundle(certificates);
    Verdict::judge(&Question::new("www", key.public_key(), &bundle, at, &Terms::of(Profile::Rfc5280)))
}

fn bundle(certificates: &[&Certificate]) -> Bundle {
    let place = Origin::of_file("answer.pem");
    let given = |one: &&Certificate| Given { certificate: (*one).clone(), place: place.clone() };
    Bundle::of(certificates.iter().map(given).collect())
}

/// A certificate for a key that another key signed, under one name.
fn forged_self_signed(key: &PrivateKey) -> Certificate {
    let start = Validity::days(now().plus_seconds(-10), 3000);
    let evil = Authority::root("CN=www.example.com", KeyKind::P256, start).expect("a root");
    let (theirs, ours) = (evil.certificate().public_key().as_der(), key.public_key().as_der());
    let der = evil.certificate().as_der();
    let at = der.windows(theirs.len()).position(|window| window == theirs).expect("the key");
    Certificate::from_der(&[&der[..at], ours, &der[at + ours.len()..]].concat()).expect("a certificate")
}

fn flipped_last_bit(certificate: &Certificate) -> Certificate {
    let mut der = certificate.as_der().to_vec();
    *der.last_mut().expect("a signature") ^= 1;
    Certificate::from_der(&der).expect("a certificate")
}

fn request(key: &PrivateKey, subject: &str) -> CertificateRequest {
    CertificateRequest::make(&policy(subject), key).expect("a request")
}

fn policy(subject: &str) -> Policy {
    let policy = json!({"x509_props": {"subject": subject}, "key_props": {"kty": "EC"}});
    let (document, _) = Document::from_value(policy).expect("an object");
    Policy::understand(&document).expect("a policy")
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).expect("a name")
}

fn validity() -> Validity {
    Validity::days(start(), 100)
}

fn start() -> UnixTime {
    now().plus_seconds(-86_400)
}

fn now() -> UnixTime {
    UnixTime::from_rfc3339("2026-11-22T12:00:00Z").expect("a time")
}
