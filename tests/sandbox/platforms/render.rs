//! Render.
//!
//! Follows the public API description as Render's own clients have it, and the exchanges that its Terraform provider has
//! recorded. What a cancel of a finished deploy answers is documented nowhere, so [`Deploy::finished_cancel`] chooses it.

use serde_json::{Value, json};

use super::http::{Answer, Request, merge};
use super::platform::{Access, Addition, Call, Grant, Platform, Platforms, Tokens};
use super::script::{CancelAnswer, Script};
use super::stand::{Course, One, Traits};
use super::{EMAIL, Sandbox, TOKEN};

/// The commit a deploy carries until told otherwise.
pub const COMMIT: &str = "bca0502a57b3f3a1a935ebdf8e85d0d704038bd3";
/// A service's id.
pub const SERVICE: &str = "srv-cu2k7g0gph6c73ffc4h0";
/// Another service's.
const OTHER_SERVICE: &str = "srv-cu2k7g0gph6c73ffc4h2";
/// Their workspace.
pub const WORKSPACE: &str = "tea-cspvinogph6c73ft00h0";

const FINISHED: [&str; 6] = ["live", "deactivated", "build_failed", "update_failed", "pre_deploy_failed", "canceled"];
const IN_PROGRESS: [&str; 3] = ["build_in_progress", "pre_deploy_in_progress", "update_in_progress"];
const USUAL_LIMIT: usize = 20;
const LARGEST_LIMIT: usize = 100;

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    id: String,
    name: String,
    owner: String,
    patch: Value,
}

impl Service {
    /// A web service of that name, which follows the branch `main`.
    pub fn new(id: &str, name: &str) -> Service {
        Service { id: id.to_owned(), name: name.to_owned(), owner: WORKSPACE.to_owned(), patch: json!({}) }
    }

    /// In another workspace.
    pub fn owner(mut self, id: &str) -> Self {
        self.owner = id.to_owned();
        self
    }

    /// Lays a JSON merge patch over the service; null removes a field.
    pub fn patch(mut self, patch: Value) -> Self {
        self.patch = patch;
        self
    }

    fn json(&self) -> Value {
        let mut body = json!({
            "id": self.id,
            "autoDeploy": "yes",
            "branch": "main",
            "createdAt": "2025-01-13T16:48:01.150483Z",
            "dashboardUrl": format!("https://dashboard.render.com/web/{}", self.id),
            "name": self.name,
            "notifyOnFail": "default",
            "ownerId": self.owner,
            "repo": "https://github.com/example/sample-app",
            "rootDir": "",
            "serviceDetails": {"env": "docker", "plan": "starter", "region": "oregon", "sshAddress": EMAIL},
            "slug": format!("{}-059k", self.name),
            "suspended": "not_suspended",
            "suspenders": [],
            "type": "web_service",
            "updatedAt": "2025-01-13T16:48:02.169034Z",
        });
        merge(&mut body, &self.patch);
        body
    }
}

/// A deploy of a service; the service appears with it if it is not there yet.
#[derive(Clone, Debug)]
pub struct Deploy {
    service: String,
    id: String,
    script: Script,
    after_cancel: Vec<String>,
    commit: Option<String>,
    created: Option<String>,
    cancel_answer: CancelAnswer,
    finished_cancel: u16,
    replaced_by: Option<String>,
    patch: Value,
    fields: Vec<(String, Value)>,
}

impl Deploy {
    /// A deploy that builds until it is canceled, of commit [`COMMIT`].
    pub fn new(service: &str, id: &str) -> Deploy {
        let deploy = Deploy {
            service: service.to_owned(),
            id: id.to_owned(),
            script: Script::new(&["build_in_progress"], &["canceled"]),
            after_cancel: Vec::new(),
            commit: Some(COMMIT.to_owned()),
            created: None,
            cancel_answer: CancelAnswer::Current,
            finished_cancel: 400,
            replaced_by: None,
            patch: json!({}),
            fields: Vec::new(),
        };
        deploy.after_cancel(["canceled"])
    }

