//! A disk that fills up, and files that can be written but not replaced.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{ALL, aimed, read, running, with_page};
use crate::step::{Ran, Step};

/// A limit for every file, as on a disk with so little room; its signal is not for this program.
const LIMIT: &str = "trap '' XFSZ; ulimit -f 1";

/// How many bytes a file can have below that limit: shells count in blocks of their own.
fn room(folder: &Path) -> usize {
    let script = format!("{LIMIT}; head -c 100000 /dev/zero > limit");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &script]).current_dir(folder);
    assert!(!shell.output().unwrap().status.success(), "there is no limit");
    let limit = folder.join("limit");
    let room = fs::metadata(&limit).unwrap().len();
    fs::remove_file(limit).unwrap();
    usize::try_from(room).unwrap()
}

/// The files that this CI system names and that are appended to.
fn appended(ci: &str) -> &'static [&'static str] {
    match ci {
        "github" | "gitea" | "forgejo" => &["output", "summary"],
        "circleci" => &["bash_env"],
        "bitbucket" => &["variables"],
        "harness" => &["output.env", "secrets.env"],
        _ => &[],
    }
}

/// Whole files that are replaced.
fn replaced(ci: &str) -> &'static [&'static str] {
    match ci {
        "gitlab" => &["cancel-deployment.env", "cancel-deployment.annotations.json"],
        "harness" => &["annotations.json", "out.json"],
        "drone" => &["card.json", "out.json"],
        _ => &["out.json"],
    }
}

fn names(ran: &Ran) -> Vec<String> {
    let all = fs::read_dir(ran.folder.path()).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
    let mut names: Vec<_> = all.map(|entry| name(entry).unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_disk_that_fills_up_leaves_no_half_of_anything_on_any_system() {
    for ci in ALL {
        let sandbox = running();
        let step = with_page(ci, &sandbox).after(LIMIT);
        let step = match ci {
            "gitlab" => step,
            "drone" => {
                let card = step.file("card.json");
                step.var("DRONE_CARD_PATH", card.to_str().unwrap()).input("output_file", "out.json")
            }
            _ => step.input("output_file", "out.json"),
        };
        // Each entry can be read by any of the readers, and the next one has little room.
        let line = "EARLIER=1\n";
        let lines = line.repeat(room(step.file("").as_path()) / line.len() - 2);
        for name in appended(ci) {
            fs::write(step.file(name), &lines).unwrap();
        }
        let old = format!("{{\"old\": \"{}\"}}\n", "x".repeat(400));
        for name in replaced(ci) {
            fs::write(step.file(name), &old).unwrap();
        }
        let before: Vec<_> = appended(ci).iter().chain(replaced(ci)).collect();
        let ran = step.run_unread();
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, 0, "{ci}\n{said}");
        for name in appended(ci) {
            assert_eq!(read(&ran, name), lines, "{ci} {name}");
        }
        for name in replaced(ci) {
            let text = read(&ran, name);
            let whole = match name.ends_with(".env") {
                true => text.contains("CANCELLATION_OUTCOME=canceled\n") && text.ends_with('\n'),
                false => serde_json::from_str::<Value>(&text).is_ok() && text != old,
            };
            assert!(text == old || whole, "{ci} {name}: {text}");
        }
        let made: Vec<_> = names(&ran)
            .into_iter()
            .filter(|name| !before.iter().any(|known| *known == name))
            .filter(|name| !["bin", "calls"].contains(&name.as_str()))
            .collect();
        assert_eq!(made, [""; 0], "{ci}");
        if !appended(ci).is_empty() || ci == "azure" {
            assert!(said.contains("could not be written"), "{ci}\n{said}");
        }
    }
}

#[test]
fn an_output_file_that_cannot_be_written_whole_keeps_its_old_text() {
    for in_place in [false, true] {
        let sandbox = running();
        let step = aimed(Step::plain(), &sandbox).input("output_file", "held/out.json").after(LIMIT);
        let step = match in_place {
            true => held(step),
            false => {
                fs::create_dir(step.file("held")).unwrap();
                step
            }
        };
        let file = step.file("held/out.json");
        fs::write(&file, "{\"old\": true}\n").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        let ran = step.run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.says("`output_file` could not be written");
        assert_eq!(read(&ran, "held/out.json"), "{\"old\": true}\n");
    }
}

/// A step that may not make anything in the folder `held`, as somebody who may not do everything.
fn held(step: Step) -> Step {
    let folder = step.file("held");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("out.json"), "").unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(step.file(""), Permissions::from_mode(0o755)).unwrap();
    let is_root = fs::metadata(&folder).unwrap().uid() == 0;
    if is_root { step.started_by(65_534) } else { step }
}

#[test]
fn an_output_file_that_can_be_written_but_not_replaced_is_written() {
    for old in ["", "{}\n", &"x".repeat(20_000)] {
        let sandbox = running();
        let step = held(aimed(Step::plain(), &sandbox)).input("output_file", "held/out.json");
        let file = step.file("held/out.json");
        fs::write(&file, old).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        let ran = step.run();
        assert_eq!(ran.code, 0);
        let text = read(&ran, "held/out.json");
        let told: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}\n{}", ran.stderr));
        assert_eq!(told["outcome"], "canceled");
        assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    }
}

#[test]
fn a_folder_of_an_output_file_that_is_missing_is_made() {
    let ran = aimed(Step::plain(), &running()).input("output_file", "a/new/folder/out.json").run();
    assert_eq!(ran.code, 0);
    let told: Value = serde_json::from_str(&read(&ran, "a/new/folder/out.json")).unwrap();
    assert_eq!(told["outcome"], "canceled");
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
}

#[test]
fn a_log_that_a_stream_leads_into_is_added_to_and_not_replaced() {
    let sandbox = running();
    let step =
        aimed(Step::plain(), &sandbox).input("output_file", "/dev/stdout").after("exec > log 2>&1; echo earlier");
    let ran = step.run();
    assert_eq!(ran.code, 0);
    let log = read(&ran, "log");
    for text in ["earlier\n", "asking to cancel", "CANCELLATION_OUTCOME=canceled\n", "Canceled: dep-1"] {
        assert!(log.contains(text), "no {text:?} in\n{log}");
    }
}
