//! The four extensions about certificate policies (RFC 5280 4.2.1.4, 4.2.1.5, 4.2.1.11, 4.2.1.14): read, each
//! from its value, and never written.
//!
//! A policy is held as [`Oid`]: policies named by a UUID (2.25) have arcs that other types do not hold.

use std::collections::BTreeSet;

use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode, Tag};

use crate::name::Oid;
use crate::tlv::{self, Tlv};

/// A policy under which a certificate was issued, or for a CA, under which certificates below it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyInformation {
    /// The policy.
    pub policy: Oid,
    /// The kinds of its qualifiers; what they say is not kept, because no rule depends on it.
    pub qualifiers: Vec<Oid>,
}

impl PolicyInformation {
    /// Reads certificatePolicies, from its value: at least one policy, none twice.
    ///
    /// ```text
    /// certificatePolicies ::= SEQUENCE SIZE (1..MAX) OF PolicyInformation   -- RFC 5280 4.2.1.4
    /// PolicyInformation ::= SEQUENCE {
    ///      policyIdentifier   CertPolicyId,
    ///      policyQualifiers   SEQUENCE SIZE (1..MAX) OF PolicyQualifierInfo OPTIONAL }
    /// ```
    pub fn read_all(value: &[u8]) -> Result<Vec<Self>, PolicyExtensionError> {
        let policies = list(value)?
            .iter()
            .map(|part| Self::read(part.whole))
            .collect::<Result<Vec<Self>, PolicyExtensionError>>()?;
        let mut seen = BTreeSet::new();
        match policies.iter().find(|one| !seen.insert(&one.policy)) {
            // "A certificate policy OID MUST NOT appear more than once": RFC 5280 4.2.1.4.
            Some(twice) => Err(PolicyExtensionError::Repeated { policy: twice.policy.clone() }),
            None => Ok(policies),
        }
    }

    /// The first qualifier that is of no kind RFC 5280 4.2.1.4 defines: where the extension is critical, a
    /// reader that does not understand it must refuse.
    pub fn unknown_qualifier(&self) -> Option<&Oid> {
        self.qualifiers.iter().find(|one| **one != CPS_POINTER && **one != USER_NOTICE)
    }

    fn read(der: &[u8]) -> Result<Self, PolicyExtensionError> {
        let parts = tlv::sequence_parts(der)?;
        let (policy, qualifiers) = match parts.as_slice() {
            [policy] => (policy, Vec::new()),
            [policy, qualifiers] => {
                let qualifiers = list(qualifiers.whole)?
                    .iter()
                    .map(|part| read_qualifier(part.whole))
                    .collect::<Result<Vec<Oid>, PolicyExtensionError>>()?;
                (policy, qualifiers)
            }
            other => {
                return Err(PolicyExtensionError::Parts {
                    of: "PolicyInformation",
                    expected: "1 or 2",
                    found: other.len(),
                });
            }
        };
        Ok(Self { policy: identifier(policy)?, qualifiers })
    }
}

/// Two policies that a CA declares to be worth the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyMapping {
    /// The policy as the certificate's issuer calls it.
    pub issuer_domain: Oid,
    /// The policy as the certificate's subject calls it.
    pub subject_domain: Oid,
}

impl PolicyMapping {
    /// Reads policyMappings, from its value: at least one pair, and anyPolicy on neither side.
    ///
    /// ```text
    /// PolicyMappings ::= SEQUENCE SIZE (1..MAX) OF SEQUENCE {     -- RFC 5280 4.2.1.5
    ///      issuerDomainPolicy      CertPolicyId,
    ///      subjectDomainPolicy     CertPolicyId }
    /// ```
    pub fn read_all(value: &[u8]) -> Result<Vec<Self>, PolicyExtensionError> {
        list(value)?.iter().map(|part| Self::read(part.whole)).collect()
    }

