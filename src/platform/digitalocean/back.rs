//! DigitalOcean's way back: a new deployment from an older one's build and spec, under an id of its own.
//!
//! `SUPERSEDED` says nothing about having been live: a deployment that was overtaken while it was built ends like that as
//! well. So what another one names as its previous has to pass the platform's own check, which knows how each ended.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{APP_ID, DEPLOYMENT, DigitalOcean, Wire, read_app};
use crate::api::wire::{self, Text};
use crate::api::{Api, ApiRequest, Body, Reply};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::Failure;
use crate::model::id::{Id, canonical, is_same, segment};
use crate::model::roll_back::{InFlight, LiveNow, Version};
use crate::platform::list::{Item, Until};
use crate::platform::rest::Rest;
use crate::platform::roll_back::RollBack;
use crate::platform::usual::{Read, present};

/// The cause of what a roll back makes.
const BY_ROLL_BACK: &str = "MANUAL_ROLLBACK";
/// What the check says of a deployment that did not end well, or not yet.
const NEVER_LIVE: [&str; 2] = ["incompatible_phase", "incompatible_result"];
/// The warning that what comes back may be another image than the one that was live.
const NO_DIGEST: &str = "image_source_missing_digest";

/// What was live right before this one.
fn previous(told: &Deployment) -> Option<Id> {
    Id::parse(told.handle.get::<String>()?).ok()
}

/// A deployment as it is told, and what it is for a way back.
fn read(item: &str, app: &str) -> Option<(Deployment, Version)> {
    let wire: Wire = wire::item(item)?;
    let by_roll_back = wire.cause_details.get().is_some_and(|it| it.kind.or_empty().eq_ignore_ascii_case(BY_ROLL_BACK));
    let content = wire::at(item, "/spec").ok().flatten().and_then(|spec| content(&wire, &spec));
    let told = wire.deployment(app)?;
    let (id, commit, url) = (told.id.clone(), told.commit.clone(), told.url.clone());
    let copy_of = content.clone().filter(|_| by_roll_back);
    let commits = told.sources.iter().filter_map(|source| source.commit.clone()).collect();
    Some((told, Version { id, commit, commits, url, content, copy_of, ..Version::default() }))
}

/// All commits, and a mark of the whole spec, whose variables are nothing to keep: two deployments of one commit may differ
/// in nothing but these. Nothing where a component's commit is not told, or not yet.
fn content(wire: &Wire, spec: &Value) -> Option<String> {
    let mut hasher = DefaultHasher::new();
    spec.to_string().hash(&mut hasher);
    let mut content = format!("{:x}", hasher.finish());
    for source in wire.components() {
        let is_built = source.branch.is_some() || source.repository.is_some();
        if is_built && source.commit.is_none() {
            return None;
        }
        content = content + " " + &source.commit.unwrap_or_default();
    }
    Some(content)
}

/// What the platform's own check has against a target; none where it passes.
struct Objection {
    code: String,
    words: String,
}

impl Objection {
    fn of(said: &Value) -> Option<Self> {
        let text = |it: &Value, name| it.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut warnings = said.get("warnings").and_then(Value::as_array).into_iter().flatten();
        let error = said.get("error").filter(|it| !it.is_null());
        let told = error.or_else(|| warnings.find(|it| text(it, "code").eq_ignore_ascii_case(NO_DIGEST)));
        let is_valid = said.get("valid") == Some(&Value::Bool(true));
        let told = told.or((!is_valid).then_some(&Value::Null))?;
        let (code, message) = (text(told, "code"), text(told, "message"));
        let words = match (code.is_empty(), message.is_empty()) {
            (true, true) => "it does not say that this deployment can be put back".to_owned(),
            (false, false) => format!("{message} ({code})"),
            _ => message + &code,
        };
        Some(Self { code, words })
    }

    fn says_never_live(&self) -> bool {
        NEVER_LIVE.iter().any(|code| self.code.eq_ignore_ascii_case(code))
    }
}

impl DigitalOcean {
    fn rollback(&self) -> String {
        format!("/v2/apps/{}/rollback", segment(self.app.as_str()))
    }

    async fn told(&self, api: &Api, id: &str) -> Result<(Deployment, Version), Failure> {
        let reply = api.send(Rest::read(self, id)).await?;
        let told = self.shown(&reply, DEPLOYMENT)?.ok_or_else(|| reply.unreadable("without a deployment"))?;
        if is_same(id, &told.0.id) { Ok(told) } else { Err(reply.unreadable("about another deployment")) }
    }

