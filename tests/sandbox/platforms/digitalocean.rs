//! DigitalOcean App Platform.
//!
//! Follows the public API description and the official Go client. What a
//! cancel of a finished deployment answers is documented nowhere, so
//! [`Deployment::finished_cancel`] chooses it.

use serde_json::{Map, Value, json};

use super::deployment::{self, Desk, Fleet};
use super::http::{Answer, Request, epoch, merge};
use super::live::Ends;
use super::page::Page;
use super::platform::{Addition, Call, Platform, Platforms, Routed as _};
use super::stand::{About, Back, Choice, One, Pages, Traits};
use super::{EMAIL, ENV_VALUE, Sandbox, TOKEN};

pub use super::deployment::COMMIT;

/// The host that stands in `next` links, whatever address was asked.
const PUBLIC: &str = "https://api.digitalocean.com";
const NO_TIME: &str = "0001-01-01T00:00:00Z";
const DOCUMENTED_CANCEL: &str = include_str!("../../replies/digitalocean/cancel-documented.json");

/// An app.
#[derive(Clone, Debug)]
pub struct App {
    id: String,
    name: String,
    patch: Value,
    pinned: Option<String>,
    conditions: Vec<&'static str>,
}

impl App {
    /// An app of that name.
    pub fn new(id: &str, name: &str) -> App {
        App { id: id.to_owned(), name: name.to_owned(), patch: json!({}), pinned: None, conditions: Vec::new() }
    }

    /// Lays a JSON merge patch over the app; null removes a field.
    pub fn patch(mut self, patch: Value) -> App {
        self.patch = patch;
        self
    }
}

/// A deployment of an app; the app appears with it if it is not there yet.
pub type Deployment = deployment::Deployment<Workers>;

/// What only deployments of DigitalOcean have.
#[derive(Clone, Debug, Default)]
pub struct Workers {
    /// Further components, each with its name, branch and commit.
    components: Vec<[String; 3]>,
    /// It rolls the app back.
    is_roll_back: bool,
    /// What it says of the one before it is fixed when it is made.
    looks_back_once: bool,
}

impl Deployment {
    /// A deployment that builds until it is canceled.
    pub fn new(app_id: &str, id: &str) -> Deployment {
        Deployment::made(app_id, id, Workers::default())
    }

    /// Adds a worker built from another branch and commit.
    pub fn component(mut self, name: &str, branch: &str, commit: &str) -> Self {
        self.own.components.push([name, branch, commit].map(str::to_owned));
        self
    }

