//! Harness: a file of variables as its reader, of the godotenv family, understands it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The variables of a file, the last value of each; an unreadable line loses them all.
pub fn variables(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut variables = BTreeMap::new();
    for line in text.lines() {
        if line.len() >= 64 * 1024 {
            return Err("output variable length is more than 65536 bytes".to_owned());
        }
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or(format!("no variable: {line}"))?;
        variables.insert(name.trim().to_owned(), read(value));
    }
    Ok(variables)
}

/// Quotes, escapes, comments and variables mean something; what is marked as base64 is decoded.
fn read(value: &str) -> String {
    let value = value.split(" #").next().unwrap_or_default().trim();
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value.trim_matches(quote).replace("\\n", "\n"),
        _ => value.replace('\\', ""),
    };
    let value = expand(&value);
    match value.strip_prefix("__B64__") {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap(),
        None => value,
    }
}

/// Every `$NAME` becomes nothing: no such variable is set.
fn expand(value: &str) -> String {
    let mut parts = value.split('$');
    let first = parts.next().unwrap_or_default().to_owned();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_{}".contains(c);
    first + &parts.map(|part| part.trim_start_matches(is_name)).collect::<String>()
}

#[test]
fn the_model_of_harness_alters_what_is_not_encoded() {
    let text = "A=a $B c # d\nC=\"x\\ny\"\nD=__B64__JEI=\nA2=\n";
    let read = variables(text).unwrap();
    let values: Vec<_> = ["A", "C", "D", "A2"].map(|name| read[name].as_str()).into();
    assert_eq!(values, ["a  c", "x\ny", "$B", ""]);
    assert!(variables("no variable").is_err());
}
