//! The floors of the house: a file imports only from floors below its own, or inside its own folder, and no files import
//! each other in a circle.
#![allow(clippy::expect_used, clippy::panic, missing_docs, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floor of every file, by the longest beginning of its path that is named here.
const FLOORS: &[(&str, u8, &str)] = &[
    ("text/line.rs", 0, "values"),
    ("text/secret.rs", 0, "values"),
    ("model/about.rs", 0, "values"),
    ("model/address.rs", 0, "values"),
    ("model/id.rs", 0, "values"),
    ("model/outcome.rs", 0, "values"),
    ("model/signal.rs", 0, "values"),
    ("model/state.rs", 0, "values"),
    ("model/verdict.rs", 0, "values"),
    ("model/", 1, "facts"),
    ("text/redactor.rs", 1, "facts"),
    ("text/escapes.rs", 1, "facts"),
    ("text/forms.rs", 1, "facts"),
    ("text/", 2, "shown"),
    ("input/", 3, "asked"),
    ("select/guard.rs", 3, "thinking"),
    ("select/", 4, "thinking"),
    ("cancel/pacing.rs", 3, "thinking"),
    ("cancel/verdict.rs", 3, "thinking"),
    ("cancel/", 4, "thinking"),
    ("roll_back/", 4, "thinking"),
    ("api/", 4, "sending"),
    ("platform/", 5, "platforms"),
    ("report/", 5, "telling"),
    ("run/", 6, "driving"),
    ("ci/", 6, "CI systems"),
    ("settings/", 7, "setting up"),
    ("lib.rs", 8, "the line"),
    ("help.rs", 8, "the line"),
    ("process.rs", 8, "the line"),
    ("progress.rs", 8, "the line"),
    ("telling.rs", 8, "the line"),
    ("world.rs", 8, "the line"),
    ("program.rs", 8, "the line"),
    ("room.rs", 8, "the line"),
    ("signals.rs", 8, "the line"),
    ("main.rs", 8, "the line"),
];

/// Floors that stand side by side: neither sees the other, but for the exceptions, which are one way.
const SIDE_BY_SIDE: &[(&str, &str)] = &[("ci/", "report/")];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the sources") {
        let path = entry.expect("an entry of it").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let inside = path.strip_prefix(source()).expect("a path inside");
            found.push(inside.to_string_lossy().replace('\\', "/"));
        }
    }
}

fn floor(file: &str) -> u8 {
    let fits = FLOORS.iter().filter(|(start, ..)| file.starts_with(start));
    let longest = fits.max_by_key(|(start, ..)| start.len());
    longest.unwrap_or_else(|| panic!("{file} stands on no floor: name it in FLOORS of tests/floors.rs")).1
}

fn room(file: &str) -> &str {
    file.split_once('/').map_or("", |(room, _)| room)
}

/// The file that a path such as `crate::model::id::Id` leads into.
fn target(path: &str, all: &BTreeSet<String>) -> Option<String> {
    let parts: Vec<&str> = path.split("::").collect();
    (1..=parts.len()).rev().find_map(|many| {
        let start = parts.get(..many)?.join("/");
        [format!("{start}.rs"), format!("{start}/mod.rs")].into_iter().find(|file| all.contains(file))
    })
}

/// Every path behind `crate::` in code, with groups in braces spelled out.
fn imports(text: &str) -> BTreeSet<String> {
    // What only tests import, they may.
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code: String =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
        let (path, behind) = rest.split_at(end);
        if path.ends_with("::") && behind.starts_with('{') {
            let group = behind.split_once('}').map_or(behind, |(group, _)| group);
            for name in group.trim_start_matches('{').split(',').map(str::trim).filter(|name| !name.is_empty()) {
                found.insert(format!("{path}{}", name.split_whitespace().next().unwrap_or_default()));
            }
        } else {
            found.insert(path.to_owned());
        }
    }
    found
}

fn graph() -> BTreeMap<String, BTreeSet<String>> {
    let mut all = Vec::new();
    files(&source(), &mut all);
    let all: BTreeSet<_> = all.into_iter().collect();
    let edges = all.iter().map(|file| {
        let text = fs::read_to_string(source().join(file)).expect("a readable source");
        let targets = imports(&text).iter().filter_map(|path| target(path, &all)).collect();
        (file.clone(), targets)
    });
    edges.collect()
}

