//! Encrypted connections: whose certificates are trusted, and what a user reads when one is not.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::sandbox::{Authority, Nobody, Papers, Sandbox, TOKEN, digitalocean};
use crate::stage::Stage;
use crate::step::{Ran, Step};

/// A sandbox over https with one running deployment.
fn served(authority: &Authority, papers: Papers) -> Sandbox {
    let sandbox = Sandbox::start_tls(authority.acceptor(papers));
    sandbox.add(digitalocean::Deployment::new("app-1", "dep-1").states(["BUILDING"]));
    sandbox
}

/// The step that cancels a deployment there, and tells every request it makes.
fn step_at(url: &str) -> Step {
    Stage::DigitalOcean.step_at(url).var("RUNNER_DEBUG", "1")
}

fn step(sandbox: &Sandbox) -> Step {
    step_at(&sandbox.url_by_name("digitalocean"))
}

/// How many requests a run tried.
fn tries(ran: &Ran) -> usize {
    let is_try = |line: &&str| line.contains("GET /") || line.contains("POST /");
    ran.stdout.lines().filter(is_try).count()
}

/// The file of that name in the step's folder, with this text.
fn write(step: &Step, name: &str, text: &str) -> String {
    let path = step.file(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[track_caller]
fn trusted(ran: &Ran, sandbox: &Sandbox) {
    ran.ended("canceled", 0);
    assert_eq!(sandbox.effective_cancels("dep-1"), 1);
}

/// Not trusted: said by these words, tried once, and nothing came through.
#[track_caller]
fn untrusted(ran: &Ran, sandbox: &Sandbox, words: &[&str]) {
    ran.ended("error", 1);
    for word in words {
        let reason = ran.output("reason");
        assert!(reason.contains(word), "no {word:?} in {reason:?}");
    }
    ran.says("`ca_cert`");
    assert_eq!(tries(ran), 1, "{}", ran.stdout);
    assert!(sandbox.requests().is_empty(), "something was sent");
}

/// Bad input: said by these words before any request.
#[track_caller]
fn refused(ran: &Ran, sandbox: &Sandbox, words: &[&str]) {
    ran.ended("error", 2);
    for word in words {
        let reason = ran.output("reason");
        assert!(reason.contains(word), "no {word:?} in {reason:?}");
    }
    assert_eq!(tries(ran), 0);
    assert!(sandbox.requests().is_empty(), "something was sent");
}

#[test]
fn a_ca_of_ones_own_is_trusted_when_it_is_given() {
    let authority = Authority::new();
    let sandbox = served(&authority, Papers::Good);
    trusted(&step(&sandbox).input("ca_cert", authority.pem()).run(), &sandbox);
}

#[test]
fn a_ca_can_be_given_as_a_path() {
    let authority = Authority::new();
    let sandbox = served(&authority, Papers::Good);
    let step = step(&sandbox);
    let path = write(&step, "ca.pem", authority.pem());
    trusted(&step.input("ca_cert", &path).run(), &sandbox);
}

#[test]
fn a_ca_in_the_folder_of_the_step_is_found_by_its_name() {
    let authority = Authority::new();
    let sandbox = served(&authority, Papers::Good);
    let step = step(&sandbox);
    write(&step, "ca.pem", authority.pem());
    trusted(&step.input("ca_cert", "ca.pem").run(), &sandbox);
}

#[test]
fn nobody_trusts_a_ca_that_was_not_given() {
    let sandbox = served(&Authority::new(), Papers::Good);
    untrusted(&step(&sandbox).run(), &sandbox, &["UnknownIssuer"]);
    let ran = step(&sandbox).input("ca_cert", Authority::new().pem()).run();
    untrusted(&ran, &sandbox, &["UnknownIssuer"]);
}

#[test]
fn the_token_comes_through_and_only_encrypted() {
    let authority = Authority::new();
    let sandbox = served(&authority, Papers::Good);
    let ran = step(&sandbox).input("ca_cert", authority.pem()).run();
    trusted(&ran, &sandbox);
    let requests = sandbox.requests();
    let authorization = requests[0].header("authorization").unwrap();
    assert_eq!(authorization, format!("Bearer {TOKEN}"));
}

#[test]
fn a_server_is_reached_by_each_of_its_names() {
    let authority = Authority::new();
    for url in [Sandbox::url, Sandbox::url_by_name, Sandbox::url_by_ipv6] {
        let sandbox = served(&authority, Papers::Good);
        let ran = step_at(&url(&sandbox, "digitalocean")).input("ca_cert", authority.pem()).run();
        trusted(&ran, &sandbox);
    }
}

#[test]
fn bad_papers_are_told_apart() {
    let authority = Authority::new();
    for (papers, words) in [
        (Papers::Expired, "expired"),
        (Papers::NotYetValid, "not valid yet"),
        (Papers::WrongName, "not valid for name \"localhost\""),
        (Papers::SelfSigned, "UnknownIssuer"),
    ] {
        let sandbox = served(&authority, papers);
        let ran = step(&sandbox).input("ca_cert", authority.pem()).run();
        untrusted(&ran, &sandbox, &[words]);
    }
}

// Which roots count

#[test]
fn a_file_of_roots_in_the_environment_is_trusted() {
    let authority = Authority::new();
    let sandbox = served(&authority, Papers::Good);
    let step = step(&sandbox);
    let path = write(&step, "roots.pem", authority.pem());
    trusted(&step.var("SSL_CERT_FILE", &path).run(), &sandbox);
}

#[test]
fn folders_of_roots_in_the_environment_are_trusted() {
    let authority = Authority::new();
    let sandbox = served(&authority, Papers::Good);
    let step = step(&sandbox);
    let (empty, full) = (step.file("empty"), step.file("full"));
    std::fs::create_dir(&empty).unwrap();
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("ca.pem"), authority.pem()).unwrap();
    let folders = std::env::join_paths([empty, full]).unwrap();
    let ran = step.var("SSL_CERT_DIR", folders.to_str().unwrap()).run();
    trusted(&ran, &sandbox);
}

#[test]
fn an_extra_ca_joins_the_roots_of_the_environment() {
    let (one, other) = (Authority::new(), Authority::new());
    // Whoever of the two signed: one is in the variable, the other is the input.
    for (in_variable, as_input) in [(&one, &other), (&other, &one)] {
        let sandbox = served(&one, Papers::Good);
        let step = step(&sandbox);
        let path = write(&step, "roots.pem", in_variable.pem());
        let ran = step.var("SSL_CERT_FILE", &path).input("ca_cert", as_input.pem()).run();
        trusted(&ran, &sandbox);
    }
}

#[test]
fn an_empty_variable_of_roots_counts_as_absent() {
    let authority = Authority::new();
    let sandbox = served(&authority, Papers::Good);
    let ran = step(&sandbox).var("SSL_CERT_FILE", "").var("SSL_CERT_DIR", " ").input("ca_cert", authority.pem()).run();
    trusted(&ran, &sandbox);
}

#[test]
fn roots_that_cannot_be_read_are_bad_input_by_the_name_of_their_variable() {
    let authority = Authority::new();
    let sandbox = served(&authority, Papers::Good);
    let broken = authority.pem().replace("MII", "!!!");
    for (variable, text, words) in [
        ("SSL_CERT_FILE", None, "No such file"),
        ("SSL_CERT_FILE", Some("no certificate at all"), "no usable certificate"),
        ("SSL_CERT_FILE", Some(""), "no usable certificate"),
        ("SSL_CERT_FILE", Some(broken.as_str()), "no usable certificate"),
        ("SSL_CERT_DIR", None, "No such file"),
    ] {
        let step = step(&sandbox);
        let path = step.file("roots.pem");
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        // An extra CA does not make up for it: who names roots means them.
        let ran = step.var(variable, path.to_str().unwrap()).input("ca_cert", authority.pem()).run();
        refused(&ran, &sandbox, &[variable, words]);
        let others = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
        let other = others.into_iter().find(|name| *name != variable).unwrap();
        assert!(!ran.output("reason").contains(other), "{}", ran.output("reason"));
    }
}

#[test]
fn roots_do_not_matter_where_nothing_is_encrypted() {
    let sandbox = Sandbox::start();
    sandbox.add(digitalocean::Deployment::new("app-1", "dep-1").states(["BUILDING"]));
    let ran = step_at(&sandbox.url("digitalocean")).var("SSL_CERT_FILE", "/nowhere/at/all.pem").run();
    trusted(&ran, &sandbox);
}

// How an extra CA is written

#[test]
fn a_ca_is_read_however_its_text_was_carried() {
    let (authority, other) = (Authority::new(), Authority::new());
    let pem = authority.pem();
    let indented: String = pem.lines().map(|line| format!("    {line}\n")).collect();
    let chain = format!("# ours\n{}\nand theirs\n{pem}", other.pem());
    let with_key = format!("{}{pem}", authority.key());
    for text in [
        pem.replace('\n', "\r\n"),
        pem.replace('\n', "\r"),
        pem.replace('\n', "\\n"),
        pem.replace('\n', "\\r\\n"),
        format!("\u{feff}{pem}"),
        format!("\n\n  {}", indented.trim_start()),
        indented,
        pem.lines().map(|line| format!("\t{line} \n")).collect(),
        chain,
        with_key,
        format!("{pem}{pem}"),
        pem.trim_end().to_owned(),
    ] {
        for as_file in [false, true] {
            let sandbox = served(&authority, Papers::Good);
            let step = step(&sandbox);
            let step = if as_file {
                let path = write(&step, "ca.pem", &text);
                step.input("ca_cert", &path)
            } else {
                // The key of a CA is nobody's business.
                let key = authority.key().lines().nth(1).unwrap();
                step.input("ca_cert", &text).secret(key)
            };
            trusted(&step.run(), &sandbox);
        }
    }
}

#[test]
fn a_ca_that_cannot_be_read_is_bad_input() {
    let authority = Authority::new();
    let sandbox = served(&authority, Papers::Good);
    let pem = authority.pem();
    let cut = &pem[..pem.len() / 2];
    let second_broken = format!("{pem}{}", pem.replace("MII", "!!!"));
    let hollow = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    for (text, words) in [
        ("/nowhere/at/all.pem", "No such file"),
        ("/", "directory"),
        ("nonsense", "No such file"),
        (authority.key(), "private key"),
        (cut, "PEM text is broken"),
        (second_broken.as_str(), "PEM text is broken"),
        (hollow, "cannot be used"),
        ("-----BEGIN CERTIFICATE REQUEST-----\naGVsbG8=\n-----END CERTIFICATE REQUEST-----", "no PEM certificate"),
    ] {
        let key = authority.key().lines().nth(1).unwrap();
        let ran = step(&sandbox).input("ca_cert", text).secret(key).run();
        refused(&ran, &sandbox, &["`ca_cert`", words]);
    }
}

#[test]
fn a_file_without_a_certificate_is_bad_input() {
    let authority = Authority::new();
    let sandbox = served(&authority, Papers::Good);
    for text in ["", "no certificate at all\n", "\u{feff}"] {
        let step = step(&sandbox);
        let path = write(&step, "ca.pem", text);
        let ran = step.input("ca_cert", &path).run();
        refused(&ran, &sandbox, &["`ca_cert`", "no PEM certificate"]);
    }
}

// Servers that are not what the address says

/// What a server does once a client has spoken.
#[derive(Clone, Copy, Debug)]
enum Odd {
    /// Breaks the connection off with a reset.
    Resets,
    /// Ends the connection in peace.
    Closes,
    /// Says nothing, for ever.
    Hangs,
    /// Sends these bytes.
    Says(&'static [u8]),
}

/// A server that is no sandbox; it stops when it is dropped.
struct OddServer {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    thread: Option<JoinHandle<()>>,
}

impl OddServer {
    fn start(odd: Odd) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let thread = std::thread::spawn({
            let heard = Arc::clone(&heard);
            move || {
                let mut held = Vec::new();
                for stream in listener.incoming() {
                    let mut stream = stream.unwrap();
                    let mut first = [0; 4096];
                    let length = stream.peek(&mut first).unwrap_or_default();
                    if length == 0 {
                        return;
                    }
                    heard.lock().unwrap().push(first[..length].to_vec());
                    match odd {
                        // What is left unread turns the end into a reset.
                        Odd::Resets => {}
                        Odd::Hangs => held.push(stream),
                        Odd::Closes | Odd::Says(_) => {
                            let _ = stream.read(&mut first);
                            if let Odd::Says(bytes) = odd {
                                let _ = stream.write_all(bytes);
                            }
                            let _ = stream.shutdown(Shutdown::Write);
                        }
                    }
                }
            }
        });
        Self { address, heard, thread: Some(thread) }
    }

    /// The run that found it, at this kind of address.
    fn run(self, scheme: &str, timeout: &str) -> (Ran, Vec<Vec<u8>>) {
        let url = format!("{scheme}://{}/digitalocean", self.address);
        let ran = step_at(&url).input("timeout", timeout).run();
        let heard = self.heard.lock().unwrap().clone();
        (ran, heard)
    }
}

impl Drop for OddServer {
    fn drop(&mut self) {
        // A visitor without a word ends it.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[track_caller]
fn no_token(heard: &[Vec<u8>]) {
    assert!(!heard.is_empty(), "nobody came");
    for bytes in heard {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(TOKEN), "{text}");
    }
}

#[test]
fn a_plain_server_behind_an_encrypted_address_is_named_as_such() {
    let answer = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    let (ran, heard) = OddServer::start(Odd::Says(answer)).run("https", "20");
    ran.ended("error", 1).says("does not speak TLS");
    ran.says("`api_url`");
    assert_eq!(heard.len(), 1, "it was tried again");
    no_token(&heard);
}

#[test]
fn a_server_without_a_version_of_tls_in_common_is_named_as_such() {
    // The alert `protocol_version`, as servers of old TLS send it.
    let (ran, heard) = OddServer::start(Odd::Says(&[21, 3, 1, 0, 2, 2, 70])).run("https", "20");
    ran.ended("error", 1).says("ProtocolVersion").says("TLS 1.2");
    assert_eq!(heard.len(), 1, "it was tried again");
    no_token(&heard);
}

#[test]
fn a_handshake_that_is_reset_is_tried_until_the_limit() {
    for odd in [Odd::Resets, Odd::Closes] {
        let (ran, heard) = OddServer::start(odd).run("https", "3");
        ran.ended("error", 1).says("no connection").says("`api_url`");
        assert!(heard.len() > 1, "{odd:?} was tried once");
        no_token(&heard);
    }
}

#[test]
fn a_handshake_that_hangs_ends_after_five_seconds() {
    let (ran, heard) = OddServer::start(Odd::Hangs).run("https", "7");
    ran.ended("error", 1).says("no connection within 5 s");
    assert!(heard.len() > 1, "it was tried once");
    no_token(&heard);
}

#[test]
fn an_encrypted_server_behind_a_plain_address_is_named_as_such() {
    let authority = Authority::new();
    let sandbox = served(&authority, Papers::Good);
    let url = sandbox.url("digitalocean").replace("https://", "http://");
    let ran = step_at(&url).run();
    ran.ended("error", 1).says("no HTTP").says("https://");
    assert!(tries(&ran) <= 3, "{}", ran.stdout);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_refused_port_is_tried_until_the_limit() {
    let nobody = Nobody::new();
    let address = nobody.address();
    let ran = step_at(&format!("https://{address}")).input("timeout", "5").run();
    ran.ended("error", 1).says("Connection refused").says("`api_url`");
    assert!(tries(&ran) > 1);
}

#[test]
fn an_unknown_host_is_named_at_once() {
    let ran = step_at("https://nowhere.invalid").run();
    ran.ended("error", 1).says("the host name is not known").says("nowhere.invalid").says("`api_url`");
    assert_eq!(tries(&ran), 1, "{}", ran.stdout);
}

// Both kinds of loopback address

#[test]
fn a_server_is_reached_by_ipv6_alone() {
    let sandbox = Sandbox::start_at(Ipv6Addr::LOCALHOST.into());
    sandbox.add(digitalocean::Deployment::new("app-1", "dep-1").states(["BUILDING"]));
    trusted(&step_at(&sandbox.url("digitalocean")).run(), &sandbox);
}

#[test]
fn a_name_with_two_addresses_is_reached_where_somebody_listens() {
    // Where the name has one address only, that one is all there is to try.
    let addresses: Vec<_> = ("localhost", 0).to_socket_addrs().unwrap().collect();
    assert!(!addresses.is_empty());
    for address in addresses {
        let sandbox = Sandbox::start_at(address.ip());
        sandbox.add(digitalocean::Deployment::new("app-1", "dep-1").states(["BUILDING"]));
        trusted(&step_at(&sandbox.url_by_name("digitalocean")).run(), &sandbox);
    }
}
