//! A method and a controller for many rows.

use super::active::Active;
use super::clock::Pace;
use super::engine::Engine;
use super::field::{LaneField, RowsField};
use super::log::RowSteps;
use super::plan::Plan;
use super::result::{Batch, Hits, RowEnd, Saved};
use super::rhs::{OneByOne, Vectorised};
use super::rows::Rows;
use super::scheme::Scheme;
use super::tracker::Slots;
use crate::{BatchError, Fixed, Pi, SolveError, Span, Stats, StepControl, Tableau};
use chreode_core::Tolerance;
use chreode_core::simd::Element;
use chreode_core::simd::Machine;
use ndarray::Array2;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Who chooses the steps of every row: [`Pi`] by each row's own error, or [`Fixed`]. Either turns into it
/// by `into()`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steps {
    /// By each row's own error.
    Adaptive(Pi),
    /// Equal ones.
    Fixed(Fixed),
}

impl From<Pi> for Steps {
    fn from(pi: Pi) -> Self {
        Self::Adaptive(pi)
    }
}

impl From<Fixed> for Steps {
    fn from(fixed: Fixed) -> Self {
        Self::Fixed(fixed)
    }
}

/// A method and a controller for batches of rows.
///
/// Each row has its own time, step, verdict and end. A row's result is the same to the bit whatever the
/// other rows, their order and the number of threads. It may differ in the last bits between machines with
/// and without fused multiply-add.
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{BatchSolve, Lane, LaneField, Pi, RowEnd, Rows, Span, TSIT5};
/// use ndarray::array;
///
/// /// y' = p y.
/// struct Growth;
///
/// impl LaneField for Growth {
///     #[inline(always)]
///     fn eval<L: Lane>(&self, _t: L, y: &[L], p: &[L], dy: &mut [L]) {
///         dy[0] = y[0] * p[0];
///     }
/// }
///
/// let (y0, rates) = (array![[1.0], [1.0], [f64::NAN]], array![[1.0], [-1.0], [0.0]]);
/// let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 1.0 }).parameters(rates.view());
/// let batch = BatchSolve::new(TSIT5, Pi::new(Tolerance::both(1e-9))).lanes(&Growth, &rows)?;
/// assert!((batch.y[[0, 0]] - 1f64.exp()).abs() < 1e-8);
/// assert!((batch.y[[1, 0]] - (-1f64).exp()).abs() < 1e-8);
/// assert_eq!(batch.ends[1], RowEnd::Reached);
/// assert!(batch.ends[2].error().is_some());
/// # Ok::<(), chreode_ode::BatchError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BatchSolve<'s> {
    /// The method.
    pub tableau: Tableau,
    /// Who chooses the steps.
    pub steps: Steps,
    /// Steps that each row may try, rejected ones included; 100 000 unless set.
    pub max_steps: usize,
    stop: Option<&'s AtomicBool>,
    /// The instructions it uses.
    pub(super) machine: Machine,
}

impl<'s> BatchSolve<'s> {
    /// Solves with `tableau` under a [`Pi`] or [`Fixed`] controller.
    pub fn new(tableau: Tableau, steps: impl Into<Steps>) -> Self {
        Self { tableau, steps: steps.into(), max_steps: 100_000, stop: None, machine: Machine::detect() }
    }

    /// Allows each row `n` steps, rejected ones included.
    pub fn max_steps(self, n: usize) -> Self {
        Self { max_steps: n, ..self }
    }

