//! Whether anything acted: a run read back by the models of all CI systems.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::ci::{read, upper};
use crate::models::{azure, buildkite, drone, github, gitlab, harness, shell, silence, teamcity};
use crate::sandbox::STANDS;
use crate::step::{OUTPUTS, Ran};

/// Nothing is left that any of the systems would obey, but what is meant for the one that is running: in the log, in
/// files, and in what programs were handed.
#[track_caller]
pub(super) fn nothing_acted(ci: &str, ran: &Ran) {
    let log = format!("{}\n{}", ran.stdout, ran.stderr);
    assert!(matches!(ran.code, 0..=4), "{ci}: {}\n{log}", ran.code);
    silence::of_log(ci, &log);
    for (name, text) in files(ran.folder.path()) {
        let is_call = name.starts_with("calls/") || name.starts_with("bin/");
        if !is_call && name != "secrets.env" {
            silence::of_file(&format!("{ci} {name}"), &text);
        }
    }
    let whole: Value = serde_json::from_str(&read(ran, "own.json")).unwrap_or_default();
    assert!(whole.is_null() || whole["deployments"].is_array(), "{whole}");
    log_is_ours(ci, &log);
    files_are_ours(ci, ran);
}

/// All commands of the running system are of our kinds, and as many as there should be.
#[track_caller]
fn log_is_ours(ci: &str, log: &str) {
    let shown = silence::without_masks(ci, log);
    let (names, known): (Vec<String>, &[&str]) = match ci {
        "azure" => {
            let names = azure::obeyed(&shown).into_iter().map(|one| one.name).collect();
            (names, &["task.setvariable", "task.uploadsummary", "task.logissue"])
        }
        "teamcity" => {
            let names = teamcity::obeyed(log).into_iter().map(|one| one.name).collect();
            (names, &["setParameter", "message", "buildProblem", "blockOpened", "blockClosed"])
        }
        _ if silence::is_github(ci) => {
            let commands = github::obeyed(&shown);
            // GitHub ends a command at the first `::`, so its texts may hold more of them.
            if ci != "github" {
                assert_eq!(commands, github::obeyed_by_relatives(&shown));
            }
            let names = commands.into_iter().map(|one| one.name).collect();
            (names, &["group", "endgroup", "debug", "notice", "warning", "error"])
        }
        _ => return,
    };
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}\n{log}");
    let count = |name: &str| names.iter().filter(|known| *known == name).count();
    match ci {
        "azure" => {
            assert_eq!(count("task.setvariable"), OUTPUTS.len());
            assert_eq!(count("task.uploadsummary"), 1);
            let formats = azure::formats(&shown).into_iter().collect::<BTreeSet<_>>();
            let ours = ["debug", "endgroup", "group"].map(str::to_owned);
            assert!(formats.is_subset(&ours.into()), "{formats:?}");
        }
        "teamcity" => assert_eq!(count("setParameter"), OUTPUTS.len()),
        _ => assert!(count("group") <= 1 && count("group") == count("endgroup")),
    }
}

/// The files hold our names and nothing else, and pages are text.
#[track_caller]
fn files_are_ours(ci: &str, ran: &Ran) {
    let path = |name: &str| ran.folder.path().join(name);
    let names: BTreeSet<_> = OUTPUTS.into_iter().map(upper).collect();
    let ours = |name: &String| names.contains(name);
    let sourced = |name: &str| {
        let variables = shell::sourced(&path(name));
        assert!(variables.keys().all(ours), "{variables:?}");
        variables.len()
    };
    match ci {
        "azure" => {
            let all = files(ran.folder.path()).into_iter();
            let pages: Vec<_> = all.filter(|(name, _)| name.ends_with(".md")).collect();
            assert_eq!(pages.len(), 1);
            page(&pages[0].1);
        }
        "circleci" => assert_eq!(sourced("bash_env"), OUTPUTS.len()),
        "bitbucket" => assert!(sourced("variables") < OUTPUTS.len()),
        "harness" => {
            let variables = harness::variables(&read(ran, "output.env")).unwrap();
            assert!(variables.len() == OUTPUTS.len() && variables.keys().all(ours), "{variables:?}");
            let whole: Value = serde_json::from_str(&read(ran, "annotations.json")).unwrap();
            page(whole["annotations"][0]["summary"].as_str().unwrap());
        }
        "gitlab" => {
            let name = "cancel-deployment.env";
            assert_eq!(gitlab::dotenv(&read(ran, name)).unwrap().len(), sourced(name));
            for (label, url) in gitlab::links(&read(ran, "cancel-deployment.annotations.json")) {
                assert!(is_our_link(&url), "{label} {url}");
            }
        }
        "drone" => {
            let card = &drone::cards(&ran.stdout)[0];
            let keys: Vec<_> = card.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["data", "schema"]);
        }
        "buildkite" => {
            let calls = buildkite::calls(&path("calls"));
            let known = ["redactor add --format json", "meta-data set cancellation_", "annotate --style "];
            for call in &calls {
                let arguments = call.arguments.join(" ");
                assert!(known.iter().any(|known| arguments.starts_with(known)), "{arguments}");
                if call.arguments[0] == "annotate" {
                    page(&call.input);
                }
                if call.arguments[0] != "redactor" {
                    silence::of_file(&arguments, &call.input);
                }
            }
            assert!(buildkite::meta_data(&calls).len() <= OUTPUTS.len());
        }
        _ if silence::is_github(ci) => {
            let names: BTreeSet<&str> = ran.outputs.keys().map(String::as_str).collect();
            assert_eq!(names, BTreeSet::from(OUTPUTS));
            page(&ran.summary);
        }
        _ => {}
    }
}

#[track_caller]
fn page(text: &str) {
    silence::of_page(text, is_our_link);
}

/// The pages of platforms, as `links` of their stands has them.
fn is_our_link(url: &str) -> bool {
    let mut links = STANDS.iter().map(|stand| stand.about().links).filter(|links| !links.is_empty());
    links.any(|links| url.starts_with(links)) && !url.contains([')', '<', ' '])
}

/// All files below a folder, by their names there.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}
