//! Guards beside an id.

use crate::sandbox::{Call, Fault};
use crate::stage::{HEAD, OTHER, Stage, every_selecting, on_push, one};

/// Where the id is a commit, another one beside it is bad input, and none is not told.
fn told_beside_the_id<const N: usize>(
    stage: Stage,
    guards: [(&'static str, &'static str); N],
) -> impl Iterator<Item = (&'static str, &'static str)> {
    guards.into_iter().filter(move |(guard, _)| *guard != "commit" || stage.has_commits_beside_ids())
}

every_selecting!(a_deployment_of_the_guarded_branch_and_commit_is_canceled, Branch, |stage| {
    let scope = stage.scope([one(1).commit(HEAD)]);
    let step = scope.step().input("deployment_id", &stage.id(1)).input("branch", "refs/heads/main");
    scope.cancels(step.input("commit", &stage.commit(1, HEAD)[..7]), &[1]);
});

every_selecting!(a_deployment_of_another_branch_or_commit_is_refused, Branch, |stage| {
    for (guard, value) in told_beside_the_id(stage, [("branch", "main2"), ("branch", "mai"), ("commit", OTHER)]) {
        let scope = stage.scope([one(1).commit(HEAD)]);
        let ran = scope.errs(scope.step().input("deployment_id", &stage.id(1)).input(guard, value));
        ran.reasons(&[guard, value.get(..7).unwrap_or(value)]);
    }
});

every_selecting!(what_has_ended_of_another_branch_is_refused_as_well, Branch, |stage| {
    for state in ["canceled", "failed", "succeeded"] {
        for (guard, value) in told_beside_the_id(stage, [("branch", "dev"), ("commit", HEAD)]) {
            let scope = stage.scope([one(1).state(state)]);
            let ran = scope.errs(scope.step().input("deployment_id", &stage.id(1)).input(guard, value));
            ran.reasons(&[guard, value.get(..7).unwrap_or(value)]);
            assert_eq!(ran.output("canceled"), "false");
        }
    }
});

every_selecting!(a_guard_that_cannot_be_checked_is_not_passed, Branch, |stage| {
    for (guard, value) in told_beside_the_id(stage, [("branch", "main"), ("commit", HEAD)]) {
        let scope = stage.scope([one(1).silent()]);
        scope.errs(scope.step().input("deployment_id", &stage.id(1)).input(guard, value));
        let scope = stage.scope([one(1).commit(HEAD)]);
        scope.sandbox.always(Call::Read, Fault::Status(403));
        scope.errs(scope.step().input("deployment_id", &stage.id(1)).input(guard, value));
    }
});

every_selecting!(the_runs_own_branch_is_no_guard, Latest, |stage| {
    let scope = stage.scope([one(1)]);
    let step = scope.step().input("deployment_id", &stage.id(1));
    scope.cancels(on_push(step, "dev", HEAD), &[1]);
});

every_selecting!(one_refused_deployment_does_not_stop_the_others, Branch, |stage| {
    let scope = stage.scope([one(1), one(2).branch("dev")]);
    let ids = format!("{},{}", stage.id(1), stage.id(2));
    scope.step().input("deployment_id", &ids).input("branch", "main").run().ended("error", 1);
    assert_eq!(scope.asked(), [1]);
});
