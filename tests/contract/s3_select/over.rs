//! Deployments that are over.

use crate::stage::{HEAD, MERGE, every_selecting, finished, on_push, one};
use cancel_deployment::select::Select;

every_selecting!(a_commit_that_went_live_already_is_told_so, Commit, |stage| {
    if !stage.has_commits_beside_ids() {
        return;
    }
    for (states, outcome, code, live) in [
        (["succeeded", "succeeded"], "already_finished", 3, "true"),
        (["succeeded", "failed"], "already_finished", 3, "true"),
        (["failed", "canceled"], "already_finished", 0, "false"),
    ] {
        let own = |number: usize| one(number).commit(HEAD).state(states[number - 1]);
        // What was put there last is live.
        let scope = stage.scope([one(3).state("succeeded"), own(1), own(2), one(4)]);
        let step = scope.select("commit").input("commit", HEAD);
        // It is over, so nothing of it is waited for.
        let ran = step.input("appear_within", "15s").run();
        ran.ended(outcome, code);
        assert_eq!(scope.asked(), [0; 0]);
        assert_eq!(scope.lists(), stage.traits().lists);
        assert_eq!(ran.output("went_live"), live);
        assert_eq!(ran.output("count"), "1");
        let told = if live == "true" && states[1] != "succeeded" { 1 } else { 2 };
        assert_eq!(ran.output("deployment_id"), stage.id(told));
        assert_eq!(ran.output("deployment_url").is_empty(), stage.about().links.is_empty());
    }
});

every_selecting!(a_commit_is_looked_for_among_the_newest_hundred, Commit, |stage| {
    let mut all = finished(2..=100);
    all.push(one(1).commit(HEAD).state("succeeded"));
    stage.scope(all).select("commit").input("commit", HEAD).run().ended("already_finished", 3);
});

every_selecting!(what_is_in_flight_of_a_commit_is_canceled_whatever_is_over, Commit, |stage| {
    let own = |number| one(number).commit(HEAD);
    let scope = stage.scope([own(1), own(2).state("succeeded")]);
    scope.cancels(scope.select("commit").input("commit", HEAD), &[1]);
});

every_selecting!(where_another_push_may_be_meant_nobody_says_no, All, |stage| {
    let all = || [one(1).state(stage.lost()), one(2).commit(HEAD).state("succeeded")];
    for rule in stage.rules(["latest", "branch", "all"]) {
        let scope = stage.scope(all());
        let ran = scope.idles(on_push(scope.select(rule), "main", MERGE));
        ran.reasons(&[&stage.id(2), "has gone live; to be sure which one is meant, ", "give `deployment_id`."]);
        if stage.selects(Select::Commit) {
            let commit = format!("commit {},", &stage.commit(2, HEAD)[..7]);
            ran.reasons(&[&commit, "created 20", "use `select: commit` or give `deployment_id`."]);
        }
        assert_eq!(ran.output("went_live"), "unknown");
        ran.says("::notice title=");
        let says = "**Did it go live?** Not known";
        assert!(ran.summary.contains(says), "{}", ran.summary);
    }
    let older = stage.scope([one(1).state("succeeded"), one(2).state(stage.lost())]);
    let ran = older.idles(older.select("latest"));
    assert_eq!(ran.output("went_live"), "false");
    if !stage.selects(Select::Superseded) {
        return;
    }
    let kept = stage.scope([one(1).state(stage.lost()), one(2).state("succeeded")]);
    let ran = kept.idles(kept.select("superseded"));
    assert_eq!(ran.output("went_live"), "false");
    let before = stage.scope([one(1).state("succeeded"), one(2)]);
    let ran = before.idles(before.select("superseded"));
    assert_eq!(ran.output("went_live"), "unknown");
});
