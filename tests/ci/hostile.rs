//! Whatever platforms, events and variables say, on every CI system: read back by the models of all of them.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::{ALL, read, upper};
use crate::contract::HOSTILE;
use crate::models::{azure, buildkite, drone, github, gitlab, harness, shell, silence, teamcity};
use crate::sandbox::{Call, Fault, MINTED, Sandbox, TOKEN};
use crate::sandbox::{cloud_foundry, datadog, digitalocean, qovery, railway, render, vercel};
use crate::stage::{Course, One, Stage, every_platform};
use crate::step::{OUTPUTS, Ran, Step};

/// What only some of these systems would obey, or what hides.
const ELSEWHERE: [&str; 26] = [
    "--- owned",
    "\n--- owned",
    "+++ owned",
    "\r~~~ owned",
    "^^^ +++",
    "\u{1b}[0Ksection_start:1:owned\r\u{1b}[0Kowned",
    "\u{1b}]1338;eyJkYXRhIjoib3duZWQifQ==\u{1b}]0m",
    "__B64__b3duZWQ=",
    "'; touch owned; '",
    "$(touch owned) `touch owned`",
    "a\nOWNED=1",
    "%0A##vso[task.complete result=Succeeded;]",
    "%AZP0A##vso[task.complete]",
    "|'|]##teamcity[buildProblem description='owned']",
    "']\n##teamcity[buildStop comment='owned']",
    "##vso[task.logissue type=error;]owned",
    "#\u{fe0f}#\u{34f}[set-output name=outcome]owned",
    "##\u{e0100}vso\u{115f}[task.complete]",
    "fra1::iad1::error::owned",
    ":::x:::",
    "@owner/team owner@evil.example",
    "www.evil.example https://evil.example",
    "\u{202e}x\u{2066}y\u{0}z\u{feff}",
    "a\u{301}\u{20e3}\\\"\\ud800",
    "<!-- owned --> &lt;b&gt; &#64;owned",
    "## owned",
];

/// So many deployments at a time that each has an annotation of its own.
const AT_ONCE: usize = 10;

/// Hostile texts, one after the other, again and again: where they begin differs, so that each gets everywhere.
struct Texts(usize);

impl Texts {
    fn next(&mut self) -> &'static str {
        let mut all = HOSTILE.into_iter().chain(ELSEWHERE).cycle();
        self.0 += 1;
        all.nth(self.0).unwrap()
    }

    /// One that a header can carry.
    fn visible(&mut self) -> String {
        let visible = |c: &char| c.is_ascii() && !c.is_control();
        self.next().chars().filter(visible).collect()
    }

    /// One that an input can carry, as a single value.
    fn written(&mut self) -> String {
        let text = self.next().replace([',', '\n'], " ");
        text.chars().filter(|c| !c.is_control()).collect()
    }

    /// An error of any platform, in all of their shapes.
    fn error(&mut self, status: u16) -> Fault {
        let body = json!({
            "id": self.next(), "message": self.next(), "request_id": self.next(), "detail": self.next(),
            "error": {"code": self.next(), "message": self.next()},
            "errors": [{"code": 10008, "title": self.next(), "detail": self.next()}],
        });
        let names = ["x-request-id", "x-vcap-request-id", "x-vercel-id", "location", "server", "retry-after"];
        Fault::Reply {
            status,
            content_type: "application/json".to_owned(),
            headers: names.map(|name| (name.to_owned(), self.visible())).to_vec(),
            body: body.to_string().into_bytes(),
        }
    }
}

fn on(platform: &str, sandbox: &Sandbox, step: Step) -> Step {
    let url = sandbox.url(platform);
    step.input("platform", platform).input("api_url", &url).input("token", TOKEN)
}

// A step on each platform that says hostile things wherever it can; how it ends is not what matters here.

