//! The number of repeated steps: by the formula, by dynamic programming, and as counted.

use chreode_adjoint::{advances, binomial};

#[test]
fn binomials() {
    assert_eq!(binomial(3, 2), 10);
    assert_eq!(binomial(10, 10), 184_756);
    assert_eq!((binomial(5, 0), binomial(0, 5)), (1, 1));
    assert_eq!(binomial(256, 2), 33_153);
    assert_eq!(binomial(usize::MAX, usize::MAX), usize::MAX);
    for s in 1..20 {
        for r in 1..20 {
            assert_eq!(binomial(s, r), binomial(s - 1, r) + binomial(s, r - 1));
        }
    }
}

#[test]
fn the_formula_is_the_least_there_is() {
    // t(l, s) = min over m of m + t(l − m, s − 1) + t(m, s).
    let most = 60;
    let mut least = vec![vec![0usize; most + 1]; 9];
    for l in 2..=most {
        least[1][l] = l * (l - 1) / 2;
    }
    for s in 2..9 {
        for l in 2..=most {
            least[s][l] = (1..l).map(|m| m + least[s - 1][l - m] + least[s][m]).min().unwrap();
        }
    }
    for s in 1..9 {
        for l in 1..=most {
            assert_eq!(advances(l, s), least[s][l], "{l} steps, {s} checkpoints");
        }
    }
    assert_eq!((advances(0, 3), advances(3, 0), advances(1, 1)), (0, 0, 0));
    assert_eq!((advances(7, usize::MAX), advances(1, usize::MAX)), (6, 0));
    // Griewank and Walther: 10 checkpoints reverse 184 756 steps with at most 10 repetitions.
    assert!(advances(184_756, 10) < 10 * 184_756);
}
