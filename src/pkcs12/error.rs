//! Why a PKCS#12 was not written or read.

use std::fmt;

use der::asn1::ObjectIdentifier;

use super::{BAGS_MAX, DEPTH_MAX, INPUT_BYTES_MAX, ITERATIONS_MAX, PASSWORD_ITERATIONS, SCRYPT_BYTES_MAX};
use crate::ber::BerError;

/// Why a PKCS#12 could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs12Error {
    /// Nothing to write.
    #[error("no certificate to write, expected the leaf at least")]
    NoCertificate,
    /// A private key, given or read, is not PKCS#8.
    #[error("the private key is not PKCS#8, expected the PrivateKeyInfo of RFC 5958")]
    PrivateKey,
    /// The system gave no random octets.
    #[error("the system gave no random octets for a salt")]
    Random,
    /// More than [`INPUT_BYTES_MAX`] bytes.
    #[error("{length} bytes of PFX, expected at most {INPUT_BYTES_MAX}")]
    TooLarge {
        /// Bytes given.
        length: usize,
    },
    /// Something else than a PFX.
    #[error("not a PFX: begins with {begins}, expected SEQUENCE {{ INTEGER 3, SEQUENCE … (30 … 02 01 03 30)")]
    NotPfx {
        /// The first bytes in hexadecimal.
        begins: String,
    },
    /// Neither DER nor BER, or cut short.
    #[error("the PFX is damaged: {0}")]
    Damaged(#[from] BerError),
    /// Framed well, and not what RFC 7292 has at that place.
    #[error("the PFX is damaged: {found}, expected {expected}")]
    Unexpected {
        /// What is there.
        found: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// No password at hand opens it.
    #[error("{}", wrong_password(*.authenticates, *.was_given))]
    WrongPassword {
        /// Whether the MAC agrees with a password, so that only the encryption has another.
        authenticates: bool,
        /// Whether another than none and the empty one was tried.
        was_given: bool,
    },
    /// The password opens what is encrypted, and the MAC does not agree.
    #[error("the MAC does not agree with the contents, though the password opens them: the PFX was changed")]
    MacDisagrees,
    /// Encryption, MAC or content of a kind that is not known here.
    #[error("{place} of the PFX uses {what}, which is not known here")]
    Unsupported {
        /// What uses it.
        place: &'static str,
        /// Its name, or its object identifier.
        what: String,
    },
    /// A MAC that proves nothing (RFC 9579 4).
    #[error("the MAC of the PFX has a key of {octets} octets, expected at least {least}")]
    ShortMacKey {
        /// How long it says its key is.
        octets: u64,
        /// How long it has to be.
        least: usize,
    },
    /// Deriving the keys would take too long.
    #[error("{}", too_much(*.iterations))]
    Iterations {
        /// As far as they could be counted.
        iterations: u64,
    },
    /// More bags than anybody writes.
    #[error("the PFX has more than {BAGS_MAX} bags")]
    TooManyBags,
    /// Bags in bags in bags.
    #[error("the PFX has more than {DEPTH_MAX} SafeContents, one inside the other")]
    TooDeep,
}

impl Pkcs12Error {
    /// What is not known, by its object identifier where it has one.
    pub(super) fn unsupported(place: &'static str, identifier: &[u8]) -> Self {
        Self::Unsupported { place, what: name_of(identifier).to_string() }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::NoCertificate => "merge the CA's answer first, then export".to_owned(),
            Self::PrivateKey => "convert the key: openssl pkcs8 -topk8 -nocrypt -in KEY".to_owned(),
            Self::Random => "try again: the system's random number generator did not answer".to_owned(),
            Self::TooLarge { .. } => {
                "give the PFX of one key and its chain, not a whole trust store".to_owned()
            }
            Self::NotPfx { .. } => {
                "is it PEM, base64 or a PKCS#7 bag? PFX files are binary and mostly named .pfx or .p12"
                    .to_owned()
            }
            Self::Damaged(_) | Self::Unexpected { .. } | Self::MacDisagrees => {
                "fetch the file again, in binary mode, and compare its SHA-256 with the sender's".to_owned()
            }
            Self::WrongPassword { authenticates: true, .. } => {
                "its keys are encrypted under another password than its MAC: write it anew where it was made"
                    .to_owned()
            }
            Self::WrongPassword { was_given: true, .. } => {
                "try the password again; if it is right, the file was changed on its way".to_owned()
            }
            Self::WrongPassword { was_given: false, .. } => {
                "give the password in a file, with --password-file".to_owned()
            }
            Self::Unsupported { .. } | Self::ShortMacKey { .. } => {
                "write it anew: openssl pkcs12 -in FILE -legacy -nodes -out x.pem, \
                 then openssl pkcs12 -export -in x.pem -out NEW; delete x.pem, it holds the key in the clear"
                    .to_owned()
            }
            Self::Iterations { .. } => format!(
                "write it anew with fewer than {ITERATIONS_MAX}: openssl pkcs12 -export -iter {PASSWORD_ITERATIONS}"
            ),
            Self::TooManyBags | Self::TooDeep => {
                "write the key and its chain alone into a new one: openssl pkcs12 -export".to_owned()
            }
        }
    }
}

