//! Batches allocate before the first step, and not while stepping.

use chreode_core::Tolerance;
use chreode_ode::{BatchSolve, DOPRI5, Lane, LaneField, PerRow, Pi, RowEnd, RowEvent, Rows, Span};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Requests of all threads: this file holds one test, so that nobody else asks.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counting.
struct Counting;

// SAFETY: every call is passed on unchanged.
#[allow(unsafe_code, reason = "an allocator can only be replaced by unsafe code")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// y' = cos t, so that a longer span means more steps.
struct Wave;

impl LaneField for Wave {
    #[inline(always)]
    fn eval<L: Lane>(&self, t: L, _y: &[L], _p: &[L], dy: &mut [L]) {
        dy[0] = t.cos();
    }
}

fn wave(_: &[usize], t: &[f64], _: ArrayView2<'_, f64>, mut dy: ArrayViewMut2<'_, f64>) {
    t.iter().zip(dy.column_mut(0)).for_each(|(t, dy)| *dy = t.cos());
}

/// Requests and steps of a batch to `t1`.
fn requests(t1: f64, run: impl Fn(&BatchSolve<'_>, &Rows<'_, f64>) -> (usize, bool)) -> (usize, usize) {
    let y0 = Array2::zeros((70, 1));
    let never = |_: usize, _: f64, y: &[f64]| y[0] + 10.0;
    // One time more than there are steps to keep: the same number for every span.
    let times: Vec<f64> = (0..=20).map(|k| if k == 20 { t1 } else { t1 * f64::from(k) / 20.0 }).collect();
    let rows =
        Rows::new(y0.view(), Span { t0: 0.0, t1 }).times(PerRow::Shared(times)).event(RowEvent::stop(&never));
    let solve = BatchSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-8)));
    let before = COUNT.load(Ordering::Relaxed);
    let (steps, reached) = run(&solve, &rows);
    assert!(reached);
    (COUNT.load(Ordering::Relaxed) - before, steps)
}

#[test]
fn more_steps_ask_for_no_more_memory() {
    let reached = |batch: chreode_ode::Batch<f64>| {
        (batch.total().accepted, batch.ends.iter().all(|end| *end == RowEnd::Reached))
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let lanes = |solve: &BatchSolve<'_>, rows: &Rows<'_, f64>| {
        reached(pool.install(|| solve.lanes(&Wave, rows)).expect("a sound batch"))
    };
    let together = |solve: &BatchSolve<'_>, rows: &Rows<'_, f64>| {
        reached(solve.rows(&wave, rows).expect("a sound batch"))
    };
    let each = |solve: &BatchSolve<'_>, rows: &Rows<'_, f64>| {
        let field = |_: usize, t: f64, _: &[f64], dy: &mut [f64]| dy[0] = t.cos();
        reached(pool.install(|| solve.each(&field, rows)).expect("a sound batch"))
    };
    // The first batch of a thread pool also pays for the pool.
    requests(1.0, lanes);
    for run in [&lanes as &dyn Fn(&BatchSolve<'_>, &Rows<'_, f64>) -> (usize, bool), &together, &each] {
        let ((few, short), (many, long)) = (requests(1.0, run), requests(100.0, run));
        assert!(long > 10 * short, "{short} {long}");
        assert!(few > 0, "nothing is counted");
        assert_eq!(few, many, "it allocates while stepping");
    }
}
