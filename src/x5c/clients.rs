//! What each official client makes of a file that is given to it for a merge, and so what Key Vault answers.
//!
//! One row for each client, with where the row comes from. Nothing is sent: the steps of the client are repeated
//! on the file's bytes, and [`read`](super::read) answers for the service.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{FOOTER, Reader, X5cError, is_pfx};
use crate::bundle::{ITERATIONS_MAX, Source, Walk};
use crate::key::PublicKey;
use crate::pem;

/// A client of Key Vault that people merge with.
#[derive(Debug)]
pub struct Client {
    /// Its name as people say it.
    pub name: &'static str,
    /// Which kind it is.
    pub kind: Kind,
    /// The command or method that a file's name is put behind.
    pub command: &'static str,
    /// What it does with a file, after its name or "it".
    pub way: &'static str,
    /// Where that is known from.
    pub source: &'static str,
    reading: Reading,
}

/// Kinds of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The portal in the browser.
    Portal,
    /// The command line `az`.
    Az,
    /// The module Az.KeyVault.
    PowerShell,
    /// A library: whoever calls it reads the file.
    Library,
}

/// How a file becomes elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Each block of `BEGIN CERTIFICATE`, decoded.
    Blocks,
    /// The same, of a file that has to be UTF-8 and base64 that has to be whole.
    TextBlocks,
    /// The same; but what is called `.pem` or holds a key is imported, and what has no armour is sent as it is.
    PowerShell,
    /// Armour and line breaks taken off, the base64 text sent as it is; without armour the bytes.
    StripArmour,
    /// The first and last line dropped, the others joined; without armour the bytes.
    DropLines,
    /// The bytes.
    Whole,
}

/// Every client, in the order in which they are shown.
pub static CLIENTS: [Client; 9] = [
    Client {
        name: "portal",
        kind: Kind::Portal,
        command: "Merge Signed Request with",
        way: "takes blocks of BEGIN CERTIFICATE only",
        // DER has no evidence: the vendor's "only format" is taken at its word.
        source: "MicrosoftDocs/azure-docs#100959",
        reading: Reading::Blocks,
    },
    Client {
        name: "az",
        kind: Kind::Az,
        command: "az keyvault certificate pending merge --file",
        way: "takes blocks of BEGIN CERTIFICATE only",
        source: "Azure/azure-cli 036a34b keyvault/_validators.py validate_x509_certificate_chain",
        reading: Reading::TextBlocks,
    },
    Client {
        name: "PowerShell",
        kind: Kind::PowerShell,
        command: "Import-AzKeyVaultCertificate -FilePath",
        way: "takes blocks of BEGIN CERTIFICATE, or a file without any armour",
        // The import of `.pem` is in the source before Az 12.1; the blocks are from what users say of 12.1. That a
        // file without armour is still sent as it is, is our choice.
        source: "Azure/azure-powershell 8ccf1b8 ImportAzureKeyVaultCertificate.cs; issues #24323, #25843",
        reading: Reading::PowerShell,
    },
    Client {
        name: "Python",
        kind: Kind::Library,
        command: "merge_certificate with",
        way: "sends the file as one element, PEM without its armour",
        source: "Azure/azure-sdk-for-python 06f4c12 tests/test_merge_certificate.py; for DER our choice",
        reading: Reading::StripArmour,
    },
    Client {
        name: "JavaScript",
        kind: Kind::Library,
        command: "mergeCertificate with",
        way: "sends the file as one element, PEM without its first line",
        source: "@azure/keyvault-certificates 4.10.3, documentation of mergeCertificate; for DER our choice",
        reading: Reading::DropLines,
    },
    Client {
        name: ".NET",
        kind: Kind::Library,
        command: "MergeCertificate with",
        way: "sends the file as one element",
        // The library takes byte arrays; what is read into them is our choice, and was Az.KeyVault's.
        source: "Azure.Security.KeyVault.Certificates MergeCertificateOptions; azure-powershell#24323",
        reading: Reading::Whole,
    },
    Client {
        name: "Java",
        kind: Kind::Library,
        command: "mergeCertificate with",
        way: "sends the file as one element",
        // Its tests send Certificate.getEncoded(), DER; no sample reads a file, so the bytes are our choice.
        source: "azure-security-keyvault-certificates MergeCertificateOptions",
        reading: Reading::Whole,
    },
    Client {
        name: "Go",
        kind: Kind::Library,
        command: "MergeCertificate with",
        way: "sends the file as one element",
        // Its recorded test sends DER; no sample reads a file, so the bytes are our choice.
        source: "azcertificates MergeCertificateParameters, TestMergeCertificate",
        reading: Reading::Whole,
    },
    Client {
        name: "Rust",
        kind: Kind::Library,
        command: "merge_certificate with",
        way: "sends the file as one element",
        // No sample merges; the bytes are our choice.
        source: "azure_security_keyvault_certificates 1.0.0 MergeCertificateParameters",
        reading: Reading::Whole,
    },
];

