//! Several slots in one run: what somebody does in one of them at whatever moment is told of that one, and makes no
//! difference to the other.
//!
//! In the first slot the second deployment was live, and the first one is; in the other one the sixth was, and the
//! seventh is. The run is to stop the first one and the seventh.

use std::time::Duration;

use crate::cells::stand;
use crate::sandbox::{Call, Fault, Sandbox, Served, Stand};
use crate::step::{Ran, Step};

/// What somebody does in the other slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// A newer one goes live.
    GoesLive,
    /// A newer one is in flight from then on.
    Begins,
    /// The platform forgets what was live before.
    Forgets,
    /// A request is not answered for a while, of whichever slot.
    Silence,
}

impl Beside {
    pub const ALL: [Self; 4] = [Self::GoesLive, Self::Begins, Self::Forgets, Self::Silence];

    fn is_done(self, stand: &'static dyn Stand, sandbox: &Sandbox) {
        match self {
            Self::GoesLive => put_live(stand, sandbox, 8),
            Self::Begins => stand.put_one(sandbox, &stand.bound(8).elsewhere()),
            // What is live is kept.
            Self::Forgets if serves(stand, sandbox) == Some(6) => {}
            Self::Forgets => stand.lose(sandbox, 6),
            Self::Silence => {}
        }
    }
}

/// One goes live in the other slot.
fn put_live(stand: &'static dyn Stand, sandbox: &Sandbox, number: usize) {
    sandbox.pass(stand.name(), 5);
    stand.put_one(sandbox, &stand.bound(number).elsewhere().state("succeeded"));
}

fn history(stand: &'static dyn Stand, sandbox: &Sandbox) -> Vec<Served> {
    sandbox.history(stand.name(), stand.way_back().and_then(|back| back.beside).expect("another slot"))
}

/// What the other slot serves.
fn serves(stand: &'static dyn Stand, sandbox: &Sandbox) -> Option<usize> {
    let live = history(stand, sandbox).pop()?;
    (1..20).find(|number| stand.id(*number) == live.build)
}

/// Two slots that both have to be put back.
fn scene(platform: &str) -> (&'static dyn Stand, Sandbox, Step) {
    let (stand, sandbox) = (stand(platform), Sandbox::without_server());
    stand.put_scopes(&sandbox);
    [4, 2, 1].into_iter().for_each(|number| stand.put_live(&sandbox, number));
    [6, 7].into_iter().for_each(|number| put_live(stand, &sandbox, number));
    let step = super::scene::step(stand, &sandbox, 30);
    let ids = format!("{},{}", stand.id(1), stand.id(7));
    (stand, sandbox, step.input("deployment_id", &ids))
}

pub fn every_moment(platform: &str, beside: Beside) {
    let (_, sandbox, step) = scene(platform);
    step.run_inside(&sandbox);
    let calls: Vec<Call> = sandbox.requests().iter().map(|seen| seen.call).collect();
    let sent = calls.iter().rposition(|call| *call == Call::RollBack).expect("two requests");
    for moment in 0..calls.len().min(sent + 8) {
        let (stand, sandbox, step) = scene(platform);
        let number = calls[..=moment].iter().filter(|call| **call == calls[moment]).count();
        if beside == Beside::Silence {
            let passing = vec![Fault::Pass; number - 1];
            sandbox.fault(calls[moment], passing);
            sandbox.fault(calls[moment], [Fault::Delay(Duration::from_secs(12))]);
        } else {
            sandbox.before(calls[moment], number, move |sandbox| beside.is_done(stand, sandbox));
        }
        let ran = step.run_inside(&sandbox);
        check(stand, &sandbox, &ran, beside, moment);
    }
}

fn check(stand: &'static dyn Stand, sandbox: &Sandbox, ran: &Ran, beside: Beside, moment: usize) {
    let back = stand.way_back().expect("a way back");
    let deployments = ran.deployments();
    let told = |id: usize| {
        let one = deployments.iter().find(|one| one["deployment_id"] == stand.id(id)).expect("both are told");
        (one["outcome"].as_str().unwrap_or_default(), one["rollback"]["result"].as_str().unwrap_or_default())
    };
    let numbers = |served: Vec<Served>| {
        let number = |one: &Served| (1..20).find(|number| stand.id(*number) == one.build).unwrap_or_default();
        served.iter().map(number).collect::<Vec<_>>()
    };
    let (first, other) = (numbers(sandbox.history(stand.name(), back.slot)), numbers(history(stand, sandbox)));
    let log = format!("{beside:?} before request {moment}\nserved {first:?} and {other:?}\n{}", ran.stdout);
    assert_eq!((told(1), first.as_slice()), (("rolled_back", "done"), &[4, 2, 1, 2][..]), "{log}");
    let (outcome, result) = told(7);
    let live = other.last().copied();
    // Nobody but this run puts that there once more.
    let is_sent = other.iter().filter(|number| **number == 6).count() == 2;
    // Nothing looks at what somebody does after the last two reads, or those of what was replaced: each slot has its own.
    let requests = sandbox.requests();
    let reads = requests.iter().enumerate().rev().filter(|(_, seen)| seen.call == back.live);
    let is_over = reads.map(|(at, _)| at).nth(3).is_some_and(|last| moment > last);
    let is_true = match result {
        "done" if is_sent => live == Some(6) || is_over,
        // What nobody had seen is in no list any more, and what was live before that still is.
        "done" => beside == Beside::Forgets && live == Some(0),
        "replaced_other" => is_sent && live == Some(6) && matches!(beside, Beside::GoesLive | Beside::Begins),
        "failed" => live != Some(6) && beside != Beside::Silence,
        "moved_on" => !is_sent && live == Some(8),
        "newer_in_flight" => !is_sent && live == Some(7) && beside == Beside::Begins,
        "no_target" | "refused" => !is_sent && live == Some(7) && beside == Beside::Forgets,
        _ => false,
    };
    let wanted = match result {
        "done" => ("rolled_back", 3),
        "replaced_other" => ("error", 1),
        _ => ("already_finished", 3),
    };
    assert!(is_true && outcome == wanted.0, "{outcome} {result}: {log}");
    // Told of the run is the worse of the two.
    assert_eq!((ran.output("outcome"), ran.output("rollback"), ran.code), (wanted.0, result, wanted.1), "{log}");
}
