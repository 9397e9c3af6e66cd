//! Lines that are no longer than a terminal is wide.

/// A line in as many as it needs, each behind the first after an indent. Colours take no room. A command stays in one
/// piece, so that it can be copied; a word that is longer than a line does too.
pub(crate) fn wrapped(line: &str, width: usize, indent: &str) -> String {
    let is_narrow = width < indent.chars().count() + WORDS_WIDTH_MIN;
    if is_narrow || visible(line) <= width {
        return line.to_owned();
    }
    let mut text = String::with_capacity(line.len() + line.len() / 8);
    let (mut column, mut rest, mut is_command, mut has_words) = (0, line, false, false);
    while !rest.is_empty() {
        let (word, after) = rest.split_once(' ').map_or((rest, None), |(word, after)| (word, Some(after)));
        let starts_command = COMMANDS.contains(&word.trim_start_matches('`'));
        // What is kept together is measured together.
        let needed = if starts_command { visible(rest) } else { visible(word) };
        if has_words && !is_command && !word.is_empty() && column + needed > width {
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
            text.push_str(indent);
            column = indent.chars().count();
            has_words = false;
        }
        is_command |= starts_command;
        has_words |= !word.is_empty();
        text.push_str(word);
        column += visible(word);
        if after.is_some() {
            text.push(' ');
            column += 1;
        }
        rest = after.unwrap_or_default();
    }
    text
}

/// How many columns a text takes, without the sequences that paint it (ECMA-48 8.3.117).
fn visible(text: &str) -> usize {
    let mut columns = 0;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => {
                characters.by_ref().find(|c| c.is_ascii_alphabetic());
            }
            _ => columns += 1,
        }
    }
    columns
}

/// Words that begin a command to be copied.
const COMMANDS: [&str; 2] = ["coldcert", "openssl"];
/// Beside an indent there has to be room for some words; else the terminal breaks lines as it likes.
const WORDS_WIDTH_MIN: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_between_words_and_a_command_is_not() {
        let line =
            "help: give the issuer's certificate as one more FILE, or with --roots FILE where you trust it";
        let text = wrapped(line, 40, "    ");
        assert!(text.lines().count() == 3 && text.lines().all(|line| line.chars().count() <= 40), "{text}");
        assert_eq!(text.split_whitespace().collect::<Vec<_>>(), line.split_whitespace().collect::<Vec<_>>());
        let command = "coldcert check www.pem intermediate.pem --csr www.csr --write pem -o for-azure.pem";
        let text = wrapped(&format!("help: write one that it reads: {command}"), 40, "    ");
        assert_eq!(text, format!("help: write one that it reads:\n    {command}"));
        assert_eq!(wrapped("short", 40, "    "), "short");
        assert_eq!(wrapped(line, 20, "    "), line);
    }

    #[test]
    fn colours_take_no_room() {
        let line = "\u{1b}[31mrefuse\u{1b}[0m  aaaa bbbb cccc dddd eeee ffff";
        assert_eq!(wrapped(line, 40, ""), line);
        assert_eq!(wrapped(line, 33, ""), "\u{1b}[31mrefuse\u{1b}[0m  aaaa bbbb cccc dddd eeee\nffff");
    }
}
