//! What never happens: a secret where somebody sees it, a token on its way to another host, and words of others that act.

mod acted;
mod hostile;
mod leaks;
mod texts;

/// Whether `::` stands where a command could begin: at the start of a line.
pub fn opens_command(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with("::"))
}
