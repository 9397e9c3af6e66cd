//! Certificate policies along a path (RFC 5280 6.1.2 to 6.1.5), with the policy graph of RFC 9618 in place of
//! the tree: the tree doubles with each certificate that maps two policies to the same two, the graph has one
//! node for a policy at each depth.
//!
//! Qualifiers are not handed on: no rule depends on what they say.

use std::collections::{BTreeMap, BTreeSet};

use der::asn1::ObjectIdentifier;

use super::listing::listed;
use super::rule::{Fault, Rule, Severities};
use crate::certificate::Certificate;
use crate::extension::{
    ANY_POLICY, CERTIFICATE_POLICIES, INHIBIT_ANY_POLICY, POLICY_CONSTRAINTS, POLICY_MAPPINGS,
    PolicyConstraints, PolicyExtensionError, PolicyInformation, PolicyMapping, read_inhibit_any_policy,
};
use crate::name::Oid;

/// What the caller asks of policies (RFC 5280 6.1.1 (c), (e), (f), (g)).
#[derive(Clone, Debug, Default)]
pub struct PolicyInputs {
    /// The policies that are good enough; empty, or with anyPolicy in it: every one is.
    pub user_initial_policy_set: Vec<ObjectIdentifier>,
    /// Whether a policy must hold for the path, whatever its certificates ask.
    pub explicit_policy: bool,
    /// Whether no policy may be mapped to another.
    pub policy_mapping_inhibit: bool,
    /// Whether anyPolicy counts for nothing.
    pub any_policy_inhibit: bool,
}

/// What is wrong with the policies of a path: the leaf first, the topmost certificate to be processed last.
/// An anchor belongs in it only where its own policies are to count.
///
/// `budget` is what is left of [`POLICIES_MAX`]. Running out is a fault, and ends the processing.
pub(super) fn faults(
    path: &[&Certificate],
    is_anchored: bool,
    inputs: &PolicyInputs,
    budget: &mut usize,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let extensions: Option<Vec<PolicyExtensions>> = path
        .iter()
        .enumerate()
        .map(|(at, certificate)| PolicyExtensions::read(at, certificate, &mut faults))
        // First all of them are read, so that every malformed one is named.
        .collect::<Vec<_>>()
        .into_iter()
        .collect();
    // What follows from an extension that cannot be read is not a second fault.
    if let Some(extensions) = extensions.filter(|extensions| is_policy_asked_for(extensions, inputs)) {
        faults.extend(Processing::new(path, is_anchored, &extensions, inputs).run(budget).err());
    }
    faults
}

/// Whether anybody asks that a policy hold. Where nobody does, explicit_policy starts above the length of the
/// path, counts down once for each certificate, and ends above zero: no graph can fail the path.
fn is_policy_asked_for(extensions: &[PolicyExtensions], inputs: &PolicyInputs) -> bool {
    let asks =
        |one: &PolicyExtensions| one.constraints.is_some_and(|one| one.require_explicit_policy.is_some());
    inputs.explicit_policy || extensions.iter().any(asks)
}

/// The policy extensions of one certificate; what is absent is empty or none.
struct PolicyExtensions {
    policies: Option<Vec<PolicyInformation>>,
    mappings: Vec<PolicyMapping>,
    constraints: Option<PolicyConstraints>,
    inhibit_any_policy: Option<u32>,
}

impl PolicyExtensions {
    /// Reads all four; none where one of them is malformed, each of which is a fault.
    fn read(at: usize, certificate: &Certificate, faults: &mut Vec<Fault>) -> Option<Self> {
        let policies = value(at, certificate, CERTIFICATE_POLICIES, PolicyInformation::read_all, faults);
        let mappings = value(at, certificate, POLICY_MAPPINGS, PolicyMapping::read_all, faults);
        let constraints = value(at, certificate, POLICY_CONSTRAINTS, PolicyConstraints::read, faults);
        let inhibit = value(at, certificate, INHIBIT_ANY_POLICY, read_inhibit_any_policy, faults);
        if let Ok(Some(policies)) = &policies {
            faults.extend(unknown_qualifier(at, certificate, policies));
        }
        Some(Self {
            policies: policies.ok()?,
            mappings: mappings.ok()?.unwrap_or_default(),
            constraints: constraints.ok()?,
            inhibit_any_policy: inhibit.ok()?,
        })
    }

