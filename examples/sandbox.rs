//! The sandbox on its own: `cargo run --example sandbox` prints how to reach it and serves until its input closes,
//! at most for an hour.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

#[path = "../tests/sandbox/mod.rs"]
mod sandbox;

use std::io::Read as _;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use sandbox::{Sandbox, TOKEN, cloud_foundry, datadog, digitalocean, vercel};

fn main() {
    let sandbox = Sandbox::start();
    sandbox.add(digitalocean::App::new("app-1", "web"));
    sandbox.add(digitalocean::Deployment::new("app-1", "dep-1"));
    sandbox.add(digitalocean::Deployment::new("app-1", "dep-2").after_cancel(["BUILDING"]));
    sandbox.add(cloud_foundry::Deployment::new("dep-1"));
    sandbox.add(datadog::Deployment::v2("k7Q-3mX-p9Z"));
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1"));
    for (platform, rest) in [
        (
            "digitalocean",
            "app_id=app-1 deployment_id=dep-1 endless_id=dep-2",
        ),
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
    // The reader of these lines ends the sandbox by closing this process's standard input; a reader that
    // never does has left it behind.
    let (closed, until) = mpsc::channel();
    thread::spawn(move || {
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        drop(closed);
    });
    let _: Result<(), _> = until.recv_timeout(Duration::from_secs(3600));
}
