//! The units that the users of other CI systems expect: a file or a folder each, in `integrations/`.

use std::fmt::Write as _;

use cancel_deployment::input::InputKind;

use super::parameters::{self, Parameter};
use super::{between, read, secrets, versions};

/// What a unit offers besides `left_out`: no secret, as the server stores parameters as text.
fn public(left_out: &[&str]) -> Vec<Parameter> {
    let mut all = parameters::all();
    all.retain(|parameter| !parameter.secret && !left_out.contains(&parameter.name));
    all
}

/// A text in every line of which that much comes first.
fn indented(text: &str, indent: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") }).collect()
}

/// Words between those quotes, and an empty one before them where nothing has to be chosen.
fn choices(parameter: &Parameter, quote: char) -> Option<String> {
    let choices = parameter.choices();
    let empty = (!parameter.is_required()).then_some("");
    let quoted: Vec<_> = empty.into_iter().chain(choices).map(|word| format!("{quote}{word}{quote}")).collect();
    (!parameter.choices().is_empty()).then(|| quoted.join(", "))
}

/// The script that fetches the program, with this version and the secrets that are not for it.
pub(crate) fn fetch(before: &str) -> String {
    let unset = secrets::unset("    ", &["CANCEL_DEPLOYMENT_"]);
    versions(&between(before, "not for what fetches it.\n", "    if command -v curl", &unset))
}

/// That script without its head, for a unit that carries it.
fn fetching(indent: &str) -> String {
    let script = read("integrations/fetch.sh");
    let (_, body) = script.split_once("\nset -eu\n").expect("a body");
    indented(&format!("set -eu\n{body}"), indent)
}

/// Azure's template of a step, whose secret parameters are names of secret variables: `$(NAME)`.
pub(crate) fn azure(before: &str) -> String {
    let (mut inputs, mut variables) = (String::new(), String::new());
    for parameter in parameters::all() {
        let _ = writeln!(inputs, "  # {}\n  - name: {}\n    type: string", parameter.meaning, parameter.name);
        if !parameter.is_required() {
            inputs.push_str("    default: ''\n");
        }
        // A boolean may arrive in any case.
        if let (InputKind::Choice(_), Some(values)) = (parameter.kind, choices(&parameter, '\'')) {
            let _ = writeln!(inputs, "    values: [{values}]");
        }
        let _ = writeln!(variables, "      {}: ${{{{ parameters.{} }}}}", parameter.variable(), parameter.name);
    }
    let with_inputs = between(before, "  # Those of the program.\n", "steps:\n", &inputs);
    let with_script = between(&with_inputs, "  - bash: |\n", "    name: ", &fetching("      "));
    let (head, _) = with_script.split_once("    env:\n").expect("the variables at its end");
    versions(&format!("{head}    env:\n      FETCH_FROM: ${{{{ parameters.release }}}}\n{variables}"))
}

/// CircleCI's orb, whose one command is a step of the job that failed, or of a job in our image.
pub(crate) fn circleci(before: &str) -> String {
    let (mut inputs, mut variables, mut names) = (String::new(), String::new(), String::new());
    for parameter in public(&["ci"]) {
        let _ = writeln!(inputs, "      {}:\n        description: {}", parameter.name, parameter.quoted());
        let _ = match choices(&parameter, '"') {
            Some(words) => writeln!(inputs, "        type: enum\n        enum: [{words}]"),
            None => writeln!(inputs, "        type: string"),
        };
        if !parameter.is_required() {
            inputs.push_str("        default: \"\"\n");
        }
        let _ = writeln!(variables, "            {}: << parameters.{} >>", parameter.variable(), parameter.name);
        let _ = write!(names, " {}", parameter.name.to_uppercase());
    }
    let script = indented(&BEFORE_FETCHING.replace(" NAMES", &names), "            ") + &fetching("            ");
    let with_inputs = between(before, "      # Those of the program.\n", "    steps:\n", &inputs);
    let from = "FETCH_FROM: << parameters.release >>\n";
    let with_variables = between(&with_inputs, from, "          command: |\n", &variables);
    versions(&between(&with_variables, "          command: |\n", "\nexamples:\n", &script))
}

