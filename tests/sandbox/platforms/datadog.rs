//! Datadog Fleet Automation, both surfaces of it.
//!
//! Follows the public API descriptions of both. Nobody has recorded a call, so
//! every body is an example of those documents; what no document says (the
//! word of a deployment that has ended stopping, for one) is up to the scripts.

use serde_json::{Value, json};

use super::http::{Answer, Request, merge};
use super::platform::{Access, Addition, Call, Grant, Platform, Platforms, Tokens};
use super::script::{CancelAnswer, Script};
use super::stand::{Course, One, Traits};
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
#[derive(Clone, Debug)]
pub struct Deployment {
    surface: Surface,
    id: String,
    script: Script,
    hosts: Vec<Host>,
    hosts_after: Vec<Host>,
    listed: usize,
    cancel_answer: CancelAnswer,
    query: String,
    started: Option<i64>,
    patch: Value,
}

impl Deployment {
    /// A deployment on v2 that runs until it is canceled, on five hosts.
    pub fn v2(id: &str) -> Deployment {
        Deployment {
            surface: Surface::V2,
            id: id.to_owned(),
            script: Script::new(&["running"], &["canceled"]),
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
            cancel_answer: CancelAnswer::Word("stopping".to_owned()),
            query: QUERY.to_owned(),
            started: Some(1_699_990_000),
            patch: json!({}),
        }
    }

    /// The same on the preview surface.
    pub fn preview(id: &str) -> Deployment {
        Deployment { surface: Surface::Preview, cancel_answer: CancelAnswer::Empty, ..Deployment::v2(id) }
    }

    /// The words it goes through undisturbed; see [`Script`].
    pub fn states<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_states(states);
        self
    }

    /// The words from the moment a cancel takes effect; see [`Script`].
    pub fn after_cancel<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_after_cancel(states);
        self
    }

    /// The hosts before a cancel takes effect, and afterwards.
    pub fn hosts(mut self, before: Vec<Host>, after: Vec<Host>) -> Self {
        (self.hosts, self.hosts_after) = (before, after);
        self
    }

    /// The same hosts before and after.
    pub fn all_hosts(self, hosts: Vec<Host>) -> Self {
        self.hosts(hosts.clone(), hosts)
    }

    /// How many hosts v2 lists at most; its counters count all.
    pub fn listed(mut self, most: usize) -> Self {
        self.listed = most;
        self
    }

    /// The shape of a successful cancel's answer.
    pub fn cancel_answer(mut self, shape: CancelAnswer) -> Self {
        self.cancel_answer = shape;
        self
    }

    /// The host query, [`QUERY`] until told otherwise.
    pub fn query(mut self, text: &str) -> Self {
        self.query = text.to_owned();
        self
    }

    /// When it started, in seconds since 1970; only the list of v2 tells it.
    pub fn started(mut self, second: i64) -> Self {
        self.started = Some(second);
        self
    }

    /// It has not started yet, and the list of v2 says so with 0.
    pub fn not_started(mut self) -> Self {
        self.started = None;
        self
    }

    /// Lays a JSON merge patch over the attributes of every read; null removes a field.
    pub fn patch(mut self, patch: Value) -> Self {
        self.patch = patch;
        self
    }

    fn hosts_now(&self) -> &[Host] {
        match self.script.cancels() {
            0 => &self.hosts,
            _ => &self.hosts_after,
        }
    }

    fn read(&mut self, request: &Request) -> Result<Value, String> {
        let size = number(request, "limit", 50, 1..=100)?;
        let page = number(request, "page", 0, 0..=usize::MAX)?;
        let word = self.script.read();
        let mut body = match self.surface {
            Surface::V2 => json!({"data": self.v2_json(&word)}),
            Surface::Preview => self.preview_json(&word, size, page),
        };
        merge(&mut body["data"]["attributes"], &self.patch);
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
                "query": self.query,
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
                "hosts": self.hosts_json(0, self.listed),
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
                    "filter_query": self.query,
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
        page.map(|(number, host)| host.json(number, self.surface)).collect()
    }

    /// As an item of a list, which has no hosts; v2 has another name for the status there.
    fn item_json(&self) -> Value {
        let word = self.script.now();
        let attributes = match self.surface {
            Surface::V2 => json!({
                "author": EMAIL,
                "status": word,
                "query": self.query,
                "update_type": UPDATE_TYPE,
                "target_versions": ["7.52.0"],
                "config_operations": config_operations(),
                "total_hosts": self.hosts_now().len(),
                "duration_seconds": 0,
                "estimated_finished_at": 0,
                "error_summary": "",
                "is_scheduled": false,
                "schedule_id": "",
                "started_at": self.started.unwrap_or(0),
                "finished_at": 0,
            }),
            Surface::Preview => json!({
                "high_level_status": word,
                "filter_query": self.query,
                "total_hosts": self.hosts_now().len(),
                "estimated_end_time_unix": 1_699_999_999,
                "config_operations": config_operations(),
                "packages": [{"name": "datadog-agent", "version": "7.52.0"}],
            }),
        };
        json!({"id": self.id, "type": "deployment", "attributes": attributes})
    }

    fn stopped_json(&self, id: &str, word: &str) -> Value {
        json!({"data": {
            "id": id,
            "type": "deployment",
            "attributes": {
                "status": word,
                "message": "Cancellation has been requested; the deployment is stopping.",
            },
        }})
    }
}

