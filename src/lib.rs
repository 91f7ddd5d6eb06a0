//! Stops a deployment from CI, and tells the truth about how it ended.
//!
//! A run is one straight line, and [`run()`] is that line in code:
//! environment → inputs → reads and cancel requests → outcome → report → exit code.
//!
//! On the left edge stand the CI systems, on the right edge the hosting platforms. Each is one file that knows one
//! product. Between them is one procedure, and one door through which everything is sent.
//!
//! | room | what it is |
//! | --- | --- |
//! | [`model`] | plain facts: ids, addresses, branches, what a platform told us, what went wrong, outcomes and exit codes |
//! | [`text`] | what may never be printed, what may be shown, and how it is made fit for that |
//! | [`input`] | the environment, read once; which inputs there are, what was written, everything that is wrong with it |
//! | [`settings`] | what a run is aimed at |
//! | [`select`] | a choice from a list |
//! | [`cancel`] | the procedure for one deployment, a state machine without input or output |
//! | [`api`] | the only part that sends, with its whole policy, its roots of trust and its proxy |
//! | [`platform`] | the `Platform` trait, the register, one file or folder for each platform |
//! | [`mod@run`] | several deployments at a time, one limit, one signal for all |
//! | [`report`] | how a run is told: values, not yet printed |
//! | [`ci`] | one file for each CI system's syntax, what it knows of the run, and the one place that prints, writes files and calls programs |
//! | [`help`] | `--help` |
//!
//! Which CI systems and platforms there are, two registers say, one line each. What a run touches of the world besides
//! files is a [`World`]: [`run_in()`] takes another than the real one, with no network and no streams.
//!
//! Who may know what: only `api` knows reqwest; platforms know neither each other nor a CI system nor the clock; the
//! procedure knows no platform by name; CI systems know nothing of HTTP. `tests/repository.rs` holds that.

pub mod api;
pub mod cancel;
pub mod ci;
pub mod help;
pub mod input;
pub mod model;
pub mod platform;
pub mod report;
pub mod run;
pub mod select;
pub mod settings;
pub mod text;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::api::{Api, Client, Roots, Service, Transport};
use crate::cancel::{Plan, Verdict};
use crate::ci::facts::Facts;
use crate::ci::{Console, Print};
use crate::input::Values;
use crate::input::env::Env;
use crate::input::faults::{Fault, Faults};
use crate::model::address::Address;
use crate::model::outcome::{Exit, Outcome};
use crate::model::signal::{Received, Signal, Signals};
use crate::platform::{Platform, PlatformInfo};
use crate::report::{Report, Told, shown_id};
use crate::run::{Observer, Run, Waiting, Work};
use crate::select::guard::Guard;
use crate::settings::secrets::{all_secrets, secrets_handed_over};
use crate::settings::target::Target;
use crate::settings::{Common, chosen_platform};
use crate::text::redactor::Redactor;
use crate::text::sanitizer::Sanitizer;
use crate::text::secret::Secret;

/// Opens the link to a base address, by the roots and the proxy of the environment; the last argument says that a
/// sign-in may lead to another host.
pub type Connect = Box<dyn Fn(&Address, Roots<'_>, &Env, bool) -> anyhow::Result<Box<dyn Transport>>>;

/// What a run touches of the world besides files: who sends, and who prints.
pub struct World {
    /// Who sends.
    pub dial: Connect,
    /// Who prints.
    pub print: Print,
}

impl World {
    /// This machine's network, and this process's streams.
    pub fn real() -> Self {
        let dial = |base: &Address, roots: Roots<'_>, env: &Env, elsewhere: bool| {
            let client = Client::new(base, roots, env, elsewhere)?;
            Ok(Box::new(client) as Box<dyn Transport>)
        };
        Self { dial: Box::new(dial), print: Box::new(ci::print) }
    }
}

/// One run, from the environment to the exit. `start` is when the process began, `signals` what it is told to do.
pub async fn run(env: &Env, start: Instant, signals: Signals) -> Exit {
    run_in(World::real(), env, start, signals).await
}

