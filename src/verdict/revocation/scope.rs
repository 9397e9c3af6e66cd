//! Which certificates a CRL speaks of: its distribution point against the certificate's (RFC 5280 6.3.3(b)).

use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
use crate::extension::{
    CRL_DISTRIBUTION_POINTS, DistributionPoint, DistributionPointError, DistributionPointName,
    IssuingDistributionPoint, Reasons,
};
use crate::name::{DistinguishedName, GeneralName, NameError};

/// The distribution points of a certificate, and last the one that RFC 5280 6.3.3 assumes at its end: the
/// issuer's name, every reason, the issuer itself.
pub(super) fn points(
    certificate: &Certificate,
) -> Result<Vec<DistributionPoint>, (DistributionPointError, Vec<DistributionPoint>)> {
    let name = GeneralName::Directory(certificate.issuer().clone());
    let assumed = DistributionPoint {
        name: Some(DistributionPointName::Full(vec![name])),
        reasons: None,
        crl_issuer: Vec::new(),
    };
    match certificate.extension(CRL_DISTRIBUTION_POINTS) {
        None => Ok(vec![assumed]),
        Some(one) => match DistributionPoint::read_all(&one.value) {
            Ok(points) => Ok(points.into_iter().chain([assumed]).collect()),
            Err(error) => Err((error, vec![assumed])),
        },
    }
}

/// Whether a CRL is one that the certificate's issuer, or somebody whom the certificate names, signs.
pub(super) fn speaks_for(
    crl: &CertificateRevocationList,
    certificate: &Certificate,
    points: &[DistributionPoint],
) -> bool {
    crl.issuer().matches(certificate.issuer())
        || points.iter().any(|point| names_directory(&point.crl_issuer, crl.issuer()))
}

/// The reasons that a CRL tells of a certificate by a distribution point, or why it tells none (RFC 5280
/// 6.3.3(b), (d)).
pub(super) fn reasons_told(
    crl: &CertificateRevocationList,
    certificate: &Certificate,
    point: &DistributionPoint,
) -> Result<Reasons, String> {
    let everything = IssuingDistributionPoint::default();
    let scope = crl.issuing_distribution_point().unwrap_or(&everything);
    // (b)(1)
    if point.crl_issuer.is_empty() {
        if !crl.issuer().matches(certificate.issuer()) {
            return Err(format!("is not of the issuer {}", certificate.issuer()));
        }
    } else if !names_directory(&point.crl_issuer, crl.issuer()) {
        return Err(format!("is not of {}, to whom the certificate points", listed(&point.crl_issuer)));
    } else if !scope.indirect {
        return Err("is not indirect, and the certificate wants an indirect one of it".to_owned());
    }
    // (b)(2)(i)
    if let Some(name) = &scope.name {
        let unreadable = |error: NameError| format!("has a distribution point that cannot be read: {error}");
        let of_list = name.in_full(crl.issuer()).map_err(unreadable)?;
        let of_certificate = match &point.name {
            Some(name) => name.in_full(crl.issuer()).map_err(unreadable)?,
            None => point.crl_issuer.clone(),
        };
        if !of_list.iter().any(|one| of_certificate.iter().any(|two| same_name(one, two))) {
            return Err(format!(
                "is for distribution point {}, and the certificate's is {}",
                listed(&of_list),
                listed(&of_certificate)
            ));
        }
    }
    // (b)(2)(ii) to (iv)
    let authority = certificate.is_authority();
    if scope.only_user_certificates && authority {
        return Err("speaks of end entities only, and the certificate is a CA's".to_owned());
    }
    if scope.only_authority_certificates && !authority {
        return Err("speaks of CAs only, and the certificate is an end entity's".to_owned());
    }
    if scope.only_attribute_certificates {
        return Err("speaks of attribute certificates only".to_owned());
    }
    // (d)
    let of_list = scope.only_some_reasons.unwrap_or(Reasons::ALL);
    Ok(of_list.intersection(point.reasons.unwrap_or(Reasons::ALL)))
}

fn names_directory(names: &[GeneralName], name: &DistinguishedName) -> bool {
    names.iter().any(|one| matches!(one, GeneralName::Directory(one) if one.matches(name)))
}

fn same_name(one: &GeneralName, two: &GeneralName) -> bool {
    match (one, two) {
        (GeneralName::Directory(one), GeneralName::Directory(two)) => one.matches(two),
        _ => one == two,
    }
}

fn listed(names: &[GeneralName]) -> String {
    names.iter().map(GeneralName::to_string).collect::<Vec<_>>().join(" or ")
}
