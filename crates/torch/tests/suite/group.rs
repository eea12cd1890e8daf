//! Two processes on this machine: this test program, started again.

use crate::common::{DOUBLE, begin, noise};
use chreode_torch::{Group, TorchError};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tch::nn::{self, Module, OptimizerConfig, VarStore};
use tch::{Device, Kind, Tensor};

/// Set for the processes that this program starts.
const ROLE: &str = "CHREODE_TEST_ROLE";

/// Trains a small network on this process's share of a batch; its weights at the end.
fn train(group: Option<&Group>) -> Result<Vec<f64>, TorchError> {
    let (rank, world) = group.map_or((0, 1), |g| (g.rank() as i64, g.world() as i64));
    let mut store = VarStore::new(Device::Cpu);
    let net = nn::seq()
        .add(nn::linear(store.root() / "a", 2, 8, Default::default()))
        .add_fn(|x| x.tanh())
        .add(nn::linear(store.root() / "b", 8, 1, Default::default()));
    store.set_kind(Kind::Double);
    let weights = store.trainable_variables();
    for (i, w) in weights.iter().enumerate() {
        // Only rank 0 begins where the lone process does.
        let start = noise(&w.size(), i as i64 + 100 * rank);
        tch::no_grad(|| w.shallow_clone().copy_(&start));
    }
    if let Some(group) = group {
        group.broadcast(&weights, 0)?;
    }
    let mut adam = nn::Adam::default().build(&store, 1e-2).expect("an optimiser");
    let (x, y) = (noise(&[16, 2], 1), noise(&[16, 1], 2));
    let share = |t: &Tensor| t.narrow(0, rank * 16 / world, 16 / world);
    for _ in 0..50 {
        adam.zero_grad();
        (net.forward(&share(&x)) - share(&y)).square().mean(Kind::Double).backward();
        if let Some(group) = group {
            group.mean_gradients(&weights)?;
        }
        adam.step();
    }
    Ok(weights.iter().flat_map(|w| Vec::<f64>::try_from(w.detach().view(-1)).expect("numbers")).collect())
}

/// What a process that was started by a test does; nothing in an ordinary run.
#[test]
fn worker() {
    begin();
    let Ok(role) = std::env::var(ROLE) else { return };
    let seconds = if role == "late" { 3 } else { 20 };
    let group = Group::from_environment(Duration::from_secs(seconds)).unwrap().unwrap();
    let mut number = [group.rank() as f32 + 1.0];
    match (role.as_str(), group.rank()) {
        ("train", _) => {
            assert_eq!(group.gather(group.rank() as f64 + 5.0).unwrap(), [5.0, 6.0]);
            let mut flat = [group.rank() as f64, 10.0];
            group.mean_slice(&mut flat).unwrap();
            assert_eq!(flat, [0.5, 10.0]);
            group.broadcast_slice(&mut number, 1).unwrap();
            assert_eq!(number, [2.0]);
            let unused = Tensor::zeros([3], DOUBLE).set_requires_grad(true);
            let error = group.mean_gradients(&[unused]).unwrap_err().to_string();
            assert!(error.contains("the variable at index 0, of shape [3], has no gradient"), "{error}");
            let weights = train(Some(&group)).unwrap();
            group.barrier().unwrap();
            say("weights", &format!("{weights:?}"));
        }
        ("killed", 1) => {
            group.mean_slice(&mut number).unwrap();
            std::process::abort();
        }
        ("late", 1) => std::thread::sleep(Duration::from_secs(8)),
        (_, _) => {
            if role == "killed" {
                group.mean_slice(&mut number).unwrap();
            }
            let error = group.mean_slice(&mut number).unwrap_err();
            say("error", &error.to_string());
        }
    }
}

#[allow(clippy::print_stdout, reason = "this is how a worker answers")]
fn say(what: &str, text: &str) {
    println!("\n{what}: {text}");
}

/// Both processes of a role.
fn start(role: &str) -> Vec<Child> {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port that is free").port();
    let process = |rank: usize| {
        Command::new(std::env::current_exe().expect("this program"))
            .args(["group::worker", "--exact", "--nocapture"])
            .envs([(ROLE, role), ("MASTER_ADDR", "127.0.0.1"), ("WORLD_SIZE", "2")])
            .envs([("MASTER_PORT", port.to_string()), ("RANK", rank.to_string())])
            .envs([("OMP_NUM_THREADS", "1"), ("GLOO_SOCKET_IFNAME", "lo")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process")
    };
    vec![process(0), process(1)]
}

/// What a process answered.
fn answer(child: Child, what: &str) -> String {
    let output = child.wait_with_output().expect("an end");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find_map(|l| l.strip_prefix(what)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("a worker did not say its {what}: {text}")).to_string()
}

fn numbers(text: &str) -> Vec<f64> {
    text.trim_matches(['[', ']']).split(", ").map(|x| x.parse().expect("a number")).collect()
}

#[test]
fn two_processes_train_as_one_with_the_joint_batch() {
    begin();
    let alone = train(None).unwrap();
    let found: Vec<_> = start("train").into_iter().map(|c| numbers(&answer(c, "weights"))).collect();
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0].len(), alone.len());
    for (a, b) in found[0].iter().zip(&alone) {
        assert!((a - b).abs() < 1e-11, "{a} {b}");
    }
}

#[test]
fn a_process_that_dies_is_an_error_in_the_other() {
    begin();
    let mut children = start("killed");
    assert!(!children.remove(1).wait().unwrap().success());
    let error = answer(children.remove(0), "error");
    assert!(error.starts_with("rank 0 of 2 could not add up values: "), "{error}");
    assert!(error.ends_with("does something else (the wait is 20 s at most)"), "{error}");
}

#[test]
fn a_process_that_is_late_is_an_error_in_the_other() {
    begin();
    let mut children = start("late");
    let error = answer(children.remove(0), "error");
    assert!(error.contains("the wait is 3 s at most"), "{error}");
    assert!(children.remove(0).wait().unwrap().success());
}
