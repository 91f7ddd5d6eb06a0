//! Which certificate authorities are trusted: what the environment names, else the system's bundle, else built-in roots.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_native_certs::load_certs_from_paths;

/// Where distributions keep their bundle; the first that exists is taken. Bundle files only: the hashed directories
/// beside them hold the same roots once more and cost a thousand system calls.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
];

/// What the user said about trust.
#[derive(Debug, Default)]
pub struct Roots<'a> {
    /// `SSL_CERT_FILE`
    pub file: Option<&'a str>,
    /// `SSL_CERT_DIR`
    pub dir: Option<&'a str>,
    /// From the input `ca_cert`.
    pub extra: Vec<CertificateDer<'static>>,
}

impl Roots<'_> {
    /// The roots to trust. An error names the variable or input at fault.
    pub(super) fn read(self) -> anyhow::Result<RootCertStore> {
        let mut store = RootCertStore::empty();
        match (self.file.map(Path::new), self.dir.map(Path::new)) {
            (None, None) => add_system(&mut store),
            (file, dir) => {
                let found = load_certs_from_paths(file, dir).certs;
                if store.add_parsable_certificates(found).0 == 0 {
                    bail!("SSL_CERT_FILE/SSL_CERT_DIR: no usable certificate could be read there");
                }
            }
        }
        for certificate in self.extra {
            store
                .add(certificate)
                .context("`ca_cert` holds a certificate that cannot be used as a CA")?;
        }
        Ok(store)
    }
}

fn add_system(store: &mut RootCertStore) {
    let bundle = BUNDLES
        .iter()
        .map(PathBuf::from)
        .find(|path| path.is_file());
    let certificates = bundle
        .map(|path| load_certs_from_paths(Some(&path), None).certs)
        .unwrap_or_default();
    if store.add_parsable_certificates(certificates).0 == 0 {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
}

/// The certificates of the input `ca_cert`: PEM text, or the path of a PEM file.
pub fn read_certificates(text_or_path: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = if text_or_path.contains("-----BEGIN") {
        text_or_path.as_bytes().to_vec()
    } else {
        std::fs::read(text_or_path).context("the file cannot be read")?
    };
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    match certificates {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => bail!("there is no PEM certificate in it"),
        Err(_) => bail!("its PEM text is broken"),
    }
}
