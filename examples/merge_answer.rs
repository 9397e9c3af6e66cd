//! Merges the CA's answer for the certificate `www`, and writes the PFX for the server.
//!
//! ```text
//! cargo run --example merge_answer -- vault.coldcert answer.pem www.pfx
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its user")]

use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use coldcert::bundle::{Bundle, Source};
use coldcert::pkcs12::{Password, Profile};
use coldcert::policy::ObjectName;
use coldcert::secret::Secret;
use coldcert::time::UnixTime;
use coldcert::vault::{Vault, VaultError};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(vault), Some(answer), Some(pfx)) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: merge_answer VAULT ANSWER PFX".into());
    };
    let mut vault = Vault::open(Path::new(&vault))?;
    let key = vault.unseal(None)?;

    let bytes = std::fs::read(&answer)?;
    let bundle = Bundle::read(&[Source { name: &answer, bytes: &bytes }])?;
    let merged = match vault.merge(&key, &ObjectName::new("www")?, &bundle, UnixTime::now()) {
        Ok(merged) => merged,
        // A refusal hands the operation back, with every finding; the vault is as it was.
        Err(VaultError::Refused(refused)) => {
            for finding in refused.verdict.findings() {
                eprintln!("{}: {}; {}", finding.rule.name, finding.message, finding.help);
            }
            return Err("the answer was refused".into());
        }
        Err(error) => return Err(format!("{error}; {}", error.help()).into()),
    };

    let secret = Secret::open(&merged.record, &key)?.to_pkcs12(&Password::new(""), Profile::Modern)?;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(pfx)?.write_all(&secret)?;
    println!("version {} with {} certificates", merged.record.version, merged.record.chain().len());
    Ok(())
}
