//! Every rule about inputs as a table, from the variables of a step to what a run cancels; nothing is sent.

use std::time::Duration;

use super::open::{Connect, Opened, Setup, open, require_target_anywhere};
use super::target::Target;
use super::*;
use crate::api::{Request, Response, Transport, TransportError};
use crate::ci;
use crate::ci::facts::Facts;
use crate::input::InputKind;
use crate::platform::register::{REGISTER, named};
use crate::platform::{Need, Way};

mod if_live;
mod values;

/// Nothing is sent here.
struct Nowhere;

#[async_trait::async_trait]
impl Transport for Nowhere {
    async fn send(&self, _request: Request) -> Result<Response, TransportError> {
        unreachable!("a rule about inputs sends nothing")
    }
}

/// What the variables of a step came to.
struct Judged {
    said: Vec<String>,
    warnings: Vec<String>,
    common: Common,
    opened: Option<Opened>,
}

type Variables = Vec<(String, String)>;

fn judged(variables: Variables) -> Judged {
    let env = Env::new(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
    let mut faults = Faults::default();
    let entry = chosen_platform(REGISTER, &env, &mut faults);
    let values = read(REGISTER, &env, entry, &mut faults);
    let common = Common::judge(&values, &mut faults);
    let facts = Facts::read(&env, ci::here(&env, common.ci).id());
    let connect: Connect = Box::new(|_, _, _, _| Ok(Box::new(Nowhere)));
    let opened = match entry {
        Some(entry) => {
            let setup = Setup { env: &env, entry, values: &values, common: &common, facts: &facts };
            open(&connect, &setup, &mut faults)
        }
        None => {
            require_target_anywhere(&values, &mut faults);
            None
        }
    };
    let spelling = spelling(REGISTER, &env, ci::here(&env, common.ci).as_ref());
    Judged { said: faults.sentences(&spelling, None), warnings: faults.warnings, common, opened }
}

/// An input (in small letters) as an action hands it over, or a variable (in capitals) as it is. One without a value is absent.
fn variables(pairs: &[(&str, &str)]) -> Variables {
    let is_input = |name: &str| name.starts_with(|c: char| c.is_ascii_lowercase());
    let variable = |name: &str| if is_input(name) { format!("INPUT_{}", name.to_uppercase()) } else { name.to_owned() };
    pairs.iter().map(|(name, value)| (variable(name), (*value).to_owned())).collect()
}

/// What a platform needs, and these, which come last and so count.
fn with_needs(entry: &PlatformInfo, more: &[(&str, &str)]) -> Variables {
    let selects = more.iter().any(|(name, _)| *name == "select");
    let mut needed = vec![("platform", entry.about.id), ("api_url", "https://api.example")];
    let way = |ways: &[Way]| ways.iter().take(1).flat_map(|way| way.needs()).collect();
    for need in entry.needs {
        let names: Vec<_> = match need {
            Need::All(names) => names.to_vec(),
            Need::OneOf(ways) => way(ways),
            Need::ForSelect(ways) if selects => way(ways),
            Need::ForSelect(_) | Need::AtMostOneOf(_) => Vec::new(),
        };
        needed.extend(names.into_iter().map(|name| (name, "needed-0123456789")));
    }
    if !selects {
        needed.push(("deployment_id", "d1"));
    }
    needed.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    needed.extend(more);
    variables(&needed)
}

fn on(platform: &str, more: &[(&str, &str)]) -> Judged {
    judged(with_needs(named(REGISTER, platform).unwrap(), more))
}

/// A step on DigitalOcean is refused with as many sentences as these, each of which holds its words.
#[track_caller]
fn check(more: &[(&str, &str)], says: &[&str]) {
    check_on("digitalocean", more, says);
}

#[track_caller]
fn check_on(platform: &str, more: &[(&str, &str)], says: &[&str]) {
    let said = on(platform, more).said;
    let fits = said.len() == says.len() && said.iter().zip(says).all(|(said, words)| said.contains(words));
    assert!(fits, "{platform} {more:?}: {said:#?}");
}

/// What is said of one input of a platform with these.
fn about(entry: &PlatformInfo, name: &str, more: &[(&str, &str)]) -> Vec<String> {
    let mut said = judged(with_needs(entry, more)).said;
    said.retain(|said| said.starts_with(&format!("`{name}`")));
    said
}

// Deployments.

#[test]
fn ids_are_separated_by_commas_and_lines_of_any_kind_and_count_once() {
    const UUID: &str = "3aa4d20e-5527-4c00-b496-601fbd22520a";
    let capitals = format!("{},{UUID}", UUID.to_uppercase());
    for (list, count) in [
        ("d1,d2", 2),
        ("d1\r\nd2", 2),
        (" d1 , , d2,\n", 2),
        ("d1,\n\nd2\n", 2),
        ("d1,d2, d1\nd1", 2),
        (capitals.as_str(), 1),
    ] {
        let opened = on("digitalocean", &[("deployment_id", list)]).opened.unwrap();
        assert!(matches!(opened.target, Target::Ids(ids) if ids.len() == count), "{list:?}");
    }
}

/// As many as one variable holds. Compared each with each they would take longer than anybody waits for a test.
#[test]
fn thousands_of_ids_are_each_looked_up_once() {
    let ids: Vec<_> = (0..26_000).map(|number| format!("{number:x}")).collect();
    let judged = on("digitalocean", &[("deployment_id", &ids.join(","))]);
    assert!(matches!(judged.opened.unwrap().target, Target::Ids(ids) if ids.len() == 26_000));
}

#[test]
fn faults_that_are_the_same_are_told_once_and_those_past_ten_are_counted() {
    let same = [".."; 40_000].join(",");
    check(&[("deployment_id", &same)], &["`deployment_id` is a path, not an id (40000 times)."]);
    let mut ids: Vec<_> = (0..100).map(|more| "x".repeat(513 + more)).collect();
    ids.push("..".to_owned());
    let said = on("digitalocean", &[("deployment_id", &ids.join("\n"))]).said;
    assert!(said.len() == 10 && said[0].contains("513 bytes") && said[8].contains("521 bytes"), "{said:?}");
    assert_eq!(said[9], "92 more inputs are not right.");
}

// Where values come from.

#[test]
fn usual_variables_stand_in_by_their_order() {
    let other = ("token", "");
    let token = |more: &[(&str, &str)]| {
        let env = Env::new(
            with_needs(named(REGISTER, "digitalocean").unwrap(), more).into_iter().map(|(n, v)| (n.into(), v.into())),
        );
        let values = read(REGISTER, &env, named(REGISTER, "digitalocean"), &mut Faults::default());
        values.get("token").map(str::to_owned).unwrap_or_default()
    };
    let (first, second) = (("DIGITALOCEAN_ACCESS_TOKEN", "one"), ("DIGITALOCEAN_TOKEN", "two"));
    assert_eq!(token(&[other, second, first]), "one");
    assert_eq!(token(&[other, ("DIGITALOCEAN_ACCESS_TOKEN", " "), second]), "two");
    for prefix in ["INPUT", "PLUGIN", "BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT", "CANCEL_DEPLOYMENT"] {
        assert_eq!(token(&[other, (&format!("{prefix}_TOKEN"), "three"), first]), "three");
    }
    // Another platform's are not used.
    let missing = "`token` is missing: set it, or the variable DIGITALOCEAN_ACCESS_TOKEN or DIGITALOCEAN_TOKEN.";
    check(&[other, ("VERCEL_TOKEN", "x")], &[missing]);
}

#[test]
fn a_written_input_beats_the_usual_variables_of_its_alternatives() {
    let named = [("app_id", ""), ("app_name", "web")];
    check(&[named[0], named[1], ("DIGITALOCEAN_APP_ID", "app-9")], &[]);
    // One that is beaten may hold anything.
    check(&[named[0], named[1], ("DIGITALOCEAN_APP_ID", "$(DIGITALOCEAN_APP_ID)")], &[]);
    check(&[("PLUGIN_APP_NAME", "web")], &["`app_id` cannot stand beside `app_name`"]);
    check_on("vercel", &[("team_slug", "acme"), ("VERCEL_TEAM_ID", "..")], &[]);
    check_on("vercel", &[("team_id", "team_1"), ("team_slug", "acme")], &["cannot stand beside `team_slug`"]);
    // An account of one's own is no team.
    check_on("vercel", &[("VERCEL_ORG_ID", "..")], &[]);
    check_on("vercel", &[("VERCEL_ORG_ID", "team_\u{7}")], &["`team_id` (from VERCEL_ORG_ID)"]);
    check_on("vercel", &[("VERCEL_TEAM_ID", "team_1"), ("VERCEL_ORG_ID", "team_\u{7}")], &[]);
}

#[test]
fn a_team_that_an_address_contradicts_is_refused() {
    let page = ("deployment_id", "https://vercel.com/acme/web/1");
    check_on("vercel", &[page, ("team_slug", "other")], &["`team_slug`"]);
    check_on("vercel", &[page, ("team_slug", "ACME")], &[]);
    let two = "https://vercel.com/acme/web/1, https://vercel.com/other/web/2";
    check_on("vercel", &[("deployment_id", two)], &["acme, other"]);
}

#[test]
fn a_misspelled_name_is_answered_with_the_real_one() {
    for (variable, real) in [
        ("PLUGIN_APPID", "`app_id`"),
        ("PLUGIN_DEPLOYMENT_IDS", "`deployment_id`"),
        ("CANCEL_DEPLOYMENT_TIME_OUT", "`timeout`"),
        ("CANCEL_DEPLOYMENT_FAILON", "`fail_on`"),
        ("CANCEL_DEPLOYMENT_DRY-RUN", "`dry_run`"),
        ("PLUGIN_dry_run", "`dry_run`"),
    ] {
        let Judged { said, warnings, .. } = on("digitalocean", &[(variable, "anything-at-all")]);
        assert!(said.is_empty() && warnings.len() == 1, "{said:?} {warnings:?}");
        assert_eq!(warnings[0], format!("{variable} is not an input; did you mean {real}?"));
    }
    for (variable, value) in
        [("PLUGIN_KUBERNETES_NAMESPACE", "x"), ("CANCEL_DEPLOYMENT_VERSION_PREFIX", "x"), ("PLUGIN_APPID", " ")]
    {
        assert_eq!(on("digitalocean", &[(variable, value)]).warnings, [""; 0]);
    }
}

#[test]
fn what_is_switched_on_by_a_name_of_its_own_is_a_word_of_another_input() {
    let meant = |name: &str, value| {
        let variable = format!("PLUGIN_{name}");
        let told = on("netlify", &[(&variable, value)]).warnings.concat();
        let (_, meant) = told.strip_suffix("`?")?.rsplit_once('`')?;
        Some(meant.to_owned())
    };
    for (name, value, real) in [
        ("ROLLBACK", "true", "if_live: roll_back"),
        ("ROLL_BACK", "True", "if_live: roll_back"),
        ("ROLL-BACK", "yes", "if_live: roll_back"),
        ("RollBack", "on", "if_live: roll_back"),
        ("AUTO_ROLLBACK", "true", "if_live: roll_back"),
        ("ROLLBACK_IF_LIVE", "1", "if_live: roll_back"),
        ("ROLLBACK_ON_FAILURE", "true", "if_live: roll_back"),
        ("SUPERSEDED", "true", "select: superseded"),
        ("CANCEL_LATEST", "true", "select: latest"),
        ("NETLIFY", "true", "platform: netlify"),
        // The name of an input, spelled otherwise, is that one.
        ("ROLLBACK_TO", "true", "roll_back_to"),
        ("ROLLBACK-TO", "d-1", "roll_back_to"),
        ("ROLLBACK_TIMEOUT", "60", "roll_back_timeout"),
        ("IF_LIFE", "roll_back", "if_live"),
        ("IFLIVE", "roll_back", "if_live"),
        ("ON_LIVE", "roll_back", "if_live"),
        // No switch: something is named.
        ("ROLLBACK", "previous", "roll_back_to"),
        ("ROLLBACK_ID", "d-1", "roll_back_to"),
    ] {
        assert_eq!(meant(name, value).as_deref(), Some(real), "{name}: {value}");
    }
    for (name, value) in [("ROLLBACK_MESSAGE", "x"), ("ALLOW_EVERYTHING", "true"), ("VERCEL_SCOPE", "acme")] {
        assert_eq!(meant(name, value), None, "{name}: {value}");
    }
}

#[test]
fn every_unknown_option_of_the_buildkite_plugin_is_named() {
    let of_plugin = |name: &str| format!("BUILDKITE_PLUGIN_CANCEL_DEPLOYMENT_{name}");
    for (name, told) in [("TIMEOUTS", " is not an input; did you mean `timeout`?"), ("MESSAGE", " is not an input.")] {
        let Judged { said, warnings, .. } = on("digitalocean", &[(&of_plugin(name), "x")]);
        assert_eq!((said.len(), warnings), (0, vec![of_plugin(name) + told]));
    }
    assert_eq!(on("digitalocean", &[(&of_plugin("ONLY_STATES_0"), "queued")]).warnings, [""; 0]);
}

// What is missing, and what does not go together.

#[test]
fn what_is_missing_is_missed_beside_every_other_fault() {
    let said = |pairs: &[(&str, &str)]| judged(variables(pairs)).said.join("\n");
    let nothing = said(&[("GITHUB_ACTIONS", "true")]);
    assert!(nothing.contains("`platform` is missing") && nothing.contains("`deployment_id` is missing"), "{nothing}");
    let unknown = said(&[("platform", "heroku"), ("timeout", "soon")]);
    for words in ["`platform` is \"heroku\"; use one of", "\"digitalocean\"", "`timeout`"] {
        assert!(unknown.contains(words), "{unknown}");
    }
    assert!(!unknown.contains("`deployment_id`"), "{unknown}");
    for rule in ["commit", "branch"] {
        let missing = format!("`{rule}` is missing: this CI system does not tell");
        check(&[("select", rule), ("timeout", "soon")], &["`timeout`", &missing]);
        check(&[("select", rule), (rule, "..")], &[&format!("`{rule}` ")]);
    }
}

#[test]
fn a_branch_that_may_be_a_forks_is_not_said_to_be_one() {
    let of_pull =
        |branch| [("select", "branch"), ("CIRCLECI", "true"), ("CIRCLE_PR_REPONAME", "web"), ("CIRCLE_BRANCH", branch)];
    check_on("vercel", &of_pull("topic"), &["`branch` cannot be taken from this run: it may belong to a fork"]);
    check_on("vercel", &of_pull("pull/4"), &["`branch` is missing"]);
}

#[test]
fn a_rule_and_an_id_exclude_each_other() {
    for entry in REGISTER.iter().filter(|entry| !entry.selects.is_empty()) {
        let rule = ("select", entry.selects[0].word());
        let beside = about(entry, "select", &[rule, ("deployment_id", "d1")]);
        assert!(beside.len() == 1 && beside[0].contains("`deployment_id`"), "{beside:?}");
        let neither = about(entry, "deployment_id", &[("deployment_id", "")]);
        assert_eq!(neither.iter().any(|said| said.contains("`select`")), entry.needs_id, "{neither:?}");
        let appear = about(entry, "appear_within", &[("appear_within", "5s")]);
        assert!(appear.len() == 1 && appear[0].contains("`select`"), "{appear:?}");
    }
}

#[test]
fn what_would_not_narrow_a_rule_is_refused() {
    for entry in REGISTER {
        for select in entry.selects {
            for (name, value) in [("branch", "main"), ("commit", "1111111")] {
                let branched = *select == Select::Superseded && entry.selects.contains(&Select::Branch);
                let used = select.word() == name || name == "branch" && branched;
                let found = about(entry, name, &[("select", select.word()), (name, value)]);
                assert_eq!(found.is_empty(), used, "{} {} {found:?}", entry.about.id, select.word());
            }
        }
    }
}

#[test]
fn a_rule_that_a_platform_cannot_follow_names_what_to_use_instead() {
    for entry in REGISTER {
        for select in Select::ALL {
            let found = about(entry, "select", &[("select", select.word())]);
            let cannot = format!("cannot be \"{}\" on {}: {}", select.word(), entry.about.name, entry.no_select);
            let said = found.iter().any(|said| said.contains(&cannot));
            assert_eq!(said, !entry.selects.contains(&select), "{} {found:?}", entry.about.id);
        }
    }
}

#[test]
fn a_guard_or_a_narrowing_that_a_platform_does_not_know_is_refused() {
    for entry in REGISTER {
        let knows_commits = entry.selects.contains(&Select::Commit);
        let has_target = entry.inputs.iter().any(|input| input.name == "target");
        for (name, value, known) in [
            ("branch", "main", knows_commits),
            ("commit", "1111111", knows_commits),
            ("target", "production", has_target),
        ] {
            let found = about(entry, name, &[(name, value)]);
            assert_eq!(found.len(), usize::from(!known), "{} {name} {found:?}", entry.about.id);
        }
        if let Some(select) = entry.selects.first() {
            let found = about(entry, "target", &[("select", select.word()), ("target", "production")]);
            assert_eq!(found.len(), usize::from(!has_target), "{} {found:?}", entry.about.id);
        }
    }
}
