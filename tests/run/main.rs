//! What holds for a run of many deployments, whatever the platform answers and however late, under a paused clock.
//!
//! The cases are the same every time. `PROPTEST_RNG_SEED` and `PROPTEST_CASES` look at others, and at more of them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test may stop at the first surprise"
)]

mod back;
#[path = "../../src/cancel/properties/cases.rs"]
mod cases;
mod nobody;
mod platform;
mod scenes;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cancel_deployment::api::{Api, Clock};
use cancel_deployment::cancel::{Plan, Verdict};
use cancel_deployment::input::Spelling;
use cancel_deployment::model::address::Address;
use cancel_deployment::model::deployment::State;
use cancel_deployment::model::outcome::{FailOn, Outcome};
use cancel_deployment::model::signal::{Received, Signal};
use cancel_deployment::platform::register::REGISTER;
use cancel_deployment::report::{Asked, DeploymentReport, LARGEST_DEPLOYMENTS, Report, Whole};
use cancel_deployment::run::{Run, Task};
use cancel_deployment::select::{Select, Selector};
use cancel_deployment::text::sanitizer::Sanitizer;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use nobody::Nobody;
use platform::{Fate, Fault, Log, Scripted, Sent, Shown, Way, What, Wire, World, name, number, service};
use scenes::any_scene;

type Checked = Result<(), TestCaseError>;

/// One run.
#[derive(Clone, Debug)]
struct Scene {
    fates: Vec<Fate>,
    /// Without a selection: which are named, and which of them by a second name as well.
    named: Vec<(bool, bool)>,
    wanted: Option<Selector>,
    appear_within: Duration,
    plan: Plan,
    lists_tell: bool,
    lag: Duration,
    ways: Vec<Way>,
    /// When a signal comes, and how much later another one.
    signal: Option<(Duration, Option<Duration>)>,
}

/// What came of it.
struct Played {
    world: Arc<World>,
    works: Vec<Task>,
    whole: Option<Verdict>,
    ended: Duration,
}

fn play(scene: &Scene) -> Played {
    fastrand::seed(7);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(drive(scene))
}

async fn drive(scene: &Scene) -> Played {
    let start = Instant::now();
    let world = Arc::new(World {
        fates: scene.fates.clone(),
        ways: scene.ways.clone(),
        lag: scene.lag,
        start,
        log: Mutex::default(),
    });
    let sanitizer = Arc::new(Sanitizer::default());
    let api = Api::new(
        service(),
        Address::parse("https://api.example").expect("an address"),
        Box::new(Wire(Arc::clone(&world))),
        Arc::clone(&sanitizer),
        Clock { start, limit: scene.plan.limit },
    );
    let (sender, mut signals) = watch::channel(Received::default());
    let signal = scene.signal;
    let sender = tokio::spawn(async move {
        if let Some((at, again)) = signal {
            sleep(at).await;
            sender.send_modify(|received| received.first = Some(Signal::Terminate));
            if let Some(again) = again {
                sleep(again).await;
                sender.send_modify(|received| received.again = true);
            }
        }
        sender
    });
    let scripted = Scripted(Arc::clone(&world));
    let run = Run {
        platform: &scripted,
        api: &api,
        plan: scene.plan.clone(),
        lists_tell: scene.lists_tell,
        if_live: None,
        sanitizer: &sanitizer,
        start,
    };
    let (works, whole) = match &scene.wanted {
        Some(wanted) => run.drive_chosen(wanted, scene.appear_within, &mut signals, &mut Nobody).await,
        None => (run.drive(scene.ids(), &mut signals, &mut Nobody).await, None),
    };
    let ended = start.elapsed();
    sender.abort();
    Played { world, works, whole, ended }
}

impl Scene {
    /// Who may not read cannot know that two names are one deployment.
    fn fair(mut self) -> Self {
        if self.named.iter().any(|(_, twice)| *twice) {
            let ways = self.ways.iter_mut();
            ways.filter(|way| way.fault == Some(Fault::Refused(403))).for_each(|way| way.fault = None);
        }
        self
    }

