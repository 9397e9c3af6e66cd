//! One attribute of a distinguished name: its type, its value and how the value is encoded.

use std::fmt;

use der::oid::ObjectIdentifier;

use super::error::NameError;
use super::oid::{OID_BYTES_MAX, Oid};
use super::preparation::{prepared, prepared_domain_component};
use super::printed::Printed;
use super::tlv::{self, Tlv, Tlvs};

/// An AttributeTypeAndValue (RFC 5280 4.1.2.4).
///
/// Prints as `CN=www.example.com`, safe for a terminal whatever the value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attribute {
    oid: Oid,
    /// The value's own element, as it stood.
    value_der: Vec<u8>,
    /// `None` when the element is no string, or its bytes are not what its tag says.
    text: Option<String>,
    /// Where there is no text: the element as `#` and hex.
    shown: Option<String>,
    string_type: StringType,
}

impl Attribute {
    /// The attribute's type.
    pub fn oid(&self) -> &Oid {
        &self.oid
    }

    /// The value for display: its text, or `#` and the hex of its DER where it has none (RFC 4514 2.4).
    /// Not escaped: print the whole attribute, or pass this through [`Printed`], before a terminal.
    pub fn value(&self) -> &str {
        self.text.as_deref().or(self.shown.as_deref()).unwrap_or_default()
    }

    /// The value as text; `None` when it is not a string, or its bytes are not what its tag promises.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// How the value is encoded.
    pub fn string_type(&self) -> StringType {
        self.string_type
    }

    /// The value's DER, tag and length included.
    pub fn value_der(&self) -> &[u8] {
        &self.value_der
    }

    /// Whether two attributes are equal by RFC 5280 7.1: same type, and text that is the same after string
    /// preparation (RFC 4518), whatever the string types. So case does not matter, nor runs of blanks, nor the
    /// form in which Unicode writes a letter. Domain components are compared as RFC 5280 7.3 wants, without regard
    /// to the case of ASCII alone.
    ///
    /// What is no text equals what has the same bytes.
    pub fn matches(&self, other: &Self) -> bool {
        self.comparable() == other.comparable()
    }

    /// Bytes that are equal where attributes match, and say how long they are.
    pub(super) fn comparable(&self) -> Vec<u8> {
        // The two tags keep a text apart from the same bytes as DER.
        let prepared = self.text.as_deref().map(|text| match self.oid == DOMAIN_COMPONENT {
            true => prepared_domain_component(text),
            false => prepared(text),
        });
        let value = match prepared {
            Some(text) => tlv::encode(tlv::UTF8_STRING, text.as_bytes()),
            None => tlv::encode(tlv::OCTET_STRING, &self.value_der),
        };
        tlv::encode(
            tlv::SEQUENCE,
            &[tlv::encode(tlv::OBJECT_IDENTIFIER, self.oid.as_content()), value].concat(),
        )
    }

    pub(super) fn new(oid: Oid, value: &Tlv<'_>) -> Self {
        let string_type = StringType::from_tag(value.tag);
        let text = string_type.decode(value.content);
        let shown = text.is_none().then(|| hex_of(value.whole));
        Self { oid, value_der: value.whole.to_vec(), text, shown, string_type }
    }

    /// Reads one from inside an RDN's SET.
    pub(super) fn from_tlv(element: &Tlv<'_>) -> Result<Self, NameError> {
        let mut parts = Tlvs::inside(element);
        let oid = parts.expect(tlv::OBJECT_IDENTIFIER, "an attribute type (tag 06)")?;
        let value_at = oid.content_at + oid.content.len();
        let Some(value) = parts.next()? else {
            return Err(NameError::der(value_at, "the end".to_owned(), "an attribute value"));
        };
        parts.finish()?;
        if oid.content.len() > OID_BYTES_MAX {
            let (found, unit) = (oid.content.len(), "octets in an object identifier");
            return Err(NameError::TooLarge { found, maximum: OID_BYTES_MAX, unit });
        }
        let Some(oid_read) = Oid::from_content(oid.content) else {
            let expected = "an object identifier of at most 128 octets, with arcs of at most 128 bits";
            return Err(NameError::der(oid.content_at, hex_of(oid.content), expected));
        };
        Ok(Self::new(oid_read, &value))
    }

    /// Whether the value prints as hex of its DER, which must not be quoted.
    fn prints_as_hex(&self) -> bool {
        self.text.is_none()
    }

    pub(super) fn write_value(&self, f: &mut impl fmt::Write) -> fmt::Result {
        if self.prints_as_hex() {
            return f.write_str(self.value());
        }
        write!(f, "{}", Printed::in_name(self.value()))
    }

