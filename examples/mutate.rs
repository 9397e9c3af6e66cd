//! Changes inputs of every kind, as many times as it is told (100,000 of each without a word), reads them, and prints how
//! many were read and how long the slowest took. It ends with an error where one took longer than ten seconds.
//!
//! ```text
//! cargo run --release --example mutate -- 100000
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to its user")]

#[path = "../fuzz/src/lib.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is a library where it lives")]
mod inputs;
#[path = "../tests/support/made.rs"]
mod made;
#[path = "../tests/support/seeds.rs"]
mod seeds;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use seeds::{Kind, Seed};

fn main() -> ExitCode {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(COUNT);
    let all = seeds::all();
    let mut is_well = true;
    for (what, read, inputs) in kinds(&all) {
        let mut lot = Lot(0x9e37_79b9_7f4a_7c15);
        let mut slowest = Duration::ZERO;
        let began = Instant::now();
        for _ in 0..count {
            let mut bytes = lot.one_of(&inputs).clone();
            let other = lot.one_of(&inputs).clone();
            (0..=lot.below(5)).for_each(|_| lot.change(&mut bytes, &other));
            let started = Instant::now();
            read(&bytes);
            slowest = slowest.max(started.elapsed());
        }
        is_well &= slowest < SLOWEST;
        println!(
            "{what:<16} {count} inputs in {:.1} s, the slowest in {slowest:.1?}",
            began.elapsed().as_secs_f64()
        );
    }
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

type Read = fn(&[u8]);

/// What is changed, and how it is read.
fn kinds(all: &[Seed]) -> Vec<(&'static str, Read, Vec<Vec<u8>>)> {
    let of = |kind: Kind| -> Vec<Vec<u8>> {
        all.iter().filter(|seed| seed.kind == kind).map(|seed| seed.bytes.clone()).collect()
    };
    let text = |wrap: fn(&str) -> String| -> Vec<Vec<u8>> {
        of(Kind::Certificate).iter().map(|der| wrap(&BASE64_STANDARD.encode(der)).into_bytes()).collect()
    };
    vec![
        ("certificate", inputs::certificate, of(Kind::Certificate)),
        ("CRL", inputs::revocation_list, of(Kind::RevocationList)),
        ("request", inputs::request, of(Kind::Request)),
        ("PEM and others", inputs::bundle, of(Kind::Bundle)),
        ("base64", inputs::bundle, text(str::to_owned)),
        ("JSON", inputs::bundle, text(|base64| format!("{{\"x5c\":[\"{base64}\"]}}"))),
        ("PKCS#12", inputs::pkcs12, of(Kind::Pkcs12)),
        ("any, inspected", inputs::inspect, all.iter().map(|seed| seed.bytes.clone()).collect()),
    ]
}

/// Numbers by lot, the same in every run (xorshift64*).
struct Lot(u64);

impl Lot {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap_or(1);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// One change: a bit, a byte, a length, a cut, a piece left out or put in.
    fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let at = self.below(bytes.len());
        match self.below(6) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = self.next().to_le_bytes()[0],
            2 => bytes[at] = *self.one_of(&[0x00, 0x7f, 0x80, 0x84, 0x88, 0xff]),
            3 if self.below(4) == 0 => bytes.truncate(at),
            4 => {
                let end = (at + self.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let from = self.below(other.len());
                let to = (from + self.below(64)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
}

const COUNT: usize = 100_000;
/// Ours: with a PKCS#12's limit of iterations, which a change can ask for, several seconds of hashing are not a fault.
const SLOWEST: Duration = Duration::from_secs(10);
