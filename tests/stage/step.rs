//! One run of the binary as a CI step: an empty environment, files of its own, and what came of it.
//!
//! Every run also checks what holds always: no secret and none of the sandbox's private texts anywhere, and on
//! GitHub every output present and readable by the runner's own rules, `deployments` as its schema says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;
use tempfile::TempDir;

use crate::models::{buildkite, github};
use crate::sandbox::{MINTED, PRIVATE, Sandbox, TOKEN};

#[path = "../schema/mod.rs"]
mod schema;

/// Far longer than any run here takes: that one ends at all is what is held, not how fast this machine is.
const PATIENCE: Duration = Duration::from_secs(120);

/// The names of all outputs.
pub const OUTPUTS: [&str; 16] = [
    "outcome",
    "canceled",
    "went_live",
    "state",
    "platform_state",
    "previous_state",
    "deployment_id",
    "deployment_url",
    "reason",
    "duration_seconds",
    "count",
    "canceled_count",
    "rollback",
    "rollback_deployment_id",
    "rollback_reason",
    "deployments",
];

/// A step that has not run yet.
pub struct Step {
    variables: BTreeMap<String, String>,
    secrets: Vec<String>,
    folder: TempDir,
    github: bool,
    /// What a shell does before it becomes the program.
    before: Option<String>,
    /// Another user than the one of the tests.
    user: Option<u32>,
}

/// The program of the worked example. Cargo builds examples beside all tests, but not beside one file of them.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples/acme");
    let made = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    let sources = std::fs::read_to_string(program.with_extension("d")).unwrap_or_default();
    let is_new = |source: &str| made(&program) > made(Path::new(source));
    let is_up_to_date = made(&program).is_some() && sources.split_whitespace().skip(1).all(is_new);
    assert!(is_up_to_date, "{} is not up to date: run `cargo build --example acme`", program.display());
    program
}

/// A step that is running.
pub struct Running {
    pub child: Child,
    step: Step,
    _watched: mpsc::Sender<()>,
}

/// What came of a step.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// The outputs as later steps see them: the last value of each name.
    pub outputs: BTreeMap<String, String>,
    /// Every value in the order written: a provisional one comes before the final one.
    pub written: Vec<(String, String)>,
    pub summary: String,
    pub folder: TempDir,
}

