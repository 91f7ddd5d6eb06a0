//! Vercel, after its OpenAPI description (vercel/sdk 1.28.35) and the limits page of its documentation (read 2026-08).
//!
//! A 400 or 409 to the cancel call is ordinary: it means that the deployment is no longer cancelable, and only a read
//! tells why. A wrong token is answered with 403, not 401. Ids, host names and dashboard addresses all name deployments.

mod back;
mod wire;

use std::sync::OnceLock;

use async_trait::async_trait;
use serde_json::Value;

use self::wire::{Handle, STATES, Team, Wire};
use super::addresses::{Addresses, Named};
use super::list::{List, Place};
use super::paging::Sizes;
use super::rest::{Rest, opened};
use super::roll_back::RollBack;
use super::scope::Scope;
use super::usual::{Read, present};
use super::{Need, Opened, PlatformInfo, Way, input, secret};
use crate::api::wire::Many;
use crate::api::{Api, ApiError, ApiRequest, CANCEL, Errors, Method, Response, Service};
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::about::{About, CanRollBack, RollBackInfo};
use crate::model::answers::Filter;
use crate::model::deployment::Deployment;
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same, segment};
use crate::model::memory::Memory;
use crate::model::reason::{Check, Missing};
use crate::select::Select;

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "vercel",
        name: "Vercel",
        docs: "https://vercel.com/docs/rest-api/reference/endpoints/deployments/cancel-a-deployment",
        named_by: "the deployment's id, its URL or host name, or its dashboard address",
        credentials: "`token` (or VERCEL_TOKEN)",
        grant: "the token must belong to a member of the team who may change deployments",
        caveat: "What was live before stays live. Anything the build itself already did elsewhere is not undone, and a \
                 canceled deployment cannot be resumed: deploy again.",
        way_back: "run `vercel rollback`, or open the project and choose Instant Rollback.",
        roll_back: CanRollBack::Yes(RollBackInfo {
            flips: true,
            in_flight_first: false,
            grant: "the role of an Owner, Member or Developer of the team, or full production permission in the project",
            not_undone: "Migrations and data. The variables and the crons are those of the earlier build.",
            stays: "New pushes are built and do not go live until somebody promotes one of them: `vercel promote`.",
            warning: "After a roll back on Vercel new pushes will not go live until a promote: run `vercel promote` once the fix is built.",
        }),
    },
    base: "https://api.vercel.com",
    inputs: &[
        secret("token", &[("VERCEL_TOKEN", "")], "Access token with access to the team."),
        input(
            "team_id",
            &[("VERCEL_TEAM_ID", ""), ("VERCEL_ORG_ID", "team_")],
            "The team's id; without a team the token's own account is meant.",
        ),
        input("team_slug", &[], "The team's slug, instead of `team_id`."),
        input(
            "target",
            &[],
            "Only deployments to this target (`production`, `preview`, a custom environment); beside `deployment_id` a guard.",
        ),
        input(
            "project_id",
            &[("VERCEL_PROJECT_ID", "")],
            "The project, id or name: needed with `select`; beside `deployment_id` another project's deployment is refused.",
        ),
    ],
    needs: &[
        Need::All(&["token"]),
        Need::AtMostOneOf(&[Way::of(&["team_id"]), Way::of(&["team_slug"])]),
        Need::ForSelect(&[Way::of(&["project_id"])]),
    ],
    states: STATES,
    selects: &Select::ALL,
    knows_forks: true,
    lists_tell: true,
    addresses: Addresses {
        forms: &[
            ("vercel.com/{team_slug}/{project}/{id}", ""),
            ("vercel.com", "is a dashboard address without a deployment; it ends with /team/project/deployment"),
            ("{id}", ""),
        ],
        id: |text, host| match host {
            None => Id::parse(text),
            Some(host) if host != text => Id::parse(&format!("dpl_{}", text.strip_prefix("dpl_").unwrap_or(text))),
            Some(host) if is_host(host) && !host.contains(':') => Id::parse(host),
            Some(_) => Err("is a URL without the host name of a deployment".to_owned()),
        },
        ..Addresses::USUAL
    },
    open,
    ..PlatformInfo::USUAL
};

/// Whether an id is a host name: an id of Vercel's has no dot.
fn is_host(id: &str) -> bool {
    id.contains('.')
}

