//! The server's own CA, and the certificate that it gives the server.
//!
//! Whoever trusts this CA must not thereby trust it for anything else: it is constrained (critical, RFC 5280 4.2.1.10) to
//! localhost and the addresses of the loopback, and its key never lies open: it is sealed under the vault key. The
//! server's own key is made at each start and is never written.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use super::file::{self, Owner};
use super::host::Names;
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::pem;
use crate::seal::{Place, Purpose, SealError, VaultKey};
use crate::time::UnixTime;

/// The CA of a folder beside the vault.
pub(super) struct LocalAuthority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    ca_file: PathBuf,
    server_file: PathBuf,
    owner: Owner,
}

impl LocalAuthority {
    /// Opens the folder's CA, or makes one where there is none that is valid for these names and long enough.
    pub(super) fn open(
        folder: &Path,
        owner: Owner,
        names: &Names,
        vault_key: &VaultKey,
    ) -> Result<Self, TlsError> {
        // A CA for hosts of Azure's own domain is another one, under its own name: nobody trusts it by mistake.
        let stem = if names.are_azure() { "azure-" } else { "" };
        let ca_file = folder.join(format!("{stem}ca.pem"));
        let key_file = folder.join(format!("{stem}ca.key.sealed"));
        let server_file = folder.join(format!("{stem}server.pem"));
        let unusable = |path: &Path, cause| TlsError::File { path: path.to_owned(), cause };
        owner.make_folder(folder).map_err(|cause| unusable(folder, cause))?;
        let constraints = constraints(names);
        if let Some((certificate, key)) = kept(&ca_file, &key_file, &constraints, vault_key) {
            let issuer = Issuer::new(authority_params(constraints)?, key);
            return Ok(Self { issuer, certificate, ca_file, server_file, owner });
        }
        let key = KeyPair::generate()?;
        let params = authority_params(constraints)?;
        let certificate = params.self_signed(&key)?.der().clone();
        let sealed = vault_key.seal(&place(&certificate), &Zeroizing::new(key.serialize_der()))?;
        // The key first: a CA that nobody can use is made anew, and nobody trusts it yet.
        put(&key_file, format!("{}\n", BASE64_STANDARD.encode(sealed)).as_bytes(), 0o600, owner)?;
        put(&ca_file, pem::write("CERTIFICATE", &certificate).as_bytes(), 0o644, owner)?;
        Ok(Self { issuer: Issuer::new(params, key), certificate, ca_file, server_file, owner })
    }

    /// Where clients find its certificate.
    pub(super) fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// Gives the server a new key and certificate.
    pub(super) fn server_config(&self, names: &Names) -> Result<ServerConfig, TlsError> {
        let key = KeyPair::generate()?;
        let certificate = server_params(names)?.signed_by(&key, &self.issuer)?.der().clone();
        put(&self.server_file, pem::write("CERTIFICATE", &certificate).as_bytes(), 0o644, self.owner)?;
        let private_key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate, self.certificate.clone()], private_key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// The CA of an earlier start, if its key opens, it is valid for a while yet, and its constraints are these.
fn kept(
    ca_file: &Path,
    key_file: &Path,
    constraints: &[GeneralSubtree],
    vault_key: &VaultKey,
) -> Option<(CertificateDer<'static>, KeyPair)> {
    let blocks = pem::read(&fs::read(ca_file).ok()?).ok()?;
    let certificate = CertificateDer::from(blocks.first()?.contents().to_vec());
    let sealed = BASE64_STANDARD.decode(fs::read_to_string(key_file).ok()?.trim_end()).ok()?;
    let secret_key = vault_key.open(&place(&certificate), &sealed).ok()?;
    let key = KeyPair::try_from(secret_key.as_slice()).ok()?;
    let read = Certificate::from_der(&certificate).ok()?;
    let lasts = read.not_after() > UnixTime::now().plus_seconds(CA_REMAINS_DAYS * 86_400);
    // The same constraints are encoded to the same octets.
    let wanted = authority_params(constraints.to_vec()).ok()?.self_signed(&key).ok()?;
    let wanted = Certificate::from_der(wanted.der()).ok()?;
    let oid = crate::extension::NAME_CONSTRAINTS;
    let same =
        read.extension(oid).map(|found| &found.value) == wanted.extension(oid).map(|found| &found.value);
    (lasts && same).then_some((certificate, key))
}

fn constraints(names: &Names) -> Vec<GeneralSubtree> {
    // "localhost" stands for what is under it too (RFC 5280 4.2.1.10).
    let mut permitted = vec![GeneralSubtree::DnsName("localhost".to_owned())];
    permitted.extend(names.azure_names().into_iter().map(GeneralSubtree::DnsName));
    permitted.push(GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)));
    permitted.push(GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(LOOPBACK_V6, 128)));
    permitted.extend(names.addresses().iter().map(|address| {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(*address, bits))
    }));
    permitted
}

