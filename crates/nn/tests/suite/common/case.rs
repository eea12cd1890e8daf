//! One network, and its four passes against central differences and against each other.

use super::{difference, distance};
use chreode_core::{Network, NetworkJvp, Probes, Seed, TangentPullback};
use ndarray::{Array2, Array3, Axis};
use rand::RngExt;

pub(crate) fn random(shape: (usize, usize, usize), seed: u64) -> Array3<f64> {
    let mut rng = Seed(seed).stream("random", 0);
    Array3::from_shape_simple_fn(shape, || rng.random_range(-1.0..1.0))
}

pub(crate) fn matrix(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    random((1, rows, columns), seed).index_axis_move(Axis(0), 0)
}

/// Rows, cotangents and directions for a network, and the scalar whose gradients its passes give.
pub(crate) struct Case<N> {
    pub(crate) net: N,
    pub(crate) t: Vec<f64>,
    pub(crate) x: Array2<f64>,
    pub(crate) dx: Array3<f64>,
    pub(crate) a: Array2<f64>,
    pub(crate) b: Array3<f64>,
}

impl<N: NetworkJvp<Scalar = f64>> Case<N> {
    pub(crate) fn new(net: N, rows: usize) -> Self {
        let (d, m) = net.width();
        Self {
            t: matrix(rows, 1, 1).into_raw_vec_and_offset().0,
            x: matrix(rows, d, 2),
            dx: random((3, rows, d), 3),
            a: matrix(rows, m, 4),
            b: random((3, rows, m), 5),
            net,
        }
    }

    pub(crate) fn forward(&self) -> (Array2<f64>, N::Memory) {
        let mut memory = N::Memory::default();
        let mut out = Array2::from_elem((self.t.len(), self.net.width().1), f64::NAN);
        self.net.forward(&self.t, self.x.view(), out.view_mut(), &mut memory);
        (out, memory)
    }

    fn tangents(&self) -> Array3<f64> {
        let mut out = self.b.clone() * f64::NAN;
        self.net.tangent(self.dx.view(), out.view_mut(), &mut self.forward().1);
        out
    }

    /// Σ aᵀ v + bᵀ J dx.
    fn value(&self) -> f64 {
        (&self.forward().0 * &self.a).sum() + (self.tangents() * &self.b).sum()
    }

    /// The value as one entry of something moves.
    fn slope(&mut self, part: impl Fn(&mut Self) -> &mut f64) -> f64 {
        let kept = *part(self);
        let slope = difference(|h| {
            *part(self) = kept + h;
            self.value()
        });
        *part(self) = kept;
        slope
    }

    pub(crate) fn check(mut self, name: &str) {
        self.check_first(name);
        self.check_second(name);
        self.check_divergence(name);
    }

    /// The tangent against differences of values, and against the pullback.
    pub(crate) fn check_first(&mut self, name: &str) {
        let tangents = self.tangents();
        let x = self.x.clone();
        for (k, dv) in tangents.outer_iter().enumerate() {
            let direction = self.dx.index_axis(Axis(0), k).to_owned();
            for (i, dv) in dv.iter().enumerate() {
                let at = (i / self.net.width().1, i % self.net.width().1);
                let slope = difference(|h| {
                    self.x = &x + &(&direction * h);
                    self.forward().0[at]
                });
                assert!(
                    (slope - dv).abs() < 2e-7 * (1.0 + slope.abs()),
                    "{name}, tangent {k} {at:?}: {dv} {slope}"
                );
            }
            self.x.assign(&x);
        }
        let (_, mut memory) = self.forward();
        let mut state = self.x.clone() * f64::NAN;
        self.net.pullback(self.a.view(), Some(state.view_mut()), None, &mut memory);
        for (k, dv) in tangents.outer_iter().enumerate() {
            let (one, two) = ((&self.a * &dv).sum(), (&state * &self.dx.index_axis(Axis(0), k)).sum());
            assert!(
                (one - two).abs() < 1e-12 * (1.0 + one.abs()),
                "{name}: <a, J dx> {one}, <Jᵀ a, dx> {two}"
            );
        }
    }

