//! The virtual Brownian tree.

mod cursor;
mod detail;

pub use cursor::TreeCursor;
pub use detail::{Detail, Increments, SpaceTime};

use crate::normal::Source;
use crate::{BrownianPath, LevyPath, Noise, SdeError};
use chreode_core::Seed;
use chreode_ode::{Span, StepError};
use std::marker::PhantomData;

/// Halvings of the span at most: 2⁻⁴⁰ of it is the shortest leaf.
const DEEPEST: i32 = 40;

/// A Brownian path over a span, made up on demand: any interval, in any order, from any thread, gives the
/// increment of one and the same path.
///
/// The span is halved until its leaves are no longer than `tolerance`. Each node's increment is drawn
/// from its parent's by the exact Brownian bridge, with normal numbers that are a function of
/// (seed, member, node, entry) alone: Philox4x32-10 bits, Box-Muller. Nothing is stored but the path from
/// the root to the place last asked for ([`TreeCursor`]): O(log(span / tolerance)) memory and time, no
/// recursion, O(1) time a query when queries come in order.
///
/// Inside a leaf the value at each time has the exact conditional law given the leaf, and times in one
/// leaf share their normal numbers. So increments are exactly those of Brownian motion as long as no leaf
/// has two of the times inside it: choose a tolerance below the shortest step. Times that rounding alone
/// keeps from a boundary of leaves are taken to lie on it.
///
/// `BrownianTree<N>` knows increments; `BrownianTree<N, SpaceTime>` ([`with_area`](Self::with_area))
/// also the space-time Lévy area, by exact bridges of the pair, at about twice the cost. The two are
/// different paths.
///
/// A. Jelinčič, J. Foster and P. Kidger, Single-seed generation of Brownian paths and integrals for
/// adaptive and high order SDE solvers (2024), arXiv:2405.06464; J. Foster, T. Lyons and H. Oberhauser, An
/// optimal polynomial approximation of Brownian motion, SIAM J. Numer. Anal. 58 (2020) 1393-1421,
/// doi:10.1137/19M1261912.
///
/// ```
/// use chreode_core::Seed;
/// use chreode_ode::Span;
/// use chreode_sde::{BrownianPath, BrownianTree};
///
/// let tree = BrownianTree::new(Seed(7), Span { t0: 0.0, t1: 1.0 }, [0.0; 2], 1e-3)?;
/// let [whole, first, second] = [(0.2, 0.9), (0.2, 0.4), (0.4, 0.9)].map(|(s, t)| tree.increment(s, t).unwrap());
/// assert!((whole[0] - first[0] - second[0]).abs() < 1e-15);
/// # Ok::<(), chreode_sde::SdeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BrownianTree<N, D = Increments> {
    source: Source,
    span: Span,
    shape: N,
    /// Entries of the noise.
    size: usize,
    depth: u32,
    /// Leaves a unit of time.
    rate: f64,
    /// Times this close, in leaves, to a boundary of leaves lie on it.
    slack: f64,
    detail: PhantomData<D>,
}

impl<N: Noise> BrownianTree<N> {
    /// The path of `seed` over `span`, with noise shaped like `shape` and leaves of at most `tolerance`.
    ///
    /// # Errors
    /// [`SdeError::BadSpan`] unless both ends are finite and `t0 < t1`; [`SdeError::BadTolerance`] when
    /// leaves would be shorter than 2⁻⁴⁰ of the span or drown in the rounding of time.
    pub fn new(seed: Seed, span: Span, shape: N, tolerance: f64) -> Result<Self, SdeError> {
        Self::checked(seed, span, shape, tolerance)
    }
}

impl<N: Noise> BrownianTree<N, SpaceTime> {
    /// The same with space-time Lévy area, for methods that use it.
    ///
    /// # Errors
    /// As [`new`](BrownianTree::new).
    pub fn with_area(seed: Seed, span: Span, shape: N, tolerance: f64) -> Result<Self, SdeError> {
        Self::checked(seed, span, shape, tolerance)
    }
}

