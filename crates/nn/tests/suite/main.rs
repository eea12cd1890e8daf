//! Networks: every test in one program, so that it links once.

mod common;
mod construction;
mod derivatives;
mod optimisers;
mod reference;
mod sameness;
mod torch;
