//! Versions and request ids: 128 random bits, written as 32 lower-case hex digits (reference 2.1).

use std::fmt;

use aws_lc_rs::rand;

/// A version or request id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier([u8; 16]);

impl Identifier {
    /// Makes a new one. None if the system gives no random bytes.
    pub fn random() -> Option<Self> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// One that was made before.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads exactly 32 hex digits of either case.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_nothing_else_does() {
        let id = Identifier::random().unwrap();
        assert_eq!(Identifier::from_hex(&id.to_string()), Some(id));
        assert_eq!(Identifier::from_bytes([0; 16]).to_string(), "0".repeat(32));
        let signed = format!("+{}", "0".repeat(31));
        for text in ["", "66cb", signed.as_str(), "66cb9daa-3da94aa0a3ba794aab53ebb"] {
            assert_eq!(Identifier::from_hex(text), None, "{text}");
        }
    }
}
