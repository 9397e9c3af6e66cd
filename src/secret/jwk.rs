//! A key as JSON Web Key (RFC 7517, RFC 7518), with its chain: what programs load that speak JOSE.
//!
//! It is written by hand into memory that is wiped: a JSON library would leave copies of the private numbers behind.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use der::Decode as _;
use der::Tag;
use der::asn1::UintRef;
use zeroize::Zeroizing;

use super::{Part, SecretError};
use crate::key::{KeyError, PublicKeyAlgorithm, SecretDer};
use crate::policy::KeyKind;
use crate::tlv;

/// A JWK, with the private numbers where the key may leave. `kid` is the certificate's name and version.
pub fn jwk(part: &Part<'_>) -> Result<Zeroizing<String>, SecretError> {
    let mut members = Members::new(1, part);
    members.write(part)?;
    Ok(members.end())
}

/// A JWK Set (RFC 7517 5).
pub fn jwk_set(parts: &[Part<'_>]) -> Result<Zeroizing<String>, SecretError> {
    let length = parts.iter().map(capacity).sum::<usize>().max(CAPACITY);
    let mut text = Zeroizing::new(String::with_capacity(length));
    text.push_str("{\n  \"keys\": [\n");
    for (index, part) in parts.iter().enumerate() {
        let mut members = Members::new(3, part);
        members.write(part)?;
        text.push_str(if index == 0 { "    " } else { ",\n    " });
        text.push_str(members.end().trim_end());
    }
    text.push_str("\n  ]\n}\n");
    debug_assert!(text.len() <= length, "it has grown");
    Ok(text)
}

/// An object that is written member by member.
struct Members {
    text: Zeroizing<String>,
    capacity: usize,
    indent: usize,
}

impl Members {
    fn new(depth: usize, part: &Part<'_>) -> Self {
        let capacity = capacity(part);
        let mut text = Zeroizing::new(String::with_capacity(capacity));
        text.push('{');
        Self { text, capacity, indent: 2 * depth }
    }

    fn write(&mut self, part: &Part<'_>) -> Result<(), SecretError> {
        let leaf = &part.record.certificate;
        let key = leaf.public_key();
        let unknown = || KeyError::NotPublicKey { reason: "no kind that RFC 7518 6 has".to_owned() };
        let numbers = key.numbers().ok_or_else(unknown)?;
        match key.kind().map(KeyKind::curve) {
            None => return Err(unknown().into()),
            Some(None) => self.text("kty", "RSA"),
            Some(Some(_)) => self.text("kty", "EC"),
        }
        self.common(part);
        if let Some(kind) = key.kind().filter(|kind| kind.curve().is_some()) {
            self.text("crv", curve(kind));
        }
        for (name, octets) in numbers {
            self.octets(name, octets);
        }
        match (part.private_key, key.algorithm()) {
            (None, _) => Ok(()),
            (Some(private), PublicKeyAlgorithm::Rsa { .. }) => self.private_rsa(private),
            (Some(private), _) => {
                self.octets("d", scalar(private)?);
                Ok(())
            }
        }
    }

    /// What every JWK has here: `kid`, `x5c`, `x5t`, `x5t#S256` (RFC 7517 4.5 to 4.9).
    fn common(&mut self, part: &Part<'_>) {
        let leaf = &part.record.certificate;
        self.text("kid", &format!("{}/{}", part.record.name, part.record.version));
        self.octets("x5t", &leaf.sha1());
        self.octets("x5t#S256", leaf.fingerprint().as_bytes());
        self.begin("x5c");
        self.text.push('[');
        for (index, certificate) in part.chain.iter().enumerate() {
            self.text.push_str(if index == 0 { "\"" } else { ", \"" });
            BASE64_STANDARD.encode_string(certificate.as_der(), &mut self.text);
            self.text.push('"');
        }
        self.text.push(']');
    }

    /// RSAPrivateKey ::= SEQUENCE { version, n, e, d, p, q, d mod (p-1), d mod (q-1), q^-1 mod p, … }  -- RFC 8017 A.1.2
    fn private_rsa(&mut self, key: &SecretDer) -> Result<(), SecretError> {
        let numbers = tlv::sequence_parts(inner(key)?).map_err(not_pkcs8)?;
        let names = ["d", "p", "q", "dp", "dq", "qi"];
        let numbers = numbers.get(3..3 + names.len()).ok_or_else(another_structure)?;
        for (name, number) in names.into_iter().zip(numbers) {
            self.number(name, number.whole)?;
        }
        Ok(())
    }

    /// A number as RFC 7518 2 has it: base64url of as few octets as it needs.
    fn number(&mut self, name: &str, integer: &[u8]) -> Result<(), SecretError> {
        let number = UintRef::from_der(integer).map_err(not_pkcs8)?;
        self.octets(name, number.as_bytes());
        Ok(())
    }

    fn octets(&mut self, name: &str, octets: &[u8]) {
        self.begin(name);
        self.text.push('"');
        BASE64_URL_SAFE_NO_PAD.encode_string(octets, &mut self.text);
        self.text.push('"');
    }

    /// A text of characters that JSON takes as they are: names of ours.
    fn text(&mut self, name: &str, text: &str) {
        self.begin(name);
        self.text.push('"');
        self.text.push_str(text);
        self.text.push('"');
    }

    fn begin(&mut self, name: &str) {
        if !self.text.ends_with('{') {
            self.text.push(',');
        }
        self.text.push('\n');
        (0..self.indent).for_each(|_| self.text.push(' '));
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\": ");
    }

    fn end(mut self) -> Zeroizing<String> {
        self.text.push('\n');
        (2..self.indent).for_each(|_| self.text.push(' '));
        self.text.push_str("}\n");
        debug_assert!(self.text.len() <= self.capacity, "it has grown");
        self.text
    }
}

