//! Inputs as users write them: spellings, precedence, and everything that is refused before the first request.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::sandbox::digitalocean::{App, Deployment};
use crate::sandbox::{Call, Sandbox, Seen, TOKEN};
use crate::sandbox::{cloud_foundry, vercel};
use crate::step::{Ran, Step};

/// Every spelling of `deployment_id`, the winner first.
const SPELLINGS: [&str; 6] = [
    "INPUT_DEPLOYMENT_ID",
    "INPUT_DEPLOYMENT-ID",
    "PLUGIN_DEPLOYMENT_ID",
    "PLUGIN_DEPLOYMENT-ID",
    "BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_DEPLOYMENT_ID",
    "CANCEL_DEPLOYMENT_DEPLOYMENT_ID",
];

const LIST: &str = "BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_DEPLOYMENT_ID";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(App::new("app-1", "web"));
    for id in ["dep-1", "dep-2"] {
        sandbox.add(Deployment::new("app-1", id));
    }
    sandbox
}

/// Everything but the deployment.
fn app(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "digitalocean").input("app_id", "app-1")
}

fn step(sandbox: &Sandbox) -> Step {
    app(sandbox).input("deployment_id", "dep-1")
}

fn vercel_sandbox() -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1"));
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_2").team("team_1", "acme"));
    sandbox
}

fn vercel_step(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "vercel").input("deployment_id", "dpl_1")
}

/// The ids that were read first, in their order, as they stood in the path.
fn read_ids(sandbox: &Sandbox) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for seen in sandbox.requests() {
        let id = seen.path.rsplit('/').next().unwrap_or_default().to_owned();
        if seen.call == Call::Read && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

fn first_read(sandbox: &Sandbox) -> Seen {
    let mut reads = sandbox.requests().into_iter();
    reads.find(|seen| seen.call == Call::Read).unwrap()
}

/// Bad input: said by every one of these names, nothing sent.
#[track_caller]
fn refused(ran: &Ran, sandbox: &Sandbox, names: &[&str]) {
    ran.ended("error", 2);
    assert_eq!((ran.output("count"), ran.output("deployments")), ("0", "[]"));
    assert_eq!(ran.output("canceled"), "false");
    for name in names {
        let reason = ran.output("reason");
        assert!(reason.contains(name), "no {name} in {reason:?}");
        ran.says(name);
    }
    assert!(sandbox.requests().is_empty(), "something was sent");
}

/// One input written badly as `CANCEL_DEPLOYMENT_*` is refused by both of its names.
#[track_caller]
fn refuses(name: &str, value: &str) -> Ran {
    let sandbox = sandbox();
    let upper = name.to_uppercase();
    let variable = format!("CANCEL_DEPLOYMENT_{upper}");
    let ran = step(&sandbox).without(&format!("INPUT_{upper}")).var(&variable, value).run();
    refused(&ran, &sandbox, &[&format!("`{name}`"), &variable]);
    ran
}

fn warnings(ran: &Ran) -> Vec<&str> {
    let lines = ran.stdout.lines();
    lines.filter(|line| line.starts_with("::warning")).collect()
}

fn binary() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("cancel-deployment"));
    command.env_clear();
    command
}

