//! The functions of `shim/shim.cpp`, made safe: the only file with `unsafe` in it.
#![allow(unsafe_code)]

use crate::error::first_line;
use std::any::Any;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use tch::Tensor;
use torch_sys::C_tensor;

type Handle = *mut C_tensor;
type BackwardFn = extern "C" fn(
    *mut c_void,
    *const Handle,
    usize,
    *const Handle,
    usize,
    *const bool,
    *mut Handle,
    usize,
    bool,
) -> *mut c_char;

unsafe extern "C" {
    fn chreode_torch_version() -> *const c_char;
    fn chreode_torch_node(
        inputs: *const Handle,
        n_in: usize,
        outputs: *const Handle,
        n_out: usize,
        saved: *const Handle,
        n_saved: usize,
        data: *mut c_void,
        backward: BackwardFn,
        drop: extern "C" fn(*mut c_void),
    ) -> *mut c_char;
    fn chreode_torch_grad(
        outputs: *const Handle,
        cotangents: *const Handle,
        n_out: usize,
        inputs: *const Handle,
        n_in: usize,
        keep: bool,
        record: bool,
        grads: *mut Handle,
    ) -> *mut c_char;
    fn chreode_torch_combine(
        base: Handle,
        xs: *const Handle,
        cs: *const f64,
        n: usize,
        out: Handle,
        fresh: *mut Handle,
    ) -> *mut c_char;
    fn chreode_torch_dot(a: Handle, b: Handle, sum: *mut f64) -> *mut c_char;
    fn chreode_torch_scaled(
        e: Handle,
        a: Handle,
        b: Handle,
        rtol: f64,
        atol: f64,
        sum: *mut f64,
    ) -> *mut c_char;
    fn chreode_torch_group(
        host: *const c_char,
        port: u16,
        rank: c_int,
        world: c_int,
        holds_store: bool,
        prefix: *const c_char,
        timeout_ms: i64,
        out: *mut *mut c_void,
    ) -> *mut c_char;
    fn chreode_torch_group_free(group: *mut c_void);
    fn chreode_torch_all_reduce_sum(group: *mut c_void, t: Handle) -> *mut c_char;
    fn chreode_torch_broadcast(group: *mut c_void, t: Handle, root: c_int) -> *mut c_char;
    fn chreode_torch_barrier(group: *mut c_void) -> *mut c_char;
    fn strdup(text: *const c_char) -> *mut c_char;
    fn free(memory: *mut c_void);
}

/// What libtorch said, as a result.
fn check(message: *mut c_char) -> Result<(), String> {
    if message.is_null() {
        return Ok(());
    }
    // SAFETY: the shim returns null or a C string from malloc that is ours.
    let text = unsafe {
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        free(message.cast());
        text
    };
    Err(first_line(&text))
}

fn handle(tensor: &Tensor) -> Handle {
    tensor.as_ptr().cast_mut()
}

fn handles(tensors: &[&Tensor]) -> Vec<Handle> {
    tensors.iter().map(|t| handle(t)).collect()
}

/// A tensor that the shim made.
fn adopt(fresh: Handle) -> Option<Tensor> {
    // SAFETY: the shim hands out null or a tensor from `new` that nobody else frees.
    (!fresh.is_null()).then(|| unsafe { Tensor::from_ptr(fresh) })
}

/// The version of PyTorch whose headers this was compiled with.
pub(crate) fn version() -> String {
    // SAFETY: a constant of the shim.
    unsafe { CStr::from_ptr(chreode_torch_version()) }.to_string_lossy().into_owned()
}

/// What the way back of a node is given.
pub(crate) struct Backward {
    /// The tensors that were saved.
    pub(crate) saved: Vec<Tensor>,
    /// The cotangents of the outputs; `None` where they are zero.
    pub(crate) cotangents: Vec<Option<Tensor>>,
    /// Which inputs need a gradient.
    pub(crate) needed: Vec<bool>,
    /// Whether the gradient itself goes on the tape.
    pub(crate) recording: bool,
}

/// The way back of a node: a gradient for each input, `None` for zero.
pub(crate) type Callback = dyn Fn(Backward) -> Result<Vec<Option<Tensor>>, String> + Send + Sync;

extern "C" fn drop_callback(data: *mut c_void) {
    // SAFETY: made by Box::into_raw in `node`, and the shim calls this once.
    let callback = unsafe { Box::from_raw(data.cast::<Box<Callback>>()) };
    // A panic in a destructor must not cross into C++.
    _ = catch_unwind(AssertUnwindSafe(|| drop(callback)));
}

