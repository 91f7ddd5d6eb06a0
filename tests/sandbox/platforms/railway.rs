//! Railway.
//!
//! Every request is held against the official schema (see `tests/replies/`), and answered with what it selects. What the
//! schema does not say follows what was written down about the live service: errors inside a 200, a cancel answered `true`
//! and `REMOVED` afterwards. What a cancel of a finished deployment answers is documented nowhere, so
//! [`Deployment::finished_cancel`] chooses it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::graphql::{Operation, Schema, Wrong};
use super::http::{Answer, Request, epoch, merge};
use super::platform::{Access, Addition, Call, Grant, Platform, Platforms, Tokens};
use super::script::Script;
use super::stand::{Course, One, Traits};
use super::{EMAIL, ENV_VALUE, Sandbox, TOKEN};

/// The commit a deployment carries until told otherwise.
pub const COMMIT: &str = "43d20b293c43eb920dbcbe04c1d3b6a074ad487b";
/// Where a deployment is until told otherwise.
pub const PROJECT: &str = "4df47e04-0000-4000-8000-00000000000a";
pub const ENVIRONMENT: &str = "2a3b69b2-0000-4000-8000-00000000000b";
pub const SERVICE: &str = "32c989b1-0000-4000-8000-00000000000c";

/// Another one of the same environment.
const OTHER_SERVICE: &str = "32c989b1-0000-4000-8000-00000000000d";

const IN_FLIGHT: [&str; 6] = ["QUEUED", "WAITING", "NEEDS_APPROVAL", "INITIALIZING", "BUILDING", "DEPLOYING"];
/// A page without `first`.
const USUAL_PAGE: usize = 10;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::read(include_str!("../../replies/railway/schema.graphql")));

/// The id of the deployment with that number.
pub fn id(number: usize) -> String {
    format!("5f1fb65b-0000-4000-8000-{number:012}")
}

/// Makes a token one of a project, which reaches one environment.
pub struct ProjectToken {
    token: String,
    project: String,
    environment: String,
}

impl ProjectToken {
    /// Of the usual project and environment.
    pub fn new(token: &str) -> ProjectToken {
        ProjectToken { token: token.to_owned(), project: PROJECT.to_owned(), environment: ENVIRONMENT.to_owned() }
    }
}

/// A service of an environment; one appears with its first deployment if it is not there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    project: String,
    environment: String,
    service: String,
}

impl Service {
    pub fn new(project: &str, environment: &str, service: &str) -> Service {
        let [project, environment, service] = [project, environment, service].map(str::to_owned);
        Service { project, environment, service }
    }
}

/// How many requests are left in the hour, at the least.
pub struct Remaining(pub u32);

/// A deployment of a service.
#[derive(Clone, Debug)]
pub struct Deployment {
    id: String,
    place: Service,
    script: Script,
    created: Option<String>,
    can_roll_back: bool,
    events: Vec<&'static str>,
    cancel: Option<Answered>,
    finished_cancel: Answered,
    meta: Value,
    patch: Value,
}

/// What a cancel is answered.
#[derive(Clone, Debug)]
pub enum Answered {
    /// This, without an error.
    Plain(bool),
    /// An error with these words.
    Error(&'static str),
    /// An error without a field, which says nothing.
    Trouble,
    /// A yes, and an error beside it.
    Both,
}

impl Deployment {
    /// A deployment that builds until it is canceled, of branch `main` and commit [`COMMIT`].
    pub fn new(number: usize) -> Deployment {
        Deployment {
            id: id(number),
            place: Service::new(PROJECT, ENVIRONMENT, SERVICE),
            script: Script::new(&["BUILDING"], &["REMOVED"]),
            created: None,
            can_roll_back: false,
            events: vec!["SNAPSHOT_CODE", "BUILD_IMAGE"],
            cancel: None,
            finished_cancel: Answered::Plain(false),
            meta: json!({
                "repo": "acme/shop",
                "branch": "main",
                "commitHash": COMMIT,
                "commitMessage": "Make it faster",
                "commitAuthor": EMAIL,
                "reason": "deploy",
                "rootDirectory": null,
                "serviceManifest": { "deploy": { "startCommand": format!("GREETING={ENV_VALUE} bin/shop") } },
                "logsV2": true,
                "runtime": "V2",
                "volumeMounts": [],
            }),
            patch: json!({}),
        }
    }

