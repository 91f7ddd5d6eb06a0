//! GitHub-flavoured Markdown, as far as a summary uses it: what of a text is more than text. Where readers differ, the
//! one that sees more is right here.

/// Everything in a page that is more than text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The texts and addresses of the links.
    pub links: Vec<(String, String)>,
    /// The texts of the code spans.
    pub code: Vec<String>,
    /// How many cells each row of a table has.
    pub rows: Vec<usize>,
    /// Tags, images, mentions and addresses that become links by themselves.
    pub active: Vec<String>,
    /// How each line begins that begins a block.
    pub blocks: Vec<String>,
}

/// Reads a page, line by line: no block of ours has two lines.
pub fn read(text: &str) -> Page {
    let mut page = Page::default();
    for line in super::lines(text) {
        if line.starts_with('|') {
            let cells = cells(&line);
            page.rows.push(cells.len());
            for cell in cells {
                inline(&cell, &mut page);
            }
        } else {
            let line = line.trim_start();
            let text = line.trim_start_matches(['#', '-', '+', '*', '>', '~', '=', ' ', '\t']);
            let mark = &line[..line.len() - text.len()];
            if !mark.is_empty() {
                page.blocks.push(mark.to_owned());
            }
            inline(text, &mut page);
        }
    }
    page
}

/// The cells of a row: a backslash keeps a bar from ending one, and goes.
fn cells(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    for c in row.trim_end().chars() {
        let cell = cells.last_mut().unwrap();
        match c {
            '|' if cell.ends_with('\\') => {
                cell.pop();
                cell.push('|');
            }
            '|' => cells.push(String::new()),
            other => cell.push(other),
        }
    }
    // One empty piece before the first bar and one after the last.
    let last = cells.len() - usize::from(cells.last().is_some_and(|cell| cell.trim().is_empty()));
    cells[1..last].to_vec()
}

fn inline(text: &str, page: &mut Page) {
    let chars: Vec<char> = text.chars().collect();
    // What people read; a code span, which nothing looks into, is one odd character.
    let mut plain = String::new();
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        match chars[at] {
            '\\' if next.is_ascii_punctuation() => {
                plain.push(next);
                at += 2;
            }
            '`' => {
                let fence = run(&chars, at);
                match closing(&chars, at + fence, fence) {
                    Some(end) => {
                        page.code.push(span(&chars[at + fence..end]));
                        plain.push('\u{fffc}');
                        at = end + fence;
                    }
                    None => {
                        plain.extend(std::iter::repeat_n('`', fence));
                        at += fence;
                    }
                }
            }
            '&' => {
                let (decoded, length) = entity(&chars[at..]);
                plain.push_str(&decoded);
                at += length;
            }
            '<' if next.is_ascii_alphabetic() || "/!?".contains(next) => {
                page.active.push(format!("tag {}", rest(&chars, at)));
                at += 1;
            }
            '[' => {
                open.push((plain.len(), at > 0 && plain.ends_with('!')));
                plain.push('[');
                at += 1;
            }
            ']' => {
                let target = destination(&chars, at + 1);
                if let Some(((from, image), (url, end))) = open.pop().zip(target) {
                    if image {
                        page.active.push(format!("image {url}"));
                    }
                    page.links.push((plain[from + 1..].to_owned(), url));
                    plain.push('\u{fffc}');
                    at = end;
                } else {
                    plain.push(']');
                    at += 1;
                }
            }
            other => {
                plain.push(other);
                at += 1;
            }
        }
    }
    by_itself(&plain, page);
}

fn run(chars: &[char], at: usize) -> usize {
    chars[at..].iter().take_while(|c| **c == '`').count()
}

/// A code span ends at the next run of as many backticks as it began with.
fn closing(chars: &[char], mut at: usize, fence: usize) -> Option<usize> {
    while at < chars.len() {
        match run(chars, at) {
            0 => at += 1,
            length if length == fence => return Some(at),
            length => at += length,
        }
    }
    None
}