fn from_digitalocean(sandbox: &Sandbox, step: Step, texts: &mut Texts) -> Step {
    sandbox.add(digitalocean::App::new("app-1", "web"));
    let mut ids = vec![texts.written()];
    for n in 1..AT_ONCE {
        let deployment = digitalocean::Deployment::new("app-1", &format!("dep-{n}"));
        let fields = json!({"cause": texts.next(), "previous_deployment_id": texts.next(), "tier_slug": texts.next()});
        let deployment = deployment.branch(texts.next()).commit(texts.next()).patch(fields);
        let after = [if n % 3 == 0 { "ERROR" } else { "CANCELED" }];
        sandbox.add(deployment.states([texts.next()]).after_cancel(after));
        ids.push(format!("dep-{n}"));
    }
    sandbox.fault(Call::Cancel, [texts.error(422)]);
    on("digitalocean", sandbox, step).input("app_id", "app-1").input("deployment_id", &ids.join(","))
}

fn from_cloud_foundry(sandbox: &Sandbox, step: Step, texts: &mut Texts) -> Step {
    let mut ids = vec![texts.written()];
    for n in 1..AT_ONCE {
        let deployment = cloud_foundry::Deployment::new(&format!("dep-{n}"));
        let deployment = match n % 3 {
            0 => deployment.refusal(422, 10008, texts.next()),
            1 => deployment.states([format!("{}/{}", texts.next(), texts.next())]),
            _ => deployment.error(texts.next()).patch(json!({"status": {"details": {"error": texts.next()}}})),
        };
        sandbox.add(deployment);
        ids.push(format!("dep-{n}"));
    }
    sandbox.fault(Call::Cancel, [texts.error(422)]);
    on("cloud_foundry", sandbox, step).input("deployment_id", &ids.join(","))
}

fn from_datadog(sandbox: &Sandbox, step: Step, texts: &mut Texts) -> Step {
    let mut ids = vec![texts.written()];
    for n in 1..AT_ONCE {
        let deployment = datadog::Deployment::v2(&format!("k7Q-3mX-p0{n}")).query(texts.next());
        let fields = json!({"name": texts.next(), "version": texts.next()});
        let deployment = deployment.patch(fields).states([texts.next()]);
        sandbox.add(deployment.after_cancel([texts.next(), "canceled"]));
        ids.push(format!("k7Q-3mX-p0{n}"));
    }
    sandbox.fault(Call::Cancel, [texts.error(422)]);
    on("datadog", sandbox, step)
        .without("INPUT_TOKEN")
        .input("api_key", datadog::API_KEY)
        .input("app_key", TOKEN)
        .input("deployment_id", &ids.join(","))
        .secret(datadog::API_KEY)
}

fn from_vercel(sandbox: &Sandbox, step: Step, texts: &mut Texts) -> Step {
    let mut ids = vec![texts.written()];
    for n in 1..AT_ONCE {
        let (id, host) = (format!("dpl_{n}"), format!("own-{n}.vercel.app"));
        let deployment = vercel::Deployment::new("prj_1", "web", &id).host(&host);
        let deployment = deployment.branch(texts.next()).commit(texts.next()).target(Some(texts.next()));
        let page = format!("https://vercel.com/a/b?{}", texts.next());
        let deployment = match n % 4 {
            0 => deployment.refuses_cancel(texts.next()).field("inspectorUrl", json!(page)),
            1 => deployment.states(["ERROR"]).error_message(texts.next()).field("errorCode", json!(texts.next())),
            2 => deployment.states([texts.next()]).field("name", json!(texts.next())),
            _ => deployment
                .field("id", json!(texts.next()))
                .patch(json!({"team": {"slug": texts.next()}, "inspectorUrl": null})),
        };
        sandbox.add(deployment);
        ids.push(if n % 4 == 3 { host } else { id });
    }
    sandbox.fault(Call::Cancel, [texts.error(403)]);
    on("vercel", sandbox, step).input("deployment_id", &ids.join(",")).input("timeout", "2")
}

fn from_qovery(sandbox: &Sandbox, step: Step, texts: &mut Texts) -> Step {
    let fields = json!({"name": texts.next(), "status_details": {"action": texts.next()}});
    sandbox.add(qovery::Environment::new("env-1").patch(fields));
    let deployment = qovery::Deployment::new("env-1", "one").states([texts.next()]);
    sandbox.add(deployment.after_cancel([texts.next(), "CANCELED"]));
    if texts.0.is_multiple_of(2) {
        sandbox.fault(Call::Cancel, [texts.error(409)]);
    }
    on("qovery", sandbox, step).input("environment_id", "env-1").input("timeout", "2")
}

