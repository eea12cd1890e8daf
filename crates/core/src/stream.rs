//! Seeded streams: every random number is a function of a seed, a purpose and an index.

use rand::{Rng, SeedableRng, TryRng};
use rand_chacha::ChaCha8Rng;
use std::convert::Infallible;

/// The one number a run is reproduced from.
///
/// Generators are never shared or advanced across tasks: each task derives its own by purpose and
/// index. So the order in which threads run changes nothing, and a run resumed at step `k` draws
/// what the uninterrupted run drew at step `k`.
///
/// ```
/// use chreode_core::Seed;
/// use rand::RngExt;
///
/// let a: f64 = Seed(7).stream("batch", 3).random();
/// let b: f64 = Seed(7).stream("batch", 3).random();
/// let c: f64 = Seed(7).stream("batch", 4).random();
/// assert_eq!(a, b);
/// assert_ne!(a, c);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

impl Seed {
    /// The generator of `purpose` (a short name) and `index` (a step, a row, a trajectory).
    pub fn stream(self, purpose: &str, index: u64) -> Stream {
        let mut rng = ChaCha8Rng::seed_from_u64(self.child(purpose).0);
        rng.set_stream(index);
        Stream(rng)
    }

    /// A seed of its own for a part of the run, e.g. one fold of an evaluation.
    pub fn child(self, purpose: &str) -> Self {
        // FNV-1a over the name, then splitmix64's finaliser over the sum: distinct names and seeds
        // give unrelated keys.
        let name = purpose
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        let mut z = self.0.wrapping_add(name).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self(z ^ (z >> 31))
    }
}

/// A generator derived from a [`Seed`]: ChaCha with 8 rounds, 2⁶⁴ independent streams a key.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(dst);
        Ok(())
    }
}
