//! The parameters of any network as one safetensors file, the same for both back ends.

use crate::TorchError;
use chreode_core::{Network, Real};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

/// The parameters of `network` as the bytes of a safetensors file, each under `prefix` and its name: what
/// PyTorch, and [`read_safetensors`] into a network of either back end, read.
///
/// # Errors
/// [`TorchError::Checkpoint`] when two parameters have one name.
pub fn to_safetensors<N: Network>(network: &N, prefix: &str) -> Result<Vec<u8>, TorchError> {
    let flat = network.parameters();
    let double = size_of::<N::Scalar>() == size_of::<f64>();
    let dtype = if double { Dtype::F64 } else { Dtype::F32 };
    let bytes = |values: &[N::Scalar]| -> Vec<u8> {
        if double {
            values.iter().flat_map(|v| v.to_f64().to_le_bytes()).collect()
        } else {
            values.iter().flat_map(|v| (v.to_f64() as f32).to_le_bytes()).collect()
        }
    };
    let mut tensors: Vec<_> = network
        .layout()
        .iter()
        .map(|view| {
            let values = &flat[view.offset..view.offset + view.size()];
            (format!("{prefix}{}", view.name), view.shape.clone(), bytes(values))
        })
        .collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some(pair) = tensors.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(refused(format!("two parameters are called `{}`", pair[0].0)));
    }
    let views = tensors.iter().map(|(name, shape, data)| {
        let view = TensorView::new(dtype, shape.clone(), data);
        (name, view.expect("shape and bytes were made together"))
    });
    safetensors::serialize(views, None).map_err(|e| refused(e.to_string()))
}

/// Sets the parameters of `network` from the bytes of a safetensors file that has them under `prefix` and their
/// names: one of [`to_safetensors`], of PyTorch, or a run of `chreode train` with the prefix `model.`.
///
/// Numbers of another floating-point kind are converted.
///
/// # Errors
/// [`TorchError::Checkpoint`] with the names that are missing or do not fit; the network is then unchanged.
pub fn read_safetensors<N: Network>(network: &mut N, prefix: &str, bytes: &[u8]) -> Result<(), TorchError> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| refused(e.to_string()))?;
    let mut flat = network.parameters();
    for view in network.layout() {
        let name = format!("{prefix}{}", view.name);
        let Ok(tensor) = file.tensor(&name) else {
            let mut there: Vec<_> = file.names().into_iter().map(ToString::to_string).collect();
            there.sort();
            return Err(refused(format!("it has no tensor `{name}`; it has {}", there.join(", "))));
        };
        if tensor.shape() != view.shape {
            let (found, wanted) = (tensor.shape(), &view.shape);
            return Err(refused(format!("`{name}` has shape {found:?} where {wanted:?} is wanted")));
        }
        let values = numbers(tensor.dtype(), tensor.data())
            .ok_or_else(|| refused(format!("`{name}` is of kind {:?}", tensor.dtype())))?;
        let to = &mut flat[view.offset..view.offset + view.size()];
        to.iter_mut().zip(values).for_each(|(to, from)| *to = N::Scalar::from_f64(from));
    }
    network.write_parameters(&flat);
    Ok(())
}

fn refused(reason: String) -> TorchError {
    TorchError::Checkpoint { reason }
}

/// The numbers in the bytes of a tensor.
fn numbers(dtype: Dtype, data: &[u8]) -> Option<Vec<f64>> {
    let of = |bytes: &[u8]| -> Option<f64> {
        Some(match dtype {
            Dtype::F64 => f64::from_le_bytes(bytes.try_into().ok()?),
            Dtype::F32 => f32::from_le_bytes(bytes.try_into().ok()?).into(),
            // The upper half of an f32.
            Dtype::BF16 => f32::from_bits(u32::from(u16::from_le_bytes(bytes.try_into().ok()?)) << 16).into(),
            _ => return None,
        })
    };
    let width = match dtype {
        Dtype::F64 => 8,
        Dtype::F32 => 4,
        Dtype::BF16 => 2,
        _ => return None,
    };
    data.chunks_exact(width).map(of).collect()
}
