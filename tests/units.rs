//! Rules about the units for other CI systems, in `integrations/`: each offers the inputs there are, and no secret where
//! the server would store it as text. What runs them is `tests/runners/units.sh`.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cancel_deployment::input::Input;
use cancel_deployment::platform::register::REGISTER;
use cancel_deployment::settings::COMMON;
use serde::Deserialize as _;
use serde_yaml_ng::{Deserializer, Value};

const GITLAB: &str = "integrations/gitlab.yml";
const AZURE: &str = "integrations/azure.yml";
const CIRCLECI: &str = "integrations/circleci.yml";
const JENKINS: &str = "integrations/jenkins/vars/cancelDeployment.groovy";
const WOODPECKER: &str = "integrations/woodpecker.md";
const FETCH: &str = "integrations/fetch.sh";
const BUILDKITE: &str = "integrations/buildkite/cancel-deployment/plugin.yml";

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The documents of a file of YAML.
fn documents(path: &str) -> Vec<Value> {
    Deserializer::from_str(&read(path)).map(|document| Value::deserialize(document).unwrap()).collect()
}

fn keys(mapping: &Value) -> BTreeSet<String> {
    mapping.as_mapping().unwrap().keys().map(|key| key.as_str().unwrap().to_owned()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_sequence().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

fn inputs() -> impl Iterator<Item = &'static Input> {
    COMMON.iter().chain(REGISTER.iter().flat_map(|entry| entry.inputs))
}

/// The inputs that are a secret on no platform.
fn public() -> BTreeSet<String> {
    let secret: BTreeSet<_> = inputs().filter(|input| input.secret).map(|input| input.name).collect();
    inputs().map(|input| input.name).filter(|name| !secret.contains(name)).map(str::to_owned).collect()
}

/// A unit offers each of these inputs but those that it sets by itself, and besides them only parameters of its own.
#[track_caller]
fn offers(path: &str, offered: &BTreeSet<String>, inputs: &BTreeSet<String>, own: &[&str], set_by_itself: &[&str]) {
    let (own, set_by_itself) = (set(own), set(set_by_itself));
    assert!(own.is_subset(offered) && own.is_disjoint(inputs), "{path}: its own parameters are not {own:?}");
    assert!(set_by_itself.is_subset(inputs), "{path}: {set_by_itself:?}");
    let expected: BTreeSet<_> = inputs.difference(&set_by_itself).cloned().collect();
    assert_eq!(offered.difference(&own).cloned().collect::<BTreeSet<_>>(), expected, "{path}");
}

/// Every parameter is handed over as the variable that is named after it, and nothing else is.
#[track_caller]
fn hands_over(
    path: &str,
    variables: &Value,
    offered: &BTreeSet<String>,
    own: &[&str],
    parameter: impl Fn(&str) -> String,
) {
    for name in offered.difference(&set(own)) {
        let variable = format!("CANCEL_DEPLOYMENT_{}", name.to_uppercase());
        assert_eq!(variables[&variable].as_str(), Some(parameter(name).as_str()), "{path}: {variable}");
    }
    let handed_over = keys(variables).into_iter().filter(|name| name.starts_with("CANCEL_DEPLOYMENT_"));
    assert_eq!(handed_over.count(), offered.len() - own.len(), "{path}");
}

#[test]
fn the_gitlab_file_offers_every_input_but_secrets() {
    let [spec, jobs] = documents(GITLAB).try_into().unwrap();
    let inputs = &spec["spec"]["inputs"];
    let own = ["job_name", "stage", "when", "image"];
    offers(GITLAB, &keys(inputs), &public(), &own, &["output_file", "ci"]);
    let job = &jobs["$[[ inputs.job_name ]]"];
    hands_over(GITLAB, &job["variables"], &keys(inputs), &own, |name| format!("$[[ inputs.{name} ]]"));
    assert_eq!(keys(&jobs).len(), 1, "a file for `include` sets nothing for the whole pipeline");
    for (name, input) in inputs.as_mapping().unwrap() {
        let default = input.get("default");
        assert_eq!(default.is_none(), name == "platform", "{name:?}");
        let options = input.get("options").and_then(Value::as_sequence);
        let allowed = options.is_none_or(|options| default.is_none_or(|default| options.contains(default)));
        assert!(allowed, "{name:?}: the default is none of its options");
        assert!(input["description"].is_string(), "{name:?}");
    }
    // Inserted there it would be the text of a script.
    assert!(!job["script"].as_sequence().unwrap().iter().any(|line| line.as_str().unwrap().contains("$[[")));
    let [dotenv, links] = ["dotenv", "annotations"].map(|report| job["artifacts"]["reports"][report].as_str().unwrap());
    assert_eq!((dotenv, links), ("cancel-deployment.env", "cancel-deployment.annotations.json"));
}

#[test]
fn the_buildkite_plugin_offers_every_input_but_secrets() {
    let [plugin] = documents(BUILDKITE).try_into().unwrap();
    let configuration = &plugin["configuration"];
    offers(BUILDKITE, &keys(&configuration["properties"]), &public(), &[], &[]);
    assert_eq!(configuration["additionalProperties"], false);
    assert_eq!(configuration["required"].as_sequence().unwrap(), &["platform"]);
    assert!(plugin["name"].is_string() && plugin["description"].is_string() && plugin["requirements"].is_sequence());
}

#[test]
fn the_folder_of_the_buildkite_plugin_is_the_prefix_of_its_variables() {
    let folder = Path::new(BUILDKITE).parent().unwrap().file_name().unwrap().to_str().unwrap();
    let prefix = format!("BUILDKITE_PLUGIN_{}_", folder.to_uppercase().replace('-', "_"));
    assert!(read("src/input/env.rs").contains(&format!("\"{prefix}\"")));
    // There it would be a plugin for Harness.
    assert!(!Path::new(env!("CARGO_MANIFEST_DIR")).join("plugin.yml").exists());
}

/// What may be written where somebody may choose among words: all of them, and nothing where nothing has to be.
#[track_caller]
fn lets_choose(path: &str, name: &str, words: &[&str], default: Option<&str>) {
    let input = inputs().find(|input| input.name == name);
    let known = input.map(|input| input.kind.words()).unwrap_or_default();
    assert!(known.iter().all(|word| words.contains(word)), "{path}: {name} offers {words:?} of {known:?}");
    assert!(default.is_none_or(|default| words.contains(&default)), "{path}: {name} offers no {default:?}");
}

#[test]
fn the_azure_template_offers_every_input_and_hands_secrets_over_by_their_names() {
    let [template] = documents(AZURE).try_into().unwrap();
    let parameters = template["parameters"].as_sequence().unwrap();
    let offered: BTreeSet<_> = parameters.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    let own = ["name", "displayName", "condition", "release"];
    let all = inputs().map(|input| input.name.to_owned()).collect();
    offers(AZURE, &offered, &all, &own, &[]);
    for parameter in parameters {
        let (name, default) = (parameter["name"].as_str().unwrap(), parameter.get("default").and_then(Value::as_str));
        assert_eq!(default.is_none(), name == "platform", "{name}");
        assert!(default.is_none_or(|default| default.is_empty() || own.contains(&name)), "{name}: the program decides");
        if let Some(values) = parameter.get("values") {
            lets_choose(AZURE, name, &texts(values), default);
        }
    }
    let [step] = template["steps"].as_sequence().unwrap().as_slice() else { panic!("one step") };
    hands_over(AZURE, &step["env"], &offered, &own, |name| format!("${{{{ parameters.{name} }}}}"));
    // Inserted there it would be the text of a script.
    assert!(!step["bash"].as_str().unwrap().contains("${{"));
}

#[test]
fn the_orb_offers_every_input_but_secrets() {
    let [orb] = documents(CIRCLECI).try_into().unwrap();
    let command = &orb["commands"]["cancel"];
    let offered = keys(&command["parameters"]);
    let own = ["when", "release"];
    offers(CIRCLECI, &offered, &public(), &own, &["ci"]);
    for (name, parameter) in command["parameters"].as_mapping().unwrap() {
        let (name, default) = (name.as_str().unwrap(), parameter.get("default").and_then(Value::as_str));
        assert_eq!(default.is_none(), name == "platform", "{name}");
        assert!(default.is_none_or(|default| default.is_empty() || own.contains(&name)), "{name}: the program decides");
        if parameter["type"] == "enum" {
            lets_choose(CIRCLECI, name, &texts(&parameter["enum"]), default);
        }
    }
    let run = &command["steps"][0]["run"];
    hands_over(CIRCLECI, &run["environment"], &offered, &own, |name| format!("<< parameters.{name} >>"));
    let script = run["command"].as_str().unwrap();
    assert!(!script.contains("<<"), "there it would be a parameter");
    let expanded = script.split_once("for name in ").unwrap().1.split_once(';').unwrap().0;
    let expanded: BTreeSet<_> = expanded.split(' ').map(str::to_lowercase).collect();
    assert_eq!(expanded, offered.difference(&set(&own)).cloned().collect(), "no secret may be taken for a variable");
}

#[test]
fn the_step_of_the_jenkins_library_takes_every_input_but_secrets() {
    let text = read(JENKINS);
    let names = text.split_once("INPUTS = [\n").unwrap().1.split_once("\n]\n").unwrap().0;
    let names: Vec<_> = names.lines().filter_map(|line| line.trim().strip_prefix('\'')?.strip_suffix("',")).collect();
    offers(JENKINS, &set(&names), &public(), &[], &["output_file", "ci"]);
    let help = read("integrations/jenkins/vars/cancelDeployment.txt");
    let explained: Vec<_> =
        help.lines().filter_map(|line| line.strip_prefix("<li><code>")?.split('<').next()).collect();
    assert_eq!(explained, names);
    assert!(help.lines().all(|line| line.matches("<code>").count() == line.matches("</code>").count()));
}

#[test]
fn no_symlink_is_in_the_jenkins_library() {
    for path in ["", "vars", "resources"].map(|folder| format!("integrations/jenkins/{folder}")) {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap() {
            assert!(!entry.as_ref().unwrap().file_type().unwrap().is_symlink(), "Jenkins refuses it: {entry:?}");
        }
    }
}

#[test]
fn the_page_for_woodpecker_has_every_setting_and_the_header_of_its_index() {
    let text = read(WOODPECKER);
    let (header, body) = text.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    let header: Value = serde_yaml_ng::from_str(header).unwrap();
    let known = ["name", "description", "author", "tags", "icon", "containerImage", "containerImageUrl", "url"];
    assert!(header["name"].is_string() && keys(&header).is_subset(&set(&known)));
    let settings = body.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let settings: Vec<_> = settings.collect();
    offers(WOODPECKER, &set(&settings), &inputs().map(|input| input.name.to_owned()).collect(), &[], &[]);
}

/// Every mapping below a value that has this key, as what stands behind it.
fn below<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    for (name, inner) in value.as_mapping().into_iter().flatten() {
        if name.as_str() == Some(key) {
            found.push(inner);
        }
        below(inner, key, found);
    }
    for inner in value.as_sequence().into_iter().flatten() {
        below(inner, key, found);
    }
}

