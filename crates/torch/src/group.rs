//! Several processes that train one model.

mod environment;

use crate::TorchError;
use crate::convert::{read, values};
use crate::ffi::{self, Meeting, RawGroup};
use environment::Environment;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tch::kind::Element;
use tch::{Device, Kind, Tensor};

/// Processes, on one machine or several, that add up their gradients: libtorch's c10d with gloo.
///
/// Data-parallel training takes two calls more than training alone: [`broadcast`](Self::broadcast) of the
/// parameters before the first step, and [`mean_gradients`](Self::mean_gradients) between `backward` and the
/// optimiser's step. With equal shares of a batch and losses that are means, the weights are those of one
/// process with the whole batch, to rounding. A network that is not libtorch's is trained the same way, with
/// [`broadcast_slice`](Self::broadcast_slice) and [`mean_slice`](Self::mean_slice).
///
/// Tensors of any device may be given; what is sent goes through the host's memory, as gloo wants it.
///
/// All processes make the same calls in the same order. One that has died, is late by more than the timeout
/// or does something else makes the calls of the others an error, never an endless wait.
///
/// ```no_run
/// use chreode_torch::Group;
/// use std::time::Duration;
/// use tch::nn::{self, Module, OptimizerConfig};
/// use tch::{Device, Kind, Tensor};
///
/// # fn share(_rank: usize, _world: usize) -> (Tensor, Tensor) { (Tensor::new(), Tensor::new()) }
/// let group = Group::from_environment(Duration::from_secs(60))?;
/// let (rank, world) = group.as_ref().map_or((0, 1), |g| (g.rank(), g.world()));
/// let store = nn::VarStore::new(Device::Cpu);
/// let net = nn::linear(store.root(), 2, 1, Default::default());
/// let weights = store.trainable_variables();
/// if let Some(group) = &group {
///     group.broadcast(&weights, 0)?;
/// }
/// let mut adam = nn::Adam::default().build(&store, 1e-3)?;
/// for _ in 0..100 {
///     let (x, y) = share(rank, world);
///     adam.zero_grad();
///     (net.forward(&x) - y).square().mean(Kind::Float).backward();
///     if let Some(group) = &group {
///         group.mean_gradients(&weights)?;
///     }
///     adam.step();
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Group {
    raw: Mutex<RawGroup>,
    rank: usize,
    world: usize,
    timeout: Duration,
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rank, world, timeout, .. } = self;
        f.debug_struct("Group")
            .field("rank", rank)
            .field("world", world)
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}

impl Group {
    /// The group that the environment describes, as `torchrun --no-python` sets it or as you do: `RANK` and
    /// `WORLD_SIZE`, and `MASTER_ADDR` and `MASTER_PORT`, where rank 0 listens. `None` where neither `RANK`
    /// nor `WORLD_SIZE` is set: the process is alone.
    ///
    /// No call waits longer than `timeout` for the others, this one included.
    ///
    /// # Errors
    /// [`TorchError::Environment`] for variables that are missing or make no sense, [`TorchError::Group`] where
    /// the others do not come.
    pub fn from_environment(timeout: Duration) -> Result<Option<Self>, TorchError> {
        let Some(found) = Environment::read(|name| std::env::var(name).ok())? else { return Ok(None) };
        let Environment { rank, world, host, port, holds_store, prefix } = found;
        let timeout_ms = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        let meeting = Meeting { host: &host, port, rank, world, holds_store, prefix: &prefix, timeout_ms };
        let raw = RawGroup::new(&meeting)
            .map_err(|message| failed(rank, world, timeout, "meet the others", message))?;
        Ok(Some(Self { raw: Mutex::new(raw), rank, world, timeout }))
    }

    /// The number of this process, from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How many processes there are.
    pub fn world(&self) -> usize {
        self.world
    }

    /// Gives every process the values that `tensors` have in process `from`.
    ///
    /// # Errors
    /// [`TorchError::Group`].
    pub fn broadcast(&self, tensors: &[Tensor], from: usize) -> Result<(), TorchError> {
        let flat = flat(tensors)?;
        self.call("send values to all", |raw| raw.broadcast(&flat, from))?;
        fill(tensors, &flat);
        Ok(())
    }

