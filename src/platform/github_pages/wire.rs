//! The shapes of GitHub's answers: the status of a deployment, which is one word, and the records of its Deployments.

use serde_json::Value;

use crate::api::wire::{Field, Maybe, Text, Time, fields};
use crate::model::deployment::{Deployment, Live, Source, State};
use crate::model::id::is_hex;
use crate::model::memory::Memory;
use crate::platform::states::{self, States};

/// The words of the description, and two that only logs and older clients know.
pub(super) const STATES: States = &[
    ("DEPLOYMENT_QUEUED", State::Queued),
    ("DEPLOYMENT_IN_PROGRESS", State::Running),
    ("SYNCING_FILES", State::Running),
    ("FINISHED_FILE_SYNC", State::Running),
    ("UPDATING_PAGES", State::Running),
    ("PURGING_CDN", State::Running),
    ("DEPLOYMENT_ATTEMPT_ERROR", State::Running),
    ("DEPLOYMENT_CANCELLED", State::Canceled),
    ("SUCCEED", State::Succeeded),
    ("DEPLOYMENT_FAILED", State::Failed),
    ("DEPLOYMENT_CONTENT_FAILED", State::Failed),
    ("DEPLOYMENT_PERMS_ERROR", State::Failed),
    (LOST, State::Failed),
];
/// It is over, and GitHub itself does not know how.
const LOST: &str = "DEPLOYMENT_LOST";
/// From here on the new content may be served.
const PUBLISHING: [&str; 2] = ["UPDATING_PAGES", "PURGING_CDN"];
/// What stands for a status that is there and says nothing.
const EMPTY: &str = "(empty)";

/// Remembered of a deployment whose content may be served.
struct Publishing;

/// Remembered of one that is only a record so far: the record's number.
pub(super) struct Recorded(pub(super) u64);

/// The status of a deployment, whatever it is, where there is one.
#[derive(Default)]
pub(super) struct Wire(Option<Value>);

impl Field for Wire {
    fn object(&mut self) -> bool {
        true
    }

    fn field(&mut self, name: &str) -> Option<&mut dyn Field> {
        if name == "status" { Some(self.0.insert(Value::Null)) } else { None }
    }
}

impl Wire {
    /// What it tells of a deployment that it does not name; `None` without a status.
    pub(super) fn deployment(self) -> Option<Deployment> {
        let platform_state = match self.0? {
            Value::String(word) if !word.is_empty() => word,
            Value::String(_) | Value::Null => EMPTY.to_owned(),
            _ => return None,
        };
        let is = |known: &&str| known.eq_ignore_ascii_case(&platform_state);
        Some(Deployment {
            live: if is(&LOST) { Live::Unknown } else { Live::ByState },
            handle: if PUBLISHING.iter().any(is) { Memory::of(Publishing) } else { Memory::default() },
            state: states::state(STATES, &platform_state),
            platform_state,
            ..Deployment::without_reading("")
        })
    }
}

/// Publishing that has begun is remembered: what was canceled after that may be served.
pub(super) fn carry(known: &Deployment, told: &mut Deployment) {
    if known.handle.get::<Publishing>().is_some() {
        told.handle = known.handle.clone();
        if told.state == State::Canceled {
            told.live = Live::Unknown;
        }
    }
}

/// What is said of one whose last word does not tell whether it is served.
pub(super) const fn open_end(ended: &Deployment) -> &'static str {
    match ended.state {
        State::Canceled => "It was being published already: look at the site.",
        _ => "GitHub has lost it, so the site may or may not have changed: look at it.",
    }
}

fields! {
    /// A deployment in GitHub's own sense, of which the site's is told apart by its commit.
    pub(super) struct Record {
        id: Maybe<u64>,
        sha: Text,
        reference as "ref": Text,
        created_at: Time,
    }

    /// What a job says of a record.
    pub(super) struct Status {
        pub(super) state: Text,
    }
}

impl Record {
    /// Its number, and all that it tells of the deployment of its commit; `None` without one of both.
    pub(super) fn deployment(self) -> Option<(u64, Deployment)> {
        let (number, commit) = (self.id.0?, self.sha.0.filter(|sha| is_commit(sha))?);
        let source = Source::of(None, self.reference.get().filter(|name| !is_commit(name)), Some(&commit));
        let told = Deployment {
            created: self.created_at.0,
            branch: source.branch.clone(),
            handle: Memory::of(Recorded(number)),
            ..Deployment::without_reading(&commit)
        };
        Some((number, told.made_from(vec![source])))
    }
}

/// Whether a text is a whole commit.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && is_hex(text)
}

/// Whether a text is the beginning of one; a number is none, as ids may be numbers.
pub(super) fn is_short(text: &str) -> bool {
    (7..40).contains(&text.len()) && is_hex(text) && text.chars().any(|c| c.is_ascii_alphabetic())
}
