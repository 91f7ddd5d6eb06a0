//! Vercel.
//!
//! Follows the public REST API description, the errors page and the official
//! command line client. The body of a refused cancel is not documented, so
//! [`Deployment::finished_cancel`] chooses its status.

use serde_json::{Value, json};

use super::deployment::{self, Desk, Fleet};
use super::http::{Answer, Request, epoch, merge};
use super::live::Ends;
use super::platform::{Access, Addition, Call, Platform, Platforms, Routed as _};
use super::script::Script;
use super::stand::{About, Back, Choice, One, Pages, Traits};
use super::{EMAIL, ENV_VALUE, Sandbox};

pub use super::deployment::COMMIT;

/// What Vercel says when the "Ignored Build Step" cancelled a deployment.
pub const IGNORED: &str = "The Deployment has been canceled as a result of running the command \
                           defined in the \"Ignored Build Step\" setting.";

const FIRST_CREATED: i64 = 1_786_100_000_000;
const USER: &str = "eLrCnEgbKhsHyfbiNR7E8496";

/// A team the token belongs to; deployments bring theirs along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    id: String,
    slug: String,
}

impl Team {
    /// A team with that slug.
    pub fn new(id: &str, slug: &str) -> Team {
        Team { id: id.to_owned(), slug: slug.to_owned() }
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "slug": self.slug,
            "name": self.slug,
            "avatar": null,
            "billing": null,
            "createdAt": FIRST_CREATED,
            "updatedAt": FIRST_CREATED,
            "creatorId": USER,
            "description": null,
            "stagingPrefix": self.slug,
            "membership": {
                "uid": USER,
                "teamId": self.id,
                "role": "OWNER",
                "confirmed": true,
                "confirmedAt": FIRST_CREATED,
                "created": FIRST_CREATED,
                "createdAt": FIRST_CREATED,
            },
        })
    }
}

/// A project; one appears with its first deployment if it is not there yet.
#[derive(Clone, Debug)]
pub struct Project {
    id: String,
    name: String,
    team: Option<Team>,
    is_hobby: bool,
    job: Option<Job>,
    /// The next one, which shows from the second look on.
    late: Option<Job>,
}

/// A job that moves the aliases of production.
#[derive(Clone, Debug)]
struct Job {
    from: Option<String>,
    to: String,
    requested: i64,
    script: Script,
    is_promotion: bool,
    /// It does not say where to.
    is_silent: bool,
}

impl Job {
    fn is_under_way(&self) -> bool {
        ["pending", "in-progress"].contains(&self.script.now())
    }

    fn json(&self) -> Value {
        json!({
            "fromDeploymentId": self.from,
            "toDeploymentId": (!self.is_silent).then_some(&self.to),
            "jobStatus": self.script.now(),
            "requestedAt": self.requested,
            "type": if self.is_promotion { "promote" } else { "rollback" },
        })
    }
}

impl Project {
    /// A project with the name that it has now; its deployments keep the one of their day.
    pub fn new(id: &str, name: &str) -> Project {
        Project { id: id.to_owned(), name: name.to_owned(), team: None, is_hobby: false, job: None, late: None }
    }

    /// Of an account that may go back one step only.
    pub fn hobby(mut self) -> Self {
        self.is_hobby = true;
        self
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "accountId": self.team.as_ref().map_or(USER, |team| &team.id),
            "alias": [],
            "defaultResourceConfig": {"functionDefaultRegions": ["iad1"]},
            "deploymentExpiration": {},
            "directoryListing": false,
            "resourceConfig": {"functionDefaultRegions": ["iad1"]},
            "framework": "nextjs",
            "nodeVersion": "24.x",
            "autoAssignCustomDomains": true,
            "lastAliasRequest": self.job.as_ref().map(Job::json),
            "env": [{"key": "GREETING", "value": ENV_VALUE, "type": "plain"}],
        })
    }

    fn is(&self, wanted: &str) -> bool {
        self.id == wanted || self.name == wanted
    }
}

/// A custom environment.
#[derive(Clone, Debug)]
struct Environment {
    id: String,
    slug: String,
    /// Whether answers tell the name besides the id.
    named: bool,
}

/// A deployment of a project.
pub type Deployment = deployment::Deployment<Extras>;

/// What only deployments of Vercel have.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    name: String,
    host: String,
    aliases: Vec<String>,
    team: Option<Team>,
    environment: Option<Environment>,
    staged: bool,
    rolling: bool,
    error_message: Option<String>,
    short: bool,
    refusal: Option<String>,
}

