//! A training run as one safetensors file, in memory.

use crate::{Clock, Flow, FlowConfig, Frame, ModelError};
use chreode_core::Network;
use chreode_nn::Mlp;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that is needed to predict, and to go on training as if nothing had happened.
///
/// The file holds the parameters to predict with under their PyTorch names (`model.layers.0.weight`,
/// …), the state of training as flat vectors (`training.parameters`, `training.first_moment`,
/// `training.second_moment`), and one metadata entry, `chreode`, with the rest as JSON. The same run
/// gives the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// What is not a tensor.
    pub header: Header,
    /// The parameters to predict with.
    pub model: Vec<f32>,
    /// The parameters being optimised.
    pub parameters: Vec<f32>,
    /// Adam's first moment.
    pub first_moment: Vec<f32>,
    /// Adam's second moment.
    pub second_moment: Vec<f32>,
}

/// The part of a [`Checkpoint`] that is not a tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the layout.
    pub format: u32,
    /// Steps done.
    pub step: u64,
    /// The settings.
    pub config: FlowConfig,
    /// Network time.
    pub clock: Clock,
    /// Network coordinates.
    pub frame: Frame,
    /// The snapshots' times, in the user's units.
    pub times: Vec<f64>,
    /// Whatever the caller wants kept, e.g. where the data came from.
    pub notes: BTreeMap<String, String>,
}

/// The layout this version writes, and the newest it reads.
pub(crate) const FORMAT: u32 = 1;

impl Checkpoint {
    /// The file's bytes.
    ///
    /// # Errors
    /// [`ModelError::Checkpoint`] if the parameters do not fit the network the header describes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let network = self.header.config.network(self.header.frame.dims())?;
        let count = network.parameter_count();
        let flat = [
            ("training.parameters", &self.parameters),
            ("training.first_moment", &self.first_moment),
            ("training.second_moment", &self.second_moment),
        ];
        for (name, found) in flat.iter().map(|(n, v)| (*n, v.len())).chain([("model", self.model.len())]) {
            if found != count {
                return Err(ModelError::Checkpoint {
                    reason: format!("{name} has {found} entries where the network has {count}"),
                });
            }
        }
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = network
            .layout()
            .iter()
            .map(|view| {
                let values = &self.model[view.offset..view.offset + view.size()];
                (format!("model.{}", view.name), view.shape.clone(), bytes(values))
            })
            .collect();
        tensors.extend(flat.map(|(name, values)| (name.to_string(), vec![count], bytes(values))));
        let views = tensors.iter().map(|(name, shape, data)| {
            let view = TensorView::new(Dtype::F32, shape.clone(), data);
            (name.clone(), view.expect("shape and bytes were made together"))
        });
        let header = serde_json::to_string(&self.header).map_err(unreadable)?;
        // One metadata entry: the file format's map has no order, and the bytes must not depend on one.
        let metadata = std::iter::once(("chreode".to_string(), header)).collect();
        safetensors::serialize(views, Some(metadata)).map_err(unreadable)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`ModelError::Checkpoint`], with what is missing or does not fit.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
        let header = metadata.metadata().as_ref().and_then(|m| m.get("chreode")).ok_or_else(|| {
            ModelError::Checkpoint {
                reason: "it has no `chreode` entry; it was not written by chreode".into(),
            }
        })?;
        let header: Header = serde_json::from_str(header).map_err(unreadable)?;
        if header.format > FORMAT {
            let reason = format!("it has format {}, and this version reads up to {FORMAT}", header.format);
            return Err(ModelError::Checkpoint { reason });
        }
        let file = SafeTensors::deserialize(bytes).map_err(unreadable)?;
        let network = header.clone().config.checked()?.network(header.frame.dims())?;
        let count = network.parameter_count();
        let mut model = Vec::with_capacity(count);
        for view in network.layout() {
            model.extend(floats(&file, &format!("model.{}", view.name), &view.shape)?);
        }
        let flat = |name: &str| floats(&file, name, &[count]);
        Ok(Self {
            model,
            parameters: flat("training.parameters")?,
            first_moment: flat("training.first_moment")?,
            second_moment: flat("training.second_moment")?,
            header,
        })
    }

    /// The flow to predict with.
    ///
    /// # Errors
    /// A header whose settings no network can be made of.
    pub fn flow(&self) -> Result<Flow<Mlp<f32>>, ModelError> {
        let mut network = self.header.config.network(self.header.frame.dims())?;
        network.write_parameters(&self.model);
        Ok(Flow { network, clock: self.header.clock, frame: self.header.frame.clone() })
    }
}

fn unreadable(cause: impl std::fmt::Display) -> ModelError {
    ModelError::Checkpoint { reason: cause.to_string() }
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn floats(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
    let tensor = file.tensor(name).map_err(unreadable)?;
    if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
        let reason = format!(
            "tensor {name} is {:?} of shape {:?} where F32 of shape {shape:?} was expected",
            tensor.dtype(),
            tensor.shape()
        );
        return Err(ModelError::Checkpoint { reason });
    }
    Ok(tensor
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().expect("chunks of four")))
        .collect())
}
