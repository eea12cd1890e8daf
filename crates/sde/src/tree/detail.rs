//! What a tree knows of each of its intervals, and the bridges that split it.

/// The two normal numbers (slices of them) that belong to a node.
#[derive(Clone, Copy)]
pub struct Normals<'a> {
    pub(crate) cosines: &'a [f64],
    pub(crate) sines: &'a [f64],
}

pub(crate) mod sealed {
    use super::Normals;

    /// The arithmetic of a [`Detail`](super::Detail). The parts of an interval are its increments, then
    /// its areas H if known; those of a running sum hold h·H instead.
    pub trait Bridge {
        /// Parts of an interval.
        const PARTS: usize;
        /// Normal pairs that split a node with `size` entries.
        fn blocks(size: usize) -> usize;
        /// The parts of the root, of length `h`.
        fn root(h: f64, z: Normals<'_>, out: &mut [f64]);
        /// The parts of both halves of a node of length `h`.
        fn halve(h: f64, node: &[f64], z: Normals<'_>, left: &mut [f64], right: &mut [f64]);
        /// The parts of `[0, αh]` and `[αh, h]` of a node of length `h`.
        fn cut(h: f64, alpha: f64, node: &[f64], z: Normals<'_>, left: &mut [f64], right: &mut [f64]);
        /// Starts a sum with an interval of length `h`.
        fn start(sum: &mut [f64], h: f64, piece: &[f64]);
        /// Appends an interval of length `h` to a sum over one of length `before`.
        fn append(before: f64, sum: &mut [f64], h: f64, piece: &[f64]);
        /// Takes an interval of length `h` off the front of a sum that ends up with length `after`.
        fn behead(after: f64, sum: &mut [f64], h: f64, piece: &[f64]);
    }
}

/// What a [`BrownianTree`](crate::BrownianTree) knows: [`Increments`] or [`SpaceTime`].
pub trait Detail: sealed::Bridge + Copy {}

/// The increments W alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Increments;

/// The increments W and the space-time Lévy areas H.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceTime;

impl Detail for Increments {}
impl Detail for SpaceTime {}

impl Increments {
    /// Calls `f` with each entry's place and normal number: cosines serve the first half, sines the rest.
    #[inline(always)]
    fn each(size: usize, z: Normals<'_>, mut f: impl FnMut(usize, f64)) {
        let half = z.cosines.len();
        for (i, &z) in z.cosines.iter().enumerate() {
            f(i, z);
        }
        for (i, &z) in z.sines[..size - half].iter().enumerate() {
            f(half + i, z);
        }
    }
}

impl sealed::Bridge for Increments {
    const PARTS: usize = 1;

    fn blocks(size: usize) -> usize {
        size.div_ceil(2)
    }

    fn root(h: f64, z: Normals<'_>, out: &mut [f64]) {
        let deviation = h.sqrt();
        Self::each(out.len(), z, |i, z| out[i] = deviation * z);
    }

    #[inline]
    fn halve(h: f64, node: &[f64], z: Normals<'_>, left: &mut [f64], right: &mut [f64]) {
        Self::cut(h, 0.5, node, z, left, right);
    }

    /// W(αh) = αW + √(α(1 − α)h) z.
    #[inline]
    fn cut(h: f64, alpha: f64, node: &[f64], z: Normals<'_>, left: &mut [f64], right: &mut [f64]) {
        let beta = 1.0 - alpha;
        let deviation = (alpha * beta * h).sqrt();
        let size = node.len();
        let (left, right) = (&mut left[..size], &mut right[..size]);
        Self::each(size, z, |i, z| {
            left[i] = alpha * node[i] + deviation * z;
            right[i] = beta * node[i] - deviation * z;
        });
    }

    #[inline]
    fn start(sum: &mut [f64], _h: f64, piece: &[f64]) {
        for (sum, piece) in sum.iter_mut().zip(piece) {
            *sum = *piece;
        }
    }

    #[inline]
    fn append(_before: f64, sum: &mut [f64], _h: f64, piece: &[f64]) {
        for (sum, piece) in sum.iter_mut().zip(piece) {
            *sum += piece;
        }
    }

    #[inline]
    fn behead(_after: f64, sum: &mut [f64], _h: f64, piece: &[f64]) {
        for (sum, piece) in sum.iter_mut().zip(piece) {
            *sum -= piece;
        }
    }
}

impl sealed::Bridge for SpaceTime {
    const PARTS: usize = 2;

    fn blocks(size: usize) -> usize {
        size
    }

    fn root(h: f64, z: Normals<'_>, out: &mut [f64]) {
        let (w, area) = out.split_at_mut(z.cosines.len());
        for i in 0..w.len() {
            w[i] = h.sqrt() * z.cosines[i];
            area[i] = (h / 12.0).sqrt() * z.sines[i];
        }
    }

    /// Foster, Lyons & Oberhauser: with Z ~ N(0, h/16) and N ~ N(0, h/12),
    /// W₁ = W/2 + 3H/2 + Z, W₂ = W/2 − 3H/2 − Z, H₁ = H/4 − Z/2 + N/2, H₂ = H/4 − Z/2 − N/2.
    #[inline]
    fn halve(h: f64, node: &[f64], z: Normals<'_>, left: &mut [f64], right: &mut [f64]) {
        let size = z.cosines.len();
        let (first, second) = (h.sqrt() / 4.0, (h / 48.0).sqrt());
        let ((w, area), sines) = (node.split_at(size), &z.sines[..size]);
        let (w1, h1) = left.split_at_mut(size);
        let (w2, h2) = right.split_at_mut(size);
        let (h1, w2, h2) = (&mut h1[..size], &mut w2[..size], &mut h2[..size]);
        let area = &area[..size];
        for i in 0..size {
            let z = first * z.cosines[i];
            let n = second * sines[i];
            let bridge = 1.5 * area[i] + z;
            w1[i] = 0.5 * w[i] + bridge;
            w2[i] = 0.5 * w[i] - bridge;
            let mean = 0.25 * area[i] - 0.5 * z;
            h1[i] = mean + n;
            h2[i] = mean - n;
        }
    }

    /// With β = 1 − α, the distance from the chord B = W₁ − αW and both areas are independent, with
    /// variances αβh, αh/12, βh/12, and H = B/2 + αH₁ + βH₂. In units of their deviations H is the
    /// coordinate along the unit vector n = (√(3αβ), α^(3/2), β^(3/2)); the two normal numbers are the
    /// coordinates across it.
    fn cut(h: f64, alpha: f64, node: &[f64], z: Normals<'_>, left: &mut [f64], right: &mut [f64]) {
        let beta = 1.0 - alpha;
        let n = [(3.0 * alpha * beta).sqrt(), alpha * alpha.sqrt(), beta * beta.sqrt()];
        let across = (1.0 - 3.0 * alpha * beta).sqrt();
        let size = z.cosines.len();
        let (w, area) = node.split_at(size);
        let (w1, h1) = left.split_at_mut(size);
        let (w2, h2) = right.split_at_mut(size);
        for i in 0..size {
            let along = area[i] / (h / 12.0).sqrt();
            let (first, second) = (z.cosines[i], z.sines[i]);
            let b = (alpha * beta * h).sqrt() * (n[0] * along + across * first);
            w1[i] = alpha * w[i] + b;
            w2[i] = beta * w[i] - b;
            let shared = n[0] / across * first;
            let apart = second / across;
            h1[i] = (alpha * h / 12.0).sqrt() * (n[1] * (along - shared) + n[2] * apart);
            h2[i] = (beta * h / 12.0).sqrt() * (n[2] * (along - shared) - n[1] * apart);
        }
    }

    #[inline]
    fn start(sum: &mut [f64], h: f64, piece: &[f64]) {
        let size = piece.len() / 2;
        for i in 0..size {
            sum[i] = piece[i];
            sum[size + i] = h * piece[size + i];
        }
    }

    /// Chen's relation: hH = h₁H₁ + h₂H₂ + (h₂W₁ − h₁W₂)/2.
    #[inline]
    fn append(before: f64, sum: &mut [f64], h: f64, piece: &[f64]) {
        let size = piece.len() / 2;
        let (w, moment) = sum.split_at_mut(size);
        let (w2, area) = piece.split_at(size);
        let (moment, w2, area) = (&mut moment[..size], &w2[..size], &area[..size]);
        for i in 0..size {
            moment[i] += h * area[i] + 0.5 * (h * w[i] - before * w2[i]);
            w[i] += w2[i];
        }
    }

    fn behead(after: f64, sum: &mut [f64], h: f64, piece: &[f64]) {
        let size = piece.len() / 2;
        let (w, moment) = sum.split_at_mut(size);
        let (w1, area) = piece.split_at(size);
        for i in 0..size {
            w[i] -= w1[i];
            moment[i] -= h * area[i] + 0.5 * (after * w1[i] - h * w[i]);
        }
    }
}
