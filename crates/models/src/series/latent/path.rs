//! The latent path from z₀: at the times asked for, and back.

use super::batch::Asked;
use super::nets::{LatentNets, Motion};
use super::objective::walk_gradient;
use crate::series::walk::{Tape, add};
use crate::{ModelError, Net};
use chreode_adjoint::{Adjoint, Discrete, DiscreteTape, Times};
use chreode_core::{NetworkField, Tolerance};
use chreode_ode::{DOPRI5, ExplicitRk, Pi, Solve};
use ndarray::{Array2, Axis, s};

/// The motion of the latent states of some individuals.
pub(super) struct Path<'n> {
    pub(super) nets: &'n LatentNets,
    pub(super) tolerance: Tolerance,
}

/// What the way forward leaves for the way back.
#[derive(Default)]
pub(super) struct PathTape {
    solve: Option<DiscreteTape<Array2<f32>>>,
    walk: Tape<Net>,
    last: Array2<f32>,
    solved: usize,
}

impl PathTape {
    /// Bytes that the last path kept.
    pub(super) fn bytes(&self) -> usize {
        self.solved + self.walk.bytes()
    }

    /// The integrals beyond the latent columns at the end of the grid.
    pub(super) fn integrals(&self, latents: usize) -> Array2<f32> {
        self.last.slice(s![.., latents..]).to_owned()
    }
}

impl Path<'_> {
    fn solve(&self) -> Solve<ExplicitRk, Pi> {
        Solve::new(ExplicitRk::new(DOPRI5), Pi::new(self.tolerance))
    }

    /// The state at the first time: z₀, and integrals of 0.
    fn start(&self, z0: &Array2<f32>) -> Array2<f32> {
        let zeros = Array2::zeros((z0.nrows(), self.nets.width() - z0.ncols()));
        ndarray::concatenate(Axis(1), &[z0.view(), zeros.view()]).expect("both have a row an individual")
    }

    /// z at each of the picks.
    pub(super) fn forward(
        &self,
        z0: &Array2<f32>,
        asked: &Asked,
        tape: &mut PathTape,
    ) -> Result<Array2<f32>, ModelError> {
        let latents = self.nets.latents;
        let mut z = Array2::zeros((asked.picks.len(), latents));
        match (&self.nets.motion, &asked.steps) {
            (Motion::Ode(field), _) => {
                let field = NetworkField::new(field);
                let adjoint = Discrete::default().times(Times::Constant);
                let (states, solve) = adjoint.forward(&self.solve(), &field, self.start(z0), &asked.grid)?;
                for (mut z, &(k, row)) in z.rows_mut().into_iter().zip(&asked.picks) {
                    z.assign(&states[k].slice(s![row, ..latents]));
                }
                tape.last = states.into_iter().next_back().unwrap_or_default();
                tape.solved = solve.bytes(z0.nrows() * self.nets.width() * size_of::<f32>());
                tape.solve = Some(solve);
            }
            (Motion::Rnn(walk), steps) => {
                let steps = steps.as_ref().expect("a recurrent generation has steps");
                let reads = walk.forward(steps, &mut z0.clone(), &mut tape.walk);
                for (read, &pick) in reads.rows().into_iter().zip(&asked.read) {
                    z.row_mut(pick).assign(&read);
                }
            }
        }
        Ok(z)
    }

    /// The cotangent of z₀ for `dz` of the picks and `dends` of the integrals at the end; adds to the gradient.
    pub(super) fn pullback(
        &self,
        asked: &Asked,
        dz: Array2<f32>,
        dends: &Array2<f32>,
        tape: &mut PathTape,
        gradient: &mut [f32],
    ) -> Result<Array2<f32>, ModelError> {
        let latents = self.nets.latents;
        match (&self.nets.motion, &asked.steps) {
            (Motion::Ode(field), _) => {
                let field = NetworkField::new(field);
                let adjoint = Discrete::default().times(Times::Constant);
                let shape = (asked.rows, self.nets.width());
                let mut cotangents: Vec<Array2<f32>> =
                    asked.grid.iter().map(|_| Array2::zeros(shape)).collect();
                for (dz, &(k, row)) in dz.rows().into_iter().zip(&asked.picks) {
                    let mut to = cotangents[k].slice_mut(s![row, ..latents]);
                    to += &dz;
                }
                if let Some(last) = cotangents.last_mut() {
                    last.slice_mut(s![.., latents..]).assign(dends);
                }
                let solve = tape.solve.take().expect("the way back follows the way forward");
                let found = adjoint.backward(&self.solve(), &field, &solve, &cotangents)?;
                let by_motion = found.params.as_slice().expect("a flat gradient");
                add(gradient, by_motion);
                Ok(found.y0.slice(s![.., ..latents]).to_owned())
            }
            (Motion::Rnn(walk), steps) => {
                let steps = steps.as_ref().expect("a recurrent generation has steps");
                let mut dreads = Array2::zeros((steps.reads.len(), latents));
                for (mut read, &pick) in dreads.rows_mut().into_iter().zip(&asked.read) {
                    read.assign(&dz.row(pick));
                }
                let mut dh = Array2::zeros((asked.rows, latents));
                walk.pullback(steps, &mut dh, &dreads, &mut tape.walk, walk_gradient(walk, gradient));
                Ok(dh)
            }
        }
    }

    /// z at each of the picks, without a way back; times before 0 are reached by a solve backwards.
    pub(super) fn states(&self, z0: &Array2<f32>, asked: &Asked) -> Result<Array2<f32>, ModelError> {
        let Motion::Ode(field) = &self.nets.motion else {
            return self.forward(z0, asked, &mut PathTape::default());
        };
        let latents = self.nets.latents;
        let (solve, field) = (self.solve(), NetworkField::new(field));
        let zero = asked.grid.partition_point(|t| *t < 0.0);
        let back: Vec<f64> = std::iter::once(0.0).chain(asked.grid[..zero].iter().rev().copied()).collect();
        let mut states = if zero > 0 { solve.at(&field, self.start(z0), &back)? } else { Vec::new() };
        states.reverse();
        // The last of them is the start, which comes again.
        states.pop();
        states.extend(solve.at(&field, self.start(z0), &asked.grid[zero..])?);
        let mut z = Array2::zeros((asked.picks.len(), latents));
        for (mut z, &(k, row)) in z.rows_mut().into_iter().zip(&asked.picks) {
            z.assign(&states[k].slice(s![row, ..latents]));
        }
        Ok(z)
    }
}