fn authority_params(permitted: Vec<GeneralSubtree>) -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = named("coldcert on this machine");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
    dated(&mut params, CA_DAYS)?;
    Ok(params)
}

fn server_params(names: &Names) -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::new(names.dns_names())?;
    let own = [IpAddr::from([127, 0, 0, 1]), IpAddr::from(LOOPBACK_V6)];
    let addresses = own.iter().chain(names.addresses());
    params.subject_alt_names.extend(addresses.map(|address| SanType::IpAddress(*address)));
    params.distinguished_name = named("coldcert serve");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    dated(&mut params, SERVER_DAYS)?;
    Ok(params)
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// From a day ago, for clients whose clocks are behind. The machine's clock: it is the clients' too.
fn dated(params: &mut CertificateParams, days: i64) -> Result<(), TlsError> {
    let now = UnixTime::now().unix_seconds();
    let at = |seconds| time::OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| TlsError::Clock);
    params.not_before = at(now - 86_400)?;
    params.not_after = at(now + days * 86_400)?;
    Ok(())
}

/// A certificate is for everybody, a key for its owner alone.
fn put(path: &Path, bytes: &[u8], mode: u32, owner: Owner) -> Result<(), TlsError> {
    file::put(path, bytes, mode, owner).map_err(|cause| TlsError::File { path: path.to_owned(), cause })
}

/// Whether a server's certificate of this age has a third of its life left, or less.
pub(super) fn is_to_be_renewed(made: UnixTime, now: UnixTime) -> bool {
    now >= made.plus_seconds(SERVER_DAYS * 86_400 * 2 / 3)
}

fn place(certificate: &CertificateDer<'_>) -> Place<'static> {
    Place {
        purpose: Purpose::ServerAuthority,
        name: "*",
        version: "",
        public_key: Fingerprint::of(certificate),
    }
}

/// Why the server has no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file of the CA's folder.
    #[error("{}: {cause}", crate::name::shown(.path))]
    File {
        /// The file.
        path: PathBuf,
        /// The system's word.
        cause: std::io::Error,
    },
    /// The certificate.
    #[error("the server's certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The seal.
    #[error("the key of the server's CA: {0}")]
    Seal(#[from] SealError),
    /// The machine's clock.
    #[error("the machine's clock shows no time that a certificate can have")]
    Clock,
}

impl TlsError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::File { .. } => {
                "make the folder of the vault, and FILE.serve in it, writable; there is no other place for them".to_owned()
            }
            Self::Certificate(_) | Self::Tls(_) => "report this: it is a fault of the program".to_owned(),
            Self::Seal(error) => error.help(),
            Self::Clock => "set the machine's clock".to_owned(),
        }
    }
}

/// Clients have to be told of a new one.
const CA_DAYS: i64 = 5 * 365;
/// One that ends sooner is made anew at the start.
const CA_REMAINS_DAYS: i64 = 90;
/// How long the server's certificate lasts; it is renewed while the server runs.
const SERVER_DAYS: i64 = 60;
const LOOPBACK_V6: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_renewed_while_a_third_of_its_life_is_left() {
        let made = UnixTime::from_unix_seconds(1_800_000_000).unwrap();
        let after = |days: i64| is_to_be_renewed(made, made.plus_seconds(days * 86_400));
        assert!(!after(0) && !after(39) && after(40) && after(61));
    }

    #[test]
    fn a_new_certificate_takes_the_place_of_the_old_one_under_the_same_ca() {
        let folder = tempfile::tempdir().unwrap();
        let names = Names::new(vec!["www".to_owned()]).unwrap();
        let vault_key = VaultKey::generate().unwrap();
        let read = |file: &str| fs::read(folder.path().join(file)).unwrap();
        let authority = LocalAuthority::open(folder.path(), Owner::MAKER, &names, &vault_key).unwrap();
        authority.server_config(&names).unwrap();
        let (ca, first) = (read("ca.pem"), read("server.pem"));
        LocalAuthority::open(folder.path(), Owner::MAKER, &names, &vault_key)
            .unwrap()
            .server_config(&names)
            .unwrap();
        assert_eq!(read("ca.pem"), ca);
        assert_ne!(read("server.pem"), first);
        // With another vault's key nobody can sign for it: it is made anew.
        LocalAuthority::open(folder.path(), Owner::MAKER, &names, &VaultKey::generate().unwrap()).unwrap();
        assert_ne!(read("ca.pem"), ca);
    }
}
