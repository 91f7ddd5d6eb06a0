//! Render, after the public API description that its own clients are generated from (render-oss/sdk and render-oss/cli,
//! read 2026-08).
//!
//! Three traps shape this file. No deploy can be reached without its service's id, so that is needed with every
//! `deployment_id` but a dashboard address, which names both. A cancel lets the next deploy of the queue start at once,
//! so what waits is asked before what runs. And `deactivated` is a former success: seen first it is over and replaced,
//! but after a cancel request it went live.

mod back;
mod wire;

use std::sync::OnceLock;

use async_trait::async_trait;

use self::wire::{STATES, Wire};
use super::addresses::Addresses;
use super::list::{List, Place};
use super::paging::Sizes;
use super::rest::{Rest, opened};
use super::scope::Scope;
use super::{Need, Opened, PlatformInfo, RollBack, Way, input, secret};
use crate::api::wire::{Text, fields};
use crate::api::{Api, ApiRequest, Errors, Reset, Service};
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::about::{About, CanRollBack, RollBackInfo};
use crate::model::answers::Filter;
use crate::model::deployment::{Deployment, Source};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, segment};
use crate::model::reason::Missing;
use crate::select::Select;

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "render",
        name: "Render",
        docs: "https://api-docs.render.com/reference/cancel-deploy",
        named_by: "`service_id` or `service_name`, and the deploy's id; or the address of its page",
        credentials: "`token` (or RENDER_API_KEY)",
        grant: "the key's owner must be allowed to deploy the service, and a scoped key needs the permission to change \
                services and their deploys, not only to read them",
        caveat: "Canceling does not undo the pre-deploy command (migrations, for example), and starts a waiting deploy \
                 at once; the last live deploy keeps serving.",
        way_back: "open the service, Events, and roll back to the deploy before it, which also switches auto-deploy off.",
        roll_back: CanRollBack::Yes(RollBackInfo {
            flips: false,
            in_flight_first: false,
            grant: "",
            not_undone: "The pre-deploy command (migrations, for example), data and disks stay as they are, and so do \
                         the service's own settings.",
            stays: "The next push deploys as usual: revert it first. The deploy that puts it back has the commands and \
                    variables of the earlier one.",
            warning: "",
        }),
    },
    base: "https://api.render.com/v1",
    inputs: &[
        secret("token", &[("RENDER_API_KEY", "")], "API key, scoped to the workspace or not."),
        input(
            "api_url",
            &[("RENDER_HOST", "")],
            "Base URL of the API, with its version; `https`, or `http` on a loopback host.",
        ),
        input(
            "service_id",
            &[("RENDER_SERVICE_ID", "")],
            "The service's id; a dashboard address as `deployment_id` names it as well.",
        ),
        input("service_name", &[], "The service's name, instead of `service_id`."),
        input(
            "owner_id",
            &[("RENDER_OWNER_ID", ""), ("RENDER_WORKSPACE", "")],
            "The workspace's id, where the key reaches several that have a service of that name.",
        ),
    ],
    needs: &[
        Need::All(&["token"]),
        Need::ForSelect(&[Way::of(&["service_id"]), Way::of(&["service_name"]).with(&["owner_id"])]),
    ],
    states: STATES,
    selects: &[Select::Latest, Select::Commit, Select::Superseded, Select::All],
    select_notes: &[(Select::Superseded, "yes, within the service"), (Select::All, "what waits, then what runs")],
    no_select: "its deploys carry no branch, as one service follows one branch; choose the service, or use `select: commit`",
    one_group: true,
    lists_tell: true,
    addresses: Addresses {
        forms: &[("dashboard.render.com/{kind}/{service_id}/deploys/{id}", "")],
        wrong: "is no address of a deploy: its page is https://dashboard.render.com/web/srv-…/deploys/dep-…",
        marks: &['/'],
        ..Addresses::USUAL
    },
    open,
    ..PlatformInfo::USUAL
};

/// The largest page, and smaller ones.
const SIZES: Sizes = &[100, 10, 1];

struct Render {
    service: Scope,
    /// The service in the address, where another input names one as well: both have to be the same.
    addressed: Option<Id>,
    /// How the dashboard's addresses call the service's type.
    kind: String,
    /// A deploy tells no branch, so its service has to, where one is written as a guard.
    needs_branch: bool,
    followed: OnceLock<Followed>,
}

fields! {
    /// What the service tells of all its deploys.
    struct Followed {
        id: Text,
        kind as "type": Text,
        branch: Text,
    }
}

/// How the id of a cron job begins, which is a service like others in every other way.
const CRON_JOB: &str = "crn-";
const NO_CRON_JOB: &str = "is a cron job, and Render does not cancel the deploys of cron jobs";

fn service_id(text: &str) -> Result<Id, String> {
    if text.starts_with(CRON_JOB) { Err(NO_CRON_JOB.to_owned()) } else { Id::parse(text) }
}