fn called_with(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let variables = variables.iter().copied();
    binary().args(arguments).envs(variables).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

// Where an input is looked up

#[test]
fn a_step_in_a_path_is_bad_input_wherever_it_could_enter_one() {
    for (platform, name, needed) in [
        ("digitalocean", "app_id", &[("deployment_id", "d1")][..]),
        ("digitalocean", "app_id", &[("select", "latest")]),
        ("digitalocean", "deployment_id", &[("app_id", "a1")]),
        ("cloud_foundry", "app_id", &[("select", "latest")]),
        ("cloud_foundry", "deployment_id", &[]),
        ("datadog", "deployment_id", &[("api_key", TOKEN), ("app_key", TOKEN)]),
        ("vercel", "project_id", &[("deployment_id", "dpl_1")]),
        ("vercel", "project_id", &[("select", "latest")]),
        ("vercel", "deployment_id", &[]),
        ("qovery", "environment_id", &[]),
        ("qovery", "deployment_id", &[("environment_id", "e1")]),
        ("render", "service_id", &[("deployment_id", "dep-1")]),
        ("render", "deployment_id", &[("service_id", "srv-1")]),
        ("railway", "deployment_id", &[("token", ""), ("api_token", TOKEN)]),
        ("railway", "service_id", &[("token", ""), ("api_token", TOKEN), ("deployment_id", "d1")]),
    ] {
        for path in [".", "..", " .. "] {
            let sandbox = Sandbox::start();
            let step = Step::on(&sandbox, platform).input(name, path);
            let step = needed.iter().fold(step, |step, (name, value)| step.input(name, value));
            let ran = step.run();
            ran.ended("error", 2);
            ran.says(&format!("`{name}`"));
            assert!(sandbox.requests().is_empty(), "{platform} {name}");
        }
    }
}

#[test]
fn every_spelling_of_an_input_is_read() {
    for spelling in SPELLINGS {
        let sandbox = sandbox();
        let ran = app(&sandbox).var(spelling, "dep-1").run();
        assert_eq!((ran.code, read_ids(&sandbox)), (0, vec!["dep-1".to_owned()]), "{spelling}");
    }
}

#[test]
fn the_spellings_win_in_the_documented_order() {
    for first in 0..SPELLINGS.len() {
        let sandbox = sandbox();
        let mut step = app(&sandbox);
        for (at, spelling) in SPELLINGS.iter().enumerate().skip(first) {
            step = step.var(spelling, &format!("id-{at}"));
        }
        step.run();
        assert_eq!(read_ids(&sandbox), [format!("id-{first}")]);
    }
}

#[test]
fn an_empty_or_blank_value_falls_through_to_the_next_spelling() {
    for nothing in ["", " ", "\n\t "] {
        let sandbox = sandbox();
        let mut step = app(&sandbox).var("CANCEL_DEPLOYMENT_DEPLOYMENT_ID", "dep-1");
        for spelling in &SPELLINGS[..5] {
            step = step.var(spelling, nothing);
        }
        step.run().ended("canceled", 0);
    }
}

#[test]
fn an_empty_value_means_the_default() {
    let sandbox = sandbox();
    let mut step = step(&sandbox);
    for name in [
        "wait",
        "timeout",
        "poll_interval",
        "fail_on",
        "dry_run",
        "summary",
        "ci",
        "ca_cert",
        "only_states",
        "output_file",
        "app_name",
    ] {
        step = step.input(name, "");
    }
    step.run().ended("canceled", 0).says("at most 240 s");
}

#[test]
fn white_space_around_a_value_is_dropped() {
    let sandbox = sandbox();
    let ran = step(&sandbox)
        .input("platform", " digitalocean\n")
        .input("app_id", "\tapp-1 ")
        .input("deployment_id", "\n dep-1 \n")
        .input("wait", " true ")
        .input("token", &format!("  {TOKEN}\n"))
        .run();
    ran.ended("canceled", 0);
}

#[test]
fn quotes_around_a_value_are_named_in_every_input() {
    for name in ["platform", "timeout", "branch", "token", "api_url", "output_file", "app_id"] {
        for value in ["\"a-value-of-some-length\"", "'x'", "`x`"] {
            let ran = refuses(name, value);
            ran.says("brackets or quotes");
            assert_eq!(errors(&ran).len(), 1, "{}", ran.stdout);
        }
    }
    for (name, value) in [("platform", "[digitalocean]"), ("ci", "<github-actions>")] {
        refuses(name, value).says("brackets or quotes");
    }
}

#[test]
fn a_buildkite_list_names_several_deployments() {
    let sandbox = sandbox();
    let ran = app(&sandbox).var(&format!("{LIST}_0"), "dep-1").var(&format!("{LIST}_1"), "dep-2").run();
    assert_eq!(ran.ended("canceled", 0).output("count"), "2");
}

#[test]
fn a_buildkite_list_yields_to_an_earlier_prefix() {
    let sandbox = sandbox();
    step(&sandbox).var(&format!("{LIST}_0"), "dep-2").run();
    assert_eq!(read_ids(&sandbox), ["dep-1"]);
}

#[test]
fn a_buildkite_list_comes_before_cancel_deployment() {
    let sandbox = sandbox();
    app(&sandbox).var(&format!("{LIST}_0"), "dep-2").var("CANCEL_DEPLOYMENT_DEPLOYMENT_ID", "dep-1").run();
    assert_eq!(read_ids(&sandbox), ["dep-2"]);
}

#[test]
fn a_gap_in_a_buildkite_list_loses_no_deployment() {
    let sandbox = sandbox();
    let ran = app(&sandbox).var(&format!("{LIST}_0"), "").var(&format!("{LIST}_1"), "dep-2").run();
    ran.ended("canceled", 0);
    assert_eq!(read_ids(&sandbox), ["dep-2"]);
}

#[test]
fn a_lower_case_or_unprefixed_name_is_no_input() {
    let sandbox = sandbox();
    let ran = app(&sandbox).var("input_deployment_id", "dep-1").var("DEPLOYMENT_ID", "dep-1").run();
    refused(&ran, &sandbox, &["`deployment_id`"]);
}

// The platforms' usual variables

#[test]
fn digitaloceans_access_token_comes_before_its_token() {
    let sandbox = sandbox();
    let ran = step(&sandbox)
        .without("INPUT_TOKEN")
        .var("DIGITALOCEAN_TOKEN", "the-other-token")
        .var("DIGITALOCEAN_ACCESS_TOKEN", TOKEN)
        .secret("the-other-token")
        .run();
    ran.ended("canceled", 0);
}

#[test]
fn an_empty_access_token_falls_through_to_digitaloceans_token() {
    let sandbox = sandbox();
    let ran = step(&sandbox)
        .without("INPUT_TOKEN")
        .var("DIGITALOCEAN_ACCESS_TOKEN", " ")
        .var("DIGITALOCEAN_TOKEN", TOKEN)
        .run();
    ran.ended("canceled", 0);
}

#[test]
fn every_prefix_beats_the_usual_variable() {
    for prefix in ["INPUT", "PLUGIN", "BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT", "CANCEL_DEPLOYMENT"] {
        let sandbox = sandbox();
        let ran = step(&sandbox)
            .without("INPUT_TOKEN")
            .var(&format!("{prefix}_TOKEN"), TOKEN)
            .var("DIGITALOCEAN_ACCESS_TOKEN", "the-other-token")
            .secret("the-other-token")
            .run();
        ran.ended("canceled", 0);
    }
}

#[test]
fn digitaloceans_app_comes_from_its_usual_variable() {
    let sandbox = sandbox();
    let ran = step(&sandbox).without("INPUT_APP_ID").var("DIGITALOCEAN_APP_ID", "app-1").run();
    ran.ended("canceled", 0);
}

#[test]
fn a_written_app_name_beats_the_usual_variable_of_the_app_id() {
    let sandbox = sandbox();
    let ran = step(&sandbox)
        .without("INPUT_APP_ID")
        .input("app_name", "web")
        .var("DIGITALOCEAN_APP_ID", "app-of-somebody-else")
        .run();
    ran.ended("canceled", 0);
}

#[test]
fn a_usual_variable_that_is_beaten_may_hold_anything() {
    let sandbox = sandbox();
    let ran = step(&sandbox)
        .without("INPUT_APP_ID")
        .input("app_name", "web")
        .var("DIGITALOCEAN_APP_ID", "$(DIGITALOCEAN_APP_ID)")
        .run();
    ran.ended("canceled", 0);
}

#[test]
fn vercels_token_comes_from_its_usual_variable() {
    let sandbox = vercel_sandbox();
    let step = vercel_step(&sandbox).without("INPUT_TOKEN");
    step.var("VERCEL_TOKEN", TOKEN).run().ended("canceled", 0);
}

#[test]
fn vercels_team_comes_from_its_usual_variable() {
    let sandbox = vercel_sandbox();
    let step = vercel_step(&sandbox).input("deployment_id", "dpl_2");
    step.var("VERCEL_TEAM_ID", "team_1").run().ended("canceled", 0);
    assert!(first_read(&sandbox).query.contains("teamId=team_1"));
}

#[test]
fn vercels_team_id_comes_before_its_organisation() {
    let sandbox = vercel_sandbox();
    vercel_step(&sandbox).var("VERCEL_TEAM_ID", "team_1").var("VERCEL_ORG_ID", "team_2").run();
    assert!(first_read(&sandbox).query.contains("teamId=team_1"));
}

#[test]
fn vercels_organisation_is_a_team_when_it_starts_so() {
    let sandbox = vercel_sandbox();
    vercel_step(&sandbox).var("VERCEL_ORG_ID", "team_1").run();
    assert!(first_read(&sandbox).query.contains("teamId=team_1"));
}

#[test]
fn vercels_organisation_is_left_alone_when_it_is_a_person() {
    let sandbox = vercel_sandbox();
    let ran = vercel_step(&sandbox).var("VERCEL_ORG_ID", "eLrCnEgbKhsHyfbiNR7E8496").run();
    ran.ended("canceled", 0);
    let query = first_read(&sandbox).query;
    assert!(!query.contains("teamId") && !query.contains("slug"), "{query}");
}

#[test]
fn a_written_team_slug_beats_vercels_organisation() {
    let sandbox = vercel_sandbox();
    let ran = vercel_step(&sandbox)
        .input("deployment_id", "dpl_2")
        .input("team_slug", "acme")
        .var("VERCEL_ORG_ID", "team_2")
        .var("VERCEL_TEAM_ID", "team_3")
        .run();
    ran.ended("canceled", 0);
    let query = first_read(&sandbox).query;
    assert!(query.contains("slug=acme") && !query.contains("teamId"), "{query}");
}

#[test]
fn vercels_project_variable_guards_the_deployment() {
    let sandbox = vercel_sandbox();
    let ran = vercel_step(&sandbox).var("VERCEL_PROJECT_ID", "prj_2").run();
    ran.ended("error", 1).says("project_id");
    assert_eq!(sandbox.count(Call::Cancel), 0);
}

#[test]
fn a_written_project_beats_the_usual_variable() {
    let sandbox = vercel_sandbox();
    let ran = vercel_step(&sandbox).input("project_id", "prj_1").var("VERCEL_PROJECT_ID", "prj_2").run();
    ran.ended("canceled", 0);
}

#[test]
fn an_address_of_a_deployment_beats_the_usual_variables_of_what_it_names() {
    const ADDRESS: &str = "https://vercel.com/acme/web/2";
    let sandbox = vercel_sandbox();
    let elsewhere = |ids: &str| {
        vercel_step(&sandbox)
            .input("deployment_id", ids)
            .var("VERCEL_ORG_ID", "team_2")
            .var("VERCEL_PROJECT_ID", "prj_2")
    };
    elsewhere(ADDRESS).run().ended("canceled", 0);
    assert!(first_read(&sandbox).query.contains("slug=acme"));
    // A written one is a guard, and an id beside an address keeps what the variables say.
    for step in [
        elsewhere("https://vercel.com/acme/web/1").input("project_id", "prj_2"),
        elsewhere("https://vercel.com/acme/web/1,dpl_2"),
    ] {
        assert_ne!(step.run().code, 0);
    }
}

#[test]
fn a_written_team_that_an_address_contradicts_is_refused() {
    let sandbox = vercel_sandbox();
    let address = "https://vercel.com/acme/web/1";
    let contradicted = vercel_step(&sandbox).input("deployment_id", address).input("team_slug", "other");
    refused(&contradicted.run(), &sandbox, &["`team_slug`", "acme"]);
    let two = format!("{address}, https://vercel.com/other/web/2");
    let two = vercel_step(&sandbox).input("deployment_id", &two);
    refused(&two.run(), &sandbox, &["`deployment_id`", "acme, other"]);
    let same = vercel_step(&sandbox).input("deployment_id", "https://vercel.com/ACME/web/2").input("team_slug", "acme");
    same.run().ended("canceled", 0);
}

#[test]
fn a_team_is_judged_like_every_id() {
    for name in ["team_id", "team_slug", "project_id"] {
        for value in ["[acme]", "..", "a\u{7}b"] {
            let sandbox = vercel_sandbox();
            let ran = vercel_step(&sandbox).input(name, value).run();
            refused(&ran, &sandbox, &[&format!("`{name}`")]);
        }
    }
}

#[test]
fn variables_of_another_platform_are_not_used() {
    let sandbox = sandbox();
    let ran = step(&sandbox).without("INPUT_TOKEN").var("VERCEL_TOKEN", TOKEN).run();
    refused(&ran, &sandbox, &["`token`", "DIGITALOCEAN_ACCESS_TOKEN"]);
}

// Bad input

#[test]
fn two_written_names_of_the_app_are_refused() {
    let sandbox = sandbox();
    let ran = step(&sandbox).var("PLUGIN_APP_NAME", "web").run();
    refused(&ran, &sandbox, &["`app_id`", "INPUT_APP_ID", "`app_name`"]);
}

#[test]
fn two_written_names_of_the_team_are_refused() {
    let sandbox = vercel_sandbox();
    let ran = vercel_step(&sandbox).input("team_id", "team_1").input("team_slug", "acme").run();
    refused(&ran, &sandbox, &["`team_id`", "`team_slug`"]);
}

#[test]
fn a_variable_that_was_not_expanded_is_refused_in_every_notation() {
    for value in [
        "$ID",
        "${ID}",
        "$(ID)",
        "$(My.Id)",
        " $ID ",
        "$[variables['id']]",
        "${{ steps.x.outputs.id }}",
        "<< pipeline.id >>",
        "<+pipeline.id>",
        "%ID%",
        "dep-2,$(ID)",
        "dep-2\n${{ x }}",
    ] {
        refuses("deployment_id", value);
    }
}

#[test]
fn a_variable_that_was_not_expanded_is_refused_in_every_input() {
    for name in [
        "platform",
        "deployment_id",
        "select",
        "branch",
        "commit",
        "appear_within",
        "only_states",
        "wait",
        "timeout",
        "poll_interval",
        "fail_on",
        "dry_run",
        "summary",
        "output_file",
        "ci",
        "api_url",
        "ca_cert",
        "token",
        "app_id",
    ] {
        refuses(name, "$(SOMETHING)");
        refuses(name, "${{ something }}");
    }
}

#[test]
fn an_organization_that_was_not_expanded_is_no_account_of_ones_own() {
    let sandbox = vercel_sandbox();
    let ran = vercel_step(&sandbox).var("VERCEL_ORG_ID", "$(VERCEL_ORG_ID)").run();
    refused(&ran, &sandbox, &["`team_id`", "VERCEL_ORG_ID"]);
}

#[test]
fn a_branch_that_git_would_not_allow_is_refused() {
    for name in ["a..b", "feature/*", "a b", "refs/tags/v1", "refs/heads/$X", "HEAD", "-x"] {
        refuses("branch", name);
    }
}

#[test]
fn brackets_and_quotes_around_an_id_are_named() {
    for id in ["[dep-1]", "\"dep-1\"", "'dep-1'", "[\"dep-1\", \"dep-2\"]"] {
        let ran = refuses("deployment_id", id);
        ran.says("brackets or quotes");
        refuses("app_id", id).says("brackets or quotes");
    }
}

#[test]
fn a_usual_variable_that_was_not_expanded_is_refused() {
    let sandbox = sandbox();
    let step = step(&sandbox).without("INPUT_TOKEN");
    let ran = step.var("DIGITALOCEAN_ACCESS_TOKEN", "$(DIGITALOCEAN_ACCESS_TOKEN)").run();
    refused(&ran, &sandbox, &["`token`", "DIGITALOCEAN_ACCESS_TOKEN"]);
}

#[test]
fn all_faults_are_reported_together() {
    let sandbox = sandbox();
    let ran = Step::github()
        .input("platform", "digitalocean")
        .var("PLUGIN_TIMEOUT", "soon")
        .var("CANCEL_DEPLOYMENT_WAIT", "perhaps")
        .input("fail_on", "everything")
        .input("only_states", "done")
        .input("api_url", "ftp://127.0.0.1")
        .run();
    let names = [
        "`deployment_id`",
        "`token`",
        "`app_id`",
        "`app_name`",
        "`timeout` (PLUGIN_TIMEOUT)",
        "`wait` (CANCEL_DEPLOYMENT_WAIT)",
        "`fail_on` (INPUT_FAIL_ON)",
        "`only_states` (INPUT_ONLY_STATES)",
        "`api_url` (INPUT_API_URL)",
    ];
    refused(&ran, &sandbox, &names);
}

#[test]
fn what_the_ci_system_does_not_tell_is_missed_beside_other_faults() {
    for select in ["commit", "branch"] {
        let sandbox = sandbox();
        let ran = app(&sandbox).input("select", select).input("timeout", "soon").run();
        refused(&ran, &sandbox, &["`timeout`", &format!("`{select}` is missing")]);
        let malformed = app(&sandbox).input("select", select).input(select, "..").run();
        assert!(!malformed.output("reason").contains("is missing"));
    }
}

#[test]
fn a_branch_that_may_be_a_forks_is_not_said_to_be_one() {
    let sandbox = vercel_sandbox();
    let of_pull = |branch: &str| {
        Step::of("circleci")
            .input("platform", "vercel")
            .input("api_url", &sandbox.url("vercel"))
            .input("token", TOKEN)
            .input("project_id", "prj_1")
            .input("select", "branch")
            .var("CIRCLE_BRANCH", branch)
            .var("CIRCLE_PR_REPONAME", "web")
            .run()
    };
    let unsure = of_pull("topic");
    assert_eq!(unsure.code, 2);
    unsure.says("`branch` cannot be taken from this run: it may belong to a fork");
    let unknown = of_pull("pull/4");
    assert_eq!(unknown.code, 2);
    unknown.says("`branch` is missing");
    assert!(!format!("{}{}", unknown.stdout, unknown.stderr).contains("fork"));
}

#[test]
fn without_any_input_the_platform_and_the_deployment_are_missed_together() {
    let sandbox = sandbox();
    refused(&Step::github().run(), &sandbox, &["`platform`", "`deployment_id`"]);
}

#[test]
fn an_unknown_platform_hides_no_other_fault() {
    let sandbox = sandbox();
    let ran = Step::github().input("platform", "heroku").input("timeout", "soon").run();
    refused(&ran, &sandbox, &["`platform` (INPUT_PLATFORM)", "`timeout` (INPUT_TIMEOUT)", "`deployment_id`"]);
}

#[test]
fn an_unknown_platform_is_answered_with_the_known_ones() {
    let ran = refuses("platform", "heroku");
    ran.says("`digitalocean`").says("`vercel`");
}

#[test]
fn a_missing_token_names_the_usual_variables() {
    let sandbox = sandbox();
    let ran = step(&sandbox).without("INPUT_TOKEN").run();
    refused(&ran, &sandbox, &["`token`", "DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN"]);
}

#[test]
fn bad_input_ends_with_2_even_when_nothing_may_fail() {
    let sandbox = sandbox();
    let step = step(&sandbox).input("fail_on", "none").input("timeout", "soon");
    refused(&step.run(), &sandbox, &["`timeout`"]);
}

fn errors(ran: &Ran) -> Vec<&str> {
    let lines = ran.stdout.lines();
    lines.filter(|line| line.starts_with("::error ")).collect()
}

#[test]
fn faults_that_are_the_same_are_told_once_and_counted() {
    let sandbox = sandbox();
    let ids = ["."; 40_000].join(",");
    let ran = app(&sandbox).input("deployment_id", &ids).run();
    refused(&ran, &sandbox, &["`deployment_id` (INPUT_DEPLOYMENT_ID)", "(40000 times)"]);
    assert_eq!(errors(&ran).len(), 1, "{}", ran.stdout);
    assert!(ran.output("reason").len() < 400, "{}", ran.output("reason"));
    let summary = std::fs::read_to_string(ran.folder.path().join("summary")).unwrap();
    assert!(summary.len() < 1000, "{summary}");
}

#[test]
fn more_faults_than_ten_are_the_first_nine_and_one_that_counts_the_rest() {
    let sandbox = sandbox();
    let mut ids: Vec<_> = (0..100).map(|more| "x".repeat(513 + more)).collect();
    ids.push("..".to_owned());
    let ran = app(&sandbox).input("deployment_id", &ids.join("\n")).run();
    refused(&ran, &sandbox, &["513 bytes", "521 bytes", "92 more inputs are not right"]);
    assert_eq!(errors(&ran).len(), 10, "{}", ran.stdout);
    assert!(!ran.output("reason").contains("522 bytes"));
}

#[test]
fn each_fault_is_an_error_annotation() {
    let sandbox = sandbox();
    let ran = step(&sandbox).input("timeout", "soon").input("wait", "perhaps").run();
    let errors = ran.stdout.lines().filter(|line| line.starts_with("::error "));
    assert_eq!(errors.count(), 2, "{}", ran.stdout);
}

#[test]
fn nobody_knows_what_went_live_after_bad_input() {
    let sandbox = sandbox();
    let ran = step(&sandbox).input("timeout", "soon").run();
    assert_eq!((ran.output("went_live"), ran.output("state")), ("unknown", ""));
}

#[test]
fn a_token_in_the_wrong_input_is_not_echoed() {
    for name in [
        "platform",
        "only_states",
        "wait",
        "timeout",
        "poll_interval",
        "fail_on",
        "dry_run",
        "summary",
        "ci",
        "api_url",
        "ca_cert",
    ] {
        const OTHER: &str = "dop_v1_0123456789abcdef0123456789abcdef";
        let sandbox = sandbox();
        let ran = step(&sandbox)
            .input(name, OTHER)
            .input("api_url", if name == "api_url" { OTHER } else { "https://127.0.0.1:9" })
            .secret(OTHER)
            .run();
        refused(&ran, &sandbox, &[name]);
    }
}

#[test]
fn the_runs_own_token_in_the_wrong_input_is_not_echoed() {
    for name in
        ["platform", "deployment_id", "app_id", "output_file", "only_states", "fail_on", "ci", "timeout", "api_url"]
    {
        let sandbox = sandbox();
        // Every run checks that no secret is shown.
        step(&sandbox).input(name, TOKEN).run();
    }
}

#[test]
fn a_token_with_a_line_break_is_refused_without_echo() {
    let sandbox = sandbox();
    let step = step(&sandbox).input("token", "first-half-of-it\nsecond-half-of-it");
    let ran = step.secret("first-half-of-it").secret("second-half-of-it").run();
    refused(&ran, &sandbox, &["`token`", "INPUT_TOKEN"]);
}

// Names that are nearly right

#[test]
fn a_misspelled_name_gets_a_warning_with_the_real_one() {
    for (variable, real) in [
        ("PLUGIN_APPID", "`app_id`"),
        ("PLUGIN_DEPLOYMENT_IDS", "`deployment_id`"),
        ("CANCEL_DEPLOYMENT_TIME_OUT", "`timeout`"),
        ("CANCEL_DEPLOYMENT_DRYRUN", "`dry_run`"),
        ("CANCEL_DEPLOYMENT_FAILON", "`fail_on`"),
        ("CANCEL_DEPLOYMENT_DRY-RUN", "`dry_run`"),
        ("PLUGIN_dry_run", "`dry_run`"),
    ] {
        let sandbox = sandbox();
        let ran = step(&sandbox).var(variable, "anything-at-all").secret("anything-at-all").run();
        ran.ended("canceled", 0);
        let warnings = warnings(&ran);
        assert!(
            matches!(warnings.as_slice(), [only] if only.contains(variable) && only.contains(real)),
            "{warnings:?}"
        );
    }
}

#[test]
fn a_misspelled_name_is_named_beside_what_is_missing() {
    let sandbox = sandbox();
    let ran = app(&sandbox).var("CANCEL_DEPLOYMENT_DEPLOYMENTID", "dep-1").run();
    refused(&ran, &sandbox, &["`deployment_id`"]);
    assert_eq!(warnings(&ran).len(), 1);
}

#[test]
fn names_that_resemble_nothing_get_no_warning() {
    let sandbox = sandbox();
    let ran = step(&sandbox)
        .var("PLUGIN_KUBERNETES_NAMESPACE", "x")
        .var("CANCEL_DEPLOYMENT_VERSION_PREFIX", "x")
        .var("PLUGIN_APPID", " ")
        .run();
    assert!(warnings(&ran).is_empty(), "{}", ran.stdout);
}

// Lists

#[test]
fn ids_are_separated_by_commas_and_lines_of_any_kind() {
    for list in ["dep-1,dep-2", "dep-1\ndep-2", "dep-1\r\ndep-2", " dep-1 , , dep-2,\n", "dep-1,\n\ndep-2\n"] {
        let sandbox = sandbox();
        let ran = app(&sandbox).input("deployment_id", list).run();
        assert_eq!(ran.ended("canceled", 0).output("count"), "2", "{list:?}");
    }
}

#[test]
fn the_same_id_twice_counts_once() {
    let sandbox = sandbox();
    let ran = app(&sandbox).input("deployment_id", "dep-1,dep-2, dep-1\ndep-1").run();
    assert_eq!(ran.ended("canceled", 0).output("count"), "2");
    assert_eq!(sandbox.count(Call::Cancel), 2);
}

#[test]
fn a_uuid_is_the_same_in_capitals() {
    const DEPLOYMENT: &str = "3aa4d20e-5527-4c00-b496-601fbd22520a";
    const APP: &str = "4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf";
    let sandbox = Sandbox::start();
    sandbox.add(App::new(APP, "web"));
    sandbox.add(Deployment::new(APP, DEPLOYMENT));
    let both = format!("{},{DEPLOYMENT}", DEPLOYMENT.to_uppercase());
    let ran = app(&sandbox).input("app_id", &APP.to_uppercase()).input("deployment_id", &both).run();
    assert_eq!(ran.ended("canceled", 0).output("count"), "1");
    let sandbox = Sandbox::start();
    sandbox.add(cloud_foundry::Deployment::new(DEPLOYMENT));
    Step::on(&sandbox, "cloud_foundry").input("deployment_id", &both).run().ended("canceled", 0);
}

#[test]
fn a_list_without_an_item_is_refused() {
    for name in ["deployment_id", "only_states", "fail_on"] {
        refuses(name, ",");
    }
}

// Values

#[test]
fn booleans_are_read_in_any_case() {
    for (value, outcome) in [("TRUE", "dry_run"), ("True", "dry_run"), ("FALSE", "canceled"), ("False", "canceled")] {
        let sandbox = sandbox();
        step(&sandbox).input("dry_run", value).run().ended(outcome, 0);
    }
}

#[test]
fn nothing_but_true_and_false_is_a_boolean() {
    for name in ["wait", "dry_run", "summary"] {
        for value in ["yes", "1", "on", "truee"] {
            refuses(name, value);
        }
    }
}

#[test]
fn durations_have_a_unit_or_mean_seconds() {
    for (value, seconds) in [("90", 90), ("90s", 90), ("5m", 300), ("1h", 3600), ("1", 1), ("24h", 86_400)] {
        let sandbox = sandbox();
        let ran = step(&sandbox).input("timeout", value).run();
        ran.ended("canceled", 0).says(&format!("at most {seconds} s"));
    }
}

#[test]
fn durations_outside_their_range_or_form_are_refused() {
    for value in ["0", "25h", "86401", "-1", "1.5m", "5 minutes", "1d", "m", "1h30m", "99999999999999999999"] {
        refuses("timeout", value);
    }
    for value in ["0s", "3601", "2h"] {
        refuses("poll_interval", value);
    }
}

#[test]
fn the_platform_is_read_as_people_spell_it() {
    for spelled in ["DigitalOcean", "DIGITALOCEAN", "digitalocean"] {
        let sandbox = sandbox();
        let ran = step(&sandbox).input("platform", spelled).run();
        assert_eq!(ran.ended("canceled", 0).deployments()[0]["platform"], "digitalocean");
    }
}

#[test]
fn an_id_with_a_control_character_is_refused() {
    for id in ["dep\t1", "dep\u{7}1", "dep\u{1b}[31m1", "dep\u{85}1"] {
        refuses("deployment_id", id);
        refuses("app_id", id);
    }
}

#[test]
fn an_id_longer_than_512_bytes_is_refused() {
    refuses("deployment_id", &"x".repeat(513));
    refuses("app_id", &"ü".repeat(257));
}

#[test]
fn an_id_of_512_bytes_is_asked_for() {
    let sandbox = sandbox();
    let id = "x".repeat(512);
    app(&sandbox).input("deployment_id", &id).run().ended("not_found", 4);
    assert_eq!(read_ids(&sandbox), [id]);
}

#[test]
fn an_id_that_is_a_path_is_refused() {
    for id in [".", ".."] {
        refuses("deployment_id", id);
        refuses("app_id", id);
    }
}

#[test]
fn one_bad_id_stops_the_good_ones_too() {
    let sandbox = sandbox();
    let ran = app(&sandbox).input("deployment_id", "dep-1,..").run();
    refused(&ran, &sandbox, &["`deployment_id`"]);
}

/// As many as one variable holds: compared each with each they would take far longer.
#[test]
fn thousands_of_ids_are_looked_at_within_moments() {
    let sandbox = sandbox();
    let ids: Vec<_> = (0..26_000).map(|number| format!("{number:x}")).collect();
    let ids = format!("{},..", ids.join(","));
    assert!(ids.len() < 128 << 10);
    let start = Instant::now();
    let ran = app(&sandbox).input("deployment_id", &ids).run();
    refused(&ran, &sandbox, &["`deployment_id`"]);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn an_id_stays_in_its_own_part_of_the_path() {
    let sandbox = sandbox();
    let ran = app(&sandbox).input("app_id", "../a").input("deployment_id", "../x/cancel?y=1#z%2e ü").run();
    ran.ended("not_found", 4);
    let seen = first_read(&sandbox);
    assert_eq!(
        (seen.path.as_str(), seen.query.as_str()),
        ("/v2/apps/..%2Fa/deployments/..%2Fx%2Fcancel%3Fy%3D1%23z%252e%20%C3%BC", "")
    );
}

#[test]
fn an_api_address_that_could_leak_the_token_is_refused() {
    for address in [
        "http://api.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "api.example.com",
        "https://user@api.example.com",
        "https://u:p@127.0.0.1",
        "https://127.0.0.1?x=1",
        "https://127.0.0.1/#x",
        "https://",
        "//127.0.0.1",
        "file:///etc/hosts",
    ] {
        refuses("api_url", address);
    }
}

#[test]
fn a_slash_at_the_end_of_the_api_address_changes_nothing() {
    let sandbox = sandbox();
    let address = format!("{}/", sandbox.url("digitalocean"));
    step(&sandbox).input("api_url", &address).run().ended("canceled", 0);
}

#[test]
fn a_ca_file_that_is_not_there_is_refused_by_its_name() {
    let sandbox = sandbox();
    let ran =
        step(&sandbox).input("api_url", "https://127.0.0.1:9").var("CANCEL_DEPLOYMENT_CA_CERT", "missing.pem").run();
    refused(&ran, &sandbox, &["`ca_cert`", "CANCEL_DEPLOYMENT_CA_CERT"]);
}

#[test]
fn a_ca_file_without_a_certificate_is_refused() {
    let sandbox = sandbox();
    let step = step(&sandbox).input("api_url", "https://127.0.0.1:9").input("ca_cert", "empty.pem");
    std::fs::write(step.file("empty.pem"), "no certificate\n").unwrap();
    refused(&step.run(), &sandbox, &["ca_cert"]);
}

#[test]
fn an_unknown_ci_system_is_refused_with_the_known_ones() {
    refuses("ci", "travis").says("github").says("plain");
}

// fail_on and only_states

#[test]
fn an_outcome_named_in_fail_on_fails_the_step() {
    for word in ["canceled", "cancelled", "CANCELED", "error, canceled", "not_found\ncanceled"] {
        let sandbox = sandbox();
        step(&sandbox).input("fail_on", word).run().ended("canceled", 3);
    }
}

#[test]
fn fail_on_none_lets_every_outcome_pass() {
    let sandbox = sandbox();
    let step = step(&sandbox).input("fail_on", "None");
    step.input("deployment_id", "dep-9").run().ended("not_found", 0);
}

#[test]
fn fail_on_any_passes_what_was_wanted() {
    for (extra, value, outcome, code) in [
        ("wait", "true", "canceled", 0),
        ("dry_run", "true", "dry_run", 0),
        ("only_states", "queued", "skipped", 0),
        ("deployment_id", "dep-9", "not_found", 4),
    ] {
        let sandbox = sandbox();
        let step = step(&sandbox).input("fail_on", "any");
        step.input(extra, value).run().ended(outcome, code);
    }
}

#[test]
fn fail_on_any_fails_a_deployment_that_failed_by_itself() {
    let sandbox = sandbox();
    sandbox.add(Deployment::new("app-1", "dep-1").after_cancel(["ERROR"]));
    step(&sandbox).input("fail_on", "any").run().ended("failed", 3);
}

#[test]
fn an_unknown_outcome_in_fail_on_is_refused_with_the_known_ones() {
    refuses("fail_on", "errors").says("not_found").says("already_finished");
    refuses("fail_on", "none,error");
    refuses("fail_on", "any,error");
}

#[test]
fn only_the_wanted_states_are_canceled() {
    for (only, outcome) in [("queued", "skipped"), ("running", "canceled"), ("Queued,RUNNING", "canceled")] {
        let sandbox = sandbox();
        let ran = step(&sandbox).input("only_states", only).run();
        ran.ended(outcome, 0);
        assert_eq!(sandbox.count(Call::Cancel), usize::from(outcome == "canceled"));
    }
}

#[test]
fn other_states_are_refused_in_only_states() {
    for word in ["building", "canceled", "queued,done"] {
        refuses("only_states", word);
    }
}

// Variables that are no text

#[cfg(unix)]
fn run_with_bytes(variable: &str, sandbox: &Sandbox) -> Output {
    use std::os::unix::ffi::OsStrExt as _;
    let mut command = binary();
    command
        .env("INPUT_PLATFORM", "digitalocean")
        .env("INPUT_API_URL", sandbox.url("digitalocean"))
        .env("INPUT_TOKEN", TOKEN)
        .env("INPUT_APP_ID", "app-1")
        .env("INPUT_DEPLOYMENT_ID", "dep-1")
        .env(variable, std::ffi::OsStr::from_bytes(b"a\xff\xfeb"));
    command.output().unwrap()
}

#[cfg(unix)]
#[test]
fn an_input_that_is_not_utf_8_is_refused_by_its_name() {
    for variable in ["INPUT_TOKEN", "INPUT_PLATFORM", "INPUT_TIMEOUT", "INPUT_DEPLOYMENT_ID", "INPUT_CI"] {
        let sandbox = sandbox();
        let output = run_with_bytes(variable, &sandbox);
        assert_eq!(output.status.code(), Some(2), "{variable}");
        assert!(text(&output.stderr).contains(variable), "{variable}: {output:?}");
        assert!(sandbox.requests().is_empty());
    }
}

#[cfg(unix)]
#[test]
fn a_foreign_variable_that_is_not_utf_8_does_no_harm() {
    let sandbox = sandbox();
    let output = run_with_bytes("SOMETHING_ELSE", &sandbox);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

// Arguments

#[test]
fn help_names_every_input_of_every_platform() {
    let output = called_with(&["--help"], &[]);
    let help = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    let own = cancel_deployment::platform::register::REGISTER.iter().flat_map(|entry| entry.inputs);
    for input in cancel_deployment::input::COMMON.iter().chain(own) {
        assert!(help.contains(&format!("  {} ", input.name)), "no {} in\n{help}", input.name);
    }
}

#[test]
fn help_with_a_platform_shows_that_platform_alone() {
    let help = text(&called_with(&["-h"], &[("INPUT_PLATFORM", "Vercel")]).stdout);
    assert!(help.contains("team_slug") && !help.contains("app_name"), "{help}");
}

#[test]
fn help_names_outcomes_and_exit_codes() {
    let help = text(&called_with(&["--help"], &[]).stdout);
    for word in ["superseded", "nothing_to_cancel", "124", "143"] {
        assert!(help.contains(word), "no {word} in\n{help}");
    }
}

#[test]
fn the_version_is_one_line() {
    for argument in ["--version", "-V"] {
        let output = called_with(&[argument], &[]);
        let expected = format!("cancel-deployment {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), expected));
    }
}

#[test]
fn an_unknown_argument_is_refused_and_help_is_named() {
    for arguments in [&["--token=x"][..], &["dep-1"], &["help", "me"]] {
        let output = called_with(arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains("--help"));
    }
}

#[test]
fn an_argument_that_may_be_a_secret_is_not_echoed() {
    let output = called_with(&["--token", TOKEN], &[]);
    assert!(!text(&output.stderr).contains(TOKEN) && output.stdout.is_empty());
}
