//! General names: what a subjectAltName lists (RFC 5280 4.2.1.6).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Deref;

use der::oid::ObjectIdentifier;

use super::attribute::hex_of;
use super::distinguished::DistinguishedName;
use super::error::NameError;
use super::oid::Oid;
use super::printed::Printed;
use super::tlv::{self, Tlv, Tlvs};

/// One name of a subjectAltName.
///
/// Prints as `dns:www.example.com`, safe for a terminal and in a list separated by commas.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GeneralName {
    /// dNSName, `[2]`.
    Dns(Ia5Text),
    /// rfc822Name, `[1]`.
    Email(Ia5Text),
    /// otherName, `[0]`, of type [`UPN_OID`] and holding a UTF8String: a Windows user principal name.
    Upn(String),
    /// uniformResourceIdentifier, `[6]`.
    Uri(Ia5Text),
    /// iPAddress, `[7]`, of 4 or 16 octets.
    Ip(IpAddr),
    /// directoryName, `[4]`.
    Directory(DistinguishedName),
    /// registeredID, `[8]`.
    RegisteredId(Oid),
    /// otherName, `[0]`, of another type.
    Other {
        /// The type.
        oid: Oid,
        /// The DER of the value, without the explicit tag `[0]` around it.
        value_der: Vec<u8>,
    },
    /// A foreign name kept as it stood: x400Address `[3]`, ediPartyName `[5]`, an unknown tag, or a content
    /// that is not what its tag promises.
    Raw {
        /// The identifier octet.
        tag: u8,
        /// The content octets.
        content: Vec<u8>,
    },
}

impl GeneralName {
    /// A DNS name as it is to be encoded. What a CA would stumble over is left to
    /// [`dns_name_fault`](super::dns_name_fault).
    ///
    /// # Errors
    /// [`NameError::NotIa5`] and [`NameError::EmptyGeneralName`].
    pub fn dns(value: &str) -> Result<Self, NameError> {
        Ia5Text::new("dns name", value).map(Self::Dns)
    }

    /// An e-mail address.
    ///
    /// # Errors
    /// As [`dns`](Self::dns).
    pub fn email(value: &str) -> Result<Self, NameError> {
        Ia5Text::new("e-mail address", value).map(Self::Email)
    }

    /// A URI.
    ///
    /// # Errors
    /// As [`dns`](Self::dns).
    pub fn uri(value: &str) -> Result<Self, NameError> {
        Ia5Text::new("uri", value).map(Self::Uri)
    }

    /// A user principal name, of any characters but control characters.
    ///
    /// # Errors
    /// [`NameError::UpnControlCharacter`] and [`NameError::EmptyGeneralName`].
    pub fn upn(value: &str) -> Result<Self, NameError> {
        if value.is_empty() {
            return Err(NameError::EmptyGeneralName { kind: "upn" });
        }
        match value.chars().zip(1..).find(|(c, _)| c.is_control()) {
            Some((c, position)) => {
                let value = value.to_owned();
                Err(NameError::UpnControlCharacter { value, position, code: u32::from(c) })
            }
            None => Ok(Self::Upn(value.to_owned())),
        }
    }

    /// An IP address from text.
    ///
    /// # Errors
    /// [`NameError::BadIpAddress`].
    pub fn ip(value: &str) -> Result<Self, NameError> {
        let address = value.parse().map(Self::Ip);
        address.map_err(|_| NameError::BadIpAddress { value: value.to_owned() })
    }

    /// Reads a GeneralNames, tag and length included: the value of a subjectAltName. An empty one, which
    /// RFC 5280 4.2.1.6 forbids, reads as no names.
    ///
    /// # Errors
    /// [`NameError::Der`] and [`NameError::DerCutShort`] when the list itself or an otherName or a
    /// directoryName in it is damaged, [`NameError::TooLarge`] beyond [`GENERAL_NAMES_BYTES_MAX`]. Other
    /// contents that break their rules come back as [`GeneralName::Raw`].
    pub fn read_all(der: &[u8]) -> Result<Vec<Self>, NameError> {
        if der.len() > GENERAL_NAMES_BYTES_MAX {
            let (found, maximum) = (der.len(), GENERAL_NAMES_BYTES_MAX);
            return Err(NameError::TooLarge { found, maximum, unit: "bytes" });
        }
        let mut outer = Tlvs::new(der, 0);
        let sequence = outer.expect(tlv::SEQUENCE, "general names (tag 30)")?;
        outer.finish()?;
        let mut elements = Tlvs::inside(&sequence);
        let mut names = Vec::new();
        while let Some(element) = elements.next()? {
            names.push(Self::read(&element)?);
        }
        Ok(names)
    }

    /// Writes a GeneralNames, tag and length included. RFC 5280 4.2.1.6 wants at least one name in it: for
    /// none, leave the extension out.
    pub fn encode_all(names: &[Self]) -> Vec<u8> {
        let elements: Vec<Vec<u8>> = names.iter().map(Self::encode).collect();
        tlv::encode(tlv::SEQUENCE, &elements.concat())
    }