#[test]
fn the_example_pipelines_give_units_only_what_they_take() {
    let public = public();
    let all: BTreeSet<_> = inputs().map(|input| input.name.to_owned()).collect();
    for (path, key, known, own) in [
        ("examples/ci/gitlab-ci.yml", "inputs", &public, &["job_name", "stage", "when", "image"][..]),
        ("examples/ci/azure-pipelines.yml", "parameters", &all, &["name", "displayName", "condition", "release"]),
        ("examples/ci/circleci-config.yml", "cancel-deployment/cancel", &public, &["when", "release"]),
    ] {
        let [pipeline] = documents(path).try_into().unwrap();
        let mut given = Vec::new();
        below(&pipeline, key, &mut given);
        assert!(!given.is_empty(), "{path}");
        for given in given.into_iter().map(keys) {
            assert!(
                given.contains("platform") && given.difference(&set(own)).all(|name| known.contains(name)),
                "{path}"
            );
        }
    }
}

/// What a reviewer of orbs asks for, as far as it can be asked of a packed one.
#[test]
fn the_orb_is_as_its_registry_wants_it() {
    let [orb] = documents(CIRCLECI).try_into().unwrap();
    assert!(orb["description"].as_str().unwrap().len() >= 64);
    for address in ["home_url", "source_url"] {
        assert!(orb["display"][address].as_str().unwrap().starts_with("https://"));
    }
    let examples = orb["examples"].as_mapping().unwrap();
    assert!(!examples.is_empty() && !examples.contains_key("example"));
    let commands = orb["commands"].as_mapping().unwrap().iter();
    for (name, described) in commands.chain(examples) {
        assert!(described["description"].is_string(), "{name:?}");
        for (parameter, described) in described.get("parameters").and_then(Value::as_mapping).into_iter().flatten() {
            let is_snake_case = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            assert!(
                described["description"].is_string() && is_snake_case(parameter.as_str().unwrap()),
                "{parameter:?}"
            );
        }
    }
}

#[test]
fn no_secret_reaches_what_fetches_the_program() {
    for path in [FETCH, AZURE, CIRCLECI, "integrations/jenkins/resources/cancel-deployment.sh"] {
        let text = read(path);
        let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("unset "));
        let unset: BTreeSet<_> = lines.flat_map(str::split_whitespace).collect();
        for input in inputs().filter(|input| input.secret) {
            let own = format!("CANCEL_DEPLOYMENT_{}", input.name.to_uppercase());
            let usual = input.usual.iter().map(|(variable, _)| *variable);
            for variable in usual.chain([own.as_str()]) {
                assert!(unset.contains(variable), "{path}: {variable} reaches what fetches");
            }
        }
    }
}
