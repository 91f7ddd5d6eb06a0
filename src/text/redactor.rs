//! Finding secrets again in other people's text.

use std::fmt;
use std::sync::OnceLock;

use aho_corasick::automaton::Automaton as _;

use super::forms::{Index, Search};
use super::secret::{SHORTEST_HIDDEN, Secret, without_scheme};

/// What is shown of a text that holds a secret in any other form than its own.
pub const WITHHELD: &str = "(withheld: it holds a secret in another form)";

/// Keeps every known secret out of a text. Where it stands as it is, it is replaced; of a text that holds it in any other
/// form nothing is shown: what somebody wrote around such a form is not worth a guess at where it ends.
#[derive(Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
    /// Made when it is needed first: secrets come several at once.
    index: OnceLock<Index>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not even how a secret begins.
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

impl Redactor {
    /// A redactor for these secrets.
    pub fn new(secrets: &[Secret]) -> Self {
        let mut redactor = Self::default();
        secrets.iter().for_each(|secret| redactor.add(secret));
        redactor
    }

    /// One more secret, unless it is too short to be told from ordinary text.
    pub fn add(&mut self, secret: &Secret) {
        // The token alone is the secret, where it is not very short; its scheme is a word like any other.
        let bare = without_scheme(secret.expose());
        let bare = if bare.len() >= SHORTEST_HIDDEN { bare } else { secret.expose() };
        self.secrets.push(Secret::from(bare.to_owned()));
        self.index = OnceLock::new();
    }

    /// `text` with `***` in place of every secret, or nothing of it where one stands in it in any other form.
    pub fn redact(&self, text: &str) -> String {
        self.redact_start(text, usize::MAX)
    }

    /// The same for the beginning of a text: at least `enough` characters, if it has so many. Where they end, no secret
    /// is cut in two: it is looked for as far as one that begins there can reach.
    pub fn redact_start(&self, text: &str, enough: usize) -> String {
        let index = self.index.get_or_init(|| Index::new(&self.secrets));
        // No text has more characters than bytes.
        let end = if enough < text.len() { text.char_indices().nth(enough) } else { None };
        let end = end.map_or(text.len(), |(end, _)| end);
        if index.is_clean(text, end) {
            return text.get(..end).unwrap_or(text).to_owned();
        }
        let mut pieces = Pieces::new(index.search(), text);
        let mut shown = String::new();
        let mut length = 0;
        let mut left = "";
        while length < enough
            && let Some(piece) = pieces.next()
        {
            let hidden = piece == HIDDEN;
            let end = piece.char_indices().nth(enough - length).map_or(piece.len(), |(end, _)| end);
            let (now, later) = if hidden { (piece, "") } else { piece.split_at_checked(end).unwrap_or((piece, "")) };
            shown.push_str(now);
            length += now.chars().count();
            left = later;
        }
        if index.finds(&shown, std::iter::once(left).chain(pieces)) { WITHHELD.to_owned() } else { shown }
    }
}

/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// A text in pieces: what stands between secrets, and what stands for them.
struct Pieces<'a> {
    search: &'a Search,
    text: &'a str,
    at: usize,
    /// The next secrets, as far as they are known: none is looked for twice.
    next: [Option<(usize, usize)>; 2],
}

impl<'a> Pieces<'a> {
    fn new(search: &'a Search, text: &'a str) -> Self {
        let mut pieces = Self { search, text, at: 0, next: [None; 2] };
        pieces.look();
        pieces
    }

