//! Base64 without armour, among other lines or alone; once, or as often as it was encoded.
//!
//! A run of lines is taken for base64 by what it begins with once decoded, not by its letters: every word is
//! made of those.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::error::BundleError;
use super::form::Layer;
use super::walk::{Here, Walk};
use super::{asn1, zip};

/// A line that is not blank, without the white space, quotes and commas around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    text: &'a [u8],
    pub(super) number: usize,
    /// Whether a blank line stands above it.
    is_after_blank: bool,
}

/// Lines of base64 that begin like something known.
#[derive(Debug)]
pub(super) struct Run<'a> {
    lines: Vec<Line<'a>>,
}

impl Run<'_> {
    pub(super) fn first_line(&self) -> usize {
        self.lines.first().map_or(1, |line| line.number)
    }

    /// Whether it decodes to something that is not cut off.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole_within(&mut self.effort())
    }

    fn is_whole_within(&self, effort: &mut Effort) -> bool {
        self.split(effort).is_ok()
    }

    /// What may be spent on telling what it decodes to.
    fn effort(&self) -> Effort {
        Effort { characters_left: self.length().saturating_mul(TRIES_OF_A_CHARACTER).max(TRIES_MIN) }
    }

    fn length(&self) -> usize {
        self.lines.iter().map(|line| line.text.len()).sum()
    }

    /// What it decodes to: one thing or several, each encoded on its own. There are three ways to tell several
    /// apart, and the first that leaves nothing cut off is the right one. The error is the way that was most likely.
    fn split(&self, effort: &mut Effort) -> Result<Vec<Vec<u8>>, Option<Vec<Vec<u8>>>> {
        let mut first = None;
        let mut tried = Vec::new();
        for ends in [at_padding, at_blank_lines, at_line_ends] {
            if !effort.spend(self.length()) {
                break;
            }
            let chunks = chunks(&self.lines, ends);
            if chunks == tried {
                continue;
            }
            let decoded: Option<Vec<Vec<u8>>> =
                chunks.iter().map(|chunk| LENIENT.decode(chunk).ok()).collect();
            if let Some(decoded) = &decoded
                && decoded.iter().all(|bytes| is_whole(bytes, effort))
            {
                return Ok(decoded.clone());
            }
            first = first.or(Some(decoded));
            tried = chunks;
        }
        Err(first.flatten())
    }
}

/// The runs of a text that begins on a line, and the other lines of it.
pub(super) fn runs(text: &[u8], first: usize) -> (Vec<Run<'_>>, Vec<Line<'_>>) {
    let (mut runs, mut others): (Vec<Run<'_>>, Vec<Line<'_>>) = (Vec::new(), Vec::new());
    let mut is_open = false;
    for line in lines(text, first) {
        match runs.last_mut().filter(|_| is_open) {
            Some(run) if line.begins_like_something_known() || line.goes_on_with(run) => {
                run.lines.push(line);
            }
            _ if line.begins_like_something_known() => {
                runs.push(Run { lines: vec![line] });
                is_open = true;
            }
            _ => {
                others.push(line);
                is_open = false;
            }
        }
    }
    (runs, others)
}

/// Reads what a run decodes to.
pub(super) fn read(walk: &mut Walk<'_>, run: &Run<'_>, here: &Here) -> Result<(), BundleError> {
    read_as(walk, run, Layer::Base64, here)
}

/// As [`read`], under the name of another layer.
pub(super) fn read_as(
    walk: &mut Walk<'_>,
    run: &Run<'_>,
    layer: Layer,
    here: &Here,
) -> Result<(), BundleError> {
    let here = here.at_line(run.first_line()).within(layer);
    let mut effort = run.effort();
    let split = run.split(&mut effort);
    if effort.is_used_up() && split.is_err() {
        return Err(BundleError::TooManyWays { place: here.place });
    }
    let (Ok(decoded) | Err(Some(decoded))) = split else {
        let characters = run.lines.iter().flat_map(Line::characters).count();
        return Err(BundleError::Base64 { place: here.place, characters });
    };
    if let [only] = decoded.as_slice() {
        return walk.read(only, &here);
    }
    (1..).zip(&decoded).try_for_each(|(number, bytes)| walk.read(bytes, &here.at_item(number)))
}

