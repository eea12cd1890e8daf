//! Points of the densities that kernels around the cells make.

use crate::cumulative::Cumulative;
use crate::growth::Mass;
use crate::{BatchSource, Clock, ModelError};
use chreode_core::{Populations, Seed, Stream};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::TAU;

/// Points of every snapshot's density, with the density there.
#[derive(Clone, Debug, PartialEq)]
pub struct TigonBatch {
    /// Standard deviation of the kernels in this step.
    pub width: f64,
    /// Points of the first snapshot's density, whose action is counted.
    pub first: Array2<f32>,
    /// Points of the later ones, once for each snapshot that they are carried back to.
    pub x: Array2<f32>,
    /// Network time of each of them.
    pub t: Vec<f32>,
    /// The index of the snapshot that each is carried back to: the first, and the one before its own.
    pub to: Vec<usize>,
    /// The logarithm of the largest density at its snapshot's points, which densities are relative to: in many dimensions
    /// they are far from 1.
    pub largest: Vec<f64>,
    /// The density of mass there, relative to the largest.
    pub density: Vec<f64>,
    /// One over the mean square of that over its snapshot's points: what an error is measured by.
    pub scale: Vec<f64>,
}

/// `ρ(x) = Σᵢ mᵢ N(x; xᵢ, h² I)`: the mass of cells, smeared out by a width h.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Smeared {
    points: Array2<f32>,
    masses: Array1<f64>,
}

impl Smeared {
    pub(super) fn new(points: ArrayView2<'_, f32>, masses: &Array1<f64>) -> Self {
        Self { points: points.to_owned(), masses: masses.clone() }
    }

    /// `log ρ(x)`, and its gradient.
    pub(super) fn log(&self, x: ArrayView1<'_, f32>, width: f64, gradient: &mut [f64]) -> f64 {
        let precision = width.powi(-2);
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
    fn draw(&self, n: usize, width: f64, rng: &mut Stream) -> Array2<f32> {
        let masses = Cumulative::of(self.masses.iter().copied());
        let start: f64 = rng.random();
        let mut points = Array2::zeros((n, self.points.ncols()));
        for (k, mut point) in points.rows_mut().into_iter().enumerate() {
            let cell = masses.find((k as f64 + start) / n as f64 * masses.total());
            for (x, c) in point.iter_mut().zip(self.points.row(cell)) {
                let noise: f64 = StandardNormal.sample(rng);
                *x = c + (width * noise) as f32;
            }
        }
        points
    }
}

/// Kernels that narrow while the flow learns: wide ones say from afar where the mass is, narrow ones where exactly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Narrowing {
    /// The first width and the last.
    pub(super) widths: [f64; 2],
    /// Steps in which the one becomes the other, by equal factors.
    pub(super) steps: u64,
}

impl Narrowing {
    fn width(&self, step: u64) -> f64 {
        let [wide, narrow] = self.widths;
        let done = if step < self.steps { step as f64 / self.steps as f64 } else { 1.0 };
        wide * (narrow / wide).powf(done)
    }
}

/// Draws them.
pub(super) struct Densities {
    densities: Vec<Smeared>,
    times: Vec<f32>,
    narrowing: Narrowing,
    batch: usize,
    seed: Seed,
}

impl Densities {
    pub(super) fn new(
        data: &Populations,
        clock: Clock,
        (mass, narrowing): (&Mass, Narrowing),
        batch: usize,
        seed: Seed,
    ) -> Result<Self, ModelError> {
        let times = data.times().iter().map(|&t| clock.network(t) as f32).collect();
        Ok(Self { densities: smeared(data, mass)?, times, narrowing, batch, seed })
    }
}

/// The density of every snapshot.
pub(super) fn smeared(data: &Populations, mass: &Mass) -> Result<Vec<Smeared>, ModelError> {
    let masses = mass.of(data, "TIGON")?;
    let density = |(s, m): (&chreode_core::Snapshot, &Array1<f64>)| Smeared::new(s.points.view(), m);
    Ok(data.snapshots().iter().zip(&masses).map(density).collect())
}

impl BatchSource for Densities {
    type Batch = TigonBatch;

    fn batch(&self, index: u64) -> Result<TigonBatch, ModelError> {
        let mut rng = self.seed.stream("batch", index);
        let width = self.narrowing.width(index);
        let first = self.densities[0].draw(self.batch, width, &mut rng);
        let mut gradient = vec![0.0; first.ncols()];
        let mut made = TigonBatch {
            width,
            x: Array2::zeros((0, first.ncols())),
            first,
            t: Vec::new(),
            to: Vec::new(),
            largest: Vec::new(),
            density: Vec::new(),
            scale: Vec::new(),
        };
        for (k, (smeared, &time)) in self.densities.iter().zip(&self.times).enumerate().skip(1) {
            let points = smeared.draw(self.batch, width, &mut rng);
            let logarithms: Vec<f64> =
                points.rows().into_iter().map(|x| smeared.log(x, width, &mut gradient)).collect();
            let most = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let values: Vec<f64> = logarithms.iter().map(|log| (log - most).exp()).collect();
            let square = values.iter().map(|d| d * d).sum::<f64>() / values.len() as f64;
            let neighbour = (k > 1).then_some(k - 1);
            for to in std::iter::once(0).chain(neighbour) {
                made.x.append(Axis(0), points.view()).expect("snapshots have the same columns");
                made.to.resize(made.x.nrows(), to);
                made.t.resize(made.x.nrows(), time);
                made.largest.resize(made.x.nrows(), most);
                made.scale.resize(made.x.nrows(), square.recip());
                made.density.extend(&values);
            }
        }
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chreode_core::Snapshot;
    use ndarray::array;

    #[test]
    fn points_go_back_to_the_first_time_and_to_the_one_before() {
        let snapshot = |k: usize| Snapshot::new(k as f64, array![[k as f32], [k as f32 + 1.0]]);
        let data = Populations::new((0..3).map(snapshot).collect(), vec!["x".into()]).unwrap();
        let narrowing = Narrowing { widths: [1.0, 0.01], steps: 4 };
        let clock = Clock { origin: 0.0, unit: 1.0 };
        let source = Densities::new(&data, clock, (&Mass::default(), narrowing), 2, Seed(1)).unwrap();
        let batch = source.batch(0).unwrap();
        assert_eq!(batch.t, [1.0, 1.0, 2.0, 2.0, 2.0, 2.0]);
        assert_eq!(batch.to, [0, 0, 0, 0, 1, 1]);
        assert_eq!(batch.x.column(0).to_vec()[2..4], batch.x.column(0).to_vec()[4..]);
        let widths = [0, 1, 2, 4, 9].map(|step| source.batch(step).unwrap().width);
        for (found, expected) in widths.iter().zip([1.0, 0.1_f64.sqrt(), 0.1, 0.01, 0.01]) {
            assert!((found - expected).abs() < 1e-12, "{widths:?}");
        }
    }
}
