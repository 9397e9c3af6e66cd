//! Reads the text of a distinguished name as Key Vault does: the grammar of .NET's X500DistinguishedName
//! (Windows CertStrToName), with the escapes of RFC 4514 besides.

use std::fmt::Write as _;

use super::attribute::{Attribute, KnownAttribute, StringType, encode_value, known_keys};
use super::error::NameError;
use super::oid::Oid;
use super::printed::{self, Printed};
use super::tlv::{self, Tlvs};

/// What a reading allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A subject someone wrote.
    Written,
    /// What `Display` printed for a name that may be foreign: also empty values, escaped control
    /// characters and strings that are not what their tag says.
    Printed,
}

/// The RDNs in the order of the text.
pub(super) fn read(text: &str, maximum: usize, source: Source) -> Result<Vec<Vec<Attribute>>, NameError> {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() > maximum {
        return Err(NameError::TooLong { characters: characters.len(), maximum });
    }
    if characters.iter().all(|&c| is_blank(c) || is_line_break(c)) {
        return Err(NameError::Empty);
    }
    let mut reader = TextReader { characters, at: 0, source, value_before: None };
    let mut relative_names = Vec::new();
    let mut separator = None;
    loop {
        // Line breaks beside another separator, or at either end, stand for no piece.
        reader.skip(|c| is_blank(c) || is_line_break(c));
        if separator.is_some_and(is_line_break) {
            match reader.peek() {
                None => return Ok(relative_names),
                Some(',' | ';') => reader.at += 1,
                Some(_) => {}
            }
            reader.skip(|c| is_blank(c) || is_line_break(c));
        }
        relative_names.push(reader.read_relative_name()?);
        separator = reader.peek();
        if separator.is_none() {
            return Ok(relative_names);
        }
        reader.at += 1;
    }
}

struct TextReader {
    characters: Vec<char>,
    at: usize,
    source: Source,
    /// Key of the last attribute with a bare value, and where that value starts: a missing `=` right
    /// after it is most often a separator that belongs to the value.
    value_before: Option<(String, usize)>,
}

impl TextReader {
    /// Attributes joined by `+`; ends at another separator or at the end of the text.
    fn read_relative_name(&mut self) -> Result<Vec<Attribute>, NameError> {
        let mut attributes = vec![self.read_attribute()?];
        while self.peek() == Some('+') {
            self.at += 1;
            attributes.push(self.read_attribute()?);
        }
        Ok(attributes)
    }

    /// Ends at a separator or at the end of the text.
    fn read_attribute(&mut self) -> Result<Attribute, NameError> {
        self.skip(is_blank);
        let key_at = self.at;
        self.skip(|c| c != '=' && !is_separator(c));
        let key = self.trimmed(key_at, self.at);
        if self.peek() != Some('=') {
            return Err(self.missing_equals(key_at, key));
        }
        let oid = read_key(key_at, &key)?;
        self.at += 1;
        self.skip(is_blank);
        let value_at = self.at;
        let value_der = match self.peek() {
            Some('"') => {
                self.value_before = None;
                let characters = self.read_quoted()?;
                self.encode(&oid, &key, value_at, &characters)?
            }
            Some('#') => {
                self.value_before = None;
                self.read_hex(&oid, &key)?
            }
            _ => {
                let characters = self.read_bare()?;
                self.value_before = Some((key.clone(), value_at));
                self.encode(&oid, &key, value_at, &characters)?
            }
        };
        let value = Tlvs::new(&value_der, 0).next()?;
        let Some(value) = value else {
            return Err(NameError::EmptyValue { position: value_at + 1, key });
        };
        Ok(Attribute::new(oid, &value))
    }

