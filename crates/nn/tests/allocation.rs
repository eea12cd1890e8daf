//! After the first call of a size, passes and optimiser steps allocate nothing.

use chreode_core::{Network, NetworkJvp, Probes, Seed};
use chreode_nn::{
    Activation, AdamW, Connection, Field, Mlp, MlpConfig, Moments, Normalisation, TimeInput, clip_norm,
};
use ndarray::Array2;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting the calling thread's requests.
struct Counting;

// SAFETY: every call is passed on unchanged; the count is a thread-local without a destructor.
#[allow(unsafe_code, reason = "an allocator can only be replaced by unsafe code")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of the second of two training steps on `rows` rows.
fn second_step(hidden: &[usize], rows: usize) -> usize {
    let config = MlpConfig::new(5).hidden(hidden);
    let mut net = Mlp::<f32>::new(config, &mut Seed(1).stream("init", 0)).expect("a valid configuration");
    let x = Array2::from_shape_fn((rows, 5), |(i, j)| (i + 3 * j) as f32 * 0.01);
    let t = vec![0.5; rows];
    let (mut out, mut state) = (Array2::zeros((rows, 5)), Array2::zeros((rows, 5)));
    let mut params = net.parameters();
    let mut gradient = vec![0.0; params.len()];
    let (options, mut moments) = (AdamW::new(1e-3).expect("a valid rate"), Moments::new(params.len()));
    let mut memory = Default::default();
    let mut step = || {
        let before = COUNT.get();
        net.forward(&t, x.view(), out.view_mut(), &mut memory);
        net.pullback(out.view(), Some(state.view_mut()), Some(&mut gradient), &mut memory);
        clip_norm(&mut gradient, 1.0).expect("a finite gradient");
        options.step(1.0, &mut moments, &mut params, &gradient).expect("lengths agree");
        net.write_parameters(&params);
        COUNT.get() - before
    };
    assert!(step() > 0, "the first step must allocate, or nothing is counted");
    step()
}

#[test]
fn the_second_step_allocates_nothing() {
    // One thread, so that all work is the counting thread's own.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let counts = pool.install(|| [second_step(&[64, 64, 64], 200), second_step(&[300, 17], 1000)]);
    assert_eq!(counts, [0, 0]);
}

#[test]
fn nor_does_it_when_the_work_is_shared() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    assert_eq!(pool.install(|| second_step(&[128, 128], 1000)), 0);
}

/// Allocations of the second of two evaluations of a divergence and its gradients.
fn second_divergence(net: &impl NetworkJvp<Scalar = f32>, rows: usize) -> usize {
    let d = net.width().0;
    let x = Array2::from_shape_fn((rows, d), |(i, j)| (i + 3 * j) as f32 * 0.01);
    let t = vec![0.5; rows];
    let (mut out, mut state) = (Array2::zeros((rows, d)), Array2::zeros((rows, d)));
    let (mut gradient, mut div) = (vec![0.0; net.parameter_count()], vec![0.0; rows]);
    let mut memory = Default::default();
    let mut step = || {
        let before = COUNT.get();
        net.velocity(&t, x.view(), out.view_mut(), &mut memory);
        net.forward(&t, x.view(), out.view_mut(), &mut memory);
        net.divergence(Probes::Basis, &mut div, &mut memory);
        let (a, state) = (Some(out.view()), Some(state.view_mut()));
        net.pullback_divergence(Probes::Basis, &t, a, state, Some(&mut gradient), &mut memory);
        COUNT.get() - before
    };
    assert!(step() > 0, "the first step must allocate, or nothing is counted");
    step()
}

#[test]
fn a_second_divergence_allocates_nothing() {
    let rng = &mut Seed(1).stream("init", 0);
    let config = MlpConfig::new(5)
        .hidden([64, 64])
        .activation(Activation::Silu)
        .connection(Connection::Residual)
        .normalisation(Normalisation::Layer)
        .time(TimeInput::Fourier(vec![1.0]));
    let net = Mlp::<f32>::new(config, rng).expect("a valid configuration");
    let (flow, genes) =
        (Field::gru_flow(9, rng).expect("a width"), Field::phoenix(9, 4, rng).expect("a width"));
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let counts = pool.install(|| {
            [second_divergence(&net, 500), second_divergence(&flow, 500), second_divergence(&genes, 500)]
        });
        assert_eq!(counts, [0, 0, 0], "{threads} threads");
    }
}
