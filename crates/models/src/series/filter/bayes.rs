//! What a forecast loses at a measurement, and how far the next is from the Bayesian posterior.

/// A normal forecast: its mean and s, with deviation e⁻ˢ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Normal {
    pub(super) mean: f64,
    pub(super) s: f64,
}

impl Normal {
    fn variance(self) -> f64 {
        (-2.0 * self.s).exp()
    }

    /// −ln of its density at `x`, and the slopes of that in the mean and in s.
    pub(super) fn surprise(self, x: f64) -> (f64, [f64; 2]) {
        let (error, precision) = (x - self.mean, (2.0 * self.s).exp());
        let square = error * error * precision;
        let value = 0.5 * square - self.s + 0.5 * (2.0 * std::f64::consts::PI).ln();
        (value, [-error * precision, square - 1.0])
    }

    /// KL(p ‖ `next`) for p the posterior of this forecast after `x` was measured with variance `noise`; the slopes in the
    /// mean and s of this forecast, and of `next`.
    ///
    /// p is normal with variance 1/(1/v + 1/σ²) and mean (m σ² + x v)/(v + σ²) (De Brouwer et al. 2019, section 2.4).
    pub(super) fn update(self, x: f64, noise: f64, next: Self) -> (f64, [f64; 2], [f64; 2]) {
        let v = self.variance();
        let (sum, goal) = (v + noise, next.variance());
        let (mean, variance) = ((self.mean * noise + x * v) / sum, v * noise / sum);
        let away = mean - next.mean;
        let value = 0.5 * ((goal / variance).ln() + (variance + away * away) / goal - 1.0);
        let (by_mean, by_variance) = (away / goal, 0.5 * (1.0 / goal - 1.0 / variance));
        let by_v =
            by_mean * (x - self.mean) * noise / (sum * sum) + by_variance * noise * noise / (sum * sum);
        let before = [by_mean * noise / sum, by_v * -2.0 * v];
        let by_goal = 0.5 * (1.0 / goal - (variance + away * away) / (goal * goal));
        (value, before, [-away / goal, by_goal * -2.0 * goal])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Normal = Normal { mean: 0.3, s: 0.4 };
    const AFTER: Normal = Normal { mean: 0.5, s: 0.9 };

    /// The function at entry `i` of the four numbers moved by `h`.
    fn moved(f: impl Fn(Normal, Normal) -> f64, i: usize, h: f64) -> f64 {
        let mut p = [BEFORE.mean, BEFORE.s, AFTER.mean, AFTER.s];
        p[i] += h;
        f(Normal { mean: p[0], s: p[1] }, Normal { mean: p[2], s: p[3] })
    }

    #[test]
    fn slopes_are_those_of_central_differences() {
        let update = |before: Normal, after: Normal| before.update(0.8, 0.2, after).0;
        let (_, before, after) = BEFORE.update(0.8, 0.2, AFTER);
        for (i, slope) in before.into_iter().chain(after).enumerate() {
            let difference = (moved(update, i, 1e-6) - moved(update, i, -1e-6)) / 2e-6;
            assert!((difference - slope).abs() < 1e-8, "{i}: {difference} {slope}");
        }
        let surprise = |before: Normal, _| before.surprise(0.8).0;
        for (i, slope) in BEFORE.surprise(0.8).1.into_iter().enumerate() {
            let difference = (moved(surprise, i, 1e-6) - moved(surprise, i, -1e-6)) / 2e-6;
            assert!((difference - slope).abs() < 1e-8, "{i}: {difference} {slope}");
        }
    }

    #[test]
    fn the_posterior_itself_loses_nothing() {
        // v = 1, σ² = 1, m = 0, x = 1: the posterior is N(1/2, 1/2).
        let posterior = Normal { mean: 0.5, s: 0.5 * 2f64.ln() };
        let (value, before, after) = Normal { mean: 0.0, s: 0.0 }.update(1.0, 1.0, posterior);
        assert!(value.abs() < 1e-15 && before.iter().chain(&after).all(|s| s.abs() < 1e-14), "{value}");
    }

    #[test]
    fn what_is_lost_is_that_of_the_definitions() {
        let standard = Normal { mean: 0.0, s: 0.0 };
        // Of the posterior N(1/2, 1/2) to the next forecast, not the other way round, which would be 0.4034.
        let (value, ..) = standard.update(1.0, 1.0, standard);
        assert!((value - 0.5 * (2f64.ln() + 0.75 - 1.0)).abs() < 1e-15, "{value}");
        // −ln N(1; 0, 1/4) = 2 − ln 2 + ln √(2π).
        let (value, _) = Normal { mean: 0.0, s: 2f64.ln() }.surprise(1.0);
        assert!((value - (2.0 - 2f64.ln() + 0.918_938_533_204_672_7)).abs() < 1e-15, "{value}");
    }
}
