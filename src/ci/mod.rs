//! CI systems: which one this is, how it wants things said, and the one place that prints, writes files and calls
//! programs.

mod azure;
mod bitbucket;
mod buildkite;
mod circleci;
mod drone;
pub mod facts;
mod file;
mod github;
mod gitlab;
mod harness;
mod jenkins;
mod plain;
mod printer;
mod program;
mod run_annotation;
mod teamcity;
mod variables;
mod woodpecker;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::input::env::Env;
use crate::model::outcome::Level;
use crate::model::signal::Signals;
use crate::report::{Annotation, LARGEST_DEPLOYMENTS, Report};
use crate::text::sanitizer::{Sanitizer, break_marks, line};
use crate::text::secret::{SHORTEST_HIDDEN, Secret};
use file::{append, make_folder, replace};
use printer::Printer;
pub(crate) use printer::print;
pub use printer::{Print, Stream};
use program::{Call, Failure};

/// The outputs of a step, by name.
type Outputs = [(&'static str, String)];

/// Something a CI system wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A line on standard output, complete and safe.
    Out(String),
    /// A line on standard error, complete and safe.
    Err(String),
    /// Text appended to a file of the CI system's.
    Append {
        /// What the file is for, in warnings.
        what: &'static str,
        /// The file; `None` when the CI system did not name one.
        path: Option<String>,
        /// Whole lines.
        text: String,
    },
    /// A file written as a whole.
    Replace {
        /// What the file is for, in warnings.
        what: &'static str,
        /// The file; `None` when the CI system did not name a place for it.
        path: Option<String>,
        /// All of it.
        text: String,
        /// The line that tells the CI system about the file, once it is there.
        then: Option<String>,
    },
    /// Calls of a program that the CI system puts beside the step, all at once.
    Calls {
        /// What they hand over, in warnings.
        what: &'static str,
        /// The program, found by its name.
        program: &'static str,
        /// Its calls.
        calls: Vec<Call>,
        /// How long they are waited for.
        limit: Duration,
    },
}

/// How one CI system wants things said. It renders, it does not print. Unless it says otherwise, everything is a line
/// of the log on standard output, for people only.
pub trait Ci: Send {
    /// What the user writes for `ci`.
    fn id(&self) -> &'static str;

    /// Whether hiding a secret means to print it, for the runner to read.
    fn masks_by_printing(&self) -> bool {
        false
    }

    /// Hides secrets from everything that follows; none of them is very short.
    fn mask(&self, _secrets: &[Secret]) -> Vec<Effect> {
        Vec::new()
    }

    /// A line of the log. The text is safe already.
    fn log(&self, line: &str) -> Effect {
        Effect::Out(line.to_owned())
    }

    /// A line for those who asked for details.
    fn debug(&self, line: &str) -> Effect {
        self.log(&format!("debug: {line}"))
    }

    /// Opens a group of log lines.
    fn open_group(&self, title: &str, _now: Timestamp) -> Vec<Effect> {
        vec![self.log(title)]
    }

    /// Closes it.
    fn close_group(&self, _now: Timestamp) -> Vec<Effect> {
        Vec::new()
    }

    /// An annotation.
    fn annotate(&self, annotation: &Annotation) -> Vec<Effect> {
        vec![self.log(&sentence(annotation))]
    }

    /// The outputs of a step.
    fn outputs(&self, _outputs: &Outputs) -> Vec<Effect> {
        Vec::new()
    }

    /// What stands in for them while the run goes on, where outputs are appended to a file and later ones override it:
    /// some runners kill without warning.
    fn provisional(&self, _outputs: &Outputs) -> Vec<Effect> {
        Vec::new()
    }

    /// The job summary.
    fn summary(&self, report: &Report) -> Vec<Effect> {
        let lines = report.plain_summary();
        let safe = lines.iter().map(|text| self.log(&line(text)));
        safe.collect()
    }

    /// What the whole run is shown as on a page of the CI system, besides these two: with the summary in it, if that
    /// is wanted, else with the annotations.
    fn panel(&self, _report: &Report, _annotations: &[Annotation], _summary: bool) -> Vec<Effect> {
        Vec::new()
    }

    /// How large the output `deployments` may be, in bytes.
    fn largest_deployments(&self) -> usize {
        LARGEST_DEPLOYMENTS
    }

    /// Where outputs go when the user names no `output_file`.
    fn usual_output_file(&self) -> Option<&'static str> {
        None
    }

    /// What belongs beside an `output_file` of that name.
    fn beside_output_file(&self, _path: &str, _report: &Report) -> Vec<Effect> {
        Vec::new()
    }

    /// The files that the CI system reads, which nothing of ours may replace.
    fn files(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// One CI system that a user can name.
struct System {
    id: &'static str,
    /// Whether its own variable says that this is it.
    is_here: fn(&Env) -> bool,
    /// Told whether it is: elsewhere a mask command would print the secret instead of hiding it.
    open: fn(&Env, bool) -> Box<dyn Ci>,
}

/// In the order of detection: some set variables of others as well. The last one always answers.
const SYSTEMS: [System; 14] = [
    github::FORGEJO,
    github::GITEA,
    github::GITHUB,
    azure::SYSTEM,
    gitlab::SYSTEM,
    buildkite::SYSTEM,
    circleci::SYSTEM,
    bitbucket::SYSTEM,
    woodpecker::SYSTEM,
    harness::SYSTEM,
    drone::SYSTEM,
    teamcity::SYSTEM,
    jenkins::SYSTEM,
    plain::SYSTEM,
];

/// The names of all CI systems.
pub fn names() -> impl Iterator<Item = &'static str> {
    SYSTEMS.iter().map(|system| system.id)
}

/// The CI system whose own variable is set; `plain` when there is none.
fn detect(env: &Env) -> &'static str {
    let found = SYSTEMS.iter().find(|system| (system.is_here)(env));
    found.map_or(plain::SYSTEM.id, |system| system.id)
}

