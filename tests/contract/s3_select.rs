//! Choosing deployments by a rule: which ones are meant, which ones must never be touched, and what is said about it.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use cancel_deployment::select::Select;
use serde_json::{Value, json};

use crate::sandbox::{Call, Fault, Sandbox, digitalocean, vercel};
use crate::stage::{One, Stage, every_platform, every_selecting};
use crate::step::{Ran, Running, Step};

const HEAD: &str = "1111111111111111111111111111111111111111";
const MERGE: &str = "2222222222222222222222222222222222222222";
const OTHER: &str = "3333333333333333333333333333333333333333";
/// The repository of every deployment that is not a fork's.
const HOME: &str = "example/sample-app";

/// The inputs of a scope that guard nothing beside an id.
const ONLY_BESIDE_A_RULE: [&str; 1] = ["query"];

/// A running deployment of branch `main` and a commit of its own to no target.
fn one(number: usize) -> One {
    One::new(number, OTHER)
}

fn for_digitalocean(one: &One) -> digitalocean::Deployment {
    digitalocean::Stand.made(one)
}

fn for_vercel(one: &One) -> vercel::Deployment {
    vercel::Stand.made(one)
}

/// A sandbox with the deployments of a scope.
struct Stand {
    stage: Stage,
    sandbox: Sandbox,
    /// The largest number of a deployment there.
    most: Cell<usize>,
}

fn stand(stage: Stage, all: impl IntoIterator<Item = One>) -> Stand {
    let stand = Stand { stage, sandbox: Sandbox::start(), most: Cell::new(9) };
    stage.put_scopes(&stand.sandbox);
    let mut all: Vec<_> = all.into_iter().collect();
    if !stage.traits().many {
        // Where one goes on at a time, what is over came before it.
        all.sort_by_key(|one| ["running", "queued"].contains(&one.course.states[0]));
    }
    for one in all {
        stand.put(&one);
    }
    stand
}

impl Stand {
    /// Puts a deployment there, in the place of the one with its number.
    fn put(&self, one: &One) {
        self.stage.put_one(&self.sandbox, one);
        self.most.set(self.most.get().max(one.number));
    }

    /// A step in the first scope that says nothing about which deployment it means.
    fn step(&self) -> Step {
        let step = self.stage.step_at(&self.sandbox.url(self.stage.name())).without("INPUT_DEPLOYMENT_ID");
        let scope = self.stage.select_inputs().unwrap().into_iter();
        let scope = scope.filter(|(name, _)| !ONLY_BESIDE_A_RULE.contains(name));
        scope.fold(step, |step, (name, value)| step.input(name, value))
    }

    fn select(&self, rule: &str) -> Step {
        let scope = self.stage.select_inputs().unwrap().into_iter();
        scope.fold(self.step(), |step, (name, value)| step.input(name, value)).input("select", rule)
    }

    /// The numbers of the deployments that requests of one kind named, in order; 0 for one that names only the scope.
    fn named(&self, call: Call) -> Vec<usize> {
        let numbers = 1..=self.most.get();
        let known: HashMap<_, _> = numbers.map(|number| (self.stage.id(number), number)).collect();
        let all = self.sandbox.requests().into_iter().filter(|seen| seen.call == call);
        let named = all.map(|seen| {
            let body = String::from_utf8_lossy(&seen.body).into_owned();
            let mut parts = seen.path.split('/').chain(body.split('"'));
            parts.find_map(|part| known.get(part).copied()).unwrap_or(0)
        });
        named.collect()
    }

    /// The numbers of the deployments that were asked to stop, each as often as it was asked.
    fn asked(&self) -> Vec<usize> {
        let mut numbers = self.named(Call::Cancel);
        if numbers.contains(&0) {
            // A request that names only the scope is told by what it stopped.
            numbers.retain(|number| *number > 0);
            let effective = |number: &usize| self.sandbox.effective_cancels(&self.stage.id(*number)) > 0;
            let stopped = (1..=self.most.get()).filter(|number| !numbers.contains(number) && effective(number));
            numbers.extend(stopped.collect::<Vec<_>>());
        }
        numbers.sort_unstable();
        numbers
    }

    fn lists(&self) -> usize {
        self.sandbox.count(Call::List)
    }

    fn calls(&self) -> Vec<Call> {
        let all = self.sandbox.requests().into_iter();
        all.map(|seen| seen.call).collect()
    }

    /// Asserts that a step cancels exactly these.
    #[track_caller]
    fn cancels(&self, step: Step, numbers: &[usize]) -> Ran {
        let ran = step.run();
        ran.ended("canceled", 0);
        assert_eq!(self.asked(), numbers, "\n{}", ran.stdout);
        assert_eq!(ran.output("count"), numbers.len().to_string());
        ran
    }

    /// Asserts that a step finds nothing to cancel, and is content.
    #[track_caller]
    fn idles(&self, step: Step) -> Ran {
        let ran = step.run();
        ran.ended("nothing_to_cancel", 0);
        assert_eq!(self.asked(), [0; 0]);
        ran
    }

    /// Asserts that a step ends as an error before anything was asked to stop.
    #[track_caller]
    fn errs(&self, step: Step) -> Ran {
        let ran = step.run();
        ran.ended("error", 1);
        assert_eq!(self.asked(), [0; 0]);
        ran
    }

    /// Asserts that a step is bad input that says so in these words, and that nothing was sent.
    #[track_caller]
    fn refuses(&self, step: Step, words: &[&str]) -> Ran {
        let ran = step.run();
        bad_input(&self.sandbox, &ran, words);
        ran
    }
}

#[track_caller]
fn bad_input(sandbox: &Sandbox, ran: &Ran, words: &[&str]) {
    ran.ended("error", 2);
    assert_eq!(ran.output("count"), "0");
    reasons(ran, words);
    assert!(sandbox.requests().is_empty(), "something was sent");
}

#[track_caller]
fn reasons(ran: &Ran, words: &[&str]) {
    let reason = ran.output("reason");
    for word in words {
        assert!(reason.contains(word), "no {word:?} in {reason:?}");
    }
}

/// Asserts that a warning holds all these words.
#[track_caller]
fn warns(ran: &Ran, words: &[&str]) {
    let is = |line: &&str| line.starts_with("::warning") && words.iter().all(|word| line.contains(word));
    assert!(ran.stdout.lines().any(|line| is(&line)), "no warning {words:?} in\n{}", ran.stdout);
}

/// A step of a run for a push to a branch of the home repository.
fn on_push(step: Step, branch: &str, commit: &str) -> Step {
    step.var("GITHUB_EVENT_NAME", "workflow_dispatch")
        .var("GITHUB_REPOSITORY", HOME)
        .var("GITHUB_REF", &format!("refs/heads/{branch}"))
        .var("GITHUB_REF_NAME", branch)
        .var("GITHUB_REF_TYPE", "branch")
        .var("GITHUB_SHA", commit)
}

/// A step of a run for an event of the home repository, with the event's file.
fn on_event(step: Step, name: &str, event: &Value) -> Step {
    let file = step.file("event.json");
    std::fs::write(&file, event.to_string()).unwrap();
    on_push(step, "main", MERGE).var("GITHUB_EVENT_NAME", name).var("GITHUB_EVENT_PATH", file.to_str().unwrap())
}

/// A step of a run for a pull request of a branch of the given repository.
fn on_pull(step: Step, name: &str, repository: &str, branch: &str) -> Step {
    let event = json!({"number": 4, "pull_request": {
        "head": {"sha": HEAD, "ref": branch, "repo": {"full_name": repository}},
        "base": {"sha": MERGE, "ref": "main", "repo": {"full_name": HOME}},
    }});
    let step = on_event(step, name, &event).var("GITHUB_HEAD_REF", branch);
    if name == "pull_request" {
        step.var("GITHUB_REF", "refs/pull/4/merge").var("GITHUB_REF_NAME", "4/merge")
    } else {
        step
    }
}

/// A step of a run that follows another workflow's.
fn on_workflow_run(step: Step, repository: &str, branch: &str) -> Step {
    let event = json!({
        "repository": {"full_name": HOME},
        "workflow_run": {
            "head_sha": HEAD,
            "head_branch": branch,
            "head_repository": {"full_name": repository},
        },
    });
    on_event(step, "workflow_run", &event)
}

// The newest in flight.

every_selecting!(latest_is_the_newest_in_flight_of_any_branch, Latest, |stage| {
    let stand = stand(stage, [one(1), one(2).branch("dev"), one(3).state("succeeded"), one(4).state("canceled")]);
    // Where one goes on at a time, that one is meant and not what waits for it.
    let latest = if stage.traits().many { 2 } else { 1 };
    let ran = stand.cancels(stand.select("latest"), &[latest]);
    assert_eq!(ran.output("deployment_id"), stage.id(latest));
});

every_selecting!(a_queued_deployment_is_in_flight_as_well, Latest, |stage| {
    let stand = stand(stage, [one(1).state("succeeded"), one(2).state(stage.waits())]);
    stand.cancels(stand.select("latest"), &[2]);
});

every_selecting!(the_rule_is_written_in_any_case, Latest, |stage| {
    let stand = stand(stage, [one(1)]);
    stand.cancels(stand.select("LATEST"), &[1]);
});

every_selecting!(an_unknown_rule_is_bad_input_that_names_the_known_ones, Latest, |stage| {
    let stand = stand(stage, [one(1)]);
    stand.refuses(stand.select("newest"), &["`select`", "`latest`", "`superseded`", "`all`"]);
});

