//! Bitbucket Pipelines.

use super::{read, running, sandbox, step, warned};
use crate::models::shell::sourced;
use crate::sandbox::digitalocean::Deployment;

#[test]
fn outputs_with_plain_values_are_variables() {
    let ran = step("bitbucket", &running()).run();
    assert_eq!(ran.code, 0);
    let variables = sourced(&ran.folder.path().join("variables"));
    assert_eq!(variables["CANCELLATION_OUTCOME"], "canceled");
    assert_eq!(variables["CANCELLATION_DEPLOYMENT_ID"], "dep-1");
    assert!(!variables.contains_key("CANCELLATION_REASON"));
    assert!(!variables.contains_key("CANCELLATION_DEPLOYMENTS"));
}

#[test]
fn a_value_that_is_left_out_at_the_end_did_not_stand_there_before() {
    let ran = step("bitbucket", &sandbox(Deployment::new("app-1", "dep-1").after_cancel(["a b", "CANCELED"]))).run();
    let text = read(&ran, "variables");
    let (provisional, _) = text.split_once("CANCELLATION_OUTCOME=canceled").unwrap();
    assert!(provisional.contains("CANCELLATION_OUTCOME=interrupted"));
    assert!(!provisional.contains("STATE") && !provisional.contains("DEPLOYMENT"), "{provisional}");
}

#[test]
fn text_of_a_platform_adds_no_variable() {
    for word in ["a\nOWNED=1", "$(touch owned)", "a b", "'"] {
        let ran = step("bitbucket", &sandbox(Deployment::new("app-1", "dep-1").states([word]))).run();
        let variables = sourced(&ran.folder.path().join("variables"));
        assert!(variables.keys().all(|name| name.starts_with("CANCELLATION_")));
        assert!(!variables.contains_key("CANCELLATION_PREVIOUS_STATE"));
    }
}

#[test]
fn a_file_that_is_missing_or_cannot_be_written_is_a_warning() {
    let name = "BITBUCKET_PIPELINES_VARIABLES_PATH";
    warned(&step("bitbucket", &running()).without(name).run(), 0, "outputs");
    warned(&step("bitbucket", &running()).var(name, "/no/file").run(), 0, "outputs");
}