/// The largest page of a list, and smaller ones.
const SIZES: Sizes = &[100, 10, 1];
/// The versions of the list, which take the same parameters: the newest first, and one for where that is not there.
const VERSIONS: [&str; 2] = ["v7", "v6"];
/// Every documented state in flight.
const IN_FLIGHT: &str = "QUEUED,INITIALIZING,BUILDING,BLOCKED";
/// The targets that are no custom environments.
const TARGETS: [&str; 3] = ["production", "preview", "staging"];

struct Vercel {
    team: Option<Team>,
    project: Option<Scope>,
    /// The project was written for this program, so that it counts beside an address as well.
    is_project_written: bool,
    named: Named,
    /// The wanted target, and the id of the custom environment of that name once it is known.
    target: Option<String>,
    environment: OnceLock<String>,
}

fn open(values: &Values, faults: &mut Faults) -> Opened {
    let named = INFO.addresses.among(values, faults);
    let addressed = named.only_one("team_slug", values, faults);
    let id = values.parsed("team_id", faults, Id::parse);
    let slug = values.parsed("team_slug", faults, Id::parse);
    let team = match (addressed.filter(|_| values.is_usual("team_id")), id, slug) {
        (Some(slug), ..) => Some(("slug", slug.to_ascii_lowercase())),
        (None, Some(id), _) => Some(("teamId", id.as_str().to_owned())),
        (None, None, slug) => slug.map(|slug| ("slug", slug.as_str().to_owned())),
    };
    // Only ids are compared: a deployment carries the name that its project had on the day it was made.
    let place = team.as_ref().map_or_else(|| "the token's own account".to_owned(), |(_, team)| format!("team {team}"));
    let is_usual = values.is_usual("project_id");
    let project = values.parsed("project_id", faults, Id::parse).filter(|_| !(is_usual && named.all_have("project")));
    let project = project.map(|written| {
        let read = ApiRequest::get(format!("/v9/projects/{}", written.segment()), "read the project");
        let read = in_team(read.endpoint("project"), team.as_ref());
        Scope::by_either("project", "project_id", written, read, ["/id", "/name"])
            .ids_begin("prj_")
            .beside("`team_id` and `team_slug`")
            .within(place)
            .of_lists_alone()
    });
    let service = Service::new(&INFO.about)
        .bearer(&values.secret("token")?)
        .limits_each_endpoint()
        .request_id("x-vercel-id")
        .errors(Errors::at(&["/error/message", "/err/message", "/message"]).refined(refine))
        .scope(match &team {
            Some((_, team)) => format!("team {team}: check `team_id` and `team_slug`"),
            None => "the token's own account: for a team's deployment, give `team_id` or `team_slug`".to_owned(),
        });
    let target = values.get("target").map(str::to_owned);
    let vercel = Vercel { team, project, is_project_written: !is_usual, named, target, environment: OnceLock::new() };
    opened(vercel, service)
}

fn in_team(call: ApiRequest, team: Option<&Team>) -> ApiRequest {
    if let Some((name, team)) = team { call.query(name, team.as_str()) } else { call }
}

/// Errors come as `{"error": {…}}`, `{"err": {…}}` or bare.
fn refine(_response: &Response, body: &Value, error: &mut ApiError) {
    let inner = body.get("error").or_else(|| body.get("err")).filter(|inner| inner.is_object()).unwrap_or(body);
    let flag = |name: &str| inner.get(name).and_then(Value::as_bool).unwrap_or(false);
    let unauthorized = inner.get("code").and_then(Value::as_str) == Some("team_unauthorized");
    // The documents show the same words for a bad token and for a token without access to the team.
    let not_authorized = error.message.as_ref().is_some_and(|message| message.starts_with("Not authorized"));
    let flagged = ["invalidToken", "missingToken", "saml"].into_iter().any(flag);
    error.credential_refused = flagged || unauthorized || not_authorized;
    if flag("saml") {
        let hint = "This team wants a sign-in with SAML: sign in to it that way, make a new token after that, and give it \
                    as `token` (or VERCEL_TOKEN).";
        error.hint = Some(hint.to_owned());
    }
}

impl Vercel {
    fn call(&self, method: Method, path: String, action: &str, endpoint: &'static str) -> ApiRequest {
        in_team(ApiRequest::new(method, path, action).endpoint(endpoint), self.team.as_ref())
    }