    /// The deployment at this place of an answer.
    fn shown(&self, reply: &Reply, at: &str) -> Result<Option<(Deployment, Version)>, Failure> {
        let Some(item) = reply.raw(at)? else { return Ok(None) };
        let told = read(item.get(), self.app.as_str());
        told.map(Some).ok_or_else(|| reply.unreadable("with a deployment without an id or a state"))
    }

    async fn objection(&self, api: &Api, id: &str) -> Result<Option<Objection>, Failure> {
        let call = ApiRequest::post(format!("{}/validate", self.rollback()), "have the roll back checked").reading();
        let reply = api.send(call.body(Body::Json(json!({ "deployment_id": id, "skip_pin": true })))).await?;
        Ok(Objection::of(&reply.json()?))
    }

    /// What another one names as its previous was live if the platform's check does not say otherwise: whatever else that
    /// says, it says again before anything is sent.
    async fn once_live(&self, api: &Api, version: Version) -> Result<Version, Failure> {
        let objection = self.objection(api, &version.id).await?;
        Ok(Version { was_live: objection.is_none_or(|it| !it.says_never_live()), ..version })
    }

    /// Deployments of the app, newest first, to where they end or one is enough.
    async fn history(
        &self,
        api: &Api,
        until: Until,
        is_enough: &(dyn Fn(&Deployment) -> bool + Sync),
    ) -> Result<Vec<(Deployment, Version)>, Failure> {
        let take = |item: &str, _| {
            let what = read(item, self.app.as_str());
            let what = what.ok_or_else(|| Failure::unreadable("with a deployment without an id or a state"))?;
            let (id, is_in_flight, ends) = (what.0.id.clone(), !what.0.is_terminal(), is_enough(&what.0));
            Ok(Item { what, id, is_in_flight, created: None, ends })
        };
        self.list().read(api, until, take).await
    }

    /// Whether a newer deployment names this one as its previous.
    async fn has_follower(&self, api: &Api, id: &Id) -> Result<bool, Failure> {
        let is_follower = |one: &Deployment| previous(one).as_ref() == Some(id);
        let is_enough = |one: &Deployment| is_follower(one) || is_same(id.as_str(), &one.id);
        Ok(self.history(api, Until::End, &is_enough).await?.iter().any(|(one, _)| is_follower(one)))
    }
}

#[async_trait]
impl RollBack for DigitalOcean {
    fn slot(&self, _ours: &Deployment) -> Option<String> {
        Some(canonical(self.app.as_str()))
    }

    /// One that is superseded may have been live before that: whether it was, what is live now tells.
    fn may_have_been_live(&self, ours: &Deployment) -> bool {
        ours.went_live() != Some(false) || ours.state == State::Superseded
    }

    async fn live(&self, api: &Api, _ours: &Deployment) -> Result<LiveNow, Failure> {
        let reply = api.send(read_app(self.app.as_str())).await?;
        let app: Option<Text> = reply.at(APP_ID)?;
        if !app.is_some_and(|app| is_same(self.app.as_str(), app.or_empty())) {
            return Err(reply.unreadable("about another app"));
        }
        let active = self.shown(&reply, "/app/active_deployment")?;
        let version = active.map(|(_, version)| Version { was_live: true, ..version });
        Ok(LiveNow { version, date: reply.date })
    }

    async fn in_flight(&self, api: &Api, _ours: &Deployment) -> Result<Vec<InFlight>, Failure> {
        let until = Until::Calm { ended: self.list().whole_page(), least: 0 };
        let mut told = self.history(api, until, &|_| false).await?;
        told.retain(|(one, _)| !one.is_terminal());
        let in_flight =
            told.into_iter().map(|(one, version)| InFlight { version, word: one.platform_state, is_stale: false });
        Ok(in_flight.collect())
    }

    async fn replaced(&self, api: &Api, ours: &Deployment) -> Result<Option<Version>, Failure> {
        let Some(previous) = previous(ours) else { return Ok(None) };
        let (_, version) = self.told(api, previous.as_str()).await?;
        self.once_live(api, version).await.map(Some)
    }

    async fn named(&self, api: &Api, ours: &Deployment, id: &Id) -> Result<Option<Version>, Failure> {
        let told = self.told(api, id.as_str()).await;
        let Some((told, version)) = present(told, Read::First)? else { return Ok(None) };
        if told.state == State::Succeeded {
            return Ok(Some(Version { was_live: true, ..version }));
        }
        let is_followed = previous(ours).as_ref() == Some(id) || self.has_follower(api, id).await?;
        if is_followed { self.once_live(api, version).await.map(Some) } else { Ok(Some(version)) }
    }

    async fn check(&self, api: &Api, _ours: &Deployment, target: &Version) -> Result<(), Failure> {
        let objection = self.objection(api, &target.id).await?;
        objection.map_or(Ok(()), |it| Err(Failure::guarded(it.words, "")))
    }

