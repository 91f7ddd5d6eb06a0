//! What was written for the inputs of a run, and what can be wrong with any of it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::env::{Env, holds_expression, is_unexpanded};
use super::faults::Faults;
use super::given::Given;
use super::kind::{Input, InputKind, alternatives};
use super::parse::{boolean, duration};
use crate::model::id::{WRAPPED, is_wrapping};
use crate::text::secret::Secret;

/// Inputs that name one thing: an expression is none of its letters.
const NAMES: [&str; 2] = ["branch", "target"];

/// What was written for the inputs of this run.
#[derive(Debug, Default)]
pub struct Values(BTreeMap<&'static str, Given>);

impl Values {
    /// Looks up these inputs.
    pub fn look_up_all<'i>(env: &Env, inputs: impl IntoIterator<Item = &'i Input>) -> Self {
        let mut values = Self::default();
        for input in inputs {
            values.look_up(env, input);
        }
        values
    }

    fn look_up(&mut self, env: &Env, input: &Input) {
        let prefixed = env.input(input.name).map(|written| (written, false));
        let found = prefixed.or_else(|| {
            let mut usual = input.usual.iter();
            usual.find_map(|(variable, beginning)| {
                let written = env.written(variable).filter(|written| !input.is_none(written))?;
                // Nobody knows what an expression would have become.
                let fits = written
                    .value
                    .as_ref()
                    .is_none_or(|value| value.expose().starts_with(beginning) || is_unexpanded(value.expose()));
                fits.then_some((written, true))
            })
        });
        let Some((written, usual)) = found else {
            return;
        };
        let given = Given {
            readable: written.value.is_some(),
            value: written.value.unwrap_or_default(),
            variable: written.variable,
            kind: input.kind,
            usual,
        };
        self.0.insert(input.name, given);
    }

    /// What can be wrong with any value, whatever it is for. One that is wrong here is not judged further.
    pub fn judge_text(&mut self, input: &Input, faults: &mut Faults) {
        let Some(given) = self.0.get_mut(input.name) else {
            return;
        };
        let text = given.value.expose();
        let wrong = if !given.readable {
            "is not valid UTF-8"
        } else if is_unexpanded(text) && !input.made_up || NAMES.contains(&input.name) && holds_expression(text) {
            UNEXPANDED
        } else if is_quoted(text) && !input.made_up && input.name != QUOTABLE {
            WRAPPED
        } else if input.secret && text.chars().any(char::is_control) {
            "contains a line break or another control character"
        } else {
            return;
        };
        given.readable = false;
        faults.note(Some(given), input.name, wrong);
    }

    /// The value of an input.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|given| given.value.expose())
    }

    /// The value of a credential.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.0.get(name).map(|given| given.value.clone())
    }

    /// Whether an input was written as such, not taken from a usual variable.
    pub(super) fn is_written(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|given| !given.usual)
    }

    /// Leaves an input out, as something else was written instead.
    pub(super) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Where an input came from.
    pub fn given(&self, name: &str) -> Option<&Given> {
        self.0.get(name)
    }

    /// Fills a struct of `Option<String>` and `Option<Secret>` fields named after inputs.
    pub fn fill<T: DeserializeOwned + Default>(&self) -> T {
        let pairs = self.0.iter().map(|(name, given)| ((*name).to_owned(), given.value.expose().to_owned()));
        // Only missing or mistyped fields make envy fail, and such a struct has neither.
        envy::from_iter(pairs).unwrap_or_default()
    }

    /// Notes that an input which is needed was not written.
    pub fn missing(&self, input: &Input, faults: &mut Faults) {
        let mut usual: Vec<_> = input.usual.iter().map(|(variable, _)| *variable).collect();
        usual.dedup();
        let hint = if usual.is_empty() { String::new() } else { format!(", or the variable {}", alternatives(&usual)) };
        faults.miss(input.name, format!("is missing: set it{hint}"), input.secret);
    }

    /// A hint for where a value that was taken as it is may still be a variable that nobody expanded.
    pub fn unexpanded(&self, name: &str) -> Option<String> {
        let given = self.0.get(name)?;
        is_unexpanded(given.value.expose()).then(|| {
            let wrong = "looks like a variable that was not expanded; define it, or check its spelling, unless this is what was meant";
            format!("`{name}` {wrong}.")
        })
    }

    /// Whether an input was taken from a usual variable, and not written for this program.
    pub fn is_usual(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|given| given.usual)
    }

    /// The items of a list.
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.get(name).unwrap_or_default();
        text.split([',', '\n', '\r']).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// An input parsed by `parse`, or a fault that says what it should have been.
    pub fn parsed<T>(&self, name: &str, faults: &mut Faults, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        self.read(name, faults, |text| parse(text).map_err(|wrong| format!("{}{wrong}", echo(text))))
    }

    fn read<T>(&self, name: &str, faults: &mut Faults, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let given = self.0.get(name).filter(|given| given.readable)?;
        let text = given.value.expose();
        match read(text) {
            _ if text.chars().all(|c| c == ',' || c.is_whitespace()) => {
                faults.add(Some(given), name, "is a list without an item");
                None
            }
            Ok(value) => Some(value),
            Err(wrong) => {
                faults.add(Some(given), name, wrong);
                None
            }
        }
    }
}

