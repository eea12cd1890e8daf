//! The paths of a batch of individuals, and the equation that they drive.

use super::config::ControlKind;
use crate::series::{Individual, SeriesError};
use crate::timeless::timeless;
use crate::{Clock, ModelError, Net, NetMemory};
use chreode_core::{Network, Pullback, VectorField, Vjp};
use chreode_ode::{Branch, ControlPath, DataPath, Observations};
use ndarray::{Array1, Array2};

/// The path of each individual: its k-th piece for s from k to k + 1, and then rest.
#[derive(Clone, Debug)]
pub(super) struct Control {
    paths: Vec<DataPath>,
    /// Network times of the measurements.
    pub(super) times: Vec<Vec<f64>>,
}

impl Control {
    /// Of individuals of two times or more; channels are network time and the features.
    pub(super) fn new(some: &[&Individual], clock: Clock, kind: ControlKind) -> Result<Self, ModelError> {
        let mut control = Self { paths: Vec::new(), times: Vec::new() };
        for one in some {
            if one.times.len() < 2 {
                let (model, id, found) = ("Neural CDE", one.id.clone(), one.times.len());
                return Err(SeriesError::Short { model, id, found, needed: 2 }.into());
            }
            let times: Vec<f64> = one.times.iter().map(|&t| clock.network(t)).collect();
            let features = one.values.ncols();
            let values = one.values.iter().map(|&x| f64::from(x)).collect();
            // 0 is the mean of a standardised feature.
            let path = Observations::new(times.clone(), features, values).and_then(|data| {
                let data = data.fill_start(&vec![0.0; features])?.forward_filled()?.with_time();
                match kind {
                    ControlKind::Linear => DataPath::linear(&data),
                    ControlKind::Hermite => DataPath::hermite(&data),
                    ControlKind::Cubic => DataPath::cubic(&data),
                }
            });
            control.paths.push(path?);
            control.times.push(times);
        }
        Ok(control)
    }

    /// Individuals.
    pub(super) fn rows(&self) -> usize {
        self.paths.len()
    }

    /// Pieces of the longest path.
    pub(super) fn pieces(&self) -> usize {
        self.times.iter().map(|times| times.len() - 1).max().unwrap_or(0)
    }

    /// X where each path starts.
    pub(super) fn start(&self, channels: usize) -> Array2<f32> {
        let mut start = Array2::zeros((self.rows(), channels));
        let mut out = vec![0.0; channels];
        for ((path, times), mut row) in self.paths.iter().zip(&self.times).zip(start.rows_mut()) {
            path.value(times[0], &mut out);
            row.iter_mut().zip(&out).for_each(|(to, &x)| *to = x as f32);
        }
        start
    }

    /// dX/ds of each path.
    fn derivative(&self, s: f64, channels: usize) -> Array2<f32> {
        // Steps end at whole numbers up to rounding, and a stage there begins the next piece.
        let piece = (s + 1e-9).floor().max(0.0);
        let (k, part) = (piece as usize, (s - piece).max(0.0));
        let mut slopes = Array2::zeros((self.rows(), channels));
        let mut out = vec![0.0; channels];
        for ((path, times), mut row) in self.paths.iter().zip(&self.times).zip(slopes.rows_mut()) {
            if k + 1 < times.len() {
                let (from, to) = (times[k], times[k + 1]);
                path.derivative(from + part * (to - from), Branch::Within { from, to }, &mut out);
                row.iter_mut().zip(&out).for_each(|(to_row, &x)| *to_row = (x * (to - from)) as f32);
            }
        }
        slopes
    }
}

/// dz/ds = F(z) dX/ds.
pub(super) struct Driven<'n> {
    pub(super) net: &'n Net,
    pub(super) control: &'n Control,
    pub(super) channels: usize,
}

impl Driven<'_> {
    /// F(z), a row of `state × channels` numbers each, and what is left for its pullback.
    fn matrix(&self, z: &Array2<f32>) -> (Array2<f32>, NetMemory) {
        let mut memory = NetMemory::default();
        (timeless(self.net, z.view(), &mut memory), memory)
    }

    fn applied(&self, matrix: &Array2<f32>, slopes: &Array2<f32>, state: usize) -> Array2<f32> {
        Array2::from_shape_fn((matrix.nrows(), state), |(i, j)| {
            (0..self.channels).map(|c| matrix[[i, j * self.channels + c]] * slopes[[i, c]]).sum()
        })
    }
}

