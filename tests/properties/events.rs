//! Whatever an event file holds, what is believed of it is a commit, a branch and an id, one line each.

use std::ffi::OsString;
use std::io::Write as _;

use cancel_deployment::ci::facts::Facts;
use cancel_deployment::input::env::Env;

const EVENTS: [&str; 8] = [
    "push",
    "pull_request",
    "pull_request_target",
    "workflow_run",
    "deployment",
    "deployment_status",
    "repository_dispatch",
    "issue_comment",
];

/// The event is the first byte, its file the rest.
pub fn check(input: &[u8]) {
    let [event, file @ ..] = input else {
        return;
    };
    let mut path = tempfile::NamedTempFile::new().expect("a file");
    path.write_all(file).expect("a file");
    let variables = [
        ("GITHUB_EVENT_NAME", EVENTS[usize::from(*event) % EVENTS.len()]),
        ("GITHUB_EVENT_PATH", path.path().to_str().expect("a name")),
        ("GITHUB_REPOSITORY", "o/r"),
    ];
    let variables = variables.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let facts = Facts::read(&Env::new(variables), "github");
    // Nothing but the file names a commit here.
    for text in [&facts.commit, &facts.branch].into_iter().flatten() {
        assert!(!text.is_empty() && text.len() <= 1024, "{text:?}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
        let bytes: Vec<u8> = serde_json::to_vec(text).expect("JSON");
        let said = String::from_utf8_lossy(file).contains(text.as_str());
        let escaped = file.contains(&b'\\');
        assert!(said || escaped, "{text:?} is not in the file: {bytes:?}");
    }
    if let Some(commit) = &facts.commit {
        assert!(commit.len() >= 7 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{commit:?}");
    }
    if let Some(branch) = &facts.branch {
        assert!(!branch.starts_with("refs/"), "{branch:?}");
    }
}

/// One whole event of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let sha = "1111111111111111111111111111111111111111";
    let bodies = [
        format!(r#"{{"ref":"refs/heads/main","after":"{sha}"}}"#),
        format!(
            r#"{{"pull_request":{{"head":{{"sha":"{sha}","ref":"topic","repo":{{"full_name":"o/r"}}}},"base":{{"repo":{{"full_name":"o/r"}}}}}}}}"#
        ),
        format!(
            r#"{{"pull_request":{{"head":{{"sha":"{sha}","ref":"topic","repo":null}},"base":{{"repo":{{"full_name":"o/r"}}}}}}}}"#
        ),
        format!(
            r#"{{"workflow_run":{{"head_sha":"{sha}","head_branch":"topic","head_repository":{{"full_name":"f/r"}}}},"repository":{{"full_name":"o/r"}}}}"#
        ),
        format!(r#"{{"deployment":{{"ref":"topic","sha":"{sha}"}}}}"#),
        format!(
            r#"{{"deployment":{{"ref":"topic","sha":"{sha}"}},"deployment_status":{{"environment_url":"https://x.vercel.app","target_url":"https://github.com/o/r"}}}}"#
        ),
        format!(
            r#"{{"action":"vercel.deployment.success","client_payload":{{"id":"dpl_1","git":{{"sha":"{sha}","ref":"topic"}},"target":"production"}}}}"#
        ),
        "{}".to_owned(),
    ];
    let numbered = bodies.into_iter().zip(0_u8..);
    numbered.map(|(body, event)| [&[event], body.as_bytes()].concat()).collect()
}
