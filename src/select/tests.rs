use proptest::prelude::*;

use jiff::Timestamp;

use super::*;
use crate::model::deployment::{Live, Pull};
use crate::model::reason::{Reason, Selected};

fn wanted(select: Select) -> Selector {
    Selector {
        select,
        branch: None,
        commit: None,
        run_commit: None,
        target: None,
        repository: None,
        pull: None,
        home: None,
        one_group: false,
        knows_commits: true,
    }
}

fn one(id: &str, state: State, created: i64, branch: Option<&str>, target: Option<&str>) -> Deployment {
    let source = Source {
        branch: branch.map(str::to_owned),
        commit: Some(format!("{created:07x}aaaaaaa")),
        ..Source::default()
    };
    Deployment {
        state,
        created: Timestamp::from_second(created).ok().filter(|_| created > 0),
        branch: branch.map(str::to_owned),
        commit: source.commit.clone(),
        target: target.map(str::to_owned),
        sources: vec![source],
        ..Deployment::without_reading(id)
    }
}

fn ids(selection: &Selection) -> Vec<&str> {
    selection.chosen.iter().map(|one| one.id.as_str()).collect()
}

use State::{Canceled, Failed, Queued, Running, Succeeded};

#[test]
fn latest_is_the_newest_in_flight() {
    let listed = [
        one("new", Succeeded, 9, Some("main"), None),
        one("b", Running, 8, Some("main"), None),
        one("a", Queued, 7, Some("dev"), None),
    ];
    assert_eq!(ids(&wanted(Select::Latest).select(&listed)), ["b"]);
    let undated = [one("a", Running, 0, None, None), one("b", Running, 0, None, None)];
    assert!(wanted(Select::Latest).select(&undated).unsure.is_some());
    assert_eq!(ids(&wanted(Select::Latest).select(&undated[..1])), ["a"]);
}

#[test]
fn what_waits_behind_another_is_the_latest_only_where_dates_say_so() {
    let waiting = |created| Deployment { queued_behind: true, ..one("a", Queued, created, None, None) };
    let dated = [waiting(2), one("b", Running, 1, None, None)];
    assert_eq!(ids(&wanted(Select::Latest).select(&dated)), ["a"]);
    let undated = [waiting(0), one("b", Running, 0, None, None)];
    assert_eq!(ids(&wanted(Select::Latest).select(&undated)), ["b"]);
}

#[test]
fn branches_compare_exactly_and_commits_by_their_beginning() {
    let listed = [
        one("a", Running, 1, Some("main"), None),
        one("b", Running, 2, Some("main2"), None),
        one("c", Running, 3, None, None),
        one("d", Succeeded, 4, Some("main"), None),
    ];
    let main = Selector { branch: Some("main".to_owned()), ..wanted(Select::Branch) };
    let selection = main.select(&listed);
    assert_eq!(ids(&selection), ["a"]);
    assert_eq!(selection.warnings.len(), 1);
    let says = "This run looked at 2 deployments of branch main, none of them in flight, 1 of them live";
    assert_eq!(selection.looked_at.to_string(), says);
    let commit = Selector { commit: Some("0000002".to_owned()), ..wanted(Select::Commit) };
    assert_eq!(ids(&commit.select(&listed)), ["b"]);
    let short = Selector { commit: Some("000000".to_owned()), ..wanted(Select::Commit) };
    assert!(ids(&short.select(&listed)).is_empty());
}

#[test]
fn a_forks_branch_of_the_same_name_is_another_branch() {
    let from = |id: &str, repository: Option<&str>| {
        let mut one = one(id, Running, 1, Some("main"), None);
        one.sources[0].repository = repository.map(str::to_owned);
        one
    };
    let listed = [from("ours", Some("me/app")), from("theirs", Some("you/app")), from("nobodys", None)];
    let main = Selector { branch: Some("main".to_owned()), ..wanted(Select::Branch) };
    let fork = Selector { repository: Some("You/App".to_owned()), ..main.clone() };
    assert_eq!(ids(&fork.select(&listed)), ["theirs"]);
    let home = Selector { home: Some("me/app".to_owned()), ..main };
    assert_eq!(ids(&home.select(&listed)), ["ours", "nobodys"]);
    let strangers = home.select(&listed[1..2]);
    assert_eq!(strangers.warnings.len(), 1);
    let says = "This run looked at the list, and no deployment of branch main is on it";
    assert_eq!(strangers.looked_at.to_string(), says);
}

