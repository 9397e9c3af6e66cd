//! Whether certificates were revoked, by the CRLs that were given (RFC 5280 6.3).
//!
//! A CRL counts when it speaks of the certificate, a key that may sign it did, it is current, and all that
//! is critical in it is understood. Nothing is fetched, and a CRL signer's own path is followed one
//! certificate deep: its issuer must be the anchor or stand in the path above the certificate in question.

mod scope;
mod signer;

use std::cell::RefCell;
use std::collections::HashMap;

use super::choices::Choices;
use super::rule::{Fault, Rule, Severities, Severity};
use super::{names, path, rules, strength};
use crate::certificate::Certificate;
use crate::crl::{CertificateRevocationList, Reason, Revoked};
use crate::extension::{DistributionPoint, Reasons};
use crate::fingerprint::hex;
use crate::name::Printed;
use crate::time::UnixTime;
use scope::{points, reasons_told, speaks_for};
pub(super) use signer::Checked;
use signer::{List, ListSigner, signs_crls};

/// Judges every certificate of a path by the CRLs given: `path` leaf first, each signed by the next, all
/// below the anchor. A self-issued last certificate stands for an anchor that is not given.
///
/// Certificates that sign CRLs are looked for in the path, the anchor and `extra_issuers`. A certificate of
/// which the CRLs say nothing is a fault of [`REVOCATION_REQUIRED`] where that is asked for, else of
/// [`REVOCATION_UNKNOWN`]; where there are no CRLs and nothing is required, nothing is judged.
pub(super) fn faults(
    path: &[&Certificate],
    anchor: Option<&Certificate>,
    extra_issuers: &[&Certificate],
    crls: &[CertificateRevocationList],
    at: UnixTime,
    required: bool,
    checked: &Checked,
) -> Vec<Fault> {
    if crls.is_empty() && !required {
        return Vec::new();
    }
    let judge = Judge::new(path, anchor, extra_issuers, crls, at, checked);
    let ends_in_root = anchor.is_none() && path.last().is_some_and(|last| last.is_self_issued());
    let below = if ends_in_root { path.len() - 1 } else { path.len() };
    path[..below]
        .iter()
        .enumerate()
        .filter_map(|(index, certificate)| match judge.status(certificate, index + 1, Signers::All) {
            Status::Good { weak, .. } => weak.map(|(list, hash)| weakly_signed(index, list, hash)),
            Status::Revoked { entry, list } => Some(revoked(index, certificate, entry, list)),
            Status::Unknown { why } => Some(unknown(index, certificate, &why, required)),
        })
        .collect()
}

/// The certificates of a path, by their places, that a CRL was given for and that are not revoked, each with the first CRL
/// that says so. Arguments as those of [`faults`].
pub(super) fn cleared<'a>(
    path: &[&'a Certificate],
    anchor: Option<&'a Certificate>,
    extra_issuers: &[&'a Certificate],
    crls: &'a [CertificateRevocationList],
    at: UnixTime,
    checked: &Checked,
) -> Vec<(usize, &'a CertificateRevocationList)> {
    if crls.is_empty() {
        return Vec::new();
    }
    let judge = Judge::new(path, anchor, extra_issuers, crls, at, checked);
    let each = path.iter().enumerate();
    each.filter_map(|(index, certificate)| match judge.status(certificate, index + 1, Signers::All) {
        Status::Good { by, .. } => Some((index, by?)),
        Status::Revoked { .. } | Status::Unknown { .. } => None,
    })
    .collect()
}

/// What the CRLs say of one certificate.
enum Status<'a> {
    /// By which list, and where one that says so is signed over a weak hash, by which.
    Good {
        by: Option<&'a CertificateRevocationList>,
        weak: Option<(&'a CertificateRevocationList, &'static str)>,
    },
    Revoked {
        entry: Revoked,
        list: &'a CertificateRevocationList,
    },
    Unknown {
        why: Vec<String>,
    },
}

/// Whose CRLs are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signers {
    /// Those of the path, the anchor and the extra issuers below them.
    All,
    /// Those of the path and the anchor: for the certificates of extra issuers.
    Trusted,
}