    /// The words it goes through undisturbed; see [`Script`].
    pub fn states<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_states(states);
        self
    }

    /// The words from the moment a cancel takes effect; see [`Script`].
    pub fn after_cancel<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_after_cancel(states);
        self
    }

    /// Where it is.
    pub fn place(mut self, place: Service) -> Self {
        self.place = place;
        self
    }

    /// Another service of the same environment.
    pub fn service(mut self, service: &str) -> Self {
        self.place.service = service.to_owned();
        self
    }

    /// The branch.
    pub fn branch(self, branch: &str) -> Self {
        self.meta(json!({ "branch": branch }))
    }

    /// The commit.
    pub fn commit(self, commit: &str) -> Self {
        self.meta(json!({ "commitHash": commit }))
    }

    /// Comes from `railway up`, which leaves everything about git out.
    pub fn uploaded(self) -> Self {
        let git =
            json!({ "repo": null, "branch": null, "commitHash": null, "commitMessage": null, "commitAuthor": null });
        self.meta(git).meta(json!({ "cliMessage": "hotfix" }))
    }

    /// Its image was built.
    pub fn built(self) -> Self {
        self.meta(json!({ "imageDigest": format!("sha256:{}", "ab".repeat(32)) }))
    }

    /// Lays a JSON merge patch over its metadata.
    pub fn meta(mut self, patch: Value) -> Self {
        merge(&mut self.meta, &patch);
        self
    }

    /// Once it is removed it can be rolled back to, as it was live.
    pub fn can_roll_back(mut self) -> Self {
        self.can_roll_back = true;
        self
    }

    /// The steps that it has gone through.
    pub fn events(mut self, steps: &[&'static str]) -> Self {
        self.events = steps.to_vec();
        self
    }

    /// When it was created, in RFC 3339; otherwise a second after the one added before.
    pub fn created_at(mut self, time: &str) -> Self {
        self.created = Some(time.to_owned());
        self
    }

    /// What a cancel in flight is answered instead of a yes; it takes effect only with one.
    pub fn cancel_answer(mut self, answered: Answered) -> Self {
        self.cancel = Some(answered);
        self
    }

    /// What a cancel of one that has ended is answered.
    pub fn finished_cancel(mut self, answered: Answered) -> Self {
        self.finished_cancel = answered;
        self
    }

    /// Lays a JSON merge patch over it; null leaves a field out.
    pub fn patch(mut self, patch: Value) -> Self {
        self.patch = patch;
        self
    }

    fn created(&self) -> &str {
        self.created.as_deref().unwrap_or_default()
    }

    fn json(&self, status: &str) -> Value {
        let is_over = !IN_FLIGHT.contains(&status);
        let mut body = json!({
            "id": self.id,
            "status": status,
            "statusUpdatedAt": self.created(),
            "createdAt": self.created(),
            "updatedAt": self.created(),
            "projectId": self.place.project,
            "environmentId": self.place.environment,
            "serviceId": self.place.service,
            "url": null,
            "staticUrl": "shop-production.up.railway.app",
            "canRollback": self.can_roll_back && status == "REMOVED",
            "canRedeploy": is_over,
            "deploymentStopped": status == "REMOVED",
            "snapshotId": null,
            "meta": self.meta,
        });
        merge(&mut body, &self.patch);
        body
    }
}

impl Addition for ProjectToken {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.railway.project_tokens.push(self);
    }
}

impl Addition for Service {
    fn add_to(self, platforms: &mut Platforms) {
        let services = &mut platforms.railway.services;
        if !services.contains(&self) {
            services.push(self);
        }
    }
}

impl Addition for Remaining {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.railway.remaining = Some(self.0);
    }
}

