//! A sandbox with deployments that a run chooses from by a rule, and the events that such a run may come from.

use std::cell::Cell;
use std::collections::HashMap;

use serde_json::{Value, json};

use super::{One, Stage};
use crate::sandbox::{Call, Fault, Sandbox};
use crate::step::{Ran, Running, Step};

pub const HEAD: &str = "1111111111111111111111111111111111111111";
pub const MERGE: &str = "2222222222222222222222222222222222222222";
pub const OTHER: &str = "3333333333333333333333333333333333333333";
/// The repository of every deployment that is not a fork's.
pub const HOME: &str = "example/sample-app";

/// The inputs of a scope that guard nothing beside an id.
const ONLY_BESIDE_A_RULE: [&str; 1] = ["query"];

/// A running deployment of branch `main` and a commit of its own to no target.
pub fn one(number: usize) -> One {
    One::new(number, OTHER)
}

/// A sandbox with the deployments of a scope.
pub struct Scope {
    pub stage: Stage,
    pub sandbox: Sandbox,
    /// The largest number of a deployment there.
    most: Cell<usize>,
}

impl Stage {
    /// A sandbox with these deployments, to choose from.
    pub fn scope(self, all: impl IntoIterator<Item = One>) -> Scope {
        let scope = Scope { stage: self, sandbox: Sandbox::start(), most: Cell::new(9) };
        self.put_scopes(&scope.sandbox);
        let mut all: Vec<_> = all.into_iter().collect();
        if !self.traits().many {
            // Where one goes on at a time, what is over came before it.
            all.sort_by_key(|one| ["running", "queued"].contains(&one.course.states[0]));
        }
        for one in all {
            scope.put(&one);
        }
        scope
    }
}

impl Scope {
    /// A run of `superseded` that is held where it reads the kept one.
    pub fn held_before_the_kept_one(&self) -> Running {
        self.sandbox.fault(Call::Read, [Fault::HoldBefore]);
        let running = self.select("superseded").start();
        self.sandbox.wait_for(Call::Read, 1);
        running
    }

    /// Puts a deployment there, in the place of the one with its number.
    pub fn put(&self, one: &One) {
        self.stage.put_one(&self.sandbox, one);
        self.most.set(self.most.get().max(one.number));
    }

    /// A step in the first scope that says nothing about which deployment it means.
    pub fn step(&self) -> Step {
        let step = self.stage.step_at(&self.sandbox.url(self.stage.name())).without("INPUT_DEPLOYMENT_ID");
        let inputs = self.stage.select_inputs().unwrap().into_iter();
        let inputs = inputs.filter(|(name, _)| !ONLY_BESIDE_A_RULE.contains(name));
        inputs.fold(step, |step, (name, value)| step.input(name, value))
    }

    pub fn select(&self, rule: &str) -> Step {
        let inputs = self.stage.select_inputs().unwrap().into_iter();
        inputs.fold(self.step(), |step, (name, value)| step.input(name, value)).input("select", rule)
    }

    /// The numbers of the deployments that requests of one kind named, in order; 0 for one that names only the scope.
    pub fn named(&self, call: Call) -> Vec<usize> {
        let numbers = 1..=self.most.get();
        let known: HashMap<_, _> = numbers.map(|number| (self.stage.id(number), number)).collect();
        let all = self.sandbox.requests().into_iter().filter(|seen| seen.call == call);
        let named = all.map(|seen| {
            let body = String::from_utf8_lossy(&seen.body).into_owned();
            let mut parts = seen.path.split('/').chain(body.split('"'));
            parts.find_map(|part| known.get(part).copied()).unwrap_or(0)
        });
        named.collect()
    }

    /// The numbers of the deployments that were asked to stop, each as often as it was asked.
    pub fn asked(&self) -> Vec<usize> {
        let mut numbers = self.named(Call::Cancel);
        if numbers.contains(&0) {
            // A request that names only the scope is told by what it stopped.
            numbers.retain(|number| *number > 0);
            let effective = |number: &usize| self.sandbox.effective_cancels(&self.stage.id(*number)) > 0;
            let stopped = (1..=self.most.get()).filter(|number| !numbers.contains(number) && effective(number));
            numbers.extend(stopped.collect::<Vec<_>>());
        }
        numbers.sort_unstable();
        numbers
    }

