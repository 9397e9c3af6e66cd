//! Extensions of certificates and requests (RFC 5280 4.2): as bytes that were received, and the few that
//! this program writes.

mod certificate_policies;
mod distribution_points;
mod name_constraints;
mod purpose;

use der::asn1::{BitStringRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Tag};

use crate::name::{GeneralName, NameError};
use crate::policy::KeyUsage;
use crate::tlv::{self, Tlv};

pub use certificate_policies::{
    ANY_POLICY, CERTIFICATE_POLICIES, INHIBIT_ANY_POLICY, POLICY_CONSTRAINTS, POLICY_MAPPINGS,
    PolicyConstraints, PolicyExtensionError, PolicyInformation, PolicyMapping, read_inhibit_any_policy,
};
pub use distribution_points::{
    CRL_DISTRIBUTION_POINTS, DISTRIBUTION_POINT_NAMES_MAX, DISTRIBUTION_POINTS_MAX, DistributionPoint,
    DistributionPointError, DistributionPointName, FRESHEST_CRL, ISSUING_DISTRIBUTION_POINT,
    IssuingDistributionPoint, Reasons,
};
pub use name_constraints::{
    HostSubtree, MailSubtree, NameConstraints, NameConstraintsError, NameForm, Network, Subtree,
};
pub use purpose::{purpose_name, purpose_of_name};

/// One extension, its value exactly as received.
///
/// ```text
/// Extension  ::=  SEQUENCE  {
///      extnID      OBJECT IDENTIFIER,
///      critical    BOOLEAN DEFAULT FALSE,
///      extnValue   OCTET STRING }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Which.
    pub oid: ObjectIdentifier,
    /// Whether a reader that does not understand it must refuse.
    pub critical: bool,
    /// The contents of the OCTET STRING: DER of the extension's own type.
    pub value: Vec<u8>,
}

impl Extension {
    /// Reads an `Extensions` SEQUENCE; an error beyond [`EXTENSIONS_MAX`].
    pub fn read_all(der: &[u8]) -> Result<Vec<Self>, ExtensionsError> {
        let parts = tlv::sequence_parts(der)?;
        if parts.len() > EXTENSIONS_MAX {
            return Err(ExtensionsError::TooMany { found: parts.len() });
        }
        parts.iter().map(|part| Ok(Self::read(part.whole)?)).collect()
    }

