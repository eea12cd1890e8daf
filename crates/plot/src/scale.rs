//! Scales from data to the picture, linear and logarithmic, with round ticks.

use crate::text::{count, fixed, power_of_ten, scientific};

/// A map from a domain of data to a range of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    kind: Kind,
    domain: [f64; 2],
    range: [f64; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Linear,
    Log,
}

/// A tick: where it is, and what is written there.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Position on the picture.
    pub at: f64,
    /// What is written there.
    pub label: String,
}

impl Scale {
    /// A linear scale; a domain without length is widened around its value.
    pub fn linear(domain: [f64; 2], range: [f64; 2]) -> Self {
        Scale { kind: Kind::Linear, domain: widened(domain), range }
    }

    /// A logarithmic scale on a positive domain, widened to a factor of at least two.
    pub fn log(domain: [f64; 2], range: [f64; 2]) -> Self {
        debug_assert!(domain[0] > 0.0 && domain[1] >= domain[0], "a log domain is positive and ordered");
        let [low, high] = domain.map(f64::log10);
        let missing = (2f64.log10() - (high - low)).max(0.0) / 2.0;
        Scale { kind: Kind::Log, domain: [low - missing, high + missing].map(|e| 10f64.powf(e)), range }
    }

    /// Where a value lies on the picture.
    pub fn map(&self, value: f64) -> f64 {
        let [low, high] = self.domain.map(|v| self.straighten(v));
        let share = (self.straighten(value) - low) / (high - low);
        self.range[0] + share * (self.range[1] - self.range[0])
    }

    /// About `target` ticks at round values.
    pub fn ticks(&self, target: usize) -> Vec<Tick> {
        match self.kind {
            Kind::Linear => self.linear_ticks(target.max(1)),
            Kind::Log => self.log_ticks(target.max(2)),
        }
    }

    fn straighten(&self, value: f64) -> f64 {
        match self.kind {
            Kind::Linear => value,
            Kind::Log => value.log10(),
        }
    }

    fn linear_ticks(&self, target: usize) -> Vec<Tick> {
        let [low, high] = self.domain;
        let step = round_step((high - low) / target as f64);
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        let tick = |i: i64| Tick {
            at: self.map(i as f64 * step),
            label: label(i as f64 * step, step, low.abs().max(high.abs())),
        };
        (first..=last).map(tick).collect()
    }

    fn log_ticks(&self, target: usize) -> Vec<Tick> {
        let [low, high] = self.domain.map(f64::log10);
        let (first, last) = ((low - 1e-9).ceil() as i32, (high + 1e-9).floor() as i32);
        if last - first >= 2 {
            let skip = ((last - first) as usize / target + 1) as i32;
            let power = |e: i32| Tick { at: self.map(10f64.powi(e)), label: power_of_ten(e) };
            return (first..=last).filter(|e| e.rem_euclid(skip) == 0).map(power).collect();
        }
        // Less than two decades: 1, 2 and 5 in each.
        let values = (low.floor() as i32..=high.ceil() as i32)
            .flat_map(|e| [1.0, 2.0, 5.0].map(|m| (m * 10f64.powi(e), e)))
            .filter(|(v, _)| v.log10() >= low - 1e-9 && v.log10() <= high + 1e-9);
        values.map(|(v, e)| Tick { at: self.map(v), label: label(v, 10f64.powi(e), v) }).collect()
    }
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `raw`.
fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let share = raw / power;
    let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|f| share <= f * (1.0 + 1e-9)).unwrap_or(10.0);
    factor * power
}

/// The text of a value that is a multiple of `step`, on an axis whose values reach `largest` in size.
fn label(value: f64, step: f64, largest: f64) -> String {
    if value == 0.0 {
        return fixed(0.0, if largest < 1e7 { decimals(step) } else { 0 });
    }
    if largest >= 1e7 || step < 1e-4 {
        let figures = value.abs().log10().floor() - (step * 1.001).log10().floor();
        return scientific(value, (figures as usize).clamp(1, 12));
    }
    if decimals(step) == 0 && value.abs() >= 1e4 {
        let words = count(value.abs().round() as u64);
        return if value < 0.0 { format!("−{words}") } else { words };
    }
    fixed(value, decimals(step))
}

