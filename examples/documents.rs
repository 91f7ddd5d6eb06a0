//! Writes what the registers say into the documents: `cargo run --example documents`. Nothing of it is typed twice.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs, reason = "a tool of the repository")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cancel_deployment::help::meaning;
use cancel_deployment::input::Input;
use cancel_deployment::platform::register::REGISTER;
use cancel_deployment::platform::{Need, PlatformInfo};
use cancel_deployment::select::Select;
use cancel_deployment::settings::COMMON;

/// How a document is brought up to date.
pub(crate) type Update = fn(&str) -> String;

/// The documents, and how each is brought up to date.
pub(crate) const DOCUMENTS: [(&str, Update); 4] =
    [("README.md", readme), ("docs/inputs.md", inputs), ("docs/security.md", security), ("action.yml", action)];

#[allow(dead_code, reason = "a test takes only the rest")]
fn main() {
    for (path, bring_up_to_date) in DOCUMENTS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let before = fs::read_to_string(&path).expect("a readable document");
        let after = bring_up_to_date(&before);
        if after != before {
            fs::write(&path, after).expect("a document that may be written");
            println!("{} is up to date now", path.display());
        }
    }
}

/// The README with its table of platforms.
fn readme(before: &str) -> String {
    between(before, "<!-- platforms -->\n", "<!-- /platforms -->", &platforms())
}

/// The reference with the tables of all inputs, and of what can be selected where.
fn inputs(before: &str) -> String {
    let with_inputs = between(before, "<!-- inputs -->\n", "<!-- /inputs -->", &all_inputs());
    between(&with_inputs, "<!-- select -->\n", "<!-- /select -->", &selections())
}

/// What auditors read, with the hosts of all platforms.
fn security(before: &str) -> String {
    between(before, "<!-- hosts -->\n", "<!-- /hosts -->", &hosts())
}

/// The action with its inputs, how they are handed over, and which variables a build must not see.
fn action(before: &str) -> String {
    let with_inputs = between(before, "\ninputs:\n", "\noutputs:\n", &described_inputs());
    let with_variables = between(&with_inputs, "      env:\n", "      run: |\n", &handed_over());
    between(&with_variables, "BUILDX_BUILDER\n", "          mkdir -p \"$work/release\"", &unset())
}

/// The text with what stands between two marks replaced.
fn between(text: &str, from: &str, to: &str, new: &str) -> String {
    let (head, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from:?}"));
    let (_, tail) = rest.split_once(to).unwrap_or_else(|| panic!("no {to:?} behind {from:?}"));
    format!("{head}{from}{new}{to}{tail}")
}

fn platforms() -> String {
    let mut table = String::from("| platform | a deployment is named by | credential | `select` |\n");
    table.push_str("| --- | --- | --- | --- |\n");
    for PlatformInfo { about, needs, selects, .. } in REGISTER {
        let (name, id, named_by) = (about.name, about.id, about.named_by);
        let page = format!("docs/platforms.md#{}", anchor(name));
        let credentials = without_variables(about.credentials);
        let scope = needs.iter().find(|need| matches!(need, Need::ForSelect(_))).and_then(|need| need.ways().first());
        let scope = scope.map_or_else(String::new, |way| {
            let names: Vec<_> = way.needs().map(|name| format!("`{name}`")).collect();
            format!("with {}: ", names.join(" and "))
        });
        let selects: Vec<_> = selects.iter().map(|select| select.word()).collect();
        let selects = selects.join(", ");
        let _ = writeln!(table, "| [{name}]({page}), `{id}` | {named_by} | {credentials} | {scope}{selects} |");
    }
    table
}

/// The hosts that a firewall has to let through.
fn hosts() -> String {
    let mut table = String::from("| platform | host |\n| --- | --- |\n");
    for PlatformInfo { about, base, inputs, .. } in REGISTER {
        let host = base.split('/').nth(2);
        let host = match host {
            Some(host) if inputs.iter().any(|input| input.name == "site") => {
                format!("`{host}`, or `api.` and the `site` that is written")
            }
            Some(host) => format!("`{host}`"),
            None => "the one in `api_url`, and the sign-in host that it names".to_owned(),
        };
        let _ = writeln!(table, "| {} | {host} |", about.name);
    }
    table
}

/// What leads to a heading.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

/// Credentials by their inputs alone, without the usual variables in brackets behind them.
fn without_variables(credentials: &str) -> String {
    let mut parts = credentials.split(" (or ");
    let first = parts.next().unwrap_or_default();
    parts.fold(first.to_owned(), |text, part| text + part.split_once(')').map_or("", |(_, rest)| rest))
}

fn all_inputs() -> String {
    let mut text = format!("## On every platform\n\n{}", table(COMMON, &[]));
    for PlatformInfo { about, inputs, needs, .. } in REGISTER {
        let page = format!("[What to grant, and where to click](platforms.md#{}).", anchor(about.name));
        let rows = table(inputs, needs);
        let _ = write!(text, "\n## {}\n\n`platform: {}` takes these as well. {page}\n\n{rows}", about.name, about.id);
    }
    text
}

