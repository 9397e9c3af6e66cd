//! Distinguished names: subjects and issuers. A name is the bytes of its DER; text is only a view of it.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};

use super::attribute::Attribute;
use super::error::NameError;
use super::oid::Oid;
use super::text::{self, SUBJECT_CHARACTERS_MAX, Source};
use super::tlv::{self, Tlvs};

/// A Name, that is an RDNSequence (RFC 5280 4.1.2.4), as its exact DER.
///
/// Two are equal when their bytes are; [`matches`](Self::matches) compares as RFC 5280 7.1 wants. Prints in
/// encoded order, safe for a terminal whatever it holds: `C=US, O="Example, Inc", CN=www.example.com`.
#[derive(Debug, Clone)]
pub struct DistinguishedName {
    der: Vec<u8>,
    relative_names: Vec<Vec<Attribute>>,
    /// The name as it is compared, made once: a chain of a thousand certificates asks a million times.
    comparable: Vec<u8>,
}

impl DistinguishedName {
    /// Reads a subject as Key Vault reads it (.NET X500DistinguishedName): the RDN written last is encoded
    /// first.
    ///
    /// * Keys in any case: CN, C, L, O, OU, S or ST, E or EMAIL or EMAILADDRESS, STREET, T or TITLE, G or
    ///   GN, I, SN, DC, UID, SERIALNUMBER, DESCRIPTION, POSTALCODE, DNQUALIFIER, BUSINESSCATEGORY,
    ///   ORGANIZATIONIDENTIFIER, JURISDICTIONL, JURISDICTIONST, JURISDICTIONC and their long names; else a
    ///   dotted OID, with or without `OID.` before it.
    /// * RDNs are separated by `,`, `;` or line breaks; `+` joins attributes within one. Blanks around keys
    ///   and values are dropped.
    /// * A value in double quotes may hold separators, and `""` for a quote; inside and outside quotes `\`
    ///   escapes a special character or a UTF-8 byte in hex (RFC 4514 2.4). A bare value starting with `#`
    ///   is the hex of its DER.
    /// * Values are PrintableString where every character allows it, else UTF8String; country names, serial
    ///   numbers and DN qualifiers only PrintableString, e-mail addresses and domain components only
    ///   IA5String (RFC 5280 appendix A).
    ///
    /// # Errors
    /// A [`NameError`] with the position in characters; [`NameError::Empty`] when the text is blank, and
    /// [`NameError::TooLong`] beyond [`SUBJECT_CHARACTERS_MAX`].
    pub fn from_text(text: &str) -> Result<Self, NameError> {
        let mut relative_names = text::read(text, SUBJECT_CHARACTERS_MAX, Source::Written)?;
        relative_names.reverse();
        Self::encode(relative_names)
    }

    /// Reads what `Display` prints, so in encoded order, with no limit but that of DER. Where every
    /// value has the string type that [`from_text`](Self::from_text) would give it, the DER is that of the name printed.
    ///
    /// # Errors
    /// As `from_text`. An empty name prints as nothing, which is [`NameError::Empty`].
    pub fn from_display_text(text: &str) -> Result<Self, NameError> {
        Self::encode(text::read(text, DISPLAY_CHARACTERS_MAX, Source::Printed)?)
    }

    /// Reads a foreign name, which keeps its bytes. Any attribute and any value is taken, and
    /// the order within an RDN is not looked at.
    ///
    /// # Errors
    /// [`NameError::Der`] and [`NameError::DerCutShort`] with the byte offset, [`NameError::TooLarge`]
    /// beyond [`NAME_BYTES_MAX`] or [`ATTRIBUTES_MAX`].
    pub fn from_der(der: &[u8]) -> Result<Self, NameError> {
        Self::from_der_at(der, 0)
    }

    /// The empty name, which a certificate may bear when a critical subjectAltName names its subject
    /// (RFC 5280 4.1.2.6).
    pub fn empty() -> Self {
        let der = tlv::encode(tlv::SEQUENCE, &[]);
        Self { der, relative_names: Vec::new(), comparable: Vec::new() }
    }

