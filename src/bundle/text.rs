//! Text: PEM with anything around it, base64 without armour, JSON, or a page that is none of them.
//!
//! What stands around blocks is looked at too. It is mostly words, and can be a certificate as bare base64, or a
//! part of a block whose ends were lost, which must not vanish.

use base64::Engine as _;

use super::base64::{self as bare, Run};
use super::error::BundleError;
use super::form::Layer;
use super::kind::Kind;
use super::walk::{Found, Here, Walk};
use super::{asn1, json, mail};
use crate::ber;
use crate::name::escape;
use crate::pem::{self, Block, PemError, Piece};

/// Reads text that begins on a line.
pub(super) fn read(walk: &mut Walk<'_>, bytes: &[u8], line: usize, here: &Here) -> Result<(), BundleError> {
    let (bytes, line) = trimmed(bytes, line);
    if let Some((plain, layers)) = mail::plain(bytes) {
        let here = layers.into_iter().fold(here.clone(), |here, layer| here.within(layer));
        return read_plain(walk, &plain, line, &here);
    }
    read_plain(walk, bytes, line, here)
}

/// The same of text that nothing was done to on its way.
fn read_plain(walk: &mut Walk<'_>, bytes: &[u8], line: usize, here: &Here) -> Result<(), BundleError> {
    let armour = has_armour(bytes);
    if json::read(walk, bytes, armour, here)? {
        return Ok(());
    }
    if armour {
        return read_pem(walk, bytes, line, here);
    }
    if is_html(bytes) {
        return walk.add_other(Kind::Html, here);
    }
    if !is_text(bytes) {
        return walk.add_other(if is_tar(bytes) { Kind::Tar } else { Kind::Bytes }, here);
    }
    let (runs, others) = bare::runs(bytes, line);
    if runs.is_empty() {
        return read_unknown(walk, bytes, line, here);
    }
    runs.iter().try_for_each(|run| bare::read(walk, run, here))?;
    // Beside base64 without armour, other base64 is an attachment, or what a cut left: it is said, and no fault.
    let (unknown, words): (Vec<bare::Line<'_>>, Vec<_>) =
        others.into_iter().partition(bare::Line::is_part_of_a_block);
    if let Some(first) = unknown.first() {
        walk.add_other(Kind::Base64, &here.at_line(first.number))?;
    }
    match words.first() {
        Some(first) => walk.add_text_around(words.len(), &here.at_line(first.number)),
        None => Ok(()),
    }
}

/// Text without anything in it that begins like something known: it may still be base64 of text with PEM in it.
fn read_unknown(walk: &mut Walk<'_>, bytes: &[u8], line: usize, here: &Here) -> Result<(), BundleError> {
    let Some(characters) = bare::only_base64(bytes) else {
        return walk.add_other(Kind::Text, here);
    };
    match bare::LENIENT.decode(characters) {
        Ok(decoded) if has_armour(&decoded) => walk.read(&decoded, &here.at_line(line).within(Layer::Base64)),
        _ => walk.add_other(Kind::Base64, here),
    }
}

fn read_pem(walk: &mut Walk<'_>, bytes: &[u8], line: usize, here: &Here) -> Result<(), BundleError> {
    let failed = |error| BundleError::Pem { file: here.place.to_string(), error };
    let mut text_before = None;
    for piece in pem::pieces(bytes, line).map_err(failed)? {
        let text = text_before.take();
        match piece.map_err(failed)? {
            Piece::Text { text, line } => text_before = Some((text, line)),
            Piece::Block(block) => {
                around(walk, text, here)?;
                read_block(walk, &block, here)?;
            }
            Piece::End { label, line } => {
                let Some((text, first)) = text else {
                    return Err(failed(PemError::EndWithoutBegin { label, line }));
                };
                if !read_footed(walk, text, first, here)? {
                    return Err(failed(PemError::EndWithoutBegin { label, line }));
                }
                walk.add_other(Kind::Footer { label: escape(&label).into_owned() }, &here.at_line(line))?;
            }
        }
    }
    around(walk, text_before, here)
}

/// Base64 down to an END line without its BEGIN, as one of the official clients sends it. False where it is not
/// whole: then the beginning of a block is lost.
fn read_footed(walk: &mut Walk<'_>, text: &[u8], line: usize, here: &Here) -> Result<bool, BundleError> {
    let (runs, others) = bare::runs(text, line);
    let is_last = |run: &Run<'_>| others.last().is_none_or(|other| other.number < run.first_line());
    match runs.as_slice() {
        [run] if is_last(run) && run.is_whole() => {
            bare::read_as(walk, run, Layer::FooterOnly, here)?;
            around_lines(walk, &others, here)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// What stands around blocks.
fn around(walk: &mut Walk<'_>, text: Option<(&[u8], usize)>, here: &Here) -> Result<(), BundleError> {
    let Some((text, line)) = text else {
        return Ok(());
    };
    if !is_text(text) && !is_blank_all(text) {
        return walk.add_other(Kind::Bytes, &here.at_line(line));
    }
    let (runs, others) = bare::runs(text, line);
    runs.iter().try_for_each(|run| bare::read(walk, run, here))?;
    around_lines(walk, &others, here)
}

fn around_lines(walk: &mut Walk<'_>, lines: &[bare::Line<'_>], here: &Here) -> Result<(), BundleError> {
    if let Some(stray) = lines.iter().find(|line| line.is_part_of_a_block()) {
        return Err(BundleError::Stray { place: here.at_line(stray.number).place });
    }
    match lines.first() {
        Some(first) => walk.add_text_around(lines.len(), &here.at_line(first.number)),
        None => Ok(()),
    }
}

/// One block, by its contents; its label counts where they say nothing, and for keys, which may be encrypted.
fn read_block(walk: &mut Walk<'_>, block: &Block, here: &Here) -> Result<(), BundleError> {
    let here = here.at_line(block.line).within(Layer::Pem);
    let label = block.label.as_str();
    let contents = block.contents();
    if label.ends_with("PRIVATE KEY") {
        return walk.add_other(Kind::PrivateKey, &here);
    }
    if REQUESTS.contains(&label) {
        let is_certificate = ber::split_first(contents)
            .is_ok_and(|(first, rest)| rest.is_empty() && asn1::shape(&first) == asn1::Shape::Certificate);
        return match is_certificate && crate::certificate::Certificate::from_der(contents).is_ok() {
            true => walk.add_certificate(contents, &here),
            false => walk.add(Found::Request(contents.to_vec()), &here),
        };
    }
    if !CONTAINERS.contains(&label) {
        return walk.add_other(Kind::Block { label: escape(label).into_owned() }, &here);
    }
    if label == "TRUSTED CERTIFICATE"
        && let Ok((certificate, settings)) = ber::split_first(contents)
    {
        walk.add_certificate(certificate.whole, &here)?;
        return match settings.is_empty() {
            true => Ok(()),
            false => walk.add_other(Kind::TrustSettings, &here),
        };
    }
    let before = walk.items.len();
    if asn1::begins(contents) || is_text(contents) {
        walk.read(contents, &here)?;
    }
    // A block that says it is a certificate and holds nothing known is a broken one, not one to pass over.
    match walk.items[before..]
        .iter()
        .all(|item| matches!(item.found, Found::Other(Kind::Text | Kind::Base64)))
    {
        true => walk.add_certificate(contents, &here),
        false => Ok(()),
    }
}

/// UTF-16 as text: by its byte order mark, or by every other byte being zero.
pub(super) fn from_utf16(bytes: &[u8]) -> Option<String> {
    let (bytes, read): (_, fn([u8; 2]) -> u16) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes),
        [a, 0, b, 0, c, 0, d, 0, ..] if [a, b, c, d].iter().all(|byte| is_ascii_text(**byte)) => {
            (bytes, u16::from_le_bytes)
        }
        [0, a, 0, b, 0, c, 0, d, ..] if [a, b, c, d].iter().all(|byte| is_ascii_text(**byte)) => {
            (bytes, u16::from_be_bytes)
        }
        _ => return None,
    };
    let pairs = bytes.chunks_exact(2);
    // A half of a character at the end is what a cut leaves: it is shown for one that was lost.
    let half = pairs.remainder().iter().any(|byte| !is_blank(*byte)).then_some(char::REPLACEMENT_CHARACTER);
    let characters = char::decode_utf16(pairs.map(|pair| read([pair[0], pair[1]])));
    Some(characters.map(|one| one.unwrap_or(char::REPLACEMENT_CHARACTER)).chain(half).collect())
}

/// Whether there is a BEGIN or an END line in it.
pub(super) fn has_armour(bytes: &[u8]) -> bool {
    pem::looks_like_pem(bytes) || pem::has_end(bytes)
}

/// Whether all of it is text: no control characters but white space. Not only UTF-8: old mails are Latin-1.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| is_ascii_text(*byte) || *byte >= 0x80)
}

