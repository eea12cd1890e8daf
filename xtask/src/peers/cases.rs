//! What is compared with whom, and what ratio is wanted.

use super::Workload;

/// Whom a case is compared with.
#[derive(Clone, Debug)]
pub(crate) enum Rival {
    /// A peer: the first time that `script` prints for the cases whose key holds `only`.
    Script { script: &'static str, only: String },
    /// Ours, on one thread.
    Alone,
    /// Nobody: the time and the memory are the answer.
    Nobody,
}

/// One case: ours by `name`, and a rival.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Our name, which the binary `ours` knows.
    pub(crate) name: String,
    /// The rival's name.
    pub(crate) peer: &'static str,
    pub(crate) rival: Rival,
    /// Threads, where they are not those of the command.
    pub(crate) threads: Option<usize>,
    /// The least ratio of its time to ours that is aimed at.
    pub(crate) goal: Option<f64>,
}

/// Rows of one script.
struct Script {
    file: &'static str,
    cases: Vec<Case>,
}

impl Script {
    fn new(file: &'static str) -> Self {
        Self { file, cases: Vec::new() }
    }

    fn add(&mut self, name: &str, peer: &'static str, only: &str, goal: impl Into<Option<f64>>) {
        let rival = Rival::Script { script: self.file, only: only.to_string() };
        self.cases.push(Case { name: name.to_string(), peer, rival, threads: None, goal: goal.into() });
    }
}

/// Training steps of flow matching.
fn matching() -> Vec<Case> {
    let mut of = Script::new("cfm_train.py");
    for (name, peer, key, goal) in [
        ("moons/256/exact", "torchcfm", "torchcfm/task=moons/n=256/d=2/method=OT-CFM", Some(8.0)),
        ("moons/256/exact", "jax by hand + POT", "jax hand-written/task=moons/n=256/d=2/method=OT-CFM", None),
        ("moons/256/independent", "torchcfm", "torchcfm/task=moons/n=256/d=2/method=I-CFM", None),
        ("moons/256/independent", "jax by hand", "jax hand-written/task=moons/n=256/d=2/method=I-CFM", None),
        ("gm_5/256/exact", "torchcfm", "torchcfm/task=gm_5/n=256/d=5/method=OT-CFM", None),
        ("gm_5/512/exact", "torchcfm", "torchcfm/task=gm_5/n=512/d=5/method=OT-CFM", None),
        ("gm_50/256/exact", "torchcfm", "torchcfm/task=gm_50/n=256/d=50/method=OT-CFM", None),
    ] {
        of.add(&format!("cfm/{name}"), peer, &format!("train/{key}"), goal);
    }
    of.cases
}

/// Exact plans.
fn exact() -> Vec<Case> {
    let mut of = Script::new("ot_exact.py");
    for d in [5, 50] {
        for n in [256, 512, 1024, 2048, 4096] {
            let name = format!("ot/assignment/{n}/{d}");
            of.add(&name, "POT emd", &format!("uniform/POT emd/n={n}/d={d}/"), 5.0);
            // Of scipy, lap and lapjv the fastest at this size.
            let (peer, key) = match (n, d) {
                (256, 5) => ("scipy linear_sum_assignment", "scipy linear_sum_assignment"),
                _ => ("lapjv", "lapjv"),
            };
            of.add(&name, peer, &format!("uniform/{key}/n={n}/d={d}/"), 2.0);
        }
    }
    for d in [2, 5] {
        let key = format!("from_points/torchcfm OTPlanSampler/n=256/d={d}/");
        of.add(&format!("ot/points/256/{d}"), "torchcfm OTPlanSampler", &key, None);
    }
    for d in [5, 50] {
        let key = format!("weighted/POT emd/n=1000/m=1500/d={d}/");
        of.add(&format!("ot/simplex/1000x1500/{d}"), "POT emd", &key, 2.0);
    }
    let mut populations = Script::new("populations.py");
    populations.add("ot/simplex/eb", "POT emd", "", 2.0);
    of.cases.extend(populations.cases);
    of.cases
}

