//! Any bytes as certificate, revocation list, bundle, request and answer to be judged: they are read or refused, and
//! nothing panics. What a fuzzer does without end (`fuzz/`), bounded, for machines without a nightly toolchain.
//!
//! As many cases as `PROPTEST_CASES` says, [`CASES`] without it.

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "it is a library where it lives")]
mod inputs;
#[path = "support/made.rs"]
mod made;
#[path = "support/seeds.rs"]
mod seeds;

use std::sync::LazyLock;

use coldcert::pem;
use proptest::prelude::*;
use proptest::sample::Index;

use seeds::{Kind, Seed};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn bytes_of_no_kind_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_as_everything(&bytes);
    }

    /// Tags of certificates with lengths that are nearly right: deeper than plain bytes come.
    #[test]
    fn elements_in_any_order_are_read_or_refused(element in element()) {
        read_as_everything(&element);
    }

    #[test]
    fn changed_inputs_are_read_or_refused(
        seed in any::<Index>(),
        other in any::<Index>(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let (seed, other) = (seed.get(&SEEDS), other.get(&SEEDS));
        let mut bytes = seed.bytes.clone();
        for change in &changes {
            change.apply(&mut bytes, &other.bytes);
        }
        read_as(seed.kind, &bytes);
    }

    /// One element of an input replaced by one of another, lengths around it mended: what is wrong is inside.
    #[test]
    fn grafted_inputs_are_read_or_refused(
        seed in any::<Index>(),
        other in any::<Index>(),
        grafts in prop::collection::vec((any::<Index>(), any::<Index>(), 0..4usize), 1..4),
    ) {
        let (seed, other) = (seed.get(&SEEDS), other.get(&SEEDS));
        let scions = elements_of(&other.bytes);
        let mut bytes = seed.bytes.clone();
        for (at, scion, times) in grafts {
            let places = elements_of(&bytes);
            if !places.is_empty() && !scions.is_empty() {
                let scion = &other.bytes[scion.get(&scions).clone()];
                bytes = grafted(&bytes, at.get(&places), &scion.repeat(times));
            }
        }
        read_as(seed.kind, &bytes);
    }
}

#[test]
fn every_seed_is_read_as_what_it_is() {
    assert!(SEEDS.len() >= seeds::MADE, "{}", SEEDS.len());
    for seed in SEEDS.iter() {
        read_as(seed.kind, &seed.bytes);
    }
}

/// What the grafts rest on: an element replaced by itself leaves all as it was.
#[test]
fn an_element_grafted_onto_its_own_place_changes_nothing() {
    for seed in SEEDS.iter().filter(|seed| seed.kind != Kind::Bundle).take(seeds::MADE) {
        let places = elements_of(&seed.bytes);
        assert!(places.len() > 20, "{:?}: {}", seed.kind, places.len());
        for place in places {
            assert_eq!(grafted(&seed.bytes, &place, &seed.bytes[place.clone()]), seed.bytes);
        }
    }
}

/// What proptest's own default makes of the environment, with fewer cases.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    config
}

fn read_as(kind: Kind, bytes: &[u8]) {
    match kind {
        Kind::Certificate => {
            inputs::certificate(bytes);
            // With a sound one to be its issuer, and as PEM.
            inputs::judge(&[bytes, &SEEDS[0].bytes].concat());
            inputs::bundle(pem::write("CERTIFICATE", bytes).as_bytes());
        }
        Kind::RevocationList => inputs::revocation_list(bytes),
        Kind::Request => inputs::request(bytes),
        Kind::Bundle => {
            inputs::bundle(bytes);
            inputs::judge(bytes);
            inputs::inspect(bytes);
        }
        Kind::Pkcs12 => {
            inputs::pkcs12(bytes);
            inputs::bundle(bytes);
        }
    }
}

