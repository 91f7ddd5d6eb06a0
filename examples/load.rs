//! A sandbox to measure against: `cargo run --profile bench --example load -- FOLDER 1000 30` puts 1000 deployments
//! there, answers after 30 ms, and prints the variables that a run needs.
//!
//! The arguments behind `FOLDER`, which gets the certificate `ca.pem`, make a scene, and so does every line of the input:
//! `COUNT MILLISECONDS COURSE SCHEME PLATFORM`, where `1 0 canceled https digitalocean` stands for what is missing. A scene
//! begins with a sandbox that nobody has asked yet. Its variables end with the line `ready`; before the next scene, and at
//! the end, a line `seen` tells in JSON how many connections there were, and which requests, by path, at which second since 1970.
//!
//! It ends when its input does, at most after an hour.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]
#![allow(clippy::expect_used, reason = "a broken sandbox has to break what uses it")]

#[path = "../tests/sandbox/mod.rs"]
mod sandbox;

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sandbox::{Acceptor, Authority, Call, Course, Fault, Papers, STANDS, Sandbox};
use serde_json::json;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("a folder for the certificate");
    let first = arguments.collect::<Vec<_>>().join(" ");
    let authority = Authority::new();
    let certificate = format!("{folder}/ca.pem");
    std::fs::write(&certificate, authority.pem()).expect("a folder that can be written to");
    let acceptor = authority.acceptor(Papers::Good);

    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        let read = std::io::stdin().lines().map_while(Result::ok);
        read.for_each(|line| drop(sender.send(line)));
    });
    let end = Instant::now() + Duration::from_secs(3600);
    let mut scene = Some(first);
    while let Some(words) = scene {
        let sandbox = play(&words, &acceptor, &certificate);
        scene = lines.recv_timeout(end.saturating_duration_since(Instant::now())).ok();
        tell_what_was_seen(&sandbox);
    }
}

/// Puts up a scene and prints how to reach it.
fn play(words: &str, acceptor: &Acceptor, certificate: &str) -> Sandbox {
    let mut words = words.split_whitespace();
    let mut next = |usual| words.next().unwrap_or(usual);
    let count: usize = next("1").parse().expect("how many deployments");
    let delay = Duration::from_millis(next("0").parse().expect("milliseconds"));
    let (course, scheme, platform) = (next("canceled"), next("https"), next("digitalocean"));
    let sandbox = match scheme {
        "https" => Sandbox::start_tls(acceptor.clone()),
        _ => Sandbox::start(),
    };
    if !delay.is_zero() {
        for call in [Call::SignIn, Call::Scope, Call::List, Call::Read, Call::Cancel] {
            sandbox.always(call, Fault::Delay(delay));
        }
    }
    let stand = STANDS.iter().find(|stand| stand.name() == platform).expect("a platform");
    let course = course_of(course);
    (1..=count).for_each(|number| stand.put(&sandbox, number, &course));

    let ids: Vec<_> = (1..=count).map(|number| stand.id(number)).collect();
    let inputs = stand.inputs().into_iter().map(|(name, value)| (name, value.to_owned()));
    let inputs = inputs.chain([
        ("platform", platform.to_owned()),
        ("api_url", sandbox.url(platform)),
        ("deployment_id", ids.join(",")),
    ]);
    for (name, value) in inputs {
        println!("CANCEL_DEPLOYMENT_{}='{value}'", name.to_uppercase());
    }
    println!("SSL_CERT_FILE='{certificate}'");
    println!("ready");
    sandbox
}

/// What the deployments of a scene go through; the answer to a cancel request tells an end only in the second one.
fn course_of(name: &str) -> Course {
    match name {
        "canceled" => Course::running().answering("running"),
        "canceled-at-once" => Course::running(),
        "goes-live" => Course::running().and("succeeded"),
        "live-already" => Course::of(&["succeeded"]),
        "endless" => Course::running().then(&["running"]),
        _ => Course::of(&["canceled"]),
    }
}

fn tell_what_was_seen(sandbox: &Sandbox) {
    let (now, wall) = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970"));
    let ago = |at| (wall - now.duration_since(at)).as_secs_f64();
    let requests = sandbox.requests().into_iter();
    let requests: Vec<_> = requests.map(|seen| (format!("{:?}", seen.call), seen.path, ago(seen.at))).collect();
    println!("seen {}", json!({"connections": sandbox.connections(), "requests": requests}));
}
