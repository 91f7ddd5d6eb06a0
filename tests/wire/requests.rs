//! How many requests a run sends, and over how many connections: `docs/performance.md` says it, platform by platform, and
//! the guide of the example.

use cancel_deployment::platform::register::REGISTER;

use crate::sandbox::Sandbox;
use crate::stage::{Course, Stage, every_platform, one, racing, watched};
use crate::step::Step;

/// How many requests a step sends that ends like that. They share a connection; where a page for people has to be looked
/// up, that goes on beside them.
fn requests(stage: Stage, sandbox: &Sandbox, step: Step, outcome: &str) -> String {
    let ran = step.run();
    assert_eq!(ran.output("outcome"), outcome, "{}", ran.stdout);
    let most = if matches!(stage, Stage::Qovery | Stage::CloudflareWorkers) { 2 } else { 1 };
    assert!((1..=most).contains(&sandbox.connections()), "{outcome}: {} connections", sandbox.connections());
    sandbox.requests().len().to_string()
}

/// A row of the table; `change` is what another way to sign in makes of a step.
fn row(stage: Stage, name: &str, change: fn(Stage, Step) -> Step) -> String {
    let by_id = |scene: crate::stage::Scene, input: (&str, &str), outcome: &str| {
        let step = change(stage, scene.step()).input(input.0, input.1);
        requests(stage, &scene.sandbox, step, outcome)
    };
    let none = ("wait", "true");
    let mut cells = vec![
        by_id(stage.play(&Course::running()), none, "canceled"),
        by_id(watched(stage, &["canceled"]), none, "canceled"),
        by_id(stage.play(&Course::of(&["succeeded"])), none, "already_finished"),
        by_id(stage.play(&racing(stage, "succeeded")), none, "completed"),
        by_id(stage.play(&Course::running()), ("only_states", "queued"), "skipped"),
    ];
    for (in_flight, outcome) in [(true, "canceled"), (false, "nothing_to_cancel")] {
        let rule = stage.rules(["all", "latest"]).next();
        let cell = rule.map(|rule| {
            let scope = stage.scope(in_flight.then(|| one(1)));
            requests(stage, &scope.sandbox, change(stage, scope.select(rule)), outcome)
        });
        cells.push(cell.unwrap_or_else(|| "–".to_owned()));
    }
    format!("| {name} | {} |", cells.join(" | "))
}

/// The same step with a sign-in in the place of its token.
fn signed_in(stage: Stage, step: Step) -> Step {
    let inputs = stage.sign_in_inputs().unwrap().into_iter();
    inputs.fold(step.without(&format!("INPUT_{}", stage.token().to_uppercase())), |step, (name, value)| {
        step.input(name, value)
    })
}

every_platform!(the_page_tells_how_many_requests_each_outcome_takes, |stage| {
    let name = stage.info().about.name;
    let mut rows = vec![row(stage, name, |_, step| step)];
    if stage.sign_in_inputs().is_some() {
        rows.push(row(stage, &format!("{name}, with a sign-in"), signed_in));
    }
    let (page, text) = if REGISTER.iter().any(|info| info.about.id == stage.info().about.id) {
        ("docs/performance.md", include_str!("../../docs/performance.md"))
    } else {
        ("docs/adding-a-platform.md", include_str!("../../docs/adding-a-platform.md"))
    };
    let missing: Vec<_> = rows.into_iter().filter(|row| text.lines().all(|line| line.trim() != row)).collect();
    assert!(missing.is_empty(), "{page} has to say:\n{}", missing.join("\n"));
});
