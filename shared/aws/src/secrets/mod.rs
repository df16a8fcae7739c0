//! Endpoints, each in one Secrets Manager secret named `{stack}/endpoint/{endpoint}`.
//!
//! What was read is cached; `cache.rs` says for how long.
//!
//! A secret that a provider hands over is stored in one of its own, `{stack}/captured/{endpoint}`,
//! which the operator creates without a value. Ingest may write there and nowhere else.

mod cache;
mod captured;
mod endpoints;
mod store;
#[cfg(test)]
mod tests;

pub use endpoints::SecretEndpoints;
