//! A value as it was written, and where.

use super::kind::InputKind;
use crate::text::secret::Secret;

/// One input's value and where it came from.
#[derive(Clone, Debug)]
pub struct Given {
    pub(super) value: Secret,
    /// Whether it is worth a closer look: valid UTF-8, and no variable that was left unexpanded.
    pub(super) readable: bool,
    pub(super) variable: String,
    pub(super) kind: InputKind,
    pub(super) usual: bool,
}

impl Given {
    /// Whether its text may be judged further.
    pub const fn is_readable(&self) -> bool {
        self.readable
    }

    /// The variable it was read from.
    pub fn variable(&self) -> &str {
        &self.variable
    }
}
