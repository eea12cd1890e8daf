//! Points whose neighbours are looked for, and their distances in `f64`.

use crate::PrepError;
use ndarray::{ArrayView2, CowArray, Ix2};

/// The coordinates, a row a point.
pub(super) struct Points<'a>(CowArray<'a, f32, Ix2>);

impl<'a> Points<'a> {
    /// [`PrepError::Fit`] for no neighbours, as many neighbours as points, or a coordinate that is not finite.
    pub(super) fn check(x: &'a ArrayView2<'_, f32>, count: usize) -> Result<Self, PrepError> {
        let n = x.nrows();
        let refuse = |needed: String, got: String, hint| {
            Err(PrepError::Fit { what: "a search of nearest neighbours", needed, got, hint })
        };
        if count == 0 || count >= n {
            let needed = format!("1 neighbour at least and more than {count} points");
            return refuse(needed, format!("{n} points"), "ask for fewer neighbours");
        }
        if let Some(v) = x.iter().find(|v| !v.is_finite()) {
            return refuse("finite coordinates".into(), v.to_string(), "remove such points");
        }
        Ok(Self(x.as_standard_layout()))
    }

    /// The coordinates of point `i`.
    pub(super) fn of(&self, i: usize) -> &[f32] {
        let d = self.0.ncols();
        let all = self.0.as_slice().expect("standard layout is contiguous");
        &all[i * d..(i + 1) * d]
    }

    /// ‖x - y‖², from differences.
    pub(super) fn squared(&self, a: usize, b: u32) -> f64 {
        let pairs = self.of(a).iter().zip(self.of(b as usize));
        pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
    }

    /// The `count` nearest of all others, each looked at.
    pub(super) fn all(&self, query: usize, count: usize) -> Vec<(f64, u32)> {
        let others = (0..self.0.nrows() as u32).filter(|&j| j as usize != query);
        let mut all: Vec<(f64, u32)> = others.map(|j| (self.squared(query, j), j)).collect();
        sort(&mut all);
        all.truncate(count);
        all
    }
}

/// The nearest first; ties by number.
pub(super) fn sort(candidates: &mut [(f64, u32)]) {
    candidates.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
}
