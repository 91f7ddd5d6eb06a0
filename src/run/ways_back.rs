//! The ways back of a run: one roll back for each slot in which something went live that was to be stopped, four at once.
//! A slot begins as soon as all cancel requests of the run have been answered and all that this run has in it are at
//! their ends; no slot waits for another one.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::context::Run;
use super::going_back::{Ended, GoingBack};
use super::slots::{Message, Slot};
use super::task::Task;
use crate::model::deployment::{Deployment, Live};
use crate::model::outcome::Outcome;
use crate::model::roll_back::{LiveNow, RollBackResult};
use crate::model::signal::Signals;

/// The most roll backs at once.
const AT_ONCE: usize = 4;
/// How long one sight of what is live may take.
const SIGHT: Duration = Duration::from_secs(5);
/// How many requests one sight makes at the same time, at most.
const PLACES: usize = 2;

/// What is live in the slot of that name, where it could be read.
type Sight<'a> = BoxFuture<'a, (String, Option<LiveNow>)>;

/// What is live in each slot while deployments for it are in flight, read beside the first cancel request.
#[derive(Default)]
struct Sights<'a> {
    asked: HashSet<String>,
    waiting: VecDeque<Sight<'a>>,
    open: FuturesUnordered<Sight<'a>>,
    seen: HashMap<String, Option<LiveNow>>,
}

/// The ways back of a run.
pub(super) struct WaysBack<'r, 'a> {
    run: &'r Run<'a>,
    sights: Sights<'a>,
    /// What was known when it was last looked for slots.
    looked_with: Option<(usize, usize, bool)>,
    begun: HashSet<String>,
    queue: VecDeque<BoxFuture<'r, Ended>>,
    open: FuturesUnordered<BoxFuture<'r, Ended>>,
    ended: Vec<Ended>,
    to_say: mpsc::UnboundedSender<Message>,
    said: mpsc::UnboundedReceiver<Message>,
    /// When the first one began.
    pub(super) since: Duration,
}

impl<'r, 'a> WaysBack<'r, 'a> {
    pub(super) fn new(run: &'r Run<'a>) -> Self {
        let (to_say, said) = mpsc::unbounded_channel();
        let (sights, looked_with, begun, queue, open, ended, since) = Default::default();
        Self { run, sights, looked_with, begun, queue, open, ended, to_say, said, since }
    }

    /// Reads what is live in the slot of a deployment in flight: one try, once a slot.
    pub(super) fn look(&mut self, known: &Deployment) {
        let Some((back, _)) = self.run.way_back() else { return };
        let Some(slot) = back.slot(known).filter(|_| !known.is_terminal()) else { return };
        if !self.sights.asked.insert(slot.clone()) {
            return;
        }
        let (api, known) = (self.run.api, known.clone());
        self.sights.waiting.push_back(Box::pin(async move {
            let live = timeout(SIGHT, back.live(api, &known)).await;
            (slot, live.ok().and_then(Result::ok))
        }));
    }

    /// How many requests looking at all slots that are due would take at the same time.
    pub(super) fn sights(&self) -> usize {
        PLACES * (self.sights.waiting.len() + self.sights.open.len())
    }

    /// Looks at as many slots at a time as there are places for; returns how many places that takes.
    pub(super) fn start_sights(&mut self, places: usize) -> usize {
        let Sights { waiting, open, .. } = &mut self.sights;
        let free = (places / PLACES).saturating_sub(open.len());
        open.extend(waiting.drain(..waiting.len().min(free)));
        PLACES * open.len()
    }

    /// Begins with the slots that are due now; `open` deployments of the run are not at their ends. After a signal no
    /// sight is waited for.
    pub(super) fn begin(&mut self, tasks: &[Task], open: usize, signals: &Signals) {
        let Some((back, if_live)) = self.run.way_back() else { return };
        let is_signaled = signals.borrow().first.is_some();
        let looks_with = Some((open, self.sights.seen.len(), is_signaled));
        if self.looked_with != looks_with {
            self.looked_with = looks_with;
            for (name, slot) in self.run.slots(back, if_live, tasks) {
                let is_unseen = self.sights.asked.contains(&name) && !self.sights.seen.contains_key(&name);
                if slot.is_open || (is_unseen && !is_signaled) || self.begun.contains(&name) {
                    continue;
                }
                let slot = Slot { seen: self.sights.seen.get(&name).cloned().flatten(), ..slot };
                if self.begun.is_empty() {
                    self.since = self.run.start.elapsed();
                }
                self.begun.insert(name);
                let (lead, was_live, stale) = Default::default();
                let messages = self.to_say.clone();
                let one = GoingBack { run: self.run, back, if_live, slot, lead, was_live, stale, messages };
                self.queue.push_back(Box::pin(one.carry_out(signals.clone())));
            }
        }
        let free = AT_ONCE.saturating_sub(self.open.len()).min(self.queue.len());
        self.open.extend(self.queue.drain(..free));
    }

    /// Whether none is under way, nor waits for a sight, and all is said.
    pub(super) fn is_idle(&self, tasks: &[Task]) -> bool {
        let Some((back, if_live)) = self.run.way_back() else { return true };
        let mut slots = self.run.slots(back, if_live, tasks).into_iter();
        let waits = slots.any(|(name, slot)| !slot.is_open && !self.begun.contains(&name));
        self.open.is_empty() && self.queue.is_empty() && self.said.is_empty() && !waits
    }

    /// The next thing that is to be told, or that has happened; waits forever where nothing can.
    pub(super) async fn next(&mut self) -> Option<Message> {
        tokio::select! {
            biased;
            Some(message) = self.said.recv() => return Some(message),
            Some(ended) = self.open.next() => self.ended.push(ended),
            Some((slot, live)) = self.sights.open.next() => drop(self.sights.seen.insert(slot, live)),
        }
        None
    }

    /// Tells what came of each slot on its deployments that had gone live.
    pub(super) fn settle(&mut self, tasks: &mut [Task]) {
        for ended in self.ended.drain(..) {
            self.run.settle(tasks, ended);
        }
    }
}

impl Run<'_> {
    /// Tells what came of a slot on each of its deployments that had gone live.
    fn settle(&self, tasks: &mut [Task], ended: Ended) {
        let Ended { tasks: live, was_live, procedure } = ended;
        let procedure = Arc::new(procedure);
        let Some(verdict) = procedure.verdict() else { return };
        let outcome = if verdict.is_interrupted { Some(Outcome::Interrupted) } else { verdict.result.outcome() };
        let told = self.sanitizer.redact(&verdict.reason.sentence()).into_string();
        let is_gone = verdict.result == RollBackResult::Done || verdict.result.found_it_gone();
        let found = if is_gone { Live::Once } else { Live::Serving };
        for which in live {
            if let Some(task) = tasks.get_mut(which) {
                task.procedure.settle(outcome, &told, was_live.contains(&which).then_some(found));
                task.roll_back = Some(Arc::clone(&procedure));
            }
        }
    }
}
