//! The forms in which other people's text may carry a secret, looked for all at once.

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::escapes::{Unescaped, undone};
use super::line::{is_blank, is_invisible, one_line};
use super::secret::{SHORTEST_HIDDEN, Secret};

/// From this length on, what looks like a secret is taken for it in any case, with white space in it and encoded as a
/// whole: nothing else is likely to look like it.
const SHORTEST_LOOSE: usize = 8;

/// So much of a secret, in another form, is as good as all of it.
const ENOUGH_OF_ONE: usize = 64;

/// Base64 in base64, and the like, is followed so many times.
const DEEPEST: usize = 4;

/// Shorter runs of digits or letters hold no secret in a form of a form.
const SHORTEST_RUN: usize = 12;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// All forms of all secrets, to be looked for at once.
#[derive(Default)]
pub(super) struct Index {
    /// Secrets as they are: in any case, and the short ones as they are written.
    pub(super) plain: Option<AhoCorasick>,
    pub(super) short: Option<AhoCorasick>,
    /// All other forms, of a text without escapes; of the long ones without case and white space, too.
    hidden: Option<AhoCorasick>,
    hidden_short: Option<AhoCorasick>,
    /// The longest form of all.
    longest: usize,
}

impl Index {
    /// All forms of these secrets.
    pub(super) fn new(secrets: &[Secret]) -> Self {
        let (mut plain, mut short) = (Vec::new(), Vec::new());
        let (mut hidden, mut hidden_short) = (Vec::new(), Vec::new());
        for secret in secrets {
            let secret = secret.expose();
            // Text that is shown is made one line of visible characters first, which can leave nothing of a secret.
            let folded = Zeroizing::new(one_line(secret));
            for form in [secret, folded.as_str()] {
                match form.len() {
                    ..SHORTEST_HIDDEN => continue,
                    SHORTEST_HIDDEN..SHORTEST_LOOSE => short.push(form.as_bytes().to_vec()),
                    _ => plain.push(form.as_bytes().to_vec()),
                }
                let undone = Zeroizing::new(undone(form.as_bytes()));
                let loose = loose(&bare(&undone));
                if loose.len() >= SHORTEST_LOOSE {
                    hidden.extend(beginnings(&loose));
                } else if loose.len() >= SHORTEST_HIDDEN {
                    hidden_short.push(tight(&undone));
                } else {
                    // Made of nothing but escapes, there is nothing of it left to look for when they are undone.
                    plain.push(utf8_percent_encode(form, NON_ALPHANUMERIC).to_string().into_bytes());
                    plain.push(form.bytes().flat_map(|byte| format!("%{byte:02x}").into_bytes()).collect());
                    plain.extend(serde_json::to_string(form).map(|json| json.trim_matches('"').as_bytes().to_vec()));
                }
            }
            if secret.len() >= SHORTEST_HIDDEN {
                let encoded = base64_forms(secret.as_bytes());
                let encoded = encoded.iter().map(|form| loose(form.expose().as_bytes()));
                let hex = hex_form(secret.as_bytes());
                let forms = encoded.chain([hex.expose().as_bytes().to_vec()]);
                hidden.extend(forms.filter(|form| form.len() >= SHORTEST_LOOSE).map(cut));
            }
        }
        let forms = || [&plain, &short].into_iter().flatten();
        let longest = forms().map(Vec::len).max().unwrap_or_default().min(ENOUGH_OF_ONE) * 2;
        Self {
            longest,
            plain: automaton(plain, true),
            short: automaton(short, false),
            hidden: automaton(hidden, true),
            hidden_short: automaton(hidden_short, false),
        }
    }

