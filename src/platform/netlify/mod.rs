//! Netlify, after its OpenAPI description (netlify/open-api 2.55.0) and its command line client (netlify/cli 27.2.0, read
//! 2026-08).
//!
//! Three traps shape this file. There is no word for canceled: `error` is the end of what failed, was canceled and was left
//! out, and only its message tells which; so does one that stands still with such a message and never ends. A deploy that
//! is `ready` is not live where auto publishing is locked. And who may look but not write gets a 404 to the cancel call.

mod back;
mod wire;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use self::wire::{Build, Handle, MESSAGES, STATES, Site, Wire};
use super::addresses::{Addresses, Named, must_agree};
use super::list::{List, More, Place};
use super::paging::Sizes;
use super::rest::{Rest, opened};
use super::roll_back::RollBack;
use super::scope::Scope;
use super::usual::{self, Read};
use super::{Need, Opened, PlatformInfo, Way, input, secret};
use crate::api::{Api, ApiError, ApiRequest, Errors, Once, Response, Service};
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::about::{About, CanRollBack, RollBackInfo};
use crate::model::answers::{Conclusion, Filter};
use crate::model::deployment::{Deployment, Live, Pull, details};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, is_hex, is_uuid, segment};
use crate::model::reason::{Check, Missing};
use crate::select::Select;

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "netlify",
        name: "Netlify",
        docs: "https://open-api.netlify.com/#tag/deploy/operation/cancelSiteDeploy",
        named_by: "the deploy's id, its permalink, or the address of its page",
        credentials: "`token` (or NETLIFY_AUTH_TOKEN)",
        grant: "the token's user must be allowed to write to the site, as a Developer or Owner of its team, and where the \
                team has SAML SSO the token must have been granted access to it",
        caveat: "Canceling does not undo what the build already did (migrations, purges, notifications). The published \
                 deploy keeps serving, and the next queued build starts.",
        way_back: "open the site, Deploys, and choose Publish deploy on the last good one, then Lock to stop auto \
                   publishing, or the next push replaces it.",
        roll_back: CanRollBack::Yes(RollBackInfo {
            flips: true,
            in_flight_first: false,
            grant: "",
            not_undone: "What builds and functions did elsewhere (migrations, data, purges, notifications), and the \
                         variables that functions read.",
            stays: "The next push deploys as usual: revert it first.",
            warning: "",
        }),
    },
    base: "https://api.netlify.com/api/v1",
    inputs: &[
        secret(
            "token",
            &[("NETLIFY_AUTH_TOKEN", ""), ("NETLIFY_API_TOKEN", "")],
            "Personal access token; it can do what its user can.",
        ),
        input(
            "api_url",
            &[("NETLIFY_API_URL", "")],
            "Base URL of the API, with its version; `https`, or `http` on a loopback host.",
        ),
        input(
            "site_id",
            &[("NETLIFY_SITE_ID", "")],
            "The site's id: needed with `select`; beside `deployment_id` a guard. The variable may hold its name.",
        ),
        input("site_name", &[], "The site's name, instead of `site_id`."),
        input(
            "target",
            &[],
            "Only deploys of this context (`production`, `deploy-preview`, `branch-deploy`, a custom one); beside `deployment_id` a guard.",
        ),
    ],
    needs: &[Need::All(&["token"]), Need::ForSelect(&[Way::of(&["site_id"]), Way::of(&["site_name"])])],
    states: STATES,
    messages: MESSAGES,
    bare_path: "/api/v1",
    selects: &Select::ALL,
    select_notes: &[(Select::Superseded, "yes, within branch, context and pull request")],
    knows_pulls: true,
    lists_tell: true,
    addresses: Addresses {
        forms: &[
            ("app.netlify.com/projects/{site}/deploys/{id}", ""),
            ("app.netlify.com/sites/{site}/deploys/{id}", ""),
            ("{id}--{site}.netlify.app", ""),
            ("{id}--{site}.netlify.com", ""),
        ],
        wrong: NO_DEPLOY,
        id: |text, host| match host {
            _ if is_deploy(text) => Id::parse(&text.to_ascii_lowercase()),
            Some(_) => Err(NO_DEPLOY.to_owned()),
            // What is none of these is an id that nobody has.
            None => Id::parse(text),
        },
        ..Addresses::USUAL
    },
    open,
    ..PlatformInfo::USUAL
};

const NO_DEPLOY: &str = "names no single deploy, as an alias or a domain of a site does not: give a deploy's id, its permalink \
    (https://DEPLOY_ID--SITE.netlify.app) or the address of its page";