/// Inputs that are less than any text, as their kinds say; `None` also for one of another kind.
impl Values {
    /// A boolean.
    pub fn boolean(&self, name: &str, faults: &mut Faults) -> Option<bool> {
        self.parsed(name, faults, boolean)
    }

    /// A duration within its bounds.
    pub fn duration(&self, name: &str, faults: &mut Faults) -> Option<Duration> {
        let InputKind::Duration(least, most) = self.given(name)?.kind else { return None };
        self.parsed(name, faults, |text| duration(text, least, most))
    }

    /// One word of a choice.
    pub fn choice(&self, name: &str, faults: &mut Faults) -> Option<&'static str> {
        let kind = self.given(name)?.kind;
        self.read(name, faults, |text| word_of(kind, text).ok_or_else(|| not_among(&kind.words(), "one", text, text)))
    }

    /// Several words of a choice.
    pub fn choices(&self, name: &str, faults: &mut Faults) -> Option<Vec<&'static str>> {
        let kind = self.given(name)?.kind;
        let read = |text: &str, item: &String| {
            word_of(kind, item).ok_or_else(|| not_among(&kind.words(), "one or more", text, item))
        };
        self.read(name, faults, |text| self.list(name).iter().map(|item| read(text, item)).collect())
    }
}

fn word_of(kind: InputKind, text: &str) -> Option<&'static str> {
    kind.words().into_iter().find(|word| word.eq_ignore_ascii_case(text))
}

/// What is said of an item of a text that is none of these words. They stand in double quotes, as values do: in
/// backticks some would be the names of inputs.
pub fn not_among(words: &[&str], how_many: &str, text: &str, item: &str) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
    let meant = nearest(item, words).filter(|_| is_harmless(text));
    let meant = meant.map(|word| format!(" (did you mean \"{word}\"?)")).unwrap_or_default();
    let what = wrong(text).map_or_else(|| "is not valid".to_owned(), |what| what + &meant);
    format!("{what}; use {how_many} of {}", quoted.join(", "))
}

/// The word that was probably meant.
pub fn nearest<'a>(text: &str, words: &[&'a str]) -> Option<&'a str> {
    let text = joined(text);
    let distances = words.iter().map(|word| (strsim::damerau_levenshtein(&text, &joined(word)), *word));
    distances.min().filter(|(distance, word)| *distance * 3 <= word.len().max(6)).map(|(_, word)| word)
}

/// A word without what separates its parts: everybody does that in a way of their own.
pub fn joined(word: &str) -> String {
    word.to_lowercase().replace(['_', '-', ' '], "")
}

/// What is said of an expression that nobody replaced.
pub const UNEXPANDED: &str = "is a variable that was not expanded; define it, or check its spelling";

/// The input whose language has quotes of its own.
const QUOTABLE: &str = "query";

/// Whether a value was quoted once more than its reader takes off.
pub fn is_quoted(text: &str) -> bool {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    ['"', '\'', '`'].into_iter().any(|quote| inner(quote).is_some())
}

/// A short value is repeated in its fault; a long one may be a secret in the wrong place.
fn echo(text: &str) -> String {
    wrong(text).map(|what| what + ", but ").unwrap_or_default()
}

fn wrong(text: &str) -> Option<String> {
    if is_harmless(text) {
        Some(format!("is \"{text}\""))
    } else {
        let is_wrapped = text.starts_with(is_wrapping) || text.ends_with(is_wrapping);
        is_wrapped.then(|| "has brackets or quotes around it".to_owned())
    }
}

fn is_harmless(text: &str) -> bool {
    const SHORT: usize = 12;
    text.chars().count() <= SHORT && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_not_repeated_in_messages() {
        assert_eq!(echo("yes"), "is \"yes\", but ");
        assert_eq!(echo("dop_v1_0123456789abcdef"), "");
    }
}
