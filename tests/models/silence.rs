//! Nothing in a text acts, on any CI system, but what is meant for the one that is running.

use super::{azure, buildkite, drone, github, gitlab, heard, markdown, teamcity};

/// GitHub and its relatives.
pub fn is_github(ci: &str) -> bool {
    ["github", "gitea", "forgejo"].contains(&ci)
}

/// A log without the masks for that CI system: they show a secret as it is, to the one that reads them.
pub fn without_masks(ci: &str, log: &str) -> String {
    let mask = match ci {
        "azure" => "##vso[task.setsecret]",
        _ if is_github(ci) => "::add-mask::",
        _ => return log.to_owned(),
    };
    let shown = log.split_inclusive('\n').filter(|line| !line.starts_with(mask));
    shown.collect()
}

/// Whichever CI system is running, no other one finds anything in its log, and a terminal does not either.
#[track_caller]
pub fn of_log(ci: &str, log: &str) {
    let is = |one: &str| ci == one;
    let log = without_masks(ci, log);
    if !is_github(ci) {
        let mut commands = github::obeyed(&log);
        // The notation is Azure's as well.
        let ours = ["group", "debug", "endgroup"];
        commands.retain(|one| !(is("azure") && ours.contains(&one.name.as_str())));
        assert_eq!(commands, [], "{ci}\n{log}");
        assert_eq!(github::obeyed_by_relatives(&log), [], "{ci}\n{log}");
    }
    if !is("azure") {
        assert_eq!(azure::obeyed(&log), [], "{ci}\n{log}");
        assert_eq!(azure::formats(&log), [""; 0], "{ci}\n{log}");
    }
    if !is("teamcity") {
        assert_eq!(teamcity::obeyed(&log), [], "{ci}\n{log}");
    }
    let counts = [buildkite::groups(&log).len(), gitlab::sections(&log).len(), drone::cards(&log).len()];
    let ours = match ci {
        // A run with bad input opens no group.
        "buildkite" => [counts[0].min(2), 0, 0],
        "gitlab" => [0, counts[1].min(2), 0],
        "drone" => [0, 0, 1],
        _ => [0, 0, 0],
    };
    assert_eq!(counts, ours, "{ci}\n{log}");
    let marks: &[&str] = match ci {
        "gitlab" => &["\u{1b}[0K", "\u{1b}[0m", "\u{1b}[31;1m", "\u{1b}[32;1m", "\u{1b}[33;1m", "\r"],
        "drone" => &["\u{1b}]1338;", "\u{1b}]0m"],
        _ => &[],
    };
    let rest = marks.iter().fold(log, |rest, mark| rest.replace(mark, ""));
    let odd = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{2028}' | '\u{2029}');
    assert!(!rest.contains(odd), "{ci}: {rest:?}");
    assert_eq!(heard(&rest), rest, "{ci}");
}

/// Nobody who prints a file of ours, or a part of it, starts anything with that.
#[track_caller]
pub fn of_file(name: &str, text: &str) {
    assert_eq!(github::obeyed(text), [], "{name}: {text}");
    assert_eq!(github::obeyed_by_relatives(text), [], "{name}: {text}");
    assert_eq!(azure::obeyed(text), [], "{name}: {text}");
    assert_eq!(azure::formats(text), [""; 0], "{name}: {text}");
    assert_eq!(teamcity::obeyed(text), [], "{name}: {text}");
    let odd = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(odd), "{name}: {text:?}");
}

/// A page of Markdown is our headings, tables of five columns, our links and otherwise text.
#[track_caller]
pub fn of_page(text: &str, is_our_link: impl Fn(&str) -> bool) -> markdown::Page {
    let page = markdown::read(text);
    assert_eq!(page.active, [""; 0], "{text}");
    assert!(page.rows.iter().all(|cells| *cells == 5), "{:?}\n{text}", page.rows);
    for (_, url) in &page.links {
        assert!(is_our_link(url), "{url}\n{text}");
    }
    let ours = ["### ", "- ", "**", "- **"];
    for block in &page.blocks {
        assert!(ours.contains(&block.as_str()), "{block:?}\n{text}");
    }
    page
}
