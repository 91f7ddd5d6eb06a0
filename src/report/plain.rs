//! The summary for people without Markdown.

use super::run::Report;
use crate::text::shown::Shown;

impl Report {
    /// The same for people without Markdown: a few short lines below the title. Faults have lines of their own.
    pub fn plain_summary(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.faults.is_empty() {
            return lines;
        }
        lines.extend(self.whole.iter().map(|whole| format!("  {}", whole.sentence())));
        let mut sorted: Vec<_> = self.deployments.iter().collect();
        sorted.sort_by_key(|told| told.outcome);
        for told in sorted {
            let word = |word: &Option<Shown>| word.clone().filter(|word| !word.is_empty()).unwrap_or("?".into());
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
