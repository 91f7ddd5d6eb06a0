//! Qovery.
//!
//! Follows the public OpenAPI description, the documentation and the console.
//! An environment does one deployment at a time; when that one has ended, the
//! next in the queue starts by itself, so the end is often never shown by the
//! environment. What a cancel of a finished deployment answers is documented
//! nowhere; here it is 409, as for a cancelled one.

use serde_json::{Value, json};

use super::http::{Answer, Request, epoch, merge};
use super::platform::{Access, Addition, Call, Grant, Platform, Platforms, Tokens};
use super::script::{CancelAnswer, Script};
use super::stand::{Course, One, Traits};
use super::{EMAIL, ENV_VALUE, Sandbox, TOKEN};

/// The organization of every environment.
pub const ORGANIZATION: &str = "2b7c7f3e-55d0-4c1e-8b1c-6e6f6f4f2a10";
/// The project of every environment.
pub const PROJECT: &str = "6d0c8a52-1f3b-4e6f-a5d4-b3c2a1908f7e";
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

/// A deployment of an environment; those added after the first wait in its queue.
#[derive(Clone, Debug)]
pub struct Deployment {
    environment: String,
    request: Option<String>,
    execution: Option<String>,
    script: Script,
    started: bool,
    canceled_in_queue: bool,
    out_of_history: bool,
    leaves_queue_at_cancel: bool,
    action: String,
}

impl Deployment {
    /// A deployment `<name>` with the request id `req-<name>` and the execution id `exec-<name>`.
    ///
    /// It builds until it is cancelled.
    pub fn new(environment: &str, name: &str) -> Deployment {
        Deployment {
            environment: environment.to_owned(),
            request: Some(format!("req-{name}")),
            execution: Some(format!("exec-{name}")),
            script: Script::new(&["BUILDING"], &["CANCELING", "CANCELED"]),
            started: false,
            canceled_in_queue: false,
            out_of_history: false,
            leaves_queue_at_cancel: false,
            action: "DEPLOY".to_owned(),
        }
    }

    /// The words it goes through undisturbed, see [`Script`]; `A/B` means `state` A and `last_deployment_state` B.
    pub fn states<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_states(states);
        self
    }

    /// The words from the moment a cancel takes effect.
    pub fn after_cancel<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_after_cancel(states);
        self
    }

    /// Other ids, such as real ones: a request's is a UUID, an execution's is any text.
    pub fn ids(mut self, request: &str, execution: &str) -> Self {
        self.request = Some(request.to_owned());
        self.execution = Some(execution.to_owned());
        self
    }

    /// Without a request id, as before 2025-02.
    pub fn without_request(mut self) -> Self {
        self.request = None;
        self
    }

    /// Without an execution id.
    pub fn without_execution(mut self) -> Self {
        self.execution = None;
        self
    }

    /// The history does not reach back to it.
    pub fn out_of_history(mut self) -> Self {
        self.out_of_history = true;
        self
    }

    /// Starts in the moment in which its cancel in the queue arrives.
    pub fn leaves_queue_at_cancel(mut self) -> Self {
        self.leaves_queue_at_cancel = true;
        self
    }

    /// What it does, as its `trigger_action`: `DEPLOY` unless told otherwise.
    pub fn action(mut self, word: &str) -> Self {
        self.action = word.to_owned();
        self
    }

    fn is(&self, id: &str) -> bool {
        self.request.as_deref() == Some(id) || self.execution.as_deref() == Some(id)
    }

    fn waits(&self) -> bool {
        !self.started && !self.canceled_in_queue
    }

    /// Its own word.
    fn word(&self) -> &str {
        match self.script.now() {
            _ if self.waits() => "QUEUED",
            _ if self.canceled_in_queue => "CANCELED",
            word => word.split_once('/').map_or(word, |(_, own)| own),
        }
    }

    fn has_ended(&self) -> bool {
        let mut words = self.script.now().split('/');
        words.all(|word| ENDED.contains(&word))
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
        let known = &mut platforms.qovery.environments;
        known.retain(|known| known.id != self.id);
        known.push(self);
    }
}

