//! TeamCity: service messages on standard output, after its documentation's page "Service Messages".

use jiff::Timestamp;

use super::system::{Ci, Effect, Outputs, System};
use crate::ci::variables;
use crate::input::env::Env;
use crate::model::outcome::Level;
use crate::report::Annotation;

pub(super) const SYSTEM: System = System {
    id: "teamcity",
    is_here: |env: &Env| env.var("TEAMCITY_VERSION").is_some(),
    open: |_, _| Box::new(TeamCity),
};

/// A longer description of a problem is cut by the server.
const LONGEST_PROBLEM: usize = 3500;
/// What a group of lines is called: opening and closing must agree.
const BLOCK: &str = "cancel-deployment";

struct TeamCity;

impl Ci for TeamCity {
    fn id(&self) -> &'static str {
        SYSTEM.id
    }

    fn summary_is_log(&self) -> bool {
        false
    }

    fn open_group(&self, title: &str, _now: Timestamp) -> Vec<Effect> {
        vec![message("blockOpened", &[("name", BLOCK), ("description", title)])]
    }

    fn close_group(&self, _now: Timestamp) -> Vec<Effect> {
        vec![message("blockClosed", &[("name", BLOCK)])]
    }

    /// Only what fails the step is an error, and only that is a problem of the build.
    fn annotate(&self, annotation: &Annotation) -> Vec<Effect> {
        let answer = annotation.answer.as_ref().map(|answer| format!("\n{answer}")).unwrap_or_default();
        let text = format!("{}: {}{answer}", annotation.title, annotation.text);
        let status = match annotation.level {
            Level::Error => "ERROR",
            Level::Warning => "WARNING",
            Level::Notice => "NORMAL",
        };
        let mut effects = vec![message("message", &[("text", &text), ("status", status)])];
        if annotation.level == Level::Error {
            let short: String = text.chars().take(LONGEST_PROBLEM).collect();
            effects.push(message("buildProblem", &[("description", &short)]));
        }
        effects
    }

    fn outputs(&self, outputs: &Outputs) -> Vec<Effect> {
        let set = |(name, value): &(&str, String)| {
            let name = format!("env.{}", variables::name(name));
            message("setParameter", &[("name", &name), ("value", value)])
        };
        outputs.iter().map(set).collect()
    }
}

fn message(name: &str, attributes: &[(&str, &str)]) -> Effect {
    let mut line = format!("##teamcity[{name}");
    for (key, value) in attributes {
        line.push_str(&format!(" {key}='{}'", escape(value)));
    }
    line.push(']');
    Effect::Out(line)
}

/// A value between single quotes; what is not ASCII would depend on the agent's character set.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\'' | '|' | '[' | ']' => out.extend(['|', c]),
            '\n' => out.push_str("|n"),
            '\r' => out.push_str("|r"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("|0x{unit:04X}"));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::sanitizer::Sanitizer;

    #[test]
    fn values_are_escaped_as_the_server_reads_them() {
        assert_eq!(escape("a'b|c\nd\re[f]g"), "a|'b||c|nd|re|[f|]g");
        assert_eq!(escape("ü→😀"), "|0x00FC|0x2192|0xD83D|0xDE00");
        assert_eq!(escape("\u{1b}\t"), "|0x001B|0x0009");
    }

    #[test]
    fn only_an_error_is_a_problem_of_the_build() {
        for (level, problems) in [(Level::Notice, 0), (Level::Warning, 0), (Level::Error, 1)] {
            let text = Sanitizer::default().redact(&"x".repeat(9000));
            let annotation = Annotation::new(level, "title".into(), text);
            let effects = TeamCity.annotate(&annotation);
            let is_problem = |effect: &&Effect| matches!(effect, Effect::Out(line) if line.contains("[buildProblem") && line.len() < 4000);
            assert_eq!(effects.iter().filter(is_problem).count(), problems);
        }
    }
}
