//! The judge: finds paths, holds each against every rule, and keeps the one with the fewest refusals.

use std::cell::Cell;
use std::collections::HashSet;
use std::ops::ControlFlow;

use super::choices::{Choices, CommonName};
use super::purpose::AnyPurpose;
use super::question::Question;
use super::rule::{Fault, Profile, Rule, Severity};
use super::{
    About, Finding, NotRevoked, Verdict, alternative_names, asked, consequence, ending, known_key, lifetime,
    listing, names, path, policies, purpose, revocation, rules, server_name, strength, submission, webpki,
};
use crate::bundle::{Given, Origin};
use crate::certificate::Certificate;
use crate::chain::{End, INTERMEDIATES_MAX, Path, Pool, Search, Step};
use crate::crl::CertificateRevocationList;
use crate::policy::ObjectName;
use crate::x5c;

/// A path, with what was found on it.
struct Judged {
    path: Path,
    findings: Vec<Finding>,
    /// Whether its last certificate names itself as its issuer.
    ends_at_root: bool,
}

impl Judged {
    /// The fewer refusals the better, of one rule those of one certificate counted once; then an end at an anchor or
    /// root; then a root rather than a CA below it that is trusted too; then the fewer warnings, then the longer path.
    fn rank(&self) -> (usize, bool, bool, usize, std::cmp::Reverse<usize>) {
        let of = |severity| self.findings.iter().filter(move |finding| finding.severity == severity);
        let refused: HashSet<_> = of(Severity::Refuse)
            .map(|finding| (finding.rule.name, finding.about.as_ref().map(|about| about.fingerprint)))
            .collect();
        let whole = matches!(self.path.end, End::Anchor | End::SelfSigned);
        let length = std::cmp::Reverse(self.path.steps.len());
        (refused.len(), !whole, !self.ends_at_root, of(Severity::Warn).count(), length)
    }
}

pub(super) struct Judge<'a> {
    question: &'a Question<'a>,
    profile: Profile,
    pub(super) pool: &'a Pool<'a>,
    /// Comparisons of names with constraints that are left for all paths together.
    comparisons_left: Cell<usize>,
    /// Policies that are left for all paths together.
    policies_left: Cell<usize>,
    /// Signatures over revocation lists that were checked for a path before.
    checked: revocation::Checked,
    known_keys: strength::KnownKeys,
}

impl<'a> Judge<'a> {
    pub(super) fn new(question: &'a Question<'a>, profile: Profile, pool: &'a Pool<'a>) -> Self {
        let comparisons_left = Cell::new(PATHS_OF_WORK * names::COMPARISONS_MAX);
        let policies_left = Cell::new(PATHS_OF_WORK * policies::POLICIES_MAX);
        let (checked, known_keys) = (revocation::Checked::default(), strength::KnownKeys::default());
        Self { question, profile, pool, comparisons_left, policies_left, checked, known_keys }
    }

