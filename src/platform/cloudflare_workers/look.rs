//! What serves: whether a version of a build does, or did.

use std::cmp::Reverse;

use serde_json::{Map, Value, json};

use super::wire::{text, time};
use crate::api::wire::Many;
use crate::api::{Api, ApiRequest};
use crate::model::answers::Conclusion;
use crate::model::deployment::{Deployment, Live, State};
use crate::model::failure::Failure;
use crate::model::id::{is_same, segment};

/// So many of the newest deployments are looked at. Each has two versions at most, and twenty can be asked for at once; a
/// shorter list is all that there ever were.
const MOST: usize = 10;

/// Looks at the newest deployments of the Worker, below the path of its account, and at the builds that their versions
/// come from.
pub(super) async fn look(api: &Api, account: &str, name: &str, ended: &Deployment) -> Result<Conclusion, Failure> {
    let path = format!("{account}/workers/scripts/{}/deployments", segment(name));
    let reply = api.send(ApiRequest::get(path, "read what serves")).await?;
    let all: Option<Many<Value>> = reply.at("/result/deployments")?;
    let mut all = all.ok_or_else(|| reply.unreadable("without a list"))?.0;
    all.sort_by_key(|one| Reverse(time(one, "/created_on")));
    all.truncate(MOST);
    let versions: Vec<_> = all.iter().map(versions).collect();
    let mut builds = Map::new();
    if versions.iter().any(|served| !served.is_empty()) {
        let call = ApiRequest::get(format!("{account}/builds/builds"), "read which builds serve");
        let reply = api.send(call.query("version_ids", versions.concat().join(","))).await?;
        builds = reply.at("/result/builds")?.ok_or_else(|| reply.unreadable("without builds"))?;
    }
    let is_own = |version: &&&str| {
        let build = builds.get(**version).and_then(|build| text(build, "/build_uuid"));
        build.is_some_and(|id| is_same(&ended.id, id))
    };
    let own = versions.iter().enumerate().find_map(|(at, served)| Some((at, *served.iter().find(is_own)?)));
    // Everything since it was made has been looked at.
    let is_sure = all.len() < MOST || all.iter().any(|one| time(one, "/created_on") < ended.created);
    match own {
        Some((at, own)) => Ok(went_live(name, ended, at == 0, own, &versions)),
        None if !is_sure => Err(Failure::unreadable("without the deployments of that time")),
        None if ended.state == State::Succeeded => {
            Ok(Conclusion { live: Some(Live::Unpublished), ..Conclusion::default() })
        }
        None => Ok(Conclusion { live: Some(Live::ByState), ..Conclusion::default() }),
    }
}

/// The versions of a deployment.
fn versions(deployment: &Value) -> Vec<&str> {
    let all = deployment.pointer("/versions").and_then(Value::as_array);
    all.into_iter().flatten().filter_map(|version| text(version, "/version_id")).collect()
}

/// What is said of one whose version serves, or did, and of the way back to the one before it.
fn went_live(name: &str, ended: &Deployment, serves: bool, own: &str, versions: &[Vec<&str>]) -> Conclusion {
    let mut sentence = match (ended.state, serves) {
        (State::Succeeded, true) => format!("Version {own} is serving."),
        (_, true) => format!("It ended after its deploy step: version {own} is serving."),
        (_, false) => format!("Version {own} served until another one was deployed."),
    };
    let before = versions.iter().find(|served| !served.contains(&own));
    if let Some([before]) = before.map(Vec::as_slice).filter(|_| serves) {
        sentence += &format!(" Before it that was {before}: `npx wrangler rollback {before} --name {name}`.");
    }
    let live = match (ended.state, serves) {
        (State::Succeeded, true) => Live::ByState,
        (_, true) => Live::Serving,
        (_, false) => Live::Once,
    };
    let details = [("version".to_owned(), json!(own))].into_iter().collect();
    Conclusion { details, sentence: Some(sentence), live: Some(live) }
}
