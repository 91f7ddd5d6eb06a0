//! Values that may never be printed, and finding them again in other people's text.

use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::text::sanitizer::one_line;

/// A credential. It cannot be displayed, its debug form is `Secret(***)`, and its memory is zeroed on drop.
#[derive(Clone, Default, Deserialize)]
#[serde(from = "String")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The value itself: for a request header or a mask command, nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(Zeroizing::new(value))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Shorter values are neither masked nor redacted: hiding them would wreck the log and tell more than it hides.
pub const SHORTEST_HIDDEN: usize = 4;

/// A token without the scheme that people copy along with it (`bearer eyJ…`), in any case.
pub fn without_scheme(written: &str) -> &str {
    match written.split_once(char::is_whitespace) {
        Some((scheme, token)) if ["bearer", "token"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
            token.trim_start()
        }
        _ => written,
    }
}

/// The `Authorization` that carries a token, whether or not its scheme was copied along with it.
pub fn bearer(token: &Secret) -> Secret {
    Secret::from(format!("Bearer {}", without_scheme(token.expose())))
}

/// From this length on, what looks like a secret is taken for it in any case and across a line break as well: nothing
/// else is likely to look like it. Encoded forms that are shorter are not looked for.
const SHORTEST_LOOSE: usize = 8;

/// Escapes of escapes are followed so many times.
const DEEPEST: usize = 4;

/// Replaces every known secret in a text, however each of its characters is written.
#[derive(Default)]
pub struct Redactor {
    needles: Vec<Secret>,
    /// For each byte, the needles that may begin with it. Most bytes begin none, and a text may be long.
    starts: Vec<Vec<usize>>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not even how a secret begins.
        write!(f, "Redactor({} forms)", self.needles.len())
    }
}

impl Redactor {
    /// A redactor for these secrets, as they are, in base64 and in hexadecimal digits.
    pub fn new(secrets: &[Secret]) -> Self {
        let mut redactor = Self::default();
        secrets.iter().for_each(|secret| redactor.note(secret));
        redactor.index();
        redactor
    }

    /// One more secret, unless it is too short to be told from ordinary text.
    pub fn add(&mut self, secret: &Secret) {
        self.note(secret);
        self.index();
    }

    fn note(&mut self, secret: &Secret) {
        // The token alone is the secret, where it is not very short; its scheme is a word like any other.
        let bare = without_scheme(secret.expose());
        let bare = Some(bare).filter(|bare| bare.len() >= SHORTEST_HIDDEN);
        let secret = &bare.map_or_else(|| secret.clone(), |bare| Secret::from(bare.to_owned()));
        // Text that is shown is made one line of visible characters first, which can leave nothing of a secret.
        let folded = Secret::from(one_line(secret.expose()));
        for plain in [secret, &folded] {
            if plain.expose().len() >= SHORTEST_HIDDEN {
                self.needles.push(plain.clone());
            }
        }
        if secret.expose().len() < SHORTEST_HIDDEN {
            return;
        }
        self.needles.push(hex_form(secret.expose().as_bytes()));
        self.needles.extend(base64_forms(secret.expose().as_bytes()));
    }

    /// Sorts the needles, the longest first, and notes how each may begin.
    fn index(&mut self) {
        self.needles.sort_by_key(|needle| std::cmp::Reverse(needle.expose().len()));
        self.starts = vec![Vec::new(); 256];
        for (which, needle) in self.needles.iter().enumerate() {
            let first = needle.expose().bytes().next().unwrap_or_default();
            let mut begins = vec![first.to_ascii_lowercase(), first.to_ascii_uppercase(), b'%', b'&', b'\\', b'+'];
            begins.sort_unstable();
            begins.dedup();
            for byte in begins {
                if let Some(those) = self.starts.get_mut(usize::from(byte)) {
                    those.push(which);
                }
            }
        }
    }

    /// `text` with `***` in place of every secret: plain, percent-encoded, JSON- or HTML-escaped, in base64 or in
    /// hexadecimal digits.
    pub fn redact(&self, text: &str) -> String {
        self.redact_start(text, usize::MAX)
    }

