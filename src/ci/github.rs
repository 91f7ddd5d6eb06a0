//! GitHub Actions, and Gitea and Forgejo Actions, which speak the same language: after actions/toolkit's `command.ts`
//! and `file-command.ts` and the runner's own parser (actions/runner 2.336, read 2026-08).

use jiff::Timestamp;

use super::system::{Ci, Effect, MadeOutputs, Outputs, System, says};
use crate::input::Style;
use crate::input::env::Env;
use crate::model::outcome::Level;
use crate::report::{Annotation, Report};
use crate::text::sanitizer::holds_command;
use crate::text::secret::Secret;

pub(super) const FORGEJO: System = System {
    id: "forgejo",
    is_here: |env| says(env, "FORGEJO_ACTIONS", "true"),
    open: |env, _| Box::new(GitHub::new(env, "forgejo")),
};

pub(super) const GITEA: System = System {
    id: "gitea",
    is_here: |env| says(env, "GITEA_ACTIONS", "true"),
    open: |env, _| Box::new(GitHub::new(env, "gitea")),
};

pub(super) const GITHUB: System = System {
    id: "github",
    is_here: |env| says(env, "GITHUB_ACTIONS", "true"),
    open: |env, _| Box::new(GitHub::new(env, "github")),
};

/// One of the three.
struct GitHub {
    id: &'static str,
    /// A runner of one of the three says that it reads commands; elsewhere a mask command would print the secret.
    confirmed: bool,
    /// It ends a command at the last `::` of its line, as everybody but GitHub itself does.
    greedy: bool,
    output: Option<String>,
    summary: Option<String>,
}

impl GitHub {
    fn new(env: &Env, id: &'static str) -> Self {
        // The three understand each other, so any of them may be named on any of them.
        let here = |system: System| (system.is_here)(env);
        Self {
            id,
            confirmed: [FORGEJO, GITEA, GITHUB].into_iter().any(here),
            greedy: [FORGEJO, GITEA].into_iter().any(here) || env.var("ACT").is_some(),
            output: env.var("GITHUB_OUTPUT").map(str::to_owned),
            summary: env.var("GITHUB_STEP_SUMMARY").map(str::to_owned),
        }
    }
}

impl Ci for GitHub {
    fn id(&self) -> &'static str {
        self.id
    }

    fn style(&self) -> Style {
        Style::Name
    }

    fn withholds_secrets(&self, env: &Env) -> Option<&'static str> {
        let of_pull = says(env, "GITHUB_EVENT_NAME", "pull_request") || says(env, "GITHUB_ACTOR", "dependabot[bot]");
        of_pull.then_some(
            "Runs of pull requests from forks get no secrets, and runs that Dependabot started get only Dependabot's own.",
        )
    }

    fn masks_by_printing(&self) -> bool {
        true
    }

    fn mask(&self, secrets: &[Secret]) -> Vec<Effect> {
        let mask = |secret: &Secret| Effect::Out(format!("::add-mask::{}", data(secret.expose())));
        // Anything else than a mask would show the secret, or do what it says: a token that was made on the way is the
        // platform's text.
        let is_mask = |secret: &&Secret| {
            let text = secret.expose();
            let ends_elsewhere = self.greedy && format!(":{text}").contains("::");
            self.confirmed && !ends_elsewhere && !holds_command(text)
        };
        secrets.iter().filter(is_mask).map(mask).collect()
    }

    fn debug(&self, line: &str) -> Effect {
        Effect::Out(format!("::debug::{}", text(line, self.greedy)))
    }

    fn summary_is_log(&self) -> bool {
        false
    }

    fn open_group(&self, title: &str, _now: Timestamp) -> Vec<Effect> {
        let title = text(title, self.greedy);
        vec![Effect::Out(format!("::group::{title}"))]
    }

    fn close_group(&self, _now: Timestamp) -> Vec<Effect> {
        vec![Effect::Out("::endgroup::".to_owned())]
    }

    fn annotate(&self, annotation: &Annotation) -> Vec<Effect> {
        let command = match annotation.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
        };
        let title = property(&annotation.title);
        let lines = [Some(&annotation.text), annotation.answer.as_ref()].into_iter().flatten();
        let lines: Vec<_> = lines.map(|line| text(line, self.greedy)).collect();
        vec![Effect::Out(format!("::{command} title={title}::{}", lines.join(&data("\n"))))]
    }

    fn outputs(&self, outputs: &Outputs) -> Vec<Effect> {
        let marked = outputs.iter().zip(markers(outputs.len()));
        let text = marked.map(|((name, value), marker)| heredoc(name, value, marker)).collect();
        vec![Effect::Append { what: "outputs", path: self.output.clone(), text }]
    }

    fn summary(&self, report: &Report) -> Vec<Effect> {
        let text = report.summary();
        vec![Effect::Append { what: "lines of the job summary", path: self.summary.clone(), text }]
    }

    fn files(&self) -> Vec<&str> {
        [&self.output, &self.summary].into_iter().flatten().map(String::as_str).collect()
    }

    fn provisional(&self, outputs: &MadeOutputs<'_>) -> Vec<Effect> {
        match self.output {
            Some(_) => self.outputs(&outputs()),
            None => Vec::new(),
        }
    }
}