impl Addition for Deployment {
    fn add_to(mut self, platforms: &mut Platforms) {
        let platform = &mut platforms.qovery;
        if !platform.environments.iter().any(|e| e.id == self.environment) {
            platform.environments.push(Environment::new(&self.environment));
        }
        let mut before = platform.deployments.iter();
        self.started = !before.any(|d| d.environment == self.environment);
        let mut known = platform.deployments.iter_mut();
        match known.find(|d| d.request.is_some() && d.request == self.request && d.environment == self.environment) {
            Some(known) => *known = Deployment { started: known.started, ..self },
            None => platform.deployments.push(self),
        }
    }
}

impl Addition for PolicyToken {
    fn add_to(self, platforms: &mut Platforms) {
        let platform = &mut platforms.qovery;
        platform.tokens.set(&self.0, Grant::All);
        platform.policy_tokens.push(self.0);
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct Qovery {
    tokens: Tokens,
    policy_tokens: Vec<String>,
    environments: Vec<Environment>,
    deployments: Vec<Deployment>,
    answers: u32,
}

impl Platform for Qovery {
    fn name(&self) -> &'static str {
        "qovery"
    }

    fn call(&self, request: &Request) -> Call {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["environment", "deploymentStatus"] | ["environment", _, "status"]) => Call::Read,
            ("GET", ["environment", _]) => Call::Scope,
            ("GET", ["environment", _, "deploymentQueue" | "deploymentHistoryV2"]) => Call::List,
            ("POST", ["environment" | "deploymentQueue", _, "cancelDeployment"]) => Call::Cancel,
            _ => Call::Other,
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let call = self.call(request);
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let token = token(request);
        let is_policy = token.is_some_and(|token| self.policy_tokens.iter().any(|p| p == token));
        match self.tokens.judge(token, call) {
            Access::Granted => {}
            Access::Denied if !is_policy => return self.error(403),
            _ => return self.error(401),
        }
        let names_environment =
            segments.get(1).is_some_and(|id| segments.first() == Some(&"environment") && *id != "deploymentStatus");
        if is_policy && !names_environment {
            return self.error(401);
        }
        if names_environment {
            let found = self.environments.iter().find(|e| Some(&e.id.as_str()) == segments.get(1));
            match found {
                None => return self.error(404),
                Some(environment) if environment.hidden => return self.error(403),
                Some(_) => {}
            }
        }
        match (call, segments.as_slice()) {
            (Call::Read, [_, "deploymentStatus"]) => self.request_status(request),
            (Call::Read, [_, id, _]) => self.status(id),
            (Call::Scope, [_, id]) => self.environment(id),
            (Call::List, [_, id, "deploymentQueue"]) => self.queue(id),
            (Call::List, [_, id, _]) => self.history(id),
            (Call::Cancel, ["environment", id, _]) => self.cancel(id, request),
            (Call::Cancel, [_, id, _]) => self.cancel_queued(id, request),
            _ => self.error(404),
        }
    }

    fn error(&mut self, status: u16) -> Answer {
        let detail = match status {
            400 => "organization does not exist",
            401 => "Invalid or missing authentication token",
            403 => "Insufficient permissions to access this resource",
            404 => "Not found",
            409 => return self.reply(status, &Value::Null),
            429 => "Too many requests",
            _ => "Internal error",
        };
        self.reply(status, &json!({"status": status, "detail": detail}))
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-ratelimit-reset", epoch(in_seconds).to_string())
    }

    fn grant(&mut self, token: &str, grant: Grant) {
        self.tokens.set(token, grant);
    }

    fn effective_cancels(&self, id: &str) -> usize {
        let found = self.deployments.iter().find(|known| known.is(id));
        found.map_or(0, |d| d.script.cancels() + usize::from(d.canceled_in_queue))
    }

    fn truth(&self, id: &str) -> Option<String> {
        let found = self.deployments.iter().find(|known| known.is(id));
        found.map(|deployment| deployment.word().to_owned())
    }
}

/// API tokens come as `Token`, JWTs as `Bearer`, and nothing else is understood.
fn token(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    let is_jwt = token.starts_with("ey") && token.split('.').count() == 3;
    let wanted = if is_jwt { "Bearer" } else { "Token" };
    (scheme == wanted).then_some(token)
}

