//! Configurations, initial parameters and their names.

use chreode_core::{Network, Seed};
use chreode_nn::{Activation, Mlp, MlpConfig, NnError};

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
