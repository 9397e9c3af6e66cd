//! Paths of made-up certificates, unsigned, and what their names break.

use std::sync::LazyLock;

use der::{Tag, TagNumber};

use super::{COMPARISONS_MAX, faults};
use crate::certificate::Certificate;
use crate::extension::{Extension, NAME_CONSTRAINTS};
use crate::key::{PrivateKey, PublicKey, SignatureAlgorithm, Signer};
use crate::name::{DistinguishedName, GeneralName, Oid};
use crate::policy::KeyKind;
use crate::tlv;

#[test]
fn a_wildcard_is_every_name_that_it_stands_for() {
    for (permitted, excluded, name, broken) in [
        ("example.com", "", "*.example.com", None),
        ("example.com", "", "*.a.example.com", None),
        ("a.example.com", "", "*.example.com", Some("name-not-permitted")),
        (".example.com", "", "*.example.com", None),
        ("", "a.example.com", "*.example.com", Some("name-excluded")),
        ("", "b.a.example.com", "*.example.com", None),
        ("", ".a.example.com", "*.example.com", None),
        ("", ".example.com", "*.example.com", Some("name-excluded")),
        ("", "example.com", "*.example.com", Some("name-excluded")),
        ("", "other.com", "*.example.com", None),
        ("example.com", "", "w*.example.com", Some("name-malformed")),
        ("example.com", "", "*", Some("name-malformed")),
    ] {
        let ca = constraints(false, &dns(permitted), &dns(excluded));
        assert_eq!(refusals(&[leaf(&dns(name)), authority("CA", ca)]), Vec::from_iter(broken), "{name}");
    }
}

#[test]
fn an_empty_name_constrains_all_names_of_its_form() {
    let everything = [GeneralName::Raw { tag: 0x82, content: vec![] }];
    let ca = || authority("CA", constraints(true, &[], &everything));
    assert_eq!(refusals(&[leaf(&dns("example.com")), ca()]), ["name-excluded"]);
    assert!(refusals(&[leaf(&[GeneralName::ip("192.0.2.1").unwrap()]), ca()]).is_empty());
}

#[test]
fn uris_are_constrained_by_their_hosts() {
    let uri = |text: &str| vec![GeneralName::uri(text).unwrap()];
    for (permitted, name, broken) in [
        ("example.com", "https://example.com/x", None),
        ("example.com", "https://a.example.com/x", Some("name-not-permitted")),
        (".example.com", "https://a.b.example.com/x", None),
        (".example.com", "https://example.com/x", Some("name-not-permitted")),
        (".example.com", "https://192.0.2.1/x", Some("name-malformed")),
        (".example.com", "urn:uuid:1", Some("name-malformed")),
    ] {
        let ca = constraints(true, &uri(permitted), &[]);
        assert_eq!(refusals(&[leaf(&uri(name)), authority("CA", ca)]), Vec::from_iter(broken), "{name}");
    }
}

#[test]
fn a_mailbox_in_another_form_is_a_mailbox() {
    let permitted = [GeneralName::email("example.com").unwrap()];
    let mailbox = |value_der: &[u8]| GeneralName::Other {
        oid: Oid::from_text("1.3.6.1.5.5.7.8.9").unwrap(),
        value_der: value_der.to_vec(),
    };
    for (name, broken) in [
        (mailbox("\x0c\x10zoë@example.com".as_bytes()), None),
        (mailbox("\x0c\x10zoë@example.org".as_bytes()), Some("name-not-permitted")),
        (mailbox(b"\x05\x00"), Some("name-malformed")),
    ] {
        let path = [leaf(&[name]), authority("CA", constraints(true, &permitted, &[]))];
        assert_eq!(refusals(&path), Vec::from_iter(broken));
    }
    let subject = certificate("CN=a, E=ada@example.org", "CN=CA", &[]);
    let path = [subject, authority("CA", constraints(true, &permitted, &[]))];
    assert_eq!(refusals(&path), ["name-not-permitted"]);
}

#[test]
fn other_names_are_refused_where_their_type_is_constrained_critical_or_not() {
    let upn = || vec![GeneralName::upn("ada@example.com").unwrap()];
    let registered = vec![GeneralName::RegisteredId(Oid::from_text("2.999.1").unwrap())];
    let ca = |critical| authority("CA", constraints(critical, &upn(), &[]));
    assert_eq!(refusals(&[leaf(&upn()), ca(true)]), ["name-constraint-not-understood"]);
    assert_eq!(refusals(&[leaf(&upn()), ca(false)]), ["name-constraint-not-understood"]);
    assert!(refusals(&[leaf(&registered), ca(true)]).is_empty());
}

#[test]
fn a_self_issued_certificate_is_free_unless_it_ends_the_path() {
    let root = || authority("Root", constraints(true, &[], &dns("example.com")));
    let rolled = |names| certificate("CN=CA", "CN=CA", &[san(names), Extension::authority_constraints(None)]);
    let own = dns("www.example.com");
    assert!(refusals(&[leaf(&dns("other.com")), rolled(&own), root()]).is_empty());
    assert_eq!(refusals(&[rolled(&own), root()]), ["name-excluded"]);
}

