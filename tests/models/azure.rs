//! The agent of Azure Pipelines: commands and formats in a log.

use std::collections::BTreeMap;

use super::lines;

/// A logging command. What begins like one and cannot be read is named `?`.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// `area.event`.
    pub name: String,
    pub properties: BTreeMap<String, String>,
    pub text: String,
}

/// Everything the agent would obey: anywhere in a line, in any case.
pub fn obeyed(log: &str) -> Vec<Command> {
    lines(log).iter().filter_map(|line| command(line)).collect()
}

fn command(line: &str) -> Option<Command> {
    let start = line.to_ascii_lowercase().find("##vso[")?;
    let unreadable = || Command { name: "?".to_owned(), properties: BTreeMap::new(), text: line.to_owned() };
    let Some((head, text)) = line[start + 6..].split_once(']') else {
        return Some(unreadable());
    };
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    if name.split('.').count() != 2 {
        return Some(unreadable());
    }
    let pairs = properties.split(';').filter_map(|pair| pair.split_once('='));
    Some(Command {
        name: name.to_ascii_lowercase(),
        properties: pairs.map(|(key, value)| (key.trim().to_ascii_lowercase(), unescape(value))).collect(),
        text: unescape(text),
    })
}

fn unescape(text: &str) -> String {
    let escapes = [("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")];
    let unescape = |text: String, (from, to): (&str, &str)| text.replace(from, to);
    escapes.into_iter().fold(text.to_owned(), unescape)
}

/// The formats of all lines that have one, such as `group` in `##[group]title`.
pub fn formats(log: &str) -> Vec<String> {
    let format = |line: &String| {
        let (_, rest) = line.split_once("##[")?;
        Some(rest.split(']').next()?.to_owned())
    };
    lines(log).iter().filter_map(format).collect()
}

/// The output variables, the last value of each.
pub fn outputs(log: &str) -> BTreeMap<String, String> {
    let set = |command: Command| {
        let is_output = command.properties.get("isoutput")? == "true";
        let name = command.properties.get("variable")?.clone();
        (command.name == "task.setvariable" && is_output).then_some((name, command.text))
    };
    obeyed(log).into_iter().filter_map(set).collect()
}

#[test]
fn the_model_of_the_agent_reads_commands_anywhere_in_a_line() {
    let log = "a ##VSO[task.setvariable variable=x;isOutput=true]1%3B%AZP250A\r##vso[x]\n##[group]t";
    let names: Vec<_> = obeyed(log).into_iter().map(|command| command.name).collect();
    assert_eq!(names, ["task.setvariable", "?"]);
    assert_eq!(outputs(log)["x"], "1;%0A");
    assert_eq!(formats(log), ["group"]);
}
