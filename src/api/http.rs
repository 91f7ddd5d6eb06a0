//! The real transport: reqwest over rustls, HTTP/1.1, no redirects, no retries, bodies up to 16 MiB.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::ClientBuilder;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use rustls::crypto::{CryptoProvider, KeyProvider, ring};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::explain::{broken_connection, explain};
use super::proxy::Proxy;
use super::request::{Body, Method};
use super::transport::{Headers, Request, Response, Transport, TransportError};
use super::trust::Roots;
use super::words::{Cap, NoAnswer};
use crate::input::env::Env;
use crate::model::address::Address;
use crate::text::secret::Secret;

/// Longest time to connect, TLS included.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The largest body that is read.
const BODY_CAP: usize = 16 * 1024 * 1024;

/// An HTTP client for one base address.
pub struct Client {
    inner: reqwest::Client,
    proxy: Option<Proxy>,
    store: Arc<RootCertStore>,
    /// Opens a connection for each request, for the one that broke on a connection that had been used before.
    fresh: OnceLock<reqwest::Client>,
    /// This end of every connection that has brought an answer.
    used: Mutex<HashSet<SocketAddr>>,
}

impl Client {
    /// A client that trusts `roots` and uses the proxy that `env` names, for encrypted connections alone: plain ones are
    /// to loopback addresses and must not leave this machine. `elsewhere` says that a sign-in may lead to another host.
    pub fn new(base: &Address, roots: Roots<'_>, env: &Env, elsewhere: bool) -> anyhow::Result<Self> {
        let encrypts = !base.is_plain() || elsewhere;
        let proxy = if encrypts { Proxy::read(env)? } else { None };
        if let Some(proxy) = proxy.as_ref().filter(|proxy| proxy.covers(&base.join("", &[])))
            && base.host().starts_with('[')
        {
            bail!(
                "{} names a proxy, through which an IPv6 address cannot be reached: put the address into NO_PROXY, or write a host name in `api_url`",
                proxy.variable()
            );
        }
        let store = Arc::new(if encrypts { roots.read()? } else { RootCertStore::empty() });
        let inner = by_way_of(builder(Arc::clone(&store))?, proxy.as_ref());
        Ok(Self {
            inner: inner.build().context("the HTTP client cannot be set up")?,
            proxy,
            store,
            fresh: OnceLock::new(),
            used: Mutex::default(),
        })
    }

    /// A client that keeps no connection.
    fn fresh(&self) -> Option<&reqwest::Client> {
        if let Some(fresh) = self.fresh.get() {
            return Some(fresh);
        }
        let builder = by_way_of(builder(Arc::clone(&self.store)).ok()?, self.proxy.as_ref());
        let fresh = builder.pool_max_idle_per_host(0).build().ok()?;
        Some(self.fresh.get_or_init(|| fresh))
    }

    /// Sends it on a connection that is kept. A server may close one in the moment in which the next request goes out:
    /// a read that broke there before an answer came is sent once more on a connection of its own. What changes something
    /// may have arrived, and its caller looks first.
    async fn exchange(
        &self,
        request: &Request,
        way: Option<&'static str>,
    ) -> Result<reqwest::Response, TransportError> {
        let error = match self.inner.execute(prepare(request)?).await {
            Ok(response) => {
                let info = response.extensions().get::<HttpInfo>();
                if let Some(info) = info {
                    self.used().insert(info.local_addr());
                }
                return Ok(response);
            }
            Err(error) => error,
        };
        let broken = broken_connection(&error);
        let was_used = broken.is_some_and(|connection| self.used().remove(&connection));
        let sent = match (was_used && !request.once).then(|| self.fresh()).flatten() {
            Some(fresh) => fresh.execute(prepare(request)?).await,
            None => Err(error),
        };
        sent.map_err(|error| explain(error, way))
    }

    fn used(&self) -> std::sync::MutexGuard<'_, HashSet<SocketAddr>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The request as the library takes it.
fn prepare(request: &Request) -> Result<reqwest::Request, TransportError> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut prepared = reqwest::Request::new(method, request.url.clone());
    let headers = prepared.headers_mut();
    for (name, secret) in &request.credentials {
        let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| NoAnswer::OddCredential)?;
        value.set_sensitive(true);
        headers.append(*name, value);
    }
    for (name, value) in &request.headers {
        headers.append(*name, HeaderValue::from_str(value).map_err(|error| NoAnswer::Broken(error.to_string()))?);
    }
    let (kind, body) = match &request.body {
        Body::None if request.method == Method::Get => return Ok(prepared),
        Body::None => {
            // Load balancers answer 411 to a request that might have a body and names no length.
            headers.insert(CONTENT_LENGTH, 0.into());
            return Ok(prepared);
        }
        Body::Json(value) => ("application/json", value.to_string()),
        Body::Form(fields) => ("application/x-www-form-urlencoded", form(fields)),
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    *prepared.body_mut() = Some(body.into());
    Ok(prepared)
}

fn by_way_of(builder: ClientBuilder, proxy: Option<&Proxy>) -> ClientBuilder {
    match proxy {
        Some(proxy) => builder.proxy(proxy.clone().for_client()),
        None => builder.no_proxy(),
    }
}

/// This program shows no certificate of its own, so what signs for one is left out of it.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("no certificate is shown".to_owned()))
    }
}

/// Everything about the client but its proxy.
fn builder(store: impl Into<Arc<RootCertStore>>) -> anyhow::Result<ClientBuilder> {
    let provider = CryptoProvider { key_provider: &NoKeys, ..ring::default_provider() };
    let mut tls = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?
        .with_root_certificates(store)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        // Without a second try there is no copy of a request for it, either.
        .retry(reqwest::retry::never().max_retries_per_request(0))
        // Where `localhost` leads is not left to name servers and hosts files: what goes there may be unencrypted.
        .resolve_to_addrs("localhost", &[(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()])
        .connect_timeout(CONNECT_LIMIT)
        .user_agent(concat!("cancel-deployment/", env!("CARGO_PKG_VERSION")))
        .default_headers(HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]));
    Ok(builder)
}

