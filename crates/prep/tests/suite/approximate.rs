//! Neighbours by HNSW against the exact ones.

use chreode_core::Seed;
#[cfg(not(feature = "hnsw"))]
use chreode_prep::PrepError;
use chreode_prep::{Hnsw, NeighborSearch, nearest_by};

#[cfg(feature = "hnsw")]
mod on {
    use super::*;
    use crate::same_bits::on;
    use chreode_prep::{Nearest, nearest};
    use ndarray::Array2;
    use rand_distr::{Distribution, StandardNormal};

    /// Cells of twelve types about the ends of a random tree, with noise in 30 dimensions.
    fn simulated(n: usize) -> Array2<f32> {
        let normal = |stream: &str, i: usize, j: usize, d: usize| -> f32 {
            let mut rng = Seed(11).stream(stream, (i * d + j) as u64);
            StandardNormal.sample(&mut rng)
        };
        Array2::from_shape_fn((n, 30), |(i, j)| {
            let kind = i % 12;
            let along = (i / 12 % 97) as f32 / 97.0;
            4.0 * (normal("trunk", kind / 4, j, 30) + along * normal("branch", kind, j, 30))
                + normal("cell", i, j, 30)
        })
    }

    fn by_hnsw(x: &Array2<f32>, count: usize, seed: u64) -> Nearest {
        nearest_by(x.view(), count, NeighborSearch::Hnsw(Hnsw::new(Seed(seed)))).unwrap()
    }

    #[test]
    fn recall_beside_the_exact_neighbours() {
        let x = simulated(4000);
        let (found, exact) = (by_hnsw(&x, 15, 1), nearest(x.view(), 15).unwrap());
        let mut same = 0;
        for i in 0..4000 {
            let (indices, distances) = found.of(i);
            assert!(distances.is_sorted() && !indices.contains(&(i as u32)), "{i}");
            assert!(distances.iter().zip(exact.of(i).1).all(|(d, e)| d >= e), "{i}: nearer than the nearest");
            same += indices.iter().filter(|j| exact.of(i).0.contains(j)).count();
        }
        let recall = same as f64 / (4000.0 * 15.0);
        assert!(recall >= 0.95, "{recall}");
    }

    #[test]
    fn the_same_bits_on_any_number_of_threads() {
        let x = simulated(1500);
        let one = on(1, || by_hnsw(&x, 10, 5));
        assert!(one == on(3, || by_hnsw(&x, 10, 5)));
        assert!(one == by_hnsw(&x, 10, 5));
        let few = Hnsw { building: 2, searching: 1, seed: Seed(5) };
        let other = Hnsw { seed: Seed(6), ..few };
        let by = |hnsw| nearest_by(x.view(), 10, NeighborSearch::Hnsw(hnsw)).unwrap();
        assert!(by(few) == by(few) && by(few) != by(other), "a seed decides the layers");
    }

    /// Fifty equal points link to each other alone.
    #[test]
    fn points_at_one_place() {
        let x = Array2::<f32>::from_shape_fn((260, 3), |(i, j)| if i < 250 { 2.0 } else { (i + j) as f32 });
        let found = by_hnsw(&x, 4, 1);
        assert_eq!(found.of(10).1, [0.0; 4]);
        assert!((0..260).all(|i| found.of(i).0.len() == 4 && !found.of(i).0.contains(&(i as u32))));
        assert!(found.of(255).1.iter().all(|&d| d > 0.0));
    }

    #[test]
    fn what_cannot_have_neighbours() {
        let x = ndarray::array![[0.0f32], [1.0], [2.0]];
        let say =
            |count, hnsw| nearest_by(x.view(), count, NeighborSearch::Hnsw(hnsw)).unwrap_err().to_string();
        let whole = Hnsw::new(Seed(1));
        assert!(say(3, whole).contains("more than 3 points but got 3 points"));
        assert_eq!(
            say(1, Hnsw { building: 0, ..whole }),
            "building of 0 was given; it must be 1 candidate at least"
        );
        let zero_wide = Array2::<f32>::zeros((5, 0));
        assert_eq!(by_hnsw(&zero_wide, 2, 1).of(4), (&[0u32, 1][..], &[0.0; 2][..]));
    }
}

#[cfg(not(feature = "hnsw"))]
#[test]
fn a_build_without_it_says_so() {
    let x = ndarray::array![[0.0f32], [1.0], [2.0]];
    let error = nearest_by(x.view(), 1, NeighborSearch::Hnsw(Hnsw::new(Seed(1)))).unwrap_err();
    assert!(matches!(error, PrepError::Feature { feature: "hnsw", .. }));
    assert_eq!(
        error.to_string(),
        "a search of nearest neighbours by HNSW is not part of this build; build it with `--features hnsw` or ask for the \
         exact method"
    );
    let exact = nearest_by(x.view(), 1, NeighborSearch::Exact).unwrap();
    assert_eq!(exact.of(2), (&[1u32][..], &[1.0][..]));
}
