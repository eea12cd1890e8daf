//! Tensors as elements of a vector space.

use crate::ffi;
use chreode_core::{Tolerance, VectorSpace};
use tch::{Kind, Tensor};

/// A tensor of any shape as the state of a solve: `f32`, `f64` or `bf16`, on any device.
///
/// A linear combination on the host is one pass over memory, in the state's kind (`bf16` adds up in `f32` and
/// is rounded once); on another device it is one kernel a term. Inner products and error norms are summed in
/// `f64`, in `f32` on devices without it. Times and steps stay `f64` on the host, so a device need not know
/// them. Each norm, and each check for numbers, waits for the device once.
///
/// Where an entry is on libtorch's tape, combinations are recorded as any other operation is: a solve of such
/// states can be differentiated by libtorch itself, at the price of a tape as long as the solve; see
/// [`Recorded`](crate::Recorded).
///
/// ```
/// use chreode_core::{Tolerance, VectorSpace};
/// use chreode_ode::{DOPRI5, ExplicitRk, Pi, Solve};
/// use chreode_torch::TorchState;
/// use tch::Tensor;
///
/// let decay = |_t: f64, y: &TorchState| y.zeros_like().plus(&[(-1.0, y)]);
/// let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-8)));
/// let y0 = TorchState::new(Tensor::from_slice(&[1.0, 2.0]));
/// let ys = solve.at(&decay, y0, &[0.0, 1.0])?;
/// assert!((ys[1].tensor().double_value(&[1]) - 2.0 * (-1f64).exp()).abs() < 1e-7);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
///
/// # Panics
/// Combinations and products of states of different shapes, kinds or devices panic with libtorch's message.
#[derive(Debug)]
pub struct TorchState(Tensor);

impl TorchState {
    /// The state that is `tensor`.
    ///
    /// Nothing is copied unless the tensor lies in memory in another order, and memory that somebody else
    /// holds too is never written over.
    pub fn new(tensor: Tensor) -> Self {
        Self(if tensor.is_contiguous() { tensor } else { tensor.contiguous() })
    }

    /// The tensor.
    pub fn tensor(&self) -> &Tensor {
        &self.0
    }

    /// The tensor, given up.
    pub fn into_tensor(self) -> Tensor {
        self.0
    }

    /// `base + Σ cᵢ xᵢ`, over `out` where that is possible.
    fn combine_into(base: Option<&Self>, terms: &[(f64, &Self)], out: &mut Self) {
        let terms = terms.iter().map(|(c, x)| (*c, x.tensor()));
        match ffi::combine(base.map(Self::tensor), terms, Some(&out.0)) {
            Ok(Some(fresh)) => out.0 = fresh,
            Ok(None) => {}
            Err(message) => panic!("{message}"),
        }
    }
}

impl Clone for TorchState {
    fn clone(&self) -> Self {
        self.duplicate()
    }
}

impl VectorSpace for TorchState {
    fn plus(&self, terms: &[(f64, &Self)]) -> Self {
        let terms = terms.iter().map(|(c, x)| (*c, x.tensor()));
        match ffi::combine(Some(&self.0), terms, None) {
            Ok(fresh) => Self(fresh.expect("with no place to write over, there is a new tensor")),
            Err(message) => panic!("{message}"),
        }
    }

    fn zeros_like(&self) -> Self {
        Self(ffi::unrecorded(|| self.0.zeros_like()))
    }

    fn dot(&self, other: &Self) -> f64 {
        ffi::dot(&self.0, &other.0).unwrap_or_else(|message| panic!("{message}"))
    }

    fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
        let Tolerance { rtol, atol } = tolerance;
        match ffi::scaled(&self.0, &a.0, &b.0, rtol, atol) {
            Ok(sum) => (sum, self.0.numel()),
            Err(message) => panic!("{message}"),
        }
    }

    fn plus_into(&self, terms: &[(f64, &Self)], out: &mut Self) {
        Self::combine_into(Some(self), terms, out);
    }

    fn sum_into(terms: &[(f64, &Self)], out: &mut Self) {
        if terms.is_empty() {
            *out = out.zeros_like();
        } else {
            Self::combine_into(None, terms, out);
        }
    }

    fn is_finite(&self) -> bool {
        ffi::unrecorded(|| self.0.isfinite().all().int64_value(&[]) != 0)
    }

    fn first_not_finite(&self) -> Option<usize> {
        if self.is_finite() {
            return None;
        }
        let bad = ffi::unrecorded(|| self.0.isfinite().logical_not().to_kind(Kind::Uint8).view(-1));
        usize::try_from(bad.argmax(0, false).int64_value(&[])).ok()
    }

    fn entries(&self) -> usize {
        self.0.numel()
    }
}
