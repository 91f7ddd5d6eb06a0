//! What a selection found. The sentences have no period yet, except the remarks.

use std::fmt;
use std::time::Duration;

use crate::model::deployment::short_commit;
use crate::text::line::capital;

/// Why a selection took nothing.
#[derive(Clone, Debug)]
pub enum Selected {
    /// Nothing of what was meant is in flight.
    Nothing {
        /// What was looked at.
        looked_at: LookedAt,
        /// Why nobody knows whether what was meant is live.
        perhaps_live: Option<PerhapsLive>,
        /// What the platform has to say where there are none at all: a sentence, or nothing.
        when_empty: &'static str,
    },
    /// Nobody knows which one is meant.
    Unsure(Unsure),
    /// More than are taken at once.
    TooMany {
        /// How many match.
        count: usize,
        /// How many are taken.
        most: usize,
    },
    /// What was to be kept changed at every look.
    Restless,
    /// The list holds an id that no request can carry.
    OddId,
}

/// What a selection looked at.
#[derive(Clone, Debug, Default)]
pub struct LookedAt {
    /// How many.
    pub count: usize,
    /// Of what.
    pub of: Of,
    /// To where.
    pub target: Option<String>,
    /// What stands against them.
    pub rest: Rest,
    /// How many in flight the platform started by itself.
    pub automatic: usize,
}

/// What the deployments that were looked at have in common.
#[derive(Clone, Debug, Default)]
pub enum Of {
    /// Their scope.
    #[default]
    Scope,
    /// A branch.
    Branch(String),
    /// A commit.
    Commit(String),
}

/// Why none of those that were looked at was chosen.
#[derive(Clone, Copy, Debug, Default)]
pub enum Rest {
    /// None is in flight.
    #[default]
    NoneInFlight,
    /// The same, and so many have gone live.
    Live(usize),
    /// So many are in flight, each the newest of its kind.
    NoneSuperseded(usize),
    /// So many are in flight, and `select` of this word means none of them.
    NoneMeant(usize, &'static str),
}

/// One that is not in flight and may be what was meant.
#[derive(Clone, Debug)]
pub struct PerhapsLive {
    /// Its id.
    pub id: String,
    /// Its commit.
    pub commit: Option<String>,
    /// When it was created.
    pub created: Option<jiff::Timestamp>,
    /// What is known of it.
    pub how: Liveness,
    /// `select: commit` would tell.
    pub by_commit: bool,
}

/// What one that is not in flight leaves open about going live.
#[derive(Clone, Debug)]
pub enum Liveness {
    /// It is live, or once was.
    WentLive,
    /// Its last word does not tell.
    Open {
        /// This.
        word: String,
        /// It is over.
        over: bool,
    },
}

/// Why nobody knows which one is the latest.
#[derive(Clone, Debug)]
pub enum Unsure {
    /// So many are in flight, and their list carries no time.
    Undated(usize),
    /// So many were created at the same time.
    SameTime(usize),
    /// So many are in a state of that word, which nobody knows.
    UnknownState(usize, String),
}

/// What a selection has to say besides.
#[derive(Clone, Debug)]
pub enum Remark {
    /// No deployment goes to what was written; these are the targets that were seen.
    UnseenTarget(String, Vec<String>),
    /// So many were started by the platform itself.
    Automatic(usize),
    /// So many are in a state of that word, which nobody knows.
    UnknownState(usize, String),
    /// So many do not say their commit or branch.
    Silent(usize, &'static str),
    /// So many are of a branch of the same name, and not of this repository.
    Strangers(usize, Option<String>),
    /// So many have no branch, so they supersede nothing.
    Ungrouped(usize),
    /// So many have no time, so they supersede nothing.
    Undated(usize),
    /// The one with this id is of the commit that this run stands on.
    OwnRun(String),
    /// These have been in flight for that long, besides so many more.
    Stuck(Vec<(String, Duration)>, usize),
}

impl Selected {
    /// What to do about it.
    pub(super) fn hint(&self) -> String {
        let hint = match self {
            // The reason says it.
            Self::Nothing { perhaps_live: Some(_), .. } => "",
            Self::Unsure(_) => "Give `deployment_id`.",
            Self::TooMany { .. } => "Narrow the selection, or use `select: all`.",
            Self::Restless => "Run this again.",
            Self::Nothing { when_empty, .. } => when_empty,
            Self::OddId => "",
        };
        hint.to_owned()
    }
}

impl fmt::Display for Selected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing { looked_at, perhaps_live, .. } => {
                write!(f, "{looked_at}")?;
                perhaps_live.as_ref().map_or(Ok(()), |one| write!(f, "; {one}"))
            }
            Self::Unsure(unsure) => write!(f, "{unsure}"),
            Self::TooMany { count, most } => {
                write!(f, "{count} deployments match, more than the {most} that are taken at once")
            }
            Self::Restless => write!(f, "The deployment to keep was another one at every look"),
            Self::OddId => write!(f, "The list holds a deployment whose id cannot be used"),
        }
    }
}

impl fmt::Display for LookedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.target.as_ref().map(|target| format!(" to {target}")).unwrap_or_default();
        match self.count {
            0 => write!(f, "This run looked at the list, and no deployment{}{target} is on it", self.of)?,
            count => {
                write!(f, "This run looked at {}{}{target}, {}", counted(count), self.of, self.rest.said_of(count))?
            }
        }
        match self.automatic {
            0 => Ok(()),
            some => write!(f, ", besides {some} that the platform started by itself"),
        }
    }
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope => Ok(()),
            Self::Branch(branch) => write!(f, " of branch {branch}"),
            Self::Commit(commit) => write!(f, " of commit {}", short_commit(commit)),
        }
    }
}

