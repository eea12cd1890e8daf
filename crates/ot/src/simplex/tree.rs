//! The basis of the network simplex: a strongly feasible spanning tree.
//!
//! Nodes are the sources `0..n`, the targets `n..n + m`, and a root that no mass may pass. The arc
//! between a node and its parent is stored at the node. In a strongly feasible tree every empty arc
//! points to the root; Cunningham's choice of the leaving arc keeps it so, which excludes cycling
//! (W. H. Cunningham, A network simplex method, Math. Program. 11, 1976, doi 10.1007/BF01580379).
//!
//! Ancestors are compared by the sizes of their subtrees, which change along the pivot cycle alone;
//! potentials are shifted on the smaller side of the cut.

use crate::OtError;

pub(super) const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
pub(super) struct Node {
    pub(super) parent: u32,
    size: u32,
    /// Whether the arc goes from the node to its parent.
    pub(super) up: bool,
    pub(super) flow: i64,
    pub(super) cost: f64,
}

/// The children of a node as a list; apart from the nodes, so that walking a subtree stays in cache.
#[derive(Clone, Copy)]
struct Links {
    first: u32,
    next: u32,
}

/// An arc from a source to a target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    pub(super) row: u32,
    pub(super) column: u32,
    pub(super) cost: f64,
}

pub(super) struct Tree {
    sources: u32,
    pub(super) nodes: Vec<Node>,
    /// `u` of the sources, then `v` of the targets, then the root's: `c = u + v` on the tree.
    pub(super) potentials: Vec<f64>,
    links: Vec<Links>,
    previous: Vec<u32>,
    /// Memory of one walk: a place for every node.
    queue: Vec<u32>,
}

impl Tree {
    /// All `n + m` nodes hanging from the root by empty arcs.
    ///
    /// # Errors
    /// More nodes than 32 bits can number.
    pub(super) fn star(n: usize, m: usize) -> Result<Self, OtError> {
        let count = nodes(n, m)?;
        let mut tree = Self {
            sources: n as u32,
            nodes: vec![Node { parent: NONE, size: 1, up: true, flow: 0, cost: 0.0 }; count],
            potentials: vec![0.0; count],
            links: vec![Links { first: NONE, next: NONE }; count],
            previous: vec![NONE; count],
            queue: vec![0; count + 1],
        };
        for node in 0..(n + m) as u32 {
            tree.attach(node, (n + m) as u32);
        }
        tree.nodes[n + m].size = count as u32;
        Ok(tree)
    }

    pub(super) fn root(&self) -> u32 {
        self.nodes.len() as u32 - 1
    }

    /// Hangs the forest of `arcs` (with their flows) from the root.
    ///
    /// A component with mass left, which is at one node, hangs by that node and sends it through the
    /// root; any other by its node of most arcs.
    pub(super) fn plant(&mut self, arcs: &[(Arc, i64)], supply: &[i64], demand: &[i64]) {
        let mut degree = vec![0_u32; self.nodes.len() + 1];
        let ends = |arc: &Arc| (arc.row, arc.column + self.sources);
        for (arc, _) in arcs {
            let (i, j) = ends(arc);
            degree[i as usize] += 1;
            degree[j as usize] += 1;
        }
        let mut start = vec![0_usize; self.nodes.len() + 1];
        for node in 0..self.nodes.len() {
            start[node + 1] = start[node] + degree[node] as usize;
        }
        let mut fill = start.clone();
        let mut incident = vec![0_usize; 2 * arcs.len()];
        for (index, (arc, _)) in arcs.iter().enumerate() {
            let (i, j) = ends(arc);
            for end in [i, j] {
                incident[fill[end as usize]] = index;
                fill[end as usize] += 1;
            }
        }
        let root = self.root();
        for (node, &left) in supply.iter().chain(demand).enumerate() {
            let entry = &mut self.nodes[node];
            (entry.flow, entry.up) = (left, left == 0 || node < supply.len());
        }
        let mut tops: Vec<u32> = (0..root).collect();
        tops.sort_by_key(|&node| {
            (self.nodes[node as usize].flow == 0, std::cmp::Reverse(degree[node as usize]), node)
        });
        let mut seen = vec![false; self.nodes.len()];
        let mut order = Vec::with_capacity(self.nodes.len());
        for top in tops {
            if std::mem::replace(&mut seen[top as usize], true) {
                continue;
            }
            let mut next = order.len();
            order.push(top);
            while let Some(&node) = order.get(next) {
                next += 1;
                for &index in &incident[start[node as usize]..start[node as usize + 1]] {
                    let (arc, flow) = arcs[index];
                    let (i, j) = (arc.row, arc.column + self.sources);
                    let child = if node == i { j } else { i };
                    if std::mem::replace(&mut seen[child as usize], true) {
                        continue;
                    }
                    self.detach(child);
                    self.attach(child, node);
                    let entry = &mut self.nodes[child as usize];
                    (entry.flow, entry.cost, entry.up) = (flow, arc.cost, child == i);
                    order.push(child);
                }
            }
        }
        for &node in order.iter().rev() {
            let Node { parent, size, .. } = self.nodes[node as usize];
            if parent != root {
                self.nodes[parent as usize].size += size;
            }
        }
    }

