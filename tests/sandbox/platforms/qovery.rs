//! Qovery.
//!
//! Follows the public OpenAPI description, the documentation and the console.
//! An environment does one deployment at a time; when that one has ended, the
//! next in the queue starts by itself, so the end is often never shown by the
//! environment. What a cancel of a finished deployment answers is documented
//! nowhere; here it is 409, as for a cancelled one.

use serde_json::{Value, json};

use super::deployment::{self, Desk, Fleet};
use super::http::{Answer, Request, epoch, merge};
use super::platform::{Access, Addition, Call, Grant, Platform, Platforms, Routed as _};
use super::script::CancelAnswer;
use super::stand::{About, Choice, One, Traits};
use super::{EMAIL, ENV_VALUE, Sandbox, TOKEN};

/// The organization of every environment.
pub const ORGANIZATION: &str = "2b7c7f3e-55d0-4c1e-8b1c-6e6f6f4f2a10";
/// The project of every environment.
pub const PROJECT: &str = "6d0c8a52-1f3b-4e6f-a5d4-b3c2a1908f7e";
/// An environment, and another one.
pub const ENVIRONMENT: &str = "e0f6b1c4-8d3a-4c57-9b21-000000000001";
pub const OTHER_ENVIRONMENT: &str = "e0f6b1c4-8d3a-4c57-9b21-000000000002";
/// The cluster of every environment.
const CLUSTER: &str = "9a0e4f6c-3d21-4b7a-8c55-1e2f3a4b5c6d";

const ENDED: [&str; 10] = [
    "CANCELED",
    "DEPLOYED",
    "RESTARTED",
    "STOPPED",
    "DELETED",
    "BUILD_ERROR",
    "DEPLOYMENT_ERROR",
    "RESTART_ERROR",
    "STOP_ERROR",
    "DELETE_ERROR",
];

/// The id of the request that made the deployment with that number.
pub fn request(number: usize) -> String {
    format!("b81d3c95-0e4b-4f68-a2c7-{number:012}")
}

/// An environment; its deployments bring it along if it needs nothing special.
#[derive(Clone, Debug)]
pub struct Environment {
    id: String,
    moves_on_after: Option<usize>,
    reads: usize,
    lingers: bool,
    refuses_cancel: Option<u16>,
    hidden: bool,
    cancel_answer: CancelAnswer,
    patch: Value,
}

impl Environment {
    /// An environment of that id.
    pub fn new(id: &str) -> Environment {
        Environment {
            id: id.to_owned(),
            moves_on_after: None,
            reads: 0,
            lingers: false,
            refuses_cancel: None,
            hidden: false,
            cancel_answer: CancelAnswer::Current,
            patch: json!({}),
        }
    }

    /// After this many reads of its status the deployment under way has ended `DEPLOYED`, and the next one starts.
    pub fn moves_on_after(mut self, reads: usize) -> Self {
        self.moves_on_after = Some(reads);
        self
    }

    /// Shows the end of a deployment once before the next one starts.
    pub fn lingers(mut self) -> Self {
        self.lingers = true;
        self
    }

    /// Answers every cancel of what is under way with this status and no body.
    pub fn refuses_cancel(mut self, status: u16) -> Self {
        self.refuses_cancel = Some(status);
        self
    }

    /// The token cannot see it: 403, not 404.
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// The shape of a successful cancel's answer.
    pub fn cancel_answer(mut self, shape: CancelAnswer) -> Self {
        self.cancel_answer = shape;
        self
    }

    /// Lays a JSON merge patch over its status; null removes a field.
    pub fn patch(mut self, patch: Value) -> Self {
        self.patch = patch;
        self
    }
}

/// A deployment of an environment; those added after the first wait in its queue. Of a word `A/B`, A is the environment's
/// `state` and B its `last_deployment_state`.
pub type Deployment = deployment::Deployment<Turn>;

/// What a deployment's turn in its environment is about.
#[derive(Clone, Debug)]
pub struct Turn {
    execution: Option<String>,
    has_request: bool,
    started: bool,
    out_of_history: bool,
    leaves_queue_at_cancel: bool,
    action: String,
}

