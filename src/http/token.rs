//! Who may ask. Every user of a machine reaches its loopback, so a bearer token is asked for (RFC 6750).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// The tokens that are taken.
pub struct Tokens {
    taken: Taken,
}

enum Taken {
    These(Vec<Zeroizing<String>>),
    Any,
}

impl Tokens {
    /// A new one, of 256 random bits; none where the system gives no random bytes.
    pub fn generate() -> Option<Self> {
        Self::these(vec![random_secret()?])
    }

    /// These; none where there is none, or one that no header could carry.
    pub fn these(tokens: Vec<Zeroizing<String>>) -> Option<Self> {
        let fits = |token: &Zeroizing<String>| {
            token.len() >= TOKEN_CHARACTERS_MIN && token.bytes().all(|c| c.is_ascii_graphic())
        };
        (!tokens.is_empty() && tokens.iter().all(fits)).then_some(Self { taken: Taken::These(tokens) })
    }

    /// Any token at all, and none is not enough: clients would not send their requests' bodies (reference 6.1).
    pub fn any() -> Self {
        Self { taken: Taken::Any }
    }

    /// The one to hand out.
    pub fn secret_first(&self) -> &str {
        match &self.taken {
            Taken::These(tokens) => tokens.first().map_or("", |token| token.as_str()),
            Taken::Any => "any",
        }
    }

    /// Whether a header carries one of them. Each is compared in a time that tells nothing of it.
    pub(super) fn admits(&self, header: Option<&HeaderValue>) -> bool {
        let Some(header) = header.map(HeaderValue::as_bytes) else { return false };
        let Some((scheme, rest)) = header.split_at_checked(SCHEME.len()) else { return false };
        let token = rest.trim_ascii();
        if !scheme.eq_ignore_ascii_case(SCHEME) || token.is_empty() {
            return false;
        }
        match &self.taken {
            Taken::Any => true,
            Taken::These(tokens) => {
                let same = |one: &Zeroizing<String>| verify_slices_are_equal(one.as_bytes(), token).is_ok();
                tokens.iter().fold(false, |found, one| same(one) | found)
            }
        }
    }

    /// The text with a mark in the place of each of them. One that is percent-encoded takes the whole text with it.
    pub(super) fn marked_in(&self, text: &str) -> String {
        let Taken::These(tokens) = &self.taken else { return text.to_owned() };
        let marked =
            tokens.iter().fold(text.to_owned(), |text, token| text.replace(token.as_str(), TOKEN_MARK));
        if self.are_in(&marked) { TOKEN_MARK.to_owned() } else { marked }
    }

    /// Whether one of them is in the text, percent-encoded or not.
    pub(super) fn are_in(&self, text: &str) -> bool {
        let Taken::These(tokens) = &self.taken else { return false };
        let decoded = percent_decode_str(text).decode_utf8_lossy();
        tokens.iter().any(|token| text.contains(token.as_str()) || decoded.contains(token.as_str()))
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.taken {
            Taken::These(_) => "Tokens(..)",
            Taken::Any => "Tokens(any)",
        })
    }
}

/// 256 random bits as text; none where the system gives none.
pub(super) fn random_secret() -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; 32]);
    rand::fill(bytes.as_mut()).ok()?;
    Some(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_ref())))
}

/// RFC 6750 2.1; the scheme in any case (RFC 9110 11.1).
const SCHEME: &[u8] = b"Bearer ";
/// What stands in the place of a token where something is kept of a request.
const TOKEN_MARK: &str = "(token)";
/// Shorter ones can be guessed at over the loopback: 16 characters of hex are 64 bits.
pub const TOKEN_CHARACTERS_MIN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(tokens: &Tokens, header: &'static str) -> bool {
        tokens.admits(Some(&HeaderValue::from_static(header)))
    }

    #[test]
    fn only_a_whole_token_is_taken() {
        let own = ["0123456789abcdef", "fedcba9876543210"];
        let tokens = Tokens::these(own.map(|one| Zeroizing::new(one.to_owned())).to_vec()).unwrap();
        assert!(admits(&tokens, "Bearer 0123456789abcdef"));
        assert!(admits(&tokens, "bearer  fedcba9876543210 "));
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdef0",
            "Basic 0123456789abcdef",
        ] {
            assert!(!admits(&tokens, wrong), "{wrong}");
        }
        assert!(!tokens.admits(None));
        assert!(admits(&Tokens::any(), "Bearer x") && !admits(&Tokens::any(), "Bearer "));
        assert!(Tokens::these(vec![Zeroizing::new("short".to_owned())]).is_none());
        let made = Tokens::generate().unwrap();
        assert_eq!(made.secret_first().len(), 43);
        assert!(!format!("{made:?}").contains(made.secret_first()));
    }
}
