//! What a run says comes back to the next one as variables, on some CI systems whether anybody wants it or not.

use std::collections::BTreeMap;

use super::{ALL, aimed, read, sandbox, step};
use crate::models::{azure, buildkite, gitlab, harness, shell, teamcity};
use crate::sandbox::digitalocean::Deployment;
use crate::step::{Ran, Step};

/// The outputs of a run as a later step finds them in its environment.
fn variables(ci: &str, ran: &Ran) -> BTreeMap<String, String> {
    let upper = |(name, value): (String, String)| (name.to_uppercase(), value);
    match ci {
        "github" | "gitea" | "forgejo" => ran.outputs.clone().into_iter().map(upper).collect(),
        "azure" => {
            // `<STEP>_<NAME>`, whatever the step is called.
            let steps =
                ["cancel_deployment", "CANCEL_DEPLOYMENT", "input", "plugin", "buildkite_plugin_cancel_deployment"];
            let outputs = azure::outputs(&ran.stdout);
            let of_step = |step: &'static str| {
                let outputs = outputs.clone().into_iter();
                outputs.map(move |(name, value)| upper((format!("{step}_{name}"), value)))
            };
            steps.into_iter().flat_map(of_step).collect()
        }
        "buildkite" => {
            let calls = buildkite::calls(&ran.folder.path().join("calls"));
            let set = buildkite::meta_data(&calls).into_iter();
            set.map(upper).collect()
        }
        "circleci" => shell::sourced(&ran.folder.path().join("bash_env")),
        "bitbucket" => gitlab::dotenv(&read(ran, "variables")).unwrap().into_iter().collect(),
        "harness" => harness::variables(&read(ran, "output.env")).unwrap(),
        "teamcity" => teamcity::parameters(&ran.stdout)
            .into_iter()
            .map(|(name, value)| (name.replace("env.", ""), value))
            .collect(),
        _ => {
            let name = match ci {
                "gitlab" => "cancel-deployment.env",
                _ => "out.env",
            };
            let lines = gitlab::dotenv(&read(ran, name)).unwrap();
            lines.into_iter().collect()
        }
    }
}

#[test]
fn what_one_run_puts_out_never_acts_as_an_input_of_the_next() {
    for ci in ALL {
        let sandbox = sandbox(Deployment::new("app-1", "dep-1"));
        sandbox.add(Deployment::new("app-1", "dep-2"));
        let step = |step: Step| {
            let step = match ci {
                "gitlab" => step,
                _ => step.var("CANCEL_DEPLOYMENT_OUTPUT_FILE", "out.env"),
            };
            let own = aimed(Step::plain(), &sandbox);
            let own: Vec<_> = own.variables().collect();
            own.iter().fold(step, |step, (name, value)| step.var(&name.replace("INPUT_", "CANCEL_DEPLOYMENT_"), value))
        };
        let first = step(Step::of(ci)).run();
        assert_eq!(first.code, 0, "{ci}\n{}{}", first.stdout, first.stderr);
        let fed = variables(ci, &first);
        assert!(fed.values().any(|value| value == "dep-1"), "{ci} {fed:?}");
        // They lie over the step's own variables.
        let second = step(Step::of(ci)).var("CANCEL_DEPLOYMENT_DEPLOYMENT_ID", "dep-2");
        let second = fed.iter().fold(second, |step, (name, value)| step.var(name, value)).run();
        let said = format!("{}{}", second.stdout, second.stderr);
        assert_eq!(second.code, 0, "{ci}\n{said}");
        assert_eq!(sandbox.effective_cancels("dep-2"), 1, "{ci}\n{said}");
        assert!(!said.contains("warning"), "{ci}\n{said}");
    }
}

#[test]
fn no_output_of_a_ci_system_is_named_like_an_input() {
    let ran = step("azure", &super::running()).run();
    for name in azure::outputs(&ran.stdout).into_keys() {
        assert!(name.starts_with("cancellation_"), "{name}");
    }
}
