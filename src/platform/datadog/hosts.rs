//! What became of the hosts of a deployment, counted.

use serde_json::{Map, Value};

use super::surface::state;
use crate::api::wire::{Maybe, Text, fields};
use crate::model::deployment::{State, details};

/// What is said where nobody knows.
pub(super) const NOT_COUNTED: &str = "How many hosts it had changed is not known";

pub(super) const TOTAL: &str = "total_hosts";
const UPDATED: &str = "updated_hosts";
const UNTOUCHED: &str = "untouched_hosts";
const FAILED: &str = "failed_hosts";
const RUNNING: &str = "running_hosts";
const CANCELED: &str = "canceled_hosts";
const SKIPPED: &str = "skipped_hosts";

/// The counts as one sentence.
pub(super) fn sentence_of(counts: &Map<String, Value>) -> String {
    let number = |name: &str| counts.get(name).and_then(Value::as_u64);
    let Some((total, updated)) = number(TOTAL).zip(number(UPDATED)) else {
        return format!("{NOT_COUNTED}; what was applied stays applied.");
    };
    let agreeing = |many: u64, one: &'static str, more: &'static str| if many == 1 { one } else { more };
    let hosts = agreeing(total, "host", "hosts");
    let mut parts = vec![format!("{updated} of {total} {hosts} {} updated", agreeing(updated, "was", "were"))];
    let mut open = total.saturating_sub(updated);
    for (name, one, more) in [
        (UNTOUCHED, "was untouched", "were untouched"),
        (FAILED, "failed", "failed"),
        (CANCELED, "was canceled", "were canceled"),
        (RUNNING, "is still running", "are still running"),
    ] {
        if let Some(many) = number(name).filter(|many| *many > 0) {
            open = open.saturating_sub(many);
            parts.push(format!("{many} {}", agreeing(many, one, more)));
        }
    }
    if open > 0 {
        parts.push(format!("{open} {} in an unknown state", agreeing(open, "is", "are")));
    }
    format!("What was applied stays applied: {}.", parts.join(", "))
}

/// Counts the hosts by what the platform says of each, nothing more. Those that it skipped are untouched as well.
pub(super) fn counts_of(hosts: &[Host]) -> Map<String, Value> {
    let many = |fate: Fate| hosts.iter().filter(|host| host.fate() == fate).count();
    let skipped = many(Fate::Skipped);
    let counts = [
        (TOTAL, hosts.len()),
        (UPDATED, many(Fate::Updated)),
        (UNTOUCHED, many(Fate::Pending) + skipped),
        (FAILED, many(Fate::Failed)),
        (RUNNING, many(Fate::Running)),
        (CANCELED, many(Fate::Canceled)),
        (SKIPPED, skipped),
    ];
    details(counts.map(|(name, many)| (name, Some(many))))
}

fields! {
    /// How many hosts v2 counts of each kind.
    pub(super) struct Counters {
        pub(super) total_hosts: Maybe<u64>,
        succeeded_hosts: Maybe<u64>,
        failed_hosts: Maybe<u64>,
        canceled_hosts: Maybe<u64>,
        running_hosts: Maybe<u64>,
        skipped_hosts: Maybe<u64>,
    }
}

impl Counters {
    /// Hosts that wait: the rest, as they have no counter of their own. `None` when the counters do not add up.
    fn pending(&self) -> Option<u64> {
        let others = [
            self.succeeded_hosts.0?,
            self.failed_hosts.0?,
            self.canceled_hosts.0?,
            self.running_hosts.0?,
            self.skipped_hosts.0?,
        ];
        let others = others.into_iter().try_fold(0, u64::checked_add)?;
        self.total_hosts.0?.checked_sub(others)
    }

    /// The counters say that no host has anything left to do. Without a single host they say nothing.
    pub(super) fn is_done(&self) -> bool {
        self.total_hosts.0 > Some(0) && self.running_hosts.0 == Some(0) && self.pending() == Some(0)
    }

    /// What the counters say. Untouched are the hosts that still wait and those that were skipped.
    pub(super) fn counts(&self) -> Map<String, Value> {
        let untouched = self.pending().zip(self.skipped_hosts.0);
        let untouched = untouched.map(|(pending, skipped)| pending + skipped);
        details([
            (TOTAL, self.total_hosts.0),
            (UPDATED, self.succeeded_hosts.0),
            (UNTOUCHED, untouched),
            (FAILED, self.failed_hosts.0),
            (RUNNING, self.running_hosts.0),
            (CANCELED, self.canceled_hosts.0),
            (SKIPPED, self.skipped_hosts.0),
        ])
    }
}

fields! {
    /// One host, as the preview lists it.
    pub(super) struct Host {
        status: Text,
    }
}

/// What the platform says of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Updated,
    Failed,
    Canceled,
    Skipped,
    Pending,
    Running,
    /// A word that nobody knows.
    Open,
}

impl Host {
    /// Its status as the table writes words.
    fn word(&self) -> String {
        let word = self.status.or_empty();
        word.to_ascii_uppercase().replace("CANCELL", "CANCEL")
    }

    /// It has nothing left to do; a word that is not known says nothing about that.
    pub(super) fn is_done(&self) -> bool {
        !matches!(self.fate(), Fate::Pending | Fate::Running | Fate::Open)
    }

    fn fate(&self) -> Fate {
        match state(&self.word()) {
            State::Succeeded => Fate::Updated,
            State::Failed => Fate::Failed,
            State::Canceled => Fate::Canceled,
            State::Queued => Fate::Pending,
            State::Running | State::Canceling => Fate::Running,
            _ if self.word() == "SKIPPED" => Fate::Skipped,
            _ => Fate::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::wire;

    fn host(status: &str) -> Host {
        // Versions tell nothing: a change of configuration leaves them, and a canceled host may have any.
        let body = json!({ "status": status, "error": "x", "versions": [{
            "initial_version": "1", "target_version": "2", "current_version": "2",
        }] });
        wire::of(&body).unwrap()
    }

    #[test]
    fn what_became_of_a_host_is_what_the_platform_says_of_it() {
        for (word, fate) in [
            ("succeeded", Fate::Updated),
            ("failed", Fate::Failed),
            ("Cancelled", Fate::Canceled),
            ("stopped", Fate::Canceled),
            ("skipped", Fate::Skipped),
            ("pending", Fate::Pending),
            ("running", Fate::Running),
            ("draining", Fate::Running),
            ("halted", Fate::Open),
            ("", Fate::Open),
        ] {
            assert_eq!(host(word).fate(), fate, "{word}");
        }
    }

    #[test]
    fn a_host_with_an_unknown_word_may_have_something_left_to_do() {
        for (word, done) in [
            ("succeeded", true),
            ("failed", true),
            ("Cancelled", true),
            ("skipped", true),
            ("pending", false),
            ("running", false),
            ("queued", false),
            ("", false),
        ] {
            assert_eq!(host(word).is_done(), done, "{word}");
        }
    }
}
