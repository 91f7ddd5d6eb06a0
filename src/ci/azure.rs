//! Azure Pipelines: logging commands on standard output (microsoft/azure-pipelines-agent, `Command.cs` and
//! `CommandStringConvertor.cs`, read 2026-08), and a file for the summary.

use std::path::Path;

use jiff::Timestamp;

use super::system::{Ci, Effect, Outputs, System, says, sentences};
use crate::ci::variables;
use crate::input::Style;
use crate::input::env::Env;
use crate::model::outcome::Level;
use crate::report::{Annotation, Report};
use crate::text::secret::Secret;

pub(super) const SYSTEM: System = System {
    id: "azure",
    is_here: |env| says(env, "TF_BUILD", "True"),
    open: |env, confirmed| Box::new(Azure::new(env, confirmed)),
};

struct Azure {
    confirmed: bool,
    /// The agent reads `%AZP25` as `%`, unless it was told not to.
    percents: bool,
    summary: Option<String>,
}

impl Azure {
    fn new(env: &Env, confirmed: bool) -> Self {
        // The agent reads the file after this process has ended, so it must not be one that is removed.
        let name = format!("cancel-deployment-{:016x}.md", fastrand::u64(..));
        let folder = env.var("AGENT_TEMPDIRECTORY").map(Path::new);
        let path = folder.map(|folder| folder.join(name).display().to_string());
        let off = env.var("DECODE_PERCENTS");
        Self { confirmed, percents: !off.is_some_and(|word| word.eq_ignore_ascii_case("false")), summary: path }
    }

    /// `##vso[head]text`, in which nothing ends the command or its line.
    fn command(&self, head: &str, text: &str) -> Effect {
        Effect::Out(format!("##vso[{head}]{}", self.escape(text)))
    }

    /// For the text of a command, which ends with the line; its head has none but our own words in it.
    fn escape(&self, text: &str) -> String {
        let percent = if self.percents { "%AZP25" } else { "%" };
        text.replace('%', percent).replace('\r', "%0D").replace('\n', "%0A")
    }
}

impl Ci for Azure {
    fn id(&self) -> &'static str {
        SYSTEM.id
    }

    fn style(&self) -> Style {
        Style::Name
    }

    fn withholds_secrets(&self, env: &Env) -> Option<&'static str> {
        let of_fork = env.var("SYSTEM_PULLREQUEST_ISFORK").is_some_and(|word| word.eq_ignore_ascii_case("true"));
        Some(if of_fork {
            "Secret variables are given to pull requests from forks only if the pipeline's settings allow that."
        } else {
            "A script sees a secret variable only if its `env:` maps it."
        })
    }

    fn masks_by_printing(&self) -> bool {
        true
    }

    fn mask(&self, secrets: &[Secret]) -> Vec<Effect> {
        let mask = |secret: &Secret| self.command("task.setsecret", secret.expose());
        let secrets = secrets.iter().filter(|_| self.confirmed);
        secrets.map(mask).collect()
    }

    fn debug(&self, line: &str) -> Effect {
        Effect::Out(format!("##[debug]{line}"))
    }

    fn summary_is_log(&self) -> bool {
        false
    }

    fn open_group(&self, title: &str, _now: Timestamp) -> Vec<Effect> {
        vec![Effect::Out(format!("##[group]{title}"))]
    }

    fn close_group(&self, _now: Timestamp) -> Vec<Effect> {
        vec![Effect::Out("##[endgroup]".to_owned())]
    }

    fn annotate(&self, annotation: &Annotation) -> Vec<Effect> {
        let kind = match annotation.level {
            Level::Error => "error",
            Level::Warning => "warning",
            // There is no third kind.
            Level::Notice => return sentences(annotation).map(|sentence| self.log(&sentence)).collect(),
        };
        let answer = annotation.answer.as_ref().map(|answer| format!("\n{answer}")).unwrap_or_default();
        let text = format!("{}: {}{answer}", annotation.title, annotation.text);
        vec![self.command(&format!("task.logissue type={kind}"), &text)]
    }

    /// Each comes back to every later step of the job as a variable `<STEP>_<NAME>`, over the variables of that step.
    fn outputs(&self, outputs: &Outputs) -> Vec<Effect> {
        let set = |(name, value): &(&str, String)| {
            let name = variables::small_name(name);
            self.command(&format!("task.setvariable variable={name};isOutput=true"), value)
        };
        outputs.iter().map(set).collect()
    }

    fn summary(&self, report: &Report) -> Vec<Effect> {
        let upload = |path: &String| format!("##vso[task.uploadsummary]{}", self.escape(path));
        vec![Effect::Replace {
            what: "lines of the job summary",
            then: self.summary.as_ref().map(upload),
            path: self.summary.clone(),
            text: report.summary(),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn azure(variables: &[(&str, &str)]) -> Azure {
        let variables = variables.iter();
        let env = Env::new(variables.map(|(name, value)| (name.into(), value.into())));
        Azure::new(&env, true)
    }

    #[test]
    fn commands_are_escaped_for_the_agent() {
        let azure = azure(&[]);
        assert_eq!(azure.escape("50%\r\nnext]; %0A"), "50%AZP25%0D%0Anext]; %AZP250A");
    }

    #[test]
    fn percents_stay_where_the_agent_was_told_not_to_read_them() {
        assert_eq!(azure(&[("DECODE_PERCENTS", "False")]).escape("50%\n"), "50%%0A");
        assert_eq!(azure(&[("DECODE_PERCENTS", "true")]).escape("50%"), "50%AZP25");
    }

    #[test]
    fn an_output_is_one_command() {
        let set = azure(&[]).outputs(&[("reason", "a;b]".to_owned())]);
        let line = "##vso[task.setvariable variable=cancellation_reason;isOutput=true]a;b]";
        assert_eq!(set, [Effect::Out(line.to_owned())]);
    }
}
