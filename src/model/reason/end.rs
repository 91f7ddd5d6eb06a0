//! How it ended, or what is known where nobody saw the end. The sentences have no stop yet.

use std::fmt;

use super::guard::Refusal;
use super::missing::Missing;
use crate::model::deployment::State;
use crate::model::failure::{Failure, Kind};
use crate::text::line::capital;

/// How it ended for one deployment.
#[derive(Clone, Debug)]
pub enum End {
    /// It is over: how, and from what to what.
    Ended(How, Course),
    /// Canceled, but not because of this run; what became of our request, and the platform's last word.
    CanceledByOthers(Ours, String),
    /// In flight at the first read, and over before a request was processed.
    Beforehand {
        /// It went live.
        live: bool,
        /// From what to what.
        course: Course,
        /// What became of our request.
        ours: Ours,
    },
    /// The end is not waited for.
    Requested(Requested),
    /// Clearly refused, and still there.
    StillThere {
        /// The platform's word now.
        word: String,
        /// The state in flight that it was seen in after the one request was refused.
        goes_on: Option<State>,
        /// The refusal.
        answer: Box<Failure>,
    },
    /// Asked as often as is allowed, and nobody said yes or no.
    AskedInVain {
        /// How often.
        times: u8,
        /// The platform's word now.
        word: String,
        /// The last answer.
        answer: Box<Failure>,
    },
    /// It was there, and can no longer be seen.
    Unseen(Unseen, Gone),
    /// The time was up.
    OutOfTime(OutOfTime),
    /// A signal ended the run.
    Interrupted(Interrupted),
}

/// How one is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Asked, and canceled.
    Canceled,
    /// Canceled although our request was refused.
    CanceledAfterRefusal,
    /// Over and not live after a yes; its last word does not tell how.
    NotLiveAfterYes,
    /// The same after an answer that was no clear yes.
    NotLiveAfterUnclear,
    /// Over and not live; nobody knows whether it was before it was asked.
    NotLivePerhapsBefore,
    /// Asked, and live first.
    WentLive,
    /// Asked, and built first; nobody has published it.
    Unpublished,
    /// Asked, and built first; whether it is live could not be read.
    PerhapsLive,
    /// A teardown that was asked to stop was carried out.
    TornDown,
    /// Asked, and failed by itself.
    Failed,
    /// Asked, and replaced by a newer one.
    Superseded,
    /// Asked, and ended in a word that nobody knows.
    UnknownWord,
    /// Live before anything was asked, by its state.
    HadSucceeded,
    /// Live before anything was asked, whatever its state says.
    HadGoneLive,
    /// Built before anything was asked; nobody has published it.
    HadBeenBuilt,
    /// Over before anything was asked, and not live.
    HadEnded,
}

/// The platform's words at the first and at the last read.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// At the first read; `None` where only the answer to the request showed it.
    pub first: Option<String>,
    /// At the last read.
    pub last: String,
    /// What the platform says about the last.
    pub note: Option<String>,
}

/// What became of a request that did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ours {
    /// None was processed.
    None,
    /// A rate limit turned it away.
    TurnedAway,
    /// The platform said no.
    Refused,
}

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

impl End {
    /// The failure behind it, whose hint says what to change.
    pub(super) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::StillThere { answer, .. } | Self::AskedInVain { answer, .. } => Some(answer),
            Self::Unseen(_, Gone::Failed(failure)) => Some(failure),
            Self::OutOfTime(it) => it.failure.as_deref(),
            _ => None,
        }
    }

    /// What came back, where the sentence does not say it.
    pub(super) fn answer(&self) -> Option<String> {
        match self {
            // These say what was tried in words of their own.
            Self::StillThere { answer, .. } | Self::AskedInVain { answer, .. } => Some(answer.said()),
            _ => self.failure()?.answer(),
        }
    }

    /// What to do about it, where no failure has better advice.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::OutOfTime(OutOfTime { seen: Some(_), .. }) => "Look at its page, or allow a longer `timeout`.",
            _ => "",
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(how, course) => write_course(f, *how, course),
            Self::CanceledByOthers(ours, word) => {
                let ours = match ours {
                    Ours::None => "nothing more was asked",
                    Ours::TurnedAway => "the request of this run was turned away by a rate limit (429)",
                    Ours::Refused => "the request of this run was refused",
                };
                write!(f, "It was being canceled already, {ours}, and it ended {word}")
            }
            Self::Beforehand { live: true, course, ours } => {
                write!(f, "It went live before a request could get through: {course}; {ours}")
            }
            Self::Beforehand { course, ours, .. } => {
                let note = course.note();
                write!(f, "It ended by itself before a request could get through: {course}{note}; {ours}")
            }
            Self::Requested(requested) => write!(f, "{requested}"),
            Self::StillThere { word, answer, .. } => write_refusal(f, word, answer),
            Self::AskedInVain { times, word, .. } => {
                write!(f, "It was asked {times} times without a clear answer, and it is still {word}")
            }
            Self::Unseen(ours, gone) => write!(f, "{ours}{gone}"),
            Self::OutOfTime(it) => write!(f, "{it}"),
            Self::Interrupted(interrupted) => write!(f, "{interrupted}"),
        }
    }
}

