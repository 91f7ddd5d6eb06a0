//! Several deployments at a time: at most eight requests under way, one limit, one signal for all.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, try_join_all};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::api::Api;
use crate::cancel::{Action, Event, Plan, Procedure, Retries, Verdict, capital};
use crate::model::answers::{Accepted, Conclusion, Filter, Found, Listed};
use crate::model::deployment::Deployment;
use crate::model::failure::{Failure, Kind};
use crate::model::id::Id;
use crate::model::outcome::Outcome;
use crate::model::signal::{Received, Signals};
use crate::platform::Platform;
use crate::select::{MOST, Select, Selection, Selector, is_keepable};
use crate::text::sanitizer::Sanitizer;

/// The most requests under way at once.
const AT_ONCE: usize = 8;
/// How long a cancel request under way may take to finish after a signal.
const GRACE: Duration = Duration::from_secs(2);

/// From this many on, deployments are watched by a list instead of one read each.
const MANY: usize = 10;
/// How much later than it is due a read of many may be, so that one list answers for more of them.
const ROUND: Duration = Duration::from_millis(250);
/// How long the end of a run is held by what only adorns it: a page for people, a platform's last words.
const ADORNING: Duration = Duration::from_secs(2);
/// Pause between two lists while a deployment is to appear.
const APPEARING: Duration = Duration::from_secs(2);
/// How long what was read counts as just read: what waits longer for its cancel request is read again before it.
const FRESH: Duration = Duration::from_secs(1);
/// How often a selection is made anew because what it keeps has changed.
const MOST_LISTS: u8 = 3;

/// One deployment of a run.
pub struct Work {
    /// As the user wrote it.
    pub id: Id,
    /// Where it stands.
    pub procedure: Procedure,
    /// Another name of a deployment that is in the run already: it is not asked twice, and not told twice.
    duplicate: bool,
    /// It waits behind what its scope is doing now: such are asked before that, or they would start when it stops.
    behind: bool,
    /// Its page for people was asked for.
    paged: bool,
    /// The number of the [`Keepers`] that it is canceled for.
    gives_way_to: Option<usize>,
}

/// Newer deployments that the older ones of their group are canceled for, as long as all of them are worth keeping.
struct Keepers {
    kept: Arc<[Deployment]>,
    /// When they were read last.
    seen: Duration,
    /// Why one of them is not worth it any more.
    lost: Option<String>,
}

impl Work {
    fn new(id: Id, procedure: Procedure) -> Self {
        Self { id, procedure, duplicate: false, behind: false, paged: false, gives_way_to: None }
    }

    /// Whether what was read of it is too old to send a cancel request for.
    fn has_waited(&self, now: Duration) -> bool {
        self.procedure.seen().is_some_and(|seen| is_old(seen, now))
    }
}

fn is_old(seen: Duration, now: Duration) -> bool {
    now.saturating_sub(seen) > FRESH
}

/// What was chosen, and what has to stay as it is for that.
struct Chosen {
    deployments: Vec<Deployment>,
    keepers: Vec<Keepers>,
    gives_way_to: HashMap<String, usize>,
    /// A list shows that nothing of it is in flight: how it ended only the deployment itself tells.
    is_over: bool,
    /// When the list showed them.
    listed: Duration,
}

