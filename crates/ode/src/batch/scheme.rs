//! A tableau made ready for rows: only the weights that are not zero.

use crate::tableau::MAX_DENSE;
use crate::{Embedded, Tableau};
use chreode_core::simd::Element;

/// Terms Σ wⱼ kⱼ of a combination.
#[derive(Clone, Debug)]
pub(crate) struct Terms<A> {
    /// Which stages.
    pub(crate) stage: Vec<usize>,
    /// Their weights.
    pub(crate) weight: Vec<A>,
}

impl<A: Element> Terms<A> {
    fn new(weights: &[f64]) -> Self {
        let some: Vec<_> = weights.iter().enumerate().filter(|(_, w)| **w != 0.0).collect();
        Self {
            stage: some.iter().map(|(j, _)| *j).collect(),
            weight: some.iter().map(|(_, w)| A::from_f64(**w)).collect(),
        }
    }
}

/// A method as the engines want it.
#[derive(Clone, Debug)]
pub(crate) struct Scheme<A> {
    pub(crate) tableau: Tableau,
    pub(crate) stages: usize,
    pub(crate) fsal: bool,
    pub(crate) c: Vec<f64>,
    /// What leads to the state at which stage i + 1 is taken.
    pub(crate) inner: Vec<Terms<A>>,
    /// What leads to the new state, where no stage is taken at it.
    pub(crate) last: Option<Terms<A>>,
    pub(crate) error: Option<Terms<A>>,
    /// The second estimate, where a method combines two.
    pub(crate) second: Option<Terms<A>>,
    /// Nodes and terms of the stages that only the interpolant needs.
    pub(crate) extra: Vec<(f64, Terms<A>)>,
    /// Power of h in the error.
    pub(crate) power: f64,
}

impl<A: Element> Scheme<A> {
    pub(crate) fn new(tableau: Tableau) -> Self {
        let it = tableau.coefficients();
        let power = |e: Embedded| f64::from(e.order.min(it.order)) + 1.0;
        let power = it.embedded.map_or(f64::from(it.order) + 1.0, |e| {
            tableau.second().map_or(power(e), |second| 2.0 * power(e) - power(second))
        });
        let extra = tableau.extra();
        Self {
            tableau,
            stages: tableau.stages(),
            fsal: tableau.fsal(),
            c: it.c.to_vec(),
            inner: it.a[1..].iter().map(|row| Terms::new(row)).collect(),
            last: (!tableau.fsal()).then(|| Terms::new(it.b)),
            error: it.embedded.map(|e| Terms::new(e.error)),
            second: tableau.second().map(|e| Terms::new(e.error)),
            extra: extra.c.iter().zip(extra.a).map(|(c, row)| (*c, Terms::new(row))).collect(),
            power,
        }
    }

    /// The stages that the interpolant needs, all together.
    pub(crate) fn dense_stages(&self) -> usize {
        self.stages + self.extra.len()
    }

    /// `out = y(t + θh)` from the state `y` and the stages `k` of one row, stage after stage.
    pub(crate) fn interpolate(&self, theta: f64, h: f64, y: &[A], k: &[A], out: &mut [A]) {
        let mut weights = [0.0; MAX_DENSE];
        for (j, weight) in weights.iter_mut().enumerate().take(self.dense_stages()) {
            *weight = self.tableau.weight(j, theta);
        }
        for (i, (out, y)) in out.iter_mut().zip(y).enumerate() {
            let stages = k[i..].iter().step_by(y_len(k, self.dense_stages()));
            let sum: f64 = stages.zip(&weights).map(|(k, w)| (*k).to_f64() * w).sum();
            *out = A::from_f64((*y).to_f64() + h * sum);
        }
    }
}

/// Entries of one stage.
fn y_len<A>(k: &[A], stages: usize) -> usize {
    (k.len() / stages).max(1)
}
