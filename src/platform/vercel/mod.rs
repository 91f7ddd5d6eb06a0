//! Vercel, after its OpenAPI description (vercel/sdk 1.28.35) and the limits page of its documentation (read 2026-08).
//!
//! A 400 or 409 to the cancel call is ordinary: it means that the deployment is no longer cancelable, and only a read
//! tells why. A wrong token is answered with 403, not 401. Ids, host names and dashboard addresses all name deployments.

mod wire;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use self::wire::{Page, ProjectWire, Wire};
use super::paging::{Paging, Sizes};
use super::usual::{Read, accepted, is_missing, present};
use super::{Platform, PlatformInfo, in_scope, input, oldest_in_flight, require, secret};
use crate::api::{Api, ApiError, CANCEL, Call, Errors, Method, Reply, Reset, Response, Service};
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::about::About;
use crate::model::answers::{Accepted, Filter, Found, Listed, NEWEST};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::Failure;
use crate::model::id::{Id, segment};
use crate::select::Select;
use crate::text::secret::{Secret, bearer};

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "vercel",
        name: "Vercel",
        docs: "https://vercel.com/docs/rest-api/reference/endpoints/deployments/cancel-a-deployment",
        credentials: "`token` (or VERCEL_TOKEN)",
        grant: "the token must belong to a member of the team who may change deployments",
        caveat: "What was live before stays live. Anything the build itself already did elsewhere is not undone, and a \
                 canceled deployment cannot be resumed: deploy again.",
        way_back: "run `vercel rollback`, or open the project and choose Instant Rollback.",
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
    alternatives: &[&[&["team_id"], &["team_slug"]]],
    states: &[
        ("QUEUED", State::Queued),
        ("INITIALIZING", State::Queued),
        ("BLOCKED", State::Queued),
        ("BUILDING", State::Running),
        ("ANALYZING", State::Running),
        ("DEPLOYING", State::Running),
        ("CANCELED", State::Canceled),
        ("READY", State::Succeeded),
        ("ERROR", State::Failed),
    ],
    selects: &Select::ALL,
    select_needs: &[&["project_id"]],
    knows_forks: true,
    lists_tell: true,
    read_id,
    open,
    ..PlatformInfo::USUAL
};

#[derive(Default, Deserialize)]
struct Given {
    token: Option<Secret>,
    team_id: Option<String>,
    team_slug: Option<String>,
    project_id: Option<String>,
    target: Option<String>,
}

/// The largest page of a list, and smaller ones.
const SIZES: Sizes = &[100, 10, 1];
/// The versions of the list, which take the same parameters: the newest first, and one for where that is not there.
const VERSIONS: [&str; 2] = ["v7", "v6"];
/// Every documented state in flight.
const IN_FLIGHT: &str = "QUEUED,INITIALIZING,BUILDING,BLOCKED";

/// One list, as it is asked for page by page.
struct Asked<'a> {
    version: &'static str,
    project: &'a str,
    states: Option<&'static str>,
    back_to: Option<Timestamp>,
    /// At least so many, if there are.
    least: usize,
}

