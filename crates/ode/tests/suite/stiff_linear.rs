//! The linear algebra of implicit methods: every structure solves the same systems.

use chreode_core::Complex;
use chreode_ode::{Factor, Matrix, Number, Pattern, Singular, Structure};

/// Numbers that look random and are the same every time.
struct Lehmer(u64);

impl Lehmer {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0
    }
}

/// `(shift M − J) x − b`, largest entry.
fn residual<T: Number>(shift: T, mass: Option<&Matrix>, jacobian: &Matrix, x: &[T], b: &[T]) -> f64 {
    let mut worst: f64 = 0.0;
    for (i, b) in b.iter().enumerate() {
        let mut sum = T::default();
        for (j, x) in x.iter().enumerate() {
            let m = mass.map_or(if i == j { 1.0 } else { 0.0 }, |m| m.get(i, j));
            sum += (shift * T::from(m) - T::from(jacobian.get(i, j))) * *x;
        }
        worst = worst.max((sum - *b).size());
    }
    worst
}

fn filled(size: usize, structure: Structure, rng: &mut Lehmer) -> Matrix {
    let mut matrix = Matrix::zeros(size, structure);
    matrix.values_mut().iter_mut().for_each(|v| *v = rng.next());
    matrix
}

fn arrow(n: usize) -> Structure {
    let places = (0..n).flat_map(|i| [(i, i), (0, i), (i, 0), (i, (i * 7 + 3) % n)]);
    Structure::Sparse(Pattern::new(n, places).expect("inside").into())
}

#[test]
fn every_structure_and_size_solves_its_systems() {
    let mut rng = Lehmer(1);
    for n in [1, 2, 3, 4, 5, 7, 8, 9, 20, 60] {
        let structures = [
            Structure::Dense,
            Structure::Banded { lower: 1, upper: 2 },
            Structure::Banded { lower: 70, upper: 0 },
            arrow(n),
        ];
        for structure in structures {
            let masses = [None, Some(Structure::DIAGONAL), Some(Structure::Banded { lower: 2, upper: 1 })];
            for mass in masses {
                let mass = mass.map(|structure| filled(n, structure, &mut rng));
                let jacobian = filled(n, structure.clone(), &mut rng);
                let mut real = Factor::<f64>::new(&jacobian, mass.as_ref());
                let mut complex = Factor::<Complex<f64>>::new(&jacobian, mass.as_ref());
                for shift in [1.3, 0.2, 40.0] {
                    let b: Vec<f64> = (0..n).map(|_| rng.next()).collect();
                    real.refactor(shift, mass.as_ref(), &jacobian).expect("regular");
                    let mut x = b.clone();
                    real.solve(&mut x);
                    let size = x.iter().fold(1.0f64, |s, x| s.max(x.abs()));
                    let left = residual(shift, mass.as_ref(), &jacobian, &x, &b);
                    assert!(left < 1e-12 * (1.0 + shift) * size, "{n} {structure:?}: {left:e}");

                    let shift = Complex::new(shift, -0.7 * shift);
                    let b: Vec<_> = b.iter().map(|b| Complex::new(*b, 1.0 - b)).collect();
                    complex.refactor(shift, mass.as_ref(), &jacobian).expect("regular");
                    let mut x = b.clone();
                    complex.solve(&mut x);
                    let size = x.iter().fold(1.0f64, |s, x| s.max(x.size()));
                    let left = residual(shift, mass.as_ref(), &jacobian, &x, &b);
                    assert!(left < 1e-12 * (1.0 + shift.size()) * size, "{n} {structure:?}: {left:e}");
                }
            }
        }
    }
}

