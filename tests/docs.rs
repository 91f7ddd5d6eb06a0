//! Rules about the documents: no dead link, no entry of troubleshooting about what nobody says, no example
//! that is not the one which is tested.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test may stop at the first surprise"
)]

#[path = "schema/mod.rs"]
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cancel_deployment::api::hints;
use cancel_deployment::ci::facts::{Facts, Fork};
use cancel_deployment::input::env::Env;
use cancel_deployment::input::faults::Faults;
use cancel_deployment::input::{Spelling, Style};
use cancel_deployment::model::deployment::State;
use cancel_deployment::model::outcome::Outcome;
use cancel_deployment::model::reason::examples::{examples, remarks, roll_backs};
use cancel_deployment::model::reason::{Back, Check, Missing};
use cancel_deployment::platform::register::{REGISTER, named};
use cancel_deployment::settings::open::{Connect, Setup, open};
use cancel_deployment::settings::{self, Common};
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below a folder whose name ends like that, by its path in the repository.
fn paths(folder: &str, ending: &str) -> Vec<String> {
    let mut folders = vec![PathBuf::from(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(ending) {
                found.push(path.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} has no {ending}");
    found
}

fn documents() -> Vec<String> {
    let named = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", ".github/SECURITY.md", "fuzz/README.md"];
    let mut documents: Vec<_> = named.map(str::to_owned).into();
    documents.extend(paths("docs", ".md"));
    documents.extend(paths("integrations", ".md"));
    documents
}

/// A document without its blocks of code.
fn prose(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    lines.map(|line| format!("{line}\n")).collect()
}

// Links

/// The anchors of a document, as GitHub makes them from its headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    for line in prose(text).lines().filter(|line| line.starts_with('#')) {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let slug: String = kept.collect::<String>().replace(' ', "-");
        let times = seen.entry(slug.clone()).or_default();
        anchors.insert(match times {
            0 => slug,
            _ => format!("{slug}-{times}"),
        });
        *times += 1;
    }
    anchors
}

/// The targets of all links and pictures.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let ways = [("](", ')'), (" src=\"", '"'), (" srcset=\"", '"')];
    let targets = ways.into_iter().flat_map(|(before, end)| {
        let parts = prose.split(before).skip(1);
        parts.map(move |part| part.split(end).next().unwrap().to_owned())
    });
    targets.collect()
}

#[test]
fn every_link_inside_the_repository_leads_somewhere() {
    for document in documents() {
        let text = read(&document);
        let folder = Path::new(&document).parent().unwrap();
        for link in links(&text) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let path = if file.is_empty() { root().join(&document) } else { root().join(folder).join(file) };
            assert!(path.exists(), "{document} links to {link}");
            if !anchor.is_empty() {
                let there = anchors(&fs::read_to_string(&path).unwrap());
                assert!(there.contains(anchor), "{document} links to {link}");
            }
        }
    }
}

#[test]
fn the_readme_links_to_every_document() {
    let linked: BTreeSet<_> = links(&read("README.md")).into_iter().collect();
    for document in paths("docs", ".md") {
        let is_linked = linked.iter().any(|link| link.split('#').next() == Some(document.as_str()));
        assert!(is_linked, "README.md does not link to {document}");
    }
}

// Sentences

/// What troubleshooting explains: its headings, below the one of each subject.
fn entries() -> Vec<String> {
    let text = prose(&read("docs/troubleshooting.md"));
    let entries: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_owned).collect();
    assert!(entries.len() > 30);
    entries
}

/// Whether a sentence is what an entry is about: its words in their order, whatever `…` stands for.
fn is_about(entry: &str, sentence: &str) -> bool {
    let mut rest = Some(sentence);
    for part in entry.split('…').map(|part| part.trim_end_matches('.')) {
        rest = rest.and_then(|rest| Some(rest.split_once(part)?.1));
    }
    rest.is_some()
}

/// What is said of inputs that are not right, and of odd ones.
fn said_of_inputs() -> Vec<String> {
    let mut said = Vec::new();
    for (platform, inputs) in [
        ("vercel", &[][..]),
        ("vercel", &[("deployment_id", "[dpl_1]"), ("token", "${TOKEN}")]),
        ("vercel", &[("select", "commit")]),
        ("datadog", &[("select", "branch")]),
        ("vercel", &[("token", "x"), ("tokn", "y"), ("project_id", "p"), ("select", "branch")]),
    ] {
        let written = inputs.iter().map(|(name, value)| (format!("INPUT_{}", name.to_uppercase()), *value));
        let written = written.chain([("CANCEL_DEPLOYMENT_TOKN".to_owned(), "x")]);
        let env = Env::new(written.map(|(name, value)| (name.into(), value.into())));
        let (entry, mut faults) = (named(REGISTER, platform).unwrap(), Faults::default());
        let values = settings::read(REGISTER, &env, Some(entry), &mut faults);
        let common = Common::judge(&values, &mut faults);
        let from_fork = Facts { branch: Some("main".to_owned()), fork: Some(Fork::default()), ..Facts::default() };
        let facts = if inputs.len() > 3 { from_fork } else { Facts::default() };
        let connect: Connect = Box::new(|_, _, _, _| anyhow::bail!("there is no network"));
        let told = Setup { env: &env, entry, values: &values, common: &common, facts: &facts };
        let _ = open(&connect, &told, &mut faults);
        said.extend(faults.sentences(&Spelling::new(&env, Style::Name, Vec::new()), None));
        said.append(&mut faults.warnings);
    }
    said
}

