//! One run: the sandbox, what lies in its way, and what is known of it afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::answers::Answer;
use super::oracle::Facts;
use super::races::{Course, Deed, Race};
use crate::cells::stand;
use crate::inside::{self, Stop};
use crate::sandbox::{Call, Fault, Sandbox, Stand};
use crate::step::{Ran, Step};

pub struct Scene {
    stand: &'static dyn Stand,
    sandbox: Sandbox,
    course: Course,
    answer: Answer,
    race: Race,
    /// Before which request somebody else does something.
    moment: Option<usize>,
    deed: Option<Deed>,
    until: Arc<AtomicUsize>,
    first_seen: Arc<AtomicUsize>,
    seconds: u64,
}

impl Scene {
    /// The second deployment was live, and the first one is what should have been stopped.
    pub fn new(platform: &'static str, course: Course, answer: Answer) -> Self {
        let (stand, sandbox) = (stand(platform), Sandbox::without_server());
        stand.put_scopes(&sandbox);
        Self {
            stand,
            sandbox,
            course,
            answer,
            race: Race::Calm,
            moment: None,
            deed: None,
            until: Arc::default(),
            first_seen: Arc::default(),
            seconds: 60,
        }
    }

    pub fn raced(mut self, race: Race) -> Self {
        self.race = race;
        self
    }

    /// Somebody does that right before a request of a run whose requests are of these kinds.
    pub fn meanwhile(mut self, calls: &[Call], moment: usize, deed: Deed) -> Self {
        let stand = self.stand;
        let (call, number) = nth(calls, moment);
        self.moment = Some(moment);
        self.deed = Some(deed);
        let until = Arc::clone(&self.until);
        self.sandbox.before(call, number, move |sandbox| {
            let slot = stand.way_back().expect("a way back").slot;
            until.store(sandbox.history(stand.name(), slot).len(), Ordering::Relaxed);
            deed.is_done(stand, sandbox);
        });
        self
    }

    /// The answer to that request comes late.
    pub fn late(self, calls: &[Call], moment: usize) -> Self {
        let (call, number) = nth(calls, moment);
        let passing = vec![Fault::Pass; number - 1];
        self.sandbox.fault(call, passing).fault(call, [Fault::Delay(Duration::from_secs(3))]);
        self
    }

    /// From that request on nothing but the request to roll back is answered.
    pub fn hanging(self, calls: &[Call], moment: usize) -> Self {
        for call in [Call::SignIn, Call::Scope, Call::Live, Call::List, Call::Read, Call::Check, Call::Other] {
            let spared = calls[..moment].iter().filter(|seen| **seen == call).count();
            self.sandbox.fault(call, vec![Fault::Pass; spared]).always(call, Fault::HoldBefore);
        }
        self
    }

    /// The time for the roll back.
    pub const fn within(mut self, seconds: u64) -> Self {
        self.seconds = seconds;
        self
    }

    fn step(&self) -> Step {
        let step = step(self.stand, &self.sandbox, self.seconds).input("deployment_id", &self.stand.id(1));
        let step = self.race.to().into_iter().fold(step, |step, to| step.input("roll_back_to", &self.stand.id(to)));
        if matches!(self.race, Race::Dry) { step.input("dry_run", "true") } else { step }
    }

    fn lay(&self) {
        let Self { stand, sandbox, .. } = self;
        self.race.lay_before(*stand, sandbox);
        match self.course {
            Course::TooLate => stand.put_live(sandbox, 1),
            Course::Asked => {
                let mut ours = stand.bound(1);
                ours.course = ours.course.then(&["running", "succeeded"]).answering("running");
                sandbox.pass(stand.name(), 5);
                stand.put_one(sandbox, &ours);
            }
        }
        self.race.lay_after(*stand, sandbox);
        self.answer.lay(sandbox, stand.name());
        let (stand, first_seen) = (*stand, Arc::clone(&self.first_seen));
        let live = stand.way_back().expect("a way back").live;
        sandbox.before(live, 1, move |sandbox| {
            first_seen.store(stand.serves(sandbox).unwrap_or_default(), Ordering::Relaxed);
        });
    }

    /// Runs it to its end, or to that stop.
    pub fn run(self, stop: Option<Stop>) -> Facts {
        self.lay();
        let (ran, _) = inside::run_to(self.step(), &self.sandbox, stop);
        let Self { stand, sandbox, course, answer, race, moment, deed, until, first_seen, .. } = self;
        let back = stand.way_back().expect("a way back");
        Facts { stand, back, sandbox, course, answer, race, moment, stop, deed, until, first_seen, ran }
    }

    /// Runs it, and once more from that request of the first run on: before that arrives, or beside it.
    pub fn run_two(self, at: usize, waits: bool) -> (&'static dyn Stand, Sandbox, [Ran; 2]) {
        self.lay();
        let rans = inside::run_two([self.step(), self.step()], &self.sandbox, at, waits);
        (self.stand, self.sandbox, rans)
    }
}

/// A step that goes back within so many seconds.
pub fn step(stand: &'static dyn Stand, sandbox: &Sandbox, seconds: u64) -> Step {
    let name = stand.name();
    let step = Step::github().input("platform", name).input("api_url", &sandbox.url(name));
    let step = stand.inputs().into_iter().fold(step, |step, (name, value)| step.input(name, value));
    let step = stand.secrets().iter().fold(step, |step, text| step.secret(text)).input("timeout", "120s");
    step.input("if_live", "roll_back").input("roll_back_timeout", &format!("{seconds}s"))
}

/// Which one of its kind a request is.
fn nth(calls: &[Call], moment: usize) -> (Call, usize) {
    let call = calls[moment];
    (call, calls[..=moment].iter().filter(|seen| **seen == call).count())
}
