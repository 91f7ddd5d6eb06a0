//! The way back on DigitalOcean: what was live is proven here, and a roll back is a deployment of its own.

use serde_json::{Value, json};

use crate::sandbox::digitalocean::{App, Condition, Deployment};
use crate::sandbox::{Call, Fault, Sandbox};
use crate::step::{Ran, Step};

/// An app on which these went live one after the other; the last one is what was to be stopped.
fn app(deployments: impl IntoIterator<Item = Deployment>) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(App::new("app-1", "web"));
    for one in deployments {
        sandbox.add(one);
    }
    sandbox
}

fn was(id: &str) -> Deployment {
    Deployment::new("app-1", id).commit(&id.replace("dep-", "beef000").repeat(5)).states(["ACTIVE"])
}

/// One that was overtaken before it was live.
fn overtaken(id: &str) -> Deployment {
    was(id).states(["SUPERSEDED"])
}

fn step(sandbox: &Sandbox) -> Step {
    let step = super::step(sandbox).input("if_live", "roll_back");
    step.input("roll_back_timeout", "20s")
}

/// How often something was sent that puts anything back, and what the app serves.
fn stands(sandbox: &Sandbox) -> (usize, String) {
    (sandbox.count(Call::RollBack), sandbox.live("digitalocean", "app-1").unwrap().build)
}

#[track_caller]
fn is_back(sandbox: &Sandbox, ran: &Ran, id: &str) {
    ran.ended("rolled_back", 3).tells("rollback", "done");
    ran.tells("rollback_deployment_id", &sandbox.live("digitalocean", "app-1").unwrap().id);
    assert_eq!(stands(sandbox), (1, id.to_owned()));
}

#[track_caller]
fn is_left(sandbox: &Sandbox, ran: &Ran, came_to: &str, words: &str) {
    ran.tells("rollback", came_to).tells("went_live", "true");
    assert!(ran.output("rollback_reason").contains(words), "{}", ran.output("rollback_reason"));
    assert_eq!(stands(sandbox), (0, "dep-1".to_owned()));
}

#[test]
fn the_target_is_named_and_checked_and_the_app_is_not_pinned() {
    let sandbox = app([was("dep-2"), was("dep-1")]);
    let ran = step(&sandbox).run();
    is_back(&sandbox, &ran, "dep-2");
    let sent: Vec<_> = sandbox.requests().into_iter().filter(|seen| seen.method == "POST").collect();
    let body = json!({"deployment_id": "dep-2", "skip_pin": true});
    assert!(sent.iter().all(|seen| serde_json::from_slice::<Value>(&seen.body).unwrap() == body));
    // Once to prove that it was live, once because it is to be put back.
    let paths: Vec<_> = sent.iter().map(|seen| seen.path.as_str()).collect();
    let check = "/v2/apps/app-1/rollback/validate";
    assert_eq!(paths, [check, check, "/v2/apps/app-1/rollback"]);
    let words: Vec<_> = ran.only()["rollback"]["timeline"].as_array().unwrap().clone();
    assert_eq!(words.last().unwrap()["platform_state"], "ACTIVE", "{words:?}");
    assert!(ran.summary.contains("The whole app spec is the old one's"), "{}", ran.summary);
}

#[test]
fn superseded_does_not_prove_that_it_was_live() {
    for named in ["dep-3", "dep-9"] {
        let ours = was("dep-1").field("previous_deployment_id", json!(named));
        let sandbox = app([was("dep-2"), overtaken("dep-3"), ours]);
        is_left(&sandbox, &step(&sandbox).run(), "no_target", if named == "dep-3" { "dep-3" } else { "404" });
    }
    let sandbox = app([was("dep-1")]);
    is_left(&sandbox, &step(&sandbox).run(), "no_target", "nothing is known to have been live before it");
}

#[test]
fn what_was_seen_live_needs_no_proof_by_what_never_was() {
    let ours = was("dep-1").field("previous_deployment_id", json!("dep-3")).states(["BUILDING"]);
    let sandbox = app([was("dep-2"), overtaken("dep-3"), ours.after_cancel(["BUILDING", "ACTIVE"])]);
    is_back(&sandbox, &step(&sandbox).run(), "dep-2");
}

