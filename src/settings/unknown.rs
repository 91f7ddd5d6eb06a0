//! Names that are written although nobody reads them: another platform's inputs, and misspelled ones.

use super::common::COMMON;
use crate::input::env::{Env, Written};
use crate::input::faults::{Fault, Faults};
use crate::input::{InputKind, joined, nearest};
use crate::platform::PlatformInfo;
use crate::platform::register::{self, Platforms};
use crate::text::secret::Secret;

/// The names of all inputs, whichever platform is meant.
pub(super) fn names(platforms: &Platforms) -> Vec<&'static str> {
    COMMON.iter().chain(register::inputs(platforms)).map(|input| input.name).collect()
}

/// Inputs of some platforms that narrow a selection: where there are none such, they must not be passed over.
const NARROWING: [&str; 2] = ["target", "query"];

/// What people write to switch something on.
const YES: [&str; 4] = ["true", "yes", "on", "1"];

/// So short a word may be a part of any other.
const SHORT: usize = 5;

/// The one of them that also guards a deployment given by its id.
const GUARD: &str = "target";

pub(super) fn warn_of_foreign_inputs(platforms: &Platforms, env: &Env, entry: &PlatformInfo, faults: &mut Faults) {
    let others = platforms.iter().filter(|other| other.about.id != entry.about.id).flat_map(|other| other.inputs);
    let mut warned: Vec<&str> = Vec::new();
    for input in others {
        let mut usable = COMMON.iter().chain(entry.inputs);
        if usable.any(|own| own.name == input.name) || warned.contains(&input.name) {
            continue;
        }
        if let Some(written) = env.input(input.name) {
            warned.push(input.name);
            let selects = env.input("select").is_some();
            if NARROWING.contains(&input.name) && (selects || input.name == GUARD) {
                let text = if selects {
                    format!("cannot narrow a selection on {}: more would be canceled than was meant", entry.about.name)
                } else {
                    format!("cannot be checked on {}: its deployments carry no such thing", entry.about.name)
                };
                faults.found.push(Fault::new(input.name, Some(written.variable), text));
                continue;
            }
            faults.warnings.push(format!(
                "`{}` ({}) is not an input of {} and was not used.",
                input.name, written.variable, entry.about.name
            ));
        }
    }
}

pub(super) fn warn_of_unknown_names(platforms: &Platforms, env: &Env, faults: &mut Faults) {
    let names = names(platforms);
    for (name, Written { value, variable }) in env.unknown(|name| names.contains(&name)) {
        let is_yes = |value: Secret| YES.iter().any(|yes| value.expose().trim().eq_ignore_ascii_case(yes));
        let word = value.is_some_and(is_yes).then(|| worded(platforms, &name)).flatten();
        let meant = match nearest(&name, &names) {
            Some(known) if word.is_none() || joined(known) == joined(&name) => Some(known.to_owned()),
            _ => word,
        };
        match meant {
            Some(meant) => faults.warnings.push(format!("{variable} is not an input; did you mean `{meant}`?")),
            // An option of the plugin, which Buildkite's agents do not check; the other prefixes are used by others too.
            // What an earlier run put out is none, wherever a CI system's own prefix lands it.
            None if variable.starts_with("BUILDKITE_") && !name.starts_with("cancellation_") => {
                faults.warnings.push(format!("{variable} is not an input."))
            }
            None => {}
        }
    }
}

/// An input and one of its words, where the name of a switch begins or ends with that word: `auto_rollback`.
fn worded(platforms: &Platforms, name: &str) -> Option<String> {
    let name = joined(name);
    let choices = COMMON.iter().chain(register::inputs(platforms)).filter(|it| matches!(it.kind, InputKind::Choice(_)));
    let mut words = choices.flat_map(|input| input.kind.words().into_iter().map(|word| (input.name, word)));
    let is_in = |word: &str| name == word || word.len() > SHORT && (name.starts_with(word) || name.ends_with(word));
    let (input, word) = words.find(|(_, word)| is_in(&joined(word)))?;
    Some(format!("{input}: {word}"))
}
