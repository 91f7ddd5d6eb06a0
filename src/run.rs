//! Several deployments at a time: at most eight requests under way, one limit, one signal for all.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::future::pending;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::api::Api;
use crate::cancel::{Action, Event, Plan, Procedure, Retries};
use crate::failure::{Failure, Kind};
use crate::id::Id;
use crate::outcome::{Exit, Outcome};
use crate::platform::{Accepted, Conclusion, Found, Platform};
use crate::untrusted::Cleaner;

/// The most requests under way at once.
const AT_ONCE: usize = 8;
/// How long a cancel request under way may take to finish after a signal.
const GRACE: Duration = Duration::from_secs(2);

/// A signal that asks the process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT
    Interrupt,
    /// SIGTERM
    Terminate,
}

impl Signal {
    /// The exit that belongs to it.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate => Exit::Terminated,
        }
    }
}

/// The signals received so far: the first one, and whether another followed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Received {
    /// The first signal.
    pub first: Option<Signal>,
    /// A second one came: leave at once.
    pub again: bool,
}

/// Where the process tells a run about signals.
pub type Signals = watch::Receiver<Received>;

/// One deployment of a run.
pub struct Work {
    /// As the user wrote it.
    pub id: Id,
    /// Where it stands.
    pub procedure: Procedure,
    /// Another name of a deployment that is in the run already: it is not asked twice, and not told twice.
    twin: bool,
}

/// Who is told what happens while it happens.
pub trait Witness {
    /// The platform's word for a deployment was seen for the first time or has changed.
    fn saw(&mut self, work: &Work);
    /// A cancel request is about to go out.
    fn asking(&mut self, works: &[Work], which: usize);
}

/// Everything one run needs.
pub struct Run<'a> {
    /// The platform.
    pub platform: &'a dyn Platform,
    /// Its door.
    pub api: &'a Api,
    /// What holds for every deployment.
    pub plan: Plan,
    /// Makes texts fit to be shown.
    pub cleaner: &'a Cleaner,
    /// The start of the run.
    pub start: Instant,
}

/// What is under way and what is to come.
#[derive(Default)]
struct Agenda<'a> {
    flying: FuturesUnordered<BoxFuture<'a, (usize, Event)>>,
    cancels: VecDeque<(usize, Action)>,
    reads: VecDeque<(usize, Action)>,
    pauses: BinaryHeap<Reverse<(Duration, usize)>>,
}

impl<'a> Run<'a> {
    /// Takes every deployment to its end. Afterwards every procedure has an ending.
    pub async fn drive(
        &self,
        ids: Vec<Id>,
        signals: &mut Signals,
        witness: &mut dyn Witness,
    ) -> Vec<Work> {
        let now = self.start.elapsed();
        let begin = |id: Id| Work {
            twin: false,
            procedure: Procedure::new(self.plan.clone(), self.platform.unseen(&id), now),
            id,
        };
        let mut works: Vec<_> = ids.into_iter().map(begin).collect();
        if self.enter(&mut works, signals).await {
            self.cancel_all(&mut works, signals, witness).await;
        }
        works.retain(|work| !work.twin);
        works
    }

    /// Finds the scope; whether there is one to go on in.
    async fn enter(&self, works: &mut [Work], signals: &mut Signals) -> bool {
        let mut retries = Retries::new();
        let last_try = self.plan.last_read();
        loop {
            let answer = tokio::select! {
                () = signalled(signals, false) => None,
                answer = self.platform.enter(self.api) => Some(answer),
            };
            let now = self.start.elapsed();
            let failure = match answer {
                Some(Ok(None)) => return true,
                Some(Ok(Some(missing))) => {
                    let missing = self.cleaner.value(&missing);
                    end_all(works, now, Outcome::NotFound, &missing, "");
                    return false;
                }
                Some(Err(failure)) => self.clean(failure),
                None => {
                    works
                        .iter_mut()
                        .for_each(|work| work.procedure.interrupt(now));
                    return false;
                }
            };
            let Some(again) = retries.after(now, &failure).filter(|_| now < last_try) else {
                let reason = format!("Nothing was canceled, because this run {failure}.");
                end_all(works, now, Outcome::Error, &reason, &failure.hint);
                return false;
            };
            if failure
                .not_before
                .is_some_and(|until| until >= self.plan.limit)
            {
                let reason = format!(
                    "Nothing was canceled within {} s, because this run {failure}.",
                    self.plan.limit.as_secs()
                );
                end_all(works, now, Outcome::Error, &reason, &failure.hint);
                return false;
            }
            tokio::select! {
                () = signalled(signals, false) => {}
                () = sleep_until(self.start + again.min(last_try)) => {}
            }
        }
    }

