//! Harness CI: files for outputs, for secrets and for annotations (harness/lite-engine, `pipeline/runtime`, read
//! 2026-08). It is a Drone as well, and its own variable tells the two apart.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::run_annotation::{body, style};
use super::system::{Ci, Effect, MadeOutputs, Outputs, System};
use crate::ci::variables;
use crate::input::Style;
use crate::input::env::Env;
use crate::report::{Annotation, Report};
use crate::text::sanitizer::break_commands_in_json;
use crate::text::secret::Secret;

pub(super) const SYSTEM: System = System {
    id: "harness",
    // Not every kind of step has a file for outputs, and DRONE is not always set.
    is_here: |env| {
        let mut own = ["HARNESS_OUTPUT_FILE", "HARNESS_PIPELINE_ID", "HARNESS_BUILD_ID"].iter();
        own.any(|name| env.var(name).is_some())
    },
    open: |env, confirmed| Box::new(Harness::new(env, confirmed)),
};

/// The outputs whose words are all ours. Everything else is somebody's text, in which the reader would find quotes,
/// escapes and variables.
const OURS: [&str; 8] =
    ["outcome", "canceled", "went_live", "state", "duration_seconds", "count", "canceled_count", "rollback"];

/// A line of 64 KiB makes the whole file unreadable.
const LONGEST_LINE: usize = 65_000;
/// In base64 this stays below that.
const LARGEST_DEPLOYMENTS: usize = 45 * 1024;
/// A longer text of an annotation is cut.
const LONGEST_SUMMARY: usize = 64 * 1024;

/// Variables that say whose annotation it is, and the fields they belong into.
const WHOSE: [(&str, &str); 5] = [
    ("HARNESS_ACCOUNT_ID", "accountId"),
    ("HARNESS_ORG_ID", "orgId"),
    ("HARNESS_PROJECT_ID", "projectId"),
    ("HARNESS_PIPELINE_ID", "pipelineId"),
    ("HARNESS_EXECUTION_ID", "planExecutionId"),
];

struct Harness {
    confirmed: bool,
    outputs: Option<String>,
    secrets: Option<String>,
    annotations: Option<String>,
    whose: Map<String, Value>,
}

impl Harness {
    fn new(env: &Env, confirmed: bool) -> Self {
        let file = |name| env.var(name).map(str::to_owned);
        let known = |(variable, field): (&str, &str)| Some((field.to_owned(), Value::from(env.var(variable)?)));
        Self {
            confirmed,
            outputs: file("HARNESS_OUTPUT_FILE").or_else(|| file("DRONE_OUTPUT")),
            secrets: file("HARNESS_OUTPUT_SECRET_FILE"),
            annotations: file("HARNESS_ANNOTATIONS_FILE"),
            whose: WHOSE.into_iter().filter_map(known).collect(),
        }
    }
}

