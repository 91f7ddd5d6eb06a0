//! What a platform told us about one deployment, in our words and in its own.

use std::cmp::Reverse;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::memory::Memory;

/// Where a deployment stands, in our words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Waiting to start.
    Queued,
    /// Being built or rolled out.
    Running,
    /// Somebody asked for its cancellation, it has not ended yet.
    Canceling,
    /// Ended because it was canceled.
    Canceled,
    /// Ended well: it went live.
    Succeeded,
    /// Ended by itself, badly.
    Failed,
    /// Ended because a newer deployment took its place.
    Superseded,
    /// Over and not live; the platform has no word for whether it was canceled.
    Ended,
    /// The platform used a word that we do not know; never taken for an end by itself.
    Unknown,
}

impl State {
    /// The word in outputs and messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Canceling => "canceling",
            Self::Canceled => "canceled",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
            Self::Ended => "ended",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a deployment in this state may still go live, and nobody has asked it to stop.
    pub const fn is_in_flight(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }

    /// Whether a deployment in this state will not change any more.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Canceled | Self::Succeeded | Self::Failed | Self::Superseded | Self::Ended)
    }
}

/// What says whether a deployment went live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Live {
    /// Its state: what succeeded is live, and what ended otherwise never was.
    #[default]
    ByState,
    /// It is live, whatever its state says: it was stopped after it had taken over.
    Serving,
    /// It was live, and is not any more: a newer one replaced it, or it crashed.
    Once,
    /// It never was: it was built, and nobody published it.
    Unpublished,
    /// It never is: it takes something down, or only tries.
    TakesDown,
    /// Nothing does: its state does not tell, and what could tell was not to be read.
    Unknown,
}

/// Facts that only this platform has, as far as it tells them.
pub fn details<'n, V: Into<Value>>(told: impl IntoIterator<Item = (&'n str, Option<V>)>) -> Map<String, Value> {
    let mut details = Map::new();
    // What is collected is sorted first, for every kind of iterator by a sort of its own: four kilobytes in the program.
    details.extend(told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))));
    details
}

/// The short name of a branch, as people and platforms write it: `refs/heads/x` is `x`. Another kind of reference, such as
/// a tag or a pull request's, is no branch.
pub fn branch_name(reference: &str) -> Option<&str> {
    let name = reference.strip_prefix("refs/heads/").unwrap_or(reference);
    (!name.is_empty() && !name.starts_with("refs/")).then_some(name)
}

/// What a deployment, or one component of it, was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The repository that the commit comes from, as `owner/name`: a fork's own, where the platform knows it.
    pub repository: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// The commit hash.
    pub commit: Option<String>,
    /// The pull request that it is a preview of, where the platform knows its number and not whose branch it is.
    pub pull: Option<Pull>,
}

/// A pull request: whatever its head is called, and wherever that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// The repository that it is for, as `owner/name`.
    pub base: String,
    /// Its number there.
    pub number: u64,
}

impl Pull {
    /// Whether both are one.
    pub fn is_same(&self, other: &Self) -> bool {
        self.number == other.number && self.base.eq_ignore_ascii_case(&other.base)
    }
}

/// One deployment as the platform described it last.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The platform's id, fit for a request.
    pub id: String,
    /// Our reading of [`Self::platform_state`].
    pub state: State,
    /// The platform's own word, unchanged.
    pub platform_state: String,
    /// The platform's word is final although it is none that we know (a deleted deployment, for one).
    pub settled: bool,
    /// A page for people.
    pub url: Option<String>,
    /// The branch it was made from.
    pub branch: Option<String>,
    /// The full commit hash it was made from.
    pub commit: Option<String>,
    /// The environment it goes to, where the platform has several.
    pub target: Option<String>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// The platform's own explanation of its state.
    pub note: Option<String>,
    /// Facts that only this platform has.
    pub details: Map<String, Value>,
    /// Everything it was made from, where that is more than one branch or commit; compared by `select`.
    pub sources: Vec<Source>,
    /// It does not say what it was made from, and may in a moment: no guard refuses it before that.
    pub source_pending: bool,
    /// It is over, and how may not have been said yet: right after a request of ours that is looked at once more.
    pub unexplained: bool,
    /// For how long it has been in flight, where that is too long to be true.
    pub stuck: Option<Duration>,
    /// The platform holds it back: it is in flight and does not move, so it supersedes nothing.
    pub blocked: bool,
    /// It waits behind what its scope is doing now, and is asked before that; undated, it is never the latest.
    pub queued_behind: bool,
    /// The platform made it by itself, as a copy of another one: nobody pushed or asked for it, so it supersedes nothing.
    pub automatic: bool,
    /// What says whether it went live.
    pub live: Live,
    /// What it is for, where a branch and a target (or a scope) have several such places: what is for another supersedes
    /// nothing of it.
    pub slot: Option<String>,
    /// What the platform's own file has to remember about it, opaque to everybody else.
    pub handle: Memory,
}

