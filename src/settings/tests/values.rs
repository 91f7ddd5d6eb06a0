//! What may stand in an input, and how it is read.

use super::*;

#[test]
fn an_expression_is_refused_in_every_input_but_the_two_that_people_make_up() {
    for entry in REGISTER {
        for input in COMMON.iter().chain(entry.inputs) {
            let made_up = ["password", "client_secret"].contains(&input.name);
            assert_eq!(input.made_up, made_up, "{}", input.name);
            for value in ["$(X)", "$X", "${X}", "$[x]", "${{ x }}", "<< x >>", "<+x>", "%X%"] {
                let found = about(entry, input.name, &[(input.name, value)]);
                let said = found.iter().filter(|said| said.contains("was not expanded")).count();
                assert_eq!(said, usize::from(!made_up), "{} {value} {found:?}", input.name);
            }
        }
    }
    check(&[("deployment_id", "d2,$(ID)")], &["`deployment_id` is a variable"]);
    check(&[("deployment_id", "d2\n${{ x }}")], &["is a variable that was not expanded"]);
    check(&[("token", ""), ("DIGITALOCEAN_TOKEN", "$(X)")], &["`token` (from DIGITALOCEAN_TOKEN) is a variable"]);
    check_on("vercel", &[("VERCEL_ORG_ID", "$(VERCEL_ORG_ID)")], &["`team_id` (from VERCEL_ORG_ID) is a variable"]);
}

#[test]
fn an_expression_inside_a_name_is_refused_as_one() {
    let vercel = named(REGISTER, "vercel").unwrap();
    for name in ["branch", "target"] {
        for value in ["origin/$(X)", "${CI_BRANCH}-x", "prefix-${{ x }}", "a-<<x>>-b", "refs/heads/${X}"] {
            let found = about(vercel, name, &[(name, value)]);
            assert!(found.len() == 1 && found[0].contains(UNEXPANDED), "{name} {value} {found:?}");
        }
        assert!(about(vercel, name, &[(name, "cost-in-$")]).is_empty());
    }
}

#[test]
fn quotes_around_a_value_are_named_in_every_input() {
    for entry in REGISTER {
        for input in COMMON.iter().chain(entry.inputs).filter(|input| !input.made_up && input.name != "query") {
            for value in ["\"a-value-of-some-length\"", "'x'", "`x`"] {
                let found = about(entry, input.name, &[(input.name, value)]);
                let once = found.iter().filter(|said| said.contains("brackets or quotes")).count();
                assert_eq!(once, 1, "{} {value} {found:?}", input.name);
            }
        }
    }
    let words = "has brackets or quotes around it; use one of \"";
    assert!(judged(variables(&[("platform", "[digitalocean]")])).said[0].contains(words));
    check(&[("ci", "<github-actions>")], &[words]);
}

/// Whatever becomes a part of a path, on every platform.
#[test]
fn a_step_in_a_path_is_refused_wherever_it_could_enter_one() {
    for entry in REGISTER {
        let own = entry.inputs.iter().map(|input| input.name);
        // These two stand in a form and in a query.
        let elsewhere = ["client_id", "owner_id"];
        let ids = own.filter(|name| name.ends_with("_id") && !elsewhere.contains(name) || *name == "team_slug");
        for value in [".", "..", " .. ", "[acme]", "a\u{7}b"] {
            for name in ids.clone() {
                // What only a choice needs may be left alone without one.
                let without = [(name, value)];
                let with = [(name, value), ("select", "latest")];
                let ways: &[&[_]] = if for_select_only(entry).contains(&name) { &[&with] } else { &[&with, &without] };
                for way in ways {
                    let found = about(entry, name, way);
                    assert_eq!(found.len(), 1, "{} {way:?}: {found:?}", entry.about.id);
                }
            }
            let found = about(entry, "deployment_id", &[("deployment_id", value)]);
            assert_eq!(found.len(), 1, "{} {value:?}: {found:?}", entry.about.id);
        }
    }
    check_on("vercel", &[("project_id", "..")], &["`project_id`"]);
}

