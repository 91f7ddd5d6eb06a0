//! Buildkite: everything but the log is handed to its agent's program (buildkite/agent, `clicommand`, read 2026-08).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::program::Invocation;
use super::run_annotation::{body, style};
use super::system::{Ci, Effect, Outputs, System, says};
use crate::ci::variables;
use crate::input::Style;
use crate::input::env::Env;
use crate::report::{Annotation, Report};
use crate::text::secret::Secret;

pub(super) const SYSTEM: System = System {
    id: "buildkite",
    is_here: |env| says(env, "BUILDKITE", "true"),
    open: |env, confirmed| Box::new(Buildkite::new(env, confirmed)),
};

/// The agent's program.
const AGENT: &str = "buildkite-agent";
/// How long the agent is waited for when a secret is handed to it: nothing else happens meanwhile.
const LIMIT_OF_MASKS: Duration = Duration::from_secs(2);
/// The rest goes over the network; the program itself would repeat it for a minute.
const LIMIT: Duration = Duration::from_secs(10);

/// A larger value is not taken: 100 kB.
const LARGEST_VALUE: usize = 97 * 1024;

struct Buildkite {
    confirmed: bool,
    /// The jobs of a build share one page, and each keeps its annotation there.
    context: String,
}

impl Buildkite {
    fn new(env: &Env, confirmed: bool) -> Self {
        let is_id = |id: &&str| id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let job = env.var("BUILDKITE_JOB_ID").filter(is_id);
        Self {
            confirmed,
            context: job.map_or_else(|| "cancel-deployment".to_owned(), |job| format!("cancel-deployment-{job}")),
        }
    }
}

impl Ci for Buildkite {
    fn id(&self) -> &'static str {
        SYSTEM.id
    }

    fn style(&self) -> Style {
        Style::Name
    }

    /// On standard input: an argument could be read by everybody on the machine.
    fn mask(&self, secrets: &[Secret]) -> Vec<Effect> {
        if !self.confirmed {
            return Vec::new();
        }
        let mut all = Map::new();
        all.extend(secrets.iter().enumerate().map(|(n, secret)| (n.to_string(), Value::from(secret.expose()))));
        let input = Value::Object(all).to_string();
        vec![Effect::Calls {
            what: "secrets to hide",
            program: AGENT,
            calls: vec![Invocation::new(&["redactor", "add", "--format", "json"], input)],
            limit: LIMIT_OF_MASKS,
        }]
    }

    fn open_group(&self, title: &str, _now: Timestamp) -> Vec<Effect> {
        vec![Effect::Out(format!("--- {title}"))]
    }

    /// A group ends where the next one begins; this one is shown open.
    fn close_group(&self, _now: Timestamp) -> Vec<Effect> {
        vec![Effect::Out("+++ What came of it".to_owned())]
    }

    /// A value that is empty cannot be set.
    fn outputs(&self, outputs: &Outputs) -> Vec<Effect> {
        let set = outputs.iter().filter(|(_, value)| !value.trim().is_empty());
        let set = set.map(|(name, value)| {
            let key = variables::small_name(name);
            Invocation::new(&["meta-data", "set", &key], value.clone())
        });
        vec![Effect::Calls { what: "outputs", program: AGENT, calls: set.collect(), limit: LIMIT }]
    }

    fn largest_deployments(&self) -> usize {
        LARGEST_VALUE
    }

    fn run_annotation(&self, report: &Report, annotations: &[Annotation], summary: bool) -> Vec<Effect> {
        let arguments = ["annotate", "--style", style(report), "--context", &self.context];
        vec![Effect::Calls {
            what: "lines of the annotation",
            program: AGENT,
            calls: vec![Invocation::new(&arguments, body(report, annotations, summary))],
            limit: LIMIT,
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buildkite(job: &str) -> Buildkite {
        Buildkite::new(&Env::new([("BUILDKITE_JOB_ID".into(), job.into())]), true)
    }

    #[test]
    fn secrets_travel_on_standard_input_only() {
        let secret = |text: &str| Secret::from(text.to_owned());
        let effects = buildkite("").mask(&[secret("it's \"one\""), secret("other")]);
        let [Effect::Calls { calls, .. }] = effects.as_slice() else {
            panic!("{effects:?}");
        };
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].arguments, ["redactor", "add", "--format", "json"]);
        assert_eq!(*calls[0].input, r#"{"0":"it's \"one\"","1":"other"}"#);
    }

    #[test]
    fn an_empty_output_is_not_set_and_no_value_is_an_argument() {
        let outputs = [("outcome", "canceled".to_owned()), ("state", String::new()), ("reason", "--job x".to_owned())];
        let effects = buildkite("").outputs(&outputs);
        let [Effect::Calls { calls, .. }] = effects.as_slice() else {
            panic!("{effects:?}");
        };
        let arguments: Vec<_> = calls.iter().map(|call| call.arguments.join(" ")).collect();
        assert_eq!(arguments, ["meta-data set cancellation_outcome", "meta-data set cancellation_reason"]);
        assert_eq!(*calls[1].input, "--job x");
    }

    #[test]
    fn no_value_is_too_large_for_meta_data() {
        assert!(buildkite("").largest_deployments() < 100_000);
    }

    #[test]
    fn each_job_has_an_annotation_of_its_own() {
        assert_eq!(buildkite("01-ab").context, "cancel-deployment-01-ab");
        assert_eq!(buildkite("a b").context, "cancel-deployment");
        assert_eq!(buildkite("").context, "cancel-deployment");
    }
}
