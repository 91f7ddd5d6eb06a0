//! Untrusted text inside Markdown: it stays text, in its table cell, without links, tags or commands.

use crate::text::sanitizer::{break_commands, break_marks};
use crate::text::web_link::WebLink;

/// Takes no room, and keeps apart what would become a link or a mention by itself: other entities are read as what they
/// stand for before anybody looks for those.
const NOTHING: &str = "&#8203;";

/// A link, its label Markdown already.
pub fn link(label: &str, to: &WebLink) -> String {
    format!("[{label}]({to})")
}

/// A value as a code span that also stays whole inside a table cell.
pub fn code(text: &str) -> String {
    let text = break_marks(text).replace('|', "\\|");
    if text.is_empty() {
        return "` `".to_owned();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A sentence as plain text; our own code spans in it stay code spans.
pub fn prose(text: &str) -> String {
    let text = break_commands(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str(&format!("@{NOTHING}")),
            '$' => out.push_str("&#36;"),
            '|' | '[' | ']' | '*' | '~' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            other => out.push(other),
        }
    }
    out.replace("://", &format!(":{NOTHING}//")).replace("www.", &format!("www{NOTHING}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_hold_any_text() {
        assert_eq!(code("dpl_1"), "`dpl_1`");
        assert_eq!(code("::1"), "`::1`");
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`x"), "`` `x ``");
        assert_eq!(code(""), "` `");
    }

    #[test]
    fn sentences_hold_no_markup_of_others() {
        assert_eq!(
            prose("a | <img src=x> [x](https://evil.example) ::error:: @me"),
            "a \\| &lt;img src=x&gt; \\[x\\](https:&#8203;//evil.example) ::error:: @&#8203;me"
        );
    }
}
