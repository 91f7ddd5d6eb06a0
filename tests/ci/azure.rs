//! Azure Pipelines.

use super::{SUMMARY, all_outputs, completing, lower, read, running, step, warned};
use crate::models::azure::{formats, obeyed, outputs};
use crate::sandbox::TOKEN;
use crate::step::Ran;

fn named(ran: &Ran, name: &str) -> Vec<String> {
    let commands = obeyed(&ran.stdout).into_iter();
    commands.filter(|command| command.name == name).map(|command| command.text).collect()
}

#[test]
fn every_output_is_a_variable_for_other_steps_and_jobs() {
    let ran = step("azure", &running()).run();
    assert_eq!(ran.code, 0);
    all_outputs(&outputs(&ran.stdout), lower);
}

#[test]
fn every_secret_is_set_as_one_before_anything_else() {
    let ran = step("azure", &running()).input("token", "100% ;sec]ret").secret("100% ;sec]ret").run();
    let first = obeyed(ran.stdout.lines().next().unwrap());
    assert_eq!((first[0].name.as_str(), first[0].text.as_str()), ("task.setsecret", "100% ;sec]ret"));
}

#[test]
fn the_summary_is_a_file_that_stays_and_is_named_once() {
    let ran = step("azure", &running()).run();
    let uploaded = named(&ran, "task.uploadsummary");
    assert_eq!(uploaded.len(), 1, "{}", ran.stdout);
    let path = std::path::Path::new(&uploaded[0]);
    assert_eq!(path.parent(), Some(ran.folder.path()));
    assert!(std::fs::read_to_string(path).unwrap().contains(SUMMARY));
    let none = step("azure", &running()).input("summary", "false").run();
    assert!(named(&none, "task.uploadsummary").is_empty());
}

#[test]
fn a_step_that_fails_has_an_issue_and_one_that_does_not_has_none() {
    let failed = step("azure", &completing()).run();
    assert_eq!(failed.code, 3);
    let issues: Vec<_> = obeyed(&failed.stdout)
        .into_iter()
        .filter(|command| command.name == "task.logissue")
        .map(|command| command.properties["type"].clone())
        .collect();
    assert_eq!(issues, ["error"]);
    assert!(named(&step("azure", &running()).run(), "task.logissue").is_empty());
}

#[test]
fn the_log_is_a_group() {
    let ran = step("azure", &running()).run();
    assert_eq!(formats(&ran.stdout), ["group", "endgroup"]);
}

#[test]
fn a_folder_that_is_missing_or_cannot_be_written_is_a_warning() {
    let without = step("azure", &running()).without("AGENT_TEMPDIRECTORY").run();
    warned(&without, 0, "summary");
    let nowhere = step("azure", &running()).var("AGENT_TEMPDIRECTORY", "/no/folder").run();
    warned(&nowhere, 0, "summary");
    assert!(named(&nowhere, "task.uploadsummary").is_empty());
    assert_eq!(outputs(&nowhere.stdout)["cancellation_outcome"], "canceled");
}

#[test]
fn no_secret_is_printed_where_no_agent_reads_it() {
    for word in ["true", "1", ""] {
        let ran = step("azure", &running()).var("TF_BUILD", word).input("ci", "azure").run();
        assert_eq!(ran.code, 0);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(TOKEN));
        assert_eq!(outputs(&ran.stdout)["cancellation_outcome"], "canceled");
    }
    assert!(read(&step("azure", &running()).run(), "summary").is_empty());
}
