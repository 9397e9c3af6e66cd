//! What an answer is held against: a request, an operation of a real vault, a name in this one, or a key.

use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use super::context::Context;
use super::error::CliError;
use super::no_key::NoKey;
use super::terminal::{quoted, shown};
use crate::bundle::Bundle;
use crate::csr::CertificateRequest;
use crate::fingerprint::Fingerprint;
use crate::key::{KeyError, PrivateKey, PublicKey, SecretDer, Signer};
use crate::pem;
use crate::policy::ObjectName;
use crate::vault::{Expectation, VaultError};
use crate::verdict::Holder;

/// What the answer is held against.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Against {
    /// The certificate request, in any form
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,
    /// A certificate that waits in this vault
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// The pending operation of a real vault, as JSON
    #[arg(long, value_name = "FILE.json")]
    operation: Option<PathBuf>,
    /// The key itself, public or private, in PEM or DER
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// The key that is held, and the request where it is known.
pub(super) struct Held {
    pub(super) label: String,
    pub(super) key: PublicKey,
    pub(super) request: Option<CertificateRequest>,
    pub(super) validity_months: Option<u32>,
    pub(super) holders: Vec<(Fingerprint, Holder)>,
    /// What an operation's own words say against a merge.
    pub(super) remark: Option<String>,
}

impl Held {
    fn of_key(path: &Path, key: PublicKey) -> Self {
        Self {
            label: shown(path),
            key,
            request: None,
            validity_months: None,
            holders: Vec::new(),
            remark: None,
        }
    }

    fn of_request(path: &Path, request: CertificateRequest) -> Self {
        let key = request.public_key().clone();
        Self { request: Some(request), ..Self::of_key(path, key) }
    }
}

impl Against {
    /// Itself as words of a command line.
    pub(super) fn words(&self) -> Vec<String> {
        let paths = [("--csr", &self.csr), ("--operation", &self.operation), ("--key", &self.key)];
        let mut words: Vec<String> = paths
            .into_iter()
            .filter_map(|(option, path)| Some([option.to_owned(), quoted(&shown(path.as_ref()?))]))
            .flatten()
            .collect();
        if let Some(name) = &self.name {
            words.extend(["--name".to_owned(), quoted(name)]);
        }
        words
    }

    pub(super) fn held(&self, context: &mut Context<'_, '_>, bundle: &Bundle) -> Result<Held, CliError> {
        if let Some(name) = &self.name {
            let name = ObjectName::new(name).map_err(VaultError::from)?;
            let Expectation { name, request, validity_months, holders, merged } =
                context.open()?.expectation(&name, bundle)?;
            let remark = merged.map(|version| {
                format!(
                    "{name} is merged already, as version {version}, and nothing waits for an answer: see it with: coldcert show {name}; renew it with: coldcert create {name}"
                )
            });
            return Ok(Held {
                label: name.to_string(),
                key: request.public_key().clone(),
                request: Some(request),
                validity_months: Some(validity_months),
                holders,
                remark,
            });
        }
        if let Some(path) = &self.key {
            return key_of(context, path);
        }
        let Some(path) = self.csr.as_ref().or(self.operation.as_ref()) else {
            let against = "one of --csr, --operation, --name and --key".to_owned();
            return Err(CliError::Option { option: "check", value: String::new(), allowed: against });
        };
        let files = context.read_all(std::slice::from_ref(path))?;
        let source = files[0].source();
        let request = CertificateRequest::read(&source)?;
        Ok(Held { remark: remark(&shown(path), source.bytes), ..Held::of_request(path, request) })
    }
}

/// What the JSON of an operation says against a merge: that it has ended, or is with a named issuer (reference 2.5).
fn remark(file: &str, operation: &[u8]) -> Option<String> {
    if operation.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let operation = crate::json::read(operation).ok()?;
    let status = operation["status"].as_str()?;
    // `az` and the libraries have names of their own for it.
    let issuer = [&operation["issuer"]["name"], &operation["issuerParameters"]["name"]];
    let issuer = issuer.into_iter().find_map(|name| name.as_str()).unwrap_or("Unknown");
    let is_named = !["unknown", "self"].iter().any(|own| issuer.eq_ignore_ascii_case(own));
    let issuer: String = issuer.chars().filter(|c| !c.is_control()).take(ISSUER_CHARACTERS_MAX).collect();
    let says = match status.to_ascii_lowercase().as_str() {
        "inprogress" if is_named => format!(
            "the operation is with the issuer {issuer}: Key Vault answers a merge with 403 while it is in progress there"
        ),
        "inprogress" => return None,
        "completed" => {
            "the operation is completed: a new version has to be created before another merge".to_owned()
        }
        "cancelled" | "failed" if is_named => return None,
        "cancelled" | "failed" => {
            format!("the operation is {}: Key Vault merges into one in progress", status.to_ascii_lowercase())
        }
        _ => return None,
    };
    Some(format!("{file} says that {says}"))
}

/// A key from a file: PEM with anything around it, or DER.
fn key_of(context: &mut Context<'_, '_>, path: &Path) -> Result<Held, CliError> {
    let bytes = context.read(path)?;
    let mut found = NoKey::Nothing;
    if !pem::looks_like_pem(&bytes) {
        return match key_in(&bytes)? {
            Some(key) => Ok(Held::of_key(path, key)),
            None => Err(CliError::NoKey { path: path.to_owned(), found: NoKey::instead(&bytes) }),
        };
    }
    for block in pem::read(&bytes).map_err(|error| CliError::KeyFile { path: path.to_owned(), error })? {
        if block.is_encrypted() || block.label == "ENCRYPTED PRIVATE KEY" {
            found = NoKey::Encrypted;
        } else if block.label.ends_with("KEY")
            && let Some(key) = key_in(block.contents())?
        {
            return Ok(Held::of_key(path, key));
        }
    }
    if matches!(found, NoKey::Nothing) {
        found = NoKey::instead(&bytes);
    }
    Err(CliError::NoKey { path: path.to_owned(), found })
}

/// A public key (RFC 5280 4.1), or the public half of a private one: PKCS#8, PKCS#1 or SEC 1.
fn key_in(der: &[u8]) -> Result<Option<PublicKey>, VaultError> {
    if let Ok(key) = PublicKey::from_der(der) {
        return Ok(Some(key));
    }
    let pkcs8 = SecretDer::from_traditional(der);
    let pkcs8 = pkcs8.unwrap_or_else(|| SecretDer::new(Zeroizing::new(der.to_vec())));
    match PrivateKey::from_pkcs8(&pkcs8) {
        Ok(key) => Ok(Some(key.public_key().clone())),
        Err(KeyError::NotPkcs8 { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// As many characters of an issuer's name as Key Vault takes (reference 1.2).
const ISSUER_CHARACTERS_MAX: usize = 127;
