//! The shapes of Railway's answers, and what a deployment in them tells.

use serde_json::{Map, Value};

use crate::api::wire::{Maybe, Text, Time, fields};
use crate::model::deployment::{Deployment, Live, Source, State, details};
use crate::model::id::segment;
use crate::model::memory::Memory;
use crate::platform::states::{self, States};

/// Every documented word.
pub(super) const STATES: States = &[
    ("QUEUED", State::Queued),
    ("WAITING", State::Queued),
    ("NEEDS_APPROVAL", State::Queued),
    ("INITIALIZING", State::Queued),
    ("BUILDING", State::Running),
    ("DEPLOYING", State::Running),
    ("REMOVING", State::Canceling),
    ("SUCCESS", State::Succeeded),
    ("SLEEPING", State::Succeeded),
    ("FAILED", State::Failed),
    ("CRASHED", State::Failed),
    ("SKIPPED", State::Failed),
    ("REMOVED", State::Ended),
];

/// As few as will do, because the schema changes in place: an unknown field fails the whole operation. Never `service`,
/// which must not be null: one that is gone would take the whole answer with it.
pub(super) const FIELDS: &str = "id status createdAt projectId environmentId serviceId canRollback meta";
pub(super) const EVENTS: &str =
    "query Events($id:String!,$first:Int){deploymentEvents(id:$id,first:$first){edges{node{step}}}}";

/// Went live and then exited badly; it may be started again.
const CRASHED: &str = "CRASHED";
/// Over, for one of three reasons.
const REMOVED: &str = "REMOVED";
/// Never built.
const SKIPPED: &str = "SKIPPED";
/// The instances of the one before are taken down: nothing but a deployment that serves does that.
const DRAINS: &str = "DRAIN_INSTANCES";

fields! {
    pub(super) struct Wire {
        id: Text,
        status: Text,
        created_at as "createdAt": Time,
        project_id as "projectId": Text,
        environment_id as "environmentId": Text,
        service_id as "serviceId": Text,
        can_rollback as "canRollback": Maybe<bool>,
        meta: Maybe<Meta>,
    }

    /// The named keys of a free object that holds manifests and start commands as well.
    struct Meta {
        repo: Text,
        branch: Text,
        commit_hash as "commitHash": Text,
        image_digest as "imageDigest": Value,
        skipped_reason as "skippedReason": Text,
        queued_reason as "queuedReason": Text,
    }

    pub(super) struct Event {
        node: Maybe<Step>,
    }

    struct Step {
        step: Text,
    }

    /// What a project token is for.
    pub(super) struct TokenScope {
        pub(super) project_id as "projectId": Text,
        pub(super) environment_id as "environmentId": Text,
    }
}

/// Where a deployment is.
#[derive(Clone, Default)]
pub(super) struct Handle {
    pub(super) project: Text,
    pub(super) environment: Text,
    pub(super) service: Text,
}

impl Meta {
    /// Railway's own words about a state; those about an earlier one may still be there.
    fn reason(&self, one: &Deployment) -> Option<&str> {
        if is(one, SKIPPED) {
            self.skipped_reason.get()
        } else {
            self.queued_reason.get().filter(|_| one.state == State::Queued)
        }
    }
}

impl Event {
    pub(super) fn says_taken_over(&self) -> bool {
        self.node.get().is_some_and(|node| node.step.or_empty().eq_ignore_ascii_case(DRAINS))
    }
}

impl Handle {
    pub(super) fn of(told: &Deployment) -> Self {
        told.handle.get_or_default()
    }

    /// The page for people, as Railway's own client prints it.
    fn page(&self, id: &str) -> Option<String> {
        let part = |text: &Text| text.get().map(segment);
        let (project, service) = (part(&self.project)?, part(&self.service)?);
        let environment = part(&self.environment).map(|id| format!("environmentId={id}&")).unwrap_or_default();
        Some(format!("https://railway.com/project/{project}/service/{service}?{environment}id={}", segment(id)))
    }

    /// A service in an environment has one live place. Where either is not told, nobody knows what it supersedes.
    fn slot(&self, id: &str) -> String {
        match (self.environment.get(), self.service.get()) {
            (Some(environment), Some(service)) => format!("{environment}/{service}"),
            _ => id.to_owned(),
        }
    }
}

impl Wire {
    /// What it tells; `None` without an id or a state.
    pub(super) fn deployment(self) -> Option<Deployment> {
        let handle = Handle { project: self.project_id, environment: self.environment_id, service: self.service_id };
        let mut one = states::deployment(STATES, self.id, self.status)?;
        let (is_removed, is_crashed) = (is(&one, REMOVED), is(&one, CRASHED));
        let can_roll_back = self.can_rollback.get() == Some(&true);
        let meta = self.meta.get();
        let source = meta.map(|meta| Source::of(meta.repo.get(), meta.branch.get(), meta.commit_hash.get()));
        let source = source.unwrap_or_default();
        // Without an image nothing was ever started; with one nobody knows, as an image may be another's.
        let was_never_built = meta.is_some_and(|meta| meta.image_digest.is_null());
        if is_crashed {
            one.live = Live::Once;
        } else if is_removed && !was_never_built {
            one.live = Live::Unknown;
        }
        if is_removed && can_roll_back {
            was_live(&mut one);
        }
        one.url = handle.page(&one.id);
        one.slot = Some(handle.slot(&one.id));
        one.branch.clone_from(&source.branch);
        one.commit.clone_from(&source.commit);
        one.created = self.created_at.0;
        one.note = meta.and_then(|meta| meta.reason(&one)).map(str::to_owned);
        one.details = facts(&handle, self.can_rollback.get(), is_crashed);
        one.handle = Memory::of(handle);
        let sources = if source == Source::default() { Vec::new() } else { vec![source] };
        Some(one.made_from(sources))
    }
}

