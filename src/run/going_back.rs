//! One slot on its way back: does what the procedure wants to know and to send, until its limit or a signal.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep_until, timeout, timeout_at};

use super::context::{GRACE, IfLive, Run};
use super::slots::{Message, Slot};
use super::waiting::signal_received;
use crate::model::answers::Found;
use crate::model::deployment::{Deployment, State, is_hash};
use crate::model::failure::{Failure, Kind};
use crate::model::id::Id;
use crate::model::roll_back::{InFlight, LiveNow, Progress, Started, Version};
use crate::model::signal::Signals;
use crate::platform::RollBack;
use crate::platform::roll_back::gone;
use crate::roll_back::{Action, Event, Plan, Procedure, Standing};
use crate::text::time::utc;

/// How it ended.
pub(super) struct Ended {
    /// The tasks that it was for.
    pub(super) tasks: Vec<usize>,
    /// Those of which this run has seen that they were live.
    pub(super) was_live: Vec<usize>,
    pub(super) procedure: Procedure,
}

/// One slot on its way back.
pub(super) struct GoingBack<'r, 'a> {
    pub(super) run: &'r Run<'a>,
    pub(super) back: &'a dyn RollBack,
    pub(super) if_live: &'a IfLive,
    pub(super) slot: Slot,
    /// Which of ours is live, as far as was read.
    pub(super) lead: usize,
    /// The tasks of whose deployments this run has seen that they were live.
    pub(super) was_live: Vec<usize>,
    /// What is in nobody's way, and was named.
    pub(super) stale: HashSet<String>,
    /// Where it says what it does.
    pub(super) messages: mpsc::UnboundedSender<Message>,
}

impl GoingBack<'_, '_> {
    pub(super) async fn carry_out(mut self, mut signals: Signals) -> Ended {
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
            warning.into_iter().filter(|it| !it.is_empty()).for_each(|it| self.say(Message::Warning(it)));
        }
        Ended { tasks: self.slot.live, was_live: self.was_live, procedure }
    }

    fn plan(&self, limit: Duration) -> Plan {
        let Self { run, if_live, slot, .. } = self;
        Plan {
            dry_run: run.plan.dry_run,
            commit: if_live.commit.clone(),
            to: if_live.to.clone(),
            flips: if_live.info.flips,
            in_flight_first: if_live.info.in_flight_first,
            went_live: slot.due().iter().any(went_live),
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
        self.say(Message::Note(format!("{id}: {text}")));
    }

    fn say(&self, message: Message) {
        // Who listens stays until all have ended.
        drop(self.messages.send(message));
    }

    /// Sends the request, and hears a signal while it is on its way: its answer is waited for a little longer then.
    async fn send(&self, target: &Version, procedure: &Procedure, signals: &mut Signals) -> Option<Event> {
        if signals.borrow().first.is_some() {
            return Some(unsent());
        }
        let which = self.slot.live.get(self.lead).or(self.slot.live.first())?;
        let until = target.until.or(procedure.live().and_then(|live| live.since));
        let until = until.map(|time| format!(", live until {}", utc(time)));
        let line = format!("putting back {}{}", target.label(), until.unwrap_or_default());
        // What stands if this process is killed is said first.
        let (heard, is_heard) = oneshot::channel();
        self.say(Message::Sends { which: *which, line, heard });
        drop(is_heard.await);
        if signals.borrow().first.is_some() {
            return Some(unsent());
        }
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
        Some(Event::Answered(answer?.map_err(|failure| self.explain(self.sanitize(failure)))))
    }

    /// A failure as it may be shown. Going back has a limit of its own.
    fn sanitize(&self, failure: Failure) -> Failure {
        let mut failure = self.run.sanitize_failure(failure);
        failure.hint = failure.hint.replace("`timeout`", "`roll_back_timeout`");
        failure
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
        read.unwrap_or(Ok(Event::Woke)).unwrap_or_else(|failure| Event::Failed(self.sanitize(failure)))
    }

    async fn read(&mut self, action: &Action) -> Result<Event, Failure> {
        let (back, api) = (self.back, self.run.api);
        let ours = self.deployment().ok_or_else(lost)?.clone();
        Ok(match action {
            Action::Look => {
                let (in_flight, live) = back.standing(api, &ours).await?;
                let live = self.judge_live(live)?;
                let in_flight = in_flight.into_iter().map(|one| {
                    let word = self.run.sanitizer.short(&one.word).into_string();
                    Ok(InFlight { version: self.judge_among(one.version, &self.slot.asked)?, word, ..one })
                });
                let in_flight = in_flight.collect::<Result<Vec<_>, Failure>>()?;
                self.name_stale(&in_flight);
                self.lead = live.version.as_ref().and_then(|live| self.find(live)).unwrap_or(self.lead);
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
                let mut progress = match &asked.copy {
                    Some(copy) => self.read_copy(&ours, copy).await?,
                    None => back.progress(api, &ours, asked).await?,
                };
                progress.word = self.run.sanitizer.short(&progress.word).into_string();
                Event::Progress(progress)
            }
            Action::FindDisplaced(live, since) => {
                let displaced = back.displaced(api, &ours, live, *since).await?;
                displaced.as_ref().and_then(|version| self.find(version));
                Event::Displaced(displaced.map(|version| self.judge_among(version, self.slot.due())).transpose()?)
            }
            _ => Event::Live(self.judge_live(back.live(api, &ours).await?)?),
        })
    }

    /// Where the deployment stands that was made for it.
    async fn read_copy(&self, ours: &Deployment, copy: &Version) -> Result<Progress, Failure> {
        let mut known = ours.clone();
        known.id.clone_from(&copy.id);
        let Found::Here(told) = self.run.platform.refresh(self.run.api, &known).await? else {
            return Err(gone(&copy.id));
        };
        // It is over, in a word that nobody knows.
        let state = if told.is_terminal() && !told.state.is_terminal() { State::Ended } else { told.state };
        Ok(Progress { state, word: told.platform_state })
    }

    /// Says once what has been in flight for longer than anything takes.
    fn name_stale(&mut self, in_flight: &[InFlight]) {
        for InFlight { version, word, .. } in in_flight.iter().filter(|one| one.is_stale) {
            if self.stale.insert(version.id.clone()) {
                self.note(&format!("{} is {word}, in flight for over a day and in nobody's way", version.label()));
            }
        }
    }

    /// Which of those it is that went live, as this run has seen now.
    fn find(&mut self, version: &Version) -> Option<usize> {
        let which = self.which(version, self.slot.due())?;
        self.was_live.extend(self.slot.live.get(which));
        Some(which)
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
        let clean = |text: &str| self.run.sanitizer.short(text).into_string();
        let is_ours = self.which(&version, ours).is_some();
        // A hash is fit as it is, and is compared.
        let commit = version.commit.map(|commit| if is_hash(&commit) { commit } else { clean(&commit) });
        Ok(Version { is_ours, commit, url: version.url.as_deref().map(clean), ..version })
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

/// Whether it went live, as far as it tells; of one that succeeded it is to be assumed.
fn went_live(one: &Deployment) -> bool {
    one.went_live().unwrap_or(one.state == State::Succeeded)
}

fn unsent() -> Event {
    Event::Answered(Err(Failure::own(Kind::MovedOn, "a signal came before the request", "")))
}

fn lost() -> Failure {
    Failure::own(Kind::Guarded, "nothing is left to roll back", "")
}
