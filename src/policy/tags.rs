//! Tags: an operator's own words on a certificate.

use std::collections::BTreeMap;

/// At most [`TAGS_MAX`] pairs of name and value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    /// Takes pairs; a name given twice keeps its last value.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, TagsError> {
        let tags: BTreeMap<String, String> = pairs.into_iter().collect();
        if tags.len() > TAGS_MAX {
            return Err(TagsError::TooMany { count: tags.len() });
        }
        for (name, value) in &tags {
            if name.is_empty() {
                let value = value.chars().take(TAG_CHARACTERS_MAX).collect();
                return Err(TagsError::Nameless { value });
            }
            let count = name.chars().count().max(value.chars().count());
            if count > TAG_CHARACTERS_MAX {
                return Err(TagsError::Length {
                    name: name.chars().take(TAG_CHARACTERS_MAX).collect(),
                    count,
                });
            }
        }
        Ok(Self(tags))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pairs, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Why tags were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagsError {
    /// Too many.
    #[error("{count} tags were given, where {TAGS_MAX} are allowed")]
    TooMany {
        /// How many.
        count: usize,
    },
    /// A value without a name.
    #[error("a tag has no name, only the value {value:?}")]
    Nameless {
        /// The tag's value, cut.
        value: String,
    },
    /// A name or value with too many characters.
    #[error(
        "the tag {name:?} has a name or value of {count} characters, where at most {TAG_CHARACTERS_MAX} are allowed"
    )]
    Length {
        /// The tag's name, cut.
        name: String,
        /// The longer of name and value.
        count: usize,
    },
}

impl TagsError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::TooMany { .. } => "join some of them into one tag".to_owned(),
            Self::Nameless { .. } => {
                "write a tag as NAME=VALUE; its name has at least one character".to_owned()
            }
            Self::Length { .. } => "write a tag as NAME=VALUE, both short".to_owned(),
        }
    }
}

/// Key Vault refuses more (reference 1.3, limits).
pub const TAGS_MAX: usize = 15;
/// Key Vault, "About keys, secrets and certificates": 256 characters for a tag's name, 256 for its value.
pub const TAG_CHARACTERS_MAX: usize = 256;
