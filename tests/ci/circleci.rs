//! CircleCI.

use super::{all_outputs, read, running, sandbox, step, upper, warned};
use crate::models::shell::sourced;
use crate::sandbox::digitalocean::Deployment;
use crate::sandbox::{Call, Fault};

#[test]
fn every_output_is_a_variable_of_later_steps() {
    let ran = step("circleci", &running()).run();
    assert_eq!(ran.code, 0);
    all_outputs(&sourced(&ran.folder.path().join("bash_env")), upper);
}

#[test]
fn a_shell_reads_every_text_of_a_platform_as_a_text() {
    for word in ["it's", "'; touch owned; '", "$(touch owned)", "`touch owned`", "a\\", "\"", "!x", "a\nb"] {
        let ran = step("circleci", &sandbox(Deployment::new("app-1", "dep-1").states([word]))).run();
        let variables = sourced(&ran.folder.path().join("bash_env"));
        assert_eq!(variables["CANCELLATION_PREVIOUS_STATE"], word.replace('\n', " "));
    }
}

#[test]
fn what_the_file_held_before_stays_and_the_final_block_overrides_the_provisional_one() {
    let sandbox = running();
    let step = step("circleci", &sandbox);
    std::fs::write(step.file("bash_env"), "export MINE=1").unwrap();
    let ran = step.run();
    let text = read(&ran, "bash_env");
    assert!(text.starts_with("export MINE=1\n"));
    let outcomes: Vec<_> = text.lines().filter(|line| line.contains("_OUTCOME=")).collect();
    assert_eq!(outcomes, ["export CANCELLATION_OUTCOME='interrupted'", "export CANCELLATION_OUTCOME='canceled'"]);
}

#[test]
fn a_run_killed_without_warning_has_said_that_the_end_is_not_known() {
    let sandbox = running();
    sandbox.fault(Call::Cancel, [Fault::HoldBefore]);
    let running = step("circleci", &sandbox).start();
    sandbox.wait_for(Call::Cancel, 1);
    running.signal("KILL");
    let ran = running.wait();
    let variables = sourced(&ran.folder.path().join("bash_env"));
    assert_eq!(variables["CANCELLATION_OUTCOME"], "interrupted");
    assert_eq!(variables["CANCELLATION_CANCELED"], "false");
}

#[test]
fn a_file_that_is_missing_or_cannot_be_written_is_a_warning() {
    warned(&step("circleci", &running()).without("BASH_ENV").run(), 0, "outputs");
    warned(&step("circleci", &running()).var("BASH_ENV", "/no/file").run(), 0, "outputs");
}

#[test]
fn the_file_of_the_ci_system_is_not_taken_for_the_users_own() {
    let ran = step("circleci", &running()).input("output_file", "bash_env").run();
    warned(&ran, 0, "output_file");
}