#[test]
fn what_cannot_be_put_back_is_no_reason_to_go_one_further() {
    // Another one than was seen is named as the previous one, and whether it can be put back or not, it is in doubt.
    for condition in [None, Some("exceeded_revision_limit")] {
        let ours = was("dep-1").field("previous_deployment_id", json!("dep-3")).states(["BUILDING"]);
        let sandbox = app([was("dep-3"), was("dep-2"), ours.after_cancel(["BUILDING", "ACTIVE"])]);
        if let Some(code) = condition {
            sandbox.add(Condition("app-1", code));
        }
        is_left(&sandbox, &step(&sandbox).run(), "no_target", "nothing proves which of them was live last");
    }
}

#[test]
fn what_the_check_warns_of_counts_only_where_the_content_may_be_another() {
    let sandbox = app([was("dep-2"), was("dep-1")]);
    sandbox.add(Condition("app-1", "static_site_requires_rebuild"));
    is_back(&sandbox, &step(&sandbox).run(), "dep-2");
    let sandbox = app([was("dep-2"), was("dep-1")]);
    sandbox.add(Condition("app-1", "image_source_missing_digest"));
    let ran = step(&sandbox).run();
    is_left(&sandbox, &ran, "refused", "not guaranteed rollback to the old version (image_source_missing_digest)");
}

#[test]
fn a_check_that_nobody_understands_is_not_passed() {
    for body in ["{}", r#"{"valid":"true"}"#, r#"{"valid":false}"#, "[]"] {
        let sandbox = app([was("dep-2"), was("dep-1")]);
        let fault = Fault::Reply {
            status: 200,
            content_type: "application/json".to_owned(),
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        };
        sandbox.always(Call::Check, fault);
        is_left(&sandbox, &step(&sandbox).run(), "refused", "does not say that this deployment can be put back");
    }
}

#[test]
fn a_second_run_sees_that_it_was_put_back() {
    let sandbox = app([was("dep-2"), was("dep-1")]);
    is_back(&sandbox, &step(&sandbox).run(), "dep-2");
    assert_eq!(sandbox.truth("digitalocean", "dep-1"), "SUPERSEDED");
    let ran = step(&sandbox).run();
    is_back(&sandbox, &ran, "dep-2");
    ran.reasons(&["It was put back already: dep-2"]);
}

#[test]
fn what_was_superseded_without_being_live_needs_no_way_back() {
    let sandbox = app([was("dep-3"), overtaken("dep-1"), was("dep-2")]);
    let ran = step(&sandbox).run();
    ran.ended("already_finished", 0).tells("rollback", "");
    assert_eq!(stands(&sandbox), (0, "dep-2".to_owned()));
}

#[test]
fn what_was_live_and_is_no_more_has_moved_on() {
    let sandbox = app([was("dep-3"), was("dep-1"), was("dep-2")]);
    let ran = step(&sandbox).run();
    ran.tells("rollback", "moved_on");
    assert!(ran.output("rollback_reason").contains("dep-2"), "{}", ran.output("rollback_reason"));
    assert_eq!(stands(&sandbox), (0, "dep-2".to_owned()));
}

/// One that is asked to stop, and superseded when it is read again.
fn overrun(id: &str) -> Deployment {
    was(id).states(["BUILDING"]).after_cancel(["SUPERSEDED"])
}

#[test]
fn what_was_live_before_its_end_was_read_went_live() {
    let sandbox = app([was("dep-2"), overrun("dep-1")]);
    sandbox.before(Call::Cancel, 1, |sandbox| {
        sandbox.add(was("dep-1")).add(was("dep-3"));
    });
    let ran = step(&sandbox).run_inside(&sandbox);
    ran.ended("completed", 3).tells("went_live", "true").tells("rollback", "moved_on");
    assert_eq!(stands(&sandbox), (0, "dep-3".to_owned()));

    let never = app([was("dep-2"), overrun("dep-1")]);
    let ran = step(&never).run_inside(&never);
    ran.ended("superseded", 0).tells("went_live", "false").tells("rollback", "");
    assert_eq!(stands(&never), (0, "dep-2".to_owned()));
}