impl Deployment {
    /// A deployment that builds until it is canceled, with its number in both of its ids.
    pub fn new(environment: &str, number: usize) -> Deployment {
        let own = Turn {
            execution: Some(format!("{environment}-{number}")),
            has_request: true,
            started: false,
            out_of_history: false,
            leaves_queue_at_cancel: false,
            action: "DEPLOY".to_owned(),
        };
        Deployment::made(environment, &request(number), own)
    }

    /// Other ids, such as real ones: a request's is a UUID, an execution's is any text.
    pub fn ids(mut self, request: &str, execution: &str) -> Self {
        self.id = request.to_owned();
        self.own.execution = Some(execution.to_owned());
        self
    }

    /// Without a request id, as before 2025-02.
    pub fn without_request(mut self) -> Self {
        self.own.has_request = false;
        self
    }

    /// Without an execution id.
    pub fn without_execution(mut self) -> Self {
        self.own.execution = None;
        self
    }

    /// The history does not reach back to it.
    pub fn out_of_history(mut self) -> Self {
        self.own.out_of_history = true;
        self
    }

    /// Starts in the moment in which its cancel in the queue arrives.
    pub fn leaves_queue_at_cancel(mut self) -> Self {
        self.own.leaves_queue_at_cancel = true;
        self
    }

    /// What it does, as its `trigger_action`: `DEPLOY` unless told otherwise.
    pub fn action(mut self, word: &str) -> Self {
        self.own.action = word.to_owned();
        self
    }

    fn request(&self) -> Option<&str> {
        self.own.has_request.then_some(&*self.id)
    }

    fn waits(&self) -> bool {
        !self.own.started && self.script.cancels() == 0
    }

    /// Its own word.
    fn word(&self) -> &str {
        match self.script.now() {
            _ if self.waits() => "QUEUED",
            word => word.split_once('/').map_or(word, |(_, own)| own),
        }
    }

    fn has_ended(&self) -> bool {
        let mut words = self.script.now().split('/');
        words.all(|word| ENDED.contains(&word))
    }
}

impl deployment::Own for Turn {
    type Platform = Qovery;
    const COURSE: deployment::Words = (&["BUILDING"], &["CANCELING", "CANCELED"]);

    fn fleet(platform: &mut Qovery) -> &mut Fleet<Turn> {
        &mut platform.fleet
    }

    fn is(one: &Deployment, id: &str) -> bool {
        one.request() == Some(id) || one.own.execution.as_deref() == Some(id)
    }

    fn word(one: &Deployment) -> &str {
        one.word()
    }

    fn precede(platform: &mut Qovery, one: &mut Deployment) {
        if !platform.environments.iter().any(|known| known.id == one.scope) {
            platform.environments.push(Environment::new(&one.scope));
        }
        let is_first = platform.of(&one.scope).next().is_none();
        let known = platform.of(&one.scope).find(|known| known.id == one.id);
        one.own.started = known.map_or(is_first, |known| known.own.started);
    }

    /// What waits in the queue; its environment tells of what is under way.
    fn json(one: &Deployment, _word: &str) -> Value {
        json!({
            "identifier": {"deployment_request_id": one.request(), "environment_id": one.scope},
            "auditing_data": {"triggered_by": EMAIL, "origin": "API"},
            "trigger_action": one.own.action,
            "stages": [],
        })
    }
}

/// A token that is refused wherever the path does not name the environment, with 401 and no reason.
#[derive(Clone, Debug)]
pub struct PolicyToken(String);

impl PolicyToken {
    /// A policy token of that value.
    pub fn new(value: &str) -> PolicyToken {
        PolicyToken(value.to_owned())
    }
}

impl Addition for Environment {
    fn add_to(self, platforms: &mut Platforms) {
        let known = &mut platforms.of::<Qovery>().environments;
        known.retain(|known| known.id != self.id);
        known.push(self);
    }
}

