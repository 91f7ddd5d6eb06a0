//! The program at work, without an account or a network: `cargo run --example demo`.
//!
//! Runs the real binary as a CI step against the sandbox, scene by scene, and shows what a reader of the job would
//! see: the log, the outputs that later steps get, and the summary. `cargo run --example demo -- json` prints the same
//! as one value of JSON, for the pictures and for the schema of `deployments`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a show for people, which may stop at the first surprise"
)]

#[path = "../tests/sandbox/mod.rs"]
mod sandbox;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use sandbox::{
    Grant, MINTED, Sandbox, TOKEN, cloud_foundry, cloudflare_workers, datadog, digitalocean, github_pages, netlify,
    qovery, railway, render, vercel,
};

/// A password for Cloud Foundry.
const PASSWORD: &str = "open sesame 99";

/// What a runner would show as stars, longest first.
const HIDDEN: [&str; 4] = [TOKEN, datadog::API_KEY, MINTED, PASSWORD];

/// One scene: what happens on the platform, and what the step asks for.
struct Scene {
    title: &'static str,
    platform: &'static str,
    set: fn(&Sandbox),
    inputs: &'static [(&'static str, &'static str)],
    secrets: &'static [(&'static str, &'static str)],
}

const SCENES: &[Scene] = &[
    Scene {
        title: "The checks of a commit have failed, but the platform was faster: the step is red",
        platform: "vercel",
        set: |sandbox| {
            let production = vercel::Deployment::new("prj_1", "shop", "dpl_8wTq4NnB").target(Some("production"));
            sandbox.add(production.branch("main").after_cancel(["BUILDING", "READY"]));
        },
        inputs: &[("select", "commit"), ("project_id", "shop")],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "The checks of a branch have failed: two deployments are canceled, one goes live first",
        platform: "vercel",
        set: |sandbox| {
            for (id, after, second) in
                [("dpl_Eg7JmFz2", "CANCELED", 3), ("dpl_4vTbYs9K", "CANCELED", 2), ("dpl_Qx3WnRc8", "READY", 1)]
            {
                let preview = vercel::Deployment::new("prj_1", "shop", id).branch("checkout");
                let preview = preview.created_at(1_790_000_000_000_i64 + second * 1000);
                sandbox.add(preview.after_cancel(["BUILDING", after]));
            }
        },
        inputs: &[("select", "branch"), ("branch", "checkout"), ("project_id", "shop")],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "Checks have failed: the deployment is still building, and is canceled",
        platform: "digitalocean",
        set: |sandbox| {
            let slow = digitalocean::Deployment::new("app-1", "dep-1").after_cancel(["BUILDING", "CANCELED"]);
            sandbox.add(digitalocean::App::new("app-1", "web")).add(slow);
        },
        inputs: &[("app_name", "web"), ("deployment_id", "dep-1")],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "A lost race: the platform says yes, and the deployment goes live all the same",
        platform: "digitalocean",
        set: |sandbox| {
            let fast = digitalocean::Deployment::new("app-1", "dep-2").states(["DEPLOYING"]);
            sandbox.add(digitalocean::App::new("app-1", "web"));
            sandbox.add(fast.after_cancel(["DEPLOYING", "ACTIVE"]));
        },
        inputs: &[("app_id", "app-1"), ("deployment_id", "dep-2")],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "Too late: it has been live for a while, so nothing is sent",
        platform: "vercel",
        set: |sandbox| {
            let live = vercel::Deployment::new("prj_1", "shop", "dpl_live").states(["READY"]);
            sandbox.add(live.host("shop-live.vercel.app"));
        },
        inputs: &[("deployment_id", "https://shop-live.vercel.app"), ("project_id", "shop")],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "A wrong token",
        platform: "vercel",
        set: |sandbox| {
            sandbox.add(vercel::Deployment::new("prj_1", "shop", "dpl_1"));
            sandbox.token("vercel", TOKEN, Grant::Revoked);
        },
        inputs: &[("deployment_id", "dpl_1")],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "Several at once: each is told, the worst one decides",
        platform: "vercel",
        set: |sandbox| {
            for id in ["dpl_1", "dpl_2"] {
                sandbox.add(vercel::Deployment::new("prj_1", "shop", id));
            }
        },
        inputs: &[("deployment_id", "dpl_1, dpl_2, dpl_3")],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "Superseded previews: all but the newest of each branch, and nothing else",
        platform: "vercel",
        set: |sandbox| {
            for (id, branch, second) in [("dpl_old", "topic", 1), ("dpl_new", "topic", 2), ("dpl_other", "main", 1)] {
                let preview = vercel::Deployment::new("prj_1", "shop", id).branch(branch).target(None);
                sandbox.add(preview.created_at(1_790_000_000_000_i64 + second * 1000));
            }
        },
        inputs: &[("select", "superseded"), ("project_id", "shop"), ("target", "preview")],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "Cloud Foundry: signed in with a password; the empty 200 proves nothing, the state does",
        platform: "cloud_foundry",
        set: |sandbox| {
            let user = cloud_foundry::User::new("ci", PASSWORD);
            sandbox.add(user).add(cloud_foundry::Deployment::new("dep-1"));
        },
        inputs: &[("deployment_id", "dep-1"), ("username", "ci")],
        secrets: &[("password", PASSWORD)],
    },
    Scene {
        title: "Datadog: some hosts had been changed before it stopped, and stay changed",
        platform: "datadog",
        set: |sandbox| {
            let before = vec![datadog::Host::new("succeeded"), datadog::Host::old("pending")];
            let after = vec![datadog::Host::new("succeeded"), datadog::Host::old("canceled")];
            let fleet = datadog::Deployment::v2("k7Q-3mX-p9Z").hosts(before, after);
            sandbox.add(fleet.after_cancel(["stopping", "canceled"]));
        },
        inputs: &[("deployment_id", "k7Q-3mX-p9Z")],
        secrets: &[("api_key", datadog::API_KEY), ("app_key", TOKEN)],
    },
    Scene {
        title: "Qovery: ours ends, the next one in the queue starts by itself, and is not mistaken for it",
        platform: "qovery",
        set: |sandbox| {
            sandbox.add(qovery::Deployment::new(qovery::ENVIRONMENT, 1));
            sandbox.add(qovery::Deployment::new(qovery::ENVIRONMENT, 2));
        },
        inputs: &[("environment_id", qovery::ENVIRONMENT)],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "Render: what waits is canceled before what runs, so that nothing of it starts",
        platform: "render",
        set: |sandbox| {
            let service = render::Service::new(render::SERVICE, "web");
            let waiting = render::Deploy::new(render::SERVICE, "dep-d9n1r2inefac73a7d9n0").states(["queued"]);
            sandbox.add(service).add(render::Deploy::new(render::SERVICE, "dep-d9n1qi2jnfac73a7d9l0")).add(waiting);
        },
        inputs: &[("select", "all"), ("service_name", "web")],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "Railway: no word for canceled; of two that end REMOVED one was live in between, and only that is red",
        platform: "railway",
        set: |sandbox| {
            sandbox.add(railway::ProjectToken::new(TOKEN));
            sandbox.add(railway::Deployment::new(1).after_cancel(["BUILDING", "REMOVED"]));
            sandbox.add(railway::Deployment::new(2).built().can_roll_back());
        },
        inputs: &[("select", "all"), ("environment_id", railway::ENVIRONMENT)],
        secrets: &[("project_token", TOKEN)],
    },
    Scene {
        title: "Netlify: built on a locked site is not live; what ended error was canceled or has failed, and only its message tells",
        platform: "netlify",
        set: |sandbox| {
            sandbox.add(netlify::Site::new(netlify::SITE, "web").publishes(&netlify::id(9), true));
            let deploy = |number: usize| netlify::Deploy::new(netlify::SITE, &netlify::id(number));
            sandbox.add(deploy(1)).add(deploy(2).after_cancel([netlify::FAILED]));
            sandbox.add(deploy(3).unpublished().after_cancel(["ready"]));
        },
        inputs: &[("select", "all"), ("site_name", "web")],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "Too late, and put back: what was live before is live again, and the step is red all the same",
        platform: "netlify",
        set: |sandbox| {
            let deploy = |number: usize| netlify::Deploy::new(netlify::SITE, &netlify::id(number));
            sandbox.add(netlify::Site::new(netlify::SITE, "web"));
            sandbox.add(deploy(1).commit("5d1f6c0e8a7b4c2d9e3f1a0b6c7d8e9f0a1b2c3d").states(["ready"]));
            sandbox.add(deploy(2).after_cancel(["building", "ready"]));
        },
        inputs: &[("deployment_id", "66a9a1c24fd25f0008000002"), ("site_name", "web"), ("if_live", "roll_back")],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "Cloudflare Workers Builds: canceled after its deploy step, so a version of it serves",
        platform: "cloudflare_workers",
        set: |sandbox| {
            sandbox.add(cloudflare_workers::Build::new(1).deployed());
        },
        inputs: &[("select", "latest"), ("worker", "shop"), ("account_id", cloudflare_workers::ACCOUNT)],
        secrets: &[("token", TOKEN)],
    },
    Scene {
        title: "GitHub Pages: a new deployment is refused, and the one in its way is canceled; publishing had begun already",
        platform: "github_pages",
        set: |sandbox| {
            let blocker = github_pages::Publication::new(github_pages::REPOSITORY, &github_pages::id(1));
            sandbox.add(blocker.states(["syncing_files"]).after_cancel(["updating_pages", "deployment_cancelled"]));
        },
        inputs: &[
            ("repository", github_pages::REPOSITORY),
            (
                "deployment_id",
                "Deployment request failed for 26b486ee6204e9df792692b5a91daffc45880070 due to in progress deployment. \
                 Please cancel 8e52d20341103fba0f42d25d5c4e3a6a00000001 first or wait for it to complete.",
            ),
        ],
        secrets: &[("token", TOKEN)],
    },
];

