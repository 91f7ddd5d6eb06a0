//! Every way to read a text: as it is written, or with any of its escapes undone, in any order and to any depth.

use std::collections::{BTreeSet, HashMap};

use zeroize::Zeroizing;

use super::escapes::{Found, LONGEST_ENTITY, referred};
use super::line::{is_blank, is_invisible};

/// So much of what is looked for is as good as all of it: one bit of a state each.
pub(super) const ENOUGH: usize = 64;

/// What is looked for, as masks: bit `n` of the mask of a byte says that it is the byte at `n`.
pub(super) struct Pattern {
    masks: Zeroizing<Vec<u64>>,
    last: u64,
    loose: bool,
}

impl Pattern {
    /// These bytes; `loose`, in any case, and whatever white space and `+` stands between them.
    pub(super) fn new(bytes: &[u8], loose: bool) -> Self {
        let mut masks = Zeroizing::new(vec![0; 256]);
        let mut last = 0;
        for (at, byte) in bytes.iter().take(ENOUGH).enumerate() {
            last = 1 << at;
            let cases = [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
            for byte in if loose { cases } else { [*byte; 2] } {
                if let Some(mask) = masks.get_mut(usize::from(byte)) {
                    *mask |= last;
                }
            }
        }
        Self { masks, last, loose }
    }

    /// Whether such a text begins before `end` in one that can be read in one way only.
    pub(super) fn is_plainly_in(&self, text: &[u8], end: usize) -> bool {
        let mut state = 0;
        text.iter().enumerate().any(|(at, byte)| {
            let found = Found::Byte(*byte);
            let next = self.step(state << 1 | u64::from(at < end), found);
            state = if self.skips(found) { next | state } else { next };
            state & self.last != 0
        })
    }

    /// How many bytes they are.
    pub(super) fn length(&self) -> usize {
        (u64::BITS - self.last.leading_zeros()).try_into().unwrap_or(ENOUGH)
    }

    /// Of the beginnings that are one byte longer now, those that this goes on with.
    fn step(&self, longer: u64, found: Found) -> u64 {
        let mask = |byte: u8| self.masks.get(usize::from(byte)).copied().unwrap_or_default();
        match found {
            Found::Byte(byte) => longer & mask(byte),
            Found::Char(char) => {
                let mut bytes = [0; 4];
                let mut masks = char.encode_utf8(&mut bytes).bytes().map(mask);
                let first = longer & masks.next().unwrap_or_default();
                masks.fold(first, |state, mask| state << 1 & mask)
            }
        }
    }

    /// Whether this can stand between two bytes of it. However many backslashes stand before a character, they only say
    /// how it is written.
    fn skips(&self, found: Found) -> bool {
        found.is(b'\\') || self.loose && (found.is(b'+') || found.is_unseen())
    }
}

/// A text and what its escapes can stand for.
pub(super) struct Readings<'a> {
    text: &'a [u8],
    /// For every place, what can be read from there on besides the byte itself, and where it ends.
    escapes: Vec<Vec<(Found, usize)>>,
    /// For every place, where what can be seen goes on: the nearest place and the farthest.
    seen: Vec<(usize, usize)>,
    /// The second halves of characters that take two `\u`, by where their backslashes begin.
    halves: HashMap<usize, (u32, usize)>,
}

