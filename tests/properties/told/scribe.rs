//! What reached a CI system, noted instead of carried out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use cancel_deployment::ci::{Ci, Effect};
use cancel_deployment::report::{Annotation, Report};
use cancel_deployment::text::secret::Secret;
use jiff::Timestamp;

use super::models::buildkite;

/// What reached a CI system.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) out: Vec<String>,
    pub(super) err: Vec<String>,
    pub(super) files: BTreeMap<String, String>,
    pub(super) calls: VecDeque<buildkite::Call>,
}

impl Heard {
    pub(super) fn take(&mut self, effect: Effect) {
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

    pub(super) fn log(&self) -> String {
        format!("{}\n{}\n", self.out.join("\n"), self.err.join("\n"))
    }

    pub(super) fn file(&self, name: &str) -> &str {
        self.files.get(name).map_or("", String::as_str)
    }
}

/// Notes what a CI system wants done, instead of having it done.
pub(super) struct Scribe {
    pub(super) ci: Box<dyn Ci>,
    pub(super) heard: Arc<Mutex<Heard>>,
}

impl Scribe {
    pub(super) fn note(&self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut heard = self.heard.lock().expect("nobody panicked");
        effects.into_iter().for_each(|effect| heard.take(effect));
        Vec::new()
    }

    pub(super) fn note_one(&self, effect: Effect) -> Effect {
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
    fn summary_is_log(&self) -> bool {
        self.ci.summary_is_log()
    }
    fn largest_deployments(&self) -> usize {
        self.ci.largest_deployments()
    }
    fn beside_output_file(&self, path: &str, report: &Report) -> Vec<Effect> {
        self.note(self.ci.beside_output_file(path, report))
    }
}

/// The variables of a CI system, its files by names that nobody opens.
pub(super) fn variables(ci: &str) -> &'static [(&'static str, &'static str)] {
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
