//! What each CI system makes of what it heard.

use std::collections::BTreeMap;
use std::sync::Arc;

use cancel_deployment::ci::{self, Console};
use cancel_deployment::input::env::Env;
use cancel_deployment::model::outcome::Level;
use cancel_deployment::model::signal::{Received, Signals};
use cancel_deployment::report::{Annotation, LARGEST_DEPLOYMENTS, Report};
use cancel_deployment::text::sanitizer::Sanitizer;
use cancel_deployment::text::web_link::WebLink;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::models::{self, azure, buildkite, drone, github, gitlab, harness, shell, silence, teamcity};
use super::player::written;
use super::scribe::{Heard, variables};
use super::{End, Shells, Tale, bare, extra, same};

/// In the JSON of the outputs every text is what the platform said, cleaned.
pub(super) fn told_whole(tale: &Tale, report: &Report, sanitizer: &Sanitizer) {
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
pub(super) struct Reading<'a> {
    pub(super) ci: &'static str,
    pub(super) tale: &'a Tale,
    pub(super) report: &'a Report,
    pub(super) heard: &'a Heard,
    pub(super) log: String,
}

impl Reading<'_> {
    pub(super) fn check(&self, shells: Shells) {
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
        let warning = Annotation::new(Level::Warning, "cancel-deployment".into(), text);
        let mut all = vec![warning, extra(self.tale)];
        // Below a summary in the same log less is left to say.
        let ci = ci::here(&Env::default(), Some(self.ci));
        let is_told = self.tale.summary && ci.summary_is_log();
        all.extend(if is_told { self.report.last_lines() } else { self.report.annotations() });
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
            for (name, text) in [("group", self.report.asked.to_string().as_str()), ("debug", self.tale.line.as_str())]
            {
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
                same(&command.text, &whole_text(&annotation));
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
            same(&issue.text, &format!("{}: {}", annotation.title, whole_text(&annotation)));
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
        let known: Vec<_> = known.iter().map(|(label, url)| (*label, url.as_str())).collect();
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
            same(&message.attributes["text"], &format!("{}: {}", annotation.title, whole_text(annotation)));
        }
        for (message, error) in named("buildProblem").zip(errors) {
            let whole = bare(&format!("{}: {}", error.title, whole_text(error)));
            assert!(whole.starts_with(&bare(&message.attributes["description"])));
        }
        let blocks: Vec<_> = named("blockOpened").chain(named("blockClosed")).collect();
        same(&blocks[0].attributes["description"], &self.report.asked.to_string());
        assert_eq!(blocks.len(), 2);
        let all = self.outputs().len() + annotations.len() + named("buildProblem").count() + 2;
        assert_eq!(messages.len(), all, "{messages:?}");
    }

    /// A page of Markdown is our headings, our tables, our links and otherwise text.
    fn page(&self, text: &str, summary: bool) {
        let known: Vec<_> = self.report.links().into_iter().map(|(_, url)| url).collect();
        let page = silence::of_page(text, |url| known.iter().any(|known: &WebLink| known.as_str() == url));
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

pub(super) fn variable(output: &str) -> String {
    format!("CANCELLATION_{}", output.to_uppercase())
}

pub(super) fn is_plain(name: &str, value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:/@-".contains(c);
    name != variable("deployments") && !value.is_empty() && value.chars().all(plain)
}

/// Lines of our names and plain values, as many as there are.
#[track_caller]
pub(super) fn plain_values(text: &str, outputs: &[(&'static str, String)]) {
    let lines = gitlab::dotenv(text).expect("lines of variables");
    let outputs = outputs.iter().map(|(name, value)| (variable(name), value.clone()));
    let expected: Vec<_> = outputs.filter(|(name, value)| is_plain(name, value)).collect();
    assert_eq!(lines, expected);
}

/// The files that a user names.
pub(super) fn output_files(report: &Report, folder: &std::path::Path, shells: Shells) {
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

/// What an annotation says, with the platform's words.
fn whole_text(annotation: &Annotation) -> String {
    format!("{} {}", annotation.text, annotation.answer.as_deref().unwrap_or_default())
}
