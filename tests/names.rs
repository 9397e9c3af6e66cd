//! Names from the outside: awkward subjects and what they are encoded as, and hostile input.

use std::io::Write;
use std::process::{Command, Stdio};

use coldcert::name::{DistinguishedName, GeneralName, NameError, SUBJECT_CHARACTERS_MAX, dns_name_fault};
use proptest::prelude::*;

/// Text, then the attributes in encoded order: type, string type, value. `+` starts an attribute that shares
/// the RDN of the one before it.
const SUBJECTS: &[(&str, &[&str])] = &[
    ("CN=a", &["2.5.4.3 PrintableString a"]),
    ("cn=MyCert", &["2.5.4.3 PrintableString MyCert"]),
    ("CN=*.example.com", &["2.5.4.3 UTF8String *.example.com"]),
    (
        "CN=a, O=b, C=US",
        &["2.5.4.6 PrintableString US", "2.5.4.10 PrintableString b", "2.5.4.3 PrintableString a"],
    ),
    (
        "C=US, ST=WA, L=Redmond, O=TestO, OU=TestOU, CN=www.example.com",
        &[
            "2.5.4.3 PrintableString www.example.com",
            "2.5.4.11 PrintableString TestOU",
            "2.5.4.10 PrintableString TestO",
            "2.5.4.7 PrintableString Redmond",
            "2.5.4.8 PrintableString WA",
            "2.5.4.6 PrintableString US",
        ],
    ),
    ("S=WA", &["2.5.4.8 PrintableString WA"]),
    ("  CN  =  a b  ", &["2.5.4.3 PrintableString a b"]),
    ("CN=a  b", &["2.5.4.3 PrintableString a  b"]),
    ("CN=\ta\t", &["2.5.4.3 PrintableString a"]),
    ("CN=a;O=b", &["2.5.4.10 PrintableString b", "2.5.4.3 PrintableString a"]),
    ("CN=a\nO=b\r\n", &["2.5.4.10 PrintableString b", "2.5.4.3 PrintableString a"]),
    ("CN=a,\r\nO=b", &["2.5.4.10 PrintableString b", "2.5.4.3 PrintableString a"]),
    ("CN=a\n, O=b", &["2.5.4.10 PrintableString b", "2.5.4.3 PrintableString a"]),
    ("O=\"Contoso, Ltd.\"", &["2.5.4.10 PrintableString Contoso, Ltd."]),
    ("O=\"a;b+c\" ", &["2.5.4.10 UTF8String a;b+c"]),
    ("O=\"say \"\"hi\"\"\"", &["2.5.4.10 UTF8String say \"hi\""]),
    ("O=\" a \"", &["2.5.4.10 PrintableString  a "]),
    ("O=Contoso\\, Ltd.", &["2.5.4.10 PrintableString Contoso, Ltd."]),
    ("O=a\\+b\\=c", &["2.5.4.10 PrintableString a+b=c"]),
    ("O=\\ a\\ ", &["2.5.4.10 PrintableString  a "]),
    ("O=a\\ ", &["2.5.4.10 PrintableString a "]),
    ("O=a\\\\b", &["2.5.4.10 UTF8String a\\b"]),
    ("O=\"a\\\"b\\\\\"", &["2.5.4.10 UTF8String a\"b\\"]),
    ("O=\\#1", &["2.5.4.10 UTF8String #1"]),
    ("O=\"#1\"", &["2.5.4.10 UTF8String #1"]),
    ("O=Caf\\C3\\A9", &["2.5.4.10 UTF8String Café"]),
    ("O=\"Caf\\c3\\a9\"", &["2.5.4.10 UTF8String Café"]),
    ("O=\\41\\42", &["2.5.4.10 PrintableString AB"]),
    ("O=東京", &["2.5.4.10 UTF8String 東京"]),
    ("O=a_b", &["2.5.4.10 UTF8String a_b"]),
    ("O=AT&T", &["2.5.4.10 UTF8String AT&T"]),
    ("CN=a=b", &["2.5.4.3 PrintableString a=b"]),
    ("CN=<a>", &["2.5.4.3 UTF8String <a>"]),
    ("E=a@example.com", &["1.2.840.113549.1.9.1 IA5String a@example.com"]),
    ("EmailAddress=a@example.com", &["1.2.840.113549.1.9.1 IA5String a@example.com"]),
    (
        "DC=example,DC=com",
        &["0.9.2342.19200300.100.1.25 IA5String com", "0.9.2342.19200300.100.1.25 IA5String example"],
    ),
    ("SERIALNUMBER=12-3", &["2.5.4.5 PrintableString 12-3"]),
    ("DNQUALIFIER=x", &["2.5.4.46 PrintableString x"]),
    ("organizationIdentifier=VATDE-1", &["2.5.4.97 PrintableString VATDE-1"]),
    ("jurisdictionCountryName=DE", &["1.3.6.1.4.1.311.60.2.1.3 PrintableString DE"]),
    ("OID.1.2.3=x", &["1.2.3 PrintableString x"]),
    ("oid.2.5.4.6=US", &["2.5.4.6 PrintableString US"]),
    ("2.999.1=x", &["2.999.1 PrintableString x"]),
    ("CN=#0c01 41", &["2.5.4.3 UTF8String A"]),
    ("CN=#1E020041", &["2.5.4.3 BMPString A"]),
    ("1.2.3=#30030101FF", &["1.2.3 no string #30030101FF"]),
    ("CN=a+OU=b", &["2.5.4.3 PrintableString a", "+ 2.5.4.11 PrintableString b"]),
    ("OU=b + CN=a", &["2.5.4.3 PrintableString a", "+ 2.5.4.11 PrintableString b"]),
    (
        "OU=bb+OU=c, C=US",
        &["2.5.4.6 PrintableString US", "2.5.4.11 PrintableString c", "+ 2.5.4.11 PrintableString bb"],
    ),
    (
        "T=Dr, G=Ada, I=A, SN=King",
        &[
            "2.5.4.4 PrintableString King",
            "2.5.4.43 PrintableString A",
            "2.5.4.42 PrintableString Ada",
            "2.5.4.12 PrintableString Dr",
        ],
    ),
];

