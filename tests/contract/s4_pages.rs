//! The pages of a list, by one rule on every platform: an answer that is too large or too slow is asked for again in
//! smaller pages, a list comes to an end, and a next page is the next one.

use serde_json::Value;

use crate::sandbox::{Call, Fault, Pages, Sandbox, Seen, digitalocean};
use crate::stage::{Scope, Stage, every_selecting, one};
use crate::step::Step;

/// A scope with one deployment in flight, where a list comes in pages.
fn listed(stage: Stage) -> Option<(Pages, Scope)> {
    let pages = stage.about().choice?.pages?;
    Some((pages, stage.scope([one(1)])))
}

/// A page that leads to the next one in both ways: by what it says, and by the header that some platforms look at.
fn page(pages: &Pages, number: usize, next: usize) -> Fault {
    let link = format!("<https://api.example.com/deployments?page={next}>; rel=\"next\"");
    Fault::Reply {
        status: 200,
        content_type: "application/json".to_owned(),
        headers: vec![("link".to_owned(), link)],
        body: (pages.page)(number, next).to_string().into_bytes(),
    }
}

/// The step that cancels everything there.
fn all(scope: &Scope) -> Step {
    scope.select("all").input("timeout", "60")
}

/// How many items were asked for, request by request; `name` is the parameter that says it.
fn sizes(sandbox: &Sandbox, call: Call, name: &str) -> Vec<u32> {
    let seen = sandbox.requests().into_iter();
    let size = |seen: Seen| {
        let mut pairs = url::form_urlencoded::parse(seen.query.as_bytes());
        let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        let in_body = body["variables"][name].as_u64().map(|size| u32::try_from(size).unwrap());
        pairs.find(|(known, _)| known == name).map_or(in_body, |(_, size)| size.parse().ok())
    };
    seen.filter(|seen| seen.call == call).filter_map(size).collect()
}

every_selecting!(an_answer_that_is_too_large_or_too_slow_is_asked_for_again_in_smaller_pages, All, |stage| {
    for fault in [Fault::Huge, Fault::Status(504)] {
        let Some((pages, scope)) = listed(stage) else { return };
        scope.sandbox.fault(Call::List, [fault.clone(), fault]);
        all(&scope).run().ended("canceled", 0);
        assert_eq!(sizes(&scope.sandbox, Call::List, pages.size).get(..3), Some(&pages.sizes[..]));
    }
});

#[test]
fn a_name_is_looked_up_in_smaller_pages_as_well() {
    // An app carries its own specification, and up to two deployments with theirs.
    let sandbox = Sandbox::start();
    sandbox.add(digitalocean::App::new("app-9", "other"));
    sandbox.add(digitalocean::App::new("app-1", "web"));
    sandbox.add(digitalocean::Deployment::new("app-1", "dep-1"));
    sandbox.fault(Call::Scope, [Fault::Huge, Fault::Huge]);
    Step::on(&sandbox, "digitalocean").input("app_name", "web").input("select", "all").run().ended("canceled", 0);
    assert_eq!(sizes(&sandbox, Call::Scope, "per_page"), [50, 10, 1, 1]);
}

every_selecting!(one_that_is_too_large_alone_is_an_error_that_blames_nobody, All, |stage| {
    let Some((_, scope)) = listed(stage) else { return };
    scope.sandbox.always(Call::List, Fault::Huge);
    let ran = scope.errs(all(&scope));
    ran.reasons(&["larger than 16 MiB"]);
    assert!(!ran.stdout.contains("proxy"), "{}", ran.stdout);
});

every_selecting!(a_list_is_read_up_to_two_hundred_pages, All, |stage| {
    let Some((pages, scope)) = listed(stage) else { return };
    if stage.traits().newest_alone {
        return;
    }
    scope.sandbox.fault(Call::List, (1..=250).map(|number| page(&pages, number, number + 1)));
    scope.errs(all(&scope)).reasons(&["200 pages"]).says("`deployment_id`");
    assert_eq!(scope.lists(), 200);
});

every_selecting!(a_next_page_that_is_not_the_next_one_is_unreadable, All, |stage| {
    // The same link again, and one that leads on to the same page again.
    for next in [1, 2] {
        let Some((pages, scope)) = listed(stage) else { return };
        scope.sandbox.always(Call::List, page(&pages, 1, next));
        scope.errs(all(&scope)).reasons(&["its next page is not the next one"]);
    }
});
