//! Where a deployment stands: its two names, what the platform's words mean, and which call reaches it.

use crate::api::wire::Text;
use crate::model::deployment::{Deployment, State};
use crate::model::id::is_same;
use crate::platform::states::{self, States};

/// Every documented word.
pub(super) const STATES: States = &[
    ("QUEUED", State::Queued),
    ("DEPLOYMENT_QUEUED", State::Queued),
    ("RESTART_QUEUED", State::Queued),
    ("STOP_QUEUED", State::Queued),
    ("DELETE_QUEUED", State::Queued),
    ("WAITING_RUNNING", State::Queued),
    ("WAITING_RESTARTING", State::Queued),
    ("WAITING_STOPPING", State::Queued),
    ("WAITING_DELETING", State::Queued),
    ("BUILDING", State::Running),
    ("DEPLOYING", State::Running),
    ("RESTARTING", State::Running),
    ("STOPPING", State::Running),
    ("DELETING", State::Running),
    ("EXECUTING", State::Running),
    ("CANCELING", State::Canceling),
    ("CANCELED", State::Canceled),
    ("DEPLOYED", State::Succeeded),
    ("RESTARTED", State::Succeeded),
    ("STOPPED", State::Succeeded),
    ("DELETED", State::Succeeded),
    ("BUILD_ERROR", State::Failed),
    ("DEPLOYMENT_ERROR", State::Failed),
    ("RESTART_ERROR", State::Failed),
    ("STOP_ERROR", State::Failed),
    ("DELETE_ERROR", State::Failed),
];

/// Waiting for its turn behind another deployment; every other `*_QUEUED` is under way already.
pub(super) const QUEUED: &str = "QUEUED";
/// Nothing was ever deployed.
pub(super) const READY: &str = "READY";
/// How the words for taking something down begin, behind a `WAITING_`.
const TEARDOWN: [&str; 3] = ["STOP", "DELET", "UNINSTALL"];

/// What a word means. The list of words grows, and most tell by their ends what they are.
pub(super) fn meaning(word: &str) -> State {
    let upper = word.to_ascii_uppercase();
    match states::state(STATES, word) {
        State::Unknown if upper.ends_with("_QUEUED") || upper.starts_with("WAITING_") => State::Queued,
        State::Unknown if upper.ends_with("_ERROR") => State::Failed,
        known => known,
    }
}

pub(super) fn is_in_flight(state: State) -> bool {
    state.is_in_flight() || state == State::Canceling
}

pub(super) fn is_word(word: &str, known: &str) -> bool {
    word.eq_ignore_ascii_case(known)
}

/// Whether a word is about taking something down, which is no deployment: doing it, or having done it.
pub(super) fn is_teardown(word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    let what = upper.strip_prefix("WAITING_").unwrap_or(&upper);
    TEARDOWN.iter().any(|begin| what.starts_with(begin))
}

/// Which of an environment's two words tells, and whether they may speak of two deployments.
///
/// `state` is the environment's word and `last_deployment_state` that of its last deployment; how they differ is not
/// documented. While one of them is in flight nothing is over, and that one tells. Once both have ended the deployment's
/// own word tells how. An unknown word beside an end is no end.
pub(super) fn weigh<'a>(state: &'a str, last: &'a str) -> (&'a str, bool) {
    let (now, own) = (meaning(state), meaning(last));
    if is_in_flight(now) {
        // The last deployment may still be the one before, unless it is in flight itself or there never was one.
        (state, !is_in_flight(own) && !is_word(last, READY))
    } else if is_in_flight(own) || (own.is_terminal() && (now.is_terminal() || is_word(state, READY))) {
        (last, false)
    } else if now.is_terminal() {
        (last, true)
    } else {
        (state, own.is_terminal())
    }
}

/// The two names of one deployment. What a user wrote may be either, and stands in both places then.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    pub(super) request: Text,
    pub(super) execution: Text,
}

impl Ids {
    pub(super) fn written(id: &str) -> Self {
        let either = Text(Some(id.to_owned()));
        Self { request: either.clone(), execution: either }
    }

    pub(super) fn request(id: &str) -> Self {
        Self { request: Text(Some(id.to_owned())), ..Self::default() }
    }

    pub(super) fn of(known: &Deployment) -> Self {
        known.handle.get_or_default()
    }

    /// Whether both are names of one deployment: every name that both sides have must agree. `None` when nothing can
    /// be compared.
    pub(super) fn agree(&self, other: &Self) -> Option<bool> {
        let same = |one: &Text, another: &Text| Some(is_same(one.get()?, another.get()?));
        let request = same(&self.request, &other.request);
        let execution = same(&self.execution, &other.execution);
        match (request, execution) {
            (Some(request), Some(execution)) if self.is_undecided() => Some(request || execution),
            (Some(request), Some(execution)) => Some(request && execution),
            (one, another) => one.or(another),
        }
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.agree(other) == Some(true)
    }

    /// It is one text that may be either.
    fn is_undecided(&self) -> bool {
        self.request == self.execution
    }

    /// The same deployment's names, with what was known before.
    pub(super) fn or(self, known: &Self) -> Self {
        if known.is_undecided() {
            return self;
        }
        let or = |own: Text, known: &Text| Text(own.0.or_else(|| known.0.clone()));
        Self { request: or(self.request, &known.request), execution: or(self.execution, &known.execution) }
    }

    /// What to call it: as the contract has it, the request where there is one.
    pub(super) fn name(&self) -> Option<&str> {
        self.request.get().or(self.execution.get())
    }