    fn ids(&self) -> Vec<cancel_deployment::model::id::Id> {
        let all = self.named.iter().take(self.fates.len()).enumerate();
        let named = all.filter(|(which, (named, _))| *named || *which == 0);
        named
            .flat_map(|(which, (_, twice))| std::iter::once(name(which, false)).chain(twice.then(|| name(which, true))))
            .collect()
    }

    /// When the last reads have to begin: the earlier, the more there are.
    fn last_read(&self, played: &Played) -> Duration {
        let many = if self.wanted.is_some() { played.works.len() } else { self.ids().len() };
        Plan { many: u32::try_from(many.max(1)).unwrap(), ..self.plan.clone() }.last_read()
    }
}

const GRANULE: Duration = Duration::from_millis(5);

fn cancels(log: &Log) -> impl DoubleEndedIterator<Item = (&Sent, usize)> {
    log.sent.iter().filter_map(|sent| match sent.what {
        What::Cancel(which) => Some((sent, which)),
        _ => None,
    })
}

/// It had a 429, which proves that nothing was processed; without an answer nobody knows.
fn is_limited(sent: &Sent) -> bool {
    matches!(sent.fault, Some(Fault::Limited(_))) && sent.answered.is_some()
}

fn check(scene: &Scene) -> Checked {
    let played = play(scene);
    let log = played.world.log();
    in_time(scene, &played, &log)?;
    each_is_asked_as_it_may(scene, &log)?;
    if let Some(wanted) = &scene.wanted {
        only_the_chosen_are_asked(scene, wanted, &log)?;
    }
    for work in &played.works {
        told_as_it_was_shown(scene, &played, &log, work)?;
    }
    drop(log);
    the_worst_is_told(scene, &played)
}

/// Limits, places and signals.
fn in_time(scene: &Scene, played: &Played, log: &Log) -> Checked {
    let (limit, ended) = (scene.plan.limit, played.ended);
    prop_assert!(log.most_under_way <= 8, "{} at once", log.most_under_way);
    prop_assert!(ended <= limit + Duration::from_secs(2), "{ended:?}");
    for sent in &log.sent {
        prop_assert!(sent.at < limit, "after the limit: {sent:?}");
    }
    // A request that hangs leaves time for one last read.
    let last_read = scene.last_read(played);
    for (sent, _) in cancels(log).filter(|(sent, _)| sent.at < last_read) {
        let over = sent.over.is_none_or(|over| over <= last_read + GRANULE);
        prop_assert!(over, "no last read is possible: {sent:?}");
    }
    for sent in &log.sent {
        let (Some(Fault::Limited(seconds)), Some((at, _))) = (sent.fault, sent.answered) else {
            continue;
        };
        let until = at + Duration::from_secs(seconds);
        let early = log.sent.iter().find(|it| it.at > at && it.at < until);
        prop_assert!(early.is_none(), "at a closed gate: {early:?}");
    }
    let Some((signal, again)) = scene.signal.filter(|(signal, _)| *signal < ended) else {
        return Ok(());
    };
    let late = log.sent.iter().find(|sent| sent.at > signal);
    prop_assert!(late.is_none(), "after the signal: {late:?}");
    let on_the_wire = |sent: &Sent| sent.answered.is_none_or(|(at, _)| at >= signal);
    let grace = if cancels(log).any(|(sent, _)| on_the_wire(sent)) { Duration::from_secs(2) } else { Duration::ZERO };
    let left = grace.min(again.unwrap_or(grace));
    prop_assert!(ended <= signal + left + GRANULE, "{ended:?}");
    Ok(())
}

