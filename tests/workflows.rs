//! Rules about the example workflows: whoever copies one gets what its first line promises, safely.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cancel_deployment::model::outcome::{FailOn, Outcome};
use cancel_deployment::platform::{self, Need};
use cancel_deployment::select::Select;
use serde_yaml_ng::Value;

/// How the examples name this action.
const ACTION: &str = "OWNER/cancel-deployment@v1";

struct Example {
    name: String,
    text: String,
    yaml: Value,
}

impl Example {
    fn jobs(&self) -> Vec<&Value> {
        self.yaml["jobs"].as_mapping().unwrap().values().collect()
    }

    fn steps(&self) -> Vec<&Value> {
        let jobs = self.jobs().into_iter();
        jobs.flat_map(|job| job["steps"].as_sequence().unwrap()).collect()
    }

    /// The steps that use this action.
    fn uses(&self) -> Vec<&Value> {
        let steps = self.steps().into_iter();
        steps.filter(|step| step["uses"] == ACTION).collect()
    }

    /// What an input can be: as it is written, or the options that the workflow offers for it.
    #[track_caller]
    fn choices(&self, step: &Value, input: &str) -> Vec<String> {
        let written = step["with"][input].as_str().unwrap();
        let Some(offered) = written.strip_prefix("${{ inputs.") else {
            return vec![written.to_owned()];
        };
        let offered = offered.strip_suffix(" }}").unwrap();
        let options = &self.yaml["on"]["workflow_dispatch"]["inputs"][offered]["options"];
        let options = options.as_sequence().unwrap().iter();
        options.map(|option| option.as_str().unwrap().to_owned()).collect()
    }
}

/// Whether a step uses that action, of whatever commit.
fn uses(step: &Value, action: &str) -> bool {
    let uses = step["uses"].as_str().unwrap_or_default();
    uses.split('@').next() == Some(action)
}

/// What a step can select; nothing if it names its deployment.
fn selects_of(example: &Example, step: &Value) -> Vec<String> {
    if step["with"].get("deployment_id").is_some() {
        assert!(step["with"].get("select").is_none(), "{}", example.name);
        return Vec::new();
    }
    example.choices(step, "select")
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn examples() -> Vec<Example> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/workflows");
    let mut examples: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let text = read(&format!("examples/workflows/{name}"));
            let yaml =
                serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{name} is not valid YAML: {error}"));
            Example { name, text, yaml }
        })
        .collect();
    examples.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(!examples.is_empty());
    examples
}

