//! `--device`: where networks are computed.

use anyhow::Result;
#[cfg(not(feature = "torch"))]
use anyhow::bail;
use chreode_models::Device;

/// The device called `name`: `cpu` is our own kernels; `torch`, `cuda` and `cuda:N` are libtorch's.
#[cfg(not(feature = "torch"))]
pub(crate) fn named(name: &str) -> Result<Device> {
    let number = name.strip_prefix("cuda:").is_some_and(|n| n.parse::<u32>().is_ok());
    match name {
        "cpu" => Ok(Device::default()),
        _ if number || ["torch", "cuda"].contains(&name) => bail!(
            "this program was built without libtorch, which --device {name} needs; `cargo xtask libtorch` in the source, then `cargo install --path crates/cli --features torch`"
        ),
        _ => bail!("there is no device {name}; the devices are cpu, torch, cuda and cuda:N"),
    }
}

/// The device called `name`: `cpu` is our own kernels; `torch`, `cuda` and `cuda:N` are libtorch's.
#[cfg(feature = "torch")]
pub(crate) fn named(name: &str) -> Result<Device> {
    match name {
        "cpu" => Ok(Device::default()),
        "torch" => libtorch::device(name, "cpu"),
        _ => libtorch::device(name, name),
    }
}

#[cfg(feature = "torch")]
mod libtorch {
    //! libtorch as a back end of the zoo.

    use anyhow::Result;
    use chreode_models::{Backend, Device, ForeignNetwork, ModelError};
    use chreode_nn::{Field, Potential};
    use chreode_torch::{ModuleNetwork, SharedNetwork, TorchError, network, potential};

    /// A device of libtorch, by the name it was asked for and the one that libtorch has for it.
    #[derive(Debug)]
    struct Libtorch {
        name: String,
        device: String,
    }

    pub(super) fn device(name: &str, device: &str) -> Result<Device> {
        chreode_torch::device(device)?;
        Ok(Device::of(Libtorch { name: name.into(), device: device.into() }))
    }

    impl Backend for Libtorch {
        fn name(&self) -> String {
            self.name.clone()
        }

        fn network(&self, field: &Field<f32>) -> Result<Box<dyn ForeignNetwork>, ModelError> {
            self.shared(chreode_torch::device(&self.device).and_then(|device| network(field, device)))
        }

        fn potential(&self, of: &Potential) -> Result<Box<dyn ForeignNetwork>, ModelError> {
            self.shared(chreode_torch::device(&self.device).and_then(|device| potential(of, device)))
        }
    }

    impl Libtorch {
        /// A network for threads to share, or why there is none.
        fn shared(
            &self,
            made: Result<ModuleNetwork<f32>, TorchError>,
        ) -> Result<Box<dyn ForeignNetwork>, ModelError> {
            match made {
                Ok(network) => Ok(Box::new(SharedNetwork::new(network))),
                Err(e) => Err(ModelError::Device { device: self.name(), reason: e.to_string() }),
            }
        }
    }
}
