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
        vault.change_passphrase(&material.key, Some(&material.passphrase))
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
        act!("cancel", |_, vault| vault.cancel(&Wanted::from(&name("waits")), true)),
        act!("delete pending", |_, vault| vault.delete_pending(&Wanted::from(&name("waits")))),
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
        act!("set attributes and tags", |_, vault| {
            let attributes = Attributes { enabled: Some(false), tags: Some(tags()?) };
            vault.set_attributes(&name("base"), None, attributes, now())
        }),
        act!("update", |_, vault| {
            let attributes = Attributes { enabled: Some(false), tags: None };
            vault.update(&name("base"), None, attributes, Some(policy()?), now())
        }),
        act!("set policy", |_, vault| vault.set_policy(&name("waits"), policy()?, now())),
        act!("delete", |_, vault| vault.delete(&name("base"), now())),
        act!("recover", after | _, before | before.delete(&name("base"), now()), |_, vault| {
            vault.recover(&name("base"))
        }),
        act!("purge", after | _, before | before.delete(&name("base"), now()), |_, vault| {
            vault.purge(&name("base"))
        }),
        act!("backup", |material, vault| vault.backup(&material.key, &name("base"))),
        act!(
            "restore",
            after | _,
            before | {
                before.delete(&name("base"), now())?;
                before.purge(&name("base"))
            },
            |material, vault| vault.restore(&material.key, &material.backup, None)
        ),
        act!(
            "take the passphrase away",
            after | material,
            before | before.change_passphrase(&material.key, Some(&material.passphrase)),
            |material, vault| vault.change_passphrase(&material.key, None)
        ),
        act!("put issuer", |_, vault| vault.put_issuer(&issuer("another"))),
        act!("delete issuer", |_, vault| vault.delete_issuer(&name("partner"))),
        act!("set contacts", |_, vault| {
            vault.set_contacts(&[contact("second@example.com"), contact("third@example.com")])
        }),
        act!("add contact", |_, vault| vault.add_contact(contact("second@example.com"))),
        act!("remove contact", |_, vault| vault.remove_contact("first@example.com")),
        act!("complete at the desk", |material, vault| {
            let terms = Terms::of(Profile::Rfc5280);
            vault.complete_at_desk(&material.key, &name("bought"), &material.bought, &terms, now())
        }),
        act!("fail at the desk", |_, vault| {
            let failure = Failure { code: "Refused".to_owned(), message: "not known here".to_owned() };
            vault.fail_at_desk(&name("bought"), &failure)
        }),
        act!("cancel at the desk", |_, vault| vault.cancel_at_desk(&name("bought"))),
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
        "DROP TABLE authority;
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