/// The CI system of this run: as named by `ci`, else as its own variable says.
pub fn here(env: &Env, named: Option<&str>) -> Box<dyn Ci> {
    let known = |name: &str| names().find(|id| id.eq_ignore_ascii_case(name));
    let id = named.and_then(known).unwrap_or_else(|| detect(env));
    let system = SYSTEMS.iter().find(|system| system.id == id);
    let system = system.unwrap_or(&plain::SYSTEM);
    (system.open)(env, (system.is_here)(env))
}

/// What is wrong with a value of `ci`, if anything is.
pub fn check_name(name: &str) -> Result<(), String> {
    if names().any(|id| id.eq_ignore_ascii_case(name)) {
        Ok(())
    } else {
        let names: Vec<_> = names().collect();
        Err(format!("takes one of {}", names.join(", ")))
    }
}

/// Whether a variable is exactly this word.
fn says(env: &Env, variable: &str, word: &str) -> bool {
    env.var(variable) == Some(word)
}

/// An annotation as a line for people.
fn sentence(annotation: &Annotation) -> String {
    let level = match annotation.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    format!("{level}: {}: {}", annotation.title, annotation.text)
}

/// How long after a signal programs of the CI system are still waited for: the process has to be gone after 3 seconds.
const AFTER_SIGNAL: Duration = Duration::from_millis(2400);

/// The one that prints and writes. Nothing that fails here changes the result; the first failure of each kind is told.
pub struct Console {
    ci: Box<dyn Ci>,
    debug: bool,
    group: bool,
    warned: Vec<&'static str>,
    /// A program of the CI system that is not there or hangs is not called again.
    given_up: bool,
    /// Standard output is surely read by the runner, and by nobody else.
    runner_reads: bool,
    signals: Signals,
    cleaner: Arc<Sanitizer>,
    printer: Printer,
}

