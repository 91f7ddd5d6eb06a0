//! Secrets where nobody expects them: written into another input, minted on the way, sent back by the platform. What
//! every run checks (see `step`) is the assertion of most of these.

use serde_json::json;

use crate::sandbox::cloud_foundry::{Client, User};
use crate::sandbox::{Call, Fault, Grant, MINTED, STANDS, Sandbox, TOKEN, cloud_foundry, digitalocean, vercel};
use crate::stage::{Course, every_platform};
use crate::step::{Ran, Step};

/// Fit for a file's name, a branch, a host and a header.
const PLAIN: &str = "plain-token-0123456789abcdef";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox
        .add(digitalocean::App::new("app-1", "web"))
        .add(digitalocean::Deployment::new("app-1", "dep-1"))
        .add(vercel::Deployment::new("prj_1", "web", "dpl_1").branch("main"))
        .add(cloud_foundry::Deployment::new("dep-1"))
        .add(User::new("ci", PLAIN))
        .add(Client::new("ci", PLAIN));
    for stand in STANDS {
        sandbox.token(stand.name(), PLAIN, Grant::All);
    }
    sandbox
}

fn step(ci: &str, sandbox: &Sandbox, platform: &str, inputs: &[(&str, &str)]) -> Step {
    let step = Step::of(ci)
        .input("platform", platform)
        .input("api_url", &sandbox.url(platform))
        .input("token", PLAIN)
        .input("timeout", "20")
        .var("RUNNER_DEBUG", "1")
        .secret(PLAIN);
    let set = |step: Step, (name, value): &(&str, &str)| step.input(name, value);
    inputs.iter().fold(step, set)
}

every_platform!(a_token_written_into_an_input_of_its_platform_is_shown_nowhere, |stage| {
    let sandbox = Sandbox::start();
    stage.put_scopes(&sandbox);
    stage.put(&sandbox, 1, &Course::running());
    sandbox.token(stage.name(), PLAIN, Grant::All);
    let chosen = |rule: &'static str| [vec![("select", rule)], stage.select_inputs().unwrap_or_default()].concat();
    let id = stage.id(1);
    let own = stage.info().inputs.iter().map(|input| input.name);
    let inputs: Vec<_> = own.chain(["deployment_id", "branch", "commit"]).collect();
    let ways = [vec![("deployment_id", id.as_str())], chosen("all"), chosen("branch")];
    for (way, input) in ways.iter().flat_map(|way| inputs.iter().map(move |input| (way, *input))) {
        let step = stage.with_inputs(Step::github(), &sandbox.url(stage.name()));
        let step = way.iter().fold(step, |step, (name, value)| step.input(name, value));
        let step = step.input(stage.token(), PLAIN).input(input, PLAIN).input("timeout", "2");
        step.var("RUNNER_DEBUG", "1").secret(PLAIN).run();
    }
});

/// What the list above does not reach, because each of these inputs needs others or excludes them.
#[test]
fn a_token_written_into_inputs_that_belong_together_is_shown_nowhere() {
    const DEP: (&str, &str) = ("deployment_id", "dep-1");
    const ALL: (&str, &str) = ("select", "all");
    const NONE: (&str, &str) = ("token", "");
    let scenes: &[(&str, &[(&str, &str)])] = &[
        ("digitalocean", &[DEP, ("app_name", PLAIN)]),
        ("vercel", &[ALL, ("project_id", "prj_1"), ("target", PLAIN)]),
        ("cloud_foundry", &[ALL, ("app_name", "web"), ("org", PLAIN), ("space", PLAIN)]),
        ("cloud_foundry", &[ALL, ("app_name", PLAIN), ("org", "o"), ("space", PLAIN)]),
        ("cloud_foundry", &[DEP, NONE, ("username", PLAIN), ("password", PLAIN)]),
        ("cloud_foundry", &[DEP, NONE, ("username", "ci"), ("password", PLAIN), ("origin", PLAIN)]),
        ("cloud_foundry", &[DEP, NONE, ("client_id", PLAIN), ("client_secret", PLAIN)]),
        ("datadog", &[DEP, ("api_key", PLAIN), ("app_key", PLAIN)]),
        ("render", &[DEP, ("service_name", PLAIN), ("owner_id", PLAIN)]),
        ("railway", &[NONE, ("project_token", PLAIN), ("deployment_id", "d1"), ("project_id", PLAIN)]),
        ("railway", &[NONE, ("project_token", PLAIN), ALL, ("service_id", PLAIN)]),
    ];
    for (platform, inputs) in scenes {
        step("github", &sandbox(), platform, inputs).run();
    }
}

