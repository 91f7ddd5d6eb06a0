//! The way back: a version that had served is deployed again, by its own id. Nothing is built.
//!
//! What is live is a version, and ours is a build: whether one comes from the other the platform tells. The call deploys
//! any version of the Worker, also one that never served, so a target has to have had all of the traffic before. It has
//! a switch that goes past secrets which were changed since, and that is never sent.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;

use super::Cloudflare;
use super::look::{GRADUAL, is_of};
use super::wire::{Handle, tag};
use crate::api::{Api, ApiRequest, Body};
use crate::model::deployment::Deployment;
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, is_same};
use crate::model::roll_back::{InFlight, LiveNow, Version};
use crate::platform::list::Until;
use crate::platform::roll_back::RollBack;

fn is_preview(build: &Deployment) -> bool {
    Handle::of(build).is_preview()
}

#[async_trait]
impl RollBack for Cloudflare {
    /// The Worker.
    fn slot(&self, ours: &Deployment) -> Option<String> {
        tag(ours).filter(|_| !is_preview(ours)).map(str::to_owned)
    }

    fn is_same(&self, version: &Version, ours: &Deployment) -> bool {
        is_of(version, &ours.id)
    }

    async fn live(&self, api: &Api, ours: &Deployment) -> Result<LiveNow, Failure> {
        let history = self.history(api, ours, &|history| !history.all.is_empty()).await?;
        Ok(LiveNow { version: history.all.first().map(|served| served.version()), date: history.date })
    }

    /// Builds that may deploy. A preview may have a deploy command of its own.
    async fn in_flight(&self, api: &Api, ours: &Deployment) -> Result<Vec<InFlight>, Failure> {
        let list = self.builds_of(tag(ours).unwrap_or_default());
        let mut told = list.all(self, api, Until::Calm { ended: list.whole_page(), least: 0 }).await?;
        told.retain(|one| {
            let own = Handle::of(one);
            let only_uploads = own.is_preview() && own.uploads_only;
            !(one.is_terminal() || only_uploads)
        });
        let builds = told.into_iter().map(|one| InFlight {
            version: Version {
                kind: "build",
                content: Some(one.id.clone()),
                commit: one.commit,
                ..Version::of(one.id)
            },
            word: one.platform_state,
            is_stale: false,
        });
        Ok(builds.collect())
    }

    /// A deployment that two versions share is live, and on its way from one to the other.
    async fn standing(&self, api: &Api, ours: &Deployment) -> Result<(Vec<InFlight>, LiveNow), Failure> {
        let mut in_flight = self.in_flight(api, ours).await?;
        let live = self.live(api, ours).await?;
        if let Some(version) = live.version.as_ref().filter(|version| version.kind == GRADUAL) {
            let (version, word) = (version.clone(), "under way".to_owned());
            in_flight.push(InFlight { version, word, is_stale: false });
        }
        Ok((in_flight, live))
    }

    async fn replaced(&self, api: &Api, ours: &Deployment) -> Result<Option<Version>, Failure> {
        Ok(self.history(api, ours, &|history| history.shows(ours)).await?.before(ours).map(|served| served.version()))
    }

    /// A version, or the build that it comes from.
    async fn named(&self, api: &Api, ours: &Deployment, id: &Id) -> Result<Option<Version>, Failure> {
        Ok(self.history(api, ours, &|history| history.named(id).is_some()).await?.named(id).cloned())
    }

    /// It had all of the traffic at some time.
    async fn check(&self, api: &Api, ours: &Deployment, target: &Version) -> Result<(), Failure> {
        let all = self.deployments(api, ours).await?.all;
        let is_it = |version: &Version| is_same(&target.id, &version.id);
        if all.iter().any(|served| matches!(served.versions.as_slice(), [one] if is_it(one))) {
            return Ok(());
        }
        let label = target.label();
        if all.iter().any(|served| is_same(&target.id, &served.id) || served.versions.iter().any(is_it)) {
            let hint = "`roll_back_to` takes a version that had all of it.";
            return Err(Failure::guarded(format!("{label} shared the traffic with another version"), hint));
        }
        Err(Failure::own(Kind::NotFound, format!("{label} is not among the deployments any more"), ""))
    }

    fn request(&self, ours: &Deployment, target: &Version) -> ApiRequest {
        let tag = tag(ours).unwrap_or_default();
        let versions = json!([{ "version_id": target.id, "percentage": 100 }]);
        ApiRequest::roll_back(self.deployments_of(self.names.known_name_of(tag).unwrap_or(tag)))
            .body(Body::Json(json!({ "strategy": "percentage", "versions": versions })))
    }

    /// The newest deployment of another version. One that two versions shared began after the last look: it is somebody
    /// else's, also where one of them is ours.
    async fn displaced(
        &self,
        api: &Api,
        ours: &Deployment,
        live: &Version,
        _since: Option<Timestamp>,
    ) -> Result<Option<Version>, Failure> {
        let all = self.history(api, ours, &|history| history.shows(ours)).await?.all;
        let mut versions = all.iter().map(|served| match served.versions.len() {
            1 => served.version(),
            _ => Version { content: None, ..served.version() },
        });
        let is_it = |version: &Version| is_same(&live.id, &version.id);
        let mut older = versions.by_ref().skip_while(|version| !is_it(version));
        Ok(older.find(|version| !is_it(version)))
    }
}
