//! Where everything lies in memory, and in which order cotangents meet.

use super::join::Side;
use super::node::Node;
use crate::kernel::Element;
use crate::rows::{Rows, RowsMut, stride};
use std::ops::Range;

/// Rows of some width within the memory of a tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) start: usize,
    pub(super) width: usize,
    len: usize,
}

impl Region {
    pub(super) fn rows<'a, A: Element>(&self, memory: &'a [A], count: usize) -> Rows<'a, A> {
        Rows { entries: &memory[self.start..self.start + self.len], count, width: self.width }
    }

    pub(super) fn rows_mut<'a, A: Element>(&self, memory: &'a mut [A], count: usize) -> RowsMut<'a, A> {
        RowsMut { entries: &mut memory[self.start..self.start + self.len], count, width: self.width }
    }

    /// This region to write, from the part of the memory that starts `offset` further on.
    pub(super) fn within(&self, offset: usize) -> Self {
        Self { start: self.start - offset, ..self.clone() }
    }
}

/// Ranges of these sizes one after another, each from a multiple of `step` on; and where the next would start.
fn ranges(sizes: impl Iterator<Item = usize>, step: usize) -> (Vec<Range<usize>>, usize) {
    let mut end: usize = 0;
    let ranges = sizes.map(|size| {
        let start = end;
        end = (start + size).next_multiple_of(step);
        start..start + size
    });
    (ranges.collect(), end)
}

/// Hands out regions one after another.
struct Space<A> {
    tile: usize,
    end: usize,
    scalar: std::marker::PhantomData<A>,
}

impl<A: Element> Space<A> {
    fn new(tile: usize) -> Self {
        Self { tile, end: 0, scalar: std::marker::PhantomData }
    }

    fn take(&mut self, width: usize) -> Region {
        let region = Region { start: self.end, width, len: self.tile * stride::<A>(width) };
        self.end += region.len;
        region
    }
}

/// Levels, and what each node keeps behind the level that it makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Levels {
    pub(super) levels: Vec<Region>,
    pub(super) kept: Vec<Region>,
    pub(super) len: usize,
}

impl Levels {
    fn new<A: Element>(tile: usize, widths: &[usize], kept: impl Iterator<Item = usize>) -> Self {
        let mut space = Space::<A>::new(tile);
        let mut levels = vec![space.take(widths[0])];
        let mut kepts = Vec::new();
        for (&width, kept) in widths[1..].iter().zip(kept) {
            levels.push(space.take(width));
            kepts.push(space.take(kept));
        }
        Self { levels, kept: kepts, len: space.end }
    }
}

/// How a cotangent reaches a level that may have several readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The first to arrive: it is set.
    First,
    /// One of the others: it is added.
    Later,
}

/// The layout of all memory of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Rows of a tile: few where a level is narrow, so that a tile stays in the first-level cache; more where levels
    /// are wide, so that the weights are read less often.
    pub(super) tile: usize,
    /// Values, and what layers keep beside them.
    pub(super) values: Levels,
    /// Tangents, and what layers keep beside them.
    pub(super) tangents: Levels,
    /// Cotangents of the levels.
    pub(super) cotangents: Vec<Region>,
    /// A cotangent on its way to a level that has one.
    pub(super) passing: Region,
    pub(super) cotangents_len: usize,
    /// Curvature of each layer.
    pub(super) curved: Vec<Region>,
    /// Curvature of the levels that curved joins read; no columns for others.
    pub(super) joined: Vec<Region>,
    pub(super) curvature_len: usize,
    /// For each node and input, in which order its cotangent arrives.
    pub(super) arrivals: Vec<[Arrival; 2]>,
    /// Whether a parameter lies below a level.
    pub(super) varies: Vec<bool>,
    /// The parameters of each node.
    pub(super) params: Vec<Range<usize>>,
    /// Where each node sums its gradient.
    pub(super) sums: Vec<Range<usize>>,
    pub(super) sums_len: usize,
    pub(super) parameters: usize,
}

impl Plan {
    pub(super) fn new<A: Element>(widths: &[usize], nodes: &[Node<A>]) -> Self {
        let widest = widths.iter().copied().max().unwrap_or(0);
        let tile = match widest {
            0..=128 => 64,
            129..=256 => 128,
            _ => 256,
        };
        let of = |f: fn(&dyn crate::Layer<A>) -> usize| nodes.iter().map(move |n| n.layer().map_or(0, f));
        let mut space = Space::<A>::new(tile);
        let cotangents = widths.iter().map(|&w| space.take(w)).collect();
        let passing = space.take(widest);
        let cotangents_len = space.end;
        let mut joins = vec![0; widths.len()];
        for node in nodes {
            if let Node::Join(join, inputs) = node
                && join.is_curved()
            {
                inputs.iter().for_each(|&level| joins[level] = widths[level]);
            }
        }
        let mut space = Space::<A>::new(tile);
        let curved = of(|l| l.curved()).map(|w| space.take(w)).collect();
        let joined = joins.into_iter().map(|w| space.take(w)).collect();
        let mut seen = vec![Arrival::First; widths.len()];
        let mut arrivals = vec![[Arrival::First; 2]; nodes.len()];
        let mut varies = vec![false; widths.len()];
        for (n, node) in nodes.iter().enumerate() {
            varies[n + 1] = node.layer().is_some_and(|l| l.gradient_len() > 0)
                || node.inputs().iter().any(|&level| varies[level]);
        }
        for (n, node) in nodes.iter().enumerate().rev() {
            for (&level, arrival) in node.inputs().iter().zip(&mut arrivals[n]) {
                *arrival = std::mem::replace(&mut seen[level], Arrival::Later);
            }
        }
        let (params, parameters) = ranges(of(|l| l.layout().last().map_or(0, |v| v.offset + v.size())), 1);
        let (sums, sums_len) = ranges(of(|l| l.gradient_len()), A::LINE);
        Self {
            tile,
            values: Levels::new::<A>(tile, widths, of(|l| l.kept())),
            tangents: Levels::new::<A>(tile, widths, of(|l| l.tangent_kept())),
            cotangents,
            passing,
            cotangents_len,
            curved,
            joined,
            curvature_len: space.end,
            arrivals,
            varies,
            params,
            sums,
            sums_len,
            parameters,
        }
    }

    pub(super) fn width(&self) -> (usize, usize) {
        (self.values.levels[0].width, self.cotangents.last().map_or(0, |r| r.width))
    }

    /// Where a cotangent for `side` of node `n` is written: at its level, or on its way there.
    pub(super) fn arrival(&self, n: usize, side: Side) -> Arrival {
        self.arrivals[n][usize::from(side == Side::Second)]
    }

    /// `passing` as rows of `width`.
    pub(super) fn passing(&self, width: usize) -> Region {
        Region { width, ..self.passing.clone() }
    }
}