    /// Recomputes the potentials from the costs on the tree; nodes below the root keep theirs.
    ///
    /// Returns the largest magnitude at the ends of tree arcs.
    pub(super) fn refresh(&mut self) -> f64 {
        let root = self.root();
        let Self { nodes, potentials, .. } = self;
        let mut largest: f64 = 0.0;
        walk(&self.links, &mut self.queue, root, |node| {
            let Node { parent, cost, .. } = nodes[node];
            if parent != root && parent != NONE {
                let above = potentials[parent as usize];
                potentials[node] = cost - above;
                largest = largest.max(above.abs()).max((cost - above).abs());
            }
        });
        largest
    }

    /// Brings `arc`, of reduced cost `reduced`, into the tree and takes the blocking arc out.
    pub(super) fn pivot(&mut self, arc: Arc, reduced: f64) {
        let (i, j) = (arc.row, arc.column + self.sources);
        let (join, flow, out, out_below_target) = self.blocking(i, j);
        let (q, p) = if out_below_target { (j, i) } else { (i, j) };
        self.augment(i, j, join, flow);
        self.shift(out, if out_below_target { -reduced } else { reduced });

        let moved = self.nodes[out as usize].size;
        let mut node = self.nodes[out as usize].parent;
        while node != join {
            self.nodes[node as usize].size -= moved;
            node = self.nodes[node as usize].parent;
        }
        node = p;
        while node != join {
            self.nodes[node as usize].size += moved;
            node = self.nodes[node as usize].parent;
        }

        // Reverse the path from q up to the node of the leaving arc, and hang q from p.
        let (mut node, mut parent, mut below) = (q, p, 0);
        let mut entering = (flow, arc.cost, q == i);
        loop {
            let old = self.nodes[node as usize];
            self.detach(node);
            self.attach(node, parent);
            let entry = &mut self.nodes[node as usize];
            (entry.flow, entry.cost, entry.up) = entering;
            entry.size = moved - below;
            if node == out {
                return;
            }
            entering = (old.flow, old.cost, !old.up);
            below = old.size;
            parent = node;
            node = old.parent;
        }
    }

    /// The common ancestor, the flow that can be pushed, the node whose arc blocks, and its side.
    ///
    /// Of several blocking arcs the last on the cycle, from the common ancestor along the entering arc.
    #[inline]
    fn blocking(&self, i: u32, j: u32) -> (u32, i64, u32, bool) {
        let (mut x, mut y) = (i, j);
        let (mut flow_x, mut out_x, mut flow_y, mut out_y) = (i64::MAX, NONE, i64::MAX, NONE);
        while x != y {
            let (a, b) = (&self.nodes[x as usize], &self.nodes[y as usize]);
            if a.size < b.size {
                if a.up && a.flow < flow_x {
                    (flow_x, out_x) = (a.flow, x);
                }
                x = a.parent;
            } else {
                if !b.up && b.flow <= flow_y {
                    (flow_y, out_y) = (b.flow, y);
                }
                y = b.parent;
            }
        }
        if flow_y <= flow_x { (x, flow_y, out_y, true) } else { (x, flow_x, out_x, false) }
    }

