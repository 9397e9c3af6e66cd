//! Other projects' files: PEM, PKCS#7, PKCS#12 and certificate requests, each read as the verdict files beside them
//! say, save those that `testdata/bundle_disputes.json` lists with its reason. One of that list that starts to
//! agree fails as well.
//!
//! The suites are read from `COLDCERT_SHARED` (default `../shared`), which is not part of the repository.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use coldcert::bundle::{Bundle, BundleError, Kind, ReadRequestError, Source};
use coldcert::csr::{CertificateRequest, RequestError};
use coldcert::key::SignatureFault;
use serde_json::Value;

use support::shared;

#[test]
fn every_pem_file_gives_its_certificates() {
    let mut suite = Suite::open("pem", 10);
    for (file, verdict) in suite.files() {
        let expected = match verdict["pyca_certs"].as_u64() {
            Some(count) => count.to_string(),
            None => "a certificate request".to_owned(),
        };
        suite.compare(&file, &expected, &certificates_of(&suite.read(&file), None));
    }
    suite.end();
}

#[test]
fn every_pkcs_7_file_gives_its_certificates_or_says_why_it_has_none() {
    let mut suite = Suite::open("pkcs7", 14);
    for (file, verdict) in suite.files() {
        let openssl = &verdict["openssl_3_0_22_certs"];
        let expected = match (openssl.as_u64(), verdict["pyca_46_certs"].as_u64()) {
            (Some(0), Some(0)) => "a PKCS#7 bag with no certificate in it".to_owned(),
            (Some(openssl), Some(pyca)) if openssl == pyca => openssl.to_string(),
            // Not a signed bag: OpenSSL prints nothing, pyca says that it reads signed ones only.
            (Some(0), None) => "a PKCS#7 of enveloped data, encrypted to its receiver".to_owned(),
            _ => "not PKCS#7".to_owned(),
        };
        suite.compare(&file, &expected, &certificates_of(&suite.read(&file), None));
    }
    suite.end();
}

#[test]
fn every_pkcs_12_file_gives_its_certificates() {
    let mut suite = Suite::open("pkcs12", 53);
    for (file, verdict) in suite.files() {
        let openssl = &verdict["openssl_3_0_22"];
        let expected = match openssl["certs"].as_u64() {
            Some(0) => "a PKCS#12 file with no certificate in it".to_owned(),
            Some(count) => count.to_string(),
            None => "cannot be read".to_owned(),
        };
        let found = certificates_of(&suite.read(&file), openssl["password"].as_str());
        suite.compare(&file, &expected, &found);
    }
    suite.end();
}

#[test]
fn every_certificate_request_is_read_and_its_signature_checked() {
    let mut suite = Suite::open("pkcs10", 84);
    for (file, verdict) in suite.files() {
        let word = |tool: &str| verdict[tool].as_str().unwrap_or_default().to_owned();
        let expected = match (word("openssl_3_0_22"), word("pyca_46")) {
            (openssl, pyca) if openssl == "sig-ok" && pyca == "sig-ok" => "sig-ok",
            (openssl, pyca) if openssl.starts_with("cannot-parse") && pyca.starts_with("cannot-parse") => {
                "cannot-parse"
            }
            (openssl, pyca) if openssl == "sig-bad-or-unsupported" && pyca.starts_with("sig-") => "sig-bad",
            _ => "the two disagree",
        };
        let bytes = suite.read(&file);
        let read = CertificateRequest::read(&Source { name: &file, bytes: &bytes });
        let found = match &read {
            Ok(_) => "sig-ok".to_owned(),
            Err(ReadRequestError::Request { error: RequestError::Signature(fault), .. }) => match fault {
                SignatureFault::Bad { .. } => "sig-bad".to_owned(),
                fault => format!("signature not checked: {fault}"),
            },
            Err(ReadRequestError::Request { error: RequestError::Key(error), .. }) => format!("key: {error}"),
            Err(error) => {
                assert!(error.to_string().contains(&file) && !error.help().is_empty(), "{error}");
                "cannot-parse".to_owned()
            }
        };
        suite.compare(&file, expected, &found);
    }
    suite.end();
}

/// How many certificates are in a file, or what there is instead.
fn certificates_of(bytes: &[u8], password: Option<&str>) -> String {
    match Bundle::read_with_password(&[Source { name: "the file", bytes }], password) {
        Ok(bundle) => bundle.certificates.len().to_string(),
        Err(BundleError::NoCertificate { found: Kind::PrivateKey, .. }) => {
            "a PKCS#12 file with no certificate in it".to_owned()
        }
        Err(BundleError::NoCertificate { found, .. }) => found.to_string(),
        Err(error) => {
            assert!(!error.help().is_empty(), "{error}");
            "cannot be read".to_owned()
        }
    }
}

/// A folder of files with a verdict on each, and the disputes about it.
struct Suite {
    name: &'static str,
    folder: Option<PathBuf>,
    disputes: BTreeMap<String, (String, String)>,
    wrong: Vec<String>,
    count: usize,
}

impl Suite {
    fn open(name: &'static str, count: usize) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bundle_disputes.json");
        let text = fs::read(path).expect("testdata/bundle_disputes.json");
        let disputes: BTreeMap<String, BTreeMap<String, (String, String)>> =
            serde_json::from_slice(&text).expect("for each suite, files with what is found and why");
        let disputes = disputes.get(name).cloned().unwrap_or_default();
        let folder = shared().map(|shared| shared.join("suites").join(name));
        Self { name, folder, disputes, wrong: Vec::new(), count }
    }

    fn files(&self) -> Vec<(String, Value)> {
        let Some(folder) = &self.folder else { return Vec::new() };
        let text = fs::read(folder.join("verdicts.json")).expect("verdicts.json");
        let verdicts: serde_json::Map<String, Value> = serde_json::from_slice(&text).expect("JSON");
        assert_eq!(verdicts.len(), self.count, "files of {}", self.name);
        verdicts.into_iter().collect()
    }

    fn read(&self, file: &str) -> Vec<u8> {
        let folder = self.folder.as_ref().expect("a folder");
        fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    fn compare(&mut self, file: &str, expected: &str, found: &str) {
        match self.disputes.remove(file) {
            None if found != expected => self.wrong.push(format!("{file}: {found}, expected {expected}")),
            None => {}
            Some((ours, why)) if found == expected => {
                self.wrong.push(format!("{file} agrees now, and is listed as {ours}: {why}"));
            }
            Some((ours, _)) if found != ours => {
                self.wrong.push(format!("{file}: {found}, listed as {ours}"));
            }
            Some(_) => {}
        }
    }

    fn end(self) {
        if self.folder.is_some() {
            assert!(self.disputes.is_empty(), "disputes about files that are not there: {:?}", self.disputes);
        }
        assert!(self.wrong.is_empty(), "{} of them:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}
