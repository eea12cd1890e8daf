//! The multilayer perceptron of chreode-nn as a module of tch.

use crate::{ModuleNetwork, TorchError};
use chreode_core::Real;
use chreode_nn::{Activation, Connection, MlpConfig, Normalisation, Shortcut, TimeInput};
use tch::kind::Element;
use tch::nn::{Init, Path, VarStore};
use tch::{Device, Tensor};

/// ε of PyTorch's `LayerNorm`.
const EPS: f64 = 1e-5;

/// `W h + b`.
struct Affine {
    weight: Tensor,
    bias: Tensor,
}

/// γ and β of a layer norm.
struct Norm {
    gain: Tensor,
    shift: Tensor,
}

/// A hidden layer: its affine map, its norm, and whether it adds to its input.
struct Hidden {
    affine: Affine,
    norm: Option<Norm>,
    connection: Connection,
}

fn affine(path: &Path<'_>, inputs: usize, outputs: usize) -> Affine {
    let zero = Init::Const(0.0);
    Affine {
        weight: path.var("weight", &[outputs as i64, inputs as i64], zero),
        bias: path.var("bias", &[outputs as i64], zero),
    }
}

impl Affine {
    fn apply(&self, h: &Tensor) -> Tensor {
        h.linear(&self.weight, Some(&self.bias))
    }
}

/// An activation as libtorch computes it.
type Pointwise = fn(&Tensor) -> Tensor;

/// `activation` on libtorch.
fn pointwise(activation: Activation) -> Result<Pointwise, TorchError> {
    Ok(match activation {
        Activation::Selu => Tensor::selu,
        Activation::Silu => Tensor::silu,
        Activation::Tanh => Tensor::tanh,
        Activation::Softplus => Tensor::softplus,
        Activation::Relu => Tensor::relu,
        _ => return Err(TorchError::Unsupported { what: "a perceptron with this activation" }),
    })
}

impl Hidden {
    fn apply(&self, h: &Tensor, activation: Pointwise) -> Tensor {
        let mut z = self.affine.apply(h);
        if let Some(Norm { gain, shift }) = &self.norm {
            z = z.layer_norm([z.size()[1]], Some(gain), Some(shift), EPS, true);
        }
        let z = activation(&z);
        match self.connection == Connection::Residual && z.size() == h.size() {
            true => h + z,
            false => z,
        }
    }
}

/// The perceptron `config` of [`chreode_nn::Mlp`] on `device`, computed by libtorch: the same parameters under the same
/// names and in the same order, all of them zero until they are written.
///
/// ```
/// use chreode_core::Network;
/// use chreode_nn::{Mlp, MlpConfig};
///
/// let config = MlpConfig::new(2).hidden([16, 16]);
/// let here = Mlp::<f32>::zeros(config.clone())?;
/// let there = chreode_torch::mlp::<f32>(&config, tch::Device::Cpu)?;
/// assert_eq!(here.layout(), there.layout());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`TorchError::Unsupported`] for an activation or an input of time that only chreode-nn has, and
/// [`TorchError::Torch`] for a device that is not there.
pub fn mlp<A: Real + Element>(config: &MlpConfig, device: Device) -> Result<ModuleNetwork<A>, TorchError> {
    if config.time != TimeInput::Raw {
        return Err(TorchError::Unsupported { what: "a perceptron with waves of time" });
    }
    let activation = pointwise(config.activation)?;
    let _there =
        Tensor::f_zeros([1], (A::KIND, device)).map_err(|e| TorchError::torch("use the device", &e))?;
    let mut store = VarStore::new(device);
    let mut inputs = config.state + 1;
    let mut layers = Vec::with_capacity(config.hidden.len());
    for (i, &width) in config.hidden.iter().enumerate() {
        let affine = affine(&(store.root() / "layers" / i), inputs, width);
        let norm = (config.normalisation == Normalisation::Layer).then(|| {
            let path = store.root() / "norms" / i;
            let var = |name, value| path.var(name, &[width as i64], Init::Const(value));
            Norm { gain: var("weight", 1.0), shift: var("bias", 0.0) }
        });
        layers.push(Hidden { affine, norm, connection: config.connection });
        inputs = width;
    }
    let last = affine(&(store.root() / "layers" / config.hidden.len()), inputs, config.output);
    let past = (config.shortcut == Shortcut::Affine)
        .then(|| affine(&(store.root() / "shortcut"), config.state + 1, config.output));
    store.set_kind(A::KIND);
    let v = move |t: &Tensor, x: &Tensor| {
        let input = Tensor::cat(&[t.unsqueeze(1), x.shallow_clone()], 1);
        let first = input.shallow_clone();
        let out = last.apply(&layers.iter().fold(first, |h, layer| layer.apply(&h, activation)));
        past.as_ref().map_or_else(|| out.shallow_clone(), |past| &out + past.apply(&input))
    };
    ModuleNetwork::new(store, (config.state, config.output), v)
}
