//! BER framing, byte-exact: the elements of foreign containers, whose lengths may be indefinite.
//!
//! `tlv` reads DER alone, which is right for what is signed. Containers come as BER too (RFC 5652 2; Java and NSS
//! write indefinite lengths), and reading them into values and writing those anew would change what they hold: a
//! SET OF comes out sorted. So elements are slices of what was received, as in `tlv`.

use std::borrow::Cow;

/// One element: its identifier octet, its contents, and all of it as received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    /// Without the end-of-contents octets, where there are any.
    pub(crate) contents: &'a [u8],
    pub(crate) whole: &'a [u8],
    /// Whether its length is stated, as DER wants.
    pub(crate) is_definite: bool,
}

impl<'a> Element<'a> {
    /// The elements inside, which must fill it to its end.
    pub(crate) fn parts(&self) -> Result<Vec<Self>, BerError> {
        split_all(self.contents)
    }

    /// The octets of an OCTET STRING, also under a context-specific tag: in one piece, or in several that belong
    /// together, each of which can be in pieces again (X.690 8.7.3).
    pub(crate) fn octets(&self) -> Result<Cow<'a, [u8]>, BerError> {
        self.octets_within(PIECES_DEPTH_MAX)
    }

    fn octets_within(&self, depth: usize) -> Result<Cow<'a, [u8]>, BerError> {
        if self.tag & CONSTRUCTED == 0 {
            return Ok(Cow::Borrowed(self.contents));
        }
        let mut octets = Vec::with_capacity(self.contents.len());
        for piece in self.parts()? {
            if piece.tag & !CONSTRUCTED != OCTET_STRING {
                return Err(BerError::Tag { found: piece.tag, expected: "a piece of an OCTET STRING" });
            }
            if depth == 0 {
                return Err(BerError::TooDeep);
            }
            octets.extend_from_slice(&piece.octets_within(depth - 1)?);
        }
        Ok(Cow::Owned(octets))
    }
}

/// The first element of some bytes, and what follows it.
pub(crate) fn split_first(bytes: &[u8]) -> Result<(Element<'_>, &[u8]), BerError> {
    let header = Header::read(bytes)?;
    let length = match header.length {
        Some(length) => length,
        None => indefinite_length(&bytes[header.size..])?,
    };
    let end_octets = if header.length.is_some() { 0 } else { END_OF_CONTENTS.len() };
    let size = header.size.saturating_add(length).saturating_add(end_octets);
    let Some((whole, rest)) = bytes.split_at_checked(size) else {
        return Err(BerError::CutOff { announced: size, found: bytes.len() });
    };
    let contents = &whole[header.size..header.size + length];
    Ok((Element { tag: header.tag, contents, whole, is_definite: header.length.is_some() }, rest))
}

/// Every element of some bytes, which must be filled to the end; an error beyond [`ELEMENTS_MAX`].
pub(crate) fn split_all(mut bytes: &[u8]) -> Result<Vec<Element<'_>>, BerError> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        if elements.len() == ELEMENTS_MAX {
            return Err(BerError::TooMany);
        }
        let (first, rest) = split_first(bytes)?;
        elements.push(first);
        bytes = rest;
    }
    Ok(elements)
}

/// The parts of the one SEQUENCE that the bytes are.
pub(crate) fn sequence_parts(bytes: &[u8]) -> Result<Vec<Element<'_>>, BerError> {
    let (sequence, rest) = split_first(bytes)?;
    match sequence.tag == SEQUENCE && rest.is_empty() {
        true => sequence.parts(),
        false => Err(BerError::Tag { found: sequence.tag, expected: "a SEQUENCE that fills its place" }),
    }
}

/// How long contents are that end-of-contents octets close (X.690 8.1.3.6). It counts what is open instead of
/// calling itself: a file of nothing but openings must not overflow the stack.
fn indefinite_length(bytes: &[u8]) -> Result<usize, BerError> {
    let (mut at, mut open) = (0, 1_usize);
    loop {
        let rest = &bytes[at..];
        if rest.starts_with(&END_OF_CONTENTS) {
            open -= 1;
            if open == 0 {
                return Ok(at);
            }
            at += END_OF_CONTENTS.len();
            continue;
        }
        if rest.is_empty() {
            return Err(BerError::NotClosed);
        }
        let header = Header::read(rest)?;
        if header.length.is_none() {
            open += 1;
        }
        let size = header.size.saturating_add(header.length.unwrap_or(0));
        if size > rest.len() {
            return Err(BerError::CutOff { announced: size, found: rest.len() });
        }
        at += size;
    }
}

