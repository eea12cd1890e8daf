//! How far predictions are from measurements.

use super::{Predicted, Series};
use serde::{Deserialize, Serialize};

/// Mean squares of the errors at the measured values, in the coordinates of the series scored.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesScore {
    /// The mean over all measured values.
    pub mse: f64,
    /// The mean over the measured values of a feature of an individual, then over features and individuals, where a
    /// feature that was never measured counts 0: the number that Rubanova et al. (2019) print.
    pub mse_by_feature: f64,
    /// Measured values.
    pub values: usize,
}

impl SeriesScore {
    /// The score of `predicted`, made for the times of `measured`, one an individual and in its order.
    ///
    /// `scale` divides the errors of each feature; 1 leaves them as they are.
    ///
    /// # Panics
    /// If they do not belong together.
    pub fn of(predicted: &[Predicted], measured: &Series, scale: &[f64]) -> Self {
        assert_eq!(predicted.len(), measured.len(), "one prediction an individual");
        let (mut all, mut values, mut by_feature) = (0.0, 0, 0.0);
        for (guess, one) in predicted.iter().zip(measured.individuals()) {
            assert_eq!(guess.mean.dim(), one.values.dim(), "predictions at the measured times");
            for j in 0..measured.features().len() {
                let (mut sum, mut n) = (0.0, 0);
                for (x, m) in one.values.column(j).iter().zip(guess.mean.column(j)) {
                    if !x.is_nan() {
                        let error = (f64::from(*m) - f64::from(*x)) / scale[j];
                        sum += error * error;
                        n += 1;
                    }
                }
                all += sum;
                values += n;
                by_feature += if n > 0 { sum / n as f64 } else { 0.0 };
            }
        }
        let cells = measured.len() * measured.features().len();
        Self { mse: all / values.max(1) as f64, mse_by_feature: by_feature / cells as f64, values }
    }
}

/// The area under the ROC curve of `scores` for `labels`: the chance that a yes scores above a no, ties counting half;
/// `None` where there is only one of them, or a score that is not a number.
pub fn area_under_curve(scores: &[f64], labels: &[bool]) -> Option<f64> {
    if scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let yes = labels.iter().filter(|label| **label).count();
    let no = labels.len() - yes;
    let (mut rank_sum, mut start) = (0.0, 0);
    while start < order.len() {
        let tie = order[start..].iter().take_while(|&&i| scores[i] == scores[order[start]]).count();
        // Ranks count from 1; those of a tie are their mean.
        let rank = start as f64 + (tie as f64 + 1.0) / 2.0;
        rank_sum += rank * order[start..start + tie].iter().filter(|&&i| labels[i]).count() as f64;
        start += tie;
    }
    let above = rank_sum - yes as f64 * (yes as f64 + 1.0) / 2.0;
    (yes > 0 && no > 0).then(|| above / (yes as f64 * no as f64))
}
