//! What layers compute, by tensors.

use crate::TorchError;
use crate::convert::tensor;
use chreode_nn::{Activation, Formula, Function};
use tch::{Device, Kind, Tensor};

/// A map of rows.
pub(super) type Map = Box<dyn Fn(&Tensor) -> Tensor + Send>;

/// The map of a formula with these parameters, which are of this kind and on this device.
pub(super) fn map(
    formula: Formula,
    parameters: Vec<Tensor>,
    options: (Kind, Device),
) -> Result<Map, TorchError> {
    let mut parameters = parameters.into_iter();
    let mut next = || parameters.next().expect("a formula has the parameters of its layer");
    Ok(match formula {
        Formula::Dense(bias, then) => {
            let weight = next();
            let bias = (bias == chreode_nn::Bias::Present).then(next);
            let then = function(then)?;
            Box::new(move |x| then(&x.linear(&weight, bias.as_ref())))
        }
        Formula::Masked(mask) => {
            let (weight, bias) = (next(), next());
            let mask = tensor(&mask, options.1).to_kind(options.0);
            Box::new(move |x| x.linear(&(&weight * &mask), Some(&bias)))
        }
        Formula::LayerNorm(eps) => {
            let (gain, shift) = (next(), next());
            Box::new(move |x| x.layer_norm([x.size()[1]], Some(&gain), Some(&shift), eps, true))
        }
        Formula::Multipliers => {
            let factors = next();
            Box::new(move |x| x * factors.relu())
        }
        Formula::Pointwise(f) => Box::new(function(f)?),
        Formula::Columns(range) => {
            let (start, len) = (range.start as i64, range.len() as i64);
            Box::new(move |x| x.narrow(1, start, len))
        }
        Formula::Waves(omega) => {
            // Angles in double precision, as at home.
            let omega = Tensor::from_slice(&omega).to_device(options.1);
            Box::new(move |x| {
                let angles = x.narrow(1, 0, 1).to_kind(Kind::Double) * &omega;
                let waves = Tensor::cat(&[angles.sin(), angles.cos()], 1).to_kind(options.0);
                Tensor::cat(&[waves, x.narrow(1, 1, x.size()[1] - 1)], 1)
            })
        }
        _ => return Err(TorchError::Unsupported { what: "a layer of a newer kind" }),
    })
}

/// A function of every entry.
fn function(f: Function) -> Result<fn(&Tensor) -> Tensor, TorchError> {
    Ok(match f {
        Function::Identity => Tensor::shallow_clone,
        Function::Sigmoid => Tensor::sigmoid,
        Function::Exp => Tensor::exp,
        Function::Hill => hill,
        Function::LogHill => log_hill,
        Function::Activation(Activation::Selu) => Tensor::selu,
        Function::Activation(Activation::Silu) => Tensor::silu,
        Function::Activation(Activation::Tanh) => Tensor::tanh,
        Function::Activation(Activation::Softplus) => Tensor::softplus,
        Function::Activation(Activation::Relu) => Tensor::relu,
        _ => return Err(TorchError::Unsupported { what: "a function of a newer kind" }),
    })
}

/// ln(1 + [`hill`]).
fn log_hill(z: &Tensor) -> Tensor {
    hill(z).log1p()
}

/// u / (1 + |u|) with u = z − ½.
fn hill(z: &Tensor) -> Tensor {
    let u: Tensor = z - 0.5;
    &u / (u.abs() + 1.0)
}
