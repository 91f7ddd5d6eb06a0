//! The script of `action.yml`: what it starts, what it says where nothing starts, and a `cargo` that only pretends to build.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
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
        for name in ["env", "mkdir", "chmod", "cp", "uname", "sleep", "sh"] {
            let found = ["/usr/bin", "/bin"].map(|bin| Path::new(bin).join(name));
            let found = found.iter().find(|found| found.exists()).unwrap();
            symlink(found, path("path").join(name)).unwrap();
        }
        for (name, text) in programs {
            let program_path = path("path").join(name);
            // Written through a link, it would take the place of the system's own.
            let _ = fs::remove_file(&program_path);
            program(&program_path, &format!("#!/bin/sh\n{text}\n"));
        }
        let action = Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml");
        let action: serde_yaml_ng::Value = serde_yaml_ng::from_str(&fs::read_to_string(action).unwrap()).unwrap();
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

    /// Lets the ref carry a program for this machine.
    fn carries(&self, text: &str) -> PathBuf {
        self.carries_for(std::env::consts::ARCH, text)
    }

    fn carries_for(&self, machine: &str, text: &str) -> PathBuf {
        let bin = self.folder.path().join(format!("action/bin/linux-{machine}"));
        fs::create_dir_all(&bin).unwrap();
        let carried = bin.join("cancel-deployment");
        program(&carried, text);
        carried
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

    fn reason(&self) -> String {
        self.outputs()["reason"].clone()
    }

    #[track_caller]
    fn ended(&self, output: &Output, code: i32, outcome: &str, annotation: &str) {
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{said}");
        let outputs = self.outputs();
        assert_eq!(outputs.get("outcome").map(String::as_str), Some(outcome));
        assert!(outputs.keys().eq(std::collections::BTreeSet::from(OUTPUTS)));
        let annotations: Vec<_> = said.lines().filter(|line| line.contains(" title=")).collect();
        let [told] = annotations[..] else { panic!("not one annotation: {said}") };
        assert!(told.starts_with(&format!("::{annotation} title=")), "{told}");
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

/// Starts, and says that it is the one.
const STARTS: &str = "#!/bin/sh\n[ $# = 0 ] || exit 0\necho started\n";

#[test]
fn the_carried_program_starts_whatever_the_runner_calls_its_machine() {
    let names = [
        ("x86_64", &["x86_64", "amd64", "X64", "x64", "AMD64"]),
        ("aarch64", &["aarch64", "arm64", "ARM64", "AARCH64", "Arm64"]),
    ];
    for (carried, names) in names {
        for name in names {
            // What the kernel says, and where that cannot be asked, what the runner says.
            for uname in [format!("echo {name}"), "exit 127".to_owned()] {
                let mut script = Script::new(&[("cargo", "exit 101"), ("uname", &uname)]);
                script.carries_for(carried, STARTS);
                script.command.env("RUNNER_OS", "linux").env("RUNNER_ARCH", name);
                let output = script.command.output().unwrap();
                let said = String::from_utf8_lossy(&output.stdout);
                assert_eq!(said, "started\n", "{name} by {uname}");
            }
        }
    }
}

#[test]
fn the_machine_counts_and_not_what_the_runner_makes_of_it() {
    for (os, arch) in [("linux", "amd64"), ("Linux", "386"), ("", "")] {
        let mut script = Script::new(&[("cargo", "exit 101")]);
        script.carries(STARTS);
        script.command.env("RUNNER_OS", os).env("RUNNER_ARCH", arch);
        let output = script.command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said, "started\n", "{os}-{arch}");
    }
}

#[test]
fn a_carried_program_that_lost_its_executable_bit_starts_and_stays_as_it_was() {
    let mut script = Script::new(&[("cargo", "exit 101")]);
    let carried = script.carries(STARTS);
    fs::set_permissions(&carried, fs::Permissions::from_mode(0o644)).unwrap();
    let output = script.command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "started\n");
    let mode = fs::metadata(&carried).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn a_carried_program_that_cannot_start_is_told_with_all_outputs() {
    let refuses = "#!/bin/sh\necho 'no such luck' >&2\necho more\nexit 1\n";
    let silent = "#!/bin/sh\nexit 132\n";
    for (text, why) in
        [("#!/no/such/loader\n", "/cancel-deployment: "), (refuses, "(no such luck)"), (silent, "(exit code 132)")]
    {
        let mut script = Script::new(&[]);
        script.carries(text);
        let output = script.command.output().unwrap();
        script.ended(&output, 1, "error", "error");
        let reason = script.reason();
        assert!(reason.contains(why), "{reason}");
        // It is one that carries a program.
        assert!(!reason.contains("release tag"), "{reason}");
        let machine = format!("bin/linux-{}/", std::env::consts::ARCH);
        assert!(reason.contains(&machine), "{reason}");
    }
}

#[test]
fn a_machine_without_a_carried_program_is_named() {
    let mut script = Script::new(&[("uname", "echo riscv64")]);
    script.carries(STARTS);
    let output = script.command.output().unwrap();
    script.ended(&output, 1, "error", "error");
    let reason = script.reason();
    assert!(reason.contains("riscv64"), "{reason}");
    assert!(!reason.contains("release tag"), "{reason}");
}

#[test]
fn a_carried_program_that_does_not_start_is_built_from_source_and_the_log_says_why() {
    let mut script = Script::new(&[("cargo", BUILDS)]);
    script.carries("#!/no/such/loader\n");
    let output = script.command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("does not start on this runner"), "{said}");
    assert!(said.ends_with("::endgroup::\ntoken: \n"), "{said}");
}

