//! Cloudflare Workers Builds, and as much of Workers as says what serves.
//!
//! Follows the official API description and the documentation; no recorded answer to a cancel request is known. The words
//! of a course here are a status (`running`), an outcome (`cancelled`), both (`stopped: exploded`), and perhaps for how
//! many seconds it has been stopped (`stopped | 20`). A build for production that ends well is deployed. What a cancel of
//! a finished build answers is documented nowhere, so [`Build::finished_cancel`] chooses it.

use serde_json::{Map, Value, json};

use super::deployment::{self, Desk, Fleet};
use super::http::{Answer, Request, epoch, moment, now};
use super::live::Ends;
use super::page::Page;
use super::platform::{Access, Addition, Call, Platform, Platforms, Routed as _};
use super::stand::{About, Back, Choice, One, Pages, Traits};
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
/// In July, in milliseconds.
const LONG_AGO: i64 = 1_782_864_000_000;

/// The UUID of the build with that number.
pub fn id(number: usize) -> String {
    format!("8d578524-4930-4f29-b46f-{number:012x}")
}

/// The version that a build has uploaded.
pub fn version(build: &str) -> String {
    build.replace("8d578524", "7e7e7e7e")
}

/// Versions with their share of the traffic, and since when, in milliseconds.
type Deployed = (Vec<(String, f64)>, i64);

/// A Worker.
#[derive(Clone, Debug)]
pub struct Worker {
    tag: String,
    name: String,
    /// By hand.
    deployed: Vec<Deployed>,
    shared: Option<String>,
    secrets_changed: bool,
    lists: Option<usize>,
}

impl Worker {
    /// A Worker that somebody has deployed by hand, long ago.
    pub fn new(tag: &str, name: &str) -> Worker {
        let first = (vec![(FIRST_VERSION.to_owned(), 100.0)], LONG_AGO);
        Worker {
            tag: tag.to_owned(),
            name: name.to_owned(),
            deployed: vec![first],
            shared: None,
            secrets_changed: false,
            lists: None,
        }
    }

    /// These versions are deployed by hand, so many seconds from now, each with the same share of the traffic.
    pub fn deploys(mut self, versions: &[&str], second: i64) -> Self {
        let share = 100.0 / versions.len() as f64;
        let versions = versions.iter().map(|version| ((*version).to_owned(), share)).collect();
        self.deployed.push((versions, now() + 1000 * second));
        self
    }

    /// Nothing was ever deployed by hand.
    pub fn bare(mut self) -> Self {
        self.deployed.clear();
        self
    }

    /// Whenever that version was deployed, it had half of the traffic.
    pub fn shared(mut self, version: &str) -> Self {
        self.shared = Some(version.to_owned());
        self
    }

    /// Its list of deployments has no pages and is that long at most, as it was before it had any.
    pub fn lists(mut self, many: usize) -> Self {
        self.lists = Some(many);
        self
    }

    /// Its secrets were changed since whatever served before.
    pub fn secrets_changed(mut self) -> Self {
        self.secrets_changed = true;
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

    /// Whether its version is there: production, and gone well or as far as that.
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

    fn slot(one: &Build) -> Option<&str> {
        one.is_production().then_some(&one.scope)
    }

    fn goes_live(one: &Build) -> bool {
        one.has_deployed()
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
        let mut build = json!({
            "build_uuid": one.id,
            "status": status,
            "build_outcome": outcome,
            "created_on": one.created,
            "initializing_on": began,
            "running_on": one.has_run(word).then_some(&one.created),
            "stopped_on": stopped_on(word),
            "modified_on": one.created,
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
        });
        if one.own.deployed {
            build["preview_url"] = json!(format!("https://7e7e7e7e-{}.example.workers.dev", one.own.worker));
        }
        build
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
            (Call::Live, "GET accounts/*/workers/scripts/*/deployments"),
            (Call::RollBack, "POST accounts/*/workers/scripts/*/deployments"),
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
            (Call::Live, [_, worker]) => self.deployments(worker, request),
            (Call::RollBack, [_, worker]) => self.deploy(worker, request),
            (Call::Other, [_]) => self.builds_of(&request.param("version_ids").unwrap_or_default()),
            _ => self.problem(404),
        }
    }

    fn aim(&self, request: &Request) -> Option<[String; 2]> {
        let worker = self.workers.iter().find(|known| Some(&known.name) == self.route(request).1.last())?;
        match wanted(request)?.as_slice() {
            [(version, 100.0)] => Some([worker.tag.clone(), version.clone()]),
            _ => None,
        }
    }

