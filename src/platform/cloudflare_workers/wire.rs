//! A build as Cloudflare writes it: in flight by its status, over by its outcome, and what it tells of going live.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use crate::api::wire::{Field, Time};
use crate::model::deployment::{Deployment, Live, Pull, Source, State, details};
use crate::model::memory::Memory;
use crate::platform::states::{self, States};

/// Every documented word, those of the event subscriptions as well.
pub(super) const STATES: States = &[
    ("QUEUED", State::Queued),
    ("INITIALIZING", State::Running),
    ("RUNNING", State::Running),
    ("SUCCESS", State::Succeeded),
    ("FAIL", State::Failed),
    ("FAILURE", State::Failed),
    ("TERMINATED", State::Failed),
    ("CANCELED", State::Canceled),
    ("SKIPPED", State::Superseded),
];
pub(super) const PRODUCTION: &str = "production";
pub(super) const PREVIEW: &str = "preview";
/// The status of what is over, how its outcome says: that comes a moment later.
const STOPPED: &str = "stopped";
/// How long that moment can be.
const MOMENT: Duration = Duration::from_secs(15);
/// What the times tell where the status is missing: the latest step.
const STEPS: [(&str, &str); 4] = [
    ("/stopped_on", STOPPED),
    ("/running_on", "running"),
    ("/initializing_on", "initializing"),
    ("/created_on", "queued"),
];
/// What a deploy command has in it that uploads a version and deploys none.
const UPLOADS_ONLY: [&str; 2] = ["versions upload", "wrangler preview"];

/// A build, or the three of its fields that the answer to a cancel request has. Fields are read by their names alone: the
/// values of environment variables and an e-mail address stand beside them.
pub(super) struct Build<'v>(pub(super) &'v Value);

/// The text at a JSON pointer; an empty one is none.
pub(super) fn text<'v>(value: &'v Value, at: &str) -> Option<&'v str> {
    value.pointer(at)?.as_str().filter(|text| !text.is_empty())
}

/// The point in time there.
pub(super) fn time(value: &Value, at: &str) -> Option<Timestamp> {
    let mut time = Time::default();
    time.text(text(value, at)?);
    time.0
}

/// What is remembered of a build.
#[derive(Clone, Default)]
pub(super) struct Handle {
    /// The Worker's tag.
    tag: Option<String>,
    stopped: Option<Timestamp>,
    /// It was a read that told of it, not the answer to a cancel request.
    is_whole: bool,
    /// Its commands may have run.
    ran: bool,
    is_production: Option<bool>,
    pub(super) uploads_only: bool,
    /// There is a preview of it.
    is_shown: bool,
}

impl Handle {
    pub(super) fn of(told: &Deployment) -> Self {
        told.handle.get_or_default()
    }

    pub(super) fn is_preview(&self) -> bool {
        self.is_production == Some(false)
    }
}

/// The Worker's tag.
pub(super) fn tag(told: &Deployment) -> Option<&str> {
    told.handle.get::<Handle>()?.tag.as_deref()
}

