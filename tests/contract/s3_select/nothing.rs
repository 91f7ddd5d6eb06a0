//! Nothing to cancel: waiting for it to appear, and what is said when nothing does.

use crate::sandbox::{Call, Fault};
use crate::stage::{HEAD, every_selecting, not_listed, one};

every_selecting!(a_deployment_may_take_a_while_to_appear, Commit, |stage| {
    let scope = stage.scope([one(1).state("succeeded")]);
    let running = scope.select("commit").input("commit", HEAD).input("appear_within", "15s").start();
    // Where the commit is the id, no list has to be asked.
    let (look, looks) =
        if stage.has_commits_beside_ids() { (Call::List, stage.traits().lists) } else { (Call::Read, 1) };
    scope.sandbox.wait_for(look, looks + 1);
    scope.put(&one(2).commit(HEAD));
    running.wait().ended("canceled", 0);
    assert_eq!(scope.asked(), [2]);
});

every_selecting!(without_appear_within_there_is_one_look, Latest, |stage| {
    let scope = stage.scope([one(1).state("succeeded")]);
    scope.idles(scope.select("latest"));
    assert_eq!(scope.lists(), stage.traits().lists);
});

every_selecting!(when_nothing_appears_there_is_nothing_to_cancel, Branch, |stage| {
    let scope = stage.scope([one(1).state("succeeded"), one(2).branch("dev")]);
    let ran = scope.idles(scope.select("branch").input("branch", "main").input("appear_within", "1s"));
    ran.reasons(&["branch main"]);
    assert!(scope.lists() > 1);
});

every_selecting!(a_deployment_of_another_commit_is_not_what_was_waited_for, Commit, |stage| {
    let scope = stage.scope([one(1)]);
    scope.idles(scope.select("commit").input("commit", HEAD).input("appear_within", "1s"));
});

every_selecting!(waiting_for_a_deployment_ends_by_the_limit, Latest, |stage| {
    let scope = stage.scope([one(1).state("succeeded")]);
    let ran = scope.select("latest").input("appear_within", "1h").run_inside(&scope.sandbox);
    ran.ended("nothing_to_cancel", 0);
});

every_selecting!(a_signal_ends_the_wait_for_a_deployment, Latest, |stage| {
    let scope = stage.scope([one(1).state("succeeded")]);
    let running = scope.select("latest").input("appear_within", "15s").start();
    scope.sandbox.wait_for(Call::List, stage.traits().lists);
    running.signal("TERM");
    running.wait().ended("interrupted", 143);
});

every_selecting!(nothing_in_flight_is_no_failure_and_says_what_was_looked_at, Latest, |stage| {
    let scope = stage.scope([one(1).state("succeeded"), one(2).state(stage.lost())]);
    let ran = scope.idles(scope.select("latest"));
    // Where one goes on at a time, that one is looked at and what waits.
    ran.reasons(&[if stage.traits().many { "2 deployments" } else { "one deployment" }]);
    let told = ["count", "deployments", "went_live", "canceled", "state"];
    let told = told.map(|name| ran.output(name));
    assert_eq!(told, ["0", "[]", "false", "false", ""]);
    assert_eq!(ran.output("canceled_count"), "0");
    ran.says("::notice title=");
});

every_selecting!(that_a_scope_is_there_is_asked_once, Latest, |stage| {
    let looks = |within: &str| {
        let scope = stage.scope([]);
        let step = scope.select("latest").input("appear_within", within);
        step.run_inside(&scope.sandbox).ended("nothing_to_cancel", 0);
        (scope.sandbox.count(Call::Scope), scope.lists())
    };
    let ((once, few), (waiting, many)) = (looks("0s"), looks("30s"));
    assert_eq!(waiting, once);
    assert!(many > few);
});

every_selecting!(nothing_to_cancel_fails_where_that_is_asked_for, Latest, |stage| {
    let scope = stage.scope([one(1).state("succeeded")]);
    scope.select("latest").input("fail_on", "nothing_to_cancel").run().ended("nothing_to_cancel", 3);
});

every_selecting!(nothing_to_cancel_is_told_in_the_summary, Latest, |stage| {
    let scope = stage.scope([one(1).state("succeeded")]);
    let ran = scope.idles(scope.select("latest"));
    assert!(ran.summary.contains("one deployment"), "{}", ran.summary);
});

every_selecting!(a_scope_without_deployments_has_nothing_to_cancel, All, |stage| {
    let scope = stage.scope([]);
    scope.idles(scope.select("all"));
});

every_selecting!(an_unknown_scope_is_not_found_by_its_name, Latest, |stage| {
    let Some((input, name)) = stage.unknown_scope() else { return };
    for rule in stage.rules(["latest", "superseded", "all"]) {
        let scope = stage.scope([one(1)]);
        let ran = scope.select(rule).input(input, name).run();
        ran.ended("not_found", 4).reasons(&[name]).says(&format!("Check `{input}`"));
        assert_eq!((ran.output("count"), scope.asked().len()), ("0", 0));
    }
});

every_selecting!(a_400_to_the_list_of_a_scope_that_is_there_is_a_failed_read, Latest, |stage| {
    let scope = stage.scope([one(1)]);
    scope.sandbox.always(Call::List, Fault::Status(400));
    scope.select("latest").run().ended("error", 1).reasons(&[not_listed(stage)]);
});
