//! DigitalOcean App Platform.
//!
//! Follows the public API description and the official Go client. What a
//! cancel of a finished deployment answers is documented nowhere, so
//! [`Deployment::finished_cancel`] chooses it.

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::http::{Answer, Request, epoch, merge};
use super::platform::{Access, Addition, Call, Grant, Platform, Platforms, Tokens};
use super::script::{CancelAnswer, Script};
use super::stand::{Course, One, Traits};
use super::{EMAIL, ENV_VALUE, Sandbox, TOKEN};

/// The commit a deployment carries until told otherwise.
pub const COMMIT: &str = "9a4df0b8e161e323bc3cdf1dc71878080fe144fa";

/// The host that stands in `next` links, whatever address was asked.
const PUBLIC: &str = "https://api.digitalocean.com";
const FINISHED: [&str; 4] = ["ACTIVE", "ERROR", "CANCELED", "SUPERSEDED"];
const NO_TIME: &str = "0001-01-01T00:00:00Z";
const DOCUMENTED_CANCEL: &str = include_str!("../../replies/digitalocean/cancel-documented.json");

/// An app.
#[derive(Clone, Debug)]
pub struct App {
    id: String,
    name: String,
    patch: Value,
}

impl App {
    /// An app of that name.
    pub fn new(id: &str, name: &str) -> App {
        App { id: id.to_owned(), name: name.to_owned(), patch: json!({}) }
    }

    /// Lays a JSON merge patch over the app; null removes a field.
    pub fn patch(mut self, patch: Value) -> App {
        self.patch = patch;
        self
    }
}

/// A deployment of an app; the app appears with it if it is not there yet.
#[derive(Clone, Debug)]
pub struct Deployment {
    app: String,
    id: String,
    script: Script,
    components: Vec<Component>,
    created: Option<String>,
    cancel_answer: CancelAnswer,
    finished_cancel: u16,
    patch: Value,
    fields: Vec<(String, Value)>,
}

#[derive(Clone, Debug)]
struct Component {
    name: String,
    branch: String,
    commit: Option<String>,
}

impl Deployment {
    /// A deployment that builds until it is cancelled, of branch `main` and commit [`COMMIT`].
    pub fn new(app_id: &str, id: &str) -> Deployment {
        Deployment {
            app: app_id.to_owned(),
            id: id.to_owned(),
            script: Script::new(&["BUILDING"], &["CANCELED"]),
            components: vec![Component {
                name: "web".to_owned(),
                branch: "main".to_owned(),
                commit: Some(COMMIT.to_owned()),
            }],
            created: None,
            cancel_answer: CancelAnswer::Current,
            finished_cancel: 400,
            patch: json!({}),
            fields: Vec::new(),
        }
    }

