//! PEM, the textual encoding of RFC 7468: reading what others sent, writing what the standard asks for.
//!
//! Reading is lenient about everything that mail programs, editors and copying by hand do to a file, and strict
//! about loss: a block that cannot be read whole is an error that names it, never a block left out. The `pem` crate
//! skips a block whose END line is missing, which here would turn a broken bundle into a shorter good one, so the
//! armour lines are found in this file and only the base64 is left to a library.
//!
//! This file never looks inside a block: whether a `CERTIFICATE` is one is for its reader to say. It never
//! decrypts: a block with `Proc-Type: 4,ENCRYPTED` is handed over as it stands, its headers with it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::{Zeroize as _, Zeroizing};

/// One block: what stood between a BEGIN line and its END line.
///
/// The contents may be a private key: they are wiped when the block is dropped, and `Debug` hides them.
pub struct Block {
    /// The words between `-----BEGIN ` and `-----`, such as `CERTIFICATE`; trimmed, otherwise as written.
    pub label: String,
    /// The RFC 1421 headers at the top of the block, in their order, names and values trimmed and folded values
    /// joined by one space. RFC 7468 knows none; OpenSSL's old encrypted keys have `Proc-Type` and `DEK-Info`.
    pub headers: Vec<(String, String)>,
    /// The line on which the BEGIN stands, counted from 1.
    pub line: usize,
    contents: Zeroizing<Vec<u8>>,
}

impl Block {
    /// The decoded bytes, as a rule DER; ciphertext if [`is_encrypted`](Self::is_encrypted).
    pub fn contents(&self) -> &[u8] {
        &self.contents
    }

    /// The decoded bytes without a copy; they are still wiped when dropped.
    pub fn into_contents(self) -> Zeroizing<Vec<u8>> {
        self.contents
    }

    /// Whether the headers say that the contents are ciphertext (`Proc-Type: 4,ENCRYPTED`, RFC 1421 4.6.1.1).
    ///
    /// The PKCS#8 way of encrypting a key has a label of its own instead, `ENCRYPTED PRIVATE KEY`.
    pub fn is_encrypted(&self) -> bool {
        self.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("Proc-Type")
                && value.split(',').any(|word| word.trim().eq_ignore_ascii_case("ENCRYPTED"))
        })
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Block")
            .field("label", &self.label)
            .field("line", &self.line)
            .field("contents", &format_args!("hidden, {} bytes", self.contents.len()))
            .finish_non_exhaustive()
    }
}

/// Why text could not be read as PEM. Lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// More than [`MAX_INPUT`] bytes.
    #[error("{length} bytes of text, expected at most {limit}")]
    TooLarge {
        /// Bytes given.
        length: usize,
        /// [`MAX_INPUT`].
        limit: usize,
    },
    /// `-----BEGIN ` or `-----END ` without its closing dashes on the same line.
    #[error("line {line}: \"-----{word} \" is not closed, expected \"-----\" on the same line")]
    ArmourNotClosed {
        /// `BEGIN` or `END`.
        word: &'static str,
        /// Where it stands.
        line: usize,
    },
    /// The label is too long or holds something other than printable ASCII (RFC 7468 3, `labelchar`).
    #[error("line {line}: the label is not one, expected at most {limit} printable ASCII characters")]
    Label {
        /// Where it stands.
        line: usize,
        /// [`MAX_LABEL`].
        limit: usize,
    },
    /// A second BEGIN before the first block's END.
    #[error(
        "line {inner_line}: BEGIN {inner} inside BEGIN {label} of line {line}, expected END {label} first"
    )]
    Nested {
        /// The block that is open.
        label: String,
        /// Where it began.
        line: usize,
        /// The block that begins inside it.
        inner: String,
        /// Where that begins.
        inner_line: usize,
    },
    /// The text ends inside a block.
    #[error(
        "line {line}: BEGIN {label} has no end, expected \"-----END {label}-----\" before the end of the text"
    )]
    Truncated {
        /// The block that is open.
        label: String,
        /// Where it began.
        line: usize,
    },
    /// The END line names another label than the BEGIN line.
    #[error("line {end_line}: END {end} closes BEGIN {label} of line {line}, expected END {label}")]
    EndDiffers {
        /// The block that is open.
        label: String,
        /// Where it began.
        line: usize,
        /// The label of the END line.
        end: String,
        /// Where the END line stands.
        end_line: usize,
    },
    /// An END line that closes nothing: the beginning of its block is lost.
    #[error("line {line}: END {label} closes nothing, expected a line \"-----BEGIN {label}-----\" above it")]
    EndWithoutBegin {
        /// The label of the END line.
        label: String,
        /// Where it stands.
        line: usize,
    },
    /// A byte inside a block that base64 does not have.
    #[error(
        "line {byte_line}: byte 0x{byte:02x} in BEGIN {label} of line {line}, expected base64 (A-Z a-z 0-9 + / =)"
    )]
    NotBase64 {
        /// The block.
        label: String,
        /// Where it began.
        line: usize,
        /// The byte.
        byte: u8,
        /// Where the byte stands.
        byte_line: usize,
    },
    /// The characters are those of base64, but their number or the place of `=` is wrong: some are missing.
    #[error(
        "line {line}: BEGIN {label} holds {characters} characters of base64 that do not make whole bytes, \
         expected groups of four with \"=\" at the very end only"
    )]
    NotWhole {
        /// The block.
        label: String,
        /// Where it began.
        line: usize,
        /// Characters found, white space not counted.
        characters: usize,
    },
}

