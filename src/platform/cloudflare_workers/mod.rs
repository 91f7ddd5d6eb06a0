//! Cloudflare Workers Builds, after Cloudflare's API description (cloudflare/api-schemas, tag Builds) and documentation
//! (read 2026-08).
//!
//! Three traps shape this file. A build is not a deployment: its last step is the user's deploy command, so one that was
//! canceled after that is live all the same, and what serves has to be looked at. A Worker is addressed by its tag, and
//! builds never tell its name. And only a user's own API token works: an account-owned one is called invalid.

mod back;
mod look;
mod wire;

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use self::wire::{Build, Handle, PREVIEW, PRODUCTION, STATES};
use super::addresses::{Addresses, Named, must_agree};
use super::list::{List, More, Place};
use super::names::Names;
use super::rest::{Rest, opened};
use super::scope::Scope;
use super::usual::Read;
use super::{Need, Opened, PlatformInfo, RollBack, Way, input, secret};
use crate::api::{Api, ApiError, ApiRequest, Errors, Method, Response, Service};
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::about::{About, CanRollBack, RollBackInfo};
use crate::model::answers::Conclusion;
use crate::model::deployment::{Deployment, Live, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, is_hex, segment};
use crate::model::reason::Missing;
use crate::model::roll_back::Version;
use crate::select::Select;

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "cloudflare_workers",
        name: "Cloudflare Workers Builds",
        docs: "https://developers.cloudflare.com/api/resources/workers_builds/subresources/builds/methods/cancel/",
        named_by: "`account_id` and the build's UUID, or the address of its page",
        credentials: "`token` (or CLOUDFLARE_API_TOKEN)",
        grant: "a user's API token needs Workers Builds Configuration: Edit (Workers CI Write in the API), and Workers \
                Scripts: Read for the Worker's name and for what serves",
        caveat: "Canceling stops the build. What its commands had already done stays: an uploaded or deployed version, \
                 migrations, secrets, routes. Older builds that still run are not touched, and the next queued one starts.",
        way_back: "`npx wrangler rollback VERSION_ID --name WORKER`, or open the Worker, Deployments, and choose Rollback. In \
                   CI wrangler goes past secrets that were changed since; the next build deploys as usual.",
        roll_back: CanRollBack::Yes(RollBackInfo {
            flips: true,
            in_flight_first: false,
            grant: "Workers Scripts: Edit",
            not_undone: "Migrations, and what is in KV, R2, D1, Durable Objects and queues. Secrets, routes, domains and cron \
                         triggers stay as they are.",
            stays: "The next build deploys as usual: revert the commit first.",
            warning: "",
        }),
    },
    base: "https://api.cloudflare.com/client/v4",
    inputs: &[
        secret(
            "token",
            &[("CLOUDFLARE_API_TOKEN", ""), ("CF_API_TOKEN", "")],
            "API token of a user (My Profile), not of an account, and no global key.",
        ),
        input(
            "account_id",
            &[("CLOUDFLARE_ACCOUNT_ID", ""), ("CF_ACCOUNT_ID", "")],
            "The account's id; the address of a build's page as `deployment_id` names it as well.",
        ),
        input("worker", &[], "The Worker, by name or tag: needed with `select`; beside `deployment_id` a guard."),
        input("target", &[], "Only builds for `production`, or for `preview`; beside `deployment_id` a guard."),
    ],
    needs: &[Need::All(&["token"]), Need::ForSelect(&[Way::of(&["worker"])])],
    states: STATES,
    selects: &Select::ALL,
    select_notes: &[(Select::Superseded, "yes, within trigger and branch")],
    knows_pulls: true,
    lists_tell: true,
    addresses: Addresses {
        forms: &[
            ("dash.cloudflare.com/{account_id}/workers/services/view/{name}/{}/builds/{id}", ""),
            ("dash.cloudflare.com/{}/pages", NO_PAGES),
            ("{}.pages.dev", NO_PAGES),
        ],
        wrong: "is no build's page: that is https://dash.cloudflare.com/ACCOUNT/workers/services/view/WORKER/production/builds/UUID",
        ..Addresses::USUAL
    },
    open,
    ..PlatformInfo::USUAL
};

