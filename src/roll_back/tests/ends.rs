//! Steps 7 and 8: when it is done, and what it took the place of.

use super::*;
use RollBackResult::{Done, Failed, ReplacedOther, TimedOut, Unknown};

fn sent(copy: Option<Version>) -> Vec<Event> {
    let target = || Event::Before(Some(original("old")));
    vec![looked("ours"), target(), checked(), looked("ours"), accepted(copy)]
}

fn made() -> Option<Version> {
    Some(copy("copy", "old"))
}

fn live_copy() -> Event {
    Event::Live(live_now(copy("copy", "old")))
}

#[test]
fn it_is_done_when_the_live_pointer_says_so_twice() {
    let watched = || vec![progress(State::Running), progress(State::Unknown), progress(State::Succeeded)];
    let done = vec![live_copy(), live_copy(), displaced("ours")];
    let played = check(deploys(), then(sent(made()), then(watched(), done)), Done, 1);
    assert_eq!(sentence(&played), "Rolled back: old, which was live before it, is live again");
    assert_eq!(played.procedure.timeline().len(), 3);
    assert_eq!(played.procedure.served_by().map(|it| it.id.as_str()), Some("copy"));
    // A single sight proves nothing, and neither does one that is late.
    for reads in [["ours", "old", "old"], ["old", "ours", "old"]] {
        let mut events = then(sent(None), vec![progress(State::Succeeded)]);
        events.extend(reads.map(live));
        if reads[1] == "ours" {
            events.push(live("old"));
        }
        events.push(not_told());
        check(plan(), events, Done, 1);
    }
    let wavering = vec![progress(State::Succeeded), live("old"), live("other"), live("other")];
    let played = check(plan(), then(sent(None), wavering), Failed, 1);
    assert_eq!(sentence(&played), "The roll back did not work: other is live now");
}

#[test]
fn it_ends_otherwise() {
    for state in [State::Failed, State::Canceled, State::Superseded, State::Ended] {
        let events = then(sent(made()), vec![progress(state), live("ours")]);
        let played = check(deploys(), events, Failed, 1);
        assert_eq!(sentence(&played), format!("The roll back ended as P_{}: ours is live now", state.word()));
    }
    let unread = vec![progress(State::Failed), Event::Failed(failure(Kind::Forbidden))];
    check(deploys(), then(sent(made()), unread), Failed, 1);
    // The copy that another run made of the same one is live.
    let another = || Event::Live(live_now(copy("copy-2", "old")));
    let events = vec![progress(State::Superseded), another(), another(), another(), not_told()];
    check(deploys(), then(sent(made()), events), Done, 1);
}

#[test]
fn its_end_is_not_seen() {
    let forever = |event: fn() -> Event| then(sent(made()), (0..1000).map(|_| event()).collect());
    for events in [forever(|| progress(State::Running)), forever(|| Event::Failed(failure(Kind::Server)))] {
        let played = play(deploys(), None, events);
        let verdict = played.procedure.verdict().unwrap();
        assert_eq!((verdict.result, played.sends), (TimedOut, 1));
        assert!(played.now <= LIMIT + Duration::from_millis(50), "{:?}", played.now);
        assert!(sentence(&played).starts_with("The roll back to old by copy was accepted and had not ended after"));
    }
    for kind in [Kind::Unauthorized, Kind::Forbidden, Kind::NotFound] {
        check(deploys(), then(sent(made()), vec![Event::Failed(failure(kind))]), Unknown, 1);
    }
    let passing = vec![Event::Failed(failure(Kind::Refused)), progress(State::Succeeded), live_copy()];
    check(deploys(), then(sent(made()), then(passing, vec![live_copy(), not_told()])), Done, 1);
}

#[test]
fn it_took_the_place_of_somebody_elses() {
    let done = || then(sent(made()), vec![progress(State::Succeeded), live_copy(), live_copy()]);
    let played = check(deploys(), then(done(), vec![displaced("newer")]), ReplacedOther, 1);
    assert!(sentence(&played).starts_with("old is live again, but it replaced newer"), "{}", sentence(&played));
    for told in [displaced("ours"), displaced("old"), not_told(), Event::Failed(failure(Kind::Forbidden))] {
        check(deploys(), then(done(), vec![told]), Done, 1);
    }
    let late = vec![Event::Failed(failure(Kind::Server)), displaced("newer")];
    check(deploys(), then(done(), late), ReplacedOther, 1);
}

#[test]
fn a_signal_after_the_proof_changes_nothing() {
    let done = then(sent(made()), vec![progress(State::Succeeded), live_copy(), live_copy()]);
    let mut procedure = play(deploys(), None, done).procedure;
    procedure.interrupt();
    let verdict = procedure.verdict().unwrap();
    assert_eq!((verdict.result, verdict.is_interrupted), (Done, false));
}

#[test]
fn a_result_changes_an_outcome_only_where_something_was_sent() {
    use crate::model::outcome::Outcome;
    for result in RollBackResult::ALL {
        let outcome = match result {
            Done => Some(Outcome::RolledBack),
            ReplacedOther | Unknown => Some(Outcome::Error),
            TimedOut => Some(Outcome::TimedOut),
            _ => None,
        };
        assert_eq!(result.outcome(), outcome, "{}", result.word());
    }
}

#[test]
fn what_serves_is_told_as_the_deployment_that_was_made_where_the_live_pointer_names_none() {
    let live = || Event::Live(live_now(Version { kind: "revision", ..copy("revision-9", "old") }));
    for (ended, serves) in [(State::Succeeded, "copy"), (State::Superseded, "revision-9")] {
        let mut events = vec![progress(ended), live(), live(), displaced("ours")];
        if ended == State::Superseded {
            events.insert(1, live());
        }
        let played = check(deploys(), then(sent(made()), events), Done, 1);
        assert_eq!(played.procedure.served_by().map(|it| it.id.as_str()), Some(serves));
    }
}

#[test]
fn what_it_replaced_is_asked_for_since_the_last_look_before_the_request() {
    let late = LiveNow { date: at(200), ..live_now(version("old")) };
    let found = Event::Looked(Standing { in_flight: vec![], live: late });
    let events =
        vec![looked("ours"), before("old"), checked(), looked("ours"), Event::Answered(Err(failure(Kind::Timeout)))];
    let played = play(plan(), None, then(events, vec![found, live("old"), live("old")]));
    assert!(matches!(played.action, Action::FindDisplaced(_, since) if since == at(100)), "{:?}", played.action);
}

#[test]
fn reads_that_cannot_be_two_seconds_apart_prove_nothing() {
    let first_read = |left: u64| {
        let now = LIMIT - Duration::from_millis(left);
        let mut procedure = play(deploys(), None, sent(made())).procedure;
        procedure.next(now, progress(State::Succeeded));
        (now, procedure.next(now, live_copy()), procedure)
    };
    let (now, action, _) = first_read(2500);
    assert!(matches!(action, Action::Pause(until) if until == now + Duration::from_secs(2)), "{action:?}");
    let (_, action, procedure) = first_read(1500);
    assert!(matches!(action, Action::Done), "{action:?}");
    assert_eq!(procedure.verdict().map(|it| it.result), Some(TimedOut));
}
