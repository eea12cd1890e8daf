//! Matching, and then the distances between carried and measured populations too.

use crate::growth::meeting::Meeting;
use crate::growth::pushed::{Push, nothing};
use crate::growth::{GrowthBatch, GrowthMatcher, GrowthPath, UnbalancedPlanner, VelocityGrowth};
use crate::{BatchSource, Minibatches, ModelError, Objective};
use chreode_core::{Network, ParameterView};
use chreode_ot::Order;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

/// The distance by which populations are fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FitDistance {
    /// W₁, as published.
    #[default]
    W1,
    /// W₂², whose gradient vanishes where the populations meet.
    W2,
}

impl FitDistance {
    pub(super) fn order(self) -> Order {
        match self {
            Self::W1 => Order::One,
            Self::W2 => Order::Two,
        }
    }
}

/// Rows to match, and in the second stage cells of every snapshot to carry and to meet.
#[derive(Clone, Debug, PartialEq)]
pub struct FittingBatch {
    /// Rows to regress on.
    pub rows: GrowthBatch,
    /// Cells of every snapshot; `None` while only matching.
    pub cells: Option<Vec<Array2<f32>>>,
}

/// Makes them: from step `after` on with cells.
pub(super) struct Fittings<'p, Q, P> {
    pub(super) matcher: GrowthMatcher<'p, Q, P>,
    pub(super) minibatches: Minibatches<'p>,
    pub(super) after: u64,
}

impl<Q: UnbalancedPlanner, P: GrowthPath> BatchSource for Fittings<'_, Q, P> {
    type Batch = FittingBatch;

    fn batch(&self, index: u64) -> Result<FittingBatch, ModelError> {
        let cells = (index >= self.after).then(|| self.minibatches.draw(index).0);
        Ok(FittingBatch { rows: self.matcher.batch(index)?, cells })
    }
}

/// `L = L_match`, and in the second stage `L_match + λ Σₖ W_pᵖ(ρ̂ₖ, ρₖ)`, where ρ̂ₖ are cells of the first snapshot carried
/// to time k, with the masses they have by then as shares.
///
/// The gradient is that of the steps taken: the envelope theorem through each plan and its dual potentials, then the
/// adjoint of the solve.
pub struct VelocityGrowthFitting<V: Network<Scalar = f32>, G: Network<Scalar = f32>> {
    /// The networks, and their matching.
    pub matching: VelocityGrowth<V, G>,
    pub(super) push: Push<V, G>,
    pub(super) weight: f64,
    pub(super) order: Order,
    /// Network time of every snapshot.
    pub(super) times: Vec<f64>,
}

impl<V: Network<Scalar = f32>, G: Network<Scalar = f32>> Objective for VelocityGrowthFitting<V, G> {
    type Batch = FittingBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.matching.layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.matching.read_parameters(flat);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.matching.write_parameters(flat);
    }

    fn loss(&mut self, stage: usize, batch: &FittingBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        let loss = self.matching.loss(stage, &batch.rows, gradient)?;
        let Some((first, later)) = batch.cells.as_ref().and_then(|cells| cells.split_first()) else {
            return Ok(loss);
        };
        let (weight, order) = (self.weight, self.order);
        let equal = Array1::ones(first.nrows());
        let networks = (&self.matching.velocity, Some(&self.matching.growth));
        let (far, params) = self.push.fit(networks, first.clone(), &self.times, |ys| {
            let mut cotangents = nothing(ys);
            let mut sum = 0.0;
            for ((y, to), cells) in ys.iter().zip(&mut cotangents).skip(1).zip(later) {
                let (distance, (x, q)) = Meeting { cells: cells.view(), order }.distance(y, &equal)?;
                sum += weight * distance;
                *to = (x * weight as f32, q * weight as f32);
            }
            Ok((sum, cotangents))
        })?;
        gradient.iter_mut().zip(&params).for_each(|(to, from)| *to += *from);
        Ok(loss + far)
    }

    fn solve_bytes(&self) -> usize {
        self.push.solve_bytes()
    }
}
