//! Everything that is wrong with the inputs of one run, each by the name its writer knows.

use std::collections::HashMap;

use super::given::Given;
use super::spelling::{Spelling, Style};

/// Something wrong with an input, by the name its writer knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// The input.
    pub input: String,
    /// The variable it was read from, when it was written at all.
    pub variable: Option<String>,
    /// What is wrong and what would be right, without the value of a secret.
    pub text: String,
    /// A secret is missing.
    pub lacks_secret: bool,
}

/// Everything that is wrong, and everything that is odd, with the inputs of one run.
#[derive(Debug, Default)]
pub struct Faults {
    /// Each of these stops the run before any request.
    pub found: Vec<Fault>,
    /// Sentences worth a warning.
    pub warnings: Vec<String>,
    /// Sentences worth a line of the log.
    pub notes: Vec<String>,
}

/// Of more faults than this only the first are shown, and a line that counts the rest.
const MOST_TOLD: usize = 10;

impl Fault {
    /// What is wrong with an input, read from that variable if it was written at all.
    pub fn new(input: &str, variable: Option<String>, text: impl Into<String>) -> Self {
        Self { input: input.to_owned(), variable, text: text.into(), lacks_secret: false }
    }

    /// A sentence without its period that begins with the name its writer knows.
    fn sentence(&self, spelling: &Spelling) -> String {
        let text = spelling.respell(&self.text);
        if self.input.is_empty() {
            return text;
        }
        let variable = self.variable.as_deref();
        let name = spelling.name(&self.input, variable);
        match variable.filter(|variable| Style::of(variable).is_none()) {
            Some(usual) => format!("`{name}` (from {usual}) {text}"),
            None => format!("`{name}` {text}"),
        }
    }
}

impl Faults {
    /// A sentence for each, equal ones as one that counts them; not more than a run can tell. `withheld` says why this run
    /// may lack a secret, and stands behind the first one that is missing.
    pub fn sentences(&self, spelling: &Spelling, withheld: Option<&str>) -> Vec<String> {
        let mut withheld = withheld;
        let mut counts: HashMap<&Fault, usize> = HashMap::new();
        for fault in &self.found {
            *counts.entry(fault).or_default() += 1;
        }
        let count = counts.len();
        let shown = if count > MOST_TOLD { MOST_TOLD - 1 } else { count };
        let in_order = self.found.iter().filter_map(|fault| Some((fault, counts.remove(fault)?)));
        let mut sentences: Vec<_> = in_order
            .take(shown)
            .map(|(fault, count)| {
                let times = if count == 1 { String::new() } else { format!(" ({count} times)") };
                let withheld = withheld.take_if(|_| fault.lacks_secret).map(|why| format!(" {why}"));
                format!("{}{times}.{}", fault.sentence(spelling), withheld.unwrap_or_default())
            })
            .collect();
        if count > shown {
            sentences.push(format!("{} more inputs are not right.", count - shown));
        }
        sentences
    }

    /// Notes that an input is malformed. One whose text is already known to be wrong is not judged further.
    pub fn add(&mut self, given: Option<&Given>, input: &str, text: impl Into<String>) {
        if given.is_none_or(Given::is_readable) {
            self.note(given, input, text);
        }
    }

    /// Notes that an input is missing which may be a secret.
    pub(super) fn miss(&mut self, input: &str, text: impl Into<String>, lacks_secret: bool) {
        self.found.push(Fault { lacks_secret, ..Fault::new(input, None, text) });
    }

    pub(super) fn note(&mut self, given: Option<&Given>, input: &str, text: impl Into<String>) {
        self.found.push(Fault::new(input, given.map(|given| given.variable().to_owned()), text));
    }
}
