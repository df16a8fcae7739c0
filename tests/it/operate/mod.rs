//! What an operator sees and does, over the embedded data and through the API.

mod acts;
mod api;
mod audit;
mod dev;
mod hold;
mod list;
mod mortal;
mod replay;
mod short;

use std::time::Duration;

use hookdock_embedded::{Embedded, TestSystem};
use hookdock_operate::{Configured, Event, Filters, Operator, Page, Paging};
use hookdock_tests::stack::{Local, Stack};

/// The operator of this data.
fn operator(local: &Local, system: &TestSystem) -> Operator<Embedded<TestSystem>, TestSystem> {
    Operator {
        place: local.clone(),
        name: "the test".to_owned(),
        actor: "anna".to_owned(),
        configured: vec![Configured {
            endpoint: "stripe".to_owned(),
            provider: "Stripe".to_owned(),
            path: "/webhooks/stripe".to_owned(),
            trust: "confirmed".to_owned(),
            direct: None,
        }],
        system: system.clone(),
    }
}

fn of(stack: &Stack) -> Operator<Embedded<TestSystem>, TestSystem> {
    operator(&stack.local, &stack.system)
}

/// A page with these filters, from there on.
async fn page(
    operator: &Operator<Embedded<TestSystem>, TestSystem>,
    filters: &Filters,
    limit: usize,
    cursor: Option<String>,
) -> Page<Event> {
    let selection = filters.clone().check().expect("usable filters");
    let paging = Paging { limit, look: 100_000, cursor };
    operator.list(&selection, &paging).await.expect("an answer")
}

/// A second.
const SECOND: Duration = Duration::from_secs(1);
