//! Chance that is the same on every machine: one generator a purpose, unit and month.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

/// A sequence of draws; whole numbers alone, since no two machines need round alike.
#[derive(Debug)]
pub(super) struct Chance(Pcg64);

impl Chance {
    /// Begins the sequence of a purpose, a unit and a month.
    pub(super) fn new(purpose: &str, seed: u64, unit: u32, month: u32) -> Self {
        let digest = Sha256::new()
            .chain_update(purpose)
            .chain_update(seed.to_le_bytes())
            .chain_update(unit.to_le_bytes())
            .chain_update(month.to_le_bytes())
            .finalize();
        let mut state = [0; 32];
        state.copy_from_slice(&digest);
        Self(Pcg64::from_seed(state))
    }

    /// Draws a number below `n`; 0 where `n` is 0.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        let high = self.0.next_u64() >> 32;
        ((high * u64::from(n)) >> 32) as u32
    }

    /// Whether something happens that happens once in `n` times.
    pub(super) fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    /// Whether something happens that happens so often in a thousand times.
    pub(super) fn per_mille(&mut self, share: u32) -> bool {
        self.below(1000) < share
    }

    /// Draws one of some.
    pub(super) fn of<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len() as u32) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_the_same_everywhere_and_differ_by_what_they_are_for() {
        let draws = |purpose: &str, seed, unit, month| {
            let mut chance = Chance::new(purpose, seed, unit, month);
            [0; 6].map(|_: u32| chance.below(1000))
        };
        let known = draws("dossiers", 7, 0, 0);
        assert_eq!(known, draws("dossiers", 7, 0, 0));
        for other in [
            draws("file", 7, 0, 0),
            draws("dossiers", 8, 0, 0),
            draws("dossiers", 7, 1, 0),
            draws("dossiers", 7, 0, 1),
        ] {
            assert_ne!(known, other);
        }
    }

    #[test]
    fn draws_spread_evenly() {
        let mut chance = Chance::new("test", 1, 0, 0);
        let mut counts = [0; 10];
        (0..10_000).for_each(|_| counts[chance.below(10) as usize] += 1);
        assert!(counts.iter().all(|n| (850..1150).contains(n)), "{counts:?}");
        assert_eq!(chance.below(0), 0);
    }
}
