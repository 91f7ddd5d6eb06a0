//! A shell that reads a file of variables before its script, as CircleCI does and as users do with theirs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The variables that stand in the environment after `bash` and `sh` have read a file, each in a folder of its own.
/// Nothing else may happen, and both have to agree.
pub fn sourced(file: &Path) -> BTreeMap<String, String> {
    let variables = sourced_by("bash", file);
    assert_eq!(variables, sourced_by("sh", file));
    variables
}

fn sourced_by(shell: &str, file: &Path) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(shell)
        .args(["-ec", "set -a; . \"$1\"; set +a; exec env -0", "sh"])
        .arg(file)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let text = String::from_utf8(output.stdout).unwrap();
    let variables = text.split('\0').filter_map(|pair| pair.split_once('='));
    let shells_own = ["PATH", "PWD", "OLDPWD", "SHLVL", "_", "BASHOPTS", "SHELLOPTS"];
    variables
        .filter(|(name, _)| !shells_own.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
