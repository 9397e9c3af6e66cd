//! Judges an answer against the held key: a table of rules, and all that is wrong, not the first thing.
//!
//! The rules here are those that a merge cannot do without: whose key, signatures, dates. A rule is a row
//! of [`RULES`] and the place that finds it.

use std::fmt;

use crate::bundle::{Bundle, Given, Origin};
use crate::certificate::Certificate;
use crate::chain::{Chain, End};
use crate::fingerprint::Fingerprint;
use crate::key::{PublicKey, SignatureFault};
use crate::name::DistinguishedName;
use crate::time::UnixTime;

/// What is judged, and by whom it may be known.
#[derive(Debug)]
pub struct Question<'a> {
    /// The name of the certificate that waits, for messages.
    pub name: &'a str,
    /// The key that is held for it.
    pub key: &'a PublicKey,
    /// What was sent.
    pub bundle: &'a Bundle,
    /// The time to judge at.
    pub at: UnixTime,
    /// Where the vault holds keys of the certificates that were sent: a name, with a version or pending.
    pub holders: &'a [(Fingerprint, String)],
}

/// All that was found, and the chain that was judged.
#[derive(Clone, Debug)]
pub struct Verdict {
    findings: Vec<Finding>,
    path: Vec<Certificate>,
}

impl Verdict {
    /// Judges.
    pub fn judge(question: &Question<'_>) -> Self {
        let given = &question.bundle.certificates;
        let mut judge = Judge { question, findings: Vec::new() };
        let path = match Chain::find(question.key, given) {
            None => {
                judge.key_mismatch();
                Vec::new()
            }
            Some(chain) => {
                judge.dates(&chain);
                judge.end(&chain);
                judge.left_over(&chain);
                chain.path.iter().map(|index| given[*index].certificate.clone()).collect()
            }
        };
        let mut findings = judge.findings;
        findings.sort_by_key(|finding| finding.rule.severity);
        Self { findings, path }
    }

    /// Every finding, the refusals first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether nothing refuses.
    pub fn is_accepted(&self) -> bool {
        self.findings.iter().all(|finding| finding.rule.severity != Severity::Refuse)
    }

    /// The chain as a proof that it was judged and accepted; the verdict itself where it was not.
    pub fn accept(self) -> Result<Accepted, Self> {
        if !self.is_accepted() {
            return Err(self);
        }
        let mut path = self.path.clone().into_iter();
        match path.next() {
            Some(leaf) => Ok(Accepted { leaf, issuers: path.collect(), findings: self.findings }),
            None => Err(self),
        }
    }
}

/// A chain that was judged and accepted. Nothing else makes one.
#[derive(Debug)]
pub struct Accepted {
    leaf: Certificate,
    issuers: Vec<Certificate>,
    findings: Vec<Finding>,
}

impl Accepted {
    /// The certificate that holds the key.
    pub fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The certificates above it, each signing the one before.
    pub fn issuers(&self) -> &[Certificate] {
        &self.issuers
    }

    /// The warnings and notes that stay.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Leaf and issuers, given away.
    pub fn into_chain(self) -> (Certificate, Vec<Certificate>) {
        (self.leaf, self.issuers)
    }
}

/// A rule of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, which scripts may rely on.
    pub name: &'static str,
    /// Where it comes from.
    pub clause: &'static str,
    /// What a finding of it does.
    pub severity: Severity,
}

/// What a finding does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The answer is not merged.
    Refuse,
    /// It is merged, and somebody should know.
    Warn,
    /// Worth a line.
    Note,
}

impl Severity {
    /// `refuse`, `warn`, `note`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Warn => "warn",
            Self::Note => "note",
        }
    }
}

/// One thing found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The certificate that it is about.
    pub about: Option<About>,
    /// What was found, with both sides of it.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// Which certificate a finding is about.
#[derive(Clone, Debug)]
pub struct About {
    /// Its position among what was given, from 1.
    pub position: usize,
    /// Where it stood.
    pub place: Origin,
    /// Whose it is.
    pub subject: DistinguishedName,
    /// SHA-256 over it.
    pub fingerprint: Fingerprint,
}

impl About {
    fn of(index: usize, given: &Given) -> Self {
        Self {
            position: index + 1,
            place: given.place.clone(),
            subject: given.certificate.subject().clone(),
            fingerprint: given.certificate.fingerprint(),
        }
    }
}

/// `[2] CN=www.example.com`
impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.position, self.subject)
    }
}

struct Judge<'a> {
    question: &'a Question<'a>,
    findings: Vec<Finding>,
}

