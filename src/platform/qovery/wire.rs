//! What Qovery's answers carry. Only a state has to be there.

use super::standing::{Door, Ids, READY, Standing, is_in_flight, is_teardown, is_word, meaning, weigh};
use crate::api::wire::{Maybe, Text, fields};
use crate::model::deployment::State;
use crate::model::id::Id;

/// How the words for what else brings nothing live begin, where a history tells what was done.
const NOT_LIVE: [&str; 2] = ["DEPLOY_DRY_RUN", "TERRAFORM_"];

fields! {
    /// The environment's status.
    pub(super) struct Status {
        pub(super) id: Text,
        state: Text,
        last_deployment_state: Text,
        last_deployment_id: Text,
        deployment_request_id: Text,
    }
}

impl Status {
    /// What both words say together; where one is missing the other stands for it.
    pub(super) fn standing(self) -> Option<Standing> {
        let own = self.last_deployment_state.get();
        let state = self.state.get().or(own)?;
        let last = own.unwrap_or(state);
        let ids = Ids { request: self.deployment_request_id.clone(), execution: self.last_deployment_id.clone() };
        let (word, torn) = weigh(state, last);
        let idle = is_word(state, READY) && is_word(last, READY);
        Some(Standing { idle, torn, ..Standing::new(ids, word, Some(Door::Environment)) })
    }
}

fields! {
    /// The status of one request, wherever it is.
    pub(super) struct RequestStatus {
        pub(super) deployment_request_id: Text,
        pub(super) environment_id: Text,
        pub(super) status: Text,
    }

    /// An entry of the queue, which has a request, or of the history, which has an execution and an end.
    pub(super) struct QueueItem {
        identifier: Maybe<Identifier>,
        status: Text,
        action_status: Text,
        trigger_action: Text,
    }

    struct Identifier {
        deployment_request_id: Text,
        execution_id: Text,
    }
}

impl QueueItem {
    /// Its name in the queue, which nobody wrote, so it is judged like a written one.
    pub(super) fn request(&self) -> Option<&str> {
        let id = self.identifier.get()?.deployment_request_id.get()?;
        Id::parse(id).is_ok_and(|parsed| parsed.as_str() == id).then_some(id)
    }

    /// Its name in the history.
    pub(super) fn execution(&self) -> Option<&str> {
        self.identifier.get()?.execution_id.get()
    }

    /// It takes something down.
    pub(super) fn is_teardown(&self) -> bool {
        is_teardown(self.trigger_action.or_empty())
    }

    /// It brings nothing live.
    pub(super) fn is_not_live(&self) -> bool {
        let action = self.trigger_action.or_empty().to_ascii_uppercase();
        self.is_teardown() || NOT_LIVE.iter().any(|word| action.starts_with(word))
    }

    /// Its word and what that means: an entry has two of them, and two that contradict each other tell no end.
    pub(super) fn end(&self) -> Option<(&str, State)> {
        let status = self.status.get().map(|word| (word, meaning(word)));
        let action = self.action_status.get().map(|word| (word, meaning_of_action(word)));
        let (Some((word, state)), Some((own, action))) = (status, action) else {
            return status.or(action);
        };
        Some(match state {
            _ if is_in_flight(action) => (own, action),
            State::Unknown if action.is_terminal() => (own, action),
            _ if state.is_terminal() && action.is_terminal() && state != action => (word, State::Unknown),
            _ => (word, state),
        })
    }
}

fn meaning_of_action(word: &str) -> State {
    match word.to_ascii_uppercase().as_str() {
        "ONGOING" => State::Running,
        "SUCCESS" => State::Succeeded,
        "ERROR" => State::Failed,
        word => meaning(word),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::wire;

    #[test]
    fn an_entry_of_the_history_that_contradicts_itself_tells_no_end() {
        for (status, action, end) in [
            ("CANCELED", "CANCELED", ("CANCELED", State::Canceled)),
            ("STOPPED", "SUCCESS", ("STOPPED", State::Succeeded)),
            ("DEPLOYED", "ONGOING", ("ONGOING", State::Running)),
            ("RECAP", "CANCELED", ("CANCELED", State::Canceled)),
            ("CANCELED", "SUCCESS", ("CANCELED", State::Unknown)),
            ("CANCELED", "NEVER", ("CANCELED", State::Canceled)),
            ("BUILDING", "CANCELED", ("BUILDING", State::Running)),
        ] {
            let past: QueueItem = wire::of(&json!({ "status": status, "action_status": action })).unwrap();
            assert_eq!(past.end(), Some(end), "{status} {action}");
        }
    }

    #[test]
    fn a_status_is_read_from_whatever_fields_there_are() {
        let read = |body| wire::of::<Status>(&body).unwrap().standing();
        let odd = read(json!({ "state": "BUILDING", "last_deployment_id": 7, "origin": "SKILL" })).unwrap();
        assert_eq!((odd.word.as_str(), odd.torn, odd.ids.name()), ("BUILDING", false, None));
        assert!(read(json!({})).is_none());
    }
}
