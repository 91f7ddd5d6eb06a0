//! A run with other people's words in every place of it, told on every CI system, and read back by the models of all of
//! them: no command that is not ours, and every value as it was.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cancel_deployment::api::{Api, Clock, Request, Reset, Response, Service, Transport, TransportError};
use cancel_deployment::cancel::{Plan, Verdict};
use cancel_deployment::ci::{self, Ci, Console, Effect};
use cancel_deployment::input::env::Env;
use cancel_deployment::model::address::Address;
use cancel_deployment::model::answers::{Accepted, Conclusion, Found};
use cancel_deployment::model::deployment::{Deployment, State};
use cancel_deployment::model::failure::{Failure, Kind};
use cancel_deployment::model::id::Id;
use cancel_deployment::model::outcome::{FailOn, Level, Outcome};
use cancel_deployment::model::reason::Reason;
use cancel_deployment::model::signal::{Received, Signals};
use cancel_deployment::platform::Platform;
use cancel_deployment::platform::register::REGISTER;
use cancel_deployment::report::{Annotation, DeploymentReport, LARGEST_DEPLOYMENTS, Report, Whole};
use cancel_deployment::run::{Observer, Run, Task};
use cancel_deployment::select::guard::Guard;
use cancel_deployment::text::sanitizer::Sanitizer;
use cancel_deployment::text::secret::Secret;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

#[path = "../models/mod.rs"]
#[allow(dead_code, reason = "other users of the models need the rest")]
mod models;
use models::{azure, buildkite, drone, github, gitlab, harness, shell, silence, teamcity};

/// What happens to a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Canceled,
    Live,
    Failed,
    Refused,
    Unclear,
    Missing,
}

const ENDS: [End; 6] = [End::Canceled, End::Live, End::Failed, End::Refused, End::Unclear, End::Missing];

/// One deployment in other people's words.
#[derive(Clone, Debug)]
pub struct Said {
    pub end: End,
    /// As the user wrote it, and as the platform has it.
    pub id: String,
    pub own_id: String,
    pub before: String,
    pub after: String,
    pub url: String,
    pub branch: String,
    pub commit: String,
    pub target: String,
    pub note: String,
    pub refusal: String,
    pub request_id: String,
    pub hint: String,
    pub fact: String,
    pub sentence: String,
}

/// A whole run in other people's words.
#[derive(Clone, Debug)]
pub struct Tale {
    pub deployments: Vec<Said>,
    /// Instead of deployments: faults of the inputs, or an end of the whole run.
    pub faults: Vec<String>,
    pub whole: Option<String>,
    pub asked: String,
    pub line: String,
    pub title: String,
    pub text: String,
    pub token: String,
    pub summary: bool,
}

/// How many texts a deployment and the rest of a run have.
const EACH: usize = 14;
const REST: usize = 5;

