//! PKCS#12 (RFC 7292): private keys with their chains in one file under a password, written and read.
//!
//! `p12-keystore` writes and reads the ordinary case, and the tests hold this module to it wherever both can. What it
//! cannot, and its parts cannot be had one by one, is here: a PFX made with *no* password as opposed to the empty one, BER
//! as NSS writes it, PBMAC1 (RFC 9579), the friendly name on the leaf, several certificates in one file, the order of
//! Key Vault, a file looked at without its password, what stands in it beside keys and certificates, a wrong password told
//! from a changed file, and copies of keys that are wiped. The cryptography is of libraries: derivations by `pkcs12` and
//! `pkcs5`, ciphers by `aes`, `des` and `rc2` under those, MACs by the provider.
//!
//! It never re-encodes a certificate: the bytes given are the bytes in the bag. It proves nothing about them; that is
//! the judge's work.

mod bag;
mod encryption;
mod error;
mod hash;
mod mac;
mod password;
mod profile;
mod read;
mod write;

pub use bag::{Attributes, Bag, BagContents};
pub use encryption::{Cipher, Encrypted, Scheme};
pub use error::Pkcs12Error;
pub use hash::Hash;
pub use mac::{Mac, MacScheme};
pub use password::Password;
pub use profile::Profile;
pub(crate) use read::Opener;
pub use read::{CertificateBag, Contents, Pfx, PrivateKeyBag, Safe};
pub use write::{Entry, shroud, write};

/// Reads a PFX by the first of some passwords that opens it.
///
/// # Errors
///
/// As [`Pfx::parse`] and [`Pfx::open`].
pub fn read(pfx: &[u8], passwords: &[Password]) -> Result<Contents, Pkcs12Error> {
    Pfx::parse(pfx)?.open(passwords)
}

/// The largest PFX that is read: 4 MiB. The number is ours: a Java trust store of all public roots is well under
/// 1 MiB, and a file is held several times while it is read.
pub const INPUT_BYTES_MAX: usize = 4 << 20;

/// The most iterations of key derivation that are begun for one file, all tries together: 6,000,000, about the three
/// derivations of an ordinary file at a million each, tried with none and with the empty password. A file of 80 bytes
/// could otherwise keep a processor busy for minutes before its password is known to be wrong. Programs write 2,000
/// (Windows), 2,048 (OpenSSL), 10,000 (Java) or 600,000 (NSS). Counted in iterations of SHA-256: one of SHA-384 or SHA-512
/// is three, and so is a block of scrypt.
pub const ITERATIONS_MAX: u64 = 6_000_000;

/// The most memory that scrypt may ask for: 32 MiB, the limit that OpenSSL's EVP_PBE_scrypt has where nobody says another.
/// A file of 100 bytes could otherwise ask for all there is.
pub const SCRYPT_BYTES_MAX: u64 = 32 << 20;

/// Iterations for each derivation under a password: 200,000. There are three (certificates, key, MAC), which make
/// 600,000 together: the limit that .NET is known to have had, for one derivation (dotnet/runtime issue 35428) and
/// for an import without a stated password (KB5025823). More would slow down whoever guesses the password, and
/// might be refused by the server that is to load the file.
pub const PASSWORD_ITERATIONS: u32 = 200_000;

/// Iterations for each derivation under the empty password or none: 2,048, the default of `openssl pkcs12 -export`.
/// There is no secret to guess, so more would only cost time on each load.
pub const EMPTY_PASSWORD_ITERATIONS: u32 = 2_048;

/// How many bags a file may have. Ours: a Java trust store of all public roots has under 200.
pub const BAGS_MAX: usize = 10_000;

/// How deep SafeContents in SafeContents are followed (RFC 7292 4.2.6). Ours: no program is known to write one.
pub const DEPTH_MAX: usize = 4;
