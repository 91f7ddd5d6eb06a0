//! Narrowed to a target.

use crate::stage::{HEAD, every_selecting, on_push, one};

every_selecting!(a_target_narrows_every_rule, All, |stage| {
    if !stage.has_targets() {
        return;
    }
    for (rule, canceled) in [
        ("latest", vec![3]),
        ("commit", vec![1, 3]),
        ("branch", vec![1, 3]),
        ("superseded", vec![1]),
        ("all", vec![1, 3]),
    ] {
        let production = |number| one(number).commit(HEAD).target("production");
        let own = |number| one(number).commit(HEAD);
        let scope = stage.scope([production(1), own(2), production(3), own(4)]);
        scope.cancels(on_push(scope.select(rule), "main", HEAD).input("target", "production"), &canceled);
    }
});

every_selecting!(a_deployment_without_a_target_goes_where_the_platform_sends_it, All, |stage| {
    if !stage.has_targets() {
        return;
    }
    let scope = stage.scope([one(1), one(2).target("production")]);
    scope.cancels(scope.select("all").input("target", stage.usual_target()), &[1]);
});

every_selecting!(a_target_beside_an_id_is_a_guard, Latest, |stage| {
    if !stage.has_targets() {
        return;
    }
    for (target, written, passes) in [
        (None, stage.usual_target(), true),
        (Some("production"), "production", true),
        (Some("production"), stage.usual_target(), false),
        (None, "production", false),
    ] {
        let one = match target {
            Some(target) => one(1).target(target),
            None => one(1),
        };
        let scope = stage.scope([one]);
        let step = scope.step().input("deployment_id", &stage.id(1));
        let step = step.input("target", written);
        if passes {
            scope.cancels(step, &[1]);
        } else {
            scope.errs(step).reasons(&["target", written]);
        }
    }
});

every_selecting!(a_guard_is_no_text_made_fit_to_be_shown, Branch, |stage| {
    let scope = stage.scope([one(1).branch("main\u{fe0f}")]);
    let ran = scope.errs(scope.step().input("deployment_id", &stage.id(1)).input("branch", "main"));
    ran.reasons(&["its branch is main"]);
});
