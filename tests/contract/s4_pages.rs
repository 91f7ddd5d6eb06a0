//! The pages of a list, by one rule on every platform: an answer that is too large or too slow is asked for again in
//! smaller pages, a list comes to an end, and a next page is the next one.

use serde_json::{Value, json};

use crate::sandbox::datadog::{API_KEY, QUERY};
use crate::sandbox::{Call, Fault, Sandbox, Seen, TOKEN};
use crate::sandbox::{cloud_foundry, datadog, digitalocean, railway, render, vercel};
use crate::step::{Ran, Step};

/// A platform whose lists have pages.
#[derive(Clone, Copy)]
struct Pages {
    name: &'static str,
    /// What counts the items of a page, and how many are asked for at first and after that.
    size: &'static str,
    sizes: [u32; 3],
    add: fn(&Sandbox),
    step: fn(Step) -> Step,
    /// An answer with one deployment in flight that says it goes on at this page, whatever was asked for.
    page: fn(number: u32, next: u32) -> Value,
}

const ALL: [Pages; 6] = [
    Pages {
        name: "digitalocean",
        size: "per_page",
        sizes: [50, 10, 1],
        add: |sandbox| {
            sandbox.add(digitalocean::Deployment::new("app-1", "dep-1"));
        },
        step: |step| step.input("app_id", "app-1"),
        page: |number, next| {
            json!({
                "deployments": [{ "id": format!("dep-{number}"), "phase": "BUILDING" }],
                "links": { "pages": { "next": format!("https://api.digitalocean.com/v2/apps/app-1/deployments?page={next}") } },
            })
        },
    },
    Pages {
        name: "cloud_foundry",
        size: "per_page",
        sizes: [200, 20, 1],
        add: |sandbox| {
            sandbox.add(cloud_foundry::Deployment::new("dep-1"));
        },
        step: |step| step.input("app_id", cloud_foundry::APP),
        page: |number, next| {
            json!({
                "resources": [{
                    "guid": format!("dep-{number}"), "status": { "value": "ACTIVE", "reason": "DEPLOYING" },
                    "relationships": { "app": { "data": { "guid": cloud_foundry::APP } } },
                }],
                "pagination": { "next": { "href": format!("https://api.example.org/v3/deployments?page={next}") } },
            })
        },
    },
    Pages {
        name: "datadog",
        size: "page_size",
        sizes: [100, 10, 1],
        add: |sandbox| {
            sandbox.add(datadog::Deployment::v2("a7Q-3mX-001").created_at(1_786_000_001));
        },
        step: |step| {
            step.without("INPUT_TOKEN")
                .input("api_key", API_KEY)
                .input("app_key", TOKEN)
                .input("query", QUERY)
                .secret(API_KEY)
        },
        page: |number, _| {
            json!({
                "data": [{ "id": format!("a7Q-3mX-{number:03}"), "attributes": { "status": "running", "query": QUERY } }],
                "meta": { "page": { "total_count": 100_000 } },
            })
        },
    },
    Pages {
        name: "vercel",
        size: "limit",
        sizes: [100, 10, 1],
        add: |sandbox| {
            sandbox.add(vercel::Deployment::new("prj_1", "web", "dpl_1"));
        },
        step: |step| step.input("project_id", "prj_1"),
        page: |number, next| {
            json!({
                "deployments": [{ "uid": format!("dpl_{number}"), "state": "BUILDING", "projectId": "prj_1" }],
                // It goes back in time.
                "pagination": { "next": 1_000_000 - next },
            })
        },
    },
    Pages {
        name: "render",
        size: "limit",
        sizes: [100, 10, 1],
        add: |sandbox| {
            sandbox.add(render::Deploy::new(render::SERVICE, "dep-1"));
        },
        step: |step| step.input("service_id", render::SERVICE),
        page: |number, next| {
            let deploy = json!({ "id": format!("dep-{number}"), "status": "build_in_progress" });
            // One that is not full is the last one.
            Value::Array(vec![json!({ "deploy": deploy, "cursor": format!("c-{next}") }); 100])
        },
    },
    Pages {
        name: "railway",
        size: "first",
        sizes: [100, 10, 1],
        add: |sandbox| {
            sandbox.add(railway::Deployment::new(1));
        },
        step: |step| {
            let step = step.without("INPUT_TOKEN").input("api_token", TOKEN).input("project_id", railway::PROJECT);
            step.input("environment_id", railway::ENVIRONMENT).input("service_id", railway::SERVICE)
        },
        page: |number, next| {
            json!({ "data": { "deployments": {
                "edges": [{ "node": {
                    "id": railway::id(usize::try_from(number).unwrap()), "status": "BUILDING",
                    "projectId": railway::PROJECT, "environmentId": railway::ENVIRONMENT, "serviceId": railway::SERVICE,
                } }],
                "pageInfo": { "hasNextPage": true, "endCursor": format!("cursor-{next}") },
            } } })
        },
    },
];