    /// The same for the beginning of a text: at least `enough` characters, if it has so many. Where they end, no secret
    /// is cut in two: it is looked for in the whole text.
    pub fn redact_start(&self, text: &str, enough: usize) -> String {
        let mut out = String::new();
        let (mut at, mut length) = (0, 0);
        while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next())
            && length < enough
        {
            let end = self.match_at(text.as_bytes(), at);
            if let Some(end) = end.filter(|end| *end > at && text.is_char_boundary(*end)) {
                out.push_str("***");
                length += 3;
                at = end;
            } else {
                out.push(c);
                length += 1;
                at += c.len_utf8();
            }
        }
        out
    }

    fn match_at(&self, text: &[u8], at: usize) -> Option<usize> {
        let first = usize::from(*text.get(at)?);
        let those = self.starts.get(first)?.iter();
        let mut needles = those.filter_map(|which| self.needles.get(*which));
        needles.find_map(|needle| match_written(text, at, needle.expose()))
    }
}

/// Where `secret` ends if it begins at `at`, in any mixture of the ways in which text carries characters.
fn match_written(text: &[u8], at: usize, secret: &str) -> Option<usize> {
    let loose = secret.len() >= SHORTEST_LOOSE;
    // A character can be read in more than one way (`&` alone or as `&amp;`), so all readings go on side by side.
    let mut ends = vec![at];
    for c in secret.chars() {
        let mut next = Vec::new();
        for end in ends {
            add_readings(text, end, c, loose, &mut next);
            let gap = run_of(text, end, u8::is_ascii_whitespace);
            if loose && gap > 0 && end > at {
                add_readings(text, end + gap, c, loose, &mut next);
            }
        }
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            return None;
        }
        ends = next;
    }
    ends.into_iter().max()
}

/// Where `c` ends in each of the ways in which it can stand at `at`: as itself, percent-encoded, as a JSON escape of
/// each kind, as an HTML entity.
fn add_readings(text: &[u8], at: usize, c: char, loose: bool, ends: &mut Vec<usize>) {
    let same = |found: u32| {
        let found = char::from_u32(found);
        found.is_some_and(|found| found == c || loose && found.eq_ignore_ascii_case(&c))
    };
    add_bytes(text, at, c, loose, ends);
    match text.get(at) {
        Some(b'+') if c == ' ' => ends.push(at + 1),
        Some(b'&') => {
            let mut inner = at + 1;
            for _ in 0..=DEEPEST {
                ends.extend(entity(text, inner, same));
                if !starts(text, inner, b"amp;") {
                    break;
                }
                inner += b"amp;".len();
            }
        }
        Some(b'\\') => {
            let inner = at + run_of(text, at, |byte| *byte == b'\\');
            ends.extend(escape(text, inner, same));
            add_bytes(text, inner, c, loose, ends);
            if c == '\\' {
                ends.extend(at + 2..=inner);
            }
        }
        _ => {}
    }
}

/// Where `c` ends, each of its bytes as it is or behind a percent sign, which may itself be encoded.
fn add_bytes(text: &[u8], at: usize, c: char, loose: bool, ends: &mut Vec<usize>) {
    let mut here = vec![at];
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        let same = |found: u8| found == byte || loose && found.eq_ignore_ascii_case(&byte);
        let mut next = Vec::new();
        for at in here {
            if text.get(at).copied().is_some_and(same) {
                next.push(at + 1);
            }
            if text.get(at) != Some(&b'%') {
                continue;
            }
            let mut digits = at + 1;
            for _ in 0..=DEEPEST {
                let value = number(text, digits..digits + 2, 16);
                if value.and_then(|value| u8::try_from(value).ok()).is_some_and(same) {
                    next.push(digits + 2);
                }
                if !starts(text, digits, b"25") {
                    break;
                }
                digits += 2;
            }
        }
        here = next;
    }
    ends.extend(here);
}

fn starts(text: &[u8], at: usize, mark: &[u8]) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with(mark))
}

/// How many bytes of this kind stand there, as far as anybody looks.
fn run_of(text: &[u8], at: usize, is: fn(&u8) -> bool) -> usize {
    let rest = text.get(at..).unwrap_or_default().iter();
    rest.take(2 * DEEPEST).take_while(|byte| is(byte)).count()
}

