//! The way back on Cloudflare: what is live is a version, what was to be stopped is a build, and a deployment is neither.

use std::time::Duration;

use serde_json::{Value, json};

use super::{asked, bare, numbered, page, preview, sandbox, select};
use crate::sandbox::cloudflare_workers::{ACCOUNT, Build, FIRST_VERSION, OTHER_TAG, TAG, Worker, id, no, version};
use crate::sandbox::{Call, CancelAnswer, Fault, Grant, Sandbox, TOKEN};
use crate::step::{Ran, Step};

/// A version that nobody here has built.
const BY_HAND: &str = "11111111-0000-4000-8000-000000000001";

fn live(number: usize) -> Build {
    numbered(number).states(["success"])
}

/// A Worker to which these were deployed, the last one last.
fn deployed(builds: impl IntoIterator<Item = Build>) -> Sandbox {
    sandbox(builds)
}

fn back(sandbox: &Sandbox) -> Step {
    let step = bare(sandbox).input("deployment_id", &id(1)).input("if_live", "roll_back");
    step.input("roll_back_timeout", "20s")
}

/// Somebody deploys these versions with their shares of the traffic.
fn deploy(sandbox: &Sandbox, versions: &[(&str, u8)]) {
    let versions: Vec<_> =
        versions.iter().map(|(version, share)| json!({"version_id": version, "percentage": share})).collect();
    let path = format!("/accounts/{ACCOUNT}/workers/scripts/shop/deployments");
    let body = json!({"strategy": "percentage", "versions": versions});
    assert_eq!(sandbox.ask("cloudflare_workers", "POST", &path, &body).status, 200);
}

/// The version that serves alone, as the sandbox knows it.
fn serves(sandbox: &Sandbox) -> String {
    version(&sandbox.live("cloudflare_workers", TAG).unwrap().id)
}

#[track_caller]
fn is_back(sandbox: &Sandbox, ran: &Ran, wanted: &str) {
    ran.ended("rolled_back", 3).tells("rollback", "done").tells("rollback_deployment_id", wanted);
    assert_eq!((sandbox.count(Call::RollBack), serves(sandbox)), (1, wanted.to_owned()), "\n{}", ran.stdout);
    assert!(!format!("{}{}", ran.summary, ran.stdout).contains("wrangler rollback"), "{}", ran.summary);
}

/// Nothing was sent, and the reason says why in these words.
#[track_caller]
fn is_left(sandbox: &Sandbox, ran: &Ran, result: &str, words: &[&str]) {
    ran.tells("rollback", result).tells("went_live", "true");
    let reason = ran.output("rollback_reason");
    words.iter().for_each(|word| assert!(reason.contains(word), "no {word:?} in {reason:?}"));
    assert_eq!((sandbox.count(Call::RollBack), ran.code), (0, 3), "\n{}", ran.stdout);
}

#[test]
fn one_request_deploys_the_version_that_served_before() {
    let sandbox = deployed([live(2).commit("beef0002".repeat(5).as_str()), live(1)]);
    let ran = back(&sandbox).run();
    is_back(&sandbox, &ran, &version(&id(2)));
    let sent: Vec<_> = sandbox.requests().into_iter().filter(|seen| seen.method != "GET").collect();
    assert_eq!(sent.len(), 1);
    let path = format!("/accounts/{ACCOUNT}/workers/scripts/shop/deployments");
    assert_eq!((sent[0].method.as_str(), &sent[0].path, sent[0].query.as_str()), ("POST", &path, ""));
    let versions = json!([{"version_id": version(&id(2)), "percentage": 100}]);
    let body: Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!(body, json!({"strategy": "percentage", "versions": versions}));
    let rollback = &ran.only()["rollback"];
    assert_eq!(rollback["target"], version(&id(2)));
    assert_eq!(rollback["commit"], "beef0002".repeat(5));
    assert_eq!(rollback["deployment_url"], page(ACCOUNT, "shop").replace(&id(1), &id(2)));
    assert!(rollback["request_id"].as_str().unwrap().starts_with("8f2c"), "{rollback}");
    let label = format!("version {} (beef000)", version(&id(2)));
    assert!(ran.output("rollback_reason").contains(&label), "{}", ran.output("rollback_reason"));
    assert!(ran.summary.contains("Secrets, routes, domains and cron triggers stay as they are"), "{}", ran.summary);
    assert!(asked(&sandbox).is_empty());
}

