//! Ids as users write them: opaque, but never a way into another path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the characters RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The longest id taken, in bytes.
const LONGEST: usize = 512;

/// An id that may stand in a path: not empty, at most 512 bytes, no control character, not `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Id(String);

impl Id {
    /// Takes an id as written; the error says what is wrong with it, without repeating it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("is empty".to_owned());
        }
        if text.len() > LONGEST {
            return Err(format!(
                "is {} bytes long; an id has at most {LONGEST}",
                text.len()
            ));
        }
        if text.chars().any(char::is_control) {
            return Err("contains a control character".to_owned());
        }
        if text == "." || text == ".." {
            return Err("is a path, not an id".to_owned());
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

/// Any text as one percent-encoded path segment.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_opaque_but_stay_in_their_segment() {
        assert_eq!(Id::parse(" dpl_1-a.b~c ").unwrap().segment(), "dpl_1-a.b~c");
        assert_eq!(
            Id::parse("../x?y#z%2e").unwrap().segment(),
            "..%2Fx%3Fy%23z%252e"
        );
        for bad in ["", "  ", ".", "..", "a\u{0}b", "a\nb"] {
            assert!(Id::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Id::parse(&"x".repeat(513)).is_err());
        assert!(Id::parse(&"x".repeat(512)).is_ok());
    }
}
