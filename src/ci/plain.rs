//! A terminal, or a CI system that reads nothing but the exit code: the log on standard error, the result on standard
//! output, colors only for people.

use std::io::IsTerminal as _;

use super::system::{Ci, Effect, System, sentences};
use crate::input::env::Env;
use crate::model::outcome::Level;
use crate::report::{Annotation, Report};
use crate::text::sanitizer::line;

/// The one that always answers.
pub(super) const SYSTEM: System =
    System { id: "plain", is_here: |_| true, open: |env, _| Box::new(Plain::new("plain", env)) };

/// No CI system that reads what is said.
pub(super) struct Plain {
    id: &'static str,
    /// Standard error shows colors.
    colored: bool,
}

impl Plain {
    pub(super) fn new(id: &'static str, env: &Env) -> Self {
        Self { id, colored: wants_colors(env, std::io::stderr().is_terminal()) }
    }
}

fn wants_colors(env: &Env, is_terminal: bool) -> bool {
    is_terminal && env.var("NO_COLOR").is_none() && env.var("TERM") != Some("dumb")
}

/// A text in the color of its level.
pub(super) fn colored(level: Level, text: &str) -> String {
    let color = match level {
        Level::Error => "31;1",
        Level::Warning => "33;1",
        Level::Notice => "32;1",
    };
    format!("\u{1b}[{color}m{text}\u{1b}[0m")
}

impl Ci for Plain {
    fn id(&self) -> &'static str {
        self.id
    }

    fn log(&self, line: &str) -> Effect {
        Effect::Err(line.to_owned())
    }

    fn annotate(&self, annotation: &Annotation) -> Vec<Effect> {
        let color = |text: String| if self.colored { colored(annotation.level, &text) } else { text };
        sentences(annotation).map(|sentence| Effect::Err(color(sentence))).collect()
    }

    fn summary(&self, report: &Report) -> Vec<Effect> {
        let lines = [report.title().into_string()].into_iter().chain(report.plain_summary());
        lines.map(|text| Effect::Out(line(&text))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_for_a_terminal_whose_user_has_not_declined_them() {
        let env = |name: &str, value: &str| Env::new([(name.into(), value.into())]);
        assert!(wants_colors(&env("TERM", "xterm"), true));
        assert!(wants_colors(&env("NO_COLOR", ""), true));
        assert!(!wants_colors(&env("TERM", "xterm"), false));
        assert!(!wants_colors(&env("NO_COLOR", "1"), true));
        assert!(!wants_colors(&env("TERM", "dumb"), true));
    }
}
