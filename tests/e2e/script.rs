//! The script of `action.yml` where a ref carries no binary, with a `cargo` that only pretends to build.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::step::OUTPUTS;

/// Tells its environment, and then builds a program that says how it was called.
const BUILDS: &str = "env >\"$SEEN\"
while [ \"$1\" != --target-dir ]; do shift; done
printf '#!/bin/sh\\necho \"token: $INPUT_TOKEN\"\\n' >\"$2/release/cancel-deployment\"
chmod +x \"$2/release/cancel-deployment\"";

/// Never ends by itself, and tells when it is ended.
const NEVER_ENDS: &str = "trap 'echo ended >\"$SEEN\"; kill $!; exit 1' TERM
sleep 60 >/dev/null 2>&1 &
echo building
wait";

/// The script in a folder of its own, which finds these programs and a few of the system's.
struct Script {
    folder: TempDir,
    command: Command,
}

impl Script {
    fn new(programs: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["path", "action", "temp"] {
            fs::create_dir(path(name)).unwrap();
        }
        for name in ["env", "mkdir", "chmod", "uname", "sleep", "sh"] {
            let found = ["/usr/bin", "/bin"].map(|bin| Path::new(bin).join(name));
            let found = found.iter().find(|found| found.exists()).unwrap();
            symlink(found, path("path").join(name)).unwrap();
        }
        for (name, text) in programs {
            program(&path("path").join(name), &format!("#!/bin/sh\n{text}\n"));
        }
        let action = Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml");
        let action: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(&fs::read_to_string(action).unwrap()).unwrap();
        let script = path("script.sh");
        fs::write(&script, action["runs"]["steps"][0]["run"].as_str().unwrap()).unwrap();
        let mut command = Command::new("/bin/sh");
        command
            .args(["-e", script.to_str().unwrap()])
            .env_clear()
            .env("PATH", path("path"))
            .env("SEEN", path("seen"))
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64")
            .env("RUNNER_TEMP", path("temp"))
            .env("GITHUB_ACTION_PATH", path("action"))
            .env("GITHUB_OUTPUT", path("output"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { folder, command }
    }

    /// Lets the ref carry a program.
    fn carries(&self, text: &str) {
        let bin = self.folder.path().join("action/bin/linux-x86_64");
        fs::create_dir_all(&bin).unwrap();
        program(&bin.join("cancel-deployment"), text);
    }

    /// What the program that pretends to build left.
    fn seen(&self) -> String {
        fs::read_to_string(self.folder.path().join("seen")).unwrap_or_default()
    }

    fn outputs(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.folder.path().join("output")).unwrap_or_default();
        text.lines()
            .map(|line| line.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[track_caller]
    fn ended(&self, output: &Output, code: i32, outcome: &str, annotation: &str) {
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{said}");
        let outputs = self.outputs();
        assert_eq!(outputs.get("outcome").map(String::as_str), Some(outcome));
        assert!(outputs.keys().eq(std::collections::BTreeSet::from(OUTPUTS)));
        let annotations: Vec<_> = said
            .lines()
            .filter(|line| line.contains(" title="))
            .collect();
        let [told] = annotations[..] else {
            panic!("not one annotation: {said}")
        };
        assert!(
            told.starts_with(&format!("::{annotation} title=")),
            "{told}"
        );
        assert!(told.ends_with(&outputs["reason"]), "{told}");
    }
}

fn program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_carried_program_takes_the_place_of_the_script() {
    let mut script = Script::new(&[("cargo", "exit 101")]);
    script.carries("#!/bin/sh\n[ $# = 0 ] || exit 0\necho $$\nexit 3\n");
    let mut child = script.command.spawn().unwrap();
    let mut said = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut said).unwrap();
    assert_eq!(said, format!("{}\n", child.id()));
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[test]
fn a_carried_program_that_cannot_start_is_told_with_all_outputs() {
    let mut script = Script::new(&[]);
    script.carries("#!/no/such/loader\n");
    let output = script.command.output().unwrap();
    script.ended(&output, 1, "error", "error");
}

#[test]
fn a_build_sees_neither_a_secret_nor_another_toolchain_and_the_program_sees_its_token() {
    let mut script = Script::new(&[("cargo", BUILDS)]);
    let hidden = [
        "INPUT_TOKEN",
        "CANCEL_DEPLOYMENT_TOKEN",
        "VERCEL_TOKEN",
        "CARGO_BUILD_TARGET",
        "RUSTUP_TOOLCHAIN",
        "BUILDX_BUILDER",
    ];
    for name in hidden {
        script.command.env(name, "of-the-workflow");
    }
    let output = script.command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(
        said.ends_with("::endgroup::\ntoken: of-the-workflow\n"),
        "{said}"
    );
    let seen = script.seen();
    assert!(!seen.contains("of-the-workflow"), "{seen}");
}

#[test]
fn a_build_that_fails_is_told_with_all_outputs() {
    let mut script = Script::new(&[("cargo", "exit 101")]);
    let output = script.command.output().unwrap();
    script.ended(&output, 1, "error", "error");
}

#[test]
fn no_way_to_build_is_told_with_all_outputs() {
    let mut script = Script::new(&[("docker", "exit 1")]);
    let output = script.command.output().unwrap();
    script.ended(&output, 1, "error", "error");
}

#[test]
fn a_signal_while_building_is_told_at_once_with_all_outputs() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut script = Script::new(&[("cargo", NEVER_ENDS)]);
        let mut child = script.command.spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut said = Vec::new();
        while !said.ends_with(b"building\n") {
            let mut byte = [0];
            stdout.read_exact(&mut byte).unwrap();
            said.extend(byte);
        }
        let kill = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        stdout.read_to_end(&mut said).unwrap();
        let output = Output {
            status: child.wait().unwrap(),
            stdout: said,
            stderr: Vec::new(),
        };
        script.ended(&output, code, "interrupted", "warning");
        assert_eq!(script.seen(), "ended\n", "the build goes on");
    }
}