fn for_select_only(entry: &PlatformInfo) -> Vec<&'static str> {
    let needs = entry.needs.iter().filter(|need| matches!(need, Need::ForSelect(_)));
    needs.flat_map(Need::names).collect()
}

#[test]
fn an_empty_value_means_the_default() {
    let names =
        COMMON.iter().map(|input| (input.name, " ")).filter(|(name, _)| !["platform", "api_url"].contains(name));
    let empty: Vec<_> = names.chain([("deployment_id", "d1"), ("app_name", "\n")]).collect();
    let Judged { said, common, .. } = on("digitalocean", &empty);
    assert_eq!(said, [""; 0]);
    assert!(common.wait && common.summary && !common.dry_run && common.only_states.is_none());
    assert_eq!((common.timeout, common.poll_interval), (Duration::from_secs(240), Duration::from_secs(5)));
    assert!(common.output_file.is_none() && common.ci.is_none() && common.ca_cert.is_none());
}

#[test]
fn values_are_read_as_people_write_them() {
    let common = |name: &str, value: &str| {
        let Judged { said, common, .. } = on("digitalocean", &[(name, value)]);
        assert_eq!(said, [""; 0], "{name} {value}");
        common
    };
    assert!(common("dry_run", "TRUE").dry_run && common("dry_run", "\tTrue ").dry_run);
    assert!(!common("wait", "False").wait && !common("summary", "FALSE").summary);
    for (value, seconds) in [("90", 90), (" 90s\n", 90), ("5m", 300), ("1h", 3600), ("1", 1), ("24h", 86_400)] {
        assert_eq!(common("timeout", value).timeout.as_secs(), seconds, "{value}");
    }
    assert_eq!(common("poll_interval", "1h").poll_interval.as_secs(), 3600);
    let both = Some(vec![State::Queued, State::Running]);
    assert_eq!(common("only_states", "Queued,RUNNING").only_states, both);
    for platform in ["DigitalOcean", "DIGITALOCEAN", " digitalocean\n"] {
        common("platform", platform);
    }
}

/// What an input's kind lets through, and what it does not.
fn values_of(kind: InputKind) -> (Vec<String>, Vec<String>) {
    match kind {
        InputKind::Text | InputKind::Lines => (Vec::new(), Vec::new()),
        InputKind::Boolean => (vec!["True".to_owned(), "false".to_owned()], vec!["maybe".to_owned()]),
        InputKind::Duration(least, most) => {
            let over = (most + 1).to_string();
            (vec![least.to_string(), most.to_string()], vec![over, "maybe".to_owned()])
        }
        InputKind::Choice(words) | InputKind::Choices(words) => {
            let words = words().into_iter();
            (words.flat_map(|word| [word.to_owned(), word.to_uppercase()]).collect(), vec!["maybe".to_owned()])
        }
    }
}

#[test]
fn every_input_takes_what_its_kind_says() {
    for entry in REGISTER {
        for input in COMMON.iter().chain(entry.inputs) {
            let refused = |value: &String| {
                let found = about(entry, input.name, &[("select", "latest"), (input.name, value)]);
                found.iter().any(|said| said.contains("takes ") || said.contains("; use one "))
            };
            let (good, bad) = values_of(input.kind);
            assert_eq!(good.iter().find(|value| refused(value)), None, "{} {}", entry.about.id, input.name);
            assert_eq!(bad.iter().find(|value| !refused(value)), None, "{} {}", entry.about.id, input.name);
        }
    }
}

#[test]
fn what_a_choice_offers_is_in_its_description() {
    for input in COMMON.iter().chain(REGISTER.iter().flat_map(|entry| entry.inputs)) {
        if matches!(input.kind, InputKind::Choice(_)) {
            let meaning = input.meaning();
            let missing = input.kind.words().into_iter().find(|word| !meaning.contains(&format!("`{word}`")));
            assert_eq!(missing, None, "{}", input.name);
        }
    }
}

