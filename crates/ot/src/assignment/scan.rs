//! Vector kernels over one row of costs: the two least reduced costs, and one step of Dijkstra.
//!
//! Slices have one length, a multiple of [`BLOCK`]; columns that are there for padding cost `+inf`.
//! Every function is inlined into a caller that `pulp` compiled for the widest vectors of the machine.

use pulp::Simd;

/// Row lengths are multiples of this number of entries: the lanes of the widest vector.
pub(crate) const BLOCK: usize = 8;

/// Rows in single precision have lengths that are multiples of this.
pub(crate) const WIDE_BLOCK: usize = 16;

/// The least and the second least reduced cost of a row, and where the least is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BestTwo<T> {
    pub(crate) first: T,
    pub(crate) second: T,
    pub(crate) column: usize,
}

/// The two least `row[j] - v[j]`; among equals the lowest column is first.
#[inline(always)]
pub(crate) fn best_two<S: Simd>(simd: S, row: &[f64], v: &[f64]) -> BestTwo<f64> {
    let (rows, _) = S::as_simd_f64s(row);
    let (vs, _) = S::as_simd_f64s(v);
    let infinity = simd.splat_f64s(f64::INFINITY);
    let one = simd.splat_u64s(1);
    let (mut first, mut second) = (infinity, infinity);
    let (mut turn, mut at) = (simd.splat_u64s(0), simd.splat_u64s(0));
    for (&r, &v) in rows.iter().zip(vs) {
        let reduced = simd.sub_f64s(r, v);
        at = simd.select_u64s(simd.less_than_f64s(reduced, first), turn, at);
        second = simd.min_f64s(second, simd.max_f64s(first, reduced));
        first = simd.min_f64s(first, reduced);
        turn = simd.add_u64s(turn, one);
    }
    let least = simd.reduce_min_f64s(first);
    let winners = simd.equal_f64s(first, simd.splat_f64s(least));
    let others = simd.reduce_min_f64s(simd.select_f64s(winners, second, first));
    let turns: &[u64] = pulp::bytemuck::cast_slice(std::slice::from_ref(&at));
    let (column, winners) = lowest::<S::m64s>(&winners, S::F64_LANES, |lane| turns[lane]);
    BestTwo { first: least, second: if winners > 1 { least } else { others }, column }
}

/// [`best_two`] in single precision.
#[inline(always)]
pub(crate) fn best_two_wide<S: Simd>(simd: S, row: &[f32], v: &[f32]) -> BestTwo<f32> {
    let (rows, _) = S::as_simd_f32s(row);
    let (vs, _) = S::as_simd_f32s(v);
    let infinity = simd.splat_f32s(f32::INFINITY);
    let one = simd.splat_u32s(1);
    let (mut first, mut second) = (infinity, infinity);
    let (mut turn, mut at) = (simd.splat_u32s(0), simd.splat_u32s(0));
    for (&r, &v) in rows.iter().zip(vs) {
        let reduced = simd.sub_f32s(r, v);
        at = simd.select_u32s(simd.less_than_f32s(reduced, first), turn, at);
        second = simd.min_f32s(second, simd.max_f32s(first, reduced));
        first = simd.min_f32s(first, reduced);
        turn = simd.add_u32s(turn, one);
    }
    let least = simd.reduce_min_f32s(first);
    let winners = simd.equal_f32s(first, simd.splat_f32s(least));
    let others = simd.reduce_min_f32s(simd.select_f32s(winners, second, first));
    let turns: &[u32] = pulp::bytemuck::cast_slice(std::slice::from_ref(&at));
    let (column, winners) = lowest::<S::m32s>(&winners, S::F32_LANES, |lane| u64::from(turns[lane]));
    BestTwo { first: least, second: if winners > 1 { least } else { others }, column }
}

/// The lowest column among the lanes of a mask, whose turns are given, and the number of lanes set.
#[inline(always)]
fn lowest<M: pulp::bytemuck::NoUninit>(mask: &M, lanes: usize, turn: impl Fn(usize) -> u64) -> (usize, u32) {
    let bytes = pulp::bytemuck::bytes_of(mask);
    let mut bits = 0_u32;
    if let Ok(&packed) = <&[u8; 1]>::try_from(bytes) {
        bits = u32::from(packed[0]);
    } else if let (Ok(&packed), 16) = (<[u8; 2]>::try_from(bytes).as_ref(), lanes) {
        bits = u32::from(u16::from_le_bytes(packed));
    } else {
        for (lane, byte) in bytes.iter().step_by(bytes.len() / lanes).enumerate() {
            bits |= u32::from(*byte & 1) << lane;
        }
    }
    let lane = bits.trailing_zeros() as usize;
    let mut column = turn(lane) as usize * lanes + lane;
    let winners = bits.count_ones();
    if winners > 1 {
        for lane in (lane + 1..lanes).filter(|lane| bits >> lane & 1 == 1) {
            column = column.min(turn(lane) as usize * lanes + lane);
        }
    }
    (column, winners)
}

/// The least `row[j] - v[j]`.
#[inline(always)]
pub(crate) fn least<S: Simd>(simd: S, row: &[f64], v: &[f64]) -> f64 {
    let (rows, _) = S::as_simd_f64s(row);
    let (vs, _) = S::as_simd_f64s(v);
    let mut least = simd.splat_f64s(f64::INFINITY);
    for (&r, &v) in rows.iter().zip(vs) {
        least = simd.min_f64s(least, simd.sub_f64s(r, v));
    }
    simd.reduce_min_f64s(least)
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