    fn say_any_policy(&self) -> bool {
        self.policies.iter().flatten().any(|one| one.policy == ANY_POLICY)
    }
}

/// The value of an extension, none where it is absent; that it cannot be read is a fault.
fn value<T>(
    at: usize,
    certificate: &Certificate,
    oid: ObjectIdentifier,
    read: fn(&[u8]) -> Result<T, PolicyExtensionError>,
    faults: &mut Vec<Fault>,
) -> Result<Option<T>, ()> {
    let Some(extension) = certificate.extension(oid) else {
        return Ok(None);
    };
    read(&extension.value).map(Some).map_err(|error| {
        let rule = match error {
            PolicyExtensionError::MapsFromAnyPolicy { .. } | PolicyExtensionError::MapsToAnyPolicy { .. } => {
                &ANY_POLICY_MAPPED
            }
            _ => &POLICY_EXTENSION_MALFORMED,
        };
        let message = format!("the {} extension: {error}", extension_name(oid));
        faults.push(Fault { rule, at, message, help: error.help() });
    })
}

/// RFC 5280 4.2: a critical extension that is not understood in full is refused, and 4.2.1.4 defines two
/// kinds of qualifier.
fn unknown_qualifier(at: usize, certificate: &Certificate, policies: &[PolicyInformation]) -> Option<Fault> {
    let critical = certificate.extension(CERTIFICATE_POLICIES).is_some_and(|one| one.critical);
    let (policy, kind) = policies
        .iter()
        .filter(|_| critical)
        .find_map(|one| one.unknown_qualifier().map(|kind| (&one.policy, kind)))?;
    Some(Fault {
        rule: &UNKNOWN_POLICY_QUALIFIER,
        at,
        message: format!(
            "the certificatePolicies extension is critical, and policy {policy} in it has a qualifier of kind {kind}, where RFC 5280 4.2.1.4 knows CPS pointers and user notices"
        ),
        help: "ask the CA for a certificate without that qualifier, or whose certificatePolicies is not critical"
            .to_owned(),
    })
}

fn extension_name(oid: ObjectIdentifier) -> &'static str {
    match oid {
        CERTIFICATE_POLICIES => "certificatePolicies",
        POLICY_MAPPINGS => "policyMappings",
        POLICY_CONSTRAINTS => "policyConstraints",
        _ => "inhibitAnyPolicy",
    }
}

/// The state of RFC 5280 6.1.2, with what is needed to say afterwards how it came about.
struct Processing<'a> {
    path: &'a [&'a Certificate],
    /// Whether the last of the path is trusted by itself.
    is_anchored: bool,
    extensions: &'a [PolicyExtensions],
    inputs: &'a PolicyInputs,
    graph: PolicyGraph,
    /// Certificates that may still follow without a policy; 0: a policy must hold.
    explicit_policy: usize,
    policy_mapping: usize,
    inhibit_any_policy: usize,
    /// Which certificate asked that a policy hold; none where the caller did.
    asked_by: Option<usize>,
    /// The certificate after which no policy was left, and how that came.
    ended: Option<String>,
}

