//! The rules about a chain and its certificates; those of a single subject stand with what finds them.

use super::rule::{Rule, Severities, Severity};

/// The rows of this file.
pub(super) static ROWS: [&Rule; 39] = [
    &KEY_MISMATCH,
    &BAD_SIGNATURE,
    &SIGNATURE_NOT_CHECKED,
    &SIGNATURE_ALGORITHMS_DIFFER,
    &UNTRUSTED_ROOT,
    &MISSING_ISSUER,
    &PATH_NOT_FOUND,
    &EXPIRED,
    &NOT_YET_VALID,
    &NOT_A_CA,
    &PATH_TOO_LONG,
    &CA_CANNOT_SIGN,
    &PURPOSE_NOT_ALLOWED,
    &PURPOSE_PROFILE,
    &NAME_NOT_COVERED,
    &CRITICAL_EXTENSION,
    &EXTENSION_MALFORMED,
    &EXTENSION_TWICE,
    &EXTENSION_CRITICAL,
    &EXTENSION_NOT_CRITICAL,
    &NAME_CONSTRAINTS_NOT_CRITICAL,
    &KEY_CERT_SIGN_WITHOUT_CA,
    &PATH_LENGTH_WITHOUT_CA,
    &ROOT_CONSTRAINTS_NOT_CRITICAL,
    &CA_CONSTRAINTS_NOT_CRITICAL,
    &NO_KEY_IDENTIFIER,
    &NO_KEY_IDENTIFIERS,
    &KEY_IDENTIFIERS_DIFFER,
    &EMPTY_NAME,
    &NAME_STRING_MALFORMED,
    &SERIAL_NUMBER,
    &DATE_ENCODING,
    &SEVERAL_LEAVES,
    &ONLY_THE_LEAF,
    &ISSUER_NOT_GIVEN,
    &MIXED_KEY_TYPES,
    &ABOVE_TRUSTED,
    &UNRELATED,
    &DUPLICATE,
];

impl Rule {
    /// Whether somebody may let it pass: not where nothing would be left to merge.
    pub fn can_be_accepted(&self) -> bool {
        self.name != KEY_MISMATCH.name
    }
}

