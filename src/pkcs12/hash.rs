//! The hashes that a PKCS#12 names, each with what derives keys by it.

use std::fmt;

use ::pkcs12::kdf::{Pkcs12KeyType, derive_key};
use aws_lc_rs::{hmac, pbkdf2};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::password::Password;

/// A hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// By the identifier of the hash itself (RFC 3279 2.1, RFC 5754 2).
    pub(super) fn of_digest(identifier: &[u8]) -> Option<Self> {
        ALL.into_iter().find(|hash| hash.row().digest == identifier)
    }

    /// By the identifier of HMAC with it (RFC 8018 B.1.1, B.1.2).
    pub(super) fn of_hmac(identifier: &[u8]) -> Option<Self> {
        ALL.into_iter().find(|hash| hash.row().hmac == identifier)
    }

    /// The contents of its own identifier.
    pub(super) fn digest_identifier(self) -> &'static [u8] {
        self.row().digest
    }

    /// The contents of the identifier of HMAC with it.
    pub(super) fn hmac_identifier(self) -> &'static [u8] {
        self.row().hmac
    }

    /// Octets of it, and of an HMAC with it.
    pub(super) fn octets(self) -> usize {
        self.hmac().digest_algorithm().output_len()
    }

    /// The time that an iteration takes, in those of SHA-256, for which processors have instructions: measured three to
    /// six for SHA-384 and SHA-512.
    pub(super) fn weight(self) -> u64 {
        match self {
            Self::Sha1 | Self::Sha224 | Self::Sha256 => 1,
            Self::Sha384 | Self::Sha512 => 3,
        }
    }

    /// HMAC with it.
    pub(super) fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha224 => hmac::HMAC_SHA224,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    /// PBKDF2 with HMAC by it; the provider has none with SHA-224.
    pub(super) fn pbkdf2(self) -> Option<pbkdf2::Algorithm> {
        match self {
            Self::Sha1 => Some(pbkdf2::PBKDF2_HMAC_SHA1),
            Self::Sha224 => None,
            Self::Sha256 => Some(pbkdf2::PBKDF2_HMAC_SHA256),
            Self::Sha384 => Some(pbkdf2::PBKDF2_HMAC_SHA384),
            Self::Sha512 => Some(pbkdf2::PBKDF2_HMAC_SHA512),
        }
    }

    /// RFC 7292 B.2; none for a count of iterations beyond what the library counts.
    pub(super) fn derive(
        self,
        password: &Password,
        salt: &[u8],
        purpose: Pkcs12KeyType,
        iterations: u32,
        octets: usize,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let rounds = i32::try_from(iterations).ok()?;
        let password = password.as_bmp();
        let derived = match self {
            Self::Sha1 => derive_key::<Sha1>(&password, salt, purpose, rounds, octets),
            Self::Sha224 => derive_key::<Sha224>(&password, salt, purpose, rounds, octets),
            Self::Sha256 => derive_key::<Sha256>(&password, salt, purpose, rounds, octets),
            Self::Sha384 => derive_key::<Sha384>(&password, salt, purpose, rounds, octets),
            Self::Sha512 => derive_key::<Sha512>(&password, salt, purpose, rounds, octets),
        };
        Some(Zeroizing::new(derived))
    }

    fn row(self) -> Row {
        let (name, digest, hmac): (_, &'static [u8], &'static [u8]) = match self {
            Self::Sha1 => ("SHA-1", &[0x2b, 14, 3, 2, 26], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 7]),
            Self::Sha224 => (
                "SHA-224",
                &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4],
                &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 8],
            ),
            Self::Sha256 => (
                "SHA-256",
                &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1],
                &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9],
            ),
            Self::Sha384 => (
                "SHA-384",
                &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2],
                &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 10],
            ),
            Self::Sha512 => (
                "SHA-512",
                &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3],
                &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 11],
            ),
        };
        Row { name, digest, hmac }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().name)
    }
}

struct Row {
    name: &'static str,
    digest: &'static [u8],
    hmac: &'static [u8],
}

const ALL: [Hash; 5] = [Hash::Sha1, Hash::Sha224, Hash::Sha256, Hash::Sha384, Hash::Sha512];
