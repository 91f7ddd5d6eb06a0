//! Races as lists of answers: what the procedure does with each, in microseconds and without a socket.

use std::time::Duration;

use super::{Action, Event, Plan, Procedure};
use crate::model::answers::{Accepted, Conclusion, Exclusion, Found};
use crate::model::deployment::{Deployment, Live, State};
use crate::model::failure::{Failure, Kind};
use crate::model::outcome::Outcome;
use crate::model::reason::{Missing, Refusal};
use crate::select::guard::Guard;
use State::{Canceled, Canceling, Failed, Queued, Running, Succeeded, Superseded};

mod ends;
mod guards;
mod reads;
mod requests;

const LIMIT: Duration = Duration::from_secs(600);

fn plan() -> Plan {
    Plan {
        wait: true,
        dry_run: false,
        only_states: None,
        guard: Guard::default(),
        guarded: false,
        poll_interval: Duration::from_secs(5),
        slower: None,
        spare: false,
        limit: LIMIT,
        many: 1,
    }
}

fn deployment(state: State) -> Deployment {
    Deployment { state, platform_state: format!("P_{}", state.word()), ..Deployment::without_reading("d-1") }
}

fn sight(state: State) -> Event {
    Event::Read(Ok(Found::Here(Box::new(deployment(state)))))
}

fn failure(kind: Kind) -> Failure {
    Failure::own(kind, "words", "hint")
}

fn accepted(state: Option<State>) -> Event {
    Event::Answered(Ok(Accepted {
        deployment: state.map(|state| Box::new(deployment(state))),
        status: 200,
        request_id: Some("r-1".to_owned()),
    }))
}

fn refused(kind: Kind) -> Event {
    Event::Answered(Err(failure(kind)))
}

fn then(mut events: Vec<Event>, more: Vec<Event>) -> Vec<Event> {
    events.extend(more);
    events
}

fn turned_away() -> Event {
    let limited = Failure { status: Some(429), ..failure(Kind::Limited) };
    Event::Answered(Err(limited))
}

/// Runs a procedure with these answers; pauses pass at once. Returns the procedure and the number of sends.
fn play(plan: Plan, events: Vec<Event>) -> (Procedure, usize) {
    let unseen = Some(Deployment::without_reading("d-1"));
    let mut procedure = Procedure::new(plan, unseen, Duration::ZERO);
    let mut now = Duration::ZERO;
    let mut sends = 0;
    let mut events = events.into_iter();
    let mut action = procedure.first();
    loop {
        match action {
            Action::Done | Action::Conclude(_) => break,
            Action::Pause(until) => {
                now = now.max(until);
                action = procedure.next(now, Event::Woke);
                continue;
            }
            Action::Cancel(_) => sends += 1,
            Action::Find | Action::Refresh(_) => {}
        }
        now += Duration::from_millis(50);
        let Some(event) = events.next() else { break };
        action = procedure.next(now, event);
    }
    (procedure, sends)
}

#[track_caller]
fn check(plan: Plan, events: Vec<Event>, outcome: Outcome, sends: usize) -> Procedure {
    let (procedure, sent) = play(plan, events);
    let ended = procedure.ending().map(|ending| ending.outcome);
    assert_eq!((ended, sent), (Some(outcome), sends), "{:?}", procedure.ending());
    procedure
}
