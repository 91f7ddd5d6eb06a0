//! The shapes of Render's answers, and what a deploy in them tells.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::api::wire::{Maybe, Text, Time, fields};
use crate::model::deployment::{Deployment, Live, Source, State, details};
use crate::model::memory::Memory;
use crate::platform::states::{self, States};

/// Every word of a deploy.
pub(super) const STATES: States = &[
    ("CREATED", State::Queued),
    ("QUEUED", State::Queued),
    ("BUILD_IN_PROGRESS", State::Running),
    ("PRE_DEPLOY_IN_PROGRESS", State::Running),
    ("UPDATE_IN_PROGRESS", State::Running),
    ("CANCELED", State::Canceled),
    ("LIVE", State::Succeeded),
    ("BUILD_FAILED", State::Failed),
    ("PRE_DEPLOY_FAILED", State::Failed),
    ("UPDATE_FAILED", State::Failed),
    ("DEACTIVATED", State::Superseded),
];

/// The one that serves.
const LIVE: &str = "live";
/// Why a deploy was made that puts an earlier one back.
const ROLL_BACK: &str = "rollback";
/// In the place of a state that is not told, as between two steps.
const NO_STATUS: &str = "unknown";
/// What Render deploys by itself, after changes of its own.
const BY_RENDER: &str = "deployed_by_render";
/// Went live, and was replaced by a newer one since.
const DEACTIVATED: &str = "deactivated";
fields! {
    /// A deploy.
    pub(super) struct Wire {
        id: Text,
        status: Text,
        trigger: Text,
        /// Null where a ready-made image is deployed.
        commit: Maybe<Commit>,
        image: Maybe<Image>,
        created_at as "createdAt": Time,
        /// When it went live, of one that did.
        finished_at as "finishedAt": Time,
        /// When another one took its place, of one that is not live any more.
        updated_at as "updatedAt": Time,
    }

    struct Commit {
        id: Text,
    }

    struct Image {
        reference as "ref": Text,
        sha: Text,
    }
}

/// What is remembered of a deploy.
#[derive(Clone, Default)]
pub(super) struct Handle {
    /// When it went live, and until when it was.
    pub(super) live: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    /// It puts an earlier one back.
    pub(super) is_roll_back: bool,
    /// The image it is made of, by its name and by what it was then.
    pub(super) image: Text,
    pub(super) digest: Text,
}

impl Handle {
    pub(super) fn of(told: &Deployment) -> Self {
        told.handle.get_or_default()
    }
}

impl Wire {
    pub(super) fn deployment(self) -> Option<Deployment> {
        let (details, handle) = (self.details(), Memory::of(self.handle()));
        let source = Source::of(None, None, self.commit.get().and_then(|commit| commit.id.get()));
        let status = Text(Some(self.status.0.unwrap_or_else(|| NO_STATUS.to_owned())));
        let one = states::deployment(STATES, self.id, status)?;
        let was_live = one.platform_state.eq_ignore_ascii_case(DEACTIVATED);
        Some(
            Deployment {
                commit: source.commit.clone(),
                created: self.created_at.0,
                automatic: self.trigger.get() == Some(BY_RENDER),
                queued_behind: one.state == State::Queued,
                live: if was_live { Live::Once } else { Live::ByState },
                details,
                handle,
                ..one
            }
            .made_from(source.commit.is_some().then_some(source).into_iter().collect()),
        )
    }

    fn handle(&self) -> Handle {
        let is = |word: &str| self.status.or_empty().eq_ignore_ascii_case(word);
        let was_live = is(LIVE) || is(DEACTIVATED);
        let image = self.image.get();
        Handle {
            live: self.finished_at.0.filter(|_| was_live),
            until: self.updated_at.0.filter(|_| is(DEACTIVATED)),
            is_roll_back: self.trigger.get() == Some(ROLL_BACK),
            image: image.map(|image| image.reference.clone()).unwrap_or_default(),
            digest: image.map(|image| image.sha.clone()).unwrap_or_default(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        details([("trigger", self.trigger.get()), ("image", self.image.get().and_then(|image| image.reference.get()))])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::wire;

    fn told(body: Value) -> Option<Deployment> {
        wire::of::<Wire>(&body)?.deployment()
    }

    #[test]
    fn an_id_has_to_be_there_and_nothing_else() {
        let bare =
            json!({ "id": "d", "commit": null, "image": null, "createdAt": null, "trigger": 7, "finishedAt": null });
        let bare = told(bare).unwrap();
        assert_eq!((bare.state, bare.platform_state.as_str()), (State::Unknown, NO_STATUS));
        assert!(!bare.is_terminal() && bare.commit.is_none() && bare.sources.is_empty() && bare.created.is_none());
        for bad in [json!({ "status": "live" }), json!({ "id": "" }), json!({ "id": 7 }), json!([true])] {
            assert!(told(bad.clone()).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_render_says_of_a_deploy_is_read() {
        let one = told(json!({
            "id": "dep-cu2k7i8gph6c73ffc530", "status": "build_in_progress", "trigger": "api", "finishedAt": null,
            "commit": { "id": "bca0502a57b3f3a1a935ebdf8e85d0d704038bd3", "message": "Fix it" },
            "createdAt": "2025-01-13T16:48:10.46045Z", "updatedAt": "2025-01-13T16:48:10.46045Z",
        }))
        .unwrap();
        assert_eq!((one.state, one.branch.as_deref()), (State::Running, None));
        assert_eq!(one.commit.as_deref(), Some("bca0502a57b3f3a1a935ebdf8e85d0d704038bd3"));
        assert_eq!(one.created.map(|time| time.to_string()).as_deref(), Some("2025-01-13T16:48:10.46045Z"));
        let image = json!({ "ref": "docker.io/library/nginx:latest", "sha": "sha256:c375" });
        let image = told(json!({ "id": "d", "status": "queued", "commit": null, "image": image })).unwrap();
        assert_eq!(image.details["image"], "docker.io/library/nginx:latest");
        assert!(image.queued_behind && image.commit.is_none());
    }
}
