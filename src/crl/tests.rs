use der::asn1::BitStringRef;

use super::entries::{CERTIFICATE_ISSUER, CRL_REASON};
use super::*;
use crate::key::{PrivateKey, Signer};
use crate::policy::KeyKind;

const JANUARY: &[u8] = b"\x17\x0d260101000000Z";

fn name(text: &str) -> DistinguishedName {
    DistinguishedName::from_text(text).unwrap()
}

fn extension(oid: ObjectIdentifier, critical: bool, value: &[u8]) -> Vec<u8> {
    Extension::encode_all(&[Extension { oid, critical, value: value.to_vec() }])
}

fn entry(serial: &[u8], extensions: &[u8]) -> Vec<u8> {
    tlv::sequence(&[&tlv::wrapped(Tag::Integer, serial), JANUARY, extensions])
}

fn crl(key: &PrivateKey, entries: &[Vec<u8>], extensions: &[u8]) -> Vec<u8> {
    let algorithm = key.signature_algorithm();
    let extensions =
        if extensions.is_empty() { Vec::new() } else { tlv::wrapped(CRL_EXTENSIONS, extensions) };
    let signed = tlv::sequence(&[
        b"\x02\x01\x01",
        algorithm.as_der(),
        name("CN=CA").as_der(),
        JANUARY,
        b"\x18\x0f20500101000000Z",
        &tlv::sequence(&[&entries.concat()]),
        &extensions,
    ]);
    let signature = key.sign(&signed).unwrap();
    let bits = tlv::encoded(&BitStringRef::from_bytes(&signature).unwrap());
    tlv::sequence(&[&signed, algorithm.as_der(), &bits])
}

#[test]
fn a_list_is_read_searched_and_its_signature_checked() {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let reason = |number| extension(CRL_REASON, false, &[0x0a, 1, number]);
    let entries = [
        entry(&[9], &[]),
        entry(&[0x00, 0x80], &reason(1)),
        entry(&[0x00, 0x05], &reason(8)),
        entry(&[0x05], &reason(6)),
    ];
    let der = crl(&key, &entries, &extension(CRL_NUMBER, false, b"\x02\x02\x01\x00"));
    let crl = CertificateRevocationList::from_der(&der).unwrap();
    assert_eq!((crl.as_der(), crl.len(), crl.is_empty()), (&der[..], 3, false), "one stands in it twice");
    assert_eq!(crl.number().unwrap().to_string(), "256");
    assert_eq!(crl.next_update().unwrap().to_string(), "2050-01-01T00:00:00Z");
    let reason_of = |serial: &[u8]| crl.find(&name("CN=ca"), serial).map(|found| found.reason);
    assert_eq!(reason_of(&[9]), Some(None));
    assert_eq!(reason_of(&[0x00, 0x80]), Some(Some(Reason::KeyCompromise)));
    assert_eq!(reason_of(&[5]), Some(Some(Reason::CertificateHold)), "the entry that keeps it listed");
    assert_eq!((reason_of(&[0x80]), reason_of(&[7])), (None, None));
    assert!(crl.find(&name("CN=other"), &[9]).is_none());
    assert_eq!(crl.verify_signature(key.public_key()), Ok(()));
    let other = PrivateKey::generate(KeyKind::P256).unwrap();
    assert!(crl.verify_signature(other.public_key()).is_err());
}

#[test]
fn an_issuer_named_by_an_entry_holds_for_those_after_it() {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let issuer = |text| {
        let names = GeneralName::encode_all(&[GeneralName::Directory(name(text))]);
        extension(CERTIFICATE_ISSUER, true, &names)
    };
    let entries = [
        entry(&[1], &[]),
        entry(&[1], &issuer("CN=two")),
        entry(&[2], &[]),
        entry(&[1], &issuer("CN=three")),
        entry(&[4], &issuer("CN=two")),
    ];
    let crl = CertificateRevocationList::from_der(&crl(&key, &entries, &[])).unwrap();
    let listed = |text, serial: u8| crl.find(&name(text), &[serial]).is_some();
    assert!(listed("CN=CA", 1) && listed("CN=two", 1) && listed("CN=two", 2) && listed("CN=three", 1));
    assert!(listed("CN=two", 4) && !listed("CN=three", 4) && !listed("CN=CA", 2));
    assert_eq!(crl.certificate_issuers.len(), 2);
}

