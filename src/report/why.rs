//! Why something ended as it did: what happened, what to change, and what the platform said.

use serde::{Serialize, Serializer};

use crate::cancel::Verdict;
use crate::input::Spelling;
use crate::model::reason::KILLED;
use crate::text::sanitizer::Sanitizer;
use crate::text::shown::Shown;

/// The parts of an explanation, each on a line of its own where there is room.
#[derive(Clone, Debug, Default)]
pub(super) struct Why {
    /// All of what happened in one line, with the platform's words, where there are any.
    worded: Option<Shown>,
    /// What happened, without them.
    pub(super) cause: Shown,
    /// What to change; empty when nothing can be changed.
    pub(super) hint: Shown,
    /// What came back: the platform's own words with status and request id.
    pub(super) answer: Option<Shown>,
    /// Why nothing could be sent, in words for a heading.
    pub(super) in_short: Option<&'static str>,
    /// The states that were read say all of it.
    pub(super) is_plain: bool,
}

impl Why {
    /// The explanation of a verdict, with the names of inputs that the user knows.
    pub(super) fn new(verdict: &Verdict, sanitizer: &Sanitizer, spelling: &Spelling) -> Self {
        let Verdict { reason, addition, way_back, .. } = verdict;
        let addition = addition.as_ref().map(|addition| format!(" {}", spelling.respell(addition))).unwrap_or_default();
        let cause = sanitizer.redact(&(reason.cause() + &addition));
        let answer = reason.answer().map(|answer| sanitizer.redact(&answer));
        let hint = [spelling.respell(&reason.hint()), way_back.clone().unwrap_or_default()];
        let hint = hint.iter().map(String::as_str).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        Self {
            worded: answer.as_ref().map(|_| sanitizer.redact(&format!("{reason}{addition}"))),
            cause,
            hint: sanitizer.redact(&hint),
            answer,
            in_short: reason.in_short(),
            is_plain: addition.is_empty() && way_back.is_none() && reason.is_plain(),
        }
    }

    /// That of a run that is killed: our own words, for however many deployments.
    pub(super) fn killed() -> Self {
        Self { cause: Shown::from(KILLED), ..Self::default() }
    }

    /// All of what happened in one line.
    pub(super) fn one_line(&self) -> &Shown {
        self.worded.as_ref().unwrap_or(&self.cause)
    }

    /// What happened and what to change.
    pub(super) fn sentence(&self) -> Shown {
        if self.hint.is_empty() { self.cause.clone() } else { Shown::of(&[&self.cause, &" ", &self.hint]) }
    }
}

impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.one_line().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::{Failure, Kind};
    use crate::model::outcome::Outcome;
    use crate::model::reason::Reason;

    #[test]
    fn the_cause_comes_first_then_the_cure_then_what_was_answered() {
        let failure = Failure {
            action: "read the deployment".to_owned(),
            status: Some(403),
            request_id: Some("req-1".to_owned()),
            ..Failure::own(Kind::Forbidden, "Not yours", "Grant it.")
        };
        let mut verdict = Verdict::new(Outcome::Error, Reason::failed(failure));
        verdict.addition = Some("What was applied stays.".to_owned());
        let why = Why::new(&verdict, &Sanitizer::default(), &Spelling::PLAIN);
        let cause = "This run could not read the deployment. What was applied stays.";
        assert_eq!(why.sentence().as_str(), format!("{cause} Grant it."));
        assert_eq!(why.answer.as_deref(), Some("The answer was 403 \"Not yours\" (request req-1)."));
        assert_eq!(why.in_short, Some("the credential lacks a right"));
    }
}