/// How often, and after what.
fn each_is_asked_as_it_may(scene: &Scene, log: &Log) -> Checked {
    let ids = scene.ids();
    let forbidden = log.sent.iter().any(|sent| sent.fault == Some(Fault::Refused(403)));
    for which in 0..scene.fates.len() {
        let asked: Vec<_> = cancels(log).filter(|(_, one)| *one == which).map(|(sent, _)| sent).collect();
        prop_assert!(asked.is_empty() || !scene.plan.dry_run, "a dry run asks");
        let meant = scene.wanted.is_some() || ids.contains(&name(which, false));
        prop_assert!(asked.is_empty() || meant, "{which} is not meant");
        let limited = |sent: &&&Sent| is_limited(sent);
        let processed = asked.len() - asked.iter().filter(limited).count();
        prop_assert!(processed <= 3, "{which} is asked {processed} times");
        for (before, after) in asked.iter().zip(asked.iter().skip(1)) {
            let answered = before.answered.map(|(at, _)| at);
            prop_assert!(answered.is_none_or(|at| at <= after.at), "two at once");
            let yes = before.answered.is_some_and(|(_, yes)| yes);
            prop_assert!(!yes, "{which} is asked again after a yes");
        }
        let mut since = Duration::ZERO;
        for sent in asked {
            let in_flight = log.shown.iter().any(|shown| {
                let of = shown.states.iter().find(|(one, _)| *one == which);
                // A word that nobody knows is no end, but no reason to choose one either.
                let unknown = scene.wanted.is_none() || !since.is_zero();
                let fit = |state: &State| match &scene.plan.only_states {
                    Some(only) => only.contains(state),
                    None => state.is_in_flight() || (unknown && *state == State::Unknown),
                };
                shown.at >= since && shown.at <= sent.at && of.is_some_and(|(_, state)| fit(state))
            });
            let unseen = forbidden && scene.wanted.is_none();
            let guarded = scene.plan.only_states.is_some() || scene.plan.guarded;
            prop_assert!(in_flight || (unseen && !guarded), "{which} was not read as in flight");
            since = sent.answered.map_or(sent.at, |(at, _)| at);
        }
    }
    Ok(())
}

/// Nothing but what the last list before the first request showed as meant, and never the one to keep or a newer one.
fn only_the_chosen_are_asked(scene: &Scene, wanted: &Selector, log: &Log) -> Checked {
    let Some((first, _)) = cancels(log).next() else {
        return Ok(());
    };
    let before = |by_list: bool| log.shown.iter().filter(move |shown| shown.by_list == by_list && shown.at <= first.at);
    let list = before(true).rfind(|shown| !shown.states.is_empty());
    let Some(list) = list else {
        return Err(TestCaseError::fail("asked without a list"));
    };
    let fate = |which: usize| &scene.fates[which];
    let listed: Vec<_> = list
        .states
        .iter()
        .filter(|(which, _)| wanted.target.is_none() || fate(*which).target == wanted.target.as_deref())
        .copied()
        .collect();
    let was_in_flight = |which: usize| {
        let mut of = listed.iter().filter(|(one, _)| *one == which);
        of.any(|(_, state)| state.is_in_flight())
    };
    let asked: BTreeSet<_> = cancels(log).map(|(_, which)| which).collect();
    prop_assert!(asked.iter().all(|which| was_in_flight(*which)), "{asked:?} of {listed:?}");
    for which in asked.iter().copied() {
        let one = fate(which);
        match wanted.select {
            Select::All => {}
            Select::Branch => prop_assert_eq!(one.branch, Some("main")),
            Select::Commit => prop_assert!(one.branch.is_some() && which % 2 == 0),
            Select::Latest => {
                let newer = listed.iter().any(|(other, state)| {
                    let (it, other) = (fate(*other), *other != which);
                    other && state.is_in_flight() && !it.queued_behind && it.created >= one.created
                });
                prop_assert!(!newer && asked.len() == 1, "{which} is not the latest");
            }
            Select::Superseded => {
                prop_assert!(one.created.is_some(), "an undated one is asked");
                let group = |which: usize| {
                    let one = fate(which);
                    (!wanted.one_group).then_some((one.branch, one.target))
                };
                if let Some((branch, _)) = group(which) {
                    let right = wanted.branch.as_deref().is_none_or(|it| branch == Some(it));
                    prop_assert!(branch.is_some() && right, "of branch {branch:?}");
                }
                let good = [State::Queued, State::Running, State::Succeeded];
                let worth = |(which, state): &(usize, State)| good.contains(state) && !fate(*which).blocked;
                let keepable = listed.iter().filter(|it| worth(it) && group(it.0) == group(which));
                let newest = keepable.clone().filter_map(|it| fate(it.0).created).max();
                prop_assert!(newest > one.created, "{which} is the one to keep, or newer");
                let mut kept = keepable.filter(|it| fate(it.0).created == newest);
                prop_assert!(kept.all(|it| !asked.contains(&it.0)), "the kept one is asked");
                // A list made after that read may show another one that is newer still.
                let read = (0..scene.fates.len()).any(|other| {
                    let of = |it: &&Shown| it.states.iter().any(|(one, _)| *one == other);
                    let still = before(false).rfind(of);
                    let still = still.is_some_and(|it| it.states.iter().all(worth));
                    still && group(other) == group(which) && fate(other).created > one.created
                });
                prop_assert!(read, "nothing that {which} waits for was read right before");
            }
        }
    }
    // What waits behind is asked before what it waits for.
    let order: Vec<_> = cancels(log).map(|(_, which)| fate(which).queued_behind).collect();
    let first_ahead = order.iter().position(|queued_behind| !queued_behind).unwrap_or(order.len());
    let late = cancels(log)
        .skip(first_ahead)
        .filter(|(_, which)| fate(*which).queued_behind)
        .any(|(_, which)| cancels(log).take(first_ahead).all(|(_, one)| one != which));
    prop_assert!(!late, "what waits behind is asked too late");
    Ok(())
}

