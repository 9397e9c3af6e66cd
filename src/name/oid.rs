//! Object identifiers as names need them.
//!
//! `der`'s own type holds 32-bit arcs and nothing under 2.40 to 2.999; foreign names use both (2.25 and a
//! UUID, for one), and a name must not be unreadable because of an attribute nobody asked about.

use std::fmt;

use der::oid::ObjectIdentifier;

/// An object identifier (X.660): the content octets of its DER, arcs of up to 128 bits.
///
/// Prints as dotted decimal. Compares with [`ObjectIdentifier`] directly.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid(Vec<u8>);

impl Oid {
    /// Reads dotted decimal such as `2.5.4.3`; `None` when it is not an object identifier.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut arcs = text.split('.').map(arc_from_text);
        let (first, second) = (arcs.next()??, arcs.next()??);
        // X.660: three roots, and 40 arcs below each of the first two.
        if first > 2 || (first < 2 && second > 39) {
            return None;
        }
        let mut content = Vec::new();
        push_arc(&mut content, second.checked_add(first * 40)?);
        for arc in arcs {
            push_arc(&mut content, arc?);
        }
        (content.len() <= OID_BYTES_MAX).then_some(Self(content))
    }

    /// Reads DER content octets, without tag and length; `None` when they are not an object identifier.
    pub fn from_content(content: &[u8]) -> Option<Self> {
        let complete = content.last().is_some_and(|last| last & 0x80 == 0);
        let sound = complete && content.len() <= OID_BYTES_MAX && arcs(content).is_some();
        sound.then(|| Self(content.to_vec()))
    }

    /// The DER content octets, without tag and length.
    pub fn as_content(&self) -> &[u8] {
        &self.0
    }
}

fn arc_from_text(text: &str) -> Option<u128> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Seven bits an octet, the top bit set on all but the last: X.690 8.19.2.
fn push_arc(content: &mut Vec<u8>, arc: u128) {
    let groups = (128 - arc.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let more = if group == 0 { 0 } else { 0x80 };
        content.push((arc >> (group * 7)).to_le_bytes()[0] & 0x7f | more);
    }
}

/// The subidentifiers, the first of which still joins two arcs.
fn arcs(content: &[u8]) -> Option<Vec<u128>> {
    let mut arcs = Vec::new();
    let mut arc: Option<u128> = None;
    for &octet in content {
        // X.690 8.19.2: no subidentifier starts with 80.
        if arc.is_none() && octet == 0x80 {
            return None;
        }
        let grown = arc.unwrap_or(0).checked_mul(128)? | u128::from(octet & 0x7f);
        arc = if octet & 0x80 == 0 {
            arcs.push(grown);
            None
        } else {
            Some(grown)
        };
    }
    Some(arcs)
}

impl From<ObjectIdentifier> for Oid {
    fn from(oid: ObjectIdentifier) -> Self {
        Self(oid.as_bytes().to_vec())
    }
}

impl PartialEq<ObjectIdentifier> for Oid {
    fn eq(&self, other: &ObjectIdentifier) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Both constructors checked that the octets read as arcs.
        let arcs = arcs(&self.0).unwrap_or_default();
        for (index, &arc) in arcs.iter().enumerate() {
            if index == 0 {
                let first = (arc / 40).min(2);
                write!(f, "{first}.{}", arc - first * 40)?;
            } else {
                write!(f, ".{arc}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

/// The longest object identifier read, in content octets. X.660 sets no limit; the longest in use (2.25
/// and a UUID) takes 20, and without a limit an identifier could fill a terminal.
pub const OID_BYTES_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_survive_text_and_octets() {
        for text in [
            "0.0",
            "1.39.1",
            "2.5.4.3",
            "2.999.1",
            "0.9.2342.19200300.100.1.25",
            "1.3.6.1.4.1.311.20.2.3",
            "2.25.340282366920938463463374607431768211455",
        ] {
            let oid = Oid::from_text(text).unwrap();
            assert_eq!(oid.to_string(), text);
            assert_eq!(Oid::from_content(oid.as_content()), Some(oid));
        }
        assert_eq!(Oid::from_text("2.5.4.3").unwrap(), ObjectIdentifier::new_unwrap("2.5.4.3"));
    }

    #[test]
    fn what_is_no_identifier_is_refused() {
        for text in ["", "1", "3.1", "1.40", "1..2", "1.02", "1.2.", ".1.2", "1.-2", "1.+2", "2.5.x", "١.٢"]
        {
            assert_eq!(Oid::from_text(text), None, "{text}");
        }
        for content in [&[][..], &[0x80, 0x01], &[0x55, 0x84], &[0xff; 30]] {
            assert_eq!(Oid::from_content(content), None, "{content:02x?}");
        }
    }
}
