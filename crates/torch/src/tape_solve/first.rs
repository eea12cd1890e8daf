//! The way back through a solve.

use super::second::{Gradients, SecondWayBack};
use super::unstack;
use crate::ffi::{self, Backward};
use crate::{TapeAdjoint, TensorField, TorchError};
use chreode_ode::Solve;
use std::sync::{Mutex, PoisonError};
use tch::{Device, Kind, Tensor};

/// Everything that is needed to go back through one solve.
pub(super) struct WayBack<A, S, C, T> {
    parts: Mutex<Parts<A, S, C, T>>,
}

struct Parts<A, S, C, T> {
    solve: Solve<S, C>,
    adjoint: A,
    field: TensorField,
    /// The times, and how their tensor was.
    instants: Vec<f64>,
    kind: Kind,
    device: Device,
    tape: T,
}

impl<A, S, C> WayBack<A, S, C, A::Tape>
where
    A: TapeAdjoint<S, C>,
    S: Clone + Send + 'static,
    C: Clone + Send + 'static,
{
    pub(super) fn new(
        solve: Solve<S, C>,
        adjoint: A,
        field: TensorField,
        times: &Tensor,
        instants: Vec<f64>,
        tape: A::Tape,
    ) -> Self {
        let (kind, device) = (times.kind(), times.device());
        Self { parts: Mutex::new(Parts { solve, adjoint, field, instants, kind, device, tape }) }
    }

    /// Gradients of y₀, the times and each parameter, where they are needed.
    pub(super) fn pull(&self, given: Backward) -> Result<Vec<Option<Tensor>>, TorchError> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(cotangent) = &given.cotangents[0] else {
            return Ok(given.needed.iter().map(|_| None).collect());
        };
        if given.recording {
            return parts.record(&given, cotangent);
        }
        parts.gradient(&given.needed, cotangent)
    }
}

impl<A, S, C> Parts<A, S, C, A::Tape>
where
    A: TapeAdjoint<S, C>,
    S: Clone + Send + 'static,
    C: Clone + Send + 'static,
{
    fn gradient(&self, needed: &[bool], cotangent: &Tensor) -> Result<Vec<Option<Tensor>>, TorchError> {
        let Self { solve, adjoint, field, tape, .. } = self;
        let g = ffi::unrecorded(|| adjoint.backward(solve, field, tape, &unstack(cotangent)))?;
        if needed[1] && g.times.len() != self.instants.len() {
            return Err(TorchError::TimesConstant);
        }
        let by_time = || Tensor::from_slice(&g.times).to_kind(self.kind).to_device(self.device);
        let mut gradients = vec![None, needed[1].then(by_time)];
        if needed[2..].contains(&true) {
            let parts = field.split(&g.params).into_iter().zip(&needed[2..]);
            gradients.extend(parts.map(|(part, needed)| needed.then_some(part)));
        } else {
            gradients.resize_with(needed.len(), || None);
        }
        gradients[0] = needed[0].then(|| g.y0.into_tensor());
        Ok(gradients)
    }

    /// The same as a node of its own, which depends on y₀, the cotangent and the parameters.
    fn record(&self, given: &Backward, cotangent: &Tensor) -> Result<Vec<Option<Tensor>>, TorchError> {
        let Self { solve, adjoint, field, .. } = self;
        if given.needed[1] {
            return Err(TorchError::TimesTwice);
        }
        if !A::TWICE {
            return Err(TorchError::FirstOrder);
        }
        let gradients = self.gradient(&given.needed, cotangent)?;
        let (y0, parameters) = given.saved.split_first().ok_or(TorchError::FirstOrder)?;
        let inputs: Vec<&Tensor> = [y0, cotangent].into_iter().chain(parameters).collect();
        let outputs: Vec<&Tensor> = gradients.iter().flatten().collect();
        let which = Gradients(given.needed.iter().enumerate().filter(|(_, n)| **n).map(|(i, _)| i).collect());
        let second =
            SecondWayBack::new(solve.clone(), adjoint.clone(), field.clone(), self.instants.clone(), which);
        let backward = Box::new(move |given| second.pull(&given).map_err(|e| e.to_string()));
        ffi::node(&inputs, &outputs, &inputs, backward)
            .map_err(|message| TorchError::Torch { what: "put the gradient on its tape", message })?;
        Ok(gradients)
    }
}
