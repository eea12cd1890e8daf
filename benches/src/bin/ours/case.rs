//! The names of the cases.

use anyhow::{Context, Error, Result, bail};
use chreode_models::Coupling;
use chreode_nn::Activation;
use chreode_ot::Reference;
use std::str::FromStr;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Case {
    /// `cfm/TASK/BATCH/COUPLING`
    Cfm(Training),
    /// `ot/…`
    Transport(Transport),
    /// `nn/dD-WIDTHxLAYERS-ROWS-ACTIVATION-PASS`
    Network(Passes),
    /// `prep/NxP`: counts of N cells and P genes to principal components.
    Prepare { n: usize, p: usize },
}

/// Passes of a perceptron on [t, x], in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passes {
    /// Columns of a state.
    pub(crate) d: usize,
    /// Columns of a hidden layer.
    pub(crate) width: usize,
    /// Hidden layers.
    pub(crate) layers: usize,
    /// Rows of a batch.
    pub(crate) rows: usize,
    /// Their nonlinearity.
    pub(crate) activation: Activation,
    /// What is computed.
    pub(crate) pass: Pass,
}

/// What is computed of a perceptron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// The velocity alone.
    Forward,
    /// The velocity, and the pullback to states and parameters.
    Vjp,
    /// The velocity, its exact divergence, and the gradient of the divergence's mean.
    Divergence,
}

impl FromStr for Passes {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let parts: Vec<&str> = name.split('-').collect();
        let [d, hidden, rows, activation, pass] = parts[..] else {
            bail!("{name} is not dD-WIDTHxLAYERS-ROWS-ACTIVATION-PASS")
        };
        let d = d.strip_prefix('d').with_context(|| format!("{d} is not dD"))?;
        let (width, layers) = pair(hidden)?;
        let pass = match pass {
            "forward" => Pass::Forward,
            "vjp" => Pass::Vjp,
            "divergence" => Pass::Divergence,
            _ => bail!("{pass} is no pass; try forward, vjp or divergence"),
        };
        Ok(Self { d: number(d)?, width, layers, rows: number(rows)?, activation: activation.parse()?, pass })
    }
}

/// Training steps of conditional flow matching.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Training {
    /// The populations.
    pub(crate) task: Task,
    /// Rows of a batch.
    pub(crate) batch: usize,
    /// How they are paired.
    pub(crate) coupling: Coupling,
}

/// Two populations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Eight Gaussians to two moons.
    Moons,
    /// A normal cloud to a mixture of eight, in this many dimensions.
    Mixture(usize),
}

/// One plan, or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// `ot/assignment/N/D`: equal weights, from a given matrix of costs.
    Assignment { n: usize, d: usize },
    /// `ot/points/N/D`: from points to pairs drawn from the plan.
    Points { n: usize, d: usize },
    /// `ot/simplex/NxM/D`: random weights, from a given matrix of costs.
    Simplex { n: usize, m: usize, d: usize },
    /// `ot/simplex/eb`: the first two times of the embryoid bodies, equal weights, costs on demand.
    Cells,
    /// `ot/line/N`: from points on a line to the plan, squared distances.
    Line { n: usize },
    /// `ot/minibatch/KxN`: K plans of N pairs of points in 5 dimensions, on all threads.
    Minibatch { count: usize, n: usize },
    /// `ot/unbalanced/N/E/REFERENCE`: clouds in 5 dimensions, equal weights, ε of E times the mean cost and KL penalties of
    /// the mean cost, to a residual of 1e-6, beside the product of the masses or the counting measure.
    Unbalanced { n: usize, thousandths: usize, reference: Reference },
    /// `ot/sliced/N/D/K`: the sliced distance of order 2 along K directions.
    Sliced { n: usize, d: usize, directions: usize },
    /// `ot/gromov/N`: without regularisation, squared distances in 5 and in 3 of the dimensions, over their means.
    Gromov { n: usize },
    /// `ot/low-rank/N/R`: clouds in 5 dimensions, to a residual of 1e-7.
    LowRank { n: usize, rank: usize },
    /// `ot/matrix-free/N/K`: K iterations of Sinkhorn in 5 dimensions at 0.05 of the mean cost, costs on demand.
    MatrixFree { n: usize, iterations: usize },
    /// `ot/sinkhorn/N/E/TYPE`: clouds in 5 dimensions, equal weights, ε of E times the mean cost, to an L1 error of 1e-6,
    /// from a given matrix of costs in f64 or f32.
    Sinkhorn { n: usize, thousandths: usize, costs: Word },
}

/// The type of given costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// `f32`
    Single,
    /// `f64`
    Double,
}

