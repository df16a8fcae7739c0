//! The business logic: your own room.
//!
//! A job is a plain async function of a context and a typed payload. [`registry`] says which
//! events it runs for. The functions on AWS, `hookdock dev` and the tests all run what stands
//! here, so a new job is a new file and one more line below.

mod fulfil_order;

pub use fulfil_order::fulfil_order;
use hookdock_pipeline::job::{On, Registry};

/// Every job and the events it runs for. `*` at the end of a name stands for the
/// rest of it.
#[must_use]
pub fn registry() -> Registry {
    let paid = On::provider("stripe")
        .event("checkout.session.completed")
        .event("checkout.session.async_payment_succeeded");
    Registry::new().job("fulfil_order", paid, fulfil_order)
}