every_selecting!(the_list_counts_as_the_first_read, Latest, |stage| {
    let stand = stand(stage, [one(1).state(stage.waits())]);
    let ran = stand.cancels(stand.select("latest"), &[1]);
    let calls = stand.calls();
    let at = calls.iter().position(|call| *call == Call::Cancel).unwrap();
    // Where one goes on at a time, what it is comes from a read, and is read again right before the request.
    assert!(!calls[..at].contains(&Call::Read) || !stage.traits().many, "{calls:?}");
    assert_eq!(ran.output("previous_state"), stage.shown(stage.waits()));
});

#[test]
fn a_deployment_in_any_state_in_flight_is_seen_on_digitalocean() {
    for state in ["PENDING_BUILD", "BUILDING", "PENDING_DEPLOY", "DEPLOYING"] {
        let stand = stand(Stage::DigitalOcean, [one(1).state(state)]);
        stand.cancels(stand.select("latest"), &[1]);
    }
}

#[test]
fn a_deployment_in_any_state_in_flight_is_seen_on_vercel() {
    for state in ["QUEUED", "INITIALIZING", "BLOCKED", "BUILDING"] {
        let stand = stand(Stage::Vercel, [one(1).state(state)]);
        stand.cancels(stand.select("latest"), &[1]);
    }
}

#[test]
fn a_project_is_also_given_by_its_name_or_its_usual_variable() {
    let stand = stand(Stage::Vercel, [one(1), one(2).elsewhere()]);
    let step = stand.select("all").without("INPUT_PROJECT_ID");
    stand.cancels(step.var("VERCEL_PROJECT_ID", "prj_1"), &[1]);
    let stand = self::stand(Stage::Vercel, [one(1), one(2).elsewhere()]);
    stand.cancels(stand.select("all").input("project_id", "web"), &[1]);
}

#[test]
fn an_app_given_by_its_name_is_selected_from() {
    let stand = stand(Stage::DigitalOcean, [one(1), one(2).elsewhere()]);
    let step = stand.select("latest").without("INPUT_APP_ID");
    stand.cancels(step.input("app_name", "web"), &[1]);
}

// By commit.

every_selecting!(a_commit_selects_all_its_deployments_in_flight, Commit, |stage| {
    let all = [one(1).commit(HEAD), one(2), one(3).commit(HEAD).branch("dev"), one(4).commit(HEAD).state("succeeded")];
    let stand = stand(stage, all);
    stand.cancels(stand.select("commit").input("commit", HEAD), &[1, 3]);
});

every_selecting!(a_commit_may_be_short_and_in_capitals, Commit, |stage| {
    const LETTERS: &str = "abcdef0123456789abcdef0123456789abcdef01";
    let all = [one(1).commit(LETTERS), one(2).commit(HEAD)];
    let stand = stand(stage, all);
    stand.cancels(stand.select("commit").input("commit", "ABCDEF0"), &[1]);
});

every_selecting!(what_is_no_commit_is_bad_input, Commit, |stage| {
    for text in ["111111", "HEAD", "main", "111111g"] {
        let stand = stand(stage, [one(1).commit(HEAD)]);
        let step = stand.select("commit").input("commit", text);
        stand.refuses(step, &["`commit`"]);
    }
});

every_selecting!(the_commit_comes_from_the_run, Commit, |stage| {
    let stand = stand(stage, [one(1).commit(HEAD), one(2)]);
    stand.cancels(on_push(stand.select("commit"), "main", HEAD), &[1]);
});

every_selecting!(a_written_commit_wins_over_the_runs, Commit, |stage| {
    let stand = stand(stage, [one(1).commit(HEAD), one(2)]);
    let step = on_push(stand.select("commit"), "main", OTHER);
    stand.cancels(step.input("commit", HEAD), &[1]);
});

every_selecting!(a_pull_requests_commit_is_its_head_and_not_the_merge, Commit, |stage| {
    for event in ["pull_request", "pull_request_target"] {
        let stand = stand(stage, [one(1).commit(HEAD), one(2).commit(MERGE)]);
        stand.cancels(on_pull(stand.select("commit"), event, HOME, "dev"), &[1]);
    }
});

every_selecting!(a_workflow_runs_commit_is_that_of_the_first_workflow, Commit, |stage| {
    let stand = stand(stage, [one(1).commit(HEAD), one(2).commit(MERGE)]);
    stand.cancels(on_workflow_run(stand.select("commit"), HOME, "dev"), &[1]);
});

every_selecting!(without_the_event_a_merge_commit_is_not_taken_for_the_head, Commit, |stage| {
    let stand = stand(stage, [one(1).commit(MERGE)]);
    let step = on_pull(stand.select("commit"), "pull_request", HOME, "dev");
    stand.refuses(step.without("GITHUB_EVENT_PATH"), &["`commit`"]);
});

every_selecting!(a_commit_proves_itself_also_from_a_fork, Commit, |stage| {
    let stand = stand(stage, [one(1).commit(HEAD).fork("mallory"), one(2)]);
    let step = on_pull(stand.select("commit"), "pull_request", "mallory/app", "main");
    stand.cancels(step, &[1]);
});

every_selecting!(a_commit_that_nobody_tells_is_missing, Commit, |stage| {
    let stand = stand(stage, [one(1)]);
    stand.refuses(stand.select("commit"), &["`commit`", "missing"]);
});

every_selecting!(deployments_without_a_commit_are_counted_in_a_warning, Commit, |stage| {
    let all = [one(1).commit(HEAD), one(2).silent(), one(3).silent()];
    let stand = stand(stage, all);
    let ran = stand.cancels(stand.select("commit").input("commit", HEAD), &[1]);
    warns(&ran, &["2 deployments", "commit", "deployment_id"]);
});

#[test]
fn a_deployment_of_several_components_matches_by_any_of_them() {
    for (rule, value) in [("commit", HEAD), ("branch", "jobs")] {
        let stand = stand(Stage::DigitalOcean, [one(2)]);
        let built = for_digitalocean(&one(1)).component("worker", "jobs", HEAD);
        stand.sandbox.add(built);
        stand.cancels(stand.select(rule).input(rule, value), &[1]);
    }
}

// By branch.

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
    let stand = stand(stage, all);
    stand.cancels(stand.select("branch").input("branch", "main"), &[1, 6]);
});

every_selecting!(a_branch_may_be_a_full_ref, Branch, |stage| {
    let stand = stand(stage, [one(1).branch("feature/x"), one(2).branch("x")]);
    let step = stand.select("branch").input("branch", "refs/heads/feature/x");
    stand.cancels(step, &[1]);
});

every_selecting!(a_tag_or_a_pull_requests_ref_is_no_branch, Branch, |stage| {
    for text in ["refs/tags/v1", "refs/pull/4/merge"] {
        let stand = stand(stage, [one(1)]);
        stand.refuses(stand.select("branch").input("branch", text), &["`branch`"]);
    }
});

every_selecting!(the_branch_comes_from_the_run, Branch, |stage| {
    let stand = stand(stage, [one(1), one(2).branch("dev")]);
    stand.cancels(on_push(stand.select("branch"), "dev", HEAD), &[2]);
});

every_selecting!(a_pull_requests_branch_is_its_heads, Branch, |stage| {
    for event in ["pull_request", "pull_request_target"] {
        let stand = stand(stage, [one(1), one(2).branch("dev")]);
        stand.cancels(on_pull(stand.select("branch"), event, HOME, "dev"), &[2]);
    }
});

every_selecting!(a_workflow_runs_branch_is_that_of_the_first_workflow, Branch, |stage| {
    let stand = stand(stage, [one(1), one(2).branch("dev")]);
    stand.cancels(on_workflow_run(stand.select("branch"), HOME, "dev"), &[2]);
});

every_selecting!(a_written_branch_wins_over_the_runs, Branch, |stage| {
    let stand = stand(stage, [one(1), one(2).branch("dev")]);
    let step = on_push(stand.select("branch"), "dev", HEAD);
    stand.cancels(step.input("branch", "main"), &[1]);
});

every_selecting!(a_branch_that_nobody_tells_is_missing, Branch, |stage| {
    let stand = stand(stage, [one(1)]);
    stand.refuses(stand.select("branch"), &["`branch`", "missing"]);
});

every_selecting!(a_run_for_a_tag_has_no_branch, Branch, |stage| {
    let stand = stand(stage, [one(1).branch("v1")]);
    let step =
        on_push(stand.select("branch"), "v1", HEAD).var("GITHUB_REF", "refs/tags/v1").var("GITHUB_REF_TYPE", "tag");
    stand.refuses(step, &["`branch`"]);
});

every_selecting!(deployments_without_a_branch_are_counted_in_a_warning, Branch, |stage| {
    let stand = stand(stage, [one(1), one(2).silent()]);
    let ran = stand.cancels(stand.select("branch").input("branch", "main"), &[1]);
    warns(&ran, &["1 deployment", "branch", "deployment_id"]);
});

every_selecting!(a_branch_is_not_asked_of_the_platform, Branch, |stage| {
    let stand = stand(stage, [one(1)]);
    stand.cancels(stand.select("branch").input("branch", "main"), &[1]);
    let lists = stand.sandbox.requests().into_iter();
    let queries: Vec<_> = lists.map(|seen| seen.query).collect();
    assert!(queries.iter().all(|query| !query.contains("main")), "{queries:?}");
});

// Forks.

every_selecting!(a_forks_branch_named_as_ours_never_touches_ours, Branch, |stage| {
    if !stage.info().knows_forks {
        return;
    }
    for event in ["pull_request", "pull_request_target"] {
        let all = [one(1), one(2).fork("mallory"), one(3).fork("eve")];
        let stand = stand(stage, all);
        let step = on_pull(stand.select("branch"), event, "mallory/sample-app", "main");
        stand.cancels(step, &[2]);
    }
    let stand = stand(stage, [one(1), one(2).fork("mallory")]);
    let step = on_workflow_run(stand.select("branch"), "mallory/sample-app", "main");
    stand.cancels(step, &[2]);
});