/// Decimals that a plain number needs to tell multiples of `step` apart; none for steps written as powers.
fn decimals(step: f64) -> usize {
    let rest = |d: usize| {
        let scaled = step * 10f64.powi(d as i32);
        (scaled - scaled.round()).abs()
    };
    if step < 1e-4 { 0 } else { (0..6).find(|d| rest(*d) < 1e-6).unwrap_or(6) }
}

fn widened([low, high]: [f64; 2]) -> [f64; 2] {
    if high > low {
        return [low, high];
    }
    let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
    [low - room, low + room]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, target: usize) -> Vec<String> {
        scale.ticks(target).into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn linear_scale_maps_ends_and_middle() {
        let scale = Scale::linear([-2.0, 6.0], [100.0, 0.0]);
        assert_eq!([-2.0, 2.0, 6.0].map(|v| scale.map(v)), [100.0, 50.0, 0.0]);
    }

    #[test]
    fn linear_ticks_are_round_and_inside() {
        assert_eq!(
            labels(Scale::linear([0.0, 1.0], [0.0, 1.0]), 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(labels(Scale::linear([-3.1, 4.2], [0.0, 1.0]), 4), ["−2", "0", "2", "4"]);
        assert_eq!(
            labels(Scale::linear([0.0, 20_000.0], [0.0, 1.0]), 4),
            ["0", "5000", "10,000", "15,000", "20,000"]
        );
        assert_eq!(labels(Scale::linear([0.71, 0.79], [0.0, 1.0]), 4), ["0.72", "0.74", "0.76", "0.78"]);
        assert_eq!(
            labels(Scale::linear([0.0, 1.0], [0.0, 1.0]), 4),
            ["0.00", "0.25", "0.50", "0.75", "1.00"]
        );
    }

    #[test]
    fn tiny_and_huge_values_are_written_as_powers() {
        assert_eq!(labels(Scale::linear([0.0, 2e-6], [0.0, 1.0]), 2), ["0", "1.0 × 10⁻⁶", "2.0 × 10⁻⁶"]);
        assert_eq!(labels(Scale::linear([0.0, 2e9], [0.0, 1.0]), 1), ["0", "2.0 × 10⁹"]);
        let near = labels(Scale::linear([1e9, 1.001e9], [0.0, 1.0]), 2);
        assert_eq!(near, ["1.0000 × 10⁹", "1.0005 × 10⁹", "1.0010 × 10⁹"]);
        assert_eq!(labels(Scale::linear([0.0, 1e6], [0.0, 1.0]), 2), ["0", "500,000", "1,000,000"]);
    }

    #[test]
    fn a_single_value_still_has_a_scale() {
        for value in [0.0, 3.0, -1e-7, 1e12] {
            let scale = Scale::linear([value, value], [0.0, 10.0]);
            assert!((scale.map(value) - 5.0).abs() < 1e-9, "{value}");
            assert!(!scale.ticks(4).is_empty());
        }
        let scale = Scale::log([1.0, 1.0], [0.0, 10.0]);
        assert!((scale.map(1.0) - 5.0).abs() < 1e-9);
    }

    #[test]
    fn log_scale_is_even_in_factors() {
        let scale = Scale::log([0.01, 100.0], [0.0, 4.0]);
        for (value, at) in [(0.01, 0.0), (0.1, 1.0), (1.0, 2.0), (100.0, 4.0)] {
            assert!((scale.map(value) - at).abs() < 1e-12);
        }
        assert_eq!(labels(scale, 5), ["10⁻²", "10⁻¹", "10⁰", "10¹", "10²"]);
        assert_eq!(labels(Scale::log([0.3, 6.0], [0.0, 1.0]), 4), ["0.5", "1", "2", "5"]);
    }
}