impl Addition for PolicyToken {
    fn add_to(self, platforms: &mut Platforms) {
        let platform = platforms.of::<Qovery>();
        platform.fleet.tokens.set(&self.0, Grant::All);
        platform.policy_tokens.push(self.0);
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct Qovery {
    policy_tokens: Vec<String>,
    environments: Vec<Environment>,
    fleet: Fleet<Turn>,
}

impl Platform for Qovery {
    fn name(&self) -> &'static str {
        "qovery"
    }

    fn desk(&mut self) -> &mut dyn Desk {
        &mut self.fleet
    }

    fn routes(&self) -> &'static [(Call, &'static str)] {
        &[
            (Call::Read, "GET environment/deploymentStatus"),
            (Call::Read, "GET environment/*/status"),
            (Call::Scope, "GET environment/*"),
            (Call::List, "GET environment/*/deploymentQueue|deploymentHistoryV2"),
            (Call::Cancel, "POST environment|deploymentQueue/*/cancelDeployment"),
        ]
    }

    /// API tokens come as `Token`, JWTs as `Bearer`, and nothing else is understood.
    fn token<'a>(&self, request: &'a Request) -> Option<&'a str> {
        let (scheme, token) = request.header("authorization")?.split_once(' ')?;
        let is_jwt = token.starts_with("ey") && token.split('.').count() == 3;
        (scheme == if is_jwt { "Bearer" } else { "Token" }).then_some(token)
    }

    fn handle(&mut self, request: &Request) -> Answer {
        let (call, places) = self.route(request);
        let token = self.token(request);
        let is_policy = token.is_some_and(|token| self.policy_tokens.iter().any(|known| known == token));
        match self.fleet.tokens.judge(token, call) {
            Access::Granted => {}
            Access::Denied if !is_policy => return self.problem(403),
            _ => return self.problem(401),
        }
        let path = request.segments();
        let environment = path.get(1).filter(|id| path[0] == "environment" && *id != "deploymentStatus");
        match environment.map(|id| self.environments.iter().find(|known| known.id == *id)) {
            None if is_policy => return self.problem(401),
            Some(None) => return self.problem(404),
            Some(Some(environment)) if environment.hidden => return self.problem(403),
            _ => {}
        }
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        match (call, places.as_slice()) {
            (Call::Read, []) => self.request_status(request),
            (Call::Read, [id]) => self.status(id),
            (Call::Scope, [id]) => environment_json(id),
            (Call::List, [id, "deploymentQueue"]) => self.queue(id),
            (Call::List, [id, _]) => self.history(id),
            (Call::Cancel, ["environment", id]) => self.cancel(id, request),
            (Call::Cancel, [_, id]) => self.cancel_queued(id, request),
            _ => self.problem(404),
        }
    }

    fn problem(&self, status: u16) -> Answer {
        let detail = match status {
            400 => "organization does not exist",
            401 => "Invalid or missing authentication token",
            403 => "Insufficient permissions to access this resource",
            404 => "Not found",
            409 => return Answer::json(status, &Value::Null),
            429 => "Too many requests",
            _ => "Internal error",
        };
        Answer::json(status, &json!({"status": status, "detail": detail}))
    }

    fn headers(&self, answer: Answer, number: u32) -> Answer {
        let (remaining, reset) = match answer.status {
            429 => (0, epoch(1)),
            _ => (1000_u32.saturating_sub(number), epoch(1800)),
        };
        answer
            .with("x-ratelimit-limit", "1000")
            .with("x-ratelimit-remaining", remaining.to_string())
            .with("x-ratelimit-reset", reset.to_string())
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-ratelimit-reset", epoch(in_seconds).to_string())
    }
}

fn environment_json(id: &str) -> Answer {
    let body = json!({
        "id": id,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-02T00:00:00Z",
        "name": "staging",
        "description": ENV_VALUE,
        "organization": {"id": ORGANIZATION},
        "project": {"id": PROJECT},
        "mode": "STAGING",
        "cloud_provider": {"provider": "AWS", "cluster": "main"},
        "cluster_id": CLUSTER,
        "cluster_name": "main",
    });
    Answer::json(200, &body)
}

impl Qovery {
    fn of(&mut self, environment: &str) -> impl Iterator<Item = &mut Deployment> {
        self.fleet.all.iter_mut().filter(move |known| known.scope == environment)
    }

    fn settings(&mut self, environment: &str) -> &mut Environment {
        let mut all = self.environments.iter_mut();
        all.find(|e| e.id == environment).expect("a known environment")
    }

    /// The one under way, or the last one that was.
    fn current(&mut self, environment: &str) -> Option<&mut Deployment> {
        self.of(environment).filter(|d| d.own.started).last()
    }

