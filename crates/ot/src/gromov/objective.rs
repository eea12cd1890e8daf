//! The objective and its gradient, by the products that the loss's decomposition allows.

use super::structure::Form;
use super::{GromovLoss, GromovTransport, Structure, outer, product};
use crate::Entry;
use crate::coupling::inner;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use std::borrow::Cow;

/// The objective of a problem, with `ℓ(x, y) = f₁(x) + f₂(y) - w h₁(x) h₂(y)` (Peyré, Cuturi and Solomon
/// 2016, equation 5), so that no product over four indices is ever formed.
pub(super) struct Objective<'p> {
    linear: Option<ArrayView2<'p, f64>>,
    pub(super) alpha: f64,
    loss: GromovLoss,
    structures: (&'p Structure, &'p Structure),
    /// `h₁(C)` and `h₂(D)`.
    inside: (Cow<'p, Structure>, Cow<'p, Structure>),
    /// Both transposed, where one of them is not symmetric.
    turned: Option<[(Structure, Structure); 2]>,
    weight: f64,
}

/// What is linear in a plan P: `u = F₁ p`, `v = F₂ q` for its marginals and `cross = h₁(C) P h₂(D)ᵀ`, each
/// plus the same with `C` and `D` transposed.
#[derive(Clone)]
pub(super) struct Linearised {
    pub(super) u: Array1<f64>,
    pub(super) v: Array1<f64>,
    pub(super) cross: Array2<f64>,
}

impl Linearised {
    /// `(1 - τ) self + τ other`.
    pub(super) fn mix(&mut self, tau: f64, other: &Self) {
        let step = |x: &mut f64, y: &f64| *x += tau * (y - *x);
        self.u.zip_mut_with(&other.u, step);
        self.v.zip_mut_with(&other.v, step);
        self.cross.zip_mut_with(&other.cross, step);
    }
}

impl<'p> Objective<'p> {
    pub(super) fn new(problem: &'p GromovTransport<'_>) -> Self {
        let structures = problem.structures();
        let (inside, weight) = match problem.loss() {
            GromovLoss::Square => ((Cow::Borrowed(structures.0), Cow::Borrowed(structures.1)), 2.0),
            GromovLoss::KullbackLeibler => {
                ((Cow::Borrowed(structures.0), Cow::Owned(structures.1.map(f64::ln))), 1.0)
            }
        };
        let symmetric = structures.0.is_symmetric() && structures.1.is_symmetric();
        let turned = (!symmetric).then(|| {
            let inside = (inside.0.turned(), inside.1.turned());
            [inside, (structures.0.turned(), structures.1.turned())]
        });
        let (linear, alpha, loss) = (problem.linear(), problem.alpha(), problem.loss());
        Self { linear, alpha, loss, structures, inside, turned, weight }
    }

    /// `F₁ p` and `F₂ q`, with the transposed structures added.
    fn marginal_terms(&self, p: &Array1<f64>, q: &Array1<f64>) -> (Array1<f64>, Array1<f64>) {
        let terms = |c: &Structure, d: &Structure| match self.loss {
            GromovLoss::Square => (c.apply_squares(p), d.apply_squares(q)),
            GromovLoss::KullbackLeibler => {
                (c.map(|x| if x > 0.0 { x * x.ln() - x } else { 0.0 }).apply(p), d.apply(q))
            }
        };
        let (mut u, mut v) = terms(self.structures.0, self.structures.1);
        match &self.turned {
            None => {
                u *= 2.0;
                v *= 2.0;
            }
            Some([_, (c, d)]) => {
                let (more_u, more_v) = terms(c, d);
                u += &more_u;
                v += &more_v;
            }
        }
        (u, v)
    }

    /// `h₁ P h₂ᵀ` and the same transposed, from the product of either pair.
    fn both(&self, half: impl Fn(&Structure, &Structure) -> Array2<f64>) -> Array2<f64> {
        let mut cross = half(&self.inside.0, &self.inside.1);
        match &self.turned {
            None => cross *= 2.0,
            Some([(h1, h2), _]) => cross += &half(h1, h2),
        }
        cross
    }

