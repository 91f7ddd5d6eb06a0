//! Annotations, masks and the log.

use std::collections::BTreeSet;

use serde_json::json;

use super::{annotation, annotations, bare, ending, levels, lost, running, step};
use crate::models::github::obeyed;
use crate::sandbox::digitalocean::Deployment;
use crate::sandbox::{Call, Fault, Sandbox, TOKEN, vercel};
use crate::step::{Ran, Step};

// Annotations.

#[test]
fn an_outcome_that_fails_the_step_is_an_error_and_another_at_most_a_warning() {
    for (states, after, fail_on, level) in [
        (["BUILDING"], ["CANCELED"], "", "notice"),
        (["BUILDING"], ["CANCELED"], "canceled", "error"),
        (["BUILDING"], ["ACTIVE"], "", "error"),
        (["BUILDING"], ["ACTIVE"], "none", "warning"),
        (["BUILDING"], ["ERROR"], "", "warning"),
        (["BUILDING"], ["ERROR"], "failed", "error"),
        (["BUILDING"], ["SUPERSEDED"], "", "notice"),
        (["ACTIVE"], ["ACTIVE"], "", "error"),
        (["ERROR"], ["ERROR"], "", "notice"),
    ] {
        let ran = step(&ending(&states, &after)).input("fail_on", fail_on).run();
        assert_eq!(annotation(&ran).name, level, "{states:?} {after:?} {fail_on}");
    }
}

#[test]
fn an_annotation_has_a_title_with_the_deployment_and_a_text() {
    let sandbox = running();
    let annotation = annotation(&step(&sandbox).run());
    assert_eq!(annotation.properties, "title=Canceled: dep-1");
    assert!(!annotation.text.trim().is_empty());
}

#[test]
fn ten_deployments_get_an_annotation_each() {
    assert_eq!(levels(&lost(&Sandbox::start(), 10).run()), ["error"; 10]);
}

#[test]
fn of_more_than_ten_deployments_the_last_annotation_counts_the_rest() {
    let ran = lost(&Sandbox::start(), 12).run();
    let all = annotations(&ran);
    assert_eq!(all.len(), 10);
    let last = all.last().unwrap();
    assert!(last.properties.contains('3') && last.text.contains("3 not found"), "{last:?}");
}

#[test]
fn the_worst_of_many_deployments_are_annotated() {
    let sandbox = Sandbox::start();
    for n in 0..11 {
        let id = format!("dpl_{n:04}");
        sandbox.add(vercel::Deployment::new("prj_1", "web", &id).states(["CANCELED"]));
    }
    let ran = lost(&sandbox, 12).run();
    assert_eq!(annotations(&ran)[0].properties, "title=Not found: dpl_0011");
}

#[test]
fn text_in_an_annotation_comes_back_as_it_was() {
    let word = "50%0Ahalf%3A, 100%";
    let ran = step(&ending(&[word], &["CANCELED"])).input("dry_run", "true").run();
    assert!(annotation(&ran).text.contains(word), "{}", ran.stdout);
}

#[test]
fn a_title_is_escaped_as_a_property() {
    let sandbox = Sandbox::start();
    let deployment = vercel::Deployment::new("prj_1", "web", "dpl_1").host("own.vercel.app").states(["READY"]);
    sandbox.add(deployment.field("id", json!("dpl_a,file=x:y%0Az")));
    let ran = Step::on(&sandbox, "vercel").input("deployment_id", "own.vercel.app").run();
    ran.ended("already_finished", 3).says("title=Was live already%3A dpl_a%2Cfile=x%3Ay%250Az::");
}

// Masks.

#[test]
fn every_secret_is_masked_before_anything_else() {
    let sandbox = running();
    let ran = step(&sandbox)
        .var("INPUT_API-KEY", "an-unused-key-1")
        .input("client_secret", "another-platforms-secret")
        .secret("an-unused-key-1")
        .secret("another-platforms-secret")
        .run();
    let masked: BTreeSet<_> =
        obeyed(&ran.stdout).into_iter().take(3).map(|command| (command.name, command.text)).collect();
    let expected = [TOKEN, "an-unused-key-1", "another-platforms-secret"];
    assert_eq!(masked, expected.map(|text| ("add-mask".to_owned(), text.to_owned())).into());
}

#[test]
fn the_masks_come_first_even_with_bad_input() {
    let ran = step(&running()).input("timeout", "soon").input("ci", "travis").run();
    assert_eq!(obeyed(&ran.stdout)[0].text, TOKEN);
}

#[test]
fn a_mask_is_escaped_so_that_the_runner_hides_the_real_value() {
    let ran = step(&running()).input("token", "half%0Aand%25half").run();
    assert_eq!(obeyed(&ran.stdout)[0].text, "half%0Aand%25half");
}

#[test]
fn ids_and_very_short_secrets_are_not_masked() {
    let ran = step(&running()).input("token", "abc").run();
    assert!(!ran.stdout.contains("add-mask"), "{}", ran.stdout);
}

