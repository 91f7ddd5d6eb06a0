//! Outputs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{annotation, lost, read, running, step, vercel_step};
use crate::sandbox::digitalocean::Deployment;
use crate::sandbox::{Sandbox, vercel};
use crate::step::OUTPUTS;

#[test]
fn outputs_are_appended_to_what_the_step_wrote_before() {
    for before in ["earlier<<X\nvalue\nX\n", "earlier<<X\nvalue\nX"] {
        let sandbox = running();
        let step = step(&sandbox);
        std::fs::write(step.file("output"), before).unwrap();
        let ran = step.run();
        assert_eq!(ran.ended("canceled", 0).output("earlier"), "value");
        assert!(read(ran.folder.path(), "output").starts_with(before));
    }
}

#[test]
fn a_block_that_says_interrupted_comes_before_the_final_one() {
    let ran = step(&running()).run();
    let outcomes: Vec<_> =
        ran.written.iter().filter(|(name, _)| name == "outcome").map(|(_, value)| value.as_str()).collect();
    assert_eq!(outcomes, ["interrupted", "canceled"]);
    assert_eq!(ran.written.len(), 2 * OUTPUTS.len());
}

#[test]
fn the_provisional_block_is_written_once_for_all_deployments() {
    let sandbox = running();
    sandbox.add(Deployment::new("app-1", "dep-2"));
    let ran = step(&sandbox).input("deployment_id", "dep-1,dep-2").run();
    assert_eq!(ran.written.len(), 2 * OUTPUTS.len());
}

#[test]
fn a_run_that_sends_nothing_writes_no_provisional_block() {
    let ran = step(&running()).input("dry_run", "true").run();
    assert_eq!(ran.ended("dry_run", 0).written.len(), OUTPUTS.len());
}

#[test]
fn no_marker_in_the_output_file_is_used_twice() {
    let sandbox = running();
    let mut markers = BTreeSet::new();
    for _ in 0..2 {
        sandbox.add(Deployment::new("app-1", "dep-1"));
        let ran = step(&sandbox).run();
        let file = read(ran.folder.path(), "output");
        markers.extend(file.lines().filter_map(|line| line.split_once("<<")).map(|(_, mark)| mark.to_owned()));
    }
    assert_eq!(markers.len(), 4 * OUTPUTS.len());
}

#[test]
fn every_output_is_written_even_when_nothing_was_read() {
    let ran = lost(&Sandbox::start(), 1).run();
    ran.ended("not_found", 4);
    assert_eq!((ran.output("state"), ran.output("platform_state"), ran.output("deployment_url")), ("", "", ""));
    assert_eq!(ran.output("went_live"), "unknown");
}

#[test]
fn each_deployment_is_told_with_every_field() {
    let ran = step(&running()).run();
    let told = &ran.deployments()[0];
    let names: BTreeSet<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "platform",
        "deployment_id",
        "deployment_url",
        "outcome",
        "canceled",
        "went_live",
        "state",
        "platform_state",
        "previous_state",
        "reason",
        "branch",
        "commit",
        "target",
        "created_at",
        "duration_seconds",
        "http_status",
        "request_id",
        "timeline",
        "details",
        "rollback",
    ];
    assert_eq!(names, BTreeSet::from(expected));
    assert_eq!(told["timeline"][0]["platform_state"], "BUILDING");
    assert_eq!(told["http_status"], 200);
    assert_eq!(told["rollback"], Value::Null);
}

#[test]
fn nothing_sent_means_no_status_of_a_cancel_request() {
    let ran = step(&running()).input("dry_run", "true").run();
    let told = &ran.deployments()[0];
    assert_eq!((&told["http_status"], &told["request_id"]), (&Value::Null, &Value::Null));
}

#[test]
fn deployments_is_one_line_of_compact_json() {
    let ran = step(&running()).run();
    let text = ran.output("deployments");
    assert!(
        !text.contains('\n') && !text.contains("\": ") && text.starts_with(r#"[{"platform":"digitalocean","#),
        "{text}"
    );
}

#[test]
fn times_have_one_decimal() {
    let ran = step(&running()).run();
    let (whole, decimal) = ran.output("duration_seconds").split_once('.').unwrap();
    assert!(whole.parse::<u32>().is_ok() && decimal.len() == 1 && decimal.parse::<u32>().is_ok());
}

#[test]
fn the_worst_of_several_deployments_fills_the_single_outputs() {
    let sandbox = running();
    sandbox.add(Deployment::new("app-1", "dep-2").states(["ACTIVE"]));
    let ran = step(&sandbox).input("deployment_id", "dep-1,dep-2").run();
    ran.ended("already_finished", 3);
    assert_eq!((ran.output("deployment_id"), ran.output("platform_state")), ("dep-2", "ACTIVE"));
    assert_eq!((ran.output("went_live"), ran.output("canceled")), ("true", "false"));
}

#[test]
fn six_hundred_deployments_stay_below_100_kib() {
    let ran = lost(&Sandbox::start(), 600).input("output_file", "all.json").run();
    ran.ended("not_found", 4);
    assert!(ran.output("deployments").len() < 100 * 1024);
    assert_eq!((ran.output("count"), ran.output("canceled_count")), ("600", "0"));
    let left = 600 - ran.deployments().len();
    assert!(left > 0, "the test is too small");
    ran.says(&format!("{left} deployments are left out"));
    let whole: Value = serde_json::from_str(&read(ran.folder.path(), "all.json")).unwrap();
    assert_eq!(whole["deployments"].as_array().unwrap().len(), 600);
}

#[test]
fn what_is_left_out_of_deployments_are_the_best_outcomes() {
    let sandbox = Sandbox::start();
    for n in 0..300 {
        let id = format!("dpl_{n:04}");
        sandbox.add(vercel::Deployment::new("prj_1", "web", &id).states(["CANCELED"]));
    }
    let ran = lost(&sandbox, 600).run();
    let shown = ran.deployments();
    let lost = shown.iter().filter(|told| told["outcome"] == "not_found").count();
    assert_eq!(lost, 300.min(shown.len()));
}

#[test]
fn ids_are_shown_as_they_are_written() {
    let id = "fra1::iad1::x-1";
    let sandbox = Sandbox::start();
    let deployment = vercel::Deployment::new("prj_1", "web", "dpl_1").host("own.vercel.app");
    sandbox.add(deployment.field("id", json!(id)).states([id]));
    let ran = vercel_step(&sandbox).input("deployment_id", "own.vercel.app").input("dry_run", "true").run();
    for name in ["deployment_id", "platform_state"] {
        assert_eq!(ran.output(name), id);
    }
    for shown in [ran.output("reason"), &annotation(&ran).text, &ran.summary] {
        assert!(shown.contains(id), "{shown}");
    }
    assert!(ran.stdout.contains(&format!(" s  own.vercel.app: {id}")), "{}", ran.stdout);
}

#[test]
fn a_host_at_the_start_of_a_sentence_keeps_its_small_letter() {
    let sandbox = Sandbox::start();
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1").host("own.vercel.app").alias("alias.vercel.app"));
    let ran = vercel_step(&sandbox).input("deployment_id", "alias.vercel.app").run();
    ran.ended("error", 1);
    let reason = ran.output("reason");
    assert!(reason.contains("alias.vercel.app") && !reason.contains("Alias."), "{reason}");
}

#[test]
fn a_long_text_of_a_platform_is_shortened() {
    let sandbox = Sandbox::start();
    sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1").refuses_cancel(&"no ".repeat(5000)));
    let ran = vercel_step(&sandbox).run();
    assert!(ran.ended("error", 1).output("reason").len() < 1000);
}
