//! Render.
//!
//! Follows the public API description as Render's own clients have it, and the exchanges that its Terraform provider has
//! recorded. What a cancel of a finished deploy answers is documented nowhere, so [`Deploy::finished_cancel`] chooses it.

use serde_json::{Value, json};

use super::deployment::{self, Desk, Fleet};
use super::http::{Answer, Request, merge, moment};
use super::live::Ends;
use super::page::after;
use super::platform::{Addition, Call, Platform, Platforms, Routed as _};
use super::stand::{About, Back, Choice, One, Pages, Traits};
use super::{EMAIL, Sandbox, TOKEN};

pub use super::deployment::COMMIT;

/// A service's id.
pub const SERVICE: &str = "srv-cu2k7g0gph6c73ffc4h0";
/// Another service's.
const OTHER_SERVICE: &str = "srv-cu2k7g0gph6c73ffc4h2";
/// Their workspace.
pub const WORKSPACE: &str = "tea-cspvinogph6c73ft00h0";

const FINISHED: [&str; 6] = ["live", "deactivated", "build_failed", "update_failed", "pre_deploy_failed", "canceled"];
const IN_PROGRESS: [&str; 3] = ["build_in_progress", "pre_deploy_in_progress", "update_in_progress"];

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    id: String,
    name: String,
    owner: String,
    patch: Value,
    overrides: bool,
    kept: usize,
}

impl Service {
    /// A web service of that name, which follows the branch `main`.
    pub fn new(id: &str, name: &str) -> Service {
        let (id, name, owner) = (id.to_owned(), name.to_owned(), WORKSPACE.to_owned());
        Service { id, name, owner, patch: json!({}), overrides: false, kept: usize::MAX }
    }

    /// Its workspace lets a new deploy cancel the running one, instead of waiting for it.
    pub fn overrides(mut self) -> Self {
        self.overrides = true;
        self
    }

    /// Only the builds of so many deploys that went live are kept.
    pub fn keeps(mut self, builds: usize) -> Self {
        self.kept = builds;
        self
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
            "serviceDetails": {
                "buildPlan": "starter",
                "env": "docker",
                "envSpecificDetails": {"dockerCommand": "", "dockerContext": ".", "dockerfilePath": "./Dockerfile"},
                "healthCheckPath": "",
                "numInstances": 1,
                "openPorts": [],
                "plan": "starter",
                "region": "oregon",
                "runtime": "docker",
                "sshAddress": EMAIL,
                "url": format!("https://{}-059k.onrender.com", self.name),
            },
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
pub type Deploy = deployment::Deployment<Extras>;

/// What only deploys of Render have.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// The deploy for which Render itself canceled this one.
    replaced_by: Option<String>,
    /// Its image is named by its digest, which always means the same.
    has_digest: bool,
    /// What it rolls back to.
    target: Option<String>,
}

impl Deploy {
    /// A deploy that builds until it is canceled.
    pub fn new(service: &str, id: &str) -> Deploy {
        Deploy::made(service, id, Extras::default())
    }

    /// Made from a ready-made image.
    pub fn of_image(self) -> Self {
        self.without_commit()
    }

    /// Made from a ready-made image that is named by its digest.
    pub fn of_digest(mut self) -> Self {
        self.own.has_digest = true;
        self.without_commit()
    }

    /// Render itself canceled it for a newer one, as its event says.
    pub fn replaced_by(mut self, id: &str) -> Self {
        self.own.replaced_by = Some(id.to_owned());
        self
    }

    fn waits(&self) -> bool {
        self.script.now() == "queued" && self.script.cancels() == 0
    }

    fn started(&self) -> Value {
        let trigger = match &self.own.target {
            Some(target) => json!({"rollback": true, "rollbackTargetDeployId": target}),
            None => json!({"newCommit": self.commit}),
        };
        json!({
            "id": format!("evt-s{}", self.id.trim_start_matches("dep-")),
            "timestamp": self.created(),
            "serviceId": self.scope,
            "type": "deploy_started",
            "details": {"deployId": self.id, "trigger": trigger},
        })
    }

