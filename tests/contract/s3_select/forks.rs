//! Runs for a fork's branch, and those of other CI systems: ours is never touched by a name alone.

use serde_json::json;

use crate::stage::{HEAD, HOME, MERGE, Scope, every_selecting, on_event, on_pull, on_push, on_workflow_run, one};
use crate::step::{Ran, Step};

every_selecting!(a_forks_branch_named_as_ours_never_touches_ours, Branch, |stage| {
    if !stage.info().knows_forks {
        return;
    }
    for event in ["pull_request", "pull_request_target"] {
        let scope = stage.scope([one(1), one(2).fork("mallory"), one(3).fork("eve")]);
        let step = on_pull(scope.select("branch"), event, "mallory/sample-app", "main");
        scope.cancels(step, &[2]);
    }
    let scope = stage.scope([one(1), one(2).fork("mallory")]);
    let step = on_workflow_run(scope.select("branch"), "mallory/sample-app", "main");
    scope.cancels(step, &[2]);
});

every_selecting!(a_forks_branch_is_not_believed_where_deployments_do_not_tell_forks_apart, Branch, |stage| {
    if stage.info().knows_forks || stage.info().knows_pulls {
        return;
    }
    for event in ["pull_request", "pull_request_target"] {
        let scope = stage.scope([one(1)]);
        let step = on_pull(scope.select("branch"), event, "mallory/sample-app", "main");
        scope.refuses(step, &["`branch`", "fork"]);
    }
});

every_selecting!(a_fork_that_is_gone_has_no_name_to_match, Branch, |stage| {
    let scope = stage.scope([one(1), one(2).fork("mallory")]);
    let event = json!({"pull_request": {
        "head": {"sha": HEAD, "ref": "main", "repo": null},
        "base": {"sha": MERGE, "ref": "main", "repo": {"full_name": HOME}},
    }});
    let step = on_event(scope.select("branch"), "pull_request", &event);
    scope.refuses(step, &["`branch`", "fork"]);
});

every_selecting!(without_the_event_a_pull_request_is_taken_for_a_forks, Branch, |stage| {
    let scope = stage.scope([one(1).branch("dev")]);
    let step = on_pull(scope.select("branch"), "pull_request", HOME, "dev");
    scope.refuses(step.without("GITHUB_EVENT_PATH"), &["`branch`", "fork"]);
});

every_selecting!(a_run_on_our_branch_never_touches_a_forks, Branch, |stage| {
    if !stage.info().knows_forks {
        return;
    }
    let scope = stage.scope([one(1), one(2).fork("mallory")]);
    scope.cancels(on_push(scope.select("branch"), "main", HEAD), &[1]);
});

every_selecting!(a_written_branch_is_taken_as_it_is_also_on_a_forks_run, Branch, |stage| {
    let scope = stage.scope([one(1), one(2).branch("dev")]);
    let step = on_pull(scope.select("branch"), "pull_request", "mallory/sample-app", "dev");
    scope.cancels(step.input("branch", "main"), &[1]);
});

every_selecting!(a_forks_branch_does_not_supersede_ours_of_the_same_name, Superseded, |stage| {
    if !stage.info().knows_forks {
        return;
    }
    let scope = stage.scope([one(1), one(2).fork("mallory"), one(3).fork("eve")]);
    scope.idles(scope.select("superseded"));
});

/// A step of the same run on another CI system, where inputs are variables; what it ended with is its exit code.
fn on_another_ci(scope: &Scope, rule: &str, variables: &[(&str, &str)]) -> Ran {
    let step = Step::plain()
        .var("CANCEL_DEPLOYMENT_PLATFORM", scope.stage.name())
        .var("CANCEL_DEPLOYMENT_API_URL", &scope.sandbox.url(scope.stage.name()))
        .var("CANCEL_DEPLOYMENT_TIMEOUT", "20")
        .var("CANCEL_DEPLOYMENT_SELECT", rule);
    let inputs = scope.stage.inputs().into_iter().chain(scope.stage.select_inputs().unwrap());
    let step =
        inputs.fold(step, |step, (name, value)| step.var(&format!("CANCEL_DEPLOYMENT_{}", name.to_uppercase()), value));
    let set = |step: Step, (name, value): &(&str, &str)| step.var(name, value);
    variables.iter().fold(step, set).run()
}

const BUILDKITE: [(&str, &str); 3] = [
    ("BUILDKITE", "true"),
    ("BUILDKITE_PULL_REQUEST", "false"),
    ("BUILDKITE_REPO", "git@github.com:example/sample-app.git"),
];

every_selecting!(other_ci_systems_tell_commit_and_branch_as_well, Commit, |stage| {
    let gitlab = [("GITLAB_CI", "true"), ("CI_COMMIT_SHA", HEAD), ("CI_COMMIT_BRANCH", "dev")];
    let circleci = [("CIRCLECI", "true"), ("CIRCLE_SHA1", HEAD), ("CIRCLE_BRANCH", "dev")];
    for (rule, canceled) in [("commit", 1), ("branch", 2)] {
        if !stage.follows(rule) {
            continue;
        }
        for variables in [&gitlab, &circleci] {
            let scope = stage.scope([one(1).commit(HEAD), one(2).branch("dev")]);
            let ran = on_another_ci(&scope, rule, variables);
            assert_eq!((ran.code, scope.asked()), (0, vec![canceled]), "{}", ran.stdout);
        }
    }
});

every_selecting!(buildkites_word_for_the_newest_commit_is_no_commit, Commit, |stage| {
    let scope = stage.scope([one(1).commit(HEAD)]);
    let mut variables = BUILDKITE.to_vec();
    variables.push(("BUILDKITE_COMMIT", "HEAD"));
    let ran = on_another_ci(&scope, "commit", &variables);
    assert_eq!((ran.code, scope.asked().len()), (2, 0), "{}", ran.stdout);
});

every_selecting!(a_pull_requests_target_is_never_its_branch, Branch, |stage| {
    let scope = stage.scope([one(1)]);
    let woodpecker = [
        ("CI", "woodpecker"),
        ("CI_PIPELINE_EVENT", "pull_request"),
        ("CI_COMMIT_BRANCH", "main"),
        ("CI_COMMIT_TARGET_BRANCH", "main"),
        ("CI_COMMIT_SOURCE_BRANCH", "dev"),
    ];
    on_another_ci(&scope, "branch", &woodpecker);
    assert_eq!(scope.asked(), [0; 0]);
});

every_selecting!(a_run_of_another_ci_on_our_branch_never_touches_a_forks, Branch, |stage| {
    if !stage.info().knows_forks {
        return;
    }
    let scope = stage.scope([one(1), one(2).fork("mallory")]);
    let mut variables = BUILDKITE.to_vec();
    variables.push(("BUILDKITE_BRANCH", "main"));
    let ran = on_another_ci(&scope, "branch", &variables);
    assert_eq!((ran.code, scope.asked()), (0, vec![1]), "{}", ran.stdout);
});
