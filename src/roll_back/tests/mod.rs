//! Races as lists of answers: what the procedure does with each, in microseconds and without a socket.

use std::time::Duration;

use jiff::Timestamp;

use super::{Action, Event, Plan, Procedure, Standing};
use crate::model::deployment::State;
use crate::model::failure::{Failure, Kind};
use crate::model::id::Id;
use crate::model::roll_back::{InFlight, LiveNow, Progress, RollBackResult, Started, Version};

mod answers;
mod before;
mod ends;
mod targets;

const LIMIT: Duration = Duration::from_secs(240);

fn plan() -> Plan {
    Plan {
        dry_run: false,
        commit: None,
        to: None,
        flips: true,
        in_flight_first: false,
        went_live: true,
        poll_interval: Duration::from_secs(5),
        limit: LIMIT,
    }
}

fn deploys() -> Plan {
    Plan { flips: false, ..plan() }
}

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(1_700_000_000 + second).ok()
}

fn version(id: &str) -> Version {
    Version { was_live: true, is_ours: id.starts_with("ours"), ..Version::of(id) }
}

/// What a roll back to `of` makes.
fn copy(id: &str, of: &str) -> Version {
    Version { content: Some(of.to_owned()), copy_of: Some(of.to_owned()), ..version(id) }
}

fn original(id: &str) -> Version {
    Version { content: Some(id.to_owned()), ..version(id) }
}

fn live_now(version: Version) -> LiveNow {
    LiveNow { version: Some(version), date: at(100) }
}

fn live(id: &str) -> Event {
    Event::Live(live_now(version(id)))
}

fn looked(id: &str) -> Event {
    standing(version(id), vec![])
}

fn standing(version: Version, in_flight: Vec<InFlight>) -> Event {
    Event::Looked(Standing { in_flight, live: live_now(version) })
}

fn in_flight(version: Version) -> InFlight {
    InFlight { version, word: "BUILDING".to_owned(), is_stale: false }
}

fn before(id: &str) -> Event {
    Event::Before(Some(version(id)))
}

fn checked() -> Event {
    Event::Checked
}

fn accepted(copy: Option<Version>) -> Event {
    Event::Answered(Ok(Started { copy, status: 201, request_id: Some("r-1".to_owned()) }))
}

fn refused(kind: Kind) -> Event {
    Event::Answered(Err(failure(kind)))
}

fn failure(kind: Kind) -> Failure {
    Failure::own(kind, "words", "hint")
}

fn progress(state: State) -> Event {
    Event::Progress(Progress { state, word: format!("P_{}", state.word()) })
}

fn displaced(id: &str) -> Event {
    Event::Displaced(Some(version(id)))
}

fn not_told() -> Event {
    Event::Displaced(None)
}

/// Up to the request: ours is live, "old" was before, everything passes.
fn until_sent() -> Vec<Event> {
    vec![looked("ours"), before("old"), checked(), looked("ours")]
}

fn then(mut events: Vec<Event>, more: Vec<Event>) -> Vec<Event> {
    events.extend(more);
    events
}

/// What a roll back came to: its result, the requests, and what was read for it.
struct Played {
    procedure: Procedure,
    sends: usize,
    looks: usize,
    now: Duration,
    rest: usize,
    /// What it wants to be done next.
    action: Action,
}

/// Plays a roll back with these answers; pauses pass at once. It stops where no answer is left.
fn play(plan: Plan, seen: Option<LiveNow>, events: Vec<Event>) -> Played {
    let mut procedure = Procedure::new(plan, seen, Duration::ZERO);
    let (mut now, mut sends, mut looks) = (Duration::ZERO, 0, 0);
    let mut events = events.into_iter();
    let mut action = procedure.first(now);
    loop {
        match action {
            Action::Done => break,
            Action::Pause(until) => {
                now = now.max(until);
                action = procedure.next(now, Event::Woke);
                continue;
            }
            Action::Send(_) => sends += 1,
            Action::Look => looks += 1,
            _ => {}
        }
        now += Duration::from_millis(50);
        let Some(event) = events.next() else { break };
        action = procedure.next(now, event);
    }
    Played { procedure, sends, looks, now, rest: events.count(), action }
}

#[track_caller]
fn check(plan: Plan, events: Vec<Event>, result: RollBackResult, sends: usize) -> Played {
    check_seen(plan, None, events, result, sends)
}

#[track_caller]
fn check_seen(plan: Plan, seen: Option<LiveNow>, events: Vec<Event>, result: RollBackResult, sends: usize) -> Played {
    let played = play(plan, seen, events);
    let verdict = played.procedure.verdict();
    assert_eq!((verdict.map(|it| it.result), played.sends, played.rest), (Some(result), sends, 0), "{verdict:?}");
    played
}

fn sentence(played: &Played) -> String {
    played.procedure.verdict().map(|verdict| verdict.reason.to_string()).unwrap_or_default()
}

fn to(id: &str) -> Plan {
    Plan { to: Id::parse(id).ok(), ..plan() }
}
