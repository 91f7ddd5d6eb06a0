//! What this program is told, judged once.

pub mod target;
