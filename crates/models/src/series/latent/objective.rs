//! The evidence lower bound and its gradient.

use super::batch::LatentBatch;
use super::config::LatentConfig;
use super::nets::{LatentNets, Motion};
use super::path::{Path, PathTape};
use crate::series::modules::{Modules, slices};
use crate::series::walk::{Tape, Walk, WalkGradient, add};
use crate::timeless::timeless;
use crate::{ModelError, Net, NetMemory, Objective};
use chreode_core::{Network, ParameterView, Tolerance};
use ndarray::{Array2, ArrayView2, Axis, Zip, s};

/// The weight of the log-likelihood of Poisson arrivals, as published.
const ARRIVALS: f64 = 0.1;

/// `−E_q[ln p(x | z)] + β KL(q(z₀) ‖ N(0, 1)) + w · cross-entropy`, with one draw of z₀ an individual.
///
/// As in the authors' program the log-likelihood is a mean over the values of a feature, then over features; the KL is
/// divided by what [`PriorShare`](crate::PriorShare) says; both, and the cross-entropy, are means over individuals. The
/// constant of the Gaussian is left out.
pub struct LatentObjective {
    pub(super) nets: LatentNets,
    noise: f64,
    label_weight: f64,
    tolerance: Tolerance,
    encoder: Tape<Net>,
    head: NetMemory,
    path: PathTape,
    decoder: NetMemory,
    rates: NetMemory,
    classifier: NetMemory,
    flat: Vec<f32>,
}

impl LatentObjective {
    pub(super) fn new(nets: LatentNets, config: &LatentConfig) -> Self {
        Self {
            nets,
            noise: config.noise,
            label_weight: config.label_weight,
            tolerance: config.tolerance(),
            encoder: Tape::default(),
            head: NetMemory::default(),
            path: PathTape::default(),
            decoder: NetMemory::default(),
            rates: NetMemory::default(),
            classifier: NetMemory::default(),
            flat: Vec::new(),
        }
    }
}

/// q(z₀): its mean, its deviation, and the slope of the deviation in what the head says.
pub(super) struct Posterior {
    pub(super) mean: Array2<f32>,
    pub(super) deviation: Array2<f32>,
    slope: Array2<f32>,
}

impl Posterior {
    pub(super) fn of(head: &Array2<f32>) -> Self {
        let latents = head.ncols() / 2;
        let raw = head.slice(s![.., latents..]);
        Self {
            mean: head.slice(s![.., ..latents]).to_owned(),
            // ln(1 + eˣ), in the form that does not overflow; the least keeps its logarithm a number.
            deviation: raw.mapv(|x| x.max(0.0) + (-x.abs()).exp().ln_1p() + 1e-6),
            slope: raw.mapv(|x| 1.0 / (1.0 + (-x).exp())),
        }
    }

    /// z₀ for these normal numbers.
    pub(super) fn draw(&self, noise: &Array2<f32>) -> Array2<f32> {
        &self.mean + &(&self.deviation * noise)
    }

    /// KL(q ‖ N(0, 1)) of each row.
    pub(super) fn divergences(&self) -> impl Iterator<Item = f64> {
        let kl = |m: f32, d: f32| f64::from(0.5 * (m * m + d * d - 1.0)) - f64::from(d).ln();
        let rows = self.mean.rows().into_iter().zip(self.deviation.rows());
        rows.map(move |(mean, deviation)| mean.iter().zip(deviation).map(|(&m, &d)| kl(m, d)).sum())
    }

    /// The cotangent of what the head says, for `dz` of the draw and a scale of the divergence a row.
    fn pull(&self, dz: &Array2<f32>, noise: &Array2<f32>, scales: &[f32]) -> Array2<f32> {
        let scales = ArrayView2::from_shape((scales.len(), 1), scales).expect("one a row");
        let by_mean = dz + &(&self.mean * &scales);
        let by_deviation = self.deviation.mapv(|d| d - 1.0 / d) * scales;
        let by_raw = (dz * noise + by_deviation) * &self.slope;
        ndarray::concatenate(Axis(1), &[by_mean.view(), by_raw.view()])
            .expect("both have a row an individual")
    }
}

