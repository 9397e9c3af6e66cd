//! What a public RSA modulus gives away about its primes: a small one, two close together, or two of the
//! shape that ROCA found.
//!
//! It works on public numbers alone and takes no care to do so in constant time. No factor leaves it.

use num_bigint::BigUint;

/// A prime up to [`TRIAL_DIVISION_MAX`] that divides the modulus, the least.
pub(super) fn smallest_factor(modulus: &BigUint) -> Option<u32> {
    residues(modulus, SMALL_PRIMES.as_slice()).find(|(_, residue)| *residue == 0).map(|(prime, _)| prime)
}

/// The round in which Fermat's method splits an odd modulus, from 1; none within [`FERMAT_ROUNDS`].
///
/// n = a² - b² = (a - b)(a + b): a is tried upwards from √n, and b is small where the primes are close.
pub(super) fn fermat_round(modulus: &BigUint) -> Option<usize> {
    let root = modulus.sqrt();
    let a = if &root * &root == *modulus { root } else { root + 1u32 };
    let mut rest = &a * &a - modulus;
    // (a + 1)² - n = a² - n + 2a + 1
    let mut step = (a << 1) + 1u32;
    for round in 1..=FERMAT_ROUNDS {
        if is_square(&rest) {
            return Some(round);
        }
        rest += &step;
        step += 2u32;
    }
    None
}

/// Whether the modulus is a power of 65537 modulo each of the first odd primes, as the product of two primes of
/// the form k·M + (65537^a mod M) is, M being the product of those primes (Nemec and others, "The Return of
/// Coppersmith's Attack", CCS 2017, section 2; CVE-2017-15361). A modulus of other primes looks like that
/// once in some hundred million.
pub(super) fn has_roca_fingerprint(modulus: &BigUint) -> bool {
    let primes = SMALL_PRIMES.split(|prime| *prime > ROCA_PRIME_MAX).next().unwrap_or_default();
    // Every odd modulus is a power of 65537 modulo 2.
    residues(modulus, &primes[1..]).all(|(prime, residue)| is_power_of_generator(residue, prime))
}

fn is_power_of_generator(residue: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * (ROCA_GENERATOR % prime) % prime;
        if power == 1 {
            return false;
        }
    }
}

/// The number modulo each of some primes. Three of them together fit 32 bits, which takes a third of the passes
/// over the number.
fn residues<'a>(number: &'a BigUint, primes: &'a [u32]) -> impl Iterator<Item = (u32, u32)> + 'a {
    primes.chunks(3).flat_map(|primes| {
        let together = residue(number, primes.iter().product());
        primes.iter().map(move |prime| (*prime, together % prime))
    })
}

fn residue(number: &BigUint, divisor: u32) -> u32 {
    let divisor = u64::from(divisor);
    let residue =
        number.iter_u32_digits().rev().fold(0, |sum, digit| (sum << 32 | u64::from(digit)) % divisor);
    u32::try_from(residue).expect("a residue is below its divisor, which has 32 bits")
}

/// Whether a number is a square. Squares are few modulo small numbers, which spares most numbers the root.
fn is_square(number: &BigUint) -> bool {
    let residue = residue(number, SQUARE_FILTERS.into_iter().product());
    let may_be = |modulus: u32| (0..modulus).any(|root| root * root % modulus == residue % modulus);
    SQUARE_FILTERS.into_iter().all(may_be) && {
        let root = number.sqrt();
        &root * &root == *number
    }
}

/// Baseline Requirements 6.1.6 (from NIST SP 800-89 5.3.3): no factor smaller than 752. 751 is the last prime.
pub(super) const TRIAL_DIVISION_MAX: u32 = 751;
/// Baseline Requirements 6.1.1.3: a key that Fermat's method factors within 100 rounds is rejected.
pub(super) const FERMAT_ROUNDS: usize = 100;

/// Of the numbers modulo 64, 63, 65 and 11, so many are squares that six in a thousand pass all four (Cohen,
/// "A Course in Computational Algebraic Number Theory", 1.7.2).
const SQUARE_FILTERS: [u32; 4] = [64, 63, 65, 11];

/// The 39th prime: M of the smallest keys that the faulty library made, and a divisor of every other M.
const ROCA_PRIME_MAX: u32 = 167;
const ROCA_GENERATOR: u32 = 65_537;

/// The primes up to [`TRIAL_DIVISION_MAX`].
static SMALL_PRIMES: [u32; 133] = small_primes();

