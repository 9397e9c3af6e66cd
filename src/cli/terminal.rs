//! What may be written to a terminal: colours where they are wanted, and foreign text made harmless.
//!
//! Colour only if the stream is a terminal, `NO_COLOR` is unset or empty (no-color.org) and `TERM` is
//! not `dumb`. Text from a certificate, a file or a file name goes through [`escape`] before it is shown; it is a
//! word of `name`, because the library's own errors name paths too.
//! Nothing here reads the environment or a stream.

use std::ffi::OsStr;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::name::escape_json;
pub use crate::name::{escape, shown};
use crate::report::wrapped;

/// A JSON document as it is written to stdout, which may be a terminal as well.
pub(super) fn json_text(document: &Value) -> String {
    escape_json(&format!("{document:#}\n")).into_owned()
}

/// How wide the terminals are that the streams go to; none where one goes elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Widths {
    /// Columns of stdout's.
    pub stdout: Option<usize>,
    /// Columns of stderr's.
    pub stderr: Option<usize>,
}

/// Prose for a stream: its lines as long as its terminal is wide.
pub(super) fn prose(text: &str, width: Option<usize>) -> String {
    match width {
        None => text.to_owned(),
        Some(width) => {
            text.split('\n').map(|line| wrapped(line, width, INDENT)).collect::<Vec<_>>().join("\n")
        }
    }
}

/// Below the words of a finding.
const INDENT: &str = "        ";

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

/// A word of a command line, as a POSIX shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    // A file whose name begins like an option; `-` is a stream.
    if word.len() > 1 && word.starts_with('-') {
        return quoted(&format!("./{word}"));
    }
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

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
}