    /// The statuses it goes through undisturbed; see [`Script`].
    pub fn states<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_states(states);
        self
    }

    /// The statuses from the moment a cancel takes effect; see [`Script`].
    pub fn after_cancel<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.after_cancel = states.into_iter().map(Into::into).collect();
        self.script.set_after_cancel(self.after_cancel.clone());
        self
    }

    /// The commit it is made from.
    pub fn commit(mut self, commit: &str) -> Self {
        self.commit = Some(commit.to_owned());
        self
    }

    /// Made from a ready-made image.
    pub fn of_image(mut self) -> Self {
        self.commit = None;
        self
    }

    /// When it was created; otherwise a second after the one added before.
    pub fn created_at(mut self, time: &str) -> Self {
        self.created = Some(time.to_owned());
        self
    }

    /// The shape of a successful cancel's answer.
    pub fn cancel_answer(mut self, shape: CancelAnswer) -> Self {
        self.cancel_answer = shape;
        self
    }

    /// The status a cancel gets once it is finished; 200 answers with the deploy as it is.
    pub fn finished_cancel(mut self, status: u16) -> Self {
        self.finished_cancel = status;
        self
    }

    /// Render itself canceled it for a newer one, as its event says.
    pub fn replaced_by(mut self, id: &str) -> Self {
        self.replaced_by = Some(id.to_owned());
        self
    }

    /// Lays a JSON merge patch over the deploy, in reads and lists; null removes a field.
    pub fn patch(mut self, patch: Value) -> Self {
        self.patch = patch;
        self
    }

    /// Sets one field as it is, null included.
    pub fn field(mut self, name: &str, value: Value) -> Self {
        self.fields.push((name.to_owned(), value));
        self
    }

    fn created(&self) -> &str {
        self.created.as_deref().unwrap_or_default()
    }

    fn json(&self, status: &str) -> Value {
        let created = self.created();
        let mut body = json!({
            "id": self.id,
            "commit": null,
            "status": status,
            "trigger": "new_commit",
            "createdAt": created,
            "updatedAt": created,
            "finishedAt": null,
        });
        match &self.commit {
            Some(id) => body["commit"] = json!({"id": id, "message": "Make it faster", "createdAt": created}),
            None => body["image"] = json!({"ref": "docker.io/library/nginx:latest", "sha": "sha256:c375ae41bb29c061"}),
        }
        if !matches!(status, "created" | "queued") {
            body["startedAt"] = json!(created);
        }
        if FINISHED.contains(&status) {
            body["finishedAt"] = json!(created);
        }
        merge(&mut body, &self.patch);
        for (name, value) in &self.fields {
            body[name] = value.clone();
        }
        body
    }

    fn waits(&self) -> bool {
        self.script.now() == "queued" && self.script.cancels() == 0
    }

    fn ended(&self) -> Value {
        let reason = match &self.replaced_by {
            Some(id) => json!({"newDeploy": {"id": id}}),
            None => json!({}),
        };
        let status = match self.script.now() {
            "live" | "deactivated" => "succeeded",
            "canceled" => "canceled",
            _ => "failed",
        };
        json!({
            "id": format!("evt-{}", self.id.trim_start_matches("dep-")),
            "timestamp": self.created(),
            "serviceId": self.service,
            "type": "deploy_ended",
            "details": {"deployId": self.id, "deployStatus": status, "status": 4, "reason": reason},
        })
    }
}

impl Addition for Service {
    fn add_to(self, platforms: &mut Platforms) {
        let services = &mut platforms.render.services;
        services.retain(|known| known.id != self.id);
        services.push(self);
    }
}

