//! What RFC 5280 asks of a path: dates, CAs, path lengths, key usage, key identifiers.
//!
//! The form of each certificate, purposes, names, policies, revocation and the strength of keys have files of their own.

use super::choices::{Choices, Conformance};
use super::rule::{Fault, Rule};
use super::{form, rules};
use crate::certificate::Certificate;
use crate::extension::{self, BasicConstraints, Extension};
use crate::fingerprint::hex;
use crate::key::PublicKeyAlgorithm;
use crate::name::GeneralName;
use crate::policy::KeyUsage;
use crate::time::UnixTime;

/// The faults of a path, leaf first. An anchor's own constraints count as those of any other certificate, unless
/// it is chosen that they do not.
pub(super) fn faults(path: &[&Certificate], at: UnixTime, anchored: bool, choices: Choices) -> Vec<Fault> {
    let mut walk = Walk { path, anchored, conformance: choices.conformance, faults: Vec::new() };
    for index in 0..path.len() {
        let is_anchor = anchored && index > 0 && index + 1 == path.len();
        if !is_anchor || choices.anchor.dates {
            walk.dates(index, at);
        }
        if is_anchor && !choices.anchor.constraints {
            continue;
        }
        walk.faults.extend(form::faults(path, index, choices));
        walk.key_identifiers(index, is_anchor);
        if index == 0 {
            walk.leaf();
        } else {
            walk.authority(index);
        }
    }
    walk.faults
}