struct Vercel {
    team: Option<(&'static str, String)>,
    project: Option<Project>,
    /// The wanted target, and the id of the custom environment of that name once it is known.
    target: Option<String>,
    environment: OnceLock<String>,
}

/// The project as it was written, and its id once it is known.
///
/// Only ids are compared: a deployment carries the name that its project had on the day it was made.
struct Project {
    written: Id,
    id: OnceLock<String>,
}

/// How ids of projects begin; whatever else is written may be a name, or an id from before.
const PROJECT: &str = "prj_";
/// The targets that are no custom environments.
const TARGETS: [&str; 3] = ["production", "preview", "staging"];

fn open(values: &Values, faults: &mut Faults) -> Option<(Box<dyn Platform>, Service)> {
    let Given { token, team_id, team_slug, project_id, target } = values.fill();
    require(&INFO, values, faults, &["token"]);
    let addressed = addressed_team(values, faults);
    let is_beaten = |name: &str| addressed.is_some() && values.is_usual(name);
    let project_id = project_id.filter(|_| !is_beaten("project_id"));
    let project = project_id.and_then(|written| match Project::read(&written) {
        Ok(project) => Some(project),
        Err(wrong) => {
            faults.add(values.given("project_id"), "project_id", wrong);
            None
        }
    });
    let (team_id, team_slug) = if is_beaten("team_id") { (None, addressed) } else { (team_id, team_slug) };
    let team_id = checked("team_id", team_id, values, faults);
    let team_slug = checked("team_slug", team_slug, values, faults);
    let team = team_id.map(|id| ("teamId", id)).or(team_slug.map(|slug| ("slug", slug)));
    let scope = match &team {
        Some((_, team)) => format!("; looked in team {team}, see `team_id` and `team_slug`"),
        None => "; looked in the token's own account: for a team's deployment give `team_id` or `team_slug`".to_owned(),
    };
    let service = Service {
        about: &INFO.about,
        base: None,
        credentials: vec![("authorization", bearer(&token?))],
        sign_in: None,
        reset: Reset("x-ratelimit-reset"),
        limits_each_endpoint: true,
        request_id: "x-vercel-id",
        errors: Errors::by(words),
        signer: None,
        scope,
    };
    Some((Box::new(Vercel { team, project, target, environment: OnceLock::new() }), service))
}

/// A team that may be named in a request.
fn checked(name: &str, team: Option<String>, values: &Values, faults: &mut Faults) -> Option<String> {
    match Id::parse(&team?) {
        Ok(team) => Some(team.as_str().to_owned()),
        Err(wrong) => {
            faults.add(values.given(name), name, wrong);
            None
        }
    }
}

/// The team's slug that the addresses name, where all deployments are given by their addresses in the dashboard: that
/// team is meant, and the project of each, whatever the usual variables say. A team that is written must be the same.
fn addressed_team(values: &Values, faults: &mut Faults) -> Option<String> {
    let ids = values.list("deployment_id");
    let slugs: Option<BTreeSet<_>> = ids.iter().map(|id| team_of(id)).collect();
    let slugs = Vec::from_iter(slugs?);
    let [slug] = slugs.as_slice() else {
        if !slugs.is_empty() {
            let text = format!("names deployments of several teams ({}): a run is for one team", slugs.join(", "));
            faults.add(values.given("deployment_id"), "deployment_id", text);
        }
        return None;
    };
    if values.get("team_slug").is_some_and(|written| !written.eq_ignore_ascii_case(slug)) {
        let text = format!("is another team than in the address in `deployment_id`: {slug}");
        faults.add(values.given("team_slug"), "team_slug", text);
    }
    Some(slug.clone())
}

/// The team that a deployment's address in the dashboard names: `https://vercel.com/team/project/deployment`.
fn team_of(written: &str) -> Option<String> {
    let (_, address) = written.split_once("://").unwrap_or(("", written));
    let address = address.strip_prefix("www.").unwrap_or(address);
    let path = address.strip_prefix("vercel.com/")?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let team = segments.next()?;
    segments.nth(1)?;
    Some(team.to_ascii_lowercase())
}

/// Errors come as `{"error": {…}}`, `{"err": {…}}` or bare.
fn words(response: &Response) -> ApiError {
    let body = response.json();
    let error = body.get("error").or_else(|| body.get("err")).filter(|inner| inner.is_object()).unwrap_or(&body);
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
    let flag = |name: &str| error.get(name).and_then(Value::as_bool).unwrap_or(false);
    let unauthorized = error.get("code").and_then(Value::as_str) == Some("team_unauthorized");
    let hint = flag("saml").then(|| {
        "This team wants a sign-in with SAML: sign in to it that way, make a new token after that, and give it as `token` \
         (or VERCEL_TOKEN)."
            .to_owned()
    });
    ApiError {
        hint,
        // The documents show the same words for a bad token and for a token without access to the team.
        credential_refused: flag("invalidToken")
            || flag("missingToken")
            || flag("saml")
            || unauthorized
            || message.starts_with("Not authorized"),
        message: (!message.is_empty()).then(|| message.to_owned()),
        ..ApiError::default()
    }
}

impl Project {
    /// Takes an id or a name; the error says what is wrong with it.
    fn read(written: &str) -> Result<Self, String> {
        let written = Id::parse(written)?;
        let id = OnceLock::new();
        if written.as_str().starts_with(PROJECT) {
            id.get_or_init(|| written.as_str().to_owned());
        }
        Ok(Self { written, id })
    }