impl Deployment {
    /// A preview that builds until it is canceled.
    pub fn new(project_id: &str, project_name: &str, id: &str) -> Deployment {
        let own = Extras {
            name: project_name.to_owned(),
            host: format!("{project_name}-{}.vercel.app", bare(id).to_lowercase()),
            ..Extras::default()
        };
        Deployment::made(project_id, id, own)
    }

    /// Its own host name.
    pub fn host(mut self, host: &str) -> Self {
        self.own.host = host.to_owned();
        self
    }

    /// A further host name that finds it.
    pub fn alias(mut self, host: &str) -> Self {
        self.own.aliases.push(host.to_owned());
        self
    }

    /// Belongs to a team, and is visible only in its scope.
    pub fn team(mut self, id: &str, slug: &str) -> Self {
        self.own.team = Some(Team::new(id, slug));
        self
    }

    /// Goes to a custom environment, which answers tell by its id and its name.
    pub fn environment(mut self, id: &str, slug: &str) -> Self {
        self.own.environment = Some(Environment { id: id.to_owned(), slug: slug.to_owned(), named: true });
        self
    }

    /// Goes to a custom environment, which answers tell by its id alone.
    pub fn nameless_environment(mut self, id: &str, slug: &str) -> Self {
        self = self.environment(id, slug);
        if let Some(environment) = &mut self.own.environment {
            environment.named = false;
        }
        self
    }

    /// Is built for production and ends `READY`, but never sees its traffic.
    pub fn staged(mut self) -> Self {
        self.own.staged = true;
        self.target(Some("production"))
    }

    /// Takes the traffic of production step by step, and has not come to an end of that.
    pub fn rolling(mut self) -> Self {
        self.own.rolling = true;
        self.target(Some("production"))
    }

    /// The message shown once it is in a final state other than `READY`.
    pub fn error_message(mut self, message: &str) -> Self {
        self.own.error_message = Some(message.to_owned());
        self
    }

    /// Reads as somebody else's: the short public object without project and inspector address.
    pub fn without_project(mut self) -> Self {
        self.own.short = true;
        self
    }

    /// A cancel always gets status 400 with this message.
    pub fn refuses_cancel(mut self, message: &str) -> Self {
        self.own.refusal = Some(message.to_owned());
        self
    }

    fn created_ms(&self) -> i64 {
        self.created.as_i64().unwrap_or(FIRST_CREATED)
    }

    fn is_target(&self, wanted: &str) -> bool {
        match &self.own.environment {
            Some(environment) => environment.slug == wanted,
            None => self.target.as_deref().unwrap_or("preview") == wanted,
        }
    }

    fn inspector(&self) -> String {
        let owner = self.own.team.as_ref().map_or("jane", |team| &team.slug);
        format!("https://vercel.com/{owner}/{}/{}", self.own.name, bare(&self.id))
    }

    fn meta(&self) -> Value {
        let Some(commit) = &self.commit else {
            return json!({"note": ENV_VALUE});
        };
        json!({
            "githubCommitRef": self.branch,
            "githubCommitSha": commit,
            "githubCommitOrg": self.owner.as_deref().unwrap_or("example"),
            "githubCommitRepo": "sample-app",
            "githubOrg": "example",
            "githubRepo": "sample-app",
            "githubCommitMessage": "Make it faster",
            "githubCommitAuthorName": "Jane Doe",
            "githubCommitAuthorLogin": "jane",
            "githubDeployment": "1",
            "note": ENV_VALUE,
        })
    }

    /// What reads and lists have in common.
    fn common(&self, state: &str) -> Value {
        let created = self.created_ms();
        let mut body = json!({
            "name": self.own.name,
            "url": self.own.host,
            "createdAt": created,
            "readyState": state,
            "type": "LAMBDAS",
            "target": self.target,
            "meta": self.meta(),
            "source": "git",
            "projectId": self.scope,
            "inspectorUrl": self.inspector(),
            "projectSettings": {
                "framework": "nextjs",
                "buildCommand": format!("TOKEN={ENV_VALUE} next build"),
                "nodeVersion": "24.x",
            },
        });
        if !matches!(state, "QUEUED" | "INITIALIZING" | "BLOCKED") {
            body["buildingAt"] = json!(created + 1_763);
        }
        if state == "READY" {
            body["ready"] = json!(created + 30_000);
            let is_bound = self.target.as_deref() == Some("production");
            let substate = match &self.own {
                Extras { rolling: true, .. } => Some("ROLLING"),
                Extras { staged: true, .. } => Some("STAGED"),
                _ => is_bound.then_some("PROMOTED"),
            };
            if let Some(substate) = substate {
                body["readySubstate"] = json!(substate);
            }
        }
        if let Some(Environment { id, slug, named }) = &self.own.environment {
            body["customEnvironment"] = match named {
                true => json!({"id": id, "slug": slug}),
                false => json!({"id": id}),
            };
        }
        if let Some(message) = self.own.error_message.as_ref()
            && matches!(state, "ERROR" | "CANCELED" | "BLOCKED")
        {
            body["errorMessage"] = json!(message);
        }
        body
    }

