//! What serves a Worker, and did: the deployments of its versions, and the builds that these come from. Three kinds of
//! things have ids of one shape here, and each is named by its own: a build, the version that it uploads, and the
//! deployment that puts a version live, or two of them side by side.

use std::cmp::Reverse;
use std::sync::PoisonError;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Cloudflare;
use super::wire::{tag, text, time};
use crate::api::wire::Many;
use crate::api::{Api, ApiRequest};
use crate::model::answers::Conclusion;
use crate::model::deployment::{Deployment, Live, State, details};
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same, segment};
use crate::model::roll_back::Version;

/// So many deployments are asked for, which is the most.
const PAGE: u8 = 100;
/// Where the answer does not say how many there are, a list that is shorter than the usual page is whole.
const USUAL_PAGE: usize = 10;
/// Of so many versions the builds can be asked for at once.
const AT_ONCE: usize = 20;

/// Whether a history goes back far enough.
pub(super) type Enough<'e> = dyn Fn(&History) -> bool + Sync + 'e;

/// What shares the traffic among several versions.
pub(super) const GRADUAL: &str = "gradual deployment";

/// A deployment.
pub(super) struct Served {
    pub(super) id: String,
    since: Timestamp,
    /// Each gets a part of the traffic; `content` is the build that it comes from.
    pub(super) versions: Vec<Version>,
}

/// The deployments of a Worker, the newest first.
pub(super) struct History {
    pub(super) worker: String,
    pub(super) all: Vec<Served>,
    /// There are no others.
    is_whole: bool,
    /// When the platform told it.
    pub(super) date: Option<Timestamp>,
}

/// Whether it comes from that build, or one of its parts does.
pub(super) fn is_of(version: &Version, build: &str) -> bool {
    version.content.iter().flat_map(|builds| builds.split(' ')).any(|own| is_same(build, own))
}

impl Served {
    /// `None` where nobody can tell when it was made.
    fn of(told: &Value) -> Option<Self> {
        let since = time(told, "/created_on")?;
        let versions = told.pointer("/versions").and_then(Value::as_array).into_iter().flatten();
        // One of 0 % is there to be tried.
        let versions = versions.filter(|one| one.pointer("/percentage").and_then(Value::as_f64) != Some(0.0));
        let version = |id| Version { kind: "version", was_live: true, since: Some(since), ..Version::of(id) };
        let versions = versions.filter_map(|one| text(one, "/version_id").map(version)).collect();
        Some(Self { id: text(told, "/id").unwrap_or_default().to_owned(), since, versions })
    }

    /// Its one version; or itself, where several share the traffic.
    pub(super) fn version(&self) -> Version {
        if let [version] = self.versions.as_slice() {
            return version.clone();
        }
        let builds: Vec<_> = self.versions.iter().filter_map(|version| version.content.as_deref()).collect();
        Version {
            kind: GRADUAL,
            commits: self.versions.iter().filter_map(|version| version.commit.clone()).collect(),
            content: Some(builds.join(" ")),
            was_live: true,
            since: Some(self.since),
            ..Version::of(self.id.clone())
        }
    }

    /// Whether it is known where all of it comes from.
    fn is_traced(&self) -> bool {
        self.versions.iter().all(|version| version.content.is_some())
    }

    fn own(&self, build: &str) -> Option<&Version> {
        self.versions.iter().find(|version| is_of(version, build))
    }
}

impl History {
    /// What was live right before a version of that build went live the last time.
    pub(super) fn before(&self, build: &Deployment) -> Option<&Served> {
        let is_other = |served: &&Served| served.own(&build.id).is_none();
        self.all.iter().skip_while(is_other).find(is_other)
    }

    /// Whether it goes back to when that build was made.
    fn is_from_before(&self, build: &Deployment) -> bool {
        self.all.last().is_some_and(|last| Some(last.since) < build.created)
    }

    /// Whether it goes back to before a version of that build can have gone live the last time.
    pub(super) fn shows(&self, build: &Deployment) -> bool {
        self.is_from_before(build) || self.before(build).is_some()
    }

    /// The version that has that id, or comes from that build.
    pub(super) fn named(&self, id: &Id) -> Option<&Version> {
        let mut versions = self.all.iter().flat_map(|served| &served.versions);
        versions.find(|version| is_same(id.as_str(), &version.id) || is_of(version, id.as_str()))
    }
}

impl Cloudflare {
    /// Where the deployments of a Worker are read and made.
    pub(super) fn deployments_of(&self, worker: &str) -> String {
        self.path(&format!("/workers/scripts/{}/deployments", segment(worker)))
    }

