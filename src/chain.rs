//! Finds the path from the leaf upwards among what was sent, by name and by signature.
//!
//! The leaf is the certificate that holds the key. The search has a budget, so that no set of certificates
//! can make it long. It judges nothing: expired certificates and strange CAs stand in a path like others.

use crate::bundle::Given;
use crate::key::{PublicKey, SignatureFault};

/// What was found: indices are positions among the certificates given, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Leaf first, each signed by the next.
    pub path: Vec<usize>,
    /// How the path ends.
    pub end: End,
    /// Certificates that are in the path already, given once more.
    pub duplicates: Vec<usize>,
    /// Certificates that have no place in the path.
    pub unrelated: Vec<usize>,
    /// More certificates for the same key, which could have been the leaf as well.
    pub other_leaves: Vec<usize>,
}

/// How a path ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// At a certificate that signed itself.
    SelfSigned,
    /// At one whose issuer was not given.
    IssuerNotGiven,
    /// At one whose issuer's name was given, and whose signature did not verify under any key of that name.
    Broken {
        /// The certificate that bears the issuer's name.
        issuer: usize,
        /// What the signature check said of it.
        fault: SignatureFault,
    },
    /// The budget was used up before the search was done.
    BudgetUsedUp,
}

impl Chain {
    /// Finds the best path for a key: one that ends at a self-signed certificate before one that does not,
    /// and a longer one before a shorter. None if no certificate holds the key.
    pub fn find(key: &PublicKey, given: &[Given]) -> Option<Self> {
        let leaves: Vec<usize> = (0..given.len()).filter(|index| holds(&given[*index], key)).collect();
        // The newest of several for the same key: a CA that sends two sends the old one along.
        let mut distinct = leaves.clone();
        distinct.dedup_by(|a, b| given[*a].certificate == given[*b].certificate);
        let leaf =
            distinct.iter().copied().rev().max_by_key(|index| given[*index].certificate.not_before())?;
        let mut search = Search { given, signatures_left: SIGNATURES_MAX, best: None };
        search.extend(&mut vec![leaf]);
        let (path, end) = search.best.unwrap_or_else(|| (vec![leaf], End::BudgetUsedUp));
        Some(Self::sorted(given, path, end, key))
    }

    fn sorted(given: &[Given], path: Vec<usize>, end: End, key: &PublicKey) -> Self {
        let mut chain =
            Self { path, end, duplicates: Vec::new(), unrelated: Vec::new(), other_leaves: Vec::new() };
        for index in (0..given.len()).filter(|index| !chain.path.contains(index)) {
            let same = |other: &usize| given[*other].certificate == given[index].certificate;
            if chain.path.iter().any(same) {
                chain.duplicates.push(index);
            } else if holds(&given[index], key) {
                chain.other_leaves.push(index);
            } else {
                chain.unrelated.push(index);
            }
        }
        chain
    }
}

fn holds(given: &Given, key: &PublicKey) -> bool {
    given.certificate.public_key() == key
}

struct Search<'a> {
    given: &'a [Given],
    signatures_left: usize,
    best: Option<(Vec<usize>, End)>,
}

impl Search<'_> {
    /// Extends a path by every issuer that its last certificate can have, and keeps the best end.
    fn extend(&mut self, path: &mut Vec<usize>) {
        let last = &self.given[*path.last().expect("a path has its leaf")].certificate;
        if last.is_self_issued() {
            match self.verify(last, last.public_key()) {
                Some(Ok(())) => return self.keep(path, End::SelfSigned),
                Some(Err(_)) => {}
                None => return self.keep(path, End::BudgetUsedUp),
            }
        }
        let mut end = End::IssuerNotGiven;
        let mut extended = false;
        for candidate in 0..self.given.len() {
            let issuer = &self.given[candidate].certificate;
            let used = path.iter().any(|index| self.given[*index].certificate == *issuer);
            let seen = self.given[..candidate].iter().any(|earlier| earlier.certificate == *issuer);
            if used || seen || !issuer.subject().matches(last.issuer()) {
                continue;
            }
            match self.verify(last, issuer.public_key()) {
                None => return self.keep(path, End::BudgetUsedUp),
                Some(Err(fault)) if end == End::IssuerNotGiven => {
                    end = End::Broken { issuer: candidate, fault }
                }
                Some(Err(_)) => {}
                Some(Ok(())) if path.len() < DEPTH_MAX => {
                    extended = true;
                    path.push(candidate);
                    self.extend(path);
                    path.pop();
                }
                Some(Ok(())) => return self.keep(path, End::BudgetUsedUp),
            }
        }
        if !extended {
            self.keep(path, end);
        }
    }

    fn verify(
        &mut self,
        certificate: &crate::certificate::Certificate,
        key: &PublicKey,
    ) -> Option<Result<(), SignatureFault>> {
        self.signatures_left = self.signatures_left.checked_sub(1)?;
        Some(certificate.verify_signature(key))
    }

    fn keep(&mut self, path: &[usize], end: End) {
        let rank = |path: &[usize], end: &End| (*end == End::SelfSigned, path.len());
        let better = self.best.as_ref().is_none_or(|(best, its_end)| rank(path, &end) > rank(best, its_end));
        if better {
            self.best = Some((path.to_vec(), end));
        }
    }
}

/// Signature checks in one search. RFC 5280 sets none; x509-limbo's pathological cases need hundreds of
/// millions without a bound, and honest answers need a dozen.
const SIGNATURES_MAX: usize = 100;
/// Certificates in a path; OpenSSL's default verification depth is 100, public paths have at most 5.
const DEPTH_MAX: usize = 16;
