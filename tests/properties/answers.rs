//! Whatever a platform answers, a run ends in time, sends no more than it may, and reports no end that nobody told.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cancel_deployment::api::{Api, Body, Clock, Method, Request, Response, Transport, TransportError};
use cancel_deployment::cancel::Plan;
use cancel_deployment::input::Spelling;
use cancel_deployment::input::env::Env;
use cancel_deployment::input::faults::Faults;
use cancel_deployment::model::address::Address;
use cancel_deployment::model::failure::Kind;
use cancel_deployment::model::id::Id;
use cancel_deployment::model::outcome::{FailOn, Outcome};
use cancel_deployment::model::signal::{Received, Signals};
use cancel_deployment::platform::PlatformInfo;
use cancel_deployment::platform::register::REGISTER;
use cancel_deployment::report::{Asked, DeploymentReport, LARGEST_DEPLOYMENTS, OUTPUTS, Report, Whole};
use cancel_deployment::run::Run;
use cancel_deployment::select::guard::Guard;
use cancel_deployment::select::{Select, Selector};
use cancel_deployment::settings;
use cancel_deployment::settings::secrets::all_secrets;
use cancel_deployment::text::redactor::Redactor;
use cancel_deployment::text::sanitizer::Sanitizer;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

#[path = "../run/nobody.rs"]
#[allow(clippy::duplicate_mod, reason = "the fuzz targets take each of two files alone")]
mod nobody;
use nobody::Nobody;

/// The credential of every run here.
const TOKEN: &str = "tok-5ecret-5ecret";
const LIMIT: Duration = Duration::from_secs(20);
/// Ends one answer of the input and begins the next; no UTF-8 text contains it.
const NEXT: u8 = 0xff;
/// Three sends, each of which may be asked once more: with a fresh credential, or on the older of two APIs.
const MOST_CANCELS: usize = 6;
/// Platforms whose deployments can go away or be settled by counters alone, or that have no such word, so that an end
/// needs none.
const WORDLESS: [&str; 2] = ["datadog", "railway"];

/// What a platform is given to say.
struct Said {
    status: u16,
    header: Option<(String, String)>,
    body: Vec<u8>,
}

/// What has been asked and answered so far.
#[derive(Default)]
struct Talk {
    answers: VecDeque<Said>,
    cancels: usize,
    late: usize,
    /// Every text inside the answers with a 2xx status, in lower case.
    heard: String,
}

#[derive(Clone)]
struct Script {
    talk: Arc<Mutex<Talk>>,
    start: Instant,
}

/// Platform, aim, then one answer after the other: two bytes choose status and header, the rest is the body.
pub fn check(input: &[u8]) {
    outcome(input);
}

/// The outcome of such a run; empty when the input is too short for one.
pub fn outcome(input: &[u8]) -> String {
    let [platform, aim, rest @ ..] = input else {
        return String::new();
    };
    let entry = REGISTER[usize::from(*platform) % REGISTER.len()];
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(run(entry, *aim, rest))
}

/// An input as [`check`] takes it.
pub fn input(platform: &str, aim: u8, answers: &[(u8, &str)]) -> Vec<u8> {
    let at = REGISTER.iter().position(|entry| entry.about.id == platform);
    let mut bytes = vec![at.expect("a platform") as u8, aim];
    for (status, body) in answers {
        bytes.extend([*status, 0]);
        bytes.extend(body.as_bytes());
        bytes.push(NEXT);
    }
    bytes
}

const STATUSES: [u16; 16] = [200, 200, 201, 202, 204, 302, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503];

fn said(bytes: &[u8]) -> Option<Said> {
    let [status, header, body @ ..] = bytes else {
        return None;
    };
    let names = ["retry-after", "ratelimit-reset", "x-ratelimit-reset", "date", "location", "x-request-id"];
    let header = names.get(usize::from(*header).wrapping_sub(1)).map(|name| {
        let value: String = String::from_utf8_lossy(body).chars().filter(|c| !c.is_control()).take(60).collect();
        ((*name).to_owned(), value)
    });
    Some(Said { status: STATUSES[usize::from(*status) % STATUSES.len()], header, body: body.to_vec() })
}

