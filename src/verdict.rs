//! Judges an answer against the held key: a table of rules, and all that is wrong, not the first thing.
//!
//! Of the paths that can be found from the certificate that holds the key, the one with the fewest refusals is
//! judged and kept. A rule is a row ([`Rule`]), and the place that finds it.

mod asked;
mod choices;
mod consequence;
mod ending;
mod known_key;
mod lifetime;
mod listing;
mod names;
mod path;
mod policies;
mod purpose;
mod revocation;
mod rule;
mod rules;
mod server_name;
mod strength;
mod submission;
mod webpki;

use std::cell::Cell;
use std::fmt;
use std::ops::ControlFlow;

use der::asn1::ObjectIdentifier;

use crate::bundle::{Bundle, Given, Origin, Source};
use crate::certificate::Certificate;
use crate::chain::{End, INTERMEDIATES_MAX, Path, Pool, Search, Step};
use crate::crl::CertificateRevocationList;
use crate::csr::CertificateRequest;
use crate::fingerprint::Fingerprint;
use crate::identifier::Identifier;
use crate::key::PublicKey;
use crate::name::DistinguishedName;
use crate::policy::ObjectName;
use crate::time::UnixTime;
use crate::x5c::{self, Client, Outcome};

pub use choices::{AnchorChecks, ApplicationPolicies, Choices, CommonName, PurposeReading, TrustedLeaf};
pub use ending::Ending;
pub use policies::PolicyInputs;
use rule::Fault;
pub use rule::{Profile, Rule, Severities, Severity};
pub use rules::rules;
pub use server_name::PeerName;
pub use strength::key_weaknesses;

/// What is judged, by which profile, and what is known besides.
#[derive(Debug)]
pub struct Question<'a> {
    /// The name of the certificate that waits, for messages.
    pub name: &'a str,
    /// The key that is held for it.
    pub key: &'a PublicKey,
    /// What was sent.
    pub bundle: &'a Bundle,
    /// Which certificate of what was sent is judged, a position from 0; none: whichever holds the key.
    pub leaf: Option<usize>,
    /// The time to judge at.
    pub at: UnixTime,
    /// What it is held against.
    pub terms: &'a Terms,
    /// Where the vault holds keys of the certificates that were sent, the waiting operation itself included.
    pub holders: &'a [(Fingerprint, Holder)],
    /// The answer's files, where it is asked what Key Vault's clients would make of them.
    pub as_given: Option<AsGiven<'a>>,
}

impl<'a> Question<'a> {
    /// Whether an answer holds a key: no vault is asked, no files are looked at, any certificate may be the leaf.
    pub fn new(
        name: &'a str,
        key: &'a PublicKey,
        bundle: &'a Bundle,
        at: UnixTime,
        terms: &'a Terms,
    ) -> Self {
        Self { name, key, bundle, leaf: None, at, terms, holders: &[], as_given: None }
    }

    fn pool(&self) -> Pool<'a> {
        Pool {
            given: self.bundle.certificates.iter().map(|given| &given.certificate).collect(),
            anchors: self.terms.anchors.iter().collect(),
            at: self.at,
            intermediates_max: self.terms.intermediates_max,
            trusted_leaf_ends: self.terms.choices.trusted_leaf == TrustedLeaf::IsEnough,
        }
    }
}

/// The files of an answer as they were given, to be handed to one of Key Vault's clients.
#[derive(Clone, Copy, Debug)]
pub struct AsGiven<'a> {
    /// The files, in their order.
    pub files: &'a [Source<'a>],
    /// What each client makes of them.
    pub outcomes: &'a [(&'static Client, Outcome)],
    /// The command line that asks this question again, for help: `coldcert check answer.p7b --csr www.csr`.
    pub check: &'a str,
}

/// What an answer is held against.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Whose judgement is asked for.
    pub profile: Profile,
    /// What is trusted. With none the chain is judged on its own, and said to end where it ends.
    pub anchors: Vec<Certificate>,
    /// The purpose that the leaf and every CA above it must allow; none asks for none, and in
    /// [`Profile::Webpki`] for serverAuth.
    pub purpose: Option<ObjectIdentifier>,
    /// The names that the leaf must be for.
    pub peer_names: Vec<PeerName>,
    /// Revocation lists; with none revocation is not looked at. Each is compared with each, so there should be no
    /// more than [`CRLS_MAX`](crate::crl::CRLS_MAX).
    pub crls: Vec<CertificateRevocationList>,
    /// Whether a certificate of which the lists say nothing is refused.
    pub revocation_required: bool,
    /// What is asked of certificate policies (RFC 5280 6.1.1).
    pub policies: PolicyInputs,
    /// Where there are two reasonable ways to read a path: which is taken.
    pub choices: Choices,
    /// What was asked for.
    pub request: Option<CertificateRequest>,
    /// For how many months it was asked, where that is known.
    pub validity_months: Option<u32>,
    /// Rules whose findings do not refuse: somebody accepts them.
    pub acceptance: Acceptance,
    /// Certificates between leaf and end, at most.
    pub intermediates_max: usize,
}