/// The sentence about one that is over.
fn write_course(f: &mut fmt::Formatter<'_>, how: How, course: &Course) -> fmt::Result {
    let (last, note) = (&course.last, course.note());
    let sentence = match how {
        How::Canceled => return write!(f, "{}", capital(&course.to_string())),
        How::UnknownWord => {
            return write!(f, "It was asked to cancel and ended {last}, a word that does not tell how{note}");
        }
        How::HadSucceeded => {
            return write!(f, "It had succeeded before anything was asked: it ended {last}, and nothing was sent");
        }
        How::HadGoneLive => {
            return write!(f, "It had gone live before anything was asked: it ended {last}, and nothing was sent");
        }
        How::HadBeenBuilt => {
            return write!(
                f,
                "It was built, not published: it had ended {last} before anything was asked, and nothing was sent"
            );
        }
        How::HadEnded => return write!(f, "It had ended {last} before anything was asked{note}; nothing was sent"),
        How::Failed => {
            return write!(f, "It failed by itself before the cancellation could take effect: {course}{note}");
        }
        How::NotLiveAfterYes => {
            return write!(
                f,
                "The platform accepted the cancel request, and it is over and not live: {course}, which does not tell how"
            );
        }
        How::NotLiveAfterUnclear => {
            return write!(
                f,
                "The cancel request had no clear answer, and it is over and not live: {course}, which does not tell how"
            );
        }
        How::CanceledAfterRefusal => {
            "The platform refused the cancel request, and somebody else canceled it, or the platform itself"
        }
        How::NotLivePerhapsBefore => "It is over and not live, and may have been before it was asked to cancel",
        How::WentLive => "It went live before the cancellation could take effect",
        How::Unpublished => "It was built, not published, before the cancellation could take effect",
        How::PerhapsLive => {
            "It was built before the cancellation could take effect, and whether it went live is not known"
        }
        How::TornDown => "It ended before the cancellation could take effect, and nothing went live",
        How::Superseded => "A newer deployment took its place before the cancellation could take effect",
    };
    write!(f, "{sentence}: {course}")
}

/// The sentence about one that was clearly refused and is still there.
fn write_refusal(f: &mut fmt::Formatter<'_>, word: &str, answer: &Failure) -> fmt::Result {
    match answer.kind {
        Kind::NotFound if answer.status == Some(410) => {
            write!(f, "The cancel request was answered as if it were gone, and it is still {word}")
        }
        Kind::Unauthorized => {
            write!(f, "It could be read and is still {word}, but this credential may not cancel it, or not any more")
        }
        Kind::Forbidden | Kind::NotFound => {
            write!(f, "It can be read and is still {word}, but this credential may not cancel it")
        }
        kind if kind.may_have_been_sent() => write!(f, "The platform refused to cancel it, and it is still {word}"),
        _ => write!(f, "The cancel request could not be sent again, and it is still {word}"),
    }
}

impl Course {
    /// What the platform says about the last word.
    fn note(&self) -> String {
        let note = self.note.as_ref();
        note.map(|note| format!(" (\"{note}\")")).unwrap_or_default()
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = &self.last;
        match &self.first {
            Some(first) if first != last => write!(f, "it went from {first} to {last}"),
            Some(_) => write!(f, "it ended {last}"),
            None => write!(f, "the answer to the cancel request says {last}, and this credential may not read it"),
        }
    }
}

impl fmt::Display for Ours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "no request was processed",
            Self::TurnedAway => "the request had been turned away by a rate limit (429)",
            Self::Refused => "the platform refused the cancel request",
        })
    }
}

impl fmt::Display for Requested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "The platform accepted the cancel request; the end was not waited for",
            Self::AcceptedUnread => "The platform accepted the cancel request; this credential may not read it, and the end was not waited for",
            Self::AlreadyCanceling => "It was being canceled already; the end was not waited for",
        })
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => write!(f, "It was there, but can no longer be seen"),
            Self::Canceling => write!(f, "It was being canceled, end not visible"),
            Self::Accepted => write!(f, "The platform accepted the cancel request, end not visible"),
            Self::Refused(answer) => {
                write!(f, "The platform refused the cancel request ({}), and the state cannot be seen", answer.said())
            }
            Self::Unclear(answer) => {
                write!(f, "The cancel request had no clear answer ({}), and the state cannot be seen", answer.said())
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
            Asked::No => "The cancel request was not sent",
            Asked::TurnedAway => "The cancel request was turned away by a rate limit (429)",
            Asked::Unclear => "The cancel request was sent without a clear answer",
            Asked::Accepted => "The platform accepted the cancel request",
            Asked::AlreadyCanceling => "It was being canceled already",
        };
        match &self.seen {
            Some(seen) => write!(f, "{asked}, and it is still {}{}", seen.last, seen.note())?,
            None => write!(f, "{asked}, because it could not be read")?,
        }
        let limit = match (self.is_held, &self.seen) {
            (true, _) => ", and the platform allows no request before",
            (_, Some(_)) => " at",
            (_, None) => " before",
        };
        write!(f, "{limit} the limit of {} s", self.seconds)?;
        match &self.failure {
            Some(failure) => write!(f, "; at last, {}", failure.cause()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeAny => "A signal came before any cancel request was sent",
            Self::BeforeAsking => "A signal came before the cancel request was sent",
            Self::WhileAsking => "A signal came while the cancel request was under way: it may or may not have taken effect",
            Self::Unclear => "A signal came after the cancel request had been sent, before it was clear whether it took effect",
            Self::Accepted => "A signal came after the cancel request had been sent and accepted; the end was not seen",
            Self::TurnedAway => "A signal came after the cancel request had been turned away by a rate limit (429), before it was sent again",
            Self::AlreadyCanceling => "A signal came while it was being canceled already; no request of this run was sent",
            Self::Killed => "The cancel request was sent, then this run ended without a word; the end was not seen",
        })
    }
}