impl Qovery {
    /// An answer with the headers every answer has; null is no body.
    fn reply(&mut self, status: u16, body: &Value) -> Answer {
        self.answers += 1;
        let (remaining, reset) = match status {
            429 => (0, epoch(1)),
            _ => (1000_u32.saturating_sub(self.answers), epoch(1800)),
        };
        let answer = match body {
            Value::Null => Answer::new(status, "", ""),
            body => Answer::json(status, body),
        };
        answer
            .with("x-ratelimit-limit", "1000")
            .with("x-ratelimit-remaining", remaining.to_string())
            .with("x-ratelimit-reset", reset.to_string())
    }

    fn of(&mut self, environment: &str) -> impl Iterator<Item = &mut Deployment> {
        let all = self.deployments.iter_mut();
        all.filter(move |d| d.environment == environment)
    }

    fn settings(&mut self, environment: &str) -> &mut Environment {
        let mut all = self.environments.iter_mut();
        all.find(|e| e.id == environment).expect("a known environment")
    }

    /// The one under way, or the last one that was.
    fn current(&mut self, environment: &str) -> Option<&mut Deployment> {
        self.of(environment).filter(|d| d.started).last()
    }

    /// Starts the next one if the current one has ended.
    fn settle(&mut self, environment: &str) {
        while self.current(environment).is_some_and(|d| d.has_ended()) && self.start_next(environment) {}
    }

    fn start_next(&mut self, environment: &str) -> bool {
        let next = self.of(environment).find(|d| d.waits());
        next.map(|d| d.started = true).is_some()
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
            "last_deployment_id": current.as_ref().and_then(|d| d.execution.clone()),
            "deployment_request_id": current.as_ref().and_then(|d| d.request.clone()),
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
        self.reply(200, &body)
    }

    fn environment(&mut self, id: &str) -> Answer {
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
        self.reply(200, &body)
    }

    fn request_status(&mut self, request: &Request) -> Answer {
        let id = request.param("deploymentRequestId").unwrap_or_default();
        if !id.starts_with("req-") && !is_uuid(&id) {
            return self.error(400);
        }
        let environments: Vec<String> = self.environments.iter().map(|e| e.id.clone()).collect();
        for environment in environments {
            self.settle(&environment);
        }
        let found = self.deployments.iter().find(|d| d.request.as_ref() == Some(&id));
        let Some(found) = found else {
            return self.error(404);
        };
        let body = json!({
            "deployment_request_id": id,
            "environment_id": found.environment,
            "status": found.word(),
        });
        self.reply(200, &body)
    }

    fn queue(&mut self, id: &str) -> Answer {
        self.settle(id);
        let waiting = self.of(id).filter(|d| d.waits()).map(|d| {
            json!({
                "identifier": {"deployment_request_id": d.request, "environment_id": id},
                "auditing_data": {"triggered_by": EMAIL, "origin": "API"},
                "trigger_action": d.action,
                "stages": [],
            })
        });
        let body = json!({"results": waiting.collect::<Vec<_>>()});
        self.reply(200, &body)
    }

    fn history(&mut self, id: &str) -> Answer {
        self.settle(id);
        let past = self.of(id).filter(|d| d.started && !d.out_of_history);
        let mut results: Vec<Value> = past
            .map(|d| {
                json!({
                    "identifier": {"execution_id": d.execution, "environment_id": id},
                    "auditing_data": {
                        "created_at": "2026-01-15T10:00:00Z",
                        "updated_at": "2026-01-15T10:01:14Z",
                        "triggered_by": EMAIL,
                        "origin": "API",
                    },
                    "status": d.word(),
                    "action_status": action(d.word()),
                    "trigger_action": d.action,
                    "total_duration": "PT1M14S",
                    "stages": [],
                })
            })
            .collect();
        results.reverse();
        self.reply(200, &json!({"page": 1, "page_size": 20, "results": results}))
    }

