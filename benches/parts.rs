//! The parts of a run that compute: `cargo bench`. Whole processes are measured by `benches/process.sh`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "what cannot be measured may stop at the first surprise"
)]

#[path = "../tests/run/nobody.rs"]
mod nobody;
#[path = "../tests/sandbox/mod.rs"]
mod sandbox;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cancel_deployment::api::{Api, Clock, Request, Response, Transport, TransportError};
use cancel_deployment::cancel::Plan;
use cancel_deployment::input::Spelling;
use cancel_deployment::input::env::Env;
use cancel_deployment::input::faults::Faults;
use cancel_deployment::model::address::Address;
use cancel_deployment::model::answers::{Filter, Listed};
use cancel_deployment::model::deployment::Deployment;
use cancel_deployment::model::id::Id;
use cancel_deployment::model::outcome::FailOn;
use cancel_deployment::model::signal::Received;
use cancel_deployment::platform::Platform;
use cancel_deployment::platform::register::REGISTER;
use cancel_deployment::report::{Asked, DeploymentReport, LARGEST_DEPLOYMENTS, Report};
use cancel_deployment::run::{Run, Task};
use cancel_deployment::select::guard::Guard;
use cancel_deployment::select::{Select, Selector};
use cancel_deployment::settings;
use cancel_deployment::text::redactor::Redactor;
use cancel_deployment::text::sanitizer::Sanitizer;
use cancel_deployment::text::secret::Secret;
use divan::Bencher;
use nobody::Nobody;
use sandbox::{COMMIT, One, STANDS, Sandbox, TOKEN};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::Instant;

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

const MANY: usize = 1000;
const LIMIT: Duration = Duration::from_secs(600);

fn main() {
    divan::main();
}

/// Hands requests to a sandbox, and remembers its lists, which then cost nothing but their parsing.
struct Inside {
    sandbox: Sandbox,
    lists: Mutex<HashMap<String, Response>>,
}

#[async_trait::async_trait]
impl Transport for Inside {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let url = request.url.to_string();
        let mut lists = self.lists.lock().expect("nobody panicked");
        if let Some(known) = lists.get(&url) {
            return Ok(Response { status: known.status, headers: known.headers.clone(), body: known.body.clone() });
        }
        let path = request.url.path().trim_start_matches("/digitalocean");
        let query = request.url.query().unwrap_or_default();
        let response = exchange(&self.sandbox, request.method.word(), path, query);
        if request.url.query().is_some() {
            let copy = Response { body: response.body.clone(), headers: response.headers.clone(), ..response };
            lists.insert(url, copy);
        }
        Ok(response)
    }
}

fn exchange(sandbox: &Sandbox, method: &str, path: &str, query: &str) -> Response {
    let arrived = sandbox::Request {
        scheme: "http",
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: vec![("authorization".to_owned(), format!("Bearer {TOKEN}"))],
        body: Vec::new(),
    };
    let answer = sandbox.exchange()("digitalocean", arrived).answer;
    assert_eq!(answer.status, 200, "{path}");
    Response { status: answer.status, headers: answer.headers.into_iter().collect(), body: answer.body }
}

/// A run on a platform with many deployments.
struct Stage {
    runtime: Runtime,
    platform: Box<dyn Platform>,
    api: Api,
    sanitizer: Arc<Sanitizer>,
    start: Instant,
}

impl Stage {
    fn new() -> Stage {
        let (entry, stand) = (REGISTER[0], STANDS[0]);
        let sandbox = Sandbox::without_server();
        let branches = ["main", "feature/one", "feature/two"];
        for number in 1..=MANY {
            stand.put_one(&sandbox, &One::new(number, COMMIT).branch(branches[number % branches.len()]));
        }
        let inputs = stand.inputs().into_iter();
        let env = Env::new(inputs.map(|(name, value)| (format!("INPUT_{}", name.to_uppercase()).into(), value.into())));
        let mut faults = Faults::default();
        let values = settings::read(REGISTER, &env, Some(entry), &mut faults);
        let (platform, service) = (entry.open)(&values, &mut faults).expect("inputs that are good");
        let sanitizer = Arc::new(Sanitizer::new(Redactor::new(&secrets())));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let guard = runtime.enter();
        let start = Instant::now();
        drop(guard);
        let base = Address::parse("https://api.example/digitalocean").expect("an address");
        let transport = Inside { sandbox, lists: Mutex::default() };
        let clock = Clock { start, limit: LIMIT };
        let api = Api::new(service, base, Box::new(transport), Arc::clone(&sanitizer), clock);
        Stage { runtime, platform, api, sanitizer, start }
    }

