//! One AWS service, called without the SDK: a signed request, time limits, and retries.
//!
//! Ingest makes four kinds of calls, and every event pays for two of them. docs/design/ingest.md
//! says what the SDK's clients would cost; ingest does not need what they do beside the call.
//!
//! A call that is refused is not made again, unless the refusal is transient: we are asked to slow
//! down, or the service failed on its side.

mod answer;
mod budget;
mod call;
mod place;
mod services;
mod sign;
#[cfg(test)]
mod tests;

pub(crate) use answer::CallError;
pub(crate) use call::Service;
pub(crate) use services::Services;
