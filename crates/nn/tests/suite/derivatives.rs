//! Every network's four passes against central differences and against each other.

use crate::common;

use chreode_core::{DensityField, Jvp, Network, NetworkField, NetworkJvp, Probes, Seed, VectorField, Vjp};
use chreode_nn::{
    Activation, Columns, Conditioned, Conditioning, Connection, Dense, Field, Function, Graph, GraphBuilder,
    Join, LayerNorm, Masked, MlpConfig, Multipliers, Normalisation, Pointwise, Shortcut, TimeEmbedding,
    TimeInput,
};
use common::{Case, difference, matrix, network, random};
use ndarray::{Array1, Array2, Array3, array};

fn stream() -> chreode_core::Stream {
    Seed(11).stream("layers", 0)
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
    let shortcut = config.clone().shortcut(Shortcut::Affine);
    Case::new(network::<f64>(shortcut), 3).check("an affine shortcut");
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
    Case::new(Field::autonomous(Graph::<f64>::gru_cell(3, 4, rng).unwrap()), 3).check("no time");
    let mut build = GraphBuilder::<f64>::new(4);
    let h = build.input();
    let flow = build.gru_flow("gru", h, rng).unwrap();
    Case::new(Field::autonomous(build.finish(flow).unwrap()), 3).check("as wide as its state, no time");
}

/// `layer` between two affine maps, so that its input and output both depend on all.
fn between(layer: impl chreode_nn::Layer<f64> + 'static) -> Field<f64> {
    let rng = &mut stream();
    let (inputs, outputs) = layer.width();
    let mut build = GraphBuilder::new(3);
    let h = build.layer("in", Dense::new(3, inputs, rng), build.input()).expect("widths that agree");
    let h = build.layer("own", layer, h).expect("widths that agree");
    let out = build
        .layer("out", Dense::new(outputs, 2, rng).then(Activation::Softplus), h)
        .expect("widths that agree");
    Field::new(build.finish(out).expect("widths that agree"))
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
    fn single(layer: impl chreode_nn::Layer<f64> + 'static) -> Graph<f64> {
        let mut build = GraphBuilder::new(3);
        let out = build.layer("w", layer, build.input()).expect("widths that agree");
        build.finish(out).expect("one level")
    }
    let (sparse, mut dense) = (single(masked), single(Dense::zeros(3, 4)));
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