    fn read(element: &Tlv<'_>) -> Result<Self, NameError> {
        let read = match element.tag {
            OTHER_NAME => Some(Self::read_other(element)?),
            RFC822_NAME => Ia5Text::from_octets(element.content).map(Self::Email),
            DNS_NAME => Ia5Text::from_octets(element.content).map(Self::Dns),
            // A Name is a CHOICE, so its tag is explicit: X.680 31.2.7.
            DIRECTORY_NAME => {
                let name = DistinguishedName::from_der_at(element.content, element.content_at)?;
                Some(Self::Directory(name))
            }
            URI => Ia5Text::from_octets(element.content).map(Self::Uri),
            IP_ADDRESS => address_from_octets(element.content).map(Self::Ip),
            REGISTERED_ID => Oid::from_content(element.content).map(Self::RegisteredId),
            _ => None,
        };
        Ok(read.unwrap_or_else(|| Self::Raw { tag: element.tag, content: element.content.to_vec() }))
    }

    /// OtherName ::= SEQUENCE { type-id, value [0] EXPLICIT ANY }, under an implicit `[0]`.
    fn read_other(element: &Tlv<'_>) -> Result<Self, NameError> {
        let mut parts = Tlvs::inside(element);
        let type_id = parts.expect(tlv::OBJECT_IDENTIFIER, "the type of an otherName (tag 06)")?;
        let explicit = parts.expect(EXPLICIT_VALUE, "the value of an otherName (tag a0)")?;
        parts.finish()?;
        let mut values = Tlvs::inside(&explicit);
        let Some(value) = values.next()? else {
            let found = "the end".to_owned();
            return Err(NameError::der(explicit.content_at, found, "a value in the otherName"));
        };
        values.finish()?;
        let Some(oid) = Oid::from_content(type_id.content) else {
            return Ok(Self::Raw { tag: element.tag, content: element.content.to_vec() });
        };
        if oid == UPN_OID
            && value.tag == UTF8_STRING
            && let Ok(upn) = std::str::from_utf8(value.content)
        {
            return Ok(Self::Upn(upn.to_owned()));
        }
        Ok(Self::Other { oid, value_der: value.whole.to_vec() })
    }

    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Dns(name) => tlv::encode(DNS_NAME, name.as_bytes()),
            Self::Email(address) => tlv::encode(RFC822_NAME, address.as_bytes()),
            Self::Uri(uri) => tlv::encode(URI, uri.as_bytes()),
            Self::Upn(upn) => encode_other(UPN_OID.as_bytes(), &tlv::encode(UTF8_STRING, upn.as_bytes())),
            Self::Ip(IpAddr::V4(address)) => tlv::encode(IP_ADDRESS, &address.octets()),
            Self::Ip(IpAddr::V6(address)) => tlv::encode(IP_ADDRESS, &address.octets()),
            Self::Directory(name) => tlv::encode(DIRECTORY_NAME, name.as_der()),
            Self::RegisteredId(oid) => tlv::encode(REGISTERED_ID, oid.as_content()),
            Self::Other { oid, value_der } => encode_other(oid.as_content(), value_der),
            Self::Raw { tag, content } => tlv::encode(*tag, content),
        }
    }
}

fn encode_other(type_id: &[u8], value_der: &[u8]) -> Vec<u8> {
    let mut content = tlv::encode(tlv::OBJECT_IDENTIFIER, type_id);
    content.extend(tlv::encode(EXPLICIT_VALUE, value_der));
    tlv::encode(OTHER_NAME, &content)
}

/// RFC 5280 4.2.1.6: four octets or sixteen.
fn address_from_octets(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(|octets| IpAddr::V4(Ipv4Addr::from(octets)));
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(|octets| IpAddr::V6(Ipv6Addr::from(octets)))).ok()
}

impl fmt::Display for GeneralName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{}", Printed::new(name)),
            Self::Email(address) => write!(f, "email:{}", Printed::new(address)),
            Self::Upn(upn) => write!(f, "upn:{}", Printed::new(upn)),
            Self::Uri(uri) => write!(f, "uri:{}", Printed::new(uri)),
            Self::Ip(address) => write!(f, "ip:{address}"),
            Self::Directory(name) => {
                // The name prints safely already; the quotes keep its commas apart from the list's.
                write!(f, "directory:\"{}\"", name.to_string().replace('"', "\"\""))
            }
            Self::RegisteredId(oid) => write!(f, "registered-id:{oid}"),
            Self::Other { oid, value_der } => write!(f, "other:{oid}={}", hex_of(value_der)),
            Self::Raw { tag: X400_ADDRESS, content } => write!(f, "x400:{}", hex_of(content)),
            Self::Raw { tag: EDI_PARTY_NAME, content } => write!(f, "edi-party:{}", hex_of(content)),
            Self::Raw { tag, content } => write!(f, "raw:{tag:02x}={}", hex_of(content)),
        }
    }
}

/// Text of an IA5String: ASCII, whatever its origin. Made by the constructors of [`GeneralName`], which
/// also refuse control characters; a foreign name may hold them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ia5Text(String);