impl<'a> Processing<'a> {
    /// RFC 5280 6.1.2: the counters start at zero where the caller says so, else beyond the path.
    fn new(
        path: &'a [&'a Certificate],
        is_anchored: bool,
        extensions: &'a [PolicyExtensions],
        inputs: &'a PolicyInputs,
    ) -> Self {
        let start = |inhibited: bool| if inhibited { 0 } else { path.len() + 1 };
        Self {
            path,
            is_anchored,
            extensions,
            inputs,
            graph: PolicyGraph::new(),
            explicit_policy: start(inputs.explicit_policy),
            policy_mapping: start(inputs.policy_mapping_inhibit),
            inhibit_any_policy: start(inputs.any_policy_inhibit),
            asked_by: None,
            ended: None,
        }
    }

    /// From the top to the leaf; the first certificate at which the path fails is the one to tell of.
    fn run(mut self, budget: &mut usize) -> Result<(), Fault> {
        for at in (0..self.path.len()).rev() {
            self.pay(at, budget)?;
            self.certificate_policies(at);
            // 6.1.3 (f)
            if self.explicit_policy == 0 && self.graph.is_null() {
                return Err(self.no_policy_left(at));
            }
            if at > 0 {
                self.prepare_for_next(at);
            }
        }
        self.wrap_up()
    }

    /// Takes what a certificate adds to the graph from what is left: its policies, its mappings, and what was expected of
    /// it, which anyPolicy carries on.
    fn pay(&self, at: usize, budget: &mut usize) -> Result<(), Fault> {
        if self.graph.is_null() {
            return Ok(());
        }
        let PolicyExtensions { policies, mappings, .. } = &self.extensions[at];
        let (named, mapped) = (policies.as_ref().map_or(0, Vec::len), mappings.len());
        let allowed = self.graph.expected_count();
        let left = budget.checked_sub(named + mapped + allowed).ok_or_else(|| Fault {
            rule: &NO_VALID_POLICY,
            at,
            message: format!(
                "policies: {named} named, {mapped} mapped and {allowed} allowed from above are more than the {budget} left of {POLICIES_MAX}: the policies of this path are not known to hold"
            ),
            help: "ask the CA for a certificate with fewer policies, or for another chain of its certificates"
                .to_owned(),
        })?;
        *budget = left;
        Ok(())
    }

    /// RFC 5280 6.1.3 (d) and (e).
    fn certificate_policies(&mut self, at: usize) {
        if self.graph.is_null() {
            return;
        }
        let extensions = &self.extensions[at];
        let Some(policies) = &extensions.policies else {
            // An anchor or root that names no policy is not held to any: RFC 5937 takes policies from an anchor
            // where it has the extension.
            if at + 1 == self.path.len() && (self.is_anchored || is_self_signed(self.path[at])) {
                return;
            }
            self.graph.end();
            self.ended = Some(format!("{} names no policy at all", self.path[at].subject()));
            return;
        };
        // (d)(2): anyPolicy counts while it is not inhibited, and in a CA's self-issued certificate.
        let self_issued_authority = at > 0 && self.path[at].is_self_issued();
        let any = extensions.say_any_policy() && (self.inhibit_any_policy > 0 || self_issued_authority);
        self.graph.grow(policies.iter().map(|one| &one.policy), any);
        if self.graph.is_null() {
            let said = policies_listed(policies.iter().map(|one| &one.policy));
            let inhibited = match extensions.say_any_policy() && !any {
                true => ", and anyPolicy is inhibited above it",
                false => "",
            };
            self.ended = Some(format!(
                "{} says {said}, where the certificates above it allow {}{inhibited}",
                self.path[at].subject(),
                policies_listed(&self.graph.expected())
            ));
        }
    }

    /// RFC 5280 6.1.4 (a), (b), (h), (i), (j); that anyPolicy is not mapped was seen at reading.
    fn prepare_for_next(&mut self, at: usize) {
        let extensions = &self.extensions[at];
        if !extensions.mappings.is_empty() && !self.graph.is_null() {
            self.graph.map(&extensions.mappings, self.policy_mapping > 0);
            if self.graph.is_null() {
                let subject = self.path[at].subject();
                let mapped = policies_listed(extensions.mappings.iter().map(|one| &one.issuer_domain));
                self.ended = Some(format!("{subject} maps {mapped}, and mapping was forbidden above it"));
            }
        }
        // (h)
        if !self.path[at].is_self_issued() {
            self.require_policy_within(self.explicit_policy.saturating_sub(1), self.asked_by);
            self.policy_mapping = self.policy_mapping.saturating_sub(1);
            self.inhibit_any_policy = self.inhibit_any_policy.saturating_sub(1);
        }
        // (i)
        if let Some(constraints) = &extensions.constraints {
            if let Some(skip) = constraints.require_explicit_policy {
                self.require_policy_within(certificates(skip), Some(at));
            }
            if let Some(skip) = constraints.inhibit_policy_mapping {
                self.policy_mapping = self.policy_mapping.min(certificates(skip));
            }
        }
        // (j)
        if let Some(skip) = extensions.inhibit_any_policy {
            self.inhibit_any_policy = self.inhibit_any_policy.min(certificates(skip));
        }
    }

    fn require_policy_within(&mut self, skip: usize, asked_by: Option<usize>) {
        if skip < self.explicit_policy {
            self.explicit_policy = skip;
            self.asked_by = asked_by;
        }
    }

    /// RFC 5280 6.1.5 (a), (b), (g).
    fn wrap_up(mut self) -> Result<(), Fault> {
        // (a)
        self.require_policy_within(self.explicit_policy.saturating_sub(1), self.asked_by);
        // (b)
        let constraints = self.extensions.first().and_then(|leaf| leaf.constraints);
        if constraints.and_then(|one| one.require_explicit_policy) == Some(0) {
            self.require_policy_within(0, Some(0));
        }
        if self.explicit_policy > 0 {
            return Ok(());
        }
        if self.graph.is_null() {
            return Err(self.no_policy_left(0));
        }
        // (g), as RFC 9618 has it.
        let valid = self.graph.authority_constrained_policies();
        let accepted: BTreeSet<Oid> =
            self.inputs.user_initial_policy_set.iter().copied().map(Oid::from).collect();
        let any = |set: &BTreeSet<Oid>| set.iter().any(|one| *one == ANY_POLICY);
        let fits = accepted.is_empty() || any(&accepted) || any(&valid) || !accepted.is_disjoint(&valid);
        if fits {
            return Ok(());
        }
        Err(Fault {
            rule: &NO_VALID_POLICY,
            at: 0,
            message: format!(
                "the path is good for policy {}, and only {} is accepted",
                policies_listed(&valid),
                policies_listed(&accepted)
            ),
            help: "ask the CA for a certificate under an accepted policy, or accept the policy that it has"
                .to_owned(),
        })
    }

    fn no_policy_left(&self, at: usize) -> Fault {
        let asked = match self.asked_by {
            Some(by) => format!("{} asks that one policy hold along the path", self.path[by].subject()),
            None => "a policy is asked for that holds along the path".to_owned(),
        };
        let ended = self.ended.as_deref().unwrap_or("no certificate names one");
        Fault {
            rule: &NO_VALID_POLICY,
            at,
            message: format!("{asked}, and none does: {ended}"),
            help: "ask the CA for a certificate under a policy that its own certificates carry, or for another chain of its certificates"
                .to_owned(),
        }
    }
}

