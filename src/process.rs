//! One run once it has a console: how it begins, and how it is carried out.

use std::sync::{Arc, Mutex};

use tokio::time::Instant;

use crate::api::{Api, Clock, Service, Transport};
use crate::cancel::{Plan, Verdict};
use crate::ci::facts::Facts;
use crate::ci::{self, Console, Print};
use crate::input::Spelling;
use crate::input::env::Env;
use crate::input::faults::Faults;
use crate::model::address::Address;
use crate::model::deployment::same_commit;
use crate::model::outcome::{Exit, Outcome};
use crate::model::reason::{Reason, counted};
use crate::model::signal::{Received, Signals};
use crate::platform::PlatformInfo;
use crate::platform::register::Platforms;
use crate::progress::{ProgressLog, Voice};
use crate::report::{Asked, DeploymentReport, Report, Whole};
use crate::run::{Run, Task};
use crate::select::Select;
use crate::settings::open::Opened;
use crate::settings::secrets::{all_secrets, secrets_handed_over};
use crate::settings::target::Target;
use crate::settings::{self, Common, chosen_platform};
use crate::telling::{lock, nothing_yet, publish};
use crate::text::redactor::Redactor;
use crate::text::sanitizer::Sanitizer;
use crate::text::secret::Secret;
use crate::text::time::spoken;

/// What every run begins with: a console, on which every secret is known and masked.
pub(crate) struct Begun {
    pub(crate) console: Arc<Mutex<Console>>,
    pub(crate) sanitizer: Arc<Sanitizer>,
}

/// Finds out where this runs and what must not be shown, before anything is said.
pub(crate) fn begin(platforms: &Platforms, env: &Env, print: Print, signals: Signals) -> Begun {
    let named_ci = env.input("ci").and_then(|written| written.value);
    let ci = ci::here(env, named_ci.as_ref().map(Secret::expose));
    let debug = env.var("RUNNER_DEBUG") == Some("1");
    let secrets = all_secrets(platforms, env);
    let sanitizer = Arc::new(Sanitizer::new(Redactor::new(&secrets)));
    let mut console = Console::new(ci, debug, signals, Arc::clone(&sanitizer), print);
    console.mask(&secrets, &secrets_handed_over(platforms, env));
    Begun { console: Arc::new(Mutex::new(console)), sanitizer }
}

/// A run that cannot even begin, for want of what the machine should have: told like every other, without a request.
pub(crate) fn cannot_begin(platforms: &Platforms, env: &Env, why: &str) -> Exit {
    let (_sender, signals) = tokio::sync::watch::channel(Received::default());
    let Begun { console, sanitizer } = begin(platforms, env, Box::new(ci::print), signals);
    let mut faults = Faults::default();
    let entry = chosen_platform(platforms, env, &mut faults);
    let values = settings::read(platforms, env, entry, &mut faults);
    let common = Common::judge(&values, &mut faults);
    let verdict = Verdict::new(Outcome::Error, Reason::CannotBegin(why.to_owned()));
    let spelling = settings::spelling(platforms, env, lock(&console).ci());
    let report = Report { whole: Some(Whole::new(&verdict, &sanitizer, &spelling)), ..nothing_yet(entry, &common) };
    publish(&mut lock(&console), &report, &common);
    common.fail_on.exit(report.outcomes())
}

/// Of thousands, a larger story would lie beside all tasks instead of in their places.
const _: () = assert!(size_of::<DeploymentReport>() <= size_of::<Task>());

/// What a run goes on with once its inputs are judged.
pub(crate) struct Process<'a> {
    pub(crate) console: &'a Arc<Mutex<Console>>,
    pub(crate) sanitizer: &'a Arc<Sanitizer>,
    pub(crate) entry: &'static PlatformInfo,
    pub(crate) common: &'a Common,
    pub(crate) spelling: &'a Spelling,
    pub(crate) facts: &'a Facts,
    pub(crate) start: Instant,
}

