//! Railway.
//!
//! Every request is held against the official schema (see `tests/replies/`), and answered with what it selects. What the
//! schema does not say follows what was written down about the live service: errors inside a 200, a cancel answered `true`
//! and `REMOVED` afterwards. What a cancel of a finished deployment answers is documented nowhere, so
//! [`Deployment::finished_cancel`] chooses it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::deployment::{self, Desk, Fleet};
use super::graphql::{Operation, Schema, Wrong};
use super::http::{Answer, Request, epoch, merge};
use super::platform::{Access, Addition, Call, Platform, Platforms};
use super::stand::{About, Choice, One, Pages, Traits};
use super::{EMAIL, ENV_VALUE, Sandbox, TOKEN};

pub use super::deployment::COMMIT;

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
pub type Deployment = deployment::Deployment<Details>;

/// What only deployments of Railway have.
#[derive(Clone, Debug)]
pub struct Details {
    project: String,
    environment: String,
    can_roll_back: bool,
    events: Vec<&'static str>,
    cancel: Option<Answered>,
    late_cancel: Answered,
    meta: Value,
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
    /// A deployment that builds until it is canceled.
    pub fn new(number: usize) -> Deployment {
        let own = Details {
            project: PROJECT.to_owned(),
            environment: ENVIRONMENT.to_owned(),
            can_roll_back: false,
            events: vec!["SNAPSHOT_CODE", "BUILD_IMAGE"],
            cancel: None,
            late_cancel: Answered::Plain(false),
            meta: json!({}),
        };
        Deployment::made(SERVICE, &id(number), own)
    }

    /// Where it is.
    pub fn place(mut self, place: Service) -> Self {
        (self.own.project, self.own.environment, self.scope) = (place.project, place.environment, place.service);
        self
    }

    /// Another service of the same environment.
    pub fn service(mut self, service: &str) -> Self {
        self.scope = service.to_owned();
        self
    }

    /// Comes from `railway up`, which leaves everything about git out.
    pub fn uploaded(self) -> Self {
        self.without_commit()
    }

    /// Its image was built.
    pub fn built(self) -> Self {
        self.meta(json!({ "imageDigest": format!("sha256:{}", "ab".repeat(32)) }))
    }

    /// Lays a JSON merge patch over its metadata.
    pub fn meta(mut self, patch: Value) -> Self {
        merge(&mut self.own.meta, &patch);
        self
    }

    /// Once it is removed it can be rolled back to, as it was live.
    pub fn can_roll_back(mut self) -> Self {
        self.own.can_roll_back = true;
        self
    }

    /// The steps that it has gone through.
    pub fn events(mut self, steps: &[&'static str]) -> Self {
        self.own.events = steps.to_vec();
        self
    }

    /// What a cancel in flight is answered instead of a yes; it takes effect only with one.
    pub fn cancel_gets(mut self, answered: Answered) -> Self {
        self.own.cancel = Some(answered);
        self
    }

    /// What a cancel of one that has ended is answered.
    pub fn late_cancel_gets(mut self, answered: Answered) -> Self {
        self.own.late_cancel = answered;
        self
    }

    fn metadata(&self) -> Value {
        let mut meta = json!({
            "rootDirectory": null,
            "serviceManifest": { "deploy": { "startCommand": format!("GREETING={ENV_VALUE} bin/shop") } },
            "reason": "deploy",
            "logsV2": true,
            "runtime": "V2",
            "volumeMounts": [],
        });
        let git = self.commit.as_ref().map_or(json!({ "cliMessage": "hotfix" }), |commit| {
            json!({
                "repo": format!("{}/sample-app", self.owner.as_deref().unwrap_or("example")),
                "branch": self.branch,
                "commitHash": commit,
                "commitMessage": "Make it faster",
                "commitAuthor": EMAIL,
            })
        });
        merge(&mut meta, &git);
        merge(&mut meta, &self.own.meta);
        meta
    }
}

impl deployment::Own for Details {
    type Platform = Railway;
    const COURSE: deployment::Words = (&["BUILDING"], &["REMOVED"]);
    const CREATED: &'static [&'static str] = &["createdAt"];

    fn fleet(platform: &mut Railway) -> &mut Fleet<Details> {
        &mut platform.fleet
    }

