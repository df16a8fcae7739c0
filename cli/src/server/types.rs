//! The use cases over the embedded adapters.

use hookdock_embedded::{Embedded, KeepingEndpoints, SystemClock};
use hookdock_pipeline::ingest::Ingest;
use hookdock_pipeline::maintenance::Maintenance;
use hookdock_pipeline::process::Process;

/// The embedded adapters on this machine's clock.
pub type Local = Embedded<SystemClock>;
pub(crate) type LocalIngest = Ingest<KeepingEndpoints<SystemClock>, Local, SystemClock>;
pub(super) type LocalMaintenance = Maintenance<Local, Local, SystemClock>;
pub(super) type LocalProcess = Process<Local, Local, Local, SystemClock>;
