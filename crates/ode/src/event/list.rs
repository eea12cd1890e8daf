//! None, one or several events at once.

use super::{Action, Direction, Event, Events, When};

/// No events: costs nothing.
impl<Y> Events<Y> for () {
    #[inline(always)]
    fn count(&self) -> usize {
        0
    }

    fn value(&self, _: usize, _: f64, _: &Y) -> f64 {
        1.0
    }

    fn direction(&self, _: usize) -> Direction {
        Direction::Either
    }

    fn occurred(&mut self, _: usize, _: f64, _: &Y) -> Action<Y> {
        Action::Continue
    }

    fn samples(&self) -> usize {
        1
    }
}

/// One event by itself.
macro_rules! single {
    ($(($($bounds:tt)*) $event:ty;)*) => {$(
        impl<Y, $($bounds)*> Events<Y> for $event
        where
            $event: Event<Y>,
        {
            fn count(&self) -> usize {
                1
            }

            fn value(&self, _: usize, t: f64, y: &Y) -> f64 {
                Event::value(self, t, y)
            }

            fn direction(&self, _: usize) -> Direction {
                Event::<Y>::direction(self)
            }

            fn occurred(&mut self, _: usize, t: f64, y: &Y) -> Action<Y> {
                Event::occurred(self, t, y)
            }

            fn samples(&self) -> usize {
                Event::<Y>::samples(self)
            }
        }
    )*};
}

single! {
    (F: Fn(f64, &Y) -> f64) F;
    (G, A) When<G, A>;
}

impl<Y, E: Event<Y>> Events<Y> for [E] {
    fn count(&self) -> usize {
        self.len()
    }

    fn value(&self, index: usize, t: f64, y: &Y) -> f64 {
        self[index].value(t, y)
    }

    fn direction(&self, index: usize) -> Direction {
        self[index].direction()
    }

    fn occurred(&mut self, index: usize, t: f64, y: &Y) -> Action<Y> {
        self[index].occurred(t, y)
    }

    fn samples(&self) -> usize {
        self.iter().map(Event::samples).max().unwrap_or(1)
    }
}

/// Passes every call on to a slice of itself.
macro_rules! as_slice {
    ($(($($generics:tt)*) $list:ty;)*) => {$(
        impl<Y, E: Event<Y>, $($generics)*> Events<Y> for $list {
            fn count(&self) -> usize {
                self.len()
            }

            fn value(&self, index: usize, t: f64, y: &Y) -> f64 {
                self[index].value(t, y)
            }

            fn direction(&self, index: usize) -> Direction {
                self[index].direction()
            }

            fn occurred(&mut self, index: usize, t: f64, y: &Y) -> Action<Y> {
                self[index].occurred(t, y)
            }

            fn samples(&self) -> usize {
                Events::samples(self.as_slice())
            }
        }
    )*};
}

as_slice! {
    () Vec<E>;
    (const N: usize) [E; N];
}

/// Passes each call on to the member with that index.
macro_rules! tuple {
    ($count:literal: $($name:ident $index:tt),*) => {
        impl<Y, $($name: Event<Y>),*> Events<Y> for ($($name,)*) {
            fn count(&self) -> usize {
                $count
            }

            fn value(&self, index: usize, t: f64, y: &Y) -> f64 {
                match index {
                    $($index => self.$index.value(t, y),)*
                    _ => unreachable!("an index below the count"),
                }
            }

            fn direction(&self, index: usize) -> Direction {
                match index {
                    $($index => self.$index.direction(),)*
                    _ => unreachable!("an index below the count"),
                }
            }

            fn occurred(&mut self, index: usize, t: f64, y: &Y) -> Action<Y> {
                match index {
                    $($index => self.$index.occurred(t, y),)*
                    _ => unreachable!("an index below the count"),
                }
            }

            fn samples(&self) -> usize {
                1$(.max(self.$index.samples()))*
            }
        }
    };
}

tuple!(1: A 0);
tuple!(2: A 0, B 1);
tuple!(3: A 0, B 1, C 2);
tuple!(4: A 0, B 1, C 2, D 3);