/// One ending, against what was sent and shown.
fn told_as_it_was_shown(scene: &Scene, played: &Played, log: &Log, work: &Task) -> Checked {
    let Some(ending) = work.procedure.ending() else {
        return Err(TestCaseError::fail("a deployment without an ending"));
    };
    let which = number(work.id.as_str());
    // An end is believed from the deployment itself, not from a list.
    let alone = || log.shown.iter().filter(|shown| !shown.by_list);
    let showed = |wanted: fn(State) -> bool| {
        let mut states = alone().flat_map(|shown| &shown.states);
        states.any(|(one, state)| *one == which && wanted(*state))
    };
    let asked: Vec<_> = cancels(log).filter(|(_, one)| *one == which).collect();
    let limited = is_limited;
    let processed = asked.iter().any(|(sent, _)| !limited(sent));
    let already_canceling = showed(|state| state == State::Canceling);
    let (ours, outcome) = (processed || already_canceling, ending.outcome);
    let good = match outcome {
        // Turned away, and canceled since: somebody else asked.
        Outcome::Canceled => (ours || !asked.is_empty()) && showed(|state| state == State::Canceled),
        Outcome::Completed => ours && showed(|state| state == State::Succeeded),
        Outcome::Failed => ours && showed(|state| state == State::Failed),
        Outcome::Superseded => ours && showed(|state| state == State::Superseded),
        // Nothing is put back here.
        Outcome::RolledBack => false,
        Outcome::AlreadyLive => !processed && showed(|state| state == State::Succeeded),
        Outcome::AlreadyFinished => !processed && showed(State::is_terminal),
        Outcome::Requested => {
            let yes = |sent: &Sent| sent.answered.is_some_and(|(_, yes)| yes);
            !scene.plan.wait && (already_canceling || asked.iter().any(|(sent, _)| yes(sent)))
        }
        Outcome::Interrupted => scene.signal.is_some_and(|(at, _)| at <= played.ended),
        Outcome::TimedOut => {
            let barred = log.sent.iter().any(limited);
            barred || played.ended >= scene.last_read(played)
        }
        Outcome::NotFound => {
            let fate = &scene.fates[which];
            !fate.appears.is_zero() || fate.vanishes.is_some()
        }
        Outcome::DryRun => scene.plan.dry_run,
        Outcome::Skipped => {
            let yes = |sent: &Sent| sent.answered.is_some_and(|(_, yes)| yes);
            let supersedes = |wanted: &Selector| wanted.select == Select::Superseded;
            let guarded = scene.plan.only_states.is_some();
            let guarded = guarded || scene.wanted.as_ref().is_some_and(supersedes);
            guarded && !asked.iter().any(|(sent, _)| yes(sent))
        }
        Outcome::NothingToCancel | Outcome::BadInput => false,
        Outcome::Error => true,
    };
    prop_assert!(good, "{} is told {outcome:?}: {}", work.id.as_str(), ending.reason);
    Ok(())
}

