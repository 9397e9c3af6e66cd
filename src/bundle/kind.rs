//! What can stand where a certificate was looked for, and why it is passed over.

use std::fmt;

use super::Origin;

/// Something that is no certificate, beside certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// What it is.
    pub kind: Kind,
    /// Where it stood.
    pub place: Origin,
}

/// `answer.pem line 3: a private key, passed over: it is not needed …`
impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, passed over: {}", self.place, self.kind, self.kind.reason())
    }
}

/// What was found where a certificate was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A certificate, where something else was looked for.
    Certificate,
    /// A private key, in any PEM form, as PKCS#8, PKCS#1 or SEC 1, or in a PKCS#12.
    PrivateKey,
    /// A public key.
    PublicKey,
    /// A certificate request: what was sent to the CA, not what came back.
    CertificateRequest,
    /// A CRL that is read, where nothing else is.
    RevocationList,
    /// A CRL that cannot be read.
    UnreadableRevocationList {
        /// What is wrong with it.
        fault: String,
    },
    /// PKCS#7, CMS, without a certificate in it.
    Pkcs7,
    /// PKCS#7 of another type than signed data, which has no certificates to take.
    OtherPkcs7 {
        /// Which.
        content: String,
    },
    /// A certificate of another kind than X.509's, in a PKCS#7 (RFC 5652 10.2.2).
    OtherCertificate,
    /// PKCS#12 without a certificate in it.
    Pkcs12,
    /// A bag of a PKCS#12 that holds neither certificate nor key.
    OtherBag,
    /// What OpenSSL writes behind a `TRUSTED CERTIFICATE`.
    TrustSettings,
    /// A PEM block of another label.
    Block {
        /// The label.
        label: String,
    },
    /// An END line without its BEGIN, below base64 that is whole.
    Footer {
        /// The label.
        label: String,
    },
    /// A web page: a login form saved as a certificate.
    Html,
    /// JSON without a certificate in it.
    Json,
    /// Base64 of nothing known.
    Base64,
    /// Text around what was read.
    TextAround {
        /// How many lines of it.
        lines: usize,
    },
    /// Other text.
    Text,
    /// Other bytes.
    Bytes,
    /// An entry of an archive with nothing in it.
    Nothing,
    /// A tar archive.
    Tar,
}

impl Kind {
    /// Whether it is a private key, in whatever form.
    pub fn is_private_key(&self) -> bool {
        matches!(self, Self::PrivateKey)
    }

    /// Why it is passed over, after what it is.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Certificate => "it is not what was looked for",
            Self::PrivateKey => "it is not needed, and is not to be carried around",
            Self::PublicKey => "a key alone says nothing of whose it is",
            Self::CertificateRequest => "it is what goes to the CA, not what comes back",
            Self::RevocationList => "it holds no certificates",
            Self::UnreadableRevocationList { .. } => "the certificates do not depend on it",
            Self::Pkcs7 | Self::Pkcs12 => "nothing is in it to take",
            Self::OtherPkcs7 { .. } => "only signed data carries certificates openly (RFC 5652 5.1)",
            Self::OtherCertificate => "it is none of X.509's",
            Self::OtherBag => "it holds neither certificate nor key",
            Self::TrustSettings => "what is trusted is said with --roots",
            Self::Block { .. } => "its label says that it is no certificate",
            Self::Footer { .. } => "its BEGIN line is missing, and what stands above it is whole",
            Self::Html => "a page is no certificate",
            Self::Json => "none of its members is a certificate",
            Self::Base64 => "what it decodes to is not known",
            Self::TextAround { .. } => "it stands outside of what was read",
            Self::Text | Self::Bytes => "it is nothing known",
            Self::Nothing => "there is nothing to read",
            Self::Tar => "archives of this kind are not opened",
        }
    }

    /// What to do where it came in place of a certificate.
    pub(super) fn help(&self) -> &'static str {
        match self {
            Self::PrivateKey => {
                "give the certificate that the CA sent; a private key is not to be carried around"
            }
            Self::PublicKey => "give the certificate that the CA sent; this is only the key in it",
            Self::CertificateRequest => {
                "this is what goes to the CA; give the certificate that the CA makes of it"
            }
            Self::RevocationList | Self::UnreadableRevocationList { .. } => {
                "give the certificate that the CA sent, and the CRL with --crl"
            }
            Self::Pkcs7 => "ask the CA for the certificates: this bag was made without any",
            Self::OtherPkcs7 { .. } => {
                "ask the CA for a certificates-only PKCS#7 (.p7b), or for PEM: this one is a message"
            }
            Self::Pkcs12 => {
                "ask for a PKCS#12 with the certificates in it, or for PEM: this one has keys at most"
            }
            Self::Html => "download the certificate again, signed in: this is the page, not the file",
            Self::Json => "give the document with the member x5c, cer or value",
            Self::Tar => "unpack it first: tar -xf FILE, and give the files",
            Self::Certificate
            | Self::OtherCertificate
            | Self::OtherBag
            | Self::TrustSettings
            | Self::Block { .. }
            | Self::Footer { .. }
            | Self::Base64
            | Self::TextAround { .. }
            | Self::Text
            | Self::Bytes
            | Self::Nothing => {
                "give the CA's answer as it came: PEM, DER, PKCS#7, PKCS#12, base64, JSON, ZIP or gzip"
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate => f.write_str("a certificate"),
            Self::PrivateKey => f.write_str("a private key"),
            Self::PublicKey => f.write_str("a public key"),
            Self::CertificateRequest => f.write_str("a certificate request"),
            Self::RevocationList => f.write_str("a CRL"),
            Self::UnreadableRevocationList { fault } => write!(f, "a CRL that cannot be read ({fault})"),
            Self::Pkcs7 => f.write_str("a PKCS#7 bag with no certificate in it"),
            Self::OtherPkcs7 { content } => write!(f, "a PKCS#7 of {content}"),
            Self::OtherCertificate => f.write_str("an attribute certificate or one of PKCS#6"),
            Self::Pkcs12 => f.write_str("a PKCS#12 file with no certificate in it"),
            Self::OtherBag => f.write_str("a bag of another kind"),
            Self::TrustSettings => f.write_str("trust settings of OpenSSL"),
            Self::Block { label } => write!(f, "a PEM block {label:?}"),
            Self::Footer { label } => write!(f, "a line END {label}"),
            Self::Html => f.write_str("a web page"),
            Self::Json => f.write_str("JSON"),
            Self::Base64 => f.write_str("base64"),
            Self::TextAround { lines: 1 } => f.write_str("a line of text"),
            Self::TextAround { lines } => write!(f, "{lines} lines of text"),
            Self::Text => f.write_str("text"),
            Self::Bytes => f.write_str("bytes of no known kind"),
            Self::Nothing => f.write_str("an empty file"),
            Self::Tar => f.write_str("a tar archive"),
        }
    }
}
