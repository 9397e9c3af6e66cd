//! A chain as the Web wants it, changed in one thing at a time.

use der::asn1::ObjectIdentifier;
use der::{Tag, TagNumber};

use super::faults;
use crate::certificate::Certificate;
use crate::extension::{self, Extension};
use crate::key::{PrivateKey, PublicKey, SignatureAlgorithm, Signer};
use crate::name::{DistinguishedName, GeneralName};
use crate::policy::{KeyKind, KeyUsage};
use crate::tlv;

#[test]
fn a_chain_as_the_web_wants_it_has_no_fault() {
    assert_eq!(found(|_| {}), NONE);
    let without = |oid| found(move |chain| chain.leaf.extensions.retain(|one| one.oid != oid));
    assert_eq!(without(extension::KEY_USAGE), NONE);
    assert_eq!(without(extension::BASIC_CONSTRAINTS), NONE);
}

#[test]
fn a_period_counts_both_ends_and_every_begun_day() {
    // Each limit: what may be, and a second more.
    for (start, longest) in [
        ("20120701000000Z", "20170701000000Z"),
        ("20150331235959Z", "20200331235959Z"),
        ("20150401000000Z", "20180701000000Z"),
        ("20180301000000Z", "20200602235959Z"),
        ("20200901000000Z", "20211003235959Z"),
        ("20260314235959Z", "20270416235958Z"),
        ("20260315000000Z", "20260930235959Z"),
        ("20270315000000Z", "20270622235959Z"),
        ("20290314000000Z", "20290621235959Z"),
        ("20290315000000Z", "20290430235959Z"),
    ] {
        let of_end = |end: &str| {
            let dates = (start.to_owned(), end.to_owned());
            found(move |chain| chain.leaf.dates = dates)
        };
        let digits: u64 = longest[..14].parse().unwrap();
        let next = match &longest[8..14] {
            "235959" => format!("{}000000Z", day_after(&longest[..8])),
            _ => format!("{}Z", digits + 1),
        };
        assert_eq!(of_end(longest), NONE, "{start} to {longest}");
        assert_eq!(of_end(&next), [(0, "validity-beyond-limit")], "{start} to {next}");
    }
    assert_eq!(
        found(|chain| chain.leaf.dates = ("20120630235959Z".to_owned(), "20300101000000Z".to_owned())),
        NONE,
        "before the first limit"
    );
    let chain = Chain::changed(|chain| {
        chain.leaf.dates = ("20260315000000Z".to_owned(), "20270315000000Z".to_owned());
    });
    assert_eq!(
        chain.faults()[0].2,
        "valid for 366 days, where what is issued from 2026-03-15 on may be for 200"
    );
}

#[test]
fn a_serial_number_has_room_for_64_random_bits() {
    let of_serial = |serial: &[u8]| {
        let serial = serial.to_vec();
        found(move |chain| chain.leaf.serial = serial)
    };
    assert_eq!(of_serial(&[0x7f; 8]), NONE);
    assert_eq!(of_serial(&[0, 0x80, 1, 1, 1, 1, 1, 1, 1]), NONE);
    assert_eq!(of_serial(&[0x7f; 7]), [(0, "serial-number-guessable")]);
    assert_eq!(of_serial(&[0, 0x80, 1, 1, 1, 1, 1, 1]), [(0, "serial-number-guessable")]);
    assert_eq!(of_serial(&[0x10, 0x02]), [(0, "serial-number-guessable")]);
    // That of the CA counts, and the root's does not.
    assert_eq!(found(|chain| chain.middle.serial = vec![2]), [(1, "serial-number-guessable")]);
    assert_eq!(found(|chain| chain.root.serial = vec![1]), NONE);
    let before = |chain: &mut Chain| {
        chain.leaf.serial = vec![9];
        chain.leaf.dates = ("20160929235959Z".to_owned(), "20170101000000Z".to_owned());
    };
    assert_eq!(found(before), NONE, "nobody asked for it then");
}