impl Terms {
    /// A profile alone: no anchors, no purpose, no names.
    pub fn of(profile: Profile) -> Self {
        Self {
            profile,
            anchors: Vec::new(),
            purpose: None,
            peer_names: Vec::new(),
            crls: Vec::new(),
            revocation_required: false,
            policies: PolicyInputs::default(),
            choices: Choices::default(),
            request: None,
            validity_months: None,
            acceptance: Acceptance::default(),
            intermediates_max: INTERMEDIATES_MAX,
        }
    }
}

/// Rules that somebody lets pass, and who that is.
#[derive(Clone, Debug, Default)]
pub struct Acceptance {
    /// The rules.
    pub rules: Vec<&'static Rule>,
    /// Who accepts them, as the system calls them.
    pub by: String,
}

/// Where the vault holds a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The certificate's name.
    pub name: String,
    /// The version; none for an operation that waits.
    pub version: Option<Identifier>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(f, "{} version {version}", self.name),
            None => write!(f, "{} (pending)", self.name),
        }
    }
}

/// All that was found, and the chain that was judged.
#[derive(Clone, Debug)]
pub struct Verdict {
    profile: Profile,
    findings: Vec<Finding>,
    path: Vec<Certificate>,
    ending: Option<Box<Ending>>,
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

/// A path, with what was found on it.
struct Judged {
    path: Path,
    findings: Vec<Finding>,
}

impl Judged {
    /// The fewer refusals the better; then an end at an anchor or root, then the fewer warnings, then the longer
    /// path.
    fn rank(&self) -> (usize, bool, usize, std::cmp::Reverse<usize>) {
        let count = |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
        let whole = matches!(self.path.end, End::Anchor | End::SelfSigned);
        (count(Severity::Refuse), !whole, count(Severity::Warn), std::cmp::Reverse(self.path.steps.len()))
    }
}

struct Judge<'a> {
    question: &'a Question<'a>,
    profile: Profile,
    pool: &'a Pool<'a>,
    /// Comparisons of names with constraints that are left for all paths together.
    comparisons_left: Cell<usize>,
    /// Signatures over revocation lists that were checked for a path before.
    checked: revocation::Checked,
}

impl<'a> Judge<'a> {
    fn new(question: &'a Question<'a>, profile: Profile, pool: &'a Pool<'a>) -> Self {
        let comparisons_left = Cell::new(names::COMPARISONS_MAX);
        Self { question, profile, pool, comparisons_left, checked: revocation::Checked::default() }
    }

    fn verdict(&self, search: &mut Search<'_>) -> Verdict {
        let (mut findings, path, ending) = match self.best_path(search) {
            None => (vec![self.key_mismatch()], Vec::new(), None),
            Some(found) => {
                let path: Vec<Certificate> =
                    found.path.steps.iter().map(|step| self.pool.certificate(*step).clone()).collect();
                let ending = path.last().map(|last| Box::new(self.ending(&found.path, last)));
                (self.with_left_over(found), path, ending)
            }
        };
        findings.extend(self.unread());
        findings.sort_by_key(|finding| finding.severity);
        let accepted_by = self.question.terms.acceptance.by.clone();
        Verdict { profile: self.profile, findings, path, ending, accepted_by }
    }

