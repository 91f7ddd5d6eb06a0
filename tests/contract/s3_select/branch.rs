//! By branch.

use crate::stage::{HEAD, HOME, every_selecting, on_pull, on_push, on_workflow_run, one};

every_selecting!(a_branch_compares_exactly, Branch, |stage| {
    let all = [
        one(1),
        one(2).branch("main2"),
        one(3).branch("mai"),
        one(4).branch("Main"),
        one(5).branch("feature/main"),
        one(6),
        one(7).state("succeeded"),
    ];
    let scope = stage.scope(all);
    scope.cancels(scope.select("branch").input("branch", "main"), &[1, 6]);
});

every_selecting!(a_branch_may_be_a_full_ref, Branch, |stage| {
    let scope = stage.scope([one(1).branch("feature/x"), one(2).branch("x")]);
    let step = scope.select("branch").input("branch", "refs/heads/feature/x");
    scope.cancels(step, &[1]);
});

every_selecting!(the_branch_comes_from_the_run, Branch, |stage| {
    let scope = stage.scope([one(1), one(2).branch("dev")]);
    scope.cancels(on_push(scope.select("branch"), "dev", HEAD), &[2]);
});

every_selecting!(a_pull_requests_branch_is_its_heads, Branch, |stage| {
    for event in ["pull_request", "pull_request_target"] {
        let scope = stage.scope([one(1), one(2).branch("dev")]);
        scope.cancels(on_pull(scope.select("branch"), event, HOME, "dev"), &[2]);
    }
});

every_selecting!(a_workflow_runs_branch_is_that_of_the_first_workflow, Branch, |stage| {
    let scope = stage.scope([one(1), one(2).branch("dev")]);
    scope.cancels(on_workflow_run(scope.select("branch"), HOME, "dev"), &[2]);
});

every_selecting!(a_written_branch_wins_over_the_runs, Branch, |stage| {
    let scope = stage.scope([one(1), one(2).branch("dev")]);
    scope.cancels(on_push(scope.select("branch"), "dev", HEAD).input("branch", "main"), &[1]);
});

every_selecting!(a_branch_that_nobody_tells_is_missing, Branch, |stage| {
    let scope = stage.scope([one(1)]);
    scope.refuses(scope.select("branch"), &["`branch`", "missing"]);
});

every_selecting!(a_run_for_a_tag_has_no_branch, Branch, |stage| {
    let scope = stage.scope([one(1).branch("v1")]);
    let step =
        on_push(scope.select("branch"), "v1", HEAD).var("GITHUB_REF", "refs/tags/v1").var("GITHUB_REF_TYPE", "tag");
    scope.refuses(step, &["`branch`"]);
});

every_selecting!(deployments_without_a_branch_are_counted_in_a_warning, Branch, |stage| {
    let scope = stage.scope([one(1), one(2).silent()]);
    let ran = scope.cancels(scope.select("branch").input("branch", "main"), &[1]);
    ran.warns(&["One deployment", "branch", "deployment_id"]);
});

every_selecting!(a_branch_is_not_asked_of_the_platform, Branch, |stage| {
    let scope = stage.scope([one(1)]);
    scope.cancels(scope.select("branch").input("branch", "main"), &[1]);
    let lists = scope.sandbox.requests().into_iter();
    let queries: Vec<_> = lists.map(|seen| seen.query).collect();
    assert!(queries.iter().all(|query| !query.contains("main")), "{queries:?}");
});