const NO_PAGES: &str = "is the address of a deployment on Cloudflare Pages, which has no call that cancels one";
/// Whoever asks too often is shut out for this long.
const BLOCK: Duration = Duration::from_secs(300);

struct Cloudflare {
    account: Id,
    names: Names,
    worker: Option<Scope>,
    named: Named,
    /// The versions of which it is known which build they come from.
    traced: Mutex<Vec<Version>>,
}

fn open(values: &Values, faults: &mut Faults) -> Opened {
    let named = INFO.addresses.among(values, faults);
    let account = named.holder("account_id", Id::parse, values, faults);
    if account.is_none() {
        named.miss("account_id", "(or the variable CLOUDFLARE_ACCOUNT_ID)", values, faults);
    }
    // Whose tag it is only the platform knows.
    let is_name = values.get("worker").is_some_and(|worker| !is_tag(worker));
    for (name, at) in named.all_parts("name").filter(|_| is_name) {
        must_agree("worker", name, at, values, faults);
    }
    let known = |text: &str| [PRODUCTION, PREVIEW].contains(&text).then_some(()).ok_or_else(|| WRONG_TARGET.to_owned());
    values.parsed("target", faults, known);
    let token = values.secret("token")?;
    if token.expose().starts_with("cfk_") {
        let text = "is a global key, which needs X-Auth headers and may do everything: give a user's API token";
        faults.add(values.given("token"), "token", text);
    } else if token.expose().starts_with("cfat_") {
        let text =
            "`token` begins with cfat_, as an account's own do, and Workers Builds takes only a user's API token.";
        faults.warnings.push(text.to_owned());
    }
    let account = account?;
    let scripts = ApiRequest::get(format!("/accounts/{}/workers/scripts", account.segment()), "list the Workers");
    let scripts =
        List::new(scripts, "/result").numbered(Place::Query("page"), 1, More::Pages("/result_info/total_pages"));
    let names = Names::new(scripts, ["/id", "/tag"]);
    let worker = values.get("worker").map(|worker| {
        let written = if is_tag(worker) { worker.to_ascii_lowercase() } else { worker.to_owned() };
        let scope = Scope::among("Worker", "worker", written, names.clone(), is_tag).of_lists_alone();
        scope.beside("`account_id`").within(format!("account {}", account.as_str()))
    });
    let service = Service::new(&INFO.about)
        .bearer(&token)
        .blocks_for(BLOCK)
        .request_id("cf-ray")
        .errors(ERRORS)
        .scope(format_args!("account {}: check `account_id`", account.as_str()));
    opened(Cloudflare { account, names, worker, named, traced: Mutex::default() }, service)
}

/// Whether a text looks like the tag of a Worker.
fn is_tag(text: &str) -> bool {
    text.len() == 32 && is_hex(text)
}

const WRONG_TARGET: &str = "takes `production` or `preview`";

/// Answers come in an envelope that can say no inside a 2xx.
const ERRORS: Errors = Errors::at(&["/errors/0/message"])
    .code(&["/errors/0/code"])
    .in_success(|body| body.get("success") == Some(&Value::Bool(false)))
    .refined(refine)
    .hints(&[
        (
            Kind::Unauthorized,
            "Check `token` (or CLOUDFLARE_API_TOKEN). Workers Builds takes only a user's API token (My Profile, API Tokens): \
             an account-owned one is answered 401, as is a wrong or expired one; {grant}.",
        ),
        (
            Kind::Limited,
            "Too many requests: Cloudflare shuts this user out for five minutes, in the dashboard and wrangler as well. Run \
             fewer jobs at once, or allow a longer `timeout`.",
        ),
    ]);

/// The code of a refused roll back to a version that served with other secrets.
const SECRETS_CHANGED: &str = "10220";
const FORCES_NOTHING: &str = "Secrets of the Worker were changed after that version had served, and this program never \
    goes past that: see whether it works with the new ones, then run `npx wrangler rollback`, or deploy a revert.";

fn refine(_response: &Response, _body: &Value, error: &mut ApiError) {
    let (Some(message), Some(code)) = (&mut error.message, &error.code) else { return };
    *message = format!("{message} ({code})");
    error.hint = (code == SECRETS_CHANGED).then(|| FORCES_NOTHING.to_owned());
}