impl Tale {
    /// A tale of as many deployments as `ends` has, with these texts one after the other, again and again.
    pub fn of(ends: &[usize], texts: &[String], summary: bool) -> Self {
        let mut texts = texts.iter().cycle().cloned();
        let mut next = || texts.next().unwrap_or_default();
        let said = |end: &usize| Said {
            end: ENDS[end % ENDS.len()],
            id: next(),
            own_id: next(),
            before: next(),
            after: next(),
            url: next(),
            branch: next(),
            commit: next(),
            target: next(),
            note: next(),
            refusal: next(),
            request_id: next(),
            hint: next(),
            fact: next(),
            sentence: next(),
        };
        let deployments: Vec<_> = ends.iter().map(said).collect();
        let alone = deployments.is_empty();
        Self {
            deployments,
            faults: if alone && !summary { vec![next(), next()] } else { Vec::new() },
            whole: (alone && summary).then(&mut next),
            asked: next(),
            line: next(),
            title: next(),
            text: next(),
            // The only ends of lines that a runner knows.
            token: next().replace(['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], ""),
            summary,
        }
    }

    /// How many texts such a tale takes at most.
    pub fn texts(deployments: usize) -> usize {
        deployments * EACH + REST + 2
    }

    /// From any bytes: the first says how many deployments there are and how they end, the rest are texts between bytes
    /// that no text has.
    pub fn from_bytes(input: &[u8]) -> Self {
        let [first, rest @ ..] = input else {
            return Self::of(&[0], &[], true);
        };
        let texts: Vec<_> =
            rest.split(|byte| *byte == 0xff).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
        let first = usize::from(*first);
        let ends: Vec<_> = (0..first % 3).map(|n| first / 3 + n).collect();
        Self::of(&ends, &texts, first & 0x80 == 0)
    }
}

/// A platform that says these things.
struct Player {
    said: Vec<Said>,
    sanitizer: Arc<Sanitizer>,
}

/// The id that a user writes for the deployment of that number: the words, if they can be an id at all.
fn written(number: usize, words: &str) -> Id {
    let id = Id::parse(&format!("{words}{number}"));
    id.unwrap_or_else(|_| Id::parse(&format!("d{number}")).expect("an id"))
}

impl Player {
    fn number(&self, id: &str) -> usize {
        let digits = id.len() - 1;
        id[digits..].parse().expect("a number at the end")
    }

    fn deployment(&self, number: usize, state: State, word: &str, settled: bool) -> Found {
        let said = &self.said[number];
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Found::Here(Box::new(Deployment {
            state,
            platform_state: word.to_owned(),
            settled,
            url: text(&said.url),
            branch: text(&said.branch),
            commit: text(&said.commit),
            target: text(&said.target),
            note: text(&said.note),
            ..Deployment::without_reading(&format!("{}{number}", said.own_id))
        }))
    }
}

#[async_trait]
impl Platform for Player {
    async fn find(&self, _api: &Api, id: &Id) -> Result<Found, Failure> {
        let number = self.number(id.as_str());
        let said = &self.said[number];
        Ok(match said.end {
            End::Missing => Found::Missing(said.sentence.clone()),
            _ => self.deployment(number, State::Running, &said.before, false),
        })
    }

    async fn refresh(&self, _api: &Api, known: &Deployment) -> Result<Found, Failure> {
        let number = self.number(&known.id);
        let said = &self.said[number];
        let state = match said.end {
            End::Canceled => State::Canceled,
            End::Live => State::Succeeded,
            End::Failed => State::Failed,
            End::Unclear | End::Missing => State::Unknown,
            End::Refused => State::Running,
        };
        let settled = state == State::Unknown;
        Ok(self.deployment(number, state, &said.after, settled))
    }

    fn without_reading(&self, _id: &Id) -> Option<Deployment> {
        None
    }

    async fn cancel(&self, _api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let said = &self.said[self.number(&known.id)];
        // The door cleans these before anybody sees them.
        let request_id = Some(self.sanitizer.short(&said.request_id).into_string());
        if said.end == End::Refused {
            let refused = Failure::own(Kind::Refused, said.refusal.clone(), said.hint.clone());
            return Err(Failure { action: "cancel it".to_owned(), status: Some(409), request_id, ..refused });
        }
        Ok(Accepted { deployment: None, status: 202, request_id })
    }

    async fn final_details(&self, _api: &Api, ended: &Deployment) -> Result<Conclusion, Failure> {
        let said = &self.said[self.number(&ended.id)];
        let mut details = Map::new();
        details.insert("query".to_owned(), json!(said.fact));
        Ok(Conclusion { details, sentence: Some(said.sentence.clone()).filter(|text| !text.is_empty()) })
    }
}

/// Nothing is ever sent.
struct NoLink;

#[async_trait]
impl Transport for NoLink {
    async fn send(&self, _request: Request) -> Result<Response, TransportError> {
        unreachable!("the platform answers by itself")
    }
}

struct Nobody;

impl Observer for Nobody {
    fn saw(&mut self, _work: &Task) {}
    fn warn(&mut self, _text: &str) {}
    fn asking(&mut self, _works: &[Task], _which: usize) {}
}

/// The report of a tale, by the real procedure.
fn report(tale: &Tale, sanitizer: &Arc<Sanitizer>) -> Report {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let entry = REGISTER[0];
    let ending = |words: &String| Whole::new(&Verdict::new(Outcome::Error, Reason::Missing(words.clone())), sanitizer);
    Report {
        platform: Some(&entry.about),
        asked: sanitizer.short(&format!("Cancel {}", tale.asked)),
        deployments: runtime
            .block_on(drive(tale, sanitizer))
            .iter()
            .map(|work| DeploymentReport::new(&entry.about, &work.id, &work.procedure, sanitizer))
            .collect(),
        fail_on: FailOn::usual(false),
        whole: tale.whole.as_ref().map(ending),
        faults: tale.faults.iter().map(|fault| sanitizer.short(&format!("`x` {fault}"))).collect(),
        took: Duration::from_secs(3),
    }
}

async fn drive(tale: &Tale, sanitizer: &Arc<Sanitizer>) -> Vec<Task> {
    const LIMIT: Duration = Duration::from_secs(20);
    let start = Instant::now();
    let service = Service::new(&REGISTER[0].about).rate_limit(Reset("x")).request_id("");
    let base = Address::parse("https://api.example").expect("an address");
    let api = Api::new(service, base, Box::new(NoLink), Arc::clone(sanitizer), Clock { start, limit: LIMIT });
    let player = Player { said: tale.deployments.clone(), sanitizer: Arc::clone(sanitizer) };
    let driver = Run {
        platform: &player,
        api: &api,
        plan: Plan {
            wait: true,
            dry_run: false,
            only_states: None,
            guard: Guard::default(),
            guarded: false,
            poll_interval: Duration::from_secs(5),
            slower: None,
            spare: false,
            limit: LIMIT,
            many: 1,
        },
        lists_tell: false,
        sanitizer,
        start,
    };
    let (_sender, mut signals): (_, Signals) = watch::channel(Received::default());
    let ids = tale.deployments.iter().enumerate();
    let ids = ids.map(|(number, said)| written(number, &said.id)).collect();
    driver.drive(ids, &mut signals, &mut Nobody).await
}

/// What reached a CI system.
#[derive(Default)]
struct Heard {
    out: Vec<String>,
    err: Vec<String>,
    files: BTreeMap<String, String>,
    calls: VecDeque<buildkite::Call>,
}

impl Heard {
    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Out(line) => self.out.push(line),
            Effect::Err(line) => self.err.push(line),
            Effect::Append { path, text, .. } => {
                self.files.entry(path.expect("a place")).or_default().push_str(&text);
            }
            Effect::Replace { path, text, then, .. } => {
                self.files.insert(path.expect("a place"), text);
                self.out.extend(then);
            }
            Effect::Calls { calls, .. } => self.calls.extend(calls.into_iter().map(|call| {
                let input = call.input.to_string();
                buildkite::Call { arguments: call.arguments, input }
            })),
        }
    }