impl Step {
    /// A GitHub step without any input.
    pub fn github() -> Self {
        let mut step = Self::plain();
        step.github = true;
        let (output, summary) = (step.file("output"), step.file("summary"));
        std::fs::write(&output, "").unwrap();
        std::fs::write(&summary, "").unwrap();
        step.var("GITHUB_ACTIONS", "true")
            .var("GITHUB_OUTPUT", output.to_str().unwrap())
            .var("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())
    }

    /// A run outside any CI system.
    pub fn plain() -> Self {
        Self {
            variables: BTreeMap::new(),
            secrets: vec![TOKEN.to_owned()],
            folder: TempDir::new().unwrap(),
            github: false,
            before: None,
            user: None,
        }
    }

    /// Starts it from a shell that does something first, to its own limits perhaps.
    pub fn after(mut self, script: &str) -> Self {
        self.before = Some(script.to_owned());
        self
    }

    /// Starts it as a user with that number.
    pub fn started_by(mut self, user: u32) -> Self {
        self.user = Some(user);
        self
    }

    /// A step of any CI system: its own variable, and every file and program that it offers.
    pub fn of(ci: &str) -> Self {
        let step = match ci {
            "github" => return Self::github(),
            "gitea" => return Self::github().var("GITEA_ACTIONS", "true"),
            "forgejo" => return Self::github().var("FORGEJO_ACTIONS", "true"),
            _ => Self::plain(),
        };
        let file = |name: &str| step.file(name).to_str().unwrap().to_owned();
        let variables: Vec<(&str, String)> = match ci {
            "azure" => vec![("TF_BUILD", "True".into()), ("AGENT_TEMPDIRECTORY", file(""))],
            "gitlab" => vec![("GITLAB_CI", "true".into())],
            "buildkite" => {
                let (bin, calls) = (step.file("bin"), step.file("calls"));
                buildkite::install(&bin, &calls, "");
                let path = format!("{}:/usr/bin:/bin", bin.display());
                vec![("BUILDKITE", "true".into()), ("BUILDKITE_JOB_ID", "job-1".into()), ("PATH", path)]
            }
            "circleci" => vec![("CIRCLECI", "true".into()), ("BASH_ENV", file("bash_env"))],
            "bitbucket" => {
                vec![("BITBUCKET_BUILD_NUMBER", "7".into()), ("BITBUCKET_PIPELINES_VARIABLES_PATH", file("variables"))]
            }
            "woodpecker" => vec![("CI", "woodpecker".into())],
            "harness" => vec![
                ("DRONE", "true".into()),
                ("HARNESS_OUTPUT_FILE", file("output.env")),
                ("HARNESS_OUTPUT_SECRET_FILE", file("secrets.env")),
                ("HARNESS_ANNOTATIONS_FILE", file("annotations.json")),
            ],
            "drone" => vec![("DRONE", "true".into()), ("DRONE_CARD_PATH", "/dev/stdout".into())],
            "teamcity" => vec![("TEAMCITY_VERSION", "2026.1".into())],
            "jenkins" => vec![("JENKINS_URL", "https://ci.example/".into()), ("BUILD_NUMBER", "7".into())],
            "plain" => Vec::new(),
            other => panic!("no such CI system: {other}"),
        };
        let set = |step: Self, (name, value): (&str, String)| step.var(name, &value);
        variables.into_iter().fold(step, set)
    }

    /// A GitHub step for a platform of the sandbox, with its token.
    pub fn on(sandbox: &Sandbox, platform: &str) -> Self {
        Self::github().input("platform", platform).input("api_url", &sandbox.url(platform)).input("token", TOKEN)
    }

    /// Sets an input as a GitHub runner does; an empty value is passed on as such.
    pub fn input(self, name: &str, value: &str) -> Self {
        self.var(&format!("INPUT_{}", name.to_uppercase()), value)
    }

    /// Sets a variable.
    pub fn var(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes a variable away.
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Another text that must appear nowhere.
    pub fn secret(mut self, text: &str) -> Self {
        self.secrets.push(text.to_owned());
        self
    }

    /// A path in this step's own folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts it without waiting.
    pub fn start(self) -> Running {
        let program = self.program();
        let mut command = match &self.before {
            None => Command::new(program),
            Some(script) => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", &format!("{script}\nexec \"$0\"")]).arg(program);
                shell
            }
        };
        #[cfg(unix)]
        if let Some(user) = self.user {
            use std::os::unix::process::CommandExt as _;
            command.uid(user).gid(user);
        }
        command.env_clear().envs(&self.variables).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let id = child.id().to_string();
        let (ended, end) = mpsc::channel::<()>();
        // Whoever waits for good is killed, and has no exit code.
        thread::spawn(move || {
            if end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-KILL", &id]).status();
            }
        });
        Running { child, step: self, _watched: ended }
    }

    /// The program that knows the platform of this step.
    fn program(&self) -> PathBuf {
        match self.variables.get("INPUT_PLATFORM").map(String::as_str) {
            Some("acme") => example(),
            _ => assert_cmd::cargo::cargo_bin!("cancel-deployment").to_owned(),
        }
    }

    /// Runs it to its end; its outputs are not read, as it may have been unable to write any.
    pub fn run_unread(self) -> Ran {
        self.unread().run()
    }

    /// Its outputs are not read.
    pub fn unread(mut self) -> Self {
        self.github = false;
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Ran {
        self.start().wait()
    }
}

