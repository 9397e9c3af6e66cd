//! What a method and a path ask for: the operations of reference 1.2.

use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::answer::Answer;
use super::exchange::{Exchange, Failure};
use super::named::Named;
use super::{admin, certificates, keys};
use crate::vault::Vault;
use crate::wire::{Asked, Base, Refusal};

/// An operation, and what it is asked of.
#[derive(Debug)]
pub(super) struct Route {
    operation: Run,
    asked: Asked,
    names: Named,
    beside_secret: Option<&'static [&'static str]>,
    is_to_write: bool,
}

type Run = fn(&Exchange, &mut Vault, &Named) -> Result<Answer, Failure>;

impl Route {
    /// Finds the operation: 405 for a method that a path does not have, 400 for a path that there is not.
    pub(super) fn of(method: &Method, path: &str) -> Result<Self, Refusal> {
        if ![Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method) {
            return Err(not_allowed());
        }
        let segments = segments(path)?;
        let literals: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
        let literals: Vec<&str> = literals.iter().map(String::as_str).collect();
        let Some(operations) = operations(&literals) else {
            return Err(Refusal::bad_parameter(format!(
                "The request URI contains an invalid name: {}",
                path.escape_default().take(PATH_CHARACTERS_MAX).collect::<String>()
            )));
        };
        let found = operations.iter().find(|(own, ..)| *own == method.as_str());
        let Some(&(_, asked, operation)) = found else { return Err(not_allowed()) };
        let is_of_issuers = literals.get(1) == Some(&"issuers");
        let (name, version) = match is_of_issuers {
            true => (segments.get(2).cloned(), None),
            false => (segments.get(1).cloned(), segments.get(2).cloned()),
        };
        Ok(Self {
            operation,
            asked,
            names: Named::new(name, version),
            beside_secret: members_beside_secret(&literals),
            is_to_write: method != Method::GET || is_handed_out(&literals),
        })
    }

    /// Of an operation that is given a secret, the members of its document that are none.
    pub(super) fn members_beside_secret(&self) -> Option<&'static [&'static str]> {
        self.beside_secret
    }

    /// Whether it may write to the vault.
    pub(super) fn is_to_write(&self) -> bool {
        self.is_to_write
    }

    /// Does it.
    pub(super) fn run(&self, exchange: &Exchange, vault: &mut Vault) -> Result<Answer, Refusal> {
        let base: Base = exchange.host.base();
        (self.operation)(exchange, vault, &self.names).map_err(|failure| failure.refusal(self.asked, &base))
    }
}