struct Judge<'a> {
    /// The path, then the anchor.
    trusted: Vec<&'a Certificate>,
    /// The latest first, so that an older one of the same key and scope is not asked.
    lists: Vec<List<'a>>,
    at: UnixTime,
    /// Whether an extra issuer, by its address and its issuer's place, was revoked: CRLs share signers.
    extra_revoked: RefCell<HashMap<(*const Certificate, usize), bool>>,
    /// The same, and why its certificate does not count.
    extra_unfit: RefCell<HashMap<(*const Certificate, usize), Option<String>>>,
    is_anchored: bool,
}

impl<'a> Judge<'a> {
    fn new(
        path: &[&'a Certificate],
        anchor: Option<&'a Certificate>,
        extra_issuers: &[&'a Certificate],
        crls: &'a [CertificateRevocationList],
        at: UnixTime,
        checked: &Checked,
    ) -> Self {
        let trusted: Vec<&Certificate> = path.iter().copied().chain(anchor).collect();
        let mut lists: Vec<List<'_>> =
            crls.iter().map(|crl| List::new(crl, &trusted, anchor, extra_issuers, at, checked)).collect();
        // Of two of one moment the number says which is newer (RFC 5280 5.2.3).
        lists.sort_by(|one, other| {
            let age = |list: &List<'_>| (list.crl.this_update(), list.crl.number().cloned());
            age(other).cmp(&age(one))
        });
        Self {
            trusted,
            lists,
            at,
            extra_revoked: RefCell::default(),
            extra_unfit: RefCell::default(),
            is_anchored: anchor.is_some(),
        }
    }

    /// RFC 5280 6.3.3, for a certificate whose issuers start at a place in [`Judge::trusted`].
    fn status(&self, certificate: &Certificate, above: usize, signers: Signers) -> Status<'a> {
        let mut notes = Notes::default();
        let points = points(certificate).unwrap_or_else(|(error, points)| {
            notes.certificate = Some(format!("its cRLDistributionPoints cannot be read: {error}"));
            points
        });
        let mut told = Reasons::NONE;
        let mut counted: Vec<&List<'a>> = Vec::new();
        let complete: Vec<&List<'a>> = self
            .lists
            .iter()
            .filter(|list| list.crl.base_number().is_none() && speaks_for(list.crl, certificate, &points))
            .collect();
        for point in &points {
            for list in &complete {
                let tells = match reasons_told(list.crl, certificate, point) {
                    Ok(tells) => tells,
                    Err(reason) => {
                        notes.out_of_scope(list.crl, reason);
                        continue;
                    }
                };
                if tells == Reasons::NONE {
                    notes.out_of_scope(
                        list.crl,
                        "is for none of the reasons that the certificate points to it for".to_owned(),
                    );
                    continue;
                }
                // 6.3.3(e): a CRL that tells no further reason is not asked, where a later one of the same issuer took
                // its place. What another key signed, or for another scope, takes no revocation back.
                if told.includes(tells) && counted.iter().any(|later| is_successor(later, list)) {
                    continue;
                }
                if let Err(reason) = self.usable(list, above, signers) {
                    notes.of_no_use(list.crl, reason);
                    continue;
                }
                let delta = self.delta_of(list, &mut notes);
                let current = self.current(list.crl).or_else(|late| delta.map(|_| ()).ok_or(late));
                if let Some((entry, list)) = entry_of(certificate, list, delta)
                    && (current.is_ok() || is_for_good(entry))
                {
                    return Status::Revoked { entry, list };
                }
                if let Some((entry, list)) = self.old_delta_entry(certificate, list, delta) {
                    return Status::Revoked { entry, list };
                }
                match current.and_then(|()| conforming(list.crl)) {
                    Ok(()) => {
                        counted.push(list);
                        notes.withdraw(list.crl);
                        told = told.union(tells);
                    }
                    Err(late) => notes.of_no_use(list.crl, late),
                }
            }
        }
        if told == Reasons::ALL {
            let weak = counted
                .iter()
                .find_map(|list| Some((list.crl, strength::weak_hash(list.crl.signature_algorithm())?)));
            return Status::Good { by: counted.first().map(|list| list.crl), weak };
        }
        let mut why = notes.into_text();
        if told != Reasons::NONE {
            why.push(format!("the CRLs tell only {told}, and not {}", told.others()));
        }
        if why.is_empty() {
            why.push(self.none_speaks_for(certificate));
        }
        Status::Unknown { why }
    }

    /// 6.3.3(f) and (g), and that it is understood and not of the future.
    fn usable(&self, list: &List<'a>, above: usize, signers: Signers) -> Result<(), String> {
        let crl = list.crl;
        understood(crl)?;
        if let Err(fault) = &list.key {
            return Err(fault.to_string());
        }
        if crl.this_update() > self.at {
            return Err(format!("is of {}, and it is {}", crl.this_update(), self.at));
        }
        let mut reason = "is signed by nobody above the certificate".to_owned();
        for signer in &list.signers {
            match self.may_sign(signer, above, signers) {
                Ok(()) => return Ok(()),
                Err(fault) => reason = fault,
            }
        }
        Err(reason)
    }

    fn may_sign(&self, signer: &ListSigner<'a>, above: usize, signers: Signers) -> Result<(), String> {
        match signer {
            ListSigner::Trusted(place) => {
                if *place < above {
                    return Err("is signed by a certificate below its issuer".to_owned());
                }
                signs_crls(self.trusted[*place])
            }
            ListSigner::Extra { certificate, .. } if signers == Signers::Trusted => {
                Err(format!("is signed by {}, which the path does not hold", certificate.subject()))
            }
            ListSigner::Extra { certificate, parents } => {
                signs_crls(certificate)?;
                let subject = certificate.subject();
                let (start, end) = (certificate.not_before(), certificate.not_after());
                if self.at < start || self.at > end {
                    return Err(format!(
                        "is signed by {subject}, valid {start} to {end}, and it is {}",
                        self.at
                    ));
                }
                // Of a certificate below, or beside, any CA could make one that bears another CA's name.
                let Some(parent) = parents.iter().find(|parent| **parent >= above) else {
                    return Err(format!(
                        "is signed by {subject}, whom no issuer of the certificate certified"
                    ));
                };
                if let Some(fault) = self.unfit(certificate, *parent) {
                    return Err(format!("is signed by {subject}: {fault}"));
                }
                if self.is_revoked(certificate, *parent) {
                    return Err(format!("is signed by {subject}, which was revoked"));
                }
                Ok(())
            }
        }
    }

    /// Why an extra issuer's certificate does not count: its path is validated too (6.3.3(f)), from the place of its
    /// issuer up. What stands above is validated with the path itself.
    fn unfit(&self, extra: &'a Certificate, parent: usize) -> Option<String> {
        let mut known = self.extra_unfit.borrow_mut();
        let fault = known.entry((std::ptr::from_ref(extra), parent)).or_insert_with(|| {
            let chain: Vec<&Certificate> =
                std::iter::once(extra).chain(self.trusted[parent..].iter().copied()).collect();
            let mut faults = path::faults(&chain, self.at, self.is_anchored, Choices::default());
            faults.retain(|fault| UNFIT.contains(&fault.rule));
            let mut comparisons = EXTRA_COMPARISONS_MAX;
            faults.extend(names::faults(&chain, &mut comparisons));
            faults.into_iter().find(|fault| fault.at == 0).map(|fault| fault.message)
        });
        fault.clone()
    }

    fn is_revoked(&self, extra: &'a Certificate, parent: usize) -> bool {
        let key = (std::ptr::from_ref(extra), parent);
        if let Some(known) = self.extra_revoked.borrow().get(&key) {
            return *known;
        }
        let revoked = matches!(self.status(extra, parent, Signers::Trusted), Status::Revoked { .. });
        self.extra_revoked.borrow_mut().insert(key, revoked);
        revoked
    }

    /// The delta CRLs that go on a complete one. 6.3.3(c)(1) to (3) and (h): same issuer, same scope, same key.
    fn deltas_of<'s>(&'s self, complete: &'s List<'a>) -> impl Iterator<Item = &'s List<'a>> {
        self.lists.iter().filter(|delta| delta.crl.base_number().is_some() && is_successor(delta, complete))
    }

