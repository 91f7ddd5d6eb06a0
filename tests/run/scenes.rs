//! Any run at all.

use std::time::Duration;

use cancel_deployment::cancel::Plan;
use cancel_deployment::model::deployment::State;
use cancel_deployment::select::guard::Guard;
use cancel_deployment::select::{Select, Selector};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::Scene;
use crate::platform::{Fate, Fault, Way};

fn seconds(most: u64) -> impl Strategy<Value = Duration> {
    (0..most * 1000).prop_map(Duration::from_millis)
}

fn any_fate() -> impl Strategy<Value = Fate> {
    let end = select(vec![
        State::Canceled,
        State::Succeeded,
        State::Succeeded,
        State::Failed,
        State::Superseded,
        State::Unknown,
    ]);
    let begins = select(vec![
        State::Queued,
        State::Running,
        State::Running,
        State::Running,
        State::Running,
        State::Canceling,
        State::Succeeded,
        State::Failed,
        State::Canceled,
        State::Unknown,
    ]);
    let appears = prop_oneof![6 => Just(Duration::ZERO), 1 => seconds(12)];
    (
        (select(vec![None, Some(1), Some(2), Some(3), Some(4), Some(5)]), begins, appears),
        select(vec![None, Some("main"), Some("main"), Some("main2")]),
        select(vec![None, None, Some("production")]),
        prop_oneof![12 => Just((false, false)), 1 => Just((true, false)), 1 => Just((false, true))],
        proptest::option::of((seconds(20), end)),
        prop_oneof![9 => Just(None), 1 => seconds(20).prop_map(Some)],
        proptest::option::weighted(0.8, seconds(8)),
    )
        .prop_map(
            |((created, begins, appears), branch, target, (blocked, queued_behind), turns, vanishes, obeys)| Fate {
                created,
                branch,
                target,
                blocked,
                queued_behind,
                appears,
                begins,
                turns,
                vanishes,
                obeys,
            },
        )
}

fn any_way() -> impl Strategy<Value = Way> {
    let takes = prop_oneof![
        12 => (10..500_u64).prop_map(Duration::from_millis),
        1 => seconds(4),
        1 => seconds(40),
    ];
    let fault = select(vec![
        Fault::Lost(500),
        Fault::Lost(500),
        Fault::Lost(503),
        Fault::Refused(500),
        Fault::Refused(400),
        Fault::Refused(403),
        Fault::Refused(409),
        Fault::Limited(1),
        Fault::Limited(9),
        Fault::Broken,
        Fault::Mute,
        Fault::Mute,
    ]);
    (takes, proptest::option::weighted(0.3, fault)).prop_map(|(takes, fault)| Way { takes, fault })
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let rarely = || prop_oneof![7 => Just(false), 1 => Just(true)];
    let only_states = prop_oneof![
        6 => Just(None),
        1 => Just(Some(vec![State::Queued])),
        1 => Just(Some(vec![State::Running])),
    ];
    let slower = (Duration::from_secs(10), Duration::from_secs(4));
    (
        (prop_oneof![1 => Just(false), 3 => Just(true)], rarely(), rarely()),
        only_states,
        1..6_u64,
        select(vec![None, Some(slower)]),
        1..40_u64,
    )
        .prop_map(|((wait, dry_run, guarded), only_states, poll_interval, slower, limit)| Plan {
            wait,
            dry_run,
            only_states,
            guard: Guard::default(),
            guarded,
            poll_interval: Duration::from_secs(poll_interval),
            slower,
            spare: false,
            limit: Duration::from_secs(limit),
            many: 1,
        })
}

fn any_wanted() -> impl Strategy<Value = Selector> {
    let kinds = [Select::ALL.as_slice(), &[Select::Superseded; 3]].concat();
    (select(kinds), any::<bool>(), select(vec![None, None, Some("production".to_owned())]), any::<bool>()).prop_map(
        |(kind, narrowed, target, one_group)| {
            let branch = kind == Select::Branch || (kind == Select::Superseded && narrowed);
            Selector {
                select: kind,
                branch: branch.then(|| "main".to_owned()),
                commit: (kind == Select::Commit).then(|| "1111111".to_owned()),
                run_commit: None,
                target,
                repository: None,
                pull: None,
                home: None,
                one_group: one_group && !branch,
                knows_commits: true,
            }
        },
    )
}

pub fn any_scene() -> impl Strategy<Value = Scene> {
    let fates = prop_oneof![
        2 => vec(any_fate(), 1..6),
        1 => vec(any_fate(), 6..=40),
    ];
    let ways = prop_oneof![
        1 => Just(Vec::new()),
        3 => vec(any_way(), 0..90),
    ];
    let signal = (seconds(15), proptest::option::of(seconds(3)));
    let once = (prop_oneof![4 => Just(true), 1 => Just(false)], Just(false));
    let twice = (prop_oneof![4 => Just(true), 1 => Just(false)], any::<bool>());
    let named = prop_oneof![vec(once, 40), vec(twice, 40)];
    (
        (fates, ways, named),
        proptest::option::weighted(0.6, any_wanted()),
        select(vec![Duration::ZERO, Duration::from_secs(5)]),
        any_plan(),
        any::<bool>(),
        select(vec![Duration::ZERO, Duration::from_secs(3)]),
        proptest::option::weighted(0.3, signal),
    )
        .prop_map(|((fates, ways, named), wanted, appear_within, plan, lists_tell, lag, signal)| {
            Scene { fates, named, wanted, appear_within, plan, lists_tell, lag, ways, signal }.fair()
        })
}
