//! Tag, length, value: just enough DER (X.690) to read names byte for byte.
//!
//! The `der` crate has no tag for UniversalString and refuses any name that holds one, so the walk over
//! foreign names is done here. Nothing here interprets a value.

use super::error::NameError;

/// One element as it stood in the input.
#[derive(Clone, Copy)]
pub(super) struct Tlv<'a> {
    /// The identifier octet: class, constructed bit and number together.
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// Header and content.
    pub(super) whole: &'a [u8],
    /// Where the header starts, counted from the start of the outermost input.
    pub(super) at: usize,
    /// Where the content starts, counted likewise.
    pub(super) content_at: usize,
}

/// Reads elements one after the other.
pub(super) struct Tlvs<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Tlvs<'a> {
    /// `at` is where `bytes` starts in the outermost input; it only serves error messages.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { rest: bytes, at }
    }

    pub(super) fn inside(tlv: &Tlv<'a>) -> Self {
        Self::new(tlv.content, tlv.content_at)
    }

    /// The next element, which must exist and bear this tag.
    pub(super) fn expect(&mut self, tag: u8, expected: &'static str) -> Result<Tlv<'a>, NameError> {
        let at = self.at;
        match self.next()? {
            Some(tlv) if tlv.tag == tag => Ok(tlv),
            Some(tlv) => Err(NameError::der(at, format!("tag {:02x}", tlv.tag), expected)),
            None => Err(NameError::der(at, "the end".to_owned(), expected)),
        }
    }

    /// The next element, which must bear this tag, or `None` at the end.
    pub(super) fn next_of(&mut self, tag: u8, expected: &'static str) -> Result<Option<Tlv<'a>>, NameError> {
        if self.rest.is_empty() { Ok(None) } else { self.expect(tag, expected).map(Some) }
    }

    /// The next element, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Tlv<'a>>, NameError> {
        let Some((&tag, after_tag)) = self.rest.split_first() else {
            return Ok(None);
        };
        if tag & TAG_NUMBER_BITS == TAG_NUMBER_BITS {
            let expected = "a tag number below 31, as all of X.509 has";
            return Err(NameError::der(self.at, format!("tag {tag:02x}"), expected));
        }
        let (length, after_length) = read_length(after_tag, self.at + 1)?;
        let header = self.rest.len() - after_length.len();
        let Some((content, after)) = after_length.split_at_checked(length) else {
            let found = format!("{} bytes", after_length.len());
            return Err(NameError::DerCutShort { at: self.at + header, found, expected: length });
        };
        let tlv = Tlv {
            tag,
            content,
            whole: &self.rest[..header + length],
            at: self.at,
            content_at: self.at + header,
        };
        self.at += header + length;
        self.rest = after;
        Ok(Some(tlv))
    }

    /// Refuses whatever follows the last element.
    pub(super) fn finish(&self) -> Result<(), NameError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(NameError::der(self.at, format!("{} more bytes", self.rest.len()), "the end"))
    }
}

/// Definite and shortest form only: X.690 10.1.
fn read_length(bytes: &[u8], at: usize) -> Result<(usize, &[u8]), NameError> {
    let shortest = "a length in its shortest form (X.690 10.1)";
    let Some((&first, rest)) = bytes.split_first() else {
        return Err(NameError::der(at, "the end".to_owned(), shortest));
    };
    if first < 0x80 {
        return Ok((usize::from(first), rest));
    }
    let octets = usize::from(first & 0x7f);
    if octets == 0 || octets > LENGTH_OCTETS_MAX || octets > rest.len() {
        return Err(NameError::der(at, format!("length octet {first:02x}"), shortest));
    }
    let (length_octets, rest) = rest.split_at(octets);
    let length = length_octets.iter().fold(0, |length, &octet| length << 8 | usize::from(octet));
    if length_octets[0] == 0 || length < 0x80 {
        return Err(NameError::der(at, format!("length octet {first:02x}"), shortest));
    }
    Ok((length, rest))
}

/// Writes one element.
pub(super) fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len().to_be_bytes();
    let leading = length.iter().take_while(|&&octet| octet == 0).count();
    let significant = &length[leading.min(length.len() - 1)..];
    if let [one] = significant
        && *one < 0x80
    {
        out.push(*one);
    } else {
        // A usize has at most eight octets, so their count fits beside the top bit.
        out.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
        out.extend_from_slice(significant);
    }
    out.extend_from_slice(content);
    out
}

/// Whether `bytes` are well-formed elements to the bottom, no deeper than `depth`.
pub(super) fn is_well_formed(bytes: &[u8], depth: usize) -> bool {
    let mut elements = Tlvs::new(bytes, 0);
    loop {
        match elements.next() {
            Ok(None) => return true,
            Ok(Some(tlv)) if tlv.tag & CONSTRUCTED == 0 => {}
            Ok(Some(tlv)) if depth > 0 && is_well_formed(tlv.content, depth - 1) => {}
            Ok(Some(_)) | Err(_) => return false,
        }
    }
}

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const UTF8_STRING: u8 = 0x0c;

/// How deep a value given as hex may nest; no attribute of a name nests deeper than a few, and the walk
/// must not exhaust the stack.
pub(super) const DEPTH_MAX: usize = 16;

const CONSTRUCTED: u8 = 0x20;
const TAG_NUMBER_BITS: u8 = 0x1f;
/// 32 bits of length: more than any certificate, and never more than a usize holds.
const LENGTH_OCTETS_MAX: usize = 4;