    /// What a delta CRL told for good that is later than what counts and too old to count itself.
    fn old_delta_entry(
        &self,
        certificate: &Certificate,
        complete: &List<'a>,
        counts: Option<&CertificateRevocationList>,
    ) -> Option<(Revoked, &'a CertificateRevocationList)> {
        let number = counts.unwrap_or(complete.crl).number();
        self.deltas_of(complete)
            .filter(|delta| delta.crl.number() > number)
            .filter(|delta| delta.crl.this_update() <= self.at && understood(delta.crl).is_ok())
            .filter_map(|delta| {
                let entry = delta.crl.find(certificate.issuer(), certificate.serial())?;
                Some((entry, delta.crl))
            })
            .find(|(entry, _)| is_for_good(*entry) && entry.reason != Some(Reason::RemoveFromCrl))
    }

    /// The latest delta CRL that can be laid over a complete one (RFC 5280 5.2.4, 6.3.3(c)).
    fn delta_of(&self, complete: &List<'a>, notes: &mut Notes<'a>) -> Option<&'a CertificateRevocationList> {
        let number = complete.crl.number()?;
        let mut best: Option<&CertificateRevocationList> = None;
        for delta in self.deltas_of(complete) {
            let (Some(base), Some(delta_number)) = (delta.crl.base_number(), delta.crl.number()) else {
                continue;
            };
            if base > number {
                let reason = format!("starts from number {base}, and the complete CRL is number {number}");
                notes.of_no_use(delta.crl, reason);
            } else if let Err(reason) = understood(delta.crl).and_then(|()| self.current(delta.crl)) {
                notes.of_no_use(delta.crl, reason);
            } else if delta_number > number && best.is_none_or(|best| best.number() < Some(delta_number)) {
                best = Some(delta.crl);
            }
        }
        best
    }

    /// RFC 5280 5.1.2.4, 5.1.2.5.
    fn current(&self, crl: &CertificateRevocationList) -> Result<(), String> {
        if crl.this_update() > self.at {
            return Err(format!("is of {}, and it is {}", crl.this_update(), self.at));
        }
        match crl.next_update() {
            Some(next) if next < self.at => {
                Err(format!("was to be replaced by {next}, and it is {}", self.at))
            }
            _ => Ok(()),
        }
    }

    fn none_speaks_for(&self, certificate: &Certificate) -> String {
        let issuer = certificate.issuer();
        if self.lists.is_empty() {
            return format!("no CRL was given, and none of {issuer}");
        }
        let is_delta =
            |list: &&List<'_>| list.crl.base_number().is_some() && list.crl.issuer().matches(issuer);
        if self.lists.iter().any(|list| is_delta(&list)) {
            return format!(
                "of {issuer} a delta CRL alone was given, and not the complete one that it goes on"
            );
        }
        let mut given: Vec<String> = self.lists.iter().map(|list| list.crl.issuer().to_string()).collect();
        given.sort();
        given.dedup();
        let more = given.len().saturating_sub(ISSUERS_NAMED_MAX);
        given.truncate(ISSUERS_NAMED_MAX);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        format!("no CRL of {issuer} was given, but of {}{more}", given.join("; "))
    }
}

