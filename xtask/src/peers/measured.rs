//! One measurement: its time and its answer.

use anyhow::{Result, bail};
use serde_json::Value;

/// The largest relative difference of two exact costs.
const TOLERANCE: f64 = 1e-6;

/// A plan that misses its marginals by more than this, in L1, is not held to the other's cost.
const RESIDUAL: f64 = 1e-5;

/// What one side says of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    /// Median seconds.
    pub(crate) seconds: f64,
    /// The cost of an exact plan: both sides must find the same.
    pub(crate) cost: Option<f64>,
    /// A training loss: random, shown but not compared.
    pub(crate) loss: Option<f64>,
    /// A distance from a reference: the sides are held to the same.
    pub(crate) error: Option<f64>,
    /// The L1 error of a plan's marginals.
    pub(crate) residual: Option<f64>,
    /// The peak of memory, in MiB.
    pub(crate) peak: Option<f64>,
}

impl Measured {
    /// The first of JSON lines that has a median.
    pub(crate) fn read(lines: &str) -> Option<Self> {
        lines.lines().find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            let number = |key: &str| line[key].as_f64();
            Some(Self {
                seconds: number("seconds_median")?,
                cost: number("cost"),
                loss: number("loss"),
                error: number("error"),
                residual: number("l1_error"),
                peak: number("peak_mb"),
            })
        })
    }

    /// Both answers in words.
    pub(crate) fn beside(&self, theirs: Option<&Self>) -> String {
        let pair = |what: &str, ours: Option<f64>, theirs: Option<f64>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => format!("{what} {ours:.6} and {theirs:.6}"),
            (Some(ours), None) => format!("{what} {ours:.6}"),
            _ => String::new(),
        };
        match self.cost {
            Some(_) => {
                let residuals = match (self.residual, theirs.and_then(|t| t.residual)) {
                    (Some(ours), Some(theirs)) => format!(", marginals off by {ours:.1e} and {theirs:.1e}"),
                    (Some(ours), None) => format!(", marginals off by {ours:.1e}"),
                    _ => String::new(),
                };
                pair("cost", self.cost, theirs.and_then(|t| t.cost)) + &residuals
            }
            // What a peer calls a cost may be what we call a value that depends on the start.
            None => pair("value", self.loss, theirs.and_then(|t| t.loss.or(t.cost))) + &self.memory(),
        }
    }

    /// The peak of memory in words, where it was measured.
    pub(crate) fn memory(&self) -> String {
        self.peak.map_or(String::new(), |peak| format!("peak {peak:.0} MiB"))
    }

    /// Costs, where both sides have one, must differ by a millionth at most, beyond what the peers' scripts lose by
    /// printing six digits.
    pub(crate) fn agrees(&self, theirs: &Self) -> Result<()> {
        let astray = self.residual.unwrap_or(0.0) + theirs.residual.unwrap_or(0.0);
        if astray > RESIDUAL {
            return Ok(());
        }
        let (Some(ours), Some(theirs)) = (self.cost, theirs.cost) else { return Ok(()) };
        let digit = 10_f64.powf(theirs.abs().max(f64::MIN_POSITIVE).log10().floor() - 5.0);
        // Mass that is not where it should be costs at most about ten times the mean.
        let allowed = (TOLERANCE + 10.0 * astray) * theirs.abs() + 0.5 * digit;
        // Not `>`: a cost that is not a number agrees with none.
        if (ours - theirs).abs() <= allowed {
            return Ok(());
        }
        bail!("the costs disagree: ours is {ours}, the peer's {theirs}, and {allowed:.1e} is allowed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(cost: f64) -> Measured {
        Measured { seconds: 1.0, cost: Some(cost), loss: None, error: None, residual: None, peak: None }
    }

    #[test]
    fn the_median_is_read_from_the_line_that_has_one() {
        let lines = "# note\n{\"error_text\": \"x\"}\n{\"seconds_median\": 0.25, \"cost\": 3}\n";
        assert_eq!(Measured::read(lines), Some(Measured { seconds: 0.25, ..cost(3.0) }));
        assert_eq!(Measured::read("{\"n\": 3}"), None);
    }

    #[test]
    fn costs_agree_to_a_millionth_beyond_the_six_printed_digits() {
        assert!(cost(2.868_607_9).agrees(&cost(2.86861)).is_ok());
        assert!(cost(67.228_824).agrees(&cost(67.2288)).is_ok());
        let error = cost(2.868_597).agrees(&cost(2.86861)).unwrap_err().to_string();
        assert!(error.contains("ours is 2.868597, the peer's 2.86861"), "{error}");
        assert!(cost(f64::NAN).agrees(&cost(1.0)).is_err());
        let none = Measured { cost: None, ..cost(0.0) };
        assert!(none.agrees(&cost(1.0)).is_ok());
    }
}
