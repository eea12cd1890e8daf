//! Every network's four passes against central differences and against each other.

use crate::common;

use chreode_core::{DensityField, Jvp, Network, NetworkField, NetworkJvp, Probes, Seed, TangentPullback, VectorField, Vjp};
use chreode_nn::{
    Activation, Columns, Conditioned, Conditioning, Connection, Dense, Field, Function, Graph, GraphBuilder, Join,
    LayerNorm, Masked, MlpConfig, Multipliers, Normalisation, Pointwise, TimeEmbedding, TimeInput,
};
use common::{difference, network};
use ndarray::{Array1, Array2, Array3, Axis, array};
use rand::RngExt;

fn stream() -> chreode_core::Stream {
    Seed(11).stream("layers", 0)
}

fn random(shape: (usize, usize, usize), seed: u64) -> Array3<f64> {
    let mut rng = Seed(seed).stream("random", 0);
    Array3::from_shape_simple_fn(shape, || rng.random_range(-1.0..1.0))
}

fn matrix(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    random((1, rows, columns), seed).index_axis_move(Axis(0), 0)
}

/// Rows, cotangents and directions for a network, and the scalar whose gradients its passes give.
struct Case<N> {
    net: N,
    t: Vec<f64>,
    x: Array2<f64>,
    dx: Array3<f64>,
    a: Array2<f64>,
    b: Array3<f64>,
}

