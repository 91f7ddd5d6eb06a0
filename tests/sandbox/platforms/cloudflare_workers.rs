//! Cloudflare Workers Builds, and as much of Workers as says what serves.
//!
//! Follows the official API description and the documentation; no recorded answer to a cancel request is known. The words
//! of a course here are a status (`running`), an outcome (`cancelled`), both (`stopped: exploded`), and perhaps for how
//! many seconds it has been stopped (`stopped | 20`). A build for production that ends well is deployed. What a cancel of
//! a finished build answers is documented nowhere, so [`Build::finished_cancel`] chooses it.

use serde_json::{Map, Value, json};

use super::deployment::{self, Desk, Fleet, time};
use super::http::{Answer, Request, epoch};
use super::page::Page;
use super::platform::{Access, Addition, Call, Platform, Platforms};
use super::stand::{About, Choice, One, Pages, Traits};
use super::{EMAIL, ENV_VALUE, Sandbox};

pub use super::deployment::COMMIT;

/// The account of all of them.
pub const ACCOUNT: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
/// The tag of the Worker `shop`.
pub const TAG: &str = "dd7160bb9cef458093557736f4b9e75b";
/// That of the Worker `shop-staging`.
pub const OTHER_TAG: &str = "42fb14fe81df47139d3be684e4c637a6";
/// What serves a Worker that no build was deployed to.
pub const FIRST_VERSION: &str = "00000000-0000-4000-8000-0000000000aa";

/// Every documented outcome.
const OUTCOMES: [&str; 5] = ["success", "fail", "skipped", "cancelled", "terminated"];
/// A deployment's id is a UUID as well, and no version's.
const DEPLOYMENT: &str = "dddddddd-0000-4000-8000-";

/// The UUID of the build with that number.
pub fn id(number: usize) -> String {
    format!("8d578524-4930-4f29-b46f-{number:012x}")
}

/// The version that a build has uploaded.
pub fn version(build: &str) -> String {
    build.replace("8d578524", "7e7e7e7e")
}

/// A Worker.
#[derive(Clone, Debug)]
pub struct Worker {
    tag: String,
    name: String,
    deployed: Vec<(Vec<String>, usize)>,
}

impl Worker {
    /// A Worker that somebody has deployed by hand.
    pub fn new(tag: &str, name: &str) -> Worker {
        let first = (vec![FIRST_VERSION.to_owned()], 0);
        Worker { tag: tag.to_owned(), name: name.to_owned(), deployed: vec![first] }
    }

    /// These versions were deployed by hand, so many seconds after the first build was made.
    pub fn deploys(mut self, versions: &[&str], second: usize) -> Self {
        self.deployed.push((versions.iter().map(|version| (*version).to_owned()).collect(), second));
        self
    }

    /// Nothing was ever deployed.
    pub fn bare(mut self) -> Self {
        self.deployed.clear();
        self
    }
}

/// A build; its Worker appears with it if it is not there yet.
pub type Build = deployment::Deployment<Extras>;

/// What only builds have.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    worker: String,
    pull: Option<u64>,
    ran: Option<bool>,
    deployed: bool,
    fresh: bool,
    command: Option<&'static str>,
}

impl Build {
    /// A build for production of the Worker `shop` that runs until it is canceled.
    pub fn new(number: usize) -> Build {
        let own = Extras { worker: "shop".to_owned(), ..Extras::default() };
        Build::made(TAG, &id(number), own).target(Some("production")).finished_cancel(409)
    }

    /// Of the Worker with that tag and name.
    pub fn of(mut self, tag: &str, worker: &str) -> Self {
        (self.scope, self.own.worker) = (tag.to_owned(), worker.to_owned());
        self
    }

    /// Its deploy step has gone through, whatever becomes of it.
    pub fn deployed(mut self) -> Self {
        self.own.deployed = true;
        self
    }

    /// Whether it got as far as to run, where its words do not tell.
    pub fn ran(mut self, ran: bool) -> Self {
        self.own.ran = Some(ran);
        self
    }

    /// So new that it does not say what it was made from.
    pub fn fresh(mut self) -> Self {
        self.own.fresh = true;
        self
    }

    /// Its deploy command.
    pub fn command(mut self, command: &'static str) -> Self {
        self.own.command = Some(command);
        self
    }

    /// A preview of that pull request.
    pub fn preview(mut self, number: u64) -> Self {
        self.own.pull = Some(number);
        self.target(Some("preview"))
    }

    fn is_production(&self) -> bool {
        self.target.as_deref() == Some("production")
    }

    /// Whether it has run at the time of that word.
    fn has_run(&self, word: &str) -> bool {
        let (status, outcome, _) = parts(word);
        let ran = self.own.ran.unwrap_or_else(|| self.script.shows("running") || outcome == Some("success"));
        status == "running" || status == "stopped" && ran
    }