/// A run that cannot even begin, for want of what the machine should have: told like every other, without a request.
pub fn cannot_begin(env: &Env, why: &str) -> Exit {
    let World { print, .. } = World::real();
    let named_ci = env.input("ci").and_then(|written| written.value);
    let ci = ci::here(env, named_ci.as_ref().map(Secret::expose));
    let secrets = all_secrets(env);
    let cleaner = Arc::new(Sanitizer::new(Redactor::new(&secrets)));
    let (_sender, signals) = tokio::sync::watch::channel(Received::default());
    let mut console = Console::new(ci, false, signals, Arc::clone(&cleaner), print);
    console.mask(&secrets, &secrets_handed_over(env));
    let mut faults = Faults::default();
    let entry = chosen_platform(env, &mut faults);
    let values = settings::read(env, entry, &mut faults);
    let common = Common::judge(&values, &mut faults);
    let whole = Verdict {
        outcome: Outcome::Error,
        reason: cleaner.value(&format!("This run could not begin, and nothing was sent: {why}.")),
        hint: "Allow this process more (`ulimit -n`, the limits of the container), or run fewer at once.".to_owned(),
        perhaps_live: false,
    };
    let report = Report {
        platform: entry.map(|entry| &entry.about),
        asked: String::new(),
        deployments: Vec::new(),
        whole: Some(whole),
        fail_on: common.fail_on.clone(),
        faults: Vec::new(),
        took: Duration::ZERO,
    };
    tell(&mut console, &report, &common);
    common.fail_on.exit(report.outcomes())
}

/// The same run in any world.
pub async fn run_in(world: World, env: &Env, start: Instant, mut signals: Signals) -> Exit {
    let World { dial, print } = world;
    let named_ci = env.input("ci").and_then(|written| written.value);
    let ci = ci::here(env, named_ci.as_ref().map(Secret::expose));
    let debug = env.var("RUNNER_DEBUG") == Some("1");
    let secrets = all_secrets(env);
    let cleaner = Arc::new(Sanitizer::new(Redactor::new(&secrets)));
    let console = Console::new(ci, debug, signals.clone(), Arc::clone(&cleaner), print);
    let console = Arc::new(Mutex::new(console));
    lock(&console).mask(&secrets, &secrets_handed_over(env));

    let mut faults = Faults::default();
    let entry = chosen_platform(env, &mut faults);
    let values = settings::read(env, entry, &mut faults);
    let common = Common::judge(&values, &mut faults);
    let facts = Facts::read(env, lock(&console).ci().id());
    let opened = match entry {
        Some(entry) => open(&dial, env, entry, &values, &common, &facts, &mut faults),
        None => {
            require_aim(&values, &mut faults);
            None
        }
    };
    remark(&mut lock(&console), &cleaner, &faults);
    let mut report = Report {
        platform: entry.map(|entry| &entry.about),
        asked: String::new(),
        deployments: Vec::new(),
        whole: None,
        fail_on: common.fail_on.clone(),
        faults: Vec::new(),
        took: start.elapsed(),
    };
    let Some((opened, entry)) = opened.zip(entry).filter(|_| faults.found.is_empty()) else {
        let sentences = faults.sentences().into_iter();
        report.faults = sentences.map(|fault| cleaner.value(&fault)).collect();
        tell(&mut lock(&console), &report, &common);
        return Exit::BadInput;
    };

    report.asked = cleaner.value(&asked(entry, &common, &opened.aim));
    lock(&console).open_group(&report.asked);
    let process = Process { console: &console, cleaner: &cleaner, entry, common: &common, start };
    let (works, whole) = process.carry_out(opened, &mut signals).await;
    report.deployments =
        works.iter().map(|work| Told::new(&entry.about, &work.id, &work.procedure, &cleaner)).collect();
    report.whole = whole;
    report.took = start.elapsed();
    lock(&console).close_group();
    tell(&mut lock(&console), &report, &common);
    let signal = signals.borrow().first;
    signal.map_or_else(|| common.fail_on.exit(report.outcomes()), Signal::exit)
}

/// What a run goes on with once its inputs are judged.
struct Process<'a> {
    console: &'a Arc<Mutex<Console>>,
    cleaner: &'a Arc<Sanitizer>,
    entry: &'static PlatformInfo,
    common: &'a Common,
    start: Instant,
}