impl Process<'_> {
    /// The API of the platform, with the console as its listener.
    fn api(&self, service: Service, base: Address, transport: Box<dyn Transport>) -> Api {
        let Self { console, sanitizer, common, start, .. } = *self;
        let clock = Clock { start, limit: common.timeout };
        let listener = Voice { console: Arc::clone(console), start };
        Api::new(service, base, transport, Arc::clone(sanitizer), clock).heard_by(Arc::new(listener))
    }

    /// Who tells what happens.
    fn progress(&self) -> ProgressLog<'_> {
        let Self { console, sanitizer, entry, common, spelling, start, .. } = *self;
        let voice = Voice { console: Arc::clone(console), start };
        ProgressLog { voice, sanitizer, entry, common, spelling, told: false, said: start }
    }

    /// Takes every deployment that the run is aimed at to its end.
    pub(crate) async fn carry_out(&self, opened: Opened, signals: &mut Signals, report: &mut Report) {
        let Self { console, sanitizer, entry, common, spelling, start, .. } = *self;
        report.asked = self.asked(&opened.target);
        lock(console).open_group(&report.asked.to_string());
        let api = self.api(opened.service, opened.base, opened.transport);
        let plan = Plan {
            wait: common.wait,
            dry_run: common.dry_run,
            only_states: common.only_states.clone(),
            guard: opened.guard,
            guarded: opened.platform.is_guarded(),
            poll_interval: common.poll_interval,
            slower: entry.slower,
            spare: false,
            limit: common.timeout,
            many: 1,
        };
        let mut progress = self.progress();
        let driver = Run {
            platform: opened.platform.as_ref(),
            api: &api,
            plan,
            lists_tell: entry.lists_tell && matches!(opened.target, Target::Selection { .. }),
            if_live: opened.if_live.as_ref(),
            sanitizer,
            start,
        };
        let (tasks, whole) = match opened.target {
            Target::Ids(ids) => (driver.drive(ids, signals, &mut progress).await, None),
            Target::Selection { selector, appear_within } => {
                driver.drive_chosen(&selector, appear_within, signals, &mut progress).await
            }
        };
        let ending = tasks.first().and_then(|task| task.procedure.ending());
        // It concerns the whole run, of which nothing else is to be told then.
        let bad_input = ending.filter(|ending| ending.outcome == Outcome::BadInput);
        report.whole = whole.as_ref().or(bad_input).map(|whole| Whole::new(whole, sanitizer, spelling));
        if bad_input.is_none() {
            // Each task gives its place to its story.
            let story = |task: Task| {
                DeploymentReport::new(&entry.about, &task.id, &task.procedure, sanitizer, spelling).with_roll_back(
                    task.roll_back.as_deref(),
                    sanitizer,
                    spelling,
                )
            };
            report.deployments = tasks.into_iter().map(story).collect();
        }
        lock(console).close_group();
    }

    /// What is asked, in a few words.
    fn asked(&self, target: &Target) -> Asked {
        let Self { entry, common, sanitizer, facts, .. } = self;
        let (what, selector) = match target {
            Target::Ids(ids) => (counted(ids.len()), None),
            Target::Selection { selector, .. } => (selector.describe(), Some(selector)),
        };
        let hash = selector.filter(|it| it.select == Select::Commit).and_then(|it| it.commit.as_deref());
        // One that was written by hand may be another repository's.
        let is_of_run = |hash: &str| facts.commit.as_deref().is_some_and(|commit| same_commit(commit, hash));
        let commit = hash.map(|hash| (hash, facts.commit_page.as_deref().filter(|_| is_of_run(hash))));
        let target = selector.and_then(|it| it.target.as_ref()).map(|target| format!("to {target} "));
        let limit = spoken(common.timeout);
        let how = match (common.dry_run, common.wait) {
            (true, _) => "dry run".to_owned(),
            (false, true) if common.rolls_back => {
                format!("wait for the end, at most {limit}; roll back if it went live")
            }
            (false, true) => format!("wait for the end, at most {limit}"),
            (false, false) => "do not wait for the end".to_owned(),
        };
        let after = format!("{}on {} ({how})", target.unwrap_or_default(), entry.about.name);
        Asked::new(sanitizer, &format!("Cancel {what}"), commit, &after)
    }
}