struct Walk<'a> {
    path: &'a [&'a Certificate],
    /// Whether the last one is trusted.
    anchored: bool,
    conformance: Conformance,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    /// RFC 5280 6.1.3(a)(2), at the stated time.
    fn dates(&mut self, index: usize, at: UnixTime) {
        let (start, end) = (self.path[index].not_before(), self.path[index].not_after());
        if end < start {
            // Of the two that are then true at some time, one is enough.
            let message = format!("its validity ends {end}, before it begins {start}: no time is within it");
            self.find(&rules::EXPIRED, index, message, "ask the CA to issue it again");
            return;
        }
        if at < start {
            let help =
                format!("wait until then; if this machine's clock is wrong, say the time: --at {start}");
            self.find(&rules::NOT_YET_VALID, index, format!("valid from {start}, and it is {at}"), &help);
        }
        if at > end {
            let is_anchor = self.anchored && index + 1 == self.path.len();
            let what = match index {
                0 => "ask the CA for a new certificate",
                _ if is_anchor => "ask the CA for its newer root, and trust that",
                _ => "ask the CA for its newer certificate, or for a chain without this one",
            };
            let help = format!("{what}; if this machine's clock is wrong, say the time with --at");
            self.find(&rules::EXPIRED, index, format!("valid until {end}, and it is {at}"), &help);
        }
    }

    /// RFC 5280 4.2.1.1 and 4.2.1.2: every CA has a subject key identifier, and every certificate but a
    /// self-signed one names the identifier of the key that signed it.
    fn key_identifiers(&mut self, index: usize, is_anchor: bool) {
        let certificate = self.path[index];
        let help = "ask the CA to write key identifiers";
        let has_none = |one: &Certificate| one.extension(extension::SUBJECT_KEY_IDENTIFIER).is_none();
        if index > 0 && has_none(certificate) && certificate.version() == 3 {
            let message = "a CA without a subject key identifier".to_owned();
            let rule = match names_no_key(self.path[index - 1]) {
                true => &rules::NO_KEY_IDENTIFIERS,
                false => &rules::NO_KEY_IDENTIFIER,
            };
            self.find(rule, index, message, help);
        }
        // One that is only self-issued, after a change of keys, was signed by another key.
        let signed_by_own_key =
            self.path.get(index + 1).is_none_or(|above| above.public_key() == certificate.public_key());
        let may_lack = is_anchor && self.conformance == Conformance::AsStrictClients
            || certificate.is_self_issued() && signed_by_own_key;
        if names_no_key(certificate) && !may_lack && certificate.version() == 3 {
            let message = "it does not name the identifier of the key that signed it".to_owned();
            let rule = match self.path.get(index + 1) {
                Some(above) if has_none(above) => &rules::NO_KEY_IDENTIFIERS,
                _ => &rules::NO_KEY_IDENTIFIER,
            };
            self.find(rule, index, message, help);
        }
        self.named_issuer(index);
        let own = self.path.get(index + 1).and_then(|issuer| issuer.subject_key_identifier());
        if let (Some(named), Some(own)) = (certificate.authority_key_identifier(), own)
            && named != own
        {
            let (named, own) = (hex(&named), hex(own));
            let message =
                format!("names the key {named} as the one that signed it, and its issuer's is called {own}");
            let help = "ask the CA for the certificate of its issuer that belongs to it, or for a new one";
            self.find(&rules::KEY_IDENTIFIERS_DIFFER, index, message, help);
        }
    }

    /// RFC 5280 4.2.1.1: where a certificate names its issuer's by issuer and serial number, it is the one above.
    fn named_issuer(&mut self, index: usize) {
        let Some(above) = self.path.get(index + 1) else { return };
        let one = self.path[index].extension(extension::AUTHORITY_KEY_IDENTIFIER);
        let identifier = one.and_then(|one| Extension::read_authority_key_identifier(&one.value).ok());
        let Some(identifier) = identifier else { return };
        let (names, serial_number) = match (identifier.issuer(), identifier.serial_number) {
            (Some(Ok(names)), Some(serial_number)) => (names, serial_number),
            (None, None) | (Some(Err(_)), _) => return,
            // A.2: they "MUST both be present or both be absent". What the root names leads nowhere, and is the Web's
            // concern alone.
            (Some(_), None) | (None, Some(_)) => {
                let message = "the extension authorityKeyIdentifier is not as it is defined: authorityCertIssuer and authorityCertSerialNumber come together, and one is missing".to_owned();
                let help = "ask the CA to issue it again";
                self.find(&rules::EXTENSION_MALFORMED, index, message, help);
                return;
            }
        };
        let is_issuer = |name: &GeneralName| match name {
            GeneralName::Directory(name) => name.matches(above.issuer()),
            _ => false,
        };
        let has_directory = names.iter().any(|name| matches!(name, GeneralName::Directory(_)));
        let same_number = serial_number == above.serial();
        if same_number && (!has_directory || names.iter().any(is_issuer)) {
            return;
        }
        let names = names.iter().map(GeneralName::to_string).collect::<Vec<_>>().join(", ");
        let message = format!(
            "names certificate {} of {names} as the one that signed it, and its issuer's is {} of {}",
            hex(&serial_number),
            hex(above.serial()),
            above.issuer()
        );
        let help = "ask the CA for the certificate of its issuer that belongs to it, or for a new one";
        self.find(&rules::KEY_IDENTIFIERS_DIFFER, index, message, help);
    }

    /// The end entity, or a CA that stands at a path's end as one.
    fn leaf(&mut self) {
        let leaf = self.path[0];
        let constraints = constraints(leaf);
        let authority = constraints.is_some_and(|constraints| constraints.authority);
        // One that is trusted by itself and signed itself did no more than that.
        let signed_itself_alone = self.anchored && self.path.len() == 1 && leaf.is_self_issued();
        if leaf.key_usages().contains(&KeyUsage::KeyCertSign) && !authority && !signed_itself_alone {
            let message =
                "may sign certificates by its key usage, and is no CA by its basic constraints".to_owned();
            let help = "ask for another key usage, without keyCertSign";
            self.find(&rules::KEY_CERT_SIGN_WITHOUT_CA, 0, message, help);
        }
        if constraints.is_some_and(|constraints| constraints.path_length.is_some()) {
            let usage = leaf.extension(extension::KEY_USAGE);
            let signs = usage.is_none() || leaf.key_usages().contains(&KeyUsage::KeyCertSign);
            // RFC 5280 4.2.1.9: only where cA is asserted and the key usage has keyCertSign.
            let lacks = match (authority, signs) {
                (false, _) => Some("is no CA"),
                (true, false) => Some("its key usage has no keyCertSign"),
                (true, true) => None,
            };
            if let Some(lacks) = lacks {
                let message = format!("has a path length, and {lacks}");
                self.find(&rules::PATH_LENGTH_WITHOUT_CA, 0, message, "ask the CA to issue it again");
            }
        }
        let alternative = leaf.extension(extension::SUBJECT_ALTERNATIVE_NAME);
        if leaf.subject().is_empty() && !alternative.is_some_and(|one| one.critical) {
            let message = "has no subject, and no critical alternative name instead".to_owned();
            self.find(&rules::EMPTY_NAME, 0, message, "ask the CA to mark the alternative names critical");
        }
    }

    /// A certificate that signed the one below it (RFC 5280 6.1.4).
    fn authority(&mut self, index: usize) {
        let certificate = self.path[index];
        let below = self.path[index - 1].subject();
        if certificate.subject().is_empty() {
            self.find(&rules::EMPTY_NAME, index, "a CA without a name".to_owned(), "ask for another chain");
        }
        let top = index + 1 == self.path.len();
        match constraints(certificate) {
            // Versions 1 and 2 know no extensions: as an anchor, or a root to be trusted, it is a CA because somebody
            // says so (6.1.4(k)).
            None if certificate.version() < 3 && top && (self.anchored || certificate.is_self_issued()) => {}
            None => {
                let message = format!("signed {below}, and has no basic constraints that make it a CA");
                self.find(&rules::NOT_A_CA, index, message, "ask for the certificate from a real CA");
            }
            Some(constraints) if !constraints.authority => {
                let message = format!("signed {below}, and its basic constraints say that it is no CA");
                self.find(&rules::NOT_A_CA, index, message, "ask for the certificate from a real CA");
            }
            Some(constraints) => self.path_length(index, constraints),
        }
        let uncritical = certificate.extension(extension::BASIC_CONSTRAINTS).is_some_and(|one| !one.critical);
        if uncritical && certificate.version() == 3 {
            let (rule, message, help) = match certificate.is_self_issued() && top {
                true => (
                    &rules::ROOT_CONSTRAINTS_NOT_CRITICAL,
                    "a root whose basic constraints are not critical",
                    "use the CA's newer root",
                ),
                false => (
                    &rules::CA_CONSTRAINTS_NOT_CRITICAL,
                    "a CA whose basic constraints are not critical, and must be",
                    "ask for the CA's newer certificate",
                ),
            };
            self.find(rule, index, message.to_owned(), help);
        }
        let usage = certificate.extension(extension::KEY_USAGE);
        if usage.is_some() && !certificate.key_usages().contains(&KeyUsage::KeyCertSign) {
            let message = format!("signed {below}, and its key usage has no keyCertSign");
            self.find(&rules::CA_CANNOT_SIGN, index, message, "ask for the certificate from a real CA");
        }
    }

    /// RFC 5280 6.1.4(l), (m): of the CAs between this one and the leaf, self-issued ones not counted, the first
    /// that is one too many.
    fn path_length(&mut self, index: usize, constraints: BasicConstraints) {
        let Some(most) = constraints.path_length else { return };
        let mut below = (1..index).rev().filter(|below| !self.path[*below].is_self_issued());
        let Ok(Some(surplus)) = usize::try_from(most).map(|most| below.nth(most)) else { return };
        let message = format!(
            "it is CA number {} below {}, number {} from the leaf, which allows {most}",
            most.saturating_add(1),
            self.path[index].subject(),
            index + 1
        );
        self.find(&rules::PATH_TOO_LONG, surplus, message, "ask for a chain with fewer CAs");
    }

    fn find(&mut self, rule: &'static Rule, at: usize, message: String, help: &str) {
        self.faults.push(Fault { rule, at, message, help: help.to_owned() });
    }
}

