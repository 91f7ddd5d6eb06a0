//! How one CI system wants things said: it turns what is to be said into effects, and prints nothing itself.

use std::time::Duration;

use jiff::Timestamp;

use super::program::Invocation;
use crate::input::Style;
use crate::input::env::Env;
use crate::model::outcome::Level;
use crate::report::{Annotation, LARGEST_DEPLOYMENTS, Report};
use crate::text::sanitizer::line;
use crate::text::secret::Secret;

/// The outputs of a step, by name.
pub(super) type Outputs = [(&'static str, String)];

/// The same, made only where they are wanted.
pub(super) type MadeOutputs<'a> = dyn Fn() -> Vec<(&'static str, String)> + 'a;

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
        calls: Vec<Invocation>,
        /// How long they are waited for.
        limit: Duration,
    },
}

/// How one CI system wants things said. It puts them into words, it does not print. Unless it says otherwise, everything is a line
/// of the log on standard output, for people only.
pub trait Ci: Send {
    /// What the user writes for `ci`.
    fn id(&self) -> &'static str;

    /// Where its users write inputs.
    fn style(&self) -> Style {
        Style::Variable
    }

    /// Why this run may not see a secret that its user has stored: a sentence.
    fn withholds_secrets(&self, _env: &Env) -> Option<&'static str> {
        None
    }

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
        sentences(annotation).map(|sentence| self.log(&sentence)).collect()
    }

    /// The outputs of a step.
    fn outputs(&self, _outputs: &Outputs) -> Vec<Effect> {
        Vec::new()
    }

    /// What stands in for them while the run goes on, where outputs are appended to a file and later ones override it:
    /// some runners kill without warning.
    fn provisional(&self, _outputs: &MadeOutputs<'_>) -> Vec<Effect> {
        Vec::new()
    }

    /// Whether the summary stands in the log as well, so that the annotations there need not repeat it.
    fn summary_is_log(&self) -> bool {
        true
    }

    /// The job summary.
    fn summary(&self, report: &Report) -> Vec<Effect> {
        let lines = report.plain_summary();
        let safe = lines.iter().map(|text| self.log(&line(text)));
        safe.collect()
    }

    /// What the whole run is shown as on a page of the CI system, besides these two: with the summary in it, if that
    /// is wanted, else with the annotations.
    fn run_annotation(&self, _report: &Report, _annotations: &[Annotation], _summary: bool) -> Vec<Effect> {
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

/// Whether a variable is exactly this word.
pub(super) fn says(env: &Env, variable: &str, word: &str) -> bool {
    env.var(variable) == Some(word)
}

/// An annotation as lines for people.
pub(super) fn sentences(annotation: &Annotation) -> impl Iterator<Item = String> {
    let level = match annotation.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    let colon = if annotation.text.is_empty() { "" } else { ": " };
    let first = format!("{level}: {}{colon}{}", annotation.title, annotation.text);
    let answer = annotation.answer.as_ref().map(|answer| format!("  {answer}"));
    [first].into_iter().chain(answer)
}

/// One CI system that a user can name.
pub(super) struct System {
    pub(super) id: &'static str,
    /// Whether its own variable says that this is it.
    pub(super) is_here: fn(&Env) -> bool,
    /// Told whether it is: elsewhere a mask command would print the secret instead of hiding it.
    pub(super) open: fn(&Env, bool) -> Box<dyn Ci>,
}
