//! What came of a run: the outcomes, their order, which of them fail the step, and the exit code.

use std::fmt;

/// What came of asking for one deployment's cancellation. Declared from worst to best, which is the order of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Everything that has no name of its own; the reason says what.
    Error,
    /// What was written does not say which one is meant, as a look-up has shown.
    BadInput,
    /// No such deployment for this credential.
    NotFound,
    /// Not ended when the time was up.
    TimedOut,
    /// A signal ended the run.
    Interrupted,
    /// Asked, but it went live first.
    Completed,
    /// It had ended before it was asked, and it had succeeded: it is live.
    AlreadyLive,
    /// It had gone live, and what was live before it is live again.
    RolledBack,
    /// Asked, and it ended failed by itself.
    Failed,
    /// Asked, and a newer one took its place.
    Superseded,
    /// Accepted by the platform; the end was not waited for.
    Requested,
    /// Asked, and ended canceled.
    Canceled,
    /// It had ended before it was asked, and it had not succeeded.
    AlreadyFinished,
    /// Guarded by `only_states`.
    Skipped,
    /// Would have been asked.
    DryRun,
    /// There was nothing in flight.
    NothingToCancel,
}

/// How loudly an outcome is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the record.
    Notice,
    /// Worth a look.
    Warning,
    /// The step fails, or should make somebody look.
    Error,
}