fn from_render(sandbox: &Sandbox, step: Step, texts: &mut Texts) -> Step {
    let service = render::Service::new(render::SERVICE, "web");
    sandbox.add(service.patch(json!({"branch": texts.next(), "type": texts.next(), "dashboardUrl": texts.next()})));
    let mut ids = vec![texts.written()];
    for n in 1..AT_ONCE {
        let deploy = render::Deploy::new(render::SERVICE, &format!("dep-{n}")).commit(texts.next());
        let image = json!({"ref": texts.next(), "sha": texts.next()});
        let deploy = deploy.patch(json!({"trigger": texts.next(), "image": image}));
        let after = [if n % 3 == 0 { "build_failed" } else { "canceled" }];
        sandbox.add(deploy.states([texts.next()]).after_cancel(after));
        ids.push(format!("dep-{n}"));
    }
    sandbox.fault(Call::Cancel, [texts.error(422)]);
    on("render", sandbox, step).input("service_id", render::SERVICE).input("deployment_id", &ids.join(","))
}

fn from_railway(sandbox: &Sandbox, step: Step, texts: &mut Texts) -> Step {
    let mut ids = vec![texts.written()];
    for n in 1..AT_ONCE {
        let deployment = railway::Deployment::new(n).branch(texts.next()).commit(texts.next());
        let deployment = match n % 4 {
            0 => deployment.cancel_answer(railway::Answered::Error(texts.next())),
            1 => deployment.states([texts.next()]),
            2 => deployment.states(["WAITING"]).after_cancel(["SKIPPED"]).meta(json!({"skippedReason": texts.next()})),
            _ => deployment.patch(json!({"projectId": texts.next(), "serviceId": texts.next()})),
        };
        sandbox.add(deployment);
        ids.push(railway::id(n));
    }
    sandbox.fault(Call::Cancel, [texts.error(200)]);
    on("railway", sandbox, step).without("INPUT_TOKEN").input("api_token", TOKEN).input("deployment_id", &ids.join(","))
}

/// Runs a scene on every CI system.
fn everywhere(scene: impl Fn(&Sandbox, Step, &mut Texts) -> Step) {
    for (number, ci) in ALL.into_iter().enumerate() {
        let sandbox = Sandbox::start();
        // Another beginning for each, so that every text comes to every place.
        let mut texts = Texts(number * 7);
        let step = Step::of(ci).input("timeout", "20");
        let step = scene(&sandbox, step, &mut texts);
        let step = step.var("RUNNER_DEBUG", "1");
        let step = match ci {
            // It has a file of its own.
            "gitlab" => step,
            _ => step.input("output_file", "own.json"),
        };
        nothing_acted(ci, &step.run());
    }
}

every_platform!(nothing_that_a_platform_says_acts_on_any_system, |stage| {
    everywhere(match stage {
        Stage::DigitalOcean => from_digitalocean,
        Stage::CloudFoundry => from_cloud_foundry,
        Stage::Datadog => from_datadog,
        Stage::Vercel => from_vercel,
        Stage::Qovery => from_qovery,
        Stage::Render => from_render,
        Stage::Railway => from_railway,
    });
});

every_platform!(no_list_of_a_platform_acts_on_any_system, |stage| {
    everywhere(move |sandbox, step, texts| {
        stage.put_scopes(sandbox);
        for number in 1..AT_ONCE {
            let mut one = One::new(number, texts.next()).branch(texts.next()).target(texts.next());
            one.course = one.course.then(&[texts.next(), "canceled"]);
            stage.put_one(sandbox, &one);
        }
        let scope = stage.select_inputs().unwrap_or_default().into_iter();
        let step = stage.with_inputs(step, &sandbox.url(stage.name())).input("timeout", "2");
        scope.fold(step, |step, (name, value)| step.input(name, value)).input("select", "all")
    });
});

