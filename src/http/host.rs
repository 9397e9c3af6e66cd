//! For which hosts the server answers. Identifiers are made from the host that was asked, so only known ones are.

use std::net::IpAddr;

use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};

use crate::wire::{Base, Refusal};

/// The vault names of a server, and the addresses at which it is asked.
#[derive(Clone, Debug)]
pub struct Names {
    labels: Vec<String>,
    azure: bool,
    addresses: Vec<IpAddr>,
}

impl Names {
    /// Vault names, each the first label of a host: lower-case letters, digits and hyphens, 1 to 63 of them.
    /// None where one is something else.
    pub fn new(labels: Vec<String>) -> Option<Self> {
        let fits = |label: &String| {
            let inside = label.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
            inside && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        };
        let all = !labels.is_empty() && labels.iter().all(fits);
        all.then_some(Self { labels, azure: false, addresses: Vec::new() })
    }

    /// Also as `NAME.vault.azure.net`: for clients whose hosts file sends that name here.
    pub fn with_azure_names(self) -> Self {
        Self { azure: true, ..self }
    }

    /// Also at this address, which is not one of the loopback.
    pub fn with_address(mut self, address: IpAddr) -> Self {
        self.addresses.push(address);
        self
    }

    /// The first vault's host, without a port.
    pub fn first_host(&self) -> String {
        format!("{}{LOCAL}", self.labels[0])
    }

    /// Whether hosts of Azure's own domain are among them.
    pub fn are_azure(&self) -> bool {
        self.azure
    }

    /// Every DNS name.
    pub fn dns_names(&self) -> Vec<String> {
        let mut names = vec!["localhost".to_owned()];
        names.extend(self.labels.iter().map(|label| format!("{label}{LOCAL}")));
        names.extend(self.azure_names());
        names
    }

    /// Those of Azure's own domain.
    pub fn azure_names(&self) -> Vec<String> {
        let labels = if self.azure { self.labels.as_slice() } else { &[] };
        labels.iter().map(|label| format!("{label}{AZURE}")).collect()
    }

    /// Every address that is not of the loopback.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    fn has(&self, host: &str) -> bool {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        match address {
            Some(address) => address.is_loopback() || self.addresses.contains(&address),
            None => self.dns_names().iter().any(|name| name.eq_ignore_ascii_case(host)),
        }
    }
}

/// The host that a request was sent to, with its port.
#[derive(Clone, Debug)]
pub(super) struct Host(String);

impl Host {
    /// The request's host, where it is one of ours: 400 for none, 421 for another (RFC 9110 7.4, RFC 9112 3.2).
    pub(super) fn of(parts: &Parts, names: &Names) -> Result<Self, Refusal> {
        let mut given = parts.headers.get_all(header::HOST).iter();
        let (first, second) = (given.next(), given.next());
        let authority = match (parts.uri.authority(), first, second) {
            // A target in absolute form goes before the header.
            (Some(authority), ..) => Some(authority.clone()),
            (None, Some(host), None) => Authority::try_from(host.as_bytes()).ok(),
            _ => None,
        };
        let is_plain = |authority: &Authority| {
            let (whole, host) = (authority.as_str(), authority.host());
            let port = whole.strip_prefix(host).and_then(|rest| rest.strip_prefix(':'));
            whole == host || port.is_some_and(|port| port.parse::<u16>().is_ok())
        };
        let authority = authority.filter(is_plain);
        let Some(authority) = authority else {
            return Err(Refusal::bad_parameter("The request names no host, or more than one."));
        };
        if !names.has(authority.host()) {
            return Err(Refusal::new(
                StatusCode::MISDIRECTED_REQUEST.as_u16(),
                "MisdirectedRequest",
                format!("There is no vault {} here.", authority.host()),
            ));
        }
        Ok(Self(authority.as_str().to_ascii_lowercase()))
    }

    /// Where identifiers begin.
    pub(super) fn base(&self) -> Base {
        Base::of_host(&self.0)
    }

    /// With the port, which the service also writes where it is the usual one (reference 1.4).
    pub(super) fn with_port(&self) -> String {
        match self.0.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => self.0.clone(),
            _ => format!("{}:443", self.0),
        }
    }

    /// As it was written.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The resource of the challenge: the host less its first label, port included, so that clients find their vault in
    /// it (reference 6.3). An address and a host of one label are whole.
    pub(super) fn resource(&self) -> String {
        let rest = self.0.split_once('.').map(|(_, rest)| rest);
        let is_address = self.0.starts_with('[') || self.0.bytes().next().is_some_and(|c| c.is_ascii_digit());
        let parent = rest.filter(|_| !is_address || self.0.ends_with("localhost"));
        format!("https://{}", parent.unwrap_or(&self.0))
    }
}

const LOCAL: &str = ".localhost";
const AZURE: &str = ".vault.azure.net";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_is_the_host_less_its_first_label() {
        for (host, resource) in [
            ("www.localhost:8443", "https://localhost:8443"),
            ("localhost:8443", "https://localhost:8443"),
            ("www.vault.azure.net", "https://vault.azure.net"),
            ("127.0.0.1:8443", "https://127.0.0.1:8443"),
            ("[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(Host(host.to_owned()).resource(), resource);
        }
    }

    #[test]
    fn only_the_hosts_of_its_names_are_its_own() {
        let names = Names::new(vec!["www".to_owned(), "api-2".to_owned()]).unwrap();
        for host in ["localhost", "WWW.localhost", "api-2.localhost", "127.0.0.1", "127.8.8.8", "[::1]"] {
            assert!(names.has(host), "{host}");
        }
        for host in
            ["", "example.com", "other.localhost", "www.vault.azure.net", "192.0.2.1", "x.www.localhost"]
        {
            assert!(!names.has(host), "{host}");
        }
        assert!(names.with_azure_names().has("www.vault.azure.net"));
        for labels in [vec![], vec![""], vec!["a.b"], vec!["-a"], vec!["A"]] {
            assert!(Names::new(labels.into_iter().map(str::to_owned).collect()).is_none());
        }
    }
}