/// How the process ends, in the order of the exit code table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Satisfied.
    Satisfied,
    /// An `error` outcome.
    Error,
    /// Missing or malformed inputs.
    BadInput,
    /// The deployment ended otherwise than asked.
    EndedOtherwise,
    /// No such deployment.
    NotFound,
    /// The time was up.
    TimedOut,
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Exit {
    /// Every exit, for documents and tests.
    pub const ALL: [Self; 8] = [
        Self::Satisfied,
        Self::Error,
        Self::BadInput,
        Self::EndedOtherwise,
        Self::NotFound,
        Self::TimedOut,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number the process exits with.
    pub const fn code(self) -> u8 {
        match self {
            Self::Satisfied => 0,
            Self::Error => 1,
            Self::BadInput => 2,
            Self::EndedOtherwise => 3,
            Self::NotFound => 4,
            Self::TimedOut => 124,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl Outcome {
    /// Every outcome, worst first.
    pub const ALL: [Self; 16] = [
        Self::Error,
        Self::BadInput,
        Self::NotFound,
        Self::TimedOut,
        Self::Interrupted,
        Self::Completed,
        Self::AlreadyLive,
        Self::RolledBack,
        Self::Failed,
        Self::Superseded,
        Self::Requested,
        Self::Canceled,
        Self::AlreadyFinished,
        Self::Skipped,
        Self::DryRun,
        Self::NothingToCancel,
    ];

    /// The word in outputs and in `fail_on`. Both kinds of "it had ended before" share one.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error | Self::BadInput => "error",
            Self::NotFound => "not_found",
            Self::TimedOut => "timed_out",
            Self::Interrupted => "interrupted",
            Self::Completed => "completed",
            Self::AlreadyLive | Self::AlreadyFinished => "already_finished",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
            Self::Requested => "requested",
            Self::Canceled => "canceled",
            Self::Skipped => "skipped",
            Self::DryRun => "dry_run",
            Self::NothingToCancel => "nothing_to_cancel",
        }
    }

    /// How it is told when `fail_on` has no say.
    pub const fn level(self) -> Level {
        match self {
            Self::Error
            | Self::BadInput
            | Self::NotFound
            | Self::TimedOut
            | Self::Completed
            | Self::AlreadyLive
            | Self::RolledBack => Level::Error,
            Self::Interrupted | Self::Failed => Level::Warning,
            _ => Level::Notice,
        }
    }

    /// The exit when this outcome fails the step.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Error => Exit::Error,
            Self::BadInput => Exit::BadInput,
            Self::NotFound => Exit::NotFound,
            Self::TimedOut => Exit::TimedOut,
            Self::Interrupted => Exit::Interrupted,
            _ => Exit::EndedOtherwise,
        }
    }

    /// Never part of `fail_on: any`: what was wanted, or nothing that was asked for.
    const fn is_benign(self) -> bool {
        matches!(self, Self::Canceled | Self::AlreadyFinished | Self::NothingToCancel | Self::Skipped | Self::DryRun)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The outcomes that make the step fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailOn(Vec<Outcome>);

impl Default for FailOn {
    /// `error,not_found,timed_out,completed,already_finished,rolled_back`
    fn default() -> Self {
        use Outcome::{AlreadyLive, Completed, Error, NotFound, RolledBack, TimedOut};
        Self(vec![Error, NotFound, TimedOut, Completed, AlreadyLive, RolledBack])
    }
}

impl FailOn {
    /// What applies when nothing is written: a superseded deployment that finished first is no failure.
    pub fn usual(superseded: bool) -> Self {
        if superseded { Self(vec![Outcome::Error, Outcome::NotFound, Outcome::TimedOut]) } else { Self::default() }
    }

    /// What can be listed, and the two words that stand alone.
    pub fn words() -> Vec<&'static str> {
        let mut words = vec!["none", "any"];
        words.extend(distinct_words());
        words
    }

    /// Takes the words of `fail_on`. `already_finished` means only the kind that had succeeded.
    pub fn parse(words: &[String]) -> Result<Self, String> {
        match words {
            [word] if word.eq_ignore_ascii_case("none") => return Ok(Self(Vec::new())),
            [word] if word.eq_ignore_ascii_case("any") => {
                return Ok(Self(Outcome::ALL.into_iter().filter(|o| !o.is_benign()).collect()));
            }
            _ => {}
        }
        let mut outcomes = Vec::new();
        for word in words {
            let word = word.to_ascii_lowercase().replace("cancelled", "canceled");
            match Outcome::ALL.into_iter().find(|o| o.word() == word) {
                Some(outcome) => outcomes.push(outcome),
                None if word == "none" || word == "any" => {
                    return Err(format!("\"{word}\" stands alone, not in a list"));
                }
                None => {
                    return Err(format!("takes \"none\", \"any\" or a list of: {}", words_of_outcomes()));
                }
            }
        }
        Ok(Self(outcomes))
    }

    /// Whether this outcome fails the step; bad input does, whatever is listed.
    pub fn contains(&self, outcome: Outcome) -> bool {
        outcome == Outcome::BadInput || self.0.contains(&outcome)
    }

    /// Whether what was written leaves out what a roll back that works comes to; `none` leaves out everything on purpose.
    pub fn leaves_out_rolled_back(&self) -> bool {
        !self.0.is_empty() && !self.contains(Outcome::RolledBack)
    }

    /// How loudly an outcome is told: an error when it fails the step, at most a warning when it does not.
    pub fn level(&self, outcome: Outcome) -> Level {
        if self.contains(outcome) { Level::Error } else { outcome.level().min(Level::Warning) }
    }

    /// The exit of a run with these outcomes: that of the worst one that fails the step.
    pub fn exit(&self, outcomes: impl IntoIterator<Item = Outcome>) -> Exit {
        let worst = outcomes.into_iter().filter(|o| self.contains(*o)).min();
        worst.map_or(Exit::Satisfied, Outcome::exit)
    }
}

/// The words of all outcomes, each once, for messages and documents.
pub fn words_of_outcomes() -> String {
    distinct_words().join(", ")
}

fn distinct_words() -> Vec<&'static str> {
    let mut words: Vec<_> = Outcome::ALL.into_iter().map(Outcome::word).collect();
    let mut seen = std::collections::HashSet::new();
    words.retain(|word| seen.insert(*word));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail_on(text: &str) -> Result<FailOn, String> {
        FailOn::parse(&text.split(',').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_default_is_what_the_documents_say() {
        assert_eq!(
            fail_on("error,not_found,timed_out,completed,already_finished,rolled_back").unwrap(),
            FailOn::default()
        );
    }

    #[test]
    fn already_finished_counts_only_when_it_is_live() {
        let fail_on = FailOn::default();
        assert_eq!(fail_on.exit([Outcome::AlreadyLive]), Exit::EndedOtherwise);
        assert_eq!(fail_on.exit([Outcome::AlreadyFinished]), Exit::Satisfied);
    }

    #[test]
    fn any_is_everything_that_was_not_wanted() {
        let any = fail_on("any").unwrap();
        let content: Vec<_> = Outcome::ALL.into_iter().filter(|o| !any.contains(*o)).collect();
        assert_eq!(
            content,
            [Outcome::Canceled, Outcome::AlreadyFinished, Outcome::Skipped, Outcome::DryRun, Outcome::NothingToCancel]
        );
    }

    #[test]
    fn none_fails_nothing_but_bad_input() {
        let others = Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::BadInput);
        assert_eq!(fail_on("none").unwrap().exit(others), Exit::Satisfied);
        assert_eq!(fail_on("none").unwrap().exit([Outcome::BadInput]), Exit::BadInput);
    }

    #[test]
    fn the_exit_is_that_of_the_worst_failing_outcome() {
        let only_completed = fail_on("completed").unwrap();
        assert_eq!(only_completed.exit([Outcome::Error, Outcome::Completed]), Exit::EndedOtherwise);
        assert_eq!(FailOn::default().exit([Outcome::Completed, Outcome::NotFound]), Exit::NotFound);
    }

    #[test]
    fn levels_follow_fail_on() {
        assert_eq!(FailOn::default().level(Outcome::Canceled), Level::Notice);
        assert_eq!(FailOn::default().level(Outcome::Failed), Level::Warning);
        assert_eq!(fail_on("none").unwrap().level(Outcome::Error), Level::Warning);
        assert_eq!(fail_on("requested").unwrap().level(Outcome::Requested), Level::Error);
    }

    #[test]
    fn odd_words_are_refused_and_two_l_are_read() {
        assert!(fail_on("cancelled").unwrap().contains(Outcome::Canceled));
        assert!(fail_on("none,error").is_err());
        assert!(fail_on("errors").is_err());
    }
}