    /// As its project shows it while it is live: neither the project nor a page for people.
    fn live_json(&self) -> Value {
        let state = self.script.now();
        let mut body = self.common(state);
        let created = self.created_ms();
        let more = json!({
            "id": self.id,
            "alias": self.own.aliases,
            "aliasAssigned": self.live.unwrap_or(created + 31_000),
            "createdIn": "sfo1",
            "creator": {"uid": USER, "username": "jane", "email": EMAIL},
            "deploymentHostname": self.own.host,
            "plan": "pro",
            "private": false,
            "readyAt": body["ready"],
            "requestedAt": created,
            "teamId": self.own.team.as_ref().map(|team| &team.id),
            "userId": USER,
            "inspectorUrl": null,
            "projectId": null,
            "projectSettings": null,
            "ready": null,
            "source": null,
        });
        merge(&mut body, &more);
        self.adjusted(body)
    }

    /// As an item of a list, which has its own names for some things.
    fn item(&self, is_candidate: bool) -> Value {
        let state = self.script.now();
        let mut body = self.common(state);
        let more = json!({
            "uid": self.id,
            "created": self.created_ms(),
            "state": state,
            "isRollbackCandidate": is_candidate,
            "creator": {
                "uid": USER,
                "email": EMAIL,
                "username": "jane",
                "githubLogin": "jane",
            },
        });
        merge(&mut body, &more);
        body["aliasError"] = Value::Null;
        body["aliasAssigned"] = match state {
            "READY" => json!(self.live.unwrap_or(self.created_ms() + 31_000)),
            _ => Value::Null,
        };
        self.adjusted(body)
    }
}

impl deployment::Own for Extras {
    type Platform = Vercel;
    const COURSE: deployment::Words = (&["BUILDING"], &["CANCELED"]);
    const FINISHED: &'static [&'static str] = &["READY", "ERROR", "CANCELED", "DELETED"];
    const CREATED: &'static [&'static str] = &["createdAt", "created"];
    const LIVE: &'static [&'static str] = &["READY"];

    fn slot(one: &Deployment) -> Option<&str> {
        let Extras { staged, rolling, environment, .. } = &one.own;
        let is_bound = one.target.as_deref() == Some("production") && environment.is_none();
        (is_bound && !staged && !rolling).then_some(&one.scope)
    }

    /// It is built, and quietly waits for a promotion.
    fn park(one: &mut Deployment) {
        one.own.staged = true;
    }

    fn fleet(platform: &mut Vercel) -> &mut Fleet<Extras> {
        &mut platform.fleet
    }

    fn precede(platform: &mut Vercel, one: &mut Deployment) {
        let team = one.own.team.clone();
        platform.teams.extend(team.clone().filter(|team| !platform.teams.contains(team)));
        if !platform.projects.iter().any(|known| known.id == one.scope) {
            platform.projects.push(Project { team, ..Project::new(&one.scope, &one.own.name) });
        }
    }

    /// In milliseconds; paging goes by this time, so no two should share it.
    fn created(second: usize) -> Value {
        json!(FIRST_CREATED + 1000 * i64::try_from(second).expect("a small number"))
    }

    /// As read one by one, or answered to a cancel.
    fn json(one: &Deployment, state: &str) -> Value {
        let mut body = one.common(state);
        let (ready, created) = (state == "READY", one.created_ms());
        let more = json!({
            "id": one.id,
            "status": state,
            "version": 2,
            "public": false,
            "alias": one.own.aliases,
            "aliasAssigned": ready,
            "bootedAt": created,
            "buildSkipped": false,
            "createdIn": "sfo1",
            "ownerId": one.own.team.as_ref().map_or(USER, |team| &team.id),
            "plan": "pro",
            "regions": ["iad1"],
            "routes": [],
            "env": ["GREETING", "DATABASE_URL"],
            "build": {"env": ["GREETING"]},
            "isInConcurrentBuildsQueue": state == "QUEUED",
            "isInSystemBuildsQueue": false,
            "creator": {"uid": USER, "username": "jane", "email": EMAIL},
        });
        merge(&mut body, &more);
        if let Some(team) = &one.own.team {
            body["team"] = json!({"id": team.id, "name": team.slug, "slug": team.slug});
        }
        if let Some(commit) = &one.commit {
            body["gitSource"] = json!({
                "type": "github",
                "repoId": 208_127_007,
                "ref": one.branch,
                "sha": commit,
                "prId": null,
            });
        }
        // The whole environment, where a list has little more than its id.
        if let Some(Environment { slug, named: true, .. }) = &one.own.environment {
            let more = json!({"type": "preview", "createdAt": created, "updatedAt": created, "description": slug});
            merge(&mut body["customEnvironment"], &more);
        }
        // Reads have it from the start, lists only once the build has begun.
        body["buildingAt"] = json!(body["buildingAt"].as_i64().unwrap_or(created));
        if state == "CANCELED" {
            body["canceledAt"] = json!(created + 97_546);
        }
        if one.own.short {
            for private in ["projectId", "inspectorUrl", "ownerId", "team", "plan", "env"] {
                merge(&mut body, &json!({private: null}));
            }
        }
        body
    }
}

