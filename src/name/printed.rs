//! How foreign text reaches a terminal: nothing that moves the cursor, reverses the line, hides or
//! forges text gets through as itself.

use std::fmt::{self, Write as _};

/// Text made safe to print: backslashes doubled, every character that does not print as itself written
/// as the hex pairs of its UTF-8 (`\0A`, RFC 4514 2.4), and the whole in double quotes, with `""` for a
/// quote, where the surroundings would misread it bare.
#[derive(Debug, Clone, Copy)]
pub struct Printed<'a> {
    text: &'a str,
    quoted_for: &'static str,
}

impl<'a> Printed<'a> {
    /// For use in prose and in lists separated by commas.
    pub fn new(text: &'a str) -> Self {
        Self { text, quoted_for: ",\" " }
    }

    /// For use as a value in a distinguished name.
    pub(super) fn in_name(text: &'a str) -> Self {
        Self { text, quoted_for: ",;+\"<>=" }
    }

    fn needs_quotes(&self) -> bool {
        self.text.is_empty()
            || self.text.starts_with(['#', ' '])
            || self.text.ends_with(' ')
            || self.text.contains(|c| self.quoted_for.contains(c))
    }
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = self.needs_quotes();
        if quoted {
            f.write_char('"')?;
        }
        for (index, c) in self.text.char_indices() {
            if c == '\\' || c == '"' {
                // Only quoted text contains quotes, so a doubled one is always inside quotes.
                write!(f, "{}{c}", if c == '"' { '"' } else { '\\' })?;
            } else {
                write_escaped(f, c, index == 0)?;
            }
        }
        if quoted {
            f.write_char('"')?;
        }
        Ok(())
    }
}

/// The character, or the hex pairs of its UTF-8 where it does not print as itself.
pub(super) fn write_escaped(f: &mut impl fmt::Write, c: char, first: bool) -> fmt::Result {
    if prints_as_itself(c, first) {
        return f.write_char(c);
    }
    for octet in c.encode_utf8(&mut [0; 4]).bytes() {
        write!(f, "\\{octet:02X}")?;
    }
    Ok(())
}

/// The standard library's printable table leaves out controls, format characters (among them the bidi
/// overrides), private use, unassigned code points and all blanks but the space.
fn prints_as_itself(c: char, first: bool) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    if INVISIBLE.iter().any(|&(from, to)| (from..=to).contains(&c)) {
        return false;
    }
    // A combining mark may follow a letter, but not take hold of the quote or equals sign before it.
    if first {
        return c.escape_debug().count() == 1;
    }
    let mut carrier = String::from("a");
    carrier.push(c);
    carrier.escape_debug().count() == 2
}

/// Characters that count as letters or marks and show nothing.
const INVISIBLE: &[(char, char)] = &[
    ('\u{34f}', '\u{34f}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{e0100}', '\u{e01ef}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_or_hides_text_is_printed_raw() {
        for (text, printed) in [
            ("plain", "plain"),
            ("Zoë", "Zoë"),
            ("zoe\u{308}", "zoe\u{308}"),
            ("\u{308}x", "\\CC\\88x"),
            ("a\nb", "a\\0Ab"),
            ("\u{1b}[31m", "\\1B[31m"),
            ("a\u{202e}b", "a\\E2\\80\\AEb"),
            ("a\u{200b}b", "a\\E2\\80\\8Bb"),
            ("a\u{a0}b", "a\\C2\\A0b"),
            ("a\u{9b}b", "a\\C2\\9Bb"),
            ("a\\b", "a\\\\b"),
            ("a, b", "\"a, b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("", "\"\""),
        ] {
            assert_eq!(Printed::new(text).to_string(), printed);
        }
    }
}
