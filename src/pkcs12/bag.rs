//! The bags of a PKCS#12 and what is said of them (RFC 7292 4.2).

use std::collections::BTreeSet;

use der::{Tag, TagNumber};
use zeroize::Zeroizing;

use super::encryption::Encrypted;
use super::error::{Pkcs12Error, name_of};
use super::{BAGS_MAX, DEPTH_MAX};
use crate::ber::{self, BerError, CONTEXT_0, Element, OBJECT_IDENTIFIER};
use crate::key::SecretDer;
use crate::tlv;

/// A bag: what is in it, and its attributes.
#[derive(Debug)]
pub struct Bag {
    /// What is in it.
    pub contents: BagContents,
    /// What is said of it.
    pub attributes: Attributes,
}

/// What is in a bag.
#[derive(Debug)]
pub enum BagContents {
    /// A private key, not encrypted by itself: PKCS#8.
    PrivateKey(SecretDer),
    /// A private key under a password.
    ShroudedKey(Encrypted),
    /// A certificate, DER as it was received.
    Certificate(Vec<u8>),
    /// A CRL, DER as it was received.
    RevocationList(Vec<u8>),
    /// More bags.
    SafeContents(Vec<Bag>),
    /// Something else, by name: a secret key of Java's, an SDSI certificate.
    Other(String),
}

/// What is said of a bag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The friendlyName (RFC 2985 5.5.1): the name under which Windows and Java show it.
    pub friendly_name: Option<String>,
    /// The localKeyId (RFC 2985 5.5.2): the same on a key and on the certificate that belongs to it.
    pub local_key_id: Option<Vec<u8>>,
    /// The cryptographic service provider that Windows is to put a key into.
    pub provider: Option<String>,
    /// Whether Java is to show it as a trusted entry.
    pub trusted_by_java: bool,
}

/// Counts bags while they are read.
#[derive(Debug, Default)]
pub(super) struct Counter {
    bags: usize,
}

impl Counter {
    /// ```text
    /// SafeContents ::= SEQUENCE OF SafeBag                                                            -- RFC 7292 4.2
    /// SafeBag ::= SEQUENCE { bagId OBJECT IDENTIFIER, bagValue [0] EXPLICIT ANY, bagAttributes SET OPTIONAL }
    /// ```
    pub(super) fn read(&mut self, contents: &[u8]) -> Result<Vec<Bag>, Pkcs12Error> {
        self.read_bags(&ber::sequence_parts(contents)?, DEPTH_MAX)
    }

    fn read_bags(&mut self, bags: &[Element<'_>], depth: usize) -> Result<Vec<Bag>, Pkcs12Error> {
        bags.iter().map(|bag| self.read_bag(bag, depth)).collect()
    }

    fn read_bag(&mut self, bag: &Element<'_>, depth: usize) -> Result<Bag, Pkcs12Error> {
        self.bags += 1;
        if self.bags > BAGS_MAX {
            return Err(Pkcs12Error::TooManyBags);
        }
        let (kind, value) = typed(bag)?;
        let missing = || Pkcs12Error::Unexpected { found: "a bag without a value", expected: "a SafeBag" };
        let value = value.ok_or_else(missing)?;
        let contents = match kind.strip_prefix(&BAG_ARC) {
            Some([KEY_BAG]) => BagContents::PrivateKey(SecretDer::new(Zeroizing::new(value.whole.to_vec()))),
            Some([SHROUDED_KEY_BAG]) => match value.parts()?.as_slice() {
                [algorithm, octets, ..] => {
                    BagContents::ShroudedKey(Encrypted::read(algorithm, Some(octets))?)
                }
                _ => return Err(missing()),
            },
            Some([CERTIFICATE_BAG]) => match typed(&value)? {
                (X509_CERTIFICATE, Some(octets)) => BagContents::Certificate(octets.octets()?.into_owned()),
                (other, _) => {
                    BagContents::Other(format!("a certificate of another kind, {}", name_of(other)))
                }
            },
            Some([CRL_BAG]) => match typed(&value)? {
                (X509_CRL, Some(octets)) => BagContents::RevocationList(octets.octets()?.into_owned()),
                (other, _) => BagContents::Other(format!("a CRL of another kind, {}", name_of(other))),
            },
            Some([SECRET_BAG]) => {
                BagContents::Other("a secret of another kind than a private key".to_owned())
            }
            Some([SAFE_CONTENTS_BAG]) => {
                let depth = depth.checked_sub(1).ok_or(Pkcs12Error::TooDeep)?;
                BagContents::SafeContents(self.read_bags(&value.parts()?, depth)?)
            }
            _ => BagContents::Other(format!("a bag {}", name_of(kind))),
        };
        let attributes = bag.parts()?.get(2).map(Attributes::read).transpose()?.unwrap_or_default();
        Ok(Bag { contents, attributes })
    }
}

impl Attributes {
    /// ```text
    /// PKCS12Attribute ::= SEQUENCE { attrId OBJECT IDENTIFIER, attrValues SET OF ANY }               -- RFC 7292 4.2
    /// ```
    fn read(set: &Element<'_>) -> Result<Self, Pkcs12Error> {
        let mut attributes = Self::default();
        for attribute in set.parts()? {
            let parts = attribute.parts()?;
            let [identifier, values, ..] = parts.as_slice() else { continue };
            let first = values.parts()?.first().copied();
            match (identifier.contents, first) {
                (FRIENDLY_NAME, Some(value)) => attributes.friendly_name = text(&value),
                (LOCAL_KEY_ID, Some(value)) => {
                    attributes.local_key_id = Some(value.octets()?.into_owned());
                }
                (PROVIDER_NAME, Some(value)) => attributes.provider = text(&value),
                (TRUSTED_KEY_USAGE, _) => attributes.trusted_by_java = true,
                _ => {}
            }
        }
        Ok(attributes)
    }

