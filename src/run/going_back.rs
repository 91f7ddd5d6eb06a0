//! Puts back what was live before, where something went live that this run was to stop: one roll back for each slot, four
//! at once, once all deployments of the run are at their ends. Each has a limit of its own.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::{sleep_until, timeout, timeout_at};

use super::context::{GRACE, IfLive, Run};
use super::observer::{Observer, Waiting};
use super::task::Task;
use super::waiting::{signal_received, sleep_until_opt};
use crate::model::deployment::Deployment;
use crate::model::failure::{Failure, Kind};
use crate::model::id::Id;
use crate::model::outcome::Outcome;
use crate::model::roll_back::{InFlight, LiveNow, Started, Version};
use crate::model::signal::Signals;
use crate::platform::RollBack;
use crate::roll_back::{Action, Event, Plan, Procedure, Standing};

/// The most roll backs at once.
const AT_ONCE: usize = 4;
/// How long one sight of what is live may take.
const SIGHT: Duration = Duration::from_secs(5);

/// What is live in each slot while deployments for it are in flight, read beside the first cancel request.
#[derive(Default)]
pub(super) struct Sights<'a> {
    asked: HashSet<String>,
    open: FuturesUnordered<BoxFuture<'a, (String, Option<LiveNow>)>>,
    seen: HashMap<String, LiveNow>,
}

impl<'a> Sights<'a> {
    /// Reads what is live in the slot of a deployment in flight: one try, once a slot.
    pub(super) fn look(&mut self, run: &Run<'a>, known: &Deployment) {
        let Some((back, _)) = run.way_back() else { return };
        let Some(slot) = back.slot(known).filter(|slot| !known.is_terminal() && !self.asked.contains(slot)) else {
            return;
        };
        self.asked.insert(slot.clone());
        let (api, known) = (run.api, known.clone());
        self.open.push(Box::pin(async move {
            let live = timeout(SIGHT, back.live(api, &known)).await;
            (slot, live.ok().and_then(Result::ok))
        }));
    }

    /// The next sight; waits forever where none is open.
    pub(super) async fn next(&mut self) {
        match self.open.next().await {
            Some((slot, Some(live))) => drop(self.seen.insert(slot, live)),
            Some((_, None)) => {}
            None => std::future::pending().await,
        }
    }

    async fn close(mut self) -> HashMap<String, LiveNow> {
        while !self.open.is_empty() {
            self.next().await;
        }
        self.seen
    }
}

/// A slot in which something went live that was to be stopped.
struct Slot {
    /// All of this run's that are for it; first those that went live.
    ours: Vec<Deployment>,
    /// The numbers of the tasks that went live.
    live: Vec<usize>,
    seen: Option<LiveNow>,
}

impl Slot {
    /// Those that went live although they were to be stopped. The others of this run a guard may have kept from.
    fn due(&self) -> &[Deployment] {
        self.ours.get(..self.live.len()).unwrap_or_default()
    }
}

impl<'a> Run<'a> {
    /// The platform's way back, where it is to be gone.
    fn way_back(&self) -> Option<(&'a dyn RollBack, &'a IfLive)> {
        Some((self.platform.roll_back()?, self.if_live?))
    }

    /// Puts back what was live before, in every slot in which something went live that was to be stopped.
    pub(super) async fn go_back(
        &self,
        tasks: &mut [Task],
        sights: Sights<'a>,
        signals: &Signals,
        observer: &mut dyn Observer,
    ) {
        let Some((back, if_live)) = self.way_back() else { return };
        let slots = self.slots(back, if_live, tasks);
        if slots.is_empty() {
            return;
        }
        let began = self.start.elapsed();
        let mut heard = signals.clone();
        let mut seen = tokio::select! {
            biased;
            () = signal_received(&mut heard, false) => HashMap::new(),
            seen = sights.close() => seen,
        };
        let shown = RefCell::new(&mut *observer);
        let told: &[Task] = tasks;
        let each = slots.into_iter().map(|(name, slot)| {
            let slot = Slot { seen: seen.remove(&name), ..slot };
            GoingBack { run: self, back, if_live, slot, lead: 0, tasks: told, observer: &shown }
                .carry_out(signals.clone())
        });
        let mut each = futures_util::stream::iter(each).buffer_unordered(AT_ONCE);
        let mut done = Vec::new();
        loop {
            let due = shown.borrow().is_due();
            tokio::select! {
                biased;
                next = each.next() => match next {
                    Some(one) => done.push(one),
                    None => break,
                },
                () = sleep_until_opt(due) => shown.borrow_mut().waits(Waiting::For("the roll back to end", began)),
            }
        }
        drop(each);
        for (live, procedure) in done {
            self.settle(tasks, &live, &Arc::new(procedure));
        }
    }