fn main() {
    let program = build();
    if std::env::args().nth(1).as_deref() == Some("json") {
        let scenes = SCENES.iter().map(|scene| as_json(scene, &play(&program, scene)));
        println!("{}", Value::from_iter(scenes));
        return;
    }
    for (number, scene) in SCENES.iter().enumerate() {
        println!("\n{}\n{}. {}\n{0}", "=".repeat(100), number + 1, scene.title);
        show(scene, &play(&program, scene));
    }
}

/// What a scene left behind.
struct Played {
    code: i32,
    log: String,
    output: String,
    summary: String,
}

/// Builds the program, since an example only knows where it would be.
fn build() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().and_then(Path::parent).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // What cargo tells its children of this package would make build scripts of others run again, here and the next time.
    for (name, _) in std::env::vars_os() {
        let named = name.to_string_lossy();
        if named.starts_with("CARGO_PKG_") || named.starts_with("CARGO_MANIFEST_") {
            build.env_remove(name);
        }
    }
    build.args(["build", "--quiet", "--bin", "cancel-deployment"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success(), "the program does not build");
    folder.join(format!("cancel-deployment{}", std::env::consts::EXE_SUFFIX))
}

fn play(program: &Path, scene: &Scene) -> Played {
    let sandbox = Sandbox::start();
    (scene.set)(&sandbox);
    let folder = std::env::temp_dir().join(format!("cancel-deployment-demo-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (output, summary) = (folder.join("output"), folder.join("summary"));
    let mut step = Command::new(program);
    step.env_clear().env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", &output).env("GITHUB_STEP_SUMMARY", &summary);
    step.env("GITHUB_SERVER_URL", "https://github.com").env("GITHUB_REPOSITORY", "jane/shop");
    step.env("GITHUB_SHA", vercel::COMMIT).env("GITHUB_REF", "refs/heads/main");
    step.env("INPUT_PLATFORM", scene.platform).env("INPUT_API_URL", sandbox.url(scene.platform));
    for (name, value) in scene.inputs.iter().chain(scene.secrets) {
        step.env(format!("INPUT_{}", name.to_uppercase()), value);
    }
    let ran = step.output().unwrap();
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let played = Played {
        code: ran.status.code().unwrap_or(-1),
        log: String::from_utf8_lossy(&ran.stdout).into_owned(),
        output: read(&output),
        summary: read(&summary),
    };
    std::fs::remove_dir_all(&folder).unwrap();
    played
}

/// A scene and what it left behind, the secrets hidden as a runner hides them.
fn as_json(scene: &Scene, played: &Played) -> Value {
    let written = |inputs: &[(&'static str, &'static str)]| {
        inputs.iter().map(|(name, value)| json!([name, hide(value)])).collect::<Vec<_>>()
    };
    let outputs: Map<_, _> = values(&played.output).into_iter().map(|(name, value)| (name, json!(value))).collect();
    json!({
        "title": scene.title,
        "platform": scene.platform,
        "inputs": written(scene.inputs),
        "secrets": written(scene.secrets),
        "code": played.code,
        "log": hide(&played.log),
        "outputs": outputs,
        "summary": played.summary,
    })
}

fn show(scene: &Scene, played: &Played) {
    println!("\n  - uses: OWNER/cancel-deployment@v1\n    with:\n      platform: {}", scene.platform);
    for (name, value) in scene.inputs {
        println!("      {name}: {value}");
    }
    for (name, _) in scene.secrets {
        println!("      {name}: ${{{{ secrets.{} }}}}", name.to_uppercase());
    }
    println!("\nLog (exit code {}):\n", played.code);
    print!("{}", indent(&played.log));
    println!("\nOutputs:\n");
    print!("{}", indent(&outputs(&played.output)));
    println!("\nSummary:\n");
    print!("{}", indent(&played.summary));
}

/// A runner shows stars where a secret stands; so does this.
fn hide(text: &str) -> String {
    HIDDEN.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
}

fn indent(text: &str) -> String {
    hide(text).lines().map(|line| format!("    {line}\n")).collect()
}

/// The final value of every output.
fn values(text: &str) -> Vec<(String, String)> {
    let mut values: Vec<(String, String)> = Vec::new();
    let mut lines = text.lines();
    while let Some((name, marker)) = lines.next().and_then(|line| line.split_once("<<")) {
        let value: Vec<_> = lines.by_ref().take_while(|line| *line != marker).collect();
        values.retain(|(known, _)| known != name);
        values.push((name.to_owned(), value.join(" ")));
    }
    values
}

/// Every output on a line; the long one is cut.
fn outputs(text: &str) -> String {
    let short = |value: &str| {
        let cut: String = value.chars().take(100).collect();
        if cut.len() < value.len() { format!("{cut}…") } else { cut }
    };
    values(text).iter().map(|(name, value)| format!("{name}={}\n", short(value))).collect()
}
