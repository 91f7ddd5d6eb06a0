//! Which certificate authorities are trusted: what the environment names, else the system's bundle, else built-in roots.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_native_certs::load_certs_from_paths;

/// What is said of a path that leads to anything else.
const NO_FILE: &str = "it is a pipe or a device, and no file";

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
        match (self.file, self.dir) {
            (None, None) => add_system(&mut store, bundle()),
            (file, dir) => add_named(&mut store, file, dir)?,
        }
        for certificate in self.extra {
            store.add(certificate).context("`ca_cert` holds a certificate that cannot be used as a CA")?;
        }
        Ok(store)
    }
}

/// Adds what the variables name: a file, and folders as OpenSSL separates them.
fn add_named(store: &mut RootCertStore, file: Option<&str>, dir: Option<&str>) -> anyhow::Result<()> {
    let file = file.map(|path| ("SSL_CERT_FILE", PathBuf::from(path)));
    let dirs = dir.map(std::env::split_paths).into_iter().flatten();
    let dirs = dirs.filter(|path| !path.as_os_str().is_empty());
    let (mut added, mut wrong) = (0, Vec::new());
    for (variable, path) in file.into_iter().chain(dirs.map(|path| ("SSL_CERT_DIR", path))) {
        if is_endless(&path) {
            wrong.push(format!("{variable}: {NO_FILE}"));
            continue;
        }
        let found = match variable {
            "SSL_CERT_FILE" => load_certs_from_paths(Some(&path), None),
            _ => load_certs_from_paths(None, Some(&path)),
        };
        let usable = store.add_parsable_certificates(found.certs).0;
        added += usable;
        if usable == 0 {
            let why = found.errors.first().map(|error| format!(" ({error})"));
            wrong.push(format!("{variable}: no usable certificate could be read there{}", why.unwrap_or_default()));
        }
    }
    if added == 0 {
        bail!(wrong.join("; "));
    }
    Ok(())
}

/// Whether reading it may never end: a pipe waits for its writer, and no limit counts before a run begins.
fn is_endless(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// The file in which the system keeps its roots. The hashed directory beside it holds the same ones once more and costs a
/// thousand system calls.
fn bundle() -> Option<PathBuf> {
    openssl_probe::probe().cert_file.filter(|path| path.is_file())
}

fn add_system(store: &mut RootCertStore, bundle: Option<PathBuf>) {
    let certificates = bundle.map(|path| load_certs_from_paths(Some(&path), None).certs).unwrap_or_default();
    if store.add_parsable_certificates(certificates).0 == 0 {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
}

/// The certificates of the input `ca_cert`: PEM text, or the path of a PEM file.
pub fn read_certificates(text_or_path: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let written = if text_or_path.contains("-----BEGIN") {
        text_or_path.to_owned()
    } else {
        if is_endless(Path::new(text_or_path)) {
            bail!(NO_FILE);
        }
        let read = std::fs::read(text_or_path).context("the file cannot be read")?;
        String::from_utf8_lossy(&read).into_owned()
    };
    let pem = straightened(&written);
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
    match certificates {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) if pem.contains("PRIVATE KEY-----") => {
            bail!("there is a private key in it, but no PEM certificate")
        }
        Ok(_) => bail!("there is no PEM certificate in it"),
        Err(_) => bail!("its PEM text is broken"),
    }
}

/// PEM text without what editors and YAML add to its lines: a byte order mark, or an indentation, would hide them. In a
/// variable that takes a single line, its line breaks are written `\n`; PEM itself has no backslash.
fn straightened(pem: &str) -> String {
    let pem = pem.replace("\\r", "\n").replace("\\n", "\n");
    let lines = pem.split(['\n', '\r']);
    let bare = lines.map(|line| line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}'));
    bare.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> rcgen::Certificate {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new([]).unwrap();
        params.self_signed(&key).unwrap()
    }

    fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn the_bundle_of_the_system_counts_and_without_one_the_built_in_roots() {
        let folder = tempfile::tempdir().unwrap();
        let two = file(&folder, "two", &(certificate().pem() + &certificate().pem()));
        let empty = file(&folder, "empty", "");
        let built_in = webpki_roots::TLS_SERVER_ROOTS.len();
        for (bundle, count) in [(Some(two), 2), (Some(empty), built_in), (None, built_in)] {
            let mut store = RootCertStore::empty();
            add_system(&mut store, bundle.as_ref().map(PathBuf::from));
            assert_eq!(store.len(), count, "{bundle:?}");
        }
    }

    #[test]
    fn a_certificate_may_stand_on_one_line_with_written_line_breaks() {
        let pem = certificate().pem() + &certificate().pem();
        let unix = pem.replace("\r\n", "\n");
        for text in [unix.replace('\n', "\\n"), unix.replace('\n', "\\r\\n")] {
            assert!(!text.contains('\n'));
            assert_eq!(read_certificates(&text).map(|found| found.len()).ok(), Some(2));
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_may_never_end_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe").display().to_string();
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for path in [pipe.as_str(), "/dev/zero"] {
            let wrong = read_certificates(path).unwrap_err().to_string();
            assert_eq!(wrong, NO_FILE, "{path}");
            for (file, dir) in [(Some(path), None), (None, Some(path))] {
                let extra = Vec::new();
                let wrong = Roots { file, dir, extra }.read().unwrap_err().to_string();
                assert!(wrong.ends_with(NO_FILE), "{wrong}");
            }
        }
    }

    #[test]
    fn an_extra_ca_is_added_to_whatever_is_trusted_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let named = file(&folder, "named", &certificate().pem());
        let count = |file: Option<&str>, extra: usize| {
            let extra = (0..extra).map(|_| certificate().der().clone()).collect();
            let roots = Roots { file, dir: None, extra };
            roots.read().unwrap().len()
        };
        let system = count(None, 0);
        assert!(system > 50, "{system}");
        assert_eq!(count(None, 1), system + 1);
        assert_eq!(count(Some(&named), 0), 1);
        assert_eq!(count(Some(&named), 2), 3);
    }
}
