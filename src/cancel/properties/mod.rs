//! What holds whatever is answered, in whatever order and however late, by an observer who knows nothing of the steps.
//!
//! The cases are the same every time. `PROPTEST_RNG_SEED` and `PROPTEST_CASES` look at others, and at more of them.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::{Action, Event, Procedure};
use crate::model::deployment::Deployment;
use crate::model::failure::Kind;
use observer::{Checked, Observer, Signal};
use scene::{Answer, Heard, Read, Scene, Turn};
use strategies::any_scene;

mod cases;
mod observer;
mod scene;
mod strategies;

/// Afterwards nothing new is said, and time passes.
fn silence(limit: Duration) -> Turn {
    Turn {
        queued: Duration::ZERO,
        took: limit / 40,
        late: Duration::ZERO,
        read: Read::Failed(Kind::Server, None),
        answer: Answer::No(Kind::Server, None),
    }
}

/// A scene being played the way a run does it.
struct Play<'a> {
    scene: &'a Scene,
    now: Duration,
    procedure: Procedure,
    observer: Observer<'a>,
    requests: usize,
    signal: Option<Signal>,
}

impl<'a> Play<'a> {
    fn new(scene: &'a Scene) -> Self {
        let now = scene.plan.limit * scene.begins / 1000;
        let unseen = scene.may_be_unseen.then(|| Deployment::without_reading("d-1"));
        let procedure = Procedure::new(scene.plan.clone(), unseen, now);
        Self { scene, now, procedure, observer: Observer::new(scene), requests: 0, signal: None }
    }

    /// Up to the end or the signal, every step judged.
    fn run(&mut self) -> Checked {
        let last = silence(self.scene.plan.limit);
        let mut action = self.procedure.first();
        for step in 0.. {
            prop_assert!(step < 2 * self.scene.turns.len() + 200, "it does not end");
            let turn = self.scene.turns.get(self.requests).unwrap_or(&last);
            match self.step(&action, turn)? {
                Some(next) => action = next,
                None => break,
            }
        }
        Ok(())
    }

    /// Carries out one action; what follows, unless it is over.
    fn step(&mut self, action: &Action, turn: &Turn) -> Result<Option<Action>, TestCaseError> {
        let limit = self.scene.plan.limit;
        let heard = self.scene.signal.as_ref().filter(|heard| heard.at == self.requests);
        match action {
            Action::Done | Action::Conclude(_) => return Ok(None),
            _ if heard.is_some_and(|heard| !heard.on_the_wire) => {
                self.procedure.withdraw_unsent(action);
                self.procedure.interrupt(self.now);
                self.signal = Some(Signal::Heard);
                return Ok(None);
            }
            Action::Pause(until) => {
                prop_assert!(*until > self.now && *until <= limit, "a pause of {until:?}");
                self.now = *until + turn.late;
                return Ok(Some(self.procedure.next(self.now, Event::Woke)));
            }
            Action::Find | Action::Refresh(_) | Action::Cancel(_) => {}
        }
        prop_assert!(self.requests == 0 || self.now < limit, "work at the limit: {action:?}");
        self.now += turn.queued;
        if self.now >= limit {
            self.procedure.withdraw();
            let next = self.procedure.next(self.now, Event::Woke);
            prop_assert!(self.procedure.ending().is_some(), "it goes on after the limit");
            return Ok(Some(next));
        }
        self.observer.goes_out(self.now, action)?;
        self.requests += 1;
        Ok(self.answer(action, turn, heard))
    }

    /// The answer to a request comes in, or a signal while it is on the wire.
    fn answer(&mut self, action: &Action, turn: &Turn, heard: Option<&Heard>) -> Option<Action> {
        let sent = self.now;
        let Some(heard) = heard else {
            // A request has a limit, and its answer comes by the end of the run.
            self.now += turn.took.min(self.scene.plan.limit - self.now);
            self.observer.hears(self.now, turn.event(action, self.now));
            return Some(self.procedure.next(self.now, turn.event(action, sent)));
        };
        self.signal = Some(Signal::Heard);
        let is_cancel = matches!(action, Action::Cancel(_));
        if is_cancel && heard.answered {
            self.observer.hears(self.now, turn.event(action, self.now));
            let next = self.procedure.next(self.now, turn.event(action, sent));
            self.procedure.withdraw_unsent(&next);
        } else if is_cancel {
            self.signal = Some(Signal::OnTheWire);
        }
        self.procedure.interrupt(self.now);
        None
    }

    /// Whatever comes after the end changes nothing.
    fn stays_ended(&mut self) -> Checked {
        let before = format!("{:?}", self.procedure.ending());
        for turn in &self.scene.turns {
            for action in [Action::Find, Action::Cancel(Arc::new(Deployment::without_reading("d-1")))] {
                let next = self.procedure.next(self.now, turn.event(&action, self.now));
                prop_assert!(matches!(next, Action::Done), "work after the end");
            }
            prop_assert!(matches!(self.procedure.next(self.now, Event::Woke), Action::Done));
            self.procedure.interrupt(self.now);
        }
        prop_assert_eq!(format!("{:?}", self.procedure.ending()), before);
        Ok(())
    }
}

/// Plays a scene and judges it.
fn play(scene: &Scene) -> Checked {
    fastrand::seed(7);
    let mut play = Play::new(scene);
    play.run()?;
    play.observer.judge(play.now, &play.procedure, play.signal)?;
    play.stays_ended()
}

proptest! {
    #![proptest_config(cases::cases(5))]

    #[test]
    fn the_procedure_never_lies_and_never_asks_for_what_it_should_not(scene in any_scene()) {
        play(&scene)?;
    }
}
