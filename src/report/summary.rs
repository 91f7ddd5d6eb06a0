//! The job summary in Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use super::deployment::DeploymentReport;
use super::run::{MOST_LINES, Report, tally};
use super::timeline::StateChange;
use super::why::Why;
use crate::model::deployment::short_commit;
use crate::model::outcome::{Level, Outcome};
use crate::model::roll_back::RollBackResult;
use crate::text::markdown::{code, link, prose};
use crate::text::time::spoken;
use crate::text::web_link::WebLink;

/// A larger summary is refused by those who show it.
const LARGEST_SUMMARY: usize = 1024 * 1024;

impl Report {
    /// The job summary in Markdown.
    pub fn summary(&self) -> String {
        let mut text = format!("### {} {}\n\n", self.icon(), prose(&self.title()));
        if !self.faults.is_empty() {
            for fault in self.shown_faults() {
                let _ = writeln!(text, "- {}", prose(&fault));
            }
            text.push_str("\nNothing was sent. Correct the inputs and run the job again.\n");
            return cap(text);
        }
        let _ = writeln!(text, "**Asked:** {}\n", self.asked.in_markdown());
        if self.outcome() != Outcome::NothingToCancel || self.is_unreadable() {
            let _ = writeln!(text, "**Did it go live?** {}\n", self.live_sentence());
        }
        if let Some(whole) = self.whole.as_ref().filter(|_| self.deployments.is_empty()) {
            add_why(&mut text, &whole.why);
            return cap(text);
        }
        self.add_table(&mut text);
        if let [only] = self.deployments.as_slice() {
            if !only.why.is_plain {
                text.push('\n');
                add_why(&mut text, &only.why);
            }
            add_timeline(&mut text, only);
        } else {
            self.add_reasons(&mut text);
        }
        self.add_next_steps(&mut text);
        cap(text)
    }

    fn icon(&self) -> &'static str {
        match self.level() {
            Level::Error => "❌",
            Level::Warning => "⚠️",
            Level::Notice if self.all_canceled() => "✅",
            Level::Notice => "ℹ️",
        }
    }

    fn icon_of(&self, told: &DeploymentReport) -> &'static str {
        match self.level_of(told) {
            Level::Error => "❌",
            Level::Warning => "⚠️",
            Level::Notice if told.canceled => "✅",
            Level::Notice => "ℹ️",
        }
    }

    fn add_table(&self, text: &mut String) {
        text.push_str("| deployment | before | after | outcome | time |\n| --- | --- | --- | --- | --- |\n");
        let sorted = self.sorted();
        for (index, told) in sorted.iter().enumerate() {
            if text.len() > LARGEST_SUMMARY / 2 {
                let _ = writeln!(text, "\n{} more are not listed here.", sorted.len() - index);
                break;
            }
            let id = code(&told.deployment_id);
            let id = told.page().map_or_else(|| id.clone(), |page| link(&id, &page));
            let none = || "–".to_owned();
            let first = told.previous_state.as_deref().filter(|word| !word.is_empty()).map_or_else(none, code);
            let last = told.last_word(code).unwrap_or_else(none);
            let (icon, row) = (self.icon_of(told), told.row());
            let took = spoken(Duration::from_secs_f64(told.duration_seconds));
            let _ = writeln!(text, "| {id} | {first} | {last} | {icon} {row} | {took} |");
        }
    }

    /// Why each of several ended as it did, for those that somebody has to look at; a row of the table does not say it.
    fn add_reasons(&self, text: &mut String) {
        let mut loud = self.sorted();
        loud.retain(|told| self.level_of(told) > Level::Notice);
        let told = |told: &DeploymentReport| {
            let (id, sentence) = (code(&told.deployment_id), prose(&told.sentence()));
            let answer = told.why.answer.as_ref().map(|answer| format!("  \n  {}", prose(answer)));
            format!("{id}: {sentence}{}", answer.unwrap_or_default())
        };
        match loud.as_slice() {
            [] => return,
            [only] => {
                let _ = writeln!(text, "\n**Why:** {}", told(only));
                return;
            }
            _ => text.push_str("\n**Why:**\n\n"),
        }
        for one in loud.iter().take(MOST_LINES) {
            let _ = writeln!(text, "- {}", told(one));
        }
        if loud.len() > MOST_LINES {
            let more: Vec<_> = loud.split_off(MOST_LINES);
            let _ = writeln!(text, "- {} more: {}.", more.len(), tally(&more));
        }
    }

    fn add_next_steps(&self, text: &mut String) {
        let Some(about) = self.platform else { return };
        let canceled = |told: &&DeploymentReport| told.outcome == Outcome::Canceled;
        // It says what is so after a cancellation that took effect, and that nothing new is live.
        if self.went_live() == "false" && self.deployments.iter().any(|told| canceled(&told)) {
            let _ = writeln!(text, "\n**Not undone by canceling:** {}", prose(about.caveat));
        }
        let another = |told: &DeploymentReport| told.details.is_true("superseded_another");
        if self.deployments.iter().filter(canceled).any(another) {
            text.push_str("\n**Mind:** it had itself superseded another deployment, so the app goes back to that one's version, not to the last one that had gone live.\n");
        }
        self.add_rollback(text);
        let is_done = |told: &&DeploymentReport| told.rolled_back() == Some(RollBackResult::Done);
        let live: Vec<_> = self.live().filter(|told| !is_done(told)).collect();
        if let Some(first) = self.goes_back().or(live.first().copied()) {
            let gone = live.iter().filter(|told| told.is_gone).count();
            let is_live = if gone > 0 { "went live" } else { "is live" };
            let which = match live.len() {
                _ if self.deployments.len() == 1 => format!("It {is_live}"),
                1 => format!("{} {is_live}", code(&first.deployment_id)),
                many if gone > 0 => format!("{many} of them went live"),
                many => format!("{many} of them are live"),
            };
            let whose = if live.len() == 1 { "its" } else { "this one's" };
            let page = first.page().map(|page| format!(" ({})", link(&format!("open {whose} page"), &page)));
            let page = page.unwrap_or_default();
            // What a preview serves needs no way back.
            let label = if self.goes_back().is_some() { "Next" } else { "Live" };
            let _ = writeln!(text, "\n**{label}:** {which}. {}{page}", prose(&self.how_to_go_back()));
            return;
        }
        let mut unseen = self.sorted();
        unseen.retain(|told| told.is_unseen());
        let Some(first) = unseen.iter().find(|told| told.page().is_some()).or(unseen.first()) else { return };
        let id = code(&first.deployment_id);
        let place = match first.page() {
            Some(page) => link(&id, &page),
            None => format!("{id} on {}", prose(about.name)),
        };
        let others = match unseen.len() {
            1 => String::new(),
            many => format!(" and at {} more", many - 1),
        };
        let doubt = if unseen.iter().all(|told| told.may_serve()) {
            format!("nobody knows whether it is live. If it is: {}", prose(about.way_back))
        } else {
            "nobody has seen how it ends.".to_owned()
        };
        let _ = writeln!(text, "\n**Next:** Look at {place}{others} before you decide: {doubt}");
    }
}