    fn ended(&self) -> Value {
        let reason = self.own.replaced_by.as_ref().map_or(json!({}), |id| json!({"newDeploy": {"id": id}}));
        let status = match self.script.now() {
            "live" | "deactivated" => "succeeded",
            "canceled" => "canceled",
            _ => "failed",
        };
        json!({
            "id": format!("evt-{}", self.id.trim_start_matches("dep-")),
            "timestamp": self.created(),
            "serviceId": self.scope,
            "type": "deploy_ended",
            "details": {"deployId": self.id, "deployStatus": status, "status": 4, "reason": reason},
        })
    }
}

impl deployment::Own for Extras {
    type Platform = Render;
    const COURSE: deployment::Words = (&["build_in_progress"], &["canceled"]);
    const FINISHED: &'static [&'static str] = &FINISHED;
    const CREATED: &'static [&'static str] = &["createdAt"];
    const LIVE: &'static [&'static str] = &["live"];

    fn slot(one: &Deploy) -> Option<&str> {
        Some(&one.scope)
    }

    fn replace(one: &mut Deploy) {
        one.script.end_with("deactivated");
    }

    fn fleet(platform: &mut Render) -> &mut Fleet<Extras> {
        &mut platform.fleet
    }

    fn precede(platform: &mut Render, one: &mut Deploy) {
        if !platform.services.iter().any(|known| known.id == one.scope) {
            platform.services.push(Service::new(&one.scope, "some-name"));
        }
    }

    fn created(second: usize) -> Value {
        json!(format!("{}.46045Z", deployment::time(second)))
    }

    fn json(one: &Deploy, status: &str) -> Value {
        let created = one.created();
        let mut body = json!({
            "id": one.id,
            "commit": null,
            "status": status,
            "trigger": if one.own.target.is_some() { "rollback" } else { "new_commit" },
            "createdAt": created,
            "updatedAt": one.replaced.or(one.live).map_or_else(|| created.to_owned(), moment),
        });
        match &one.commit {
            Some(id) => body["commit"] = json!({"id": id, "message": "Make it faster", "createdAt": created}),
            None => {
                let name = if one.own.has_digest { "nginx@sha256:c375ae41bb29c061" } else { "nginx:latest" };
                body["image"] = json!({"ref": format!("docker.io/library/{name}"), "sha": "sha256:c375ae41bb29c061"});
            }
        }
        if !matches!(status, "created" | "queued") {
            body["startedAt"] = json!(created);
        }
        if FINISHED.contains(&status) {
            body["finishedAt"] = json!(one.live.map_or_else(|| created.to_owned(), moment));
        }
        body
    }
}

impl Addition for Service {
    fn add_to(self, platforms: &mut Platforms) {
        let services = &mut platforms.of::<Render>().services;
        services.retain(|known| known.id != self.id);
        services.push(self);
    }
}

/// The deploy with that number is made from a ready-made image that is named by a tag.
#[derive(Clone, Copy, Debug)]
pub struct Tagged(pub usize);

impl Addition for Tagged {
    fn add_to(self, platforms: &mut Platforms) {
        let id = (ABOUT.id)(self.0);
        let found = platforms.of::<Render>().fleet.find(|known| known.id == id);
        found.expect("a deploy with that number").commit = None;
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct Render {
    services: Vec<Service>,
    fleet: Fleet<Extras>,
    roll_backs: usize,
}

impl Platform for Render {
    fn name(&self) -> &'static str {
        "render"
    }

    fn desk(&mut self) -> &mut dyn Desk {
        &mut self.fleet
    }

    fn routes(&self) -> &'static [(Call, &'static str)] {
        &[
            (Call::Scope, "GET services"),
            (Call::Scope, "GET services/*"),
            (Call::List, "GET services/*/deploys"),
            (Call::Other, "GET services/*/events"),
            (Call::Read, "GET services/*/deploys/*"),
            (Call::Cancel, "POST services/*/deploys/*/cancel"),
            (Call::RollBack, "POST services/*/rollback"),
        ]
    }

    fn respond(&mut self, call: Call, places: &[&str], request: &Request) -> Answer {
        let accepted = request.header("accept").unwrap_or("*/*");
        if !accepted.contains("application/json") && !accepted.contains("*/*") {
            return self.problem(406);
        }
        match (call, places) {
            (Call::Scope, []) => self.services(request),
            (Call::Scope, [id]) => match self.services.iter().find(|known| known.id == *id) {
                Some(service) => Answer::json(200, &service.json()),
                None => missing(id),
            },
            (Call::List, [id]) => self.list(id, request),
            (Call::Other, [id]) => self.events(id, request),
            (Call::Read, [service, id]) => match self.find(service, id) {
                Some(deploy) => Answer::json(200, &deploy.read()),
                None => missing(id),
            },
            (Call::Cancel, [service, id]) => self.cancel(service, id),
            (Call::RollBack, [service]) => self.roll_back(service, request),
            _ => self.problem(404),
        }
    }

    fn aim(&self, request: &Request) -> Option<[String; 2]> {
        let [service] = self.route(request).1.try_into().ok()?;
        Some([service, request.object()?.get("deployId")?.as_str()?.to_owned()])
    }

    fn problem(&self, status: u16) -> Answer {
        tell(
            status,
            match status {
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
            },
        )
    }

    fn headers(&self, answer: Answer, number: u32) -> Answer {
        let (remaining, reset) = match answer.status {
            429 => (0, "1"),
            _ => (400_u32.saturating_sub(number), "50"),
        };
        answer
            .with("ratelimit-limit", "400")
            .with("ratelimit-remaining", remaining.to_string())
            .with("ratelimit-reset", reset)
            .with("render-request-id", format!("api-7767dddd75-m2trm/tatrYy6WLK-{number:06}"))
    }

    /// Seconds that are left, whatever the table in the documentation says.
    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("ratelimit-reset", in_seconds.to_string())
    }
}

