//! The purposes of extended key usage, by their ASN.1 names, which people read and write.

use der::asn1::ObjectIdentifier;

/// What a purpose is called: its ASN.1 name without `id-kp-`, or its dotted form where it has none here.
pub fn purpose_name(oid: &ObjectIdentifier) -> String {
    let dotted = oid.to_string();
    NAMES.iter().find(|(_, known)| *known == dotted).map_or(dotted, |(name, _)| (*name).to_owned())
}

/// The dotted form of a purpose that is called by its ASN.1 name, with or without `id-kp-`, in any case; none where
/// nothing is called so here.
pub fn purpose_of_name(text: &str) -> Option<&'static str> {
    let name = text.strip_prefix("id-kp-").unwrap_or(text);
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, oid)| *oid)
}

/// RFC 5280 4.2.1.12, RFC 4556 3.2.2 and Microsoft's smart card logon.
const NAMES: [(&str, &str); 9] = [
    ("serverAuth", "1.3.6.1.5.5.7.3.1"),
    ("clientAuth", "1.3.6.1.5.5.7.3.2"),
    ("codeSigning", "1.3.6.1.5.5.7.3.3"),
    ("emailProtection", "1.3.6.1.5.5.7.3.4"),
    ("timeStamping", "1.3.6.1.5.5.7.3.8"),
    ("OCSPSigning", "1.3.6.1.5.5.7.3.9"),
    ("anyExtendedKeyUsage", "2.5.29.37.0"),
    ("pkinitKPClientAuth", "1.3.6.1.5.2.3.4"),
    ("smartcardLogon", "1.3.6.1.4.1.311.20.2.2"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_is_called_by_its_name_where_it_has_one() {
        let server = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
        assert_eq!(purpose_name(&server), "serverAuth");
        assert_eq!(purpose_name(&ObjectIdentifier::new_unwrap("1.2.3.4")), "1.2.3.4");
        for text in ["serverAuth", "id-kp-serverAuth", "SERVERAUTH"] {
            assert_eq!(purpose_of_name(text), Some("1.3.6.1.5.5.7.3.1"), "{text}");
        }
        assert_eq!(purpose_of_name("1.3.6.1.5.5.7.3.1"), None);
    }
}