    /// Ends every row with [`RowEnd::Stopped`] soon after `stop` becomes true.
    pub fn stop(self, stop: &'s AtomicBool) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Solves rows of a field written for lanes: several rows in each register, blocks of rows on the
    /// threads of the current rayon pool.
    ///
    /// # Errors
    /// [`BatchError`] for what no row could start with; everything else is in [`Batch::ends`].
    pub fn lanes<A: Element, F: LaneField>(
        &self,
        field: &F,
        rows: &Rows<'_, A>,
    ) -> Result<Batch<A>, BatchError> {
        let plan = self.plan(rows)?;
        let mut results = Results::new(rows);
        let machine = self.machine;
        let blocks = results.blocks(rows, block_size(rows.count(), 64));
        let hits =
            blocks.into_par_iter().map(|slots| machine.run(InLanes { plan: &plan, field, slots })).collect();
        Ok(results.finish(hits))
    }

    /// Solves rows of `field(row, t, y, dy)`, which sets `dy = f(t, y)`, one row at a time; blocks of rows
    /// on the threads of the current rayon pool.
    ///
    /// # Errors
    /// As [`lanes`](Self::lanes).
    pub fn each<A, F>(&self, field: &F, rows: &Rows<'_, A>) -> Result<Batch<A>, BatchError>
    where
        A: Element,
        F: Fn(usize, f64, &[A], &mut [A]) + Sync,
    {
        let plan = self.plan(rows)?;
        let mut results = Results::new(rows);
        let blocks = results.blocks(rows, block_size(rows.count(), 1));
        let run = |slots| {
            let mut rhs = OneByOne::new(field, rows.width());
            Engine::<'_, '_, '_, A, pulp::Scalar, 1, _>::new(pulp::Scalar, &plan, &mut rhs, slots).run().hits
        };
        let hits = blocks.into_par_iter().map(run).collect();
        Ok(results.finish(hits))
    }

    /// Solves rows of a field that is evaluated for all active rows in one call, on this thread: right
    /// where the field uses the threads itself.
    ///
    /// # Errors
    /// As [`lanes`](Self::lanes).
    pub fn rows<A, F>(&self, field: &F, rows: &Rows<'_, A>) -> Result<Batch<A>, BatchError>
    where
        A: Element,
        F: RowsField<A> + ?Sized,
    {
        let plan = self.plan(rows)?;
        let mut results = Results::new(rows);
        let blocks = results.blocks(rows, rows.count().max(1));
        let machine = self.machine;
        let hits =
            blocks.into_iter().map(|slots| machine.run(Together { plan: &plan, field, slots })).collect();
        Ok(results.finish(hits))
    }

    /// The same in blocks of `block` rows on the threads of the current rayon pool, with a field of its own
    /// for each block: right where the field uses one thread.
    ///
    /// # Errors
    /// As [`lanes`](Self::lanes), and [`SolveError::BadStep`] for blocks of no rows.
    pub fn row_blocks<A, F, N>(
        &self,
        new: N,
        rows: &Rows<'_, A>,
        block: usize,
    ) -> Result<Batch<A>, BatchError>
    where
        A: Element,
        F: RowsField<A>,
        N: Fn() -> F + Sync,
    {
        if block == 0 {
            return Err(SolveError::BadStep { what: "the number of rows of a block", value: 0.0 }.into());
        }
        let plan = self.plan(rows)?;
        let mut results = Results::new(rows);
        let machine = self.machine;
        let blocks = results.blocks(rows, block);
        let run = |slots| machine.run(Together { plan: &plan, field: &new(), slots });
        let hits = blocks.into_par_iter().map(run).collect();
        Ok(results.finish(hits))
    }

    /// Checks everything that concerns all rows.
    fn plan<'p, 'r, A: Element>(&'p self, rows: &'p Rows<'r, A>) -> Result<Plan<'p, 'r, A>, BatchError> {
        rows.check()?;
        let scheme = Scheme::new(self.tableau);
        // The controllers check their own settings, over any span.
        let span = Span { t0: 0.0, t1: 1.0 };
        let (pace, tolerance, first_step) = match &self.steps {
            Steps::Adaptive(pi) => {
                if scheme.error.is_none() {
                    let method = self.tableau.coefficients().name;
                    return Err(SolveError::NoErrorEstimate { method }.into());
                }
                pi.start(span, 0.0)?;
                pi.tolerance.checked().map_err(SolveError::from)?;
                (Pace::adaptive(pi, scheme.power), pi.tolerance, pi.first_step)
            }
            Steps::Fixed(fixed) => {
                fixed.start(span, 0.0)?;
                (Pace::Fixed(*fixed), Tolerance::both(1.0), None)
            }
        };
        Ok(Plan { rows, scheme, pace, max_steps: self.max_steps, tolerance, first_step, stop: self.stop })
    }
}

/// Registers side by side in an engine: each hides the latency of the others.
const REGISTERS: usize = 4;

/// Rows of a block: `least` or more, several blocks a thread. No result depends on it.
fn block_size(rows: usize, least: usize) -> usize {
    rows.div_ceil(4 * rayon::current_num_threads()).max(least)
}

/// A block of rows in lanes, with the instructions of the machine.
struct InLanes<'e, 'r, 's, A: Element, F> {
    plan: &'e Plan<'e, 'r, A>,
    field: &'e F,
    slots: Slots<'s, A>,
}

impl<A: Element, F: LaneField> WithSimd for InLanes<'_, '_, '_, A, F> {
    type Output = Hits<A>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Hits<A> {
        let mut rhs = Vectorised(self.field);
        Engine::<'_, '_, '_, A, S, REGISTERS, _>::new(simd, self.plan, &mut rhs, self.slots).run().hits
    }
}

/// A block of rows under one field.
struct Together<'e, 'r, 's, A: Element, F: ?Sized> {
    plan: &'e Plan<'e, 'r, A>,
    field: &'e F,
    slots: Slots<'s, A>,
}

