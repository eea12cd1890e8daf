//! The square cost matrix of an assignment: padded, aligned, checked, and scaled away from overflow.

use chreode_core::Real;
use ndarray::{ArrayView2, s};
use pulp::Simd;

use super::aligned::Aligned;
use super::scan::BLOCK;
use crate::OtError;

/// Costs whose magnitude lies outside `1/HUGE..HUGE` are solved after a scaling by a power of two.
const HUGE: f64 = 1e100;

/// Rows of distances that are computed together.
const ROWS: usize = 8;

/// Matrices of at least so many entries are read where they lie: beyond the caches a copy costs more than what it aligns.
const IN_PLACE: usize = 1 << 21;

/// An `n` x `n` matrix with rows of `stride` entries, `+inf` past the `n`th.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Costs<'c> {
    entries: &'c [f64],
    pub(crate) n: usize,
    pub(crate) stride: usize,
    /// What a stored cost must be multiplied with to give the caller's: a power of two.
    pub(crate) unit: f64,
    /// The largest magnitude of a stored cost.
    pub(crate) largest: f64,
}

impl Costs<'_> {
    /// Row `i`, with its padding.
    #[inline(always)]
    pub(crate) fn row(&self, i: usize) -> &[f64] {
        &self.entries[i * self.stride..][..self.stride]
    }

    /// The cost of moving `i` to `j`.
    #[inline(always)]
    pub(crate) fn at(&self, i: usize, j: usize) -> f64 {
        self.entries[i * self.stride + j]
    }
}

/// Memory for matrices of costs.
#[derive(Debug, Default)]
pub(crate) struct Store {
    entries: Aligned<f64>,
    /// Target points: one panel of [`BLOCK`] points after the other, in it one coordinate after the other.
    coordinates: Aligned<f64>,
    /// [`ROWS`] source points.
    sources: Vec<f64>,
    n: usize,
    stride: usize,
}

impl Store {
    fn shape(&mut self, n: usize) {
        self.n = n;
        self.stride = n.next_multiple_of(BLOCK);
        self.entries.resize(n * self.stride, 0.0);
    }

    /// A matrix, copied unless it is large and can be read where it lies.
    pub(crate) fn matrix<'c>(&'c mut self, cost: ArrayView2<'c, f64>) -> Result<Costs<'c>, OtError> {
        let n = cost.nrows();
        if n == 0 {
            return Err(OtError::Empty { side: "source" });
        }
        if cost.ncols() != n {
            return Err(OtError::Shape {
                what: "the second axis of the cost matrix",
                expected: n,
                found: cost.ncols(),
            });
        }
        if n * n >= IN_PLACE
            && n.is_multiple_of(BLOCK)
            && let Some(entries) = cost.to_slice()
        {
            let largest = largest(entries.chunks_exact(n));
            if !far(largest) {
                return Ok(Costs { entries, n, stride: n, unit: 1.0, largest });
            }
        }
        self.shape(n);
        for (row, stored) in cost.rows().into_iter().zip(self.entries.chunks_exact_mut(self.stride)) {
            stored[n..].fill(f64::INFINITY);
            match row.as_slice() {
                Some(row) => stored[..n].copy_from_slice(row),
                None => stored.iter_mut().zip(row).for_each(|(stored, &c)| *stored = c),
            }
        }
        self.finish()
    }

