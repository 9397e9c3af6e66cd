//! JSON from elsewhere, within limits that are looked at before memory is taken: how deep it nests, and of how many
//! values it is made.
//!
//! A value of two characters, `0,`, takes sixteen times as many bytes once it is read, and each level of nesting takes
//! of the stack. What the members mean is for others to say.

use std::fmt;

use serde_json::Value;

/// Reads one JSON document.
///
/// # Errors
/// A [`JsonError`].
pub fn read(bytes: &[u8]) -> Result<Value, JsonError> {
    within_limits(bytes)?;
    serde_json::from_slice(bytes).map_err(|error| JsonError::Syntax { error })
}

/// Counts what opens and what separates, outside of strings. It asks for no right order: that is the reader's.
pub(crate) fn within_limits(bytes: &[u8]) -> Result<(), JsonError> {
    let (mut depth, mut values) = (0_usize, 1_usize);
    let mut place = Place { line: 1, column: 0 };
    let (mut in_string, mut is_escaped) = (false, false);
    for byte in bytes {
        place.go_on(*byte);
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                (depth, values) = (depth + 1, values + 1);
                if depth > DEPTH_MAX {
                    return Err(JsonError::TooDeep { place });
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if values > VALUES_MAX {
            return Err(JsonError::TooMany { place });
        }
    }
    Ok(())
}

/// Why bytes are no JSON that is read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// They are no JSON.
    #[error("{error}")]
    Syntax {
        /// What the reader says, and at which line and column.
        error: serde_json::Error,
    },
    /// More lists and objects in each other than [`DEPTH_MAX`].
    #[error("more than {DEPTH_MAX} lists and objects, one inside the other, at {place}")]
    TooDeep {
        /// Where the first too many begins.
        place: Place,
    },
    /// More values than [`VALUES_MAX`].
    #[error("more than {VALUES_MAX} values, and at most {VALUES_MAX} are read, at {place}")]
    TooMany {
        /// Where the first too many begins.
        place: Place,
    },
}

impl JsonError {
    /// Where reading stopped.
    pub fn place(&self) -> Place {
        match self {
            Self::Syntax { error } => Place { line: error.line(), column: error.column() },
            Self::TooDeep { place } | Self::TooMany { place } => *place,
        }
    }

    /// Whether it is JSON, and too much of it.
    pub fn is_limit(&self) -> bool {
        !matches!(self, Self::Syntax { .. })
    }
}

/// A place in a text, both numbers from 1; columns are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The byte in it.
    pub column: usize,
}

impl Place {
    fn go_on(&mut self, byte: u8) {
        *self = match byte {
            b'\n' => Self { line: self.line + 1, column: 0 },
            _ => Self { column: self.column + 1, ..*self },
        };
    }
}

/// `line 1 column 129`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// How deep lists and objects may nest. Ours: a policy inside the request of an import, inside a saved exchange, has
/// ten levels. Values are taken apart by functions that call themselves, and the stack has an end.
pub const DEPTH_MAX: usize = 64;

/// The most values of a document. Ours: a policy of a thousand names has some thousand, a saved list of a whole vault
/// some ten thousand. Each takes 32 bytes of memory or more, from as little as two in the text.
pub const VALUES_MAX: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_read_up_to_the_limit_and_not_beyond() {
        let nested = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
        assert!(read(&nested(DEPTH_MAX)).is_ok());
        let error = read(&nested(DEPTH_MAX + 1)).unwrap_err();
        let expected = "more than 64 lists and objects, one inside the other, at line 1 column 65";
        assert_eq!((error.to_string().as_str(), error.is_limit()), (expected, true));
        assert!(
            read(&b"[]".repeat(DEPTH_MAX + 1)).unwrap_err().to_string().contains("trailing"),
            "beside it"
        );
    }

    #[test]
    fn values_are_read_up_to_the_limit_and_not_beyond() {
        let list = |values: usize| format!("[{}0]", "0,\n".repeat(values - 2));
        assert!(read(list(VALUES_MAX).as_bytes()).is_ok());
        let error = read(list(VALUES_MAX + 1).as_bytes()).unwrap_err();
        assert_eq!(error.place(), Place { line: 99_999, column: 2 });
        assert!(error.to_string().starts_with("more than 100000 values, and at most 100000 are read"));
    }

    #[test]
    fn what_stands_in_strings_is_not_counted() {
        let text = format!("\"{}\\\"{}\"", "[".repeat(200), ",".repeat(VALUES_MAX));
        assert!(read(text.as_bytes()).is_ok_and(|value| value.is_string()));
        assert!(!read(b"{\"a\": 1").unwrap_err().is_limit());
    }
}
