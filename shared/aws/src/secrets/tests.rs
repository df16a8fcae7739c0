use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use hookdock_pipeline::endpoint::Endpoint;
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::port_error::{FaultKind, PortError};
use hookdock_pipeline::model::system::System;
use hookdock_signature::EpochMillis;
use tokio::time::{Instant, advance};

use super::cache::{EndpointCache, NAMES_KEPT, READ, Store};

/// What the store says next, told apart by the size limit of the endpoint.
#[derive(Debug, Clone, Copy)]
enum Says {
    Version(usize),
    Awaiting(usize),
    Nothing,
    Fails(FaultKind),
    Hangs,
}

#[derive(Debug)]
struct Fake {
    says: Mutex<Says>,
    takes: Duration,
    calls: AtomicUsize,
}

impl Store for Arc<Fake> {
    async fn read(&self, id: &EndpointId) -> Result<Option<Endpoint>, PortError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.takes).await;
        let says = *self.says.lock().expect("a lock");
        match says {
            Says::Version(version) => Ok(Some(endpoint(id, version))),
            Says::Awaiting(version) => Ok(Some(awaiting(id, version))),
            Says::Nothing => Ok(None),
            Says::Fails(kind) => Err(PortError::new(READ, kind)),
            Says::Hangs => std::future::pending().await,
        }
    }
}

fn endpoint(id: &EndpointId, version: usize) -> Endpoint {
    let json = format!(
        r#"{{"version": 1, "provider": "github", "max_body_bytes": {version},
            "secrets": [{{"id": "s1", "value": "x"}}]}}"#
    );
    Endpoint::from_json(id, json.as_bytes()).expect("a usable endpoint")
}

fn awaiting(id: &EndpointId, version: usize) -> Endpoint {
    let json = format!(
        r#"{{"version": 1, "provider": "asana", "max_body_bytes": {version}, "capture": true}}"#
    );
    Endpoint::from_json(id, json.as_bytes()).expect("a usable endpoint")
}

/// Tokio's clock, which the tests stop and move.
#[derive(Debug, Clone)]
struct Stopped(Instant);

impl System for Stopped {
    fn now(&self) -> EpochMillis {
        EpochMillis::new(1_800_000_000_000).plus(self.0.elapsed())
    }

    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    fn random(&self) -> u128 {
        0
    }
}

struct Scene {
    store: Arc<Fake>,
    cache: EndpointCache<Arc<Fake>, Stopped>,
}

impl Scene {
    fn listing(names: &[&str], says: Says) -> Self {
        let store =
            Arc::new(Fake { says: Mutex::new(says), takes: Duration::ZERO, calls: 0.into() });
        let listed = names.iter().map(|name| id(name)).collect();
        let cache = EndpointCache::new(Arc::clone(&store), Stopped(Instant::now()), listed);
        Self { store, cache }
    }

    fn new(says: Says) -> Self {
        Self::listing(&[], says)
    }

    fn now_says(&self, says: Says) {
        *self.store.says.lock().expect("a lock") = says;
    }

    fn calls(&self) -> usize {
        self.store.calls.load(Ordering::Relaxed)
    }

    async fn find(&self, name: &str) -> Result<Option<usize>, FaultKind> {
        version(self.cache.find(&id(name)).await)
    }

    async fn refresh(&self, name: &str) -> Result<Option<usize>, FaultKind> {
        version(self.cache.refresh(&id(name)).await)
    }
}

fn id(name: &str) -> EndpointId {
    name.parse().expect("a name")
}

fn version(found: Result<Option<Arc<Endpoint>>, PortError>) -> Result<Option<usize>, FaultKind> {
    let found = found.map_err(|error| error.kind())?;
    Ok(found.map(|endpoint| endpoint.max_body_bytes()))
}