/// The valid_policy_graph (RFC 9618): the levels of the nodes, the root's first. It is NULL when its last
/// level is empty. Nodes without children are left where they are: nothing looks up from below before the
/// end, where [`Self::authority_constrained_policies`] passes over them.
struct PolicyGraph {
    levels: Vec<BTreeMap<Oid, Node>>,
}

/// A node; its valid_policy is the key that it stands under, which is why there is one for each policy.
struct Node {
    /// The valid_policy of each node of the level above that it hangs from.
    parents: Vec<Oid>,
    expected_policy_set: BTreeSet<Oid>,
}

impl Node {
    fn new(policy: &Oid, parents: Vec<Oid>) -> Self {
        Self { parents, expected_policy_set: BTreeSet::from([policy.clone()]) }
    }
}

impl PolicyGraph {
    /// RFC 5280 6.1.2 (a): one node, of anyPolicy.
    fn new() -> Self {
        let any = Oid::from(ANY_POLICY);
        Self { levels: vec![BTreeMap::from([(any.clone(), Node::new(&any, Vec::new()))])] }
    }

    fn is_null(&self) -> bool {
        self.last().is_empty()
    }

    /// RFC 5280 6.1.3 (e).
    fn end(&mut self) {
        self.levels.push(BTreeMap::new());
    }

    /// How many policies the next certificate can say, each counted for each policy that it is worth.
    fn expected_count(&self) -> usize {
        self.last().values().map(|node| node.expected_policy_set.len()).sum()
    }

