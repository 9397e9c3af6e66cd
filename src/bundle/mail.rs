//! What mail programs and web pages do to the lines of a PEM block: quoted, in quoted-printable, with tags, entities and
//! blanks of their own.
//!
//! Each is taken off where a block shows it, and nowhere else: base64 has none of these characters, so that no whole block
//! is read in another way. Lines keep their numbers. What stands around blocks is left as it is, but for its quotes.

use super::form::Layer;

/// The text as it was before, and what was taken off it; none where there is nothing to take off.
pub(super) fn plain(bytes: &[u8]) -> Option<(Vec<u8>, Vec<Layer>)> {
    let mut layers = Vec::new();
    let mut text = Vec::new();
    let mut rest = bytes;
    while let Some(begin) = find(rest, BEGIN) {
        let (before, block) = rest.split_at(begin + BEGIN.len());
        let Some(end) = find(block, END) else { break };
        let (body, after) = block.split_at(end);
        text.extend_from_slice(before);
        text.extend(body_of(body, &mut layers));
        rest = after;
    }
    if layers.is_empty() {
        let is_quoted = find(bytes, BEGIN).is_none() && lines(bytes).any(is_quoted_base64);
        return is_quoted.then(|| (unquoted(bytes), vec![Layer::Quoted]));
    }
    text.extend_from_slice(rest);
    // Who quotes a block quotes what stands around it, up to its first dashes.
    let text = if layers.contains(&Layer::Quoted) { unquoted(&text) } else { text };
    Some((text, layers))
}

/// What stands between BEGIN and END.
fn body_of(body: &[u8], layers: &mut Vec<Layer>) -> Vec<u8> {
    let mut text = body.to_vec();
    let mut take_off = |layer, shows: fn(&[u8]) -> bool, off: fn(&[u8]) -> Vec<u8>| {
        if shows(&text) {
            text = off(&text);
            if !layers.contains(&layer) {
                layers.push(layer);
            }
        }
    };
    take_off(Layer::QuotedPrintable, is_quoted_printable, from_quoted_printable);
    take_off(Layer::Html, is_marked_up, without_markup);
    take_off(Layer::Quoted, |body| lines(body).any(is_quoted), unquoted);
    text
}

/// An escape, or a long line that goes on in the next: padding stands at the end of a block and not before more of it.
fn is_quoted_printable(body: &[u8]) -> bool {
    let is_escape = |window: &[u8]| window[0] == b'=' && escaped(&window[1..]).is_some();
    let goes_on = |(line, next): (&[u8], &[u8])| {
        line.len() >= SOFT_BREAK_MIN
            && line.ends_with(b"=")
            && next.first().is_some_and(u8::is_ascii_alphanumeric)
    };
    body.windows(3).any(is_escape) || lines(body).zip(lines(body).skip(1)).any(goes_on)
}

/// RFC 2045 6.7. Line ends that were soft are put behind the next that is none.
fn from_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len());
    let (mut rest, mut owed) = (body, 0);
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'=' => {
                let soft = [&b"\r\n"[..], b"\n", b"\r"].into_iter().find(|end| after.starts_with(end));
                if let Some(byte) = after.get(..2).and_then(escaped) {
                    // A line end that is written so is no line of the file.
                    text.push(if byte.is_ascii_control() { b' ' } else { byte });
                    rest = &after[2..];
                } else if let Some(end) = soft {
                    owed += 1;
                    rest = &after[end.len()..];
                } else {
                    text.push(b'=');
                }
            }
            b'\n' => text.extend(std::iter::repeat_n(b'\n', std::mem::take(&mut owed) + 1)),
            other => text.push(*other),
        }
    }
    text.extend(std::iter::repeat_n(b'\n', owed));
    text
}

/// The byte that two hex digits stand for.
fn escaped(digits: &[u8]) -> Option<u8> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()));
    u8::from_str_radix(digits?, 16).ok()
}

fn is_marked_up(body: &[u8]) -> bool {
    body.contains(&b'<') || body.contains(&b'&') || BLANKS.iter().any(|blank| find(body, blank).is_some())
}

/// Tags and blanks become blanks, the entities of base64's own characters become those.
fn without_markup(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(first) = rest.first() {
        // What begins anew before its end has none.
        let end = |byte: u8, most: usize| {
            let found =
                rest.iter().take(most).skip(1).position(|other| other == first || *other == byte)? + 1;
            (rest[found] == byte).then_some(found)
        };
        let size = match first {
            b'<' => end(b'>', TAG_BYTES_MAX).map(|end| {
                text.push(b' ');
                // A tag may be broken over lines.
                text.extend(rest[..end].iter().filter(|byte| **byte == b'\n'));
                end + 1
            }),
            b'&' => end(b';', ENTITY_BYTES_MAX).and_then(|end| {
                text.push(entity(&rest[1..end])?);
                Some(end + 1)
            }),
            _ => BLANKS.iter().find(|blank| rest.starts_with(blank)).map(|blank| {
                text.push(b' ');
                blank.len()
            }),
        };
        if size.is_none() {
            text.push(*first);
        }
        rest = &rest[size.unwrap_or(1)..];
    }
    text
}

/// The character of an entity that can stand in a block, as it is named or numbered.
fn entity(name: &[u8]) -> Option<u8> {
    let name = std::str::from_utf8(name).ok()?;
    match name {
        "nbsp" | "ensp" | "emsp" | "thinsp" | "NewLine" | "Tab" => return Some(b' '),
        "gt" => return Some(b'>'),
        "plus" => return Some(b'+'),
        "sol" => return Some(b'/'),
        "equals" => return Some(b'='),
        _ => {}
    }
    let number = name.strip_prefix('#')?;
    let number = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    match number.ok()? {
        9 | 10 | 13 | 32 | 160 | 8203 => Some(b' '),
        other => u8::try_from(other).ok().filter(u8::is_ascii_graphic),
    }
}

/// Whether a line is somebody's who answers: `> `, `>> `, `| `, with blanks before.
fn is_quoted(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start().first(), Some(b'>' | b'|'))
}

/// The same, of a line of base64 that begins like DER: without armour nothing else tells that there is something.
fn is_quoted_base64(line: &[u8]) -> bool {
    let text = &line[quote_length(line)..].trim_ascii_end();
    is_quoted(line)
        && text.starts_with(b"MI")
        && text.len() >= SOFT_BREAK_MIN
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
}

fn quote_length(line: &[u8]) -> usize {
    line.iter().take_while(|byte| matches!(byte, b'>' | b'|' | b' ' | b'\t')).count()
}

fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let length = if is_quoted(line) { quote_length(line) } else { 0 };
        plain.extend_from_slice(&line[length..]);
    }
    plain
}

/// The lines, without their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window[0] == needle[0] && window == needle)
}

const BEGIN: &[u8] = b"-----BEGIN";
const END: &[u8] = b"-----END";
/// Blanks that word processors put between words, in UTF-8 (no-break, zero width, narrow, byte order mark).
const BLANKS: [&[u8]; 4] = [b"\xc2\xa0", b"\xe2\x80\x8b", b"\xe2\x80\xaf", b"\xef\xbb\xbf"];
/// RFC 2045 6.7 breaks at 76 characters, RFC 7468 2 wraps at 64; the shortest full line in use is a little shorter.
const SOFT_BREAK_MIN: usize = 60;
/// A tag in a block is a line's end or a paragraph's, with a style; what has no end is none.
const TAG_BYTES_MAX: usize = 1000;
/// The longest entity of a blank is shorter.
const ENTITY_BYTES_MAX: usize = 12;
