//! CI systems: which one this is, how it wants things said, and the one place that prints, writes files and calls
//! programs.

mod azure;
mod bitbucket;
mod buildkite;
mod circleci;
mod console;
mod drone;
pub mod facts;
mod file;
mod github;
mod gitlab;
mod harness;
mod jenkins;
mod plain;
mod printer;
mod program;
mod run_annotation;
mod system;
mod systems;
mod teamcity;
mod variables;
mod woodpecker;

pub use console::Console;
pub(crate) use printer::print;
pub use printer::{Print, Stream};
pub use system::{Ci, Effect};
pub use systems::{here, names};
