//! Where the networks of a model are computed.

use crate::{ForeignNetwork, ModelError};
use chreode_nn::MlpConfig;
use std::fmt;
use std::sync::Arc;

/// Another library that computes networks, on whatever device it has.
///
/// A model's loss, its batches, its solver and its trainer are the same wherever its networks are: this trait is all that
/// a library must give.
pub trait Backend: fmt::Debug + Send + Sync {
    /// The name of the device, as messages show it.
    fn name(&self) -> String;

    /// The perceptron of this shape, with the parameters of [`chreode_nn::Mlp`] in the same order.
    ///
    /// # Errors
    /// [`ModelError::Device`] for a shape that the library does not have, or a device that is not there.
    fn perceptron(&self, shape: &MlpConfig) -> Result<Box<dyn ForeignNetwork>, ModelError>;
}

/// The device that networks are on: by default the processor, by the kernels of `chreode-nn`.
///
/// It is not a setting of a model and no file holds it: a run may go on elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Device(Option<Arc<dyn Backend>>);

impl Device {
    /// The device of another library.
    pub fn of(backend: impl Backend + 'static) -> Self {
        Self(Some(Arc::new(backend)))
    }

    /// The other library, if it is not the processor by our own kernels.
    pub(crate) fn backend(&self) -> Option<&dyn Backend> {
        self.0.as_deref()
    }

    /// Refuses another library than our own, for a model that it cannot compute.
    pub(crate) fn expect_native(&self, model: &str) -> Result<(), ModelError> {
        self.0.as_ref().map_or(Ok(()), |backend| {
            let reason = format!("{model} has networks that only the processor computes");
            Err(ModelError::Device { device: backend.name(), reason })
        })
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.as_ref().map_or("cpu".into(), |backend| backend.name()))
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}
