//! What is shown to a model, and what it is asked: interpolation, extrapolation, and other individuals.

use super::{Individual, Series, SeriesError};
use chreode_core::Seed;
use rand::RngExt;
use rand::seq::SliceRandom;

impl Series {
    /// Individuals to learn from and others to test on, `fraction` of them among the first, drawn by `seed`.
    ///
    /// # Errors
    /// [`SeriesError::Empty`] if one side would have none.
    pub fn split(&self, fraction: f64, seed: Seed) -> Result<(Self, Self), SeriesError> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(&mut seed.stream("split", 0));
        let (train, test) = order.split_at((fraction * self.len() as f64).round() as usize);
        Ok((self.select(train)?, self.select(test)?))
    }

    /// Each individual before `time`, and from it on.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn split_at(&self, time: f64) -> Result<(Self, Self), SeriesError> {
        let before = self.map(|one| one.keep(|i| one.times[i] < time))?;
        Ok((before, self.map(|one| one.keep(|i| one.times[i] >= time))?))
    }

    /// Each individual at a random `fraction` of its times, one at least: what an interpolating model is shown.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn thinned(&self, fraction: f64, seed: Seed) -> Result<Self, SeriesError> {
        let thin = |(k, one): (usize, &Individual)| one.thinned(fraction, seed, k as u64);
        Self::new(self.individuals().iter().enumerate().map(thin).collect(), self.features().to_vec())
    }
}

impl Individual {
    /// A random `fraction` of its times, one at least where it has any; `index` chooses the draw.
    pub(crate) fn thinned(&self, fraction: f64, seed: Seed, index: u64) -> Self {
        let n = self.times.len();
        let wanted = ((fraction * n as f64).floor() as usize).clamp(n.min(1), n);
        let rng = &mut seed.stream("thin", index);
        let mut kept = vec![false; n];
        // Selection sampling: each subset of that size has the same chance.
        let mut left = wanted;
        for i in 0..n {
            if rng.random::<f64>() * ((n - i) as f64) < left as f64 {
                kept[i] = true;
                left -= 1;
            }
        }
        self.keep(|i| kept[i])
    }
}
