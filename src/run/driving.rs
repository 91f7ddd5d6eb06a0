//! Takes all deployments of a run, named by ids or selected, to their ends.

use std::sync::Arc;
use std::time::Duration;

use super::choosing::{Choosing, Chosen};
use super::context::Run;
use super::fleet::Fleet;
use super::observer::Observer;
use super::task::Task;
use crate::cancel::{Action, Event, Plan, Procedure, Verdict};
use crate::model::answers::Found;
use crate::model::id::Id;
use crate::model::outcome::Outcome;
use crate::model::reason::Selected;
use crate::model::signal::Signals;
use crate::select::Selector;

impl Run<'_> {
    /// Takes every deployment to its end. Afterwards every procedure has an ending.
    pub async fn drive(&self, ids: Vec<Id>, signals: &mut Signals, observer: &mut dyn Observer) -> Vec<Task> {
        let now = self.start.elapsed();
        let plan = Arc::new(self.plan_for(ids.len()));
        let begin = |id: Id| {
            let procedure = Procedure::new(Arc::clone(&plan), self.platform.without_reading(&id), now);
            Task::new(id, procedure)
        };
        let mut tasks: Vec<_> = ids.into_iter().map(begin).collect();
        match self.resolve_scope(signals, observer).await {
            Ok(()) => {
                let first = tasks.iter().map(|task| task.procedure.first()).collect();
                let fleet = Fleet::new(self, tasks, Vec::new(), observer);
                tasks = fleet.take_to_ends(first, signals).await;
                tasks.retain(|task| !task.duplicate);
            }
            Err(ending) => end_all(&mut tasks, self.start.elapsed(), &ending),
        }
        tasks
    }

    /// Chooses deployments and takes them to their ends; an ending for the whole run when there is none to take.
    pub async fn drive_chosen(
        &self,
        selector: &Selector,
        appear_within: Duration,
        signals: &mut Signals,
        observer: &mut dyn Observer,
    ) -> (Vec<Task>, Option<Verdict>) {
        let mut choosing = Choosing { run: self, selector, signals, observer };
        let begun = match choosing.choose(appear_within).await {
            Ok(mut chosen) => self.begin(&mut chosen, observer).map(|begun| (begun, chosen.keepers)),
            Err(ending) => Err(ending),
        };
        match begun {
            Ok((begun, keepers)) => {
                let (tasks, first) = begun.into_iter().unzip();
                let fleet = Fleet::new(self, tasks, keepers, observer);
                (fleet.take_to_ends(first, signals).await, None)
            }
            Err(ending) => (Vec::new(), Some(ending)),
        }
    }

    /// The plan for so many deployments.
    pub(super) fn plan_for(&self, many: usize) -> Plan {
        Plan { many: u32::try_from(many).unwrap_or(u32::MAX), ..self.plan.clone() }
    }

    /// A task for each that was chosen, and what to do first: what was listed just now counts as the first read.
    fn begin(&self, chosen: &mut Chosen, observer: &mut dyn Observer) -> Result<Vec<(Task, Action)>, Verdict> {
        let deployments = std::mem::take(&mut chosen.deployments);
        let plan = Arc::new(self.plan_for(deployments.len()));
        let mut begun = Vec::new();
        for deployment in deployments {
            let queued_behind = deployment.queued_behind;
            let Ok(id) = Id::parse(&deployment.id) else {
                return Err(Verdict::new(Outcome::Error, Selected::OddId));
            };
            let gives_way_to = chosen.gives_way_to.get(&deployment.id).copied();
            let mut procedure = Procedure::new(Arc::clone(&plan), None, chosen.listed);
            if chosen.is_over {
                let first = procedure.first();
                begun.push((Task::new(id, procedure), first));
                continue;
            }
            let read = self.sanitize(Event::Read(Ok(Found::Here(Box::new(deployment)))));
            let first = procedure.next(chosen.listed, read);
            let concludes = matches!(first, Action::Conclude(_));
            let task = Task { queued_behind, gives_way_to, concludes, ..Task::new(id, procedure) };
            observer.saw(&task);
            begun.push((task, first));
        }
        Ok(begun)
    }
}

fn end_all(tasks: &mut [Task], now: Duration, ending: &Verdict) {
    for task in tasks {
        task.procedure.end(now, ending);
    }
}
