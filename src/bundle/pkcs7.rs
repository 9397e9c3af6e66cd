//! PKCS#7 and CMS (RFC 5652): the certificates and CRLs that a SignedData carries, as received.
//!
//! It reads the framing alone, definite and indefinite, and checks no signature: what a bag says of itself is not
//! what its certificates are judged by. A library's reader would do more, and less: that of the `cms` crate sorts
//! the certificates, as DER sorts a SET, and refuses or rewrites the BER that Java and Windows send.

use der::asn1::ObjectIdentifier;

use super::error::BundleError;
use super::form::Layer;
use super::kind::Kind;
use super::walk::{Here, Walk};
use crate::ber::{BerError, CONTEXT_0, CONTEXT_1, Element, SEQUENCE};

/// Reads a ContentInfo.
pub(super) fn read(walk: &mut Walk<'_>, bag: &Element<'_>, here: &Here) -> Result<(), BundleError> {
    let framing = |error| BundleError::Framing { place: here.place.clone(), at: 0, error };
    let content = Content::read(bag).map_err(framing)?;
    let here = here.in_form(here.form.with_encoding(content.is_definite).with(Layer::Pkcs7));
    let signed = match content.signed {
        Ok(signed) => signed,
        Err(content) => return walk.add_other(Kind::OtherPkcs7 { content }, &here),
    };
    if signed.certificates.is_empty() && signed.revocation_lists.is_empty() {
        return walk.add_other(Kind::Pkcs7, &here);
    }
    for (number, certificate) in (1..).zip(&signed.certificates) {
        let here = here.at_item(number);
        match certificate.tag {
            // CertificateChoices ::= CHOICE { certificate Certificate, [0], [1], [2], [3] … } (RFC 5652 10.2.2)
            SEQUENCE => walk.add_certificate(certificate.whole, &here)?,
            _ => walk.add_other(Kind::OtherCertificate, &here)?,
        }
    }
    for (number, list) in (signed.certificates.len() + 1..).zip(&signed.revocation_lists) {
        let here = here.at_item(number);
        match list.tag {
            // RevocationInfoChoice ::= CHOICE { crl CertificateList, other [1] … } (RFC 5652 10.2.1)
            SEQUENCE => walk.add_revocation_list(list.whole, &here)?,
            _ => walk.add_other(
                Kind::UnreadableRevocationList { fault: "it is none of RFC 5280".to_owned() },
                &here,
            )?,
        }
    }
    Ok(())
}

/// What a ContentInfo holds.
struct Content<'a> {
    is_definite: bool,
    /// What it is, where it is not signed data.
    signed: Result<Signed<'a>, String>,
}

/// ```text
/// SignedData ::= SEQUENCE {                                -- RFC 5652 5.1
///      version           CMSVersion,
///      digestAlgorithms  DigestAlgorithmIdentifiers,
///      encapContentInfo  EncapsulatedContentInfo,
///      certificates  [0] IMPLICIT CertificateSet OPTIONAL,
///      crls          [1] IMPLICIT RevocationInfoChoices OPTIONAL,
///      signerInfos       SignerInfos }
/// ```
#[derive(Default)]
struct Signed<'a> {
    certificates: Vec<Element<'a>>,
    revocation_lists: Vec<Element<'a>>,
}

impl<'a> Content<'a> {
    fn read(bag: &Element<'a>) -> Result<Self, BerError> {
        let parts = bag.parts()?;
        let content_type = parts.first().map_or(&[][..], |part| part.contents);
        let content = parts.get(1).map(Element::parts).transpose()?.unwrap_or_default();
        let is_definite =
            [bag].into_iter().chain(parts.get(1)).chain(content.first()).all(|one| one.is_definite);
        let signed = match content.first() {
            Some(signed) if content_type == SIGNED_DATA => Ok(Signed::read(signed)?),
            None if content_type == SIGNED_DATA => Ok(Signed::default()),
            _ => Err(type_name(content_type)),
        };
        Ok(Self { is_definite, signed })
    }
}

impl<'a> Signed<'a> {
    fn read(signed: &Element<'a>) -> Result<Self, BerError> {
        let mut found = Self::default();
        // The three fields before them have universal tags, so the first of each tag is the one.
        for part in signed.parts()? {
            match part.tag {
                CONTEXT_0 => found.certificates = part.parts()?,
                CONTEXT_1 => found.revocation_lists = part.parts()?,
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The contents of an OBJECT IDENTIFIER as words where RFC 5652 or 5083 has some.
fn type_name(oid: &[u8]) -> String {
    let name = match oid.strip_prefix(&PKCS7_ARC) {
        Some([1]) => "plain data",
        Some([3]) => "enveloped data, encrypted to its receiver",
        Some([4]) => "signed and enveloped data, encrypted to its receiver",
        Some([5]) => "digested data",
        Some([6]) => "encrypted data",
        _ => {
            let dotted = ObjectIdentifier::from_bytes(oid).map(|oid| oid.to_string());
            return format!("type {}", dotted.unwrap_or_else(|_| "unknown".to_owned()));
        }
    };
    name.to_owned()
}

/// 1.2.840.113549.1.7, RFC 5652 4 to 8.
const PKCS7_ARC: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];
/// 1.2.840.113549.1.7.2, RFC 5652 5.1.
const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
