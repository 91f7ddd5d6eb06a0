//! The shape of a deployment in Cloud Foundry's answers, and what it tells.

use crate::api::wire::{Maybe, Text, Time, fields};
use crate::model::deployment::{self, Deployment, State};
use crate::model::id::{is_same, segment};
use crate::platform::states::{self, States};

/// The words of all versions of the API, `value/reason`.
pub(super) const STATES: States = &[
    ("ACTIVE/DEPLOYING", State::Running),
    ("ACTIVE/PAUSED", State::Running),
    ("ACTIVE/CANCELING", State::Canceling),
    ("FINALIZED/CANCELED", State::Canceled),
    ("FINALIZED/DEPLOYED", State::Succeeded),
    ("FINALIZED/SUPERSEDED", State::Superseded),
    // API 3.74 to 3.79 gave no reason.
    ("DEPLOYING", State::Running),
    ("CANCELING", State::Canceling),
];

/// Names of facts in [`Deployment::details`].
pub(super) const APP: &str = "app_guid";
pub(super) const DROPLET: &str = "droplet_guid";
pub(super) const PREVIOUS_DROPLET: &str = "previous_droplet_guid";
pub(super) const REVISION: &str = "revision_guid";
pub(super) const LAST_CHANGE: &str = "last_status_change";

/// What a deployment tells by that name.
pub(super) fn detail<'d>(one: &'d Deployment, name: &str) -> Option<&'d str> {
    one.details.get(name)?.as_str()
}

/// A guid as it is stored: whether one in capitals is found depends on the foundation's database.
pub(super) fn stored(guid: &str) -> String {
    let small = guid.to_ascii_lowercase();
    if is_same(guid, &small) { small } else { guid.to_owned() }
}

/// Where a deployment is read.
pub(super) fn path(id: &str) -> String {
    format!("/v3/deployments/{}", segment(&stored(id)))
}

fields! {
    pub(super) struct Wire {
        guid: Text,
        status: Maybe<Status>,
        created_at: Time,
        strategy: Text,
        droplet: Maybe<Named>,
        previous_droplet: Maybe<Named>,
        revision: Maybe<Named>,
        relationships: Maybe<Relationships>,
    }

    struct Status {
        value: Text,
        reason: Text,
        details: Maybe<StatusDetails>,
    }

    struct StatusDetails {
        error: Text,
        last_status_change: Text,
    }

    pub(super) struct Named {
        pub(super) guid: Text,
    }

    struct Relationships {
        app: Maybe<Relationship>,
    }

    struct Relationship {
        data: Maybe<Named>,
    }
}

impl Wire {
    /// What it tells; `None` without an id or a state.
    pub(super) fn deployment(self) -> Option<Deployment> {
        let Status { value, reason, details } = self.status.0?;
        // Through all versions of the API this alone says that it is over.
        let settled = value.get() == Some("FINALIZED");
        let word = match reason.get() {
            Some(reason) => Text(value.0.map(|value| format!("{value}/{reason}"))),
            None => value,
        };
        let guid = |named: Maybe<Named>| named.0.and_then(|it| it.guid.0);
        let StatusDetails { error, last_status_change } = details.0.unwrap_or_default();
        let facts = [
            (APP, self.relationships.0.and_then(|to| guid(to.app.0?.data))),
            ("strategy", self.strategy.0),
            (DROPLET, guid(self.droplet)),
            (PREVIOUS_DROPLET, guid(self.previous_droplet)),
            (REVISION, guid(self.revision)),
            (LAST_CHANGE, last_status_change.0),
        ];
        Some(Deployment {
            settled,
            created: self.created_at.0,
            note: error.0,
            details: deployment::details(facts),
            ..states::deployment(STATES, self.guid, word)?
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::wire;

    fn told(status: &Value) -> Deployment {
        let body = json!({ "guid": "d", "status": status });
        wire::of::<Wire>(&body).unwrap().deployment().unwrap()
    }

    fn check(status: &Value, word: &str, state: State, is_over: bool) {
        let told = told(status);
        let seen = (told.platform_state.as_str(), told.state, told.is_terminal());
        assert_eq!(seen, (word, state, is_over), "{status}");
    }

    #[test]
    fn every_state_of_every_version_is_known() {
        for (value, reason, state, is_over) in [
            ("ACTIVE", "DEPLOYING", State::Running, false),
            ("ACTIVE", "PAUSED", State::Running, false),
            ("ACTIVE", "CANCELING", State::Canceling, false),
            ("FINALIZED", "CANCELED", State::Canceled, true),
            ("FINALIZED", "DEPLOYED", State::Succeeded, true),
            ("FINALIZED", "SUPERSEDED", State::Superseded, true),
            // Old foundations wrote it over deployments that had gone live as well.
            ("FINALIZED", "DEGENERATE", State::Unknown, true),
        ] {
            let status = json!({ "value": value, "reason": reason });
            check(&status, &format!("{value}/{reason}"), state, is_over);
        }
        for (value, state) in [("DEPLOYING", State::Running), ("CANCELING", State::Canceling)] {
            let status = json!({ "value": value, "reason": null });
            check(&status, value, state, false);
        }
    }

    #[test]
    fn only_finalized_is_an_end_whatever_the_reason() {
        let odd = |value: &str| json!({ "value": value, "reason": "ODD" });
        check(&odd("FINALIZED"), "FINALIZED/ODD", State::Unknown, true);
        check(&odd("ACTIVE"), "ACTIVE/ODD", State::Unknown, false);
        check(&json!({ "value": "FINALIZED" }), "FINALIZED", State::Unknown, true);
        check(&odd("PAUSED"), "PAUSED/ODD", State::Unknown, false);
    }

    #[test]
    fn what_is_absent_or_null_is_left_out() {
        let body = json!({
            "guid": "d", "status": { "value": "ACTIVE", "reason": "DEPLOYING", "details": { "error": "no room" } },
            "strategy": "canary", "droplet": { "guid": "new" }, "previous_droplet": { "guid": null }, "revision": null,
            "relationships": { "app": { "data": { "guid": "a" } } }, "created_at": "2018-04-25T22:42:10Z",
        });
        let told = wire::of::<Wire>(&body).unwrap().deployment().unwrap();
        assert_eq!(told.note.as_deref(), Some("no room"));
        assert!(told.created.is_some());
        let facts = json!({ "app_guid": "a", "strategy": "canary", "droplet_guid": "new" });
        assert_eq!(Value::Object(told.details), facts);
    }
}
