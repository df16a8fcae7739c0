//! The operator's JSON API over HTTP: [`hookdock_operate`] under `/api/v1`.
//!
//! Every answer is JSON of a stated version, but for bodies, which are bytes, and errors, which are
//! `application/problem+json` (RFC 9457). `GET` changes nothing. What a server listens with is
//! [`guarded`]; a program that has the data open itself asks the [`api`] without a socket.

mod answer;
mod api;
mod asked;
mod dev;
mod guard;
mod holds;
mod openapi;
mod problem;
mod remembered;
mod replays;
mod routes;

pub use api::api;
pub use dev::{Dev, Edits, Explained, RefusedRequest, Trigger, Triggered, Which, dev_api};
pub use guard::{Guard, guarded};
pub use openapi::document;
pub use problem::Problem;
