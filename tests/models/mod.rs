//! What each CI system takes from a log, a file or a program's input: written from the rules of its own reader, and
//! generous where the rules leave a doubt, so that nothing slips through.

pub mod azure;
pub mod buildkite;
pub mod drone;
pub mod github;
pub mod gitlab;
pub mod harness;
pub mod markdown;
pub mod shell;
pub mod silence;
pub mod teamcity;

/// The lines of a log. A lone carriage return ends one as well, and so does whatever any reader might break a line at.
pub fn lines(log: &str) -> Vec<String> {
    let log = heard(log).replace("\r\n", "\n");
    let ends = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    log.split(ends).map(str::to_owned).collect()
}

/// A text as readers hear it who compare by the rules of a language: some characters do not count for them.
pub fn heard(text: &str) -> String {
    if text.is_ascii() && !text.contains('\0') {
        return text.to_owned();
    }
    text.chars().filter(|c| !is_ignorable(*c)).collect()
}

/// What Unicode calls ignorable by default (`Default_Ignorable_Code_Point`), and NUL.
fn is_ignorable(c: char) -> bool {
    const RANGES: [(u32, u32); 17] = [
        (0, 0),
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x61c, 0x61c),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x202a, 0x202e),
        (0x2060, 0x206f),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfffb),
        (0x1bca0, 0x1bca3),
        (0x1d173, 0x1d17a),
    ];
    if c.is_ascii() {
        return c == '\0';
    }
    let code = u32::from(c);
    (0xe0000..=0xe0fff).contains(&code) || RANGES.iter().any(|(first, last)| (*first..=*last).contains(&code))
}

#[test]
fn no_reader_stumbles_over_a_character_that_does_not_count() {
    assert_eq!(heard("#\u{fe0f}#\u{34f}[a\u{e0100}"), "##[a");
    assert_eq!(lines("a\u{85}b\r\nc\u{2028}d"), ["a", "b", "c", "d"]);
}