impl Ia5Text {
    /// RFC 5280 4.2.1.6: dNSName, rfc822Name and uniformResourceIdentifier are IA5String.
    fn new(kind: &'static str, value: &str) -> Result<Self, NameError> {
        if value.is_empty() {
            return Err(NameError::EmptyGeneralName { kind });
        }
        match value.chars().zip(1..).find(|(c, _)| !c.is_ascii() || c.is_ascii_control()) {
            Some((c, position)) => {
                Err(NameError::NotIa5 { kind, value: value.to_owned(), position, code: u32::from(c) })
            }
            None => Ok(Self(value.to_owned())),
        }
    }

    fn from_octets(octets: &[u8]) -> Option<Self> {
        octets.is_ascii().then(|| Self(octets.iter().copied().map(char::from).collect()))
    }
}

impl Deref for Ia5Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The type of a user principal name in an otherName: Microsoft's szOID_NT_PRINCIPAL_NAME.
pub const UPN_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.3");

/// The largest GeneralNames read, in bytes. Ours: room for ten thousand DNS names, many times what any CA
/// issues.
pub const GENERAL_NAMES_BYTES_MAX: usize = 512 * 1024;

// RFC 5280 4.2.1.6: the context tags, implicit but for directoryName.
const OTHER_NAME: u8 = 0xa0;
const RFC822_NAME: u8 = 0x81;
const DNS_NAME: u8 = 0x82;
const X400_ADDRESS: u8 = 0xa3;
const DIRECTORY_NAME: u8 = 0xa4;
const EDI_PARTY_NAME: u8 = 0xa5;
const URI: u8 = 0x86;
const IP_ADDRESS: u8 = 0x87;
const REGISTERED_ID: u8 = 0x88;
const EXPLICIT_VALUE: u8 = 0xa0;
const UTF8_STRING: u8 = 0x0c;

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<(GeneralName, &'static str)> {
        vec![
            (GeneralName::dns("www.example.com").unwrap(), "dns:www.example.com"),
            (GeneralName::dns("a, dns:b").unwrap(), "dns:\"a, dns:b\""),
            (GeneralName::email("ada@example.com").unwrap(), "email:ada@example.com"),
            (GeneralName::upn("zoë@example.com").unwrap(), "upn:zoë@example.com"),
            (GeneralName::uri("https://example.com/?a=b;c").unwrap(), "uri:https://example.com/?a=b;c"),
            (GeneralName::ip("192.0.2.1").unwrap(), "ip:192.0.2.1"),
            (GeneralName::ip("2001:db8::1").unwrap(), "ip:2001:db8::1"),
            (
                GeneralName::Directory(DistinguishedName::from_text("CN=a, O=\"x, y\"").unwrap()),
                "directory:\"O=\"\"x, y\"\", CN=a\"",
            ),
            (GeneralName::RegisteredId(Oid::from_text("2.999.1").unwrap()), "registered-id:2.999.1"),
            (
                GeneralName::Other { oid: Oid::from_text("1.2.3").unwrap(), value_der: vec![5, 0] },
                "other:1.2.3=#0500",
            ),
            (GeneralName::Raw { tag: 0xa3, content: vec![] }, "x400:#"),
            (GeneralName::Raw { tag: 0x82, content: vec![0xff] }, "raw:82=#FF"),
            (GeneralName::Raw { tag: 0x87, content: vec![0; 8] }, "raw:87=#0000000000000000"),
        ]
    }

    #[test]
    fn general_names_survive_encoding_and_print_safely() {
        let (names, printed): (Vec<_>, Vec<_>) = samples().into_iter().unzip();
        let der = GeneralName::encode_all(&names);
        let read = GeneralName::read_all(&der).unwrap();
        assert_eq!(read, names);
        assert_eq!(GeneralName::encode_all(&read), der);
        assert_eq!(read.iter().map(GeneralName::to_string).collect::<Vec<_>>(), printed);
    }

    #[test]
    fn a_principal_name_is_encoded_as_windows_expects_it() {
        let names = [GeneralName::upn("a@b").unwrap()];
        let der = b"\x30\x15\xa0\x13\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03\xa0\x05\x0c\x03a@b";
        assert_eq!(GeneralName::encode_all(&names), der);
    }

    #[test]
    fn names_outside_ascii_are_refused_with_the_advice_for_their_kind() {
        let error = GeneralName::dns("bücher.example").unwrap_err();
        assert_eq!(
            error.to_string(),
            "dns name bücher.example, character 2: found U+00FC, expected printable ASCII only"
        );
        assert!(error.help().contains("xn--bcher-kva"));
        assert!(GeneralName::email("ö@example.com").unwrap_err().help().contains("before the @"));
        assert!(GeneralName::uri("https://example.com/ü").unwrap_err().help().contains("percent"));
        assert!(GeneralName::dns("a\nb").is_err() && GeneralName::dns("").is_err());
        assert!(GeneralName::ip("192.0.2.1/24").is_err() && GeneralName::upn("a\0").is_err());
    }
}
