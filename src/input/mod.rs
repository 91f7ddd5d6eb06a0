//! Inputs: which there are, what was written, and everything that is wrong with it, said at once.

mod given;
mod kind;
mod spelling;
mod values;

pub mod env;
pub mod faults;
pub mod needs;
pub mod parse;

pub use self::given::Given;
pub use self::kind::{Input, InputKind, WordList, listed};
pub use self::spelling::{Spelling, Style};
pub use self::values::{UNEXPANDED, Values, is_quoted, joined, nearest, not_among};
