//! The tables of platforms, hosts, inputs and selections.

use std::fmt::Write as _;

use cancel_deployment::help::meaning;
use cancel_deployment::input::Input;
use cancel_deployment::model::about::{CanRollBack, RollBackInfo};
use cancel_deployment::platform::register::REGISTER;
use cancel_deployment::platform::{Need, PlatformInfo};
use cancel_deployment::select::Select;
use cancel_deployment::settings::COMMON;

use super::parameters::default;

pub(crate) fn platforms() -> String {
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
pub(crate) fn hosts() -> String {
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

/// Where this program can put back what was live before, and why not elsewhere.
pub(crate) fn way_back() -> String {
    let mut table = String::from(
        "| platform | how | right beside those for canceling | what stays changed | what is not undone |\n",
    );
    table.push_str("| --- | --- | --- | --- | --- |\n");
    let mut others = String::new();
    for PlatformInfo { about, .. } in REGISTER {
        let name = about.name;
        match &about.roll_back {
            CanRollBack::Yes(RollBackInfo { flips, grant, stays, not_undone, .. }) => {
                let how = if *flips { "switches" } else { "makes a new deployment" };
                let grant = if grant.is_empty() { "none" } else { grant };
                let _ = writeln!(table, "| {name} | {how} | {grant} | {stays} | {not_undone} |");
            }
            CanRollBack::No(why) => {
                let _ = writeln!(others, "- **{name}:** {why}.");
            }
        }
    }
    format!("{table}\nElsewhere `if_live: roll_back` is bad input:\n\n{others}")
}

/// For each platform on which this program can put back what was live before, by its id: what that takes.
pub(crate) fn roll_backs() -> impl Iterator<Item = (&'static str, String)> {
    let infos = REGISTER.iter().filter_map(|info| Some((info.about.id, info.about.roll_back.info()?)));
    infos.map(|(id, info)| {
        let right = match info.grant {
            "" => "no right beside those for canceling".to_owned(),
            grant => format!("a right beside those for canceling: {grant}"),
        };
        (id, format!("With [`if_live: roll_back`](way-back.md) this program goes back by itself. It takes {right}.\n"))
    })
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

pub(crate) fn inputs() -> String {
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

pub(crate) fn selections() -> String {
    let names = REGISTER.iter().map(|info| short_name(info.about.name));
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

/// The first word of a long name says enough; a name of two words stays whole.
fn short_name(name: &'static str) -> &'static str {
    match name.split_once(' ') {
        Some((first, rest)) if rest.contains(' ') => first,
        _ => name,
    }
}
