//! Vercel.
//!
//! Follows the public REST API description, the errors page and the official
//! command line client. The body of a refused cancel is not documented, so
//! [`Deployment::finished_cancel`] chooses its status.

use serde_json::{Value, json};

use super::http::{Answer, Request, epoch, merge};
use super::platform::{Access, Addition, Call, Grant, Platform, Platforms, Tokens};
use super::script::{CancelAnswer, Script};
use super::stand::{Course, One, Traits};
use super::{EMAIL, ENV_VALUE, Sandbox, TOKEN};

/// The commit a deployment carries until told otherwise.
pub const COMMIT: &str = "3ec275af1698ba3482f4b7e50161fecbe880002e";

/// What Vercel says when the "Ignored Build Step" cancelled a deployment.
pub const IGNORED: &str = "The Deployment has been canceled as a result of running the command \
                           defined in the \"Ignored Build Step\" setting.";

const FINISHED: [&str; 4] = ["READY", "ERROR", "CANCELED", "DELETED"];
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
}

impl Team {
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
}

impl Project {
    /// A project with the name that it has now; its deployments keep the one of their day.
    pub fn new(id: &str, name: &str) -> Project {
        Project { id: id.to_owned(), name: name.to_owned(), team: None }
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
#[derive(Clone, Debug)]
pub struct Deployment {
    id: String,
    project: String,
    name: String,
    script: Script,
    host: String,
    aliases: Vec<String>,
    team: Option<Team>,
    target: Option<String>,
    environment: Option<Environment>,
    staged: bool,
    branch: String,
    commit: Option<String>,
    created: Option<i64>,
    error_message: Option<String>,
    short: bool,
    refusal: Option<String>,
    cancel_answer: CancelAnswer,
    finished_cancel: u16,
    patch: Value,
    fields: Vec<(String, Value)>,
}

impl Deployment {
    /// A preview that builds until it is cancelled, of branch `main` and commit [`COMMIT`].
    pub fn new(project_id: &str, project_name: &str, id: &str) -> Deployment {
        Deployment {
            id: id.to_owned(),
            project: project_id.to_owned(),
            name: project_name.to_owned(),
            script: Script::new(&["BUILDING"], &["CANCELED"]),
            host: format!("{project_name}-{}.vercel.app", bare(id).to_lowercase()),
            aliases: Vec::new(),
            team: None,
            target: None,
            environment: None,
            staged: false,
            branch: "main".to_owned(),
            commit: Some(COMMIT.to_owned()),
            created: None,
            error_message: None,
            short: false,
            refusal: None,
            cancel_answer: CancelAnswer::Current,
            finished_cancel: 400,
            patch: json!({}),
            fields: Vec::new(),
        }
    }

    /// The states it goes through undisturbed; see [`Script`].
    pub fn states<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_states(states);
        self
    }

    /// The states from the moment a cancel takes effect; see [`Script`].
    pub fn after_cancel<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_after_cancel(states);
        self
    }