impl Addition for Deploy {
    fn add_to(mut self, platforms: &mut Platforms) {
        let platform = &mut platforms.render;
        if !platform.services.iter().any(|known| known.id == self.service) {
            platform.services.push(Service::new(&self.service, "some-name"));
        }
        let (minute, second) = (platform.added / 60 % 60, platform.added % 60);
        platform.added += 1;
        self.created.get_or_insert_with(|| format!("2026-08-01T16:{minute:02}:{second:02}.46045Z"));
        platform.deploys.retain(|known| known.id != self.id);
        platform.deploys.push(self);
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct Render {
    tokens: Tokens,
    services: Vec<Service>,
    deploys: Vec<Deploy>,
    added: u32,
    answers: u32,
}

impl Platform for Render {
    fn name(&self) -> &'static str {
        "render"
    }

    fn call(&self, request: &Request) -> Call {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["services"] | ["services", _]) => Call::Scope,
            ("GET", ["services", _, "deploys"]) => Call::List,
            ("GET", ["services", _, "deploys", _]) => Call::Read,
            ("POST", ["services", _, "deploys", _, "cancel"]) => Call::Cancel,
            _ => Call::Other,
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let call = self.call(request);
        match self.tokens.check(request, call) {
            Access::Granted => {}
            Access::Missing | Access::Unknown => return self.error(401),
            Access::Denied => return self.error(403),
        }
        if !accepts_json(request) {
            return self.error(406);
        }
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["services"]) => self.services(request),
            ("GET", ["services", id]) => self.service(id),
            ("GET", ["services", id, "deploys"]) => self.list(id, request),
            ("GET", ["services", id, "events"]) => self.events(id, request),
            ("GET", ["services", id, "deploys", deploy]) => self.read(id, deploy),
            ("POST", ["services", id, "deploys", deploy, "cancel"]) => self.cancel(id, deploy),
            _ => self.error(404),
        }
    }

    fn error(&mut self, status: u16) -> Answer {
        let message = match status {
            400 => "invalid request",
            401 => "unauthorized",
            403 => "forbidden",
            404 => "not found",
            406 => "not acceptable",
            409 => "conflict",
            410 => "gone",
            429 => "rate limit exceeded",
            503 => "service unavailable",
            _ => "internal server error",
        };
        self.problem(status, message)
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        // Seconds that are left, whatever the table in the documentation says.
        ("ratelimit-reset", in_seconds.to_string())
    }

    fn grant(&mut self, token: &str, grant: Grant) {
        self.tokens.set(token, grant);
    }

    fn effective_cancels(&self, id: &str) -> usize {
        let found = self.deploys.iter().find(|known| known.id == id);
        found.map_or(0, |deploy| deploy.script.cancels())
    }

    fn truth(&self, id: &str) -> Option<String> {
        let found = self.deploys.iter().find(|known| known.id == id);
        found.map(|deploy| deploy.script.now().to_owned())
    }
}

fn accepts_json(request: &Request) -> bool {
    let accepted = request.header("accept").unwrap_or("*/*");
    accepted.contains("application/json") || accepted.contains("*/*")
}

impl Render {
    /// An answer with the headers every answer has.
    fn reply(&mut self, status: u16, body: &Value) -> Answer {
        self.answers += 1;
        let remaining = if status == 429 { 0 } else { 400_u32.saturating_sub(self.answers) };
        Answer::json(status, body)
            .with("ratelimit-limit", "400")
            .with("ratelimit-remaining", remaining.to_string())
            .with("ratelimit-reset", if status == 429 { "1" } else { "50" })
            .with("render-request-id", format!("api-7767dddd75-m2trm/tatrYy6WLK-{:06}", self.answers))
    }

    fn problem(&mut self, status: u16, message: &str) -> Answer {
        let mut answer = self.reply(status, &json!({"message": message}));
        answer.body.push(b'\n');
        answer
    }

    fn missing(&mut self, id: &str) -> Answer {
        self.problem(404, &format!("not found: {id}"))
    }

