//! The address of a page as `deployment_id`: it stands for an id and for what holds it, by one rule on every platform.

use url::Url;

use crate::sandbox::{Addressed, Call, One, Sandbox};
use crate::stage::{Stage, every_platform};
use crate::step::Step;

/// A platform with two deployments in flight, and how addresses name them there; `None` where it takes none.
fn addressed(stage: Stage) -> Option<(&'static Addressed, Sandbox)> {
    let addressed = stage.addressed()?;
    let sandbox = Sandbox::start();
    stage.put_scopes(&sandbox);
    for number in 1..=2 {
        stage.put_addressed(&sandbox, &One::new(number, crate::sandbox::COMMIT));
    }
    Some((addressed, sandbox))
}

/// The address of the deployment with that number, as one of its own holder or of another one.
fn address(stage: Stage, addressed: &Addressed, sandbox: &Sandbox, (holder, number): (usize, usize)) -> String {
    let id = stage.id(number);
    (addressed.address)(&sandbox.url(stage.name()), addressed.holders[holder], id.strip_prefix("dpl_").unwrap_or(&id))
}

/// A step that leaves it to these ids what holds them.
fn step(stage: Stage, addressed: &Addressed, sandbox: &Sandbox, ids: &[&str]) -> Step {
    let step = stage.step_at(&sandbox.url(stage.name()));
    let step = step.without(&format!("INPUT_{}", addressed.input.to_uppercase()));
    step.input("deployment_id", &ids.join(","))
}

/// The same address as people may come to have it.
fn forms(address: &str, holder: &str) -> Vec<String> {
    let url = || Url::parse(address).unwrap();
    let (scheme, rest) = address.split_once("://").unwrap();
    let host = url().host_str().unwrap().to_owned();
    let mut slashed = url();
    slashed.set_path(&format!("{}/", url().path()));
    let mut twice = url();
    twice.set_path(&url().path().replacen('/', "//", 1));
    let mut asked = url();
    asked.query_pairs_mut().append_pair("back", "x");
    asked.set_fragment(Some("L7"));
    let encoded = address.replace(holder, &format!("%{:02x}{}", holder.as_bytes()[0], &holder[1..]));
    let mut forms = vec![
        rest.to_owned(),
        format!("{rest}{}back=https://www.example.com/x", if rest.contains('?') { '&' } else { '?' }),
        address.replace(&host, &host.to_uppercase()),
        format!("{}://{rest}", scheme.to_uppercase()),
        slashed.into(),
        twice.into(),
        asked.into(),
        encoded,
    ];
    if url().port().is_none() {
        forms.push(address.replace(&host, &format!("{host}:443")));
        forms.push(format!("http://{rest}"));
        forms.push(format!("https://www.{rest}"));
    }
    forms
}

every_platform!(an_address_is_read_however_people_have_copied_it, |stage| {
    let Some((known, sandbox)) = addressed(stage) else { return };
    let page = address(stage, known, &sandbox, (0, 1));
    for form in forms(&page, known.holders[0]) {
        let step = step(stage, known, &sandbox, &[&form]).var(known.usual.0, known.usual.1);
        let ran = step.input("dry_run", "true").run();
        assert_eq!((ran.output("outcome"), ran.output("deployment_id")), ("dry_run", &*stage.id(1)), "{form}");
    }
});

every_platform!(an_address_that_only_looks_like_one_is_refused, |stage| {
    let Some((known, sandbox)) = addressed(stage) else { return };
    let page = address(stage, known, &sandbox, (0, 1));
    let (scheme, rest) = page.split_once("://").unwrap();
    let url = Url::parse(&page).unwrap();
    let place = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let host = url.host_str().unwrap();
    for wrong in [
        format!("{scheme}://user:pw@{rest}"),
        format!("user@{rest}"),
        page.replace(place, &format!("{host}:8443")),
        format!("ftp://{rest}"),
        page.replace(place, "www.example.com:8443"),
    ] {
        if known.others_are_ids && !wrong.contains(host) {
            continue;
        }
        let step = step(stage, known, &sandbox, &[&wrong]).var(known.usual.0, known.usual.1);
        let ran = step.run();
        assert_eq!((ran.output("outcome"), ran.code), ("error", 2), "{wrong}: {}", ran.stdout);
        assert!(ran.stdout.contains("`deployment_id`"), "{wrong}: {}", ran.stdout);
        assert!(sandbox.requests().is_empty(), "{wrong}");
    }
    // The host of a deployment may have any name on some platforms, and others take any text for an id: it leads to none
    // of ours.
    for elsewhere in [page.replace(place, &format!("{host}.evil.example")), page.replace(place, "www.example.com:8443")]
    {
        step(stage, known, &sandbox, &[&elsewhere]).run();
        assert_eq!(sandbox.count(Call::Cancel), 0);
    }
});

