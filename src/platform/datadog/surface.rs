//! The two editions of the API, and the words that a status has on both.

use crate::model::deployment::State;
use crate::platform::states::{self, States};

/// One of the two editions of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    V2,
    Preview,
}

impl Surface {
    /// Its part of the path.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::Preview => "unstable",
        }
    }
}

/// Every word that was seen anywhere.
pub(super) const STATES: States = &[
    ("PENDING", State::Queued),
    ("RUNNING", State::Running),
    ("STOPPING", State::Canceling),
    ("CANCELING", State::Canceling),
    ("CANCELED", State::Canceled),
    ("STOPPED", State::Canceled),
    ("COMPLETED", State::Succeeded),
    ("SUCCEEDED", State::Succeeded),
    ("FAILED", State::Failed),
    ("DONE_WITH_ERRORS", State::Failed),
];

/// The table's state; an unlisted word for something going on (`…ing`) is in flight.
pub(super) fn state(word: &str) -> State {
    match states::state(STATES, word) {
        State::Unknown if word.to_ascii_lowercase().ends_with("ing") => State::Running,
        state => state,
    }
}