extern "C" fn call_back(
    data: *mut c_void,
    saved: *const Handle,
    n_saved: usize,
    cotangents: *const Handle,
    n_out: usize,
    needed: *const bool,
    results: *mut Handle,
    n_in: usize,
    recording: bool,
) -> *mut c_char {
    let outcome = caught(|| {
        // SAFETY: `data` is the box of `node`, alive as long as the node; the arrays have the lengths given
        // and live during this call; every handle that is not null is a tensor, whose count is raised.
        let (callback, given) = unsafe {
            let clone = |h: &Handle| (!h.is_null()).then(|| Tensor::clone_from_ptr(*h));
            let given = Backward {
                saved: slice(saved, n_saved).iter().filter_map(clone).collect(),
                cotangents: slice(cotangents, n_out).iter().map(clone).collect(),
                needed: slice(needed, n_in).to_vec(),
                recording,
            };
            (&*data.cast::<Box<Callback>>(), given)
        };
        let gradients = callback(given)?;
        if gradients.len() != n_in {
            return Err(format!("{} gradients were given for {n_in} inputs", gradients.len()));
        }
        for (i, gradient) in gradients.iter().enumerate() {
            if let Some(gradient) = gradient {
                // SAFETY: i is below n_in; the shim frees the handle made here.
                unsafe { *results.add(i) = torch_sys::at_shallow_clone(handle(gradient)) };
            }
        }
        Ok(())
    });
    match outcome {
        Ok(Ok(())) => null_mut(),
        Ok(Err(message)) | Err(message) => {
            let message = CString::new(message.replace('\0', " ")).unwrap_or_default();
            // SAFETY: copies a C string; the shim frees the copy.
            unsafe { strdup(message.as_ptr()) }
        }
    }
}

/// The elements of a C array.
///
/// # Safety
/// `first` points to `n` elements, or n is 0.
unsafe fn slice<'a, T>(first: *const T, n: usize) -> &'a [T] {
    if n == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(first, n) }
}

/// Calls `f`; a panic comes back as what it said.
pub(crate) fn caught<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| said(panic.as_ref()))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    first_line(text.unwrap_or("without a message"))
}

/// Ties `outputs`, worked out without a tape, to `inputs`; `backward` is their pullback.
pub(crate) fn node(
    inputs: &[&Tensor],
    outputs: &[&Tensor],
    saved: &[&Tensor],
    backward: Box<Callback>,
) -> Result<(), String> {
    let (inputs, outputs, saved) = (handles(inputs), handles(outputs), handles(saved));
    let data = Box::into_raw(Box::new(backward)).cast();
    // SAFETY: the arrays live during the call and have these lengths; the shim owns `data` from here on and
    // gives it to `drop_callback` once.
    check(unsafe {
        chreode_torch_node(
            inputs.as_ptr(),
            inputs.len(),
            outputs.as_ptr(),
            outputs.len(),
            saved.as_ptr(),
            saved.len(),
            data,
            call_back,
            drop_callback,
        )
    })
}

/// What happens to the graph that a gradient went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Graph {
    /// It is given up.
    Free,
    /// It stays for another gradient.
    Keep,
    /// It stays, and the gradient goes on the tape too.
    Record,
}

/// Σ cotangentᵢ · ∂ outputᵢ / ∂ input for each input; `None` where nothing depends on it.
pub(crate) fn grad(
    outputs: &[(&Tensor, &Tensor)],
    inputs: &[&Tensor],
    graph: Graph,
) -> Result<Vec<Option<Tensor>>, String> {
    let (outputs, cotangents): (Vec<_>, Vec<_>) = outputs.iter().map(|(o, c)| (handle(o), handle(c))).unzip();
    let inputs = handles(inputs);
    let mut grads: Vec<Handle> = vec![null_mut(); inputs.len()];
    // SAFETY: arrays of the lengths given, alive during the call; `grads` has a place for each input.
    check(unsafe {
        chreode_torch_grad(
            outputs.as_ptr(),
            cotangents.as_ptr(),
            outputs.len(),
            inputs.as_ptr(),
            inputs.len(),
            graph == Graph::Keep,
            graph == Graph::Record,
            grads.as_mut_ptr(),
        )
    })?;
    Ok(grads.into_iter().map(adopt).collect())
}