impl Process<'_> {
    /// Opens the door and takes everything aimed at to its end.
    async fn carry_out(&self, opened: Opened, signals: &mut Signals) -> (Vec<Work>, Option<Verdict>) {
        let Self { console, cleaner, entry, common, start } = *self;
        let [trace, hide, notice] = [(); 3].map(|()| Arc::clone(console));
        let api = Api::new(opened.service, opened.base, opened.link, Arc::clone(cleaner), start, common.timeout)
            .traced(Arc::new(move |line| lock(&trace).debug(line)))
            .noticing(Arc::new(move |trouble| {
                let seconds = start.elapsed().as_secs_f64();
                lock(&notice).log(&format!("{seconds:>6.1} s  {trouble}"));
            }))
            .hiding(Arc::new(move |secret| lock(&hide).mask_made(secret)));
        let plan = Plan {
            wait: common.wait,
            dry_run: common.dry_run,
            only_states: common.only_states.clone(),
            guard: opened.guard,
            guarded: opened.platform.is_guarded(),
            poll_interval: common.poll_interval,
            slower: entry.slower,
            limit: common.timeout,
            many: 1,
        };
        let mut teller = ProgressLog { console, cleaner, entry, common, told: false, said: start, start };
        let driver = Run {
            platform: opened.platform.as_ref(),
            api: &api,
            plan,
            lists_tell: entry.lists_tell && matches!(opened.aim, Target::Selection { .. }),
            cleaner,
            start,
        };
        match opened.aim {
            Target::Ids(ids) => (driver.drive(ids, signals, &mut teller).await, None),
            Target::Selection { wanted, appear_within } => {
                driver.drive_chosen(&wanted, appear_within, signals, &mut teller).await
            }
        }
    }
}

/// What is odd about the inputs, said before anything is done.
fn remark(console: &mut Console, cleaner: &Sanitizer, faults: &Faults) {
    for warning in &faults.warnings {
        console.warn(&cleaner.value(warning));
    }
}

fn require_aim(values: &Values, faults: &mut Faults) {
    if ["deployment_id", "select"].iter().all(|name| values.given(name).is_none()) {
        let text = "is missing: set `deployment_id` to the deployment to cancel, or `select` to have it found";
        faults.add(None, "deployment_id", text);
    }
}

/// What an input of this run led to.
struct Opened {
    platform: Box<dyn Platform>,
    service: Service,
    base: Address,
    link: Box<dyn Transport>,
    aim: Target,
    guard: Guard,
}

/// Opens the platform and its door; every fault is noted, not the first.
fn open(
    dial: &Connect,
    env: &Env,
    entry: &'static PlatformInfo,
    values: &Values,
    common: &Common,
    facts: &Facts,
    faults: &mut Faults,
) -> Option<Opened> {
    let opened = (entry.open)(values, faults);
    let (mut ids, mut known) = (Vec::new(), HashSet::new());
    for written in &common.ids {
        match (entry.read_id)(written) {
            Ok(id) if known.insert(id.clone()) => ids.push(id),
            Ok(_) => {}
            Err(wrong) => faults.add(values.given("deployment_id"), "deployment_id", wrong),
        }
    }
    let home = Facts::repository(env);
    let (aim, guard) = settings::target::judge(values, entry, facts, home.as_deref(), ids, faults);
    if entry.needs_id && matches!(&aim, Target::Ids(ids) if ids.is_empty()) {
        require_aim(values, faults);
    }
    if let Target::Selection { appear_within, .. } = aim {
        faults.warnings.extend(facts.notes.iter().cloned());
        if appear_within >= common.timeout {
            let text = "`appear_within` is not shorter than `timeout`, which ends the waiting before.";
            faults.warnings.push(text.to_owned());
        }
    }
    let (platform, service) = opened?;
    let aim = match aim {
        Target::Ids(ids) if ids.is_empty() => Target::Ids(platform.whole().into_iter().collect()),
        aim => aim,
    };
    let usual = service.base.clone().or_else(|| Address::parse(entry.base).ok());
    let base = common.api_url.clone().or(usual)?;
    let roots = Roots {
        file: env.var("SSL_CERT_FILE"),
        dir: env.var("SSL_CERT_DIR"),
        extra: common.ca_cert.clone().unwrap_or_default(),
    };
    match dial(&base, roots, env, service.sign_in.is_some()) {
        Ok(link) => Some(Opened { platform, service, base, link, aim, guard }),
        Err(error) => {
            let fault = Fault { input: String::new(), variable: None, text: format!("{error:#}") };
            faults.found.push(fault);
            None
        }
    }
}

fn asked(entry: &PlatformInfo, common: &Common, aim: &Target) -> String {
    let what = match aim {
        Target::Ids(ids) if ids.len() == 1 => "1 deployment".to_owned(),
        Target::Ids(ids) => format!("{} deployments", ids.len()),
        Target::Selection { wanted, .. } => wanted.describe(),
    };
    let seconds = common.timeout.as_secs();
    let how = match (common.dry_run, common.wait) {
        (true, _) => "dry run".to_owned(),
        (false, true) => format!("wait for the end, at most {seconds} s"),
        (false, false) => "do not wait for the end".to_owned(),
    };
    format!("Cancel {what} on {} ({how})", entry.about.name)
}

