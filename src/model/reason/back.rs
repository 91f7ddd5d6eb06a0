//! What came of a roll back. The sentences have no period yet.

use std::fmt;

use crate::model::failure::Failure;

/// Why a roll back ended as it did. Versions are named as [`label`](crate::model::roll_back::Version::label) does.
#[derive(Clone, Debug)]
pub enum Back {
    /// It is live again.
    Done {
        /// What is.
        target: String,
        /// It was before anything was sent.
        already: bool,
    },
    /// Something else is live.
    MovedOn(String),
    /// Something may go live at any moment.
    InFlight {
        /// What.
        version: String,
        /// The platform's word for it.
        word: String,
    },
    /// There is nothing to put back.
    NoTarget(NoTarget),
    /// Nothing could be sent, or the platform said no.
    Refused(NotSent),
    /// It ended otherwise.
    Failed {
        /// The platform's word for how.
        word: String,
        /// What is live now.
        live: Option<String>,
    },
    /// It took the place of somebody else's.
    ReplacedOther {
        /// What is live now.
        target: String,
        /// What was live before that.
        other: String,
    },
    /// Its end was not seen.
    TimedOut {
        /// What was to be put back.
        target: String,
        /// The deployment that does it.
        by: Option<String>,
        /// How long it was waited for, in seconds.
        seconds: u64,
    },
    /// Nobody knows.
    Unknown {
        /// What was to be put back.
        target: String,
        /// The deployment that does it.
        by: Option<String>,
        /// What is live, as far as was read.
        live: Option<String>,
        /// The answer that left it open, or the read that failed.
        answer: Option<Box<Failure>>,
    },
    /// A signal came after it was sent: whatever becomes of it.
    GoesOn {
        /// What was to be put back.
        target: String,
        /// The deployment that does it.
        by: Option<String>,
    },
    /// A signal came before.
    Interrupted,
    /// It would have been sent.
    DryRun(String),
}

/// Why there is nothing to put back.
#[derive(Clone, Debug)]
pub enum NoTarget {
    /// Nothing is known to have been live before.
    First,
    /// Something came before, and nothing proves that it was live.
    Unproven(String),
    /// Two sources say two things.
    Differ {
        /// What this run saw live.
        seen: String,
        /// What the platform says that was replaced.
        replaced: String,
    },
    /// It is one that this run was to stop.
    Ours(Choice),
    /// It is of the commit that this run was to stop.
    SameCommit(Choice),
    /// It is what is live.
    Current(String),
    /// What was written as `roll_back_to` is not there.
    NotThere(String),
    /// The platform says that it cannot be put back.
    Unfit(Box<Failure>),
}

/// What would have been put back, were it not for what it is.
#[derive(Clone, Debug)]
pub enum Choice {
    /// What was live before.
    Previous(String),
    /// What was written as `roll_back_to`.
    Written(String),
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Previous(version) => write!(f, "{version}, which was live before it,"),
            Self::Written(version) => write!(f, "`roll_back_to` is {version}, which"),
        }
    }
}

/// Why nothing was sent, or nothing came of it.
#[derive(Clone, Debug)]
pub enum NotSent {
    /// Nothing is live.
    NothingLive,
    /// The platform's own check does not pass.
    Check(Box<Failure>),
    /// What has to be known before could not be read.
    Unreadable(Box<Failure>),
    /// The time was up before.
    OutOfTime(Option<Box<Failure>>, u64),
    /// The platform said no.
    Answer(Box<Failure>),
}

impl Back {
    /// All of it in one or two sentences.
    pub fn sentence(&self) -> String {
        let hint = self.hint().map(|hint| format!(" {hint}")).unwrap_or_default();
        format!("{self}.{hint}")
    }

