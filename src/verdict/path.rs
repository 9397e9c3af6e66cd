//! What RFC 5280 asks of a path and of each certificate in it: dates, CAs, key usage, extensions.
//!
//! Purposes, names, policies, revocation and the strength of keys have files of their own.

use der::Decode;
use der::asn1::{BitStringRef, ObjectIdentifier};

use super::choices::{ApplicationPolicies, Choices};
use super::rule::{Fault, Rule};
use super::rules;
use crate::certificate::Certificate;
use crate::extension::{self, BasicConstraints, DistributionPoint, Extension};
use crate::fingerprint::hex;
use crate::key::PublicKeyAlgorithm;
use crate::name::GeneralName;
use crate::policy::KeyUsage;
use crate::time::UnixTime;
use crate::tlv;

/// The faults of a path, leaf first. An anchor's own constraints count as those of any other certificate, unless
/// it is chosen that they do not.
pub(super) fn faults(path: &[&Certificate], at: UnixTime, anchored: bool, choices: Choices) -> Vec<Fault> {
    let mut walk = Walk { path, choices, anchored, faults: Vec::new() };
    for index in 0..path.len() {
        let is_anchor = anchored && index > 0 && index + 1 == path.len();
        if !is_anchor || choices.anchor.dates {
            walk.dates(index, at);
        }
        if is_anchor && !choices.anchor.constraints {
            continue;
        }
        walk.form(index);
        walk.extensions(index);
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
    choices: Choices,
    /// Whether the last one is trusted.
    anchored: bool,
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

    /// What every certificate has to look like (RFC 5280 4.1).
    fn form(&mut self, index: usize) {
        let certificate = self.path[index];
        if certificate.signature_algorithm() != certificate.signed_algorithm() {
            let (outside, inside) =
                (certificate.signature_algorithm().name(), certificate.signed_algorithm().name());
            let message = match outside == inside {
                true => format!("signed with {outside}, and inside it says the same with other parameters"),
                false => format!("signed with {outside}, and inside it says {inside}"),
            };
            self.find(&rules::SIGNATURE_ALGORITHMS_DIFFER, index, message, "ask the CA to issue it again");
        }
        let serial = certificate.serial();
        let negative = serial.first().is_some_and(|byte| byte & 0x80 != 0);
        // Public roots with the number zero are in use; nobody looks a root up by its number.
        let is_root = index + 1 == self.path.len() && certificate.is_self_issued();
        let zero = serial.iter().all(|byte| *byte == 0) && !is_root;
        // Twenty octets of number; a leading zero octet only keeps it positive.
        let length = serial.len() - usize::from(serial.first() == Some(&0) && serial.len() > 1);
        if negative || zero || length > SERIAL_NUMBER_BYTES_MAX {
            let what = if negative {
                "negative".to_owned()
            } else if zero {
                "zero".to_owned()
            } else {
                format!("{length} bytes long")
            };
            let message = format!(
                "its serial number is {what}, where a positive one of at most {SERIAL_NUMBER_BYTES_MAX} bytes is expected"
            );
            self.find(&rules::SERIAL_NUMBER, index, message, "ask the CA to issue it again");
        }
        if certificate.has_late_form() {
            let message =
                "a date through 2049 is written as GeneralizedTime, where UTCTime is expected".to_owned();
            self.find(&rules::DATE_ENCODING, index, message, "ask the CA to issue it again");
        }
        // Of an issuer that stands above it, or is itself, the missing name is told there.
        let top = index + 1 == self.path.len();
        if certificate.issuer().is_empty() && top && !(index > 0 && certificate.is_self_issued()) {
            let message = "its issuer has no name".to_owned();
            self.find(
                &rules::EMPTY_NAME,
                index,
                message,
                "ask the CA to issue it again, under the CA's name",
            );
        }
    }

    /// RFC 5280 4.2: known ones can be read, critical ones are known, none stands twice.
    fn extensions(&mut self, index: usize) {
        let certificate = self.path[index];
        let extensions = certificate.extensions();
        if !extensions.is_empty() && certificate.version() != 3 {
            let message = format!("has extensions, and says that it is of version {}", certificate.version());
            self.find(&rules::EXTENSION_MALFORMED, index, message, "ask the CA to issue it again");
        }
        for (place, one) in extensions.iter().enumerate() {
            let label = label(one.oid);
            if extensions[..place].iter().any(|other| other.oid == one.oid) {
                let message = format!("has the extension {label} twice");
                self.find(&rules::EXTENSION_TWICE, index, message, "ask the CA to issue it again");
            }
            match KNOWN.iter().find(|known| known.oid == one.oid) {
                None if one.critical && !self.repeats_purposes(certificate, one.oid) => {
                    let message = format!("has the critical extension {label}, which is not understood");
                    let help = "ask the CA what it is for, and whether it can be left out or not be critical";
                    self.find(&rules::CRITICAL_EXTENSION, index, message, help);
                }
                None => {}
                Some(known) => {
                    if let Err(error) = (known.read)(&one.value) {
                        let message = format!("the extension {label} is not as it is defined: {error}");
                        self.find(
                            &rules::EXTENSION_MALFORMED,
                            index,
                            message,
                            "ask the CA to issue it again",
                        );
                    }
                    let rule = match (known.critical, one.critical) {
                        (Critical::Never, true) => {
                            Some((&rules::EXTENSION_CRITICAL, "is critical, and must not be"))
                        }
                        (Critical::Always(rule), false) => Some((rule, "is not critical, and must be")),
                        _ => None,
                    };
                    if let Some((rule, how)) = rule {
                        let message = format!("the extension {label} {how}");
                        self.find(rule, index, message, "ask the CA to issue it again");
                    }
                }
            }
        }
    }

    /// What is said again beside an extended key usage need not be understood, where that is chosen.
    fn repeats_purposes(&self, certificate: &Certificate, oid: ObjectIdentifier) -> bool {
        self.choices.application_policies == ApplicationPolicies::RepeatPurposes
            && oid == APPLICATION_POLICIES
            && certificate.extension(extension::EXTENDED_KEY_USAGE).is_some()
    }

    /// RFC 5280 4.2.1.1 and 4.2.1.2: every CA has a subject key identifier, and every certificate but a
    /// self-signed one names the identifier of the key that signed it.
    fn key_identifiers(&mut self, index: usize, is_anchor: bool) {
        let certificate = self.path[index];
        let help = "ask the CA to write key identifiers";
        if index > 0
            && certificate.extension(extension::SUBJECT_KEY_IDENTIFIER).is_none()
            && certificate.version() == 3
        {
            let message = "a CA without a subject key identifier".to_owned();
            self.find(&rules::NO_KEY_IDENTIFIER, index, message, help);
        }
        // One that cannot be read is another fault.
        let names_none = certificate.extension(extension::AUTHORITY_KEY_IDENTIFIER).is_none_or(|one| {
            Extension::read_authority_key_identifier(&one.value).is_ok_and(|one| one.key_identifier.is_none())
        });
        let may_lack = certificate.is_self_issued() || is_anchor;
        if names_none && !may_lack && certificate.version() == 3 {
            let message = "it does not name the identifier of the key that signed it".to_owned();
            self.find(&rules::NO_KEY_IDENTIFIER, index, message, help);
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
        if leaf.key_usages().contains(&KeyUsage::KeyCertSign) && !authority {
            let message =
                "may sign certificates by its key usage, and is no CA by its basic constraints".to_owned();
            let help = "ask for another key usage, without keyCertSign";
            self.find(&rules::KEY_CERT_SIGN_WITHOUT_CA, 0, message, help);
        }
        if constraints.is_some_and(|constraints| constraints.path_length.is_some() && !constraints.authority)
        {
            let message = "has a path length, and is no CA".to_owned();
            self.find(&rules::PATH_LENGTH_WITHOUT_CA, 0, message, "ask the CA to issue it again");
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

/// An extension that is understood: how it is read, and whether it may or has to be critical.
struct Known {
    oid: ObjectIdentifier,
    name: &'static str,
    critical: Critical,
    read: fn(&[u8]) -> Result<(), String>,
}

fn label(oid: ObjectIdentifier) -> String {
    KNOWN.iter().find(|known| known.oid == oid).map_or_else(|| oid.to_string(), |known| known.name.to_owned())
}

/// RFC 5280 4.2.1 and 4.2.2. Name constraints, policies and distribution points are read by their own judges.
static KNOWN: [Known; 13] = [
    known(extension::KEY_USAGE, "keyUsage", Critical::Either, |value| {
        let bits = BitStringRef::from_der(value).map_err(text)?;
        // RFC 5280 4.2.1.3: at least one bit is set.
        if bits.bits().any(|bit| bit) { Ok(()) } else { Err("no usage is set".to_owned()) }
    }),
    known(extension::EXTENDED_KEY_USAGE, "extKeyUsage", Critical::Either, |value| {
        let purposes = Extension::read_extended_key_usage(value).map_err(|error| tlv::said(&error))?;
        if purposes.is_empty() { Err("it lists no purpose".to_owned()) } else { Ok(()) }
    }),
    known(extension::SUBJECT_ALTERNATIVE_NAME, "subjectAltName", Critical::Either, |value| {
        let names = GeneralName::read_all(value).map_err(text)?;
        if names.is_empty() {
            return Err("it lists no name".to_owned());
        }
        match names
            .iter()
            .find(|name| matches!(name, GeneralName::Raw { tag, .. } if !KEPT_RAW.contains(tag)))
        {
            Some(name) => Err(format!("the name {name} is not of its kind")),
            None => Ok(()),
        }
    }),
    known(extension::BASIC_CONSTRAINTS, "basicConstraints", Critical::Either, |value| {
        Extension::read_basic_constraints(value).map(|_| ()).map_err(text)
    }),
    known(extension::SUBJECT_KEY_IDENTIFIER, "subjectKeyIdentifier", Critical::Never, |value| {
        Extension::read_subject_key_identifier(value).map(|_| ()).map_err(text)
    }),
    known(extension::AUTHORITY_KEY_IDENTIFIER, "authorityKeyIdentifier", Critical::Never, |value| {
        let identifier = Extension::read_authority_key_identifier(value).map_err(text)?;
        match identifier.issuer() {
            Some(Err(error)) => Err(text(error)),
            Some(Ok(names)) if names.is_empty() => Err("it names no issuer".to_owned()),
            _ => Ok(()),
        }
    }),
    known(extension::AUTHORITY_INFORMATION_ACCESS, "authorityInfoAccess", Critical::Never, |value| {
        Extension::read_information_access(value).map(|_| ()).map_err(|error| tlv::said(&error))
    }),
    known(
        extension::NAME_CONSTRAINTS,
        "nameConstraints",
        Critical::Always(&rules::NAME_CONSTRAINTS_NOT_CRITICAL),
        |_| Ok(()),
    ),
    known(extension::CERTIFICATE_POLICIES, "certificatePolicies", Critical::Either, |_| Ok(())),
    known(extension::POLICY_MAPPINGS, "policyMappings", Critical::Either, |_| Ok(())),
    known(
        extension::POLICY_CONSTRAINTS,
        "policyConstraints",
        Critical::Always(&rules::EXTENSION_NOT_CRITICAL),
        |_| Ok(()),
    ),
    known(
        extension::INHIBIT_ANY_POLICY,
        "inhibitAnyPolicy",
        Critical::Always(&rules::EXTENSION_NOT_CRITICAL),
        |_| Ok(()),
    ),
    known(extension::CRL_DISTRIBUTION_POINTS, "cRLDistributionPoints", Critical::Either, |value| {
        DistributionPoint::read_all(value).map(|_| ()).map_err(text)
    }),
];

const fn known(
    oid: ObjectIdentifier,
    name: &'static str,
    critical: Critical,
    read: fn(&[u8]) -> Result<(), String>,
) -> Known {
    Known { oid, name, critical, read }
}

/// What RFC 5280 says of an extension's criticality.
#[derive(Clone, Copy)]
enum Critical {
    Never,
    Either,
    /// It has to be, or the rule is broken.
    Always(&'static Rule),
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Microsoft's extension for purposes in the form of policies.
const APPLICATION_POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.21.10");
/// RFC 5280 4.1.2.2.
const SERIAL_NUMBER_BYTES_MAX: usize = 20;
/// x400Address and ediPartyName, which nobody reads, and otherName.
const KEPT_RAW: [u8; 3] = [0xa0, 0xa3, 0xa5];