impl Addition for Deployment {
    fn add_to(mut self, platforms: &mut Platforms) {
        self.place.clone().add_to(platforms);
        let platform = &mut platforms.railway;
        let number = platform.added;
        platform.added += 1;
        self.created.get_or_insert_with(|| {
            let (hour, minute, second) = (number / 3600 % 24, number / 60 % 60, number % 60);
            format!("2026-09-{:02}T{hour:02}:{minute:02}:{second:02}.000Z", 1 + number / 86_400)
        });
        platform.deployments.retain(|known| known.id != self.id);
        platform.deployments.push(self);
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct Railway {
    tokens: Tokens,
    project_tokens: Vec<ProjectToken>,
    services: Vec<Service>,
    deployments: Vec<Deployment>,
    added: u32,
    answers: u32,
    remaining: Option<u32>,
}

/// Why a field could not be answered.
enum Refusal {
    NotAuthorized,
    NotFound(&'static str),
}

impl Platform for Railway {
    fn name(&self) -> &'static str {
        "railway"
    }

    fn call(&self, request: &Request) -> Call {
        let operation = serde_json::from_slice(&request.body).ok().and_then(|body| SCHEMA.operation(&body).ok());
        match operation.as_ref().map(|operation| operation.field.as_str()) {
            Some("projectToken") => Call::SignIn,
            Some("project" | "environment" | "service" | "serviceInstance") => Call::Scope,
            Some("deployments") => Call::List,
            Some("deployment") => Call::Read,
            Some("deploymentCancel") => Call::Cancel,
            _ => Call::Other,
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        if request.method != "POST" || !request.path.is_empty() {
            return Answer::new(404, "text/plain", "Not Found");
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let operation = match SCHEMA.operation(&body) {
            Ok(operation) => operation,
            Err(wrong) => return self.invalid(&wrong),
        };
        let call = self.call(request);
        let project_token = request.header("project-access-token");
        let token = project_token.or_else(|| request.bearer());
        let is_known_as = |known: &ProjectToken| Some(known.token.as_str()) == token;
        let reach = self.project_tokens.iter().position(is_known_as);
        // Each kind of token counts in its own header only.
        let is_right_header = reach.is_some() == project_token.is_some();
        if !is_right_header || self.tokens.judge(token, call) != Access::Granted {
            let is_token = operation.field == "projectToken" && project_token.is_some();
            return self.problem(&operation.field, if is_token { "Project Token not found" } else { "Not Authorized" });
        }
        self.resolve(&operation, reach)
    }

    fn error(&mut self, status: u16) -> Answer {
        match status {
            400 => {
                let message = "Cannot query field \"nonsense\" on type \"Deployment\".".to_owned();
                self.invalid(&Wrong { message, code: "GRAPHQL_VALIDATION_FAILED" })
            }
            401 | 403 => self.problem("deployment", "Not Authorized"),
            404 | 410 => self.problem("deployment", "Deployment not found"),
            409 | 422 => self.problem("deployment", "Deployment is not in a cancelable state"),
            429 => self.reply(429, &json!({ "message": "Too Many Requests" })),
            _ => Answer::new(status, "text/html", format!("<html><h1>{status}</h1></html>")),
        }
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

impl Railway {
    /// An answer with the headers every answer has.
    fn reply(&mut self, status: u16, body: &Value) -> Answer {
        self.answers += 1;
        let left = self.remaining.unwrap_or_else(|| 10_000_u32.saturating_sub(self.answers));
        Answer::json(status, body)
            .with("x-ratelimit-limit", "10000")
            .with("x-ratelimit-remaining", left.to_string())
            .with("x-ratelimit-reset", epoch(1800).to_string())
    }

    /// An error about a field, inside a 200.
    fn problem(&mut self, field: &str, message: &str) -> Answer {
        let trace = format!("55277825234218{:05}", self.answers);
        let error = json!({
            "message": message,
            "path": [field],
            "locations": [{ "line": 1, "column": 1 }],
            "extensions": { "code": "INTERNAL_SERVER_ERROR" },
            "traceId": trace,
        });
        self.reply(200, &json!({ "data": null, "errors": [error] }))
    }

    fn trouble(&mut self) -> Answer {
        let error = json!({ "message": "Problem processing request", "traceId": "5527782523421805956" });
        self.reply(200, &json!({ "data": null, "errors": [error] }))
    }

    fn invalid(&mut self, wrong: &Wrong) -> Answer {
        let error = json!({
            "message": wrong.message,
            "locations": [{ "line": 1, "column": 1 }],
            "extensions": { "code": wrong.code },
        });
        self.reply(400, &json!({ "errors": [error] }))
    }

    fn resolve(&mut self, operation: &Operation, reach: Option<usize>) -> Answer {
        let told = match operation.field.as_str() {
            "deployment" => self.deployment(operation, reach).map(|one| {
                let status = one.script.read();
                one.json(&status)
            }),
            "deploymentEvents" => self.deployment(operation, reach).map(|one| {
                let edges: Vec<_> = one.events.iter().map(|step| json!({ "node": { "step": step } })).collect();
                json!({ "edges": edges })
            }),
            "deployments" => Ok(self.list(operation, reach)),
            "deploymentCancel" => return self.cancel(operation, reach),
            "projectToken" => match reach {
                Some(at) => {
                    let ProjectToken { project, environment, .. } = &self.project_tokens[at];
                    Ok(json!({ "projectId": project, "environmentId": environment }))
                }
                None => Err(Refusal::NotAuthorized),
            },
            "serviceInstance" => self.instance(operation, reach),
            "environment" => {
                let mut services = self.services.iter();
                let found = services.find(|known| known.environment.eq_ignore_ascii_case(operation.text("id")));
                let told = found.map(|known| json!({ "id": known.environment, "projectId": known.project }));
                told.ok_or(Refusal::NotFound("Environment not found"))
            }
            other => panic!("nobody sends {other}"),
        };
        match told {
            Ok(told) => {
                let body = operation.answer(&told);
                self.reply(200, &body)
            }
            Err(Refusal::NotAuthorized) => self.problem(&operation.field, "Not Authorized"),
            Err(Refusal::NotFound(message)) => self.problem(&operation.field, message),
        }
    }

    fn reaches(&self, reach: Option<usize>, place: &Service) -> bool {
        reach.is_none_or(|at| {
            let ProjectToken { project, environment, .. } = &self.project_tokens[at];
            *project == place.project && *environment == place.environment
        })
    }

    fn deployment(&mut self, operation: &Operation, reach: Option<usize>) -> Result<&mut Deployment, Refusal> {
        let wanted = operation.text("id");
        let at = self.deployments.iter().position(|known| known.id.eq_ignore_ascii_case(wanted));
        let at = at.ok_or(Refusal::NotFound("Deployment not found"))?;
        if !self.reaches(reach, &self.deployments[at].place) {
            return Err(Refusal::NotAuthorized);
        }
        Ok(&mut self.deployments[at])
    }

    fn instance(&self, operation: &Operation, reach: Option<usize>) -> Result<Value, Refusal> {
        let is_it = |known: &&Service| {
            known.environment.eq_ignore_ascii_case(operation.text("environmentId"))
                && known.service.eq_ignore_ascii_case(operation.text("serviceId"))
        };
        let found = self.services.iter().find(is_it).ok_or(Refusal::NotFound("ServiceInstance not found"))?;
        if !self.reaches(reach, found) {
            return Err(Refusal::NotAuthorized);
        }
        Ok(json!({ "environmentId": found.environment, "serviceId": found.service, "serviceName": "shop" }))
    }

    /// Newest first. What the filter leaves out widens it, as far as the token reaches.
    fn list(&self, operation: &Operation, reach: Option<usize>) -> Value {
        let input = &operation.arguments["input"];
        let passes = |name: &str, own: &str| input[name].as_str().is_none_or(|wanted| wanted.eq_ignore_ascii_case(own));
        let is_in = |name: &str, own: &str| {
            let words = input["status"][name].as_array();
            words.map(|words| words.iter().any(|word| word == own))
        };
        let is_wanted = |known: &&Deployment| {
            let (place, now) = (&known.place, known.script.now());
            passes("projectId", &place.project)
                && passes("environmentId", &place.environment)
                && passes("serviceId", &place.service)
                && is_in("in", now) != Some(false)
                && is_in("notIn", now) != Some(true)
                && self.reaches(reach, place)
        };
        let mut found: Vec<_> = self.deployments.iter().rev().filter(is_wanted).collect();
        found.sort_by(|a, b| b.created().cmp(a.created()));
        let number = |name: &str| operation.arguments.get(name).and_then(Value::as_u64);
        let first = number("first").map_or(USUAL_PAGE, |first| usize::try_from(first).unwrap());
        let after = operation.text("after").strip_prefix("cursor-").map_or(0, |after| after.parse().unwrap());
        let page: Vec<_> = found.iter().skip(after).take(first).collect();
        let edges: Vec<_> = page
            .iter()
            .enumerate()
            .map(|(at, one)| json!({ "cursor": format!("cursor-{}", after + at + 1), "node": one.json(one.script.now()) }))
            .collect();
        let end = after + page.len();
        // A last page has a cursor as well.
        let cursor = (!page.is_empty()).then(|| format!("cursor-{end}"));
        json!({ "edges": edges, "pageInfo": { "hasNextPage": end < found.len(), "endCursor": cursor } })
    }

    fn cancel(&mut self, operation: &Operation, reach: Option<usize>) -> Answer {
        let field = operation.field.as_str();
        let one = match self.deployment(operation, reach) {
            Ok(one) => one,
            Err(Refusal::NotAuthorized) => return self.problem(field, "Not Authorized"),
            Err(Refusal::NotFound(message)) => return self.problem(field, message),
        };
        let in_flight =
            !["SUCCESS", "SLEEPING", "CRASHED", "FAILED", "SKIPPED", "REMOVED", "REMOVING"].contains(&one.script.now());
        let answered =
            if in_flight { one.cancel.clone().unwrap_or(Answered::Plain(true)) } else { one.finished_cancel.clone() };
        let took_effect =
            in_flight && matches!(answered, Answered::Plain(true) | Answered::Both) && one.script.cancel();
        let answer = match answered {
            Answered::Plain(yes) => self.reply(200, &operation.answer(&json!(yes))),
            Answered::Error(message) => self.problem(field, message),
            Answered::Trouble => self.trouble(),
            Answered::Both => {
                let errors = json!([{ "message": "Something else went wrong", "path": [field], "traceId": "1" }]);
                self.reply(200, &json!({ "data": { field: true }, "errors": errors }))
            }
        };
        answer.effect(took_effect)
    }
}

/// Railway, as tests know it.
pub struct Stand;

impl super::Stand for Stand {
    fn name(&self) -> &'static str {
        "railway"
    }

    fn letter(&self) -> char {
        'w'
    }

    fn id(&self, number: usize) -> String {
        id(number)
    }

    fn word(&self, state: &str) -> Option<&'static str> {
        Some(match state {
            "queued" => "QUEUED",
            "running" => "BUILDING",
            "canceling" => "REMOVING",
            "succeeded" => "SUCCESS",
            "failed" => "FAILED",
            _ => return None,
        })
    }

    fn stopped(&self) -> &'static str {
        "REMOVED"
    }

    fn put(&self, sandbox: &Sandbox, number: usize, course: &Course) {
        let (states, after, _) = (self as &dyn super::Stand).words(course);
        sandbox.add(Deployment::new(number).states(states).after_cancel(after));
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        let (states, after, _) = (self as &dyn super::Stand).words(&one.course);
        let service = if one.scope == 1 { SERVICE } else { OTHER_SERVICE };
        let repository = format!("{}/sample-app", one.owner.unwrap_or("example"));
        let deployment = Deployment::new(one.number).states(states).after_cancel(after).service(service);
        let deployment = deployment.created_at(&one.created());
        let deployment = match one.branch {
            Some(branch) => deployment.branch(branch).commit(one.commit).meta(json!({ "repo": repository })),
            None => deployment.uploaded(),
        };
        sandbox.add(if one.undated { deployment.patch(json!({ "createdAt": null })) } else { deployment });
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        for service in [SERVICE, OTHER_SERVICE] {
            sandbox.add(Service::new(PROJECT, ENVIRONMENT, service));
        }
    }

    fn inputs(&self) -> Vec<(&'static str, &'static str)> {
        vec![("api_token", TOKEN)]
    }

    fn select_inputs(&self) -> Option<Vec<(&'static str, &'static str)>> {
        Some(vec![("project_id", PROJECT), ("environment_id", ENVIRONMENT), ("service_id", SERVICE)])
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        Some(json!({ "data": { "deployment": { "id": id, "status": word } } }).to_string())
    }

    fn refusal(&self, text: &str) -> String {
        json!({ "data": null, "errors": [{ "message": text, "path": ["deploymentCancel"] }] }).to_string()
    }

    fn right(&self) -> &'static str {
        "a project token of that environment"
    }

    fn traits(&self) -> Traits {
        Traits {
            answer_tells: false,
            answer_can_lie: false,
            too_late: 200,
            blind: false,
            malformed_is_unknown: false,
            lists: 2,
            inside_a_200: &[401, 403, 404, 409, 410, 422],
            ..Traits::default()
        }
    }
}
