//! CircleCI: outputs for later steps of the same job are shell text, which each of their shells reads before its script.

use super::system::{Ci, Effect, MadeOutputs, Outputs, System, says};
use crate::ci::variables;
use crate::input::env::Env;

pub(super) const SYSTEM: System = System {
    id: "circleci",
    is_here: |env| says(env, "CIRCLECI", "true"),
    open: |env, _| Box::new(CircleCi::new(env)),
};

struct CircleCi {
    outputs: Option<String>,
}

impl CircleCi {
    fn new(env: &Env) -> Self {
        Self { outputs: env.var("BASH_ENV").map(str::to_owned) }
    }
}

impl Ci for CircleCi {
    fn id(&self) -> &'static str {
        SYSTEM.id
    }

    fn withholds_secrets(&self, env: &Env) -> Option<&'static str> {
        let of_fork = ["CIRCLE_PR_NUMBER", "CIRCLE_PR_REPONAME"].iter().any(|name| env.var(name).is_some());
        of_fork.then_some("Secrets are passed to builds from forks only if the project's settings allow that.")
    }

    fn outputs(&self, outputs: &Outputs) -> Vec<Effect> {
        let export = |(name, value): &(&str, String)| format!("export {}={}\n", variables::name(name), quoted(value));
        vec![Effect::Append { what: "outputs", path: self.outputs.clone(), text: outputs.iter().map(export).collect() }]
    }

    fn provisional(&self, outputs: &MadeOutputs<'_>) -> Vec<Effect> {
        match self.outputs {
            Some(_) => self.outputs(&outputs()),
            None => Vec::new(),
        }
    }

    fn files(&self) -> Vec<&str> {
        self.outputs.iter().map(String::as_str).collect()
    }
}

/// One word for every shell: nothing is special between single quotes but the quote itself.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''").replace('\0', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_quoted_word() {
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(x) `y` \\ \"z\" !"), "'$(x) `y` \\ \"z\" !'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_what_was_written() {
        for value in ["", "it's", "'; echo owned; '", "a\nb", "$HOME `id` \\", "''", "ü\u{1f600}"] {
            let script = format!("X={}; printf %s \"$X\"", quoted(value));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), value);
        }
    }
}