impl<'a> Readings<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        let (escapes, seen) = (vec![Vec::new(); text.len()], (0..=text.len()).map(|at| (at, at)).collect());
        let mut readings = Self { text, escapes, seen, halves: HashMap::new() };
        // What an escape is made of may be escapes, all of which begin behind it.
        for at in (0..text.len()).rev() {
            readings.read(at);
        }
        readings
    }

    /// Whether such a text begins before `end` in some way to read this one.
    pub(super) fn hold(&self, pattern: &Pattern, end: usize) -> bool {
        // For every place, a bit for each beginning of the pattern that ends there.
        let mut states = vec![0; self.text.len() + 1];
        for at in 0..self.text.len() {
            let state: u64 = states.get(at).copied().unwrap_or_default();
            if state & pattern.last != 0 {
                return true;
            }
            let longer = state << 1 | u64::from(at < end);
            if longer == 0 {
                continue;
            }
            for (found, behind) in self.from(at) {
                let mut next = pattern.step(longer, found);
                if pattern.skips(found) {
                    next |= state;
                }
                if let Some(known) = states.get_mut(behind) {
                    *known |= next;
                }
            }
        }
        states.last().is_some_and(|state| state & pattern.last != 0)
    }

    fn read(&mut self, at: usize) {
        let Some(&first) = self.text.get(at) else { return };
        let first = (Found::Byte(first), at + 1);
        let mut all = BTreeSet::new();
        let mut new = vec![first];
        while let Some((found, end)) = new.pop() {
            let more = match found {
                Found::Byte(b'%') => self.numbers(end, 2).into_iter().filter_map(byte).collect(),
                Found::Byte(b'\\') => self.behind_backslash(at, end),
                Found::Byte(b'&') => self.referred(end),
                Found::Byte(byte @ 0xc2..) => self.invisible(byte, end).into_iter().collect(),
                _ => continue,
            };
            new.extend(more.into_iter().filter(|reading| all.insert(*reading)));
        }
        // Backslashes that stand before such an escape say only how that is written.
        let goes_on = std::iter::once(&first).chain(&all).filter_map(|(found, end)| {
            let (nearest, farthest) = self.seen.get(*end).copied()?;
            (found.is_unseen() || found.is(b'\\') && farthest > *end).then_some((nearest, farthest))
        });
        let both = goes_on.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        if let (Some(both), Some(seen)) = (both, self.seen.get_mut(at)) {
            *seen = both;
        }
        if let Some(escapes) = self.escapes.get_mut(at) {
            *escapes = all.into_iter().collect();
        }
    }

    /// All that can be read from here on, with where it ends.
    fn from(&self, at: usize) -> impl Iterator<Item = (Found, usize)> {
        let byte = self.text.get(at).map(|byte| (Found::Byte(*byte), at + 1));
        byte.into_iter().chain(self.escapes.get(at).into_iter().flatten().copied())
    }

    /// The bytes that can be read next; a line may end inside an escape.
    fn next(&self, at: usize) -> impl Iterator<Item = (u8, usize)> {
        let (nearest, farthest) = self.seen.get(at).copied().unwrap_or((at, at));
        let nearest_too = (nearest != at).then_some(nearest);
        let farthest_too = (farthest != nearest).then_some(farthest);
        let places = std::iter::once(at).chain(nearest_too).chain(farthest_too);
        let all = places.flat_map(|at| self.from(at));
        all.filter_map(|(found, end)| match found {
            Found::Byte(byte) => Some((byte, end)),
            Found::Char(_) => None,
        })
    }

    /// The numbers of so many hexadecimal digits.
    fn numbers(&self, at: usize, digits: usize) -> Vec<(u32, usize)> {
        let mut all = vec![(0, at)];
        for _ in 0..digits {
            let longer = all.iter().flat_map(|(number, at)| {
                let digits = self.next(*at).filter_map(|(byte, end)| Some((char::from(byte).to_digit(16)?, end)));
                digits.map(move |(digit, end)| (number << 4 | digit, end))
            });
            all = longer.collect();
        }
        all
    }

    /// What a backslash can stand for with what follows; `start` is where it begins.
    fn behind_backslash(&mut self, start: usize, at: usize) -> Vec<(Found, usize)> {
        let mut all = Vec::new();
        if let Some(half) = self.halves.get(&at).copied() {
            self.halves.insert(start, half);
        }
        let next: Vec<_> = self.next(at).collect();
        for (byte, end) in next {
            match byte {
                b'n' | b't' | b'r' | b'b' | b'f' | b'v' => all.push((Found::Byte(b'\n'), end)),
                b'x' | b'X' => all.extend(self.numbers(end, 2).into_iter().filter_map(character)),
                b'u' | b'U' => {
                    for (unit, end) in self.numbers(end, 4) {
                        let goes_on = self.seen.get(end).map_or(end, |(_, farthest)| *farthest);
                        match (unit, self.halves.get(&end).or_else(|| self.halves.get(&goes_on))) {
                            (0xdc00..=0xdfff, _) => drop(self.halves.insert(start, (unit, end))),
                            (0xd800..=0xdbff, Some((half, end))) => {
                                let code = 0x10000 + ((unit - 0xd800) << 10) + (half - 0xdc00);
                                all.extend(character((code, *end)));
                            }
                            _ => all.extend(character((unit, end))),
                        }
                    }
                }
                _ => {}
            }
        }
        all
    }

    /// What `&` can stand for with what follows.
    fn referred(&self, at: usize) -> Vec<(Found, usize)> {
        let mut all = Vec::new();
        let mut names = vec![(Vec::new(), at)];
        for _ in 0..=LONGEST_ENTITY {
            let mut longer = Vec::new();
            for (name, at) in names {
                for (byte, end) in self.next(at) {
                    match byte {
                        b';' => all.extend(referred(&name).map(|found| (found, end))),
                        b'#' => longer.push(([&name[..], &[byte]].concat(), end)),
                        _ if byte.is_ascii_alphanumeric() => longer.push(([&name[..], &[byte]].concat(), end)),
                        _ => {}
                    }
                }
            }
            names = longer;
        }
        all
    }

    /// A character that nobody sees, of more than one byte.
    fn invisible(&self, first: u8, at: usize) -> Option<(Found, usize)> {
        let (mut bytes, mut at) = (vec![first], at);
        while bytes.len() < 4 {
            let (byte, end) = self.from(at).find_map(|(found, end)| match found {
                Found::Byte(byte @ 0x80..=0xbf) => Some((byte, end)),
                _ => None,
            })?;
            bytes.push(byte);
            at = end;
            if let Ok(text) = std::str::from_utf8(&bytes) {
                let found = text.chars().next().map(Found::Char)?;
                return found.is_unseen().then_some((found, at));
            }
        }
        None
    }
}

