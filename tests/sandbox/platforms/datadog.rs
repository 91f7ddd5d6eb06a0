//! Datadog Fleet Automation, both surfaces of it.
//!
//! Follows the public API descriptions of both. Nobody has recorded a call, so
//! every body is an example of those documents; what no document says (the
//! word of a deployment that has ended stopping, for one) is up to the scripts.

use serde_json::{Value, json};

use super::deployment::{self, Desk, Fleet};
use super::http::{Answer, Request, merge};
use super::platform::{Access, Addition, Call, Platform, Platforms, Routed as _};
use super::script::CancelAnswer;
use super::stand::{About, Choice, One, Pages, Traits};
use super::{EMAIL, ENV_VALUE, Sandbox, TOKEN};

/// The API key that belongs to the application key [`super::TOKEN`].
pub const API_KEY: &str = "sandbox-api-key-5Tz8/+Y=";

/// The host query of every deployment that needs no special one.
pub const QUERY: &str = "env:prod AND service:web";

/// What every deployment of v2 does.
const UPDATE_TYPE: &str = "update_package";

/// An edition of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `/api/v2/fleet`
    V2,
    /// `/api/unstable/fleet`
    Preview,
}

/// The editions that exist; both until told otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Only(pub Surface);

/// The shape of every error answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Errors {
    /// As documented.
    #[default]
    Strings,
    /// JSON:API, as most recorded ones.
    Objects,
    /// One object below `error`.
    Wrapped,
    /// Strings, and the provider's addresses.
    Edge,
    /// A page.
    Html,
    /// Nothing.
    Empty,
}

/// A host and what a deployment does to it.
#[derive(Clone, Debug)]
pub struct Host {
    status: String,
    error: String,
    current: String,
}

impl Host {
    /// A host still on version 7.50.0 of what shall be 7.52.0.
    pub fn old(status: &str) -> Host {
        Host { status: status.to_owned(), error: String::new(), current: "7.50.0".to_owned() }
    }

    /// A host on version 7.52.0 already.
    pub fn new(status: &str) -> Host {
        Host { current: "7.52.0".to_owned(), ..Host::old(status) }
    }

    fn json(&self, number: usize, surface: Surface) -> Value {
        let mut body = json!({
            "hostname": format!("web-{number:02}.example.com"),
            "status": self.status,
            "error": self.error,
            "versions": [{
                "package_name": "datadog-agent",
                "initial_version": "7.50.0",
                "target_version": "7.52.0",
                "current_version": self.current,
            }],
        });
        if surface == Surface::V2 {
            body["running_step"] = json!("");
            body["status_details"] = json!("");
        }
        body
    }
}

/// A deployment on one of the surfaces.
pub type Deployment = deployment::Deployment<Upgrade>;

/// What it does, and to which hosts.
#[derive(Clone, Debug)]
pub struct Upgrade {
    surface: Surface,
    hosts: Vec<Host>,
    hosts_after: Vec<Host>,
    listed: usize,
    query: String,
    waits: bool,
}

impl Deployment {
    /// A deployment on v2 that runs until it is canceled, on five hosts.
    pub fn v2(id: &str) -> Deployment {
        let own = Upgrade {
            surface: Surface::V2,
            hosts: vec![
                Host::new("succeeded"),
                Host::old("running"),
                Host::old("pending"),
                Host::old("pending"),
                Host::old("pending"),
            ],
            hosts_after: vec![
                Host::old("canceled"),
                Host::old("canceled"),
                Host::old("canceled"),
                Host::new("succeeded"),
                Host::new("succeeded"),
            ],
            listed: 2,
            query: QUERY.to_owned(),
            waits: false,
        };
        let deployment = Deployment::made("v2", id, own).created_at(1_699_990_000);
        deployment.cancel_answer(CancelAnswer::Word("stopping".to_owned()))
    }

    /// The same on the preview surface.
    pub fn preview(id: &str) -> Deployment {
        let mut deployment = Deployment::v2(id).cancel_answer(CancelAnswer::Empty);
        deployment.scope = "unstable".to_owned();
        deployment.own.surface = Surface::Preview;
        deployment
    }

    /// The hosts before a cancel takes effect, and afterwards.
    pub fn hosts(mut self, before: Vec<Host>, after: Vec<Host>) -> Self {
        (self.own.hosts, self.own.hosts_after) = (before, after);
        self
    }

    /// The same hosts before and after.
    pub fn all_hosts(self, hosts: Vec<Host>) -> Self {
        self.hosts(hosts.clone(), hosts)
    }

