//! Who signed a CRL: the key that verifies it, and the certificates of that key (RFC 5280 6.3.3(f), (g)).

use std::cell::RefCell;
use std::collections::HashMap;

use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
use crate::extension;
use crate::key::{PublicKey, SignatureFault};
use crate::policy::KeyUsage;
use crate::time::UnixTime;

/// A CRL, and whose key signed it.
pub(super) struct List<'a> {
    pub(super) crl: &'a CertificateRevocationList,
    /// The key that verifies it, of those that bear its issuer's name; else what the checks said.
    pub(super) key: Result<&'a PublicKey, SignerFault>,
    /// The certificates of that key and name.
    pub(super) signers: Vec<ListSigner<'a>>,
}

pub(super) enum ListSigner<'a> {
    /// By its place in the path and the anchor together.
    Trusted(usize),
    /// One that is not in the path, and the places of the certificates that signed it.
    Extra { certificate: &'a Certificate, parents: Vec<usize> },
}

/// The signatures that were checked for one judgement, over all its paths: a list and who may have signed it are the
/// same in each. What was checked is known by its address, as it lives longer than the judgement.
#[derive(Default)]
pub(in crate::verdict) struct Checked {
    /// Of each thing that is signed: the keys, and what the check said.
    results: RefCell<HashMap<*const (), CheckedKeys>>,
}

type CheckedKeys = Vec<(*const PublicKey, Result<(), SignatureFault>)>;

impl Checked {
    /// What a check says, or said before; none where too many keys were tried on this one thing.
    fn result<T>(
        &self,
        signed: &T,
        key: &PublicKey,
        check: impl FnOnce() -> Result<(), SignatureFault>,
    ) -> Option<Result<(), SignatureFault>> {
        let mut results = self.results.borrow_mut();
        let keys = results.entry(std::ptr::from_ref(signed).cast()).or_default();
        if let Some((_, known)) = keys.iter().find(|(checked, _)| std::ptr::eq(*checked, key)) {
            return Some(known.clone());
        }
        if keys.len() == KEYS_TRIED_MAX {
            return None;
        }
        let result = check();
        keys.push((std::ptr::from_ref(key), result.clone()));
        Some(result)
    }
}

impl<'a> List<'a> {
    /// Looks for the key that signed it among the certificates that bear its issuer's name, those whose
    /// subjectKeyIdentifier it names first (RFC 5280 5.2.1).
    pub(super) fn new(
        crl: &'a CertificateRevocationList,
        trusted: &[&'a Certificate],
        anchor: Option<&Certificate>,
        extra_issuers: &[&'a Certificate],
        at: UnixTime,
        checked: &Checked,
    ) -> Self {
        let is_issuer = |certificate: &Certificate| certificate.subject().matches(crl.issuer());
        let extra = extra_issuers.iter().copied().filter(|one| is_issuer(one) && !trusted.contains(one));
        let extra: Vec<&Certificate> = extra.collect();
        let issuers = trusted.iter().copied().filter(|one| is_issuer(one)).chain(extra.iter().copied());
        let mut keys: Vec<(bool, &PublicKey)> = Vec::new();
        for issuer in issuers {
            if !keys.iter().any(|(_, key)| *key == issuer.public_key()) {
                keys.push((!is_named_by(crl, issuer), issuer.public_key()));
            }
        }
        keys.sort_by_key(|(other, _)| *other);
        let mut key = Err(SignerFault::NotGiven);
        for (_, candidate) in keys {
            match checked.result(crl, candidate, || crl.verify_signature(candidate)) {
                Some(Ok(())) => {
                    key = Ok(candidate);
                    break;
                }
                // What the first said, which is the one that the CRL names.
                Some(Err(fault)) if matches!(key, Err(SignerFault::NotGiven)) => {
                    key = Err(SignerFault::Bad(fault));
                }
                Some(Err(_)) => {}
                // One of those that are not tried may be the right one.
                None => key = Err(SignerFault::TooManyKeys),
            }
        }
        let Ok(found) = key else {
            return Self { crl, key, signers: Vec::new() };
        };
        let mut signers: Vec<ListSigner<'_>> = (0..trusted.len())
            .filter(|place| is_issuer(trusted[*place]) && trusted[*place].public_key() == found)
            .map(ListSigner::Trusted)
            .collect();
        let mut extra = extra;
        extra.retain(|one| one.public_key() == found);
        // The ones that are valid now first: old and new certificates of one key come together.
        extra.sort_by_key(|one| at < one.not_before() || at > one.not_after());
        extra.truncate(EXTRA_SIGNERS_MAX);
        signers.extend(extra.into_iter().map(|one| ListSigner::Extra {
            certificate: one,
            parents: parents(one, trusted, anchor, checked),
        }));
        Self { crl, key, signers }
    }
}

/// Why a CRL has no signer.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignerFault {
    #[error("is signed by a CA whose certificate was not given")]
    NotGiven,
    #[error("has a bad signature: {0}")]
    Bad(SignatureFault),
    #[error(
        "bears a name of more keys than are tried, at most {KEYS_TRIED_MAX}, and none of those signed it"
    )]
    TooManyKeys,
}

/// 6.3.3(f): cRLSign, where keyUsage is there.
pub(super) fn signs_crls(certificate: &Certificate) -> Result<(), String> {
    may(certificate, KeyUsage::CrlSign)
        .then_some(())
        .ok_or_else(|| format!("is signed by {}, whose keyUsage has no cRLSign", certificate.subject()))
}

fn may(certificate: &Certificate, usage: KeyUsage) -> bool {
    certificate.extension(extension::KEY_USAGE).is_none() || certificate.key_usages().contains(&usage)
}

/// The places of the CAs that signed a certificate. An anchor need not say that it is a CA.
fn parents(
    certificate: &Certificate,
    trusted: &[&Certificate],
    anchor: Option<&Certificate>,
    checked: &Checked,
) -> Vec<usize> {
    let is_signed_by = |parent: &Certificate| {
        let key = parent.public_key();
        matches!(checked.result(certificate, key, || certificate.verify_signature(key)), Some(Ok(())))
    };
    trusted
        .iter()
        .enumerate()
        .filter(|(_, parent)| {
            parent.subject().matches(certificate.issuer())
                && (parent.is_authority() || anchor == Some(parent))
                && may(parent, KeyUsage::KeyCertSign)
                && is_signed_by(parent)
        })
        .map(|(place, _)| place)
        .collect()
}

fn is_named_by(crl: &CertificateRevocationList, issuer: &Certificate) -> bool {
    let (Some(named), Some(held)) =
        (crl.authority_key_identifier(), issuer.extension(extension::SUBJECT_KEY_IDENTIFIER))
    else {
        return false;
    };
    // The value is an OCTET STRING of the identifier, which is short: it ends with it.
    held.value.len() == named.len() + 2 && held.value.ends_with(named)
}

/// Keys tried for one CRL, or one certificate that may have signed it, over all paths. Ours: each costs a signature check over all of a CRL, and a CA of more keys
/// under one name has not been seen.
const KEYS_TRIED_MAX: usize = 16;

/// Certificates outside the path tried as the signer of one CRL. Ours: each costs a signature check for each
/// certificate of the path that bears its issuer's name.
const EXTRA_SIGNERS_MAX: usize = 16;