#[test]
fn superseded_keeps_the_newest_that_is_worth_it() {
    for (newest, chosen) in [
        (Succeeded, vec!["b", "a"]),
        (Running, vec!["b", "a"]),
        (Failed, vec!["a"]),
        (Canceled, vec!["a"]),
        (State::Unknown, vec!["a"]),
    ] {
        let listed = [
            one("c", newest, 3, Some("main"), None),
            one("b", Running, 2, Some("main"), None),
            one("a", Queued, 1, Some("main"), None),
            one("x", Running, 1, Some("dev"), None),
            one("p", Running, 1, Some("main"), Some("production")),
        ];
        assert_eq!(ids(&wanted(Select::Superseded).select(&listed)), chosen, "{newest:?}");
    }
}

#[test]
fn what_is_held_back_undated_or_live_no_more_supersedes_nothing() {
    let mut held = one("c", Queued, 3, Some("main"), None);
    held.blocked = true;
    let mut crashed = one("d", Succeeded, 4, Some("main"), None);
    crashed.live = Live::Once;
    let listed = [crashed, held, one("b", Running, 2, Some("main"), None), one("u", Running, 0, Some("main"), None)];
    let selection = wanted(Select::Superseded).select(&listed);
    assert!(ids(&selection).is_empty(), "{:?}", ids(&selection));
    assert_eq!(selection.warnings.len(), 1);
}

#[test]
fn what_this_run_deploys_itself_is_warned_of_unless_its_commit_is_named() {
    let listed = [one("a", Running, 1, Some("main"), None)];
    let own = listed[0].commit.clone();
    for (select, run_commit, warnings) in [
        (Select::Latest, own.clone(), 1),
        (Select::All, own.clone(), 1),
        (Select::All, Some("0000002aaaaaaa".to_owned()), 0),
        (Select::All, None, 0),
        (Select::Commit, own.clone(), 0),
    ] {
        let wanted = Selector { commit: own.clone(), run_commit, ..wanted(select) };
        assert_eq!(wanted.select(&listed).warnings.len(), warnings, "{wanted:?}");
    }
}

#[test]
fn a_target_that_was_never_seen_is_said() {
    let listed = [one("a", Running, 1, Some("main"), Some("production"))];
    let selection = Selector { target: Some("prodution".to_owned()), ..wanted(Select::All) }.select(&listed);
    assert!(selection.chosen.is_empty());
    let warnings: Vec<_> = selection.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["No deployment to prodution was seen, only to production."]);
}

fn of_commit(listed: &[Deployment]) -> Selection {
    let commit = Some("0000001".to_owned());
    Selector { commit, ..wanted(Select::Commit) }.select(listed)
}

/// The commonest failure of all: the build was faster than the tests.
#[test]
fn a_commit_that_is_over_is_told_by_the_one_that_is_live_else_the_newest() {
    let of = |id: &str, state, created| Deployment {
        sources: vec![Source::of(None, Some("main"), Some("0000001aaaaaaa"))],
        ..one(id, state, created, Some("main"), None)
    };
    let other = one("other", Succeeded, 9, Some("main"), None);
    for (listed, ended) in [
        (vec![], None),
        (vec![of("a", Failed, 1)], Some("a")),
        (vec![of("a", Failed, 1), of("b", Canceled, 2)], Some("b")),
        (vec![of("a", Succeeded, 1), of("b", Canceled, 2)], Some("a")),
        (vec![of("a", Succeeded, 1), of("b", Succeeded, 2)], Some("b")),
        (vec![of("a", Succeeded, 1), of("b", State::Unknown, 2)], Some("a")),
        (vec![of("a", Failed, 1), of("b", State::Unknown, 2)], None),
        (vec![of("a", Succeeded, 1), of("b", Running, 2)], None),
    ] {
        let mut listed = listed;
        listed.push(other.clone());
        let selection = of_commit(&listed);
        let found = selection.ended.as_ref().map(|one| one.id.as_str());
        assert_eq!(found, ended, "{listed:?}");
        let open = listed.iter().any(|one| one.state == State::Unknown);
        let unsure = open && ended.is_none();
        assert_eq!(selection.perhaps_live.is_some(), unsure, "{listed:?}");
    }
}

