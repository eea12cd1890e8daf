//! The Brownian tree: one path whoever asks, and the laws of Brownian motion.

use chreode_core::Seed;
use chreode_ode::{Span, StepError};
use chreode_sde::{BrownianPath, BrownianTree, LevyPath, SdeError, SpaceTime};
use ndarray::{Array2, array};

const UNIT: Span = Span { t0: 0.0, t1: 1.0 };

fn plain(seed: u64, tolerance: f64) -> BrownianTree<f64> {
    BrownianTree::new(Seed(seed), UNIT, 0.0, tolerance).expect("a unit span")
}

fn with_area(seed: u64, tolerance: f64) -> BrownianTree<f64, SpaceTime> {
    BrownianTree::with_area(Seed(seed), UNIT, 0.0, tolerance).expect("a unit span")
}

/// Mean of `n` samples and its standard error.
fn mean(n: usize, sample: impl FnMut(usize) -> f64) -> (f64, f64) {
    let samples: Vec<f64> = (0..n).map(sample).collect();
    let mean = samples.iter().sum::<f64>() / n as f64;
    let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    (mean, (variance / n as f64).sqrt())
}

/// Within four standard errors: a seed in 16 000 would miss.
fn agrees((mean, error): (f64, f64), expected: f64, what: &str) {
    assert!((mean - expected).abs() < 4.0 * error, "{what}: {mean} +- {error}, expected {expected}");
}

#[test]
fn increments_and_areas_add_up_to_rounding() {
    let tree = with_area(3, 1.0 / 700.0);
    let mut at = 0.37_f64;
    let mut next = || {
        at = (at * 97.31 + 0.117).fract();
        at
    };
    for _ in 0..20_000 {
        let mut times = [next(), next(), next()];
        times.sort_by(f64::total_cmp);
        let [s, u, t] = times;
        let ((w1, h1), (w2, h2), (w, h)) =
            (tree.area(s, u).unwrap(), tree.area(u, t).unwrap(), tree.area(s, t).unwrap());
        assert!((w1 + w2 - w).abs() < 1e-14, "W over {s}, {u}, {t}");
        let (a, b) = (u - s, t - u);
        // Chen's relation.
        let moment = a * h1 + b * h2 + 0.5 * (b * w1 - a * w2);
        assert!((moment - (t - s) * h).abs() < 1e-14, "H over {s}, {u}, {t}");
    }
}

#[test]
fn a_path_is_the_same_backwards() {
    let tree = with_area(3, 1e-3);
    let ((w, h), (back, area)) = (tree.area(0.21, 0.83).unwrap(), tree.area(0.83, 0.21).unwrap());
    assert_eq!((w, h), (-back, area));
    assert_eq!(tree.increment(0.4, 0.4).unwrap(), 0.0);
    assert_eq!(tree.area(0.4, 0.4).unwrap(), (0.0, 0.0));
}

#[test]
fn neither_order_nor_threads_change_a_bit() {
    fn same<P>(tree: &P)
    where
        P: BrownianPath<Noise = Array2<f64>> + Sync,
    {
        use rayon::prelude::*;
        let interval = |i: usize| {
            let (a, b) = ((i * 7919 % 1000) as f64 / 1000.0, (i * 104_729 % 997) as f64 / 997.0);
            (a, b)
        };
        let fresh: Vec<_> = (0..400).map(|i| tree.increment(interval(i).0, interval(i).1).unwrap()).collect();
        let mut cursor = tree.cursor();
        let mut w = tree.shape();
        for i in (0..400).rev() {
            tree.increment_into(interval(i).0, interval(i).1, &mut cursor, &mut w).unwrap();
            assert_eq!(w, fresh[i], "a used cursor gave other bits over {:?}", interval(i));
        }
        for threads in [1, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let from_threads: Vec<_> = pool.install(|| {
                (0..400)
                    .into_par_iter()
                    .map(|i| tree.increment(interval(i).0, interval(i).1).unwrap())
                    .collect()
            });
            assert_eq!(from_threads, fresh);
        }
    }
    // Few entries are drawn a group of nodes at a time, many a node at a time.
    for shape in [(1, 1), (2, 3), (5, 9)] {
        same(&BrownianTree::new(Seed(5), UNIT, Array2::zeros(shape), 1e-3).unwrap());
        same(&BrownianTree::with_area(Seed(5), UNIT, Array2::zeros(shape), 1e-3).unwrap());
    }
}