    fn oversteps(&self, request: &Request) -> Option<&'static str> {
        request.param("force").map(|_| "it goes past changed secrets")
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
        let mut body = envelope(&Value::Array(page.items.iter().map(|build| among_others(build)).collect()));
        body["result_info"] = json!({
            "page": page.number, "count": page.items.len(), "total_count": page.total, "total_pages": page.last,
            "next_page": page.next().is_some(),
        });
        Answer::json(200, &body)
    }

    /// What was deployed to a Worker, by builds, by hand and by roll backs.
    fn deployments(&self, name: &str, request: &Request) -> Answer {
        let Some(worker) = self.workers.iter().find(|known| known.name == name) else {
            return self.problem(404);
        };
        let mut all = worker.deployed.clone();
        let served = self.fleet.slots.history(&worker.tag).iter().map(|served| (version(&served.id), served.since));
        all.extend(served.filter(|(version, _)| self.has(worker, version)).map(|(version, since)| {
            match worker.shared.as_ref() == Some(&version) {
                true => (vec![(version, 50.0), (FIRST_VERSION.to_owned(), 50.0)], since),
                false => (vec![(version, 100.0)], since),
            }
        }));
        all.sort_by_key(|(_, since)| std::cmp::Reverse(*since));
        let Ok(page) = Page::of(all, request, 10, 100) else {
            return self.problem(400);
        };
        let (count, total) = (page.items.len(), page.total);
        let mut items = page.items;
        items.truncate(worker.lists.unwrap_or(count));
        // The newest is not always the first.
        if items.len() > 2 {
            items.swap(0, 1);
        }
        let shown: Vec<_> = items.iter().map(shown).collect();
        let mut body = envelope(&json!({"deployments": shown}));
        if worker.lists.is_none() {
            body["result_info"] =
                json!({"page": page.number, "count": count, "total_count": total, "total_pages": page.last});
        }
        Answer::json(200, &body)
    }

    /// Whether a version of that Worker is kept: one of a build, or one that was deployed by hand.
    fn has(&self, worker: &Worker, id: &str) -> bool {
        let is_uploaded = |build: &Build| parts(build.script.now()).1 == Some("success") || build.own.deployed;
        let of_builds = self.fleet.all.iter().filter(|build| build.scope == worker.tag && is_uploaded(build));
        let by_hand = worker.deployed.iter().flat_map(|(versions, _)| versions).any(|(version, _)| version == id);
        by_hand || of_builds.map(|build| version(&build.id)).any(|version| version == id)
    }

    /// Deploys whatever version it is given, also one that never served, and several side by side.
    fn deploy(&mut self, name: &str, request: &Request) -> Answer {
        let Some(worker) = self.workers.iter().find(|known| known.name == name) else {
            return self.problem(404);
        };
        let Some(versions) = wanted(request) else {
            return self.problem(400);
        };
        let sum: f64 = versions.iter().map(|(_, share)| share).sum();
        if !(1..=2).contains(&versions.len()) || (sum - 100.0).abs() > f64::EPSILON {
            return Answer::json(400, &no(10021, "The percentages of all versions have to add up to 100."));
        }
        if let Some((unknown, _)) = versions.iter().find(|(version, _)| !self.has(worker, version)) {
            return Answer::json(404, &no(10092, &format!("Version {unknown} could not be found.")));
        }
        if worker.secrets_changed && request.param("force").as_deref() != Some("true") {
            return Answer::json(400, &no(10220, SECRETS_CHANGED));
        }
        let (tag, ends) = (worker.tag.clone(), self.fleet.slots.ends);
        let [(target, _)] = versions.as_slice() else {
            let deployed = (versions, self.fleet.slots.tick());
            let answer = Answer::json(200, &envelope(&shown(&deployed)));
            let worker = self.workers.iter_mut().find(|known| known.tag == tag).expect("a known Worker");
            worker.deployed.push(deployed);
            return answer;
        };
        let is_new = self.fleet.slots.live(&tag).is_none_or(|live| version(&live.id) != *target);
        if ends == Ends::Well {
            match self.fleet.all.iter().position(|build| version(&build.id) == *target) {
                Some(at) => self.fleet.point(&tag, at),
                None => self.fleet.slots.point(&tag, target, target),
            };
        }
        let since = self.fleet.slots.tick();
        Answer::json(200, &envelope(&shown(&(versions, since)))).effect(is_new)
    }

    fn builds_of(&self, versions: &str) -> Answer {
        let versions: Vec<_> = versions.split(',').collect();
        if versions.len() > 20 {
            return self.problem(400);
        }
        let known = self.fleet.all.iter().filter(|build| build.has_deployed());
        let found = known.filter(|build| versions.contains(&version(&build.id).as_str()));
        let found: Map<_, _> = found.map(|build| (version(&build.id), among_others(build))).collect();
        Answer::json(200, &envelope(&json!({"builds": found})))
    }
}

