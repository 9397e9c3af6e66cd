//! What may be written to a terminal: colours where they are wanted, and foreign text made harmless.
//!
//! Colour only if the stream is a terminal, `NO_COLOR` is unset or empty (no-color.org) and `TERM` is
//! not `dumb`. Text from a certificate, a file or a file name goes through [`escape`] before it is shown.
//! Nothing here reads the environment or a stream.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Write;
use std::path::Path;

use anstyle::{AnsiColor, Style};

/// Paints text for one stream, or leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    coloured: bool,
}

impl Palette {
    /// The palette of a stream: `is_terminal` of that stream, and the values of the environment variables
    /// `NO_COLOR` and `TERM`.
    pub fn new(is_terminal: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> Self {
        let refused = no_color.is_some_and(|value| !value.is_empty());
        Self { coloured: is_terminal && !refused && term != Some(OsStr::new("dumb")) }
    }

    /// The palette that paints nothing.
    pub fn plain() -> Self {
        Self { coloured: false }
    }

    /// Bold text.
    pub fn bold(&self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// Bold red text, for refusals and errors.
    pub fn red(&self, text: &str) -> String {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    /// Yellow text, for warnings.
    pub fn yellow(&self, text: &str) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    /// Green text, for success.
    pub fn green(&self, text: &str) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// Dimmed text, for what may be skipped.
    pub fn dim(&self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.coloured { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Foreign text made safe for a terminal: control characters (line breaks too), characters that reorder
/// their surroundings and those that show nothing become `\u{…}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_deceptive(c) {
            // Writing to a String never fails.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// A path as messages show it: escaped, `-` by its meaning left to the caller.
pub fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy()).into_owned()
}

fn is_deceptive(c: char) -> bool {
    c.is_control() || DECEPTIVE.iter().any(|&(first, last)| (first..=last).contains(&c))
}

/// Characters outside the control category that hide or reorder text, by ranges. The bidirectional ones
/// are those of Unicode Standard Annex 9, section 2 ("Trojan Source", CVE-2021-42574).
const DECEPTIVE: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),       // soft hyphen
    ('\u{61c}', '\u{61c}'),     // Arabic letter mark
    ('\u{180e}', '\u{180e}'),   // Mongolian vowel separator
    ('\u{200b}', '\u{200f}'),   // zero-width space, joiners, directional marks
    ('\u{2028}', '\u{202e}'),   // line and paragraph separators, embeddings and overrides
    ('\u{2060}', '\u{206f}'),   // word joiner, invisible operators, isolates, deprecated formats
    ('\u{feff}', '\u{feff}'),   // zero-width no-break space
    ('\u{fff9}', '\u{fffb}'),   // interlinear annotation
    ('\u{e0000}', '\u{e007f}'), // tags
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_painted_on() {
        let palette = Palette::new(true, None, Some(OsStr::new("xterm")));
        assert_eq!(palette.green("done"), "\u{1b}[32mdone\u{1b}[0m");
        assert_eq!(Palette::new(true, Some(OsStr::new("")), None), palette);
    }

    #[test]
    fn a_pipe_no_color_and_a_dumb_terminal_are_left_plain() {
        let xterm = Some(OsStr::new("xterm"));
        assert_eq!(Palette::new(false, None, xterm), Palette::plain());
        assert_eq!(Palette::new(true, Some(OsStr::new("1")), xterm), Palette::plain());
        assert_eq!(Palette::new(true, None, Some(OsStr::new("dumb"))), Palette::plain());
        assert_eq!(Palette::plain().bold("x"), "x");
    }

    #[test]
    fn harmless_text_is_not_copied() {
        assert!(matches!(escape("Müller & Söhne, 株式会社"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_moves_the_cursor_or_hides_text_is_spelled_out() {
        assert_eq!(escape("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(escape("line\r\n"), "line\\u{d}\\u{a}");
        assert_eq!(escape("\u{7f}\u{9b}"), "\\u{7f}\\u{9b}");
        for c in ['\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{200b}', '\u{200d}', '\u{feff}'] {
            assert_eq!(escape(&c.to_string()), format!("\\u{{{:x}}}", u32::from(c)));
        }
    }
}
