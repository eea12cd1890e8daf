//! The edges of a tree, and the ways round it.

/// Costs from the points of node `from` to those of node `to`.
#[derive(Debug)]
pub(super) struct Edge<'g, G: ?Sized> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) costs: &'g G,
}

impl<G: ?Sized> Clone for Edge<'_, G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<G: ?Sized> Copy for Edge<'_, G> {}

/// A node and the edge by which it hangs from its parent.
#[derive(Clone, Copy)]
pub(super) struct Visit {
    pub(super) node: usize,
    pub(super) along: Option<usize>,
}

/// The other end of an edge.
pub(super) fn other<G: ?Sized>(edges: &[Edge<'_, G>], edge: usize, node: usize) -> usize {
    let edge = &edges[edge];
    if edge.from == node { edge.to } else { edge.from }
}

/// The nodes, parents first, with the edge to the parent.
pub(super) fn walk<G: ?Sized>(edges: &[Edge<'_, G>]) -> Vec<Visit> {
    let mut order = vec![Visit { node: 0, along: None }];
    let mut next = 0;
    while next < order.len() {
        let Visit { node, along } = order[next];
        for (index, edge) in edges.iter().enumerate() {
            if Some(index) != along && (edge.from == node || edge.to == node) {
                order.push(Visit { node: other(edges, index, node), along: Some(index) });
            }
        }
        next += 1;
    }
    order
}

/// A walk round the tree that crosses each edge once in each direction: `(edge, sender)`.
pub(super) fn tour<G: ?Sized>(edges: &[Edge<'_, G>], root: usize) -> Vec<(usize, usize)> {
    let mut steps = Vec::with_capacity(2 * edges.len());
    // (node, edge to the parent, next edge to look at)
    let mut stack = vec![(root, None, 0)];
    while let Some((node, parent, next)) = stack.pop() {
        let found = (next..edges.len()).find(|&index| {
            let edge = &edges[index];
            Some(index) != parent && (edge.from == node || edge.to == node)
        });
        match (found, parent) {
            (Some(index), _) => {
                stack.push((node, parent, index + 1));
                steps.push((index, node));
                stack.push((other(edges, index, node), Some(index), 0));
            }
            (None, Some(index)) => steps.push((index, node)),
            (None, None) => {}
        }
    }
    steps
}
