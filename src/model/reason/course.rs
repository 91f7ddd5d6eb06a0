//! From what to what one went, as far as it was read.

use std::fmt;

/// The platform's words at the first and at the last read.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// At the first read; `None` where only the answer to the request showed it.
    pub first: Option<String>,
    /// At the last read.
    pub last: String,
    /// What the platform says about the last.
    pub note: Option<String>,
}

impl Course {
    /// What the platform says about the last word.
    pub(super) fn note(&self) -> String {
        let note = self.note.as_ref();
        note.map(|note| format!(" (\"{note}\")")).unwrap_or_default()
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = &self.last;
        match &self.first {
            Some(first) if first != last => write!(f, "it went from {first} to {last}"),
            Some(_) => write!(f, "it ended {last}"),
            None => write!(f, "the answer to the cancel request says {last}"),
        }
    }
}