    /// How many hosts v2 lists at most; its counters count all.
    pub fn listed(mut self, most: usize) -> Self {
        self.own.listed = most;
        self
    }

    /// The host query, [`QUERY`] until told otherwise.
    pub fn query(mut self, text: &str) -> Self {
        self.own.query = text.to_owned();
        self
    }

    /// It has not started yet, and the list of v2 says so with 0.
    pub fn not_started(mut self) -> Self {
        self.own.waits = true;
        self
    }

    /// When it started, in seconds since 1970; only the list of v2 tells it.
    fn started(&self) -> Option<i64> {
        self.created.as_i64().filter(|_| !self.own.waits)
    }

    fn hosts_now(&self) -> &[Host] {
        match self.script.cancels() {
            0 => &self.own.hosts,
            _ => &self.own.hosts_after,
        }
    }

    fn page(&mut self, request: &Request) -> Result<Value, &'static str> {
        let size = request.number("limit", 50, 1..=100)?;
        let page = request.number("page", 0, 0..=usize::MAX)?;
        let word = self.script.read();
        let mut body = match self.own.surface {
            Surface::V2 => json!({"data": self.v2_json(&word)}),
            Surface::Preview => self.preview_json(&word, size, page),
        };
        body["data"]["attributes"] = self.adjusted(body["data"]["attributes"].take());
        Ok(body)
    }

    fn v2_json(&self, word: &str) -> Value {
        let hosts = self.hosts_now();
        let many = |statuses: &[&str]| {
            let counted = hosts.iter().filter(|host| statuses.contains(&host.status.as_str()));
            counted.count()
        };
        json!({
            "id": self.id,
            "type": "deployment",
            "attributes": {
                "author": EMAIL,
                "high_level_status": word,
                "query": self.own.query,
                "update_type": UPDATE_TYPE,
                "target_versions": ["7.52.0"],
                "config_operations": config_operations(),
                "total_hosts": hosts.len(),
                "succeeded_hosts": many(&["succeeded"]),
                "failed_hosts": many(&["failed"]),
                "canceled_hosts": many(&["canceled", "cancelled"]),
                "running_hosts": many(&["running"]),
                "skipped_hosts": many(&["skipped"]),
                "duration_seconds": 0,
                "estimated_finished_at": 1_699_999_999,
                "error_summary": "",
                "is_scheduled": false,
                "schedule_id": "",
                "hosts": self.hosts_json(0, self.own.listed),
            },
        })
    }

    fn preview_json(&self, word: &str, size: usize, page: usize) -> Value {
        let total = self.hosts_now().len();
        json!({
            "data": {
                "id": self.id,
                "type": "deployment",
                "attributes": {
                    "high_level_status": word,
                    "filter_query": self.own.query,
                    "total_hosts": total,
                    "estimated_end_time_unix": 1_699_999_999,
                    "config_operations": config_operations(),
                    "packages": [{"name": "datadog-agent", "version": "7.52.0"}],
                    "hosts": self.hosts_json(page.saturating_mul(size), size),
                },
            },
            "meta": {"hosts": {
                "current_page": page,
                "page_size": size,
                "total_hosts": total,
                "total_pages": total.div_ceil(size),
            }},
        })
    }

    fn hosts_json(&self, skipped: usize, most: usize) -> Vec<Value> {
        let hosts = self.hosts_now().iter().enumerate();
        let page = hosts.skip(skipped).take(most);
        page.map(|(number, host)| host.json(number, self.own.surface)).collect()
    }

    /// As an item of a list, which has no hosts; v2 has another name for the status there.
    fn item_json(&self) -> Value {
        let word = self.script.now();
        let attributes = match self.own.surface {
            Surface::V2 => json!({
                "author": EMAIL,
                "status": word,
                "query": self.own.query,
                "update_type": UPDATE_TYPE,
                "target_versions": ["7.52.0"],
                "config_operations": config_operations(),
                "total_hosts": self.hosts_now().len(),
                "duration_seconds": 0,
                "estimated_finished_at": 0,
                "error_summary": "",
                "is_scheduled": false,
                "schedule_id": "",
                "started_at": self.started().unwrap_or(0),
                "finished_at": 0,
            }),
            Surface::Preview => json!({
                "high_level_status": word,
                "filter_query": self.own.query,
                "total_hosts": self.hosts_now().len(),
                "estimated_end_time_unix": 1_699_999_999,
                "config_operations": config_operations(),
                "packages": [{"name": "datadog-agent", "version": "7.52.0"}],
            }),
        };
        json!({"id": self.id, "type": "deployment", "attributes": attributes})
    }
}

