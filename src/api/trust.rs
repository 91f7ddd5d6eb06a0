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
    /// The input `ca_cert`: PEM text or a path.
    pub extra: Option<&'a str>,
}

/// The roots to trust. An error names the variable or input at fault.
pub fn read_roots(roots: &Roots<'_>) -> anyhow::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    let named = (roots.file.map(Path::new), roots.dir.map(Path::new));
    match named {
        (None, None) => add_system(&mut store),
        (file, dir) => {
            let found = load_certs_from_paths(file, dir);
            if found.certs.is_empty() {
                bail!("SSL_CERT_FILE/SSL_CERT_DIR: no certificate could be read there");
            }
            store.add_parsable_certificates(found.certs);
        }
    }
    if let Some(extra) = roots.extra {
        for certificate in extra_certificates(extra).context("ca_cert")? {
            store
                .add(certificate)
                .context("ca_cert: holds a certificate that cannot be used as a CA")?;
        }
    }
    Ok(store)
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

fn extra_certificates(text_or_path: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = if text_or_path.contains("-----BEGIN") {
        text_or_path.as_bytes().to_vec()
    } else {
        std::fs::read(text_or_path).context("the file cannot be read")?
    };
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .context("the PEM text is broken")?;
    if certificates.is_empty() {
        bail!("there is no PEM certificate in it");
    }
    Ok(certificates)
}
