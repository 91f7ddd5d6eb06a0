//! A build is no deployment: whether its version serves has to be looked at.

use serde_json::json;

use super::{build, preview, sandbox, select, step};
use crate::sandbox::cloudflare_workers::{Build, FIRST_VERSION, TAG, Worker, id, version};
use crate::sandbox::{Call, CancelAnswer, Fault, Sandbox};
use crate::step::Ran;

/// Canceled, and not before its deploy step.
fn serving() -> Build {
    build().deployed()
}

/// Whether that is asked for to see what serves.
fn looks(call: Call) -> bool {
    [Call::Live, Call::Other].contains(&call)
}

fn ran(build: Build) -> (Sandbox, Ran) {
    let sandbox = sandbox([build]);
    let ran = step(&sandbox).run();
    (sandbox, ran)
}

#[test]
fn a_build_that_was_canceled_after_its_deploy_step_is_not_told_as_canceled() {
    for (end, state) in [("cancelled", "canceled"), ("fail", "failed"), ("terminated", "failed")] {
        let (sandbox, ran) = ran(serving().after_cancel([end]));
        ran.ended("completed", 3).tells("went_live", "true").tells("canceled", "false").tells("state", state);
        let serves = format!("It ended after its deploy step: version {} is serving.", version(&id(1)));
        let back = format!("`npx wrangler rollback {FIRST_VERSION} --name shop`");
        ran.reasons(&["but too late: it went from running to", "(live)", &serves]).says("::error title=").says(&back);
        assert_eq!(ran.only()["details"]["version"], version(&id(1)).as_str());
        assert!(ran.summary.contains("CI wrangler goes past secrets"), "{}", ran.summary);
        let seen: Vec<_> = sandbox.requests().into_iter().filter(|seen| looks(seen.call)).collect();
        assert!(seen[0].path.ends_with("/workers/scripts/shop/deployments"), "{}", seen[0].path);
        // Versions are asked for, and no ids of deployments, which look alike.
        assert_eq!(seen[1].query, format!("version_ids={}%2C{FIRST_VERSION}", version(&id(1))));
    }
}

