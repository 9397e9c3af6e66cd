use std::sync::{Arc, Mutex};

use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::*;
use crate::csr::CertificateRequest;
use crate::key::{PrivateKey, Signer};
use crate::policy::{Document, KeyKind};
use crate::seal::VaultKey;

/// Whatever grows with the vault is found by an index: a scan would make the hundred thousandth
/// certificate slow. Only the open operations are walked, by the index that holds nothing else.
#[test]
fn no_query_walks_through_what_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    std::fs::write(&path, b"").unwrap();
    let now = UnixTime::from_unix_seconds(1_700_000_000).unwrap();
    let mut store =
        Store::create(&path, now, |db| replace_protection(db, &Protection::Unsealed(vec![7; 32].into())))
            .unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let traced = Arc::clone(&seen);
    store
        .connection
        .trace_v2(
            TraceEventCodes::SQLITE_TRACE_PROFILE,
            Some(move |event: TraceEvent<'_>| {
                if let TraceEvent::Profile(statement, _) = event {
                    traced.lock().unwrap().push(statement.sql().into_owned());
                }
            }),
        )
        .unwrap();
    use_every_query(&mut store, now);
    store.connection.trace_v2(TraceEventCodes::empty(), None::<fn(TraceEvent<'_>)>).unwrap();

    let statements = seen.lock().unwrap();
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE"];
    let statements: Vec<_> =
        statements.iter().filter(|sql| verbs.iter().any(|verb| sql.trim().starts_with(verb))).collect();
    assert!(statements.len() > 20, "{statements:?}");
    for sql in statements {
        // The names of the deleted are a range of all names too: that would be a walk by another word.
        if sql.contains("deleted IS NOT NULL") {
            assert!(plan(&store.connection, sql)[0].contains("INDEX certificate_deleted"), "{sql}");
        }
        for step in plan(&store.connection, sql) {
            let small =
                ["issuer", "authority", "contact", "seal", "vault"].map(|table| format!("SCAN {table}"));
            let walks = step.starts_with("SCAN")
                && !step.contains("INDEX operation_open")
                && !small.iter().any(|scan| step.starts_with(scan))
                && !step.starts_with("SCAN CONSTANT ROW");
            assert!(!walks, "{step}: {sql}");
        }
    }
}

/// However many wait, and whether for another process or for each other.
#[test]
fn whoever_waits_to_write_waits_no_longer_than_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    std::fs::write(&path, b"").unwrap();
    let now = UnixTime::from_unix_seconds(1_700_000_000).unwrap();
    let protection = Protection::Unsealed(vec![7; 32].into());
    Store::create(&path, now, |db| replace_protection(db, &protection)).unwrap();
    let store = Store::open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let mut store = store.beside().unwrap();
            scope.spawn(move || assert!(matches!(store.begin(About::Nothing).err(), Some(StoreError::Busy))));
        }
    });
    let waited = began.elapsed();
    assert!(waited > BUSY_WAIT / 2 && waited < BUSY_WAIT * 3 / 2, "{waited:?}");
    other.execute_batch("ROLLBACK").unwrap();
    store.beside().unwrap().begin(About::Nothing).unwrap().commit().unwrap();
}

fn plan(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // Parameters stand as NULL: the plan does not depend on them.
    let steps = statement.raw_query().mapped(|row| row.get(3)).collect::<Result<_, _>>();
    steps.unwrap()
}

fn use_every_query(store: &mut Store, now: UnixTime) {
    let name = ObjectName::new("www").unwrap();
    let mut document = Document::default();
    document.set("x509_props.subject", "CN=www.example.com".into());
    let policy = Policy::understand(&document).unwrap();
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let vault_key = VaultKey::generate().unwrap();
    let pending =
        Pending::begin(name.clone(), policy.clone(), Tags::default(), &key, &vault_key, now).unwrap();
    let request = CertificateRequest::make(&policy, &key).unwrap();
    let certificate = crate::authority::self_signed(&policy, &request, &key, now).unwrap();
    let entry = Entry {
        id: 0,
        name: name.clone(),
        policy,
        policy_created: now,
        policy_updated: now,
        shell: Identifier::random().unwrap(),
        tags: Tags::default(),
        created: now,
        deleted: None,
    };
    let record = Record {
        name: name.clone(),
        version: Identifier::random().unwrap(),
        certificate,
        issuers: Vec::new(),
        content_type: crate::policy::ContentType::Pkcs12,
        exportable: true,
        enabled: true,
        tags: Tags::default(),
        created: now,
        updated: now,
        accepted: Vec::new(),
        sealed_key: vec![1],
    };
    let db = store.begin(About::Nothing).unwrap();
    protection(&db).unwrap();
    let id = put_entry(&db, &entry).unwrap();
    put_pending(&db, id, &pending).unwrap();
    let entry = super::entry(&db, &name).unwrap().unwrap();
    operation(&db, &entry).unwrap();
    assert_eq!(waiting(&db).unwrap().len(), 1);
    name_by_request_id(&db, pending.request_id).unwrap();
    put_version(&db, id, &record).unwrap();
    assert_eq!(holders(&db, key.public_key().fingerprint()).unwrap().len(), 2);
    request_cancellation(&db, id, true).unwrap();
    complete_operation(&db, id).unwrap();
    version(&db, &entry, None).unwrap();
    version(&db, &entry, Some(record.version)).unwrap();
    versions(&db, &entry).unwrap();
    assert_eq!(versions_by_id(&db, &entry, None, 25).unwrap().len(), 1);
    assert!(versions_by_id(&db, &entry, Some(record.version), 25).unwrap().is_empty());
    set_attributes(&db, record.version, &Attributes::default(), now).unwrap();
    assert_eq!(version_ids(&db, Some("www")).unwrap(), [Some(record.version)]);
    for kept in [Kept::Certificate, Kept::Operation, Kept::Version(record.version)] {
        assert!(kept.digest(&db, Some("www")).unwrap().is_some(), "{kept:?}");
    }
    for kept in [Kept::Issuer, Kept::Authority] {
        assert!(kept.digest(&db, Some("www")).unwrap().is_none(), "{kept:?}");
    }
    let state: serde_json::Map<_, _> =
        [("certificate".to_owned(), serde_json::Value::Null)].into_iter().collect();
    for (act, tells) in [(crate::ledger::Act::Purge, 1), (crate::ledger::Act::Judge, 0)] {
        let event = Event::on(act, "www").with("state", state.clone());
        let head = crate::ledger::Head::start();
        let entry = crate::ledger::Entry::behind(&head, event, &Attribution::default(), now);
        assert_eq!(left(&entry).count(), tells, "{act}");
    }
    assert!(Kept::Contacts.digest(&db, None).unwrap().is_none());
    assert!(Kept::Seals.digest(&db, None).unwrap().is_some());
    for include_pending in [false, true] {
        assert_eq!(names(&db, "", 25, include_pending, false).unwrap().len(), 1);
        assert!(names(&db, "", 25, include_pending, true).unwrap().is_empty());
    }
    issuers(&db, None).unwrap();
    contacts(&db).unwrap();
    authorities(&db, None).unwrap();
    set_deletion(&db, id, Some(Deletion { deleted: now, scheduled_purge: now })).unwrap();
    assert_eq!(names(&db, "", 25, true, true).unwrap(), [name]);
    remove_operation(&db, id).unwrap();
    remove_entry(&db, id).unwrap();
    db.commit().unwrap();
}
