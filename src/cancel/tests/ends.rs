//! How a deployment is said to have ended: by what was read, and never with more than is known.

use super::*;

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

/// Over in a word that does not tell whether it was canceled: what counts is whether anybody asked in time.
#[test]
fn a_word_that_only_says_over_counts_as_canceled_where_nobody_refused() {
    use State::Ended;
    let canceled = Outcome::Canceled;
    let finished = Outcome::AlreadyFinished;
    let banned = || Event::Read(Err(failure(Kind::Forbidden)));
    let no = || refused(Kind::Refused);
    let unclear = || refused(Kind::Server);
    for (events, outcome, sends, says) in [
        (vec![sight(Ended)], finished, 0, "no cancel request was sent"),
        (
            vec![sight(Running), accepted(None), sight(Ended)],
            canceled,
            1,
            "The platform accepted the cancel request, and",
        ),
        (vec![sight(Running), accepted(Some(Ended))], canceled, 1, "The platform accepted the cancel request, and"),
        (vec![sight(Queued), unclear(), sight(Ended)], canceled, 1, "The cancel request had no clear answer, but"),
        (
            vec![sight(Running), unclear(), sight(Running), sight(Running), no(), sight(Ended)],
            canceled,
            2,
            "The cancel request had no clear answer, but",
        ),
        (vec![sight(Running), no(), sight(Ended)], finished, 1, ", and the platform refused the cancel request."),
        (vec![sight(Running), no(), sight(Canceling), sight(Ended)], canceled, 1, "It was being canceled already"),
        (vec![sight(Canceling), sight(Ended)], canceled, 0, "It was being canceled already"),
        (
            vec![sight(Running), turned_away(), sight(Ended)],
            finished,
            1,
            "while a rate limit (429) turned the cancel request away",
        ),
        (
            vec![sight(Running), refused(Kind::Unreachable), sight(Ended)],
            finished,
            1,
            "before a cancel request could be processed",
        ),
        (vec![banned(), accepted(Some(Ended))], finished, 1, "may have been over before"),
    ] {
        let procedure = check(plan(), events, outcome, sends);
        let reason = procedure.ending().unwrap().reason.to_string();
        assert!(reason.contains(says), "{reason}");
    }
}

/// Live once, and not any more: whether that was too late hangs on whether it was in flight when this run looked.
#[test]
fn what_was_live_for_a_while_went_live_if_somebody_wanted_it_stopped() {
    let replaced = |state| {
        let past = Deployment { live: Live::Once, ..deployment(state) };
        Event::Read(Ok(Found::Here(Box::new(past))))
    };
    let limited = vec![sight(Running), turned_away(), replaced(Superseded)];
    for (events, outcome, sends) in [
        (vec![replaced(Superseded)], Outcome::AlreadyFinished, 0),
        (vec![replaced(Failed)], Outcome::AlreadyLive, 0),
        (vec![sight(Running), accepted(None), replaced(Superseded)], Outcome::Completed, 1),
        (vec![sight(Running), accepted(None), replaced(Failed)], Outcome::Completed, 1),
        (limited, Outcome::AlreadyLive, 1),
    ] {
        let procedure = check(plan(), events, outcome, sends);
        let reason = procedure.ending().unwrap().reason.to_string();
        let says = match (outcome, sends) {
            (Outcome::Completed, _) => "The platform accepted the cancel request, but too late",
            (_, 0) => "when this run first looked",
            _ => "while a rate limit (429) turned the cancel request away",
        };
        assert!(reason.contains(says), "{reason}");
    }
}

/// What serves has gone live, whatever the platform's word; and what nobody could find out is not said.
#[test]
fn what_says_whether_it_went_live_beats_its_state() {
    let told = |live, state| Event::Read(Ok(Found::Here(Box::new(Deployment { live, ..deployment(state) }))));
    let asked = |live, state| vec![sight(Running), accepted(None), told(live, state)];
    for (events, outcome, sends, says) in [
        (
            asked(Live::Serving, Canceled),
            Outcome::Completed,
            1,
            "but too late: it went from P_running to P_canceled (live).",
        ),
        (vec![told(Live::Serving, Canceled)], Outcome::AlreadyLive, 0, "after it had gone live"),
        (asked(Live::Unknown, Canceled), Outcome::Canceled, 1, "It went from P_running to P_canceled."),
        (asked(Live::Unknown, Succeeded), Outcome::Completed, 1, "whether that is live could not be read"),
        (
            vec![told(Live::Unknown, Succeeded)],
            Outcome::AlreadyFinished,
            0,
            "It was P_succeeded when this run first looked",
        ),
        (asked(Live::Unpublished, Succeeded), Outcome::Completed, 1, " (built, not published)."),
        (
            vec![told(Live::Unpublished, Succeeded)],
            Outcome::AlreadyFinished,
            0,
            "(built, not published), so no cancel request was sent",
        ),
        (asked(Live::TakesDown, Succeeded), Outcome::Completed, 1, "so nothing went live"),
    ] {
        let procedure = check(plan(), events, outcome, sends);
        let reason = procedure.ending().unwrap().reason.to_string();
        assert!(reason.contains(says), "{reason}");
    }
}

