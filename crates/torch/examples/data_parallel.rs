//! A network trained by as many processes as the environment says, on shares of the same batch:
//!
//! ```sh
//! export MASTER_ADDR=127.0.0.1 MASTER_PORT=29500 WORLD_SIZE=2
//! RANK=1 target/debug/examples/data_parallel & RANK=0 target/debug/examples/data_parallel; wait
//! torchrun --standalone --nproc-per-node 2 --no-python target/debug/examples/data_parallel
//! ```
//!
//! The loss at the end is the same for any number of processes that divides 240, to rounding.
#![allow(clippy::print_stdout, reason = "a program")]

use chreode_torch::Group;
use std::error::Error;
use std::time::Duration;
use tch::nn::{self, Module, OptimizerConfig, VarStore};
use tch::{Device, Kind, Tensor};

fn main() -> Result<(), Box<dyn Error>> {
    let group = Group::from_environment(Duration::from_secs(60))?;
    let (rank, world) = group.as_ref().map_or((0, 1), |g| (g.rank() as i64, g.world() as i64));
    tch::manual_seed(7);
    let store = VarStore::new(Device::Cpu);
    let net = nn::seq()
        .add(nn::linear(store.root() / "layers" / 0, 2, 32, Default::default()))
        .add_fn(|x| x.tanh())
        .add(nn::linear(store.root() / "layers" / 1, 32, 1, Default::default()));
    let weights = store.trainable_variables();
    if let Some(group) = &group {
        group.broadcast(&weights, 0)?;
    }
    // 240 points, of which this process has its share.
    let x = Tensor::linspace(-3.0, 3.0, 480, (Kind::Float, Device::Cpu)).cos().view([240, 2]);
    let y = (x.select(1, 0) * x.select(1, 1)).unsqueeze(1);
    let share = |t: &Tensor| t.narrow(0, rank * 240 / world, 240 / world);
    let mut adam = nn::Adam::default().build(&store, 1e-2)?;
    let mut loss = 0.0;
    for _ in 0..200 {
        adam.zero_grad();
        let error = (net.forward(&share(&x)) - share(&y)).square().mean(Kind::Float);
        error.backward();
        if let Some(group) = &group {
            group.mean_gradients(&weights)?;
        }
        adam.step();
        loss = error.double_value(&[]);
    }
    if let Some(group) = &group {
        loss = group.gather(loss)?.iter().sum::<f64>() / group.world() as f64;
    }
    println!("rank {rank} of {world}: the loss of the whole batch is {loss:.6}");
    Ok(())
}
