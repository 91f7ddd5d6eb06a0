//! DigitalOcean App Platform, after the OpenAPI description of its API (digitalocean/openapi, read 2026-08-07).
//!
//! Two traps shape this file. A 200 to the cancel call proves nothing: the documented example answers with another
//! deployment's id in a state of its own, so only a read decides. And `phase` is the only field that tells the state:
//! the step counters stop moving when a deployment is canceled.

mod wire;

use std::sync::OnceLock;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use self::wire::{AppEnvelope, AppWire, Apps, Deployments, Envelope, Links, Wire};
use super::paging::{Page, Paging, Sizes, leads_on};
use super::usual::{Read, accepted, is_missing, present};
use super::{Accepted, Entry, Filter, Found, Listed, NEWEST, Platform, as_written, in_scope, input, require, secret};
use crate::api::{Api, Call, Method, Reply, Reset, Response, Service, Words};
use crate::input::{Faults, Values};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same, segment};
use crate::select::Select;
use crate::text::secret::{Secret, bearer};

/// The register's entry.
pub(super) const ENTRY: Entry = Entry {
    id: "digitalocean",
    name: "DigitalOcean App Platform",
    docs: "https://docs.digitalocean.com/reference/api/digitalocean/#tag/Apps/operation/apps_cancel_deployment",
    base: "https://api.digitalocean.com",
    inputs: &[
        secret(
            "token",
            &[("DIGITALOCEAN_ACCESS_TOKEN", ""), ("DIGITALOCEAN_TOKEN", "")],
            "API token with the scopes `app:read` and `app:update`.",
        ),
        input("app_id", &[("DIGITALOCEAN_APP_ID", "")], "The app's id."),
        input("app_name", &[], "The app's name, instead of `app_id`."),
    ],
    alternatives: &[&[&["app_id"], &["app_name"]]],
    states: &[
        ("PENDING_BUILD", State::Queued),
        ("BUILDING", State::Running),
        ("PENDING_DEPLOY", State::Running),
        ("DEPLOYING", State::Running),
        ("CANCELED", State::Canceled),
        ("ACTIVE", State::Succeeded),
        ("ERROR", State::Failed),
        ("SUPERSEDED", State::Superseded),
    ],
    credentials: "`token` (or DIGITALOCEAN_ACCESS_TOKEN, DIGITALOCEAN_TOKEN)",
    grant: "the token needs the scopes `app:read` to look and `app:update` to cancel",
    caveat: "The version that was live before stays live. Changes to the app's spec, its databases or anything a job \
             of this deployment already did are not undone.",
    way_back: "open the app, Activity, and roll back to the deployment before it.",
    selects: &Select::ALL,
    no_select: "",
    one_group: false,
    select_needs: &[],
    knows_forks: false,
    lists_tell: true,
    needs_id: true,
    read_id: as_written,
    slower: None,
    open,
};

/// A page of any list. Every deployment and every app carries its whole specification, with all its variables: two hundred
/// of them have been seen to be many megabytes.
const SIZES: Sizes = &[50, 10, 1];
/// After so many in a row that have ended nothing older is in flight.
const WHOLE_PAGE: usize = 50;

#[derive(Default, Deserialize)]
struct Given {
    token: Option<Secret>,
    app_id: Option<String>,
    app_name: Option<String>,
}

struct DigitalOcean {
    app: App,
}

enum App {
    Id(Id),
    Named { name: String, id: OnceLock<Id> },
}

