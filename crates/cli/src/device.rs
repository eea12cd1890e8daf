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
    use chreode_nn::MlpConfig;
    use chreode_torch::SharedNetwork;

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

        fn perceptron(&self, shape: &MlpConfig) -> Result<Box<dyn ForeignNetwork>, ModelError> {
            let refused = |e: chreode_torch::TorchError| ModelError::Device {
                device: self.name(),
                reason: e.to_string(),
            };
            let device = chreode_torch::device(&self.device).map_err(refused)?;
            let network = chreode_torch::mlp::<f32>(shape, device).map_err(refused)?;
            Ok(Box::new(SharedNetwork::new(network)))
        }
    }
}