/// Why CRLs were of no use for a certificate, at most one reason for each.
#[derive(Default)]
struct Notes<'a> {
    certificate: Option<String>,
    lists: Vec<(&'a CertificateRevocationList, Note)>,
}

enum Note {
    /// It does not speak of the certificate, at least by one distribution point.
    OutOfScope(String),
    /// It does, and does not count.
    OfNoUse(String),
}

impl<'a> Notes<'a> {
    fn out_of_scope(&mut self, crl: &'a CertificateRevocationList, reason: String) {
        if !self.lists.iter().any(|(noted, _)| std::ptr::eq(*noted, crl)) {
            self.lists.push((crl, Note::OutOfScope(reason)));
        }
    }

    fn of_no_use(&mut self, crl: &'a CertificateRevocationList, reason: String) {
        match self.lists.iter_mut().find(|(noted, _)| std::ptr::eq(*noted, crl)) {
            Some((_, note)) => *note = Note::OfNoUse(reason),
            None => self.lists.push((crl, Note::OfNoUse(reason))),
        }
    }

    /// It counts after all, by another distribution point.
    fn withdraw(&mut self, crl: &CertificateRevocationList) {
        self.lists.retain(|(noted, _)| !std::ptr::eq(*noted, crl));
    }

    fn into_text(self) -> Vec<String> {
        let lists = self.lists.into_iter().map(|(crl, note)| {
            let (Note::OutOfScope(reason) | Note::OfNoUse(reason)) = note;
            format!("{} {reason}", shown(crl))
        });
        self.certificate.into_iter().chain(lists).take(NOTES_MAX).collect()
    }
}

