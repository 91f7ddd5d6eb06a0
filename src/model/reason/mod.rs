//! Why a run ended as it did, for one deployment or for all. Everything that decides returns one of these; the sentences
//! stand in one file a subject: `end`, `unseen`, `guard`, `selection`.

mod back;
mod check;
mod course;
mod end;
pub mod examples;
mod guard;
mod missing;
mod selection;
mod unseen;

use std::fmt;

pub use self::back::{Back, Choice, NoTarget, NotSent};
pub use self::check::Check;
pub use self::course::Course;
pub use self::end::{Answer, End, How, Ours, TooLate};
pub use self::guard::{Refusal, Says, Unchecked, Unsent, What};
pub use self::missing::Missing;
pub use self::selection::{Liveness, LookedAt, Of, PerhapsLive, Remark, Rest, Selected, Unsure, counted};
pub use self::unseen::{Asked, Gone, Interrupted, KILLED, OutOfTime, Requested, Unseen};
use super::deployment::State;
use super::failure::{Failure, Kind};
use crate::text::line::capital;

/// Why it ended as it did. Displayed, it is one sentence with everything but the [`hint`](Self::hint).
#[derive(Clone, Debug)]
pub enum Reason {
    /// It ended, or nobody saw how.
    End(Box<End>),
    /// Something kept a request from being sent.
    Unsent(Box<Unsent>),
    /// A selection took nothing.
    Selected(Box<Selected>),
    /// It is not there.
    Missing(Missing),
    /// The machine lacks something.
    CannotBegin(String),
}

impl Reason {
    /// What happened: a sentence without what the platform answered.
    pub fn cause(&self) -> String {
        self.stem() + "."
    }

    /// The sentence without its period and without what the platform answered.
    fn stem(&self) -> String {
        match self {
            Self::End(end) => end.to_string(),
            Self::Unsent(unsent) => unsent.to_string(),
            Self::Selected(selected) => selected.to_string(),
            Self::Missing(what) => capital(&what.to_string()),
            Self::CannotBegin(why) => format!("This run could not begin: {why}"),
        }
    }

    /// What to change, when something can be changed.
    pub fn hint(&self) -> String {
        let (failure, usual) = match self {
            Self::End(end) => (end.failure(), end.hint()),
            Self::Unsent(unsent) => (unsent.failure(), unsent.hint()),
            Self::Selected(selected) => (None, selected.hint()),
            Self::Missing(what) => return what.hint(),
            Self::CannotBegin(_) => {
                let hint = "Allow this process more (`ulimit -n`, the limits of the container), or run fewer at once.";
                (None, hint.to_owned())
            }
        };
        let hint = failure.map(|failure| failure.hint.clone());
        hint.filter(|hint| !hint.is_empty()).unwrap_or(usual)
    }

    /// What came back: the platform's own words with status and request id, or how the connection failed. A sentence.
    pub fn answer(&self) -> Option<String> {
        Some(capital(&self.said()?) + ".")
    }

    fn said(&self) -> Option<String> {
        match self {
            Self::End(end) => end.answer(),
            Self::Unsent(unsent) => unsent.answer(),
            _ => None,
        }
    }

    /// Why nothing could be sent, in a few words for a heading, where few can say it.
    pub fn in_short(&self) -> Option<&'static str> {
        if self.refused_all() {
            return Some("the credential was refused");
        }
        let failure = match self {
            Self::Unsent(unsent) if matches!(**unsent, Unsent::Refused(_)) => {
                return Some("it is not the deployment that was meant");
            }
            Self::End(end) => end.failure(),
            Self::Unsent(unsent) => unsent.failure(),
            _ => None,
        };
        Some(match failure?.kind {
            Kind::Unauthorized => "the credential was refused",
            Kind::Forbidden => "the credential lacks a right",
            Kind::Limited => "too many requests",
            Kind::Server => "the platform failed on its own side",
            Kind::Timeout => "the platform did not answer in time",
            Kind::Unreachable => "there is no connection",
            Kind::UnknownHost => "the host is not known",
            Kind::Untrusted => "the certificate is not trusted",
            Kind::Proxy => "the proxy lets nothing through",
            Kind::Broken => "the connection broke",
            Kind::Unreadable | Kind::TooLarge | Kind::Redirected => "the answer cannot be read",
            _ => return None,
        })
    }

    /// Whether the credential was refused for reading and for canceling: no cancel request was accepted.
    pub fn refused_all(&self) -> bool {
        let refused = |failure: &Failure| matches!(failure.kind, Kind::Unauthorized | Kind::Forbidden);
        match self {
            Self::End(end) => match &**end {
                End::Unseen(Unseen::Refused(answer), Gone::Failed(read)) => refused(answer) && refused(read),
                _ => false,
            },
            Self::Unsent(unsent) => matches!(&**unsent, Unsent::Unknown(answer) if refused(answer)),
            _ => false,
        }
    }

    /// Whether it says only from what to what it went.
    pub fn is_plain(&self) -> bool {
        matches!(self, Self::End(end) if matches!(**end, End::Ended(How::Canceled, Course { first: Some(_), .. })))
    }

    /// Whether nothing was taken to its end, and what was meant may be live.
    pub fn leaves_open_what_is_live(&self) -> bool {
        matches!(self, Self::Selected(selected) if matches!(**selected, Selected::Nothing { perhaps_live: Some(_), .. }))
    }

    /// The state in flight that it was seen in after the platform had clearly refused to cancel it.
    pub fn goes_on(&self) -> Option<State> {
        match self {
            Self::End(end) => match **end {
                End::StillThere { goes_on, .. } => goes_on,
                _ => None,
            },
            _ => None,
        }
    }

    /// Something that comes before any request failed.
    pub fn failed(failure: Failure) -> Self {
        Unsent::Failed { failure: Box::new(failure), turned_away: false }.into()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.said() {
            Some(said) => write!(f, "{}: {said}.", self.stem()),
            None => write!(f, "{}.", self.stem()),
        }
    }
}

impl From<End> for Reason {
    fn from(end: End) -> Self {
        Self::End(Box::new(end))
    }
}

impl From<Unsent> for Reason {
    fn from(unsent: Unsent) -> Self {
        Self::Unsent(Box::new(unsent))
    }
}

impl From<Selected> for Reason {
    fn from(selected: Selected) -> Self {
        Self::Selected(Box::new(selected))
    }
}

#[cfg(test)]
mod tests;