#[test]
fn a_roll_back_to_other_variables_of_the_same_commit_is_not_ours() {
    // Somebody put the bad one there once more, of whose commit the good one is as well.
    let commit = "c0ffee12".repeat(5);
    let bad = was("dep-1").commit(&commit).patch(json!({"spec": {"region": "fra"}}));
    let sandbox = app([was("dep-2").commit(&commit), bad]);
    let body = json!({"deployment_id": "dep-1", "skip_pin": true});
    assert_eq!(sandbox.ask("digitalocean", "POST", "/v2/apps/app-1/rollback", &body).status, 200);
    sandbox.run_out("digitalocean");
    let ran = step(&sandbox).run();
    ran.tells("rollback", "moved_on");
    assert_eq!(stands(&sandbox), (0, "dep-1".to_owned()));
}

#[test]
fn an_older_one_that_is_named_needs_the_same_proof() {
    let history = || app([was("dep-4"), was("dep-2"), overtaken("dep-3"), was("dep-1")]);
    let sandbox = history();
    is_back(&sandbox, &step(&sandbox).input("roll_back_to", "dep-4").run(), "dep-4");
    for (to, words) in [
        ("dep-3", "nothing proves that dep-3"),
        ("dep-9", "`roll_back_to` is \"dep-9\", and nothing here has that id"),
        ("dep-o", "`roll_back_to` is \"dep-o\", and nothing here has that id"),
        ("dep-1", "is one that this run was to stop"),
    ] {
        let sandbox = history();
        sandbox.add(App::new("app-2", "api")).add(Deployment::new("app-2", "dep-o").states(["ACTIVE"]));
        is_left(&sandbox, &step(&sandbox).input("roll_back_to", to).run(), "no_target", words);
    }
}

#[test]
fn what_an_answer_shows_is_watched_only_where_it_is_a_new_deployment() {
    for shown in ["dep-1", "dep-2"] {
        let sandbox = app([was("dep-2"), was("dep-1")]);
        let body = json!({"deployment": {"id": shown, "phase": "ACTIVE"}});
        let fault = Fault::Reply {
            status: 200,
            content_type: "application/json".to_owned(),
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        };
        sandbox.fault(Call::RollBack, [fault]);
        let ran = step(&sandbox).input("roll_back_timeout", "4s").run();
        ran.ended("timed_out", 124).tells("rollback", "timed_out");
        assert_eq!(stands(&sandbox), (1, "dep-1".to_owned()));
    }
}

#[test]
fn a_lost_answer_is_made_up_for_by_the_new_deployment() {
    let sandbox = app([was("dep-2"), was("dep-1")]);
    sandbox.fault(Call::RollBack, [Fault::After(Box::new(Fault::Status(500)))]);
    is_back(&sandbox, &step(&sandbox).run(), "dep-2");
}

#[test]
fn whose_place_it_took_is_told_where_that_is_gone_as_well() {
    for is_gone in [false, true] {
        let sandbox = app([was("dep-2"), was("dep-1")]);
        sandbox.before(Call::RollBack, 1, move |sandbox| {
            sandbox.add(was("dep-3"));
        });
        let ran = if is_gone {
            let running = step(&sandbox).start();
            sandbox.wait_for(Call::RollBack, 1);
            sandbox.lose("digitalocean", "dep-3");
            running.wait()
        } else {
            step(&sandbox).run()
        };
        ran.ended("error", 1).tells("rollback", "replaced_other").reasons(&["dep-3"]);
        assert_eq!(stands(&sandbox), (1, "dep-2".to_owned()));
    }
}

#[test]
fn no_component_of_what_is_put_back_is_of_an_unwanted_commit() {
    let [old, new, unwanted] = ["11111111", "22222222", "33333333"].map(|part| part.repeat(5));
    let web = |id: &str, commit: &str| was(id).commit(commit).component("work", "main", &unwanted);
    let sandbox = app([web("dep-2", &old), web("dep-1", &new)]);
    let ran = step(&sandbox).input("deployment_id", "").input("select", "commit").input("commit", &unwanted).run();
    is_left(&sandbox, &ran, "no_target", "is of the same commit");
}
