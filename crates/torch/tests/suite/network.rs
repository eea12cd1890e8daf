//! Networks of chreode-nn on libtorch: values, pullbacks, tangents and divergences are those of the native ones.

use crate::common::begin;
use chreode_core::{Network, NetworkJvp, Probes, TangentPullback};
use chreode_nn::{
    Activation, Along, At, Columns, Conditioned, Conditioning, Connection, Cotangent, Dense, Field, Function,
    GraphBuilder, Join, Layer, LayerNorm, Level, Masked, Mlp, MlpConfig, Multipliers, NnError, Normalisation,
    Pointwise, Potential, Rows, RowsMut, Shortcut, TimeEmbedding, TimeInput,
};
use chreode_torch::{SharedNetwork, device, network, potential};
use ndarray::{Array, Array2, Array3, Dimension};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::Device;

const ROWS: usize = 4;
const DIMS: usize = 3;

fn noise<D: Dimension, Sh: ndarray::ShapeBuilder<Dim = D>>(shape: Sh, seed: u64) -> Array<f64, D> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array::from_shape_simple_fn(shape, || rng.random::<f64>() - 0.5)
}

fn shapes() -> Vec<MlpConfig> {
    let plain = Activation::ALL.map(|a| MlpConfig::new(DIMS).hidden([8, 8, 5]).activation(a));
    let smooth = MlpConfig::new(DIMS).hidden([8, 8]).activation(Activation::Tanh);
    let other = [
        smooth.clone().connection(Connection::Residual),
        smooth.clone().normalisation(Normalisation::Layer),
        smooth.clone().hidden([]),
        smooth.clone().time(TimeInput::Sinusoidal { pairs: 2, period: 10.0 }),
        smooth.shortcut(Shortcut::Affine),
    ];
    plain.into_iter().chain(other).collect()
}

/// A network between affine maps, from and to as many columns as a state has.
fn between(
    width: usize,
    own: impl Fn(&mut GraphBuilder<f64>, Level) -> Result<Level, NnError>,
) -> Result<Field<f64>, NnError> {
    let rng = &mut ChaCha8Rng::seed_from_u64(6);
    let mut build = GraphBuilder::new(1 + DIMS);
    let h = build.layer("in", Dense::new(1 + DIMS, width, rng), build.input())?;
    let h = own(&mut build, h)?;
    let out = build.layer("out", Dense::new(build.width(h), DIMS, rng), h)?;
    Ok(Field::new(build.finish(out)?))
}

/// Every layer and every join there is, and the cells that are made of them.
fn fields() -> Result<Vec<(String, Field<f64>)>, NnError> {
    let rng = &mut ChaCha8Rng::seed_from_u64(7);
    let mut all: Vec<(String, Field<f64>)> = Vec::new();
    for shape in shapes() {
        all.push((format!("{shape:?}"), Mlp::new(shape, rng)?.into()));
    }
    let functions = [Function::Identity, Function::Sigmoid, Function::Exp, Function::Hill, Function::LogHill];
    for f in functions {
        all.push((format!("{f:?}"), between(5, |build, h| build.layer("f", Pointwise::new(5, f), h))?));
    }
    let mask = Array2::from_shape_fn((6, 5), |(j, k)| f64::from(u8::from((j + 2 * k) % 3 == 0)));
    let masked = Masked::new(mask.view(), rng)?;
    let multipliers = Multipliers::new("m", 5, rng);
    let waves = TimeEmbedding::fourier(&[0.3, 0.7], 4)?;
    let norm = LayerNorm::new(5).eps(1e-3)?;
    all.push(("masked".into(), between(5, |build, h| build.layer("f", masked.clone(), h))?));
    all.push((
        "multipliers".into(),
        between(5, |build, h| build.named("m", str::to_string, multipliers.clone(), h))?,
    ));
    all.push(("waves".into(), between(5, |build, h| build.layer("f", waves.clone(), h))?));
    all.push(("norm".into(), between(5, |build, h| build.layer("f", norm.clone(), h))?));
    for how in [Join::Add, Join::Subtract, Join::Multiply, Join::Concatenate, Join::Modulate] {
        let second = if how == Join::Modulate { 4 } else { 2 };
        let joined = between(6, |build, h| {
            let u = build.layer("u", Columns::new(6, 0..2), h)?;
            let v = build.layer("v", Columns::new(6, 6 - second..6), h)?;
            build.join(how, u, v)
        })?;
        all.push((format!("{how:?}"), joined));
    }
    all.push(("GRU flow".into(), Field::gru_flow(DIMS, rng)?));
    all.push(("PHOENIX".into(), Field::phoenix(DIMS, 4, rng)?));
    // A map of rows that is as wide as its input: the cell's next state beside its inputs.
    let mut build = GraphBuilder::new(DIMS);
    let row = build.input();
    let x = build.layer("x", Columns::new(DIMS, 0..1), row)?;
    let h = build.layer("h", Columns::new(DIMS, 1..DIMS), row)?;
    let next = build.gru_cell("gru", x, h, rng)?;
    let out = build.join(Join::Concatenate, x, next)?;
    all.push(("GRU cell".into(), Field::autonomous(build.finish(out)?)));
    Ok(all)
}