#[test]
fn an_issuer_is_named_by_its_key_alone() {
    let key = tlv::wrapped(implicit(0), &[7; 20]);
    let names = GeneralName::encode_all(&[GeneralName::dns("ca.example.com").unwrap()]);
    let issuer = tlv::wrapped(
        Tag::ContextSpecific { constructed: true, number: TagNumber(1) },
        tlv::split_first(&names).unwrap().0.contents,
    );
    let serial = tlv::wrapped(implicit(2), &[5]);
    let value = tlv::sequence(&[&key, &issuer, &serial]);
    let put = |draft: &mut Draft| draft.put(extension::AUTHORITY_KEY_IDENTIFIER, false, value.clone());
    assert_eq!(found(|chain| put(&mut chain.leaf)), [(0, "key-identifier-with-issuer")]);
    assert_eq!(found(|chain| put(&mut chain.middle)), [(1, "key-identifier-with-issuer")]);
}

#[test]
fn a_signature_is_written_as_public_cas_write_it() {
    let of = |signer: KeyKind, algorithm: &str| {
        let algorithm = unhex(algorithm);
        found(move |chain| {
            chain.middle.key = key(signer);
            chain.leaf.algorithm = algorithm;
        })
    };
    let [good, bad, unusual] = [vec![], vec![(0, "signature-not-allowed")], vec![(0, "signature-unusual")]];
    for (signer, algorithm, expected) in [
        (KeyKind::P256, "300a06082a8648ce3d040302", &good),
        (KeyKind::P384, "300a06082a8648ce3d040303", &good),
        (KeyKind::P521, "300a06082a8648ce3d040304", &good),
        (KeyKind::P256, "300a06082a8648ce3d040303", &unusual),
        (KeyKind::P384, "300a06082a8648ce3d040302", &unusual),
        // With NULL.
        (KeyKind::P256, "300c06082a8648ce3d0403020500", &unusual),
        (KeyKind::Rsa2048, "300d06092a864886f70d01010b0500", &good),
        (KeyKind::Rsa2048, "300d06092a864886f70d01010d0500", &good),
        // Without NULL.
        (KeyKind::Rsa2048, "300b06092a864886f70d01010b", &unusual),
        (
            KeyKind::Rsa2048,
            "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120",
            &good,
        ),
        // A salt of 20.
        (
            KeyKind::Rsa2048,
            "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020114",
            &unusual,
        ),
        // SHA-224, SHA3-256, Ed25519.
        (KeyKind::Rsa2048, "300d06092a864886f70d01010e0500", &bad),
        (KeyKind::P256, "300b060960864801650304030a", &bad),
        (KeyKind::P256, "300506032b6570", &bad),
        // SHA-1 is weak, which is a rule of its own.
        (KeyKind::Rsa2048, "300d06092a864886f70d0101050500", &good),
    ] {
        assert_eq!(&of(signer, algorithm), expected, "{algorithm} of {signer}");
    }
}

#[test]
fn keys_of_other_kinds_and_spellings_are_refused() {
    let rsa = key(KeyKind::Rsa2048);
    let spelled = |algorithm: &str| {
        let bits = tlv::wrapped(Tag::BitString, &[&[0], rsa.key_bits()].concat());
        PublicKey::from_der(&tlv::sequence(&[&unhex(algorithm), &bits])).unwrap()
    };
    for (key, expected) in [
        (rsa.clone(), vec![]),
        (key(KeyKind::P384), vec![]),
        (key(KeyKind::P256K), vec![(0, "key-algorithm-not-for-web")]),
        (spelled("300b06092a864886f70d010101"), vec![(0, "key-encoding")]),
        (spelled("300b06092a864886f70d01010a"), vec![(0, "key-encoding")]),
    ] {
        let name = format!("{key:?}");
        assert_eq!(found(move |chain| chain.leaf.key = key), expected, "{name}");
    }
}

