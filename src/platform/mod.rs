//! Hosting platforms: what each must answer, what can be said of it before a run, and the register of all.
//!
//! A platform says what to ask and what the answers mean. It never waits, retries, logs or reads the clock.

mod cloud_foundry;
mod cloudflare_workers;
mod datadog;
mod digitalocean;
mod github_pages;
mod names;
mod netlify;
mod paging;
mod qovery;
mod railway;
mod render;
mod vercel;

pub mod addresses;
pub mod list;

pub mod register;
pub mod rest;
pub mod roll_back;
pub mod scope;
pub mod states;
pub mod usual;

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

pub use self::addresses::Addresses;
pub use self::roll_back::RollBack;
use crate::api::wire::Text;
use crate::api::{Api, Service};
use crate::input::faults::Faults;
pub use crate::input::needs::{Need, Way};
use crate::input::{Input, InputKind, Values};
use crate::model::about::About;
use crate::model::answers::{Accepted, Conclusion, Filter, Found, Listed};
use crate::model::deployment::{Deployment, State, newest_first};
use crate::model::failure::Failure;
use crate::model::id::Id;
use crate::model::reason::Missing;
use crate::select::Select;

/// What can be said of a platform before a run.
pub struct PlatformInfo {
    /// Its words.
    pub about: About,
    /// The API's usual base URL; empty where there is none.
    pub base: &'static str,
    /// Its inputs besides the common ones.
    pub inputs: &'static [Input],
    /// Which inputs have to be written, and which of them stand for each other.
    pub needs: &'static [Need],
    /// The platform's words and what they mean to us.
    pub states: &'static [(&'static str, State)],
    /// The platform's words that mean something else beside a message: each with one such message.
    pub messages: &'static [(&'static str, &'static str, State)],
    /// What an address without a path lacks that a usual variable of `api_url` has.
    pub bare_path: &'static str,
    /// What `select` can do here.
    pub selects: &'static [Select],
    /// What is special about one of them, for the documents.
    pub select_notes: &'static [(Select, &'static str)],
    /// Why it cannot do the rest, and what to use instead.
    pub no_select: &'static str,
    /// All deployments of a scope follow each other, or of a slot of it: branches do not divide them into groups.
    pub one_group: bool,
    /// Deployments carry the repository they come from, so that a fork's branch can be told from ours.
    pub knows_forks: bool,
    /// They carry the number and the repository of the pull request that they are a preview of instead.
    pub knows_pulls: bool,
    /// Runs of the CI system deploy here, each the commit that it stands on: the newest may be this run's own.
    pub runs_deploy: bool,
    /// A list shows as much of a deployment as a read of it alone, so many can be watched by one list.
    pub lists_tell: bool,
    /// Whether a run needs a `deployment_id`; if not, [`Platform::default_target`] says what is meant without one.
    pub needs_id: bool,
    /// How ids are written, and which addresses stand for one.
    pub addresses: Addresses,
    /// After how long a watch the pauses between reads get longer than `poll_interval`, and how long.
    pub slower: Option<(Duration, Duration)>,
    /// Opens the platform with the inputs of a run, noting every fault, not the first.
    pub open: fn(&Values, &mut Faults) -> Opened,
}

impl PlatformInfo {
    /// A deployment of this platform's, by its id and the platform's own word; `None` where one of them is missing.
    pub fn deployment(&self, id: Text, word: Text) -> Option<Deployment> {
        states::deployment(self.states, id, word)
    }

    /// What is usual, and so not written by any platform.
    pub const USUAL: Self = Self {
        about: About::NONE,
        base: "",
        inputs: &[],
        needs: &[],
        states: &[],
        messages: &[],
        bare_path: "",
        selects: &[],
        select_notes: &[],
        no_select: "",
        one_group: false,
        knows_forks: false,
        knows_pulls: false,
        runs_deploy: false,
        lists_tell: false,
        needs_id: true,
        addresses: Addresses::USUAL,
        slower: None,
        open: |_, _| None,
    };
}

impl PlatformInfo {
    /// What a word of this platform means; two l in `CANCELLED` are read as one.
    pub fn state(&self, word: &str) -> State {
        states::state(self.states, word)
    }
}

impl std::fmt::Debug for PlatformInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.about.id)
    }
}

/// A platform and what its API client has to know; `None` when a fault was noted that leaves nothing to open.
pub type Opened = Option<(Box<dyn Platform>, Service)>;

