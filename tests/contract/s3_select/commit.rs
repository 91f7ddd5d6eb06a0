//! By commit.

use crate::stage::{HEAD, HOME, MERGE, OTHER, every_selecting, on_pull, on_push, on_workflow_run, one};

every_selecting!(a_commit_selects_all_its_deployments_in_flight, Commit, |stage| {
    if !stage.has_commits_beside_ids() {
        return;
    }
    let all = [one(1).commit(HEAD), one(2), one(3).commit(HEAD).branch("dev"), one(4).commit(HEAD).state("succeeded")];
    let scope = stage.scope(all);
    scope.cancels(scope.select("commit").input("commit", HEAD), &[1, 3]);
});

every_selecting!(a_commit_may_be_short_and_in_capitals, Commit, |stage| {
    if !stage.has_commits_beside_ids() {
        return;
    }
    const LETTERS: &str = "abcdef0123456789abcdef0123456789abcdef01";
    let scope = stage.scope([one(1).commit(LETTERS), one(2).commit(HEAD)]);
    scope.cancels(scope.select("commit").input("commit", "ABCDEF0"), &[1]);
});

every_selecting!(the_commit_comes_from_the_run, Commit, |stage| {
    let scope = stage.scope([one(1).commit(HEAD), one(2)]);
    scope.cancels(on_push(scope.select("commit"), "main", HEAD), &[1]);
});

every_selecting!(a_written_commit_wins_over_the_runs, Commit, |stage| {
    let scope = stage.scope([one(1).commit(HEAD), one(2)]);
    scope.cancels(on_push(scope.select("commit"), "main", OTHER).input("commit", HEAD), &[1]);
});

every_selecting!(a_pull_requests_commit_is_its_head_and_not_the_merge, Commit, |stage| {
    for event in ["pull_request", "pull_request_target"] {
        let scope = stage.scope([one(1).commit(HEAD), one(2).commit(MERGE)]);
        scope.cancels(on_pull(scope.select("commit"), event, HOME, "dev"), &[1]);
    }
});

every_selecting!(a_workflow_runs_commit_is_that_of_the_first_workflow, Commit, |stage| {
    let scope = stage.scope([one(1).commit(HEAD), one(2).commit(MERGE)]);
    scope.cancels(on_workflow_run(scope.select("commit"), HOME, "dev"), &[1]);
});

every_selecting!(without_the_event_a_merge_commit_is_not_taken_for_the_head, Commit, |stage| {
    let scope = stage.scope([one(1).commit(MERGE)]);
    let step = on_pull(scope.select("commit"), "pull_request", HOME, "dev");
    scope.refuses(step.without("GITHUB_EVENT_PATH"), &["`commit`"]);
});

every_selecting!(a_commit_proves_itself_also_from_a_fork, Commit, |stage| {
    let scope = stage.scope([one(1).commit(HEAD).fork("mallory"), one(2)]);
    let step = on_pull(scope.select("commit"), "pull_request", "mallory/app", "main");
    scope.cancels(step, &[1]);
});

every_selecting!(a_commit_that_nobody_tells_is_missing, Commit, |stage| {
    let scope = stage.scope([one(1)]);
    scope.refuses(scope.select("commit"), &["`commit`", "missing"]);
});

every_selecting!(deployments_without_a_commit_are_counted_in_a_warning, Commit, |stage| {
    if !stage.has_commits_beside_ids() {
        return;
    }
    let scope = stage.scope([one(1).commit(HEAD), one(2).silent(), one(3).silent()]);
    let ran = scope.cancels(scope.select("commit").input("commit", HEAD), &[1]);
    ran.warns(&["2 deployments", "commit", "deployment_id"]);
});
