//! Choosing deploys on Render.

use serde_json::json;

use super::{FIRST, SECOND, THIRD, asked, deploy, refused, sandbox, select, step};
use crate::sandbox::render::{COMMIT, Deploy, SERVICE};
use crate::sandbox::{Call, Fault, Sandbox};
use crate::step::Ran;

/// The ids of all that were told, in any order.
fn ids(ran: &Ran) -> Vec<String> {
    let mut ids: Vec<_> =
        ran.deployments().iter().map(|one| one["deployment_id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

/// One that runs, and two that wait behind it.
fn queue() -> [Deploy; 3] {
    [deploy(), Deploy::new(SERVICE, SECOND).states(["queued"]), Deploy::new(SERVICE, THIRD).states(["queued"])]
}

#[test]
fn to_cancel_what_runs_lets_the_next_one_start() {
    let sandbox = sandbox(queue());
    step(&sandbox).run().ended("canceled", 0);
    assert_eq!(asked(&sandbox), [FIRST]);
    let truth = [SECOND, THIRD].map(|id| sandbox.truth("render", id));
    assert_eq!(truth, ["build_in_progress", "queued"]);
}

#[test]
fn all_asks_what_waits_before_what_runs_so_that_nothing_starts() {
    let sandbox = sandbox(queue());
    // The first requests, about those that wait, are lost.
    sandbox.fault(Call::Cancel, vec![Fault::Status(503); 2]);
    let ran = select(&sandbox, "all").run();
    ran.ended("canceled", 0).tells("canceled_count", "3");
    let asked = asked(&sandbox);
    assert_eq!((asked.len(), asked.last().map(String::as_str)), (5, Some(FIRST)));
    for one in ran.deployments() {
        let words: Vec<_> =
            one["timeline"].as_array().unwrap().iter().map(|moment| &moment["platform_state"]).collect();
        assert!(one["deployment_id"] == FIRST || words == ["queued", "canceled"], "{one}");
    }
}

#[test]
fn superseded_keeps_the_newest_of_the_service_whatever_waits() {
    let sandbox = sandbox(queue());
    select(&sandbox, "superseded").run().ended("canceled", 0);
    assert_eq!(asked(&sandbox), [SECOND, FIRST]);
    assert_eq!(sandbox.effective_cancels(THIRD), 0);
}

#[test]
fn latest_is_the_newest_although_it_waits() {
    let sandbox = sandbox(queue());
    select(&sandbox, "latest").run().ended("canceled", 0);
    assert_eq!(asked(&sandbox), [THIRD]);
}

#[test]
fn a_deploy_whose_trigger_told_no_id_is_found_by_its_commit() {
    let wanted = "a21fb02cd25b7be602c5becf7fcbe6cdb9764db8";
    let sandbox = sandbox(queue());
    sandbox.add(Deploy::new(SERVICE, SECOND).states(["queued"]).commit(wanted));
    let ran = select(&sandbox, "commit").input("commit", &wanted[..8]).run();
    ran.ended("canceled", 0);
    assert_eq!((ids(&ran), ran.deployments()[0]["commit"].as_str()), (vec![SECOND.to_owned()], Some(wanted)));
    let seen = sandbox.requests();
    let list = seen.iter().find(|seen| seen.call == Call::List).unwrap();
    assert_eq!(list.query, "limit=100", "no filter: it would hide a status that is not known");
}

#[test]
fn a_commit_that_went_live_is_told_although_nothing_is_in_flight() {
    let ran = select(&sandbox([deploy().states(["live"])]), "commit").input("commit", COMMIT).run();
    ran.ended("already_finished", 3).tells("went_live", "true").tells("deployment_id", FIRST);
}

#[test]
fn a_deploy_of_an_image_has_no_commit_and_is_counted_in_a_warning() {
    let ran = select(&sandbox([deploy().of_image()]), "commit").input("commit", COMMIT).run();
    ran.ended("nothing_to_cancel", 0).says("One deployment in flight does not name a commit");
}

#[test]
fn a_branch_is_no_choice_and_the_sentence_says_why() {
    let sandbox = sandbox([deploy()]);
    refused(&sandbox, select(&sandbox, "branch"), "one service follows one branch");
    refused(&sandbox, select(&sandbox, "superseded").input("branch", "main"), "cannot narrow a selection on Render");
}

#[test]
fn what_render_deploys_by_itself_supersedes_nothing_and_every_other_trigger_is_somebodys() {
    for (trigger, superseded) in [("deployed_by_render", 0), ("service_updated", 1), ("other", 1), ("rollback", 1)] {
        let newer = Deploy::new(SERVICE, SECOND).patch(json!({"trigger": trigger}));
        let sandbox = sandbox([deploy(), newer]);
        select(&sandbox, "superseded").run();
        assert_eq!((sandbox.effective_cancels(FIRST), sandbox.effective_cancels(SECOND)), (superseded, 0), "{trigger}");
    }
    let sandbox = sandbox([deploy().patch(json!({"trigger": "deployed_by_render"}))]);
    select(&sandbox, "latest").run().ended("nothing_to_cancel", 0).says("that the platform started by itself");
    select(&sandbox, "all").run().ended("canceled", 0);
}

#[test]
fn cursors_are_followed_until_a_whole_page_holds_nothing_in_flight() {
    let sandbox = Sandbox::start();
    let ended = |numbers: std::ops::Range<u32>| {
        for number in numbers {
            sandbox.add(Deploy::new(SERVICE, &format!("dep-old{number:03}")).states(["deactivated"]));
        }
    };
    ended(0..250);
    sandbox.add(deploy());
    ended(250..339);
    sandbox.add(Deploy::new(SERVICE, SECOND));
    ended(339..399);
    // The newest first they are the 61st and the 151st, and the third page holds nothing in flight.
    let ran = select(&sandbox, "all").run();
    ran.ended("canceled", 0);
    assert_eq!((ran.output("count"), sandbox.count(Call::List)), ("2", 3));
}

#[test]
fn a_list_in_any_order_is_sorted_by_its_times() {
    // The sandbox puts the newest second.
    let sandbox = sandbox([deploy(), Deploy::new(SERVICE, SECOND), Deploy::new(SERVICE, THIRD)]);
    select(&sandbox, "latest").run().ended("canceled", 0);
    assert_eq!(asked(&sandbox), [THIRD]);
}

#[test]
fn a_page_that_is_not_full_is_the_last_one() {
    let sandbox = sandbox(queue());
    select(&sandbox, "latest").run().ended("canceled", 0);
    assert_eq!(sandbox.count(Call::List), 1);
}