impl Console {
    /// A console of this CI system; `debug` shows details.
    pub fn new(ci: Box<dyn Ci>, debug: bool, signals: Signals, cleaner: Arc<Sanitizer>, print: Print) -> Self {
        Self {
            ci,
            debug,
            group: false,
            warned: Vec::new(),
            given_up: false,
            runner_reads: false,
            signals,
            cleaner,
            printer: Printer::start(print),
        }
    }

    /// Which CI system this is.
    pub fn ci(&self) -> &dyn Ci {
        self.ci.as_ref()
    }

    /// Hides the secrets of this run. Where that means to print them, only those go out that the runner handed over as
    /// inputs of an action or a task: the output of a script may be redirected, and the CI system hides its own secrets.
    pub fn mask(&mut self, all: &[Secret], handed_over: &[Secret]) {
        self.runner_reads = !handed_over.is_empty();
        if self.ci.masks_by_printing() {
            self.hide(handed_over);
        } else {
            self.hide(all);
        }
    }

    /// Hides a secret that was made on the way.
    pub fn mask_made(&mut self, secret: &Secret) {
        if self.runner_reads || !self.ci.masks_by_printing() {
            self.hide(std::slice::from_ref(secret));
        }
    }

    fn hide(&mut self, secrets: &[Secret]) {
        let long = |secret: &&Secret| secret.expose().trim().len() >= SHORTEST_HIDDEN;
        let secrets: Vec<_> = secrets.iter().filter(long).cloned().collect();
        if !secrets.is_empty() {
            let effects = self.ci.mask(&secrets);
            self.perform(effects);
        }
    }

    /// A line of the log.
    pub fn log(&mut self, text: &str) {
        let effect = self.ci.log(&line(text));
        self.perform(vec![effect]);
    }

    /// A line for those who asked for details.
    pub fn debug(&mut self, text: &str) {
        if self.debug {
            let effect = self.ci.debug(&line(text));
            self.perform(vec![effect]);
        }
    }

    /// Begins a group.
    pub fn open_group(&mut self, title: &str) {
        self.group = true;
        let effects = self.ci.open_group(&line(title), Timestamp::now());
        self.perform(effects);
    }

    /// Ends it, if one is open.
    pub fn close_group(&mut self) {
        if std::mem::take(&mut self.group) {
            let effects = self.ci.close_group(Timestamp::now());
            self.perform(effects);
        }
    }

    /// A warning that is not about a deployment.
    pub fn warn(&mut self, text: &str) {
        self.annotate(&Annotation {
            level: Level::Warning,
            title: "cancel-deployment".to_owned(),
            text: self.cleaner.ours(text),
        });
    }

    /// An annotation.
    pub fn annotate(&mut self, annotation: &Annotation) {
        let effects = self.ci.annotate(&safe(annotation));
        self.perform(effects);
    }

    /// The outputs for the CI system.
    pub fn outputs(&mut self, outputs: &Outputs) {
        let effects = self.ci.outputs(outputs);
        self.perform(effects);
    }

    /// What stands in for the outputs until then.
    pub fn provisional(&mut self, outputs: &Outputs) {
        let effects = self.ci.provisional(outputs);
        self.perform(effects);
    }

    /// The summary, if it is wanted, the annotations, and the page that shows both.
    pub fn conclude(&mut self, report: &Report, summary: bool) {
        if summary {
            let effects = self.ci.summary(report);
            self.perform(effects);
        }
        let annotations: Vec<_> = report.annotations().iter().map(safe).collect();
        for annotation in &annotations {
            let effects = self.ci.annotate(annotation);
            self.perform(effects);
        }
        let effects = self.ci.panel(report, &annotations, summary);
        self.perform(effects);
    }