#[test]
fn a_cursor_of_another_tree_starts_anew() {
    let (first, second) = (plain(1, 1e-3), plain(2, 1e-3));
    let (mut cursor, mut w) = (first.cursor(), 0.0);
    first.increment_into(0.2, 0.3, &mut cursor, &mut w).unwrap();
    second.increment_into(0.2, 0.3, &mut cursor, &mut w).unwrap();
    assert_eq!(w, second.increment(0.2, 0.3).unwrap());
    assert_ne!(w, first.increment(0.2, 0.3).unwrap());
}

/// The entries of an array are drawn as if alone: an entry's path does not depend on how many follow it
/// where pairs are not shared.
#[test]
fn a_path_does_not_depend_on_grouping() {
    let few = BrownianTree::with_area(Seed(8), UNIT, [0.0; 3], 1e-3).unwrap();
    let many = BrownianTree::with_area(Seed(8), UNIT, [0.0; 40], 1e-3).unwrap();
    for (s, t) in [(0.0, 1.0), (0.123, 0.777), (0.5, 0.5001)] {
        let ((w, h), (ws, hs)) = (few.area(s, t).unwrap(), many.area(s, t).unwrap());
        assert_eq!((&w[..], &h[..]), (&ws[..3], &hs[..3]));
    }
}

#[test]
fn covariances_are_those_of_brownian_motion() {
    // Ends on and off the grid of leaves, and members of one seed as samples.
    let tree = BrownianTree::new(Seed(21), Span { t0: 2.0, t1: 5.0 }, 0.0, 0.05).unwrap();
    let n = 20_000;
    let value = |i: usize, t: f64| tree.member(i as u32).increment(2.0, t).unwrap();
    for (s, t) in [(2.3, 2.31), (2.7, 4.9), (3.5, 5.0), (2.1, 3.46)] {
        agrees(mean(n, |i| value(i, s)), 0.0, "mean");
        agrees(mean(n, |i| value(i, s) * value(i, t)), f64::min(s, t) - 2.0, "covariance");
    }
    let increment = |i: usize, s: f64, t: f64| tree.member(i as u32).increment(s, t).unwrap();
    agrees(mean(n, |i| increment(i, 3.1, 3.2).powi(2)), 0.1, "variance of an increment");
    agrees(mean(n, |i| increment(i, 3.1, 3.2).powi(4)), 0.03, "fourth moment of an increment");
    agrees(mean(n, |i| increment(i, 3.1, 3.2) * increment(i, 3.2, 3.4)), 0.0, "neighbours");
}

#[test]
fn areas_have_variance_h_over_12_and_do_not_depend_on_increments() {
    let n = 20_000;
    let tree = with_area(22, 0.03);
    // A whole node, nodes and cut leaves, the inside of one leaf.
    for (s, t) in [(0.25, 0.5), (0.1, 0.73), (0.4070, 0.4371), (0.0, 0.01)] {
        let samples: Vec<_> = (0..n).map(|i| tree.member(i as u32).area(s, t).unwrap()).collect();
        let sample = |i: usize| samples[i];
        let h = t - s;
        agrees(mean(n, |i| sample(i).1), 0.0, "mean");
        agrees(mean(n, |i| sample(i).0.powi(2)), h, "E W^2");
        agrees(mean(n, |i| sample(i).1.powi(2)), h / 12.0, "E H^2");
        agrees(mean(n, |i| sample(i).1.powi(4)), h * h / 48.0, "E H^4");
        agrees(mean(n, |i| sample(i).0 * sample(i).1), 0.0, "E W H");
        agrees(mean(n, |i| sample(i).0.powi(2) * sample(i).1.powi(2)), h * h / 12.0, "E W^2 H^2");
    }
    // Areas of neighbours are independent.
    let pair =
        |tree: BrownianTree<f64, SpaceTime>| (tree.area(0.2, 0.4).unwrap(), tree.area(0.4, 0.7).unwrap());
    let pairs: Vec<_> = (0..n).map(|i| pair(tree.member(i as u32))).collect();
    agrees(mean(n, |i| pairs[i].0.1 * pairs[i].1.1), 0.0, "E H H");
    agrees(mean(n, |i| pairs[i].0.0 * pairs[i].1.1), 0.0, "E W H of the next");
}

