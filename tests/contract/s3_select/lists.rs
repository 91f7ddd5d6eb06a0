//! Lists: their pages, and what fails about them.

use crate::sandbox::{Call, Fault};
use crate::stage::{every_selecting, not_listed, one, rate_limit};

every_selecting!(a_page_that_cannot_be_read_leaves_nothing_to_choose_from, Latest, |stage| {
    if !stage.traits().many || stage.traits().newest_alone {
        // A queue comes whole, and one page is enough for the newest.
        return;
    }
    let scope = stage.scope((1..=250).map(one));
    scope.sandbox.fault(Call::List, [Fault::Pass, Fault::Status(403)]);
    scope.errs(scope.select("latest"));
});

every_selecting!(a_list_that_fails_for_a_while_is_repeated, Latest, |stage| {
    let bursts = [
        vec![Fault::Status(500), Fault::Status(502)],
        vec![Fault::Html(502), Fault::Reset],
        vec![Fault::Truncated],
        vec![Fault::Html(200)],
        vec![Fault::Garbage(200)],
    ];
    let stands = bursts.map(|faults| {
        let scope = stage.scope([one(1)]);
        scope.sandbox.fault(Call::List, faults);
        scope
    });
    let running = stands.each_ref().map(|scope| scope.select("latest").start());
    for (scope, running) in stands.iter().zip(running) {
        running.wait().ended("canceled", 0);
        assert_eq!(scope.asked(), [1]);
    }
});

every_selecting!(a_rate_limit_on_the_list_is_waited_for, Latest, |stage| {
    let scope = stage.scope([one(1)]);
    scope.sandbox.fault(Call::List, [rate_limit()]);
    scope.cancels(scope.select("latest"), &[1]);
    // Once more than otherwise.
    assert_eq!(scope.lists(), stage.traits().lists + 1);
});

every_selecting!(a_rate_limit_past_the_limit_ends_the_run_at_once, Latest, |stage| {
    let scope = stage.scope([one(1)]);
    scope.sandbox.always(Call::List, Fault::RetryAfter { status: 429, value: "600".to_owned() });
    scope.errs(scope.select("latest"));
    assert_eq!(scope.lists(), 1);
});

every_selecting!(a_list_that_never_makes_sense_is_an_error_and_no_calm, Latest, |stage| {
    let faults = [
        Fault::Html(200),
        Fault::json(200, r#"{"deployments": [{"name": "web"}]}"#),
        Fault::json(200, r#"{"deployments": "none"}"#),
    ];
    let stands = faults.map(|fault| {
        let scope = stage.scope([one(1)]);
        scope.sandbox.always(Call::List, fault);
        scope
    });
    let running = stands.each_ref().map(|scope| scope.select("latest").start());
    for (scope, running) in stands.iter().zip(running) {
        let ran = running.wait();
        ran.ended("error", 1);
        assert_eq!((ran.output("count"), scope.asked().len()), ("0", 0));
    }
});

every_selecting!(a_refused_credential_ends_the_list_at_once, Latest, |stage| {
    let scope = stage.scope([one(1)]);
    scope.sandbox.always(Call::List, Fault::Status(401));
    scope.errs(scope.select("latest"));
    assert_eq!(scope.lists(), 1);
});

every_selecting!(a_list_that_is_forbidden_is_an_error_that_says_what_was_tried, Latest, |stage| {
    let scope = stage.scope([one(1)]);
    scope.sandbox.always(Call::List, Fault::Status(403));
    let ran = scope.errs(scope.select("latest"));
    ran.reasons(&[not_listed(stage)]);
});