every_platform!(no_error_of_a_first_read_acts_on_any_system, |stage| {
    everywhere(move |sandbox, step, texts| {
        stage.put(sandbox, 1, &Course::running());
        let fault = match texts.0 % 3 {
            0 => texts.error(401),
            1 => Fault::Redirect(format!("https://evil.example/{}", texts.visible())),
            _ => Fault::Reply {
                status: 400,
                content_type: texts.visible(),
                headers: Vec::new(),
                body: texts.next().as_bytes().to_vec(),
            },
        };
        sandbox.always(Call::Read, fault);
        let step = stage.with_inputs(step, &sandbox.url(stage.name()));
        step.input("deployment_id", &stage.id(1)).input("timeout", "2")
    });
});

/// A token that was made on the way is the platform's text, and a mask shows it as it is.
#[test]
fn no_token_that_a_platform_makes_acts_on_any_system() {
    for token in ["x##[set-output name=outcome]canceled", "a::b::c", "x##vso[task.complete result=Succeeded;]y"] {
        for ci in ALL {
            let sandbox = Sandbox::start();
            sandbox.add(cloud_foundry::Deployment::new("dep-1"));
            let token = format!("{MINTED}{token}");
            let body = json!({"access_token": token, "token_type": "bearer"}).to_string();
            sandbox.always(Call::SignIn, Fault::json(200, &body));
            let ran = on("cloud_foundry", &sandbox, Step::of(ci))
                .without("INPUT_TOKEN")
                .input("client_id", "ci")
                .input("client_secret", TOKEN)
                .input("deployment_id", "dep-1")
                .input("timeout", "2")
                .run();
            nothing_acted(ci, &ran);
            let shown = silence::without_masks(ci, &format!("{}\n{}", ran.stdout, ran.stderr));
            assert!(!shown.contains(&token), "{ci}\n{shown}");
        }
    }
}

/// Every variable in which a CI system tells of commits and branches.
const TOLD: [&str; 44] = [
    "BITBUCKET_BRANCH",
    "BITBUCKET_COMMIT",
    "BRANCH_NAME",
    "BUILDKITE_BRANCH",
    "BUILDKITE_COMMIT",
    "BUILDKITE_PULL_REQUEST",
    "BUILDKITE_PULL_REQUEST_REPO",
    "BUILDKITE_REPO",
    "BUILD_REASON",
    "BUILD_SOURCEBRANCH",
    "BUILD_SOURCEVERSION",
    "BUILD_VCS_NUMBER",
    "CHANGE_BRANCH",
    "CHANGE_FORK",
    "CHANGE_ID",
    "CIRCLE_BRANCH",
    "CIRCLE_PR_NUMBER",
    "CIRCLE_PR_REPONAME",
    "CIRCLE_SHA1",
    "CI_COMMIT_BRANCH",
    "CI_COMMIT_SHA",
    "CI_COMMIT_SOURCE_BRANCH",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
    "CI_PIPELINE_EVENT",
    "CI_PROJECT_PATH",
    "CI_REPO",
    "DRONE_BRANCH",
    "DRONE_BUILD_EVENT",
    "DRONE_COMMIT_BRANCH",
    "DRONE_COMMIT_SHA",
    "DRONE_SOURCE_BRANCH",
    "GITHUB_HEAD_REF",
    "GITHUB_REF",
    "GITHUB_REF_NAME",
    "GITHUB_REPOSITORY",
    "GITHUB_SERVER_URL",
    "GITHUB_SHA",
    "GIT_BRANCH",
    "GIT_COMMIT",
    "SYSTEM_PULLREQUEST_SOURCEBRANCH",
    "SYSTEM_PULLREQUEST_SOURCECOMMITID",
    "HARNESS_PROJECT_ID",
    "BUILDKITE_JOB_ID",
];

#[test]
fn no_branch_or_commit_of_a_run_acts_on_any_system() {
    for round in 0..4 {
        for (number, ci) in ALL.into_iter().enumerate() {
            let sandbox = Sandbox::start();
            sandbox.add(digitalocean::App::new("app-1", "web"));
            let mut texts = Texts(number * 5 + round * 11);
            let mut step = Step::of(ci);
            for name in TOLD {
                // An environment carries no NUL.
                step = step.var(name, &texts.next().replace('\0', ""));
            }
            let kept = if ci == "woodpecker" { step.var("CI", "woodpecker") } else { step };
            let step = match round {
                0 => kept.input("select", "branch"),
                1 => kept.input("select", "branch").input("branch", &texts.written()),
                2 => kept.input("select", "commit").input("commit", &texts.written()),
                _ => kept.input("deployment_id", &texts.written()).input("branch", &texts.written()),
            };
            let step = on("digitalocean", &sandbox, step).input("app_id", "app-1");
            nothing_acted(ci, &step.run());
        }
    }
}