    fn log(&self) -> String {
        format!("{}\n{}\n", self.out.join("\n"), self.err.join("\n"))
    }

    fn file(&self, name: &str) -> &str {
        self.files.get(name).map_or("", String::as_str)
    }
}

/// Notes what a CI system wants done, instead of having it done.
struct Scribe {
    ci: Box<dyn Ci>,
    heard: Arc<Mutex<Heard>>,
}

impl Scribe {
    fn note(&self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut heard = self.heard.lock().expect("nobody panicked");
        effects.into_iter().for_each(|effect| heard.take(effect));
        Vec::new()
    }

    fn note_one(&self, effect: Effect) -> Effect {
        self.note(vec![effect]);
        Effect::Out(String::new())
    }
}

impl Ci for Scribe {
    fn id(&self) -> &'static str {
        self.ci.id()
    }
    fn masks_by_printing(&self) -> bool {
        self.ci.masks_by_printing()
    }
    fn mask(&self, secrets: &[Secret]) -> Vec<Effect> {
        self.note(self.ci.mask(secrets))
    }
    fn log(&self, line: &str) -> Effect {
        self.note_one(self.ci.log(line))
    }
    fn debug(&self, line: &str) -> Effect {
        self.note_one(self.ci.debug(line))
    }
    fn open_group(&self, title: &str, now: Timestamp) -> Vec<Effect> {
        self.note(self.ci.open_group(title, now))
    }
    fn close_group(&self, now: Timestamp) -> Vec<Effect> {
        self.note(self.ci.close_group(now))
    }
    fn annotate(&self, annotation: &Annotation) -> Vec<Effect> {
        self.note(self.ci.annotate(annotation))
    }
    fn outputs(&self, outputs: &[(&'static str, String)]) -> Vec<Effect> {
        self.note(self.ci.outputs(outputs))
    }
    fn summary(&self, report: &Report) -> Vec<Effect> {
        self.note(self.ci.summary(report))
    }
    fn run_annotation(&self, report: &Report, annotations: &[Annotation], summary: bool) -> Vec<Effect> {
        self.note(self.ci.run_annotation(report, annotations, summary))
    }
    fn largest_deployments(&self) -> usize {
        self.ci.largest_deployments()
    }
    fn beside_output_file(&self, path: &str, report: &Report) -> Vec<Effect> {
        self.note(self.ci.beside_output_file(path, report))
    }
}

/// The variables of a CI system, its files by names that nobody opens.
fn variables(ci: &str) -> &'static [(&'static str, &'static str)] {
    const FILES: [(&str, &str); 2] = [("GITHUB_OUTPUT", "output"), ("GITHUB_STEP_SUMMARY", "summary")];
    match ci {
        "github" => &[("GITHUB_ACTIONS", "true"), FILES[0], FILES[1]],
        "gitea" => &[("GITEA_ACTIONS", "true"), FILES[0], FILES[1]],
        "forgejo" => &[("FORGEJO_ACTIONS", "true"), FILES[0], FILES[1]],
        "azure" => &[("TF_BUILD", "True"), ("AGENT_TEMPDIRECTORY", "/t")],
        "gitlab" => &[("GITLAB_CI", "true")],
        "buildkite" => &[("BUILDKITE", "true")],
        "circleci" => &[("CIRCLECI", "true"), ("BASH_ENV", "bash_env")],
        "bitbucket" => &[("BITBUCKET_BUILD_NUMBER", "7"), ("BITBUCKET_PIPELINES_VARIABLES_PATH", "variables")],
        "woodpecker" => &[("CI", "woodpecker")],
        "harness" => &[
            ("HARNESS_OUTPUT_FILE", "output.env"),
            ("HARNESS_OUTPUT_SECRET_FILE", "secrets.env"),
            ("HARNESS_ANNOTATIONS_FILE", "annotations.json"),
            ("HARNESS_PROJECT_ID", "##vso[task.complete]::error::x"),
        ],
        "drone" => &[("DRONE", "true"), ("DRONE_CARD_PATH", "/dev/stdout")],
        "teamcity" => &[("TEAMCITY_VERSION", "2026.1")],
        "jenkins" => &[("JENKINS_URL", "https://ci.example"), ("BUILD_NUMBER", "7")],
        "plain" => &[],
        other => panic!("no variables for {other}: add what it reads"),
    }
}