impl Cloudflare {
    fn path(&self, rest: &str) -> String {
        format!("/accounts/{}{rest}", self.account.segment())
    }

    /// The builds of a Worker; no order of the list is promised.
    fn builds_of(&self, tag: &str) -> List {
        let path = self.path(&format!("/builds/workers/{}/builds", segment(tag)));
        let list = List::new(ApiRequest::get(path, "list the deployments"), "/result");
        let list = list.size(Place::Query("per_page"), &[50, 10, 1]);
        list.numbered(Place::Query("page"), 1, More::Total("/result_info/total_count"))
    }

    /// The address of its page, where the Worker's name is known.
    fn page_of(&self, worker: &str, id: &str) -> String {
        let (account, worker, id) = (self.account.segment(), segment(worker), segment(id));
        format!("https://dash.cloudflare.com/{account}/workers/services/view/{worker}/production/builds/{id}")
    }
}

#[async_trait]
impl Rest for Cloudflare {
    type Wire = Value;

    fn at(&self) -> &'static str {
        "/result"
    }

    fn scope(&self) -> Option<&Scope> {
        self.worker.as_ref()
    }

    fn when_empty(&self) -> &'static str {
        "Is the Worker connected to a repository?"
    }

    fn read(&self, id: &str) -> ApiRequest {
        ApiRequest::get(self.path(&format!("/builds/builds/{}", segment(id))), "read the deployment")
    }

    fn cancel(&self, id: &str) -> ApiRequest {
        let path = self.path(&format!("/builds/builds/{}/cancel", segment(id)));
        ApiRequest::new(Method::Put, path, "cancel the deployment")
    }

    fn lists(&self) -> Vec<List> {
        self.worker.iter().map(|worker| self.builds_of(worker.as_str())).collect()
    }

    fn deployment(&self, wire: Value) -> Option<Deployment> {
        let mut told = Build(&wire).deployment()?;
        told.url = self.named.part_of(&told.id, "name").map(|worker| self.page_of(worker, &told.id));
        Some(told)
    }

    fn date(&self, told: &mut Deployment, given: Timestamp) {
        wire::date(told, given);
    }

    fn carry(&self, known: &Deployment, told: &mut Deployment) {
        wire::carry(known, told);
    }

    /// The guard `worker`.
    fn admit(&self, told: &Deployment) -> Result<(), Failure> {
        let Some(worker) = &self.worker else { return Ok(()) };
        let tag = wire::tag(told);
        worker.admits(told, tag, tag.and_then(|tag| self.names.known_name_of(tag)))
    }

    fn is_guarded(&self) -> bool {
        self.worker.is_some()
    }

    fn missing(&self, id: &str) -> Missing {
        let place = format!("in account {} for this credential", self.account.as_str());
        Missing::Deployment { id: id.to_owned(), place, check: "`deployment_id` and `account_id`".to_owned() }
    }

    async fn page(&self, api: &Api, known: &Deployment) -> Option<String> {
        let name = self.names.name_of(api, wire::tag(known)?).await.ok()??;
        Some(self.page_of(name, &known.id))
    }

    fn roll_back(&self) -> Option<&dyn RollBack> {
        Some(self)
    }

    fn without_final_details(&self) -> Conclusion {
        let text = "Whether a version of it serves could not be read, which takes Workers Scripts: Read.";
        Conclusion { sentence: Some(text.to_owned()), ..Conclusion::default() }
    }

    /// What it does not say itself: whether a preview is there, and in production whether it serves.
    async fn final_details(&self, api: &Api, ended: &Deployment) -> Result<Conclusion, Failure> {
        let is_preview = Handle::of(ended).is_preview();
        let is_built = ended.state == State::Succeeded && ended.live == Live::ByState && !is_preview;
        match ended.live {
            Live::Unknown if is_preview => {
                let now = self.fetch(api, &ended.id, Read::Later).await.ok().flatten().filter(Deployment::is_terminal);
                let now =
                    now.map(|now| Conclusion { live: Some(now.live), details: now.details, ..Conclusion::default() });
                Ok(now.unwrap_or_default())
            }
            live if live == Live::Unknown || is_built => self.look(api, ended).await,
            _ => Ok(Conclusion::default()),
        }
    }
}