#[test]
fn what_was_deployed_by_hand_is_put_back_as_well() {
    let sandbox = deployed([live(1)]);
    let ran = back(&sandbox).run();
    is_back(&sandbox, &ran, FIRST_VERSION);
    assert!(ran.only()["rollback"]["commit"].is_null());
}

#[test]
fn what_was_canceled_after_its_deploy_step_is_rolled_back() {
    for end in ["cancelled", "fail", "terminated", "stopped: exploded"] {
        let sandbox = deployed([live(2), numbered(1).deployed().after_cancel([end])]);
        let ran = back(&sandbox).run();
        is_back(&sandbox, &ran, &version(&id(2)));
        assert_eq!(asked(&sandbox), [id(1)]);
    }
    let over = deployed([live(2), numbered(1).deployed().states(["cancelled"]).ran(true)]);
    is_back(&over, &back(&over).run(), &version(&id(2)));
}

#[test]
fn what_never_deployed_needs_no_way_back() {
    for one in [numbered(1), live(1).command("npm run upload"), numbered(1).after_cancel(["fail"])] {
        let sandbox = deployed([live(2), one]);
        back(&sandbox).run().tells("rollback", "").tells("went_live", "false");
        assert_eq!(sandbox.count(Call::RollBack), 0);
    }
    // A preview serves at an address of its own.
    let shown = deployed([live(2), preview().states(["success"]).deployed()]);
    back(&shown).run().ended("already_finished", 3).tells("rollback", "").tells("went_live", "true");
    assert_eq!((shown.count(Call::RollBack), shown.count(Call::Live)), (0, 0));
}

#[test]
fn what_took_the_place_of_ours_is_left_alone_and_is_no_proof_of_a_roll_back() {
    let by_hand = deployed([live(2), live(1)]);
    by_hand.add(Worker::new(TAG, "shop").deploys(&[BY_HAND], 1));
    is_left(&by_hand, &back(&by_hand).run(), "moved_on", &[BY_HAND, "is live by now"]);
    let built = deployed([live(2), live(1), live(3)]);
    is_left(&built, &back(&built).run(), "moved_on", &[&version(&id(3))]);
}

#[test]
fn what_was_live_before_ours_and_is_again_was_put_back() {
    let sandbox = deployed([live(2), live(1)]);
    deploy(&sandbox, &[(&version(&id(2)), 100)]);
    let ran = back(&sandbox).run();
    ran.ended("rolled_back", 3).tells("rollback", "done").reasons(&["It was put back already"]);
    assert_eq!(sandbox.count(Call::RollBack), 0);
    // Ours once more: what it replaced the last time is what counts.
    deploy(&sandbox, &[(&version(&id(1)), 100)]);
    deploy(&sandbox, &[(&version(&id(1)), 100)]);
    is_back(&sandbox, &back(&sandbox).run(), &version(&id(2)));
}

#[test]
fn while_two_versions_share_the_traffic_nothing_is_sent() {
    let sandbox = deployed([live(2), live(1)]);
    deploy(&sandbox, &[(&version(&id(1)), 60), (&version(&id(2)), 40)]);
    let words = ["gradual deployment dddddddd-", "is under way"];
    is_left(&sandbox, &back(&sandbox).run(), "newer_in_flight", &words);
    let others = deployed([live(3), live(2), live(1)]);
    deploy(&others, &[(&version(&id(3)), 60), (&version(&id(2)), 40)]);
    is_left(&others, &back(&others).run(), "moved_on", &["gradual deployment dddddddd-"]);
}

