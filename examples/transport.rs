//! Exact transport between two clouds of different sizes, and the proof that it is exact.

use chreode::ot::{CostFunction, Coupling, NetworkSimplex, OtError, OtSolver, SquaredEuclidean, Transport};
use ndarray::Array2;

fn main() -> Result<(), OtError> {
    // A square of 400 points, and a smaller one of 225 points, moved two to the right.
    let grid = |side: usize, size: f64, shift: f64| {
        Array2::from_shape_fn((side * side, 2), |(i, j)| {
            let at = if j == 0 { i % side } else { i / side };
            size * at as f64 / (side - 1) as f64 + if j == 0 { shift } else { 0.0 }
        })
    };
    let (x, y) = (grid(20, 1.0, 0.0), grid(15, 0.5, 2.0));
    let cost = SquaredEuclidean.matrix(x.view(), y.view())?;
    let plan = NetworkSimplex::default().solve(&Transport::uniform(&cost)?)?;

    let certificate = plan.certificate();
    println!("cost         {:.6}", certificate.primal_cost);
    println!("dual value   {:.6}", certificate.dual_cost);
    println!("gap          {:.1e}  (the plan costs at most this much more than the best)", certificate.gap());
    println!("entries      {} of {}", plan.entries().len(), x.nrows() * y.nrows());
    assert!(certificate.gap() < 1e-12);

    // Where each point of x goes on average.
    let goes = plan.barycentric(y.view());
    println!("(0, 0) goes to ({:.3}, {:.3})", goes[[0, 0]], goes[[0, 1]]);
    Ok(())
}
