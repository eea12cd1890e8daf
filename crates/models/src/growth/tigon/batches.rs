//! Points of the densities that kernels around the cells make.

use crate::cumulative::Cumulative;
use crate::growth::Mass;
use crate::{BatchSource, Clock, ModelError};
use chreode_core::{Populations, Seed, Stream};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::TAU;

/// Points of every snapshot's density, with the density there.
#[derive(Clone, Debug, PartialEq)]
pub struct TigonBatch {
    /// Points of the first snapshot's density, whose action is counted.
    pub first: Array2<f32>,
    /// Points of the later ones.
    pub x: Array2<f32>,
    /// Network time of each of them.
    pub t: Vec<f32>,
    /// The logarithm of the largest density at its snapshot's points, which densities are relative to: in many dimensions
    /// they are far from 1.
    pub largest: Vec<f64>,
    /// The density of mass there, relative to the largest.
    pub density: Vec<f64>,
    /// One over the mean square of that over its snapshot's points: what an error is measured by.
    pub scale: Vec<f64>,
}

/// `ρ(x) = Σᵢ mᵢ N(x; xᵢ, h² I)`: the mass of cells, smeared out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Smeared {
    points: Array2<f32>,
    masses: Array1<f64>,
    width: f64,
}

impl Smeared {
    pub(super) fn new(points: ArrayView2<'_, f32>, masses: &Array1<f64>, width: f64) -> Self {
        Self { points: points.to_owned(), masses: masses.clone(), width }
    }

    /// `log ρ(x)`, and its gradient.
    pub(super) fn log(&self, x: ArrayView1<'_, f32>, gradient: &mut [f64]) -> f64 {
        let precision = self.width.powi(-2);
        let exponent = |(c, m): (ArrayView1<'_, f32>, &f64)| -> f64 {
            let square: f64 = c.iter().zip(x).map(|(c, x)| f64::from(x - c).powi(2)).sum();
            m.ln() - 0.5 * precision * square
        };
        let exponents: Vec<f64> = self.points.rows().into_iter().zip(&self.masses).map(exponent).collect();
        let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        gradient.fill(0.0);
        let mut sum = 0.0;
        for (c, e) in self.points.rows().into_iter().zip(&exponents) {
            let weight = (e - largest).exp();
            sum += weight;
            for ((g, c), x) in gradient.iter_mut().zip(c).zip(x) {
                *g += weight * precision * f64::from(c - x);
            }
        }
        gradient.iter_mut().for_each(|g| *g /= sum);
        largest + sum.ln() - 0.5 * x.len() as f64 * (TAU / precision).ln()
    }

    /// `n` points, of cells by systematic sampling.
    fn draw(&self, n: usize, rng: &mut Stream) -> Array2<f32> {
        let masses = Cumulative::of(self.masses.iter().copied());
        let start: f64 = rng.random();
        let mut points = Array2::zeros((n, self.points.ncols()));
        for (k, mut point) in points.rows_mut().into_iter().enumerate() {
            let cell = masses.find((k as f64 + start) / n as f64 * masses.total());
            for (x, c) in point.iter_mut().zip(self.points.row(cell)) {
                let noise: f64 = StandardNormal.sample(rng);
                *x = c + (self.width * noise) as f32;
            }
        }
        points
    }
}

/// Draws them.
pub(super) struct Densities {
    densities: Vec<Smeared>,
    times: Vec<f32>,
    batch: usize,
    seed: Seed,
}

impl Densities {
    pub(super) fn new(
        data: &Populations,
        clock: Clock,
        (mass, width): (&Mass, f64),
        batch: usize,
        seed: Seed,
    ) -> Result<Self, ModelError> {
        Ok(Self {
            densities: smeared(data, mass, width)?,
            times: data.times().iter().map(|&t| clock.network(t) as f32).collect(),
            batch,
            seed,
        })
    }
}

/// The density of every snapshot.
pub(super) fn smeared(data: &Populations, mass: &Mass, width: f64) -> Result<Vec<Smeared>, ModelError> {
    let masses = mass.of(data, "TIGON")?;
    let density = |(s, m): (&chreode_core::Snapshot, &Array1<f64>)| Smeared::new(s.points.view(), m, width);
    Ok(data.snapshots().iter().zip(&masses).map(density).collect())
}

impl BatchSource for Densities {
    type Batch = TigonBatch;

    fn batch(&self, index: u64) -> Result<TigonBatch, ModelError> {
        let mut rng = self.seed.stream("batch", index);
        let first = self.densities[0].draw(self.batch, &mut rng);
        let columns = first.ncols();
        let (mut x, mut t) = (Array2::zeros((0, columns)), Vec::new());
        let (mut largest, mut density, mut scale) = (Vec::new(), Vec::new(), Vec::new());
        let mut gradient = vec![0.0; columns];
        for (smeared, &time) in self.densities.iter().zip(&self.times).skip(1) {
            let points = smeared.draw(self.batch, &mut rng);
            let logarithms: Vec<f64> =
                points.rows().into_iter().map(|x| smeared.log(x, &mut gradient)).collect();
            let most = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let values: Vec<f64> = logarithms.iter().map(|log| (log - most).exp()).collect();
            let square = values.iter().map(|d| d * d).sum::<f64>() / values.len() as f64;
            x.append(ndarray::Axis(0), points.view()).expect("snapshots have the same columns");
            t.resize(t.len() + self.batch, time);
            largest.resize(largest.len() + self.batch, most);
            scale.resize(scale.len() + self.batch, square.recip());
            density.extend(values);
        }
        Ok(TigonBatch { first, x, t, largest, density, scale })
    }
}