fn open(values: &Values, faults: &mut Faults) -> Opened {
    let named = INFO.addresses.among(values, faults);
    let id = named.holder("service_id", service_id, values, faults);
    let (service, id) = match (values.get("service_name"), id) {
        (Some(name), id) => (by_name(name, values.get("owner_id")), id),
        (None, Some(id)) => {
            let read = ApiRequest::get(format!("/services/{}", id.segment()), "read the service");
            let service = Scope::by_id("service", "service_id", id, read, "/id");
            (service.beside("and that a scoped key is of its workspace"), None)
        }
        (None, None) => {
            // What `select` needs is said there.
            if values.given("select").is_none() {
                named.miss("service_id", "(or the variable RENDER_SERVICE_ID) or `service_name`", values, faults);
            }
            return None;
        }
    };
    let kind = named.pages.first().and_then(|page| page.get("kind")).map_or_else(|| "web".to_owned(), segment);
    let api = Service::new(&INFO.about)
        .bearer(&values.secret("token")?)
        .rate_limit(Reset("ratelimit-reset"))
        .request_id("render-request-id")
        .errors(Errors::at(&["/message"]))
        .scope(format_args!("{}; a scoped key sees one workspace", service.name()));
    let needs_branch = values.given("branch").is_some();
    opened(Render { service, addressed: id, kind, needs_branch, followed: OnceLock::new() }, api)
}

/// A name is unique within a workspace, and a key may reach several.
fn by_name(name: &str, owner: Option<&str>) -> Scope {
    let call = ApiRequest::get("/services", "list the services").query("name", name);
    let call = owner.iter().fold(call, |call, owner| call.query("ownerId", *owner));
    let services = paged(call, "/service").instead("service_id");
    let service = Scope::by_name("service", "service_name", name.to_owned(), services, ["/name", "/id"]);
    let service = service.beside("`owner_id`").told_apart_by("`service_id`, or `owner_id`");
    match owner {
        Some(owner) => service.within(format!("workspace {owner}")),
        None => service,
    }
}

/// A list of this API is an array of items, each with its cursor.
fn paged(call: ApiRequest, item: &'static str) -> List {
    List::new(call, "").each(item).size(Place::Query("limit"), SIZES).cursor_of_item(Place::Query("cursor"), "/cursor")
}

impl Render {
    fn path(&self) -> String {
        format!("/services/{}", segment(self.service.as_str()))
    }

    fn deploys(&self) -> String {
        format!("{}/deploys", self.path())
    }

    /// Adds what the service tells, as far as it was read: its branch, and the page, which has its type in it. Without
    /// that the tools of Render say `web` as well.
    fn tell_service(&self, told: &mut Deployment) {
        let none = Followed::default();
        let service = self.followed.get().unwrap_or(&none);
        let kind = match service.kind.or_empty() {
            "static_site" => "static",
            "private_service" => "pserv",
            "background_worker" => "worker",
            "web_service" => "web",
            _ => &self.kind,
        };
        let page = format!(
            "https://dashboard.render.com/{kind}/{}/deploys/{}",
            segment(self.service.as_str()),
            segment(&told.id)
        );
        told.url = Some(page);
        told.branch = Source::of(None, service.branch.get(), None).branch;
    }

    /// Reads the service, once: all its deploys follow its branch.
    async fn follow(&self, api: &Api) -> Result<(), Failure> {
        if self.followed.get().is_some() {
            return Ok(());
        }
        let reply = api.send(ApiRequest::get(self.path(), "read the service")).await?;
        let read = reply.about(self.service.as_str(), |service: &Followed| &service.id)?;
        self.followed.get_or_init(|| read);
        Ok(())
    }
}

#[async_trait]
impl Rest for Render {
    type Wire = Wire;

    fn scope(&self) -> Option<&Scope> {
        Some(&self.service)
    }

    fn roll_back(&self) -> Option<&dyn RollBack> {
        Some(self)
    }

    fn read(&self, id: &str) -> ApiRequest {
        ApiRequest::get(format!("{}/{}", self.deploys(), segment(id)), "read the deployment")
    }

    fn cancel(&self, id: &str) -> ApiRequest {
        ApiRequest::cancel(format!("{}/{}/cancel", self.deploys(), segment(id)))
    }

    /// Without the filter by status, which would hide a new word; no order of the list is promised.
    fn lists(&self) -> Vec<List> {
        vec![paged(ApiRequest::get(self.deploys(), "list the deployments"), "/deploy")]
    }

    fn deployment(&self, wire: Wire) -> Option<Deployment> {
        let mut told = wire.deployment()?;
        self.tell_service(&mut told);
        Some(told)
    }

    /// A name may turn out to be a cron job's, or another service's than the one in the address.
    async fn resolve_scope(&self, api: &Api) -> Result<Option<Missing>, Failure> {
        let missing = self.service.resolve(api).await?;
        let (id, name) = (self.service.as_str(), self.service.name_and_id());
        if missing.is_some() {
            return Ok(missing);
        }
        if id.starts_with(CRON_JOB) {
            return Err(Failure::own(Kind::BadInput, format!("{name} {NO_CRON_JOB}"), ""));
        }
        match self.addressed.as_ref().map(Id::as_str).filter(|addressed| *addressed != id) {
            Some(addressed) => {
                let words = format!("the address in `deployment_id` is of service {addressed}, not of {name}");
                Err(Failure::guarded(words, "Check `service_name` and `deployment_id`."))
            }
            None => Ok(None),
        }
    }

    async fn complete(&self, api: &Api, told: &mut [Deployment], _wanted: &Filter) -> Result<(), Failure> {
        if !self.needs_branch || told.is_empty() {
            return Ok(());
        }
        self.follow(api).await?;
        told.iter_mut().for_each(|one| self.tell_service(one));
        Ok(())
    }
}
