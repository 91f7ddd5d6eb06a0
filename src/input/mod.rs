//! Inputs: which there are, what was written, and everything that is wrong with it, said at once.

pub mod env;
pub mod needs;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde::de::DeserializeOwned;

use rustls::pki_types::CertificateDer;

use crate::api;
use crate::ci;
use crate::input::env::{Env, is_unexpanded};
use crate::model::address::Address;
use crate::model::deployment::State;
use crate::model::id::{Id, WRAPPED, is_wrapping};
use crate::model::outcome::FailOn;
use crate::platform::{self, PlatformInfo};
use crate::select::Select;
use crate::text::sanitizer::one_line;
use crate::text::secret::{SHORTEST_HIDDEN, Secret, without_scheme};

/// One input, as messages, `--help`, README and action.yml name it.
#[derive(Debug)]
pub struct Input {
    /// Snake case.
    pub name: &'static str,
    /// Other variables it is taken from, each with the beginning its value must have (usually none).
    pub usual: &'static [(&'static str, &'static str)],
    /// Never printed, always masked.
    pub secret: bool,
    /// People make it up: one that looks like a variable nobody expanded may be meant.
    pub made_up: bool,
    /// What applies when it is absent; empty when nothing does.
    pub default: &'static str,
    /// One line.
    pub help: &'static str,
}

const fn common(name: &'static str, default: &'static str, help: &'static str) -> Input {
    Input { name, usual: &[], secret: false, made_up: false, default, help }
}

/// The inputs that every platform has.
pub const COMMON: &[Input] = &[
    common(
        "platform",
        "",
        "Where the deployment runs: `digitalocean`, `cloud_foundry`, `datadog`, `vercel` or `qovery`.",
    ),
    common(
        "deployment_id",
        "",
        "The deployment to cancel; several are separated by commas or newlines. Or give `select`; on Qovery neither is needed.",
    ),
    common("select", "", "Instead of `deployment_id`: `latest`, `commit`, `branch`, `superseded` or `all`."),
    common(
        "branch",
        "from the CI",
        "What `select: branch` compares with; written, it also narrows `superseded`; beside `deployment_id` a guard.",
    ),
    common("commit", "from the CI", "What `select: commit` compares with; beside `deployment_id` a guard."),
    common("appear_within", "0s", "With `select`: how long to wait for a matching deployment to appear."),
    common("only_states", "", "Cancel only in these states (`queued`, `running`); anything else is skipped."),
    common("wait", "true", "Wait until the deployment has ended; `false` returns once the platform has accepted."),
    common("timeout", "240s", "Limit of the whole run: `90`, `90s`, `5m`, `1h`; 1 second to 24 hours."),
    common("poll_interval", "5s", "Longest pause between two reads: 1 second to 1 hour."),
    common(
        "fail_on",
        "error,not_found,timed_out,completed,already_finished",
        "Outcomes that make the step fail; also `none` or `any`. With `select: superseded`: `error,not_found,timed_out`.",
    ),
    common("dry_run", "false", "Read as usual, cancel nothing."),
    common("summary", "true", "Write the job summary."),
    common(
        "output_file",
        "",
        "Also write the outputs to this file: JSON if it ends in `.json`, else `CANCELLATION_<NAME>=value` lines. On GitLab `cancel-deployment.env` by default.",
    ),
    common(
        "ci",
        "detected",
        "Override the detected CI system: `github`, `gitea`, `forgejo`, `gitlab`, `buildkite`, `azure`, `drone`, `woodpecker`, `harness`, `circleci`, `bitbucket`, `teamcity`, `jenkins` or `plain`.",
    ),
    common("api_url", "per platform", "Base URL of the platform's API; `https`, or `http` on a loopback host."),
    common("ca_cert", "", "An extra CA to trust: PEM text, or a path."),
];

/// Something wrong with an input, by the name its writer knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// The input.
    pub input: String,
    /// The variable it was read from, when it was written at all.
    pub variable: Option<String>,
    /// What is wrong and what would be right, without the value of a secret.
    pub text: String,
}

/// Everything that is wrong, and everything that is odd, with the inputs of one run.
#[derive(Debug, Default)]
pub struct Faults {
    /// Each of these stops the run before any request.
    pub found: Vec<Fault>,
    /// Sentences worth a warning.
    pub warnings: Vec<String>,
}

/// More faults than this are told as the first of them and one that counts the rest.
const MOST_TOLD: usize = 10;

