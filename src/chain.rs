//! Finds paths from a leaf upwards: among what was sent, to what is trusted, by name and by signature.
//!
//! Every path that can be found within the budget is shown to the judge, who says how good it is; the best is
//! kept. The search itself judges nothing: expired certificates and strange CAs stand in a path like others.

use std::collections::HashMap;
use std::ops::ControlFlow;

use crate::certificate::Certificate;
use crate::extension::{self, Extension};
use crate::key::SignatureFault;
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
    /// Certificates between leaf and end, at most.
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
    /// Shows every path from a leaf, a position in [`Pool::given`], until one is good enough or the budget is
    /// used up. Likely ones come first.
    pub fn paths(&self, leaf: usize, visit: &mut dyn FnMut(&Path) -> ControlFlow<()>) {
        let mut search = Search {
            pool: self,
            visit,
            verified: HashMap::new(),
            signatures_left: SIGNATURES_MAX,
            paths_left: PATHS_MAX,
        };
        let _ = search.extend(&mut vec![Step::Given(leaf)]);
    }

    /// A step's certificate.
    pub fn certificate(&self, step: Step) -> &Certificate {
        match step {
            Step::Given(index) => self.given[index],
            Step::Anchor(index) => self.anchors[index],
        }
    }
}

struct Search<'s, 'p> {
    pool: &'s Pool<'p>,
    visit: &'s mut dyn FnMut(&Path) -> ControlFlow<()>,
    verified: HashMap<(Step, Step), Result<(), SignatureFault>>,
    signatures_left: usize,
    paths_left: usize,
}

impl Search<'_, '_> {
    /// Extends a path by every issuer that its last certificate can have.
    fn extend(&mut self, path: &mut Vec<Step>) -> ControlFlow<()> {
        let Some(last) = path.last().copied() else { return ControlFlow::Continue(()) };
        if self.is_anchor(last) && (path.len() > 1 || self.pool.trusted_leaf_ends) {
            return self.show(path, End::Anchor);
        }
        let mut fault = None;
        let mut extended = false;
        for issuer in self.issuers(path, last) {
            match self.verify(last, issuer) {
                None => return self.give_up(path),
                Some(Err(found)) => {
                    fault.get_or_insert(End::Broken { issuer, fault: found });
                }
                Some(Ok(()))
                    if path.len() > self.pool.intermediates_max + usize::from(self.is_end(issuer)) =>
                {
                    fault = Some(End::TooLong);
                }
                Some(Ok(())) => {
                    extended = true;
                    path.push(issuer);
                    let flow = self.extend(path);
                    path.pop();
                    flow?;
                }
            }
        }
        if extended { ControlFlow::Continue(()) } else { self.dead_end(path, last, fault) }
    }

    /// A path that nothing given extends.
    fn dead_end(&mut self, path: &mut [Step], last: Step, fault: Option<End>) -> ControlFlow<()> {
        let certificate = self.pool.certificate(last);
        if certificate.is_self_issued() {
            match self.verify(last, last) {
                None => return self.give_up(path),
                Some(Ok(())) => return self.show(path, End::SelfSigned),
                // After a change of keys a CA certifies its new key with its old one under one name (RFC 5280
                // 6.1: self-issued): then it says so, and the old certificate was not given.
                Some(Err(_)) if names_another_key(certificate) => {}
                Some(Err(found)) => {
                    return self.show(path, fault.unwrap_or(End::Broken { issuer: last, fault: found }));
                }
            }
        }
        self.show(path, fault.unwrap_or(End::IssuerNotGiven))
    }