    /// The outputs for the input `output_file`, or for the file that this CI system expects without it.
    pub fn output_file(&mut self, named: Option<&str>, report: &Report) {
        let Some(path) = named.or(self.ci.usual_output_file()) else {
            return;
        };
        let text = output_text(path, report);
        // What leads into these may be a file that holds the log already, or a pipe.
        let stream = match path {
            "/dev/stdout" => Some(Stream::Out),
            "/dev/stderr" => Some(Stream::Err),
            _ => None,
        };
        if let Some(stream) = stream {
            self.printer.print(stream, text.trim_end().to_owned());
            return;
        }
        let written = make_folder(path).and_then(|()| replace(path, &text, &self.ci.files()));
        if let Err(error) = written {
            self.warn(&format!("`output_file` could not be written: {error:#}."));
        }
        let effects = self.ci.beside_output_file(path, report);
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Out(line) => self.printer.print(Stream::Out, line),
                Effect::Err(line) => self.printer.print(Stream::Err, line),
                Effect::Append { what, path, text } => {
                    self.write(what, path, |path| append(path, &text));
                }
                Effect::Replace { what, path, text, then } => {
                    let written = self.write(what, path, |path| replace(path, &text, &[]));
                    if let Some(line) = then.filter(|_| written) {
                        self.printer.print(Stream::Out, line);
                    }
                }
                Effect::Calls { what, program, calls, limit } => self.call(what, program, calls, limit),
            }
        }
    }

    fn write(&mut self, what: &'static str, path: Option<String>, write: impl Fn(&str) -> anyhow::Result<()>) -> bool {
        let failure = match &path {
            Some(path) => write(path).err().map(|error| format!("could not be written to {path}: {error:#}")),
            None => Some("have no place: this CI system names no file for them".to_owned()),
        };
        if let Some(failure) = &failure {
            self.warn_once(what, &format!("The {what} {failure}. The log says what happened."));
        }
        failure.is_none()
    }

    fn call(&mut self, what: &'static str, program: &'static str, calls: Vec<Call>, limit: Duration) {
        if self.given_up {
            return;
        }
        let (since, signals) = (Instant::now(), self.signals.clone());
        let has_time = || {
            let heard = *signals.borrow();
            let may_wait = |at: Instant| !heard.again && at.elapsed() < AFTER_SIGNAL;
            since.elapsed() < limit && heard.at.is_none_or(may_wait)
        };
        let failure = match program::call(program, calls, has_time) {
            Ok(()) => return,
            Err(Failure::Refused(how)) => {
                let text =
                    format!("The {what} could not be handed to `{program}`: it {how}. The log says what happened.");
                return self.warn_once(what, &text);
            }
            Err(Failure::Missing) => "is not in PATH",
            Err(Failure::Late) => "did not answer in time",
        };
        self.given_up = true;
        self.warn(&format!(
            "`{program}` {failure}, so nothing more is handed to it, the {what} included. The log says what happened."
        ));
    }

    fn warn_once(&mut self, what: &'static str, text: &str) {
        if !self.warned.contains(&what) {
            self.warned.push(what);
            self.warn(text);
        }
    }
}

/// An annotation in which nothing can act as a command.
fn safe(annotation: &Annotation) -> Annotation {
    Annotation { level: annotation.level, title: break_marks(&annotation.title), text: break_marks(&annotation.text) }
}

/// The text of the input `output_file`: JSON if its name ends in `.json`.
fn output_text(path: &str, report: &Report) -> String {
    let extension = Path::new(path).extension();
    if extension.is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        as_json(report)
    } else {
        variables::lines(&report.outputs(LARGEST_DEPLOYMENTS))
    }
}

