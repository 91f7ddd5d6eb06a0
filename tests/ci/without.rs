//! CI systems that read nothing but the log and the exit code, and every one of them by its name alone.

use super::{ALL, aimed, completing, read, running, step};
use crate::sandbox::TOKEN;
use crate::step::Step;

#[test]
fn the_log_tells_the_result_and_the_exit_code_decides() {
    for ci in ["woodpecker", "drone", "circleci", "bitbucket", "jenkins", "plain"] {
        let ran = step(ci, &running()).input("output_file", "out.env").run();
        assert_eq!(ran.code, 0, "{ci}");
        ran.says("dep-1: canceled (BUILDING → CANCELED");
        assert!(read(&ran, "out.env").contains("CANCELLATION_OUTCOME=canceled\n"), "{ci}");
        assert_eq!(step(ci, &completing()).run().code, 3, "{ci}");
    }
}

#[test]
fn standard_output_is_the_result_alone_on_jenkins_and_outside() {
    for ci in ["jenkins", "plain"] {
        let ran = step(ci, &running()).run();
        assert!(ran.stdout.starts_with("Canceled: dep-1"), "{}", ran.stdout);
        assert!(ran.stderr.contains("asking to cancel"));
    }
}

#[test]
fn nothing_points_below_where_nothing_follows() {
    let ran = step("plain", &running()).input("api_url", "http://127.0.0.1:1").input("timeout", "1s").run();
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.ends_with("Did it go live? Not known: it was not read.\n"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("? →"), "{}", ran.stdout);
}

#[test]
fn there_are_no_colours_where_nobody_sees_them() {
    for ci in ["woodpecker", "circleci", "bitbucket", "jenkins", "plain", "harness", "teamcity", "azure"] {
        let ran = step(ci, &running()).var("TERM", "xterm").run();
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains('\u{1b}'), "{ci}");
    }
}

#[test]
fn a_ci_system_that_is_only_named_shows_no_secret_and_changes_no_exit_code() {
    for ci in ALL {
        let ran = aimed(Step::plain(), &running()).input("ci", ci).run();
        assert_eq!(ran.code, 0, "{ci}");
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(TOKEN), "{ci}");
        let failed = aimed(Step::plain(), &completing()).input("ci", ci).run();
        assert_eq!(failed.code, 3, "{ci}");
    }
}

#[test]
fn plain_can_be_asked_for_anywhere() {
    // The first three have a test of their own.
    for ci in &ALL[3..] {
        let ran = step(ci, &running()).input("ci", "plain").run();
        assert_eq!(ran.code, 0, "{ci}");
        assert!(ran.stdout.starts_with("Canceled: dep-1"), "{ci}\n{}", ran.stdout);
    }
}

#[test]
fn no_exit_code_makes_a_ci_system_skip_what_follows() {
    const SKIPS: u8 = 78;
    let codes = cancel_deployment::model::outcome::Exit::ALL.map(|exit| exit.code());
    assert!(!codes.contains(&SKIPS));
}