    /// What to change, where the platform's answer says something about it.
    pub fn hint(&self) -> Option<&str> {
        let failure = match self {
            Self::Refused(
                NotSent::Check(failure)
                | NotSent::Unreadable(failure)
                | NotSent::Answer(failure)
                | NotSent::OutOfTime(Some(failure), _),
            )
            | Self::NoTarget(NoTarget::Unfit(failure)) => failure,
            Self::Unknown { answer, .. } => answer.as_ref()?,
            _ => return None,
        };
        Some(failure.hint.as_str()).filter(|hint| !hint.is_empty())
    }
}

impl fmt::Display for Back {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NOTHING: &str = "Nothing was rolled back";
        let through = |by: &Option<String>| by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let now = |live: &Option<String>| match live {
            Some(live) => format!("{live} is live now"),
            None => "what is live now could not be read".to_owned(),
        };
        match self {
            Self::Done { target, already: false } => {
                write!(f, "Rolled back: {target}, which was live before it, is live again")
            }
            Self::Done { target, already: true } => {
                write!(f, "It was put back already: {target}, which was live before it, is live again")
            }
            Self::MovedOn(live) => write!(f, "{NOTHING}: {live} is live by now"),
            Self::InFlight { version, word } => {
                write!(f, "{NOTHING}: {version} may go live at any moment, it is {word}")
            }
            Self::NoTarget(why) => write!(f, "{NOTHING}: {why}"),
            Self::Refused(why) => write!(f, "{NOTHING}: {why}"),
            Self::Failed { word, live } if word.is_empty() => write!(f, "The roll back did not work: {}", now(live)),
            Self::Failed { word, live } => write!(f, "The roll back ended as {word}: {}", now(live)),
            Self::ReplacedOther { target, other } => write!(
                f,
                "{target} is live again, but it replaced {other}, which somebody had put live in the meantime: look at that before anything else"
            ),
            Self::TimedOut { target, by, seconds } => write!(
                f,
                "The roll back to {target}{} was accepted and had not ended after {seconds} s; it may still happen",
                through(by)
            ),
            Self::Unknown { target, by, live, answer } => {
                write!(f, "Nobody knows whether the roll back to {target}{} happens: {}", through(by), now(live))?;
                answer.as_ref().map_or(Ok(()), |answer| write!(f, "; {}", answer.said()))
            }
            Self::GoesOn { target, by } => {
                write!(f, "The roll back to {target}{} was sent and was not watched: it goes on by itself", through(by))
            }
            Self::Interrupted => write!(f, "{NOTHING}: a signal came before the request"),
            Self::DryRun(target) => write!(f, "{NOTHING}, as this is a dry run: {target} would be put back"),
        }
    }
}

impl fmt::Display for NoTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("nothing is known to have been live before it"),
            Self::Unproven(version) => write!(f, "nothing proves that {version} had been live"),
            Self::Differ { seen, replaced } => write!(
                f,
                "{seen} was live when this run looked, {replaced} is what it replaced by what the platform says, and nothing proves which of them was live last"
            ),
            Self::Ours(choice) => write!(f, "{choice} is one that this run was to stop"),
            Self::SameCommit(choice) => write!(f, "{choice} is of the same commit"),
            Self::Current(version) => write!(f, "{version} is what is live already"),
            Self::NotThere(id) => write!(f, "`roll_back_to` is \"{id}\", and nothing here has that id"),
            Self::Unfit(failure) => f.write_str(&failure.said()),
        }
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingLive => f.write_str("the platform names nothing as live"),
            Self::Check(failure) => write!(f, "the platform's own check does not pass: {}", failure.said()),
            Self::Unreadable(failure) => write!(f, "{failure}"),
            Self::OutOfTime(None, seconds) => write!(f, "whether that is safe was not known after {seconds} s"),
            Self::OutOfTime(Some(failure), seconds) => {
                write!(f, "whether that is safe was not known after {seconds} s: {}", failure.said())
            }
            Self::Answer(failure) => write!(f, "the platform refused: {}", failure.said()),
        }
    }
}
