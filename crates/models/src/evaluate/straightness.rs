//! How straight the ways of a flow are.

use crate::{Dynamics, ModelError, Sampler, error::require};
use chreode_core::{Seed, Snapshot};
use ndarray::Array2;
use serde::Serialize;

/// The straightness of a flow between two times, for cells that begin at the first.
///
/// `S = ∫₀¹ E |ẋ_s − (x₁ − x₀)|² ds` with the time `s` that runs from 0 to 1 (Liu et al., ICLR 2023, arXiv:2209.03003):
/// 0 exactly where every cell goes along a straight line at constant speed, so that one Euler step is exact.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Straightness {
    /// S, in squared units of the coordinates.
    pub value: f64,
    /// `E|x₁ − x₀|²`: S as a share of it is free of units.
    pub displacement: f64,
}

impl Straightness {
    /// S of `cells`, which are at `times[0]`, moved to `times[1]`; the integral is Simpson's over `intervals` (an even
    /// number), and cells count by their weights. For a model of noise it is of the velocity along its paths.
    ///
    /// # Errors
    /// An odd number of intervals or none, and as [`Dynamics::evolve`].
    pub fn of(
        model: &dyn Dynamics,
        cells: &Snapshot,
        times: [f64; 2],
        intervals: usize,
        (sampler, seed): (&Sampler, Seed),
    ) -> Result<Self, ModelError> {
        let even = intervals > 0 && intervals.is_multiple_of(2);
        require("intervals", intervals as f64, even, "an even number of 2 or more")?;
        let length = times[1] - times[0];
        let at = |k: usize| times[0] + length * k as f64 / intervals as f64;
        let grid: Vec<f64> = (0..=intervals).map(at).collect();
        let states = model.evolve(cells, &grid, sampler, seed)?;
        let whole = &states[intervals].points - &states[0].points;
        let shares = cells.probabilities();
        let mean = |rows: &Array2<f32>| {
            let square =
                |row: ndarray::ArrayView1<'_, f32>| row.iter().map(|&r| f64::from(r).powi(2)).sum::<f64>();
            rows.rows().into_iter().zip(&shares).map(|(row, p)| p * square(row)).sum::<f64>()
        };
        let mut value = 0.0;
        for (k, (state, &time)) in states.iter().zip(&grid).enumerate() {
            let v = model.velocity(time, state.points.view())? * length as f32;
            let weight = match k {
                0 => 1.0,
                k if k == intervals => 1.0,
                k if k % 2 == 1 => 4.0,
                _ => 2.0,
            };
            value += weight * mean(&(v - &whole)) / (3.0 * intervals as f64);
        }
        Ok(Self { value, displacement: mean(&whole) })
    }

    /// S as a share of `E|x₁ − x₀|²`; NaN for cells that neither move nor come back, and infinite for those that come back.
    pub fn share(&self) -> f64 {
        self.value / self.displacement
    }
}