fn read_as_everything(bytes: &[u8]) {
    for kind in [Kind::Certificate, Kind::RevocationList, Kind::Request, Kind::Bundle, Kind::Pkcs12] {
        read_as(kind, bytes);
    }
}

#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Set(Index, u8),
    /// A length octet, or what may be one.
    Length(Index, Vec<u8>),
    Cut(Index),
    Leave(Index, Index),
    Splice(Index, Index, Index),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>, other: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Flip(at, bit) => *at.get_mut(bytes) ^= 1 << (bit % 8),
            Self::Set(at, byte) => *at.get_mut(bytes) = *byte,
            Self::Length(at, octets) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at + 1, octets.iter().copied());
            }
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Leave(from, to) => {
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                bytes.drain(from.min(to)..from.max(to));
            }
            Self::Splice(at, from, to) => {
                let (from, to) = (from.index(other.len()), to.index(other.len()));
                let at = at.index(bytes.len());
                bytes.splice(at..at, other[from.min(to)..from.max(to)].iter().copied());
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let length = prop::sample::select(vec![
        vec![0x80],
        vec![0x81, 0x00],
        vec![0x84, 0xff, 0xff, 0xff, 0xff],
        vec![0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x00],
        vec![0x7f],
    ]);
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<Index>(), length).prop_map(|(at, octets)| Change::Length(at, octets)),
        any::<Index>().prop_map(Change::Cut),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Leave(from, to)),
        (any::<Index>(), any::<Index>(), any::<Index>())
            .prop_map(|(at, from, to)| Change::Splice(at, from, to)),
    ]
}

/// An element of elements, with tags that certificates have.
fn element() -> impl Strategy<Value = Vec<u8>> {
    let tag = prop::sample::select(vec![
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x18, 0x80, 0x82, 0x86, 0x87, 0xa0, 0xa3, 0xa4,
        0x1f, 0xbf,
    ]);
    let leaf =
        (tag, prop::collection::vec(any::<u8>(), 0..12)).prop_map(|(tag, content)| made::tlv(tag, &content));
    leaf.prop_recursive(6, 60, 8, |inner| {
        (prop::sample::select(vec![0x30, 0x30, 0x31, 0xa0, 0xa3]), prop::collection::vec(inner, 0..8))
            .prop_map(|(tag, parts)| made::tlv(tag, &parts.concat()))
    })
}

/// Where the elements of some DER lie, at every depth, the inner ones too.
fn elements_of(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut open = vec![(0, bytes.len())];
    while let Some((mut at, end)) = open.pop() {
        while let Some((header, length)) = header(&bytes[at..end]) {
            found.push(at..at + header + length);
            if bytes[at] & 0x20 != 0 || bytes[at] == 0x04 {
                open.push((at + header, at + header + length));
            }
            at += header + length;
        }
    }
    found
}

/// The octets of tag and length, and those of the content; none where there is no whole element.
fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    let first = usize::from(*bytes.get(1)?);
    let (header, length) = match first {
        0..=0x7f => (2, first),
        0x81..=0x83 => {
            let octets = bytes.get(2..2 + (first & 0x7f))?;
            (2 + octets.len(), octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)))
        }
        _ => return None,
    };
    (header + length <= bytes.len()).then_some((header, length))
}

/// The bytes with other ones at the place of an element, and the lengths of all elements around it mended.
fn grafted(bytes: &[u8], place: &std::ops::Range<usize>, scion: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some((header, length)) = header(&bytes[at..]) {
        let end = at + header + length;
        if *place == (at..end) {
            out.extend_from_slice(scion);
        } else if place.start >= at + header && place.end <= end {
            let inner = place.start - at - header..place.end - at - header;
            out.extend(made::tlv(bytes[at], &grafted(&bytes[at + header..end], &inner, scion)));
        } else {
            out.extend_from_slice(&bytes[at..end]);
        }
        at = end;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(seeds::all);

/// Of each kind of change: a few seconds together.
const CASES: u32 = 2_000;
