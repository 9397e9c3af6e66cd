//! Certificates issued by hand: Azure Key Vault's "Unknown" issuer path, whole, offline.
//!
//! A [`policy::Policy`] and a [`key::PrivateKey`] make a [`csr::CertificateRequest`], which waits as a
//! [`pending::Pending`] operation for what the CA sends back. That is read as a [`bundle::Bundle`], put in order
//! by [`chain`], judged by [`verdict`], and merged into a [`record::Record`] with its [`secret::Secret`]. What Key
//! Vault itself would answer to it is for [`x5c`] to say.
//! [`vault::Vault`] does all of it on one file; the modules before it do it on values alone.
//!
//! Data flows down this list, and a module uses only modules above it.

// words: what the rest is said in
pub mod fingerprint;
pub mod identifier;
pub mod name;
pub mod pem;
pub mod time;
mod ber;
pub mod json;
mod tlv;
// the request
pub mod seal;
pub mod policy;
pub mod issuer;
pub mod key;
pub mod extension;
pub mod csr;
pub mod pending;
// the answer
pub mod certificate;
pub mod crl;
pub mod pkcs12;
pub mod bundle;
pub mod x5c;
pub mod chain;
pub mod verdict;
pub mod report;
pub mod authority;
// what comes of both
pub mod record;
pub mod secret;
pub mod inspect;
pub mod ledger;
mod store;
pub mod vault;
// the ways in
pub mod wire;
pub mod http;
pub mod cli;