pub(super) static KEY_MISMATCH: Rule = Rule {
    name: "key-mismatch",
    clause: "Key Vault reference 2.5",
    severity: Severities::everywhere(Severity::Refuse),
    purpose: "A certificate is of use only with the private key that belongs to the key inside it.",
    clients: "Key Vault refuses the merge; a server with the wrong pair does not start.",
    origin: "The CA answered an older request, or another name's, or the pending operation was made anew meanwhile.",
};
pub(super) static BAD_SIGNATURE: Rule = Rule {
    name: "bad-signature",
    clause: "RFC 5280 6.1.3(a)(1)",
    severity: Severities { key_vault: Some(Severity::Warn), ..Severities::everywhere(Severity::Refuse) },
    purpose: "Only the issuer's key makes the issuer's signature: without it anybody could have written the certificate.",
    clients: "Every client refuses the connection. Key Vault does not look.",
    origin: "An issuer of the same name and another key was sent along, or the file was changed on its way.",
};
pub(super) static SIGNATURE_NOT_CHECKED: Rule = Rule {
    name: "signature-not-checked",
    clause: "RFC 5280 6.1.3(a)(1)",
    severity: Severities { key_vault: Some(Severity::Warn), ..Severities::everywhere(Severity::Refuse) },
    purpose: "A signature that cannot be checked proves nothing, neither good nor bad.",
    clients: "Clients that do not know the algorithm refuse; the others decide for themselves.",
    origin: "The CA signs with an algorithm that this program's provider does not have, such as DSA or a rare curve.",
};
pub(super) static SIGNATURE_ALGORITHMS_DIFFER: Rule = Rule {
    name: "signature-algorithms-differ",
    clause: "RFC 5280 4.1.1.2",
    severity: Severities::path_validation(),
    purpose: "The algorithm is named inside what is signed and outside it; a difference would let an attacker choose.",
    clients: "Strict clients refuse.",
    origin: "A CA's software wrote the two places from two settings.",
};
pub(super) static UNTRUSTED_ROOT: Rule = Rule {
    name: "untrusted-root",
    clause: "RFC 5280 6.1.1(d)",
    severity: Severities::path_validation(),
    purpose: "A chain proves something only to those who trust its end.",
    clients: "Clients without this root refuse the connection.",
    origin: "The chain is that of another CA than the one that is trusted here, or the root changed.",
};
pub(super) static MISSING_ISSUER: Rule = Rule {
    name: "missing-issuer",
    clause: "RFC 5280 6.1.3(a)(4)",
    severity: Severities::path_validation(),
    purpose: "From the leaf to a trusted root, each certificate's issuer has to be there.",
    clients: "Browsers may fetch or remember it; servers, scripts and appliances fail.",
    origin: "The CA sent the leaf alone, or its intermediate was replaced since the chain was last downloaded.",
};
pub(super) static PATH_NOT_FOUND: Rule = Rule {
    name: "path-not-found",
    clause: "RFC 5280 6.1",
    severity: Severities::path_validation(),
    purpose: "The search for a path has a limit, so that no set of certificates can keep this machine busy.",
    clients: "Clients have such limits too.",
    origin: "A whole store of certificates was given, or certificates that were made to be searched for ever.",
};
pub(super) static EXPIRED: Rule = Rule {
    name: "expired",
    clause: "RFC 5280 6.1.3(a)(2)",
    severity: Severities { key_vault: Some(Severity::Warn), ..Severities::everywhere(Severity::Refuse) },
    purpose: "After its last second a certificate says nothing any more.",
    clients: "Clients refuse the connection. Key Vault merges it, and refuses its import.",
    origin: "The answer lay too long, an old intermediate was sent along, or this machine's clock is wrong.",
};
pub(super) static NOT_YET_VALID: Rule = Rule {
    name: "not-yet-valid",
    clause: "RFC 5280 6.1.3(a)(2)",
    severity: Severities { key_vault: Some(Severity::Warn), ..Severities::everywhere(Severity::Refuse) },
    purpose: "Before its first second a certificate says nothing yet.",
    clients: "Clients refuse the connection until then. Key Vault merges it.",
    origin: "The CA's clock is ahead, this machine's is behind, or the certificate was ordered for later.",
};
pub(super) static NOT_A_CA: Rule = Rule {
    name: "not-a-ca",
    clause: "RFC 5280 6.1.4(k)",
    severity: Severities::path_validation(),
    purpose: "Whoever signs certificates must have been given that right, or every server could.",
    clients: "Every client refuses the connection.",
    origin: "A server's certificate was used to sign, or a CA certificate was made without its basic constraints.",
};
pub(super) static PATH_TOO_LONG: Rule = Rule {
    name: "path-too-long",
    clause: "RFC 5280 6.1.4(l), (m)",
    severity: Severities::path_validation(),
    purpose: "A CA may say how many CAs may stand below it.",
    clients: "Every client refuses the connection.",
    origin: "A CA with path length 0 signed another CA.",
};
pub(super) static CA_CANNOT_SIGN: Rule = Rule {
    name: "ca-cannot-sign",
    clause: "RFC 5280 6.1.4(n)",
    severity: Severities::path_validation(),
    purpose: "A CA's key usage must allow the signing of certificates, where it has one.",
    clients: "Every client refuses the connection.",
    origin: "The CA certificate was made from a server's template.",
};
pub(super) static PURPOSE_NOT_ALLOWED: Rule = Rule {
    name: "purpose-not-allowed",
    clause: "RFC 5280 4.2.1.12",
    severity: Severities::path_validation(),
    purpose: "A certificate, and each CA above it, may be limited to purposes: servers, clients, mail.",
    clients: "Clients refuse a certificate whose purposes, or whose CA's, leave theirs out.",
    origin: "The CA used another template than the one that was asked for, or a CA for another purpose.",
};
pub(super) static PURPOSE_PROFILE: Rule = Rule {
    name: "purpose-profile",
    clause: "BR 7.1.2.7, RFC 3161 2.3, CSBR 7.1.2.3",
    severity: Severities::path_validation(),
    purpose: "The documents on a single purpose want more of a leaf than that it names the purpose: that it is no CA, that it names no purpose that is kept apart, that the extension is critical. It is looked at only where that is asked for.",
    clients: "Time stamping and code signing software refuses it, and so do strict clients for servers; the others take it.",
    origin: "One template served for several purposes.",
};
pub(super) static NAME_NOT_COVERED: Rule = Rule {
    name: "name-not-covered",
    clause: "RFC 9525 6",
    severity: Severities { key_vault: Some(Severity::Warn), ..Severities::everywhere(Severity::Refuse) },
    purpose: "A client looks for the name that it asked for among the alternative names, and nowhere else.",
    clients: "Every client that asks for this name refuses the connection.",
    origin: "The CA left a name out, or put it into the common name alone.",
};
pub(super) static CRITICAL_EXTENSION: Rule = Rule {
    name: "critical-extension",
    clause: "RFC 5280 6.1.4(o), 6.1.5(f)",
    severity: Severities::path_validation(),
    purpose: "A critical extension says: who does not understand me must refuse.",
    clients: "Clients that do not know the extension refuse the connection.",
    origin: "The CA added an extension of its own and marked it critical.",
};
pub(super) static EXTENSION_MALFORMED: Rule = Rule {
    name: "extension-malformed",
    clause: "RFC 5280 4.2",
    severity: Severities::path_validation(),
    purpose: "An extension that cannot be read as its definition says may mean anything.",
    clients: "Some clients refuse, some pass over it: the worst of both.",
    origin: "A CA's software wrote it by hand.",
};
pub(super) static EXTENSION_TWICE: Rule = Rule {
    name: "extension-twice",
    clause: "RFC 5280 4.2",
    severity: Severities::path_validation(),
    purpose: "Of two extensions of one kind a client may read either.",
    clients: "Strict clients refuse.",
    origin: "The request's extensions were copied beside those of the CA's template.",
};
pub(super) static EXTENSION_CRITICAL: Rule = Rule {
    name: "extension-critical",
    clause: "RFC 5280 4.2.1.1, 4.2.1.2, 4.2.2.1",
    severity: Severities::conformance(),
    purpose: "Key identifiers and access addresses are hints, which a conforming CA never marks critical.",
    clients: "Clients that do not know the extension refuse the connection.",
    origin: "The CA's template marks every extension critical.",
};
pub(super) static EXTENSION_NOT_CRITICAL: Rule = Rule {
    name: "extension-not-critical",
    clause: "RFC 5280 4.2.1.11, 4.2.1.14",
    severity: Severities::conformance(),
    purpose: "What takes policies away from the certificates below has to be understood by everybody, so a conforming CA marks it critical.",
    clients: "Clients that do not know the extension take policies that the CA ruled out.",
    origin: "The CA's configuration sets policyConstraints or inhibitAnyPolicy without the word critical.",
};
pub(super) static NAME_CONSTRAINTS_NOT_CRITICAL: Rule = Rule {
    name: "name-constraints-not-critical",
    clause: "RFC 5280 4.2.1.10; BR 7.1.2.10.8",
    // The Baseline Requirements except it from RFC 5280, for the sake of old clients.
    severity: Severities { webpki: Some(Severity::Note), ..Severities::letter() },
    purpose: "Name constraints bind whoever understands them; marked critical, they keep all others away.",
    clients: "Clients that do not know name constraints accept every name below this CA.",
    origin: "The CA wanted clients to go on that do not know name constraints, which the Baseline Requirements allow and RFC 5280 does not.",
};
pub(super) static KEY_CERT_SIGN_WITHOUT_CA: Rule = Rule {
    name: "key-cert-sign-without-ca",
    clause: "RFC 5280 4.2.1.3",
    severity: Severities::conformance(),
    purpose: "The right to sign certificates belongs to CAs: key usage and basic constraints must agree.",
    clients: "Strict clients refuse; most pass over it.",
    origin: "The request asked for keyCertSign (the default policy of `az` does), and the CA copied it.",
};
pub(super) static PATH_LENGTH_WITHOUT_CA: Rule = Rule {
    name: "path-length-without-ca",
    clause: "RFC 5280 4.2.1.9",
    severity: Severities::conformance(),
    purpose: "A limit to the CAs below makes sense for a CA alone.",
    clients: "Strict clients refuse; most pass over it.",
    origin: "A CA's template was used for an end entity.",
};
pub(super) static ROOT_CONSTRAINTS_NOT_CRITICAL: Rule = Rule {
    name: "root-constraints-not-critical",
    clause: "RFC 5280 4.2.1.9",
    severity: Severities::conformance(),
    purpose: "A CA's basic constraints are to be understood by everybody, so they are critical.",
    clients: "Strict clients refuse such a root; most pass over it.",
    origin: "The root was made with an old configuration of OpenSSL.",
};
pub(super) static CA_CONSTRAINTS_NOT_CRITICAL: Rule = Rule {
    name: "ca-constraints-not-critical",
    clause: "RFC 5280 4.2.1.9; BR 7.1.2.10.4",
    severity: Severities::webpki_conformance(),
    purpose: "A CA's basic constraints are to be understood by everybody, so they are critical.",
    clients: "Nearly all pass over it; path validation does not ask for it.",
    origin: "The intermediate was made with an old configuration of OpenSSL.",
};
pub(super) static KEY_IDENTIFIERS_DIFFER: Rule = Rule {
    name: "key-identifiers-differ",
    clause: "RFC 5280 4.2.1.1",
    severity: Severities::advice(),
    purpose: "A certificate names its issuer's key by the identifier that the issuer's own certificate gives it.",
    clients: "OpenSSL and those built on it do not take the issuer for the issuer, and find no chain; others verify the signature.",
    origin: "The CA's certificate was issued again and its key called otherwise, or the leaf was made from another copy of it.",
};
pub(super) static NO_KEY_IDENTIFIER: Rule = Rule {
    name: "no-key-identifier",
    clause: "RFC 5280 4.2.1.1, 4.2.1.2",
    severity: Severities::conformance(),
    purpose: "Key identifiers tell CAs of one name apart, so that clients find the path at once.",
    clients: "Most clients try every CA of the name; some fail.",
    origin: "The CA's configuration leaves subjectKeyIdentifier or authorityKeyIdentifier out.",
};
pub(super) static NO_KEY_IDENTIFIERS: Rule = Rule {
    name: "no-key-identifiers",
    clause: "RFC 5280 4.2.1.1, 4.2.1.2",
    // Neither of the two that have to agree is there, and so nothing is looked for in vain.
    severity: Severities { webpki: Some(Severity::Refuse), ..Severities::letter() },
    purpose: "Key identifiers tell CAs of one name apart. Where neither a CA nor what it signed has one, the name alone has to do.",
    clients: "They go by the name, which is enough as long as the CA keeps its key.",
    origin: "The CA's configuration leaves both subjectKeyIdentifier and authorityKeyIdentifier out.",
};
pub(super) static DATE_ENCODING: Rule = Rule {
    name: "date-encoding",
    clause: "RFC 5280 4.1.2.5",
    severity: Severities::webpki_conformance(),
    purpose: "Dates through 2049 are written as UTCTime, so that one certificate has one encoding.",
    clients: "Nearly all read both forms, as path validation asks of them; a public CA may not issue it.",
    origin: "The CA's software writes GeneralizedTime for every date.",
};
pub(super) static EMPTY_NAME: Rule = Rule {
    name: "empty-name",
    clause: "RFC 5280 4.1.2.4, 4.1.2.6",
    severity: Severities::conformance(),
    purpose: "An issuer has a name, and so has whoever has no alternative name marked critical.",
    clients: "Clients cannot find the issuer, or whom they talk to.",
    origin: "The request had no subject, and the CA left the alternative names uncritical.",
};
pub(super) static NAME_STRING_MALFORMED: Rule = Rule {
    name: "name-string-malformed",
    clause: "RFC 5280 4.1.2.4, A.1",
    severity: Severities::conformance(),
    purpose: "A text whose bytes are not of the type that it says can be shown in several ways, and compared in none.",
    clients: "OpenSSL, BoringSSL and Go cannot read such a certificate; others show something.",
    origin: "The CA's software put Latin-1 into a UTF8String, or cut a text in the middle of a character.",
};
pub(super) static SERIAL_NUMBER: Rule = Rule {
    name: "serial-number",
    clause: "RFC 5280 4.1.2.2",
    severity: Severities::conformance(),
    purpose: "A serial number is positive and at most 20 bytes long, so that everybody can store and compare it.",
    clients: "Some clients cannot read another.",
    origin: "The CA's software wrote a hash or a negative number.",
};
pub(super) static SEVERAL_LEAVES: Rule = Rule {
    name: "several-leaves",
    clause: "Key Vault reference 2.5",
    severity: Severities::advice(),
    purpose: "Two certificates for one key came in one answer; only one can be merged.",
    clients: "They see the one that was taken.",
    origin: "The CA sent the previous certificate along, or somebody slipped one in.",
};
pub(super) static ISSUER_NOT_GIVEN: Rule = Rule {
    name: "issuer-not-given",
    clause: "RFC 5280 6.1.3(a)(4)",
    severity: Severities::everywhere(Severity::Note),
    purpose: "Without a trusted root the chain is judged as far as it goes.",
    clients: "They need the certificates up to a root that they have.",
    origin: "The CA sent no root, as most do, or the leaf alone.",
};
pub(super) static ONLY_THE_LEAF: Rule = Rule {
    name: "only-the-leaf",
    clause: "RFC 5246 7.4.2; Key Vault reference 5 row 7",
    severity: Severities::advice(),
    purpose: "A server has to send the certificates between its own and the root, so they have to be in the record.",
    clients: "Application Gateway answers 502, scripts and appliances refuse; browsers often find the issuer by themselves.",
    origin: "The CA offers the certificate and its chain as separate files, and one was taken.",
};
pub(super) static MIXED_KEY_TYPES: Rule = Rule {
    name: "mixed-key-types",
    clause: "Key Vault reference 5 row 15; azure-docs#115129",
    severity: Severities::everywhere(Severity::Note),
    purpose: "Key Vault's import was seen to hold an RSA leaf against the curve of its CA.",
    clients: "TLS clients do not mind.",
    origin: "The CA moved to an EC hierarchy and still signs RSA keys.",
};
pub(super) static ABOVE_TRUSTED: Rule = Rule {
    name: "above-trusted",
    clause: "RFC 5280 6.1.1(d)",
    severity: Severities::advice(),
    purpose: "Where a CA below the root is trusted the chain ends there, and what stands above it is not judged and not kept.",
    clients: "Those that trust the root alone find no way to it, unless the server sends what stands between.",
    origin: "The CA's whole bundle was given as what is trusted, without its root.",
};
pub(super) static UNRELATED: Rule = Rule {
    name: "unrelated",
    clause: "RFC 5280 6.1",
    severity: Severities::everywhere(Severity::Note),
    purpose: "What is not part of the chain has no place in the record.",
    clients: "Some servers send everything, and some clients stumble over it.",
    origin: "The CA sends all of its CAs with each answer.",
};
pub(super) static DUPLICATE: Rule = Rule {
    name: "duplicate",
    clause: "RFC 5280 6.1",
    severity: Severities::everywhere(Severity::Note),
    purpose: "A certificate is kept once.",
    clients: "They do not see it.",
    origin: "The chain was given as a bundle and as files.",
};