every_platform!(a_written_holder_must_not_contradict_an_address, |stage| {
    let Some((known, sandbox)) = addressed(stage) else { return };
    let page = address(stage, known, &sandbox, (0, 1));
    let is_another = format!("`{}` is another {} than in the address in `deployment_id`", known.input, known.noun());
    for ids in [vec![page.as_str()], vec![&page, &stage.id(2)], vec![&stage.id(2), &page]] {
        let step = step(stage, known, &sandbox, &ids).input(known.input, known.holders[1]);
        step.refused(&sandbox, &[&is_another, known.holders[0]]);
    }
    let step = step(stage, known, &sandbox, &[&page]).input(known.input, known.holders[0]);
    step.run().ended("canceled", 0);
});

every_platform!(addresses_of_two_holders_are_not_for_one_run, |stage| {
    let Some((known, sandbox)) = addressed(stage).filter(|(known, _)| known.is_for_one) else { return };
    let [one, other] = [(0, 1), (1, 2)].map(|at| address(stage, known, &sandbox, at));
    for ids in [vec![one.as_str(), &other], vec![&one, &stage.id(2), &other]] {
        let words = format!("more than one {} ({}, {})", known.noun(), known.holders[0], known.holders[1]);
        step(stage, known, &sandbox, &ids).refused(&sandbox, &["`deployment_id`", &words]);
    }
});

every_platform!(what_is_no_address_is_of_the_usual_holder, |stage| {
    let Some((known, sandbox)) = addressed(stage) else { return };
    let page = address(stage, known, &sandbox, (0, 1));
    let step = step(stage, known, &sandbox, &[&page, &stage.id(2)]).var(known.usual.0, known.usual.1);
    let ran = step.run();
    match (known.is_for_one, known.usual.1 == known.holders[1]) {
        (true, true) => {
            ran.ended("error", 2).says(&format!("{} as in {}", known.usual.1, known.usual.0));
            assert!(sandbox.requests().is_empty());
        }
        // Whether an id and a name are those of one only the platform knows.
        (true, false) => drop(ran.ended("canceled", 0).tells("canceled_count", "2")),
        (false, _) => {
            ran.ended("error", 1);
            assert_eq!((sandbox.effective_cancels(&stage.id(1)), sandbox.effective_cancels(&stage.id(2))), (1, 0));
        }
    }
});

every_platform!(two_addresses_of_one_deployment_must_agree, |stage| {
    for order in [[0, 1], [1, 0]] {
        let Some((known, sandbox)) = addressed(stage) else { return };
        let ids = order.map(|holder| address(stage, known, &sandbox, (holder, 1)));
        let ran = step(stage, known, &sandbox, &[&ids[0], &ids[1]]).run();
        ran.ended("error", if known.is_for_one { 2 } else { 1 });
        assert_eq!(sandbox.count(Call::Cancel), 0);
    }
});

every_platform!(what_is_to_be_put_back_must_not_be_of_another_holder, |stage| {
    let Some((known, sandbox)) = addressed(stage).filter(|_| stage.way_back().is_some()) else { return };
    let [ours, other] = [(0, 1), (1, 2)].map(|at| address(stage, known, &sandbox, at));
    let back =
        |ids: &[&str]| step(stage, known, &sandbox, ids).input("if_live", "roll_back").input("roll_back_to", &other);
    if known.is_for_one {
        let words = format!("{}, {} as in `roll_back_to`", known.holders[0], known.holders[1]);
        back(&[&ours]).refused(&sandbox, &["`deployment_id`", &words]);
    }
    let words = format!("is another {} than in the address in `roll_back_to`", known.noun());
    back(&[&stage.id(1)]).input(known.input, known.holders[0]).refused(&sandbox, &[&words, known.holders[1]]);
});