/// Whether shells are started as well, to see what they make of files that they read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shells {
    Started,
    Spared,
}

/// Tells a tale everywhere, and reads it back.
pub fn check(tale: &Tale, shells: Shells) {
    check_on(tale, ci::names(), shells);
    let folder = tempfile::tempdir().expect("a folder");
    let report = report(tale, &Arc::new(Sanitizer::default()));
    output_files(&report, folder.path(), shells);
}

/// Tells it on some CI systems, and reads it back.
pub fn check_on(tale: &Tale, names: impl Iterator<Item = &'static str>, shells: Shells) {
    let sanitizer = Arc::new(Sanitizer::default());
    let report = report(tale, &sanitizer);
    told_whole(tale, &report, &sanitizer);
    for ci in names {
        let heard = tell(tale, &report, ci);
        let log = heard.log();
        let reading = Reading { ci, tale, report: &report, heard: &heard, log };
        reading.check(shells);
    }
}

/// The whole run as the program tells it, on that CI system.
fn tell(tale: &Tale, report: &Report, ci: &str) -> Heard {
    let heard = Arc::new(Mutex::new(Heard::default()));
    let set = variables(ci).iter();
    let env = Env::new(set.map(|(name, value)| (OsString::from(name), OsString::from(value))));
    let scribe = Scribe { ci: ci::here(&env, Some(ci)), heard: Arc::clone(&heard) };
    let (_sender, signals): (_, Signals) = watch::channel(Received::default());
    let sanitizer = Arc::default();
    let mut console = Console::new(Box::new(scribe), true, signals, sanitizer, Box::new(|_, _| ()));
    let token = [Secret::from(tale.token.clone())];
    console.mask(&token, &token);
    console.open_group(&report.asked);
    console.log(&tale.line);
    console.debug(&tale.line);
    console.close_group();
    let largest = console.ci().largest_deployments();
    console.outputs(&report.outputs(largest));
    console.warn(&tale.text);
    console.annotate(&extra(tale));
    console.publish(report, tale.summary);
    if ci == "gitlab" {
        console.ci().beside_output_file("dir/x.env", report);
    }
    drop(console);
    let mut heard = heard.lock().expect("nobody panicked");
    std::mem::take(&mut *heard)
}