    /// `at` is where the name starts in the outermost input.
    pub(super) fn from_der_at(der: &[u8], at: usize) -> Result<Self, NameError> {
        if der.len() > NAME_BYTES_MAX {
            return Err(NameError::TooLarge { found: der.len(), maximum: NAME_BYTES_MAX, unit: "bytes" });
        }
        let mut outer = Tlvs::new(der, at);
        let sequence = outer.expect(tlv::SEQUENCE, "a name (tag 30)")?;
        outer.finish()?;
        let mut relative_names = Vec::new();
        let mut count = 0;
        let mut sets = Tlvs::inside(&sequence);
        while let Some(set) = sets.next_of(tlv::SET, "a relative distinguished name (tag 31)")? {
            let mut attributes = Vec::new();
            let mut elements = Tlvs::inside(&set);
            while let Some(element) = elements.next_of(tlv::SEQUENCE, "an attribute (tag 30)")? {
                count += 1;
                if count > ATTRIBUTES_MAX {
                    let unit = "attributes";
                    return Err(NameError::TooLarge { found: count, maximum: ATTRIBUTES_MAX, unit });
                }
                attributes.push(Attribute::from_tlv(&element)?);
            }
            // RFC 5280 4.1.2.4: RelativeDistinguishedName ::= SET SIZE (1..MAX).
            if attributes.is_empty() {
                return Err(NameError::der(set.at, "an empty set".to_owned(), "at least one attribute"));
            }
            relative_names.push(attributes);
        }
        let comparable = comparable(&relative_names);
        Ok(Self { der: der.to_vec(), relative_names, comparable })
    }

    /// Goes through DER and back, so that attributes stand in the order of their encodings.
    fn encode(relative_names: Vec<Vec<Attribute>>) -> Result<Self, NameError> {
        let mut content = Vec::new();
        for attributes in relative_names {
            let mut elements: Vec<Vec<u8>> = attributes.iter().map(encode_attribute).collect();
            // X.690 11.6: the elements of a SET OF ascend by their encodings.
            elements.sort();
            content.extend(tlv::encode(tlv::SET, &elements.concat()));
        }
        Self::from_der(&tlv::encode(tlv::SEQUENCE, &content))
    }

    /// The DER, tag and length included.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Whether the name holds no attribute at all.
    pub fn is_empty(&self) -> bool {
        self.relative_names.is_empty()
    }

    /// The RDNs in encoded order; none is empty.
    pub fn relative_names(&self) -> impl DoubleEndedIterator<Item = &[Attribute]> + ExactSizeIterator {
        self.relative_names.iter().map(Vec::as_slice)
    }

    /// The attributes of all RDNs in encoded order.
    pub fn attributes(&self) -> impl DoubleEndedIterator<Item = &Attribute> {
        self.relative_names.iter().flatten()
    }

    /// The attributes of one type, in encoded order.
    pub fn attributes_of<'a>(&'a self, oid: &'a Oid) -> impl DoubleEndedIterator<Item = &'a Attribute> {
        self.attributes().filter(move |attribute| attribute.oid() == oid)
    }

    /// The common names in encoded order, as [`Attribute::value`] gives them: not escaped.
    pub fn common_names(&self) -> impl DoubleEndedIterator<Item = &str> {
        let common_names = self.attributes().filter(|attribute| *attribute.oid() == COMMON_NAME);
        common_names.map(Attribute::value)
    }

    /// Whether two names are equal by RFC 5280 7.1: the same RDNs in the same order, each with the same
    /// attributes in any order, each compared by [`Attribute::matches`].
    pub fn matches(&self, other: &Self) -> bool {
        self.comparable == other.comparable
    }

    /// What is the same in two names just when they [match](Self::matches): by it, names are looked up.
    pub(crate) fn matching_key(&self) -> &[u8] {
        &self.comparable
    }

    /// Whether another name's RDNs are the first of this one's, compared as [`matches`](Self::matches) does:
    /// this name lies in the subtree that the other is the top of (RFC 5280 4.2.1.10).
    pub fn is_within(&self, top: &Self) -> bool {
        // Each RDN says how long it is, so where the bytes begin alike the RDNs are the same.
        self.comparable.starts_with(&top.comparable)
    }

    /// What Key Vault prints for a certificate that is imported: .NET's form, the last RDN first, `S` for a
    /// state, `E` for an e-mail address, `OID.1.2.3` for a type without a key of its own.
    ///
    /// Departs from .NET where a value holds a backslash or a character that does not print as itself: these
    /// are escaped here, so that [`from_text`](Self::from_text) reads the same name back.
    pub fn to_key_vault_text(&self) -> String {
        let mut out = String::new();
        for (index, attributes) in self.relative_names.iter().rev().enumerate() {
            out.push_str(if index == 0 { "" } else { ", " });
            for (index, attribute) in attributes.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { " + " });
                // Writing to a String cannot fail.
                let _ = match attribute.known().and_then(|known| known.key_vault_key) {
                    Some(key) => write!(out, "{key}="),
                    None => write!(out, "OID.{}=", attribute.oid()),
                };
                let _ = attribute.write_value(&mut out);
            }
        }
        out
    }
}

