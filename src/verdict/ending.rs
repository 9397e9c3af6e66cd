//! How a chain ends, for people and for the table of rules: at what is trusted, or for want of something.

use super::rule::{Fault, Rule, Severity};
use super::{About, Finding, Judge, rules, strength};
use crate::certificate::Certificate;
use crate::chain::{End, PATH_BYTES_MAX, PATHS_MAX, Path, SIGNATURES_MAX, Step};
use crate::fingerprint::hex;
use crate::key::SignatureFault;
use crate::name::DistinguishedName;

/// How the chain that was judged ends.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ending {
    /// At a trusted certificate.
    Trusted,
    /// At a certificate that signed itself, and nobody said what is trusted.
    Root,
    /// At a certificate that signed itself and is not trusted.
    UntrustedRoot,
    /// The issuer of the last certificate was not given.
    IssuerNotGiven {
        /// Its name.
        issuer: DistinguishedName,
        /// Its key identifier, where the last certificate names it.
        key_identifier: Option<Vec<u8>>,
        /// Where the last certificate says that it can be had; shown, never fetched.
        address: Option<String>,
        /// How many certificates are trusted, none of which it is.
        trusted: usize,
    },
    /// A certificate bears the issuer's name, and did not sign the last one.
    NotSigned {
        /// Which; the last certificate itself where it says that it signed itself.
        by: About,
        /// What the signature check said.
        fault: SignatureFault,
    },
    /// The chain is longer than the limit.
    TooLong,
    /// The search was given up.
    GivenUp,
}

impl Judge<'_> {
    /// How a path ends whose last certificate is `last`.
    pub(super) fn ending(&self, path: &Path, last: &Certificate) -> Ending {
        match &path.end {
            End::Anchor => Ending::Trusted,
            End::SelfSigned if self.pool.anchors.is_empty() => Ending::Root,
            End::SelfSigned => Ending::UntrustedRoot,
            End::IssuerNotGiven => Ending::IssuerNotGiven {
                issuer: last.issuer().clone(),
                key_identifier: last.authority_key_identifier(),
                address: last.issuer_address(),
                trusted: self.pool.anchors.len(),
            },
            End::Broken { issuer, fault } => {
                Ending::NotSigned { by: self.about(*issuer), fault: fault.clone() }
            }
            End::TooLong => Ending::TooLong,
            End::BudgetUsedUp => Ending::GivenUp,
        }
    }

    /// What there is to say against it.
    pub(super) fn end_faults(&self, path: &Path, certificates: &[&Certificate]) -> Option<Fault> {
        let at = path.steps.len().checked_sub(1)?;
        let last = certificates[at];
        let issuer = last.issuer();
        let has_anchors = !self.pool.anchors.is_empty();
        let (rule, message, help) = match &path.end {
            End::Anchor => return None,
            End::SelfSigned | End::IssuerNotGiven if self.pool.anchors.contains(&last) => (
                &rules::UNTRUSTED_ROOT,
                "is itself trusted, and a trusted CA above it is asked for".to_owned(),
                "give the chain to a trusted CA".to_owned(),
            ),
            End::SelfSigned if !has_anchors => return None,
            End::SelfSigned => (
                &rules::UNTRUSTED_ROOT,
                match self.pool.anchors.len() {
                    1 => "signed itself, and is not the certificate that is trusted".to_owned(),
                    several => {
                        format!("signed itself, and is none of the {several} certificates that are trusted")
                    }
                },
                "trust it with --roots if you know where it comes from, or give the chain to a trusted root"
                    .to_owned(),
            ),
            End::IssuerNotGiven => {
                let rule = match (has_anchors, at) {
                    (true, _) => &rules::MISSING_ISSUER,
                    (false, 0) => &rules::ONLY_THE_LEAF,
                    (false, _) => &rules::ISSUER_NOT_GIVEN,
                };
                let issuer_is_here = certificates[..at].iter().any(|one| one.subject().matches(issuer));
                let message = match issuer_is_here {
                    true => format!(
                        "issued by {issuer}, which is further down in this chain: it goes round in a circle"
                    ),
                    false => format!("issued by {issuer}, which was not given: the chain ends here"),
                };
                let help = match issuer_is_here {
                    true => {
                        "give the certificate of the CA above the circle, which none of these is".to_owned()
                    }
                    false => missing_issuer_help(last, has_anchors),
                };
                (rule, message, help)
            }
            End::Broken { issuer: step, fault } => self.broken(path, last, *step, fault),
            End::TooLong => (
                &rules::PATH_NOT_FOUND,
                format!(
                    "more than {} certificates stand between the leaf and its root",
                    self.pool.intermediates_max
                ),
                "no CA needs so many: ask for a shorter chain".to_owned(),
            ),
            End::BudgetUsedUp => (
                &rules::PATH_NOT_FOUND,
                format!(
                    "the search for its issuers was given up after {SIGNATURES_MAX} signatures, {PATHS_MAX} paths or {PATH_BYTES_MAX} bytes of certificates: too many certificates fit"
                ),
                "give the certificates of this chain alone".to_owned(),
            ),
        };
        Some(Fault { rule, at, message, help })
    }

    /// The refusal of an issuer's key by which nothing can be verified, where a path ends below it: then the fault
    /// is the issuer's, and not that of the signature.
    pub(super) fn unusable_issuer(&self, path: &Path) -> Option<Finding> {
        let End::Broken { issuer, .. } = path.end else { return None };
        if path.steps.contains(&issuer) {
            return None;
        }
        let weaknesses = strength::key_weaknesses(self.pool.certificate(issuer).public_key());
        let mut weaknesses = weaknesses.into_iter().filter(|(rule, _)| UNUSABLE.contains(rule));
        let (rule, message) = weaknesses.find(|(rule, _)| self.severity(rule) == Some(Severity::Refuse))?;
        let help = "ask the CA to issue from another of its CAs: this one's key verifies nothing".to_owned();
        self.finding(rule, Some(issuer), message, help)
    }

    /// A signature that does not count, by the certificate whose key should have made it.
    fn broken(
        &self,
        path: &Path,
        last: &Certificate,
        by: Step,
        fault: &SignatureFault,
    ) -> (&'static Rule, String, String) {
        let itself = path.steps.contains(&by);
        let keys = other_key(last, self.pool.certificate(by)).unwrap_or_default();
        let by = self.about(by);
        let changed = match itself {
            true => "it was changed on its way, or forged: take it again from its CA".to_owned(),
            false => format!(
                "it was changed on its way, or {by} is another CA of the same name: ask the CA for the issuer of this certificate"
            ),
        };
        match fault {
            SignatureFault::CannotCheck { .. } => (
                &rules::SIGNATURE_NOT_CHECKED,
                format!("{fault}; it says that it was issued by {by}"),
                "ask the CA for a certificate that is signed with SHA-256 or better by an RSA key of 2048 to 8192 bits or on the curve P-256, P-384 or P-521"
                    .to_owned(),
            ),
            SignatureFault::Parameters { .. } => {
                (&rules::BAD_SIGNATURE, format!("{fault}; it says that it was issued by {by}"), changed)
            }
            _ if itself => {
                (&rules::BAD_SIGNATURE, format!("{fault} inside it, by which it says it was signed"), changed)
            }
            _ => {
                let message = format!("{fault} of {by}, by whom it says it was issued{keys}");
                (&rules::BAD_SIGNATURE, message, changed)
            }
        }
    }
}