fn open(values: &Values, faults: &mut Faults) -> Option<(Box<dyn Platform>, Service)> {
    let Given { token, app_id, app_name } = values.fill();
    require(&ENTRY, values, faults, &["token"]);
    let app = match (app_id, app_name) {
        (Some(id), _) => match Id::parse(&id) {
            Ok(id) => Some(App::Id(id)),
            Err(wrong) => {
                faults.add(values.given("app_id"), "app_id", wrong);
                None
            }
        },
        (None, Some(name)) => Some(App::Named { name, id: OnceLock::new() }),
        (None, None) => {
            faults.add(None, "app_id", "is missing: set `app_id` or `app_name`, or the variable DIGITALOCEAN_APP_ID");
            None
        }
    };
    let service = Service {
        entry: &ENTRY,
        base: None,
        credentials: vec![("authorization", bearer(&token?))],
        sign_in: None,
        reset: Reset("ratelimit-reset"),
        limits_each_endpoint: false,
        request_id: "x-request-id",
        words,
        scope: String::new(),
    };
    Some((Box::new(DigitalOcean { app: app? }), service))
}

fn words(response: &Response) -> Words {
    let body = response.json();
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    Words { message: text("message"), request_id: text("request_id"), ..Words::default() }
}

impl DigitalOcean {
    fn app(&self) -> &str {
        match &self.app {
            App::Id(id) => id.as_str(),
            App::Named { id, name } => id.get().map_or(name, Id::as_str),
        }
    }

    fn call(&self, method: Method, id: &str, action: &str) -> Call {
        let cancel = if method == Method::Post { "/cancel" } else { "" };
        let path = format!("/v2/apps/{}/deployments/{}{cancel}", segment(self.app()), segment(id));
        Call::new(method, path, action)
    }

    async fn read(&self, api: &Api, id: &str, read: Read) -> Result<Option<Deployment>, Failure> {
        let answer = api.send(self.call(Method::Get, id, "read the deployment")).await;
        let reply = present(answer, read)?;
        reply.map(|reply| self.deployment(id, &reply)).transpose()
    }

    fn deployment(&self, id: &str, reply: &Reply) -> Result<Deployment, Failure> {
        let body: Envelope<Wire> = reply.json()?;
        let wire = body.deployment.ok_or_else(|| reply.unreadable("without a deployment"))?;
        if !is_same(id, &wire.id) {
            return Err(reply.unreadable("about another deployment"));
        }
        Ok(wire.tell(self.app()))
    }

    /// Which of the two ids was wrong: the API's 404 does not say.
    async fn missing(&self, api: &Api, id: &str) -> String {
        let app = self.app();
        match self.app_is_there(api).await {
            Ok(true) => format!("App {app} has no deployment {id}; check `deployment_id`."),
            Ok(false) => self.no_app(),
            Err(_) => format!(
                "There is no deployment {id} in an app {app} for this token; check `deployment_id` and `app_id`."
            ),
        }
    }

    fn no_app(&self) -> String {
        match &self.app {
            App::Id(id) => format!("There is no app {} for this token; check `app_id`.", id.as_str()),
            App::Named { name, .. } => {
                format!("There is no app named {name} for this token; check `app_name`.")
            }
        }
    }

