//! Whatever platforms, events and variables say, on every CI system: read back by the models of all of them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::acted::nothing_acted;
use super::opens_command;
use super::texts::{AT_ONCE, COUNT, Texts};
use crate::ci::{ALL, read};
use crate::models::silence;
use crate::sandbox::{Call, Fault, MINTED, Sandbox, TOKEN};
use crate::sandbox::{
    cloud_foundry, cloudflare_workers, datadog, digitalocean, github_pages, netlify, qovery, railway, render, vercel,
};
use crate::stage::{Course, One, Stage, every_platform};
use crate::step::{self, Step};

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
        sandbox.add(deployment.patch(fields).states([texts.next()]).after_cancel([texts.next(), "canceled"]));
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
            2 => deployment.states([texts.next()]).patch(json!({"name": texts.next(), "url": texts.next()})),
            _ => deployment
                .field("id", json!(texts.next()))
                .patch(json!({"team": {"slug": texts.next()}, "inspectorUrl": null})),
        };
        // By another name than the host in the answer it is refused, as an alias.
        sandbox.add(if n == 7 { deployment.field("url", json!(texts.next())) } else { deployment });
        ids.push(if n % 4 == 3 { host } else { id });
    }
    sandbox.fault(Call::Cancel, [texts.error(403)]);
    on("vercel", sandbox, step).input("deployment_id", &ids.join(","))
}

fn from_qovery(sandbox: &Sandbox, step: Step, texts: &mut Texts) -> Step {
    let fields = json!({"name": texts.next(), "status_details": {"action": texts.next()}});
    sandbox.add(qovery::Environment::new(qovery::ENVIRONMENT).patch(fields));
    let deployment = qovery::Deployment::new(qovery::ENVIRONMENT, 1).states([texts.next()]);
    sandbox.add(deployment.after_cancel([texts.next(), "CANCELED"]));
    if texts.0.is_multiple_of(2) {
        sandbox.fault(Call::Cancel, [texts.error(409)]);
    }
    on("qovery", sandbox, step).input("environment_id", qovery::ENVIRONMENT)
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
            0 => deployment.cancel_gets(railway::Answered::Error(texts.next())),
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

fn from_acme(sandbox: &Sandbox, step: Step, texts: &mut Texts) -> Step {
    let mut ids = vec![texts.written()];
    for n in 1..AT_ONCE {
        let one = One::new(n, texts.next()).state(texts.next()).then(if n % 3 == 0 { "failed" } else { "canceled" });
        Stage::Acme.put_one(sandbox, &one);
        ids.push(Stage::Acme.id(n));
    }
    sandbox.fault(Call::Cancel, [texts.error(422)]);
    on("acme", sandbox, step).input("workspace", "web").input("deployment_id", &ids.join(","))
}

fn from_netlify(sandbox: &Sandbox, step: Step, texts: &mut Texts) -> Step {
    let mut ids = vec![texts.written()];
    for n in 1..AT_ONCE {
        let deploy = netlify::Deploy::new(netlify::SITE, &netlify::id(n)).branch(texts.next()).commit(texts.next());
        let deploy = deploy.field("error_message", json!(texts.next())).field("plugin_state", json!(texts.next()));
        let deploy = match n % 4 {
            0 => deploy.states([texts.next().replace(" | ", "")]),
            1 => deploy.states(["error"]).field("name", json!(texts.next())),
            2 => deploy.field("admin_url", json!(format!("https://app.netlify.com/{}", texts.next()))),
            _ => deploy.field("context", json!(texts.next())).field("site_id", json!(texts.next())),
        };
        sandbox.add(deploy);
        ids.push(netlify::id(n));
    }
    sandbox.fault(Call::Cancel, [texts.error(422)]);
    on("netlify", sandbox, step).input("deployment_id", &ids.join(",")).input("timeout", "2")
}

fn from_cloudflare_workers(sandbox: &Sandbox, step: Step, texts: &mut Texts) -> Step {
    use cloudflare_workers::{ACCOUNT, Build, TAG, Worker, id};
    sandbox.add(Worker::new(TAG, texts.next()));
    let mut ids = vec![texts.written()];
    for n in 1..AT_ONCE {
        let build = Build::new(n).branch(texts.next()).commit(texts.next());
        let made = json!({"trigger_name": texts.next(), "trigger_uuid": texts.next()});
        let build =
            build.patch(json!({"trigger": made, "build_trigger_metadata": {"build_trigger_source": texts.next()}}));
        let build = match n % 4 {
            0 => build.states([texts.next().replace(" | ", "").replace(": ", "")]),
            1 => build.states(["running", "fail"]).field("preview_url", json!(texts.next())),
            2 => build.deployed().states(["running", "cancelled"]),
            _ => build.patch(json!({"trigger": {"external_script_id": texts.next()}})),
        };
        sandbox.add(build);
        ids.push(id(n));
    }
    sandbox.fault(Call::Cancel, [texts.error(422)]);
    let step = on("cloudflare_workers", sandbox, step).input("account_id", ACCOUNT);
    step.input("deployment_id", &ids.join(",")).input("timeout", "2")
}

fn from_github_pages(sandbox: &Sandbox, step: Step, texts: &mut Texts) -> Step {
    let mut ids = vec![texts.written()];
    for n in 1..AT_ONCE {
        let one = github_pages::Publication::new(github_pages::REPOSITORY, &github_pages::id(n)).branch(texts.next());
        let after = [if n % 3 == 0 { "deployment_failed" } else { "deployment_cancelled" }];
        sandbox.add(one.states([texts.next()]).after_cancel(after));
        ids.push(github_pages::id(n));
    }
    sandbox.fault(Call::Cancel, [texts.error(422), texts.error(403)]);
    let step = on("github_pages", sandbox, step).input("repository", github_pages::REPOSITORY);
    step.input("environment", "a\"b").input("deployment_id", &ids.join(","))
}

/// Runs a scene on every CI system, all at the same time.
fn everywhere(scene: impl Fn(&Sandbox, Step, &mut Texts) -> Step) {
    let begun = ALL.into_iter().enumerate().map(|(number, ci)| {
        let sandbox = Sandbox::start();
        // Another beginning for each, so that every text comes to every place.
        let mut texts = Texts(number * 7);
        let step = scene(&sandbox, Step::of(ci).input("timeout", "20"), &mut texts).var("RUNNER_DEBUG", "1");
        // GitLab has a file of its own.
        let step = if ci == "gitlab" { step } else { step.input("output_file", "own.json") };
        (ci, sandbox, step.start())
    });
    for (ci, _sandbox, running) in begun.collect::<Vec<_>>() {
        nothing_acted(ci, &running.wait());
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
        Stage::Netlify => from_netlify,
        Stage::CloudflareWorkers => from_cloudflare_workers,
        Stage::GitHubPages => from_github_pages,
        Stage::Acme => from_acme,
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
        let step = stage.with_inputs(step, &sandbox.url(stage.name()));
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
        step.input("deployment_id", &stage.id(1))
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
            nothing_acted(ci, &on("digitalocean", &sandbox, step).input("app_id", "app-1").run());
        }
    }
}

