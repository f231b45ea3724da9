//! The visitor policy, asked as the gateway asks it: suites that print how many bad calls were tried and let through, and
//! how many good ones were tried and refused.

mod canaries;
mod good;
mod hostile;
mod ids;
mod matrix;
mod reference;
mod rows;
mod sdks;
mod support;