    /// What the last certificate could have said.
    fn expected(&self) -> BTreeSet<Oid> {
        let above = self.levels.iter().rev().nth(1);
        above
            .into_iter()
            .flat_map(BTreeMap::values)
            .flat_map(|node| &node.expected_policy_set)
            .cloned()
            .collect()
    }

    /// RFC 5280 6.1.3 (d) as RFC 9618 has it: a level from the policies of the next certificate.
    fn grow<'a>(&mut self, policies: impl Iterator<Item = &'a Oid>, any_policy_counts: bool) {
        let any = Oid::from(ANY_POLICY);
        let mut parents: BTreeMap<&Oid, Vec<Oid>> = BTreeMap::new();
        for (policy, node) in self.last() {
            for expected in &node.expected_policy_set {
                parents.entry(expected).or_default().push(policy.clone());
            }
        }
        let mut level = BTreeMap::new();
        // (1) each policy hangs from all that expect it, or else from anyPolicy
        for policy in policies.filter(|one| **one != any) {
            let above = match parents.get(policy) {
                Some(above) => above.clone(),
                None if self.last().contains_key(&any) => vec![any.clone()],
                None => continue,
            };
            level.insert(policy.clone(), Node::new(policy, above));
        }
        // (2) anyPolicy goes on with all that is expected and was not named
        if any_policy_counts {
            for (policy, above) in parents {
                level.entry(policy.clone()).or_insert_with(|| Node::new(policy, above));
            }
        }
        self.levels.push(level);
    }

    /// RFC 5280 6.1.4 (b) as RFC 9618 has it: what the last certificate maps.
    fn map(&mut self, mappings: &[PolicyMapping], allowed: bool) {
        let any = Oid::from(ANY_POLICY);
        let mut equivalents: BTreeMap<&Oid, BTreeSet<Oid>> = BTreeMap::new();
        for mapping in mappings {
            equivalents.entry(&mapping.issuer_domain).or_default().insert(mapping.subject_domain.clone());
        }
        let level = self.levels.last_mut().expect("the root's level is never taken away");
        let has_any = level.contains_key(&any);
        for (policy, equivalents) in equivalents {
            if !allowed {
                // (2)
                level.remove(policy);
            } else if let Some(node) = level.get_mut(policy) {
                // (1), the policy being valid
                node.expected_policy_set = equivalents;
            } else if has_any {
                // (1), anyPolicy standing for it
                let node = Node { parents: vec![any.clone()], expected_policy_set: equivalents };
                level.insert(policy.clone(), node);
            }
        }
    }

    /// RFC 5280 6.1.5 (g) as RFC 9618 has it: the policies, in the words of the topmost certificate, that reach
    /// the last level. Of all nodes that hang from anyPolicy, those that are not anyPolicy themselves, and
    /// anyPolicy where it came down to the end.
    fn authority_constrained_policies(&self) -> BTreeSet<Oid> {
        let mut policies = BTreeSet::new();
        let mut alive: BTreeSet<&Oid> = self.last().keys().collect();
        policies.extend(alive.iter().filter(|one| ***one == ANY_POLICY).map(|one| (*one).clone()));
        for level in self.levels.iter().rev() {
            let mut above = BTreeSet::new();
            for (policy, node) in level.iter().filter(|(policy, _)| alive.contains(policy)) {
                if *policy != ANY_POLICY && node.parents.iter().any(|parent| *parent == ANY_POLICY) {
                    policies.insert(policy.clone());
                }
                above.extend(&node.parents);
            }
            alive = above;
        }
        policies
    }

    fn last(&self) -> &BTreeMap<Oid, Node> {
        self.levels.last().expect("the root's level is never taken away")
    }
}

fn is_self_signed(certificate: &Certificate) -> bool {
    certificate.is_self_issued() && certificate.verify_signature(certificate.public_key()).is_ok()
}

fn certificates(skip: u32) -> usize {
    usize::try_from(skip).unwrap_or(usize::MAX)
}

/// The first policies of a list, and how many more there are.
fn policies_listed<'a>(policies: impl IntoIterator<Item = &'a Oid>) -> String {
    let name = |one: &Oid| if *one == ANY_POLICY { "anyPolicy".to_owned() } else { one.to_string() };
    listed(policies.into_iter().map(name), LISTED_POLICIES)
}

