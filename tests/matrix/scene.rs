//! One run of a cell: the sandbox with its deployment, the step, and everything that is checked afterwards.

use std::time::Duration;

use crate::cells::{Cell, Course, Length, Phase, Row, Variant, platforms, stand};
use crate::inside;
use crate::oracle::{Ends, Expected, Sense, expect};
use crate::sandbox::{self, Authority, Call, Fault, Nobody, Papers, Sandbox, digitalocean};
use crate::step::{Ran, Step};

/// How much later than its limit a run may end.
const GRACE: Duration = Duration::from_secs(2);
/// A run that has to end at once needs no longer.
const AT_ONCE: Duration = Duration::from_secs(1);
/// The last read begins that much before the limit, and ends by it.
const LAST_READ: Duration = Duration::from_millis(1500);

/// What a deployment is called, and its words on its way.
struct Words {
    id: String,
    running: &'static str,
    /// Asked to stop, and not yet stopped.
    stopping: &'static str,
    canceled: &'static str,
    live: &'static str,
}

fn words(platform: &str) -> Words {
    let stand = stand(platform);
    let running = stand.shown("running");
    Words {
        id: stand.id(1),
        running,
        stopping: stand.word("canceling").unwrap_or(running),
        canceled: stand.shown("canceled"),
        live: stand.shown("succeeded"),
    }
}

/// Puts the deployment of this course on the platform.
fn add(sandbox: &Sandbox, platform: &str, course: Course) {
    let stand = stand(platform);
    let states = match course {
        // Whatever reads before the request and one after it have seen it running.
        Course::Races => vec!["running", "running", "succeeded"],
        Course::Obeys | Course::GoesLive => vec!["running"],
    };
    let stopping = if stand.has("canceling") { "canceling" } else { "running" };
    let end = if course == Course::Obeys { "canceled" } else { "succeeded" };
    stand.put(sandbox, 1, &sandbox::Course::of(&states).then(&[stopping, end]));
}

/// The step that meets the fault.
fn step(platform: &str, phase: Phase, api_url: &str, limit: Duration) -> Step {
    let stand = stand(platform);
    let step = Step::github()
        .input("platform", platform)
        .input("api_url", api_url)
        .input("timeout", &limit.as_secs().to_string())
        .input("wait", if phase == Phase::Ask { "false" } else { "true" });
    let mut inputs = stand.inputs();
    if phase == Phase::SignIn {
        inputs.retain(|(name, _)| *name != stand.token());
        inputs.extend(stand.sign_in_inputs().expect("a sign-in"));
    }
    if phase == Phase::List {
        inputs.extend(stand.select_inputs().expect("a list"));
        inputs.push(("select", "all"));
    }
    let step = inputs.into_iter().fold(step, |step, (name, value)| step.input(name, value));
    let step = stand.secrets().iter().fold(step, |step, text| step.secret(text));
    // Without an id what runs in its scope is meant, where that is possible.
    if phase == Phase::List || !stand.needs_id() { step } else { step.input("deployment_id", &stand.id(1)) }
}

/// Lays the fault in the way of the requests of the phase.
fn lay(sandbox: &Sandbox, variant: Variant, pause: Duration, elsewhere: &str) {
    let phase = variant.cell.phase;
    let fault = variant.cell.row.fault(variant.processed, pause, elsewhere);
    let spared = vec![Fault::Pass; phase.spared(variant.cell.platform)];
    sandbox.fault(phase.call(), spared);
    match variant.length {
        Length::Endless => sandbox.always(phase.call(), fault),
        length => sandbox.fault(phase.call(), vec![fault; length.many(phase)]),
    };
}

/// Runs a variant inside this process, checks it, and says what came of it.
pub fn run_inside(variant: Variant) -> String {
    let pause = Duration::from_secs(30);
    let limit = Duration::from_secs(120);
    let platform = variant.cell.platform;
    let sandbox = Sandbox::without_server();
    add(&sandbox, platform, variant.course);
    lay(&sandbox, variant, pause, "https://elsewhere.example");
    let step = step(platform, variant.cell.phase, &sandbox.url(platform), limit);
    let (ran, took) = inside::run(step, &sandbox);
    let expected = expect(variant);
    let scene = Checked { variant, expected, ran: &ran, sandbox: &sandbox };
    scene.check();
    assert!(took <= limit + GRACE, "took {took:?}");
    match expected.ends {
        Ends::AtOnce => assert!(took < AT_ONCE, "waited {took:?}"),
        Ends::Before => assert!(took < limit - LAST_READ, "waited {took:?} for nothing"),
        Ends::At => assert!(took >= limit - LAST_READ, "gave up after {took:?}"),
        Ends::By => {}
    }
    // Headers have whole seconds, and the clock of this machine goes on while the run's stands.
    scene.check_pause(pause - Duration::from_secs(10));
    ran.output("outcome").to_owned()
}

