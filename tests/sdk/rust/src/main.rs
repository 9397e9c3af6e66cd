//! The official Rust client, unmodified, against `coldcert serve`: the whole manual path and what is around it.
//!
//! `VAULT_URL`, `SSL_CERT_FILE` and `IDENTITY_*` come from `coldcert serve env`; argument 1 signs:
//! `SIGN CSR.der LEAF.der`; argument 2 is a PFX under the password `geheim`.

use std::collections::HashMap;
use std::error::Error;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use azure_core::http::{ClientOptions, Transport, Url};
use azure_identity::ManagedIdentityCredential;
use azure_security_keyvault_certificates::models::{
    CertificateAttributes, CertificateClientGetCertificateOptions,
    CertificateClientListCertificatePropertiesOptions, CertificateOperation, CertificatePolicy, Contact,
    Contacts, CreateCertificateParameters, CurveName, ImportCertificateParameters, IssuerParameters,
    KeyProperties, KeyType, MergeCertificateParameters, RestoreCertificateParameters, SetIssuerParameters,
    UpdateCertificateOperationParameter, UpdateCertificatePropertiesParameters, UpdateIssuerParameters,
    X509CertificateProperties,
};
use azure_security_keyvault_certificates::{CertificateClient, CertificateClientOptions, ResourceExt};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures::{StreamExt, TryStreamExt};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let url = std::env::var("VAULT_URL")?;
    let client = client(&url)?;
    unknown(&client).await?;
    around(&client).await?;
    println!("the Rust client walked the whole path");
    Ok(())
}

/// The client takes no CA file by itself, and not every resolver knows names under localhost (RFC 6761 6.3): both are a
/// matter of its transport.
fn client(url: &str) -> Outcome<CertificateClient> {
    let ca = reqwest::Certificate::from_pem(&std::fs::read(std::env::var("SSL_CERT_FILE")?)?)?;
    let parsed = Url::parse(url)?;
    let (host, port) = (parsed.host_str().ok_or("a host")?, parsed.port().unwrap_or(443));
    let http = reqwest::Client::builder()
        .tls_certs_only([ca])
        .resolve(host, SocketAddr::from(([127, 0, 0, 1], port)))
        .build()?;
    let options = CertificateClientOptions {
        client_options: ClientOptions {
            transport: Some(Transport::new(Arc::new(http))),
            ..Default::default()
        },
        ..Default::default()
    };
    Ok(CertificateClient::new(url, ManagedIdentityCredential::new(None)?, Some(options))?)
}