    /// Its own host name.
    pub fn host(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    /// A further host name that finds it.
    pub fn alias(mut self, host: &str) -> Self {
        self.aliases.push(host.to_owned());
        self
    }

    /// Belongs to a team, and is visible only in its scope.
    pub fn team(mut self, id: &str, slug: &str) -> Self {
        self.team = Some(Team::new(id, slug));
        self
    }

    /// The target; none is a preview.
    pub fn target(mut self, target: Option<&str>) -> Self {
        self.target = target.map(str::to_owned);
        self
    }

    /// Goes to a custom environment, which answers tell by its id and its name.
    pub fn environment(mut self, id: &str, slug: &str) -> Self {
        self.environment = Some(Environment { id: id.to_owned(), slug: slug.to_owned(), named: true });
        self
    }

    /// Goes to a custom environment, which answers tell by its id alone.
    pub fn nameless_environment(mut self, id: &str, slug: &str) -> Self {
        self = self.environment(id, slug);
        if let Some(environment) = &mut self.environment {
            environment.named = false;
        }
        self
    }

    /// Is built for production and ends `READY`, but never sees its traffic.
    pub fn staged(mut self) -> Self {
        self.staged = true;
        self.target(Some("production"))
    }

    /// The branch.
    pub fn branch(mut self, branch: &str) -> Self {
        self.branch = branch.to_owned();
        self
    }

    /// The commit.
    pub fn commit(mut self, commit: &str) -> Self {
        self.commit = Some(commit.to_owned());
        self
    }

    /// Knows neither branch nor commit, as when deployed without git.
    pub fn without_commit(mut self) -> Self {
        self.commit = None;
        self
    }

    /// When it was created, in milliseconds; otherwise a second after the one added before.
    ///
    /// Paging goes by this time, so no two should share it.
    pub fn created_at(mut self, milliseconds: i64) -> Self {
        self.created = Some(milliseconds);
        self
    }

    /// The message shown once it is in a final state other than `READY`.
    pub fn error_message(mut self, message: &str) -> Self {
        self.error_message = Some(message.to_owned());
        self
    }

    /// Reads as somebody else's: the short public object without project and inspector address.
    pub fn without_project(mut self) -> Self {
        self.short = true;
        self
    }

    /// A cancel always gets status 400 with this message.
    pub fn refuses_cancel(mut self, message: &str) -> Self {
        self.refusal = Some(message.to_owned());
        self
    }

    /// The shape of a successful cancel's answer.
    pub fn cancel_answer(mut self, shape: CancelAnswer) -> Self {
        self.cancel_answer = shape;
        self
    }

    /// The status a cancel gets once it is finished; 200 answers with the deployment as it is.
    pub fn finished_cancel(mut self, status: u16) -> Self {
        self.finished_cancel = status;
        self
    }

    /// Lays a JSON merge patch over the deployment, in reads and lists; null removes a field.
    pub fn patch(mut self, patch: Value) -> Self {
        self.patch = patch;
        self
    }

    /// Sets one field as it is, null included, in reads and lists.
    pub fn field(mut self, name: &str, value: Value) -> Self {
        self.fields.push((name.to_owned(), value));
        self
    }

    fn adjust(&self, body: &mut Value) {
        merge(body, &self.patch);
        for (name, value) in &self.fields {
            body[name] = value.clone();
        }
    }

    fn created(&self) -> i64 {
        self.created.unwrap_or(FIRST_CREATED)
    }

    fn is_target(&self, wanted: &str) -> bool {
        match &self.environment {
            Some(environment) => environment.slug == wanted,
            None => self.target.as_deref().unwrap_or("preview") == wanted,
        }
    }

    fn inspector(&self) -> String {
        let owner = self.team.as_ref().map_or("jane", |team| &team.slug);
        format!("https://vercel.com/{owner}/{}/{}", self.name, bare(&self.id))
    }

    fn meta(&self) -> Value {
        let Some(commit) = &self.commit else {
            return json!({"note": ENV_VALUE});
        };
        json!({
            "githubCommitRef": self.branch,
            "githubCommitSha": commit,
            "githubCommitOrg": "example",
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
        let created = self.created();
        let mut body = json!({
            "name": self.name,
            "url": self.host,
            "createdAt": created,
            "readyState": state,
            "type": "LAMBDAS",
            "target": self.target,
            "meta": self.meta(),
            "source": "git",
            "projectId": self.project,
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
            body["readySubstate"] = json!(if self.staged { "STAGED" } else { "PROMOTED" });
        }
        if let Some(Environment { id, slug, named }) = &self.environment {
            body["customEnvironment"] = match named {
                true => json!({"id": id, "slug": slug}),
                false => json!({"id": id}),
            };
        }
        if let Some(message) = self.error_message.as_ref()
            && matches!(state, "ERROR" | "CANCELED" | "BLOCKED")
        {
            body["errorMessage"] = json!(message);
        }
        body
    }

    /// As read one by one, or answered to a cancel.
    fn json(&self, state: &str) -> Value {
        let mut body = self.common(state);
        let (ready, created) = (state == "READY", self.created());
        let more = json!({
            "id": self.id,
            "status": state,
            "version": 2,
            "public": false,
            "alias": self.aliases,
            "aliasAssigned": ready,
            "bootedAt": created,
            "buildSkipped": false,
            "createdIn": "sfo1",
            "ownerId": self.team.as_ref().map_or(USER, |team| &team.id),
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
        if let Some(team) = &self.team {
            body["team"] = json!({"id": team.id, "name": team.slug, "slug": team.slug});
        }
        if let Some(commit) = &self.commit {
            body["gitSource"] = json!({
                "type": "github",
                "repoId": 208_127_007,
                "ref": self.branch,
                "sha": commit,
                "prId": null,
            });
        }
        // The whole environment, where a list has little more than its id.
        if let Some(Environment { slug, named: true, .. }) = &self.environment {
            let more = json!({"type": "preview", "createdAt": created, "updatedAt": created, "description": slug});
            merge(&mut body["customEnvironment"], &more);
        }
        // Reads have it from the start, lists only once the build has begun.
        body["buildingAt"] = json!(body["buildingAt"].as_i64().unwrap_or(created));
        if state == "CANCELED" {
            body["canceledAt"] = json!(created + 97_546);
        }
        if self.short {
            for private in ["projectId", "inspectorUrl", "ownerId", "team", "plan", "env"] {
                merge(&mut body, &json!({private: null}));
            }
        }
        self.adjust(&mut body);
        body
    }

    /// As an item of a list, which has its own names for some things.
    fn item(&self) -> Value {
        let state = self.script.now();
        let mut body = self.common(state);
        let more = json!({
            "uid": self.id,
            "created": self.created(),
            "state": state,
            "isRollbackCandidate": false,
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
            "READY" => json!(self.created() + 31_000),
            _ => Value::Null,
        };
        self.adjust(&mut body);
        body
    }
}

impl Addition for Team {
    fn add_to(self, platforms: &mut Platforms) {
        let teams = &mut platforms.vercel.teams;
        if !teams.contains(&self) {
            teams.push(self);
        }
    }
}

impl Addition for Project {
    fn add_to(self, platforms: &mut Platforms) {
        let projects = &mut platforms.vercel.projects;
        projects.retain(|known| known.id != self.id);
        projects.push(self);
    }
}

impl Addition for Deployment {
    fn add_to(mut self, platforms: &mut Platforms) {
        if let Some(team) = self.team.clone() {
            team.add_to(platforms);
        }
        let platform = &mut platforms.vercel;
        if !platform.projects.iter().any(|known| known.id == self.project) {
            platform.projects.push(Project { team: self.team.clone(), ..Project::new(&self.project, &self.name) });
        }
        let number = platform.added;
        platform.added += 1;
        self.created.get_or_insert(FIRST_CREATED + number * 1000);
        platform.deployments.retain(|known| known.id != self.id);
        platform.deployments.push(self);
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct Vercel {
    tokens: Tokens,
    teams: Vec<Team>,
    projects: Vec<Project>,
    deployments: Vec<Deployment>,
    added: i64,
    answers: u32,
}

/// A team, or none for the token owner's personal account.
type Scope = Option<Team>;

impl Platform for Vercel {
    fn name(&self) -> &'static str {
        "vercel"
    }

    fn call(&self, request: &Request) -> Call {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["v2", "user"]) => Call::SignIn,
            ("GET", [_, "projects" | "teams", ..]) => Call::Scope,
            ("GET", ["v6" | "v7", "deployments"]) => Call::List,
            ("GET", ["v13", "deployments", _]) => Call::Read,
            ("PATCH", ["v12", "deployments", _, "cancel"]) => Call::Cancel,
            _ => Call::Other,
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let call = self.call(request);
        match self.tokens.check(request, call) {
            Access::Granted => {}
            Access::Missing => return self.missing_token(),
            Access::Unknown => return self.invalid_token(),
            Access::Denied => return self.denied(call),
        }
        let scope = match self.scope(request) {
            Ok(scope) => scope,
            Err(wanted) => return self.wrong_scope(&wanted),
        };
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (call, segments.as_slice()) {
            (Call::SignIn, _) => self.user(),
            (Call::List, _) => self.list(&scope, request),
            (Call::Read, [_, _, key]) => self.read(key, &scope),
            (Call::Cancel, [_, _, id, _]) => self.cancel(id, &scope),
            (Call::Scope, ["v9", "projects", wanted]) => self.project(wanted, &scope),
            (Call::Scope, ["v9" | "v10", "projects"]) => self.projects(&scope),
            (Call::Scope, ["v2", "teams"]) => self.teams(),
            (Call::Scope, ["v2", "teams", wanted]) => self.team(wanted),
            (_, other) => self.elsewhere(other),
        }
    }

    fn error(&mut self, status: u16) -> Answer {
        let (code, message) = match status {
            400 => ("bad_request", "An english description of the error that just occurred"),
            403 => ("forbidden", "Not authorized"),
            404 => ("not_found", "Deployment not found"),
            405 => ("method_unknown", "This endpoint only responds to METHOD"),
            409 => ("conflict", "Deployment is not in a cancelable state"),
            429 => ("too_many_requests", "Rate limit exceeded"),
            500.. => ("internal_server_error", "An unexpected internal error occurred"),
            _ => {
                let mut answer = self.reply(status, &Value::Null);
                answer.body.clear();
                return answer;
            }
        };
        self.problem(status, code, message)
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-ratelimit-reset", epoch(in_seconds).to_string())
    }

    fn grant(&mut self, token: &str, grant: Grant) {
        self.tokens.set(token, grant);
    }

    fn effective_cancels(&self, id: &str) -> usize {
        let found = self.deployments.iter().find(|known| known.id == id);
        found.map_or(0, |deployment| deployment.script.cancels())
    }

    fn truth(&self, id: &str) -> Option<String> {
        let found = self.deployments.iter().find(|known| known.id == id);
        found.map(|deployment| deployment.script.now().to_owned())
    }
}

impl Vercel {
    /// An answer with the headers every answer has.
    fn reply(&mut self, status: u16, body: &Value) -> Answer {
        self.answers += 1;
        let (remaining, reset) = match status {
            429 => (0, epoch(1)),
            _ => (500_u32.saturating_sub(self.answers), epoch(60)),
        };
        let id = format!("fra1::iad1::x{:04x}-{}-0123456789ab", self.answers, epoch(0));
        Answer::json(status, body)
            .with("x-ratelimit-limit", "500")
            .with("x-ratelimit-remaining", remaining.to_string())
            .with("x-ratelimit-reset", reset.to_string())
            .with("x-vercel-id", id)
    }

    fn problem(&mut self, status: u16, code: &str, message: &str) -> Answer {
        self.reply(status, &json!({"error": {"code": code, "message": message}}))
    }

    fn missing_token(&mut self) -> Answer {
        let message = "The request is missing an authentication token";
        let error = json!({"code": "forbidden", "message": message, "missingToken": true});
        self.reply(403, &json!({"error": error}))
    }

    fn invalid_token(&mut self) -> Answer {
        let error = json!({"code": "forbidden", "message": "Not authorized", "invalidToken": true});
        self.reply(403, &json!({"error": error}))
    }

    fn denied(&mut self, call: Call) -> Answer {
        let action = match call {
            Call::Cancel => "update",
            Call::List => "list",
            _ => "read",
        };
        let message = format!("You don't have permission to {action} the deployment.");
        let error = json!({
            "code": "forbidden",
            "message": message,
            "action": action,
            "resource": "deployment",
        });
        self.reply(403, &json!({"error": error}))
    }

    fn wrong_scope(&mut self, wanted: &str) -> Answer {
        let message = format!(
            "Not authorized: Authorization is missing access to scope \"{wanted}\". You must \
             re-authenticate to this scope or use a token with access to this scope."
        );
        self.problem(403, "forbidden", &message)
    }

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

    fn user(&mut self) -> Answer {
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
        self.reply(200, &json!({"user": user}))
    }

    /// Known paths with a wrong method, and unknown paths.
    fn elsewhere(&mut self, segments: &[&str]) -> Answer {
        let method = match segments {
            ["v6" | "v7", "deployments"] => "GET",
            ["v13", "deployments", _] => "GET, DELETE",
            ["v12", "deployments", _, "cancel"] => "PATCH",
            _ => {
                let path = segments.join("/");
                let message = format!("Could not find the endpoint: /{path}");
                return self.problem(404, "not_found", &message);
            }
        };
        let message = format!("This endpoint only responds to {method}");
        self.problem(405, "method_unknown", &message)
    }

    fn find(&mut self, scope: &Scope, is: impl Fn(&Deployment) -> bool) -> Option<&mut Deployment> {
        let mut all = self.deployments.iter_mut();
        all.find(|known| known.team == *scope && is(known))
    }

    fn projects(&mut self, scope: &Scope) -> Answer {
        let all = self.projects.iter().filter(|known| known.team == *scope);
        let projects: Vec<Value> = all.map(Project::json).collect();
        let pagination = json!({"count": projects.len(), "next": null, "prev": null});
        self.reply(200, &json!({"projects": projects, "pagination": pagination}))
    }

    fn teams(&mut self) -> Answer {
        let teams: Vec<Value> = self.teams.iter().map(Team::json).collect();
        let pagination = json!({"count": teams.len(), "next": null, "prev": null});
        self.reply(200, &json!({"teams": teams, "pagination": pagination}))
    }

    fn team(&mut self, wanted: &str) -> Answer {
        let mut all = self.teams.iter();
        match all.find(|team| team.id == wanted || team.slug == wanted) {
            Some(found) => {
                let body = found.json();
                self.reply(200, &body)
            }
            None => self.problem(404, "not_found", "Team not found"),
        }
    }

    fn project(&mut self, wanted: &str, scope: &Scope) -> Answer {
        let mut all = self.projects.iter();
        match all.find(|known| known.team == *scope && known.is(wanted)) {
            Some(found) => {
                let body = found.json();
                self.reply(200, &body)
            }
            None => self.problem(404, "not_found", "Project not found"),
        }
    }

    fn read(&mut self, key: &str, scope: &Scope) -> Answer {
        if !is_well_formed(key) {
            return self.malformed();
        }
        let is =
            |known: &Deployment| known.id == key || known.host == key || known.aliases.iter().any(|alias| alias == key);
        let Some(deployment) = self.find(scope, is) else {
            return self.error(404);
        };
        let state = deployment.script.read();
        let body = deployment.json(&state);
        self.reply(200, &body)
    }

    fn cancel(&mut self, id: &str, scope: &Scope) -> Answer {
        if !is_well_formed(id) {
            return self.malformed();
        }
        let Some(deployment) = self.find(scope, |known| known.id == id) else {
            return self.error(404);
        };
        if let Some(message) = deployment.refusal.clone() {
            return self.problem(400, "bad_request", &message);
        }
        if FINISHED.contains(&deployment.script.now()) {
            let (status, body) = (deployment.finished_cancel, deployment.json(deployment.script.now()));
            return self.refuse(status, &body);
        }
        let took_effect = deployment.script.cancel();
        let word = deployment.script.now().to_owned();
        let body = match &deployment.cancel_answer {
            CancelAnswer::Current => deployment.json(&word),
            CancelAnswer::Word(other) => deployment.json(other),
            CancelAnswer::OtherId => {
                let mut body = deployment.json(&word);
                body["id"] = json!("dpl_89qyp1cskzkLrVicDaZoDbjyHuDJ");
                body
            }
            CancelAnswer::Empty => Value::Null,
        };
        let mut answer = self.reply(200, &body).effect(took_effect);
        if body.is_null() {
            answer.body.clear();
        }
        answer
    }

    fn refuse(&mut self, status: u16, deployment: &Value) -> Answer {
        match status {
            200 => self.reply(200, deployment),
            400 => {
                let message = "Deployment is not in a cancelable state";
                self.problem(400, "bad_request", message)
            }
            other => self.error(other),
        }
    }

    fn malformed(&mut self) -> Answer {
        let message = "Invalid request: `id` should be a deployment id or a host name.";
        self.problem(400, "bad_request", message)
    }

    fn list(&mut self, scope: &Scope, request: &Request) -> Answer {
        let Ok(limit) = limit(request) else {
            let message = "Invalid request: `limit` should be an integer from 1 to 100.";
            return self.problem(400, "bad_request", message);
        };
        let all = self.deployments.iter().rev();
        let mut found: Vec<&Deployment> =
            all.filter(|known| known.team == *scope && is_wanted(known, &self.projects, request)).collect();
        found.sort_by_key(|known| -known.created());
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| last.created());
        let prev = found.first().map(|first| first.created());
        let items: Vec<Value> = found.iter().map(|known| known.item()).collect();
        let body = json!({
            "deployments": items,
            "pagination": {"count": items.len(), "next": next, "prev": prev},
        });
        self.reply(200, &body)
    }
}

fn limit(request: &Request) -> Result<usize, ()> {
    let Some(text) = request.param("limit") else {
        return Ok(20);
    };
    let number = text.parse().ok().filter(|n| (1..=100).contains(n));
    number.ok_or(())
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
        all.any(|each| each.id == known.project && each.is(wanted))
    };
    let commit = known.commit.as_deref();
    passes("projectId", &project)
        && passes("app", &|wanted| known.name == wanted)
        && passes("state", &|wanted| known.script.now() == wanted)
        && passes("target", &|wanted| known.is_target(wanted))
        && passes("branch", &|wanted| commit.is_some() && known.branch == wanted)
        && passes("sha", &|wanted| commit == Some(wanted))
        && passes("meta-githubCommitSha", &|wanted| commit == Some(wanted))
        && (wanted_projects.is_empty() || wanted_projects.iter().any(|list| list.split(',').any(project)))
        && time("since").is_none_or(|since| known.created() > since)
        && time("until").is_none_or(|until| known.created() < until)
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

impl Stand {
    /// A deployment among others, which a test may change further.
    pub fn made(&self, one: &One) -> Deployment {
        let (states, after, answer) = (self as &dyn super::Stand).words(&one.course);
        let (project, name) = if one.scope == 1 { ("prj_1", "web") } else { ("prj_2", "api") };
        let created = 1_786_100_000_000 + 1000 * i64::try_from(one.at).expect("a small number");
        let deployment = Deployment::new(project, name, &super::Stand::id(self, one.number))
            .states(states)
            .after_cancel(after)
            .cancel_answer(CancelAnswer::shows(answer))
            .created_at(created)
            .target(one.target);
        let deployment = match one.branch {
            Some(branch) => deployment.branch(branch).commit(one.commit),
            None => deployment.without_commit(),
        };
        let deployment = match one.owner {
            Some(owner) => deployment.patch(json!({"meta": {"githubCommitOrg": owner}})),
            None => deployment,
        };
        match one.undated {
            true => deployment.field("createdAt", Value::Null).field("created", Value::Null),
            false => deployment,
        }
    }
}

impl super::Stand for Stand {
    fn name(&self) -> &'static str {
        "vercel"
    }

    fn letter(&self) -> char {
        'v'
    }

    fn id(&self, number: usize) -> String {
        format!("dpl_{number}")
    }

    fn word(&self, state: &str) -> Option<&'static str> {
        Some(match state {
            "queued" => "QUEUED",
            "running" => "BUILDING",
            "canceled" => "CANCELED",
            "succeeded" => "READY",
            "failed" => "ERROR",
            _ => return None,
        })
    }

    fn put(&self, sandbox: &Sandbox, number: usize, course: &Course) {
        let (states, after, answer) = (self as &dyn super::Stand).words(course);
        let deployment = Deployment::new("prj_1", "web", &self.id(number)).states(states).after_cancel(after);
        sandbox.add(deployment.cancel_answer(CancelAnswer::shows(answer)));
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        sandbox.add(self.made(one));
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(Project::new("prj_1", "web")).add(Project::new("prj_2", "api"));
    }

    fn unknown_scope(&self) -> Option<(&'static str, &'static str)> {
        Some(("project_id", "prj_9"))
    }

    fn inputs(&self) -> Vec<(&'static str, &'static str)> {
        vec![("token", TOKEN)]
    }

    fn select_inputs(&self) -> Option<Vec<(&'static str, &'static str)>> {
        Some(vec![("project_id", "prj_1")])
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        Some(json!({"id": id, "readyState": word}).to_string())
    }

    fn list(&self, ids: &[String], word: &str) -> Option<String> {
        let items: Vec<_> = ids.iter().map(|id| json!({"uid": id, "projectId": "prj_1", "readyState": word})).collect();
        Some(json!({"deployments": items}).to_string())
    }

    fn right(&self) -> &'static str {
        "may change deployments"
    }

    fn traits(&self) -> Traits {
        Traits { lists: 2, request_id: "fra1::iad1::", ..Traits::default() }
    }
}