impl Build<'_> {
    fn text(&self, at: &str) -> Option<&str> {
        text(self.0, at)
    }

    /// The outcome, else the status, else what the times tell.
    fn word(&self) -> Option<&str> {
        let told = self.text("/build_outcome").or_else(|| self.text("/status"));
        told.or_else(|| STEPS.iter().find(|(at, _)| time(self.0, at).is_some()).map(|(_, word)| *word))
    }

    /// The production trigger names its branch, the one for the rest has a wildcard.
    fn is_production(&self) -> Option<bool> {
        let branches = self.0.pointer("/trigger/branch_includes")?.as_array().filter(|all| !all.is_empty())?;
        Some(!branches.iter().any(|branch| branch.as_str().is_some_and(|branch| branch.contains('*'))))
    }

    /// The pull request that it is a preview of, by the address of its page.
    fn pull(&self) -> Option<Pull> {
        let url = Url::parse(self.text("/pull_request/pull_request_url")?).ok()?;
        let (base, number) = ["/pull/", "/-/merge_requests/"].iter().find_map(|part| url.path().split_once(part))?;
        Some(Pull { base: base.trim_matches('/').to_owned(), number: number.trim_matches('/').parse().ok()? })
    }

    fn handle(&self, word: &str) -> Handle {
        let is_whole = time(self.0, "/created_on").is_some();
        let ran = word.eq_ignore_ascii_case("running") || time(self.0, "/running_on").is_some();
        let command =
            self.text("/build_trigger_metadata/deploy_command").or_else(|| self.text("/trigger/deploy_command"));
        let command = command.unwrap_or_default();
        Handle {
            tag: self.text("/trigger/external_script_id").map(str::to_owned),
            stopped: time(self.0, "/stopped_on").or_else(|| time(self.0, "/modified_on")),
            is_whole,
            ran: ran || !is_whole,
            is_production: self.is_production(),
            uploads_only: UPLOADS_ONLY.iter().any(|part| command.contains(part)),
            is_shown: self.text("/preview_url").is_some(),
        }
    }

    /// What it tells; `None` without an id or a state.
    pub(super) fn deployment(self) -> Option<Deployment> {
        let word = self.word()?;
        let (id, made) = (self.text("/build_uuid")?, "/build_trigger_metadata");
        let made = |name: &str| self.text(&format!("{made}/{name}"));
        let source = Source { pull: self.pull(), ..Source::of(None, made("branch"), made("commit_hash")) };
        let has_outcome = self.text("/build_outcome").is_some();
        let known = states::state(STATES, word);
        let facts = [
            ("trigger", self.text("/trigger/trigger_name")),
            ("source", made("build_trigger_source")),
            ("preview_url", self.text("/preview_url")),
        ];
        let mut told = Deployment {
            // An outcome is an end, also one that nobody knows.
            state: match known {
                State::Unknown if word.eq_ignore_ascii_case(STOPPED) => State::Running,
                known if has_outcome && !known.is_terminal() => State::Unknown,
                known => known,
            },
            settled: has_outcome,
            platform_state: word.to_owned(),
            branch: source.branch.clone(),
            commit: source.commit.clone(),
            target: self.is_production().map(|it| if it { PRODUCTION } else { PREVIEW }.to_owned()),
            created: time(self.0, "/created_on"),
            details: details(facts),
            source_pending: self.0.pointer("/build_trigger_metadata").is_none_or(Value::is_null),
            queued_behind: known == State::Queued,
            slot: self.text("/trigger/trigger_uuid").map(str::to_owned),
            handle: Memory::of(self.handle(word)),
            ..Deployment::without_reading(id)
        }
        .made_from(vec![source]);
        judge(&mut told);
        Some(told)
    }
}

/// Says what tells whether it went live: in production only what serves does, unless it never got as far as to deploy.
fn judge(told: &mut Deployment) {
    let own = Handle::of(told);
    let is_preview = own.is_preview();
    // Of a preview an answer to a cancel request does not say whether it is there.
    let is_told = if is_preview { own.is_whole } else { own.uploads_only };
    told.live = match told.state {
        State::Succeeded if own.uploads_only && !is_preview => Live::Unpublished,
        State::Canceled | State::Failed if is_preview && own.is_shown => Live::Serving,
        State::Canceled | State::Failed | State::Unknown if !is_told && own.ran => Live::Unknown,
        _ => Live::ByState,
    };
}

/// What only a time tells: one that is stopped without an outcome for longer than a moment gets none any more.
pub(super) fn date(told: &mut Deployment, given: Timestamp) {
    let since = Handle::of(told).stopped.and_then(|stopped| Duration::try_from(given.duration_since(stopped)).ok());
    if told.platform_state.eq_ignore_ascii_case(STOPPED) && since.is_some_and(|since| since >= MOMENT) {
        (told.state, told.settled) = (State::Unknown, true);
        judge(told);
    }
}

/// An answer to a cancel request tells the outcome alone; what it is the outcome of was read before.
pub(super) fn carry(known: &Deployment, told: &mut Deployment) {
    if Handle::of(told).is_whole {
        return;
    }
    let answer = std::mem::replace(told, known.clone());
    (told.state, told.settled, told.platform_state) = (answer.state, answer.settled, answer.platform_state);
    told.handle = Memory::of(Handle { is_whole: false, ..Handle::of(known) });
    judge(told);
}