    fn precede(platform: &mut Railway, one: &mut Deployment) {
        platform.arrive(Service::new(&one.own.project, &one.own.environment, &one.scope));
    }

    fn created(second: usize) -> Value {
        json!(format!("{}.000Z", deployment::time(second)))
    }

    fn json(one: &Deployment, status: &str) -> Value {
        json!({
            "id": one.id,
            "status": status,
            "statusUpdatedAt": one.created,
            "createdAt": one.created,
            "updatedAt": one.created,
            "projectId": one.own.project,
            "environmentId": one.own.environment,
            "serviceId": one.scope,
            "url": null,
            "staticUrl": "shop-production.up.railway.app",
            "canRollback": one.own.can_roll_back && status == "REMOVED",
            "canRedeploy": !IN_FLIGHT.contains(&status),
            "deploymentStopped": status == "REMOVED",
            "snapshotId": null,
            "meta": one.metadata(),
        })
    }
}

impl Addition for ProjectToken {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.of::<Railway>().project_tokens.push(self);
    }
}

impl Addition for Service {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.of::<Railway>().arrive(self);
    }
}

impl Addition for Remaining {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.of::<Railway>().remaining = Some(self.0);
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct Railway {
    project_tokens: Vec<ProjectToken>,
    services: Vec<Service>,
    fleet: Fleet<Details>,
    remaining: Option<u32>,
}

/// Why a field could not be answered.
struct Refusal(&'static str);

const NOT_AUTHORIZED: Refusal = Refusal("Not Authorized");

impl Platform for Railway {
    fn name(&self) -> &'static str {
        "railway"
    }

    fn desk(&mut self) -> &mut dyn Desk {
        &mut self.fleet
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

    /// Everything is posted here, questions too.
    fn changes(&self, request: &Request) -> bool {
        let body = request.object();
        let query = body.as_ref().and_then(|body| body.get("query")?.as_str());
        query.is_some_and(|query| query.trim_start().starts_with("mutation"))
    }

    fn handle(&mut self, request: &Request) -> Answer {
        if request.method != "POST" || !request.path.is_empty() {
            return Answer::new(404, "text/plain", "Not Found").foreign();
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let operation = match SCHEMA.operation(&body) {
            Ok(operation) => operation,
            Err(wrong) => return invalid(&wrong),
        };
        let call = self.call(request);
        let project_token = request.header("project-access-token");
        let token = project_token.or_else(|| request.bearer());
        let is_known_as = |known: &ProjectToken| Some(known.token.as_str()) == token;
        let reach = self.project_tokens.iter().position(is_known_as);
        // Each kind of token counts in its own header only.
        let is_right_header = reach.is_some() == project_token.is_some();
        if !is_right_header || self.fleet.tokens.judge(token, call) != Access::Granted {
            let is_token = operation.field == "projectToken" && project_token.is_some();
            return self.tell(&operation.field, if is_token { "Project Token not found" } else { "Not Authorized" });
        }
        self.resolve(&operation, reach)
    }

    fn problem(&self, status: u16) -> Answer {
        match status {
            400 => {
                let message = "Cannot query field \"nonsense\" on type \"Deployment\".".to_owned();
                invalid(&Wrong { message, code: "GRAPHQL_VALIDATION_FAILED" })
            }
            401 | 403 => self.tell("deployment", "Not Authorized"),
            404 | 410 => self.tell("deployment", "Deployment not found"),
            409 | 422 => self.tell("deployment", "Deployment is not in a cancelable state"),
            429 => Answer::json(429, &json!({ "message": "Too Many Requests" })),
            _ => Answer::new(status, "text/html", format!("<html><h1>{status}</h1></html>")).foreign(),
        }
    }

    fn headers(&self, answer: Answer, number: u32) -> Answer {
        let left = self.remaining.unwrap_or_else(|| 10_000_u32.saturating_sub(number));
        answer
            .with("x-ratelimit-limit", "10000")
            .with("x-ratelimit-remaining", left.to_string())
            .with("x-ratelimit-reset", epoch(1800).to_string())
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-ratelimit-reset", epoch(in_seconds).to_string())
    }
}

fn invalid(wrong: &Wrong) -> Answer {
    let error = json!({
        "message": wrong.message,
        "locations": [{ "line": 1, "column": 1 }],
        "extensions": { "code": wrong.code },
    });
    Answer::json(400, &json!({ "errors": [error] }))
}

impl Railway {
    fn arrive(&mut self, service: Service) {
        if !self.services.contains(&service) {
            self.services.push(service);
        }
    }

    /// An error about a field, inside a 200.
    fn tell(&self, field: &str, message: &str) -> Answer {
        let error = json!({
            "message": message,
            "path": [field],
            "locations": [{ "line": 1, "column": 1 }],
            "extensions": { "code": "INTERNAL_SERVER_ERROR" },
            "traceId": format!("55277825234218{:05}", self.fleet.answers),
        });
        Answer::json(200, &json!({ "data": null, "errors": [error] }))
    }

    fn resolve(&mut self, operation: &Operation, reach: Option<usize>) -> Answer {
        let told = match operation.field.as_str() {
            "deployment" => self.deployment(operation, reach).map(Deployment::read),
            "deploymentEvents" => self.deployment(operation, reach).map(|one| {
                let edges: Vec<_> = one.own.events.iter().map(|step| json!({ "node": { "step": step } })).collect();
                json!({ "edges": edges })
            }),
            "deployments" => Ok(self.list(operation, reach)),
            "deploymentCancel" => return self.cancel(operation, reach),
            "projectToken" => match reach {
                Some(at) => {
                    let ProjectToken { project, environment, .. } = &self.project_tokens[at];
                    Ok(json!({ "projectId": project, "environmentId": environment }))
                }
                None => Err(NOT_AUTHORIZED),
            },
            "serviceInstance" => self.instance(operation, reach),
            "environment" => {
                let mut services = self.services.iter();
                let found = services.find(|known| known.environment.eq_ignore_ascii_case(operation.text("id")));
                let told = found.map(|known| json!({ "id": known.environment, "projectId": known.project }));
                told.ok_or(Refusal("Environment not found"))
            }
            other => panic!("nobody sends {other}"),
        };
        match told {
            Ok(told) => Answer::json(200, &operation.answer(&told)),
            Err(Refusal(message)) => self.tell(&operation.field, message),
        }
    }

    fn reaches(&self, reach: Option<usize>, wanted: (&str, &str)) -> bool {
        reach.is_none_or(|at| {
            let ProjectToken { project, environment, .. } = &self.project_tokens[at];
            (&**project, &**environment) == wanted
        })
    }

    fn deployment(&mut self, operation: &Operation, reach: Option<usize>) -> Result<&mut Deployment, Refusal> {
        let wanted = operation.text("id");
        let at = self.fleet.all.iter().position(|known| known.id.eq_ignore_ascii_case(wanted));
        let at = at.ok_or(Refusal("Deployment not found"))?;
        let Details { project, environment, .. } = &self.fleet.all[at].own;
        if !self.reaches(reach, (project, environment)) {
            return Err(NOT_AUTHORIZED);
        }
        Ok(&mut self.fleet.all[at])
    }

    fn instance(&self, operation: &Operation, reach: Option<usize>) -> Result<Value, Refusal> {
        let is_it = |known: &&Service| {
            known.environment.eq_ignore_ascii_case(operation.text("environmentId"))
                && known.service.eq_ignore_ascii_case(operation.text("serviceId"))
        };
        let found = self.services.iter().find(is_it).ok_or(Refusal("ServiceInstance not found"))?;
        if !self.reaches(reach, (&found.project, &found.environment)) {
            return Err(NOT_AUTHORIZED);
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
        let found = self.fleet.newest_first(|known| {
            let (Details { project, environment, .. }, now) = (&known.own, known.script.now());
            passes("projectId", project)
                && passes("environmentId", environment)
                && passes("serviceId", &known.scope)
                && is_in("in", now) != Some(false)
                && is_in("notIn", now) != Some(true)
                && self.reaches(reach, (project, environment))
        });
        let number = |name: &str| operation.arguments.get(name).and_then(Value::as_u64);
        let first = number("first").map_or(USUAL_PAGE, |first| usize::try_from(first).unwrap());
        let after = operation.text("after").strip_prefix("cursor-").map_or(0, |after| after.parse().unwrap());
        let page: Vec<_> = found.iter().skip(after).take(first).collect();
        let edges: Vec<_> = page
            .iter()
            .enumerate()
            .map(|(at, one)| json!({ "cursor": format!("cursor-{}", after + at + 1), "node": one.shown() }))
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
            Err(Refusal(message)) => return self.tell(field, message),
        };
        let in_flight =
            !["SUCCESS", "SLEEPING", "CRASHED", "FAILED", "SKIPPED", "REMOVED", "REMOVING"].contains(&one.script.now());
        let answered = if in_flight {
            one.own.cancel.clone().unwrap_or(Answered::Plain(true))
        } else {
            one.own.late_cancel.clone()
        };
        let took_effect =
            in_flight && matches!(answered, Answered::Plain(true) | Answered::Both) && one.script.cancel();
        let answer = match answered {
            Answered::Plain(yes) => Answer::json(200, &operation.answer(&json!(yes))),
            Answered::Error(message) => self.tell(field, message),
            Answered::Trouble => {
                let error = json!({ "message": "Problem processing request", "traceId": "5527782523421805956" });
                Answer::json(200, &json!({ "data": null, "errors": [error] }))
            }
            Answered::Both => {
                let errors = json!([{ "message": "Something else went wrong", "path": [field], "traceId": "1" }]);
                Answer::json(200, &json!({ "data": { field: true }, "errors": errors }))
            }
        };
        answer.effect(took_effect)
    }
}

/// Railway, as tests know it.
pub struct Stand;

const ABOUT: About = About {
    name: "railway",
    letter: 'w',
    id,
    states: &[
        ("queued", "QUEUED"),
        ("running", "BUILDING"),
        ("canceling", "REMOVING"),
        ("succeeded", "SUCCESS"),
        ("failed", "FAILED"),
    ],
    stopped: Some("REMOVED"),
    inputs: &[("api_token", TOKEN)],
    links: "https://railway.com/project/",
    choice: Some(Choice {
        inputs: &[("project_id", PROJECT), ("environment_id", ENVIRONMENT), ("service_id", SERVICE)],
        pages: Some(Pages {
            size: "first",
            sizes: [100, 10, 1],
            page: |number, next| {
                let node = json!({
                    "id": id(number), "status": "BUILDING",
                    "projectId": PROJECT, "environmentId": ENVIRONMENT, "serviceId": SERVICE,
                });
                json!({"data": {"deployments": {
                    "edges": [{"node": node}],
                    "pageInfo": {"hasNextPage": true, "endCursor": format!("cursor-{next}")},
                }}})
            },
        }),
    }),
    right: "a project token of that environment",
    traits: Traits {
        answer_tells: false,
        answer_can_lie: false,
        too_late: 200,
        blind: false,
        malformed_is_unknown: false,
        lists: 2,
        inside_a_200: &[401, 403, 404, 409, 410, 422],
        ..Traits::USUAL
    },
    ..About::USUAL
};

const ADDRESSED: super::Addressed = super::Addressed {
    address: |_, service, id| format!("https://railway.com/project/{PROJECT}/service/{service}?id={id}"),
    holders: [SERVICE, OTHER_SERVICE],
    input: "service_id",
    usual: ("RAILWAY_SERVICE_ID", OTHER_SERVICE),
    is_for_one: false,
    others_are_ids: true,
};

impl super::Stand for Stand {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn addressed(&self) -> Option<&'static super::Addressed> {
        Some(&ADDRESSED)
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        let service = if one.scope == 1 { SERVICE } else { OTHER_SERVICE };
        sandbox.add(Deployment::new(one.number).service(service).like(&ABOUT, one));
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        for service in [SERVICE, OTHER_SERVICE] {
            sandbox.add(Service::new(PROJECT, ENVIRONMENT, service));
        }
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        Some(json!({ "data": { "deployment": { "id": id, "status": word } } }).to_string())
    }

    fn refusal(&self, text: &str) -> String {
        json!({ "data": null, "errors": [{ "message": text, "path": ["deploymentCancel"] }] }).to_string()
    }
}
