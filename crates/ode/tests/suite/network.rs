//! The doors that models use: a network as the field, rows of `f32` as the state.

use chreode_core::{Network, NetworkField, ParameterView, Tolerance, VectorField};
use chreode_ode::{DOPRI5, EULER, ExplicitRk, Fixed, Pi, Solve, Span};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, array};

/// v(t, x) = w x: one parameter.
struct Scale {
    w: f32,
    layout: Vec<ParameterView>,
}

impl Network for Scale {
    type Scalar = f32;
    type Memory = ();
    fn width(&self) -> (usize, usize) {
        (2, 2)
    }
    fn layout(&self) -> &[ParameterView] {
        &self.layout
    }
    fn read_parameters(&self, flat: &mut [f32]) {
        flat[0] = self.w;
    }
    fn write_parameters(&mut self, flat: &[f32]) {
        self.w = flat[0];
    }
    fn forward(&self, _: &[f32], x: ArrayView2<'_, f32>, mut out: ArrayViewMut2<'_, f32>, (): &mut ()) {
        out.zip_mut_with(&x, |out, x| *out = self.w * x);
    }
    fn pullback(
        &self,
        a: ArrayView2<'_, f32>,
        state: Option<ArrayViewMut2<'_, f32>>,
        _: Option<&mut [f32]>,
        (): &mut (),
    ) {
        if let Some(mut state) = state {
            state.zip_mut_with(&a, |state, a| *state = self.w * a);
        }
    }
}

#[test]
fn a_network_is_solved_through_every_door() {
    let network = Scale { w: -0.5, layout: Vec::new() };
    let field = NetworkField::new(&network);
    let y0: Array2<f32> = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    let exact = |t: f64| y0.mapv(|y| y * (-0.5 * t).exp() as f32);
    let near = |a: &Array2<f32>, b: &Array2<f32>, by: f32| a.iter().zip(b).all(|(a, b)| (a - b).abs() < by);

    let euler = Solve::new(ExplicitRk::new(EULER), Fixed::steps(100));
    let y: Array2<f32> = euler.end(&field, Span { t0: 0.0, t1: 1.0 }, y0.clone()).unwrap();
    assert!(near(&y, &exact(1.0), 0.02));

    let dopri5 = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-5)));
    let times = [0.0, 0.25, 1.0, 3.0];
    let ys: Vec<Array2<f32>> = dopri5.at(&field, y0.clone(), &times).unwrap();
    assert!(times.iter().zip(&ys).all(|(t, y)| near(y, &exact(*t), 1e-4)));

    // A field chosen at run time.
    let chosen: &dyn VectorField<Array2<f32>> = &field;
    assert_eq!(dopri5.at(chosen, y0.clone(), &times).unwrap(), ys);
}