fn config_operations() -> Value {
    json!([{"file_op": "merge-patch", "file_path": "/datadog.yaml", "patch": {"tag": ENV_VALUE}}])
}

fn number(
    request: &Request,
    name: &str,
    usual: usize,
    range: std::ops::RangeInclusive<usize>,
) -> Result<usize, String> {
    let Some(text) = request.param(name) else {
        return Ok(usual);
    };
    let number = text.parse().ok().filter(|n| range.contains(n));
    number.ok_or_else(|| format!("invalid parameter \"{name}\" in \"query\""))
}

impl Addition for Only {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.datadog.only = Some(self.0);
    }
}

impl Addition for Errors {
    fn add_to(self, platforms: &mut Platforms) {
        platforms.datadog.errors = self;
    }
}

impl Addition for Deployment {
    fn add_to(self, platforms: &mut Platforms) {
        let deployments = &mut platforms.datadog.deployments;
        deployments.retain(|known| known.id != self.id || known.surface != self.surface);
        deployments.push(self);
    }
}

/// The platform's whole state.
#[derive(Default)]
pub struct Datadog {
    tokens: Tokens,
    deployments: Vec<Deployment>,
    only: Option<Surface>,
    errors: Errors,
}

impl Platform for Datadog {
    fn name(&self) -> &'static str {
        "datadog"
    }

    fn call(&self, request: &Request) -> Call {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["api", "v2" | "unstable", "fleet", "deployments"]) => Call::List,
            ("GET", ["api", "v2" | "unstable", "fleet", "deployments", _]) => Call::Read,
            ("POST", ["api", "v2" | "unstable", "fleet", "deployments", _, "cancel"]) => Call::Cancel,
            _ => Call::Other,
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let call = self.call(request);
        // Two keys, both needed; the application key carries the rights.
        let (api_key, app_key) = (request.header("dd-api-key"), request.header("dd-application-key"));
        if api_key.is_none_or(|key| key != API_KEY) {
            return self.error(403);
        }
        match self.tokens.judge(app_key, call) {
            Access::Granted => {}
            Access::Missing => return self.error(401),
            Access::Unknown | Access::Denied => return self.error(403),
        }
        let segments = request.segments();
        let surface = match segments.get(1).map(String::as_str) {
            Some("v2") => Surface::V2,
            _ => Surface::Preview,
        };
        if self.only.is_some_and(|only| only != surface) || call == Call::Other {
            return self.error(404);
        }
        if call == Call::List {
            return match self.list(surface, request) {
                Ok(body) => self.reply(200, &body),
                Err(_) => self.error(400),
            };
        }
        let [_, _, _, _, id, ..] = segments.as_slice() else {
            return self.error(404);
        };
        if surface == Surface::V2 && !is_v2_id(id) {
            return self.error(400);
        }
        let found = self.deployments.iter_mut();
        let mut found = found.filter(|known| known.surface == surface && known.id == *id);
        let Some(deployment) = found.next() else {
            return self.error(404);
        };
        if call == Call::Cancel {
            return self.cancel(surface, id);
        }
        match deployment.read(request) {
            Ok(body) => self.reply(200, &body),
            Err(_) => self.error(400),
        }
    }

    fn error(&mut self, status: u16) -> Answer {
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
                return Answer::new(status, "text/html", page);
            }
            Errors::Empty => Value::Null,
        };
        self.reply(status, &body)
    }

    /// Seconds from now, not a time.
    fn reset_header(&self, in_seconds: i64) -> (&'static str, String) {
        ("x-ratelimit-reset", in_seconds.to_string())
    }

    fn grant(&mut self, token: &str, grant: Grant) {
        self.tokens.set(token, grant);
    }

    fn effective_cancels(&self, id: &str) -> usize {
        let found = self.deployments.iter().filter(|known| known.id == id);
        found.map(|deployment| deployment.script.cancels()).sum()
    }

    fn truth(&self, id: &str) -> Option<String> {
        let found = self.deployments.iter().find(|known| known.id == id);
        found.map(|deployment| deployment.script.now().to_owned())
    }
}

/// Three groups of three; anything else is malformed to v2.
fn is_v2_id(id: &str) -> bool {
    let groups: Vec<&str> = id.split('-').collect();
    groups.len() == 3 && groups.iter().all(|group| group.len() == 3 && group.chars().all(|c| c.is_ascii_alphanumeric()))
}

impl Datadog {
    /// An answer with the headers every answer has; null is no body.
    fn reply(&self, status: u16, body: &Value) -> Answer {
        let mut answer = Answer::json(status, body);
        if body.is_null() {
            answer.body.clear();
            answer.headers.clear();
        }
        answer
            .with("x-ratelimit-limit", "10")
            .with("x-ratelimit-period", "10")
            .with("x-ratelimit-remaining", "9")
            .with("x-ratelimit-reset", "1")
            .with("x-ratelimit-name", "fleet")
    }