/// Whether a text is the id of a deploy, or of a build.
fn is_deploy(text: &str) -> bool {
    text.len() == 24 && is_hex(text)
}

/// The largest page, and smaller ones.
const SIZES: Sizes = &[100, 10, 1];
/// Our code for a 404 that is no answer of the API: nothing is there, whatever the id.
const UNROUTED: &str = "unrouted";

struct Netlify {
    site: Option<Scope>,
    /// The site was written for this program, so that it counts beside an address as well.
    is_site_written: bool,
    named: Named,
    target: Option<String>,
    repository: Once<Option<String>>,
}

fn open(values: &Values, faults: &mut Faults) -> Opened {
    let named = INFO.addresses.among(values, faults);
    for (site, at) in named.all_parts("site") {
        must_agree(if is_uuid(site) { "site_id" } else { "site_name" }, site, at, values, faults);
    }
    let is_usual = values.is_usual("site_id");
    let site = values.parsed("site_id", faults, Id::parse).filter(|_| !(is_usual && named.all_have("site")));
    let site = match (values.get("site_name"), site) {
        (Some(name), _) => Some(by_name("site_name", name)),
        (None, Some(name)) if is_usual && !is_uuid(name.as_str()) => Some(by_name("site_id", name.as_str())),
        (None, Some(id)) => {
            let read = ApiRequest::get(format!("/sites/{}", id.segment()), "read the site");
            Some(Scope::by_id("site", "site_id", id, read, "/id").of_lists_alone())
        }
        (None, None) => None,
    };
    let service = Service::new(&INFO.about).bearer(&values.secret("token")?).errors(ERRORS);
    let netlify = Netlify {
        site,
        is_site_written: !is_usual,
        named,
        target: values.get("target").map(str::to_owned),
        repository: Once::new(),
    };
    opened(netlify, service)
}

/// The platform's own filter finds parts of names as well.
fn by_name(input: &'static str, name: &str) -> Scope {
    let call = ApiRequest::get("/sites", "list the sites").query("name", name).query("filter", "all");
    let sites = paged(call).instead("site_id");
    Scope::by_name("site", input, name.to_owned(), sites, ["/name", "/id"]).told_apart_by("`site_id`").of_lists_alone()
}

/// A list of this API is a bare array, whose next page a header tells.
fn paged(call: ApiRequest) -> List {
    List::new(call, "").size(Place::Query("per_page"), SIZES).numbered(Place::Query("page"), 1, More::LinkHeader)
}

const ERRORS: Errors = Errors::at(&["/message"]).refined(refine).hints(&[
    (
        Kind::Unauthorized,
        "Check `token` (or NETLIFY_AUTH_TOKEN): it is wrong or revoked; to reset a password revokes all tokens of a user.",
    ),
    (
        Kind::Forbidden,
        "The credential needs more rights: {grant}. The account's credit may be used up as well.",
    ),
    (
        Kind::Limited,
        "Too many requests: Netlify allows 500 a minute for everything that this token does; run fewer jobs at once, or \
         allow a longer `timeout`.",
    ),
]);

fn refine(response: &Response, body: &Value, error: &mut ApiError) {
    if response.status == 404 && !body.is_object() {
        error.code = Some(UNROUTED.to_owned());
        let hint = "Check `api_url` (or NETLIFY_API_URL): nothing of Netlify's API is there; it ends with /api/v1.";
        error.hint = Some(hint.to_owned());
    }
}

impl Netlify {
    /// A site, and when the answer was given.
    async fn site_of(&self, api: &Api, id: &str) -> Result<(Site, Option<Timestamp>), Failure> {
        let reply = api.send(ApiRequest::get(format!("/sites/{}", segment(id)), "read the site")).await?;
        Ok((reply.about(id, |site: &Site| &site.id)?, reply.date))
    }
}

#[async_trait]
impl Rest for Netlify {
    type Wire = Wire;

    fn scope(&self) -> Option<&Scope> {
        self.site.as_ref()
    }

    fn read(&self, id: &str) -> ApiRequest {
        ApiRequest::get(format!("/deploys/{}", segment(id)), "read the deployment")
    }

    fn cancel(&self, id: &str) -> ApiRequest {
        ApiRequest::cancel(format!("/deploys/{}/cancel", segment(id)))
    }