#[test]
fn no_event_acts_on_github_and_its_relatives() {
    for start in 0..HOSTILE.len() + ELSEWHERE.len() {
        let ci = ALL[start % 3];
        let mut texts = Texts(start);
        let event = match start % 4 {
            0 => (
                "pull_request",
                json!({"pull_request": {
                    "head": {"sha": texts.next(), "ref": texts.next(), "repo": {"full_name": texts.next()}},
                    "base": {"repo": {"full_name": texts.next()}},
                }}),
            ),
            1 => (
                "workflow_run",
                json!({"repository": {"full_name": "o/r"}, "workflow_run": {
                    "head_sha": texts.next(), "head_branch": texts.next(), "head_repository": {"full_name": "o/r"},
                }}),
            ),
            2 => (
                "deployment_status",
                json!({"deployment": {"sha": texts.next(), "ref": texts.next()},
                    "deployment_status": {
                        "environment_url": format!("https://{}.vercel.app", texts.next()), "target_url": texts.next(),
                    },
                }),
            ),
            _ => (
                "repository_dispatch",
                json!({"action": "vercel.deployment.success", "client_payload": {
                    "id": texts.next(), "url": texts.next(), "git": {"ref": texts.next(), "sha": texts.next()},
                }}),
            ),
        };
        let sandbox = Sandbox::start();
        let step = on("vercel", &sandbox, Step::of(ci)).input("project_id", "prj_1");
        let step = if start % 4 < 2 { step.input("select", "branch") } else { step };
        let path = step.file("event.json");
        // Surrogates that have no partner are JSON as well.
        let body = event.1.to_string().replace("\\\\ud800", "\\ud800");
        std::fs::write(&path, body).unwrap();
        let step = step.var("GITHUB_EVENT_PATH", path.to_str().unwrap());
        let ran = step.var("GITHUB_EVENT_NAME", event.0).run();
        std::fs::remove_file(path).unwrap();
        nothing_acted(ci, &ran);
    }
}

/// Nothing is left that any of the systems would obey, but what is meant for the one that is running: in the log, in
/// files, and in what programs were handed.
#[track_caller]
fn nothing_acted(ci: &str, ran: &Ran) {
    let log = format!("{}\n{}", ran.stdout, ran.stderr);
    assert!((0..=4).contains(&ran.code), "{ci}: {}\n{log}", ran.code);
    silence::of_log(ci, &log);
    for (name, text) in files(ran.folder.path()) {
        let is_call = name.starts_with("calls/") || name.starts_with("bin/");
        if !is_call && name != "secrets.env" {
            silence::of_file(&format!("{ci} {name}"), &text);
        }
    }
    let whole: Value = serde_json::from_str(&read(ran, "own.json")).unwrap_or_default();
    assert!(whole.is_null() || whole["deployments"].is_array(), "{whole}");
    log_is_ours(ci, &log);
    files_are_ours(ci, ran);
}