#[test]
fn where_another_push_may_be_meant_nobody_says_that_nothing_went_live() {
    let all = [Select::Latest, Select::Branch, Select::Superseded, Select::All];
    for select in all {
        let wanted = Selector { branch: Some("main".to_owned()), ..wanted(select) };
        for (state, unsure) in [(Succeeded, true), (State::Canceling, true), (Failed, false), (Canceled, false)] {
            let listed = [
                one("kept", Succeeded, 9, Some("main"), None),
                one("b", state, 8, Some("main"), None),
                one("a", Failed, 7, Some("main"), None),
            ];
            // The newest of a branch is the one that `superseded` keeps.
            let from = usize::from(select != Select::Superseded);
            let selection = wanted.select(&listed[from..]);
            assert!(selection.chosen.is_empty() && selection.ended.is_none());
            let Selection { looked_at, perhaps_live, .. } = selection;
            let told = perhaps_live.as_ref().map(ToString::to_string).unwrap_or_default();
            assert_eq!(!told.is_empty(), unsure, "{select:?} {state:?}");
            let told = told + &Reason::from(Selected::Nothing { looked_at, perhaps_live, when_empty: "" }).hint();
            let says = ["b (commit 0000008, created 1970-01-01T00:00:08Z)", "`select: commit`", "`deployment_id`"];
            assert!(!unsure || says.iter().all(|it| told.contains(it)), "{told}");
        }
    }
    let listed = [one("kept", Succeeded, 9, Some("main"), None)];
    let superseded = wanted(Select::Superseded).select(&listed);
    assert!(superseded.perhaps_live.is_none());
    let listed = [one("theirs", Succeeded, 9, Some("dev"), None), one("ours", Failed, 8, Some("main"), None)];
    let branch = Selector { branch: Some("main".to_owned()), ..wanted(Select::Branch) };
    assert!(branch.select(&listed).perhaps_live.is_none());
}

fn automatic(id: &str, state: State, created: i64) -> Deployment {
    Deployment {
        automatic: true,
        sources: vec![Source::of(None, Some("main"), Some("0000001aaaaaaa"))],
        ..one(id, state, created, Some("main"), None)
    }
}

/// An autoscaled copy carries its original's commit and branch, and nobody asked for it.
#[test]
fn what_the_platform_started_by_itself_is_nobodys_push() {
    for state in [Running, Queued, Failed, Canceled, State::Unknown] {
        let listed = [
            automatic("copy", state, 3),
            one("b", Running, 2, Some("main"), None),
            one("a", Running, 1, Some("main"), None),
        ];
        for (select, chosen) in [
            (Select::Latest, vec!["b"]),
            (Select::Branch, vec!["b", "a"]),
            (Select::Commit, vec!["a"]),
            (Select::Superseded, vec!["a"]),
        ] {
            let wanted =
                Selector { branch: Some("main".to_owned()), commit: Some("0000001".to_owned()), ..wanted(select) };
            let selection = wanted.select(&listed);
            assert_eq!(ids(&selection), chosen, "{select:?} {state:?}");
            let counted = usize::from(state.is_in_flight());
            assert_eq!(selection.notes.len(), counted, "{select:?} {state:?}");
            let nothing = wanted.select(&listed[..1]);
            assert!(nothing.chosen.is_empty() && nothing.ended.is_none());
            assert!(nothing.perhaps_live.is_none(), "{select:?} {state:?}");
        }
        let all = wanted(Select::All).select(&listed);
        let copy = usize::from(state.is_in_flight());
        assert_eq!(all.chosen.len(), 2 + copy, "{state:?}");
    }
}

#[test]
fn a_live_copy_tells_how_its_commit_ended_and_supersedes_nothing() {
    let original = one("a", State::Superseded, 1, Some("main"), None);
    let selection = of_commit(&[automatic("copy", Succeeded, 3), original]);
    assert_eq!(selection.ended.map(|one| one.id).as_deref(), Some("copy"));
    let queued = one("b", Queued, 2, Some("main"), None);
    let selection = wanted(Select::Superseded).select(&[automatic("copy", Succeeded, 3), queued]);
    assert!(selection.chosen.is_empty());
}

#[test]
fn latest_is_not_sure_beside_one_that_may_be_newer() {
    for (unknown, known, sure) in [
        (9, Some(8), false),
        (8, Some(8), false),
        (7, Some(8), true),
        (0, Some(8), false),
        (7, Some(0), false),
        (7, None, false),
    ] {
        let mut listed = vec![one("unknown", State::Unknown, unknown, None, None)];
        listed.extend(known.map(|at| one("known", Running, at, None, None)));
        let selection = wanted(Select::Latest).select(&listed);
        assert_eq!(selection.unsure.is_none(), sure, "{unknown} {known:?}");
    }
}

