//! What can be wrong with a name.

use super::printed::Printed;

/// Why a name could not be read. Positions in text count characters from 1; positions in DER count bytes
/// from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text holds nothing but blanks; whether a name may be empty is the caller's decision.
    #[error("name text: found nothing, expected KEY=value")]
    Empty,
    /// The text is longer than allowed.
    #[error("name text: found {characters} characters, expected at most {maximum}")]
    TooLong {
        /// Characters found.
        characters: usize,
        /// Characters allowed.
        maximum: usize,
    },
    /// Two separators with nothing between them, or one at the start or the end.
    #[error("name text, character {position}: found nothing, expected KEY=value")]
    EmptyPiece {
        /// Where the missing piece would start.
        position: usize,
    },
    /// A piece between separators has no `=`.
    #[error("name text, character {position}: found {} without \"=\", expected KEY=value", Printed::new(.piece))]
    MissingEquals {
        /// Where the piece starts.
        position: usize,
        /// The piece.
        piece: String,
        /// What was probably meant, ready to be used.
        corrected: String,
    },
    /// No such key.
    #[error("name text, character {position}: found key {}, expected a known key such as CN, O or C, or a dotted OID", Printed::new(.key))]
    UnknownKey {
        /// Where the key starts.
        position: usize,
        /// The key as written.
        key: String,
        /// The keys that are known, for prose.
        known: String,
    },
    /// A key that starts like an object identifier and is none.
    #[error("name text, character {position}: found {}, expected an object identifier such as 2.5.4.3", Printed::new(.key))]
    BadOid {
        /// Where the key starts.
        position: usize,
        /// The key as written.
        key: String,
    },
    /// A key with nothing after the `=`.
    #[error("name text, character {position}: found no value for {}, expected at least one character", Printed::new(.key))]
    EmptyValue {
        /// Where the value would start.
        position: usize,
        /// The key as written.
        key: String,
    },
    /// A double quote that is never closed.
    #[error("name text, character {position}: found an opening quote, expected a closing one before the end")]
    UnterminatedQuote {
        /// Where the quote opens.
        position: usize,
    },
    /// Text between a closing quote and the next separator.
    #[error("name text, character {position}: found {} after a closing quote, expected a separator or the end", Printed::new(.found))]
    AfterQuote {
        /// Where the text starts.
        position: usize,
        /// Its first character.
        found: String,
    },
    /// A double quote in the middle of a bare value.
    #[error(
        "name text, character {position}: found a quote inside a bare value, expected it before the value or escaped"
    )]
    StrayQuote {
        /// Where the quote stands.
        position: usize,
    },
    /// A backslash followed by neither a special character nor a hex pair.
    #[error("name text, character {position}: found {} after a backslash, expected a special character or two hex digits", Printed::new(.found))]
    BadEscape {
        /// Where the backslash stands.
        position: usize,
        /// What follows it, empty at the end of the text.
        found: String,
    },
    /// Escaped bytes that are not UTF-8.
    #[error("name text, character {position}: found escaped bytes {found}, expected UTF-8")]
    BadEscapedBytes {
        /// Where the first backslash stands.
        position: usize,
        /// The bytes in hex.
        found: String,
    },
    /// After `#`, something other than hex of one well-formed DER value.
    #[error("name text, character {position}: found {found}, expected the hex of one DER value after \"#\"")]
    BadHex {
        /// Where the fault stands.
        position: usize,
        /// What stands there, safe to print.
        found: String,
    },
    /// A control character in a value.
    #[error("name text, character {position}: found control character U+{code:04X}, expected printable text")]
    ControlCharacter {
        /// Where the character stands.
        position: usize,
        /// Its code point.
        code: u32,
    },
    /// A character that the attribute's string type cannot hold.
    #[error("name text, character {position}: found {} in {key}, expected only characters of {string_type}", Printed::new(.found))]
    NotInString {
        /// Where the character stands.
        position: usize,
        /// The attribute's key.
        key: String,
        /// The character.
        found: String,
        /// The string type, by its ASN.1 name.
        string_type: &'static str,
    },
    /// DER that is not what it should be.
    #[error("name, DER byte {at}: found {found}, expected {expected}")]
    Der {
        /// Byte offset from the start of the name.
        at: usize,
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// DER that ends before its own length says.
    #[error("name, DER byte {at}: found {found}, expected {expected} bytes")]
    DerCutShort {
        /// Byte offset from the start of the name.
        at: usize,
        /// What is left.
        found: String,
        /// The length announced.
        expected: usize,
    },
    /// More than is read.
    #[error("name: found {found} {unit}, expected at most {maximum}")]
    TooLarge {
        /// How many there are.
        found: usize,
        /// How many are read at most.
        maximum: usize,
        /// Of what.
        unit: &'static str,
    },
    /// A DNS name, e-mail address or URI with a character outside printable ASCII.
    #[error("{kind} {}, character {position}: found U+{code:04X}, expected printable ASCII only", Printed::new(.value))]
    NotIa5 {
        /// `dns name`, `e-mail address` or `uri`.
        kind: &'static str,
        /// The whole name.
        value: String,
        /// Where the character stands.
        position: usize,
        /// Its code point.
        code: u32,
    },
    /// A general name with no characters at all.
    #[error("{kind}: found nothing, expected at least one character")]
    EmptyGeneralName {
        /// `dns name`, `e-mail address`, `uri` or `upn`.
        kind: &'static str,
    },
    /// A user principal name with a control character.
    #[error("upn {}, character {position}: found control character U+{code:04X}, expected printable text", Printed::new(.value))]
    UpnControlCharacter {
        /// The whole name.
        value: String,
        /// Where the character stands.
        position: usize,
        /// Its code point.
        code: u32,
    },
    /// Text that is no IP address.
    #[error("ip address: found {}, expected IPv4 such as 192.0.2.1 or IPv6 such as 2001:db8::1", Printed::new(.value))]
    BadIpAddress {
        /// The text.
        value: String,
    },
}

