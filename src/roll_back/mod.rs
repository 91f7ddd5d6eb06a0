//! The procedure that puts back what was live before, for one slot, without input or output.
//!
//! Begin reading with `deciding` (whether anything may be sent), then `target` (what is put back), `sending` (what an
//! answer means) and `watching` (when it is done).

mod action;
mod deciding;
mod failures;
mod plan;
mod procedure;
mod sending;
mod target;
mod watching;

pub use action::{Action, Event, Standing};
pub use plan::Plan;
pub use procedure::{Procedure, Verdict};

#[cfg(test)]
mod tests;