    #[inline]
    fn augment(&mut self, i: u32, j: u32, join: u32, flow: i64) {
        if flow == 0 {
            return;
        }
        for (start, with) in [(i, -flow), (j, flow)] {
            let mut node = start;
            while node != join {
                let entry = &mut self.nodes[node as usize];
                entry.flow += if entry.up { with } else { -with };
                node = entry.parent;
            }
        }
    }

    /// Adds `by` to `u` and subtracts it from `v` below `out`; or the opposite on the other side, if smaller.
    fn shift(&mut self, out: u32, by: f64) {
        let below = self.nodes[out as usize].size as usize;
        let half = 2 * below <= self.nodes.len();
        let (start, by) = if half { (out, by) } else { (self.root(), -by) };
        if !half {
            self.detach(out);
        }
        let (sources, potentials) = (self.sources as usize, &mut self.potentials);
        walk(&self.links, &mut self.queue, start, |node| {
            // The sign without a branch that cannot be predicted.
            let sign = u64::from(node >= sources) << 63;
            potentials[node] += f64::from_bits(by.to_bits() ^ sign);
        });
        if !half {
            self.attach(out, self.nodes[out as usize].parent);
        }
    }

    fn attach(&mut self, node: u32, parent: u32) {
        let first = std::mem::replace(&mut self.links[parent as usize].first, node);
        if first != NONE {
            self.previous[first as usize] = node;
        }
        self.links[node as usize].next = first;
        self.previous[node as usize] = NONE;
        self.nodes[node as usize].parent = parent;
    }

    fn detach(&mut self, node: u32) {
        let (next, previous) = (self.links[node as usize].next, self.previous[node as usize]);
        if previous == NONE {
            self.links[self.nodes[node as usize].parent as usize].first = next;
        } else {
            self.links[previous as usize].next = next;
        }
        if next != NONE {
            self.previous[next as usize] = previous;
        }
    }
}

/// Visits the subtree of `start`, parents before children.
///
/// First child and next sibling make it a binary tree, and each step appends what there is of the two:
/// no branch depends on the data, and the nodes ahead are known, so their memory accesses overlap.
#[inline(always)]
fn walk(links: &[Links], queue: &mut [u32], start: u32, mut visit: impl FnMut(usize)) {
    visit(start as usize);
    queue[0] = links[start as usize].first;
    let (mut head, mut tail) = (0, usize::from(queue[0] != NONE));
    while head < tail {
        let node = queue[head] as usize;
        head += 1;
        visit(node);
        let Links { first, next } = links[node];
        queue[tail] = first;
        tail += usize::from(first != NONE);
        queue[tail] = next;
        tail += usize::from(next != NONE);
    }
}

/// The number of nodes: the points and the root.
fn nodes(n: usize, m: usize) -> Result<usize, OtError> {
    let count = n.saturating_add(m).saturating_add(1);
    if count < NONE as usize {
        return Ok(count);
    }
    let value = count as f64;
    Err(OtError::BadParameter { name: "the number of points of both sides", value, range: "below 2^32 - 2" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_have_32_bits_and_arcs_are_never_counted() {
        assert_eq!(nodes(62_000, 53_000), Ok(115_001));
        assert_eq!(nodes(2_000_000_000, 2_000_000_000), Ok(4_000_000_001));
        assert!(matches!(nodes(3_000_000_000, 2_000_000_000), Err(OtError::BadParameter { .. })));
        assert!(nodes(usize::MAX, 2).is_err());
    }
}
