//! The words that were seen, and when.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::text::sanitizer::Sanitizer;
use crate::text::shown::Shown;

/// A platform's word and when it was seen first.
#[derive(Clone, Debug, Serialize)]
pub(super) struct StateChange {
    #[serde(serialize_with = "one_decimal")]
    pub(super) seconds: f64,
    pub(super) platform_state: Shown,
}

/// Words and when each was seen first.
pub(super) fn changes(timeline: &[(Duration, String)], sanitizer: &Sanitizer) -> Vec<StateChange> {
    let change = |(at, word): &(Duration, String)| StateChange {
        seconds: at.as_secs_f64(),
        platform_state: sanitizer.short(word),
    };
    timeline.iter().map(change).collect()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
pub(super) fn one_decimal<S: Serializer>(seconds: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((seconds * 10.0).round() / 10.0)
}
