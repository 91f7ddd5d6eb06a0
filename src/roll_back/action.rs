//! What goes into the procedure (events) and what comes out of it (actions).

use std::time::Duration;

use jiff::Timestamp;

use crate::model::failure::Failure;
use crate::model::roll_back::{Asked, InFlight, LiveNow, Progress, Started, Version};

/// What is live in the slot, and what is in flight there: read one after the other, what is in flight first.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What may go live.
    pub in_flight: Vec<InFlight>,
    /// What is.
    pub live: LiveNow,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The slot was looked at.
    Looked(Standing),
    /// The live pointer was read.
    Live(LiveNow),
    /// What was live before, or what was written to go back to, was looked for.
    Before(Option<Version>),
    /// The platform's own check passes.
    Checked,
    /// Where the roll back stands.
    Progress(Progress),
    /// What it took the place of.
    Displaced(Option<Version>),
    /// Any of these could not be read, or the check speaks against it.
    Failed(Failure),
    /// The request was answered.
    Answered(Result<Started, Failure>),
    /// The pause is over, or the time for a read.
    Woke,
}

/// What to do next.
#[derive(Clone, Debug)]
pub enum Action {
    /// Look at the slot.
    Look,
    /// Read the live pointer.
    ReadLive,
    /// Find what was live before, or what was written to go back to.
    FindBefore,
    /// Have the platform check this target.
    Check(Version),
    /// Send the request that puts this back.
    Send(Version),
    /// See where it stands.
    ReadProgress(Box<Asked>),
    /// Find what this, which is live, took the place of; with when the live pointer was read last before the request.
    FindDisplaced(Version, Option<Timestamp>),
    /// Nothing before this time since the start of the run.
    Pause(Duration),
    /// It is over: see [`Procedure::verdict`](super::Procedure::verdict).
    Done,
}