#[test]
fn awkward_subjects_are_encoded_in_the_expected_order_and_string_types() {
    for &(text, expected) in SUBJECTS {
        let name = DistinguishedName::from_text(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(described(&name), expected, "{text}");
        assert_eq!(DistinguishedName::from_der(name.as_der()).unwrap(), name);
        // A BMPString is not what the text would be given, so it comes back as another string.
        let again = DistinguishedName::from_display_text(&name.to_string()).unwrap();
        assert!(again == name || text.contains('#') && again.matches(&name), "{text}");
    }
}

fn described(name: &DistinguishedName) -> Vec<String> {
    let mut lines = Vec::new();
    for attributes in name.relative_names() {
        for (index, attribute) in attributes.iter().enumerate() {
            let joined = if index == 0 { "" } else { "+ " };
            let (oid, string_type) = (attribute.oid(), attribute.string_type().name());
            lines.push(format!("{joined}{oid} {string_type} {}", attribute.value()));
        }
    }
    lines
}

#[test]
fn openssl_sees_the_same_string_types_in_the_same_order() {
    for &(text, expected) in SUBJECTS {
        let name = DistinguishedName::from_text(text).unwrap();
        let Some(parsed) = openssl_asn1parse(name.as_der()) else {
            eprintln!("skipped: no openssl on this machine");
            return;
        };
        let seen: Vec<&str> = ["PRINTABLESTRING", "UTF8STRING", "IA5STRING", "BMPSTRING"]
            .into_iter()
            .flat_map(|tag| parsed.match_indices(tag))
            .collect::<std::collections::BTreeMap<_, _>>()
            .into_values()
            .collect();
        let expected: Vec<String> = expected
            .iter()
            .filter_map(|line| line.trim_start_matches("+ ").split(' ').nth(1))
            .filter(|string_type| *string_type != "no")
            .map(str::to_uppercase)
            .collect();
        assert_eq!(seen, expected, "{text}");
    }
}

fn openssl_asn1parse(der: &[u8]) -> Option<String> {
    let mut command = Command::new("openssl");
    command.args(["asn1parse", "-inform", "DER"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(der).expect("openssl reads its input");
    drop(stdin);
    let output = child.wait_with_output().expect("openssl ends");
    assert!(output.status.success());
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn broken_subjects_are_refused_with_what_where_and_what_next() {
    for (text, message) in [
        ("", "name text: found nothing, expected KEY=value"),
        (" \n ", "name text: found nothing, expected KEY=value"),
        ("CN=a,", "name text, character 6: found nothing, expected KEY=value"),
        (",CN=a", "name text, character 1: found nothing, expected KEY=value"),
        ("CN=a,,O=b", "name text, character 6: found nothing, expected KEY=value"),
        ("CN=a+", "name text, character 6: found nothing, expected KEY=value"),
        ("O=Example, Inc", "name text, character 12: found Inc without \"=\", expected KEY=value"),
        ("CN", "name text, character 1: found CN without \"=\", expected KEY=value"),
        (
            "XX=a",
            "name text, character 1: found key XX, expected a known key such as CN, O or C, or a dotted OID",
        ),
        (
            "=a",
            "name text, character 1: found key \"\", expected a known key such as CN, O or C, or a dotted OID",
        ),
        ("1.02=a", "name text, character 1: found 1.02, expected an object identifier such as 2.5.4.3"),
        ("OID.CN=a", "name text, character 1: found OID.CN, expected an object identifier such as 2.5.4.3"),
        ("CN=", "name text, character 4: found no value for CN, expected at least one character"),
        ("CN=\"\"", "name text, character 4: found no value for CN, expected at least one character"),
        ("CN= , O=a", "name text, character 5: found no value for CN, expected at least one character"),
        ("CN=\"a", "name text, character 4: found an opening quote, expected a closing one before the end"),
        (
            "CN=\"a\"b",
            "name text, character 7: found b after a closing quote, expected a separator or the end",
        ),
        (
            "CN=a\"b\"",
            "name text, character 5: found a quote inside a bare value, expected it before the value or escaped",
        ),
        (
            "CN=a\\x",
            "name text, character 5: found x after a backslash, expected a special character or two hex digits",
        ),
        (
            "CN=a\\",
            "name text, character 5: found \"\" after a backslash, expected a special character or two hex digits",
        ),
        ("CN=\\C3", "name text, character 4: found escaped bytes \\C3, expected UTF-8"),
        ("CN=\\FF\\FE", "name text, character 4: found escaped bytes"),
        (
            "CN=#",
            "name text, character 4: found bytes that are no DER value, expected the hex of one DER value after \"#\"",
        ),
        ("CN=#0C0", "name text, character 4: found an odd number of digits,"),
        ("CN=#0C01410C0141", "name text, character 4: found more than one DER value,"),
        ("CN=#3003020500", "name text, character 4: found a DER value that is damaged inside,"),
        ("CN=#0C01FF", "name text, character 4: found a string whose bytes are not of its type,"),
        ("CN=#xyz", "name text, character 5: found x,"),
        ("CN=#0C0100", "name text, character 4: found control character U+0000"),
        ("CN=#0C00", "name text, character 4: found no value for CN"),
        ("CN=a\0b", "name text, character 5: found control character U+0000, expected printable text"),
        ("CN=a\tb", "name text, character 5: found control character U+0009, expected printable text"),
        ("CN=a\\00b", "name text, character 5: found control character U+0000, expected printable text"),
        ("CN=\"a\nb\"", "name text, character 6: found control character U+000A, expected printable text"),
        ("C=U*", "name text, character 4: found * in C, expected only characters of PrintableString"),
        ("E=ö@example.com", "name text, character 3: found ö in E, expected only characters of IA5String"),
    ] {
        let error = DistinguishedName::from_text(text).expect_err(text);
        assert!(error.to_string().starts_with(message), "{text:?}: {error}");
        assert!(!error.help().is_empty());
    }
}

#[test]
fn a_subject_may_have_two_hundred_characters_and_no_more() {
    let text = |length: usize| format!("CN={}", "é".repeat(length - 3));
    assert!(DistinguishedName::from_text(&text(SUBJECT_CHARACTERS_MAX)).is_ok());
    let error = DistinguishedName::from_text(&text(SUBJECT_CHARACTERS_MAX + 1)).unwrap_err();
    assert_eq!(error, NameError::TooLong { characters: 201, maximum: 200 });
    assert_eq!(error.help(), "shorten the name to at most 200 characters");
}

const RIGHT_TO_LEFT_OVERRIDE: char = '\u{202e}';

/// Values of all sorts, as the text of an attribute in quotes or bare.
fn written_value() -> impl Strategy<Value = String> {
    let value = proptest::collection::vec(
        prop_oneof![any::<char>(), prop::char::range(' ', '~'), Just('\u{202e}'), Just('"'), Just('\\')],
        1..12,
    );
    value.prop_map(|characters| {
        let kept = characters.into_iter().filter(|c| !c.is_control());
        let escaped: String = kept
            .map(|c| match c {
                '"' => "\"\"".to_owned(),
                '\\' => "\\\\".to_owned(),
                other => other.to_string(),
            })
            .collect();
        format!("\"x{escaped}\"")
    })
}

fn written_name() -> impl Strategy<Value = String> {
    let key =
        prop::sample::select(vec!["CN", "O", "OU", "ST", "UID", "1.2.3", "OID.2.999", "businessCategory"]);
    let attribute = (key, written_value(), prop::sample::select(vec![", ", ";", " + ", "\n"]));
    proptest::collection::vec(attribute, 1..5).prop_map(|attributes| {
        let mut text = String::new();
        for (index, (key, value, separator)) in attributes.iter().enumerate() {
            text.push_str(if index == 0 { "" } else { separator });
            text.push_str(&format!("{key}={value}"));
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), near in "[CNO=,;+\"\\\\#0-9a-fA-F. \n]{0,40}") {
        for text in [text, near] {
            if let Err(error) = DistinguishedName::from_text(&text) {
                let prose = [error.to_string(), error.help()].concat();
                prop_assert!(!prose.contains(char::is_control), "control character in {:?}", prose);
            }
            let _ = DistinguishedName::from_display_text(&text);
            let _ = dns_name_fault(&text).map(|fault| (fault.to_string(), fault.help()));
            let _ = coldcert::name::email_fault(&text).map(|fault| (fault.to_string(), fault.help()));
            let _ = coldcert::name::uri_fault(&text).map(|fault| (fault.to_string(), fault.help()));
            let _ = dns_name_fault(&format!("xn--{text}.example"));
            let _ = [GeneralName::dns(&text), GeneralName::upn(&text), GeneralName::ip(&text)];
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = DistinguishedName::from_der(&bytes);
        let _ = GeneralName::read_all(&bytes);
    }

    #[test]
    fn mutated_names_are_read_byte_for_byte_or_refused(
        text in written_name(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let Ok(name) = DistinguishedName::from_text(&text) else { return Ok(()) };
        let names = [GeneralName::Directory(name.clone()), GeneralName::dns("a.example").unwrap(), GeneralName::upn("a").unwrap()];
        let (mut der, mut list) = (name.as_der().to_vec(), GeneralName::encode_all(&names));
        for (index, byte) in changes {
            *index.get_mut(&mut der) = byte;
            *index.get_mut(&mut list) = byte;
        }
        if let Ok(read) = DistinguishedName::from_der(&der) {
            prop_assert_eq!(read.as_der(), &der[..]);
            let printed = read.to_string();
            prop_assert!(!printed.contains(|c: char| c.is_control() || c == RIGHT_TO_LEFT_OVERRIDE));
            prop_assert!(read.matches(&read));
            // A mutated type may forbid the characters of its value.
            if let Ok(again) = DistinguishedName::from_display_text(&printed) {
                prop_assert_eq!(again.to_string().len(), printed.len());
            }
        }
        if let Ok(read) = GeneralName::read_all(&list) {
            prop_assert_eq!(GeneralName::encode_all(&read), list);
            prop_assert!(read.iter().all(|name| !name.to_string().contains(char::is_control)));
        }
    }

    #[test]
    fn what_is_printed_reads_back_to_the_same_bytes(text in written_name()) {
        let name = DistinguishedName::from_text(&text);
        prop_assert!(name.is_ok(), "{:?}", name);
        let name = name.unwrap();
        prop_assert_eq!(&DistinguishedName::from_display_text(&name.to_string()).unwrap(), &name);
        let key_vault_text = name.to_key_vault_text();
        if key_vault_text.chars().count() <= SUBJECT_CHARACTERS_MAX {
            prop_assert_eq!(&DistinguishedName::from_text(&key_vault_text).unwrap(), &name);
        }
    }
}
