//! Steps 1 to 5: whatever speaks against it, nothing is sent.

use super::*;
use RollBackResult::{Done, DryRun, Interrupted, MovedOn, NewerInFlight, NoTarget, Refused};

#[test]
fn another_one_is_live_newer_or_older_alike() {
    for other in ["newer", "older"] {
        let played = check(plan(), vec![looked(other), before("old")], MovedOn, 0);
        assert_eq!(sentence(&played), format!("Nothing was rolled back: {other} is live by now"));
        check(plan(), vec![looked("ours"), before("old"), checked(), looked(other)], MovedOn, 0);
    }
    check(plan(), vec![looked("other"), Event::Before(None)], MovedOn, 0);
    check(plan(), vec![looked("other"), Event::Failed(failure(Kind::Forbidden))], MovedOn, 0);
}

#[test]
fn something_else_is_in_flight() {
    let newer = || standing(version("ours"), vec![in_flight(version("newer"))]);
    let played = check(plan(), vec![newer()], NewerInFlight, 0);
    assert_eq!(sentence(&played), "Nothing was rolled back: newer may go live at any moment, it is BUILDING");
    check(plan(), vec![looked("ours"), before("old"), checked(), newer()], NewerInFlight, 0);
}

#[test]
fn what_is_live_is_told_before_what_is_in_flight_unless_that_makes_it_unsure() {
    let both = || standing(version("other"), vec![in_flight(version("newer"))]);
    check(plan(), vec![both(), before("old")], MovedOn, 0);
    check(Plan { in_flight_first: true, ..plan() }, vec![both()], NewerInFlight, 0);
}

#[test]
fn what_is_stale_is_in_nobodys_way() {
    let stale = || standing(version("ours"), vec![InFlight { is_stale: true, ..in_flight(version("stale")) }]);
    let events = vec![stale(), before("old"), checked(), stale(), accepted(None), progress(State::Succeeded)];
    check(plan(), then(events, vec![live("old"), live("old"), not_told()]), Done, 1);
}

#[test]
fn what_this_run_canceled_is_watched_to_its_end_first() {
    let canceling = || standing(version("ours"), vec![in_flight(version("ours-2"))]);
    let events = vec![canceling(), canceling(), looked("ours"), before("old"), checked(), looked("ours")];
    check(Plan { dry_run: true, ..plan() }, vec![canceling(), looked("ours"), before("old"), checked()], DryRun, 0);
    assert_eq!(play(plan(), None, events).sends, 1);
    let forever = (0..200).map(|_| canceling()).collect();
    let played = play(plan(), None, forever);
    assert_eq!(played.procedure.verdict().map(|it| it.result), Some(NewerInFlight));
    assert!(played.now < LIMIT);
}

#[test]
fn nothing_is_live() {
    let nothing = Standing { in_flight: vec![], live: LiveNow::default() };
    check(plan(), vec![Event::Looked(nothing)], Refused, 0);
}

#[test]
fn the_platforms_own_check_decides() {
    let until = || vec![looked("ours"), before("old")];
    for (kind, result) in [(Kind::Guarded, Refused), (Kind::Refused, Refused), (Kind::NotFound, NoTarget)] {
        check(plan(), then(until(), vec![Event::Failed(failure(kind))]), result, 0);
    }
}

#[test]
fn what_cannot_be_read_before_is_refused_and_what_can_improve_is_read_again() {
    let unread: [fn(Failure) -> Event; 3] = [|it| Event::Failed(it), |it| Event::Failed(it), |it| Event::Failed(it)];
    for (step, event) in unread.into_iter().enumerate() {
        let so_far = || until_sent().into_iter().take(step).collect::<Vec<_>>();
        check(plan(), then(so_far(), vec![event(failure(Kind::Forbidden))]), Refused, 0);
        check(plan(), then(so_far(), vec![event(failure(Kind::Unauthorized))]), Refused, 0);
        let passing = then(so_far(), vec![event(failure(Kind::Server))]);
        let events = then(passing, until_sent().into_iter().skip(step).collect());
        assert_eq!(play(plan(), None, events).sends, 1, "{step}");
        let later = Failure { not_before: Some(LIMIT), ..failure(Kind::Limited) };
        check(plan(), then(so_far(), vec![event(later)]), Refused, 0);
        let forever = (0..500).map(|_| event(failure(Kind::Server)));
        let played = play(plan(), None, so_far().into_iter().chain(forever).collect());
        assert_eq!(played.procedure.verdict().map(|it| it.result), Some(Refused), "{step}");
        assert!(played.now <= LIMIT + Duration::from_millis(50) && played.sends == 0);
    }
}

