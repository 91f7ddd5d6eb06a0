//! The procedure for one deployment, without input or output. Begin reading with `phases`, which has all its steps.

mod action;
mod ending;
mod failures;
pub mod pacing;
mod phases;
mod plan;
mod procedure;
mod reasons;
pub mod verdict;

pub use action::{Action, Event};
pub use pacing::Retries;
pub use plan::Plan;
pub use procedure::Procedure;
pub use verdict::{Sent, Verdict};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
