//! The course a deployment takes, told in words instead of time.

/// The words a deployment shows, one after the other.
///
/// A read shows the word that is true now and then moves on to the next; the
/// last word stays. Lists and cancels look at the word that is true now
/// without moving on. The first cancel in flight switches to the words for
/// afterwards, from their beginning. So with `["BUILDING", "ACTIVE"]` a client
/// that reads once and then cancels comes too late.
#[derive(Clone, Debug)]
pub struct Script {
    states: Vec<String>,
    after_cancel: Vec<String>,
    at: usize,
    cancels: usize,
}

impl Script {
    /// A script with these words.
    pub fn new(states: &[&str], after_cancel: &[&str]) -> Script {
        Script {
            states: words(states.iter().copied()),
            after_cancel: words(after_cancel.iter().copied()),
            at: 0,
            cancels: 0,
        }
    }

    /// Replaces the words of the undisturbed course, which begins anew.
    pub fn set_states<S: Into<String>>(&mut self, states: impl IntoIterator<Item = S>) {
        self.states = words(states);
        self.at = 0;
    }

    /// Replaces the words from the moment a cancel takes effect.
    pub fn set_after_cancel<S: Into<String>>(&mut self, states: impl IntoIterator<Item = S>) {
        self.after_cancel = words(states);
    }

    /// The word that is true now.
    pub fn now(&self) -> &str {
        &self.words()[self.at]
    }

    /// Shows the word that is true now and moves on.
    pub fn read(&mut self) -> String {
        let word = self.now().to_owned();
        self.at = (self.at + 1).min(self.words().len() - 1);
        word
    }

    /// Cancels; false when a cancel has taken effect before.
    pub fn cancel(&mut self) -> bool {
        if self.cancels > 0 {
            return false;
        }
        self.cancels = 1;
        self.at = 0;
        true
    }

    /// Shows everything to the last word.
    pub fn run_out(&mut self) {
        self.at = self.words().len() - 1;
    }

    /// Ends the course with that word, whatever was to come.
    pub fn end_with(&mut self, word: &str) {
        (self.states, self.after_cancel, self.at) = (words([word]), words([word]), 0);
    }

    /// Whether that word is one of the undisturbed course.
    pub fn shows(&self, word: &str) -> bool {
        self.states.iter().any(|known| known == word)
    }

    /// How many cancels took effect: one at most.
    pub fn cancels(&self) -> usize {
        self.cancels
    }

    fn words(&self) -> &[String] {
        match self.cancels {
            0 => &self.states,
            _ => &self.after_cancel,
        }
    }
}

fn words<S: Into<String>>(list: impl IntoIterator<Item = S>) -> Vec<String> {
    let words: Vec<String> = list.into_iter().map(Into::into).collect();
    assert!(!words.is_empty(), "a script needs at least one word");
    words
}

/// The shape of a successful cancel's answer.
#[derive(Clone, Debug, Default)]
pub enum CancelAnswer {
    /// The deployment with the word that is true now.
    #[default]
    Current,
    /// The deployment with this word, whatever is true.
    Word(String),
    /// Another deployment's id and state, as in an example of the documentation.
    OtherId,
    /// Status 200 and no body.
    Empty,
}

impl CancelAnswer {
    /// The deployment with this word, or as it is.
    pub fn shows(word: Option<&str>) -> CancelAnswer {
        word.map_or(CancelAnswer::Current, |word| CancelAnswer::Word(word.to_owned()))
    }
}
