//! Judges an answer against the held key: a table of rules, and all that is wrong, not the first thing.
//!
//! Of the paths that can be found from the certificate that holds the key, the one with the fewest refusals is
//! judged and kept. A rule is a row ([`Rule`]), and the place that finds it.

mod alternative_names;
mod asked;
mod choices;
mod consequence;
mod ending;
mod form;
mod judge;
mod known_key;
mod lifetime;
mod listing;
mod names;
mod path;
mod policies;
mod purpose;
mod question;
mod revocation;
mod rule;
mod rules;
mod server_name;
mod strength;
mod submission;
mod table;
mod webpki;

use std::fmt;

use crate::bundle::Origin;
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::name::DistinguishedName;
use crate::time::UnixTime;

pub use choices::{
    AnchorChecks, ApplicationPolicies, Choices, CommonName, Conformance, PolicyCriticality, PurposeReading,
    TrustedLeaf,
};
pub use ending::Ending;
use judge::Judge;
pub use policies::PolicyInputs;
pub use question::{Acceptance, AsGiven, Holder, Question, Terms};
pub use rule::{Profile, Rule, Severities, Severity};
pub use server_name::{NotAServerName, PeerName, ServerNameFault};
pub use strength::key_weaknesses;
pub use table::rules;

/// All that was found, and the chain that was judged.
#[derive(Clone, Debug)]
pub struct Verdict {
    profile: Profile,
    findings: Vec<Finding>,
    path: Vec<Certificate>,
    ending: Option<Box<Ending>>,
    not_revoked: Vec<NotRevoked>,
    accepted_by: String,
}

impl Verdict {
    /// Judges.
    pub fn judge(question: &Question<'_>) -> Self {
        let pool = question.pool();
        Judge::new(question, question.terms.profile, &pool).verdict(&mut pool.search())
    }

    /// Judges by several profiles, whatever profile the question's terms name; each signature is checked once.
    pub fn judge_by_each(question: &Question<'_>, profiles: &[Profile]) -> Vec<Self> {
        let pool = question.pool();
        let mut search = pool.search();
        let mut verdicts = Vec::new();
        for profile in profiles {
            verdicts.push(Judge::new(question, *profile, &pool).verdict(&mut search));
            search.begin_again();
        }
        verdicts
    }

    /// Whose judgement it is.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Every finding, the refusals first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The chain that was judged, leaf first; empty where no certificate holds the key.
    pub fn path(&self) -> &[Certificate] {
        &self.path
    }

    /// How that chain ends; none where no certificate holds the key.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_deref()
    }

    /// The certificates of the chain that the revocation lists spoke of, and that are not revoked, leaf first.
    pub fn not_revoked(&self) -> &[NotRevoked] {
        &self.not_revoked
    }

    /// Whether nothing refuses.
    pub fn is_accepted(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Refuse)
    }

    /// The chain as a proof that it was judged and accepted; the verdict itself where it was not.
    pub fn accept(self) -> Result<Accepted, Self> {
        if !self.is_accepted() {
            return Err(self);
        }
        let mut path = self.path.clone().into_iter();
        match path.next() {
            Some(leaf) => {
                let Self { findings, accepted_by, .. } = self;
                Ok(Accepted { leaf, issuers: path.collect(), findings, accepted_by })
            }
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
    accepted_by: String,
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

    /// Who accepted the findings that would have refused ([`Finding::accepted`]), as the system calls them.
    pub fn accepted_by(&self) -> &str {
        &self.accepted_by
    }

    /// Leaf and issuers, given away.
    pub fn into_chain(self) -> (Certificate, Vec<Certificate>) {
        (self.leaf, self.issuers)
    }
}

/// One thing found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// What it does in this judgement.
    pub severity: Severity,
    /// Whether it would refuse, and somebody accepts it.
    pub accepted: bool,
    /// The certificate that it is about.
    pub about: Option<About>,
    /// What was found, with both sides of it.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// A certificate that a revocation list was asked of and that is not revoked.
#[derive(Clone, Debug)]
pub struct NotRevoked {
    /// Which.
    pub about: About,
    /// Whose list says so.
    pub issuer: DistinguishedName,
    /// When that was issued.
    pub this_update: UnixTime,
    /// When the next one is to be there, where it says.
    pub next_update: Option<UnixTime>,
}

/// `[1] CN=www.example.com: not revoked: CRL of CN=Example Issuing CA of 2027-02-20T00:00:00Z, until …`
impl fmt::Display for NotRevoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: not revoked: CRL of {} of {}", self.about, self.issuer, self.this_update)?;
        match self.next_update {
            Some(next) => write!(f, ", until {next}"),
            None => Ok(()),
        }
    }
}

/// Which certificate a finding is about.
#[derive(Clone, Debug)]
pub struct About {
    /// Its position among what was given, from 1; none for an anchor.
    pub position: Option<usize>,
    /// Where it stood.
    pub place: Origin,
    /// Whose it is.
    pub subject: DistinguishedName,
    /// SHA-256 over it.
    pub fingerprint: Fingerprint,
}

/// `[2] CN=www.example.com`
impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "[{position}] {}", self.subject),
            None => write!(f, "[anchor] {}", self.subject),
        }
    }
}