impl Rest {
    /// What stands against so many deployments, as the rest of a sentence about them.
    fn said_of(self, count: usize) -> String {
        match (self, count) {
            (Self::NoneInFlight | Self::Live(0), 1) => "which is not in flight".to_owned(),
            (Self::NoneInFlight | Self::Live(0), _) => "none of them in flight".to_owned(),
            (Self::Live(_), 1) => "which is not in flight but live".to_owned(),
            (Self::Live(live), _) => format!("none of them in flight, {live} of them live"),
            (Self::NoneSuperseded(_), 1) => "which is in flight and not superseded".to_owned(),
            (Self::NoneSuperseded(some), _) => format!("{some} of them in flight, none of them superseded"),
            (Self::NoneMeant(_, select), 1) => format!("which is in flight, but not what `select: {select}` means"),
            (Self::NoneMeant(some, select), _) => {
                format!("{some} of them in flight, none of them what `select: {select}` means")
            }
        }
    }
}

impl fmt::Display for PerhapsLive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commit = self.commit.as_ref().map(|commit| format!("commit {}", short_commit(commit)));
        let created = self.created.map(|created| format!("created {created}"));
        let facts: Vec<_> = commit.into_iter().chain(created).collect();
        write!(f, "{}", self.id)?;
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        let surer = if self.by_commit { "use `select: commit` or " } else { "" };
        write!(f, ", the newest that could have been meant, {}; ", self.how)?;
        write!(f, "to be sure which one is meant, {surer}give `deployment_id`")
    }
}

impl fmt::Display for Liveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WentLive => write!(f, "has gone live"),
            Self::Open { word, over: true } => write!(f, "is {word}, which does not tell whether it went live"),
            Self::Open { word, .. } => write!(f, "is {word}, which does not tell whether it goes live"),
        }
    }
}

impl fmt::Display for Unsure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undated(count) => write!(
                f,
                "{} are in flight, and their list does not say when they were created, so nobody knows which is the latest",
                counted(*count)
            ),
            Self::SameTime(count) => write!(
                f,
                "{} in flight were created at the same time, so nobody knows which is the latest",
                counted(*count)
            ),
            Self::UnknownState(count, word) => write!(
                f,
                "{} in a state that this program does not know ({word}) may be the latest",
                capital(&counted(*count))
            ),
        }
    }
}

impl fmt::Display for Remark {
    /// A whole sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = match self {
            Self::UnseenTarget(wanted, seen) => {
                return write!(f, "No deployment to {wanted} was seen, only to {}.", seen.join(", "));
            }
            Self::OwnRun(id) => {
                return write!(
                    f,
                    "This run itself stands on commit {id}: what was chosen may be what this very run deploys."
                );
            }
            Self::Stuck(named, more) => return write_stuck(f, named, *more),
            Self::Automatic(count)
            | Self::UnknownState(count, _)
            | Self::Silent(count, _)
            | Self::Strangers(count, _)
            | Self::Ungrouped(count)
            | Self::Undated(count) => *count,
        };
        self.write_some(f, count)
    }
}

impl Remark {
    /// A sentence about so many.
    fn write_some(&self, f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
        let some = capital(&counted(count));
        let (is, does, it) = if count == 1 { ("is", "does", "it") } else { ("are", "do", "them") };
        let unknown = if count == 1 { "what supersedes it, and it is" } else { "what supersedes them, and they are" };
        match self {
            Self::UnseenTarget(..) | Self::OwnRun(_) | Self::Stuck(..) => Ok(()),
            Self::Automatic(_) => {
                let was = if count == 1 { "was" } else { "were" };
                write!(
                    f,
                    "{some} in flight {was} started by the platform itself and {is} left alone: only `select: all` or `deployment_id` cancels {it}."
                )
            }
            Self::UnknownState(_, word) => {
                write!(
                    f,
                    "{some} {is} in a state that this program does not know ({word}) and {is} left alone: to cancel {it}, give `deployment_id`."
                )
            }
            Self::Silent(_, what) => {
                write!(
                    f,
                    "{some} in flight {does} not name a {what} and {is} left alone: to cancel {it}, give `deployment_id`."
                )
            }
            Self::Strangers(_, ours) => {
                let ours = ours.as_deref().unwrap_or("this repository");
                write!(
                    f,
                    "{some} in flight {is} of a branch of the same name that does not come from {ours}, and {is} left alone: to cancel {it}, write `branch`, or give `deployment_id`."
                )
            }
            Self::Ungrouped(_) => {
                write!(f, "{some} in flight {does} not name a branch, so nobody knows {unknown} left alone.")
            }
            Self::Undated(_) => {
                write!(f, "{some} in flight {does} not carry a time of creation, so nobody knows {unknown} left alone.")
            }
        }
    }
}

fn write_stuck(f: &mut fmt::Formatter<'_>, named: &[(String, Duration)], more: usize) -> fmt::Result {
    let days = |age: &Duration| match age.as_secs() / 86_400 {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    let mut all: Vec<_> = named.iter().map(|(id, age)| format!("{id} ({})", days(age))).collect();
    all.extend((more > 0).then(|| format!("and {more} more")));
    let count = named.len() + more;
    let have = if count == 1 { "has" } else { "have" };
    write!(
        f,
        "{} {have} been in flight for over a day, which nobody may be working on any more: {}.",
        capital(&counted(count)),
        all.join(", ")
    )
}

/// So many deployments, in words that agree with the number.
pub fn counted(count: usize) -> String {
    if count == 1 { "one deployment".to_owned() } else { format!("{count} deployments") }
}