fn too_much(iterations: u64) -> String {
    let asked = match iterations {
        u64::MAX => {
            format!("more than {SCRYPT_BYTES_MAX} bytes of memory, or more iterations than can be counted")
        }
        iterations => format!("{iterations} iterations of key derivation"),
    };
    format!("the PFX asks for {asked}, expected at most {ITERATIONS_MAX} in all")
}

fn wrong_password(authenticates: bool, was_given: bool) -> &'static str {
    match (authenticates, was_given) {
        (true, _) => {
            "the password does not open the PFX, though its MAC agrees: what is encrypted has another"
        }
        (false, true) => "the password does not open the PFX",
        (false, false) => "the PFX is encrypted, and neither the empty password nor none at all opens it",
    }
}

/// An object identifier by its name, where people know it by one.
pub(super) fn name_of(identifier: &[u8]) -> Name<'_> {
    Name(identifier)
}

pub(super) struct Name<'a>(&'a [u8]);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dotted = ObjectIdentifier::from_bytes(self.0).map(|identifier| identifier.to_string());
        let dotted = dotted.as_deref().unwrap_or("an unreadable identifier");
        match NAMES.iter().find(|(identifier, _)| *identifier == dotted) {
            Some((_, name)) => write!(f, "{name} ({dotted})"),
            None => f.write_str(dotted),
        }
    }
}

/// What others write and this program does not read.
const NAMES: [(&str, &str); 15] = [
    ("1.2.840.113549.1.7.2", "signing with a private key"),
    ("1.2.840.113549.1.7.3", "encryption to a certificate"),
    ("1.2.840.113549.1.12.1.1", "RC4 with 128 bits"),
    ("1.2.840.113549.1.12.1.2", "RC4 with 40 bits"),
    ("1.2.840.113549.1.5.1", "PBES1 with MD2 and DES"),
    ("1.2.840.113549.1.5.3", "PBES1 with MD5 and DES"),
    ("1.2.840.113549.1.5.10", "PBES1 with SHA-1 and DES"),
    ("1.2.840.113549.2.5", "MD5"),
    ("1.3.14.3.2.7", "DES"),
    ("1.2.840.113549.3.2", "RC2"),
    ("1.2.840.113549.2.12", "SHA-512/224"),
    ("1.2.840.113549.2.13", "SHA-512/256"),
    ("1.2.410.200004.1.4", "SEED"),
    ("1.2.392.200011.61.1.1.1.4", "Camellia"),
    ("1.2.156.10197.1.104.2", "SM4"),
];
