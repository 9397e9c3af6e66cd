//! String preparation (RFC 4518 2), which RFC 5280 7.1 wants before the values of names are compared.
//!
//! It never sees more than one value, and what it makes is compared, never shown nor stored.

use stringprep::tables;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The text as caseIgnoreMatch compares it. The steps are those of RFC 4518 2, without the first: the text is
/// Unicode already.
///
/// Where it holds a character that must not be in a stored value, whether it equals any other is undefined
/// (RFC 4518 2.4). Here such a character is compared in lower case like any other: were it by its bytes, a name with
/// a character that is newer than Unicode 3.2 would get out of an excluded subtree by the case of its letters.
///
/// Blanks come out as one between words and none around them, where RFC 4518 2.6.1 writes two and one: what is
/// equal is the same.
pub(super) fn prepared(text: &str) -> String {
    if text.is_ascii() {
        return prepared_ascii(text);
    }
    // 2. Map (2.2), with the case folding that is for form KC.
    let mut mapped = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !maps_to_nothing(*c)) {
        if maps_to_space(c) {
            mapped.push(' ');
        } else if tables::unassigned_code_point(c) {
            // 4. Prohibit (2.4), which is left out: what folding's table does not have is folded by today's.
            mapped.extend(c.to_lowercase().flat_map(tables::case_fold_for_nfkc));
        } else {
            mapped.extend(tables::case_fold_for_nfkc(c));
        }
    }
    // 3. Normalize (2.3). 5. Check bidi (2.5): there is nothing to check.
    let normalized: String = mapped.nfkc().collect();
    // 6. Insignificant Character Handling (2.6.1).
    without_insignificant_spaces(&normalized)
}

/// The text as domain components are compared: without regard to the case of ASCII, and otherwise to the letter
/// (RFC 5280 7.3). It is an IA5String there; of another string type, its letters beyond ASCII are left as they are.
pub(super) fn prepared_domain_component(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// The same for ASCII, in which nothing is prohibited or normalised: almost every name, in one go.
fn prepared_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for byte in text.bytes() {
        match byte {
            b'\t'..=b'\r' | b' ' => gap = true,
            byte if byte.is_ascii_control() => {}
            byte => {
                if gap && !out.is_empty() {
                    out.push(' ');
                }
                gap = false;
                out.push(char::from(byte.to_ascii_lowercase()));
            }
        }
    }
    out
}

/// RFC 4518 2.6.1: a space is U+0020 that no combining mark follows.
fn without_insignificant_spaces(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c == ' ' && !characters.peek().is_some_and(|next| is_combining_mark(*next)) {
            gap = true;
            continue;
        }
        if gap && !out.is_empty() {
            out.push(' ');
        }
        gap = false;
        out.push(c);
    }
    out
}

/// RFC 4518 2.2: hyphens that are not seen, joiners, variation selectors (whose first, written FF00 there, is
/// FE00), and whatever controls instead of showing.
fn maps_to_nothing(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{1806}' | '\u{34f}' | '\u{180b}'..='\u{180d}' | '\u{fe00}'..='\u{fe0f}' | '\u{fffc}'
        | '\u{0}'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}'
        | '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2063}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}'
    )
}

/// RFC 4518 2.2: line breaks and tabulators, and all separators but ZERO WIDTH SPACE.
fn maps_to_space(c: char) -> bool {
    matches!(
        c,
        '\t'..='\r' | '\u{85}' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}'
        | '\u{2028}'..='\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_the_same_is_the_same() {
        for (one, other) in [
            ("Example CA", "eXAMPLE ca"),
            // blanks: around, several, of other kinds
            (" Example   CA ", "Example CA"),
            ("Example\tCA", "Example CA"),
            ("Example\r\nCA", "Example CA"),
            ("Example\u{85}CA", "Example CA"),
            ("Example\u{a0}CA", "Example CA"),
            ("Example\u{2003}\u{2009}CA", "Example CA"),
            ("\u{3000}東京\u{3000}", "東京"),
            ("", "  "),
            ("\u{a0}", ""),
            // what is not seen
            ("Ex\u{ad}ample", "Example"),
            ("Ex\u{200b}ample", "Example"),
            ("Ex\u{200d}ample", "Example"),
            ("\u{feff}Example", "Example"),
            ("Ex\u{34f}am\u{fe0f}ple", "Example"),
            ("Example\u{202e}", "Example"),
            ("Exam\0ple\u{7f}", "Example"),
            ("ثانوي\u{6dd}", "ثانوي"),
            // letters of two cases, by B.2 of RFC 3454
            ("ÉCOLE", "école"),
            ("Straße", "STRASSE"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("İstanbul", "i\u{307}stanbul"),
            ("ПОЧТА", "почта"),
            // composed and decomposed
            ("É", "e\u{301}"),
            ("e\u{301}cole", "ÉCOLE"),
            ("한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"),
            ("q\u{323}\u{307}", "q\u{307}\u{323}"),
            ("\u{340}a", "\u{300}a"),
            // form KC: other forms of the same
            ("Ｅｘａｍｐｌｅ", "example"),
            ("ﬁnance oﬃce", "Finance Office"),
            ("ｶﾅ", "カナ"),
            ("Å", "å"),
            ("Example™ ²", "exampletm 2"),
            ("Ⅳ", "iv"),
            ("½", "1\u{2044}2"),
        ] {
            assert_eq!(prepared(one), prepared(other), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn what_reads_otherwise_is_different() {
        for (one, other) in [
            ("Example CA", "ExampleCA"),
            ("Example", "Exampel"),
            ("École", "Ecole"),
            ("Istanbul", "ıstanbul"),
            ("İstanbul", "istanbul"),
            ("Straße", "Strase"),
            ("Ørsted", "Orsted"),
            ("paypal", "pаypal"),
            ("Example-CA", "Example\u{2010}CA"),
            // A blank under an accent is no blank.
            ("Example \u{301}CA", "Example\u{301}CA"),
            ("Example \u{301}CA", "Example  \u{301}CA"),
            ("´", "\u{301}"),
            ("１２", "13"),
            ("", "-"),
        ] {
            assert_ne!(prepared(one), prepared(other), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn what_must_not_be_stored_is_compared_without_regard_to_case_too() {
        for (one, other) in [
            ("EVIL 😀", "evil 😀"),
            ("EVIL\u{e000}", "evil\u{e000}"),
            // Newer than Unicode 3.2: a capital sharp s, and a full stop after a digit that form KC takes apart.
            ("STRA\u{1e9e}E", "strasse"),
            ("A\u{1f101}", "a0,"),
            ("A\u{fffd}", "a\u{fffd}"),
        ] {
            assert_eq!(prepared(one), prepared(other), "{one:?} and {other:?}");
        }
        assert_ne!(prepared("😀"), prepared("😁"));
    }

    #[test]
    fn ascii_is_prepared_as_all_text_is() {
        let all: String = (0..0x80u8).map(char::from).collect();
        for text in [all.as_str(), " a\u{b}B\u{1}c  ", "\t", "\u{1}\u{2}", "a \u{1} b"] {
            // A letter that is there already does not change how the rest is prepared.
            let beyond = prepared(&format!("é{text}é"));
            let inner = prepared_ascii(&format!("x{text}x"));
            assert_eq!(beyond.replace('é', "x"), inner, "{text:?}");
        }
    }
}
