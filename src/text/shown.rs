//! Text that may be shown, by type.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::outcome::Outcome;

/// Text without a secret or anything that hides in it, on one line. Text of others becomes one in the
/// [`Sanitizer`](super::sanitizer::Sanitizer) and nowhere else; the words of this program are fit from the start, and
/// so is what is made of such [`Part`]s.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Shown(Box<str>);

impl Shown {
    /// What has just been cleaned.
    pub(super) fn cleaned(text: String) -> Self {
        Self(text.into_boxed_str())
    }

    /// These parts, one behind the other.
    pub fn of(parts: &[&dyn Part]) -> Self {
        Self(parts.iter().map(ToString::to_string).collect())
    }

    /// All of them, with our own words between two.
    pub fn join(all: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let all: Vec<_> = all.into_iter().map(Self::into_string).collect();
        Self(all.join(between).into_boxed_str())
    }

    /// The same without the period at its end, as a part of a longer sentence.
    pub fn without_stop(&self) -> Self {
        Self(self.trim_end_matches('.').into())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself, without the type that vouches for it.
    pub fn into_string(self) -> String {
        self.0.into_string()
    }
}

impl Deref for Shown {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&'static str> for Shown {
    fn from(ours: &'static str) -> Self {
        Self(ours.into())
    }
}

/// What a [`Shown`] may be made of. No other module can add to it.
pub trait Part: fmt::Display + sealed::Part {}

impl<T: fmt::Display + sealed::Part> Part for T {}

mod sealed {
    pub trait Part {}
    impl Part for super::Shown {}
    impl Part for &'static str {}
    impl Part for usize {}
    impl Part for super::Outcome {}
}

/// A platform's own facts, every text in them fit to be shown.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct ShownFacts(Map<String, Value>);

impl ShownFacts {
    /// What has just been cleaned.
    pub(super) fn cleaned(facts: Map<String, Value>) -> Self {
        Self(facts)
    }

    /// Whether this is said of it.
    pub fn is_true(&self, fact: &str) -> bool {
        self.0.get(fact) == Some(&Value::Bool(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_words_and_shown_parts_make_a_sentence() {
        let one = Shown::of(&[&"2 is not ", &3_usize, &": ", &Outcome::Canceled, &"."]);
        assert_eq!(one.as_str(), "2 is not 3: canceled.");
        let all = Shown::join([one.without_stop(), Shown::from("so.")], "; ");
        assert_eq!(all.to_string(), "2 is not 3: canceled; so.");
    }
}