fn table(inputs: &[Input], needs: &[Need]) -> String {
    let mut table = String::from("| input | default | meaning |\n| --- | --- | --- |\n");
    for input in inputs {
        let needed = needs.iter().any(|need| matches!(need, Need::All(names) if names.contains(&input.name)));
        let default = default(input, needed);
        let space = if default.is_empty() { "" } else { " " };
        let _ = writeln!(table, "| `{}` |{space}{default} | {} |", input.name, meaning(REGISTER, input));
    }
    table
}

/// Where a value comes from when the input is not written.
fn default(input: &Input, is_needed: bool) -> String {
    let variables = input.usual.iter().map(|(variable, beginning)| match *beginning {
        "" => format!("`{variable}`"),
        beginning => format!("`{variable}` when it starts with `{beginning}`"),
    });
    let mut parts: Vec<_> = variables.collect();
    match input.default {
        "" if input.name == "platform" || (is_needed && parts.is_empty()) => parts.push("required".to_owned()),
        "" => {}
        words if words.contains(' ') || words == "detected" => parts.push(words.to_owned()),
        value if parts.is_empty() => parts.push(format!("`{value}`")),
        value => parts.push(format!("else `{value}`")),
    }
    parts.join(", ")
}

fn selections() -> String {
    let names = REGISTER.iter().map(|info| info.about.name.split_once(' ').map_or(info.about.name, short_name));
    let mut table = format!("| `select` | chooses | {} |\n", names.collect::<Vec<_>>().join(" | "));
    let _ = writeln!(table, "| --- | --- |{}", " --- |".repeat(REGISTER.len()));
    for select in Select::ALL {
        let can = REGISTER.iter().map(|info| {
            let note = info.select_notes.iter().find(|(special, _)| *special == select);
            match note {
                Some((_, note)) => note,
                None if info.selects.contains(&select) => "yes",
                None => "–",
            }
        });
        let can = can.collect::<Vec<_>>().join(" | ");
        let _ = writeln!(table, "| `{}` | {} | {can} |", select.word(), select.describe());
    }
    table
}

/// The first word says enough, but for a name of two words.
fn short_name((first, rest): (&'static str, &'static str)) -> &'static str {
    if rest == "Foundry" { "Cloud Foundry" } else { first }
}

/// All inputs by their names, in the order of their first platform, with what they mean on each.
fn merged() -> Vec<(&'static str, String)> {
    let mut merged: Vec<_> = COMMON.iter().map(|input| (input.name, described(input, ""))).collect();
    let mut by_meaning: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for PlatformInfo { about, inputs, .. } in REGISTER {
        for input in *inputs {
            by_meaning.entry(input.name).or_default().push(described(input, about.name));
            if merged.iter().all(|(name, _)| *name != input.name) {
                merged.push((input.name, String::new()));
            }
        }
    }
    for (name, text) in &mut merged {
        for more in by_meaning.remove(name).unwrap_or_default() {
            let space = if text.is_empty() { "" } else { " " };
            let _ = write!(text, "{space}{more}");
        }
    }
    merged
}

fn described(input: &Input, platform: &str) -> String {
    let default = default(input, false);
    let default =
        if default.is_empty() || default == "required" { String::new() } else { format!(" Default: {default}.") };
    let platform = if platform.is_empty() { String::new() } else { format!("{platform}: ") };
    format!("{platform}{}{default}", meaning(REGISTER, input))
}

fn described_inputs() -> String {
    let mut text = String::new();
    for (name, meaning) in merged() {
        let quoted = meaning.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(text, "  {name}:\n    description: \"{quoted}\"");
        if name == "platform" {
            text.push_str("    required: true\n");
        }
    }
    text
}

fn handed_over() -> String {
    let lines = merged()
        .into_iter()
        .map(|(name, _)| format!("        INPUT_{}: ${{{{ inputs.{name} }}}}\n", name.to_uppercase()));
    lines.collect()
}

/// The lines that take every secret away from a build, at most 120 characters long.
fn unset() -> String {
    let secrets: Vec<_> = REGISTER.iter().flat_map(|info| info.inputs).filter(|input| input.secret).collect();
    let mut names: Vec<String> = Vec::new();
    for prefix in ["INPUT_", "CANCEL_DEPLOYMENT_"] {
        names.extend(secrets.iter().map(|input| format!("{prefix}{}", input.name.to_uppercase())));
    }
    names.extend(secrets.iter().flat_map(|input| input.usual).map(|(variable, _)| (*variable).to_owned()));
    let (mut text, mut line) = (String::new(), String::from("          unset"));
    let mut seen = Vec::new();
    for name in names {
        if seen.contains(&name) {
            continue;
        }
        if line.len() + 1 + name.len() > 120 {
            text.push_str(&std::mem::replace(&mut line, String::from("          unset")));
            text.push('\n');
        }
        let _ = write!(line, " {name}");
        seen.push(name);
    }
    text + &line + "\n"
}
