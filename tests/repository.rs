//! Rules about the repository: documents agree with the code, and every part knows only what it may know.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cancel_deployment::ci;
use cancel_deployment::input::Input;
use cancel_deployment::model::outcome::{Exit, FailOn, Outcome};
use cancel_deployment::platform::register::REGISTER;
use cancel_deployment::report::OUTPUTS;
use cancel_deployment::settings::COMMON;
use serde_yaml_ng::{Mapping, Value};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every text file below a folder, with its path in the repository.
fn files(folder: &str) -> Vec<(String, String)> {
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if matches!(name, ".git" | "target") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
                files.push((name.replace('\\', "/"), text));
            }
        }
    }
    assert!(!files.is_empty(), "{folder} is empty");
    files
}

/// A Rust file without its comments.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn without(path: &str, text: &str, words: &[&str]) {
    let lower = text.to_lowercase();
    for word in words {
        let line = lower.lines().position(|line| line.contains(&word.to_lowercase()));
        assert!(line.is_none(), "{path}:{} says {word}", line.unwrap_or_default() + 1);
    }
}

fn platforms() -> Vec<&'static str> {
    REGISTER.iter().map(|entry| entry.about.id).collect()
}

/// All CI systems by name; `plain` is none, and an ordinary word.
fn ci_systems() -> Vec<&'static str> {
    ci::names().filter(|name| *name != "plain").collect()
}

// action.yml

fn inputs() -> BTreeSet<String> {
    let own = REGISTER.iter().flat_map(|entry| entry.inputs);
    COMMON.iter().chain(own).map(|input| input.name.to_owned()).collect()
}

fn outputs() -> BTreeSet<String> {
    OUTPUTS.iter().map(|(name, _)| (*name).to_owned()).collect()
}

fn action() -> Value {
    serde_yaml_ng::from_str(&read("action.yml")).unwrap()
}

fn names(mapping: &Value) -> BTreeSet<String> {
    let mapping: &Mapping = mapping.as_mapping().unwrap();
    mapping.keys().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_action_is_composite_with_exactly_one_step() {
    let action = action();
    assert_eq!(action["runs"]["using"], "composite");
    assert_eq!(action["runs"]["steps"].as_sequence().unwrap().len(), 1);
}

#[test]
fn the_action_also_runs_in_a_canceled_workflow_and_is_not_shielded_from_a_signal() {
    // `always()` for runners derived from act, which skip the step else; GitHub sets the status when it signals the step.
    let step = &action()["runs"]["steps"][0];
    assert_eq!(step["if"], "always() && github.action_status != 'cancelled'");
}

#[test]
fn the_action_leaves_the_defaults_to_the_code() {
    for (name, input) in action()["inputs"].as_mapping().unwrap() {
        assert!(input.get("default").is_none(), "{name:?}");
    }
}

#[test]
fn every_input_and_output_of_the_action_is_described() {
    let action = action();
    for kind in ["inputs", "outputs"] {
        for (name, entry) in action[kind].as_mapping().unwrap() {
            assert!(entry["description"].as_str().is_some_and(|text| !text.is_empty()), "{name:?}");
        }
    }
}

#[test]
fn the_action_has_the_outputs_of_the_code() {
    let action = action();
    let step = action["runs"]["steps"][0]["id"].as_str().unwrap();
    assert_eq!(names(&action["outputs"]), outputs());
    for name in outputs() {
        let value = format!("${{{{ steps.{step}.outputs.{name} }}}}");
        assert_eq!(action["outputs"][&name]["value"].as_str(), Some(value.as_str()));
    }
}

#[test]
fn no_expression_stands_in_the_script_of_the_action() {
    let action = action();
    assert!(!action["runs"]["steps"][0]["run"].as_str().unwrap().contains("${{"));
}

// README.md

/// The first cells in backticks of the table below a heading.
fn first_cells(heading: &str) -> BTreeSet<String> {
    let readme = read("README.md");
    let heading = format!("## {heading}");
    let below = readme.lines().skip_while(|line| line.trim_end() != heading).skip(1);
    let section: Vec<_> = below.take_while(|line| !line.starts_with("## ")).collect();
    assert!(!section.is_empty(), "README.md has nothing below {heading:?}");
    let rows = section.iter().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).map(str::to_owned).collect()
}

