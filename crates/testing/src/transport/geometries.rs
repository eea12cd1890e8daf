//! What every geometry must keep.

use chreode_ot::Geometry;

/// Holds a geometry to its contract: pieces of a row are the row's pieces, and single costs its entries, to the bit,
/// whatever the buffer held; every cost is a number or `+∞`.
///
/// # Panics
/// When a law is broken; the message names it.
pub fn geometry_laws<G: Geometry + ?Sized>(geometry: &G) {
    let (n, m) = geometry.shape();
    let mut buffer = Vec::new();
    for row in 0..n {
        let whole = geometry.costs(row, 0..m, &mut Vec::new()).to_vec();
        assert_eq!(whole.len(), m, "row {row} has not one cost a target");
        let bad = whole.iter().position(|c| c.is_nan() || *c == f64::NEG_INFINITY);
        assert_eq!(bad, None, "row {row} holds a cost that is no number or −∞");
        for (start, end) in [(0, m), (0, m.div_ceil(2)), (m / 3, m), (m / 2, m / 2), (m - m.min(1), m)] {
            buffer.resize(m + row % 5, 77.0);
            let piece = geometry.costs(row, start..end, &mut buffer);
            assert_eq!(
                piece,
                &whole[start..end],
                "costs {start}..{end} of row {row} differ from the whole row's"
            );
        }
        for (column, &c) in whole.iter().enumerate() {
            assert_eq!(
                geometry.cost(row, column),
                c,
                "the single cost of ({row}, {column}) differs from its row's"
            );
        }
    }
}