#[test]
fn no_file_imports_from_a_floor_above_its_own() {
    let mut wrong = Vec::new();
    for (file, targets) in graph() {
        for other in targets {
            let inside = room(&file) == room(&other) && !room(&file).is_empty();
            let seen = SIDE_BY_SIDE.iter().any(|(from, to)| file.starts_with(from) && other.starts_with(to));
            if !inside && !seen && floor(&other) >= floor(&file) && floor(&file) != 8 {
                wrong.push(format!("{file} (floor {}) imports {other} (floor {})", floor(&file), floor(&other)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_files_of_different_rooms_import_each_other_in_a_circle() {
    let graph = graph();
    for start in graph.keys() {
        let mut open: Vec<&String> =
            graph.get(start).into_iter().flatten().filter(|next| room(next) != room(start)).collect();
        let mut seen = BTreeSet::new();
        while let Some(next) = open.pop() {
            assert_ne!(room(next), room(start), "{start} leads back into its own room through {seen:?}");
            if seen.insert(next.clone()) {
                open.extend(graph.get(next).into_iter().flatten().filter(|further| room(further) != room(next)));
            }
        }
    }
}

/// Every file of the same room whose names a file uses: by `super::`, or, in a `mod.rs`, by the module's own name.
fn siblings(file: &str, all: &BTreeSet<String>) -> BTreeSet<String> {
    let text = fs::read_to_string(source().join(file)).expect("a readable source");
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let uses = |module: &str| {
        let start = if name == "mod.rs" { module.to_owned() + "::" } else { format!("super::{module}") };
        code.match_indices(&start).any(|(at, _)| {
            let (before, after) = (&code[..at], &code[at + start.len()..]);
            !before.ends_with(is_part) && (start.ends_with("::") || !after.starts_with(is_part))
        })
    };
    let uses_head =
        || code.split("super::").skip(1).any(|rest| rest.starts_with(|c: char| c == '{' || c.is_uppercase()));
    let mut found: BTreeSet<_> = imports(&code).iter().filter_map(|path| target(path, all)).collect();
    for other in all {
        let inside = other.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
        let is_used = match inside.map(|inside| inside.trim_end_matches(".rs").trim_end_matches("/mod")) {
            Some("mod") => uses_head(),
            Some(module) => uses(module),
            None => false,
        };
        if is_used {
            found.insert(other.clone());
        }
    }
    found.retain(|other| other != file && room(other) == room(file));
    found
}

#[test]
fn no_files_of_a_room_import_each_other_in_a_circle() {
    let all: BTreeSet<_> = graph().into_keys().collect();
    for start in all.iter().filter(|file| !room(file).is_empty()) {
        let mut open: Vec<_> = siblings(start, &all).into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(next) = open.pop() {
            assert_ne!(next, *start, "{start} leads back to itself through {seen:?}");
            if seen.insert(next.clone()) {
                open.extend(siblings(&next, &all));
            }
        }
    }
}

/// Words that are not used for names any more, and the term for each. A word behind `fn` is only no name for a function.
const RETIRED: &[(&str, &str)] = &[
    ("Agenda", "Schedule"),
    ("Aim", "Target"),
    ("Call", "ApiRequest"),
    ("Cleaner", "Sanitizer"),
    ("Deciding", "Verifying"),
    ("Dial", "Connect"),
    ("Ending", "Verdict"),
    ("Entry", "PlatformInfo"),
    ("Glancing", "Confirming"),
    ("Landed", "Completed"),
    ("Link", "Transport"),
    ("Moment", "StateChange"),
    ("Opening", "Opened"),
    ("Over", "Done"),
    ("Patience", "Retry"),
    ("Picked", "Selection"),
    ("Stranger", "Unauthenticated"),
    ("Teller", "ProgressLog"),
    ("Told", "DeploymentReport"),
    ("Wanted", "Selector"),
    ("Witness", "Observer"),
    ("Words", "ApiError"),
    ("Work", "Task"),
    ("aim", "target"),
    ("flying", "in_flight"),
    ("fn behind", "queued_behind"),
    ("fn conclude", "final_details"),
    ("fn doubt", "unclear_answer"),
    ("fn enter", "resolve_scope"),
    ("fn gate", "bucket"),
    ("fn held", "deferred"),
    ("fn hide", "mask"),
    ("fn mint", "register_credential"),
    ("fn ours", "redact"),
    ("fn pick", "select"),
    ("fn take", "handle"),
    ("fn tell", "log, publish or convert"),
    ("fn trouble", "last_failure"),
    ("fn trying", "action"),
    ("fn unseen", "without_reading"),
    ("fn until", "sleep_until_opt"),
    ("fn value", "short"),
    ("fn whole", "default_target"),
    ("held_back", "blocked"),
    ("is_blind", "is_unreadable"),
    ("is_content", "is_benign"),
    ("panel", "run_annotation"),
    ("patiently", "with_retries"),
    ("picked", "selection"),
    ("signalled", "signal_received"),
    ("tidy", "sanitize"),
    ("twin", "duplicate"),
    ("under_way", "already_canceling"),
];

/// The names in a line without its comment and its texts, and once more behind `fn` where one is a function's.
fn names_in(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    let outside = code.split('"').step_by(2);
    let names = outside.flat_map(|part| part.split(|c: char| !(c.is_alphanumeric() || c == '_')));
    let names: Vec<_> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let functions =
        names.windows(2).filter(|pair| pair.first().is_some_and(|word| word == "fn")).map(|pair| pair.join(" "));
    functions.chain(names.iter().cloned()).collect()
}

/// What a platform has to say fits into files of this many lines, the tests beside it included.
const LONGEST: usize = 400;

#[test]
fn no_file_of_a_platform_is_long() {
    let all = graph();
    let lines = |file: &String| fs::read_to_string(source().join(file)).expect("a readable source").lines().count();
    let ours = all.keys().filter(|file| file.starts_with("platform/") && file.matches('/').count() > 1);
    let long: Vec<_> = ours.filter(|file| lines(file) > LONGEST).collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn one_word_is_used_for_one_thing() {
    let mut wrong = Vec::new();
    for file in graph().into_keys() {
        let text = fs::read_to_string(source().join(&file)).expect("a readable source");
        for (number, line) in text.lines().enumerate() {
            for name in names_in(line) {
                let retired = RETIRED.iter().find(|(word, _)| *word == name);
                wrong.extend(retired.map(|(word, term)| format!("{file}:{}: {word} is called {term}", number + 1)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