every_selecting!(a_forks_branch_is_not_believed_where_deployments_do_not_tell_forks_apart, Branch, |stage| {
    if stage.info().knows_forks {
        return;
    }
    for event in ["pull_request", "pull_request_target"] {
        let stand = stand(stage, [one(1)]);
        let step = on_pull(stand.select("branch"), event, "mallory/sample-app", "main");
        stand.refuses(step, &["`branch`", "fork"]);
    }
});

every_selecting!(a_fork_that_is_gone_has_no_name_to_match, Branch, |stage| {
    let stand = stand(stage, [one(1), one(2).fork("mallory")]);
    let event = json!({"pull_request": {
        "head": {"sha": HEAD, "ref": "main", "repo": null},
        "base": {"sha": MERGE, "ref": "main", "repo": {"full_name": HOME}},
    }});
    let step = on_event(stand.select("branch"), "pull_request", &event);
    stand.refuses(step, &["`branch`", "fork"]);
});

every_selecting!(without_the_event_a_pull_request_is_taken_for_a_forks, Branch, |stage| {
    let stand = stand(stage, [one(1).branch("dev")]);
    let step = on_pull(stand.select("branch"), "pull_request", HOME, "dev");
    stand.refuses(step.without("GITHUB_EVENT_PATH"), &["`branch`", "fork"]);
});

every_selecting!(a_run_on_our_branch_never_touches_a_forks, Branch, |stage| {
    if !stage.info().knows_forks {
        return;
    }
    let stand = stand(stage, [one(1), one(2).fork("mallory")]);
    stand.cancels(on_push(stand.select("branch"), "main", HEAD), &[1]);
});

every_selecting!(a_written_branch_is_taken_as_it_is_also_on_a_forks_run, Branch, |stage| {
    let stand = stand(stage, [one(1), one(2).branch("dev")]);
    let step = on_pull(stand.select("branch"), "pull_request", "mallory/sample-app", "dev");
    stand.cancels(step.input("branch", "main"), &[1]);
});

every_selecting!(a_forks_branch_does_not_supersede_ours_of_the_same_name, Superseded, |stage| {
    if !stage.info().knows_forks {
        return;
    }
    let all = [one(1), one(2).fork("mallory"), one(3).fork("eve")];
    let stand = stand(stage, all);
    stand.idles(stand.select("superseded"));
});

#[test]
fn on_a_forks_run_a_deployment_must_say_that_it_is_the_forks() {
    let stand = stand(Stage::Vercel, []);
    let unsaid = json!({"meta": {"githubCommitOrg": null, "githubCommitRepo": null}});
    stand.sandbox.add(for_vercel(&one(1)).patch(unsaid));
    let step = stand.select("branch");
    stand.idles(on_pull(step, "pull_request", "mallory/sample-app", "main"));
}

/// A step of the same run on another CI system, where inputs are variables; what it ended with is its exit code.
fn on_another_ci(stand: &Stand, rule: &str, variables: &[(&str, &str)]) -> Ran {
    let step = Step::plain()
        .var("CANCEL_DEPLOYMENT_PLATFORM", stand.stage.name())
        .var("CANCEL_DEPLOYMENT_API_URL", &stand.sandbox.url(stand.stage.name()))
        .var("CANCEL_DEPLOYMENT_TIMEOUT", "20")
        .var("CANCEL_DEPLOYMENT_SELECT", rule);
    let inputs = stand.stage.inputs().into_iter().chain(stand.stage.select_inputs().unwrap());
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
            let stand = stand(stage, [one(1).commit(HEAD), one(2).branch("dev")]);
            let ran = on_another_ci(&stand, rule, variables);
            assert_eq!((ran.code, stand.asked()), (0, vec![canceled]), "{}", ran.stdout);
        }
    }
});

every_selecting!(buildkites_word_for_the_newest_commit_is_no_commit, Commit, |stage| {
    let stand = stand(stage, [one(1).commit(HEAD)]);
    let mut variables = BUILDKITE.to_vec();
    variables.push(("BUILDKITE_COMMIT", "HEAD"));
    let ran = on_another_ci(&stand, "commit", &variables);
    assert_eq!((ran.code, stand.asked().len()), (2, 0), "{}", ran.stdout);
});

every_selecting!(a_pull_requests_target_is_never_its_branch, Branch, |stage| {
    let stand = stand(stage, [one(1)]);
    let woodpecker = [
        ("CI", "woodpecker"),
        ("CI_PIPELINE_EVENT", "pull_request"),
        ("CI_COMMIT_BRANCH", "main"),
        ("CI_COMMIT_TARGET_BRANCH", "main"),
        ("CI_COMMIT_SOURCE_BRANCH", "dev"),
    ];
    on_another_ci(&stand, "branch", &woodpecker);
    assert_eq!(stand.asked(), [0; 0]);
});

every_selecting!(a_run_of_another_ci_on_our_branch_never_touches_a_forks, Branch, |stage| {
    if !stage.info().knows_forks {
        return;
    }
    let stand = stand(stage, [one(1), one(2).fork("mallory")]);
    let mut variables = BUILDKITE.to_vec();
    variables.push(("BUILDKITE_BRANCH", "main"));
    let ran = on_another_ci(&stand, "branch", &variables);
    assert_eq!((ran.code, stand.asked()), (0, vec![1]), "{}", ran.stdout);
});

// Events whose run stands on another branch.

every_selecting!(a_comments_run_stands_on_a_branch_that_it_is_not_about, Commit, |stage| {
    for rule in stage.rules(["commit", "branch"]) {
        let stand = stand(stage, [one(1).commit(MERGE)]);
        let step = on_event(stand.select(rule), "issue_comment", &json!({}));
        stand.refuses(step, &[&format!("`{rule}`")]);
    }
});

every_selecting!(a_push_is_what_was_pushed, Commit, |stage| {
    for (rule, canceled) in [("commit", 1), ("branch", 2)] {
        if !stage.follows(rule) {
            continue;
        }
        let all = [one(1).commit(HEAD), one(2).branch("dev"), one(3).commit(MERGE)];
        let stand = stand(stage, all);
        let event = json!({"ref": "refs/heads/dev", "after": HEAD});
        stand.cancels(on_event(stand.select(rule), "push", &event), &[canceled]);
    }
});

#[test]
fn a_dispatch_by_vercel_is_about_its_own_commit() {
    let stand = stand(Stage::Vercel, [one(1).commit(HEAD), one(2).commit(MERGE)]);
    let event = dispatch_of("vercel.deployment.promoted");
    let step = on_event(stand.select("commit"), "repository_dispatch", &event);
    stand.cancels(step, &[1]);
}

// Superseded ones.

every_selecting!(all_but_the_newest_of_a_branch_are_superseded, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2).state(stage.waits()), one(3)]);
    let ran = stand.cancels(stand.select("superseded"), &[1, 2]);
    assert_eq!(ran.output("canceled_count"), "2");
});

every_selecting!(the_only_one_of_a_branch_is_kept, Superseded, |stage| {
    if stage.info().one_group {
        return;
    }
    let stand = stand(stage, [one(1), one(2).branch("dev")]);
    stand.idles(stand.select("superseded"));
});

every_selecting!(each_branch_keeps_its_own_newest, Superseded, |stage| {
    if stage.info().one_group {
        return;
    }
    let all = [one(1).branch("dev"), one(2), one(3).branch("dev"), one(4).branch("dev2"), one(5)];
    let stand = stand(stage, all);
    stand.cancels(stand.select("superseded"), &[1, 2]);
});

every_selecting!(each_target_keeps_its_own_newest, Superseded, |stage| {
    if !stage.has_targets() {
        return;
    }
    let production = |number| one(number).target("production");
    let all = [production(1), one(2), production(3), one(4)];
    let stand = stand(stage, all);
    stand.cancels(stand.select("superseded"), &[1, 2]);
    let all = [production(1), one(2).target("staging"), one(3)];
    let stand = self::stand(stage, all);
    stand.idles(stand.select("superseded"));
});

every_selecting!(a_finished_newer_one_supersedes, Superseded, |stage| {
    let stand = stand(stage, [one(1).state(stage.waits()), one(2).state("succeeded"), one(3).state("canceled")]);
    stand.cancels(stand.select("superseded"), &[1]);
});

every_selecting!(a_newer_one_that_came_to_nothing_supersedes_nothing, Superseded, |stage| {
    for state in ["canceled", stage.lost()] {
        let stand = stand(stage, [one(1), one(2).state(state)]);
        stand.idles(stand.select("superseded"));
    }
});

every_selecting!(a_newer_one_that_was_superseded_itself_supersedes_nothing, Superseded, |stage| {
    if !stage.has("superseded") {
        return;
    }
    let stand = stand(stage, [one(1), one(2).state("superseded"), one(3).state(stage.lost())]);
    stand.idles(stand.select("superseded"));
});

every_selecting!(a_newer_one_in_an_unknown_state_supersedes_nothing, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2).state("unknown")]);
    stand.idles(stand.select("superseded"));
});

#[test]
fn a_blocked_deployment_is_never_the_one_to_keep() {
    let stand = stand(Stage::Vercel, [one(1), one(2).state("BLOCKED")]);
    stand.idles(stand.select("superseded"));
    let all = [one(1), one(2), one(3).state("BLOCKED")];
    let stand = self::stand(Stage::Vercel, all);
    stand.cancels(stand.select("superseded"), &[1]);
}

#[test]
fn a_blocked_deployment_can_be_superseded() {
    let stand = stand(Stage::Vercel, [one(1).state("BLOCKED"), one(2)]);
    stand.cancels(stand.select("superseded"), &[1]);
}

every_selecting!(two_of_the_same_time_are_both_kept, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2).at(5), one(3).at(5)]);
    stand.cancels(stand.select("superseded"), &[1]);
});

