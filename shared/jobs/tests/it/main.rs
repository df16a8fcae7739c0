//! The jobs, on a whole stack in virtual time, against others that fail.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it should be"
)]

mod conformance;
mod deliver;
mod fulfil_order;
mod over_http;
mod send_notification;
mod settings;
mod sync_customer;
mod triage_ticket;
mod world;