/// Whatever is waited for, and however long: the log never says nothing for more than a minute.
pub fn check_signs_of_life(platform: &'static str) {
    let (pause, limit) = (Duration::from_secs(400), Duration::from_secs(600));
    let phases = [Phase::List, Phase::Read, Phase::Cancel, Phase::Watch];
    let phases = phases.into_iter().filter(|phase| *phase != Phase::List || stand(platform).select_inputs().is_some());
    for (row, phase) in phases.flat_map(|phase| [(Row::Endless503, phase), (Row::RetrySeconds, phase)]) {
        let variant = Variant {
            cell: Cell { row, phase, platform },
            length: Length::Endless,
            processed: false,
            course: Course::Obeys,
        };
        let sandbox = Sandbox::without_server();
        add(&sandbox, platform, variant.course);
        lay(&sandbox, variant, pause, "https://elsewhere.example");
        let step = step(platform, phase, &sandbox.url(platform), limit);
        check_silence(&inside::run(step, &sandbox));
    }
}

/// The same for a deployment that does not appear.
pub fn check_signs_of_life_while_nothing_appears() {
    let sandbox = Sandbox::without_server();
    sandbox.add(digitalocean::App::new("app-1", "shop"));
    let limit = Duration::from_secs(600);
    let step = step("digitalocean", Phase::List, &sandbox.url("digitalocean"), limit).input("appear_within", "500");
    let run = inside::run(step, &sandbox);
    assert!(run.1 >= Duration::from_secs(500), "{:?}", run.1);
    check_silence(&run);
}

fn check_silence((ran, took): &(Ran, Duration)) {
    let at = |line: &str| line.split_once(" s  ")?.0.trim().parse::<f64>().ok();
    let mut before = 0.0;
    for now in ran.stdout.lines().filter_map(at).chain([took.as_secs_f64()]) {
        assert!(now - before <= 60.2, "{before} to {now}:\n{}", ran.stdout);
        before = now;
    }
}

/// The runs that go through the real binary: each row on each platform, in turn with another phase, length, side of
/// the processing and course. Left out is what a wire cannot show, or only in minutes: see `can_be_outside`.
pub fn outside() -> Vec<Variant> {
    let mut runs = Vec::new();
    for (number, row) in Row::ALL.into_iter().enumerate() {
        for (place, (platform, _)) in platforms().enumerate() {
            let cells = Phase::ALL.map(|phase| Cell { row, phase, platform });
            let mut all = Vec::new();
            for cell in cells.into_iter().filter(|cell| cell.why_not().is_none()) {
                let variants: Vec<_> = cell.variants().filter(|one| can_be_outside(*one)).collect();
                if !variants.is_empty() {
                    all.push(variants);
                }
            }
            let variants = &all[(number + 2 * place) % all.len()];
            runs.push(variants[(number + place) % variants.len()]);
        }
    }
    runs
}

/// Whether a real connection can show it within seconds.
fn can_be_outside(variant: Variant) -> bool {
    let Cell { row, phase, .. } = variant.cell;
    match phase {
        // Whether somebody listens, and with which certificate, holds for a whole run. A sign-in host is one of its own,
        // and the one in the sandbox is not.
        _ if row.is_about_the_way() => matches!(phase, Phase::List | Phase::Read) && variant.length == Length::Endless,
        // A client's patience with one request is longer than these runs: the first one takes all the time there is.
        _ if row.is_slow() => !phase.is_asking() && variant.length == Length::Endless,
        _ => true,
    }
}

/// No row, no phase and no platform of the table is without a run through the real binary.
pub fn check_outside() {
    let runs = outside();
    for cell in Cell::all().filter(|cell| cell.why_not().is_none()) {
        let column = runs.iter().any(|run| run.cell.phase == cell.phase && run.cell.platform == cell.platform);
        assert!(column, "no run for {} on {}", cell.phase.name(), cell.platform);
        let row = runs.iter().any(|run| run.cell.row == cell.row);
        assert!(row, "no run for {}", cell.row.name());
    }
}

/// Runs a variant through the real binary and real connections, and checks it.
pub fn run_outside(variant: Variant) {
    let Cell { row, phase, platform } = variant.cell;
    let expected = expect(variant);
    let is_endless = matches!(expected.ends, Ends::At | Ends::By);
    let limit = Duration::from_secs(if is_endless { 3 } else { 15 });
    let authority = Authority::new();
    let sandbox = match row {
        Row::Untrusted => Sandbox::start_tls(authority.acceptor(Papers::Good)),
        Row::Expired => Sandbox::start_tls(authority.acceptor(Papers::Expired)),
        _ => Sandbox::start(),
    };
    let (other, nobody) = (Sandbox::start(), Nobody::new());
    add(&sandbox, platform, variant.course);
    let api_url = match row {
        Row::Refused => format!("http://{}/{platform}", nobody.address()),
        Row::UnknownName => format!("https://nobody.invalid/{platform}"),
        _ => sandbox.url(platform),
    };
    if !row.is_about_the_way() {
        let pause = Duration::from_secs(2);
        lay(&sandbox, variant, pause, &other.url(platform));
    }
    let mut step = step(platform, phase, &api_url, limit);
    if row == Row::Expired {
        step = step.input("ca_cert", authority.pem());
    }
    let ran = step.run();
    let scene = Checked { variant, expected, ran: &ran, sandbox: &sandbox };
    scene.check();
    scene.check_pause(Duration::from_millis(500));
    assert!(other.requests().is_empty(), "another host was sent a request");
}