    fn components(&self) -> Vec<Component<'_>> {
        let web = Component { name: "web", branch: &self.branch, commit: self.commit.as_deref() };
        let workers = self.own.components.iter();
        let workers = workers.map(|[name, branch, commit]| Component { name, branch, commit: Some(commit) });
        [web].into_iter().chain(workers).collect()
    }

    fn cause(&self) -> String {
        match &self.commit {
            Some(commit) if !self.own.is_roll_back => {
                let short: String = commit.chars().take(7).collect();
                format!("commit {short} pushed to github/example/sample-app")
            }
            _ => "manual".to_owned(),
        }
    }

    fn cause_details(&self) -> Option<Value> {
        if self.own.is_roll_back {
            let action = json!({"user": {"email": EMAIL, "full_name": "Jane Doe"}, "name": "ROLLBACK_APP"});
            return Some(json!({"type": "MANUAL_ROLLBACK", "digitalocean_user_action": action}));
        }
        let commit = self.commit.as_ref()?;
        Some(json!({
            "type": "DEPLOY_ON_PUSH",
            "git_push": {
                "github": {
                    "repo": "example/sample-app",
                    "branch": self.branch,
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

impl deployment::Own for Workers {
    type Platform = DigitalOcean;
    const COURSE: deployment::Words = (&["BUILDING"], &["CANCELED"]);
    const FINISHED: &'static [&'static str] = &["ACTIVE", "ERROR", "CANCELED", "SUPERSEDED"];
    const CREATED: &'static [&'static str] = &["created_at"];
    const LIVE: &'static [&'static str] = &["ACTIVE"];

    fn slot(one: &Deployment) -> Option<&str> {
        Some(&one.scope)
    }

    fn replace(one: &mut Deployment) {
        one.script.end_with("SUPERSEDED");
    }

    fn fleet(platform: &mut DigitalOcean) -> &mut Fleet<Workers> {
        &mut platform.fleet
    }

    fn precede(platform: &mut DigitalOcean, one: &mut Deployment) {
        if !platform.apps.iter().any(|app| app.id == one.scope) {
            platform.apps.push(App::new(&one.scope, "sample-app"));
        }
        one.own.looks_back_once = platform.looks_back_once;
    }

    fn json(one: &Deployment, phase: &str) -> Value {
        let created = if one.created.is_null() { NO_TIME } else { one.created() };
        let components = one.components();
        let mut body = json!({
            "id": one.id,
            "spec": spec("sample-app", &components),
            "phase_last_updated_at": if phase == "PENDING_BUILD" { NO_TIME } else { created },
            "created_at": created,
            "updated_at": created,
            "cause": one.cause(),
            "progress": progress(phase),
            "phase": phase,
            "tier_slug": "basic",
        });
        lay_out(&mut body, components.iter().map(Component::built).collect());
        if let Some(details) = one.cause_details() {
            body["cause_details"] = details;
        }
        let [created, live] = &one.before;
        if let Some(previous) = live.as_ref().filter(|_| !one.own.looks_back_once).or(created.as_ref()) {
            body["previous_deployment_id"] = json!(previous);
        }
        body
    }

    fn canceled(one: &Deployment, phase: &str) -> Value {
        json!({"deployment": one.json(phase)})
    }

    fn another(_one: &Deployment) -> Value {
        serde_json::from_str(DOCUMENTED_CANCEL).expect("the documented example is JSON")
    }
}

struct Component<'a> {
    name: &'a str,
    branch: &'a str,
    commit: Option<&'a str>,
}

impl Component<'_> {
    fn built(&self) -> Value {
        match self.commit {
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
    let mut spec = json!({
        "name": name,
        "region": "ams",
        "alerts": [{"rule": "DEPLOYMENT_FAILED"}],
        "ingress": {"rules": [{"match": {"path": {"prefix": "/"}}, "component": {"name": "web"}}]},
    });
    lay_out(&mut spec, components.iter().map(Component::planned).collect());
    spec
}

/// The first component is the service; without others there are no workers.
fn lay_out(body: &mut Value, components: Vec<Value>) {
    let (web, workers) = components.split_at(components.len().min(1));
    body["services"] = json!(web);
    if !workers.is_empty() {
        body["workers"] = json!(workers);
    }
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
        let apps = &mut platforms.of::<DigitalOcean>().apps;
        apps.retain(|known| known.id != self.id);
        apps.push(self);
    }
}

/// A condition that an app's roll backs meet, by its code.
#[derive(Clone, Copy, Debug)]
pub struct Condition(pub &'static str, pub &'static str);

impl Addition for Condition {
    fn add_to(self, platforms: &mut Platforms) {
        let apps = &mut platforms.of::<DigitalOcean>().apps;
        apps.iter_mut().filter(|app| app.id == self.0).for_each(|app| app.conditions.push(self.1));
    }
}

/// What deployments say of the one before them is fixed when they are made, not when they go live.
#[derive(Clone, Copy, Debug)]
pub struct LooksBackOnce;

impl Addition for LooksBackOnce {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.of::<DigitalOcean>().looks_back_once = true;
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct DigitalOcean {
    apps: Vec<App>,
    fleet: Fleet<Workers>,
    looks_back_once: bool,
    roll_backs: usize,
}

impl Platform for DigitalOcean {
    fn name(&self) -> &'static str {
        "digitalocean"
    }

    fn desk(&mut self) -> &mut dyn Desk {
        &mut self.fleet
    }

    fn routes(&self) -> &'static [(Call, &'static str)] {
        &[
            (Call::SignIn, "GET v2/account"),
            (Call::Scope, "GET v2/apps"),
            (Call::Scope, "GET v2/apps/*"),
            (Call::List, "GET v2/apps/*/deployments"),
            (Call::Read, "GET v2/apps/*/deployments/*"),
            (Call::Cancel, "POST v2/apps/*/deployments/*/cancel"),
            (Call::Check, "POST v2/apps/*/rollback/validate"),
            (Call::RollBack, "POST v2/apps/*/rollback"),
        ]
    }

    fn respond(&mut self, call: Call, places: &[&str], request: &Request) -> Answer {
        match (call, places) {
            (Call::Scope, []) => self.apps(request),
            (Call::Scope, [app]) => match self.apps.iter().find(|known| known.id.eq_ignore_ascii_case(app)) {
                Some(app) => Answer::json(200, &json!({"app": self.app_json(app)})),
                None => self.problem(404),
            },
            (Call::List, [app]) => self.list(app, request),
            (Call::Read, [app, id]) => match self.find(app, id) {
                Some(deployment) => Answer::json(200, &json!({"deployment": deployment.read()})),
                None => self.problem(404),
            },
            (Call::Cancel, [app, id]) => match self.find(app, id).map(Deployment::cancel) {
                Some(Ok(answer)) => answer,
                Some(Err(400)) => {
                    self.tell(400, "bad_request", "deployment is past the point where it can be canceled")
                }
                Some(Err(other)) => self.problem(other),
                None => self.problem(404),
            },
            (Call::Check, [app]) => self.validate(app, request),
            (Call::RollBack, [app]) => self.roll_back(app, request),
            _ => self.problem(404),
        }
    }

    fn aim(&self, request: &Request) -> Option<[String; 2]> {
        let [app] = self.route(request).1.try_into().ok()?;
        Some([app, request.object()?.get("deployment_id")?.as_str()?.to_owned()])
    }

    fn oversteps(&self, request: &Request) -> Option<&'static str> {
        let skips = request.object().and_then(|body| body.get("skip_pin")?.as_bool()).unwrap_or_default();
        (!skips).then_some("it pins the app")
    }

    fn problem(&self, status: u16) -> Answer {
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
        self.tell(status, id, message)
    }

    fn headers(&self, answer: Answer, number: u32) -> Answer {
        let (remaining, reset) = match answer.status {
            429 => (0, epoch(1)),
            _ => (5000_u32.saturating_sub(number), epoch(1800)),
        };
        answer
            .with("ratelimit-limit", "5000")
            .with("ratelimit-remaining", remaining.to_string())
            .with("ratelimit-reset", reset.to_string())
            .with("x-request-id", request_id(number))
    }

    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("ratelimit-reset", epoch(in_seconds).to_string())
    }
}

