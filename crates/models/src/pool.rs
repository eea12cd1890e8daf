//! Plans computed off the training thread, in an order fixed by the batch index.

use crate::ModelError;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A sequence of batches, each a pure function of its index.
///
/// Purity is what makes the rest simple: any thread may compute any batch, a resumed run continues
/// at its step without replaying the steps before it, and the result does not depend on how many
/// threads there are.
pub trait BatchSource: Sync {
    /// What a step consumes.
    type Batch: Send;
    /// The batch of step `index`.
    ///
    /// # Errors
    /// Whatever keeps a batch from being made, e.g. a transport problem without a plan.
    fn batch(&self, index: u64) -> Result<Self::Batch, ModelError>;
}

/// Batches computed ahead of the consumer by worker threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Threads beside the consumer's own; 0 computes every batch when it is asked for.
    pub workers: usize,
    /// How many batches may be ready or under way ahead of the consumer.
    pub depth: usize,
}

struct Queue<B> {
    /// The first index nobody has claimed.
    next: u64,
    /// The index the consumer wants.
    wanted: u64,
    ready: BTreeMap<u64, Result<B, ModelError>>,
    closed: bool,
}

struct Shared<B> {
    queue: Mutex<Queue<B>>,
    /// A batch is ready, or its worker died.
    made: Condvar,
    /// There is room, or the pool closes.
    room: Condvar,
}

impl<B> Shared<B> {
    fn lock(&self) -> MutexGuard<'_, Queue<B>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().closed = true;
        self.room.notify_all();
        self.made.notify_all();
    }
}

/// Closes the pool however its thread leaves, so that nobody waits for a thread that panicked.
struct CloseOnDrop<'s, B>(&'s Shared<B>);

