//! Where the CRLs of a certificate are, and which certificates a CRL speaks of: cRLDistributionPoints and
//! freshestCRL (RFC 5280 4.2.1.13, 4.2.1.15), issuingDistributionPoint (RFC 5280 5.2.5).
//!
//! It reads and compares; nothing is ever fetched.

use std::fmt;

use der::Tag;
use der::asn1::ObjectIdentifier;

use crate::name::{DistinguishedName, GeneralName, NameError};
use crate::tlv::{self, Tlv};

/// One place where CRLs are published.
///
/// ```text
/// DistributionPoint ::= SEQUENCE {                             -- RFC 5280 4.2.1.13
///      distributionPoint       [0]     DistributionPointName OPTIONAL,
///      reasons                 [1]     ReasonFlags OPTIONAL,
///      cRLIssuer               [2]     GeneralNames OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionPoint {
    /// What it is called.
    pub name: Option<DistributionPointName>,
    /// Which reasons its CRLs tell; none for all of them.
    pub reasons: Option<Reasons>,
    /// Who signs its CRLs, where that is not the issuer of the certificate; else empty.
    pub crl_issuer: Vec<GeneralName>,
}

impl DistributionPoint {
    /// Reads the value of cRLDistributionPoints, or of freshestCRL, which has the same type.
    ///
    /// ```text
    /// CRLDistributionPoints ::= SEQUENCE SIZE (1..MAX) OF DistributionPoint
    /// ```
    ///
    /// # Errors
    /// [`DistributionPointError`], also for an element that RFC 5280 does not have.
    pub fn read_all(value: &[u8]) -> Result<Vec<Self>, DistributionPointError> {
        let points = tlv::sequence_parts(value)?;
        // CRLDistributionPoints ::= SEQUENCE SIZE (1..MAX) OF DistributionPoint
        if points.is_empty() {
            return Err(der::Error::from(Tag::Sequence.length_error()).into());
        }
        if points.len() > DISTRIBUTION_POINTS_MAX {
            return Err(DistributionPointError::TooMany { found: points.len() });
        }
        points.iter().map(|point| Self::read(point.whole)).collect()
    }

    /// The URIs by which it says a CRL can be had.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        let names = match &self.name {
            Some(DistributionPointName::Full(names)) => names.as_slice(),
            Some(DistributionPointName::Relative(_)) | None => &[],
        };
        names.iter().filter_map(|name| match name {
            GeneralName::Uri(uri) => Some(&**uri),
            _ => None,
        })
    }

    fn read(der: &[u8]) -> Result<Self, DistributionPointError> {
        let mut point = Self { name: None, reasons: None, crl_issuer: Vec::new() };
        for part in in_order(der)? {
            match number(&part)? {
                0 => point.name = Some(DistributionPointName::read(part.contents)?),
                1 => point.reasons = Some(Reasons::read(part.contents)?),
                2 => point.crl_issuer = general_names(part.contents)?,
                _ => return Err(unexpected(&part)),
            }
        }
        // RFC 5280 4.2.1.13: it "MUST NOT consist of only the reasons field", and of nothing still less.
        if point.name.is_none() && point.crl_issuer.is_empty() {
            return Err(DistributionPointError::Nowhere);
        }
        Ok(point)
    }
}

/// What a distribution point is called.
///
/// ```text
/// DistributionPointName ::= CHOICE {
///      fullName                [0]     GeneralNames,
///      nameRelativeToCRLIssuer [1]     RelativeDistinguishedName }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DistributionPointName {
    /// One place by several names.
    Full(Vec<GeneralName>),
    /// What stands behind the CRL issuer's name: the contents of a relative distinguished name's SET.
    Relative(Vec<u8>),
}

impl DistributionPointName {
    /// Its names in full, a relative one behind the name of the CRL's issuer.
    ///
    /// # Errors
    /// A [`NameError`] when the relative name is none.
    pub fn in_full(&self, crl_issuer: &DistinguishedName) -> Result<Vec<GeneralName>, NameError> {
        match self {
            Self::Full(names) => Ok(names.clone()),
            Self::Relative(attributes) => {
                let (issuer, _) = tlv::split_first(crl_issuer.as_der()).expect("a name is one SEQUENCE");
                let last = tlv::wrapped(Tag::Set, attributes);
                let name = DistinguishedName::from_der(&tlv::sequence(&[issuer.contents, &last]))?;
                Ok(vec![GeneralName::Directory(name)])
            }
        }
    }