    pub(super) fn verdict(&self, search: &mut Search<'_>) -> Verdict {
        let (mut findings, path, ending, not_revoked) = match self.best_path(search) {
            None => (vec![self.key_mismatch()], Vec::new(), None, Vec::new()),
            Some(found) => {
                let path: Vec<Certificate> =
                    found.path.steps.iter().map(|step| self.pool.certificate(*step).clone()).collect();
                let ending = path.last().map(|last| Box::new(self.ending(&found.path, last)));
                let not_revoked = self.not_revoked(&found.path);
                (self.with_left_over(found), path, ending, not_revoked)
            }
        };
        // What does not hold the key is nothing to be read by anybody.
        if !path.is_empty() {
            findings.extend(self.unread());
        }
        findings.sort_by_key(|finding| finding.severity);
        let accepted_by = self.question.terms.acceptance.by.clone();
        Verdict { profile: self.profile, findings, path, ending, not_revoked, accepted_by }
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
                let perfect = rank.0 == 0 && judged.ends_at_root && matches!(path.end, End::Anchor);
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
        faults.extend(alternative_names::faults(bound));
        let granted = self.comparisons_left.get().min(names::COMPARISONS_MAX);
        let mut comparisons_left = granted;
        faults.extend(names::faults(bound, &mut comparisons_left));
        if common_name == CommonName::IsConstrained {
            faults.extend(names::common_name_faults(bound, &mut comparisons_left));
        }
        self.comparisons_left.set(self.comparisons_left.get() - (granted - comparisons_left));
        faults.extend(self.policy_faults(bound, anchored && !anchor_is_left_out));
        faults.extend(self.revocation_faults(path, &certificates));
        // What signed an anchor does not matter: it is trusted as it is.
        let strength = strength::faults(&certificates, &self.known_keys).into_iter();
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
        // The Web's certificates are for servers where nothing else is asked, and the leaf says so; elsewhere, and in a CA
        // that is not restricted (BR 7.1.2.2.4, 7.1.2.10.6), "any" will do.
        let is_web = self.profile == Profile::Webpki;
        if let Some(asked) = terms.purpose.or_else(|| is_web.then_some(purpose::SERVER_AUTH)) {
            let any_counts = if is_web { AnyPurpose::OfCas } else { AnyPurpose::OfAll };
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
        Judged { path: path.clone(), findings, ends_at_root: certificates[top].is_self_issued() }
    }

    fn policy_faults(&self, bound: &[&Certificate], is_anchored: bool) -> Vec<Fault> {
        let granted = self.policies_left.get().min(policies::POLICIES_MAX);
        let mut left = granted;
        let faults = policies::faults(bound, is_anchored, &self.question.terms.policies, &mut left);
        self.policies_left.set(self.policies_left.get() - (granted - left));
        faults
    }

    /// Every certificate below the anchor, by the lists that were given.
    fn revocation_faults(&self, path: &Path, certificates: &[&Certificate]) -> Vec<Fault> {
        let terms = self.question.terms;
        let (below, anchor) = below_anchor(path, certificates);
        let others = &self.pool.given;
        let (at, required) = (self.question.at, terms.revocation_required);
        revocation::faults(below, anchor, others, &terms.crls, at, required, &self.checked)
    }

    /// Those of a path that were looked for in the lists, and are not revoked.
    fn not_revoked(&self, path: &Path) -> Vec<NotRevoked> {
        let certificates: Vec<&Certificate> =
            path.steps.iter().map(|step| self.pool.certificate(*step)).collect();
        let (below, anchor) = below_anchor(path, &certificates);
        let crls = &self.question.terms.crls;
        let cleared =
            revocation::cleared(below, anchor, &self.pool.given, crls, self.question.at, &self.checked);
        let told = |(index, list): (usize, &CertificateRevocationList)| NotRevoked {
            about: self.about(path.steps[index]),
            issuer: list.issuer().clone(),
            this_update: list.this_update(),
            next_update: list.next_update(),
        };
        cleared.into_iter().map(told).collect()
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
        let all_are_authorities = bundle.certificates.iter().all(|given| given.certificate.is_authority());
        let help = match holders.iter().find(|(fingerprint, _)| *fingerprint == found) {
            None if all_are_authorities => {
                message.push_str("; what was given are CA certificates alone");
                "give the certificate that the CA issued beside its chain".to_owned()
            }
            Some((_, holder)) => {
                message.push_str(&format!("; that is the key of {holder}"));
                match holder.version {
                    None => format!("this answer belongs to {holder}: coldcert merge {} ANSWER", holder.name),
                    Some(_) => format!("this answer belongs to {holder}, where it was merged before"),
                }
            }
            None if self.question.terms.request.is_none() => {
                "the CA answered another request: send it the request that was made with this key".to_owned()
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
        let Judged { path, mut findings, .. } = judged;
        let order = self.question.as_given.and_then(|given| submission::order(&given, &path.steps));
        findings.extend(order.and_then(|found| self.of_files(found)));
        let beside =
            self.question.as_given.and_then(|given| submission::beside(&given, self.pool, &path.steps));
        findings.extend(beside.and_then(|(at, found)| {
            self.finding(found.rule, Some(path.steps[at]), found.message, found.help)
        }));
        let taken: Vec<&Certificate> = path.steps.iter().map(|step| self.pool.certificate(*step)).collect();
        let above = self.above(&path);
        for (index, certificate) in self.pool.given.iter().enumerate() {
            let step = Step::Given(index);
            let is_above = above.contains(&step);
            if path.steps.contains(&step) || is_above && !matches!(path.end, End::Anchor) {
                continue;
            }
            let (rule, message, help) = if is_above {
                let end = path.steps.last().map(|step| self.about(*step).to_string()).unwrap_or_default();
                let message = format!("stands above {end}, where the chain ends because that is trusted");
                let help = "trust the root instead (--roots): who knows the root alone needs this one too, and it is left out";
                (&rules::ABOVE_TRUSTED, message, help)
            } else if taken.contains(certificate) {
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
            (End::Anchor, Some(last)) if !self.pool.certificate(*last).is_self_issued() => *last,
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

    pub(super) fn finding(
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

    pub(super) fn severity(&self, rule: &Rule) -> Option<Severity> {
        if self.is_accepted(rule) { Some(Severity::Warn) } else { self.unaccepted_severity(rule) }
    }

    /// Whether it would refuse, and somebody accepts it.
    fn is_accepted(&self, rule: &Rule) -> bool {
        self.question.terms.acceptance.rules.contains(&rule)
            && self.unaccepted_severity(rule) == Some(Severity::Refuse)
    }

    fn unaccepted_severity(&self, rule: &Rule) -> Option<Severity> {
        rule.severity_of(self.profile, !self.pool.anchors.is_empty(), self.question.terms.choices.conformance)
    }

    pub(super) fn about(&self, step: Step) -> About {
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

/// What is below the anchor of a path, and the anchor where it ends at one.
fn below_anchor<'c, 'p>(
    path: &Path,
    certificates: &'c [&'p Certificate],
) -> (&'c [&'p Certificate], Option<&'p Certificate>) {
    match (&path.end, certificates.split_last()) {
        (End::Anchor, Some((anchor, below))) => (below, Some(*anchor)),
        _ => (certificates, None),
    }
}

/// For how many paths all the work is done that one may need, comparing names or processing policies: one that uses up its
/// own must not leave none for a better one. Ours: so long a search still ends within a second.
const PATHS_OF_WORK: usize = 8;
