//! What else goes on: what stood before the run began, and what somebody else does while it goes on.

use super::answers::Answer;
use crate::cells::stand;
use crate::sandbox::{Call, Sandbox, Stand, Way};

/// How ours came to be live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// It is when the run begins.
    TooLate,
    /// It is in flight then, and goes live although it is asked to stop.
    Asked,
}

impl Course {
    pub const ALL: [Self; 2] = [Self::TooLate, Self::Asked];

    /// Those of them that are tried: once the cancel request is behind it, a run goes the same way.
    pub fn of<T>(self, answers: &[T]) -> &[T] {
        if self == Self::TooLate { answers } else { &answers[..1] }
    }

    /// The outcome where nothing is put back.
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::TooLate => "already_finished",
            Self::Asked => "completed",
        }
    }

    /// Whether that is one where nothing is put back by a run that may have begun later.
    pub fn is_standing(self, outcome: &str) -> bool {
        [self.outcome(), Self::TooLate.outcome()].contains(&outcome)
    }
}

/// Something that somebody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A newer one goes live.
    GoesLive,
    /// A newer one is in flight from then on.
    Begins,
    /// The platform forgets what was live before.
    Forgets,
    /// It is put back.
    PutsBack,
    /// One further back is put back.
    GoesFurther,
}

impl Deed {
    pub const ALL: [Self; 5] = [Self::GoesLive, Self::Begins, Self::Forgets, Self::PutsBack, Self::GoesFurther];

    pub fn is_done(self, stand: &'static dyn Stand, sandbox: &Sandbox) {
        match self {
            // There it would have ended ours.
            Self::GoesLive if stand.traits().supersedes && stand.serves(sandbox) != Some(1) => {}
            Self::GoesLive => stand.put_live(sandbox, 3),
            Self::Begins => stand.put_one(sandbox, &stand.bound(3)),
            // What is live is kept.
            Self::Forgets if stand.serves(sandbox) == Some(2) => {}
            Self::Forgets => stand.lose(sandbox, 2),
            Self::PutsBack => drop(stand.roll_back(sandbox, 2)),
            Self::GoesFurther => drop(stand.roll_back(sandbox, 4)),
        }
    }
}

/// What stands before a run begins, or happens in one certain moment of it.
#[derive(Clone, Copy, Debug)]
pub enum Race {
    /// Nothing.
    Calm,
    /// A newer one is live, one that was created before ours, one of its commit.
    MovedOn(usize, usize),
    /// It was put back already, by the same call.
    PutBack,
    /// Somebody went further back.
    WentFurther,
    /// A newer one in this state.
    InFlight(&'static str),
    /// Whatever else is in the way.
    Busy(Way),
    /// Ours is the first deployment ever.
    First,
    /// The one before was never live.
    NeverLive,
    /// The one before is forgotten.
    Forgotten,
    /// The platform, or what is known of it, speaks against it.
    SpeaksAgainst(Way),
    /// Nobody knows which way the platform is.
    Unknown(Way),
    /// A newer one goes live right before the request.
    Late,
    /// It would be sent.
    Dry,
    /// One further back is written as what to go back to.
    Written,
    /// One that was never live is.
    Unproven,
}

impl Race {
    pub fn all(platform: &str) -> Vec<Self> {
        let stand = stand(platform);
        let back = stand.way_back().expect("a way back");
        let mut all = vec![Self::Calm, Self::MovedOn(3, 3), Self::MovedOn(0, 3), Self::MovedOn(3, 1)];
        all.extend([Self::PutBack, Self::WentFurther, Self::First, Self::NeverLive, Self::Forgotten]);
        all.extend([Self::Late, Self::Dry, Self::Written, Self::Unproven]);
        let states = ["queued", "running"].into_iter().filter(|state| stand.has(state));
        all.extend(states.chain(["unknown"]).chain(back.held.iter().copied()).map(Self::InFlight));
        all.extend(back.busy.iter().copied().map(Self::Busy));
        all.extend(back.refuses.iter().chain(back.traps).copied().map(Self::SpeaksAgainst));
        all.extend(back.unknown.iter().copied().map(Self::Unknown));
        all
    }

