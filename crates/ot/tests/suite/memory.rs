//! Memory estimates: closed forms, refusals with advice that holds.

use chreode_ot::{Estimate, Memory, OtError, Storage, Work};

#[test]
fn the_large_terms() {
    let of = |work, storage| Estimate::new(work, storage, (20_000, 30_000), 50);
    let sinkhorn = Work::Sinkhorn { iterations: 100 };
    assert_eq!(of(sinkhorn, Storage::Matrix).geometry(), 4_800_000_000);
    assert_eq!(of(sinkhorn, Storage::SingleMatrix).geometry(), 2_400_000_000);
    assert_eq!(of(sinkhorn, Storage::OnDemand).geometry(), 20_000_000);
    assert_eq!(of(Work::DensePlan, Storage::OnDemand).solver(), 4_800_000_000);
    assert!(of(Work::Assignment, Storage::OnDemand).solver() > 12 * 30_000 * 30_000);
    let low_rank = of(Work::LowRank { rank: 10, iterations: 100 }, Storage::Matrix);
    assert!(low_rank.peak() < 100_000_000);
    assert!(low_rank.operations() < of(sinkhorn, Storage::OnDemand).operations() / 1000.0);
    // Of the order of what docs/benchmarks/peers.md measured: 6 ms and 60 ms.
    let assignment = Estimate::new(Work::Assignment, Storage::OnDemand, (1024, 1024), 5);
    assert!((6e-4..6e-2).contains(&assignment.seconds()), "{}", assignment.seconds());
    let simplex = Estimate::new(Work::NetworkSimplex, Storage::Matrix, (1000, 1500), 5);
    assert!((6e-3..6e-1).contains(&simplex.seconds()), "{}", simplex.seconds());
    // 62,000 × 53,000 points, at which a peer's solver ended the process: no number overflows.
    let exact = Estimate::new(Work::NetworkSimplex, Storage::Matrix, (62_000, 53_000), 50);
    assert!(exact.peak() > 26_000_000_000 && exact.peak() < 40_000_000_000);
    let endless = Estimate::new(Work::DensePlan, Storage::Matrix, (usize::MAX, usize::MAX), usize::MAX);
    assert_eq!(endless.peak(), u64::MAX);
}

#[test]
fn refusals_advise_what_fits() {
    let shape = (100_000, 100_000);
    let ask = |work, storage, budget| Estimate::new(work, storage, shape, 50).within(Memory::Bytes(budget));
    let text = |work, storage, budget| ask(work, storage, budget).unwrap_err().to_string();
    let sinkhorn = Work::Sinkhorn { iterations: 100 };
    assert_eq!(
        text(sinkhorn, Storage::Matrix, 16_000_000_000),
        "this needs about 80012800000 bytes of memory and 16000000000 are available; computing the costs when asked for, with a PointCloud, would fit"
    );
    assert!(ask(sinkhorn, Storage::OnDemand, 16_000_000_000).is_ok());
    assert!(
        text(Work::DensePlan, Storage::Matrix, 130_000_000_000).ends_with("with a PointCloud, would fit")
    );
    assert!(text(Work::DensePlan, Storage::OnDemand, 16_000_000_000).ends_with(
        "entropic transport with a PointCloud, or low-rank transport, would fit; or take a subsample of the points"
    ));
    assert!(text(sinkhorn, Storage::Matrix, 10_000_000).ends_with("; take a subsample of the points"));
    let wide = Estimate::new(Work::Assignment, Storage::Matrix, (1000, 1000), 3000);
    assert!(
        wide.within(Memory::Bytes(19_000_000))
            .unwrap_err()
            .to_string()
            .ends_with("; take a subsample of the points")
    );
    let error = ask(sinkhorn, Storage::Matrix, 5).unwrap_err();
    assert!(matches!(error, OtError::TooLarge { needed: 80_012_800_000, available: 5, .. }));
    assert_eq!(
        OtError::UnknownMemory.to_string(),
        "the available memory is not known on this system; give a budget in bytes"
    );
}
