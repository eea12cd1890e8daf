//! The way from the root to the place last asked for.

use super::detail::{Detail, Normals};
use crate::normal::{Family, Source};
use std::marker::PhantomData;

/// Levels whose normal numbers are drawn together when a node needs few of them.
const GROUP: u32 = 4;
/// Up to this many pairs a node, nodes are grouped.
const FEW: usize = 4;

/// Memory of a [`BrownianTree`](crate::BrownianTree) between queries: both children of every node on one
/// way down. Every cursor gives the same bits; one that
/// is near saves the way, and one of another tree starts anew.
#[derive(Clone, Debug)]
pub struct TreeCursor<D> {
    source: Source,
    length: f64,
    depth: u32,
    size: usize,
    root: Vec<f64>,
    /// The node halved at each level, 0 for none.
    halved: Vec<u64>,
    /// Left and right parts of it.
    children: Vec<f64>,
    /// How nodes are drawn together, when they are.
    family: Option<Family>,
    /// The root of the group whose normal numbers are at hand, by groups of levels.
    group: Vec<u64>,
    cosines: Vec<f64>,
    sines: Vec<f64>,
    /// The length of the sum over the pieces so far, and its parts.
    sum_length: f64,
    sum: Vec<f64>,
    /// Two pieces of a leaf, and which leaf is cut where: the end of one query is often the start of the
    /// next.
    pieces: [Vec<f64>; 2],
    cut: (u64, f64),
    detail: PhantomData<D>,
}

/// Where a piece lies among those a cursor holds.
#[derive(Clone, Copy)]
enum Piece {
    Root,
    /// A child of the node halved at this level.
    Child(u32, Side),
    /// Part of a leaf.
    Cut(Side),
}

#[derive(Clone, Copy)]
enum Side {
    Left = 0,
    Right = 1,
}

impl Side {
    #[inline]
    fn of(node: u64) -> Self {
        if node & 1 == 0 { Self::Left } else { Self::Right }
    }
}

impl<D: Detail> TreeCursor<D> {
    pub(super) fn new(source: Source, length: f64, depth: u32, size: usize) -> Self {
        let (blocks, parts) = (D::blocks(size), D::PARTS * size);
        let family = (blocks <= FEW).then(|| Family::new(GROUP, blocks));
        let groups = (depth / GROUP + 1) as usize;
        let drawn = family.as_ref().map_or(blocks, |family| groups * family.size());
        let mut cursor = Self {
            source,
            length,
            depth,
            size,
            root: vec![0.0; parts],
            halved: vec![0; depth as usize],
            children: vec![0.0; 2 * parts * depth as usize],
            family,
            group: vec![0; groups],
            cosines: vec![0.0; drawn],
            sines: vec![0.0; drawn],
            sum_length: 0.0,
            sum: vec![0.0; parts],
            pieces: [vec![0.0; parts], vec![0.0; parts]],
            cut: (0, 0.0),
            detail: PhantomData,
        };
        let (cosines, sines) = (&mut cursor.cosines[..blocks], &mut cursor.sines[..blocks]);
        source.fill(0, cosines, sines);
        D::root(length, Normals { cosines, sines }, &mut cursor.root);
        cursor
    }

    /// Whether this cursor was made for the tree of these numbers.
    #[inline]
    pub(super) fn serves(&self, source: Source, length: f64, depth: u32, size: usize) -> bool {
        (self.source, self.length, self.depth, self.size) == (source, length, depth, size)
    }

    /// The increments last asked for.
    #[inline]
    pub(super) fn increment(&mut self, backwards: bool) -> &[f64] {
        let w = &mut self.sum[..self.size];
        if backwards {
            w.iter_mut().for_each(|w| *w = -*w);
        }
        w
    }

    /// The areas last asked for.
    #[inline]
    pub(super) fn area(&mut self) -> &[f64] {
        let moment = &mut self.sum[self.size..];
        if self.sum_length > 0.0 {
            moment.iter_mut().for_each(|m| *m /= self.sum_length);
        }
        moment
    }

    /// Sums the pieces of `[a, b]`, in leaves from the start, `a ≤ b`, from left to right.
    ///
    /// With P the smallest node around the interval: the pieces from a to the middle of P, collected from
    /// the leaf upwards, then those from the middle to b, collected downwards. So no piece is longer
    /// than the interval, and nothing cancels.
    pub(super) fn between(&mut self, a: f64, b: f64) {
        self.sum_length = 0.0;
        if a == b {
            self.sum.fill(0.0);
            return;
        }
        let depth = self.depth;
        let (first, end) = (a as u64, b as u64);
        let (start, rest) = (a - first as f64, b - end as f64);
        let last = if rest == 0.0 { end - 1 } else { end };
        // Heap numbering: the root is 1, and the children of node k are 2k and 2k + 1.
        let (first_leaf, last_leaf) = (first + (1 << depth), last + (1 << depth));
        let apart = u64::BITS - (first ^ last).leading_zeros();
        let level = depth - apart;
        let starts_node = start == 0.0 && first.trailing_zeros() >= apart;
        let ends_node = rest == 0.0 && end.trailing_zeros() >= apart;
        if starts_node && ends_node {
            self.descend(first_leaf, level);
            self.append(self.node(first_leaf, level), self.length_at(level));
            return;
        }
        if apart == 0 {
            self.inside_leaf(first_leaf, start, if rest == 0.0 { 1.0 } else { rest });
            return;
        }
        // Upwards from a.
        let from = if start == 0.0 {
            let from = (depth - first.trailing_zeros().min(depth)).max(level + 1);
            self.descend(first_leaf, from);
            self.append(self.node(first_leaf, from), self.length_at(from));
            from
        } else {
            self.descend(first_leaf, depth);
            self.cut(first_leaf, start);
            self.append(Piece::Cut(Side::Right), (1.0 - start) * self.length_at(depth));
            depth
        };
        for at in (level + 2..=from).rev() {
            if let Side::Left = Side::of(first_leaf >> (depth - at)) {
                self.append(Piece::Child(at - 1, Side::Right), self.length_at(at));
            }
        }
        // Downwards to b.
        if ends_node {
            self.append(Piece::Child(level, Side::Right), self.length_at(level + 1));
            return;
        }
        let end_leaf = end + (1 << depth);
        let to = if rest == 0.0 { depth - end.trailing_zeros() } else { depth };
        self.descend(end_leaf, to);
        for at in level + 2..=to {
            if let Side::Right = Side::of(end_leaf >> (depth - at)) {
                self.append(Piece::Child(at - 1, Side::Left), self.length_at(at));
            }
        }
        if rest > 0.0 {
            debug_assert_eq!(end_leaf, last_leaf);
            self.cut(end_leaf, rest);
            self.append(Piece::Cut(Side::Left), rest * self.length_at(depth));
        }
    }