    /// As it was written, and its id where that is another.
    fn told(&self) -> String {
        let written = self.written.as_str();
        match self.id.get().filter(|id| *id != written) {
            Some(id) => format!("{written} ({id})"),
            None => written.to_owned(),
        }
    }

    /// The id, or what was written as long as nothing else is known.
    fn id(&self) -> &str {
        self.id.get().map_or(self.written.as_str(), String::as_str)
    }
}

impl Vercel {
    fn call(&self, method: Method, path: String, action: &str) -> Call {
        let endpoint = if method == Method::Get { "get" } else { CANCEL };
        let call = Call::new(method, path, action).endpoint(endpoint);
        match &self.team {
            Some((name, team)) => call.query(name, team.as_str()),
            None => call,
        }
    }

    async fn read(&self, api: &Api, id_or_host: &str, read: Read) -> Result<Option<(Wire, Reply)>, Failure> {
        let call = self.call(Method::Get, format!("/v13/deployments/{}", segment(id_or_host)), "read the deployment");
        match api.send(call.query("withGitRepoInfo", "true")).await {
            Ok(reply) => {
                let wire: Wire = reply.json()?;
                if wire.ready_state.is_none() && wire.status.is_none() {
                    return Err(reply.unreadable("without a state"));
                }
                Ok(Some((wire, reply)))
            }
            Err(failure) if is_missing(&failure, read) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    fn missing(&self, id: &str) -> Found {
        let scope = match &self.team {
            Some((_, team)) => format!("in team {team}; check `deployment_id`, `team_id` and `team_slug`."),
            None => "in the token's own account; check `deployment_id`, and give `team_id` or `team_slug` if it belongs to a team.".to_owned(),
        };
        Found::Missing(format!("There is no deployment {id} for this token {scope}"))
    }

    /// The guard `project_id`: an answer that does not name its project does not pass.
    fn check_project(&self, wire: &Wire) -> Result<(), Failure> {
        let Some(project) = &self.project else {
            return Ok(());
        };
        let wanted = project.id();
        let refuse = |words: String| Err(Failure::guarded(words, "Check `project_id` and `deployment_id`."));
        match &wire.project_id {
            None => refuse(format!(
                "the answer does not say which project deployment {} belongs to, so the guard `project_id` cannot be checked",
                wire.id
            )),
            Some(id) if id == wanted => Ok(()),
            Some(id) => {
                let name = wire.name.as_ref().map(|name| format!(" ({name})"));
                refuse(format!(
                    "deployment {} belongs to project {id}{}, not to {}",
                    wire.id,
                    name.unwrap_or_default(),
                    project.told()
                ))
            }
        }
    }

    fn no_project(&self, project: &Project) -> String {
        let project = project.written.as_str();
        match &self.team {
            Some((_, team)) => format!(
                "There is no project {project} for this token in team {team}; check `project_id`, `team_id` and `team_slug`."
            ),
            None => format!(
                "There is no project {project} for this token in its own account; check `project_id`, and give `team_id` or `team_slug` if it belongs to a team."
            ),
        }
    }

    async fn page(
        &self,
        api: &Api,
        asked: &Asked<'_>,
        size: u32,
        until: Option<i64>,
    ) -> Result<(Vec<Deployment>, Option<i64>), Failure> {
        let path = format!("/{}/deployments", asked.version);
        let call = self
            .call(Method::Get, path, "list the deployments")
            .endpoint("list")
            .query("projectId", asked.project)
            .query("limit", size.to_string());
        let optional = [("state", asked.states.map(str::to_owned)), ("until", until.map(|until| until.to_string()))];
        let call = optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .fold(call, |call, (name, value)| call.query(name, value));
        let reply = api.send(call).await?;
        let page: Page = reply.json()?;
        let next = page.next(until).map_err(|wrong| reply.unreadable(wrong))?;
        let items = page.items().ok_or_else(|| reply.unreadable("with a deployment without an id or a state"))?;
        let told = items.into_iter().map(|wire| {
            self.check_project(&wire)?;
            Ok(self.tell(wire))
        });
        Ok((told.collect::<Result<_, Failure>>()?, next))
    }

    /// All pages, newest first, to the end or to the first that reaches further back than asked.
    async fn pages(&self, api: &Api, asked: &Asked<'_>) -> Result<Vec<Deployment>, Failure> {
        let mut seen = Vec::new();
        let mut until = None;
        let mut paging = Paging::new(SIZES, "deployment_id");
        loop {
            let answer = self.page(api, asked, paging.page().size, until).await;
            let Some((found, next)) = paging.answer(answer)? else {
                continue;
            };
            let oldest = found.iter().filter_map(|one| one.created).min();
            let is_enough = asked.back_to.zip(oldest).is_some_and(|(to, oldest)| oldest < to);
            paging.see(found.iter().map(|one| one.id.as_str()))?;
            seen.extend(found);
            until = next.filter(|_| !is_enough || seen.len() < asked.least);
            if until.is_none() {
                return Ok(seen);
            }
            paging.turn()?;
        }
    }

    /// The project's id, `None` where there is no such project. Where this call is not there either, the project is taken
    /// for missing: an empty list must not pass for a calm "nothing in flight" when only the name is mistyped.
    async fn look_up(&self, api: &Api, project: &Project) -> Result<Option<String>, Failure> {
        let path = format!("/v9/projects/{}", project.written.segment());
        let call = self.call(Method::Get, path, "read the project").endpoint("project");
        match api.send(call).await {
            Ok(reply) => {
                let found: ProjectWire = reply.json()?;
                if found.is(project.written.as_str()) {
                    Ok(Some(found.id))
                } else {
                    Err(reply.unreadable("about another project"))
                }
            }
            Err(failure) if is_missing(&failure, Read::First) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// A deployment as it was read: of the right project, and with its target's name.
    async fn here(&self, api: &Api, wire: Wire) -> Result<Found, Failure> {
        self.check_project(&wire)?;
        let project = wire.project_id.clone();
        let mut told = self.tell(wire);
        if let Some(project) = project {
            self.name_environments(api, &project, [&mut told]).await?;
        }
        Ok(Found::Here(Box::new(told)))
    }

    fn tell(&self, wire: Wire) -> Deployment {
        let url = wire.page(self.team.as_ref());
        let mut told = wire.tell(url);
        self.name_environment(&mut told);
        told
    }

    /// The wanted target, if it may be the name of a custom environment.
    fn wanted_environment(&self) -> Option<&str> {
        let wanted = self.target.as_deref();
        wanted.filter(|wanted| !TARGETS.contains(wanted))
    }

    /// Tells the target by its name where only the environment's id was told, and that is known to be the wanted one's.
    fn name_environment(&self, deployment: &mut Deployment) {
        if let Some(wanted) = self.wanted_environment()
            && let Some(id) = nameless_environment(deployment)
            && self.environment.get().is_some_and(|known| known == id)
        {
            deployment.target = Some(wanted.to_owned());
            deployment.handle = Value::Null;
        }
    }

    /// Names the environment of these deployments where only its id was told: the platform's own filter knows the name.
    async fn name_environments<'a>(
        &self,
        api: &Api,
        project: &str,
        deployments: impl IntoIterator<Item = &'a mut Deployment> + Send,
    ) -> Result<(), Failure> {
        let Some(wanted) = self.wanted_environment() else {
            return Ok(());
        };
        let mut nameless: Vec<_> =
            deployments.into_iter().filter(|one| nameless_environment(one).is_some_and(|id| id != wanted)).collect();
        if nameless.is_empty() {
            return Ok(());
        }
        if self.environment.get().is_none()
            && let Some(id) = self.environment_of(api, project, wanted).await?
        {
            self.environment.get_or_init(|| id);
        }
        for one in &mut nameless {
            self.name_environment(one);
        }
        Ok(())
    }

    /// The id of the custom environment with that name, as the newest deployments to it tell.
    async fn environment_of(&self, api: &Api, project: &str, name: &str) -> Result<Option<String>, Failure> {
        for version in VERSIONS {
            let call = self
                .call(Method::Get, format!("/{version}/deployments"), "list the deployments to the target")
                .endpoint("list")
                .query("projectId", project)
                .query("target", name)
                .query("limit", "10");
            // Where it says that there is no such thing, nobody deployed to such an environment.
            let Some(reply) = present(api.send(call).await, Read::First)? else {
                continue;
            };
            let page: Page = reply.json()?;
            let items = page.items().ok_or_else(|| reply.unreadable("with a deployment without an id or a state"))?;
            return one_environment(&items, name).map_err(|wrong| reply.unreadable(wrong));
        }
        Ok(None)
    }
}

/// An id, a host name, a deployment's URL or a dashboard address.
fn read_id(written: &Id) -> Result<Id, String> {
    let text = written.as_str();
    if !text.contains('/') {
        return if is_host(text) { Id::parse(&text.to_ascii_lowercase()) } else { Ok(written.clone()) };
    }
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&with_scheme).map_err(|_| "is neither an id, a host name nor a URL".to_owned())?;
    let host = url.host_str().filter(|host| is_host(host)).ok_or("is a URL without a host name")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password".to_owned());
    }
    if !matches!(host, "vercel.com" | "www.vercel.com") {
        return Id::parse(host);
    }
    let mut segments = url.path_segments().into_iter().flatten().filter(|part| !part.is_empty());
    let id =
        segments.nth(2).ok_or("is a dashboard address without a deployment; it ends with /team/project/deployment")?;
    Id::parse(&if id.starts_with("dpl_") { id.to_owned() } else { format!("dpl_{id}") })
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

/// The id of a deployment's environment, where its name is not told.
fn nameless_environment(deployment: &Deployment) -> Option<&str> {
    deployment.handle.as_str()
}

/// Whether an id is a host name: an id of Vercel's has no dot.
fn is_host(id: &str) -> bool {
    id.contains('.')
}

#[async_trait]
impl Platform for Vercel {
    async fn enter(&self, api: &Api) -> Result<Option<String>, Failure> {
        let Some(project) = &self.project else {
            return Ok(None);
        };
        if project.id.get().is_none() {
            let Some(id) = self.look_up(api, project).await? else {
                return Ok(Some(self.no_project(project)));
            };
            project.id.get_or_init(|| id);
        }
        Ok(None)
    }

    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure> {
        let asked = id.as_str();
        let Some((wire, reply)) = self.read(api, asked, Read::First).await? else {
            return Ok(self.missing(asked));
        };
        if is_host(asked) {
            let own = wire.url.as_deref().unwrap_or_default();
            if !own.eq_ignore_ascii_case(asked) {
                let words = format!(
                    "{asked} is an alias of {} ({own}), and an alias can move to another deployment at any time",
                    wire.id
                );
                return Err(Failure::guarded(words, format!("Give `deployment_id: {}`.", wire.id)));
            }
        } else if wire.id != asked && wire.id.strip_prefix("dpl_") != Some(asked) {
            return Err(reply.unreadable("about another deployment"));
        }
        // It stands in the path of the request to cancel, and nobody wrote it.
        if !Id::parse(&wire.id).is_ok_and(|id| id.as_str() == wire.id) {
            return Err(reply.unreadable("with an id that is none"));
        }
        self.here(api, wire).await
    }

    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure> {
        let Some((wire, reply)) = self.read(api, &known.id, Read::Later).await? else {
            return Ok(self.missing(&known.id));
        };
        if wire.id != known.id {
            return Err(reply.unreadable("about another deployment"));
        }
        self.here(api, wire).await
    }

    fn unseen(&self, id: &Id) -> Option<Deployment> {
        (!is_host(id.as_str())).then(|| Deployment::unseen(id.as_str()))
    }

    fn is_guarded(&self) -> bool {
        self.project.is_some()
    }

    /// An unknown project has an empty list as well. So when nothing is in flight the ended ones are asked for, and when
    /// there are none of these either, the project itself.
    async fn list(&self, api: &Api, wanted: &Filter) -> Result<Listed, Failure> {
        let Some(project) = &self.project else {
            let words = "without a project nobody knows which deployments are meant";
            return Err(Failure::guarded(words, "Give `project_id`."));
        };
        let [newest, older] = VERSIONS;
        let mut asked =
            Asked { version: newest, project: project.id(), states: Some(IN_FLIGHT), back_to: None, least: 0 };
        let mut answer = self.pages(api, &asked).await;
        // The older version takes the same parameters, and is there where the newer one is not.
        let is_gone = |failure: &Failure| is_missing(failure, Read::Later);
        if answer.as_ref().is_err_and(is_gone) {
            asked.version = older;
            answer = self.pages(api, &asked).await;
        }
        let mut seen = match answer {
            Err(failure) if is_gone(&failure) => {
                return Ok(Listed::Missing(self.no_project(project)));
            }
            answer => answer?,
        };
        // The filter knows only the documented states, so the newest page is read without it as well.
        asked.least = NEWEST;
        let oldest = oldest_in_flight(&seen).filter(|_| wanted.history);
        (asked.states, asked.back_to) = (None, oldest.or(Some(Timestamp::MAX)));
        seen.extend(self.pages(api, &asked).await?);
        if seen.is_empty() && self.look_up(api, project).await?.is_none() {
            return Ok(Listed::Missing(self.no_project(project)));
        }
        self.name_environments(api, project.id(), &mut seen).await?;
        Ok(Listed::Here(in_scope(seen)))
    }

    async fn cancel(&self, api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let path = format!("/v12/deployments/{}/cancel", segment(&known.id));
        let reply = api.send(self.call(Method::Patch, path, "cancel the deployment")).await?;
        accepted(&reply, || {
            let wire: Wire = reply.json().ok()?;
            (wire.id == known.id).then(|| self.tell(wire))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn vercel() -> Vercel {
        Vercel { team: Some(("slug", "acme".to_owned())), project: None, target: None, environment: OnceLock::new() }
    }

    #[test]
    fn deployments_are_named_in_four_ways() {
        for (written, read) in [
            ("dpl_5WJWYSyB7BpgTj3EuwF37WMRBXBtPQ2iTMJHJBJyRfd", "dpl_5WJWYSyB7BpgTj3EuwF37WMRBXBtPQ2iTMJHJBJyRfd"),
            ("My-App-abc123.vercel.app", "my-app-abc123.vercel.app"),
            ("https://my-app-abc123.vercel.app/some/page?x=1", "my-app-abc123.vercel.app"),
            ("my-app-abc123.vercel.app/", "my-app-abc123.vercel.app"),
            ("https://vercel.com/acme/my-app/5WJWYSyB7B", "dpl_5WJWYSyB7B"),
            ("vercel.com/acme/my-app/dpl_5WJWYSyB7B/logs", "dpl_5WJWYSyB7B"),
            ("opaque", "opaque"),
        ] {
            let id = read_id(&Id::parse(written).unwrap());
            assert_eq!(id.map(|id| id.as_str().to_owned()), Ok(read.to_owned()), "{written}");
        }
        for bad in ["https://vercel.com/acme/my-app", "https://", "https://user:pw@x.vercel.app", "a/b"] {
            assert!(read_id(&Id::parse(bad).unwrap()).is_err(), "{bad}");
        }
    }

    fn answer(body: &Value) -> Response {
        Response { body: body.to_string().into_bytes(), ..Response::default() }
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
            assert_eq!(words(&answer(&body)).credential_refused, refused, "{body}");
        }
    }

    fn told(body: Value) -> Deployment {
        vercel().tell(serde_json::from_value(body).unwrap())
    }

    #[test]
    fn a_page_is_given_only_if_it_is_vercels() {
        let page = |inspector: &str| told(json!({ "id": "dpl_1", "name": "web", "inspectorUrl": inspector })).url;
        assert_eq!(page("https://vercel.com/acme/web/1").as_deref(), Some("https://vercel.com/acme/web/1"));
        for bad in ["javascript:alert(1)", "https://vercel.com.evil.example/x", "http://vercel.com/x", ""] {
            assert_eq!(page(bad).as_deref(), Some("https://vercel.com/acme/web/1"), "{bad}");
        }
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
        for (word, state) in [
            ("QUEUED", State::Queued),
            ("INITIALIZING", State::Queued),
            ("BLOCKED", State::Queued),
            ("BUILDING", State::Running),
            ("ANALYZING", State::Running),
            ("DEPLOYING", State::Running),
            ("READY", State::Succeeded),
            ("ERROR", State::Failed),
            ("FROZEN", State::Unknown),
        ] {
            assert_eq!(INFO.state(word), state, "{word}");
        }
    }
}