    /// Writes an `Extensions` SEQUENCE.
    pub fn encode_all(extensions: &[Self]) -> Vec<u8> {
        let parts: Vec<Vec<u8>> = extensions.iter().map(Self::encode).collect();
        tlv::sequence(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    /// keyUsage, critical; none where no bit is set, because at least one must be (RFC 5280 4.2.1.3).
    pub fn key_usage(usages: &[KeyUsage]) -> Option<Self> {
        let mut bits = [0u8; 2];
        for usage in usages {
            let position = KeyUsage::ALL.iter().position(|one| one == usage)?;
            bits[position / 8] |= 0x80 >> (position % 8);
        }
        // A named bit list drops its trailing zero bits (X.690 11.2.2).
        let used = if bits[1] == 0 { &bits[..1] } else { &bits[..] };
        let last = *used.last()?;
        if last == 0 {
            return None;
        }
        let unused = u8::try_from(last.trailing_zeros()).ok()?;
        let value = tlv::encoded(&BitStringRef::new(unused, used).ok()?);
        Some(Self { oid: KEY_USAGE, critical: true, value })
    }

    /// extendedKeyUsage, not critical; none where no purpose is given, because the SEQUENCE has at least one
    /// (RFC 5280 4.2.1.12).
    pub fn extended_key_usage(purposes: &[ObjectIdentifier]) -> Option<Self> {
        if purposes.is_empty() {
            return None;
        }
        let parts: Vec<Vec<u8>> = purposes.iter().map(tlv::encoded).collect();
        let value = tlv::sequence(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        Some(Self { oid: EXTENDED_KEY_USAGE, critical: false, value })
    }

    /// subjectAltName, not critical; none where there are no names (RFC 5280 4.2.1.6).
    pub fn subject_alternative_name(names: &[GeneralName]) -> Option<Self> {
        if names.is_empty() {
            return None;
        }
        let value = GeneralName::encode_all(names);
        Some(Self { oid: SUBJECT_ALTERNATIVE_NAME, critical: false, value })
    }

    /// basicConstraints of an end entity: an empty SEQUENCE, not critical, as the service writes it
    /// (reference 3).
    pub fn end_entity_constraints() -> Self {
        Self { oid: BASIC_CONSTRAINTS, critical: false, value: tlv::sequence(&[]) }
    }

    /// basicConstraints of a CA, critical (RFC 5280 4.2.1.9), with a limit to the CAs below it or none.
    pub fn authority_constraints(path_length: Option<u8>) -> Self {
        let length = path_length.map(|length| tlv::encoded(&length)).unwrap_or_default();
        let value = tlv::sequence(&[&tlv::encoded(&true), &length]);
        Self { oid: BASIC_CONSTRAINTS, critical: true, value }
    }

    /// subjectKeyIdentifier (RFC 5280 4.2.1.2).
    pub fn subject_key_identifier(identifier: &[u8]) -> Self {
        Self { oid: SUBJECT_KEY_IDENTIFIER, critical: false, value: octets(identifier) }
    }

    /// authorityKeyIdentifier with the key identifier alone (RFC 5280 4.2.1.1).
    pub fn authority_key_identifier(identifier: &[u8]) -> Self {
        // keyIdentifier [0] IMPLICIT OCTET STRING
        let key = tlv::wrapped(context(0), identifier);
        Self { oid: AUTHORITY_KEY_IDENTIFIER, critical: false, value: tlv::sequence(&[&key]) }
    }

    /// keyUsage's bits, from its value.
    pub fn read_key_usage(value: &[u8]) -> der::Result<Vec<KeyUsage>> {
        let bits = BitStringRef::from_der(value)?;
        Ok(KeyUsage::ALL
            .into_iter()
            .zip(bits.bits())
            .filter_map(|(usage, set)| set.then_some(usage))
            .collect())
    }

    /// extendedKeyUsage's purposes, from its value.
    pub fn read_extended_key_usage(value: &[u8]) -> der::Result<Vec<ObjectIdentifier>> {
        tlv::sequence_parts(value)?.iter().map(|part| ObjectIdentifier::from_der(part.whole)).collect()
    }

    /// basicConstraints, from its value.
    pub fn read_basic_constraints(value: &[u8]) -> der::Result<BasicConstraints> {
        let parts = tlv::sequence_parts(value)?;
        let (authority, rest) = match parts.split_first() {
            Some((first, rest)) if first.tag == Tag::Boolean => (bool::from_der(first.whole)?, rest),
            _ => (false, parts.as_slice()),
        };
        let path_length = match rest {
            [] => None,
            [length] => Some(read_count(length)?),
            _ => return Err(Tag::Sequence.value_error().into()),
        };
        Ok(BasicConstraints { authority, path_length })
    }

    /// authorityKeyIdentifier, from its value.
    ///
    /// ```text
    /// AuthorityKeyIdentifier ::= SEQUENCE {                        -- RFC 5280 4.2.1.1
    ///      keyIdentifier             [0] KeyIdentifier            OPTIONAL,
    ///      authorityCertIssuer       [1] GeneralNames             OPTIONAL,
    ///      authorityCertSerialNumber [2] CertificateSerialNumber  OPTIONAL }
    /// ```
    pub fn read_authority_key_identifier(value: &[u8]) -> der::Result<AuthorityKeyIdentifier> {
        let mut identifier = AuthorityKeyIdentifier::default();
        let mut parts = tlv::sequence_parts(value)?.into_iter().peekable();
        let mut next = |tag: Tag| parts.next_if(|part| part.tag == tag).map(|part| part.contents.to_vec());
        identifier.key_identifier = next(context(0));
        identifier.issuer = next(Tag::ContextSpecific { constructed: true, number: der::TagNumber(1) });
        identifier.serial_number = next(context(2));
        if let Some(part) = parts.next() {
            return Err(part.tag.unexpected_error(None).into());
        }
        if identifier.serial_number.as_ref().is_some_and(Vec::is_empty) {
            return Err(Tag::Integer.value_error().into());
        }
        Ok(identifier)
    }

    /// subjectKeyIdentifier, from its value.
    pub fn read_subject_key_identifier(value: &[u8]) -> der::Result<&[u8]> {
        Ok(<&OctetStringRef>::from_der(value)?.as_bytes())
    }

    /// How many descriptions an authorityInfoAccess (or subjectInfoAccess) has, from its value.
    ///
    /// ```text
    /// AuthorityInfoAccessSyntax  ::=  SEQUENCE SIZE (1..MAX) OF AccessDescription   -- RFC 5280 4.2.2.1
    /// AccessDescription  ::=  SEQUENCE { accessMethod OBJECT IDENTIFIER, accessLocation GeneralName }
    /// ```
    pub fn read_information_access(value: &[u8]) -> der::Result<Vec<(ObjectIdentifier, GeneralName)>> {
        let mut descriptions = Vec::new();
        for part in tlv::sequence_parts(value)? {
            let [method, location] = tlv::sequence_parts(part.whole)?[..] else {
                return Err(part.tag.value_error().into());
            };
            let names = GeneralName::read_all(&tlv::sequence(&[location.whole]));
            let name = names
                .ok()
                .and_then(|names| names.into_iter().next())
                .ok_or_else(|| location.tag.value_error())?;
            descriptions.push((ObjectIdentifier::from_der(method.whole)?, name));
        }
        if descriptions.is_empty() {
            return Err(Tag::Sequence.value_error().into());
        }
        Ok(descriptions)
    }

    fn read(der: &[u8]) -> der::Result<Self> {
        let parts = tlv::sequence_parts(der)?;
        let (oid, critical, value) = match parts.as_slice() {
            [oid, value] => (oid, false, value),
            [oid, critical, value] => (oid, bool::from_der(critical.whole)?, value),
            _ => return Err(Tag::Sequence.value_error().into()),
        };
        let oid = ObjectIdentifier::from_der(oid.whole)?;
        let value = <&OctetStringRef>::from_der(value.whole)?.as_bytes().to_vec();
        Ok(Self { oid, critical, value })
    }

    fn encode(&self) -> Vec<u8> {
        // DER leaves a DEFAULT value out (X.690 11.5).
        let critical = if self.critical { tlv::encoded(&true) } else { Vec::new() };
        tlv::sequence(&[&tlv::encoded(&self.oid), &critical, &octets(&self.value)])
    }
}

/// Why a list of extensions cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtensionsError {
    /// The DER is wrong; the reader says at which byte.
    #[error("{}", tlv::said(.0))]
    Der(#[from] der::Error),
    /// More than [`EXTENSIONS_MAX`].
    #[error("{found} extensions, expected at most {EXTENSIONS_MAX}")]
    TooMany {
        /// How many there are.
        found: usize,
    },
}

/// basicConstraints (RFC 5280 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// `cA`.
    pub authority: bool,
    /// `pathLenConstraint`.
    pub path_length: Option<u32>,
}

/// authorityKeyIdentifier (RFC 5280 4.2.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorityKeyIdentifier {
    /// `keyIdentifier`.
    pub key_identifier: Option<Vec<u8>>,
    /// The contents of `authorityCertIssuer`.
    issuer: Option<Vec<u8>>,
    /// The contents of `authorityCertSerialNumber`.
    pub serial_number: Option<Vec<u8>>,
}

impl AuthorityKeyIdentifier {
    /// `authorityCertIssuer`: the names of who issued the issuer's certificate.
    ///
    /// # Errors
    /// A [`NameError`] when they cannot be read.
    pub fn issuer(&self) -> Option<Result<Vec<GeneralName>, NameError>> {
        self.issuer.as_ref().map(|names| GeneralName::read_all(&tlv::sequence(&[names])))
    }
}

/// An INTEGER (0..MAX); one beyond what a path could come to is as good as any other.
fn read_count(integer: &Tlv<'_>) -> der::Result<u32> {
    integer.tag.assert_eq(Tag::Integer)?;
    match integer.contents {
        // X.690 8.3.2: no needless octet; and no negative number.
        [0, 0..=0x7f, ..] | [0x80..=0xff, ..] | [] => Err(Tag::Integer.value_error().into()),
        [.., _, _, _, _, _] => Ok(u32::from_der(integer.whole).unwrap_or(u32::MAX)),
        _ => u32::from_der(integer.whole),
    }
}

/// A context-specific, primitive tag.
fn context(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: false, number: der::TagNumber(number) }
}

fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv::wrapped(Tag::OctetString, bytes)
}

/// The most extensions read in one certificate, request or revocation list. Ours: each is compared with each and may
/// be a finding; RFC 5280 defines 17, and certificates have about ten.
pub const EXTENSIONS_MAX: usize = 256;

/// RFC 5280 4.2.1.3.
pub const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
/// RFC 5280 4.2.1.12.
pub const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
/// RFC 5280 4.2.1.6.
pub const SUBJECT_ALTERNATIVE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
/// RFC 5280 4.2.1.9.
pub const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
/// RFC 5280 4.2.1.10.
pub const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
/// RFC 5280 4.2.1.2.
pub const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
/// RFC 5280 4.2.2.1.
pub const AUTHORITY_INFORMATION_ACCESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.1");
/// RFC 5280 4.2.1.1.
pub const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_usage_is_the_shortest_bit_string() {
        let value = |usages: &[KeyUsage]| Extension::key_usage(usages).map(|one| one.value);
        // Reference 3: digitalSignature and keyEncipherment are a0; decipherOnly alone takes two bytes.
        let both = [KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment];
        assert_eq!(value(&both), Some(vec![0x03, 0x02, 0x05, 0xa0]));
        assert_eq!(value(&[KeyUsage::DecipherOnly]), Some(vec![0x03, 0x03, 0x07, 0x00, 0x80]));
        assert_eq!(value(&[]), None);
        assert_eq!(Extension::read_key_usage(&value(&both).unwrap()).unwrap(), both);
    }

    #[test]
    fn what_is_written_reads_back() {
        let extensions = vec![
            Extension::key_usage(&[KeyUsage::KeyCertSign]).unwrap(),
            Extension::authority_constraints(Some(0)),
            Extension::subject_key_identifier(&[1; 20]),
            Extension::authority_key_identifier(&[2; 20]),
        ];
        assert_eq!(Extension::read_all(&Extension::encode_all(&extensions)).unwrap(), extensions);
        let constraints = Extension::read_basic_constraints(&extensions[1].value).unwrap();
        assert_eq!(constraints, BasicConstraints { authority: true, path_length: Some(0) });
        let identifier = Extension::read_authority_key_identifier(&extensions[3].value).unwrap();
        assert_eq!(identifier.key_identifier, Some(vec![2; 20]));
    }
}
