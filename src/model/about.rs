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
}

impl About {
    /// No words at all.
    pub const NONE: Self =
        Self { id: "", name: "", docs: "", named_by: "", credentials: "", grant: "", caveat: "", way_back: "" };
}
