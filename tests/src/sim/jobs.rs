//! The jobs of the simulation: each attempt ends as the seed planned.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use hookdock_pipeline::job::{
    Context, Delivery, ErrorClass, Failure, JobResult, LARGEST_INLINE_BYTES, On, Outcome, Registry,
    Step,
};
use hookdock_pipeline::ledger::breaker::BreakerPolicy;
use hookdock_pipeline::model::names::EventId;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::{Conditional, Record};
use hookdock_signature::EpochMillis;
use serde_json::json;

use crate::sim::climate::Ending;
use crate::sim::deployments::{Presence, Version};
use crate::sim::executor::Clock;
use crate::sim::network::Network;
use crate::sim::shared::{ENTITY, place};

/// The jobs that run for every event.
pub(crate) const JOBS: [&str; 2] = ["fulfil", ORDERED];

/// The job that writes an entity in order, to a target that can be down.
pub(crate) const ORDERED: &str = "sync";

/// The job that ends with a step of its own, and that step.
pub(crate) const LAST: (&str, &str) = (JOBS[0], "tell");

/// When the target is left alone.
const CALLS: BreakerPolicy = BreakerPolicy {
    failures: 2,
    percent: 50,
    window: Duration::from_secs(60),
    first_wait: Duration::from_secs(10),
    longest_wait: Duration::from_secs(40),
    longest_asked: Duration::from_secs(60),
};

/// A job, as one worker runs it.
#[derive(Clone)]
struct Job {
    name: &'static str,
    network: Network,
    clock: Clock,
}

/// The registry of one worker.
pub(crate) fn registry(network: &Network, clock: &Clock, version: Version) -> Registry {
    let all = On::endpoint("*");
    JOBS.into_iter().zip(version).fold(Registry::new(), |registry, (name, presence)| {
        let job = Job { name, network: network.clone(), clock: clock.clone() };
        let handler = move |cx: Context, delivery: Delivery| {
            let job = job.clone();
            async move { job.run(cx, delivery).await }
        };
        match presence {
            Presence::There => registry.job(name, all.clone(), handler),
            Presence::Renamed => {
                registry.job(&format!("{name}_new"), all.clone(), handler).formerly(name)
            }
            Presence::Narrowed => registry.job(name, all.clone().event("nothing"), handler),
            Presence::Gone => registry,
        }
    })
}

impl Job {
    async fn run(self, cx: Context, delivery: Delivery) -> JobResult {
        let world = &self.network.world;
        let event = event_number(delivery.event_id.as_ref());
        let stored = self.network.backend.stored_run(cx.run());
        let left = self.clock.now().until(cx.deadline());
        let until = world.universe.now().plus(left);
        let claim = (cx.run(), cx.attempt());
        let started = world.starts(&self.network.caller, claim, until, stored.as_ref());
        let plan = &world.climate.events[event];
        let ending = plan.ending(self.name, started.before);
        if self.name != ORDERED {
            self.stubborn(|| self.charge(&cx)).await?;
            return self.go_on(&cx, ending).await;
        }
        world.book().commons.versions.insert(cx.run().event.clone(), plan.version);
        let (wait, longest) = world.climate.debounce;
        let newest = cx
            .shared_across_tenants()
            .ordered(ENTITY)
            .version(plan.version)
            .debounce(wait, longest);
        let work = async || {
            let _at_work = world.enters(&cx.run().event, until);
            self.stubborn(|| self.write(&cx, plan.version, until)).await?;
            self.go_on(&cx, ending).await
        };
        newest.run(work).await
    }

    async fn go_on(&self, cx: &Context, ending: Ending) -> JobResult {
        let wait = self.network.world.universe.between(Duration::ZERO, Duration::from_secs(3));
        self.clock.sleep(wait).await;
        self.stubborn(|| self.report(cx)).await?;
        self.stubborn(|| self.note(cx)).await?;
        self.end(cx, ending).await
    }

