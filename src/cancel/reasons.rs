//! The sentences that say why a deployment's run ended as it did. Each is one sentence, for people in a hurry.

use super::procedure::{Procedure, Step};
use crate::model::deployment::{Deployment, Live, State};
use crate::model::failure::{Failure, Kind};
use crate::model::outcome::Outcome;

impl Procedure {
    pub(super) fn interrupted_reason(&self) -> &'static str {
        let accepted = self.was_accepted();
        match (&self.step, self.was_asked()) {
            (Step::Asking, _) => {
                "A signal came while the cancel request was under way: it may or may not have taken effect."
            }
            (_, true) if accepted => {
                "A signal came after the cancel request had been sent and accepted; the end was not seen."
            }
            (_, true) => {
                "A signal came after the cancel request had been sent, before it was clear whether it took effect."
            }
            (_, false) if self.already_canceling && !self.turned_away => {
                "A signal came while it was being canceled already; no request of ours was sent."
            }
            (_, false) if self.turned_away => {
                "A signal came after the cancel request had been turned away by a rate limit (429), before it was sent again."
            }
            (_, false) => "A signal came before the cancel request was sent.",
        }
    }

    pub(super) fn requested_reason(&self) -> &'static str {
        if self.already_canceling {
            "It was being canceled already; the end was not waited for."
        } else if self.last.is_none() {
            "The platform accepted the cancel request; it may not be read with this credential, and the end was not waited for."
        } else {
            "The platform accepted the cancel request; the end was not waited for."
        }
    }

    pub(super) fn out_of_time_reason(&self) -> String {
        let accepted = self.was_accepted();
        let unclear_answer = self.unclear_answer.as_deref().filter(|_| !accepted);
        let last_failure = self.last_failure.as_ref().or(unclear_answer);
        let too_long = last_failure.and_then(|failure| failure.not_before);
        let seconds = self.plan.limit.as_secs();
        let limit = if too_long.is_some_and(|until| until >= self.plan.limit) {
            format!("and the platform allows no request before the limit of {seconds} s")
        } else {
            format!("at the limit of {seconds} s")
        };
        let last_failure = last_failure.map(|failure| format!("; last trouble: {failure}"));
        let last_failure = last_failure.unwrap_or_default();
        let asked = match &self.sent {
            _ if self.sends == 0 && self.already_canceling => "It was being canceled already",
            _ if self.sends == 0 && self.turned_away => "The cancel request was turned away by a rate limit (429)",
            _ if self.sends == 0 => "The cancel request was not sent",
            Some(sent) if sent.accepted => "The platform accepted the cancel request",
            _ => "The cancel request had been sent without a clear answer",
        };
        match &self.last {
            Some(last) => {
                let word = &last.platform_state;
                format!("{asked}, and it is still {word}{} {limit}{last_failure}.", note(last))
            }
            None => format!("{asked}, because it could not be read {limit}{last_failure}."),
        }
    }

    /// What became of the requests for one that ended without.
    fn unprocessed(&self) -> &'static str {
        if self.was_refused() {
            "; the platform refused the cancel request"
        } else if self.turned_away {
            "; the request had been turned away by a rate limit (429)"
        } else {
            "; no request was processed"
        }
    }

    /// What is known of one that got no clear yes and cannot be read any more; the cause follows.
    pub(super) fn unseen_reason(&self, answer: &Failure) -> String {
        // One that was refused after an unclear answer may have been refused because of the request before it.
        let asked = if answer.kind.is_ambiguous() || self.sends > 1 {
            "The cancel request had no clear answer"
        } else {
            "The platform refused the cancel request"
        };
        format!("{asked} ({answer}), and the state cannot be seen")
    }

    pub(super) fn ended_reason(&self, outcome: Outcome, last: &Deployment) -> String {
        let word = &last.platform_state;
        let note = note(last);
        let before = match self.first_word() {
            Some(before) if before != word => {
                format!("it was {before} when asked and ended {word}")
            }
            Some(_) => format!("it ended {word}"),
            None => format!("the answer to the request says {word}; it may not be read with this credential"),
        };
        match outcome {
            Outcome::Canceled if self.already_canceling || !self.was_asked() => self.canceled_by_others_reason(word),
            Outcome::Canceled if last.state == State::Ended => self.over_reason(&before),
            Outcome::Canceled if self.was_refused() => format!(
                "The platform refused the cancel request, and somebody else canceled it, or the platform itself: {before}."
            ),
            Outcome::Canceled => format!("{}.", capital(&before)),
            Outcome::Completed if last.live == Live::TakesDown => {
                format!("It ended before the cancellation could take effect, and nothing went live: {before}.")
            }
            Outcome::Completed if last.live == Live::Unpublished => {
                format!("It was built, not published, before the cancellation could take effect: {before}.")
            }
            Outcome::Completed if last.went_live().is_none() => format!(
                "It was built before the cancellation could take effect, and whether it went live is not known: {before}."
            ),
            Outcome::Completed => {
                format!("It went live before the cancellation could take effect: {before}.")
            }
            Outcome::Failed => {
                format!("It failed by itself before the cancellation could take effect: {before}{note}.")
            }
            Outcome::Superseded => {
                format!("A newer deployment took its place before the cancellation could take effect: {before}.")
            }
            Outcome::AlreadyLive | Outcome::AlreadyFinished => self.already_ended_reason(outcome, last, &before),
            _ => format!("It was asked to cancel and ended {word}, a word that does not tell how{note}."),
        }
    }

    /// It ended canceled, and no request of this run's did that.
    fn canceled_by_others_reason(&self, word: &str) -> String {
        let ours = if self.was_asked() {
            "the request was refused"
        } else if self.turned_away {
            "the request had been turned away by a rate limit (429)"
        } else {
            "nothing more was asked"
        };
        format!("It was being canceled already, {ours}, and it ended {word}.")
    }

    /// It is over and not live, and its last word does not tell how.
    fn over_reason(&self, before: &str) -> String {
        let answer = if self.was_accepted() {
            "The platform accepted the cancel request"
        } else {
            "The cancel request had no clear answer"
        };
        format!("{answer}, and it is over and not live: {before}, which does not tell how.")
    }

    /// It ended before any request was processed; `before` says from what to what.
    fn already_ended_reason(&self, outcome: Outcome, last: &Deployment, before: &str) -> String {
        let word = &last.platform_state;
        let note = note(last);
        let moved = self.first_word() != Some(word);
        match outcome {
            _ if self.first_word().is_none() => {
                format!("It is over and not live, and may have been before it was asked to cancel: {before}.")
            }
            Outcome::AlreadyLive if moved => {
                format!("It went live before a request could get through: {before}{}.", self.unprocessed())
            }
            _ if moved => {
                format!("It ended by itself before a request could get through: {before}{note}{}.", self.unprocessed())
            }
            Outcome::AlreadyLive if last.live != Live::ByState => {
                format!("It had gone live before anything was asked: it ended {word}, and nothing was sent.")
            }
            Outcome::AlreadyLive => {
                format!("It had succeeded before anything was asked: it ended {word}, and nothing was sent.")
            }
            _ if last.live == Live::Unpublished && last.state == State::Succeeded => {
                format!(
                    "It was built, not published: it had ended {word} before anything was asked, and nothing was sent."
                )
            }
            _ => format!("It had ended {word} before anything was asked{note}; nothing was sent."),
        }
    }
}

