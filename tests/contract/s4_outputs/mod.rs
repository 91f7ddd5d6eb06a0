//! What a run tells, and where.

mod files;
mod log;
mod outputs;
mod summary;

use std::path::Path;

use crate::models::github::{Obeyed, obeyed};
use crate::sandbox::digitalocean::{App, Deployment};
use crate::sandbox::{Sandbox, TOKEN};
use crate::step::{Ran, Step};

pub(super) fn sandbox(deployment: Deployment) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(App::new("app-1", "web")).add(deployment);
    sandbox
}

pub(super) fn running() -> Sandbox {
    sandbox(Deployment::new("app-1", "dep-1"))
}

pub(super) fn ending(states: &[&str], after_cancel: &[&str]) -> Sandbox {
    let deployment = Deployment::new("app-1", "dep-1").states(states.to_vec());
    sandbox(deployment.after_cancel(after_cancel.to_vec()))
}

pub(super) fn step(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "digitalocean").input("app_id", "app-1").input("deployment_id", "dep-1")
}

/// The same outside any CI system; with the variable it is GitHub without files.
pub(super) fn bare(sandbox: &Sandbox) -> Step {
    Step::plain()
        .input("platform", "digitalocean")
        .input("api_url", &sandbox.url("digitalocean"))
        .input("token", TOKEN)
        .input("app_id", "app-1")
        .input("deployment_id", "dep-1")
}

/// A GitHub step whose files are named, but not made.
pub(super) fn github_with(sandbox: &Sandbox, output: Option<&str>, summary: Option<&str>) -> Step {
    let mut step = bare(sandbox).var("GITHUB_ACTIONS", "true");
    for (name, file) in [("GITHUB_OUTPUT", output), ("GITHUB_STEP_SUMMARY", summary)] {
        if let Some(file) = file {
            let path = step.file(file);
            step = step.var(name, path.to_str().unwrap());
        }
    }
    step
}

/// A step for that many deployments that are not there.
pub(super) fn lost(sandbox: &Sandbox, count: usize) -> Step {
    let ids: Vec<String> = (0..count).map(|n| format!("dpl_{n:04}")).collect();
    Step::on(sandbox, "vercel").input("deployment_id", &ids.join(","))
}

pub(super) fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_default()
}

pub(super) fn annotations(ran: &Ran) -> Vec<Obeyed> {
    let levels = ["notice", "warning", "error"];
    let all = obeyed(&ran.stdout).into_iter();
    all.filter(|command| levels.contains(&command.name.as_str())).collect()
}

/// The levels of all annotations.
pub(super) fn levels(ran: &Ran) -> Vec<String> {
    annotations(ran).into_iter().map(|annotation| annotation.name).collect()
}

/// The only annotation.
#[track_caller]
pub(super) fn annotation(ran: &Ran) -> Obeyed {
    let mut all = annotations(ran);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

pub(super) fn warnings(ran: &Ran) -> Vec<Obeyed> {
    annotations(ran).into_iter().filter(|annotation| annotation.name == "warning").collect()
}

pub(super) fn vercel_step(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "vercel").input("deployment_id", "dpl_1").var("RUNNER_DEBUG", "1")
}