/// The look before the request has to be fresh; one that took two seconds is made again.
#[test]
fn nothing_is_sent_on_an_old_look() {
    let mut procedure = Procedure::new(plan(), None, Duration::ZERO);
    let second = Duration::from_secs(1);
    procedure.first(Duration::ZERO);
    procedure.next(second, looked("ours"));
    procedure.next(second, before("old"));
    assert!(matches!(procedure.next(second, checked()), Action::Look));
    assert!(matches!(procedure.next(3 * second, looked("ours")), Action::Pause(_)));
    assert!(matches!(procedure.next(4 * second, Event::Woke), Action::Look));
    assert!(matches!(procedure.next(6 * second - Duration::from_millis(1), looked("ours")), Action::Send(_)));
}

#[test]
fn nothing_is_sent_at_the_limit() {
    let mut procedure = Procedure::new(plan(), None, Duration::ZERO);
    procedure.first(Duration::ZERO);
    for event in until_sent().into_iter().take(3) {
        procedure.next(Duration::ZERO, event);
    }
    assert!(matches!(procedure.next(LIMIT, looked("ours")), Action::Done));
    assert_eq!(procedure.verdict().map(|it| it.result), Some(Refused));
}

#[test]
fn a_dry_run_makes_every_step_but_the_last() {
    let played = check(Plan { dry_run: true, ..plan() }, until_sent().into_iter().take(3).collect(), DryRun, 0);
    assert_eq!(played.procedure.target().map(|it| it.id.as_str()), Some("old"));
    assert_eq!(played.looks, 1);
}

#[test]
fn a_signal_before_the_request_sends_nothing() {
    for so_far in 0..4 {
        let events = until_sent().into_iter().take(so_far).collect();
        let mut procedure = play(plan(), None, events).procedure;
        procedure.interrupt();
        let verdict = procedure.verdict().unwrap();
        assert_eq!((verdict.result, verdict.is_interrupted), (Interrupted, false), "{so_far}");
    }
}

#[test]
fn a_second_run_finds_what_was_put_back() {
    let copied = || copy("copy", "old");
    let put_back = |live: fn() -> Version| {
        let reads = (0..2).map(move |_| Event::Live(live_now(live())));
        [standing(live(), vec![]), Event::Before(Some(original("old")))].into_iter().chain(reads).collect()
    };
    let played = check(plan(), put_back(|| version("old")), Done, 0);
    assert_eq!(sentence(&played), "It was put back already: old, which was live before it, is live again");
    check(deploys(), put_back(copied), Done, 0);
    // A copy of something else, and something that was live before but not as the one that ours replaced.
    let other = standing(copy("copy", "older"), vec![]);
    check(deploys(), vec![other, Event::Before(Some(original("old")))], MovedOn, 0);
    // It must be live at two reads.
    let events = vec![looked("old"), before("old"), live("old"), live("newer"), live("newer")];
    check(plan(), events, MovedOn, 0);
}

#[test]
fn somebody_else_puts_it_back_in_between() {
    let events = vec![looked("ours"), before("old"), checked(), looked("old"), live("old"), live("old")];
    check(plan(), events, Done, 0);
}

#[test]
fn what_never_went_live_needs_nothing() {
    let superseded = || Plan { went_live: false, ..plan() };
    for told in [not_told(), displaced("another")] {
        let played = play(superseded(), None, vec![looked("newer"), told]);
        assert!(played.procedure.verdict().is_none() && played.rest == 0);
    }
    check(superseded(), vec![looked("newer"), displaced("ours"), before("old")], MovedOn, 0);
}

/// A platform may say that a deployment is done before its live pointer names it.
#[test]
fn what_was_seen_and_still_is_live_has_not_gone_live_again() {
    let seen = || Some(live_now(version("old")));
    let late = then(vec![looked("old"), looked("old")], until_sent());
    assert_eq!(play(plan(), seen(), late).sends, 1);
    let still = || (0..11).map(|_| looked("old")).collect();
    check_seen(plan(), seen(), then(still(), vec![Event::Before(None)]), MovedOn, 0);
    check_seen(to("old"), seen(), then(still(), vec![before("old")]), MovedOn, 0);
    // The platform proves that ours had taken its place.
    check_seen(plan(), seen(), then(still(), vec![before("old"), live("old"), live("old")]), Done, 0);
    // A copy of it is none of it.
    let copied = || copy("copy", "old");
    let reads = (0..2).map(|_| Event::Live(live_now(copied())));
    let events = [standing(copied(), vec![]), Event::Before(None)].into_iter().chain(reads).collect();
    check_seen(deploys(), Some(live_now(original("old"))), events, Done, 0);
}
