//! x
use chreode_core::Seed;
use chreode_ode::Span;
use chreode_sde::{BrownianPath, BrownianTree};
fn main() {
    let tree = BrownianTree::new(Seed(1), Span { t0: 0.0, t1: 1.0 }, [0.0; 1], 1.0 / 1024.0).unwrap();
    for steps in [1024usize, 1000] {
        let t = std::time::Instant::now();
        for _ in 0..2000 {
            let (mut c, mut w) = (tree.cursor(), [0.0]);
            for i in 0..steps {
                tree.increment_into(i as f64 / steps as f64, (i + 1) as f64 / steps as f64, &mut c, &mut w)
                    .unwrap();
            }
            std::hint::black_box(w);
        }
        println!("{steps}: {} ns a step", t.elapsed().as_nanos() as f64 / 2000.0 / steps as f64);
    }
}
