//! The summary for people without Markdown.

use super::run::{Report, whole_sentence};

impl Report {
    /// The same for people without Markdown: a few short lines.
    pub fn plain_summary(&self) -> Vec<String> {
        let mut lines = vec![self.title()];
        let faults = self.shown_faults().into_iter();
        lines.extend(faults.map(|fault| format!("  {fault}")));
        if !self.faults.is_empty() {
            return lines;
        }
        lines.extend(self.whole.iter().map(|whole| format!("  {}", whole_sentence(whole))));
        let mut sorted: Vec<_> = self.deployments.iter().collect();
        sorted.sort_by_key(|told| told.outcome);
        for told in sorted {
            let word =
                |word: &Option<String>| word.clone().filter(|word| !word.is_empty()).unwrap_or_else(|| "?".to_owned());
            let change = format!("{} → {}", word(&told.previous_state), word(&told.platform_state));
            lines
                .push(format!("  {}: {} ({change}, {:.1} s)", told.deployment_id, told.outcome, told.duration_seconds));
            lines.push(format!("    {}", told.sentence()));
        }
        // Here the reasons stand above.
        let live = self.live_sentence().replace('*', "");
        lines.push(format!("  Did it go live? {}", live.replace(": see below", "")));
        if self.went_live() == "true" {
            lines.push(format!("  {}", self.how_to_go_back()));
        }
        lines
    }
}
