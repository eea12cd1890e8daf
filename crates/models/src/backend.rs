//! Where the networks of a model are computed.

// The trait of foreign networks is named by its path: `Net` has its methods twice where it is in scope.
use crate::{ModelError, Net};
use chreode_core::Network;
use chreode_nn::{Field, Potential};
use std::fmt;
use std::sync::Arc;

/// Another library that computes networks, on whatever device it has.
///
/// A model's loss, its batches, its solver and its trainer are the same wherever its networks are: this trait is all that
/// a library must give.
pub trait Backend: fmt::Debug + Send + Sync {
    /// The name of the device, as messages show it.
    fn name(&self) -> String;

    /// The network that computes what `field` does, step by step of its graph ([`chreode_nn::Graph::steps`]), with its
    /// parameters in the same order; their values are written afterwards.
    ///
    /// # Errors
    /// [`ModelError::Device`] for a step that the library does not have, or a device that is not there.
    fn network(&self, field: &Field<f32>) -> Result<Box<dyn crate::ForeignNetwork>, ModelError>;

    /// The network that computes what `potential` does; the rest as for a [`network`](Self::network).
    ///
    /// # Errors
    /// As for a [`network`](Self::network).
    fn potential(&self, potential: &Potential) -> Result<Box<dyn crate::ForeignNetwork>, ModelError>;
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

    /// `field` computed here, with the same parameters.
    ///
    /// # Errors
    /// What the other library refuses.
    pub fn network(&self, field: impl Into<Field<f32>>) -> Result<Net, ModelError> {
        self.computed(field.into(), |backend, field| backend.network(field))
    }

    /// The same of a potential.
    ///
    /// # Errors
    /// What the other library refuses.
    pub fn potential(&self, potential: Potential) -> Result<Net, ModelError> {
        self.computed(potential, |backend, potential| backend.potential(potential))
    }

    /// `native` as it is, or what another library makes of it.
    fn computed<N: Network<Scalar = f32> + Into<Net>>(
        &self,
        native: N,
        made: impl Fn(&dyn Backend, &N) -> Result<Box<dyn crate::ForeignNetwork>, ModelError>,
    ) -> Result<Net, ModelError> {
        let Some(backend) = self.0.as_deref() else { return Ok(native.into()) };
        let mut network = Net::from(made(backend, &native)?);
        if network.layout() != native.layout() {
            let reason = "its network has other parameters than ours".into();
            return Err(ModelError::Device { device: backend.name(), reason });
        }
        network.write_parameters(&native.parameters());
        Ok(network)
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