    fn cancel(&mut self, id: &str, request: &Request) -> Answer {
        // The body may be left out, and so may what stands in it.
        let body = match request.body.as_slice() {
            b"" => json!({}),
            text => serde_json::from_slice(text).unwrap_or_default(),
        };
        if !body.is_object() || !body.get("force_cancel").is_none_or(Value::is_boolean) {
            return self.error(400);
        }
        let settings = self.settings(id);
        let (shape, refused) = (settings.cancel_answer.clone(), settings.refuses_cancel);
        if settings.moves_on_after == Some(settings.reads) {
            self.move_on(id);
        }
        self.settle(id);
        let Some(current) = self.current(id) else {
            return self.error(409);
        };
        // What only waits is no business of this call.
        let is_over = current.has_ended() || matches!(current.word(), "CANCELING" | "QUEUED");
        if let Some(status) = refused.or(is_over.then_some(409)) {
            return self.reply(status, &Value::Null);
        }
        let took_effect = current.script.cancel();
        let body = match shape {
            CancelAnswer::Current => self.status_json(id, None),
            CancelAnswer::Word(word) => self.status_json(id, Some(&word)),
            CancelAnswer::OtherId => {
                let mut body = self.status_json(id, None);
                body["last_deployment_id"] = json!("exec-other");
                body["deployment_request_id"] = json!("req-other");
                body
            }
            CancelAnswer::Empty => Value::Null,
        };
        self.reply(202, &body).effect(took_effect)
    }

    fn cancel_queued(&mut self, id: &str, request: &Request) -> Answer {
        if !serde_json::from_slice(&request.body).is_ok_and(|body: Value| body.is_object()) {
            return self.error(400);
        }
        let mut all = self.deployments.iter_mut();
        let Some(found) = all.find(|d| d.request.as_deref() == Some(id)) else {
            return self.error(404);
        };
        let environment = found.environment.clone();
        if found.leaves_queue_at_cancel {
            self.move_on(&environment);
        }
        let mut all = self.deployments.iter_mut();
        match all.find(|d| d.request.as_deref() == Some(id) && d.waits()) {
            Some(waiting) => {
                waiting.canceled_in_queue = true;
                self.reply(202, &Value::Null).effect(true)
            }
            None => {
                let first = self.current(&environment);
                let first = first.filter(|d| d.request.as_deref() == Some(id) && d.word() == "QUEUED");
                match first.map(|d| d.script.cancel()) {
                    Some(took_effect) => self.reply(202, &Value::Null).effect(took_effect),
                    None => self.error(409),
                }
            }
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

impl super::Stand for Stand {
    fn name(&self) -> &'static str {
        "qovery"
    }

    fn letter(&self) -> char {
        'q'
    }

    fn id(&self, number: usize) -> String {
        format!("req-{number}")
    }

    fn word(&self, state: &str) -> Option<&'static str> {
        Some(match state {
            "queued" => "DEPLOYMENT_QUEUED",
            "running" => "BUILDING",
            "canceling" => "CANCELING",
            "canceled" => "CANCELED",
            "succeeded" => "DEPLOYED",
            "failed" => "DEPLOYMENT_ERROR",
            _ => return None,
        })
    }

    fn put(&self, sandbox: &Sandbox, number: usize, course: &Course) {
        let (states, after, answer) = (self as &dyn super::Stand).words(course);
        sandbox.add(Environment::new("env-1").cancel_answer(CancelAnswer::shows(answer)));
        sandbox.add(Deployment::new("env-1", &number.to_string()).states(states).after_cancel(after));
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        let (states, after, answer) = (self as &dyn super::Stand).words(&one.course);
        let environment = format!("env-{}", one.scope);
        sandbox.add(Environment::new(&environment).cancel_answer(CancelAnswer::shows(answer)));
        sandbox.add(Deployment::new(&environment, &one.number.to_string()).states(states).after_cancel(after));
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(Environment::new("env-1")).add(Environment::new("env-2"));
    }

    fn unknown_scope(&self) -> Option<(&'static str, &'static str)> {
        Some(("environment_id", "env-9"))
    }

    fn inputs(&self) -> Vec<(&'static str, &'static str)> {
        vec![("token", TOKEN), ("environment_id", "env-1")]
    }

    fn select_inputs(&self) -> Option<Vec<(&'static str, &'static str)>> {
        Some(Vec::new())
    }

    /// What its environment does next is no lie about a deployment.
    fn body(&self, _id: &str, _word: &str) -> Option<String> {
        None
    }

    fn right(&self) -> &'static str {
        "role that may deploy"
    }

    fn traits(&self) -> Traits {
        Traits {
            reads_before: 2,
            accepted: 202,
            too_late: 409,
            many: false,
            commits: false,
            blind: false,
            credential: ("authorization", "Token "),
            ..Traits::default()
        }
    }
}
