//! Vercel's way back: a job moves the aliases of production to an earlier deployment. Nothing is built.
//!
//! A 201 says that the job was asked for; whether it has moved anything the project tells, which also names from where
//! and to where, so that somebody else's job is not taken for ours. From then on nothing goes live by itself any more.

use async_trait::async_trait;
use jiff::Timestamp;

use super::wire::{Handle, Job, Project, Wire};
use super::{Method, SIZES, VERSIONS, Vercel, in_team};
use crate::api::{Api, ApiRequest};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same, segment};
use crate::model::roll_back::{Asked, InFlight, LiveNow, Progress, Version};
use crate::platform::list::{List, Place, Until};
use crate::platform::rest::Rest;
use crate::platform::roll_back::{RollBack, gone, last_before};
use crate::platform::usual::{Read, is_gone};

/// What a job makes live that does not say so.
const UNNAMED: &str = "a deployment that is not named";

fn project_of(ours: &Deployment) -> String {
    Handle::of(ours).project.0.unwrap_or_default()
}

fn version(told: &Deployment) -> Version {
    let own = Handle::of(told);
    Version {
        id: told.id.clone(),
        commit: told.commit.clone(),
        url: told.url.clone(),
        // Production traffic reached it at some time; whether it has its aliases now is another question.
        was_live: told.state == State::Succeeded && own.is_promoted && own.is_production,
        since: own.assigned,
        ..Version::default()
    }
}

impl Job {
    fn is_roll_back(&self) -> bool {
        self.kind.or_empty().eq_ignore_ascii_case("rollback")
    }

    fn state(&self) -> State {
        match self.status.or_empty() {
            "pending" | "in-progress" => State::Running,
            "succeeded" => State::Succeeded,
            "failed" | "skipped" => State::Failed,
            _ => State::Unknown,
        }
    }

    /// Whether it may still move the aliases, as far as it tells anything.
    fn is_open(&self) -> bool {
        !self.state().is_terminal() && (self.to.get().is_some() || self.status.get().is_some())
    }

    fn word(&self) -> String {
        format!("{} job {}", self.kind.or_empty(), self.status.or_empty())
    }

    /// What it moved the aliases away from, where it moved them to this one.
    fn rolled_back_to(&self, live: &str) -> Option<&str> {
        let is_it = self.is_roll_back() && self.state() == State::Succeeded && self.to.get() == Some(live);
        self.from.get().filter(|_| is_it)
    }
}

impl Vercel {
    async fn project_now(&self, api: &Api, ours: &Deployment) -> Result<(Project, Option<Timestamp>), Failure> {
        let id = project_of(ours);
        let call = self.call(Method::Get, format!("/v9/projects/{}", segment(&id)), "read the project", "project");
        let reply = api.send(call).await?;
        Ok((reply.about(&id, |project: &Project| &project.id)?, reply.date))
    }

    /// The production deployments of its project, the newest first.
    async fn production(&self, api: &Api, ours: &Deployment, is_whole: bool) -> Result<Vec<Deployment>, Failure> {
        let mut gone = Failure::guarded("nothing can be listed", "");
        for version in VERSIONS {
            let call = self.call(Method::Get, format!("/{version}/deployments"), "list the deployments", "list");
            let call = call.query("projectId", project_of(ours)).query("target", "production");
            let list = List::new(call, "/deployments")
                .size(Place::Query("limit"), SIZES)
                .cursor(Place::Query("until"), "/pagination/next")
                .back_in_time();
            let until = if is_whole { Until::End } else { Until::Calm { ended: list.whole_page(), least: 0 } };
            match list.all(self, api, until).await {
                Err(failure) if is_gone(&failure) => gone = failure,
                Err(failure) => return Err(failure),
                Ok(mut told) => {
                    told.retain(|one| Handle::of(one).is_production);
                    return Ok(told);
                }
            }
        }
        Err(gone)
    }
}

#[async_trait]
impl RollBack for Vercel {
    fn slot(&self, ours: &Deployment) -> Option<String> {
        Some(project_of(ours)).filter(|project| !project.is_empty() && Handle::of(ours).is_production)
    }

    async fn live(&self, api: &Api, ours: &Deployment) -> Result<LiveNow, Failure> {
        let (project, date) = self.project_now(api, ours).await?;
        let wire: Option<Wire> = project.targets.0.and_then(|targets| targets.production.0);
        let live = wire.map(|wire| {
            let told = Rest::deployment(self, wire);
            let told = told.ok_or_else(|| Failure::unreadable("the project names something without an id as live"))?;
            Ok::<_, Failure>(Version { was_live: true, ..version(&told) })
        });
        Ok(LiveNow { version: live.transpose()?, date })
    }

