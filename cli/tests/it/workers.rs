//! How many messages are worked on at a time.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hookdock_cli::server::{Settings, Stack};
use hookdock_embedded::{EndpointFile, SystemClock};
use hookdock_pipeline::job::{Body, Context, On, Outcome, Registry};
use hookdock_pipeline::model::retry::RetryPolicy;
use hookdock_pipeline::model::system::System as _;
use hookdock_tests::requests::{Draft, ENDPOINTS};
use hookdock_tests::stack::Unasked;
use tokio::sync::Barrier;

const WORKERS: usize = 3;

#[tokio::test]
async fn as_many_jobs_run_at_once_as_there_are_workers_and_no_more() {
    let (running, most) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    // Nobody goes on alone: with fewer at once than that, nothing would ever end.
    let together = Arc::new(Barrier::new(WORKERS));
    let job = {
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        move |_: Context, _: Body| {
            let (running, most, together) =
                (Arc::clone(&running), Arc::clone(&most), Arc::clone(&together));
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                together.wait().await;
                SystemClock.sleep(Duration::from_millis(5)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(Outcome::Done)
            }
        }
    };
    let stack = Stack::open(Settings {
        endpoints: EndpointFile::parse(ENDPOINTS).expect("usable"),
        registry: Registry::new().job("together", On::endpoint("*"), job),
        policy: RetryPolicy::default(),
        providers: Arc::new(Unasked),
        data: None,
        public_url: None,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        workers: NonZeroUsize::new(WORKERS).expect("not zero"),
        chaos: None,
    });
    let stack = stack.await.expect("memory");
    let (local, stopper, address) = (stack.local(), stack.stopper(), stack.address());
    let address = address.expect("an address");
    let server = tokio::spawn(stack.run());
    let client = reqwest::Client::new();
    for number in 0..WORKERS * 4 {
        let draft = Draft::checkout(&format!("evt_{number}"), "cs_1");
        let signed = draft.signed(SystemClock.now());
        let mut post = client.post(format!("http://{address}{}", draft.path)).body(draft.body);
        for (name, value) in signed.headers.iter() {
            post = post.header(name, value);
        }
        assert_eq!(post.send().await.expect("an answer").status(), 200);
    }
    while local.backlog().expect("memory") > 0 {
        SystemClock.sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(most.load(Ordering::SeqCst), WORKERS);
    stopper.stop();
    server.await.expect("no panic");
}