/// H over an interval is the mean of the path's distance from its chord: a Riemann sum over the same path.
#[test]
fn the_area_is_the_integral_of_the_path() {
    let tree = with_area(4, 1.0 / 8192.0);
    let (s, t, n) = (0.125, 0.875, 3 * 2048);
    let (w, area) = tree.area(s, t).unwrap();
    let mut cursor = tree.cursor();
    let (mut value, mut sum) = (0.0, 0.0);
    for i in 0..n {
        let at = |i: usize| s + (t - s) * i as f64 / n as f64;
        let mut step = 0.0;
        tree.increment_into(at(i), at(i + 1), &mut cursor, &mut step).unwrap();
        let chord = |i: usize| w * i as f64 / n as f64;
        sum += 0.5 * (value - chord(i) + value + step - chord(i + 1)) / n as f64;
        value += step;
    }
    assert!((value - w).abs() < 1e-12);
    // The trapezium's error: deviation √(h/12) a step, averaged.
    assert!((sum - area).abs() < 5.0 * (0.75 / 12.0_f64).sqrt() / n as f64, "{sum} and {area}");
}

#[test]
fn seeds_and_members_and_entries_are_different_paths() {
    let n = 20_000;
    let tree = plain(31, 0.1);
    let other = plain(32, 0.1);
    let of = |tree: &BrownianTree<f64>, i: usize| tree.member(i as u32).increment(0.2, 0.9).unwrap();
    agrees(mean(n, |i| of(&tree, i) * of(&other, i)), 0.0, "seeds");
    agrees(mean(n, |i| of(&tree, i) * of(&tree, i + 1)), 0.0, "members");
    let wide = BrownianTree::new(Seed(1), UNIT, vec_shape(n), 0.1).unwrap();
    let w = wide.increment(0.2, 0.9).unwrap();
    agrees(mean(n, |i| w[(0, i)] * w[(1, i)]), 0.0, "entries");
    agrees(mean(n, |i| w[(0, i)].powi(2)), 0.7, "entries");
}

fn vec_shape(n: usize) -> Array2<f64> {
    Array2::zeros((2, n))
}

/// A long interval in a million steps: torchsde's interval recurses once a step there and overflows the stack.
#[test]
fn a_million_steps_of_a_long_interval() {
    let span = Span { t0: 0.0, t1: 1e6 };
    let tree = BrownianTree::with_area(Seed(2), span, 0.0, 1.0).unwrap();
    let (mut cursor, mut w, mut h) = (tree.cursor(), 0.0, 0.0);
    let (mut total, mut squares, mut areas) = (0.0, 0.0, 0.0);
    for i in 0..1_000_000 {
        tree.area_into(f64::from(i), f64::from(i + 1), &mut cursor, &mut w, &mut h).unwrap();
        total += w;
        squares += w * w;
        areas += h * h;
    }
    assert!((total - tree.increment(0.0, 1e6).unwrap()).abs() < 1e-7);
    // Deviations of the sums: √2 · 1000 and √2 · 1000 / 12.
    assert!((squares - 1e6).abs() < 6000.0, "{squares}");
    assert!((areas - 1e6 / 12.0).abs() < 500.0, "{areas}");
}

