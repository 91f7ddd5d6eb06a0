//! What is not to be canceled: dry runs, excluded states, guards, before each request anew.

use super::*;

#[test]
fn a_dry_run_says_what_would_have_been_done() {
    for (state, asked) in [(Running, true), (Canceling, false)] {
        let dry_run = Plan { dry_run: true, ..plan() };
        let procedure = check(dry_run, vec![sight(state)], Outcome::DryRun, 0);
        let reason = procedure.ending().unwrap().reason.to_string();
        assert_eq!(reason.contains("would ask to cancel it"), asked, "{reason}");
    }
}

#[test]
fn guards_and_dry_runs_send_nothing() {
    let queued = Plan { only_states: Some(vec![Queued]), ..plan() };
    check(queued.clone(), vec![sight(Running)], Outcome::Skipped, 0);
    check(queued, vec![sight(Queued), accepted(None), sight(Canceled)], Outcome::Canceled, 1);
    check(Plan { dry_run: true, ..plan() }, vec![sight(Running)], Outcome::DryRun, 0);
    check(Plan { dry_run: true, ..plan() }, vec![sight(Succeeded)], Outcome::AlreadyLive, 0);
}

#[test]
fn a_guard_holds_before_each_request() {
    let guarded = Plan { guard: Guard { branch: Some("main".to_owned()), ..Guard::default() }, ..plan() };
    let of = |branch: &str| {
        let seen = Deployment { branch: Some(branch.to_owned()), ..deployment(Running) };
        Event::Read(Ok(Found::Here(Box::new(seen))))
    };
    let unclear = refused(Kind::Timeout);
    let events = vec![of("main"), unclear, of("main"), of("main2"), accepted(None)];
    let procedure = check(guarded.clone(), events, Outcome::Skipped, 1);
    let reason = procedure.ending().unwrap().reason.to_string();
    assert!(reason.contains("main2") && reason.contains("no clear answer"), "{reason}");
    let events = vec![of("main"), turned_away(), of("main2"), accepted(None)];
    let procedure = check(guarded.clone(), events, Outcome::Skipped, 1);
    let reason = procedure.ending().unwrap().reason.to_string();
    assert!(reason.contains("main2") && reason.contains("had turned one away"), "{reason}");
    check(guarded, vec![of("main2")], Outcome::Error, 0);
}

/// Whatever made it wait, a deployment that is not meant any more when its turn comes is left alone.
#[test]
fn every_guard_is_looked_at_again_before_a_request_that_had_to_wait() {
    let to = |state, target: &str| {
        let seen = Deployment { target: Some(target.to_owned()), ..deployment(state) };
        Event::Read(Ok(Found::Here(Box::new(seen))))
    };
    let guarded = Plan {
        only_states: Some(vec![Queued]),
        guard: Guard { target: Some("production".to_owned()), ..Guard::default() },
        ..plan()
    };
    let sight = |state| to(state, "production");
    let limited = || Event::Answered(Err(Failure { status: Some(429), ..failure(Kind::Limited) }));
    for (waiting, says) in [
        (vec![limited()], "had turned one away"),
        (vec![refused(Kind::Limited)], "No cancel request was sent"),
        (vec![refused(Kind::Unreachable)], "No cancel request was sent"),
        (vec![refused(Kind::Server), sight(Queued)], "the one before had no clear answer"),
        (vec![refused(Kind::Timeout), sight(Queued), sight(Queued), limited()], "the one before had no clear answer"),
    ] {
        let sends = waiting.iter().filter(|it| matches!(it, Event::Answered(_))).count();
        for (last, why) in
            [(sight(Running), "`only_states` excludes"), (to(Queued, "preview"), "its target is preview")]
        {
            let mut events = vec![sight(Queued)];
            let copy = waiting.iter().map(|event| match event {
                Event::Answered(Err(failure)) => Event::Answered(Err(failure.clone())),
                _ => sight(Queued),
            });
            events.extend(copy);
            events.push(last);
            let procedure = check(guarded.clone(), events, Outcome::Skipped, sends);
            let reason = procedure.ending().unwrap().reason.to_string();
            assert!(reason.contains(says) && reason.contains(why), "{reason}");
        }
        let mut events = vec![sight(Queued)];
        events.extend(waiting);
        events.extend([Event::Read(Err(failure(Kind::Forbidden)))]);
        check(guarded.clone(), events, Outcome::Error, sends);
    }
}

#[test]
fn one_that_waited_for_its_turn_is_looked_at_again() {
    let queued = Plan { only_states: Some(vec![Queued]), ..plan() };
    let begin = || {
        let mut procedure = Procedure::new(queued.clone(), None, Duration::ZERO);
        let action = procedure.next(Duration::ZERO, sight(Queued));
        assert!(matches!(action, Action::Cancel(_)));
        procedure
    };
    let later = Duration::from_secs(3);
    let mut procedure = begin();
    assert_eq!(procedure.seen(), Some(Duration::ZERO));
    let action = procedure.look_before_asking(later);
    assert!(matches!(action, Action::Refresh(_)) && procedure.is_before_a_send());
    let action = procedure.next(later, sight(Queued));
    assert!(matches!(action, Action::Cancel(_)));
    assert_eq!(procedure.seen(), Some(later));
    let mut procedure = begin();
    procedure.look_before_asking(later);
    assert!(matches!(procedure.next(later, sight(Running)), Action::Done));
    let mut given_up = begin();
    given_up.give_up(later, Refusal::Kept { id: "d-2".to_owned(), word: "P_failed".to_owned() });
    for (procedure, says) in [(procedure, "it is P_running now"), (given_up, "d-2, the newer one")] {
        let ending = procedure.ending().unwrap();
        assert_eq!(ending.outcome, Outcome::Skipped);
        assert!(
            ending.reason.to_string().starts_with(&format!("No cancel request was sent, because {says}")),
            "{}",
            ending.reason
        );
        assert!(procedure.sent().is_none());
    }
}
