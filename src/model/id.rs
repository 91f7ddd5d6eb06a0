//! Ids as users write them: opaque, but never a way into another path.

use std::hash::{Hash, Hasher};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the characters RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest id taken, in bytes.
const LONGEST: usize = 512;

/// An id that may stand in a path: not empty, at most 512 bytes, no control character, not `.` or `..`,
/// no brackets or quotes around it.
/// Two are equal when they are the same one, see [`is_same`].
#[derive(Clone, Debug)]
pub struct Id(String);

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        is_same(&self.0, &other.0)
    }
}

impl Eq for Id {}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match uuid(&self.0) {
            Some((uuid, rest)) => (uuid.to_ascii_lowercase(), rest).hash(state),
            None => self.0.hash(state),
        }
    }
}

impl Id {
    /// Takes an id as written; the error says what is wrong with it, without repeating it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("is empty".to_owned());
        }
        if text.len() > LONGEST {
            return Err(format!("is {} bytes long; an id has at most {LONGEST}", text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err("contains a control character".to_owned());
        }
        if text == "." || text == ".." {
            return Err("is a path, not an id".to_owned());
        }
        if text.starts_with(is_wrapping) || text.ends_with(is_wrapping) {
            return Err(WRAPPED.to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as one percent-encoded path segment.
    pub fn segment(&self) -> String {
        segment(&self.0)
    }
}

/// What is said of a value with [such characters](is_wrapping) around it.
pub const WRAPPED: &str = "has brackets or quotes around it: write it alone";

/// Left over from a template or a list: no platform has such ids.
pub fn is_wrapping(c: char) -> bool {
    "[](){}<>\"'`".contains(c)
}

/// Whether what a platform tells is the id that was asked for.
///
/// UUIDs are the same in capitals (RFC 9562, section 4), alone or with something behind them; everything else is compared exactly.
pub fn is_same(asked: &str, told: &str) -> bool {
    match (uuid(asked), uuid(told)) {
        (Some((asked, asked_rest)), Some((told, told_rest))) => {
            asked.eq_ignore_ascii_case(told) && asked_rest == told_rest
        }
        _ => asked == told,
    }
}

/// One text for all that [`is_same`] takes for the same, to look ids up by.
pub fn canonical(id: &str) -> String {
    match uuid(id) {
        Some((uuid, rest)) => uuid.to_ascii_lowercase() + rest,
        None => id.to_owned(),
    }
}

/// Whether a text is a UUID.
pub fn is_uuid(text: &str) -> bool {
    uuid(text).is_some_and(|(_, rest)| rest.is_empty())
}

/// Whether a text has nothing but hexadecimal digits.
pub fn is_hex(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_hexdigit())
}

/// A UUID, and what stands behind it.
fn uuid(text: &str) -> Option<(&str, &str)> {
    let (uuid, rest) = text.split_at_checked(36)?;
    let fits = |(at, c): (usize, char)| match at {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    };
    let is_whole = !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    (is_whole && uuid.char_indices().all(fits)).then_some((uuid, rest))
}

/// Any text as one percent-encoded path segment.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_the_same_have_one_canonical_text() {
        let ids = [
            "0a1b2c3d-0000-4000-8000-00000000000F",
            "0A1B2C3D-0000-4000-8000-00000000000f",
            "0a1b2c3d-0000-4000-8000-00000000000F-1",
            "dpl_A",
            "dpl_a",
        ];
        for one in ids {
            for other in ids {
                let same = canonical(one) == canonical(other);
                assert_eq!(same, is_same(one, other), "{one} {other}");
            }
        }
    }

    #[test]
    fn only_uuids_are_the_same_in_capitals() {
        let uuid = "4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf";
        let same = |a: &str, b: &str| is_same(a, b);
        assert!(same(uuid, uuid) && same(&uuid.to_uppercase(), uuid) && same("dpl_A", "dpl_A"));
        assert!(!same("dpl_A", "dpl_a") && !same(uuid, &uuid.replace('c', "d")));
        assert!(!same(&uuid[1..].to_uppercase(), &uuid[1..]));
        assert!(!same(&format!("{}x", uuid.to_uppercase()), &format!("{uuid}x")));
    }

    #[test]
    fn a_uuid_is_told_from_other_texts() {
        assert!(is_uuid("0d3a9d2f-ef94-4380-93df-27ee400e2048"));
        for other in ["web", "0d3a9d2f-ef94-4380-93df-27ee400e204", "0d3a9d2fef94438093df27ee400e2048", "a-b-c-d-e"] {
            assert!(!is_uuid(other), "{other}");
        }
        assert!(!is_uuid("0d3a9d2f-ef94-4380-93df-27ee400e2048-1"));
    }

    #[test]
    fn brackets_and_quotes_around_an_id_are_named() {
        for bad in ["[a]", "\"a\"", "'a'", "`a`", "<a>", "{a}", "[\"a\"", "a]", "a\"", "(a)"] {
            let wrong = Id::parse(bad).unwrap_err();
            assert!(wrong.contains("brackets or quotes"), "{bad}: {wrong}");
        }
        assert!(Id::parse("a[1]b").is_ok() && Id::parse("it's").is_ok());
    }

    #[test]
    fn ids_are_opaque_but_stay_in_their_segment() {
        assert_eq!(Id::parse(" dpl_1-a.b~c ").unwrap().segment(), "dpl_1-a.b~c");
        assert_eq!(Id::parse("../x?y#z%2e").unwrap().segment(), "..%2Fx%3Fy%23z%252e");
        for bad in ["", "  ", ".", "..", "a\u{0}b", "a\nb"] {
            assert!(Id::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Id::parse(&"x".repeat(513)).is_err());
        assert!(Id::parse(&"x".repeat(512)).is_ok());
    }
}
