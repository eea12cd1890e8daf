//! What does a forward pass and its pullback to the parameters cost, at which sizes?
//!
//! One thread, `f32`, SELU, a velocity on `d` columns. The id holds `d`, the hidden widths and the rows.
//! The baseline is libtorch on one thread: the same layers, `torch.autograd.grad` for the pullback.

use chreode_core::{Network, Seed};
use chreode_nn::{AdamW, Mlp, MlpConfig, Moments};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;

fn passes(criterion: &mut Criterion) {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("the first pool of this program");
    for (d, hidden, rows) in [
        (2, 64, 1),
        (2, 64, 16),
        (2, 64, 128),
        (2, 64, 256),
        (2, 64, 2048),
        (5, 64, 256),
        (100, 64, 256),
        (50, 256, 256),
        (100, 1024, 512),
    ] {
        case(criterion, d, hidden, rows);
    }
}

fn case(criterion: &mut Criterion, d: usize, hidden: usize, rows: usize) {
    let config = MlpConfig::new(d).hidden([hidden; 3]);
    let mut net = Mlp::<f32>::new(config, &mut Seed(1).stream("init", 0)).expect("a valid configuration");
    let x = Array2::from_shape_fn((rows, d), |(i, j)| ((i * 7 + j * 3) as f32).sin());
    let t: Vec<f32> = (0..rows).map(|i| i as f32 / rows as f32).collect();
    let mut out = Array2::zeros((rows, d));
    let mut memory = Default::default();
    let mut params = net.parameters();
    let mut gradient = params.clone();
    let id = |pass| BenchmarkId::new(pass, format!("d{d}-3x{hidden}-{rows}"));
    let mut group = criterion.benchmark_group("mlp");
    group.throughput(Throughput::Elements(rows as u64)).sample_size(20);
    group.bench_function(id("forward"), |b| {
        b.iter(|| net.forward(&t, x.view(), out.view_mut(), &mut memory));
    });
    group.bench_function(id("forward+pullback"), |b| {
        b.iter(|| {
            net.forward(&t, x.view(), out.view_mut(), &mut memory);
            net.pullback(x.view(), None, Some(&mut gradient), &mut memory);
        });
    });
    let (options, mut moments) = (AdamW::new(1e-9).expect("a valid rate"), Moments::new(params.len()));
    group.bench_function(id("step+write"), |b| {
        b.iter(|| {
            options.step(1.0, &mut moments, &mut params, &gradient).expect("lengths agree");
            net.write_parameters(&params);
        });
    });
    group.finish();
}

criterion_group!(benches, passes);
criterion_main!(benches);
