//! A function of time and state that many holders may call, each from its own thread.

use std::sync::{Arc, Mutex, PoisonError};
use tch::Tensor;

type Function = dyn Fn(&Tensor, &Tensor) -> Tensor + Send;

/// v(t, y) on tensors. Modules of tch may be sent to another thread but not shared, hence the lock; it is held
/// while the function runs, not while libtorch goes back through what it did.
#[derive(Clone)]
pub(crate) struct Callback(Arc<Mutex<Box<Function>>>);

impl Callback {
    pub(crate) fn new(f: impl Fn(&Tensor, &Tensor) -> Tensor + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::new(f))))
    }

    pub(crate) fn call(&self, t: &Tensor, y: &Tensor) -> Tensor {
        // A panic of an earlier call left nothing half done that this one could see.
        let f = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f(t, y)
    }
}
