//! Values that may never be printed, and finding them again in other people's text.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::untrusted::one_line;

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
        Some((scheme, token))
            if ["bearer", "token"]
                .iter()
                .any(|known| scheme.eq_ignore_ascii_case(known)) =>
        {
            token.trim_start()
        }
        _ => written,
    }
}

/// Base64 forms shorter than this are too likely to be something else.
const SHORTEST_ENCODED: usize = 8;

/// Replaces every known secret in a text, however each of its characters is written.
#[derive(Debug, Default)]
pub struct Redactor {
    needles: Vec<Secret>,
}

impl Redactor {
    /// A redactor for these secrets, as they are and in base64.
    pub fn new(secrets: &[Secret]) -> Self {
        let mut redactor = Self::default();
        secrets.iter().for_each(|secret| redactor.add(secret));
        redactor
    }

    /// One more secret, unless it is too short to be told from ordinary text.
    pub fn add(&mut self, secret: &Secret) {
        if secret.expose().len() < SHORTEST_HIDDEN {
            return;
        }
        self.needles.push(secret.clone());
        // Text that is shown is made one line of visible characters first, which can leave nothing of a secret.
        let folded = Secret::from(one_line(secret.expose()));
        if folded.expose().len() >= SHORTEST_HIDDEN {
            self.needles.push(folded);
        }
        self.needles
            .extend(base64_forms(secret.expose().as_bytes()));
        self.needles
            .sort_by_key(|needle| std::cmp::Reverse(needle.expose().len()));
    }

    /// `text` with `***` in place of every secret: plain, percent-encoded, JSON- or HTML-escaped, or in base64.
    pub fn redact(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut out = String::with_capacity(text.len());
        let (mut at, mut kept) = (0, 0);
        while at < bytes.len() {
            match self.match_at(bytes, at) {
                Some(end) if text.is_char_boundary(at) && text.is_char_boundary(end) => {
                    out.push_str(text.get(kept..at).unwrap_or_default());
                    out.push_str("***");
                    at = end;
                    kept = end;
                }
                _ => at += 1,
            }
        }
        out.push_str(text.get(kept..).unwrap_or_default());
        out
    }

    fn match_at(&self, text: &[u8], at: usize) -> Option<usize> {
        let mut needles = self.needles.iter();
        needles.find_map(|needle| match_written(text, at, needle.expose().as_bytes()))
    }
}

/// Where `secret` ends if it begins at `at`, in any mixture of the ways in which text carries characters.
fn match_written(text: &[u8], at: usize, secret: &[u8]) -> Option<usize> {
    // A character can be read in more than one way (`&` alone or as `&amp;`), so all readings go on side by side.
    let mut ends = vec![at];
    for byte in secret {
        let mut next: Vec<usize> = ends
            .iter()
            .flat_map(|end| {
                written_byte(text.get(*end..).unwrap_or_default(), *byte)
                    .map(|length| length.map(|length| end + length))
            })
            .flatten()
            .collect();
        next.dedup();
        if next.is_empty() {
            return None;
        }
        ends = next;
    }
    ends.into_iter().max()
}

/// The lengths of the ways in which `byte` stands at the beginning of `text`: as itself, percent-encoded, as a JSON
/// escape of both kinds, as an HTML entity.
fn written_byte(text: &[u8], byte: u8) -> [Option<usize>; 4] {
    let encoded = |mark: &[u8], digits: std::ops::Range<usize>| {
        let value = text
            .starts_with(mark)
            .then(|| hex(text.get(digits.clone())?))
            .flatten();
        (value == Some(u32::from(byte))).then_some(digits.end)
    };
    let entity: &[u8] = match byte {
        b'&' => b"&amp;",
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'"' => b"&quot;",
        b'\'' => b"&#39;",
        // As forms carry it.
        b' ' => b"+",
        _ => b"",
    };
    let escaped = text.starts_with(b"\\") && text.get(1) == Some(&byte);
    [
        (text.first() == Some(&byte)).then_some(1),
        encoded(b"%", 1..3).or_else(|| encoded(b"\\u", 2..6)),
        escaped.then_some(2),
        (!entity.is_empty() && text.starts_with(entity)).then_some(entity.len()),
    ]
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

/// The parts of base64 text that depend on the secret alone, for each of the three ways it can be aligned.
fn base64_forms(secret: &[u8]) -> Vec<Secret> {
    let mut forms = Vec::new();
    for shift in 0..3_usize {
        let mut padded = Zeroizing::new(vec![0_u8; shift]);
        padded.extend_from_slice(secret);
        let first = [0, 2, 3].get(shift).copied().unwrap_or(0);
        for encoded in [
            Zeroizing::new(STANDARD_NO_PAD.encode(&*padded)),
            Zeroizing::new(URL_SAFE_NO_PAD.encode(&*padded)),
        ] {
            let last = encoded.len() - usize::from(padded.len() % 3 != 0);
            match encoded.get(first..last) {
                Some(core) if core.len() >= SHORTEST_ENCODED => {
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
        assert_eq!(
            format!("{:?}", Secret::from(TOKEN.to_owned())),
            "Secret(***)"
        );
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
        for written in [
            "open  sesame now",
            "open sesame now",
            "open++sesame+now",
            "open%20%20sesame%20now",
        ] {
            assert_eq!(redactor.redact(written), "***", "{written}");
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
    fn a_secret_is_found_in_base64_at_every_alignment() {
        for prefix in ["", "u", "us", "user:"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{prefix}{TOKEN}"));
            assert!(redact(&encoded).contains("***"), "{encoded}");
        }
    }

    #[test]
    fn a_scheme_is_no_part_of_a_token() {
        for written in [
            "bearer a.b",
            "Bearer  a.b",
            "BEARER\ta.b",
            "Token a.b",
            "a.b",
        ] {
            assert_eq!(without_scheme(written), "a.b", "{written}");
        }
        assert_eq!(without_scheme("bear a.b"), "bear a.b");
    }

    #[test]
    fn very_short_values_are_left_alone() {
        let redactor = Redactor::new(&[Secret::from("abc".to_owned())]);
        assert_eq!(redactor.redact("abcdef"), "abcdef");
    }

    proptest! {
        #[test]
        fn no_text_around_a_secret_hides_it(before in ".{0,20}", after in ".{0,20}") {
            let shown = redact(&format!("{before}{TOKEN}{after}"));
            prop_assert!(!shown.contains(TOKEN));
        }
    }
}
