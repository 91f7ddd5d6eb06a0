//! What goes into the procedure (events) and what comes out of it (actions).

use std::sync::Arc;
use std::time::Duration;

use crate::model::answers::{Accepted, Conclusion, Found};
use crate::model::deployment::Deployment;
use crate::model::failure::Failure;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A find or a refresh was answered.
    Read(Result<Found, Failure>),
    /// The cancel request was answered.
    Answered(Result<Accepted, Failure>),
    /// The pause is over.
    Woke,
    /// What only the platform can tell at the end.
    Concluded(Conclusion),
}

/// What to do next.
#[derive(Clone, Debug)]
pub enum Action {
    /// Find the deployment behind the id.
    Find,
    /// Read the deployment again.
    Refresh(Arc<Deployment>),
    /// Send the cancel request.
    Cancel(Arc<Deployment>),
    /// Nothing before this time since the start of the run.
    Pause(Duration),
    /// It is over, and the platform may have more to tell about it: see [`Procedure::ending`](super::Procedure::ending).
    Conclude(Arc<Deployment>),
    /// It is over: see [`Procedure::ending`](super::Procedure::ending).
    Done,
}
