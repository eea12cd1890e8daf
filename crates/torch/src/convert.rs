//! Arrays of ndarray as tensors and back, by slices.

use crate::TorchError;
use ndarray::{Array, ArrayBase, ArrayD, Data, Dimension, IxDyn};
use tch::kind::Element;
use tch::{Device, Tensor};

/// A copy of an array as a tensor on `device`, of the same shape and kind.
///
/// ```
/// use ndarray::{array, Array2};
/// use tch::Device;
///
/// let a = array![[1.0, 2.0], [3.0, 4.0]];
/// let t = chreode_torch::tensor(&a.t(), Device::Cpu);
/// let b: Array2<f64> = chreode_torch::array(&t)?;
/// assert_eq!(b, a.t());
/// # Ok::<(), chreode_torch::TorchError>(())
/// ```
pub fn tensor<A, S, D>(array: &ArrayBase<S, D>, device: Device) -> Tensor
where
    A: Element,
    S: Data<Elem = A>,
    D: Dimension,
{
    let array = array.as_standard_layout();
    let shape: Vec<i64> = array.shape().iter().map(|&n| n as i64).collect();
    let values = array.as_slice().expect("the standard layout is contiguous");
    Tensor::from_slice(values).reshape(shape).to_device(device)
}

/// A copy of a tensor as an array, from any device; its numbers are converted to `A`.
///
/// # Errors
/// [`TorchError::Shape`] for another number of dimensions than `D` has.
pub fn array<A, D>(tensor: &Tensor) -> Result<Array<A, D>, TorchError>
where
    A: Element + Copy,
    D: Dimension,
{
    let shape: Vec<usize> = tensor.size().iter().map(|&n| n as usize).collect();
    let values = values(tensor)?;
    let array = ArrayD::from_shape_vec(IxDyn(&shape), values).expect("as many values as the shape has");
    array.into_dimensionality().map_err(|_| TorchError::Shape {
        what: "the tensor",
        found: tensor.size(),
        expected: "as many dimensions as the array has",
    })
}

/// All entries, in order.
pub(crate) fn values<A: Element + Copy>(tensor: &Tensor) -> Result<Vec<A>, TorchError> {
    let mut values = vec![A::ZERO; tensor.numel()];
    read(tensor, &mut values)?;
    Ok(values)
}

/// The same into a slice of as many.
pub(crate) fn read<A: Element>(tensor: &Tensor, into: &mut [A]) -> Result<(), TorchError> {
    let here = tensor.detach().to_device(Device::Cpu).to_kind(A::KIND).contiguous();
    here.f_copy_data(into, into.len()).map_err(|e| TorchError::torch("copy a tensor to the host", &e))
}