impl Judge<'_> {
    fn key_mismatch(&mut self) {
        let Question { name, key, bundle, holders, .. } = self.question;
        let held = key.fingerprint();
        // The certificate that was meant: the first that is no CA, or the first.
        let leaf =
            bundle.certificates.iter().position(|given| !given.certificate.is_authority()).unwrap_or(0);
        let found = bundle.certificates[leaf].certificate.public_key().fingerprint();
        let mut message = format!(
            "no certificate holds the key of {name}; sha256 of the key: expected {held}, found {found}"
        );
        let help = match holders.iter().find(|(fingerprint, _)| *fingerprint == found) {
            Some((_, holder)) => {
                message.push_str(&format!("; that key is the key of {holder}"));
                format!("this answer belongs to {holder}: merge it there")
            }
            None => format!(
                "the CA answered another request: compare with `coldcert pending csr {name}`, and send that one"
            ),
        };
        self.find(&KEY_MISMATCH, Some(leaf), message, help);
    }

    /// Every certificate of the path, at the time that was stated (RFC 5280 6.1.3(a)(2)).
    fn dates(&mut self, chain: &Chain) {
        let at = self.question.at;
        for index in chain.path.iter().copied() {
            let certificate = &self.question.bundle.certificates[index].certificate;
            let (start, end) = (certificate.not_before(), certificate.not_after());
            if at < start {
                let message = format!("valid from {start}, and it is {at}");
                let help = format!(
                    "wait until then; if this machine's clock is wrong, say the time: --at {}",
                    start.plus_seconds(1)
                );
                self.find(&NOT_YET_VALID, Some(index), message, help);
            }
            if at > end {
                let message = format!("valid until {end}, and it is {at}");
                let help = "ask the CA for a new certificate; if this machine's clock is wrong, say the time with --at";
                self.find(&EXPIRED, Some(index), message, help.to_owned());
            }
        }
    }

    fn end(&mut self, chain: &Chain) {
        let Some(last) = chain.path.last().copied() else {
            return;
        };
        let certificates = &self.question.bundle.certificates;
        let name = certificates[last].certificate.issuer().clone();
        match &chain.end {
            End::SelfSigned => {}
            End::IssuerNotGiven => {
                let message = format!("issued by {name}, which was not given: the chain ends here");
                let help = "give the issuer's certificate too, so that servers can send it".to_owned();
                self.find(&ISSUER_NOT_GIVEN, Some(last), message, help);
            }
            End::Broken { issuer, fault } => {
                let rule = match fault {
                    SignatureFault::CannotCheck { .. } => &SIGNATURE_NOT_CHECKED,
                    _ => &BAD_SIGNATURE,
                };
                let message = format!("{fault} of [{}] {name}, by whom it says it was issued", issuer + 1);
                let help = format!(
                    "the certificate was changed on its way, or [{}] is another CA of the same name: ask the CA for the issuer of this certificate",
                    issuer + 1
                );
                self.find(rule, Some(last), message, help);
            }
            End::BudgetUsedUp => {
                let message = "the search for its issuers was given up: too many certificates fit".to_owned();
                let help = "give the certificates of this chain alone".to_owned();
                self.find(&PATH_NOT_FOUND, Some(last), message, help);
            }
        }
    }

    fn left_over(&mut self, chain: &Chain) {
        for index in chain.other_leaves.iter().copied() {
            let leaf = chain.path.first().map_or(0, |leaf| leaf + 1);
            let message = format!("holds the same key as [{leaf}], which begins later and is taken");
            let help = "if this one is meant, give it without the other".to_owned();
            self.find(&SEVERAL_LEAVES, Some(index), message, help);
        }
        for index in chain.unrelated.iter().copied() {
            let help = "nothing: it is left out of the merge".to_owned();
            self.find(&UNRELATED, Some(index), "not part of this chain".to_owned(), help);
        }
        for index in chain.duplicates.iter().copied() {
            let help = "nothing: it is kept once".to_owned();
            self.find(&DUPLICATE, Some(index), "given more than once".to_owned(), help);
        }
    }

    fn find(&mut self, rule: &'static Rule, index: Option<usize>, message: String, help: String) {
        let about = index.map(|index| About::of(index, &self.question.bundle.certificates[index]));
        self.findings.push(Finding { rule, about, message, help });
    }
}

/// Every rule, in the order in which a reader should meet them.
pub static RULES: [&Rule; 10] = [
    &KEY_MISMATCH,
    &BAD_SIGNATURE,
    &SIGNATURE_NOT_CHECKED,
    &PATH_NOT_FOUND,
    &EXPIRED,
    &NOT_YET_VALID,
    &SEVERAL_LEAVES,
    &ISSUER_NOT_GIVEN,
    &UNRELATED,
    &DUPLICATE,
];

static KEY_MISMATCH: Rule =
    Rule { name: "key-mismatch", clause: "Key Vault reference 2.5", severity: Severity::Refuse };
static BAD_SIGNATURE: Rule =
    Rule { name: "bad-signature", clause: "RFC 5280 6.1.3(a)(1)", severity: Severity::Refuse };
static SIGNATURE_NOT_CHECKED: Rule =
    Rule { name: "signature-not-checked", clause: "RFC 5280 6.1.3(a)(1)", severity: Severity::Refuse };
static PATH_NOT_FOUND: Rule =
    Rule { name: "path-not-found", clause: "RFC 5280 6.1", severity: Severity::Refuse };
static EXPIRED: Rule = Rule { name: "expired", clause: "RFC 5280 6.1.3(a)(2)", severity: Severity::Refuse };
static NOT_YET_VALID: Rule =
    Rule { name: "not-yet-valid", clause: "RFC 5280 6.1.3(a)(2)", severity: Severity::Refuse };
static SEVERAL_LEAVES: Rule =
    Rule { name: "several-leaves", clause: "RFC 5280 6.1", severity: Severity::Warn };
static ISSUER_NOT_GIVEN: Rule =
    Rule { name: "issuer-not-given", clause: "RFC 5280 6.1.3(a)(4)", severity: Severity::Note };
static UNRELATED: Rule = Rule { name: "unrelated", clause: "RFC 5280 6.1", severity: Severity::Note };
static DUPLICATE: Rule = Rule { name: "duplicate", clause: "RFC 5280 6.1", severity: Severity::Note };
