//! The potential of OT-Flow as a module of tch.

use crate::network::{store, variables};
use crate::{ModuleNetwork, TorchError};
use chreode_core::Network;
use chreode_nn::Potential;
use tch::{Device, Tensor};

/// The velocity `−∇Φ` of `potential` on `device`, computed by libtorch: the same parameters under the same names and in
/// the same order.
///
/// The gradient is written out, as at home: libtorch's tape has to give the derivatives of a velocity, not of a potential.
///
/// # Errors
/// [`TorchError::Torch`] for a device that is not there.
pub fn potential(potential: &Potential, device: Device) -> Result<ModuleNetwork<f32>, TorchError> {
    let store = store(device)?;
    let variables = variables(&store, potential.layout());
    let [k0, b0, k1, b1, w, a, c] = <[Tensor; 7]>::try_from(variables).expect("a potential has seven parts");
    let columns = potential.width().0 as i64;
    let v = move |t: &Tensor, x: &Tensor| {
        let s = Tensor::cat(&[t.unsqueeze(1), x.shallow_clone()], 1);
        let z0 = s.linear(&k0, Some(&b0));
        // log(eᶻ + e⁻ᶻ) as softplus(2z) − z, which is smooth at 0 for the tape, too.
        let u0 = (&z0 * 2.0).softplus() - &z0;
        let t1 = u0.linear(&k1, Some(&b1)).tanh();
        let q0 = (t1 * &w).matmul(&k1) + &w;
        let g = (z0.tanh() * q0).matmul(&k0) + s.matmul(&a.tr()).matmul(&a) + &c;
        -Tensor::cat(&[g.narrow(1, 1, columns), g.narrow(1, 0, 1)], 1)
    };
    let mut network = ModuleNetwork::new(store, potential.width(), v)?;
    network.write_parameters(&potential.parameters());
    Ok(network)
}
