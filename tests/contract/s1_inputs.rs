//! Inputs as users write them, through the binary. Every rule about them is a table beside the code (`src/input/`,
//! `src/settings/tests.rs`); here is that a run reads what the tables judge, and what becomes of it.

use std::process::{Command, Output};

use crate::sandbox::TOKEN;
use crate::stage::{Course, Scene, Stage};
use crate::step::Step;

/// Every spelling of `deployment_id`.
const SPELLINGS: [&str; 6] = [
    "INPUT_DEPLOYMENT_ID",
    "INPUT_DEPLOYMENT-ID",
    "PLUGIN_DEPLOYMENT_ID",
    "PLUGIN_DEPLOYMENT-ID",
    "BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_DEPLOYMENT_ID",
    "CANCEL_DEPLOYMENT_DEPLOYMENT_ID",
];

fn two_running() -> Scene {
    Stage::DigitalOcean.play_all(&[Course::running(), Course::running()])
}

/// Everything but the deployment.
fn app(scene: &Scene) -> Step {
    scene.step().without("INPUT_DEPLOYMENT_ID")
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

#[test]
fn every_spelling_of_an_input_is_read() {
    for spelling in SPELLINGS {
        let scene = two_running();
        app(&scene).var(spelling, "dep-1").run().ended("canceled", 0);
        assert_eq!((scene.effective(1), scene.asked()), (1, 1), "{spelling}");
    }
}

#[test]
fn a_list_of_buildkite_or_bitbucket_names_several_deployments() {
    for prefix in ["BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT", "CANCEL_DEPLOYMENT"] {
        let scene = two_running();
        let item = |end: &str| format!("{prefix}_DEPLOYMENT_ID_{end}");
        let step = app(&scene).var(&item("0"), "dep-1").var(&item("1"), "dep-2").var(&item("COUNT"), "2");
        assert_eq!(step.run().ended("canceled", 0).output("count"), "2");
    }
}

#[test]
fn white_space_around_a_value_is_dropped() {
    let scene = two_running();
    let step = scene.step().input("token", &format!("  {TOKEN}\n")).input("app_id", "\tapp-1 ");
    step.input("platform", " digitalocean\n").input("deployment_id", "\n dep-1 \n").run().ended("canceled", 0);
}

#[test]
fn the_limit_of_a_run_is_what_is_written_and_four_minutes_without() {
    for (value, limit) in [("", "4 min"), ("5m", "5 min")] {
        two_running().step().input("timeout", value).run().ended("canceled", 0).says(&format!("at most {limit}"));
    }
}

#[test]
fn all_faults_are_reported_together_whatever_fail_on_says() {
    let scene = two_running();
    let step = Step::github()
        .input("platform", "digitalocean")
        .var("PLUGIN_TIMEOUT", "soon")
        .var("CANCEL_DEPLOYMENT_WAIT", "perhaps")
        .input("only_states", "done")
        .input("fail_on", "none")
        .input("api_url", "ftp://127.0.0.1");
    let names = [
        "`deployment_id`",
        "`token`",
        "`app_id`",
        "`app_name`",
        "`settings: timeout`",
        "`CANCEL_DEPLOYMENT_WAIT`",
        "`only_states`",
        "`api_url`",
    ];
    let ran = step.refused(&scene.sandbox, &names);
    assert_eq!((ran.output("went_live"), ran.output("state")), ("unknown", ""));
    for name in names {
        ran.says(name);
    }
    // `app_name` stands beside `app_id`, in one of them.
    let errors = ran.stdout.lines().filter(|line| line.starts_with("::error "));
    assert_eq!(errors.count(), names.len() - 1, "{}", ran.stdout);
}

#[test]
fn a_misspelled_name_is_named_beside_what_is_missing() {
    let scene = two_running();
    let step = app(&scene).var("CANCEL_DEPLOYMENT_DEPLOYMENTID", "dep-1");
    step.refused(&scene.sandbox, &["`deployment_id`"]).warns(&["CANCEL_DEPLOYMENT_DEPLOYMENTID", "`deployment_id`"]);
}

#[test]
fn an_outcome_named_in_fail_on_fails_the_step() {
    two_running().step().input("fail_on", "not_found\ncancelled").run().ended("canceled", 3);
    let failing = Stage::DigitalOcean.play(&Course::running().then(&["failed"]));
    failing.step().input("fail_on", "any").run().ended("failed", 3);
    for (extra, value, outcome, code) in [
        ("wait", "true", "canceled", 0),
        ("only_states", "queued", "skipped", 0),
        ("deployment_id", "x", "not_found", 4),
    ] {
        two_running().step().input("fail_on", "any").input(extra, value).run().ended(outcome, code);
    }
}

#[cfg(unix)]
#[test]
fn an_input_that_is_not_utf_8_is_refused_by_its_name_and_a_foreign_variable_does_no_harm() {
    use std::os::unix::ffi::OsStrExt as _;
    let odd = std::ffi::OsStr::from_bytes(b"a\xff\xfeb");
    for (variable, code) in [("INPUT_TOKEN", 2), ("INPUT_CI", 2), ("INPUT_DEPLOYMENT_ID", 2), ("SOMETHING_ELSE", 0)] {
        let scene = two_running();
        let variables: Vec<_> = scene.step().variables().collect();
        let output = binary().envs(variables).env("GITHUB_ACTIONS", "").env(variable, odd).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{variable} {output:?}");
        let name = format!("`{}`", variable.trim_start_matches("INPUT_").to_lowercase());
        assert_eq!(text(&output.stderr).contains(&name), code == 2, "{variable} {output:?}");
        assert_eq!(scene.asked() > 0, code == 0);
    }
}

// Arguments

#[test]
fn help_names_every_input_of_every_platform() {
    let output = called_with(&["--help"], &[]);
    let help = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    let own = cancel_deployment::platform::register::REGISTER.iter().flat_map(|entry| entry.inputs);
    for input in cancel_deployment::settings::COMMON.iter().chain(own) {
        assert!(help.contains(&format!("  {} ", input.name)), "no {} in\n{help}", input.name);
    }
    for word in ["superseded", "nothing_to_cancel", "124  it had not ended in time", "143", "export CANCEL_DEPLOYMENT_"]
    {
        assert!(help.contains(word), "no {word} in\n{help}");
    }
}

#[test]
fn help_with_a_platform_shows_that_platform_alone() {
    let help = text(&called_with(&["-h"], &[("INPUT_PLATFORM", "Vercel")]).stdout);
    assert!(help.contains("team_slug") && !help.contains("app_name"), "{help}");
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
fn an_unknown_argument_is_refused_without_echo_and_help_is_named() {
    for arguments in [&["--token=x"][..], &["dep-1"], &["help", "me"], &["--token", TOKEN]] {
        let output = called_with(arguments, &[]);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{arguments:?}");
        let said = text(&output.stderr);
        assert!(said.contains("--help") && !said.contains(TOKEN), "{said}");
    }
    let misspelled = called_with(&["--hlep"], &[]);
    assert_eq!(text(&misspelled.stderr), "`--hlep` is not an option; see `--help`.\n");
}