    /// The best path from any certificate that holds the key; of equal ones that of the newest leaf, because a CA
    /// that sends two sends the old one along.
    fn best_path(&self, search: &mut Search<'_>) -> Option<Judged> {
        let mut leaves: Vec<usize> = match self.question.leaf {
            Some(leaf) => vec![leaf],
            None => (0..self.pool.given.len()).filter(|index| self.holds_key(*index)).collect(),
        };
        leaves.sort_by_key(|index| std::cmp::Reverse(self.pool.given[*index].not_before()));
        let mut best: Option<Judged> = None;
        for leaf in leaves {
            search.paths(leaf, &mut |path| {
                let judged = self.judged(path);
                let rank = judged.rank();
                let better = best.as_ref().is_none_or(|best| rank < best.rank());
                let perfect = rank.0 == 0 && matches!(path.end, End::Anchor);
                if better {
                    best = Some(judged);
                }
                if perfect { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
        best
    }

    fn judged(&self, path: &Path) -> Judged {
        let certificates: Vec<&Certificate> =
            path.steps.iter().map(|step| self.pool.certificate(*step)).collect();
        let terms = self.question.terms;
        let Choices { anchor, purpose, common_name, .. } = terms.choices;
        let top = certificates.len() - 1;
        let anchored = matches!(path.end, End::Anchor);
        // A leaf that is trusted by itself is judged as a leaf.
        let anchor_is_left_out = anchored && top > 0 && !anchor.constraints;
        let bound = if anchor_is_left_out { &certificates[..top] } else { &certificates[..] };
        let mut faults = path::faults(&certificates, self.question.at, anchored, terms.choices);
        let mut comparisons_left = self.comparisons_left.get();
        faults.extend(names::faults(bound, &mut comparisons_left));
        if common_name == CommonName::IsConstrained {
            faults.extend(names::common_name_faults(bound, &mut comparisons_left));
        }
        self.comparisons_left.set(comparisons_left);
        faults.extend(policies::faults(bound, &terms.policies));
        faults.extend(self.revocation_faults(path, &certificates));
        // What signed an anchor does not matter: it is trusted as it is.
        let strength = strength::faults(&certificates).into_iter();
        faults.extend(strength.filter(|fault| {
            !(anchored && fault.at == top && fault.rule.name == strength::WEAK_SIGNATURE.name)
        }));
        if self.profile == Profile::Webpki {
            let webpki = webpki::faults(&certificates).into_iter();
            faults.extend(webpki.filter(|fault| !(anchor_is_left_out && fault.at == top)));
        }
        if let Some(request) = &terms.request {
            faults.extend(asked::faults(certificates[0], request));
        }
        faults.extend(path::mixed_key_types(&certificates));
        faults.extend(known_key::faults(&certificates, self.question.name, self.question.holders));
        faults.extend(lifetime::faults(&certificates, self.question.at, terms.validity_months));
        faults.extend(server_name::faults(certificates[0], &terms.peer_names));
        // The Web's certificates are for servers where nothing else is asked, and say so; elsewhere "any" will do.
        let is_web = self.profile == Profile::Webpki;
        if let Some(asked) = terms.purpose.or_else(|| is_web.then_some(purpose::SERVER_AUTH)) {
            let any_counts = !is_web;
            let anchored = anchored && !anchor_is_left_out;
            faults.extend(purpose::faults(bound, anchored, asked, any_counts, purpose));
        }
        faults.extend(self.end_faults(path, &certificates));
        let faults = consequence::without(faults, &certificates, |rule| self.severity(rule));
        let faults = listing::first_few(faults).into_iter();
        let found =
            |fault: Fault| self.finding(fault.rule, Some(path.steps[fault.at]), fault.message, fault.help);
        let mut findings: Vec<Finding> = faults.filter_map(found).collect();
        if let Some(cause) = self.unusable_issuer(path) {
            findings.retain(|finding| !ending::SIGNATURE_RULES.contains(&finding.rule));
            findings.push(cause);
        }
        Judged { path: path.clone(), findings }
    }

    /// Every certificate below the anchor, by the lists that were given.
    fn revocation_faults(&self, path: &Path, certificates: &[&Certificate]) -> Vec<Fault> {
        let terms = self.question.terms;
        let (below, anchor) = match (&path.end, certificates.split_last()) {
            (End::Anchor, Some((anchor, below))) => (below, Some(*anchor)),
            _ => (certificates, None),
        };
        let others = &self.pool.given;
        let (at, required) = (self.question.at, terms.revocation_required);
        revocation::faults(below, anchor, others, &terms.crls, at, required, &self.checked)
    }

    fn key_mismatch(&self) -> Finding {
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
                message.push_str(&format!("; that is the key of {holder}"));
                match holder.version {
                    None => format!("this answer belongs to {holder}: coldcert merge {} ANSWER", holder.name),
                    Some(_) => format!("this answer belongs to {holder}, where it was merged before"),
                }
            }
            // What is no object name is a file that was given.
            None if ObjectName::new(name).is_err() => {
                format!("the CA answered another request: send it that of {name} again")
            }
            None => format!(
                "the CA answered another request: compare with `coldcert pending csr {name}`, and send that one"
            ),
        };
        if self.profile == Profile::KeyVault {
            message.push_str("; Key Vault would answer BadParameter: ");
            message.push_str(x5c::KEY_MISMATCH_MESSAGE);
        }
        Finding {
            rule: &rules::KEY_MISMATCH,
            severity: Severity::Refuse,
            accepted: false,
            about: Some(self.about(Step::Given(leaf))),
            message,
            help,
        }
    }

    /// The findings of the best path, and what there is to say of the certificates beside it.
    fn with_left_over(&self, judged: Judged) -> Vec<Finding> {
        let Judged { path, mut findings } = judged;
        let order = self.question.as_given.and_then(|given| submission::order(&given, &path.steps));
        findings.extend(order.and_then(|found| self.of_files(found)));
        let taken: Vec<&Certificate> = path.steps.iter().map(|step| self.pool.certificate(*step)).collect();
        let above = self.above(&path);
        for (index, certificate) in self.pool.given.iter().enumerate() {
            let step = Step::Given(index);
            if path.steps.contains(&step) || above.contains(&step) {
                continue;
            }
            let (rule, message, help) = if taken.contains(certificate) {
                let kept = path
                    .steps
                    .iter()
                    .any(|step| matches!(step, Step::Given(kept) if self.pool.given[*kept] == *certificate));
                // A trusted certificate that came along was given once.
                if !kept && !self.pool.given[..index].contains(certificate) {
                    continue;
                }
                (&rules::DUPLICATE, "given more than once".to_owned(), "nothing: it is kept once")
            } else if certificate.public_key() == self.question.key {
                let leaf = path.steps.first().map(|step| self.about(*step).to_string()).unwrap_or_default();
                let message = format!("holds the same key as {leaf}, which is taken");
                (&rules::SEVERAL_LEAVES, message, "if this one is meant, give it without the other")
            } else {
                (
                    &rules::UNRELATED,
                    "not part of this chain".to_owned(),
                    "nothing: it is left out of the merge",
                )
            };
            findings.extend(self.finding(rule, Some(step), message, help.to_owned()));
        }
        findings
    }

    /// What Key Vault's clients would not read of the files, where those are known.
    fn unread(&self) -> Vec<Finding> {
        let Some(given) = &self.question.as_given else { return Vec::new() };
        let found = submission::unread(given);
        found.into_iter().filter_map(|found| self.of_files(found)).collect()
    }

    fn of_files(&self, found: submission::Found) -> Option<Finding> {
        self.finding(found.rule, None, found.message, found.help)
    }

    /// What was given and stands above the end of a path that was not followed further, by name alone: whether
    /// it is part of the chain is not known.
    fn above(&self, path: &Path) -> Vec<Step> {
        let mut above = Vec::new();
        let mut below = match (&path.end, path.steps.last()) {
            (End::Broken { issuer, .. }, _) => {
                above.push(*issuer);
                *issuer
            }
            (End::TooLong | End::BudgetUsedUp, Some(last)) => *last,
            _ => return above,
        };
        for _ in 0..=INTERMEDIATES_MAX {
            let issuer = self.pool.certificate(below).issuer();
            let bears_its_name = |step: &Step| self.pool.certificate(*step).subject().matches(issuer);
            let mut found = (0..self.pool.given.len()).map(Step::Given).filter(bears_its_name);
            let Some(next) = found.next().filter(|next| !above.contains(next)) else { break };
            above.push(next);
            above.extend(found);
            below = next;
        }
        above
    }

    fn finding(
        &self,
        rule: &'static Rule,
        step: Option<Step>,
        message: String,
        help: String,
    ) -> Option<Finding> {
        let severity = self.severity(rule)?;
        let accepted = self.is_accepted(rule);
        Some(Finding { rule, severity, accepted, about: step.map(|step| self.about(step)), message, help })
    }

    fn severity(&self, rule: &Rule) -> Option<Severity> {
        if self.is_accepted(rule) { Some(Severity::Warn) } else { self.unaccepted_severity(rule) }
    }

    /// Whether it would refuse, and somebody accepts it.
    fn is_accepted(&self, rule: &Rule) -> bool {
        self.question.terms.acceptance.rules.contains(&rule)
            && self.unaccepted_severity(rule) == Some(Severity::Refuse)
    }

    fn unaccepted_severity(&self, rule: &Rule) -> Option<Severity> {
        rule.severity_of(self.profile, !self.pool.anchors.is_empty())
    }

    fn about(&self, step: Step) -> About {
        let certificate = self.pool.certificate(step);
        let (position, place) = match step {
            Step::Given(index) => {
                let Given { place, .. } = &self.question.bundle.certificates[index];
                (Some(index + 1), place.clone())
            }
            Step::Anchor(_) => (None, Origin::of_file("the trusted certificates")),
        };
        About {
            position,
            place,
            subject: certificate.subject().clone(),
            fingerprint: certificate.fingerprint(),
        }
    }

    fn holds_key(&self, index: usize) -> bool {
        self.pool.given[index].public_key() == self.question.key
    }
}
