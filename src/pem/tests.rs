use super::*;
use proptest::prelude::*;
use std::io::Write as _;
use std::path::PathBuf;

const SAMPLE: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n";
const SAMPLE_DER: &[u8] = &[0x30, 3, 2, 1, 5];

fn contents(text: &str) -> Vec<Vec<u8>> {
    read(text.as_bytes()).unwrap().iter().map(|block| block.contents().to_vec()).collect()
}

#[test]
fn what_is_written_has_lines_of_64_and_one_line_feed_at_the_end() {
    assert_eq!(write("CERTIFICATE", SAMPLE_DER), SAMPLE);
    let text = write("X", &[0xff; 49]);
    assert_eq!(text, format!("-----BEGIN X-----\n{}\n/w==\n-----END X-----\n", "/".repeat(64)));
    assert_eq!(text.capacity(), text.len(), "the room reserved is exact, so a key is never moved");
    assert_eq!(write("X", &[]), "-----BEGIN X-----\n-----END X-----\n");
    assert_eq!(*write_secret("CERTIFICATE", SAMPLE_DER), SAMPLE);
}

#[test]
fn any_line_end_indentation_and_surrounding_text_is_accepted() {
    let two = format!("subject=/CN=a\n{SAMPLE}\n----- next -----\n{SAMPLE}bye");
    let cases = [
        two.clone(),
        two.replace('\n', "\r\n"),
        two.replace('\n', "\r"),
        two.replacen('\n', "\r\n", 3).replacen("MAMC", "MA\rMC", 1),
        format!("\u{feff}{SAMPLE}{SAMPLE}"),
        two.replace('\n', "\n \t"),
        format!("{SAMPLE}{}", SAMPLE.trim_end()),
        two.replace("MAMCAQU=", "MAMCAQU"),
        two.replace('\n', " "),
        two.replace('\n', ""),
        two.replace("-----\n", "----- \n\n"),
    ];
    for text in cases {
        assert_eq!(contents(&text), [SAMPLE_DER, SAMPLE_DER], "{text:?}");
    }
}

#[test]
fn one_long_line_and_lines_of_76_are_accepted() {
    let der = vec![7; 300];
    for width in [4, 76, 1000] {
        let mut text = String::from("-----BEGIN X-----\n");
        for line in STANDARD.encode(&der).as_bytes().chunks(width) {
            text.push_str(std::str::from_utf8(line).unwrap());
            text.push('\n');
        }
        text.push_str("-----END X-----");
        assert_eq!(contents(&text), [der.as_slice()]);
    }
}

#[test]
fn a_block_says_on_which_line_it_begins() {
    for end in ["\n", "\r", "\r\n"] {
        let text = format!("a\nb\n{SAMPLE}\n{SAMPLE}").replace('\n', end);
        let lines: Vec<_> = read(text.as_bytes()).unwrap().iter().map(|block| block.line).collect();
        assert_eq!(lines, [3, 7], "{end:?}");
    }
}

#[test]
fn headers_of_an_encrypted_key_reach_the_caller() {
    let text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,\n  00FF\n\n\
                MAMCAQU=\n-----END RSA PRIVATE KEY-----\n";
    for text in [text.to_owned(), text.replace('\n', "\r\n"), text.replace('\n', "\n  ")] {
        let blocks = read(text.as_bytes()).unwrap();
        assert!(blocks[0].is_encrypted());
        assert_eq!(blocks[0].headers[1], ("DEK-Info".to_owned(), "AES-256-CBC, 00FF".to_owned()));
        assert_eq!(blocks[0].contents(), SAMPLE_DER);
    }
    assert!(!read(SAMPLE.as_bytes()).unwrap()[0].is_encrypted());
}

#[test]
fn debug_never_shows_the_contents() {
    let blocks = read(SAMPLE.as_bytes()).unwrap();
    let shown = format!("{blocks:?}");
    assert!(shown.contains("hidden, 5 bytes") && !shown.contains("48"), "{shown}");
}

