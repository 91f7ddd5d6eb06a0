//! The shapes of Netlify's answers, and what a deploy in them tells: its end by its message, and live only if published.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::api::wire::{Maybe, Text, Time, fields};
use crate::model::deployment::{Deployment, Live, Source, State, details};
use crate::model::id::segment;
use crate::model::memory::Memory;
use crate::platform::addresses::page_at;
use crate::platform::states::{self, States};

/// Every documented word, and `old`, which only what had been published is called.
pub(super) const STATES: States = &[
    ("NEW", State::Queued),
    ("ENQUEUED", State::Queued),
    ("PENDING_REVIEW", State::Queued),
    ("ACCEPTED", State::Queued),
    ("BUILDING", State::Running),
    ("RETRYING", State::Running),
    ("UPLOADING", State::Running),
    ("UPLOADED", State::Running),
    ("PREPARING", State::Running),
    ("PREPARED", State::Running),
    ("PROCESSING", State::Running),
    ("PROCESSED", State::Running),
    ("READY", State::Succeeded),
    ("OLD", State::Succeeded),
    ("ERROR", State::Failed),
    ("REJECTED", State::Failed),
];

/// What a message makes of a word: one of each kind.
pub(super) const MESSAGES: &[(&str, &str, State)] = &[
    ("ERROR", "Canceled build", State::Canceled),
    ("ERROR", "Deploy canceled", State::Canceled),
    ("ERROR", UNCHANGED_EXAMPLE, State::Canceled),
    ("ERROR", "Skipped", State::Superseded),
    ("ERROR", "Skipped due to account credit usage exceeded", State::Failed),
    ("PREPARED", "Canceled build", State::Canceling),
];
const UNCHANGED_EXAMPLE: &str =
    "Failed during stage 'checking build content for changes': Canceled build due to no content change";

/// The host of the pages for people.
pub(super) const DASHBOARD: &str = "app.netlify.com";
/// How a message begins that tells of a cancellation.
const CANCELED: [&str; 3] = ["canceled build", "build canceled", "deploy canceled"];
/// How it begins where Netlify's own check did it.
const UNCHANGED: &str = "canceled build due to no content change";
/// The whole message of one that was left out.
const LEFT_OUT: &str = "skipped";
/// How it begins where the command line tool may have done it.
const BY_TOOL: &str = "deploy canceled";
/// What the plugins say where one of them has failed the build.
const PLUGIN_FAILED: &str = "failed_build";
pub(super) const PRODUCTION: &str = "production";
/// How long one with a cancel message has to stand still to be over.
const STILL: Duration = Duration::from_secs(15);
/// Nothing takes as long as this.
const STUCK: Duration = Duration::from_secs(24 * 3600);

fields! {
    /// A deploy.
    pub(super) struct Wire {
        id: Text,
        site_id: Text,
        name: Text,
        build_id: Text,
        state: Text,
        error_message: Text,
        plugin_state: Text,
        branch: Text,
        commit_ref: Text,
        context: Text,
        admin_url: Text,
        review_id: Maybe<u64>,
        draft: Maybe<bool>,
        created_at: Time,
        updated_at: Time,
        published_at: Time,
    }

    /// A site, of which nothing else is read: it has secrets in it.
    pub(super) struct Site {
        pub(super) id: Text,
        pub(super) published_deploy: Maybe<Published>,
        build_settings: Maybe<BuildSettings>,
    }

    pub(super) struct Published {
        pub(super) id: Text,
        pub(super) locked: Maybe<bool>,
        pub(super) commit_ref: Text,
        pub(super) published_at: Time,
    }

    struct BuildSettings {
        repo_url: Text,
    }

    pub(super) struct Build {
        pub(super) id: Text,
        pub(super) deploy_id: Text,
    }
}

impl Site {
    /// The repository that it follows, as `owner/name`.
    pub(super) fn repository(&self) -> Option<String> {
        let url = self.build_settings.get()?.repo_url.get()?;
        let (_, rest) = url.split_once("://").unwrap_or(("", url));
        let (_, path) = rest.split_once(['/', ':'])?;
        let path = path.trim_matches('/');
        Some(path.strip_suffix(".git").unwrap_or(path).to_owned())
    }
}

/// What is remembered of a deploy.
#[derive(Clone, Default)]
pub(super) struct Handle {
    pub(super) site: Text,
    pub(super) name: Text,
    /// The number of the pull request that it is a preview of.
    pub(super) review: Option<u64>,
    /// Who ended it, where that was not the request of this run or a failure: a sentence.
    pub(super) story: Text,
    /// When it changed last.
    changed: Option<Timestamp>,
    /// When it was published.
    pub(super) published: Option<Timestamp>,
    /// What it says of a cancellation is a plugin's failure.
    is_failure: bool,
}

