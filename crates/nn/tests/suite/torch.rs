//! Layers and fields against PyTorch: `python tests/reference/layers.py` (torch 2.11.0, 2026-11-29) gave these numbers.

use crate::common::distance;

use chreode_core::{Network, NetworkJvp, Probes};
use chreode_nn::{
    Activation, Connection, Field, Graph, GraphBuilder, LayerNorm, Mlp, MlpConfig, Normalisation,
};
use ndarray::Array2;

#[rustfmt::skip]
mod given {
    pub(super) const GRU: [f64; 6] = [0.38004240169542536, -0.33166573709124714, 0.3496529476324516, 0.11242850662444186, 0.006864714699667207, -0.4266325185306647];
    pub(super) const GRU_X: [f64; 4] = [0.1244927249429972, 0.003854716583130811, -0.04752073606693233, 0.14882623226543618];
    pub(super) const GRU_H: [f64; 6] = [0.320710955276615, 0.04576729457368436, -0.21211276089853467, -0.15605931737892081, -0.20342930247722796, -0.06284674704113721];
    pub(super) const NORM: [f64; 10] = [0.5048825908847379, 0.8945771431633375, 1.1162740785517105, 0.18166852254498914, -0.6688883544546341, 0.5048825908847379, 0.20039188980186137, -0.07765149325366842, 0.17459401353029155, -0.010116126648286237];
    pub(super) const NORM_X: [f64; 10] = [0.3997873822459247, 0.764932480589575, -0.16409947213041054, -0.8794198932753822, -0.12120049742970684, -0.4089777035575315, -0.4027884613081564, 0.38949179546726465, 0.6294010992085001, -0.20712672981007713];
    pub(super) const NORM_WEIGHT: [f64; 5] = [-0.3285646075296395, 0.24963825492737712, -0.4678415347976456, 0.019235709283338148, 1.8588427336224762];
    pub(super) const FIELD: [f64; 4] = [0.7678947486739139, -0.887448917005937, 0.6357255351104101, -0.7592220788014832];
    pub(super) const DIVERGENCE: [f64; 2] = [-0.1902759718365123, -0.08236132419176104];
    pub(super) const DIVERGENCE_X: [f64; 4] = [0.2638466409175252, 0.3498826104324952, -0.02810848409870106, -0.01447730680600381];
    pub(super) const DIVERGENCE_FIRST: [f64; 12] = [0.06707230381772687, 0.24374252550504394, -0.03157931624590879, -0.0480177412321215, -0.3410505656640578, 0.18171447165911486, -0.0190192817593338, 0.1100056862478646, -0.2489177173019377, -3.528082627151084e-05, -0.012697646088850968, 0.09878256188873183];
    pub(super) const DIVERGENCE_NORM: [f64; 4] = [0.022508971341357556, -0.006922573903628231, -0.08232910688998003, -0.021427840361138012];
    pub(super) const DIVERGENCE_LAST: [f64; 8] = [-0.22043972744658985, -0.04656312939742254, 0.12875479907856324, -0.19523201267223045, 0.06595704293685971, -0.13972589521513856, 0.2002028193837495, -0.33791134409414236];
    pub(super) const PHOENIX: [f64; 6] = [0.0, 0.0, -0.21882111377838784, 0.0, 0.0, -0.1391158799477868];
    pub(super) const PHOENIX_G: [f64; 6] = [0.0014346537197198468, 0.001129455382494118, 0.011584181436442862, 0.0030283095789971704, 0.005887192036339203, 0.03306266627917269];
    pub(super) const PHOENIX_RATES: [f64; 3] = [0.0, 0.0, 1.3219279530021466];
    pub(super) const PHOENIX_PRODUCTS: [f64; 6] = [0.010615830227893547, 0.007532976889765072, -0.0012304846772394201, 0.01077542493244416, 0.006345082768166678, -0.003891298436233509];
}

fn wave(rows: usize, columns: usize, phase: f64) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| 0.6 * (0.7 * (i * columns + j) as f64 + phase).sin())
}

/// Every parameter filled with a wave whose phase is its number.
fn waves(layout: &[chreode_core::ParameterView]) -> Vec<f64> {
    let all = layout.iter().enumerate().map(|(phase, view)| wave(1, view.size(), phase as f64));
    all.flat_map(|wave| wave.into_raw_vec_and_offset().0).collect()
}

fn near<'a>(ours: impl IntoIterator<Item = &'a f64>, torch: &'a [f64]) {
    let error = distance(ours, torch);
    assert!(error < 1e-12, "{error:e} from torch");
}

/// The gradient of the parameter called `name`.
fn part<'g>(layout: &[chreode_core::ParameterView], gradient: &'g [f64], name: &str) -> &'g [f64] {
    let view = layout.iter().find(|view| view.name == name).expect("a parameter of this name");
    &gradient[view.offset..view.offset + view.size()]
}

