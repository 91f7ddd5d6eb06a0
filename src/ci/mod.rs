//! CI systems: which one this is, how it wants things said, and the one place that prints and writes files.

pub mod facts;
mod file;
mod github;
mod plain;
mod printer;

use std::path::Path;

use crate::env::Env;
use crate::outcome::Level;
use crate::report::{Annotation, Report};
use crate::secret::Secret;
use crate::untrusted::break_commands;
use file::{append, replace};
use printer::Printer;
pub(crate) use printer::print;
pub use printer::{Print, Stream};

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
}

/// How one CI system wants things said. It renders, it does not print.
pub trait Ci: Send {
    /// What the user writes for `ci`.
    fn id(&self) -> &'static str;
    /// Hides a secret from everything that follows.
    fn mask(&self, secret: &Secret) -> Vec<Effect>;
    /// A line of the log. The text is safe already.
    fn log(&self, line: &str) -> Effect;
    /// A line for those who asked for details.
    fn debug(&self, line: &str) -> Effect;
    /// Opens a group of log lines.
    fn open_group(&self, title: &str) -> Vec<Effect>;
    /// Closes it.
    fn close_group(&self) -> Vec<Effect>;
    /// An annotation.
    fn annotate(&self, annotation: &Annotation) -> Vec<Effect>;
    /// The outputs of a step.
    fn outputs(&self, outputs: &[(&'static str, String)]) -> Vec<Effect>;
    /// The job summary.
    fn summary(&self, report: &Report) -> Vec<Effect>;
    /// The files that the CI system reads, which nothing of ours may replace.
    fn files(&self) -> Vec<&str>;
    /// Whether outputs are appended to a file, so that a provisional block can be overridden later.
    fn appends_outputs(&self) -> bool;
}

/// The CI systems a user can name.
const KNOWN: [&str; 4] = ["github", "gitea", "forgejo", "plain"];

/// The CI system of this run: as named by `ci`, else as its own variable says. The last one always answers.
pub fn here(env: &Env, named: Option<&str>) -> Box<dyn Ci> {
    let own = named
        .map(str::to_ascii_lowercase)
        .filter(|name| KNOWN.contains(&name.as_str()));
    match own.as_deref().or_else(|| github::detect(env)) {
        None | Some("plain") => Box::new(plain::Plain),
        Some(id) => Box::new(github::GitHub::new(env, id)),
    }
}

/// What is wrong with a value of `ci`, if anything is.
pub fn check_name(name: &str) -> Result<(), String> {
    if KNOWN.contains(&name.to_ascii_lowercase().as_str()) {
        Ok(())
    } else {
        Err(format!("takes one of {}", KNOWN.join(", ")))
    }
}

/// The one that prints and writes. Nothing that fails here changes the result; the first failure of each kind is told.
pub struct Console {
    ci: Box<dyn Ci>,
    debug: bool,
    group: bool,
    warned: Vec<&'static str>,
    printer: Printer,
}

impl Console {
    /// A console of this CI system; `debug` shows details.
    pub fn new(ci: Box<dyn Ci>, debug: bool, print: Print) -> Self {
        Self {
            ci,
            debug,
            group: false,
            warned: Vec::new(),
            printer: Printer::start(print),
        }
    }

    /// Which CI system this is.
    pub fn ci(&self) -> &dyn Ci {
        self.ci.as_ref()
    }

    /// Hides secrets.
    pub fn mask(&mut self, secrets: &[Secret]) {
        for secret in secrets {
            let effects = self.ci.mask(secret);
            self.perform(effects);
        }
    }

    /// A line of the log.
    pub fn log(&mut self, line: &str) {
        let effect = self.ci.log(&break_commands(line));
        self.perform(vec![effect]);
    }

    /// A line for those who asked for details.
    pub fn debug(&mut self, line: &str) {
        if self.debug {
            let effect = self.ci.debug(&break_commands(line));
            self.perform(vec![effect]);
        }
    }

    /// Begins a group.
    pub fn open_group(&mut self, title: &str) {
        self.group = true;
        let effects = self.ci.open_group(&break_commands(title));
        self.perform(effects);
    }

    /// Ends it, if one is open.
    pub fn close_group(&mut self) {
        if std::mem::take(&mut self.group) {
            let effects = self.ci.close_group();
            self.perform(effects);
        }
    }

    /// A warning that is not about a deployment.
    pub fn warn(&mut self, text: &str) {
        self.annotate(&Annotation {
            level: Level::Warning,
            title: "cancel-deployment".to_owned(),
            text: text.to_owned(),
        });
    }

    /// An annotation.
    pub fn annotate(&mut self, annotation: &Annotation) {
        let safe = Annotation {
            level: annotation.level,
            title: break_commands(&annotation.title),
            text: break_commands(&annotation.text),
        };
        let effects = self.ci.annotate(&safe);
        self.perform(effects);
    }

    /// The outputs for the CI system.
    pub fn outputs(&mut self, outputs: &[(&'static str, String)]) {
        let effects = self.ci.outputs(outputs);
        self.perform(effects);
    }

    /// The job summary.
    pub fn summary(&mut self, report: &Report) {
        let effects = self.ci.summary(report);
        self.perform(effects);
    }

    /// The outputs for the input `output_file`.
    pub fn output_file(&mut self, path: &str, report: &Report) {
        let text = output_text(path, report);
        if let Err(error) = replace(path, &text, &self.ci.files()) {
            self.warn(&format!("`output_file` could not be written: {error:#}."));
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Out(line) => self.printer.print(Stream::Out, line),
                Effect::Err(line) => self.printer.print(Stream::Err, line),
                Effect::Append { what, path, text } => {
                    let failure = match &path {
                        Some(path) => append(path, &text)
                            .err()
                            .map(|error| format!("could not be written to {path}: {error:#}")),
                        None => {
                            Some("have no place: this CI system names no file for them".to_owned())
                        }
                    };
                    if let Some(failure) = failure.filter(|_| !self.warned.contains(&what)) {
                        self.warned.push(what);
                        self.warn(&format!(
                            "The {what} {failure}. The log says what happened."
                        ));
                    }
                }
            }
        }
    }
}

/// The text of the input `output_file`: JSON if its name ends in `.json`.
fn output_text(path: &str, report: &Report) -> String {
    let extension = Path::new(path).extension();
    if extension.is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        as_json(report)
    } else {
        as_variables(report)
    }
}

fn as_json(report: &Report) -> String {
    let whole = report.whole_deployments();
    let mut text = "{\n".to_owned();
    for (name, value) in report.outputs() {
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

/// Such files get sourced by shells and refused for an odd character, so only plain values are in it.
fn as_variables(report: &Report) -> String {
    let plain = |value: &str| {
        !value.is_empty()
            && value
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._:/@-".contains(c))
    };
    let lines = report
        .outputs()
        .into_iter()
        .filter(|(name, value)| *name != "deployments" && plain(value));
    lines
        .map(|(name, value)| format!("CANCELLATION_{}={value}\n", name.to_ascii_uppercase()))
        .collect()
}
