//! A platform with deployments, told in our own words, and the step that cancels them.

use std::ops::Deref;

use cancel_deployment::platform::PlatformInfo;
use cancel_deployment::platform::register::named;
use cancel_deployment::select::Select;

use crate::sandbox::{self, Call, Fault, Grant, STANDS, Sandbox, Seen, Stand, TOKEN};
use crate::step::{Ran, Step};

pub use crate::sandbox::{Course, One};

/// A platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    DigitalOcean,
    CloudFoundry,
    Datadog,
    Vercel,
    Qovery,
    Render,
    Railway,
}

impl Deref for Stage {
    type Target = dyn Stand;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::DigitalOcean => &sandbox::digitalocean::Stand,
            Self::CloudFoundry => &sandbox::cloud_foundry::Stand,
            Self::Datadog => &sandbox::datadog::Stand,
            Self::Vercel => &sandbox::vercel::Stand,
            Self::Qovery => &sandbox::qovery::Stand,
            Self::Render => &sandbox::render::Stand,
            Self::Railway => &sandbox::railway::Stand,
        }
    }
}

/// A test for each platform: `every_platform!(name, |stage| { … });`
macro_rules! every_platform {
    ($name:ident, $body:expr) => {
        crate::stage::on!($name, $body; on_digitalocean DigitalOcean, on_cloud_foundry CloudFoundry,
            on_datadog Datadog, on_vercel Vercel, on_qovery Qovery, on_render Render,
            on_railway Railway);
    };
}
pub(crate) use every_platform;

/// A test for each platform that can choose by a rule, as its register says: `every_selecting!(name, Latest, |stage| { … });`
macro_rules! every_selecting {
    ($name:ident, $rule:ident, $body:expr) => {
        crate::stage::every_platform!($name, |stage| {
            if stage.selects(cancel_deployment::select::Select::$rule) {
                let body: fn(crate::stage::Stage) = $body;
                body(stage);
            }
        });
    };
}
pub(crate) use every_selecting;

macro_rules! on {
    ($name:ident, $body:expr; $($test:ident $platform:ident),+) => {
        mod $name {
            use super::*;

            fn check(stage: crate::stage::Stage) {
                let body: fn(crate::stage::Stage) = $body;
                body(stage);
            }

            $(#[test]
            fn $test() {
                check(crate::stage::Stage::$platform);
            })+
        }
    };
}
pub(crate) use on;

#[test]
fn every_platform_of_the_register_has_a_stand() {
    let register = cancel_deployment::platform::register::REGISTER.iter().map(|info| info.about.id);
    let stands = STANDS.iter().map(|stand| stand.name());
    assert!(
        register.eq(stands),
        "each platform needs a line in STANDS (tests/sandbox/stand.rs) and in every_platform!"
    );
}

#[test]
fn every_test_for_each_platform_is_made_for_each() {
    let own = include_str!("mod.rs");
    let (_, made) = own.split_once("macro_rules! every_platform").unwrap();
    let (made, _) = made.split_once("};").unwrap();
    for stand in STANDS {
        assert!(made.contains(&format!("on_{} ", stand.name())), "every_platform! lacks on_{}", stand.name());
    }
}

#[test]
fn every_platform_has_a_letter_of_its_own_in_tables() {
    let letters: std::collections::BTreeSet<_> = STANDS.iter().map(|stand| stand.letter()).collect();
    assert_eq!(letters.len(), STANDS.len());
}

#[test]
fn a_state_that_a_platform_has_can_be_tried_there() {
    use cancel_deployment::model::deployment::State;
    for (info, stand) in cancel_deployment::platform::register::REGISTER.iter().zip(STANDS) {
        for (state, name) in [
            (State::Queued, "queued"),
            (State::Running, "running"),
            (State::Canceling, "canceling"),
            (State::Canceled, "canceled"),
            (State::Succeeded, "succeeded"),
            (State::Failed, "failed"),
            (State::Superseded, "superseded"),
        ] {
            let is_there = info.states.iter().any(|(_, other)| *other == state);
            assert_eq!(stand.has(name), is_there, "{name} on {}", stand.name());
            assert!(stand.word(name).is_none_or(|word| info.state(word) == state), "{name} on {}", stand.name());
        }
    }
}

impl Stage {
    /// What the register says of it.
    pub fn info(self) -> &'static PlatformInfo {
        named(self.name()).unwrap()
    }

    /// Whether it can choose by that rule.
    pub fn selects(self, rule: Select) -> bool {
        self.info().selects.contains(&rule)
    }

    /// Whether its deployments go to targets, as its inputs say.
    pub fn has_targets(self) -> bool {
        self.info().inputs.iter().any(|input| input.name == "target")
    }

    /// Those of the rules by which it can choose.
    pub fn rules<const N: usize>(self, all: [&'static str; N]) -> impl Iterator<Item = &'static str> {
        all.into_iter().filter(move |rule| self.follows(rule))
    }

    /// Whether it can choose by the rule of that name.
    pub fn follows(self, rule: &str) -> bool {
        self.info().selects.iter().any(|one| one.word() == rule)
    }

    /// How one ends here that comes to nothing by itself.
    pub fn lost(self) -> &'static str {
        if self.has("failed") { "failed" } else { "canceled" }
    }

    /// How one waits here that has not begun.
    pub fn waits(self) -> &'static str {
        if self.has("queued") { "queued" } else { "running" }
    }

    /// Whether branches divide its deployments: only there is a rule about them.
    pub fn has_branches(self) -> bool {
        self.selects(Select::Branch)
    }

    /// The requests up to the first cancel request.
    pub fn asks(self) -> Vec<Call> {
        let mut calls = vec![Call::Read; self.traits().reads_before];
        calls.push(Call::Cancel);
        calls
    }

    /// A step that cancels the deployment with number 1, with an API at any address.
    pub fn step_at(self, api_url: &str) -> Step {
        self.with_inputs(Step::github(), api_url).input("deployment_id", &self.id(1)).input("timeout", "20")
    }

    /// A step of any CI system with the inputs of this platform besides the common ones.
    pub fn with_inputs(self, step: Step, api_url: &str) -> Step {
        let step = step.input("platform", self.name()).input("api_url", api_url);
        let step = self.inputs().into_iter().fold(step, |step, (name, value)| step.input(name, value));
        self.secrets().iter().fold(step, |step, text| step.secret(text))
    }

    /// A scene with one deployment.
    pub fn play(self, course: &Course) -> Scene {
        self.play_all(std::slice::from_ref(course))
    }

    /// A scene with several deployments.
    pub fn play_all(self, courses: &[Course]) -> Scene {
        let sandbox = Sandbox::start();
        for (number, course) in courses.iter().enumerate() {
            self.put(&sandbox, number + 1, course);
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