    /// The slots in which something went live that was to be stopped, as far as is known.
    fn slots(&self, back: &dyn RollBack, if_live: &IfLive, tasks: &[Task]) -> BTreeMap<String, Slot> {
        let mut slots: BTreeMap<String, Slot> = BTreeMap::new();
        for (which, task) in tasks.iter().enumerate() {
            let Some(last) = task.procedure.last().filter(|_| self.is_due(back, if_live, task)) else { continue };
            let Some(slot) = back.slot(last) else { continue };
            let slot = slots.entry(slot).or_insert_with(|| Slot { ours: Vec::new(), live: Vec::new(), seen: None });
            slot.live.push(which);
            slot.ours.push(last.clone());
        }
        if slots.is_empty() {
            return slots;
        }
        for (which, task) in tasks.iter().enumerate() {
            let last = task.procedure.last().and_then(|last| Some((last, back.slot(last)?)));
            let slot = last.and_then(|(last, name)| Some((last, slots.get_mut(&name)?)));
            if let Some((last, slot)) = slot.filter(|(_, slot)| !slot.live.contains(&which)) {
                slot.ours.push(last.clone());
            }
        }
        slots
    }

    /// Whether this one went live although it was to be stopped, and so that it may be put back.
    fn is_due(&self, back: &dyn RollBack, if_live: &IfLive, task: &Task) -> bool {
        let procedure = &task.procedure;
        let (Some(ending), Some(last)) = (procedure.ending(), procedure.last()) else { return false };
        let is_meant = match ending.outcome {
            Outcome::Completed => if_live.is_named || procedure.was_asked(),
            Outcome::AlreadyLive | Outcome::AlreadyFinished => if_live.is_named,
            _ => false,
        };
        is_meant && back.may_have_been_live(last) && self.plan.guard.refusal(last).is_none()
    }

    /// Tells what came of a slot on each of its deployments that had gone live.
    fn settle(&self, tasks: &mut [Task], live: &[usize], procedure: &Arc<Procedure>) {
        let Some(verdict) = procedure.verdict() else { return };
        let outcome = if verdict.is_interrupted { Some(Outcome::Interrupted) } else { verdict.result.outcome() };
        let told = self.sanitizer.redact(&verdict.reason.sentence()).into_string();
        for which in live {
            if let Some(task) = tasks.get_mut(*which) {
                task.procedure.settle(outcome, &told);
                task.roll_back = Some(Arc::clone(procedure));
            }
        }
    }
}

/// One slot on its way back.
struct GoingBack<'r, 'a, 'o> {
    run: &'r Run<'a>,
    back: &'a dyn RollBack,
    if_live: &'a IfLive,
    slot: Slot,
    /// Which of ours is live, as far as was read.
    lead: usize,
    tasks: &'r [Task],
    observer: &'r RefCell<&'o mut dyn Observer>,
}

