//! Files that cannot be written, the user's own output file, and a run outside any CI system.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{annotations, bare, ending, github_with, read, running, step, warnings};
use crate::contract::s6_never::opens_command;
use crate::sandbox::{Sandbox, TOKEN};
use crate::step::{OUTPUTS, Step};

// Files that cannot be written.

#[test]
fn outputs_that_cannot_be_written_are_a_warning() {
    let ran = github_with(&running(), Some("no-folder/output"), Some("summary")).run();
    assert_eq!(ran.code, 0);
    assert!(warnings(&ran).iter().any(|warning| warning.text.contains("outputs")), "{}", ran.stdout);
    assert!(ran.summary.contains("Canceled"));
}

#[test]
fn outputs_that_cannot_be_written_are_warned_about_once() {
    let ran = github_with(&running(), Some("no-folder/output"), Some("summary")).run();
    assert_eq!(warnings(&ran).len(), 1, "{}", ran.stdout);
}

#[test]
fn a_missing_name_of_the_output_file_is_a_warning() {
    let ran = github_with(&running(), None, Some("summary")).run();
    assert_eq!((ran.code, warnings(&ran).len()), (0, 1), "{}", ran.stdout);
}

#[test]
fn a_summary_that_cannot_be_written_is_a_warning() {
    let ran = github_with(&running(), Some("output"), Some("no-folder/summary")).run();
    assert_eq!((ran.code, warnings(&ran).len()), (0, 1), "{}", ran.stdout);
}

#[test]
fn a_missing_name_of_the_summary_is_a_warning() {
    let ran = github_with(&running(), Some("output"), None).run();
    assert_eq!((ran.code, warnings(&ran).len()), (0, 1), "{}", ran.stdout);
}

#[test]
fn a_file_that_cannot_be_written_does_not_turn_a_failure_green() {
    let sandbox = ending(&["BUILDING"], &["ACTIVE"]);
    let ran = github_with(&sandbox, Some("no-folder/output"), Some("no-folder/summary")).run();
    assert_eq!(ran.code, 3);
}

#[test]
fn an_output_file_that_cannot_be_written_is_a_warning() {
    let ran = step(&running()).input("output_file", "summary/out.json").run();
    ran.ended("canceled", 0);
    assert!(warnings(&ran)[0].text.contains("output_file"));
}

// The user's own output file.

#[test]
fn an_output_file_in_json_is_whole_and_typed() {
    let ran = step(&running()).input("output_file", "out.json").run();
    let file: Value = serde_json::from_str(&read(ran.folder.path(), "out.json")).unwrap();
    let names: BTreeSet<&str> = file.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(OUTPUTS));
    assert_eq!((&file["outcome"], &file["canceled"], &file["count"]), (&json!("canceled"), &json!(true), &json!(1)));
    assert_eq!(file["deployments"], json!(ran.deployments()));
}

#[test]
fn an_output_file_is_replaced_and_nothing_is_left_beside_it() {
    for name in ["out.json", "out.env"] {
        let sandbox = running();
        let step = step(&sandbox).input("output_file", name);
        std::fs::write(step.file(name), "OLD=1\n".repeat(10_000)).unwrap();
        let ran = step.run();
        assert!(!read(ran.folder.path(), name).contains("OLD"));
        assert_eq!(std::fs::read_dir(ran.folder.path()).unwrap().count(), 3);
    }
}

#[test]
fn an_output_file_of_lines_holds_plain_values_only() {
    let ran = step(&ending(&["a b; rm -rf $HOME"], &["CANCELED"])).input("output_file", "out.env").run();
    let file = read(ran.folder.path(), "out.env");
    let lines: Vec<_> = file.lines().map(|line| line.split_once('=').unwrap()).collect();
    for (name, value) in &lines {
        assert!(name.strip_prefix("CANCELLATION_").is_some_and(|name| name == name.to_uppercase()), "{name}");
        assert!(
            !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "._:/@-".contains(c)),
            "{value}"
        );
    }
    assert!(
        lines.contains(&("CANCELLATION_OUTCOME", "canceled"))
            && lines.contains(&("CANCELLATION_DEPLOYMENT_ID", "dep-1"))
    );
    assert!(!file.contains("PREVIOUS_STATE") && !file.contains("REASON") && !file.contains("DEPLOYMENTS"), "{file}");
}

#[test]
fn an_output_file_is_written_for_bad_input_too() {
    let ran = step(&running()).input("timeout", "soon").input("output_file", "out.json").run();
    let file: Value = serde_json::from_str(&read(ran.folder.path(), "out.json")).unwrap();
    assert_eq!((&file["outcome"], &file["count"]), (&json!("error"), &json!(0)));
}

// A run outside any CI system.

#[test]
fn a_plain_run_tells_the_result_on_standard_output_and_the_log_on_standard_error() {
    let ran = bare(&running()).run();
    assert!(ran.stdout.contains("dep-1: canceled (BUILDING → CANCELED"), "{}", ran.stdout);
    assert!(ran.stderr.contains("asking to cancel") && !ran.stdout.contains("asking to cancel"));
}

#[test]
fn a_plain_run_has_no_commands_and_no_colours() {
    let ran = bare(&running()).run();
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!opens_command(&all) && !all.contains('\u{1b}'), "{all}");
}

#[test]
fn plain_can_be_asked_for_on_github() {
    let ran = bare(&running()).input("ci", "Plain").var("GITHUB_ACTIONS", "true").run();
    assert_eq!(ran.code, 0);
    assert!(annotations(&ran).is_empty() && ran.stdout.contains("dep-1: canceled"), "{}", ran.stdout);
}

/// A full pipe holds a run for good if anything waits for its reader: then it is killed, and has no code.
#[test]
#[cfg(unix)]
fn a_reader_that_has_stopped_reading_does_not_keep_a_run() {
    let sandbox = Sandbox::start();
    let ids: Vec<String> = (0..800).map(|n| format!("dpl_{n:04}")).collect();
    // Outside any CI system each of them is told on standard output, which then holds more than a pipe does.
    let mut running = Step::plain()
        .input("platform", "vercel")
        .input("api_url", &sandbox.url("vercel"))
        .input("token", TOKEN)
        .input("deployment_id", &ids.join(","))
        .start();
    // Nothing is read before it has ended.
    let status = running.child.wait().unwrap();
    assert_eq!(status.code(), Some(4));
}
