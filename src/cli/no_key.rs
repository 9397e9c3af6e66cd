//! What stands in a file where a key is expected, and what to do with it.

use std::fmt;
use std::path::Path;

use super::terminal::{quoted, shown};
use crate::bundle::{Found, Item, Source, read_items};

/// What stands in a file where a key is expected.
#[derive(Clone, Copy, Debug)]
pub(super) enum NoKey {
    Certificate,
    Request,
    Encrypted,
    Nothing,
}

impl NoKey {
    pub(super) fn instead(bytes: &[u8]) -> Self {
        let items = read_items(&Source { name: "", bytes }).unwrap_or_default();
        let of = |item: &Item| match item.found {
            Found::Certificate(_) => Some(Self::Certificate),
            Found::Request(_) => Some(Self::Request),
            _ => None,
        };
        items.iter().find_map(of).unwrap_or(Self::Nothing)
    }

    /// What to do with such a file.
    pub(super) fn help(self, path: &Path) -> String {
        let path = quoted(&shown(path));
        match self {
            Self::Certificate => {
                format!("take the key out of it: openssl x509 -in {path} -noout -pubkey -out key.pem; then: --key key.pem")
            }
            Self::Request => format!("give it as what it is: --csr {path}"),
            Self::Encrypted => format!(
                "write its public half first, which asks for its password: openssl pkey -in {path} -pubout -out key.pem; then: --key key.pem"
            ),
            Self::Nothing => {
                "give a public key, or a private one in PKCS#8, PKCS#1 or SEC 1, in PEM or DER; a request goes with --csr".to_owned()
            }
        }
    }
}

impl fmt::Display for NoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "a certificate",
            Self::Request => "a certificate request",
            Self::Encrypted => "an encrypted private key",
            Self::Nothing => "nothing that is known as a key",
        })
    }
}
