//! The outputs of a run, as values that are not yet written anywhere.

use serde::Serialize;

use super::deployment::DeploymentReport;
use super::roll_back::RollBackReport;
use super::run::Report;
use crate::model::outcome::Outcome;
use crate::text::sanitizer::{break_commands, break_commands_in_json};
use crate::text::shown::ShownFacts;

/// The names of all outputs, in their order.
pub const OUTPUTS: [(&str, &str); 16] = [
    ("outcome", "What came of the run; the worst one when there are several deployments."),
    ("canceled", "`true` only if every deployment ended canceled."),
    (
        "went_live",
        "`true` if any deployment ended succeeded, `unknown` while any is in flight or was never read, or where nobody can tell whether one that is live was meant, else `false`.",
    ),
    ("state", "Where the deployment stands, in our words."),
    ("platform_state", "The platform's own word for it."),
    ("previous_state", "The platform's word at the first read."),
    ("deployment_id", "The deployment; the worst one when there are several."),
    ("deployment_url", "A page for people, where there is one."),
    ("reason", "One sentence that says why."),
    ("duration_seconds", "How long the run took, with one decimal."),
    ("count", "How many deployments were given."),
    ("canceled_count", "How many ended canceled."),
    (
        "rollback",
        "With `if_live: roll_back`, what came of it: `done`, or why not in one word; empty where it was not needed.",
    ),
    ("rollback_deployment_id", "What serves now because of the roll back."),
    ("rollback_reason", "One sentence that says what came of the roll back."),
    ("deployments", "All of them as a JSON array, an object each."),
];

/// CI systems hold more in their outputs, but no interface is made for more.
pub const LARGEST_DEPLOYMENTS: usize = 100 * 1024;

impl Report {
    /// Every output, by name, fit for any CI system: no line break, nothing that could act as a command. `largest` is
    /// the size of `deployments`.
    pub fn outputs(&self, largest: usize) -> Vec<(&'static str, String)> {
        self.outputs_with(&self.small_deployments(largest).0)
    }

    /// The same with these `deployments`.
    pub fn outputs_with(&self, deployments: &str) -> Vec<(&'static str, String)> {
        OUTPUTS.iter().map(|(name, _)| (*name, self.output(name, deployments))).collect()
    }

    /// What stands in for them until the run ends, and for good if this process is killed without warning.
    pub fn provisional_outputs(&self) -> Vec<(&'static str, String)> {
        let value = |name: &str| match name {
            "outcome" => Outcome::Interrupted.to_string(),
            "canceled" => "false".to_owned(),
            _ => self.output(name, "[]"),
        };
        OUTPUTS.iter().map(|(name, _)| (*name, value(name))).collect()
    }

    fn output(&self, name: &str, deployments: &str) -> String {
        let worst = self.worst();
        let of_worst =
            |field: fn(&DeploymentReport) -> Option<&str>| worst.and_then(field).unwrap_or_default().to_owned();
        let of_rollback =
            |field: fn(&RollBackReport) -> &str| self.rollback().map(field).unwrap_or_default().to_owned();
        let value = match name {
            "outcome" => self.outcome().to_string(),
            "canceled" => (!self.deployments.is_empty() && self.canceled_count() == self.deployments.len()).to_string(),
            "went_live" => self.went_live().to_owned(),
            "state" => of_worst(|told| told.state),
            "platform_state" => of_worst(|told| told.platform_state.as_deref()),
            "previous_state" => of_worst(|told| told.previous_state.as_deref()),
            "deployment_id" => of_worst(|told| Some(told.deployment_id.as_str())),
            "deployment_url" => of_worst(|told| told.deployment_url.as_deref()),
            "reason" => self.reason().into_string(),
            "duration_seconds" => format!("{:.1}", self.took.as_secs_f64()),
            "count" => self.deployments.len().to_string(),
            "canceled_count" => self.canceled_count().to_string(),
            "rollback" => of_rollback(|it| it.came_to.word()),
            "rollback_deployment_id" => of_rollback(|it| it.serves().unwrap_or_default()),
            "rollback_reason" => of_rollback(|it| &it.reason),
            _ => return deployments.to_owned(),
        };
        break_commands(&value)
    }

    /// All deployments as one compact line of JSON, whole.
    pub fn whole_deployments(&self) -> String {
        json(&self.deployments)
    }

    /// The same under the size limit, and how many had to be left out: first the timelines go, then the details, then
    /// the deployments with the best outcomes.
    pub fn small_deployments(&self, largest: usize) -> (String, usize) {
        let all = self.deployments.len();
        let (whole, kept) = joined(self.deployments.iter(), largest);
        if kept == all {
            return (whole, 0);
        }
        let sorted = self.sorted();
        let short = |told: &&DeploymentReport| DeploymentReport { timeline: Vec::new(), ..(*told).clone() };
        let (text, kept) = joined(sorted.iter().map(short), largest);
        if kept == all {
            return (text, 0);
        }
        let bare = |told: &&DeploymentReport| DeploymentReport { details: ShownFacts::default(), ..short(told) };
        let (text, kept) = joined(sorted.iter().map(bare), largest);
        (text, all - kept)
    }
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    break_commands_in_json(serde_json::to_string(value).unwrap_or_else(|_| "[]".to_owned()))
}

/// As many items as there is room for, as one line, and how many these are. Items without room are not written.
fn joined<T: Serialize>(items: impl Iterator<Item = T>, largest: usize) -> (String, usize) {
    let mut text = "[".to_owned();
    let mut kept = 0;
    for item in items {
        let comma = if kept == 0 { "" } else { "," };
        let next = json(&item);
        if text.len() + comma.len() + next.len() + "]".len() >= largest {
            break;
        }
        text.push_str(comma);
        text.push_str(&next);
        kept += 1;
    }
    text.push(']');
    (text, kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the size shrinks, whole items are left out from the end, and what is left is JSON below that size.
    #[test]
    fn what_has_no_room_is_left_out_from_the_end() {
        let text = |which: usize| format!("::##[{which}");
        let told = |largest: usize| -> (usize, usize) {
            let texts = (0..100).map(text);
            let (json, kept) = joined(texts, largest);
            let read: Vec<String> = serde_json::from_str(&json).unwrap();
            assert!(json.len() < largest.max(3) && read.iter().cloned().eq((0..kept).map(text)), "{json}");
            (json.len(), kept)
        };
        let (whole, kept) = told(usize::MAX);
        assert_eq!((kept, told(whole + 1).1, told(whole).1), (100, 100, 99));
        assert_eq!((told(0).1, told(3).1), (0, 0));
    }
}