impl Pages {
    fn sandbox(&self) -> Sandbox {
        let sandbox = Sandbox::start();
        (self.add)(&sandbox);
        sandbox
    }

    fn step(&self, sandbox: &Sandbox) -> Step {
        let step = Step::on(sandbox, self.name).input("select", "all").input("timeout", "60");
        (self.step)(step)
    }
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

/// Runs every platform with each of these faults in the way of all its lists, all at the same time.
fn together(faults: impl Fn(&Pages) -> Vec<Fault>) -> Vec<(Pages, Sandbox, Ran)> {
    let mut running = Vec::new();
    for pages in ALL {
        for fault in faults(&pages) {
            let sandbox = pages.sandbox();
            sandbox.always(Call::List, fault);
            let run = pages.step(&sandbox).start();
            running.push((pages, sandbox, run));
        }
    }
    let ends = running.into_iter();
    ends.map(|(pages, sandbox, run)| (pages, sandbox, run.wait())).collect()
}

#[test]
fn an_answer_that_is_too_large_or_too_slow_is_asked_for_again_in_smaller_pages() {
    for pages in ALL {
        for fault in [Fault::Huge, Fault::Status(504)] {
            let sandbox = pages.sandbox();
            sandbox.fault(Call::List, [fault.clone(), fault]);
            pages.step(&sandbox).run().ended("canceled", 0);
            let sizes = sizes(&sandbox, Call::List, pages.size);
            assert_eq!(sizes.get(..3), Some(&pages.sizes[..]), "{}", pages.name);
        }
    }
}

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

#[test]
fn one_that_is_too_large_alone_is_an_error_that_blames_nobody() {
    for (_, sandbox, ran) in together(|_| vec![Fault::Huge]) {
        ran.ended("error", 1);
        ran.reasons(&["larger than 16 MiB"]);
        assert!(!ran.stdout.contains("proxy"), "{}", ran.stdout);
        assert_eq!(sandbox.count(Call::Cancel), 0);
    }
}

#[test]
fn a_list_is_read_up_to_two_hundred_pages() {
    for pages in ALL {
        let sandbox = pages.sandbox();
        let endless = (1..=250).map(|number| (pages.page)(number, number + 1));
        sandbox.fault(Call::List, endless.map(|body| Fault::json(200, &body.to_string())));
        pages.step(&sandbox).run().ended("error", 1).reasons(&["200 pages"]).says("`deployment_id`");
        assert_eq!((sandbox.count(Call::List), sandbox.count(Call::Cancel)), (200, 0));
    }
}

#[test]
fn a_next_page_that_is_not_the_next_one_is_unreadable() {
    // The same link again, and one that leads on to the same page again.
    let faults = |pages: &Pages| {
        let bodies = [(pages.page)(1, 1), (pages.page)(1, 2)];
        bodies.map(|body| Fault::json(200, &body.to_string())).to_vec()
    };
    for (_, sandbox, ran) in together(faults) {
        ran.ended("error", 1);
        ran.reasons(&["its next page is not the next one"]);
        assert_eq!(sandbox.count(Call::Cancel), 0);
    }
}
