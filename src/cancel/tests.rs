//! Races as lists of answers: what the procedure does with each, in microseconds and without a socket.

use super::*;
use crate::model::failure::Retry;

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
        limit: LIMIT,
        many: 1,
    }
}

fn deployment(state: State) -> Deployment {
    Deployment { state, platform_state: format!("P_{}", state.word()), ..Deployment::unseen("d-1") }
}

fn sight(state: State) -> Event {
    Event::Read(Ok(Found::Here(Box::new(deployment(state)))))
}

fn trouble(kind: Kind) -> Failure {
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
    Event::Answered(Err(trouble(kind)))
}

/// Runs a procedure with these answers; pauses pass at once. Returns the procedure and the number of sends.
fn play(plan: Plan, events: Vec<Event>) -> (Procedure, usize) {
    let unseen = Some(Deployment::unseen("d-1"));
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

use State::{Canceled, Canceling, Failed, Queued, Running, Succeeded, Superseded};

#[test]
fn an_end_is_classified_by_the_state_that_was_read() {
    for (end, outcome) in [
        (Canceled, Outcome::Canceled),
        (Succeeded, Outcome::Completed),
        (Failed, Outcome::Failed),
        (Superseded, Outcome::Superseded),
    ] {
        check(plan(), vec![sight(Running), accepted(None), sight(Running), sight(end)], outcome, 1);
        check(plan(), vec![sight(Queued), accepted(Some(end))], outcome, 1);
        check(plan(), vec![sight(Queued), refused(Kind::Refused), sight(end)], outcome, 1);
        check(plan(), vec![sight(Queued), refused(Kind::Server), sight(end)], outcome, 1);
    }
}

#[test]
fn what_had_ended_before_is_not_asked() {
    check(plan(), vec![sight(Succeeded)], Outcome::AlreadyLive, 0);
    for end in [Canceled, Failed, Superseded] {
        check(plan(), vec![sight(end)], Outcome::AlreadyFinished, 0);
    }
}

#[test]
fn an_unknown_word_is_no_end_unless_the_platform_says_so() {
    let gone = || {
        let settled = Deployment { settled: true, ..deployment(State::Unknown) };
        Event::Read(Ok(Found::Here(Box::new(settled))))
    };
    check(plan(), vec![gone()], Outcome::AlreadyFinished, 0);
    check(plan(), vec![sight(Running), accepted(None), gone()], Outcome::Error, 1);
    check(
        plan(),
        vec![sight(State::Unknown), accepted(None), sight(State::Unknown), sight(Canceled)],
        Outcome::Canceled,
        1,
    );
}

#[test]
fn a_clear_refusal_of_something_in_flight_is_an_error() {
    let procedure = check(plan(), vec![sight(Running), refused(Kind::Refused), sight(Running)], Outcome::Error, 1);
    assert!(procedure.ending().unwrap().reason.contains("words"));
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
        let refusal = || Event::Answered(Err(trouble(kind)));
        let events = vec![sight(Running), refusal(), sight(Running)];
        let procedure = check(plan(), events, Outcome::Error, 1);
        assert_eq!(procedure.ending().unwrap().hint, "hint");
        // Read once more, it may have ended.
        let events = vec![sight(Running), refusal(), sight(Succeeded)];
        check(plan(), events, Outcome::Completed, 1);
        let blind = Event::Read(Err(trouble(kind)));
        let events = vec![sight(Running), refusal(), blind];
        check(plan(), events, Outcome::Error, 1);
    }
}

fn then(mut events: Vec<Event>, more: Vec<Event>) -> Vec<Event> {
    events.extend(more);
    events
}

fn turned_away() -> Event {
    let limited = Failure { status: Some(429), ..trouble(Kind::Limited) };
    Event::Answered(Err(limited))
}