fn facts(handle: &Handle, can_roll_back: Option<&bool>, is_crashed: bool) -> Map<String, Value> {
    details([
        ("project_id", handle.project.get().map(Value::from)),
        ("environment_id", handle.environment.get().map(Value::from)),
        ("service_id", handle.service.get().map(Value::from)),
        ("can_rollback", can_roll_back.copied().map(Value::from)),
        ("went_live", is_crashed.then_some(Value::Bool(true))),
    ])
}

fn is(one: &Deployment, word: &str) -> bool {
    one.platform_state.eq_ignore_ascii_case(word)
}

/// It was live once: a newer one has replaced it since, or somebody took it down.
pub(super) fn was_live(one: &mut Deployment) {
    one.state = State::Succeeded;
    one.live = Live::Once;
}

/// What two reads tell that one alone does not.
pub(super) fn carry(known: &Deployment, told: &mut Deployment) {
    if is(told, REMOVED) && known.went_live() == Some(true) {
        was_live(told);
    }
    // Railway says why it skips one by itself; without a reason it does not tell whose doing it was.
    if is(told, SKIPPED) && told.note.is_none() && known.state.is_in_flight() {
        told.state = State::Ended;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::wire;

    fn told(status: &str, more: &Value) -> Deployment {
        let mut body = json!({ "id": "d", "status": status });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wire::of::<Wire>(&body).unwrap().deployment().unwrap()
    }

    #[test]
    fn removed_alone_proves_nothing_and_the_facts_beside_it_decide() {
        let image = json!({ "imageDigest": "sha256:ab" });
        for (more, state, live) in [
            (json!({}), State::Ended, Live::Unknown),
            (json!({ "meta": null }), State::Ended, Live::Unknown),
            (json!({ "canRollback": false, "meta": { "branch": "main" } }), State::Ended, Live::ByState),
            (json!({ "canRollback": false, "meta": image }), State::Ended, Live::Unknown),
            (json!({ "canRollback": false, "meta": { "imageDigest": 7 } }), State::Ended, Live::Unknown),
            (json!({ "canRollback": true, "meta": image }), State::Succeeded, Live::Once),
            (json!({ "canRollback": "yes", "meta": "x" }), State::Ended, Live::Unknown),
        ] {
            let one = told("REMOVED", &more);
            assert_eq!((one.state, one.live), (state, live), "{more}");
        }
        let crashed = told("CRASHED", &json!({}));
        assert_eq!((crashed.state, crashed.live), (State::Failed, Live::Once));
        assert!(told("SUCCESS", &json!({ "canRollback": true })).is_live());
    }

    #[test]
    fn an_own_read_of_one_that_was_live_is_the_strongest_proof() {
        for (before, once) in [("SUCCESS", true), ("SLEEPING", true), ("CRASHED", true), ("DEPLOYING", false)] {
            let mut now = told("REMOVED", &json!({ "meta": {} }));
            carry(&told(before, &json!({})), &mut now);
            assert_eq!(now.live == Live::Once, once, "{before}");
        }
    }

    #[test]
    fn one_that_is_skipped_is_so_for_a_reason_or_because_it_was_asked() {
        let reason = json!({ "meta": { "skippedReason": "CI check suite failed", "queuedReason": "old" } });
        let waiting = told("WAITING", &json!({}));
        for (known, more, state) in [
            (None, json!({}), State::Failed),
            (Some(&waiting), json!({ "meta": { "queuedReason": "old" } }), State::Ended),
            (Some(&waiting), reason.clone(), State::Failed),
        ] {
            let mut now = told("SKIPPED", &more);
            if let Some(known) = known {
                carry(known, &mut now);
            }
            assert_eq!(now.state, state, "{more}");
        }
        assert_eq!(told("SKIPPED", &reason).note.as_deref(), Some("CI check suite failed"));
        assert_eq!(told("QUEUED", &reason).note.as_deref(), Some("old"));
        assert_eq!(told("SUCCESS", &reason).note, None);
    }

    #[test]
    fn the_page_and_the_slot_take_all_ids() {
        let ids = json!({ "projectId": "p", "environmentId": "e", "serviceId": "s/x" });
        let one = told("BUILDING", &ids);
        assert_eq!(one.url.as_deref(), Some("https://railway.com/project/p/service/s%2Fx?environmentId=e&id=d"));
        assert_eq!(one.slot.as_deref(), Some("e/s/x"));
        let bare = told("BUILDING", &json!({ "environmentId": "e", "serviceId": null }));
        assert_eq!((bare.url, bare.slot.as_deref()), (None, Some("d")));
    }

    #[test]
    fn an_id_and_a_status_have_to_be_there_and_nothing_else() {
        for bad in [json!({ "id": "d" }), json!({ "status": "BUILDING" }), json!({ "id": 1, "status": "BUILDING" })] {
            let wire: Wire = wire::of(&bad).unwrap();
            assert!(wire.deployment().is_none(), "{bad}");
        }
        let odd = told("NEW_WORD", &json!({ "createdAt": 7.5e300, "meta": "text", "canRollback": [] }));
        assert_eq!((odd.state, odd.branch, odd.created), (State::Unknown, None, None));
    }
}