/// What the program says, as far as its types tell; and what its action does.
fn said() -> Vec<String> {
    let mut said = said_of_inputs();
    said.extend(examples().into_iter().flat_map(|(reason, _)| [reason.to_string(), reason.hint()]));
    said.extend(roll_backs().into_iter().map(|(back, _)| back.sentence()));
    said.extend(Check::examples().into_iter().map(|(check, _)| check.to_string()));
    said.extend(Missing::examples().into_iter().map(|(_, sentence, _)| sentence.to_owned()));
    said.extend(remarks().into_iter().map(|(remark, _)| remark.to_string()));
    said.extend(REGISTER.iter().flat_map(|entry| hints(&entry.about)));
    said.push(read("action.yml"));
    said
}

#[test]
fn troubleshooting_explains_only_what_is_said() {
    let said = said();
    for entry in entries() {
        assert!(said.iter().any(|sentence| is_about(&entry, sentence)), "nobody says: {entry}");
    }
}

#[test]
fn troubleshooting_explains_every_roll_back_that_did_not_go_well() {
    let entries = entries();
    let went_well = |back: &Back| matches!(back, Back::Done { .. } | Back::DryRun(_));
    let sentences = roll_backs().into_iter().filter(|(back, _)| !went_well(back)).map(|(back, _)| back.sentence());
    let missing: Vec<_> = sentences.filter(|sentence| !entries.iter().any(|entry| is_about(entry, sentence))).collect();
    assert!(missing.is_empty(), "docs/troubleshooting.md has no entry for: {missing:#?}");
}

#[test]
fn an_entry_is_about_a_sentence_with_its_words_in_their_order() {
    assert!(is_about("It is …, not …", "It is a, not b."));
    assert!(!is_about("It is …, not …", "It is a."));
    assert!(!is_about("… not … is", "it is not"));
}

#[test]
fn troubleshooting_explains_what_the_action_itself_says() {
    let (action, entries) = (read("action.yml"), entries());
    let said: Vec<_> = action.split('"').filter(|text| text.starts_with("Nothing was canceled: ")).collect();
    assert!(said.len() >= 3);
    for sentence in said {
        // Why there is no program is told by the entries about that.
        let known = sentence.contains("$why") || entries.iter().any(|entry| sentence.contains(entry.trim_matches('…')));
        assert!(known, "docs/troubleshooting.md has no entry for: {sentence}");
    }
}

// Platforms

/// What stands below a heading of the second level.
fn section(document: &str, heading: &str) -> String {
    let text = read(document);
    let heading = format!("\n## {heading}\n");
    let (_, below) = text.split_once(&heading).unwrap_or_else(|| panic!("{document} has no {heading:?}"));
    below.split("\n## ").next().unwrap().to_owned()
}

#[test]
fn what_is_said_of_a_platform_is_what_the_program_says() {
    for entry in REGISTER {
        let section = section("docs/platforms.md", entry.about.name);
        let flat = section.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in [entry.about.grant, entry.about.caveat, entry.about.way_back, entry.about.docs] {
            assert!(flat.contains(text), "{} does not say: {text}", entry.about.name);
        }
        for input in entry.inputs {
            let name = format!("`{}`", input.name);
            assert!(flat.contains(&name), "{} has no {name}", entry.about.name);
        }
        for (word, _) in entry.states {
            let word = format!("`{word}`");
            assert!(flat.to_uppercase().contains(&word), "{} has no {word}", entry.about.name);
        }
        for (_, message, _) in entry.messages {
            assert!(flat.contains(&format!("`{message}`")), "{} has no {message}", entry.about.name);
        }
    }
}

// Promises

/// The macros of `tests/stage/mod.rs` that make a test for each of several platforms.
const MACROS: [&str; 2] = ["every_platform!(", "every_selecting!("];