/// Everything a network says of itself at the same rows, in one vector.
fn said<N: NetworkJvp<Scalar = f64>>(network: &N) -> Vec<f64> {
    let (x, a) = (noise((ROWS, DIMS), 1), noise((ROWS, DIMS), 2));
    let (dx, b) = (noise((2, ROWS, DIMS), 3), noise((2, ROWS, DIMS), 4));
    let t: Vec<f64> = (0..ROWS).map(|i| 0.3 * i as f64).collect();
    let mut memory = N::Memory::default();
    let (mut value, mut state) = (Array2::zeros((ROWS, DIMS)), Array2::zeros((ROWS, DIMS)));
    let (mut out, mut directions) = (Array3::zeros((2, ROWS, DIMS)), Array3::zeros((2, ROWS, DIMS)));
    let mut params = vec![0.0; network.parameter_count()];
    let mut all = Vec::new();
    network.forward(&t, x.view(), value.view_mut(), &mut memory);
    all.extend(&value);
    network.tangent(dx.view(), out.view_mut(), &mut memory);
    all.extend(&out);
    for a in [None, Some(a.view())] {
        let into = TangentPullback {
            state: Some(state.view_mut()),
            directions: Some(directions.view_mut()),
            params: Some(&mut params),
        };
        network.pullback_tangent(dx.view(), b.view(), a, into, &mut memory);
        all.extend(state.iter().chain(&directions).chain(&params));
    }
    let mut trace = [0.0; ROWS];
    for probes in [Probes::Basis, Probes::Given(dx.view())] {
        network.divergence(probes, &mut trace, &mut memory);
        all.extend(trace);
        let (state, params) = (Some(state.view_mut()), Some(&mut params[..]));
        network.pullback_divergence(
            probes,
            &[0.3, -1.0, 2.0, 0.5],
            Some(a.view()),
            state,
            params,
            &mut memory,
        );
    }
    all.extend(state.iter().chain(&params));
    network.pullback(a.view(), Some(state.view_mut()), Some(&mut params), &mut memory);
    all.extend(state.iter().chain(&params));
    all
}

#[test]
fn both_say_the_same() {
    begin();
    for (name, native) in fields().unwrap() {
        let module = network(&native, Device::Cpu).unwrap();
        assert_eq!(native.layout(), module.layout(), "{name}");
        assert_eq!(native.parameters(), module.parameters(), "{name}");
        let (ours, theirs) = (said(&native), said(&SharedNetwork::new(module)));
        assert_eq!(ours.len(), theirs.len());
        let size = ours.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        let worst = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-13 * size, "{name}: {worst:e} of {size}");
    }
}

/// Conditions are further columns of the state, and a map need not be as wide as its rows.
#[test]
fn conditions_are_columns_of_the_state() {
    begin();
    for conditioning in [Conditioning::Concatenation, Conditioning::Modulation] {
        let shape = MlpConfig::new(DIMS).hidden([8, 8]).activation(Activation::Tanh);
        let rng = &mut ChaCha8Rng::seed_from_u64(8);
        let mut ours = Conditioned::<f64>::new(&shape, 2, conditioning, rng).unwrap();
        let theirs = network(&ours.clone().into(), Device::Cpu).unwrap();
        assert_eq!(theirs.width(), (DIMS + 2, DIMS));
        let (x, c, a) = (noise((ROWS, DIMS), 1), noise((ROWS, 2), 2), noise((ROWS, DIMS), 3));
        let rows = ndarray::concatenate(ndarray::Axis(1), &[x.view(), c.view()]).unwrap();
        ours.set_conditions(c).unwrap();
        let (mut v, mut by) = (a.clone(), vec![0.0; ours.parameter_count()]);
        let (mut w, mut with) = (v.clone(), by.clone());
        let mut memory = Default::default();
        ours.forward(&[0.1, 0.2, 0.3, 0.4], x.view(), v.view_mut(), &mut memory);
        ours.pullback(a.view(), None, Some(&mut by), &mut memory);
        let mut memory = Default::default();
        theirs.forward(&[0.1, 0.2, 0.3, 0.4], rows.view(), w.view_mut(), &mut memory);
        theirs.pullback(a.view(), None, Some(&mut with), &mut memory);
        let worst = v.iter().chain(&by).zip(w.iter().chain(&with)).map(|(a, b)| (a - b).abs());
        let worst = worst.fold(0.0, f64::max);
        assert!(worst < 1e-13, "{conditioning:?}: {worst:e}");
    }
}

