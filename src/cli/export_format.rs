//! The formats that `export` writes, and which of them a file's ending stands for.

use std::path::Path;

use clap::ValueEnum;

use crate::policy::ContentType;
use crate::record::Record;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// PKCS#12: key, leaf and issuers
    Pfx,
    /// PEM: PKCS#8 key, leaf and issuers
    Pem,
    /// The leaf in PEM
    Cer,
    /// The leaf in DER
    Der,
    /// Leaf and issuers in PEM
    Chain,
    /// Leaf and issuers as PKCS#7 in DER
    P7b,
    /// Leaf and issuers as a JSON list of base64 DER
    X5c,
    /// JSON Web Key: key, leaf and issuers
    Jwk,
    /// Java KeyStore: key, leaf and issuers; weak, for what reads no PKCS#12
    Jks,
}

impl Format {
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether the private key goes into it.
    pub(super) fn is_secret(self) -> bool {
        matches!(self, Self::Pfx | Self::Pem | Self::Jwk | Self::Jks)
    }

    /// Whether several certificates have room in it.
    pub(super) fn takes_several(self) -> bool {
        matches!(self, Self::Pfx | Self::Chain | Self::P7b | Self::Jwk | Self::Jks)
    }

    /// Whether it is of the leaf alone.
    pub(super) fn is_leaf(self) -> bool {
        matches!(self, Self::Cer | Self::Der)
    }

    /// The format that a file's ending stands for; none where it stands for none.
    pub(super) fn of_ending(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match ending.as_str() {
            "pfx" | "p12" => Self::Pfx,
            "pem" => Self::Pem,
            "cer" | "crt" => Self::Cer,
            "der" => Self::Der,
            "p7b" | "p7c" => Self::P7b,
            "x5c" => Self::X5c,
            "jwk" => Self::Jwk,
            "jks" => Self::Jks,
            _ => return None,
        })
    }

    /// Whether files of this ending are given away and read by everybody, and never hold a key.
    pub(super) fn is_for_certificates(path: &Path) -> bool {
        Self::of_ending(path).is_some_and(|format| matches!(format, Self::Cer | Self::Der | Self::P7b))
    }

    /// What a record's content type stands for.
    pub(super) fn of_content(content: ContentType) -> Self {
        match content {
            ContentType::Pkcs12 => Self::Pfx,
            ContentType::Pem => Self::Pem,
        }
    }
}

/// The command that writes what a record is for: with its key, or, where that stays in, its chain.
pub(super) fn command(record: &Record) -> String {
    let name = &record.name;
    match (record.exportable, record.content_type) {
        (true, ContentType::Pkcs12) => format!("coldcert export {name} -o {name}.pfx"),
        (true, ContentType::Pem) => format!("coldcert export {name} -o {name}.pem"),
        (false, _) => format!("coldcert export {name} --format chain -o {name}-chain.pem"),
    }
}
