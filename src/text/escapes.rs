//! What a text says once every escape in it is undone: percent signs, HTML entities, the escapes of JSON and of
//! programs, and escapes of escapes, however deep.

/// No escape is longer than this, behind the `&` of an entity.
pub(super) const LONGEST_ENTITY: usize = 16;

/// HTML's names for the characters of which others' secrets are made.
const ENTITIES: [(&[u8], char); 33] = [
    (b"amp", '&'),
    (b"lt", '<'),
    (b"gt", '>'),
    (b"quot", '"'),
    (b"apos", '\''),
    (b"sol", '/'),
    (b"bsol", '\\'),
    (b"plus", '+'),
    (b"equals", '='),
    (b"num", '#'),
    (b"percnt", '%'),
    (b"colon", ':'),
    (b"semi", ';'),
    (b"comma", ','),
    (b"period", '.'),
    (b"excl", '!'),
    (b"quest", '?'),
    (b"commat", '@'),
    (b"dollar", '$'),
    (b"lowbar", '_'),
    (b"lpar", '('),
    (b"rpar", ')'),
    (b"lsqb", '['),
    (b"rsqb", ']'),
    (b"lcub", '{'),
    (b"rcub", '}'),
    (b"verbar", '|'),
    (b"vert", '|'),
    (b"ast", '*'),
    (b"grave", '`'),
    (b"hat", '^'),
    (b"nbsp", ' '),
    (b"tilde", '~'),
];

/// Undoes escapes while a text comes in, in one pass: whatever an escape stood for is looked at as if it had been written.
#[derive(Debug, Default)]
pub(super) struct Unescaped(Vec<u8>);

impl Unescaped {
    /// What has come out so far. A later byte can still take back a little of its end.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// One more byte.
    pub(super) fn push(&mut self, byte: u8) {
        let mut byte = byte;
        loop {
            // However many backslashes stand before a character, they only say that it is written after them.
            if byte == b'\\' && self.0.last() == Some(&b'\\') {
                return;
            }
            self.0.push(byte);
            let Some((start, found)) = last_escape(&self.0) else { return };
            self.0.truncate(start);
            match found {
                Found::Byte(found) if found.is_ascii() => byte = found,
                Found::Byte(found) => return self.0.push(found),
                Found::Char(found) => return self.0.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }
}

/// A whole text without its escapes.
pub(super) fn undone(text: &[u8]) -> Vec<u8> {
    let mut out = Unescaped(Vec::with_capacity(text.len()));
    text.iter().for_each(|byte| out.push(*byte));
    out.0
}

/// What an escape stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found {
    Byte(u8),
    Char(char),
}

impl Found {
    pub(super) fn new(found: char) -> Self {
        u8::try_from(found).ok().filter(u8::is_ascii).map_or(Self::Char(found), Self::Byte)
    }
}

/// The escape that the last byte ends: where it begins, and what it stands for.
fn last_escape(text: &[u8]) -> Option<(usize, Found)> {
    match text.last()? {
        b';' => entity(text),
        b'n' | b'r' | b't' => match text {
            [rest @ .., b'\\', _] => Some((rest.len(), Found::Byte(b'\n'))),
            _ => None,
        },
        digit if digit.is_ascii_hexdigit() => {
            let (two, rest) = tail(text, 2)?;
            match rest {
                [.., b'%'] => Some((rest.len() - 1, Found::Byte(u8::try_from(number(two, 16)?).ok()?))),
                [.., b'\\', b'x' | b'X'] => Some((rest.len() - 2, Found::new(char::from_u32(number(two, 16)?)?))),
                _ => unit(text),
            }
        }
        _ => None,
    }
}

/// `\u002f`, two of them for some characters.
fn unit(text: &[u8]) -> Option<(usize, Found)> {
    let (value, start) = last_unit(text)?;
    if let Some(found) = char::from_u32(u32::from(value)) {
        return Some((start, Found::new(found)));
    }
    let (first, start) = last_unit(text.get(..start)?)?;
    let found = char::decode_utf16([first, value]).next()?.ok()?;
    Some((start, Found::new(found)))
}

fn last_unit(text: &[u8]) -> Option<(u16, usize)> {
    let (four, rest) = tail(text, 4)?;
    let [.., b'\\', b'u' | b'U'] = rest else { return None };
    Some((u16::try_from(number(four, 16)?).ok()?, rest.len() - 2))
}

fn entity(text: &[u8]) -> Option<(usize, Found)> {
    let end = text.len() - 1;
    let near = end.saturating_sub(LONGEST_ENTITY);
    let start = near + text.get(near..end)?.iter().rposition(|byte| *byte == b'&')?;
    Some((start, referred(text.get(start + 1..end)?)?))
}

/// What stands between the `&` and the `;` of an entity.
pub(super) fn referred(name: &[u8]) -> Option<Found> {
    let found = match name {
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(digits, 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?)?,
        name => ENTITIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?.1,
    };
    Some(Found::new(found))
}

fn tail(text: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (rest, tail) = text.split_at_checked(text.len().checked_sub(length)?)?;
    Some((tail, rest))
}

fn number(digits: &[u8], base: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    // A sign is no digit.
    let digits = Some(digits).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, base).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, said: &str) {
        assert_eq!(String::from_utf8_lossy(&undone(text.as_bytes())), said, "{text}");
    }

    #[test]
    fn every_escape_is_undone_and_what_comes_out_of_it_too() {
        check("a%2Fb%2fc", "a/b/c");
        check("%25252F %%32%46", "/ /");
        check("&amp;amp;lt;&LT;&#60;&#x3C;&#X3c;&#0060;", "<<<<<<");
        check("\\u002f\\\\u002F\\x2f\\\\\\\\u002f", "////");
        check("\\ud83d\\ude00\\\\uD83D\\\\uDE00", "😀😀");
        check("%C3%A4&#228;\\u00e4\\xe4", "ääää");
        check("\\u0026amp;#37;2f", "/");
        check("a\\nb\\\\r\\\\nc\\td", "a\nb\n\nc\nd");
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in ["100% of %zz", "a & b;", "&none;", "%+1", "\\ud83d", "&#xD800;", "&#;", "\\u12", "%", "&;"] {
            check(text, text);
        }
    }

    /// So long that looking at each byte once more for every byte before it would take hours.
    #[test]
    fn no_run_of_escapes_costs_more_than_its_length() {
        let long = 1 << 18;
        for unit in ["&", "%", "\\", "%3", "25", "&amp;", "%25", ";", "\\u005c"] {
            let text = format!("%{}", unit.repeat(long / unit.len()));
            let done = undone(text.as_bytes());
            assert!(done.len() <= text.len());
        }
    }
}
