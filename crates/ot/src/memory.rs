//! What a solve will need, before it starts.

use crate::OtError;

/// How the costs are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Storage {
    /// A matrix of `f64`: 8 n m bytes.
    Matrix,
    /// A matrix of `f32`: 4 n m bytes.
    SingleMatrix,
    /// Computed from the coordinates when asked for, a [`PointCloud`](crate::PointCloud): 8 (n + m) d bytes.
    OnDemand,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// [`NetworkSimplex`](crate::NetworkSimplex).
    NetworkSimplex,
    /// [`Assignment`](crate::Assignment), which holds costs of its own: 12 n² bytes.
    Assignment,
    /// [`Sinkhorn`](crate::Sinkhorn) in the log domain.
    Sinkhorn {
        /// Iterations that are expected.
        iterations: usize,
    },
    /// Transport by plans of low rank, with squared Euclidean costs in factors.
    LowRank {
        /// The rank.
        rank: usize,
        /// Iterations that are expected.
        iterations: usize,
    },
    /// The plan as a matrix, by [`Coupling::to_matrix`](crate::Coupling::to_matrix): 8 n m bytes.
    DensePlan,
}

/// How much memory may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// What the system says is available: `MemAvailable` of Linux, less where a control group allows less.
    Available,
    /// This many bytes.
    Bytes(u64),
}

impl Memory {
    /// The budget in bytes.
    ///
    /// # Errors
    /// [`OtError::UnknownMemory`] where the system does not tell; give [`Memory::Bytes`] there.
    pub fn bytes(self) -> Result<u64, OtError> {
        match self {
            Memory::Bytes(bytes) => Ok(bytes),
            Memory::Available => available().ok_or(OtError::UnknownMemory),
        }
    }
}

/// The memory and the work that a solve is expected to need.
///
/// ```
/// use chreode_ot::{Estimate, Memory, Storage, Work};
///
/// // A hundred thousand cells on each side, in 50 dimensions.
/// let exact = Estimate::new(Work::NetworkSimplex, Storage::Matrix, (100_000, 100_000), 50);
/// let refused = exact.within(Memory::Bytes(64 << 30)).unwrap_err();
/// assert!(refused.to_string().contains("costs when asked for"));
/// let lazy = Estimate::new(Work::NetworkSimplex, Storage::OnDemand, (100_000, 100_000), 50);
/// assert!(lazy.within(Memory::Bytes(64 << 30)).is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    work: Work,
    storage: Storage,
    shape: (usize, usize),
    width: usize,
}

/// Bytes of candidate arcs that the network simplex keeps for a source, at most, with the copies made as lists grow.
const ARCS: f64 = 4096.0;
/// Bytes of its tree for a point.
const NODE: f64 = 160.0;
/// The share of the points that its first guess is made from, on each side: costs between them are a matrix.
const GUESS: f64 = 3.0;
/// Bytes of the largest kernel that the entropic solver keeps by its own choice.
const KERNEL: f64 = 536_870_912.0;

/// Bytes of the kernels that [`Sinkhorn`](crate::Sinkhorn) keeps where it chooses the form: none above its limit; both
/// precisions for a moment where it goes from the single to the double.
fn kernels(entries: f64) -> f64 {
    match entries {
        entries if 8.0 * entries <= KERNEL => 12.0 * entries,
        entries if 4.0 * entries <= KERNEL => 4.0 * entries,
        _ => 0.0,
    }
}

impl Estimate {
    /// For `n × m` points in `d` dimensions.
    pub fn new(work: Work, storage: Storage, shape: (usize, usize), d: usize) -> Self {
        Self { work, storage, shape, width: d }
    }

    /// Bytes that the costs take.
    pub fn geometry(&self) -> u64 {
        let [n, m, d] = self.sizes();
        bytes(match (self.work, self.storage) {
            (Work::LowRank { .. }, _) => 8.0 * (n + m) * (d + 2.0),
            (_, Storage::Matrix) => 8.0 * n * m,
            (_, Storage::SingleMatrix) => 4.0 * n * m,
            (_, Storage::OnDemand) => 8.0 * (n + m) * d,
        })
    }

