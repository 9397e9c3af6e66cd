//! The names of users and hosts that this machine knows.
//!
//! glibc finds them through modules that it loads while the program runs. Linked into the program it loads them still,
//! with a second glibc of the system's below them, and what follows has been a segmentation fault. So that such a program
//! can be carried anywhere, it reads the two files itself, as musl does.

use std::fs;
use std::net::{IpAddr, ToSocketAddrs};

use nix::unistd::{Uid, User};

const GLIBC_IS_LINKED_IN: bool =
    cfg!(all(target_os = "linux", target_env = "gnu", target_feature = "crt-static"));

/// A user by name, where the machine has one for it.
pub(super) fn of_user(user: Uid) -> Option<String> {
    if GLIBC_IS_LINKED_IN {
        return user_in(&fs::read("/etc/passwd").ok()?, user);
    }
    User::from_uid(user).ok().flatten().map(|found| found.name)
}

/// Whether `host` leads to an address here.
pub(super) fn knows_host(host: &str) -> bool {
    if GLIBC_IS_LINKED_IN {
        return host.parse::<IpAddr>().is_ok()
            || fs::read("/etc/hosts").is_ok_and(|hosts| host_in(&hosts, host));
    }
    (host, 0).to_socket_addrs().is_ok()
}

/// `name:password:uid:…` in each line.
fn user_in(passwd: &[u8], user: Uid) -> Option<String> {
    String::from_utf8_lossy(passwd).lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(user.as_raw())).then(|| name.to_owned())
    })
}

/// `address name name…  # words` in each line.
fn host_in(hosts: &[u8], host: &str) -> bool {
    String::from_utf8_lossy(hosts).lines().any(|line| {
        let told = line.split('#').next().unwrap_or_default();
        let mut words = told.split_ascii_whitespace();
        words.next().is_some_and(|address| address.parse::<IpAddr>().is_ok())
            && words.any(|name| name.eq_ignore_ascii_case(host))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number_in_the_file() {
        let passwd = b"root:x:0:0:root:/root:/bin/sh\n\n# words\nbroken\n:x:7::\nada\xff:x:1000:100:::\nbob:x:1000:::\n";
        assert_eq!(user_in(passwd, Uid::from_raw(0)).as_deref(), Some("root"));
        assert_eq!(user_in(passwd, Uid::from_raw(1000)).as_deref(), Some("ada\u{fffd}"));
        assert_eq!(user_in(passwd, Uid::from_raw(7)), None);
        assert_eq!(user_in(passwd, Uid::from_raw(100)), None);
        assert_eq!(user_in(b"", Uid::from_raw(0)), None);
    }

    #[test]
    fn a_host_is_found_by_any_of_its_names() {
        let hosts = b"127.0.0.1\tlocalhost\n# 127.0.0.1 a.example\n::1 ip6 Vault.Localhost # b.example\nc.example d.example\n";
        assert!(host_in(hosts, "localhost"));
        assert!(host_in(hosts, "vault.localhost"));
        for unknown in ["127.0.0.1", "a.example", "b.example", "d.example", "vault", ""] {
            assert!(!host_in(hosts, unknown), "{unknown}");
        }
    }

    #[test]
    fn an_address_is_known_and_an_impossible_name_is_not() {
        assert!(knows_host("127.0.0.1"));
        assert!(!knows_host("nobody has\tthis name"));
    }
}
