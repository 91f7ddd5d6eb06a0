//! Why it ended as it did, as a report tells it: the cause, the cure, then what the platform answered.

use crate::cancel::Verdict;
use crate::text::shown::Shown;

/// A reason in its parts, each a sentence or empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Why {
    /// What happened.
    pub(super) cause: Shown,
    /// What to change.
    pub(super) hint: Shown,
    /// What came back, in the platform's own words, with status and request id.
    pub(super) answer: Shown,
}

impl Why {
    /// The parts of a verdict, which `show` makes fit to be shown.
    pub(super) fn new(verdict: &Verdict, show: impl Fn(&str) -> Shown) -> Self {
        let Verdict { reason, addition, .. } = verdict;
        let cause = join(reason.cause(), addition.as_deref());
        Self { cause: show(&cause), hint: show(&reason.hint()), answer: show(&reason.answer().unwrap_or_default()) }
    }

    /// All of it in one line.
    pub(super) fn sentence(&self) -> Shown {
        let parts = [&self.cause, &self.hint, &self.answer].into_iter().filter(|part| !part.is_empty());
        Shown::join(parts.cloned(), " ")
    }
}

/// The reason of a verdict as an output: everything but what to change.
pub(super) fn reason(verdict: &Verdict) -> String {
    join(verdict.reason.to_string(), verdict.addition.as_deref())
}

fn join(first: String, second: Option<&str>) -> String {
    second.map_or_else(|| first.clone(), |second| format!("{first} {second}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::{Failure, Kind};
    use crate::model::outcome::Outcome;
    use crate::model::reason::{Before, Reason};
    use crate::text::sanitizer::Sanitizer;

    #[test]
    fn the_cause_comes_first_then_the_cure_then_what_was_answered() {
        let failure = Failure {
            action: "read the deployment".to_owned(),
            status: Some(403),
            request_id: Some("req-1".to_owned()),
            ..Failure::own(Kind::Forbidden, "Not yours", "Grant it.")
        };
        let mut verdict = Verdict::new(Outcome::Error, Reason::failed(failure, Before::None));
        verdict.addition = Some("What was applied stays.".to_owned());
        let sanitizer = Sanitizer::default();
        let said = "The answer was 403 \"Not yours\" (request req-1).";
        let cause = "This run could not read the deployment; nothing was canceled.";
        let sentence = format!("{cause} What was applied stays. Grant it. {said}");
        assert_eq!(Why::new(&verdict, |text| sanitizer.redact(text)).sentence().as_str(), sentence);
    }
}