/// Who is told what happens while it happens.
pub trait Observer {
    /// The platform's word for a deployment was seen for the first time or has changed.
    fn saw(&mut self, work: &Work);
    /// Something that everybody should know.
    fn warn(&mut self, text: &str);
    /// Something that belongs into the log.
    fn note(&mut self, _text: &str) {}
    /// A cancel request is about to go out.
    fn asking(&mut self, works: &[Work], which: usize);
    /// When nothing has been said for so long that a sign of life is due; `None` where nobody reads.
    fn is_due(&self) -> Option<Instant> {
        None
    }
    /// It is, and this is waited for.
    fn waits(&mut self, _what: Waiting<'_>) {}
}

/// What a run waits for, and since when.
#[derive(Clone, Copy)]
pub enum Waiting<'a> {
    /// Before any deployment is known: these words.
    For(&'a str, Duration),
    /// For these to end.
    Ends(&'a [Work]),
}

/// Waits, and has it said for what whenever a sign of life is due: CI systems end jobs that say nothing.
async fn aloud<T>(witness: &mut dyn Observer, what: Waiting<'_>, wait: impl Future<Output = T>) -> T {
    let mut wait = std::pin::pin!(wait);
    loop {
        tokio::select! {
            biased;
            done = &mut wait => return done,
            () = until(witness.is_due()) => witness.waits(what),
        }
    }
}

/// Everything one run needs.
pub struct Run<'a> {
    /// The platform.
    pub platform: &'a dyn Platform,
    /// Its door.
    pub api: &'a Api,
    /// What holds for every deployment.
    pub plan: Plan,
    /// A list shows as much of a deployment as a read of it alone.
    pub lists_tell: bool,
    /// Makes texts fit to be shown.
    pub cleaner: &'a Sanitizer,
    /// The start of the run.
    pub start: Instant,
}

/// What a request brought.
enum Completed {
    /// For one deployment.
    One(usize, Event),
    /// For one, and what has become of those that supersede it, where they were read as well.
    Beside { which: usize, event: Event, keepers: usize, now: Option<KeptNow> },
    /// A list, for many: what it showed, and who has to be read alone.
    Many { seen: Vec<(usize, Event)>, alone: Vec<(usize, Action)> },
}

/// How many deployments a run has to wait for, kept as they change: to count all of many at every step would take as
/// long as there are many.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// A cancel request is on the wire.
    asking: usize,
    /// It waits behind what its scope is doing, and has not been asked yet.
    open_behind: usize,
}

impl Tally {
    fn of(work: &Work) -> Self {
        Self {
            asking: usize::from(work.procedure.is_asking()),
            open_behind: usize::from(work.behind && !work.procedure.is_settled()),
        }
    }

    fn of_all(works: &[Work]) -> Self {
        works.iter().fold(Self::default(), |mut all, work| {
            all.replace(Self::default(), Self::of(work));
            all
        })
    }

    fn replace(&mut self, before: Self, after: Self) {
        self.asking = self.asking + after.asking - before.asking;
        self.open_behind = self.open_behind + after.open_behind - before.open_behind;
    }
}

/// What those that supersede another one were found to be.
enum KeptNow {
    /// Worth keeping, all of them.
    Good,
    /// One is not any more: why nothing is canceled for it.
    Lost(String),
}

/// What is under way and what is to come.
#[derive(Default)]
struct Schedule<'a> {
    flying: FuturesUnordered<BoxFuture<'a, Completed>>,
    /// Look-ups of pages for people, which nothing waits for.
    pages: FuturesUnordered<BoxFuture<'a, (usize, Option<String>)>>,
    /// A list that answers for many is under way.
    listing: bool,
    /// Reads that a list did not answer.
    alone: VecDeque<(usize, Action)>,
    cancels: VecDeque<(usize, Action)>,
    reads: VecDeque<(usize, Action)>,
    pauses: BinaryHeap<Reverse<(Duration, usize)>>,
    tally: Tally,
    /// The ids of all that have been seen, as the platform has them.
    known: HashSet<String>,
    keepers: Vec<Keepers>,
}

impl<'a> Run<'a> {
    /// Takes every deployment to its end. Afterwards every procedure has an ending.
    pub async fn drive(&self, ids: Vec<Id>, signals: &mut Signals, witness: &mut dyn Observer) -> Vec<Work> {
        let now = self.start.elapsed();
        let begin = |id: Id| {
            let procedure = Procedure::new(self.plan.clone(), self.platform.unseen(&id), now);
            Work::new(id, procedure)
        };
        let mut works: Vec<_> = ids.into_iter().map(begin).collect();
        let looked_up = Waiting::For("what holds the deployments to be found", self.start.elapsed());
        let entered = self.with_retries(signals, || self.platform.enter(self.api));
        let entered = aloud(witness, looked_up, entered);
        match entered.await {
            Ok(None) => {
                let first = works.iter().map(|work| work.procedure.first()).collect();
                self.cancel_all(&mut works, first, Vec::new(), signals, witness).await;
            }
            Ok(Some(missing)) => end_all(&mut works, self.start.elapsed(), &self.missing(&missing)),
            Err(ending) => end_all(&mut works, self.start.elapsed(), &ending),
        }
        works.retain(|work| !work.duplicate);
        works
    }

