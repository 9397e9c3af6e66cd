//! Numbers drawn by lot from a seed, so that what was drawn can be drawn again.

/// A row of numbers that look random.
#[derive(Clone, Copy, Debug)]
pub struct Lot(u64);

impl Lot {
    /// The row of this seed.
    pub fn of(seed: u64) -> Self {
        let mut lot = Self(seed);
        // Neighbouring seeds begin alike.
        for _ in 0..4 {
            lot.coin();
        }
        lot
    }

    /// Heads or tails.
    pub fn coin(&mut self) -> bool {
        // Knuth's MMIX constants.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 63 == 1
    }
}
