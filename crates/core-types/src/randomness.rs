use std::convert::Infallible;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::{SmallRng, SysRng};
use rand::{Rng as _, SeedableRng as _, TryCryptoRng, TryRng};

/// The source of random numbers. A parameter everywhere, like the [`Clock`](crate::Clock), so that tests can control
/// it.
///
/// Clones draw from the same source.
#[derive(Debug, Clone)]
pub struct Randomness(Arc<dyn Source>);

trait Source: Debug + Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

impl Randomness {
    /// The operating system's source, called each time.
    ///
    /// A generator inside the process would have its state in memory. A virtual machine that is copied while it runs
    /// would have that state twice, and both copies would draw the same keys and nonces for everything they send from
    /// then on.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(OperatingSystem))
    }

    /// The same numbers for the same seed, for tests. Nothing drawn from it is secret.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Seeded(Mutex::new(SmallRng::seed_from_u64(seed)))))
    }
}

impl TryRng for Randomness {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Randomness {}

#[derive(Debug)]
struct OperatingSystem;

impl Source for OperatingSystem {
    #[expect(clippy::panic, reason = "nothing can be kept secret without it, and Linux has it once it has booted")]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = SysRng.try_fill_bytes(bytes) {
            panic!("the operating system has no random numbers: {error}");
        }
    }
}

#[derive(Debug)]
struct Seeded(Mutex<SmallRng>);

impl Source for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use super::Randomness;

    #[test]
    fn a_seed_decides_everything_and_clones_go_on_where_the_others_are() {
        let draw = |seed| {
            let mut first = Randomness::seeded(seed);
            let mut second = first.clone();
            [first.next_u64(), second.next_u64(), first.next_u64()]
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let [a, b, c] = draw(1);
        assert!(a != b && b != c && a != c);
    }

    #[test]
    fn the_system_repeats_nothing() {
        let mut random = Randomness::system();
        let mut bytes = [[0; 32]; 2];
        for bytes in &mut bytes {
            random.fill_bytes(bytes);
        }
        assert_ne!(bytes[0], bytes[1]);
        assert_ne!(bytes[0], [0; 32]);
    }
}