    async fn in_flight(&self, api: &Api, ours: &Deployment) -> Result<Vec<InFlight>, Failure> {
        let mut told = self.production(api, ours, false).await?;
        told.retain(|one| !one.is_terminal() || Handle::of(one).is_rolling);
        let builds = told.into_iter().map(|one| {
            let word = if Handle::of(&one).is_rolling { "rolling out".to_owned() } else { one.platform_state.clone() };
            InFlight { version: version(&one), word, is_stale: false }
        });
        let job = self.project_now(api, ours).await?.0.job.0.filter(Job::is_open);
        let job = job.map(|job| {
            let word = job.word();
            InFlight { version: Version::of(job.to.0.unwrap_or_else(|| UNNAMED.to_owned())), word, is_stale: false }
        });
        Ok(builds.chain(job).collect())
    }

    /// Where this one was rolled back, the job says to what.
    async fn replaced(&self, api: &Api, ours: &Deployment) -> Result<Option<Version>, Failure> {
        let job = self.project_now(api, ours).await?.0.job.0.unwrap_or_default();
        let to = job.to.or_empty();
        if job.rolled_back_to(to).is_some_and(|from| is_same(&ours.id, from)) {
            let told = self.fetch(api, to, Read::Later).await?;
            return Ok(told.map(|told| Version { since: job.requested.0, ..version(&told) }));
        }
        let all: Vec<_> = self.production(api, ours, true).await?.iter().map(version).collect();
        let own = all.iter().find(|one| is_same(&ours.id, &one.id)).and_then(|one| one.since);
        Ok(own.and_then(|own| last_before(all, own)))
    }

    async fn named(&self, api: &Api, ours: &Deployment, id: &Id) -> Result<Option<Version>, Failure> {
        let Some(told) = self.fetch(api, id.as_str(), Read::First).await? else { return Ok(None) };
        if !is_same(&project_of(ours), &project_of(&told)) {
            return Err(Failure::guarded(format!("{} is a deployment of another project", told.id), ""));
        }
        if !Handle::of(&told).is_production {
            let target = told.target.unwrap_or_default();
            return Err(Failure::guarded(format!("{} is for {target}, not for production", told.id), ""));
        }
        Ok(Some(version(&told)))
    }

    async fn check(&self, api: &Api, ours: &Deployment, target: &Version) -> Result<(), Failure> {
        let told = self.fetch(api, &target.id, Read::Later).await?.ok_or_else(|| gone(&target.id))?;
        if version(&told).was_live && is_same(&project_of(ours), &project_of(&told)) {
            return Ok(());
        }
        Err(Failure::guarded(format!("{} never had production traffic in this project", target.id), ""))
    }

    fn request(&self, ours: &Deployment, target: &Version) -> ApiRequest {
        let path = format!("/v1/projects/{}/rollback/{}", segment(&project_of(ours)), segment(&target.id));
        in_team(ApiRequest::roll_back(path), self.team.as_ref())
    }

    /// The last job of the project, if it is the one that was asked for: an older one between the same two may still be
    /// shown. Where the job does not tell, what is live does.
    async fn progress(&self, api: &Api, ours: &Deployment, asked: &Asked) -> Result<Progress, Failure> {
        let Asked { target, since, .. } = asked;
        let (project, _) = self.project_now(api, ours).await?;
        let job = project.job.0.unwrap_or_default();
        let is_target = job.to.get().is_some_and(|to| is_same(&target.id, to));
        let is_wanted = is_target && job.is_roll_back();
        let is_older = match job.requested.0.zip(*since) {
            Some((requested, since)) => requested < since,
            None => job.from.get().is_some_and(|from| !is_same(&ours.id, from)),
        };
        let live = project.targets.get().and_then(|targets| targets.production.get()?.id());
        let is_live = live.is_some_and(|live| is_same(&target.id, live));
        let state = match job.state() {
            state if is_wanted && !(is_older && state.is_terminal()) => state,
            _ if is_live => State::Succeeded,
            State::Running if job.to.get().is_some() => State::Superseded,
            _ => State::Unknown,
        };
        let word = if job.status.get().is_some() { job.word() } else { String::new() };
        Ok(Progress { state, word })
    }

    async fn displaced(
        &self,
        api: &Api,
        ours: &Deployment,
        live: &Version,
        since: Option<Timestamp>,
    ) -> Result<Option<Version>, Failure> {
        let job = self.project_now(api, ours).await?.0.job.0.unwrap_or_default();
        let is_older = job.requested.0.zip(since).is_some_and(|(requested, since)| requested < since);
        Ok(job.rolled_back_to(&live.id).filter(|_| !is_older).map(Version::of))
    }
}
