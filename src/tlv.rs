//! DER framing, byte-exact: the parts of a SEQUENCE as they were received, and a SEQUENCE of given parts.
//!
//! It knows lengths and tags (X.690 8.1, 10.1) and nothing of what they frame. Signed bytes are hashed and
//! kept as received, never written anew, which is why the parts are slices and not values.

use der::asn1::{AnyRef, BitStringRef};
use der::{Decode, Encode, Header, Reader, SliceReader, Tag, Tagged};

/// One TLV: its tag, its contents, and all of it as received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tlv<'a> {
    pub(crate) tag: Tag,
    pub(crate) contents: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// The first TLV of some bytes, and what follows it.
pub(crate) fn split_first(bytes: &[u8]) -> der::Result<(Tlv<'_>, &[u8])> {
    let mut reader = SliceReader::new(bytes)?;
    let whole = reader.tlv_bytes()?;
    let any = AnyRef::from_der(whole)?;
    let rest = bytes.get(whole.len()..).unwrap_or_default();
    Ok((Tlv { tag: any.tag(), contents: any.value(), whole }, rest))
}

/// An error of the reader in words: what [`split_all`] refuses for its number is said by our limit.
pub(crate) fn said(error: &der::Error) -> String {
    // The library gives a position with every error of its own.
    match (error.kind(), error.position()) {
        (der::ErrorKind::Overlength, None) => {
            format!("more than {PARTS_MAX} elements in one, and at most {PARTS_MAX} are read")
        }
        _ => error.to_string(),
    }
}

/// Every TLV of some bytes, which must be filled to the end; an error beyond [`PARTS_MAX`].
pub(crate) fn split_all(mut bytes: &[u8]) -> der::Result<Vec<Tlv<'_>>> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        if parts.len() == PARTS_MAX {
            return Err(der::ErrorKind::Overlength.into());
        }
        let (first, rest) = split_first(bytes)?;
        parts.push(first);
        bytes = rest;
    }
    Ok(parts)
}

/// The parts of the one SEQUENCE that the bytes are.
pub(crate) fn sequence_parts(bytes: &[u8]) -> der::Result<Vec<Tlv<'_>>> {
    let (outer, rest) = split_first(bytes)?;
    outer.tag.assert_eq(Tag::Sequence)?;
    if !rest.is_empty() {
        return Err(der::ErrorKind::TrailingData {
            decoded: der::Length::try_from(outer.whole.len())?,
            remaining: der::Length::try_from(rest.len())?,
        }
        .into());
    }
    split_all(outer.contents)
}

/// The first parts of the one SEQUENCE that the bytes are, so many of them as are there, at most; whether the rest
/// are parts is not looked at.
pub(crate) fn first_parts(bytes: &[u8], most: usize) -> der::Result<Vec<Tlv<'_>>> {
    let (outer, _) = split_first(bytes)?;
    outer.tag.assert_eq(Tag::Sequence)?;
    let (mut rest, mut parts) = (outer.contents, Vec::new());
    while parts.len() < most && !rest.is_empty() {
        let (first, after) = split_first(rest)?;
        parts.push(first);
        rest = after;
    }
    Ok(parts)
}

/// The octets of a BIT STRING that holds whole ones (X.690 8.6.2.2): a signature, a public key.
pub(crate) fn bit_string_octets(der: &[u8]) -> der::Result<&[u8]> {
    let bits = BitStringRef::from_der(der)?;
    bits.as_bytes().ok_or_else(|| Tag::BitString.value_error().into())
}

/// A SEQUENCE of parts that are DER already.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    framed(Tag::Sequence, parts)
}

/// An OBJECT IDENTIFIER of contents that are encoded already.
pub(crate) fn identifier(contents: &[u8]) -> Vec<u8> {
    framed(Tag::ObjectIdentifier, &[contents])
}

/// Contents under a tag.
pub(crate) fn wrapped(tag: Tag, contents: &[u8]) -> Vec<u8> {
    framed(tag, &[contents])
}

fn framed(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.iter().map(|part| part.len()).sum::<usize>();
    let length = der::Length::try_from(contents).expect("what this program frames is under 256 MiB");
    let mut bytes = Vec::with_capacity(HEADER_BYTES_MAX + contents);
    Header::new(tag, length).encode_to_vec(&mut bytes).expect("a tag and a length always encode");
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

/// A value that is always encodable: an object identifier, an integer, a string that was checked.
pub(crate) fn encoded(value: &impl Encode) -> Vec<u8> {
    value.to_der().expect("a value that was checked when it was made encodes")
}

/// The most parts that are taken apart at once, each at forty bytes of memory. Ours: a list of purposes or
/// constraints has a few; the entries of revocation lists and alternative names are not read this way.
const PARTS_MAX: usize = 1 << 16;

/// One of a tag below 31, five of a length below 2^32 (X.690 8.1.2.2, 8.1.3.5).
const HEADER_BYTES_MAX: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_as_they_went_in() {
        let bytes = sequence(&[&[0x02, 0x01, 0x05], &[0x05, 0x00]]);
        assert_eq!(bytes, [0x30, 0x05, 0x02, 0x01, 0x05, 0x05, 0x00]);
        let parts = sequence_parts(&bytes).unwrap();
        assert_eq!(parts.iter().map(|part| part.whole.len()).collect::<Vec<_>>(), [3, 2]);
    }

    #[test]
    fn more_parts_than_anybody_writes_are_an_error() {
        let parts = |count: usize| wrapped(Tag::Sequence, &[0x05, 0x00].repeat(count));
        assert_eq!(sequence_parts(&parts(PARTS_MAX)).unwrap().len(), PARTS_MAX);
        let error = sequence_parts(&parts(PARTS_MAX + 1)).unwrap_err();
        assert_eq!(said(&error), "more than 65536 elements in one, and at most 65536 are read");
        assert_eq!(first_parts(&parts(PARTS_MAX + 1), 3).unwrap().len(), 3);
    }

    #[test]
    fn what_follows_the_sequence_is_an_error() {
        assert!(sequence_parts(&[0x30, 0x00, 0x00]).is_err());
        assert!(sequence_parts(&[0x30, 0x03, 0x05]).is_err());
        assert!(sequence_parts(&[]).is_err());
    }
}
