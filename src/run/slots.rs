//! The slots of a run in which something went live that was to be stopped.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use super::context::{IfLive, Run};
use super::observer::Observer;
use super::task::Task;
use crate::model::deployment::Deployment;
use crate::model::outcome::Outcome;
use crate::model::roll_back::LiveNow;
use crate::platform::RollBack;

/// A slot in which something went live that was to be stopped.
#[derive(Default)]
pub(super) struct Slot {
    /// All of this run's that are for it; first those that went live.
    pub(super) ours: Vec<Deployment>,
    /// Those of which this run has asked the platform to stop them.
    pub(super) asked: Vec<Deployment>,
    /// The numbers of the tasks that went live.
    pub(super) live: Vec<usize>,
    /// What was live while they were in flight.
    pub(super) seen: Option<LiveNow>,
    /// One that this run has in it is not at its end.
    pub(super) is_open: bool,
}

impl Slot {
    /// Those that went live although they were to be stopped. The others of this run a guard may have kept from.
    pub(super) fn due(&self) -> &[Deployment] {
        self.ours.get(..self.live.len()).unwrap_or_default()
    }
}

/// What a roll back says while it goes on.
pub(super) enum Message {
    /// A line for the log.
    Note(String),
    /// What everybody should know.
    Warning(&'static str),
    /// The request for the task with that number goes out as soon as this was heard.
    Sends { which: usize, line: String, heard: oneshot::Sender<()> },
}

impl Message {
    /// Says it to everybody.
    pub(super) fn deliver(self, run: &Run<'_>, tasks: &[Task], observer: &mut dyn Observer) {
        match self {
            Self::Note(text) => observer.note(&run.sanitizer.redact(&text)),
            Self::Warning(text) => observer.warn(text),
            Self::Sends { which, line, heard } => {
                observer.going_back(tasks, which, &run.sanitizer.redact(&line));
                let _ = heard.send(());
            }
        }
    }
}

impl<'a> Run<'a> {
    /// The platform's way back, where it is to be gone.
    pub(super) fn way_back(&self) -> Option<(&'a dyn RollBack, &'a IfLive)> {
        Some((self.platform.roll_back()?, self.if_live?))
    }

    /// The slots in which something went live that was to be stopped, as far as is known.
    pub(super) fn slots(&self, back: &dyn RollBack, if_live: &IfLive, tasks: &[Task]) -> BTreeMap<String, Slot> {
        let mut slots: BTreeMap<String, Slot> = BTreeMap::new();
        for (which, task) in tasks.iter().enumerate() {
            let Some(last) = task.procedure.last().filter(|_| self.is_due(back, if_live, task) && task.is_over())
            else {
                continue;
            };
            let Some(name) = back.slot(last) else { continue };
            let slot = slots.entry(name).or_default();
            slot.live.push(which);
            slot.ours.push(last.clone());
        }
        if slots.is_empty() {
            return slots;
        }
        for (which, task) in tasks.iter().enumerate() {
            let last = task.procedure.last().and_then(|last| Some((last, back.slot(last)?)));
            let slot = last.and_then(|(last, name)| Some((last, slots.get_mut(&name)?)));
            let Some((last, slot)) = slot else { continue };
            if task.procedure.was_asked() {
                slot.asked.push(last.clone());
            }
            if !slot.live.contains(&which) {
                slot.ours.push(last.clone());
                slot.is_open |= !task.is_over();
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
            // Nobody knows whether it serves: the live pointer tells.
            Outcome::Canceled | Outcome::Failed if last.went_live().is_none() => {
                if_live.is_named || procedure.was_asked()
            }
            // It may have been live before the next one was.
            Outcome::AlreadyLive | Outcome::AlreadyFinished | Outcome::Superseded => if_live.is_named,
            _ => false,
        };
        is_meant && back.may_have_been_live(last) && self.plan.guard.refusal(last).is_none()
    }
}