fn as_json(report: &Report) -> String {
    let whole = report.whole_deployments();
    let mut text = "{\n".to_owned();
    for (name, value) in report.outputs(LARGEST_DEPLOYMENTS) {
        let value = match name {
            "deployments" => whole.clone(),
            "canceled" | "count" | "canceled_count" | "duration_seconds" => value,
            _ => serde_json::Value::String(value).to_string(),
        };
        let comma = if name == "deployments" { "" } else { "," };
        text.push_str(&format!("  \"{name}\": {value}{comma}\n"));
    }
    text + "}\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(variables: &[(&str, &str)]) -> Env {
        let variables = variables.iter();
        Env::new(variables.map(|(name, value)| (name.into(), value.into())))
    }

    #[track_caller]
    fn check(variables: &[(&str, &str)], id: &str) {
        assert_eq!(here(&env(variables), None).id(), id, "{variables:?}");
    }

    #[test]
    fn each_system_is_known_by_its_own_variable() {
        for (variable, word, id) in [
            ("FORGEJO_ACTIONS", "true", "forgejo"),
            ("GITEA_ACTIONS", "true", "gitea"),
            ("GITHUB_ACTIONS", "true", "github"),
            ("TF_BUILD", "True", "azure"),
            ("GITLAB_CI", "false", "gitlab"),
            ("BUILDKITE", "true", "buildkite"),
            ("CIRCLECI", "true", "circleci"),
            ("BITBUCKET_BUILD_NUMBER", "7", "bitbucket"),
            ("CI", "woodpecker", "woodpecker"),
            ("CI_SYSTEM_NAME", "woodpecker", "woodpecker"),
            ("HARNESS_OUTPUT_FILE", "/o", "harness"),
            ("HARNESS_PIPELINE_ID", "web", "harness"),
            ("HARNESS_BUILD_ID", "7", "harness"),
            ("DRONE", "true", "drone"),
            ("TEAMCITY_VERSION", "2026.1", "teamcity"),
        ] {
            check(&[(variable, word)], id);
            check(&[(variable, " ")], "plain");
        }
        let jenkins = [("JENKINS_URL", "https://ci.example"), ("BUILD_NUMBER", "1")];
        check(&jenkins, "jenkins");
        check(&jenkins[..1], "plain");
        check(&jenkins[1..], "plain");
        // Without a configured location there is no JENKINS_URL.
        for own in [("BUILD_TAG", "jenkins-web-1"), ("JENKINS_HOME", "/var/jenkins_home")] {
            check(&[own, jenkins[1]], "jenkins");
            check(&[own], "plain");
        }
        check(&[("BUILD_TAG", "v1"), jenkins[1]], "plain");
    }

    #[test]
    fn a_word_that_no_system_writes_is_none() {
        for (variable, word) in [
            ("TF_BUILD", "true"),
            ("BUILDKITE", "1"),
            ("CIRCLECI", "TRUE"),
            ("DRONE", "yes"),
            ("CI", "true"),
            ("CI_COMMIT_SHA", "1111111"),
            ("DRONE_OUTPUT", "/o"),
        ] {
            check(&[(variable, word)], "plain");
        }
    }

    #[test]
    fn a_system_that_sets_variables_of_others_is_told_apart() {
        let actions = [("GITHUB_ACTIONS", "true"), ("GITEA_ACTIONS", "true")];
        check(&actions, "gitea");
        check(&[&actions[..], &[("FORGEJO_ACTIONS", "true")]].concat(), "forgejo");
        check(&[("DRONE", "true"), ("HARNESS_OUTPUT_FILE", "/o")], "harness");
        check(&[("DRONE", "true"), ("CI", "woodpecker")], "woodpecker");
        check(&[("BUILD_NUMBER", "1"), ("TEAMCITY_VERSION", "1")], "teamcity");
    }

    #[test]
    fn every_system_can_be_named_in_any_case() {
        for name in names() {
            assert_eq!(check_name(name), Ok(()));
            let found = here(&env(&[("GITHUB_ACTIONS", "true")]), Some(&name.to_uppercase()));
            assert_eq!(found.id(), name);
        }
        assert!(check_name("travis").is_err_and(|wrong| names().all(|name| wrong.contains(name))));
    }

    /// A secret on a machine that is not the CI it is told to be: a mask would print it, store it, or hand it on.
    #[test]
    fn nothing_is_masked_where_the_systems_own_variable_does_not_say_so() {
        let secret = [Secret::from("a-long-secret".to_owned())];
        let files = [("HARNESS_OUTPUT_SECRET_FILE", "/s"), ("CI", "true")];
        for name in names() {
            assert_eq!(here(&env(&files), Some(name)).mask(&secret), [], "{name}");
        }
    }
}
