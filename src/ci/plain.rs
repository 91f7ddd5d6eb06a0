//! A terminal, or a CI system that reads nothing but the exit code: the log on standard error, the result on standard
//! output.

use super::{Ci, Effect};
use crate::outcome::Level;
use crate::report::{Annotation, Report};
use crate::secret::Secret;
use crate::untrusted::break_commands;

/// No CI system that we know.
pub(super) struct Plain;

impl Ci for Plain {
    fn id(&self) -> &'static str {
        "plain"
    }

    fn mask(&self, _secret: &Secret) -> Vec<Effect> {
        Vec::new()
    }

    fn log(&self, line: &str) -> Effect {
        Effect::Err(line.to_owned())
    }

    fn debug(&self, line: &str) -> Effect {
        Effect::Err(format!("debug: {line}"))
    }

    fn open_group(&self, title: &str) -> Vec<Effect> {
        vec![Effect::Err(title.to_owned())]
    }

    fn close_group(&self) -> Vec<Effect> {
        Vec::new()
    }

    fn annotate(&self, annotation: &Annotation) -> Vec<Effect> {
        let level = match annotation.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
        };
        vec![Effect::Err(format!(
            "{level}: {}: {}",
            annotation.title, annotation.text
        ))]
    }

    fn outputs(&self, _outputs: &[(&'static str, String)]) -> Vec<Effect> {
        Vec::new()
    }

    fn summary(&self, report: &Report) -> Vec<Effect> {
        let lines = report.plain_summary();
        lines
            .into_iter()
            .map(|line| Effect::Out(break_commands(&line)))
            .collect()
    }

    fn files(&self) -> Vec<&str> {
        Vec::new()
    }

    fn appends_outputs(&self) -> bool {
        false
    }
}
