//! Names: the distinguished names of subjects and issuers (RFC 5280 4.1.2.4), and the general names of
//! a subjectAltName (RFC 5280 4.2.1.6).
//!
//! A name made here is encoded once; a name read from someone else's DER keeps its bytes and is never
//! encoded again, so comparing and copying it cannot change it. Nothing here judges whether a name
//! may be certified: `dns_name_fault` and its kin only say what a CA is likely to stumble over.

mod attribute;
mod distinguished;
mod error;
mod fault;
mod general;
mod host;
mod oid;
mod preparation;
mod printed;
mod shown;
mod text;
mod tlv;

pub use attribute::{Attribute, StringType};
pub use distinguished::{ATTRIBUTES_MAX, DISPLAY_CHARACTERS_MAX, DistinguishedName, NAME_BYTES_MAX};
pub use error::NameError;
pub use fault::{DnsNameFault, EmailFault, UriFault, dns_name_fault, email_fault, uri_fault};
pub use general::{GENERAL_NAMES_BYTES_MAX, GeneralName, Ia5Text, UPN_OID};
pub use host::{HostName, Mailbox, uri_host};
pub use oid::{OID_BYTES_MAX, Oid};
pub use printed::Printed;
pub use shown::{escape, escape_json, shown};
pub use text::SUBJECT_CHARACTERS_MAX;