#[test]
fn the_readme_lists_every_output() {
    assert_eq!(first_cells("Outputs"), outputs());
}

#[test]
fn the_first_sentence_of_the_readme_names_every_platform() {
    let readme = read("README.md");
    let first = readme.split("\n\n").find(|paragraph| paragraph.starts_with("**")).unwrap().replace('\n', " ");
    let first = first.split(". ").next().unwrap();
    for entry in REGISTER {
        assert!(first.contains(entry.about.name), "{} is not in: {first}", entry.about.name);
    }
}

/// The rows of the README's table of outcomes, by their words.
fn outcome_rows() -> Vec<(String, [String; 4])> {
    let readme = read("README.md");
    let (_, below) = readme.split_once("| outcome | step | exit code | `went_live` | when |\n").unwrap();
    let rows = below.lines().take_while(|line| line.starts_with('|')).skip(1);
    let rows = rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        let [word, rest @ ..] = cells.as_slice() else { panic!("{row}") };
        (word.trim_matches('`').to_owned(), rest.to_vec().try_into().unwrap())
    });
    rows.collect()
}

#[test]
fn the_readme_tells_the_color_and_exit_code_of_every_outcome() {
    let rows = outcome_rows();
    let words: BTreeSet<_> = rows.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, Outcome::ALL.iter().map(|outcome| outcome.word()).collect());
    let mut all = BTreeSet::new();
    for (word, [step, codes, ..]) in &rows {
        let mut expected = BTreeSet::new();
        for outcome in Outcome::ALL.into_iter().filter(|outcome| outcome.word() == word) {
            let exit = FailOn::default().exit([outcome]);
            match outcome {
                Outcome::Interrupted => expected.extend([Exit::Interrupted.code(), Exit::Terminated.code()]),
                _ => expected.extend([exit.code()]),
            }
        }
        let codes: BTreeSet<u8> = codes.split(", ").map(|code| code.parse().unwrap()).collect();
        assert_eq!(codes, expected, "{word}");
        let colors = (step.contains('✅'), step.contains('❌'));
        assert_eq!(colors, (codes.contains(&0), codes.iter().any(|code| *code != 0)), "{word}");
        all.extend(codes);
    }
    assert_eq!(all, Exit::ALL.iter().map(|exit| exit.code()).collect());
}

#[test]
fn every_list_of_platforms_that_is_written_by_hand_names_all() {
    for id in platforms() {
        for path in
            ["tests/properties/answers.rs", "tests/runners/examples.py", "examples/demo.rs", "examples/sandbox.rs"]
        {
            assert!(read(path).contains(&format!("\"{id}\"")), "{path} has nothing for {id}");
        }
    }
}

#[test]
fn the_guide_to_ci_systems_lists_them_in_the_order_of_detection() {
    let guide = read("docs/ci-systems.md");
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `"));
    let names = rows.filter_map(|row| row.split('`').next());
    let listed: Vec<_> = names.skip(1).collect();
    assert_eq!(listed, ci::names().collect::<Vec<_>>());
}

/// The names in backticks of a cell.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_variables_that_the_guide_names_are_enough_on_every_platform() {
    let guide = read("docs/ci-systems.md");
    let folder = tempfile::tempdir().unwrap();
    for entry in REGISTER {
        let beginning = format!("| {} |", entry.about.name);
        let row = guide.lines().find_map(|line| line.strip_prefix(&beginning));
        let row = row.unwrap_or_else(|| panic!("docs/ci-systems.md has no row {beginning}"));
        let [select, plain, secret] = row.trim_end_matches('|').split('|').collect::<Vec<_>>().try_into().unwrap();
        let mut step = Command::new(env!("CARGO_BIN_EXE_cancel-deployment"));
        step.env_clear().current_dir(&folder).env("GITLAB_CI", "true").env("CI_COMMIT_SHA", "1".repeat(40));
        step.env("CANCEL_DEPLOYMENT_PLATFORM", entry.about.id).env("CANCEL_DEPLOYMENT_TIMEOUT", "1");
        // Nobody listens there.
        step.env("CANCEL_DEPLOYMENT_API_URL", "http://127.0.0.1:1").env("CANCEL_DEPLOYMENT_SELECT", quoted(select)[0]);
        for (names, is_secret) in [(quoted(plain), false), (quoted(secret), true)] {
            for name in names {
                let usual = |input: &&Input| {
                    let own = format!("CANCEL_DEPLOYMENT_{}", input.name.to_uppercase());
                    name == own || input.usual.iter().any(|(variable, _)| *variable == name)
                };
                let input = entry.inputs.iter().find(usual).unwrap_or_else(|| panic!("{name} is no variable"));
                assert_eq!(input.secret, is_secret, "{name}");
                let value = match name {
                    "CF_API_URL" => "http://127.0.0.1:1",
                    "DD_SITE" => "datadoghq.eu",
                    "GITHUB_REPOSITORY" => "acme/web",
                    _ => "00000000-0000-4000-8000-000000000000",
                };
                step.env(name, value);
            }
        }
        let ran = step.output().unwrap();
        let log = String::from_utf8_lossy(&ran.stdout);
        assert_eq!(ran.status.code(), Some(1), "{}: {log}", entry.about.id);
    }
}