#[test]
fn a_gru_cell_is_that_of_torch() {
    let mut cell = Graph::<f64>::gru_cell(2, 3, &mut chreode_core::Seed(1).stream("init", 0)).unwrap();
    let names: Vec<_> = cell.layout().iter().map(|v| (v.name.clone(), v.shape.clone())).collect();
    let expected = [
        ("gru.weight_ih", vec![9, 2]),
        ("gru.bias_ih", vec![9]),
        ("gru.weight_hh", vec![9, 3]),
        ("gru.bias_hh", vec![9]),
    ];
    assert_eq!(names, expected.map(|(name, shape)| (name.to_string(), shape)));
    let bound = 1.0 / 3f64.sqrt();
    assert!(cell.parameters().iter().all(|p| p.abs() <= bound));
    cell.write_parameters(&waves(cell.layout()));
    let row = ndarray::concatenate![ndarray::Axis(1), wave(2, 2, 0.3), wave(2, 3, 1.1)];
    let (mut y, mut state, mut memory) = (Array2::zeros((2, 3)), Array2::zeros((2, 5)), Default::default());
    cell.forward(row.view(), y.view_mut(), &mut memory);
    cell.pullback(wave(2, 3, 2.0).view(), Some(state.view_mut()), None, &mut memory);
    near(&y, &given::GRU);
    near(&state.slice(ndarray::s![.., ..2]).to_owned(), &given::GRU_X);
    near(&state.slice(ndarray::s![.., 2..]).to_owned(), &given::GRU_H);
}

#[test]
fn a_layer_norm_is_that_of_torch() {
    let mut build = GraphBuilder::<f64>::new(5);
    let out = build.layer("norm", LayerNorm::new(5), build.input()).unwrap();
    let mut graph = build.finish(out).unwrap();
    assert_eq!(graph.parameters(), [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    graph.write_parameters(&waves(graph.layout()));
    let (mut y, mut state, mut memory) = (Array2::zeros((2, 5)), Array2::zeros((2, 5)), Default::default());
    let mut params = vec![0.0; 10];
    graph.forward(wave(2, 5, 0.3).view(), y.view_mut(), &mut memory);
    graph.pullback(wave(2, 5, 2.0).view(), Some(state.view_mut()), Some(&mut params), &mut memory);
    near(&y, &given::NORM);
    near(&state, &given::NORM_X);
    near(&params[..5], &given::NORM_WEIGHT);
}

#[test]
fn a_divergence_and_its_gradient_are_those_of_torch() {
    let config = MlpConfig::new(2)
        .hidden([4, 4])
        .activation(Activation::Silu)
        .connection(Connection::Residual)
        .normalisation(Normalisation::Layer);
    let mut net = Mlp::<f64>::zeros(config).unwrap();
    let names: Vec<_> = net.layout().iter().map(|view| view.name.clone()).collect();
    let parts = ["layers.0", "norms.0", "layers.1", "norms.1", "layers.2"];
    let expected: Vec<_> = parts.iter().flat_map(|p| [format!("{p}.weight"), format!("{p}.bias")]).collect();
    assert_eq!(names, expected);
    net.write_parameters(&waves(net.layout()));
    let (mut y, mut state, mut memory) = (Array2::zeros((2, 2)), Array2::zeros((2, 2)), Default::default());
    let (mut div, mut params) = ([0.0; 2], vec![0.0; net.parameter_count()]);
    net.forward(&[0.2, 0.9], wave(2, 2, 0.3).view(), y.view_mut(), &mut memory);
    net.divergence(Probes::Basis, &mut div, &mut memory);
    let (c, state_view) = ([1.0, -0.5], Some(state.view_mut()));
    net.pullback_divergence(Probes::Basis, &c, None, state_view, Some(&mut params), &mut memory);
    near(&y, &given::FIELD);
    near(&div, &given::DIVERGENCE);
    near(&state, &given::DIVERGENCE_X);
    near(part(net.layout(), &params, "layers.0.weight"), &given::DIVERGENCE_FIRST);
    near(part(net.layout(), &params, "norms.1.weight"), &given::DIVERGENCE_NORM);
    near(part(net.layout(), &params, "layers.2.weight"), &given::DIVERGENCE_LAST);
}

#[test]
fn gene_dynamics_are_those_of_their_equations() {
    let mut net = Field::<f64>::phoenix(3, 2, &mut chreode_core::Seed(1).stream("init", 0)).unwrap();
    let names: Vec<_> = net.layout().iter().map(|view| view.name.as_str()).collect();
    let expected = [
        "net_prods.linear_out.weight",
        "net_prods.linear_out.bias",
        "net_sums.linear_out.weight",
        "net_sums.linear_out.bias",
        "net_alpha_combine.linear_out.weight",
        "gene_multipliers",
    ];
    assert_eq!(names, expected);
    net.write_parameters(&waves(net.layout()));
    let (mut y, mut state, mut memory) = (Array2::zeros((2, 3)), Array2::zeros((2, 3)), Default::default());
    let mut params = vec![0.0; net.parameter_count()];
    net.forward(&[0.0, 1.0], (wave(2, 3, 0.3) + 0.6).view(), y.view_mut(), &mut memory);
    net.pullback(wave(2, 3, 2.0).view(), Some(state.view_mut()), Some(&mut params), &mut memory);
    near(&y, &given::PHOENIX);
    near(&state, &given::PHOENIX_G);
    near(part(net.layout(), &params, "gene_multipliers"), &given::PHOENIX_RATES);
    near(part(net.layout(), &params, "net_prods.linear_out.weight"), &given::PHOENIX_PRODUCTS);
}

#[test]
fn the_gru_flow_has_the_names_of_its_authors() {
    let net = Field::<f32>::gru_flow(3, &mut chreode_core::Seed(1).stream("init", 0)).unwrap();
    let names: Vec<_> = net.layout().iter().map(|v| (v.name.as_str(), v.shape.clone())).collect();
    let square = vec![3, 3];
    let expected = ["gru.lin_hr.weight", "gru.lin_hz.weight", "gru.lin_hh.weight"];
    assert_eq!(names, expected.map(|name| (name, square.clone())));
    assert_eq!(net.width(), (3, 3));
}
