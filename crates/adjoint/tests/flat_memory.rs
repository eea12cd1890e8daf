//! A thousand gradients take no more memory than ten, whichever way they are made (torchdiffeq issue 180).

use chreode_adjoint::{Adjoint, Backsolve, Discrete, Interpolating, Times, Together};
use chreode_core::{Network, NetworkField, Seed, Tolerance};
use chreode_nn::{Mlp, MlpConfig};
use chreode_ode::{BatchSolve, DOPRI5, ExplicitRk, NetworkRows, Pi, Rows, Solve, Span};
use ndarray::{Array2, array};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes alive: this file holds one test, so that nobody else asks.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counting.
struct Counting;

// SAFETY: every call is passed on unchanged.
#[allow(unsafe_code, reason = "an allocator can only be replaced by unsafe code")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One gradient.
type Way<'w> = Box<dyn FnMut() + 'w>;

/// Bytes that stay after `count` calls.
fn alive(count: usize, gradient: &mut dyn FnMut()) -> usize {
    (0..count).for_each(|_| gradient());
    ALIVE.load(Ordering::Relaxed)
}

#[test]
fn a_thousand_gradients_take_no_more_memory_than_ten() {
    let config = MlpConfig::new(2).hidden([8]);
    let net = Mlp::<f64>::new(config, &mut Seed(1).stream("init", 0)).unwrap();
    let field = NetworkField::new(&net);
    let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-3)));
    let times = [0.0, 0.5];
    let loss = |ys: &[Array2<f64>]| ys.to_vec();
    let y0 = array![[1.0, 0.5]];
    let batch = BatchSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-3)));
    let rows = Together(NetworkRows::new(&net));
    let stored = Discrete::stored().times(Times::Constant);
    let mut ways: [(&str, Way<'_>); 5] = [
        ("stored", Box::new(|| drop(stored.gradient(&solve, &field, y0.clone(), &times, loss).unwrap()))),
        (
            "checkpoints",
            Box::new(|| {
                drop(Discrete::checkpoints(1).gradient(&solve, &field, y0.clone(), &times, loss).unwrap())
            }),
        ),
        (
            "interpolating",
            Box::new(|| {
                drop(Interpolating::new(solve).gradient(&solve, &field, y0.clone(), &times, loss).unwrap())
            }),
        ),
        (
            "backsolve",
            Box::new(|| {
                drop(Backsolve::new(solve).gradient(&solve, &field, y0.clone(), &times, loss).unwrap())
            }),
        ),
        (
            "batch",
            Box::new(|| {
                let rows_of = Rows::new(y0.view(), Span { t0: 0.0, t1: 0.5 });
                let gradient =
                    stored.batch_gradient(&batch, &rows, rows_of, |batch, a| a.end.assign(&batch.y));
                drop(gradient.unwrap());
            }),
        ),
    ];
    for (name, gradient) in &mut ways {
        let ten = alive(10, gradient);
        let thousand = alive(1000, gradient);
        // Less where memories that served an earlier way are given up.
        assert!(thousand <= ten, "{name}: {thousand} bytes after {ten}");
    }
    assert!(net.parameter_count() > 0);
}