#[test]
fn no_event_acts_on_github_and_its_relatives() {
    for start in 0..COUNT {
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
        std::fs::write(&path, event.1.to_string().replace("\\\\ud800", "\\ud800")).unwrap();
        let ran = step.var("GITHUB_EVENT_PATH", path.to_str().unwrap()).var("GITHUB_EVENT_NAME", event.0).run();
        std::fs::remove_file(path).unwrap();
        nothing_acted(ci, &ran);
    }
}

// The secret.

/// The forms in which a platform could echo the secret; the check of every run knows most of them as well.
fn forms_of_the_secret() -> Vec<String> {
    let mut forms = step::forms(TOKEN);
    let escaped: Vec<_> = TOKEN
        .chars()
        .map(|c| match c {
            '/' => "%252f".to_owned(),
            '+' => "&#43;".to_owned(),
            '=' => "\\\\u003D".to_owned(),
            c => c.to_string(),
        })
        .collect();
    let encoded = STANDARD.encode(format!("user:{TOKEN}"));
    let (head, tail) = encoded.split_at(20);
    forms.extend([
        TOKEN.to_owned(),
        TOKEN.to_uppercase(),
        escaped.concat(),
        URL_SAFE_NO_PAD.encode(TOKEN),
        format!("{head}\r\n {tail}"),
        encoded,
        TOKEN.replace('-', "\u{2064}-"),
        TOKEN.replace('/', "\\/"),
    ]);
    forms
}

/// Whatever form it comes back in, in every place at once.
#[test]
fn the_secret_comes_back_from_nowhere_in_any_form() {
    for form in forms_of_the_secret() {
        for refused in [true, false] {
            let sandbox = Sandbox::start();
            let page = format!("https://vercel.com/a/b?{form}#{form}");
            let fields = json!({"name": form, "inspectorUrl": page, "errorCode": form, "team": {"slug": form}});
            let deployment = vercel::Deployment::new("prj_1", "web", "dpl_1").branch(&form).commit(&form).patch(fields);
            let states = if refused { &form } else { "ERROR" };
            sandbox.add(deployment.target(Some(&form)).states([states]).error_message(&form));
            let body = json!({"error": {"code": form, "message": form}, "request_id": form}).to_string();
            sandbox.fault(Call::Cancel, [Fault::json(if refused { 409 } else { 200 }, &body)]);
            let step = on("vercel", &sandbox, Step::github()).input("deployment_id", "dpl_1").var("RUNNER_DEBUG", "1");
            let ran = step.run();
            assert_eq!(ran.output("outcome"), if refused { "error" } else { "already_finished" });
            let lines: Vec<_> = ran.stdout.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
            let shown = format!("{}\n{}\n{}\n{}", lines.join("\n"), ran.stderr, ran.summary, read(&ran, "output"));
            let shown = shown.to_lowercase();
            for form in forms_of_the_secret() {
                assert!(!shown.contains(&form.to_lowercase()), "{form} in\n{shown}");
            }
            nothing_acted("github", &ran);
        }
    }
}

#[test]
fn hostile_text_stays_itself_inside_deployments() {
    for branch in ["::error::x", "##[x]y", "##vso[x]", "a\"b\\c", "ü|`<&>", "a:::b"] {
        let sandbox = Sandbox::start();
        sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1").branch(branch));
        let ran = on("vercel", &sandbox, Step::github()).input("deployment_id", "dpl_1").run();
        assert_eq!(ran.deployments()[0]["branch"], branch);
    }
}

#[test]
fn hostile_text_stays_itself_inside_an_output_file() {
    let sandbox = Sandbox::start();
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1").branch("##[x]::y"));
    let ran =
        on("vercel", &sandbox, Step::github()).input("deployment_id", "dpl_1").input("output_file", "out.json").run();
    let text = read(&ran, "out.json");
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["deployments"][0]["branch"], "##[x]::y");
    assert!(!text.contains("##[") && !opens_command(&text), "{text}");
}
