//! The scripts of a release, run in a small repository of their own: what they refuse, and what they leave behind.
#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
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
        let clone = Clone {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(clone.path()).unwrap();
        clone.write(
            "Cargo.toml",
            &format!("[package]\nversion = \"{VERSION}\"\n"),
        );
        clone.write(
            "Cargo.lock",
            &format!("[[package]]\nname = \"cancel-deployment\"\nversion = \"{VERSION}\"\n"),
        );
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
    for version in [
        "1.2",
        "v1.2.3",
        "01.2.3",
        "1.2.3-rc1",
        "1.2.3\n",
        "",
        "$(id)",
    ] {
        clone.refuses("check", &[version], "has to look like 1.2.3");
    }
}

#[test]
fn another_version_than_the_manifest_the_lock_file_or_the_changelog_is_refused() {
    let clone = Clone::new();
    for file in [
        "Cargo.toml says",
        "Cargo.lock says",
        "CHANGELOG.md has no section",
    ] {
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
    assert_eq!(
        pushed,
        [
            "v1 1.10.0",
            "v1.10 1.10.0",
            "v1.9 1.9.1",
            "v2 2.0.0",
            "v2.0 2.0.0"
        ]
    );
}