impl Fault {
    /// A sentence that begins with the name its writer knows.
    fn sentence(&self) -> String {
        match &self.variable {
            Some(variable) => format!("`{}` ({variable}) {}", self.input, self.text),
            None if self.input.is_empty() => self.text.clone(),
            None => format!("`{}` {}", self.input, self.text),
        }
    }
}

impl Faults {
    /// A sentence for each, equal ones as one that counts them; not more than a run can tell.
    pub fn sentences(&self) -> Vec<String> {
        let mut counts: HashMap<&Fault, usize> = HashMap::new();
        for fault in &self.found {
            *counts.entry(fault).or_default() += 1;
        }
        let count = counts.len();
        let shown = if count > MOST_TOLD { MOST_TOLD - 1 } else { count };
        let in_order = self.found.iter().filter_map(|fault| Some((fault, counts.remove(fault)?)));
        let mut sentences: Vec<_> = in_order
            .take(shown)
            .map(|(fault, count)| match count {
                1 => format!("{}.", fault.sentence()),
                _ => format!("{} ({count} times).", fault.sentence()),
            })
            .collect();
        if count > shown {
            sentences.push(format!("{} more inputs are not right.", count - shown));
        }
        sentences
    }

    /// Notes that an input is malformed. One whose text is already known to be wrong is not judged further.
    pub fn add(&mut self, given: Option<&Given>, input: &str, text: impl Into<String>) {
        if given.is_none_or(|given| given.readable) {
            self.note(given, input, text);
        }
    }

    fn note(&mut self, given: Option<&Given>, input: &str, text: impl Into<String>) {
        let variable = given.map(|given| given.variable.clone());
        self.found.push(Fault { input: input.to_owned(), variable, text: text.into() });
    }
}

/// One input's value and where it came from.
#[derive(Clone, Debug)]
pub struct Given {
    value: Secret,
    /// Whether it is worth a closer look: valid UTF-8, and no variable that was left unexpanded.
    readable: bool,
    variable: String,
    usual: bool,
}

