//! Text that may be shown, and text that may not.

mod escapes;
mod forms;
pub mod line;
pub mod markdown;
mod readings;
pub mod redactor;
pub mod sanitizer;
pub mod secret;
pub mod shown;
mod sieve;
pub mod time;
pub mod web_link;
