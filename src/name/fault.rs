//! What a CA is likely to stumble over in a DNS name, an e-mail address or a URI. Only ever a warning: the
//! name can be encoded all the same.

mod dns;
mod email;
mod uri;

pub use dns::{DnsNameFault, dns_name_fault};
pub use email::{EmailFault, email_fault};
pub use uri::{UriFault, uri_fault};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_names_have_no_fault() {
        for name in
            ["www.example.com", "*.example.com", "localhost", "xn--bcher-kva.example", "1.example", "a--b.c"]
        {
            assert_eq!(dns_name_fault(name), None);
        }
        for address in ["ada@example.com", "a.b+c@xn--bcher-kva.example"] {
            assert_eq!(email_fault(address), None);
        }
        for uri in [
            "https://example.com/a?b#c",
            "urn:uuid:1",
            "spiffe://x.example/y",
            "ldap://[2001:db8::1]:1/",
            "http://192.0.2.1:80",
        ] {
            assert_eq!(uri_fault(uri), None);
        }
    }

    #[test]
    fn each_fault_of_a_dns_name_says_what_was_found_and_what_to_write() {
        for (name, fault, help) in [
            ("", "found nothing", "leave the entry out"),
            ("a b.example", "a blank", "by itself"),
            (" a.example", "a blank", "write a.example"),
            ("192.0.2.1", "an IP address", "192.0.2.1 among"),
            ("[2001:db8::1]", "an IP address", "2001:db8::1 among"),
            ("https://a.example/x", "a URI", "write a.example"),
            ("a.example/x", "a path", "write a.example"),
            ("a.example:443", "a port", "write a.example"),
            ("ada@a.example", "an e-mail address", "e-mail"),
            ("bücher.example", "found ü", "xn--bcher-kva"),
            ("a.example.", "a dot at the end", "write a.example"),
            ("a..example", "an empty label", "dot"),
            ("a_b.example", "an underscore in label a_b", "hyphen"),
            ("a!.example", "found !", "RFC 1123"),
            ("-a.example", "a hyphen", "RFC 1123"),
            ("a-.example", "a hyphen", "RFC 1123"),
            ("xn--.example", "a hyphen", "RFC 1123"),
            ("xn--a!", "found !", "RFC 1123"),
            ("xn--abc-.example", "a hyphen", "RFC 1123"),
            ("xn--zzzzzzzzzz99999.example", "expected Punycode", "convert"),
            ("a.*.example", "a wildcard", "*.example.com"),
            ("w*.a.example", "a wildcard", "*.example.com"),
            ("*", "a wildcard", "*.example.com"),
            ("*.com", "under a single label", "below"),
        ] {
            let found = dns_name_fault(name).unwrap();
            assert!(found.to_string().contains(fault), "{found}");
            assert!(found.help().contains(help), "{name}: {}", found.help());
        }
        let label = "a".repeat(64);
        assert!(matches!(dns_name_fault(&label), Some(DnsNameFault::LongLabel { characters: 64, .. })));
        let name = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(62)].join(".");
        assert!(matches!(dns_name_fault(&name), Some(DnsNameFault::LongName { characters: 254, .. })));
        assert_eq!(dns_name_fault(&name[1..]), None);
    }

    #[test]
    fn faults_of_addresses_and_uris_are_told_apart() {
        for (address, fault) in [
            ("", "found nothing"),
            ("Ada <ada@example.com>", "more than an address"),
            ("mailto:ada@example.com", "more than an address"),
            ("ada.example.com", "found 0 at signs"),
            ("a@b@c.example", "found 2 at signs"),
            ("@example.com", "an empty piece"),
            ("zoë@example.com", "found ë"),
            ("ada@*.example.com", "a wildcard"),
            ("ada@a_b.example", "an underscore"),
        ] {
            assert!(email_fault(address).unwrap().to_string().contains(fault), "{address}");
        }
        for (uri, fault) in [
            ("", "found nothing"),
            ("https://a b/", "only characters of a URI"),
            ("https://example.com/%zz", "a percent sign"),
            ("example.com", "an absolute URI"),
            ("https:", "an absolute URI"),
            ("https:///x", "no host"),
            ("https://[x]/", "brackets"),
            ("https://a_b.example/", "an underscore"),
        ] {
            assert!(uri_fault(uri).unwrap().to_string().contains(fault), "{uri}");
        }
    }
}
