//! What is compared with whom, and what ratio is wanted.

use super::Workload;

/// One case: ours by `name`, the peer's by `script` and `only`.
pub(crate) struct Case {
    /// Our name, which the binary `ours` knows.
    pub(crate) name: &'static str,
    /// The peer.
    pub(crate) peer: &'static str,
    /// Its script.
    pub(crate) script: &'static str,
    /// The key of its case.
    pub(crate) only: &'static str,
    /// The least ratio of its time to ours that is aimed at.
    pub(crate) goal: Option<f64>,
}

const fn case(
    name: &'static str,
    peer: &'static str,
    script: &'static str,
    only: &'static str,
    goal: Option<f64>,
) -> Case {
    Case { name, peer, script, only, goal }
}

const CFM: &[Case] = &[
    case(
        "cfm/moons/256/exact",
        "torchcfm",
        "cfm_train.py",
        "train/torchcfm/task=moons/n=256/d=2/method=OT-CFM",
        Some(8.0),
    ),
    case(
        "cfm/moons/256/exact",
        "jax by hand + POT",
        "cfm_train.py",
        "train/jax hand-written/task=moons/n=256/d=2/method=OT-CFM",
        None,
    ),
    case(
        "cfm/moons/256/independent",
        "torchcfm",
        "cfm_train.py",
        "train/torchcfm/task=moons/n=256/d=2/method=I-CFM",
        None,
    ),
    case(
        "cfm/moons/256/independent",
        "jax by hand",
        "cfm_train.py",
        "train/jax hand-written/task=moons/n=256/d=2/method=I-CFM",
        None,
    ),
    case(
        "cfm/gm_5/256/exact",
        "torchcfm",
        "cfm_train.py",
        "train/torchcfm/task=gm_5/n=256/d=5/method=OT-CFM",
        None,
    ),
    case(
        "cfm/gm_5/512/exact",
        "torchcfm",
        "cfm_train.py",
        "train/torchcfm/task=gm_5/n=512/d=5/method=OT-CFM",
        None,
    ),
    case(
        "cfm/gm_50/256/exact",
        "torchcfm",
        "cfm_train.py",
        "train/torchcfm/task=gm_50/n=256/d=50/method=OT-CFM",
        None,
    ),
];

const OT: &[Case] = &[
    case("ot/assignment/256/5", "POT emd", "ot_exact.py", "uniform/POT emd/n=256/d=5/", Some(4.0)),
    case(
        "ot/assignment/256/5",
        "scipy linear_sum_assignment",
        "ot_exact.py",
        "uniform/scipy linear_sum_assignment/n=256/d=5/",
        None,
    ),
    case("ot/assignment/1024/5", "POT emd", "ot_exact.py", "uniform/POT emd/n=1024/d=5/", Some(4.0)),
    case("ot/assignment/1024/5", "lapjv", "ot_exact.py", "uniform/lapjv/n=1024/d=5/kind=lapjv", None),
    case("ot/assignment/256/50", "lapjv", "ot_exact.py", "uniform/lapjv/n=256/d=50/kind=lapjv", None),
    case("ot/assignment/1024/50", "lapjv", "ot_exact.py", "uniform/lapjv/n=1024/d=50/kind=lapjv", None),
    case(
        "ot/points/256/2",
        "torchcfm OTPlanSampler",
        "ot_exact.py",
        "from_points/torchcfm OTPlanSampler/n=256/d=2/",
        None,
    ),
    case(
        "ot/points/256/5",
        "torchcfm OTPlanSampler",
        "ot_exact.py",
        "from_points/torchcfm OTPlanSampler/n=256/d=5/",
        None,
    ),
    case("ot/simplex/1000x1500/5", "POT emd", "ot_exact.py", "weighted/POT emd/n=1000/m=1500/d=5/", None),
    case("ot/simplex/1000x1500/50", "POT emd", "ot_exact.py", "weighted/POT emd/n=1000/m=1500/d=50/", None),
    case(
        "ot/sinkhorn/1024/0.05/f64",
        "POT sinkhorn",
        "ot_sinkhorn.py",
        "sinkhorn/POT numpy sinkhorn/n=1024/d=5/eps=0.05/dtype=f64/",
        Some(3.0),
    ),
    case(
        "ot/sinkhorn/1024/0.05/f32",
        "POT sinkhorn",
        "ot_sinkhorn.py",
        "sinkhorn/POT numpy sinkhorn/n=1024/d=5/eps=0.05/dtype=f32/",
        Some(3.0),
    ),
    case(
        "ot/sinkhorn/1024/0.05/f32",
        "OTT-JAX, Anderson",
        "ot_sinkhorn.py",
        "sinkhorn/ott dense anderson/n=1024/d=5/eps=0.05/dtype=f32/",
        Some(3.0),
    ),
    case(
        "ot/sinkhorn/1024/0.005/f64",
        "OTT-JAX",
        "ot_sinkhorn.py",
        "sinkhorn/ott dense/n=1024/d=5/eps=0.005/dtype=f64/",
        None,
    ),
    case(
        "ot/sinkhorn/4096/0.05/f64",
        "POT sinkhorn",
        "ot_sinkhorn.py",
        "sinkhorn/POT numpy sinkhorn/n=4096/d=5/eps=0.05/dtype=f64/",
        Some(3.0),
    ),
    case(
        "ot/sinkhorn/4096/0.05/f32",
        "POT sinkhorn",
        "ot_sinkhorn.py",
        "sinkhorn/POT numpy sinkhorn/n=4096/d=5/eps=0.05/dtype=f32/",
        Some(3.0),
    ),
    case(
        "ot/sinkhorn/8192/0.05/f64",
        "POT sinkhorn",
        "ot_sinkhorn.py",
        "sinkhorn/POT numpy sinkhorn/n=8192/d=5/eps=0.05/dtype=f64/",
        Some(3.0),
    ),
    case(
        "ot/sinkhorn/8192/0.05/f32",
        "POT sinkhorn",
        "ot_sinkhorn.py",
        "sinkhorn/POT numpy sinkhorn/n=8192/d=5/eps=0.05/dtype=f32/",
        Some(3.0),
    ),
];

/// The cases of a workload.
pub(crate) fn of(workload: Workload) -> &'static [Case] {
    match workload {
        Workload::Cfm => CFM,
        // Its rows are made otherwise.
        Workload::Ode => &[],
        Workload::Ot => OT,
    }
}
