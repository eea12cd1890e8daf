#![doc = include_str!("../README.md")]

mod axes;
mod chart;
mod colour;
mod error;
pub mod font;
mod geometry;
mod png;
mod scale;
mod scene;
mod svg;
pub mod text;

pub use axes::{BOTTOM_ROOM, Frame, LABEL_SIZE, Side, TICK_SIZE, TITLE_SIZE};
pub use chart::{Chart, Line, Marker, Series};
pub use colour::{Ink, SERIES, TIME_STEPS, Theme};
pub use error::PlotError;
pub use font::Weight;
pub use geometry::{Point, Rect, bounds};
pub use png::png;
pub use scale::{Scale, Tick};
pub use scene::{Anchor, Mark, Scene, Stroke, Text, Turn};
pub use svg::{Paint, svg};