/// A build as answers show it that show several.
fn among_others(build: &Build) -> Value {
    let mut shown = build.shown();
    shown.as_object_mut().expect("a build").remove("preview_url");
    shown
}

/// What wrangler is told as well.
const SECRETS_CHANGED: &str = "The secrets of this Worker have changed since this version was active. The following \
    secrets have changed: API_KEY";

/// The versions that a request deploys, with their share of the traffic.
fn wanted(request: &Request) -> Option<Vec<(String, f64)>> {
    let body = Value::Object(request.object()?);
    let versions = body["versions"].as_array().filter(|_| body["strategy"] == "percentage")?.iter();
    versions.map(|one| Some((one["version_id"].as_str()?.to_owned(), one["percentage"].as_f64()?))).collect()
}

fn shown((versions, since): &Deployed) -> Value {
    let versions: Vec<_> = versions.iter().map(|(id, share)| json!({"version_id": id, "percentage": share})).collect();
    json!({
        "id": format!("{DEPLOYMENT}{since:012x}"), "created_on": moment(*since), "source": "wrangler",
        "author_email": EMAIL, "strategy": "percentage", "versions": versions,
        "annotations": {"workers/triggered_by": "deployment"},
    })
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

fn worker() -> Worker {
    Worker::new(TAG, "shop").bare()
}

const BACK: Back = Back {
    slot: TAG,
    beside: Some(OTHER_TAG),
    target: Some("production"),
    live: Call::Live,
    named: version,
    request: |id| {
        let versions = json!([{"version_id": version(id), "percentage": 100}]);
        let path = format!("/accounts/{ACCOUNT}/workers/scripts/shop/deployments");
        ("POST", path, json!({"strategy": "percentage", "versions": versions}))
    },
    accepted: 200,
    makes_one: false,
    can_fail: false,
    tells_replaced: true,
    held: &[],
    never_live: |sandbox, one| {
        sandbox.add(made(one).command("npx wrangler versions upload").states(["success"]));
    },
    busy: &[("a second version gets a part of the traffic", |sandbox| {
        let share = |number| json!({"version_id": version(&id(number)), "percentage": 50});
        let body = json!({"strategy": "percentage", "versions": [share(1), share(2)]});
        let path = format!("/accounts/{ACCOUNT}/workers/scripts/shop/deployments");
        assert_eq!(sandbox.ask(ABOUT.name, "POST", &path, &body).status, 200);
    })],
    refuses: &[],
    traps: &[("it had a part of the traffic", |sandbox| {
        sandbox.add(worker().shared(&version(&id(2))));
    })],
    unknown: &[],
};

fn made(one: &One) -> Build {
    let (tag, name) = if one.scope == 1 { (TAG, "shop") } else { (OTHER_TAG, "shop-staging") };
    let target = one.target.or(Some(ABOUT.usual_target));
    Build::new(one.number).like(&ABOUT, one).of(tag, name).target(target)
}

const ADDRESSED: super::Addressed = super::Addressed {
    address: |_, account, id| {
        format!("https://dash.cloudflare.com/{account}/workers/services/view/shop/production/builds/{id}")
    },
    holders: [ACCOUNT, "ffffffffffffffffffffffffffffffff"],
    input: "account_id",
    usual: ("CLOUDFLARE_ACCOUNT_ID", "ffffffffffffffffffffffffffffffff"),
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

    /// For production, where what serves has to be looked at.
    fn put_alone(&self, sandbox: &Sandbox, one: One) {
        let target = one.target.or(Some("production"));
        self.put_one(sandbox, &One { target, ..one });
    }

    fn put_scopes(&self, sandbox: &Sandbox) {
        sandbox.add(worker()).add(Worker::new(OTHER_TAG, "shop-staging"));
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
