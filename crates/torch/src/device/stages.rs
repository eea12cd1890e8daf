//! One step of a Runge-Kutta method for all rows, each with its own size.

use chreode_ode::{Embedded, Tableau};
use tch::{Device, Kind, Tensor};

/// A tableau and its stages, on the device. A combination of stages is one matrix-vector product and one
/// fused product with the step sizes, however many stages there are.
pub(super) struct Stages {
    tableau: Tableau,
    /// The rows of the tableau, with the weights of the new state at the end.
    a: Vec<Tensor>,
    error: Vec<Tensor>,
    /// Stage after stage, of shape `[stages, rows, columns]`.
    k: Tensor,
    /// Whether the first stage is known from the step before.
    known: bool,
}

impl Stages {
    pub(super) fn new(tableau: &Tableau, y0: &Tensor) -> Self {
        let it = tableau.coefficients();
        let (kind, device) = (y0.kind(), y0.device());
        let weights = |w: &[f64]| Tensor::from_slice(w).to_kind(kind).to_device(device).unsqueeze(0);
        let estimates: Vec<Embedded> = it.embedded.into_iter().chain(tableau.second()).collect();
        let shape = [&[tableau.stages() as i64], y0.size().as_slice()].concat();
        Self {
            tableau: *tableau,
            a: it.a.iter().copied().chain([it.b]).map(weights).collect(),
            error: estimates.iter().map(|e| weights(e.error)).collect(),
            k: Tensor::zeros(shape, (kind, device)),
            known: false,
        }
    }

    pub(super) fn device(&self) -> Device {
        self.k.device()
    }

    pub(super) fn kind(&self) -> Kind {
        self.k.kind()
    }

    /// Stage `i`.
    pub(super) fn stage(&self, i: usize) -> Tensor {
        self.k.select(0, i as i64)
    }

    /// Sets the first stage.
    pub(super) fn set_first(&mut self, slope: &Tensor) {
        self.stage(0).copy_(slope);
        self.known = true;
    }

    /// Σ wⱼ kⱼ over the first stages, as many as there are weights.
    fn sum(&self, weights: &Tensor) -> Tensor {
        let count = weights.size()[1];
        weights.matmul(&self.k.narrow(0, 0, count).view([count, -1])).view(&self.k.size()[1..])
    }

    /// The rows after a step of size `h` (a number a row) from `y` at `t`.
    pub(super) fn step(
        &mut self,
        field: &impl Fn(&Tensor, &Tensor) -> Tensor,
        t: &Tensor,
        h: &Tensor,
        y: &Tensor,
    ) -> Tensor {
        let it = self.tableau.coefficients();
        let steps = h.to_kind(self.kind()).unsqueeze(1);
        let of_rows = |t: &Tensor| t.to_kind(self.k.kind());
        if !self.known {
            let slope = field(&of_rows(t), y);
            self.stage(0).copy_(&slope);
        }
        let mut last = None;
        for i in 1..self.tableau.stages() {
            let inner = y.addcmul(&self.sum(&self.a[i]), &steps);
            let slope = field(&of_rows(&(t + h * it.c[i])), &inner);
            self.stage(i).copy_(&slope);
            last = Some(inner);
        }
        match last {
            Some(last) if self.tableau.fsal() => last,
            _ => y.addcmul(&self.sum(&self.a[self.tableau.stages()]), &steps),
        }
    }

    /// The scaled error of each row, in the kind of `h`: 1 is exactly on tolerance.
    pub(super) fn error(&self, h: &Tensor, before: &Tensor, after: &Tensor, rtol: f64, atol: f64) -> Tensor {
        let steps = h.to_kind(self.kind()).unsqueeze(1);
        let scale = before.abs().maximum(&after.abs()) * rtol + atol;
        let size = |w: &Tensor| rms(&(self.sum(w) * &steps / &scale), h.kind());
        let first = size(&self.error[0]);
        let Some(second) = self.error.get(1).map(size) else { return first };
        let both = (first.square() + second.square() * 0.01).sqrt();
        // 0 of two errors of 0, and no number of one that is none.
        first.square() / both.clamp_min(f64::MIN_POSITIVE)
    }

    /// Makes ready for the next step: of the rows in `accepted` (all by default) the last stage becomes the first,
    /// where the method has it so.
    pub(super) fn commit(&mut self, accepted: Option<&Tensor>) {
        if !self.tableau.fsal() {
            self.known = false;
            return;
        }
        let (first, last) = (self.stage(0), self.stage(self.tableau.stages() - 1));
        let next = match accepted {
            Some(rows) => last.where_self(&rows.unsqueeze(1), &first),
            None => last,
        };
        self.set_first(&next);
    }
}

/// The root mean square of each row.
pub(super) fn rms(rows: &Tensor, kind: Kind) -> Tensor {
    rows.square().mean_dim(1i64, false, kind).sqrt()
}