    /// Chooses deployments and takes them to their ends; an ending for the whole run when there is none to take.
    pub async fn drive_chosen(
        &self,
        wanted: &Selector,
        appear_within: Duration,
        signals: &mut Signals,
        witness: &mut dyn Observer,
    ) -> (Vec<Work>, Option<Verdict>) {
        let chosen = match self.choose(wanted, appear_within, signals, witness).await {
            Ok(chosen) => chosen,
            Err(ending) => return (Vec::new(), Some(ending)),
        };
        let Chosen { deployments, keepers, gives_way_to, is_over, listed } = chosen;
        let plan = Plan { many: u32::try_from(deployments.len()).unwrap_or(u32::MAX), ..self.plan.clone() };
        let (mut works, mut first) = (Vec::new(), Vec::new());
        for deployment in deployments {
            // What was listed just now counts as the first read.
            let behind = deployment.behind;
            let Ok(id) = Id::parse(&deployment.id) else {
                let reason = "The list holds a deployment whose id cannot be used; nothing was sent.";
                return (Vec::new(), Some(self.ending(Outcome::Error, reason, "")));
            };
            let gives_way_to = gives_way_to.get(&deployment.id).copied();
            let mut procedure = Procedure::new(plan.clone(), None, listed);
            if is_over {
                first.push(procedure.first());
                works.push(Work::new(id, procedure));
                continue;
            }
            first.push(procedure.next(listed, self.tidy(Event::Read(Ok(Found::Here(Box::new(deployment)))))));
            let work = Work { behind, gives_way_to, ..Work::new(id, procedure) };
            witness.saw(&work);
            works.push(work);
        }
        self.cancel_all(&mut works, first, keepers, signals, witness).await;
        (works, None)
    }

    /// Lists and chooses until something matches or the time for it to appear is up.
    async fn choose(
        &self,
        wanted: &Selector,
        appear_within: Duration,
        signals: &mut Signals,
        witness: &mut dyn Observer,
    ) -> Result<Chosen, Verdict> {
        let looked_up = Waiting::For("what holds the deployments to be found", self.start.elapsed());
        let entered = self.with_retries(signals, || self.platform.enter(self.api));
        let entered = aloud(witness, looked_up, entered);
        if let Some(missing) = entered.await? {
            return Err(self.missing(&missing));
        }
        let appear_by = (self.start.elapsed() + appear_within).min(self.plan.last_read());
        let mut relisted = 0;
        let began = self.start.elapsed();
        loop {
            let listed = self.list(wanted, signals, witness).await?;
            let picked = wanted.pick(&listed);
            self.refuse_unsure(wanted, &picked)?;
            let now = self.start.elapsed();
            let is_empty = picked.chosen.is_empty() && picked.ended.is_none();
            if !is_empty {
                if let Some(chosen) = self.still_chosen(wanted, picked, signals, witness).await? {
                    return Ok(chosen);
                }
                // What was to be kept is no longer worth keeping: choose again from what is there now.
                relisted += 1;
                if relisted > MOST_LISTS {
                    let reason = "The deployment to keep changed again and again while this looked; nothing was sent.";
                    return Err(self.ending(Outcome::Error, reason, "Run this again."));
                }
            } else if now >= appear_by {
                self.tell(&picked, witness);
                return Err(self.nothing(&picked));
            } else {
                let slower = self.plan.slower.filter(|(after, _)| now - began >= *after);
                let rest = slower.map_or(APPEARING, |(_, rest)| rest.max(APPEARING));
                let pause = (now + rest).min(appear_by);
                let appears = Waiting::For("a matching deployment to appear", began);
                aloud(witness, appears, self.pause(pause, signals)).await?;
            }
        }
    }

