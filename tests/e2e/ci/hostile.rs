//! Whatever a platform says, on whichever CI system: read back by the models of all of them.

use std::path::Path;

use super::{ALL, step};
use crate::models::{azure, buildkite, drone, github, gitlab, harness, shell, teamcity};
use crate::sandbox::digitalocean::{App, Deployment};
use crate::sandbox::{Sandbox, TOKEN, vercel};
use crate::step::{Ran, Step};
use crate::telling::HOSTILE;

/// What only some of these systems would obey.
const ELSEWHERE: [&str; 16] = [
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
];

fn all_hostile() -> Vec<&'static str> {
    HOSTILE.into_iter().chain(ELSEWHERE).collect()
}

/// A platform that says these things as states of as many deployments.
fn states(texts: &[&str]) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.add(App::new("app-1", "web"));
    for (n, text) in texts.iter().enumerate() {
        sandbox.add(Deployment::new("app-1", &format!("dep-{n}")).states([*text]));
    }
    sandbox
}

/// A platform that refuses in these words.
fn refusals(texts: &[&str]) -> Sandbox {
    let sandbox = Sandbox::start();
    for (n, text) in texts.iter().enumerate() {
        let deployment = vercel::Deployment::new("prj_1", "web", &format!("dpl_{n}"));
        sandbox.add(deployment.branch(text).refuses_cancel(text));
    }
    sandbox
}

fn ids(prefix: &str, count: usize) -> String {
    let ids: Vec<_> = (0..count).map(|n| format!("{prefix}{n}")).collect();
    ids.join(",")
}

/// A log is left with nothing that any of the systems would obey, but what is meant for the one that is running.
#[track_caller]
fn nothing_acted(ci: &str, ran: &Ran, outputs: usize) {
    let log = format!("{}\n{}", ran.stdout, ran.stderr);
    let is = |one: &str| ci == one;
    let count =
        |names: Vec<String>, name: &str| names.iter().filter(|found| *found == name).count();

    let commands: Vec<_> = github::obeyed(&log)
        .into_iter()
        .map(|one| one.name)
        .collect();
    if !["github", "gitea", "forgejo"].contains(&ci) {
        // The notation is Azure's as well, and there the group is ours.
        let ours =
            |name: &&String| !(is("azure") && ["group", "endgroup"].contains(&name.as_str()));
        assert_eq!(
            commands.iter().filter(ours).count(),
            0,
            "{commands:?}\n{log}"
        );
    }
    let vso: Vec<_> = azure::obeyed(&log)
        .into_iter()
        .map(|one| one.name)
        .collect();
    if is("azure") {
        assert_eq!(count(vso.clone(), "task.setvariable"), outputs, "{vso:?}");
        assert_eq!(count(vso.clone(), "task.uploadsummary"), 1);
        assert_eq!(count(vso.clone(), "task.setsecret"), 1);
        let issues = count(vso.clone(), "task.logissue");
        assert!(issues <= 10 && vso.len() == outputs + 2 + issues, "{vso:?}");
        assert_eq!(azure::formats(&log), ["group", "endgroup"]);
    } else {
        assert!(
            vso.is_empty() && azure::formats(&log).is_empty(),
            "{vso:?}\n{log}"
        );
    }
    let messages: Vec<_> = teamcity::obeyed(&log)
        .into_iter()
        .map(|one| one.name)
        .collect();
    if is("teamcity") {
        assert_eq!(count(messages.clone(), "setParameter"), outputs);
        let known = [
            "setParameter",
            "message",
            "buildProblem",
            "blockOpened",
            "blockClosed",
        ];
        assert!(
            messages.iter().all(|name| known.contains(&name.as_str())),
            "{messages:?}"
        );
    } else {
        assert!(messages.is_empty(), "{messages:?}\n{log}");
    }
    assert_eq!(
        buildkite::groups(&log).len(),
        if is("buildkite") { 2 } else { 0 },
        "{log}"
    );
    assert_eq!(
        gitlab::sections(&log).len(),
        if is("gitlab") { 2 } else { 0 },
        "{log}"
    );
    assert_eq!(drone::cards(&log).len(), usize::from(is("drone")), "{log}");
    let mut rest = log.clone();
    if is("gitlab") {
        for ours in [
            "\u{1b}[0K",
            "\u{1b}[0m",
            "\u{1b}[31;1m",
            "\u{1b}[32;1m",
            "\u{1b}[33;1m",
        ] {
            rest = rest.replace(ours, "");
        }
    }
    if is("drone") {
        rest = rest.replace("\u{1b}]1338;", "").replace("\u{1b}]0m", "");
    }
    assert!(!rest.contains('\u{1b}'), "{rest:?}");
    if !is("gitlab") {
        assert!(!rest.contains('\r'), "{rest:?}");
    }
    files(ci, ran, outputs);
}

