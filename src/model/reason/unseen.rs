//! What is known where nobody saw the end. The sentences have no period yet.

use std::fmt;

use super::course::Course;
use super::guard::Refusal;
use super::missing::Missing;
use crate::model::failure::Failure;

/// How a run that does not wait ends well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// The platform said yes.
    Accepted,
    /// The same, and it may not be read.
    AcceptedUnread,
    /// Somebody else had asked.
    AlreadyCanceling,
}

/// What became of the request for one that can no longer be seen.
#[derive(Clone, Debug)]
pub enum Unseen {
    /// None was sent.
    NotAsked,
    /// It was seen being canceled.
    Canceling,
    /// The platform said yes.
    Accepted,
    /// The platform said no: this.
    Refused(Box<Failure>),
    /// The answer was not clear: this one.
    Unclear(Box<Failure>),
}

/// Why it can no longer be seen.
#[derive(Clone, Debug)]
pub enum Gone {
    /// It is not there.
    Missing(Missing),
    /// What is there is something else.
    Excluded(Refusal),
    /// It could not be read.
    Failed(Box<Failure>),
}

/// What was known when the time was up.
#[derive(Clone, Debug)]
pub struct OutOfTime {
    /// What became of our request.
    pub asked: Asked,
    /// The last read; `None` when it was never read.
    pub seen: Option<Course>,
    /// The limit in seconds.
    pub seconds: u64,
    /// The platform allows no request before the limit.
    pub is_held: bool,
    /// What failed last.
    pub failure: Option<Box<Failure>>,
}

/// What became of the request when the time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// None was sent.
    No,
    /// A rate limit turned it away.
    TurnedAway,
    /// Sent, and no clear answer.
    Unclear,
    /// The platform said yes.
    Accepted,
    /// Somebody else had asked.
    AlreadyCanceling,
}

/// What a signal interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// No request was sent for any deployment.
    BeforeAny,
    /// None for this one.
    BeforeAsking,
    /// It was on the wire.
    WhileAsking,
    /// It was sent; whether it took effect is not clear.
    Unclear,
    /// The platform had said yes.
    Accepted,
    /// A rate limit had turned it away.
    TurnedAway,
    /// Somebody else had asked.
    AlreadyCanceling,
    /// The process was killed: this stands in the outputs until the final ones do.
    Killed,
}

impl fmt::Display for Requested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "The platform accepted the cancel request, and this run did not wait for the end",
            Self::AcceptedUnread => "The platform accepted the cancel request; this credential may not read it, and this run did not wait for the end",
            Self::AlreadyCanceling => "It was being canceled already, and this run did not wait for the end",
        })
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => write!(f, "It could be read before, but not any more"),
            Self::Canceling => write!(f, "It was being canceled, but the end is not visible"),
            Self::Accepted => write!(f, "The platform accepted the cancel request, but the end is not visible"),
            Self::Refused(_) => {
                write!(f, "The platform refused the cancel request, and what became of it is not visible")
            }
            Self::Unclear(_) => {
                write!(f, "The cancel request had no clear answer, and what became of it is not visible")
            }
        }
    }
}

impl fmt::Display for Gone {
    /// The end of the sentence that [`Unseen`] begins.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(what) => write!(f, ": {what}"),
            Self::Excluded(what) => write!(f, ": {what}"),
            Self::Failed(failure) => write!(f, ", because {}", failure.cause()),
        }
    }
}

impl fmt::Display for OutOfTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = match self.asked {
            Asked::No => "No cancel request was sent",
            Asked::TurnedAway => "A rate limit (429) turned the cancel request away",
            Asked::Unclear => "The cancel request had no clear answer",
            Asked::Accepted => "The platform accepted the cancel request",
            Asked::AlreadyCanceling => "It was being canceled already",
        };
        match &self.seen {
            Some(seen) => write!(f, "{asked}, and it is still {}{}", seen.last, seen.note())?,
            None => {
                let so = if matches!(self.asked, Asked::No) { "because" } else { "but" };
                write!(f, "{asked}, {so} the deployment could not be read")?;
            }
        }
        match (self.is_held, &self.seen) {
            (true, _) => write!(f, ", and the platform allows no request before the limit of {} s", self.seconds)?,
            (_, Some(_)) => write!(f, " at the limit of {} s", self.seconds)?,
            (_, None) => write!(f, " within {} s", self.seconds)?,
        }
        match &self.failure {
            // That is said already.
            Some(failure) if self.seen.is_none() && failure.action == "read the deployment" => Ok(()),
            Some(failure) => write!(f, "; most recently, {}", failure.cause()),
            None => Ok(()),
        }
    }
}

/// What stands for the end of a run that is killed, in outputs that nothing follows.
pub const KILLED: &str = "This run was killed after it had sent the cancel request; the end was not seen.";

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeAny => "A signal stopped this run before it sent any cancel request",
            Self::BeforeAsking => "A signal stopped this run before it sent the cancel request",
            Self::WhileAsking => "A signal stopped this run while the cancel request was on its way, so nobody knows whether that took effect",
            Self::Unclear => "A signal stopped this run after it had sent the cancel request, before it was clear whether that took effect",
            Self::Accepted => "A signal stopped this run after the platform had accepted the cancel request; the end was not seen",
            Self::TurnedAway => "A signal stopped this run after a rate limit (429) had turned the cancel request away, before it was sent again",
            Self::AlreadyCanceling => "A signal stopped this run while it only watched, because it was being canceled already",
            Self::Killed => KILLED.trim_end_matches('.'),
        })
    }
}
