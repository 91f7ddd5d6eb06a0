//! The forms in which other people's text may carry a secret, looked for all at once.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use aho_corasick::MatchKind;
use aho_corasick::nfa::noncontiguous::NFA;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::escapes::{Unescaped, undone};
use super::line::one_line;
use super::readings::{ENOUGH, Pattern, Readings, is_plain, seen};
use super::secret::{SHORTEST_HIDDEN, Secret};
use super::sieve::{Look, Sieve};

/// From this length on, what looks like a secret is taken for it in any case, with white space in it and encoded as a
/// whole: nothing else is likely to look like it.
const SHORTEST_LOOSE: usize = 8;

/// So far behind what is shown, in bytes without escapes, a secret that begins there may go on.
const BEYOND: usize = (2 * ENOUGH) << DEEPEST;

/// Base64 in base64, and the like, is followed so many times.
const DEEPEST: usize = 4;

/// Shorter runs of digits or letters hold no secret in a form of a form.
const SHORTEST_RUN: usize = 12;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// All forms of all secrets.
#[derive(Default)]
pub(super) struct Index {
    /// Secrets as they are: in any case, and the short ones as they are written.
    plain: Zeroizing<Vec<Vec<u8>>>,
    short: Zeroizing<Vec<Vec<u8>>>,
    /// What is looked for in every way to read a text, and whether loosely.
    hidden: Zeroizing<Vec<(Vec<u8>, bool)>>,
    sieve: Sieve,
    /// The shortest of the hidden: no way to write a byte is shorter than the byte.
    shortest: usize,
    /// Made when some text may hold one of them.
    search: OnceLock<Search>,
}

/// The full search for all forms.
pub(super) struct Search {
    pub(super) plain: Option<NFA>,
    pub(super) short: Option<NFA>,
    hidden: Vec<Pattern>,
}

impl Index {
    /// All forms of these secrets.
    pub(super) fn new(secrets: &[Secret]) -> Self {
        let (mut index, mut hidden) = (Self::default(), BTreeSet::new());
        for secret in secrets {
            let secret = secret.expose();
            let mut forms: Vec<Zeroizing<Vec<u8>>> = Vec::new();
            // Text that is shown is made one line of visible characters first, which can leave nothing of a secret.
            let folded = Zeroizing::new(one_line(secret).into_owned());
            for form in [secret, folded.as_str()] {
                match form.len() {
                    ..SHORTEST_HIDDEN => continue,
                    SHORTEST_HIDDEN..SHORTEST_LOOSE => index.short.push(form.as_bytes().to_vec()),
                    _ => index.plain.push(form.as_bytes().to_vec()),
                }
                forms.push(Zeroizing::new(form.as_bytes().to_vec()));
                // Whoever undid the escapes of a text took what resembles one in a secret for one, too.
                forms.push(Zeroizing::new(undone(form.as_bytes())));
            }
            if secret.len() >= SHORTEST_HIDDEN {
                let encoded = base64_forms(secret.as_bytes());
                let hex = hex_form(secret.as_bytes());
                let all = encoded.iter().chain([&hex]);
                forms.extend(all.map(|form| Zeroizing::new(form.expose().as_bytes().to_vec())));
            }
            // Of nearly every secret most are the same.
            forms.sort_unstable_by(|one, other| one.cmp(other));
            forms.dedup();
            hidden.extend(forms.iter().flat_map(|form| wanted(form)));
        }
        index.hidden = Zeroizing::new(hidden.into_iter().collect());
        let plain = index.plain.iter().chain(index.short.iter()).map(|form| start(form));
        index.sieve = Sieve::new(index.hidden.iter().map(|(form, _)| form.as_slice()).chain(plain));
        index.shortest = index.hidden.iter().map(|(form, _)| form.len()).min().unwrap_or(usize::MAX);
        index
    }