#[test]
fn a_version_without_traffic_does_not_serve() {
    let sandbox = deployed([live(3), live(2)]);
    deploy(&sandbox, &[(&version(&id(2)), 100), (&version(&id(3)), 0)]);
    sandbox.add(live(1));
    deploy(&sandbox, &[(&version(&id(1)), 100), (&version(&id(3)), 0)]);
    is_back(&sandbox, &back(&sandbox).run(), &version(&id(2)));
}

#[test]
fn a_preview_that_may_deploy_is_in_flight_too() {
    for (command, result) in [("npx wrangler deploy", "newer_in_flight"), ("npx wrangler versions upload", "done")] {
        let sandbox = deployed([live(2), live(1)]);
        sandbox.add(numbered(7).target(Some("preview")).states(["running"]).command(command));
        back(&sandbox).run().tells("rollback", result);
    }
}

#[test]
fn what_was_canceled_is_put_back_too_where_only_the_last_look_at_it_failed() {
    let sandbox = deployed([live(2), numbered(1).deployed().after_cancel(["cancelled"])]);
    sandbox.fault(Call::Live, [Fault::Pass, Fault::Status(502)]);
    let ran = back(&sandbox).run();
    ran.tells("went_live", "true");
    is_back(&sandbox, &ran, &version(&id(2)));
    let never = deployed([live(2), numbered(1).after_cancel(["cancelled"])]);
    never.fault(Call::Live, [Fault::Pass, Fault::Status(502)]);
    back(&never).run().ended("canceled", 0).tells("rollback", "").tells("went_live", "unknown");
    assert_eq!(never.count(Call::RollBack), 0);
}

#[test]
fn what_was_canceled_and_is_found_to_serve_went_live_whatever_comes_of_its_roll_back() {
    let sandbox = deployed([live(2), numbered(1).deployed().after_cancel(["cancelled"])]);
    sandbox.fault(Call::Live, [Fault::Pass, Fault::Status(502)]);
    sandbox.before(Call::Live, 3, |sandbox| {
        sandbox.add(numbered(7));
    });
    let ran = back(&sandbox).run();
    is_left(&sandbox, &ran, "newer_in_flight", &[&id(7)]);
    ran.ended("completed", 3).tells("canceled", "false");

    let gone = deployed([live(2), numbered(1).deployed().after_cancel(["cancelled"])]);
    gone.fault(Call::Live, [Fault::Pass, Fault::Status(502)]);
    gone.before(Call::Live, 3, |sandbox| {
        sandbox.add(live(3));
    });
    let ran = back(&gone).run();
    is_left(&gone, &ran, "moved_on", &[&version(&id(3))]);
    ran.ended("completed", 3).tells("canceled", "false");
}

#[test]
fn who_asked_for_the_way_back_is_told_where_nobody_knows_whether_it_is_needed() {
    let sandbox = deployed([live(2), numbered(1).deployed().after_cancel(["cancelled"])]);
    sandbox.fault(Call::Live, [Fault::Pass]).always(Call::Live, Fault::Status(502));
    let ran = back(&sandbox).input("roll_back_timeout", "2s").run();
    ran.ended("canceled", 0).tells("rollback", "refused").tells("went_live", "unknown");
    ran.says("::warning title=Canceled%2C but it may be live%3A ").says("Nothing was rolled back: ");
    for words in ["Canceled, but it may be live: ", "nobody knows whether it is live. If it is: "] {
        assert!(ran.summary.contains(words), "{}", ran.summary);
    }
}

#[test]
fn what_was_chosen_and_never_asked_to_stop_is_not_put_back() {
    let sandbox = deployed([live(2), numbered(1).deployed().ran(true).states(["running", "running", "cancelled"])]);
    sandbox.always(Call::Cancel, Fault::Status(429)).fault(Call::Live, [Fault::Pass, Fault::Status(502)]);
    let ran = select(&sandbox, "latest").input("if_live", "roll_back").run();
    ran.tells("state", "canceled").tells("went_live", "unknown").tells("rollback", "");
    assert_eq!(sandbox.count(Call::RollBack), 0);
}

