//! The sandbox on its own: `cargo run --example sandbox` prints how to reach it and serves until its input closes,
//! at most for an hour.
//!
//! `sandbox --every-state FOLDER` speaks TLS, writes the certificate of its authority to `FOLDER/ca.pem`, and has one
//! deployment for every state that each platform knows; one line for each platform names them, and the last is `ready`.
//!
//! `sandbox COURSE COMMIT BRANCH` says how the deployments take a cancel, and what those on Vercel, DigitalOcean
//! and Render are made from. Once its input is closed it prints which of them a cancel request has stopped or disturbed.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]
#![allow(clippy::expect_used, reason = "a broken sandbox has to break what uses it")]

#[path = "../tests/sandbox/mod.rs"]
mod sandbox;

use std::io::Read as _;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use sandbox::{
    Authority, Course as Plan, PLAIN_TOKEN, Papers, STANDS, Sandbox, TOKEN, cloud_foundry, cloudflare_workers, datadog,
    digitalocean, github_pages, netlify, qovery, railway, render, vercel,
};

/// Our words for the states; every platform knows some of them.
const STATES: [&str; 7] = ["queued", "running", "canceling", "canceled", "succeeded", "failed", "superseded"];

/// The ids of all deployments, those of Qovery by their requests.
const IDS: [&str; 12] = [
    "dep-do",
    "dep-cf",
    "k7Q-3mX-p9Z",
    "dpl_old",
    "dpl_1",
    "dpl_other",
    QOVERY,
    "dep-rn",
    RAILWAY,
    NETLIFY,
    CLOUDFLARE,
    GITHUB_PAGES,
];
const QOVERY: &str = "b81d3c95-0e4b-4f68-a2c7-000000000001";
const RAILWAY: &str = "5f1fb65b-0000-4000-8000-000000000001";
const NETLIFY: &str = "66a9a1c24fd25f0008000001";
const CLOUDFLARE: &str = "8d578524-4930-4f29-b46f-000000000001";
const GITHUB_PAGES: &str = "8e52d20341103fba0f42d25d5c4e3a6a00000001";

/// The words a deployment shows before and after a cancel.
struct Course {
    states: Vec<&'static str>,
    after_cancel: Vec<&'static str>,
}

impl Course {
    /// How a deployment takes a cancel, in the words of one platform: under way, being canceled, canceled, live.
    fn new(course: &str, words: [&'static str; 4]) -> Course {
        let [running, canceling, canceled, live] = words;
        let (states, after_cancel) = match course {
            "live-already" => (vec![live], vec![live]),
            // It overtakes a client that has read it, and one that knows it only from a list.
            "goes-live" => (vec![running, live], vec![canceling, live]),
            _ => (vec![running], vec![canceling, canceled]),
        };
        Course { states, after_cancel }
    }
}

#[expect(clippy::too_many_lines, reason = "one line for each platform and what it shows")]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let course = arguments.next().unwrap_or_else(|| "canceled".into());
    if course == "--every-state" {
        return show_every_state(&arguments.next().expect("a folder for the certificate"));
    }
    let commit = arguments.next().unwrap_or_else(|| vercel::COMMIT.into());
    let branch = arguments.next().unwrap_or_else(|| "main".into());
    let words = |words| Course::new(&course, words);

    let sandbox = Sandbox::start();
    let Course { states, after_cancel } = words(["BUILDING", "BUILDING", "CANCELED", "ACTIVE"]);
    sandbox.add(digitalocean::App::new("app-1", "web"));
    let deployment = digitalocean::Deployment::new("app-1", "dep-do").branch(&branch);
    let deployment = deployment.commit(&commit).states(states);
    sandbox.add(deployment.after_cancel(after_cancel));
    sandbox.add(digitalocean::App::new("app-2", "endless"));
    sandbox.add(digitalocean::Deployment::new("app-2", "dep-endless").after_cancel(["BUILDING"]));

    let Course { states, after_cancel } =
        words(["ACTIVE/DEPLOYING", "ACTIVE/CANCELING", "FINALIZED/CANCELED", "FINALIZED/DEPLOYED"]);
    sandbox.add(cloud_foundry::User::new("deployer", TOKEN));
    let deployment = cloud_foundry::Deployment::new("dep-cf").states(states);
    sandbox.add(deployment.after_cancel(after_cancel));

    let Course { states, after_cancel } = words(["running", "stopping", "canceled", "completed"]);
    let deployment = datadog::Deployment::v2("k7Q-3mX-p9Z").states(states);
    sandbox.add(deployment.after_cancel(after_cancel));

