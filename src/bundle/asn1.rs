//! What a binary element is, told by the elements inside it and by nothing else: file names and PEM labels are
//! wrong often enough.

use super::error::BundleError;
use super::kind::Kind;
use super::walk::{Found, Here, Walk};
use super::{pkcs7, pkcs12};
use crate::ber::{BIT_STRING, CONTEXT_0, Element, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    RevocationList,
    Request,
    Pkcs7,
    Pkcs12,
    PrivateKey,
    PublicKey,
    /// A certificate, or something that no certificate's reader will take.
    Certificate,
}

/// Reads one element.
pub(super) fn read(walk: &mut Walk<'_>, element: &Element<'_>, here: &Here) -> Result<(), BundleError> {
    let encoded = || here.in_form(here.form.with_encoding(element.is_definite));
    match shape(element) {
        Shape::Pkcs7 => pkcs7::read(walk, element, here),
        Shape::Pkcs12 => pkcs12::read(walk, element, here),
        Shape::RevocationList => walk.add_revocation_list(element.whole, &encoded()),
        Shape::Request => walk.add(Found::Request(element.whole.to_vec()), &encoded()),
        Shape::PrivateKey => walk.add_other(Kind::PrivateKey, &encoded()),
        Shape::PublicKey => walk.add_other(Kind::PublicKey, &encoded()),
        Shape::Certificate => walk.add_certificate(element.whole, &encoded()),
    }
}

/// Whether bytes begin with one of these elements, or with the beginning of one: a SEQUENCE whose first part is
/// an INTEGER, an OBJECT IDENTIFIER or another SEQUENCE. Text can begin with the digit 0, which is the same octet.
pub(super) fn begins(bytes: &[u8]) -> bool {
    match bytes {
        [SEQUENCE, 0x80..=0x84, ..] => begins_in_text(bytes),
        [SEQUENCE, length, INTEGER | OBJECT_IDENTIFIER | SEQUENCE, ..] if *length < 0x80 => {
            // A digit, a character and a digit are no element: one has octets that text has not.
            let end = bytes.len().min(2 + usize::from(*length));
            bytes[..end].iter().any(|octet| matches!(octet, INTEGER..=OBJECT_IDENTIFIER))
        }
        _ => false,
    }
}

/// As [`begins`], for elements of 128 bytes and more: their beginning cannot be UTF-8.
pub(super) fn begins_in_text(bytes: &[u8]) -> bool {
    let size = match bytes {
        [SEQUENCE, 0x80, ..] => 2,
        [SEQUENCE, length @ 0x81..=0x84, ..] => 2 + usize::from(length & 0x7f),
        _ => return false,
    };
    bytes.get(size).is_none_or(|first| matches!(*first, INTEGER | OBJECT_IDENTIFIER | SEQUENCE))
}

pub(super) fn shape(element: &Element<'_>) -> Shape {
    let Some(parts) = element.parts().ok().filter(|_| element.tag == SEQUENCE) else {
        return Shape::Certificate;
    };
    let tags: Vec<u8> = parts.iter().map(|part| part.tag).collect();
    match tags.as_slice() {
        // ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY } (RFC 5652 3)
        [OBJECT_IDENTIFIER] | [OBJECT_IDENTIFIER, CONTEXT_0] => Shape::Pkcs7,
        // PrivateKeyInfo ::= SEQUENCE { version, algorithm, OCTET STRING, … } (RFC 5958 2)
        [INTEGER, SEQUENCE, OCTET_STRING, ..] => Shape::PrivateKey,
        // ECPrivateKey ::= SEQUENCE { version, OCTET STRING, … } (RFC 5915 3)
        [INTEGER, OCTET_STRING, ..] => Shape::PrivateKey,
        // EncryptedPrivateKeyInfo ::= SEQUENCE { algorithm, OCTET STRING } (RFC 5958 3)
        [SEQUENCE, OCTET_STRING] => Shape::PrivateKey,
        // RSAPublicKey and RSAPrivateKey, of two and of nine INTEGERs (RFC 8017 A.1)
        [INTEGER, INTEGER] => Shape::PublicKey,
        [INTEGER, INTEGER, ..] => Shape::PrivateKey,
        // SubjectPublicKeyInfo ::= SEQUENCE { algorithm, BIT STRING } (RFC 5280 4.1)
        [SEQUENCE, BIT_STRING] => Shape::PublicKey,
        // PFX ::= SEQUENCE { INTEGER 3, authSafe ContentInfo, macData OPTIONAL } (RFC 7292 4)
        [INTEGER, SEQUENCE] | [INTEGER, SEQUENCE, SEQUENCE] => Shape::Pkcs12,
        [SEQUENCE, SEQUENCE, BIT_STRING] => signed_shape(&parts[0]),
        _ => Shape::Certificate,
    }
}

/// Certificates, CRLs and requests are all signed alike; what is signed tells them apart.
fn signed_shape(signed: &Element<'_>) -> Shape {
    let Ok(parts) = signed.parts() else {
        return Shape::Certificate;
    };
    let tags: Vec<u8> = parts.iter().map(|part| part.tag).collect();
    match tags.as_slice() {
        // CertificationRequestInfo ::= SEQUENCE { version, subject, key, [0] attributes } (RFC 2986 4.1)
        [INTEGER, SEQUENCE, SEQUENCE] | [INTEGER, SEQUENCE, SEQUENCE, CONTEXT_0] => Shape::Request,
        // TBSCertList ::= SEQUENCE { version OPTIONAL, signature, issuer, thisUpdate, … } (RFC 5280 5.1)
        [INTEGER, SEQUENCE, SEQUENCE, UTC_TIME | GENERALIZED_TIME, ..]
        | [SEQUENCE, SEQUENCE, UTC_TIME | GENERALIZED_TIME, ..] => Shape::RevocationList,
        _ => Shape::Certificate,
    }
}

/// Whether the elements that fill some bytes are known from the outside: what a guess at base64 is tested by.
pub(super) fn is_plausible(bytes: &[u8]) -> bool {
    super::walk::whole_elements(bytes).is_some_and(|elements| {
        !elements.is_empty()
            && elements.iter().all(|element| element.parts().is_ok_and(|parts| !parts.is_empty()))
    })
}

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_begins_with_a_zero_is_no_element() {
        for text in ["0", "0 s:CN = www", "000000", "0x30", "007: a file", "0A0B0C0D0E0F"] {
            assert!(!begins(text.as_bytes()), "{text}");
        }
        for bytes in [&[0x30, 0x82][..], &[0x30, 0x80, 6], &[0x30, 3, 2, 1, 5], &[0x30, 0x82, 1, 2, 0x30]] {
            assert!(begins(bytes), "{bytes:?}");
        }
    }
}