/// What the policy graph of one path may hold: the policies and the mappings of its certificates, and with each
/// certificate what those above it allow. Ours: certificates have fewer than ten of each. The nodes take hundreds of bytes
/// each, and one megabyte of certificate has forty thousand.
pub(super) const POLICIES_MAX: usize = 1 << 15;
/// Policies written out in a message: as many as most certificates have, and few enough to be read.
const LISTED_POLICIES: usize = 4;

/// The rows of this file.
pub(super) static ROWS: [&Rule; 4] =
    [&NO_VALID_POLICY, &POLICY_EXTENSION_MALFORMED, &ANY_POLICY_MAPPED, &UNKNOWN_POLICY_QUALIFIER];

static NO_VALID_POLICY: Rule = Rule {
    name: "no-valid-policy",
    clause: "RFC 5280 6.1.3(f), 6.1.5(g)",
    severity: Severities::path_validation(),
    purpose: "A CA can demand that one certificate policy run unbroken from its own certificate to the leaf, and a verifier can name the policies that it accepts.",
    clients: "Those that process policies (OpenSSL with -policy_check, Windows, Java, government validators) refuse the path; browsers look at policies only to recognise extended validation.",
    origin: "An intermediate of one policy domain was joined to a leaf of another, or the leaf was issued from a template that lost its policy.",
};
static POLICY_EXTENSION_MALFORMED: Rule = Rule {
    name: "policy-extension-malformed",
    clause: "RFC 5280 4.2.1.4, 4.2.1.5, 4.2.1.11, 4.2.1.14",
    severity: Severities::path_validation(),
    purpose: "An extension about policies that cannot be read, is empty, or names a policy twice leaves open what its issuer meant to allow.",
    clients: "OpenSSL marks the certificate as having an invalid policy extension; BoringSSL and what is built on it refuse the path.",
    origin: "A CA's template was written by hand, most often with one policy listed twice or a constraint without a number.",
};
static ANY_POLICY_MAPPED: Rule = Rule {
    name: "any-policy-mapped",
    clause: "RFC 5280 4.2.1.5, 6.1.4(a)",
    severity: Severities::path_validation(),
    purpose: "Mapping from or to anyPolicy would make every policy of one domain count as one of the other, which no CA can vouch for.",
    clients: "Verifiers that process policies refuse the path; others do not notice.",
    origin: "A cross-certificate was made by somebody who meant to say that all policies are welcome, which anyPolicy in certificatePolicies says.",
};
static UNKNOWN_POLICY_QUALIFIER: Rule = Rule {
    name: "unknown-policy-qualifier",
    clause: "RFC 5280 4.2, 4.2.1.4",
    severity: Severities::path_validation(),
    purpose: "A critical extension is a demand to understand all of it or refuse, and RFC 5280 defines two kinds of policy qualifier only.",
    clients: "BoringSSL refuses the certificate; OpenSSL and Go pass over the qualifier.",
    origin: "A CA added a qualifier of its own and marked certificatePolicies critical.",
};

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::path::PathBuf;

    use super::*;
    use crate::certificate::CertificateError;
    use crate::pem;
    use serde_json::Value;

    /// PKITS 4.8 to 4.12, anchors not processed: every case is about policies.
    #[test]
    fn every_policy_case_of_pkits_comes_out_as_it_should() {
        let Some(cases) = suite("pkits-policy") else { return };
        assert_eq!(cases.len(), 60);
        let wrong: Vec<String> = cases.iter().filter_map(|case| disagreement(case, &path(case))).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Cases of BoringSSL and OpenSSL that turn on policies; `ta-with-constraints` processes the anchor too.
    #[test]
    fn the_policy_cases_of_other_libraries_come_out_as_they_should() {
        let (Some(boringssl), Some(openssl)) = (suite("boringssl"), suite("openssl")) else { return };
        let about_policies = |case: &&Value| {
            let id = case["id"].as_str().unwrap();
            id.contains("polic") && !id.contains("msapplication")
        };
        let cases: Vec<&Value> = boringssl.iter().chain(&openssl).filter(about_policies).collect();
        assert_eq!(cases.len(), 16);
        let mut wrong = Vec::new();
        for case in cases {
            let mut path = path(case);
            if case["id"].as_str().unwrap().ends_with("::ta-with-constraints") {
                path.push(certificate(&case["trusted_certs"][0]));
            }
            wrong.extend(disagreement(case, &path));
            let found =
                faults(&path.iter().collect::<Vec<_>>(), false, &inputs(case), &mut POLICIES_MAX.clone());
            let expected = case["expected_errors"].as_array().and_then(|errors| errors.first());
            if let (Some(expected), Some(found)) = (expected, found.first()) {
                assert_eq!(expected["index"], found.at, "{}: {found:?}", case["id"]);
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// In cases about anything else, no policy is found wrong.
    #[test]
    fn no_policy_is_wrong_in_cases_about_something_else() {
        let (Some(pkits), Some(limbo)) = (suite("pkits"), suite("limbo")) else { return };
        // Whether a certificate can be read is judged elsewhere.
        let is_readable = |case: &&Value| {
            let others = case["untrusted_intermediates"].as_array().unwrap();
            others.iter().chain([&case["peer_certificate"]]).all(|one| read(one).is_ok())
        };
        let sound = |case: &&Value| case["expected_result"] == "SUCCESS";
        for case in pkits.iter().chain(&limbo).filter(sound).filter(is_readable) {
            let path = path(case);
            let found = faults(
                &path.iter().collect::<Vec<_>>(),
                false,
                &PolicyInputs::default(),
                &mut POLICIES_MAX.clone(),
            );
            assert!(found.is_empty(), "{}: {found:?}", case["id"]);
        }
    }

    fn oid(text: &str) -> Oid {
        Oid::from_text(text).unwrap()
    }

    /// The case that RFC 9618 was written for: at every certificate each policy is mapped to every other. The
    /// tree would have 50^20 leaves.
    #[test]
    fn mapping_all_to_all_does_not_grow_the_graph() {
        let policies: Vec<Oid> = (0..50).map(|arc| oid(&format!("1.2.3.{arc}"))).collect();
        let pair =
            |from: &Oid, to: &Oid| PolicyMapping { issuer_domain: from.clone(), subject_domain: to.clone() };
        let mappings: Vec<PolicyMapping> =
            policies.iter().flat_map(|from| policies.iter().map(|to| pair(from, to))).collect();
        let mut graph = PolicyGraph::new();
        for _ in 0..20 {
            graph.grow(policies.iter(), false);
            graph.map(&mappings, true);
        }
        graph.grow(policies.iter(), false);
        assert!(graph.levels.iter().all(|level| level.len() <= policies.len()));
        assert_eq!(graph.authority_constrained_policies(), policies.into_iter().collect());
    }

    #[test]
    fn what_reached_the_end_is_said_in_the_words_of_the_top() {
        let mut graph = PolicyGraph::new();
        graph.grow([oid("1.2.1"), oid("1.2.2")].iter(), false);
        graph.map(&[PolicyMapping { issuer_domain: oid("1.2.1"), subject_domain: oid("1.2.9") }], true);
        graph.grow([oid("1.2.9"), oid("1.2.7")].iter(), false);
        assert_eq!(graph.authority_constrained_policies(), BTreeSet::from([oid("1.2.1")]));
        graph.map(&[PolicyMapping { issuer_domain: oid("1.2.9"), subject_domain: oid("1.2.8") }], false);
        assert!(graph.is_null());
    }

    #[test]
    fn long_lists_are_cut_in_messages() {
        let policies: Vec<Oid> = (0..6).map(|arc| oid(&format!("1.2.{arc}"))).collect();
        assert_eq!(policies_listed(&policies), "1.2.0, 1.2.1, 1.2.2, 1.2.3 and 2 more");
        assert_eq!(policies_listed(&policies[..2]), "1.2.0, 1.2.1");
        assert_eq!(policies_listed(&[Oid::from(ANY_POLICY)]), "anyPolicy");
        assert_eq!(policies_listed([]), "none");
    }

    #[test]
    fn messages_name_who_asked_and_where_the_policy_was_lost() {
        let Some(cases) = suite("pkits-policy") else { return };
        let said = |id: &str| {
            let case = cases.iter().find(|case| case["id"] == id).unwrap();
            let path = path(case);
            let found =
                faults(&path.iter().collect::<Vec<_>>(), false, &inputs(case), &mut POLICIES_MAX.clone());
            found.into_iter().map(|fault| (fault.rule.name, fault.at, fault.message)).collect::<Vec<_>>()
        };
        let found = said("pkits::policy::t4.8.1.sub3");
        let message = "the path is good for policy 2.16.840.1.101.3.2.1.48.1, and only 2.16.840.1.101.3.2.1.48.2 is accepted";
        assert_eq!(found, [("no-valid-policy", 0, message.to_owned())]);
        let [(_, at, message)] = &said("pkits::policy::t4.8.12")[..] else { panic!() };
        assert_eq!(*at, 0);
        assert!(message.contains(" asks that one policy hold along the path, and none does: "), "{message}");
        assert!(message.contains(", where the certificates above it allow "), "{message}");
        let [(rule, at, message)] = &said("pkits::policy::t4.10.8")[..] else { panic!() };
        assert_eq!((*rule, *at), ("any-policy-mapped", 1));
        assert!(message.starts_with("the policyMappings extension: it maps 2."), "{message}");
    }

    /// What the judge says of a case where it should say otherwise.
    fn disagreement(case: &Value, path: &[Certificate]) -> Option<String> {
        let found = faults(&path.iter().collect::<Vec<_>>(), false, &inputs(case), &mut POLICIES_MAX.clone());
        let agrees = (case["expected_result"] == "SUCCESS") == found.is_empty();
        (!agrees).then(|| format!("{} expects {}: {found:?}", case["id"], case["expected_result"]))
    }

    fn inputs(case: &Value) -> PolicyInputs {
        let Some(policy) = case.get("policy") else { return PolicyInputs::default() };
        PolicyInputs {
            user_initial_policy_set: policy["policy_set"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| ObjectIdentifier::new(one.as_str().unwrap()).unwrap())
                .collect(),
            explicit_policy: policy["explicit_policy"].as_bool().unwrap(),
            policy_mapping_inhibit: policy["policy_mapping_inhibit"].as_bool().unwrap(),
            any_policy_inhibit: policy["any_policy_inhibit"].as_bool().unwrap(),
        }
    }

    /// From the peer up, each issuer found by its name and key, without the anchor.
    fn path(case: &Value) -> Vec<Certificate> {
        let mut others: Vec<Certificate> =
            case["untrusted_intermediates"].as_array().unwrap().iter().map(certificate).collect();
        let mut path = vec![certificate(&case["peer_certificate"])];
        while let Some(at) = others.iter().position(|other| {
            let below = &path[path.len() - 1];
            below.issuer().matches(other.subject()) && below.verify_signature(other.public_key()).is_ok()
        }) {
            path.push(others.swap_remove(at));
        }
        path
    }

    fn certificate(text: &Value) -> Certificate {
        read(text).unwrap()
    }

    fn read(text: &Value) -> Result<Certificate, CertificateError> {
        let blocks = pem::read(text.as_str().unwrap().as_bytes()).unwrap();
        Certificate::from_der(blocks[0].contents())
    }

    /// A suite's cases; `None`, said loudly, where they are not at hand.
    #[allow(
        clippy::explicit_write,
        reason = "eprintln is captured by the test runner, and this has to be seen"
    )]
    fn suite(name: &str) -> Option<Vec<Value>> {
        let shared = std::env::var_os("COLDCERT_SHARED")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
        let file = shared.join("suites/chains").join(format!("{name}.json.gz"));
        let Ok(packed) = std::fs::read(&file) else {
            writeln!(std::io::stderr(), "skipped: {} not found", file.display()).unwrap();
            return None;
        };
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*packed).read_to_string(&mut text).unwrap();
        let suite: Value = serde_json::from_str(&text).unwrap();
        Some(suite["testcases"].as_array().unwrap().clone())
    }
}
