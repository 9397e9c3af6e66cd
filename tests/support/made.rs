//! Certificates and revocation lists made to order, right or wrong: DER written by hand, signed by the provider,
//! for tests that need what no CA issues. Nothing here asks whether what it makes is allowed.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::sync::OnceLock;

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256,
};
use der::Encode;
use der::asn1::ObjectIdentifier;

/// The kinds of keys that sign here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Rsa, Self::P256, Self::P384, Self::Ed25519];
}

/// A key that signs anything.
pub(crate) struct Key {
    pair: Pair,
}

enum Pair {
    Rsa(rsa::KeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    /// One of the [`KEYS_OF_A_KIND`] keys of a kind: made when it is first asked for, and the same from then on.
    pub(crate) fn of(kind: Kind, which: usize) -> &'static Self {
        static KEYS: [[OnceLock<Key>; KEYS_OF_A_KIND]; 4] =
            [const { [const { OnceLock::new() }; KEYS_OF_A_KIND] }; 4];
        let place = Kind::ALL.iter().position(|one| *one == kind).expect("every kind is in ALL");
        KEYS[place][which].get_or_init(|| Self::generate(kind))
    }

    /// A new one, of nobody.
    pub(crate) fn generate(kind: Kind) -> Self {
        let pair = match kind {
            Kind::Rsa => Pair::Rsa(rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("an RSA key")),
            Kind::P256 => Pair::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key")),
            Kind::P384 => Pair::P384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).expect("a key")),
            Kind::Ed25519 => Pair::Ed25519(Ed25519KeyPair::generate().expect("a key")),
        };
        Self { pair }
    }

    /// The contents of the BIT STRING in the SubjectPublicKeyInfo.
    fn bits(&self) -> &[u8] {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::P256(pair) | Pair::P384(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }

    pub(crate) fn public_key_info(&self) -> Vec<u8> {
        let identifier = match &self.pair {
            Pair::Rsa(_) => sequence(&[oid("1.2.840.113549.1.1.1"), NULL.to_vec()]),
            Pair::P256(_) => sequence(&[oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")]),
            Pair::P384(_) => sequence(&[oid("1.2.840.10045.2.1"), oid("1.3.132.0.34")]),
            Pair::Ed25519(_) => sequence(&[oid("1.3.101.112")]),
        };
        sequence(&[identifier, bit_string(self.bits())])
    }

    /// SHA-1 over the key, method 1 of RFC 5280 4.2.1.2.
    pub(crate) fn identifier(&self) -> Vec<u8> {
        digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, self.bits()).as_ref().to_vec()
    }

    /// The AlgorithmIdentifier of its signatures.
    pub(crate) fn algorithm(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(_) => sequence(&[oid("1.2.840.113549.1.1.11"), NULL.to_vec()]),
            Pair::P256(_) => sequence(&[oid("1.2.840.10045.4.3.2")]),
            Pair::P384(_) => sequence(&[oid("1.2.840.10045.4.3.3")]),
            Pair::Ed25519(_) => sequence(&[oid("1.3.101.112")]),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("signed");
                signature
            }
            Pair::P256(pair) | Pair::P384(pair) => {
                pair.sign(&random, message).expect("signed").as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// `SEQUENCE { what is signed, algorithm, signature }`: a certificate, a revocation list, a request.
    pub(crate) fn signed(&self, to_be_signed: Vec<u8>) -> Vec<u8> {
        let signature = self.sign(&to_be_signed);
        sequence(&[to_be_signed, self.algorithm(), bit_string(&signature)])
    }
}

/// A TBSCertificate, each field as DER (RFC 5280 4.1).
#[derive(Clone)]
pub(crate) struct Draft {
    /// The number in the version field, 2 for version 3; none leaves the field out.
    pub(crate) version: Option<u8>,
    /// The contents of the INTEGER.
    pub(crate) serial: Vec<u8>,
    pub(crate) algorithm: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) not_before: Vec<u8>,
    pub(crate) not_after: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) public_key_info: Vec<u8>,
    pub(crate) extensions: Option<Vec<Vec<u8>>>,
}

