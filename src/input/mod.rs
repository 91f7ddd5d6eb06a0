//! Inputs: which there are, what was written, and everything that is wrong with it, said at once.

mod common;
mod given;
mod spelling;
mod values;

pub mod env;
pub mod faults;
pub mod needs;
pub mod parse;

pub use self::common::{COMMON, Input};
pub use self::given::Given;
pub use self::spelling::{Spelling, Style};
pub use self::values::{UNEXPANDED, Values, echo, is_quoted};
