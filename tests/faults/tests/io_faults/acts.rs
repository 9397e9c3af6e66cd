//! Everything that the library can do to a vault file.

use std::path::Path;

use coldcert::pending::Failure;
use coldcert::policy::{Document, ObjectName, Tags};
use coldcert::vault::{Attributes, NewImport, Vault, VaultError, Wanted};
use coldcert::verdict::{Profile, Terms};
use rusqlite::Connection;
use serde_json::json;

use crate::material::{Files, Material, VAULT, contact, issuer, lay, name, new, now, read};
use crate::trial;

/// Something that is done to a vault file, and the files that it is done to.
pub(crate) struct Act {
    pub(crate) name: &'static str,
    pub(crate) start: fn(&Material) -> Files,
    pub(crate) run: fn(&Material, &Path) -> Done,
    /// Whether it takes long, for the sake of a passphrase.
    pub(crate) is_slow: bool,
}

pub(crate) type Done = Result<(), VaultError>;

/// One that is done to the vault as it was prepared, or after something else was done to it.
macro_rules! act {
    ($name:literal, |$material:pat_param, $vault:ident| $run:expr) => {
        act!($name, |material: &Material| material.vault.clone(), |$material, $vault| $run)
    };
    ($name:literal, after |$first:pat_param, $before:ident| $done:expr, |$material:pat_param, $vault:ident| $run:expr) => {
        act!(
            $name,
            |material: &Material| material.vault_after(|$first, $before| $done.map(drop)),
            |$material, $vault| $run
        )
    };
    ($name:literal, $start:expr, |$material:pat_param, $vault:ident| $run:expr) => {
        Act {
            name: $name,
            start: $start,
            run: |$material, path| {
                #[allow(unused_mut, reason = "some only read")]
                let mut $vault = Vault::open(path)?;
                $run.map(drop)
            },
            is_slow: false,
        }
    };
}