/// Over, and perhaps live before: only who saw it in flight and asked may say that it was canceled.
#[test]
fn what_was_perhaps_live_is_canceled_only_by_who_asked_in_time() {
    let over = || {
        let past = Deployment { live: Live::Unknown, ..deployment(State::Ended) };
        Event::Read(Ok(Found::Here(Box::new(past))))
    };
    let no = || refused(Kind::Refused);
    for (events, outcome, sends) in [
        (vec![over()], Outcome::AlreadyFinished, 0),
        (vec![sight(Canceling), over()], Outcome::AlreadyFinished, 0),
        (vec![sight(Running), no(), sight(Canceling), over()], Outcome::AlreadyFinished, 1),
        (vec![sight(Running), accepted(None), sight(Canceling), over()], Outcome::Canceled, 1),
    ] {
        check(plan(), events, outcome, sends);
    }
}

#[test]
fn a_refused_request_is_not_said_to_have_canceled_it() {
    let procedure = check(plan(), vec![sight(Running), refused(Kind::Refused), sight(Canceled)], Outcome::Canceled, 1);
    let reason = procedure.ending().unwrap().reason.to_string();
    assert!(reason.contains("canceled all the same, by somebody else or by the platform itself"), "{reason}");
}

#[test]
fn one_that_is_being_canceled_is_only_watched() {
    check(plan(), vec![sight(Canceling), sight(Canceling), sight(Canceled)], Outcome::Canceled, 0);
    let patience = Plan { wait: false, ..plan() };
    check(patience, vec![sight(Canceling)], Outcome::Requested, 0);
    check(plan(), vec![sight(Running), refused(Kind::Server), sight(Canceling), sight(Canceled)], Outcome::Canceled, 1);
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
fn nobody_waits_past_the_limit() {
    let mut events = vec![sight(Running), accepted(None)];
    events.extend((0..1000).map(|_| sight(Running)));
    let procedure = check(plan(), events, Outcome::TimedOut, 1);
    assert!(procedure.took() <= LIMIT && procedure.took() >= LIMIT - Duration::from_secs(1));
    assert!(procedure.ending().unwrap().reason.to_string().contains("accepted the cancel request"));
}

#[test]
fn a_deployment_that_moved_on_is_judged_by_its_own_end() {
    check(plan(), vec![sight(Running), refused(Kind::MovedOn), sight(Succeeded)], Outcome::AlreadyLive, 1);
    check(plan(), vec![sight(Running), refused(Kind::Misdirected)], Outcome::Error, 1);
    for (found, says) in
        [(nothing(), "Nothing was ever there."), (teardown(), "No cancel request was sent, because it is a teardown.")]
    {
        let outcome = found.outcome;
        let procedure = check(plan(), vec![Event::Read(Ok(Found::Excluded(found)))], outcome, 0);
        assert_eq!(procedure.ending().unwrap().reason.to_string(), says);
    }
}

#[test]
fn an_interruption_says_whether_the_request_had_been_sent() {
    for (events, said) in [
        (vec![], "before it sent the cancel request"),
        (vec![sight(Running)], "while the cancel request was on its way"),
        (vec![sight(Running), accepted(None)], "after the platform had accepted the cancel request"),
        (vec![sight(Running), refused(Kind::Server)], "after it had sent the cancel request, before it was clear"),
    ] {
        let (mut procedure, _) = play(plan(), events);
        procedure.interrupt(Duration::from_secs(1));
        let ending = procedure.ending().unwrap();
        assert_eq!(ending.outcome, Outcome::Interrupted);
        assert!(ending.reason.to_string().contains(said), "{}", ending.reason);
    }
}

#[test]
fn an_interruption_says_what_had_failed_until_then() {
    let failure = Failure { action: "read the deployment".to_owned(), ..Failure::own(Kind::Unreachable, "no way", "") };
    let (mut procedure, _) = play(plan(), vec![Event::Read(Err(failure))]);
    procedure.interrupt(Duration::from_secs(1));
    let addition = procedure.ending().unwrap().addition.clone();
    assert_eq!(addition.as_deref(), Some("Until then, this run could not read the deployment: no way."));
}

#[test]
fn what_was_asked_is_neither_nothing_to_cancel_nor_skipped() {
    for found in [nothing(), teardown()] {
        for answer in [accepted(None), refused(Kind::Server)] {
            let events = vec![sight(Running), answer, Event::Read(Ok(Found::Excluded(found.clone())))];
            let procedure = check(plan(), events, Outcome::Error, 1);
            let reason = procedure.ending().unwrap().reason.to_string();
            assert!(reason.contains("the cancel request") || reason.starts_with("The cancel request"), "{reason}");
            assert!(!reason.contains("was sent"), "{reason}");
        }
    }
}

fn nothing() -> Exclusion {
    let why = Refusal::Own("nothing was ever there".to_owned());
    Exclusion { outcome: Outcome::NothingToCancel, seen: None, why }
}

fn teardown() -> Exclusion {
    let seen = Some(Box::new(deployment(Running)));
    Exclusion { outcome: Outcome::Skipped, seen, why: Refusal::Own("it is a teardown".to_owned()) }
}

#[test]
fn nobody_is_said_to_have_accepted_what_was_refused() {
    let banned = Event::Read(Err(failure(Kind::Forbidden)));
    let events = vec![sight(Running), refused(Kind::Refused), sight(Canceling), banned];
    let procedure = check(plan(), events, Outcome::Error, 1);
    let reason = procedure.ending().unwrap().reason.to_string();
    assert!(reason.starts_with("It was being canceled, but the end is not visible"), "{reason}");
}

/// A failure of which the platform has not said yet how it came about.
fn unexplained() -> Event {
    let one = Deployment { unexplained: true, ..deployment(Failed) };
    Event::Read(Ok(Found::Here(Box::new(one))))
}

#[test]
fn an_end_that_is_not_explained_yet_is_looked_at_once_more_after_a_request_of_ours() {
    let gone = || Event::Read(Ok(Found::Missing(Missing::Gone("d-1".to_owned()))));
    let lost = || Event::Read(Err(failure(Kind::Forbidden)));
    let begun = || vec![sight(Running), accepted(None)];
    let shown = Deployment { unexplained: true, ..deployment(Failed) };
    let shows = Accepted { deployment: Some(Box::new(shown)), status: 200, request_id: None };
    let hasty = Event::Answered(Ok(shows));
    for (events, outcome) in [
        (then(begun(), vec![unexplained(), sight(Canceled)]), Outcome::Canceled),
        (then(begun(), vec![unexplained(), unexplained()]), Outcome::Failed),
        // What was read is told, whatever became of the second look.
        (then(begun(), vec![unexplained(), gone()]), Outcome::Failed),
        (then(begun(), vec![unexplained(), lost()]), Outcome::Failed),
        (vec![sight(Running), hasty, sight(Canceled)], Outcome::Canceled),
        (vec![sight(Running), refused(Kind::Server), unexplained(), sight(Canceled)], Outcome::Canceled),
    ] {
        check(plan(), events, outcome, 1);
    }
    // Nobody asked, or the platform had clearly said no.
    check(plan(), vec![unexplained(), sight(Canceled)], Outcome::AlreadyFinished, 0);
    check(plan(), vec![sight(Running), refused(Kind::Refused), unexplained(), sight(Canceled)], Outcome::Failed, 1);
    // Nor is there time for another look.
    let short = Plan { limit: Duration::from_secs(2), ..plan() };
    check(short, then(begun(), vec![unexplained(), sight(Canceled)]), Outcome::Failed, 1);
}

#[test]
fn a_signal_after_an_end_that_is_not_explained_yet_tells_that_end() {
    let (mut procedure, _) = play(plan(), vec![sight(Running), accepted(None), unexplained()]);
    procedure.interrupt(Duration::from_secs(1));
    assert_eq!(procedure.ending().map(|ending| ending.outcome), Some(Outcome::Failed));
}

/// What the platform knows of it besides may come last, and decides what it is called.
#[test]
fn a_last_look_at_whether_it_is_live_decides_the_outcome() {
    let built = || {
        let one = Deployment { live: Live::Unknown, ..deployment(Succeeded) };
        Event::Read(Ok(Found::Here(Box::new(one))))
    };
    let asked = || vec![sight(Running), accepted(None), built()];
    for (events, live, outcome, says) in [
        (vec![built()], None, Outcome::AlreadyFinished, "when this run first looked, so no cancel request"),
        (
            vec![built()],
            Some(Live::ByState),
            Outcome::AlreadyLive,
            "It was P_succeeded when this run first looked, so no cancel request",
        ),
        (vec![built()], Some(Live::Unpublished), Outcome::AlreadyFinished, "built, not published"),
        (asked(), None, Outcome::Completed, "whether that is live could not be read"),
        (asked(), Some(Live::ByState), Outcome::Completed, "too late: it went from P_running to P_succeeded"),
        (asked(), Some(Live::Unpublished), Outcome::Completed, "built, not published"),
    ] {
        let (mut procedure, _) = play(plan(), events);
        let sentence = Some("So it is.".to_owned());
        let last = Event::Concluded(Conclusion { live, sentence, ..Conclusion::default() });
        assert!(matches!(procedure.next(Duration::from_secs(9), last), Action::Done));
        let ending = procedure.ending().unwrap();
        assert_eq!((ending.outcome, ending.addition.as_deref()), (outcome, Some("So it is.")));
        assert!(ending.reason.to_string().contains(says), "{}", ending.reason);
    }
    // What was refused by a guard stays refused.
    let guard = Guard { branch: Some("main".to_owned()), ..Guard::default() };
    let (mut procedure, _) = play(Plan { guard, ..plan() }, vec![built()]);
    procedure.next(
        Duration::from_secs(9),
        Event::Concluded(Conclusion { live: Some(Live::ByState), ..Conclusion::default() }),
    );
    assert_eq!(procedure.ending().map(|ending| ending.outcome), Some(Outcome::Error));
}