#[test]
fn what_had_a_part_of_the_traffic_is_not_given_all_of_it() {
    let sandbox = deployed([live(3), live(2)]);
    deploy(&sandbox, &[(&version(&id(3)), 60), (&version(&id(2)), 40)]);
    sandbox.add(live(1));
    is_left(&sandbox, &back(&sandbox).run(), "refused", &["gradual deployment", "shared the traffic"]);
    // Either of them had all of it before.
    let step = back(&sandbox).input("roll_back_to", &version(&id(3)));
    is_back(&sandbox, &step.run(), &version(&id(3)));
    let never = deployed([live(2), numbered(3).states(["cancelled"]).deployed()]);
    never.add(Worker::new(TAG, "shop").shared(&version(&id(3)))).add(live(1));
    let step = back(&never).input("roll_back_to", &version(&id(3)));
    is_left(&never, &step.run(), "refused", &[&version(&id(3)), "shared the traffic"]);
}

#[test]
fn a_rollout_that_begins_right_before_the_request_is_named() {
    let sandbox = deployed([live(2), live(1)]);
    sandbox.before(Call::RollBack, 1, |sandbox| deploy(sandbox, &[(&version(&id(1)), 60), (&version(&id(2)), 40)]));
    let ran = back(&sandbox).run();
    ran.ended("error", 1).tells("rollback", "replaced_other").reasons(&["gradual deployment dddddddd-"]);
    assert_eq!((sandbox.count(Call::RollBack), serves(&sandbox)), (1, version(&id(2))));
}

#[test]
fn nothing_goes_past_changed_secrets() {
    let sandbox = deployed([live(2), live(1)]);
    sandbox.add(Worker::new(TAG, "shop").secrets_changed());
    let ran = back(&sandbox).run();
    ran.ended("already_finished", 3).tells("rollback", "refused");
    for words in ["secrets have changed: API_KEY (10220)", "Secrets of the Worker were changed after that version"] {
        assert!(ran.output("rollback_reason").contains(words), "{}", ran.output("rollback_reason"));
    }
    assert_eq!((sandbox.count(Call::RollBack), serves(&sandbox)), (1, version(&id(1))));
}

#[test]
fn a_yes_that_says_no_is_no_roll_back() {
    let sandbox = deployed([live(2), live(1)]);
    sandbox.always(Call::RollBack, Fault::json(200, &no(10013, "Not today").to_string()));
    let ran = back(&sandbox).run();
    ran.ended("already_finished", 3).tells("rollback", "refused");
    assert!(ran.output("rollback_reason").contains("Not today (10013)"), "{}", ran.output("rollback_reason"));
    assert_eq!(ran.only()["rollback"]["http_status"], 200);
    assert_eq!((sandbox.count(Call::RollBack), serves(&sandbox)), (1, version(&id(1))));
}

#[test]
fn a_version_or_a_build_may_be_written_and_has_to_have_served_this_worker() {
    let history = || deployed([live(4), live(2), live(1)]);
    for to in [version(&id(4)), id(4), page(ACCOUNT, "shop").replace(&id(1), &id(4))] {
        let sandbox = history();
        is_back(&sandbox, &back(&sandbox).input("roll_back_to", &to).run(), &version(&id(4)));
    }
    let sandbox = history();
    sandbox.add(live(5).of(OTHER_TAG, "shop-staging")).add(live(6).command("npx wrangler versions upload"));
    for to in [id(5), version(&id(5)), id(6), version(&id(6)), BY_HAND.to_owned()] {
        let ran = back(&sandbox).input("roll_back_to", &to).run();
        is_left(&sandbox, &ran, "no_target", &[&to, "nothing here has that id"]);
    }
    for to in [id(1), version(&id(1))] {
        let ran = back(&sandbox).input("roll_back_to", &to).run();
        is_left(&sandbox, &ran, "no_target", &["is one that this run was to stop"]);
    }
}

