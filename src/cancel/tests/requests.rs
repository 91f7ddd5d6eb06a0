//! What the answer to the cancel request leads to: another look, another request, or an end.

use super::*;

#[test]
fn a_clear_refusal_of_something_in_flight_is_an_error() {
    let procedure = check(plan(), vec![sight(Running), refused(Kind::Refused), sight(Running)], Outcome::Error, 1);
    assert!(procedure.ending().unwrap().reason.to_string().contains("words"));
}

#[test]
fn an_unclear_answer_leads_to_another_request_only_after_two_looks() {
    let unclear = || refused(Kind::Timeout);
    check(
        plan(),
        vec![sight(Running), unclear(), sight(Running), sight(Running), accepted(None), sight(Canceled)],
        Outcome::Canceled,
        2,
    );
    check(plan(), vec![sight(Running), unclear(), sight(Running), sight(Canceled)], Outcome::Canceled, 1);
}

#[test]
fn three_requests_are_the_most() {
    let mut events = vec![sight(Running)];
    for _ in 0..5 {
        events.extend([refused(Kind::Broken), sight(Running), sight(Running)]);
    }
    check(plan(), events, Outcome::Error, 3);
}

#[test]
fn the_second_look_comes_two_seconds_after_the_first() {
    let mut procedure = Procedure::new(plan(), None, Duration::ZERO);
    procedure.next(Duration::from_secs(1), sight(Running));
    procedure.next(Duration::from_secs(2), refused(Kind::Server));
    let action = procedure.next(Duration::from_secs(3), sight(Running));
    assert!(matches!(action, Action::Pause(until) if until == Duration::from_secs(5)), "{action:?}");
}

#[test]
fn a_missing_right_is_an_error_and_never_not_found() {
    for kind in [Kind::Unauthorized, Kind::Forbidden, Kind::NotFound] {
        let refusal = || Event::Answered(Err(failure(kind)));
        let events = vec![sight(Running), refusal(), sight(Running)];
        let procedure = check(plan(), events, Outcome::Error, 1);
        assert_eq!(procedure.ending().unwrap().reason.hint(), "hint");
        // Read once more, it may have ended.
        let events = vec![sight(Running), refusal(), sight(Succeeded)];
        check(plan(), events, Outcome::Completed, 1);
        let blind = Event::Read(Err(failure(kind)));
        let events = vec![sight(Running), refusal(), blind];
        check(plan(), events, Outcome::Error, 1);
    }
}

#[test]
fn a_rate_limit_turns_a_request_away_that_was_sent() {
    let reason_of = |plan, events, outcome, sends| {
        let procedure = check(plan, events, outcome, sends);
        assert_eq!(procedure.sent().unwrap().status, Some(429));
        let reason = procedure.ending().unwrap().reason.to_string();
        for lie in ["othing was sent", "o cancel request was sent", "sent nothing", "it only watched"] {
            assert!(!reason.contains(lie), "{reason}");
        }
        reason
    };
    let go = || vec![sight(Queued), turned_away()];
    for (end, outcome) in [
        (sight(Succeeded), Outcome::AlreadyLive),
        (sight(Failed), Outcome::AlreadyFinished),
        (sight(Superseded), Outcome::AlreadyFinished),
        (sight(Canceled), Outcome::Canceled),
    ] {
        let reason = reason_of(plan(), then(go(), vec![end]), outcome, 1);
        assert!(reason.contains("rate limit (429)"), "{reason}");
    }
    let watched = vec![sight(Canceling), sight(Canceled)];
    let reason = reason_of(plan(), then(go(), watched), Outcome::Canceled, 1);
    assert!(reason.contains("being canceled already"), "{reason}");
    let queued = Plan { only_states: Some(vec![Queued]), ..plan() };
    let events = then(go(), vec![sight(Running)]);
    let reason = reason_of(queued, events, Outcome::Skipped, 1);
    assert!(reason.contains("rate limit (429)"), "{reason}");
    let denied = vec![Event::Read(Err(failure(Kind::Unauthorized)))];
    let reason = reason_of(plan(), then(go(), denied), Outcome::Error, 1);
    assert!(reason.contains("rate limit (429)"), "{reason}");
    let late = Failure { not_before: Some(LIMIT), status: Some(429), ..failure(Kind::Limited) };
    let events = vec![sight(Queued), Event::Answered(Err(late))];
    let reason = reason_of(plan(), events, Outcome::TimedOut, 1);
    assert!(reason.contains("rate limit (429)"), "{reason}");
}