/// CircleCI hands values over as they are written, and the output of an earlier step is always a variable.
const BEFORE_FETCHING: &str = r#"if command -v circleci >/dev/null; then
  for name in NAMES; do
    variable=CANCEL_DEPLOYMENT_$name
    eval "value=\${$variable:-}"
    case $value in *\$*) value=$(circleci env subst "$value") && export "$variable=$value" ;; esac
  done
fi
if command -v cancel-deployment >/dev/null; then exec cancel-deployment; fi
"#;

/// GitLab's file for `include`, with one input and one variable for each of ours.
pub(crate) fn gitlab(before: &str) -> String {
    let (mut inputs, mut variables) = (String::new(), String::new());
    for parameter in public(&["output_file", "ci"]) {
        let _ = writeln!(inputs, "    {}:", parameter.name);
        if !parameter.is_required() {
            inputs.push_str("      default: \"\"\n");
        }
        if let Some(options) = choices(&parameter, '"') {
            let _ = writeln!(inputs, "      options: [{options}]");
        }
        let _ = writeln!(inputs, "      description: {}", parameter.quoted());
        let _ = writeln!(variables, "    {}: \"$[[ inputs.{} ]]\"", parameter.variable(), parameter.name);
    }
    let with_inputs = between(before, "    # Those of the program.\n", "---\n", &inputs);
    versions(&between(&with_inputs, "    GIT_STRATEGY: none\n", "  script:\n", &variables))
}

/// Buildkite's description of the plugin, whose configuration is a JSON schema.
pub(crate) fn buildkite(before: &str) -> String {
    let mut properties = String::new();
    for parameter in public(&[]) {
        let _ = writeln!(properties, "    {}:\n      description: {}", parameter.name, parameter.quoted());
        let choices = match parameter.kind {
            InputKind::Choice(words) => words(),
            _ => Vec::new(),
        };
        let kind = match parameter.kind {
            InputKind::Boolean => "boolean",
            // A bare `90` is a number in YAML.
            InputKind::Duration(..) => "[string, integer]",
            InputKind::Choices(_) | InputKind::Lines => "[string, array]",
            InputKind::Text | InputKind::Choice(_) => "string",
        };
        let _ = writeln!(properties, "      type: {kind}");
        if !choices.is_empty() {
            let _ = writeln!(properties, "      enum: [{}]", choices.join(", "));
        }
        if kind.ends_with("array]") {
            properties.push_str("      items:\n        type: string\n");
        }
    }
    between(before, "  properties:\n", "  required:\n", &properties)
}

/// The inputs that the step of Jenkins takes; it sets the others by itself.
fn of_jenkins() -> Vec<Parameter> {
    public(&["output_file", "ci"])
}

/// Jenkins's step with the names of its inputs.
pub(crate) fn jenkins(before: &str) -> String {
    let names: String = of_jenkins().iter().map(|parameter| format!("    '{}',\n", parameter.name)).collect();
    between(before, "    // `cargo run --example documents` writes them.\n", "]\n", &names)
}

/// What Jenkins shows about that step.
pub(crate) fn jenkins_help(before: &str) -> String {
    let item = |parameter: &Parameter| {
        let mut parts = parameter.meaning.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        for tag in ["<code>", "</code>"].into_iter().cycle() {
            let Some((head, tail)) = parts.split_once('`') else { break };
            parts = format!("{head}{tag}{tail}");
        }
        format!("<li><code>{}</code>: {parts}</li>\n", parameter.name)
    };
    between(before, "<ul>\n", "</ul>\n", &of_jenkins().iter().map(item).collect::<String>())
}

/// The script that the step of Jenkins runs.
pub(crate) fn jenkins_fetch(_before: &str) -> String {
    read("integrations/fetch.sh")
}

/// The page for Woodpecker's index, where a secret comes by `from_secret`.
pub(crate) fn woodpecker(before: &str) -> String {
    let row = |parameter: &Parameter| {
        let secret = if parameter.secret { "A secret. " } else { "" };
        format!("| `{}` | {secret}{} |\n", parameter.name, parameter.meaning)
    };
    let (head, _) = before.split_once("| --- | --- |\n").expect("a table at the end");
    versions(&format!("{head}| --- | --- |\n{}", parameters::all().iter().map(row).collect::<String>()))
}
