//! Configurations, initial parameters and their names.

use chreode_core::{Network, Seed};
use chreode_nn::{
    Activation, Bias, Conditioned, Conditioning, Dense, Formula, Function, GraphBuilder, Join, LayerNorm,
    Masked, Mlp, MlpConfig, NnError, Step, TimeEmbedding, TimeInput,
};

fn refusal(config: MlpConfig) -> String {
    Mlp::<f32>::zeros(config).expect_err("an invalid configuration").to_string()
}

#[test]
fn parameters_have_the_names_and_shapes_of_a_pytorch_checkpoint() {
    let net = Mlp::<f32>::zeros(MlpConfig::new(2).hidden([8, 4]).output(3)).unwrap();
    let layout: Vec<_> = net.layout().iter().map(|v| (v.name.as_str(), v.shape.clone(), v.offset)).collect();
    assert_eq!(
        layout,
        [
            ("layers.0.weight", vec![8, 3], 0),
            ("layers.0.bias", vec![8], 24),
            ("layers.1.weight", vec![4, 8], 32),
            ("layers.1.bias", vec![4], 64),
            ("layers.2.weight", vec![3, 4], 68),
            ("layers.2.bias", vec![3], 80),
        ]
    );
    assert_eq!((net.width(), net.parameter_count()), ((2, 3), 83));
}

#[test]
fn initial_parameters_are_uniform_within_one_over_the_root_of_the_inputs() {
    let net = Mlp::<f64>::new(MlpConfig::new(15).hidden([400]), &mut Seed(3).stream("init", 0)).unwrap();
    let flat = net.parameters();
    for (view, inputs) in net.layout().iter().zip([16.0, 16.0, 400.0, 400.0]) {
        let bound = 1.0 / f64::sqrt(inputs);
        let part = &flat[view.offset..view.offset + view.size()];
        assert!(part.iter().all(|p| p.abs() <= bound), "{}", view.name);
        if view.size() > 1000 {
            let n = part.len() as f64;
            let mean = part.iter().sum::<f64>() / n;
            let square = part.iter().map(|p| p * p).sum::<f64>() / n;
            // Six standard errors of a uniform's mean and second moment.
            assert!(mean.abs() < 6.0 * bound / (3.0 * n).sqrt(), "{}: mean {mean}", view.name);
            let expected = bound * bound / 3.0;
            assert!((square / expected - 1.0).abs() < 6.0 * (0.8 / n).sqrt(), "{}: {square}", view.name);
        }
    }
    let again = Mlp::<f64>::new(net.config().clone(), &mut Seed(3).stream("init", 0)).unwrap();
    let other = Mlp::<f64>::new(net.config().clone(), &mut Seed(4).stream("init", 0)).unwrap();
    assert_eq!(again.parameters(), flat);
    assert_ne!(other.parameters(), flat);
}

#[test]
fn refuses_widths_that_make_no_network_and_says_which() {
    assert_eq!(refusal(MlpConfig::new(0)), "the state has width 0; every width must be at least 1");
    assert_eq!(
        refusal(MlpConfig::new(2).hidden([3, 0])),
        "the hidden layer 1 has width 0; every width must be at least 1"
    );
    assert!(refusal(MlpConfig::new(2).output(0)).starts_with("the output has width 0"));
    let wide = refusal(MlpConfig::new(2).hidden([usize::MAX / 4, 2]));
    assert!(wide.contains("more parameters than memory can address"), "{wide}");
}

#[test]
fn activations_are_read_by_name() {
    for activation in Activation::ALL {
        assert_eq!(activation.to_string().parse(), Ok(activation));
    }
    assert_eq!("SELU".parse(), Ok(Activation::Selu));
    assert_eq!(format!("[{:>6}]", Activation::Tanh), "[  tanh]");
    let error = "gelu".parse::<Activation>().unwrap_err();
    assert!(matches!(error, NnError::NoSuchActivation { .. }));
    assert_eq!(
        error.to_string(),
        "there is no activation `gelu`; choose one of selu, silu, tanh, softplus, relu"
    );
}

#[test]
fn a_graph_refuses_what_does_not_fit_and_says_what() {
    let mut build = GraphBuilder::<f32>::new(3);
    let (x, four) = (build.input(), Dense::zeros(4, 2));
    let text = |error: NnError| error.to_string();
    assert_eq!(
        text(build.layer("first", four.clone(), x).unwrap_err()),
        "`first` takes rows of 4 columns and is given 3; make it as wide as what it reads"
    );
    assert_eq!(
        text(build.layer("none", Dense::zeros(3, 0), x).unwrap_err()),
        "the none has width 0; every width must be at least 1"
    );
    let h = build.layer("map", Dense::zeros(3, 4), x).unwrap();
    assert_eq!(
        text(build.layer("map", four.clone(), h).unwrap_err()),
        "there are two parameters `map.weight`; give each layer a name of its own"
    );
    assert_eq!(
        text(build.join(Join::Add, x, h).unwrap_err()),
        "Add cannot join 3 and 4 columns; Add, Subtract and Multiply need equal ones, Modulate needs twice as many in \
         the second"
    );
    assert!(build.join(Join::Modulate, x, h).is_err());
    let y = build.layer("end", four, h).unwrap();
    assert_eq!(build.width(y), 2);
    assert_eq!(
        text(build.finish(h).unwrap_err()),
        "nothing reads level 2 of the graph; the output must be the last, and every other must be read"
    );
    let empty = GraphBuilder::<f32>::new(3);
    let x = empty.input();
    assert_eq!(empty.finish(x).unwrap_err(), NnError::UnusedLevel { level: 0 });
}

