//! The time a network sees.

use crate::ModelError;
use serde::{Deserialize, Serialize};

/// Maps the user's times to network time: `τ = (t − origin) / unit`.
///
/// The unit is the median spacing of the snapshots, so that evenly spaced times become 0, 1, 2, …
/// whatever they were measured in, and a time left out of such a series makes an interval of length 2:
/// the convention of the published leave-one-out experiments (Tong et al. 2024, TMLR).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// The user's time at τ = 0.
    pub origin: f64,
    /// The user's time per unit of τ.
    pub unit: f64,
}

impl Clock {
    /// The clock of a series of increasing times.
    ///
    /// # Errors
    /// [`ModelError::TooFewTimes`] for fewer than two.
    pub fn of(times: &[f64]) -> Result<Self, ModelError> {
        let mut spacings: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if spacings.is_empty() {
            return Err(ModelError::TooFewTimes { times: times.to_vec() });
        }
        spacings.sort_by(f64::total_cmp);
        Ok(Self { origin: times[0], unit: spacings[(spacings.len() - 1) / 2] })
    }

    /// Network time of the user's time `t`.
    pub fn network(&self, t: f64) -> f64 {
        (t - self.origin) / self.unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_spacing_becomes_the_integers_and_a_gap_becomes_two() {
        let clock = Clock::of(&[3.0, 6.0, 12.0, 15.0]).unwrap();
        let taus: Vec<f64> = [3.0, 6.0, 12.0, 15.0].iter().map(|&t| clock.network(t)).collect();
        assert_eq!(taus, [0.0, 1.0, 3.0, 4.0]);
    }

    #[test]
    fn one_time_is_not_enough() {
        let text = Clock::of(&[3.0]).unwrap_err().to_string();
        assert!(
            text.starts_with("a flow needs cells at two times at least, but there is only time 3"),
            "{text}"
        );
    }
}
