//! Foreign text and paths as messages show them: legible, and powerless over a terminal. Where text must be
//! told apart from its surroundings, in names and lists, it is `printed` instead.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

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