    /// The wanted target, if it may be the name of a custom environment.
    fn wanted_environment(&self) -> Option<&str> {
        self.target.as_deref().filter(|wanted| !TARGETS.contains(wanted))
    }

    /// Tells the target by its name where only the environment's id was told, and that is known to be the wanted one's.
    fn name_environment(&self, told: &mut Deployment) {
        let mut handle = Handle::of(told);
        if let Some(wanted) = self.wanted_environment()
            && handle.environment.0.as_ref().is_some_and(|id| self.environment.get() == Some(id))
        {
            told.target = Some(wanted.to_owned());
            handle.environment.0 = None;
            told.handle = Memory::of(handle);
        }
    }

    /// The id of the custom environment with that name, as the newest deployments to it tell.
    async fn environment_of(&self, api: &Api, project: &str, name: &str) -> Result<Option<String>, Failure> {
        for version in VERSIONS {
            let path = format!("/{version}/deployments");
            let call = self.call(Method::Get, path, "list the deployments to the target", "list");
            let call = call.query("projectId", project).query("target", name).query("limit", "10");
            // Where it says that there is no such thing, nobody deployed to such an environment.
            let Some(reply) = present(api.send(call).await, Read::First)? else {
                continue;
            };
            let items: Option<Many<Wire>> = reply.at("/deployments")?;
            let items = items.ok_or_else(|| reply.unreadable("without a list"))?;
            return one_environment(&items.0, name).map_err(|wrong| reply.unreadable(wrong));
        }
        Ok(None)
    }
}

/// The environment to which all of these go, whose name the platform was asked for; a filter that let others through
/// cannot be believed.
fn one_environment(items: &[Wire], name: &str) -> Result<Option<String>, &'static str> {
    let mut ids = items.iter().map(|item| item.environment_named(name));
    let Some(first) = ids.next() else {
        return Ok(None);
    };
    if first.is_none() || ids.any(|id| id != first) {
        return Err("with deployments to other targets than asked for");
    }
    Ok(first.map(str::to_owned))
}

#[async_trait]
impl Rest for Vercel {
    type Wire = Wire;

    fn scope(&self) -> Option<&Scope> {
        self.project.as_ref()
    }

    fn read(&self, id: &str) -> ApiRequest {
        let path = format!("/v13/deployments/{}", segment(id));
        self.call(Method::Get, path, "read the deployment", "get").query("withGitRepoInfo", "true")
    }

    fn cancel(&self, id: &str) -> ApiRequest {
        let path = format!("/v12/deployments/{}/cancel", segment(id));
        self.call(Method::Patch, path, "cancel the deployment", CANCEL)
    }

    fn lists(&self) -> Vec<List> {
        let list = |project: &Scope| {
            VERSIONS.map(|version| {
                let path = format!("/{version}/deployments");
                let call = self.call(Method::Get, path, "list the deployments", "list");
                List::new(call.query("projectId", project.as_str()), "/deployments")
                    .size(Place::Query("limit"), SIZES)
                    .cursor(Place::Query("until"), "/pagination/next")
                    .back_in_time()
                    .in_flight("state", IN_FLIGHT)
            })
        };
        self.project.iter().flat_map(list).collect()
    }

    fn deployment(&self, wire: Wire) -> Option<Deployment> {
        let url = wire.page(self.team.as_ref());
        let mut told = wire.deployment(url)?;
        self.name_environment(&mut told);
        Some(told)
    }

    /// A host name stands for a deployment only if it is the deployment's own, and `dpl_` may be left out of an id.
    fn is_same(&self, asked: &str, told: &Deployment) -> Result<bool, Failure> {
        if !is_host(asked) {
            return Ok(is_same(asked, &told.id) || told.id.strip_prefix("dpl_") == Some(asked));
        }
        let Handle { host, .. } = Handle::of(told);
        let (own, id) = (host.or_empty(), &told.id);
        if own.eq_ignore_ascii_case(asked) {
            return Ok(true);
        }
        Err(Check::Alias { written: asked.to_owned(), id: id.clone(), host: own.to_owned() }.into())
    }

