//! Everything that is wrong with the inputs of one run, each by the name its writer knows.

use std::collections::HashMap;

use super::given::Given;

/// Something wrong with an input, by the name its writer knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// The input.
    pub input: String,
    /// The variable it was read from, when it was written at all.
    pub variable: Option<String>,
    /// What is wrong and what would be right, without the value of a secret.
    pub text: String,
}

/// Everything that is wrong, and everything that is odd, with the inputs of one run.
#[derive(Debug, Default)]
pub struct Faults {
    /// Each of these stops the run before any request.
    pub found: Vec<Fault>,
    /// Sentences worth a warning.
    pub warnings: Vec<String>,
}

/// More faults than this are told as the first of them and one that counts the rest.
const MOST_TOLD: usize = 10;

impl Fault {
    /// A sentence that begins with the name its writer knows.
    fn sentence(&self) -> String {
        match &self.variable {
            Some(variable) => format!("`{}` ({variable}) {}", self.input, self.text),
            None if self.input.is_empty() => self.text.clone(),
            None => format!("`{}` {}", self.input, self.text),
        }
    }
}

impl Faults {
    /// A sentence for each, equal ones as one that counts them; not more than a run can tell.
    pub fn sentences(&self) -> Vec<String> {
        let mut counts: HashMap<&Fault, usize> = HashMap::new();
        for fault in &self.found {
            *counts.entry(fault).or_default() += 1;
        }
        let count = counts.len();
        let shown = if count > MOST_TOLD { MOST_TOLD - 1 } else { count };
        let in_order = self.found.iter().filter_map(|fault| Some((fault, counts.remove(fault)?)));
        let mut sentences: Vec<_> = in_order
            .take(shown)
            .map(|(fault, count)| match count {
                1 => format!("{}.", fault.sentence()),
                _ => format!("{} ({count} times).", fault.sentence()),
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

    pub(super) fn note(&mut self, given: Option<&Given>, input: &str, text: impl Into<String>) {
        let variable = given.map(|given| given.variable().to_owned());
        self.found.push(Fault { input: input.to_owned(), variable, text: text.into() });
    }
}
