//! The real binary against the sandbox, from outside: one test for every promise a user could notice.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test may stop at the first surprise"
)]

#[path = "../models/mod.rs"]
mod models;
#[path = "../sandbox/mod.rs"]
mod sandbox;

mod ci;
mod cloud_foundry;
mod datadog;
mod digitalocean;
mod faults;
mod inputs;
mod leaks;
mod outcomes;
mod pages;
mod proxy;
mod qovery;
mod railway;
mod render;
#[cfg(unix)]
mod script;
mod select;
mod select_elsewhere;
#[cfg(unix)]
mod signals;
mod stage;
mod step;
mod telling;
mod tls;
mod vercel;
