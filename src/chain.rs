//! Finds paths from a leaf upwards: among what was sent, to what is trusted, by name and by signature.
//!
//! Every path that can be found within the budget is shown to the judge, who says how good it is; the best is
//! kept. The search itself judges nothing: expired certificates and strange CAs stand in a path like others.

#[cfg(test)]
mod tests;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::ControlFlow;
use std::rc::Rc;

use crate::certificate::Certificate;
use crate::extension::SUBJECT_ALTERNATIVE_NAME;
use crate::key::{PublicKey, SignatureFault};
use crate::time::UnixTime;

/// The certificates among which paths are found.
#[derive(Debug)]
pub struct Pool<'a> {
    /// What was sent, in any order.
    pub given: Vec<&'a Certificate>,
    /// What is trusted; they need not be self-signed.
    pub anchors: Vec<&'a Certificate>,
    /// When: only to try certificates that are valid then before others.
    pub at: UnixTime,
    /// Certificates between leaf and end, at most, self-issued ones not counted.
    pub intermediates_max: usize,
    /// Whether a leaf that is itself trusted ends its path.
    pub trusted_leaf_ends: bool,
}

/// Where a certificate of a path comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A position in [`Pool::given`].
    Given(usize),
    /// A position in [`Pool::anchors`].
    Anchor(usize),
}

/// A path, leaf first, each certificate signed by the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The certificates.
    pub steps: Vec<Step>,
    /// How it ends.
    pub end: End,
}

/// How a path ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// At an anchor.
    Anchor,
    /// At a certificate that signed itself and is no anchor.
    SelfSigned,
    /// At one whose issuer was not given.
    IssuerNotGiven,
    /// At one whose issuer's name was given, and whose signature did not verify under any key of that name.
    Broken {
        /// The certificate that bears the issuer's name; it may be the last of the path itself.
        issuer: Step,
        /// What the signature check said of it.
        fault: SignatureFault,
    },
    /// At the limit to a path's length.
    TooLong,
    /// The budget was used up before the search was done.
    BudgetUsedUp,
}

impl Pool<'_> {
    /// Begins a search. What it has learned and what is left of its budget hold for all leaves together.
    pub fn search(&self) -> Search<'_> {
        Search::new(self)
    }

    /// A step's certificate.
    pub fn certificate(&self, step: Step) -> &Certificate {
        match step {
            Step::Given(index) => self.given[index],
            Step::Anchor(index) => self.anchors[index],
        }
    }

    fn steps(&self) -> impl Iterator<Item = Step> {
        let anchors = (0..self.anchors.len()).map(Step::Anchor);
        anchors.chain((0..self.given.len()).map(Step::Given))
    }
}