type Operation = (&'static str, Asked, Run);

/// The operations of a path, its literals in lower case. The literals `contacts`, `issuers` and `restore` go before
/// names (reference 1.2).
fn operations(path: &[&str]) -> Option<&'static [Operation]> {
    use Asked::{ForDeleted, ToBegin, ToLook, ToPurge};
    Some(match path {
        ["certificates"] => &[("GET", ToLook, certificates::list)],
        ["certificates", "contacts"] => &[
            ("GET", ToLook, certificates::contacts),
            ("PUT", ToLook, certificates::set_contacts),
            ("DELETE", ToLook, certificates::delete_contacts),
        ],
        ["certificates", "issuers"] => &[("GET", ToLook, certificates::issuers)],
        ["certificates", "issuers", _] => &[
            ("GET", ToLook, certificates::issuer),
            ("PUT", ToLook, certificates::set_issuer),
            ("PATCH", ToLook, certificates::change_issuer),
            ("DELETE", ToLook, certificates::delete_issuer),
        ],
        ["certificates", "restore"] => &[("POST", ToBegin, certificates::restore)],
        ["certificates", _, "create"] => &[("POST", ToBegin, certificates::create)],
        ["certificates", _, "import"] => &[("POST", ToBegin, certificates::import)],
        ["certificates", _, "versions"] => &[("GET", ToLook, certificates::versions)],
        ["certificates", _, "policy"] => {
            &[("GET", ToLook, certificates::policy), ("PATCH", ToLook, certificates::change_policy)]
        }
        ["certificates", _, "pending"] => &[
            ("GET", ToLook, certificates::pending),
            ("PATCH", ToLook, certificates::cancel),
            ("DELETE", ToLook, certificates::delete_pending),
        ],
        ["certificates", _, "pending", "merge"] => &[("POST", ToLook, certificates::merge)],
        ["certificates", _, "backup"] => &[("POST", ToLook, certificates::backup)],
        ["certificates", _] => &[
            ("GET", ToLook, certificates::get),
            ("PATCH", ToLook, certificates::change),
            ("DELETE", ToLook, certificates::delete),
        ],
        ["certificates", _, _] => {
            &[("GET", ToLook, certificates::get_version), ("PATCH", ToLook, certificates::change)]
        }
        ["deletedcertificates"] => &[("GET", ForDeleted, certificates::list_deleted)],
        ["deletedcertificates", _] => {
            &[("GET", ForDeleted, certificates::get_deleted), ("DELETE", ToPurge, certificates::purge)]
        }
        ["deletedcertificates", _, "recover"] => &[("POST", ForDeleted, certificates::recover)],
        ["keys"] => &[("GET", ToLook, keys::keys)],
        ["keys", _, "versions"] => &[("GET", ToLook, keys::key_versions)],
        ["keys", _, "backup"] => &[("POST", ToLook, keys::backup_of_key)],
        ["keys", _] => &[
            ("GET", ToLook, keys::key),
            ("PATCH", ToLook, keys::change_key),
            ("DELETE", ToLook, keys::delete_key),
        ],
        ["keys", _, _] => &[("GET", ToLook, keys::key), ("PATCH", ToLook, keys::change_key)],
        ["deletedkeys"] => &[("GET", ForDeleted, keys::deleted_keys)],
        ["deletedkeys", _] => {
            &[("GET", ForDeleted, keys::deleted_key), ("DELETE", ToPurge, keys::delete_key)]
        }
        ["secrets"] => &[("GET", ToLook, keys::secrets)],
        ["secrets", _, "versions"] => &[("GET", ToLook, keys::secret_versions)],
        ["secrets", _, "backup"] => &[("POST", ToLook, keys::backup_of_secret)],
        ["secrets", _] => &[
            ("GET", ToLook, keys::secret),
            ("PATCH", ToLook, keys::change_secret),
            ("DELETE", ToLook, keys::delete_secret),
        ],
        ["secrets", _, _] => &[("GET", ToLook, keys::secret), ("PATCH", ToLook, keys::change_secret)],
        ["deletedsecrets"] => &[("GET", ForDeleted, keys::deleted_secrets)],
        ["deletedsecrets", _] => {
            &[("GET", ForDeleted, keys::deleted_secret), ("DELETE", ToPurge, keys::delete_secret)]
        }
        ["admin", "clock"] => &[("GET", ToLook, admin::read_clock), ("POST", ToLook, admin::set_clock)],
        _ => return None,
    })
}

/// What leaves with an entry in the ledger, though it is only looked at: a secret, a request.
fn is_handed_out(path: &[&str]) -> bool {
    match path {
        ["secrets", _, "versions"] => false,
        ["secrets", _] | ["secrets", _, _] | ["certificates", _, "pending"] => true,
        _ => false,
    }
}

/// What an import and a restoration take beside the file and its password.
fn members_beside_secret(path: &[&str]) -> Option<&'static [&'static str]> {
    match path {
        ["certificates", "restore"] => Some(&[]),
        ["certificates", _, "import"] => Some(&["policy", "attributes", "tags"]),
        _ => None,
    }
}

/// The parts of a path, decoded one by one, so that an encoded slash stays inside its part. One slash at the end is
/// as good as none (reference 1).
fn segments(path: &str) -> Result<Vec<String>, Refusal> {
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    let decode = |part: &str| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned());
    let decoded: Option<Vec<String>> = inner.split('/').take(SEGMENTS_MAX).map(decode).collect();
    decoded.ok_or_else(|| Refusal::bad_parameter("The request URI is not UTF-8."))
}

fn not_allowed() -> Refusal {
    Refusal::new(405, "MethodNotAllowed", "The method is not allowed for this request URI.")
}

/// The longest path has four parts.
const SEGMENTS_MAX: usize = 6;
const PATH_CHARACTERS_MAX: usize = 200;
