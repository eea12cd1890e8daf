//! A trained latent-variable model of series.

use super::batch::{Asked, recognition};
use super::config::{Arrivals, LatentConfig};
use super::nets::LatentNets;
use super::objective::{Posterior, cross_entropy};
use super::path::Path;
use crate::series::forecaster::check;
use crate::series::{Forecaster, Individual, Predicted, Series};
use crate::timeless::{timeless, timeless_into};
use crate::{Clock, ModelError, NetMemory, Space};
use chreode_core::Seed;
use ndarray::{Array2, Axis, s};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Individuals solved together; fixed, so that no result depends on the number of threads.
const GROUP: usize = 64;

/// A latent ODE or one of its kin, trained.
#[derive(Debug)]
pub struct LatentSeries {
    pub(super) nets: LatentNets,
    pub(super) config: LatentConfig,
    pub(super) space: Space,
}

/// What is said of a group: a row a time asked for, in the network's coordinates, and a label an individual.
struct Said {
    mean: Array2<f32>,
    spread: Array2<f32>,
    labels: Vec<Option<f64>>,
}

impl LatentSeries {
    fn clock(&self) -> Clock {
        self.config.clock(self.space.clock)
    }

    /// q(z₀) of some individuals, in the network's coordinates.
    fn recognise(&self, individuals: &[&Individual]) -> Result<Posterior, ModelError> {
        let nets = &self.nets;
        let program = recognition(individuals, self.clock(), &self.config)?;
        let mut h = Array2::zeros((individuals.len(), nets.encoder.state));
        nets.encoder.states(&program, &mut h);
        Ok(Posterior::of(&timeless(&nets.head, h.view(), &mut NetMemory::default())))
    }

    /// Normal numbers for one draw: a function of each individual's name and the draw.
    fn noise(&self, individuals: &[&Individual], draw: usize, seed: Seed) -> Array2<f32> {
        let seed = seed.child("individual");
        let mut noise = Array2::zeros((individuals.len(), self.nets.latents));
        for (one, mut row) in individuals.iter().zip(noise.rows_mut()) {
            let rng = &mut seed.stream(&one.id, draw as u64);
            row.iter_mut().for_each(|x| *x = StandardNormal.sample(rng));
        }
        noise
    }

    /// Decoded values at the network times asked for, one row a pick.
    fn decode(&self, z0: &Array2<f32>, asked: &Asked) -> Result<Array2<f32>, ModelError> {
        let z = Path { nets: &self.nets, tolerance: self.config.tolerance() }.states(z0, asked)?;
        let mut x = Array2::zeros((z.nrows(), self.nets.features));
        if z.nrows() > 0 {
            timeless_into(&self.nets.decoder, z.view(), x.view_mut(), &mut NetMemory::default());
        }
        Ok(x)
    }

    /// A group: the mean and the spread at each list of increasing network times, and the labels' probabilities.
    fn group(
        &self,
        given: &[&Individual],
        taus: &[Vec<f64>],
        draws: usize,
        seed: Seed,
    ) -> Result<Said, ModelError> {
        let q = self.recognise(given)?;
        let asked = Asked::after(taus, given, self.clock(), &self.config);
        let shape = (asked.picks.len(), self.nets.features);
        let (mut mean, mut square) = (Array2::<f64>::zeros(shape), Array2::<f64>::zeros(shape));
        let mut labels = vec![None; given.len()];
        for draw in 0..draws {
            let z0 = q.draw(&self.noise(given, draw, seed));
            let x = self.decode(&z0, &asked)?.mapv(f64::from);
            let away = &x - &mean;
            mean = &mean + &(&away / (draw + 1) as f64);
            square = &square + &(&away * &(&x - &mean));
            if let Some(net) = &self.nets.classifier {
                let odds = timeless(net, z0.view(), &mut NetMemory::default());
                for (label, &odds) in labels.iter_mut().zip(&odds) {
                    let p = (-cross_entropy(odds, true).0).exp() / draws as f64;
                    *label = Some(label.unwrap_or(0.0) + p);
                }
            }
        }
        let noise = self.config.noise * self.config.noise;
        let spread = square.mapv(|sum: f64| (sum / draws.max(1) as f64 + noise).sqrt() as f32);
        Ok(Said { mean: mean.mapv(|x| x as f32), spread, labels })
    }
}

impl Forecaster for LatentSeries {
    fn space(&self) -> &Space {
        &self.space
    }