impl Draft {
    pub(crate) fn to_be_signed(&self) -> Vec<u8> {
        let version = self.version.map(|number| tlv(0xa0, &tlv(0x02, &[number]))).unwrap_or_default();
        let extensions = self.extensions.as_ref().map(|list| tlv(0xa3, &sequence(list))).unwrap_or_default();
        sequence(&[
            version,
            tlv(0x02, &self.serial),
            self.algorithm.clone(),
            self.issuer.clone(),
            sequence(&[self.not_before.clone(), self.not_after.clone()]),
            self.subject.clone(),
            self.public_key_info.clone(),
            extensions,
        ])
    }
}

/// A plain end entity for a host, signed by itself: somewhere to start from.
pub(crate) fn self_signed(key: &Key, host: &str, extensions: &[Vec<u8>]) -> Vec<u8> {
    let name = common_name(host);
    let names = sequence(&[tlv(0x82, host.as_bytes())]);
    let mut all = vec![
        extension("2.5.29.17", false, &names),
        extension("2.5.29.14", false, &tlv(0x04, &key.identifier())),
        extension("2.5.29.37", false, &sequence(&[oid("1.3.6.1.5.5.7.3.1")])),
    ];
    all.extend_from_slice(extensions);
    let draft = Draft {
        version: Some(2),
        serial: vec![0x11],
        algorithm: key.algorithm(),
        issuer: name.clone(),
        not_before: tlv(0x17, b"260101000000Z"),
        not_after: tlv(0x17, b"361231235959Z"),
        subject: name,
        public_key_info: key.public_key_info(),
        extensions: Some(all),
    };
    key.signed(draft.to_be_signed())
}

/// A revocation list that names these numbers.
pub(crate) fn revocation_list(key: &Key, issuer: &str, serials: &[u8]) -> Vec<u8> {
    let entries: Vec<Vec<u8>> =
        serials.iter().map(|one| sequence(&[tlv(0x02, &[*one]), tlv(0x17, b"260101000000Z")])).collect();
    let number = extension("2.5.29.20", false, &tlv(0x02, &[1]));
    key.signed(sequence(&[
        tlv(0x02, &[1]),
        key.algorithm(),
        common_name(issuer),
        tlv(0x17, b"260101000000Z"),
        tlv(0x17, b"361231235959Z"),
        sequence(&entries),
        tlv(0xa0, &sequence(&[number])),
    ]))
}

/// A request for a host (RFC 2986 4).
pub(crate) fn request(key: &Key, host: &str) -> Vec<u8> {
    let names = extension("2.5.29.17", false, &sequence(&[tlv(0x82, host.as_bytes())]));
    let asked = sequence(&[oid("1.2.840.113549.1.9.14"), tlv(0x31, &sequence(&[names]))]);
    key.signed(sequence(&[tlv(0x02, &[0]), common_name(host), key.public_key_info(), tlv(0xa0, &asked)]))
}

pub(crate) fn extension(kind: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(0x01, &[0xff]) } else { Vec::new() };
    sequence(&[oid(kind), critical, tlv(0x04, value)])
}

/// `CN=text` as UTF8String.
pub(crate) fn common_name(text: &str) -> Vec<u8> {
    name(&[("2.5.4.3", UTF8_STRING, text)])
}

/// Attributes, one in each RDN: type, tag of the string, text.
pub(crate) fn name(attributes: &[(&str, u8, &str)]) -> Vec<u8> {
    let names: Vec<Vec<u8>> = attributes
        .iter()
        .map(|(kind, tag, text)| tlv(0x31, &sequence(&[oid(kind), tlv(*tag, text.as_bytes())])))
        .collect();
    sequence(&names)
}

pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], bytes].concat())
}

pub(crate) fn oid(text: &str) -> Vec<u8> {
    ObjectIdentifier::new(text).expect("an object identifier").to_der().expect("DER")
}

pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// Tag, length in the shortest form, content (X.690 10.1).
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.iter().copied().skip_while(|digit| *digit == 0).collect();
    let mut bytes = vec![tag];
    match digits.as_slice() {
        [] => bytes.push(0),
        [one] if *one < 0x80 => bytes.push(*one),
        digits => {
            bytes.push(0x80 | u8::try_from(digits.len()).expect("a length of at most 8 bytes"));
            bytes.extend_from_slice(digits);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
const NULL: [u8; 2] = [0x05, 0x00];
/// As many as a chain and its strangers have certificates, so that no two of one kind share a key by accident.
pub(crate) const KEYS_OF_A_KIND: usize = 8;
