//! The passphrase that seals a vault.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// A passphrase that may seal a vault: not empty, and at most [`PASSPHRASE_BYTES_MAX`] bytes of UTF-8.
/// Wiped when dropped, never cloned, never shown.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes the text as it is: no trimming, no Unicode normalisation.
    pub fn new(text: Zeroizing<String>) -> Result<Self, UnusablePassphrase> {
        if text.is_empty() {
            return Err(UnusablePassphrase::Empty);
        }
        if text.len() > PASSPHRASE_BYTES_MAX {
            return Err(UnusablePassphrase::TooLong);
        }
        Ok(Self(text))
    }

    /// The secret text.
    pub fn secret_passphrase(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(hidden)")
    }
}

/// Why a text is no passphrase. Never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnusablePassphrase {
    /// Nothing was given.
    #[error("the passphrase is empty")]
    Empty,
    /// More than [`PASSPHRASE_BYTES_MAX`] bytes.
    #[error("the passphrase is longer than the {PASSPHRASE_BYTES_MAX} bytes that are taken")]
    TooLong,
}

impl UnusablePassphrase {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Empty => {
                "give at least one character; a vault without a passphrase is made by --no-passphrase, of `coldcert init` \
                 and `coldcert passphrase`"
                    .to_owned()
            }
            Self::TooLong => format!("give at most {PASSPHRASE_BYTES_MAX} bytes on one line"),
        }
    }
}

/// The longest passphrase, in bytes. The number is our own: 1024 bytes hold every diceware phrase and
/// base64 key file line in use, and a key file or certificate given by mistake for the passphrase is
/// refused instead of becoming it.
pub const PASSPHRASE_BYTES_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Result<Passphrase, UnusablePassphrase> {
        Passphrase::new(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn a_passphrase_is_kept_to_the_letter() {
        assert_eq!(passphrase(" ä b ").unwrap().secret_passphrase(), " ä b ");
    }

    #[test]
    fn an_empty_passphrase_is_refused() {
        assert_eq!(passphrase("").unwrap_err(), UnusablePassphrase::Empty);
    }

    #[test]
    fn the_longest_passphrase_is_taken_and_one_byte_more_is_refused() {
        assert!(passphrase(&"x".repeat(PASSPHRASE_BYTES_MAX)).is_ok());
        assert_eq!(
            passphrase(&"x".repeat(PASSPHRASE_BYTES_MAX + 1)).unwrap_err(),
            UnusablePassphrase::TooLong
        );
    }

    #[test]
    fn debug_does_not_show_the_passphrase() {
        assert_eq!(format!("{:?}", passphrase("hunter2").unwrap()), "Passphrase(hidden)");
    }
}