#[test]
fn a_servers_key_has_the_usages_of_its_kind() {
    use KeyUsage::{
        CrlSign, DataEncipherment, DigitalSignature, KeyAgreement, KeyCertSign, KeyEncipherment,
        NonRepudiation,
    };
    let (rsa, ec) = (key(KeyKind::Rsa2048), key(KeyKind::P256));
    let [good, bad] = [vec![], vec![(0, "key-usage-not-of-servers")]];
    for (key, usages, expected) in [
        (&rsa, &[DigitalSignature, KeyEncipherment][..], &good),
        (&rsa, &[KeyEncipherment], &good),
        (&rsa, &[DataEncipherment, DigitalSignature], &good),
        (&rsa, &[DataEncipherment], &bad),
        (&rsa, &[DigitalSignature, KeyAgreement], &bad),
        (&rsa, &[DigitalSignature, NonRepudiation], &bad),
        (&ec, &[DigitalSignature, KeyAgreement], &good),
        (&ec, &[KeyAgreement], &bad),
        (&ec, &[DigitalSignature, KeyEncipherment], &bad),
        (&ec, &[DigitalSignature, CrlSign], &bad),
        // That it is no CA's is path validation's to say.
        (&ec, &[DigitalSignature, KeyCertSign], &good),
    ] {
        let (key, usage) = (key.clone(), Extension::key_usage(usages).unwrap());
        let change = move |chain: &mut Chain| {
            chain.leaf.key = key;
            chain.leaf.put(usage.oid, true, usage.value);
        };
        assert_eq!(&found(change), expected, "{usages:?}");
    }
}

#[test]
fn a_server_says_under_whose_rules_it_was_certified() {
    let without = |oid| found(move |chain| chain.leaf.extensions.retain(|one| one.oid != oid));
    assert_eq!(without(extension::CERTIFICATE_POLICIES), [(0, "no-reserved-policy")]);
    assert_eq!(without(extension::AUTHORITY_INFORMATION_ACCESS), [(0, "no-issuer-address")]);
    let of_policy = |text: &str| {
        let value = policies(&[text]);
        found(move |chain| chain.leaf.put(extension::CERTIFICATE_POLICIES, false, value))
    };
    assert_eq!(of_policy("2.23.140.1.2.3"), NONE);
    assert_eq!(of_policy("2.23.140.1.1"), NONE);
    assert_eq!(of_policy("1.3.6.1.4.1.44947.1.1.1"), [(0, "no-reserved-policy")]);
    let uncritical = |chain: &mut Chain| {
        chain.leaf.put(extension::BASIC_CONSTRAINTS, false, Extension::end_entity_constraints().value);
    };
    assert_eq!(found(uncritical), [(0, "leaf-constraints-not-critical")]);
}

