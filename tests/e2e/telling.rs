//! Telling.
