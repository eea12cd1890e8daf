//! Memory for large arrays.

use bytemuck::Zeroable;

/// Arrays of this many bytes are worth large pages.
#[cfg(target_os = "linux")]
const LARGE: usize = 4 << 20;

/// `n` zeros. Large arrays are asked for in large pages where the system has them to give: their first use is then one
/// fault for every 2 MiB and not for every 4 KiB. NumPy does the same.
pub(crate) fn zeros<T: Zeroable + Clone>(n: usize) -> Vec<T> {
    let out = vec![T::zeroed(); n];
    #[cfg(target_os = "linux")]
    ask_for_large_pages(&out);
    out
}

/// A hint to the system; that it may refuse it changes nothing.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "a hint to the system goes through a foreign call")]
fn ask_for_large_pages<T>(array: &[T]) {
    let bytes = std::mem::size_of_val(array);
    if bytes < LARGE {
        return;
    }
    const PAGE: usize = 4096;
    let start = array.as_ptr().cast::<u8>();
    let skipped = start.align_offset(PAGE);
    if skipped >= bytes {
        return;
    }
    // SAFETY: the range lies within `array`, whose memory is ours, and the advice changes how it is backed, never what it
    // holds.
    unsafe {
        let at = start.add(skipped).cast_mut().cast();
        libc::madvise(at, (bytes - skipped) / PAGE * PAGE, libc::MADV_HUGEPAGE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_any_size_are_zero() {
        for n in [0, 1, 1000, 3 << 20] {
            let array = zeros::<u32>(n);
            assert_eq!(array.len(), n);
            assert!(array.iter().all(|&v| v == 0));
        }
    }
}
