//! A chain as PKCS#7, the bag that Windows and many appliances import.

use der::asn1::ObjectIdentifier;
use der::{Tag, TagNumber};

use crate::certificate::Certificate;
use crate::tlv;

/// Certificates as PKCS#7, DER: a SignedData without signers (RFC 5652 5.1), in the order given.
///
/// ```text
/// ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY }
/// SignedData ::= SEQUENCE { version, digestAlgorithms SET, encapContentInfo, certificates [0] IMPLICIT, signerInfos SET }
/// ```
pub fn pkcs7(certificates: &[&Certificate]) -> Vec<u8> {
    let all: Vec<u8> = certificates.iter().flat_map(|one| one.as_der().iter().copied()).collect();
    let context = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    let signed = tlv::sequence(&[
        &tlv::encoded(&1u8),
        &tlv::wrapped(Tag::Set, &[]),
        &tlv::sequence(&[&tlv::encoded(&ID_DATA)]),
        &tlv::wrapped(context, &all),
        &tlv::wrapped(Tag::Set, &[]),
    ]);
    tlv::sequence(&[&tlv::encoded(&ID_SIGNED_DATA), &tlv::wrapped(context, &signed)])
}

/// RFC 5652 4.
const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// RFC 5652 5.1.
const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