/// The files hold our names and nothing else.
#[track_caller]
fn files(ci: &str, ran: &Ran, outputs: usize) {
    let path = |name: &str| ran.folder.path().join(name);
    let ours = |name: &String| name.starts_with("CANCELLATION_");
    let sourced = |file: &Path| {
        let variables = shell::sourced(file);
        assert!(variables.keys().all(ours), "{variables:?}");
        variables.len()
    };
    match ci {
        "circleci" => assert_eq!(sourced(&path("bash_env")), outputs),
        "bitbucket" => assert!(sourced(&path("variables")) < outputs),
        "gitlab" => {
            let report = gitlab::dotenv(&super::read(ran, "cancel-deployment.env")).unwrap();
            assert_eq!(report.len(), sourced(&path("cancel-deployment.env")));
        }
        "harness" => {
            let variables = harness::variables(&super::read(ran, "output.env")).unwrap();
            assert!(
                variables.len() == outputs && variables.keys().all(ours),
                "{variables:?}"
            );
        }
        "buildkite" => {
            let calls = buildkite::calls(&path("calls"));
            for call in &calls {
                let known = [
                    "redactor add --format json",
                    "meta-data set cancellation_",
                    "annotate --style ",
                ];
                let arguments = call.arguments.join(" ");
                assert!(
                    known.iter().any(|known| arguments.starts_with(known)),
                    "{arguments}"
                );
            }
            assert!(buildkite::meta_data(&calls).len() <= outputs);
        }
        _ => {}
    }
}

const OUTPUTS: usize = crate::step::OUTPUTS.len();
/// So many deployments at a time that each has an annotation of its own.
const AT_ONCE: usize = 10;

#[test]
fn no_state_of_a_platform_acts_on_any_system() {
    for texts in all_hostile().chunks(AT_ONCE) {
        for ci in ALL {
            let ran = step(ci, &states(texts))
                .input("deployment_id", &ids("dep-", texts.len()))
                .run();
            assert_eq!(ran.code, 0, "{ci}\n{}\n{}", ran.stdout, ran.stderr);
            nothing_acted(ci, &ran, OUTPUTS);
        }
    }
}

#[test]
fn no_message_or_branch_of_a_platform_acts_on_any_system() {
    for texts in all_hostile().chunks(AT_ONCE) {
        for ci in ALL {
            let sandbox = refusals(texts);
            let ran = Step::of(ci)
                .input("platform", "vercel")
                .input("api_url", &sandbox.url("vercel"))
                .input("token", TOKEN)
                .input("deployment_id", &ids("dpl_", texts.len()))
                .run();
            assert_eq!(ran.code, 1, "{ci}\n{}\n{}", ran.stdout, ran.stderr);
            nothing_acted(ci, &ran, OUTPUTS);
        }
    }
}

#[test]
fn one_hostile_state_alone_acts_nowhere() {
    for text in ELSEWHERE {
        for ci in [
            "azure",
            "gitlab",
            "buildkite",
            "circleci",
            "bitbucket",
            "harness",
            "drone",
            "teamcity",
        ] {
            let ran = step(ci, &states(&[text]))
                .input("deployment_id", "dep-0")
                .run();
            assert_eq!(ran.code, 0, "{ci}\n{}\n{}", ran.stdout, ran.stderr);
            nothing_acted(ci, &ran, OUTPUTS);
        }
    }
}
