//! The judge's own limits: how far it searches, how much it compares. What is beyond is a finding.

use coldcert::bundle::{Bundle, Source};
use coldcert::certificate::Certificate;
use coldcert::chain::{INTERMEDIATES_MAX, SIGNATURES_MAX};
use coldcert::crl::CertificateRevocationList;
use coldcert::time::UnixTime;
use coldcert::verdict::{Profile, Question, Terms, Verdict};

use crate::made::{self, Draft, Key, Kind, extension, oid, sequence, tlv};
use crate::{Case, case, not_asked};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "intermediates",
            INTERMEDIATES_MAX,
            || found(&chain(17), "path-not-found"),
            || {
                assert_eq!(found(&chain(16), "path-not-found"), "");
            },
        ),
        case("search", SIGNATURES_MAX, || found(&crosswise(), "path-not-found"), not_asked),
        case(
            "name-comparisons",
            1 << 20,
            || found(&constrained(1_025), "name-constraint-budget"),
            || {
                assert_eq!(found(&constrained(1_000), "name-constraint-budget"), "");
            },
        ),
        case(
            "policies",
            1 << 15,
            || found(&under_policies(16_383), "no-valid-policy"),
            || {
                assert_eq!(found(&under_policies(16_382), "no-valid-policy"), "");
            },
        ),
        case(
            "crl-keys",
            16,
            || signed_by_none_of(17),
            || {
                let said = signed_by_none_of(16);
                assert!(!said.contains("more than 16"), "{said}");
            },
        ),
    ]
}

/// What the rule's finding says of an answer, whose last certificate is trusted; nothing where there is none.
fn found(certificates: &[Vec<u8>], rule: &str) -> String {
    judged(certificates, Vec::new(), rule)
}

fn judged(certificates: &[Vec<u8>], crls: Vec<CertificateRevocationList>, rule: &str) -> String {
    let (anchor, given) = certificates.split_last().expect("an anchor");
    let bundle = Bundle::read(&[Source { name: "answer", bytes: &given.concat() }]).expect("certificates");
    let key = bundle.certificates[0].certificate.public_key().clone();
    let mut terms = Terms::of(Profile::Rfc5280);
    terms.anchors = vec![Certificate::from_der(anchor).expect("an anchor")];
    terms.crls = crls;
    let at = UnixTime::from_utc_time(b"261122180000Z").expect("a time");
    let verdict = Verdict::judge(&Question::new("www", &key, &bundle, at, &terms));
    let finding = verdict.findings().iter().find(|finding| finding.rule.name == rule);
    finding.map_or_else(String::new, |finding| {
        assert!(!finding.help.is_empty());
        finding.message.clone()
    })
}

fn signed(by: (&Key, &str), key: &Key, name: &str, extensions: &[Vec<u8>]) -> Vec<u8> {
    let draft = Draft {
        version: Some(2),
        serial: vec![0x11],
        algorithm: by.0.algorithm(),
        issuer: made::common_name(by.1),
        not_before: tlv(0x17, b"260101000000Z"),
        not_after: tlv(0x17, b"361231235959Z"),
        subject: made::common_name(name),
        public_key_info: key.public_key_info(),
        extensions: Some(extensions.to_vec()),
    };
    by.0.signed(draft.to_be_signed())
}

fn ca() -> Vec<Vec<u8>> {
    vec![extension("2.5.29.19", true, &sequence(&[tlv(1, &[0xff])]))]
}

/// A leaf, so many CAs, a root.
fn chain(intermediates: usize) -> Vec<Vec<u8>> {
    let keys: Vec<Key> = (0..intermediates + 2).map(|_| Key::generate(Kind::P256)).collect();
    let name = |place: usize| format!("CA {place}");
    let above = |place: usize| (place + 1).min(intermediates + 1);
    let of = |place: usize| {
        let extensions = if place == 0 { Vec::new() } else { ca() };
        signed((&keys[above(place)], &name(above(place))), &keys[place], &name(place), &extensions)
    };
    (0..intermediates + 2).map(of).collect()
}

/// Layers of CAs, each certified by each of the next, and none by the root.
fn crosswise() -> Vec<Vec<u8>> {
    let keys: Vec<Vec<Key>> = (0..6).map(|_| (0..4).map(|_| Key::generate(Kind::P256)).collect()).collect();
    let name = |layer: usize| format!("Layer {layer}");
    let leaf = Key::generate(Kind::P256);
    let mut all = vec![signed((&keys[0][0], &name(0)), &leaf, "Leaf", &[])];
    for layer in 0..5 {
        for key in &keys[layer] {
            let above = keys[layer + 1].iter();
            all.extend(above.map(|above| signed((above, &name(layer + 1)), key, &name(layer), &ca())));
        }
    }
    let root = Key::generate(Kind::P256);
    all.push(signed((&root, "Root"), &root, "Root", &ca()));
    all
}

/// A leaf of 1,024 names below a CA of so many constraints.
fn constrained(constraints: u32) -> Vec<Vec<u8>> {
    let (root, authority, leaf) = (Key::of(Kind::P256, 1), Key::of(Kind::P256, 2), Key::of(Kind::P256, 3));
    let hosts: Vec<Vec<u8>> =
        (0..1_024).map(|number: u32| tlv(0x82, format!("{number:x}.a").as_bytes())).collect();
    let subtrees: Vec<Vec<u8>> =
        (0..constraints).map(|number| sequence(&[tlv(0x82, format!("x{number:x}.b").as_bytes())])).collect();
    let constraints = extension("2.5.29.30", true, &sequence(&[tlv(0xa1, &subtrees.concat())]));
    vec![
        signed((authority, "CA"), leaf, "Leaf", &[extension("2.5.29.17", false, &sequence(&hosts))]),
        signed((root, "Root"), authority, "CA", &[ca(), vec![constraints]].concat()),
        signed((root, "Root"), root, "Root", &ca()),
    ]
}

/// A leaf of one policy below a CA of so many, which asks that one hold.
fn under_policies(count: u32) -> Vec<Vec<u8>> {
    let (root, authority, leaf) = (Key::of(Kind::P256, 1), Key::of(Kind::P256, 2), Key::of(Kind::P256, 3));
    let policies = |count: u32| {
        let policies: Vec<Vec<u8>> =
            (0..count).map(|number| sequence(&[oid(&format!("1.2.{number}"))])).collect();
        extension("2.5.29.32", false, &sequence(&policies))
    };
    let demand = extension("2.5.29.36", true, &sequence(&[tlv(0x80, &[0])]));
    vec![
        signed((authority, "CA"), leaf, "Leaf", &[policies(1)]),
        signed((root, "Root"), authority, "CA", &[ca(), vec![policies(count), demand]].concat()),
        signed((root, "Root"), root, "Root", &ca()),
    ]
}

/// A list that bears a name of so many keys, and is signed by another one.
fn signed_by_none_of(keys: usize) -> String {
    let others: Vec<Key> = (0..keys).map(|_| Key::generate(Kind::P256)).collect();
    let (root, leaf) = (Key::of(Kind::P256, 1), Key::of(Kind::P256, 3));
    let list = made::revocation_list(&Key::generate(Kind::P256), "CA", &[1]);
    let list = CertificateRevocationList::from_der(&list).expect("a list");
    let mut all = vec![signed((&others[0], "CA"), leaf, "Leaf", &[])];
    all.extend(others.iter().map(|key| signed((root, "Root"), key, "CA", &ca())));
    all.push(signed((root, "Root"), root, "Root", &ca()));
    judged(&all, vec![list], "revocation-unknown")
}
