//! What the inputs about going back say, and where they make no sense.

use super::*;
use crate::model::about::CanRollBack;

const ROLL_BACK: (&str, &str) = ("if_live", "roll_back");

#[test]
fn where_nothing_can_be_put_back_that_is_bad_input_with_what_to_do_instead() {
    for entry in REGISTER {
        let said = about(entry, "if_live", &[ROLL_BACK]);
        match entry.about.roll_back {
            CanRollBack::Yes(_) => assert_eq!(said, Vec::<String>::new(), "{entry:?}"),
            CanRollBack::No(why) => {
                let name = entry.about.name;
                assert_eq!(
                    said,
                    [format!("`if_live` cannot be \"roll_back\" on {name}, so leave it out there: {why}.")]
                );
            }
        }
    }
    check_on("netlify", &[ROLL_BACK, ("wait", "false")], &["with `wait: false`"]);
    check_on("netlify", &[ROLL_BACK, ("select", "superseded")], &["with `select: superseded`"]);
    check_on("netlify", &[("if_live", "rollback")], &["did you mean \"roll_back\"?"]);
    check_on("netlify", &[ROLL_BACK, ("roll_back_timeout", "0")], &["`roll_back_timeout` is \"0\""]);
}

#[test]
fn what_is_put_back_and_for_whom() {
    let if_live = |more: &[(&str, &str)]| {
        let more = [&[ROLL_BACK], more].concat();
        on("netlify", &more).opened.and_then(|opened| opened.if_live).unwrap()
    };
    let plain = if_live(&[]);
    assert_eq!((plain.to, plain.timeout, plain.is_named), (None, Duration::from_secs(240), true));
    assert_eq!(if_live(&[("roll_back_to", "Previous")]).to, None);
    assert_eq!(if_live(&[("roll_back_to", "d-9")]).to.map(|id| id.as_str().to_owned()).as_deref(), Some("d-9"));
    assert_eq!(if_live(&[("roll_back_timeout", "5m")]).timeout, Duration::from_secs(300));
    let of_commit = if_live(&[("select", "commit"), ("commit", "abcdef0")]);
    assert_eq!((of_commit.is_named, of_commit.commit.as_deref()), (true, Some("abcdef0")));
    for rule in ["latest", "all"] {
        let chosen = if_live(&[("select", rule)]);
        assert_eq!((chosen.is_named, chosen.commit), (false, None), "{rule}");
    }
    assert!(on("netlify", &[]).opened.unwrap().if_live.is_none());
    assert!(on("netlify", &[("if_live", "report")]).opened.unwrap().if_live.is_none());
}

#[test]
fn what_says_nothing_or_leaves_something_out_is_warned_about() {
    let warnings = |more: &[(&str, &str)]| on("netlify", more).warnings;
    for (name, value) in [("roll_back_to", "d-9"), ("roll_back_timeout", "60")] {
        assert_eq!(warnings(&[(name, value)]), [format!("`{name}` means something only with `if_live: roll_back`.")]);
        assert!(warnings(&[ROLL_BACK, (name, value)]).is_empty());
    }
    for (words, warns) in [("error,completed", true), ("error,rolled_back", false), ("any", false), ("none", false)] {
        let warned = warnings(&[ROLL_BACK, ("fail_on", words)]);
        assert_eq!(warned.iter().filter(|it| it.contains("does not list `rolled_back`")).count(), usize::from(warns));
        assert!(warnings(&[("fail_on", words)]).is_empty(), "{words}");
    }
    assert!(warnings(&[ROLL_BACK]).is_empty());
}