#[test]
fn where_there_are_no_branches_all_are_one_group() {
    let listed = [one("b", Running, 2, None, None), one("a", Running, 1, None, None)];
    assert!(ids(&wanted(Select::Superseded).select(&listed)).is_empty());
    let line = Selector { one_group: true, ..wanted(Select::Superseded) };
    assert_eq!(ids(&line.select(&listed)), ["a"]);
}

#[test]
fn of_several_slots_each_is_a_group_of_its_own() {
    let at = |id, state, created, branch, slot: &str| Deployment {
        slot: Some(slot.to_owned()),
        ..one(id, state, created, branch, None)
    };
    let listed = [
        at("new", Running, 4, Some("main"), "web"),
        at("other", Running, 3, Some("dev"), "web"),
        at("old", Running, 2, Some("main"), "web"),
        at("alone", Running, 1, Some("main"), "api"),
    ];
    let line = Selector { one_group: true, ..wanted(Select::Superseded) };
    assert_eq!(ids(&line.select(&listed)), ["other", "old"]);
    // A branch narrows what may go, not what is kept.
    let of = |branch: &str| Selector { branch: Some(branch.to_owned()), ..line.clone() };
    assert_eq!(ids(&of("dev").select(&listed)), ["other"]);
    assert_eq!(ids(&of("main").select(&listed)), ["old"]);
    // One that was live and is gone supersedes nothing.
    let gone = Deployment { live: Live::Once, ..at("gone", Succeeded, 5, None, "api") };
    assert!(ids(&line.select(&[gone, listed[3].clone()])).is_empty());
}

#[test]
fn a_slot_divides_a_branch_as_well() {
    let at = |id, created, slot: Option<&str>| Deployment {
        slot: slot.map(str::to_owned),
        ..one(id, Running, created, Some("main"), Some("preview"))
    };
    let listed = [at("d", 4, None), at("c", 3, Some("4")), at("b", 2, Some("7")), at("a", 1, Some("4"))];
    assert_eq!(ids(&wanted(Select::Superseded).select(&listed)), ["a"]);
}

#[test]
fn a_forks_branch_is_known_by_the_pull_request_where_that_is_what_deployments_tell() {
    let pull = |base: &str, number| Some(Pull { base: base.to_owned(), number });
    let of = |id, pull| {
        let mut one = one(id, Running, 1, Some("main"), None);
        one.sources.iter_mut().for_each(|source| source.pull.clone_from(&pull));
        one
    };
    let listed =
        [of("ours", None), of("it", pull("Acme/Web", 4)), of("b", pull("acme/web", 5)), of("c", pull("acme/api", 4))];
    let wanted = Selector { branch: Some("main".to_owned()), pull: pull("acme/web", 4), ..wanted(Select::Branch) };
    assert_eq!(ids(&wanted.select(&listed)), ["it"]);
}

#[test]
fn what_is_stuck_in_flight_is_named_and_none_the_less_chosen() {
    let stuck = |number: i64, state| Deployment {
        stuck: Some(std::time::Duration::from_secs(24 * 3600)),
        ..one(&format!("d{number}"), state, number, Some("main"), None)
    };
    let mut listed: Vec<_> = (1..=12).map(|number| stuck(number, Running)).collect();
    listed.push(stuck(13, Failed));
    listed.push(one("new", Running, 14, Some("main"), None));
    let selection = wanted(Select::All).select(&listed);
    assert_eq!(ids(&selection).len(), 13);
    let [warning] = selection.warnings.as_slice() else { panic!("{:?}", selection.warnings) };
    let told = warning.to_string();
    assert!(told.starts_with("12 deployments have been in flight for over a day"), "{told}");
    assert!(told.ends_with("d10 (1 day), and 2 more."), "{told}");
    assert_eq!(ids(&wanted(Select::Latest).select(&listed)), ["new"]);
}

