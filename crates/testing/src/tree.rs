//! Rooted trees: each is one order condition.

/// A rooted tree, by the subtrees at its root.
///
/// J. C. Butcher, Math. Comp. 18 (1964) 50-64; Hairer, Nørsett & Wanner, Solving ODEs I, II.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree(Vec<Tree>);

impl Tree {
    /// The number of nodes.
    pub fn order(&self) -> usize {
        1 + self.0.iter().map(Self::order).sum::<usize>()
    }

    /// The subtrees at the root.
    pub fn subtrees(&self) -> &[Tree] {
        &self.0
    }

    /// The density γ: the product of the orders of all subtrees, the tree included.
    pub fn density(&self) -> f64 {
        self.order() as f64 * self.0.iter().map(Self::density).product::<f64>()
    }

    /// The elementary weights Φᵢ of the stages: `Πₘ Σⱼ aᵢⱼ Φⱼ(τₘ)` over the subtrees τₘ of the root, for the
    /// lower triangle `rows`.
    pub fn weights(&self, rows: &[&[f64]]) -> Vec<f64> {
        let mut weights = vec![1.0; rows.len()];
        for subtree in &self.0 {
            let inner = subtree.weights(rows);
            for (weight, row) in weights.iter_mut().zip(rows) {
                *weight *= row.iter().zip(&inner).map(|(a, phi)| a * phi).sum::<f64>();
            }
        }
        weights
    }
}

/// All rooted trees with `order` nodes: 1, 1, 2, 4, 9, 20, 48, … of them.
pub fn trees(order: usize) -> Vec<Tree> {
    let mut by_order: Vec<Vec<Tree>> = vec![Vec::new()];
    for n in 1..=order {
        let smaller: Vec<(usize, &Tree)> = by_order
            .iter()
            .enumerate()
            .flat_map(|(size, trees)| trees.iter().map(move |t| (size, t)))
            .collect();
        let mut found = Vec::new();
        forests(&smaller, n - 1, &mut Vec::new(), &mut found);
        by_order.push(found);
    }
    by_order.pop().expect("one entry for each order and for zero")
}

/// Every multiset of `from` with `nodes` nodes in all, added to `chosen`, as the subtrees of a root.
fn forests(from: &[(usize, &Tree)], nodes: usize, chosen: &mut Vec<Tree>, found: &mut Vec<Tree>) {
    if nodes == 0 {
        found.push(Tree(chosen.clone()));
        return;
    }
    for (i, (size, tree)) in from.iter().enumerate() {
        if *size <= nodes {
            chosen.push((*tree).clone());
            forests(&from[i..], nodes - size, chosen, found);
            chosen.pop();
        }
    }
}