impl Step {
    /// Runs it and asserts that it is bad input, said in these words, and that nothing was sent.
    #[track_caller]
    pub fn refused(self, sandbox: &Sandbox, words: &[&str]) -> Ran {
        let ran = self.run();
        ran.ended("error", 2).reasons(words);
        assert_eq!((ran.output("count"), ran.output("deployments"), ran.output("canceled")), ("0", "[]", "false"));
        assert!(sandbox.requests().is_empty(), "something was sent");
        ran
    }
}

impl Running {
    /// Sends a signal by its name (`INT`, `TERM`).
    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// Waits for the end.
    pub fn wait(self) -> Ran {
        let output = self.child.wait_with_output().unwrap();
        self.step.finish(&output)
    }
}

impl Step {
    fn finish(self, output: &Output) -> Ran {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let code = output.status.code().unwrap_or(-1);
        self.ended(code, text(&output.stdout), text(&output.stderr))
    }

    /// Its variables, for a run inside this process.
    pub fn variables(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.variables.iter().map(|(name, value)| (name.clone(), value.clone()))
    }

    /// What came of it, once it has ended that way.
    pub fn ended(self, code: i32, stdout: String, stderr: String) -> Ran {
        let read = |name: &str| std::fs::read_to_string(self.file(name)).unwrap_or_default();
        let written = if self.github { github::outputs(&read("output")).unwrap() } else { Vec::new() };
        let ran = Ran {
            code,
            stdout,
            stderr,
            outputs: written.iter().cloned().collect(),
            written,
            summary: read("summary"),
            folder: self.folder,
        };
        ran.check_always(&self.secrets, self.github);
        ran
    }
}

impl Ran {
    /// An output of the step.
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// The output `deployments`.
    pub fn deployments(&self) -> Vec<Value> {
        serde_json::from_str(self.output("deployments")).unwrap()
    }