    /// One page of items, each with a cursor.
    fn page(&mut self, key: &str, items: Vec<Value>, request: &Request) -> Answer {
        let limit = request.param("limit").map_or(Ok(USUAL_LIMIT), |text| text.parse());
        let Some(limit) = limit.ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit)) else {
            return self.problem(400, "invalid limit");
        };
        let cursor = |item: &Value| format!("c-{}", item["id"].as_str().unwrap_or_default());
        let from = match request.param("cursor") {
            Some(given) => match items.iter().position(|item| cursor(item) == given) {
                Some(at) => at + 1,
                None => return self.problem(400, "invalid cursor"),
            },
            None => 0,
        };
        let page = items.iter().skip(from).take(limit);
        let page: Vec<_> = page.map(|item| json!({key: item, "cursor": cursor(item)})).collect();
        self.reply(200, &Value::Array(page))
    }

    fn services(&mut self, request: &Request) -> Answer {
        let (names, owners) = (request.params("name"), request.params("ownerId"));
        // Whether the filter by name is exact is documented nowhere.
        let fits = |service: &&Service| {
            (names.is_empty() || names.iter().any(|name| service.name.contains(name.as_str())))
                && (owners.is_empty() || owners.contains(&service.owner))
        };
        let found = self.services.iter().filter(fits).map(Service::json).collect();
        self.page("service", found, request)
    }

    fn service(&mut self, id: &str) -> Answer {
        match self.services.iter().find(|known| known.id == id) {
            Some(service) => {
                let body = service.json();
                self.reply(200, &body)
            }
            None => self.missing(id),
        }
    }

    /// No order is promised: these come by their ids.
    fn of_service(&self, service: &str) -> Option<Vec<&Deploy>> {
        self.services.iter().find(|known| known.id == service)?;
        let mut found: Vec<_> = self.deploys.iter().filter(|deploy| deploy.service == service).collect();
        found.sort_by(|one, other| other.created().cmp(one.created()));
        // The newest is not always the first.
        if found.len() > 2 {
            found.swap(0, 1);
        }
        Some(found)
    }

    fn list(&mut self, service: &str, request: &Request) -> Answer {
        let statuses = request.params("status");
        let Some(found) = self.of_service(service) else {
            return self.missing(service);
        };
        let wanted = |deploy: &&&Deploy| statuses.is_empty() || statuses.iter().any(|word| word == deploy.script.now());
        let items = found.iter().filter(wanted).map(|deploy| deploy.json(deploy.script.now())).collect();
        self.page("deploy", items, request)
    }

    fn events(&mut self, service: &str, request: &Request) -> Answer {
        let Some(found) = self.of_service(service) else {
            return self.missing(service);
        };
        let is_wanted = request.param("type").is_none_or(|kind| kind == "deploy_ended");
        let ended = found.iter().filter(|deploy| is_wanted && FINISHED.contains(&deploy.script.now()));
        let items = ended.map(|deploy| deploy.ended()).collect();
        self.page("event", items, request)
    }

    fn find(&mut self, service: &str, id: &str) -> Option<&mut Deploy> {
        self.deploys.iter_mut().find(|known| known.service == service && known.id == id)
    }

    fn read(&mut self, service: &str, id: &str) -> Answer {
        let Some(deploy) = self.find(service, id) else {
            return self.missing(id);
        };
        let status = deploy.script.read();
        let body = deploy.json(&status);
        self.reply(200, &body)
    }

    fn cancel(&mut self, service: &str, id: &str) -> Answer {
        let Some(deploy) = self.find(service, id) else {
            return self.missing(id);
        };
        let status = deploy.script.now().to_owned();
        if service.starts_with("crn-") {
            return self.problem(400, "cancel is not supported for cron jobs");
        }
        if FINISHED.contains(&status.as_str()) {
            let (finished, body) = (deploy.finished_cancel, deploy.json(&status));
            return match finished {
                200 => self.reply(200, &body),
                400 => self.problem(400, "deploy is not in progress"),
                other => self.error(other),
            };
        }
        let took_effect = deploy.script.cancel();
        let word = deploy.script.now().to_owned();
        let body = match &deploy.cancel_answer {
            CancelAnswer::Current => deploy.json(&word),
            CancelAnswer::Word(other) => deploy.json(other),
            CancelAnswer::OtherId => merged(deploy.json(&word), "dep-another"),
            CancelAnswer::Empty => Value::Null,
        };
        if took_effect && IN_PROGRESS.contains(&status.as_str()) {
            self.let_the_next_go(service);
        }
        let mut answer = self.reply(200, &body).effect(took_effect);
        if body.is_null() {
            answer.body.clear();
        }
        answer
    }

    /// "If you cancel an in-progress deploy while another is waiting, Render immediately kicks off the waiting deploy."
    fn let_the_next_go(&mut self, service: &str) {
        let waiting = self.deploys.iter_mut().filter(|deploy| deploy.service == service && deploy.waits());
        if let Some(next) = waiting.min_by(|one, other| one.created().cmp(other.created())) {
            next.script = Script::new(&["build_in_progress"], &["canceled"]);
            next.script.set_after_cancel(next.after_cancel.clone());
        }
    }
}

