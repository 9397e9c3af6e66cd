//! Changes inputs of every parser that faces foreign bytes, as many times as it is told (100,000 for each without a word),
//! reads them, and prints a line for each parser: how many were read, and how long the slowest took. It ends with an error
//! where one took longer than ten seconds. Further words are the names of the parsers that are wanted.
//!
//! ```text
//! cargo run --release --example mutate -- 100000
//! cargo run --release --example mutate -- 1000 policy subject
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

use inputs::{PARSERS, Parser};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let count = words.next().and_then(|count| count.parse().ok()).unwrap_or(COUNT);
    let wanted: Vec<String> = words.collect();
    let all = seeds::all();
    let mut is_well = true;
    for Parser { name, read } in PARSERS {
        if !wanted.is_empty() && !wanted.iter().any(|one| one == name) {
            continue;
        }
        let inputs = seeds::of(&all, name);
        // In a thread of its own, which takes what it keeps with it.
        let reading = std::thread::spawn(move || slowest(read, &inputs, count));
        let Ok(slowest) = reading.join() else { return ExitCode::FAILURE };
        is_well &= slowest < SLOWEST;
        println!(
            "reliability: inputs to {name} | {count} | slowest {:.1} ms",
            slowest.as_secs_f64() * 1_000.0
        );
    }
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Reads so many changed inputs.
fn slowest(read: fn(&[u8]), inputs: &[Vec<u8>], count: usize) -> Duration {
    let mut lot = Lot(0x9e37_79b9_7f4a_7c15);
    let mut slowest = Duration::ZERO;
    for _ in 0..count {
        let mut bytes = lot.one_of(inputs).clone();
        let other = lot.one_of(inputs).clone();
        (0..=lot.below(5)).for_each(|_| lot.change(&mut bytes, &other));
        let started = Instant::now();
        read(&bytes);
        slowest = slowest.max(started.elapsed());
    }
    slowest
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
