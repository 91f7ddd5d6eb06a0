//! Bitbucket Pipelines: outputs are lines of a file, of which later steps get those that `output-variables` names.

use super::system::{Ci, Effect, MadeOutputs, Outputs, System};
use crate::ci::variables;
use crate::input::env::Env;

pub(super) const SYSTEM: System = System {
    id: "bitbucket",
    is_here: |env| env.var("BITBUCKET_BUILD_NUMBER").is_some(),
    open: |env, _| Box::new(Bitbucket::new(env)),
};

/// The outputs that always have a plain value. Another one may be left out at the end, and what stood in for it would
/// then stay.
const ALWAYS: [&str; 6] = ["outcome", "canceled", "went_live", "duration_seconds", "count", "canceled_count"];

struct Bitbucket {
    outputs: Option<String>,
}

impl Bitbucket {
    fn new(env: &Env) -> Self {
        let path = env.var("BITBUCKET_PIPELINES_VARIABLES_PATH");
        Self { outputs: path.map(str::to_owned) }
    }
}

impl Ci for Bitbucket {
    fn id(&self) -> &'static str {
        SYSTEM.id
    }

    fn outputs(&self, outputs: &Outputs) -> Vec<Effect> {
        vec![Effect::Append { what: "outputs", path: self.outputs.clone(), text: variables::lines(outputs) }]
    }

    fn provisional(&self, outputs: &MadeOutputs<'_>) -> Vec<Effect> {
        if self.outputs.is_none() {
            return Vec::new();
        }
        let mut always = outputs();
        always.retain(|(name, _)| ALWAYS.contains(name));
        self.outputs(&always)
    }

    fn files(&self) -> Vec<&str> {
        self.outputs.iter().map(String::as_str).collect()
    }
}
