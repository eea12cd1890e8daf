//! Sorting numbers by their bits.

/// Bits of a digit; three digits cover the upper 33 bits of a key.
const BITS: u32 = 11;
const SIZE: usize = 1 << BITS;
const SHIFTS: [u32; 3] = [31, 42, 53];
/// Below this number of items a comparison sort is quicker.
const FEW: usize = 256;

/// What can be sorted: it has a key of 64 bits.
pub(super) trait Keyed: Copy + Default {
    fn key(self) -> u64;
}

impl Keyed for u64 {
    #[inline]
    fn key(self) -> u64 {
        self
    }
}

impl Keyed for (u64, u32) {
    #[inline]
    fn key(self) -> u64 {
        self.0
    }
}

/// A key whose order is that of the finite numbers.
#[inline]
pub(super) fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    bits ^ ((bits as i64 >> 63) as u64 | 1 << 63)
}

/// The number of a key.
#[inline]
pub(super) fn value(key: u64) -> f64 {
    f64::from_bits(key ^ ((!key as i64 >> 63) as u64 | 1 << 63))
}

/// Sorts by key, items of equal keys in their order before.
///
/// Three passes of a radix sort over the upper 33 bits (sign, exponent and 21 bits of the fraction), which
/// leave few items out of order unless the numbers differ in their last bits only; then insertion, and where
/// that has much to move, a comparison sort.
pub(super) fn sort<T: Keyed>(items: &mut [T], spare: &mut Vec<T>) {
    let n = items.len();
    if n < FEW {
        return items.sort_by_key(|item| item.key());
    }
    spare.clear();
    spare.resize(n, T::default());
    let mut counts = [[0_u32; SIZE]; 3];
    for item in items.iter() {
        for (counts, shift) in counts.iter_mut().zip(SHIFTS) {
            counts[digit(*item, shift)] += 1;
        }
    }
    for (pass, (counts, shift)) in counts.iter_mut().zip(SHIFTS).enumerate() {
        let mut start = 0;
        for count in counts.iter_mut() {
            (start, *count) = (start + *count, start);
        }
        let (from, to): (&[T], &mut [T]) = if pass % 2 == 0 { (items, spare) } else { (spare, items) };
        for &item in from {
            let place = &mut counts[digit(item, shift)];
            to[*place as usize] = item;
            *place += 1;
        }
    }
    items.copy_from_slice(spare);
    let mut moves = 4 * n;
    for k in 1..n {
        let item = items[k];
        let mut at = k;
        while at > 0 && items[at - 1].key() > item.key() {
            items[at] = items[at - 1];
            at -= 1;
        }
        items[at] = item;
        if k - at > moves {
            return items.sort_by_key(|item| item.key());
        }
        moves -= k - at;
    }
}

#[inline]
fn digit<T: Keyed>(item: T, shift: u32) -> usize {
    (item.key() >> shift) as usize & (SIZE - 1)
}

#[cfg(test)]
mod tests {
    use super::{key, sort, value};
    use chreode_core::Seed;
    use rand::RngExt;

    #[test]
    fn sorts_numbers_of_every_kind() {
        let rng = &mut Seed(1).stream("numbers", 0);
        let wide = |u: f64| (u - 0.5).signum() * (60.0 * (u - 0.5)).exp();
        let near = |u: f64| 1.0 + (u * 4096.0).floor() * f64::EPSILON;
        let few = |u: f64| (u * 5.0).floor() - 2.0;
        for make in [&(|u: f64| u) as &dyn Fn(f64) -> f64, &wide, &near, &few] {
            for n in [1, 2, 255, 256, 3000] {
                let numbers: Vec<f64> = (0..n).map(|_| make(rng.random())).collect();
                let mut want = numbers.clone();
                want.sort_by(f64::total_cmp);
                let mut keys: Vec<u64> = numbers.iter().map(|&v| key(v)).collect();
                sort(&mut keys, &mut Vec::new());
                assert_eq!(keys.iter().map(|&k| value(k)).collect::<Vec<_>>(), want);
                // With places, stably.
                let mut pairs: Vec<(u64, u32)> =
                    numbers.iter().enumerate().map(|(k, &v)| (key(v), k as u32)).collect();
                sort(&mut pairs, &mut Vec::new());
                assert!(pairs.is_sorted());
            }
        }
    }
}
