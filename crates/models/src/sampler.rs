//! How a flow is integrated: a method, and either a number of steps or a tolerance.

use crate::ModelError;
use chreode_core::{Tolerance, VectorField};
use chreode_ode::{ExplicitRk, Fixed, Pi, Solve, Tableau};
use ndarray::Array2;

/// A named method with its step rule.
#[derive(Clone, Copy, Debug)]
pub struct Sampler {
    /// The Runge–Kutta method.
    pub method: Tableau,
    /// How its steps are chosen.
    pub steps: Steps,
}

/// How steps are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steps {
    /// This many equal steps between two times.
    PerInterval(usize),
    /// As many as the tolerance asks for.
    Within(Tolerance),
}

impl Sampler {
    /// 100 Euler steps an interval: what the published leave-one-out tables use.
    pub fn published() -> Self {
        Self { method: chreode_ode::EULER, steps: Steps::PerInterval(100) }
    }

    /// The states at each of `times`, the first of which is where `y0` is; none without times.
    ///
    /// With [`Steps::PerInterval`] every interval between two times has its own equal steps.
    ///
    /// # Errors
    /// A failed solve, with its time.
    pub fn trajectory<F: VectorField<Array2<f32>>>(
        &self,
        field: &F,
        y0: Array2<f32>,
        times: &[f64],
    ) -> Result<Vec<Array2<f32>>, ModelError> {
        if times.is_empty() {
            return Ok(Vec::new());
        }
        let stepper = ExplicitRk::new(self.method);
        match self.steps {
            Steps::Within(tolerance) => Ok(Solve::new(stepper, Pi::new(tolerance)).at(field, y0, times)?),
            Steps::PerInterval(n) => {
                let mut states = vec![y0];
                for pair in times.windows(2) {
                    let from = states.last().expect("starts with y0").clone();
                    if pair[0] == pair[1] {
                        states.push(from);
                        continue;
                    }
                    let span = chreode_ode::Span { t0: pair[0], t1: pair[1] };
                    let solve = Solve::new(stepper, Fixed::steps(n));
                    states.push(solve.end(field, span, from)?);
                }
                Ok(states)
            }
        }
    }
}
