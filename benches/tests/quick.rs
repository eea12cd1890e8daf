//! The short form of every published experiment: minutes in all, no data, and bounds that a broken method misses.

use std::process::Command;

/// Runs `program` with `arguments` and `--quick`, on one thread: the tests run beside each other.
fn holds_its_bounds(program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .args(["--quick", "--threads", "1"])
        .output()
        .expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn planar_sets() {
    holds_its_bounds(env!("CARGO_BIN_EXE_two-dim"), &[]);
}

#[test]
fn a_time_left_out() {
    holds_its_bounds(env!("CARGO_BIN_EXE_eb"), &["--dims", "5"]);
}

#[test]
fn bridges_between_gaussians() {
    holds_its_bounds(env!("CARGO_BIN_EXE_gaussian-bridge"), &[]);
}

#[test]
fn growth() {
    holds_its_bounds(env!("CARGO_BIN_EXE_gene-growth"), &[]);
}

#[test]
fn densities() {
    holds_its_bounds(env!("CARGO_BIN_EXE_cnf"), &[]);
}

#[test]
fn intensive_care() {
    holds_its_bounds(env!("CARGO_BIN_EXE_series"), &["physionet"]);
}

#[test]
fn hopper() {
    holds_its_bounds(env!("CARGO_BIN_EXE_series"), &["hopper"]);
}

#[test]
fn spirals() {
    holds_its_bounds(env!("CARGO_BIN_EXE_series"), &["spirals"]);
}

#[test]
fn brusselator() {
    holds_its_bounds(env!("CARGO_BIN_EXE_series"), &["brusselator"]);
}