every_selecting!(an_undated_deployment_is_left_alone_and_counted, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2), one(3).undated()]);
    let ran = stand.cancels(stand.select("superseded"), &[1]);
    warns(&ran, &["1 deployment", "time of creation"]);
});

every_selecting!(a_deployment_without_a_branch_belongs_to_no_group, Superseded, |stage| {
    if stage.info().one_group {
        return;
    }
    let all = [one(1).silent(), one(2).silent(), one(3)];
    let stand = stand(stage, all);
    let ran = stand.idles(stand.select("superseded"));
    warns(&ran, &["2 deployments", "branch"]);
});

every_selecting!(a_late_run_cancels_its_own_and_not_the_newer_one, Superseded, |stage| {
    let stand = stand(stage, [one(1).commit(HEAD), one(2)]);
    stand.cancels(on_push(stand.select("superseded"), "main", HEAD), &[1]);
});

every_selecting!(the_runs_own_branch_does_not_narrow_what_is_superseded, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2)]);
    stand.cancels(on_push(stand.select("superseded"), "dev", HEAD), &[1]);
});

every_selecting!(a_written_branch_narrows_what_is_superseded, Superseded, |stage| {
    if !stage.has_branches() {
        return;
    }
    let dev = |number| one(number).branch("dev");
    let stand = stand(stage, [one(1), dev(2), one(3), dev(4)]);
    let step = stand.select("superseded").input("branch", "refs/heads/dev");
    stand.cancels(step, &[2]);
});

every_selecting!(the_kept_one_is_read_right_before_its_group_is_canceled, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2)]);
    stand.cancels(stand.select("superseded"), &[1]);
    let calls = stand.calls();
    let at = calls.iter().position(|call| *call == Call::Cancel).unwrap();
    assert_eq!(calls[at - 1], Call::Read);
    assert_eq!(stand.named(Call::Read)[0], 2);
});

/// A run over the deployments that is held where it reads the kept one.
fn held_before_the_kept_one(stand: &Stand) -> Running {
    stand.sandbox.fault(Call::Read, [Fault::HoldBefore]);
    let running = stand.select("superseded").start();
    stand.sandbox.wait_for(Call::Read, 1);
    running
}

every_selecting!(when_the_kept_one_fails_in_between_the_next_one_is_kept, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2), one(3)]);
    let running = held_before_the_kept_one(&stand);
    stand.put(&one(3).state(stage.lost()));
    stand.sandbox.release();
    running.wait().ended("canceled", 0);
    assert_eq!(stand.asked(), [1]);
});

every_selecting!(when_the_only_one_to_keep_is_canceled_in_between_nothing_is, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2)]);
    let running = held_before_the_kept_one(&stand);
    stand.put(&one(2).state("canceled"));
    stand.sandbox.release();
    running.wait().ended("nothing_to_cancel", 0);
    assert_eq!(stand.asked(), [0; 0]);
});

every_selecting!(a_kept_one_that_finishes_in_between_is_still_kept, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2)]);
    let running = held_before_the_kept_one(&stand);
    stand.put(&one(2).state("succeeded"));
    stand.sandbox.release();
    running.wait().ended("canceled", 0);
    assert_eq!(stand.asked(), [1]);
});

every_selecting!(a_kept_one_that_cannot_be_read_is_waited_for, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2)]);
    stand.sandbox.fault(Call::Read, [Fault::Status(503), Fault::Reset]);
    stand.cancels(stand.select("superseded"), &[1]);
});

every_selecting!(a_kept_one_that_may_not_be_read_protects_its_group, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2)]);
    stand.sandbox.always(Call::Read, Fault::Status(403));
    stand.errs(stand.select("superseded"));
});

every_selecting!(every_kept_one_is_read_and_the_others_are_not, Superseded, |stage| {
    if stage.info().one_group {
        return;
    }
    let dev = |number| one(number).branch("dev");
    let all = [one(1), dev(2), one(3), dev(4), one(5).branch("alone")];
    let stand = stand(stage, all);
    stand.cancels(stand.select("superseded"), &[1, 2]);
    let mut read = stand.named(Call::Read);
    read.sort_unstable();
    assert_eq!(read, [3, 4]);
});

every_selecting!(one_branchs_lost_keeper_saves_its_older_ones_and_no_others, Superseded, |stage| {
    if stage.info().one_group {
        return;
    }
    let dev = |number| one(number).branch("dev");
    let stand = stand(stage, [one(1), dev(2), one(3), dev(4)]);
    let running = held_before_the_kept_one(&stand);
    stand.put(&dev(4).state("failed"));
    stand.sandbox.release();
    running.wait().ended("canceled", 0);
    assert_eq!(stand.asked(), [1]);
});

every_selecting!(a_newer_one_that_appears_in_between_is_not_touched, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2)]);
    let running = held_before_the_kept_one(&stand);
    stand.put(&one(3));
    stand.sandbox.release();
    running.wait().ended("canceled", 0);
    assert_eq!(stand.asked(), [1]);
});

every_selecting!(keepers_that_fail_again_and_again_end_the_run_without_a_cancel, Superseded, |stage| {
    let stand = stand(stage, (1..=8).map(one));
    stand.sandbox.always(Call::Read, Fault::HoldBefore);
    let running = stand.select("superseded").start();
    for look in 1..=4 {
        stand.sandbox.wait_for(Call::Read, look);
        stand.put(&one(9 - look).state(stage.lost()));
        stand.sandbox.release();
    }
    running.wait().ended("error", 1);
    assert_eq!(stand.asked(), [0; 0]);
});

every_selecting!(a_superseded_one_that_goes_live_first_is_no_failure, Superseded, |stage| {
    let stand = stand(stage, [one(1).then("succeeded"), one(2)]);
    let ran = stand.select("superseded").run();
    ran.ended("completed", 0);
    assert_eq!(ran.output("went_live"), "true");
});

every_selecting!(with_another_rule_one_that_goes_live_first_is_a_failure, All, |stage| {
    let stand = stand(stage, [one(1).then("succeeded")]);
    stand.select("all").run().ended("completed", 3);
});

every_selecting!(a_written_fail_on_holds_for_superseded_ones_as_well, Superseded, |stage| {
    let stand = stand(stage, [one(1).then("succeeded"), one(2)]);
    let step = stand.select("superseded").input("fail_on", "completed");
    step.run().ended("completed", 3);
});

// All.

every_selecting!(all_are_all_in_flight, All, |stage| {
    let all = [
        one(1),
        one(2).branch("dev").state(stage.waits()),
        one(3).state("succeeded"),
        one(4).silent(),
        one(5).state(stage.lost()),
    ];
    let stand = stand(stage, all);
    let ran = stand.cancels(stand.select("all"), &[1, 2, 4]);
    assert_eq!(ran.deployments().len(), 3);
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
        if !stage.follows(rule) {
            continue;
        }
        // Where one goes on at a time, that one is the latest.
        let canceled = if rule == "latest" && !stage.traits().many { vec![1] } else { canceled };
        let all = [own(1), elsewhere(2), own(3), elsewhere(4), elsewhere(5)];
        let stand = stand(stage, all);
        stand.cancels(on_push(stand.select(rule), "main", HEAD), &canceled);
    }
});

#[test]
fn a_team_is_another_scope_than_the_tokens_own_account() {
    let team = |number| for_vercel(&one(number)).team("team_1", "acme");
    for (input, value) in [("team_id", "team_1"), ("team_slug", "acme")] {
        let stand = stand(Stage::Vercel, [one(1)]);
        stand.sandbox.add(team(2));
        stand.cancels(stand.select("all").input(input, value), &[2]);
    }
    let stand = stand(Stage::Vercel, [one(1)]);
    stand.sandbox.add(team(2));
    stand.cancels(stand.select("all"), &[1]);
}

// Targets.

every_selecting!(a_target_narrows_every_rule, All, |stage| {
    if !stage.has_targets() {
        return;
    }
    for (rule, canceled) in [
        ("latest", vec![3]),
        ("commit", vec![1, 3]),
        ("branch", vec![1, 3]),
        ("superseded", vec![1]),
        ("all", vec![1, 3]),
    ] {
        let production = |number| one(number).commit(HEAD).target("production");
        let own = |number| one(number).commit(HEAD);
        let all = [production(1), own(2), production(3), own(4)];
        let stand = stand(stage, all);
        let step = on_push(stand.select(rule), "main", HEAD);
        stand.cancels(step.input("target", "production"), &canceled);
    }
});

every_selecting!(a_deployment_without_a_target_is_a_preview, All, |stage| {
    if !stage.has_targets() {
        return;
    }
    let stand = stand(stage, [one(1), one(2).target("production")]);
    stand.cancels(stand.select("all").input("target", "preview"), &[1]);
});

#[test]
fn a_custom_environment_is_a_target() {
    let stand = stand(Stage::Vercel, [one(1), one(2).target("staging")]);
    let ran = stand.cancels(stand.select("all").input("target", "staging"), &[2]);
    assert_eq!(ran.deployments()[0]["target"], "staging");
}

#[test]
fn a_custom_environment_is_found_by_its_name_whatever_its_answers_tell() {
    for rule in ["latest", "commit", "branch", "all"] {
        let to = |number: usize, environment: &str| {
            let one = for_vercel(&one(number).commit(HEAD));
            one.nameless_environment(&format!("env_{environment}"), environment)
        };
        let stand = stand(Stage::Vercel, [one(1).commit(HEAD), one(4).target("production")]);
        stand.sandbox.add(to(2, "qa")).add(to(3, "demo"));
        let step = on_push(stand.select(rule), "main", HEAD);
        let ran = stand.cancels(step.input("target", "qa"), &[2]);
        assert_eq!(ran.deployments()[0]["target"], "qa");
        // By its id as well, which then needs nobody who knows its name.
        let stand = self::stand(Stage::Vercel, [one(1).commit(HEAD)]);
        stand.sandbox.add(to(2, "qa")).add(to(3, "demo"));
        let step = on_push(stand.select(rule), "main", HEAD);
        stand.cancels(step.input("target", "env_demo"), &[3]);
    }
}

