//! Makes a vault, a key and a certificate request, and writes the request for the CA.
//!
//! ```text
//! cargo run --example create_request -- vault.coldcert www.csr
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its user")]

use std::error::Error;
use std::path::Path;

use coldcert::pem;
use coldcert::policy::{Document, ObjectName, Policy, Tags};
use coldcert::time::UnixTime;
use coldcert::vault::{NewCertificate, Vault};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(vault), Some(csr)) = (arguments.next(), arguments.next()) else {
        return Err("usage: create_request VAULT CSR".into());
    };

    // What is wanted, in the words of Key Vault's REST API; the service's defaults fill in the rest.
    let (document, unknown) = Document::from_value(json!({
        "key_props": {"kty": "EC", "crv": "P-256"},
        "x509_props": {
            "subject": "CN=www.example.com, O=\"Example, Inc\", C=US",
            "sans": {"dns_names": ["www.example.com"]},
        },
    }))?;
    assert!(unknown.is_empty(), "members that nobody knows: {unknown:?}");
    let policy = Policy::understand(&document)?;

    // A real vault has a passphrase: Some(&passphrase) instead of None.
    let now = UnixTime::now();
    let mut vault = Vault::init(Path::new(&vault), None, now)?;
    let key = vault.unseal(None)?;
    let new = NewCertificate { name: ObjectName::new("www")?, policy, tags: Tags::default(), enabled: None };
    let created = vault.create(&key, new, now)?;
    for concern in &created.concerns {
        eprintln!("warn: {}; {}", concern.message, concern.help);
    }

    let request = created.operation.request();
    std::fs::write(csr, pem::write("CERTIFICATE REQUEST", request.as_der()))?;
    println!("{} asks for {}", request.public_key().fingerprint(), request.subject());
    Ok(())
}