impl GoingBack<'_, '_, '_> {
    async fn carry_out(mut self, mut signals: Signals) -> (Vec<usize>, Procedure) {
        let began = self.run.start.elapsed();
        let limit = began + self.if_live.timeout;
        self.run.api.allow_until(limit);
        let seen = self.slot.seen.take().and_then(|seen| {
            let version = self.judge_opt(seen.version).ok()?;
            Some(LiveNow { version, ..seen })
        });
        let mut procedure = Procedure::new(self.plan(limit), seen, began);
        let mut action = procedure.first(began);
        loop {
            let happened = match &action {
                Action::Done => break,
                Action::Send(target) => self.send(target, &procedure, &mut signals).await,
                other => tokio::select! {
                    biased;
                    () = signal_received(&mut signals, false) => None,
                    event = self.perform(other, limit) => Some(event),
                },
            };
            let Some(event) = happened else {
                procedure.interrupt();
                break;
            };
            let words = procedure.timeline().len();
            action = procedure.next(self.run.start.elapsed(), event);
            if let Some((_, word)) = procedure.timeline().get(words) {
                self.note(&format!("roll back: {word}"));
            }
        }
        if let Some(verdict) = procedure.verdict() {
            self.note(&verdict.reason.sentence());
            let warning = Some(self.if_live.info.warning).filter(|_| verdict.result.may_have_changed());
            warning.into_iter().filter(|it| !it.is_empty()).for_each(|it| self.observer.borrow_mut().warn(it));
        }
        (self.slot.live, procedure)
    }

    fn plan(&self, limit: Duration) -> Plan {
        let Self { run, if_live, slot, .. } = self;
        Plan {
            dry_run: run.plan.dry_run,
            commit: if_live.commit.clone(),
            to: if_live.to.clone(),
            flips: if_live.info.flips,
            in_flight_first: if_live.info.in_flight_first,
            went_live: slot.due().iter().any(|one| one.went_live() != Some(false)),
            poll_interval: run.plan.poll_interval,
            limit,
        }
    }

    /// The one that is live, or went live.
    fn deployment(&self) -> Option<&Deployment> {
        self.slot.ours.get(self.lead)
    }

    fn note(&self, text: &str) {
        let id = self.deployment().map(|ours| ours.id.as_str()).unwrap_or_default();
        self.observer.borrow_mut().note(&self.run.sanitizer.redact(&format!("{id}: {text}")));
    }

    /// Sends the request, and hears a signal while it is on its way: its answer is waited for a little longer then.
    async fn send(&self, target: &Version, procedure: &Procedure, signals: &mut Signals) -> Option<Event> {
        if signals.borrow().first.is_some() {
            let unsent = Failure::own(Kind::MovedOn, "a signal came before the request", "");
            return Some(Event::Answered(Err(unsent)));
        }
        let which = self.slot.live.get(self.lead).or(self.slot.live.first())?;
        let until = target.until.or(procedure.live().and_then(|live| live.since));
        let until = until.map(|time| format!(", live until {}", time.strftime("%Y-%m-%d %H:%M:%S UTC")));
        let line = format!("putting back {}{}", target.label(), until.unwrap_or_default());
        self.observer.borrow_mut().going_back(self.tasks, *which, &self.run.sanitizer.redact(&line));
        let mut answer = std::pin::pin!(self.request(target));
        let answer = tokio::select! {
            biased;
            answer = &mut answer => Some(answer),
            () = signal_received(signals, false) => tokio::select! {
                biased;
                answer = timeout(GRACE, &mut answer) => answer.ok(),
                () = signal_received(signals, true) => None,
            },
        };
        Some(Event::Answered(answer?.map_err(|failure| self.explain(self.run.sanitize_failure(failure)))))
    }

    /// What the credential or the account lacks for this, where the answer is about that.
    fn explain(&self, mut failure: Failure) -> Failure {
        let grant = self.if_live.info.grant;
        match (failure.kind, failure.status) {
            (_, Some(402)) => failure.hint = "The plan of the account does not allow this roll back.".to_owned(),
            (Kind::Unauthorized | Kind::Forbidden | Kind::NotFound, _) if !grant.is_empty() => {
                failure.hint = format!("A roll back takes {grant}. {}", failure.hint);
            }
            _ => {}
        }
        failure
    }

    async fn request(&self, target: &Version) -> Result<Started, Failure> {
        let ours = self.deployment().ok_or_else(lost)?;
        let reply = self.run.api.send(self.back.request(ours, target)).await?;
        let copy = self.back.copy(&reply);
        if copy.is_none() {
            reply.assent()?;
        }
        let copy = copy.map(|copy| self.judge(copy)).transpose()?;
        Ok(Started { copy, status: reply.status, request_id: reply.request_id })
    }

    /// Does what the procedure wants to know, until the limit.
    async fn perform(&mut self, action: &Action, limit: Duration) -> Event {
        if let Action::Pause(until) = action {
            sleep_until(self.run.start + *until).await;
            return Event::Woke;
        }
        let read = timeout_at(self.run.start + limit, self.read(action)).await;
        read.unwrap_or(Ok(Event::Woke)).unwrap_or_else(|failure| Event::Failed(self.run.sanitize_failure(failure)))
    }

    async fn read(&mut self, action: &Action) -> Result<Event, Failure> {
        let (back, api) = (self.back, self.run.api);
        let ours = self.deployment().ok_or_else(lost)?.clone();
        Ok(match action {
            Action::Look => {
                let in_flight = back.in_flight(api, &ours).await?;
                let live = self.judge_live(back.live(api, &ours).await?)?;
                let in_flight = in_flight.into_iter().map(|one| {
                    let word = self.run.sanitizer.short(&one.word).into_string();
                    Ok(InFlight { version: self.judge(one.version)?, word, ..one })
                });
                let in_flight = in_flight.collect::<Result<_, Failure>>()?;
                self.lead =
                    live.version.as_ref().and_then(|live| self.which(live, self.slot.due())).unwrap_or(self.lead);
                Event::Looked(Standing { in_flight, live })
            }
            Action::FindBefore => Event::Before(self.judge_opt(match &self.if_live.to {
                Some(to) => back.named(api, &ours, to).await?,
                None => back.replaced(api, &ours).await?,
            })?),
            Action::Check(target) => {
                back.check(api, &ours, target).await?;
                Event::Checked
            }
            Action::ReadProgress(asked) => {
                let mut progress = back.progress(api, &ours, asked).await?;
                progress.word = self.run.sanitizer.short(&progress.word).into_string();
                Event::Progress(progress)
            }
            Action::FindDisplaced(live, since) => {
                let displaced = back.displaced(api, &ours, live, *since).await?;
                Event::Displaced(displaced.map(|version| self.judge_among(version, self.slot.due())).transpose()?)
            }
            _ => Event::Live(self.judge_live(back.live(api, &ours).await?)?),
        })
    }

    /// Which of these it is.
    fn which(&self, version: &Version, among: &[Deployment]) -> Option<usize> {
        among.iter().position(|ours| self.back.is_same(version, ours))
    }

    /// A version as the platform tells it, and whether this run was to stop it, whatever kept it from that.
    fn judge(&self, version: Version) -> Result<Version, Failure> {
        self.judge_among(version, &self.slot.ours)
    }

    /// A version as the platform tells it: its id stands in requests, so it has to be one, and what else is shown is made
    /// fit for that.
    fn judge_among(&self, version: Version, ours: &[Deployment]) -> Result<Version, Failure> {
        if !Id::parse(&version.id).is_ok_and(|id| id.as_str() == version.id) {
            return Err(Failure::unreadable("the answer was good, but it names something without an id as live"));
        }
        let clean = |text: Option<String>| text.map(|text| self.run.sanitizer.short(&text).into_string());
        let is_ours = self.which(&version, ours).is_some();
        Ok(Version { is_ours, commit: clean(version.commit), url: clean(version.url), ..version })
    }

    fn judge_opt(&self, version: Option<Version>) -> Result<Option<Version>, Failure> {
        version.map(|version| self.judge(version)).transpose()
    }

    /// What is live: ours only where that may be put back.
    fn judge_live(&self, live: LiveNow) -> Result<LiveNow, Failure> {
        let version = live.version.map(|version| self.judge_among(version, self.slot.due())).transpose()?;
        Ok(LiveNow { version, ..live })
    }
}

fn lost() -> Failure {
    Failure::own(Kind::Guarded, "nothing is left to roll back", "")
}