/// One hosting platform, opened with the inputs of one run.
#[async_trait]
pub trait Platform: Send + Sync {
    /// What is meant when no `deployment_id` is given; `None` when one is needed.
    fn default_target(&self) -> Option<Id> {
        None
    }

    /// Looks up the scope that the inputs name in words (an app by its name), once, before anything else.
    /// Answers with a sentence when it is not there.
    async fn resolve_scope(&self, _api: &Api) -> Result<Option<Missing>, Failure> {
        Ok(None)
    }

    /// What that look-up has shown that is worth a warning: a sentence.
    fn remark(&self) -> Option<String> {
        None
    }

    /// What to do where a scope that is there has no deployments at all: a sentence, or nothing.
    fn when_empty(&self) -> &'static str {
        ""
    }

    /// The deployment behind an id.
    async fn find(&self, api: &Api, id: &Id) -> Result<Found, Failure>;

    /// Where a known deployment stands now. Safe to repeat.
    async fn refresh(&self, api: &Api, known: &Deployment) -> Result<Found, Failure>;

    /// The deployment behind an id that may not be read, if it can be asked for without.
    fn without_reading(&self, id: &Id) -> Option<Deployment>;

    /// Whether a deployment must be read before it may be canceled, because a guard has to be checked.
    fn is_guarded(&self) -> bool {
        false
    }

    /// The deployments in scope, newest first: all in flight and, for [`Filter::history`], those back to the oldest in
    /// flight. As many pages as it takes to be sure, no further.
    async fn list(&self, _api: &Api, _wanted: &Filter) -> Result<Listed, Failure> {
        Ok(Listed::Missing(Missing::NoList))
    }

    /// What a list may leave out, where nothing was chosen from it: a sentence, or nothing.
    fn unlisted(&self) -> &'static str {
        ""
    }

    /// Asks for the cancellation, once.
    async fn cancel(&self, api: &Api, known: &Deployment) -> Result<Accepted, Failure>;

    /// The way back, where the platform has one: see [`About::roll_back`].
    fn roll_back(&self) -> Option<&dyn RollBack> {
        None
    }

    /// A page for people that has to be looked up. Nothing waits for it, but for a moment at the end of a run.
    async fn page(&self, _api: &Api, _known: &Deployment) -> Option<String> {
        None
    }

    /// What is told instead of that when it did not come soon.
    fn without_final_details(&self) -> Conclusion {
        Conclusion::default()
    }

    /// What only this platform can tell at the end, if it can tell it soon: what was read is told without it as well.
    async fn final_details(&self, _api: &Api, _ended: &Deployment) -> Result<Conclusion, Failure> {
        Ok(Conclusion::default())
    }
}

/// How every `open` builds an input: plain, from the usual variables as well.
pub const fn input(name: &'static str, usual: &'static [(&'static str, &'static str)], help: &'static str) -> Input {
    Input { name, kind: InputKind::Text, usual, secret: false, made_up: false, default: "", help }
}

/// The same for a credential.
pub const fn secret(name: &'static str, usual: &'static [(&'static str, &'static str)], help: &'static str) -> Input {
    Input { name, kind: InputKind::Text, usual, secret: true, made_up: false, default: "", help }
}

/// Everything that the pages of a list brought, each once, as it was seen last, newest first.
fn in_scope(mut seen: Vec<Deployment>) -> Vec<Deployment> {
    // Pages shift while they are read: what stood at the end of one stands again at the start of the next.
    let mut known = HashSet::new();
    seen.reverse();
    seen.retain(|one| known.insert(one.id.clone()));
    seen.reverse();
    newest_first(&mut seen);
    seen
}

/// How far back a history has to go: what is older supersedes nothing that is in flight.
fn oldest_in_flight(seen: &[Deployment]) -> Option<Timestamp> {
    let in_flight = seen.iter().filter(|one| one.state.is_in_flight());
    in_flight.filter_map(|one| one.created).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_brings_each_deployment_once_as_it_was_seen_last() {
        let seen = |state, created| Deployment {
            state,
            created: Timestamp::from_second(created).ok(),
            ..Deployment::without_reading("a")
        };
        let listed = in_scope(vec![seen(State::Running, 1), seen(State::Canceled, 1)]);
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].state, State::Canceled);
    }
}