    /// Without `skip_pin` every further deployment would be refused until somebody unpins the app.
    fn request(&self, _ours: &Deployment, target: &Version) -> ApiRequest {
        let body = json!({ "deployment_id": target.id, "skip_pin": true });
        ApiRequest::roll_back(self.rollback()).body(Body::Json(body))
    }

    fn copy(&self, reply: &Reply) -> Option<Version> {
        let (_, version) = self.shown(reply, DEPLOYMENT).ok().flatten()?;
        Some(version)
    }

    async fn displaced(
        &self,
        api: &Api,
        _ours: &Deployment,
        live: &Version,
        _since: Option<Timestamp>,
    ) -> Result<Option<Version>, Failure> {
        let (live, _) = self.told(api, &live.id).await?;
        let Some(previous) = previous(&live) else { return Ok(None) };
        let told = present(self.told(api, previous.as_str()).await, Read::Later)?;
        Ok(Some(told.map_or_else(|| Version::of(previous.as_str()), |(_, version)| version)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(body: &Value) -> Version {
        read(&body.to_string(), "app-1").unwrap().1
    }

    fn deployment(id: &str) -> Value {
        json!({
            "id": id,
            "phase": "ACTIVE",
            "services": [{ "name": "web", "source_commit_hash": "111" }],
            "workers": [{ "name": "work", "source_commit_hash": "222" }],
            "spec": {
                "name": "shop",
                "services": [{ "name": "web", "github": { "repo": "a/web", "branch": "main" }, "envs": [{ "value": "1" }] }],
                "workers": [{ "name": "work", "git": { "branch": "main" } }, { "name": "db", "image": { "tag": "1" } }],
            },
        })
    }

    fn copy(original: &Value) -> Value {
        let mut copy = original.clone();
        copy["id"] = json!("copy");
        copy["cause_details"] = json!({ "type": "MANUAL_ROLLBACK" });
        copy
    }

    #[test]
    fn a_roll_back_is_a_copy_of_what_has_its_commits_and_its_spec() {
        let mut original = deployment("d");
        original["cause_details"] = json!({ "type": "DEPLOY_ON_PUSH", "git_push": { "commit_sha": "111" } });
        let told = version(&original);
        assert!(told.copy_of.is_none() && !told.was_live);
        assert!(version(&copy(&original)).serves(&told));
        for (changed, to) in [
            ("/services/0/source_commit_hash", json!("333")),
            ("/workers/0/source_commit_hash", json!("333")),
            ("/spec/services/0/envs/0/value", json!("2")),
            ("/spec/workers/1/image/tag", json!("2")),
            ("/cause_details/type", json!("MANUAL")),
            ("/cause_details/type", json!("AUTO_ROLLBACK")),
        ] {
            let mut other = copy(&original);
            *other.pointer_mut(changed).unwrap() = to;
            assert!(!version(&other).serves(&told), "{changed}");
        }
    }

    #[test]
    fn what_is_not_told_to_the_last_commit_is_no_copy_of_anything() {
        for (missing, none) in [("/services/0/source_commit_hash", json!("")), ("/spec", json!(null))] {
            let mut original = deployment("d");
            *original.pointer_mut(missing).unwrap() = none;
            assert!(!version(&copy(&original)).serves(&version(&original)), "{missing}");
        }
    }

    #[test]
    fn the_check_passes_only_with_a_clear_yes() {
        let of = |said: Value| Objection::of(&said).map(|it| (it.says_never_live(), it.words));
        let warning = |code: &str| json!({ "valid": true, "warnings": [7, { "code": code, "message": "Beware." }] });
        for said in
            [json!({ "valid": true }), json!({ "valid": true, "error": null }), warning("static_site_requires_rebuild")]
        {
            assert_eq!(of(said), None);
        }
        let plain = "it does not say that this deployment can be put back";
        for (said, never_live, words) in [
            (warning("image_source_missing_digest"), false, "Beware. (image_source_missing_digest)"),
            (json!({ "valid": false, "error": { "code": "app_pinned" } }), false, "app_pinned"),
            (json!({ "valid": true, "error": { "message": "no" } }), false, "no"),
            (json!({ "valid": false, "error": { "code": "incompatible_result" } }), true, "incompatible_result"),
            (json!({ "valid": false, "error": { "code": "incompatible_phase" } }), true, "incompatible_phase"),
            (json!({ "valid": false }), false, plain),
            (json!({ "valid": "true" }), false, plain),
            (json!({}), false, plain),
            (json!([]), false, plain),
        ] {
            assert_eq!(of(said.clone()), Some((never_live, words.to_owned())), "{said}");
        }
    }
}
