//! `cancel-deployment` with one more platform: the program that `docs/adding-a-platform.md` leads to, for its tests.

use std::process::ExitCode;

// The platform says `crate::…`, as it would inside the program.
use cancel_deployment::{api, input, model, program};

#[path = "mod.rs"]
mod platform;

fn main() -> ExitCode {
    program::main(&platform::platforms())
}
