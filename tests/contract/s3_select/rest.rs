//! All of them, and the rest of a run.

use serde_json::{Value, json};

use crate::sandbox::{Call, Fault};
use crate::stage::{HEAD, every_selecting, on_push, one};

every_selecting!(all_are_all_in_flight, All, |stage| {
    let all = [
        one(1),
        one(2).branch("dev").state(stage.waits()),
        one(3).state("succeeded"),
        one(4).silent(),
        one(5).state(stage.lost()),
    ];
    let scope = stage.scope(all);
    scope.cancels(scope.select("all"), &stage.still(&[1, 2, 4]));
});

every_selecting!(another_app_or_project_stays_untouched, All, |stage| {
    let elsewhere = |number| one(number).commit(HEAD).elsewhere();
    let own = |number| one(number).commit(HEAD);
    for (rule, canceled) in [
        ("latest", vec![3]),
        ("commit", vec![1, 3]),
        ("branch", vec![1, 3]),
        ("superseded", vec![1]),
        ("all", vec![1, 3]),
    ] {
        if !stage.follows(rule) || rule == "commit" && !stage.has_commits_beside_ids() {
            continue;
        }
        // Where one goes on at a time, that one is the latest.
        let canceled = if rule == "latest" && !stage.traits().many { vec![1] } else { canceled };
        let all = [own(1), elsewhere(2), own(3), elsewhere(4), elsewhere(5)];
        let scope = stage.scope(all);
        scope.cancels(on_push(scope.select(rule), "main", HEAD), &stage.still(&canceled));
    }
});

every_selecting!(only_states_holds_for_what_was_selected, All, |stage| {
    if !stage.has("queued") {
        return;
    }
    // Where one goes on at a time, it is the other one that waits.
    let (all, waits) = match stage.traits().many {
        true => ([one(1).state("queued"), one(2)], 1),
        false => ([one(1), one(2)], 2),
    };
    let scope = stage.scope(all);
    let ran = scope.select("all").input("only_states", "queued").run();
    ran.ended("canceled", 0);
    assert_eq!(scope.asked(), [waits]);
    assert_eq!((ran.output("count"), ran.output("canceled_count"), ran.output("canceled")), ("2", "1", "false"));
});

every_selecting!(a_dry_run_selects_and_cancels_nothing, Latest, |stage| {
    for (rule, count) in [("latest", 1), ("superseded", 1), ("all", stage.still(&[1, 2]).len())] {
        if !stage.follows(rule) {
            continue;
        }
        let scope = stage.scope([one(1), one(2)]);
        let ran = scope.select(rule).input("dry_run", "true").run();
        ran.ended("dry_run", 0);
        assert_eq!(ran.deployments().len(), count, "{rule}");
        assert_eq!(scope.asked(), [0; 0]);
    }
});

every_selecting!(without_waiting_the_selected_ones_are_requested, All, |stage| {
    let all = [one(1).then("running"), one(2).then("running")];
    let scope = stage.scope(all);
    let ran = scope.select("all").input("wait", "false").run();
    ran.ended("requested", 0);
    assert_eq!(scope.asked(), stage.still(&[1, 2]));
    assert_eq!(ran.output("went_live"), "unknown");
});

every_selecting!(each_selected_deployment_tells_what_it_was_made_from, Commit, |stage| {
    let scope = stage.scope([one(1).branch("dev").commit(HEAD)]);
    let ran = scope.cancels(scope.select("latest"), &[1]);
    let told = &ran.deployments()[0];
    let branch = if stage.has_branches() { json!("dev") } else { Value::Null };
    assert_eq!((&told["branch"], &told["commit"]), (&branch, &stage.commit(1, HEAD).into()));
    assert!(told["created_at"].as_str().unwrap().ends_with('Z'), "{told}");
});

every_selecting!(the_log_says_what_was_asked_for, Branch, |stage| {
    let scope = stage.scope([one(1)]);
    let ran = scope.cancels(scope.select("branch").input("branch", "main"), &[1]);
    ran.says("branch main");
    assert!(ran.summary.contains("branch main"), "{}", ran.summary);
});

every_selecting!(a_signal_while_listing_leaves_everything_running, All, |stage| {
    let scope = stage.scope([one(1)]);
    scope.sandbox.fault(Call::List, [Fault::HoldBefore]);
    let running = scope.select("all").start();
    scope.sandbox.wait_for(Call::List, 1);
    running.signal("TERM");
    let ran = running.wait();
    ran.ended("interrupted", 143).reasons(&["before it sent any cancel request"]);
    assert_eq!((scope.asked().len(), ran.output("count")), (0, "0"));
});

every_selecting!(a_signal_while_the_kept_one_is_read_leaves_everything_running, Superseded, |stage| {
    let scope = stage.scope([one(1), one(2)]);
    let running = scope.held_before_the_kept_one();
    running.signal("INT");
    running.wait().ended("interrupted", 130);
    assert_eq!(scope.asked(), [0; 0]);
});

every_selecting!(a_rule_needs_its_scope, Latest, |stage| {
    let asked = stage.select_inputs().unwrap().first().map(|(name, _)| *name);
    let needed = asked.or(stage.unknown_scope().map(|(name, _)| name)).unwrap();
    for rule in stage.rules(["latest", "commit", "branch", "superseded", "all"]) {
        let scope = stage.scope([one(1).commit(HEAD)]);
        let step = on_push(scope.select(rule), "main", HEAD);
        let step = step.without(&format!("INPUT_{}", needed.to_uppercase())).without("GITHUB_REPOSITORY");
        scope.refuses(step, &[&format!("`{needed}`")]);
    }
});
