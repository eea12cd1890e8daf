//! Files of parameters that are not what they should be.

use crate::common::begin;
use chreode_core::Network;
use chreode_nn::{Mlp, MlpConfig};
use chreode_torch::{ModuleNetwork, read_safetensors, to_safetensors};
use tch::nn::{self, Module, VarStore};
use tch::{Device, Tensor};

fn native(hidden: usize) -> Mlp<f32> {
    Mlp::zeros(MlpConfig::new(2).hidden([hidden])).expect("widths above zero")
}

#[test]
fn what_is_missing_or_does_not_fit_is_named_and_nothing_changes() {
    begin();
    let mut network = native(4);
    let ones = vec![1.0; network.parameter_count()];
    network.write_parameters(&ones);
    let mut error = |prefix: &str, bytes: &[u8]| {
        let error = read_safetensors(&mut network, prefix, bytes).unwrap_err().to_string();
        assert_eq!(network.parameters(), ones);
        error
    };
    let other = to_safetensors(&native(4), "net.").unwrap();
    let text = error("", &other);
    assert!(text.contains("it has no tensor `layers.0.weight`; it has net.layers.0.bias, net."), "{text}");
    let text = error("", &to_safetensors(&native(5), "").unwrap());
    assert!(text.contains("`layers.0.weight` has shape [5, 3] where [4, 3] is wanted"), "{text}");
    assert!(error("", &other[..100]).contains("the checkpoint cannot be used"));
}

#[test]
fn a_file_of_tch_is_read() {
    begin();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let store = VarStore::new(Device::Cpu);
    let net = nn::linear(store.root() / "layers" / 0, 3, 2, Default::default());
    store.save(&path).unwrap();
    let mut affine = Mlp::<f32>::zeros(MlpConfig::new(2).hidden([])).unwrap();
    read_safetensors(&mut affine, "", &std::fs::read(&path).unwrap()).unwrap();
    let (mut out, x) = (ndarray::Array2::zeros((1, 2)), ndarray::array![[0.5f32, -1.0]]);
    affine.velocity(&[0.25], x.view(), out.view_mut(), &mut Default::default());
    let expected = net.forward(&Tensor::from_slice(&[0.25f32, 0.5, -1.0]).view([1, 3]));
    for j in 0..2 {
        assert!((f64::from(out[[0, j]]) - expected.double_value(&[0, j as i64])).abs() < 1e-6);
    }
    // And the other way, through a file of ours.
    let mut store = VarStore::new(Device::Cpu);
    let copy = nn::linear(store.root() / "layers" / 0, 3, 2, Default::default());
    std::fs::write(&path, to_safetensors(&affine, "").unwrap()).unwrap();
    store.load(&path).unwrap();
    assert_eq!(copy.ws, net.ws);
    assert!(ModuleNetwork::<f32>::new(store, (2, 2), move |_t, x| copy.forward(x)).is_ok());
}
