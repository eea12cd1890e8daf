//! A trained bridge: its flow, and its noise.

use crate::groups::{carried, moved};
use crate::{Dynamics, Flow, ModelError, Sampler, Space, Steps};
use chreode_core::{Network, NetworkField, Seed, Snapshot, VectorField};
use chreode_ode::{EULER, Fixed, Pi, Solve, Span};
use chreode_sde::{Additive, BrownianTree, EulerMaruyama, Sde, Sra1};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// How a model with noise moves cells; the marginals are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Motion {
    /// `dX = (v + s) dτ + σ dW`: cells of equal state part.
    Stochastic,
    /// `dX = v dτ`: each cell has one future.
    Deterministic,
}

/// A velocity and a score over cells, in the user's times and coordinates.
#[derive(Clone, Debug)]
pub struct ScoreFlow<N> {
    /// The velocity v, with the coordinates and the clock.
    pub flow: Flow<N>,
    /// `s = (σ²/2) ∇ log p`, in the network's coordinates and time.
    pub score: N,
    /// The diffusion σ, likewise.
    pub sigma: f64,
    /// How cells are moved.
    pub motion: Motion,
}

impl<N: Network<Scalar = f32> + Sync> ScoreFlow<N> {
    /// Moves the rows of `points`, which are at `times[0]`, to each of `times` by the stochastic equation, forwards or
    /// backwards.
    ///
    /// A sampler of steps takes as many of Euler and Maruyama where its method is Euler's, else of SRA1 (strong order
    /// 3/2); one within a tolerance takes SRA1 with adaptive steps. The noise is a function of `seed` and of the place
    /// of a row; the result does not depend on the number of threads.
    ///
    /// # Errors
    /// A different number of columns, times that turn round, or a failed solve.
    pub fn diffuse(
        &self,
        points: ArrayView2<'_, f32>,
        times: &[f64],
        sampler: &Sampler,
        seed: Seed,
    ) -> Result<Vec<Array2<f32>>, ModelError> {
        let forwards = times.last() >= times.first();
        if let Some(pair) =
            times.windows(2).find(|pair| (pair[1] < pair[0]) == forwards && pair[0] != pair[1])
        {
            let rule = "on in the direction of the times before it; noise cannot be unwound";
            return Err(ModelError::Parameter { name: "a time", value: pair[1], rule });
        }
        let sign = if forwards { 1.0 } else { -1.0 };
        moved(&self.flow.space, points, times, |group, rows, taus| {
            let clock: Vec<f64> = taus.iter().map(|tau| sign * tau).collect();
            self.walk(group, rows, &clock, sign, sampler, seed)
        })
    }

    /// The states of one group at each of `clock`, which increases: network time times `sign`. The drift is `v + s`
    /// forwards and `−v + s` backwards.
    fn walk(
        &self,
        group: usize,
        rows: Array2<f32>,
        clock: &[f64],
        sign: f64,
        sampler: &Sampler,
        seed: Seed,
    ) -> Result<Vec<Array2<f32>>, ModelError> {
        let (velocity, score) = (NetworkField::new(&self.flow.network), NetworkField::new(&self.score));
        let drift = &|r: f64, y: &Array2<f32>| {
            let tau = sign * r;
            let mut drift = score.eval(tau, y);
            drift.scaled_add(sign as f32, &velocity.eval(tau, y));
            drift
        };
        let sigma = self.sigma as f32;
        let noise = || Additive::new(move |_t: f64, dw: &Array2<f32>| dw * sigma);
        let mut states = vec![rows];
        for (k, pair) in clock.windows(2).enumerate() {
            let from = states.last().expect("starts with the rows").clone();
            if pair[0] == pair[1] {
                states.push(from);
                continue;
            }
            let span = Span { t0: pair[0], t1: pair[1] };
            // Leaves of half a step: every step has the exact law of Brownian motion.
            let leaf = (pair[1] - pair[0])
                * match sampler.steps {
                    Steps::PerInterval(n) => 0.5 / n as f64,
                    Steps::Within(_) => 2.0_f64.powi(-20),
                };
            let seed = seed.child("motion").child(&k.to_string());
            let member = group as u32;
            let end = match sampler.steps {
                Steps::PerInterval(n) if sampler.method == EULER => {
                    let path = BrownianTree::new(seed, span, from.clone(), leaf)?.member(member);
                    Solve::new(EulerMaruyama, Fixed::steps(n)).end(
                        &Sde::ito(drift, noise(), path),
                        span,
                        from,
                    )?
                }
                steps => {
                    let path = BrownianTree::with_area(seed, span, from.clone(), leaf)?.member(member);
                    let sde = Sde::ito(drift, noise(), path);
                    match steps {
                        Steps::PerInterval(n) => Solve::new(Sra1, Fixed::steps(n)).end(&sde, span, from)?,
                        // The error of a step is random: a lucky one must not make the next much longer.
                        Steps::Within(tolerance) => {
                            let control = Pi { grow: 2.0, ..Pi::new(tolerance) };
                            Solve::new(Sra1, control).end(&sde, span, from)?
                        }
                    }
                }
            };
            states.push(end);
        }
        Ok(states)
    }
}

impl<N: Network<Scalar = f32> + Send + Sync> Dynamics for ScoreFlow<N> {
    fn space(&self) -> &Space {
        &self.flow.space
    }

    fn evolve(
        &self,
        cells: &Snapshot,
        times: &[f64],
        sampler: &Sampler,
        seed: Seed,
    ) -> Result<Vec<Snapshot>, ModelError> {
        let points = cells.points.view();
        let moved = match self.motion {
            Motion::Stochastic => self.diffuse(points, times, sampler, seed)?,
            Motion::Deterministic => self.flow.push(points, times, sampler)?,
        };
        Ok(carried(cells, times, moved))
    }

    /// The velocity v of the probability flow, without the part that makes up for noise.
    fn velocity(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        self.flow.velocity(t, points)
    }
}