#[test]
fn a_custom_environment_is_no_preview() {
    let stand = stand(Stage::Vercel, [one(1)]);
    let to_qa = for_vercel(&one(2));
    stand.sandbox.add(to_qa.nameless_environment("env_qa", "qa"));
    stand.cancels(stand.select("all").input("target", "preview"), &[1]);
}

#[test]
fn an_environment_that_nobody_deployed_to_is_told_from_those_that_were_seen() {
    let stand = stand(Stage::Vercel, []);
    let to_qa = for_vercel(&one(2));
    stand.sandbox.add(to_qa.nameless_environment("env_qa", "qa"));
    let ran = stand.idles(stand.select("all").input("target", "demo"));
    warns(&ran, &["demo", "env_qa"]);
}

#[test]
fn a_filter_that_lets_other_targets_through_names_no_environment() {
    let item = |id: &str, more: Value| {
        let mut item =
            json!({ "uid": id, "state": "BUILDING", "projectId": "prj_1", "created": 1_786_100_000_000_i64 });
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    };
    let qa = item("dpl_1", json!({ "customEnvironment": { "id": "env_qa" } }));
    for other in [
        json!({ "customEnvironment": { "id": "env_demo" } }),
        json!({ "customEnvironment": { "id": "env_qa", "slug": "demo" } }),
        json!({ "target": "production" }),
        json!({}),
    ] {
        let stand = stand(Stage::Vercel, [one(1)]);
        let list = json!({ "deployments": [qa, item("dpl_2", other)] }).to_string();
        stand.sandbox.always(Call::List, Fault::json(200, &list));
        let ran = stand.errs(stand.select("all").input("target", "qa"));
        reasons(&ran, &["other targets than asked for"]);
    }
}

every_platform!(a_target_where_there_are_none_is_refused, |stage| {
    if stage.has_targets() {
        return;
    }
    let stand = stand(stage, [one(1)]);
    let step = stand.select("all").input("target", "production");
    stand.refuses(step, &["`target`", "narrow"]);
});

every_selecting!(a_target_beside_an_id_is_a_guard, Latest, |stage| {
    if !stage.has_targets() {
        return;
    }
    for (target, written, passes) in [
        (None, "preview", true),
        (Some("production"), "production", true),
        (Some("production"), "preview", false),
        (None, "production", false),
    ] {
        let one = match target {
            Some(target) => one(1).target(target),
            None => one(1),
        };
        let stand = stand(stage, [one]);
        let step = stand.step().input("deployment_id", &stage.id(1));
        let step = step.input("target", written);
        if passes {
            stand.cancels(step, &[1]);
        } else {
            reasons(&stand.errs(step), &["target", written]);
        }
    }
});

every_selecting!(a_guard_is_no_text_made_fit_to_be_shown, Branch, |stage| {
    let stand = stand(stage, [one(1).branch("main\u{fe0f}")]);
    let step = stand.step().input("deployment_id", &stage.id(1));
    let ran = stand.errs(step.input("branch", "main"));
    reasons(&ran, &["its branch is main"]);
});

// Pages.

/// Finished deployments with these numbers.
fn finished(numbers: impl IntoIterator<Item = usize>) -> Vec<One> {
    let all = numbers.into_iter();
    all.map(|number| one(number).state("failed")).collect()
}

#[test]
fn a_page_is_followed_by_the_next_while_something_is_in_flight() {
    let mut all = finished((1..=250).filter(|number| ![160, 205, 250].contains(number)));
    all.extend([one(160), one(205), one(250)]);
    let stand = stand(Stage::DigitalOcean, all);
    stand.cancels(stand.select("all"), &[160, 205, 250]);
    assert_eq!(stand.lists(), 3);
}

#[test]
fn a_whole_page_without_anything_in_flight_is_the_end() {
    let mut all = finished(2..=250);
    all.push(one(1).state("succeeded"));
    let stand = stand(Stage::DigitalOcean, all);
    stand.idles(stand.select("all"));
    assert_eq!(stand.lists(), 1);
}

#[test]
fn a_commit_is_looked_for_among_the_newest_hundred() {
    for (rule, lists) in [("latest", 1), ("commit", 2)] {
        let stand = stand(Stage::DigitalOcean, finished(1..=150));
        let step = on_push(stand.select(rule), "main", HEAD);
        stand.idles(step);
        assert_eq!(stand.lists(), lists, "{rule}");
    }
}

#[test]
fn a_branch_is_found_on_every_page() {
    let of = |number| match number {
        1 | 75 | 150 => one(number),
        _ => one(number).branch("other"),
    };
    let stand = stand(Stage::Vercel, (1..=150).map(of));
    let step = stand.select("branch").input("branch", "main");
    stand.cancels(step, &[1, 75, 150]);
    // Two pages by state, and the newest page of any state.
    assert_eq!(stand.lists(), 3);
}

#[test]
fn what_supersedes_is_looked_for_as_far_back_as_the_oldest_in_flight() {
    let mut all = finished(3..=150);
    all.extend([one(1).state("queued"), one(2).state("succeeded")]);
    let stand = stand(Stage::Vercel, all);
    stand.cancels(stand.select("superseded"), &[1]);
}

every_selecting!(a_page_that_cannot_be_read_leaves_nothing_to_choose_from, Latest, |stage| {
    if !stage.traits().many {
        // A queue comes whole.
        return;
    }
    let stand = stand(stage, (1..=250).map(one));
    stand.sandbox.fault(Call::List, [Fault::Pass, Fault::Status(403)]);
    stand.errs(stand.select("latest"));
});

// Appearing.

every_selecting!(a_deployment_may_take_a_while_to_appear, Commit, |stage| {
    let stand = stand(stage, [one(1).state("succeeded")]);
    let step = stand.select("commit").input("commit", HEAD);
    let running = step.input("appear_within", "15s").start();
    stand.sandbox.wait_for(Call::List, stage.traits().lists + 1);
    stand.put(&one(2).commit(HEAD));
    running.wait().ended("canceled", 0);
    assert_eq!(stand.asked(), [2]);
});

every_selecting!(without_appear_within_there_is_one_look, Latest, |stage| {
    let stand = stand(stage, [one(1).state("succeeded")]);
    stand.idles(stand.select("latest"));
    assert_eq!(stand.lists(), stage.traits().lists);
});

every_selecting!(when_nothing_appears_there_is_nothing_to_cancel, Branch, |stage| {
    let stand = stand(stage, [one(1).state("succeeded"), one(2).branch("dev")]);
    let step = stand.select("branch").input("branch", "main");
    let ran = stand.idles(step.input("appear_within", "1s"));
    reasons(&ran, &["branch main"]);
    assert!(stand.lists() > 1);
});

every_selecting!(a_deployment_of_another_commit_is_not_what_was_waited_for, Commit, |stage| {
    let stand = stand(stage, [one(1)]);
    let step = stand.select("commit").input("commit", HEAD);
    stand.idles(step.input("appear_within", "1s"));
});

every_selecting!(waiting_for_a_deployment_ends_by_the_limit, Latest, |stage| {
    let stand = stand(stage, [one(1).state("succeeded")]);
    let step = stand.select("latest").input("timeout", "2");
    stand.idles(step.input("appear_within", "1h"));
});

every_selecting!(a_signal_ends_the_wait_for_a_deployment, Latest, |stage| {
    let stand = stand(stage, [one(1).state("succeeded")]);
    let running = stand.select("latest").input("appear_within", "15s").start();
    stand.sandbox.wait_for(Call::List, stage.traits().lists);
    running.signal("TERM");
    running.wait().ended("interrupted", 143);
});

every_selecting!(appear_within_without_a_rule_is_bad_input, Latest, |stage| {
    let stand = stand(stage, [one(1)]);
    let step = stand.step().input("deployment_id", &stage.id(1));
    stand.refuses(step.input("appear_within", "5s"), &["`appear_within`", "`select`"]);
});

// Nothing to cancel.

every_selecting!(nothing_in_flight_is_no_failure_and_says_what_was_looked_at, Latest, |stage| {
    let stand = stand(stage, [one(1).state("succeeded"), one(2).state(stage.lost())]);
    let ran = stand.idles(stand.select("latest"));
    // Where one goes on at a time, that one is looked at and what waits.
    reasons(&ran, &[if stage.traits().many { "2 deployments" } else { "1 deployment" }]);
    let told = ["count", "deployments", "went_live", "canceled", "state"];
    let told = told.map(|name| ran.output(name));
    assert_eq!(told, ["0", "[]", "false", "false", ""]);
    assert_eq!(ran.output("canceled_count"), "0");
    ran.says("::notice title=");
});

every_selecting!(nothing_to_cancel_fails_where_that_is_asked_for, Latest, |stage| {
    let stand = stand(stage, [one(1).state("succeeded")]);
    let step = stand.select("latest").input("fail_on", "nothing_to_cancel");
    step.run().ended("nothing_to_cancel", 3);
});

every_selecting!(nothing_to_cancel_is_told_in_the_summary, Latest, |stage| {
    let stand = stand(stage, [one(1).state("succeeded")]);
    let ran = stand.idles(stand.select("latest"));
    assert!(ran.summary.contains("1 deployment"), "{}", ran.summary);
});

every_selecting!(a_scope_without_deployments_has_nothing_to_cancel, All, |stage| {
    let stand = stand(stage, []);
    stand.idles(stand.select("all"));
});

