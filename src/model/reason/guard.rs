//! What kept a request from being sent. The sentences have no period yet.

use std::fmt;

use crate::model::deployment::short_commit;
use crate::model::failure::{Failure, Kind};
use crate::text::line::{capital, one_line};

/// Why nothing was sent, or nothing more.
#[derive(Clone, Debug)]
pub enum Unsent {
    /// It was never what was meant.
    Refused(Refusal),
    /// What was meant at first, or was to be kept, is no more.
    NoLonger {
        /// What has changed.
        why: Refusal,
        /// The unclear answer that a request had had before.
        unclear: Option<Box<Failure>>,
        /// A request had been turned away by a rate limit.
        turned_away: bool,
    },
    /// `only_states` does not list its state; the platform's word.
    State(String),
    /// A dry run; the platform's word.
    DryRun(String),
    /// A dry run, of one that somebody else has asked to stop.
    DryRunCanceling(String),
    /// Nothing is there that anybody meant.
    Nothing(Refusal),
    /// It may not be read, so something cannot be checked.
    Unchecked(Unchecked, Box<Failure>),
    /// It may be neither read nor canceled, or is not there.
    Unknown(Box<Failure>),
    /// The platform's own guard did not pass.
    Guarded(Box<Failure>),
    /// The request could not leave this machine.
    Unsendable(Box<Failure>),
    /// The request reached something else.
    Misdirected(Box<Failure>),
    /// Something that comes before a request failed.
    Failed {
        /// This.
        failure: Box<Failure>,
        /// A rate limit had turned a request away before.
        turned_away: bool,
    },
}

/// What cannot be checked without reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unchecked {
    /// `branch`, `commit`, `target`.
    Source,
    /// The platform's own guard.
    Scope,
    /// `only_states`.
    State,
    /// A dry run has only what it reads.
    DryRun,
    /// What is written has to be looked up.
    Id,
}

/// Why one is not what was meant, as the rest of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Made of something else, or for something else: what was wanted, and what it says of itself.
    Other(What, String, Says),
    /// Its state is not one of `only_states` any more.
    State(String),
    /// The newer one that it was to give way to does not go live any more.
    Kept {
        /// The newer one.
        id: String,
        /// The platform's word for it.
        word: String,
    },
    /// A teardown, which nobody named.
    Teardown {
        /// What is torn down.
        place: String,
        /// The platform's word for it.
        word: String,
        /// What to give to stop that.
        id: Option<String>,
    },
    /// Nothing was ever deployed there.
    NeverDeployed {
        /// Where.
        place: String,
        /// The platform's word for it.
        word: String,
    },
    /// What the platform's own guard says.
    Own(String),
}

/// What a deployment is made of or for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// `branch`
    Branch,
    /// `commit`
    Commit,
    /// `target`
    Target,
}

impl What {
    /// The input that says it.
    const fn input(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Commit => "commit",
            Self::Target => "target",
        }
    }
}

/// What a deployment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// Nothing.
    Nothing,
    /// This.
    This(String),
    /// Something that is too long to be repeated.
    TooLong,
}

/// The longest text of a deployment that a refusal repeats, in bytes.
const LONGEST_SHOWN: usize = 300;

impl Says {
    /// What a deployment says, fit for one line.
    pub fn of(text: Option<&str>) -> Self {
        match text.map(one_line) {
            None => Self::Nothing,
            Some(text) if text.len() <= LONGEST_SHOWN => Self::This(text.into_owned()),
            Some(_) => Self::TooLong,
        }
    }

    /// The same of a commit, whose hash people read in short.
    fn as_commit(&self) -> Self {
        match self {
            Self::This(hash) => Self::This(short_commit(hash).to_owned()),
            other => other.clone(),
        }
    }
}

impl Refusal {
    /// The same with what a platform said made fit to be shown.
    #[must_use]
    pub fn cleaned(self, clean: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Kept { id, word } => Self::Kept { id: clean(&id), word: clean(&word) },
            Self::Teardown { place, word, id } => {
                Self::Teardown { place: clean(&place), word: clean(&word), id: id.as_deref().map(clean) }
            }
            Self::NeverDeployed { place, word } => Self::NeverDeployed { place: clean(&place), word: clean(&word) },
            Self::Own(text) => Self::Own(clean(&text)),
            Self::Other(..) | Self::State(_) => self,
        }
    }
}

