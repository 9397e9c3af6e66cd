//! The key derivations of a PFX, as the provider does them and with nothing around them.

use std::hint::black_box;
use std::num::NonZeroU32;

use aws_lc_rs::{digest, pbkdf2};
use coldcert::pkcs12::{EMPTY_PASSWORD_ITERATIONS, PASSWORD_ITERATIONS, Profile};

/// All derivations of a PFX by a profile: for the certificates, for the key, and for the MAC.
pub fn derive(profile: Profile, password: &str) {
    let modern = if password.is_empty() { EMPTY_PASSWORD_ITERATIONS } else { PASSWORD_ITERATIONS };
    match profile {
        Profile::Modern => {
            by_pbkdf2(2, password, modern);
            by_hash(&digest::SHA256, modern);
        }
        Profile::Pbmac1 => by_pbkdf2(3, password, modern),
        // RFC 7292 B.2, twice for a cipher: 24 octets of a key are two blocks of SHA-1, its IV and the MAC's key are one.
        Profile::Compatible => by_hash(&digest::SHA1_FOR_LEGACY_USE_ONLY, (2 * (2 + 1) + 1) * 2_048),
        Profile::KeyVault => by_hash(&digest::SHA1_FOR_LEGACY_USE_ONLY, (2 * (2 + 1) + 1) * 2_000),
    }
}

fn by_pbkdf2(times: u8, password: &str, iterations: u32) {
    let rounds = NonZeroU32::new(iterations).unwrap();
    for salt in 0..times {
        let mut key = [0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &[salt; 16], password.as_bytes(), &mut key);
        black_box(&key);
    }
}

fn by_hash(hash: &'static digest::Algorithm, iterations: u32) {
    let mut block = digest::digest(hash, &[3; 192]);
    for _ in 1..iterations {
        block = digest::digest(hash, block.as_ref());
    }
    black_box(block);
}