impl<N: Noise, D: Detail> BrownianTree<N, D> {
    fn checked(seed: Seed, span: Span, shape: N, tolerance: f64) -> Result<Self, SdeError> {
        let Span { t0, t1 } = span;
        let length = t1 - t0;
        if !(length.is_finite() && length > 0.0) {
            return Err(SdeError::BadSpan { t0, t1 });
        }
        let largest = t0.abs().max(t1.abs());
        let ulp = largest.next_up() - largest;
        let least = (length * 0.5f64.powi(DEEPEST)).max(1024.0 * ulp);
        if !(tolerance.is_finite() && tolerance >= least) {
            return Err(SdeError::BadTolerance { tolerance, least });
        }
        let depth = (length / tolerance).log2().ceil().clamp(0.0, f64::from(DEEPEST)) as u32;
        let leaves = (1_u64 << depth) as f64;
        let slack = leaves * (0.5f64.powi(50) + 4.0 * ulp / length);
        let source = Source { seed: seed.0, member: 0 };
        let size = shape.size();
        Ok(Self { source, span, shape, size, depth, rate: leaves / length, slack, detail: PhantomData })
    }

    /// The path number `index` of this seed, independent of the others: one for each row of an ensemble.
    pub fn member(&self, index: u32) -> Self {
        Self { source: Source { member: index, ..self.source }, ..self.clone() }
    }

    /// The length of a leaf: intervals with ends further apart than this have exactly the law of
    /// Brownian motion.
    pub fn leaf(&self) -> f64 {
        (self.span.t1 - self.span.t0) / (1_u64 << self.depth) as f64
    }

    /// `t` in leaves from the start of the span.
    #[inline]
    fn place(&self, t: f64) -> f64 {
        let leaves = (1_u64 << self.depth) as f64;
        let place = (t - self.span.t0) * self.rate;
        // The nearest whole number, without a call.
        let whole = (place + 0.5) as u64 as f64;
        let place = if (place - whole).abs() <= self.slack { whole } else { place };
        place.clamp(0.0, leaves)
    }

    /// Leaves the answer for `[t0, t1]` in the cursor; true when the interval runs backwards.
    #[inline]
    fn query(&self, t0: f64, t1: f64, cursor: &mut TreeCursor<D>) -> Result<bool, StepError> {
        let Span { t0: from, t1: to } = self.span;
        // A last step may overshoot the end by the rounding of its time.
        let rounding = 4.0 * (from.abs().max(to.abs()).next_up() - from.abs().max(to.abs()));
        let inside = |t: f64| t >= from - rounding && t <= to + rounding;
        if !(inside(t0) && inside(t1)) {
            return Err(StepError::OutsidePath { t0, t1, from, to });
        }
        if !cursor.serves(self.source, to - from, self.depth, self.size) {
            *cursor = self.cursor();
        }
        let (a, b) = (self.place(t0), self.place(t1));
        cursor.between(a.min(b), a.max(b));
        Ok(b < a)
    }
}

impl<N: Noise, D: Detail> BrownianPath for BrownianTree<N, D> {
    type Noise = N;
    type Cursor = TreeCursor<D>;

    fn span(&self) -> Span {
        self.span
    }

    fn shape(&self) -> N {
        self.shape.clone()
    }

    fn cursor(&self) -> TreeCursor<D> {
        TreeCursor::new(self.source, self.span.t1 - self.span.t0, self.depth, self.size)
    }

    #[inline]
    fn increment_into(
        &self,
        t0: f64,
        t1: f64,
        cursor: &mut TreeCursor<D>,
        w: &mut N,
    ) -> Result<(), StepError> {
        let backwards = self.query(t0, t1, cursor)?;
        w.write(cursor.increment(backwards));
        Ok(())
    }
}

impl<N: Noise> LevyPath for BrownianTree<N, SpaceTime> {
    #[inline]
    fn area_into(
        &self,
        t0: f64,
        t1: f64,
        cursor: &mut TreeCursor<SpaceTime>,
        w: &mut N,
        area: &mut N,
    ) -> Result<(), StepError> {
        let backwards = self.query(t0, t1, cursor)?;
        w.write(cursor.increment(backwards));
        area.write(cursor.area());
        Ok(())
    }
}
