//! Ranks of genes within batches, and their order over all.

/// How genes of several batches are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchOrder {
    /// By the median rank, ties by the number of batches (scanpy's `seurat_v3`).
    RankFirst,
    /// By the number of batches, ties by the median rank (Stuart et al. 2019, scanpy's `seurat_v3_paper`).
    BatchesFirst,
}

/// What ranking gives.
pub(super) struct Ranked {
    /// The median rank over the batches in which a gene is among the first `n`; NaN if in none.
    pub(super) rank: Vec<f64>,
    /// In how many batches it is.
    pub(super) batches: Vec<usize>,
    /// The first `n` in the given order.
    pub(super) selected: Vec<bool>,
}

/// Ranks genes by `scores` (one list a batch, larger is better) and takes `n`.
pub(super) fn rank(scores: &[Vec<f64>], n: usize, order: BatchOrder) -> Ranked {
    let p = scores[0].len();
    let mut ranks: Vec<Vec<f64>> = vec![Vec::new(); p];
    for of in scores {
        let mut by: Vec<usize> = (0..p).collect();
        by.sort_by(|&a, &b| of[b].total_cmp(&of[a]));
        by.iter().take(n).enumerate().for_each(|(r, &j)| ranks[j].push(r as f64));
    }
    let batches: Vec<usize> = ranks.iter().map(Vec::len).collect();
    let middle = |r: Vec<f64>| if r.is_empty() { f64::NAN } else { crate::normalize::median(r) };
    let rank: Vec<f64> = ranks.into_iter().map(middle).collect();
    // NaN last.
    let by_rank = |a: usize, b: usize| rank[a].total_cmp(&rank[b]);
    let by_batches = |a: usize, b: usize| batches[b].cmp(&batches[a]);
    let mut all: Vec<usize> = (0..p).collect();
    all.sort_by(|&a, &b| match order {
        BatchOrder::RankFirst => by_rank(a, b).then(by_batches(a, b)),
        BatchOrder::BatchesFirst => by_batches(a, b).then(by_rank(a, b)),
    });
    let mut selected = vec![false; p];
    all.into_iter().take(n).for_each(|j| selected[j] = true);
    Ranked { rank, batches, selected }
}