/// Whether a file has a test of that name; of what is no Rust, whether it holds that text.
fn holds(path: &str, name: &str) -> bool {
    let text = read(path);
    if !path.ends_with(".rs") {
        return text.contains(name);
    }
    let dense: String = text.split_whitespace().collect();
    let trial = format!("Trial::test(\"{name}\",");
    if dense.contains(&trial) || MACROS.iter().any(|made| dense.contains(&format!("{made}{name},"))) {
        return true;
    }
    let lines: Vec<_> = text.lines().map(str::trim_start).collect();
    let heads = [format!("fn {name}("), format!("async fn {name}(")];
    let starts = |line: &&str| heads.iter().any(|head| line.starts_with(head));
    lines.iter().position(starts).is_some_and(|at| {
        let above = lines[..at].iter().rev();
        let mut attributes = above.take_while(|line| line.starts_with('#'));
        attributes.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    })
}

/// The promises, each with the tests that hold it, by file and name.
fn promises() -> Vec<(String, Vec<(String, String)>)> {
    let text = read("docs/promises.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.filter(|row| !row.starts_with("promise |") && !row.starts_with("---"));
    let promises = rows.map(|row| {
        let (promise, tests) = row.split_once(" | ").unwrap();
        let (mut file, mut held) = (None, Vec::new());
        for part in tests.split('`').skip(1).step_by(2) {
            if root().join(part).is_file() {
                file = Some(part);
            } else {
                let file = file.unwrap_or_else(|| panic!("{promise}: {part} is no file"));
                held.push((file.to_owned(), part.to_owned()));
            }
        }
        (promise.to_owned(), held)
    });
    promises.collect()
}

#[test]
fn every_promise_is_held_by_tests_that_there_are() {
    let promises = promises();
    for (promise, tests) in &promises {
        assert!(!tests.is_empty(), "nothing holds: {promise}");
        for (file, name) in tests {
            assert!(holds(file, name), "{promise}: {file} has no test {name}");
        }
    }
    assert!(promises.len() > 100);
}

/// The names of all tests that a file of end-to-end tests has.
fn tests_of(path: &str) -> Vec<String> {
    let text = read(path);
    let is_made = |line: &str| MACROS.iter().any(|made| line.starts_with(made));
    let mut lines = text.lines();
    let mut names = Vec::new();
    while let Some(line) = lines.next() {
        let name = if line == "#[test]" { lines.next().and_then(|line| line.strip_prefix("fn ")) } else { None };
        let name = name.or_else(|| is_made(line).then(|| line.split_once('(').unwrap().1));
        names.extend(name.map(|name| name.split(['(', ',']).next().unwrap().to_owned()));
    }
    names
}

#[test]
fn every_test_of_the_procedure_holds_a_promise() {
    let held: BTreeSet<_> = promises().into_iter().flat_map(|(_, tests)| tests).collect();
    let files =
        paths("tests/contract", ".rs").into_iter().filter(|path| path.contains("/s2_") || path.contains("/s3_"));
    let tests: Vec<_> =
        files.flat_map(|path| tests_of(&path).into_iter().map(move |name| (path.clone(), name))).collect();
    assert!(tests.len() > 150, "{tests:?}");
    let missing: Vec<_> = tests.into_iter().filter(|test| !held.contains(test)).collect();
    assert!(missing.is_empty(), "docs/promises.md has no row with {missing:#?}");
}

#[test]
fn what_only_looks_like_a_test_holds_nothing() {
    assert!(holds("tests/docs.rs", "what_only_looks_like_a_test_holds_nothing"));
    assert!(!holds("tests/docs.rs", "holds"));
    assert!(!holds("tests/docs.rs", "no_such_test"));
}

// The schema of the output `deployments`; every end-to-end test holds its own to it.

#[test]
fn the_schema_of_deployments_knows_every_platform_outcome_and_state() {
    let schema = schema::deployments();
    let listed = |field: &str| -> BTreeSet<String> {
        let words = schema["items"]["properties"][field]["enum"].as_array().unwrap();
        words.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let platforms = REGISTER.iter().map(|info| info.about.id.to_owned());
    assert_eq!(listed("platform"), platforms.collect(), "`platform` in docs/deployments.schema.json");
    assert_eq!(listed("outcome"), Outcome::ALL.iter().map(|outcome| outcome.word().to_owned()).collect());
    let states = [
        State::Queued,
        State::Running,
        State::Canceling,
        State::Canceled,
        State::Succeeded,
        State::Failed,
        State::Superseded,
        State::Ended,
        State::Unknown,
    ];
    assert_eq!(listed("state"), states.map(|state| state.word().to_owned()).into());
}

#[test]
fn the_example_of_deployments_is_as_its_schema_says() {
    let text = read("docs/inputs.md");
    let (_, example) = text.split_once("```json\n").unwrap();
    let example: Value = serde_json::from_str(example.split("```").next().unwrap()).unwrap();
    let schema = schema::deployments();
    assert_eq!(schema::faults(&schema, &example), Vec::<String>::new());

    let fields = schema["items"]["properties"].as_object().unwrap();
    let required: BTreeSet<_> = schema["items"]["required"].as_array().unwrap().iter().map(Value::as_str).collect();
    assert_eq!(required, fields.keys().map(|name| Some(name.as_str())).collect(), "each is always there");
    for field in fields.keys() {
        let mut without = example.clone();
        without[0].as_object_mut().unwrap().remove(field);
        assert_eq!(schema::faults(&schema, &without), [format!("/0/{field} is missing")]);
        let mut odd = example.clone();
        odd[0][field] = serde_json::json!([0]);
        assert!(!schema::faults(&schema, &odd).is_empty(), "{field} may be anything");
    }
    let mut more = example;
    more[0]["more"] = Value::Null;
    assert_eq!(schema::faults(&schema, &more).len(), 1, "a field that the schema does not know");
}

// The example platform

#[test]
fn the_example_platform_knows_only_what_a_platform_may_know() {
    let text = read("examples/platform/acme.rs");
    for word in ["reqwest", "tokio::", "std::env", "SystemTime", "Instant"] {
        assert!(!text.contains(word), "{word}");
    }
}

// Spelling

/// Beginnings of words that American English writes in another way, and that way.
const BRITISH: &[(&str, &str)] = &[
    ("acknowledgement", "acknowledgment"),
    ("analyse", "analyze"),
    ("artefact", "artifact"),
    ("authoris", "authoriz"),
    ("behaviour", "behavior"),
    ("cancelled", "canceled"),
    ("cancelling", "canceling"),
    ("catalogue", "catalog"),
    ("centre", "center"),
    ("colour", "color"),
    ("customis", "customiz"),
    ("defence", "defense"),
    ("favour", "favor"),
    ("fulfil", "fulfill"),
    ("grey", "gray"),
    ("honour", "honor"),
    ("initialis", "initializ"),
    ("judgement", "judgment"),
    ("labelled", "labeled"),
    ("learnt", "learned"),
    ("licence", "license"),
    ("minimis", "minimiz"),
    ("modelled", "modeled"),
    ("neighbour", "neighbor"),
    ("normalis", "normaliz"),
    ("optimis", "optimiz"),
    ("organis", "organiz"),
    ("prioritis", "prioritiz"),
    ("realis", "realiz"),
    ("recognis", "recogniz"),
    ("sanitis", "sanitiz"),
    ("serialis", "serializ"),
    ("signalled", "signaled"),
    ("spelt", "spelled"),
    ("summaris", "summariz"),
    ("synchronis", "synchroniz"),
    ("travelled", "traveled"),
    ("unrecognis", "unrecogniz"),
    ("utilis", "utiliz"),
    ("whilst", "while"),
];

/// Every word of ours that is written the British way, with its American spelling. What a platform writes is quoted or in
/// capitals, and `cancelled()` is a function of GitHub's; neither is ours.
fn british(line: &str) -> Vec<(&str, &'static str)> {
    let is_part = |c: char| c.is_alphanumeric();
    let is_quote = |c: Option<char>| c.is_some_and(|c| "\"'`(".contains(c));
    let mut found = Vec::new();
    for word in line.split(|c| !is_part(c)).filter(|word| !word.is_empty()) {
        let lower = word.to_lowercase();
        let american = BRITISH.iter().find(|(british, american)| {
            lower.starts_with(british) && (american.len() <= british.len() || !lower.starts_with(american))
        });
        let at = word.as_ptr() as usize - line.as_ptr() as usize;
        let is_theirs = word.chars().all(char::is_uppercase) || is_quote(line[at + word.len()..].chars().next());
        found.extend(american.filter(|_| !is_theirs).map(|(_, american)| (word, *american)));
    }
    found
}

#[test]
fn our_words_are_spelled_the_american_way() {
    assert_eq!(
        british("A colour, `cancelled`, CANCELLED; fulfills_cancelling"),
        [("colour", "color"), ("cancelling", "canceling")]
    );
    let mut files = documents();
    files.extend(paths("src", ".rs"));
    let mut wrong = Vec::new();
    for file in files {
        let text = read(&file);
        for (number, line) in text.lines().enumerate() {
            // Names of tests stand in code spans of the documents, and are spelled where they are defined.
            let line = if file.ends_with(".md") {
                line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
            } else {
                line.to_owned()
            };
            wrong.extend(
                british(&line).iter().map(|(word, american)| format!("{file}:{}: {word}: {american}…", number + 1)),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
