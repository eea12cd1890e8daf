//! Neighbours, connectivities, diffusion maps and pseudotime, against scanpy and brute force.

use crate::common::{SCANPY, agrees, reference};
use chreode_prep::{
    Density, DiffusionMap, Nearest, Rows, SparseRows, fuzzy_connectivities, gaussian_connectivities, nearest,
};
use ndarray::{Array2, array};

fn points() -> Array2<f32> {
    let values = reference("points").into_iter().map(|v| v as f32).collect();
    Array2::from_shape_vec((240, 4), values).unwrap()
}

fn entries(graph: &SparseRows, row: usize) -> (Vec<f64>, Vec<f64>) {
    let range = graph.indptr()[row]..graph.indptr()[row + 1];
    let columns = graph.indices()[range.clone()].iter().map(|&j| f64::from(j)).collect();
    (columns, graph.data()[range].iter().map(|&v| f64::from(v)).collect())
}

fn check(method: &str, of: impl Fn(&Nearest) -> SparseRows) {
    let nearest = nearest(points().view(), 11).unwrap();
    let (columns, distances) = entries(&nearest.distances(), 7);
    agrees(&format!("graph_{method}/neighbours"), columns, 0.0);
    agrees(&format!("graph_{method}/distances"), distances, 1e-5);
    let graph = of(&nearest);
    let theirs = &SCANPY[format!("graph_{method}")];
    assert_eq!(graph.data().len() as u64, theirs["nnz"].as_u64().unwrap());
    let sum: f64 = graph.data().iter().map(|&v| f64::from(v)).sum();
    assert!((sum - theirs["sum"].as_f64().unwrap()).abs() < 1e-3 * sum, "{sum}");
    let (columns, weights) = entries(&graph, 7);
    agrees(&format!("graph_{method}/columns"), columns, 0.0);
    agrees(&format!("graph_{method}/weights"), weights, 2e-4);
    let map = DiffusionMap::fit(&graph, 6, Density::Normalized).unwrap();
    agrees(&format!("diffusion_{method}/values"), map.values.to_vec(), 1e-4);
    agrees(&format!("diffusion_{method}/second"), (0..10).map(|i| map.vectors[[i, 1]].abs()), 1e-3);
    let time = map.pseudotime(3).unwrap();
    agrees(&format!("diffusion_{method}/pseudotime"), time.to_vec(), 2e-3);
}

#[test]
fn fuzzy_graph_and_its_diffusion() {
    check("umap", fuzzy_connectivities);
}

#[test]
fn gaussian_graph_and_its_diffusion() {
    check("gauss", gaussian_connectivities);
}

/// Against all distances, far from the origin, where products of f32 lose most digits.
#[test]
fn neighbours_are_exact() {
    let wave = |i: usize, j: usize| (((i * 37 + j * 101 + i * j) % 1009) as f32 * 0.7).sin() + 1000.0;
    let x = Array2::from_shape_fn((1500, 7), |(i, j)| wave(i, j));
    let found = nearest(x.view(), 9).unwrap();
    assert_eq!((found.len(), found.count()), (1500, 9));
    for i in (0..1500).step_by(71) {
        let distance = |j: usize| -> f64 {
            x.row(i).iter().zip(x.row(j)).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
        };
        let mut all: Vec<usize> = (0..1500).filter(|&j| j != i).collect();
        all.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)).then(a.cmp(&b)));
        let expected: Vec<u32> = all[..9].iter().map(|&j| j as u32).collect();
        assert_eq!(found.of(i).0, expected, "{i}");
        assert!((found.of(i).1[8] - distance(all[8]).sqrt()).abs() < 1e-12);
    }
}

/// More equal points than candidates: at distance 0, by number, weights of 1, and a diffusion map all the same.
#[test]
fn points_at_one_place() {
    let x = Array2::<f32>::from_shape_fn((60, 3), |(i, j)| if i < 50 { 2.0 } else { (i + j) as f32 });
    let found = nearest(x.view(), 4).unwrap();
    assert_eq!(found.of(10), (&[0u32, 1, 2, 3][..], &[0.0; 4][..]));
    assert_eq!(found.of(1).0, [0, 2, 3, 4]);
    for graph in [fuzzy_connectivities(&found), gaussian_connectivities(&found)] {
        assert!(graph.data().iter().all(|w| (0.0..=1.0).contains(w)));
        assert_eq!(entries(&graph, 10).1[..4], [1.0; 4]);
    }
}

/// Two groups that nothing joins: pseudotime ends at the border, and 1 is an eigenvalue twice.
#[test]
fn no_path_no_pseudotime() {
    let x = Array2::<f32>::from_shape_fn((40, 1), |(i, _)| (if i < 20 { 0.0 } else { 1e4 }) + i as f32);
    let graph = fuzzy_connectivities(&nearest(x.view(), 3).unwrap());
    let map = DiffusionMap::fit(&graph, 4, Density::Kept).unwrap();
    assert!((map.values[0] - 1.0).abs() < 1e-9 && (map.values[1] - 1.0).abs() < 1e-9);
    let time = map.pseudotime(0).unwrap();
    assert!(time.iter().take(20).all(|t| t.is_finite()) && time.iter().skip(20).all(|t| t.is_infinite()));
    let largest = time.iter().copied().filter(|t| t.is_finite()).fold(0.0, f64::max);
    assert_eq!((time[0], largest), (0.0, 1.0));
}

#[test]
fn what_cannot_have_neighbours() {
    let say = |x: Array2<f32>, k: usize| nearest(x.view(), k).unwrap_err().to_string();
    assert_eq!(
        say(array![[0.0], [1.0], [2.0]], 3),
        "a search of nearest neighbours needs 1 neighbour at least and more than 3 points but got 3 points; ask for fewer \
         neighbours"
    );
    assert_eq!(
        say(array![[0.0], [f32::NAN], [2.0]], 1),
        "a search of nearest neighbours needs finite coordinates but got NaN; remove such points"
    );
    let graph = fuzzy_connectivities(&nearest(array![[0.0f32], [1.0], [2.0]].view(), 1).unwrap());
    let map = |k: usize| DiffusionMap::fit(&graph, k, Density::Kept);
    assert_eq!(
        map(3).unwrap_err().to_string(),
        "a diffusion map needs more than 3 cells and a component at least but got 3 cells; ask for fewer components"
    );
    assert_eq!(
        map(2).unwrap().pseudotime(9).unwrap_err().to_string(),
        "root of 9 was given; it must be the number of a cell"
    );
    assert_eq!(graph.shape(), (3, 3));
}
