//! A sandbox with deployments that a run is told of by their ids, and the faults that lie in its way.

use std::time::Duration;

use super::{Course, Stage};
use crate::sandbox::{Call, Fault, Grant, Sandbox, Seen, TOKEN};
use crate::step::{Ran, Step};

/// A sandbox with deployments on it.
pub struct Scene {
    pub stage: Stage,
    pub sandbox: Sandbox,
    count: usize,
}

impl Scene {
    /// A scene of so many deployments, which stand in the sandbox already.
    pub fn new(stage: Stage, sandbox: Sandbox, count: usize) -> Self {
        Self { stage, sandbox, count }
    }

    /// Lays faults in the way of requests of that kind, one for each.
    pub fn fault(self, call: Call, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.sandbox.fault(call, faults);
        self
    }

    /// Lays one fault in the way of all requests of that kind.
    pub fn always(self, call: Call, fault: Fault) -> Self {
        self.sandbox.always(call, fault);
        self
    }

    /// Sets what the token may do.
    pub fn grant(self, grant: Grant) -> Self {
        self.sandbox.token(self.stage.name(), TOKEN, grant);
        self
    }

    /// The step that cancels all deployments of the scene.
    pub fn step(&self) -> Step {
        let ids: Vec<_> = (1..=self.count).map(|n| self.stage.id(n)).collect();
        self.stage.step_at(&self.sandbox.url(self.stage.name())).input("deployment_id", &ids.join("\n"))
    }

    /// Runs that step.
    pub fn run(&self) -> Ran {
        self.step().run()
    }

    /// The same inside this process, under a clock that only moves when everybody waits.
    pub fn run_inside(&self) -> Ran {
        self.step().run_inside(&self.sandbox)
    }

    /// How many cancel requests arrived.
    pub fn asked(&self) -> usize {
        self.sandbox.count(Call::Cancel)
    }

    /// How many reads of a deployment arrived.
    pub fn reads(&self) -> usize {
        self.sandbox.count(Call::Read)
    }

    /// How many cancel requests took effect on the deployment with that number.
    pub fn effective(&self, number: usize) -> usize {
        self.sandbox.effective_cancels(&self.stage.id(number))
    }

    /// The reads of deployments and the cancel requests, in order; what is looked up for people is left out.
    pub fn calls(&self) -> Vec<Call> {
        let all = self.sandbox.requests().into_iter().map(|seen| seen.call);
        all.filter(|call| matches!(call, Call::Read | Call::Cancel)).collect()
    }

    /// The requests of one kind, in order.
    pub fn seen(&self, call: Call) -> Vec<Seen> {
        let all = self.sandbox.requests().into_iter();
        all.filter(|seen| seen.call == call).collect()
    }
}

/// Running at every read before the cancel request, which comes too late.
pub fn racing(stage: Stage, end: &'static str) -> Course {
    Course::of(&vec!["running"; stage.traits().reads_before]).and(end)
}

/// Runs several scenes at the same time.
pub fn run_together(scenes: &[Scene]) -> Vec<Ran> {
    let running: Vec<_> = scenes.iter().map(|scene| scene.step().start()).collect();
    running.into_iter().map(crate::step::Running::wait).collect()
}

/// A scene whose cancel is accepted without an end in the answer, so that reads have to find it.
pub fn watched(stage: Stage, after: &[&'static str]) -> Scene {
    stage.play(&Course::running().answering("running").then(after))
}

/// Leaves the reads before the cancel request alone, and so many after it.
pub fn first_reads(stage: Stage, after: usize) -> Vec<Fault> {
    vec![Fault::Pass; stage.traits().reads_before + after]
}

/// The time from one request to a later one.
pub fn gap(from: &Seen, to: &Seen) -> Duration {
    to.at.duration_since(from.at)
}

pub fn retry_after(status: u16, value: &str) -> Fault {
    Fault::RetryAfter { status, value: value.to_owned() }
}
