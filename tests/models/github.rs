//! GitHub's runner, and those of Gitea and Forgejo: commands in a log, and outputs in a file.

use super::lines;

/// What GitHub's runner has registered.
const REGISTERED: [&str; 15] = [
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
];

/// A command that the runner takes from a log.
#[derive(Debug, PartialEq, Eq)]
pub struct Obeyed {
    pub name: String,
    pub properties: String,
    pub text: String,
}

/// Everything the runner would obey, in either notation. The real one tries the second one first and stops there.
pub fn obeyed(log: &str) -> Vec<Obeyed> {
    let both = |line: &String| [brackets(line), colons(line)];
    lines(log).iter().flat_map(both).flatten().collect()
}

/// What its relatives obey: the same notations, but only from the first character on, with the last end that fits.
pub fn obeyed_by_relatives(log: &str) -> Vec<Obeyed> {
    let greedy = |line: &String| {
        let (head, text) = line.strip_prefix("::")?.rsplit_once("::")?;
        command(head, text, &IN_COLONS)
    };
    lines(log).iter().filter_map(greedy).collect()
}

/// The outputs in a file, in the order written: the runner's rules, and one stricter rule of its relatives, which take
/// an empty line between entries for a mistake.
pub fn outputs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut entries = Vec::new();
    let mut lines = text.split_terminator('\n');
    while let Some(first) = lines.next() {
        let (equals, heredoc) = (first.find('='), first.find("<<"));
        let is_heredoc = heredoc.is_some_and(|heredoc| equals.is_none_or(|equals| heredoc < equals));
        let (name, rest) =
            first.split_once(if is_heredoc { "<<" } else { "=" }).ok_or_else(|| format!("Invalid format '{first}'"))?;
        if name.is_empty() || (is_heredoc && rest.is_empty()) {
            return Err(format!("Invalid format '{first}'"));
        }
        let mut value = vec![rest];
        if is_heredoc {
            value.clear();
            loop {
                match lines.next() {
                    Some(line) if line == rest => break,
                    Some(line) => value.push(line),
                    None => return Err(format!("Matching delimiter not found '{rest}'")),
                }
            }
        }
        entries.push((name.to_owned(), value.join("\n")));
    }
    Ok(entries)
}

const IN_COLONS: [(&str, &str); 5] = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")];

/// `::name properties::text`, at the start of a line.
fn colons(line: &str) -> Option<Obeyed> {
    let (head, text) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    command(head, text, &IN_COLONS)
}

/// `##[name properties]text`, anywhere in a line.
fn brackets(line: &str) -> Option<Obeyed> {
    let (_, rest) = line.split_once("##[")?;
    let (head, text) = rest.split_once(']')?;
    command(head, text, &[("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%")])
}

fn command(head: &str, text: &str, escapes: &[(&str, &str)]) -> Option<Obeyed> {
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let name = name.to_ascii_lowercase();
    let unescape = |text: &str| escapes.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    REGISTERED.contains(&name.as_str()).then(|| Obeyed { name, properties: unescape(properties), text: unescape(text) })
}

#[test]
fn the_model_of_the_runner_knows_both_notations() {
    let names: Vec<_> = obeyed("a ::error::no\n  ::Error::yes\rx ##[set-output name=a]yes\n::unknown::no")
        .into_iter()
        .map(|command| command.name)
        .collect();
    assert_eq!(names, ["error", "set-output"]);
}

#[test]
fn the_model_of_the_runner_reads_both_notations_of_one_line_and_what_hides() {
    let both = obeyed("::add-mask::x #\u{fe0f}#[set-output name=a]b");
    let names: Vec<_> = both.iter().map(|command| command.name.as_str()).collect();
    assert_eq!(names, ["set-output", "add-mask"]);
}

#[test]
fn the_model_of_the_relatives_takes_the_last_end() {
    let [command] = &obeyed_by_relatives("::error title=T::a::b\n ::error::x")[..] else {
        panic!("one command");
    };
    assert_eq!((command.properties.as_str(), command.text.as_str()), ("title=T::a", "b"));
    assert!(obeyed_by_relatives("::group::a::b").is_empty());
}

#[test]
fn the_model_of_the_output_file_refuses_what_the_runner_refuses() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let text = "a<<X\n1\n\n2=\nX\nb=c<<d\n";
    assert_eq!(outputs(text), Ok(vec![pair("a", "1\n\n2="), pair("b", "c<<d")]));
    for bad in ["a<<X\n1\n", "a", "a=1\n\nb=2\n", "=x", "<<X\nX", "a<<\n\n"] {
        assert!(outputs(bad).is_err(), "{bad:?}");
    }
}
