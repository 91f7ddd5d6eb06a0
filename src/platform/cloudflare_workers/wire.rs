//! A build as Cloudflare writes it: in flight by its status, over by its outcome, and what it tells of going live.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
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

/// The Worker's tag.
pub(super) fn tag(told: &Deployment) -> Option<&str> {
    text(told.handle.get::<Value>()?, "/tag")
}

/// What is remembered of a build: see [`Build::handle`].
pub(super) fn is(told: &Deployment, name: &str) -> Option<bool> {
    told.handle.get::<Value>()?.get(name)?.as_bool()
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

    /// What is remembered. `ran` is missing where only an answer to a cancel request tells of it, and `whole` says whether
    /// it was a read that did.
    fn handle(&self, word: &str) -> Value {
        let whole = time(self.0, "/created_on").is_some();
        let ran = word.eq_ignore_ascii_case("running") || time(self.0, "/running_on").is_some();
        let command =
            self.text("/build_trigger_metadata/deploy_command").or_else(|| self.text("/trigger/deploy_command"));
        let command = command.unwrap_or_default();
        json!({
            "tag": self.text("/trigger/external_script_id"),
            "stopped": self.text("/stopped_on").or_else(|| self.text("/modified_on")),
            "whole": whole,
            "ran": (ran || whole).then_some(ran),
            "production": self.is_production(),
            "uploads_only": UPLOADS_ONLY.iter().any(|part| command.contains(part)),
            "shown": self.text("/preview_url").is_some(),
        })
    }

    /// What it tells; `None` without an id or a state.
    pub(super) fn deployment(self) -> Option<Deployment> {
        let word = self.word()?;
        let (id, made) = (self.text("/build_uuid")?, "/build_trigger_metadata");
        let made = |name: &str| self.text(&format!("{made}/{name}"));
        let source = Source { pull: self.pull(), ..Source::of(None, made("branch"), made("commit_hash")) };
        let has_outcome = self.text("/build_outcome").is_some();
        let known = states::state(STATES, word);
        let told = [
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
            details: details(told),
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
    let (is_preview, uploads_only) = (is(told, "production") == Some(false), is(told, "uploads_only") == Some(true));
    // Of a preview an answer to a cancel request does not say whether it is there.
    let is_told = if is_preview { is(told, "whole") == Some(true) } else { uploads_only };
    told.live = match told.state {
        State::Succeeded if uploads_only && !is_preview => Live::Unpublished,
        State::Canceled | State::Failed if is_preview && is(told, "shown") == Some(true) => Live::Serving,
        State::Canceled | State::Failed | State::Unknown if !is_told && is(told, "ran") != Some(false) => Live::Unknown,
        _ => Live::ByState,
    };
}

/// What only a time tells: one that is stopped without an outcome for longer than a moment gets none any more.
pub(super) fn date(told: &mut Deployment, given: Timestamp) {
    let since = told
        .handle
        .get()
        .and_then(|own| time(own, "/stopped"))
        .and_then(|stopped| Duration::try_from(given.duration_since(stopped)).ok());
    if told.platform_state.eq_ignore_ascii_case(STOPPED) && since.is_some_and(|since| since >= MOMENT) {
        (told.state, told.settled) = (State::Unknown, true);
        judge(told);
    }
}

/// An answer to a cancel request tells the outcome alone; what it is the outcome of was read before.
pub(super) fn carry(known: &Deployment, told: &mut Deployment) {
    if is(told, "whole") == Some(true) {
        return;
    }
    let ran = is(told, "ran").or(is(known, "ran"));
    let answer = std::mem::replace(told, known.clone());
    (told.state, told.settled, told.platform_state) = (answer.state, answer.settled, answer.platform_state);
    let mut own = known.handle.get().and_then(Value::as_object).cloned().unwrap_or_default();
    own.extend([("whole".to_owned(), json!(false)), ("ran".to_owned(), json!(ran))]);
    told.handle = Memory::of(Value::Object(own));
    judge(told);
}