/// Why a clear no to the cancel request ends the run, for a deployment that is still to be seen.
pub(super) fn refused_reason(answer: &Failure, word: &str) -> String {
    match answer.kind {
        Kind::NotFound if answer.status == Some(410) => {
            format!("The cancel request was answered as if it were gone, and it is still {word}: {answer}.")
        }
        Kind::Unauthorized => format!(
            "It could be read and is still {word}, but this credential may not cancel it, or not any more: {answer}."
        ),
        Kind::Forbidden | Kind::NotFound => {
            format!("It can be read and is still {word}, but this credential may not cancel it: {answer}.")
        }
        kind if kind.may_have_been_sent() => {
            format!("The platform refused to cancel it and it is still {word}: {answer}.")
        }
        _ => {
            format!("The cancel request could not be sent again and it is still {word}: {answer}.")
        }
    }
}

/// What the platform says about the state.
fn note(last: &Deployment) -> String {
    let note = last.note.as_ref();
    note.map(|note| format!(" (\"{note}\")")).unwrap_or_default()
}

/// A sentence that begins with a capital letter, unless it begins with a name: `web-1.example.com` is not `Web-1`.
pub(crate) fn capital(sentence: &str) -> String {
    let first = sentence.split(' ').next().unwrap_or_default();
    if !first.chars().all(|c| c.is_ascii_lowercase()) {
        return sentence.to_owned();
    }
    let mut chars = sentence.chars();
    let first = chars.next().map(|first| first.to_uppercase().chain(chars).collect());
    first.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_with_a_capital_letter_and_a_name_stays_as_it_is() {
        for (sentence, shown) in [
            ("could not read it", "Could not read it"),
            ("App web has no", "App web has no"),
            ("web-1.example.com is an alias", "web-1.example.com is an alias"),
            ("dpl_x is another", "dpl_x is another"),
            ("4f6c71e2 is another", "4f6c71e2 is another"),
            ("", ""),
        ] {
            assert_eq!(capital(sentence), shown);
        }
    }
}