fn encode_attribute(attribute: &Attribute) -> Vec<u8> {
    let mut content = tlv::encode(tlv::OBJECT_IDENTIFIER, attribute.oid().as_content());
    content.extend_from_slice(attribute.value_der());
    tlv::encode(tlv::SEQUENCE, &content)
}

/// Bytes that are equal where names match: one SET for each RDN, its attributes in the order of their bytes, each
/// as it is compared. Pairing the attributes of two names with each other would take time by the square of their
/// number.
fn comparable(relative_names: &[Vec<Attribute>]) -> Vec<u8> {
    let mut out = Vec::new();
    for attributes in relative_names {
        let mut elements: Vec<Vec<u8>> = attributes.iter().map(Attribute::comparable).collect();
        elements.sort_unstable();
        out.extend(tlv::encode(tlv::SET, &elements.concat()));
    }
    out
}

impl PartialEq for DistinguishedName {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for DistinguishedName {}

impl Hash for DistinguishedName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.der.hash(state);
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, attributes) in self.relative_names.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            for (index, attribute) in attributes.iter().enumerate() {
                f.write_str(if index == 0 { "" } else { " + " })?;
                write!(f, "{attribute}")?;
            }
        }
        Ok(())
    }
}

const COMMON_NAME: der::oid::ObjectIdentifier = der::oid::ObjectIdentifier::new_unwrap("2.5.4.3");

/// The largest name read, in bytes of DER. Ours: RFC 5280's own upper bounds keep names under a few
/// kilobytes, and a name is copied and printed often.
pub const NAME_BYTES_MAX: usize = 64 * 1024;
/// The longest text `from_display_text` reads, in characters: what the largest name that is read from DER
/// can print as, each byte as four characters and a few for its key. It bounds the memory a text can take.
pub const DISPLAY_CHARACTERS_MAX: usize = 8 * NAME_BYTES_MAX;

