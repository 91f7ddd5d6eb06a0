//! What the procedure leaves behind: the cancel request as it was answered, and how it ended.

use crate::model::deployment::State;
use crate::model::outcome::Outcome;

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
    /// One sentence, and what the platform had to add.
    pub reason: String,
    /// What to change, when something can be changed.
    pub hint: String,
    /// Nothing was taken to its end, and what was meant may be live.
    pub perhaps_live: bool,
    /// The state in flight that it was seen in after the platform had clearly refused to cancel it.
    pub goes_on: Option<State>,
}