pub(crate) fn acts() -> Vec<Act> {
    // What takes long comes first, so that nobody waits for it in the end.
    let give_a_passphrase = act!("give a passphrase", |material, vault| {
        vault.change_passphrase(&vault.open_with(None)?, Some(&material.passphrase), now())
    });
    vec![
        Act { is_slow: true, ..give_a_passphrase },
        Act {
            name: "init",
            start: |_| Files::new(),
            run: |_, path| Vault::init(path, None, now()).map(drop),
            is_slow: false,
        },
        act!("create", |material, vault| vault.create(&material.key, new("new", "Unknown")?, now())),
        act!("create by Self", |material, vault| vault.create(&material.key, new("own", "Self")?, now())),
        act!("create again", |material, vault| vault.create(&material.key, new("base", "Self")?, now())),
        act!("request of Self", |material, vault| vault.request(&material.key, new("own", "Self")?, now())),
        act!("answer of Self", |material, vault| {
            let id = vault.pending(&name("slow"))?.request_id();
            vault.answer_of_self(&material.key, id, now())
        }),
        act!("cancel", |material, vault| vault.cancel(
            &material.key,
            &Wanted::from(&name("waits")),
            true,
            now()
        )),
        act!("delete pending", |material, vault| vault.delete_pending(
            &material.key,
            &Wanted::from(&name("waits")),
            now()
        )),
        act!("merge", |material, vault| vault.merge(&material.key, &name("waits"), &material.answer, now())),
        act!("merge with attributes", |material, vault| {
            let attributes = Attributes { enabled: Some(false), tags: Some(tags()?) };
            let terms = Terms::of(Profile::Rfc5280);
            vault.merge_with(&material.key, &name("waits"), &material.answer, &terms, attributes, now())
        }),
        act!("import", |material, vault| vault.import(
            &material.key,
            import(material, &name("brought"))?,
            now()
        )),
        act!("import of a new version", |material, vault| {
            vault.import(&material.key, import(material, &name("base"))?, now())
        }),
        act!("set attributes and tags", |material, vault| {
            let attributes = Attributes { enabled: Some(false), tags: Some(tags()?) };
            vault.set_attributes(&material.key, &name("base"), None, attributes, now())
        }),
        act!("update", |material, vault| {
            let attributes = Attributes { enabled: Some(false), tags: None };
            vault.update(&material.key, &name("base"), None, attributes, Some(policy()?), now())
        }),
        act!("set policy", |material, vault| vault.set_policy(
            &material.key,
            &name("waits"),
            policy()?,
            now()
        )),
        act!("delete", |material, vault| vault.delete(&material.key, &name("base"), now())),
        act!(
            "recover",
            after | material,
            before | before.delete(&material.key, &name("base"), now()),
            |material, vault| { vault.recover(&material.key, &name("base"), now()) }
        ),
        act!(
            "purge",
            after | material,
            before | before.delete(&material.key, &name("base"), now()),
            |material, vault| { vault.purge(&material.key, &name("base"), now()) }
        ),
        act!("backup", |material, vault| vault.backup(&material.key, &name("base"), now())),
        act!(
            "restore",
            after | material,
            before | {
                before.delete(&material.key, &name("base"), now())?;
                before.purge(&material.key, &name("base"), now())
            },
            |material, vault| vault.restore(&material.key, &material.backup, None, now())
        ),
        act!(
            "take the passphrase away",
            after | material,
            before | before.change_passphrase(&before.open_with(None)?, Some(&material.passphrase), now()),
            |material, vault| {
                // Whoever takes it away must have it.
                let opened = vault.open_with(Some(&material.passphrase))?;
                vault.change_passphrase(&opened, None, now())
            }
        ),
        act!("give a secret out", |material, vault| {
            let record = vault.certificate(&name("base"), None)?.record;
            let record = record.ok_or_else(|| VaultError::NoVersion { name: "base".to_owned() })?;
            vault.release(&material.key, &record, "pfx", now()).map(drop)
        }),
        act!("write a request out", |_, vault| {
            let operation = vault.pending(&name("waits"))?;
            vault.record_request_exported(&operation, now())
        }),
        act!("put issuer", |material, vault| vault.put_issuer(&material.key, &issuer("another"))),
        act!("delete issuer", |material, vault| vault.delete_issuer(&material.key, &name("partner"), now())),
        act!("set contacts", |material, vault| {
            let contacts = [contact("second@example.com"), contact("third@example.com")];
            vault.set_contacts(&material.key, &contacts, now())
        }),
        act!("add contact", |material, vault| vault.add_contact(
            &material.key,
            contact("second@example.com"),
            now()
        )),
        act!("remove contact", |material, vault| vault.remove_contact(
            &material.key,
            "first@example.com",
            now()
        )),
        act!("complete at the desk", |material, vault| {
            let terms = Terms::of(Profile::Rfc5280);
            vault.complete_at_desk(&material.key, &name("bought"), &material.bought, &terms, now())
        }),
        act!("fail at the desk", |material, vault| {
            let failure = Failure { code: "Refused".to_owned(), message: "not known here".to_owned() };
            vault.fail_at_desk(&material.key, &name("bought"), &failure, now())
        }),
        act!("cancel at the desk", |material, vault| vault.cancel_at_desk(
            &material.key,
            &name("bought"),
            now()
        )),
        act!("ca init", |material, vault| {
            let (key, ca) = (&material.key, &material.authority);
            vault.put_authority(key, &name("second"), ca, &[], Profile::Rfc5280, now())
        }),
        act!("ca sign", |material, vault| {
            vault.sign_at_desk(&material.key, &name("intranet"), Some(90), now())
        }),
        act!("migration of schema 1", schema_1, |_, vault| vault.contacts()),
        act!("recovery of a merge that was killed", killed, |_, vault| vault.contacts()),
    ]
}

fn import<'a>(material: &'a Material, name: &'a ObjectName) -> Result<NewImport<'a>, VaultError> {
    let (brought, tags) = (&material.brought, tags()?);
    let (policy, profile) = (Document::default(), Profile::KeyVault);
    Ok(NewImport { name, brought, policy, tags, enabled: None, profile })
}

fn policy() -> Result<Document, VaultError> {
    Ok(Document::from_value(json!({"secret_props": {"contentType": "application/x-pem-file"}}))?.0)
}

fn tags() -> Result<Tags, VaultError> {
    Ok(Tags::new([("team".to_owned(), "network".to_owned())])?)
}

/// The vault as the first version of its schema had it.
fn schema_1(material: &Material) -> Files {
    let folder = tempfile::tempdir().expect("a temporary folder");
    lay(folder.path(), &material.vault);
    let db = Connection::open(folder.path().join(VAULT)).expect("the file");
    db.execute_batch(
        "DROP TABLE ledger;
         DROP TABLE ledger_end;
         ALTER TABLE seal DROP COLUMN kind;
         ALTER TABLE seal DROP COLUMN label;
         ALTER TABLE seal DROP COLUMN created;
         DROP TABLE authority;
         DROP INDEX version_in_order;
         ALTER TABLE issuer DROP COLUMN administrators;
         ALTER TABLE operation DROP COLUMN enabled;
         ALTER TABLE version DROP COLUMN accepted;
         PRAGMA user_version = 1;",
    )
    .expect("an older schema");
    drop(db);
    read(folder.path())
}

/// The vault and the journal that a merge leaves when it is killed just before it is done.
fn killed(material: &Material) -> Files {
    trial::left_by_a_kill(
        material,
        &act!("merge", |material, vault| {
            vault.merge(&material.key, &name("waits"), &material.answer, now())
        }),
    )
}