/// 6.3.3(i) to (k): what the delta CRL says comes first, and it may take a certificate off the list.
fn entry_of<'a>(
    certificate: &Certificate,
    complete: &List<'a>,
    delta: Option<&'a CertificateRevocationList>,
) -> Option<(Revoked, &'a CertificateRevocationList)> {
    for crl in delta.into_iter().chain([complete.crl]) {
        if let Some(entry) = crl.find(certificate.issuer(), certificate.serial()) {
            // removeFromCRL means something in a delta CRL alone (5.3.1): elsewhere the entry stands.
            let removed = entry.reason == Some(Reason::RemoveFromCrl) && crl.base_number().is_some();
            return (!removed).then_some((entry, crl));
        }
    }
    None
}

/// Whether a revocation outlives the CRL that tells it. RFC 5280 6.3.3 takes nothing from an old CRL; but
/// only a hold is ever lifted (5.3.1), and to call a revoked certificate unknown would help nobody.
fn is_for_good(entry: Revoked) -> bool {
    entry.reason != Some(Reason::CertificateHold)
}

/// Whether a list comes from the same issuer, for the same scope and under the same key as another.
fn is_successor(one: &List<'_>, other: &List<'_>) -> bool {
    one.crl.issuer().matches(other.crl.issuer())
        && one.crl.issuing_distribution_point() == other.crl.issuing_distribution_point()
        && matches!((&one.key, &other.key), (Ok(one), Ok(other)) if one == other)
}

/// Whether a list is as every list has to be. What one that is not revokes is revoked, and of the rest it says nothing.
fn conforming(crl: &CertificateRevocationList) -> Result<(), String> {
    if let Some(fault) = crl.nonconformity() {
        return Err(fault.to_owned());
    }
    // 5.1.2.5: nobody can tell whether one without it is out of date.
    match crl.next_update() {
        Some(_) => Ok(()),
        None => Err("does not say when it is to be replaced, and every CRL says so".to_owned()),
    }
}

/// RFC 5280 5.2, 5.3: a CRL with a critical extension that is not understood must not be used.
fn understood(crl: &CertificateRevocationList) -> Result<(), String> {
    match crl.not_understood() {
        [] => Ok(()),
        [first, others @ ..] => {
            let others = others.iter().map(|oid| format!(", {oid}")).collect::<String>();
            Err(format!("has critical extensions that are not understood: {first}{others}"))
        }
    }
}

fn shown(crl: &CertificateRevocationList) -> String {
    let kind = if crl.base_number().is_some() { "delta CRL" } else { "CRL" };
    let number = crl.number().map(|number| format!(" number {number}")).unwrap_or_default();
    format!("{kind}{number} of {} of {}", crl.issuer(), crl.this_update())
}

fn revoked(at: usize, certificate: &Certificate, entry: Revoked, list: &CertificateRevocationList) -> Fault {
    let reason = entry.reason.map_or("no reason told", Reason::name);
    let message = format!(
        "revoked since {}, {reason}: {} lists serial number {}",
        entry.date,
        shown(list),
        hex(certificate.serial())
    );
    let issuer = certificate.issuer();
    let help = match (entry.reason, at) {
        (Some(Reason::CertificateHold), _) => {
            format!(
                "ask {issuer} when the hold ends and for the CRL that says so, or for another certificate"
            )
        }
        (Some(Reason::KeyCompromise), 0) => {
            format!(
                "make a new key and request, and ask {issuer} for a certificate of it: this key is not to be used"
            )
        }
        (_, 0) => format!("ask {issuer} for a new certificate: a revoked one is not made good again"),
        _ => "ask the CA for a chain without this CA certificate, and for a new certificate if there is none"
            .to_owned(),
    };
    Fault { rule: &REVOKED, at, message, help }
}