impl<N: NetworkJvp<Scalar = f64>> Case<N> {
    fn new(net: N, rows: usize) -> Self {
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

    fn forward(&self) -> (Array2<f64>, N::Memory) {
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

    fn check(mut self, name: &str) {
        self.check_first(name);
        self.check_second(name);
        self.check_divergence(name);
    }

    /// The tangent against differences of values, and against the pullback.
    fn check_first(&mut self, name: &str) {
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
                assert!((slope - dv).abs() < 2e-7 * (1.0 + slope.abs()), "{name}, tangent {k} {at:?}: {dv} {slope}");
            }
            self.x.assign(&x);
        }
        let (_, mut memory) = self.forward();
        let mut state = self.x.clone() * f64::NAN;
        self.net.pullback(self.a.view(), Some(state.view_mut()), None, &mut memory);
        for (k, dv) in tangents.outer_iter().enumerate() {
            let (one, two) = ((&self.a * &dv).sum(), (&state * &self.dx.index_axis(Axis(0), k)).sum());
            assert!((one - two).abs() < 1e-12 * (1.0 + one.abs()), "{name}: <a, J dx> {one}, <Jᵀ a, dx> {two}");
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
            let errors = [
                common::distance(&again.0, &state),
                common::distance(&again.1, &directions),
                common::distance(&again.2, &params),
            ];
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
            let run = |div: &mut [f64], state: &mut Array2<f64>, params: &mut [f64], memory: &mut N::Memory, fused: bool| {
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
            let fresh = || (vec![f64::NAN; rows], &self.x * f64::NAN, vec![f64::NAN; self.net.parameter_count()]);
            let (mut one, mut two) = (fresh(), fresh());
            run(&mut one.0, &mut one.1, &mut one.2, &mut memory, true);
            run(&mut two.0, &mut two.1, &mut two.2, &mut memory, false);
            let errors = [
                common::distance(&one.0, &two.0),
                common::distance(&one.1, &two.1),
                common::distance(&one.2, &two.2),
            ];
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

#[test]
fn perceptrons_of_every_activation() {
    for activation in Activation::ALL {
        let config = MlpConfig::new(3).hidden([5, 4]).activation(activation);
        Case::new(network::<f64>(config), 4).check(activation.name());
    }
    Case::new(network::<f64>(MlpConfig::new(2).hidden([]).output(3)), 3).check("affine");
    Case::new(network::<f64>(MlpConfig::new(1).hidden([1])), 1).check("width 1");
}

#[test]
fn perceptrons_with_every_option() {
    let config = MlpConfig::new(2).hidden([5, 5, 3]).activation(Activation::Silu);
    let residual = config.clone().connection(Connection::Residual);
    Case::new(network::<f64>(residual.clone()), 3).check("residual");
    let norm = residual.normalisation(Normalisation::Layer);
    Case::new(network::<f64>(norm.clone()), 3).check("residual, normalised");
    let fourier = norm.time(TimeInput::Fourier(vec![0.5, 1.0, 3.0]));
    Case::new(network::<f64>(fourier), 3).check("Fourier features");
    let waves = config.time(TimeInput::Sinusoidal { pairs: 4, period: 100.0 });
    Case::new(network::<f64>(waves), 3).check("sinusoidal");
}

#[test]
fn conditioned_perceptrons() {
    for conditioning in [Conditioning::Concatenation, Conditioning::Modulation] {
        let config = MlpConfig::new(2).hidden([5, 4]).activation(Activation::Tanh);
        let mut net = Conditioned::<f64>::new(&config, 3, conditioning, &mut stream()).unwrap();
        net.set_conditions(matrix(3, 3, 7)).unwrap();
        Case::new(net.clone(), 3).check(&format!("{conditioning:?}"));
        // The cotangents of the conditions, by differences.
        let case = Case::new(net.clone(), 3);
        let (_, mut memory) = case.forward();
        let mut exact = net.conditions().to_owned() * f64::NAN;
        let mut params = vec![0.0; net.parameter_count()];
        net.pullback_condition(case.a.view(), None, exact.view_mut(), Some(&mut params), &mut memory);
        for (at, &exact) in exact.indexed_iter() {
            let slope = difference(|h| {
                let mut moved = net.clone();
                let mut conditions = net.conditions().to_owned();
                conditions[at] += h;
                moved.set_conditions(conditions).unwrap();
                (&Case { net: moved, ..Case::new(net.clone(), 3) }.forward().0 * &case.a).sum()
            });
            assert!((slope - exact).abs() < 1e-7, "{conditioning:?}, {at:?}: {exact} {slope}");
        }
    }
}

#[test]
fn published_cells_and_fields() {
    let rng = &mut stream();
    Case::new(Field::<f64>::gru_flow(5, rng).unwrap(), 3).check("gru flow");
    Case::new(Field::<f64>::phoenix(4, 3, rng).unwrap(), 3).check("phoenix");
    // A graph of rows, whose first column is called the time here.
    Case::new(Field::new(Graph::<f64>::gru_cell(3, 4, rng).unwrap()), 3).check("gru cell");
}

/// `layer` between two affine maps, so that its input and output both depend on all.
fn between(layer: impl chreode_nn::Layer<f64> + 'static) -> Field<f64> {
    let rng = &mut stream();
    let (inputs, outputs) = layer.width();
    let mut build = GraphBuilder::new(3);
    let h = build.layer("in", Dense::new(3, inputs, rng), build.input()).unwrap();
    let h = build.layer("own", layer, h).unwrap();
    let out = build.layer("out", Dense::new(outputs, 2, rng).then(Activation::Softplus), h).unwrap();
    Field::new(build.finish(out).unwrap())
}

#[test]
fn single_layers_between_affine_maps() {
    let rng = &mut stream();
    let functions = [Function::Identity, Function::Sigmoid, Function::Exp, Function::Hill, Function::LogHill];
    for function in functions {
        Case::new(between(Pointwise::new(5, function)), 3).check(&format!("{function:?}"));
        Case::new(between(Dense::new(5, 3, rng).then(function)), 3).check(&format!("dense {function:?}"));
    }
    Case::new(between(Pointwise::new(5, Activation::Silu)), 3).check("silu");
    Case::new(between(LayerNorm::new(19)), 3).check("layer norm");
    Case::new(between(Columns::new(6, 1..4)), 3).check("columns");
    Case::new(between(Multipliers::new("m", 4, rng)), 3).check("multipliers");
    Case::new(between(TimeEmbedding::fourier(&[0.3, 0.7], 3).unwrap()), 3).check("time embedding");
    let mask = Array2::from_shape_fn((19, 20), |(j, k)| f64::from(u8::from((3 * j + 7 * k) % 5 == 0)));
    Case::new(between(Masked::new(mask.view(), rng).unwrap()), 3).check("masked");
    Case::new(between(Masked::new(mask.view(), rng).unwrap()), 11).check_first("masked, more rows");
}

#[test]
fn joins_of_levels_that_are_read_twice() {
    let rng = &mut stream();
    for join in [Join::Add, Join::Subtract, Join::Multiply, Join::Concatenate, Join::Modulate] {
        let mut build = GraphBuilder::<f64>::new(3);
        let input = build.input();
        let u = build.layer("u", Dense::new(3, 4, rng).then(Activation::Tanh), input).unwrap();
        let width = if join == Join::Modulate { 8 } else { 4 };
        let v = build.layer("v", Dense::new(4, width, rng), u).unwrap();
        let both = build.join(join, u, v).unwrap();
        let out = build.layer("out", Dense::new(build.width(both), 2, rng), both).unwrap();
        Case::new(Field::new(build.finish(out).unwrap()), 3).check(&format!("{join:?}"));
    }
    // A square: both sides are the same level.
    let mut build = GraphBuilder::<f64>::new(3);
    let u = build.layer("u", Dense::new(3, 2, rng), build.input()).unwrap();
    let square = build.join(Join::Multiply, u, u).unwrap();
    Case::new(Field::new(build.finish(square).unwrap()), 3).check("square");
}

#[test]
fn low_rank_is_the_product_of_its_factors() {
    let rng = &mut stream();
    let mut build = GraphBuilder::<f64>::new(4);
    let input = build.input();
    let out = build.low_rank("map", 2, 3, input, rng).unwrap();
    let graph = build.finish(out).unwrap();
    let names: Vec<_> = graph.layout().iter().map(|v| (v.name.as_str(), v.shape.clone())).collect();
    let expected = [("map.0.weight", vec![2, 4]), ("map.1.weight", vec![3, 2]), ("map.1.bias", vec![3])];
    assert_eq!(names, expected);
    let flat = graph.parameters();
    let view = |i: usize, shape| ndarray::ArrayView2::from_shape(shape, &flat[i..]).unwrap();
    let (v, u) = (view(0, (2, 4)), view(8, (3, 2)));
    let x = matrix(5, 4, 9);
    let mut out = Array2::zeros((5, 3));
    graph.forward(x.view(), out.view_mut(), &mut Default::default());
    let expected = x.dot(&u.dot(&v).t()) + &Array1::from(flat[14..].to_vec());
    assert!(common::distance(&out, &expected) < 1e-14);
    Case::new(Field::new(graph), 3).check("low rank");
}

#[test]
fn a_masked_layer_is_the_dense_one_with_zeros() {
    let rng = &mut stream();
    let mask = array![[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 1.0]];
    let masked = Masked::<f64>::new(mask.view(), rng).unwrap();
    let build = |layer: Box<dyn Fn(&mut GraphBuilder<f64>) -> chreode_nn::Level>| {
        let mut build = GraphBuilder::new(3);
        let out = layer(&mut build);
        build.finish(out).unwrap()
    };
    let sparse = build(Box::new(move |b| b.layer("w", masked.clone(), b.input()).unwrap()));
    let mut dense = build(Box::new(|b| b.layer("w", Dense::zeros(3, 4), b.input()).unwrap()));
    let flat = sparse.parameters();
    assert!(flat.iter().take(12).zip(&mask).all(|(w, m)| (*w == 0.0) == (*m == 0.0)), "{flat:?}");
    dense.write_parameters(&flat);
    let (x, a) = (matrix(20, 3, 1), matrix(20, 4, 2));
    let run = |graph: &Graph<f64>| {
        let (mut out, mut state) = (Array2::zeros((20, 4)), Array2::zeros((20, 3)));
        let (mut params, mut memory) = (vec![0.0; 16], Default::default());
        graph.forward(x.view(), out.view_mut(), &mut memory);
        graph.pullback(a.view(), Some(state.view_mut()), Some(&mut params), &mut memory);
        (out, state, params)
    };
    let (one, mut two) = (run(&sparse), run(&dense));
    two.2.iter_mut().zip(&mask).for_each(|(g, m)| *g *= m);
    assert!(common::distance(&one.0, &two.0) < 1e-14 && common::distance(&one.1, &two.1) < 1e-14);
    assert!(common::distance(&one.2, &two.2) < 1e-13);
    // Blocks that are empty cost nothing.
    let band = Array2::from_shape_fn((320, 320), |(j, k)| f64::from(u8::from(j / 16 == k / 16)));
    assert_eq!(Masked::<f64>::new(band.view(), rng).unwrap().stored(), 320 * 16);
}

/// Rademacher probes that form a basis average to the exact divergence.
#[test]
fn orthogonal_probes_average_to_the_exact_divergence() {
    let net = network::<f64>(MlpConfig::new(4).hidden([9, 9]).activation(Activation::Tanh));
    let case = Case::new(net, 6);
    let hadamard =
        array![[1.0, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0], [1.0, -1.0, -1.0, 1.0]];
    let probes = Array3::from_shape_fn((4, 6, 4), |(k, _, j)| hadamard[(k, j)]);
    let (_, mut memory) = case.forward();
    let (mut exact, mut mean) = (vec![0.0; 6], vec![0.0; 6]);
    case.net.divergence(Probes::Basis, &mut exact, &mut memory);
    case.net.divergence(Probes::Given(probes.view()), &mut mean, &mut memory);
    assert!(common::distance(&mean, &exact) < 1e-14, "{mean:?} {exact:?}");
}

#[test]
fn a_network_field_gives_tangents_and_a_density_field_pulls_back() {
    let net = network::<f64>(MlpConfig::new(3).hidden([8]).activation(Activation::Tanh));
    let (x, v) = (matrix(5, 3, 1), matrix(5, 3, 2));
    let field = NetworkField::new(&net);
    let jv = field.jvp(0.3, &x, &v);
    let slope = |h: f64| field.eval(0.3, &(&x + &(&v * h)));
    let numeric = (slope(1e-5) - slope(-1e-5)) / 2e-5;
    assert!(common::distance(&jv, &numeric) < 1e-8);
    let probes = random((2, 5, 3), 3);
    for probes in [Probes::Basis, Probes::Given(probes.view())] {
        let flow = DensityField::new(&net, probes);
        let y = (x.clone(), Array1::zeros(5));
        let a = (v.clone(), Array1::from_shape_fn(5, |i| 0.5 - i as f64));
        let back = flow.vjp(0.3, &y, &a);
        let value = |x: &Array2<f64>| {
            let (v, rate) = flow.eval(0.3, &(x.clone(), Array1::zeros(5)));
            (&v * &a.0).sum() + (&rate * &a.1).sum()
        };
        for (at, &exact) in back.state.0.indexed_iter() {
            let numeric = difference(|h| {
                let mut moved = x.clone();
                moved[at] += h;
                value(&moved)
            });
            assert!((numeric - exact).abs() < 1e-7, "{at:?}: {exact} {numeric}");
        }
        assert!(back.state.1.iter().all(|&c| c == 0.0));
        assert_eq!(back.params.len(), net.parameter_count());
        assert_eq!(back.value, flow.eval(0.3, &y));
    }
}