    fn read(der: &[u8]) -> Result<Self, PolicyExtensionError> {
        let parts = tlv::sequence_parts(der)?;
        let [issuer, subject] = parts.as_slice() else {
            return Err(PolicyExtensionError::Parts { of: "mapping", expected: "2", found: parts.len() });
        };
        let mapping = Self { issuer_domain: identifier(issuer)?, subject_domain: identifier(subject)? };
        if mapping.issuer_domain == ANY_POLICY {
            return Err(PolicyExtensionError::MapsFromAnyPolicy { to: mapping.subject_domain });
        }
        if mapping.subject_domain == ANY_POLICY {
            return Err(PolicyExtensionError::MapsToAnyPolicy { from: mapping.issuer_domain });
        }
        Ok(mapping)
    }
}

/// How many certificates below may still do without a policy, and may still map: at least one of the two.
/// Numbers that no path is long enough for are read as [`u32::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyConstraints {
    /// Certificates that may follow before a policy must hold for the whole path.
    pub require_explicit_policy: Option<u32>,
    /// Certificates that may follow before no policy is mapped any more.
    pub inhibit_policy_mapping: Option<u32>,
}

impl PolicyConstraints {
    /// Reads policyConstraints, from its value.
    ///
    /// ```text
    /// PolicyConstraints ::= SEQUENCE {                             -- RFC 5280 4.2.1.11
    ///      requireExplicitPolicy           [0] SkipCerts OPTIONAL,
    ///      inhibitPolicyMapping            [1] SkipCerts OPTIONAL }
    /// ```
    pub fn read(value: &[u8]) -> Result<Self, PolicyExtensionError> {
        let parts = tlv::sequence_parts(value)?;
        let (explicit, rest) = optional(&parts, 0);
        let (mapping, rest) = optional(rest, 1);
        if let Some(other) = rest.first() {
            return Err(der::Error::from(other.tag.unexpected_error(None)).into());
        }
        if parts.is_empty() {
            return Err(PolicyExtensionError::Empty);
        }
        Ok(Self {
            require_explicit_policy: explicit.map(|part| skip_certificates(part.contents)).transpose()?,
            inhibit_policy_mapping: mapping.map(|part| skip_certificates(part.contents)).transpose()?,
        })
    }
}

/// Reads inhibitAnyPolicy, from its value: how many certificates below may still say anyPolicy (RFC 5280
/// 4.2.1.14). A number that no path is long enough for is read as [`u32::MAX`].
pub fn read_inhibit_any_policy(value: &[u8]) -> Result<u32, PolicyExtensionError> {
    let (number, rest) = tlv::split_first(value)?;
    number.tag.assert_eq(Tag::Integer)?;
    if !rest.is_empty() {
        return Err(der::Error::from(Tag::Integer.length_error()).into());
    }
    skip_certificates(number.contents)
}

/// Why an extension about policies is none.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyExtensionError {
    /// The DER is wrong; the reader says at which byte.
    #[error("it is not what RFC 5280 defines: {}", tlv::said(.0))]
    Der(#[from] der::Error),
    /// Something that RFC 5280 wants one of at least.
    #[error("it is empty, where RFC 5280 wants one entry at least")]
    Empty,
    /// A SEQUENCE of another length.
    #[error("a {of} in it has {found} parts, where RFC 5280 has {expected}")]
    Parts {
        /// Of what.
        of: &'static str,
        /// How many it should have.
        expected: &'static str,
        /// How many it has.
        found: usize,
    },
    /// An object identifier whose octets are none.
    #[error("a policy in it is no object identifier")]
    NotAnIdentifier,
    /// A policy that stands there twice.
    #[error("policy {policy} stands in it twice, where RFC 5280 4.2.1.4 has each once")]
    Repeated {
        /// Which.
        policy: Oid,
    },
    /// anyPolicy as the issuer's policy.
    #[error("it maps anyPolicy to {to}, where RFC 5280 4.2.1.5 maps single policies only")]
    MapsFromAnyPolicy {
        /// The other side.
        to: Oid,
    },
    /// anyPolicy as the subject's policy.
    #[error("it maps {from} to anyPolicy, where RFC 5280 4.2.1.5 maps single policies only")]
    MapsToAnyPolicy {
        /// The other side.
        from: Oid,
    },
    /// A number of certificates below zero.
    #[error("the number of certificates in it is negative, where RFC 5280 4.2.1.11 counts from 0")]
    Negative,
}