impl Found {
    fn is(self, byte: u8) -> bool {
        matches!(self, Self::Byte(found) if found == byte)
    }

    /// White space, and what nobody sees.
    fn is_unseen(self) -> bool {
        match self {
            Self::Byte(byte) => byte.is_ascii_whitespace() || byte.is_ascii_control(),
            Self::Char(char) => char.is_whitespace() || is_invisible(char) || is_blank(char),
        }
    }
}

fn byte((number, end): (u32, usize)) -> Option<(Found, usize)> {
    Some((Found::Byte(u8::try_from(number).ok()?), end))
}

fn character((number, end): (u32, usize)) -> Option<(Found, usize)> {
    Some((Found::new(char::from_u32(number)?), end))
}

/// Whether a text can be read in one way only: nothing in it begins an escape, or a character of several bytes.
pub(super) fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii() && !matches!(byte, b'%' | b'\\' | b'&'))
}

/// What is left of a text without what nobody sees.
pub(super) fn seen(text: &[u8]) -> Vec<u8> {
    let seen = |char: &char| !Found::new(*char).is_unseen();
    match std::str::from_utf8(text) {
        Ok(text) if !text.is_ascii() => text.chars().filter(seen).collect::<String>().into_bytes(),
        _ => text.iter().copied().filter(|byte| !Found::Byte(*byte).is_unseen()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, read: &[&str], never: &[&str]) {
        let readings = Readings::new(text.as_bytes());
        let holds = |sought: &str| readings.hold(&Pattern::new(sought.as_bytes(), true), text.len());
        read.iter().for_each(|sought| assert!(holds(sought), "{text} {sought}"));
        never.iter().for_each(|sought| assert!(!holds(sought), "{text} {sought}"));
    }

    #[test]
    fn a_text_is_read_with_and_without_each_of_its_escapes() {
        check("a%2543b", &["a%2543b", "a%43b", "aCb"], &["a2543b", "ab"]);
        check(r"a\\u0043b", &[r"a\\u0043b", r"a\u0043b", "au0043b", "aCb"], &["ab"]);
        check("a&amp;lt;b", &["a&amp;lt;b", "a&lt;b", "a<b"], &["ab"]);
        check(r"a%&#52;\u0033b", &["aCb", "a%43b", "a%&#52;3b"], &["ab"]);
        check(r"a\nb", &[r"a\nb", "anb", "ab"], &[]);
        check("a%4\n3b", &["aCb", "a%43b"], &["ab"]);
    }

    #[test]
    fn a_plain_text_is_read_alike_both_ways() {
        for (text, sought) in
            [("xabcx", "abc"), ("a b+c", "abc"), ("ab", "abc"), ("aab", "ab"), ("A\nB", "ab"), ("axb", "ab")]
        {
            for (loose, end) in [(true, text.len()), (false, text.len()), (true, 1), (false, 0)] {
                let pattern = Pattern::new(sought.as_bytes(), loose);
                let read = Readings::new(text.as_bytes()).hold(&pattern, end);
                assert!(is_plain(text.as_bytes()));
                assert_eq!(pattern.is_plainly_in(text.as_bytes(), end), read, "{text} {sought} {loose} {end}");
            }
        }
        assert!(["a%20", "a\\u", "a&b", "é"].iter().all(|text| !is_plain(text.as_bytes())));
    }

    #[test]
    fn what_begins_too_late_is_not_looked_for() {
        let (readings, sought) = (Readings::new(b"ab%63"), Pattern::new(b"bc", true));
        assert!(readings.hold(&sought, 2));
        assert!(!readings.hold(&sought, 1));
    }

    #[test]
    fn a_character_counts_as_a_whole() {
        let pattern = Pattern::new("中".repeat(ENOUGH / 3).as_bytes(), true);
        for one in ["中", "%e4%b8%ad", r"\u4e2d", "&#20013;"] {
            let holds = |length: usize| Readings::new(one.repeat(length).as_bytes()).hold(&pattern, 1);
            assert!(holds(ENOUGH / 3), "{one}");
            assert!(!holds(ENOUGH / 3 - 1), "{one}");
        }
    }

    /// However deep escapes are in escapes.
    #[test]
    fn a_text_has_no_more_escapes_than_bytes() {
        for unit in ["%", "&", r"\", "%25", "25", "amp;", "&amp;", r"\u005c", "u005c", "%%32%35", r"\\x5c", "%20", "& "]
        {
            for start in ["", "%", "&", r"\", "%%32", "&&", r"\\"] {
                let text = format!("{start}{}", unit.repeat((1 << 10) / unit.len()));
                let readings = Readings::new(text.as_bytes());
                let escapes: usize = readings.escapes.iter().map(Vec::len).sum();
                assert!(escapes <= text.len(), "{start} {unit}: {escapes}");
            }
        }
    }
}
