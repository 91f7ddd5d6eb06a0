//! What became of a deployment or a run, in words for a heading.

use crate::model::outcome::Outcome;

/// What is known of a run that sent no request.
pub(super) const NOTHING_CANCELED: &str = "Nothing was canceled";

/// What became of a run that has no deployment to tell of, in words for a heading: it sent nothing.
pub(super) fn whole_headline(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Error | Outcome::BadInput => NOTHING_CANCELED,
        outcome => headline(outcome),
    }
}

/// An outcome in words for a heading.
pub(super) fn headline(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Error => "Not known to be canceled",
        Outcome::BadInput => NOTHING_CANCELED,
        Outcome::NotFound => "Not found",
        Outcome::TimedOut => "Not ended in time",
        Outcome::Interrupted => "Interrupted",
        Outcome::Completed => "Went live before it could be canceled",
        Outcome::AlreadyLive => "Was live already",
        Outcome::Failed => "Failed by itself",
        Outcome::Superseded => "Superseded by a newer one",
        Outcome::Requested => "Cancellation requested",
        Outcome::Canceled => "Canceled",
        Outcome::AlreadyFinished => "Had ended already",
        Outcome::Skipped => "Skipped",
        Outcome::DryRun => "Dry run",
        Outcome::NothingToCancel => "Nothing to cancel",
    }
}