/// The curve's name: RFC 7518 6.2.1.1; what Key Vault calls P-256K is secp256k1 there (RFC 8812 3.1).
fn curve(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::P256K => "secp256k1",
        kind => kind.curve().unwrap_or_default(),
    }
}

/// PrivateKeyInfo ::= SEQUENCE { version, privateKeyAlgorithm, privateKey OCTET STRING, … }            -- RFC 5958 2
fn inner(key: &SecretDer) -> Result<&[u8], SecretError> {
    let parts = tlv::first_parts(key.secret_der(), 3).map_err(not_pkcs8)?;
    match parts.get(2) {
        Some(octets) if octets.tag == Tag::OctetString => Ok(octets.contents),
        _ => Err(another_structure().into()),
    }
}

/// ECPrivateKey ::= SEQUENCE { version, privateKey OCTET STRING, … }: in full length already (RFC 5915 3), as
/// RFC 7518 6.2.2.1 wants it.
fn scalar(key: &SecretDer) -> Result<&[u8], SecretError> {
    let parts = tlv::first_parts(inner(key)?, 2).map_err(not_pkcs8)?;
    match parts.get(1) {
        Some(octets) if octets.tag == Tag::OctetString => Ok(octets.contents),
        _ => Err(another_structure().into()),
    }
}

fn not_pkcs8(error: der::Error) -> KeyError {
    KeyError::NotPkcs8 { reason: error.to_string() }
}

fn another_structure() -> KeyError {
    KeyError::NotPkcs8 { reason: "another structure than RFC 5958 2 has".to_owned() }
}

/// More than its JWK has: what grows would leave a copy behind.
fn capacity(part: &Part<'_>) -> usize {
    let chain =
        part.chain.iter().map(|certificate| 4 * certificate.as_der().len().div_ceil(3) + CAPACITY_EACH);
    CAPACITY + chain.sum::<usize>()
}

/// More than the rest of a JWK of RSA 4096 has, in which each number of the key is of 700 characters at most.
const CAPACITY: usize = 16_384;
/// What stands around a certificate in a list.
const CAPACITY_EACH: usize = 4;