    /// Whether its version is deployed: production, and gone well or as far as that.
    fn has_deployed(&self) -> bool {
        let went_well = parts(self.script.now()).1 == Some("success") && self.is_production();
        self.own.deployed || went_well && !self.own.command.is_some_and(|command| command.contains("upload"))
    }
}

/// A word of a course: its status, its outcome, and for how many seconds it has been stopped.
fn parts(word: &str) -> (&str, Option<&str>, i64) {
    let (word, still) = word.split_once(" | ").unwrap_or((word, "1"));
    let (status, outcome) = match word.split_once(": ") {
        Some((status, outcome)) => (status, Some(outcome)),
        None if OUTCOMES.contains(&word) => ("stopped", Some(word)),
        None => (word, None),
    };
    (status, outcome, still.parse().expect("a number of seconds"))
}

fn stopped_on(word: &str) -> Option<String> {
    let (status, _, still) = parts(word);
    (status == "stopped")
        .then(|| jiff::Timestamp::from_second(epoch(-still)).expect("a time of these days").to_string())
}

/// The envelope of every answer.
fn envelope(result: &Value) -> Value {
    json!({"success": true, "errors": [], "messages": [], "result": result})
}

impl deployment::Own for Extras {
    type Platform = CloudflareWorkers;
    const COURSE: deployment::Words = (&["running"], &["cancelled"]);
    const CREATED: &'static [&'static str] = &["created_on"];

    fn fleet(platform: &mut CloudflareWorkers) -> &mut Fleet<Extras> {
        &mut platform.fleet
    }

    fn precede(platform: &mut CloudflareWorkers, one: &mut Build) {
        if !platform.workers.iter().any(|known| known.tag == one.scope) {
            platform.workers.push(Worker::new(&one.scope, &one.own.worker));
        }
    }

    fn is_finished(word: &str) -> bool {
        parts(word).0 == "stopped"
    }

    fn word(one: &Build) -> &str {
        let (status, outcome, _) = parts(one.script.now());
        outcome.unwrap_or(status)
    }

    fn json(one: &Build, word: &str) -> Value {
        let (status, outcome, _) = parts(word);
        let began = (status != "queued").then_some(&one.created);
        let command = one.own.command.unwrap_or(match one.is_production() {
            true => "npx wrangler deploy",
            false => "npx wrangler versions upload",
        });
        let (includes, excludes) = if one.is_production() { (["main"], vec![]) } else { (["*"], vec!["main"]) };
        let made = json!({
            "build_trigger_source": "push",
            "branch": Some(&one.branch).filter(|branch| !branch.is_empty()),
            "commit_hash": one.commit,
            "commit_message": "Make it faster",
            "author": EMAIL,
            "deploy_command": command,
            "environment_variables": {"GREETING": {"is_secret": false, "value": ENV_VALUE}},
            "repo_name": "sample-app",
            "provider_account_name": "example",
            "provider_type": "github",
        });
        json!({
            "build_uuid": one.id,
            "status": status,
            "build_outcome": outcome,
            "created_on": one.created,
            "initializing_on": began,
            "running_on": one.has_run(word).then_some(&one.created),
            "stopped_on": stopped_on(word),
            "modified_on": one.created,
            "preview_url": one.own.deployed.then(|| format!("https://7e7e7e7e-{}.example.workers.dev", one.own.worker)),
            "trigger": {
                "trigger_uuid": format!("f47ac10b-58cc-4372-a567-{:012x}", one.target.as_deref().unwrap_or("preview").bytes().map(u64::from).sum::<u64>()),
                "external_script_id": one.scope,
                "trigger_name": if one.is_production() { "Deploy production" } else { "Deploy the rest" },
                "branch_includes": includes,
                "branch_excludes": excludes,
                "deploy_command": command,
            },
            "build_trigger_metadata": (!one.own.fresh).then_some(made),
            "pull_request": one.own.pull.map(|number| json!({
                "pull_request_url": format!("https://github.com/example/sample-app/pull/{number}"), "closed_on": null,
            })),
        })
    }

    fn canceled(one: &Build, word: &str) -> Value {
        envelope(&json!({"build_uuid": one.id, "build_outcome": parts(word).1, "stopped_on": stopped_on(word)}))
    }
}

