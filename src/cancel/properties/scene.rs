//! A scene: what is asked for, and what every request of it meets.

use std::time::Duration;

use crate::cancel::{Action, Event, Plan};
use crate::model::answers::{Accepted, Exclusion, Found};
use crate::model::deployment::{Deployment, Live, State};
use crate::model::failure::{Failure, Kind};
use crate::model::outcome::Outcome;
use crate::model::reason::{Missing, Refusal};

/// One run of one procedure, up to what is answered when the list of answers is at its end.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) plan: Plan,
    pub(super) may_be_unseen: bool,
    /// When it begins, in thousandths of the limit.
    pub(super) begins: u32,
    pub(super) turns: Vec<Turn>,
    pub(super) signal: Option<Heard>,
}

/// What one request meets: only the half that fits is used.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    /// How long it waits for its turn, and for its answer.
    pub(super) queued: Duration,
    pub(super) took: Duration,
    /// How much too late a pause ends before it.
    pub(super) late: Duration,
    pub(super) read: Read,
    pub(super) answer: Answer,
}

#[derive(Clone, Debug)]
pub(super) enum Read {
    Here(Seen),
    Missing,
    Nothing,
    Excluded(Seen),
    Failed(Kind, Option<Duration>),
}

#[derive(Clone, Debug)]
pub(super) enum Answer {
    Yes(Option<(State, bool)>),
    No(Kind, Option<Duration>),
}

/// A deployment as it may be shown.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) id: &'static str,
    pub(super) state: State,
    pub(super) settled: bool,
    pub(super) unexplained: bool,
    pub(super) live: Live,
    pub(super) branch: Option<&'static str>,
    pub(super) commit: Option<&'static str>,
}

/// A signal.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    /// Before this request, counted from zero.
    pub(super) at: usize,
    /// Not before it but while it is on the wire.
    pub(super) on_the_wire: bool,
    /// The answer still comes in time.
    pub(super) answered: bool,
}

pub(super) const BRANCH: &str = "main";
pub(super) const COMMIT: &str = "1111111aaaaaaa";
pub(super) const SHORT_COMMIT: &str = "1111111";
pub(super) const STATES: [State; 9] = [
    State::Queued,
    State::Running,
    State::Canceling,
    State::Canceled,
    State::Succeeded,
    State::Failed,
    State::Superseded,
    State::Ended,
    State::Unknown,
];

impl Seen {
    pub(super) fn deployment(&self) -> Deployment {
        Deployment {
            state: self.state,
            platform_state: format!("P_{}", self.state.word()),
            settled: self.settled,
            unexplained: self.unexplained,
            live: self.live,
            branch: self.branch.map(str::to_owned),
            commit: self.commit.map(str::to_owned),
            ..Deployment::without_reading(self.id)
        }
    }
}

fn excluded(outcome: Outcome, seen: Option<&Seen>) -> Found {
    let seen = seen.map(|seen| Box::new(seen.deployment()));
    Found::Excluded(Exclusion { outcome, seen, why: Refusal::Own("it is another thing".to_owned()) })
}

pub(super) fn failure(kind: Kind, not_before: Option<Duration>, now: Duration) -> Failure {
    Failure {
        status: (kind == Kind::Limited).then_some(429),
        not_before: not_before.map(|after| now + after),
        ..Failure::own(kind, "it said so", "look there")
    }
}

impl Turn {
    pub(super) fn event(&self, action: &Action, now: Duration) -> Event {
        if let Action::Cancel(known) = action {
            return Event::Answered(match &self.answer {
                Answer::Yes(shown) => Ok(Accepted {
                    deployment: shown.map(|(state, settled)| {
                        Box::new(Deployment {
                            state,
                            settled,
                            platform_state: format!("P_{}", state.word()),
                            ..(**known).clone()
                        })
                    }),
                    status: 200,
                    request_id: None,
                }),
                Answer::No(kind, not_before) => Err(failure(*kind, *not_before, now)),
            });
        }
        Event::Read(match &self.read {
            Read::Here(seen) => Ok(Found::Here(Box::new(seen.deployment()))),
            Read::Missing => Ok(Found::Missing(Missing::Gone("d-1".to_owned()))),
            Read::Nothing => Ok(excluded(Outcome::NothingToCancel, None)),
            Read::Excluded(seen) => Ok(excluded(Outcome::Skipped, Some(seen))),
            Read::Failed(kind, not_before) => Err(failure(*kind, *not_before, now)),
        })
    }
}
