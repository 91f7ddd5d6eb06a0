//! The real binary against the sandbox, from outside: one test for every promise a user could notice.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test may stop at the first surprise"
)]

#[path = "../sandbox/mod.rs"]
mod sandbox;

mod digitalocean;
mod qovery;
mod step;