impl Addition for Worker {
    fn add_to(self, platforms: &mut Platforms) {
        let workers = &mut platforms.of::<CloudflareWorkers>().workers;
        workers.retain(|known| known.tag != self.tag);
        workers.push(self);
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct CloudflareWorkers {
    workers: Vec<Worker>,
    fleet: Fleet<Extras>,
}

impl Platform for CloudflareWorkers {
    fn name(&self) -> &'static str {
        "cloudflare_workers"
    }

    fn desk(&mut self) -> &mut dyn Desk {
        &mut self.fleet
    }

    fn routes(&self) -> &'static [(Call, &'static str)] {
        &[
            (Call::Scope, "GET accounts/*/workers/scripts"),
            (Call::List, "GET accounts/*/builds/workers/*/builds"),
            (Call::Read, "GET accounts/*/builds/builds/*"),
            (Call::Cancel, "PUT accounts/*/builds/builds/*/cancel"),
            (Call::Other, "GET accounts/*/workers/scripts/*/deployments"),
            (Call::Other, "GET accounts/*/builds/builds"),
        ]
    }

    fn respond(&mut self, call: Call, places: &[&str], request: &Request) -> Answer {
        let ours = places.first().is_some_and(|account| *account == ACCOUNT);
        match (call, places) {
            _ if !ours => self.problem(404),
            (Call::Scope, _) => self.scripts(request),
            (Call::List, [_, tag]) => self.list(tag, request),
            (Call::Read, [_, id]) => match self.fleet.find(|known| known.id == *id) {
                Some(build) => Answer::json(200, &envelope(&build.read())),
                None => self.problem(404),
            },
            (Call::Cancel, [_, id]) => match self.fleet.find(|known| known.id == *id).map(Build::cancel) {
                Some(Ok(answer)) => answer,
                Some(Err(status)) => self.problem(status),
                None => self.problem(404),
            },
            (Call::Other, [_, worker]) => self.deployments(worker),
            (Call::Other, [_]) => self.builds_of(&request.param("version_ids").unwrap_or_default()),
            _ => self.problem(404),
        }
    }

    fn problem(&self, status: u16) -> Answer {
        let (code, message) = match status {
            400 => (12002, "Invalid request body"),
            401 => (12006, "Invalid token"),
            403 => (10000, "Authentication error"),
            404 => (12000, "Not found"),
            429 => (971, "Please wait and consider throttling your request speed"),
            503 => (10001, "Service unavailable"),
            _ => (10013, "An unknown error has occurred"),
        };
        Answer::json(status, &no(code, message))
    }

    fn headers(&self, answer: Answer, number: u32) -> Answer {
        let answer = match answer.status {
            429 => answer.with("retry-after", "1").with("ratelimit", "\"default\";r=0;t=280"),
            _ => answer.with("ratelimit", format!("\"default\";r={};t=280", 1200_u32.saturating_sub(number))),
        };
        answer.with("ratelimit-policy", "\"default\";q=1200;w=300").with("cf-ray", format!("8f2c{number:012x}-FRA"))
    }

    /// An older form of theirs, a date; the newer one has no header of its own.
    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        let at =
            std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(epoch(in_seconds)).expect("a time"));
        ("x-ratelimit-reset", httpdate::fmt_http_date(at))
    }

    fn refuse(&self, access: Access, _call: Call) -> Answer {
        match access {
            Access::Missing => Answer::json(401, &no(12005, "Missing token from authorization header")),
            Access::Denied => self.problem(403),
            _ => self.problem(401),
        }
    }
}

/// An answer that says no.
pub fn no(code: u32, message: &str) -> Value {
    json!({"success": false, "errors": [{"code": code, "message": message}], "messages": [], "result": null})
}

impl CloudflareWorkers {
    /// The API shows all of them at once; a test may want pages.
    fn scripts(&self, request: &Request) -> Answer {
        let shown =
            |worker: &Worker| json!({"id": worker.name, "tag": worker.tag, "created_on": "2025-01-01T00:00:00Z"});
        let mut body = envelope(&Value::Array(self.workers.iter().map(shown).collect()));
        if self.workers.len() > 20 {
            let page = Page::of(self.workers.iter().map(shown).collect(), request, 20, 20)
                .unwrap_or_else(|name| panic!("{name}"));
            (body["result_info"], body["result"]) =
                (json!({"page": page.number, "total_pages": page.last}), Value::Array(page.items));
        }
        Answer::json(200, &body)
    }

    fn list(&self, tag: &str, request: &Request) -> Answer {
        let mut found = self.fleet.newest_first(|build| build.scope == tag);
        // No order is promised: the newest is not always the first.
        if found.len() > 2 {
            found.swap(0, 1);
        }
        let Ok(page) = Page::of(found, request, 50, 200) else {
            return self.problem(400);
        };
        let shown = |build: &&Build| {
            let mut shown = build.shown();
            shown.as_object_mut().expect("a build").remove("preview_url");
            shown
        };
        let mut body = envelope(&Value::Array(page.items.iter().map(shown).collect()));
        body["result_info"] = json!({
            "page": page.number, "count": page.items.len(), "total_count": page.total, "total_pages": page.last,
            "next_page": page.next().is_some(),
        });
        Answer::json(200, &body)
    }