fn is_ascii_text(byte: u8) -> bool {
    matches!(byte, 0x09..=0x0d | 0x20..=0x7e)
}

/// White space, and what old systems and block devices put behind the end of a text: Ctrl-Z and zeros.
pub(super) fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, 0x0b | 0x00 | 0x1a)
}

fn is_blank_all(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| is_blank(*byte))
}

/// How many lines end in it; CR LF is one end.
pub(super) fn line_ends(bytes: &[u8]) -> usize {
    let ends = |(at, byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    bytes.iter().enumerate().filter(|one| ends(*one)).count()
}

/// Without byte order mark and what is blank at both ends, and the line on which it then begins.
fn trimmed(bytes: &[u8], line: usize) -> (&[u8], usize) {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let start = bytes.iter().take_while(|byte| is_blank(**byte)).count();
    let end = bytes.len() - bytes[start..].iter().rev().take_while(|byte| is_blank(**byte)).count();
    (&bytes[start..end], line + line_ends(&bytes[..start]))
}

/// Whether text begins with a tag, a declaration or a comment.
fn is_html(bytes: &[u8]) -> bool {
    matches!(bytes, [b'<', first, ..] if first.is_ascii_alphabetic() || matches!(first, b'!' | b'?'))
}

/// POSIX 1003.1 pax, ustar Interchange Format: the magic of the first header.
fn is_tar(bytes: &[u8]) -> bool {
    bytes.get(257..262).is_some_and(|magic| magic == b"ustar")
}

const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
/// RFC 7468 7, and the label of old (Netscape, keytool).
const REQUESTS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];
/// RFC 7468 5, 6, 8, 9; the others are OpenSSL's and those of old programs (RFC 7468 5.1).
const CONTAINERS: [&str; 9] = [
    "CERTIFICATE",
    "X509 CERTIFICATE",
    "X.509 CERTIFICATE",
    "TRUSTED CERTIFICATE",
    "PKCS7",
    "PKCS #7 SIGNED DATA",
    "CMS",
    "PKCS12",
    "X509 CRL",
];