/// Whether it does not say which key signed it. What cannot be read is another fault.
fn names_no_key(certificate: &Certificate) -> bool {
    certificate.extension(extension::AUTHORITY_KEY_IDENTIFIER).is_none_or(|one| {
        Extension::read_authority_key_identifier(&one.value).is_ok_and(|one| one.key_identifier.is_none())
    })
}

/// An RSA leaf under an EC CA, by the nearest such CA (reference 5, row 15).
pub(super) fn mixed_key_types(path: &[&Certificate]) -> Option<Fault> {
    let (leaf, above) = path.split_first()?;
    let PublicKeyAlgorithm::Rsa { modulus_bits } = leaf.public_key().algorithm() else { return None };
    let ca = above.iter().find(|ca| matches!(ca.public_key().algorithm(), PublicKeyAlgorithm::Ec(_)))?;
    Some(Fault {
        rule: &rules::MIXED_KEY_TYPES,
        at: 0,
        message: format!(
            "RSA {modulus_bits} under {} of {}: to an import of both Key Vault was seen to answer BadParameter: Unsupported key size ({modulus_bits}). Supported sizes are [256, 384, 521]",
            ca.public_key().algorithm(),
            ca.subject()
        ),
        help: "merge it where the key was made, or import the leaf without this CA".to_owned(),
    })
}

/// Its basic constraints; none where there are none, or they cannot be read.
pub(super) fn constraints(certificate: &Certificate) -> Option<BasicConstraints> {
    let one = certificate.extension(extension::BASIC_CONSTRAINTS)?;
    Extension::read_basic_constraints(&one.value).ok()
}