    /// The full search for the forms.
    pub(super) fn search(&self) -> &Search {
        self.search.get_or_init(|| Search {
            plain: automaton(&self.plain, true),
            short: automaton(&self.short, false),
            hidden: self.hidden.iter().map(|(form, loose)| Pattern::new(form, *loose)).collect(),
        })
    }

    /// Whether a first look is enough: a secret that begins in the first bytes stands in the text in no form. Nothing is
    /// said of a text with escapes in it.
    pub(super) fn is_clean(&self, text: &str, first: usize) -> bool {
        let text = text.as_bytes();
        let text = text.get(..first.saturating_add(BEYOND)).unwrap_or(text);
        self.hidden.is_empty() || self.sieve.look(text) == Look::Clean && !self.is_in_a_form(text, DEEPEST)
    }

    /// Whether a secret that begins in `shown` stands in it in another form; what follows is asked for as far as it takes.
    pub(super) fn finds<'a>(&self, shown: &str, rest: impl Iterator<Item = &'a str>) -> bool {
        if self.hidden.is_empty() {
            return false;
        }
        let (mut text, mut said) = (shown.as_bytes().to_vec(), Unescaped::default());
        shown.bytes().for_each(|byte| said.push(byte));
        let end = said.bytes().len() + BEYOND;
        for byte in rest.flat_map(str::bytes) {
            if said.bytes().len() >= end {
                break;
            }
            text.push(byte);
            said.push(byte);
        }
        self.is_in(&text, shown.len())
            || self.is_in_a_form(said.bytes(), DEEPEST)
            || said.bytes() != text && self.is_in_a_form(&text, 0)
    }

    /// Whether a secret begins before `end`, in some way to read the text.
    fn is_in(&self, text: &[u8], end: usize) -> bool {
        if text.len() < self.shortest || self.sieve.look(text) == Look::Clean {
            return false;
        }
        let mut fitting = self.search().hidden.iter().filter(|pattern| pattern.length() <= text.len());
        if is_plain(text) {
            return fitting.any(|pattern| pattern.is_plainly_in(text, end));
        }
        let readings = Readings::new(text);
        fitting.any(|pattern| readings.hold(pattern, end))
    }

    /// Whether a secret is in what base64 or hexadecimal digits in a text stand for.
    fn is_in_a_form(&self, text: &[u8], depth: usize) -> bool {
        // Digits stand for less than they are, and all hexadecimal ones are base64 as well: most texts have too few.
        let (most, goes_on) = most(text, is_base64, 6);
        if most < self.shortest {
            return false;
        }
        let is_in = |form: Vec<u8>| {
            self.texts(&form)
                .any(|text| self.is_in(text, text.len()) || depth > 0 && self.is_in_a_form(&undone(text), depth - 1))
        };
        is_in(by_lines(text, is_base64, from_base64))
            || goes_on && is_in(as_one(text, is_base64, from_base64))
            || self::most(text, is_hex, 4).0 >= self.shortest
                && (is_in(by_lines(text, is_hex, from_hex)) || goes_on && is_in(as_one(text, is_hex, from_hex)))
    }

    /// What can be text in bytes that were decoded, also with two bytes a character, and is long enough. A secret is text:
    /// where digits stood for something else, as they do in most ids, little is left to look through.
    fn texts<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        bytes.utf8_chunks().map(|chunk| chunk.valid().as_bytes()).filter(|part| part.len() >= self.shortest)
    }
}

fn automaton(forms: &[Vec<u8>], any_case: bool) -> Option<NFA> {
    // What the automaton keeps of them cannot be zeroed: it owns its states, and lives as long as the run.
    let mut builder = NFA::builder();
    let builder = builder.match_kind(MatchKind::LeftmostLongest).ascii_case_insensitive(any_case);
    builder.build(forms.iter()).ok().filter(|_| !forms.is_empty())
}

