//! The scripts of a release, run in a small repository of their own: what they refuse, and what they leave behind.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A clone with a blank in its path, whose one commit may be released, and its origin.
struct Clone {
    folder: TempDir,
}

impl Clone {
    fn new() -> Clone {
        let clone = Clone { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(clone.path()).unwrap();
        clone.write("Cargo.toml", &format!("[package]\nversion = \"{VERSION}\"\n"));
        clone.write("Cargo.lock", &format!("[[package]]\nname = \"cancel-deployment\"\nversion = \"{VERSION}\"\n"));
        clone.write(
            "CHANGELOG.md",
            &format!("# Changelog\n\n## {VERSION} – 2026-01-31\n\n- News.\n\n## 0.0.1\n\n- Old.\n"),
        );
        clone.git(&["init", "--quiet", "--initial-branch", "main"]);
        clone.git(&["init", "--quiet", "--bare", "../origin"]);
        clone.git(&["remote", "add", "origin", "../origin"]);
        clone.commit();
        clone.git(&["push", "--quiet", "origin", "main"]);
        clone
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("a clone")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn replace(&self, name: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path().join(name)).unwrap();
        assert!(text.contains(old), "{text}");
        self.write(name, &text.replace(old, new));
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    #[track_caller]
    fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
        let run = self.command("git").args(identity).args(arguments).output();
        let run = run.unwrap();
        assert!(run.status.success(), "{arguments:?}: {run:?}");
        String::from_utf8(run.stdout).unwrap().trim_end().to_owned()
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "A change"]);
    }

    /// Whether a script was satisfied, and all it said.
    fn script(&self, name: &str, arguments: &[&str]) -> (bool, String) {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/release");
        let run = self.command(scripts.join(name)).args(arguments).output();
        let run = run.unwrap();
        let said = [run.stdout, run.stderr].concat();
        (run.status.success(), String::from_utf8(said).unwrap())
    }

    #[track_caller]
    fn refuses(&self, name: &str, arguments: &[&str], why: &str) {
        let (satisfied, said) = self.script(name, arguments);
        assert!(!satisfied, "{name} {arguments:?} is satisfied: {said}");
        assert!(said.contains(why), "{said}");
    }

    #[track_caller]
    fn accepts(&self, name: &str, arguments: &[&str]) -> String {
        let (satisfied, said) = self.script(name, arguments);
        assert!(satisfied, "{name} {arguments:?}: {said}");
        said
    }

    /// The program for both architectures: the real one, and the same with the other's mark in its header.
    fn binaries(&self) -> String {
        let program = fs::read(env!("CARGO_BIN_EXE_cancel-deployment")).unwrap();
        let marks = [("x86_64", [0x3e, 0]), ("aarch64", [0xb7, 0])];
        let binaries = self.folder.path().join("the binaries");
        for (arch, mark) in marks {
            let mut marked = program.clone();
            marked[18..20].copy_from_slice(&mark);
            let folder = binaries.join(format!("linux-{arch}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("cancel-deployment"), marked).unwrap();
        }
        binaries.to_str().unwrap().to_owned()
    }
}

#[test]
fn a_clean_commit_of_main_with_its_notes_may_be_released() {
    let clone = Clone::new();
    clone.accepts("check", &["--final", VERSION]);
    assert_eq!(clone.accepts("notes", &[VERSION]), "- News.\n");
}

#[test]
fn a_version_that_is_not_three_numbers_is_refused() {
    let clone = Clone::new();
    for version in ["1.2", "v1.2.3", "01.2.3", "1.2.3-rc1", "1.2.3\n", "", "$(id)"] {
        clone.refuses("check", &[version], "has to look like 1.2.3");
    }
}

#[test]
fn another_version_than_the_manifest_the_lock_file_or_the_changelog_is_refused() {
    let clone = Clone::new();
    for file in ["Cargo.toml says", "Cargo.lock says", "CHANGELOG.md has no section"] {
        clone.refuses("check", &["77.0.0"], file);
    }
    clone.replace("CHANGELOG.md", "- News.", "");
    clone.commit();
    clone.refuses("check", &[VERSION], "CHANGELOG.md has no section");
}

#[test]
fn what_is_not_committed_or_released_already_is_refused() {
    let clone = Clone::new();
    clone.write("new", "");
    clone.refuses("check", &[VERSION], "?? new");
    fs::remove_file(clone.path().join("new")).unwrap();
    clone.accepts("check", &[VERSION]);
    clone.git(&["tag", &format!("v{VERSION}")]);
    clone.refuses("check", &[VERSION], "exists already");
    clone.refuses("stage", &[VERSION, &clone.binaries()], "exists already");
}

#[test]
fn only_a_final_check_asks_for_main_and_a_date() {
    let clone = Clone::new();
    clone.replace("CHANGELOG.md", "2026-01-31", "unreleased");
    clone.commit();
    clone.accepts("check", &[VERSION]);
    clone.refuses("check", &["--final", VERSION], "not on origin's main");
    clone.refuses("check", &["--final", VERSION], "no date");
}

#[test]
fn a_release_commit_adds_both_binaries_and_their_checksums_and_nothing_else() {
    let clone = Clone::new();
    let before = clone.git(&["rev-parse", "HEAD"]);
    // Neither an ignored folder nor a clone without modes keeps a binary out or makes it useless.
    clone.write(".git/info/exclude", "bin/\n");
    clone.git(&["config", "core.fileMode", "false"]);
    clone.accepts("stage", &[VERSION, &clone.binaries()]);
    let tag = format!("v{VERSION}");
    assert_eq!(clone.git(&["rev-parse", &format!("{tag}^")]), before);
    assert_eq!(clone.git(&["rev-parse", "main"]), before);
    let added = clone.git(&["diff", "--summary", &format!("{tag}^"), &tag]);
    let added: Vec<_> = added.lines().map(str::trim).collect();
    assert_eq!(
        added,
        [
            "create mode 100644 bin/SHA256SUMS",
            "create mode 100755 bin/linux-aarch64/cancel-deployment",
            "create mode 100755 bin/linux-x86_64/cancel-deployment",
        ]
    );
    let checked = clone
        .command("sha256sum")
        .current_dir(clone.path().join("bin"))
        .args(["--check", "--strict", "SHA256SUMS"])
        .output();
    assert!(checked.unwrap().status.success());
    assert_eq!(clone.git(&["ls-remote", "--tags", "origin"]), "");
}

#[test]
fn a_binary_of_another_machine_or_version_is_not_staged() {
    let clone = Clone::new();
    let binaries = clone.binaries();
    clone.refuses("stage", &[VERSION, "nowhere"], "no folder");
    clone.refuses("stage", &["77.0.0", &binaries], "Cargo.toml says");
    let binary = |arch| format!("{binaries}/linux-{arch}/cancel-deployment");
    let (x86_64, aarch64) = (binary("x86_64"), binary("aarch64"));
    fs::copy(&x86_64, &aarch64).unwrap();
    clone.refuses("stage", &[VERSION, &binaries], "not a program for aarch64");
    clone.binaries();
    fs::copy("/bin/true", binary(std::env::consts::ARCH)).unwrap();
    clone.refuses("stage", &[VERSION, &binaries], "and not");
    assert_eq!(clone.git(&["tag"]), "");
    assert_eq!(clone.git(&["status", "--porcelain"]), "");
    assert_eq!(clone.git(&["branch", "--show-current"]), "main");
}

#[test]
fn the_tags_that_users_follow_move_to_the_newest_of_their_line_only() {
    let clone = Clone::new();
    let release = |version: &str| {
        clone.git(&["commit", "--quiet", "--allow-empty", "--message", version]);
        clone.git(&["tag", &format!("v{version}")]);
        clone.accepts("promote", &[version]);
    };
    for version in ["1.9.0", "1.10.0", "1.9.1", "2.0.0"] {
        release(version);
    }
    clone.refuses("promote", &["3.0.0"], "no tag v3.0.0");
    let pushed = clone.git(&["ls-remote", "--tags", "origin"]);
    let mut pushed: Vec<_> = pushed
        .lines()
        .map(|line| {
            let (commit, name) = line.split_once('\t').unwrap();
            let subject = clone.git(&["log", "-1", "--format=%s", commit]);
            format!("{} {subject}", name.trim_start_matches("refs/tags/"))
        })
        .collect();
    pushed.sort();
    assert_eq!(pushed, ["v1 1.10.0", "v1.10 1.10.0", "v1.9 1.9.1", "v2 2.0.0", "v2.0 2.0.0"]);
}

#[test]
fn whoever_may_not_move_the_tags_is_told_who_can() {
    let clone = Clone::new();
    clone.git(&["tag", "v1.0.0"]);
    let hook = clone.path().join("../origin/hooks/pre-receive");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    let made = clone.command("chmod").arg("+x").arg(&hook).status();
    assert!(made.unwrap().success());
    clone.refuses("promote", &["1.0.0"], "in a clone of your own");
    fs::remove_file(hook).unwrap();
    clone.accepts("promote", &["1.0.0"]);
}

/// The last value of every `name=value` and `name<<marker` of a file that later steps read.
fn told(file: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(file).unwrap();
    let mut told = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some((name, marker)) = line.split_once("<<") {
            let value: Vec<_> = lines.by_ref().take_while(|line| *line != marker).collect();
            told.insert(name.to_owned(), value.join("\n"));
        } else if let Some((name, value)) = line.split_once('=') {
            told.insert(name.to_owned(), value.to_owned());
        }
    }
    told
}