    pub fn name(&self) -> String {
        let manner = |what: &str, manner: &Way| format!("{what}({})", manner.0);
        let name = match self {
            Self::Busy(it) => manner("Busy", it),
            Self::SpeaksAgainst(it) => manner("SpeaksAgainst", it),
            Self::Unknown(it) => manner("Unknown", it),
            other => format!("{other:?}"),
        };
        name.replace([' ', '/', '"', ','], "_")
    }

    /// Whether nothing disturbs a run.
    pub const fn is_calm(&self) -> bool {
        matches!(self, Self::Calm | Self::Unknown(_) | Self::Written)
    }

    /// What it comes to where it is done.
    pub const fn done(&self) -> &'static str {
        if matches!(self, Self::Late) { "replaced_other" } else { "done" }
    }

    /// What it comes to whatever the request would be answered, because there is none; `None`: there is one.
    pub fn results(&self) -> Option<Vec<&'static str>> {
        Some(match self {
            Self::Calm | Self::Late | Self::Unknown(_) | Self::Written => return None,
            Self::Forgotten => vec!["no_target"],
            Self::MovedOn(..) => vec!["moved_on"],
            // Where the platform does not tell that it had been live before, or that it is a copy, it may be anybody's.
            Self::PutBack | Self::WentFurther => vec!["done", "moved_on"],
            Self::InFlight(_) | Self::Busy(_) => vec!["newer_in_flight"],
            Self::First | Self::NeverLive | Self::Unproven => vec!["no_target"],
            Self::SpeaksAgainst(_) => vec!["refused", "no_target"],
            Self::Dry => vec!["dry_run"],
        })
    }

    /// The answers that make a difference: to a request that is not sent there is none.
    pub fn answers(&self) -> &'static [Answer] {
        match self {
            Self::Calm | Self::Late => &Answer::ALL,
            Self::Unknown(_) | Self::Written => &Answer::MEANWHILE,
            _ => &[Answer::Yes],
        }
    }

    /// What is written to go back to.
    pub const fn to(&self) -> Option<usize> {
        match self {
            Self::Written => Some(4),
            Self::Unproven => Some(5),
            _ => None,
        }
    }

    /// What was live before ours, if anything was.
    pub fn lay_before(&self, stand: &'static dyn Stand, sandbox: &Sandbox) {
        if let Self::Unknown(manner) = self {
            (manner.1)(sandbox);
        }
        match self {
            Self::First => {}
            Self::NeverLive => (stand.way_back().expect("a way back").never_live)(sandbox, &stand.bound(2)),
            // One further back would be in no doubt.
            Self::Forgotten => stand.put_live(sandbox, 2),
            _ => [4, 2].into_iter().for_each(|number| stand.put_live(sandbox, number)),
        }
        if matches!(self, Self::Unproven) {
            (stand.way_back().expect("a way back").never_live)(sandbox, &stand.bound(5).at(0));
        }
    }

    /// What happened since ours went live.
    pub fn lay_after(&self, stand: &'static dyn Stand, sandbox: &Sandbox) {
        match *self {
            Self::MovedOn(at, commit) => {
                let mut other = stand.bound(3).state("succeeded").at(at);
                other.commit = stand.bound(commit).commit;
                stand.put_one(sandbox, &other);
            }
            Self::PutBack => Deed::PutsBack.is_done(stand, sandbox),
            Self::WentFurther => Deed::GoesFurther.is_done(stand, sandbox),
            Self::InFlight(state) => stand.put_one(sandbox, &stand.bound(3).state(state)),
            Self::Busy(manner) | Self::SpeaksAgainst(manner) => (manner.1)(sandbox),
            Self::Forgotten => Deed::Forgets.is_done(stand, sandbox),
            Self::Late => {
                sandbox.before(Call::RollBack, 1, move |sandbox| Deed::GoesLive.is_done(stand, sandbox));
            }
            Self::Calm | Self::First | Self::NeverLive | Self::Unknown(_) | Self::Dry => {}
            Self::Written | Self::Unproven => {}
        }
    }
}