/// What is looked for where a text may hold this one, and whether loosely: what can be seen of it if that is long enough,
/// with its `\` and `+` and, if that is long enough, without; otherwise exactly this.
fn wanted(form: &[u8]) -> Vec<(Vec<u8>, bool)> {
    let whole = Zeroizing::new(seen(form));
    if whole.len() < SHORTEST_LOOSE {
        let exact = (form.to_vec(), false);
        return Some(exact).filter(|(form, _)| form.len() >= SHORTEST_HIDDEN).into_iter().collect();
    }
    let without = Zeroizing::new(whole.iter().copied().filter(|byte| !matches!(byte, b'\\' | b'+')).collect());
    [whole, without].iter().filter(|form| form.len() >= SHORTEST_LOOSE).map(|form| (cut(form), true)).collect()
}

/// Its beginning in one case.
fn cut(form: &[u8]) -> Vec<u8> {
    start(form).to_ascii_lowercase()
}

/// Its beginning in whole characters.
fn start(form: &[u8]) -> &[u8] {
    let is_inside = |at: &usize| form.get(*at).is_some_and(|byte| matches!(byte, 0x80..=0xbf));
    let end = (0..=ENOUGH).rev().find(|at| !is_inside(at)).unwrap_or(ENOUGH);
    form.get(..end).unwrap_or(form)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

/// What the long runs of such digits in a text stand for, one behind the other.
fn by_lines(text: &[u8], is: impl Fn(u8) -> bool, read: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    for run in runs(text, is) {
        if !run.goes_on {
            out.push(b'\n');
        }
        out.extend_from_slice(&read(run.digits));
    }
    out
}

/// The same, each run read as one with those in which it goes on: what is broken into lines may have been broken anywhere.
fn as_one(text: &[u8], is: impl Fn(u8) -> bool, read: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let (mut out, mut digits) = (Vec::new(), Vec::new());
    for run in runs(text, is) {
        if !run.goes_on {
            out.extend_from_slice(&read(&std::mem::take(&mut digits)));
            out.push(b'\n');
        }
        digits.extend_from_slice(run.digits);
    }
    out.extend_from_slice(&read(&digits));
    out
}

/// A run of digits.
struct Run<'t> {
    digits: &'t [u8],
    /// There is nothing but white space between it and the one before.
    goes_on: bool,
}

/// The long runs of such digits in a text, each with those in which it goes on.
fn runs<'t>(text: &'t [u8], is: impl Fn(u8) -> bool) -> impl Iterator<Item = Run<'t>> {
    let (mut rest, mut goes_on) = (text, false);
    std::iter::from_fn(move || {
        loop {
            let (between, behind) = rest.split_at(rest.iter().position(|byte| is(*byte))?);
            let end = behind.iter().position(|byte| !is(*byte)).unwrap_or(behind.len());
            let (digits, behind) = behind.split_at(end);
            rest = behind;
            goes_on &= between.iter().all(u8::is_ascii_whitespace);
            if goes_on || digits.len() >= SHORTEST_RUN {
                return Some(Run { digits, goes_on: std::mem::replace(&mut goes_on, true) });
            }
        }
    })
}

/// How many bytes the long runs of such digits, of so many bits each, stand for at the most, and whether one goes on.
fn most(text: &[u8], is: impl Fn(u8) -> bool, bits: usize) -> (usize, bool) {
    let add = |(most, goes_on), run: Run<'_>| (most + run.digits.len() * bits, goes_on | run.goes_on);
    let (most, goes_on) = runs(text, is).fold((0, false), add);
    (most / 8, goes_on)
}

fn from_base64(run: &[u8]) -> Vec<u8> {
    let usual = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let mut run: Vec<_> = run.iter().map(usual).collect();
    // One character alone says nothing.
    if run.len() % 4 == 1 {
        run.pop();
    }
    BASE64.decode(run).unwrap_or_default()
}

fn from_hex(run: &[u8]) -> Vec<u8> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = run.chunks_exact(2).filter_map(|pair| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    pairs.collect()
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
