//! Drone: a log, an exit code, and a card on the page of the step where its runner offers one (drone/runner-go,
//! `livelog/extractor`, read 2026-08).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::system::{Ci, Effect, System, says};
use crate::input::Style;
use crate::input::env::Env;
use crate::report::{Annotation, Report};
use crate::text::sanitizer::break_commands_in_json;

pub(super) const SYSTEM: System =
    System { id: "drone", is_here: |env| says(env, "DRONE", "true"), open: |env, _| Box::new(Drone::new(env)) };

/// How the card looks: an adaptive card, which Drone's pages fetch.
const SCHEMA: &str = "https://raw.githubusercontent.com/OWNER/cancel-deployment/v1/docs/drone-card.json";

struct Drone {
    card: Option<String>,
}

impl Drone {
    fn new(env: &Env) -> Self {
        Self { card: env.var("DRONE_CARD_PATH").map(str::to_owned) }
    }
}

impl Ci for Drone {
    fn id(&self) -> &'static str {
        SYSTEM.id
    }

    fn style(&self) -> Style {
        Style::Setting
    }

    fn withholds_secrets(&self, env: &Env) -> Option<&'static str> {
        let of_pull = env.var("DRONE_PULL_REQUEST").is_some() || says(env, "DRONE_BUILD_EVENT", "pull_request");
        of_pull.then_some("A secret is given to pull requests only if its settings allow that.")
    }

    fn run_annotation(&self, report: &Report, _annotations: &[Annotation], _summary: bool) -> Vec<Effect> {
        let card = self.card.iter().map(|path| place(path, &card(report)));
        card.collect()
    }

    fn files(&self) -> Vec<&str> {
        self.card.iter().map(String::as_str).collect()
    }
}

fn card(report: &Report) -> String {
    let outputs = report.outputs(0);
    let value = |name: &str| {
        let mut found = outputs.iter().filter(|(output, _)| *output == name);
        found.next().map(|(_, value)| value.clone())
    };
    let whole = json!({
        "schema": SCHEMA,
        "data": {
            "title": report.title(),
            "outcome": value("outcome"),
            "went_live": value("went_live"),
            "deployment_id": value("deployment_id"),
            "reason": value("reason"),
            "duration": format!("{} s", value("duration_seconds").unwrap_or_default()),
        },
    });
    break_commands_in_json(whole.to_string())
}

/// In a stream the card is a line of its own between two marks, which the runner takes out again.
fn place(path: &str, card: &str) -> Effect {
    let line = || format!("\u{1b}]1338;{}\u{1b}]0m", STANDARD.encode(card));
    match path {
        "/dev/stdout" => Effect::Out(line()),
        "/dev/stderr" => Effect::Err(line()),
        _ => Effect::Replace {
            what: "lines of the card",
            path: Some(path.to_owned()),
            text: card.to_owned(),
            then: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_goes_into_a_stream_encoded_and_into_a_file_as_it_is() {
        let line = "\u{1b}]1338;e30=\u{1b}]0m".to_owned();
        assert_eq!(place("/dev/stdout", "{}"), Effect::Out(line.clone()));
        assert_eq!(place("/dev/stderr", "{}"), Effect::Err(line));
        let Effect::Replace { path, text, .. } = place("/card", "{}") else {
            panic!("no file");
        };
        assert_eq!((path.as_deref(), text.as_str()), (Some("/card"), "{}"));
    }
}
