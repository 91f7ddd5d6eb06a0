//! What a platform answers about its way back: what is live in a slot, what is in flight there, what was live before, and
//! the one request that puts that back.
//!
//! A *slot* is what one live pointer stands for: an app, a service, a site's production. Everything here only reads, but
//! for the request of [`RollBack::request`], which names what it puts back; whether and when that is sent, and when
//! all this is believed, the procedure decides, alike on every platform.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::api::{Api, ApiRequest, Reply};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, is_same};
use crate::model::roll_back::{Asked, InFlight, LiveNow, Progress, Version};

/// Of those that were live, the one that went live last before that time: by going live, and not by creation.
pub fn last_before(versions: impl IntoIterator<Item = Version>, time: Timestamp) -> Option<Version> {
    let earlier = versions.into_iter().filter(|one| one.was_live && one.since.is_some_and(|since| since < time));
    earlier.max_by_key(|one| one.since)
}

/// What is left to be said of a deployment that was there before.
pub fn gone(id: &str) -> Failure {
    Failure::own(Kind::NotFound, format!("{id} is not there any more"), "")
}

/// A platform's way back. `ours` is the deployment that this run was to stop, as it was read last.
#[async_trait]
pub trait RollBack: Send + Sync {
    /// The slot that this deployment is for, in a text of this platform's own; `None` where it can never be live there: a
    /// preview, another target than the live pointer's.
    fn slot(&self, ours: &Deployment) -> Option<String>;

    /// Whether it is worth a look if this deployment was live: [`Deployment::went_live`] may not tell that it was.
    fn may_have_been_live(&self, ours: &Deployment) -> bool {
        ours.went_live() != Some(false)
    }

    /// Whether the live pointer names this deployment.
    fn is_same(&self, version: &Version, ours: &Deployment) -> bool {
        is_same(&ours.id, &version.id)
    }

    /// What is live in the slot now: one cheap read, where that is possible.
    ///
    /// # Errors
    /// When it could not be read, or makes no sense.
    async fn live(&self, api: &Api, ours: &Deployment) -> Result<LiveNow, Failure>;

    /// Everything that may still go live in the slot by itself, whatever its age: what is queued, built, held or in an
    /// unknown state, jobs that move the live pointer, stepwise releases.
    ///
    /// # Errors
    /// When it could not be read to its end.
    async fn in_flight(&self, api: &Api, ours: &Deployment) -> Result<Vec<InFlight>, Failure>;

    /// What may go live, and then what is live.
    ///
    /// # Errors
    /// When one of them could not be read.
    async fn standing(&self, api: &Api, ours: &Deployment) -> Result<(Vec<InFlight>, LiveNow), Failure> {
        let in_flight = self.in_flight(api, ours).await?;
        Ok((in_flight, self.live(api, ours).await?))
    }

    /// What was live right before this deployment went live, by going live and not by creation. Where the platform does
    /// not prove that it was, `was_live` is false.
    ///
    /// # Errors
    /// When it could not be read.
    async fn replaced(&self, api: &Api, ours: &Deployment) -> Result<Option<Version>, Failure>;

    /// What `roll_back_to` names, if it is of this slot and was live; `None` where nothing has that id.
    ///
    /// # Errors
    /// When it could not be read; [`Failure::guarded`] says that it is of another slot.
    async fn named(&self, api: &Api, ours: &Deployment, id: &Id) -> Result<Option<Version>, Failure>;

    /// The platform's own check of a target that is known to have been live.
    ///
    /// # Errors
    /// When it could not be made; [`Failure::guarded`] with what speaks against it.
    async fn check(&self, _api: &Api, _ours: &Deployment, _target: &Version) -> Result<(), Failure> {
        Ok(())
    }

    /// The request that puts it back. Nothing else of a roll back changes anything.
    fn request(&self, ours: &Deployment, target: &Version) -> ApiRequest;

    /// The deployment that a clear yes to it shows; none where no new one is made.
    fn copy(&self, _reply: &Reply) -> Option<Version> {
        None
    }

    /// Where an accepted roll back stands of which no new deployment is known, which would tell that itself: over as soon
    /// as the live pointer names something else than this deployment.
    ///
    /// # Errors
    /// When it could not be read.
    async fn progress(&self, api: &Api, ours: &Deployment, _asked: &Asked) -> Result<Progress, Failure> {
        let live = self.live(api, ours).await?.version;
        let is_open = live.is_none_or(|live| self.is_same(&live, ours));
        let state = if is_open { State::Running } else { State::Succeeded };
        Ok(Progress { state, word: String::new() })
    }

    /// What `live`, which is live now, took the place of, where the platform tells; `since` is when the live pointer was
    /// read last before the request, by the platform's clock.
    ///
    /// # Errors
    /// When it could not be read.
    async fn displaced(
        &self,
        _api: &Api,
        _ours: &Deployment,
        _live: &Version,
        _since: Option<Timestamp>,
    ) -> Result<Option<Version>, Failure> {
        Ok(None)
    }
}