/// Sorts by creation; what was created at one time stays in its order.
pub fn newest_first(deployments: &mut [Deployment]) {
    deployments.sort_by_key(|one| Reverse(one.created));
}

impl Source {
    /// A source as a platform tells it: empty texts are none, and a branch is told as [`branch_name`] says.
    pub fn of(repository: Option<&str>, branch: Option<&str>, commit: Option<&str>) -> Self {
        let text = |text: Option<&str>| text.filter(|it| !it.is_empty()).map(str::to_owned);
        Self {
            repository: text(repository),
            branch: branch.and_then(branch_name).map(str::to_owned),
            commit: text(commit),
            pull: None,
        }
    }
}

impl Deployment {
    /// A deployment of which nothing is known but its id: it may be canceled, it was never seen.
    pub fn without_reading(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            state: State::Unknown,
            platform_state: String::new(),
            settled: false,
            url: None,
            branch: None,
            commit: None,
            target: None,
            created: None,
            note: None,
            details: Map::new(),
            sources: Vec::new(),
            source_pending: false,
            unexplained: false,
            stuck: None,
            blocked: false,
            queued_behind: false,
            automatic: false,
            live: Live::ByState,
            slot: None,
            handle: Memory::default(),
        }
    }

    /// Whether it is live, or once was; `None` where nobody knows, or not yet.
    pub fn went_live(&self) -> Option<bool> {
        match (self.live, self.state) {
            (Live::Serving | Live::Once, _) | (Live::ByState, State::Succeeded) => Some(true),
            (Live::Unpublished | Live::TakesDown, State::Succeeded) => Some(false),
            (Live::Unknown, _) => None,
            (_, State::Canceled | State::Failed | State::Superseded | State::Ended) => Some(false),
            (_, State::Queued | State::Running | State::Canceling | State::Unknown) => None,
        }
    }

    /// Whether it is live now, as far as anybody knows.
    pub fn is_live(&self) -> bool {
        self.live != Live::Once && self.went_live() == Some(true)
    }

    /// The same, made from all of these.
    #[must_use]
    pub fn made_from(mut self, sources: Vec<Source>) -> Self {
        self.sources = sources;
        self
    }

    /// Whether it will not change any more.
    pub fn is_terminal(&self) -> bool {
        self.state.is_terminal() || self.settled
    }
}

/// The shortest commit that is taken for one.
pub const SHORTEST_COMMIT: usize = 7;

/// A commit hash as people read it. What does not look like one stays as it is.
pub fn short_commit(hash: &str) -> &str {
    hash.get(..SHORTEST_COMMIT).filter(|_| is_hash(hash)).unwrap_or(hash)
}

/// Whether a commit is told by a hash.
pub fn is_hash(commit: &str) -> bool {
    commit.chars().all(|c| c.is_ascii_hexdigit())
}

/// Whether two hashes name one commit: one may be the short form of the other.
pub fn same_commit(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    one.len().min(other.len()) >= SHORTEST_COMMIT && (one.starts_with(&other) || other.starts_with(&one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_seven_digits_of_a_hash() {
        for (hash, shown) in
            [("9a4df0b8e161e323", "9a4df0b"), ("9A4DF0B", "9A4DF0B"), ("9a4d", "9a4d"), ("main branch", "main branch")]
        {
            assert_eq!(short_commit(hash), shown);
        }
    }

    #[test]
    fn a_branch_is_told_by_its_short_name() {
        for (told, name) in [
            ("main", Some("main")),
            ("refs/heads/main", Some("main")),
            ("refs/heads/feature/x", Some("feature/x")),
            ("heads/main", Some("heads/main")),
            ("refs/tags/0.0.15", None),
            ("refs/pull/4/merge", None),
            ("refs/heads/", None),
            ("", None),
        ] {
            assert_eq!(branch_name(told), name, "{told}");
            let source = Source::of(Some(""), Some(told), Some(""));
            assert_eq!(source.branch.as_deref(), name, "{told}");
            assert_eq!((source.repository, source.commit), (None, None));
        }
    }
}