impl Objective for LatentObjective {
    type Batch = LatentBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.nets.parts().layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.nets.read_all(flat);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.nets.write_all(flat);
    }

    fn loss(&mut self, _stage: usize, batch: &LatentBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        let nets = &self.nets;
        let rows = batch.asked.rows;
        let (latents, features) = (nets.latents, nets.features);

        // Forwards.
        let mut h = Array2::zeros((rows, nets.encoder.state));
        nets.encoder.forward(&batch.encode, &mut h, &mut self.encoder);
        let head = timeless(&nets.head, h.view(), &mut self.head);
        let q = Posterior::of(&head);
        let z0 = q.draw(&batch.noise);
        let path = Path { nets, tolerance: self.tolerance };
        let z = path.forward(&z0, &batch.asked, &mut self.path)?;
        let mut x = timeless(&nets.decoder, z.view(), &mut self.decoder);

        // The loss, and x becomes its cotangent.
        let precision = 1.0 / (self.noise * self.noise);
        let mut loss = 0.0;
        Zip::from(&mut x).and(&batch.targets).and(&batch.weights).for_each(|x, &target, &weight| {
            let error = *x - target;
            loss += 0.5 * precision * f64::from(weight * error * error);
            *x = weight * error * precision as f32;
        });
        loss += q.divergences().zip(&batch.kl).map(|(kl, &weight)| f64::from(weight) * kl).sum::<f64>();

        // Backwards.
        gradient.fill(0.0);
        let parts = nets.parts();
        let mut dz = Array2::zeros(z.raw_dim());
        let walk = nets.encoder.modules().len();
        let motion = match &nets.motion {
            Motion::Ode(_) => 1,
            Motion::Rnn(walk) => walk.modules().len(),
        };
        let ranges =
            |first: usize, count: usize| parts.range(first).start..parts.range(first + count - 1).end;
        let (by_head, by_motion) = (ranges(walk, 1), ranges(walk + 1, motion));
        let (by_decoder, by_encoder) = (ranges(walk + 1 + motion, 1), ranges(0, walk));
        nets.decoder.pullback(
            x.view(),
            Some(dz.view_mut()),
            Some(&mut gradient[by_decoder]),
            &mut self.decoder,
        );

        let mut dends = Array2::zeros((rows, nets.width() - latents));
        if let Some(rates) = &nets.rates {
            // −w (Σ ln λ(tᵢ) − ∫ λ dt), a mean over individuals and features.
            let scale = ARRIVALS / (rows * features) as f64;
            let mut log = timeless(&rates.log, z.view(), &mut self.rates);
            Zip::from(&mut log).and(&batch.weights).for_each(|log, &weight| {
                let counted = if weight > 0.0 { scale } else { 0.0 };
                loss -= counted * f64::from(*log);
                *log = -counted as f32;
            });
            loss += scale * self.path.integrals(latents).iter().map(|&x| f64::from(x)).sum::<f64>();
            dends.fill(scale as f32);
            let mut more = Array2::zeros(z.raw_dim());
            self.flat.resize(rates.log.parameter_count(), 0.0);
            rates.log.pullback(log.view(), Some(more.view_mut()), Some(&mut self.flat), &mut self.rates);
            dz += &more;
            let start = by_motion.start + rates.offset;
            add(&mut gradient[start..], &self.flat);
        }
        if !loss.is_finite() {
            return Ok(loss);
        }
        let mut dz0 = path.pullback(&batch.asked, dz, &dends, &mut self.path, &mut gradient[by_motion])?;
        if let Some(net) = &nets.classifier {
            let known = batch.labels.iter().flatten().count().max(1) as f64;
            let scale = self.label_weight / known;
            let mut odds = timeless(net, z0.view(), &mut self.classifier);
            for (odds, label) in odds.iter_mut().zip(&batch.labels) {
                let (value, slope) = label.map_or((0.0, 0.0), |label| cross_entropy(*odds, label));
                loss += scale * value;
                *odds = (scale * slope) as f32;
            }
            let mut by_label = Array2::zeros(z0.raw_dim());
            let by_classifier = ranges(walk + 2 + motion, 1);
            let into = Some(&mut gradient[by_classifier]);
            net.pullback(odds.view(), Some(by_label.view_mut()), into, &mut self.classifier);
            dz0 += &by_label;
        }
        let dhead = q.pull(&dz0, &batch.noise, &batch.kl);
        let mut dh = Array2::zeros(h.raw_dim());
        nets.head.pullback(dhead.view(), Some(dh.view_mut()), Some(&mut gradient[by_head]), &mut self.head);
        let by_encoder = walk_gradient(&nets.encoder, &mut gradient[by_encoder]);
        let none = Array2::zeros((0, nets.encoder.state));
        nets.encoder.pullback(&batch.encode, &mut dh, &none, &mut self.encoder, by_encoder);
        Ok(loss)
    }

    fn solve_bytes(&self) -> usize {
        self.encoder.bytes() + self.path.bytes()
    }
}