fn tell(status: u16, message: &str) -> Answer {
    let mut answer = Answer::json(status, &json!({"message": message}));
    answer.body.push(b'\n');
    answer
}

fn missing(id: &str) -> Answer {
    tell(404, &format!("not found: {id}"))
}

/// One page of items, each with a cursor.
fn page(key: &str, items: Vec<Value>, request: &Request) -> Answer {
    let Ok(limit) = request.number("limit", 20, 1..=100) else {
        return tell(400, "invalid limit");
    };
    let cursor = |item: &Value| format!("c-{}", item["id"].as_str().unwrap_or_default());
    match after(items, request.param("cursor").as_deref(), limit, cursor) {
        Some(page) => Answer::json(200, &page.iter().map(|item| json!({key: item, "cursor": cursor(item)})).collect()),
        None => tell(400, "invalid cursor"),
    }
}

impl Render {
    fn services(&self, request: &Request) -> Answer {
        let (names, owners) = (request.params("name"), request.params("ownerId"));
        // Whether the filter by name is exact is documented nowhere.
        let fits = |service: &&Service| {
            (names.is_empty() || names.iter().any(|name| service.name.contains(name.as_str())))
                && (owners.is_empty() || owners.contains(&service.owner))
        };
        page("service", self.services.iter().filter(fits).map(Service::json).collect(), request)
    }

    fn of_service(&self, service: &str) -> Option<Vec<&Deploy>> {
        self.services.iter().find(|known| known.id == service)?;
        let mut found = self.fleet.newest_first(|deploy| deploy.scope == service);
        // No order is promised: the newest is not always the first.
        if found.len() > 2 {
            found.swap(0, 1);
        }
        Some(found)
    }

    fn list(&self, service: &str, request: &Request) -> Answer {
        let statuses = request.params("status");
        let Some(found) = self.of_service(service) else {
            return missing(service);
        };
        let wanted = |deploy: &&&Deploy| statuses.is_empty() || statuses.iter().any(|word| word == deploy.script.now());
        page("deploy", found.iter().filter(wanted).map(|deploy| deploy.shown()).collect(), request)
    }

    fn events(&self, service: &str, request: &Request) -> Answer {
        let Some(found) = self.of_service(service) else {
            return missing(service);
        };
        let wanted = request.param("type");
        let is_wanted = |event: &Value| wanted.as_ref().is_none_or(|kind| event["type"] == **kind);
        let ended = found.iter().filter(|deploy| FINISHED.contains(&deploy.script.now()));
        let all = ended.map(|deploy| deploy.ended()).chain(found.iter().map(|deploy| deploy.started()));
        page("event", all.filter(is_wanted).collect(), request)
    }

    fn find(&mut self, service: &str, id: &str) -> Option<&mut Deploy> {
        self.fleet.find(|known| known.scope == service && known.id == id)
    }

    fn cancel(&mut self, service: &str, id: &str) -> Answer {
        let Some(deploy) = self.find(service, id) else {
            return missing(id);
        };
        if service.starts_with("crn-") {
            return tell(400, "cancel is not supported for cron jobs");
        }
        let was_in_progress = IN_PROGRESS.contains(&deploy.script.now());
        match deploy.cancel() {
            Ok(answer) => {
                if answer.took_effect && was_in_progress {
                    self.let_the_next_go(service);
                }
                answer
            }
            Err(400) => tell(400, "deploy is not in progress"),
            Err(other) => self.problem(other),
        }
    }