#[test]
fn a_block_that_is_not_whole_is_named_and_never_dropped() {
    let cases: [(&str, &str); 9] = [
        (
            "x\n-----BEGIN A-----\nMAMC",
            "line 2: BEGIN A has no end, expected \"-----END A-----\" before the end of the text",
        ),
        (
            "-----BEGIN A-----\nMAMC\n-----END B-----",
            "line 3: END B closes BEGIN A of line 1, expected END A",
        ),
        (
            "-----BEGIN A-----\nMAMC\n-----BEGIN B-----\nMAMC\n-----END B-----",
            "line 3: BEGIN B inside BEGIN A of line 1, expected END A first",
        ),
        (
            "MAMC\n-----END A-----\n",
            "line 2: END A closes nothing, expected a line \"-----BEGIN A-----\" above it",
        ),
        (
            "-----BEGIN A\nMAMC\n-----END A-----\n",
            "line 1: \"-----BEGIN \" is not closed, expected \"-----\" on the same line",
        ),
        (
            "-----BEGIN A-----\nMAMC\nMA*C\n-----END A-----\n",
            "line 3: byte 0x2a in BEGIN A of line 1, expected base64 (A-Z a-z 0-9 + / =)",
        ),
        (
            "-----BEGIN A-----\nMAMCA\n-----END A-----\n",
            "line 1: BEGIN A holds 5 characters of base64 that do not make whole bytes, expected groups of \
             four with \"=\" at the very end only",
        ),
        (
            "-----BEGIN A-----\nMA==\nMAMC\n-----END A-----\n",
            "line 1: BEGIN A holds 8 characters of base64 that do not make whole bytes, expected groups of \
             four with \"=\" at the very end only",
        ),
        (
            "-----BEGIN \u{e9}-----\nMAMC\n-----END \u{e9}-----\n",
            "line 1: the label is not one, expected at most 64 printable ASCII characters",
        ),
    ];
    for (text, expected) in cases {
        let error = read(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text:?}");
        assert!(!error.help().is_empty());
    }
}

#[test]
fn escaped_line_breaks_are_explained() {
    let text = r"-----BEGIN A-----\nMAMC\n-----END A-----\n";
    assert!(read(text.as_bytes()).unwrap_err().help().contains("JSON"));
}

#[test]
fn too_much_text_is_refused_before_it_is_read() {
    let error = read(&vec![b'-'; MAX_INPUT + 1]).unwrap_err();
    assert_eq!(error, PemError::TooLarge { length: MAX_INPUT + 1, limit: MAX_INPUT });
}

#[test]
fn text_without_armour_has_no_blocks_and_does_not_look_like_pem() {
    assert!(read(b"MAMCAQU=").unwrap().is_empty());
    assert!(!looks_like_pem(b"MAMCAQU=") && !looks_like_pem(b""));
    assert!(looks_like_pem(SAMPLE.as_bytes()));
}

#[test]
fn the_outside_suite_gives_the_counts_of_its_verdicts() {
    let Some(folder) = suite("pem") else { return };
    let verdicts = std::fs::read(folder.join("verdicts.json")).unwrap();
    let verdicts: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&verdicts).unwrap();
    assert_eq!(verdicts.len(), 10);
    for (name, verdict) in verdicts {
        let blocks = read(&std::fs::read(folder.join(&name)).unwrap()).unwrap();
        let certificates = blocks
            .iter()
            .filter(|block| {
                matches!(&*block.label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
            })
            .count();
        match verdict["pyca_certs"].as_u64() {
            Some(expected) => assert_eq!(u64::try_from(certificates).unwrap(), expected, "{name}"),
            None => {
                assert_eq!(name, "pki-types/csr.pem");
                assert_eq!((certificates, &*blocks[0].label), (0, "CERTIFICATE REQUEST"));
            }
        }
    }
}

/// A folder of the outside suites; `None`, said loudly, where they are not at hand.
#[allow(clippy::explicit_write, reason = "eprintln is captured by the test runner, and this has to be seen")]
fn suite(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("COLDCERT_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = shared.join("suites").join(name);
    if !folder.is_dir() {
        writeln!(std::io::stderr(), "skipped: {} not found", folder.display()).unwrap();
        return None;
    }
    Some(folder)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        label in "[A-Z0-9]{1,8}( [A-Z0-9]{1,8}){0,2}",
        ders in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..4),
    ) {
        let text: String = ders.iter().map(|der| write(&label, der)).collect();
        let blocks = read(text.as_bytes()).unwrap();
        prop_assert!(blocks.iter().all(|block| block.label == label));
        let read: Vec<_> = blocks.iter().map(|block| block.contents().to_vec()).collect();
        prop_assert_eq!(read, ders);
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
    }

    #[test]
    fn changed_pem_never_makes_reading_panic_nor_loses_a_block_unsaid(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut text = format!("{SAMPLE}text: more\n{SAMPLE}").into_bytes();
        for (at, byte) in changes {
            let at = at.index(text.len());
            text[at] = byte;
        }
        text.truncate(cut.index(text.len()) + 1);
        let begins = text.windows(BEGIN.len()).filter(|window| *window == BEGIN).count();
        if let Ok(blocks) = read(&text) {
            prop_assert_eq!(blocks.len(), begins);
        }
    }
}
