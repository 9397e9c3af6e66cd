//! What a certificate may be used for (RFC 5280 4.2.1.12): the leaf's purposes, those that each CA above it is
//! limited to, and where it is asked for, what the documents on a single purpose want of its certificates.
//!
//! What purpose is asked for is for the caller to say; with none nothing is judged here.

use der::asn1::ObjectIdentifier;

use super::choices::PurposeReading;
use super::rule::{Fault, Rule};
use super::rules;
use crate::certificate::Certificate;
use crate::extension::{self, Extension, purpose_name};
use crate::policy::KeyUsage;

/// Purposes down the chain, leaf first (that a CA's purposes limit those below is what clients do, and CA/Browser
/// Forum BR 7.1.2.10.6 relies on). An anchor belongs in the path only where its own purposes are to count;
/// `anchored` says that it is there. No reading asks it for more than the plain one does: roots list no purposes
/// (BR 7.1.2.1.2).
pub(super) fn faults(
    path: &[&Certificate],
    anchored: bool,
    purpose: ObjectIdentifier,
    any: AnyPurpose,
    reading: PurposeReading,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, certificate) in path.iter().enumerate() {
        let any_counts = any == AnyPurpose::OfAll || at > 0;
        let purposes = Purposes { certificate, listed: listed(certificate), asked: purpose };
        let is_top = at > 0 && at + 1 == path.len() && (anchored || certificate.is_self_issued());
        let found = match (reading, at) {
            (PurposeReading::StrictLeaf | PurposeReading::Strict, 0) => purposes.of_strict_leaf(),
            (PurposeReading::Strict, 1) if !is_top => purposes.of_strict_issuer(),
            (PurposeReading::Strict, _) if !is_top => purposes.of_strict_authority(),
            (PurposeReading::Profile, 0) => {
                let mut found: Vec<_> = purposes.plain(any_counts).into_iter().collect();
                found.extend(purposes.of_profile());
                found
            }
            _ => purposes.plain(any_counts).into_iter().collect(),
        };
        let help = "ask the CA for a certificate for this purpose";
        let fault = |(rule, message)| Fault { rule, at, message, help: help.to_owned() };
        faults.extend(found.into_iter().map(fault));
    }
    faults
}

/// Whose anyExtendedKeyUsage stands for the purpose that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnyPurpose {
    /// Anybody's.
    OfAll,
    /// That of CAs alone.
    OfCas,
}

/// The purposes that a certificate lists; none where it lists none, or they cannot be read, which is a fault of its
/// form.
fn listed(certificate: &Certificate) -> Option<Vec<ObjectIdentifier>> {
    let one = certificate.extension(extension::EXTENDED_KEY_USAGE)?;
    Extension::read_extended_key_usage(&one.value).ok()
}

/// What a certificate lists, and what is asked of it.
struct Purposes<'a> {
    certificate: &'a Certificate,
    listed: Option<Vec<ObjectIdentifier>>,
    asked: ObjectIdentifier,
}