    /// Starts the next one if the current one has ended.
    fn settle(&mut self, environment: &str) {
        while self.current(environment).is_some_and(|d| d.has_ended()) && self.start_next(environment) {}
    }

    fn start_next(&mut self, environment: &str) -> bool {
        let next = self.of(environment).find(|d| d.waits());
        next.map(|d| d.own.started = true).is_some()
    }

    fn move_on(&mut self, environment: &str) {
        if let Some(current) = self.current(environment) {
            current.script.set_states(["DEPLOYED"]);
        }
        self.start_next(environment);
    }

    fn status_json(&mut self, id: &str, word: Option<&str>) -> Value {
        let patch = self.settings(id).patch.clone();
        let current = self.current(id);
        let now = current.as_ref().map_or("READY", |d| d.script.now());
        let (state, own) = word.unwrap_or(now).split_once('/').unwrap_or((word.unwrap_or(now), word.unwrap_or(now)));
        let mut body = json!({
            "id": id,
            "state": state,
            "last_deployment_state": own,
            "last_deployment_date": "2026-01-15T10:00:00Z",
            "last_deployment_id": current.as_ref().and_then(|d| d.own.execution.clone()),
            "deployment_request_id": current.as_ref().and_then(|d| d.request()),
            "total_deployment_duration_in_seconds": null,
            "origin": "API",
            "triggered_by": EMAIL,
            "deployment_status": "OUT_OF_DATE",
            "metrics": null,
        });
        merge(&mut body, &patch);
        body
    }

    fn status(&mut self, id: &str) -> Answer {
        let settings = self.settings(id);
        let (lingers, reads) = (settings.lingers, settings.reads);
        settings.reads += 1;
        if settings.moves_on_after == Some(reads) {
            self.move_on(id);
        }
        if !lingers {
            self.settle(id);
        }
        let body = self.status_json(id, None);
        if let Some(current) = self.current(id) {
            current.script.read();
        }
        if lingers {
            let shown = body["state"].as_str().unwrap_or_default();
            if ENDED.contains(&shown) {
                self.settle(id);
            }
        }
        Answer::json(200, &body)
    }

    fn request_status(&mut self, request: &Request) -> Answer {
        let id = request.param("deploymentRequestId").unwrap_or_default();
        if !is_uuid(&id) {
            return self.problem(400);
        }
        let environments: Vec<String> = self.environments.iter().map(|e| e.id.clone()).collect();
        for environment in environments {
            self.settle(&environment);
        }
        let Some(found) = self.fleet.find(|known| known.request() == Some(&id)) else {
            return self.problem(404);
        };
        let body = json!({"deployment_request_id": id, "environment_id": found.scope, "status": found.word()});
        Answer::json(200, &body)
    }

    fn queue(&mut self, id: &str) -> Answer {
        self.settle(id);
        let waiting: Vec<Value> = self.of(id).filter(|d| d.waits()).map(|d| d.shown()).collect();
        Answer::json(200, &json!({"results": waiting}))
    }

    fn history(&mut self, id: &str) -> Answer {
        self.settle(id);
        let past = self.of(id).filter(|d| d.own.started && !d.own.out_of_history);
        let mut results: Vec<Value> = past
            .map(|d| {
                json!({
                    "identifier": {"execution_id": d.own.execution, "environment_id": id},
                    "auditing_data": {
                        "created_at": "2026-01-15T10:00:00Z",
                        "updated_at": "2026-01-15T10:01:14Z",
                        "triggered_by": EMAIL,
                        "origin": "API",
                    },
                    "status": d.word(),
                    "action_status": action(d.word()),
                    "trigger_action": d.own.action,
                    "total_duration": "PT1M14S",
                    "stages": [],
                })
            })
            .collect();
        results.reverse();
        Answer::json(200, &json!({"page": 1, "page_size": 20, "results": results}))
    }