#[test]
fn what_is_none_of_an_inputs_values_is_refused() {
    for (name, values) in [
        ("wait", &["yes", "1", "on", "truee"][..]),
        ("dry_run", &["yes", "0"]),
        ("summary", &["no"]),
        ("timeout", &["0", "25h", "86401", "-1", "1.5m", "5 minutes", "1d", "m", "1h30m", "99999999999999999999"]),
        ("poll_interval", &["0s", "3601", "2h"]),
        ("only_states", &["building", "canceled", "queued,done", ","]),
        ("fail_on", &["errors", "none,error", "any,error", ","]),
        ("branch", &["a..b", "feature/*", "a b", "refs/tags/v1", "refs/pull/4/merge", "refs/heads/$X", "HEAD", "-x"]),
        ("commit", &["111111", "HEAD", "main", "111111g"]),
        ("api_url", &["http://api.example", "ftp://127.0.0.1", "api.example", "https://u:p@127.0.0.1", "//127.0.0.1"]),
        ("ci", &["travis"]),
        ("deployment_id", &[",", "d1,..", "dep\t1", "dep\u{1b}[31m1", "dep\u{85}1"]),
        ("token", &["first-half-of-it\nsecond-half-of-it", "a\u{7}b"]),
    ] {
        for value in values {
            let found = about(named(REGISTER, "digitalocean").unwrap(), name, &[(name, value)]);
            assert_eq!(found.len(), 1, "{name} {value:?}: {found:?}");
            assert!(found[0].contains(&format!("`{name}` ")), "{found:?}");
            assert!(!found[0].contains("half"), "{found:?}");
        }
    }
    check(&[("deployment_id", &"x".repeat(513))], &["513 bytes"]);
    check(&[("app_id", &"ü".repeat(257))], &["514 bytes"]);
    check(&[("deployment_id", &"x".repeat(512))], &[]);
    check(&[("fail_on", "errors")], &["already_finished"]);
    check(&[("ci", "travis")], &["github"]);
    check(
        &[("select", "newest")],
        &["`select` is \"newest\"; use one of \"latest\", \"commit\", \"branch\", \"superseded\", \"all\""],
    );
}

/// A value is never taken for the name of an input, however the names are spelled.
#[test]
fn what_can_be_chosen_is_told_as_it_has_to_be_written() {
    for entry in REGISTER {
        for input in COMMON.iter().chain(entry.inputs) {
            let words = input.kind.words();
            let fail_on = ["none", "any"];
            let words = if input.name == "fail_on" { &fail_on[..] } else { &words };
            let variable = format!("CANCEL_DEPLOYMENT_{}", input.name.to_uppercase());
            let mut given = with_needs(entry, &[(&variable, "zzzzz")]);
            for (name, _) in given.iter_mut().filter(|(name, _)| name.starts_with("INPUT_")) {
                *name = name.replace("INPUT_", "CANCEL_DEPLOYMENT_");
            }
            let said = judged(given).said;
            let about = said.iter().filter(|said| said.starts_with(&format!("`{variable}` is \"")));
            for said in about.clone() {
                assert!(words.is_empty() || said.matches("CANCEL_DEPLOYMENT_").count() == 1, "{said}");
                assert!(words.iter().all(|word| said.contains(&format!("\"{word}\""))), "{said}");
            }
            assert!(words.is_empty() || about.count() == 1, "{} {}", entry.about.id, input.name);
        }
    }
    let said = judged(vec![("CANCEL_DEPLOYMENT_PLATFORM".to_owned(), "vercell".to_owned())]).said;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("`CANCEL_DEPLOYMENT_PLATFORM` is \"vercell\" (did you mean \"vercel\"?); use one of "));
    check_on(
        "vercel",
        &[("select", "comit")],
        &["is \"comit\" (did you mean \"commit\"?); use one of \"latest\", \"commit\""],
    );
}

#[test]
fn a_token_in_the_wrong_input_is_not_echoed() {
    const OTHER: &str = "dop_v1_0123456789abcdef0123456789abcdef";
    for entry in REGISTER {
        for input in COMMON.iter().chain(entry.inputs) {
            let said = judged(with_needs(entry, &[(input.name, OTHER)])).said;
            assert!(said.iter().all(|said| !said.contains(OTHER)), "{} {said:?}", input.name);
        }
    }
}
