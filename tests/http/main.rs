//! The server without a socket: the eleven scenarios of the service's page "Monitor and manage certificate creation", the
//! recordings of the service, and what a client should not send.

#[path = "../support/mod.rs"]
mod support;

mod desk;
mod edges;
mod fuzzed;
mod recordings;
mod scenarios;
