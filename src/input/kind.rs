//! What an input is, and what its value can be: from that it is read, described, and offered by the forms of CI systems.

use super::env::Written;
use super::parse::spoken;

/// What scripts write into a variable where they have nothing.
const NOTHING: &str = "null";

/// One input, as messages, `--help`, README and action.yml name it.
#[derive(Debug)]
pub struct Input {
    /// Snake case.
    pub name: &'static str,
    /// What its value can be.
    pub kind: InputKind,
    /// Other variables it is taken from, each with the beginning its value must have (usually none).
    pub usual: &'static [(&'static str, &'static str)],
    /// Never printed, always masked.
    pub secret: bool,
    /// People make it up: one that looks like a variable nobody expanded may be meant.
    pub made_up: bool,
    /// What applies when it is absent; empty when nothing does.
    pub default: &'static str,
    /// One line. What can be written follows it where it ends in `:` or `;`.
    pub help: &'static str,
}

/// What a value can be.
#[derive(Clone, Copy, Debug)]
pub enum InputKind {
    /// Any text.
    Text,
    /// `true` or `false`, in any case.
    Boolean,
    /// Seconds, from the first to the second number.
    Duration(u64, u64),
    /// One word, in any case.
    Choice(WordList),
    /// Several words, separated like a list.
    Choices(WordList),
    /// Several texts, separated by commas or newlines.
    Lines,
}

/// The words of a choice, from wherever they are registered.
pub type WordList = fn() -> Vec<&'static str>;

impl Input {
    /// Whether a usual variable's value is the word for none: no credential is called that.
    pub fn is_none(&self, written: &Written) -> bool {
        self.secret && !self.made_up && written.value.as_ref().is_some_and(|value| value.expose() == NOTHING)
    }

    /// What it means, and what can be written.
    pub fn meaning(&self) -> String {
        let help = self.help;
        match self.kind.in_words() {
            Some(words) if help.ends_with([':', ';']) => format!("{help} {words}."),
            _ => help.to_owned(),
        }
    }
}

impl InputKind {
    /// The words of a choice; none of anything else.
    pub fn words(self) -> Vec<&'static str> {
        match self {
            Self::Choice(words) | Self::Choices(words) => words(),
            Self::Text | Self::Boolean | Self::Duration(..) | Self::Lines => Vec::new(),
        }
    }

    /// What can be written, where that is less than any text.
    pub fn in_words(self) -> Option<String> {
        match self {
            Self::Text | Self::Lines => None,
            Self::Boolean => Some("`true` or `false`".to_owned()),
            Self::Duration(0, most) => Some(format!("up to {}", spoken(most))),
            Self::Duration(least, most) => Some(format!("from {} to {}", spoken(least), spoken(most))),
            Self::Choice(words) => Some(listed(&words())),
            Self::Choices(words) => {
                let words: Vec<_> = words().iter().map(|word| format!("`{word}`")).collect();
                Some(format!("one or more of {}", words.join(", ")))
            }
        }
    }
}

/// "a, b or c".
pub(super) fn alternatives<S: AsRef<str>>(words: &[S]) -> String {
    let words: Vec<_> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}

/// "`a`, `b` or `c`".
pub fn listed(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    alternatives(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_separated_by_commas_and_one_or() {
        assert_eq!(alternatives(&["A", "B", "C"]), "A, B or C");
        assert_eq!((alternatives(&["A", "B"]), alternatives(&["A"])), ("A or B".to_owned(), "A".to_owned()));
    }

    #[test]
    fn what_can_be_written_is_said_behind_the_help_that_asks_for_it() {
        let input = |kind, help| Input { name: "", kind, usual: &[], secret: false, made_up: false, default: "", help };
        let words: WordList = || vec!["a", "b", "c"];
        for (kind, help, meaning) in [
            (InputKind::Choice(words), "One of:", "One of: `a`, `b` or `c`."),
            (InputKind::Choices(words), "Some of:", "Some of: one or more of `a`, `b`, `c`."),
            (InputKind::Choice(|| vec!["a"]), "One of:", "One of: `a`."),
            (InputKind::Choice(words), "It says what.", "It says what."),
            (InputKind::Duration(0, 86_400), "How long;", "How long; up to 24h."),
            (InputKind::Duration(1, 3600), "How long;", "How long; from 1s to 1h."),
            (InputKind::Boolean, "Yes or no:", "Yes or no: `true` or `false`."),
            (InputKind::Text, "As it is:", "As it is:"),
        ] {
            assert_eq!(input(kind, help).meaning(), meaning);
        }
    }
}
