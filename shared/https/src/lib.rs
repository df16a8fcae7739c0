//! How Hookdock calls others than AWS: over HTTPS, with limits, and to public addresses only;
//! and the port to providers over it.
//!
//! The client is made of the parts that the AWS SDK's own client is made of, so a function that
//! is linked with both has one HTTP stack and one TLS stack.
//!
//! What it does not do: it follows no redirect (a redirect is an answer like any other), keeps no
//! cookies, decodes no content encoding, and knows no proxy.

mod call;
mod client;
mod error;
mod providers;
mod reach;
mod resolve;
#[cfg(feature = "testing")]
pub mod testing;
mod token;
mod trust;
mod web;

pub use client::{Client, Limits};
pub use error::HttpsError;
pub use providers::HttpsProviders;
pub use reach::Reach;
pub use rustls::pki_types::CertificateDer;
pub use trust::Trust;