fn env(entry: &PlatformInfo) -> Env {
    let own: &[(&str, &str)] = match entry.about.id {
        "digitalocean" => &[("token", TOKEN), ("app_id", "a1")],
        "cloud_foundry" => &[("client_id", "ci"), ("client_secret", TOKEN), ("app_id", "a1")],
        "datadog" => &[("api_key", TOKEN), ("app_key", TOKEN), ("query", "q")],
        "vercel" => &[("token", TOKEN), ("project_id", "prj_1")],
        "qovery" => &[("token", TOKEN), ("environment_id", "e1")],
        "render" => &[("token", TOKEN), ("service_id", "srv-1")],
        "railway" => &[("project_token", TOKEN), ("service_id", "s1")],
        "netlify" => &[("token", TOKEN), ("site_id", "s1")],
        "cloudflare_workers" => &[("token", TOKEN), ("account_id", "a1")],
        "github_pages" => &[("token", TOKEN), ("repository", "o/r")],
        other => panic!("`env` of tests/properties/answers.rs has no inputs for {other}"),
    };
    let common = [("platform", entry.about.id), ("api_url", "https://api.example")];
    let written = own.iter().chain(&common);
    Env::new(written.map(|(name, value)| {
        let variable = format!("INPUT_{}", name.to_ascii_uppercase());
        (OsString::from(variable), OsString::from(value))
    }))
}

fn selection(aim: u8) -> Option<Selector> {
    let select = *Select::ALL.get(usize::from(aim % 8).checked_sub(3)?)?;
    Some(Selector {
        select,
        branch: (select == Select::Branch).then(|| "main".to_owned()),
        commit: (select == Select::Commit).then(|| "1111111".to_owned()),
        run_commit: None,
        target: None,
        repository: None,
        pull: None,
        home: None,
        one_group: false,
        knows_commits: true,
    })
}

async fn run(entry: &'static PlatformInfo, aim: u8, answers: &[u8]) -> String {
    let env = env(entry);
    let mut faults = Faults::default();
    let values = settings::read(REGISTER, &env, Some(entry), &mut faults);
    let (platform, service) = (entry.open)(&values, &mut faults).expect("inputs that are good");
    let sanitizer = Arc::new(Sanitizer::new(Redactor::new(&all_secrets(REGISTER, &env))));
    let start = Instant::now();
    let talk = Talk { answers: answers.split(|byte| *byte == NEXT).filter_map(said).collect(), ..Talk::default() };
    let script = Script { talk: Arc::new(Mutex::new(talk)), start };
    let base = Address::parse("https://api.example").expect("an address");
    let api = Api::new(service, base, Box::new(script.clone()), Arc::clone(&sanitizer), Clock { start, limit: LIMIT });
    let plan = Plan {
        wait: aim & 0x80 == 0,
        dry_run: aim & 0x40 != 0,
        only_states: None,
        guard: Guard::default(),
        guarded: platform.is_guarded(),
        poll_interval: Duration::from_secs(5),
        slower: entry.slower,
        spare: false,
        limit: LIMIT,
        many: 1,
    };
    let wanted = selection(aim).filter(|wanted| entry.selects.contains(&wanted.select));
    let driver = Run {
        platform: platform.as_ref(),
        api: &api,
        lists_tell: entry.lists_tell && wanted.is_some(),
        if_live: None,
        plan: plan.clone(),
        sanitizer: &sanitizer,
        start,
    };
    let (_sender, mut signals): (_, Signals) = watch::channel(Received::default());
    let (works, whole) = match &wanted {
        Some(wanted) => driver.drive_chosen(wanted, Duration::ZERO, &mut signals, &mut Nobody).await,
        None => (driver.drive(vec![Id::parse("d1").expect("an id")], &mut signals, &mut Nobody).await, None),
    };

    assert!(start.elapsed() <= LIMIT + Duration::from_secs(2), "ended after {:?}", start.elapsed());
    let talk = script.talk.lock().expect("nobody panicked");
    assert_eq!(talk.late, 0, "requests after the limit");
    let most = if plan.dry_run { 0 } else { MOST_CANCELS * works.len() };
    assert!(talk.cancels <= most, "{} requests to cancel {} deployments", talk.cancels, works.len());
    let report = Report {
        platform: Some(&entry.about),
        asked: Asked::default(),
        deployments: works
            .iter()
            .map(|work| DeploymentReport::new(&entry.about, &work.id, &work.procedure, &sanitizer, &Spelling::PLAIN))
            .collect(),
        whole: whole.as_ref().map(|whole| Whole::new(whole, &sanitizer, &Spelling::PLAIN)),
        fail_on: FailOn::usual(false),
        faults: Vec::new(),
        took: start.elapsed(),
    };
    told(entry, &report, &talk);
    report.outcome().to_string()
}