impl<A: Element, F: RowsField<A> + ?Sized> WithSimd for Together<'_, '_, '_, A, F> {
    type Output = Hits<A>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Hits<A> {
        Active::new(simd, self.plan, self.field, self.slots).run().hits
    }
}

/// Room for the results of all rows.
struct Results<A> {
    batch: Batch<A>,
}

impl<A: Element> Results<A> {
    fn new(rows: &Rows<'_, A>) -> Self {
        let (count, width) = (rows.count(), rows.width());
        let mut starts = Vec::with_capacity(count + 1);
        starts.push(0);
        let mut total = 0;
        for i in 0..count {
            total += rows.times.of(i).len();
            starts.push(total);
        }
        Self {
            batch: Batch {
                y: Array2::zeros((count, width)),
                t: vec![0.0; count],
                ends: vec![RowEnd::Reached; count],
                stats: vec![Stats::default(); count],
                saved: Saved { states: vec![A::zero(); total * width], starts, counts: vec![0; count] },
                hits: Hits::default(),
                log: (0..if rows.log > 0 { count } else { 0 }).map(|_| RowSteps::new(rows.log)).collect(),
            },
        }
    }

    /// The places of `size` rows each.
    fn blocks(&mut self, rows: &Rows<'_, A>, size: usize) -> Vec<Slots<'_, A>> {
        let width = rows.width();
        let batch = &mut self.batch;
        let mut y = batch.y.as_slice_mut().expect("a new array is contiguous");
        let (mut t, mut ends, mut stats) = (&mut batch.t[..], &mut batch.ends[..], &mut batch.stats[..]);
        let Saved { states, starts, counts } = &mut batch.saved;
        let (mut saved, mut counts, mut log) = (&mut states[..], &mut counts[..], &mut batch.log[..]);
        let mut blocks = Vec::new();
        for first in (0..rows.count()).step_by(size) {
            let n = size.min(rows.count() - first);
            let starts = &starts[first..=first + n];
            blocks.push(Slots {
                first,
                y: cut(&mut y, n * width),
                t: cut(&mut t, n),
                ends: cut(&mut ends, n),
                stats: cut(&mut stats, n),
                saved: cut(&mut saved, (starts[n] - starts[0]) * width),
                starts,
                counts: cut(&mut counts, n),
                hits: Hits::default(),
                log: cut(&mut log, if rows.log > 0 { n } else { 0 }),
            });
        }
        blocks
    }

    /// The batch, with the events of its blocks sorted by row.
    fn finish(mut self, hits: Vec<Hits<A>>) -> Batch<A> {
        let width = self.batch.y.ncols();
        for block in hits {
            let mut order: Vec<_> = (0..block.at.len()).collect();
            order.sort_by_key(|&k| block.at[k].0);
            for k in order {
                self.batch.hits.at.push(block.at[k]);
                self.batch.hits.states.extend_from_slice(&block.states[k * width..(k + 1) * width]);
            }
        }
        self.batch
    }
}

/// Takes the first `n` entries off a slice.
fn cut<'a, T>(slice: &mut &'a mut [T], n: usize) -> &'a mut [T] {
    let (head, tail) = std::mem::take(slice).split_at_mut(n);
    *slice = tail;
    head
}
