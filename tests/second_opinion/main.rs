//! A second opinion: chains drawn by lot are judged by us and by rustls-webpki, and where the two disagree a row of
//! `differences.rs` says by which clause. What no row explains fails, with the chain as PEM.
//!
//! As many chains as `PROPTEST_CASES` says, [`CHAINS`] without it; the same ones in each run, until
//! `PROPTEST_RNG_SEED` is another.

mod chains;
mod differences;
#[path = "../support/made.rs"]
mod made;
mod opinions;

use std::cell::RefCell;
use std::collections::BTreeMap;

use coldcert::verdict::Profile;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use chains::{Chain, chains};
use differences::{DIFFERENCES, Direction};
use opinions::{Comparison, compared, pem_of};

#[test]
fn every_difference_to_webpki_has_its_row() {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CHAINS;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    let (cases, counts) = (config.cases, RefCell::new(BTreeMap::<&str, u32>::new()));
    let mut runner = TestRunner::new(config);
    let result = runner.run(&chains(), |chain| {
        for profile in PROFILES {
            let outcome = compared(&chain.made(), profile).map_err(TestCaseError::fail)?;
            *counts.borrow_mut().entry(outcome.word()).or_default() += 1;
        }
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, chain)) => panic!("{reason}\n{chain:?}\n{}", pem_of(&chain.made())),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let counts = counts.into_inner();
    println!("{cases} chains by {} profiles: {counts:?}", PROFILES.len());
    // A generator that makes nothing but good chains, or nothing but bad ones, compares nothing.
    for (word, share) in [("accepted by both", 8), ("refused by both", 8), ("a difference", 16)] {
        let count = counts.get(word).copied().unwrap_or_default();
        assert!(count >= cases / share, "{word}: {count} of {cases} chains");
    }
}

#[test]
fn every_row_explains_a_chain_that_is_like_it() {
    for row in &DIFFERENCES {
        for profile in row.profiles {
            let given = (row.example)().made();
            let shown = || format!("{}, {}: {}\n{}", row.clause, profile.name(), row.reason, pem_of(&given));
            let explained = match compared(&given, *profile) {
                Ok(Comparison::Different { direction, rows }) => {
                    assert_eq!(direction, row.direction(), "{}", shown());
                    rows
                }
                Ok(other) => panic!("{}: {}", other.word(), shown()),
                Err(unexplained) => panic!("{unexplained}: {}", shown()),
            };
            assert!(explained.iter().any(|one| std::ptr::eq(*one, row)), "another row: {}", shown());
        }
    }
    let both = [Direction::WeRefuse, Direction::TheyRefuse];
    assert!(both.iter().all(|direction| DIFFERENCES.iter().any(|row| row.direction() == *direction)));
}

#[test]
fn a_plain_chain_is_accepted_by_both() {
    for intermediates in 0..chains::PLACES_MAX - 1 {
        for kind in made::Kind::ALL {
            let chain = Chain { kinds: [kind; chains::PLACES_MAX], ..Chain::good(intermediates) };
            for profile in PROFILES {
                let outcome = compared(&chain.made(), profile).expect("an explained outcome");
                // The Web has no Ed25519 (BR 6.1.5), which webpki leaves to its caller.
                let is_accepted = profile == Profile::Rfc5280 || kind != made::Kind::Ed25519;
                let expected = match outcome {
                    Comparison::Accepted => is_accepted,
                    _ => !is_accepted,
                };
                assert!(expected, "{kind:?}, {intermediates}, {profile:?}: {}", outcome.word());
            }
        }
    }
}

/// webpki is a judge of the Web's server certificates, by little more than RFC 5280.
const PROFILES: [Profile; 2] = [Profile::Rfc5280, Profile::Webpki];
/// Each costs about ten signatures and thirty signature checks.
const CHAINS: u32 = 500;
/// So that a run that fails fails again.
const SEED: u64 = 5280;