    fn read(der: &[u8]) -> Result<Self, DistributionPointError> {
        // A CHOICE under a tag is tagged explicitly (X.680 31.2.7), so there is one element inside.
        let (name, rest) = tlv::split_first(der)?;
        match number(&name)? {
            0 if rest.is_empty() => Ok(Self::Full(general_names(name.contents)?)),
            1 if rest.is_empty() => Ok(Self::Relative(name.contents.to_vec())),
            _ => Err(unexpected(&name)),
        }
    }
}

/// Which certificates a CRL speaks of, and of which reasons.
///
/// ```text
/// IssuingDistributionPoint ::= SEQUENCE {                      -- RFC 5280 5.2.5
///      distributionPoint          [0] DistributionPointName OPTIONAL,
///      onlyContainsUserCerts      [1] BOOLEAN DEFAULT FALSE,
///      onlyContainsCACerts        [2] BOOLEAN DEFAULT FALSE,
///      onlySomeReasons            [3] ReasonFlags OPTIONAL,
///      indirectCRL                [4] BOOLEAN DEFAULT FALSE,
///      onlyContainsAttributeCerts [5] BOOLEAN DEFAULT FALSE }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssuingDistributionPoint {
    /// What its place is called.
    pub name: Option<DistributionPointName>,
    /// Whether it speaks of end entities alone.
    pub only_user_certificates: bool,
    /// Whether it speaks of CAs alone.
    pub only_authority_certificates: bool,
    /// The reasons that it tells; none for all of them.
    pub only_some_reasons: Option<Reasons>,
    /// Whether it speaks of other CAs' certificates.
    pub indirect: bool,
    /// Whether it speaks of attribute certificates alone.
    pub only_attribute_certificates: bool,
}

impl IssuingDistributionPoint {
    /// Reads the extension's value.
    ///
    /// # Errors
    /// [`DistributionPointError`], also for an element that RFC 5280 does not have.
    pub fn read(value: &[u8]) -> Result<Self, DistributionPointError> {
        let mut point = Self::default();
        for part in in_order(value)? {
            match number(&part)? {
                0 => point.name = Some(DistributionPointName::read(part.contents)?),
                1 => point.only_user_certificates = boolean(&part)?,
                2 => point.only_authority_certificates = boolean(&part)?,
                3 => point.only_some_reasons = Some(Reasons::read(part.contents)?),
                4 => point.indirect = boolean(&part)?,
                5 => point.only_attribute_certificates = boolean(&part)?,
                _ => return Err(unexpected(&part)),
            }
        }
        Ok(point)
    }
}

/// A set of reasons to revoke.
///
/// ```text
/// ReasonFlags ::= BIT STRING {                                 -- RFC 5280 4.2.1.13
///      unused (0), keyCompromise (1), cACompromise (2), affiliationChanged (3), superseded (4),
///      cessationOfOperation (5), certificateHold (6), privilegeWithdrawn (7), aACompromise (8) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reasons(u16);

impl Reasons {
    /// Every reason.
    pub const ALL: Self = Self(0b1_1111_1110);
    /// No reason.
    pub const NONE: Self = Self(0);

    /// The reasons of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The reasons that are in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The reasons that are not in it.
    #[must_use]
    pub fn others(self) -> Self {
        Self(Self::ALL.0 & !self.0)
    }

