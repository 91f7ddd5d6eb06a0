//! Takes all deployments of a run to their ends at the same time: handles what happens, and starts what follows.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::StreamExt as _;
use tokio::time::Instant;

use super::context::{AT_ONCE, FRESH, GRACE, Run};
use super::observer::{Observer, Waiting};
use super::requests::{Completed, Request, read_many};
use super::scheduling::Schedule;
use super::slots::Message;
use super::task::{Keepers, Tally, Task};
use super::waiting::{signal_received, sleep_until_opt};
use super::ways_back::WaysBack;
use crate::cancel::{Action, Event};
use crate::model::answers::Found;
use crate::model::signal::Signals;

/// From this many on, deployments are watched by a list instead of one read each.
const MANY: usize = 10;
/// How much later than it is due a read of many may be, so that one list answers for more of them.
const ROUND: Duration = Duration::from_millis(250);
/// How long the end of a run may be delayed by details: a page for people, a platform's last words.
const ADORNING: Duration = Duration::from_secs(2);

/// The deployments of a run, and all requests for them.
pub(super) struct Fleet<'r, 'a> {
    run: &'r Run<'a>,
    /// When the last read of each has to begin.
    last_read: Duration,
    tasks: Vec<Task>,
    schedule: Schedule<'a>,
    observer: &'r mut dyn Observer,
    /// What starts only when all that is queued behind its scope has been asked.
    deferred: Vec<(usize, Action)>,
    ways_back: WaysBack<'r, 'a>,
    /// After a signal: until when cancel requests on the wire are waited for.
    grace: Option<Instant>,
    /// When all have ended: until when details are waited for.
    adorned: Option<Instant>,
}

/// What a fleet waits for.
enum Happening {
    Signal,
    Completed(Completed),
    Page(usize, Option<String>),
    Back(Option<Message>),
    PauseOver,
    SignOfLifeDue,
    GraceOver,
    AdorningOver,
}

impl<'r, 'a> Fleet<'r, 'a> {
    pub(super) fn new(
        run: &'r Run<'a>,
        tasks: Vec<Task>,
        keepers: Vec<Keepers>,
        observer: &'r mut dyn Observer,
    ) -> Self {
        let schedule = Schedule::new(&tasks, keepers);
        Self {
            run,
            last_read: run.plan_for(tasks.len()).last_read(),
            tasks,
            schedule,
            observer,
            deferred: Vec::new(),
            ways_back: WaysBack::new(run),
            grace: None,
            adorned: None,
        }
    }

    /// Does what comes first for each, and then all that follows. Afterwards each is at its end.
    pub(super) async fn take_to_ends(mut self, first: Vec<Action>, signals: &mut Signals) -> Vec<Task> {
        self.cancel_all(first, signals).await;
        self.go_back(signals).await;
        self.tasks
    }

    async fn cancel_all(&mut self, first: Vec<Action>, signals: &mut Signals) {
        let queue_first = self.tasks.iter().any(|task| task.queued_behind);
        for (which, action) in first.into_iter().enumerate() {
            if queue_first && self.tasks.get(which).is_some_and(|task| !task.queued_behind) {
                self.deferred.push((which, action));
            } else {
                self.schedule.put(which, action);
            }
        }
        loop {
            if self.grace.is_none() && self.schedule.tally.open_behind == 0 {
                self.deferred.drain(..).for_each(|(which, action)| self.schedule.put(which, action));
            }
            self.start_requests();
            self.start_ways_back(signals);
            let is_idle = self.schedule.is_empty();
            if is_idle && !self.deferred.is_empty() && self.schedule.tally.open_behind == 0 {
                // The last one that the others waited for was given up just now.
                continue;
            }
            if is_idle {
                self.adorned.get_or_insert_with(|| self.run.adorned_by());
            }
            let is_done = is_idle && self.schedule.is_paged();
            let is_stopped = self.grace.is_some() && self.schedule.tally.asking == 0;
            if is_done || is_stopped {
                return;
            }
            let happening = self.next_happening(signals).await;
            if self.respond(happening).is_break() {
                return;
            }
        }
    }

