//! `--help`: what the program reads, for the chosen platform or for all.

use std::fmt::Write as _;

use crate::input::env::Env;
use crate::input::faults::Faults;
use crate::input::{Input, listed};
use crate::model::outcome::{Exit, words_of_outcomes};
use crate::platform::register::{self, Platforms};
use crate::settings::{COMMON, chosen_platform};

/// The text of `--help`. With a platform set in the environment it shows that platform's inputs.
pub fn text(platforms: &Platforms, env: &Env) -> String {
    let chosen = chosen_platform(platforms, env, &mut Faults::default());
    let example = chosen.or(platforms.first().copied()).map_or("...", |entry| entry.about.id);
    let mut text = format!(
        "cancel-deployment {}\nStops a deployment from CI, and tells the truth about how it ended.\n\n\
         \x20 export CANCEL_DEPLOYMENT_PLATFORM={example}\n\
         \x20 export CANCEL_DEPLOYMENT_DEPLOYMENT_ID=... # and what this platform needs, see below\n\
         \x20 cancel-deployment\n\n\
         It takes no arguments but --help and --version. An input such as `app_id` is read from\n\
         INPUT_APP_ID, PLUGIN_APP_ID, BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_APP_ID or\n\
         CANCEL_DEPLOYMENT_APP_ID, whichever is set first, then from the variables named with it.\n\nInputs:\n",
        env!("CARGO_PKG_VERSION")
    );
    add(&mut text, platforms, COMMON);
    for entry in platforms.iter().filter(|entry| chosen.is_none_or(|chosen| chosen.about.id == entry.about.id)) {
        let _ = write!(text, "\n{} (platform: {}):\n", entry.about.name, entry.about.id);
        add(&mut text, platforms, entry.inputs);
        let _ = writeln!(text, "  Rights: {}\n  Documented at {}", entry.about.grant, entry.about.docs);
    }
    let _ = write!(text, "\nOutcomes: {}.\nExit codes:\n", words_of_outcomes());
    for exit in Exit::ALL {
        let _ = writeln!(text, "  {:<4} {}", exit.code(), meaning_of(exit));
    }
    text
}

const fn meaning_of(exit: Exit) -> &'static str {
    match exit {
        Exit::Satisfied => "nothing that `fail_on` names",
        Exit::Error => "an error: how it ended is not known",
        Exit::BadInput => "an input is missing or wrong",
        Exit::EndedOtherwise => "it ended otherwise, such as live",
        Exit::NotFound => "there is no such deployment",
        Exit::TimedOut => "it had not ended in time",
        Exit::Interrupted => "SIGINT stopped this run",
        Exit::Terminated => "SIGTERM stopped this run",
    }
}

fn add(text: &mut String, platforms: &Platforms, inputs: &[Input]) {
    for input in inputs {
        let usual: Vec<_> = input.usual.iter().map(|(variable, _)| *variable).collect();
        let usual = if usual.is_empty() { String::new() } else { format!(" [{}]", usual.join(", ")) };
        let default = if input.default.is_empty() { String::new() } else { format!(" (default: {})", input.default) };
        let _ = writeln!(text, "  {:<14} {}{default}{usual}", input.name, meaning(platforms, input));
    }
}

/// What an input means, with the choices that there are.
pub fn meaning(platforms: &Platforms, input: &Input) -> String {
    match input.name {
        "platform" => format!("{} {}.", input.help, listed(&register::names(platforms))),
        _ => input.meaning(),
    }
}
