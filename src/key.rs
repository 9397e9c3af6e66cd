//! Keys: private ones of the seven kinds that Key Vault makes in software, public keys of any kind as they come in
//! certificates, and the seam at which another holder of keys, a hardware token, would sign.
//!
//! It never writes a key anywhere: what leaves is a [`SecretDer`], and where that goes is `seal`'s and
//! `secret`'s business.

mod private;
mod public;
mod signature;
mod traditional;

use std::fmt;

use zeroize::Zeroizing;

use crate::policy::KeyKind;

pub use private::{PrivateKey, Signer};
pub use public::{PublicKey, PublicKeyAlgorithm};
pub use signature::{RSA_BITS_MAX, RSA_EXPONENT_BITS_MAX, SignatureAlgorithm, SignatureFault};

/// A private key as DER bytes, PKCS#8 (RFC 5958) unless said otherwise: wiped when dropped, never
/// cloned, never shown.
pub struct SecretDer(Zeroizing<Vec<u8>>);

impl SecretDer {
    /// Takes ownership of the bytes, which are wiped when this value goes.
    pub fn new(der: Zeroizing<Vec<u8>>) -> Self {
        Self(der)
    }

    /// The secret bytes.
    pub fn secret_der(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretDer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDer(hidden)")
    }
}

/// Why a key could not be made, read or used. No variant holds anything of a private key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are no PKCS#8 structure.
    #[error("not a PKCS#8 private key: {reason}")]
    NotPkcs8 {
        /// What the DER reader found.
        reason: String,
    },
    /// The key is of a kind that Key Vault does not hold.
    #[error(
        "a private key of kind {found}, where RSA 2048, 3072, 4096 or EC P-256, P-384, P-521, P-256K is expected"
    )]
    UnsupportedKind {
        /// The kind, by name or object identifier.
        found: String,
    },
    /// The structure is right and the numbers in it are not a key.
    #[error("the numbers in the {kind} private key do not make a key: {reason}")]
    Inconsistent {
        /// The kind that it says it is.
        kind: KeyKind,
        /// The provider's word for it.
        reason: String,
    },
    /// The bytes are no SubjectPublicKeyInfo.
    #[error("not a public key (SubjectPublicKeyInfo, RFC 5280 4.1.2.7): {reason}")]
    NotPublicKey {
        /// What the DER reader found.
        reason: String,
    },
    /// The cryptographic provider failed at something that cannot fail on good input.
    #[error("the cryptographic provider could not {what}")]
    Provider {
        /// What was being done.
        what: &'static str,
    },
}

impl KeyError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NotPkcs8 { .. } => {
                "turn the key into PKCS#8 with: openssl pkcs8 -topk8 -nocrypt -in KEY -out KEY.p8".to_owned()
            }
            Self::UnsupportedKind { .. } => {
                "make a key of a kind that Key Vault holds, and a new request".to_owned()
            }
            Self::Inconsistent { .. } => {
                "the file is damaged or was edited: take another copy of it".to_owned()
            }
            Self::NotPublicKey { .. } => "ask whoever made the file for it again, as DER or PEM".to_owned(),
            Self::Provider { .. } => {
                "try again; if it stays, the machine's memory or library is at fault".to_owned()
            }
        }
    }
}
