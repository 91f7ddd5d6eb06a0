//! What became of a deployment or a run, in words for a heading and for a row.

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
        Outcome::RolledBack => "Went live, and was rolled back",
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

/// The same for a row of a table, and behind a number.
pub(super) fn row(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Error => "not known to be canceled",
        Outcome::BadInput => "bad input",
        Outcome::NotFound => "not found",
        Outcome::TimedOut => "not ended in time",
        Outcome::Interrupted => "interrupted",
        Outcome::Completed => "went live",
        Outcome::AlreadyLive => "was live already",
        Outcome::RolledBack => "rolled back",
        Outcome::Failed => "failed by itself",
        Outcome::Superseded => "superseded",
        Outcome::Requested => "asked to cancel",
        Outcome::Canceled => "canceled",
        Outcome::AlreadyFinished => "had ended already",
        Outcome::Skipped => "skipped",
        Outcome::DryRun => "would be asked to cancel",
        Outcome::NothingToCancel => "nothing to cancel",
    }
}
