//! Whose deployments are listed, and the pages of such a list.
//!
//! An app that is not there is answered with an empty list, and names are found in any case: an empty list makes the
//! app itself be read, and every name that comes back is compared.

use std::sync::OnceLock;

use jiff::Timestamp;
use serde_json::json;

use super::errors::is_missing;
use super::wire::{APP, DROPLET, PREVIOUS_DROPLET, Wire, detail, stored};
use crate::api::wire::{self, Text};
use crate::api::{Api, ApiRequest};
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::answers::Filter;
use crate::model::deployment::{Deployment, State};
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same, segment};
use crate::model::memory::Memory;
use crate::model::reason::Missing;
use crate::platform::list::{Item, List, More, Place, Until};
use crate::platform::paging::Sizes;
use crate::platform::scope::search;
use crate::platform::usual::Read;
use crate::platform::{in_scope, oldest_in_flight};

/// A foundation keeps a hundred deployments of an app, unless it is told otherwise.
const SIZES: Sizes = &[200, 20, 1];
/// The detail of a deployment whose cancellation brings back the droplet of one that never finished.
pub(super) const SUPERSEDED_ANOTHER: &str = "superseded_another";
/// Remembered of a deployment that was seen within its app's history.
pub(super) struct HistorySeen;

/// Whose deployments are listed.
pub(super) enum App {
    Id(Id),
    Named(Named),
}

/// An app by its name, which is its own only within a space.
pub(super) struct Named {
    name: String,
    space: String,
    org: String,
    id: OnceLock<Id>,
}

impl App {
    /// What the inputs say, for `select` only. That there is neither an id nor a name is noted elsewhere.
    pub(super) fn read(values: &Values, faults: &mut Faults) -> Option<Self> {
        values.get("select")?;
        let Some(name) = values.get("app_name") else {
            return values.parsed("app_id", faults, Id::parse).map(Self::Id);
        };
        let [space, org] = ["space", "org"].map(|name| values.get(name).map(str::to_owned));
        Some(Self::Named(Named { name: name.to_owned(), space: space?, org: org?, id: OnceLock::new() }))
    }

    /// Looks the app up by its name. The sentence says which of the three names is not there.
    pub(super) async fn resolve_scope(&self, api: &Api) -> Result<Option<Missing>, Failure> {
        let Self::Named(named) = self else {
            return Ok(None);
        };
        let Named { name, space, org, id } = named;
        let Some(in_org) = look_up(api, "organizations", org, None).await? else {
            return Ok(Some(unknown(format!("organization {org}"), "`org` and `api_url`")));
        };
        let within = Some(("organization_guids", &in_org));
        let Some(in_space) = look_up(api, "spaces", space, within).await? else {
            return Ok(Some(unknown(format!("space {space} in organization {org}"), "`space` and `org`")));
        };
        let within = Some(("space_guids", &in_space));
        let Some(found) = look_up(api, "apps", name, within).await? else {
            return Ok(Some(named.missing()));
        };
        id.get_or_init(|| found);
        Ok(None)
    }

    fn id(&self) -> Option<&Id> {
        match self {
            Self::Id(id) => Some(id),
            Self::Named(named) => named.id.get(),
        }
    }

    /// The app's deployments as [`crate::platform::rest::Rest::listed`] wants them.
    pub(super) async fn listed(&self, api: &Api, wanted: &Filter) -> Result<Vec<Deployment>, Failure> {
        let Some(app) = self.id() else {
            let words = "the app was not looked up, so nobody knows which deployments are meant";
            return Err(Failure::guarded(words, "Give `app_id`."));
        };
        let mut seen = deployments(api, app, None).await?;
        if wanted.history {
            // With nothing in flight the newest page tells what there was last.
            let back_to = oldest_in_flight(&seen).unwrap_or(Timestamp::MAX);
            let mut history = deployments(api, app, Some(back_to)).await?;
            mark_superseding(&mut history);
            // Nobody has to look for it again.
            history.iter_mut().for_each(|one| one.handle = Memory::of(HistorySeen));
            seen.extend(history);
        }
        Ok(in_scope(seen))
    }

