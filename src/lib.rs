//! Certificates issued by hand.
