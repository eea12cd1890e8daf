//! The steps of a solve, taken again from other data: the function whose derivative the discrete gradient is.

use crate::record::{Record, weighty};
use crate::stages::{Workspace, finish, stage, with_terms};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{Span, Tableau};

/// The states at `times` when `steps` are taken from `y0`.
pub(crate) fn held<P: VectorField<Y> + ?Sized, Y: VectorSpace>(
    tableau: &Tableau,
    field: &P,
    steps: &[Record],
    y0: &Y,
    times: &[f64],
) -> Vec<Y> {
    let at_start = times.iter().take_while(|t| **t == times[0]).count();
    let mut ys: Vec<Y> = (0..at_start).map(|_| y0.duplicate()).collect();
    let Workspace { mut k, mut scratch, .. } = Workspace::new(tableau, y0);
    let (mut now, mut next) = (y0.duplicate(), y0.zeros_like());
    let mut from = times[0];
    for step in steps {
        let direction = Span { t0: from, t1: step.to }.direction();
        let within = |t: &&f64| (**t - step.to) * direction <= 0.0;
        let last = ys.len() + times[ys.len()..].iter().take_while(within).count();
        let dense = times[ys.len()..last].iter().any(|t| *t != step.to);
        for i in 0..if dense { tableau.dense_stages() } else { weighty(tableau) } {
            stage(tableau, field, step, &now, i, &mut k, &mut scratch);
        }
        finish(tableau, step, &now, &k, &mut next);
        for t in &times[ys.len()..last] {
            let theta = (t - step.t) / step.h;
            let weights = (0..tableau.dense_stages()).map(|i| tableau.weight(i, theta));
            ys.push(if *t == step.to {
                next.duplicate()
            } else {
                with_terms(step.h, weights, &k, |terms| now.plus(terms))
            });
        }
        std::mem::swap(&mut now, &mut next);
        from = step.to;
    }
    ys
}