/// One blank at both ends is there for the fence's sake.
fn span(chars: &[char]) -> String {
    let text: String = chars.iter().collect();
    let padded = text.strip_prefix(' ').and_then(|text| text.strip_suffix(' '));
    let padded = padded.filter(|text| !text.trim().is_empty()).map(str::to_owned);
    padded.unwrap_or(text)
}

/// An entity and its length; anything else is an ampersand.
fn entity(chars: &[char]) -> (String, usize) {
    let alone = ("&".to_owned(), 1);
    let Some(end) = chars.iter().take(12).position(|c| *c == ';') else {
        return alone;
    };
    let name: String = chars[1..end].iter().collect();
    let code = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => digits.parse().ok(),
        },
        None => ["lt<", "gt>", "amp&", "quot\"", "commat@", "colon:", "sol/", "period."]
            .iter()
            .find_map(|known| known.strip_prefix(name.as_str()).filter(|rest| rest.len() == 1))
            .map(|rest| u32::from(rest.as_bytes()[0])),
    };
    match code.and_then(char::from_u32) {
        Some(decoded) => (decoded.to_string(), end + 1),
        None => alone,
    }
}

/// `(address)` right behind a link's text, and where it ends.
fn destination(chars: &[char], at: usize) -> Option<(String, usize)> {
    if chars.get(at) != Some(&'(') {
        return None;
    }
    let length = chars[at..].iter().position(|c| *c == ')')?;
    Some((chars[at + 1..at + length].iter().collect(), at + length + 1))
}

/// What becomes a link without any mark, after entities and escapes are gone: addresses, mails, people.
fn by_itself(plain: &str, page: &mut Page) {
    let chars: Vec<char> = plain.to_lowercase().chars().collect();
    for at in 0..chars.len() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1).copied().unwrap_or(' ');
        let begins = |word: &str| word.chars().eq(chars[at..].iter().copied().take(word.len()));
        let is_address = begins("://") && before.is_some_and(|c| c.is_ascii_alphabetic());
        let is_host = begins("www.") && before.is_none_or(|c| !c.is_alphanumeric());
        let is_person = chars[at] == '@' && (after.is_ascii_alphanumeric() || after == '_');
        if is_address || is_host || is_person {
            page.active.push(format!("link {}", rest(&chars, at)));
        }
    }
}

fn rest(chars: &[char], at: usize) -> String {
    chars[at..].iter().take(30).collect()
}

#[test]
fn the_model_of_markdown_sees_what_is_more_than_text() {
    let page = read("### a `b` c ``d`e`` f `g\n- [`x`](https://a.example/b) \\[y\\](z)");
    assert_eq!(page.code, ["b", "d`e", "x"]);
    assert_eq!(page.links, [("\u{fffc}".to_owned(), "https://a.example/b".to_owned())]);
    assert_eq!((page.blocks, page.active), (vec!["### ".to_owned(), "- ".to_owned()], vec![]));
    for active in [
        "a <img src=x>",
        "</td>",
        "![x](y)",
        "see https://x.example",
        "www.x.example",
        "a&#64;b.example",
        "@me",
        "https:&#47;&sol;x.example",
        "`a <b>",
    ] {
        assert!(!read(active).active.is_empty(), "{active}");
    }
    for text in ["a < b", "`<img>` ``@me``", "@&#8203;me", "https:&#8203;//x", "www&#8203;.x", "\\<b>", "a & b"] {
        assert_eq!(read(text).active, [""; 0], "{text}");
    }
}

#[test]
fn the_model_of_markdown_counts_cells() {
    assert_eq!(read("| a | `x\\|y` | |\n| a\\\\| b |\n| a | b").rows, [3, 1, 2]);
    assert_eq!(read("| `x\\|y` |").code, ["x|y"]);
}