#[test]
fn a_token_written_as_the_output_file_is_shown_nowhere() {
    for ci in ["github", "gitlab", "azure", "plain"] {
        for file in [format!("/dev/null/{PLAIN}/outputs.json"), format!("/proc/self/{PLAIN}")] {
            let sandbox = sandbox();
            let inputs = [("deployment_id", "dpl_1"), ("output_file", &file)];
            step(ci, &sandbox, "vercel", &inputs).run().says("`output_file` could not be written");
        }
    }
}

fn signs_in(sandbox: &Sandbox) -> Ran {
    let inputs =
        [("deployment_id", "dep-1"), ("token", ""), ("username", "ci"), ("password", PLAIN), ("timeout", "3s")];
    step("github", sandbox, "cloud_foundry", &inputs).run()
}

fn signed_in(tokens: &serde_json::Value, request_id: &str) -> Fault {
    Fault::Reply {
        status: 200,
        content_type: "application/json".to_owned(),
        headers: vec![("x-vcap-request-id".to_owned(), request_id.to_owned())],
        body: tokens.to_string().into_bytes(),
    }
}

#[test]
fn the_answer_to_a_sign_in_shows_none_of_its_tokens_and_nor_does_a_later_one() {
    for shown in ["access", "refresh", "id"] {
        let sandbox = sandbox();
        let token = |name: &str| format!("{MINTED}{name}");
        let tokens = json!({
            "access_token": token("access"),
            "refresh_token": token("refresh"),
            "id_token": token("id"),
        });
        sandbox.fault(Call::SignIn, [signed_in(&tokens, &token(shown))]);
        let echo = json!({"errors": [{"detail": token(shown), "code": 1}]});
        sandbox.always(Call::Read, Fault::json(500, &echo.to_string()));
        signs_in(&sandbox).ended("error", 1);
    }
}

#[test]
fn a_minted_token_that_no_header_can_carry_is_neither_sent_nor_shown() {
    for odd in ["\r\nX-Owned: 1", "\nx", "\u{0}"] {
        let sandbox = sandbox();
        let tokens = json!({ "access_token": format!("{MINTED}{odd}") });
        sandbox.fault(Call::SignIn, [signed_in(&tokens, "r-1")]);
        let ran = signs_in(&sandbox);
        ran.ended("error", 1).says("no HTTP header can carry");
        assert_eq!(sandbox.count(Call::Read) + sandbox.count(Call::Cancel), 0);
    }
}

fn redirect(status: u16, target: &str) -> Fault {
    Fault::Reply {
        status,
        content_type: "text/plain".to_owned(),
        headers: vec![("location".to_owned(), target.to_owned())],
        body: b"elsewhere".to_vec(),
    }
}

every_platform!(a_redirect_to_another_host_is_not_followed, |stage| {
    let other = stage.play(&Course::running());
    for status in [301, 302, 307, 308] {
        for call in [Call::Read, Call::Cancel] {
            let target = other.sandbox.url(stage.name());
            let scene = stage.play(&Course::running()).always(call, redirect(status, &target));
            scene.run().ended("error", 1).says("`api_url`");
            assert_eq!(scene.effective(1), 0);
        }
    }
    assert!(other.calls().is_empty(), "the other host was sent a request");
});

every_platform!(the_token_goes_into_one_header_and_nowhere_else, |stage| {
    let scene = stage.play(&Course::running());
    scene.run().ended("canceled", 0);
    for seen in scene.sandbox.requests() {
        let (header, scheme) = stage.traits().credential;
        assert_eq!(seen.header(header), Some(format!("{scheme}{TOKEN}").as_str()));
        let holders = seen.headers.iter().filter(|(_, value)| value.contains(TOKEN));
        assert_eq!(holders.count(), 1);
        assert!(!format!("{}?{}", seen.path, seen.query).contains(TOKEN));
        assert!(!String::from_utf8_lossy(&seen.body).contains(TOKEN));
    }
});
