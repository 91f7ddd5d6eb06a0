//! Where a secret is printed for the runner to hide it, and where it is not: a stream that may be redirected keeps it.

use super::{ALL, running};
use crate::models::{buildkite, silence};
use crate::sandbox::cloud_foundry::{self, User};
use crate::sandbox::{MINTED, Sandbox, TOKEN};
use crate::step::{Ran, Step};

/// The same step as a user writes it in a script: nothing comes as an input of an action or a task.
fn script(ci: &str, inputs: &[(&str, &str)]) -> Step {
    let set = |step: Step, (name, value): &(&str, &str)| step.var(&format!("CANCEL_DEPLOYMENT_{name}"), value);
    inputs.iter().fold(Step::of(ci), set)
}

fn streams(ran: &Ran) -> String {
    format!("{}{}", ran.stdout, ran.stderr)
}

#[test]
fn a_script_prints_no_secret_on_any_system() {
    for ci in ALL {
        for variable in [
            "CANCEL_DEPLOYMENT_TOKEN",
            "PLUGIN_TOKEN",
            "BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_TOKEN",
            "DIGITALOCEAN_ACCESS_TOKEN",
        ] {
            let sandbox = running();
            let inputs = [
                ("PLATFORM", "digitalocean"),
                ("API_URL", &sandbox.url("digitalocean")),
                ("APP_ID", "app-1"),
                ("DEPLOYMENT_ID", "dep-1"),
            ];
            let step = script(ci, &inputs).var(variable, TOKEN);
            let step = step.var("HTTPS_PROXY", "http://user:proxy-secret-1@127.0.0.1:1");
            let ran = step.var("NO_PROXY", "127.0.0.1").run();
            assert_eq!(ran.code, 0, "{ci} {variable}\n{}", streams(&ran));
            for secret in [TOKEN, "proxy-secret-1"] {
                assert!(!streams(&ran).contains(secret), "{ci} {variable}");
            }
        }
    }
}

#[test]
fn a_script_prints_no_secret_that_was_made_on_the_way_on_any_system() {
    for ci in ALL {
        let ran = signed_in(ci, |step, name, value| step.var(&format!("CANCEL_DEPLOYMENT_{name}"), value));
        for secret in [TOKEN, MINTED] {
            assert!(!streams(&ran).contains(secret), "{ci}\n{}", streams(&ran));
        }
    }
}

#[test]
fn what_an_action_or_a_task_was_handed_and_what_it_made_of_it_is_masked() {
    for ci in ["github", "gitea", "forgejo", "azure"] {
        let ran = signed_in(ci, |step, name, value| step.input(name, value));
        for secret in [TOKEN, MINTED] {
            let mask = |line: &&str| line.starts_with("::add-mask::") || line.starts_with("##vso[task.setsecret]");
            let masks: Vec<_> = ran.stdout.lines().filter(mask).collect();
            assert!(masks.iter().any(|line| line.contains(secret)), "{ci} {masks:?}");
        }
        assert!(!silence::without_masks(ci, &ran.stdout).contains(TOKEN));
    }
}

#[test]
fn an_action_masks_its_own_inputs_and_no_variable_of_the_job() {
    let sandbox = running();
    for ci in ["github", "azure"] {
        let ran = super::step(ci, &sandbox).input("dry_run", "true").var("VERCEL_TOKEN", "a-token-of-the-job").run();
        assert!(ran.stdout.lines().next().unwrap().ends_with(TOKEN), "{ci}");
        assert!(!ran.stdout.contains("a-token-of-the-job"), "{ci}");
    }
}

#[test]
fn the_agent_and_the_file_for_secrets_get_those_of_a_script_too() {
    let ran = signed_in("buildkite", |step, name, value| step.var(&format!("CANCEL_DEPLOYMENT_{name}"), value));
    let handed: Vec<_> = buildkite::calls(&ran.folder.path().join("calls"))
        .into_iter()
        .filter(|call| call.arguments[0] == "redactor")
        .map(|call| call.input)
        .collect();
    for secret in [TOKEN, MINTED] {
        assert!(handed.iter().any(|input| input.contains(secret)));
    }
    let ran = signed_in("harness", |step, name, value| step.var(&format!("PLUGIN_{name}"), value));
    let secrets = super::read(&ran, "secrets.env");
    let secrets = crate::models::harness::variables(&secrets).unwrap();
    for secret in [TOKEN, MINTED] {
        assert!(secrets.values().any(|value| value.contains(secret)));
    }
}

/// A run whose token is made on the way, its inputs set in some way.
fn signed_in(ci: &str, set: fn(Step, &str, &str) -> Step) -> Ran {
    let sandbox = Sandbox::start();
    sandbox.add(cloud_foundry::Deployment::new("dep-1")).add(User::new("ci", TOKEN));
    let inputs = [
        ("PLATFORM", "cloud_foundry"),
        ("API_URL", &sandbox.url("cloud_foundry")),
        ("DEPLOYMENT_ID", "dep-1"),
        ("USERNAME", "ci"),
        ("PASSWORD", TOKEN),
    ];
    let ran = inputs.into_iter().fold(Step::of(ci), |step, (name, value)| set(step, name, value)).run();
    assert_eq!(ran.code, 0, "{ci}\n{}", streams(&ran));
    ran
}