/// A search for the paths of a [`Pool`].
#[derive(Debug)]
pub struct Search<'p> {
    pool: &'p Pool<'p>,
    /// For each certificate its first occurrence, the anchors coming first: the same one given twice would lead to
    /// the same paths twice.
    first: HashMap<&'p [u8], Step>,
    by_subject: HashMap<&'p [u8], Vec<Step>>,
    /// How many certificates away an anchor is, as far as names and key identifiers tell; those from which none
    /// is reached are left out.
    distances: HashMap<Step, usize>,
    /// Who may have issued a certificate, the likeliest first.
    issuers: HashMap<Step, Rc<[Candidate]>>,
    /// By certificate and key: a CA's cross-certificates hold the same key.
    verified: HashMap<(Step, &'p [u8]), Result<(), SignatureFault>>,
    /// Those that were verified before this search began again, and that it has not come by yet.
    remembered: HashMap<(Step, &'p [u8]), Result<(), SignatureFault>>,
    dead_ends: HashSet<Step>,
    signatures_left: usize,
    paths_left: usize,
    bytes_left: usize,
}

impl<'p> Search<'p> {
    fn new(pool: &'p Pool<'p>) -> Self {
        let mut first = HashMap::new();
        let mut by_subject: HashMap<&'p [u8], Vec<Step>> = HashMap::new();
        for step in pool.steps() {
            let certificate = pool.certificate(step);
            if let Entry::Vacant(entry) = first.entry(certificate.as_der()) {
                entry.insert(step);
                by_subject.entry(certificate.subject().matching_key()).or_default().push(step);
            }
        }
        Self {
            pool,
            first,
            by_subject,
            distances: distances(pool),
            issuers: HashMap::new(),
            verified: HashMap::new(),
            remembered: HashMap::new(),
            dead_ends: HashSet::new(),
            signatures_left: SIGNATURES_MAX,
            paths_left: PATHS_MAX,
            bytes_left: PATH_BYTES_MAX,
        }
    }

    /// Begins again, with the whole budget; no signature that was checked is checked once more.
    pub fn begin_again(&mut self) {
        self.remembered.extend(self.verified.drain());
        self.dead_ends.clear();
        (self.signatures_left, self.paths_left, self.bytes_left) =
            (SIGNATURES_MAX, PATHS_MAX, PATH_BYTES_MAX);
    }

    /// Shows every path from a leaf, a position in [`Pool::given`], until one is good enough or the budget is
    /// used up. Likely ones come first.
    pub fn paths(&mut self, leaf: usize, visit: &mut dyn FnMut(&Path) -> ControlFlow<()>) {
        let _ = self.extend(&mut vec![Step::Given(leaf)], visit);
    }

    /// Extends a path by every issuer that its last certificate can have. What comes back is whether its last
    /// certificate is a dead end: no way on leads to an anchor, whatever stands below.
    fn extend(
        &mut self,
        path: &mut Vec<Step>,
        visit: &mut dyn FnMut(&Path) -> ControlFlow<()>,
    ) -> ControlFlow<(), bool> {
        let Some(last) = path.last().copied() else { return ControlFlow::Continue(false) };
        let ends_here = self.is_anchor(last) && (path.len() > 1 || self.pool.trusted_leaf_ends);
        if ends_here {
            self.show(path, End::Anchor, visit)?;
            // Where a CA below a root is trusted too, the way goes on: who trusts the root alone needs what stands
            // between.
            if self.pool.certificate(last).is_self_issued() {
                return ControlFlow::Continue(false);
            }
        }
        if self.is_known_dead_end(last) {
            return ControlFlow::Continue(!ends_here);
        }
        let mut fault = None;
        let mut signed_by: Vec<&PublicKey> = Vec::new();
        let (mut extended, mut is_dead_end) = (false, true);
        for Candidate { issuer, fit } in self.issuers(last).iter().copied() {
            if extended
                && fit == Fit::Another
                && !signed_by.contains(&self.pool.certificate(issuer).public_key())
            {
                // It was signed by the key that it names, and so by no other; another certificate of that key may call
                // it otherwise.
                continue;
            }
            if self.is_in(path, issuer) {
                // From another path below it could be taken.
                is_dead_end = false;
                continue;
            }
            match self.verify(last, issuer) {
                None => return self.give_up(path, visit),
                Some(Err(found)) => {
                    fault.get_or_insert(End::Broken { issuer, fault: found });
                }
                Some(Ok(())) if !self.has_room_for(path, issuer) => {
                    fault = Some(End::TooLong);
                    is_dead_end = false;
                }
                Some(Ok(())) => {
                    extended = true;
                    signed_by.push(self.pool.certificate(issuer).public_key());
                    path.push(issuer);
                    let above = self.extend(path, visit);
                    path.pop();
                    is_dead_end &= above?;
                }
            }
        }
        if !extended && !ends_here {
            let Some(end) = self.end_of(last, fault) else { return self.give_up(path, visit) };
            self.show(path, end, visit)?;
        }
        if is_dead_end {
            self.dead_ends.insert(last);
        }
        ControlFlow::Continue(is_dead_end && !ends_here)
    }

    /// How a path ends that nothing given extends; none where the budget does not allow to say.
    fn end_of(&mut self, last: Step, fault: Option<End>) -> Option<End> {
        let certificate = self.pool.certificate(last);
        if certificate.is_self_issued() {
            match self.verify(last, last)? {
                Ok(()) => return Some(End::SelfSigned),
                // After a change of keys a CA certifies its new key with its old one under one name (RFC 5280
                // 6.1: self-issued): then it says so, and the old certificate was not given.
                Err(_) if names_another_key(certificate) => {}
                Err(found) => {
                    return Some(fault.unwrap_or(End::Broken { issuer: last, fault: found }));
                }
            }
        }
        Some(fault.unwrap_or(End::IssuerNotGiven))
    }

    /// Whether the ways on need not be shown again. Until so many paths were shown that their number is no accident
    /// each is, because the judge may like one better.
    fn is_known_dead_end(&self, last: Step) -> bool {
        let is_needed = self.paths_left < PATHS_MAX - PATHS_SHOWN_IN_FULL;
        is_needed && self.dead_ends.contains(&last)
    }

    /// Who may have issued a certificate, the likeliest first: anchors, then those whose key identifier is named,
    /// then those from which an anchor seems to be reached, then those valid at the time, then those that are nearest
    /// to an anchor, then the newest (the criteria of RFC 4158 3.5).
    fn issuers(&mut self, child: Step) -> Rc<[Candidate]> {
        if let Some(known) = self.issuers.get(&child) {
            return known.clone();
        }
        let certificate = self.pool.certificate(child);
        let named = certificate.authority_key_identifier();
        let of_that_name = self.by_subject.get(certificate.issuer().matching_key());
        let others = of_that_name.into_iter().flatten().filter(|issuer| !self.is_in(&[child], **issuer));
        let mut candidates: Vec<Candidate> = others
            .map(|issuer| {
                let own = self.pool.certificate(*issuer).subject_key_identifier();
                Candidate { issuer: *issuer, fit: Fit::of(named.as_deref(), own) }
            })
            .collect();
        candidates.sort_by_cached_key(|Candidate { issuer: step, fit }| {
            let issuer = self.pool.certificate(*step);
            let is_given = matches!(step, Step::Given(_));
            let distance = self.distances.get(step).copied().unwrap_or(usize::MAX);
            let valid = (issuer.not_before()..=issuer.not_after()).contains(&self.pool.at);
            let newest = -issuer.not_before().unix_seconds();
            let nearest = (distance == usize::MAX, !valid, distance);
            (*fit == Fit::Another, is_given, *fit, nearest, issuer.is_self_issued(), newest)
        });
        let candidates: Rc<[Candidate]> = candidates.into();
        self.issuers.insert(child, candidates.clone());
        candidates
    }

    /// Whether a path has this certificate already, or another for the same names and key: such a path goes round
    /// in circles (RFC 4158 2.4.2).
    fn is_in(&self, path: &[Step], step: Step) -> bool {
        let alternative_names =
            |of: &Certificate| of.extension(SUBJECT_ALTERNATIVE_NAME).map(|one| one.value.clone());
        let one = self.pool.certificate(step);
        path.iter().map(|other| self.pool.certificate(*other)).any(|other| {
            other == one
                || (other.public_key() == one.public_key()
                    && other.subject().matches(one.subject())
                    && alternative_names(other) == alternative_names(one))
        })
    }

    fn is_anchor(&self, step: Step) -> bool {
        matches!(self.first.get(self.pool.certificate(step).as_der()), Some(Step::Anchor(_)))
    }

    /// Whether a path may have this issuer by its length; one at which it ends is no intermediate, and self-issued
    /// ones do not count, as in RFC 5280 6.1.4(l).
    fn has_room_for(&self, path: &[Step], issuer: Step) -> bool {
        let counts = |step: &Step| !self.pool.certificate(*step).is_self_issued();
        let above = path.iter().skip(1).filter(|step| counts(step)).count();
        above + usize::from(!self.is_anchor(issuer) && counts(&issuer)) <= self.pool.intermediates_max
    }

    fn verify(&mut self, child: Step, issuer: Step) -> Option<Result<(), SignatureFault>> {
        let key = self.pool.certificate(issuer).public_key();
        if let Some(known) = self.verified.get(&(child, key.as_der())) {
            return Some(known.clone());
        }
        // One that is remembered counts like any other: a search that begins again finds what the first one found.
        self.signatures_left = self.signatures_left.checked_sub(1)?;
        let result = self
            .remembered
            .remove(&(child, key.as_der()))
            .unwrap_or_else(|| self.pool.certificate(child).verify_signature(key));
        self.verified.insert((child, key.as_der()), result.clone());
        Some(result)
    }

    fn give_up<T>(
        &mut self,
        path: &[Step],
        visit: &mut dyn FnMut(&Path) -> ControlFlow<()>,
    ) -> ControlFlow<(), T> {
        let _ = self.show(path, End::BudgetUsedUp, visit);
        ControlFlow::Break(())
    }

    fn show(
        &mut self,
        path: &[Step],
        end: End,
        visit: &mut dyn FnMut(&Path) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let bytes: usize = path.iter().map(|step| self.pool.certificate(*step).as_der().len()).sum();
        // A path is shown as long as anything is left: the first one always is.
        if self.paths_left == 0 || self.bytes_left == 0 {
            return ControlFlow::Break(());
        }
        self.paths_left -= 1;
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        visit(&Path { steps: path.to_vec(), end })
    }
}

/// Who may have issued a certificate.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    issuer: Step,
    fit: Fit,
}

