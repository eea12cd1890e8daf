//! Published cells and fields, as parts of graphs.

mod gru;
mod low_rank;
mod phoenix;