/// An annotation that is other people's words from the first to the last.
fn extra(tale: &Tale) -> Annotation {
    let shown = |text: &String| Sanitizer::default().redact(text);
    Annotation { level: Level::Error, title: shown(&tale.title), text: shown(&tale.text) }
}

/// What stays of a text however it was cleaned, broken or escaped: what people can see, but for blanks and backslashes.
fn bare(text: &str) -> String {
    let stays = |c: &char| !c.is_control() && !c.is_whitespace() && *c != '\\';
    models::heard(text).chars().filter(stays).collect()
}

#[track_caller]
fn same(one: &str, other: &str) {
    assert_eq!(bare(one), bare(other), "{one:?} {other:?}");
}

/// In the JSON of the outputs every text is what the platform said, cleaned.
fn told_whole(tale: &Tale, report: &Report, sanitizer: &Sanitizer) {
    let whole = report.whole_deployments();
    silence::of_file("deployments", &whole);
    let told: Vec<Value> = serde_json::from_str(&whole).expect("JSON");
    assert_eq!(told.len(), tale.deployments.len());
    for (number, (told, said)) in told.iter().zip(&tale.deployments).enumerate() {
        let missing = said.end == End::Missing;
        let value = |text: &str| Some(sanitizer.short(text).into_string());
        let id = if missing {
            value(written(number, &said.id).as_str())
        } else {
            value(&format!("{}{number}", said.own_id))
        };
        let field = |name: &str| told[name].as_str().map(str::to_owned);
        assert_eq!(field("deployment_id"), id);
        let fields = [
            ("branch", &said.branch),
            ("commit", &said.commit),
            ("target", &said.target),
            ("deployment_url", &said.url),
        ];
        for (name, said) in fields {
            let said = value(said).filter(|_| !missing && !said.is_empty());
            assert_eq!(field(name), said, "{name}");
        }
        if !missing {
            assert_eq!(field("previous_state"), value(&said.before));
            assert_eq!(field("platform_state"), value(&said.after));
            assert_eq!(field("request_id"), value(&said.request_id));
            assert_eq!(told["timeline"][0]["platform_state"].as_str(), value(&said.before).as_deref());
        }
        if said.end == End::Canceled {
            assert_eq!(told["details"]["query"], sanitizer.sentence(&said.fact).as_str());
        }
    }
}

/// One CI system, and what it makes of what it heard.
struct Reading<'a> {
    ci: &'static str,
    tale: &'a Tale,
    report: &'a Report,
    heard: &'a Heard,
    log: String,
}