#[test]
fn a_refusal_of_one_that_somebody_else_has_stopped_is_no_request_of_ours() {
    let events = || vec![sight(Running), refused(Kind::Refused), sight(Canceling)];
    let patience = Plan { wait: false, ..plan() };
    check(patience, events(), Outcome::Requested, 1);
    let events = then(events(), vec![sight(Canceled)]);
    let procedure = check(plan(), events, Outcome::Canceled, 1);
    let reason = procedure.ending().unwrap().reason.to_string();
    assert!(reason.contains("being canceled already"), "{reason}");
    // After an unclear answer it may be ours, so its end decides.
    let patience = Plan { wait: false, ..plan() };
    let unclear = vec![sight(Running), refused(Kind::Server), sight(Canceling), sight(Canceled)];
    check(patience, unclear, Outcome::Canceled, 1);
}

/// What refuses may know of the end before what is read does.
#[test]
fn a_refusal_because_it_is_over_is_looked_at_once_more() {
    let over = || Event::Answered(Err(Failure { is_over: true, ..failure(Kind::Refused) }));
    let go = || vec![sight(Running), over(), sight(Running)];
    check(plan(), then(go(), vec![sight(Succeeded)]), Outcome::Completed, 1);
    check(plan(), then(go(), vec![sight(Canceled)]), Outcome::Canceled, 1);
    check(plan(), then(go(), vec![sight(Running)]), Outcome::Error, 1);
    check(plan(), vec![sight(Running), over(), sight(Succeeded)], Outcome::Completed, 1);
}

#[test]
fn a_rate_limited_request_is_none() {
    let limited = |until| {
        let failure = Failure { not_before: Some(Duration::from_secs(until)), ..failure(Kind::Limited) };
        Event::Answered(Err(failure))
    };
    check(
        plan(),
        vec![sight(Running), limited(9), sight(Running), accepted(None), sight(Canceled)],
        Outcome::Canceled,
        2,
    );
    check(plan(), vec![sight(Running), limited(9), sight(Succeeded)], Outcome::AlreadyLive, 1);
    let procedure = check(plan(), vec![sight(Running), limited(601)], Outcome::TimedOut, 1);
    assert!(procedure.ending().unwrap().reason.to_string().contains("No cancel request was sent"));
}

#[test]
fn a_request_that_met_no_connection_was_never_sent() {
    let unreachable = || refused(Kind::Unreachable);
    let mut events = vec![sight(Running)];
    events.extend((0..400).flat_map(|_| [unreachable(), sight(Running)]));
    let (procedure, _) = play(plan(), events);
    let ending = procedure.ending().unwrap();
    assert_eq!(ending.outcome, Outcome::TimedOut);
    assert!(ending.reason.to_string().contains("No cancel request was sent"), "{}", ending.reason);
    assert!(procedure.sent().is_none());
    for (end, outcome) in [(Canceled, Outcome::AlreadyFinished), (Succeeded, Outcome::AlreadyLive)] {
        let events = vec![sight(Running), unreachable(), sight(end)];
        check(plan(), events, outcome, 1);
    }
}

#[test]
fn a_request_that_the_proxy_did_not_let_through_was_never_sent() {
    for (end, outcome) in [(Canceled, Outcome::AlreadyFinished), (Succeeded, Outcome::AlreadyLive)] {
        let events = vec![sight(Running), refused(Kind::Proxy), sight(end)];
        check(plan(), events, outcome, 1);
    }
    let mut events = vec![sight(Running)];
    events.extend((0..400).flat_map(|_| [refused(Kind::Proxy), sight(Running)]));
    let (procedure, _) = play(plan(), events);
    let ending = procedure.ending().unwrap();
    assert_eq!(ending.outcome, Outcome::TimedOut);
    assert!(ending.reason.to_string().contains("No cancel request was sent"), "{}", ending.reason);
    assert!(procedure.sent().is_none());
}

#[test]
fn a_second_request_that_could_not_be_sent_is_no_refusal_of_the_platform() {
    for kind in [Kind::Untrusted, Kind::UnknownHost] {
        let unclear = Failure { status: Some(502), ..failure(Kind::Server) };
        let events = vec![
            sight(Running),
            Event::Answered(Err(unclear)),
            sight(Running),
            sight(Running),
            refused(kind),
            sight(Running),
        ];
        let (procedure, sends) = play(plan(), events);
        let ending = procedure.ending().unwrap();
        assert_eq!((ending.outcome, sends), (Outcome::Error, 2));
        assert!(ending.reason.to_string().contains("could not be sent again"), "{}", ending.reason);
        // What is told of the request is what was answered to the one that went out.
        assert_eq!(procedure.sent().and_then(|sent| sent.status), Some(502));
    }
}