// examples/ci

/// The words of a text, with their underscores.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(move |c| !is_part(c))
}

/// All example pipelines, and the guide that shows parts of them.
fn pipelines() -> Vec<(String, String)> {
    let mut all = files("examples/ci");
    all.push(("docs/ci-systems.md".to_owned(), read("docs/ci-systems.md")));
    all
}

#[test]
fn the_pipelines_set_inputs_and_read_outputs_that_there_are() {
    for (path, text) in pipelines() {
        for word in words(&text) {
            if let Some(name) = word.strip_prefix("CANCEL_DEPLOYMENT_") {
                assert!(inputs().contains(&name.to_lowercase()), "{path}: {word}");
            }
            let read = word.strip_prefix("CANCELLATION_").map(str::to_lowercase);
            let read = read.or_else(|| word.strip_prefix("cancellation_").map(str::to_owned));
            if let Some(name) = read.filter(|name| !name.is_empty()) {
                assert!(outputs().contains(&name), "{path}: {word}");
            }
        }
    }
}

#[test]
fn the_settings_of_a_plugin_are_inputs() {
    for name in ["drone", "woodpecker"] {
        let pipeline: Value = serde_yaml_ng::from_str(&read(&format!("examples/ci/{name}.yml"))).unwrap();
        let steps = pipeline["steps"].as_sequence().unwrap();
        let settings: Vec<_> = steps.iter().filter_map(|step| step.get("settings")).collect();
        assert_eq!(settings.len(), 1);
        assert!(names(settings[0]).is_subset(&inputs()), "{name}");
    }
}

#[test]
fn every_pipeline_is_mentioned_and_checked() {
    let (guide, checks) = (read("docs/ci-systems.md"), read(".ci/run"));
    for (path, _) in files("examples/ci") {
        assert!(guide.contains(&format!("(../{path})")), "{path}");
        assert!(checks.contains(&path) || path.ends_with("Jenkinsfile"), "{path}");
    }
}

#[test]
fn the_card_shows_what_the_code_puts_on_it() {
    let (card, code) = (read("docs/drone-card.json"), read("src/ci/drone.rs"));
    let shown: Vec<_> = card.split("${").skip(1).filter_map(|rest| rest.split('}').next()).collect();
    assert!(!shown.is_empty());
    for name in shown {
        assert!(code.contains(&format!("\"{name}\": ")), "{name}");
    }
}

#[test]
fn the_changelog_has_a_section_for_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = read("CHANGELOG.md");
    let mut headings = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    let is_this = |heading: &str| {
        let word = heading.split_whitespace().next().unwrap_or_default();
        word.trim_matches(['[', ']', 'v']) == version
    };
    assert!(headings.any(is_this), "no section for {version}");
}

// Who may know what

#[test]
fn a_platform_neither_sends_nor_waits_nor_reads_the_clock() {
    for (path, text) in files("src/platform") {
        without(&path, &text, &["reqwest", "tokio::", "std::env", "SystemTime", "Instant::", "time::Instant"]);
    }
}

#[test]
fn no_platform_knows_another() {
    for id in platforms() {
        let others: Vec<_> = platforms().into_iter().filter(|other| *other != id).collect();
        let (file, folder) = (format!("src/platform/{id}.rs"), format!("src/platform/{id}/"));
        let own = files("src/platform").into_iter().filter(|(path, _)| *path == file || path.starts_with(&folder));
        let own: Vec<_> = own.collect();
        assert!(!own.is_empty(), "{id} has no file");
        for (path, text) in own {
            without(&path, &text, &others);
        }
    }
}