/// Builds the sandbox, since a test only knows where it would be.
fn sandbox() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let built = own.parent().and_then(Path::parent).unwrap();
    let mut build = Command::new(std::env::var_os("CARGO").unwrap());
    build.args(["build", "--quiet", "--locked", "--example", "sandbox"]);
    build.current_dir(env!("CARGO_MANIFEST_DIR"));
    // What cargo tells its children of this package would make build scripts of others run again.
    for (name, _) in std::env::vars_os() {
        let named = name.to_string_lossy();
        if named.starts_with("CARGO_PKG_") || named.starts_with("CARGO_MANIFEST_") {
            build.env_remove(name);
        }
    }
    if built.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success());
    built.join("examples/sandbox")
}

#[test]
fn a_released_action_that_cancels_passes_its_trial_and_one_that_does_not_fails_it() {
    let folder = tempfile::tempdir().unwrap();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/release");
    let in_job = |program: &Path| {
        let mut step = Command::new(program);
        step.env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("TMPDIR", folder.path())
            .env("RUNNER_TEMP", folder.path());
        step
    };

    // In a group of its own, since what it starts outlives it.
    let facts = folder.path().join("facts");
    let mut started =
        in_job(&scripts.join("sandbox")).arg(sandbox()).env("GITHUB_OUTPUT", &facts).process_group(0).spawn().unwrap();
    assert!(started.wait().unwrap().success());
    let facts = told(&facts);

    let cancel = |name: &str, inputs: &[&str]| {
        let output = folder.path().join(name);
        let mut step = in_job(Path::new(env!("CARGO_BIN_EXE_cancel-deployment")));
        step.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", &output).env("INPUT_PLATFORM", "digitalocean");
        for input in inputs {
            step.env(format!("INPUT_{}", input.to_uppercase()), &facts[*input]);
        }
        let run = step.output().unwrap();
        let end = if run.status.success() { "success" } else { "failure" };
        (end, told(&output))
    };
    let (_, canceled) = cancel("with", &["api_url", "token", "app_id", "deployment_id"]);
    let (end, without) = cancel("without", &["api_url", "token", "app_id"]);
    let group = format!("-{}", started.id());
    let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
    assert!(killed.unwrap().success());

    let now = in_job(Path::new("date")).arg("+%s").output().unwrap();
    let mut read = BTreeMap::from([
        ("STARTED", String::from_utf8(now.stdout).unwrap().trim().to_owned()),
        ("EXPECTED_ID", facts["deployment_id"].clone()),
        ("STEP_WITHOUT_ID", end.to_owned()),
        ("OUTCOME_WITHOUT_ID", without["outcome"].clone()),
    ]);
    for (variable, output) in [
        ("OUTCOME", "outcome"),
        ("CANCELED", "canceled"),
        ("WENT_LIVE", "went_live"),
        ("DEPLOYMENT_ID", "deployment_id"),
        ("REASON", "reason"),
    ] {
        read.insert(variable, canceled[output].clone());
    }
    let judge = |read: &BTreeMap<&str, String>| {
        let run = in_job(&scripts.join("judge")).envs(read).output().unwrap();
        let said = [run.stdout, run.stderr].concat();
        (run.status.success(), String::from_utf8(said).unwrap())
    };
    let (satisfied, said) = judge(&read);
    assert!(satisfied, "{said}");

    // Whatever it is told wrong, or not at all, it minds; and the workflow tells it all of it.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/workflows/release.yml");
    let workflow = fs::read_to_string(path).unwrap();
    for variable in read.keys() {
        assert!(workflow.contains(&format!("\n          {variable}: ${{{{ steps.")), "{variable}");
        let mut wrong = read.clone();
        wrong.insert(variable, if *variable == "STARTED" { "0" } else { "" }.to_owned());
        let (satisfied, said) = judge(&wrong);
        assert!(!satisfied, "without {variable}: {said}");
    }
    fs::create_dir(folder.path().join("cancel-deployment")).unwrap();
    assert!(!judge(&read).0, "built from source");
}

