//! What users write: subjects, names, policies, tags, passphrases.

use coldcert::name::{
    DistinguishedName, GENERAL_NAMES_BYTES_MAX, SUBJECT_CHARACTERS_MAX, dns_name_fault, email_fault,
};
use coldcert::policy::{
    Document, LIST_ITEMS_MAX, OBJECT_NAME_CHARACTERS_MAX, ObjectName, Policy, PolicyError,
    TAG_CHARACTERS_MAX, TAGS_MAX, Tags, VALIDITY_MONTHS_MAX,
};
use coldcert::seal::{PASSPHRASE_BYTES_MAX, Passphrase};
use serde_json::{Value, json};

use crate::{Case, case, not_asked, told};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "subject-characters",
            SUBJECT_CHARACTERS_MAX,
            || told(subject(SUBJECT_CHARACTERS_MAX + 1)),
            || {
                subject(SUBJECT_CHARACTERS_MAX).expect("a name");
            },
        ),
        case(
            "subject-hex-depth",
            16,
            || told(DistinguishedName::from_text(&in_hex(17))),
            || {
                DistinguishedName::from_text(&in_hex(16)).expect("a name");
            },
        ),
        case("dns-name-characters", 253, || dns(254), || assert_eq!(dns(253), "it was taken")),
        case("dns-label-characters", 63, || label(64), || assert_eq!(label(63), "it was taken")),
        case("mailbox-characters", 64, || mailbox(65), || assert_eq!(mailbox(64), "it was taken")),
        case(
            "object-name-characters",
            OBJECT_NAME_CHARACTERS_MAX,
            || told(object(128)),
            || {
                object(127).expect("a name");
            },
        ),
        case(
            "tags",
            TAGS_MAX,
            || told(tags(TAGS_MAX + 1, 1)),
            || {
                tags(TAGS_MAX, 1).expect("tags");
            },
        ),
        case(
            "tag-characters",
            TAG_CHARACTERS_MAX,
            || told(tags(1, TAG_CHARACTERS_MAX + 1)),
            || {
                tags(1, TAG_CHARACTERS_MAX).expect("a tag");
            },
        ),
        case(
            "policy-list-items",
            LIST_ITEMS_MAX,
            || told(of_names(LIST_ITEMS_MAX + 1, 3)),
            || {
                of_names(LIST_ITEMS_MAX, 3).expect("a policy");
            },
        ),
        case(
            "policy-names-bytes",
            GENERAL_NAMES_BYTES_MAX,
            || told(of_names(600, 900)),
            || {
                of_names(500, 900).expect("a policy");
            },
        ),
        case(
            "policy-issuer-type",
            1_000,
            || told(of_issuer_type(1_001)),
            || {
                of_issuer_type(1_000).expect("a policy");
            },
        ),
        case(
            "validity-months",
            usize::try_from(VALIDITY_MONTHS_MAX).expect("memory"),
            || told(valid_for(VALIDITY_MONTHS_MAX + 1)),
            || {
                valid_for(VALIDITY_MONTHS_MAX).expect("a policy");
            },
        ),
        case(
            "lifetime-percentage",
            99,
            || told(renewed_at(100)),
            || {
                renewed_at(99).expect("a policy");
            },
        ),
        case(
            "policy-depth",
            coldcert::json::DEPTH_MAX,
            || told(document(65)),
            || {
                document(64).expect("a document");
            },
        ),
        case(
            "passphrase-bytes",
            PASSPHRASE_BYTES_MAX,
            || passphrase(PASSPHRASE_BYTES_MAX + 1),
            || {
                assert_eq!(passphrase(PASSPHRASE_BYTES_MAX), "it was taken");
            },
        ),
        case("policy-values", coldcert::json::VALUES_MAX, || told(long_document()), not_asked),
    ]
}

fn subject(characters: usize) -> Result<DistinguishedName, coldcert::name::NameError> {
    DistinguishedName::from_text(&format!("CN={}", "x".repeat(characters - 3)))
}

/// A value in hexadecimal, so many SEQUENCEs one inside the other.
fn in_hex(layers: usize) -> String {
    let der = (0..layers).fold(Vec::new(), |inner, _| crate::made::tlv(0x30, &inner));
    let digits: String = der.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("2.5.4.3=#{digits}")
}

fn dns(characters: usize) -> String {
    let name = format!("{}{}", "abcdefg.".repeat(characters / 8), "x".repeat(characters % 8));
    dns_name_fault(&name).map_or_else(|| "it was taken".to_owned(), |fault| fault.to_string())
}

fn label(characters: usize) -> String {
    let name = format!("{}.example", "x".repeat(characters));
    dns_name_fault(&name).map_or_else(|| "it was taken".to_owned(), |fault| fault.to_string())
}

fn mailbox(characters: usize) -> String {
    let address = format!("{}@example.com", "x".repeat(characters));
    email_fault(&address).map_or_else(|| "it was taken".to_owned(), |fault| fault.to_string())
}

fn object(characters: usize) -> Result<ObjectName, coldcert::policy::ObjectNameError> {
    ObjectName::new(&"x".repeat(characters))
}

fn tags(count: usize, characters: usize) -> Result<Tags, coldcert::policy::TagsError> {
    Tags::new((0..count).map(|number| (format!("t{number}"), "x".repeat(characters))))
}

fn understood(policy: Value) -> Result<Policy, PolicyError> {
    let (document, _) = Document::from_value(policy).expect("a document");
    let understood = Policy::understand(&document);
    if let Err(error) = &understood {
        assert!(!error.help().is_empty(), "{error}");
    }
    understood
}

fn of_names(count: usize, characters: usize) -> Result<Policy, PolicyError> {
    let names = vec!["x".repeat(characters); count];
    understood(json!({"x509_props": {"subject": "CN=x", "sans": {"dns_names": names}}}))
}

fn of_issuer_type(characters: usize) -> Result<Policy, PolicyError> {
    understood(json!({"x509_props": {"subject": "CN=x"}, "issuer": {"cty": "x".repeat(characters)}}))
}

fn valid_for(months: u32) -> Result<Policy, PolicyError> {
    understood(json!({"x509_props": {"subject": "CN=x", "validity_months": months}}))
}

fn renewed_at(percentage: u32) -> Result<Policy, PolicyError> {
    let action =
        json!({"trigger": {"lifetime_percentage": percentage}, "action": {"action_type": "EmailContacts"}});
    understood(json!({"x509_props": {"subject": "CN=x"}, "lifetime_actions": [action]}))
}

fn document(depth: usize) -> Result<(Document, Vec<String>), coldcert::policy::DocumentError> {
    Document::from_json(&[b"{\"a\":".repeat(depth), b"1".to_vec(), b"}".repeat(depth)].concat())
}

fn long_document() -> Result<(Document, Vec<String>), coldcert::policy::DocumentError> {
    Document::from_json(format!("{{\"a\": [{}0]}}", "0,".repeat(100_000)).as_bytes())
}

fn passphrase(bytes: usize) -> String {
    told(Passphrase::new("x".repeat(bytes).into()))
}