    /// The guard `project_id`: an answer that does not name its project does not pass.
    fn admit(&self, told: &Deployment) -> Result<(), Failure> {
        let own = Handle::of(told);
        let counts = self.is_project_written || self.named.part_of(&told.id, "project").is_none();
        let project = self.project.as_ref().filter(|_| counts);
        project.map_or(Ok(()), |project| project.admits(told, own.project.get(), own.name.get()))
    }

    fn is_guarded(&self) -> bool {
        self.project.is_some()
    }

    /// Without a team it was looked for in the token's own account, which is where most of those are not.
    fn missing(&self, id: &str) -> Missing {
        let (place, check) = match &self.team {
            Some((_, team)) => (format!("for this token in team {team}"), "`deployment_id`, `team_id` and `team_slug`"),
            None => (
                "for this token in the token's own account".to_owned(),
                "`deployment_id`, and give `team_id` or `team_slug` if it belongs to a team",
            ),
        };
        Missing::Deployment { id: id.to_owned(), place, check: check.to_owned() }
    }

    /// A host name cannot be asked to be canceled.
    fn without_reading(&self, id: &Id) -> Option<Deployment> {
        (!is_host(id.as_str())).then(|| Deployment::without_reading(id.as_str()))
    }

    fn roll_back(&self) -> Option<&dyn RollBack> {
        Some(self)
    }

    /// Names the environment where only its id was told: the platform's own filter knows the name.
    async fn complete(&self, api: &Api, told: &mut [Deployment], _wanted: &Filter) -> Result<(), Failure> {
        let Some(wanted) = self.wanted_environment() else {
            return Ok(());
        };
        let nameless = told.iter().map(Handle::of).find(|one| one.environment.get().is_some_and(|id| id != wanted));
        let project = nameless.and_then(|one| one.project.0);
        if let Some(project) = project
            && self.environment.get().is_none()
            && let Some(id) = self.environment_of(api, &project, wanted).await?
        {
            self.environment.get_or_init(|| id);
        }
        told.iter_mut().for_each(|one| self.name_environment(one));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::wire;
    use crate::model::deployment::State;

    fn vercel() -> Vercel {
        Vercel {
            team: Some(("slug", "acme".to_owned())),
            project: None,
            is_project_written: false,
            named: Named::default(),
            target: None,
            environment: OnceLock::new(),
        }
    }

    #[test]
    fn a_refused_credential_is_told_from_a_missing_right() {
        for (body, refused) in [
            (json!({ "error": { "code": "forbidden", "message": "Not authorized", "invalidToken": true } }), true),
            (json!({ "code": "forbidden", "message": "missing", "missingToken": true }), true),
            (json!({ "err": { "code": "team_unauthorized", "message": "You are not authorized" } }), true),
            (json!({ "error": { "code": "forbidden", "message": "You don't have permission to cancel." } }), false),
            (json!("text"), false),
        ] {
            let mut error = ApiError::default();
            refine(&Response::default(), &body, &mut error);
            assert_eq!(error.credential_refused, refused, "{body}");
        }
    }

    fn told(body: Value) -> Deployment {
        vercel().deployment(wire::of(&body).unwrap()).unwrap()
    }

    #[test]
    fn states_notes_and_sources_are_read() {
        let one = told(json!({
            "id": "dpl_1", "readyState": "CANCELED", "errorMessage": "skipped", "target": "production",
            "gitSource": { "ref": "main", "sha": "abc", "type": "github" }, "createdAt": 1_740_495_809_875_i64,
        }));
        assert_eq!((one.state, one.note.as_deref()), (State::Canceled, Some("skipped")));
        assert_eq!((one.branch.as_deref(), one.target.as_deref()), (Some("main"), Some("production")));
        assert_eq!(one.created.map(|time| time.to_string()).as_deref(), Some("2025-02-25T15:03:29.875Z"));
        let two =
            told(json!({ "id": "dpl_1", "status": "DELETED", "target": null, "meta": { "gitlabCommitRef": "dev" } }));
        assert!(two.is_terminal() && two.state == State::Unknown);
        assert_eq!((two.branch.as_deref(), two.target.as_deref()), (Some("dev"), Some("preview")));
        for (word, state) in INFO.states.iter().copied().chain([("FROZEN", State::Unknown)]) {
            assert_eq!(told(json!({ "id": "dpl_1", "readyState": word })).state, state, "{word}");
        }
    }
}
