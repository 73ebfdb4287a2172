//! Certification authorities in files, and the environment variables that name some, or proxies.

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::proxy;

/// Trusted instead of those of the machine.
const INSTEAD: &str = "SSL_CERT_FILE";
/// A folder of them.
const INSTEAD_FOLDER: &str = "SSL_CERT_DIR";
/// Trusted in addition, as in Node.js.
const BESIDE: &str = "NODE_EXTRA_CA_CERTS";
/// The certificates of all the world's authorities take a quarter of a megabyte.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// The reason why a file provides no certification authorities.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file {} {reason}", .file.display())]
pub struct AuthoritiesError {
    /// The file with its full path: a relative one could be misunderstood.
    pub file: PathBuf,
    /// The fault.
    pub reason: String,
}

/// The certificates of a file in PEM form, at least one.
///
/// # Errors
/// A file that is missing, cannot be read, or holds no certificate.
pub fn read_authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, AuthoritiesError> {
    let wrong = |reason: String| {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        AuthoritiesError { file, reason }
    };
    let metadata = std::fs::metadata(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if !metadata.is_file() || metadata.len() > LARGEST_FILE {
        return Err(wrong("is not a file of certificates".to_owned()));
    }
    let text = std::fs::read(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(wrong("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)".to_owned())),
        Err(error) => Err(wrong(format!("holds a certificate that cannot be read: {error}"))),
    }
}

/// The findings about the environment's certification authorities and proxies.
#[derive(Debug, Default)]
pub struct Environment {
    /// Without a fix, nothing could be trusted, or calls would take an unintended route.
    pub problems: Vec<String>,
    /// Settings without effect.
    pub notices: Vec<String>,
}

/// Checks the variables that name certification authorities and proxies, and what they refer to.
pub fn environment(variable: impl Fn(&str) -> Option<String>) -> Environment {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let mut found = Environment { problems: proxy::problems(&variable), notices: proxy::notices(&variable) };
    let folder = set(INSTEAD_FOLDER);
    if let Some(folder) = &folder {
        // A list, as OpenSSL reads it.
        let missing = folder.split(':').filter(|folder| !folder.is_empty() && !Path::new(folder).is_dir());
        found.notices.extend(missing.map(|folder| {
            format!("The environment variable {INSTEAD_FOLDER} names {folder}, which is no folder: no certificate is trusted because of it.")
        }));
    }
    if let Some(Err(error)) = set(INSTEAD).map(|file| read_authorities(Path::new(&file))) {
        found.problems.push(format!(
            "The environment variable {INSTEAD} names the certification authorities to trust, but {error}. \
             Correct it, or remove it to trust those of the machine."
        ));
    }
    if let Some(Err(error)) = set(BESIDE).map(|file| read_authorities(Path::new(&file))) {
        found.notices.push(format!(
            "The environment variable {BESIDE} names further certification authorities to trust, but {error}: it has no effect."
        ));
    }
    found
}

/// The authorities that the environment adds. Their faults are reported by [`environment`].
pub(crate) fn beside() -> Vec<CertificateDer<'static>> {
    let file = std::env::var_os(BESIDE).filter(|file| !file.is_empty());
    file.and_then(|file| read_authorities(Path::new(&file)).ok()).unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{environment, read_authorities};

    #[test]
    fn a_variable_that_names_nothing_useful_is_named_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| std::path::absolute(folder.path().join(name)).unwrap().display().to_string();
        std::fs::write(path("empty.pem"), "").unwrap();
        for file in ["missing.pem", "empty.pem", "."] {
            let found = environment(|name| (name == "SSL_CERT_FILE").then(|| path(file)));
            assert!(
                found.problems[0].contains("SSL_CERT_FILE") && found.problems[0].contains(&path(file)),
                "{found:?}"
            );
            let found = environment(|name| (name == "NODE_EXTRA_CA_CERTS").then(|| path(file)));
            assert!(found.problems.is_empty());
            assert!(found.notices[0].contains("NODE_EXTRA_CA_CERTS") && found.notices[0].contains(&path(file)));
        }
        let found = environment(|name| (name == "SSL_CERT_DIR").then(|| path("missing")));
        assert!(found.notices[0].contains("SSL_CERT_DIR"), "{found:?}");
        let found = environment(|_| None);
        assert!(found.problems.is_empty() && found.notices.is_empty());
    }

    #[test]
    fn the_file_is_shown_with_the_whole_of_its_path() {
        let file = read_authorities(std::path::Path::new("./missing/ca.pem")).unwrap_err().file;
        assert_eq!(file, std::env::current_dir().unwrap().join("missing/ca.pem"));
    }

    #[test]
    fn only_files_of_a_reasonable_size_are_read() {
        let error = read_authorities(std::path::Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.to_string(), "the file /dev/zero is not a file of certificates");
    }
}