#[test]
fn unknown_critical_extensions_are_named_and_others_passed_over() {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let unknown = ObjectIdentifier::new_unwrap("1.2.3.4");
    let entries = [entry(&[1], &extension(unknown, true, &[])), entry(&[2], &extension(unknown, true, &[]))];
    let within = CertificateRevocationList::from_der(&crl(&key, &entries, &[])).unwrap();
    assert_eq!(within.not_understood(), [unknown]);
    let without = crl(&key, &[], &extension(unknown, true, &[]));
    assert_eq!(CertificateRevocationList::from_der(&without).unwrap().not_understood(), [unknown]);
    let passed = crl(&key, &[entry(&[1], &extension(unknown, false, &[]))], &[]);
    assert!(CertificateRevocationList::from_der(&passed).unwrap().not_understood().is_empty());
}

#[test]
fn what_is_no_list_is_refused_with_what_to_do() {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let good = crl(&key, &[], &[]);
    for length in 0..good.len() {
        let error = CertificateRevocationList::from_der(&good[..length]).unwrap_err();
        assert!(!error.help().is_empty());
    }
    let reason = crl(&key, &[entry(&[1], &extension(CRL_REASON, false, &[0x0a, 1, 7]))], &[]);
    let error = CertificateRevocationList::from_der(&reason).unwrap_err();
    assert!(matches!(error, CrlError::Reason { found: 7 }), "{error}");
    let number = crl(&key, &[], &extension(CRL_NUMBER, false, b"\x02\x01\xff"));
    assert!(matches!(CertificateRevocationList::from_der(&number), Err(CrlError::Shape { .. })));
    let one = Extension { oid: CRL_NUMBER, critical: false, value: b"\x02\x01\x01".to_vec() };
    let twice = crl(&key, &[], &Extension::encode_all(&[one.clone(), one]));
    assert!(matches!(CertificateRevocationList::from_der(&twice), Err(CrlError::Shape { .. })));
    let large = CertificateRevocationList::from_der(&vec![0; CRL_BYTES_MAX + 1]).unwrap_err();
    assert!(matches!(large, CrlError::TooLarge { .. }) && large.help().contains("the part"), "{large}");
}

#[test]
fn a_long_list_is_searched_and_not_walked() {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let entries: Vec<Vec<u8>> =
        (0..100_000_u32).rev().map(|n| entry(&[&[1], &n.to_be_bytes()[..]].concat(), &[])).collect();
    let crl = CertificateRevocationList::from_der(&crl(&key, &entries, &[])).unwrap();
    assert_eq!(crl.len(), 100_000);
    for n in (0..100_000_u32).step_by(997) {
        let serial = [&[1], &n.to_be_bytes()[..]].concat();
        assert!(crl.find(&name("CN=CA"), &serial).is_some());
        assert!(crl.find(&name("CN=CA"), &[&serial[..], &[0]].concat()).is_none());
    }
}

#[test]
fn numbers_compare_by_size() {
    let read = |der: &[u8]| CrlNumber::read(der).unwrap();
    assert!(read(b"\x02\x01\x7f") < read(b"\x02\x02\x00\x80"));
    assert!(read(b"\x02\x02\x00\xff") < read(b"\x02\x02\x01\x00"));
    assert_eq!(read(b"\x02\x02\x00\x01"), read(b"\x02\x01\x01"));
    assert_eq!(
        read(&[&b"\x02\x11\x01"[..], &[0; 16]].concat()).to_string(),
        format!("0x01{}", "0".repeat(32))
    );
}
