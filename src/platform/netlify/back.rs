//! Netlify's way back: an older deploy is published again, by its own id. Nothing is built.
//!
//! The call publishes whatever it is given, a preview as well, so a target has to be a production deploy that was
//! published; and another call takes a step back without naming a target, which is never sent.

use async_trait::async_trait;
use jiff::Timestamp;

use super::wire::{Handle, PRODUCTION};
use super::{Netlify, paged};
use crate::api::{Api, ApiRequest};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same, segment};
use crate::model::roll_back::{InFlight, LiveNow, Version};
use crate::platform::list::{List, Until};
use crate::platform::rest::Rest;
use crate::platform::roll_back::{RollBack, gone, last_before};
use crate::platform::usual::Read;

/// The site of a deploy; without one nothing of it can be asked for.
fn site_of(ours: &Deployment) -> String {
    Handle::of(ours).site.0.unwrap_or_default()
}

fn is_production(told: &Deployment) -> bool {
    told.target.as_ref().is_some_and(|target| target.eq_ignore_ascii_case(PRODUCTION))
}

fn version(told: &Deployment) -> Version {
    let published = Handle::of(told).published;
    Version {
        id: told.id.clone(),
        commit: told.commit.clone(),
        url: told.url.clone(),
        was_live: published.is_some() && told.state == State::Succeeded && is_production(told),
        since: published,
        ..Version::default()
    }
}

fn deploys(ours: &Deployment) -> List {
    let path = format!("/sites/{}/deploys", segment(&site_of(ours)));
    paged(ApiRequest::get(path, "list the deployments"))
}

impl Netlify {
    /// The deploys of its site, without this one.
    async fn others(&self, api: &Api, ours: &Deployment) -> Result<Vec<Version>, Failure> {
        let all = deploys(ours).all(self, api, Until::End).await?;
        Ok(all.iter().filter(|one| !is_same(&ours.id, &one.id)).map(version).collect())
    }
}

#[async_trait]
impl RollBack for Netlify {
    fn slot(&self, ours: &Deployment) -> Option<String> {
        Some(site_of(ours)).filter(|site| !site.is_empty() && is_production(ours))
    }

    async fn live(&self, api: &Api, ours: &Deployment) -> Result<LiveNow, Failure> {
        let (site, date) = self.site_of(api, &site_of(ours)).await?;
        let published = site.published_deploy.0.unwrap_or_default();
        let version = published.id.0.map(|id| Version {
            commit: published.commit_ref.0,
            since: published.published_at.0,
            was_live: true,
            ..Version::of(id)
        });
        Ok(LiveNow { version, date })
    }

    async fn in_flight(&self, api: &Api, ours: &Deployment) -> Result<Vec<InFlight>, Failure> {
        let list = deploys(ours);
        let mut told = list.all(self, api, Until::Calm { ended: list.whole_page(), least: 0 }).await?;
        told.retain(|one| is_production(one) && !one.is_terminal());
        let in_flight = told.into_iter().map(|one| InFlight {
            version: version(&one),
            is_stale: one.stuck.is_some(),
            word: one.platform_state,
        });
        Ok(in_flight.collect())
    }

    async fn replaced(&self, api: &Api, ours: &Deployment) -> Result<Option<Version>, Failure> {
        let Some(own) = Handle::of(ours).published else { return Ok(None) };
        Ok(last_before(self.others(api, ours).await?, own))
    }

    async fn named(&self, api: &Api, ours: &Deployment, id: &Id) -> Result<Option<Version>, Failure> {
        let Some(told) = self.fetch(api, id.as_str(), Read::First).await? else { return Ok(None) };
        if !is_same(&site_of(ours), &site_of(&told)) {
            return Err(Failure::guarded(format!("{id} is a deploy of another site", id = told.id), ""));
        }
        if !is_production(&told) {
            let target = told.target.unwrap_or_else(|| "no known context".to_owned());
            return Err(Failure::guarded(format!("{} is for {target}, not for production", told.id), ""));
        }
        Ok(Some(version(&told)))
    }

    async fn check(&self, api: &Api, ours: &Deployment, target: &Version) -> Result<(), Failure> {
        let told = self.fetch(api, &target.id, Read::Later).await?.ok_or_else(|| gone(&target.id))?;
        if version(&told).was_live && is_same(&site_of(ours), &site_of(&told)) {
            return Ok(());
        }
        Err(Failure::guarded(format!("{} is no production deploy of this site that was published", target.id), ""))
    }

    fn request(&self, ours: &Deployment, target: &Version) -> ApiRequest {
        ApiRequest::roll_back(format!("/sites/{}/deploys/{}/restore", segment(&site_of(ours)), segment(&target.id)))
    }

    /// Whatever was published between the last look and the request.
    async fn displaced(
        &self,
        api: &Api,
        ours: &Deployment,
        live: &Version,
        since: Option<Timestamp>,
    ) -> Result<Option<Version>, Failure> {
        let Some(since) = since else { return Ok(None) };
        let mut later = self.others(api, ours).await?;
        later.retain(|one| one.was_live && one.since > Some(since) && !is_same(&live.id, &one.id));
        // What was published after it took its place. One that keeps the time of its day does not tell.
        let own = live.since.filter(|own| *own > since);
        later.retain(|one| own.is_none() || one.since < own);
        Ok(later.into_iter().max_by_key(|one| one.since))
    }
}
