//! The number of a row, and its spread over seeds.

use chreode_models::Statistic;

/// The mean of `values`, and their standard deviation (of a sample) where there are two or more.
pub fn moments(values: &[f64]) -> (f64, Option<f64>) {
    let Statistic { mean, sd } = Statistic::of(values);
    (mean, sd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_is_that_of_a_sample_and_absent_for_one_value() {
        assert_eq!(moments(&[1.0, 2.0, 3.0]), (2.0, Some(1.0)));
        assert_eq!(moments(&[4.0]), (4.0, None));
    }
}