impl PolicyExtensionError {
    /// What to do about it.
    pub fn help(&self) -> String {
        "ask the CA that issued this certificate for one whose policy extensions follow RFC 5280".to_owned()
    }
}

/// The parts of a `SEQUENCE SIZE (1..MAX)`.
fn list(der: &[u8]) -> Result<Vec<Tlv<'_>>, PolicyExtensionError> {
    let parts = tlv::sequence_parts(der)?;
    if parts.is_empty() { Err(PolicyExtensionError::Empty) } else { Ok(parts) }
}

/// ```text
/// PolicyQualifierInfo ::= SEQUENCE {                               -- RFC 5280 4.2.1.4
///      policyQualifierId  PolicyQualifierId,
///      qualifier          ANY DEFINED BY policyQualifierId }
/// ```
fn read_qualifier(der: &[u8]) -> Result<Oid, PolicyExtensionError> {
    let parts = tlv::sequence_parts(der)?;
    let [kind, _qualifier] = parts.as_slice() else {
        let found = parts.len();
        return Err(PolicyExtensionError::Parts { of: "PolicyQualifierInfo", expected: "2", found });
    };
    identifier(kind)
}

fn identifier(part: &Tlv<'_>) -> Result<Oid, PolicyExtensionError> {
    part.tag.assert_eq(Tag::ObjectIdentifier)?;
    Oid::from_content(part.contents).ok_or(PolicyExtensionError::NotAnIdentifier)
}

/// The next part where it has the tag of an OPTIONAL field, and what follows.
fn optional<'a, 'b>(parts: &'b [Tlv<'a>], number: u32) -> (Option<&'b Tlv<'a>>, &'b [Tlv<'a>]) {
    match parts.split_first() {
        Some((first, rest)) if first.tag == super::context(number) => (Some(first), rest),
        _ => (None, parts),
    }
}

/// SkipCerts ::= INTEGER (0..MAX), from its contents.
fn skip_certificates(contents: &[u8]) -> Result<u32, PolicyExtensionError> {
    if contents.first().is_some_and(|byte| byte & 0x80 != 0) {
        return Err(PolicyExtensionError::Negative);
    }
    let number = tlv::wrapped(Tag::Integer, contents);
    let bytes = UintRef::from_der(&number)?.as_bytes();
    Ok(match bytes.len() {
        0..=4 => bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)),
        _ => u32::MAX,
    })
}

/// RFC 5280 4.2.1.4.
pub const CERTIFICATE_POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32");
/// RFC 5280 4.2.1.5.
pub const POLICY_MAPPINGS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.33");
/// RFC 5280 4.2.1.11.
pub const POLICY_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.36");
/// RFC 5280 4.2.1.14.
pub const INHIBIT_ANY_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.54");
/// The policy that stands for all (RFC 5280 4.2.1.4).
pub const ANY_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32.0");