#[test]
fn a_secret_is_not_printed_as_a_mask_where_no_runner_reads_it() {
    for variable in ["GITHUB_ACTIONS", "CI"] {
        for ci in ["github", "gitea", "forgejo"] {
            let ran = bare(&running()).input("ci", ci).var(variable, "false").run();
            assert_eq!(ran.code, 0);
            assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(TOKEN), "{}", ran.stdout);
        }
    }
}

#[test]
fn a_plain_run_masks_nothing() {
    let ran = bare(&running()).run();
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(TOKEN));
}

#[test]
fn gitea_and_forgejo_get_masks_and_outputs_too() {
    for variable in ["GITEA_ACTIONS", "FORGEJO_ACTIONS"] {
        let ran = step(&running()).without("GITHUB_ACTIONS").var(variable, "true").run();
        ran.ended("canceled", 0);
        assert_eq!(obeyed(&ran.stdout)[0].name, "add-mask");
    }
}

// The log.

#[test]
fn the_log_is_in_a_group_that_is_closed_before_the_annotation() {
    let sandbox = running();
    let names: Vec<_> = obeyed(&step(&sandbox).run().stdout).into_iter().map(|command| command.name).collect();
    assert_eq!(names, ["add-mask", "group", "endgroup", "notice"]);
}

#[test]
fn bad_input_leaves_no_group_open() {
    let ran = step(&running()).input("timeout", "soon").run();
    let names: Vec<_> = obeyed(&ran.stdout).into_iter().map(|command| command.name).collect();
    assert_eq!(names, ["add-mask", "error"]);
}

#[test]
fn a_line_is_logged_when_a_state_changes_and_not_for_every_read() {
    let sandbox = ending(&["BUILDING"], &["BUILDING", "BUILDING", "CANCELED"]);
    let ran = step(&sandbox).input("poll_interval", "1s").run();
    ran.ended("canceled", 0);
    let lines = |text: &str| ran.stdout.lines().filter(|line| line.ends_with(&format!(" s  dep-1: {text}"))).count();
    assert!(sandbox.count(Call::Read) > 2);
    assert_eq!((lines("BUILDING"), lines("BUILDING → CANCELED")), (1, 1), "{}", ran.stdout);
}

fn debug_lines(ran: &Ran) -> Vec<String> {
    let all = obeyed(&ran.stdout).into_iter();
    all.filter(|command| command.name == "debug").map(|command| command.text).collect()
}

#[test]
fn a_debug_run_tells_every_request() {
    let sandbox = running();
    let ran = step(&sandbox).var("RUNNER_DEBUG", "1").run();
    let lines = debug_lines(&ran);
    assert_eq!(lines.len(), sandbox.requests().len());
    let path = "/digitalocean/v2/apps/app-1/deployments/dep-1";
    assert!(lines[0].starts_with(&format!("GET {path}: 200")), "{lines:?}");
    assert!(lines[1].starts_with(&format!("POST {path}/cancel: 200")), "{lines:?}");
    for line in &lines {
        assert!(line.contains("request id 4851a473-") && line.ends_with(" ms"), "{line}");
    }
}

#[test]
fn a_debug_run_shows_neither_bodies_nor_headers() {
    let ran = step(&running()).var("RUNNER_DEBUG", "1").run();
    let all = debug_lines(&ran).join("\n").to_lowercase();
    for text in ["bearer", "authorization", "ratelimit", "content-type", "\"phase\"", "9a4df0b8", "user-agent"] {
        assert!(!all.contains(text), "{text} in {all}");
    }
}

#[test]
fn a_debug_line_of_a_long_path_still_tells_status_and_time() {
    let ran = step(&running()).input("deployment_id", &"x".repeat(400)).var("RUNNER_DEBUG", "1").run();
    let line = &debug_lines(&ran)[0];
    assert!(line.contains("404") && line.ends_with(" ms"), "{line}");
}

#[test]
fn without_debug_no_request_is_told() {
    for value in ["", "0"] {
        let ran = step(&running()).var("RUNNER_DEBUG", value).run();
        assert!(debug_lines(&ran).is_empty());
    }
}

#[test]
fn the_log_says_asked_only_of_what_was_sent() {
    let sandbox = running();
    sandbox.add(Deployment::new("app-1", "dep-2"));
    sandbox.fault(Call::Read, [Fault::Pass, Fault::HoldBefore]);
    sandbox.fault(Call::Cancel, [Fault::RetryAfter { status: 429, value: "1".to_owned() }]);
    let running = step(&sandbox).input("deployment_id", "dep-1,dep-2").start();
    sandbox.wait_for(Call::Read, 2);
    sandbox.wait_for(Call::Cancel, 1);
    sandbox.release();
    let ran = running.wait();
    ran.ended("canceled", 0);
    let said = ran.stdout.matches("asking to cancel").count();
    assert_eq!(said, sandbox.count(Call::Cancel), "{}", ran.stdout);
}