async fn seconds_pass(seconds: u64) {
    advance(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_is_read_again_after_five_minutes_and_not_before() {
    let scene = Scene::new(Says::Version(1));
    assert_eq!(scene.find("stripe").await, Ok(Some(1)));
    scene.now_says(Says::Version(2));
    seconds_pass(299).await;
    assert_eq!(scene.find("stripe").await, Ok(Some(1)));
    seconds_pass(1).await;
    assert_eq!(scene.find("stripe").await, Ok(Some(2)));
    assert_eq!(scene.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_waits_for_its_secret_is_read_again_after_a_second() {
    let scene = Scene::new(Says::Awaiting(1));
    for _ in 0..5 {
        assert_eq!(scene.find("asana").await, Ok(Some(1)));
    }
    assert_eq!(scene.calls(), 1);
    scene.now_says(Says::Version(2));
    seconds_pass(1).await;
    assert_eq!(scene.find("asana").await, Ok(Some(2)));
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_endpoint_is_read_again_and_served_as_it_was_if_that_fails() {
    let scene = Scene::new(Says::Version(1));
    scene.find("asana").await.expect("found");
    scene.now_says(Says::Version(2));
    scene.cache.forget(&id("asana")).await;
    assert_eq!(scene.find("asana").await, Ok(Some(2)));
    assert_eq!(scene.find("asana").await, Ok(Some(2)));
    assert_eq!(scene.calls(), 2);
    scene.now_says(Says::Fails(FaultKind::Unavailable));
    scene.cache.forget(&id("asana")).await;
    assert_eq!(scene.find("asana").await, Ok(Some(2)));
}

#[tokio::test(start_paused = true)]
async fn an_old_endpoint_is_served_while_the_store_fails_and_the_store_is_left_in_peace() {
    for says in [Says::Fails(FaultKind::Unavailable), Says::Fails(FaultKind::Invalid)] {
        let scene = Scene::new(Says::Version(1));
        scene.find("stripe").await.expect("found");
        scene.now_says(says);
        seconds_pass(300).await;
        assert_eq!(scene.find("stripe").await, Ok(Some(1)));
        seconds_pass(29).await;
        assert_eq!(scene.find("stripe").await, Ok(Some(1)));
        assert_eq!(scene.calls(), 2);
        scene.now_says(Says::Version(2));
        seconds_pass(1).await;
        assert_eq!(scene.find("stripe").await, Ok(Some(2)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_costs_a_request_one_second_when_there_is_an_old_endpoint() {
    let scene = Scene::new(Says::Version(1));
    scene.find("stripe").await.expect("found");
    scene.now_says(Says::Hangs);
    seconds_pass(300).await;
    let began = Instant::now();
    assert_eq!(scene.find("stripe").await, Ok(Some(1)));
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    assert_eq!(scene.find("stripe").await, Ok(Some(1)));
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn without_an_old_endpoint_the_fault_is_reported_and_stands_for_a_second() {
    let scene = Scene::new(Says::Fails(FaultKind::Throttled));
    for _ in 0..5 {
        assert_eq!(scene.find("stripe").await, Err(FaultKind::Throttled));
    }
    assert_eq!(scene.calls(), 1);
    scene.now_says(Says::Version(1));
    seconds_pass(1).await;
    assert_eq!(scene.find("stripe").await, Ok(Some(1)));
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_not_usable_is_a_fault_and_never_an_unknown_endpoint() {
    let scene = Scene::new(Says::Fails(FaultKind::Invalid));
    assert_eq!(scene.find("stripe").await, Err(FaultKind::Invalid));
    assert_eq!(scene.find("stripe").await, Err(FaultKind::Invalid));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_endpoint_is_unknown_after_its_five_minutes() {
    let scene = Scene::new(Says::Version(1));
    scene.find("stripe").await.expect("found");
    scene.now_says(Says::Nothing);
    seconds_pass(300).await;
    assert_eq!(scene.find("stripe").await, Ok(None));
    scene.now_says(Says::Fails(FaultKind::Unavailable));
    seconds_pass(60).await;
    assert_eq!(scene.find("stripe").await, Err(FaultKind::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_name_is_cached_for_a_minute() {
    let scene = Scene::new(Says::Nothing);
    assert_eq!(scene.find("stripe").await, Ok(None));
    scene.now_says(Says::Version(1));
    seconds_pass(59).await;
    assert_eq!(scene.find("stripe").await, Ok(None));
    assert_eq!(scene.calls(), 1);
    seconds_pass(1).await;
    assert_eq!(scene.find("stripe").await, Ok(Some(1)));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_reads_again_at_most_every_thirty_seconds() {
    let scene = Scene::new(Says::Version(1));
    scene.find("stripe").await.expect("found");
    scene.now_says(Says::Version(2));
    seconds_pass(29).await;
    assert_eq!(scene.refresh("stripe").await, Ok(None));
    seconds_pass(1).await;
    assert_eq!(scene.refresh("stripe").await, Ok(Some(2)));
    for _ in 0..100 {
        assert_eq!(scene.refresh("stripe").await, Ok(None));
    }
    assert_eq!(scene.find("stripe").await, Ok(Some(2)));
    assert_eq!(scene.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_endpoint_s_refresh_does_not_use_up_another_s() {
    let scene = Scene::new(Says::Version(1));
    for name in ["stripe", "github"] {
        scene.find(name).await.expect("found");
    }
    seconds_pass(30).await;
    assert_eq!(scene.refresh("stripe").await, Ok(Some(1)));
    assert_eq!(scene.refresh("github").await, Ok(Some(1)));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_is_a_fault_and_keeps_the_old_endpoint() {
    let scene = Scene::new(Says::Version(1));
    scene.find("stripe").await.expect("found");
    scene.now_says(Says::Fails(FaultKind::TimedOut));
    seconds_pass(30).await;
    assert_eq!(scene.refresh("stripe").await, Err(FaultKind::TimedOut));
    assert_eq!(scene.refresh("stripe").await, Err(FaultKind::TimedOut));
    assert_eq!(scene.calls(), 2);
    assert_eq!(scene.find("stripe").await, Ok(Some(1)));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_of_a_deleted_endpoint_finds_nothing_newer() {
    let scene = Scene::new(Says::Version(1));
    scene.find("stripe").await.expect("found");
    scene.now_says(Says::Nothing);
    seconds_pass(30).await;
    assert_eq!(scene.refresh("stripe").await, Ok(None));
    assert_eq!(scene.find("stripe").await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn look_ups_that_come_together_share_one_call() {
    for says in [Says::Version(1), Says::Nothing, Says::Fails(FaultKind::Unavailable)] {
        let store = Arc::new(Fake {
            says: Mutex::new(says),
            takes: Duration::from_millis(80),
            calls: 0.into(),
        });
        let cache =
            EndpointCache::new(Arc::clone(&store), Stopped(Instant::now()), [id("stripe")].into());
        let scene = Scene { store, cache };
        let found = join_all((0..100).map(|_| scene.find("stripe"))).await;
        assert!(found.iter().all(|answer| *answer == found[0]), "{found:?}");
        assert_eq!(scene.calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_is_given_up_does_not_hold_up_the_next() {
    let scene = Scene::new(Says::Hangs);
    let given_up = tokio::time::timeout(Duration::from_secs(4), scene.find("stripe")).await;
    assert!(given_up.is_err());
    scene.now_says(Says::Version(1));
    assert_eq!(scene.find("stripe").await, Ok(Some(1)));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_invented_names_reaches_the_store_once_a_second() {
    let scene = Scene::new(Says::Nothing);
    let mut unknown = 0;
    for number in 0..5_000 {
        match scene.find(&format!("invented-{number}")).await {
            Ok(None) => unknown += 1,
            other => assert_eq!(other, Err(FaultKind::RateLimited)),
        }
    }
    assert_eq!((unknown, scene.calls()), (20, 20));
    seconds_pass(1).await;
    assert_eq!(scene.find("one-more").await, Ok(None));
    assert_eq!(scene.find("and-another").await, Err(FaultKind::RateLimited));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_invented_names_does_not_grow_the_cache_without_end() {
    let scene = Scene::new(Says::Nothing);
    scene.now_says(Says::Version(1));
    scene.find("stripe").await.expect("found");
    scene.now_says(Says::Nothing);
    for number in 0..3 * NAMES_KEPT {
        let answer = scene.find(&format!("invented-{number}")).await;
        assert!(!matches!(answer, Ok(Some(_))), "{answer:?}");
    }
    assert!(scene.cache.names_kept() <= NAMES_KEPT);
    assert_eq!(scene.find("stripe").await, Ok(Some(1)));
}

#[tokio::test(start_paused = true)]
async fn listed_and_cached_endpoints_are_found_during_a_flood() {
    let scene = Scene::listing(&["listed"], Says::Version(1));
    scene.find("cached").await.expect("found");
    for number in 0..100 {
        let _answer = scene.find(&format!("invented-{number}")).await;
    }
    assert_eq!(scene.find("new").await, Err(FaultKind::Unavailable));
    assert_eq!(scene.find("listed").await, Ok(Some(1)));
    assert_eq!(scene.find("cached").await, Ok(Some(1)));
    scene.now_says(Says::Version(2));
    seconds_pass(300).await;
    for number in 100..200 {
        let _answer = scene.find(&format!("invented-{number}")).await;
    }
    assert_eq!(scene.find("cached").await, Ok(Some(2)));
}

#[tokio::test(start_paused = true)]
async fn listed_endpoints_are_read_ahead_of_the_first_request() {
    let names: Vec<String> = (0..50).map(|number| format!("listed-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let scene = Scene::listing(&names, Says::Version(1));
    scene.cache.warm().await;
    assert_eq!(scene.calls(), 50);
    assert_eq!(scene.find("listed-7").await, Ok(Some(1)));
    assert_eq!(scene.calls(), 50);
}

#[tokio::test(start_paused = true)]
async fn reading_ahead_ends_after_three_seconds_whatever_the_store_does() {
    for (says, least, most) in [
        (Says::Hangs, Duration::from_secs(3), Duration::from_secs(3)),
        (Says::Fails(FaultKind::Denied), Duration::ZERO, Duration::ZERO),
        (Says::Nothing, Duration::ZERO, Duration::ZERO),
    ] {
        let scene = Scene::listing(&["a", "b"], says);
        let began = Instant::now();
        scene.cache.warm().await;
        assert!((least..=most).contains(&began.elapsed()), "{says:?}");
    }
}
