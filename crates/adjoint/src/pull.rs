//! The exact pullback of Runge-Kutta steps, one after the other from the last to the first.

use crate::outputs::add;
use crate::pull_stages::{Rates, pull_stages, sum_dot};
use crate::record::{Record, weighty};
use crate::stages::{Workspace, finish};
use crate::{AdjointError, Gradient};
use chreode_core::{Kept, VectorSpace, Vjp};
use chreode_ode::{Span, Tableau};
use std::mem::swap;

/// The state of the way back.
pub(crate) struct Pull<'p, P: Vjp<Y> + ?Sized, Y> {
    pub(crate) problem: &'p P,
    pub(crate) tableau: Tableau,
    pub(crate) steps: &'p [Record],
    pub(crate) times: &'p [f64],
    pub(crate) cotangents: &'p [Y],
    /// The stages of every step, or nothing.
    stages: &'p [Vec<Y>],
    /// Cotangent of the state before the step pulled back last.
    a: Y,
    params: Option<P::Params>,
    /// ∂L/∂tᵢ, where wanted.
    by_time: Option<Vec<f64>>,
    /// Outputs that lie before the way already gone.
    left: usize,
    spare: Y,
}

impl<'p, P: Vjp<Y> + ?Sized, Y: VectorSpace> Pull<'p, P, Y> {
    /// Before the last step; `y` is any state.
    #[allow(clippy::too_many_arguments, reason = "the parts of a tape")]
    pub(crate) fn new(
        problem: &'p P,
        tableau: Tableau,
        steps: &'p [Record],
        times: &'p [f64],
        cotangents: &'p [Y],
        stages: &'p [Vec<Y>],
        y: &Y,
        by_time: Option<Vec<f64>>,
    ) -> Self {
        let (a, spare, left) = (y.zeros_like(), y.zeros_like(), times.len());
        Self { problem, tableau, steps, times, cotangents, stages, a, params: None, by_time, left, spare }
    }

    /// Pulls the cotangents back through step `n`, which begins at `y`; `memories` are what the field kept of its
    /// stages, or none.
    ///
    /// # Errors
    /// When they are no longer finite.
    pub(crate) fn step(
        &mut self,
        n: usize,
        y: &Y,
        memories: &mut [Kept],
        workspace: &mut Workspace<Y>,
    ) -> Result<(), AdjointError> {
        let step = self.steps[n];
        let from = if n == 0 { self.times[0] } else { self.steps[n - 1].to };
        let direction = Span { t0: from, t1: step.to }.direction();
        let ends = self.outputs(|t| t == step.to);
        for i in ends.clone() {
            add(&mut self.a, &self.cotangents[i]);
        }
        let inner = self.outputs(|t| (t - from) * direction > 0.0);
        let thetas: Vec<_> = inner.map(|i| (i, (self.times[i] - step.t) / step.h)).collect();
        let tableau = self.tableau;
        let outer = self.by_time.is_some() && (n == 0 || n + 1 == self.steps.len());

        let mut rates = Rates::default();
        let outputs: Vec<_> = thetas.iter().map(|(i, theta)| (*theta, &self.cotangents[*i])).collect();
        let kept = self.stages.get(n).map_or(&[][..], Vec::as_slice);
        pull_stages(
            self.problem,
            &tableau,
            &step,
            y,
            &self.a,
            &outputs,
            kept,
            memories,
            workspace,
            &mut self.params,
            outer.then_some(&mut rates),
        );
        let Workspace { k, scratch, u, pulled, .. } = workspace;
        let k = if kept.len() >= pulled.len() { kept } else { &k[..] };

        if self.by_time.is_some() {
            if outer {
                let weights = tableau.coefficients().b[..weighty(&tableau)].iter().copied();
                rates.h += sum_dot(weights, k, &self.a, scratch);
            }
            self.rates_of_outputs(&thetas, k, scratch, &mut rates);
            if n + 1 == self.steps.len() {
                finish(&tableau, &step, y, k, scratch);
                self.end_rates(&ends, scratch, &rates);
            }
            self.start_rates(n, from, &k[0], &rates);
        }

        let outputs = outputs.iter().map(|(_, cotangent)| (1.0, *cotangent));
        let stages = pulled.iter().zip(&*u).filter(|(pulled, _)| **pulled).map(|(_, state)| (1.0, state));
        let terms: Vec<_> = outputs.chain(stages).collect();
        self.a.plus_into(&terms, &mut self.spare);
        swap(&mut self.a, &mut self.spare);
        if self.a.is_finite() { Ok(()) } else { Err(AdjointError::NotFinite { t: from }) }
    }

