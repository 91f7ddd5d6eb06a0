//! Text that is not ours, made fit to be shown: no control characters, no secrets, bounded length, no CI command.
//!
//! The first three happen where text enters ([`Sanitizer`]), the last one where it leaves ([`break_commands`],
//! [`break_marks`]), because JSON needs it done differently.

use std::sync::{PoisonError, RwLock};

use serde_json::{Map, Value};

use crate::model::deployment::Deployment;
use crate::text::line::{is_blank, is_invisible, is_plain, one_line, visible};
use crate::text::redactor::Redactor;
use crate::text::secret::Secret;
use crate::text::shown::{Shown, ShownFacts};

/// The longest sentence of a platform's that is shown, in characters.
const SENTENCE: usize = 300;
/// The longest single value (an id, a state, a branch) that is shown, in characters.
const VALUE: usize = 600;

/// What follows `[` is read as a command by Azure Pipelines, TeamCity and GitHub when one of these stands before it.
const COMMAND_STARTS: [&str; 3] = ["##", "##vso", "##teamcity"];
/// What begins or opens a group of lines on Buildkite.
const GROUP_STARTS: [&str; 4] = ["---", "+++", "~~~", "^^^"];

/// Cleans untrusted text with the secrets of this run in mind.
#[derive(Debug, Default)]
pub struct Sanitizer {
    redactor: RwLock<Redactor>,
}