/// id-qt-cps (RFC 5280 4.2.1.4).
const CPS_POINTER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.1");
/// id-qt-unotice (RFC 5280 4.2.1.4).
const USER_NOTICE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.2");

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(text: &str) -> Vec<u8> {
        tlv::wrapped(Tag::ObjectIdentifier, Oid::from_text(text).unwrap().as_content())
    }

    fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
        tlv::sequence(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    fn text(bytes: &[u8]) -> Vec<u8> {
        tlv::wrapped(Tag::Utf8String, bytes)
    }

    #[test]
    fn policies_are_read_with_the_kinds_of_their_qualifiers() {
        let qualifier = |kind: &str| sequence(&[oid(kind), text(b"anything")]);
        let value = sequence(&[
            sequence(&[oid("2.25.340282366920938463463374607431768211455")]),
            sequence(&[oid("1.2.3"), sequence(&[qualifier("1.3.6.1.5.5.7.2.1"), qualifier("1.2.3.4")])]),
        ]);
        let policies = PolicyInformation::read_all(&value).unwrap();
        assert_eq!(policies[0].policy.to_string(), "2.25.340282366920938463463374607431768211455");
        assert_eq!(policies[0].unknown_qualifier(), None);
        assert_eq!(policies[1].unknown_qualifier().unwrap().to_string(), "1.2.3.4");
    }

    #[test]
    fn a_policy_twice_and_none_at_all_are_malformed() {
        let one = sequence(&[oid("1.2.3")]);
        let twice = PolicyInformation::read_all(&sequence(&[one.clone(), one.clone()]));
        assert_eq!(twice, Err(PolicyExtensionError::Repeated { policy: Oid::from_text("1.2.3").unwrap() }));
        assert_eq!(PolicyInformation::read_all(&sequence(&[])), Err(PolicyExtensionError::Empty));
        let no_qualifier = sequence(&[sequence(&[oid("1.2.3"), sequence(&[])])]);
        assert_eq!(PolicyInformation::read_all(&no_qualifier), Err(PolicyExtensionError::Empty));
        assert!(PolicyInformation::read_all(&[&*sequence(&[one]), &[0]].concat()).is_err());
    }

    #[test]
    fn any_policy_is_mapped_neither_way() {
        let any = ANY_POLICY.to_string();
        let mappings = |from: &str, to: &str| {
            PolicyMapping::read_all(&sequence(&[
                sequence(&[oid("1.2.3"), oid("1.2.4")]),
                sequence(&[oid(from), oid(to)]),
            ]))
        };
        assert_eq!(mappings("1.2.3", "1.2.5").unwrap().len(), 2);
        assert!(matches!(mappings(&any, "1.2.5"), Err(PolicyExtensionError::MapsFromAnyPolicy { .. })));
        assert!(matches!(mappings("1.2.3", &any), Err(PolicyExtensionError::MapsToAnyPolicy { .. })));
        assert_eq!(PolicyMapping::read_all(&sequence(&[])), Err(PolicyExtensionError::Empty));
    }

    #[test]
    fn constraints_hold_one_number_at_least() {
        let number = |tag: u32, contents: &[u8]| tlv::wrapped(crate::extension::context(tag), contents);
        let read = |parts: &[Vec<u8>]| {
            PolicyConstraints::read(&sequence(parts))
                .map(|one| (one.require_explicit_policy, one.inhibit_policy_mapping))
        };
        assert_eq!(read(&[number(0, &[0])]), Ok((Some(0), None)));
        assert_eq!(read(&[number(1, &[5])]), Ok((None, Some(5))));
        assert_eq!(read(&[number(0, &[1]), number(1, &[1, 0])]), Ok((Some(1), Some(256))));
        assert_eq!(read(&[number(0, &[1, 0, 0, 0, 0])]), Ok((Some(u32::MAX), None)));
        assert_eq!(read(&[]), Err(PolicyExtensionError::Empty));
        assert_eq!(read(&[number(0, &[0xff])]), Err(PolicyExtensionError::Negative));
        for wrong in [
            vec![number(1, &[0]), number(0, &[0])],
            vec![number(0, &[0]), number(0, &[0])],
            vec![number(0, &[])],
            vec![number(0, &[0, 0])],
            vec![number(2, &[0])],
        ] {
            assert!(read(&wrong).is_err(), "{wrong:02x?}");
        }
    }

    #[test]
    fn inhibit_any_policy_is_a_number_from_zero() {
        assert_eq!(read_inhibit_any_policy(&[2, 1, 3]), Ok(3));
        assert_eq!(read_inhibit_any_policy(&[2, 1, 0x83]), Err(PolicyExtensionError::Negative));
        assert!(read_inhibit_any_policy(&[2, 1, 3, 0]).is_err());
        assert!(read_inhibit_any_policy(&[4, 1, 3]).is_err());
    }
}