impl Handle {
    pub(super) fn of(told: &Deployment) -> Self {
        told.handle.get_or_default()
    }
}

/// A message as it is compared: in small letters, with one l, and without the stage in which it happened.
fn plain(message: &str) -> String {
    let text = message.trim().to_lowercase().replace("cancell", "cancel");
    let stage = text.strip_prefix("failed during stage '").and_then(|rest| rest.split_once("':"));
    stage.map_or(text.clone(), |(_, rest)| rest.trim_start().to_owned())
}

/// Whether a message tells of a cancellation.
fn is_cancellation(said: &str) -> bool {
    CANCELED.iter().any(|beginning| said.starts_with(beginning))
}

/// What `error` means beside a message; a message that nobody knows is a failure, whoever asked for what.
fn end(said: &str, has_plugin_failed: bool) -> State {
    if said.starts_with(UNCHANGED) || is_cancellation(said) && !has_plugin_failed {
        State::Canceled
    } else if said == LEFT_OUT {
        State::Superseded
    } else {
        State::Failed
    }
}

impl Wire {
    fn is(&self, word: &str) -> bool {
        self.state.or_empty().eq_ignore_ascii_case(word)
    }

    fn has_plugin_failed(&self) -> bool {
        self.plugin_state.or_empty().eq_ignore_ascii_case(PLUGIN_FAILED)
    }

    /// What the word and the message mean together.
    fn state(&self, said: &str) -> State {
        match states::state(STATES, self.state.or_empty()) {
            State::Failed if self.is("error") => end(said, self.has_plugin_failed()),
            state if !state.is_terminal() && is_cancellation(said) => State::Canceling,
            state => state,
        }
    }

    /// Who ended it.
    fn story(&self, said: &str) -> Option<&'static str> {
        if said.starts_with(UNCHANGED) {
            Some("It was Netlify's own check for changed content that canceled it.")
        } else if is_cancellation(said) && self.has_plugin_failed() {
            Some("A build plugin failed the build, which Netlify calls a cancellation.")
        } else if said.starts_with(BY_TOOL) {
            Some("Netlify's command line tool leaves these words as well where its own build or upload has failed.")
        } else {
            (said == LEFT_OUT).then_some("Netlify left it out in favor of a newer commit.")
        }
    }

    /// Whether what is built is live, as far as it says itself: out of production it is, at an address of its own.
    fn live(&self) -> Live {
        let is_production = self.context.or_empty().eq_ignore_ascii_case(PRODUCTION);
        if !self.is("ready") {
            if self.is("old") { Live::Once } else { Live::ByState }
        } else if is_production && self.draft.0 == Some(true) {
            Live::Unpublished
        } else if self.published_at.0.is_some() || !is_production && self.context.get().is_some() {
            Live::ByState
        } else {
            Live::Unknown
        }
    }

    /// The page for people: below the answer's own address, if that really leads to Netlify, else below the site's.
    fn page(&self) -> Option<String> {
        let path = match page_at(DASHBOARD, &self.admin_url) {
            Some(own) => own.path().trim_end_matches('/').to_owned(),
            None => format!("/projects/{}", segment(self.name.get()?)),
        };
        Some(format!("https://{DASHBOARD}{path}/deploys/{}", segment(self.id.get()?)))
    }

    fn details(&self, live: Live) -> Map<String, Value> {
        let text = |text: &Text| text.get().map(Value::from);
        details([
            ("error_message", text(&self.error_message)),
            ("plugin_state", text(&self.plugin_state)),
            ("site", text(&self.name)),
            ("build_id", text(&self.build_id)),
            ("review_id", self.review_id.0.map(Value::from)),
            ("draft", self.draft.0.map(Value::from)),
            ("published", (live == Live::Unpublished).then_some(Value::Bool(false))),
        ])
    }

    /// Uploads and builds of one branch and context, and those of several pull requests, supersede each other nowhere.
    fn slot(&self) -> String {
        let kind = if self.commit_ref.get().is_some() { "build" } else { "upload" };
        self.review_id.0.map_or_else(|| kind.to_owned(), |number| format!("{kind} of {number}"))
    }

    /// What it tells; `None` without an id or a state.
    pub(super) fn deployment(self) -> Option<Deployment> {
        let said = plain(self.error_message.or_empty());
        let (live, state, source) =
            (self.live(), self.state(&said), Source::of(None, self.branch.get(), self.commit_ref.get()));
        let handle = Handle {
            site: self.site_id.clone(),
            name: self.name.clone(),
            review: self.review_id.0,
            story: Text(self.story(&said).map(str::to_owned)),
            changed: self.updated_at.0.or(self.created_at.0),
            published: self.published_at.0,
            is_failure: end(&said, self.has_plugin_failed()) == State::Failed,
        };
        Some(
            Deployment {
                unexplained: self.is("error") && said.is_empty(),
                state,
                live,
                url: self.page(),
                branch: source.branch.clone(),
                commit: source.commit.clone(),
                created: self.created_at.0,
                details: self.details(live),
                slot: Some(self.slot()),
                queued_behind: state == State::Queued,
                handle: Memory::of(handle),
                target: self.context.0,
                note: self.error_message.0,
                ..states::deployment(STATES, self.id, self.state)?
            }
            .made_from(vec![source]),
        )
    }
}

