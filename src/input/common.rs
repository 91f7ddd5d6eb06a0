//! What an input is, and those that every platform has.

/// One input, as messages, `--help`, README and action.yml name it.
#[derive(Debug)]
pub struct Input {
    /// Snake case.
    pub name: &'static str,
    /// Other variables it is taken from, each with the beginning its value must have (usually none).
    pub usual: &'static [(&'static str, &'static str)],
    /// Never printed, always masked.
    pub secret: bool,
    /// People make it up: one that looks like a variable nobody expanded may be meant.
    pub made_up: bool,
    /// What applies when it is absent; empty when nothing does.
    pub default: &'static str,
    /// One line.
    pub help: &'static str,
}

const fn common(name: &'static str, default: &'static str, help: &'static str) -> Input {
    Input { name, usual: &[], secret: false, made_up: false, default, help }
}

/// The inputs that every platform has.
pub const COMMON: &[Input] = &[
    common("platform", "", "Where the deployment runs:"),
    common(
        "deployment_id",
        "",
        "The deployment, or several separated by commas or newlines. Required unless `select` is given; on Qovery an empty one means whatever is being deployed in the environment.",
    ),
    common("select", "", "Instead of `deployment_id`: `latest`, `commit`, `branch`, `superseded` or `all`."),
    common(
        "branch",
        "this run's",
        "The branch to choose with `select: branch`, `main` or `refs/heads/main`; written, it also narrows `select: superseded`. Beside `deployment_id` a guard: a deployment of another branch is refused.",
    ),
    common(
        "commit",
        "this run's",
        "The commit to choose with `select: commit`, at least seven digits of its hash. Beside `deployment_id` a guard: a deployment of another commit is refused.",
    ),
    common(
        "appear_within",
        "0s",
        "With `select`: how long to wait for a matching deployment to appear, up to 24 hours.",
    ),
    common("only_states", "", "Cancel only in these states: `queued`, `running`, or both; anything else is `skipped`."),
    common("wait", "true", "Wait until the deployment has ended; `false` returns once the platform has accepted."),
    common("timeout", "240s", "Limit of the whole run: `90`, `90s`, `5m`, `1h`; 1 second to 24 hours."),
    common("poll_interval", "5s", "Longest pause between two reads, written like `timeout`: 1 second to 1 hour."),
    common(
        "fail_on",
        "error,not_found,timed_out,completed,already_finished",
        "Outcomes that make the step fail, or `none`, or `any` (all that was not wanted); `already_finished` counts only if the deployment had gone live. With `select: superseded` by default `error,not_found,timed_out`.",
    ),
    common("dry_run", "false", "Read as usual, cancel nothing."),
    common("summary", "true", "Write the job summary."),
    common(
        "output_file",
        "",
        "Also write the outputs to this file: JSON if it ends in `.json`, else `CANCELLATION_<NAME>=value` lines; a missing folder is made. On GitLab `cancel-deployment.env` by default.",
    ),
    common("ci", "detected", "The CI system whose way of telling is used:"),
    common("api_url", "per platform", "Base URL of the platform's API; `https`, or `http` on this machine only."),
    common(
        "ca_cert",
        "",
        "An extra CA to trust: PEM text (on one line with `\\n` in it, too) or a path. It is added to `SSL_CERT_FILE` and `SSL_CERT_DIR`, else to the system's bundle, else to built-in roots.",
    ),
];
