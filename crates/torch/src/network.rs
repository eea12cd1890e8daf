//! Networks of chreode-nn as modules of tch.

mod formula;

use crate::{ModuleNetwork, TorchError};
use chreode_core::{Network, ParameterView, Real};
use chreode_nn::{Field, Join, Reads, Step};
use tch::kind::Element;
use tch::nn::{Init, VarStore};
use tch::{Device, Kind, Tensor};

/// What a step of a graph makes of the levels before it.
type Op = Box<dyn Fn(&[Tensor]) -> Tensor + Send>;

/// The network `field` on `device`, computed by libtorch: the same parameters under the same names and in the same order.
///
/// A perceptron, a conditioned one, a cell: whatever is built of the layers of chreode-nn.
///
/// ```
/// use chreode_core::{Network, Seed};
/// use chreode_nn::{Field, Mlp, MlpConfig};
///
/// let config = MlpConfig::new(2).hidden([16, 16]);
/// let here = Field::from(Mlp::<f32>::new(config, &mut Seed(1).stream("init", 0))?);
/// let there = chreode_torch::network(&here, tch::Device::Cpu)?;
/// assert_eq!(here.layout(), there.layout());
/// assert_eq!(here.parameters(), there.parameters());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`TorchError::Unsupported`] for a layer that does not say what it computes, and [`TorchError::Torch`] for a device that
/// is not there.
pub fn network<A: Real + Element + chreode_nn::Element>(
    field: &Field<A>,
    device: Device,
) -> Result<ModuleNetwork<A>, TorchError> {
    let mut store = store(device)?;
    let mut variables = variables(&store, field.layout());
    store.set_kind(A::KIND);
    let mut ops = Vec::new();
    for step in field.graph().steps() {
        ops.push(match step {
            Step::Layer { formula, parameters, of } => {
                let what = "a layer that does not say what it computes";
                let formula = formula.ok_or(TorchError::Unsupported { what })?;
                let parameters = variables.drain(..parameters.len()).collect();
                layer(formula::map(formula, parameters, (A::KIND, device))?, of)
            }
            Step::Join(how, of) => join(how, of),
        });
    }
    let reads = field.reads();
    let v = move |t: &Tensor, x: &Tensor| {
        let mut levels = vec![match reads {
            Reads::TimeAndState => Tensor::cat(&[t.unsqueeze(1), x.shallow_clone()], 1),
            Reads::State => x.shallow_clone(),
        }];
        for op in &ops {
            let next = op(&levels);
            levels.push(next);
        }
        levels.swap_remove(ops.len())
    };
    let mut network = ModuleNetwork::new(store, field.width(), v)?;
    network.write_parameters(&field.parameters());
    Ok(network)
}

/// An empty store on a device that is there.
pub(crate) fn store(device: Device) -> Result<VarStore, TorchError> {
    match Tensor::f_zeros([1], (Kind::Float, device)) {
        Ok(_) => Ok(VarStore::new(device)),
        Err(e) => Err(TorchError::torch("use the device", &e)),
    }
}

/// New variables for the parameters of `layout`, at the places in the store that their names say.
pub(crate) fn variables(store: &VarStore, layout: &[ParameterView]) -> Vec<Tensor> {
    let variable = |view: &ParameterView| {
        let mut path = store.root();
        let mut parts: Vec<&str> = view.name.split('.').collect();
        let name = parts.pop().unwrap_or_default();
        parts.into_iter().for_each(|part| path = &path / part);
        let shape: Vec<i64> = view.shape.iter().map(|&n| n as i64).collect();
        path.var(name, &shape, Init::Const(0.0))
    };
    layout.iter().map(variable).collect()
}

fn layer(map: formula::Map, of: usize) -> Op {
    Box::new(move |levels| map(&levels[of]))
}

fn join(how: Join, [u, v]: [usize; 2]) -> Op {
    Box::new(move |levels| {
        let (u, v) = (&levels[u], &levels[v]);
        match how {
            Join::Add => u + v,
            Join::Subtract => u - v,
            Join::Multiply => u * v,
            Join::Concatenate => Tensor::cat(&[u, v], 1),
            Join::Modulate => {
                let by = v.chunk(2, 1);
                u + &by[0] * u + &by[1]
            }
        }
    })
}