    /// Bytes that the solver takes beside the costs, with the plan it returns.
    pub fn solver(&self) -> u64 {
        let [n, m, _] = self.sizes();
        bytes(match self.work {
            Work::NetworkSimplex => ARCS * n + NODE * (n + m) + 8.0 * (n / GUESS) * (m / GUESS),
            Work::Assignment => 12.0 * n.max(m) * n.max(m) + 100.0 * (n + m),
            Work::Sinkhorn { .. } => 64.0 * (n + m) + kernels(n * m),
            // Factors of the plan, their gradients and kernels, and the scalings of their marginals.
            Work::LowRank { rank, .. } => 8.0 * 6.0 * (n + m) * rank as f64,
            Work::DensePlan => 8.0 * n * m,
        })
    }

    /// Bytes in all, at the highest point: an upper bound, usually by less than a factor of two.
    pub fn peak(&self) -> u64 {
        self.geometry().saturating_add(self.solver())
    }

    /// Floating-point operations, to an order of magnitude.
    ///
    /// For the exact methods, whose work depends on the data, from timings on clouds of points.
    pub fn operations(&self) -> f64 {
        let [n, m, d] = self.sizes();
        // One cost: read, or three operations a coordinate.
        let cost = if self.storage == Storage::OnDemand { 1.0 + 3.0 * d } else { 1.0 };
        match self.work {
            Work::NetworkSimplex => n * m * (20.0 * cost + 3.0 * (n + m).sqrt()),
            Work::Assignment => n * m * (3.0 * d + 2.0 * n.max(m).sqrt()),
            Work::Sinkhorn { iterations } => iterations as f64 * n * m * (3.0 * cost + 60.0),
            Work::LowRank { rank, iterations } => {
                iterations as f64 * (n + m) * rank as f64 * (20.0 + 2.0 * d)
            }
            Work::DensePlan => n * m * (cost + 30.0),
        }
    }

    /// Seconds on one core with vector instructions, to an order of magnitude: 5·10⁹ operations a second.
    pub fn seconds(&self) -> f64 {
        self.operations() / 5e9
    }

    /// The estimate, if it fits.
    ///
    /// # Errors
    /// [`OtError::TooLarge`] with both numbers and advice that was checked: what it names does fit. [`OtError::UnknownMemory`].
    pub fn within(self, memory: Memory) -> Result<Self, OtError> {
        let (needed, available) = (self.peak(), memory.bytes()?);
        if needed <= available {
            return Ok(self);
        }
        let fits = |work, storage| Self { work, storage, ..self }.peak() <= available;
        let advice = if fits(self.work, Storage::OnDemand) {
            "computing the costs when asked for, with a PointCloud, would fit"
        } else if self.storage == Storage::Matrix
            && self.work != Work::Assignment
            && fits(self.work, Storage::SingleMatrix)
        {
            "costs in f32 would fit"
        } else if fits(Work::Sinkhorn { iterations: 1 }, Storage::OnDemand) {
            "entropic transport with a PointCloud, or low-rank transport, would fit; or take a subsample of the points"
        } else if fits(Work::LowRank { rank: 10, iterations: 1 }, Storage::OnDemand) {
            "low-rank transport would fit; or take a subsample of the points"
        } else {
            "take a subsample of the points"
        };
        Err(OtError::TooLarge { needed, available, advice })
    }

    fn sizes(&self) -> [f64; 3] {
        [self.shape.0 as f64, self.shape.1 as f64, self.width as f64]
    }
}

/// Whole bytes; the largest number where there are more.
fn bytes(count: f64) -> u64 {
    count.ceil() as u64
}

/// What Linux says: the free memory, and what a control group leaves of its limit.
fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let free = meminfo(&text)?;
    let number = |name: &str| {
        let text = std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let group = number("memory.max").zip(number("memory.current"));
    Some(group.map_or(free, |(limit, used)| free.min(limit.saturating_sub(used))))
}

/// `MemAvailable` in bytes.
fn meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::meminfo;

    #[test]
    fn the_available_memory_is_read() {
        let text = "MemTotal:       24684084 kB\nMemFree:        13962424 kB\nMemAvailable:   23229940 kB\n";
        assert_eq!(meminfo(text), Some(23_229_940 * 1024));
        assert_eq!(meminfo("MemTotal: 3 kB\n"), None);
        assert_eq!(meminfo("MemAvailable: many kB\n"), None);
    }
}
