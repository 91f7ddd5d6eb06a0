//! What a platform tells of a slot, which is what one live pointer stands for: what is live in it, what was, what is on
//! its way; and what came of putting back what was live before.

use jiff::Timestamp;

use super::deployment::{State, short_commit};
use super::id::is_same;
use super::outcome::Outcome;

/// Something that is live in a slot, was, or is about to be: a deployment, or what the platform calls versions, revisions.
#[derive(Clone, Debug, Default)]
pub struct Version {
    /// What the live pointer names it by, and what a roll back names.
    pub id: String,
    /// What that names, in a word, where it is no deployment.
    pub kind: &'static str,
    /// The commit it was made from.
    pub commit: Option<String>,
    /// All commits that it was made from, where that may be more than one.
    pub commits: Vec<String>,
    /// A page for people.
    pub url: Option<String>,
    /// What it consists of, in a text: the copy that a roll back makes of it names it.
    pub content: Option<String>,
    /// The content of what the platform made it from, by a roll back. A copy can be copied, too.
    pub copy_of: Option<String>,
    /// What the live pointer names once this is live, where that is not its id.
    pub names: Option<String>,
    /// The platform proves that it is live, or was.
    pub was_live: bool,
    /// When it went live the last time, where the platform tells that.
    pub since: Option<Timestamp>,
    /// Until when it was live, where the platform tells that.
    pub until: Option<Timestamp>,
    /// This run was to stop it. No platform says so: whoever drives finds out.
    pub is_ours: bool,
}

impl Version {
    /// A version of which only the id is known.
    pub fn of(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// Whether it is this one, or what that makes live, or a copy of it.
    pub fn serves(&self, original: &Self) -> bool {
        let is_copy = self.copy_of.is_some() && self.copy_of == original.content;
        let is_named = original.names.as_ref().is_some_and(|named| is_same(named, &self.id));
        is_copy || is_named || is_same(&original.id, &self.id)
    }

    /// Its id and its commit, as people read them.
    pub fn label(&self) -> String {
        let kind = if self.kind.is_empty() { String::new() } else { format!("{} ", self.kind) };
        let commit = self.commit.as_ref().map(|commit| format!(" ({})", short_commit(commit)));
        format!("{kind}{}{}", self.id, commit.unwrap_or_default())
    }
}

/// What the live pointer of a slot says.
#[derive(Clone, Debug, Default)]
pub struct LiveNow {
    /// What it names; `None` where nothing is live.
    pub version: Option<Version>,
    /// When the platform said so, by its own clock.
    pub date: Option<Timestamp>,
}

/// Something that may go live in a slot: queued, building, held, in a state that nobody knows; also a job or a release
/// step that changes the live pointer.
#[derive(Clone, Debug)]
pub struct InFlight {
    /// What would be live then.
    pub version: Version,
    /// The platform's word for where it stands.
    pub word: String,
    /// It has been in flight for longer than anything takes: named, and in nobody's way.
    pub is_stale: bool,
}

/// A clear yes to a roll back.
#[derive(Clone, Debug, Default)]
pub struct Started {
    /// The deployment that was made for it, where the answer shows it. A flip of the pointer makes none.
    pub copy: Option<Version>,
    /// HTTP status.
    pub status: u16,
    /// The platform's id of the request.
    pub request_id: Option<String>,
}

/// A roll back that was asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What is to be live.
    pub target: Version,
    /// The deployment that was made for it, where one is.
    pub copy: Option<Version>,
    /// When the live pointer was read last before the request, by the platform's clock.
    pub since: Option<Timestamp>,
}

/// Where a roll back stands.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Succeeded once it is over and went well; any other end is a failure, and what nobody knows is watched on.
    pub state: State,
    /// The platform's word.
    pub word: String,
}

/// What came of a roll back that was asked for and needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RollBackResult {
    /// The target is live, read twice.
    Done,
    /// Something else is live by now.
    MovedOn,
    /// Something else is about to go live.
    NewerInFlight,
    /// Nothing is known for sure to have been live before.
    NoTarget,
    /// The platform says no, or what has to be known before could not be read.
    Refused,
    /// A signal came before anything was sent.
    Interrupted,
    /// Accepted, and it ended otherwise.
    Failed,
    /// Done, and what it replaced was somebody else's.
    ReplacedOther,
    /// Accepted, and its end was not seen.
    TimedOut,
    /// Nobody knows whether it was accepted, or how it ends.
    Unknown,
    /// It would have been sent.
    DryRun,
}

impl RollBackResult {
    /// Every result, in the order of the documents.
    pub const ALL: [Self; 11] = [
        Self::Done,
        Self::MovedOn,
        Self::NewerInFlight,
        Self::NoTarget,
        Self::Refused,
        Self::Interrupted,
        Self::Failed,
        Self::ReplacedOther,
        Self::TimedOut,
        Self::Unknown,
        Self::DryRun,
    ];

    /// The word in outputs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::MovedOn => "moved_on",
            Self::NewerInFlight => "newer_in_flight",
            Self::NoTarget => "no_target",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
            Self::ReplacedOther => "replaced_other",
            Self::TimedOut => "timed_out",
            Self::Unknown => "unknown",
            Self::DryRun => "dry_run",
        }
    }

    /// Whether the platform may have done something for it.
    pub const fn may_have_changed(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::ReplacedOther | Self::TimedOut | Self::Unknown)
    }

    /// Whether what went live was found not to be live any more, or somebody else's in its place.
    pub const fn found_it_gone(self) -> bool {
        matches!(self, Self::MovedOn | Self::ReplacedOther)
    }

    /// What becomes of the outcome; `None` where that stands as it is.
    pub const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Done => Some(Outcome::RolledBack),
            Self::ReplacedOther | Self::Unknown => Some(Outcome::Error),
            Self::TimedOut => Some(Outcome::TimedOut),
            _ => None,
        }
    }
}