/// Where an escape of that character ends, behind its backslash: `u002f`, two of them for some characters, or `x2f`.
fn escape(text: &[u8], at: usize, same: impl Fn(u32) -> bool) -> Option<usize> {
    if text.get(at) == Some(&b'x') {
        return same(number(text, at + 1..at + 3, 16)?).then_some(at + 3);
    }
    let unit = |at: usize| {
        let is_unit = text.get(at) == Some(&b'u');
        number(text, at + 1..at + 5, 16).filter(|_| is_unit)
    };
    let (first, end) = (unit(at)?, at + 5);
    if same(first) {
        return Some(end);
    }
    let second = end + run_of(text, end, |byte| *byte == b'\\');
    let both = [u16::try_from(first).ok()?, u16::try_from(unit(second)?).ok()?];
    let c = char::decode_utf16(both).next()?.ok()?;
    same(u32::from(c)).then_some(second + 5)
}

/// Where an HTML entity of that character ends, behind its `&`.
fn entity(text: &[u8], at: usize, same: impl Fn(u32) -> bool) -> Option<usize> {
    const LONGEST: usize = 10;
    let rest = text.get(at..)?;
    let end = rest.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let value = match rest.get(..end)? {
        b"amp" => u32::from('&'),
        b"lt" => u32::from('<'),
        b"gt" => u32::from('>'),
        b"quot" => u32::from('"'),
        b"apos" => u32::from('\''),
        [b'#', b'x' | b'X', ..] => number(rest, 2..end, 16)?,
        [b'#', ..] => number(rest, 1..end, 10)?,
        _ => return None,
    };
    same(value).then_some(at + end + 1)
}

fn number(text: &[u8], digits: Range<usize>, base: u32) -> Option<u32> {
    let digits = std::str::from_utf8(text.get(digits)?).ok()?;
    u32::from_str_radix(digits, base).ok()
}

/// The secret in hexadecimal digits.
fn hex_form(secret: &[u8]) -> Secret {
    let digits = secret.iter().map(|byte| format!("{byte:02x}"));
    Secret::from(digits.collect::<String>())
}

