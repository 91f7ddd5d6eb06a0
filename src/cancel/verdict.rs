//! What the procedure leaves behind: the cancel request as it was answered, and how it ended.

use crate::model::outcome::Outcome;
use crate::model::reason::Reason;

/// The cancel request as it was answered last.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// The platform said yes, clearly.
    pub accepted: bool,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The platform's id of the request.
    pub request_id: Option<String>,
}

/// How it ended for one deployment.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// What the platform had to add: a sentence of its own.
    pub addition: Option<String>,
    /// How to go back from it by hand: sentences.
    pub way_back: Option<String>,
}

impl Verdict {
    /// An outcome and its reason.
    pub fn new(outcome: Outcome, reason: impl Into<Reason>) -> Self {
        Self { outcome, reason: reason.into(), addition: None, way_back: None }
    }
}
