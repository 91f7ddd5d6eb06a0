//! DigitalOcean App Platform, end to end.

use crate::sandbox::digitalocean::{App, Deployment};
use crate::sandbox::{Call, Sandbox};
use crate::step::Step;

fn sandbox(deployment: Deployment) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(App::new("app-1", "web")).add(deployment);
    sandbox
}

fn step(sandbox: &Sandbox) -> Step {
    Step::on(sandbox, "digitalocean")
        .input("app_id", "app-1")
        .input("deployment_id", "dep-1")
}

#[test]
fn a_running_deployment_is_canceled() {
    let sandbox = sandbox(Deployment::new("app-1", "dep-1"));
    let ran = step(&sandbox).run();
    ran.ended("canceled", 0);
    assert_eq!(
        (ran.output("canceled"), ran.output("went_live")),
        ("true", "false")
    );
    assert_eq!(sandbox.effective_cancels("dep-1"), 1);
    assert_eq!(sandbox.count(Call::Cancel), 1);
}