/// Says everything there is to say, each way that can be had; what cannot be written is a warning.
fn tell(console: &mut Console, report: &Report, common: &Common) {
    let largest = console.ci().largest_deployments();
    console.output_file(common.output_file.as_deref(), report);
    console.outputs(&report.outputs(largest));
    let left_out = report.small_deployments(largest).1;
    if left_out > 0 {
        console.warn(&format!("The output `deployments` has room for {} KiB; {left_out} deployments are left out there, and counted in `count`.", largest / 1024));
    }
    console.conclude(report, common.summary);
}

fn lock(console: &Mutex<Console>) -> MutexGuard<'_, Console> {
    console.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells what happens while it happens: a line when a state changes, and the provisional outputs once.
struct ProgressLog<'a> {
    console: &'a Mutex<Console>,
    cleaner: &'a Sanitizer,
    entry: &'static PlatformInfo,
    common: &'a Common,
    told: bool,
    /// When the last line was said.
    said: Instant,
    start: Instant,
}

/// The longest silence: CI systems end jobs that say nothing, some after ten minutes.
const SILENCE: Duration = Duration::from_secs(60);

impl ProgressLog<'_> {
    fn say(&mut self, text: &str) {
        self.said = Instant::now();
        let seconds = self.start.elapsed().as_secs_f64();
        lock(self.console).log(&format!("{seconds:>6.1} s  {text}"));
    }
}

impl Observer for ProgressLog<'_> {
    fn saw(&mut self, work: &Work) {
        let mut words = work.procedure.timeline().iter().rev().map(|(_, word)| word.as_str());
        let (now, before) = (words.next().unwrap_or_default(), words.next());
        let before = before.map(|before| format!("{before} → ")).unwrap_or_default();
        let line = format!("{}: {before}{now}", shown_id(&work.id, self.cleaner));
        self.say(&line);
    }

    fn warn(&mut self, text: &str) {
        self.said = Instant::now();
        lock(self.console).warn(text);
    }

    fn is_due(&self) -> Option<Instant> {
        Some(self.said + SILENCE)
    }

    fn waits(&mut self, what: Waiting<'_>) {
        let line = match what {
            Waiting::For(what, since) => {
                format!("still waiting for {what}, since {:.1} s", since.as_secs_f64())
            }
            Waiting::Ends(works) => {
                let open = || works.iter().filter(|work| work.procedure.ending().is_none());
                let Some(first) = open().min_by_key(|work| work.procedure.last_change()) else {
                    return self.say("still waiting for what the platform adds to the end");
                };
                let word = first.procedure.last().map(|last| last.platform_state.as_str());
                let since = first.procedure.last_change().as_secs_f64();
                let id = shown_id(&first.id, self.cleaner);
                let others = match open().count() {
                    1 => String::new(),
                    many => format!(", and {} more have not ended", many - 1),
                };
                let word = word.unwrap_or("not read");
                format!("{id}: still {word}, since {since:.1} s{others}")
            }
        };
        self.say(&line);
    }

    fn note(&mut self, text: &str) {
        self.say(text);
    }

    fn asking(&mut self, works: &[Work], which: usize) {
        let Some(work) = works.get(which) else { return };
        let unseen =
            if work.procedure.last().is_none() { " (reading it is forbidden, so this is asked unseen)" } else { "" };
        let id = shown_id(&work.id, self.cleaner);
        self.say(&format!("{id}: asking to cancel{unseen}"));
        let mut console = lock(self.console);
        if !std::mem::replace(&mut self.told, true) {
            let report = Report {
                platform: Some(&self.entry.about),
                asked: String::new(),
                deployments: works
                    .iter()
                    .map(|work| Told::new(&self.entry.about, &work.id, &work.procedure, self.cleaner))
                    .collect(),
                whole: None,
                fail_on: self.common.fail_on.clone(),
                faults: Vec::new(),
                took: self.start.elapsed(),
            };
            let largest = console.ci().largest_deployments();
            console.provisional(&provisional(&report, largest));
        }
    }
}

/// What stands in the output file if this process is killed without warning: the final block overrides it.
fn provisional(report: &Report, largest: usize) -> Vec<(&'static str, String)> {
    let mut outputs = report.outputs(largest);
    for (name, value) in &mut outputs {
        match *name {
            "outcome" => *value = Outcome::Interrupted.to_string(),
            "canceled" => *value = "false".to_owned(),
            "deployments" => *value = "[]".to_owned(),
            _ => {}
        }
    }
    outputs
}