#[test]
fn pivots_are_chosen_and_chosen_again() {
    // 1/shift on the diagonal is tiny beside the corners: no elimination without swaps.
    let structures = [
        Structure::Dense,
        Structure::Banded { lower: 1, upper: 1 },
        Structure::Sparse(Pattern::new(2, [(0, 0), (0, 1), (1, 0), (1, 1)]).expect("inside").into()),
    ];
    for structure in structures {
        let mut jacobian = Matrix::zeros(2, structure);
        let mut factor = Factor::<f64>::new(&jacobian, None);
        for (corner, diagonal) in [(0.0, -1.0), (-1.0, 0.0), (-1.0, 1e-20), (0.0, -3.0)] {
            jacobian.clear();
            jacobian.set(0, 1, corner);
            jacobian.set(1, 0, corner);
            jacobian.set(0, 0, diagonal);
            jacobian.set(1, 1, diagonal);
            factor.refactor(0.0, None, &jacobian).expect("regular");
            let mut x = [2.0, 3.0];
            factor.solve(&mut x);
            assert!(residual(0.0, None, &jacobian, &x, &[2.0, 3.0]) < 1e-14, "{corner} {diagonal}: {x:?}");
        }
    }
}

#[test]
fn a_singular_matrix_names_its_column() {
    for structure in [Structure::Dense, Structure::Banded { lower: 1, upper: 1 }] {
        for n in [3, 12] {
            let mut jacobian = Matrix::zeros(n, structure.clone());
            for i in 0..n {
                jacobian.set(i, i, if i == 2 { 1.0 } else { -1.0 });
            }
            let mut factor = Factor::<f64>::new(&jacobian, None);
            let error = factor.refactor(1.0, None, &jacobian).unwrap_err();
            assert_eq!(error, Singular { column: 2 });
            assert_eq!(error.to_string(), "the matrix is singular: elimination finds no pivot in column 2");
        }
    }
    let mut jacobian = Matrix::zeros(4, Structure::Sparse(Pattern::new(4, [(3, 3)]).unwrap().into()));
    jacobian.set(3, 3, 1.0);
    let mut factor = Factor::<f64>::new(&jacobian, None);
    assert_eq!(factor.refactor(1.0, None, &jacobian), Err(Singular { column: 3 }));
    assert_eq!(factor.refactor(2.0, None, &jacobian), Ok(()));
    assert!(Factor::<f64>::new(&jacobian, None).refactor(f64::NAN, None, &jacobian).is_err());
}

#[test]
fn a_grid_fills_in_little() {
    // The five-point stencil on a 20 x 20 grid: a band holds 3 · 20 + 1 entries a column.
    let side = 20;
    let at = |i: usize, j: usize| i * side + j;
    let mut places = Vec::new();
    for i in 0..side {
        for j in 0..side {
            places.push((at(i, j), at(i, j)));
            if i + 1 < side {
                places.extend([(at(i, j), at(i + 1, j)), (at(i + 1, j), at(i, j))]);
            }
            if j + 1 < side {
                places.extend([(at(i, j), at(i, j + 1)), (at(i, j + 1), at(i, j))]);
            }
        }
    }
    let n = side * side;
    let mut jacobian = Matrix::zeros(n, Structure::Sparse(Pattern::new(n, places).unwrap().into()));
    let places: Vec<_> = {
        let mut places = Vec::new();
        jacobian.for_each(|i, j, _| places.push((i, j)));
        places
    };
    for (i, j) in places {
        jacobian.set(i, j, if i == j { -4.0 } else { 1.0 });
    }
    let mut factor = Factor::<f64>::new(&jacobian, None);
    factor.refactor(1.0, None, &jacobian).unwrap();
    let entries = factor.entries();
    assert!(entries < n * side, "{entries} entries, a band has {}", n * (3 * side + 1));
    let b: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
    for shift in [1.0, 2.0] {
        factor.refactor(shift, None, &jacobian).unwrap();
        let mut x = b.clone();
        factor.solve(&mut x);
        assert!(residual(shift, None, &jacobian, &x, &b) < 1e-13);
    }
    assert_eq!(factor.entries(), entries);
}

#[test]
fn entries_outside_the_structure_are_remembered() {
    let mut band = Matrix::zeros(4, Structure::Banded { lower: 1, upper: 0 });
    band.set(0, 3, 0.0);
    assert_eq!(band.outside(), None);
    band.set(0, 3, 2.0);
    band.set(3, 0, 2.0);
    assert_eq!((band.outside(), band.get(0, 3)), (Some((0, 3)), 0.0));
    band.clear();
    assert_eq!(band.outside(), None);
    let error = Pattern::new(2, [(0, 0), (2, 1)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "entry (2, 1) is outside a matrix of size 2; rows and columns count from 0"
    );
}