#[test]
fn a_project_without_deployments_has_nothing_to_cancel() {
    for project in ["prj_1", "web"] {
        let stand = stand(Stage::Vercel, []);
        stand.sandbox.add(vercel::Project::new("prj_1", "web"));
        stand.idles(stand.select("all").input("project_id", project));
    }
}

every_selecting!(an_unknown_scope_is_not_found_by_its_name, Latest, |stage| {
    let Some((input, name)) = stage.unknown_scope() else { return };
    for rule in stage.rules(["latest", "superseded", "all"]) {
        let stand = stand(stage, [one(1)]);
        let ran = stand.select(rule).input(input, name).run();
        ran.ended("not_found", 4);
        reasons(&ran, &[name, &format!("`{input}`")]);
        assert_eq!((ran.output("count"), stand.asked().len()), ("0", 0));
    }
});

#[test]
fn an_app_id_of_another_form_is_not_found_by_its_name() {
    let stand = stand(Stage::DigitalOcean, [one(1)]);
    stand.sandbox.always(Call::List, Fault::Status(400)).always(Call::Scope, Fault::Status(400));
    let ran = stand.select("latest").input("app_id", "my-app").run();
    ran.ended("not_found", 4);
    reasons(&ran, &["There is no app my-app", "`app_id`"]);
}

every_selecting!(a_400_to_the_list_of_a_scope_that_is_there_is_a_failed_read, Latest, |stage| {
    let stand = stand(stage, [one(1)]);
    stand.sandbox.always(Call::List, Fault::Status(400));
    let ran = stand.select("latest").run();
    ran.ended("error", 1);
    reasons(&ran, &[not_listed(stage)]);
});

#[test]
fn an_unknown_app_name_is_not_found_by_its_name() {
    let stand = stand(Stage::DigitalOcean, [one(1)]);
    let step = stand.select("latest").without("INPUT_APP_ID");
    let ran = step.input("app_name", "blog").run();
    ran.ended("not_found", 4);
    reasons(&ran, &["blog", "`app_name`"]);
}

// Inputs that do not go together.

every_selecting!(a_rule_beside_an_id_is_bad_input, Latest, |stage| {
    let stand = stand(stage, [one(1)]);
    let step = stand.select("latest").input("deployment_id", &stage.id(1));
    stand.refuses(step, &["`select`", "`deployment_id`"]);
});

every_selecting!(neither_a_rule_nor_an_id_is_bad_input_that_names_both, Latest, |stage| {
    if !stage.needs_id() {
        return;
    }
    let stand = stand(stage, [one(1)]);
    stand.refuses(stand.step(), &["`deployment_id`", "`select`"]);
});

every_selecting!(a_branch_beside_a_rule_that_does_not_use_it_is_bad_input, Latest, |stage| {
    for rule in stage.rules(["latest", "commit", "all"]) {
        let stand = stand(stage, [one(1).commit(HEAD)]);
        let step = on_push(stand.select(rule), "main", HEAD);
        stand.refuses(step.input("branch", "main"), &["`branch`"]);
    }
});

every_selecting!(a_branch_cannot_narrow_where_deployments_carry_none, Superseded, |stage| {
    if stage.has_branches() {
        return;
    }
    let stand = stand(stage, [one(1), one(2)]);
    stand.refuses(stand.select("superseded").input("branch", "main"), &["`branch`"]);
});

every_selecting!(a_commit_beside_a_rule_that_does_not_use_it_is_bad_input, Latest, |stage| {
    for rule in stage.rules(["latest", "branch", "superseded", "all"]) {
        let stand = stand(stage, [one(1).commit(HEAD)]);
        let step = on_push(stand.select(rule), "main", HEAD);
        stand.refuses(step.input("commit", HEAD), &["`commit`"]);
    }
});

every_selecting!(a_rule_needs_its_scope, Latest, |stage| {
    let asked = stage.select_inputs().unwrap().first().map(|(name, _)| *name);
    let scope = asked.or(stage.unknown_scope().map(|(name, _)| name)).unwrap();
    for rule in stage.rules(["latest", "commit", "branch", "superseded", "all"]) {
        let stand = stand(stage, [one(1).commit(HEAD)]);
        let step = on_push(stand.select(rule), "main", HEAD);
        let step = step.without(&format!("INPUT_{}", scope.to_uppercase()));
        stand.refuses(step, &[&format!("`{scope}`")]);
    }
});

every_platform!(a_rule_that_a_platform_cannot_follow_names_what_to_use_instead, |stage| {
    for rule in Select::ALL.into_iter().filter(|rule| !stage.selects(*rule)) {
        let stand = stand(stage, [one(1)]);
        let step = on_push(stand.select(rule.word()), "main", HEAD);
        let says = format!("cannot be `{}`", rule.word());
        stand.refuses(step, &["`select`", &says, stage.info().no_select]);
    }
});

every_platform!(guards_that_a_platform_cannot_check_are_bad_input, |stage| {
    if stage.selects(Select::Commit) {
        return;
    }
    for (guard, value) in [("branch", "main"), ("commit", HEAD)] {
        let stand = stand(stage, [one(1)]);
        let step = stand.step().input("deployment_id", &stage.id(1)).input(guard, value);
        stand.refuses(step, &[&format!("`{guard}`")]);
    }
});

// Guards beside an id.

every_selecting!(a_deployment_of_the_guarded_branch_and_commit_is_canceled, Branch, |stage| {
    let stand = stand(stage, [one(1).commit(HEAD)]);
    let step =
        stand.step().input("deployment_id", &stage.id(1)).input("branch", "refs/heads/main").input("commit", "1111111");
    stand.cancels(step, &[1]);
});

every_selecting!(a_deployment_of_another_branch_or_commit_is_refused, Branch, |stage| {
    for (guard, value) in [("branch", "main2"), ("branch", "mai"), ("commit", OTHER)] {
        let stand = stand(stage, [one(1).commit(HEAD)]);
        let step = stand.step().input("deployment_id", &stage.id(1));
        let ran = stand.errs(step.input(guard, value));
        reasons(&ran, &[guard, value]);
    }
});

every_selecting!(what_has_ended_of_another_branch_is_refused_as_well, Branch, |stage| {
    for state in ["canceled", "failed", "succeeded"] {
        for (guard, value) in [("branch", "dev"), ("commit", HEAD)] {
            let stand = stand(stage, [one(1).state(state)]);
            let step = stand.step().input("deployment_id", &stage.id(1));
            let ran = stand.errs(step.input(guard, value));
            reasons(&ran, &[guard, value]);
            assert_eq!(ran.output("canceled"), "false");
        }
    }
});

every_selecting!(a_guard_that_cannot_be_checked_is_not_passed, Branch, |stage| {
    for (guard, value) in [("branch", "main"), ("commit", HEAD)] {
        let stand = stand(stage, [one(1).silent()]);
        let step = stand.step().input("deployment_id", &stage.id(1));
        stand.errs(step.input(guard, value));
        let stand = self::stand(stage, [one(1).commit(HEAD)]);
        stand.sandbox.always(Call::Read, Fault::Status(403));
        let step = stand.step().input("deployment_id", &stage.id(1));
        stand.errs(step.input(guard, value));
    }
});

every_selecting!(the_runs_own_branch_is_no_guard, Latest, |stage| {
    let stand = stand(stage, [one(1)]);
    let step = stand.step().input("deployment_id", &stage.id(1));
    stand.cancels(on_push(step, "dev", HEAD), &[1]);
});

every_selecting!(one_refused_deployment_does_not_stop_the_others, Branch, |stage| {
    let stand = stand(stage, [one(1), one(2).branch("dev")]);
    let ids = format!("{},{}", stage.id(1), stage.id(2));
    let step = stand.step().input("deployment_id", &ids);
    step.input("branch", "main").run().ended("error", 1);
    assert_eq!(stand.asked(), [1]);
});

// Deployments that are over.

every_selecting!(a_commit_that_went_live_already_is_told_so, Commit, |stage| {
    for (states, outcome, code, live) in [
        (["succeeded", "succeeded"], "already_finished", 3, "true"),
        (["succeeded", "failed"], "already_finished", 3, "true"),
        (["failed", "canceled"], "already_finished", 0, "false"),
    ] {
        let own = |number: usize| one(number).commit(HEAD).state(states[number - 1]);
        let stand = stand(stage, [own(1), own(2), one(3).state("succeeded"), one(4)]);
        let step = stand.select("commit").input("commit", HEAD);
        // It is over, so nothing of it is waited for.
        let ran = step.input("appear_within", "15s").run();
        ran.ended(outcome, code);
        assert_eq!(stand.asked(), [0; 0]);
        assert_eq!(stand.lists(), stage.traits().lists);
        assert_eq!(ran.output("went_live"), live);
        assert_eq!(ran.output("count"), "1");
        let told = if live == "true" && states[1] != "succeeded" { 1 } else { 2 };
        assert_eq!(ran.output("deployment_id"), stage.id(told));
        assert!(!ran.output("deployment_url").is_empty());
    }
});

every_selecting!(a_commit_is_looked_for_among_the_newest_hundred, Commit, |stage| {
    let mut all = finished(2..=100);
    all.push(one(1).commit(HEAD).state("succeeded"));
    let stand = stand(stage, all);
    let step = stand.select("commit").input("commit", HEAD);
    step.run().ended("already_finished", 3);
});

every_selecting!(what_is_in_flight_of_a_commit_is_canceled_whatever_is_over, Commit, |stage| {
    let own = |number| one(number).commit(HEAD);
    let stand = stand(stage, [own(1), own(2).state("succeeded")]);
    stand.cancels(stand.select("commit").input("commit", HEAD), &[1]);
});

