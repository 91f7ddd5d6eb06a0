//! What holds for a roll back of one slot.

use std::time::Duration;

use crate::model::id::Id;

/// What holds for a roll back of one slot.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Send nothing.
    pub dry_run: bool,
    /// With `select: commit`: what is of that commit is never put back.
    pub commit: Option<String>,
    /// `roll_back_to`.
    pub to: Option<Id>,
    /// The request may be sent once more after an unclear answer.
    pub flips: bool,
    /// What is in flight is told before what is live.
    pub in_flight_first: bool,
    /// What was to be stopped went live, or may have; else the platform has to tell that it did.
    pub went_live: bool,
    /// Longest pause between two reads.
    pub poll_interval: Duration,
    /// The end, since the start of the run.
    pub limit: Duration,
}
