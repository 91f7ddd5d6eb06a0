//! GitHub's runner, and those of Gitea and Forgejo: commands in a log.

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

/// Everything the runner would obey, in either notation; a lone carriage return ends a line as well.
pub fn obeyed(log: &str) -> Vec<Obeyed> {
    let log = log.replace("\r\n", "\n").replace('\r', "\n");
    let lines = log.split('\n');
    lines
        .filter_map(|line| colons(line).or_else(|| brackets(line)))
        .collect()
}

/// `::name properties::text`, at the start of a line.
fn colons(line: &str) -> Option<Obeyed> {
    let (head, text) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    command(
        head,
        text,
        &[
            ("%0D", "\r"),
            ("%0A", "\n"),
            ("%3A", ":"),
            ("%2C", ","),
            ("%25", "%"),
        ],
    )
}

/// `##[name properties]text`, anywhere in a line.
fn brackets(line: &str) -> Option<Obeyed> {
    let (_, rest) = line.split_once("##[")?;
    let (head, text) = rest.split_once(']')?;
    command(
        head,
        text,
        &[
            ("%3B", ";"),
            ("%0D", "\r"),
            ("%0A", "\n"),
            ("%5D", "]"),
            ("%25", "%"),
        ],
    )
}

fn command(head: &str, text: &str, escapes: &[(&str, &str)]) -> Option<Obeyed> {
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let name = name.to_ascii_lowercase();
    let unescape = |text: &str| {
        escapes
            .iter()
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    REGISTERED.contains(&name.as_str()).then(|| Obeyed {
        name,
        properties: unescape(properties),
        text: unescape(text),
    })
}

#[test]
fn the_model_of_the_runner_knows_both_notations() {
    let names: Vec<_> =
        obeyed("a ::error::no\n  ::Error::yes\rx ##[set-output name=a]yes\n::unknown::no")
            .into_iter()
            .map(|command| command.name)
            .collect();
    assert_eq!(names, ["error", "set-output"]);
}
