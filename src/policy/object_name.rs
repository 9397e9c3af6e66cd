//! The names that Key Vault gives to the things it holds.

use std::fmt;

/// The name of a certificate or an issuer: letters, digits and hyphens, 1 to 127 of them. Two names that
/// differ only in case are the same name; the case that was written is kept.
#[derive(Clone, Debug)]
pub struct ObjectName(String);

impl ObjectName {
    /// Takes a name that the service would take.
    pub fn new(text: &str) -> Result<Self, ObjectNameError> {
        let count = text.chars().count();
        if count == 0 {
            return Err(ObjectNameError::Empty);
        }
        if let Some((index, found)) =
            text.chars().enumerate().find(|(_, c)| !c.is_ascii_alphanumeric() && *c != '-')
        {
            return Err(ObjectNameError::Character {
                found,
                position: index + 1,
                suggestion: suggestion(text),
                text: text.chars().take(OBJECT_NAME_CHARACTERS_MAX).collect(),
            });
        }
        if count > OBJECT_NAME_CHARACTERS_MAX {
            return Err(ObjectNameError::TooLong { count });
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for ObjectName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for ObjectName {}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectNameError {
    /// Nothing.
    #[error(
        "the name is empty, where 1 to {OBJECT_NAME_CHARACTERS_MAX} letters, digits or hyphens are allowed"
    )]
    Empty,
    /// A character outside the pattern: a dot, mostly.
    #[error(
        "the name {text:?} has {found:?} at character {position}, where only letters, digits and hyphens are allowed"
    )]
    Character {
        /// The name, cut to the longest allowed.
        text: String,
        /// The first character that is not allowed.
        found: char,
        /// Its place, from 1.
        position: usize,
        /// A name like it that is allowed.
        suggestion: String,
    },
    /// Too many characters.
    #[error("the name has {count} characters, where {OBJECT_NAME_CHARACTERS_MAX} are allowed")]
    TooLong {
        /// How many it has.
        count: usize,
    },
}

impl ObjectNameError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Character { suggestion, .. } if !suggestion.is_empty() => {
                format!(
                    "a name is neither a host name (give that with --dns) nor a file (files come after it): call it {suggestion}"
                )
            }
            Self::Empty | Self::Character { .. } | Self::TooLong { .. } => {
                "give a short name of letters, digits and hyphens".to_owned()
            }
        }
    }
}

fn suggestion(text: &str) -> String {
    let replaced: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(OBJECT_NAME_CHARACTERS_MAX)
        .collect();
    replaced.trim_matches('-').to_owned()
}

/// Key Vault, "About keys, secrets and certificates", object names: `^[0-9a-zA-Z-]+$`, 1 to 127 characters.
pub const OBJECT_NAME_CHARACTERS_MAX: usize = 127;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_refused_with_a_name_that_would_do() {
        let error = ObjectName::new("www.example.com").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the name \"www.example.com\" has '.' at character 4, where only letters, digits and hyphens are allowed"
        );
        assert!(error.help().contains("www-example-com"), "{}", error.help());
    }

    #[test]
    fn length_is_1_to_127() {
        assert_eq!(ObjectName::new("").unwrap_err(), ObjectNameError::Empty);
        assert!(ObjectName::new(&"a".repeat(127)).is_ok());
        assert_eq!(ObjectName::new(&"a".repeat(128)).unwrap_err(), ObjectNameError::TooLong { count: 128 });
    }

    #[test]
    fn case_does_not_tell_names_apart() {
        assert_eq!(ObjectName::new("WWW").unwrap(), ObjectName::new("www").unwrap());
    }
}