    /// Whether the app exists. One given by name was looked up before anything else.
    async fn app_is_there(&self, api: &Api) -> Result<bool, Failure> {
        let App::Id(id) = &self.app else {
            return Ok(true);
        };
        let call = Call::get(format!("/v2/apps/{}", id.segment()), "read the app");
        match api.send(call).await {
            Ok(reply) => {
                let found: AppEnvelope = reply.json()?;
                if is_same(id.as_str(), &found.app.id) { Ok(true) } else { Err(reply.unreadable("about another app")) }
            }
            Err(failure) if is_missing(&failure, Read::First) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// One page of the app's deployments, and whether there is another.
    async fn page_of_deployments(&self, api: &Api, page: Page) -> Result<(Vec<Deployment>, bool), Failure> {
        let path = format!("/v2/apps/{}/deployments", segment(self.app()));
        let reply = api.send(paged(Call::get(path, "list the deployments"), page)).await?;
        let body: Deployments = reply.json()?;
        let more = has_more(body.links.as_ref(), page, &reply)?;
        let deployments =
            body.tell(self.app()).ok_or_else(|| reply.unreadable("with a deployment without an id or a phase"))?;
        Ok((deployments, more))
    }
}

/// One page of apps, and whether there is another.
async fn page_of_apps(api: &Api, page: Page) -> Result<(Vec<AppWire>, bool), Failure> {
    let reply = api.send(paged(Call::get("/v2/apps", "list the apps"), page)).await?;
    let body: Apps = reply.json()?;
    let more = has_more(body.links.as_ref(), page, &reply)?;
    Ok((body.apps.unwrap_or_default(), more))
}

fn paged(call: Call, page: Page) -> Call {
    call.query("page", page.number.to_string()).query("per_page", page.size.to_string())
}

fn has_more(links: Option<&Links>, page: Page, reply: &Reply) -> Result<bool, Failure> {
    let next = links.and_then(Links::next);
    let leads_on = next.map(|next| leads_on(next, page)).transpose();
    leads_on.map(|next| next.is_some()).map_err(|wrong| reply.unreadable(wrong))
}

#[async_trait]
impl Platform for DigitalOcean {
    async fn enter(&self, api: &Api) -> Result<Option<String>, Failure> {
        let App::Named { name, id } = &self.app else {
            return Ok(None);
        };
        let mut paging = Paging::new(SIZES, "app_id");
        loop {
            let answer = page_of_apps(api, paging.page()).await;
            let Some((apps, more)) = paging.answer(answer)? else {
                continue;
            };
            let mut named = apps.iter().filter(|app| app.name() == Some(name));
            if let Some(Ok(found)) = named.next().map(|app| Id::parse(&app.id)) {
                id.get_or_init(|| found);
                return Ok(None);
            }
            paging.see(apps.iter().map(|app| app.id.as_str()))?;
            if !more {
                return Ok(Some(self.no_app()));
            }
            paging.turn()?;
        }
    }

    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure> {
        Ok(match self.read(api, id.as_str(), Read::First).await? {
            Some(deployment) => Found::Here(Box::new(deployment)),
            None => Found::Missing(self.missing(api, id.as_str()).await),
        })
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        match self.read(api, &known.id, Read::Later).await? {
            Some(deployment) => Ok(Found::Here(Box::new(deployment))),
            None => Ok(Found::Missing(format!("Deployment {} cannot be found any more.", known.id))),
        }
    }

    fn unseen(&self, id: &Id) -> Option<Deployment> {
        Some(Deployment::unseen(id.as_str()))
    }

    /// There is no filter by phase: in-flight deployments are recent, so a whole page without one is the end, or as many
    /// smaller ones.
    async fn list(&self, api: &Api, wanted: &Filter) -> Result<Listed, Failure> {
        let mut seen = Vec::new();
        let mut paging = Paging::new(SIZES, "deployment_id");
        let least = if wanted.ended { NEWEST } else { 0 };
        let mut calm = 0;
        loop {
            let page = paging.page();
            let answer = self.page_of_deployments(api, page).await;
            let (found, more) = match answer {
                Err(failure) if page.number == 1 && is_missing(&failure, Read::First) => {
                    return Ok(Listed::Missing(self.no_app()));
                }
                answer => match paging.answer(answer)? {
                    Some(answer) => answer,
                    None => continue,
                },
            };
            for one in &found {
                calm = if one.state.is_in_flight() { 0 } else { calm + 1 };
            }
            paging.see(found.iter().map(|one| one.id.as_str()))?;
            seen.extend(found);
            if !more || (calm >= WHOLE_PAGE && seen.len() >= least) {
                break;
            }
            paging.turn()?;
        }
        // An empty list, which may be left out altogether, does not prove that there is such an app.
        if seen.is_empty() && !self.app_is_there(api).await? {
            return Ok(Listed::Missing(self.no_app()));
        }
        Ok(Listed::Here(in_scope(seen)))
    }

    async fn cancel(&self, api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let reply = api.send(self.call(Method::Post, &known.id, "cancel the deployment")).await?;
        accepted(&reply, |body: Envelope<Wire>| {
            let own = body.deployment.filter(|wire| is_same(&known.id, &wire.id));
            own.map(|wire| wire.tell(self.app()))
        })
    }
}