    fn missing_equals(&self, key_at: usize, piece: String) -> NameError {
        let position = key_at + 1;
        if piece.is_empty() {
            return NameError::EmptyPiece { position };
        }
        // Further pieces without `=` belong to the same value.
        let mut end = self.at;
        let mut at = self.at;
        while at < self.characters.len() {
            let from = at + 1;
            let stop = |&c: &char| c == '=' || is_separator(c);
            at = self.characters[from..]
                .iter()
                .position(stop)
                .map_or(self.characters.len(), |length| from + length);
            if self.characters.get(at) == Some(&'=') || self.characters[from..at].contains(&'"') {
                break;
            }
            end = at;
        }
        let (key, from) = match &self.value_before {
            Some((key, from)) => (key.as_str(), *from),
            None => ("CN", key_at),
        };
        let mut value = String::new();
        for (index, &c) in self.characters[from..end].iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = match c {
                '"' => value.write_str("\"\""),
                c if is_line_break(c) => value.write_char(' '),
                c => printed::write_escaped(&mut value, c, index == 0),
            };
        }
        let value = value.trim();
        let corrected = if value.contains(is_separator) || value.contains('"') {
            format!("{key}=\"{value}\"")
        } else {
            format!("{key}={value}")
        };
        NameError::MissingEquals { position, piece, corrected }
    }

    fn read_quoted(&mut self) -> Result<Vec<(char, usize)>, NameError> {
        let opening = self.at + 1;
        self.at += 1;
        let mut value = Vec::new();
        loop {
            let position = self.at + 1;
            match self.peek() {
                None => return Err(NameError::UnterminatedQuote { position: opening }),
                Some('"') if self.characters.get(self.at + 1) == Some(&'"') => {
                    value.push(('"', position));
                    self.at += 2;
                }
                Some('"') => {
                    self.at += 1;
                    break;
                }
                Some('\\') => self.read_escapes(&mut value)?,
                Some(c) => {
                    refuse_control(c, position)?;
                    value.push((c, position));
                    self.at += 1;
                }
            }
        }
        self.skip(is_blank);
        match self.peek() {
            Some(found) if !is_separator(found) => {
                Err(NameError::AfterQuote { position: self.at + 1, found: found.to_string() })
            }
            _ => Ok(value),
        }
    }

    fn read_bare(&mut self) -> Result<Vec<(char, usize)>, NameError> {
        let mut value = Vec::new();
        // Blanks at the end are dropped, but not escaped ones.
        let mut kept = 0;
        loop {
            let position = self.at + 1;
            match self.peek() {
                Some('"') => return Err(NameError::StrayQuote { position }),
                Some('\\') => {
                    self.read_escapes(&mut value)?;
                    kept = value.len();
                }
                Some(c) if !is_separator(c) => {
                    value.push((c, position));
                    self.at += 1;
                    if !is_blank(c) {
                        refuse_control(c, position)?;
                        kept = value.len();
                    }
                }
                _ => break,
            }
        }
        value.truncate(kept);
        // A tab is a blank around the value, and a control character inside it. Escapes come out of
        // `read_escapes`, which has judged them.
        let tab = value.iter().find(|&&(c, position)| c == '\t' && self.characters[position - 1] == '\t');
        if let Some(&(c, position)) = tab {
            refuse_control(c, position)?;
        }
        Ok(value)
    }

    /// A backslash and a special character, or a run of hex pairs that is UTF-8: RFC 4514 2.4.
    fn read_escapes(&mut self, value: &mut Vec<(char, usize)>) -> Result<(), NameError> {
        let start = self.at;
        let position = start + 1;
        let mut octets = Vec::new();
        while self.peek() == Some('\\')
            && let Some(octet) = hex_pair(self.characters.get(self.at + 1..).unwrap_or_default())
        {
            octets.push(octet);
            self.at += 3;
        }
        if octets.is_empty() {
            return match self.characters.get(self.at + 1) {
                Some(&c) if ESCAPABLE.contains(c) => {
                    value.push((c, position));
                    self.at += 2;
                    Ok(())
                }
                found => Err(NameError::BadEscape { position, found: found.into_iter().collect() }),
            };
        }
        let Ok(text) = String::from_utf8(octets) else {
            let found = self.characters[start..self.at].iter().collect();
            return Err(NameError::BadEscapedBytes { position, found });
        };
        let mut at = start;
        for c in text.chars() {
            if self.source == Source::Written {
                refuse_control(c, at + 1)?;
            }
            value.push((c, at + 1));
            at += 3 * c.len_utf8();
        }
        Ok(())
    }

    /// `#` and the hex of the value's whole DER: RFC 4514 2.4.
    fn read_hex(&mut self, oid: &Oid, key: &str) -> Result<Vec<u8>, NameError> {
        let position = self.at + 1;
        self.at += 1;
        let mut digits = Vec::new();
        while let Some(c) = self.peek().filter(|&c| !is_separator(c)) {
            match c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()) {
                Some(digit) => digits.push(digit),
                None if is_blank(c) => {}
                None => {
                    return Err(NameError::BadHex {
                        position: self.at + 1,
                        found: Printed::new(c.encode_utf8(&mut [0; 4])).to_string(),
                    });
                }
            }
            self.at += 1;
        }
        let (pairs, odd) = digits.as_chunks::<2>();
        let der: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        let bad = |found: &str| NameError::BadHex { position, found: found.to_owned() };
        if !odd.is_empty() {
            return Err(bad("an odd number of digits"));
        }
        let mut elements = Tlvs::new(&der, 0);
        let Ok(Some(element)) = elements.next() else {
            return Err(bad("bytes that are no DER value"));
        };
        if elements.finish().is_err() {
            return Err(bad("more than one DER value"));
        }
        if self.source == Source::Written {
            if !tlv::is_well_formed(&der, tlv::DEPTH_MAX) {
                return Err(bad(&format!(
                    "a DER value that is damaged inside, or deeper than {} layers",
                    tlv::DEPTH_MAX
                )));
            }
            let attribute = Attribute::new(oid.clone(), &element);
            match attribute.text() {
                Some("") => {
                    return Err(NameError::EmptyValue { position, key: key.to_owned() });
                }
                Some(text) => text.chars().try_for_each(|c| refuse_control(c, position))?,
                None if matches!(attribute.string_type(), StringType::Other(_)) => {}
                None => return Err(bad("a string whose bytes are not of its type")),
            }
        }
        Ok(der)
    }

    fn encode(
        &self,
        oid: &Oid,
        key: &str,
        value_at: usize,
        value: &[(char, usize)],
    ) -> Result<Vec<u8>, NameError> {
        let quoted = self.characters.get(value_at) == Some(&'"');
        if value.is_empty() && !(quoted && self.source == Source::Printed) {
            return Err(NameError::EmptyValue { position: value_at + 1, key: key.to_owned() });
        }
        encode_value(oid, key, value)
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&skipped) {
            self.at += 1;
        }
    }

    fn trimmed(&self, from: usize, to: usize) -> String {
        let text: String = self.characters[from..to].iter().collect();
        text.trim_matches(is_blank).to_owned()
    }
}

