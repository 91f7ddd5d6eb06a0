//! GitLab CI: sections and colors in the log, a dotenv report for the outputs, and a report with the deployment's
//! page beside it. GitLab masks by itself what its settings call masked; a program cannot.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use super::plain::colored;
use super::system::{Ci, Effect, System, says, sentences};
use crate::input::env::Env;
use crate::report::{Annotation, Report};
use crate::text::sanitizer::break_commands_in_json;

pub(super) const SYSTEM: System =
    System { id: "gitlab", is_here: |env| env.var("GITLAB_CI").is_some(), open: |_, _| Box::new(GitLab) };

/// The section's name; GitLab wants the same one at both ends.
const SECTION: &str = "cancel_deployment";
/// More links than this are not worth a list.
const MOST_LINKS: usize = 10;

struct GitLab;

impl Ci for GitLab {
    fn id(&self) -> &'static str {
        SYSTEM.id
    }

    fn withholds_secrets(&self, env: &Env) -> Option<&'static str> {
        let may_see_all = says(env, "CI_COMMIT_REF_PROTECTED", "true");
        (!may_see_all).then_some("A protected variable is given only to pipelines of protected branches and tags, and of merge requests between protected branches where the project allows it.")
    }

    fn open_group(&self, title: &str, now: Timestamp) -> Vec<Effect> {
        vec![Effect::Out(format!("{}{title}", section("start", now)))]
    }

    fn close_group(&self, now: Timestamp) -> Vec<Effect> {
        vec![Effect::Out(section("end", now))]
    }

    fn annotate(&self, annotation: &Annotation) -> Vec<Effect> {
        sentences(annotation).map(|sentence| Effect::Out(colored(annotation.level, &sentence))).collect()
    }

    fn usual_output_file(&self) -> Option<&'static str> {
        Some("cancel-deployment.env")
    }

    /// For `artifacts: reports: annotations`: it shows on the page of the job.
    fn beside_output_file(&self, path: &str, report: &Report) -> Vec<Effect> {
        let links = report.links().into_iter().take(MOST_LINKS);
        let links: Vec<_> =
            links.map(|(label, url)| json!({"external_link": {"label": label, "url": url.as_str()}})).collect();
        // Without a link the file is empty, but new: an old one would point elsewhere.
        let whole = if links.is_empty() { json!({}) } else { json!({ "cancel-deployment": links }) };
        let path = Path::new(path).with_extension("annotations.json");
        vec![Effect::Replace {
            what: "links for the page of the job",
            path: Some(path.display().to_string()),
            text: break_commands_in_json(whole.to_string()) + "\n",
            then: None,
        }]
    }
}

/// The mark at one end of a section. The `0` is needed, although terminals do without.
fn section(end: &str, now: Timestamp) -> String {
    let seconds = now.as_second();
    format!("\u{1b}[0Ksection_{end}:{seconds}:{SECTION}\r\u{1b}[0K")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_has_the_marks_of_the_documentation() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let mark = |end: &str| format!("\u{1b}[0Ksection_{end}:1700000000:cancel_deployment\r\u{1b}[0K");
        assert_eq!(GitLab.open_group("Title", now), [Effect::Out(mark("start") + "Title")]);
        assert_eq!(GitLab.close_group(now), [Effect::Out(mark("end"))]);
    }
}