/// What was written for the inputs of this run.
#[derive(Debug, Default)]
pub struct Values(BTreeMap<&'static str, Given>);

impl Values {
    /// Looks up the common inputs, and those of a platform when it is known.
    pub fn read(env: &Env, entry: Option<&PlatformInfo>, faults: &mut Faults) -> Self {
        let own = entry.map_or(&[][..], |entry| entry.inputs);
        let mut values = Self::default();
        // A platform may have usual variables for a common input: then its own description counts.
        let redeclared = |input: &&Input| own.iter().any(|own| own.name == input.name);
        let common = COMMON.iter().filter(|input| !redeclared(input));
        let inputs: Vec<_> = common.chain(own).collect();
        for input in &inputs {
            values.look_up(env, input);
        }
        if let Some(entry) = entry {
            values.settle_alternatives(entry, faults);
            values.judge_needs(entry.needs, entry.inputs, faults);
            warn_of_foreign_inputs(env, entry, faults);
        }
        for input in inputs {
            values.judge_text(input, faults);
        }
        warn_of_unknown_names(env, faults);
        values
    }

    fn look_up(&mut self, env: &Env, input: &Input) {
        let prefixed = env.input(input.name).map(|written| (written, false));
        let found = prefixed.or_else(|| {
            let mut usual = input.usual.iter();
            usual.find_map(|(variable, beginning)| {
                let written = env.written(variable)?;
                // Nobody knows what an expression would have become.
                let fits = written
                    .value
                    .as_ref()
                    .is_none_or(|value| value.expose().starts_with(beginning) || is_unexpanded(value.expose()));
                fits.then_some((written, true))
            })
        });
        let Some((written, usual)) = found else {
            return;
        };
        let given = Given {
            readable: written.value.is_some(),
            value: written.value.unwrap_or_default(),
            variable: written.variable,
            usual,
        };
        self.0.insert(input.name, given);
    }

    /// What can be wrong with any value, whatever it is for. One that is wrong here is not judged further.
    fn judge_text(&mut self, input: &Input, faults: &mut Faults) {
        let Some(given) = self.0.get_mut(input.name) else {
            return;
        };
        let text = given.value.expose();
        let wrong = if !given.readable {
            "is not valid UTF-8"
        } else if is_unexpanded(text) && !input.made_up {
            UNEXPANDED
        } else if is_quoted(text) && !input.made_up && input.name != QUOTABLE {
            WRAPPED
        } else if input.secret && text.chars().any(char::is_control) {
            "contains a line break or another control character"
        } else {
            return;
        };
        given.readable = false;
        faults.note(Some(given), input.name, wrong);
    }

    /// A written input beats the usual variables of the other ways; two ways that are both written are a fault.
    fn settle_alternatives(&mut self, entry: &PlatformInfo, faults: &mut Faults) {
        for choice in entry.alternatives {
            let is_written = |name: &&str| self.0.get(name).is_some_and(|given| !given.usual);
            let written: Vec<_> =
                choice.iter().filter_map(|way| Some((*way, way.iter().copied().find(is_written)?))).collect();
            match written.as_slice() {
                [] => {}
                [(way, _)] => {
                    for name in choice.iter().copied().flatten() {
                        if !way.contains(name) {
                            self.0.remove(name);
                        }
                    }
                }
                [(_, first), others @ ..] => {
                    let others: Vec<_> = others.iter().map(|(_, name)| *name).collect();
                    let text = format!("cannot stand beside `{}`: give one of the two", others.join("`, `"));
                    let given = self.0.get(first).cloned();
                    faults.add(given.as_ref(), first, text);
                }
            }
        }
    }

    /// The value of an input.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|given| given.value.expose())
    }

    /// The value of a credential.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.0.get(name).map(|given| given.value.clone())
    }

    /// Whether an input was written as such, not taken from a usual variable.
    fn is_written(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|given| !given.usual)
    }

    /// Leaves an input out, as something else was written instead.
    fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Where an input came from.
    pub fn given(&self, name: &str) -> Option<&Given> {
        self.0.get(name)
    }

    /// Fills a struct of `Option<String>` and `Option<Secret>` fields named after inputs.
    pub fn fill<T: DeserializeOwned + Default>(&self) -> T {
        let pairs = self.0.iter().map(|(name, given)| ((*name).to_owned(), given.value.expose().to_owned()));
        // Only missing or mistyped fields make envy fail, and such a struct has neither.
        envy::from_iter(pairs).unwrap_or_default()
    }

    /// Notes that an input which is needed was not written.
    pub fn missing(&self, input: &Input, faults: &mut Faults) {
        let usual: Vec<_> = input.usual.iter().map(|(variable, _)| *variable).collect();
        let hint = if usual.is_empty() { String::new() } else { format!(", or the variable {}", usual.join(" or ")) };
        faults.add(None, input.name, format!("is missing: set `{}`{hint}", input.name));
    }

    /// A hint for where a value that was taken as it is may still be a variable that nobody expanded.
    pub fn doubt(&self, name: &str) -> Option<String> {
        let given = self.0.get(name)?;
        is_unexpanded(given.value.expose()).then(|| {
            format!(
                "`{name}` ({}) looks like a variable that was not expanded; define it, or check its spelling, unless this is what was meant.",
                given.variable
            )
        })
    }

    /// Whether an input was taken from a usual variable, and not written for this program.
    pub fn is_usual(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|given| given.usual)
    }

    /// The items of a list.
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.get(name).unwrap_or_default();
        text.split([',', '\n', '\r']).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// An input parsed by `parse`, or a fault that says what it should have been.
    pub fn parsed<T>(&self, name: &str, faults: &mut Faults, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let given = self.0.get(name).filter(|given| given.readable)?;
        let text = given.value.expose();
        match parse(text) {
            _ if text.chars().all(|c| c == ',' || c.is_whitespace()) => {
                faults.add(Some(given), name, "is a list without an item");
                None
            }
            Ok(value) => Some(value),
            Err(wrong) => {
                faults.add(Some(given), name, format!("{}{wrong}", echo(text)));
                None
            }
        }
    }
}

/// What is said of an expression that nobody replaced.
const UNEXPANDED: &str = "is a variable that was not expanded; define it, or check its spelling";

/// The input whose language has quotes of its own.
const QUOTABLE: &str = "query";

/// Whether a value was quoted once more than its reader takes off.
fn is_quoted(text: &str) -> bool {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    ['"', '\'', '`'].into_iter().any(|quote| inner(quote).is_some())
}

/// A short value is repeated in its fault; a long one may be a secret in the wrong place.
fn echo(text: &str) -> String {
    const HARMLESS: usize = 12;
    if text.chars().count() <= HARMLESS && !text.chars().any(char::is_control) {
        format!("is \"{text}\", but ")
    } else if text.starts_with(is_wrapping) || text.ends_with(is_wrapping) {
        "has brackets or quotes around it, but ".to_owned()
    } else {
        String::new()
    }
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
    pub ci: Option<String>,
    /// The platform's API, when it is not the usual one.
    pub api_url: Option<Address>,
    /// From PEM text or a path.
    pub ca_cert: Option<Vec<CertificateDer<'static>>>,
}

