//! The end of a ledger, short enough to be read aloud and written on paper.

use std::fmt;
use std::str::FromStr;

use crate::fingerprint::Fingerprint;

/// Where a ledger ends: the number of its last entry, and that entry's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 where there is none.
    pub sequence: u64,
    /// Its hash.
    pub hash: Fingerprint,
}

impl Head {
    /// Before the first entry.
    pub fn start() -> Self {
        Self { sequence: 0, hash: Fingerprint::from_bytes([0; 32]) }
    }

    /// What stands for the hash on paper: its first 120 bits. Two ledgers with the same ones are not found by trying
    /// under 2^60 of them.
    pub fn short_hash(&self) -> String {
        let mut digits = String::new();
        for group in self.hash.as_bytes()[..SHORT_BYTES].chunks(5) {
            let number = group.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
            for digit in (0..8).rev() {
                let index = usize::try_from(number >> (5 * digit) & 31).expect("five bits");
                digits.push(char::from(DIGITS[index]));
            }
        }
        digits
    }
}

/// `12-K7QM-3XZP-9TRA-HD4W-0B6E-5NSC`: the number, then six groups of four.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sequence)?;
        for (index, digit) in self.short_hash().chars().enumerate() {
            if index % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// A head as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenHead {
    /// The number of the entry.
    pub sequence: u64,
    digits: String,
}

impl WrittenHead {
    /// Whether it is that of the same ledger.
    pub fn is_of(&self, head: &Head) -> bool {
        self.sequence == head.sequence && self.digits == head.short_hash()
    }
}

/// In any case, with or without the dashes behind the first; what is easily taken for another letter is read as it
/// was meant (I, L for 1, O for 0).
impl FromStr for WrittenHead {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        let not_a_head = || HeadError { found: text.chars().take(SHOWN_CHARACTERS).collect() };
        let (sequence, rest) = text.trim().split_once(['-', ' ']).ok_or_else(not_a_head)?;
        let digits: String = rest
            .chars()
            .filter(|c| !matches!(c, '-' | ' '))
            .map(|c| match c.to_ascii_uppercase() {
                'I' | 'L' => '1',
                'O' => '0',
                other => other,
            })
            .collect();
        let is_whole = digits.len() == SHORT_BYTES * 8 / 5
            && digits.bytes().all(|digit| DIGITS.contains(&digit))
            && sequence.bytes().all(|digit| digit.is_ascii_digit());
        match (is_whole, sequence.parse()) {
            (true, Ok(sequence)) => Ok(Self { sequence, digits }),
            _ => Err(not_a_head()),
        }
    }
}

/// A text is no head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no head of a ledger, which is a number and 24 letters and digits: 12-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX"
)]
pub struct HeadError {
    /// Its beginning.
    pub found: String,
}

/// 120 bits are three times eight digits of five.
const SHORT_BYTES: usize = 15;
/// Crockford's base 32: without I, L, O and U, which are misread or misheard.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SHOWN_CHARACTERS: usize = 60;
