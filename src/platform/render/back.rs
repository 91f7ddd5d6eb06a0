//! Render's way back: a new deploy of what an earlier one had built.
//!
//! What was live is `deactivated`, and since when it was live says `finishedAt`. An image that is named by a tag is pulled
//! again and may be another one by now, so only a digest will do.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;

use super::wire::{Handle, Wire};
use super::{CRON_JOB, Render, paged};
use crate::api::wire::{Many, Maybe, fields};
use crate::api::{Api, ApiRequest, Body, Reply};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same};
use crate::model::roll_back::{InFlight, LiveNow, Version};
use crate::platform::list::{List, Until};
use crate::platform::rest::Rest;
use crate::platform::roll_back::{RollBack, gone};
use crate::platform::usual::Read;

/// What stands in the name of an image that always means the same.
const DIGEST: &str = "@sha256:";

fields! {
    /// An item of a list.
    struct Listed {
        deploy: Maybe<Wire>,
    }
}

fn version(told: &Deployment) -> Version {
    let Handle { live, until, is_roll_back, image, digest } = Handle::of(told);
    let content = told.commit.clone().or(digest.0).or(image.0);
    Version {
        id: told.id.clone(),
        commit: told.commit.clone(),
        url: told.url.clone(),
        copy_of: content.clone().filter(|_| is_roll_back),
        content,
        was_live: matches!(told.state, State::Succeeded | State::Superseded),
        since: live,
        until,
        ..Version::default()
    }
}

/// Of those that were live and are not, the one that was live last before this one, by going live. Where one of them does
/// not say when, none of them is proven to be it.
fn before(all: &[Deployment], one: &str) -> Option<Version> {
    let since = all.iter().find(|known| is_same(one, &known.id)).and_then(|known| Handle::of(known).live);
    let others = all.iter().filter(|known| known.state == State::Superseded && !is_same(one, &known.id));
    let others: Vec<_> = others.map(version).collect();
    let is_sure = since.is_some() && others.iter().all(|other| other.since.is_some());
    let earlier = others.into_iter().filter(|other| !is_sure || other.since < since);
    let last = earlier.max_by_key(|other| other.since)?;
    Some(Version { was_live: is_sure, ..last })
}

impl Render {
    fn all(&self) -> List {
        paged(ApiRequest::get(self.deploys(), "list the deployments"), "/deploy")
    }
}

#[async_trait]
impl RollBack for Render {
    fn slot(&self, _ours: &Deployment) -> Option<String> {
        Some(self.service.as_str().to_owned()).filter(|service| !service.starts_with(CRON_JOB))
    }

    /// One that is live no more was.
    fn may_have_been_live(&self, ours: &Deployment) -> bool {
        ours.went_live() != Some(false) || ours.state == State::Superseded
    }

    async fn live(&self, api: &Api, _ours: &Deployment) -> Result<LiveNow, Failure> {
        let call = ApiRequest::get(self.deploys(), "read what is live").query("status", "live").query("limit", "20");
        let reply = api.send(call).await?;
        let Many(items): Many<Listed> = reply.json()?;
        let told = items.into_iter().map(|item| self.deployment(item.deploy.0?)).collect::<Option<Vec<_>>>();
        let told = told.ok_or_else(|| reply.unreadable("without an id or a state"))?;
        let live = told.iter().filter(|one| one.state == State::Succeeded).map(version);
        Ok(LiveNow { version: live.max_by_key(|one| one.since), date: reply.date })
    }

    async fn in_flight(&self, api: &Api, _ours: &Deployment) -> Result<Vec<InFlight>, Failure> {
        let list = self.all();
        let told = list.all(self, api, Until::Calm { ended: list.whole_page(), least: 0 }).await?;
        let open = told.into_iter().filter(|one| !one.is_terminal());
        Ok(open.map(|one| InFlight { version: version(&one), word: one.platform_state, is_stale: false }).collect())
    }

    async fn replaced(&self, api: &Api, ours: &Deployment) -> Result<Option<Version>, Failure> {
        Ok(before(&self.all().all(self, api, Until::End).await?, &ours.id))
    }

    async fn named(&self, api: &Api, _ours: &Deployment, id: &Id) -> Result<Option<Version>, Failure> {
        Ok(self.fetch(api, id.as_str(), Read::First).await?.as_ref().map(version))
    }

    async fn check(&self, api: &Api, _ours: &Deployment, target: &Version) -> Result<(), Failure> {
        let told = self.fetch(api, &target.id, Read::Later).await?.ok_or_else(|| gone(&target.id))?;
        let image = Handle::of(&told).image;
        match image.get().filter(|image| !image.contains(DIGEST)) {
            Some(image) => {
                let words = format!("{} is made of the image {image}, whose tag may mean another one by now", told.id);
                Err(Failure::guarded(words, "Name images by their digest."))
            }
            None => Ok(()),
        }
    }

    fn request(&self, _ours: &Deployment, target: &Version) -> ApiRequest {
        let body = json!({ "deployId": target.id });
        ApiRequest::roll_back(format!("{}/rollback", self.path())).body(Body::Json(body))
    }

    fn copy(&self, reply: &Reply) -> Option<Version> {
        let wire: Option<Wire> = reply.at("").ok().flatten();
        let made = version(&self.deployment(wire?)?);
        Some(Version { copy_of: made.content.clone(), ..made })
    }

    /// One that is live no more was live: that it was replaced is all there is to know of it.
    async fn displaced(
        &self,
        api: &Api,
        ours: &Deployment,
        live: &Version,
        _since: Option<Timestamp>,
    ) -> Result<Option<Version>, Failure> {
        if ours.state == State::Superseded {
            return Ok(Some(version(ours)));
        }
        let all = self.all().all(self, api, Until::End).await?;
        Ok(before(&all, &live.id).filter(|before| before.was_live))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::wire;

    fn deploy(id: &str, status: &str, finished: Option<u8>) -> Deployment {
        let finished = finished.map(|second| format!("2026-11-01T10:00:{second:02}Z"));
        let body = json!({ "id": id, "status": status, "trigger": "new_commit", "finishedAt": finished });
        wire::of::<Wire>(&body).unwrap().deployment().unwrap()
    }

    #[test]
    fn what_was_live_before_is_told_by_going_live() {
        let all = [
            deploy("newest", "build_in_progress", None),
            deploy("ours", "live", Some(30)),
            // Created before the others, and live after them.
            deploy("late", "deactivated", Some(20)),
            deploy("early", "deactivated", Some(10)),
            deploy("failed", "build_failed", Some(25)),
        ];
        let told = before(&all, "ours").unwrap();
        assert_eq!((told.id.as_str(), told.was_live), ("late", true));
        assert_eq!(before(&all, "late").unwrap().id, "early");
        assert!(before(&all, "early").is_none());
    }

    #[test]
    fn where_one_does_not_say_when_it_went_live_nothing_is_proven() {
        let all =
            [deploy("ours", "live", Some(30)), deploy("a", "deactivated", Some(20)), deploy("b", "deactivated", None)];
        assert!(!before(&all, "ours").unwrap().was_live);
        let silent = [deploy("ours", "live", None), deploy("a", "deactivated", Some(20))];
        assert!(!before(&silent, "ours").unwrap().was_live);
    }
}