    /// What was picked, with those to keep read right before anything older is canceled; `None` when one of these is not
    /// worth keeping any more.
    async fn still_chosen(
        &self,
        wanted: &Selector,
        mut picked: Selection,
        signals: &mut Signals,
        witness: &mut dyn Observer,
    ) -> Result<Option<Chosen>, Verdict> {
        let mut chosen = Chosen {
            is_over: picked.ended.is_some(),
            deployments: std::mem::take(&mut picked.chosen),
            keepers: Vec::new(),
            gives_way_to: std::mem::take(&mut picked.gives_way_to),
            listed: self.start.elapsed(),
        };
        chosen.deployments.extend(picked.ended.take());
        let reading = Waiting::For("the deployments to keep to be read", chosen.listed);
        let good = self.still_good(&picked.kept, signals);
        if !aloud(witness, reading, good).await? {
            return Ok(None);
        }
        let read = self.start.elapsed();
        if picked.kept.len() > 1 {
            // Reading several takes a while: only what a list made after that shows as well is taken.
            let listed = self.list(wanted, signals, witness).await?;
            chosen.listed = self.start.elapsed();
            let before = std::mem::take(&mut chosen.deployments).into_iter();
            let before: HashSet<_> = before.map(|one| one.id).collect();
            chosen.deployments = wanted.pick(&listed).chosen;
            chosen.deployments.retain(|one| before.contains(&one.id));
            if chosen.deployments.is_empty() {
                return Ok(None);
            }
        }
        self.tell(&picked, witness);
        let keepers = picked.keepers.into_iter().map(|kept| Keepers { kept, seen: read, lost: None });
        chosen.keepers = keepers.collect();
        Ok(Some(chosen))
    }

    fn nothing(&self, picked: &Selection) -> Verdict {
        let perhaps = picked.perhaps_live.as_deref().unwrap_or_default();
        let reason = format!("This run looked at {}{perhaps}.", picked.looked_at);
        Verdict { perhaps_live: picked.perhaps_live.is_some(), ..self.ending(Outcome::NothingToCancel, &reason, "") }
    }