#[test]
fn a_built_program_that_does_not_start_is_told_with_all_outputs() {
    let builds = BUILDS.replace("#!/bin/sh", "#!/no/such/loader");
    let mut script = Script::new(&[("cargo", &builds)]);
    let output = script.command.output().unwrap();
    script.ended(&output, 1, "error", "error");
    let reason = script.reason();
    assert!(reason.contains("was built"), "{reason}");
}

#[test]
fn outputs_that_cannot_be_written_leave_the_annotation_and_its_exit_code() {
    for (cargo, code, text) in [(None, 1, "no program"), (Some("exit 101"), 1, "could not be built")] {
        let programs: Vec<_> = cargo.iter().map(|text| ("cargo", *text)).collect();
        for place in ["", "/no/such/folder/output", "/"] {
            let mut script = Script::new(&programs);
            script.command.env("GITHUB_OUTPUT", place);
            let output = script.command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(code), "{place}: {said}");
            assert!(said.contains("::error title="), "{place}: {said}");
            assert!(said.contains(text), "{place}: {said}");
            let told = said.contains("The outputs could not be written");
            assert!(told, "{place}: {said}");
        }
    }
}

#[test]
fn a_runner_that_tells_too_little_is_told_about_it() {
    let mut script = Script::new(&[("cargo", BUILDS)]);
    script.command.env_remove("GITHUB_ACTION_PATH");
    let output = script.command.output().unwrap();
    script.ended(&output, 1, "error", "error");
    let reason = script.reason();
    assert!(reason.contains("GITHUB_ACTION_PATH"), "{reason}");

    let mut script = Script::new(&[("cargo", BUILDS), ("mktemp", "exit 1")]);
    script.command.env_remove("RUNNER_TEMP");
    let output = script.command.output().unwrap();
    script.ended(&output, 1, "error", "error");
    let reason = script.reason();
    assert!(reason.contains("RUNNER_TEMP"), "{reason}");
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
    assert!(said.ends_with("::endgroup::\ntoken: of-the-workflow\n"), "{said}");
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
        let kill = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        stdout.read_to_end(&mut said).unwrap();
        let output = Output { status: child.wait().unwrap(), stdout: said, stderr: Vec::new() };
        script.ended(&output, code, "interrupted", "warning");
        assert_eq!(script.seen(), "ended\n", "the build goes on");
    }
}