impl FromStr for Case {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let parts: Vec<&str> = name.split('/').collect();
        Ok(match parts[..] {
            ["cfm", task, batch, coupling] => Self::Cfm(Training {
                task: task.parse()?,
                batch: number(batch)?,
                coupling: serde_json::from_value(coupling.into())
                    .with_context(|| format!("{coupling} is no coupling; try exact or independent"))?,
            }),
            ["nn", passes] => Self::Network(passes.parse()?),
            ["prep", sizes] => {
                let (n, p) = pair(sizes)?;
                Self::Prepare { n, p }
            }
            ["ot", "assignment", n, d] => {
                Self::Transport(Transport::Assignment { n: number(n)?, d: number(d)? })
            }
            ["ot", "points", n, d] => Self::Transport(Transport::Points { n: number(n)?, d: number(d)? }),
            ["ot", "simplex", "eb"] => Self::Transport(Transport::Cells),
            ["ot", "simplex", sizes, d] => {
                let (n, m) = pair(sizes)?;
                Self::Transport(Transport::Simplex { n, m, d: number(d)? })
            }
            ["ot", "line", n] => Self::Transport(Transport::Line { n: number(n)? }),
            ["ot", "minibatch", sizes] => {
                let (count, n) = pair(sizes)?;
                Self::Transport(Transport::Minibatch { count, n })
            }
            ["ot", "unbalanced", n, epsilon, reference] => Self::Transport(Transport::Unbalanced {
                n: number(n)?,
                thousandths: thousandths(epsilon)?,
                reference: match reference {
                    "product" => Reference::Product,
                    "counting" => Reference::Counting,
                    _ => bail!("{reference} is no reference; try product or counting"),
                },
            }),
            ["ot", "sliced", n, d, directions] => Self::Transport(Transport::Sliced {
                n: number(n)?,
                d: number(d)?,
                directions: number(directions)?,
            }),
            ["ot", "gromov", n] => Self::Transport(Transport::Gromov { n: number(n)? }),
            ["ot", "low-rank", n, rank] => {
                Self::Transport(Transport::LowRank { n: number(n)?, rank: number(rank)? })
            }
            ["ot", "matrix-free", n, iterations] => {
                Self::Transport(Transport::MatrixFree { n: number(n)?, iterations: number(iterations)? })
            }
            ["ot", "sinkhorn", n, epsilon, costs] => Self::Transport(Transport::Sinkhorn {
                n: number(n)?,
                thousandths: thousandths(epsilon)?,
                costs: match costs {
                    "f32" => Word::Single,
                    "f64" => Word::Double,
                    _ => bail!("{costs} is no type of costs; try f64 or f32"),
                },
            }),
            _ => bail!("there is no case {name}; try cfm/moons/256/exact or ot/assignment/256/5"),
        })
    }
}

impl FromStr for Task {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name.strip_prefix("gm_") {
            Some(d) => Ok(Self::Mixture(number(d)?)),
            None if name == "moons" => Ok(Self::Moons),
            None => bail!("there is no task {name}; try moons or gm_5"),
        }
    }
}

fn pair(text: &str) -> Result<(usize, usize)> {
    let (n, m) = text.split_once('x').with_context(|| format!("{text} is not NxM"))?;
    Ok((number(n)?, number(m)?))
}

/// A share in whole thousandths.
fn thousandths(text: &str) -> Result<usize> {
    let share: f64 = text.parse().with_context(|| format!("{text} is not a number"))?;
    let whole = (1000.0 * share).round();
    if whole >= 1.0 && (1000.0 * share - whole).abs() < 1e-9 {
        Ok(whole as usize)
    } else {
        bail!("{text} is not a whole number of thousandths above 0")
    }
}

fn number(text: &str) -> Result<usize> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => bail!("{text} is not a whole number above 0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_wrong_ones_say_what_is_wrong() {
        let exact = Training { task: Task::Mixture(5), batch: 512, coupling: Coupling::Exact };
        assert_eq!("cfm/gm_5/512/exact".parse::<Case>().unwrap(), Case::Cfm(exact));
        let simplex = Transport::Simplex { n: 1000, m: 1500, d: 50 };
        assert_eq!("ot/simplex/1000x1500/50".parse::<Case>().unwrap(), Case::Transport(simplex));
        assert_eq!("ot/simplex/eb".parse::<Case>().unwrap(), Case::Transport(Transport::Cells));
        let minibatch = Transport::Minibatch { count: 1000, n: 256 };
        assert_eq!("ot/minibatch/1000x256".parse::<Case>().unwrap(), Case::Transport(minibatch));
        let sinkhorn = Transport::Sinkhorn { n: 1024, thousandths: 5, costs: Word::Single };
        assert_eq!("ot/sinkhorn/1024/0.005/f32".parse::<Case>().unwrap(), Case::Transport(sinkhorn));
        let passes =
            Passes { d: 5, width: 64, layers: 3, rows: 256, activation: Activation::Selu, pass: Pass::Vjp };
        assert_eq!("nn/d5-64x3-256-selu-vjp".parse::<Case>().unwrap(), Case::Network(passes));
        let unbalanced = Transport::Unbalanced { n: 1024, thousandths: 50, reference: Reference::Counting };
        assert_eq!("ot/unbalanced/1024/0.05/counting".parse::<Case>().unwrap(), Case::Transport(unbalanced));
        let free = Transport::MatrixFree { n: 50_000, iterations: 5 };
        assert_eq!("ot/matrix-free/50000/5".parse::<Case>().unwrap(), Case::Transport(free));
        for (name, part) in [
            ("nn/d5-64x3-256-selu-hessian", "hessian is no pass"),
            ("nn/d5-64x3-256", "d5-64x3-256 is not dD-"),
            ("ot/unbalanced/1024/0.05/none", "none is no reference"),
            ("prep/50000", "50000 is not NxM"),
            ("ot/sinkhorn/1024/0/f64", "0 is not a whole number of thousandths"),
            ("ot/sinkhorn/1024/0.05/f16", "f16 is no type of costs"),
            ("cfm/moons/0/exact", "0 is not a whole number above 0"),
            ("cfm/sun/256/exact", "no task sun"),
            ("cfm/moons/256/lazy", "lazy is no coupling"),
            ("ot/simplex/1000/5", "1000 is not NxM"),
            ("ode/lorenz", "no case ode/lorenz"),
        ] {
            let error = name.parse::<Case>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