/// The velocity of a potential, its Jacobian along directions, and all pullbacks.
#[test]
fn potentials_say_the_same() {
    begin();
    let native = Potential::new(DIMS, 6, &mut ChaCha8Rng::seed_from_u64(9));
    let module = potential(&native, Device::Cpu).unwrap();
    assert_eq!(native.layout(), module.layout());
    assert_eq!(native.parameters(), module.parameters());
    let (x, a) = (noise((ROWS, DIMS), 1), noise((ROWS, DIMS + 1), 2));
    let (dx, b) = (noise((2, ROWS, DIMS), 3), noise((2, ROWS, DIMS + 1), 4));
    let [x, a] = [x, a].map(|rows| rows.mapv(|x| 3.0 * x as f32));
    let [dx, b] = [dx, b].map(|rows| rows.mapv(|x| x as f32));
    fn said<N: NetworkJvp<Scalar = f32>>(
        network: &N,
        (x, a): (&Array2<f32>, &Array2<f32>),
        (dx, b): (&Array3<f32>, &Array3<f32>),
    ) -> Vec<f32> {
        let mut memory = N::Memory::default();
        let (mut v, mut state) = (a.clone(), x.clone());
        let (mut along, mut directions) = (b.clone(), dx.clone());
        let mut params = vec![0.0; network.parameter_count()];
        network.forward(&[0.3, -0.2, 0.0, 1.0], x.view(), v.view_mut(), &mut memory);
        network.tangent(dx.view(), along.view_mut(), &mut memory);
        let mut all: Vec<f32> = v.iter().chain(&along).copied().collect();
        network.pullback(a.view(), Some(state.view_mut()), Some(&mut params), &mut memory);
        all.extend(state.iter().chain(&params));
        let into = TangentPullback {
            state: Some(state.view_mut()),
            directions: Some(directions.view_mut()),
            params: Some(&mut params),
        };
        network.pullback_tangent(dx.view(), b.view(), Some(a.view()), into, &mut memory);
        all.extend(state.iter().chain(&directions).chain(&params));
        all
    }
    let (ours, theirs) = (said(&native, (&x, &a), (&dx, &b)), said(&module, (&x, &a), (&dx, &b)));
    let size = ours.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
    let worst = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 2e-6 * size, "{worst:e} of {size}");
}

/// A layer of one's own that says nothing of itself.
#[derive(Clone, Debug)]
struct Mute;

impl Layer<f64> for Mute {
    fn width(&self) -> (usize, usize) {
        (DIMS, DIMS)
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, _: RowsMut<'_, f64>) {
        (0..x.count()).for_each(|i| y.row_mut(i).copy_from_slice(x.row(i)));
    }

    fn pullback(
        &self,
        _: At<'_, f64>,
        _: Cotangent<'_, f64>,
        _: Option<RowsMut<'_, f64>>,
        _: Option<&mut [f64]>,
    ) {
    }

    fn tangent(&self, _: At<'_, f64>, _: Rows<'_, f64>, _: RowsMut<'_, f64>, _: RowsMut<'_, f64>) {}

    fn pullback_tangent(
        &self,
        _: At<'_, f64>,
        _: Along<'_, f64>,
        _: RowsMut<'_, f64>,
        _: Option<RowsMut<'_, f64>>,
        _: RowsMut<'_, f64>,
        _: Option<&mut [f64]>,
    ) {
    }
}

#[test]
fn what_libtorch_does_not_have_is_refused() {
    begin();
    let mut build = GraphBuilder::new(DIMS);
    let own = build.layer("own", Mute, build.input()).unwrap();
    let own: Field<f64> = Field::autonomous(build.finish(own).unwrap());
    let said = network(&own, Device::Cpu).unwrap_err().to_string();
    assert!(
        said.starts_with("a layer that does not say what it computes is not built on libtorch"),
        "{said}"
    );
    let said = device("tpu").unwrap_err().to_string();
    assert_eq!(said, "there is no device tpu: libtorch has cpu, cuda and cuda:N");
    if let Err(error) = device("cuda:0") {
        assert!(error.to_string().starts_with("there is no device cuda:0: "), "{error}");
    }
}