/// What an expression of GitHub's comes to, as a text: `contains`, `!`, `&&`, `||` and brackets, of these values.
struct Expression<'a> {
    rest: &'a str,
    values: &'a dyn Fn(&str) -> String,
}

impl Expression<'_> {
    fn takes(&mut self, sign: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn any(&mut self) -> String {
        let mut value = self.all();
        while self.takes("||") {
            let other = self.all();
            value = if value.is_empty() { other } else { value };
        }
        value
    }

    fn all(&mut self) -> String {
        let mut value = self.one();
        while self.takes("&&") {
            let other = self.one();
            value = if value.is_empty() { value } else { other };
        }
        value
    }

    fn one(&mut self) -> String {
        let truth = |is: bool| if is { "true".to_owned() } else { String::new() };
        if self.takes("!") {
            return truth(self.one().is_empty());
        }
        if self.takes("(") {
            let value = self.any();
            assert!(self.takes(")"), "{}", self.rest);
            return value;
        }
        if self.takes("contains(") {
            let text = self.any().to_lowercase();
            assert!(self.takes(","), "{}", self.rest);
            let part = self.any().to_lowercase();
            assert!(self.takes(")"), "{}", self.rest);
            return truth(text.contains(&part));
        }
        if self.takes("'") {
            let (text, rest) = self.rest.split_once('\'').unwrap();
            self.rest = rest;
            return text.to_owned();
        }
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && !"._".contains(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (self.values)(name)
    }
}

/// What the action hands over as the token.
fn token_handed_over(platform: &str, written: &str, env: &[&str]) -> String {
    let action = Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml");
    let action: serde_yaml_ng::Value = serde_yaml_ng::from_str(&fs::read_to_string(action).unwrap()).unwrap();
    let text = action["runs"]["steps"][0]["env"]["INPUT_TOKEN"].as_str().unwrap();
    let text = text.strip_prefix("${{").and_then(|text| text.strip_suffix("}}")).unwrap();
    let values = |name: &str| match name {
        "inputs.platform" => platform.to_owned(),
        "inputs.token" => written.to_owned(),
        "github.token" => "of-the-job".to_owned(),
        other => {
            let variable = other.strip_prefix("env.").unwrap_or_else(|| panic!("{other} is not known here"));
            if env.contains(&variable) { "of-somebody".to_owned() } else { String::new() }
        }
    };
    let mut expression = Expression { rest: text, values: &values };
    let value = expression.any();
    assert_eq!(expression.rest.trim(), "", "is left of {text}");
    value
}

#[test]
fn the_token_of_the_job_goes_to_github_pages_alone() {
    use cancel_deployment::platform::register::{REGISTER, named};
    let plain = |id: &str| id.to_owned();
    let spellings: [fn(&str) -> String; 6] = [
        plain,
        |id| id.to_uppercase(),
        |id| id.replace('_', "-"),
        |id| id.replace('_', "-").to_uppercase(),
        |id| format!(" {id}\n"),
        |id| id[..1].to_uppercase() + &id[1..],
    ];
    for entry in REGISTER {
        let is_pages = entry.about.id == "github_pages";
        for spell in spellings {
            let platform = spell(entry.about.id);
            assert_eq!(named(REGISTER, platform.trim()).map(|it| it.about.id), Some(entry.about.id), "{platform}");
            let own = if is_pages { "of-the-job" } else { "" };
            assert_eq!(token_handed_over(&platform, "", &[]), own, "{platform:?}");
            assert_eq!(token_handed_over(&platform, "written", &[]), "written", "{platform:?}");
            // The program takes these itself, as usual.
            for variable in ["GITHUB_TOKEN", "GH_TOKEN"] {
                assert_eq!(token_handed_over(&platform, "", &[variable]), "", "{platform:?} {variable}");
            }
        }
    }
    for other in ["", "github", "pages", "githubpages", "github pages"] {
        assert_eq!(token_handed_over(other, "", &[]), "", "{other:?}");
    }
}