    async fn cancel_all(
        &self,
        works: &mut [Work],
        signals: &mut Signals,
        witness: &mut dyn Witness,
    ) {
        let mut agenda = Agenda::default();
        let mut grace: Option<Instant> = None;
        for (which, work) in works.iter().enumerate() {
            agenda.put(which, work.procedure.first());
        }
        loop {
            self.start_requests(&mut agenda, works, witness);
            let asking = works.iter().any(|work| work.procedure.is_asking());
            if agenda.is_empty() || (grace.is_some() && !asking) {
                return;
            }
            let wake = agenda
                .pauses
                .peek()
                .map(|Reverse((at, _))| self.start + *at);
            tokio::select! {
                biased;
                () = signalled(signals, grace.is_some()) => {
                    let now = self.start.elapsed();
                    agenda.stop(works, now);
                    if grace.is_some() {
                        works.iter_mut().for_each(|work| work.procedure.interrupt(now));
                        return;
                    }
                    grace = Some(Instant::now() + GRACE);
                }
                Some((which, event)) = agenda.flying.next() => {
                    self.take(which, event, &mut agenda, works, witness, grace.is_some());
                }
                () = until(wake) => {
                    let now = self.start.elapsed();
                    while let Some(which) = agenda.due(now) {
                        self.take(which, Event::Woke, &mut agenda, works, witness, grace.is_some());
                    }
                }
                () = until(grace) => {
                    let now = self.start.elapsed();
                    works.iter_mut().for_each(|work| work.procedure.interrupt(now));
                    return;
                }
            }
        }
    }

    /// Gives an event to its procedure and puts what follows on the agenda.
    fn take(
        &self,
        which: usize,
        event: Event,
        agenda: &mut Agenda<'a>,
        works: &mut [Work],
        witness: &mut dyn Witness,
        stopping: bool,
    ) {
        if is_twin(works, which, &event) {
            let now = self.start.elapsed();
            if let Some(work) = works.get_mut(which) {
                work.twin = true;
                work.procedure.interrupt(now);
            }
            return;
        }
        let Some(work) = works.get_mut(which) else {
            return;
        };
        let now = self.start.elapsed();
        let seen = work.procedure.timeline().len();
        let action = work.procedure.next(now, self.tidy(event));
        if work.procedure.timeline().len() > seen {
            witness.saw(work);
        }
        if stopping {
            work.procedure.withdraw_unsent(&action);
            work.procedure.interrupt(now);
        } else {
            agenda.put(which, action);
        }
    }

    /// Fills the free places: cancel requests before reads.
    fn start_requests(
        &self,
        agenda: &mut Agenda<'a>,
        works: &mut [Work],
        witness: &mut dyn Witness,
    ) {
        while agenda.flying.len() < AT_ONCE {
            let Some((which, action)) = agenda
                .cancels
                .pop_front()
                .or_else(|| agenda.reads.pop_front())
            else {
                return;
            };
            let now = self.start.elapsed();
            if now >= self.plan.limit {
                if let Some(work) = works.get_mut(which) {
                    work.procedure.withdraw();
                    work.procedure.next(now, Event::Woke);
                }
                continue;
            }
            if matches!(action, Action::Cancel(_)) {
                witness.asking(works, which);
            }
            let Some(id) = works.get(which).map(|work| work.id.clone()) else {
                return;
            };
            let (platform, api) = (self.platform, self.api);
            let last_read = self.plan.last_read();
            let cancel_by = self.start
                + if now < last_read {
                    last_read
                } else {
                    self.plan.limit
                };
            agenda.flying.push(Box::pin(async move {
                let event = match action {
                    Action::Conclude(ended) => {
                        let conclusion = platform.conclude(api, &ended).await;
                        Event::Concluded(conclusion.unwrap_or_default())
                    }
                    Action::Refresh(known) => Event::Read(platform.refresh(api, &known).await),
                    Action::Cancel(known) => {
                        // An answer that hangs leaves time for one last read, which decides.
                        let answer = timeout_at(cancel_by, platform.cancel(api, &known)).await;
                        Event::Answered(answer.unwrap_or_else(|_| Err(unanswered())))
                    }
                    Action::Find | Action::Pause(_) | Action::Done => {
                        Event::Read(platform.find(api, &id).await)
                    }
                };
                (which, event)
            }));
        }
    }

