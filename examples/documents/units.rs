//! The units that the users of other CI systems expect: a file or a folder each, in `integrations/`.

use std::fmt::Write as _;

use cancel_deployment::input::InputKind;

use super::parameters::{self, Parameter};
use super::{between, versions};

/// What a unit whose file sets it by itself does not offer.
pub(crate) const GITLAB_SETS: [&str; 2] = ["output_file", "ci"];

/// What a unit offers where the server stores its parameters as text: no secret, and not what is set by the unit itself.
fn offered(set: &[&str]) -> Vec<Parameter> {
    let mut all = parameters::all();
    all.retain(|parameter| !parameter.secret && !set.contains(&parameter.name));
    all
}

/// GitLab's file for `include`, with one input and one variable for each of ours.
pub(crate) fn gitlab(before: &str) -> String {
    let (mut inputs, mut variables) = (String::new(), String::new());
    for parameter in offered(&GITLAB_SETS) {
        let _ = writeln!(inputs, "    {}:", parameter.name);
        let mut options: Vec<_> = parameter.choices().iter().map(|choice| format!("\"{choice}\"")).collect();
        if !parameter.is_required() {
            inputs.push_str("      default: \"\"\n");
            // An empty default has to be one of the options.
            if !options.is_empty() {
                options.insert(0, "\"\"".to_owned());
            }
        }
        if !options.is_empty() {
            let _ = writeln!(inputs, "      options: [{}]", options.join(", "));
        }
        let _ = writeln!(inputs, "      description: {}", parameter.quoted());
        let _ = writeln!(variables, "    {}: \"$[[ inputs.{} ]]\"", parameter.variable(), parameter.name);
    }
    let with_inputs = between(before, "    # Those of the program.\n", "---\n", &inputs);
    versions(&between(&with_inputs, "    GIT_STRATEGY: none\n", "  script:\n", &variables))
}

/// Buildkite's description of the plugin, whose configuration is a JSON schema.
pub(crate) fn buildkite(before: &str) -> String {
    let mut properties = String::new();
    for parameter in offered(&[]) {
        let _ = writeln!(properties, "    {}:\n      description: {}", parameter.name, parameter.quoted());
        let choices = match parameter.kind {
            InputKind::Choice(words) => words(),
            _ => Vec::new(),
        };
        let kind = match parameter.kind {
            InputKind::Boolean => "boolean",
            // A bare `90` is a number in YAML.
            InputKind::Duration(..) => "[string, integer]",
            InputKind::Choices(_) | InputKind::Lines => "[string, array]",
            InputKind::Text | InputKind::Choice(_) => "string",
        };
        let _ = writeln!(properties, "      type: {kind}");
        if !choices.is_empty() {
            let _ = writeln!(properties, "      enum: [{}]", choices.join(", "));
        }
        if kind.ends_with("array]") {
            properties.push_str("      items:\n        type: string\n");
        }
    }
    between(before, "  properties:\n", "  required:\n", &properties)
}
