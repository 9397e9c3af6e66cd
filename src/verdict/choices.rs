//! The choices that RFC 5280 leaves to whoever validates a path, and where validators differ: each with the one
//! that is taken here unless somebody asks for the other.
//!
//! It says what is chosen, and judges nothing.

/// How a path is read where there are two reasonable ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// What of an anchor counts besides its name and key.
    pub anchor: AnchorChecks,
    /// Whether a leaf that is itself trusted is enough.
    pub trusted_leaf: TrustedLeaf,
    /// How much is asked of a certificate for a purpose.
    pub purpose: PurposeReading,
    /// Whether a common name can be a host's.
    pub common_name: CommonName,
    /// What a Microsoft application-policies extension is.
    pub application_policies: ApplicationPolicies,
    /// What of section 4 is refused that clients pass over.
    pub conformance: Conformance,
    /// Whether what takes policies away has to be critical.
    pub policy_criticality: PolicyCriticality,
}

/// What of an anchor counts besides its name and key. RFC 5280 6.1.1(d) asks for no more than those; RFC 5937 lets
/// what stands in its certificate bind the paths below it, and that is what is done here.
///
/// A leaf that is itself trusted is judged as a leaf, whatever is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchorChecks {
    /// Its basic constraints, key usages, purposes, names, policies and other extensions, and their form.
    pub constraints: bool,
    /// The dates of its validity.
    pub dates: bool,
}

impl Default for AnchorChecks {
    fn default() -> Self {
        Self { constraints: true, dates: true }
    }
}

/// Whether a leaf that is itself among the anchors needs an issuer. RFC 5280 6.1 has no path without one; clients
/// let an operator trust a server's certificate by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrustedLeaf {
    /// It is trusted as it is.
    #[default]
    IsEnough,
    /// Another anchor must have issued it, or have issued its issuers.
    NeedsIssuer,
}

/// How much is asked of a certificate for a purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PurposeReading {
    /// RFC 5280 4.2.1.12: what lists no purposes is for all of them.
    #[default]
    Plain,
    /// Plain, and the leaf is made for the purpose as BoringSSL's `*_STRICT_LEAF` has it: it names the purpose
    /// itself, names none of those that are kept apart, and is no CA.
    StrictLeaf,
    /// Strict for the leaf, and for the CAs between it and the anchor as BoringSSL's `*_STRICT` has it: the one
    /// that issued the leaf names the purpose itself (for servers it may list none), those above it name it or
    /// anyExtendedKeyUsage.
    Strict,
    /// Plain, and the leaf is as the purpose's own document wants it: for time stamping RFC 3161 2.3, for code
    /// signing the CA/Browser Forum's requirements, as OpenSSL reads both. Other purposes have no such document.
    Profile,
}

/// Whether a common name can be a host's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommonName {
    /// It is a name for people to read (RFC 9525 2).
    #[default]
    IsNoHost,
    /// In a leaf without a DNS name among its alternative names it is one where it looks like one, and the DNS
    /// constraints of the CAs above hold for it: OpenSSL's reading.
    IsConstrained,
}

/// What a Microsoft application-policies extension (1.3.6.1.4.1.311.21.10) is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApplicationPolicies {
    /// An extension like any other that is not known: refused where it is critical.
    #[default]
    Unknown,
    /// Purposes once more, in the form of certificate policies, that say nothing new beside an extended key usage;
    /// without one beside it, it stays unknown.
    RepeatPurposes,
}

/// What RFC 5280 section 4 asks of CAs beyond what validation in section 6 needs: what of it is refused where an
/// anchor is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conformance {
    /// What the strict among the clients refuse; the rest warns.
    #[default]
    AsStrictClients,
    /// All of it: constraints of names that are not critical, a root that another CA certified and that does not name
    /// that one's key, a CA and a certificate of its that have no key identifier to agree on.
    ToTheLetter,
}

/// Whether policyConstraints and inhibitAnyPolicy have to be critical.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PolicyCriticality {
    /// A conforming CA makes them so (RFC 5280 4.2.1.11, 4.2.1.14), because whoever does not process policies is to
    /// refuse.
    #[default]
    IsNeeded,
    /// Policies are processed, and what is processed binds whether it is critical or not (NIST PKITS 4.8.6, 4.12.2).
    IsNoMatter,
}