/// What is reported is complete, safe to show, and was heard.
fn told(entry: &PlatformInfo, report: &Report, talk: &Talk) {
    let outputs = report.outputs(LARGEST_DEPLOYMENTS);
    assert_eq!(outputs.len(), OUTPUTS.len());
    let output = |name: &str| outputs.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    for (name, value) in &outputs {
        assert!(!value.contains(TOKEN) && !value.contains(['\n', '\r', '\u{1b}']), "{name}: {value:?}");
    }
    assert!(!report.summary().contains(TOKEN));
    assert!(!output("outcome").is_empty() && !output("reason").is_empty());
    serde_json::from_str::<Vec<Value>>(output("deployments")).expect("JSON");
    let words: &[&str] = match output("outcome") {
        _ if WORDLESS.contains(&entry.about.id) => return,
        "canceled" => &["cancel"],
        "superseded" => &["superseded", "skipped"],
        _ => return,
    };
    assert!(words.iter().any(|word| talk.heard.contains(word)), "{}, but nobody said so", output("outcome"));
    assert_ne!((output("outcome"), talk.cancels), (Outcome::Canceled.word(), 0), "canceled without having been asked");
}

#[async_trait::async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let mut talk = self.talk.lock().expect("nobody panicked");
        talk.late += usize::from(self.start.elapsed() > LIMIT);
        let said = talk.answers.pop_front();
        let is_query = matches!(&request.body, Body::Json(body) if body["query"].as_str().is_some_and(|it| it.starts_with("query")));
        let is_cancel = request.method != Method::Get && !request.url.path().ends_with("/oauth/token") && !is_query;
        talk.cancels += usize::from(is_cancel && said.as_ref().is_none_or(|said| said.status != 429));
        let Some(said) = said else {
            let words = "connection closed before message completed".to_owned();
            return Err(TransportError { kind: Kind::Broken, words });
        };
        if said.status < 300 {
            let mut texts = Vec::new();
            let body = String::from_utf8_lossy(&said.body);
            strings(&serde_json::from_str(&body).unwrap_or_default(), &mut texts);
            talk.heard.push_str(&texts.join(" ").to_lowercase());
        }
        Ok(Response { status: said.status, headers: said.header.into_iter().collect(), body: said.body })
    }
}

/// Every text in a JSON value; an event file or an answer may nest as deep as the parser allows.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(fields) => fields.values().for_each(|item| strings(item, found)),
        _ => {}
    }
}

