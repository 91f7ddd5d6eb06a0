//! TeamCity.

use super::{all_outputs, completing, running, step, upper};
use crate::models::teamcity::{Message, obeyed, parameters};
use crate::step::Ran;

fn named(ran: &Ran, name: &str) -> Vec<Message> {
    let messages = obeyed(&ran.stdout).into_iter();
    messages.filter(|message| message.name == name).collect()
}

#[test]
fn every_output_is_a_parameter_for_later_steps() {
    let ran = step("teamcity", &running()).run();
    assert_eq!(ran.code, 0);
    all_outputs(&parameters(&ran.stdout), |name| format!("env.{}", upper(name)));
}

#[test]
fn only_a_step_that_fails_is_a_problem_of_the_build() {
    let failed = step("teamcity", &completing()).run();
    assert_eq!(failed.code, 3);
    let problems = named(&failed, "buildProblem");
    assert_eq!(problems.len(), 1);
    assert!(problems[0].attributes["description"].contains("Went live"));
    for (input, value) in [("fail_on", "none"), ("timeout", "20")] {
        let sandbox = if input == "fail_on" { completing() } else { running() };
        let passed = step("teamcity", &sandbox).input(input, value).run();
        assert_eq!((passed.code, named(&passed, "buildProblem").len()), (0, 0), "{}", passed.stdout);
    }
}

#[test]
fn a_message_has_the_status_of_its_annotation() {
    let status = |ran: &Ran| named(ran, "message")[0].attributes["status"].clone();
    assert_eq!(status(&step("teamcity", &running()).run()), "NORMAL");
    assert_eq!(status(&step("teamcity", &completing()).input("fail_on", "none").run()), "WARNING");
    assert_eq!(status(&step("teamcity", &completing()).run()), "ERROR");
}

#[test]
fn the_log_is_a_block() {
    let ran = step("teamcity", &running()).run();
    let blocks: Vec<_> = obeyed(&ran.stdout)
        .into_iter()
        .filter(|message| message.name.starts_with("block"))
        .map(|message| (message.name, message.attributes["name"].clone()))
        .collect();
    let block = |name: &str| (name.to_owned(), "cancel-deployment".to_owned());
    assert_eq!(blocks, [block("blockOpened"), block("blockClosed")]);
}
