//! How it ended. The sentences have no period yet.

use std::fmt;

use super::course::Course;
use super::unseen::{Gone, Interrupted, OutOfTime, Requested, Unseen};
use crate::model::deployment::State;
use crate::model::failure::{Failure, Kind};
use crate::text::line::capital;

/// How it ended for one deployment.
#[derive(Clone, Debug)]
pub enum End {
    /// It was over before anything was asked, or is over because of that: how, and from what to what.
    Ended(How, Course),
    /// It ended otherwise than it was asked to.
    TooLate {
        /// What became of the request.
        answer: Answer,
        /// From what to what.
        course: Course,
        /// What that leaves open.
        live: TooLate,
    },
    /// Canceled, but not because of this run; what became of our request.
    CanceledByOthers(Ours, Course),
    /// In flight at the first read, and over before a request was processed.
    Beforehand {
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

/// How one is over that was asked to cancel and is, or was never asked.
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

/// What became of the request for one that ended otherwise.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The platform said yes.
    Accepted,
    /// The platform said no: this.
    Refused(Box<Failure>),
    /// The answer was not clear: this one.
    Unclear(Option<Box<Failure>>),
    /// Somebody else had asked.
    ByOthers,
}

/// What the heading does not say about one that ended otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLate {
    /// Nothing.
    Plain,
    /// It went live, which its last word may not say.
    Live,
    /// Nobody has published what was built.
    Unpublished,
    /// Whether it is live could not be read.
    PerhapsLive,
    /// A teardown was carried out.
    TornDown,
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
            Self::StillThere { answer, .. }
            | Self::AskedInVain { answer, .. }
            | Self::TooLate { answer: Answer::Refused(answer) | Answer::Unclear(Some(answer)), .. } => {
                Some(answer.said())
            }
            Self::Unseen(Unseen::Refused(answer) | Unseen::Unclear(answer), gone) => {
                let read = match gone {
                    Gone::Failed(failure) => failure.answer(),
                    _ => None,
                };
                let read = read.map(|read| format!("; to the read after that, {read}"));
                Some(answer.said() + &read.unwrap_or_default())
            }
            _ => self.failure()?.answer(),
        }
    }

    /// What to do about it, where no failure has better advice.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::OutOfTime(OutOfTime { seen: Some(_), .. }) => {
                "Look at its page, or allow a longer `timeout`.".to_owned()
            }
            _ => String::new(),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(how, course) => write_course(f, *how, course),
            Self::TooLate { answer, course, live: TooLate::Live } if course.last.to_lowercase().contains("live") => {
                write!(f, "{answer}{course}{}", course.note())
            }
            Self::TooLate { answer, course, live } => write!(f, "{answer}{course}{}{live}", course.note()),
            Self::CanceledByOthers(ours, course) => {
                let ours = match ours {
                    Ours::None => "so this run sent nothing and only watched",
                    Ours::TurnedAway => "and a rate limit (429) turned the request of this run away",
                    Ours::Refused => "and the platform refused the request of this run",
                };
                write!(f, "It was being canceled already, {ours}: it ended {}{}", course.last, course.note())
            }
            Self::Beforehand { course, ours } => {
                write!(f, "{}{}{ours}", capital(&course.to_string()), course.note())
            }
            Self::Requested(requested) => write!(f, "{requested}"),
            Self::StillThere { word, answer, .. } => write_refusal(f, word, answer),
            Self::AskedInVain { times, word, .. } => {
                write!(f, "This run asked {times} times to cancel it, without a clear answer, and it is still {word}")
            }
            Self::Unseen(Unseen::NotAsked, Gone::Missing(what)) => write!(f, "{}", capital(&what.to_string())),
            Self::Unseen(Unseen::NotAsked, Gone::Excluded(what)) => write!(f, "{}", capital(&what.to_string())),
            Self::Unseen(ours, gone) => write!(f, "{ours}{gone}"),
            Self::OutOfTime(it) => write!(f, "{it}"),
            Self::Interrupted(interrupted) => write!(f, "{interrupted}"),
        }
    }
}

/// The sentence about one that is over.
fn write_course(f: &mut fmt::Formatter<'_>, how: How, course: &Course) -> fmt::Result {
    const OVER: &str = "which means that it is over and not live";
    let (last, note) = (&course.last, course.note());
    match how {
        How::Canceled => write!(f, "{}{note}", capital(&course.to_string())),
        How::CanceledAfterRefusal => write!(
            f,
            "The platform refused the cancel request, and then it was canceled all the same, by somebody else or by the platform itself: {course}{note}"
        ),
        How::NotLiveAfterYes => write!(f, "The platform accepted the cancel request, and {course}, {OVER}"),
        How::NotLiveAfterUnclear => write!(f, "The cancel request had no clear answer, but {course}, {OVER}"),
        How::NotLivePerhapsBefore => write!(
            f,
            "The answer to the cancel request says {last}, {OVER}; this credential may not read it, so it may have been over before"
        ),
        How::UnknownWord => {
            write!(f, "It was asked to cancel and ended {last}{note}, a word that does not say whether it was canceled")
        }
        How::HadSucceeded => write!(f, "It was {last} when this run first looked, so no cancel request was sent"),
        How::HadGoneLive => {
            write!(f, "It was {last} when this run first looked, after it had gone live, so no cancel request was sent")
        }
        How::HadBeenBuilt => {
            write!(f, "It was {last} when this run first looked (built, not published), so no cancel request was sent")
        }
        How::HadEnded => write!(f, "It was {last}{note} when this run first looked, so no cancel request was sent"),
    }
}

/// The sentence about one that was clearly refused and is still there.
fn write_refusal(f: &mut fmt::Formatter<'_>, word: &str, answer: &Failure) -> fmt::Result {
    match answer.kind {
        Kind::NotFound if answer.status == Some(410) => {
            write!(f, "The platform answered the cancel request as if it were gone, but it is still {word}")
        }
        Kind::Unauthorized => {
            write!(f, "This credential could read it but may not cancel it, or not any more; it is still {word}")
        }
        Kind::Forbidden | Kind::NotFound => {
            write!(f, "This credential may read it but not cancel it; it is still {word}")
        }
        Kind::Unsupported => write!(f, "This API has no cancel call, and it is still {word}"),
        kind if kind.may_have_been_sent() => write!(f, "The platform refused to cancel it, and it is still {word}"),
        _ => write!(f, "The cancel request could not be sent again, and it is still {word}"),
    }
}

impl fmt::Display for Answer {
    /// The beginning of a sentence that ends with its course.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "The platform accepted the cancel request, but too late: ",
            Self::Refused(_) => "The platform refused the cancel request, and ",
            Self::Unclear(_) => "The cancel request had no clear answer, and ",
            Self::ByOthers => "Somebody else had asked to cancel it, but too late: ",
        })
    }
}

impl fmt::Display for TooLate {
    /// The end of that sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "",
            Self::Live => " (live)",
            Self::Unpublished => " (built, not published)",
            Self::PerhapsLive => ", and whether that is live could not be read",
            Self::TornDown => ", a teardown, so nothing went live",
        })
    }
}

impl fmt::Display for Ours {
    /// The end of a sentence about one that was over before.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => " before a cancel request could be processed",
            Self::TurnedAway => " while a rate limit (429) turned the cancel request away",
            Self::Refused => ", and the platform refused the cancel request",
        })
    }
}