#[test]
fn a_rate_limit_turns_a_request_away_that_was_sent() {
    let reason_of = |plan, events, outcome, sends| {
        let procedure = check(plan, events, outcome, sends);
        assert_eq!(procedure.sent().unwrap().status, Some(429));
        let reason = procedure.ending().unwrap().reason.clone();
        for lie in ["othing was sent", "was not sent", "nothing was canceled"] {
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
        assert!(reason.contains("turned away"), "{reason}");
    }
    let watched = vec![sight(Canceling), sight(Canceled)];
    let reason = reason_of(plan(), then(go(), watched), Outcome::Canceled, 1);
    assert!(reason.contains("being canceled already"), "{reason}");
    let queued = Plan { only_states: Some(vec![Queued]), ..plan() };
    let events = then(go(), vec![sight(Running)]);
    let reason = reason_of(queued, events, Outcome::Skipped, 1);
    assert!(reason.contains("turned away"), "{reason}");
    let denied = vec![Event::Read(Err(trouble(Kind::Unauthorized)))];
    let reason = reason_of(plan(), then(go(), denied), Outcome::Error, 1);
    assert!(reason.contains("turned away"), "{reason}");
    let late = Failure { not_before: Some(LIMIT), status: Some(429), ..trouble(Kind::Limited) };
    let events = vec![sight(Queued), Event::Answered(Err(late))];
    let reason = reason_of(plan(), events, Outcome::TimedOut, 1);
    assert!(reason.contains("turned away"), "{reason}");
}

#[test]
fn a_refusal_of_one_that_somebody_else_has_stopped_is_no_request_of_ours() {
    let events = || vec![sight(Running), refused(Kind::Refused), sight(Canceling)];
    let patience = Plan { wait: false, ..plan() };
    check(patience, events(), Outcome::Requested, 1);
    let events = then(events(), vec![sight(Canceled)]);
    let procedure = check(plan(), events, Outcome::Canceled, 1);
    let reason = &procedure.ending().unwrap().reason;
    assert!(reason.contains("being canceled already"), "{reason}");
    // After an unclear answer it may be ours, so its end decides.
    let patience = Plan { wait: false, ..plan() };
    let unclear = vec![sight(Running), refused(Kind::Server), sight(Canceling), sight(Canceled)];
    check(patience, unclear, Outcome::Canceled, 1);
}

#[test]
fn one_that_is_being_canceled_is_only_watched() {
    check(plan(), vec![sight(Canceling), sight(Canceling), sight(Canceled)], Outcome::Canceled, 0);
    let patience = Plan { wait: false, ..plan() };
    check(patience, vec![sight(Canceling)], Outcome::Requested, 0);
    check(plan(), vec![sight(Running), refused(Kind::Server), sight(Canceling), sight(Canceled)], Outcome::Canceled, 1);
}

#[test]
fn a_rate_limited_request_is_none() {
    let limited = |until| {
        let failure = Failure { not_before: Some(Duration::from_secs(until)), ..trouble(Kind::Limited) };
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
    assert!(procedure.ending().unwrap().reason.contains("was not sent"));
}

#[test]
fn a_request_that_met_no_connection_was_never_sent() {
    let unreachable = || refused(Kind::Unreachable);
    let mut events = vec![sight(Running)];
    events.extend((0..400).flat_map(|_| [unreachable(), sight(Running)]));
    let (procedure, _) = play(plan(), events);
    let ending = procedure.ending().unwrap();
    assert_eq!(ending.outcome, Outcome::TimedOut);
    assert!(ending.reason.contains("was not sent"), "{}", ending.reason);
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
    assert!(ending.reason.contains("was not sent"), "{}", ending.reason);
    assert!(procedure.sent().is_none());
}

#[test]
fn a_second_request_that_could_not_be_sent_is_no_refusal_of_the_platform() {
    for kind in [Kind::Untrusted, Kind::UnknownHost] {
        let unclear = Failure { status: Some(502), ..trouble(Kind::Server) };
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
        assert!(ending.reason.contains("could not be sent again"), "{}", ending.reason);
        // What is told of the request is what was answered to the one that went out.
        assert_eq!(procedure.sent().and_then(|sent| sent.status), Some(502));
    }
}

#[test]
fn without_waiting_a_clear_yes_is_enough_and_nothing_less() {
    let plan = || Plan { wait: false, ..plan() };
    check(plan(), vec![sight(Running), accepted(Some(Running))], Outcome::Requested, 1);
    check(plan(), vec![sight(Running), accepted(Some(Canceled))], Outcome::Canceled, 1);
    check(plan(), vec![sight(Running), accepted(None), sight(Running)], Outcome::Requested, 1);
    check(plan(), vec![sight(Running), accepted(None), sight(Succeeded)], Outcome::Completed, 1);
    let stateless = || accepted(Some(State::Unknown));
    for (seen, outcome) in [(Running, Outcome::Requested), (Succeeded, Outcome::Completed)] {
        let events = vec![sight(Running), stateless(), sight(seen)];
        check(plan(), events, outcome, 1);
    }
    check(plan(), vec![sight(Running), refused(Kind::Server), sight(Canceled)], Outcome::Canceled, 1);
}

#[test]
fn a_dry_run_says_what_would_have_been_done() {
    for (state, asked) in [(Running, true), (Canceling, false)] {
        let dry_run = Plan { dry_run: true, ..plan() };
        let procedure = check(dry_run, vec![sight(state)], Outcome::DryRun, 0);
        let reason = &procedure.ending().unwrap().reason;
        assert_eq!(reason.contains("would have been asked"), asked, "{reason}");
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
fn a_reading_ban_does_not_stop_a_request_unless_something_must_be_checked() {
    let banned = || Event::Read(Err(trouble(Kind::Forbidden)));
    check(plan(), vec![banned(), accepted(Some(Canceled))], Outcome::Canceled, 1);
    let procedure = check(plan(), vec![banned(), accepted(None), banned()], Outcome::Error, 1);
    assert!(procedure.ending().unwrap().reason.contains("end not visible"));
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
    let failed = |kind| Event::Read(Err(trouble(kind)));
    for kind in Kind::ALL.into_iter().filter(|kind| !kind.is_unreadable()) {
        check(plan(), vec![sight(Running), accepted(None), failed(kind), sight(Canceled)], Outcome::Canceled, 1);
    }
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_unreadable()) {
        check(plan(), vec![sight(Running), accepted(None), failed(kind)], Outcome::Error, 1);
    }
    let gone = Event::Read(Ok(Found::Missing("gone".to_owned())));
    check(plan(), vec![sight(Running), accepted(None), gone], Outcome::Error, 1);
}

#[test]
fn what_the_requests_brought_is_told_where_the_end_cannot_be_seen() {
    let unclear = "The cancel request had no clear answer (";
    for (answers, says) in [
        (vec![refused(Kind::Server)], unclear),
        (vec![refused(Kind::Server), sight(Running), sight(Running), refused(Kind::Refused)], unclear),
        (vec![refused(Kind::Refused)], "The platform refused the cancel request ("),
        (vec![accepted(None)], "The cancel request was sent, but the end cannot be seen: Gone."),
    ] {
        let mut events = vec![sight(Running)];
        events.extend(answers);
        events.push(Event::Read(Ok(Found::Missing("Gone.".to_owned()))));
        let (procedure, _) = play(plan(), events);
        let reason = &procedure.ending().unwrap().reason;
        assert!(reason.contains(says) && reason.ends_with(": Gone."), "{reason}");
    }
}

#[test]
fn a_first_read_that_can_improve_is_repeated() {
    for kind in Kind::ALL {
        let failed = Event::Read(Err(trouble(kind)));
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
    let failed = |kind| (0..400).map(move |_| Event::Read(Err(trouble(kind)))).collect::<Vec<_>>();
    check(plan(), failed(Kind::Unreadable), Outcome::Error, 0);
    let procedure = check(plan(), failed(Kind::Server), Outcome::Error, 0);
    assert!(procedure.took() > LIMIT - Duration::from_secs(3), "{:?}", procedure.took());
}

#[test]
fn nobody_waits_past_the_limit() {
    let mut events = vec![sight(Running), accepted(None)];
    events.extend((0..1000).map(|_| sight(Running)));
    let procedure = check(plan(), events, Outcome::TimedOut, 1);
    assert!(procedure.took() <= LIMIT && procedure.took() >= LIMIT - Duration::from_secs(1));
    assert!(procedure.ending().unwrap().reason.contains("accepted the cancel request"));
}

#[test]
fn a_deployment_that_moved_on_is_judged_by_its_own_end() {
    check(plan(), vec![sight(Running), refused(Kind::MovedOn), sight(Succeeded)], Outcome::AlreadyLive, 1);
    check(plan(), vec![sight(Running), refused(Kind::Misdirected)], Outcome::Error, 1);
    let idle = Event::Read(Ok(Found::Idle("nothing".to_owned())));
    check(plan(), vec![idle], Outcome::NothingToCancel, 0);
    let spared = Found::Spared(Box::new(deployment(Running)), "a teardown".to_owned());
    check(plan(), vec![Event::Read(Ok(spared))], Outcome::Skipped, 0);
}

#[test]
fn an_interruption_says_whether_the_request_had_been_sent() {
    for (events, said) in [
        (vec![], "before the cancel request was sent"),
        (vec![sight(Running)], "while the cancel request was under way"),
        (vec![sight(Running), accepted(None)], "had been sent and accepted"),
        (vec![sight(Running), refused(Kind::Server)], "had been sent, before it was clear"),
    ] {
        let (mut procedure, _) = play(plan(), events);
        procedure.interrupt(Duration::from_secs(1));
        let ending = procedure.ending().unwrap();
        assert_eq!(ending.outcome, Outcome::Interrupted);
        assert!(ending.reason.contains(said), "{}", ending.reason);
    }
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
fn what_was_asked_is_neither_nothing_to_cancel_nor_spared() {
    let spared = || Found::Spared(Box::new(deployment(Running)), "a teardown".to_owned());
    for found in [Found::Idle("nothing".to_owned()), spared()] {
        for answer in [accepted(None), refused(Kind::Server)] {
            let events = vec![sight(Running), answer, Event::Read(Ok(found.clone()))];
            check(plan(), events, Outcome::Error, 1);
        }
    }
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
    let reason = &procedure.ending().unwrap().reason;
    assert!(reason.contains("main2") && reason.contains("no clear answer"), "{reason}");
    let events = vec![of("main"), turned_away(), of("main2"), accepted(None)];
    let procedure = check(guarded.clone(), events, Outcome::Skipped, 1);
    let reason = &procedure.ending().unwrap().reason;
    assert!(reason.contains("main2") && reason.contains("turned away"), "{reason}");
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
    let limited = || Event::Answered(Err(Failure { status: Some(429), ..trouble(Kind::Limited) }));
    for (waiting, says) in [
        (vec![limited()], "had been turned away"),
        (vec![refused(Kind::Limited)], "Nothing was sent"),
        (vec![refused(Kind::Unreachable)], "Nothing was sent"),
        (vec![refused(Kind::Server), sight(Queued)], "had had no clear answer"),
        (vec![refused(Kind::Timeout), sight(Queued), sight(Queued), limited()], "had had no clear answer"),
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
            let reason = &procedure.ending().unwrap().reason;
            assert!(reason.contains(says) && reason.contains(why), "{reason}");
        }
        let mut events = vec![sight(Queued)];
        events.extend(waiting);
        events.extend([Event::Read(Err(trouble(Kind::Forbidden)))]);
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
    given_up.give_up(later, "d-2 is P_failed now");
    for (procedure, why) in [(procedure, "P_running"), (given_up, "d-2 is P_failed now")] {
        let ending = procedure.ending().unwrap();
        assert_eq!(ending.outcome, Outcome::Skipped);
        let says = format!("Nothing was sent: {}", if why.starts_with('d') { "" } else { "it is " });
        assert!(ending.reason.starts_with(&(says + why)), "{}", ending.reason);
        assert!(procedure.sent().is_none());
    }
}

#[test]
fn nobody_is_said_to_have_accepted_what_was_refused() {
    let banned = Event::Read(Err(trouble(Kind::Forbidden)));
    let events = vec![sight(Running), refused(Kind::Refused), sight(Canceling), banned];
    let procedure = check(plan(), events, Outcome::Error, 1);
    let reason = &procedure.ending().unwrap().reason;
    assert!(reason.starts_with("It was being canceled, end not visible"), "{reason}");
}
