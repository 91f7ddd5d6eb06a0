//! Text that may be shown, and text that may not.

pub mod markdown;
pub mod sanitizer;
pub mod secret;