    /// The deployments of the Worker of this build, without the builds that they come from.
    pub(super) async fn deployments(&self, api: &Api, build: &Deployment) -> Result<History, Failure> {
        let worker = self.names.name_of(api, tag(build).unwrap_or_default()).await?;
        let worker = worker.filter(|worker| Id::parse(worker).is_ok());
        let worker = worker.ok_or_else(|| Failure::unreadable("without its Worker"))?;
        let call = ApiRequest::get(self.deployments_of(worker), "read what serves").query("per_page", PAGE.to_string());
        let reply = api.send(call).await?;
        let all: Option<Many<Value>> = reply.at("/result/deployments")?;
        let all = all.ok_or_else(|| reply.unreadable("without a list"))?.0;
        let all: Option<Vec<_>> = all.iter().map(Served::of).collect();
        let mut all = all.ok_or_else(|| reply.unreadable("with a deployment without a time"))?;
        all.sort_by_key(|one| Reverse(one.since));
        let total: Option<usize> = reply.at("/result_info/total_count").ok().flatten();
        let is_whole = total.map_or(all.len() < USUAL_PAGE, |total| total <= all.len());
        Ok(History { worker: worker.to_owned(), all, is_whole, date: reply.date })
    }

    /// The same with the builds that they come from, as far back as is enough. A version's build never changes, so each
    /// is asked for until it is told, once.
    pub(super) async fn history(
        &self,
        api: &Api,
        build: &Deployment,
        is_enough: &Enough<'_>,
    ) -> Result<History, Failure> {
        let mut history = self.deployments(api, build).await?;
        let mut older = std::mem::take(&mut history.all);
        self.remember(&mut older);
        loop {
            let known = older.iter().take_while(|served| served.is_traced()).count();
            history.all.extend(older.drain(..known));
            if older.is_empty() || is_enough(&history) {
                return Ok(history);
            }
            let mut versions = 0;
            let fits = |served: &&Served| {
                versions += served.versions.len();
                versions <= AT_ONCE
            };
            let fit = older.iter().take_while(fits).count().max(1);
            let mut part: Vec<_> = older.drain(..fit).collect();
            self.trace(api, &history.worker, &mut part).await?;
            history.all.extend(part);
        }
    }

    /// Which builds are known to be behind these deployments.
    fn remember(&self, deployments: &mut [Served]) {
        let traced = self.traced.lock().unwrap_or_else(PoisonError::into_inner);
        for version in deployments.iter_mut().flat_map(|one| &mut one.versions) {
            if let Some(known) = traced.iter().find(|known| known.id == version.id) {
                *version = Version { since: version.since, ..known.clone() };
            }
        }
    }

    /// Finds out which builds the versions of these deployments come from.
    async fn trace(&self, api: &Api, worker: &str, deployments: &mut [Served]) -> Result<(), Failure> {
        let versions: Vec<_> = deployments.iter().flat_map(|one| &one.versions).map(|one| one.id.as_str()).collect();
        let call = ApiRequest::get(self.path("/builds/builds"), "read which builds serve");
        let reply = api.send(call.query("version_ids", versions.join(","))).await?;
        let builds: Option<Map<_, _>> = reply.at("/result/builds")?;
        let builds = builds.ok_or_else(|| reply.unreadable("without builds"))?;
        let mut traced = self.traced.lock().unwrap_or_else(PoisonError::into_inner);
        for version in deployments.iter_mut().flat_map(|one| &mut one.versions) {
            let Some(build) = builds.get(&version.id) else { continue };
            version.content = text(build, "/build_uuid").map(str::to_owned);
            version.commit = text(build, "/build_trigger_metadata/commit_hash").map(str::to_owned);
            version.url = version.content.as_deref().map(|build| self.page_of(worker, build));
            traced.extend(version.content.is_some().then(|| version.clone()));
        }
        Ok(())
    }

    /// Whether a version of a build serves, or did.
    pub(super) async fn look(&self, api: &Api, ended: &Deployment) -> Result<Conclusion, Failure> {
        let history = self.history(api, ended, &|history| history.shows(ended)).await?;
        let own = history.all.iter().enumerate().find_map(|(at, served)| Some((at == 0, served.own(&ended.id)?)));
        if let Some((serves, own)) = own {
            return Ok(went_live(&history, ended, serves, &own.id));
        }
        if !(history.is_whole || history.is_from_before(ended)) {
            return Err(Failure::unreadable("without the deployments of that time"));
        }
        let live = if ended.state == State::Succeeded { Live::Unpublished } else { Live::ByState };
        Ok(Conclusion { live: Some(live), ..Conclusion::default() })
    }
}

/// What is said of one whose version serves, or did, and of the way back to the one before it.
fn went_live(history: &History, ended: &Deployment, serves: bool, own: &str) -> Conclusion {
    let sentence = match (ended.state, serves) {
        (State::Succeeded, true) => format!("Version {own} is serving."),
        (_, true) => format!("It ended after its deploy step: version {own} is serving."),
        (_, false) => format!("Version {own} served until another one was deployed."),
    };
    let before = history.before(ended).filter(|_| serves);
    let before = before.and_then(|before| <&[_; 1]>::try_from(before.versions.as_slice()).ok());
    let worker = history.worker.as_str();
    // People copy commands into a shell.
    let is_word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let way_back = before.map(|[Version { id, .. }]| match is_word(id) && is_word(worker) {
        true => format!("Before it that was {id}: `npx wrangler rollback {id} --name {worker}`."),
        false => format!("Before it that was {id}."),
    });
    let live = if serves { Live::Serving } else { Live::Once };
    let details = details([("version", Some(own))]);
    Conclusion { details, sentence: Some(sentence), way_back, live: Some(live) }
}