    fn look(&mut self) {
        let automatons = [&self.search.plain, &self.search.short];
        for (next, automaton) in self.next.iter_mut().zip(automatons) {
            if next.is_some_and(|(start, _)| start >= self.at) {
                continue;
            }
            let first_look = self.at == 0;
            if next.is_none() && !first_look {
                continue;
            }
            let rest = aho_corasick::Input::new(self.text).range(self.at..);
            let found = automaton.as_ref().and_then(|automaton| automaton.try_find(&rest).ok()?);
            *next = found.map(|found| (found.start(), found.end()));
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let first = self.next.iter().flatten().min_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
        let (start, end) = first.copied().unwrap_or((self.text.len(), self.text.len()));
        if self.at < start {
            let piece = self.text.get(self.at..start);
            self.at = start;
            return piece;
        }
        if start == self.text.len() {
            return None;
        }
        self.at = end;
        self.look();
        Some(HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    const TOKEN: &str = "s3cr/et+to\"ken=&<9>";

    fn redact(text: &str) -> String {
        Redactor::new(&[Secret::from(TOKEN.to_owned())]).redact(text)
    }

    fn is_withheld(written: &str) {
        assert_eq!(redact(&format!("a {written} b")), WITHHELD, "{written}");
    }

    #[test]
    fn a_secret_is_replaced_where_it_stands() {
        assert_eq!(redact(&format!("a {TOKEN} b{TOKEN}")), "a *** b***");
        assert_eq!(redact(&TOKEN.to_uppercase()), "***");
        let redactor = Redactor::new(&["hunter22", "er22", "hunter22-and-more"].map(|it| Secret::from(it.to_owned())));
        assert_eq!(redactor.redact("hunter22 er22 hunter22-and-more x"), "*** *** *** x");
    }

    #[test]
    fn nothing_is_shown_of_a_text_that_holds_a_secret_however_it_is_written() {
        let json = serde_json::to_string(TOKEN).unwrap();
        let hex: String = TOKEN.bytes().map(|byte| format!("{byte:02X}")).collect();
        let encoded = STANDARD_NO_PAD.encode(format!("user:{TOKEN}"));
        let (head, tail) = encoded.split_at(12);
        let percent = utf8_percent_encode(TOKEN, NON_ALPHANUMERIC).to_string();
        let url = utf8_percent_encode(&percent, NON_ALPHANUMERIC).to_string();
        for written in [
            json.trim_matches('"').to_owned(),
            json.trim_matches('"').replace('/', "\\/"),
            "s3cr%2Fet%2Bto%22ken%3D%26%3C9%3E".to_owned(),
            "s3cr%2fet%2bto%22ken%3d%26%3c9%3e".to_owned(),
            "s3cr/et\\u002bto&quot;ken=&amp;&lt;9&gt;".to_owned(),
            "s3cr&sol;et&plus;to&quot;ken&equals;&AMP;&lt;9&gt;".to_owned(),
            "s3cr%252Fet%252Bto%2522ken%253D%2526%253C9%253E".to_owned(),
            "s3cr&#x2F;et&#43;to&#34;ken&#x3d;&amp;&lt;9&gt;".to_owned(),
            "s3cr&amp;#47;et+to&amp;quot;ken=&amp;amp;&amp;lt;9&amp;gt;".to_owned(),
            "s3cr\\\\/et+to\\\\\"ken=&<9>".to_owned(),
            "s3cr\\x2fet\\x2bto\\x22ken\\x3d\\x26<9>".to_owned(),
            "s3cr\\\\u002Fet+to\\\\u0022ken=&<9>".to_owned(),
            TOKEN.replace("et+", "e t+"),
            hex.to_lowercase(),
            hex.clone(),
            format!("{head}\r\n{tail}"),
            STANDARD_NO_PAD.encode(&percent),
            STANDARD_NO_PAD.encode(STANDARD_NO_PAD.encode(TOKEN)),
            STANDARD_NO_PAD.encode(&hex),
            utf8_percent_encode(&STANDARD_NO_PAD.encode(&url), NON_ALPHANUMERIC).to_string(),
        ] {
            is_withheld(&written);
        }
        // Under more layers than anybody writes.
        let deep = (0..100).fold(TOKEN.to_owned(), |text, _| text.replace('%', "%25").replace('/', "%2F"));
        is_withheld(&deep);
    }

    #[test]
    fn a_secret_is_found_in_digits_of_text_of_two_bytes_a_character() {
        let wide: Vec<u8> = TOKEN.encode_utf16().flat_map(u16::to_le_bytes).collect();
        is_withheld(&STANDARD_NO_PAD.encode(&wide));
        is_withheld(&wide.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }

    #[test]
    fn what_stands_before_a_form_of_a_secret_hides_it_not() {
        let redactor = Redactor::new(&[Secret::from("1a2b3c4d-0123456789/abcdef".to_owned())]);
        for before in ["%", "%4", "\\u", "\\u00", "\\x", "&", "&#"] {
            assert_eq!(redactor.redact(&format!("{before}1a2b3c4d-0123456789%2Fabcdef")), WITHHELD, "{before}");
        }
    }

    #[test]
    fn a_pass_phrase_is_found_in_a_form_and_with_its_spaces_folded() {
        let redactor = Redactor::new(&[Secret::from("open  sesame now".to_owned())]);
        for written in ["open  sesame now", "open sesame now"] {
            assert_eq!(redactor.redact(written), "***", "{written}");
        }
        for written in ["open++sesame+now", "open%20%20sesame%20now"] {
            assert_eq!(redactor.redact(written), WITHHELD, "{written}");
        }
    }

    #[test]
    fn a_secret_of_other_letters_is_found_escaped() {
        let redactor = Redactor::new(&[Secret::from("pässw😀rd".to_owned())]);
        assert_eq!(redactor.redact("pässw😀rd"), "***");
        for written in [
            "p\\u00e4ssw\\ud83d\\ude00rd",
            "p\\\\u00E4ssw\\\\uD83D\\\\uDE00rd",
            "p%C3%A4ssw%f0%9f%98%80rd",
            "p&#228;ssw&#x1F600;rd",
        ] {
            assert_eq!(redactor.redact(written), WITHHELD, "{written}");
        }
    }

    #[test]
    fn a_short_secret_is_looked_for_as_it_is() {
        let redactor = Redactor::new(&[Secret::from("op/n".to_owned())]);
        assert_eq!(redactor.redact("op/n Op/n op /n"), "*** Op/n op /n");
        assert_eq!(redactor.redact("op%2Fn"), WITHHELD);
    }

    #[test]
    fn backslashes_and_percent_signs_of_a_secret_are_its_own() {
        for secret in ["a\\\\b\\cd", "100%25 of %zz", "%%%%%%", "\\\\\\\\", "&amp;&&"] {
            let redactor = Redactor::new(&[Secret::from(secret.to_owned())]);
            let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let json = serde_json::to_string(secret).unwrap();
            assert_eq!(redactor.redact(secret), "***");
            for written in [&percent, json.trim_matches('"')] {
                let shown = redactor.redact(written);
                assert!(shown == WITHHELD || shown.starts_with("***"), "{secret} {written}: {shown}");
            }
        }
    }

    #[test]
    fn a_line_that_ends_inside_an_escape_of_a_secret_hides_it_not() {
        let redactor = Redactor::new(&[Secret::from("0%0aä😀é😀".to_owned())]);
        assert_eq!(redactor.redact("%30%25%30\n aä%f0%9f%98%80é😀"), WITHHELD);
    }

    /// What stands in it, what is eaten of it with an escape, and what goes on behind it.
    #[test]
    fn a_secret_that_holds_signs_of_escapes_is_found_however_it_is_written() {
        for (secret, written) in [
            ("0\\AAa!0A", "%30%5c%41%41%61\n !%30%41"),
            ("0+AAa!0A", "%30%2b%41%41%61\n !%30%41"),
            ("\\u0041bcdefg", "%5c\\u00750041bcdefg"),
            ("DOMAIN\\x41bcdef", "DOMAIN%5c%5cx41bcdef"),
            ("DOMAIN\\x41bcdef", "DOMAINAbcdef"),
            ("abcdefgh%4", "%61bcdefgh%41"),
            ("abcdefgh&am", "%61bcdefgh&amp;"),
            ("abcdefgh\\u004", "%61bcdefgh\\u0041"),
            ("abcdefgh\\\\", "%61bcdefgh%5c%5c"),
            ("41bcdefgh", "%41bcde%66gh"),
            ("%%%%%%%%", "%25%25%%32%35%25%25\n%25%25%25"),
            ("\\\\\\\\\\\\\\\\", "%5c%5c%5c%5c\n%5c%5c%5c%5c"),
            ("&amp;&lt;", "&amp;amp;&amp;lt;"),
            ("&amp;&lt;", "%26amp;%26lt;"),
            ("100%25 = a+b", "100%2525+%3D+a%2Bb"),
            ("line one\nline two", "line one\\nline two"),
            ("line one\nline two", "line+one%0D%0Aline+two"),
            ("say \"it's\\that\"", "say \\\"it\\'s\\\\that\\\""),
            ("abcd=efgh", "abcd%\n3\nDefgh"),
            ("abcd=efgh", "abcd%253\nDefgh"),
            ("abcd=efgh", "abcd%%20253%20Defgh"),
            ("abcd😀efgh", "abcd\\ud83d\n\\\\ude00efgh"),
            ("abcd=efgh", "a%E2%80%8Bb&nbsp;cd%3defgh"),
        ] {
            let redactor = Redactor::new(&[Secret::from(secret.to_owned())]);
            assert_eq!(redactor.redact(&format!("a {written} b")), WITHHELD, "{secret} {written}");
        }
    }

    #[test]
    fn what_resembles_no_secret_is_shown() {
        let text =
            "PENDING_BUILD 4f6c71e2-0000-4000-8000-000000000000 100% a&b C:\\x https://a.example/b?c=d%20e &amp; +1";
        assert_eq!(redact(text), text);
        assert_eq!(Redactor::default().redact(text), text);
    }

    #[test]
    fn the_beginning_of_a_text_holds_no_piece_of_a_secret() {
        let redactor = Redactor::new(&[Secret::from(TOKEN.to_owned())]);
        let text = format!("{}{TOKEN}{}", "x".repeat(9), "y".repeat(9));
        assert_eq!(redactor.redact_start(&text, 10), "xxxxxxxxx***");
        assert_eq!(redactor.redact_start(&text, 9), "x".repeat(9));
        let many = TOKEN.repeat(1000);
        assert_eq!(redactor.redact_start(&many, 5), "******");
        let percent: String = TOKEN.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let encoded = format!("{}s3{}", "x".repeat(9), &percent["%00%00".len()..]);
        assert_eq!(redactor.redact_start(&encoded, 10), WITHHELD);
        assert_eq!(redactor.redact_start(&encoded, 9), "x".repeat(9));
    }

    #[test]
    fn a_secret_is_found_in_base64_at_every_alignment() {
        for prefix in ["", "u", "us", "user:"] {
            for encoded in
                [STANDARD_NO_PAD.encode(format!("{prefix}{TOKEN}")), URL_SAFE_NO_PAD.encode(format!("{prefix}{TOKEN}"))]
            {
                assert_eq!(redact(&encoded), WITHHELD, "{encoded}");
            }
        }
    }

    #[test]
    fn a_redactor_tells_nothing_of_its_secrets() {
        let redactor = Redactor::new(&[Secret::from(TOKEN.to_owned())]);
        assert_eq!(format!("{redactor:?}"), "Redactor(1 secrets)");
    }

    /// So long that looking at each byte once more for every byte before it would take minutes, whatever the text is made
    /// of, and also where the secret is made of the same.
    #[test]
    fn no_text_costs_more_than_its_length() {
        let secrets = ["%%%%%%%%%%", "&&&&&&&&&&", "aaaaaaaaaaaaaaab", TOKEN].map(|it| Secret::from(it.to_owned()));
        let redactor = Redactor::new(&secrets);
        let length = 1 << 13;
        for unit in ["%", "&", "\\", "=", ",", "a", "%25", "25", "amp;", "&amp;", "YWFh", "s3cr/et+to", "\\u005c", " "]
        {
            let text = unit.repeat(length / unit.len());
            redactor.redact(&text);
            redactor.redact_start(&text, 300);
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
    fn very_short_values_are_left_alone() {
        let redactor = Redactor::new(&[Secret::from("abc".to_owned())]);
        assert_eq!(redactor.redact("abcdef"), "abcdef");
    }

    const WAYS: u8 = 13;

    /// One character in one of the ways in which a text may carry it.
    fn written(c: char, way: u8) -> String {
        let mut bytes = [0; 4];
        let bytes = c.encode_utf8(&mut bytes).bytes();
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units).iter();
        match way {
            0 => bytes.map(|byte| format!("%{byte:02x}")).collect(),
            1 => bytes.map(|byte| format!("%25{byte:02X}")).collect(),
            2 => units.map(|unit| format!("\\u{unit:04x}")).collect(),
            3 => units.map(|unit| format!("\\\\u{unit:04X}")).collect(),
            4 => format!("&#{};", u32::from(c)),
            5 => format!("&#x{:X};", u32::from(c)),
            6 => format!("&amp;#x{:x};", u32::from(c)),
            7 => c.to_ascii_uppercase().to_string(),
            8 => format!("\n {c}"),
            9 => {
                let json = serde_json::to_string(&c).unwrap();
                json[1..json.len() - 1].replace('\\', "\\\\")
            }
            10 => format!("\\{c}"),
            11 => bytes.map(|byte| format!("%2\n5{byte:02x}")).collect(),
            _ => c.to_string(),
        }
    }

    fn mixture(secret: &str, ways: &[u8]) -> String {
        secret.chars().zip(ways).map(|(c, way)| written(c, *way)).collect()
    }

    /// A whole text in one of the ways to encode it.
    fn layer(text: &str, way: u8) -> String {
        match way {
            0 => STANDARD_NO_PAD.encode(text),
            1 => URL_SAFE_NO_PAD.encode(text),
            2 => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
            3 => utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
            _ => serde_json::to_string(text).unwrap(),
        }
    }

    /// In lines of about this length, with no escape on two of them.
    fn lines(text: &str, width: usize) -> String {
        let mut lines = vec![String::new()];
        for c in text.chars() {
            let line = lines.last_mut().unwrap();
            let is_in_escape = line.chars().rev().take(6).any(|c| matches!(c, '\\' | '%'));
            if line.chars().count() >= width && !is_in_escape {
                lines.push(c.to_string());
            } else {
                line.push(c);
            }
        }
        lines.join("\n")
    }

    fn check_mixture(secret: String, ways: &[u8], before: &str, after: &str) -> Result<(), TestCaseError> {
        let mixed = mixture(&secret, ways);
        let shown = Redactor::new(&[Secret::from(secret)]).redact(&format!("{before}{mixed}{after}"));
        prop_assert!(shown == WITHHELD || shown.contains("***"), "{shown}");
        prop_assert!(!shown.contains(&mixed), "{shown}");
        Ok(())
    }

    proptest! {
        #[test]
        fn no_mixture_of_ways_to_write_a_secret_hides_it(
            secret in "[!-~äé中😀]{8,24}",
            ways in prop::collection::vec(0..WAYS, 24),
        ) {
            check_mixture(secret, &ways, "<", ">")?;
        }

        /// Made of what escapes are made of, between pieces of escapes.
        #[test]
        fn no_secret_that_resembles_escapes_is_hidden_by_them(
            secret in r##"[%&;+=\'"#xunt0-9a-f😀]{8}[%&;+=\'"#xunt0-9a-f\n\r ]{0,16}"##,
            ways in prop::collection::vec(0..WAYS, 24),
            before in r"[%&;\\#xu0-9a-f]{0,6}",
            after in r"[%&;\\#xu0-9a-f]{0,6}",
        ) {
            check_mixture(secret, &ways, &before, &after)?;
        }

        /// Encoded as a whole, again and again, and broken into lines at some point.
        #[test]
        fn no_layers_of_encodings_hide_a_secret(
            secret in "[!-~äé中😀]{8,24}",
            ways in prop::collection::vec(0..WAYS, 24),
            before in "[a-z:]{0,4}",
            layers in prop::collection::vec(0_u8..5, 1..4),
            (broken, width) in (0_usize..4, 16_usize..80),
        ) {
            let mixed = before + &mixture(&secret, &ways);
            let written = layers.iter().enumerate().fold(mixed, |text, (at, way)| {
                layer(&if at == broken { lines(&text, width) } else { text }, *way)
            });
            let written = if broken == layers.len() { lines(&written, width) } else { written };
            let shown = Redactor::new(&[Secret::from(secret)]).redact(&format!("a {written} b"));
            prop_assert!(shown == WITHHELD || shown.contains("***"), "{shown}");
        }

        #[test]
        fn no_text_around_a_secret_hides_it(before in ".{0,20}", after in ".{0,20}") {
            let shown = redact(&format!("{before}{TOKEN}{after}"));
            prop_assert!(!shown.contains(TOKEN));
        }
    }
}
