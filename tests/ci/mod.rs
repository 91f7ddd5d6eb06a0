//! Every CI system: what reaches it, read back by a model of its own reader, and nothing else.

#[cfg(unix)]
mod action;
mod azure;
mod bitbucket;
mod buildkite;
mod circleci;
mod drone;
mod fed_back;
#[cfg(unix)]
mod full;
mod gitlab;
mod harness;
mod inputs;
mod masks;
mod teamcity;
mod without;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::sandbox::digitalocean::{App, Deployment};
use crate::sandbox::{Sandbox, TOKEN, vercel};
use crate::step::{OUTPUTS, Ran, Step};

/// All of them.
pub const ALL: [&str; 14] = [
    "github",
    "gitea",
    "forgejo",
    "azure",
    "gitlab",
    "buildkite",
    "circleci",
    "bitbucket",
    "woodpecker",
    "harness",
    "drone",
    "teamcity",
    "jenkins",
    "plain",
];

/// One deployment that runs until it is canceled.
fn running() -> Sandbox {
    sandbox(Deployment::new("app-1", "dep-1"))
}

fn sandbox(deployment: Deployment) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(App::new("app-1", "web")).add(deployment);
    sandbox
}

/// One that goes live all the same.
fn completing() -> Sandbox {
    sandbox(Deployment::new("app-1", "dep-1").after_cancel(["ACTIVE"]))
}

/// A step of that CI system that cancels it.
fn step(ci: &str, sandbox: &Sandbox) -> Step {
    aimed(Step::of(ci), sandbox)
}

fn aimed(step: Step, sandbox: &Sandbox) -> Step {
    step.input("platform", "digitalocean")
        .input("api_url", &sandbox.url("digitalocean"))
        .input("token", TOKEN)
        .input("app_id", "app-1")
        .input("deployment_id", "dep-1")
        .input("timeout", "20")
}

/// A step that cancels a deployment of the other platform, which has a page.
fn with_page(ci: &str, sandbox: &Sandbox) -> Step {
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1"));
    Step::of(ci)
        .input("platform", "vercel")
        .input("api_url", &sandbox.url("vercel"))
        .input("token", TOKEN)
        .input("deployment_id", "dpl_1")
}

pub fn read(ran: &Ran, name: &str) -> String {
    std::fs::read_to_string(ran.folder.path().join(name)).unwrap_or_default()
}

/// Asserts the exit code and that a warning with that text was given.
#[track_caller]
fn warned(ran: &Ran, code: i32, text: &str) {
    assert_eq!(ran.code, code, "\n{}\n{}", ran.stdout, ran.stderr);
    ran.says("cancel-deployment: ").says(text);
}

/// Asserts that these are all outputs of a run that canceled its one deployment, under the names `style` makes.
#[track_caller]
fn all_outputs(outputs: &BTreeMap<String, String>, style: fn(&str) -> String) {
    let names: BTreeSet<_> = outputs.keys().cloned().collect();
    assert_eq!(names, OUTPUTS.into_iter().map(style).collect());
    let value = |name| outputs[&style(name)].as_str();
    let seen = ["outcome", "canceled", "state", "platform_state", "deployment_id", "count"].map(value);
    assert_eq!(seen, ["canceled", "true", "canceled", "CANCELED", "dep-1", "1"]);
    assert!(value("reason").contains(' '));
    let deployments: Value = serde_json::from_str(value("deployments")).unwrap();
    assert_eq!(deployments[0]["deployment_id"], "dep-1");
}

/// What a step put out, by the names under which later steps find it in their environment. Azure puts the step's own name
/// before it, and lays it over what such a step sets itself.
fn carried_over(ci: &str, first: &Ran) -> Vec<(String, String)> {
    let upper_case = |name: &str| name.to_uppercase().replace(['.', ' '], "_");
    if ci == "azure" {
        let outputs = crate::models::azure::outputs(&first.stdout).into_iter();
        return outputs.map(|(name, value)| (format!("CANCEL_DEPLOYMENT_{}", upper_case(&name)), value)).collect();
    }
    let file: BTreeMap<String, Value> = serde_json::from_str(&read(first, "outputs.json")).unwrap();
    assert_eq!(file.len(), OUTPUTS.len());
    let plain = |value: Value| value.as_str().map_or(value.to_string(), str::to_owned);
    file.into_iter().map(|(name, value)| (upper(&name), plain(value))).collect()
}

#[test]
fn what_one_step_put_out_is_no_input_of_the_next() {
    for ci in ALL {
        let sandbox = running();
        sandbox.add(Deployment::new("app-1", "dep-2"));
        let first = step(ci, &sandbox).input("output_file", "outputs.json").run();
        assert_eq!(first.code, 0, "{ci}");
        let inputs = [
            ("PLATFORM", "digitalocean"),
            ("API_URL", &sandbox.url("digitalocean")),
            ("TOKEN", TOKEN),
            ("APP_ID", "app-1"),
            ("DEPLOYMENT_ID", "dep-2"),
        ];
        let mut second = Step::of(ci);
        for (name, value) in inputs {
            second = second.var(&format!("CANCEL_DEPLOYMENT_{name}"), value);
        }
        for (name, value) in carried_over(ci, &first) {
            second = second.var(&name, &value);
        }
        let ran = second.run();
        assert_eq!(ran.code, 0, "{ci}\n{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(sandbox.effective_cancels("dep-2"), 1, "{ci}");
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!told.contains("is not an input"), "{ci}\n{told}");
    }
}

pub fn upper(name: &str) -> String {
    format!("CANCELLATION_{}", name.to_uppercase())
}

fn lower(name: &str) -> String {
    format!("cancellation_{name}")
}

/// Where no summary is wanted, the CI system still gets its annotation.
const SUMMARY: &str = "Did it go live?";
