//! Where something stood: from the file down to the certificate in a bag in an entry of an archive.

use std::fmt;

/// Where something stood in what was given. What does not apply is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file's name.
    pub file: String,
    /// The entry of a ZIP archive; of one inside another both, `inner.zip, www.cer`.
    pub entry: Option<String>,
    /// The member of a JSON document: `x5c[1]`.
    pub member: Option<String>,
    /// The line of a PEM block's first line, or of the first line of base64, from 1.
    pub line: Option<usize>,
    /// The byte at which it begins, from 0, where it is not the whole file.
    pub byte: Option<usize>,
    /// Which one it is of several in a bag, or in one run of base64, from 1.
    pub item: Option<usize>,
}

impl Origin {
    /// A whole file.
    pub fn of_file(file: impl Into<String>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    /// What begins on a line of a file.
    pub fn of_line(file: impl Into<String>, line: usize) -> Self {
        Self { line: Some(line), ..Self::of_file(file) }
    }

    /// The way to it inside its file, in words: `line 3`; empty for a whole file.
    pub fn within_file(&self) -> String {
        let words = [
            self.entry.clone(),
            self.member.clone(),
            self.line.map(|line| format!("line {line}")),
            self.byte.map(|byte| format!("byte {byte}")),
            self.item.map(|item| format!("item {item}")),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// `answer.zip, www.p7b line 3 item 2`
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match self.within_file() {
            inside if inside.is_empty() => Ok(()),
            // Names stand beside each other.
            inside if self.entry.is_some() => write!(f, ", {inside}"),
            inside => write!(f, " {inside}"),
        }
    }
}
