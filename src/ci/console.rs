//! The one place that prints, writes files and calls programs. What fails there changes no result.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::file::{append, make_folder, replace};
use super::printer::{Print, Printer, Stream};
use super::program::{Failure, Invocation};
use super::system::{Ci, Effect, MadeOutputs, Outputs};
use crate::ci::{program, variables};
use crate::model::outcome::Level;
use crate::model::signal::Signals;
use crate::report::{Annotation, LARGEST_DEPLOYMENTS, Report};
use crate::text::sanitizer::{Sanitizer, break_marks_in, line};
use crate::text::secret::{SHORTEST_HIDDEN, Secret};

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
    sanitizer: Arc<Sanitizer>,
    printer: Printer,
}

impl Console {
    /// A console of this CI system; `debug` shows details.
    pub fn new(ci: Box<dyn Ci>, debug: bool, signals: Signals, sanitizer: Arc<Sanitizer>, print: Print) -> Self {
        Self {
            ci,
            debug,
            group: false,
            warned: Vec::new(),
            given_up: false,
            runner_reads: false,
            signals,
            sanitizer,
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
            self.apply_masks(handed_over);
        } else {
            self.apply_masks(all);
        }
    }

    /// Hides a secret that was made on the way.
    pub fn mask_made(&mut self, secret: &Secret) {
        if self.runner_reads || !self.ci.masks_by_printing() {
            self.apply_masks(std::slice::from_ref(secret));
        }
    }

    fn apply_masks(&mut self, secrets: &[Secret]) {
        let long = |secret: &&Secret| secret.expose().trim().len() >= SHORTEST_HIDDEN;
        let secrets: Vec<_> = secrets.iter().filter(long).cloned().collect();
        if !secrets.is_empty() {
            let effects = self.ci.mask(&secrets);
            self.perform(effects);
            // Before anything else is done: nobody knows what that says by itself.
            self.flush();
        }
    }

    /// Lets everything that was said go out: to be called before anything is waited for.
    pub fn flush(&mut self) {
        self.printer.flush();
    }

    /// A line of the log.
    pub fn log(&mut self, text: &str) {
        let effect = self.ci.log(&line(text));
        self.perform(vec![effect]);
    }

    /// A line for those who asked for details.
    pub fn debug(&mut self, text: &dyn Fn() -> String) {
        if self.debug {
            let effect = self.ci.debug(&line(&text()));
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
        let text = self.sanitizer.redact(text);
        self.annotate(&Annotation::new(Level::Warning, "cancel-deployment".into(), text));
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
    pub fn provisional(&mut self, outputs: &MadeOutputs<'_>) {
        let effects = self.ci.provisional(outputs);
        self.perform(effects);
    }

    /// The summary, if it is wanted, the annotations, and the page that shows both.
    pub fn publish(&mut self, report: &Report, summary: bool) {
        if summary {
            let effects = self.ci.summary(report);
            self.perform(effects);
        }
        let annotations: Vec<_> = report.annotations().iter().map(safe).collect();
        let is_told = summary && self.ci.summary_is_log();
        let lines = if is_told { report.last_lines().iter().map(safe).collect() } else { annotations.clone() };
        for annotation in &lines {
            let effects = self.ci.annotate(annotation);
            self.perform(effects);
        }
        let effects = self.ci.run_annotation(report, &annotations, summary);
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
        self.flush();
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
        self.flush();
        let failure = match &path {
            Some(path) => write(path).err().map(|error| format!("could not be written to {path}: {error:#}")),
            None => Some("have no place: this CI system names no file for them".to_owned()),
        };
        if let Some(failure) = &failure {
            self.warn_once(what, &format!("The {what} {failure}. The log says what happened."));
        }
        failure.is_none()
    }

    fn call(&mut self, what: &'static str, program: &'static str, calls: Vec<Invocation>, limit: Duration) {
        if self.given_up {
            return;
        }
        self.flush();
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
    Annotation {
        level: annotation.level,
        title: break_marks_in(&annotation.title),
        text: break_marks_in(&annotation.text),
        answer: annotation.answer.as_ref().map(break_marks_in),
    }
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
    let mut text = "{\n".to_owned();
    for (name, value) in report.outputs_with(&report.whole_deployments()) {
        let value = match name {
            "deployments" | "canceled" | "count" | "canceled_count" | "duration_seconds" => value,
            _ => serde_json::Value::String(value).to_string(),
        };
        let comma = if name == "deployments" { "" } else { "," };
        text.push_str(&format!("  \"{name}\": {value}{comma}\n"));
    }
    text + "}\n"
}