/// The characters of a text that is base64 and nothing else.
pub(super) fn only_base64(text: &[u8]) -> Option<Vec<u8>> {
    let lines: Vec<Line<'_>> = lines(text, 1).collect();
    if !lines.iter().all(Line::is_base64) {
        return None;
    }
    let characters: Vec<u8> = lines.iter().flat_map(Line::characters).collect();
    (characters.len() >= SHORTEST).then_some(characters)
}

impl<'a> Line<'a> {
    /// In the standard alphabet; that for URLs (RFC 4648 5) differs in two characters and is read alike.
    fn characters(&self) -> impl Iterator<Item = u8> + 'a {
        self.text.iter().filter(|byte| !byte.is_ascii_whitespace()).map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
    }

    fn words(&self) -> impl Iterator<Item = &'a [u8]> {
        self.text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
    }

    /// One word of base64, or several that are too long for words of a language.
    fn is_base64(&self) -> bool {
        let mut words = self.words().peekable();
        while let Some(word) = words.next() {
            let is_long = word.len() >= SHORTEST || words.peek().is_none();
            if !is_long || !word.iter().all(|byte| is_character(*byte)) {
                return false;
            }
        }
        // The boundaries of a mail's parts begin so, and stand right below what they bound.
        !self.text.starts_with(b"--")
    }

    fn begins_like_something_known(&self) -> bool {
        let first = self.words().next().unwrap_or_default();
        self.is_base64() && first.len() >= SHORTEST && is_known_encoded(first)
    }

    /// Whether a line without a beginning belongs to a run: it stands right below it, or below blank lines that
    /// were put between all lines.
    fn goes_on_with(&self, run: &Run<'_>) -> bool {
        let lengths = (run.lines.first(), run.lines.last());
        let (Some(first), Some(last)) = lengths else { return false };
        let is_unfinished = first.text.len() <= LONGEST_WRAPPED && last.text.len() == first.text.len();
        self.is_base64() && (!self.is_after_blank || is_unfinished)
    }

    /// Whether it looks like a line from the middle of a block: long, one word, and no fingerprint.
    pub(super) fn is_part_of_a_block(&self) -> bool {
        self.text.len() >= SHORTEST_WRAPPED
            && self.text.iter().all(|byte| is_character(*byte))
            && !self.text.iter().all(u8::is_ascii_hexdigit)
            && self.text.iter().any(u8::is_ascii_alphabetic)
    }
}

/// The lines of a text that are not blank.
fn lines(text: &[u8], first: usize) -> impl Iterator<Item = Line<'_>> {
    let mut number = first;
    let mut is_after_blank = false;
    let mut rest = text;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let length = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
            let end = if rest[length..].starts_with(b"\r\n") { 2 } else { 1 };
            let is_surrounding = |byte: &u8| super::text::is_blank(*byte) || SURROUNDING.contains(byte);
            let line = &rest[..length];
            let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
            let start = line.iter().take_while(|byte| is_surrounding(byte)).count();
            let stop =
                line.len() - line[start..].iter().rev().take_while(|byte| is_surrounding(byte)).count();
            let found = Line { text: &line[start..stop], number, is_after_blank };
            rest = rest.get(length + end..).unwrap_or_default();
            number += 1;
            is_after_blank = found.text.is_empty();
            if !found.text.is_empty() {
                return Some(found);
            }
        }
        None
    })
}

/// The characters of several lines, a new chunk beginning where `ends` says that one ended.
fn chunks(lines: &[Line<'_>], ends: fn(&[u8], &Line<'_>) -> bool) -> Vec<Vec<u8>> {
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    for line in lines {
        match chunks.last_mut() {
            Some(chunk) if !ends(chunk, line) => chunk.extend(line.characters()),
            _ => chunks.push(line.characters().collect()),
        }
    }
    // Padding can stand inside a line too, where two were put behind each other.
    chunks.iter().flat_map(|chunk| parted_at_padding(chunk)).collect()
}