/// All commands of the running system are of our kinds, and as many as there should be.
#[track_caller]
fn log_is_ours(ci: &str, log: &str) {
    let shown = silence::without_masks(ci, log);
    let (names, known): (Vec<String>, &[&str]) = match ci {
        "azure" => {
            let names = azure::obeyed(&shown).into_iter().map(|one| one.name).collect();
            (names, &["task.setvariable", "task.uploadsummary", "task.logissue"])
        }
        "teamcity" => {
            let names = teamcity::obeyed(log).into_iter().map(|one| one.name).collect();
            (names, &["setParameter", "message", "buildProblem", "blockOpened", "blockClosed"])
        }
        _ if silence::is_github(ci) => {
            let commands = github::obeyed(&shown);
            // GitHub ends a command at the first `::`, so its texts may hold more of them.
            if ci != "github" {
                assert_eq!(commands, github::obeyed_by_relatives(&shown));
            }
            let names = commands.into_iter().map(|one| one.name).collect();
            (names, &["group", "endgroup", "debug", "notice", "warning", "error"])
        }
        _ => return,
    };
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}\n{log}");
    let count = |name: &str| names.iter().filter(|known| *known == name).count();
    match ci {
        "azure" => {
            assert_eq!(count("task.setvariable"), OUTPUTS.len());
            assert_eq!(count("task.uploadsummary"), 1);
            let formats = azure::formats(&shown).into_iter().collect::<BTreeSet<_>>();
            let ours = ["debug", "endgroup", "group"].map(str::to_owned);
            assert!(formats.is_subset(&ours.into()), "{formats:?}");
        }
        "teamcity" => assert_eq!(count("setParameter"), OUTPUTS.len()),
        _ => assert!(count("group") <= 1 && count("group") == count("endgroup")),
    }
}

/// The files hold our names and nothing else, and pages are text.
#[track_caller]
fn files_are_ours(ci: &str, ran: &Ran) {
    let path = |name: &str| ran.folder.path().join(name);
    let names: BTreeSet<_> = OUTPUTS.into_iter().map(upper).collect();
    let ours = |name: &String| names.contains(name);
    let sourced = |name: &str| {
        let variables = shell::sourced(&path(name));
        assert!(variables.keys().all(ours), "{variables:?}");
        variables.len()
    };
    match ci {
        "azure" => {
            let all = files(ran.folder.path()).into_iter();
            let pages: Vec<_> = all.filter(|(name, _)| name.ends_with(".md")).collect();
            assert_eq!(pages.len(), 1);
            page(&pages[0].1);
        }
        "circleci" => assert_eq!(sourced("bash_env"), OUTPUTS.len()),
        "bitbucket" => assert!(sourced("variables") < OUTPUTS.len()),
        "harness" => {
            let variables = harness::variables(&read(ran, "output.env")).unwrap();
            assert!(variables.len() == OUTPUTS.len() && variables.keys().all(ours), "{variables:?}");
            let whole: Value = serde_json::from_str(&read(ran, "annotations.json")).unwrap();
            page(whole["annotations"][0]["summary"].as_str().unwrap());
        }
        "gitlab" => {
            let name = "cancel-deployment.env";
            assert_eq!(gitlab::dotenv(&read(ran, name)).unwrap().len(), sourced(name));
            for (label, url) in gitlab::links(&read(ran, "cancel-deployment.annotations.json")) {
                assert!(is_our_link(&url), "{label} {url}");
            }
        }
        "drone" => {
            let card = &drone::cards(&ran.stdout)[0];
            let keys: Vec<_> = card.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["data", "schema"]);
        }
        "buildkite" => {
            let calls = buildkite::calls(&path("calls"));
            let known = ["redactor add --format json", "meta-data set cancellation_", "annotate --style "];
            for call in &calls {
                let arguments = call.arguments.join(" ");
                assert!(known.iter().any(|known| arguments.starts_with(known)), "{arguments}");
                if call.arguments[0] == "annotate" {
                    page(&call.input);
                }
                if call.arguments[0] != "redactor" {
                    silence::of_file(&arguments, &call.input);
                }
            }
            assert!(buildkite::meta_data(&calls).len() <= OUTPUTS.len());
        }
        _ if silence::is_github(ci) => {
            let names: BTreeSet<&str> = ran.outputs.keys().map(String::as_str).collect();
            assert_eq!(names, BTreeSet::from(OUTPUTS));
            page(&ran.summary);
        }
        _ => {}
    }
}

#[track_caller]
fn page(text: &str) {
    silence::of_page(text, is_our_link);
}

/// The pages of platforms.
fn is_our_link(url: &str) -> bool {
    let pages = [
        "https://vercel.com/",
        "https://cloud.digitalocean.com/",
        "https://console.qovery.com/",
        "https://dashboard.render.com/",
        "https://railway.com/project/",
    ];
    pages.iter().any(|page| url.starts_with(page)) && !url.contains([')', '<', ' '])
}

/// All files below a folder, by their names there.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}
