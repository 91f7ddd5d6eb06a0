//! Step 3: what was live before, by two sources, and all their cases.

use super::*;
use crate::roll_back::target::choose;

fn seen(id: &str) -> Option<LiveNow> {
    Some(live_now(version(id)))
}

fn since(id: &str, second: i64) -> Option<Version> {
    Some(Version { since: at(second), ..version(id) })
}

#[track_caller]
fn chosen(seen: Option<LiveNow>, replaced: Option<Version>) -> Option<String> {
    choose(&plan(), seen.as_ref(), replaced).ok().map(|it| it.id)
}

#[test]
fn seen_and_replaced_in_all_cases() {
    let unproven = || Some(Version { was_live: false, ..version("unproven") });
    let cases: [(Option<LiveNow>, Option<Version>, Option<&str>); 14] = [
        (None, None, None),
        (seen("old"), None, Some("old")),
        (None, Some(version("old")), Some("old")),
        (seen("old"), Some(version("old")), Some("old")),
        // Not proven to have gone live after it was seen: no time, an earlier one, the same second.
        (seen("old"), Some(version("other")), None),
        (seen("old"), since("other", 99), None),
        (seen("old"), since("other", 100), None),
        (seen("old"), since("other", 101), Some("other")),
        // What this run was to stop.
        (seen("old"), Some(version("ours-2")), Some("old")),
        (None, Some(version("ours-2")), None),
        (seen("ours-2"), None, None),
        (seen("ours-2"), Some(version("old")), Some("old")),
        // Nothing proves that it was live.
        (None, unproven(), None),
        (seen("old"), unproven(), Some("old")),
    ];
    for (case, (seen, replaced, expected)) in cases.into_iter().enumerate() {
        assert_eq!(chosen(seen, replaced).as_deref(), expected, "case {case}");
    }
}

#[test]
fn without_a_date_of_the_answer_nothing_went_live_after_it() {
    let undated = Some(LiveNow { date: None, ..live_now(version("old")) });
    assert_eq!(chosen(undated, since("other", 500)), None);
}

#[test]
fn both_sources_together_tell_more_of_it() {
    let seen = live_now(Version { commit: Some("abc".to_owned()), ..original("old") });
    let target = choose(&plan(), Some(&seen), since("old", 1)).unwrap();
    assert_eq!((target.commit.as_deref(), target.content.as_deref(), target.since), (Some("abc"), Some("old"), at(1)));
}

#[test]
fn nothing_of_the_commit_that_was_to_be_stopped_is_put_back() {
    let of_commit = || Plan { commit: Some("abcdef0".to_owned()), ..plan() };
    let made_from = |commit: &str| Version { commit: Some(commit.to_owned()), ..version("old") };
    assert!(choose(&of_commit(), None, Some(made_from("abcdef0123"))).is_err());
    assert!(choose(&of_commit(), None, Some(made_from("0123456789"))).is_ok());
    assert!(choose(&of_commit(), None, Some(version("old"))).is_ok());
    let commits = ["0123456789".to_owned(), "abcdef0123".to_owned()].to_vec();
    assert!(choose(&of_commit(), None, Some(Version { commits, ..made_from("0123456789") })).is_err());
}

#[test]
fn what_is_written_has_to_be_proven_as_well() {
    let named = |version: Option<Version>| choose(&to("v"), Some(&live_now(version_seen())), version).map(|it| it.id);
    assert_eq!(named(Some(version("v"))).ok().as_deref(), Some("v"));
    for (version, words) in [
        (None, "`roll_back_to` is \"v\", and nothing here has that id"),
        (Some(Version::of("v")), "nothing proves that v had been live"),
        (Some(version("ours")), "`roll_back_to` is ours, which is one that this run was to stop"),
    ] {
        assert_eq!(named(version).unwrap_err().to_string(), words);
    }
}

fn version_seen() -> Version {
    version("old")
}

#[test]
fn what_is_not_eligible_is_no_target_and_nothing_further_back_is() {
    use RollBackResult::NoTarget;
    check(plan(), vec![looked("ours"), Event::Before(None)], NoTarget, 0);
    check(to("v"), vec![looked("ours"), Event::Failed(failure(Kind::Guarded))], NoTarget, 0);
    check(to("v"), vec![looked("ours"), Event::Failed(failure(Kind::NotFound))], NoTarget, 0);
    check(to("ours"), vec![looked("ours"), before("ours")], NoTarget, 0);
    let current = standing(Version { is_ours: true, ..copy("ours", "v") }, vec![]);
    check(to("v"), vec![current, Event::Before(Some(original("v")))], NoTarget, 0);
}