impl VectorField<Array2<f32>> for Driven<'_> {
    fn eval(&self, s: f64, z: &Array2<f32>) -> Array2<f32> {
        self.applied(&self.matrix(z).0, &self.control.derivative(s, self.channels), z.ncols())
    }
}

impl Vjp<Array2<f32>> for Driven<'_> {
    type Params = Array1<f32>;

    fn vjp(&self, s: f64, z: &Array2<f32>, a: &Array2<f32>) -> Pullback<Array2<f32>, Array1<f32>> {
        let (matrix, mut memory) = self.matrix(z);
        let slopes = self.control.derivative(s, self.channels);
        let value = self.applied(&matrix, &slopes, z.ncols());
        let by_matrix = Array2::from_shape_fn(matrix.raw_dim(), |(i, k)| {
            a[[i, k / self.channels]] * slopes[[i, k % self.channels]]
        });
        let (mut state, mut params) = (Array2::zeros(z.raw_dim()), Array1::zeros(self.net.parameter_count()));
        let flat = params.as_slice_mut().expect("a new array is contiguous");
        self.net.pullback(by_matrix.view(), Some(state.view_mut()), Some(flat), &mut memory);
        Pullback { value, state, params }
    }

    fn zero_params(&self, _s: f64, _z: &Array2<f32>) -> Array1<f32> {
        Array1::zeros(self.net.parameter_count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chreode_nn::{Bias, Dense, Field, GraphBuilder};
    use chreode_ode::{ExplicitRk, Fixed, MIDPOINT, Solve};
    use ndarray::array;

    /// dz = A z dx with A a rotation: z turns by the angle that the path has gone, however it went there.
    #[test]
    fn a_linear_equation_turns_by_the_length_of_its_path() {
        let mut build = GraphBuilder::<f32>::new(2);
        let z = build.input();
        // Rows (state, channel) of F: time drives nothing, x drives (−z₂, z₁).
        let weights = [0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0];
        let mut layer = Dense::zeros(2, 4).bias(Bias::Absent);
        chreode_nn::Layer::write_parameters(&mut layer, &weights);
        let f = build.layer("f", layer, z).unwrap();
        let net = Field::autonomous(build.finish(f).unwrap()).into();
        let one =
            |times: Vec<f64>, values: Array2<f32>| Individual { id: "a".into(), times, values, label: None };
        let there = one(vec![0.0, 0.1, 0.7, 1.0], array![[0.2], [1.5], [-0.4], [1.1]]);
        let other = one(vec![0.3, 0.4], array![[1.0], [2.5]]);
        let clock = Clock { origin: 0.0, unit: 1.0 };
        for kind in [ControlKind::Linear, ControlKind::Hermite, ControlKind::Cubic] {
            let control = Control::new(&[&there, &other], clock, kind).unwrap();
            let field = Driven { net: &net, control: &control, channels: 2 };
            let solve = Solve::new(ExplicitRk::new(MIDPOINT), Fixed::steps(3 * 240));
            let start = array![[1.0_f32, 0.0], [0.0, 2.0]];
            let states = solve.at(&field, start, &[0.0, 1.0, 3.0]).unwrap();
            let end = &states[2];
            for (row, (angle, radius, from)) in
                [(0.9_f32, 1.0_f32, 0.0_f32), (1.5, 2.0, std::f32::consts::FRAC_PI_2)].into_iter().enumerate()
            {
                let expected = [radius * (from + angle).cos(), radius * (from + angle).sin()];
                for (found, expected) in end.row(row).iter().zip(expected) {
                    assert!((found - expected).abs() < 3e-4, "{kind:?}, row {row}: {end}");
                }
            }
        }
    }

    #[test]
    fn one_measurement_is_no_path() {
        let one = Individual { id: "b7".into(), times: vec![0.0], values: array![[1.0_f32]], label: None };
        let clock = Clock { origin: 0.0, unit: 1.0 };
        let error = Control::new(&[&one], clock, ControlKind::Linear).unwrap_err().to_string();
        assert!(
            error.starts_with("Neural CDE starts from 2 measurements, and individual b7 has 1"),
            "{error}"
        );
    }
}