    /// What was deployed to a Worker, by builds and by hand; the newest is not always the first here.
    fn deployments(&self, name: &str) -> Answer {
        let Some(worker) = self.workers.iter().find(|known| known.name == name) else {
            return self.problem(404);
        };
        let mut all: Vec<(Vec<String>, String)> = worker
            .deployed
            .iter()
            .map(|(versions, second)| {
                (
                    versions.clone(),
                    format!("{}Z", if *second == 0 { "2026-07-01T00:00:00".to_owned() } else { time(*second) }),
                )
            })
            .collect();
        let builds = self.fleet.all.iter().filter(|build| build.scope == worker.tag && build.is_production());
        let deployed = builds.filter(|build| build.has_deployed());
        all.extend(deployed.map(|build| (vec![version(&build.id)], build.created().replace('Z', ".5Z"))));
        all.sort_by(|one, other| other.1.cmp(&one.1));
        if all.len() > 2 {
            all.swap(0, 1);
        }
        let shown = all.iter().enumerate().map(|(at, (versions, created))| {
            let share = 100 / versions.len().max(1);
            let versions: Vec<_> = versions.iter().map(|id| json!({"version_id": id, "percentage": share})).collect();
            json!({
                "id": format!("{DEPLOYMENT}{at:012x}"), "created_on": created, "source": "wrangler", "author_email": EMAIL,
                "strategy": "percentage", "versions": versions,
            })
        });
        Answer::json(200, &envelope(&json!({"deployments": shown.collect::<Vec<_>>()})))
    }

    fn builds_of(&self, versions: &str) -> Answer {
        let versions: Vec<_> = versions.split(',').collect();
        if versions.len() > 20 {
            return self.problem(400);
        }
        let known = self.fleet.all.iter().filter(|build| build.has_deployed());
        let found = known.filter(|build| versions.contains(&version(&build.id).as_str()));
        let found: Map<_, _> = found.map(|build| (version(&build.id), build.shown())).collect();
        Answer::json(200, &envelope(&json!({"builds": found})))
    }
}

/// Cloudflare Workers Builds, as tests know it.
pub struct Stand;

const ABOUT: About = About {
    name: "cloudflare_workers",
    letter: 'b',
    id,
    states: &[
        ("queued", "queued"),
        ("running", "running"),
        ("canceled", "cancelled"),
        ("succeeded", "success"),
        ("failed", "fail"),
        ("superseded", "skipped"),
    ],
    inputs: &[("token", super::TOKEN), ("account_id", ACCOUNT)],
    unknown_scope: Some(("worker", "shop-nowhere")),
    links: "https://dash.cloudflare.com/",
    choice: Some(Choice {
        inputs: &[("worker", "shop")],
        pages: Some(Pages {
            size: "per_page",
            sizes: [50, 10, 1],
            page: |number, _| {
                let build =
                    json!({"build_uuid": id(number), "status": "running", "trigger": {"external_script_id": TAG}});
                json!({"success": true, "result": [build], "result_info": {"total_count": 9999}})
            },
        }),
    }),
    right: "Workers Builds Configuration: Edit",
    usual_target: "preview",
    traits: Traits { too_late: 409, request_id: "8f2c", tells_reset: false, ..Traits::USUAL },
    ..About::USUAL
};

impl super::Stand for Stand {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        let (tag, name) = if one.scope == 1 { (TAG, "shop") } else { (OTHER_TAG, "shop-staging") };
        let target = one.target.or(Some(ABOUT.usual_target));
        sandbox.add(Build::new(one.number).like(&ABOUT, one).of(tag, name).target(target));
    }

    /// For production, where what serves has to be looked at.
    fn put_alone(&self, sandbox: &Sandbox, one: One) {
        let target = one.target.or(Some("production"));
        self.put_one(sandbox, &One { target, ..one });
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(Worker::new(TAG, "shop")).add(Worker::new(OTHER_TAG, "shop-staging"));
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        let (status, outcome, _) = parts(word);
        let build = json!({
            "build_uuid": id, "status": status, "build_outcome": outcome, "trigger": {"external_script_id": TAG},
        });
        Some(envelope(&build).to_string())
    }

    fn list(&self, ids: &[String], word: &str) -> Option<String> {
        let (status, outcome, _) = parts(word);
        let build = |id: &String| json!({"build_uuid": id, "status": status, "build_outcome": outcome, "trigger": {"external_script_id": TAG}});
        Some(envelope(&Value::Array(ids.iter().map(build).collect())).to_string())
    }

    fn refusal(&self, text: &str) -> String {
        no(12010, text).to_string()
    }
}