    /// Asserts the outcome and the exit code, with the whole log in the message.
    #[track_caller]
    pub fn ended(&self, outcome: &str, code: i32) -> &Self {
        let seen = (self.output("outcome"), self.code);
        assert_eq!(seen, (outcome, code), "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that the log holds a text.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        let all = format!("{}{}", self.stdout, self.stderr);
        assert!(all.contains(text), "no {text:?} in\n{all}");
        self
    }

    /// Asserts an output.
    #[track_caller]
    pub fn tells(&self, name: &str, value: impl AsRef<str>) -> &Self {
        assert_eq!(self.output(name), value.as_ref(), "{name}\n{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that the reason holds all these words.
    #[track_caller]
    pub fn reasons(&self, words: &[&str]) -> &Self {
        let reason = self.output("reason");
        for word in words {
            assert!(reason.contains(word), "no {word:?} in {reason:?}");
        }
        self
    }

    /// Asserts that a warning holds all these words.
    #[track_caller]
    pub fn warns(&self, words: &[&str]) -> &Self {
        let is = |line: &&str| line.starts_with("::warning") && words.iter().all(|word| line.contains(word));
        assert!(self.stdout.lines().any(|line| is(&line)), "no warning {words:?} in\n{}", self.stdout);
        self
    }

    /// Asserts an error with this heading, in the annotation and above the summary.
    #[track_caller]
    pub fn headed(&self, heading: &str) -> &Self {
        let title = format!("{heading}: ").replace(',', "%2C").replace(':', "%3A");
        self.ended("error", 1).says(&format!("title={title}"));
        assert!(self.summary.starts_with(&format!("### ❌ {heading}: ")), "{}", self.summary);
        self
    }

    /// The only deployment that it tells of.
    #[track_caller]
    pub fn only(&self) -> Value {
        let mut deployments = self.deployments();
        assert_eq!(deployments.len(), 1, "{}", self.stdout);
        deployments.remove(0)
    }

    fn check_always(&self, secrets: &[String], github: bool) {
        let mut shown = vec![self.stderr.clone()];
        let masks = ["::add-mask::", "##vso[task.setsecret]"];
        let is_mask = |line: &&str| !masks.iter().any(|mask| line.starts_with(mask));
        shown.push(self.stdout.lines().filter(is_mask).collect::<Vec<_>>().join("\n"));
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = file.unwrap().path();
            // Harness reads its secrets there, encoded.
            if !path.ends_with("secrets.env") {
                shown.push(std::fs::read_to_string(path).unwrap_or_default());
            }
        }
        let all = || secrets.iter().map(String::as_str).chain(PRIVATE);
        let forms: Vec<_> = all().flat_map(forms).collect();
        for text in &shown {
            for secret in all() {
                assert!(!text.contains(secret), "a private text is shown:\n{text}");
            }
            let folded = text.to_lowercase();
            for form in &forms {
                assert!(!folded.contains(form), "a private text is shown as {form}:\n{text}");
            }
        }
        if github {
            for name in OUTPUTS {
                assert!(self.outputs.contains_key(name), "no output {name}:\n{}", self.stdout);
            }
            let mut schema = schema::deployments();
            // The program of the worked example knows one more.
            schema["items"]["properties"]["platform"]["enum"].as_array_mut().unwrap().push("acme".into());
            let faults = schema::faults(&schema, &Value::Array(self.deployments()));
            assert!(faults.is_empty(), "docs/deployments.schema.json: {faults:#?}");
            let masks = self.stdout.lines().take_while(|line| line.starts_with("::add-mask::")).count();
            // A token that a sign-in made is masked as soon as it exists; that nothing shows it is checked above.
            let all =
                self.stdout.lines().filter(|line| line.starts_with("::add-mask::") && !line.contains(MINTED)).count();
            assert_eq!(masks, all, "masks come before everything else:\n{}", self.stdout);
            self.check_heading();
        }
    }
}

impl Ran {
    /// What stands in the heading is not said again by the reason below it.
    fn check_heading(&self) {
        let heading = self.summary.lines().find_map(|line| line.strip_prefix("### "));
        let heading = heading.and_then(|heading| heading.split_once(' ')).map_or("", |(_, heading)| heading);
        let heading = heading.split(" on ").next().and_then(|heading| heading.split(':').next()).unwrap_or_default();
        let reason = self.output("reason");
        if !["0", "1"].contains(&self.output("count")) {
            // Of several both count, and the reasons stand in a list of their own.
            return;
        }
        assert!(heading.is_empty() || !reason.starts_with(heading), "{heading} is repeated: {reason}");
    }
}

/// The forms from which anybody gets a text back, in small letters: many a token can be used in either case.
pub fn forms(text: &str) -> Vec<String> {
    let each = |write: fn(u8) -> String| text.bytes().map(write).collect::<String>();
    let json = serde_json::to_string(text).unwrap();
    let mut forms = vec![
        text.to_owned(),
        each(|byte| format!("{byte:02x}")),
        each(|byte| format!("%{byte:02x}")),
        each(|byte| format!("\\u{byte:04x}")),
        each(|byte| format!("&#{byte};")),
        each(|byte| format!("&#x{byte:x};")),
        each(|byte| match byte {
            b' ' => "+".to_owned(),
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02x}"),
        }),
        json.trim_matches('"').to_owned(),
        json.trim_matches('"').replace('/', "\\/"),
    ];
    for before in ["", "x", "xx"] {
        let whole = format!("{before}{text}");
        for encoded in [STANDARD_NO_PAD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
            // The digits at both ends hold bits of what stands around it as well.
            let first = (8 * before.len()).div_ceil(6);
            let last = 8 * whole.len() / 6;
            forms.push(encoded[first..last].to_owned());
        }
    }
    for form in &mut forms {
        *form = form.to_lowercase();
    }
    forms.retain(|form| form.len() >= 8);
    forms
}