const fn small_primes() -> [u32; 133] {
    let mut primes = [0; 133];
    let (mut count, mut candidate) = (0, 2);
    while candidate <= TRIAL_DIVISION_MAX {
        let mut at = 0;
        while at < count && candidate % primes[at] != 0 {
            at += 1;
        }
        if at == count {
            primes[count] = candidate;
            count += 1;
        }
        candidate += 1;
    }
    primes
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn the_small_primes_are_those_below_752() {
        assert_eq!(SMALL_PRIMES[..10], [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
        assert_eq!(SMALL_PRIMES[38], ROCA_PRIME_MAX);
        assert_eq!(SMALL_PRIMES[132], TRIAL_DIVISION_MAX);
    }

    #[test]
    fn every_small_factor_is_found_and_no_large_one() {
        let large = next_prime(BigUint::from(1u32) << 1024);
        for prime in SMALL_PRIMES {
            assert_eq!(smallest_factor(&(&large * prime)), Some(prime));
        }
        assert_eq!(smallest_factor(&(&large * 757u32)), None);
        assert_eq!(smallest_factor(&BigUint::ZERO), Some(2));
    }

    #[test]
    fn close_primes_are_split_and_others_are_not() {
        assert_eq!(fermat_round(&close_primes(400)), Some(1));
        // (p - q)² / 8√n: 2^515 apart is 2^3 rounds, 2^520 apart is 2^13.
        let round = fermat_round(&close_primes(515)).unwrap();
        assert!((2..=20).contains(&round), "{round}");
        assert_eq!(fermat_round(&close_primes(520)), None);
        let prime = next_prime(BigUint::from(1u32) << 1023);
        assert_eq!(fermat_round(&(&prime * &prime)), Some(1));
    }

    #[test]
    fn the_last_round_still_counts() {
        // √(a² - b²) is about a - b²/2a: with b² = (2r - 1)a it lies r - 1/2 below a.
        let in_round = |round: u32| {
            let a = BigUint::from(3u32) << 1022;
            let b = BigUint::sqrt(&(&a * (2 * round - 1)));
            fermat_round(&(&a * &a - &b * &b))
        };
        assert_eq!(in_round(1), Some(1));
        assert_eq!(in_round(100), Some(100));
        assert_eq!(in_round(101), None);
    }

    #[test]
    fn primes_of_the_faulty_library_are_recognised() {
        assert!(has_roca_fingerprint(&roca_modulus()));
        assert!(!has_roca_fingerprint(&(roca_modulus() + 2u32)));
        assert!(!has_roca_fingerprint(&close_primes(400)));
        // 65537 itself divides no M, and a multiple of one of the primes is no power of it.
        assert!(!has_roca_fingerprint(&(roca_modulus() * 3u32)));
    }

    #[test]
    fn squares_pass_the_filters() {
        for root in 0u32..2_000 {
            assert!(is_square(&BigUint::from(u64::from(root) * u64::from(root))), "{root}");
        }
        let squares = (0u32..10_000).filter(|number| is_square(&BigUint::from(*number))).count();
        assert_eq!(squares, 100);
    }

    /// 2048 bits, two primes about a power of two apart.
    pub(in super::super) fn close_primes(apart_bits: u32) -> BigUint {
        let first = next_prime(BigUint::from(3u32) << 1022);
        let second = next_prime(&first + (BigUint::from(1u32) << apart_bits));
        first * second
    }

    /// A 2048-bit modulus as the faulty library made them: both primes k·M + (65537^a mod M), M being the product
    /// of the first 126 primes, as for every size from 1984 to 3936 bits (table 1 of the paper).
    pub(in super::super) fn roca_modulus() -> BigUint {
        let product: BigUint = SMALL_PRIMES[..126].iter().map(|prime| BigUint::from(*prime)).product();
        let prime = |exponent: u32, top: u32| {
            let offset = BigUint::from(ROCA_GENERATOR).modpow(&exponent.into(), &product);
            let start = (BigUint::from(top) << 1020u32) / &product;
            (0u32..)
                .map(|k| (&start + k) * &product + &offset)
                .find(is_probable_prime)
                .expect("one in some sixty is a prime")
        };
        prime(12_345, 13) * prime(67_891, 15)
    }

    fn next_prime(from: BigUint) -> BigUint {
        let odd = from | BigUint::from(1u32);
        (0u32..).map(|step| &odd + 2 * step).find(is_probable_prime).expect("there is always another")
    }

    /// Fermat's test to base 2, after trial division: good enough for numbers that nobody chose to deceive.
    fn is_probable_prime(candidate: &BigUint) -> bool {
        smallest_factor(candidate).is_none()
            && BigUint::from(2u32).modpow(&(candidate - 1u32), candidate) == BigUint::from(1u32)
    }
}