impl Addition for Team {
    fn add_to(self, platforms: &mut Platforms) {
        let teams = &mut platforms.of::<Vercel>().teams;
        if !teams.contains(&self) {
            teams.push(self);
        }
    }
}

impl Addition for Project {
    fn add_to(self, platforms: &mut Platforms) {
        let projects = &mut platforms.of::<Vercel>().projects;
        projects.retain(|known| known.id != self.id);
        projects.push(self);
    }
}

/// A job of somebody else that moves the aliases of a project to that deployment, and is not done with it.
#[derive(Clone, Copy, Debug)]
pub struct AliasJob(pub &'static str, pub usize);

/// The same, and where to is not told.
#[derive(Clone, Copy, Debug)]
pub struct SilentJob(pub &'static str, pub usize);

impl Addition for SilentJob {
    fn add_to(self, platforms: &mut Platforms) {
        AliasJob(self.0, self.1).add_to(platforms);
        let mut jobs = platforms.of::<Vercel>().projects.iter_mut().filter_map(|known| known.job.as_mut());
        jobs.by_ref().for_each(|job| job.is_silent = true);
    }
}

impl Addition for AliasJob {
    fn add_to(self, platforms: &mut Platforms) {
        let Vercel { projects, fleet, .. } = platforms.of::<Vercel>();
        let (from, requested) = (fleet.slots.live(self.0).map(|live| live.id.clone()), fleet.slots.tick());
        let script = Script::new(&["in-progress"], &["in-progress"]);
        let to = (ABOUT.id)(self.1);
        let job = Job { from, to, requested, script, is_promotion: false, is_silent: false };
        projects.iter_mut().filter(|known| known.id == self.0).for_each(|known| known.job = Some(job.clone()));
    }
}

/// What is documented nowhere of roll backs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moves {
    /// What is live again keeps the time at which it took its aliases first.
    pub keep_time: bool,
    /// One that goes live by itself shows as a job, too.
    pub tell_of_all: bool,
    /// A job that comes to nothing was skipped.
    pub skip: bool,
    /// A job shows from the second look on; until then the one before it does.
    pub late: bool,
}

impl Addition for Moves {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.of::<Vercel>().moves = self;
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct Vercel {
    teams: Vec<Team>,
    projects: Vec<Project>,
    fleet: Fleet<Extras>,
    moves: Moves,
}

/// A team, or none for the token owner's personal account.
type Scope = Option<Team>;

impl Platform for Vercel {
    fn name(&self) -> &'static str {
        "vercel"
    }

    fn desk(&mut self) -> &mut dyn Desk {
        &mut self.fleet
    }

    fn routes(&self) -> &'static [(Call, &'static str)] {
        &[
            (Call::SignIn, "GET v2/user"),
            (Call::Scope, "GET v9/projects/*"),
            (Call::Scope, "GET v9|v10/projects"),
            (Call::RollBack, "POST v1|v9/projects/*/rollback/*"),
            (Call::Other, "GET v9/projects/*/rollback/aliases"),
            (Call::Scope, "GET v2/teams"),
            (Call::Scope, "GET v2/teams/*"),
            (Call::List, "GET v6|v7/deployments"),
            (Call::Read, "GET v13/deployments/*"),
            (Call::Cancel, "PATCH v12/deployments/*/cancel"),
        ]
    }

    fn respond(&mut self, call: Call, places: &[&str], request: &Request) -> Answer {
        let scope = match self.scope(request) {
            Ok(scope) => scope,
            Err(wanted) => return wrong_scope(&wanted),
        };
        match (call, places) {
            (Call::SignIn, _) => self.user(),
            (Call::List, _) => self.list(&scope, request),
            (Call::Read, [key]) => self.read(key, &scope),
            (Call::Cancel, [id]) => self.cancel(id, &scope),
            (Call::Scope, ["v9" | "v10"]) => {
                let projects = self.projects.iter().filter(|known| known.team == scope);
                all("projects", projects.map(|known| self.project_json(known)))
            }
            (Call::Scope, []) => all("teams", self.teams.iter().map(Team::json)),
            (Call::Scope, [wanted]) if request.path.starts_with("/v2") => {
                let mut teams = self.teams.iter();
                let found = teams.find(|team| team.id == *wanted || team.slug == *wanted);
                found.map_or_else(|| tell(404, "not_found", "Team not found"), |team| Answer::json(200, &team.json()))
            }
            (Call::Scope, [wanted]) => match self.project(wanted, &scope) {
                Some(at) => {
                    let body = self.project_json(&self.projects[at]);
                    self.move_on(at);
                    let project = &mut self.projects[at];
                    project.job = project.late.take().or(project.job.take());
                    Answer::json(200, &body)
                }
                None => tell(404, "not_found", "Project not found"),
            },
            (Call::RollBack, [_, project, id]) => self.roll_back(project, id, &scope, request),
            (Call::Other, [project]) => match self.project(project, &scope) {
                Some(_) => all("aliases", std::iter::empty()),
                None => tell(404, "not_found", "Project not found"),
            },
            _ => elsewhere(request),
        }
    }

    fn aim(&self, request: &Request) -> Option<[String; 2]> {
        let [_, project, id] = self.route(request).1.try_into().ok()?;
        Some([project, id])
    }

    fn run_out(&mut self) {
        self.fleet.run_out();
        for at in 0..self.projects.len() {
            (0..3).for_each(|_| self.move_on(at));
        }
    }

    fn refuse(&self, access: Access, call: Call) -> Answer {
        let action = match call {
            Call::Cancel | Call::RollBack => "update",
            Call::List => "list",
            _ => "read",
        };
        let error = match access {
            Access::Missing => {
                let message = "The request is missing an authentication token";
                json!({"code": "forbidden", "message": message, "missingToken": true})
            }
            Access::Denied => {
                let message = format!("You don't have permission to {action} the deployment.");
                json!({"code": "forbidden", "message": message, "action": action, "resource": "deployment"})
            }
            _ => json!({"code": "forbidden", "message": "Not authorized", "invalidToken": true}),
        };
        Answer::json(403, &json!({"error": error}))
    }

    fn problem(&self, status: u16) -> Answer {
        let (code, message) = match status {
            400 => ("bad_request", "An english description of the error that just occurred"),
            403 => ("forbidden", "Not authorized"),
            404 => ("not_found", "Deployment not found"),
            405 => ("method_unknown", "This endpoint only responds to METHOD"),
            409 => ("conflict", "Deployment is not in a cancelable state"),
            429 => ("too_many_requests", "Rate limit exceeded"),
            500.. => ("internal_server_error", "An unexpected internal error occurred"),
            _ => return Answer::json(status, &Value::Null),
        };
        tell(status, code, message)
    }

    fn headers(&self, answer: Answer, number: u32) -> Answer {
        let (remaining, reset) = match answer.status {
            429 => (0, epoch(1)),
            _ => (500_u32.saturating_sub(number), epoch(60)),
        };
        answer
            .with("x-ratelimit-limit", "500")
            .with("x-ratelimit-remaining", remaining.to_string())
            .with("x-ratelimit-reset", reset.to_string())
            .with("x-vercel-id", format!("fra1::iad1::x{number:04x}-{}-0123456789ab", epoch(0)))
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-ratelimit-reset", epoch(in_seconds).to_string())
    }
}

