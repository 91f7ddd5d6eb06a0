//! The shapes of Datadog's answers about one deployment, and what they tell.

use serde_json::json;

use super::hosts::{Counters, Host};
use super::surface::{Surface, state};
use crate::api::wire::{Many, Maybe, Text, Time, fields};
use crate::model::deployment::{Deployment, State};
use crate::model::memory::Memory;

fields! {
    /// A deployment, read or listed.
    pub(super) struct Wire {
        id: Text,
        attributes: Maybe<Attributes>,
    }

    struct Attributes {
        high_level_status: Text,
        status: Text,
        query: Text,
        filter_query: Text,
        error_summary: Text,
        started_at: Time,
        hosts: Many<Host>,
        ..counters: Counters,
    }
}

impl Wire {
    /// What the answer says about the deployment; nothing without an id and a status.
    pub(super) fn deployment(self, surface: Surface) -> Option<Deployment> {
        let attributes = self.attributes.0?;
        let word = attributes.word()?.to_owned();
        let mut details = attributes.counters.counts();
        details.insert("api_version".to_owned(), json!(surface.word()));
        if let Some(query) = attributes.query() {
            details.insert("query".to_owned(), json!(query));
        }
        Some(Deployment {
            state: state(&word),
            settled: state(&word) == State::Unknown && attributes.counters.is_done(),
            platform_state: word,
            // When it started is the only time there is, and only the list of v2 tells it; 0 stands for "not yet".
            created: attributes.started_at.0,
            note: attributes.error_summary.0,
            details,
            handle: Memory::of(surface),
            // No page for people is documented.
            ..Deployment::without_reading(&self.id.0?)
        })
    }

    /// Whether its host query is exactly this text.
    pub(super) fn is_for(&self, query: &str) -> bool {
        self.attributes.get().and_then(Attributes::query) == Some(query)
    }

    /// Its id, for paging.
    pub(super) fn id(&self) -> &str {
        self.id.or_empty()
    }

    /// The hosts on this page of the preview surface, and how many there are altogether by the deployment itself.
    pub(super) fn hosts(self) -> (Vec<Host>, Option<u64>) {
        let attributes = self.attributes.0.unwrap_or_default();
        (attributes.hosts.0, attributes.counters.total_hosts.0)
    }
}

impl Attributes {
    /// A single deployment has `high_level_status`; `status` stands in the answer to a cancel.
    fn word(&self) -> Option<&str> {
        self.high_level_status.get().or(self.status.get())
    }

    fn query(&self) -> Option<&str> {
        self.query.get().or(self.filter_query.get())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;
    use crate::api::wire;
    use crate::platform::datadog::hosts::sentence_of;

    fn told(attributes: Value) -> Option<Deployment> {
        let wire: Wire = wire::of(&json!({ "id": "d", "attributes": attributes })).unwrap();
        wire.deployment(Surface::V2)
    }

    #[test]
    fn every_word_seen_anywhere_is_known_in_any_case() {
        for (word, expected) in [
            ("pending", State::Queued),
            ("Running", State::Running),
            ("stopping", State::Canceling),
            ("canceled", State::Canceled),
            ("CANCELLED", State::Canceled),
            ("stopped", State::Canceled),
            ("completed", State::Succeeded),
            ("succeeded", State::Succeeded),
            ("failed", State::Failed),
            ("done_with_errors", State::Failed),
            ("draining", State::Running),
            ("halted", State::Unknown),
        ] {
            let deployment = told(json!({ "high_level_status": word })).unwrap();
            assert_eq!((deployment.state, deployment.platform_state.as_str()), (expected, word));
        }
    }

    #[test]
    fn the_status_is_taken_from_where_it_stands() {
        let word = |attributes| told(attributes).map(|deployment| deployment.platform_state);
        assert_eq!(word(json!({ "high_level_status": "a", "status": "b" })).as_deref(), Some("a"));
        assert_eq!(word(json!({ "high_level_status": "", "status": "b" })).as_deref(), Some("b"));
        assert_eq!(word(json!({ "high_level_status": 7, "status": "b" })).as_deref(), Some("b"));
        assert_eq!(word(json!({})), None);
    }

    fn counters(word: &str, [total, succeeded, failed, canceled, running, skipped]: [i64; 6]) -> Value {
        json!({
            "high_level_status": word, "total_hosts": total, "succeeded_hosts": succeeded, "failed_hosts": failed,
            "canceled_hosts": canceled, "running_hosts": running, "skipped_hosts": skipped,
        })
    }

    #[test]
    fn an_unlisted_word_is_an_end_only_when_every_host_is_accounted_for() {
        let settled = |attributes| told(attributes).unwrap().is_terminal();
        assert!(settled(counters("halted", [5, 1, 1, 2, 0, 1])));
        assert!(!settled(counters("halted", [5, 1, 1, 1, 1, 1])), "one is running");
        assert!(!settled(counters("halted", [6, 1, 1, 2, 0, 1])), "one is pending");
        assert!(!settled(counters("halted", [4, 1, 1, 2, 0, 1])), "the counters do not add up");
        assert!(!settled(counters("halted", [0, 0, 0, 0, 0, 0])), "no host proves nothing");
        assert!(!settled(counters("halting", [5, 1, 1, 2, 0, 1])), "it says that it goes on");
        let mut lacking = counters("halted", [5, 1, 1, 2, 0, 1]);
        lacking["skipped_hosts"] = Value::Null;
        assert!(!settled(lacking), "a counter is missing");
        assert!(!settled(json!({ "high_level_status": "halted", "hosts": [] })));
    }

    #[test]
    fn counters_become_counts_and_the_rest_is_not_invented() {
        // The example of the documents: five hosts, one of each kind, two of them listed.
        let mut example = counters("running", [5, 1, 1, 1, 1, 1]);
        let counts = told(example.clone()).unwrap().details;
        assert_eq!(counts.get("updated_hosts"), Some(&json!(1)));
        assert_eq!(counts.get("untouched_hosts"), Some(&json!(1)), "the skipped one");
        assert_eq!(
            sentence_of(&counts),
            "What was applied stays applied: 1 of 5 hosts was updated, 1 was untouched, 1 failed, 1 was canceled, 1 is still running."
        );
        example["failed_hosts"] = Value::Null;
        let counts = told(example).unwrap().details;
        assert_eq!((counts.get("failed_hosts"), counts.get("untouched_hosts")), (None, None));
        assert!(sentence_of(&Map::new()).contains("not known"));
    }
}
