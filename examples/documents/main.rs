//! Writes what the registers say into the documents: `cargo run --example documents`. Nothing of it is typed twice.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a tool of the repository")]

mod action;
mod parameters;
mod secrets;
mod tables;
mod units;

use std::fs;
use std::path::Path;

/// How a document is brought up to date.
pub(crate) type Update = fn(&str) -> String;

/// The documents, and how each is brought up to date: first what stands in others.
pub(crate) const DOCUMENTS: &[(&str, Update)] = &[
    ("README.md", readme),
    ("docs/inputs.md", inputs),
    ("docs/security.md", security),
    ("docs/way-back.md", way_back),
    ("docs/platforms.md", platforms),
    ("action.yml", action::action),
    ("integrations/fetch.sh", units::fetch),
    ("integrations/azure.yml", units::azure),
    ("integrations/circleci.yml", units::circleci),
    ("integrations/gitlab.yml", units::gitlab),
    ("integrations/jenkins/vars/cancelDeployment.groovy", units::jenkins),
    ("integrations/jenkins/vars/cancelDeployment.txt", units::jenkins_help),
    ("integrations/jenkins/resources/cancel-deployment.sh", units::jenkins_fetch),
    ("integrations/woodpecker.md", units::woodpecker),
    ("integrations/buildkite/cancel-deployment/plugin.yml", units::buildkite),
    ("integrations/buildkite/cancel-deployment/README.md", versions),
    ("integrations/README.md", versions),
    ("docs/ci-systems.md", versions),
    ("examples/ci/Jenkinsfile", versions),
    ("examples/ci/azure-pipelines.yml", versions),
    ("examples/ci/buildkite-pipeline.yml", versions),
    ("examples/ci/circleci-config.yml", versions),
    ("examples/ci/gitlab-ci.yml", versions),
    ("examples/ci/woodpecker.yml", versions),
];

#[allow(dead_code, reason = "a test takes only the rest")]
fn main() {
    for (path, bring_up_to_date) in DOCUMENTS.iter().copied() {
        let before = read(path);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let after = bring_up_to_date(&before);
        if after != before {
            fs::write(&path, after).expect("a document that may be written");
            println!("{} is up to date now", path.display());
        }
    }
}

/// A document as it is.
fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a readable document")
}

/// The README with its table of platforms.
fn readme(before: &str) -> String {
    between(before, "<!-- platforms -->\n", "<!-- /platforms -->", &tables::platforms())
}

/// The reference with the tables of all inputs, and of what can be selected where.
fn inputs(before: &str) -> String {
    let with_inputs = between(before, "<!-- inputs -->\n", "<!-- /inputs -->", &tables::inputs());
    between(&with_inputs, "<!-- select -->\n", "<!-- /select -->", &tables::selections())
}

/// What auditors read, with the hosts of all platforms.
fn security(before: &str) -> String {
    between(before, "<!-- hosts -->\n", "<!-- /hosts -->", &tables::hosts())
}

/// What a roll back does, with what each platform makes of it.
fn way_back(before: &str) -> String {
    between(before, "<!-- way-back -->\n", "<!-- /way-back -->", &tables::way_back())
}

/// What to know of each platform, with what a roll back takes.
fn platforms(before: &str) -> String {
    tables::roll_backs().fold(before.to_owned(), |text, (id, says)| {
        between(&text, &format!("<!-- roll-back {id} -->\n"), "<!-- /roll-back -->", &says)
    })
}

/// The text with what stands between two marks replaced.
fn between(text: &str, from: &str, to: &str, new: &str) -> String {
    let (head, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from:?}"));
    let (_, tail) = rest.split_once(to).unwrap_or_else(|| panic!("no {to:?} behind {from:?}"));
    format!("{head}{from}{new}{to}{tail}")
}

/// What stands before a whole version of this program, wherever one is named.
const BEFORE_VERSION: [&str; 7] = [
    "ghcr.io/OWNER/cancel-deployment:",
    "OWNER/cancel-deployment/v",
    "OWNER/cancel-deployment/releases/download/v",
    "cancel-deployment#v",
    "cancel-deployment@v",
    "OWNER/cancel-deployment@",
    "refs/tags/v",
];

/// The text with this version wherever it names a whole one. `v1` stays: it is followed.
fn versions(text: &str) -> String {
    BEFORE_VERSION.iter().fold(text.to_owned(), |text, before| {
        let mut parts = text.split(before);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            let written = part.strip_suffix(rest).unwrap_or_default();
            let version = if written.split('.').count() == 3 { env!("CARGO_PKG_VERSION") } else { written };
            format!("{text}{before}{version}{rest}")
        })
    })
}