#[test]
fn tiny_intervals_keep_their_scale() {
    let tree = with_area(9, 1e-11);
    for at in [0.1, 0.5, 0.9] {
        let step = 4e-11;
        let n = 2000;
        let sample = |i: usize| tree.member(i as u32).area(at, at + step).unwrap();
        // The width itself is known to the rounding of time, 1e-16 / 4e-11.
        agrees(mean(n, |i| sample(i).0.powi(2)), step, "variance");
        agrees(mean(n, |i| sample(i).1.powi(2)), step / 12.0, "area");
    }
    // Far below the tolerance the path is continuous and still one path.
    let coarse = with_area(9, 0.3);
    let tiny: f64 = coarse.increment(0.31, 0.31 + 1e-9).unwrap();
    assert!(tiny.abs() < 1e-6 && tiny != 0.0);
    let (w1, w2) = (coarse.increment(0.3, 0.31).unwrap(), coarse.increment(0.31, 0.32).unwrap());
    assert!((w1 + w2 - coarse.increment(0.3, 0.32).unwrap()).abs() < 1e-15);
}

#[test]
fn a_single_leaf_is_a_tree() {
    let tree = with_area(9, 1.0);
    assert_eq!(tree.leaf(), 1.0);
    let ((w1, _), (w2, _)) = (tree.area(0.0, 0.3).unwrap(), tree.area(0.3, 1.0).unwrap());
    assert!((w1 + w2 - tree.increment(0.0, 1.0).unwrap()).abs() < 1e-15);
}

#[test]
fn arrays_of_single_precision_round_the_same_path() {
    let wide = BrownianTree::new(Seed(4), UNIT, array![[0.0_f64, 0.0], [0.0, 0.0]], 1e-2).unwrap();
    let narrow = BrownianTree::new(Seed(4), UNIT, array![[0.0_f32, 0.0], [0.0, 0.0]], 1e-2).unwrap();
    let (w, v) = (wide.increment(0.1, 0.6).unwrap(), narrow.increment(0.1, 0.6).unwrap());
    assert_eq!(w.mapv(|x| x as f32), v);
}

#[test]
fn bad_paths_are_refused_in_words() {
    let new = |t0, t1, tolerance| BrownianTree::new(Seed(0), Span { t0, t1 }, 0.0, tolerance).unwrap_err();
    let text = |error: SdeError| error.to_string();
    assert_eq!(
        text(new(1.0, 1.0, 0.1)),
        "a path cannot run from t = 1 to t = 1; give two finite times, the earlier one first"
    );
    for (t0, t1) in [(1.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (-f64::MAX, f64::MAX)] {
        assert!(matches!(new(t0, t1, 0.1), SdeError::BadSpan { .. }));
    }
    assert_eq!(
        text(new(0.0, 1.0, 0.0)),
        "the path's tolerance is 0e0, but must be finite and at least 9.094947017729282e-13 over this span; \
         give a time shorter than the shortest step"
    );
    for tolerance in [-1.0, f64::NAN, f64::INFINITY, 1e-13] {
        assert!(matches!(new(0.0, 1.0, tolerance), SdeError::BadTolerance { .. }));
    }
    // Around t = 1e9 times are 1.2e-7 apart.
    assert!(matches!(new(1e9, 1e9 + 1.0, 1e-6), SdeError::BadTolerance { .. }));
}

#[test]
fn intervals_outside_the_span_are_refused_in_words() {
    let tree = plain(1, 0.1);
    assert_eq!(
        tree.increment(0.5, 1.25).unwrap_err().to_string(),
        "the driving path is known from t = 0 to t = 1 only, and cannot drive a step or a solve from t = 0.5 to \
         t = 1.25; make the path over the whole span"
    );
    for (t0, t1) in [(-0.1, 0.5), (0.5, -0.1), (f64::NAN, 0.5), (0.5, f64::INFINITY)] {
        assert!(matches!(tree.increment(t0, t1), Err(StepError::OutsidePath { .. })));
    }
    // The rounding of a last step's time is no offence.
    assert!(tree.increment(0.5, 1.0_f64.next_up()).is_ok());
}
