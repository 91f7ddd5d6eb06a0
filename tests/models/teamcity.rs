//! TeamCity: service messages in a log.

use std::collections::BTreeMap;

use super::lines;

/// A service message. What begins like one and cannot be read is named `?`.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
}

/// Every message: anywhere in a line, in any case.
pub fn obeyed(log: &str) -> Vec<Message> {
    let start = |line: &String| line.to_ascii_lowercase().find("##teamcity[");
    let message = |line: &String| {
        let rest = &line[start(line)? + 11..];
        Some(read(rest).unwrap_or(Message { name: "?".to_owned(), attributes: BTreeMap::new() }))
    };
    lines(log).iter().filter_map(message).collect()
}

fn read(text: &str) -> Option<Message> {
    let name_end = text.find([' ', ']'])?;
    let (name, mut rest) = text.split_at(name_end);
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        if rest.starts_with(']') {
            break;
        }
        let (key, after) = rest.split_once("='")?;
        let (value, after) = value(after)?;
        attributes.insert(key.to_owned(), value);
        rest = after;
    }
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    is_name.then(|| Message { name: name.to_owned(), attributes })
}

/// A value up to its quote, and what follows.
fn value(text: &str) -> Option<(String, &str)> {
    let mut units: Vec<u16> = Vec::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return Some((String::from_utf16(&units).ok()?, &text[at + 1..])),
            '[' | ']' => return None,
            '|' => match chars.next()?.1 {
                'n' => units.push(10),
                'r' => units.push(13),
                '0' => {
                    let (start, _) = chars.next()?;
                    let digits = text.get(start + 1..start + 5)?;
                    units.push(u16::from_str_radix(digits, 16).ok()?);
                    chars.nth(3)?;
                }
                c @ ('\'' | '|' | '[' | ']') => units.push(c as u16),
                _ => return None,
            },
            other => units.extend(other.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    None
}

/// The parameters that were set, the last value of each.
pub fn parameters(log: &str) -> BTreeMap<String, String> {
    let messages = obeyed(log).into_iter();
    let set = messages.filter(|message| message.name == "setParameter");
    set.map(|mut message| {
        let mut take = |key| message.attributes.remove(key).unwrap();
        (take("name"), take("value"))
    })
    .collect()
}

#[test]
fn the_model_of_teamcity_reads_messages_and_their_escapes() {
    let log = "x ##teamcity[setParameter name='a' value='|'|[|n||n|0x00FC|0xD83D|0xDE00|]']\n##teamcity[x y='z]";
    assert_eq!(parameters(log)["a"], "'[\n|nü😀]");
    assert_eq!(obeyed(log)[1].name, "?");
}
