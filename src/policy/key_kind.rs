//! The kinds of key, in Key Vault's words.

use std::fmt;

/// The kinds of key that a policy can ask for: Key Vault's `kty` with `key_size` or `crv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA with a modulus of 2048 bits and the public exponent 65537.
    Rsa2048,
    /// RSA with a modulus of 3072 bits.
    Rsa3072,
    /// RSA with a modulus of 4096 bits.
    Rsa4096,
    /// NIST P-256, secp256r1 (RFC 5480 2.1.1.1).
    P256,
    /// NIST P-384, secp384r1.
    P384,
    /// NIST P-521, secp521r1.
    P521,
    /// SECG secp256k1, which Key Vault calls P-256K.
    P256K,
}

impl KeyKind {
    /// Every kind, RSA first, in growing size.
    pub const ALL: [Self; 7] =
        [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::P256, Self::P384, Self::P521, Self::P256K];

    /// Key Vault's `kty`: `RSA` or `EC`.
    pub fn key_type(self) -> &'static str {
        match self.curve() {
            None => "RSA",
            Some(_) => "EC",
        }
    }

    /// Key Vault's `key_size`, in bits: the modulus, or the curve's field.
    pub fn key_size(self) -> u32 {
        match self {
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            Self::P256 | Self::P256K => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// Key Vault's `crv`; none for RSA.
    pub fn curve(self) -> Option<&'static str> {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => None,
            Self::P256 => Some("P-256"),
            Self::P384 => Some("P-384"),
            Self::P521 => Some("P-521"),
            Self::P256K => Some("P-256K"),
        }
    }

    /// The kind of an RSA key of so many bits.
    pub fn from_rsa_bits(bits: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.curve().is_none() && kind.key_size() == bits)
    }

    /// The kind of a key on the curve that Key Vault calls so.
    pub fn from_curve(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.curve() == Some(name))
    }
}

/// `RSA 2048`, `EC P-256`.
impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.curve() {
            None => write!(f, "RSA {}", self.key_size()),
            Some(curve) => write!(f, "EC {curve}"),
        }
    }
}
