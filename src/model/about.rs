//! What can be said of a platform in words, before and after a run.

/// The static words of one platform.
#[derive(Debug)]
pub struct About {
    /// What the user writes.
    pub id: &'static str,
    /// What messages say.
    pub name: &'static str,
    /// Where the cancel call is documented.
    pub docs: &'static str,
    /// What a deployment is named by.
    pub named_by: &'static str,
    /// The inputs that hold the credential, for hints.
    pub credentials: &'static str,
    /// What the credential must be allowed to do.
    pub grant: &'static str,
    /// What canceling does not undo here.
    pub caveat: &'static str,
    /// The platform's own way back when the deployment went live.
    pub way_back: &'static str,
    /// Whether this program can walk that way.
    pub roll_back: CanRollBack,
}

/// Whether this program can put back what was live before.
#[derive(Debug)]
pub enum CanRollBack {
    /// Why not and what to do instead: it ends the sentence "cannot be "roll_back" on X, so leave it out there: ".
    No(&'static str),
    /// It can.
    Yes(RollBackInfo),
}

/// How a platform goes back, in words and for the procedure.
#[derive(Debug)]
pub struct RollBackInfo {
    /// The live pointer is moved to what is there, by the target's own id, so the same request may be sent once more.
    /// Otherwise it makes a new deployment, and a second request would make a second one.
    pub flips: bool,
    /// While something is in flight the live pointer says nothing for sure, so that is told first.
    pub in_flight_first: bool,
    /// The right it takes beside those for canceling; empty where there is none.
    pub grant: &'static str,
    /// What it does not undo: a sentence.
    pub not_undone: &'static str,
    /// What stays changed: a sentence.
    pub stays: &'static str,
    /// The same as a warning of its own; empty where nobody has to be warned.
    pub warning: &'static str,
}

impl CanRollBack {
    /// How, where it can.
    pub const fn info(&self) -> Option<&RollBackInfo> {
        match self {
            Self::Yes(info) => Some(info),
            Self::No(_) => None,
        }
    }
}

impl About {
    /// No words at all.
    pub const NONE: Self = Self {
        id: "",
        name: "",
        docs: "",
        named_by: "",
        credentials: "",
        grant: "",
        caveat: "",
        way_back: "",
        roll_back: CanRollBack::No("this program has no way back there; use the platform's own"),
    };
}