    fn roll_back(&mut self, service: &str, request: &Request) -> Answer {
        let Some(known) = self.services.iter().find(|known| known.id == service) else {
            return missing(service);
        };
        let body = request.object().unwrap_or_default();
        let Some(target) = body.get("deployId").and_then(Value::as_str).filter(|id| !id.is_empty()) else {
            return self.problem(400);
        };
        let Some(at) = self.fleet.all.iter().position(|deploy| deploy.scope == service && deploy.id == target) else {
            return missing(target);
        };
        let went_live = self.fleet.slots.history(service).iter().rev();
        let is_kept = went_live.take(known.kept).any(|served| served.id == target);
        if service.starts_with("crn-")
            || !["live", "deactivated"].contains(&self.fleet.all[at].script.now())
            || !is_kept
        {
            return tell(400, "cannot roll back to this deploy");
        }
        let overrides = known.overrides;
        let is_busy = |deploy: &Deploy| deploy.scope == service && !FINISHED.contains(&deploy.script.now());
        let waits = !overrides && self.fleet.all.iter().any(is_busy);
        let end = match self.fleet.slots.ends {
            Ends::Well => "live",
            Ends::Badly => "update_failed",
            Ends::Never => "update_in_progress",
        };
        let states = ["queued", "update_in_progress", end];
        self.roll_backs += 1;
        let id = (ABOUT.id)(90 + self.roll_backs);
        for running in self.fleet.all.iter_mut().filter(|deploy| overrides && is_busy(deploy)) {
            running.script.end_with("canceled");
            running.own.replaced_by = Some(id.clone());
        }
        let copy = self.fleet.copy(at, &id, if waits { &states } else { &states[1..] });
        let copy = &mut self.fleet.all[copy];
        copy.own.target = Some(target.to_owned());
        if copy.commit.is_none() && !copy.own.has_digest {
            // What the tag means today.
            copy.build = Some("another image".to_owned());
        }
        Answer::json(201, &copy.shown()).effect(true)
    }

    /// "If you cancel an in-progress deploy while another is waiting, Render immediately kicks off the waiting deploy."
    fn let_the_next_go(&mut self, service: &str) {
        let waiting = self.fleet.all.iter_mut().filter(|deploy| deploy.scope == service && deploy.waits());
        if let Some(next) = waiting.min_by(|one, other| one.created().cmp(other.created())) {
            next.script.set_states(["build_in_progress"]);
        }
    }
}

/// Render, as tests know it.
pub struct Stand;

const ABOUT: About = About {
    name: "render",
    letter: 'r',
    id: |number| format!("dep-d9n1qi2jnfac73a7{number:04}"),
    states: &[
        ("queued", "queued"),
        ("running", "build_in_progress"),
        ("canceled", "canceled"),
        ("succeeded", "live"),
        ("failed", "build_failed"),
        ("superseded", "deactivated"),
    ],
    inputs: &[("token", TOKEN), ("service_id", SERVICE)],
    unknown_scope: Some(("service_id", "srv-cu2k7g0gph6c73ffc4h9")),
    links: "https://dashboard.render.com/",
    choice: Some(Choice {
        inputs: &[],
        pages: Some(Pages {
            size: "limit",
            sizes: [100, 10, 1],
            page: |number, next| {
                let deploy = json!({"id": (ABOUT.id)(number), "status": "build_in_progress"});
                // One that is not full is the last one.
                Value::Array(vec![json!({"deploy": deploy, "cursor": format!("c-{next}")}); 100])
            },
        }),
    }),
    right: "a scoped key needs the permission to change services and their deploys",
    // A deploy carries a commit, but no branch.
    traits: Traits { commits: false, request_id: "api-", ..Traits::USUAL },
    ..About::USUAL
};

const BACK: Back = Back {
    slot: SERVICE,
    beside: None,
    target: None,
    live: Call::List,
    named: str::to_owned,
    request: |id| ("POST", format!("/services/{SERVICE}/rollback"), json!({"deployId": id})),
    accepted: 201,
    makes_one: true,
    can_fail: true,
    tells_replaced: true,
    held: &["created"],
    never_live: |sandbox, one| {
        sandbox.add(made(one).states(["update_failed"]));
    },
    busy: &[],
    refuses: &[],
    traps: &[("an image by its tag", |sandbox| {
        sandbox.add(Tagged(2));
    })],
    unknown: &[("a running deploy is overridden", |sandbox| {
        sandbox.add(Service::new(SERVICE, "web").overrides());
    })],
};

fn made(one: &One) -> Deploy {
    let service = if one.scope == 1 { SERVICE } else { OTHER_SERVICE };
    Deploy::new(service, &(ABOUT.id)(one.number)).like(&ABOUT, one)
}

const ADDRESSED: super::Addressed = super::Addressed {
    address: |_, service, id| format!("https://dashboard.render.com/web/{service}/deploys/{id}"),
    holders: [SERVICE, OTHER_SERVICE],
    input: "service_id",
    usual: ("RENDER_SERVICE_ID", OTHER_SERVICE),
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

    fn addressed(&self) -> Option<&'static super::Addressed> {
        Some(&ADDRESSED)
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        sandbox.add(made(one));
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(Service::new(SERVICE, "web")).add(Service::new(OTHER_SERVICE, "api"));
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        Some(json!({"id": id, "status": word}).to_string())
    }

    fn list(&self, ids: &[String], word: &str) -> Option<String> {
        let items: Vec<_> = ids.iter().map(|id| json!({"deploy": {"id": id, "status": word}, "cursor": id})).collect();
        Some(Value::Array(items).to_string())
    }
}