impl Ci for Harness {
    fn id(&self) -> &'static str {
        SYSTEM.id
    }

    fn style(&self) -> Style {
        Style::Setting
    }

    /// What stands in that file is hidden wherever it shows.
    fn mask(&self, secrets: &[Secret]) -> Vec<Effect> {
        let Some(path) = self.secrets.as_ref().filter(|_| self.confirmed) else {
            return Vec::new();
        };
        let line = |secret: &Secret| {
            // A secret made on the way comes later, and must not take the place of an earlier one.
            let name = format!("CANCELLATION_SECRET_{:016X}", fastrand::u64(..));
            format!("{name}={}\n", encoded(secret.expose()))
        };
        vec![Effect::Append { what: "secrets", path: Some(path.clone()), text: secrets.iter().map(line).collect() }]
    }

    fn outputs(&self, outputs: &Outputs) -> Vec<Effect> {
        let line = |(name, value): &(&str, String)| {
            let value = if OURS.contains(name) || value.is_empty() { value.clone() } else { encoded(value) };
            format!("{}={value}\n", variables::name(name))
        };
        let lines = outputs.iter().map(line);
        vec![Effect::Append {
            what: "outputs",
            path: self.outputs.clone(),
            text: lines.filter(|line| line.len() < LONGEST_LINE).collect(),
        }]
    }

    fn provisional(&self, outputs: &MadeOutputs<'_>) -> Vec<Effect> {
        match self.outputs {
            Some(_) => self.outputs(&outputs()),
            None => Vec::new(),
        }
    }

    fn run_annotation(&self, report: &Report, annotations: &[Annotation], summary: bool) -> Vec<Effect> {
        let Some(path) = &self.annotations else {
            return Vec::new();
        };
        let annotation = json!({
            "contextId": "cancel-deployment",
            "mode": "replace",
            "style": style(report),
            "summary": shortened(&body(report, annotations, summary)),
        });
        let mut whole = self.whose.clone();
        whole.insert("annotations".to_owned(), json!([annotation]));
        vec![Effect::Replace {
            what: "annotations",
            path: Some(path.clone()),
            text: break_commands_in_json(Value::Object(whole).to_string()),
            then: None,
        }]
    }

    fn largest_deployments(&self) -> usize {
        LARGEST_DEPLOYMENTS
    }

    fn files(&self) -> Vec<&str> {
        let all = [&self.outputs, &self.secrets, &self.annotations];
        all.into_iter().flatten().map(String::as_str).collect()
    }
}

/// A value that is the same after every reader.
fn encoded(value: &str) -> String {
    format!("__B64__{}", STANDARD.encode(value))
}

fn shortened(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_SUMMARY);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn harness(variables: &[(&str, &str)], confirmed: bool) -> Harness {
        let variables = variables.iter();
        let env = Env::new(variables.map(|(name, value)| (name.into(), value.into())));
        Harness::new(&env, confirmed)
    }

    fn text(effects: &[Effect]) -> &str {
        match effects {
            [Effect::Append { text, .. }] => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn text_that_is_not_ours_is_encoded() {
        let effects = harness(&[("DRONE_OUTPUT", "/o")], true).outputs(&[
            ("outcome", "canceled".to_owned()),
            ("state", String::new()),
            ("deployment_id", "__B64__".to_owned()),
            ("reason", "it's \"$HOME\"".to_owned()),
            ("deployment_url", String::new()),
        ]);
        assert_eq!(
            text(&effects),
            "CANCELLATION_OUTCOME=canceled\nCANCELLATION_STATE=\n\
             CANCELLATION_DEPLOYMENT_ID=__B64__X19CNjRfXw==\n\
             CANCELLATION_REASON=__B64__aXQncyAiJEhPTUUi\nCANCELLATION_DEPLOYMENT_URL=\n"
        );
    }

    #[test]
    fn no_line_is_too_long_for_the_reader() {
        let harness = harness(&[], true);
        let largest = harness.largest_deployments();
        let value = |length| [("deployments", "x".repeat(length)), ("outcome", "error".to_owned())];
        assert_eq!(text(&harness.outputs(&value(largest))).lines().count(), 2);
        assert_eq!(text(&harness.outputs(&value(largest * 2))), "CANCELLATION_OUTCOME=error\n");
        for line in text(&harness.outputs(&value(largest))).lines() {
            assert!(line.len() < 65_536);
        }
    }

    #[test]
    fn the_text_of_an_annotation_is_cut_between_characters() {
        let long = "ü".repeat(40_000);
        assert_eq!(shortened(&long).len(), LONGEST_SUMMARY);
        assert_eq!(shortened(&format!("x{long}")).len(), LONGEST_SUMMARY - 1);
        assert_eq!(shortened("x"), "x");
    }

    #[test]
    fn two_secrets_do_not_take_each_others_place() {
        let harness = harness(&[("HARNESS_OUTPUT_SECRET_FILE", "/s")], true);
        let secret = |text: &str| Secret::from(text.to_owned());
        let effects = harness.mask(&[secret("first"), secret("second")]);
        let names: Vec<_> =
            text(&effects).lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
        assert_eq!(names.len(), 2);
        assert_ne!(names[0], names[1]);
    }
}