#[test]
fn what_goes_out_of_the_list_before_the_request_is_not_asked_for() {
    let sandbox = deployed([live(2), live(1)]);
    // The final look, what is in flight, what is live, what was before; then the check.
    sandbox.before(Call::Live, 4, |sandbox| {
        sandbox.lose("cloudflare_workers", &id(2));
    });
    is_left(&sandbox, &back(&sandbox).run(), "no_target", &["is not among the deployments any more"]);
}

#[test]
fn who_may_not_see_what_serves_is_told_which_right_is_missing() {
    for call in [Call::Scope, Call::Live] {
        let sandbox = deployed([live(2), live(1)]);
        sandbox.always(call, Fault::Status(403));
        let ran = back(&sandbox).run();
        is_left(&sandbox, &ran, "refused", &["403", "Workers Scripts: Read"]);
    }
    let reader = deployed([live(2), live(1)]);
    reader.token("cloudflare_workers", TOKEN, Grant::NoRollBack);
    let ran = back(&reader).run();
    ran.ended("already_finished", 3).tells("rollback", "refused");
    assert!(ran.output("rollback_reason").contains("A roll back takes Workers Scripts: Edit."), "{}", ran.stdout);
}

#[test]
fn which_build_a_version_comes_from_is_asked_for_once() {
    let sandbox = deployed([live(3), live(2), live(1)]);
    is_back(&sandbox, &back(&sandbox).run(), &version(&id(2)));
    let calls: Vec<_> = sandbox.requests().into_iter().map(|seen| seen.call).collect();
    assert_eq!(calls.iter().filter(|call| **call == Call::Other).count(), 1, "{calls:?}");
    let sent = calls.iter().position(|call| *call == Call::RollBack).unwrap();
    assert_eq!(calls[sent - 2..sent], [Call::List, Call::Live]);
}

#[test]
fn one_that_ends_later_needs_no_other_look_at_the_builds_that_serve() {
    let several = Sandbox::start();
    several.add(Worker::new(TAG, "shop").bare()).add(live(3)).add(numbered(1));
    several.add(numbered(2).after_cancel(["running", "running", "cancelled"]));
    let ran = select(&several, "all").run();
    ran.ended("canceled", 0).tells("went_live", "false");
    assert_eq!((several.count(Call::Live), several.count(Call::Other)), (2, 1));
}

#[test]
fn answers_that_take_most_of_a_second_leave_time_for_the_request() {
    let sandbox = deployed([live(2), live(1)]);
    for call in [Call::List, Call::Live, Call::Other] {
        sandbox.always(call, Fault::Delay(Duration::from_millis(900)));
    }
    let ran = back(&sandbox).input("roll_back_timeout", "60s").run_inside(&sandbox);
    is_back(&sandbox, &ran, &version(&id(2)));
}

#[test]
fn what_has_no_build_yet_may_get_one() {
    let sandbox = deployed([live(2).commit("beef0002".repeat(5).as_str()), numbered(1).after_cancel(["success"])]);
    let own = json!({"success": true, "result": {"builds": {version(&id(1)): {"build_uuid": id(1)}}}});
    sandbox.fault(Call::Other, [Fault::json(200, &own.to_string())]);
    let ran = back(&sandbox).run();
    is_back(&sandbox, &ran, &version(&id(2)));
    assert_eq!(ran.only()["rollback"]["commit"], "beef0002".repeat(5));
}

#[test]
fn a_deployment_without_a_time_proves_nothing() {
    let sandbox = deployed([live(2), live(1)]);
    let versions = json!([{"version_id": version(&id(1)), "percentage": 100}]);
    let told = json!({"success": true, "result": {"deployments": [{"id": BY_HAND, "versions": versions}]}});
    sandbox.always(Call::Live, Fault::json(200, &told.to_string()));
    is_left(&sandbox, &back(&sandbox).run(), "refused", &["a deployment without a time"]);
}