/// `base + Σ cᵢ xᵢ`, or without a base, written over `out` where nobody else holds that; `None` when it was.
pub(crate) fn combine<'t>(
    base: Option<&Tensor>,
    terms: impl Iterator<Item = (f64, &'t Tensor)>,
    out: Option<&Tensor>,
) -> Result<Option<Tensor>, String> {
    let (cs, xs): (Vec<f64>, Vec<Handle>) = terms.map(|(c, x)| (c, handle(x))).unzip();
    let mut fresh = null_mut();
    let or_null = |t: Option<&Tensor>| t.map_or(null_mut(), handle);
    // SAFETY: arrays of the lengths given; either a base, a term or `out` is there.
    check(unsafe {
        chreode_torch_combine(or_null(base), xs.as_ptr(), cs.as_ptr(), xs.len(), or_null(out), &mut fresh)
    })?;
    Ok(adopt(fresh))
}

/// ⟨a, b⟩.
pub(crate) fn dot(a: &Tensor, b: &Tensor) -> Result<f64, String> {
    let mut sum = 0.0;
    // SAFETY: two tensors and a place for a number.
    check(unsafe { chreode_torch_dot(handle(a), handle(b), &mut sum) })?;
    Ok(sum)
}

/// Σ (eᵢ / (atol + rtol max(|aᵢ|, |bᵢ|)))².
pub(crate) fn scaled(e: &Tensor, a: &Tensor, b: &Tensor, rtol: f64, atol: f64) -> Result<f64, String> {
    let mut sum = 0.0;
    // SAFETY: three tensors and a place for a number.
    check(unsafe { chreode_torch_scaled(handle(e), handle(a), handle(b), rtol, atol, &mut sum) })?;
    Ok(sum)
}

/// Whether operations are recorded, as it was before; set back on the way out, that of a panic included, which
/// `tch::no_grad` does not do.
struct Recording(c_int);

impl Recording {
    fn set(on: bool) -> Self {
        // SAFETY: sets a flag of this thread.
        Self(unsafe { torch_sys::at_grad_set_enabled(c_int::from(on)) })
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // SAFETY: sets a flag of this thread.
        unsafe { torch_sys::at_grad_set_enabled(self.0) };
    }
}

/// Calls `f` with nothing recorded on the tape.
pub(crate) fn unrecorded<R>(f: impl FnOnce() -> R) -> R {
    let _before = Recording::set(false);
    f()
}

/// Calls `f` with operations recorded on the tape.
pub(crate) fn recorded<R>(f: impl FnOnce() -> R) -> R {
    let _before = Recording::set(true);
    f()
}

/// Processes that reduce together.
pub(crate) struct RawGroup(*mut c_void);

// SAFETY: libtorch's process groups may be used from any thread, one at a time.
unsafe impl Send for RawGroup {}

/// Where the processes meet, and who this one is.
pub(crate) struct Meeting<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) rank: usize,
    pub(crate) world: usize,
    pub(crate) holds_store: bool,
    pub(crate) prefix: &'a str,
    pub(crate) timeout_ms: i64,
}

impl RawGroup {
    pub(crate) fn new(meeting: &Meeting<'_>) -> Result<Self, String> {
        let text = |s: &str| CString::new(s).map_err(|e| e.to_string());
        let number = |n: usize| c_int::try_from(n).map_err(|e| e.to_string());
        let (host, prefix) = (text(meeting.host)?, text(meeting.prefix)?);
        let (rank, world) = (number(meeting.rank)?, number(meeting.world)?);
        let mut group = null_mut();
        // SAFETY: C strings that live during the call, and a place for a pointer.
        check(unsafe {
            chreode_torch_group(
                host.as_ptr(),
                meeting.port,
                rank,
                world,
                meeting.holds_store,
                prefix.as_ptr(),
                meeting.timeout_ms,
                &mut group,
            )
        })?;
        Ok(Self(group))
    }

    pub(crate) fn all_reduce_sum(&self, t: &Tensor) -> Result<(), String> {
        // SAFETY: a group that lives, and a tensor.
        check(unsafe { chreode_torch_all_reduce_sum(self.0, handle(t)) })
    }

    pub(crate) fn broadcast(&self, t: &Tensor, root: usize) -> Result<(), String> {
        let root = c_int::try_from(root).map_err(|e| e.to_string())?;
        // SAFETY: a group that lives, and a tensor.
        check(unsafe { chreode_torch_broadcast(self.0, handle(t), root) })
    }

    pub(crate) fn barrier(&self) -> Result<(), String> {
        // SAFETY: a group that lives.
        check(unsafe { chreode_torch_barrier(self.0) })
    }
}

impl Drop for RawGroup {
    fn drop(&mut self) {
        // SAFETY: made by `chreode_torch_group`, freed once.
        unsafe { chreode_torch_group_free(self.0) };
    }
}
