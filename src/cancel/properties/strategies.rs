//! Any scene: mostly what an honest platform does, and now and then what none should.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::scene::{Answer, BRANCH, COMMIT, Heard, Read, SHORT_COMMIT, STATES, Scene, Seen, Turn};
use crate::cancel::Plan;
use crate::model::deployment::{Live, State};
use crate::model::failure::Kind;
use crate::select::guard::Guard;

fn weighed<T: Clone + std::fmt::Debug + 'static>(often: Vec<T>, weight: u32, any: Vec<T>) -> impl Strategy<Value = T> {
    prop_oneof![weight => select(often), 1 => select(any)]
}

/// What may say whether one went live, beside its state.
const ELSE: [Live; 5] = [Live::Serving, Live::Once, Live::Unpublished, Live::TakesDown, Live::Unknown];

/// Mostly one that does what an honest platform does; `other` is how often it differs in what should never change.
fn any_seen() -> impl Strategy<Value = Seen> {
    let in_flight = vec![State::Queued, State::Running];
    (
        weighed(in_flight, 2, STATES.to_vec()),
        weighed(vec![false], 9, vec![true]),
        weighed(vec![Live::ByState], 4, ELSE.to_vec()),
        weighed(vec!["d-1"], 9, vec!["d-2"]),
        weighed(vec![Some(BRANCH)], 9, vec![None, Some("main2")]),
        weighed(vec![Some(COMMIT)], 9, vec![None, Some("2222222aaaaaaa")]),
    )
        .prop_map(|(state, is_odd, live, id, branch, commit)| Seen {
            id,
            state,
            // Only a word that we do not know needs to be told apart.
            settled: is_odd && state == State::Unknown,
            // Only a failure may turn out to be something else.
            unexplained: is_odd && state == State::Failed,
            live,
            branch,
            commit,
        })
}

fn any_time() -> impl Strategy<Value = Duration> {
    prop_oneof![
        6 => 0..400_u64,
        2 => 400..30_000_u64,
        1 => 30_000..40_000_000_u64,
    ]
    .prop_map(Duration::from_millis)
}

fn any_failure() -> impl Strategy<Value = (Kind, Option<Duration>)> {
    let not_before = prop_oneof![3 => Just(None), 1 => any_time().prop_map(Some)];
    (select(Kind::ALL.to_vec()), not_before)
}

fn any_read() -> impl Strategy<Value = Read> {
    prop_oneof![
        12 => any_seen().prop_map(Read::Here),
        4 => any_failure().prop_map(|(kind, until)| Read::Failed(kind, until)),
        1 => Just(Read::Failed(Kind::Forbidden, None)),
        1 => Just(Read::Missing),
        1 => Just(Read::Nothing),
        1 => any_seen().prop_map(Read::Excluded),
    ]
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let unclear: Vec<_> = Kind::ALL.into_iter().filter(|it| it.is_ambiguous()).collect();
    let shown = (select(STATES.to_vec()), any::<bool>())
        .prop_map(|(state, settled)| (state, settled && state == State::Unknown));
    prop_oneof![
        2 => Just(Answer::Yes(None)),
        3 => shown.prop_map(|shown| Answer::Yes(Some(shown))),
        6 => any_failure().prop_map(|(kind, until)| Answer::No(kind, until)),
        6 => select(unclear).prop_map(|kind| Answer::No(kind, None)),
    ]
}

/// Quick, in flight and never clear: what leads to a second and a third request.
fn stubborn_turn() -> impl Strategy<Value = Turn> {
    any_turn().prop_map(|turn| Turn {
        queued: Duration::ZERO,
        took: turn.took.min(Duration::from_millis(300)),
        late: Duration::ZERO,
        read: match turn.read {
            Read::Here(seen) => Read::Here(Seen {
                state: match seen.state {
                    State::Queued => State::Queued,
                    _ => State::Running,
                },
                ..seen
            }),
            Read::Missing | Read::Nothing | Read::Excluded(_) => Read::Failed(Kind::Server, None),
            Read::Failed(kind, _) if kind.is_unreadable() => Read::Failed(Kind::Timeout, None),
            read => read,
        },
        answer: match turn.answer {
            Answer::No(Kind::Limited | Kind::MovedOn | Kind::Unreachable | Kind::Proxy, until) => {
                Answer::No(Kind::Limited, until)
            }
            _ => Answer::No(Kind::Timeout, None),
        },
    })
}

fn any_turn() -> impl Strategy<Value = Turn> {
    let rarely = || prop_oneof![9 => Just(Duration::ZERO), 1 => any_time()];
    (rarely(), any_time(), rarely(), any_read(), any_answer()).prop_map(|(queued, took, late, read, answer)| Turn {
        queued,
        took,
        late,
        read,
        answer,
    })
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let only_states = select(vec![
        None,
        None,
        None,
        Some(vec![State::Queued]),
        Some(vec![State::Running]),
        Some(vec![State::Queued, State::Running]),
    ]);
    let written = |text: &'static str| select(vec![None, None, Some(text.to_owned())]);
    let guard =
        (written(BRANCH), written(SHORT_COMMIT)).prop_map(|(branch, commit)| Guard { branch, commit, target: None });
    let slower = (Duration::from_secs(60), Duration::from_secs(10));
    let limit = prop_oneof![select(vec![1_u64, 2, 5, 240, 3600, 24 * 3600]), 1..=600_u64, 1..=24 * 3600_u64,];
    let rarely = || weighed(vec![false], 7, vec![true]);
    ((any::<bool>(), rarely(), rarely()), only_states, guard, select(vec![None, Some(slower)]), 1..=3600_u64, limit)
        .prop_map(|((wait, dry_run, guarded), only_states, guard, slower, poll_interval, limit)| Plan {
            wait,
            dry_run,
            only_states,
            guard,
            guarded,
            poll_interval: Duration::from_secs(poll_interval),
            slower,
            spare: false,
            limit: Duration::from_secs(limit),
            many: 1,
        })
}

pub(super) fn any_scene() -> impl Strategy<Value = Scene> {
    let turns = prop_oneof![
        2 => proptest::collection::vec(any_turn(), 0..30),
        1 => proptest::collection::vec(stubborn_turn(), 0..30),
    ];
    let heard = (0..12_usize, any::<bool>(), any::<bool>()).prop_map(|(at, on_the_wire, answered)| Heard {
        at,
        on_the_wire,
        answered,
    });
    let signal = prop_oneof![2 => Just(None), 1 => heard.prop_map(Some)];
    let begins = prop_oneof![8 => Just(0), 1 => 0..1100_u32];
    (any_plan(), any::<bool>(), begins, turns, signal).prop_map(|(plan, may_be_unseen, begins, turns, signal)| Scene {
        plan,
        may_be_unseen,
        begins,
        turns,
        signal,
    })
}
