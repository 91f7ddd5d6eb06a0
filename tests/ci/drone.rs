//! Drone.

use serde_json::{Value, json};

use super::{read, running, step, warned};
use crate::models::drone::cards;

#[track_caller]
fn tells(card: &Value) {
    let data = &card["data"];
    assert_eq!((&data["outcome"], &data["deployment_id"]), (&json!("canceled"), &json!("dep-1")));
    assert!(card["schema"].as_str().unwrap().starts_with("https://"));
}

#[test]
fn a_card_is_shown_where_there_is_a_place_for_it() {
    let ran = step("drone", &running()).run();
    let found = cards(&ran.stdout);
    assert_eq!((ran.code, found.len()), (0, 1));
    tells(&found[0]);
    let line = ran.stdout.lines().find(|line| line.contains("1338;")).unwrap();
    assert!(line.starts_with('\u{1b}') && line.ends_with("\u{1b}]0m"), "a line of its own");
}

#[test]
fn a_card_in_a_file_is_plain_json() {
    let sandbox = running();
    let step = step("drone", &sandbox);
    let path = step.file("card.json");
    let ran = step.var("DRONE_CARD_PATH", path.to_str().unwrap()).run();
    tells(&serde_json::from_str(&read(&ran, "card.json")).unwrap());
    assert!(cards(&ran.stdout).is_empty());
}

#[test]
fn without_a_place_there_is_no_card_and_no_warning() {
    let ran = step("drone", &running()).without("DRONE_CARD_PATH").run();
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains("warning"), "{}", ran.stdout);
}

#[test]
fn a_card_that_cannot_be_written_is_a_warning() {
    warned(&step("drone", &running()).var("DRONE_CARD_PATH", "/no/card").run(), 0, "card");
}