    /// What to call it where another one has the same request.
    pub(super) fn name_beside(&self, other: &Self) -> &str {
        let told_apart = self.request.get().is_some() && self.request != other.request;
        let execution = self.execution.get().filter(|_| !told_apart);
        execution.or(self.name()).unwrap_or("another one")
    }
}

/// The call that reaches a deployment where it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// It is the one under way.
    Environment,
    /// It waits in the queue.
    Queue,
}

/// A deployment as it stands now.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) ids: Ids,
    pub(super) word: String,
    pub(super) state: State,
    /// Nothing was ever deployed.
    pub(super) idle: bool,
    /// The word and the ids may belong to two deployments.
    pub(super) torn: bool,
    /// Nothing goes live by it: the environment, or a part of it, is taken down or only tried.
    pub(super) takes_down: bool,
    pub(super) door: Option<Door>,
}

impl Standing {
    pub(super) fn new(ids: Ids, word: &str, door: Option<Door>) -> Self {
        let (state, takes_down) = (meaning(word), is_teardown(word));
        Self { ids, word: word.to_owned(), state, idle: false, torn: false, takes_down, door }
    }

    pub(super) fn knowing(mut self, known: &Ids) -> Self {
        self.ids = self.ids.or(known);
        self
    }

    /// The environment is being taken down: no deployment that anybody meant without naming it.
    pub(super) fn is_teardown(&self) -> bool {
        self.state.is_in_flight() && is_teardown(&self.word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(request: &str, execution: &str) -> Ids {
        let known = |id: &str| Text((!id.is_empty()).then(|| id.to_owned()));
        Ids { request: known(request), execution: known(execution) }
    }

    #[test]
    fn every_word_has_its_meaning_and_new_ones_are_read_by_their_ends() {
        for (state, words) in [
            (State::Queued, "QUEUED DEPLOYMENT_QUEUED RESTART_QUEUED STOP_QUEUED DELETE_QUEUED SOMETHING_QUEUED"),
            (State::Queued, "WAITING_RUNNING WAITING_RESTARTING WAITING_STOPPING WAITING_DELETING WAITING_SOMETHING"),
            (State::Running, "BUILDING DEPLOYING RESTARTING STOPPING DELETING EXECUTING"),
            (State::Canceling, "CANCELING"),
            (State::Canceled, "CANCELED CANCELLED"),
            (State::Succeeded, "DEPLOYED RESTARTED STOPPED DELETED"),
            (State::Failed, "BUILD_ERROR DEPLOYMENT_ERROR RESTART_ERROR STOP_ERROR DELETE_ERROR INTERNAL_ERROR"),
            (State::Unknown, "READY RECAP UNAVAILABLE ERROR NEW_DEPLOYED"),
        ] {
            for word in words.split(' ') {
                assert_eq!(meaning(word), state, "{word}");
            }
        }
    }

    #[test]
    fn a_teardown_is_told_from_a_deployment_by_its_word() {
        for word in "STOPPING DELETING STOP_QUEUED DELETE_QUEUED WAITING_STOPPING WAITING_DELETING".split(' ') {
            assert!(Standing::new(ids("r", ""), word, None).is_teardown(), "{word}");
        }
        for word in "STOPPED DELETED STOP_ERROR CANCELING BUILDING RESTARTING WAITING_RUNNING QUEUED".split(' ') {
            assert!(!Standing::new(ids("r", ""), word, None).is_teardown(), "{word}");
        }
        assert!(is_teardown("STOPPED") && is_teardown("DELETED") && !is_teardown("DEPLOYED"));
    }

    #[test]
    fn nothing_is_over_while_one_of_the_two_words_is_in_flight() {
        for (state, last, word, meant, torn) in [
            ("BUILDING", "BUILDING", "BUILDING", State::Running, false),
            ("DEPLOYED", "DEPLOYING", "DEPLOYING", State::Running, false),
            ("BUILDING", "CANCELED", "BUILDING", State::Running, true),
            ("CANCELING", "DEPLOYED", "CANCELING", State::Canceling, true),
            ("CANCELED", "CANCELED", "CANCELED", State::Canceled, false),
            ("DEPLOYED", "CANCELED", "CANCELED", State::Canceled, false),
            ("CANCELED", "DEPLOYED", "DEPLOYED", State::Succeeded, false),
            ("READY", "CANCELED", "CANCELED", State::Canceled, false),
            ("READY", "READY", "READY", State::Unknown, false),
            ("UNAVAILABLE", "CANCELED", "UNAVAILABLE", State::Unknown, true),
            ("CANCELED", "RECAP", "RECAP", State::Unknown, true),
        ] {
            assert_eq!(weigh(state, last), (word, torn), "{state} {last}");
            assert_eq!(meaning(word), meant, "{state} {last}");
        }
    }

    #[test]
    fn every_name_that_both_sides_have_must_agree() {
        let uuid = "4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf";
        let capitals = uuid.to_uppercase();
        assert!(ids(uuid, "").is(&ids(&capitals, "")) && ids("", uuid).is(&ids("", &capitals)));
        let ours = ids("r1", "e1");
        for (other, agree) in [
            (ids("r1", "e1"), Some(true)),
            (ids("R1", ""), Some(false)),
            (ids("", "e1"), Some(true)),
            (ids("", "E1"), Some(false)),
            (ids("r1", "e2"), Some(false)),
            (ids("r2", "e1"), Some(false)),
            (ids("", ""), None),
        ] {
            assert_eq!(ours.agree(&other), agree, "{other:?}");
        }
        assert_eq!(ids("r1", "").agree(&ids("", "e1")), None);
        assert!(Ids::written("r1").is(&ours) && Ids::written("e1").is(&ours) && !Ids::written("r2").is(&ours));
    }
}
