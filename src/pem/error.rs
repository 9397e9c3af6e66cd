//! What can be wrong with PEM, and what to do about it.
//!
//! It never shows what stood inside a block, which may be a key.

/// Why text could not be read as PEM. Lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// More than [`MAX_INPUT`](super::MAX_INPUT) bytes.
    #[error("{length} bytes of text, expected at most {limit}")]
    TooLarge {
        /// Bytes given.
        length: usize,
        /// [`MAX_INPUT`](super::MAX_INPUT).
        limit: usize,
    },
    /// `-----BEGIN ` or `-----END ` without its closing dashes on the same line.
    #[error("line {line}: \"-----{word} \" is not closed, expected \"-----\" on the same line")]
    ArmourNotClosed {
        /// `BEGIN` or `END`.
        word: &'static str,
        /// Where it stands.
        line: usize,
    },
    /// The label is too long or holds something other than printable ASCII (RFC 7468 3, `labelchar`).
    #[error("line {line}: the label is not one, expected at most {limit} printable ASCII characters")]
    Label {
        /// Where it stands.
        line: usize,
        /// [`MAX_LABEL`](super::MAX_LABEL).
        limit: usize,
    },
    /// More than [`MAX_HEADERS`](super::MAX_HEADERS) headers at the top of a block.
    #[error("line {line}: BEGIN {label} has more than {limit} headers, expected at most {limit}")]
    TooManyHeaders {
        /// The block.
        label: String,
        /// Where it began.
        line: usize,
        /// [`MAX_HEADERS`](super::MAX_HEADERS).
        limit: usize,
    },
    /// A second BEGIN before the first block's END.
    #[error(
        "line {inner_line}: BEGIN {inner} inside BEGIN {label} of line {line}, expected END {label} first"
    )]
    Nested {
        /// The block that is open.
        label: String,
        /// Where it began.
        line: usize,
        /// The block that begins inside it.
        inner: String,
        /// Where that begins.
        inner_line: usize,
    },
    /// The text ends inside a block.
    #[error(
        "line {line}: BEGIN {label} has no end, expected \"-----END {label}-----\" before the end of the text"
    )]
    Truncated {
        /// The block that is open.
        label: String,
        /// Where it began.
        line: usize,
    },
    /// The END line names another label than the BEGIN line.
    #[error("line {end_line}: END {end} closes BEGIN {label} of line {line}, expected END {label}")]
    EndDiffers {
        /// The block that is open.
        label: String,
        /// Where it began.
        line: usize,
        /// The label of the END line.
        end: String,
        /// Where the END line stands.
        end_line: usize,
    },
    /// An END line that closes nothing: the beginning of its block is lost.
    #[error("line {line}: END {label} closes nothing, expected a line \"-----BEGIN {label}-----\" above it")]
    EndWithoutBegin {
        /// The label of the END line.
        label: String,
        /// Where it stands.
        line: usize,
    },
    /// A byte inside a block that base64 does not have.
    #[error(
        "line {byte_line}: byte 0x{byte:02x} in BEGIN {label} of line {line}, expected base64 (A-Z a-z 0-9 + / =)"
    )]
    NotBase64 {
        /// The block.
        label: String,
        /// Where it began.
        line: usize,
        /// The byte.
        byte: u8,
        /// Where the byte stands.
        byte_line: usize,
    },
    /// The characters are those of base64, but their number or the place of `=` is wrong: some are missing.
    #[error(
        "line {line}: BEGIN {label} holds {characters} characters of base64 that do not make whole bytes, \
         expected groups of four with \"=\" at the very end only"
    )]
    NotWhole {
        /// The block.
        label: String,
        /// Where it began.
        line: usize,
        /// Characters found, white space not counted.
        characters: usize,
    },
}

impl PemError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::TooLarge { .. } => "give a file that holds the certificates only".to_owned(),
            Self::ArmourNotClosed { line, .. } => {
                format!("mend line {line}: five dashes at both ends, all on one line")
            }
            Self::Label { line, .. } => {
                format!("look at line {line} in an editor that shows invisible characters")
            }
            Self::TooManyHeaders { line, .. } => {
                format!(
                    "delete the lines with colons below line {line}: certificates have none, keys have two"
                )
            }
            Self::Truncated { label, .. } | Self::Nested { label, .. } => {
                format!("copy the block again, down to and with the line -----END {label}-----")
            }
            Self::EndDiffers { label, line, end, end_line } => format!(
                "compare lines {line} and {end_line}: either one label is mistyped, or the end of {label} and \
                 the beginning of {end} are missing between them"
            ),
            Self::EndWithoutBegin { label, .. } => {
                format!("copy the block again, from and with the line -----BEGIN {label}-----")
            }
            Self::NotBase64 { byte: b'\\', .. } => {
                "the line breaks are written as \\n: take the text out of its JSON or shell string first"
                    .to_owned()
            }
            Self::NotBase64 { byte_line, .. } => {
                format!(
                    "look at line {byte_line}: copy the block again, from the file and not from a page or a mail"
                )
            }
            Self::NotWhole { label, .. } => {
                format!(
                    "characters are missing from or added to {label}: copy it again, or ask for the file itself"
                )
            }
        }
    }
}
