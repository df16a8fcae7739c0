//! The bucket in S3: deliveries, packs of them, and documents of jobs.
//!
//! Ingest stores deliveries and is built without the SDK; everything else needs it.

mod archive;
#[cfg(feature = "sdk")]
mod deliveries;
#[cfg(feature = "jobs")]
mod documents;

pub use archive::S3Archive;
#[cfg(feature = "sdk")]
pub use deliveries::S3Deliveries;
#[cfg(feature = "operate")]
pub(crate) use deliveries::put_new;
#[cfg(feature = "jobs")]
pub(crate) use documents::S3Documents;
