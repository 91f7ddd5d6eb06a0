//! Events: what a run is about, and that none of them names a deployment by itself.

use serde_json::json;

use crate::stage::{HEAD, MERGE, Stage, dispatch_of, every_selecting, on_event, one};

every_selecting!(a_comments_run_stands_on_a_branch_that_it_is_not_about, Commit, |stage| {
    for rule in stage.rules(["commit", "branch"]) {
        let scope = stage.scope([one(1).commit(MERGE)]);
        let step = on_event(scope.select(rule), "issue_comment", &json!({}));
        scope.refuses(step, &[&format!("`{rule}`")]);
    }
});

every_selecting!(a_push_is_what_was_pushed, Commit, |stage| {
    for (rule, canceled) in [("commit", 1), ("branch", 2)] {
        if !stage.follows(rule) {
            continue;
        }
        let scope = stage.scope([one(1).commit(HEAD), one(2).branch("dev"), one(3).commit(MERGE)]);
        let event = json!({"ref": "refs/heads/dev", "after": HEAD});
        scope.cancels(on_event(scope.select(rule), "push", &event), &[canceled]);
    }
});

/// What the event carries may be long over, or another project's: only what is written is meant.
#[test]
fn a_deployment_is_never_taken_from_an_event_by_itself() {
    let status = |url: &str| {
        json!({
            "deployment": {"sha": HEAD, "ref": "main"},
            "deployment_status": {"state": "success", "environment_url": url, "target_url": url},
        })
    };
    let url = "https://web-1.vercel.app";
    let dispatch = "vercel.deployment.success";
    for (name, event) in [("deployment_status", status(url)), ("repository_dispatch", dispatch_of(dispatch))] {
        for stage in [Stage::Vercel, Stage::DigitalOcean] {
            let scope = stage.scope([one(1)]);
            let step = on_event(scope.step(), name, &event);
            scope.refuses(step, &["`deployment_id`"]);
        }
        let scope = Stage::Vercel.scope([one(1), one(2)]);
        let step = scope.step().input("deployment_id", url);
        let ran = scope.cancels(on_event(step, name, &event), &[1]);
        assert_eq!(ran.output("count"), "1");
    }
}