fn merged(mut deploy: Value, id: &str) -> Value {
    deploy["id"] = json!(id);
    deploy
}

/// Render, as tests know it.
pub struct Stand;

impl super::Stand for Stand {
    fn name(&self) -> &'static str {
        "render"
    }

    fn letter(&self) -> char {
        'r'
    }

    fn id(&self, number: usize) -> String {
        format!("dep-d9n1qi2jnfac73a7{number:04}")
    }

    fn word(&self, state: &str) -> Option<&'static str> {
        Some(match state {
            "queued" => "queued",
            "running" => "build_in_progress",
            "canceled" => "canceled",
            "succeeded" => "live",
            "failed" => "build_failed",
            "superseded" => "deactivated",
            _ => return None,
        })
    }

    fn put(&self, sandbox: &Sandbox, number: usize, course: &Course) {
        let (states, after, answer) = (self as &dyn super::Stand).words(course);
        let deploy = Deploy::new(SERVICE, &self.id(number)).states(states).after_cancel(after);
        sandbox.add(deploy.cancel_answer(CancelAnswer::shows(answer)));
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        let (states, after, answer) = (self as &dyn super::Stand).words(&one.course);
        let deploy = Deploy::new(if one.scope == 1 { SERVICE } else { OTHER_SERVICE }, &self.id(one.number))
            .states(states)
            .after_cancel(after)
            .cancel_answer(CancelAnswer::shows(answer))
            .created_at(&one.created());
        let deploy = if one.branch.is_some() { deploy.commit(one.commit) } else { deploy.of_image() };
        sandbox.add(if one.undated { deploy.field("createdAt", Value::Null) } else { deploy });
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(Service::new(SERVICE, "web")).add(Service::new(OTHER_SERVICE, "api"));
    }

    fn unknown_scope(&self) -> Option<(&'static str, &'static str)> {
        Some(("service_id", "srv-cu2k7g0gph6c73ffc4h9"))
    }

    fn inputs(&self) -> Vec<(&'static str, &'static str)> {
        vec![("token", TOKEN), ("service_id", SERVICE)]
    }

    fn select_inputs(&self) -> Option<Vec<(&'static str, &'static str)>> {
        Some(Vec::new())
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        Some(json!({"id": id, "status": word}).to_string())
    }

    fn list(&self, ids: &[String], word: &str) -> Option<String> {
        let items: Vec<_> = ids.iter().map(|id| json!({"deploy": {"id": id, "status": word}, "cursor": id})).collect();
        Some(Value::Array(items).to_string())
    }

    fn right(&self) -> &'static str {
        "a scoped key needs the permission to change services and their deploys"
    }

    fn traits(&self) -> Traits {
        // A deploy carries a commit, but no branch.
        Traits { commits: false, request_id: "api-", ..Traits::default() }
    }
}