    /// A step that writes the entity to a target that takes what comes.
    async fn write(&self, cx: &Context, version: i64, until: EpochMillis) -> Result<(), Failure> {
        let (world, caller) = (&self.network.world, &self.network.caller);
        let place = place(cx, version);
        cx.step("write", async |_| {
            world.works_on(cx.run(), "write");
            let call = async || {
                world.calls(caller);
                if world.is_down() {
                    return Err(Failure::transient(ErrorClass::Unavailable, "the CRM is down"));
                }
                let (world, place) = (Arc::clone(world), place.clone());
                let write = async move {
                    world.writes(&place, until);
                    Ok(())
                };
                Ok(self.network.call(|| "writes to the CRM".to_owned(), write).await?)
            };
            cx.shared_across_tenants().dependency("crm").policy(CALLS).call(call).await
        })
        .await?;
        world.saves(cx.run(), "write", "()");
        Ok(())
    }

    /// Does it again where it failed, as a job may: the failed call may still be under way.
    async fn stubborn<R>(&self, mut what: impl FnMut() -> R) -> Result<(), Failure>
    where
        R: Future<Output = Result<(), Failure>>,
    {
        let universe = &self.network.world.universe;
        let mut result = what().await;
        while result.is_err() && universe.happens(500) {
            result = what().await;
        }
        result
    }

    /// A step with an effect.
    async fn charge(&self, cx: &Context) -> Result<(), Failure> {
        cx.step("charge", async |step| self.has_effect(cx, "charge", &step).await).await?;
        self.network.world.saves(cx.run(), "charge", "()");
        Ok(())
    }

    /// The same, and the end of the job.
    async fn tell(&self, cx: &Context) -> JobResult {
        let (_, name) = LAST;
        cx.last_step(name, async |step| self.has_effect(cx, name, &step).await).await
    }

    /// The target honours keys.
    async fn has_effect(
        &self,
        cx: &Context,
        name: &'static str,
        step: &Step,
    ) -> Result<(), Failure> {
        let world = &self.network.world;
        world.works_on(cx.run(), name);
        let (world, run) = (Arc::clone(world), cx.run().clone());
        let key = step.effect_key().to_string();
        let effect = async move {
            world.effect(&run, name, key);
            Ok(())
        };
        Ok(self.network.call(move || format!("does {name}"), effect).await?)
    }

    /// A step whose result is too large for the run, and another each time that it runs.
    async fn report(&self, cx: &Context) -> Result<(), Failure> {
        let world = &self.network.world;
        let result = cx.step("report", async |_| {
            world.works_on(cx.run(), "report");
            Ok(format!("{:>LARGEST_INLINE_BYTES$}", self.clock.random()))
        });
        match result.await {
            Ok(report) => world.saves(cx.run(), "report", &report),
            Err(lost) if lost.class() == ErrorClass::ResultLost => {
                world.violated("what a step saved comes back as it was", || lost.to_string());
                return Err(lost);
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// A record that is written with the run. Its id is this run's alone.
    async fn note(&self, cx: &Context) -> Result<(), Failure> {
        let world = &self.network.world;
        let life = world.life(cx.run());
        let id = format!("{}/{}/{life}", cx.run().event.key, cx.run().job);
        let record = Record { collection: "notes".to_owned(), id, body: json!(self.name) };
        if let Conditional::Refused(_) = cx.commit("note", record).await? {
            world.violated("a record and its run are written both or neither", || {
                format!("{:?} met its own record", cx.run())
            });
        }
        Ok(())
    }

    async fn end(&self, cx: &Context, ending: Ending) -> JobResult {
        let down = || Failure::transient(ErrorClass::Unavailable, "as planned");
        match ending {
            Ending::Done if self.name == LAST.0 => self.tell(cx).await,
            Ending::Done => Ok(Outcome::Done),
            Ending::Ignored => Ok(Outcome::Ignored("as planned".to_owned())),
            Ending::Defers(wait) => Ok(Outcome::Defer {
                until: self.clock.now().plus(wait),
                cause: "as planned".to_owned(),
            }),
            Ending::Fails => Err(down()),
            Ending::FailsFor(wait) => Err(down().after(wait)),
            Ending::FailsForGood => Err(Failure::permanent(ErrorClass::BadData, "as planned")),
            // Unlike `panic!`, it prints nothing.
            Ending::Panics => resume_unwind(Box::new("as planned")),
            Ending::Hangs => std::future::pending().await,
        }
    }
}

/// The number in `evt_7`.
fn event_number(id: Option<&EventId>) -> usize {
    let id = id.expect("every event of the simulation has an id").as_str();
    id.trim_start_matches("evt_").parse().expect("a number")
}
