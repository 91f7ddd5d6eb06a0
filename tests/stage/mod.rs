//! A platform with deployments, told in our own words, and the step that cancels them.

use std::ops::Deref;

use cancel_deployment::platform::PlatformInfo;
use cancel_deployment::platform::register::named;
use cancel_deployment::select::Select;

mod back;
pub mod by_id;
mod choice;
mod scene;

use crate::platform::platforms;
use crate::sandbox::{self, Call, STANDS, Sandbox, Stand};
use crate::step::Step;

pub use crate::sandbox::{Course, One};
pub use choice::{
    HEAD, HOME, MERGE, OTHER, Scope, dispatch_of, finished, not_listed, on_event, on_pull, on_push, on_workflow_run,
    one, rate_limit,
};
pub use scene::{Scene, first_reads, gap, racing, retry_after, run_together, watched};

macro_rules! stages {
    (; $($platform:ident $module:ident,)+) => {
        /// A platform.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Stage {
            $($platform,)+
        }

        impl Deref for Stage {
            type Target = dyn Stand;

            fn deref(&self) -> &Self::Target {
                match self {
                    $(Self::$platform => &sandbox::$module::Stand,)+
                }
            }
        }
    };
}
sandbox::platforms!(stages;);

/// A test for each platform: `every_platform!(name, |stage| { … });`
macro_rules! every_platform {
    ($name:ident, $body:expr) => {
        crate::sandbox::platforms!(crate::stage::on; $name, $body);
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
    ($name:ident, $body:expr; $($platform:ident $module:ident,)+) => {
        mod $name {
            #[allow(unused_imports, reason = "a body may need nothing of its file")]
            use super::*;

            fn check(stage: crate::stage::Stage) {
                let body: fn(crate::stage::Stage) = $body;
                body(stage);
            }

            $(#[test]
            fn $module() {
                check(crate::stage::Stage::$platform);
            })+
        }
    };
}
pub(crate) use on;

#[test]
fn every_platform_of_the_register_has_a_stand() {
    let register: Vec<_> = platforms().iter().map(|info| info.about.id).collect();
    let stands: Vec<_> = STANDS.iter().map(|stand| stand.name()).collect();
    assert_eq!(register, stands, "one line for each platform in `platforms!` (tests/sandbox/platforms/mod.rs)");
}

#[test]
fn a_platform_that_can_choose_says_how() {
    for (info, stand) in platforms().iter().zip(STANDS) {
        let says_how = stand.about().choice.is_some();
        assert_eq!(
            says_how,
            !info.selects.is_empty(),
            "`choice` of the stand of {}, after its `selects`",
            stand.name()
        );
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
    for (info, stand) in platforms().iter().zip(STANDS) {
        for (state, name) in [
            (State::Queued, "queued"),
            (State::Running, "running"),
            (State::Canceling, "canceling"),
            (State::Canceled, "canceled"),
            (State::Succeeded, "succeeded"),
            (State::Failed, "failed"),
            (State::Superseded, "superseded"),
        ] {
            let by_message = info.messages.iter().map(|(_, _, other)| other);
            let is_there = info.states.iter().map(|(_, other)| other).chain(by_message).any(|other| *other == state);
            assert_eq!(stand.has(name), is_there, "{name} on {}", stand.name());
            let means = |told: &str| match told.split_once(": ") {
                Some((word, message)) if !info.messages.is_empty() => {
                    let mut known = info.messages.iter();
                    let known = known.find(|(own, beside, _)| own.eq_ignore_ascii_case(word) && *beside == message);
                    known.map_or(info.state(word), |(_, _, state)| *state)
                }
                _ => info.state(told),
            };
            assert!(stand.about().told(name).is_none_or(|told| means(told) == state), "{name} on {}", stand.name());
        }
    }
}

impl Stage {
    /// What the register says of it.
    pub fn info(self) -> &'static PlatformInfo {
        named(&platforms(), self.name()).unwrap()
    }

    /// Whether it can choose by that rule, and there can be anything to choose.
    pub fn selects(self, rule: Select) -> bool {
        let is_always_idle = rule == Select::Superseded && self.traits().supersedes;
        self.info().selects.contains(&rule) && !is_always_idle
    }

    /// Those of these deployments, put into one scope one after the other, that are still in flight.
    pub fn still(self, numbers: &[usize]) -> Vec<usize> {
        let ended = if self.traits().supersedes { numbers.len().saturating_sub(1) } else { 0 };
        numbers[ended..].to_vec()
    }

    /// Whether its deployments go to targets, as its inputs say.
    pub fn has_targets(self) -> bool {
        self.info().inputs.iter().any(|input| input.name == "target")
    }

    /// Those of the rules by which it can choose.
    pub fn rules<const N: usize>(self, all: [&'static str; N]) -> impl Iterator<Item = &'static str> {
        all.into_iter().filter(move |rule| self.follows(rule))
    }

    /// The same by the rule of that name.
    pub fn follows(self, rule: &str) -> bool {
        self.info().selects.iter().any(|one| one.word() == rule && self.selects(*one))
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

    /// The commit of the deployment with that number, where a test has made it from this one.
    pub fn commit(self, number: usize, made_from: &str) -> String {
        if self.traits().ids_are_commits { self.id(number) } else { made_from.to_owned() }
    }

    /// Whether two deployments can be of one commit, and one of none.
    pub fn has_commits_beside_ids(self) -> bool {
        !self.traits().ids_are_commits
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
        Scene::new(self, sandbox, courses.len())
    }
}