    pub(super) fn known(&self) -> Option<&'static KnownAttribute> {
        KnownAttribute::by_oid(&self.oid)
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Some(known) => write!(f, "{}=", known.key)?,
            None => write!(f, "{}=", self.oid)?,
        }
        self.write_value(f)
    }
}

pub(super) fn hex_of(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("#{digits}")
}

/// The ASN.1 type of an attribute's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StringType {
    /// PrintableString: letters, digits, space and `'()+,-./:=?` (X.680 41.4).
    Printable,
    /// UTF8String.
    Utf8,
    /// IA5String: ASCII.
    Ia5,
    /// TeletexString, also called T61String; read as Latin-1, which is what issuers put in it, and compared so
    /// (RFC 4518 2.1 leaves the choice to us).
    Teletex,
    /// BMPString: UTF-16, big-endian.
    Bmp,
    /// UniversalString: UTF-32, big-endian.
    Universal,
    /// NumericString: digits and space.
    Numeric,
    /// VisibleString: printable ASCII.
    Visible,
    /// No string type: the identifier octet.
    Other(u8),
}

impl StringType {
    /// The type's ASN.1 name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Printable => "PrintableString",
            Self::Utf8 => "UTF8String",
            Self::Ia5 => "IA5String",
            Self::Teletex => "TeletexString",
            Self::Bmp => "BMPString",
            Self::Universal => "UniversalString",
            Self::Numeric => "NumericString",
            Self::Visible => "VisibleString",
            Self::Other(_) => "no string",
        }
    }

    fn from_tag(tag: u8) -> Self {
        match tag {
            0x0c => Self::Utf8,
            0x12 => Self::Numeric,
            0x13 => Self::Printable,
            0x14 => Self::Teletex,
            0x16 => Self::Ia5,
            0x1a => Self::Visible,
            0x1c => Self::Universal,
            0x1e => Self::Bmp,
            other => Self::Other(other),
        }
    }

    fn tag(self) -> u8 {
        match self {
            Self::Utf8 => 0x0c,
            Self::Numeric => 0x12,
            Self::Printable => 0x13,
            Self::Teletex => 0x14,
            Self::Ia5 => 0x16,
            Self::Visible => 0x1a,
            Self::Universal => 0x1c,
            Self::Bmp => 0x1e,
            Self::Other(tag) => tag,
        }
    }

    /// The four ASCII types are read as ASCII, not as their subsets: issuers write `@` and `*` into
    /// PrintableString, and the text is plain all the same.
    fn decode(self, content: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => String::from_utf8(content.to_vec()).ok(),
            Self::Printable | Self::Ia5 | Self::Numeric | Self::Visible => {
                content.is_ascii().then(|| content.iter().copied().map(char::from).collect())
            }
            Self::Teletex => Some(content.iter().copied().map(char::from).collect()),
            Self::Bmp => {
                let (units, rest) = content.as_chunks::<2>();
                let units: Vec<u16> = units.iter().copied().map(u16::from_be_bytes).collect();
                if rest.is_empty() { String::from_utf16(&units).ok() } else { None }
            }
            Self::Universal => {
                let (units, rest) = content.as_chunks::<4>();
                let text = units.iter().map(|&unit| char::from_u32(u32::from_be_bytes(unit))).collect();
                if rest.is_empty() { text } else { None }
            }
            Self::Other(_) => None,
        }
    }
}

/// RFC 5280 appendix A.1.
const DOMAIN_COMPONENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25");

/// An attribute type with keys of its own.
#[derive(Debug)]
pub(super) struct KnownAttribute {
    pub(super) oid: ObjectIdentifier,
    /// The key it is printed with.
    pub(super) key: &'static str,
    /// The key Key Vault prints; `None` for `OID.` and the dotted form.
    pub(super) key_vault_key: Option<&'static str>,
    /// Further keys it is read by.
    aliases: &'static [&'static str],
    encoding: Encoding,
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    /// RFC 5280 appendix A: the type allows PrintableString only.
    Printable,
    /// RFC 5280 appendix A: the type allows IA5String only.
    Ia5,
    /// DirectoryString: PrintableString where it can be, else UTF8String, as Key Vault does.
    Directory,
}

impl KnownAttribute {
    pub(super) fn by_key(key: &str) -> Option<&'static Self> {
        KNOWN_ATTRIBUTES.iter().find(|known| {
            let mut keys = known.aliases.iter().chain([&known.key]).chain(known.key_vault_key.as_ref());
            keys.any(|name| name.eq_ignore_ascii_case(key))
        })
    }

    pub(super) fn by_oid(oid: &Oid) -> Option<&'static Self> {
        KNOWN_ATTRIBUTES.iter().find(|known| *oid == known.oid)
    }
}

