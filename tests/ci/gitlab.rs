//! GitLab CI.

use std::collections::BTreeMap;

use super::{read, running, sandbox, step, warned, with_page};
use crate::models::gitlab::{dotenv, links, sections};
use crate::models::shell::sourced;
use crate::sandbox::digitalocean::Deployment;
use crate::sandbox::{Call, Fault, Sandbox};
use crate::stage::retry_after;
use crate::step::Ran;

fn report(ran: &Ran) -> BTreeMap<String, String> {
    dotenv(&read(ran, "cancel-deployment.env")).unwrap().into_iter().collect()
}

#[test]
fn the_outputs_are_a_dotenv_report_without_being_asked_for() {
    let ran = step("gitlab", &running()).run();
    assert_eq!(ran.code, 0);
    let report = report(&ran);
    assert_eq!(report["CANCELLATION_OUTCOME"], "canceled");
    assert_eq!(report["CANCELLATION_DEPLOYMENT_ID"], "dep-1");
    assert_eq!(sourced(&ran.folder.path().join("cancel-deployment.env")), report);
}

#[test]
fn the_report_takes_plain_values_only_and_never_json() {
    for word in ["a b", "$CI_JOB_TOKEN", "`id`", "a\nB=c", "[]", "ü"] {
        let ran = step("gitlab", &sandbox(Deployment::new("app-1", "dep-1").states([word]))).run();
        let report = report(&ran);
        assert!(!report.contains_key("CANCELLATION_PREVIOUS_STATE"), "{report:?}");
        assert!(!report.contains_key("CANCELLATION_DEPLOYMENTS"));
        assert_eq!(report["CANCELLATION_OUTCOME"], "canceled");
    }
}

#[test]
fn the_report_stays_small_enough_for_the_server() {
    let long = "x".repeat(600);
    let sandbox = sandbox(Deployment::new("app-1", "dep-1").states([long.as_str()]).after_cancel([long.as_str()]));
    sandbox.fault(Call::Read, [Fault::Pass, retry_after(429, "100000")]);
    let ran = step("gitlab", &sandbox).run();
    let text = read(&ran, "cancel-deployment.env");
    assert!(text.len() < 5000 && text.lines().count() <= 15, "{text}");
    assert_eq!(report(&ran)["CANCELLATION_OUTCOME"], "timed_out");
}

#[test]
fn bad_input_leaves_a_report_too() {
    let ran = step("gitlab", &running()).input("timeout", "soon").run();
    assert_eq!((ran.code, report(&ran)["CANCELLATION_OUTCOME"].as_str()), (2, "error"));
}

#[test]
fn another_file_takes_the_place_of_the_usual_one() {
    let ran = step("gitlab", &running()).input("output_file", "mine.env").run();
    assert!(read(&ran, "mine.env").contains("CANCELLATION_OUTCOME=canceled\n"));
    assert!(read(&ran, "cancel-deployment.env").is_empty());
}

#[test]
fn the_page_of_the_deployment_is_linked_beside_it() {
    let ran = with_page("gitlab", &Sandbox::start()).run();
    let links = links(&read(&ran, "cancel-deployment.annotations.json"));
    assert_eq!(links.len(), 1, "{}", ran.stdout);
    assert_eq!(links[0].0, "dpl_1");
    assert!(links[0].1.starts_with("https://"));
}

#[test]
fn without_a_page_an_old_link_is_gone() {
    let sandbox = running();
    let step = step("gitlab", &sandbox).input("app_id", "");
    let old = r#"{"cancel-deployment":[{"external_link":{"label":"a","url":"https://b"}}]}"#;
    std::fs::write(step.file("cancel-deployment.annotations.json"), old).unwrap();
    let ran = step.run();
    assert!(links(&read(&ran, "cancel-deployment.annotations.json")).is_empty());
}

#[test]
fn the_log_is_a_section_and_the_last_line_is_coloured() {
    let ran = step("gitlab", &running()).run();
    let section = |end: &str| (end.to_owned(), "cancel_deployment".to_owned());
    assert_eq!(sections(&ran.stdout), [section("start"), section("end")]);
    let last = ran.stdout.lines().last().unwrap();
    assert!(last.starts_with("\u{1b}[32;1mnotice: ") && last.ends_with("\u{1b}[0m"), "{last:?}");
}

#[test]
fn a_report_that_cannot_be_written_is_a_warning() {
    let sandbox = running();
    let step = step("gitlab", &sandbox);
    std::fs::create_dir(step.file("cancel-deployment.env")).unwrap();
    warned(&step.run(), 0, "output_file");
}
