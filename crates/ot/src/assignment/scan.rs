//! Vector kernels over one row of costs: the two least reduced costs, and one step of Dijkstra.
//!
//! Slices have one length, a multiple of [`BLOCK`]; columns that are there for padding cost `+inf`.
//! Every function is inlined into a caller that `pulp` compiled for the widest vectors of the machine.

use pulp::Simd;

/// Row lengths are multiples of this number of entries: the lanes of the widest vector.
pub(crate) const BLOCK: usize = 8;

/// The least and the second least reduced cost of a row, and where the least is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BestTwo {
    pub(crate) first: f64,
    pub(crate) second: f64,
    pub(crate) column: usize,
}

/// The two least `row[j] - v[j]`; among equals the lowest column is first.
#[inline(always)]
pub(crate) fn best_two<S: Simd>(simd: S, row: &[f64], v: &[f64]) -> BestTwo {
    let (rows, _) = S::as_simd_f64s(row);
    let (vs, _) = S::as_simd_f64s(v);
    let infinity = simd.splat_f64s(f64::INFINITY);
    let (mut a1, mut a2, mut b1, mut b2) = (infinity, infinity, infinity, infinity);
    let (row_pairs, row_last) = rows.as_chunks::<2>();
    let (v_pairs, v_last) = vs.as_chunks::<2>();
    for (&[ra, rb], &[va, vb]) in row_pairs.iter().zip(v_pairs) {
        let (a, b) = (simd.sub_f64s(ra, va), simd.sub_f64s(rb, vb));
        a2 = simd.min_f64s(a2, simd.max_f64s(a1, a));
        b2 = simd.min_f64s(b2, simd.max_f64s(b1, b));
        a1 = simd.min_f64s(a1, a);
        b1 = simd.min_f64s(b1, b);
    }
    for (&r, &v) in row_last.iter().zip(v_last) {
        let a = simd.sub_f64s(r, v);
        a2 = simd.min_f64s(a2, simd.max_f64s(a1, a));
        a1 = simd.min_f64s(a1, a);
    }
    a2 = simd.min_f64s(simd.min_f64s(a2, b2), simd.max_f64s(a1, b1));
    a1 = simd.min_f64s(a1, b1);
    let first = simd.reduce_min_f64s(a1);
    let column = position(simd, row, v, first);
    // Every lane offers its least entry, except the winner's lane, which offers its second.
    let lanes: &[f64] = pulp::bytemuck::cast_slice(std::slice::from_ref(&a1));
    let seconds: &[f64] = pulp::bytemuck::cast_slice(std::slice::from_ref(&a2));
    let winner = column % lanes.len();
    let mut second = seconds[winner];
    for (lane, &value) in lanes.iter().enumerate() {
        if lane != winner && value < second {
            second = value;
        }
    }
    BestTwo { first, second, column }
}

/// The first column with `row[j] - v[j] == value`; the last column if there is none.
#[inline(always)]
pub(crate) fn position<S: Simd>(simd: S, row: &[f64], v: &[f64], value: f64) -> usize {
    let (rows, _) = S::as_simd_f64s(row);
    let (vs, _) = S::as_simd_f64s(v);
    let target = simd.splat_f64s(value);
    for (block, (&r, &v)) in rows.iter().zip(vs).enumerate() {
        if let Some(lane) = first_lane::<S>(simd.equal_f64s(simd.sub_f64s(r, v), target)) {
            return block * S::F64_LANES + lane;
        }
    }
    row.len() - 1
}

/// The least `row[j] - v[j]`.
#[inline(always)]
pub(crate) fn least<S: Simd>(simd: S, row: &[f64], v: &[f64]) -> f64 {
    let (rows, _) = S::as_simd_f64s(row);
    let (vs, _) = S::as_simd_f64s(v);
    let mut best = simd.splat_f64s(f64::INFINITY);
    for (&r, &v) in rows.iter().zip(vs) {
        best = simd.min_f64s(best, simd.sub_f64s(r, v));
    }
    simd.reduce_min_f64s(best)
}

/// `v[j] = min(v[j], row[j])`.
#[inline(always)]
pub(crate) fn lower<S: Simd>(simd: S, row: &[f64], v: &mut [f64]) {
    let (rows, _) = S::as_simd_f64s(row);
    let (vs, _) = S::as_mut_simd_f64s(v);
    for (&r, v) in rows.iter().zip(vs) {
        *v = simd.min_f64s(*v, r);
    }
}

/// One step of Dijkstra over the columns: a row that lies `shift` away is joined to the tree.
///
/// `open` holds the column potentials, `-inf` where a column is closed; `key` the distances of the open
/// columns, `+inf` where closed; `parent` the row each distance comes from. Returns the least key.
#[inline(always)]
pub(crate) fn relax<S: Simd>(
    simd: S,
    row: &[f64],
    open: &[f64],
    key: &mut [f64],
    parent: &mut [u64],
    shift: f64,
    index: u64,
) -> f64 {
    let (rows, _) = S::as_simd_f64s(row);
    let (opens, _) = S::as_simd_f64s(open);
    let (keys, _) = S::as_mut_simd_f64s(key);
    let (parents, _) = S::as_mut_simd_u64s(parent);
    let (shift, index) = (simd.splat_f64s(shift), simd.splat_u64s(index));
    let mut best = simd.splat_f64s(f64::INFINITY);
    for (((&r, &v), key), parent) in rows.iter().zip(opens).zip(keys).zip(parents) {
        let distance = simd.add_f64s(simd.sub_f64s(r, v), shift);
        let nearer = simd.less_than_f64s(distance, *key);
        *key = simd.select_f64s(nearer, distance, *key);
        *parent = simd.select_u64s(nearer, index, *parent);
        best = simd.min_f64s(best, *key);
    }
    simd.reduce_min_f64s(best)
}

/// The first column whose key is `value`; the last column if there is none.
#[inline(always)]
pub(crate) fn find<S: Simd>(simd: S, key: &[f64], value: f64) -> usize {
    let (keys, _) = S::as_simd_f64s(key);
    let target = simd.splat_f64s(value);
    for (block, &k) in keys.iter().enumerate() {
        if let Some(lane) = first_lane::<S>(simd.equal_f64s(k, target)) {
            return block * S::F64_LANES + lane;
        }
    }
    key.len() - 1
}

/// The first lane whose bit is set. (`Simd::first_true_m64s` of pulp 0.22 counts AVX-512 masks from the
/// wrong end.)
#[inline(always)]
fn first_lane<S: Simd>(mask: S::m64s) -> Option<usize> {
    let bytes = pulp::bytemuck::bytes_of(&mask);
    if let [bits] = bytes {
        return (*bits != 0).then(|| bits.trailing_zeros() as usize);
    }
    bytes.chunks_exact(bytes.len() / S::F64_LANES).position(|lane| lane[0] != 0)
}