impl<B> Drop for CloseOnDrop<'_, B> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Pool {
    /// A pool that uses `threads` threads in all, the consumer's included.
    pub fn with_threads(threads: usize) -> Self {
        let workers = threads.saturating_sub(1);
        Self { workers, depth: 4 * workers }
    }

    /// Feeds the batches of `indices` to `consume`, in order, until they end or it breaks.
    ///
    /// A consumer whose batch is not ready makes batches itself instead of waiting, its own or those after it, as
    /// long as there is room: no thread rests while there is work.
    ///
    /// # Errors
    /// The first error of the source or of the consumer, in order of index.
    pub fn feed<S: BatchSource + ?Sized>(
        &self,
        source: &S,
        indices: Range<u64>,
        mut consume: impl FnMut(u64, S::Batch) -> Result<ControlFlow<()>, ModelError>,
    ) -> Result<(), ModelError> {
        let queue =
            Queue { next: indices.start, wanted: indices.start, ready: BTreeMap::new(), closed: false };
        let shared = Shared { queue: Mutex::new(queue), made: Condvar::new(), room: Condvar::new() };
        std::thread::scope(|scope| {
            let _close = CloseOnDrop(&shared);
            for _ in 0..self.workers {
                scope.spawn(|| self.work(source, indices.end, &shared));
            }
            for index in indices.clone() {
                let batch = self.take(source, index, indices.end, &shared)?;
                if consume(index, batch)?.is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// A worker: claims the next index while there is room, and leaves its batch in the queue.
    fn work<S: BatchSource + ?Sized>(&self, source: &S, end: u64, shared: &Shared<S::Batch>) {
        let _close = CloseOnPanic(shared);
        loop {
            let index = {
                let mut queue = shared.lock();
                while !queue.closed && queue.next < end && queue.next >= queue.wanted + self.depth as u64 {
                    queue = shared.room.wait(queue).unwrap_or_else(PoisonError::into_inner);
                }
                if queue.closed || queue.next >= end {
                    return;
                }
                queue.next += 1;
                queue.next - 1
            };
            let batch = source.batch(index);
            shared.lock().ready.insert(index, batch);
            shared.made.notify_all();
        }
    }

    /// The batch of `index`, with help in making it and those after it.
    fn take<S: BatchSource + ?Sized>(
        &self,
        source: &S,
        index: u64,
        end: u64,
        shared: &Shared<S::Batch>,
    ) -> Result<S::Batch, ModelError> {
        let mut queue = shared.lock();
        queue.wanted = index;
        shared.room.notify_all();
        loop {
            if let Some(batch) = queue.ready.remove(&index) {
                return batch;
            }
            if queue.closed {
                return Err(ModelError::WorkerLost { index });
            }
            let next = queue.next;
            if next <= index || next < end.min(index + self.depth as u64) {
                queue.next += 1;
                drop(queue);
                let batch = source.batch(next);
                queue = shared.lock();
                queue.ready.insert(next, batch);
            } else {
                queue = shared.made.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

/// Closes the pool only when its worker panics: the consumer must not wait for that batch for ever.
struct CloseOnPanic<'s, B>(&'s Shared<B>);

impl<B> Drop for CloseOnPanic<'_, B> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Squares, slower for some indices so that workers overtake each other; fails at one index.
    struct Squares {
        fails_at: Option<u64>,
    }

    impl BatchSource for Squares {
        type Batch = u64;
        fn batch(&self, index: u64) -> Result<u64, ModelError> {
            if index.is_multiple_of(3) {
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            if Some(index) == self.fails_at {
                return Err(ModelError::WorkerLost { index });
            }
            Ok(index * index)
        }
    }

    fn fed(workers: usize, range: Range<u64>, stop: Option<u64>) -> Vec<(u64, u64)> {
        let mut seen = Vec::new();
        let pool = Pool { workers, depth: 2 * workers };
        pool.feed(&Squares { fails_at: None }, range, |i, b| {
            seen.push((i, b));
            Ok(if Some(i) == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
        .expect("squares never fail");
        seen
    }

    #[test]
    fn batches_arrive_once_each_and_in_order_for_any_number_of_workers() {
        let expected: Vec<_> = (5..60).map(|i| (i, i * i)).collect();
        for workers in [0, 1, 3, 8] {
            assert_eq!(fed(workers, 5..60, None), expected, "{workers} workers");
        }
    }

    #[test]
    fn a_break_ends_the_feed_and_the_workers() {
        assert_eq!(fed(3, 0..1_000_000, Some(4)).len(), 5);
    }

    #[test]
    fn an_error_arrives_at_its_own_index_after_the_batches_before_it() {
        for workers in [0, 4] {
            let mut seen = 0;
            let pool = Pool { workers, depth: 8 };
            let error = pool
                .feed(&Squares { fails_at: Some(7) }, 0..100, |_, _| {
                    seen += 1;
                    Ok(ControlFlow::Continue(()))
                })
                .unwrap_err();
            assert_eq!(seen, 7);
            assert!(matches!(error, ModelError::WorkerLost { index: 7 }));
        }
    }

    /// Batch `2k` is made only while another thread makes batch `2k + 1`.
    #[derive(Default)]
    struct Pairs {
        begun: Mutex<std::collections::BTreeSet<u64>>,
        begins: Condvar,
    }

    impl BatchSource for Pairs {
        type Batch = u64;
        fn batch(&self, index: u64) -> Result<u64, ModelError> {
            let mut begun = self.begun.lock().expect("no test thread panics");
            begun.insert(index);
            self.begins.notify_all();
            let patience = std::time::Duration::from_secs(30);
            let alone = |begun: &mut std::collections::BTreeSet<u64>| !begun.contains(&(index ^ 1));
            let (begun, wait) =
                self.begins.wait_timeout_while(begun, patience, alone).expect("no test thread panics");
            drop(begun);
            if wait.timed_out() { Err(ModelError::WorkerLost { index }) } else { Ok(index) }
        }
    }

    #[test]
    fn the_consumer_makes_later_batches_while_its_own_is_under_way() {
        let mut seen = Vec::new();
        let pool = Pool::with_threads(2);
        pool.feed(&Pairs::default(), 0..40, |i, _| {
            seen.push(i);
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        assert_eq!(seen, (0..40).collect::<Vec<_>>());
    }
}
