//! The inputs that every platform has.

use crate::ci;
use crate::input::{Input, InputKind};
use crate::model::deployment::State;
use crate::model::outcome::FailOn;
use crate::platform::register::{REGISTER, names};
use crate::select::Select;

const DAY: u64 = 24 * 3600;

const fn common(name: &'static str, kind: InputKind, default: &'static str, help: &'static str) -> Input {
    Input { name, kind, usual: &[], secret: false, made_up: false, default, help }
}

/// The states in which a cancel request makes sense.
pub(super) const IN_FLIGHT: [State; 2] = [State::Queued, State::Running];

/// What `if_live` can be.
const IF_LIVE: [&str; 2] = ["report", ROLL_BACK];
pub(super) const ROLL_BACK: &str = "roll_back";
/// What `roll_back_to` is where nobody wrote another one.
pub(super) const PREVIOUS: &str = "previous";

/// The inputs that every platform has.
pub const COMMON: &[Input] = &[
    common("platform", InputKind::Choice(|| names(REGISTER)), "", "Where the deployment runs:"),
    common(
        "deployment_id",
        InputKind::Lines,
        "",
        "The deployment, or several separated by commas or newlines. Required unless `select` is given; on Qovery an empty one means whatever is being deployed in the environment.",
    ),
    common("select", InputKind::Choice(|| Select::ALL.map(Select::word).into()), "", "Instead of `deployment_id`:"),
    common(
        "branch",
        InputKind::Text,
        "this run's",
        "The branch to choose with `select: branch`, `main` or `refs/heads/main`; written, it also narrows `select: superseded`. Beside `deployment_id` a guard: a deployment of another branch is refused.",
    ),
    common(
        "commit",
        InputKind::Text,
        "this run's",
        "The commit to choose with `select: commit`, at least seven digits of its hash. Beside `deployment_id` a guard: a deployment of another commit is refused.",
    ),
    common(
        "appear_within",
        InputKind::Duration(0, DAY),
        "0s",
        "With `select`: how long to wait for a matching deployment to appear;",
    ),
    common(
        "only_states",
        InputKind::Choices(|| IN_FLIGHT.map(State::word).into()),
        "",
        "Cancel only in these states, anything else is `skipped`:",
    ),
    common(
        "wait",
        InputKind::Boolean,
        "true",
        "Wait until the deployment has ended; `false` returns once the platform has accepted.",
    ),
    common(
        "timeout",
        InputKind::Duration(1, DAY),
        "240s",
        "Limit of the whole run, such as `90`, `90s`, `5m` or `1h`;",
    ),
    common(
        "if_live",
        InputKind::Choice(|| IF_LIVE.into()),
        IF_LIVE[0],
        "Where it went live all the same: tell it, or put back what was live before as well and wait until that is live;",
    ),
    common(
        "roll_back_to",
        InputKind::Text,
        PREVIOUS,
        "With `if_live: roll_back`: the id of an earlier deployment to put back, instead of what was live before.",
    ),
    common(
        "roll_back_timeout",
        InputKind::Duration(1, DAY),
        "240s",
        "Limit of a roll back, from the decision on, beside `timeout`, which is that of canceling;",
    ),
    common(
        "poll_interval",
        InputKind::Duration(1, 3600),
        "5s",
        "Longest pause between two reads, written like `timeout`;",
    ),
    common(
        "fail_on",
        InputKind::Choices(FailOn::words),
        "error,not_found,timed_out,completed,already_finished,rolled_back",
        "Outcomes that make the step fail, or `none`, or `any` (all that was not wanted); `already_finished` counts only if the deployment had gone live. With `select: superseded` by default `error,not_found,timed_out`.",
    ),
    common("dry_run", InputKind::Boolean, "false", "Read as usual, cancel nothing."),
    common("summary", InputKind::Boolean, "true", "Write the job summary."),
    common(
        "output_file",
        InputKind::Text,
        "",
        "Also write the outputs to this file: JSON if it ends in `.json`, else `CANCELLATION_<NAME>=value` lines; a missing folder is made. On GitLab `cancel-deployment.env` by default.",
    ),
    common(
        "ci",
        InputKind::Choice(|| ci::names().collect()),
        "detected",
        "The CI system whose way of telling is used:",
    ),
    common(
        "api_url",
        InputKind::Text,
        "per platform",
        "Base URL of the platform's API; `https`, or `http` on this machine only.",
    ),
    common(
        "ca_cert",
        InputKind::Text,
        "",
        "An extra CA to trust: PEM text (on one line with `\\n` in it, too) or a path. It is added to `SSL_CERT_FILE` and `SSL_CERT_DIR`, else to the system's bundle, else to built-in roots.",
    ),
];
