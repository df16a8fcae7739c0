//! Calls to servers on loopback.
#![expect(
    clippy::expect_used,
    clippy::string_slice,
    reason = "helpers of tests may panic too; clippy.toml only knows the tests themselves"
)]

mod client;
mod providers;
