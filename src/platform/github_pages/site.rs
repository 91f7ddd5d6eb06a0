//! What stands in for a list of deployments: the records of GitHub's own Deployments, and what Pages says of each commit.

use std::collections::{BTreeSet, HashSet};
use std::sync::OnceLock;

use futures_util::future::try_join_all;

use super::wire::{Record, Recorded, Status, is_commit};
use crate::api::wire::{self, Many};
use crate::api::{Api, ApiRequest};
use crate::model::answers::{Filter, NEWEST};
use crate::model::deployment::{Deployment, State, newest_first};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, segment};
use crate::platform::in_scope;
use crate::platform::list::{Item, List, More, Place, Until};
use crate::platform::rest::Rest as _;
use crate::platform::scope::Scope;
use crate::platform::usual::{Read, present};
use crate::select::is_keepable;

/// How many candidates are asked for at a time, and how many at most.
const AT_ONCE: usize = 8;
const MOST: usize = 30;
/// What the newest status of a record is while its job has not come to deploying yet.
const WAITING: [&str; 4] = ["queued", "pending", "waiting", "in_progress"];

/// The site of a repository.
pub(super) struct Pages {
    pub(super) site: Scope,
    pub(super) path: String,
    pub(super) environment: String,
    pub(super) page: String,
    /// The short commits among the ids.
    pub(super) shorts: Vec<Id>,
    /// What they stand for is looked up in the records, before anything else.
    pub(super) records: OnceLock<Vec<Deployment>>,
    /// A branch was written beside an id, which only a record tells.
    pub(super) checks_branch: bool,
    /// The head of a pull request, and the merge that its run stands on and deploys.
    pub(super) merge: OnceLock<[String; 2]>,
}

pub(super) fn versioned(call: ApiRequest) -> ApiRequest {
    call.header("accept", "application/vnd.github+json").header("x-github-api-version", "2022-11-28")
}

pub(super) fn get(path: String, action: &str) -> ApiRequest {
    versioned(ApiRequest::get(path, action))
}

/// The whole commit that begins like this, as the records tell it.
pub(super) fn whole_commit(short: &str, records: &[Deployment]) -> Result<Option<String>, Failure> {
    let found: BTreeSet<_> = records.iter().map(|one| one.id.as_str()).filter(|id| id.starts_with(short)).collect();
    if found.len() > 1 {
        let all: Vec<_> = found.into_iter().collect();
        let words = format!("{short} is the beginning of more than one commit: {}", all.join(", "));
        return Err(Failure::own(Kind::BadInput, words, "Give the whole commit."));
    }
    Ok(found.first().map(|one| (*one).to_owned()))
}

/// Adds what the records of its commit tell.
pub(super) fn date(told: &mut Deployment, records: &[Deployment]) {
    let own = || records.iter().filter(|one| one.id == told.id);
    let sources: Vec<_> = own().flat_map(|one| one.sources.clone()).collect();
    told.created = own().find_map(|one| one.created);
    told.branch = own().find_map(|one| one.branch.clone());
    told.sources.extend(sources);
}

impl Pages {
    pub(super) fn deployments(&self, id: &str) -> String {
        format!("{}/pages/deployments/{}", self.path, segment(id))
    }

    /// The newest records of the environment, or those of one commit, newest first.
    pub(super) async fn records(&self, api: &Api, commit: Option<&str>) -> Result<Vec<Deployment>, Failure> {
        let call = get(format!("{}/deployments", self.path), "list the deployments");
        let call = call.query("environment", self.environment.as_str());
        let call = commit.map_or(call.clone(), |commit| call.query("sha", commit));
        let list = List::new(call, "").size(Place::Query("per_page"), &[100, 10, 1]);
        let list = list.numbered(Place::Query("page"), 1, More::LinkHeader);
        let take = |item: &str, _| {
            let (number, what) = wire::item(item)
                .and_then(Record::deployment)
                .ok_or_else(|| Failure::unreadable("with a record without an id or a commit"))?;
            // Several records may be of one commit.
            Ok(Item { id: number.to_string(), ..Item::deployment(what) })
        };
        let mut all = list.read(api, Until::Least(NEWEST), take).await?;
        newest_first(&mut all);
        Ok(all)
    }

    /// The deployment of a commit that is meant: the first of these that is there.
    pub(super) async fn of_commits(&self, api: &Api, commits: &[String]) -> Result<Vec<Deployment>, Failure> {
        if let [head, merge] = commits {
            self.merge.get_or_init(|| [head.clone(), merge.clone()]);
        }
        for commit in commits {
            let whole = match is_commit(commit) {
                true => Some(commit.clone()),
                false => whole_commit(commit, &self.records(api, None).await?)?,
            };
            let Some(whole) = whole else { continue };
            if let Some(told) = self.fetch(api, &whole, Read::Later).await? {
                return Ok(vec![told]);
            }
        }
        Ok(Vec::new())
    }

    /// The newest deployments, each asked for by its commit, back to one that went live: before it all are over.
    pub(super) async fn newest(&self, api: &Api, wanted: &Filter) -> Result<Vec<Deployment>, Failure> {
        let records = self.records(api, None).await?;
        let mut known = HashSet::new();
        let candidates: Vec<_> = records.iter().filter(|one| known.insert(one.id.clone())).take(MOST).collect();
        let mut seen = Vec::new();
        for some in candidates.chunks(AT_ONCE) {
            let read = try_join_all(some.iter().map(|one| self.fetch(api, &one.id, Read::Later))).await?;
            let is_far_enough = read.iter().flatten().any(|one| one.state == State::Succeeded);
            seen.extend(read.into_iter().flatten());
            if is_far_enough && !wanted.superseded {
                break;
            }
        }
        seen.iter_mut().for_each(|one| date(one, &records));
        if wanted.superseded && seen.iter().any(|one| one.state.is_in_flight()) {
            seen.extend(self.waiting(api, &candidates, &seen).await?);
        }
        Ok(in_scope(seen))
    }

    /// What has not come to its deploy step yet, and supersedes what is in flight all the same: the newest such record.
    async fn waiting(
        &self,
        api: &Api,
        candidates: &[&Deployment],
        seen: &[Deployment],
    ) -> Result<Option<Deployment>, Failure> {
        for one in candidates {
            match seen.iter().find(|told| told.id == one.id) {
                Some(told) if is_keepable(told) => break,
                Some(_) => {}
                None => {
                    if let Some(told) = self.waits(api, one).await? {
                        return Ok(Some(told));
                    }
                }
            }
        }
        Ok(None)
    }

    /// A record whose job is still on its way to the deploy step.
    pub(super) async fn waits(&self, api: &Api, known: &Deployment) -> Result<Option<Deployment>, Failure> {
        let Some(Recorded(number)) = known.handle.get() else { return Ok(None) };
        let path = format!("{}/deployments/{number}/statuses", self.path);
        let answer = api.send(get(path, "read the job's status").query("per_page", "1")).await;
        let newest: Option<Many<Status>> =
            present(answer, Read::Later)?.map(|reply| reply.at("")).transpose()?.flatten();
        let word = newest.and_then(|all| all.0.into_iter().next()?.state.0);
        let platform_state = word.filter(|word| WAITING.contains(&word.as_str()));
        Ok(platform_state.map(|platform_state| Deployment { state: State::Queued, platform_state, ..known.clone() }))
    }
}
