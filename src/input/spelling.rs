//! The names of inputs as the one who writes them knows them: GitHub's user sets `token`, Drone's `settings: token`,
//! GitLab's the variable `CANCEL_DEPLOYMENT_TOKEN`.

use super::env::Env;

/// Where a CI system's user writes inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As inputs of an action or a task, or properties of a plugin: `token`.
    Name,
    /// As settings of a plugin: `settings: token`.
    Setting,
    /// As variables: `CANCEL_DEPLOYMENT_TOKEN`.
    Variable,
}

impl Style {
    /// The style of a prefixed variable; `None` for any other variable.
    pub(super) fn of(variable: &str) -> Option<Self> {
        let styles = [
            ("INPUT_", Self::Name),
            ("BUILDKITE_PLUGIN_", Self::Name),
            ("PLUGIN_", Self::Setting),
            ("CANCEL_DEPLOYMENT_", Self::Variable),
        ];
        styles.into_iter().find(|(start, _)| variable.starts_with(start)).map(|(_, style)| style)
    }

    /// An input's name.
    pub(super) fn name(self, input: &str) -> String {
        match self {
            Self::Name => input.to_owned(),
            Self::Setting => format!("settings: {input}"),
            Self::Variable => format!("CANCEL_DEPLOYMENT_{}", input.to_ascii_uppercase()),
        }
    }
}

/// How this run's user writes inputs.
#[derive(Clone, Debug)]
pub struct Spelling {
    style: Style,
    inputs: Vec<&'static str>,
}

impl Spelling {
    /// Inputs by their names.
    pub const PLAIN: Self = Self { style: Style::Name, inputs: Vec::new() };

    /// The spelling of whoever wrote `platform` or `deployment_id`, else the usual one of the CI system. `inputs` are the names of all.
    pub fn new(env: &Env, usual: Style, inputs: Vec<&'static str>) -> Self {
        let written = ["platform", "deployment_id", "select"].iter().find_map(|name| env.input(name));
        let style = written.and_then(|written| Style::of(&written.variable)).unwrap_or(usual);
        Self { style, inputs }
    }

    /// An input's name, or the name that `variable` has in the style in which it was written.
    pub(super) fn name(&self, input: &str, variable: Option<&str>) -> String {
        variable.and_then(Style::of).unwrap_or(self.style).name(input)
    }

    /// A sentence of ours with the names of inputs in backticks, alone or with a value, in which they are spelled that way.
    pub fn respell(&self, sentence: &str) -> String {
        if self.style == Style::Name {
            return sentence.to_owned();
        }
        let spell = |(index, part): (usize, &str)| {
            let (name, value) = part.split_once(": ").map_or((part, ""), |(name, value)| (name, value));
            let is_name = index % 2 == 1 && self.inputs.contains(&name);
            match (self.style, value) {
                _ if !is_name => part.to_owned(),
                (_, "") => self.style.name(name),
                (Style::Variable, value) => format!("{}: {value}", self.style.name(name)),
                // Below `settings:` that is how it is written.
                _ => part.to_owned(),
            }
        };
        let parts: Vec<_> = sentence.split('`').enumerate().map(spell).collect();
        parts.join("`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling(variables: &[&str], usual: Style) -> Spelling {
        let env = Env::new(variables.iter().map(|name| ((*name).into(), "x".into())));
        Spelling::new(&env, usual, vec!["token", "select"])
    }

    #[test]
    fn the_names_of_inputs_are_those_that_the_user_knows() {
        let sentence = "Check `token`; `select: commit` needs `token`, not `other` or token.";
        for (written, usual, respelled) in [
            ("", Style::Name, sentence),
            ("INPUT_PLATFORM", Style::Variable, sentence),
            ("BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_PLATFORM", Style::Variable, sentence),
            (
                "PLUGIN_PLATFORM",
                Style::Name,
                "Check `settings: token`; `select: commit` needs `settings: token`, not `other` or token.",
            ),
            (
                "CANCEL_DEPLOYMENT_SELECT",
                Style::Setting,
                "Check `CANCEL_DEPLOYMENT_TOKEN`; `CANCEL_DEPLOYMENT_SELECT: commit` needs `CANCEL_DEPLOYMENT_TOKEN`, not `other` or token.",
            ),
        ] {
            assert_eq!(spelling(&[written], usual).respell(sentence), respelled, "{written} {usual:?}");
        }
    }

    #[test]
    fn what_was_written_is_named_as_it_was_written() {
        let spelling = spelling(&["INPUT_PLATFORM"], Style::Name);
        for (variable, name) in [
            (Some("PLUGIN_TOKEN"), "settings: token"),
            (Some("CANCEL_DEPLOYMENT_TOKEN"), "CANCEL_DEPLOYMENT_TOKEN"),
            (Some("INPUT_TOKEN"), "token"),
            (Some("VERCEL_TOKEN"), "token"),
            (None, "token"),
        ] {
            assert_eq!(spelling.name("token", variable), name, "{variable:?}");
        }
    }
}
