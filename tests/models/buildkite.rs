//! Buildkite: groups in a log, and an agent's program that notes down what it is handed.

use std::fs;
use std::path::Path;

use super::lines;

/// The lines that begin a group.
pub fn groups(log: &str) -> Vec<String> {
    let starts = ["---", "+++", "~~~", "^^^"];
    let is_group = |line: &String| starts.iter().any(|start| line.trim_start().starts_with(start));
    lines(log).into_iter().filter(is_group).collect()
}

/// One call of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub arguments: Vec<String>,
    pub input: String,
}

/// Puts a `buildkite-agent` into `bin` that notes its calls in `calls`; `then` is what it does after that.
pub fn install(bin: &Path, calls: &Path, then: &str) {
    fs::create_dir_all(bin).unwrap();
    fs::create_dir_all(calls).unwrap();
    let calls = calls.display();
    let script = format!(
        "#!/bin/sh\ncall=$(mktemp -d {calls}/XXXXXX)\nprintf '%s\\n' \"$@\" > \"$call/arguments\"\n\
         cat > \"$call/input\"\n{then}\n"
    );
    let program = bin.join("buildkite-agent");
    fs::write(&program, script).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Every call, in no order.
pub fn calls(folder: &Path) -> Vec<Call> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let call = |entry: std::io::Result<fs::DirEntry>| {
        let read = |name| fs::read_to_string(entry.as_ref().unwrap().path().join(name));
        Call {
            arguments: read("arguments").unwrap().lines().map(str::to_owned).collect(),
            input: read("input").unwrap_or_default(),
        }
    };
    entries.map(call).collect()
}

/// The meta-data that calls set.
pub fn meta_data(calls: &[Call]) -> Vec<(String, String)> {
    let set = calls.iter().filter(|call| call.arguments[0] == "meta-data");
    let pair = |call: &Call| {
        assert_eq!((call.arguments[1].as_str(), call.arguments.len()), ("set", 3));
        assert!(!call.input.trim().is_empty(), "an empty value is refused");
        (call.arguments[2].clone(), call.input.clone())
    };
    set.map(pair).collect()
}

#[test]
fn the_model_of_buildkite_knows_its_groups() {
    assert_eq!(groups("--- a\nx --- b\r+++ c\n^^^ +++\n-- d"), ["--- a", "+++ c", "^^^ +++"]);
}