    fn list(&self) -> Vec<Deployment> {
        let filter = Filter { history: true, ..Filter::default() };
        match self.runtime.block_on(self.platform.list(&self.api, &filter)) {
            Ok(Listed::Here(listed)) if listed.len() == MANY => listed,
            other => panic!("no list of {MANY}: {:?}", other.map(|_| ())),
        }
    }

    /// All deployments, canceled.
    fn tasks(&self) -> Vec<Task> {
        let plan = Plan {
            wait: true,
            dry_run: false,
            only_states: None,
            guard: Guard::default(),
            guarded: self.platform.is_guarded(),
            poll_interval: Duration::from_secs(5),
            slower: None,
            spare: false,
            limit: LIMIT,
            many: 1,
        };
        let run = Run {
            platform: self.platform.as_ref(),
            api: &self.api,
            plan,
            lists_tell: false,
            if_live: None,
            sanitizer: &self.sanitizer,
            start: self.start,
        };
        let ids = (1..=MANY).map(|number| Id::parse(&STANDS[0].id(number)).expect("an id"));
        let (_sender, mut signals) = watch::channel(Received::default());
        self.runtime.block_on(run.drive(ids.collect(), &mut signals, &mut Nobody))
    }

    fn report(&self, tasks: &[Task]) -> Report {
        let about = &REGISTER[0].about;
        let story =
            |task: &Task| DeploymentReport::new(about, &task.id, &task.procedure, &self.sanitizer, &Spelling::PLAIN);
        Report {
            platform: Some(about),
            asked: Asked::default(),
            deployments: tasks.iter().map(story).collect(),
            whole: None,
            fail_on: FailOn::usual(false),
            faults: Vec::new(),
            took: Duration::from_secs(1),
        }
    }
}

fn secrets() -> Vec<Secret> {
    vec![Secret::from(TOKEN.to_owned())]
}

/// 16 KiB of what a platform answers.
fn body() -> String {
    let sandbox = Sandbox::without_server();
    (1..=20).for_each(|number| STANDS[0].put_one(&sandbox, &One::new(number, COMMIT)));
    let list = exchange(&sandbox, "GET", "/v2/apps/app-1/deployments", "per_page=20");
    String::from_utf8(list.body).expect("text").chars().take(16 * 1024).collect()
}

#[divan::bench]
fn redact_16_kib(bencher: Bencher) {
    let (redactor, body) = (Redactor::new(&secrets()), body());
    bencher.bench(|| redactor.redact(&body));
}

#[divan::bench]
fn redact_16_kib_with_a_secret(bencher: Bencher) {
    let (redactor, mut body) = (Redactor::new(&secrets()), body());
    body.insert_str(8 * 1024, TOKEN);
    bencher.bench(|| redactor.redact(&body));
}

#[divan::bench]
fn parse_a_list_of_1000(bencher: Bencher) {
    let stage = Stage::new();
    stage.list();
    bencher.bench(|| stage.list());
}

#[divan::bench(args = [Select::Latest, Select::Branch, Select::Superseded])]
fn select_from_1000(bencher: Bencher, select: Select) {
    let listed = Stage::new().list();
    let selector = Selector {
        select,
        branch: Some("main".to_owned()),
        commit: None,
        run_commit: None,
        target: None,
        repository: None,
        pull: None,
        home: None,
        one_group: false,
        knows_commits: true,
    };
    bencher.bench(|| selector.select(&listed));
}

#[divan::bench]
fn report_of_1000(bencher: Bencher) {
    let stage = Stage::new();
    let tasks = stage.tasks();
    bencher.bench(|| {
        let report = stage.report(&tasks);
        (report.outputs(LARGEST_DEPLOYMENTS), report.summary(), report.annotations())
    });
}
