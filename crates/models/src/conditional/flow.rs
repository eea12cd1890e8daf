//! A trained flow under conditions, and the flow of one.

use super::rows;
use crate::groups::{carried, moved, velocity};
use crate::{Condition, Conditions, Dynamics, ModelError, Net, Sampler, Space};
use chreode_core::{NetworkField, Seed, Snapshot, VectorField};
use ndarray::{Array2, ArrayView2};

/// A motion for every condition.
pub trait Conditional: Send + Sync {
    /// The conditions it was trained under.
    fn conditions(&self) -> &Conditions;

    /// The weight of the condition, unless told otherwise.
    fn guidance(&self) -> f64;

    /// The motion under `condition` with weight `guidance`; under none of them without one.
    ///
    /// # Errors
    /// [`ConditionError`](crate::ConditionError) for a condition that is not known; a weight that is not finite.
    fn under<'m>(
        &'m self,
        condition: Option<&Condition>,
        guidance: f64,
    ) -> Result<Box<dyn Dynamics + 'm>, ModelError>;
}

/// A velocity field over cells for every condition, in the user's times and coordinates.
#[derive(Debug)]
pub struct ConditionalFlow {
    /// The network on rows `[x, c]`, with the parameters to predict with.
    pub network: Net,
    /// Network coordinates, network time and the conditions.
    pub space: Space,
    /// The weight of the condition, unless told otherwise.
    pub guidance: f64,
}

impl Conditional for ConditionalFlow {
    fn conditions(&self) -> &Conditions {
        self.space.conditions.as_ref().expect("a network of conditions was made from them")
    }

    fn guidance(&self) -> f64 {
        self.guidance
    }

    fn under<'m>(
        &'m self,
        condition: Option<&Condition>,
        guidance: f64,
    ) -> Result<Box<dyn Dynamics + 'm>, ModelError> {
        crate::error::require("guidance", guidance, true, "a finite number")?;
        let condition = condition.map(|condition| self.conditions().row(condition)).transpose()?;
        let guidance = if condition.is_some() { guidance } else { 0.0 };
        Ok(Box::new(Guided { flow: self, condition: condition.unwrap_or_default(), guidance }))
    }
}

/// The flow of one condition: `v = v(∅) + w (v(c) − v(∅))`; each of the two is evaluated only where it counts.
#[derive(Clone, Debug)]
pub struct Guided<'m> {
    flow: &'m ConditionalFlow,
    condition: Vec<f32>,
    guidance: f64,
}

impl Guided<'_> {
    /// The velocity at network time `t`.
    fn at(&self, field: &NetworkField<'_, Net>, t: f64, x: &Array2<f32>) -> Array2<f32> {
        let null = self.flow.conditions().null();
        let terms = [(1.0 - self.guidance, &null), (self.guidance, &self.condition)];
        let mut sum: Option<Array2<f32>> = None;
        for (weight, condition) in terms.into_iter().filter(|(weight, _)| *weight != 0.0) {
            let conditions = Array2::from_shape_fn((x.nrows(), condition.len()), |(_, j)| condition[j]);
            let v = field.eval(t, &rows(x.view(), conditions.view()));
            let weight = weight as f32;
            sum = Some(match sum {
                None if weight == 1.0 => v,
                None => v * weight,
                Some(sum) => sum + v * weight,
            });
        }
        sum.unwrap_or_else(|| Array2::zeros(x.raw_dim()))
    }
}

impl Dynamics for Guided<'_> {
    fn space(&self) -> &Space {
        &self.flow.space
    }

    fn evolve(
        &self,
        cells: &Snapshot,
        times: &[f64],
        sampler: &Sampler,
        _seed: Seed,
    ) -> Result<Vec<Snapshot>, ModelError> {
        let states = moved(&self.flow.space, cells.points.view(), times, |_, rows, taus| {
            let field = NetworkField::new(&self.flow.network);
            sampler.trajectory(&|t: f64, x: &Array2<f32>| self.at(&field, t, x), rows, taus)
        })?;
        Ok(carried(cells, times, states))
    }

    fn velocity(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        let field = NetworkField::new(&self.flow.network);
        velocity(&self.flow.space, t, points, |tau, x| self.at(&field, tau, x))
    }
}
