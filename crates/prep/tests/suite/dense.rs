//! Dense data against scikit-learn 1.9.1, closed forms, and itself in two ways.

use approx::assert_relative_eq;
use chreode_prep::{Pca, Solver, SparseRows, Standardizer};
use ndarray::{Array2, array, s};

fn sample() -> Array2<f64> {
    array![[1.0, 2.0, 0.5], [2.0, 1.0, 1.5], [3.0, 5.0, -1.0], [4.0, 3.0, 2.0], [0.0, -1.0, 3.0]]
}

/// `sklearn.decomposition.PCA(2, svd_solver="full")` on the same rows. There too the loading of largest
/// absolute value is positive here, so no sign was changed.
#[test]
fn components_of_scikit_learn() {
    let pca = Pca::fit(sample().view(), 2).unwrap();
    assert_relative_eq!(pca.mean, array![2.0, 2.0, 1.2], epsilon = 1e-14);
    let loadings = array![[0.44280315, 0.75155324], [0.77798124, -0.05094725], [-0.44572477, 0.65770215]];
    assert_relative_eq!(pca.loadings, loadings, epsilon = 1e-8);
    assert_relative_eq!(pca.variance, array![8.21237487, 1.54784616], epsilon = 1e-8);
    assert_relative_eq!(pca.variance_ratio, array![0.83586513, 0.15754159], epsilon = 1e-8);
    let scores = array![
        [-0.13079581, -1.21194474],
        [-0.91169867, 0.24825789],
        [3.75734135, -0.84823322],
        [1.30700771, 1.97832094],
        [-4.02185459, -0.16640087]
    ];
    assert_relative_eq!(pca.transform(sample().view()).unwrap(), scores, epsilon = 1e-8);
}

#[test]
fn all_components_lose_nothing_and_are_orthonormal() {
    let x = sample();
    let pca = Pca::fit(x.view(), 3).unwrap();
    let z = pca.transform(x.view()).unwrap();
    assert_relative_eq!(pca.inverse(z.view()).unwrap(), x, epsilon = 1e-12);
    assert_relative_eq!(pca.loadings.t().dot(&pca.loadings), Array2::eye(3), epsilon = 1e-13);
    assert_relative_eq!(pca.variance_ratio.sum(), 1.0, epsilon = 1e-13);
}

/// More rows than one block, then more columns than rows: covariance and Gram matrix must agree, and sparse
/// with dense.
#[test]
fn wide_and_tall_and_sparse_agree() {
    let entry = |i: usize, j: usize| {
        let value = ((i * 37 + j * 61 + i * j * 13) % 29) as f64;
        if value < 18.0 { 0.0 } else { value * (1.0 + j as f64) }
    };
    let tall = Array2::from_shape_fn((1100, 12), |(i, j)| entry(i, j));
    let pca = Pca::fit(tall.view(), 5).unwrap();
    // The transpose of centred data has the same singular values once its rows are centred too: compare by SVD's
    // other road, the eigenvalues of the Gram matrix, on the first rows.
    let few = tall.slice(s![..9, ..]).to_owned();
    let wide = Pca::fit(few.view(), 5).unwrap();
    let z = wide.transform(few.view()).unwrap();
    let covariance = z.t().dot(&z) / 8.0;
    assert_relative_eq!(covariance, Array2::from_diag(&wide.variance), epsilon = 1e-8 * wide.variance[0]);
    assert_relative_eq!(wide.loadings.t().dot(&wide.loadings), Array2::eye(5), epsilon = 1e-10);

    let mut indptr = vec![0];
    let (mut indices, mut data) = (Vec::new(), Vec::new());
    for row in tall.rows() {
        for (j, &v) in row.iter().enumerate().filter(|(_, v)| **v != 0.0) {
            indices.push(j as u32);
            data.push(v as f32);
        }
        indptr.push(indices.len());
    }
    let sparse = SparseRows::new(12, &indptr, &indices, &data).unwrap();
    let other = Pca::fit_rows(&sparse, 5, Solver::Exact).unwrap();
    assert_relative_eq!(other.loadings, pca.loadings, epsilon = 1e-9);
    assert_relative_eq!(
        other.transform_rows(&sparse).unwrap(),
        pca.transform(tall.view()).unwrap(),
        epsilon = 1e-8 * pca.variance[0].sqrt()
    );
    for column in pca.loadings.columns() {
        let largest = column.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
        assert!(largest > 0.0);
    }
}

#[test]
fn components_that_the_data_do_not_have() {
    let say = |x: Array2<f64>, k: usize| Pca::fit(x.view(), k).unwrap_err().to_string();
    assert_eq!(
        say(sample(), 4),
        "principal component analysis needs min(rows - 1, columns) of at least 4 but got 5 rows and 3 columns; ask \
         for fewer components"
    );
    let line = Array2::from_shape_fn((6, 3), |(i, j)| (i * (j + 1)) as f64);
    assert_eq!(
        say(line, 2),
        "principal component analysis needs data of 2 dimensions but got data of 1; ask for fewer components"
    );
    let mut broken = sample();
    broken[[1, 1]] = f64::NAN;
    assert!(say(broken, 1).contains("needs finite entries but got NaN or infinity"));
    let pca = Pca::fit(sample().view(), 2).unwrap();
    assert!(pca.transform(Array2::<f32>::zeros((1, 2)).view()).is_err());
}

/// μ = 2 and σ = √(2/3) for 1, 2, 3; a constant column becomes 0.
#[test]
fn standardised_columns() {
    let x = array![[1.0f32, 5.0, 9.0], [2.0, 5.0, 9.0], [3.0, 5.0, 0.0]];
    let scaler = Standardizer::fit(x.view(), 2).unwrap();
    assert_eq!(scaler.mean, array![2.0, 5.0]);
    assert_relative_eq!(scaler.scale, array![(2.0f64 / 3.0).sqrt(), 1.0], epsilon = 1e-15);
    let z = scaler.apply(x.view()).unwrap();
    assert_relative_eq!(z, array![[-1.224_744_9, 0.0], [0.0, 0.0], [1.224_744_9, 0.0]], epsilon = 1e-6);
    assert_relative_eq!(scaler.invert(z.view()).unwrap(), x.slice(s![.., ..2]), epsilon = 1e-6);
    assert_eq!(
        Standardizer::fit(x.view(), 4).unwrap_err().to_string(),
        "standardisation needs a row at least and 4 columns but got 3 rows and 3 columns; choose fewer dimensions"
    );
    assert_eq!(
        scaler.apply(x.slice(s![.., ..1])).unwrap_err().to_string(),
        "standardisation needs 2 columns but got 1 columns; give the columns that it was fitted to"
    );
}