#[test]
fn a_longer_list_is_looked_at_twenty_versions_at_a_time() {
    let version_of = |n: i64, half| format!("2222222{half}-0000-4000-8000-{n:012}");
    let shop = (1..=12)
        .fold(Worker::new(TAG, "shop"), |worker, n| worker.deploys(&[&version_of(n, 1), &version_of(n, 2)], 60 * n));
    let sandbox = deployed([live(2), live(1)]);
    sandbox.add(shop);
    let ran = super::step(&sandbox).run();
    ran.ended("already_finished", 3).tells("went_live", "true").reasons(&["served until another one was deployed"]);
    let asked = sandbox.requests().into_iter().filter(|seen| seen.call == Call::Other);
    let versions: Vec<_> = asked.map(|seen| seen.query.split("%2C").count()).collect();
    assert_eq!(versions, [20, 7]);
    is_left(&sandbox, &back(&sandbox).run(), "moved_on", &["gradual deployment dddddddd-"]);
}

#[test]
fn a_build_that_lies_far_back_is_found_by_its_name() {
    let sandbox = deployed([live(4)]);
    let version_of = |n: i64, half| format!("2222222{half}-0000-4000-8000-{n:012}");
    let shop = (1..=12)
        .fold(Worker::new(TAG, "shop"), |worker, n| worker.deploys(&[&version_of(n, 1), &version_of(n, 2)], 30 + n));
    sandbox.add(shop).pass("cloudflare_workers", 60).add(live(2)).add(live(1));
    is_back(&sandbox, &back(&sandbox).input("roll_back_to", &id(4)).run(), &version(&id(4)));
}

#[test]
fn builds_of_what_is_older_than_ours_are_not_asked_for() {
    // Long before the build was made.
    let shop = (1..=120).fold(Worker::new(TAG, "shop"), |worker, n| {
        worker.deploys(&[&format!("11111111-0000-4000-8000-{n:012}")], n - 20_000_000)
    });
    let sandbox = deployed([numbered(1).states(["cancelled"]).ran(true)]);
    sandbox.add(shop);
    super::step(&sandbox).run().ended("already_finished", 0).tells("went_live", "false");
    assert_eq!(sandbox.count(Call::Other), 1);
}

#[test]
fn what_went_live_after_the_first_sight_is_proven_by_the_clock() {
    let ours = || {
        let ours = numbered(1).cancel_answer(CancelAnswer::Word("running".to_owned()));
        ours.after_cancel(["running", "running", "success"])
    };
    let sandbox = deployed([live(2), ours()]);
    sandbox.before(Call::Read, 3, |sandbox| {
        sandbox.pass("cloudflare_workers", 5).add(live(3)).pass("cloudflare_workers", 5);
    });
    is_back(&sandbox, &back(&sandbox).run(), &version(&id(3)));
    // So is one that goes live once more.
    let again = deployed([live(2), live(3), ours()]);
    again.before(Call::Read, 3, |sandbox| {
        sandbox.pass("cloudflare_workers", 5);
        deploy(sandbox, &[(&version(&id(2)), 100)]);
        sandbox.pass("cloudflare_workers", 5);
    });
    is_back(&again, &back(&again).run(), &version(&id(2)));
}

#[test]
fn what_somebody_else_had_put_back_already_took_the_place_of_another() {
    let sandbox = deployed([live(2), live(1)]);
    sandbox.before(Call::RollBack, 1, |sandbox| {
        sandbox.add(live(3));
        deploy(sandbox, &[(&version(&id(2)), 100)]);
    });
    let ran = back(&sandbox).run();
    ran.ended("error", 1).tells("rollback", "replaced_other").reasons(&[&version(&id(3))]);
    assert_eq!((sandbox.count(Call::RollBack), serves(&sandbox)), (1, version(&id(2))));
}