impl Reading<'_> {
    fn check(&self, shells: Shells) {
        let (ci, heard) = (self.ci, self.heard);
        silence::of_log(ci, &self.log);
        for (name, text) in &heard.files {
            silence::of_file(&format!("{ci} {name}"), text);
        }
        for call in &heard.calls {
            if call.arguments[0] != "redactor" {
                silence::of_file(&format!("{ci} {:?}", call.arguments), &call.input);
            }
        }
        match ci {
            "github" | "gitea" | "forgejo" => self.github(),
            "azure" => self.azure(),
            "gitlab" => self.gitlab(),
            "buildkite" => self.buildkite(),
            "circleci" if shells == Shells::Started => self.sourced("bash_env", |name, value| Some((name, value))),
            "bitbucket" => self.plain_values("variables", shells),
            "harness" => self.harness(),
            "drone" => self.drone(),
            "teamcity" => self.teamcity(),
            _ => {}
        }
    }

    fn is(&self, ci: &str) -> bool {
        self.ci == ci
    }

    /// All annotations in their order, and what they say.
    fn annotations(&self) -> Vec<Annotation> {
        let text = Sanitizer::default().redact(&self.tale.text);
        let warning = Annotation { level: Level::Warning, title: "cancel-deployment".into(), text };
        let mut all = vec![warning, extra(self.tale)];
        all.extend(self.report.annotations());
        all
    }

    fn outputs(&self) -> Vec<(&'static str, String)> {
        let largest = if self.is("harness") { 45 * 1024 } else { LARGEST_DEPLOYMENTS };
        self.report.outputs(largest)
    }

    #[track_caller]
    fn all_outputs(&self, read: impl Fn(&str) -> Option<String>) {
        for (name, value) in self.outputs() {
            assert_eq!(read(name).as_deref(), Some(value.as_str()), "{} {name}", self.ci);
        }
    }

    fn github(&self) {
        let mut readings = vec![github::obeyed(&self.log)];
        // GitHub's own runner ends a command at the first `::`, so there texts and masks may hold more of them.
        if !self.is("github") {
            readings.push(github::obeyed_by_relatives(&self.log));
        }
        for mut commands in readings {
            let masks = commands.iter().take_while(|one| one.name == "add-mask").count();
            let masks: Vec<_> = commands.drain(..masks).map(|mask| mask.text).collect();
            assert!(masks.is_empty() || masks == [models::heard(&self.tale.token)], "{masks:?}");
            let mut commands = commands.into_iter();
            for (name, text) in [("group", self.report.asked.as_str()), ("debug", self.tale.line.as_str())] {
                let command = commands.next().expect("a command");
                assert_eq!(command.name, name, "{}", self.log);
                same(&command.text, text);
            }
            assert_eq!(commands.next().expect("a command").name, "endgroup");
            for annotation in self.annotations() {
                let command = commands.next().expect("an annotation");
                let level = match annotation.level {
                    Level::Error => "error",
                    Level::Warning => "warning",
                    Level::Notice => "notice",
                };
                assert_eq!(command.name, level);
                let title = command.properties.strip_prefix("title=").expect("a title");
                same(title, &annotation.title);
                same(&command.text, &annotation.text);
            }
            assert_eq!(commands.next(), None, "{}", self.log);
        }
        let outputs = github::outputs(self.heard.file("output")).expect("outputs");
        assert_eq!(outputs.len(), self.outputs().len());
        let outputs: BTreeMap<_, _> = outputs.into_iter().collect();
        self.all_outputs(|name| outputs.get(name).cloned());
        self.page(self.heard.file("summary"), self.tale.summary);
    }

    fn azure(&self) {
        let commands = azure::obeyed(&self.log);
        let count = |name: &str| commands.iter().filter(|one| one.name == name).count();
        let issues: Vec<_> = commands.iter().filter(|one| one.name == "task.logissue").collect();
        let secrets: Vec<_> = commands.iter().filter(|one| one.name == "task.setsecret").collect();
        assert!(secrets.iter().all(|one| one.text == models::heard(&self.tale.token)));
        let ours = [self.outputs().len(), usize::from(self.tale.summary)];
        assert_eq!([count("task.setvariable"), count("task.uploadsummary")], ours);
        let all = ours[0] + ours[1] + issues.len() + secrets.len();
        assert_eq!(commands.len(), all, "{commands:?}");
        let loud = self.annotations().into_iter();
        let loud: Vec<_> = loud.filter(|one| one.level != Level::Notice).collect();
        assert_eq!(issues.len(), loud.len());
        for (issue, annotation) in issues.iter().zip(loud) {
            same(&issue.text, &format!("{}: {}", annotation.title, annotation.text));
        }
        assert_eq!(azure::formats(&silence::without_masks(self.ci, &self.log)), ["group", "debug", "endgroup"]);
        let outputs = azure::outputs(&self.log);
        self.all_outputs(|name| outputs.get(&format!("cancellation_{name}")).cloned());
        for text in self.heard.files.values() {
            self.page(text, true);
        }
    }

    fn gitlab(&self) {
        let links = gitlab::links(self.heard.file("dir/x.annotations.json"));
        let known = self.report.links();
        assert!(links.len() <= known.len());
        for (label, url) in links {
            assert!(known.contains(&(label.as_str(), url.as_str())), "{label} {url}");
        }
    }

    fn buildkite(&self) {
        let groups = buildkite::groups(&self.log);
        same(&groups[0], &format!("--- {}", self.report.asked));
        assert_eq!(groups[1], "+++ What came of it");
        let calls: Vec<_> = self.heard.calls.iter().cloned().collect();
        let set: BTreeMap<_, _> = buildkite::meta_data(&calls).into_iter().collect();
        for (name, value) in self.outputs() {
            let seen = set.get(&format!("cancellation_{name}"));
            assert_eq!(seen, Some(&value).filter(|value| !value.trim().is_empty()));
        }
        let page = calls.last().expect("an annotation");
        assert_eq!(page.arguments[0], "annotate");
        self.page(&page.input, self.tale.summary);
        for call in &calls {
            let known = ["redactor", "meta-data", "annotate"];
            assert!(known.contains(&call.arguments[0].as_str()), "{:?}", call.arguments);
        }
    }

    /// What a shell has after it read a file.
    fn sourced(&self, name: &str, expected: impl Fn(String, String) -> Option<(String, String)>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, self.heard.file(name)).expect("a file");
        let outputs = self.outputs().into_iter();
        let outputs = outputs.filter_map(|(name, value)| expected(variable(name), value));
        assert_eq!(shell::sourced(&path), outputs.collect::<BTreeMap<_, _>>());
    }

    fn plain_values(&self, name: &str, shells: Shells) {
        plain_values(self.heard.file(name), &self.outputs());
        if shells == Shells::Started {
            self.sourced(name, |name, value| is_plain(&name, &value).then_some((name, value)));
        }
    }

    fn harness(&self) {
        let outputs = harness::variables(self.heard.file("output.env")).expect("outputs");
        assert_eq!(outputs.len(), self.outputs().len());
        self.all_outputs(|name| outputs.get(&variable(name)).cloned());
        let secrets = harness::variables(self.heard.file("secrets.env")).expect("secrets");
        assert!(secrets.values().all(|secret| *secret == self.tale.token));
        let page: Value = serde_json::from_str(self.heard.file("annotations.json")).expect("JSON");
        assert_eq!(page["projectId"], variables("harness")[3].1);
        assert_eq!(page["annotations"].as_array().map(Vec::len), Some(1));
        let text = page["annotations"][0]["summary"].as_str().expect("a text");
        self.page(text, self.tale.summary);
    }

    fn drone(&self) {
        let cards = drone::cards(&self.log);
        let outputs = self.outputs();
        for name in ["outcome", "reason", "deployment_id"] {
            let value = &outputs.iter().find(|(known, _)| *known == name).expect("an output").1;
            assert_eq!(cards[0]["data"][name], json!(value));
        }
        same(cards[0]["data"]["title"].as_str().expect("a title"), &self.report.title());
    }

    fn teamcity(&self) {
        let messages = teamcity::obeyed(&self.log);
        let named = |name: &'static str| messages.iter().filter(move |one| one.name == name);
        let parameters = teamcity::parameters(&self.log);
        self.all_outputs(|name| parameters.get(&format!("env.{}", variable(name))).cloned());
        let annotations = self.annotations();
        let errors: Vec<_> = annotations.iter().filter(|one| one.level == Level::Error).collect();
        assert_eq!(named("message").count(), annotations.len());
        assert_eq!(named("buildProblem").count(), errors.len());
        for (message, annotation) in named("message").zip(&annotations) {
            same(&message.attributes["text"], &format!("{}: {}", annotation.title, annotation.text));
        }
        for (message, error) in named("buildProblem").zip(errors) {
            let whole = bare(&format!("{}: {}", error.title, error.text));
            assert!(whole.starts_with(&bare(&message.attributes["description"])));
        }
        let blocks: Vec<_> = named("blockOpened").chain(named("blockClosed")).collect();
        same(&blocks[0].attributes["description"], &self.report.asked);
        assert_eq!(blocks.len(), 2);
        let all = self.outputs().len() + annotations.len() + named("buildProblem").count() + 2;
        assert_eq!(messages.len(), all, "{messages:?}");
    }

    /// A page of Markdown is our headings, our tables, our links and otherwise text.
    fn page(&self, text: &str, summary: bool) {
        let known: Vec<_> = self.report.links().into_iter().map(|(_, url)| url).collect();
        let page = silence::of_page(text, |url| known.contains(&url));
        if !summary || self.report.deployments.is_empty() {
            return;
        }
        assert_eq!(page.rows.len(), 2 + self.report.deployments.len());
        let spans: Vec<_> = page.code.iter().map(|code| bare(code)).collect();
        for (number, said) in self.tale.deployments.iter().enumerate() {
            let mut values = vec![written(number, &said.id).as_str().to_owned()];
            if said.end != End::Missing {
                values = vec![format!("{}{number}", said.own_id), said.before.clone(), said.after.clone()];
            }
            for value in values {
                let value = bare(&Sanitizer::default().short(&value));
                assert!(value.is_empty() || spans.contains(&value), "{value:?} in {spans:?}\n{text}");
            }
        }
    }
}