fn read_key(key_at: usize, key: &str) -> Result<Oid, NameError> {
    if let Some(known) = KnownAttribute::by_key(key) {
        return Ok(known.oid.into());
    }
    let position = key_at + 1;
    let prefixed = key.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("OID."));
    let dotted = if prefixed.is_some() { &key[4..] } else { key };
    if prefixed.is_none() && !dotted.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(NameError::UnknownKey { position, key: key.to_owned(), known: known_keys() });
    }
    Oid::from_text(dotted).ok_or_else(|| NameError::BadOid { position, key: key.to_owned() })
}

fn refuse_control(c: char, position: usize) -> Result<(), NameError> {
    if c.is_control() {
        return Err(NameError::ControlCharacter { position, code: u32::from(c) });
    }
    Ok(())
}

fn hex_pair(characters: &[char]) -> Option<u8> {
    let digit = |index: usize| u8::try_from(characters.get(index)?.to_digit(16)?).ok();
    Some(digit(0)? << 4 | digit(1)?)
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

fn is_line_break(c: char) -> bool {
    c == '\n' || c == '\r'
}

fn is_separator(c: char) -> bool {
    matches!(c, ',' | ';' | '+') || is_line_break(c)
}

/// RFC 4514 2.4 (the special characters, the number sign, the equals sign and the space).
const ESCAPABLE: &str = ",+\"\\=#;<> ";

/// The longest subject Key Vault takes, in characters (Azure Key Vault FAQ). A longer one would be
/// refused there only after the policy has been sent.
pub const SUBJECT_CHARACTERS_MAX: usize = 200;