#[test]
fn the_procedure_and_the_report_name_no_platform() {
    for (path, text) in ["src/cancel", "src/run", "src/model", "src/report"].into_iter().flat_map(files) {
        without(&path, &text, &platforms());
    }
}

#[test]
fn the_procedure_and_the_report_name_no_ci_system() {
    for (path, text) in ["src/cancel", "src/run", "src/model", "src/report"].into_iter().flat_map(files) {
        without(&path, &text, &ci_systems());
    }
}

#[test]
fn ci_systems_know_neither_http_nor_platforms() {
    for (path, text) in files("src/ci") {
        without(&path, &text, &["reqwest"]);
        without(&path, &text, &platforms());
    }
}

#[test]
fn only_the_door_to_the_platforms_knows_the_http_client() {
    for (path, text) in files("src") {
        if !path.starts_with("src/api/") {
            without(&path, &code(&text), &["reqwest"]);
        }
    }
}

#[test]
fn no_code_is_unsafe() {
    let word = concat!("un", "safe");
    for folder in ["src", "tests", "examples"] {
        for (path, text) in files(folder).into_iter().filter(|(path, _)| path.ends_with(".rs")) {
            let text = code(&text);
            let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            assert!(!words.any(|found| found == word), "{path}");
        }
    }
}

#[test]
fn a_build_from_source_sees_no_secret() {
    let action = read("action.yml");
    let unset: Vec<_> = action
        .lines()
        .filter_map(|line| line.split_once("unset "))
        .flat_map(|(_, names)| names.split_whitespace())
        .collect();
    for input in REGISTER.iter().flat_map(|entry| entry.inputs) {
        let name = input.name.to_uppercase();
        let prefixed = ["INPUT", "CANCEL_DEPLOYMENT"].map(|prefix| format!("{prefix}_{name}"));
        let usual = input.usual.iter().map(|(variable, _)| *variable);
        for name in usual.chain(prefixed.iter().map(String::as_str)).filter(|_| input.secret) {
            assert!(unset.contains(&name), "{name} reaches the build: `cargo run --example documents`");
        }
    }
}

#[test]
fn every_word_for_a_state_is_tested() {
    let mut tests: String = files("tests").into_iter().map(|(_, text)| text).collect();
    for (_, text) in files("src/platform") {
        tests.extend(text.split_once("#[cfg(test)]").map(|(_, tests)| tests.to_owned()));
    }
    let tests = tests.to_lowercase();
    for entry in REGISTER {
        let messages = entry.messages.iter().map(|(_, message, _)| message);
        for word in entry.states.iter().map(|(word, _)| word).chain(messages) {
            let id = entry.about.id;
            assert!(
                tests.contains(&word.to_lowercase()),
                "no test says {word}: tests/platforms/ is the place for {id}"
            );
        }
    }
}

// What must not be in it

#[test]
fn no_file_names_a_path_of_one_machine() {
    for (path, text) in files("") {
        without(&path, &text, &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tmp", "/wt-")]);
    }
}

#[test]
fn neither_of_the_large_tls_libraries_is_linked() {
    without("Cargo.lock", &read("Cargo.lock"), &["\"aws-lc-sys\"", "\"openssl-sys\""]);
}

#[test]
fn the_image_is_built_from_the_sources_and_the_lock_file() {
    let dockerfile = read("Dockerfile");
    let copied: Vec<_> =
        dockerfile.lines().filter(|line| line.starts_with("COPY ")).flat_map(str::split_whitespace).collect();
    for name in ["Cargo.toml", "Cargo.lock", "src"] {
        assert!(copied.contains(&name), "{name} is not copied");
    }
    assert!(dockerfile.contains("--locked"));
}

#[test]
fn the_image_is_built_with_the_toolchain_of_the_tests() {
    let toolchain = read("rust-toolchain.toml");
    let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = "));
    let version = channel.unwrap().trim_matches('"');
    let (minor, _patch) = version.rsplit_once('.').unwrap();
    assert!(read("Dockerfile").contains(&format!("library/rust:{minor}-alpine")));
    assert_eq!(env!("CARGO_PKG_RUST_VERSION"), minor);
}
