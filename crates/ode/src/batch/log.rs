//! The steps that a row took, kept for whoever goes over them again.

use super::result::{Batch, RowEnd};

/// The accepted steps of a row, and some of the states they begin from: what
/// [`Rows::log`](crate::Rows::log) asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowSteps<A> {
    /// Where each step begins and ends. A step that does not begin where the last one ended follows a reset.
    pub ends: Vec<(f64, f64)>,
    /// The states before every [`spacing`](Self::spacing)-th step, one after the other.
    pub states: Vec<A>,
    /// How many steps lie from one of these states to the next: a power of two.
    pub spacing: usize,
    room: usize,
}

impl<A: Copy> RowSteps<A> {
    pub(crate) fn new(room: usize) -> Self {
        Self { ends: Vec::new(), states: Vec::new(), spacing: 1, room }
    }

    /// Takes down the step from `t0`, where the state is `y`, to `t1`.
    pub(crate) fn push(&mut self, t0: f64, t1: f64, y: impl ExactSizeIterator<Item = A>) {
        let (n, width) = (self.ends.len(), y.len());
        if n.is_multiple_of(self.spacing) {
            if self.states.len() == self.room.saturating_mul(width) && width > 0 {
                self.spread(2, width);
            }
            if n.is_multiple_of(self.spacing) {
                self.states.extend(y);
            }
        }
        self.ends.push((t0, t1));
    }

    /// Keeps every `n`-th of the states, of `width` entries each.
    pub fn spread(&mut self, n: usize, width: usize) {
        let kept = self.states.len() / width.max(1);
        for (to, from) in (0..kept).step_by(n.max(1)).enumerate() {
            self.states.copy_within(from * width..(from + 1) * width, to * width);
        }
        self.states.truncate(kept.div_ceil(n.max(1)) * width);
        self.spacing *= n.max(1);
    }
}

impl<A> Batch<A> {
    /// The steps of row `i`, if [`Rows::log`](crate::Rows::log) asked for them. They belong to a row however
    /// it ended; a step in which an event ended the row is there as a whole.
    pub fn steps(&self, i: usize) -> Option<&RowSteps<A>> {
        self.log.get(i)
    }

    /// Takes the steps of all rows out of the batch; none if nobody asked for them.
    pub fn take_steps(&mut self) -> Vec<RowSteps<A>> {
        std::mem::take(&mut self.log)
    }

    /// Whether row `i` came to the end of its span.
    pub fn reached(&self, i: usize) -> bool {
        self.ends[i] == RowEnd::Reached
    }
}

#[cfg(test)]
mod tests {
    use super::RowSteps;

    #[test]
    fn the_states_kept_are_evenly_spaced_and_never_more_than_there_is_room_for() {
        for room in 1..7 {
            let mut log = RowSteps::new(room);
            for n in 0..60 {
                log.push(n as f64, n as f64 + 1.0, [n, -n].into_iter());
                let kept = (n as usize + 1).div_ceil(log.spacing);
                assert!(kept <= room && 2 * kept * log.spacing > n as usize);
                let want = (0..kept as i32).flat_map(|i| [1, -1].map(|sign| sign * i * log.spacing as i32));
                assert!(log.states.iter().copied().eq(want), "{log:?}");
            }
            assert_eq!((log.ends.len(), log.ends[59]), (60, (59.0, 60.0)));
        }
    }
}