    /// Starts with the slots in which something went live, once nothing is left that could be asked to stop.
    fn start_ways_back(&mut self, signals: &Signals) {
        let Tally { unsettled, open, .. } = self.schedule.tally;
        if unsettled == 0 {
            self.ways_back.begin(&self.tasks, open, signals);
        }
    }

    /// All deployments are at their ends: takes the roll backs to theirs.
    async fn go_back(&mut self, signals: &mut Signals) {
        // What has not been told by now is not waited for.
        self.tasks.iter_mut().for_each(|task| task.concludes = false);
        loop {
            self.ways_back.start_sights(AT_ONCE);
            self.ways_back.begin(&self.tasks, 0, signals);
            if self.ways_back.is_idle(&self.tasks) {
                return self.ways_back.settle(&mut self.tasks);
            }
            let heard = signals.borrow().first.is_some();
            let (due, since) = (self.observer.is_due(), self.ways_back.since);
            tokio::select! {
                biased;
                () = signal_received(signals, false), if !heard => {}
                message = self.ways_back.next() => self.deliver(message),
                () = sleep_until_opt(due) => self.observer.waits(Waiting::For("the roll back to end", since)),
            }
        }
    }

    fn deliver(&mut self, message: Option<Message>) {
        if let Some(message) = message {
            message.deliver(self.run, &self.tasks, self.observer);
        }
    }

    async fn next_happening(&mut self, signals: &mut Signals) -> Happening {
        let due = self.observer.is_due();
        let wake = self.wake_at();
        tokio::select! {
            biased;
            () = signal_received(signals, self.grace.is_some()) => Happening::Signal,
            Some(completed) = self.schedule.in_flight.next() => Happening::Completed(completed),
            Some((which, page)) = self.schedule.pages.next() => Happening::Page(which, page),
            message = self.ways_back.next() => Happening::Back(message),
            () = sleep_until_opt(self.adorned) => Happening::AdorningOver,
            () = sleep_until_opt(due) => Happening::SignOfLifeDue,
            () = sleep_until_opt(wake) => Happening::PauseOver,
            () = sleep_until_opt(self.grace) => Happening::GraceOver,
        }
    }

    /// When the next pause is over; a little later where one list then answers for more.
    fn wake_at(&self) -> Option<Instant> {
        let next = self.schedule.next_pause()?;
        let is_many = self.run.lists_tell && self.schedule.pauses.len() >= MANY;
        let later = if is_many && next < self.last_read { ROUND } else { Duration::ZERO };
        Some(self.run.start + (next + later).min(self.run.plan.limit))
    }