    /// The SET, or nothing where there is nothing to say.
    pub(super) fn to_der(&self) -> Vec<u8> {
        let attribute = |identifier: &[u8], value: Vec<u8>| {
            let values = tlv::wrapped(Tag::Set, &value);
            tlv::sequence(&[&tlv::identifier(identifier), &values])
        };
        // X.690 11.6: the elements of a SET OF stand in the order of their encodings.
        let mut set = BTreeSet::new();
        if let Some(name) = &self.friendly_name {
            set.insert(attribute(FRIENDLY_NAME, bmp_string(name)));
        }
        if let Some(id) = &self.local_key_id {
            set.insert(attribute(LOCAL_KEY_ID, tlv::wrapped(Tag::OctetString, id)));
        }
        if let Some(provider) = &self.provider {
            set.insert(attribute(PROVIDER_NAME, bmp_string(provider)));
        }
        if self.trusted_by_java {
            set.insert(attribute(TRUSTED_KEY_USAGE, tlv::identifier(ANY_EXTENDED_KEY_USAGE)));
        }
        match set.is_empty() {
            true => Vec::new(),
            false => tlv::wrapped(Tag::Set, &set.into_iter().collect::<Vec<_>>().concat()),
        }
    }
}

/// A bag that is to be written.
pub(super) fn write(kind: u8, value: &[u8], attributes: &Attributes) -> Zeroizing<Vec<u8>> {
    let identifier = tlv::identifier(&[&BAG_ARC[..], &[kind]].concat());
    let value = Zeroizing::new(tlv::wrapped(EXPLICIT_0, value));
    Zeroizing::new(tlv::sequence(&[&identifier, &value, &attributes.to_der()]))
}

/// `CertBag ::= SEQUENCE { certId OBJECT IDENTIFIER, certValue [0] EXPLICIT OCTET STRING }` (RFC 7292 4.2.3)
pub(super) fn certificate(der: &[u8]) -> Vec<u8> {
    let octets = tlv::wrapped(Tag::OctetString, der);
    tlv::sequence(&[&tlv::identifier(X509_CERTIFICATE), &tlv::wrapped(EXPLICIT_0, &octets)])
}

/// UTF-16 with the high octet first; beyond U+FFFF surrogates, which the BMPString of RFC 2985 5.5.1 has no word for
/// and everybody reads.
fn bmp_string(text: &str) -> Vec<u8> {
    let octets: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    tlv::wrapped(Tag::BmpString, &octets)
}

/// The text of a BMPString or UTF8String.
fn text(value: &Element<'_>) -> Option<String> {
    match value.tag {
        BMP_STRING => {
            let (pairs, _) = value.contents.as_chunks();
            let units: Vec<u16> = pairs.iter().copied().map(u16::from_be_bytes).collect();
            Some(String::from_utf16_lossy(&units))
        }
        UTF8_STRING => Some(String::from_utf8_lossy(value.contents).into_owned()),
        _ => None,
    }
}

/// `SEQUENCE { type OBJECT IDENTIFIER, value [0] EXPLICIT ANY, … }`: the type's contents, and the value.
pub(super) fn typed<'a>(element: &Element<'a>) -> Result<(&'a [u8], Option<Element<'a>>), BerError> {
    let parts = element.parts()?;
    let kind = match parts.first() {
        Some(kind) if kind.tag == OBJECT_IDENTIFIER => kind.contents,
        other => {
            let found = other.map_or(0, |other| other.tag);
            return Err(BerError::Tag { found, expected: "an object identifier" });
        }
    };
    let value = match parts.get(1).filter(|value| value.tag == CONTEXT_0) {
        Some(value) => value.parts()?.first().copied(),
        None => None,
    };
    Ok((kind, value))
}

/// 1.2.840.113549.1.12.10.1, RFC 7292 4.2 and D.
const BAG_ARC: [u8; 10] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1];
const KEY_BAG: u8 = 1;
pub(super) const SHROUDED_KEY_BAG: u8 = 2;
pub(super) const CERTIFICATE_BAG: u8 = 3;
const CRL_BAG: u8 = 4;
const SECRET_BAG: u8 = 5;
const SAFE_CONTENTS_BAG: u8 = 6;
/// 1.2.840.113549.1.9.22.1 and 1.9.23.1, RFC 7292 4.2.3 and 4.2.4.
const X509_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];
const X509_CRL: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 23, 1];
/// 1.2.840.113549.1.9.20 and 21, RFC 2985 5.5.
const FRIENDLY_NAME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 20];
const LOCAL_KEY_ID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 21];
/// 1.3.6.1.4.1.311.17.1, Microsoft's szOID_PKCS_12_KEY_PROVIDER_NAME_ATTR.
const PROVIDER_NAME: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 17, 1];
/// 2.16.840.1.113894.746875.1.1, Oracle's trustedKeyUsage (JDK-8076190).
const TRUSTED_KEY_USAGE: &[u8] = &[0x60, 0x86, 0x48, 1, 0x86, 0xf9, 0x66, 0xad, 0xca, 0x7b, 1, 1];
/// 2.5.29.37.0, RFC 5280 4.2.1.12.
const ANY_EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25, 0];
const BMP_STRING: u8 = 0x1e;
const UTF8_STRING: u8 = 0x0c;
const EXPLICIT_0: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