/// The rules by which a signature is no link.
pub(super) static SIGNATURE_RULES: [&Rule; 2] = [&rules::BAD_SIGNATURE, &rules::SIGNATURE_NOT_CHECKED];
/// The rules of keys with which nothing can be verified.
static UNUSABLE: [&Rule; 5] = [
    &strength::RSA_KEY_MALFORMED,
    &strength::RSA_EXPONENT_BROKEN,
    &strength::RSA_BELOW_1024,
    &strength::EC_POINT_NOT_ON_CURVE,
    &strength::EC_CURVE_NOT_NAMED,
];

/// Both key identifiers, where the issuer that is named is another one than this of the same name.
fn other_key(certificate: &Certificate, bearer: &Certificate) -> Option<String> {
    let (named, own) = (certificate.authority_key_identifier()?, bearer.subject_key_identifier()?);
    (named != own).then(|| format!("; it names the key id {}, and that one's is {}", hex(&named), hex(own)))
}

/// Where a missing issuer can be had, as far as the certificate tells; it is shown, never fetched.
fn missing_issuer_help(certificate: &Certificate, has_anchors: bool) -> String {
    let give = match has_anchors {
        true => "give the issuer's certificate as one more FILE, or with --roots FILE where you trust it",
        false => {
            "give the issuer's certificate too: servers send it, unless it is the root, which --roots FILE trusts"
        }
    };
    match certificate.issuer_address() {
        Some(address) => format!("{give}; the certificate says that it is at {address}"),
        None => give.to_owned(),
    }
}
