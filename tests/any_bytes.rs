//! Any bytes to every parser that faces foreign ones: they are read or refused, and nothing panics. What a fuzzer does
//! without end (`fuzz/`), bounded, for machines without a nightly toolchain.
//!
//! As many cases of each kind of change and for each parser as `PROPTEST_CASES` says, [`CASES`] without it.

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "it is a library where it lives")]
mod inputs;
#[path = "support/made.rs"]
mod made;
#[path = "support/seeds.rs"]
mod seeds;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;

use inputs::{PARSERS, Parser};
use seeds::Seed;

#[test]
fn bytes_of_no_kind_are_refused() {
    every_parser_reads(prop::collection::vec(any::<u8>(), 0..400), |_, bytes| bytes);
}

/// Tags of certificates with lengths that are nearly right: deeper than plain bytes come.
#[test]
fn elements_in_any_order_are_read_or_refused() {
    every_parser_reads(element(), |_, element| element);
}

#[test]
fn changed_inputs_are_read_or_refused() {
    let drawn = (any::<Index>(), any::<Index>(), prop::collection::vec(change(), 1..6));
    every_parser_reads(drawn, |inputs, (seed, other, changes)| {
        let (mut bytes, other) = (seed.get(inputs).clone(), other.get(&SEEDS));
        for change in &changes {
            change.apply(&mut bytes, &other.bytes);
        }
        bytes
    });
}

/// One element of an input replaced by one of another, lengths around it mended: what is wrong is inside.
#[test]
fn grafted_inputs_are_read_or_refused() {
    let grafts = prop::collection::vec((any::<Index>(), any::<Index>(), 0..4usize), 1..4);
    every_parser_reads((any::<Index>(), any::<Index>(), grafts), |inputs, (seed, other, grafts)| {
        let other = other.get(&SEEDS);
        let scions = elements_of(&other.bytes);
        let mut bytes = seed.get(inputs).clone();
        for (at, scion, times) in grafts {
            let places = elements_of(&bytes);
            if !places.is_empty() && !scions.is_empty() {
                let scion = &other.bytes[scion.get(&scions).clone()];
                bytes = grafted(&bytes, at.get(&places), &scion.repeat(times));
            }
        }
        bytes
    });
}

#[test]
fn every_seed_is_read_and_every_parser_has_some() {
    for Parser { name, read } in PARSERS {
        let own = seeds::of(&SEEDS, name);
        assert!(own.len() >= 2, "{name}: {}", own.len());
        own.iter().for_each(|bytes| read(bytes));
    }
    for Seed { parser, .. } in SEEDS.iter() {
        assert!(PARSERS.iter().any(|known| known.name == *parser), "{parser} is no parser");
    }
}

/// The table is what the fuzzer runs: each parser has its target, and there is no other.
#[test]
fn every_parser_is_a_fuzz_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).expect("fuzz/Cargo.toml");
    for Parser { name, .. } in PARSERS {
        let target = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).expect(name);
        assert!(target.contains(&format!("|bytes: &[u8]| inputs::{name}(bytes)")), "{target}");
        assert!(
            manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")),
            "{name}"
        );
    }
    assert_eq!(manifest.matches("[[bin]]").count(), PARSERS.len());
    assert_eq!(fs::read_dir(fuzz.join("fuzz_targets")).expect("a folder").count(), PARSERS.len());
}

/// What the grafts rest on: an element replaced by itself leaves all as it was.
#[test]
fn an_element_grafted_onto_its_own_place_changes_nothing() {
    for parser in ["certificate", "revocation_list", "request", "pkcs7", "pkcs12"] {
        for bytes in seeds::of(&seeds::made_here(), parser).iter().filter(|bytes| bytes[..2] == [0x30, 0x82])
        {
            let places = elements_of(bytes);
            assert!(places.len() > 20, "{parser}: {}", places.len());
            for place in places {
                assert_eq!(grafted(bytes, &place, &bytes[place.clone()]), *bytes);
            }
        }
    }
}

/// Draws inputs for each parser, from its own seeds, and lets it read them.
fn every_parser_reads<T: std::fmt::Debug>(
    drawn: impl Strategy<Value = T>,
    input: impl Fn(&[Vec<u8>], T) -> Vec<u8>,
) {
    for Parser { name, read } in PARSERS {
        let own = seeds::of(&SEEDS, name);
        let outcome = TestRunner::new(config()).run(&drawn, |drawn| {
            read(&input(&own, drawn));
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{name}: {error}");
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

/// Of each kind of change for each parser: half a minute together.
const CASES: u32 = 500;