    /// At `a bᵀ`.
    pub(super) fn at_product(&self, a: &Array1<f64>, b: &Array1<f64>) -> Linearised {
        let (u, v) = self.marginal_terms(a, b);
        let cross = self.both(|h1, h2| outer(&h1.apply(a), &h2.apply(b)));
        Linearised { u, v, cross }
    }

    /// At a plan held as a matrix.
    pub(super) fn at(&self, plan: &Array2<f64>) -> Linearised {
        let (u, v) = self.marginal_terms(&plan.sum_axis(Axis(1)), &plan.sum_axis(Axis(0)));
        let cross = self.both(|h1, h2| match h2.form() {
            Form::Matrix(h2) => h1.times(product(plan.view(), h2.t()).view()),
            Form::Factors { left, right } => {
                product(h1.times(product(plan.view(), right.view()).view()).view(), left.t())
            }
        });
        Linearised { u, v, cross }
    }

    /// At a plan with few entries.
    pub(super) fn at_sparse(&self, entries: &[Entry], (n, m): (usize, usize)) -> Linearised {
        let (mut p, mut q) = (Array1::zeros(n), Array1::zeros(m));
        for entry in entries {
            p[entry.row] += entry.mass;
            q[entry.column] += entry.mass;
        }
        let (u, v) = self.marginal_terms(&p, &q);
        let gather = |columns: ArrayView2<'_, f64>| {
            let mut out = Array2::zeros((n, columns.ncols()));
            for entry in entries {
                out.row_mut(entry.row).scaled_add(entry.mass, &columns.row(entry.column));
            }
            out
        };
        let cross = self.both(|h1, h2| match h2.form() {
            Form::Matrix(h2) => h1.times(gather(h2.t()).view()),
            Form::Factors { left, right } => product(h1.times(gather(right.view()).view()).view(), left.t()),
        });
        Linearised { u, v, cross }
    }

    /// The gradient `α (u 1ᵀ + 1 vᵀ - w cross) + (1 - α) M`.
    pub(super) fn gradient(&self, at: &Linearised) -> Array2<f64> {
        let mut gradient = at.cross.mapv(|x| -self.weight * self.alpha * x);
        for (mut row, &u) in gradient.rows_mut().into_iter().zip(&at.u) {
            row.zip_mut_with(&at.v, |x, v| *x += self.alpha * (u + v));
        }
        if let Some(linear) = &self.linear {
            gradient.scaled_add(1.0 - self.alpha, linear);
        }
        gradient
    }

    /// `⟨M, P⟩`.
    pub(super) fn linear_part(&self, plan: &Array2<f64>) -> f64 {
        self.linear.as_ref().map_or(0.0, |linear| inner(linear, &plan.view()))
    }

    /// `Σ ℓ P P`, and its first two terms alone, a measure of what cancels in it.
    pub(super) fn quadratic_part(&self, plan: &Array2<f64>, at: &Linearised) -> (f64, f64) {
        let constant = 0.5 * (plan.sum_axis(Axis(1)).dot(&at.u) + plan.sum_axis(Axis(0)).dot(&at.v));
        (constant - 0.5 * self.weight * inner(&at.cross.view(), &plan.view()), constant)
    }

    /// `⟨M, S⟩` and the bilinear form `Σ ℓ P_ij S_kl` of the plan behind `at` and a sparse one, symmetrised.
    pub(super) fn against(&self, at: &Linearised, entries: &[Entry]) -> (f64, f64) {
        let (mut linear, mut bilinear) = (0.0, 0.0);
        for &Entry { row, column, mass } in entries {
            if let Some(costs) = &self.linear {
                linear += mass * costs[[row, column]];
            }
            bilinear += 0.5 * mass * (at.u[row] + at.v[column] - self.weight * at.cross[[row, column]]);
        }
        (linear, bilinear)
    }
}