/// Encodes a value whose characters carry their position in the text.
pub(super) fn encode_value(oid: &Oid, key: &str, characters: &[(char, usize)]) -> Result<Vec<u8>, NameError> {
    let encoding = KnownAttribute::by_oid(oid).map_or(Encoding::Directory, |known| known.encoding);
    let outside = |holds: fn(char) -> bool| characters.iter().find(move |&&(c, _)| !holds(c));
    let (string_type, refused) = match encoding {
        Encoding::Printable => (StringType::Printable, outside(is_printable_string)),
        Encoding::Ia5 => (StringType::Ia5, outside(|c| c.is_ascii())),
        Encoding::Directory if outside(is_printable_string).is_none() => (StringType::Printable, None),
        Encoding::Directory => (StringType::Utf8, None),
    };
    if let Some(&(found, position)) = refused {
        return Err(NameError::NotInString {
            position,
            key: key.to_owned(),
            found: found.to_string(),
            string_type: string_type.name(),
        });
    }
    let text: String = characters.iter().map(|&(c, _)| c).collect();
    Ok(tlv::encode(string_type.tag(), text.as_bytes()))
}

/// X.680 41.4, table 10. The asterisk, the at sign and the underscore are not in it.
fn is_printable_string(c: char) -> bool {
    c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c)
}

/// The keys a name may use, for prose.
pub(super) fn known_keys() -> String {
    let keys: Vec<&str> = KNOWN_ATTRIBUTES.iter().map(|known| known.key).collect();
    keys.join(", ")
}

const fn known(
    oid: &'static str,
    key: &'static str,
    key_vault_key: Option<&'static str>,
    aliases: &'static [&'static str],
    encoding: Encoding,
) -> KnownAttribute {
    KnownAttribute { oid: ObjectIdentifier::new_unwrap(oid), key, key_vault_key, aliases, encoding }
}

/// Keys of RFC 4519, PKCS#9, the EV guidelines 9.2.4 and Windows CertStrToName; Key Vault's own are those
/// CertNameToStr prints.
static KNOWN_ATTRIBUTES: &[KnownAttribute] = {
    use Encoding::{Directory, Ia5, Printable};
    &[
        known("2.5.4.3", "CN", Some("CN"), &["commonName"], Directory),
        known("2.5.4.6", "C", Some("C"), &["countryName"], Printable),
        known("2.5.4.7", "L", Some("L"), &["localityName"], Directory),
        known("2.5.4.8", "ST", Some("S"), &["stateOrProvinceName"], Directory),
        known("2.5.4.10", "O", Some("O"), &["organizationName"], Directory),
        known("2.5.4.11", "OU", Some("OU"), &["organizationalUnitName"], Directory),
        known("1.2.840.113549.1.9.1", "emailAddress", Some("E"), &["EMAIL"], Ia5),
        known("2.5.4.9", "STREET", Some("STREET"), &["streetAddress"], Directory),
        known("2.5.4.12", "T", Some("T"), &["TITLE"], Directory),
        known("2.5.4.42", "G", Some("G"), &["GN", "givenName"], Directory),
        known("2.5.4.43", "I", Some("I"), &["initials"], Directory),
        known("2.5.4.4", "SN", Some("SN"), &["surname"], Directory),
        known("0.9.2342.19200300.100.1.25", "DC", Some("DC"), &["domainComponent"], Ia5),
        known("0.9.2342.19200300.100.1.1", "UID", None, &["userId"], Directory),
        known("2.5.4.5", "serialNumber", Some("SERIALNUMBER"), &[], Printable),
        known("2.5.4.13", "description", Some("Description"), &[], Directory),
        known("2.5.4.17", "postalCode", Some("PostalCode"), &[], Directory),
        known("2.5.4.46", "dnQualifier", Some("dnQualifier"), &[], Printable),
        known("2.5.4.15", "businessCategory", None, &[], Directory),
        known("2.5.4.97", "organizationIdentifier", None, &[], Directory),
        known("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL", None, &["jurisdictionLocalityName"], Directory),
        known(
            "1.3.6.1.4.1.311.60.2.1.2",
            "jurisdictionST",
            None,
            &["jurisdictionS", "jurisdictionStateOrProvinceName"],
            Directory,
        ),
        known("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC", None, &["jurisdictionCountryName"], Printable),
    ]
};
