//! Certificates and CRLs that other readers are lenient with: each accepted one here would be a way around a rule.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/made.rs"]
mod made;

use coldcert::bundle::{Bundle, Given, Origin};
use coldcert::certificate::Certificate;
use coldcert::crl::CertificateRevocationList;
use coldcert::time::UnixTime;
use coldcert::verdict::{Profile, Question, Severity, Terms, Verdict};

use made::{Draft, Key, Kind, common_name, extension, oid, sequence, tlv};

/// A certificate of a key, by another.
fn draft(subject: &str, key: &Key, issuer: &str, by: &Key, extensions: Vec<Vec<u8>>) -> Draft {
    Draft {
        version: Some(2),
        serial: vec![0x11],
        algorithm: by.algorithm(),
        issuer: common_name(issuer),
        not_before: tlv(0x17, b"260101000000Z"),
        not_after: tlv(0x17, b"361231235959Z"),
        subject: common_name(subject),
        public_key_info: key.public_key_info(),
        extensions: Some(extensions),
    }
}

fn leaf_extensions(issuer: &[u8]) -> Vec<Vec<u8>> {
    let names = sequence(&[tlv(0x82, b"www.example.com")]);
    vec![extension("2.5.29.17", false, &names), named_issuer(issuer)]
}

fn named_issuer(identifier: &[u8]) -> Vec<u8> {
    extension("2.5.29.35", false, &sequence(&[tlv(0x80, identifier)]))
}

fn authority_extensions(own: &[u8], issuer: &[u8]) -> Vec<Vec<u8>> {
    vec![
        extension("2.5.29.19", true, &sequence(&[tlv(0x01, &[0xff])])),
        extension("2.5.29.15", true, &tlv(0x03, &[1, 6])),
        extension("2.5.29.14", false, &tlv(0x04, own)),
        named_issuer(issuer),
    ]
}

