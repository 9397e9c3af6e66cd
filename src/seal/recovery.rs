//! A key on paper for the day on which no passphrase is known any more.

use std::fmt;

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::{KeyBytes, Passphrase, SealError, no_key};
use crate::fingerprint::Fingerprint;

/// 256 random bits that open a vault in place of a passphrase.
pub struct RecoveryKey(KeyBytes);

impl RecoveryKey {
    /// Makes a new one.
    pub fn generate() -> Result<Self, SealError> {
        let mut key = no_key();
        rand::fill(&mut key[..]).map_err(|_| SealError::Random)?;
        Ok(Self(key))
    }

    /// What is written down: fourteen groups of four, the last one a checksum, behind `COLDCERT-RECOVERY-1`.
    pub fn secret_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(TEXT_BYTES));
        text.push_str(PREFIX);
        for (index, digit) in self.digits().iter().enumerate() {
            if index % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(*digit));
        }
        text
    }

    /// Reads what was written down, in any case and with any gaps; I and L are read as 1, O as 0.
    ///
    /// # Errors
    /// [`SealError::NotARecoveryKey`], also where a digit was misread: the checksum tells all but one in a million.
    pub fn from_text(text: &str) -> Result<Self, SealError> {
        let compact: Zeroizing<Vec<u8>> = Zeroizing::new(
            text.bytes()
                .filter(|c| !matches!(c, b'-' | b' '))
                .map(|c| match c.to_ascii_uppercase() {
                    b'I' | b'L' => b'1',
                    b'O' => b'0',
                    other => other,
                })
                .take(TEXT_BYTES)
                .collect(),
        );
        // As the text above, misread letters and all.
        let prefix = b"C01DCERTREC0VERY1";
        let digits = compact.strip_prefix(prefix).ok_or(SealError::NotARecoveryKey)?;
        if digits.len() != DIGITS_OF_KEY + DIGITS_OF_CHECKSUM {
            return Err(SealError::NotARecoveryKey);
        }
        let mut bits = Bits { key: no_key(), at: 0 };
        for digit in &digits[..DIGITS_OF_KEY] {
            let value = DIGITS.iter().position(|one| one == digit).ok_or(SealError::NotARecoveryKey)?;
            bits.add(value);
        }
        let key = Self(bits.key);
        // The last digit of the key has four bits that are nothing, too.
        if key.digits().as_slice() == digits { Ok(key) } else { Err(SealError::NotARecoveryKey) }
    }

    /// It is sealed by like a passphrase: the derivation costs the same, though nobody guesses 256 bits.
    pub(crate) fn as_passphrase(&self) -> Result<Passphrase, SealError> {
        Passphrase::new(self.secret_text()).map_err(|_| SealError::NotARecoveryKey)
    }

    fn digits(&self) -> Zeroizing<Vec<u8>> {
        let mut digits = Zeroizing::new(Vec::with_capacity(DIGITS_OF_KEY + DIGITS_OF_CHECKSUM));
        digits.extend(fives(&self.0[..]).take(DIGITS_OF_KEY));
        let checksum = Fingerprint::of(&self.0[..]);
        digits.extend(fives(&checksum.as_bytes()[..]).take(DIGITS_OF_CHECKSUM));
        digits
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey(hidden)")
    }
}

/// Five bits at a time, the first ones first; what is missing at the end is zero.
fn fives(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    (0..(bytes.len() * 8).div_ceil(5)).map(|index| {
        let value = (0..5).fold(0, |value, bit| {
            let at = index * 5 + bit;
            let is_set = bytes.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0);
            value << 1 | usize::from(is_set)
        });
        DIGITS[value]
    })
}

/// A key that is being read, bit by bit.
struct Bits {
    key: KeyBytes,
    at: usize,
}

impl Bits {
    fn add(&mut self, five: usize) {
        for bit in (0..5).rev() {
            if let Some(byte) = self.key.get_mut(self.at / 8)
                && five >> bit & 1 == 1
            {
                *byte |= 0x80 >> (self.at % 8);
            }
            self.at += 1;
        }
    }
}

const PREFIX: &str = "COLDCERT-RECOVERY-1";
/// 256 bits, five in each.
const DIGITS_OF_KEY: usize = 52;
/// Twenty bits of SHA-256.
const DIGITS_OF_CHECKSUM: usize = 4;
/// With room for the dashes, and for gaps that somebody wrote.
const TEXT_BYTES: usize = 120;
/// Crockford's base 32: without I, L, O and U, which are misread or misheard.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_reads_back_in_any_form() {
        for _ in 0..50 {
            let key = RecoveryKey::generate().unwrap();
            let text = key.secret_text();
            assert_eq!(text.len(), PREFIX.len() + 14 * 5);
            let compact = text.replace('-', "");
            for form in [text.to_string(), text.to_lowercase(), text.replace('-', " "), compact] {
                let read = RecoveryKey::from_text(&form).unwrap();
                assert_eq!(read.0[..], key.0[..], "{form}");
            }
        }
    }

    #[test]
    fn a_misread_digit_is_noticed() {
        let key = RecoveryKey::generate().unwrap();
        let text = key.secret_text();
        for index in PREFIX.len()..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            if bytes[index] == b'-' {
                continue;
            }
            bytes[index] = if bytes[index] == b'7' { b'8' } else { b'7' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(RecoveryKey::from_text(&changed).is_err(), "digit {index}");
        }
        for wrong in ["", "COLDCERT-RECOVERY-1", "COLDCERT-RECOVERY-2-0000", &text[..text.len() - 1], "ü"] {
            assert!(RecoveryKey::from_text(wrong).is_err(), "{wrong}");
        }
    }
}