every_selecting!(where_another_push_may_be_meant_nobody_says_no, All, |stage| {
    let all = || [one(1).state(stage.lost()), one(2).commit(HEAD).state("succeeded")];
    for rule in stage.rules(["latest", "branch", "all"]) {
        let stand = stand(stage, all());
        let ran = stand.idles(on_push(stand.select(rule), "main", MERGE));
        reasons(&ran, &[&stage.id(2), "has gone live: to be sure,"]);
        if stage.selects(Select::Commit) {
            reasons(&ran, &["commit 111111111111", "created 20", "`select: commit`"]);
        }
        assert_eq!(ran.output("went_live"), "unknown");
        ran.says("::notice title=");
        let says = "**Did it go live?** Not known";
        assert!(ran.summary.contains(says), "{}", ran.summary);
    }
    let older = stand(stage, [one(1).state("succeeded"), one(2).state(stage.lost())]);
    let ran = older.idles(older.select("latest"));
    assert_eq!(ran.output("went_live"), "false");
    if !stage.selects(Select::Superseded) {
        return;
    }
    let kept = stand(stage, [one(1).state(stage.lost()), one(2).state("succeeded")]);
    let ran = kept.idles(kept.select("superseded"));
    assert_eq!(ran.output("went_live"), "false");
    let before = stand(stage, [one(1).state("succeeded"), one(2)]);
    let ran = before.idles(before.select("superseded"));
    assert_eq!(ran.output("went_live"), "unknown");
});

// What the platform started by itself.

/// The causes of copies that nobody asked for.
const AUTOMATIC: [&str; 4] = ["AUTOSCALED", "MAINTENANCE", "UPDATE_DATABASE_TRUSTED_SOURCES", "AUTO_ROLLBACK"];

fn with_a_copy(cause: &str, state: &'static str) -> Stand {
    let stand = stand(Stage::DigitalOcean, [one(1).commit(HEAD), one(2).commit(HEAD)]);
    let copy = for_digitalocean(&one(3).commit(HEAD).state(state));
    stand.sandbox.add(copy.patch(json!({"cause_details": {"type": cause}})));
    stand
}

#[test]
fn what_digitalocean_started_by_itself_is_chosen_only_where_all_are_meant() {
    for cause in AUTOMATIC {
        for (rule, canceled) in [
            ("latest", vec![2]),
            ("commit", vec![1, 2]),
            ("branch", vec![1, 2]),
            ("superseded", vec![1]),
            ("all", vec![1, 2, 3]),
        ] {
            let stand = with_a_copy(cause, "running");
            let ran = stand.cancels(on_push(stand.select(rule), "main", HEAD), &canceled);
            let counted = ran.stdout.contains("1 deployment in flight that the platform started");
            assert_eq!(counted, rule != "all", "{rule}: {}", ran.stdout);
        }
    }
    let stand = with_a_copy("AUTOSCALED", "running");
    stand.cancels(stand.step().input("deployment_id", "dep-3"), &[3]);
}

#[test]
fn a_copy_is_how_its_commit_ended_only_if_it_is_live() {
    for (state, told, code) in [("succeeded", "dep-3", 3), ("failed", "dep-2", 0), ("running", "dep-2", 0)] {
        let stand = with_a_copy("AUTOSCALED", state);
        stand.put(&one(1).commit(HEAD).state("failed"));
        stand.put(&one(2).commit(HEAD).state("failed"));
        let ran = stand.select("commit").input("commit", HEAD).run();
        ran.ended("already_finished", code);
        assert_eq!(ran.output("deployment_id"), told);
        assert_eq!(stand.asked(), [0; 0]);
    }
}

// Full references.

#[test]
fn a_full_reference_of_the_platforms_is_the_branch_it_names() {
    let of = |number: usize, reference: &str| {
        for_vercel(&one(number)).patch(json!({
            "gitSource": null,
            "meta": {"githubCommitRef": reference, "githubCommitSha": HEAD},
        }))
    };
    for (rule, canceled) in [("branch", vec![1, 2]), ("superseded", vec![1])] {
        let stand = stand(Stage::Vercel, []);
        stand.sandbox.add(of(1, "refs/heads/main"));
        stand.sandbox.add(of(2, "main"));
        stand.sandbox.add(of(3, "refs/tags/main"));
        stand.cancels(on_push(stand.select(rule), "main", HEAD), &canceled);
    }
    let stand = stand(Stage::Vercel, []);
    stand.sandbox.add(of(1, "refs/heads/main"));
    let step = stand.step().input("deployment_id", "dpl_1");
    stand.cancels(step.input("branch", "main"), &[1]);
}

// Waiting for its turn.

fn rate_limit() -> Fault {
    Fault::RetryAfter { status: 429, value: "1".to_owned() }
}

every_selecting!(what_a_list_said_is_read_again_when_the_cancel_had_to_wait, All, |stage| {
    if !stage.has("queued") {
        return;
    }
    for rule in stage.rules(["latest", "all", "branch"]) {
        let stand = stand(stage, [one(1).state("queued")]);
        stand.sandbox.fault(Call::Cancel, [rate_limit()]);
        let step = on_push(stand.select(rule), "main", HEAD).input("only_states", "queued");
        let running = step.start();
        stand.sandbox.wait_for(Call::Cancel, 1);
        stand.put(&one(1).state("running"));
        let ran = running.wait();
        ran.ended("skipped", 0);
        reasons(&ran, &["turned away", "only_states", stage.shown("running")]);
        assert_eq!(stand.sandbox.count(Call::Cancel), 1);
    }
});

every_selecting!(a_kept_one_is_read_again_when_the_cancel_had_to_wait, Superseded, |stage| {
    for (state, outcome, times) in [(stage.lost(), "skipped", 1), ("succeeded", "canceled", 2)] {
        let stand = stand(stage, [one(1), one(2)]);
        stand.sandbox.fault(Call::Cancel, [rate_limit()]);
        let running = stand.select("superseded").start();
        stand.sandbox.wait_for(Call::Cancel, 1);
        stand.put(&one(2).state(state));
        let ran = running.wait();
        ran.ended(outcome, 0);
        assert_eq!(stand.asked(), vec![1; times]);
        let says = format!("{}, which was to supersede it, is", stage.id(2));
        assert_eq!(ran.output("reason").contains(&says), times == 1);
    }
});

every_selecting!(a_kept_one_that_cannot_be_read_again_protects_the_older_one, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2)]);
    stand.sandbox.fault(Call::Cancel, [rate_limit()]);
    // The kept one is read once before the first request.
    let forbidden = std::iter::repeat_n(Fault::Status(403), 8);
    stand.sandbox.fault(Call::Read, [Fault::Pass].into_iter().chain(forbidden));
    stand.select("superseded").run().ended("error", 1);
    assert_eq!(stand.asked(), [1]);
});

every_selecting!(what_waits_behind_many_others_is_read_again_before_its_turn, All, |stage| {
    if !stage.has("queued") {
        return;
    }
    let stand = stand(stage, (1..=9).map(|number| one(number).state("queued")));
    let slow = Fault::Delay(Duration::from_millis(1500));
    stand.sandbox.fault(Call::Cancel, vec![slow; 8]);
    let step = stand.select("all").input("only_states", "queued");
    let running = step.start();
    stand.sandbox.wait_for(Call::Cancel, 8);
    let asked = stand.asked();
    let left = (1..=9).find(|number| !asked.contains(number)).unwrap();
    stand.put(&one(left).state("running"));
    let ran = running.wait();
    ran.ended("canceled", 0);
    assert_eq!(stand.asked(), asked);
    let told = ran.deployments();
    let skipped: Vec<_> = told.iter().filter(|it| it["outcome"] == "skipped").collect();
    assert_eq!(skipped.len(), 1, "{told:?}");
    assert_eq!(skipped[0]["deployment_id"], json!(stage.id(left)));
});

// Events that carry a deployment.

fn dispatch_of(action: &str) -> Value {
    json!({"action": action, "client_payload": {
        "id": "dpl_1",
        "url": "https://web-1.vercel.app",
        "git": {"sha": HEAD, "ref": "main"},
    }})
}

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
            let stand = stand(stage, [one(1)]);
            let step = on_event(stand.step(), name, &event);
            stand.refuses(step, &["`deployment_id`"]);
        }
        let stand = stand(Stage::Vercel, [one(1), one(2)]);
        let step = stand.step().input("deployment_id", url);
        let ran = stand.cancels(on_event(step, name, &event), &[1]);
        assert_eq!(ran.output("count"), "1");
    }
}

// Lists that fail.

/// What stands in the reason where no list could be read.
fn not_listed(stage: Stage) -> &'static str {
    if stage.traits().many { "Could not list the deployments" } else { "Could not read the environment's queue" }
}

every_selecting!(a_list_that_fails_for_a_while_is_repeated, Latest, |stage| {
    let bursts = [
        vec![Fault::Status(500), Fault::Status(502)],
        vec![Fault::Html(502), Fault::Reset],
        vec![Fault::Truncated],
        vec![Fault::Html(200)],
        vec![Fault::Garbage(200)],
    ];
    let stands = bursts.map(|faults| {
        let stand = stand(stage, [one(1)]);
        stand.sandbox.fault(Call::List, faults);
        stand
    });
    let running = stands.each_ref().map(|stand| stand.select("latest").start());
    for (stand, running) in stands.iter().zip(running) {
        running.wait().ended("canceled", 0);
        assert_eq!(stand.asked(), [1]);
    }
});

every_selecting!(a_rate_limit_on_the_list_is_waited_for, Latest, |stage| {
    let stand = stand(stage, [one(1)]);
    stand.sandbox.fault(Call::List, [rate_limit()]);
    stand.cancels(stand.select("latest"), &[1]);
    // Once more than otherwise.
    assert_eq!(stand.lists(), stage.traits().lists + 1);
});