    // Two of one branch: the older one is of another commit, and superseded by the newer one. The newest is of another branch.
    sandbox.add(vercel::Team::new("team_1", "acme"));
    for (id, branch, commit) in
        [("dpl_old", &*branch, vercel::COMMIT), ("dpl_1", &*branch, &*commit), ("dpl_other", "other", vercel::COMMIT)]
    {
        let Course { states, after_cancel } = words(["BUILDING", "BUILDING", "CANCELED", "READY"]);
        let deployment = vercel::Deployment::new("prj_1", "web", id).team("team_1", "acme");
        let deployment = deployment.branch(branch).commit(commit).states(states);
        sandbox.add(deployment.after_cancel(after_cancel));
    }

    let Course { mut states, after_cancel } = words(["BUILDING", "CANCELING", "CANCELED", "DEPLOYED"]);
    if course == "goes-live" {
        // Qovery's is read twice before a cancel is sent, and so would have ended by then.
        states = vec!["BUILDING"];
    }
    let deployment = qovery::Deployment::new(qovery::ENVIRONMENT, 1).states(states);
    sandbox.add(deployment.after_cancel(after_cancel));

    let Course { states, after_cancel } = words(["build_in_progress", "update_in_progress", "canceled", "live"]);
    let deploy = render::Deploy::new(render::SERVICE, "dep-rn").commit(&commit).states(states);
    sandbox.add(deploy.after_cancel(after_cancel));

    let Course { states, after_cancel } = words(["BUILDING", "REMOVING", "REMOVED", "SUCCESS"]);
    sandbox.add(railway::ProjectToken::new(TOKEN));
    sandbox.add(railway::Deployment::new(1).commit(&commit).states(states).after_cancel(after_cancel));

    let Course { states, after_cancel } = words(["building", "prepared: Canceled build", netlify::CANCELED, "ready"]);
    let deploy = netlify::Deploy::new(netlify::SITE, &netlify::id(1)).branch(&branch).commit(&commit).states(states);
    sandbox.add(deploy.after_cancel(after_cancel));

    let Course { states, after_cancel } = words(["running", "running", "cancelled", "success"]);
    let build = cloudflare_workers::Build::new(1).branch(&branch).commit(&commit).states(states);
    sandbox.add(build.after_cancel(after_cancel));

    let Course { states, after_cancel } =
        words(["deployment_in_progress", "deployment_in_progress", "deployment_cancelled", "succeed"]);
    let publication = github_pages::Publication::new("example/sample-app", GITHUB_PAGES).branch(&branch);
    sandbox.add(publication.commit(&commit).states(states).after_cancel(after_cancel));

    for (platform, rest) in [
        ("digitalocean", "app_id=app-1 deployment_id=dep-do endless_app_id=app-2 endless_id=dep-endless"),
        ("cloud_foundry", "username=deployer deployment_id=dep-cf"),
        ("vercel", "team_id=team_1 project_id=prj_1 deployment_id=dpl_1"),
        (
            "qovery",
            "environment_id=e0f6b1c4-8d3a-4c57-9b21-000000000001 deployment_id=b81d3c95-0e4b-4f68-a2c7-000000000001",
        ),
        ("render", "service_id=srv-cu2k7g0gph6c73ffc4h0 deployment_id=dep-rn"),
        ("railway", "deployment_id=5f1fb65b-0000-4000-8000-000000000001"),
        (
            "cloudflare_workers",
            "account_id=0a1b2c3d4e5f60718293a4b5c6d7e8f9 deployment_id=8d578524-4930-4f29-b46f-000000000001",
        ),
        ("github_pages", "repository=example/sample-app deployment_id=8e52d20341103fba0f42d25d5c4e3a6a00000001"),
        ("netlify", "site_id=0d3a9d2f-ef94-4380-93df-27ee400e2048 deployment_id=66a9a1c24fd25f0008000001"),
    ] {
        println!("{platform} api_url={} token={TOKEN} {rest}", sandbox.url(platform));
    }
    println!(
        "datadog api_url={} api_key={} app_key={TOKEN} deployment_id=k7Q-3mX-p9Z",
        sandbox.url("datadog"),
        datadog::API_KEY
    );
    wait_for_the_end();
    for id in IDS {
        if sandbox.effective_cancels(id) > 0 {
            println!("canceled {id}");
        }
    }
}

fn wait_for_the_end() {
    // The reader of these lines ends the sandbox by closing this process's standard input; a reader that
    // never does has left it behind.
    let (closed, until) = mpsc::channel();
    thread::spawn(move || {
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        drop(closed);
    });
    let _: Result<(), _> = until.recv_timeout(Duration::from_secs(3600));
}