/// What each client sends of files, and what comes of that, as [`Client::submit`] says it of one.
pub fn submit_to_each(files: &[Source<'_>], key: &PublicKey) -> Vec<(&'static Client, Outcome)> {
    submit_to_each_within(files, key, ITERATIONS_MAX)
}

/// The same, with what is left of [`ITERATIONS_MAX`] for all that a command reads.
pub(crate) fn submit_to_each_within(
    files: &[Source<'_>],
    key: &PublicKey,
    iterations_left: u64,
) -> Vec<(&'static Client, Outcome)> {
    let mut service = Service::new(key, iterations_left);
    let mut outcomes: Vec<(&'static Client, Outcome)> = Vec::with_capacity(CLIENTS.len());
    for client in &CLIENTS {
        // Those that read alike send the same.
        let alike = outcomes.iter().find(|(other, _)| other.reading == client.reading);
        let outcome = match alike {
            Some((_, outcome)) => outcome.clone(),
            None => client.submit_to(&mut service, files),
        };
        outcomes.push((client, outcome));
    }
    outcomes
}

/// The service, which several clients ask: most send the same.
struct Service<'k> {
    key: &'k PublicKey,
    reader: Reader,
    answers: HashMap<Vec<Vec<u8>>, Result<(), X5cError>>,
}

impl<'k> Service<'k> {
    fn new(key: &'k PublicKey, iterations_left: u64) -> Self {
        let walk = Walk::with_iterations(None, iterations_left);
        let reader = Reader { walk, ..Reader::default() };
        Self { key, reader, answers: HashMap::new() }
    }

    fn answer(&mut self, elements: Vec<Vec<u8>>) -> Result<(), X5cError> {
        match self.answers.entry(elements) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => {
                let answer = self.reader.read(new.key(), self.key).map(|_| ());
                new.insert(answer).clone()
            }
        }
    }
}

impl Client {
    /// Whether one file is all that it takes for a merge; the libraries take a list of elements.
    pub fn takes_one_file(&self) -> bool {
        self.kind != Kind::Library
    }

    /// What it sends of files, and what comes of that.
    ///
    /// A file is read as this client reads it, and each must be readable alone. The elements of several files stand
    /// one behind another in the order of the files: the libraries take such a list, and for the others, which take
    /// one file, it is what they send of the files put together.
    pub fn submit(&self, files: &[Source<'_>], key: &PublicKey) -> Outcome {
        self.submit_to(&mut Service::new(key, ITERATIONS_MAX), files)
    }

    fn submit_to(&self, service: &mut Service<'_>, files: &[Source<'_>]) -> Outcome {
        let mut sends = 0;
        let mut first_failure = None;
        let mut no_leaf = if files.is_empty() { Some(X5cError::NoItem) } else { None };
        let mut is_merged = false;
        for file in files {
            let failure = match self.elements(file) {
                Ok(elements) => {
                    sends += elements.len();
                    match service.answer(elements) {
                        Ok(()) => {
                            is_merged = true;
                            None
                        }
                        // The key is no matter of one file: another may hold the leaf.
                        Err(error) if error.is_of_the_key() => {
                            no_leaf.get_or_insert(error);
                            None
                        }
                        Err(error) => Some(Failure::Refused(error)),
                    }
                }
                Err(stop) => Some(Failure::Stops(stop)),
            };
            if first_failure.is_none() {
                first_failure = failure.map(|failure| (file.name.to_owned(), failure));
            }
        }
        let (file, failure) = match first_failure {
            Some((file, failure)) => (Some(file), Some(failure)),
            None => (None, no_leaf.filter(|_| !is_merged).map(Failure::Refused)),
        };
        let sends = if matches!(failure, Some(Failure::Stops(_))) { 0 } else { sends };
        Outcome { sends, file, failure }
    }

    fn elements(&self, file: &Source<'_>) -> Result<Vec<Vec<u8>>, Stop> {
        let bytes = file.bytes;
        let has_armour = pem::looks_like_pem(bytes);
        let text = || String::from_utf8_lossy(bytes);
        match self.reading {
            // A block that is not base64 is left out: the portal's own way is not known.
            Reading::Blocks => Ok(blocks(&text()).into_iter().filter_map(decoded).collect()),
            Reading::TextBlocks => {
                let text = std::str::from_utf8(bytes).map_err(|_| Stop::NotText)?;
                blocks(text).into_iter().map(|block| decoded(block).ok_or(Stop::NotBase64)).collect()
            }
            Reading::PowerShell if is_named_pem(file.name) || is_pfx(bytes) => Err(Stop::Imports),
            Reading::PowerShell if has_armour => {
                Ok(blocks(&text()).into_iter().filter_map(decoded).collect())
            }
            Reading::StripArmour if has_armour => Ok(vec![without_armour(&text()).into_bytes()]),
            Reading::DropLines if has_armour => Ok(vec![without_outer_lines(&text()).into_bytes()]),
            Reading::PowerShell | Reading::StripArmour | Reading::DropLines | Reading::Whole => {
                Ok(vec![bytes.to_vec()])
            }
        }
    }
}

/// What comes of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Elements that are sent.
    pub sends: usize,
    /// The file that the failure is about, where it is about one.
    pub file: Option<String>,
    /// Why it is not merged; none where it is.
    pub failure: Option<Failure>,
}

