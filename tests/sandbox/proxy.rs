//! A small forward proxy: tunnels by CONNECT, remembers every byte a client gave it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::tls::Acceptor;

/// What a proxy does with a request.
#[derive(Clone, Debug)]
pub enum Gate {
    /// Tunnels for everybody.
    Open,
    /// Tunnels for who sends this `Proxy-Authorization`, and asks everybody else for it with 407.
    Guarded(String),
    /// Answers with this text, whatever was asked.
    Says(&'static str),
    /// Never answers.
    Silent,
}

/// A running proxy; it stops when it is dropped.
///
/// Every host is this machine for it, so names that no name server knows can be tunnelled to.
pub struct Proxy {
    address: SocketAddr,
    scheme: &'static str,
    record: Arc<Mutex<Record>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Record {
    heads: Vec<String>,
    bytes: Vec<u8>,
}

impl Proxy {
    /// Starts one on a free port of the loopback address.
    pub fn start(gate: Gate) -> Proxy {
        Proxy::open(gate, None)
    }

    /// Starts one that is reached over TLS itself.
    pub fn start_tls(gate: Gate, tls: Acceptor) -> Proxy {
        Proxy::open(gate, Some(tls))
    }

    fn open(gate: Gate, tls: Option<Acceptor>) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
        listener.set_nonblocking(true).expect("non-blocking mode");
        let address = listener.local_addr().expect("the bound address");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let record = Arc::default();
        let (stop, stopped) = oneshot::channel();
        let work = serve(listener, gate, tls, Arc::clone(&record), stopped);
        let thread = thread::Builder::new()
            .name("proxy".into())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime for the proxy").block_on(work);
            })
            .expect("a thread for the proxy");
        Proxy { address, scheme, record, stop: Some(stop), thread: Some(thread) }
    }

    /// Its address as a variable names it.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The same with a user name and a password, written as they shall stand there.
    pub fn url_for(&self, userinfo: &str) -> String {
        format!("{}://{userinfo}@{}", self.scheme, self.address)
    }

    /// The address without a scheme.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first line of every request so far.
    pub fn asked(&self) -> Vec<String> {
        let heads = lock(&self.record).heads.clone();
        let first = |head: &String| head.lines().next().unwrap_or_default().to_owned();
        heads.iter().map(first).collect()
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        lock(&self.record).heads.clone()
    }

    /// Whether these bytes were ever sent to it or through it.
    pub fn saw(&self, text: &str) -> bool {
        let record = lock(&self.record);
        let mut windows = record.bytes.windows(text.len());
        windows.any(|window| window == text.as_bytes())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if let Some(Err(panic)) = ended
            && !thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(
    listener: TcpListener,
    gate: Gate,
    tls: Option<Acceptor>,
    record: Arc<Mutex<Record>>,
    mut stopped: oneshot::Receiver<()>,
) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let (stream, _) = accepted.expect("a connection");
                let (gate, tls, record) = (gate.clone(), tls.clone(), Arc::clone(&record));
                connections.spawn(async move {
                    // A client that hangs up is no fault of the proxy.
                    let _ = match tls {
                        None => answer(stream, gate, &record).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => answer(stream, gate, &record).await,
                            Err(error) => Err(error),
                        },
                    };
                });
            }
        }
    }
}

async fn answer(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    gate: Gate,
    record: &Mutex<Record>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = client.read_u8().await?;
        lock(record).bytes.push(byte);
        head.push(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    lock(record).heads.push(head.clone());
    let credentials = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("proxy-authorization").then_some(value)
    });
    let refusal = match &gate {
        Gate::Open => None,
        Gate::Guarded(wanted) if credentials == Some(wanted) => None,
        Gate::Guarded(_) => {
            Some("HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n")
        }
        Gate::Says(text) => Some(*text),
        Gate::Silent => return std::future::pending().await,
    };
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split_whitespace().next());
    let (None, Some(target)) = (refusal, target) else {
        let text = refusal.unwrap_or("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        client.write_all(text.as_bytes()).await?;
        return client.shutdown().await;
    };
    let port = target.rsplit(':').next().and_then(|port| port.parse().ok());
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let mut piece = [0; 4096];
        loop {
            let length = from_client.read(&mut piece).await?;
            if length == 0 {
                return to_server.shutdown().await;
            }
            lock(record).bytes.extend_from_slice(&piece[..length]);
            to_server.write_all(&piece[..length]).await?;
        }
    };
    let down = async {
        tokio::io::copy(&mut from_server, &mut to_client).await?;
        to_client.shutdown().await
    };
    tokio::try_join!(up, down).map(drop)
}
