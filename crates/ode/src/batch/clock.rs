//! Times, steps and verdicts of rows, in lanes: the controller of `Pi` and the grid of `Fixed` for many
//! rows at once.

use super::lane::Lane;
use super::pack::Pack;
use crate::{Fixed, Pi, Span};
use pulp::Simd;

type Column<S> = Vec<Pack<f64, S, 1>>;

/// The smallest error ratio that is remembered, in binary logarithm: 1e-4.
const LEAST: f64 = -13.287_712_379_549_45;

/// What all rows have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Steps by the local error.
    Adaptive {
        safety: f64,
        shrink: f64,
        grow: f64,
        /// Exponents over p.
        alpha: f64,
        beta: f64,
        max_step: f64,
    },
    /// Equal steps.
    Fixed(Fixed),
}

impl Pace {
    pub(crate) fn adaptive<N>(pi: &Pi<N>, power: f64) -> Self {
        Self::Adaptive {
            safety: pi.safety,
            shrink: pi.shrink,
            grow: pi.grow,
            alpha: pi.alpha / power,
            beta: pi.beta / power,
            max_step: pi.max_step.unwrap_or(f64::INFINITY),
        }
    }
}

/// The clocks of some rows; one number a row in each column.
pub(crate) struct Clock<S: Simd> {
    /// 1 where there is a row that goes on, else 0.
    pub(crate) live: Column<S>,
    /// The time reached.
    pub(crate) t: Column<S>,
    /// The end.
    pub(crate) t1: Column<S>,
    /// The direction, ±1.
    pub(crate) direction: Column<S>,
    /// The size of the step wished for.
    pub(crate) h: Column<S>,
    /// Where the step under way ends.
    pub(crate) next: Column<S>,
    /// Its signed size.
    pub(crate) step: Column<S>,
    /// Time at which the row is to be looked at: its next save time or its end.
    pub(crate) due: Column<S>,
    /// The squared error of the trial.
    pub(crate) ratio: Column<S>,
    /// 1 where the trial counts, else 0.
    pub(crate) taken: Column<S>,
    pub(crate) accepted: Column<S>,
    pub(crate) rejected: Column<S>,
    /// log₂ of the error before.
    before: Column<S>,
    /// The most by which a step may grow.
    cap: Column<S>,
    /// Start, number of steps, and their size in a fixed grid.
    t0: Column<S>,
    count: Column<S>,
    grid: Column<S>,
    max_steps: f64,
    pace: Pace,
}

/// Whether any row must be looked at by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Nobody,
    Somebody,
}

impl<S: Simd> Clock<S> {
    /// Clocks for at least `rows` rows, all at rest.
    #[inline(always)]
    pub(crate) fn new(simd: S, rows: usize, pace: Pace, max_steps: usize) -> Self {
        let column = || vec![Pack::splat(simd, 0.0); rows.div_ceil(Pack::<f64, S, 1>::WIDTH)];
        Self {
            live: column(),
            t: column(),
            t1: column(),
            direction: column(),
            h: column(),
            next: column(),
            step: column(),
            due: column(),
            ratio: column(),
            taken: column(),
            accepted: column(),
            rejected: column(),
            before: column(),
            cap: column(),
            t0: column(),
            count: column(),
            grid: column(),
            max_steps: max_steps as f64,
            pace,
        }
    }

    #[inline(always)]
    pub(crate) fn get(column: &Column<S>, i: usize) -> f64 {
        let width = Pack::<f64, S, 1>::WIDTH;
        column[i / width].get(i % width)
    }

    #[inline(always)]
    pub(crate) fn set(column: &mut Column<S>, i: usize, x: f64) {
        let width = Pack::<f64, S, 1>::WIDTH;
        column[i / width].set(i % width, x);
    }

    /// Puts a row at the start of `span` into place `i`.
    pub(crate) fn load(&mut self, i: usize, span: Span) {
        let direction = span.direction();
        Self::set(&mut self.live, i, 1.0);
        Self::set(&mut self.t, i, span.t0);
        Self::set(&mut self.t0, i, span.t0);
        Self::set(&mut self.t1, i, span.t1);
        Self::set(&mut self.direction, i, direction);
        Self::set(&mut self.accepted, i, 0.0);
        Self::set(&mut self.rejected, i, 0.0);
        Self::set(&mut self.taken, i, 0.0);
        Self::set(&mut self.step, i, 0.0);
        Self::set(&mut self.ratio, i, 0.0);
        self.restart(i);
        if let Pace::Fixed(grid) = self.pace {
            let (count, size) = match grid {
                Fixed::Size(h) => {
                    let exact = span.length() / h;
                    let whole = exact.round();
                    let near = (exact - whole).abs() <= 1e-9 * whole;
                    (if near { whole } else { exact.ceil() }, h * direction)
                }
                Fixed::Count(n) => (n as f64, 0.0),
            };
            Self::set(&mut self.count, i, count);
            Self::set(&mut self.grid, i, size);
        }
    }

    /// Forgets what the errors of row `i` were.
    pub(crate) fn restart(&mut self, i: usize) {
        if let Pace::Adaptive { grow, .. } = self.pace {
            Self::set(&mut self.before, i, LEAST);
            Self::set(&mut self.cap, i, grow);
        }
    }

    /// Puts place `i` at rest.
    pub(crate) fn rest(&mut self, i: usize) {
        for column in [&mut self.live, &mut self.step, &mut self.h] {
            Self::set(column, i, 0.0);
        }
        let t = Self::get(&self.t, i);
        Self::set(&mut self.t1, i, t);
        Self::set(&mut self.next, i, t);
    }