    /// Who may have issued the last certificate of a path, the likeliest first: anchors, then those whose key
    /// identifier is named, then those valid at the time, then the newest.
    fn issuers(&self, path: &[Step], last: Step) -> Vec<Step> {
        let child = self.pool.certificate(last);
        let named = child
            .extension(extension::AUTHORITY_KEY_IDENTIFIER)
            .and_then(|one| Extension::read_authority_key_identifier(&one.value).ok()?.key_identifier);
        let mut issuers: Vec<Step> = (0..self.pool.anchors.len()).map(Step::Anchor).collect();
        issuers.extend((0..self.pool.given.len()).map(Step::Given));
        issuers.retain(|step| {
            let issuer = self.pool.certificate(*step);
            issuer.subject().matches(child.issuer()) && !self.is_in(path, *step)
        });
        let key = |step: &Step| {
            let issuer = self.pool.certificate(*step);
            let identifier = issuer.subject_key_identifier();
            let another = matches!((&named, identifier), (Some(named), Some(own)) if named.as_slice() != own);
            let valid = (issuer.not_before()..=issuer.not_after()).contains(&self.pool.at);
            let newest = -issuer.not_before().unix_seconds();
            (matches!(step, Step::Given(_)), another, !valid, issuer.is_self_issued(), newest)
        };
        issuers.sort_by_key(key);
        // The same certificate given twice leads to the same paths twice.
        let mut distinct: Vec<Step> = Vec::new();
        for step in issuers {
            let same = |other: &Step| self.pool.certificate(*other) == self.pool.certificate(step);
            if !distinct.iter().any(same) {
                distinct.push(step);
            }
        }
        distinct
    }

    /// Whether a path has this certificate already, or another for the same name and key: such a path goes round
    /// in circles (RFC 4158 2.4.2).
    fn is_in(&self, path: &[Step], step: Step) -> bool {
        let one = self.pool.certificate(step);
        path.iter().map(|other| self.pool.certificate(*other)).any(|other| {
            other == one || (other.public_key() == one.public_key() && other.subject().matches(one.subject()))
        })
    }

    fn is_anchor(&self, step: Step) -> bool {
        match step {
            Step::Anchor(_) => true,
            Step::Given(_) => self.pool.anchors.contains(&self.pool.certificate(step)),
        }
    }

    /// Whether a path ends at this certificate, so that it is no intermediate.
    fn is_end(&self, step: Step) -> bool {
        self.is_anchor(step) || self.pool.certificate(step).is_self_issued()
    }

    fn verify(&mut self, child: Step, issuer: Step) -> Option<Result<(), SignatureFault>> {
        if let Some(known) = self.verified.get(&(child, issuer)) {
            return Some(known.clone());
        }
        self.signatures_left = self.signatures_left.checked_sub(1)?;
        let key = self.pool.certificate(issuer).public_key();
        let result = self.pool.certificate(child).verify_signature(key);
        self.verified.insert((child, issuer), result.clone());
        Some(result)
    }

    fn give_up(&mut self, path: &[Step]) -> ControlFlow<()> {
        self.paths_left = self.paths_left.max(1);
        self.show(path, End::BudgetUsedUp)?;
        ControlFlow::Break(())
    }

    fn show(&mut self, path: &[Step], end: End) -> ControlFlow<()> {
        let Some(left) = self.paths_left.checked_sub(1) else { return ControlFlow::Break(()) };
        self.paths_left = left;
        (self.visit)(&Path { steps: path.to_vec(), end })
    }
}

/// Whether a certificate says that another key than its own signed it.
fn names_another_key(certificate: &Certificate) -> bool {
    let named = certificate
        .extension(extension::AUTHORITY_KEY_IDENTIFIER)
        .and_then(|one| Extension::read_authority_key_identifier(&one.value).ok()?.key_identifier);
    named.is_some_and(|named| certificate.subject_key_identifier().is_some_and(|own| own != named.as_slice()))
}

/// Signature checks in one search. RFC 5280 sets no bound; x509-limbo's pathological chains would need
/// hundreds of millions, honest answers need a dozen.
const SIGNATURES_MAX: usize = 200;
/// Paths shown in one search: each is judged, which costs about as much as two signature checks.
const PATHS_MAX: usize = 200;
/// Certificates between leaf and end when nobody says otherwise. Public chains have at most three; PKITS goes to
/// six.
pub const INTERMEDIATES_MAX: usize = 16;
