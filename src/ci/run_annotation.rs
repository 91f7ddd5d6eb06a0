//! One annotation for a whole run, as some CI systems show it on a page: a style, and Markdown.

use crate::model::outcome::Level;
use crate::report::{Annotation, Report};
use crate::text::markdown::prose;

/// How it looks.
pub(super) fn style(report: &Report) -> &'static str {
    match report.level() {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice if report.all_canceled() => "success",
        Level::Notice => "info",
    }
}

/// What it says, in Markdown.
pub(super) fn body(report: &Report, annotations: &[Annotation], summary: bool) -> String {
    if summary {
        return report.summary();
    }
    let line = |one: &Annotation| {
        let answer = one.answer.as_ref().map(|answer| format!("  \n  {}", prose(answer))).unwrap_or_default();
        format!("- **{}**: {}{answer}\n", prose(&one.title), prose(&one.text))
    };
    annotations.iter().map(line).collect()
}
