//! Inputs that are not right, told once and by the names that each CI system's user writes.

use crate::step::{Ran, Step};

/// A step of that CI system in which this is written, for a platform that wants a password.
fn lacking(ci: &str, prefix: &str, more: &[(&str, &str)]) -> Ran {
    let written = [("PLATFORM", "cloud_foundry"), ("API_URL", "https://api.example.com"), ("USERNAME", "ci")];
    let written = written.into_iter().chain([("DEPLOYMENT_ID", "dep-1")]);
    let step = written.fold(Step::of(ci), |step, (name, value)| step.var(&format!("{prefix}{name}"), value));
    more.iter().fold(step, |step, (name, value)| step.var(name, value)).run()
}

/// How often the streams hold it.
fn count(ran: &Ran, text: &str) -> usize {
    ran.stdout.matches(text).count() + ran.stderr.matches(text).count()
}

#[test]
fn a_missing_password_is_told_once_by_the_name_that_the_user_writes() {
    const BUILDKITE: &str = "BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_";
    for (ci, prefix, name) in [
        ("github", "INPUT_", "password"),
        ("github", "CANCEL_DEPLOYMENT_", "CANCEL_DEPLOYMENT_PASSWORD"),
        ("gitea", "INPUT_", "password"),
        ("forgejo", "INPUT_", "password"),
        ("gitlab", "CANCEL_DEPLOYMENT_", "CANCEL_DEPLOYMENT_PASSWORD"),
        ("buildkite", BUILDKITE, "password"),
        ("circleci", "CANCEL_DEPLOYMENT_", "CANCEL_DEPLOYMENT_PASSWORD"),
        ("bitbucket", "CANCEL_DEPLOYMENT_", "CANCEL_DEPLOYMENT_PASSWORD"),
        ("woodpecker", "PLUGIN_", "settings: password"),
        ("harness", "PLUGIN_", "settings: password"),
        ("drone", "PLUGIN_", "settings: password"),
        ("jenkins", "CANCEL_DEPLOYMENT_", "CANCEL_DEPLOYMENT_PASSWORD"),
        ("plain", "CANCEL_DEPLOYMENT_", "CANCEL_DEPLOYMENT_PASSWORD"),
    ] {
        let ran = lacking(ci, prefix, &[]);
        assert_eq!(ran.code, 2, "{ci}");
        let fault = format!("`{name}` is missing: set it, or the variable CF_PASSWORD.");
        assert_eq!(count(&ran, &fault), 1, "{ci}\n{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(count(&ran, "is missing"), 1, "{ci}\n{}\n{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_run_without_any_input_is_told_of_the_way_that_is_usual_there() {
    for (ci, name) in
        [("github", "`platform`"), ("drone", "`settings: platform`"), ("gitlab", "`CANCEL_DEPLOYMENT_PLATFORM`")]
    {
        Step::of(ci).run().says(&format!("{name} is missing: set it to `digitalocean`"));
    }
}

#[test]
fn a_secret_that_is_missing_may_be_one_that_this_run_is_not_given() {
    for (ci, prefix, facts, why) in [
        ("gitlab", "CANCEL_DEPLOYMENT_", &[][..], "protected branches and tags"),
        ("gitlab", "CANCEL_DEPLOYMENT_", &[("CI_COMMIT_REF_PROTECTED", "true")], ""),
        ("github", "INPUT_", &[("GITHUB_EVENT_NAME", "pull_request")], "pull requests from forks"),
        ("github", "INPUT_", &[("GITHUB_ACTOR", "dependabot[bot]")], "Dependabot"),
        ("github", "INPUT_", &[("GITHUB_EVENT_NAME", "push")], ""),
        ("azure", "INPUT_", &[("SYSTEM_PULLREQUEST_ISFORK", "True")], "pull requests from forks"),
        ("azure", "CANCEL_DEPLOYMENT_", &[], "`env:` maps it"),
        ("circleci", "CANCEL_DEPLOYMENT_", &[("CIRCLE_PR_NUMBER", "4")], "builds from forks"),
        ("drone", "PLUGIN_", &[("DRONE_PULL_REQUEST", "4")], "pull requests only if"),
        ("drone", "PLUGIN_", &[], ""),
        ("woodpecker", "PLUGIN_", &[], "the events that its settings name"),
        ("plain", "CANCEL_DEPLOYMENT_", &[], ""),
    ] {
        let ran = lacking(ci, prefix, facts);
        let fault =
            format!("is missing: set it, or the variable CF_PASSWORD.{}", if why.is_empty() { "" } else { " " });
        let line = ran.stdout.lines().chain(ran.stderr.lines()).find(|line| line.contains(&fault));
        let line = line.unwrap_or_else(|| panic!("{ci}\n{}\n{}", ran.stdout, ran.stderr));
        let behind = line.split_once("CF_PASSWORD.").map_or("", |(_, behind)| behind);
        assert!(behind.contains(why) && (!why.is_empty() || !behind.contains(' ')), "{ci} {line}");
    }
    let public = lacking(
        "gitlab",
        "CANCEL_DEPLOYMENT_",
        &[("CANCEL_DEPLOYMENT_PASSWORD", "x y z"), ("CANCEL_DEPLOYMENT_WAIT", "x")],
    );
    assert!(!public.stdout.contains("protected"), "no secret is missing: {}", public.stdout);
}

#[test]
fn a_usual_variable_is_named_beside_the_input_it_stands_for() {
    let ran = lacking("gitlab", "CANCEL_DEPLOYMENT_", &[("CF_PASSWORD", "a\nb")]);
    ran.says("`CANCEL_DEPLOYMENT_PASSWORD` (from CF_PASSWORD) contains a line break");
}
