//! A training run as one safetensors file, in memory.

use crate::{ModelConfig, ModelError, Space};
use chreode_core::ParameterView;
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
    /// The optimiser's first moment, of the parameters that the stage under way moves.
    pub first_moment: Vec<f32>,
    /// Its second moment.
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
    pub config: ModelConfig,
    /// The networks' coordinates, their clock, and the times of the data.
    pub space: Space,
    /// The names and shapes of the parameters, in the order of the flat vector.
    pub layout: Vec<(String, Vec<usize>)>,
    /// Whatever the caller wants kept, e.g. where the data came from.
    pub notes: BTreeMap<String, String>,
}

/// The layout this version writes and reads.
pub(crate) const FORMAT: u32 = 2;

impl Checkpoint {
    /// The file's bytes.
    ///
    /// # Errors
    /// [`ModelError::Checkpoint`] if the parameters do not fit the layout of the header.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let count = self.header.count();
        for (name, found) in [("model", self.model.len()), ("training.parameters", self.parameters.len())] {
            if found != count {
                let reason = format!("{name} has {found} entries where the model has {count}");
                return Err(ModelError::Checkpoint { reason });
            }
        }
        let flat = [
            ("training.parameters", &self.parameters),
            ("training.first_moment", &self.first_moment),
            ("training.second_moment", &self.second_moment),
        ];
        let mut rest = &self.model[..];
        let mut tensors = Vec::with_capacity(self.header.layout.len() + flat.len());
        for (name, shape) in &self.header.layout {
            let (values, after) = rest.split_at(shape.iter().product());
            tensors.push((format!("model.{name}"), shape.clone(), bytes(values)));
            rest = after;
        }
        tensors.extend(flat.map(|(name, values)| (name.to_string(), vec![values.len()], bytes(values))));
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
        let header = Header::read(bytes)?;
        let file = SafeTensors::deserialize(bytes).map_err(unreadable)?;
        let mut model = Vec::new();
        for (name, shape) in &header.layout {
            model.extend(floats(&file, &format!("model.{name}"), Some(shape))?);
        }
        let parameters = floats(&file, "training.parameters", Some(&[model.len()]))?;
        let flat = |name: &str| floats(&file, name, None);
        let (first_moment, second_moment) = (flat("training.first_moment")?, flat("training.second_moment")?);
        Ok(Self { header, model, parameters, first_moment, second_moment })
    }

    /// Whether the parameters are those of networks with this `layout`.
    pub(crate) fn fits(&self, layout: &[ParameterView]) -> Result<(), ModelError> {
        let expected = layout.iter().map(|view| (&view.name, &view.shape));
        if expected.eq(self.header.layout.iter().map(|(name, shape)| (name, shape))) {
            return Ok(());
        }
        let reason = "its parameters are not those of the networks that its settings describe".into();
        Err(ModelError::Checkpoint { reason })
    }
}

impl Header {
    /// The header of a file that may be of another version.
    fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        /// What every version has.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
        let metadata = metadata.metadata().as_ref().and_then(|m| m.get("chreode"));
        let json = metadata.ok_or_else(|| ModelError::Checkpoint {
            reason: "it has no `chreode` entry; it was not written by chreode".into(),
        })?;
        let Version { format } = serde_json::from_str(json).map_err(unreadable)?;
        if format != FORMAT {
            let reason = format!("it has format {format}, and this version reads {FORMAT}");
            return Err(ModelError::Checkpoint { reason });
        }
        serde_json::from_str(json).map_err(unreadable)
    }

    /// The number of parameters.
    fn count(&self) -> usize {
        self.layout.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum()
    }
}

fn unreadable(cause: impl std::fmt::Display) -> ModelError {
    ModelError::Checkpoint { reason: cause.to_string() }
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// A tensor's entries; of `shape` if one is given, else a vector of any length.
fn floats(file: &SafeTensors<'_>, name: &str, shape: Option<&[usize]>) -> Result<Vec<f32>, ModelError> {
    let tensor = file.tensor(name).map_err(unreadable)?;
    let fits = shape.map_or(tensor.shape().len() == 1, |shape| tensor.shape() == shape);
    if tensor.dtype() != Dtype::F32 || !fits {
        let expected = shape.map_or("a vector".to_string(), |shape| format!("shape {shape:?}"));
        let reason = format!(
            "tensor {name} is {:?} of shape {:?} where F32 of {expected} was expected",
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