every_selecting!(a_rate_limit_past_the_limit_ends_the_run_at_once, Latest, |stage| {
    let stand = stand(stage, [one(1)]);
    let limit = Fault::RetryAfter { status: 429, value: "600".to_owned() };
    stand.sandbox.always(Call::List, limit);
    stand.errs(stand.select("latest"));
    assert_eq!(stand.lists(), 1);
});

every_selecting!(a_list_that_never_makes_sense_is_an_error_and_no_calm, Latest, |stage| {
    let faults = [
        Fault::Html(200),
        Fault::json(200, r#"{"deployments": [{"name": "web"}]}"#),
        Fault::json(200, r#"{"deployments": "none"}"#),
    ];
    let stands = faults.map(|fault| {
        let stand = stand(stage, [one(1)]);
        stand.sandbox.always(Call::List, fault);
        stand
    });
    let running = stands.each_ref().map(|stand| stand.select("latest").start());
    for (stand, running) in stands.iter().zip(running) {
        let ran = running.wait();
        ran.ended("error", 1);
        assert_eq!((ran.output("count"), stand.asked().len()), ("0", 0));
    }
});

every_selecting!(a_refused_credential_ends_the_list_at_once, Latest, |stage| {
    let stand = stand(stage, [one(1)]);
    stand.sandbox.always(Call::List, Fault::Status(401));
    stand.errs(stand.select("latest"));
    assert_eq!(stand.lists(), 1);
});

every_selecting!(a_list_that_is_forbidden_is_an_error_that_says_what_was_tried, Latest, |stage| {
    let stand = stand(stage, [one(1)]);
    stand.sandbox.always(Call::List, Fault::Status(403));
    let ran = stand.errs(stand.select("latest"));
    reasons(&ran, &[not_listed(stage)]);
});

#[test]
fn an_older_list_is_used_where_the_newer_one_is_not_there() {
    let stand = stand(Stage::Vercel, [one(1)]);
    stand.sandbox.fault(Call::List, [Fault::Status(404)]);
    stand.cancels(stand.select("latest"), &[1]);
    // The name of a custom environment is asked for there as well.
    let stand = self::stand(Stage::Vercel, []);
    let to_qa = for_vercel(&one(1));
    let to_qa = to_qa.nameless_environment("env_qa", "qa");
    stand.sandbox.add(to_qa);
    let gone = Fault::Status(404);
    let faults = [gone.clone(), Fault::Pass, Fault::Pass, gone];
    stand.sandbox.fault(Call::List, faults);
    stand.cancels(stand.select("latest").input("target", "qa"), &[1]);
}

// The rest of a run.

every_selecting!(only_states_holds_for_what_was_selected, All, |stage| {
    if !stage.has("queued") {
        return;
    }
    // Where one goes on at a time, it is the other one that waits.
    let (all, waits) = match stage.traits().many {
        true => ([one(1).state("queued"), one(2)], 1),
        false => ([one(1), one(2)], 2),
    };
    let stand = stand(stage, all);
    let ran = stand.select("all").input("only_states", "queued").run();
    ran.ended("canceled", 0);
    assert_eq!(stand.asked(), [waits]);
    let told = ["count", "canceled_count", "canceled"].map(|name| ran.output(name));
    assert_eq!(told, ["2", "1", "false"]);
});

every_selecting!(a_dry_run_selects_and_cancels_nothing, Latest, |stage| {
    for (rule, count) in [("latest", 1), ("superseded", 1), ("all", 2)] {
        if !stage.follows(rule) {
            continue;
        }
        let stand = stand(stage, [one(1), one(2)]);
        let ran = stand.select(rule).input("dry_run", "true").run();
        ran.ended("dry_run", 0);
        assert_eq!(ran.deployments().len(), count, "{rule}");
        assert_eq!(stand.asked(), [0; 0]);
    }
});

every_selecting!(without_waiting_the_selected_ones_are_requested, All, |stage| {
    let all = [one(1).then("running"), one(2).then("running")];
    let stand = stand(stage, all);
    let ran = stand.select("all").input("wait", "false").run();
    ran.ended("requested", 0);
    assert_eq!(stand.asked(), [1, 2]);
    assert_eq!(ran.output("went_live"), "unknown");
});

every_selecting!(each_selected_deployment_tells_what_it_was_made_from, Commit, |stage| {
    let stand = stand(stage, [one(1).branch("dev").commit(HEAD)]);
    let ran = stand.cancels(stand.select("latest"), &[1]);
    let told = &ran.deployments()[0];
    let branch = if stage.has_branches() { json!("dev") } else { Value::Null };
    assert_eq!((&told["branch"], &told["commit"]), (&branch, &HEAD.into()));
    assert!(told["created_at"].as_str().unwrap().ends_with('Z'), "{told}");
});

every_selecting!(the_log_says_what_was_asked_for, Branch, |stage| {
    let stand = stand(stage, [one(1)]);
    let ran = stand.cancels(stand.select("branch").input("branch", "main"), &[1]);
    ran.says("branch main");
    assert!(ran.summary.contains("branch main"), "{}", ran.summary);
});

every_selecting!(a_signal_while_listing_leaves_everything_running, All, |stage| {
    let stand = stand(stage, [one(1)]);
    stand.sandbox.fault(Call::List, [Fault::HoldBefore]);
    let running = stand.select("all").start();
    stand.sandbox.wait_for(Call::List, 1);
    running.signal("TERM");
    let ran = running.wait();
    ran.ended("interrupted", 143);
    reasons(&ran, &["before any cancel request was sent"]);
    assert_eq!((stand.asked().len(), ran.output("count")), (0, "0"));
});

every_selecting!(a_signal_while_the_kept_one_is_read_leaves_everything_running, Superseded, |stage| {
    let stand = stand(stage, [one(1), one(2)]);
    let running = held_before_the_kept_one(&stand);
    running.signal("INT");
    running.wait().ended("interrupted", 130);
    assert_eq!(stand.asked(), [0; 0]);
});

// Many.

every_selecting!(at_most_eight_requests_are_under_way, All, |stage| {
    let stand = stand(stage, (1..=20).map(one));
    stand.sandbox.always(Call::Cancel, Fault::HoldBefore);
    let running = stand.select("all").start();
    stand.sandbox.wait_for(Call::Cancel, 8);
    // Those eight are the only ones that are out when the run is told to stop.
    running.signal("TERM");
    let ran = running.wait();
    ran.ended("interrupted", 143);
    assert_eq!((stand.asked().len(), ran.output("count")), (8, "20"));
});

#[test]
fn a_thousand_superseded_deployments_stay_readable_and_each_is_asked_once() {
    let stand = stand(Stage::Vercel, (1..=1001).map(one));
    let ran = stand.select("superseded").input("timeout", "240").run();
    ran.ended("canceled", 0);
    let asked = stand.asked();
    let distinct: BTreeSet<_> = asked.iter().collect();
    assert_eq!((asked.len(), distinct.len()), (1000, 1000));
    assert!(!distinct.contains(&1001));
    assert_eq!(ran.output("count"), "1000");
    assert!(ran.output("deployments").len() < 100 << 10);
    assert!(ran.summary.len() < 1 << 20 && ran.summary.contains('|'));
    let notices = ran.stdout.lines();
    let notices = notices.filter(|line| line.starts_with("::notice title="));
    assert_eq!(notices.count(), 10);
    warns(&ran, &["`deployments`", "left out"]);
}

#[test]
fn more_than_a_thousand_are_an_error_unless_all_are_meant() {
    let stand = stand(Stage::Vercel, (1..=1002).map(one));
    for rule in ["branch", "superseded"] {
        let step = on_push(stand.select(rule), "main", HEAD);
        let ran = stand.errs(step);
        reasons(&ran, &["1000"]);
    }
    let ran = stand.select("all").input("dry_run", "true").run();
    ran.ended("dry_run", 0);
    assert_eq!(ran.output("count"), "1002");
}

// Many at once.

every_selecting!(many_end_by_a_read_of_their_own_where_their_list_lags, All, |stage| {
    let ids: Vec<_> = (1..=12).map(|number| stage.id(number)).collect();
    let Some(stale) = stage.list(&ids, stage.shown("running")) else { return };
    // The answer to the cancel shows no end either, so only reads do.
    let all = (1..=12).map(one).map(|one| One { course: one.course.clone().answering("running"), ..one });
    let stand = stand(stage, all);
    stand.sandbox.fault(Call::List, vec![Fault::Pass; stage.traits().lists]);
    stand.sandbox.always(Call::List, Fault::json(200, &stale));
    let step = stand.select("all").input("timeout", "6");
    let ran = step.run();
    ran.ended("canceled", 0);
    assert_eq!(ran.output("canceled_count"), "12");
});

#[test]
fn many_are_watched_by_one_list_a_round() {
    let many = 30;
    let sandbox = Sandbox::start();
    let at = |number: i64| {
        vercel::Deployment::new("prj_1", "web", &format!("dpl_{number}")).created_at(1_790_000_000_000 + number * 1000)
    };
    for number in 1..=many {
        sandbox.add(at(number).after_cancel(["BUILDING"]));
    }
    let step = Step::on(&sandbox, "vercel").input("project_id", "prj_1").input("select", "all");
    let running = step.start();
    // One list to choose from, then three rounds in which nothing has ended.
    sandbox.wait_for(Call::List, 4);
    for number in 1..=many {
        sandbox.add(at(number).states(["CANCELED"]));
    }
    let ran = running.wait();
    ran.ended("canceled", 0);
    assert_eq!(ran.output("canceled_count"), many.to_string());
    // Each end is read from the deployment itself; a round without an end costs none of these.
    let reads = sandbox.count(Call::Read);
    assert!(reads <= 2 * usize::try_from(many).unwrap(), "{reads} reads");
}
