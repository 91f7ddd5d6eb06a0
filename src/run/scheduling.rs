//! Which requests are in flight, and which come next.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet, VecDeque};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use super::requests::{Completed, KeptNow};
use super::task::{Keepers, Tally, Task};
use crate::api::Api;
use crate::cancel::Action;
use crate::platform::Platform;

/// The page of the deployment with that number, if it has one.
type PageLookUp<'a> = BoxFuture<'a, (usize, Option<String>)>;

/// The requests in flight and those to come. Deployments are known by their index in the run.
#[derive(Default)]
pub(super) struct Schedule<'a> {
    pub(super) in_flight: FuturesUnordered<BoxFuture<'a, Completed>>,
    /// A look-up of a page for people, one at a time.
    pub(super) pages: FuturesUnordered<PageLookUp<'a>>,
    /// Those that nothing waits for yet.
    unpaged: VecDeque<PageLookUp<'a>>,
    /// A list that answers for many is under way.
    pub(super) listing: bool,
    /// Reads that a list did not answer.
    pub(super) alone: VecDeque<(usize, Action)>,
    pub(super) cancels: VecDeque<(usize, Action)>,
    pub(super) reads: VecDeque<(usize, Action)>,
    pub(super) pauses: BinaryHeap<Reverse<(Duration, usize)>>,
    pub(super) tally: Tally,
    /// The ids of all that have been seen, as the platform has them.
    pub(super) known: HashSet<String>,
    pub(super) keepers: Vec<Keepers>,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(tasks: &[Task], keepers: Vec<Keepers>) -> Self {
        let seen = |task: &Task| task.procedure.last().map(|last| last.id.clone());
        Self { tally: Tally::of_all(tasks), known: tasks.iter().filter_map(seen).collect(), keepers, ..Self::default() }
    }

    /// Remembers what those to keep were found to be, if they could be read.
    pub(super) fn keep(&mut self, keepers: usize, found: Option<KeptNow>, now: Duration) {
        if let Some((keepers, found)) = self.keepers.get_mut(keepers).zip(found) {
            keepers.seen = now;
            keepers.lost = match found {
                KeptNow::Good => None,
                KeptNow::Lost(why) => Some(why),
            };
        }
    }

    pub(super) fn look_up_page(&mut self, platform: &'a dyn Platform, api: &'a Api, which: usize, task: &Task) {
        if let Some(known) = task.procedure.last().cloned() {
            let look_up = async move { (which, platform.page(api, &known).await) };
            self.unpaged.push_back(Box::pin(look_up));
        }
    }

    /// Looks up the next page where that takes the place of nothing.
    pub(super) fn start_page(&mut self, places: usize) {
        if self.pages.is_empty() && self.in_flight.len() < places {
            self.pages.extend(self.unpaged.pop_front());
        }
    }

    /// Whether all pages have been looked up.
    pub(super) fn is_paged(&self) -> bool {
        self.pages.is_empty() && self.unpaged.is_empty()
    }

    pub(super) fn put(&mut self, which: usize, action: Action) {
        match action {
            Action::Cancel(_) => self.cancels.push_back((which, action)),
            Action::Find | Action::Refresh(_) | Action::Conclude(_) => self.reads.push_back((which, action)),
            Action::Pause(until) => self.pauses.push(Reverse((until, which))),
            Action::Done => {}
        }
    }

    /// What is to be sent next: cancel requests before reads.
    pub(super) fn next_request(&mut self) -> Option<(usize, Action)> {
        let waiting = self.cancels.pop_front().or_else(|| self.alone.pop_front());
        waiting.or_else(|| self.reads.pop_front())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
            && self.alone.is_empty()
            && self.cancels.is_empty()
            && self.reads.is_empty()
            && self.pauses.is_empty()
    }

    /// When the next pause is over.
    pub(super) fn next_pause(&self) -> Option<Duration> {
        self.pauses.peek().map(|Reverse((at, _))| *at)
    }

    pub(super) fn due(&mut self, now: Duration) -> Option<usize> {
        self.pauses.peek().filter(|Reverse((at, _))| *at <= now)?;
        self.pauses.pop().map(|Reverse((_, which))| which)
    }

    /// Drops everything that is to come; what was to be canceled comes back, to be withdrawn.
    pub(super) fn clear(&mut self) -> VecDeque<(usize, Action)> {
        self.reads.clear();
        self.alone.clear();
        self.pauses.clear();
        std::mem::take(&mut self.cancels)
    }
}