#[async_trait::async_trait]
impl Transport for Client {
    fn way(&self, target: &Url) -> Option<&'static str> {
        let proxy = self.proxy.as_ref()?;
        proxy.covers(target).then(|| proxy.variable())
    }

    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let way = self.way(&request.url);
        let response = self.exchange(&request, way).await?;
        read_body(response, way).await
    }
}

/// An answer with its body, read to the end. `way` is the variable that names the proxy on the way.
async fn read_body(mut response: reqwest::Response, way: Option<&'static str>) -> Result<Response, TransportError> {
    let headers = Headers(std::mem::take(response.headers_mut()));
    let mut whole = Response { status: response.status().as_u16(), headers, body: Vec::new() };
    while let Some(chunk) = response.chunk().await.map_err(|error| explain(error, way))? {
        if whole.body.len() + chunk.len() > BODY_CAP {
            return Err(NoAnswer::TooLarge(whole.status, Cap::Answer).into());
        }
        whole.body.extend_from_slice(&chunk);
    }
    Ok(whole)
}

fn form(fields: &[(&'static str, Secret)]) -> String {
    let pairs = fields.iter().map(|(name, value)| (*name, value.expose()));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::Kind;
    use reqwest::dns::{Name, Resolve, Resolving};
    use std::io::{Read as _, Write as _};

    /// A name server that knows nobody; one that lies would do the same to a request.
    struct Nobody;

    impl Resolve for Nobody {
        fn resolve(&self, _: Name) -> Resolving {
            Box::pin(async { Err("nobody is known here".into()) })
        }
    }

    #[test]
    fn localhost_is_this_machine_whatever_a_name_server_says() {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1000]).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
        });
        let builder = builder(RootCertStore::empty()).unwrap().no_proxy();
        let client = builder.dns_resolver(Nobody).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let asked = client.get(format!("http://localhost:{port}/")).send();
        let asked = runtime.block_on(asked);
        assert!(asked.is_ok(), "{asked:?}");
    }

    /// The requests that a server has read, each with the number of its connection.
    type Log = Arc<Mutex<Vec<(usize, String)>>>;

    /// A server that keeps each connection for so many requests and closes it without a word when the next one comes.
    /// Returns the requests it read, each with the number of its connection.
    fn short_lived(answers_each: usize) -> (Client, String, Log) {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (mut stream, log) = (stream.unwrap(), Arc::clone(&log));
                std::thread::spawn(move || {
                    for answered in 0.. {
                        let mut bytes = [0; 4000];
                        let length = stream.read(&mut bytes).unwrap_or(0);
                        if length == 0 {
                            return;
                        }
                        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                        let line = text.lines().next().unwrap_or_default().to_owned();
                        log.lock().unwrap().push((number, line));
                        if answered >= answers_each {
                            return;
                        }
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                        stream.write_all(answer).unwrap();
                    }
                });
            }
        });
        let base = Address::parse(&address).unwrap();
        let roots = Roots { file: None, dir: None, extra: Vec::new() };
        let client = Client::new(&base, roots, &Env::default(), false).unwrap();
        (client, address, seen)
    }

    fn ask(client: &Client, address: &str, methods: &[Method]) -> Vec<Result<u16, Kind>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut answers = Vec::new();
        runtime.block_on(async {
            for method in methods {
                let request = Request {
                    method: *method,
                    url: Url::parse(address).unwrap(),
                    credentials: Vec::new(),
                    headers: Vec::new(),
                    body: Body::None,
                    once: false,
                };
                let answer = client.send(request).await;
                answers.push(answer.map(|it| it.status).map_err(|error| error.kind));
            }
        });
        answers
    }

    #[test]
    fn what_broke_on_a_connection_used_before_is_sent_on_one_of_its_own() {
        let (client, address, seen) = short_lived(1);
        let methods = [Method::Get, Method::Post, Method::Get, Method::Patch];
        assert_eq!(ask(&client, &address, &methods), [Ok(200); 4]);
        let seen = seen.lock().unwrap();
        let on: Vec<_> = seen.iter().map(|(number, _)| *number).collect();
        // The first connection answers the read and drops the request after it, which gets one of its own.
        assert_eq!(on, [0, 0, 1, 2, 2, 3], "{seen:?}");
    }

    #[test]
    fn what_broke_on_a_new_connection_is_not_sent_twice() {
        let (client, address, seen) = short_lived(0);
        let methods = [Method::Post, Method::Post];
        assert_eq!(ask(&client, &address, &methods), [Err(Kind::Broken); 2]);
        // And no request goes out where another one has broken.
        let seen = seen.lock().unwrap();
        let on: Vec<_> = seen.iter().map(|(number, _)| *number).collect();
        assert_eq!(on, [0, 1], "{seen:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_connection_given_up_by_the_system_is_none_that_never_was() {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        // Nobody reads what is sent, so the system gives up in the middle of it.
        let builder = builder(RootCertStore::empty()).unwrap().no_proxy();
        let client = builder.tcp_user_timeout(Duration::from_millis(100));
        let sending = client.build().unwrap();
        let sending = sending.post(format!("http://127.0.0.1:{port}/"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sent = runtime.block_on(sending.body(vec![b'x'; BODY_CAP]).send());
        let error = sent.unwrap_err();
        assert!(error.is_timeout() && !error.is_connect(), "{error:?}");
        assert_eq!(explain(error, None).kind, Kind::Broken);
    }
}
