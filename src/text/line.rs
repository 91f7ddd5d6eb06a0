//! One visible line of text.

use std::borrow::Cow;

/// White space folded, control and invisible formatting characters gone.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if is_plain(text) && is_folded(text) {
        return Cow::Borrowed(text);
    }
    let visible: String = visible(text).collect();
    Cow::Owned(visible.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Whether a text is made of ASCII characters that show, and of spaces: nearly every one is.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn is_folded(text: &str) -> bool {
    !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ")
}

/// What people see of a text: one line, nothing that hides.
pub(super) fn visible(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !is_invisible(*c)).map(|c| if is_blank(c) { ' ' } else { c })
}

/// Whether somebody could take it for the end of a line, or do something else than show it.
pub(super) fn is_blank(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Zero-width and direction-changing characters, which make a text read differently from what it is, and all others that
/// Unicode calls ignorable by default: a reader that compares by the rules of a language finds a command around them.
pub(super) fn is_invisible(c: char) -> bool {
    !c.is_ascii()
        && matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A sentence that begins with a capital letter, unless it begins with a name: `web-1.example.com` is not `Web-1`.
pub fn capital(sentence: &str) -> String {
    let first = sentence.split(' ').next().unwrap_or_default();
    if !first.chars().all(|c| c.is_ascii_lowercase()) {
        return sentence.to_owned();
    }
    let mut chars = sentence.chars();
    let first = chars.next().map(|first| first.to_uppercase().chain(chars).collect());
    first.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_with_a_capital_letter_and_a_name_stays_as_it_is() {
        for (sentence, shown) in [
            ("could not read it", "Could not read it"),
            ("App web has no", "App web has no"),
            ("web-1.example.com is an alias", "web-1.example.com is an alias"),
            ("dpl_x is another", "dpl_x is another"),
            ("4f6c71e2 is another", "4f6c71e2 is another"),
            ("", ""),
        ] {
            assert_eq!(capital(sentence), shown);
        }
    }
}