/// The parts of base64 text that depend on the secret alone, for each of the three ways it can be aligned.
fn base64_forms(secret: &[u8]) -> Vec<Secret> {
    let mut forms = Vec::new();
    for shift in 0..3_usize {
        let mut padded = Zeroizing::new(vec![0_u8; shift]);
        padded.extend_from_slice(secret);
        let first = [0, 2, 3].get(shift).copied().unwrap_or(0);
        for encoded in
            [Zeroizing::new(STANDARD_NO_PAD.encode(&*padded)), Zeroizing::new(URL_SAFE_NO_PAD.encode(&*padded))]
        {
            let last = encoded.len() - usize::from(padded.len() % 3 != 0);
            match encoded.get(first..last) {
                Some(core) if core.len() >= SHORTEST_LOOSE => {
                    forms.push(Secret::from(core.to_owned()));
                }
                _ => {}
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOKEN: &str = "s3cr/et+to\"ken=&<9>";

    fn redact(text: &str) -> String {
        Redactor::new(&[Secret::from(TOKEN.to_owned())]).redact(text)
    }

    #[test]
    fn a_secret_has_no_printable_form() {
        assert_eq!(format!("{:?}", Secret::from(TOKEN.to_owned())), "Secret(***)");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_secret_that_is_done_with_is_zeroed() {
        use std::os::unix::fs::FileExt as _;
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        let text = TOKEN.repeat(8);
        let secret = Secret::from(text.clone());
        let address = u64::try_from(secret.expose().as_ptr().addr()).unwrap();
        let mut found = vec![0; text.len()];
        memory.read_exact_at(&mut found, address).unwrap();
        assert_eq!(found, text.as_bytes());
        drop(secret);
        memory.read_exact_at(&mut found, address).unwrap();
        // Its first bytes may already serve whoever hands memory out.
        let rest = String::from_utf8_lossy(&found[TOKEN.len()..]);
        assert!(!rest.contains(&TOKEN[8..]), "{rest:?}");
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let json = serde_json::to_string(TOKEN).unwrap();
        for written in [
            TOKEN.to_owned(),
            json.trim_matches('"').to_owned(),
            json.trim_matches('"').replace('/', "\\/"),
            "s3cr%2Fet%2Bto%22ken%3D%26%3C9%3E".to_owned(),
            "s3cr%2fet%2bto%22ken%3d%26%3c9%3e".to_owned(),
            "s3cr/et\\u002bto&quot;ken=&amp;&lt;9&gt;".to_owned(),
        ] {
            assert_eq!(redact(&format!("a {written} b")), "a *** b", "{written}");
        }
    }

    #[test]
    fn a_pass_phrase_is_found_in_a_form_and_with_its_spaces_folded() {
        let redactor = Redactor::new(&[Secret::from("open  sesame now".to_owned())]);
        for written in ["open  sesame now", "open sesame now", "open++sesame+now", "open%20%20sesame%20now"] {
            assert_eq!(redactor.redact(written), "***", "{written}");
        }
    }

    #[test]
    fn a_secret_is_found_through_every_layer_of_escapes() {
        for written in [
            "s3cr%252Fet%252Bto%2522ken%253D%2526%253C9%253E",
            "s3cr&#x2F;et&#43;to&#34;ken&#x3d;&amp;&lt;9&gt;",
            "s3cr&amp;#47;et+to&amp;quot;ken=&amp;amp;&amp;lt;9&amp;gt;",
            "s3cr\\\\/et+to\\\\\"ken=&<9>",
            "s3cr\\x2fet\\x2bto\\x22ken\\x3d\\x26<9>",
            "s3cr\\\\u002Fet+to\\\\u0022ken=&<9>",
        ] {
            assert_eq!(redact(&format!("a {written} b")), "a *** b", "{written}");
        }
    }

    #[test]
    fn a_secret_of_other_letters_is_found_escaped() {
        let redactor = Redactor::new(&[Secret::from("pässw😀rd".to_owned())]);
        for written in [
            "pässw😀rd",
            "p\\u00e4ssw\\ud83d\\ude00rd",
            "p\\\\u00E4ssw\\\\uD83D\\\\uDE00rd",
            "p%C3%A4ssw%f0%9f%98%80rd",
            "p&#228;ssw&#x1F600;rd",
        ] {
            assert_eq!(redactor.redact(written), "***", "{written}");
        }
    }

    #[test]
    fn a_secret_is_found_in_any_case_in_hexadecimal_digits_and_over_several_lines() {
        let hex: String = TOKEN.bytes().map(|byte| format!("{byte:02X}")).collect();
        let encoded = STANDARD_NO_PAD.encode(format!("user:{TOKEN}"));
        let (head, tail) = encoded.split_at(12);
        for written in [TOKEN.to_uppercase(), hex.to_lowercase(), hex, TOKEN.replace("et+", "e t+")] {
            assert_eq!(redact(&format!("a {written} b")), "a *** b", "{written}");
        }
        let shown = redact(&format!("{head}\r\n{tail}"));
        assert!(shown.contains("***") && !shown.contains(tail), "{shown}");
    }

    #[test]
    fn a_short_secret_is_looked_for_as_it_is() {
        let redactor = Redactor::new(&[Secret::from("open".to_owned())]);
        assert_eq!(redactor.redact("open Open op en"), "*** Open op en");
    }

    #[test]
    fn backslashes_and_percent_signs_of_a_secret_are_its_own() {
        for secret in ["a\\\\b\\cd", "100%25 of %zz", "%%%%%%", "\\\\\\\\", "&amp;&&"] {
            let redactor = Redactor::new(&[Secret::from(secret.to_owned())]);
            let percent: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let json = serde_json::to_string(secret).unwrap();
            for written in [secret, &percent, json.trim_matches('"')] {
                assert_eq!(redactor.redact(written), "***", "{written}");
            }
        }
    }

    #[test]
    fn nothing_visible_of_a_secret_hides_nothing() {
        let invisible = ["\u{200b}\u{200b}", "a\u{200b}\u{feff}", "\u{feff}\u{feff} "];
        for secret in invisible {
            let redactor = Redactor::new(&[Secret::from(secret.to_owned())]);
            assert_eq!(redactor.redact("a banana"), "a banana", "{secret:?}");
        }
    }

    #[test]
    fn the_beginning_of_a_text_holds_no_piece_of_a_secret() {
        let redactor = Redactor::new(&[Secret::from(TOKEN.to_owned())]);
        let text = format!("{}{TOKEN}{}", "x".repeat(9), "y".repeat(9));
        assert_eq!(redactor.redact_start(&text, 10), "xxxxxxxxx***");
        assert_eq!(redactor.redact_start(&text, 9), "x".repeat(9));
        let many = TOKEN.repeat(1000);
        assert_eq!(redactor.redact_start(&many, 5), "******");
    }

    #[test]
    fn a_secret_is_found_in_base64_at_every_alignment() {
        for prefix in ["", "u", "us", "user:"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{prefix}{TOKEN}"));
            assert!(redact(&encoded).contains("***"), "{encoded}");
        }
    }

    #[test]
    fn a_scheme_is_no_part_of_a_token() {
        for written in ["bearer a.b", "Bearer  a.b", "BEARER\ta.b", "Token a.b", "a.b"] {
            assert_eq!(without_scheme(written), "a.b", "{written}");
        }
        assert_eq!(without_scheme("bear a.b"), "bear a.b");
        let sent = bearer(&Secret::from("bearer a.b".to_owned()));
        assert_eq!(sent.expose(), "Bearer a.b");
    }

    #[test]
    fn a_text_is_compared_only_where_a_secret_may_begin() {
        let redactor = Redactor::new(&[Secret::from(TOKEN.to_owned())]);
        let text = "_-.,:;!? 0123456789 ~".repeat(1000);
        let tried = text.bytes().map(|byte| redactor.starts[usize::from(byte)].len());
        // Of the forms of one secret at most a few begin with the same digit.
        assert!(tried.sum::<usize>() <= 3 * 1000 * redactor.needles.len());
        assert_eq!(redactor.redact(&text), text);
        assert_eq!(format!("{redactor:?}").matches("s3").count(), 0);
    }

    #[test]
    fn very_short_values_are_left_alone() {
        let redactor = Redactor::new(&[Secret::from("abc".to_owned())]);
        assert_eq!(redactor.redact("abcdef"), "abcdef");
    }

    /// One character in one of the ways in which a text may carry it.
    fn written(c: char, way: u8) -> String {
        let mut bytes = [0; 4];
        let bytes = c.encode_utf8(&mut bytes).bytes();
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units).iter();
        match way % 10 {
            0 => bytes.map(|byte| format!("%{byte:02x}")).collect(),
            1 => bytes.map(|byte| format!("%25{byte:02X}")).collect(),
            2 => units.map(|unit| format!("\\u{unit:04x}")).collect(),
            3 => units.map(|unit| format!("\\\\u{unit:04X}")).collect(),
            4 => format!("&#{};", u32::from(c)),
            5 => format!("&#x{:X};", u32::from(c)),
            6 => format!("&amp;#x{:x};", u32::from(c)),
            7 => c.to_ascii_uppercase().to_string(),
            8 => format!("\n {c}"),
            _ => c.to_string(),
        }
    }

    proptest! {
        #[test]
        fn no_mixture_of_ways_to_write_a_secret_hides_it(
            secret in "[!-~äé中😀]{8,24}",
            ways in prop::collection::vec(0_u8..10, 24),
        ) {
            let mixed = secret.chars().zip(&ways).map(|(c, way)| written(c, *way));
            let mixed: String = mixed.collect();
            let redactor = Redactor::new(&[Secret::from(secret)]);
            prop_assert_eq!(redactor.redact(&format!("<{mixed}>")).replace("\n ", ""), "<***>");
        }

        #[test]
        fn no_text_around_a_secret_hides_it(before in ".{0,20}", after in ".{0,20}") {
            let shown = redact(&format!("{before}{TOKEN}{after}"));
            prop_assert!(!shown.contains(TOKEN));
        }
    }
}
