//! Chance, all of it from one seed.
//!
//! The generator is ChaCha8 with a key of its own for each use, and whole numbers are drawn without
//! bias by rejection, so the same seed draws the same numbers whatever library surrounds it. This
//! module must not know what is drawn.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// The only source of chance.
#[derive(Debug)]
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// The numbers of a seed for one purpose.
    pub(crate) fn new(seed: u64, purpose: &[u8; 24]) -> Self {
        let mut key = [0; 32];
        key[..24].copy_from_slice(purpose);
        key[24..].copy_from_slice(&seed.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number from 0 to below `n`, each as likely; 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        // 2^64 mod n: below it some numbers would be drawn once more often than others.
        let unfair = n.wrapping_neg() % n;
        loop {
            let drawn = self.0.next_u64();
            if drawn >= unfair {
                return drawn % n;
            }
        }
    }

    /// A place in a list of `len`.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// Brings the values into any order, each as likely (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        for place in (1..values.len()).rev() {
            values.swap(place, self.index(place + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURPOSE: &[u8; 24] = b"a test                  ";

    #[test]
    fn a_seed_draws_the_same_numbers_on_every_machine() {
        let mut draw = Draw::new(7, PURPOSE);
        let drawn: Vec<u64> = (0..6).map(|_| draw.below(1_000)).collect();
        assert_eq!(drawn, DRAWN);
        assert_ne!(Draw::new(8, PURPOSE).below(u64::MAX), Draw::new(7, PURPOSE).below(u64::MAX));
    }

    #[test]
    fn every_number_is_as_likely() {
        let mut draw = Draw::new(1, PURPOSE);
        let mut counts = [0_u32; 3];
        for _ in 0..30_000 {
            counts[draw.index(3)] += 1;
        }
        // Standard deviation √(30 000 × 1/3 × 2/3) = 82.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 400), "{counts:?}");
        assert_eq!((draw.below(0), draw.below(1)), (0, 0));
        assert!(draw.below(u64::MAX) < u64::MAX);
    }

    #[test]
    fn every_order_is_as_likely() {
        let mut draw = Draw::new(2, PURPOSE);
        let mut seen = std::collections::BTreeMap::<[u8; 3], u32>::new();
        for _ in 0..12_000 {
            let mut values = [1, 2, 3];
            draw.shuffle(&mut values);
            *seen.entry(values).or_default() += 1;
        }
        // Standard deviation √(12 000 × 1/6 × 5/6) = 41.
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|count| count.abs_diff(2_000) < 200), "{seen:?}");
    }

    const DRAWN: [u64; 6] = [148, 326, 862, 326, 625, 102];
}