    fn predict(
        &self,
        given: &Series,
        times: &[Vec<f64>],
        draws: usize,
        seed: Seed,
    ) -> Result<Vec<Predicted>, ModelError> {
        check(&self.space, given, times)?;
        let inside = crate::Data::inside(given, &self.space.frame)?;
        let draws = draws.max(1);
        // Increasing network times, and where each time asked for is among them.
        let sorted = |times: &Vec<f64>| {
            let mut taus: Vec<f64> = times.iter().map(|&t| self.clock().network(t)).collect();
            let places = taus.clone();
            taus.sort_by(f64::total_cmp);
            taus.dedup();
            let place = |tau: &f64| taus.partition_point(|t| t < tau);
            let places: Vec<usize> = places.iter().map(place).collect();
            (taus, places)
        };
        let asked: Vec<(Vec<f64>, Vec<usize>)> = times.iter().map(sorted).collect();
        let starts: Vec<usize> = (0..given.len()).step_by(GROUP).collect();
        let groups = starts.into_par_iter().map(|start| {
            let end = (start + GROUP).min(given.len());
            let some: Vec<&Individual> = inside.individuals()[start..end].iter().collect();
            let taus: Vec<Vec<f64>> = asked[start..end].iter().map(|(taus, _)| taus.clone()).collect();
            let Said { mean, spread, labels } = self.group(&some, &taus, draws, seed)?;
            let mut row = 0;
            let one = |(i, label): (usize, Option<f64>)| {
                let (taus, places) = &asked[start + i];
                let rows: Vec<usize> = places.iter().map(|place| row + place).collect();
                row += taus.len();
                let mut spread = spread.select(Axis(0), &rows);
                for (mut column, &scale) in spread.columns_mut().into_iter().zip(&self.space.frame.scale) {
                    column *= scale as f32;
                }
                Predicted {
                    times: times[start + i].clone(),
                    mean: self.space.frame.leave(mean.select(Axis(0), &rows)),
                    spread: Some(spread),
                    label,
                }
            };
            Ok(labels.into_iter().enumerate().map(one).collect::<Vec<_>>())
        });
        let groups: Vec<Vec<Predicted>> = groups.collect::<Result<_, ModelError>>()?;
        Ok(groups.into_iter().flatten().collect())
    }

    /// A bound of ln p(asked), `E_q ln p(asked | z) − KL(q ‖ prior)` with q recognised from `given`; see the trait.
    fn log_likelihood(&self, given: &Series, asked: &Series, seed: Seed) -> Result<Option<f64>, ModelError> {
        const DRAWS: usize = 8;
        if self.config.arrivals == Arrivals::Poisson {
            // The density of the values alone would not be what was trained.
            return Ok(None);
        }
        let times: Vec<Vec<f64>> = asked.individuals().iter().map(|one| one.times.clone()).collect();
        check(&self.space, given, &times)?;
        let (given, asked) =
            (crate::Data::inside(given, &self.space.frame)?, crate::Data::inside(asked, &self.space.frame)?);
        let (variance, mut sum, mut values) = (self.config.noise * self.config.noise, 0.0, 0);
        let constant = -0.5 * (2.0 * std::f64::consts::PI * variance).ln();
        for start in (0..given.len()).step_by(GROUP) {
            let end = (start + GROUP).min(given.len());
            let shown: Vec<&Individual> = given.individuals()[start..end].iter().collect();
            let q = self.recognise(&shown)?;
            sum -= q.divergences().sum::<f64>();
            let some = &asked.individuals()[start..end];
            let tau = |t: &f64| self.clock().network(*t);
            let taus: Vec<Vec<f64>> = some.iter().map(|one| one.times.iter().map(tau).collect()).collect();
            let places = Asked::after(&taus, &shown, self.clock(), &self.config);
            for draw in 0..DRAWS {
                let z0 = q.draw(&self.noise(&shown, draw, seed));
                let x = self.decode(&z0, &places)?;
                let mut row = 0;
                for one in some {
                    let guess = x.slice(s![row..row + one.times.len(), ..]);
                    row += one.times.len();
                    for (x, m) in one.values.iter().zip(&guess).filter(|(x, _)| !x.is_nan()) {
                        let error = f64::from(x - m);
                        sum += (constant - 0.5 * error * error / variance) / DRAWS as f64;
                    }
                }
            }
            values += some.iter().map(Individual::measurements).sum::<usize>();
        }
        Ok((values > 0).then(|| sum / values as f64))
    }
}