/// What is signed, with more behind its last field, or its fields otherwise.
fn changed(signed: &[u8], by: &Key, change: impl Fn(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let mut fields = Vec::new();
    let (_, mut rest) = split(signed);
    while !rest.is_empty() {
        let (field, inside) = split(rest);
        let length = field + inside.len();
        fields.push(rest[..length].to_vec());
        rest = &rest[length..];
    }
    change(&mut fields);
    by.signed(sequence(&fields))
}

/// The length of a header, and the contents behind it.
fn split(der: &[u8]) -> (usize, &[u8]) {
    match der[1] {
        0x81 => (3, &der[3..3 + usize::from(der[2])]),
        0x82 => (4, &der[4..4 + (usize::from(der[2]) << 8 | usize::from(der[3]))]),
        short => (2, &der[2..2 + usize::from(short)]),
    }
}

#[test]
fn a_certificate_has_the_fields_of_rfc_5280_in_their_order_and_no_others() {
    let key = Key::of(Kind::P256, 0);
    let plain = draft("www", key, "www", key, leaf_extensions(&key.identifier())).to_be_signed();
    assert!(Certificate::from_der(&changed(&plain, key, |_| {})).is_ok());
    let critical = sequence(&[extension("1.2.3.4", true, &[5, 0])]);
    type Change = (&'static str, Box<dyn Fn(&mut Vec<Vec<u8>>)>);
    let changes: [Change; 8] = [
        ("a second block of extensions", {
            let block = tlv(0xa3, &critical);
            Box::new(move |fields| fields.push(block.clone()))
        }),
        ("a block of extensions that is primitive", {
            let block = tlv(0x83, &critical);
            Box::new(move |fields| fields.push(block.clone()))
        }),
        ("a field [4]", Box::new(|fields| fields.push(tlv(0xa4, &[5, 0])))),
        ("a NULL", Box::new(|fields| fields.push(vec![5, 0]))),
        ("a unique identifier behind the extensions", Box::new(|fields| fields.push(tlv(0x81, &[0, 1])))),
        ("version 4", Box::new(|fields| fields[0] = tlv(0xa0, &tlv(2, &[3])))),
        ("a serial number with a zero too much", Box::new(|fields| fields[1] = tlv(2, &[0, 0, 1]))),
        ("two unique identifiers in the wrong order", {
            Box::new(|fields| {
                let last = fields.len() - 1;
                fields.insert(last, tlv(0x81, &[0, 1]));
                fields.insert(last, tlv(0x82, &[0, 1]));
            })
        }),
    ];
    for (what, change) in &changes {
        let read = Certificate::from_der(&changed(&plain, key, change));
        assert!(read.is_err(), "{what}");
    }
    let both = |fields: &mut Vec<Vec<u8>>| {
        let last = fields.len() - 1;
        fields.insert(last, tlv(0x82, &[0, 1]));
        fields.insert(last, tlv(0x81, &[0, 1]));
    };
    assert!(Certificate::from_der(&changed(&plain, key, both)).is_ok(), "both unique identifiers");
    // A signature of bits that are no octets.
    let mut bits = changed(&plain, key, |_| {});
    let at = bits.len() - split(&bits[bits.len() - 72..]).1.len();
    let at = (0..at)
        .rev()
        .find(|at| bits[*at] == 0x03 && usize::from(bits[at + 1]) == bits.len() - at - 2)
        .unwrap();
    bits[at + 2] = 1;
    assert!(Certificate::from_der(&bits).is_err(), "unused bits");
}

#[test]
fn a_crl_with_extensions_is_of_version_2() {
    let key = Key::of(Kind::P256, 0);
    let list = made::revocation_list(key, "ca", &[1]);
    let (header, inside) = split(&list);
    let signed = &list[header..];
    assert!(CertificateRevocationList::from_der(&list).is_ok() && !inside.is_empty());
    let without = changed(signed, key, |fields| {
        fields.remove(0);
    });
    assert!(CertificateRevocationList::from_der(&without).is_err());
}

struct Answer {
    bundle: Bundle,
    leaf: Certificate,
    terms: Terms,
}

impl Answer {
    fn of(chain: &[Vec<u8>], anchors: &[Vec<u8>]) -> Self {
        let given = |der: &Vec<u8>| Given {
            certificate: Certificate::from_der(der).unwrap(),
            place: Origin::of_file("answer"),
        };
        let mut terms = Terms::of(Profile::Rfc5280);
        terms.anchors = anchors.iter().map(|der| Certificate::from_der(der).unwrap()).collect();
        let bundle = Bundle::of(chain.iter().map(given).collect());
        Self { leaf: bundle.certificates[0].certificate.clone(), bundle, terms }
    }

    /// The rules that refuse, and the others' beside them.
    fn rules(&self) -> (bool, Vec<&'static str>) {
        let at = UnixTime::from_rfc3339("2026-06-01T00:00:00Z").unwrap();
        let question = Question::new("www", self.leaf.public_key(), &self.bundle, at, &self.terms);
        let verdict = Verdict::judge(&question);
        let findings = verdict.findings().iter().filter(|one| one.severity != Severity::Note);
        (verdict.is_accepted(), findings.map(|one| one.rule.name).collect())
    }
}

/// A leaf, its CA, and the root above.
fn chain() -> (Vec<Vec<u8>>, Vec<u8>) {
    let (leaf, ca, root) = (Key::of(Kind::P256, 0), Key::of(Kind::P256, 1), Key::of(Kind::P384, 0));
    let (ca_id, root_id) = (ca.identifier(), root.identifier());
    let made = |draft: Draft, by: &Key| by.signed(draft.to_be_signed());
    let root_certificate =
        made(draft("root", root, "root", root, authority_extensions(&root_id, &root_id)), root);
    let ca_certificate = made(draft("ca", ca, "root", root, authority_extensions(&ca_id, &root_id)), root);
    let leaf_certificate = made(draft("www", leaf, "ca", ca, leaf_extensions(&ca_id)), ca);
    (vec![leaf_certificate, ca_certificate], root_certificate)
}

#[test]
fn of_two_crls_of_one_moment_the_higher_number_counts_wherever_it_stands() {
    let (given, root) = chain();
    let ca = Key::of(Kind::P256, 1);
    let list = |number: u8, serials: &[u8]| {
        let plain = made::revocation_list(ca, "ca", serials);
        let number =
            sequence(&[extension("2.5.29.20", false, &tlv(0x02, &[number])), named_issuer(&ca.identifier())]);
        let (header, _) = split(&plain);
        let list = changed(&plain[header..], ca, |fields| *fields.last_mut().unwrap() = tlv(0xa0, &number));
        CertificateRevocationList::from_der(&list).unwrap()
    };
    for reversed in [false, true] {
        let mut answer = Answer::of(&given, std::slice::from_ref(&root));
        answer.terms.crls = vec![list(1, &[0x55]), list(2, &[0x11])];
        if reversed {
            answer.terms.crls.reverse();
        }
        let (accepted, rules) = answer.rules();
        assert!(!accepted && rules.contains(&"revoked"), "{rules:?}");
    }
}

#[test]
fn a_certificate_of_the_same_key_under_another_key_identifier_is_tried_too() {
    let (mut given, root) = chain();
    let (ca, other) = (Key::of(Kind::P256, 1), Key::of(Kind::P384, 1));
    // The CA's key, certified by a root that nobody trusts under the identifier that the leaf names, and by the trusted
    // one under another.
    let by_other =
        draft("ca", ca, "other", other, authority_extensions(&ca.identifier(), &other.identifier()));
    let root_key = Key::of(Kind::P384, 0);
    let by_root = draft("ca", ca, "root", root_key, authority_extensions(&[9; 20], &root_key.identifier()));
    given[1] = other.signed(by_other.to_be_signed());
    given.push(root_key.signed(by_root.to_be_signed()));
    let (accepted, rules) = Answer::of(&given, &[root]).rules();
    assert_eq!((accepted, rules), (true, vec!["key-identifiers-differ"]));
}

#[test]
fn who_signs_crls_for_a_ca_is_validated_as_any_certificate() {
    let (given, root) = chain();
    let (ca, signer) = (Key::of(Kind::P256, 1), Key::of(Kind::P256, 2));
    let sound = || {
        vec![
            extension("2.5.29.15", true, &tlv(0x03, &[1, 2])),
            extension("2.5.29.14", false, &tlv(0x04, &signer.identifier())),
            named_issuer(&ca.identifier()),
        ]
    };
    let with = |more: Vec<u8>| {
        let mut all = sound();
        all.push(more);
        all
    };
    let told = |extensions: Vec<Vec<u8>>| {
        let mut given = given.clone();
        given.push(ca.signed(draft("ca", signer, "ca", ca, extensions).to_be_signed()));
        let mut answer = Answer::of(&given, std::slice::from_ref(&root));
        let list = made::revocation_list(signer, "ca", &[0x11]);
        answer.terms.crls = vec![CertificateRevocationList::from_der(&list).unwrap()];
        let (accepted, rules) = answer.rules();
        assert_eq!(!accepted, rules.contains(&"revoked"), "{rules:?}");
        !accepted
    };
    assert!(told(sound()), "a sound signer");
    assert!(!told(with(extension("1.2.3.4", true, &[5, 0]))), "a critical extension that nobody knows");
    assert!(!told(with(extension("2.5.29.14", false, &tlv(0x04, &[1])))), "an extension that stands twice");
}

#[test]
fn a_pss_key_signs_by_pss_alone_and_by_its_own_parameters() {
    let (_, root) = chain();
    let (leaf, ca) = (Key::of(Kind::P256, 0), Key::of(Kind::Rsa, 0));
    let root_key = Key::of(Kind::P384, 0);
    let rsa = ca.public_key_info();
    let (header, inside) = split(&rsa);
    let (identifier, _) = split(&rsa[header..]);
    let identifier_length = identifier + split(&rsa[header..]).1.len();
    let for_pss = |parameters: Vec<Vec<u8>>| {
        let algorithm = sequence(&[vec![oid("1.2.840.113549.1.1.10")], parameters].concat());
        sequence(&[algorithm, inside[identifier_length..].to_vec()])
    };
    let mut authority =
        draft("ca", ca, "root", root_key, authority_extensions(&ca.identifier(), &root_key.identifier()));
    let given = |authority: &Draft| {
        let leaf = ca.signed(draft("www", leaf, "ca", ca, leaf_extensions(&ca.identifier())).to_be_signed());
        vec![leaf, root_key.signed(authority.to_be_signed())]
    };
    assert!(Answer::of(&given(&authority), std::slice::from_ref(&root)).rules().0);
    authority.public_key_info = for_pss(Vec::new());
    let (accepted, rules) = Answer::of(&given(&authority), &[root]).rules();
    assert!(!accepted && rules.contains(&"bad-signature"), "{rules:?}");
}