/// What a time tells: one with a cancel message that has not moved for a while is over, though its word says otherwise,
/// and what has been in flight for longer than anything takes is nobody's any more.
pub(super) fn date(told: &mut Deployment, given: Timestamp) {
    let since = |time: Option<Timestamp>| Duration::try_from(given.duration_since(time?)).ok();
    let own = Handle::of(told);
    if told.state == State::Canceling && since(own.changed).is_some_and(|still| still >= STILL) {
        told.state = if own.is_failure { State::Failed } else { State::Canceled };
    }
    told.stuck = since(told.created).filter(|age| told.state.is_in_flight() && *age >= STUCK);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::wire;

    fn told(body: Value) -> Option<Deployment> {
        wire::of::<Wire>(&body)?.deployment()
    }

    #[test]
    fn a_cancel_message_that_stands_still_for_a_while_is_an_end() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let body = |message: &str, plugin: &str, changed: Value| {
            json!({ "id": "d", "state": "prepared", "error_message": message, "plugin_state": plugin, "updated_at": changed,
                "created_at": "2026-08-01T10:00:00.000Z" })
        };
        let seen = |body: Value, given: &str| {
            let mut told = told(body).unwrap();
            date(&mut told, at(given));
            (told.state, told.platform_state)
        };
        let changed = json!("2026-08-01T10:00:05.400Z");
        for (message, plugin, changed, given, state) in [
            ("Canceled build", "none", &changed, "2026-08-01T10:00:20Z", State::Canceling),
            ("Canceled build", "none", &changed, "2026-08-01T10:00:21Z", State::Canceled),
            ("Canceled build", "failed_build", &changed, "2026-08-01T10:00:21Z", State::Failed),
            (UNCHANGED_EXAMPLE, "none", &changed, "2026-08-01T10:00:21Z", State::Canceled),
            ("Canceled build", "none", &changed, "2026-07-31T10:00:00Z", State::Canceling),
            ("Canceled build", "none", &Value::Null, "2026-08-01T10:00:15Z", State::Canceled),
            ("Timeout", "none", &changed, "2026-08-01T12:00:00Z", State::Running),
        ] {
            let seen = seen(body(message, plugin, changed.clone()), given);
            assert_eq!(seen, (state, "prepared".to_owned()), "{message} {plugin} {given}");
        }
    }

    #[test]
    fn one_in_flight_for_a_day_is_stuck() {
        let stuck = |word: &str, given: &str| {
            let mut told = told(json!({ "id": "d", "state": word, "created_at": "2026-08-01T10:00:00Z" })).unwrap();
            date(&mut told, given.parse().unwrap());
            told.stuck.map(|age| age.as_secs() / 3600)
        };
        assert_eq!(stuck("uploading", "2026-08-02T09:59:59Z"), None);
        assert_eq!(stuck("uploading", "2026-08-02T10:00:00Z"), Some(24));
        assert_eq!(stuck("enqueued", "2026-08-15T10:00:00Z"), Some(14 * 24));
        assert_eq!(stuck("ready", "2026-08-15T10:00:00Z"), None);
    }

    #[test]
    fn the_repository_of_a_site_is_read_however_it_is_cloned() {
        for url in ["https://github.com/acme/web", "git@github.com:acme/web.git", "ssh://git@github.com/acme/web.git/"]
        {
            let site: Site = wire::of(&json!({ "build_settings": { "repo_url": url } })).unwrap();
            assert_eq!(site.repository().as_deref(), Some("acme/web"), "{url}");
        }
    }
}