fn tell(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({"error": {"code": code, "message": message}}))
}

fn wrong_scope(wanted: &str) -> Answer {
    let message = format!(
        "Not authorized: Authorization is missing access to scope \"{wanted}\". You must \
         re-authenticate to this scope or use a token with access to this scope."
    );
    tell(403, "forbidden", &message)
}

/// All of a kind on one page.
fn all(key: &str, items: impl Iterator<Item = Value>) -> Answer {
    let items: Vec<Value> = items.collect();
    Answer::json(200, &json!({key: items, "pagination": {"count": items.len(), "next": null, "prev": null}}))
}

/// Known paths with a wrong method, and unknown paths.
fn elsewhere(request: &Request) -> Answer {
    let path = request.segments();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let method = match path.as_slice() {
        ["v6" | "v7", "deployments"] => "GET",
        ["v13", "deployments", _] => "GET, DELETE",
        ["v12", "deployments", _, "cancel"] => "PATCH",
        other => return tell(404, "not_found", &format!("Could not find the endpoint: /{}", other.join("/"))),
    };
    tell(405, "method_unknown", &format!("This endpoint only responds to {method}"))
}

impl Vercel {
    /// The scope a request asks for, or what it named in vain.
    fn scope(&self, request: &Request) -> Result<Scope, String> {
        let id = request.param("teamId");
        let Some(wanted) = id.or_else(|| request.param("slug")) else {
            return Ok(None);
        };
        let by_id = request.param("teamId").is_some();
        let mut teams = self.teams.iter();
        let found = teams.find(|team| match by_id {
            true => team.id == wanted,
            false => team.slug == wanted,
        });
        found.cloned().map(Some).ok_or(wanted)
    }