    /// Squared Euclidean distances between the rows of `x` and the rows of `y`, summed in `f64`.
    pub(crate) fn squared_euclidean<A: Real>(
        &mut self,
        x: ArrayView2<A>,
        y: ArrayView2<A>,
    ) -> Result<Costs<'_>, OtError> {
        let (n, d) = x.dim();
        if n == 0 || y.nrows() == 0 {
            return Err(OtError::Empty { side: if n == 0 { "source" } else { "target" } });
        }
        for (what, expected, found) in
            [("the list of target points", n, y.nrows()), ("a target point", d, y.ncols())]
        {
            if found != expected {
                return Err(OtError::Shape { what, expected, found });
            }
        }
        for (side, points) in [("source", x), ("target", y)] {
            finite(side, points)?;
        }
        self.shape(n);
        self.coordinates.reset(d * self.stride, f64::INFINITY);
        for (j, point) in y.rows().into_iter().enumerate() {
            let start = j / BLOCK * BLOCK * d + j % BLOCK;
            for (k, &c) in point.iter().enumerate() {
                self.coordinates[start + k * BLOCK] = c.to_f64();
            }
        }
        self.sources.clear();
        self.sources.resize(ROWS * d, 0.0);
        for (block, rows) in self.entries.chunks_mut(ROWS * self.stride).enumerate() {
            let points = x.slice(s![block * ROWS..n.min((block + 1) * ROWS), ..]);
            for (r, point) in points.rows().into_iter().enumerate() {
                for (source, &c) in self.sources.chunks_exact_mut(ROWS).zip(point) {
                    source[r] = c.to_f64();
                }
            }
            pulp::Arch::new().dispatch(Distances {
                sources: &self.sources,
                coordinates: &self.coordinates,
                rows,
                stride: self.stride,
                dimension: d,
            });
        }
        if d == 0 {
            self.entries.chunks_exact_mut(self.stride).for_each(|row| row[n..].fill(f64::INFINITY));
        }
        self.finish()
    }

    /// Finds costs that are not finite, and chooses the unit.
    fn finish(&mut self) -> Result<Costs<'_>, OtError> {
        let (n, stride) = (self.n, self.stride);
        let mut largest = largest(self.entries.chunks_exact(stride).map(|row| &row[..n]));
        if !largest.is_finite() {
            let bad = |(_, row): &(usize, &[f64])| row[..n].iter().any(|c| !c.is_finite());
            let (row, costs) =
                self.entries.chunks_exact(stride).enumerate().find(bad).expect("one is not finite");
            let column = costs.iter().position(|c| !c.is_finite()).expect("so is one in this row");
            return Err(OtError::BadCost { row, column, value: costs[column] });
        }
        let mut unit = 1.0;
        if far(largest) {
            let exponent = largest.log2().floor().clamp(-1022.0, 1022.0);
            unit = exponent.exp2();
            let scale = (-exponent).exp2();
            self.entries.iter_mut().for_each(|c| *c *= scale);
            largest *= scale;
        }
        Ok(Costs { entries: &self.entries, n, stride, unit, largest })
    }
}

/// Whether costs must be scaled, or are not finite.
fn far(largest: f64) -> bool {
    !(largest == 0.0 || (1.0 / HUGE..HUGE).contains(&largest))
}

/// The largest magnitude; NaN or infinite if there is such a cost.
fn largest<'c>(rows: impl Iterator<Item = &'c [f64]>) -> f64 {
    let bits = pulp::Arch::new().dispatch(
        #[inline(always)]
        || rows.map(magnitude).fold(0, u64::max),
    );
    f64::from_bits(bits)
}

/// The bits of the largest `|c|`; those of a NaN or an infinity are above all others.
#[inline(always)]
fn magnitude(row: &[f64]) -> u64 {
    row.iter().fold(0, |most, c| most.max(c.to_bits() << 1)) >> 1
}

fn finite<A: Real>(side: &'static str, points: ArrayView2<A>) -> Result<(), OtError> {
    for (row, point) in points.rows().into_iter().enumerate() {
        if !point.iter().fold(true, |all, c| all & c.is_finite()) {
            let column = point.iter().position(|c| !c.is_finite()).expect("one coordinate is not finite");
            return Err(OtError::BadPoint { side, row, column, value: point[column].to_f64() });
        }
    }
    Ok(())
}

/// [`ROWS`] rows (or the last few) of squared distances.
struct Distances<'a> {
    /// Coordinate `k` of source `r` at `ROWS * k + r`.
    sources: &'a [f64],
    coordinates: &'a [f64],
    rows: &'a mut [f64],
    stride: usize,
    dimension: usize,
}

impl pulp::WithSimd for Distances<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let vectors = BLOCK / S::F64_LANES;
        let (sources, _) = self.sources.as_chunks::<ROWS>();
        let (coordinates, _) = S::as_simd_f64s(self.coordinates);
        let (rows, _) = S::as_mut_simd_f64s(self.rows);
        let width = self.stride / S::F64_LANES;
        for block in 0..width {
            let (panel, lane) = (block / vectors, block % vectors);
            let panel = &coordinates[panel * vectors * self.dimension..][..vectors * self.dimension];
            let mut sums = [simd.splat_f64s(0.0); ROWS];
            for (source, targets) in sources.iter().zip(panel.chunks_exact(vectors)) {
                for (sum, &x) in sums.iter_mut().zip(source) {
                    let difference = simd.sub_f64s(targets[lane], simd.splat_f64s(x));
                    *sum = simd.mul_add_e_f64s(difference, difference, *sum);
                }
            }
            for (row, sum) in rows.chunks_exact_mut(width).zip(sums) {
                row[block] = sum;
            }
        }
    }
}