#[test]
fn one_that_was_canceled_before_and_serves_is_red() {
    let (sandbox, ran) = ran(serving().states(["cancelled"]).ran(true));
    ran.ended("already_finished", 3).tells("went_live", "true").tells("canceled", "false").tells("canceled_count", "0");
    ran.reasons(&["after it had gone live", "is serving"]);
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn what_does_not_serve_was_canceled_in_time() {
    let (_, ran) = ran(build());
    ran.ended("canceled", 0).tells("went_live", "false").tells("canceled", "true").says("::notice title=");
    let sandbox = sandbox([build()]);
    sandbox.add(Worker::new(TAG, "shop").bare());
    step(&sandbox).run().ended("canceled", 0).tells("went_live", "false");
    let seen = sandbox.requests().into_iter().filter(|seen| looks(seen.call));
    assert_eq!(seen.count(), 1, "nothing was ever deployed, so there is no version to ask for");
}

#[test]
fn what_cannot_be_looked_at_is_not_known_and_the_warning_names_the_right() {
    for call in [Call::Scope, Call::Live, Call::Other] {
        for fault in [Fault::Status(403), Fault::Status(404), Fault::Status(500), Fault::Html(200), Fault::HoldBefore] {
            let sandbox = sandbox([serving()]);
            sandbox.always(call, fault.clone());
            let ran = step(&sandbox).run();
            ran.ended("canceled", 0).tells("went_live", "unknown").says("::warning title=");
            ran.reasons(&["could not be read, which takes Workers Scripts: Read"]);
            sandbox.release();
        }
    }
    let failed = sandbox([serving().after_cancel(["fail"])]);
    failed.always(Call::Live, Fault::Status(403));
    step(&failed).run().ended("failed", 0).tells("went_live", "unknown");
    // Its Worker is not there any more, under any name.
    let (_, ran) = ran(serving().patch(json!({"trigger": {"external_script_id": "0".repeat(32)}})));
    ran.ended("canceled", 0).tells("went_live", "unknown");
}

#[test]
fn one_that_never_got_to_run_needs_no_look() {
    for states in [["queued"], ["initializing"]] {
        let (sandbox, ran) = ran(build().states(states));
        ran.ended("canceled", 0).tells("went_live", "false");
        assert_eq!(sandbox.count(Call::Live), 0, "{states:?}");
    }
    for end in ["skipped", "cancelled", "fail"] {
        let (sandbox, ran) = ran(build().states([end]).ran(false));
        ran.ended("already_finished", 0).tells("went_live", "false");
        assert_eq!(sandbox.count(Call::Live), 0, "{end}");
    }
}

#[test]
fn what_began_to_run_after_the_first_look_is_looked_at() {
    let (_, ran) = ran(serving().states(["queued"]).after_cancel(["running", "cancelled"]).ran(true));
    ran.ended("completed", 3).tells("went_live", "true").tells("previous_state", "queued");
    // Who is told to be running runs, whether or not it is told since when.
    let (_, ran) = self::ran(serving().patch(json!({"running_on": null})));
    ran.ended("completed", 3).tells("went_live", "true");
}

#[test]
fn a_good_end_for_production_is_live_if_it_was_deployed() {
    for (command, live, words) in [
        (None, "true", "is serving"),
        (Some("npm run deploy && npm run upload"), "false", "built, not published"),
        (Some("npx wrangler versions upload"), "false", "built, not published"),
        (Some("npx wrangler preview"), "false", "built, not published"),
    ] {
        let one = build().after_cancel(["success"]);
        let one = command.into_iter().fold(one, Build::command);
        let (sandbox, ran) = ran(one);
        ran.ended("completed", 3).tells("went_live", live).tells("state", "succeeded").reasons(&[words]);
        let looks = if command.is_some_and(|it| it.contains("wrangler")) { 0 } else { 1 };
        assert_eq!(sandbox.count(Call::Live), looks, "{command:?}");
    }
    for (command, live, code) in [("npx wrangler deploy", "true", 3), ("npm run upload", "false", 0)] {
        let (_, ran) = ran(build().states(["success"]).command(command));
        ran.ended("already_finished", code).tells("went_live", live);
    }
}

#[test]
fn the_deploy_command_of_the_build_itself_counts() {
    let deploys = |at: &str| json!({at: {"deploy_command": "npx wrangler deploy"}});
    let uploads = || build().states(["success"]).command("npx wrangler versions upload");
    for (one, looks) in [
        (uploads().patch(deploys("trigger")), 0),
        (uploads().patch(deploys("build_trigger_metadata")), 1),
        (uploads().patch(json!({"build_trigger_metadata": {"deploy_command": null}})), 0),
    ] {
        let (sandbox, _) = ran(one);
        assert_eq!(sandbox.count(Call::Live), looks);
    }
}

#[test]
fn a_worker_whose_name_leads_elsewhere_is_not_looked_at() {
    let sandbox = Sandbox::start();
    sandbox.add(Worker::new(TAG, "..")).add(serving());
    step(&sandbox).run().ended("canceled", 0).tells("went_live", "unknown");
    assert!(sandbox.requests().iter().all(|seen| !seen.path.ends_with("/deployments")));
}

#[test]
fn no_name_of_a_worker_becomes_a_command() {
    let sandbox = Sandbox::start();
    sandbox.add(Worker::new(TAG, "shop; id")).add(serving());
    let ran = step(&sandbox).run();
    ran.ended("completed", 3).says("is serving");
    assert!(!format!("{}{}", ran.summary, ran.stdout).contains("--name shop"), "{}", ran.summary);
}

#[test]
fn a_good_end_that_cannot_be_looked_at_counts_as_live() {
    for (command, live) in [("npx wrangler deploy", "true"), ("npx wrangler versions upload", "false")] {
        let sandbox = sandbox([build().after_cancel(["success"]).command(command)]);
        sandbox.always(Call::Live, Fault::Status(403));
        step(&sandbox).run().ended("completed", 3).tells("went_live", live);
    }
}

#[test]
fn a_preview_is_live_where_it_has_an_address() {
    for (one, outcome, code, live) in [
        (preview().deployed(), "completed", 3, "true"),
        (preview(), "canceled", 0, "false"),
        (preview().after_cancel(["success"]), "completed", 3, "true"),
        (preview().after_cancel(["fail"]), "failed", 0, "false"),
        (preview().states(["cancelled"]).ran(true).deployed(), "already_finished", 3, "true"),
        (preview().states(["cancelled"]).ran(true), "already_finished", 0, "false"),
    ] {
        let (sandbox, ran) = ran(one);
        ran.ended(outcome, code).tells("went_live", live);
        assert_eq!(sandbox.count(Call::Live), 0);
        if live == "true" {
            assert!(ran.summary.contains("It is not production, which is unchanged."), "{}", ran.summary);
        }
    }
    // The answer to a cancel request does not say whether it has got one since.
    let late = sandbox([preview()]);
    late.fault(Call::Cancel, [Fault::HoldBefore]);
    let running = step(&late).start();
    late.wait_for(Call::Cancel, 1);
    late.add(preview().deployed()).release();
    let ran = running.wait();
    ran.ended("completed", 3).tells("went_live", "true");
    assert!(ran.only()["details"]["preview_url"].is_string());
    // A whole answer to a read does.
    let (read, ran) = self::ran(preview().cancel_answer(CancelAnswer::Empty).deployed());
    ran.ended("completed", 3).tells("went_live", "true");
    assert_eq!(read.count(Call::Read), 2);
    assert!(ran.only()["details"]["preview_url"].as_str().is_some_and(|url| url.ends_with(".workers.dev")));
    // One that shows it in flight still was given too soon.
    let early =
        sandbox([preview().after_cancel(["running"]).cancel_answer(CancelAnswer::Word("cancelled".to_owned()))]);
    step(&early).run().ended("canceled", 0).tells("went_live", "unknown");
    let unread = sandbox([preview()]);
    unread.fault(Call::Read, [Fault::Pass, Fault::Status(500)]);
    step(&unread).run().ended("canceled", 0).tells("went_live", "unknown");
}

#[test]
fn what_served_until_another_was_deployed_had_gone_live() {
    let by_hand = || Worker::new(TAG, "shop").deploys(&["11111111-0000-4000-8000-000000000001"], 3600);
    let replaced = sandbox([serving()]);
    replaced.add(by_hand());
    let ran = step(&replaced).run();
    ran.ended("completed", 3).tells("went_live", "true").reasons(&["served until another one was deployed"]);
    assert!(!ran.stdout.contains("Before it"), "it does not serve, so there is no way to go back: {}", ran.stdout);
    // Without any of its own it never was.
    let never = sandbox([build()]);
    never.add(by_hand());
    step(&never).run().ended("canceled", 0).tells("went_live", "false");
}

#[test]
fn one_of_two_versions_that_share_the_traffic_serves() {
    let sandbox = sandbox([serving()]);
    sandbox.add(Worker::new(TAG, "shop").deploys(&["11111111-0000-4000-8000-000000000001", &version(&id(1))], 3600));
    step(&sandbox).run().ended("completed", 3).tells("went_live", "true").reasons(&["is serving"]);
    // There is no command for the way back to two that share it.
    let behind = self::sandbox([]);
    behind.add(Worker::new(TAG, "shop").deploys(&[FIRST_VERSION, "11111111-0000-4000-8000-000000000001"], -60));
    behind.add(serving());
    let ran = step(&behind).run();
    ran.ended("completed", 3).reasons(&["is serving"]);
    assert!(!ran.stdout.contains("Before it") && !ran.summary.contains("Before it"), "{}", ran.summary);
    // So many cannot be asked for at once, and are asked for once.
    let many: Vec<_> = (1..=21).map(|n| format!("11111111-0000-4000-8000-{n:012}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let crowded = self::sandbox([serving()]);
    crowded.add(Worker::new(TAG, "shop").deploys(&many, 3600));
    step(&crowded).run().ended("canceled", 0).tells("went_live", "unknown");
    assert_eq!(crowded.count(Call::Other), 1);
}

#[test]
fn what_lies_further_back_than_the_list_is_not_known() {
    let later = |many: i64| {
        (1..=many).fold(Worker::new(TAG, "shop").bare(), |worker, n| {
            worker.deploys(&[&format!("11111111-0000-4000-8000-{n:012}")], 60 * n)
        })
    };
    for (worker, live) in [
        (later(12), "false"),
        (later(100), "false"),
        (later(101), "unknown"),
        (later(12).lists(10), "unknown"),
        (later(9).lists(10), "false"),
    ] {
        let sandbox = sandbox([build()]);
        sandbox.add(worker);
        let warns = if live == "unknown" { "::warning title=" } else { "::notice title=" };
        step(&sandbox).run().ended("canceled", 0).tells("went_live", live).says(warns);
    }
}

#[test]
fn an_outcome_that_nobody_knows_is_looked_at_as_well() {
    let (_, ran) = ran(serving().after_cancel(["stopped: exploded"]));
    ran.ended("completed", 3).tells("went_live", "true").tells("state", "unknown").tells("platform_state", "exploded");
    let (_, ran) = self::ran(build().after_cancel(["stopped: exploded"]));
    ran.ended("error", 1).tells("went_live", "unknown");
    // So is what never gets one.
    let none = serving().cancel_answer(CancelAnswer::Empty).after_cancel(["stopped | 60"]);
    let (_, ran) = self::ran(none);
    ran.ended("completed", 3).tells("went_live", "true").tells("state", "unknown").tells("platform_state", "stopped");
}

#[test]
fn a_commit_that_was_canceled_after_its_deploy_step_is_told_so() {
    let sandbox = sandbox([serving().states(["cancelled"]).ran(true)]);
    let ran = select(&sandbox, "commit").input("commit", crate::sandbox::cloudflare_workers::COMMIT).run();
    ran.ended("already_finished", 3).tells("went_live", "true").tells("canceled", "false");
}

#[test]
fn a_cancel_answer_of_a_good_end_is_too_late() {
    let one = build().cancel_answer(CancelAnswer::Word("success".to_owned())).after_cancel(["success"]);
    let (sandbox, ran) = ran(one);
    ran.ended("completed", 3).tells("went_live", "true");
    assert_eq!(sandbox.count(Call::Read), 1);
}