/// The names below `inputs` or `outputs` in action.yml.
fn of_the_action(kind: &str) -> BTreeSet<String> {
    let action: Value = serde_yaml_ng::from_str(&read("action.yml")).unwrap();
    let names = action[kind].as_mapping().unwrap().keys();
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_example_says_in_its_first_line_what_it_does() {
    for Example { name, text, .. } in examples() {
        let mut lines = text.lines();
        let first = lines.next().unwrap();
        assert!(first.starts_with("# ") && first.ends_with('.'), "{name}");
        assert!(lines.next().unwrap().starts_with("name: "), "{name}");
    }
}

#[test]
fn every_example_uses_this_action_and_any_other_by_its_commit() {
    for example in examples() {
        assert!(!example.uses().is_empty(), "{}", example.name);
        let foreign = example.text.lines().filter_map(|line| {
            let (_, uses) = line.split_once("uses: ")?;
            (uses != ACTION).then_some(uses)
        });
        for uses in foreign {
            let (_, pinned) = uses.split_once('@').unwrap();
            let (commit, version) = pinned.split_once(" # v").unwrap();
            let whole = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(whole, "{}: {uses}", example.name);
            assert_eq!(version.split('.').count(), 3, "{}: {uses}", example.name);
        }
    }
}

#[test]
fn every_example_gives_no_more_rights_than_needed_and_ends() {
    for example in examples() {
        let name = &example.name;
        let rights = example.yaml["permissions"].as_mapping();
        assert!(rights.is_some_and(|rights| rights.is_empty()), "{name}");
        for job in example.jobs() {
            assert!(job["timeout-minutes"].as_u64().is_some(), "{name}");
            let steps = job["steps"].as_sequence().unwrap();
            let mut rights = BTreeSet::new();
            if let Some(checkout) = steps.iter().find(|step| uses(step, "actions/checkout")) {
                assert_eq!(checkout["with"]["persist-credentials"], false, "{name}");
                rights.insert(("contents", "read"));
            }
            if steps.iter().any(|step| uses(step, "actions/deploy-pages")) {
                rights.extend([("id-token", "write"), ("pages", "write")]);
            }
            // Where the job's own token is the credential.
            for step in steps.iter().filter(|step| step["uses"] == ACTION) {
                if example.choices(step, "platform").iter().any(|platform| platform == "github_pages") {
                    rights.insert(("pages", "write"));
                    rights.extend(step["with"].get("select").map(|_| ("deployments", "read")));
                }
            }
            let given = job.get("permissions").and_then(Value::as_mapping);
            let given =
                given.into_iter().flatten().map(|(name, right)| (name.as_str().unwrap(), right.as_str().unwrap()));
            assert_eq!(given.collect::<BTreeSet<_>>(), rights, "{name}");
        }
    }
}

#[test]
fn every_input_of_an_example_is_one_of_the_action() {
    let inputs = of_the_action("inputs");
    for example in examples() {
        for step in example.uses() {
            for input in step["with"].as_mapping().unwrap().keys() {
                let input = input.as_str().unwrap();
                assert!(inputs.contains(input), "{}: {input}", example.name);
            }
        }
    }
}

#[test]
fn every_output_that_an_example_uses_exists() {
    let outputs = of_the_action("outputs");
    let word = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'));
    for example in examples() {
        let steps = example.steps();
        for used in example.text.split("steps.").skip(1) {
            let (id, rest) = used.split_once('.').unwrap();
            let step = steps.iter().find(|step| step["id"] == id);
            let step = step.unwrap_or_else(|| panic!("{}: {id}", example.name));
            let Some(output) = rest.strip_prefix("outputs.") else {
                assert!(rest.starts_with("outcome "), "{}: {rest}", example.name);
                continue;
            };
            let output = output.split(word).next().unwrap();
            let exists = match step["run"].as_str() {
                Some(script) => script.contains(&format!("\"{output}=")) && script.contains("\"$GITHUB_OUTPUT\""),
                None => step["uses"] == ACTION && outputs.contains(output),
            };
            assert!(exists, "{}: {id}, {output}", example.name);
        }
    }
}

#[test]
fn every_example_that_reacts_to_a_canceled_workflow_ends_in_time() {
    for example in examples() {
        for step in example.uses() {
            let asked = step["if"].as_str().unwrap_or_default();
            if !asked.contains("cancelled()") {
                continue;
            }
            // After a cancel GitHub gives five minutes, of which the step cut off takes up to ten seconds.
            let timeout = step["with"].get("timeout").map(|limit| limit.as_str());
            let seconds = timeout.map_or("240s", Option::unwrap);
            let seconds: u32 = seconds.strip_suffix('s').unwrap().parse().unwrap();
            assert!(seconds <= 240, "{}: {seconds} s", example.name);
            assert!(example.text.contains("five minutes"), "{}", example.name);
        }
    }
}

#[test]
fn every_roll_back_of_an_example_hangs_on_what_went_live() {
    for example in examples() {
        for step in example.steps() {
            if step["name"] == "Roll back" {
                let asked = step["if"].as_str().unwrap();
                assert!(asked.starts_with("always() && "), "{}", example.name);
                assert!(asked.contains(".went_live == 'true'"), "{}", example.name);
                assert!(example.text.contains("`if_live: roll_back`"), "{}: the other way is not named", example.name);
            }
        }
    }
}

#[test]
fn every_outcome_that_an_example_asks_for_exists() {
    for example in examples() {
        for asked in example.text.split(".outputs.outcome == '").skip(1) {
            let word = asked.split('\'').next().unwrap();
            let known = Outcome::ALL.iter().any(|outcome| outcome.word() == word);
            assert!(known, "{}: {word}", example.name);
        }
        for step in example.uses() {
            if let Some(words) = step["with"]["fail_on"].as_str() {
                let words: Vec<_> = words.split(',').map(str::to_owned).collect();
                assert!(FailOn::parse(&words).is_ok(), "{}", example.name);
            }
        }
    }
}

#[test]
fn every_selection_of_an_example_is_known() {
    for example in examples() {
        for step in example.uses() {
            for word in selects_of(&example, step) {
                assert!(Select::named(&word).is_some(), "{}: {word}", example.name);
            }
        }
    }
}

#[test]
fn every_platform_of_an_example_is_known_and_offers_what_is_selected() {
    for example in examples() {
        for step in example.uses() {
            let platforms = example.choices(step, "platform");
            let selects = selects_of(&example, step);
            for id in &platforms {
                let entry = platform::register::named(platform::register::REGISTER, id)
                    .unwrap_or_else(|| panic!("{}: {id}", example.name));
                assert_eq!(entry.about.id, id);
                // Where people choose both, not all pairs can be offered.
                if platforms.len() > 1 {
                    continue;
                }
                for word in &selects {
                    let select = Select::named(word).unwrap();
                    assert!(entry.selects.contains(&select), "{}: {word}", example.name);
                }
                if selects.is_empty() {
                    continue;
                }
                for need in entry.needs.iter().filter(|need| matches!(need, Need::ForSelect(_))) {
                    let given = need.ways().iter().any(|way| way.needs().all(|name| step["with"].get(name).is_some()));
                    assert!(given, "{} lacks {need:?}", example.name);
                }
            }
        }
    }
}

#[test]
fn the_example_by_hand_offers_everything_and_only_looks_by_default() {
    let examples = examples();
    let example = examples.iter().find(|example| example.name == "by-hand.yml").unwrap();
    let step = example.uses()[0];
    let platforms: Vec<_> = platform::register::REGISTER.iter().map(|entry| entry.about.id).collect();
    assert_eq!(example.choices(step, "platform"), platforms, "`platform` in examples/workflows/by-hand.yml");
    let words = Select::ALL.map(Select::word);
    assert_eq!(example.choices(step, "select"), words);
    let inputs = &example.yaml["on"]["workflow_dispatch"]["inputs"];
    assert_eq!(inputs["dry_run"]["default"], true);
    assert_eq!(step["with"]["dry_run"], "${{ inputs.dry_run }}");
}

#[test]
fn every_credential_is_a_secret() {
    let variables: Vec<_> =
        platform::register::REGISTER.iter().flat_map(|entry| entry.inputs).filter(|input| input.secret).collect();
    for example in examples() {
        for step in example.uses() {
            for input in &variables {
                let usual = input.usual.iter().map(|(name, _)| &step["env"][*name]);
                for value in usual.chain([&step["with"][input.name]]) {
                    let value = value.as_str().unwrap_or("${{ secrets.");
                    assert!(value.starts_with("${{ secrets."), "{}: {}", example.name, input.name);
                }
            }
        }
    }
}

#[test]
fn no_expression_stands_in_a_script() {
    for example in examples() {
        for step in example.steps() {
            let script = step["run"].as_str().unwrap_or_default();
            assert!(!script.contains("${{"), "{}", example.name);
        }
    }
}

#[test]
fn the_readme_lists_every_example() {
    let readme = read("README.md");
    let (_, recipes) = readme.split_once("\n## Recipes\n").unwrap();
    let recipes = recipes.split("\n## ").next().unwrap();
    let listed: BTreeSet<_> =
        recipes.split("](examples/workflows/").skip(1).map(|link| link.split(')').next().unwrap().to_owned()).collect();
    let names = examples().into_iter().map(|example| example.name);
    assert_eq!(listed, names.collect());
}

/// The jobs of the README, each as the one job of a workflow.
fn jobs_of_the_readme() -> Vec<Example> {
    let readme = read("README.md");
    let blocks = readme.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap());
    let jobs = blocks.filter(|block| block.contains("runs-on: "));
    let whole = jobs.map(|job| {
        let text = format!("jobs:\n{job}");
        let yaml = serde_yaml_ng::from_str(&text).unwrap();
        Example { name: "README.md".to_owned(), text, yaml }
    });
    whole.collect()
}

#[test]
fn the_jobs_of_the_readme_do_what_tested_examples_do() {
    let examples = examples();
    let readme = jobs_of_the_readme();
    let tested = ["after-failed-checks.yml", "digitalocean.yml"];
    assert_eq!(readme.len(), tested.len());
    for (job, tested) in readme.iter().zip(tested) {
        let tested = examples.iter().find(|example| example.name == tested).unwrap();
        assert_eq!(job.uses()[0]["with"], tested.uses()[0]["with"], "{}", tested.name);
    }
}

#[test]
fn the_jobs_of_the_readme_have_no_rights_and_end() {
    for example in jobs_of_the_readme() {
        for job in example.jobs() {
            assert!(job["permissions"].as_mapping().is_some_and(|rights| rights.is_empty()));
            assert!(job["timeout-minutes"].as_u64().is_some());
            assert!(job["if"] == "failure()" || example.uses()[0]["if"].as_str().unwrap().contains("failure()"));
        }
    }
}