/// BR 7.1.3.2 is about CRLs too: whoever makes two of one signature makes one that lists nobody.
fn weakly_signed(at: usize, list: &CertificateRevocationList, hash: &str) -> Fault {
    Fault {
        rule: &strength::WEAK_SIGNATURE,
        at,
        message: format!(
            "the {} that says it was not revoked is signed over a hash of {hash}, where SHA-256 or a longer one is expected",
            shown(list)
        ),
        help: "ask the CA for a CRL that is signed with SHA-256 or better".to_owned(),
    }
}

fn unknown(at: usize, certificate: &Certificate, why: &[String], required: bool) -> Fault {
    let rule = if required { &REVOCATION_REQUIRED } else { &REVOCATION_UNKNOWN };
    let message = format!("not known whether it was revoked: {}", why.join("; "));
    let points = points(certificate).unwrap_or_else(|(_, points)| points);
    let uri = points.iter().flat_map(DistributionPoint::uris).find(|uri| uri.starts_with("http"));
    let help = match uri {
        Some(uri) => format!("fetch the CRL from {}, and give it with --crl FILE", Printed::new(uri)),
        None => format!("ask {} for its current CRL, and give it with --crl FILE", certificate.issuer()),
    };
    Fault { rule, at, message, help }
}

/// The rows of this file.
/// What makes a certificate unfit to sign a CRL, beside its dates, key usage and names.
static UNFIT: [&Rule; 4] = [
    &rules::CRITICAL_EXTENSION,
    &rules::EXTENSION_TWICE,
    &rules::EXTENSION_MALFORMED,
    &rules::SIGNATURE_ALGORITHMS_DIFFER,
];

/// Comparisons of names for one such certificate: a sixteenth of what a path may need, as so many may be tried.
const EXTRA_COMPARISONS_MAX: usize = names::COMPARISONS_MAX / 16;

pub(super) static ROWS: [&Rule; 3] = [&REVOKED, &REVOCATION_UNKNOWN, &REVOCATION_REQUIRED];

/// The certificate stands on a CRL.
pub(super) static REVOKED: Rule = Rule {
    name: "revoked",
    clause: "RFC 5280 6.1.3(a)(3), 6.3.3",
    severity: Severities::path_validation(),
    purpose: "A CA takes back a certificate before it expires, because its key leaked or what it says is no longer true. Who goes on using it vouches for something that the CA no longer does.",
    clients: "Key Vault does not look at CRLs and merges it. Browsers, Windows and Java refuse the connection wherever they check revocation; others go on until the certificate expires.",
    origin: "The request was answered with an older certificate that has been replaced since, an intermediate was retired with its key, or the certificate was put on hold after it was issued.",
};

/// The CRLs given do not tell, and nobody asked that they do.
pub(super) static REVOCATION_UNKNOWN: Rule = Rule {
    name: "revocation-unknown",
    clause: "RFC 5280 6.3.3",
    severity: Severities::everywhere(Severity::Warn),
    purpose: "CRLs were given, and none that counts speaks of this certificate: that it is not listed says nothing. The message tells for each CRL why it does not count.",
    clients: "Key Vault does not look. Most clients accept a certificate whose status they cannot find out; those that are set to check strictly refuse it.",
    origin: "The CRL of one CA of the chain was left out, is older than its nextUpdate, was signed by a key whose certificate was not given, or is for other distribution points than this certificate's.",
};

/// The CRLs given do not tell, and that was asked for.
pub(super) static REVOCATION_REQUIRED: Rule = Rule {
    name: "revocation-required",
    clause: "RFC 5280 6.1.3(a)(3)",
    severity: Severities::path_validation(),
    purpose: "It was asked that the status of every certificate below the anchor be known, and that of this one is not. The message tells for each CRL why it does not count.",
    clients: "Key Vault does not look. Clients set to hard-fail revocation checks refuse such a certificate just as they refuse a revoked one.",
    origin: "The CRL of one CA of the chain was left out, is older than its nextUpdate, was signed by a key whose certificate was not given, or is for other distribution points than this certificate's.",
};

/// The reasons named in one message, and the CRL issuers. Ours: more would not be read.
const NOTES_MAX: usize = 8;
const ISSUERS_NAMED_MAX: usize = 3;

#[cfg(test)]
mod suites;
#[cfg(test)]
mod tests;
