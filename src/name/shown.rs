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

/// A JSON text made safe for a terminal, and still the same document. JSON leaves DEL, the C1 controls and what
/// reorders text as they are (RFC 8259 7), which can stand within its strings alone; there they become `\uXXXX`.
pub fn escape_json(text: &str) -> Cow<'_, str> {
    // Between the strings lines are broken; within them serde_json has escaped what is below a space.
    let is_deceptive = |c: char| !c.is_ascii_whitespace() && is_deceptive(c);
    if !text.chars().any(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_deceptive(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String never fails.
                let _ = write!(safe, "\\u{unit:04x}");
            }
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
    fn a_json_text_that_is_made_safe_is_the_same_document() {
        let document = serde_json::json!({"a\u{9b}31m\u{7f}": ["\u{202e}b\n", "\u{e0041}\u{1b}", "é 🙂"]});
        let text = format!("{document:#}");
        let safe = escape_json(&text);
        assert!(!safe.chars().any(|c| c != '\n' && is_deceptive(c)), "{safe}");
        assert!(safe.contains("\\u009b31m\\u007f") && safe.contains("\\udb40\\udc41"), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).ok(), Some(document));
        assert!(matches!(escape_json("{\n  \"é\": 1\n}\n"), Cow::Borrowed(_)));
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