impl Outcome {
    /// Whether client and service can read the files, whatever they think of the key.
    pub fn reads(&self) -> bool {
        match &self.failure {
            None => true,
            Some(Failure::Refused(error)) => error.is_of_the_key(),
            Some(Failure::Stops(_)) => false,
        }
    }
}

/// `merged`, the service's words, why the client stops, or what this program did not read.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            None => f.write_str("merged"),
            Some(Failure::Refused(error)) if error.is_own_limit() => write!(f, "not known: {error}"),
            Some(Failure::Refused(error)) => write!(f, "{}: {}", error.code(), error.message()),
            Some(Failure::Stops(stop)) => stop.fmt(f),
        }
    }
}

/// Why a submission is not merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The client sends no merge.
    Stops(Stop),
    /// The service refuses.
    Refused(X5cError),
}

/// Why a client sends no merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// It reads text, and this is none.
    NotText,
    /// A block is not whole base64.
    NotBase64,
    /// It takes the file for one to import, with a private key in it.
    Imports,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotText => "it stops before anything is sent, because the file is not text",
            Self::NotBase64 => "it stops before anything is sent, because a block is not whole base64",
            Self::Imports => {
                "it imports a file of this kind and does not merge it, and an import needs a private key"
            }
        })
    }
}

/// What stands between the armour lines: `-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----`.
fn blocks(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for part in text.split(HEADER).skip(1) {
        let inside = part.split('-').next().unwrap_or_default();
        if !inside.is_empty() && part[inside.len()..].starts_with(FOOTER) {
            found.push(inside);
        }
    }
    found
}

/// As Python decodes base64: what is not of the alphabet is passed over, the padding must be there.
fn decoded(block: &str) -> Option<Vec<u8>> {
    let mut compact = Vec::with_capacity(block.len());
    compact.extend(block.bytes().filter(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=')));
    BASE64_STANDARD.decode(compact).ok()
}

/// The Python sample: line feeds taken out, then the letters of the armour stripped from both sides. That it may
/// strip the last letters of the base64 too is left out: that is a fault of the sample.
fn without_armour(text: &str) -> String {
    let joined = text.replace('\n', "");
    let stripped = joined.trim_start_matches(|c| HEADER.contains(c));
    let trimmed = stripped.trim_end_matches('\r');
    match trimmed.strip_suffix(FOOTER) {
        Some(base64) => base64.to_owned(),
        None => trimmed.trim_end_matches(|c| FOOTER.contains(c)).to_owned(),
    }
}

/// The JavaScript sample: `split("\n").slice(1, -1).join("")`, which leaves the last line's armour in place where
/// the file ends with a line feed.
fn without_outer_lines(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    lines.get(1..lines.len().saturating_sub(1)).unwrap_or_default().concat()
}

fn is_named_pem(name: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("pem"))
}

const HEADER: &str = "-----BEGIN CERTIFICATE-----";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Certificate;
    use crate::pkcs12::{self, EMPTY_PASSWORD_ITERATIONS, Entry, Password, Profile};

    #[test]
    fn iterations_are_counted_over_all_files_together() {
        let made = rcgen::generate_simple_self_signed(["www.example.com".to_owned()]).unwrap();
        let certificate = Certificate::from_der(made.cert.der()).unwrap();
        let pfx = || {
            let certificates = &[certificate.as_der()];
            let entry = Entry { friendly_name: "root", private_key: None, certificates };
            pkcs12::write(&[entry], &Password::new(""), Profile::Modern).unwrap()
        };
        let (one, other) = (pfx(), pfx());
        let one = Source { name: "one.p12", bytes: &one };
        let other = Source { name: "other.p12", bytes: &other };
        let said = |files: &[Source<'_>], iterations_left| {
            let outcomes = submit_to_each_within(files, certificate.public_key(), iterations_left);
            let (_, outcome) = outcomes.into_iter().find(|(client, _)| client.name == ".NET").unwrap();
            outcome.to_string()
        };
        let once = u64::from(EMPTY_PASSWORD_ITERATIONS);
        assert_eq!(said(&[one], once), "merged");
        assert_eq!(said(&[one, other], 2 * once), "merged");
        let beyond = said(&[one, other], 2 * once - 1);
        assert!(beyond.starts_with("not known: x5c[0]: the PFX asks for "), "{beyond}");
    }
}