fn policy(issuer: &str) -> CertificatePolicy {
    CertificatePolicy {
        issuer_parameters: Some(IssuerParameters { name: Some(issuer.to_owned()), ..Default::default() }),
        x509_certificate_properties: Some(X509CertificateProperties {
            subject: Some("CN=www.example.com".to_owned()),
            ..Default::default()
        }),
        key_properties: Some(KeyProperties {
            key_type: Some(KeyType::Ec),
            curve: Some(CurveName::P256),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn parameters(issuer: &str) -> CreateCertificateParameters {
    CreateCertificateParameters { certificate_policy: Some(policy(issuer)), ..Default::default() }
}

/// Begins an operation and takes its first state: one of issuer Unknown would be polled for ever.
async fn begin(client: &CertificateClient, name: &str, issuer: &str) -> Outcome<CertificateOperation> {
    let mut poller = client.begin_create_certificate(name, parameters(issuer).try_into()?, None)?;
    let operation = poller.next().await.ok_or("an operation")??.into_model()?;
    assert_eq!(operation.status.as_deref(), Some("inProgress"));
    Ok(operation)
}

fn sign(operation: &CertificateOperation) -> Outcome<Vec<u8>> {
    let program = std::env::args().nth(1).ok_or("a program that signs")?;
    let folder = std::env::temp_dir().join(format!("coldcert-walk-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (csr, leaf) = (folder.join("csr"), folder.join("leaf"));
    std::fs::write(&csr, operation.csr.as_ref().ok_or("a csr")?)?;
    assert!(Command::new(program).args([&csr, &leaf]).output()?.status.success());
    let signed = std::fs::read(leaf)?;
    std::fs::remove_dir_all(folder)?;
    Ok(signed)
}

fn merge(certificate: Vec<u8>) -> MergeCertificateParameters {
    MergeCertificateParameters { x509_certificates: Some(vec![certificate]), ..Default::default() }
}

#[track_caller]
fn refused<T>(status: u16, outcome: azure_core::Result<T>) {
    let error = outcome.err().expect("a refusal");
    assert_eq!(error.http_status().map(u16::from), Some(status), "{error}");
}

/// Create, merge, versions, change, policy, delete, recover, purge, backup, restore.
async fn unknown(client: &CertificateClient) -> Outcome<()> {
    let operation = begin(client, "rs-www", "Unknown").await?;
    let again =
        client.begin_create_certificate("rs-www", parameters("Unknown").try_into()?, None)?.next().await;
    refused(409, again.ok_or("an answer")?);
    let pending = client.get_certificate_operation("rs-www", None).await?.into_model()?;
    assert_eq!(pending.csr, operation.csr);
    let leaf = sign(&operation)?;
    refused(400, client.merge_certificate("rs-www", merge(b"nothing".to_vec()).try_into()?, None).await);
    let merged =
        client.merge_certificate("rs-www", merge(leaf.clone()).try_into()?, None).await?.into_model()?;
    assert_eq!(merged.cer, Some(leaf.clone()));

    let operation = begin(client, "rs-www", "Unknown").await?;
    let second = sign(&operation)?;
    let text = BASE64_STANDARD.encode(&second).into_bytes();
    let again = client.merge_certificate("rs-www", merge(text).try_into()?, None).await?.into_model()?;
    assert_eq!(again.cer, Some(second.clone()));
    let versions: Vec<_> = client.list_certificate_properties_versions("rs-www", None)?.try_collect().await?;
    assert_eq!(versions.len(), 2);
    let options = CertificateClientGetCertificateOptions {
        certificate_version: merged.resource_id()?.version,
        ..Default::default()
    };
    assert_eq!(client.get_certificate("rs-www", Some(options)).await?.into_model()?.cer, Some(leaf));

    let changed = UpdateCertificatePropertiesParameters {
        certificate_attributes: Some(CertificateAttributes { enabled: Some(true), ..Default::default() }),
        tags: Some(HashMap::from([("a".to_owned(), "b".to_owned())])),
        ..Default::default()
    };
    let changed =
        client.update_certificate_properties("rs-www", changed.try_into()?, None).await?.into_model()?;
    assert_eq!(changed.tags.and_then(|tags| tags.get("a").cloned()).as_deref(), Some("b"));
    let new = CertificatePolicy {
        x509_certificate_properties: Some(X509CertificateProperties {
            subject: Some("CN=new.example.com".to_owned()),
            validity_in_months: Some(6),
            ..Default::default()
        }),
        ..Default::default()
    };
    client.update_certificate_policy("rs-www", new.try_into()?, None).await?;
    let policy = client.get_certificate_policy("rs-www", None).await?.into_model()?;
    assert_eq!(policy.x509_certificate_properties.and_then(|one| one.validity_in_months), Some(6));

    let backup = client.backup_certificate("rs-www", None).await?.into_model()?.value.ok_or("a backup")?;
    let restore = || RestoreCertificateParameters { certificate_backup: Some(backup.clone()) };
    refused(409, client.restore_certificate(restore().try_into()?, None).await);
    client.delete_certificate("rs-www", None).await?;
    client.get_deleted_certificate("rs-www", None).await?;
    let deleted: Vec<_> = client.list_deleted_certificate_properties(None)?.try_collect().await?;
    assert!(!deleted.is_empty());
    client.recover_deleted_certificate("rs-www", None).await?;
    client.delete_certificate("rs-www", None).await?;
    client.purge_deleted_certificate("rs-www", None).await?;
    refused(404, client.get_deleted_certificate("rs-www", None).await);
    let restored = client.restore_certificate(restore().try_into()?, None).await?.into_model()?;
    assert_eq!(restored.cer, Some(second));
    Ok(())
}

/// Issuer Self to its end, import, lists, issuers, contacts, cancellation.
async fn around(client: &CertificateClient) -> Outcome<()> {
    let own = client
        .begin_create_certificate("rs-own", parameters("Self").try_into()?, None)?
        .await?
        .into_model()?;
    assert!(own.cer.is_some() && own.resource_id()?.version.is_some());
    refused(
        400,
        client
            .import_certificate(
                "rs-copy",
                ImportCertificateParameters {
                    base64_encoded_certificate: Some(BASE64_STANDARD.encode("no PFX")),
                    ..Default::default()
                }
                .try_into()?,
                None,
            )
            .await,
    );
    let pfx = std::fs::read(std::env::args().nth(2).ok_or("a PFX")?)?;
    let parameters = ImportCertificateParameters {
        base64_encoded_certificate: Some(BASE64_STANDARD.encode(pfx)),
        password: Some("geheim".to_owned()),
        ..Default::default()
    };
    let imported = client.import_certificate("rs-copy", parameters.try_into()?, None).await?.into_model()?;
    assert!(imported.cer.is_some());

    begin(client, "rs-waits", "Unknown").await?;
    let name = |one: &azure_security_keyvault_certificates::models::CertificateProperties| {
        one.resource_id().map(|id| id.name)
    };
    let listed: Vec<_> = client.list_certificate_properties(None)?.try_collect().await?;
    let listed: Vec<String> = listed.iter().map(name).collect::<Result<_, _>>()?;
    assert!(listed.contains(&"rs-own".to_owned()) && !listed.contains(&"rs-waits".to_owned()));
    let options = CertificateClientListCertificatePropertiesOptions {
        include_pending: Some(true),
        ..Default::default()
    };
    let all: Vec<_> = client.list_certificate_properties(Some(options))?.try_collect().await?;
    let all: Vec<String> = all.iter().map(name).collect::<Result<_, _>>()?;
    assert!(all.contains(&"rs-waits".to_owned()));

    let corp = || SetIssuerParameters { provider: Some("OfflineCA".to_owned()), ..Default::default() };
    client.set_issuer("rs-corp", corp().try_into()?, None).await?;
    begin(client, "rs-named", "rs-corp").await?;
    refused(403, client.merge_certificate("rs-named", merge(b"x".to_vec()).try_into()?, None).await);
    let cancel =
        || UpdateCertificateOperationParameter { cancellation_requested: Some(true), ..Default::default() };
    let asked =
        client.update_certificate_operation("rs-named", cancel().try_into()?, None).await?.into_model()?;
    assert_eq!(asked.cancellation_requested, Some(true));
    client.delete_certificate_operation("rs-named", None).await?;
    refused(404, client.get_certificate_operation("rs-named", None).await);
    let another = UpdateIssuerParameters { provider: Some("Another".to_owned()), ..Default::default() };
    let issuer = client.update_issuer("rs-corp", another.try_into()?, None).await?.into_model()?;
    assert_eq!(issuer.provider.as_deref(), Some("Another"));
    let issuers: Vec<_> = client.list_issuer_properties(None)?.try_collect().await?;
    assert_eq!(issuers.len(), 1);
    client.delete_issuer("rs-corp", None).await?;
    refused(404, client.get_issuer("rs-corp", None).await);

    let one = Contact { email: Some("one@example.com".to_owned()), ..Default::default() };
    let contacts = Contacts { contact_list: Some(vec![one]), ..Default::default() };
    client.set_contacts(contacts.try_into()?, None).await?;
    let found = client.get_contacts(None).await?.into_model()?.contact_list.unwrap_or_default();
    assert_eq!(found[0].email.as_deref(), Some("one@example.com"));
    client.delete_contacts(None).await?;
    refused(404, client.get_contacts(None).await);
    Ok(())
}