impl Unsent {
    /// The failure behind it, whose hint says what to change.
    pub(super) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Unchecked(_, failure)
            | Self::Unknown(failure)
            | Self::Guarded(failure)
            | Self::Unsendable(failure)
            | Self::Misdirected(failure)
            | Self::Failed { failure, .. } => Some(failure),
            _ => None,
        }
    }

    /// What came back, where the sentence does not say it.
    pub(super) fn answer(&self) -> Option<String> {
        match self {
            Self::Failed { failure, .. } | Self::Misdirected(failure) | Self::Guarded(failure) => failure.answer(),
            Self::NoLonger { unclear, .. } => unclear.as_ref().map(|answer| answer.said()),
            _ => self.failure().map(Failure::said),
        }
    }

    /// What to do about it, where no failure has better advice.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::Refused(Refusal::Other(what, ..)) => format!("Check `deployment_id` and `{}`.", what.input()),
            Self::Nothing(Refusal::Teardown { id: Some(id), .. })
            | Self::NoLonger { why: Refusal::Teardown { id: Some(id), .. }, .. } => {
                format!("To cancel that, give `deployment_id: {id}`.")
            }
            _ => String::new(),
        }
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLonger { why, unclear: Some(_), .. } => {
                write!(f, "No further cancel request was sent, because {why}; the one before had no clear answer")
            }
            Self::NoLonger { why, turned_away: true, .. } => {
                write!(f, "No further cancel request was sent, because {why}; a rate limit (429) had turned one away")
            }
            Self::NoLonger { why, .. } => write!(f, "No cancel request was sent, because {why}"),
            Self::State(word) => write!(f, "It is {word}, which `only_states` excludes"),
            Self::DryRun(word) => write!(f, "It is {word}; without `dry_run`, this run would ask to cancel it"),
            Self::DryRunCanceling(word) => {
                write!(
                    f,
                    "It is {word}, so it is being canceled already; without `dry_run`, this run would only watch it"
                )
            }
            Self::Refused(why) | Self::Nothing(why) => write!(f, "{}", capital(&why.to_string())),
            Self::Unchecked(what, _) => write!(f, "This credential may not read it, so {what}"),
            Self::Unknown(failure) if failure.kind == Kind::NotFound => {
                write!(f, "There is no such deployment for this credential")
            }
            Self::Unknown(_) => write!(f, "This credential may neither read nor cancel it"),
            Self::Unsendable(_) => write!(f, "The cancel request could not be sent"),
            Self::Guarded(failure) | Self::Misdirected(failure) => write!(f, "{}", capital(&failure.cause())),
            Self::Failed { failure, turned_away } => {
                let before = if *turned_away { "; a rate limit (429) had turned the cancel request away" } else { "" };
                write!(f, "{}{before}", capital(&failure.cause()))
            }
        }
    }
}

impl fmt::Display for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "its branch, commit and target cannot be checked",
            Self::Scope => "the project or environment it belongs to cannot be checked",
            Self::State => "`only_states` cannot be checked",
            Self::DryRun => "a dry run has nothing to tell",
            Self::Id => "nobody knows which deployment is meant",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(What::Branch, wanted, told) => {
                write!(f, "it had to be of branch {wanted}, but its branch {told}")
            }
            Self::Other(What::Commit, wanted, told) => {
                let (wanted, told) = (short_commit(wanted), told.as_commit());
                write!(f, "it had to be of commit {wanted}, but its commit {told}")
            }
            Self::Other(What::Target, wanted, told) => {
                write!(f, "it had to go to {wanted}, but its target {told}")
            }
            Self::State(word) => write!(f, "it is {word} now, which `only_states` excludes"),
            Self::Kept { id, word } => write!(f, "{id}, the newer one that was to take its place, is {word} now"),
            Self::Teardown { place, word, .. } => write!(f, "{place} is {word}, which is no deployment"),
            Self::NeverDeployed { place, word } => {
                write!(f, "nothing was ever deployed in {place}: its status is {word}")
            }
            Self::Own(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Says {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("is not known"),
            Self::This(text) => write!(f, "is {text}"),
            Self::TooLong => f.write_str("is another one"),
        }
    }
}
