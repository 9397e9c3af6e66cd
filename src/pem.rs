//! PEM, the textual encoding of RFC 7468: reading what others sent, writing what the standard asks for.
//!
//! Reading is lenient about everything that mail programs, editors and copying by hand do to a file, and strict
//! about loss: a block that cannot be read whole is an error that names it, never a block left out. The `pem` crate
//! skips a block whose END line is missing, which here would turn a broken bundle into a shorter good one, so the
//! armour lines are found in this file and only the base64 is left to a library.
//!
//! This file never looks inside a block: whether a `CERTIFICATE` is one is for its reader to say. It never
//! decrypts: a block with `Proc-Type: 4,ENCRYPTED` is handed over as it stands, its headers with it.

mod error;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::{Zeroize as _, Zeroizing};

pub use error::PemError;

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

/// Whether there is PEM armour in it: a quick look, no promise that [`read`] succeeds.
pub fn looks_like_pem(bytes: &[u8]) -> bool {
    find(bytes, BEGIN).is_some()
}

/// Whether there is an END line in it.
pub(crate) fn has_end(bytes: &[u8]) -> bool {
    find(bytes, END).is_some()
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
    pieces(bytes, 1)?
        .filter_map(|piece| match piece {
            Ok(Piece::Text { .. }) => None,
            Ok(Piece::Block(block)) => Some(Ok(block)),
            Ok(Piece::End { label, line }) => Some(Err(PemError::EndWithoutBegin { label, line })),
            Err(error) => Some(Err(error)),
        })
        .collect()
}

/// What text with PEM in it is made of.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    /// What stands before, between or behind blocks; never only white space.
    Text {
        /// All of it.
        text: &'a [u8],
        /// The line on which it begins.
        line: usize,
    },
    /// A block.
    Block(Block),
    /// An END line that closes nothing; what stood above it is the text before.
    End {
        /// Its label.
        label: String,
        /// The line on which it stands.
        line: usize,
    },
}

/// As [`read`], with what stands around the blocks, the first line being `line`. It ends with the first error.
pub(crate) fn pieces(bytes: &[u8], line: usize) -> Result<Pieces<'_>, PemError> {
    if bytes.len() > MAX_INPUT {
        return Err(PemError::TooLarge { length: bytes.len(), limit: MAX_INPUT });
    }
    Ok(Pieces { text: Text { bytes, at: 0, line }, armour: None, is_done: false })
}

/// The pieces of some text, in their order.
pub(crate) struct Pieces<'a> {
    text: Text<'a>,
    /// What was found behind the text that was handed out last.
    armour: Option<Armour>,
    is_done: bool,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Result<Piece<'a>, PemError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(armour) = self.armour.take() {
            return Some(self.follow(armour));
        }
        if self.is_done {
            return None;
        }
        let Text { at: start, line, bytes } = self.text;
        match self.text.next_armour() {
            Ok(armour) => {
                self.is_done = armour.is_none();
                let end = armour.as_ref().map_or(bytes.len(), |armour| armour.at);
                let text = &bytes[start..end];
                self.armour = armour;
                if text.iter().all(u8::is_ascii_whitespace) {
                    return self.next();
                }
                Some(Ok(Piece::Text { text, line }))
            }
            Err(error) => Some(self.failed(error)),
        }
    }
}

impl<'a> Pieces<'a> {
    fn follow(&mut self, armour: Armour) -> Result<Piece<'a>, PemError> {
        match armour {
            Armour { word: Word::End, label, line, .. } => Ok(Piece::End { label, line }),
            Armour { word: Word::Begin, label, line, .. } => {
                read_block(&mut self.text, label, line).map(Piece::Block).or_else(|error| self.failed(error))
            }
        }
    }

    fn failed(&mut self, error: PemError) -> Result<Piece<'a>, PemError> {
        self.is_done = true;
        Err(error)
    }
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
    let headers = read_headers(&mut body, &label, line)?;
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
fn read_headers(body: &mut Text<'_>, label: &str, block: usize) -> Result<Vec<(String, String)>, PemError> {
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
                return Ok(headers);
            }
        } else if let Some((name, value)) = trimmed.split_once(':') {
            if headers.is_empty() {
                indent = this_indent;
            }
            if headers.len() == MAX_HEADERS {
                let (label, line) = (label.to_owned(), block);
                return Err(PemError::TooManyHeaders { label, line, limit: MAX_HEADERS });
            }
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        } else if let Some((_, value)) = headers.last_mut().filter(|_| this_indent > indent) {
            value.push(' ');
            value.push_str(&trimmed);
        } else {
            return Ok(headers);
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
#[derive(Clone, Copy)]
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
    // Most places are told apart by one byte, without a call.
    haystack.windows(needle.len()).position(|window| window[0] == needle[0] && window == needle)
}

/// The most bytes of text that [`read`] takes: 16 MiB. The number is ours: a root programme's whole bundle is well
/// under 1 MiB, and several copies of the input are held while reading, which an endless file would turn into all
/// of the memory.
pub const MAX_INPUT: usize = 16 << 20;

/// The longest label, in characters. The number is ours: the longest in use are near 30 (`CERTIFICATE REQUEST`,
/// `ENCRYPTED PRIVATE KEY`), and the label is repeated in messages, which a long one would flood.
pub const MAX_LABEL: usize = 64;

/// The most headers of one block. The number is ours: OpenSSL writes two, RFC 1421 4.6 knows about ten, and each is
/// kept as two texts, which take ten times the memory of a short line.
pub const MAX_HEADERS: usize = 64;

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
mod tests;