    /// `[start, end]` of a leaf, in leaves; not the whole of it.
    fn inside_leaf(&mut self, leaf: u64, start: f64, end: f64) {
        let length = self.length_at(self.depth);
        self.descend(leaf, self.depth);
        if end == 1.0 {
            self.cut(leaf, start);
            self.append(Piece::Cut(Side::Right), (1.0 - start) * length);
            return;
        }
        self.cut(leaf, end);
        self.append(Piece::Cut(Side::Left), end * length);
        if start > 0.0 {
            self.cut(leaf, start);
            self.sum_length = (end - start) * length;
            D::behead(self.sum_length, &mut self.sum, start * length, &self.pieces[Side::Left as usize]);
        }
    }

    #[inline]
    fn length_at(&self, level: u32) -> f64 {
        self.length / (1_u64 << level) as f64
    }

    /// The node at `level` on the way to `leaf`.
    #[inline]
    fn node(&self, leaf: u64, level: u32) -> Piece {
        if level == 0 { Piece::Root } else { Piece::Child(level - 1, Side::of(leaf >> (self.depth - level))) }
    }

    #[inline]
    fn append(&mut self, piece: Piece, h: f64) {
        let parts = D::PARTS * self.size;
        let piece = match piece {
            Piece::Root => &self.root[..],
            Piece::Child(level, side) => {
                &self.children[parts * (2 * level as usize + side as usize)..][..parts]
            }
            Piece::Cut(side) => &self.pieces[side as usize],
        };
        if self.sum_length == 0.0 {
            D::start(&mut self.sum, h, piece);
        } else {
            D::append(self.sum_length, &mut self.sum, h, piece);
        }
        self.sum_length += h;
    }

    /// Sees to it that every node above `level` on the way to `leaf` is halved. What a slot holds
    /// depends on its node alone, so that a slot with the right number is right.
    #[inline]
    fn descend(&mut self, leaf: u64, level: u32) {
        let depth = self.depth;
        let mut known = level;
        while known > 0 && self.halved[known as usize - 1] != leaf >> (depth + 1 - known) {
            known -= 1;
        }
        for at in known..level {
            self.halve(leaf >> (depth - at), at);
        }
    }

    fn halve(&mut self, node: u64, level: u32) {
        let drawn = self.draw(node, level);
        let parts = D::PARTS * self.size;
        let (before, here) = self.children.split_at_mut(2 * parts * level as usize);
        let (left, right) = here[..2 * parts].split_at_mut(parts);
        let parent = match level {
            0 => &self.root[..],
            _ => &before[parts * (2 * (level as usize - 1) + Side::of(node) as usize)..][..parts],
        };
        let z = Normals { cosines: &self.cosines[drawn.clone()], sines: &self.sines[drawn] };
        D::halve(self.length / (1_u64 << level) as f64, parent, z, left, right);
        self.halved[level as usize] = node;
    }

    /// Cuts a leaf at `alpha`, in leaves.
    fn cut(&mut self, leaf: u64, alpha: f64) {
        if self.cut == (leaf, alpha) {
            return;
        }
        self.cut = (leaf, alpha);
        let drawn = self.draw(leaf, self.depth);
        let parts = D::PARTS * self.size;
        let node = match self.depth {
            0 => &self.root[..],
            depth => &self.children[parts * (2 * (depth as usize - 1) + Side::of(leaf) as usize)..][..parts],
        };
        let z = Normals { cosines: &self.cosines[drawn.clone()], sines: &self.sines[drawn] };
        let [left, right] = &mut self.pieces;
        D::cut(self.length / (1_u64 << self.depth) as f64, alpha, node, z, left, right);
    }

    /// Draws the normal numbers of a node; says where they are.
    #[inline]
    fn draw(&mut self, node: u64, level: u32) -> std::ops::Range<usize> {
        let Some(family) = &self.family else {
            self.source.fill(node, &mut self.cosines, &mut self.sines);
            return 0..self.cosines.len();
        };
        // Groups are counted from the leaves, which most queries reach; that of the root may be short.
        let group = ((self.depth - level) / GROUP) as usize;
        let top = GROUP - 1 - (self.depth - level) % GROUP;
        let below = top.min(level);
        let (root, start) = (node >> below, group * family.size());
        if self.group[group] != root {
            let drawn = start..start + family.size();
            let (cosines, sines) = (&mut self.cosines[drawn.clone()], &mut self.sines[drawn]);
            self.source.fill_family(root, family, cosines, sines);
            self.group[group] = root;
        }
        let blocks = family.size() >> GROUP;
        let place = (1 << below) - 1 + (node & ((1 << below) - 1)) as usize;
        start + place * blocks..start + (place + 1) * blocks
    }
}
