//! The password of a PKCS#12: none at all, the empty one, and any other are three different things.

use std::fmt;

use zeroize::Zeroizing;

/// A password, or that there is none.
///
/// RFC 7292 B.1 ends a password with two zero octets; the empty password is those two, and no password at all is no
/// octets, which is how Windows and OpenSSL write a PFX that has none.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    /// No password at all.
    Absent,
    /// A password, which may be empty.
    Given(Zeroizing<String>),
}

impl Password {
    /// A password; the empty text is the empty password.
    pub fn new(text: &str) -> Self {
        Self::Given(Zeroizing::new(text.to_owned()))
    }

    /// What to try where nobody said a password: none, and the empty one.
    pub fn unstated() -> [Self; 2] {
        [Self::Absent, Self::new("")]
    }

    /// Whether nobody has to know anything to open what is closed with it.
    pub fn protects_nothing(&self) -> bool {
        self.as_utf8().is_empty()
    }

    /// Its text; empty where there is none.
    pub fn secret_text(&self) -> &str {
        match self {
            Self::Absent => "",
            Self::Given(text) => text,
        }
    }

    /// As RFC 7292 B.1 has it: UTF-16 with the high octet first, and two zero octets. Beyond U+FFFF, which the BMPString
    /// of that section does not reach, these are surrogates, as OpenSSL, NSS and Java have them.
    pub(super) fn as_bmp(&self) -> Zeroizing<Vec<u8>> {
        let Self::Given(text) = self else {
            return Zeroizing::new(Vec::new());
        };
        let units = text.encode_utf16().chain([0]);
        let mut octets = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
        units.for_each(|unit| octets.extend(unit.to_be_bytes()));
        octets
    }

    /// As PBKDF2 takes it here: UTF-8, without an end (RFC 8018 3, RFC 9579 5).
    pub(super) fn as_utf8(&self) -> &[u8] {
        self.secret_text().as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Password::Absent",
            Self::Given(_) => "Password::Given(…)",
        })
    }
}

/// Which of the three it is, never what it is.
impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "no password",
            Self::Given(text) if text.is_empty() => "the empty password",
            Self::Given(_) => "the password given",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_the_empty_one_and_another_are_three_different_things() {
        assert!(Password::Absent.as_bmp().is_empty());
        assert_eq!(*Password::new("").as_bmp(), [0, 0]);
        assert_eq!(*Password::new("aé").as_bmp(), [0, 0x61, 0, 0xe9, 0, 0]);
        assert_eq!(*Password::new("😀").as_bmp(), [0xd8, 0x3d, 0xde, 0, 0, 0]);
        assert_eq!(Password::new("é").as_utf8(), [0xc3, 0xa9]);
    }

    #[test]
    fn it_is_never_shown() {
        let password = Password::new("geheim");
        assert_eq!(format!("{password} {password:?}"), "the password given Password::Given(…)");
    }
}