    /// Without the filter by state, which takes one word, and twelve are in flight; no order of the list is promised.
    fn lists(&self) -> Vec<List> {
        let list = |site: &Scope| {
            paged(ApiRequest::get(format!("/sites/{}/deploys", segment(site.as_str())), "list the deployments"))
        };
        self.site.iter().map(list).collect()
    }

    fn deployment(&self, wire: Wire) -> Option<Deployment> {
        let mut told = wire.deployment()?;
        let wanted = self.target.as_ref().zip(told.target.as_ref());
        if let Some((wanted, _)) = wanted.filter(|(wanted, own)| wanted.eq_ignore_ascii_case(own)) {
            told.target = Some(wanted.clone());
        }
        Some(told)
    }

    fn date(&self, told: &mut Deployment, given: Timestamp) {
        wire::date(told, given);
    }

    fn is_missing(&self, failure: &Failure, read: Read) -> bool {
        failure.code.as_deref() != Some(UNROUTED) && usual::is_missing(failure, read)
    }

    /// The guards `site_id` and `site_name`, and the site that an address names.
    fn admit(&self, told: &Deployment) -> Result<(), Failure> {
        let own = Handle::of(told);
        let is_addressed = self.named.part_of(&told.id, "site").is_some();
        for site in self.named.pages_of(&told.id).filter_map(|page| page.get("site")) {
            let found = if is_uuid(site) { &own.site } else { &own.name };
            if !found.get().is_some_and(|found| site.eq_ignore_ascii_case(found)) {
                return Err(Check::not_of(&told.id, ("site", "deployment_id"), found.0.clone(), site.to_owned()).into());
            }
        }
        match &self.site {
            Some(scope) if !is_addressed || self.is_site_written => scope.admits(told, own.site.get(), own.name.get()),
            _ => Ok(()),
        }
    }

    fn is_guarded(&self) -> bool {
        self.site.is_some() || !self.named.pages.is_empty()
    }

    /// A build's id looks like a deploy's.
    async fn explain_missing(&self, api: &Api, id: &str) -> Missing {
        let read = async {
            let reply = api.send(ApiRequest::get(format!("/builds/{}", segment(id)), "read the build")).await.ok()?;
            let build: Build = reply.at("").ok()??;
            build.deploy_id.0.filter(|deployment| build.id.get() == Some(id) && is_deploy(deployment))
        };
        let deployment = if is_deploy(id) { read.await } else { None };
        deployment.map_or_else(|| self.missing(id), |deployment| Missing::Build { id: id.to_owned(), deployment })
    }

    fn roll_back(&self) -> Option<&dyn RollBack> {
        Some(self)
    }

    /// Whose branch a preview has only the number of its pull request tells, and the repository that the site follows.
    async fn complete(&self, api: &Api, told: &mut [Deployment], wanted: &Filter) -> Result<(), Failure> {
        let review = |one: &Deployment| Handle::of(one).review;
        let site = told.iter().find(|one| review(one).is_some()).and_then(|one| Handle::of(one).site.0);
        let Some(site) = site.filter(|_| wanted.pulls) else {
            return Ok(());
        };
        let read = || async { Ok::<_, Failure>(self.site_of(api, &site).await?.0.repository()) };
        let Some(base) = self.repository.get_or_try_init(read).await? else {
            return Ok(());
        };
        for one in told {
            let pull = review(one).map(|number| Pull { base: base.clone(), number });
            one.sources.iter_mut().for_each(|source| source.pull.clone_from(&pull));
        }
        Ok(())
    }

    /// Who ended it; and of one that is built, not published as far as it says itself, what the site says.
    async fn final_details(&self, api: &Api, ended: &Deployment) -> Result<Conclusion, Failure> {
        let own = Handle::of(ended);
        let (Live::Unknown, Some(site)) = (ended.live, own.site.get()) else {
            return Ok(Conclusion { sentence: own.story.0, ..Conclusion::default() });
        };
        let published = self.site_of(api, site).await?.0.published_deploy.0.unwrap_or_default();
        let is_production = ended.target.is_some();
        Ok(match published.id.get() {
            Some(id) if id == ended.id => Conclusion { live: Some(Live::ByState), ..Conclusion::default() },
            Some(id) if is_production => Conclusion {
                live: Some(Live::Unpublished),
                details: details([("published", Some(false))]),
                sentence: Some(match published.locked.0 {
                    Some(true) => format!("Auto publishing is locked, and {id} stays published."),
                    _ => format!("{id} is published."),
                }),
                ..Conclusion::default()
            },
            _ => Conclusion::default(),
        })
    }
}