#[test]
fn alternative_names_are_hosts_and_addresses_of_the_public_internet() {
    let email = GeneralName::email("ada@example.com").unwrap();
    let upn = GeneralName::Upn("ada@example.com".to_owned());
    let dns = |text: &str| GeneralName::dns(text).unwrap();
    let ip = |text: &str| GeneralName::ip(text).unwrap();
    for (name, expected) in [
        (dns("shop.example.com"), ""),
        (dns("*.example.com"), ""),
        (dns("xn--bcher-kva.example.com"), ""),
        (dns("a.b.c.co.uk"), ""),
        (dns("duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion"), ""),
        (dns("mail"), "name-not-public"),
        (dns("localhost"), "name-not-public"),
        (dns("mail.corp.local"), "name-not-public"),
        (dns("*.intern.internal"), "name-not-public"),
        (dns("www.example.test"), "name-not-public"),
        (dns("1.2.0.192.in-addr.arpa"), "name-not-public"),
        (ip("93.184.215.14"), ""),
        (ip("2606:2800:21f:cb07:6820:80da:af6b:8b2c"), ""),
        (ip("172.32.0.1"), ""),
        (ip("10.1.2.3"), "name-not-public"),
        (ip("127.0.0.1"), "name-not-public"),
        (ip("172.31.255.255"), "name-not-public"),
        (ip("255.255.255.255"), "name-not-public"),
        (ip("::1"), "name-not-public"),
        (ip("::ffff:93.184.215.14"), "name-not-public"),
        (ip("2001:db8::1"), "name-not-public"),
        (ip("fd00::1"), "name-not-public"),
        (ip("fe80::1"), "name-not-public"),
        (email, "alternative-name-kind"),
        (upn, "alternative-name-kind"),
    ] {
        let expected: Vec<(usize, &str)> =
            [(0, expected)].into_iter().filter(|(_, rule)| !rule.is_empty()).collect();
        let shown = name.to_string();
        let value = GeneralName::encode_all(&[GeneralName::dns(HOST).unwrap(), name]);
        let change = |chain: &mut Chain| chain.leaf.put(extension::SUBJECT_ALTERNATIVE_NAME, false, value);
        assert_eq!(found(change), expected, "{shown}");
    }
    let before = |chain: &mut Chain| {
        chain.leaf.dates = ("20260314235959Z".to_owned(), "20270101000000Z".to_owned());
        let names = [GeneralName::dns(HOST).unwrap(), GeneralName::dns("1.2.0.192.in-addr.arpa").unwrap()];
        chain.leaf.put(extension::SUBJECT_ALTERNATIVE_NAME, false, GeneralName::encode_all(&names));
    };
    assert_eq!(found(before), NONE, "zones of addresses were allowed until then");
}

#[test]
fn a_ca_signs_certificates_and_lists_and_says_so() {
    let usage = Extension::key_usage(&[KeyUsage::KeyCertSign, KeyUsage::CrlSign]).unwrap().value;
    let uncritical = |chain: &mut Chain| chain.middle.put(extension::KEY_USAGE, false, usage);
    assert_eq!(found(uncritical), [(1, "ca-key-usage")]);
    let no_lists = Extension::key_usage(&[KeyUsage::KeyCertSign]).unwrap().value;
    assert_eq!(found(|chain| chain.middle.put(extension::KEY_USAGE, true, no_lists)), [(1, "ca-key-usage")]);
    let none = |draft: &mut Draft| draft.extensions.retain(|one| one.oid != extension::KEY_USAGE);
    assert_eq!(found(|chain| none(&mut chain.middle)), [(1, "ca-key-usage")]);
    assert_eq!(found(|chain| none(&mut chain.root)), NONE);
}

/// The rules that a change breaks, each with its certificate's place.
fn found(change: impl FnOnce(&mut Chain)) -> Vec<(usize, &'static str)> {
    Chain::changed(change).faults().into_iter().map(|(at, rule, _)| (at, rule)).collect()
}

/// A leaf, its CA and a root. Nobody looks at their signatures.
struct Chain {
    leaf: Draft,
    middle: Draft,
    root: Draft,
}

impl Chain {
    fn changed(change: impl FnOnce(&mut Self)) -> Self {
        let authority = |subject, issuer| {
            let usages = Extension::key_usage(&[KeyUsage::KeyCertSign, KeyUsage::CrlSign]);
            let extensions = [Some(Extension::authority_constraints(None)), usages];
            Draft::of(subject, issuer, extensions.into_iter().flatten().collect())
        };
        let mut chain = Self {
            leaf: Draft::of(&format!("CN={HOST}"), "CN=Middle", leaf_extensions()),
            middle: authority("CN=Middle", "CN=Root"),
            root: authority("CN=Root", "CN=Root"),
        };
        change(&mut chain);
        chain
    }

    fn faults(&self) -> Vec<(usize, &'static str, String)> {
        let path = [&self.leaf, &self.middle, &self.root].map(Draft::certificate);
        let found = faults(&path.each_ref());
        found.into_iter().map(|fault| (fault.at, fault.rule.name, fault.message)).collect()
    }
}

