//! One side of the generalised Sinkhorn iteration.

use super::{Marginal, Reference};
use crate::sinkhorn::exp;
use ndarray::Array1;

/// What the iteration knows of one side.
pub(crate) struct Side {
    pub(crate) marginal: Marginal,
    pub(super) mass: Vec<f64>,
    /// Those of the reference, `r`; 0 for points that take no part.
    pub(crate) weight: Vec<f64>,
    /// Their sum, all points taken.
    pub(crate) total: f64,
    /// `log(a/r)`.
    ratio: Vec<f64>,
    /// Points without an allowed move.
    stranded: Vec<usize>,
}

impl Side {
    pub(super) fn new(marginal: Marginal, mass: &Array1<f64>, reference: Reference) -> Self {
        let mut weight = reference.weights(mass).to_vec();
        let ratio =
            mass.iter().zip(&weight).map(|(&a, &r)| if a == r { 0.0 } else { (a / r).ln() }).collect();
        let total = weight.iter().sum();
        if marginal.needs_mass() {
            weight.iter_mut().zip(mass).filter(|(_, a)| **a == 0.0).for_each(|(r, _)| *r = 0.0);
        }
        Self { marginal, mass: mass.to_vec(), weight, total, ratio, stranded: Vec::new() }
    }

    /// The best potential of a point against a soft minimum.
    pub(crate) fn potential(&self, point: usize, epsilon: f64, soft: f64) -> f64 {
        self.marginal.potential(epsilon, soft, self.mass[point], self.weight[point], self.ratio[point])
    }

    /// The best potentials against soft minima, all raised by `shift`; 0 for points without weight.
    pub(crate) fn potentials(&self, epsilon: f64, soft: &[f64], shift: f64) -> Vec<f64> {
        let one =
            |i: usize| if self.weight[i] > 0.0 { self.potential(i, epsilon, soft[i] + shift) } else { 0.0 };
        (0..soft.len()).map(one).collect()
    }

    /// The masses of the plan with potential `f` and soft minima `soft`, raised by `shift`.
    pub(crate) fn masses<'a>(
        &'a self,
        epsilon: f64,
        soft: &'a [f64],
        f: &'a [f64],
        shift: f64,
    ) -> impl Iterator<Item = f64> + 'a {
        (0..soft.len()).map(move |i| {
            let weight = self.weight[i];
            if weight > 0.0 && soft[i].is_finite() && f[i].is_finite() {
                weight * exp(((f[i] - (soft[i] + shift)) / epsilon).min(700.0))
            } else {
                0.0
            }
        })
    }

    /// Potentials and masses of the points that take part.
    pub(super) fn live<'a>(&'a self, f: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + Clone + 'a {
        let all = f.iter().zip(&self.mass).zip(&self.weight);
        all.filter(|(_, weight)| **weight > 0.0).map(|((&f, &a), _)| (f, a))
    }

    /// The mass that the side would like when its potential falls by `shift`.
    pub(super) fn wanted(&self, f: &[f64], shift: f64) -> f64 {
        self.live(f).map(|(f, a)| self.marginal.wanted(f - shift, a)).sum()
    }

    /// The potential lowered by `shift`, and kept where its dual value is finite.
    pub(crate) fn lower(&self, f: &mut [f64], shift: f64) {
        let live = f.iter_mut().zip(&self.weight).filter(|(_, weight)| **weight > 0.0);
        live.for_each(|(f, _)| *f = self.marginal.admit(*f - shift));
    }

    /// Takes note of a point without an allowed move; its share of the masses, where it has to move them.
    pub(crate) fn strand(&mut self, point: usize) -> Option<f64> {
        self.weight[point] = 0.0;
        self.stranded.push(point);
        let given_up = self.marginal.potential(1.0, f64::INFINITY, self.mass[point], 1.0, 0.0);
        let stuck = self.marginal.is_constraint() && given_up == f64::INFINITY;
        stuck.then(|| self.mass[point] / self.mass.iter().sum::<f64>())
    }

    /// The potentials of points that take no part: what giving up all mass is worth, and −∞ where there is none.
    pub(crate) fn settle(&self, epsilon: f64, f: &mut [f64]) {
        for ((f, &mass), &ratio) in f.iter_mut().zip(&self.mass).zip(&self.ratio) {
            if mass == 0.0 && ratio == f64::NEG_INFINITY && self.marginal.needs_mass() {
                *f = f64::NEG_INFINITY;
            }
        }
        self.stranded.iter().for_each(|&point| f[point] = self.potential(point, epsilon, f64::INFINITY));
    }

    /// `Σ D(s_i, a_i)` of marginals.
    pub(crate) fn penalty(&self, found: &[f64]) -> f64 {
        found.iter().zip(&self.mass).map(|(&s, &a)| self.marginal.penalty(s, a)).sum()
    }

    /// `Σ -D*(-f_i)` of potentials.
    pub(crate) fn dual(&self, f: &[f64]) -> f64 {
        f.iter().zip(&self.mass).map(|(&f, &a)| self.marginal.dual(f, a)).sum()
    }
}