/// Identifier and length (X.690 8.1.2, 8.1.3).
struct Header {
    tag: u8,
    size: usize,
    /// None where it is indefinite.
    length: Option<usize>,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, BerError> {
        let (tag, first) = match bytes {
            [tag, ..] if tag & HIGH_TAG == HIGH_TAG => {
                return Err(BerError::Tag { found: *tag, expected: "a tag below 31" });
            }
            [tag, first, ..] => (*tag, *first),
            _ => return Err(BerError::CutOff { announced: 2, found: bytes.len() }),
        };
        match first {
            0x00..=0x7f => Ok(Self { tag, size: 2, length: Some(usize::from(first)) }),
            0x80 if tag & CONSTRUCTED != 0 => Ok(Self { tag, size: 2, length: None }),
            0x81..=0x84 => {
                let size = 2 + usize::from(first & 0x7f);
                let octets =
                    bytes.get(2..size).ok_or(BerError::CutOff { announced: size, found: bytes.len() })?;
                let length = octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
                Ok(Self { tag, size, length: Some(length) })
            }
            other => Err(BerError::Length { found: other }),
        }
    }
}

/// Why bytes are no elements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BerError {
    /// The bytes end before the element does.
    #[error("cut off: {announced} bytes are announced, and {found} are there")]
    CutOff {
        /// How many there should be.
        announced: usize,
        /// How many there are.
        found: usize,
    },
    /// The bytes end inside an element of indefinite length.
    #[error("cut off: an element of indefinite length is not closed (X.690 8.1.3.6)")]
    NotClosed,
    /// A length that is none.
    #[error("the length octet 0x{found:02x}, where X.690 8.1.3 has 00 to 84")]
    Length {
        /// The octet.
        found: u8,
    },
    /// A tag that is not known at its place.
    #[error("the tag 0x{found:02x}, expected {expected}")]
    Tag {
        /// The identifier octet.
        found: u8,
        /// What belongs there.
        expected: &'static str,
    },
    /// More elements side by side than are read.
    #[error("more than {ELEMENTS_MAX} elements in one, and at most {ELEMENTS_MAX} are read")]
    TooMany,
    /// Pieces in pieces in pieces.
    #[error(
        "an OCTET STRING in pieces within pieces, and at most {PIECES_DEPTH_MAX} layers of them are read"
    )]
    TooDeep,
}

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
/// [0] and [1] with elements inside.
pub(crate) const CONTEXT_0: u8 = 0xa0;
pub(crate) const CONTEXT_1: u8 = 0xa1;
/// X.690 8.1.2.5.
const CONSTRUCTED: u8 = 0x20;
/// X.690 8.1.2.4: nothing of a certificate or of its containers has such a tag.
const HIGH_TAG: u8 = 0x1f;
const END_OF_CONTENTS: [u8; 2] = [0, 0];
/// How deep the pieces of a string are followed. Ours: one level is what programs write, and the stack has an end.
const PIECES_DEPTH_MAX: usize = 4;
/// The most elements that are taken apart at once, each at fifty bytes of memory. Ours: the longest that anybody writes
/// are the certificates of a root store, of which there are hundreds; two bytes make an element.
const ELEMENTS_MAX: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_taken_apart_up_to_the_limit_and_not_beyond() {
        let nulls = [0x05, 0x00].repeat(ELEMENTS_MAX);
        assert_eq!(split_all(&nulls).unwrap().len(), ELEMENTS_MAX);
        assert_eq!(split_all(&[nulls.as_slice(), &[0x05, 0x00]].concat()).unwrap_err(), BerError::TooMany);
    }

    #[test]
    fn pieces_are_put_together_through_four_layers_and_not_through_five() {
        let mut string = vec![OCTET_STRING, 1, 7];
        for layer in 1..=PIECES_DEPTH_MAX + 1 {
            let length = u8::try_from(string.len()).unwrap();
            string = [&[OCTET_STRING | CONSTRUCTED, length], string.as_slice()].concat();
            let (element, _) = split_first(&string).unwrap();
            let octets = element.octets().map(Cow::into_owned);
            assert_eq!(octets, if layer > PIECES_DEPTH_MAX { Err(BerError::TooDeep) } else { Ok(vec![7]) });
        }
    }
}