impl Common {
    /// Judges the common inputs; whatever is wrong goes to `faults` and is replaced by its default.
    pub fn judge(values: &Values, faults: &mut Faults) -> Self {
        let superseded = values.get("select").is_some_and(|text| Select::parse(text) == Ok(Select::Superseded));
        Self {
            ids: ids(values, faults),
            only_states: only_states(values, faults),
            wait: values.parsed("wait", faults, boolean).unwrap_or(true),
            timeout: values
                .parsed("timeout", faults, |text| duration(text, 1, 24 * 3600))
                .unwrap_or(Duration::from_secs(240)),
            poll_interval: values
                .parsed("poll_interval", faults, |text| duration(text, 1, 3600))
                .unwrap_or(Duration::from_secs(5)),
            fail_on: values
                .parsed("fail_on", faults, |_| FailOn::parse(&values.list("fail_on")))
                .unwrap_or_else(|| FailOn::usual(superseded)),
            dry_run: values.parsed("dry_run", faults, boolean).unwrap_or(false),
            summary: values.parsed("summary", faults, boolean).unwrap_or(true),
            output_file: values.get("output_file").map(str::to_owned),
            ci: values.parsed("ci", faults, |name| ci::check_name(name).map(|()| name.to_owned())),
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
    if given.is_some_and(|given| !given.readable) {
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
    values.parsed("only_states", faults, |_| {
        let states = values.list("only_states").into_iter().map(|word| match word.to_ascii_lowercase().as_str() {
            "queued" => Ok(State::Queued),
            "running" => Ok(State::Running),
            _ => Err("takes `queued`, `running` or both".to_owned()),
        });
        states.collect()
    })
}

/// `true` or `false`, in any case.
pub fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("takes `true` or `false`".to_owned()),
    }
}

/// A whole number with `s`, `m` or `h` behind it; a bare number means seconds.
pub fn duration(text: &str, least: u64, most: u64) -> Result<Duration, String> {
    let (number, unit) = match text.char_indices().find(|(_, c)| !c.is_ascii_digit()) {
        Some((at, _)) => text.split_at(at),
        None => (text, "s"),
    };
    let factor = match unit.trim_start() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => 0,
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    match seconds {
        Some(seconds) if factor > 0 && (least..=most).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!(
            "takes a duration such as `90`, `90s`, `5m` or `1h`, from {} to {}",
            spoken(least),
            spoken(most)
        )),
    }
}

fn spoken(seconds: u64) -> String {
    if seconds >= 3600 { format!("{}h", seconds / 3600) } else { format!("{seconds}s") }
}

/// The value of `platform`, looked up in the register.
pub fn chosen_platform(env: &Env, faults: &mut Faults) -> Option<&'static PlatformInfo> {
    let known =
        || platform::REGISTER.iter().map(|entry| format!("`{}`", entry.about.id)).collect::<Vec<_>>().join(", ");
    let Some(written) = env.input("platform") else {
        faults.add(None, "platform", format!("is missing: set `platform` to one of {}", known()));
        return None;
    };
    let text = written.value.as_ref()?.expose();
    let found = platform::named(text);
    if found.is_none() && !is_unexpanded(text) && !is_quoted(text) {
        faults.found.push(Fault {
            input: "platform".to_owned(),
            variable: Some(written.variable.clone()),
            text: format!("{}takes one of {}", echo(text), known()),
        });
    }
    found
}

/// Every secret that stands in any spelling of any platform's inputs, or in a proxy's address, used or not.
pub fn all_secrets(env: &Env) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = Vec::new();
    let mut add = |written: &str| note_secret(&mut secrets, written);
    for input in secret_inputs() {
        for written in env.every_spelling(input.name) {
            add(written.expose());
        }
        input.usual.iter().filter_map(|(variable, _)| env.var(variable)).for_each(&mut add);
    }
    for written in api::proxy_secrets(env) {
        add(&written);
    }
    secrets
}

/// Those of them that came as inputs of an action or a task. Only there is standard output surely read by the runner: the
/// output of a script may just as well be redirected into a file.
pub fn secrets_handed_over(env: &Env) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for input in secret_inputs() {
        for written in env.handed_over(input.name) {
            note_secret(&mut secrets, written.expose());
        }
    }
    secrets
}

fn secret_inputs() -> impl Iterator<Item = &'static Input> {
    let all = platform::REGISTER.iter().flat_map(|entry| entry.inputs);
    all.filter(|input| input.secret)
}