    /// The phases it goes through undisturbed; see [`Script`].
    pub fn states<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_states(states);
        self
    }

    /// The phases from the moment a cancel takes effect; see [`Script`].
    pub fn after_cancel<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_after_cancel(states);
        self
    }

    /// The branch of the first component.
    pub fn branch(mut self, branch: &str) -> Self {
        self.components[0].branch = branch.to_owned();
        self
    }

    /// The commit of the first component, and of the push that caused the deployment.
    pub fn commit(mut self, commit: &str) -> Self {
        self.components[0].commit = Some(commit.to_owned());
        self
    }

    /// Leaves commit and cause details out, as early in a build or with a ready-made image.
    pub fn without_commit(mut self) -> Self {
        self.components[0].commit = None;
        self
    }

    /// Adds a worker built from another branch and commit.
    pub fn component(mut self, name: &str, branch: &str, commit: &str) -> Self {
        self.components.push(Component {
            name: name.to_owned(),
            branch: branch.to_owned(),
            commit: Some(commit.to_owned()),
        });
        self
    }

    /// When it was created, in RFC 3339; otherwise a second after the one added before.
    pub fn created_at(mut self, time: &str) -> Self {
        self.created = Some(time.to_owned());
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

    fn created(&self) -> &str {
        self.created.as_deref().unwrap_or(NO_TIME)
    }

    fn json(&self, phase: &str) -> Value {
        let created = self.created();
        let last_change = match phase {
            "PENDING_BUILD" => NO_TIME,
            _ => created,
        };
        let mut body = json!({
            "id": self.id,
            "spec": spec("sample-app", &self.components),
            "phase_last_updated_at": last_change,
            "created_at": created,
            "updated_at": created,
            "cause": self.cause(),
            "progress": progress(phase),
            "phase": phase,
            "tier_slug": "basic",
        });
        self.add_components(&mut body);
        if let Some(details) = self.cause_details() {
            body["cause_details"] = details;
        }
        merge(&mut body, &self.patch);
        for (name, value) in &self.fields {
            body[name] = value.clone();
        }
        body
    }

    fn add_components(&self, body: &mut Value) {
        let built: Vec<Value> = self.components.iter().map(Component::built).collect();
        let (web, workers) = built.split_at(1);
        body["services"] = json!(web);
        if !workers.is_empty() {
            body["workers"] = json!(workers);
        }
    }

    fn cause(&self) -> String {
        match &self.components[0].commit {
            Some(commit) => {
                let short: String = commit.chars().take(7).collect();
                format!("commit {short} pushed to github/example/sample-app")
            }
            None => "manual".to_owned(),
        }
    }

    fn cause_details(&self) -> Option<Value> {
        let first = &self.components[0];
        let commit = first.commit.as_ref()?;
        Some(json!({
            "type": "DEPLOY_ON_PUSH",
            "git_push": {
                "github": {
                    "repo": "example/sample-app",
                    "branch": first.branch,
                    "deploy_on_push": true,
                },
                "commit_sha": commit,
                "commit_author": format!("Jane Doe <{EMAIL}>"),
                "commit_message": "Make it faster",
                "username": "jane",
            },
        }))
    }
}

impl Component {
    fn built(&self) -> Value {
        match &self.commit {
            Some(commit) => json!({"name": self.name, "source_commit_hash": commit}),
            None => json!({"name": self.name}),
        }
    }

    fn planned(&self) -> Value {
        json!({
            "name": self.name,
            "github": {
                "repo": "example/sample-app",
                "branch": self.branch,
                "deploy_on_push": true,
            },
            "run_command": "bin/sample-app",
            "environment_slug": "go",
            "instance_size_slug": "apps-s-1vcpu-0.5gb",
            "instance_count": 2,
            "http_port": 8080,
            "envs": [
                {"key": "GREETING", "value": ENV_VALUE, "scope": "RUN_AND_BUILD_TIME"},
                {"key": "DATABASE_URL", "value": "EV[1:aaaa:bbbb]", "type": "SECRET"},
            ],
        })
    }
}

fn spec(name: &str, components: &[Component]) -> Value {
    let planned: Vec<Value> = components.iter().map(Component::planned).collect();
    let (web, workers) = planned.split_at(planned.len().min(1));
    let mut spec = json!({
        "name": name,
        "region": "ams",
        "services": web,
        "alerts": [{"rule": "DEPLOYMENT_FAILED"}],
        "ingress": {"rules": [{"match": {"path": {"prefix": "/"}}, "component": {"name": "web"}}]},
    });
    if !workers.is_empty() {
        spec["workers"] = json!(workers);
    }
    spec
}