    /// The last outputs not yet taken for whose time `within` holds; never the first of all.
    fn outputs(&mut self, within: impl Fn(f64) -> bool) -> std::ops::Range<usize> {
        let end = self.left;
        while self.left > 1 && within(self.times[self.left - 1]) {
            self.left -= 1;
        }
        self.left..end
    }

    /// What the states within the step say of their own times, and of the ends of the step.
    fn rates_of_outputs(&mut self, thetas: &[(usize, f64)], k: &[Y], scratch: &mut Y, rates: &mut Rates) {
        let Some(by_time) = &mut self.by_time else { return };
        let stages = 0..self.tableau.dense_stages();
        for &(i, theta) in thetas {
            let cotangent = &self.cotangents[i];
            let slopes = stages.clone().map(|j| self.tableau.weight_slope(j, theta));
            let weights = stages.clone().map(|j| self.tableau.weight(j, theta));
            let slope = sum_dot(slopes, k, cotangent, scratch);
            by_time[i] += slope;
            rates.t -= slope;
            rates.h += sum_dot(weights, k, cotangent, scratch) - theta * slope;
        }
    }

    /// ∂L/∂t₁, and that of other outputs at t₁, where the state is `y`: they stay where they are when it
    /// moves.
    fn end_rates(&mut self, ends: &std::ops::Range<usize>, y: &Y, rates: &Rates) {
        let Some(by_time) = &mut self.by_time else { return };
        let last = self.times.len() - 1;
        by_time[last] += rates.h;
        if ends.start < last {
            let slope = self.problem.eval(self.times[last], y);
            for i in ends.start..last {
                let rate = slope.dot(&self.cotangents[i]);
                by_time[i] += rate;
                by_time[last] -= rate;
            }
        }
    }

    /// What the states asked for at the start of step `n`, where the slope is `slope`, say of their times;
    /// and ∂L/∂t₀.
    fn start_rates(&mut self, n: usize, from: f64, slope: &Y, rates: &Rates) {
        let Some(by_time) = &mut self.by_time else { return };
        let mut total = 0.0;
        for i in (1..self.left).rev().take_while(|i| self.times[*i] == from) {
            let rate = slope.dot(&self.cotangents[i]);
            by_time[i] += rate;
            total += rate;
        }
        if n == 0 {
            by_time[0] += rates.t - rates.h - total;
        }
    }

    /// The gradient, when all steps are pulled back to `y0`.
    pub(crate) fn finish(mut self, y0: &Y) -> Result<Gradient<Y, P::Params>, AdjointError> {
        let t0 = self.times[0];
        if self.steps.is_empty()
            && let Some(by_time) = &mut self.by_time
        {
            let slope = self.problem.eval(t0, y0);
            for (rate, cotangent) in by_time.iter_mut().zip(self.cotangents).skip(1) {
                *rate = slope.dot(cotangent);
            }
            by_time[0] = -by_time[1..].iter().sum::<f64>();
        }
        for cotangent in &self.cotangents[..self.left] {
            add(&mut self.a, cotangent);
        }
        let params = self.params.unwrap_or_else(|| self.problem.zero_params(t0, y0));
        let times = self.by_time.unwrap_or_default();
        if self.a.is_finite() && params.is_finite() && times.iter().all(|t| t.is_finite()) {
            Ok(Gradient { y0: self.a, params, times })
        } else {
            Err(AdjointError::NotFinite { t: t0 })
        }
    }
}
