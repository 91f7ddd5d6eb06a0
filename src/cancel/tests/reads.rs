//! What a read leads to that failed, and how long is waited between two.

use super::*;
use crate::cancel::pacing::watch_pause;
use crate::model::failure::Retry;

#[test]
fn a_reading_ban_does_not_stop_a_request_unless_something_must_be_checked() {
    let banned = || Event::Read(Err(failure(Kind::Forbidden)));
    check(plan(), vec![banned(), accepted(Some(Canceled))], Outcome::Canceled, 1);
    let procedure = check(plan(), vec![banned(), accepted(None), banned()], Outcome::Error, 1);
    assert!(procedure.ending().unwrap().reason.to_string().contains("the end is not visible"));
    check(Plan { wait: false, ..plan() }, vec![banned(), accepted(None), banned()], Outcome::Requested, 1);
    check(plan(), vec![banned(), refused(Kind::NotFound)], Outcome::NotFound, 1);
    check(plan(), vec![banned(), refused(Kind::Forbidden)], Outcome::Error, 1);
    for plan in [
        Plan { guarded: true, ..plan() },
        Plan { only_states: Some(vec![Queued]), ..plan() },
        Plan { dry_run: true, ..plan() },
    ] {
        check(plan, vec![banned()], Outcome::Error, 0);
    }
}

#[test]
fn a_failed_read_does_not_end_the_watch_unless_it_cannot_improve() {
    let failed = |kind| Event::Read(Err(failure(kind)));
    for kind in Kind::ALL.into_iter().filter(|kind| !kind.is_unreadable()) {
        check(plan(), vec![sight(Running), accepted(None), failed(kind), sight(Canceled)], Outcome::Canceled, 1);
    }
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_unreadable()) {
        check(plan(), vec![sight(Running), accepted(None), failed(kind)], Outcome::Error, 1);
    }
    let gone = Event::Read(Ok(Found::Missing(Missing::Gone("d-1".to_owned()))));
    check(plan(), vec![sight(Running), accepted(None), gone], Outcome::Error, 1);
}

#[test]
fn what_the_requests_brought_is_told_where_the_end_cannot_be_seen() {
    let unclear = "The cancel request had no clear answer, and what became of it is not visible";
    for (answers, says) in [
        (vec![refused(Kind::Server)], unclear),
        (vec![refused(Kind::Server), sight(Running), sight(Running), refused(Kind::Refused)], unclear),
        (vec![refused(Kind::Refused)], "The platform refused the cancel request, and what became of it is not visible"),
        (
            vec![accepted(None)],
            "The platform accepted the cancel request, but the end is not visible: deployment d-1 cannot be found any more.",
        ),
    ] {
        let mut events = vec![sight(Running)];
        events.extend(answers);
        events.push(Event::Read(Ok(Found::Missing(Missing::Gone("d-1".to_owned())))));
        let (procedure, _) = play(plan(), events);
        let reason = procedure.ending().unwrap().reason.to_string();
        assert!(reason.contains(says) && reason.contains(": deployment d-1 cannot be found any more"), "{reason}");
    }
}

#[test]
fn a_first_read_that_can_improve_is_repeated() {
    for kind in Kind::ALL {
        let failed = Event::Read(Err(failure(kind)));
        let events = vec![failed, sight(Running), accepted(None), sight(Canceled)];
        match kind.retry() {
            Retry::None if kind == Kind::Forbidden => {}
            Retry::None => drop(check(plan(), events, Outcome::Error, 0)),
            _ => drop(check(plan(), events, Outcome::Canceled, 1)),
        }
    }
}

#[test]
fn nonsense_is_read_three_times_and_trouble_until_the_limit() {
    let failed = |kind| (0..400).map(move |_| Event::Read(Err(failure(kind)))).collect::<Vec<_>>();
    check(plan(), failed(Kind::Unreadable), Outcome::Error, 0);
    let procedure = check(plan(), failed(Kind::Server), Outcome::Error, 0);
    assert!(procedure.took() > LIMIT - Duration::from_secs(3), "{:?}", procedure.took());
}

#[test]
fn the_rhythm_of_a_watch_follows_the_contract() {
    let pause = |watched: u64| {
        let pauses: Vec<_> = (0..200).map(|_| watch_pause(Duration::from_secs(watched), &plan())).collect();
        (*pauses.iter().min().unwrap(), *pauses.iter().max().unwrap())
    };
    for watched in [0, 5, 20, 29] {
        let (least, most) = pause(watched);
        assert!(least >= Duration::from_millis(500) && most <= Duration::from_millis(1250));
    }
    let (_, most) = pause(3000);
    assert_eq!(most, Duration::from_secs(5));
    let slower = Plan { slower: Some((Duration::from_secs(60), Duration::from_secs(10))), ..plan() };
    assert!(watch_pause(Duration::from_secs(60), &slower) >= Duration::from_secs(10));
    assert!(watch_pause(Duration::from_secs(59), &slower) <= Duration::from_secs(5));
}

#[test]
fn no_pause_is_shorter_than_the_poll_interval_while_few_requests_are_left() {
    for events in [
        vec![sight(Running), accepted(None), sight(Running)],
        vec![sight(Running), refused(Kind::Server), sight(Running)],
        vec![Event::Read(Err(failure(Kind::Server)))],
    ] {
        let mut procedure = Procedure::new(plan(), None, Duration::ZERO);
        procedure.spare(true);
        let last = events.into_iter().map(|event| procedure.next(Duration::ZERO, event)).last();
        assert!(matches!(last, Some(Action::Pause(until)) if until >= plan().poll_interval), "{last:?}");
    }
}