impl NameError {
    pub(super) fn der(at: usize, found: String, expected: &'static str) -> Self {
        Self::Der { at, found, expected }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Empty => "write a subject such as CN=www.example.com".to_owned(),
            Self::TooLong { maximum, .. } => format!("shorten the name to at most {maximum} characters"),
            Self::EmptyPiece { .. } => "remove the separator that has nothing beside it".to_owned(),
            Self::MissingEquals { corrected, .. } if corrected.contains('"') => {
                format!("a separator inside a value needs quotes around the value; perhaps: {corrected}")
            }
            Self::MissingEquals { corrected, .. } => format!("give the value a key; perhaps: {corrected}"),
            Self::UnknownKey { known, .. } => {
                format!("use one of {known}, or the attribute's dotted OID; if this is part of a value, put the value in double quotes")
            }
            Self::BadOid { .. } => {
                "write numbers joined by dots, first 0, 1 or 2, without leading zeros".to_owned()
            }
            Self::EmptyValue { key, .. } => format!("give {} a value or leave it out", Printed::new(key)),
            Self::UnterminatedQuote { .. } => {
                "close the quote; a quote that belongs to the value is written twice".to_owned()
            }
            Self::AfterQuote { .. } => {
                "put the whole value in the quotes; a quote that belongs to it is written twice".to_owned()
            }
            Self::StrayQuote { .. } => {
                "put the whole value in quotes with each inner quote written twice, or write \\\"".to_owned()
            }
            Self::BadEscape { .. } => {
                "write \\\\ for a backslash; only , + \" \\ = # ; < > and the space may follow one".to_owned()
            }
            Self::BadEscapedBytes { .. } => {
                "escape the UTF-8 bytes of the character, such as \\C3\\A9 for é, or write it as it is".to_owned()
            }
            Self::BadHex { .. } => {
                "if the value is text that starts with #, put it in double quotes".to_owned()
            }
            Self::ControlCharacter { .. } | Self::UpnControlCharacter { .. } => {
                "remove the character; it may have come with a copy from elsewhere".to_owned()
            }
            Self::NotInString { string_type: "PrintableString", .. } => {
                "use only letters, digits, spaces and ' ( ) + , - . / : = ?".to_owned()
            }
            Self::NotInString { .. } => {
                "use ASCII only; write the domain of an e-mail address in its A-label form (xn--...)".to_owned()
            }
            Self::Der { .. } | Self::DerCutShort { .. } => {
                "the name is damaged or is not DER: fetch the certificate or request again".to_owned()
            }
            Self::TooLarge { .. } => {
                "no certificate needs this many: make sure that the file is the one you meant".to_owned()
            }
            Self::NotIa5 { kind: "dns name", .. } => {
                "write each label that is not ASCII in its A-label form, such as xn--bcher-kva.example (RFC 5890 2.3.2.1)".to_owned()
            }
            Self::NotIa5 { kind: "uri", .. } => {
                "write the host in its A-label form (xn--...) and percent-encode the rest (RFC 3987 3.1)".to_owned()
            }
            Self::NotIa5 { .. } => {
                "write the domain in its A-label form (xn--...); the part before the @ must be ASCII".to_owned()
            }
            Self::EmptyGeneralName { .. } => "give the name or leave the entry out".to_owned(),
            Self::BadIpAddress { .. } => {
                "give one address, without port, brackets, prefix length or zone".to_owned()
            }
        }
    }
}
