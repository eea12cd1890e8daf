//! Criterion benches of the workspace; each file under `benches/` answers one question.
