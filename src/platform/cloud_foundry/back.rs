//! The way back: a new rolling deployment of the revision that was live before, or of its droplet where the app has no
//! revisions.
//!
//! Three traps: such a deployment supersedes whatever is in flight, starts an app that was stopped, and never fails by
//! itself.

use async_trait::async_trait;
use futures_util::future::try_join;
use jiff::Timestamp;
use serde_json::json;

use super::list::deployments;
use super::live::{
    app_of, before, changed, current, deployed, droplet, droplet_of, history, key, made_by, made_of, proven, revisions,
    running, tells, was_given_up, within,
};
use super::wire::{APP, DROPLET, PREVIOUS_DROPLET, REVISION, Wire, detail, stored};
use crate::api::wire::Field;
use crate::api::{Api, ApiRequest, Body, Reply};
use crate::model::about::RollBackInfo;
use crate::model::deployment::{Deployment, State};
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same, segment};
use crate::model::roll_back::{InFlight, LiveNow, Version};
use crate::platform::roll_back::RollBack;

/// The way back of any app.
pub(super) struct Back;

pub(super) const BACK: RollBackInfo = RollBackInfo {
    flips: false,
    in_flight_first: true,
    grant: "",
    not_undone: "Database migrations, data in bound services, bindings, routes and scale stay as they are; an app without \
                 revisions gets back its droplet alone, and keeps its environment variables and start commands.",
    stays: "With a revision its environment variables, start commands and sidecars are the app's again. The next push \
            deploys as usual: revert the commit first.",
    warning: "",
};

/// What an answer to a read says at this place.
async fn says<T: Field + Default>(api: &Api, path: String, what: &str, at: &str) -> Result<Option<T>, Failure> {
    api.send(ApiRequest::get(path, format!("read {what}"))).await?.at(at)
}

async fn live_beside(api: &Api, ours: &Deployment, active: &[Deployment]) -> Result<LiveNow, Failure> {
    let app = app_of(ours)?;
    match key(ours) {
        REVISION => deployed(api, &app, &running(api, &app).await?, active).await,
        _ => current(api, &app, active).await,
    }
}

async fn in_flight(api: &Api, active: Vec<Deployment>) -> Result<Vec<InFlight>, Failure> {
    let mut in_flight = Vec::new();
    for one in active {
        in_flight.push(InFlight { version: made_of(api, &one).await?, word: one.platform_state, is_stale: false });
    }
    Ok(in_flight)
}

#[async_trait]
impl RollBack for Back {
    fn slot(&self, ours: &Deployment) -> Option<String> {
        detail(ours, APP).map(stored)
    }

    fn is_same(&self, version: &Version, ours: &Deployment) -> bool {
        let own = [Some(ours.id.as_str()), detail(ours, REVISION), detail(ours, DROPLET)];
        own.into_iter().flatten().any(|own| is_same(own, &version.id))
    }

    /// Both at once: what is being canceled may be at its end in the next moment.
    async fn live(&self, api: &Api, ours: &Deployment) -> Result<LiveNow, Failure> {
        let app = app_of(ours)?;
        let listed = deployments(api, &app, None);
        if key(ours) != REVISION {
            return current(api, &app, &listed.await?).await;
        }
        let (running, active) = try_join(running(api, &app), listed).await?;
        deployed(api, &app, &running, &active).await
    }

    async fn in_flight(&self, api: &Api, ours: &Deployment) -> Result<Vec<InFlight>, Failure> {
        in_flight(api, deployments(api, &app_of(ours)?, None).await?).await
    }

    /// Of one list: what begins after it is not left out of what runs, where it makes two of one.
    async fn standing(&self, api: &Api, ours: &Deployment) -> Result<(Vec<InFlight>, LiveNow), Failure> {
        let active = deployments(api, &app_of(ours)?, None).await?;
        let live = live_beside(api, ours, &active).await?;
        Ok((in_flight(api, active).await?, live))
    }