/// A clone whose staged tag has the units, and an empty repository to carry them to.
fn with_units() -> (Clone, String) {
    let clone = Clone::new();
    for name in [
        "integrations/gitlab.yml",
        "integrations/circleci.yml",
        "integrations/buildkite/cancel-deployment/plugin.yml",
        "integrations/buildkite/cancel-deployment/README.md",
        "integrations/buildkite/cancel-deployment/hooks/command",
        "LICENSE-MIT",
        "LICENSE-APACHE",
    ] {
        let to = clone.path().join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(name), to).unwrap();
    }
    clone.commit();
    clone.accepts("stage", &[VERSION, &clone.binaries()]);
    clone.git(&["init", "--quiet", "--bare", "--initial-branch", "main", "../there"]);
    let there = clone.folder.path().join("there").to_str().unwrap().to_owned();
    (clone, there)
}

#[test]
fn the_component_of_gitlab_is_carried_to_its_project_once() {
    let (clone, there) = with_units();
    let said = clone.accepts("units", &["--dry-run", "gitlab", VERSION, &there]);
    assert!(said.contains("templates/cancel-deployment.yml") && said.contains("nothing was pushed"), "{said}");
    assert_eq!(clone.git(&["ls-remote", &there]), "");
    clone.accepts("units", &["gitlab", VERSION, &there]);
    let files = clone.git(&["--git-dir", &there, "ls-tree", "-r", "--name-only", VERSION]);
    assert_eq!(files, ".gitlab-ci.yml\nLICENSE.md\nREADME.md\ntemplates/cancel-deployment.yml");
    clone.refuses("units", &["gitlab", VERSION, &there], "already");
    clone.refuses("units", &["gitlab", "9.9.9", &there], "there is no tag v9.9.9");
    clone.refuses("units", &["tekton", VERSION, &there], "usage");
}

#[test]
fn the_plugin_of_buildkite_starts_the_program_from_a_repository_of_its_own() {
    let (clone, there) = with_units();
    clone.accepts("units", &["buildkite", VERSION, &there]);
    clone.git(&["clone", "--quiet", "--branch", &format!("v{VERSION}"), &there, "../a plugin"]);
    let hook = clone.folder.path().join("a plugin/hooks/command");
    let ran = clone.command("bash").arg(hook).env("BUILDKITE", "true").output().unwrap();
    let said = String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap();
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(said.contains("`platform` is missing"), "{said}");
}

#[test]
fn an_orb_that_would_be_published_is_named() {
    let (clone, _) = with_units();
    let said = clone.accepts("units", &["--dry-run", "orb", VERSION, "acme"]);
    assert!(said.contains(&format!("acme/cancel-deployment@{VERSION}")), "{said}");
}
