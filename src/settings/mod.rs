//! What this program is told, judged once.

mod common;
mod if_live;
mod unknown;

pub mod open;
pub mod secrets;
pub mod target;

use std::collections::HashSet;
use std::time::Duration;

use rustls::pki_types::CertificateDer;

pub use self::common::COMMON;
use self::unknown::{names, warn_of_foreign_inputs, warn_of_unknown_names};
use crate::api;
use crate::ci::Ci;
use crate::input::env::{Env, is_unexpanded};
use crate::input::faults::{Fault, Faults};
use crate::input::{Input, Spelling, UNEXPANDED, Values, is_quoted, listed, not_among};
use crate::model::address::Address;
use crate::model::deployment::State;
use crate::model::id::Id;
use crate::model::outcome::FailOn;
use crate::platform::PlatformInfo;
use crate::platform::register::{self, Platforms, named};
use crate::select::Select;

/// Looks up the common inputs, and those of a platform when it is known.
pub fn read(platforms: &Platforms, env: &Env, entry: Option<&PlatformInfo>, faults: &mut Faults) -> Values {
    let own = entry.map_or(&[][..], |entry| entry.inputs);
    // A platform may have usual variables for a common input: then its own description counts.
    let redeclared = |input: &&Input| own.iter().any(|own| own.name == input.name);
    let inputs: Vec<_> = COMMON.iter().filter(|input| !redeclared(input)).chain(own).collect();
    let mut values = Values::look_up_all(env, inputs.iter().copied());
    if let Some(entry) = entry {
        values.judge_needs(entry.needs, entry.inputs, entry.about.name, faults);
        warn_of_foreign_inputs(platforms, env, entry, faults);
    }
    for input in inputs {
        values.judge_text(input, faults);
    }
    warn_of_unknown_names(platforms, env, faults);
    values
}

/// The names of inputs as this run's user knows them.
pub fn spelling(platforms: &Platforms, env: &Env, ci: &dyn Ci) -> Spelling {
    Spelling::new(env, ci.style(), names(platforms))
}

/// What every run is told, judged and typed.
#[derive(Debug)]
pub struct Common {
    /// The deployments, each once, in the order written.
    pub ids: Vec<Id>,
    /// `None`: in any state.
    pub only_states: Option<Vec<State>>,
    /// Wait until terminal.
    pub wait: bool,
    /// Limit of the whole run.
    pub timeout: Duration,
    /// Put back what was live before where something went live that was to be stopped.
    pub rolls_back: bool,
    /// Limit of one roll back.
    pub roll_back_timeout: Duration,
    /// Longest pause between two reads.
    pub poll_interval: Duration,
    /// What fails the step.
    pub fail_on: FailOn,
    /// Cancel nothing.
    pub dry_run: bool,
    /// Write the job summary.
    pub summary: bool,
    /// Another file for the outputs.
    pub output_file: Option<String>,
    /// The CI system's name, when it is not to be detected.
    pub ci: Option<&'static str>,
    /// The platform's API, when it is not the usual one.
    pub api_url: Option<Address>,
    /// From PEM text or a path.
    pub ca_cert: Option<Vec<CertificateDer<'static>>>,
}

impl Common {
    /// Judges the common inputs; whatever is wrong goes to `faults` and is replaced by its default.
    pub fn judge(values: &Values, faults: &mut Faults) -> Self {
        let superseded = values.get("select").is_some_and(|text| Select::named(text) == Some(Select::Superseded));
        Self {
            ids: ids(values, faults),
            only_states: only_states(values, faults),
            wait: values.boolean("wait", faults).unwrap_or(true),
            timeout: values.duration("timeout", faults).unwrap_or(Duration::from_secs(240)),
            rolls_back: values.choice("if_live", faults) == Some(common::ROLL_BACK),
            roll_back_timeout: values.duration("roll_back_timeout", faults).unwrap_or(Duration::from_secs(240)),
            poll_interval: values.duration("poll_interval", faults).unwrap_or(Duration::from_secs(5)),
            fail_on: values
                .parsed("fail_on", faults, |_| FailOn::parse(&values.list("fail_on")))
                .unwrap_or_else(|| FailOn::usual(superseded)),
            dry_run: values.boolean("dry_run", faults).unwrap_or(false),
            summary: values.boolean("summary", faults).unwrap_or(true),
            output_file: values.get("output_file").map(str::to_owned),
            ci: values.choice("ci", faults),
            api_url: values.parsed("api_url", faults, Address::parse),
            ca_cert: values.parsed("ca_cert", faults, |text| {
                api::read_certificates(text).map_err(|error| format!("cannot be used: {error:#}"))
            }),
        }
    }
}

fn ids(values: &Values, faults: &mut Faults) -> Vec<Id> {
    let given = values.given("deployment_id");
    let (mut ids, mut known) = (Vec::new(), HashSet::new());
    if given.is_some_and(|given| !given.is_readable()) {
        return ids;
    }
    let texts = values.list("deployment_id");
    if texts.is_empty() && given.is_some() {
        faults.add(given, "deployment_id", "is a list without an item");
    }
    for text in texts {
        if is_unexpanded(&text) {
            faults.add(given, "deployment_id", UNEXPANDED);
            continue;
        }
        match Id::parse(&text) {
            Ok(id) if known.insert(id.clone()) => ids.push(id),
            Ok(_) => {}
            Err(wrong) => faults.add(given, "deployment_id", wrong),
        }
    }
    ids
}

fn only_states(values: &Values, faults: &mut Faults) -> Option<Vec<State>> {
    let words = values.choices("only_states", faults)?;
    Some(common::IN_FLIGHT.into_iter().filter(|state| words.contains(&state.word())).collect())
}

/// The value of `platform`, looked up among them.
pub fn chosen_platform(platforms: &Platforms, env: &Env, faults: &mut Faults) -> Option<&'static PlatformInfo> {
    let known = register::names(platforms);
    let Some(written) = env.input("platform") else {
        faults.add(None, "platform", format!("is missing: set it to {}", listed(&known)));
        return None;
    };
    let text = written.value.as_ref()?.expose();
    let found = named(platforms, text);
    if found.is_none() && !is_unexpanded(text) && !is_quoted(text) {
        let text = not_among(&known, "one", text, text);
        faults.found.push(Fault::new("platform", Some(written.variable.clone()), text));
    }
    found
}

#[cfg(test)]
mod tests;
