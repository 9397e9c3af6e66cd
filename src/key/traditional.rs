//! Private keys in the forms of before PKCS#8, turned into it: of RSA (RFC 8017 A.1.2) and of EC (RFC 5915 3).

use der::Tag;
use der::asn1::Null;
use zeroize::Zeroizing;

use super::SecretDer;
use super::public::{EC_PUBLIC_KEY, RSA_ENCRYPTION};
use crate::tlv;

impl SecretDer {
    /// The same key as PKCS#8, where these bytes are a key of another form with all that PKCS#8 says; its numbers are
    /// not looked at.
    ///
    /// ```text
    /// RSAPrivateKey ::= SEQUENCE { version Version, modulus INTEGER, … }
    /// ECPrivateKey  ::= SEQUENCE { version INTEGER (1), privateKey OCTET STRING,
    ///                              parameters [0] ECParameters OPTIONAL, publicKey [1] BIT STRING OPTIONAL }
    /// ```
    pub fn from_traditional(der: &[u8]) -> Option<Self> {
        let parts = tlv::sequence_parts(der).ok()?;
        let algorithm = match parts.as_slice() {
            [version, modulus, ..] if version.contents == [0] && modulus.tag == Tag::Integer => {
                tlv::sequence(&[&tlv::encoded(&RSA_ENCRYPTION), &tlv::encoded(&Null)])
            }
            [version, key, parameters, ..] if version.contents == [1] && key.tag == Tag::OctetString => {
                let is_curve = parameters.tag.is_context_specific() && parameters.tag.number().value() == 0;
                is_curve.then(|| tlv::sequence(&[&tlv::encoded(&EC_PUBLIC_KEY), parameters.contents]))?
            }
            _ => return None,
        };
        let key = Zeroizing::new(tlv::wrapped(Tag::OctetString, der));
        let pkcs8 = tlv::sequence(&[&tlv::wrapped(Tag::Integer, &[0]), &algorithm, &key]);
        Some(Self::new(Zeroizing::new(pkcs8)))
    }
}