fn variable(output: &str) -> String {
    format!("CANCELLATION_{}", output.to_uppercase())
}

fn is_plain(name: &str, value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:/@-".contains(c);
    name != variable("deployments") && !value.is_empty() && value.chars().all(plain)
}

/// Lines of our names and plain values, as many as there are.
#[track_caller]
fn plain_values(text: &str, outputs: &[(&'static str, String)]) {
    let lines = gitlab::dotenv(text).expect("lines of variables");
    let outputs = outputs.iter().map(|(name, value)| (variable(name), value.clone()));
    let expected: Vec<_> = outputs.filter(|(name, value)| is_plain(name, value)).collect();
    assert_eq!(lines, expected);
}

/// The files that a user names.
fn output_files(report: &Report, folder: &std::path::Path, shells: Shells) {
    let (_sender, signals): (_, Signals) = watch::channel(Received::default());
    let plain = ci::here(&Env::default(), Some("plain"));
    let loud = Box::new(|_, line| panic!("{line}"));
    let mut console = Console::new(plain, false, signals, Arc::default(), loud);
    let outputs = report.outputs(LARGEST_DEPLOYMENTS);
    let mut read = |name: &str| {
        let path = folder.join(name);
        console.output_file(path.to_str(), report);
        std::fs::read_to_string(path).expect("a file")
    };
    let text = read("x.json");
    silence::of_file("x.json", &text);
    let whole: Value = serde_json::from_str(&text).expect("JSON");
    for (name, value) in &outputs {
        if let Value::String(text) = &whole[*name] {
            assert_eq!(text, value, "{name}");
        }
    }
    assert_eq!(
        whole["deployments"].to_string(),
        serde_json::from_str::<Value>(&report.whole_deployments()).expect("JSON").to_string()
    );
    plain_values(&read("x.env"), &outputs);
    if shells == Shells::Started {
        let named = outputs.iter().map(|(name, value)| (variable(name), value.clone()));
        let plain: BTreeMap<_, _> = named.filter(|(name, value)| is_plain(name, value)).collect();
        assert_eq!(shell::sourced(&folder.join("x.env")), plain);
    }
}
