//! What the contract promises, one module for each part of it, on every platform where it can occur.

mod s1_inputs;
mod s2_faults;
mod s2_outcomes;
mod s3_select;
mod s4_outputs;
mod s4_pages;
mod s6_leaks;
#[cfg(unix)]
mod s7_signals;

pub use s4_outputs::HOSTILE;
