//! Inputs that do not go together.

use crate::stage::{HEAD, every_platform, every_selecting, on_push, one};
use cancel_deployment::select::Select;

every_selecting!(a_rule_beside_an_id_is_bad_input, Latest, |stage| {
    let scope = stage.scope([one(1)]);
    let step = scope.select("latest").input("deployment_id", &stage.id(1));
    scope.refuses(step, &["`select`", "`deployment_id`"]);
});

every_selecting!(neither_a_rule_nor_an_id_is_bad_input_that_names_both, Latest, |stage| {
    if !stage.needs_id() {
        return;
    }
    let scope = stage.scope([one(1)]);
    scope.refuses(scope.step(), &["`deployment_id`", "`select`"]);
});

every_selecting!(a_branch_beside_a_rule_that_does_not_use_it_is_bad_input, Latest, |stage| {
    for rule in stage.rules(["latest", "commit", "all"]) {
        let scope = stage.scope([one(1).commit(HEAD)]);
        let step = on_push(scope.select(rule), "main", HEAD);
        scope.refuses(step.input("branch", "main"), &["`branch`"]);
    }
});

every_selecting!(a_branch_cannot_narrow_where_deployments_carry_none, Superseded, |stage| {
    if stage.has_branches() {
        return;
    }
    let scope = stage.scope([one(1), one(2)]);
    scope.refuses(scope.select("superseded").input("branch", "main"), &["`branch`"]);
});

every_selecting!(a_commit_beside_a_rule_that_does_not_use_it_is_bad_input, Latest, |stage| {
    for rule in stage.rules(["latest", "branch", "superseded", "all"]) {
        let scope = stage.scope([one(1).commit(HEAD)]);
        let step = on_push(scope.select(rule), "main", HEAD);
        scope.refuses(step.input("commit", HEAD), &["`commit`"]);
    }
});

every_selecting!(a_rule_needs_its_scope, Latest, |stage| {
    let asked = stage.select_inputs().unwrap().first().map(|(name, _)| *name);
    let needed = asked.or(stage.unknown_scope().map(|(name, _)| name)).unwrap();
    for rule in stage.rules(["latest", "commit", "branch", "superseded", "all"]) {
        let scope = stage.scope([one(1).commit(HEAD)]);
        let step = on_push(scope.select(rule), "main", HEAD);
        let step = step.without(&format!("INPUT_{}", needed.to_uppercase()));
        scope.refuses(step, &[&format!("`{needed}`")]);
    }
});

every_platform!(a_rule_that_a_platform_cannot_follow_names_what_to_use_instead, |stage| {
    for rule in Select::ALL.into_iter().filter(|rule| !stage.selects(*rule)) {
        let scope = stage.scope([one(1)]);
        let step = on_push(scope.select(rule.word()), "main", HEAD);
        let says = format!("cannot be `{}`", rule.word());
        scope.refuses(step, &["`select`", &says, stage.info().no_select]);
    }
});

every_platform!(guards_that_a_platform_cannot_check_are_bad_input, |stage| {
    if stage.selects(Select::Commit) {
        return;
    }
    for (guard, value) in [("branch", "main"), ("commit", HEAD)] {
        let scope = stage.scope([one(1)]);
        let step = scope.step().input("deployment_id", &stage.id(1)).input(guard, value);
        scope.refuses(step, &[&format!("`{guard}`")]);
    }
});