/// Counts that are zero are left out; a cancelled deployment stays where it was.
fn progress(phase: &str) -> Value {
    let counts: &[(&str, i32)] = match phase {
        "PENDING_BUILD" => &[("pending_steps", 6)],
        "PENDING_DEPLOY" => &[("pending_steps", 3), ("success_steps", 3)],
        "DEPLOYING" => &[("pending_steps", 1), ("running_steps", 1), ("success_steps", 4)],
        "ACTIVE" | "SUPERSEDED" => &[("success_steps", 6)],
        "ERROR" => &[("pending_steps", 3), ("success_steps", 2), ("error_steps", 1)],
        _ => &[("pending_steps", 4), ("running_steps", 1), ("success_steps", 1)],
    };
    let mut progress: Map<String, Value> =
        counts.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
    let (build, deploy) = match phase {
        "PENDING_BUILD" => ("PENDING", "PENDING"),
        "PENDING_DEPLOY" => ("SUCCESS", "PENDING"),
        "DEPLOYING" => ("SUCCESS", "RUNNING"),
        "ACTIVE" | "SUPERSEDED" => ("SUCCESS", "SUCCESS"),
        "ERROR" => ("ERROR", "PENDING"),
        _ => ("RUNNING", "PENDING"),
    };
    progress.insert("total_steps".to_owned(), json!(6));
    progress.insert(
        "steps".to_owned(),
        json!([
            {"name": "build", "status": build, "steps": [
                {"name": "initialize", "status": build},
                {"name": "components", "status": build, "steps": [{
                    "name": "web",
                    "status": build,
                    "component_name": "web",
                    "message_base": "Building service",
                }]},
            ]},
            {"name": "deploy", "status": deploy, "steps": [
                {"name": "initialize", "status": deploy},
                {"name": "finalize", "status": deploy},
            ]},
        ]),
    );
    Value::Object(progress)
}

impl Addition for App {
    fn add_to(self, platforms: &mut Platforms) {
        let apps = &mut platforms.digitalocean.apps;
        apps.retain(|known| known.id != self.id);
        apps.push(self);
    }
}

impl Addition for Deployment {
    fn add_to(mut self, platforms: &mut Platforms) {
        let platform = &mut platforms.digitalocean;
        if !platform.apps.iter().any(|app| app.id == self.app) {
            platform.apps.push(App::new(&self.app, "sample-app"));
        }
        let number = platform.added;
        platform.added += 1;
        self.created.get_or_insert_with(|| default_time(number));
        platform.deployments.retain(|known| known.id != self.id);
        platform.deployments.push(self);
    }
}

