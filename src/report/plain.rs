//! The summary for people without Markdown.

use std::time::Duration;

use super::deployment::DeploymentReport;
use super::run::Report;
use crate::model::roll_back::RollBackResult;
use crate::text::time::spoken;

impl Report {
    /// The same for people without Markdown: a few short lines below the title. Faults have lines of their own.
    pub fn plain_summary(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.faults.is_empty() {
            return lines;
        }
        if let Some(whole) = &self.whole {
            lines.push(format!("  {}", whole.why.sentence()));
            lines.extend(whole.why.answer.iter().map(|answer| format!("  {answer}")));
        }
        for told in self.sorted() {
            let first = told.previous_state.as_deref().filter(|word| !word.is_empty());
            let course = match (first, told.last_word(str::to_owned)) {
                (None, None) => String::new(),
                (first, last) => format!("{} → {}, ", first.unwrap_or("?"), last.as_deref().unwrap_or("?")),
            };
            let took = spoken(Duration::from_secs_f64(told.duration_seconds));
            lines.push(format!("  {}: {} ({course}{took})", told.deployment_id, told.row()));
            if !told.why.is_plain {
                lines.push(format!("    {}", told.sentence()));
            }
            lines.extend(told.why.answer.iter().map(|answer| format!("    {answer}")));
        }
        // Here the reasons stand above.
        let live = self.live_sentence().replace('*', "");
        lines.push(format!("  Did it go live? {}", live.replace(": see below", "")));
        let is_open = |told: &DeploymentReport| told.rolled_back() != Some(RollBackResult::Done);
        if self.live().any(is_open) {
            lines.push(format!("  {}", self.how_to_go_back()));
        }
        lines.extend(self.asked.commit_page().map(|page| format!("  Commit: {page}")));
        lines
    }
}