    fn user(&self) -> Answer {
        let user = json!({
            "id": USER,
            "uid": USER,
            "username": "jane",
            "name": "Jane Doe",
            "email": EMAIL,
            "avatar": null,
            "createdAt": FIRST_CREATED,
            "defaultTeamId": self.teams.first().map(|team| &team.id),
            "version": "northstar",
            "billing": null,
            "resourceConfig": {},
            "softBlock": null,
            "stagingPrefix": "jane",
            "hasTrialAvailable": false,
        });
        Answer::json(200, &json!({"user": user}))
    }

    fn project(&self, wanted: &str, scope: &Scope) -> Option<usize> {
        self.projects.iter().position(|known| known.team == *scope && known.is(wanted))
    }

    fn project_json(&self, project: &Project) -> Value {
        let (mut body, history) = (project.json(), self.fleet.slots.history(&project.id));
        let Some(live) = history.last() else {
            return body;
        };
        let found = self.fleet.all.iter().find(|known| known.id == live.id);
        body["targets"] = json!({"production": found.map(Deployment::live_json)});
        let is_newer = project
            .job
            .as_ref()
            .is_none_or(|job| !job.is_under_way() && job.requested < live.since && job.to != live.id);
        if self.moves.tell_of_all
            && is_newer
            && history.len() > 1
            && found.is_some_and(|one| one.live == Some(live.since))
        {
            let (from, script) =
                (Some(history[history.len() - 2].id.clone()), Script::new(&["succeeded"], &["succeeded"]));
            let (to, requested) = (live.id.clone(), live.since);
            let job = Job { from, to, requested, script, is_promotion: true, is_silent: false };
            body["lastAliasRequest"] = job.json();
        }
        body
    }

    /// A job goes on at each look; at its end it has moved what is live, and nothing goes live by itself any more.
    fn move_on(&mut self, at: usize) {
        let Project { id, job, .. } = &mut self.projects[at];
        let Some(job) = job.as_mut().filter(|job| job.is_under_way()) else {
            return;
        };
        job.script.read();
        if job.script.now() != "succeeded" {
            return;
        }
        let is_it = |known: &Deployment| known.id == job.to;
        if let Some(place) = self.fleet.all.iter().position(is_it) {
            let since = self.fleet.point(id, place);
            if !self.moves.keep_time {
                self.fleet.all[place].live = Some(since);
            }
            self.fleet.slots.park(id, true);
        }
    }

    fn roll_back(&mut self, project: &str, id: &str, scope: &Scope, request: &Request) -> Answer {
        let is_long = request.param("description").is_some_and(|text| text.chars().count() > 250);
        if is_long || !is_well_formed(id) {
            return malformed();
        }
        let Some(at) = self.project(project, scope) else {
            return tell(404, "not_found", "Project not found");
        };
        let project = &self.projects[at];
        let (slots, slot) = (&self.fleet.slots, project.id.clone());
        let Some(target) = self.fleet.all.iter().find(|known| known.scope == slot && known.id == id) else {
            return self.problem(404);
        };
        if target.script.now() != "READY" || !slots.was_live(&slot, id) {
            return tell(400, "bad_request", "The deployment is not eligible for a rollback");
        }
        if project.job.as_ref().is_some_and(Job::is_under_way) {
            return tell(409, "conflict", "A rollback of this project is in progress already");
        }
        if project.is_hobby && slots.history(&slot).iter().rev().nth(1).is_none_or(|before| before.id != id) {
            return tell(402, "payment_required", "Upgrade to roll back further than to the previous deployment");
        }
        let states: &[&str] = match slots.ends {
            Ends::Well => &["pending", "in-progress", "succeeded"],
            Ends::Badly if self.moves.skip => &["pending", "skipped"],
            Ends::Badly => &["pending", "failed"],
            Ends::Never => &["pending", "in-progress"],
        };
        let from = slots.live(&slot).map(|live| live.id.clone());
        let script = Script::new(states, states);
        let requested = self.fleet.slots.tick();
        let job = Some(Job { from, to: id.to_owned(), requested, script, is_promotion: false, is_silent: false });
        let Project { job: shown, late, .. } = &mut self.projects[at];
        *(if self.moves.late { late } else { shown }) = job;
        Answer::new(201, "", "").effect(true)
    }