fn default_time(number: u32) -> String {
    let (day, hour) = (1 + number / 86_400, number / 3600 % 24);
    let (minute, second) = (number / 60 % 60, number % 60);
    format!("2026-08-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The platform's whole state.
#[derive(Default)]
pub struct DigitalOcean {
    tokens: Tokens,
    apps: Vec<App>,
    deployments: Vec<Deployment>,
    added: u32,
    answers: u32,
}

impl Platform for DigitalOcean {
    fn name(&self) -> &'static str {
        "digitalocean"
    }

    fn call(&self, request: &Request) -> Call {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["v2", "account"]) => Call::SignIn,
            ("GET", ["v2", "apps"] | ["v2", "apps", _]) => Call::Scope,
            ("GET", ["v2", "apps", _, "deployments"]) => Call::List,
            ("GET", ["v2", "apps", _, "deployments", _]) => Call::Read,
            ("POST", ["v2", "apps", _, "deployments", _, "cancel"]) => Call::Cancel,
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
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (call, segments.as_slice()) {
            (Call::Scope, [_, _]) => self.apps(request),
            (Call::Scope, [_, _, app]) => self.app(app),
            (Call::List, [_, _, app, _]) => self.list(app, request),
            (Call::Read, [_, _, app, _, id]) => self.read(app, id),
            (Call::Cancel, [_, _, app, _, id, _]) => self.cancel(app, id),
            _ => self.error(404),
        }
    }

    fn error(&mut self, status: u16) -> Answer {
        let (id, message) = match status {
            400 => ("bad_request", "error parsing request body"),
            401 => ("unauthorized", "Unable to authenticate you."),
            403 => ("forbidden", "You do not have permission to perform this action."),
            404 => ("not_found", "The resource you requested could not be found."),
            409 => ("conflict", "The request could not be completed due to a conflict."),
            422 => ("unprocessable_entity", "request payload validation failed"),
            429 => ("too_many_requests", "API rate limit exceeded."),
            _ => ("server_error", "Unexpected server-side error"),
        };
        self.problem(status, id, message)
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("ratelimit-reset", epoch(in_seconds).to_string())
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

impl DigitalOcean {
    /// An answer with the headers every answer has.
    fn reply(&mut self, status: u16, body: &Value) -> Answer {
        self.answers += 1;
        let (remaining, reset) = match status {
            429 => (0, epoch(1)),
            _ => (5000_u32.saturating_sub(self.answers), epoch(1800)),
        };
        Answer::json(status, body)
            .with("ratelimit-limit", "5000")
            .with("ratelimit-remaining", remaining.to_string())
            .with("ratelimit-reset", reset.to_string())
            .with("x-request-id", self.request_id())
    }

    fn request_id(&self) -> String {
        format!("4851a473-1621-42ea-b2f9-{:012x}", self.answers)
    }

    fn problem(&mut self, status: u16, id: &str, message: &str) -> Answer {
        let mut body = json!({"id": id, "message": message});
        if matches!(status, 400 | 422) {
            let next = self.answers + 1;
            body["request_id"] = json!(format!("4851a473-1621-42ea-b2f9-{next:012x}"));
        }
        self.reply(status, &body)
    }

    fn apps(&mut self, request: &Request) -> Answer {
        let apps: Vec<Value> = self.apps.iter().map(|app| self.app_json(app)).collect();
        match page("/v2/apps", "apps", apps, request) {
            Ok(mut body) => {
                if self.apps.is_empty() {
                    body.remove("apps");
                }
                self.reply(200, &Value::Object(body))
            }
            Err(message) => self.problem(422, "unprocessable_entity", &message),
        }
    }

    fn app(&mut self, id: &str) -> Answer {
        match self.apps.iter().find(|app| app.id.eq_ignore_ascii_case(id)) {
            Some(app) => {
                let body = json!({"app": self.app_json(app)});
                self.reply(200, &body)
            }
            None => self.error(404),
        }
    }

    fn app_json(&self, app: &App) -> Value {
        let deployments = self.newest_first(&app.id);
        let components = deployments.first().map_or(&[][..], |d| &d.components);
        let mut body = json!({
            "id": app.id,
            "owner_uuid": "a4e16f25-cdd1-4483-b246-d77f283c9209",
            "spec": spec(&app.name, components),
            "default_ingress": format!("https://{}-zyhgn.ondigitalocean.app", app.name),
            "live_url": format!("https://{}-zyhgn.ondigitalocean.app", app.name),
            "created_at": "2021-02-10T16:45:14Z",
            "updated_at": "2021-02-10T17:06:56Z",
            "tier_slug": "basic",
            "region": {"slug": "ams", "label": "Amsterdam", "continent": "Europe"},
        });
        let first = |phases: &[&str]| {
            let found = deployments.iter().find(|d| phases.contains(&d.script.now()));
            found.map(|d| d.json(d.script.now()))
        };
        // The "pending" one may long be active: it is the newest that is not cancelled.
        let pending = deployments.iter().find(|d| d.script.now() != "CANCELED");
        let fields = [
            ("active_deployment", first(&["ACTIVE"])),
            ("in_progress_deployment", first(&["BUILDING", "PENDING_DEPLOY", "DEPLOYING"])),
            ("pending_deployment", pending.map(|d| d.json(d.script.now()))),
            ("last_deployment_created_at", deployments.first().map(|d| json!(d.created()))),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                body[name] = value;
            }
        }
        merge(&mut body, &app.patch);
        body
    }

    fn newest_first(&self, app: &str) -> Vec<&Deployment> {
        let all = self.deployments.iter().rev();
        let mut found: Vec<&Deployment> = all.filter(|d| d.app == app).collect();
        found.sort_by(|a, b| b.created().cmp(a.created()));
        found
    }

    fn list(&mut self, app: &str, request: &Request) -> Answer {
        if !self.apps.iter().any(|known| known.id.eq_ignore_ascii_case(app)) {
            return self.error(404);
        }
        let types = request.params("deployment_types");
        let all = self.newest_first(app).into_iter();
        let items = all
            .map(|deployment| deployment.json(deployment.script.now()))
            .filter(|item| types.is_empty() || types.contains(&kind(item)))
            .collect();
        let path = format!("/v2/apps/{app}/deployments");
        match page(&path, "deployments", items, request) {
            Ok(body) => self.reply(200, &Value::Object(body)),
            Err(message) => self.problem(422, "unprocessable_entity", &message),
        }
    }

    fn find(&mut self, app: &str, id: &str) -> Option<&mut Deployment> {
        let mut all = self.deployments.iter_mut();
        // Ids are UUIDs, which are the same in capitals.
        all.find(|known| known.app.eq_ignore_ascii_case(app) && known.id.eq_ignore_ascii_case(id))
    }

    fn read(&mut self, app: &str, id: &str) -> Answer {
        let Some(deployment) = self.find(app, id) else {
            return self.error(404);
        };
        let phase = deployment.script.read();
        let body = json!({"deployment": deployment.json(&phase)});
        self.reply(200, &body)
    }

    fn cancel(&mut self, app: &str, id: &str) -> Answer {
        let Some(deployment) = self.find(app, id) else {
            return self.error(404);
        };
        if FINISHED.contains(&deployment.script.now()) {
            return self.refuse(app, id);
        }
        let took_effect = deployment.script.cancel();
        let word = deployment.script.now().to_owned();
        let body = match &deployment.cancel_answer {
            CancelAnswer::Current => json!({"deployment": deployment.json(&word)}),
            CancelAnswer::Word(other) => json!({"deployment": deployment.json(other)}),
            CancelAnswer::OtherId => serde_json::from_str(DOCUMENTED_CANCEL).expect("the documented example is JSON"),
            CancelAnswer::Empty => Value::Null,
        };
        let mut answer = self.reply(200, &body).effect(took_effect);
        if body.is_null() {
            answer.body.clear();
        }
        answer
    }

    fn refuse(&mut self, app: &str, id: &str) -> Answer {
        let deployment = self.find(app, id).expect("a deployment looked up before");
        match deployment.finished_cancel {
            200 => {
                let phase = deployment.script.now().to_owned();
                let body = json!({"deployment": deployment.json(&phase)});
                self.reply(200, &body)
            }
            400 => self.problem(400, "bad_request", "deployment is past the point where it can be canceled"),
            other => self.error(other),
        }
    }
}

/// The value of `deployment_types` that finds this deployment.
fn kind(deployment: &Value) -> String {
    let kind = deployment["cause_details"]["type"].as_str();
    kind.unwrap_or("MANUAL").to_owned()
}

/// Cuts one page out of a list; links are absolute and each is there only when it leads somewhere.
fn page(path: &str, key: &str, items: Vec<Value>, request: &Request) -> Result<Map<String, Value>, String> {
    let number = number(request, "page", 1, usize::MAX)?;
    let size = self::number(request, "per_page", 20, 200)?;
    let total = items.len();
    let last = total.div_ceil(size).max(1);
    let mut pages = Map::new();
    let mut link = |name: &str, target: usize| {
        let url = link_to(path, request, target, size);
        pages.insert(name.to_owned(), json!(url));
    };
    if number > 1 {
        link("first", 1);
        link("prev", number - 1);
    }
    if number < last {
        link("next", number + 1);
        link("last", last);
    }
    let links = match pages.is_empty() {
        true => json!({}),
        false => json!({"pages": pages}),
    };
    let skipped = (number - 1).saturating_mul(size);
    let items: Vec<Value> = items.into_iter().skip(skipped).take(size).collect();
    let mut body = Map::new();
    body.insert(key.to_owned(), json!(items));
    body.insert("links".to_owned(), links);
    body.insert("meta".to_owned(), json!({"total": total}));
    Ok(body)
}

fn number(request: &Request, name: &str, usual: usize, most: usize) -> Result<usize, String> {
    let Some(text) = request.param(name) else {
        return Ok(usual);
    };
    let number = text.parse().ok().filter(|n| (1..=most).contains(n));
    number.ok_or_else(|| format!("{name} is out of range"))
}

fn link_to(path: &str, request: &Request, page: usize, size: usize) -> String {
    let others = form_urlencoded::parse(request.query.as_bytes()).filter(|(key, _)| key != "page" && key != "per_page");
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(others)
        .append_pair("page", &page.to_string())
        .append_pair("per_page", &size.to_string())
        .finish();
    format!("{PUBLIC}{path}?{query}")
}

/// DigitalOcean App Platform, as tests know it.
pub struct Stand;

impl Stand {
    /// A deployment among others, which a test may change further.
    pub fn made(&self, one: &One) -> Deployment {
        let (states, after, answer) = (self as &dyn super::Stand).words(&one.course);
        let deployment = Deployment::new(&format!("app-{}", one.scope), &super::Stand::id(self, one.number))
            .states(states)
            .after_cancel(after)
            .cancel_answer(CancelAnswer::shows(answer))
            .created_at(&one.created());
        let deployment = match one.branch {
            Some(branch) => deployment.branch(branch).commit(one.commit),
            None => {
                let image = json!([{"name": "web", "image": {"repository": "web"}}]);
                deployment.without_commit().patch(json!({"spec": {"services": image}}))
            }
        };
        if one.undated { deployment.field("created_at", Value::Null) } else { deployment }
    }
}

impl super::Stand for Stand {
    fn name(&self) -> &'static str {
        "digitalocean"
    }

    fn letter(&self) -> char {
        'd'
    }

    fn id(&self, number: usize) -> String {
        format!("dep-{number}")
    }

    fn word(&self, state: &str) -> Option<&'static str> {
        Some(match state {
            "queued" => "PENDING_BUILD",
            "running" => "BUILDING",
            "canceled" => "CANCELED",
            "succeeded" => "ACTIVE",
            "failed" => "ERROR",
            "superseded" => "SUPERSEDED",
            _ => return None,
        })
    }

    fn put(&self, sandbox: &Sandbox, number: usize, course: &Course) {
        let (states, after, answer) = (self as &dyn super::Stand).words(course);
        let deployment = Deployment::new("app-1", &self.id(number)).states(states).after_cancel(after);
        sandbox.add(deployment.cancel_answer(CancelAnswer::shows(answer)));
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        sandbox.add(self.made(one));
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(App::new("app-1", "web")).add(App::new("app-2", "api"));
    }

    fn unknown_scope(&self) -> Option<(&'static str, &'static str)> {
        Some(("app_id", "app-9"))
    }

    fn inputs(&self) -> Vec<(&'static str, &'static str)> {
        vec![("token", TOKEN), ("app_id", "app-1")]
    }

    fn select_inputs(&self) -> Option<Vec<(&'static str, &'static str)>> {
        Some(Vec::new())
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        Some(json!({"deployment": {"id": id, "phase": word}}).to_string())
    }

    fn list(&self, ids: &[String], word: &str) -> Option<String> {
        let items: Vec<_> = ids.iter().map(|id| json!({"id": id, "phase": word})).collect();
        Some(json!({"deployments": items}).to_string())
    }

    fn right(&self) -> &'static str {
        "app:update"
    }

    fn traits(&self) -> Traits {
        Traits { request_id: "4851a473-", ..Traits::default() }
    }
}