    /// Whether every reason of another set is in it.
    pub fn includes(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// The contents of the BIT STRING: the number of unused bits, then the bits. Bit 0 and what lies beyond
    /// bit 8 mean nothing and are dropped.
    fn read(contents: &[u8]) -> Result<Self, DistributionPointError> {
        let (unused, bits) = match contents {
            [unused @ 0..8, bits @ ..] if *unused == 0 || !bits.is_empty() => (*unused, bits),
            _ => return Err(DistributionPointError::Reasons { found: contents.len() }),
        };
        let mut flags = 0;
        for (at, _) in REASON_NAMES.iter().enumerate() {
            let counted = at + usize::from(unused) < bits.len() * 8;
            if counted && bits[at / 8] & (0x80 >> (at % 8)) != 0 {
                flags |= 1 << at;
            }
        }
        Ok(Self(flags & Self::ALL.0))
    }
}

/// `keyCompromise, superseded`
impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = REASON_NAMES.iter().enumerate().filter(|(at, _)| self.0 & (1 << at) != 0);
        for (nth, (_, name)) in set.enumerate() {
            write!(f, "{}{name}", if nth == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// Why a distribution point cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DistributionPointError {
    /// The DER is wrong; the reader says at which byte.
    #[error("a distribution point: {}", tlv::said(.0))]
    Der(#[from] der::Error),
    /// A name in it cannot be read.
    #[error("a name of a distribution point: {0}")]
    Name(#[from] NameError),
    /// An element that RFC 5280 does not have, has once, or has elsewhere.
    #[error("a distribution point: found {found}, which RFC 5280 4.2.1.13 and 5.2.5 do not have there")]
    Unexpected {
        /// Its tag.
        found: Tag,
    },
    /// It names neither a place nor an issuer of CRLs.
    #[error("a distribution point that names neither a place nor an issuer of CRLs")]
    Nowhere,
    /// The reasons are no BIT STRING.
    #[error("the reasons of a distribution point: {found} bytes that are no BIT STRING")]
    Reasons {
        /// How many bytes there are.
        found: usize,
    },
    /// More than [`DISTRIBUTION_POINTS_MAX`].
    #[error("{found} distribution points, expected at most {DISTRIBUTION_POINTS_MAX}")]
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// More than [`DISTRIBUTION_POINT_NAMES_MAX`].
    #[error("a distribution point of {found} names, expected at most {DISTRIBUTION_POINT_NAMES_MAX}")]
    TooManyNames {
        /// How many there are.
        found: usize,
    },
}

impl DistributionPointError {
    /// What to do about it.
    pub fn help(&self) -> String {
        "ask the CA to issue it again, with distribution points as in RFC 5280 4.2.1.13 and 5.2.5".to_owned()
    }
}

/// The parts of a SEQUENCE of tagged, optional elements: each at most once, in ascending order.
fn in_order(der: &[u8]) -> Result<Vec<Tlv<'_>>, DistributionPointError> {
    let parts = tlv::sequence_parts(der)?;
    for pair in parts.windows(2) {
        if number(&pair[0])? >= number(&pair[1])? {
            return Err(unexpected(&pair[1]));
        }
    }
    Ok(parts)
}

fn number(part: &Tlv<'_>) -> Result<u32, DistributionPointError> {
    match part.tag {
        Tag::ContextSpecific { number, .. } => Ok(number.0),
        _ => Err(unexpected(part)),
    }
}

/// X.690 11.1 has ff for true; a DEFAULT that is written all the same (11.5) is let pass.
fn boolean(part: &Tlv<'_>) -> Result<bool, DistributionPointError> {
    match part.contents {
        [0xff] => Ok(true),
        [0x00] => Ok(false),
        _ => Err(unexpected(part)),
    }
}

/// GeneralNames under an implicit tag.
fn general_names(contents: &[u8]) -> Result<Vec<GeneralName>, DistributionPointError> {
    let names = GeneralName::read_all(&tlv::sequence(&[contents]))?;
    if names.len() > DISTRIBUTION_POINT_NAMES_MAX {
        return Err(DistributionPointError::TooManyNames { found: names.len() });
    }
    Ok(names)
}

fn unexpected(part: &Tlv<'_>) -> DistributionPointError {
    DistributionPointError::Unexpected { found: part.tag }
}

/// RFC 5280 4.2.1.13.
pub const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");
/// RFC 5280 4.2.1.15 and 5.2.6.
pub const FRESHEST_CRL: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.46");
/// RFC 5280 5.2.5.
pub const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");

/// The most distribution points read in one extension. Ours: each is compared with each CRL; CAs write one
/// to three.
pub const DISTRIBUTION_POINTS_MAX: usize = 64;
/// The most names read in one distribution point. Ours: each is compared with each of a CRL's; CAs write one or two.
pub const DISTRIBUTION_POINT_NAMES_MAX: usize = 64;

const REASON_NAMES: [&str; 9] = [
    "unused",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "privilegeWithdrawn",
    "aACompromise",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_of_a_certificate_is_read_with_its_names_reasons_and_issuer() {
        // [0] { [0] { URI a } }, [1] keyCompromise and aACompromise, [2] { directoryName {} }
        let der =
            b"\x30\x15\x30\x13\xa0\x05\xa0\x03\x86\x01a\x81\x03\x07\x40\x80\xa2\x04\xa4\x02\x30\x00\x00";
        let points = DistributionPoint::read_all(&der[..der.len() - 1]).unwrap_err();
        assert!(matches!(points, DistributionPointError::Der(_)), "cut short: {points}");
        let der = b"\x30\x14\x30\x12\xa0\x05\xa0\x03\x86\x01a\x81\x03\x07\x40\x80\xa2\x04\xa4\x02\x30\x00";
        let points = DistributionPoint::read_all(der).unwrap();
        assert_eq!(points.len(), 1);
        assert_eq!(points[0].uris().collect::<Vec<_>>(), ["a"]);
        assert_eq!(points[0].reasons.unwrap().to_string(), "keyCompromise, aACompromise");
        assert_eq!(points[0].crl_issuer, [GeneralName::Directory(DistinguishedName::empty())]);
    }

    #[test]
    fn a_relative_name_stands_behind_the_issuer_s() {
        // [0] { [1] { CN=a } }
        let der = b"\x30\x10\x30\x0e\xa0\x0c\xa1\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01a";
        let points = DistributionPoint::read_all(der).unwrap();
        let issuer = DistinguishedName::from_text("O=b").unwrap();
        let expected = DistinguishedName::from_der(
            b"\x30\x18\x31\x0a\x30\x08\x06\x03\x55\x04\x0a\x13\x01b\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01a",
        );
        let name = points[0].name.as_ref().unwrap();
        assert_eq!(name.in_full(&issuer).unwrap(), [GeneralName::Directory(expected.unwrap())]);
        assert!(DistributionPointName::Relative(vec![5]).in_full(&issuer).is_err());
    }

    #[test]
    fn the_scope_of_a_crl_is_read_and_nothing_else_passes() {
        let point = IssuingDistributionPoint::read(b"\x30\x06\x82\x01\xff\x84\x01\xff").unwrap();
        assert!(point.only_authority_certificates && point.indirect && !point.only_user_certificates);
        assert_eq!(IssuingDistributionPoint::read(b"\x30\x00").unwrap(), IssuingDistributionPoint::default());
        // An unknown element, one twice, a wrong order, a BOOLEAN that is none, an untagged element.
        for wrong in [
            &b"\x30\x03\x86\x01\xff"[..],
            b"\x30\x06\x81\x01\xff\x81\x01\xff",
            b"\x30\x06\x84\x01\xff\x82\x01\xff",
            b"\x30\x03\x81\x01\x01",
            b"\x30\x03\x01\x01\xff",
            b"\x30\x02\x83\x00",
        ] {
            let error = IssuingDistributionPoint::read(wrong).unwrap_err();
            assert!(!error.help().is_empty(), "{error}");
        }
    }

    #[test]
    fn reasons_are_a_set() {
        let some = Reasons::read(&[6, 0x40]).unwrap();
        assert_eq!(some.to_string(), "keyCompromise");
        assert_eq!(some.union(some.others()), Reasons::ALL);
        assert!(Reasons::ALL.includes(some) && !some.includes(Reasons::ALL));
        assert_eq!(some.intersection(some.others()), Reasons::NONE);
        assert_eq!(Reasons::read(&[0]).unwrap(), Reasons::NONE);
        assert!(
            Reasons::read(&[]).is_err() && Reasons::read(&[1]).is_err() && Reasons::read(&[8, 0]).is_err()
        );
    }
}