impl Report {
    /// What was put back, or on its way, and what that leaves as it is.
    fn add_rollback(&self, text: &mut String) {
        let info = self.platform.and_then(|about| about.roll_back.info());
        let Some((info, rollback)) = info.zip(self.rollback()) else { return };
        if let Some(target) = rollback.target.as_ref().filter(|_| rollback.came_to == RollBackResult::Done) {
            let commit = rollback.commit.as_ref().map(|commit| format!(" (commit {})", code(short_commit(commit))));
            let commit = commit.unwrap_or_default();
            let target = rollback
                .deployment_url
                .as_ref()
                .and_then(WebLink::to)
                .map_or_else(|| code(target), |page| link(&code(target), &page));
            let _ = writeln!(
                text,
                "\n**Put back:** {target}{commit}. It is what was live before, which need not be what was good."
            );
        }
        if rollback.came_to.may_have_changed() {
            let _ = writeln!(text, "\n**Not undone by rolling back:** {}", prose(info.not_undone));
            let is_back = matches!(rollback.came_to, RollBackResult::Done | RollBackResult::ReplacedOther);
            let when = if is_back { "From now on" } else { "After a roll back" };
            let _ = writeln!(text, "\n**{when}:** {}", prose(info.stays));
        }
    }
}

/// What happened, what to change, and what the platform said.
fn add_why(text: &mut String, why: &Why) {
    let _ = writeln!(text, "**Why:** {}", prose(&why.cause));
    if !why.hint.is_empty() {
        let _ = writeln!(text, "\n**What to do:** {}", prose(&why.hint));
    }
    if let Some(answer) = &why.answer {
        let _ = writeln!(text, "\n{}", prose(answer));
    }
}

fn add_timeline(text: &mut String, told: &DeploymentReport) {
    if told.timeline.is_empty() {
        return;
    }
    let change = |(index, change): (usize, &StateChange)| match index {
        0 => code(&change.platform_state),
        _ => format!("{} after {}", code(&change.platform_state), spoken(Duration::from_secs_f64(change.seconds))),
    };
    let line: Vec<_> = told.timeline.iter().enumerate().map(change).collect();
    let _ = writeln!(text, "\n**Seen:** {}", line.join(" → "));
}

fn cap(mut text: String) -> String {
    const LAST_LINE: &str = "\n\nThe rest was cut: a summary has at most 1 MiB.\n";
    if text.len() > LARGEST_SUMMARY {
        let mut end = LARGEST_SUMMARY - LAST_LINE.len();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(LAST_LINE);
    }
    text
}