#[test]
fn a_graph_says_what_it_computes() {
    let rng = &mut Seed(3).stream("init", 0);
    let mut build = GraphBuilder::<f32>::new(3);
    let x = build.input();
    let mask = ndarray::array![[1.0, 0.0, 2.0], [0.0, 0.0, 1.0]];
    let u = build.layer("u", Masked::new(mask.view(), rng).unwrap(), x).unwrap();
    let v = build.layer("v", Dense::new(3, 2, rng).bias(Bias::Absent).then(Function::Exp), x).unwrap();
    let y = build.join(Join::Multiply, u, v).unwrap();
    let graph = build.finish(y).unwrap();
    let views = graph.layout();
    let said: Vec<_> = graph.steps().collect();
    let mask = mask.mapv(|m| m != 0.0);
    let expected = [
        Step::Layer { formula: Some(Formula::Masked(mask)), parameters: &views[..2], of: 0 },
        Step::Layer {
            formula: Some(Formula::Dense(Bias::Absent, Function::Exp)),
            parameters: &views[2..],
            of: 0,
        },
        Step::Join(Join::Multiply, [1, 2]),
    ];
    assert_eq!(said, expected);
    assert_eq!(views[2].name, "v.weight");
}

#[test]
fn options_of_layers_and_networks_are_checked() {
    let rng = &mut Seed(3).stream("init", 0);
    let text = |error: NnError| error.to_string();
    let fourier = TimeInput::Fourier(vec![]);
    assert_eq!(
        refusal(MlpConfig::new(2).time(fourier)),
        "the time embedding has width 0; every width must be at least 1"
    );
    let wrong = TimeEmbedding::fourier(&[1.0, f64::NAN], 2).unwrap_err();
    assert_eq!(text(wrong), "a frequency of TimeEmbedding is NaN; it must be finite");
    let wrong = TimeEmbedding::sinusoidal(3, 0.0, 2).unwrap_err();
    assert_eq!(text(wrong), "TimeEmbedding's period is 0; it must be positive and finite");
    let wrong = LayerNorm::<f32>::new(3).eps(-1.0).unwrap_err();
    assert_eq!(text(wrong), "LayerNorm's eps is -1; it must be positive and finite");
    let wrong = Masked::<f32>::new(ndarray::Array2::zeros((0, 3)).view(), rng).unwrap_err();
    assert_eq!(wrong, NnError::ZeroWidth { place: "mask".into() });
    let config = MlpConfig::new(2);
    let wrong = Conditioned::<f32>::new(&config, 0, Conditioning::Concatenation, rng).unwrap_err();
    assert_eq!(text(wrong), "the condition has width 0; every width must be at least 1");
    let mut net = Conditioned::<f32>::new(&config, 2, Conditioning::Modulation, rng).unwrap();
    let wrong = net.set_conditions(ndarray::Array2::zeros((4, 3))).unwrap_err();
    assert_eq!(wrong, NnError::Columns { place: "condition".into(), expected: 2, found: 3 });
    let names: Vec<_> = net.layout().iter().take(4).map(|v| (v.name.as_str(), v.shape.clone())).collect();
    let expected = [
        ("layers.0.weight", vec![64, 3]),
        ("layers.0.bias", vec![64]),
        ("films.0.weight", vec![128, 3]),
        ("films.0.bias", vec![128]),
    ];
    assert_eq!(names, expected);
}

/// sin and cos of the angles of the papers.
#[test]
fn times_become_the_waves_of_their_papers() {
    let mut build = GraphBuilder::<f64>::new(2);
    let fourier = TimeEmbedding::fourier(&[1.0, 0.25], 1).unwrap();
    let out = build.layer("time", fourier, build.input()).unwrap();
    let graph = build.finish(out).unwrap();
    let x = ndarray::array![[0.5, 7.0], [0.5, 8.0], [1.0, 9.0]];
    let mut y = ndarray::Array2::zeros((3, 5));
    graph.forward(x.view(), y.view_mut(), &mut Default::default());
    let half = 0.5_f64.sqrt();
    let expected = ndarray::array![
        [0.0, half, -1.0, half, 7.0],
        [0.0, half, -1.0, half, 8.0],
        [0.0, 1.0, 1.0, 0.0, 9.0]
    ];
    assert!((&y - &expected).iter().all(|d| d.abs() < 1e-15), "{y}");
    let mut build = GraphBuilder::<f64>::new(1);
    let sinusoidal = TimeEmbedding::sinusoidal(2, 10_000.0, 0).unwrap();
    let out = build.layer("time", sinusoidal, build.input()).unwrap();
    let graph = build.finish(out).unwrap();
    let mut y = ndarray::Array2::zeros((1, 4));
    graph.forward(ndarray::array![[3.0]].view(), y.view_mut(), &mut Default::default());
    let expected = ndarray::array![[3.0_f64.sin(), 0.03_f64.sin(), 3.0_f64.cos(), 0.03_f64.cos()]];
    assert!((&y - &expected).iter().all(|d| d.abs() < 1e-15), "{y}");
}