/// The outputs of the run against its deployments.
fn the_worst_is_told(scene: &Scene, played: &Played) -> Checked {
    let sanitizer = Sanitizer::default();
    let tell = |work: &Task| {
        DeploymentReport::new(&REGISTER[0].about, &work.id, &work.procedure, &sanitizer, &Spelling::PLAIN)
    };
    let report = Report {
        platform: Some(&REGISTER[0].about),
        asked: Asked::default(),
        deployments: played.works.iter().map(tell).collect(),
        whole: played.whole.as_ref().map(|whole| Whole::new(whole, &sanitizer, &Spelling::PLAIN)),
        fail_on: FailOn::usual(false),
        faults: Vec::new(),
        took: played.ended,
    };
    let outputs = report.outputs(LARGEST_DEPLOYMENTS);
    let output = |name: &str| {
        let found = outputs.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    };
    // From the worst to the best.
    let order = [
        Outcome::Error,
        Outcome::NotFound,
        Outcome::TimedOut,
        Outcome::Interrupted,
        Outcome::Completed,
        Outcome::AlreadyLive,
        Outcome::Failed,
        Outcome::Superseded,
        Outcome::Requested,
        Outcome::Canceled,
        Outcome::AlreadyFinished,
        Outcome::Skipped,
        Outcome::DryRun,
        Outcome::NothingToCancel,
    ];
    let works = played.works.iter();
    let each: Vec<_> = works.filter_map(|work| work.procedure.ending()).collect();
    let worst = order.iter().find(|outcome| {
        let mut all = each.iter().copied().chain(&played.whole);
        all.any(|ending| ending.outcome == **outcome)
    });
    prop_assert_eq!(Some(output("outcome")), worst.map(|worst| worst.word()));
    let last = |work: &Task| work.procedure.last().map(|last| last.state);
    let states: Vec<_> = played.works.iter().map(last).collect();
    let all_canceled = !states.is_empty() && states.iter().all(|it| *it == Some(State::Canceled));
    prop_assert!(output("canceled") == "false" || all_canceled);
    let live = states.contains(&Some(State::Succeeded));
    let open = states.iter().any(|state| !state.is_some_and(State::is_terminal));
    let went_live = match (live, open) {
        (true, _) => "true",
        (false, true) => "unknown",
        (false, false) => "false",
    };
    if !states.is_empty() {
        prop_assert_eq!(output("went_live"), went_live);
        prop_assert_eq!(output("count"), states.len().to_string());
    }
    let named: BTreeSet<_> = scene.ids().iter().map(|id| number(id.as_str())).collect();
    let told: BTreeSet<_> = played.works.iter().map(|work| number(work.id.as_str())).collect();
    prop_assert!(scene.wanted.is_some() || named == told, "{told:?} of {named:?}");
    Ok(())
}

proptest! {
    #![proptest_config(cases::cases(4))]

    #[test]
    fn a_run_of_many_asks_only_for_what_was_meant_in_time_and_tells_what_was_shown(scene in any_scene()) {
        check(&scene)?;
    }
}
