//! Harness CI.

use serde_json::{Value, json};

use super::{SUMMARY, all_outputs, completing, read, running, sandbox, step, upper, warned};
use crate::models::harness::variables;
use crate::sandbox::digitalocean::Deployment;
use crate::sandbox::{Sandbox, TOKEN};
use crate::step::{Ran, Step};

fn annotation(ran: &Ran) -> Value {
    serde_json::from_str(&read(ran, "annotations.json")).unwrap()
}

#[test]
fn every_output_is_a_variable() {
    let ran = step("harness", &running()).run();
    assert_eq!(ran.code, 0);
    all_outputs(&variables(&read(&ran, "output.env")).unwrap(), upper);
}

#[test]
fn the_other_name_of_the_file_is_understood() {
    let sandbox = running();
    let step = step("harness", &sandbox).without("HARNESS_OUTPUT_FILE").input("ci", "harness");
    let path = step.file("drone.env");
    let ran = step.var("DRONE_OUTPUT", path.to_str().unwrap()).run();
    assert_eq!(variables(&read(&ran, "drone.env")).unwrap()["CANCELLATION_OUTCOME"], "canceled");
}

#[test]
fn text_of_a_platform_comes_back_as_it_was() {
    for word in ["$HOME", "\"a\" # b", "it's \\n", "__B64__b3duZWQ=", "a=b", "ü"] {
        let ran = step("harness", &sandbox(Deployment::new("app-1", "dep-1").states([word]))).run();
        let variables = variables(&read(&ran, "output.env")).unwrap();
        assert_eq!(variables["CANCELLATION_PREVIOUS_STATE"], word);
    }
}

#[test]
fn many_deployments_still_fit_the_line_that_is_read() {
    let sandbox = Sandbox::start();
    let ids: Vec<String> = (0..400).map(|n| format!("dpl_{n:04}")).collect();
    let ran = Step::of("harness")
        .input("platform", "vercel")
        .input("api_url", &sandbox.url("vercel"))
        .input("token", TOKEN)
        .input("deployment_id", &ids.join(","))
        .run();
    let variables = variables(&read(&ran, "output.env")).unwrap();
    let told: Vec<Value> = serde_json::from_str(&variables["CANCELLATION_DEPLOYMENTS"]).unwrap();
    assert!(!told.is_empty() && told.len() < 400);
    assert_eq!(variables["CANCELLATION_COUNT"], "400");
    ran.says("has room for 45 KiB");
}

#[test]
fn secrets_are_in_the_file_for_secrets_alone_and_encoded() {
    let ran = step("harness", &running()).run();
    let secrets = variables(&read(&ran, "secrets.env")).unwrap();
    assert_eq!(secrets.values().collect::<Vec<_>>(), [TOKEN]);
    let elsewhere = step("harness", &running()).without("HARNESS_OUTPUT_FILE").input("ci", "harness").run();
    assert_eq!(elsewhere.code, 0);
    assert!(read(&elsewhere, "secrets.env").is_empty());
}

#[test]
fn the_annotation_has_a_style_and_the_summary() {
    for (sandbox, style) in [(running(), "success"), (completing(), "error")] {
        let ran = step("harness", &sandbox).var("HARNESS_ACCOUNT_ID", "acc").var("HARNESS_EXECUTION_ID", "exe").run();
        let whole = annotation(&ran);
        assert_eq!((&whole["accountId"], &whole["planExecutionId"]), (&json!("acc"), &json!("exe")));
        let one = &whole["annotations"][0];
        assert_eq!((&one["style"], &one["mode"]), (&json!(style), &json!("replace")));
        assert!(one["summary"].as_str().unwrap().contains(SUMMARY));
    }
    let short = step("harness", &running()).input("summary", "false").run();
    let text = annotation(&short)["annotations"][0]["summary"].clone();
    let text = text.as_str().unwrap();
    assert!(text.contains("dep-1") && !text.contains(SUMMARY), "{text}");
}

#[test]
fn a_file_that_cannot_be_written_is_a_warning() {
    for (name, what) in [
        ("HARNESS_OUTPUT_FILE", "outputs"),
        ("HARNESS_OUTPUT_SECRET_FILE", "secrets"),
        ("HARNESS_ANNOTATIONS_FILE", "annotations"),
    ] {
        let ran = step("harness", &running()).var(name, "/no/file").run();
        warned(&ran, 0, &format!("The {what} could not be written"));
    }
}

#[test]
fn files_that_harness_does_not_offer_are_not_missed() {
    let ran =
        step("harness", &running()).without("HARNESS_OUTPUT_SECRET_FILE").without("HARNESS_ANNOTATIONS_FILE").run();
    assert!(!ran.stdout.contains("warning"), "{}", ran.stdout);
}
