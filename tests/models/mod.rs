//! What each CI system takes from a log, a file or a program's input: written from the rules of its own reader, and
//! generous where the rules leave a doubt, so that nothing slips through.

pub mod azure;
pub mod buildkite;
pub mod drone;
pub mod github;
pub mod gitlab;
pub mod harness;
pub mod shell;
pub mod teamcity;

/// The lines of a log; a lone carriage return ends one as well.
pub fn lines(log: &str) -> Vec<String> {
    let log = log.replace("\r\n", "\n").replace('\r', "\n");
    log.split('\n').map(str::to_owned).collect()
}