    pub fn lists(&self) -> usize {
        self.sandbox.count(Call::List)
    }

    pub fn calls(&self) -> Vec<Call> {
        let all = self.sandbox.requests().into_iter();
        all.map(|seen| seen.call).collect()
    }

    /// Asserts that a step cancels exactly these.
    #[track_caller]
    pub fn cancels(&self, step: Step, numbers: &[usize]) -> Ran {
        let ran = step.run();
        ran.ended("canceled", 0);
        assert_eq!(self.asked(), numbers, "\n{}", ran.stdout);
        assert_eq!(ran.output("count"), numbers.len().to_string());
        ran
    }

    /// Asserts that a step finds nothing to cancel, and is content.
    #[track_caller]
    pub fn idles(&self, step: Step) -> Ran {
        let ran = step.run();
        ran.ended("nothing_to_cancel", 0);
        assert_eq!(self.asked(), [0; 0]);
        ran
    }

    /// Asserts that a step ends as an error before anything was asked to stop.
    #[track_caller]
    pub fn errs(&self, step: Step) -> Ran {
        let ran = step.run();
        ran.ended("error", 1);
        assert_eq!(self.asked(), [0; 0]);
        ran
    }

    /// Asserts that a step is bad input that says so in these words, and that nothing was sent.
    #[track_caller]
    pub fn refuses(&self, step: Step, words: &[&str]) -> Ran {
        step.refused(&self.sandbox, words)
    }
}

/// A step of a run for a push to a branch of the home repository.
pub fn on_push(step: Step, branch: &str, commit: &str) -> Step {
    step.var("GITHUB_EVENT_NAME", "workflow_dispatch")
        .var("GITHUB_REPOSITORY", HOME)
        .var("GITHUB_REF", &format!("refs/heads/{branch}"))
        .var("GITHUB_REF_NAME", branch)
        .var("GITHUB_REF_TYPE", "branch")
        .var("GITHUB_SHA", commit)
}

/// A step of a run for an event of the home repository, with the event's file.
pub fn on_event(step: Step, name: &str, event: &Value) -> Step {
    let file = step.file("event.json");
    std::fs::write(&file, event.to_string()).unwrap();
    on_push(step, "main", MERGE).var("GITHUB_EVENT_NAME", name).var("GITHUB_EVENT_PATH", file.to_str().unwrap())
}

/// A step of a run for a pull request of a branch of the given repository.
pub fn on_pull(step: Step, name: &str, repository: &str, branch: &str) -> Step {
    let event = json!({"number": 4, "pull_request": {
        "head": {"sha": HEAD, "ref": branch, "repo": {"full_name": repository}},
        "base": {"sha": MERGE, "ref": "main", "repo": {"full_name": HOME}},
    }});
    let step = on_event(step, name, &event).var("GITHUB_HEAD_REF", branch);
    if name == "pull_request" {
        step.var("GITHUB_REF", "refs/pull/4/merge").var("GITHUB_REF_NAME", "4/merge")
    } else {
        step
    }
}

/// A step of a run that follows another workflow's.
pub fn on_workflow_run(step: Step, repository: &str, branch: &str) -> Step {
    let event = json!({
        "repository": {"full_name": HOME},
        "workflow_run": {
            "head_sha": HEAD,
            "head_branch": branch,
            "head_repository": {"full_name": repository},
        },
    });
    on_event(step, "workflow_run", &event)
}

pub fn rate_limit() -> Fault {
    Fault::RetryAfter { status: 429, value: "1".to_owned() }
}

/// What stands in the reason where no list could be read.
pub fn not_listed(stage: Stage) -> &'static str {
    if stage.traits().many {
        "This run could not list the deployments"
    } else {
        "This run could not read the environment's queue"
    }
}

/// Finished deployments with these numbers.
pub fn finished(numbers: impl IntoIterator<Item = usize>) -> Vec<One> {
    let all = numbers.into_iter();
    all.map(|number| one(number).state("failed")).collect()
}

/// An event of Vercel about a deployment of its own.
pub fn dispatch_of(action: &str) -> Value {
    json!({"action": action, "client_payload": {
        "id": "dpl_1",
        "url": "https://web-1.vercel.app",
        "git": {"sha": HEAD, "ref": "main"},
    }})
}