#[test]
fn constraints_bind_all_below_and_a_fault_names_both_sides() {
    let (excluded, permitted) = (dns("bad.example.com"), dns("example.com"));
    let path = [
        leaf(&[dns("x.bad.example.com"), dns("a.test"), dns("b.test")].concat()),
        authority("Issuing", constraints(true, &[], &excluded)),
        certificate("CN=Middle", "CN=Root", &[san(&dns("middle.test"))]),
        authority("Root", constraints(true, &permitted, &[])),
    ];
    let found = faults(&path.each_ref(), &mut COMPARISONS_MAX.clone());
    let found: Vec<_> = found.iter().map(|fault| (fault.at, fault.message.as_str())).collect();
    assert_eq!(
        found,
        [
            (0, "dns:x.bad.example.com lies in dns:bad.example.com, which CN=Issuing excludes"),
            (
                0,
                "dns:a.test (and 1 more name) is not among the dns names that CN=Root permits: dns:example.com"
            ),
            (2, "dns:middle.test is not among the dns names that CN=Root permits: dns:example.com"),
        ]
    );
}

#[test]
fn the_budget_is_spent_and_its_end_is_said_once() {
    let names: Vec<GeneralName> = (0..10).map(|n| GeneralName::dns(&format!("a{n}.test")).unwrap()).collect();
    let path = [leaf(&names), authority("CA", constraints(true, &dns("test"), &dns("example.com")))];
    let mut budget = 30;
    assert!(faults(&path.each_ref(), &mut budget).is_empty());
    assert_eq!(budget, 10);
    let found = faults(&path.each_ref(), &mut budget);
    assert_eq!(found.iter().map(|fault| fault.rule.name).collect::<Vec<_>>(), ["name-constraint-budget"]);
    assert!(found[0].message.starts_with("10 names against 2 constraints of CN=CA"));
}

#[test]
fn alternative_names_that_cannot_be_read_are_not_passed_over() {
    let damaged = Extension { value: vec![0x30, 0x02, 0x82, 0x05], ..san(&dns("a")) };
    let path = [
        certificate("CN=a", "CN=CA", &[damaged]),
        authority("CA", constraints(true, &dns("example.com"), &[])),
    ];
    assert_eq!(refusals(&path), ["name-malformed"]);
}

/// The rules broken in RFC 5280's profile.
fn refusals<const N: usize>(path: &[Certificate; N]) -> Vec<&'static str> {
    use crate::verdict::rule::{Profile, Severity};
    let found = faults(&path.each_ref(), &mut COMPARISONS_MAX.clone());
    let rules = found.iter().map(|fault| fault.rule);
    rules
        .filter(|rule| rule.severity_in(Profile::Rfc5280) == Some(Severity::Refuse))
        .map(|rule| rule.name)
        .collect()
}

/// One name as it stands; none for an empty text.
fn dns(text: &str) -> Vec<GeneralName> {
    GeneralName::dns(text).into_iter().collect()
}

fn leaf(names: &[GeneralName]) -> Certificate {
    certificate("CN=leaf", "CN=CA", &[san(names)])
}

fn authority(name: &str, constraints: Extension) -> Certificate {
    certificate(&format!("CN={name}"), "CN=Root", &[Extension::authority_constraints(None), constraints])
}

fn san(names: &[GeneralName]) -> Extension {
    Extension::subject_alternative_name(names).expect("a name")
}

fn constraints(critical: bool, permitted: &[GeneralName], excluded: &[GeneralName]) -> Extension {
    let list = |number, names: &[GeneralName]| {
        let bases = GeneralName::encode_all(names);
        let bases = tlv::sequence_parts(&bases).expect("names");
        let subtrees: Vec<Vec<u8>> = bases.iter().map(|base| tlv::sequence(&[base.whole])).collect();
        let tag = Tag::ContextSpecific { constructed: true, number: TagNumber(number) };
        if names.is_empty() { Vec::new() } else { tlv::wrapped(tag, &subtrees.concat()) }
    };
    let value = tlv::sequence(&[&list(0, permitted), &list(1, excluded)]);
    Extension { oid: NAME_CONSTRAINTS, critical, value }
}

/// A certificate that nobody signed.
fn certificate(subject: &str, issuer: &str, extensions: &[Extension]) -> Certificate {
    let name = |text| DistinguishedName::from_text(text).expect("a name");
    let algorithm = SignatureAlgorithm::for_signing(KeyKind::P256);
    let date: &[u8] = b"\x17\x0d260101000000Z";
    let explicit = Tag::ContextSpecific { constructed: true, number: TagNumber(3) };
    let signed = tlv::sequence(&[
        &[0xa0, 3, 2, 1, 2],
        &[2, 1, 1],
        algorithm.as_der(),
        name(issuer).as_der(),
        &tlv::sequence(&[date, date]),
        name(subject).as_der(),
        KEY.as_der(),
        &tlv::wrapped(explicit, &Extension::encode_all(extensions)),
    ]);
    Certificate::from_der(&tlv::sequence(&[&signed, algorithm.as_der(), &[3, 1, 0]])).expect("a certificate")
}

static KEY: LazyLock<PublicKey> =
    LazyLock::new(|| PrivateKey::generate(KeyKind::P256).expect("a key").public_key().clone());