impl deployment::Own for Upgrade {
    type Platform = Datadog;
    const COURSE: deployment::Words = (&["running"], &["canceled"]);

    fn fleet(platform: &mut Datadog) -> &mut Fleet<Upgrade> {
        &mut platform.fleet
    }

    /// In seconds since 1970.
    fn created(second: usize) -> Value {
        json!(1_786_000_000 + second)
    }

    /// The answer to a cancel; reads and lists say more.
    fn json(one: &Deployment, word: &str) -> Value {
        stopped(&one.id, word)
    }

    fn canceled(one: &Deployment, word: &str) -> Value {
        stopped(&one.id, word)
    }

    fn another(_one: &Deployment) -> Value {
        stopped("000-000-000", "canceled")
    }
}

fn stopped(id: &str, word: &str) -> Value {
    let message = "Cancellation has been requested; the deployment is stopping.";
    json!({"data": {"id": id, "type": "deployment", "attributes": {"status": word, "message": message}}})
}

fn config_operations() -> Value {
    json!([{"file_op": "merge-patch", "file_path": "/datadog.yaml", "patch": {"tag": ENV_VALUE}}])
}

impl Addition for Only {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.of::<Datadog>().only = Some(self.0);
    }
}

impl Addition for Errors {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.of::<Datadog>().errors = self;
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct Datadog {
    only: Option<Surface>,
    errors: Errors,
    fleet: Fleet<Upgrade>,
}

impl Platform for Datadog {
    fn name(&self) -> &'static str {
        "datadog"
    }

    fn desk(&mut self) -> &mut dyn Desk {
        &mut self.fleet
    }

    fn routes(&self) -> &'static [(Call, &'static str)] {
        &[
            (Call::List, "GET api/v2|unstable/fleet/deployments"),
            (Call::Read, "GET api/v2|unstable/fleet/deployments/*"),
            (Call::Cancel, "POST api/v2|unstable/fleet/deployments/*/cancel"),
        ]
    }

    /// Two keys, both needed; the application key carries the rights.
    fn handle(&mut self, request: &Request) -> Answer {
        if request.header("dd-api-key") != Some(API_KEY) {
            return self.problem(403);
        }
        let (call, places) = self.route(request);
        match self.fleet.tokens.judge(request.header("dd-application-key"), call) {
            Access::Granted => {}
            Access::Missing => return self.problem(401),
            Access::Unknown | Access::Denied => return self.problem(403),
        }
        let surface = match places.first().map(String::as_str) {
            Some("v2") => Surface::V2,
            Some(_) => Surface::Preview,
            None => return self.problem(404),
        };
        if self.only.is_some_and(|only| only != surface) {
            return self.problem(404);
        }
        let Some(id) = places.get(1) else {
            return self.list(surface, request).map_or_else(|_| self.problem(400), |body| Answer::json(200, &body));
        };
        if surface == Surface::V2 && !is_v2_id(id) {
            return self.problem(400);
        }
        let Some(deployment) = self.fleet.find(|known| known.own.surface == surface && known.id == *id) else {
            return self.problem(404);
        };
        if call == Call::Read {
            let page = deployment.page(request);
            return page.map_or_else(|_| self.problem(400), |body| Answer::json(200, &body));
        }
        // Only these two can be canceled, whatever else is in flight.
        if !matches!(deployment.script.now(), "pending" | "running") {
            return self.problem(400);
        }
        let took_effect = deployment.script.cancel();
        let body = deployment.canceled();
        let status = if surface == Surface::Preview && body.is_null() { 204 } else { 200 };
        Answer::json(status, &body).effect(took_effect)
    }

    fn problem(&self, status: u16) -> Answer {
        let text = match status {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            429 => "Too many requests",
            _ => "Internal Server Error",
        };
        let body = match self.errors {
            Errors::Strings => json!({"errors": [text]}),
            Errors::Objects => {
                json!({"errors": [{"status": status.to_string(), "title": "Error", "detail": text}]})
            }
            Errors::Wrapped => json!({"error": {"code": "Error", "message": text}}),
            Errors::Edge => json!({
                "status": "error", "code": status, "errors": [text],
                "statuspage": "http://status.datadoghq.com", "email": EMAIL,
            }),
            Errors::Html => {
                let page = format!("<html><body><h1>{status} {text}</h1>\n{EMAIL}</body></html>");
                return Answer::new(status, "text/html", page).foreign();
            }
            Errors::Empty => Value::Null,
        };
        Answer::json(status, &body)
    }

    fn headers(&self, answer: Answer, _number: u32) -> Answer {
        answer
            .with("x-ratelimit-limit", "10")
            .with("x-ratelimit-period", "10")
            .with("x-ratelimit-remaining", "9")
            .with("x-ratelimit-reset", "1")
            .with("x-ratelimit-name", "fleet")
    }

    /// Seconds from now, not a time.
    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-ratelimit-reset", in_seconds.to_string())
    }
}