fn at_padding(chunk: &[u8], _: &Line<'_>) -> bool {
    chunk.ends_with(b"=")
}

fn at_blank_lines(chunk: &[u8], next: &Line<'_>) -> bool {
    next.is_after_blank || chunk.ends_with(b"=")
}

fn at_line_ends(_: &[u8], _: &Line<'_>) -> bool {
    true
}

fn parted_at_padding(chunk: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let mut rest = chunk;
    while let Some(padding) = rest.iter().position(|byte| *byte == b'=') {
        let size = padding + rest[padding..].iter().take_while(|byte| **byte == b'=').count();
        parts.push(rest[..size].to_vec());
        rest = &rest[size..];
    }
    if !rest.is_empty() {
        parts.push(rest.to_vec());
    }
    parts
}

/// Whether the beginning of base64 is that of something known, however often it was encoded.
fn is_known_encoded(characters: &[u8]) -> bool {
    let standard = Line { text: characters, number: 0, is_after_blank: false };
    let start: Vec<u8> = standard.characters().take_while(|byte| *byte != b'=').take(PROBE).collect();
    let Ok(decoded) = LENIENT.decode(&start[..start.len() / 4 * 4]) else {
        return false;
    };
    if asn1::begins_in_text(&decoded) || zip::begins(&decoded) || decoded.starts_with(b"-----BEGIN ") {
        return true;
    }
    if let Some(text) = super::text::from_utf16(&decoded) {
        return text.starts_with("-----BEGIN ") || is_known_encoded(text.as_bytes());
    }
    // A short element is told by its first part, whose tag is no letter.
    if asn1::begins(&decoded) && decoded.get(1).is_some_and(|length| usize::from(*length) >= SHORTEST) {
        return true;
    }
    decoded.len() >= SHORTEST / 2
        && decoded.iter().all(|byte| is_character(*byte))
        && is_known_encoded(&decoded)
}

/// How much may still be tried: text in text can be parted in three ways in every layer, which multiply.
struct Effort {
    characters_left: usize,
}

impl Effort {
    /// Whether so many characters can be tried once more.
    fn spend(&mut self, characters: usize) -> bool {
        let left = self.characters_left.checked_sub(characters.max(1));
        self.characters_left = left.unwrap_or(0);
        left.is_some()
    }

    fn is_used_up(&self) -> bool {
        self.characters_left == 0
    }
}

/// Whether decoded bytes are not cut off, as far as their framing tells; text is judged by whoever reads it.
fn is_whole(bytes: &[u8], effort: &mut Effort) -> bool {
    if asn1::begins(bytes) {
        return asn1::is_plausible(bytes);
    }
    let text = super::text::from_utf16(bytes).map_or_else(|| bytes.to_vec(), String::into_bytes);
    if zip::begins(bytes) || super::text::has_armour(&text) {
        return true;
    }
    let (runs, _) = runs(&text, 1);
    !runs.is_empty() && runs.iter().all(|run| run.is_whole_within(effort))
}

fn is_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}

/// As in `pem`: padding may be missing, and unused bits may be set.
pub(super) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The shortest word that is taken for base64: 12 bytes, which no word of a text above a certificate has by chance.
const SHORTEST: usize = 16;
/// How much of a word is decoded to see what it is: enough for a beginning that was encoded four times.
const PROBE: usize = 64;
/// RFC 2045 6.8: the longest line that programs wrap at; RFC 7468 has 64.
const LONGEST_WRAPPED: usize = 76;
/// RFC 7468 2 wraps at 64; the shortest full line in use is a little shorter.
const SHORTEST_WRAPPED: usize = 60;
/// How often each character of a run may be looked at to tell what the run is, all layers in it together. Ours: base64 of
/// base64 of some certificates takes four; what is made to be parted in three ways in each of five layers takes hundreds.
pub(super) const TRIES_OF_A_CHARACTER: usize = 16;
/// The least for a run: a short one may be tried as often as it likes.
const TRIES_MIN: usize = 1 << 20;
/// What lists of strings have around their items.
const SURROUNDING: [u8; 4] = *b"\"',;";
