//! The visitor policy, asked as the gateway asks it: suites that print how many bad calls were tried and let through, and
//! how many good ones were tried and refused.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests may, and a suite prints what it tried"
)]

mod canaries;
mod good;
mod hostile;
mod ids;
mod matrix;
mod reference;
mod rows;
mod sdks;
mod support;