/// The gradients of the nets of `walk` in the slice of all of them.
pub(crate) fn walk_gradient<'g>(walk: &Walk<Net>, gradient: &'g mut [f32]) -> WalkGradient<'g, f32> {
    let count = |net: &Option<Net>| net.as_ref().map_or(0, |net| net.parameter_count());
    let (input, flow) = (count(&walk.input), count(&walk.flow));
    let total = gradient.len();
    let [by_input, by_flow, jump] = slices(gradient, [0..input, input..input + flow, input + flow..total]);
    WalkGradient {
        input: walk.input.is_some().then_some(by_input),
        flow: walk.flow.is_some().then_some(by_flow),
        jump,
    }
}

/// −ln p of a label with these log-odds, and its slope in them.
pub(crate) fn cross_entropy(odds: f32, label: bool) -> (f64, f64) {
    let odds = f64::from(odds);
    let y = f64::from(u8::from(label));
    // ln(1 + eˣ) − y x
    let value = odds.max(0.0) + (-odds.abs()).exp().ln_1p() - y * odds;
    (value, 1.0 / (1.0 + (-odds).exp()) - y)
}

#[cfg(test)]
mod tests {
    use super::super::nets::LatentNets;
    use super::super::{LatentConfig, Learns};
    use super::*;
    use crate::{Clock, Course, Fit, Recipe, Space};
    use chreode_core::Seed;
    use ndarray::array;

    #[test]
    fn divergences_are_those_of_normal_laws() {
        // The mean 1 and ln(1 + eʰ) = 1/2; the mean 0 and the deviation 1.
        let half = (0.5_f32.exp() - 1.0).ln();
        let one = (1.0_f32.exp() - 1.0).ln();
        let q = Posterior::of(&array![[1.0, 0.0, half, one], [0.0, 0.0, one, one]]);
        let found: Vec<f64> = q.divergences().collect();
        assert!((found[0] - (0.5 * (1.0 + 0.25 - 1.0) + 2f64.ln())).abs() < 1e-5, "{found:?}");
        assert!(found[1].abs() < 1e-5, "{found:?}");
    }

    /// The loss grows by the divergences times their weights, and by nothing else, as the weights do.
    #[test]
    fn the_loss_has_the_divergences_at_their_weights() {
        let data = Course::Damped { points: 4 }.sample(5, 0.1, Seed(1)).unwrap();
        let fit = Fit { batch: 5, hidden: vec![4], ..LatentConfig::default().fit };
        let config =
            LatentConfig { latents: 3, state: 4, learns: Learns::Rest, fit, ..LatentConfig::default() };
        let frame = data.standardising().unwrap();
        let clock = Clock { origin: 0.0, unit: 3.0 };
        let space = Space { clock, frame, times: vec![0.0, 3.0], conditions: None };
        let mut batch = config.batches(&data, &space).unwrap().batch(0).unwrap();
        let mut objective = LatentObjective::new(LatentNets::new(&config, 2).unwrap(), &config);
        let mut gradient = vec![0.0; objective.parameter_count()];
        let mut loss = |kl: [f32; 5]| {
            batch.kl = kl.to_vec();
            objective.loss(0, &batch, &mut gradient).unwrap()
        };
        let weights = [0.0, 0.1, 0.2, 0.3, 0.4];
        let grown = loss(weights) - loss([0.0; 5]);
        let mut h = Array2::zeros((5, 4));
        let nets = LatentNets::new(&config, 2).unwrap();
        nets.encoder.states(&batch.encode, &mut h);
        let q = Posterior::of(&timeless(&nets.head, h.view(), &mut NetMemory::default()));
        let expected: f64 = q.divergences().zip(weights).map(|(kl, w)| kl * f64::from(w)).sum();
        assert!(expected > 0.01 && (grown - expected).abs() < 1e-5, "{grown} {expected}");
    }
}