impl Purposes<'_> {
    /// RFC 5280 4.2.1.12: what lists no purposes is for all of them.
    fn plain(&self, any_counts: bool) -> Option<(&'static Rule, String)> {
        if self.listed.is_none() { None } else { self.not_named(any_counts) }
    }

    fn of_strict_leaf(&self) -> Vec<(&'static Rule, String)> {
        let mut found: Vec<(&'static Rule, String)> = self.not_named(false).into_iter().collect();
        found.extend(self.kept_apart(&[CODE_SIGNING, OCSP_SIGNING, TIME_STAMPING]));
        if self.certificate.is_authority() {
            let message = format!(
                "its basic constraints make it a CA, where a certificate for {} alone is expected",
                purpose_name(&self.asked)
            );
            found.push((&rules::PURPOSE_PROFILE, message));
        }
        found
    }

    fn of_strict_issuer(&self) -> Vec<(&'static Rule, String)> {
        // CAs for servers were issued without purposes for long; those for clients were not.
        if self.listed.is_none() && self.asked == SERVER_AUTH {
            return Vec::new();
        }
        let mut found: Vec<(&'static Rule, String)> = self.not_named(false).into_iter().collect();
        found.extend(self.kept_apart(&[CODE_SIGNING, TIME_STAMPING]));
        found
    }

    fn of_strict_authority(&self) -> Vec<(&'static Rule, String)> {
        self.not_named(true).into_iter().collect()
    }

    /// What is asked for is not among what it lists.
    fn not_named(&self, any_counts: bool) -> Option<(&'static Rule, String)> {
        let Some(listed) = &self.listed else {
            let message =
                format!("names no purpose at all, where {} is to be named", purpose_name(&self.asked));
            return Some((&rules::PURPOSE_NOT_ALLOWED, message));
        };
        if listed.contains(&self.asked) || (any_counts && listed.contains(&ANY)) {
            return None;
        }
        let message =
            format!("for the purposes {}, where {} is needed", names(listed), purpose_name(&self.asked));
        Some((&rules::PURPOSE_NOT_ALLOWED, message))
    }

    /// Purposes that stand beside the one that is asked for, and must not.
    fn kept_apart(&self, apart: &[ObjectIdentifier]) -> Option<(&'static Rule, String)> {
        let beside: Vec<ObjectIdentifier> =
            self.listed.iter().flatten().filter(|one| apart.contains(one)).copied().collect();
        if beside.is_empty() || beside == [self.asked] {
            return None;
        }
        let message =
            format!("for {} too, which is kept apart from {}", names(&beside), purpose_name(&self.asked));
        Some((&rules::PURPOSE_PROFILE, message))
    }

    fn of_profile(&self) -> Vec<(&'static Rule, String)> {
        let wrong = match self.asked {
            TIME_STAMPING => self.of_time_stamping(),
            CODE_SIGNING => self.of_code_signing(),
            _ => Vec::new(),
        };
        wrong.into_iter().map(|message| (&rules::PURPOSE_PROFILE, message)).collect()
    }

    /// RFC 3161 2.3: one purpose, and critical. The key only signs, which CA/Browser Forum CSBR 7.1.2.3(e) has of
    /// time stamping too.
    fn of_time_stamping(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.listed.as_deref() != Some(&[TIME_STAMPING]) {
            let listed = self.listed.as_deref().map_or_else(|| "none".to_owned(), names);
            wrong.push(format!("its purposes are {listed}, where time stamping stands alone"));
        }
        if !self.is_critical(extension::EXTENDED_KEY_USAGE) {
            wrong.push("its purposes are not critical, as those of time stamping are".to_owned());
        }
        let signing = [KeyUsage::DigitalSignature, KeyUsage::NonRepudiation];
        let other = self.certificate.key_usages().into_iter().find(|usage| !signing.contains(usage));
        if let Some(other) = other {
            wrong
                .push(format!("its key usage has {}, and a time stamp needs only a signature", other.name()));
        }
        wrong
    }

    /// CA/Browser Forum CSBR 7.1.2.3(e), (f): a critical key usage with digitalSignature that signs nothing that
    /// CAs sign, and no purpose of another kind of program.
    fn of_code_signing(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let usages = self.certificate.key_usages();
        if !usages.contains(&KeyUsage::DigitalSignature) {
            wrong.push("its key usage has no digitalSignature, with which code is signed".to_owned());
        }
        for usage in usages.iter().filter(|usage| matches!(usage, KeyUsage::KeyCertSign | KeyUsage::CrlSign))
        {
            wrong.push(format!("its key usage has {}, which is for CAs", usage.name()));
        }
        if !self.is_critical(extension::KEY_USAGE) {
            wrong.push("its key usage is not critical, as that of code signing is".to_owned());
        }
        let listed = self.listed.as_deref().unwrap_or_default();
        if !listed.contains(&CODE_SIGNING) {
            wrong.push("it does not name the purpose codeSigning itself".to_owned());
        }
        for other in listed.iter().filter(|one| [ANY, SERVER_AUTH].contains(one)) {
            wrong.push(format!("for {} too, which is kept apart from codeSigning", purpose_name(other)));
        }
        wrong
    }

    fn is_critical(&self, oid: ObjectIdentifier) -> bool {
        self.certificate.extension(oid).is_some_and(|one| one.critical)
    }
}

fn names(purposes: &[ObjectIdentifier]) -> String {
    purposes.iter().map(purpose_name).collect::<Vec<String>>().join(", ")
}

const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
pub(super) const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");
