//! A first look at a text: nearly every text holds no secret and no escape, and one pass over it proves that.

use zeroize::Zeroizing;

/// The longest mark, in bytes: one number holds it.
const LONGEST_MARK: usize = 8;

/// What a text has to hold if it is to hold one of the forms: the last few bytes of each, in lower case and without any
/// byte that may be missing or added where somebody writes it.
#[derive(Default)]
pub(super) struct Sieve {
    /// Sorted, each mark as a number.
    marks: Zeroizing<Vec<u64>>,
    /// All bits of a mark; none if some form is too odd to have one.
    bits: u64,
    /// One bit for each hash of a mark: most bytes of a text are done with after a look at it.
    hashes: Zeroizing<Vec<u64>>,
}

/// A first look's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It can be read in one way only, and holds no form.
    Clean,
    /// It may hold a form or an escape.
    Doubtful,
}

impl Sieve {
    /// A sieve for these forms.
    pub(super) fn new<'a>(forms: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let count = |form: &[u8]| form.iter().filter(|byte| kept(**byte).is_some()).count();
        let shortest = forms.clone().map(count).min().unwrap_or_default().min(LONGEST_MARK);
        let unused = u64::BITS - 8 * u32::try_from(shortest).unwrap_or_default();
        let bits = u64::MAX.checked_shr(unused).unwrap_or_default();
        let mut sieve = Self { bits, hashes: Zeroizing::new(vec![0; 1 << 6]), ..Self::default() };
        for form in forms {
            let mark = form.iter().copied().filter_map(kept).fold(0, |mark, byte| sieve.longer(mark, byte));
            sieve.marks.push(mark);
            let (word, bit) = place(mark);
            if let Some(word) = sieve.hashes.get_mut(word) {
                *word |= bit;
            }
        }
        sieve.marks.sort_unstable();
        sieve
    }

    /// Looks at a text once.
    pub(super) fn look(&self, text: &[u8]) -> Look {
        if self.bits == 0 {
            return Look::Doubtful;
        }
        let (mut mark, mut may_be_entity) = (0, false);
        for byte in text {
            match byte {
                b'%' | b'\\' => return Look::Doubtful,
                b'&' => may_be_entity = true,
                b';' if may_be_entity => return Look::Doubtful,
                _ => {}
            }
            let Some(byte) = kept(*byte) else { continue };
            mark = self.longer(mark, byte);
            if self.has(mark) {
                return Look::Doubtful;
            }
        }
        Look::Clean
    }

    fn longer(&self, mark: u64, byte: u8) -> u64 {
        (mark << 8 | u64::from(byte)) & self.bits
    }

    fn has(&self, mark: u64) -> bool {
        let (word, bit) = place(mark);
        self.hashes.get(word).is_some_and(|word| word & bit != 0) && self.marks.binary_search(&mark).is_ok()
    }
}

/// Where the bit of a mark is: one of 4096.
fn place(mark: u64) -> (usize, u64) {
    let hash = mark.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
    (usize::try_from(hash >> 6).unwrap_or_default(), 1 << (hash & 63))
}

/// A byte as a mark has it, if it counts: what nobody sees does not, nor what is not ASCII, of which some is unseen.
fn kept(byte: u8) -> Option<u8> {
    Some(byte.to_ascii_lowercase()).filter(|byte| byte.is_ascii_graphic() && !matches!(byte, b'+' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::readings::{Pattern, Readings};
    use proptest::prelude::*;

    fn looks(forms: &[&str], text: &str) -> Look {
        Sieve::new(forms.iter().map(|form| form.as_bytes())).look(text.as_bytes())
    }

    #[test]
    fn what_resembles_no_form_is_clean() {
        for text in ["", "PENDING_BUILD", "a; b?c=d&e", "hunter-22", "中é", "unter22"] {
            assert_eq!(looks(&["hunter22", "correct horse battery"], text), Look::Clean, "{text}");
        }
    }

    #[test]
    fn what_may_hold_a_form_or_an_escape_is_doubtful() {
        for text in ["hunter22", "HUNT er\n+2\u{200b}2", "a%20b", r"a\b", "a &amp; b", "hÃunter22"] {
            assert_eq!(looks(&["hunter22"], text), Look::Doubtful, "{text}");
        }
        assert_eq!(looks(&["中中中中", "hunter22"], "anything"), Look::Doubtful);
        assert_eq!(looks(&["中中中中"], "中中中中"), Look::Doubtful);
    }

    proptest! {
        /// Whatever the full search finds.
        #[test]
        fn no_text_with_a_form_in_it_is_clean(
            form in "[abAB+ %&;é中\u{200b}]{1,6}",
            other in "[a-z]{1,12}",
            text in "[abAB+ &;é中\u{200b}\n]{0,40}",
            loose: bool,
        ) {
            let is_held = Readings::new(text.as_bytes()).hold(&Pattern::new(form.as_bytes(), loose), text.len());
            prop_assert!(!is_held || looks(&[&form, &other], &text) == Look::Doubtful);
        }
    }
}