    /// The pullback of value and tangents against differences of both.
    fn check_second(&mut self, name: &str) {
        let (_, mut memory) = self.forward();
        let mut state = self.x.clone() * f64::NAN;
        let mut directions = self.dx.clone() * f64::NAN;
        let mut params = vec![f64::NAN; self.net.parameter_count()];
        let mut pull = |a: Option<ndarray::ArrayView2<'_, f64>>, with: [bool; 3]| {
            let into = TangentPullback {
                state: with[0].then(|| state.view_mut()),
                directions: with[1].then(|| directions.view_mut()),
                params: with[2].then_some(&mut params[..]),
            };
            self.net.pullback_tangent(self.dx.view(), self.b.view(), a, into, &mut memory);
            (state.clone(), directions.clone(), params.clone())
        };
        let (state, directions, params) = pull(Some(self.a.view()), [true; 3]);
        // Any part alone is what it is beside the others.
        for part in 0..3 {
            let again = pull(Some(self.a.view()), [0, 1, 2].map(|k| k == part));
            let errors =
                [distance(&again.0, &state), distance(&again.1, &directions), distance(&again.2, &params)];
            assert!(errors.iter().all(|&e| e < 1e-14), "{name}, part {part}: {errors:?}");
        }
        let near = |what: &str, exact: f64, slope: f64| {
            assert!((slope - exact).abs() < 2e-7 * (1.0 + slope.abs()), "{name}, {what}: {exact} {slope}");
        };
        for (at, &exact) in state.indexed_iter() {
            near(&format!("state {at:?}"), exact, self.slope(|case| &mut case.x[at]));
        }
        for (at, &exact) in directions.indexed_iter() {
            near(&format!("direction {at:?}"), exact, self.slope(|case| &mut case.dx[at]));
        }
        let flat = self.net.parameters();
        for (i, &exact) in params.iter().enumerate() {
            let slope = difference(|h| {
                let mut moved = flat.clone();
                moved[i] += h;
                self.net.write_parameters(&moved);
                self.value()
            });
            near(&format!("parameter {i}"), exact, slope);
        }
        self.net.write_parameters(&flat);
    }

    /// The fused divergence and its pullback against those by tangents, exact and estimated.
    fn check_divergence(&self, name: &str) {
        let (d, m) = self.net.width();
        if d != m {
            return;
        }
        let (rows, plain) = (self.t.len(), Plain(&self.net));
        for probes in [Probes::Basis, Probes::Given(self.dx.view())] {
            let (_, mut memory) = self.forward();
            let run = |div: &mut [f64],
                       state: &mut Array2<f64>,
                       params: &mut [f64],
                       memory: &mut N::Memory,
                       fused: bool| {
                let (a, state) = (Some(self.a.view()), Some(state.view_mut()));
                let c: Vec<f64> = (0..rows).map(|i| 1.0 - 0.3 * i as f64).collect();
                if fused {
                    self.net.divergence(probes, div, memory);
                    self.net.pullback_divergence(probes, &c, a, state, Some(params), memory);
                } else {
                    plain.divergence(probes, div, memory);
                    plain.pullback_divergence(probes, &c, a, state, Some(params), memory);
                }
            };
            let fresh =
                || (vec![f64::NAN; rows], &self.x * f64::NAN, vec![f64::NAN; self.net.parameter_count()]);
            let (mut one, mut two) = (fresh(), fresh());
            run(&mut one.0, &mut one.1, &mut one.2, &mut memory, true);
            run(&mut two.0, &mut two.1, &mut two.2, &mut memory, false);
            let errors = [distance(&one.0, &two.0), distance(&one.1, &two.1), distance(&one.2, &two.2)];
            assert!(errors.iter().all(|&e| e < 1e-13), "{name}: {errors:?}");
        }
    }
}

/// A network with the provided methods of [`NetworkJvp`] in place of its own.
struct Plain<'n, N>(&'n N);

impl<N: NetworkJvp<Scalar = f64>> Network for Plain<'_, N> {
    type Scalar = f64;
    type Memory = N::Memory;

    fn width(&self) -> (usize, usize) {
        self.0.width()
    }
    fn layout(&self) -> &[chreode_core::ParameterView] {
        self.0.layout()
    }
    fn read_parameters(&self, flat: &mut [f64]) {
        self.0.read_parameters(flat);
    }
    fn write_parameters(&mut self, _: &[f64]) {
        unreachable!("it is borrowed");
    }
    fn forward(
        &self,
        t: &[f64],
        x: ndarray::ArrayView2<'_, f64>,
        out: ndarray::ArrayViewMut2<'_, f64>,
        memory: &mut N::Memory,
    ) {
        self.0.forward(t, x, out, memory);
    }
    fn pullback(
        &self,
        a: ndarray::ArrayView2<'_, f64>,
        state: Option<ndarray::ArrayViewMut2<'_, f64>>,
        params: Option<&mut [f64]>,
        memory: &mut N::Memory,
    ) {
        self.0.pullback(a, state, params, memory);
    }
}

impl<N: NetworkJvp<Scalar = f64>> NetworkJvp for Plain<'_, N> {
    fn tangent(
        &self,
        dx: ndarray::ArrayView3<'_, f64>,
        out: ndarray::ArrayViewMut3<'_, f64>,
        memory: &mut N::Memory,
    ) {
        self.0.tangent(dx, out, memory);
    }
    fn pullback_tangent(
        &self,
        dx: ndarray::ArrayView3<'_, f64>,
        b: ndarray::ArrayView3<'_, f64>,
        a: Option<ndarray::ArrayView2<'_, f64>>,
        into: TangentPullback<'_, f64>,
        memory: &mut N::Memory,
    ) {
        self.0.pullback_tangent(dx, b, a, into, memory);
    }
}