/// An input for [`check`], and the outcome it is meant to have.
type Conversation = (Vec<u8>, &'static str);

/// Conversations to begin from.
pub fn seeds() -> Vec<Conversation> {
    [
        digitalocean(),
        cloud_foundry(),
        datadog(),
        vercel(),
        qovery(),
        render(),
        railway(),
        netlify(),
        cloudflare_workers(),
        github_pages(),
    ]
    .concat()
}

fn conversation(platform: &str, aim: u8, answers: &[(u8, &str)], outcome: &'static str) -> Conversation {
    (input(platform, aim, answers), outcome)
}

fn digitalocean() -> Vec<Conversation> {
    let told = |phase: &str| {
        json!({
            "id": "d1", "phase": phase, "created_at": "2026-01-02T03:04:05Z",
            "services": [{ "name": "w", "source_commit_hash": "1111111" }],
            "spec": { "services": [{ "name": "w", "github": { "repo": "o/r", "branch": "main" } }] },
        })
    };
    let one = |phase: &str| json!({ "deployment": told(phase) }).to_string();
    let list = json!({ "deployments": [told("DEPLOYING")], "links": {}, "meta": { "total": 1 } }).to_string();
    let (building, deploying) = (one("BUILDING"), one("DEPLOYING"));
    let unclear =
        [(0, deploying.as_str()), (14, "<html>"), (0, &deploying), (0, &deploying), (13, "{}"), (0, &one("ACTIVE"))];
    vec![
        conversation("digitalocean", 0, &[(0, &building), (0, "{}"), (0, &one("CANCELED"))], "canceled"),
        conversation("digitalocean", 3, &[(0, &list), (0, &one("SUPERSEDED"))], "superseded"),
        conversation("digitalocean", 0, &unclear, "completed"),
    ]
}

fn cloud_foundry() -> Vec<Conversation> {
    let told = |value: &str, reason: &str| {
        json!({
            "guid": "d1", "created_at": "2026-01-02T03:04:05Z",
            "status": { "value": value, "reason": reason },
            "relationships": { "app": { "data": { "guid": "a1" } } },
        })
        .to_string()
    };
    let login = "https://login.example";
    let root = json!({ "links": { "login": { "href": login }, "uaa": { "href": login } } });
    let minted = json!({ "access_token": "minted-token-1", "token_type": "bearer", "expires_in": 600 });
    let answers = [
        (0, root.to_string()),
        (0, minted.to_string()),
        (0, told("ACTIVE", "DEPLOYING")),
        (0, String::new()),
        (0, told("FINALIZED", "CANCELED")),
    ];
    let answers = answers.each_ref().map(|(status, body)| (*status, body.as_str()));
    vec![conversation("cloud_foundry", 0, &answers, "canceled")]
}

fn datadog() -> Vec<Conversation> {
    let told = |word: &str| {
        json!({ "data": { "id": "d1", "type": "deployment", "attributes": {
            "high_level_status": word, "filter_query": "q", "total_hosts": 2,
            "hosts": [{ "hostname": "h", "status": "pending" }],
        } } })
        .to_string()
    };
    let (running, stopping, canceled) = (told("running"), told("stopping"), told("canceled"));
    let answers = [(0, running.as_str()), (0, ""), (0, &stopping), (0, &canceled), (0, &canceled)];
    vec![conversation("datadog", 0, &answers, "canceled")]
}

fn vercel() -> Vec<Conversation> {
    let told = |word: &str| {
        json!({
            "id": "d1", "uid": "d1", "readyState": word, "url": "x.vercel.app", "projectId": "prj_1", "name": "p1",
            "createdAt": 1_767_322_000_000_u64, "target": null,
            "meta": { "githubCommitRef": "main", "githubCommitSha": "1111111" },
        })
    };
    let one = |word: &str| told(word).to_string();
    let page = json!({ "deployments": [told("BUILDING")], "pagination": { "next": null } }).to_string();
    vec![
        conversation("vercel", 0, &[(0, &one("BUILDING")), (0, &one("CANCELED"))], "canceled"),
        conversation("vercel", 7, &[(0, &page), (0, &page), (0, &one("READY"))], "completed"),
    ]
}

fn qovery() -> Vec<Conversation> {
    let told = |word: &str| {
        json!({
            "id": "e1", "state": word, "last_deployment_id": "d1", "last_deployment_state": word,
            "deployment_request_id": "d1", "execution_id": "x1",
        })
        .to_string()
    };
    let (deploying, canceling, canceled) = (told("DEPLOYING"), told("CANCELING"), told("CANCELED"));
    let answers = [(0, deploying.as_str()), (0, &deploying), (0, &canceling), (0, &canceled)];
    vec![conversation("qovery", 0, &answers, "canceled")]
}

fn render() -> Vec<Conversation> {
    let told = |word: &str| {
        json!({
            "id": "d1", "status": word, "createdAt": "2026-01-02T03:04:05Z", "commit": { "id": "1111111" }, "trigger": "api",
        })
    };
    let one = |word: &str| told(word).to_string();
    let list = json!([{ "deploy": told("queued"), "cursor": "c1" }]).to_string();
    vec![
        conversation("render", 0, &[(0, &one("build_in_progress")), (0, &one("canceled"))], "canceled"),
        conversation("render", 0, &[(0, &one("update_in_progress")), (6, "{}"), (0, &one("deactivated"))], "completed"),
        conversation("render", 3, &[(0, &list), (0, &one("canceled"))], "canceled"),
    ]
}

fn netlify() -> Vec<Conversation> {
    let told = |state: &str, message: Value| {
        json!({
            "id": "d1", "site_id": "s1", "state": state, "error_message": message, "created_at": "2026-01-02T03:04:05Z",
            "updated_at": "2026-01-02T03:04:05Z", "branch": "main", "commit_ref": "1111111", "context": "production",
        })
        .to_string()
    };
    let (building, canceled) = (told("building", Value::Null), told("error", json!("Canceled build")));
    let (bare, still) = (told("error", Value::Null), told("prepared", json!("Canceled build")));
    let timeout = told("error", json!("Timeout"));
    vec![
        conversation("netlify", 0, &[(0, &building), (0, &building), (0, &bare), (0, &canceled)], "canceled"),
        conversation("netlify", 0, &[(0, &building), (0, &building), (0, &still)], "canceled"),
        conversation("netlify", 0, &[(0, &building), (0, &timeout)], "failed"),
    ]
}

fn cloudflare_workers() -> Vec<Conversation> {
    let told = |status: &str, outcome: Value| {
        let build = json!({
            "build_uuid": "d1", "status": status, "build_outcome": outcome, "created_on": "2026-01-02T03:04:05Z",
            "running_on": "2026-01-02T03:04:06Z", "stopped_on": "2026-01-02T03:04:07Z",
            "trigger": { "external_script_id": "t1", "branch_includes": ["main"], "deploy_command": "npx wrangler deploy" },
            "build_trigger_metadata": { "branch": "main", "commit_hash": "1111111" },
        });
        json!({ "success": true, "errors": [], "result": build }).to_string()
    };
    let (running, answer) = (told("running", Value::Null), json!({ "build_uuid": "d1", "build_outcome": "cancelled" }));
    let answer = json!({ "success": true, "result": answer }).to_string();
    let no =
        json!({ "success": false, "errors": [{ "code": 12000, "message": "Not found" }], "result": null }).to_string();
    let scripts = json!({ "success": true, "result": [{ "id": "w1", "tag": "t1" }] }).to_string();
    let serves = json!([{ "created_on": "2026-01-02T03:04:07Z", "versions": [{ "version_id": "v1" }] }]);
    let serves = json!({ "success": true, "result": { "deployments": serves } }).to_string();
    let built = json!({ "success": true, "result": { "builds": { "v1": { "build_uuid": "d1" } } } }).to_string();
    let live = [(0, running.as_str()), (0, &answer), (0, &scripts), (0, &serves), (0, &built)];
    vec![
        conversation("cloudflare_workers", 0, &live, "completed"),
        conversation("cloudflare_workers", 0, &live[..2], "canceled"),
        conversation(
            "cloudflare_workers",
            0,
            &[(0, &running), (0, &no), (0, &told("stopped", json!("fail")))],
            "failed",
        ),
    ]
}

fn github_pages() -> Vec<Conversation> {
    let told = |word: &str| json!({ "status": word }).to_string();
    let commit = "1111111111111111111111111111111111111111";
    let records =
        json!([{ "id": 3001, "sha": commit, "ref": "main", "created_at": "2026-01-02T03:04:05Z" }]).to_string();
    let (running, canceled) = (told("deployment_in_progress"), told("deployment_cancelled"));
    let finished = r#"{"message":"Unable to cancel deployment d1 as it's finished.","status":"400"}"#;
    vec![
        conversation(
            "github_pages",
            0,
            &[(0, &running), (4, ""), (0, &told("syncing_files")), (0, &canceled)],
            "canceled",
        ),
        conversation(
            "github_pages",
            0,
            &[(0, &running), (6, finished), (0, &running), (0, &told("succeed"))],
            "completed",
        ),
        conversation("github_pages", 3, &[(0, &records), (0, &running), (4, ""), (0, &canceled)], "canceled"),
        conversation("github_pages", 0, &[(0, &told("")), (4, ""), (0, &told("deployment_lost"))], "failed"),
    ]
}

fn railway() -> Vec<Conversation> {
    let told = |word: &str| {
        json!({
            "id": "d1", "status": word, "createdAt": "2026-01-02T03:04:05Z", "canRollback": false,
            "projectId": "p1", "environmentId": "e1", "serviceId": "s1", "meta": { "branch": "main", "commitHash": "1111111" },
        })
    };
    let one = |word: &str| json!({ "data": { "deployment": told(word) } }).to_string();
    let events =
        json!({ "data": { "deploymentEvents": { "edges": [{ "node": { "step": "BUILD_IMAGE" } }] } } }).to_string();
    let (building, removed, yes) = (one("BUILDING"), one("REMOVED"), r#"{"data":{"deploymentCancel":true}}"#);
    let no = r#"{"errors":[{"message":"Deployment not found","path":["deploymentCancel"]}]}"#;
    vec![
        conversation("railway", 0, &[(0, &building), (0, yes), (0, &removed), (0, &events)], "canceled"),
        conversation("railway", 0, &[(0, &building), (0, no), (0, &building)], "error"),
        conversation(
            "railway",
            0,
            &[(0, &building), (0, r#"{"data":{"deploymentCancel":false}}"#), (0, &one("CRASHED"))],
            "completed",
        ),
    ]
}
