//! Who refuses a PKCS#12, and why: one row for each importer and reason, with where it is known from.
//!
//! `docs/interop.md` is what our own runs of five of them showed; the others are known from their makers and users.

use super::{Key, Object, What};
use crate::pkcs12::{BagContents, Cipher, Encrypted, Hash, MacScheme, Password, Pfx, Safe, Scheme};

/// An importer that is known to refuse a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which, with its versions.
    pub importer: &'static str,
    /// Why, and how it shows.
    pub reason: &'static str,
    /// Where that is known from.
    pub source: &'static str,
}

/// What the rows look at.
#[derive(Debug, Default)]
pub(super) struct Facts {
    aes: bool,
    rc2: bool,
    newer_mac: bool,
    pbmac1: bool,
    no_mac: bool,
    no_secret: bool,
    p_256k: bool,
    iterations: u64,
}

impl Facts {
    pub(super) fn of(pfx: &Pfx, objects: &[Object], password: Option<&Password>) -> Self {
        let mut facts = Self { iterations: pfx.iterations(), ..Self::default() };
        match pfx.mac.as_ref().map(|mac| &mac.scheme) {
            None => facts.no_mac = true,
            Some(MacScheme::Pbmac1 { .. }) => facts.pbmac1 = true,
            Some(MacScheme::Pkcs12 { hash, .. }) => facts.newer_mac = *hash != Hash::Sha1,
        }
        for safe in &pfx.safes {
            match safe {
                Safe::Encrypted(encrypted) => facts.see(encrypted),
                Safe::Open(bags) => bags.iter().for_each(|bag| {
                    if let BagContents::ShroudedKey(encrypted) = &bag.contents {
                        facts.see(encrypted);
                    }
                }),
            }
        }
        facts.no_secret = password.is_some_and(Password::protects_nothing);
        facts.p_256k = objects.iter().any(|object| match &object.what {
            What::PrivateKey(Key::Open { kind, .. }) => kind.ends_with("P-256K"),
            _ => false,
        });
        facts
    }

    fn see(&mut self, encrypted: &Encrypted) {
        match &encrypted.scheme {
            Ok(Scheme::Pbes2(_)) => self.aes = true,
            Ok(Scheme::Pkcs12 { cipher: Cipher::Rc2Of40 | Cipher::Rc2Of128, .. }) => self.rc2 = true,
            Ok(Scheme::Pkcs12 { .. }) | Err(_) => {}
        }
    }
}

/// Every row that is true of a file.
pub(super) fn refusals(facts: &Facts) -> Vec<Refusal> {
    ROWS.iter().filter(|(is, _)| is(facts)).map(|(_, refusal)| *refusal).collect()
}

type Row = (fn(&Facts) -> bool, Refusal);

static ROWS: [Row; 11] = [
    (
        |facts| facts.rc2,
        Refusal {
            importer: "OpenSSL 3 without -legacy",
            reason: "RC2 is in its legacy provider alone",
            source: "openssl-pkcs12(1), -legacy",
        },
    ),
    (
        |facts| facts.pbmac1,
        Refusal {
            importer: "OpenSSL before 3.4",
            reason: "it does not know PBMAC1",
            source: "OpenSSL 3.4, CHANGES",
        },
    ),
    (
        |facts| facts.pbmac1,
        Refusal {
            importer: "keytool and Java, NSS and GnuTLS of the years before RFC 9579 (2024)",
            reason: "they do not know PBMAC1",
            source: "docs/interop.md",
        },
    ),
    (
        |facts| facts.pbmac1,
        Refusal {
            importer: "Windows, macOS",
            reason: "they do not know PBMAC1, and say that the password is wrong",
            source: "no release of theirs names RFC 9579",
        },
    ),
    (
        |facts| facts.aes || facts.newer_mac,
        Refusal {
            importer: "Windows before Server 2019 and 10 1709",
            reason: "it knows neither AES nor SHA-256 in a PFX, and says that the password is wrong",
            source: "the choice TripleDES-SHA1 or AES256-SHA256 of its own export",
        },
    ),
    (
        |facts| facts.aes || facts.newer_mac,
        Refusal {
            importer: "keytool and Java before 8u301",
            reason: "it knows neither PBES2 nor HMAC-SHA-256 there",
            source: "release notes of 8u301: the new defaults of keytool, JDK-8153005",
        },
    ),
    (
        |facts| facts.aes || facts.newer_mac,
        Refusal {
            importer: "macOS Keychain and SecPKCS12Import",
            reason: "\"MAC verification failed during PKCS12 import (wrong password?)\", of AES or a MAC by SHA-256",
            source: "kornelski/rust-security-framework#216, ruby/openssl#654",
        },
    ),
    (
        |facts| facts.no_secret,
        Refusal {
            importer: "macOS Keychain and SecPKCS12Import",
            reason: "it takes no file without a password",
            source: "kornelski/rust-security-framework#216",
        },
    ),
    (
        |facts| facts.p_256k,
        Refusal {
            importer: "Java 16 and newer, NSS, Windows' Schannel",
            reason: "they have no curve P-256K (secp256k1)",
            source: "JDK-8235710; docs/interop.md",
        },
    ),
    (
        |facts| facts.no_mac,
        Refusal {
            importer: "most importers",
            reason: "it has no MAC, which RFC 7292 4 lets be left out and few expect",
            source: "RFC 7292 4",
        },
    ),
    (
        |facts| facts.iterations > DOTNET_ITERATIONS_MAX,
        Refusal {
            importer: ".NET and Windows without a stated password",
            reason: "it asks for more than 600,000 iterations in all",
            source: "KB5025823",
        },
    ),
];

/// KB5025823: what an import without a stated password may ask for.
const DOTNET_ITERATIONS_MAX: u64 = 600_000;