/// Adds a secret as it is written, and as people may show it.
fn note_secret(secrets: &mut Vec<Secret>, written: &str) {
    // A token written with its scheme has to be hidden without it too.
    // Nor may an invisible character in it (a byte order mark, say) keep its rest from being hidden.
    for value in [written, without_scheme(written)] {
        for value in [value.to_owned(), one_line(value)] {
            let known = secrets.iter().any(|known| known.expose() == value);
            if value.len() >= SHORTEST_HIDDEN && !known {
                secrets.push(Secret::from(value));
            }
        }
    }
}

fn is_known(name: &str) -> bool {
    let own = platform::REGISTER.iter().flat_map(|entry| entry.inputs);
    COMMON.iter().chain(own).any(|input| input.name == name)
}

/// Inputs of some platforms that narrow a selection: where there are none such, they must not be passed over.
const NARROWING: [&str; 2] = ["target", "query"];
/// The one of them that also guards a deployment given by its id.
const GUARD: &str = "target";

fn warn_of_foreign_inputs(env: &Env, entry: &PlatformInfo, faults: &mut Faults) {
    let others =
        platform::REGISTER.iter().filter(|other| other.about.id != entry.about.id).flat_map(|other| other.inputs);
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
                let variable = Some(written.variable);
                faults.found.push(Fault { input: input.name.to_owned(), variable, text });
                continue;
            }
            faults.warnings.push(format!(
                "`{}` ({}) is not an input of {} and was not used.",
                input.name, written.variable, entry.about.name
            ));
        }
    }
}

fn warn_of_unknown_names(env: &Env, faults: &mut Faults) {
    let names: Vec<&str> =
        COMMON.iter().chain(platform::REGISTER.iter().flat_map(|entry| entry.inputs)).map(|input| input.name).collect();
    for (name, variable) in env.unknown(is_known) {
        let close = names
            .iter()
            .map(|known| (strsim::damerau_levenshtein(&name, known), known))
            .min()
            .filter(|(distance, known)| *distance * 3 <= known.len().max(6));
        if let Some((_, known)) = close {
            faults.warnings.push(format!("{variable} is no input; did you mean `{known}`?"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_whole_numbers_with_a_unit() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("5m", 300), ("1h", 3600), ("24h", 86_400), ("01", 1)] {
            assert_eq!(duration(text, 1, 86_400), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "0", "-1", "1.5m", "5M", "1d", "s", "25h", "99999999999999999999", "1h30m", "5 minutes"] {
            assert!(duration(text, 1, 86_400).is_err(), "{text}");
        }
    }

    /// What is wrong with the inputs of a platform when this one is written like that.
    fn faults_of(entry: &PlatformInfo, name: &str, value: &str) -> Vec<Fault> {
        let variable = format!("INPUT_{}", name.to_uppercase());
        let env = Env::new([(variable.into(), value.into())]);
        let mut faults = Faults::default();
        let values = Values::read(&env, Some(entry), &mut faults);
        let _ = Common::judge(&values, &mut faults);
        faults.found.retain(|fault| fault.input == name);
        faults.found
    }

    #[test]
    fn an_expression_is_refused_in_every_input_but_the_two_that_people_make_up() {
        for entry in platform::REGISTER {
            for input in COMMON.iter().chain(entry.inputs) {
                let made_up = ["password", "client_secret"].contains(&input.name);
                assert_eq!(input.made_up, made_up, "{}", input.name);
                for value in ["$(X)", "$X", "${X}", "$[x]", "${{ x }}", "<< x >>", "<+x>", "%X%"] {
                    let found = faults_of(entry, input.name, value);
                    assert_eq!(found.len(), usize::from(!made_up), "{} {value} {found:?}", input.name);
                }
            }
        }
    }

    #[test]
    fn a_narrowing_that_a_platform_does_not_know_is_refused() {
        for entry in platform::REGISTER {
            let known = entry.inputs.iter().any(|input| input.name == "target");
            let found = faults_of(entry, "target", "production");
            assert_eq!(found.len(), usize::from(!known), "{}", entry.about.id);
        }
    }

    #[test]
    fn booleans_are_two_words_in_any_case() {
        assert_eq!(boolean("TRUE"), Ok(true));
        assert_eq!(boolean("False"), Ok(false));
        assert!(boolean("yes").is_err() && boolean("1").is_err());
    }

    #[test]
    fn long_values_are_not_repeated_in_messages() {
        assert_eq!(echo("yes"), "is \"yes\", but ");
        assert_eq!(echo("dop_v1_0123456789abcdef"), "");
    }

    proptest! {
        #[test]
        fn no_duration_panics(text in "\\PC{0,12}") {
            let _ = duration(&text, 1, 86_400);
        }
    }
}