    /// Everything the platform said, fit to be shown.
    fn tidy(&self, event: Event) -> Event {
        let deployment = |found: Box<_>| Box::new(self.cleaner.deployment(*found));
        match event {
            Event::Read(Ok(Found::Here(found))) => Event::Read(Ok(Found::Here(deployment(found)))),
            Event::Read(Ok(Found::Missing(what))) => {
                Event::Read(Ok(Found::Missing(self.cleaner.value(&what))))
            }
            Event::Read(Err(failure)) => Event::Read(Err(self.clean(failure))),
            Event::Answered(Ok(accepted)) => {
                let shown = accepted.deployment.map(deployment);
                Event::Answered(Ok(Accepted {
                    deployment: shown,
                    ..accepted
                }))
            }
            Event::Answered(Err(failure)) => Event::Answered(Err(self.clean(failure))),
            Event::Read(Ok(Found::Idle(what))) => {
                Event::Read(Ok(Found::Idle(self.cleaner.value(&what))))
            }
            Event::Read(Ok(Found::Spared(found, why))) => Event::Read(Ok(Found::Spared(
                deployment(found),
                self.cleaner.value(&why),
            ))),
            Event::Concluded(conclusion) => Event::Concluded(Conclusion {
                details: self.cleaner.details(conclusion.details),
                sentence: conclusion.sentence.map(|text| self.cleaner.value(&text)),
            }),
            Event::Woke => Event::Woke,
        }
    }

    fn clean(&self, mut failure: Failure) -> Failure {
        failure.words = self.cleaner.value(&failure.words);
        failure.hint = self.cleaner.value(&failure.hint);
        failure
    }
}

impl Agenda<'_> {
    fn put(&mut self, which: usize, action: Action) {
        match action {
            Action::Cancel(_) => self.cancels.push_back((which, action)),
            Action::Find | Action::Refresh(_) | Action::Conclude(_) => {
                self.reads.push_back((which, action))
            }
            Action::Pause(until) => self.pauses.push(Reverse((until, which))),
            Action::Done => {}
        }
    }

    fn is_empty(&self) -> bool {
        self.flying.is_empty()
            && self.cancels.is_empty()
            && self.reads.is_empty()
            && self.pauses.is_empty()
    }

    fn due(&mut self, now: Duration) -> Option<usize> {
        self.pauses.peek().filter(|Reverse((at, _))| *at <= now)?;
        self.pauses.pop().map(|Reverse((_, which))| which)
    }

    /// Starts nothing more; what is not on the wire as a cancel request ends now.
    fn stop(&mut self, works: &mut [Work], now: Duration) {
        for (which, _) in self.cancels.drain(..) {
            if let Some(work) = works.get_mut(which) {
                work.procedure.withdraw();
            }
        }
        self.reads.clear();
        self.pauses.clear();
        for work in works.iter_mut().filter(|work| !work.procedure.is_asking()) {
            work.procedure.interrupt(now);
        }
    }
}

/// Whether a first sight shows a deployment that another one of the run turned out to be before.
fn is_twin(works: &[Work], which: usize, event: &Event) -> bool {
    let Event::Read(Ok(Found::Here(found))) = event else {
        return false;
    };
    let known = |work: &Work| work.procedure.last().map(|last| last.id.clone());
    let first_sight = works.get(which).is_some_and(|work| known(work).is_none());
    first_sight
        && works
            .iter()
            .any(|work| known(work).as_deref() == Some(&found.id))
}

fn unanswered() -> Failure {
    let hint = "Allow a longer `timeout`, or look at the platform's status page.";
    Failure::own(
        Kind::Timeout,
        "the cancel request was not answered in time",
        hint,
    )
}

fn end_all(works: &mut [Work], now: Duration, outcome: Outcome, reason: &str, hint: &str) {
    for work in works {
        work.procedure
            .end(now, outcome, reason.to_owned(), hint.to_owned());
    }
}

/// Waits for the first signal, or for the second one when the first was heard.
async fn signalled(signals: &mut Signals, heard: bool) {
    let wanted = |received: &Received| {
        if heard {
            received.again
        } else {
            received.first.is_some()
        }
    };
    if signals.wait_for(wanted).await.is_err() {
        // Nobody is left who could send one.
        pending::<()>().await;
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