impl PemError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::TooLarge { .. } => "give a file that holds the certificates only".to_owned(),
            Self::ArmourNotClosed { line, .. } => {
                format!("mend line {line}: five dashes at both ends, all on one line")
            }
            Self::Label { line, .. } => {
                format!("look at line {line} in an editor that shows invisible characters")
            }
            Self::Truncated { label, .. } | Self::Nested { label, .. } => {
                format!("copy the block again, down to and with the line -----END {label}-----")
            }
            Self::EndDiffers { label, line, end, end_line } => format!(
                "compare lines {line} and {end_line}: either one label is mistyped, or the end of {label} and \
                 the beginning of {end} are missing between them"
            ),
            Self::EndWithoutBegin { label, .. } => {
                format!("copy the block again, from and with the line -----BEGIN {label}-----")
            }
            Self::NotBase64 { byte: b'\\', .. } => {
                "the line breaks are written as \\n: take the text out of its JSON or shell string first"
                    .to_owned()
            }
            Self::NotBase64 { byte_line, .. } => {
                format!(
                    "look at line {byte_line}: copy the block again, from the file and not from a page or a mail"
                )
            }
            Self::NotWhole { label, .. } => {
                format!(
                    "characters are missing from or added to {label}: copy it again, or ask for the file itself"
                )
            }
        }
    }
}

/// Whether there is PEM armour in it: a quick look, no promise that [`read`] succeeds.
pub fn looks_like_pem(bytes: &[u8]) -> bool {
    find(bytes, BEGIN).is_some()
}

/// Reads every block in the text, in its order; text without any gives none.
///
/// Accepted beyond RFC 7468 3 (its `laxtextualmsg` and more): any line ends (LF, CR LF, CR, mixed or none), a UTF-8
/// byte order mark, text between and around the blocks, indentation, lines of any length, a missing last line end,
/// missing padding, RFC 1421 headers. UTF-16 is not: it has no armour to find.
///
/// # Errors
///
/// [`PemError`], for the first block that cannot be read whole. No block is ever left out.
pub fn read(bytes: &[u8]) -> Result<Vec<Block>, PemError> {
    if bytes.len() > MAX_INPUT {
        return Err(PemError::TooLarge { length: bytes.len(), limit: MAX_INPUT });
    }
    let mut text = Text { bytes, at: 0, line: 1 };
    let mut blocks = Vec::new();
    while let Some(armour) = text.next_armour()? {
        match armour {
            Armour { word: Word::End, label, line, .. } => {
                return Err(PemError::EndWithoutBegin { label, line });
            }
            Armour { word: Word::Begin, label, line, .. } => blocks.push(read_block(&mut text, label, line)?),
        }
    }
    Ok(blocks)
}

