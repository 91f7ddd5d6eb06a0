//! All inputs by their names, as the forms of CI systems offer them: one parameter for each, whatever the platform.

use std::fmt::Write as _;

use cancel_deployment::help::meaning;
use cancel_deployment::input::{Input, InputKind};
use cancel_deployment::platform::register::REGISTER;
use cancel_deployment::settings::COMMON;

/// An input as a form offers it.
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: &'static str,
    /// What its value can be.
    pub(crate) kind: InputKind,
    /// Whether it is one on any platform.
    pub(crate) secret: bool,
    /// What it means, on each platform.
    pub(crate) meaning: String,
}

/// All of them, in the order of their first platform.
pub(crate) fn all() -> Vec<Parameter> {
    let common = COMMON.iter().map(|input| ("", input));
    let own = REGISTER.iter().flat_map(|info| info.inputs.iter().map(|input| (info.about.name, input)));
    let mut all: Vec<Parameter> = Vec::new();
    for (platform, input) in common.chain(own) {
        let meaning = described(input, platform);
        match all.iter_mut().find(|one| one.name == input.name) {
            Some(known) => {
                let _ = write!(known.meaning, " {meaning}");
                known.secret |= input.secret;
            }
            None => all.push(Parameter { name: input.name, kind: input.kind, secret: input.secret, meaning }),
        }
    }
    all
}

impl Parameter {
    /// Whether a run cannot do without it, whatever the platform.
    pub(crate) fn is_required(&self) -> bool {
        self.name == "platform"
    }

    /// What can be chosen, where that is one word; nothing where a value can be more.
    pub(crate) fn choices(&self) -> Vec<&'static str> {
        match self.kind {
            InputKind::Boolean => vec!["true", "false"],
            InputKind::Choice(words) => words(),
            _ => Vec::new(),
        }
    }

    /// What it means, between double quotes.
    pub(crate) fn quoted(&self) -> String {
        format!("\"{}\"", self.meaning.replace('\\', "\\\\").replace('"', "\\\""))
    }

    /// Its variable.
    pub(crate) fn variable(&self) -> String {
        format!("CANCEL_DEPLOYMENT_{}", self.name.to_uppercase())
    }
}

fn described(input: &Input, platform: &str) -> String {
    let default = default(input, false);
    let default =
        if default.is_empty() || default == "required" { String::new() } else { format!(" Default: {default}.") };
    let platform = if platform.is_empty() { String::new() } else { format!("{platform}: ") };
    format!("{platform}{}{default}", meaning(REGISTER, input))
}

/// Where a value comes from when the input is not written.
pub(crate) fn default(input: &Input, is_needed: bool) -> String {
    let variables = input.usual.iter().map(|(variable, beginning)| match *beginning {
        "" => format!("`{variable}`"),
        beginning => format!("`{variable}` when it starts with `{beginning}`"),
    });
    let mut parts: Vec<_> = variables.collect();
    match input.default {
        "" if input.name == "platform" || (is_needed && parts.is_empty()) => parts.push("required".to_owned()),
        "" => {}
        words if words.contains(' ') || words == "detected" => parts.push(words.to_owned()),
        value if parts.is_empty() => parts.push(format!("`{value}`")),
        value => parts.push(format!("else `{value}`")),
    }
    parts.join(", ")
}