/// How the key identifier that a certificate names fits that of a possible issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Named,
    /// One of them says nothing.
    Unknown,
    Another,
}

impl Fit {
    fn of(named: Option<&[u8]>, own: Option<&[u8]>) -> Self {
        match (named, own) {
            (Some(named), Some(own)) if named == own => Self::Named,
            (Some(_), Some(_)) => Self::Another,
            (None, _) | (_, None) => Self::Unknown,
        }
    }
}

/// How many certificates stand between each of those given and the nearest anchor, itself counted, if every
/// signature is what names and key identifiers say. Nothing is verified: a forged certificate is as near as it says.
fn distances<'p>(pool: &'p Pool<'p>) -> HashMap<Step, usize> {
    let mut waiting: HashMap<&[u8], HashMap<_, Vec<Step>>> = HashMap::new();
    for (index, certificate) in pool.given.iter().enumerate() {
        let of_that_name = waiting.entry(certificate.issuer().matching_key()).or_default();
        let of_that_key = of_that_name.entry(certificate.authority_key_identifier()).or_default();
        of_that_key.push(Step::Given(index));
    }
    let mut distances = HashMap::new();
    let mut queue: VecDeque<(Step, usize)> =
        (0..pool.anchors.len()).map(|index| (Step::Anchor(index), 0)).collect();
    while let Some((step, distance)) = queue.pop_front() {
        let issuer = pool.certificate(step);
        let Some(of_that_name) = waiting.get_mut(issuer.subject().matching_key()) else { continue };
        let below: Vec<Step> = match issuer.subject_key_identifier() {
            Some(own) => {
                let named = of_that_name.remove(&Some(own.to_vec())).unwrap_or_default();
                named.into_iter().chain(of_that_name.remove(&None).unwrap_or_default()).collect()
            }
            None => of_that_name.drain().flat_map(|(_, steps)| steps).collect(),
        };
        for step in below {
            distances.insert(step, distance + 1);
            queue.push_back((step, distance + 1));
        }
    }
    distances
}

/// Whether a certificate says that another key than its own signed it.
fn names_another_key(certificate: &Certificate) -> bool {
    let named = certificate.authority_key_identifier();
    named.is_some_and(|named| certificate.subject_key_identifier().is_some_and(|own| own != named.as_slice()))
}

/// Signature checks in one search. RFC 5280 sets no bound; x509-limbo's pathological chains would need
/// hundreds of millions, honest answers need a dozen.
pub const SIGNATURES_MAX: usize = 200;
/// Paths shown in one search: each is judged, which costs about as much as two signature checks.
pub const PATHS_MAX: usize = 200;
/// Paths of them after which no dead end is gone to twice. Ours: no answer with cross-certificates that somebody made
/// for use has so many.
const PATHS_SHOWN_IN_FULL: usize = 40;
/// Bytes of certificates in all paths shown in one search: a judge reads each of them again in each path. Ours: the
/// paths that are allowed, of the longest public chains; one certificate full of names must not be read two hundred
/// times.
pub const PATH_BYTES_MAX: usize = 2 << 20;
/// Certificates between leaf and end when nobody says otherwise. Public chains have at most three; PKITS goes to
/// six.
pub const INTERMEDIATES_MAX: usize = 16;