    fn respond(&mut self, happening: Happening) -> ControlFlow<()> {
        let now = self.run.start.elapsed();
        match happening {
            Happening::Signal => return self.stop(now),
            Happening::Completed(completed) => self.handle_completed(completed),
            Happening::Page(which, page) => {
                if let Some((task, page)) = self.tasks.get_mut(which).zip(page) {
                    task.procedure.show_page(self.run.sanitizer.short(&page).into_string());
                }
            }
            Happening::Back(message) => self.deliver(message),
            Happening::PauseOver => {
                while let Some(which) = self.schedule.due(now) {
                    self.handle(which, Event::Woke);
                }
            }
            Happening::SignOfLifeDue => self.observer.waits(Waiting::Ends(&self.tasks)),
            Happening::GraceOver => {
                self.interrupt_all(now);
                return ControlFlow::Break(());
            }
            Happening::AdorningOver => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    /// A signal: starts nothing more, and what is not on the wire as a cancel request ends now. The second one ends all.
    fn stop(&mut self, now: Duration) -> ControlFlow<()> {
        let unsent = self.deferred.drain(..).chain(self.schedule.clear());
        for (which, _) in unsent {
            if let Some(task) = self.tasks.get_mut(which) {
                task.procedure.withdraw();
            }
        }
        for task in self.tasks.iter_mut().filter(|task| !task.procedure.is_asking()) {
            task.procedure.interrupt(now);
        }
        self.schedule.tally = Tally::of_all(&self.tasks);
        if self.grace.is_some() {
            self.interrupt_all(now);
            return ControlFlow::Break(());
        }
        self.grace = Some(Instant::now() + GRACE);
        ControlFlow::Continue(())
    }

    fn interrupt_all(&mut self, now: Duration) {
        self.tasks.iter_mut().for_each(|task| task.procedure.interrupt(now));
    }

    fn handle_completed(&mut self, completed: Completed) {
        match completed {
            Completed::One(which, event) => self.handle(which, event),
            Completed::Beside { which, event, keepers, now } => {
                self.schedule.keep(keepers, now, self.run.start.elapsed());
                self.handle(which, event);
            }
            Completed::Many { seen, alone } => {
                self.schedule.listing = false;
                self.schedule.alone.extend(alone);
                for (which, event) in seen {
                    self.handle_listed(which, event);
                }
            }
        }
    }

    /// What a list showed. One that came so late that it would be the last sight of a deployment in flight is none: the
    /// deployment itself is read instead.
    fn handle_listed(&mut self, which: usize, event: Event) {
        let is_late = self.run.start.elapsed() >= self.last_read;
        let has_ended = matches!(&event, Event::Read(Ok(Found::Here(now))) if now.is_terminal());
        let known = self.tasks.get(which).and_then(|task| task.procedure.last().cloned());
        match known {
            Some(known) if is_late && !has_ended => {
                self.schedule.alone.push_back((which, Action::Refresh(Arc::new(known))))
            }
            _ => self.handle(which, event),
        }
    }

    /// Gives an event to its procedure and schedules what follows.
    fn handle(&mut self, which: usize, event: Event) {
        let Some(task) = self.tasks.get_mut(which) else {
            return;
        };
        let now = self.run.start.elapsed();
        let before = Tally::of(task);
        let is_first = !task.procedure.was_seen();
        let first = first_sight(&event).filter(|_| is_first);
        // Another one of the run turned out to be this very deployment before.
        if first.is_some_and(|id| !self.schedule.known.insert(id.to_owned())) {
            task.duplicate = true;
            task.procedure.interrupt(now);
            self.schedule.tally.replace(before, Tally::of(task));
            return;
        }
        let seen = task.procedure.timeline().len();
        task.procedure.spare(self.run.api.is_to_be_spared());
        let action = task.procedure.next(now, self.run.sanitize(event));
        if let Some(last) = task.procedure.last().filter(|_| is_first) {
            self.schedule.known.insert(last.id.clone());
        }
        if task.procedure.timeline().len() > seen {
            self.observer.saw(task);
        }
        if task.lacks_page() {
            task.paged = true;
            self.schedule.look_up_page(self.run.platform, self.run.api, which, task);
        }
        let is_stopping = self.grace.is_some();
        task.concludes = !is_stopping && matches!(action, Action::Conclude(_));
        if is_stopping {
            task.procedure.withdraw_unsent(&action);
            task.procedure.interrupt(now);
        }
        self.schedule.tally.replace(before, Tally::of(task));
        if is_stopping {
            return;
        }
        let needs_own_read = task.procedure.is_before_a_send() || task.procedure.is_last_read(now);
        if needs_own_read && matches!(action, Action::Refresh(_)) {
            self.schedule.alone.push_back((which, action));
        } else {
            self.schedule.put(which, action);
        }
    }

    /// Fills the free places: what deployments need, then what is live in a slot, then pages for people.
    fn start_requests(&mut self) {
        let pages = self.schedule.pages.len();
        // A slot is looked at once, and while its deployments are in flight. Half of all places stay for them.
        let sights = self.ways_back.sights().min(AT_ONCE / 2);
        self.start_for_deployments(AT_ONCE.saturating_sub(sights + pages));
        let free = AT_ONCE.saturating_sub(self.schedule.in_flight.len() + pages);
        let sights = self.ways_back.start_sights(free.min(AT_ONCE / 2));
        self.schedule.start_page(AT_ONCE.saturating_sub(sights));
    }

    /// Fills these places: cancel requests before reads.
    fn start_for_deployments(&mut self, places: usize) {
        let run = self.run;
        while self.schedule.in_flight.len() < places {
            if self.schedule.cancels.is_empty() && run.lists_tell && self.schedule.reads.len() >= MANY {
                if self.schedule.listing {
                    return;
                }
                self.schedule.listing = true;
                let many = self.schedule.reads.drain(..).collect();
                self.schedule.in_flight.push(Box::pin(read_many(run.platform, run.api, many, run.read_by())));
                continue;
            }
            let Some((which, action)) = self.schedule.next_request() else {
                return;
            };
            let now = run.start.elapsed();
            if now >= run.plan.limit {
                self.give_up_unsent(which, now);
            } else if matches!(action, Action::Cancel(_))
                && let Some(instead) = self.instead_of_asking(which, now)
            {
                match instead {
                    Action::Refresh(_) => self.schedule.alone.push_back((which, instead)),
                    over => self.schedule.put(which, over),
                }
            } else {
                self.start_request(which, action, now);
            }
        }
    }

    /// The limit came before its turn.
    fn give_up_unsent(&mut self, which: usize, now: Duration) {
        if let Some(task) = self.tasks.get_mut(which) {
            let before = Tally::of(task);
            task.procedure.withdraw();
            task.procedure.next(now, Event::Woke);
            self.schedule.tally.replace(before, Tally::of(task));
        }
    }

    /// What comes first where a cancel request had to wait for its turn: everything that was read for it is read again, and
    /// where those that supersede it are not worth keeping any more, nothing is asked.
    fn instead_of_asking(&mut self, which: usize, now: Duration) -> Option<Action> {
        let task = self.tasks.get_mut(which)?;
        let keepers = task.gives_way_to.and_then(|it| self.schedule.keepers.get(it));
        let has_waited = task.has_waited(now) || keepers.is_some_and(|it| it.have_waited(now));
        let lost = keepers.and_then(|it| it.lost.clone());
        let before = Tally::of(task);
        let instead = match lost {
            _ if has_waited => task.procedure.look_before_asking(now),
            Some(why) => {
                let why = why.cleaned(|text| self.run.sanitizer.short(text).into_string());
                task.procedure.give_up(now, why)
            }
            None => return None,
        };
        self.schedule.tally.replace(before, Tally::of(task));
        Some(instead)
    }

    fn start_request(&mut self, which: usize, action: Action, now: Duration) {
        let run = self.run;
        let is_cancel = matches!(action, Action::Cancel(_));
        let blocked = run.api.holds_cancels().filter(|_| is_cancel);
        if is_cancel && blocked.is_none() {
            self.observer.asking(&self.tasks, which);
        }
        let Some(task) = self.tasks.get(which) else {
            return;
        };
        // Older ones of one group share what was read of those to keep.
        let kept = task.gives_way_to.filter(|_| task.procedure.is_before_a_send());
        let kept = kept.and_then(|it| Some((it, self.schedule.keepers.get(it)?)));
        let kept = kept.filter(|(_, it)| now.saturating_sub(it.seen) > FRESH / 2);
        let request = Request {
            platform: run.platform,
            api: run.api,
            which,
            id: task.id.clone(),
            kept: kept.map(|(it, keepers)| (it, Arc::clone(&keepers.kept))),
            blocked,
            cancel_by: run.start + if now < self.last_read { self.last_read } else { run.plan.limit },
            adorned_by: run.adorned_by(),
            read_by: run.read_by(),
        };
        let known = match &action {
            Action::Cancel(known) | Action::Refresh(known) => Some(Arc::clone(known)),
            _ => None,
        };
        self.schedule.in_flight.push(Box::pin(request.send(action)));
        if let Some(known) = known {
            self.ways_back.look(&known);
        }
    }
}

impl Run<'_> {
    /// When a read is waited for no longer, where the time for all requests is longer than that for canceling.
    fn read_by(&self) -> Option<Instant> {
        self.if_live.map(|_| self.start + self.plan.limit + ROUND)
    }

    /// When details are waited for no longer.
    fn adorned_by(&self) -> Instant {
        (Instant::now() + ADORNING).min(self.start + self.plan.limit)
    }
}

/// The id of the deployment that a read shows.
fn first_sight(event: &Event) -> Option<&str> {
    match event {
        Event::Read(Ok(Found::Here(found))) => Some(&found.id),
        _ => None,
    }
}