/// Entropic plans and what is not exact.
fn approximate() -> Vec<Case> {
    let mut of = Script::new("ot_sinkhorn.py");
    for (n, scalar, peer) in [
        (1024, "f64", "POT numpy sinkhorn"),
        (1024, "f64", "ott dense anderson"),
        (1024, "f32", "POT numpy sinkhorn"),
        (1024, "f32", "ott dense anderson"),
        (4096, "f64", "POT numpy sinkhorn"),
        (4096, "f64", "ott dense"),
        (4096, "f32", "POT numpy sinkhorn"),
        (4096, "f32", "ott dense"),
        (8192, "f64", "POT numpy sinkhorn"),
        (8192, "f32", "POT numpy sinkhorn"),
    ] {
        let key = format!("sinkhorn/{peer}/n={n}/d=5/eps=0.05/dtype={scalar}/");
        of.add(&format!("ot/sinkhorn/{n}/0.05/{scalar}"), peer, &key, 3.0);
    }
    let key = "sinkhorn/ott dense anderson/n=1024/d=5/eps=0.005/dtype=f64/";
    of.add("ot/sinkhorn/1024/0.005/f64", "ott dense anderson", key, None);
    for n in [100_000, 1_000_000] {
        let key = format!("emd_1d/POT emd_1d plan/n={n}/");
        of.add(&format!("ot/line/{n}"), "POT emd_1d", &key, None);
    }
    of.cases
}

/// Passes of perceptrons.
fn networks() -> Vec<Case> {
    let mut of = Script::new("networks.py");
    for (key, goal) in [
        ("d5-64x3-256-selu-forward", None),
        ("d5-64x3-256-selu-vjp", Some(2.0)),
        ("d5-64x3-256-tanh-vjp", Some(2.0)),
        ("d5-64x3-256-silu-vjp", Some(2.0)),
        ("d50-64x3-2048-selu-vjp", None),
        ("d50-256x3-256-selu-vjp", None),
        ("d50-1024x3-512-selu-forward", None),
        ("d50-1024x3-512-selu-vjp", Some(0.8)),
        ("d50-1024x3-512-relu-vjp", Some(0.8)),
        ("d5-64x3-256-tanh-divergence", None),
        ("d50-64x3-256-tanh-divergence", None),
    ] {
        of.add(&format!("nn/{key}"), "torch", key, goal);
    }
    of.cases
}

/// Unbalanced, sliced, structured and low-rank transport.
fn further() -> Vec<Case> {
    let mut of = Script::new("ot_sinkhorn.py");
    for n in [1024, 4096] {
        for (reference, kind) in [("product", "kl"), ("counting", "entropy")] {
            let key = format!("unbalanced/POT sinkhorn {kind}/n={n}/d=5/eps=0.05/dtype=f64/");
            of.add(&format!("ot/unbalanced/{n}/0.05/{reference}"), "POT sinkhorn_unbalanced", &key, 3.0);
        }
    }
    for n in [2048, 10_000] {
        let key = format!("sliced/POT numpy/n={n}/d=50/proj=200/dtype=f64/");
        of.add(&format!("ot/sliced/{n}/50/200"), "POT sliced_wasserstein_distance", &key, None);
    }
    let key = "gromov/POT gromov_wasserstein (CG)/n=500/dtype=f64/";
    of.add("ot/gromov/500", "POT gromov_wasserstein", key, None);
    let key = "low_rank/POT lowrank_sinkhorn random/n=4096/d=5/rank=10/dtype=f64/";
    of.add("ot/low-rank/4096/10", "POT lowrank_sinkhorn", key, None);
    of.cases
}

/// What has no peer: larger sizes, and many plans on more threads than one.
fn alone() -> Vec<Case> {
    let case =
        |name: &str, peer, rival, threads, goal| Case { name: name.into(), peer, rival, threads, goal };
    vec![
        case("ot/low-rank/5000/10", "", Rival::Nobody, None, None),
        case("ot/matrix-free/50000/3", "", Rival::Nobody, None, None),
        case("ot/minibatch/1000x256", "", Rival::Nobody, Some(1), None),
        case("ot/minibatch/1000x256", "ours, one thread", Rival::Alone, Some(2), Some(1.8)),
    ]
}

/// The cases of a workload.
pub(crate) fn of(workload: Workload) -> Vec<Case> {
    match workload {
        Workload::Cfm => matching(),
        Workload::Nn => networks(),
        // Their rows are made otherwise.
        Workload::Gradient | Workload::Io | Workload::Ode | Workload::Prepare => Vec::new(),
        Workload::Ot => [exact(), approximate(), further(), alone()].concat(),
    }
}
