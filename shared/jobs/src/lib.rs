//! The business logic: your own room.
//!
//! A job is a plain async function of a context and a typed payload. [`registry`] says which
//! events it runs for. The functions on AWS, `hookdock dev` and the tests all run what stands
//! here, so a new job is a new file and one more line below.

mod api;
mod checked;
mod deliver;
mod fulfil_order;
mod send_notification;
pub mod settings;
mod sync_customer;
mod triage_ticket;

use std::sync::Arc;

pub use deliver::deliver;
pub use fulfil_order::fulfil_order;
use hookdock_pipeline::job::{Context, JobResult, On, Registry};
use hookdock_pipeline::model::pattern::Pattern;
pub use send_notification::send_notification;
pub use settings::Settings;
pub use sync_customer::sync_customer;
pub use triage_ticket::triage_ticket;

/// Every job that is on, and the events it runs for. `*` at the end of a name stands for the rest
/// of it. The processor and `hookdock dev` run what stands here.
#[must_use]
pub fn registry(settings: Settings) -> Registry {
    let paid = On::provider("stripe")
        .event("checkout.session.completed")
        .event("checkout.session.async_payment_succeeded");
    let mut jobs =
        Registry::new().job("fulfil_order", paid, with(settings.fulfil_order, fulfil_order));
    if let Some(triage) = settings.triage_ticket {
        let created = On::provider("zendesk").event("zen:event-type:ticket.created");
        jobs = jobs.job("triage_ticket", created, with(triage, triage_ticket));
    }
    if let Some(sync) = settings.sync_customer {
        let stripe = On::provider("stripe").event("customer.created").event("customer.updated");
        let shopify = On::provider("shopify").event("customers/create").event("customers/update");
        jobs = jobs.job("sync_customer_stripe", stripe, with(sync.clone(), sync_customer)).job(
            "sync_customer_shopify",
            shopify,
            with(sync, sync_customer),
        );
    }
    for (name, notification) in settings.send_notification {
        let on = on(&notification.endpoint, &notification.events);
        jobs = jobs.job(&name.of("send_notification"), on, with(notification, send_notification));
    }
    for (name, destination) in settings.deliver {
        let on = on(&destination.endpoint, &destination.events);
        jobs = jobs.job(&name.of("deliver"), on, with(destination, deliver));
    }
    jobs
}

fn on(endpoint: &Pattern, events: &[Pattern]) -> On {
    let endpoint = On::endpoint(&endpoint.to_string());
    events.iter().fold(endpoint, |on, event| on.event(&event.to_string()))
}

/// The job with its settings, which all its runs share.
fn with<S, P, R>(
    settings: S,
    job: fn(Context, Arc<S>, P) -> R,
) -> impl Fn(Context, P) -> R + Send + Sync + 'static
where
    S: Send + Sync + 'static,
    P: 'static,
    R: Future<Output = JobResult> + 'static,
{
    let settings = Arc::new(settings);
    move |cx, payload| job(cx, Arc::clone(&settings), payload)
}
