//! What each certificate has to look like by itself (RFC 5280 4.1, 4.2): its fields, and the form and criticality of its
//! extensions.

use der::Decode;
use der::asn1::{BitStringRef, Null, ObjectIdentifier};

use super::choices::{ApplicationPolicies, Choices, PolicyCriticality};
use super::rule::{Fault, Rule};
use super::rules;
use crate::certificate::Certificate;
use crate::extension::{self, DistributionPoint, Extension};
use crate::name::{DistinguishedName, GeneralName, StringType};
use crate::tlv;

/// The faults of one certificate of a path.
pub(super) fn faults(path: &[&Certificate], index: usize, choices: Choices) -> Vec<Fault> {
    let mut one = One { path, index, choices, faults: Vec::new() };
    one.form();
    one.names();
    one.extensions();
    one.faults
}

struct One<'a> {
    path: &'a [&'a Certificate],
    index: usize,
    choices: Choices,
    faults: Vec<Fault>,
}

impl One<'_> {
    /// What every certificate has to look like (RFC 5280 4.1).
    fn form(&mut self) {
        let certificate = self.path[self.index];
        if certificate.signature_algorithm() != certificate.signed_algorithm() {
            let (outside, inside) =
                (certificate.signature_algorithm().name(), certificate.signed_algorithm().name());
            let message = match outside == inside {
                true => format!("signed with {outside}, and inside it says the same with other parameters"),
                false => format!("signed with {outside}, and inside it says {inside}"),
            };
            self.find(&rules::SIGNATURE_ALGORITHMS_DIFFER, message, "ask the CA to issue it again");
        }
        let serial = certificate.serial();
        let negative = serial.first().is_some_and(|byte| byte & 0x80 != 0);
        // Public roots with the number zero are in use; nobody looks a root up by its number.
        let is_root = self.index + 1 == self.path.len() && certificate.is_self_issued();
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
            self.find(&rules::SERIAL_NUMBER, message, "ask the CA to issue it again");
        }
        if certificate.has_late_form() {
            let message =
                "a date through 2049 is written as GeneralizedTime, where UTCTime is expected".to_owned();
            self.find(&rules::DATE_ENCODING, message, "ask the CA to issue it again");
        }
        // Of an issuer that stands above it, or is itself, the missing name is told there.
        let top = self.index + 1 == self.path.len();
        if certificate.issuer().is_empty() && top && !(self.index > 0 && certificate.is_self_issued()) {
            let message = "its issuer has no name".to_owned();
            self.find(&rules::EMPTY_NAME, message, "ask the CA to issue it again, under the CA's name");
        }
    }

    /// RFC 5280 4.1.2.4 and A.1: each text is of the type that it says it is.
    fn names(&mut self) {
        let certificate = self.path[self.index];
        let of = |whose: &'static str, name: &DistinguishedName| {
            let mut attributes = name.attributes();
            let wrong = attributes
                .find(|one| one.text().is_none() && !matches!(one.string_type(), StringType::Other(_)))?;
            Some(format!(
                "its {whose} has a {} of bytes that are none: {}",
                wrong.string_type().name(),
                wrong.value()
            ))
        };
        // What stands above it as its issuer is told there.
        let issuer =
            (self.index + 1 == self.path.len()).then(|| of("issuer", certificate.issuer())).flatten();
        for message in of("subject", certificate.subject()).into_iter().chain(issuer) {
            self.find(&rules::NAME_STRING_MALFORMED, message, "ask the CA to issue it again, in UTF-8");
        }
    }

    /// RFC 5280 4.2: known ones can be read, critical ones are known, none stands twice.
    fn extensions(&mut self) {
        let certificate = self.path[self.index];
        let extensions = certificate.extensions();
        if !extensions.is_empty() && certificate.version() != 3 {
            let message = format!("has extensions, and says that it is of version {}", certificate.version());
            self.find(&rules::EXTENSION_MALFORMED, message, "ask the CA to issue it again");
        }
        for (place, one) in extensions.iter().enumerate() {
            let label = label(one.oid);
            if extensions[..place].iter().any(|other| other.oid == one.oid) {
                let message = format!("has the extension {label} twice");
                self.find(&rules::EXTENSION_TWICE, message, "ask the CA to issue it again");
            }
            match KNOWN.iter().find(|known| known.oid == one.oid) {
                None if one.critical && !self.repeats_purposes(certificate, one.oid) => {
                    let message = format!("has the critical extension {label}, which is not understood");
                    let help = "ask the CA what it is for, and whether it can be left out or not be critical";
                    self.find(&rules::CRITICAL_EXTENSION, message, help);
                }
                None => {}
                Some(known) => {
                    if let Err(error) = (known.read)(&one.value) {
                        let message = format!("the extension {label} is not as it is defined: {error}");
                        self.find(&rules::EXTENSION_MALFORMED, message, "ask the CA to issue it again");
                    }
                    let rule = match (known.critical, one.critical) {
                        (Critical::Never, true) => {
                            Some((&rules::EXTENSION_CRITICAL, "is critical, and must not be"))
                        }
                        (Critical::Always(rule), false) if !self.is_processed(one.oid) => {
                            Some((rule, "is not critical, and must be"))
                        }
                        _ => None,
                    };
                    if let Some((rule, how)) = rule {
                        let message = format!("the extension {label} {how}");
                        self.find(rule, message, "ask the CA to issue it again");
                    }
                }
            }
        }
    }

    /// What is about policies, where whoever asks processes them.
    fn is_processed(&self, oid: ObjectIdentifier) -> bool {
        self.choices.policy_criticality == PolicyCriticality::IsNoMatter
            && [extension::POLICY_CONSTRAINTS, extension::INHIBIT_ANY_POLICY].contains(&oid)
    }

    /// What is said again beside an extended key usage need not be understood, where that is chosen.
    fn repeats_purposes(&self, certificate: &Certificate, oid: ObjectIdentifier) -> bool {
        self.choices.application_policies == ApplicationPolicies::RepeatPurposes
            && oid == APPLICATION_POLICIES
            && certificate.extension(extension::EXTENDED_KEY_USAGE).is_some()
    }

    fn find(&mut self, rule: &'static Rule, message: String, help: &str) {
        self.faults.push(Fault { rule, at: self.index, message, help: help.to_owned() });
    }
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
static KNOWN: [Known; 14] = [
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
    // RFC 6960 4.2.2.2.1: its status need not be asked for. What is given is asked all the same.
    known(OCSP_NO_CHECK, "ocsp-nocheck", Critical::Either, |value| {
        Null::from_der(value).map(|_| ()).map_err(text)
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

/// id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1).
const OCSP_NO_CHECK: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");
/// Microsoft's extension for purposes in the form of policies.
const APPLICATION_POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.21.10");
/// RFC 5280 4.1.2.2.
const SERIAL_NUMBER_BYTES_MAX: usize = 20;
/// x400Address and ediPartyName, which nobody reads, and otherName.
const KEPT_RAW: [u8; 3] = [0xa0, 0xa3, 0xa5];