    /// Whether a secret that begins in `shown` stands in it in another form; what follows is asked for as far as it takes.
    pub(super) fn finds<'a>(&self, shown: &str, rest: impl Iterator<Item = &'a str>) -> bool {
        if self.hidden.is_none() && self.hidden_short.is_none() {
            return false;
        }
        let mut said = Unescaped::default();
        shown.bytes().for_each(|byte| said.push(byte));
        let mut shown = said.bytes().len();
        // Base64 in base64 takes more room than the secret itself.
        let beyond = self.longest << DEEPEST;
        'whole: for piece in rest {
            for byte in piece.bytes() {
                if said.bytes().len() >= shown + beyond {
                    break 'whole;
                }
                said.push(byte);
                shown = shown.min(said.bytes().len());
            }
        }
        let (begun, rest) = said.bytes().split_at_checked(shown).unwrap_or((said.bytes(), &[]));
        self.is_in(begun, rest) || self.is_in_a_form(said.bytes(), DEEPEST)
    }

    /// Whether a secret begins in the first part of a text.
    fn is_in(&self, begun: &[u8], rest: &[u8]) -> bool {
        let finds = |automaton: &Option<AhoCorasick>, fold: fn(&[u8]) -> Vec<u8>| {
            automaton.as_ref().is_some_and(|automaton| {
                let mut text = fold(begun);
                let begun = text.len();
                text.extend(fold(rest));
                automaton.find(&text).is_some_and(|found| found.start() < begun)
            })
        };
        finds(&self.hidden, |text| loose(&bare(text)))
            // A line may have ended inside an escape.
            || finds(&self.hidden, |text| loose(&bare(&undone(&bare(text)))))
            || finds(&self.hidden_short, tight)
    }

    /// Whether a secret is in what base64 or hexadecimal digits in a text stand for.
    fn is_in_a_form(&self, text: &[u8], depth: usize) -> bool {
        let forms = [decoded(text, is_base64, from_base64), decoded(text, u8::is_ascii_hexdigit, from_hex)];
        forms.into_iter().flatten().any(|form| {
            let said = undone(&form);
            self.is_in(&said, &[]) || depth > 0 && self.is_in_a_form(&said, depth - 1)
        })
    }
}

fn automaton(forms: Vec<Vec<u8>>, any_case: bool) -> Option<AhoCorasick> {
    // What the automaton keeps of them cannot be zeroed: it owns its states, and lives as long as the run.
    let forms = Zeroizing::new(forms);
    let mut builder = AhoCorasick::builder();
    let builder = builder.match_kind(MatchKind::LeftmostLongest).ascii_case_insensitive(any_case);
    builder.build(forms.iter()).ok().filter(|_| !forms.is_empty())
}

/// What is left of a text without white space and what nobody sees.
fn bare(text: &[u8]) -> Vec<u8> {
    if text.is_ascii() {
        let seen = |byte: &u8| !byte.is_ascii_whitespace() && !byte.is_ascii_control();
        return text.iter().copied().filter(seen).collect();
    }
    let text = String::from_utf8_lossy(text);
    let seen = |c: &char| !c.is_whitespace() && !is_invisible(*c) && !is_blank(*c);
    text.chars().filter(seen).collect::<String>().into_bytes()
}

/// A text without backslashes, which only say how what follows is written.
fn tight(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| *byte != b'\\').collect()
}

/// The same in one case, and without the `+` that can stand for a space.
fn loose(text: &[u8]) -> Vec<u8> {
    let kept = text.iter().filter(|byte| !matches!(byte, b'\\' | b'+'));
    kept.map(u8::to_ascii_lowercase).collect()
}

/// How a secret may begin in a text without escapes: what stands before it can have taken its first digits for an escape's.
fn beginnings(form: &[u8]) -> Vec<Vec<u8>> {
    let digits = form.iter().take(ENOUGH_OF_ONE / 16).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let least = 2 * SHORTEST_LOOSE;
    let shorter = (1..=digits).filter_map(|gone| form.get(gone..)).filter(|rest| rest.len() >= least);
    std::iter::once(form).chain(shorter).map(|form| cut(form.to_vec())).collect()
}

fn cut(mut form: Vec<u8>) -> Vec<u8> {
    form.truncate(ENOUGH_OF_ONE);
    form
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// What the runs of such characters in a text stand for, one behind the other: nothing if there is none that is long
/// enough. One that goes on in the next line is one.
fn decoded(text: &[u8], is: fn(&u8) -> bool, read: fn(&[u8]) -> Vec<u8>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut at, mut goes_on) = (0, false);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let run = rest.iter().take_while(|byte| is(byte)).count();
        if run == 0 {
            goes_on &= rest.first().is_some_and(u8::is_ascii_whitespace);
            at += 1;
            continue;
        }
        if run >= SHORTEST_RUN || goes_on {
            if !goes_on && !out.is_empty() {
                out.push(b'\n');
            }
            out.extend(read(rest.get(..run).unwrap_or_default()));
            goes_on = true;
        }
        at += run;
    }
    Some(out).filter(|out| out.len() >= SHORTEST_HIDDEN)
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