fn show_every_state(folder: &str) {
    let authority = Authority::new();
    std::fs::write(format!("{folder}/ca.pem"), authority.pem()).expect("a folder that can be written to");
    let sandbox = Sandbox::start_tls(authority.acceptor(Papers::Good));
    sandbox.add(digitalocean::App::new(&uuid(1), "web"));
    sandbox.add(vercel::Team::new("team_1", "acme"));
    sandbox.add(cloud_foundry::User::new("ci", PLAIN_TOKEN));
    sandbox.add(cloud_foundry::Client::new("ci-client", PLAIN_TOKEN));
    for &stand in STANDS {
        let mut line = format!("{} url={} token={PLAIN_TOKEN}", stand.name(), sandbox.url_by_name(stand.name()));
        for (number, state) in STATES.into_iter().enumerate().filter(|(_, state)| stand.has(state)) {
            let id = put(&sandbox, stand, number, state);
            line += &format!(" {state}={id}/{}", stand.shown(state).replace('/', ":"));
        }
        put_replaced(&sandbox, stand);
        println!("{line}");
    }
    println!("ready");
    wait_for_the_end();
}

/// A made-up UUID with that number in it.
fn uuid(number: usize) -> String {
    format!("7c9e6679-7425-40de-944b-{number:012x}")
}

/// A token that may do everything but roll back.
const NO_WAY_BACK: &str = "sandbox_no_way_back_2Wn5";

/// In another place than the others one deployment has taken the place of another, and one was never live.
fn put_replaced(sandbox: &Sandbox, stand: &'static dyn sandbox::Stand) {
    let Some(back) = stand.way_back() else { return };
    sandbox.token(stand.name(), NO_WAY_BACK, sandbox::Grant::NoRollBack);
    match stand.name() {
        "digitalocean" => {
            for (number, commit) in [(48, "1111111"), (49, "2222222")] {
                let deployment = digitalocean::Deployment::new(&uuid(2), &uuid(number)).commit(commit);
                sandbox.add(deployment.states(["ACTIVE"]));
            }
        }
        "cloud_foundry" => {
            let app = uuid(3);
            sandbox.add(cloud_foundry::App::new(&app, "plain", "prod", "acme").without_revisions());
            for number in [64, 65] {
                let deployment = cloud_foundry::Deployment::new(&uuid(number)).app(&app);
                sandbox.add(deployment.states(["FINALIZED/DEPLOYED"]));
            }
        }
        name => {
            (back.never_live)(sandbox, &stand.bound(7).elsewhere());
            for number in [8, 9] {
                sandbox.pass(name, 5);
                stand.put_one(sandbox, &stand.bound(number).state("succeeded").elsewhere());
            }
        }
    }
}

/// Puts a deployment of that state on a platform, under an id of the platform's own form.
fn put(sandbox: &Sandbox, stand: &'static dyn sandbox::Stand, number: usize, state: &'static str) -> String {
    let course = Plan::of(&[state]);
    let (states, after, _) = stand.about().words(&course);
    let id = uuid(number + 16);
    match stand.name() {
        "digitalocean" => {
            let deployment = digitalocean::Deployment::new(&uuid(1), &id).states(states);
            sandbox.add(deployment.after_cancel(after));
        }
        // An app has one deployment in flight.
        "cloud_foundry" => {
            let app = uuid(number + 32);
            sandbox.add(cloud_foundry::App::new(&app, &format!("web-{number}"), "prod", "acme"));
            let deployment = |id: &str| cloud_foundry::Deployment::new(id).app(&app).states(states.clone());
            if state == "succeeded" {
                sandbox.add(deployment(&uuid(number + 48)));
            }
            sandbox.add(deployment(&id).after_cancel(after));
        }
        // Both editions have it.
        "datadog" => {
            let id = stand.id(number);
            sandbox.add(datadog::Deployment::v2(&id).states(states.clone()).after_cancel(after.clone()));
            sandbox.add(datadog::Deployment::preview(&id).states(states).after_cancel(after));
            return id;
        }
        // An environment has one deployment at a time.
        "qovery" => {
            let deployment = qovery::Deployment::new(&id, 1).ids(&uuid(number + 32), &format!("{id}-1"));
            sandbox.add(deployment.states(states).after_cancel(after));
        }
        "vercel" => {
            let id = stand.id(number);
            let deployment = vercel::Deployment::new("prj_1", "web", &id).team("team_1", "acme").states(states);
            let deployment = match state {
                "running" => deployment.environment("env_staging", "staging"),
                "succeeded" => deployment.target(Some("production")),
                _ => deployment,
            };
            sandbox.add(deployment.after_cancel(after));
            return id;
        }
        _ => {
            stand.put(sandbox, number, &course);
            return stand.id(number);
        }
    }
    id
}