    /// v2 starts with what started last, so what has not started comes at the very end. The preview promises no order.
    fn list(&self, surface: Surface, request: &Request) -> Result<Value, String> {
        let size = number(request, "page_size", 10, 1..=100)?;
        let skipped = match surface {
            Surface::V2 => number(request, "page_number", 0, 0..=usize::MAX)?.saturating_mul(size),
            Surface::Preview => number(request, "page_offset", 0, 0..=usize::MAX)?,
        };
        let all = self.deployments.iter();
        let mut all: Vec<&Deployment> = all.filter(|known| known.surface == surface).collect();
        let total = all.len();
        if surface == Surface::V2 {
            all.sort_by_key(|known| std::cmp::Reverse(known.started));
            let is_ascending = request.param("ascending").is_some_and(|text| text == "true");
            match request.param("sort").as_deref() {
                None if is_ascending => return Err("ascending without sort".to_owned()),
                None => {}
                Some("start_date") if is_ascending => all.reverse(),
                Some("start_date") => {}
                Some(_) => return Err("unsupported sort".to_owned()),
            }
            if let Some(filter) = request.param("filter") {
                match filter.split_once(':').ok_or("unsupported filter")? {
                    ("status", status) => all.retain(|known| known.script.now().eq_ignore_ascii_case(status)),
                    ("update_type", kind) => all.retain(|_| kind == UPDATE_TYPE),
                    _ => return Err("unsupported filter".to_owned()),
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

    fn cancel(&mut self, surface: Surface, id: &str) -> Answer {
        let mut all = self.deployments.iter_mut();
        let found = all.find(|known| known.surface == surface && known.id == id);
        let deployment = found.expect("a deployment looked up before");
        // Only these two can be canceled, whatever else is in flight.
        if !matches!(deployment.script.now(), "pending" | "running") {
            return self.error(400);
        }
        let took_effect = deployment.script.cancel();
        let body = match &deployment.cancel_answer {
            CancelAnswer::Current => deployment.stopped_json(id, deployment.script.now()),
            CancelAnswer::Word(word) => deployment.stopped_json(id, word),
            CancelAnswer::OtherId => deployment.stopped_json("000-000-000", "canceled"),
            CancelAnswer::Empty => Value::Null,
        };
        let status = match surface {
            Surface::Preview if body.is_null() => 204,
            _ => 200,
        };
        self.reply(status, &body).effect(took_effect)
    }
}

/// Datadog, as tests know it.
pub struct Stand;

impl super::Stand for Stand {
    fn name(&self) -> &'static str {
        "datadog"
    }

    fn letter(&self) -> char {
        'g'
    }

    fn id(&self, number: usize) -> String {
        format!("k7Q-3mX-{number:03}")
    }

    fn word(&self, state: &str) -> Option<&'static str> {
        Some(match state {
            "queued" => "pending",
            "running" => "running",
            "canceling" => "stopping",
            "canceled" => "canceled",
            "succeeded" => "succeeded",
            "failed" => "failed",
            _ => return None,
        })
    }

    fn unknown(&self) -> &'static str {
        "frozen"
    }

    fn put(&self, sandbox: &Sandbox, number: usize, course: &Course) {
        let (states, after, answer) = (self as &dyn super::Stand).words(course);
        let deployment = Deployment::v2(&self.id(number)).states(states).after_cancel(after);
        sandbox.add(deployment.cancel_answer(CancelAnswer::shows(answer.or(Some("stopping")))));
    }

    fn put_one(&self, sandbox: &Sandbox, one: &One) {
        let (states, after, answer) = (self as &dyn super::Stand).words(&one.course);
        let deployment = Deployment::v2(&self.id(one.number))
            .states(states)
            .after_cancel(after)
            .cancel_answer(CancelAnswer::shows(answer.or(Some("stopping"))))
            .query(if one.scope == 1 { QUERY } else { "env:dev" })
            .started(1_786_000_000 + i64::try_from(one.at).expect("a small number"));
        let waits = one.undated || one.course.states == ["queued"];
        sandbox.add(if waits { deployment.not_started() } else { deployment });
    }

    fn inputs(&self) -> Vec<(&'static str, &'static str)> {
        vec![("api_key", API_KEY), ("app_key", TOKEN)]
    }

    fn secrets(&self) -> &'static [&'static str] {
        &[API_KEY]
    }

    fn select_inputs(&self) -> Option<Vec<(&'static str, &'static str)>> {
        Some(vec![("query", QUERY)])
    }

    fn body(&self, id: &str, word: &str) -> Option<String> {
        Some(json!({"data": {"id": id, "attributes": {"high_level_status": word}}}).to_string())
    }

    fn refusal(&self, text: &str) -> String {
        json!({"errors": [text]}).to_string()
    }

    fn right(&self) -> &'static str {
        "agent_upgrade_write"
    }

    fn traits(&self) -> Traits {
        Traits {
            answer_tells: false,
            commits: false,
            unknown_can_be_canceled: false,
            credential: ("dd-application-key", ""),
            ..Traits::default()
        }
    }
}
