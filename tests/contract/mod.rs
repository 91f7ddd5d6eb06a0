//! What the contract promises, one module for each section of it, on every platform where it can occur.

mod s1_addresses;
mod s1_inputs;
mod s2_cancel;
mod s2_outcomes;
mod s2_read;
mod s2_watch;
mod s3_select;
mod s4_outputs;
mod s4_pages;
mod s6_never;
#[cfg(unix)]
mod s7_signals;
mod s9_driven;
mod s9_races;
