//! Programs that a CI system puts beside a step: started together, given their input, and never waited for too long.

use std::io::{ErrorKind, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use zeroize::Zeroizing;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Everybody on the machine can read these: never a secret, and never text that is not ours.
    pub arguments: Vec<String>,
    /// For its standard input.
    pub input: Zeroizing<String>,
}

impl Invocation {
    pub(super) fn new(arguments: &[&str], input: String) -> Self {
        Self { arguments: arguments.iter().map(|word| (*word).to_owned()).collect(), input: Zeroizing::new(input) }
    }
}

/// Why calls did not do what they should.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is no such program.
    Missing,
    /// One did not end while there was time.
    Late,
    /// One ended otherwise than with success; the sentence goes on after "it".
    Refused(String),
}

/// Between two looks at whether they have ended.
const PAUSE: Duration = Duration::from_millis(5);

/// Makes all calls at once, and waits for them while `has_time`.
pub(super) fn call(program: &str, calls: Vec<Invocation>, has_time: impl Fn() -> bool) -> Result<(), Failure> {
    let mut failure = None;
    let mut running = Vec::new();
    for call in calls {
        if !has_time() {
            failure = Some(Failure::Late);
            break;
        }
        match start(program, call) {
            Ok(child) => running.push(child),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                failure = Some(Failure::Missing);
                break;
            }
            Err(error) => {
                failure.get_or_insert(Failure::Refused(format!("cannot be started ({error})")));
            }
        }
    }
    loop {
        running.retain_mut(|child| match child.try_wait() {
            Ok(None) => true,
            Ok(Some(status)) if status.success() => false,
            Ok(Some(status)) => {
                failure.get_or_insert(Failure::Refused(format!("ended with {status}")));
                false
            }
            Err(_) => false,
        });
        if running.is_empty() {
            return failure.map_or(Ok(()), Err);
        }
        if !has_time() {
            for child in &mut running {
                drop(child.kill());
            }
            return Err(Failure::Late);
        }
        std::thread::sleep(PAUSE);
    }
}

fn start(program: &str, call: Invocation) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.args(&call.arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        // A signal for the whole group of the step must not take the outputs with it.
        command.process_group(0);
    }
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read must not hold the run.
        std::thread::spawn(move || drop(stdin.write_all(call.input.as_bytes())));
    }
    Ok(child)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, input: &str) -> Invocation {
        Invocation::new(&["-c", script], input.to_owned())
    }

    #[test]
    fn every_call_gets_its_own_input() {
        let folder = tempfile::tempdir().unwrap();
        let file = |n: usize| folder.path().join(n.to_string());
        let large = "x".repeat(1 << 20);
        let calls = (0..3).map(|n| shell(&format!("cat > {}", file(n).display()), &format!("{n}{large}")));
        assert_eq!(call("sh", calls.collect(), || true), Ok(()));
        for n in 0..3 {
            let text = std::fs::read_to_string(file(n)).unwrap();
            assert_eq!(text, format!("{n}{large}"));
        }
    }

    #[test]
    fn a_failure_is_told_and_does_not_stop_the_other_calls() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let touch = format!("> {}", file.display());
        let failed = call("sh", vec![shell("exit 3", ""), shell(&touch, "")], || true);
        assert_eq!(failed, Err(Failure::Refused("ended with exit status: 3".to_owned())));
        assert!(file.exists());
    }

    #[test]
    fn a_program_that_is_not_there_is_told_as_such() {
        let missing = call("no-such-program-anywhere", vec![shell("", "")], || true);
        assert_eq!(missing, Err(Failure::Missing));
    }

    #[test]
    fn a_call_that_does_not_end_is_not_waited_for_and_killed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("echo $$ > {}; exec sleep 600", file.display());
        let is_written = || std::fs::read_to_string(&file).is_ok_and(|text| text.ends_with('\n'));
        assert_eq!(call("sh", vec![shell(&script, "")], || !is_written()), Err(Failure::Late));
        let pid = std::fs::read_to_string(&file).unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        while state().is_ok_and(|stat| !stat.contains(") Z")) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn nothing_is_started_when_there_is_no_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let touch = shell(&format!("> {}", file.display()), "");
        assert_eq!(call("sh", vec![touch], || false), Err(Failure::Late));
        assert!(!file.exists());
    }
}
