//! The GitHub Action: its inputs, how they are handed over, and which variables a build must not see.

use std::fmt::Write as _;

use super::between;
use super::parameters::{self, Parameter};
use super::secrets::unset;

/// The action, brought up to date.
pub(crate) fn action(before: &str) -> String {
    let with_inputs = between(before, "\ninputs:\n", "\noutputs:\n", &described_inputs());
    let with_variables = between(&with_inputs, "      env:\n", "      run: |\n", &handed_over());
    between(
        &with_variables,
        "BUILDX_BUILDER\n",
        "          mkdir -p \"$work/release\"",
        &unset("          ", &["INPUT_", "CANCEL_DEPLOYMENT_"]),
    )
}

fn described_inputs() -> String {
    let mut text = String::new();
    for parameter in parameters::all() {
        let _ = writeln!(text, "  {}:\n    description: {}", parameter.name, parameter.quoted());
        if parameter.is_required() {
            text.push_str("    required: true\n");
        }
    }
    text
}

/// The token of the job, where this platform is meant, however it is spelled, and nothing else holds a token for it: it
/// goes to nobody but GitHub. Comparing in expressions knows no case.
const OF_THE_JOB: &str = "(contains(inputs.platform, 'github_pages') || contains(inputs.platform, 'github-pages')) \
    && !env.GITHUB_TOKEN && !env.GH_TOKEN && github.token || ''";

fn handed_over() -> String {
    let lines = parameters::all().into_iter().map(|Parameter { name, .. }| {
        let instead = if name == "token" { format!(" || {OF_THE_JOB}") } else { String::new() };
        format!("        INPUT_{}: ${{{{ inputs.{name}{instead} }}}}\n", name.to_uppercase())
    });
    lines.collect()
}
