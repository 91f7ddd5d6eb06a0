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

// The worked example says `crate::…`, as it would inside the program.
use cancel_deployment::{api, input, model};

#[path = "stage/inside.rs"]
mod inside;
mod models;
#[path = "../examples/platform/mod.rs"]
mod platform;
mod sandbox;
mod stage;
#[path = "stage/step.rs"]
mod step;

mod ci;
mod contract;
mod platforms;
mod wire;