impl Sanitizer {
    /// A sanitizer that also removes these secrets.
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor: RwLock::new(redactor) }
    }

    /// Removes this secret too, from now on.
    pub fn learn(&self, secret: &Secret) {
        let mut redactor = self.redactor.write().unwrap_or_else(PoisonError::into_inner);
        redactor.add(secret);
    }

    /// A platform's sentence: one line, shortened.
    pub fn sentence(&self, text: &str) -> Shown {
        self.plain(text, SENTENCE)
    }

    /// A single value such as an id or a state.
    pub fn short(&self, text: &str) -> Shown {
        self.plain(text, VALUE)
    }

    /// A sentence of ours on one line, whole: nobody knows what a user wrote into the names and words that it repeats.
    pub fn redact(&self, text: &str) -> Shown {
        let redactor = self.redactor.read().unwrap_or_else(PoisonError::into_inner);
        Shown::cleaned(redactor.redact(&one_line(text)))
    }

    /// A deployment whose texts can be shown; its id stays fit for a request, and what it was made from and where it goes
    /// stays as the platform said it, because guards compare that.
    pub fn deployment(&self, mut deployment: Deployment) -> Deployment {
        let clean = |text: Option<String>| text.map(|text| self.short(&text).into_string());
        deployment.platform_state = self.short(&deployment.platform_state).into_string();
        deployment.url = clean(deployment.url);
        deployment.note = deployment.note.map(|note| self.sentence(&note).into_string());
        deployment.details = self.details(deployment.details);
        deployment
    }

    /// A platform's own facts, their texts fit to be shown.
    pub fn details(&self, mut details: Map<String, Value>) -> Map<String, Value> {
        details.values_mut().for_each(|value| self.clean(value));
        details
    }

    /// The same facts as the report takes them.
    pub fn facts(&self, details: &Map<String, Value>) -> ShownFacts {
        ShownFacts::cleaned(self.details(details.clone()))
    }

    fn clean(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.sentence(text).into_string(),
            Value::Array(values) => values.iter_mut().for_each(|value| self.clean(value)),
            Value::Object(values) => values.values_mut().for_each(|value| self.clean(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn plain(&self, text: &str, longest: usize) -> Shown {
        let redactor = self.redactor.read().unwrap_or_else(PoisonError::into_inner);
        // One more than is shown tells that there is more; a huge text must not keep the run from its limit.
        let shown = redactor.redact_start(&one_line(text), longest + 1);
        Shown::cleaned(shorten(shown, longest))
    }
}

/// A text as a whole line of a log: Buildkite begins a group where a line begins like this.
pub fn line(text: &str) -> String {
    let mut line = break_commands(text);
    let begins = line.trim_start();
    if GROUP_STARTS.iter().any(|start| begins.starts_with(start)) {
        line.insert(line.len() - begins.len(), '\\');
    }
    line
}

/// A text that may stand alone, such as the value of an output, which somebody prints: nothing in it acts, and it begins
/// no command. `::` inside it is left alone, as in Vercel's request ids: such a command begins a line.
pub fn break_commands(text: &str) -> String {
    let mut out = break_marks(text);
    let begins = out.trim_start();
    if begins.starts_with("::") {
        out.insert(out.len() - begins.len() + 1, ' ');
    }
    out
}

/// A text inside a line of ours: breaks, visibly, everything that some CI system would take for a command wherever it
/// stands, or for the end of the line.
pub fn break_marks(text: &str) -> String {
    if is_plain(text) && !text.contains('[') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in visible(text) {
        if c == '[' && starts_command(&out) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The same for a text that was shown already.
pub fn break_marks_in(text: &Shown) -> Shown {
    Shown::cleaned(break_marks(text))
}

/// Whether a text that has to stay as it is would be read as a command, wherever it stands in a line.
pub fn holds_command(text: &str) -> bool {
    let seen: String = visible(text).collect();
    let mut brackets = seen.match_indices('[');
    brackets.any(|(at, _)| starts_command(seen.get(..at).unwrap_or_default()))
}

fn starts_command(before: &str) -> bool {
    COMMAND_STARTS.iter().any(|start| {
        before.len() >= start.len()
            && before.get(before.len() - start.len()..).is_some_and(|tail| tail.eq_ignore_ascii_case(start))
    })
}

/// The same for JSON text: `\u` escapes keep every value what it was. Both patterns can stand only inside JSON strings.
pub fn break_commands_in_json(json: String) -> String {
    if is_plain(&json) && !json.contains("::") && !json.contains("##") {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            ':' if out.ends_with(':') => out.push_str("\\u003a"),
            '[' if starts_command(&out) => out.push_str("\\u005b"),
            hidden if is_invisible(hidden) || is_blank(hidden) => {
                for unit in hidden.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            other => out.push(other),
        }
    }
    out
}

fn shorten(mut text: String, longest: usize) -> String {
    // No text has more characters than bytes.
    let end = (text.len() > longest).then(|| text.char_indices().nth(longest)).flatten();
    if let Some((end, _)) = end {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, shown: &str) {
        let redactor = Redactor::new(&[Secret::from("hunter22".to_owned())]);
        assert_eq!(break_commands(&Sanitizer::new(redactor).sentence(text)), shown);
    }

    #[test]
    fn what_a_ci_would_obey_is_broken_visibly() {
        check("::error::gone", ": :error::gone");
        check("  ::error::gone", ": :error::gone");
        check(":::error::gone", ": ::error::gone");
        check("a ##[set-output name=x]y", "a ##\\[set-output name=x]y");
        check("##vso[task.complete]", "##vso\\[task.complete]");
        check("##TeamCity[x]", "##TeamCity\\[x]");
        check("a\r\n::error::b", "a ::error::b");
        check("\u{1b}[31mred", "[31mred");
        check("#\u{200b}#[x]", "##\\[x]");
        check("#\u{fe0f}#\u{34f}vso\u{e0100}[x]", "##vso\\[x]");
    }

    #[test]
    fn what_begins_no_line_is_shown_as_it_is_written() {
        for id in ["fra1::iad1", "a ::b", "(::1)", "sfo1::x::-y", "a: :b", "# #[x]", "C:::d"] {
            check(id, id);
            assert_eq!(break_marks(id), id);
        }
        assert_eq!(break_marks("::1"), "::1");
    }

    #[test]
    fn no_line_of_others_starts_a_group() {
        for start in ["--- a", "+++ a", "~~~ a", "^^^ +++", "---", "-\u{200b}-- a"] {
            let visible: String = visible(start).collect();
            assert_eq!(line(start), format!("\\{visible}"));
        }
        assert_eq!(line("  --- a"), "  \\--- a");
        assert_eq!(line("a --- b"), "a --- b");
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(line("a\n::error::b\r--- c\u{85}d"), "a ::error::b --- c d");
    }

    #[test]
    fn a_secret_split_by_invisible_characters_is_still_removed() {
        for invisible in ['\u{200b}', '\u{034f}', '\u{fe0f}', '\u{3164}', '\u{e0100}'] {
            check(&format!("hunt{invisible}er22"), "***");
        }
    }

    /// However much stands before it, and however much of that is not shown.
    #[test]
    fn no_piece_of_a_secret_is_left_where_a_text_ends() {
        for length in 0..700 {
            for filler in ["x", " ", "\u{200b}", "hunter22"] {
                let redactor = Redactor::new(&[Secret::from("hunter22".to_owned())]);
                let text = format!("{}hunter22", filler.repeat(length));
                let shown = Sanitizer::new(redactor).sentence(&text);
                assert!(!shown.contains('h'), "{length} {filler:?} {shown}");
            }
        }
        for spaces in 16_376..16_386 {
            check(&format!("{}hunter22", " ".repeat(spaces)), "***");
            check(&format!("x{}hunter22", "\u{200b}".repeat(spaces)), "x***");
        }
    }

    #[test]
    fn long_text_is_shortened() {
        let shown = Sanitizer::default().sentence(&"ü".repeat(400));
        assert_eq!(shown.chars().count(), SENTENCE + 1);
        assert!(shown.ends_with('…'));
    }

    #[test]
    fn json_stays_json_and_keeps_its_values() {
        let value = serde_json::json!([{ "branch": "::x ##[y] ##vso[z]::: #\u{200b}#\u{e0100}[a\u{85}" }]);
        let broken = break_commands_in_json(value.to_string());
        assert!(broken.is_ascii(), "{broken}");
        assert!(!broken.contains("::") && !broken.contains("##[") && !broken.contains("##vso["));
        let again: serde_json::Value = serde_json::from_str(&broken).unwrap();
        assert_eq!(again, value);
    }

    proptest! {
        #[test]
        fn nothing_gets_through(text in "[:#\\[vsoVSOteamciy\r\n \u{200b}]{0,60}") {
            let shown = break_commands(&Sanitizer::default().sentence(&text)).to_lowercase();
            for start in ["##[", "##vso[", "##teamcity[", "\r", "\n"] {
                prop_assert!(!shown.contains(start), "{shown:?}");
            }
            prop_assert!(!shown.trim_start().starts_with("::"), "{shown:?}");
        }
    }
}
