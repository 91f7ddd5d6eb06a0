//! What a platform's words for a state mean: one table each, and how it is read.

use crate::api::wire::Text;
use crate::model::deployment::{Deployment, State};

/// A platform's words and what they mean to us.
pub type States = &'static [(&'static str, State)];

/// What a word means; two l in `CANCELLED` are read as one, and case does not matter.
pub fn state(states: States, word: &str) -> State {
    let meaning = |word: &str| states.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
    let found = meaning(word).or_else(|| meaning(&word.to_ascii_uppercase().replace("CANCELL", "CANCEL")));
    found.map_or(State::Unknown, |(_, state)| *state)
}

/// A deployment by its id and the platform's own word; `None` where one of them is missing.
pub fn deployment(states: States, id: Text, word: Text) -> Option<Deployment> {
    let platform_state = word.0?;
    Some(Deployment { state: state(states, &platform_state), platform_state, ..Deployment::without_reading(&id.0?) })
}