/// Three groups of three; anything else is malformed to v2.
fn is_v2_id(id: &str) -> bool {
    let groups: Vec<&str> = id.split('-').collect();
    groups.len() == 3 && groups.iter().all(|group| group.len() == 3 && group.chars().all(|c| c.is_ascii_alphanumeric()))
}

impl Datadog {
    /// v2 starts with what started last, so what has not started comes at the very end. The preview promises no order.
    fn list(&self, surface: Surface, request: &Request) -> Result<Value, &'static str> {
        let size = request.number("page_size", 10, 1..=100)?;
        let skipped = match surface {
            Surface::V2 => request.number("page_number", 0, 0..=usize::MAX)?.saturating_mul(size),
            Surface::Preview => request.number("page_offset", 0, 0..=usize::MAX)?,
        };
        let all = self.fleet.all.iter();
        let mut all: Vec<&Deployment> = all.filter(|known| known.own.surface == surface).collect();
        let total = all.len();
        if surface == Surface::V2 {
            all.sort_by_key(|known| std::cmp::Reverse(known.started()));
            let is_ascending = request.param("ascending").is_some_and(|text| text == "true");
            match request.param("sort").as_deref() {
                None if is_ascending => return Err("ascending without sort"),
                None => {}
                Some("start_date") if is_ascending => all.reverse(),
                Some("start_date") => {}
                Some(_) => return Err("unsupported sort"),
            }
            if let Some(filter) = request.param("filter") {
                match filter.split_once(':').ok_or("unsupported filter")? {
                    ("status", status) => all.retain(|known| known.script.now().eq_ignore_ascii_case(status)),
                    ("update_type", kind) => all.retain(|_| kind == UPDATE_TYPE),
                    _ => return Err("unsupported filter"),
                }
            }
        }
        let mut page = json!({"total_count": total});
        if surface == Surface::V2 {
            page["total_filtered_count"] = json!(all.len());
        }
        let items = all.into_iter().skip(skipped).take(size);
        let items: Vec<Value> = items.map(Deployment::item_json).collect();
        Ok(json!({"data": items, "meta": {"page": page}}))
    }
}

/// Datadog, as tests know it.
pub struct Stand;

const ABOUT: About = About {
    name: "datadog",
    letter: 'g',
    id: |number| format!("k7Q-3mX-{number:03}"),
    states: &[
        ("queued", "pending"),
        ("running", "running"),
        ("canceling", "stopping"),
        ("canceled", "canceled"),
        ("succeeded", "succeeded"),
        ("failed", "failed"),
    ],
    unknown: "frozen",
    inputs: &[("api_key", API_KEY), ("app_key", TOKEN)],
    secrets: &[API_KEY],
    choice: Some(Choice {
        inputs: &[("query", QUERY)],
        pages: Some(Pages {
            size: "page_size",
            sizes: [100, 10, 1],
            page: |number, _| {
                let attributes = json!({"status": "running", "query": QUERY});
                json!({
                    "data": [{"id": (ABOUT.id)(number), "attributes": attributes}],
                    "meta": {"page": {"total_count": 100_000}},
                })
            },
        }),
    }),
    right: "agent_upgrade_write",
    traits: Traits {
        answer_tells: false,
        commits: false,
        unknown_can_be_canceled: false,
        credential: ("dd-application-key", ""),
        ..Traits::USUAL
    },
    ..About::USUAL
};

impl super::Stand for Stand {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        let query = if one.scope == 1 { QUERY } else { "env:dev" };
        let mut deployment = Deployment::v2(&(ABOUT.id)(one.number)).like(&ABOUT, one).query(query);
        if one.course.answer.is_none() {
            deployment = deployment.cancel_answer(CancelAnswer::Word("stopping".to_owned()));
        }
        let waits = one.undated || one.course.states == ["queued"];
        sandbox.add(if waits { deployment.not_started() } else { deployment });
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        Some(json!({"data": {"id": id, "attributes": {"high_level_status": word}}}).to_string())
    }

    fn refusal(&self, text: &str) -> String {
        json!({"errors": [text]}).to_string()
    }
}