fn leaf_extensions() -> Vec<Extension> {
    let server_auth = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
    let issuers = tlv::encoded(&ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2"));
    let address = tlv::wrapped(implicit(6), b"http://ca.example.com/ca.cer");
    let of = |oid, critical, value| Some(Extension { oid, critical, value });
    let extensions = [
        Extension::key_usage(&[KeyUsage::DigitalSignature]),
        Extension::extended_key_usage(&[server_auth]),
        Extension::subject_alternative_name(&[GeneralName::dns(HOST).unwrap()]),
        Some(Extension::authority_key_identifier(&[7; 20])),
        of(extension::BASIC_CONSTRAINTS, true, tlv::sequence(&[])),
        of(extension::CERTIFICATE_POLICIES, false, policies(&["2.23.140.1.2.1"])),
        of(
            extension::AUTHORITY_INFORMATION_ACCESS,
            false,
            tlv::sequence(&[&tlv::sequence(&[&issuers, &address])]),
        ),
    ];
    extensions.into_iter().flatten().collect()
}

fn policies(listed: &[&str]) -> Vec<u8> {
    let of = |text: &&str| tlv::sequence(&[&tlv::encoded(&ObjectIdentifier::new_unwrap(text))]);
    let listed: Vec<Vec<u8>> = listed.iter().map(of).collect();
    tlv::sequence(&listed.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// A certificate that is to be written.
struct Draft {
    serial: Vec<u8>,
    algorithm: Vec<u8>,
    issuer: DistinguishedName,
    /// As GeneralizedTime.
    dates: (String, String),
    subject: DistinguishedName,
    key: PublicKey,
    extensions: Vec<Extension>,
}

impl Draft {
    fn of(subject: &str, issuer: &str, extensions: Vec<Extension>) -> Self {
        Self {
            serial: vec![0x4c; 16],
            algorithm: SignatureAlgorithm::for_signing(KeyKind::P256).as_der().to_vec(),
            issuer: DistinguishedName::from_text(issuer).unwrap(),
            dates: ("20260401000000Z".to_owned(), "20260601000000Z".to_owned()),
            subject: DistinguishedName::from_text(subject).unwrap(),
            key: key(KeyKind::P256),
            extensions,
        }
    }

    /// In the place of the one that is there.
    fn put(&mut self, oid: ObjectIdentifier, critical: bool, value: Vec<u8>) {
        self.extensions.retain(|one| one.oid != oid);
        self.extensions.push(Extension { oid, critical, value });
    }

    fn certificate(&self) -> Certificate {
        let date = |text: &str| tlv::wrapped(Tag::GeneralizedTime, text.as_bytes());
        let signed = tlv::sequence(&[
            &tlv::wrapped(explicit(0), &tlv::encoded(&2u8)),
            &tlv::wrapped(Tag::Integer, &self.serial),
            &self.algorithm,
            self.issuer.as_der(),
            &tlv::sequence(&[&date(&self.dates.0), &date(&self.dates.1)]),
            self.subject.as_der(),
            self.key.as_der(),
            &tlv::wrapped(explicit(3), &Extension::encode_all(&self.extensions)),
        ]);
        let signature = tlv::wrapped(Tag::BitString, &[0, 1]);
        Certificate::from_der(&tlv::sequence(&[&signed, &self.algorithm, &signature])).unwrap()
    }
}

fn key(kind: KeyKind) -> PublicKey {
    PrivateKey::generate(kind).unwrap().public_key().clone()
}

fn implicit(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: false, number: TagNumber(number) }
}

fn explicit(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// `YYYYMMDD` of the next day.
fn day_after(date: &str) -> String {
    let noon = crate::time::UnixTime::from_generalized_time(format!("{date}120000Z").as_bytes()).unwrap();
    noon.plus_seconds(86_400).date().replace('-', "")
}

const HOST: &str = "www.example.com";

/// No fault.
const NONE: [(usize, &str); 0] = [];