/// The text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The same for words that people read. GitHub ends the command at the first `::`, its relatives (`greedy`) at the last
/// one of the line, and they know no way to write one that is text.
fn text(words: &str, greedy: bool) -> String {
    let text = data(words);
    if !greedy {
        return text;
    }
    let mut apart = String::with_capacity(text.len());
    for c in text.chars() {
        // What stands before the text is a colon, too.
        if c == ':' && (apart.is_empty() || apart.ends_with(':')) {
            apart.push(' ');
        }
        apart.push(c);
    }
    apart
}

/// A property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// One output between two lines of a marker that nobody could know beforehand and the value does not contain.
fn heredoc(name: &str, value: &str, mut marker: String) -> String {
    while value.contains(&marker) {
        marker.push('_');
    }
    format!("{name}<<{marker}\n{value}\n{marker}\n")
}

/// So many fresh ones.
fn markers(count: usize) -> Vec<String> {
    let mut random = vec![[0_u8; 16]; count];
    if getrandom::fill(random.as_flattened_mut()).is_err() {
        // No system of the last twenty years: still no marker that a value is known to contain.
        fastrand::fill(random.as_flattened_mut());
    }
    random.into_iter().map(|bytes| format!("ghadelimiter_{:032x}", u128::from_ne_bytes(bytes))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    use proptest::prelude::*;

    #[test]
    fn commands_are_escaped_as_the_toolkit_does() {
        assert_eq!(data("50%\r\nnext: a,b"), "50%25%0D%0Anext: a,b");
        assert_eq!(property("50%\r\nnext: a,b"), "50%25%0D%0Anext%3A a%2Cb");
    }

    fn masks(variables: &[(&str, &str)], secret: &str) -> Vec<Effect> {
        let variables = variables.iter();
        let env = Env::new(variables.map(|(name, value)| (name.into(), value.into())));
        GitHub::new(&env, "github").mask(&[Secret::from(secret.to_owned())])
    }

    #[test]
    fn a_secret_that_would_be_read_as_another_command_is_not_printed() {
        let here = [("GITHUB_ACTIONS", "true")];
        for command in ["x##[set-output name=a]b", "#\u{200b}#[error]x", "##vso[x]"] {
            assert_eq!(masks(&here, command), [], "{command}");
        }
        assert_eq!(masks(&here, "a##b[c").len(), 1);
    }

    #[test]
    fn a_secret_with_the_end_of_a_command_in_it_is_masked_where_that_is_understood() {
        let here = [("GITHUB_ACTIONS", "true")];
        for secret in ["a::b", ":ab"] {
            let mask = Effect::Out(format!("::add-mask::{secret}"));
            assert_eq!(masks(&here, secret), [mask]);
            for elsewhere in ["GITEA_ACTIONS", "FORGEJO_ACTIONS", "ACT"] {
                assert_eq!(masks(&[here[0], (elsewhere, "true")], secret), []);
            }
        }
        assert_eq!(masks(&[("GITEA_ACTIONS", "true")], "a:b").len(), 1);
    }

    #[test]
    fn words_hold_no_end_of_a_command() {
        assert_eq!(text("fra1::iad1", true), "fra1: :iad1");
        assert_eq!(text(":x", true), " :x");
        assert_eq!(text("a::::b:::", true), "a: : : :b: : :");
        assert_eq!(text("50%", true), "50%25");
    }

    #[test]
    fn words_are_left_as_they_are_where_only_the_first_end_counts() {
        for words in ["fra1::iad1", ":x", "::error::x"] {
            assert_eq!(text(words, false), words);
        }
    }

    #[test]
    fn no_two_markers_are_alike() {
        let both = [markers(1), markers(2)].concat();
        assert_eq!(both.iter().collect::<HashSet<_>>().len(), 3);
    }

    /// The runner's rules for one heredoc entry.
    fn parse(text: &str) -> Option<(String, String)> {
        let (first, rest) = text.split_once('\n')?;
        let (name, mark) = first.split_once("<<")?;
        let mut lines = Vec::new();
        for line in rest.split('\n') {
            if line == mark {
                return Some((name.to_owned(), lines.join("\n")));
            }
            lines.push(line);
        }
        None
    }

    proptest! {
        #[test]
        fn every_value_comes_back_as_it_was(value in "(?s).{0,80}") {
            let text = heredoc("reason", &value, markers(1).concat());
            prop_assert_eq!(parse(&text), Some(("reason".to_owned(), value)));
        }

        #[test]
        fn no_text_escapes_its_command(text in "(?s).{0,80}") {
            prop_assert!(!data(&text).contains(['\r', '\n']));
            prop_assert!(!property(&text).contains(['\r', '\n', ':', ',']));
        }
    }
}
