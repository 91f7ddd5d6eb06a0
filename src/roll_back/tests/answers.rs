//! Step 6: the one request, and what its answer means.

use super::*;
use RollBackResult::{Done, Interrupted, Refused, Unknown};

fn not_found_yet() -> Vec<Event> {
    // Looked for at once, and every second for ten.
    (0..11).map(|_| looked("ours")).collect()
}

#[test]
fn a_clear_no_ends_it() {
    for kind in [Kind::Unauthorized, Kind::Forbidden, Kind::NotFound, Kind::Refused, Kind::Redirected, Kind::Untrusted]
    {
        let played = check(plan(), then(until_sent(), vec![refused(kind)]), Refused, 1);
        assert_eq!(sentence(&played), "Nothing was rolled back: the platform refused: words", "{kind:?}");
        assert_eq!(played.procedure.verdict().unwrap().reason.hint(), Some("hint"));
    }
    let plan_limit = Failure { status: Some(402), ..failure(Kind::Refused) };
    let played = check(plan(), then(until_sent(), vec![Event::Answered(Err(plan_limit))]), Refused, 1);
    assert_eq!(played.procedure.sent().and_then(|it| it.status), Some(402));
}

#[test]
fn a_rate_limit_waits_and_then_everything_is_looked_at_again() {
    let limited = |seconds| {
        let not_before = Some(Duration::from_secs(seconds));
        Event::Answered(Err(Failure { status: Some(429), not_before, ..failure(Kind::Limited) }))
    };
    let played = play(deploys(), None, then(until_sent(), vec![limited(30), looked("ours")]));
    assert_eq!((played.sends, played.looks), (2, 3));
    assert!(played.now >= Duration::from_secs(30));
    let moved = vec![limited(30), looked("newer")];
    check(deploys(), then(until_sent(), moved), RollBackResult::MovedOn, 1);
    let played = check(deploys(), then(until_sent(), vec![limited(240)]), Refused, 1);
    // All that has to be known was known.
    assert_eq!(sentence(&played), "Nothing was rolled back: the platform refused: words");
    // However often: none of these was a request.
    let often = (0..5).flat_map(|n| [limited(10 * n), looked("ours")]).collect();
    assert_eq!(play(deploys(), None, then(until_sent(), often)).sends, 6);
}

#[test]
fn what_was_not_sent_is_sent_later() {
    for kind in [Kind::Unreachable, Kind::Proxy, Kind::MovedOn] {
        let events = then(until_sent(), vec![refused(kind), looked("ours"), accepted(None)]);
        assert_eq!(play(plan(), None, events).sends, 2, "{kind:?}");
    }
}

#[test]
fn an_unclear_answer_is_decided_by_what_is_live() {
    for kind in [Kind::Server, Kind::Timeout, Kind::Broken, Kind::Unreadable, Kind::TooLarge] {
        let found = vec![refused(kind), looked("ours"), looked("old"), live("old"), live("old"), not_told()];
        check(plan(), then(until_sent(), found), Done, 1);
    }
}

#[test]
fn an_unclear_answer_is_decided_by_the_new_deployment() {
    let events = || vec![looked("ours"), Event::Before(Some(original("old"))), checked(), looked("ours")];
    let making = standing(version("ours"), vec![in_flight(copy("copy", "old"))]);
    let made = || Event::Live(live_now(copy("copy", "old")));
    let found = vec![refused(Kind::Timeout), making, progress(State::Succeeded), made(), made(), displaced("ours")];
    let played = check(deploys(), then(events(), found), Done, 1);
    assert_eq!(played.procedure.served_by().map(|it| it.id.as_str()), Some("copy"));
    // A yes that does not show it is no different, but for the time it is looked for.
    let making = standing(version("ours"), vec![in_flight(copy("copy", "old"))]);
    let late = (0..60).map(|_| looked("ours")).chain([making, progress(State::Succeeded), made(), made(), not_told()]);
    check(deploys(), then(events(), then(vec![accepted(None)], late.collect())), Done, 1);
}

#[test]
fn a_yes_that_shows_another_one_is_one_that_shows_none() {
    for shown in ["ours", "old"] {
        let looks = (0..300).map(|_| looked("ours")).collect();
        let events = then(vec![accepted(Some(version(shown)))], looks);
        let played = play(deploys(), None, then(until_sent(), events));
        let result = played.procedure.verdict().map(|verdict| verdict.result);
        assert_eq!((result, played.sends), (Some(RollBackResult::TimedOut), 1));
    }
}

#[test]
fn a_flip_is_sent_once_more_and_a_new_deployment_never_is() {
    let unclear = || then(vec![refused(Kind::Timeout)], not_found_yet());
    check(deploys(), then(until_sent(), unclear()), Unknown, 1);
    let second = then(unclear(), vec![looked("ours")]);
    let done = vec![accepted(None), progress(State::Succeeded), live("old"), live("old"), not_told()];
    check(plan(), then(until_sent(), then(second, done)), Done, 2);
    let twice = then(then(unclear(), vec![looked("ours")]), unclear());
    let played = check(plan(), then(until_sent(), twice), Unknown, 2);
    assert_eq!(sentence(&played), "Nobody knows whether the roll back to old happens: ours is live now; words");
}

#[test]
fn a_flip_is_not_sent_again_once_anything_has_changed() {
    let unclear = || then(vec![refused(Kind::Timeout)], not_found_yet());
    for changed in [looked("newer"), standing(version("ours"), vec![in_flight(version("newer"))])] {
        check(plan(), then(until_sent(), then(unclear(), vec![changed])), Unknown, 1);
    }
    let back = vec![looked("old"), live("old"), live("old"), not_told()];
    check(plan(), then(until_sent(), then(unclear(), back)), Done, 1);
}

/// "Already being done" is what the first request may have led to.
#[test]
fn a_refusal_after_an_unclear_answer_is_no_refusal() {
    let unclear = then(vec![refused(Kind::Timeout)], not_found_yet());
    let second = then(unclear, vec![looked("ours"), refused(Kind::Refused), looked("old")]);
    let done = vec![live("old"), live("old"), not_told()];
    check(plan(), then(until_sent(), then(second, done)), Done, 2);
}

#[test]
fn a_signal_after_the_request_takes_nothing_back() {
    for answer in [vec![], vec![accepted(None)], vec![refused(Kind::Timeout), looked("ours")]] {
        let mut procedure = play(plan(), None, then(until_sent(), answer)).procedure;
        procedure.interrupt();
        let verdict = procedure.verdict().unwrap();
        assert_eq!((verdict.result, verdict.is_interrupted), (Unknown, true));
        let goes_on = "The roll back to old was sent and was not watched: it goes on by itself";
        assert_eq!(verdict.reason.to_string(), goes_on);
    }
    // Turned away: nothing was sent.
    let limited = Event::Answered(Err(Failure { status: Some(429), ..failure(Kind::Limited) }));
    let mut procedure = play(plan(), None, then(until_sent(), vec![limited])).procedure;
    procedure.interrupt();
    assert_eq!(procedure.verdict().unwrap().result, Interrupted);
    let mut procedure = play(plan(), None, then(until_sent(), vec![refused(Kind::MovedOn)])).procedure;
    procedure.interrupt();
    assert_eq!(procedure.verdict().unwrap().result, Interrupted);
}
