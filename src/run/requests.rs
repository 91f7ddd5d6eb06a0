//! Sends one request of a run, and returns what came of it.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use crate::api::Api;
use crate::cancel::{Action, Event};
use crate::model::answers::{Accepted, Conclusion, Filter, Found, Listed};
use crate::model::deployment::Deployment;
use crate::model::failure::{Failure, Kind};
use crate::model::id::Id;
use crate::model::reason::Refusal;
use crate::platform::Platform;
use crate::select::is_keepable;

/// What a request brought.
pub(super) enum Completed {
    /// For one deployment.
    One(usize, Event),
    /// For one, and what has become of those that supersede it, where they were read as well.
    Beside { which: usize, event: Event, keepers: usize, now: Option<KeptNow> },
    /// A list, for many: what it showed, and who has to be read alone.
    Many { seen: Vec<(usize, Event)>, alone: Vec<(usize, Action)> },
}

/// What those that supersede another one were found to be.
pub(super) enum KeptNow {
    /// Worth keeping, all of them.
    Good,
    /// One is not any more: why nothing is canceled for it.
    Lost(Box<Refusal>),
}

/// A request for one deployment.
pub(super) struct Request<'a> {
    pub(super) platform: &'a dyn Platform,
    pub(super) api: &'a Api,
    pub(super) which: usize,
    pub(super) id: Id,
    /// Those that supersede it and their number, where they are to be read as well.
    pub(super) kept: Option<(usize, Arc<[Deployment]>)>,
    /// Why no cancel request may go out now.
    pub(super) blocked: Option<Failure>,
    /// When a cancel request is waited for no longer.
    pub(super) cancel_by: Instant,
    /// When details are waited for no longer.
    pub(super) adorned_by: Instant,
    /// When a read is waited for no longer.
    pub(super) read_by: Option<Instant>,
}

impl Request<'_> {
    pub(super) async fn send(self, action: Action) -> Completed {
        let (which, read_by) = (self.which, self.read_by);
        let is_read = matches!(action, Action::Refresh(_) | Action::Find);
        let Some(read_by) = read_by.filter(|_| is_read) else { return self.complete(action).await };
        let late = || Completed::One(which, Event::Read(Err(Failure::own(Kind::Timeout, "no answer in time", ""))));
        timeout_at(read_by, self.complete(action)).await.unwrap_or_else(|_| late())
    }

    async fn complete(self, action: Action) -> Completed {
        let which = self.which;
        if let (Some((keepers, kept)), Action::Refresh(known)) = (&self.kept, &action) {
            let (event, now) = self.look_beside(known, kept).await;
            return Completed::Beside { which, event, keepers: *keepers, now };
        }
        let (platform, api) = (self.platform, self.api);
        let event = match action {
            Action::Cancel(known) => Event::Answered(self.cancel(&known).await),
            Action::Conclude(ended) => Event::Concluded(self.final_details(&ended).await),
            Action::Refresh(known) => Event::Read(platform.refresh(api, &known).await),
            Action::Find | Action::Pause(_) | Action::Done => Event::Read(platform.find(api, &self.id).await),
        };
        Completed::One(which, event)
    }

    async fn cancel(self, known: &Deployment) -> Result<Accepted, Failure> {
        // Nothing goes out, and nothing was said to.
        if let Some(blocked) = self.blocked {
            return Err(blocked);
        }
        let before = self.api.changes();
        // An answer that hangs leaves time for one last read, which decides.
        let answer = timeout_at(self.cancel_by, self.platform.cancel(self.api, known)).await;
        let is_unsent = self.api.changes() == before;
        answer.unwrap_or_else(|_| Err(unanswered(is_unsent)))
    }

    async fn final_details(&self, ended: &Deployment) -> Conclusion {
        let conclusion = timeout_at(self.adorned_by, self.platform.final_details(self.api, ended)).await;
        let conclusion = conclusion.ok().and_then(Result::ok);
        conclusion.unwrap_or_else(|| self.platform.without_final_details())
    }

    /// Reads one right after those that supersede it, since a request may follow. Its own end counts whatever the others
    /// are; when one of those cannot be read, nothing was read.
    async fn look_beside(&self, known: &Deployment, kept: &[Deployment]) -> (Event, Option<KeptNow>) {
        let mut seen = Ok(KeptNow::Good);
        for one in kept {
            seen = match self.platform.refresh(self.api, one).await {
                Ok(now) => kept_now(one, &now),
                Err(failure) => Err(failure),
            };
            if !matches!(seen, Ok(KeptNow::Good)) {
                break;
            }
        }
        let own = self.platform.refresh(self.api, known).await;
        let has_ended = matches!(&own, Ok(Found::Here(now)) if now.is_terminal());
        match seen {
            Err(failure) if !has_ended => (Event::Read(Err(failure)), None),
            seen => (Event::Read(own), seen.ok()),
        }
    }
}

/// What one that is to be kept is now, a failure where that cannot be seen any more.
fn kept_now(known: &Deployment, now: &Found) -> Result<KeptNow, Failure> {
    let id = &known.id;
    match now {
        Found::Here(now) if is_keepable(now) => Ok(KeptNow::Good),
        Found::Here(now) => {
            Ok(KeptNow::Lost(Box::new(Refusal::Kept { id: id.clone(), word: now.platform_state.clone() })))
        }
        _ => Err(Failure::own(
            Kind::NotFound,
            format!("{id}, the newer one that was to take its place, cannot be found any more"),
            "Run this again.",
        )),
    }
}

/// The failure for an answer that did not come in time, or for a request that was not sent because what it depends on
/// could not be read in time.
fn unanswered(is_unsent: bool) -> Failure {
    if is_unsent {
        let words = "what a cancel request hangs on could not be read in time";
        return Failure::own(Kind::MovedOn, words, "");
    }
    let hint = "Allow a longer `timeout`, or look at the platform's status page.";
    Failure::own(Kind::Timeout, "the cancel request was not answered in time", hint)
}

/// Reads many by one list. Who is not on it, or not there with an end, is read alone: an end is believed only from the
/// deployment itself.
pub(super) async fn read_many(
    platform: &dyn Platform,
    api: &Api,
    many: Vec<(usize, Action)>,
    by: Option<Instant>,
) -> Completed {
    let filter = Filter::default();
    let list = platform.list(api, &filter);
    let listed = match by {
        Some(by) => timeout_at(by, list).await.ok(),
        None => Some(list.await),
    };
    let (mut seen, mut alone) = (Vec::new(), Vec::new());
    let in_flight: HashMap<_, _> = match listed {
        Some(Ok(Listed::Here(listed))) => {
            let in_flight = listed.into_iter().filter(|one| one.state.is_in_flight());
            in_flight.map(|one| (one.id.clone(), one)).collect()
        }
        _ => HashMap::new(),
    };
    for (which, action) in many {
        let known = match &action {
            Action::Refresh(known) => in_flight.get(&known.id),
            _ => None,
        };
        match known {
            Some(now) => seen.push((which, Event::Read(Ok(Found::Here(Box::new(now.clone())))))),
            None => alone.push((which, action)),
        }
    }
    Completed::Many { seen, alone }
}