    /// Whether what a selection keeps is still worth keeping, read right before anything older is canceled.
    async fn still_good(&self, kept: &[Deployment], signals: &mut Signals) -> Result<bool, Verdict> {
        for some in kept.chunks(AT_ONCE) {
            let reads = self.with_retries(signals, || {
                try_join_all(some.iter().map(|known| self.platform.refresh(self.api, known)))
            });
            let good = |found: &Found| matches!(found, Found::Here(now) if is_keepable(now));
            if !reads.await?.iter().all(good) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn tell(&self, picked: &Selection, witness: &mut dyn Observer) {
        for warning in &picked.warnings {
            witness.warn(&self.cleaner.value(warning));
        }
        for note in &picked.notes {
            witness.note(&self.cleaner.value(note));
        }
    }

    async fn list(
        &self,
        wanted: &Selector,
        signals: &mut Signals,
        witness: &mut dyn Observer,
    ) -> Result<Vec<Deployment>, Verdict> {
        let filter = Filter {
            history: wanted.select == Select::Superseded || wanted.one_group,
            ended: wanted.select == Select::Commit,
        };
        let list = Waiting::For("the list of deployments", self.start.elapsed());
        let listed = self.with_retries(signals, || self.platform.list(self.api, &filter));
        match aloud(witness, list, listed).await? {
            Listed::Here(listed) => Ok(listed),
            Listed::Missing(missing) => Err(self.missing(&missing)),
        }
    }

    /// What cannot be chosen from safely ends the run.
    fn refuse_unsure(&self, wanted: &Selector, picked: &Selection) -> Result<(), Verdict> {
        if let Some(refused) = &picked.refused {
            return Err(self.ending(Outcome::Error, refused, "Give `deployment_id`."));
        }
        if picked.chosen.len() > MOST && wanted.select != Select::All {
            let reason = format!(
                "{} deployments match, more than the {MOST} that are taken at once; nothing was sent.",
                picked.chosen.len()
            );
            let hint = "Narrow the selection, or use `select: all`.";
            return Err(self.ending(Outcome::Error, &reason, hint));
        }
        Ok(())
    }

    fn missing(&self, what: &str) -> Verdict {
        self.ending(Outcome::NotFound, what, "")
    }

    fn ending(&self, outcome: Outcome, reason: &str, hint: &str) -> Verdict {
        Verdict { outcome, reason: self.cleaner.value(reason), hint: self.cleaner.value(hint), perhaps_live: false }
    }

    fn interrupted(&self) -> Verdict {
        self.ending(Outcome::Interrupted, "A signal came before any cancel request was sent.", "")
    }

    async fn pause(&self, until: Duration, signals: &mut Signals) -> Result<(), Verdict> {
        tokio::select! {
            biased;
            () = signal_received(signals, false) => Err(self.interrupted()),
            () = sleep_until(self.start + until) => Ok(()),
        }
    }

    /// Asks until there is an answer, a failure that cannot improve, a signal, or the limit.
    async fn with_retries<T, F, A>(&self, signals: &mut Signals, mut ask: F) -> Result<T, Verdict>
    where
        F: FnMut() -> A,
        A: Future<Output = Result<T, Failure>>,
    {
        let mut retries = Retries::new();
        let last_try = self.plan.last_read();
        loop {
            let answer = tokio::select! {
                biased;
                () = signal_received(signals, false) => return Err(self.interrupted()),
                answer = ask() => answer,
            };
            let failure = match answer {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let now = self.start.elapsed();
            let again = retries.after(now, &failure).filter(|_| now < last_try);
            let too_late = failure.not_before.is_some_and(|until| until >= self.plan.limit);
            let Some(again) = again.filter(|_| !too_late) else {
                let reason = format!("{}; nothing was canceled.", capital(&failure.to_string()));
                return Err(self.ending(Outcome::Error, &reason, &failure.hint));
            };
            self.pause(again.min(last_try), signals).await?;
        }
    }

    async fn cancel_all(
        &self,
        works: &mut [Work],
        first: Vec<Action>,
        keepers: Vec<Keepers>,
        signals: &mut Signals,
        witness: &mut dyn Observer,
    ) {
        let seen = |work: &Work| work.procedure.last().map(|last| last.id.clone());
        let mut agenda = Schedule {
            tally: Tally::of_all(works),
            known: works.iter().filter_map(seen).collect(),
            keepers,
            ..Schedule::default()
        };
        let mut grace: Option<Instant> = None;
        let mut adorned: Option<Instant> = None;
        let mut held = Vec::new();
        let queue_first = works.iter().any(|work| work.behind);
        for (which, action) in first.into_iter().enumerate() {
            if queue_first && works.get(which).is_some_and(|work| !work.behind) {
                held.push((which, action));
            } else {
                agenda.put(which, action);
            }
        }
        loop {
            if grace.is_none() && agenda.tally.open_behind == 0 {
                held.drain(..).for_each(|(which, action)| agenda.put(which, action));
            }
            self.start_requests(&mut agenda, works, witness);
            let asking = agenda.tally.asking > 0;
            if agenda.is_empty() && !held.is_empty() && agenda.tally.open_behind == 0 {
                // The last one that the others waited for was given up just now.
                continue;
            }
            if agenda.is_empty() {
                adorned.get_or_insert_with(|| self.adorned_by());
            }
            let is_done = agenda.is_empty() && agenda.pages.is_empty();
            if is_done || (grace.is_some() && !asking) {
                return;
            }
            let later = if self.lists_tell && agenda.pauses.len() >= MANY { ROUND } else { Duration::ZERO };
            let next = agenda.pauses.peek().map(|Reverse((at, _))| *at);
            let wake = next.map(|at| self.start + (at + later).min(self.plan.limit));
            let due = witness.is_due();
            tokio::select! {
                biased;
                () = signal_received(signals, grace.is_some()) => {
                    let now = self.start.elapsed();
                    for (which, _) in held.drain(..) {
                        works.iter_mut().skip(which).take(1).for_each(|work| work.procedure.withdraw());
                    }
                    agenda.stop(works, now);
                    agenda.tally = Tally::of_all(works);
                    if grace.is_some() {
                        works.iter_mut().for_each(|work| work.procedure.interrupt(now));
                        return;
                    }
                    grace = Some(Instant::now() + GRACE);
                }
                Some(landed) = agenda.flying.next() => {
                    let seen = match landed {
                        Completed::One(which, event) => vec![(which, event)],
                        Completed::Beside { which, event, keepers, now } => {
                            agenda.keep(keepers, now, self.start.elapsed());
                            vec![(which, event)]
                        }
                        Completed::Many { seen, alone } => {
                            agenda.listing = false;
                            agenda.alone.extend(alone);
                            seen
                        }
                    };
                    for (which, event) in seen {
                        self.take(which, event, &mut agenda, works, witness, grace.is_some());
                    }
                }
                Some((which, page)) = agenda.pages.next() => {
                    if let Some((work, page)) = works.get_mut(which).zip(page) {
                        work.procedure.show_page(self.cleaner.value(&page));
                    }
                }
                () = until(adorned) => return,
                () = until(due) => witness.waits(Waiting::Ends(works)),
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
        agenda: &mut Schedule<'a>,
        works: &mut [Work],
        witness: &mut dyn Observer,
        stopping: bool,
    ) {
        let Some(work) = works.get_mut(which) else {
            return;
        };
        let now = self.start.elapsed();
        let before = Tally::of(work);
        let is_first = work.procedure.last().is_none();
        let first = first_sight(&event).filter(|_| is_first);
        // Another one of the run turned out to be this very deployment before.
        if first.is_some_and(|id| !agenda.known.insert(id.to_owned())) {
            work.duplicate = true;
            work.procedure.interrupt(now);
            agenda.tally.replace(before, Tally::of(work));
            return;
        }
        let seen = work.procedure.timeline().len();
        let action = work.procedure.next(now, self.tidy(event));
        if let Some(last) = work.procedure.last().filter(|_| is_first) {
            agenda.known.insert(last.id.clone());
        }
        if work.procedure.timeline().len() > seen {
            witness.saw(work);
        }
        let is_bare = |last: &Deployment| last.url.is_none();
        let lacks_page = work.procedure.last().is_some_and(is_bare);
        if !work.paged && work.procedure.is_settled() && lacks_page {
            work.paged = true;
            agenda.look_up_page(self.platform, self.api, which, work);
        }
        if stopping {
            work.procedure.withdraw_unsent(&action);
            work.procedure.interrupt(now);
        }
        agenda.tally.replace(before, Tally::of(work));
        if stopping {
            return;
        }
        if matches!(action, Action::Refresh(_))
            && (work.procedure.is_before_a_send() || work.procedure.is_last_read(now))
        {
            agenda.alone.push_back((which, action));
        } else {
            agenda.put(which, action);
        }
    }

    /// What comes first where a cancel request had to wait for its turn: everything that was read for it is read again, and
    /// where those that supersede it are not worth keeping any more, nothing is asked.
    fn instead_of_asking(&self, agenda: &mut Schedule<'a>, work: &mut Work, now: Duration) -> Option<Action> {
        let keepers = work.gives_way_to.and_then(|it| agenda.keepers.get(it));
        let has_waited = work.has_waited(now) || keepers.is_some_and(|it| is_old(it.seen, now));
        let lost = keepers.and_then(|it| it.lost.as_deref());
        let before = Tally::of(work);
        let instead = match lost {
            _ if has_waited => work.procedure.look_before_asking(now),
            Some(why) => work.procedure.give_up(now, &self.cleaner.value(why)),
            None => return None,
        };
        agenda.tally.replace(before, Tally::of(work));
        Some(instead)
    }

    /// Fills the free places: cancel requests before reads.
    fn start_requests(&self, agenda: &mut Schedule<'a>, works: &mut [Work], witness: &mut dyn Observer) {
        while agenda.flying.len() < AT_ONCE {
            if agenda.cancels.is_empty() && self.lists_tell && agenda.reads.len() >= MANY {
                if agenda.listing {
                    return;
                }
                agenda.listing = true;
                let many = agenda.reads.drain(..).collect();
                let (platform, api) = (self.platform, self.api);
                agenda.flying.push(Box::pin(read_many(platform, api, many)));
                continue;
            }
            let waiting = agenda.cancels.pop_front().or_else(|| agenda.alone.pop_front());
            let Some((which, action)) = waiting.or_else(|| agenda.reads.pop_front()) else {
                return;
            };
            let now = self.start.elapsed();
            if now >= self.plan.limit {
                if let Some(work) = works.get_mut(which) {
                    let before = Tally::of(work);
                    work.procedure.withdraw();
                    work.procedure.next(now, Event::Woke);
                    agenda.tally.replace(before, Tally::of(work));
                }
                continue;
            }
            let is_cancel = matches!(action, Action::Cancel(_));
            if let Some(work) = works.get_mut(which).filter(|_| is_cancel)
                && let Some(instead) = self.instead_of_asking(agenda, work, now)
            {
                match instead {
                    Action::Refresh(_) => agenda.alone.push_back((which, instead)),
                    over => agenda.put(which, over),
                }
                continue;
            }
            let held = self.api.holds_cancels().filter(|_| is_cancel);
            if is_cancel && held.is_none() {
                witness.asking(works, which);
            }
            let Some(work) = works.get(which) else {
                return;
            };
            let id = work.id.clone();
            // Older ones of one group share what was read of those to keep.
            let kept = work.gives_way_to.filter(|_| work.procedure.is_before_a_send());
            let kept = kept.and_then(|it| Some((it, agenda.keepers.get(it)?)));
            let kept = kept.filter(|(_, it)| now.saturating_sub(it.seen) > FRESH / 2);
            let kept = kept.map(|(it, keepers)| (it, Arc::clone(&keepers.kept)));
            let (platform, api) = (self.platform, self.api);
            let last_read = self.plan.last_read();
            let adorned_by = self.adorned_by();
            let cancel_by = self.start + if now < last_read { last_read } else { self.plan.limit };
            agenda.flying.push(Box::pin(async move {
                if let (Some((keepers, kept)), Action::Refresh(known)) = (kept, &action) {
                    let (event, now) = look_beside(platform, api, known, &kept).await;
                    return Completed::Beside { which, event, keepers, now };
                }
                let event = match action {
                    // Nothing goes out, and nothing was said to.
                    Action::Cancel(known) => match held {
                        Some(held) => Event::Answered(Err(held)),
                        // An answer that hangs leaves time for one last read, which decides.
                        None => {
                            let before = api.changes();
                            let answer = timeout_at(cancel_by, platform.cancel(api, &known)).await;
                            let is_unsent = api.changes() == before;
                            Event::Answered(answer.unwrap_or_else(|_| Err(unanswered(is_unsent))))
                        }
                    },
                    Action::Conclude(ended) => {
                        let conclusion = platform.conclude(api, &ended);
                        let conclusion = timeout_at(adorned_by, conclusion).await;
                        let conclusion = conclusion.ok().and_then(Result::ok);
                        Event::Concluded(conclusion.unwrap_or_else(|| platform.unconcluded()))
                    }
                    Action::Refresh(known) => Event::Read(platform.refresh(api, &known).await),
                    Action::Find | Action::Pause(_) | Action::Done => Event::Read(platform.find(api, &id).await),
                };
                Completed::One(which, event)
            }));
        }
    }

    /// When what only adorns is waited for no longer.
    fn adorned_by(&self) -> Instant {
        (Instant::now() + ADORNING).min(self.start + self.plan.limit)
    }

    /// Everything the platform said, fit to be shown.
    fn tidy(&self, event: Event) -> Event {
        let deployment = |found: Box<_>| Box::new(self.cleaner.deployment(*found));
        match event {
            Event::Read(Ok(Found::Here(found))) => Event::Read(Ok(Found::Here(deployment(found)))),
            Event::Read(Ok(Found::Missing(what))) => Event::Read(Ok(Found::Missing(self.cleaner.value(&what)))),
            Event::Read(Err(failure)) => Event::Read(Err(self.clean(failure))),
            Event::Answered(Ok(accepted)) => {
                let shown = accepted.deployment.map(deployment);
                Event::Answered(Ok(Accepted { deployment: shown, ..accepted }))
            }
            Event::Answered(Err(failure)) => Event::Answered(Err(self.clean(failure))),
            Event::Read(Ok(Found::Idle(what))) => Event::Read(Ok(Found::Idle(self.cleaner.value(&what)))),
            Event::Read(Ok(Found::Spared(found, why))) => {
                Event::Read(Ok(Found::Spared(deployment(found), self.cleaner.value(&why))))
            }
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

impl<'a> Schedule<'a> {
    /// Remembers what those to keep were found to be, if they could be read.
    fn keep(&mut self, keepers: usize, found: Option<KeptNow>, now: Duration) {
        if let Some((keepers, found)) = self.keepers.get_mut(keepers).zip(found) {
            keepers.seen = now;
            keepers.lost = match found {
                KeptNow::Good => None,
                KeptNow::Lost(why) => Some(why),
            };
        }
    }

    fn look_up_page(&mut self, platform: &'a dyn Platform, api: &'a Api, which: usize, work: &Work) {
        if let Some(known) = work.procedure.last().cloned() {
            let look_up = async move { (which, platform.page(api, &known).await) };
            self.pages.push(Box::pin(look_up));
        }
    }

    fn put(&mut self, which: usize, action: Action) {
        match action {
            Action::Cancel(_) => self.cancels.push_back((which, action)),
            Action::Find | Action::Refresh(_) | Action::Conclude(_) => self.reads.push_back((which, action)),
            Action::Pause(until) => self.pauses.push(Reverse((until, which))),
            Action::Done => {}
        }
    }

    fn is_empty(&self) -> bool {
        self.flying.is_empty()
            && self.alone.is_empty()
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
        self.alone.clear();
        self.pauses.clear();
        for work in works.iter_mut().filter(|work| !work.procedure.is_asking()) {
            work.procedure.interrupt(now);
        }
    }
}

/// Reads one right after those that supersede it, since a request may follow. Its own end counts whatever the others are;
/// when one of those cannot be read, nothing was read.
async fn look_beside(
    platform: &dyn Platform,
    api: &Api,
    known: &Deployment,
    kept: &[Deployment],
) -> (Event, Option<KeptNow>) {
    let mut seen = Ok(KeptNow::Good);
    for one in kept {
        seen = match platform.refresh(api, one).await {
            Ok(now) => kept_now(one, &now),
            Err(failure) => Err(failure),
        };
        if !matches!(seen, Ok(KeptNow::Good)) {
            break;
        }
    }
    let own = platform.refresh(api, known).await;
    let has_ended = matches!(&own, Ok(Found::Here(now)) if now.is_terminal());
    match seen {
        Err(failure) if !has_ended => (Event::Read(Err(failure)), None),
        seen => (Event::Read(own), seen.ok()),
    }
}

/// What one that is to be kept is now, a failure where that cannot be seen any more.
fn kept_now(known: &Deployment, now: &Found) -> Result<KeptNow, Failure> {
    let id = &known.id;
    match now {
        Found::Here(now) if is_keepable(now) => Ok(KeptNow::Good),
        Found::Here(now) => {
            let word = &now.platform_state;
            Ok(KeptNow::Lost(format!("{id}, which was to supersede it, is {word} now")))
        }
        _ => Err(Failure::own(
            Kind::NotFound,
            format!("{id}, which was to supersede it, cannot be found any more"),
            "Run this again.",
        )),
    }
}

/// Reads many by one list. Who is not on it, or not there with an end, is read alone: an end is believed only from the
/// deployment itself.
async fn read_many(platform: &dyn Platform, api: &Api, many: Vec<(usize, Action)>) -> Completed {
    let listed = platform.list(api, &Filter::default()).await;
    let (mut seen, mut alone) = (Vec::new(), Vec::new());
    let flying: HashMap<_, _> = match listed {
        Ok(Listed::Here(listed)) => {
            let flying = listed.into_iter().filter(|one| one.state.is_in_flight());
            flying.map(|one| (one.id.clone(), one)).collect()
        }
        _ => HashMap::new(),
    };
    for (which, action) in many {
        let known = match &action {
            Action::Refresh(known) => flying.get(&known.id),
            _ => None,
        };
        match known {
            Some(now) => seen.push((which, Event::Read(Ok(Found::Here(Box::new(now.clone())))))),
            None => alone.push((which, action)),
        }
    }
    Completed::Many { seen, alone }
}

/// The id of the deployment that a read shows.
fn first_sight(event: &Event) -> Option<&str> {
    match event {
        Event::Read(Ok(Found::Here(found))) => Some(&found.id),
        _ => None,
    }
}

/// An answer that did not come in time; or not even the request went out, as what it hangs on could not be read.
fn unanswered(is_unsent: bool) -> Failure {
    if is_unsent {
        let words = "what a cancel request hangs on could not be read in time";
        return Failure::own(Kind::MovedOn, words, "");
    }
    let hint = "Allow a longer `timeout`, or look at the platform's status page.";
    Failure::own(Kind::Timeout, "the cancel request was not answered in time", hint)
}

fn end_all(works: &mut [Work], now: Duration, ending: &Verdict) {
    for work in works {
        let Verdict { outcome, reason, hint, .. } = ending.clone();
        work.procedure.end(now, outcome, reason, hint);
    }
}

/// Waits for the first signal, or for the second one when the first was heard.
async fn signal_received(signals: &mut Signals, heard: bool) {
    let wanted = |received: &Received| {
        if heard { received.again } else { received.first.is_some() }
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
