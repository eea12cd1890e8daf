//! Clusters of cells by k-means.

use chreode_core::Seed;
use ndarray::{Array2, ArrayView2};
use rand::RngExt;

/// Lloyd's rounds at most.
const ROUNDS: usize = 50;

/// At most `count` centres and the root mean square distance of their cells: k-means++ seeds (Arthur and Vassilvitskii,
/// SODA 2007) and Lloyd's rounds until no cell changes its cluster.
pub(super) fn clusters(cells: ArrayView2<'_, f32>, count: usize, seed: Seed) -> (Array2<f32>, Vec<f64>) {
    let (n, d) = cells.dim();
    let count = count.clamp(1, n);
    let mut rng = seed.stream("centres", 0);
    let distance = |i: usize, centre: &[f32]| -> f64 {
        cells.row(i).iter().zip(centre).map(|(x, c)| f64::from(x - c).powi(2)).sum()
    };
    let mut centres: Vec<Vec<f32>> = vec![cells.row(rng.random_range(0..n)).to_vec()];
    let mut least: Vec<f64> = (0..n).map(|i| distance(i, &centres[0])).collect();
    while centres.len() < count {
        let total: f64 = least.iter().sum();
        if total <= 0.0 {
            break;
        }
        let mut point = rng.random::<f64>() * total;
        let chosen = least.iter().position(|w| {
            point -= w;
            point < 0.0
        });
        centres.push(cells.row(chosen.unwrap_or(n - 1)).to_vec());
        let newest = centres.last().expect("just added");
        least.iter_mut().enumerate().for_each(|(i, w)| *w = w.min(distance(i, newest)));
    }
    let mut label = vec![usize::MAX; n];
    for _ in 0..ROUNDS {
        let mut changed = false;
        for i in 0..n {
            let best = (0..centres.len())
                .map(|k| (k, distance(i, &centres[k])))
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .map_or(0, |(k, _)| k);
            changed |= label[i] != best;
            label[i] = best;
        }
        if !changed {
            break;
        }
        let mut sums = vec![(vec![0.0_f64; d], 0.0_f64); centres.len()];
        for i in 0..n {
            let (sum, number) = &mut sums[label[i]];
            sum.iter_mut().zip(cells.row(i)).for_each(|(s, x)| *s += f64::from(*x));
            *number += 1.0;
        }
        for (centre, (sum, number)) in centres.iter_mut().zip(&sums).filter(|(_, (_, number))| *number > 0.0)
        {
            centre.iter_mut().zip(sum).for_each(|(c, s)| *c = (s / number) as f32);
        }
    }
    let mut radii = vec![(0.0, 0.0); centres.len()];
    for i in 0..n {
        let (sum, number) = &mut radii[label[i]];
        *sum += distance(i, &centres[label[i]]);
        *number += 1.0;
    }
    let radii = radii.iter().map(|(sum, number)| (sum / f64::max(*number, 1.0)).sqrt()).collect();
    let flat = Array2::from_shape_fn((centres.len(), d), |(k, j)| centres[k][j]);
    (flat, radii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn two_clusters_are_found() {
        let cells = array![[0.0_f32, 0.0], [0.0, 2.0], [10.0, 0.0], [10.0, 2.0]];
        let (centres, radii) = clusters(cells.view(), 2, Seed(1));
        let mut xs: Vec<f32> = centres.column(0).to_vec();
        xs.sort_by(f32::total_cmp);
        assert_eq!(xs, [0.0, 10.0]);
        assert_eq!(radii, [1.0, 1.0]);
        // More centres than different cells: no more are made.
        assert_eq!(clusters(array![[1.0_f32], [1.0]].view(), 2, Seed(1)).0.nrows(), 1);
    }
}