#[test]
fn one_that_may_have_been_live_is_named_where_nothing_is_in_flight() {
    let gone = Deployment { live: Live::Unknown, ..one("gone", State::Ended, 5, Some("main"), None) };
    let told = wanted(Select::Latest).select(&[gone]).perhaps_live.unwrap().to_string();
    assert!(told.contains("does not tell whether it went live"), "{told}");
    let crashed = Deployment { live: Live::Once, ..one("gone", Failed, 5, Some("main"), None) };
    assert!(wanted(Select::Latest).select(&[crashed]).perhaps_live.unwrap().to_string().contains("has gone live"));
}

fn any_deployment() -> impl Strategy<Value = Deployment> {
    let states = [Queued, Running, State::Canceling, Canceled, Succeeded, Failed, State::Superseded, State::Unknown];
    let branch = prop_oneof![Just(None), Just(Some("main")), Just(Some("dev"))];
    let target = prop_oneof![Just(None), Just(Some("production"))];
    let repository = prop_oneof![3 => Just(None), 1 => Just(Some("you/app"))];
    (0..states.len(), 0..6_i64, branch, target, repository, any::<bool>()).prop_map(
        move |(state, created, branch, target, repository, blocked)| {
            let mut one = one("d", states[state], created, branch, target);
            one.sources[0].repository = repository.map(str::to_owned);
            Deployment { blocked, ..one }
        },
    )
}

/// A history, each of it with an id of its own.
fn any_history() -> impl Strategy<Value = Vec<Deployment>> {
    proptest::collection::vec(any_deployment(), 0..14).prop_map(|mut listed| {
        for (which, one) in listed.iter_mut().enumerate() {
            one.id = format!("d{which}");
        }
        listed
    })
}

/// What divides a history, where anything does.
fn group(one: &Deployment) -> (Option<&str>, Option<&str>, Option<&str>) {
    let repository = one.sources[0].repository.as_deref();
    (one.branch.as_deref(), one.target.as_deref(), repository)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Over any history: exactly those in flight are chosen that are older than one of their group that goes live
    /// or is live. What is undated, held back or in a state that nobody knows is never the one that is kept.
    #[test]
    fn superseded_is_careful(listed in any_history(), narrowed in any::<bool>(), one_group in any::<bool>(), to in any::<bool>()) {
        let branch = narrowed.then(|| "main".to_owned());
        let target = to.then(|| "production".to_owned());
        let wanted = Selector { branch: branch.clone(), target: target.clone(), one_group, ..wanted(Select::Superseded) };
        let selection = wanted.select(&listed);
        let together = |one: &Deployment, other: &Deployment| one_group || group(one) == group(other);
        let worth = |one: &Deployment| {
            matches!(one.state, Queued | Running | Succeeded) && !one.blocked && one.created.is_some()
        };
        let meant = |one: &Deployment| {
            let of_branch = one_group || (one.branch.is_some() && (branch.is_none() || one.branch == branch));
            of_branch && (target.is_none() || one.target == target)
        };
        let in_group = |one: &Deployment, other: &Deployment| meant(other) && together(one, other);
        for one in &listed {
            let mut others = listed.iter().filter(|other| in_group(one, other) && worth(other));
            let older = one.created.is_some() && others.any(|other| other.created > one.created);
            // Where branches divide nothing, a written one still says which may go.
            let may_go = branch.is_none() || one.branch == branch;
            let expected = meant(one) && may_go && matches!(one.state, Queued | Running) && older;
            prop_assert_eq!(selection.chosen.iter().any(|chosen| chosen.id == one.id), expected, "{:?}", one);
        }
        for kept in &selection.kept {
            prop_assert!(worth(kept) && meant(kept), "{kept:?} is kept");
            let mut chosen = selection.chosen.iter().filter(|chosen| together(chosen, kept));
            prop_assert!(chosen.all(|chosen| chosen.created < kept.created), "one newer than {kept:?}");
            let mut newer = listed.iter().filter(|other| in_group(kept, other) && worth(other));
            prop_assert!(newer.all(|other| other.created <= kept.created), "{kept:?} is not the newest");
        }
        for chosen in &selection.chosen {
            prop_assert!(selection.kept.iter().any(|kept| together(chosen, kept)), "nothing is kept for {chosen:?}");
        }
    }

    #[test]
    fn only_what_is_in_flight_is_ever_chosen(listed in any_history()) {
        for select in Select::ALL {
            let wanted = Selector { branch: Some("main".to_owned()), commit: Some("0000001".to_owned()), ..wanted(select) };
            prop_assert!(wanted.select(&listed).chosen.iter().all(is_in_flight));
        }
    }
}