    /// Whether one can be rolled back to: it was live, and is not.
    fn is_candidate(&self, known: &Deployment) -> bool {
        let slots = &self.fleet.slots;
        known.script.now() == "READY"
            && slots.was_live(&known.scope, &known.id)
            && slots.live(&known.scope).is_some_and(|live| live.id != known.id)
    }

    fn read(&mut self, key: &str, scope: &Scope) -> Answer {
        if !is_well_formed(key) {
            return malformed();
        }
        let is_it = |known: &Deployment| {
            let Extras { team, host, aliases, .. } = &known.own;
            team == scope && (known.id == key || host == key || aliases.iter().any(|alias| alias == key))
        };
        match self.fleet.find(is_it) {
            Some(deployment) => Answer::json(200, &deployment.read()),
            None => self.problem(404),
        }
    }

    fn cancel(&mut self, id: &str, scope: &Scope) -> Answer {
        if !is_well_formed(id) {
            return malformed();
        }
        let Some(deployment) = self.fleet.find(|known| known.own.team == *scope && known.id == id) else {
            return self.problem(404);
        };
        if let Some(message) = &deployment.own.refusal {
            return tell(400, "bad_request", message);
        }
        match deployment.cancel() {
            Ok(answer) => answer,
            Err(400) => tell(400, "bad_request", "Deployment is not in a cancelable state"),
            Err(other) => self.problem(other),
        }
    }

    fn list(&self, scope: &Scope, request: &Request) -> Answer {
        let Ok(limit) = request.number("limit", 20, 1..=100) else {
            return tell(400, "bad_request", "Invalid request: `limit` should be an integer from 1 to 100.");
        };
        let wants_candidates = request.param("rollbackCandidate").map(|wanted| wanted == "true");
        let is_wanted = |known: &Deployment| {
            known.own.team == *scope
                && is_wanted(known, &self.projects, request)
                && wants_candidates.is_none_or(|wanted| self.is_candidate(known) == wanted)
        };
        let mut found = self.fleet.newest_first(is_wanted);
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| last.created_ms());
        let prev = found.first().map(|first| first.created_ms());
        let items: Vec<Value> = found.iter().map(|known| known.item(self.is_candidate(known))).collect();
        let pagination = json!({"count": items.len(), "next": next, "prev": prev});
        Answer::json(200, &json!({"deployments": items, "pagination": pagination}))
    }
}

fn malformed() -> Answer {
    tell(400, "bad_request", "Invalid request: `id` should be a deployment id or a host name.")
}

/// Whether a deployment passes all filters of the query.
fn is_wanted(known: &Deployment, projects: &[Project], request: &Request) -> bool {
    let passes = |name: &str, is: &dyn Fn(&str) -> bool| {
        let wanted = request.param(name);
        wanted.is_none_or(|wanted| wanted.split(',').any(is))
    };
    let time = |name: &str| request.param(name).and_then(|text| text.parse::<i64>().ok());
    let wanted_projects = request.params("projectIds");
    // By the name that the project has now, whatever it was called when this was made.
    let project = |wanted: &str| {
        let mut all = projects.iter();
        all.any(|each| each.id == known.scope && each.is(wanted))
    };
    let commit = known.commit.as_deref();
    passes("projectId", &project)
        && passes("app", &|wanted| known.own.name == wanted)
        && passes("state", &|wanted| known.script.now() == wanted)
        && passes("target", &|wanted| known.is_target(wanted))
        && passes("branch", &|wanted| commit.is_some() && known.branch == wanted)
        && passes("sha", &|wanted| commit == Some(wanted))
        && passes("meta-githubCommitSha", &|wanted| commit == Some(wanted))
        && (wanted_projects.is_empty() || wanted_projects.iter().any(|list| list.split(',').any(project)))
        && time("since").is_none_or(|since| known.created_ms() > since)
        && time("until").is_none_or(|until| known.created_ms() < until)
}

