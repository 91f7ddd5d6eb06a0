//! One deployment on either platform, told in our own words, and the step that cancels it.

use crate::sandbox::{Call, CancelAnswer, Fault, Grant, Sandbox, Seen, TOKEN};
use crate::sandbox::{digitalocean, vercel};
use crate::step::{Ran, Step};

/// A platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    DigitalOcean,
    Vercel,
}

/// A test for each platform: `both!(name, |stage| { … });`
macro_rules! both {
    ($name:ident, $body:expr) => {
        mod $name {
            use super::*;

            fn check(stage: Stage) {
                let body: fn(Stage) = $body;
                body(stage);
            }

            #[test]
            fn on_digitalocean() {
                check(Stage::DigitalOcean);
            }

            #[test]
            fn on_vercel() {
                check(Stage::Vercel);
            }
        }
    };
}
pub(crate) use both;

/// What a deployment goes through, in our words; a word that is not ours is the platform's.
#[derive(Clone, Debug)]
pub struct Course {
    states: Vec<&'static str>,
    after_cancel: Vec<&'static str>,
    answer: Option<&'static str>,
    finished_cancel: u16,
}

impl Course {
    /// Shows these states, one for each read; a cancel that takes effect ends it as canceled.
    pub fn of(states: &[&'static str]) -> Self {
        Self { states: states.to_vec(), after_cancel: vec!["canceled"], answer: None, finished_cancel: 400 }
    }

    /// Runs until it is canceled.
    pub fn running() -> Self {
        Self::of(&["running"])
    }

    /// The states from the moment a cancel takes effect.
    pub fn then(mut self, states: &[&'static str]) -> Self {
        self.after_cancel = states.to_vec();
        self
    }

    /// The state in a cancel's answer, whatever is true.
    pub fn answering(mut self, state: &'static str) -> Self {
        self.answer = Some(state);
        self
    }

    /// The status of a cancel's answer once it has ended.
    pub fn refusing_with(mut self, status: u16) -> Self {
        self.finished_cancel = status;
        self
    }
}

impl Stage {
    /// As `platform` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DigitalOcean => "digitalocean",
            Self::Vercel => "vercel",
        }
    }

    /// The id of the deployment with that number.
    pub fn id(self, number: usize) -> String {
        match self {
            Self::DigitalOcean => format!("dep-{number}"),
            Self::Vercel => format!("dpl_{number}"),
        }
    }

    /// The platform's word for a state of ours.
    pub fn word(self, state: &str) -> &str {
        match (self, state) {
            (Self::DigitalOcean, "queued") => "PENDING_BUILD",
            (Self::DigitalOcean, "succeeded") => "ACTIVE",
            (Self::Vercel, "queued") => "QUEUED",
            (Self::Vercel, "succeeded") => "READY",
            (_, "running") => "BUILDING",
            (_, "canceled") => "CANCELED",
            (_, "failed") => "ERROR",
            (_, "superseded") => "SUPERSEDED",
            (_, own) => own,
        }
    }

    /// The right that a token needs to cancel, as a message must name it.
    pub fn right(self) -> &'static str {
        match self {
            Self::DigitalOcean => "app:update",
            Self::Vercel => "may change deployments",
        }
    }

    /// A deployment as this platform answers it.
    pub fn body(self, id: &str, state: &str) -> String {
        let word = self.word(state);
        match self {
            Self::DigitalOcean => serde_json::json!({"deployment": {"id": id, "phase": word}}).to_string(),
            Self::Vercel => serde_json::json!({"id": id, "readyState": word}).to_string(),
        }
    }

    /// Adds a deployment.
    pub fn add(self, sandbox: &Sandbox, number: usize, course: &Course) {
        let words = |states: &[&'static str]| -> Vec<String> {
            states.iter().map(|state| self.word(state).to_owned()).collect()
        };
        let (states, after) = (words(&course.states), words(&course.after_cancel));
        let answer =
            course.answer.map_or(CancelAnswer::Current, |state| CancelAnswer::Word(self.word(state).to_owned()));
        match self {
            Self::DigitalOcean => sandbox.add(
                digitalocean::Deployment::new("app-1", &self.id(number))
                    .states(states)
                    .after_cancel(after)
                    .cancel_answer(answer)
                    .finished_cancel(course.finished_cancel),
            ),
            Self::Vercel => sandbox.add(
                vercel::Deployment::new("prj_1", "web", &self.id(number))
                    .states(states)
                    .after_cancel(after)
                    .cancel_answer(answer)
                    .finished_cancel(course.finished_cancel),
            ),
        };
    }

    /// A step that cancels the deployment with number 1, with an API at any address.
    pub fn step_at(self, api_url: &str) -> Step {
        let step = Step::github()
            .input("platform", self.name())
            .input("api_url", api_url)
            .input("token", TOKEN)
            .input("deployment_id", &self.id(1))
            .input("timeout", "20");
        match self {
            Self::DigitalOcean => step.input("app_id", "app-1"),
            Self::Vercel => step,
        }
    }

    /// A scene with one deployment.
    pub fn play(self, course: &Course) -> Scene {
        self.play_all(std::slice::from_ref(course))
    }

    /// A scene with several deployments.
    pub fn play_all(self, courses: &[Course]) -> Scene {
        let sandbox = Sandbox::start();
        for (number, course) in courses.iter().enumerate() {
            self.add(&sandbox, number + 1, course);
        }
        Scene { stage: self, sandbox, count: courses.len() }
    }
}

/// A sandbox with deployments on it.
pub struct Scene {
    pub stage: Stage,
    pub sandbox: Sandbox,
    count: usize,
}

impl Scene {
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

    /// The kinds of all requests, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.sandbox.requests().iter().map(|seen| seen.call).collect()
    }

    /// The requests of one kind, in order.
    pub fn seen(&self, call: Call) -> Vec<Seen> {
        let all = self.sandbox.requests().into_iter();
        all.filter(|seen| seen.call == call).collect()
    }
}

/// Runs several scenes at the same time.
pub fn run_together(scenes: &[Scene]) -> Vec<Ran> {
    let running: Vec<_> = scenes.iter().map(|scene| scene.step().start()).collect();
    running.into_iter().map(crate::step::Running::wait).collect()
}