    /// Moves the row at place `from` to place `to`.
    pub(crate) fn shift(&mut self, from: usize, to: usize) {
        for column in [
            &mut self.live,
            &mut self.t,
            &mut self.t1,
            &mut self.direction,
            &mut self.h,
            &mut self.next,
            &mut self.step,
            &mut self.due,
            &mut self.ratio,
            &mut self.taken,
            &mut self.accepted,
            &mut self.rejected,
            &mut self.before,
            &mut self.cap,
            &mut self.t0,
            &mut self.count,
            &mut self.grid,
        ] {
            let x = Self::get(column, from);
            Self::set(column, to, x);
        }
    }

    /// Plans the next step of every row; calls where one is too small to be told from rounding.
    #[inline(always)]
    pub(crate) fn plan(&mut self) -> Call {
        let zero = self.t[0].constant(0.0);
        let one = zero.constant(1.0);
        let mut small = zero;
        for i in 0..self.t.len() {
            let (t, t1, direction) = (self.t[i], self.t1[i], self.direction[i]);
            let next = match self.pace {
                Pace::Adaptive { max_step, .. } => {
                    let left = (t1 - t) * direction;
                    let h = self.h[i];
                    // A last step may be one per cent too long; a sliver after it would cost as much.
                    let reach = (h * 1.01).min(one.constant(max_step));
                    reach.less(left, h.min(left).mul_add(direction, t), t1)
                }
                Pace::Fixed(grid) => {
                    let (done, count) = (self.accepted[i] + 1.0, self.count[i]);
                    let next = match grid {
                        Fixed::Size(_) => done.mul_add(self.grid[i], self.t0[i]),
                        Fixed::Count(_) => (t1 - self.t0[i]).mul_add(done / count, self.t0[i]),
                    };
                    done.less(count, next, t1)
                }
            };
            let step = next - t;
            self.next[i] = next;
            self.step[i] = step;
            // Ten units in the last place; the step that lands on the end may be as short as it is.
            let least = t.abs() * (10.0 * f64::EPSILON) + f64::MIN_POSITIVE;
            let left = (t1 - next) * direction;
            let least = zero.less(left, least, zero);
            let enough = least.less(step * direction, zero, one);
            small = small + enough * self.live[i];
        }
        if small.numbers().iter().any(|x| *x != 0.0) { Call::Somebody } else { Call::Nobody }
    }

    /// Whether the step planned for place `i` drowns in the rounding of time.
    pub(crate) fn too_small(&self, i: usize) -> bool {
        let [t, t1, next, step, direction] =
            [&self.t, &self.t1, &self.next, &self.step, &self.direction].map(|column| Self::get(column, i));
        let least = if (t1 - next) * direction > 0.0 {
            t.abs() * (10.0 * f64::EPSILON) + f64::MIN_POSITIVE
        } else {
            0.0
        };
        let size = step * direction;
        size.is_nan() || size <= least
    }

    /// Judges the trials by `ratio`, plans step sizes, counts. Calls where a row is due or has used up its
    /// steps.
    #[inline(always)]
    pub(crate) fn judge(&mut self) -> Call {
        let zero = self.t[0].constant(0.0);
        let one = zero.constant(1.0);
        let mut call = zero;
        for i in 0..self.t.len() {
            let live = self.live[i];
            let taken = match self.pace {
                Pace::Adaptive { safety, shrink, grow, alpha, beta, max_step } => {
                    let (low, high) = (one.constant(1e-60), one.constant(1e60));
                    // `min` and `max` prefer their argument to NaN.
                    let ratio = self.ratio[i].min(high).max(low);
                    let log = ratio.log2_short() * 0.5;
                    let wish = (self.before[i] * beta - log * alpha).exp2_short() * safety;
                    let taken = one.less(ratio, zero, one) * live;
                    let cap = self.cap[i].where_positive(taken, one.constant(safety.min(0.9)));
                    let factor = wish.min(cap).max(one.constant(shrink));
                    let size = (self.step[i] * self.direction[i] * factor).min(one.constant(max_step));
                    self.h[i] = size.where_positive(live, zero);
                    let before = log.max(one.constant(LEAST));
                    self.before[i] = before.where_positive(taken, self.before[i]);
                    self.cap[i] = one.constant(grow).where_positive(taken, one);
                    taken
                }
                Pace::Fixed(_) => {
                    // Not a number when the new state is not.
                    call = call + self.ratio[i].less(one, zero, live);
                    live
                }
            };
            self.taken[i] = taken;
            self.accepted[i] = self.accepted[i] + taken;
            self.rejected[i] = self.rejected[i] + (live - taken);
            let early = (self.due[i] - self.next[i]) * self.direction[i];
            let due = zero.less(early, zero, taken);
            let steps = self.accepted[i] + self.rejected[i];
            let spent = steps.less(one.constant(self.max_steps), zero, live);
            call = call + due + spent;
        }
        if call.numbers().iter().any(|x| *x != 0.0) { Call::Somebody } else { Call::Nobody }
    }

    /// Moves the time of every accepted trial.
    #[inline(always)]
    pub(crate) fn commit(&mut self) {
        for i in 0..self.t.len() {
            self.t[i] = self.next[i].where_positive(self.taken[i], self.t[i]);
        }
    }

    /// Whether the steps of row `i` are used up.
    pub(crate) fn spent(&self, i: usize) -> bool {
        Self::get(&self.accepted, i) + Self::get(&self.rejected, i) >= self.max_steps
    }
}