    fn cancel(&mut self, id: &str, request: &Request) -> Answer {
        // The body may be left out, and so may what stands in it.
        let body = match request.body.as_slice() {
            b"" => json!({}),
            text => serde_json::from_slice(text).unwrap_or_default(),
        };
        if !body.is_object() || !body.get("force_cancel").is_none_or(Value::is_boolean) {
            return self.problem(400);
        }
        let settings = self.settings(id);
        let (shape, refused) = (settings.cancel_answer.clone(), settings.refuses_cancel);
        if settings.moves_on_after == Some(settings.reads) {
            self.move_on(id);
        }
        self.settle(id);
        let Some(current) = self.current(id) else {
            return self.problem(409);
        };
        // What only waits is no business of this call.
        let is_over = current.has_ended() || matches!(current.word(), "CANCELING" | "QUEUED");
        if let Some(status) = refused.or(is_over.then_some(409)) {
            return Answer::json(status, &Value::Null);
        }
        let took_effect = current.script.cancel();
        let body = match shape {
            CancelAnswer::Current => self.status_json(id, None),
            CancelAnswer::Word(word) => self.status_json(id, Some(&word)),
            CancelAnswer::OtherId => {
                let mut body = self.status_json(id, None);
                body["last_deployment_id"] = json!(format!("{id}-999"));
                body["deployment_request_id"] = json!(self::request(999));
                body
            }
            CancelAnswer::Empty => Value::Null,
        };
        Answer::json(202, &body).effect(took_effect)
    }

    fn cancel_queued(&mut self, id: &str, request: &Request) -> Answer {
        if !serde_json::from_slice(&request.body).is_ok_and(|body: Value| body.is_object()) {
            return self.problem(400);
        }
        let is_it = |known: &Deployment| known.request() == Some(id);
        let Some(found) = self.fleet.find(is_it) else {
            return self.problem(404);
        };
        let environment = found.scope.clone();
        if found.own.leaves_queue_at_cancel {
            self.move_on(&environment);
        }
        if let Some(waiting) = self.fleet.find(|known| is_it(known) && known.waits()) {
            waiting.script.set_after_cancel(["CANCELED"]);
            let took_effect = waiting.script.cancel();
            return Answer::json(202, &Value::Null).effect(took_effect);
        }
        let first = self.current(&environment).filter(|known| is_it(known) && known.word() == "QUEUED");
        match first.map(|known| known.script.cancel()) {
            Some(took_effect) => Answer::json(202, &Value::Null).effect(took_effect),
            None => self.problem(409),
        }
    }
}

/// Five groups of hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(|group| match group.chars().all(|c| c.is_ascii_hexdigit()) {
        true => group.len(),
        false => 0,
    });
    groups.eq([8, 4, 4, 4, 12])
}

fn action(word: &str) -> &'static str {
    match word {
        "CANCELED" => "CANCELED",
        "CANCELING" => "CANCELING",
        word if word.ends_with("_ERROR") => "ERROR",
        word if ENDED.contains(&word) => "SUCCESS",
        "QUEUED" => "QUEUED",
        _ => "ONGOING",
    }
}

/// Qovery, as tests know it.
pub struct Stand;

const ABOUT: About = About {
    name: "qovery",
    letter: 'q',
    id: request,
    states: &[
        ("queued", "DEPLOYMENT_QUEUED"),
        ("running", "BUILDING"),
        ("canceling", "CANCELING"),
        ("canceled", "CANCELED"),
        ("succeeded", "DEPLOYED"),
        ("failed", "DEPLOYMENT_ERROR"),
    ],
    inputs: &[("token", TOKEN), ("environment_id", ENVIRONMENT)],
    unknown_scope: Some(("environment_id", PROJECT)),
    links: "https://console.qovery.com/",
    choice: Some(Choice { inputs: &[], pages: None }),
    right: "role that may deploy",
    traits: Traits {
        reads_before: 2,
        accepted: 202,
        too_late: 409,
        many: false,
        commits: false,
        blind: false,
        credential: ("authorization", "Token "),
        ..Traits::USUAL
    },
    ..About::USUAL
};

impl super::Stand for Stand {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        let environment = if one.scope == 1 { ENVIRONMENT } else { OTHER_ENVIRONMENT };
        let deployment = Deployment::new(environment, one.number).like(&ABOUT, one);
        sandbox.add(Environment::new(environment).cancel_answer(deployment.cancel_answer.clone())).add(deployment);
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(Environment::new(ENVIRONMENT)).add(Environment::new(OTHER_ENVIRONMENT));
    }

    /// What its environment does next is no lie about a deployment.
    fn body(&self, _id: &str, _word: &str) -> Option<String> {
        None
    }
}