fn is_well_formed(key: &str) -> bool {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !key.is_empty() && key.chars().all(is_fine)
}

/// The id as the dashboard shows it.
fn bare(id: &str) -> &str {
    id.strip_prefix("dpl_").unwrap_or(id)
}

/// Vercel, as tests know it.
pub struct Stand;

const ABOUT: About = About {
    name: "vercel",
    letter: 'v',
    id: |number| format!("dpl_{number}"),
    states: &[
        ("queued", "QUEUED"),
        ("running", "BUILDING"),
        ("canceled", "CANCELED"),
        ("succeeded", "READY"),
        ("failed", "ERROR"),
    ],
    links: "https://vercel.com/",
    choice: Some(Choice {
        inputs: &[("project_id", "prj_1")],
        pages: Some(Pages {
            size: "limit",
            sizes: [100, 10, 1],
            page: |number, next| {
                json!({
                    "deployments": [{"uid": (ABOUT.id)(number), "state": "BUILDING", "projectId": "prj_1"}],
                    // It goes back in time.
                    "pagination": {"next": 1_000_000 - next},
                })
            },
        }),
    }),
    unknown_scope: Some(("project_id", "prj_9")),
    right: "may change deployments",
    traits: Traits { lists: 2, request_id: "fra1::iad1::", ..Traits::USUAL },
    ..About::USUAL
};

const BACK: Back = Back {
    slot: "prj_1",
    beside: Some("prj_2"),
    target: Some("production"),
    live: Call::Scope,
    named: str::to_owned,
    request: |id| ("POST", format!("/v1/projects/prj_1/rollback/{id}"), Value::Null),
    accepted: 201,
    makes_one: false,
    can_fail: true,
    tells_replaced: true,
    held: &["BLOCKED", "INITIALIZING"],
    never_live: |sandbox, one| {
        sandbox.add(Stand.made(one).staged().states(["READY"]));
    },
    busy: &[
        ("an alias job", |sandbox| {
            sandbox.add(AliasJob("prj_1", 2));
        }),
        ("an alias job that does not say where to", |sandbox| {
            sandbox.add(SilentJob("prj_1", 2));
        }),
        ("a rolling release", |sandbox| {
            sandbox.add(Deployment::new("prj_1", "web", "dpl_9").rolling().states(["READY"]));
        }),
    ],
    refuses: &[],
    traps: &[],
    unknown: &[
        ("it keeps its time", |sandbox| {
            sandbox.add(Moves { keep_time: true, ..Moves::default() });
        }),
        ("each way of going live is a job", |sandbox| {
            sandbox.add(Moves { tell_of_all: true, ..Moves::default() });
        }),
        ("a job may be skipped", |sandbox| {
            sandbox.add(Moves { skip: true, ..Moves::default() });
        }),
    ],
};

impl Stand {
    /// A deployment among others, which a test may change further.
    pub fn made(&self, one: &One) -> Deployment {
        let (project, name) = if one.scope == 1 { ("prj_1", "web") } else { ("prj_2", "api") };
        Deployment::new(project, name, &(ABOUT.id)(one.number)).like(&ABOUT, one)
    }
}

const ADDRESSED: super::Addressed = super::Addressed {
    address: |_, team, id| format!("https://vercel.com/{team}/web/{id}"),
    holders: ["acme", "other"],
    input: "team_slug",
    usual: ("VERCEL_TEAM_ID", "team_2"),
    is_for_one: true,
    others_are_ids: false,
};

impl super::Stand for Stand {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn way_back(&self) -> Option<&'static Back> {
        Some(&BACK)
    }

    fn put_addressed(&self, sandbox: &Sandbox, one: &One) {
        sandbox.add(self.made(one).team("team_1", "acme"));
    }

    fn addressed(&self) -> Option<&'static super::Addressed> {
        Some(&ADDRESSED)
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        sandbox.add(self.made(one));
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(Project::new("prj_1", "web")).add(Project::new("prj_2", "api"));
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        Some(json!({"id": id, "readyState": word}).to_string())
    }

    fn list(&self, ids: &[String], word: &str) -> Option<String> {
        let items: Vec<_> = ids.iter().map(|id| json!({"uid": id, "projectId": "prj_1", "readyState": word})).collect();
        Some(json!({"deployments": items}).to_string())
    }
}
