//! The plan of a tree.

use super::graph::Edge;
use crate::sinkhorn::exp;
use crate::{Certificate, Coupling, DensePlan, Geometry};
use ndarray::{Array1, Array2};

/// The plan of a tree: its nodes' marginals and its edges' plans.
#[derive(Debug)]
pub struct TreePlan<'g, G: ?Sized> {
    pub(super) edges: Vec<Edge<'g, G>>,
    pub(super) epsilon: f64,
    pub(super) total: f64,
    /// `beliefs[k]`, ε times the logarithm of node k's marginal.
    pub(super) beliefs: Vec<Vec<f64>>,
    /// Towards `to` and towards `from`, ε times logarithms.
    pub(super) messages: Vec<[Vec<f64>; 2]>,
    pub(super) potentials: Vec<Array1<f64>>,
    pub(super) certificate: Certificate,
}

impl<G: Geometry + ?Sized> TreePlan<'_, G> {
    /// The marginal of a node.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn marginal(&self, node: usize) -> Array1<f64> {
        self.beliefs[node].iter().map(|x| self.total * (x / self.epsilon).exp()).collect()
    }

    /// The plan of an edge, from its first node to its second, in the order the edges were given.
    ///
    /// # Panics
    /// If there is no such edge.
    pub fn edge(&self, edge: usize) -> DensePlan {
        let Edge { from, to, costs } = self.edges[edge];
        // What a node knows without this edge is its belief less the edge's message into it.
        let less = |node: usize, message: &[f64]| -> Vec<f64> {
            let terms = self.beliefs[node].iter().zip(message);
            terms.map(|(b, m)| if *b > f64::NEG_INFINITY { b - m } else { f64::NEG_INFINITY }).collect()
        };
        let [to_message, from_message] = &self.messages[edge];
        let (f, g) = (less(from, from_message), less(to, to_message));
        let (n, m) = costs.shape();
        let mut plan = Array2::zeros((n, m));
        let (mut buffer, mut transport) = (Vec::new(), 0.0);
        for (i, mut row) in plan.rows_mut().into_iter().enumerate() {
            let line = costs.costs(i, 0..m, &mut buffer);
            for ((p, &c), &g) in row.iter_mut().zip(line).zip(&g) {
                *p = self.total * exp((f[i] + g - c) / self.epsilon);
                transport += if *p > 0.0 { *p * c } else { 0.0 };
            }
        }
        let certificate =
            Certificate { primal_cost: transport, dual_cost: f64::NEG_INFINITY, ..self.certificate };
        DensePlan::from_parts(plan, None, transport, certificate)
    }

    /// `⟨C, P⟩`, the sum over the edges.
    pub fn cost(&self) -> f64 {
        (0..self.edges.len()).map(|edge| self.edge(edge).cost()).sum()
    }

    /// The potentials of the nodes; those of free nodes are 0.
    pub fn potentials(&self) -> &[Array1<f64>] {
        &self.potentials
    }

    /// Iterations, residual, primal and dual value of the regularised problem.
    pub fn certificate(&self) -> Certificate {
        self.certificate
    }
}
