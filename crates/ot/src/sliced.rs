//! Sliced Wasserstein distances: transport along lines.

mod directions;
mod gradient;
mod line;
mod maximum;
mod sort;

pub use directions::directions;
pub use gradient::sliced_wasserstein_gradient;
pub use maximum::{MaxSliced, max_sliced_wasserstein};

use crate::weights::Weights;
use crate::{Order, OtError, PointCloud};
use chreode_core::Real;
use line::{Lines, Side};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use rayon::prelude::*;

/// Directions that one task projects on: many, for the points are packed once a task, but 16 MiB of numbers
/// at most.
fn block(points: usize) -> usize {
    ((1 << 21) / points).clamp(4, 64)
}

/// What [`sliced_wasserstein`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Sliced {
    /// `SW_p = (mean over directions of W_pᵖ along them)^(1/p)`.
    pub value: f64,
    /// `SW_pᵖ`, the mean.
    pub cost: f64,
    /// The standard error of that mean over the choice of directions; NaN for one direction.
    pub standard_error: f64,
    /// p.
    pub order: Order,
    /// `W_pᵖ` along each direction.
    pub costs: Array1<f64>,
}

/// The sliced Wasserstein distance `SW_p` between two weighted clouds along the given directions.
///
/// Along a direction θ the points are numbers `⟨θ, x_i⟩`, and transport sorts them. With [`directions`] it
/// estimates the mean over the sphere; the error falls with the square root of their number and does not grow
/// with the dimension. N. Bonneel et al., J. Math. Imaging Vis. 51, 2015, doi 10.1007/s10851-014-0506-3.
/// Weights are normalised on each side; `None` stands for equal weights.
///
/// K directions: O(K (n + m) (d + log n)) time, O((n + m) d) memory. Parallel over blocks of directions; the
/// same bits for any number of threads.
///
/// ```
/// use chreode_core::Seed;
/// use chreode_ot::{Order, directions, sliced_wasserstein};
/// use ndarray::array;
///
/// let x = array![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]];
/// let y = &x + &array![[3.0, 4.0]];
/// let lines = directions(2000, 2, Seed(1))?;
/// let sliced = sliced_wasserstein(x.view(), y.view(), None, None, Order::Two, lines.view())?;
/// // A shift by v: the mean of ⟨θ, v⟩² is |v|²/d.
/// assert!((sliced.cost - 12.5).abs() < 4.0 * sliced.standard_error);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
///
/// # Errors
/// An empty cloud, different numbers of columns, a coordinate that is not finite, bad weights, an order below
/// 1, no direction, or directions of another dimension or that are not of length 1.
pub fn sliced_wasserstein<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    a: Option<ArrayView1<'_, T>>,
    b: Option<ArrayView1<'_, T>>,
    order: Order,
    directions: ArrayView2<'_, f64>,
) -> Result<Sliced, OtError> {
    let clouds = Clouds::new(x, y, a, b, order, directions)?;
    let costs = clouds.each_direction(directions, |lines, x, y| lines.cost(x, y));
    Ok(Sliced::new(costs.into(), order))
}

impl Sliced {
    fn new(costs: Array1<f64>, order: Order) -> Self {
        let cost = costs.sum() / costs.len() as f64;
        let standard_error = costs.std(1.0) / (costs.len() as f64).sqrt();
        Self { value: order.root(cost), cost, standard_error, order, costs }
    }
}

/// Two clouds, checked, with all that does not depend on the direction.
struct Clouds {
    x: Array2<f64>,
    y: Array2<f64>,
    weights: [Weights; 2],
    equal: bool,
    order: Order,
}

impl Clouds {
    fn new<T: Real>(
        x: ArrayView2<'_, T>,
        y: ArrayView2<'_, T>,
        a: Option<ArrayView1<'_, T>>,
        b: Option<ArrayView1<'_, T>>,
        order: Order,
        directions: ArrayView2<'_, f64>,
    ) -> Result<Self, OtError> {
        PointCloud::new(x, y, &crate::SquaredEuclidean)?;
        order.check()?;
        directions::check(directions, x.ncols())?;
        let weights = Weights::pair(a, b, (x.nrows(), y.nrows()))?;
        let first = weights[0].shares[0];
        let equal = x.nrows() == y.nrows() && weights.iter().all(|w| w.shares.iter().all(|&s| s == first));
        let [x, y] = [x, y].map(crate::divergence::contiguous);
        Ok(Self { x, y, weights, equal, order })
    }

    fn lines(&self) -> Lines<'_> {
        let masses = (!self.equal).then(|| (self.weights[0].shares.view(), self.weights[1].shares.view()));
        Lines::new(masses, self.order)
    }

    /// A function of the clouds' coordinates along each direction, in order.
    fn each_direction<R: Send>(
        &self,
        directions: ArrayView2<'_, f64>,
        f: impl Fn(&mut Lines<'_>, Side<'_>, Side<'_>) -> R + Sync,
    ) -> Vec<R> {
        let (n, m) = (self.x.nrows(), self.y.nrows());
        let size = block(n + m).min(directions.nrows().div_ceil(4));
        let blocks: Vec<Vec<R>> = (0..directions.nrows().div_ceil(size))
            .into_par_iter()
            .map_init(
                || (self.lines(), Array2::zeros((size, n)), Array2::zeros((size, m))),
                |(lines, along_x, along_y), block| {
                    let end = ((block + 1) * size).min(directions.nrows());
                    let theta = directions.slice(s![block * size..end, ..]);
                    let (mut px, mut py) = (
                        along_x.slice_axis_mut(Axis(0), (..theta.nrows()).into()),
                        along_y.slice_axis_mut(Axis(0), (..theta.nrows()).into()),
                    );
                    general_mat_mul(1.0, &theta, &self.x.t(), 0.0, &mut px);
                    general_mat_mul(1.0, &theta, &self.y.t(), 0.0, &mut py);
                    let rows = px.rows().into_iter().zip(py.rows());
                    rows.map(|(x, y)| {
                        f(lines, x.to_slice().expect("contiguous"), y.to_slice().expect("contiguous"))
                    })
                    .collect()
                },
            )
            .collect();
        blocks.into_iter().flatten().collect()
    }
}
