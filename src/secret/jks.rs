//! The Java KeyStore: what Java wrote before PKCS#12 was its default (JEP 229), and what old servers still load.
//!
//! There is no library that writes it. Its protection is weak: the key is XORed with a stream of SHA-1, and the
//! whole is a SHA-1 of the password and the contents; so it is for importers that read nothing else. It is proven by keytool.
//!
//! ```text
//! keystore  magic u32, version u32 = 2, count u32, entry…, SHA-1(password, "Mighty Aphrodite", all before)
//! entry     tag u32 = 1 (key): alias, created u64 (ms), key (u32 and octets), count u32, certificate…
//!           tag u32 = 2 (trusted): alias, created u64 (ms), certificate
//! certificate  type "X.509", u32 and octets;   texts: u16 and modified UTF-8;   integers: high octet first
//! ```

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use aws_lc_rs::rand;
use der::Tag;
use zeroize::Zeroizing;

use super::{Part, SecretError};
use crate::certificate::Certificate;
use crate::key::SecretDer;
use crate::pkcs12::Password;
use crate::tlv;

/// Writes a Java KeyStore of several parts. The alias of each is its certificate's name in lower case, as Java looks it
/// up; certificates without a key are trusted entries, the second and later ones with a number behind the name.
pub fn jks(parts: &[Part<'_>], password: &Password) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let password = password.secret_text();
    let characters = password.chars().count();
    if characters < PASSWORD_CHARACTERS_MIN {
        return Err(JksError::Password { characters }.into());
    }
    let password = password_octets(password);
    let entries: Vec<Zeroizing<Vec<u8>>> =
        parts.iter().map(|part| entries(part, &password)).collect::<Result<Vec<_>, _>>()?.concat();
    let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let header = [MAGIC, VERSION, count].map(u32::to_be_bytes).concat();
    let mut contents = Zeroizing::new(header);
    entries.iter().for_each(|entry| contents.extend_from_slice(entry));
    let digest = sha1(&[&password, WHITENER, &contents]);
    contents.extend_from_slice(digest.as_slice());
    Ok(contents)
}

fn entries(part: &Part<'_>, password: &[u8]) -> Result<Vec<Zeroizing<Vec<u8>>>, SecretError> {
    let alias = part.record.name.as_str().to_lowercase();
    let created = part.record.created.unix_seconds().saturating_mul(1000).max(0).to_be_bytes();
    let Some(key) = part.private_key else {
        let entry = |(number, certificate): (usize, &&Certificate)| {
            let alias = if number == 1 { alias.clone() } else { format!("{alias}#{number}") };
            let parts = [&TRUSTED.to_be_bytes()[..], &text(&alias), &created, &written(certificate)];
            Zeroizing::new(parts.concat())
        };
        return Ok((1..).zip(&part.chain).map(entry).collect());
    };
    let protected = protected(key, password)?;
    let count = u32::try_from(part.chain.len()).unwrap_or(u32::MAX);
    let mut entry = Zeroizing::new(
        [
            &KEY.to_be_bytes()[..],
            &text(&alias),
            &created,
            &length(&protected),
            &protected,
            &count.to_be_bytes(),
        ]
        .concat(),
    );
    part.chain.iter().for_each(|one| entry.extend(written(one)));
    Ok(vec![entry])
}

/// The key under Sun's own algorithm, as an EncryptedPrivateKeyInfo (RFC 5958 3): a salt, the key XORed with a stream of
/// SHA-1(password, the block before), the first block the salt, and SHA-1(password, key) to check it by.
fn protected(key: &SecretDer, password: &[u8]) -> Result<Vec<u8>, SecretError> {
    let mut salt = [0; SHA1_OCTETS];
    rand::fill(&mut salt).map_err(|_| JksError::Random)?;
    let mut octets = salt.to_vec();
    let mut block = Zeroizing::new(salt.to_vec());
    for piece in key.secret_der().chunks(SHA1_OCTETS) {
        block = sha1(&[password, &block]);
        octets.extend(piece.iter().zip(block.iter()).map(|(octet, pad)| octet ^ pad));
    }
    octets.extend_from_slice(&sha1(&[password, key.secret_der()]));
    let algorithm = tlv::sequence(&[&tlv::identifier(KEY_PROTECTOR), &[0x05, 0x00]]);
    Ok(tlv::sequence(&[&algorithm, &tlv::wrapped(Tag::OctetString, &octets)]))
}

fn written(certificate: &Certificate) -> Vec<u8> {
    let der = certificate.as_der();
    [&text("X.509")[..], &length(der), der].concat()
}

/// As Java's DataOutput has it: modified UTF-8 behind its length.
fn text(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len() + 2);
    for unit in text.encode_utf16() {
        match unit {
            0x01..=0x7f => octets.extend_from_slice(&unit.to_be_bytes()[1..]),
            // Two octets for NUL, so that no zero is inside; three for each surrogate.
            0x00 | 0x80..=0x7ff => octets.extend(two(unit)),
            _ => octets.extend(three(unit)),
        }
    }
    let length = u16::try_from(octets.len()).unwrap_or(u16::MAX);
    octets.splice(0..0, length.to_be_bytes());
    octets
}

fn two(unit: u16) -> [u8; 2] {
    [0xc0 | low(unit >> 6, 0x1f), 0x80 | low(unit, 0x3f)]
}

fn three(unit: u16) -> [u8; 3] {
    [0xe0 | low(unit >> 12, 0x0f), 0x80 | low(unit >> 6, 0x3f), 0x80 | low(unit, 0x3f)]
}

fn low(unit: u16, mask: u16) -> u8 {
    let [_, low] = (unit & mask).to_be_bytes();
    low
}

fn length(octets: &[u8]) -> [u8; 4] {
    u32::try_from(octets.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// Java's characters, the high octet first, without an end.
fn password_octets(password: &str) -> Zeroizing<Vec<u8>> {
    let mut octets = Zeroizing::new(Vec::with_capacity(2 * password.len()));
    password.encode_utf16().for_each(|unit| octets.extend(unit.to_be_bytes()));
    octets
}

fn sha1(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    parts.iter().for_each(|part| context.update(part));
    Zeroizing::new(context.finish().as_ref().to_vec())
}

/// Why no Java KeyStore was written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JksError {
    /// The password is too short for keytool.
    #[error("a password of {characters} characters, where keytool takes {PASSWORD_CHARACTERS_MIN} at least")]
    Password {
        /// How many it has.
        characters: usize,
    },
    /// The system gave no random octets.
    #[error("the system gave no random octets for a salt")]
    Random,
}

impl JksError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Password { .. } => "give a longer one with --password-file F".to_owned(),
            Self::Random => "try again: the system's random number generator did not answer".to_owned(),
        }
    }
}

/// The fewest characters of a keystore's password: keytool refuses fewer, and Java opens no key without one.
pub const PASSWORD_CHARACTERS_MIN: usize = 6;

const MAGIC: u32 = 0xfeed_feed;
const VERSION: u32 = 2;
const KEY: u32 = 1;
const TRUSTED: u32 = 2;
/// What Sun's code puts between the password and the contents.
const WHITENER: &[u8] = b"Mighty Aphrodite";
/// 1.3.6.1.4.1.42.2.17.1.1, the contents.
const KEY_PROTECTOR: &[u8] = &[0x2b, 6, 1, 4, 1, 0x2a, 2, 17, 1, 1];
const SHA1_OCTETS: usize = 20;
