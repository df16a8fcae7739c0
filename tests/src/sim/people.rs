//! Who acts from outside: providers who send, and an operator who redrives and replays.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use hookdock_embedded::KeepingEndpoints;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_pipeline::ingest::Ingest;
use hookdock_pipeline::ingest::http::answer;
use hookdock_pipeline::ledger::EventRef;
use hookdock_pipeline::model::names::DeliveryId;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::ArchiveThenQueue;
use tokio::sync::oneshot;

use crate::requests::Draft;
use crate::sim::backend::brought;
use crate::sim::book::Accepted;
use crate::sim::climate::{AFTERLIFE, EventPlan, STORM};
use crate::sim::executor::Clock;
use crate::sim::network::Network;
use crate::stack::{START, Unasked};

/// How long a provider waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The path of the endpoint whose events are worked on at once.
const DIRECT: &str = "/webhooks/direct";

fn checkout(event: usize, plan: &EventPlan) -> Draft {
    let (id, session) = (format!("evt_{event}"), format!("cs_{event}"));
    match plan.inline {
        true => Draft::small_checkout(&id, &session),
        false => Draft::checkout(&id, &session),
    }
}

fn push(event: usize) -> Draft {
    Draft { path: DIRECT.to_owned(), ..Draft::github(format!("{{\"push\":{event}}}")) }
}

/// Whoever acts from outside, and how they reach the product.
#[derive(Clone)]
pub(crate) struct People {
    pub(crate) network: Network,
    pub(crate) endpoints: KeepingEndpoints<Clock>,
}

impl People {
    /// Starts everybody.
    pub(crate) fn start(&self) {
        let climate = self.network.world.climate.clone();
        let lives = if climate.afterlife { 2 } else { 1 };
        for life in 0..lives {
            for (event, plan) in climate.events.iter().enumerate() {
                self.plan(life, plan, &checkout(event, plan));
            }
            for (event, plan) in climate.direct.iter().enumerate() {
                self.plan(life, plan, &push(event));
            }
            for _ in 0..climate.redrives {
                let people = self.clone();
                self.after(life, async move { people.redrive().await });
            }
            for _ in 0..climate.replays {
                let people = self.clone();
                self.after(life, async move { people.replay().await });
            }
        }
    }

    /// A provider sends an event as often as the plan says.
    fn plan(&self, life: u32, plan: &EventPlan, draft: &Draft) {
        for _ in 0..plan.sent {
            let (people, patience, draft) = (self.clone(), plan.patience, draft.clone());
            self.after(life, async move { people.send(draft, patience).await });
        }
    }

    /// Does something at some time of a storm.
    fn after(&self, life: u32, what: impl Future<Output = ()> + Send + 'static) {
        let universe = &self.network.world.universe;
        // Half of it happens early and at once, so that it meets.
        let most = if universe.happens(500) { Duration::from_secs(5) } else { STORM };
        let begin = START.plus(AFTERLIFE * life);
        let at = begin.plus(universe.between(Duration::ZERO, most));
        let wait = universe.sleep(universe.now().until(at));
        universe.spawn(async move {
            wait.await;
            what.await;
        });
    }

    /// Sends an event until it is answered 2xx, or patience ends.
    async fn send(&self, draft: Draft, patience: usize) {
        let universe = &self.network.world.universe;
        for attempt in 0..=patience {
            if self.post(draft.clone()).await {
                return;
            }
            universe.sleep(Duration::from_secs(5 << attempt)).await;
        }
    }

    /// One request; whether the provider heard that it was accepted.
    async fn post(&self, draft: Draft) -> bool {
        let world = Arc::clone(&self.network.world);
        let (heard, hears) = oneshot::channel();
        let clock = world.universe.clock(world.universe.clock_error_ms());
        let ingest = Ingest {
            endpoints: self.endpoints.clone(),
            intake: ArchiveThenQueue { archive: self.network.ports(), queue: self.network.ports() },
            providers: Arc::new(Unasked),
            web: self.network.web(),
            public_url: None,
            system: clock.clone(),
        };
        let people = self.clone();
        world.universe.spawn_mortal(async move {
            let request = draft.signed(clock.now());
            let answer = Box::pin(answer(&ingest, request)).await;
            let accepted = answer.status().is_success();
            if accepted {
                let id = answer.headers()["x-hookdock-delivery"].to_str().expect("ASCII");
                let id = id.parse().expect("an id");
                match draft.path.as_str() {
                    DIRECT => people.recorded(&id, &draft),
                    _ => people.accepted(&id, &draft),
                }
            }
            heard.send(accepted).ok();
        });
        let patience = world.universe.sleep(PATIENCE).map(|()| false);
        let answer = hears.map(|heard| heard.unwrap_or(false));
        futures_util::pin_mut!(patience, answer);
        futures_util::future::select(answer, patience).await.factor_first().0
    }

    /// A delivery was answered 2xx: it must be queued by now, and readable, in the archive or in
    /// its message.
    fn accepted(&self, id: &DeliveryId, draft: &Draft) {
        let world = &self.network.world;
        world.note("ingest", || format!("accepts {id}"));
        let Some(message) = world.book().queued.get(id).cloned() else {
            return world.violated("what is answered 2xx is queued", || id.to_string());
        };
        let object = self.network.backend.local.stored(id).expect("memory");
        let kept = object.map(|(_, object)| object).or_else(|| brought(&message));
        let Some(kept) = kept else {
            return world.violated("what is answered 2xx is stored", || id.to_string());
        };
        let stored = StoredDelivery::parse(&kept).expect("a stored delivery");
        if stored.body_bytes().ok().as_ref() != Some(&draft.body) {
            world.violated("what is answered 2xx is stored byte for byte", || id.to_string());
        }
        let event = EventRef { endpoint: stored.endpoint, key: stored.event.key };
        let accepted = Accepted { event, body: draft.body.clone() };
        world.book().accepted.insert(id.clone(), accepted);
    }

    /// A direct delivery was answered 2xx: its event must be recorded by now, and not queued.
    fn recorded(&self, id: &DeliveryId, draft: &Draft) {
        let world = &self.network.world;
        world.note("ingest", || format!("accepts {id}, direct"));
        let local = &self.network.backend.local;
        let objects = local.objects().expect("memory");
        let direct = objects.iter().filter(|name| name.starts_with("direct/"));
        let same = |name: &String| {
            let object = local.named(name).expect("memory").expect("listed");
            let stored = StoredDelivery::parse(&object).expect("a stored delivery");
            stored.body_bytes().ok().as_ref() == Some(&draft.body)
        };
        if !direct.clone().any(same) {
            world.violated("what is answered 2xx is stored", || id.to_string());
        }
        if world.book().queued.contains_key(id) {
            world.violated("a direct event is never queued", || id.to_string());
        }
        world.book().tally.direct += 1;
    }

    /// Moves every dead letter back.
    async fn redrive(&self) {
        self.network.world.note("operator", || "moves the dead letters back".to_owned());
        self.network.backend.local.redrive().await.expect("memory");
    }

    /// Queues a stored delivery again.
    async fn replay(&self) {
        let world = &self.network.world;
        let bodies: Vec<String> = world.book().queued.values().cloned().collect();
        if let Some(body) = bodies.get(world.universe.below(bodies.len())) {
            world.note("operator", || "replays a delivery".to_owned());
            let local = &self.network.backend.local;
            local.enqueue(body.clone(), Vec::new()).await.expect("memory");
        }
    }
}
