//! The sandbox on its own: `cargo run --example sandbox` prints how to reach it and serves until its input closes.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

#[path = "../tests/sandbox/mod.rs"]
mod sandbox;

use std::io::Read as _;

use sandbox::{Sandbox, TOKEN, cloud_foundry, datadog, digitalocean, vercel};

fn main() {
    let sandbox = Sandbox::start();
    sandbox.add(digitalocean::App::new("app-1", "web"));
    sandbox.add(digitalocean::Deployment::new("app-1", "dep-1"));
    sandbox.add(cloud_foundry::Deployment::new("dep-1"));
    sandbox.add(datadog::Deployment::v2("k7Q-3mX-p9Z"));
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1"));
    for (platform, rest) in [
        ("digitalocean", "app_id=app-1 deployment_id=dep-1"),
        ("cloud_foundry", "deployment_id=dep-1"),
        ("vercel", "project_id=prj_1 deployment_id=dpl_1"),
    ] {
        println!(
            "{platform} api_url={} token={TOKEN} {rest}",
            sandbox.url(platform)
        );
    }
    println!(
        "datadog api_url={} api_key={} app_key={TOKEN} deployment_id=k7Q-3mX-p9Z",
        sandbox.url("datadog"),
        datadog::API_KEY
    );
    // The reader of these lines ends the sandbox by closing this process's standard input.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
