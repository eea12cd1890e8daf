//! Stochastic Runge-Kutta methods as tables, and the pullback of their steps.

use super::diffusion::DiffusionVjp;
use super::methods::SdeWay;
use crate::outputs::add;
use chreode_core::{VectorSpace, Vjp};
use chreode_sde::{BrownianPath, Noise, Sde};

/// What noise a stage is multiplied by, entry by entry: a function of the step h, the increment W and the
/// space-time Lévy area H.
pub type Weight = fn(h: f64, w: f64, area: f64) -> f64;

/// A state that stages are taken at, Yₚ = y + Σ βₚₖ Kₖ at t + cₚ h, over stages before.
#[derive(Clone, Copy, Debug)]
pub struct StagePoint {
    /// cₚ
    pub c: f64,
    /// Which stages, and βₚₖ.
    pub from: &'static [(usize, f64)],
}

/// A stage, by the number of its point.
#[derive(Clone, Copy, Debug)]
pub enum StageTerm {
    /// Kₖ = h f(t + cₚ h, Yₚ)
    Drift(usize),
    /// Kₖ = g(t + cₚ h, Yₚ)·ξ with noise of this weight
    Noise(usize, Weight),
}

/// The step y₁ = y + Σ bₖ Kₖ of a stochastic Runge-Kutta method.
///
/// Rößler's methods and their relatives all have this form, so that one pullback serves them all: with a the
/// cotangent of y₁, λₖ = bₖ a + Σₚ βₚₖ Aₚ is that of Kₖ, Aₚ the sum of the pullbacks of the stages at Yₚ, and
/// a + Σₚ Aₚ that of y.
#[derive(Clone, Copy, Debug)]
pub struct SdeScheme {
    /// Yₚ, those that need fewer stages first.
    pub points: &'static [StagePoint],
    /// Kₖ, in an order in which they can be worked out.
    pub terms: &'static [StageTerm],
    /// bₖ
    pub weights: &'static [f64],
}

impl SdeScheme {
    /// Pulls `way` back through the step from `(t, y)`, whose noise is in it.
    pub(crate) fn pull<F, G, W, C, Y>(
        &self,
        sde: &Sde<F, G, W, C>,
        (t, h): (f64, f64),
        y: &Y,
        way: &mut SdeWay<Y, F::Params, G::Params, W>,
    ) where
        F: Vjp<Y>,
        Y: VectorSpace,
        W: BrownianPath,
        G: DiffusionVjp<Y, Noise = W::Noise>,
    {
        let used = |k: usize| self.points.iter().any(|point| point.from.iter().any(|(from, _)| *from == k));
        let mut values: Vec<Option<Y>> = Vec::with_capacity(self.terms.len());
        for (k, term) in self.terms.iter().enumerate() {
            values.push(used(k).then(|| {
                let p = term.point();
                let (at, time) = (self.at(p, y, &values), t + self.points[p].c * h);
                match term {
                    StageTerm::Drift(_) => y.zeros_like().plus(&[(h, &sde.drift.eval(time, &at))]),
                    StageTerm::Noise(_, weight) => sde.diffusion.product(time, &at, &way.noise(*weight, h)),
                }
            }));
        }
        let mut pulled: Vec<Option<Y>> = self.points.iter().map(|_| None).collect();
        for (k, term) in self.terms.iter().enumerate().rev() {
            let mut terms = vec![(self.weights[k], &way.a)];
            for (point, back) in self.points.iter().zip(&pulled) {
                let weights = point.from.iter().filter(|(from, _)| *from == k);
                terms.extend(weights.filter_map(|(_, beta)| back.as_ref().map(|back| (*beta, back))));
            }
            terms.retain(|(weight, _)| *weight != 0.0);
            if terms.is_empty() {
                continue;
            }
            let lambda = y.zeros_like().plus(&terms);
            let p = term.point();
            let (at, time) = (self.at(p, y, &values), t + self.points[p].c * h);
            let state = match term {
                StageTerm::Drift(_) => {
                    let back = sde.drift.vjp(time, &at, &y.zeros_like().plus(&[(h, &lambda)]));
                    add(&mut way.drift, &back.params);
                    back.state
                }
                StageTerm::Noise(_, weight) => {
                    let noise = way.noise(*weight, h);
                    let (state, params) = sde.diffusion.product_vjp(time, &at, &noise, &lambda);
                    add(&mut way.diffusion, &params);
                    state
                }
            };
            match &mut pulled[p] {
                Some(sum) => add(sum, &state),
                none => *none = Some(state),
            }
        }
        let terms: Vec<_> = pulled.iter().flatten().map(|back| (1.0, back)).collect();
        way.a = way.a.plus(&terms);
    }

    /// Yₚ
    fn at<Y: VectorSpace>(&self, p: usize, y: &Y, values: &[Option<Y>]) -> Y {
        let term = |(k, beta): &(usize, f64)| {
            (*beta, values[*k].as_ref().expect("a point is made of stages before it"))
        };
        y.plus(&self.points[p].from.iter().map(term).collect::<Vec<_>>())
    }
}

impl StageTerm {
    fn point(&self) -> usize {
        match self {
            Self::Drift(p) | Self::Noise(p, _) => *p,
        }
    }
}

impl<Y, F, G, W: BrownianPath> SdeWay<Y, F, G, W> {
    /// ξ
    fn noise(&self, weight: Weight, h: f64) -> W::Noise {
        let mut noise = self.area.clone();
        noise.update(&self.w, |area, w| weight(h, w, area));
        noise
    }
}
