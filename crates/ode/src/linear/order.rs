//! An order of elimination that keeps sparse factors sparse: approximate minimum degree.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The order in which to eliminate the nodes of a symmetric graph, given by the neighbours of each node
/// (without itself).
///
/// Eliminated nodes become elements, cliques that are stored once; the degree of a node is bounded from
/// above by its own edges and the parts of its elements outside the newest one.
///
/// P. R. Amestoy, T. A. Davis, I. S. Duff, SIAM J. Matrix Anal. Appl. 17 (1996) 886-905,
/// doi:10.1137/S0895479894278952 (without supervariables).
pub(super) fn minimum_degree(mut edges: Vec<Vec<usize>>) -> Vec<usize> {
    let n = edges.len();
    let mut elements: Vec<Vec<usize>> = vec![Vec::new(); n]; // of each node
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); n]; // of each element
    let mut degree: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut gone = vec![false; n];
    let (mut mark, mut outside) = (vec![usize::MAX; n], vec![(usize::MAX, 0); n]);
    let mut queue: BinaryHeap<_> = (0..n).map(|i| Reverse((degree[i], i))).collect();
    let mut order = Vec::with_capacity(n);
    while let Some(Reverse((claimed, pivot))) = queue.pop() {
        if gone[pivot] || claimed != degree[pivot] {
            continue;
        }
        gone[pivot] = true;
        let step = order.len();
        order.push(pivot);
        // The new element: all nodes that see the pivot, directly or through an element.
        mark[pivot] = step;
        let mut clique = Vec::new();
        let absorbed = std::mem::take(&mut elements[pivot]);
        let own = std::mem::take(&mut edges[pivot]);
        let through = absorbed.iter().flat_map(|&e| std::mem::take(&mut members[e]));
        for node in own.into_iter().chain(through) {
            if !gone[node] && mark[node] != step {
                mark[node] = step;
                clique.push(node);
            }
        }
        // |Lₑ \ L_pivot| of each element that meets the clique.
        for &node in &clique {
            elements[node].retain(|e| !absorbed.contains(e));
            for &e in &elements[node] {
                if outside[e].0 != step {
                    outside[e] = (step, members[e].iter().filter(|&&m| !gone[m]).count());
                }
                outside[e].1 -= 1;
            }
        }
        let left = n - order.len();
        for &node in &clique {
            edges[node].retain(|&other| !gone[other] && mark[other] != step);
            // An element inside the new one says nothing more.
            elements[node].retain(|&e| outside[e].1 > 0);
            let beyond: usize = elements[node].iter().map(|&e| outside[e].1).sum();
            let fresh = clique.len() - 1;
            let bound = (edges[node].len() + fresh + beyond).min(degree[node] + fresh).min(left);
            degree[node] = bound;
            elements[node].push(pivot);
            queue.push(Reverse((bound, node)));
        }
        members[pivot] = clique;
    }
    order
}