    /// Replaces the gradient of each variable by its mean over the processes: one message for all of them.
    ///
    /// # Errors
    /// [`TorchError::Group`], and [`TorchError::NoGradient`] for a variable that `backward` did not reach: the
    /// others may have a gradient for it, and weights would part silently.
    pub fn mean_gradients(&self, variables: &[Tensor]) -> Result<(), TorchError> {
        let grads: Vec<Tensor> = variables.iter().map(Tensor::grad).collect();
        if let Some(index) = grads.iter().position(|g| !g.defined()) {
            return Err(TorchError::NoGradient { index, shape: variables[index].size() });
        }
        let mut flat = flat(&grads)?;
        self.call("add up gradients", |raw| raw.all_reduce_sum(&flat))?;
        ffi::unrecorded(|| _ = flat.g_div_scalar_(self.world as f64));
        fill(&grads, &flat);
        Ok(())
    }

    /// Replaces `values` by their mean over the processes: the flat gradient of any network.
    ///
    /// # Errors
    /// [`TorchError::Group`].
    pub fn mean_slice<A: Element + Copy>(&self, values: &mut [A]) -> Result<(), TorchError> {
        let mut sum = Tensor::from_slice(values);
        self.call("add up values", |raw| raw.all_reduce_sum(&sum))?;
        _ = sum.g_div_scalar_(self.world as f64);
        read(&sum, values)
    }

    /// Gives every process the values that the slice has in process `from`.
    ///
    /// # Errors
    /// [`TorchError::Group`].
    pub fn broadcast_slice<A: Element + Copy>(
        &self,
        values: &mut [A],
        from: usize,
    ) -> Result<(), TorchError> {
        let sent = Tensor::from_slice(values);
        self.call("send values to all", |raw| raw.broadcast(&sent, from))?;
        read(&sent, values)
    }

    /// Numbers of all processes, in the order of their ranks: losses to report, say.
    ///
    /// # Errors
    /// [`TorchError::Group`].
    pub fn gather(&self, number: f64) -> Result<Vec<f64>, TorchError> {
        let mut all = vec![0.0; self.world];
        all[self.rank] = number;
        let sum = Tensor::from_slice(&all);
        self.call("gather numbers", |raw| raw.all_reduce_sum(&sum))?;
        values(&sum)
    }

    /// Returns when all processes have come here.
    ///
    /// # Errors
    /// [`TorchError::Group`].
    pub fn barrier(&self) -> Result<(), TorchError> {
        self.call("wait for the others", RawGroup::barrier)
    }

    fn call(
        &self,
        what: &'static str,
        f: impl FnOnce(&RawGroup) -> Result<(), String>,
    ) -> Result<(), TorchError> {
        let raw = self.raw.lock().unwrap_or_else(PoisonError::into_inner);
        f(&raw).map_err(|message| failed(self.rank, self.world, self.timeout, what, message))
    }
}

fn failed(rank: usize, world: usize, timeout: Duration, what: &'static str, message: String) -> TorchError {
    TorchError::Group { rank, world, what, message, seconds: timeout.as_secs() }
}

/// All entries in one tensor of the host, `f64` where one of them is, else `f32`.
fn flat(tensors: &[Tensor]) -> Result<Tensor, TorchError> {
    let kind = if tensors.iter().any(|t| t.kind() == Kind::Double) { Kind::Double } else { Kind::Float };
    if tensors.is_empty() {
        return Ok(Tensor::zeros([0], (kind, Device::Cpu)));
    }
    let part = |t: &Tensor| t.detach().to_kind(kind).to_device(Device::Cpu).reshape([-1]);
    let parts: Vec<Tensor> = tensors.iter().map(part).collect();
    Tensor::f_cat(&parts, 0).map_err(|e| TorchError::torch("put the tensors together", &e))
}

/// Copies the parts of `flat` back into the tensors.
fn fill(tensors: &[Tensor], flat: &Tensor) {
    let mut from = 0;
    for tensor in tensors {
        let size = tensor.numel() as i64;
        let part = flat.narrow(0, from, size).view_as(tensor);
        ffi::unrecorded(|| tensor.shallow_clone().copy_(&part));
        from += size;
    }
}
