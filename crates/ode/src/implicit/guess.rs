//! Where the iteration of a stage begins.

use super::tableau::{ImplicitTableau, MAX_STAGES};
use crate::combine::with_terms;
use chreode_core::VectorSpace;

/// For each stage, the stages before it that foretell it.
#[derive(Clone, Debug)]
pub(super) struct Guess {
    rules: Vec<Rule>,
}

#[derive(Clone, Copy, Debug)]
enum Rule {
    /// There is nothing to go by.
    Nothing,
    /// An earlier stage at the same time.
    Same(usize),
    /// The polynomial through up to three earlier slopes.
    Slopes([f64; MAX_STAGES]),
}

impl Guess {
    pub(super) fn new(tableau: &ImplicitTableau) -> Self {
        let c = tableau.coefficients().c;
        let implicit = usize::from(tableau.explicit_first());
        Self { rules: (0..c.len()).map(|i| rule(c, i, implicit)).collect() }
    }

    /// Sets `z`, of `base + z`, for stage `i`; `length` is hγ, `k` and `stages` are those before it.
    pub(super) fn stage<Y: VectorSpace>(
        &self,
        i: usize,
        length: f64,
        base: &Y,
        k: &[Y],
        stages: &[Y],
        z: &mut Y,
    ) {
        match self.rules[i] {
            Rule::Nothing => Y::sum_into(&[], z),
            Rule::Same(j) => stages[j].plus_into(&[(-1.0, base)], z),
            Rule::Slopes(weights) => with_terms(length, &weights[..i], k, |terms| Y::sum_into(terms, z)),
        }
    }
}

fn rule(c: &[f64], i: usize, implicit: usize) -> Rule {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    if let Some(j) = (implicit..i).rev().find(|&j| near(c[j], c[i])) {
        return Rule::Same(j);
    }
    // The nearest nodes, none twice.
    let mut nodes: Vec<usize> = Vec::new();
    let mut candidates: Vec<usize> = (0..i).collect();
    candidates.sort_by(|&a, &b| (c[a] - c[i]).abs().total_cmp(&(c[b] - c[i]).abs()));
    for j in candidates {
        if nodes.len() < 3 && nodes.iter().all(|&other| (c[other] - c[j]).abs() > 0.1) {
            nodes.push(j);
        }
    }
    if nodes.is_empty() {
        return Rule::Nothing;
    }
    let mut weights = [0.0; MAX_STAGES];
    for &j in &nodes {
        let others = nodes.iter().filter(|&&other| other != j);
        weights[j] = others.map(|&other| (c[i] - c[other]) / (c[j] - c[other])).product();
    }
    Rule::Slopes(weights)
}
