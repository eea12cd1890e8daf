//! Dispersions of several batches, joined.

use super::dispersion::{Binning, Dispersions, Selection, select, single};
use crate::GeneMoments;

/// The genes of one batch.
pub(super) struct OneBatch {
    pub(super) means: Vec<f64>,
    pub(super) dispersions: Vec<f64>,
    pub(super) normalized: Vec<f64>,
}

/// Every batch alone, then their mean, NaN left out.
pub(super) fn joined(batches: &[GeneMoments], binning: Binning, selection: Selection) -> Dispersions {
    let p = batches[0].mean.len();
    let mut parts = Vec::with_capacity(batches.len());
    let mut times = vec![0usize; p];
    for moments in batches {
        let seen: Vec<bool> = moments.mean.iter().map(|&m| m != 0.0).collect();
        let mut part = single(moments, binning, &seen);
        // Genes that the batch lacks take no part in its selection.
        let candidates: Vec<f64> =
            part.normalized.iter().zip(&seen).map(|(&d, &s)| if s { d } else { f64::NAN }).collect();
        let chosen = select(&part.means, &candidates, selection);
        for j in 0..p {
            times[j] += usize::from(chosen[j] && seen[j]);
            if !seen[j] {
                (part.means[j], part.dispersions[j], part.normalized[j]) = (0.0, 0.0, 0.0);
            }
        }
        parts.push(part);
    }
    let mean = |of: fn(&OneBatch) -> &Vec<f64>, j: usize| {
        let known: Vec<f64> = parts.iter().map(|b| of(b)[j]).filter(|v| !v.is_nan()).collect();
        known.iter().sum::<f64>() / known.len() as f64
    };
    let means: Vec<f64> = (0..p).map(|j| mean(|b| &b.means, j)).collect();
    let dispersions: Vec<f64> = (0..p).map(|j| mean(|b| &b.dispersions, j)).collect();
    let mut normalized: Vec<f64> = (0..p).map(|j| mean(|b| &b.normalized, j)).collect();
    let selected = match selection {
        Selection::Top(n) => {
            let key = |j: usize| if normalized[j].is_nan() { f64::NEG_INFINITY } else { normalized[j] };
            let mut order: Vec<usize> = (0..p).collect();
            order.sort_by(|&a, &b| times[b].cmp(&times[a]).then(key(b).total_cmp(&key(a))));
            let mut selected = vec![false; p];
            order.into_iter().take(n).for_each(|j| selected[j] = true);
            selected
        }
        Selection::Between { .. } => {
            normalized.iter_mut().filter(|d| d.is_nan()).for_each(|d| *d = 0.0);
            select(&means, &normalized, selection)
        }
    };
    Dispersions { selected, means, dispersions, normalized, batches: times }
}