/// What came of a run, and what it is held against.
struct Checked<'a> {
    variant: Variant,
    expected: Expected,
    ran: &'a Ran,
    sandbox: &'a Sandbox,
}

impl Checked<'_> {
    /// What holds for every cell. That no secret is anywhere, and no output missing, is checked wherever a step runs.
    fn check(&self) {
        let Self { variant, expected, ran, .. } = self;
        let log = format!("\n{variant:?}\n{expected:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran.ended(expected.outcome, expected.code);
        let Words { id, .. } = words(variant.cell.platform);
        let effective = self.sandbox.effective_cancels(&id);
        assert_eq!(effective, expected.effective, "effective requests{log}");
        let sends = self.sandbox.count(Call::Cancel);
        assert!(expected.sends.is_none_or(|many| many == sends), "{sends} requests{log}");
        self.check_truth(&log);
        self.check_outputs(&log);
    }

    /// The reported end is the true one, and no end is reported that is none.
    fn check_truth(&self, log: &str) {
        let Words { id, running, stopping, canceled, live } = words(self.variant.cell.platform);
        let truth = self.sandbox.truth(self.variant.cell.platform, &id);
        let output = |name: &str| self.ran.output(name);
        let (outcome, went_live) = match truth.as_str() {
            word if word == canceled => ("canceled", "false"),
            word if word == live => ("completed", "true"),
            _ => ("", "unknown"),
        };
        if matches!(output("outcome"), "canceled" | "completed") {
            assert_eq!(output("outcome"), outcome, "in truth it is {truth}{log}");
            assert_eq!(output("platform_state"), truth, "{log}");
            assert_eq!(output("went_live"), went_live, "{log}");
        } else {
            let shown = output("platform_state");
            let known = ["", running, stopping];
            assert!(known.contains(&shown), "{shown} is no state of one that goes on{log}");
            // Also without a list: who saw nothing knows nothing.
            assert_eq!(output("went_live"), "unknown", "{log}");
        }
        let is_canceled = output("outcome") == "canceled";
        assert_eq!(output("canceled"), is_canceled.to_string(), "{log}");
    }

    /// Every output says something, and says it about this deployment.
    fn check_outputs(&self, log: &str) {
        let Words { id, .. } = words(self.variant.cell.platform);
        let output = |name: &str| self.ran.output(name);
        let nothing_listed = self.variant.cell.phase == Phase::List && output("outcome") == "error";
        let count = if nothing_listed { "0" } else { "1" };
        assert_eq!(output("count"), count, "{log}");
        let canceled = if output("canceled") == "true" { "1" } else { "0" };
        assert_eq!(output("canceled_count"), canceled, "{log}");
        assert!(output("reason").ends_with('.'), "{log}");
        assert!(output("duration_seconds").parse::<f64>().is_ok(), "{log}");
        let told = self.ran.deployments();
        assert_eq!(told.len().to_string(), count, "{log}");
        let Some(told) = told.first() else { return };
        for name in ["outcome", "state", "platform_state", "previous_state", "reason"] {
            let told = told[name].as_str().unwrap_or_default();
            assert_eq!(told, output(name), "{name}{log}");
        }
        let was_read = !output("platform_state").is_empty();
        let is_named = output("deployment_id") == id;
        assert!(is_named || !was_read, "{} is not {id}{log}", output("deployment_id"));
        let asked = self.sandbox.count(Call::Cancel) > 0;
        assert!(asked || told["http_status"].is_null(), "{log}");
    }

    /// Nothing of that kind is sent before the time that a 429 named.
    fn check_pause(&self, least: Duration) {
        if Sense::of(self.variant.cell) != Sense::Limited {
            return;
        }
        let phase = self.variant.cell.phase;
        let seen = self.sandbox.requests();
        let of_phase: Vec<_> = seen.iter().filter(|seen| seen.call == phase.call()).collect();
        let met = phase.spared(self.variant.cell.platform);
        for pair in of_phase[met..].windows(2).take(1) {
            let gap = pair[1].at.duration_since(pair[0].at);
            assert!(gap >= least, "asked again after {gap:?}");
        }
    }
}
