//! GitLab: sections in a log, and the reports that a job hands over.

use serde_json::Value;

/// A dotenv report as the server reads it: one bad line, and the whole file is refused.
pub fn dotenv(text: &str) -> Result<Vec<(String, String)>, String> {
    if text.len() >= 5 * 1024 {
        return Err("Dotenv Artifact Too Big".to_owned());
    }
    let variable = |line: &str| {
        let (key, value) = line.split_once('=').ok_or("Invalid Format")?;
        let (key, value) = (key.trim(), value.trim());
        let is_key = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if key.is_empty() || !key.chars().all(is_key) {
            return Err("Key can contain only letters, digits and '_'.".to_owned());
        }
        if value.contains('$') {
            return Err("a value that would be expanded later".to_owned());
        }
        Ok((key.to_owned(), value.to_owned()))
    };
    let variables: Vec<_> = text.lines().map(variable).collect::<Result<_, _>>()?;
    if variables.len() > 20 {
        return Err("Dotenv files cannot have more than 20 variables".to_owned());
    }
    Ok(variables)
}

/// The marks of sections, in order: `start` or `end`, and the name.
pub fn sections(log: &str) -> Vec<(String, String)> {
    let marks = log.match_indices("section_").filter_map(|(at, _)| {
        let (mark, _) = log[at + 8..].split_once("\r\u{1b}[0K")?;
        let mut parts = mark.split(':');
        let (end, time, name) = (parts.next()?, parts.next()?, parts.next()?);
        let name = name.split('[').next()?;
        let is_mark = ["start", "end"].contains(&end) && time.parse::<u64>().is_ok();
        (is_mark && parts.next().is_none()).then(|| (end.to_owned(), name.to_owned()))
    });
    marks.collect()
}

/// The links of an annotations report: label and address.
pub fn links(text: &str) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(text).unwrap();
    let sections = report.as_object().unwrap().values();
    let links = sections.flat_map(|section| section.as_array().unwrap());
    links
        .map(|link| {
            let text = |key: &str| link["external_link"][key].as_str().unwrap().to_owned();
            (text("label"), text("url"))
        })
        .collect()
}

#[test]
fn the_model_of_gitlab_refuses_what_the_server_refuses() {
    assert_eq!(dotenv("A=b\n"), Ok(vec![("A".to_owned(), "b".to_owned())]));
    for bad in ["A=b\n\nC=d", "# a", "A-B=c", "A=$B", &"A=b\n".repeat(21), &"A".repeat(6000)] {
        assert!(dotenv(bad).is_err(), "{bad}");
    }
    let log = "\u{1b}[0Ksection_start:1:a[collapsed=true]\r\u{1b}[0KT\nsection_end:1:b\n";
    assert_eq!(sections(log), [("start".to_owned(), "a".to_owned())]);
}
