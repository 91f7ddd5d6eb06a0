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
    common(
        "platform",
        "",
        "Where the deployment runs: `digitalocean`, `cloud_foundry`, `datadog`, `vercel`, `qovery` or `render`.",
    ),
    common(
        "deployment_id",
        "",
        "The deployment to cancel; several are separated by commas or newlines. Or give `select`; on Qovery neither is needed.",
    ),
    common("select", "", "Instead of `deployment_id`: `latest`, `commit`, `branch`, `superseded` or `all`."),
    common(
        "branch",
        "from the CI",
        "What `select: branch` compares with; written, it also narrows `superseded`; beside `deployment_id` a guard.",
    ),
    common("commit", "from the CI", "What `select: commit` compares with; beside `deployment_id` a guard."),
    common("appear_within", "0s", "With `select`: how long to wait for a matching deployment to appear."),
    common("only_states", "", "Cancel only in these states (`queued`, `running`); anything else is skipped."),
    common("wait", "true", "Wait until the deployment has ended; `false` returns once the platform has accepted."),
    common("timeout", "240s", "Limit of the whole run: `90`, `90s`, `5m`, `1h`; 1 second to 24 hours."),
    common("poll_interval", "5s", "Longest pause between two reads: 1 second to 1 hour."),
    common(
        "fail_on",
        "error,not_found,timed_out,completed,already_finished",
        "Outcomes that make the step fail; also `none` or `any`. With `select: superseded`: `error,not_found,timed_out`.",
    ),
    common("dry_run", "false", "Read as usual, cancel nothing."),
    common("summary", "true", "Write the job summary."),
    common(
        "output_file",
        "",
        "Also write the outputs to this file: JSON if it ends in `.json`, else `CANCELLATION_<NAME>=value` lines. On GitLab `cancel-deployment.env` by default.",
    ),
    common(
        "ci",
        "detected",
        "Override the detected CI system: `github`, `gitea`, `forgejo`, `gitlab`, `buildkite`, `azure`, `drone`, `woodpecker`, `harness`, `circleci`, `bitbucket`, `teamcity`, `jenkins` or `plain`.",
    ),
    common("api_url", "per platform", "Base URL of the platform's API; `https`, or `http` on a loopback host."),
    common("ca_cert", "", "An extra CA to trust: PEM text, or a path."),
];