    async fn replaced(&self, api: &Api, ours: &Deployment) -> Result<Option<Version>, Failure> {
        let app = app_of(ours)?;
        let history = history(api, &app).await?;
        let Some(guid) = before(&history, &ours.id) else {
            return Ok(None);
        };
        let version = match detail(ours, REVISION) {
            Some(own) => {
                let mut older =
                    revisions(api, &app).await?.into_iter().skip_while(|one| !is_same(own, &one.id)).skip(1);
                older.find(|one| !was_given_up(&history, &one.id))
            }
            None => Some(droplet(guid)),
        };
        let until = history.iter().find(|one| is_same(&ours.id, &one.id)).and_then(changed);
        Ok(version.map(|version| {
            let is_it = droplet_of(&version).is_some_and(|own| is_same(guid, own));
            let version = proven(version, &history, key(ours));
            Version { was_live: version.was_live && is_it, until, ..version }
        }))
    }

    async fn named(&self, api: &Api, ours: &Deployment, id: &Id) -> Result<Option<Version>, Failure> {
        let app = app_of(ours)?;
        let history = history(api, &app).await?;
        let deployment = history.iter().find(|one| is_same(id.as_str(), &one.id));
        let version = match (key(ours), deployment) {
            (REVISION, deployment) => {
                let guid = deployment.and_then(|one| detail(one, REVISION)).unwrap_or(id.as_str());
                revisions(api, &app).await?.into_iter().find(|one| is_same(guid, &one.id))
            }
            (_, deployment) => deployment.and_then(|one| detail(one, DROPLET)).map(droplet),
        };
        let version = version.map(|version| proven(version, &history, key(ours)));
        version.map(Some).ok_or_else(|| {
            let words = format!(
                "`roll_back_to` is \"{}\", which is none of the deployments and revisions kept of app {}",
                id.as_str(),
                app.as_str()
            );
            Failure::guarded(words, "`cf revisions APP` shows what there is.")
        })
    }

    async fn check(&self, api: &Api, ours: &Deployment, target: &Version) -> Result<(), Failure> {
        let app = app_of(ours)?;
        let state: Option<String> = says(api, within(&app, ""), "the app", "/state").await?;
        let is_started = state.as_deref() == Some("STARTED");
        if !is_started {
            return Err(Failure::guarded("the app is not started, and a roll back would start it", ""));
        }
        let guid = segment(&target.id);
        let refusal = if key(ours) == REVISION {
            let feature = within(&app, "/features/revisions");
            let is_on: Option<bool> = says(api, feature, "whether revisions are on", "/enabled").await?;
            let revision = format!("/v3/revisions/{guid}");
            let is_deployable: Option<bool> = says(api, revision, "the revision", "/deployable").await?;
            match (is_on, is_deployable) {
                (Some(true), Some(true)) => None,
                (Some(true), _) => Some("the revision cannot be deployed any more, its droplet is gone"),
                _ => Some("the app's revisions were switched off"),
            }
        } else {
            let state: Option<String> = says(api, format!("/v3/droplets/{guid}"), "the droplet", "/state").await?;
            (state.as_deref() != Some("STAGED")).then_some("the droplet is not kept any more")
        };
        refusal.map_or(Ok(()), |why| Err(Failure::guarded(why, "")))
    }

    fn request(&self, ours: &Deployment, target: &Version) -> ApiRequest {
        let what = if key(ours) == REVISION { "revision" } else { "droplet" };
        let body = json!({
            what: { "guid": target.id },
            "strategy": "rolling",
            "relationships": { "app": { "data": { "guid": detail(ours, APP) } } },
        });
        ApiRequest::roll_back("/v3/deployments").body(Body::Json(body))
    }

    fn copy(&self, reply: &Reply) -> Option<Version> {
        reply.json::<Wire>().ok()?.deployment().map(|one| made_by(&one))
    }

    async fn displaced(
        &self,
        api: &Api,
        ours: &Deployment,
        live: &Version,
        _since: Option<Timestamp>,
    ) -> Result<Option<Version>, Failure> {
        let history = history(api, &app_of(ours)?).await?;
        let mut made = history.iter().filter(|one| one.state == State::Succeeded && tells(one, key(ours), &live.id));
        let guid = made.next().and_then(|made| detail(made, PREVIOUS_DROPLET));
        // The same code was live already.
        let guid = guid.filter(|guid| !droplet_of(live).is_some_and(|own| is_same(guid, own)));
        Ok(guid.map(droplet))
    }
}