/// Writes one block as RFC 7468 2 and 3 ask writers to: lines of 64 characters, LF, one LF at the end.
///
/// `label` is printable ASCII without hyphens, such as `CERTIFICATE` (RFC 7468 4). For keys see [`write_secret`].
pub fn write(label: &str, der: &[u8]) -> String {
    let base64 = der.len().div_ceil(3) * 4 + der.len().div_ceil(BYTES_PER_LINE);
    let armour = BEGIN.len() + END.len() + 2 * (label.len() + DASHES.len() + 1);
    // Room for all of it at once: growing would leave copies of a key behind in freed memory.
    let mut text = String::with_capacity(armour + base64);
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    let mut line = Zeroizing::new(String::with_capacity(LINE));
    for chunk in der.chunks(BYTES_PER_LINE) {
        line.zeroize();
        STANDARD.encode_string(chunk, &mut line);
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

/// As [`write()`], for a private key: the text is wiped when dropped.
pub fn write_secret(label: &str, der: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(write(label, der))
}

fn read_block(text: &mut Text<'_>, label: String, line: usize) -> Result<Block, PemError> {
    let start = text.at;
    let start_line = text.line;
    let Some(armour) = text.next_armour()? else {
        return Err(PemError::Truncated { label, line });
    };
    let body_end = match armour {
        Armour { word: Word::Begin, label: inner, line: inner_line, .. } => {
            return Err(PemError::Nested { label, line, inner, inner_line });
        }
        Armour { word: Word::End, label: end, line: end_line, .. } if end != label => {
            return Err(PemError::EndDiffers { label, line, end, end_line });
        }
        Armour { word: Word::End, at, .. } => at,
    };
    let mut body = Text { bytes: &text.bytes[..body_end], at: start, line: start_line };
    let headers = read_headers(&mut body);
    let characters = base64_characters(&mut body, &label, line)?;
    // Sized for the worst case, so that decoding a key never moves it.
    let mut contents = Zeroizing::new(Vec::with_capacity(characters.len()));
    if LENIENT.decode_vec(&*characters, &mut contents).is_err() {
        return Err(PemError::NotWhole { label, line, characters: characters.len() });
    }
    Ok(Block { label, headers, line, contents })
}

/// Takes the RFC 1421 4.6 headers from the top of a block. A line with a colon is one, as base64 has none;
/// a line indented deeper than the first header goes on with the value above it.
fn read_headers(body: &mut Text<'_>) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut indent = 0;
    loop {
        let rest = &body.bytes[body.at..];
        let length = rest.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(rest.len());
        let line = &rest[..length];
        let this_indent = line.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let trimmed = String::from_utf8_lossy(line.trim_ascii());
        if trimmed.is_empty() {
            // Before the first header blank lines mean nothing, after it one ends the headers.
            if !headers.is_empty() || length == rest.len() {
                return headers;
            }
        } else if let Some((name, value)) = trimmed.split_once(':') {
            if headers.is_empty() {
                indent = this_indent;
            }
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        } else if let Some((_, value)) = headers.last_mut().filter(|_| this_indent > indent) {
            value.push(' ');
            value.push_str(&trimmed);
        } else {
            return headers;
        }
        let line_end = if rest[length..].starts_with(b"\r\n") { 2 } else { 1 };
        body.advance((body.at + length + line_end).min(body.bytes.len()));
    }
}

/// The body without its white space, every character checked.
fn base64_characters(body: &mut Text<'_>, label: &str, line: usize) -> Result<Zeroizing<Vec<u8>>, PemError> {
    let rest = &body.bytes[body.at..];
    let mut characters = Zeroizing::new(Vec::with_capacity(rest.len()));
    for (offset, &byte) in rest.iter().enumerate() {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => {}
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' => characters.push(byte),
            _ => {
                body.advance(body.at + offset);
                return Err(PemError::NotBase64 {
                    label: label.to_owned(),
                    line,
                    byte,
                    byte_line: body.line,
                });
            }
        }
    }
    Ok(characters)
}

/// The text, and how far it is read. `line` is the line of `at`.
struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

struct Armour {
    word: Word,
    label: String,
    /// Where its first dash stands.
    at: usize,
    line: usize,
}

enum Word {
    Begin,
    End,
}

impl Text<'_> {
    /// Moves behind the next BEGIN or END. Other runs of dashes are text.
    fn next_armour(&mut self) -> Result<Option<Armour>, PemError> {
        while let Some(offset) = find(&self.bytes[self.at..], DASHES) {
            self.advance(self.at + offset);
            let rest = &self.bytes[self.at..];
            let (word, name, skip) = if rest.starts_with(BEGIN) {
                (Word::Begin, "BEGIN", BEGIN.len())
            } else if rest.starts_with(END) {
                (Word::End, "END", END.len())
            } else {
                self.advance(self.at + 1);
                continue;
            };
            let Self { at, line, .. } = *self;
            let after = &rest[skip..];
            let line_end = after.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(after.len());
            let Some(length) = find(&after[..line_end], DASHES) else {
                return Err(PemError::ArmourNotClosed { word: name, line });
            };
            // RFC 7468 3: labelchar is printable ASCII; a single space or hyphen may stand between two.
            let label = after[..length].trim_ascii();
            if label.len() > MAX_LABEL || !label.iter().all(|b| matches!(b, 0x20..=0x7e)) {
                return Err(PemError::Label { line, limit: MAX_LABEL });
            }
            let label = String::from_utf8_lossy(label).into_owned();
            self.advance(self.at + skip + length + DASHES.len());
            return Ok(Some(Armour { word, label, at, line }));
        }
        self.advance(self.bytes.len());
        Ok(None)
    }

    fn advance(&mut self, to: usize) {
        for at in self.at..to {
            // CR LF is one line end: it is counted at its LF.
            let ends_line = match self.bytes[at] {
                b'\n' => true,
                b'\r' => self.bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += usize::from(ends_line);
        }
        self.at = to;
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The most bytes of text that [`read`] takes: 16 MiB. The number is ours: a root programme's whole bundle is well
/// under 1 MiB, and several copies of the input are held while reading, which an endless file would turn into all
/// of the memory.
pub const MAX_INPUT: usize = 16 << 20;

/// The longest label, in characters. The number is ours: the longest in use are near 30 (`CERTIFICATE REQUEST`,
/// `ENCRYPTED PRIVATE KEY`), and the label is repeated in messages, which a long one would flood.
pub const MAX_LABEL: usize = 64;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// RFC 7468 2: generators wrap so that each line but the last has exactly 64 characters.
const LINE: usize = 64;
const BYTES_PER_LINE: usize = LINE / 4 * 3;

/// Padding may be missing and the unused bits of the last character may be set: some writers do either.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
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
    #[allow(
        clippy::explicit_write,
        reason = "eprintln is captured by the test runner, and this has to be seen"
    )]
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
}
