//! A private certificate authority, and the certificates that a server of it can show.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Takes the server's side of a handshake.
pub type Acceptor = tokio_rustls::TlsAcceptor;

/// A name that no name server knows: only a [`super::Proxy`] leads there.
pub const FAR: &str = "sandbox.invalid";

/// Every name a sandbox can be reached by.
const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "::1", FAR];

/// A certificate authority that nobody knows but the test that made it.
pub struct Authority {
    pem: String,
    key: String,
    issuer: Issuer<'static, KeyPair>,
}

/// What a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Papers {
    /// Nothing wrong with it.
    Good,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is another host's.
    WrongName,
    /// It vouches for itself.
    SelfSigned,
}

impl Authority {
    /// A fresh one.
    pub fn new() -> Authority {
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        // A name of its own, or two authorities would be taken for one with a wrong signature.
        let name = format!("Sandbox CA {}", hex(key.public_key_raw()));
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).expect("a root certificate");
        Authority { pem: certificate.pem(), key: key.serialize_pem(), issuer: Issuer::new(params, key) }
    }

    /// The root certificate as PEM text.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The private key of the root as PEM text.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// A server's side of TLS with papers of this authority.
    pub fn acceptor(&self, papers: Papers) -> Acceptor {
        let key = KeyPair::generate().expect("a key");
        let params = papers.params();
        let certificate = match papers {
            Papers::SelfSigned => params.self_signed(&key),
            _ => params.signed_by(&key, &self.issuer),
        };
        let chain = vec![certificate.expect("a certificate").der().clone()];
        accept_with(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())
    }
}

impl Papers {
    fn params(self) -> CertificateParams {
        let names: &[&str] = match self {
            Papers::WrongName => &["elsewhere.example"],
            _ => &NAMES,
        };
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names that a certificate can carry");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.distinguished_name.push(DnType::CommonName, "Sandbox server");
        match self {
            Papers::Expired => params.not_after = date_time_ymd(2001, 1, 1),
            Papers::NotYetValid => params.not_before = date_time_ymd(4000, 1, 1),
            _ => {}
        }
        params
    }
}

fn hex(bytes: &[u8]) -> String {
    let last = bytes.iter().rev().take(8);
    last.map(|byte| format!("{byte:02x}")).collect()
}

/// Offers what the server speaks, and nothing else.
fn accept_with(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Acceptor {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the usual versions of TLS")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a key that fits its certificate");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Acceptor::from(Arc::new(config))
}