    /// The sentence that says there is no such app.
    pub(super) async fn nowhere(&self, api: &Api) -> Result<Option<Missing>, Failure> {
        Ok((!self.is_there(api).await?).then(|| self.missing()))
    }

    /// Whether the app exists. One given by name was looked up before anything else.
    async fn is_there(&self, api: &Api) -> Result<bool, Failure> {
        let Self::Id(id) = self else {
            return Ok(true);
        };
        let call = ApiRequest::get(format!("/v3/apps/{}", segment(&stored(id.as_str()))), "read the app");
        match api.send(call).await {
            Ok(reply) => {
                let found: Option<Text> = reply.at("/guid")?;
                if found.is_some_and(|found| is_same(id.as_str(), found.or_empty())) {
                    Ok(true)
                } else {
                    Err(reply.unreadable("about another app"))
                }
            }
            Err(failure) if is_missing(&failure, Read::First) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    fn missing(&self) -> Missing {
        match self {
            Self::Id(id) => unknown(
                format!("app {}", id.as_str()),
                "`app_id` and `api_url`, and that the credential has a role in the app's space",
            ),
            Self::Named(named) => named.missing(),
        }
    }
}

impl Named {
    fn missing(&self) -> Missing {
        let Self { name, space, org, .. } = self;
        unknown(format!("app {name} in space {space} of organization {org}"), "`app_name`, `space` and `org`")
    }
}

fn unknown(name: String, check: &str) -> Missing {
    Missing::Scope { name, place: "that this credential may see".to_owned(), check: check.to_owned() }
}

/// The id of what has exactly this name.
async fn look_up(
    api: &Api,
    kind: &str,
    name: &str,
    within: Option<(&'static str, &Id)>,
) -> Result<Option<Id>, Failure> {
    let mut call =
        ApiRequest::get(format!("/v3/{kind}"), format!("look up {kind} by name")).query("names", one_of(name));
    if let Some((key, id)) = within {
        call = call.query(key, one_of(id.as_str()));
    }
    search(api, &paged(call).instead("app_id"), ["/name", "/guid"], name).await
}

/// The API counts its pages from one.
pub(super) fn paged(call: ApiRequest) -> List {
    List::new(call, "/resources").size(Place::Query("per_page"), SIZES).says("/pagination").numbered(
        Place::Query("page"),
        1,
        More::At("/pagination/next"),
    )
}

/// An app's deployments, newest first.
fn of_app(app: &Id) -> List {
    let call = ApiRequest::get("/v3/deployments", "list the deployments")
        .query("app_guids", one_of(&stored(app.as_str())))
        .query("order_by", "-created_at");
    paged(call).in_flight("status_values", "ACTIVE")
}

/// The active ones, or with `back_to` all of them, page by page until one reaches further back.
pub(super) async fn deployments(api: &Api, app: &Id, back_to: Option<Timestamp>) -> Result<Vec<Deployment>, Failure> {
    let all = of_app(app);
    let active = all.filtered().filter(|_| back_to.is_none());
    let until = back_to.map_or(Until::End, |time| Until::OlderThan { time, least: 0 });
    active.unwrap_or(all).read(api, until, |item, _| one_listed(item, app)).await
}

/// One deployment of a list. Nobody gave its id, so it is judged like a written one.
fn one_listed(item: &str, app: &Id) -> Result<Item<Deployment>, Failure> {
    let told = wire::item::<Wire>(item).and_then(Wire::deployment);
    let told = told.filter(|one| Id::parse(&one.id).is_ok_and(|id| id.as_str() == one.id));
    let told = told.ok_or_else(|| Failure::unreadable("with a deployment without an id or a state"))?;
    if detail(&told, APP).is_some_and(|of| !is_same(app.as_str(), of)) {
        return Err(Failure::unreadable("with a deployment of another app"));
    }
    Ok(Item::deployment(told))
}

/// Whether a deployment that was canceled had taken the place of an unfinished one.
pub(super) async fn had_superseded(api: &Api, ended: &Deployment) -> Result<bool, Failure> {
    let Some((app, created)) = detail(ended, APP).and_then(|guid| Id::parse(guid).ok()).zip(ended.created) else {
        return Ok(false);
    };
    let mut history = deployments(api, &app, Some(created)).await?;
    mark_superseding(&mut history);
    let own = history.iter().find(|one| one.id == ended.id);
    Ok(own.is_some_and(|own| own.details.contains_key(SUPERSEDED_ANOTHER)))
}

/// Notes what took the place of an unfinished one: canceling it brings back that one's droplet. A
/// deployment supersedes the one right before it, so the list has to be in order and without a gap.
fn mark_superseding(history: &mut [Deployment]) {
    let droplet = |one: &Deployment, name: &str| detail(one, name).map(str::to_owned);
    let before = history.iter().skip(1).map(|one| {
        let superseded = one.state == State::Superseded;
        droplet(one, DROPLET).filter(|_| superseded)
    });
    let before: Vec<_> = before.collect();
    for (one, before) in history.iter_mut().zip(before) {
        let goes_back_to = droplet(one, PREVIOUS_DROPLET);
        let can_go_back = !one.is_terminal() || one.state == State::Canceled;
        if can_go_back && before.is_some() && goes_back_to == before {
            one.details.insert(SUPERSEDED_ANOTHER.to_owned(), json!(true));
        }
    }
}

/// A value of a parameter that takes several, separated by commas, and decodes each once more.
fn one_of(value: &str) -> String {
    value.replace('%', "%25").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn item(guid: &str, app: &str) -> Value {
        json!({
            "guid": guid, "status": { "value": "ACTIVE", "reason": "DEPLOYING" },
            "created_at": "2026-01-15T10:00:00Z", "relationships": { "app": { "data": { "guid": app } } },
        })
    }

    #[test]
    fn only_the_apps_own_deployments_are_taken() {
        let guid = "4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf";
        let app = Id::parse(guid).unwrap();
        let told = |item: Value| one_listed(&item.to_string(), &app).map(|item| item.what);
        for (id, own) in [("d1", guid.to_owned()), ("d2", guid.to_uppercase())] {
            let listed = told(item(id, &own)).unwrap();
            assert_eq!((listed.id.as_str(), listed.created.is_some()), (id, true));
        }
        assert!(told(item("d1", "a2")).is_err());
        assert!(told(json!({ "guid": "d" })).is_err());
        assert!(told(item("..", guid)).is_err());
    }

    #[test]
    fn what_may_stand_in_a_list_of_values_is_one_value() {
        assert_eq!(one_of("plain-name"), "plain-name");
        assert_eq!(one_of("a,b 100%"), "a%2Cb 100%25");
    }

    fn one(id: &str, state: State, droplet: &str, previous: &str) -> Deployment {
        let details = json!({ "droplet_guid": droplet, "previous_droplet_guid": previous });
        Deployment { state, details: details.as_object().unwrap().clone(), ..Deployment::without_reading(id) }
    }

    #[test]
    fn superseding_another_is_told_only_where_the_history_shows_it() {
        let marked = |mut history: Vec<Deployment>| {
            mark_superseding(&mut history);
            let marked = history.iter().filter(|one| one.details.contains_key(SUPERSEDED_ANOTHER));
            marked.map(|one| one.id.clone()).collect::<Vec<_>>()
        };
        let now = || one("now", State::Running, "d3", "d2");
        let unfinished = || one("unfinished", State::Superseded, "d2", "d1");
        let live = || one("live", State::Succeeded, "d2", "d1");
        assert_eq!(marked(vec![now(), unfinished(), live()]), ["now"]);
        let gone = one("gone", State::Canceled, "d3", "d2");
        assert_eq!(marked(vec![gone, unfinished(), live()]), ["gone"]);
        // A finished one between them: the older one was superseded by that, not by this.
        assert!(marked(vec![now(), live(), unfinished()]).is_empty());
        // It was being canceled when it was superseded, and the droplet before it is back already.
        let canceling = one("unfinished", State::Superseded, "d9", "d2");
        assert!(marked(vec![now(), canceling]).is_empty());
        assert!(marked(vec![now()]).is_empty());
        assert!(marked(vec![live(), unfinished()]).is_empty());
    }
}