/// The most attributes read in one name. Ours: each is kept apart and printed. OpenSSL's own tests hold a
/// certificate with 257 to be acceptable.
pub const ATTRIBUTES_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DistinguishedName {
        DistinguishedName::from_text(text).unwrap()
    }

    #[test]
    fn the_last_name_of_the_text_is_encoded_first() {
        let read = name("CN=www.example.com, O=Example, C=US");
        assert_eq!(read.to_string(), "C=US, O=Example, CN=www.example.com");
        assert_eq!(read.common_names().collect::<Vec<_>>(), ["www.example.com"]);
        assert_eq!(read.as_der()[..13], *b"\x30\x39\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02");
    }

    #[test]
    fn a_forgotten_quote_is_answered_with_the_text_to_use() {
        for (text, corrected) in [
            ("CN=a, O=Example, Inc, C=US", "O=\"Example, Inc\""),
            ("O=Example, Inc", "O=\"Example, Inc\""),
            ("O=A, B; C, CN=x", "O=\"A, B; C\""),
            ("OU=R+D", "OU=\"R+D\""),
            ("www.example.com", "CN=www.example.com"),
        ] {
            let error = DistinguishedName::from_text(text).unwrap_err();
            assert!(
                matches!(&error, NameError::MissingEquals { corrected: found, .. } if found == corrected)
            );
            assert!(error.help().ends_with(corrected), "{}", error.help());
            assert!(DistinguishedName::from_text(corrected).is_ok());
        }
        let error = DistinguishedName::from_text("CN=a, O=Example, Inc").unwrap_err();
        assert_eq!(error.to_string(), "name text, character 18: found Inc without \"=\", expected KEY=value");
    }

    #[test]
    fn names_match_by_meaning_and_equal_by_bytes() {
        let one = name("CN=Example  CA, O=ÉCOLE, C=US");
        let two = name("CN=\" example ca \", O=école, C=us");
        assert!(one.matches(&two) && two.matches(&one) && one != two);
        assert!(!one.matches(&name("O=ÉCOLE, CN=Example CA, C=US")));
        assert!(!one.matches(&name("CN=Example CA, O=ÉCOLE")));
        assert!(name("CN=a+OU=b").matches(&name("OU=B+CN=A")));
        assert!(!name("CN=a+CN=b").matches(&name("CN=a+CN=A")));
    }

    #[test]
    fn the_same_text_matches_whatever_its_string_type() {
        // UTF8String, then TeletexString, BMPString, UniversalString; a composed and a decomposed letter.
        let names = [
            "CN=é a",
            "CN=#14 C9 20 41",
            "CN=#1E 0065 0301 0020 0061",
            "CN=#1C 000000C9 00000020 00000041",
            "CN=#0C C3 89 C2 A0 EF BC A1",
        ]
        .map(|text| match text.strip_prefix("CN=#") {
            Some(hex) => {
                // The length comes between the tag and the rest.
                let (tag, content) = hex.split_once(' ').unwrap();
                let content = content.replace(' ', "");
                name(&format!("CN=#{tag}{:02X}{content}", content.len() / 2))
            }
            None => name(text),
        });
        for one in &names {
            assert!(names.iter().all(|other| one.matches(other)), "{one}");
        }
        assert!(name("CN=ab").matches(&name("CN=#1E0400610062")));
    }

    #[test]
    fn domain_components_match_to_the_letter_but_for_case() {
        assert!(name("DC=Example,DC=com").matches(&name("DC=eXAMPLE,DC=COM")));
        assert!(!name("DC=\"example  a\"").matches(&name("DC=\"example a\"")));
        assert!(name("E=Ada@Example.com").matches(&name("E=ada@EXAMPLE.COM")));
    }

    #[test]
    fn a_character_newer_than_the_rules_for_comparing_does_not_make_the_case_of_others_count() {
        let (one, other) = (name("CN=a😀"), name("CN=A😀"));
        assert!(one.matches(&other) && other.is_within(&one) && !one.matches(&name("CN=a😁")));
    }

    #[test]
    fn a_name_is_within_another_whose_relative_names_it_begins_with() {
        let top = name("O=example, C=us");
        assert!(name("CN=a, O=Example, C=US").is_within(&top) && top.is_within(&top));
        assert!(top.is_within(&DistinguishedName::empty()));
        assert!(!name("C=US").is_within(&top) && !name("CN=a, OU=x, C=US, O=Example").is_within(&top));
    }

    #[test]
    fn foreign_names_cannot_forge_what_is_printed() {
        let foreign = [
            (&b"\x13\x05a, O="[..], "CN=\"a, O=\""),
            (b"\x14\x02\xe9\x9b", "CN=é\\C2\\9B"),
            (b"\x1c\x04\x00\x01\xf6\x00", "CN=😀"),
            (b"\x1e\x04\x20\x2e\x00\x61", "CN=\\E2\\80\\AEa"),
            (b"\x1e\x03\x00\x61\x00", "CN=#1E03006100"),
            (b"\x0c\x02a\n", "CN=a\\0A"),
            (b"\x0c\x01\xff", "CN=#0C01FF"),
            (b"\x0c\x05#0C01", "CN=\"#0C01\""),
            (b"\x13\x00", "CN=\"\""),
            (b"\x02\x01\x05", "CN=#020105"),
        ];
        for (value, printed) in foreign {
            let attribute = tlv::encode(tlv::SEQUENCE, &[b"\x06\x03\x55\x04\x03", value].concat());
            let der = tlv::encode(tlv::SEQUENCE, &tlv::encode(tlv::SET, &attribute));
            let name = DistinguishedName::from_der(&der).unwrap();
            assert_eq!((name.as_der(), name.to_string().as_str()), (&der[..], printed));
            assert_eq!(DistinguishedName::from_display_text(printed).unwrap().to_string(), printed);
        }
    }

    #[test]
    fn damaged_der_is_refused_with_the_byte() {
        for (der, message) in [
            (&b""[..], "name, DER byte 0: found the end, expected a name (tag 30)"),
            (b"\x31\x00", "name, DER byte 0: found tag 31, expected a name (tag 30)"),
            (b"\x30\x00\x00", "name, DER byte 2: found 1 more bytes, expected the end"),
            (b"\x30\x02\x31\x00", "name, DER byte 2: found an empty set, expected at least one attribute"),
            (
                b"\x30\x80\x00\x00",
                "name, DER byte 1: found length octet 80, expected a length in its shortest form (X.690 10.1)",
            ),
            (b"\x30\x05\x31", "name, DER byte 2: found 1 bytes, expected 5 bytes"),
        ] {
            assert_eq!(DistinguishedName::from_der(der).unwrap_err().to_string(), message);
        }
        assert_eq!(DistinguishedName::from_der(b"\x30\x00").unwrap(), DistinguishedName::empty());
    }

    #[test]
    fn key_vault_prints_backwards_with_its_own_keys() {
        let name = name("E=a@example.com, CN=a, ST=WA, C=US, 1.2.3=x, O=\"A, B\"");
        assert_eq!(name.to_key_vault_text(), "E=a@example.com, CN=a, S=WA, C=US, OID.1.2.3=x, O=\"A, B\"");
        assert_eq!(DistinguishedName::from_text(&name.to_key_vault_text()).unwrap(), name);
    }
}