fn request_id(number: u32) -> String {
    format!("4851a473-1621-42ea-b2f9-{number:012x}")
}

impl DigitalOcean {
    fn tell(&self, status: u16, id: &str, message: &str) -> Answer {
        let mut body = json!({"id": id, "message": message});
        if matches!(status, 400 | 422) {
            body["request_id"] = json!(request_id(self.fleet.answers + 1));
        }
        Answer::json(status, &body)
    }

    fn apps(&self, request: &Request) -> Answer {
        let apps = self.apps.iter().map(|app| self.app_json(app)).collect();
        let mut answer = self.page("/v2/apps", "apps", apps, request);
        if self.apps.is_empty() {
            answer = Answer::json(200, &json!({"links": {}, "meta": {"total": 0}}));
        }
        answer
    }

    fn app_json(&self, app: &App) -> Value {
        let deployments = self.fleet.newest_first(|known| known.scope == app.id);
        let components = deployments.first().map_or(Vec::new(), |newest| newest.components());
        let mut body = json!({
            "id": app.id,
            "owner_uuid": "a4e16f25-cdd1-4483-b246-d77f283c9209",
            "spec": spec(&app.name, &components),
            "default_ingress": format!("https://{}-zyhgn.ondigitalocean.app", app.name),
            "live_url": format!("https://{}-zyhgn.ondigitalocean.app", app.name),
            "created_at": "2021-02-10T16:45:14Z",
            "updated_at": "2021-02-10T17:06:56Z",
            "tier_slug": "basic",
            "region": {"slug": "ams", "label": "Amsterdam", "continent": "Europe"},
        });
        let first = |phases: &[&str]| {
            let found = deployments.iter().find(|d| phases.contains(&d.script.now()));
            found.map(|d| d.shown())
        };
        let shown = |id: Option<&String>| {
            let found = deployments.iter().find(|d| Some(&d.id) == id);
            found.map(|d| d.shown())
        };
        let live = shown(self.fleet.slots.live(&app.id).map(|live| &live.id));
        // The "pending" one may long be active: it is the newest that is not cancelled.
        let pending = deployments.iter().find(|d| d.script.now() != "CANCELED");
        let fields = [
            ("active_deployment", live),
            ("pinned_deployment", shown(app.pinned.as_ref())),
            ("in_progress_deployment", first(&["BUILDING", "PENDING_DEPLOY", "DEPLOYING"])),
            ("pending_deployment", pending.map(|d| d.shown())),
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

    fn list(&self, app: &str, request: &Request) -> Answer {
        if !self.apps.iter().any(|known| known.id.eq_ignore_ascii_case(app)) {
            return self.problem(404);
        }
        let types = request.params("deployment_types");
        let all = self.fleet.newest_first(|known| known.scope == app).into_iter().map(|known| known.shown());
        let items = all.filter(|item| types.is_empty() || types.contains(&kind(item))).collect();
        self.page(&format!("/v2/apps/{app}/deployments"), "deployments", items, request)
    }

    /// Links are absolute, and each is there only when it leads somewhere.
    fn page(&self, path: &str, key: &str, items: Vec<Value>, request: &Request) -> Answer {
        let page = match Page::of(items, request, 20, 200) {
            Ok(page) => page,
            Err(name) => return self.tell(422, "unprocessable_entity", &format!("{name} is out of range")),
        };
        let (next, previous) = (page.next(), page.previous());
        let links =
            [("first", previous.map(|_| 1)), ("prev", previous), ("next", next), ("last", next.map(|_| page.last))];
        let address = format!("{PUBLIC}{path}");
        let links: Map<String, Value> = links
            .into_iter()
            .filter_map(|(name, number)| Some((name.to_owned(), json!(page.link(&address, request, number?)))))
            .collect();
        let links = if links.is_empty() { json!({}) } else { json!({"pages": links}) };
        Answer::json(200, &json!({key: page.items, "links": links, "meta": {"total": page.total}}))
    }

    /// Where the deployment is that a roll back names, or the answer to a request that makes no sense.
    fn target(&self, app: &str, request: &Request) -> Result<(usize, usize, bool), Answer> {
        let body = request.object().unwrap_or_default();
        let id = body.get("deployment_id").and_then(Value::as_str).filter(|id| !id.is_empty());
        let pins = body.get("skip_pin").map_or(Some(true), |skips| skips.as_bool().map(|skips| !skips));
        let (Some(id), Some(pins)) = (id, pins) else {
            return Err(self.problem(400));
        };
        let app = self.apps.iter().position(|known| known.id.eq_ignore_ascii_case(app));
        let is_it = |known: &Deployment| Some(&known.scope) == app.map(|app| &self.apps[app].id) && known.id == id;
        match (app, self.fleet.all.iter().position(is_it)) {
            (Some(app), Some(at)) => Ok((app, at, pins)),
            _ => Err(self.problem(404)),
        }
    }

    /// Why one cannot be rolled back to, and what to know of it if one does.
    fn conditions(&self, app: usize, at: usize) -> (Option<Value>, Vec<Value>) {
        let (app, one) = (&self.apps[app], &self.fleet.all[at]);
        let word = one.script.now();
        let was_live = self.fleet.slots.was_live(&app.id, &one.id);
        let own = match word {
            _ if app.pinned.is_some() => Some("app_pinned"),
            "ERROR" | "CANCELED" => Some("incompatible_result"),
            // Overtaken before it went live.
            "SUPERSEDED" if !was_live => Some("incompatible_result"),
            "ACTIVE" | "SUPERSEDED" => None,
            _ => Some("incompatible_phase"),
        };
        let result = if word == "ERROR" { "failed".to_owned() } else { word.to_lowercase() };
        let condition = |code: &str| {
            let message = match code {
                "app_pinned" => "the app is pinned to a rollback deployment".to_owned(),
                "incompatible_result" => format!("deployment result \"{result}\" is unsuitable for rollback"),
                "incompatible_phase" => format!("deployment phase \"{word}\" is unsuitable for rollback"),
                "exceeded_revision_limit" => {
                    "the deployment is past the maximum historical revision limit of 0 for the \"starter\" app tier"
                        .to_owned()
                }
                "image_source_missing_digest" => {
                    "one or more components are missing an image digest and are not guaranteed rollback to the old version"
                        .to_owned()
                }
                other => other.replace('_', " "),
            };
            json!({"code": code, "message": message, "components": ["web"]})
        };
        let is_warning = |code: &&str| ["static_site_requires_rebuild", "image_source_missing_digest"].contains(code);
        let (warnings, errors): (Vec<&str>, Vec<&str>) = app.conditions.iter().partition(|code| is_warning(code));
        (own.or(errors.first().copied()).map(condition), warnings.into_iter().map(condition).collect())
    }

    fn validate(&self, app: &str, request: &Request) -> Answer {
        let (app, at, _) = match self.target(app, request) {
            Ok(target) => target,
            Err(answer) => return answer,
        };
        let (error, warnings) = self.conditions(app, at);
        let mut body = json!({"valid": error.is_none()});
        if let Some(error) = error {
            body["error"] = error;
        }
        if !warnings.is_empty() {
            body["warnings"] = json!(warnings);
        }
        Answer::json(200, &body)
    }

    fn roll_back(&mut self, app: &str, request: &Request) -> Answer {
        let (app, at, pins) = match self.target(app, request) {
            Ok(target) => target,
            Err(answer) => return answer,
        };
        let (error, warnings) = self.conditions(app, at);
        if let Some(error) = error {
            return self.tell(400, "bad_request", error["message"].as_str().unwrap_or_default());
        }
        let states: &[&str] = match self.fleet.slots.ends {
            Ends::Well => &["PENDING_BUILD", "DEPLOYING", "ACTIVE"],
            Ends::Badly => &["PENDING_BUILD", "DEPLOYING", "ERROR"],
            Ends::Never => &["PENDING_BUILD", "DEPLOYING"],
        };
        self.roll_backs += 1;
        let id = (ABOUT.id)(90 + self.roll_backs);
        let copy = self.fleet.copy(at, &id, states);
        let copy = &mut self.fleet.all[copy];
        copy.own.is_roll_back = true;
        if warnings.iter().any(|warning| warning["code"] == "image_source_missing_digest") {
            // What the tag means today.
            copy.build = Some("another image".to_owned());
        }
        let body = json!({"deployment": copy.shown()});
        self.apps[app].pinned = pins.then_some(id);
        Answer::json(200, &body).effect(true)
    }

    /// Ids are UUIDs, which are the same in capitals.
    fn find(&mut self, app: &str, id: &str) -> Option<&mut Deployment> {
        self.fleet.find_only(|known| known.scope.eq_ignore_ascii_case(app) && known.id.eq_ignore_ascii_case(id))
    }
}

/// The value of `deployment_types` that finds this deployment.
fn kind(deployment: &Value) -> String {
    let kind = deployment["cause_details"]["type"].as_str();
    kind.unwrap_or("MANUAL").to_owned()
}

/// DigitalOcean App Platform, as tests know it.
pub struct Stand;

const ABOUT: About = About {
    name: "digitalocean",
    letter: 'd',
    states: &[
        ("queued", "PENDING_BUILD"),
        ("running", "BUILDING"),
        ("canceled", "CANCELED"),
        ("succeeded", "ACTIVE"),
        ("failed", "ERROR"),
        ("superseded", "SUPERSEDED"),
    ],
    inputs: &[("token", TOKEN), ("app_id", "app-1")],
    unknown_scope: Some(("app_id", "app-9")),
    links: "https://cloud.digitalocean.com/",
    choice: Some(Choice {
        inputs: &[],
        pages: Some(Pages {
            size: "per_page",
            sizes: [50, 10, 1],
            page: |number, next| {
                let next = format!("https://api.digitalocean.com/v2/apps/app-1/deployments?page={next}");
                json!({
                    "deployments": [{"id": (ABOUT.id)(number), "phase": "BUILDING"}],
                    "links": {"pages": {"next": next}},
                })
            },
        }),
    }),
    right: "app:update",
    traits: Traits { request_id: "4851a473-", ..Traits::USUAL },
    ..About::USUAL
};

const BACK: Back = Back {
    slot: "app-1",
    beside: None,
    target: None,
    live: Call::Scope,
    named: str::to_owned,
    request: |id| ("POST", "/v2/apps/app-1/rollback".to_owned(), json!({"deployment_id": id, "skip_pin": true})),
    accepted: 200,
    makes_one: true,
    can_fail: true,
    tells_replaced: true,
    held: &["PENDING_BUILD", "PENDING_DEPLOY"],
    never_live: |sandbox, one| {
        sandbox.add(Stand.made(one).states(["SUPERSEDED"]));
    },
    busy: &[],
    refuses: &[
        ("another region", |sandbox| {
            sandbox.add(Condition("app-1", "region_conflict"));
        }),
        ("another database", |sandbox| {
            sandbox.add(Condition("app-1", "database_config_conflict"));
        }),
        ("too long ago", |sandbox| {
            sandbox.add(Condition("app-1", "exceeded_revision_limit"));
        }),
        ("a pinned app", |sandbox| {
            sandbox.add(Condition("app-1", "app_pinned"));
        }),
    ],
    traps: &[("an image without a digest", |sandbox| {
        sandbox.add(Condition("app-1", "image_source_missing_digest"));
    })],
    unknown: &[("what was live before is that at its creation", |sandbox| {
        sandbox.add(LooksBackOnce);
    })],
};

impl Stand {
    /// A deployment among others, which a test may change further.
    pub fn made(&self, one: &One) -> Deployment {
        let deployment = Deployment::new(&format!("app-{}", one.scope), &(ABOUT.id)(one.number)).like(&ABOUT, one);
        let image = json!([{"name": "web", "image": {"repository": "web"}}]);
        if one.branch.is_some() { deployment } else { deployment.patch(json!({"spec": {"services": image}})) }
    }
}

impl super::Stand for Stand {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn way_back(&self) -> Option<&'static Back> {
        Some(&BACK)
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        sandbox.add(self.made(one));
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(App::new("app-1", "web")).add(App::new("app-2", "api"));
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        Some(json!({"deployment": {"id": id, "phase": word}}).to_string())
    }

    fn list(&self, ids: &[String], word: &str) -> Option<String> {
        let items: Vec<_> = ids.iter().map(|id| json!({"id": id, "phase": word})).collect();
        Some(json!({"deployments": items}).to_string())
    }
}
